//! Exponentials and logarithms of whole slices, written so that the compiler can use vector instructions.
//!
//! The judge evaluates tens of thousands of likelihoods a look; a call of the system's `exp` for each would be most of
//! its time. These are plain Taylor and inverse-hyperbolic series without branches: errors below two units in the last
//! place within the stated domains.
//!
//! [`wide`] compiles a kernel once for each vector width that processors have and picks one when it runs. Wider registers do
//! the same operations in the same order, and nothing is fused, so results are the same on every machine.

use std::f64::consts::LN_2;

/// Runs a kernel compiled for the widest vectors of this processor. What it calls must be `#[inline(always)]`.
macro_rules! wide {
    ($kernel:expr) => {
        fearless_simd::dispatch!(fearless_simd::Level::new(), _ => $kernel)
    };
}
pub(crate) use wide;

/// The high part of ln 2: its last 32 bits are zero, so that small whole multiples are exact.
const LN_2_HIGH: f64 = f64::from_bits(LN_2.to_bits() & !0xFFFF_FFFF);
/// ln 2 less its high part.
const LN_2_LOW: f64 = 4.749_325_039_031_672_6e-7;
/// Adding 1.5·2⁵² leaves a number rounded to a whole one in the lowest bits.
const ROUND: f64 = 6_755_399_441_055_744.0;

/// Numbers that are worked on together.
pub(crate) const LANES: usize = 8;

/// The eight numbers from `at` on; what lies beyond the last is `fill`.
#[inline(always)]
pub(crate) fn load(values: &[f64], at: usize, fill: f64) -> [f64; LANES] {
    if let Some(whole) = values[at..].first_chunk() {
        return *whole;
    }
    let mut out = [fill; LANES];
    for (out, value) in out.iter_mut().zip(&values[at..]) {
        *out = *value;
    }
    out
}

/// Writes the eight numbers from `at` on, as far as there is room.
#[inline(always)]
pub(crate) fn store(values: &mut [f64], at: usize, lanes: [f64; LANES]) {
    if let Some(whole) = values[at..].first_chunk_mut() {
        *whole = lanes;
        return;
    }
    for (value, lane) in values[at..].iter_mut().zip(lanes) {
        *value = lane;
    }
}

/// Eight values from an expression in their number; a macro, since closures are not compiled for wide vectors.
macro_rules! each {
    ($lane:ident => $value:expr) => {{
        let mut out = [0.0; $crate::vector::LANES];
        for ($lane, out) in out.iter_mut().enumerate() {
            *out = $value;
        }
        out
    }};
}
pub(crate) use each;

/// The sum of the lanes, in a fixed order.
#[inline(always)]
pub(crate) fn sum(lanes: [f64; LANES]) -> f64 {
    let [a, b, c, d, e, f, g, h] = lanes;
    ((a + e) + (c + g)) + ((b + f) + (d + h))
}

/// Σ x·y over lists of the same length.
#[inline(always)]
pub(crate) fn dot(x: &[f64], y: &[f64]) -> f64 {
    let mut total = [0.0; LANES];
    for at in (0..x.len()).step_by(LANES) {
        let (x, y) = (load(x, at, 0.0), load(y, at, 0.0));
        total = each!(l => total[l] + x[l] * y[l]);
    }
    sum(total)
}

/// eˣ for −708 ≤ x ≤ 709; what lies below gives about 3·10⁻³⁰⁸, what lies above about 8·10³⁰⁷.
#[inline(always)]
pub(crate) fn exp(x: f64) -> f64 {
    // Written out: `clamp` keeps NaN apart, which costs instructions.
    let x = if x > -708.0 { x } else { -708.0 };
    let x = if x < 709.0 { x } else { 709.0 };
    let rounded = x * std::f64::consts::LOG2_E + ROUND;
    let k = rounded - ROUND;
    let r = (x - k * LN_2_HIGH) - k * LN_2_LOW;
    // Taylor to r¹³ on |r| ≤ ½·ln 2: the next term is 4·10⁻¹⁸. Odd and even powers apart, so that neither waits for the other.
    let z = r * r;
    let mut odd = 1.0 / 6_227_020_800.0;
    for reciprocal in [1.0 / 39_916_800.0, 1.0 / 362_880.0, 1.0 / 5_040.0, 1.0 / 120.0, 1.0 / 6.0, 1.0] {
        odd = odd * z + reciprocal;
    }
    let mut even = 1.0 / 479_001_600.0;
    for reciprocal in [1.0 / 3_628_800.0, 1.0 / 40_320.0, 1.0 / 720.0, 1.0 / 24.0, 0.5] {
        even = even * z + reciprocal;
    }
    let sum = 1.0 + (odd * r + even * z);
    sum * f64::from_bits(rounded.to_bits().wrapping_add(1023) << 52)
}

