//! Sums, differences and complements of numbers that are known by their logarithm.
//!
//! Invariant: no function here overflows or loses the leading digits where its result is representable.

/// ln(1 − eˣ) for x ≤ 0, without cancellation at either end (Mächler, "Accurately computing log(1 − exp(−|a|))", 2012).
///
/// x = 0 gives −∞; x > 0 gives NaN.
///
/// ```
/// use gevinst_stats::special::ln_1m_exp;
/// assert_eq!(ln_1m_exp(-1e-20), (1e-20f64).ln());
/// assert_eq!(ln_1m_exp(-50.0), -(-50.0f64).exp());
/// ```
#[must_use]
pub fn ln_1m_exp(x: f64) -> f64 {
    if x > 0.0 {
        f64::NAN
    } else if x > -core::f64::consts::LN_2 {
        (-libm::expm1(x)).ln()
    } else {
        libm::log1p(-x.exp())
    }
}

/// ln(1 + eˣ), the "softplus", for any x.
///
/// ```
/// use gevinst_stats::special::ln_1p_exp;
/// assert_eq!(ln_1p_exp(1000.0), 1000.0);
/// assert_eq!(ln_1p_exp(0.0), 2f64.ln());
/// ```
#[must_use]
pub fn ln_1p_exp(x: f64) -> f64 {
    if x > 0.0 { x + libm::log1p((-x).exp()) } else { libm::log1p(x.exp()) }
}

/// ln(eᵃ + eᵇ); −∞ stands for a zero.
///
/// ```
/// use gevinst_stats::special::ln_add_exp;
/// assert_eq!(ln_add_exp(-1e6, -1e6), -1e6 + 2f64.ln());
/// assert_eq!(ln_add_exp(f64::NEG_INFINITY, 3.0), 3.0);
/// ```
#[must_use]
pub fn ln_add_exp(a: f64, b: f64) -> f64 {
    let (high, low) = if a >= b { (a, b) } else { (b, a) };
    if a.is_nan() || b.is_nan() {
        f64::NAN
    } else if low == f64::NEG_INFINITY || high == f64::INFINITY {
        high
    } else {
        high + libm::log1p((low - high).exp())
    }
}

/// ln(eᵃ − eᵇ) for a ≥ b; NaN for a < b.
///
/// ```
/// use gevinst_stats::special::ln_sub_exp;
/// assert!((ln_sub_exp(3f64.ln(), 2f64.ln())).abs() < 1e-15);
/// ```
#[must_use]
pub fn ln_sub_exp(a: f64, b: f64) -> f64 {
    if b == f64::NEG_INFINITY { a } else { a + ln_1m_exp(b - a) }
}

/// ln Σ e^{xᵢ}; −∞ for an empty slice.
///
/// ```
/// use gevinst_stats::special::ln_sum_exp;
/// assert!((ln_sum_exp(&[-1000.0, -1000.0]) - (2f64.ln() - 1000.0)).abs() < 1e-12);
/// ```
#[must_use]
pub fn ln_sum_exp(terms: &[f64]) -> f64 {
    let high = terms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if terms.iter().any(|t| t.is_nan()) {
        return f64::NAN;
    }
    if !high.is_finite() {
        return high;
    }
    high + terms.iter().map(|t| (t - high).exp()).sum::<f64>().ln()
}

/// ln(1 + x) − x for x > −1, accurate to a few units in the last place also near zero.
///
/// For −0.4 ≤ x ≤ 0.8 with z = x/(2+x): −xz + 2z³(1/3 + z²/5 + z⁴/7 + …), from ln(1+x) = 2 artanh z.
///
/// ```
/// use gevinst_stats::special::log1pmx;
/// assert!((log1pmx(1e-10) / -5e-21 - 1.0).abs() < 1e-9);
/// ```
#[must_use]
pub fn log1pmx(x: f64) -> f64 {
    if !(-0.4..=0.8).contains(&x) {
        return libm::log1p(x) - x;
    }
    let z = x / (2.0 + x);
    let z2 = z * z;
    // |z| ≤ 2/7: the term left out is below 10⁻¹⁷ of the sum; near zero eight terms are enough.
    let last = if z2 < 0.01 { 8 } else { ODD_RECIPROCALS.len() };
    let sum = ODD_RECIPROCALS[..last].iter().rev().fold(0.0, |sum, reciprocal| reciprocal + z2 * sum);
    -x * z + 2.0 * z * z2 * sum
}

/// 1/3, 1/5, …, 1/31.
const ODD_RECIPROCALS: [f64; 15] = [
    1.0 / 3.0,
    1.0 / 5.0,
    1.0 / 7.0,
    1.0 / 9.0,
    1.0 / 11.0,
    1.0 / 13.0,
    1.0 / 15.0,
    1.0 / 17.0,
    1.0 / 19.0,
    1.0 / 21.0,
    1.0 / 23.0,
    1.0 / 25.0,
    1.0 / 27.0,
    1.0 / 29.0,
    1.0 / 31.0,
];

