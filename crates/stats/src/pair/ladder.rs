//! Scales on a ladder whose rung L is 2^(L/2): what is laid out by a scale that it changes itself comes to rest.
//!
//! Worked out from the bits of a number, since this is asked for thousands of times a look.

use std::f64::consts::SQRT_2;

/// 2^(L/2), for |L| below 2000.
pub(super) fn scale(rung: i32) -> f64 {
    let whole = f64::from_bits(u64::from((1023 + rung.div_euclid(2)).unsigned_abs()) << 52);
    if rung.rem_euclid(2) == 0 { whole } else { whole * SQRT_2 }
}

/// x² as m·2^e with 1 ≤ m < 2, for positive x whose square is a normal number.
fn square(x: f64) -> (f64, i32) {
    let bits = (x * x).to_bits();
    let mantissa = f64::from_bits((bits & 0x000F_FFFF_FFFF_FFFF) | 0x3FF0_0000_0000_0000);
    let exponent = (bits >> 52) as i32 - 1023;
    (mantissa, exponent)
}

/// The rung nearest to x on the scale of logarithms.
pub(super) fn round(x: f64) -> i32 {
    let (mantissa, exponent) = square(x);
    if mantissa >= SQRT_2 { exponent + 1 } else { exponent }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rungs_are_those_of_logarithms() {
        // Protects the scale of small tails: a rung too high or too low is one that is never settled on.
        for i in -4_000..4_000 {
            let x = libm::exp(f64::from(i) * 0.01);
            let exact = 2.0 * libm::log2(x);
            if (exact - exact.floor() - 0.5).abs() > 1e-9 {
                assert_eq!(f64::from(round(x)), exact.round(), "{x}");
            }
            assert!((scale(i / 10) / libm::exp2(f64::from(i / 10) * 0.5) - 1.0).abs() < 1e-15);
        }
        assert_eq!((round(1.0), round(2.0), round(0.5)), (0, 2, -2));
    }
}
