//! Two arms' conversions as a race: stop when one is ahead by d, or when both together reach N.
//!
//! Miller, "Simple Sequential A/B Testing" (2015). With equal traffic each conversion belongs to the treatment with
//! chance p = (1+δ)/(2+δ) for a lift of δ; the treatment's lead is a random walk, and the chance that it ever reaches
//! d within N conversions is known exactly (reflection, with the walk's likelihood ratio (p/q)ᵈ):
//!
//! ```text
//! P = P(S_N ≥ d) + (p/q)ᵈ · P(S_N < −d)
//! ```
//!
//! Only counts of conversions are needed, so it suits leads. Guarantee: `exact` for one-sided questions with equal,
//! unchanging traffic and no day noise; arms whose budget moves need the engine's own test.

use crate::StatsError;
use crate::special::{binomial_cdf, binomial_sf};

/// When to stop a race of conversions.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Race {
    /// Stop without a winner when both arms together have this many conversions.
    pub conversions: u32,
    /// The treatment wins when it is ahead by this many.
    pub lead: u32,
    /// Chance that equal arms give a winner.
    pub false_win: f64,
    /// Chance that the planned lift gives a winner.
    pub power: f64,
}

fn check_chance(what: &'static str, value: f64) -> Result<(), StatsError> {
    if value > 0.0 && value < 1.0 {
        Ok(())
    } else {
        Err(StatsError::Domain { what, value, expected: "between 0 and 1" })
    }
}

/// The chance that the treatment is ever ahead by `lead` within `conversions`, each of which is its own with chance p.
///
/// # Errors
/// p outside (0, 1); a lead of 0.
///
/// ```
/// use gevinst_stats::classical::walk::chance_of_lead;
/// // Within two conversions: both must be its own.
/// assert!((chance_of_lead(2, 2, 0.5).unwrap() - 0.25).abs() < 1e-15);
/// ```
pub fn chance_of_lead(conversions: u32, lead: u32, p: f64) -> Result<f64, StatsError> {
    check_chance("the chance of the treatment", p)?;
    if lead == 0 {
        return Err(StatsError::Domain { what: "the lead", value: 0.0, expected: "at least 1" });
    }
    if lead > conversions {
        return Ok(0.0);
    }
    let n = u64::from(conversions);
    // S = 2X − N: S ≥ d ⇔ X ≥ ⌈(N+d)/2⌉; S < −d ⇔ X ≤ ⌈(N−d)/2⌉ − 1.
    let ahead = binomial_sf(n, (n + u64::from(lead)).div_ceil(2), p);
    let below = (n - u64::from(lead)).div_ceil(2);
    let behind = if below == 0 { 0.0 } else { binomial_cdf(n, below - 1, p) };
    if behind == 0.0 {
        return Ok(ahead);
    }
    Ok((ahead + (f64::from(lead) * (p / (1.0 - p)).ln() + behind.ln()).exp()).min(1.0))
}