/// ln x for normal positive x.
#[inline(always)]
pub(crate) fn ln(x: f64) -> f64 {
    // x = 2ᵏ·m with m from √½ to √2.
    const SHIFT: u64 = 0x3FF0_0000_0000_0000 - 0x3FE6_A09E_0000_0000;
    let bits = x.to_bits().wrapping_add(SHIFT);
    let m = f64::from_bits((bits & 0x000F_FFFF_FFFF_FFFF) + 0x3FE6_A09E_0000_0000);
    // The exponent as a float without an integer conversion, which SSE2 lacks for 64 bits.
    let k = f64::from_bits(0x4330_0000_0000_0000 | (bits >> 52)) - (4_503_599_627_370_496.0 + 1023.0);
    let s = (m - 1.0) / (m + 1.0);
    let z = s * s;
    // atanh: |s| ≤ 0.1716, the next term is 2·10⁻¹⁷.
    let mut sum = 1.0 / 19.0;
    for reciprocal in
        [1.0 / 17.0, 1.0 / 15.0, 1.0 / 13.0, 1.0 / 11.0, 1.0 / 9.0, 1.0 / 7.0, 1.0 / 5.0, 1.0 / 3.0]
    {
        sum = sum * z + reciprocal;
    }
    let tail = 2.0 * s * z * sum;
    k * LN_2_HIGH + (2.0 * s + (tail + k * LN_2_LOW))
}

/// P(Z > z) of a standard normal, within 2·10⁻⁸ of itself for |z| ≤ 37 (a degree-12 fit to e^{z²/2}·P(Z > z) in
/// (1 − z/2)/(1 + z/2)); `bell` is e^{−z²/2}.
#[inline(always)]
pub(crate) fn normal_sf_with(z: f64, bell: f64) -> f64 {
    let t = 1.0 / (1.0 + 0.5 * z.abs());
    let y = 2.0 * t - 1.0;
    let w = y * y;
    let mut even = 7.329556007011686e-6;
    for coefficient in [
        -9.344661736343072e-5,
        4.353748030069411e-4,
        -9.826170256771445e-4,
        -2.3368796895843825e-4,
        1.43986137469469e-2,
        3.362040031011294e-1,
    ] {
        even = even * w + coefficient;
    }
    let mut odd = 2.7318205719972434e-5;
    for coefficient in [
        -5.274544679397281e-5,
        -4.236287697852164e-4,
        3.371541265424142e-3,
        -1.8360313941812582e-2,
        1.6570226152672032e-1,
    ] {
        odd = odd * w + coefficient;
    }
    let sum = even + odd * y;
    let tail = t * sum * bell;
    if z >= 0.0 { tail } else { 1.0 - tail }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_and_ln_agree_with_libm() {
        // Protects every integral of the judge: these two replace libm's in its inner loops.
        for i in -70_000..=70_000 {
            let x = f64::from(i) * 0.010_1;
            let (found, expected) = (exp(x), libm::exp(x));
            assert!((found / expected - 1.0).abs() < 6e-16, "exp({x}): {found} {expected}");
        }
        for i in 1..100_000 {
            for x in [f64::from(i) * 1e-3, libm::exp(f64::from(i) * 0.014 - 700.0)] {
                let (found, expected) = (ln(x), libm::log(x));
                assert!(
                    (found - expected).abs() <= 4e-16 * expected.abs().max(1e-3),
                    "ln({x}): {found} {expected}"
                );
            }
        }
    }

    #[test]
    fn the_normal_tail_agrees_with_erfc() {
        // Protects the chances to be best, which are averages of this tail.
        for i in -3_700..=3_700 {
            let z = f64::from(i) * 0.01;
            let expected = 0.5 * libm::erfc(z / std::f64::consts::SQRT_2);
            assert!((normal_sf_with(z, exp(-0.5 * z * z)) / expected - 1.0).abs() < 2e-8, "{z}");
        }
    }

    #[test]
    fn exp_saturates_instead_of_wrapping() {
        // Protects against a bit trick gone wrong far outside the range: tiny stays tiny.
        assert!(exp(-1e300) < 1e-307 && exp(-1e300) > 0.0);
        assert!(exp(1e300) > 1e307 && exp(1e300).is_finite());
    }
}