/// 1/2!, 1/3!, …, 1/15!.
const FACTORIAL_RECIPROCALS: [f64; 14] = [
    1.0 / 2.0,
    1.0 / 6.0,
    1.0 / 24.0,
    1.0 / 120.0,
    1.0 / 720.0,
    1.0 / 5_040.0,
    1.0 / 40_320.0,
    1.0 / 362_880.0,
    1.0 / 3_628_800.0,
    1.0 / 39_916_800.0,
    1.0 / 479_001_600.0,
    1.0 / 6_227_020_800.0,
    1.0 / 87_178_291_200.0,
    1.0 / 1_307_674_368_000.0,
];

/// eˣ − 1 − x, accurate also near zero.
///
/// ```
/// use gevinst_stats::special::expm1mx;
/// assert!((expm1mx(1e-10) / 5e-21 - 1.0).abs() < 1e-9);
/// ```
#[must_use]
pub fn expm1mx(x: f64) -> f64 {
    if x.abs() > 0.5 {
        return libm::expm1(x) - x;
    }
    // The term left out is below 10⁻¹⁷ of the sum.
    let last = if x.abs() < 0.05 { 8 } else { FACTORIAL_RECIPROCALS.len() };
    x * x * FACTORIAL_RECIPROCALS[..last].iter().rev().fold(0.0, |sum, reciprocal| reciprocal + x * sum)
}

/// 1/(1 + e⁻ˣ).
///
/// ```
/// use gevinst_stats::special::expit;
/// assert_eq!(expit(0.0), 0.5);
/// assert_eq!(expit(-1000.0), 0.0);
/// ```
#[must_use]
pub fn expit(x: f64) -> f64 {
    if x >= 0.0 {
        1.0 / (1.0 + (-x).exp())
    } else {
        let e = x.exp();
        e / (1.0 + e)
    }
}

/// ln expit(x) = −ln(1 + e⁻ˣ).
///
/// ```
/// use gevinst_stats::special::ln_expit;
/// assert_eq!(ln_expit(-1000.0), -1000.0);
/// ```
#[must_use]
pub fn ln_expit(x: f64) -> f64 {
    -ln_1p_exp(-x)
}

/// ln(p/(1−p)) for 0 ≤ p ≤ 1; ±∞ at the ends.
///
/// ```
/// use gevinst_stats::special::logit;
/// assert!((logit(0.8) - 4f64.ln()).abs() < 1e-15);
/// ```
#[must_use]
pub fn logit(p: f64) -> f64 {
    if p < 0.5 { p.ln() - libm::log1p(-p) } else { -((1.0 - p).ln() - p.ln()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_arguments_keep_their_digits() {
        // Protects the leading term: ln(1+x)−x → −x²/2 + x³/3 and eˣ−1−x → x²/2 + x³/6.
        for x in [1e-9, -1e-9, 1e-5, -1e-5] {
            let expected = -x * x / 2.0 + x * x * x / 3.0 - x * x * x * x / 4.0;
            assert!((log1pmx(x) / expected - 1.0).abs() < 1e-14, "{x}");
            let expected = x * x / 2.0 + x * x * x / 6.0 + x * x * x * x / 24.0;
            assert!((expm1mx(x) / expected - 1.0).abs() < 1e-14, "{x}");
        }
    }

    #[test]
    fn branches_agree_where_they_meet() {
        // Protects against a wrong series: at a seam both formulas still have ten digits.
        for x in [-0.4, 0.8, -0.399_999, 0.799_999] {
            assert!((log1pmx(x) - (libm::log1p(x) - x)).abs() < 1e-15);
        }
        for x in [-0.5, 0.5] {
            assert!((expm1mx(x) - (libm::expm1(x) - x)).abs() < 1e-15);
        }
    }

    #[test]
    fn sums_of_logs_handle_zeros_and_infinities() {
        // Protects callers that pass −∞ for "no mass".
        assert_eq!(ln_sum_exp(&[]), f64::NEG_INFINITY);
        assert_eq!(ln_sum_exp(&[f64::NEG_INFINITY; 3]), f64::NEG_INFINITY);
        assert_eq!(ln_sum_exp(&[f64::INFINITY, 0.0]), f64::INFINITY);
        assert_eq!(ln_add_exp(f64::NEG_INFINITY, f64::NEG_INFINITY), f64::NEG_INFINITY);
        assert!(ln_add_exp(f64::NAN, 0.0).is_nan());
        assert!(ln_sum_exp(&[0.0, f64::NAN]).is_nan());
        assert_eq!(ln_sub_exp(2.0, 2.0), f64::NEG_INFINITY);
        assert!((ln_sum_exp(&[-1000.0, -1000.0, -1000.0]) - (3f64.ln() - 1000.0)).abs() < 1e-12);
    }

    #[test]
    fn logit_and_expit_are_inverse() {
        // Protects the tails: a chance of 1e-300 survives the round trip.
        for p in [1e-300, 1e-10, 0.2, 0.5, 0.9] {
            assert!((expit(logit(p)) / p - 1.0).abs() < 1e-12, "{p}");
        }
        assert_eq!(logit(0.0), f64::NEG_INFINITY);
        assert_eq!(logit(1.0), f64::INFINITY);
        assert_eq!(ln_expit(-1e5), -1e5);
    }
}