impl Race {
    /// The shortest race that shows a relative lift δ with the stated power and false wins at most α.
    ///
    /// # Errors
    /// A lift that is not positive; α or power outside (0, 1), or power not above α; more than 10 million conversions.
    ///
    /// ```
    /// use gevinst_stats::classical::walk::Race;
    /// let race = Race::plan(0.5, 0.05, 0.8).unwrap();
    /// assert_eq!((race.conversions, race.lead), (170, 26)); // evanmiller.org
    /// ```
    pub fn plan(lift: f64, alpha: f64, power: f64) -> Result<Self, StatsError> {
        check_chance("α", alpha)?;
        check_chance("the power", power)?;
        if !(lift > 0.0 && lift.is_finite()) {
            return Err(StatsError::Domain { what: "the lift", value: lift, expected: "positive" });
        }
        if power <= alpha {
            return Err(StatsError::Domain { what: "the power", value: power, expected: "above α" });
        }
        const MOST: u32 = 10_000_000;
        let p = (1.0 + lift) / (2.0 + lift);
        // For each lead the fewest conversions that reach the power; the first whose false wins are few enough.
        let needed = |lead: u32| -> Result<u32, StatsError> {
            let mut high = lead;
            while chance_of_lead(high, lead, p)? < power {
                if high >= MOST {
                    return Ok(u32::MAX);
                }
                high = (2 * high).min(MOST);
            }
            let mut low = lead.max(1) - 1;
            while high - low > 1 {
                let middle = low + (high - low) / 2;
                if chance_of_lead(middle, lead, p)? >= power { high = middle } else { low = middle }
            }
            Ok(high)
        };
        let sound = |lead: u32| -> Result<Option<Self>, StatsError> {
            let conversions = needed(lead)?;
            if conversions == u32::MAX {
                return Err(StatsError::Domain {
                    what: "the lift",
                    value: lift,
                    expected: "a lift that 10 million conversions can show",
                });
            }
            let false_win = chance_of_lead(conversions, lead, 0.5)?;
            Ok((false_win <= alpha).then_some(Self {
                conversions,
                lead,
                false_win,
                power: chance_of_lead(conversions, lead, p)?,
            }))
        };
        // False wins fall with the lead up to parity: double, bisect, then look a few leads back.
        let mut high = 2;
        while sound(high)?.is_none() {
            high *= 2;
        }
        let mut low = high / 2;
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if sound(middle)?.is_some() { high = middle } else { low = middle }
        }
        for lead in high.saturating_sub(4).max(1)..=high {
            if let Some(race) = sound(lead)? {
                return Ok(race);
            }
        }
        Err(StatsError::Domain { what: "the lift", value: lift, expected: "a lift that can be planned for" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_table() {
        // Protects planning: the table of evanmiller.org/sequential-ab-testing.html, α = 5 %, power 80 %.
        for (lift, conversions, lead) in [
            (0.5, 170, 26),
            (0.4, 243, 31),
            (0.3, 391, 39),
            (0.2, 808, 56),
            (0.15, 1371, 73),
            (0.1, 2922, 106),
        ] {
            let race = Race::plan(lift, 0.05, 0.8).unwrap();
            assert_eq!((race.conversions, race.lead), (conversions, lead), "{race:?}");
            assert!(race.false_win <= 0.05 && race.power >= 0.8);
        }
    }

    #[test]
    fn chance_is_that_of_all_walks() {
        // Protects the reflection: against walking every path step by step.
        for (n, d, p) in [(9, 3, 0.4), (10, 3, 0.6), (12, 4, 0.5), (7, 7, 0.9), (8, 1, 0.3)] {
            // Chance mass by position (offset n), absorbed at d.
            let mut mass = vec![0.0f64; 2 * n + 1];
            mass[n] = 1.0;
            let mut absorbed = 0.0;
            for _ in 0..n {
                let mut next = vec![0.0; 2 * n + 1];
                for (at, m) in mass.iter().enumerate().filter(|(_, m)| **m > 0.0) {
                    if at + 1 == n + d {
                        absorbed += m * p
                    } else {
                        next[at + 1] += m * p
                    }
                    next[at - 1] += m * (1.0 - p);
                }
                mass = next;
            }
            let [n, d] = [n, d].map(|x| u32::try_from(x).unwrap());
            assert!((chance_of_lead(n, d, p).unwrap() - absorbed).abs() < 1e-13, "{n} {d} {p}");
        }
    }

    #[test]
    fn unsound_input_is_refused() {
        // Protects the search from running for ever.
        assert!(Race::plan(0.0, 0.05, 0.8).is_err() && Race::plan(1e-9, 0.05, 0.8).is_err());
        assert!(Race::plan(0.5, 0.05, 0.01).is_err() && Race::plan(0.5, 0.0, 0.8).is_err());
        assert!(chance_of_lead(5, 0, 0.5).is_err() && chance_of_lead(5, 1, 1.0).is_err());
        assert_eq!(chance_of_lead(3, 4, 0.5).unwrap(), 0.0);
    }
}
