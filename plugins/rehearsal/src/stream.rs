//! Random streams that are found by name.
//!
//! Every random quantity of the market has its own stream, keyed by (seed, experiment, arm, purpose, index). Nothing is
//! drawn "next": asking twice, in another order or after a restart finds the same numbers, and a budget that was moved
//! in one arm changes nothing that was drawn for another. The generator is the named `Pcg64Mcg`, so that replays stay.
//! The keys are mixed, not secret: this is no cryptography. Logarithms and exponentials are the system's: on another
//! platform their last bit may differ, and with it, very rarely, a draw.

use rand_pcg::Pcg64Mcg;

/// What a stream is drawn for; a purpose is never used for two quantities.
#[derive(Debug, Clone, Copy)]
#[repr(u64)]
pub(crate) enum Purpose {
    /// How many goals a period's exposure brings.
    Goals = 1,
    /// The factor by which an arm's day is off.
    Noise = 2,
    /// When each goal arrives.
    Delay = 3,
    /// Whether a day is restated, and by what factor.
    Restate = 4,
    /// What each goal is worth.
    Value = 5,
    /// The order in which the rows of a data file are used.
    Order = 6,
    /// How much of a day's budget is not delivered.
    Delivery = 7,
    /// Which goals a correction takes or adds.
    Correction = 8,
}

/// The root of one arm's streams.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ArmKey(u64);

impl ArmKey {
    /// The key of an arm by names, so that the order in which arms are listed does not matter.
    pub(crate) fn new(seed: u64, experiment: &str, arm: &str) -> Self {
        let mut state = mix(seed ^ 0x9E37_79B9_7F4A_7C15);
        for part in [experiment, arm] {
            // The length first, so that ("ab", "c") and ("a", "bc") differ.
            state = mix(state ^ part.len() as u64);
            for chunk in part.as_bytes().chunks(8) {
                let mut word = [0_u8; 8];
                word[..chunk.len()].copy_from_slice(chunk);
                state = mix(state.rotate_left(17) ^ u64::from_le_bytes(word));
            }
        }
        Self(state)
    }

    /// The stream for one purpose and index (a period or a day).
    pub(crate) fn stream(self, purpose: Purpose, index: usize) -> Pcg64Mcg {
        let high = mix(self.0 ^ (purpose as u64).wrapping_mul(0xD1B5_4A32_D192_ED03));
        let high = mix(high ^ (index as u64).wrapping_mul(0xA24B_AED4_963E_E407));
        let low = mix(high ^ 0x9FB2_1C65_1E98_DF25);
        // A multiplicative generator needs an odd state: `new` sees to that.
        Pcg64Mcg::new(u128::from(high) << 64 | u128::from(low))
    }
}

/// The finaliser of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014): a bijection in which each input bit reaches all
/// output bits.
fn mix(mut z: u64) -> u64 {
    z = z.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::RngExt;

    #[test]
    fn streams_depend_on_every_part_of_their_key_and_on_nothing_else() {
        // Protects: replays, and the independence of arms, days and purposes.
        let first = |seed, experiment, arm, purpose, index| -> u64 {
            ArmKey::new(seed, experiment, arm).stream(purpose, index).random()
        };
        let base = first(1, "headlines", "problem", Purpose::Goals, 3);
        assert_eq!(base, first(1, "headlines", "problem", Purpose::Goals, 3));
        for other in [
            first(2, "headlines", "problem", Purpose::Goals, 3),
            first(1, "headline", "sproblem", Purpose::Goals, 3),
            first(1, "headlines", "product", Purpose::Goals, 3),
            first(1, "headlines", "problem", Purpose::Noise, 3),
            first(1, "headlines", "problem", Purpose::Goals, 4),
        ] {
            assert_ne!(base, other);
        }
    }

    #[test]
    fn first_draws_of_neighbouring_streams_look_uniform_and_unrelated() {
        // Protects: against seeding a weak generator with neighbouring states.
        let key = ArmKey::new(7, "e", "a");
        let draws: Vec<f64> = (0..20_000).map(|i| key.stream(Purpose::Goals, i).random::<f64>()).collect();
        let n = draws.len() as f64;
        let mean = draws.iter().sum::<f64>() / n;
        assert!((mean - 0.5).abs() < 4.0 * (1.0_f64 / 12.0 / n).sqrt(), "{mean}");
        let lag: f64 = draws.windows(2).map(|w| (w[0] - 0.5) * (w[1] - 0.5)).sum::<f64>() / n * 12.0;
        assert!(lag.abs() < 4.0 / n.sqrt(), "{lag}");
    }
}
