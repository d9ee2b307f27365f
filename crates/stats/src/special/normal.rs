//! The normal distribution, both tails, on the linear and the log scale, and its inverse.
//!
//! The linear scale is libm's `erfc`; beyond 30 standard deviations the continued fraction of Mills' ratio.
//! The largest relative error is that of x/√2 magnified by x²: 1.6·10⁻¹³ at x = 38.

use super::gamma::HALF_LN_2PI;
use super::logs::ln_1m_exp;

/// 1/√(2π).
const FRAC_1_SQRT_2PI: f64 = 0.398_942_280_401_432_7;

/// φ(x) = e^{−x²/2}/√(2π).
///
/// ```
/// use gevinst_stats::special::normal_pdf;
/// assert!((normal_pdf(0.0) - 0.398_942_280_401_432_7).abs() < 1e-16);
/// ```
#[must_use]
pub fn normal_pdf(x: f64) -> f64 {
    ln_normal_pdf(x).exp()
}

/// ln φ(x).
///
/// ```
/// use gevinst_stats::special::ln_normal_pdf;
/// assert!((ln_normal_pdf(100.0) + 5000.918_938_533_204_7).abs() < 1e-11);
/// ```
#[must_use]
pub fn ln_normal_pdf(x: f64) -> f64 {
    -0.5 * x * x - HALF_LN_2PI
}

/// Φ(x), the chance that a standard normal is at most x.
///
/// ```
/// use gevinst_stats::special::normal_cdf;
/// assert!((normal_cdf(1.959963984540054) - 0.975).abs() < 1e-15);
/// ```
#[must_use]
pub fn normal_cdf(x: f64) -> f64 {
    0.5 * libm::erfc(-x * core::f64::consts::FRAC_1_SQRT_2)
}

/// 1 − Φ(x), computed itself.
///
/// ```
/// use gevinst_stats::special::normal_sf;
/// assert!((normal_sf(10.0) / 7.619_853_024_160_526e-24 - 1.0).abs() < 1e-13);
/// ```
#[must_use]
pub fn normal_sf(x: f64) -> f64 {
    normal_cdf(-x)
}

/// ln(1 − Φ(x)), finite for every finite x below 10¹⁵⁴.
///
/// ```
/// use gevinst_stats::special::ln_normal_sf;
/// // A tail of 10⁻²¹⁷⁴: −x²/2 − ln(x√2π) + ln(1 − 1/x² + …)
/// assert!((ln_normal_sf(100.0) - -5_005.524_208_694_205).abs() < 1e-11);
/// ```
#[must_use]
pub fn ln_normal_sf(x: f64) -> f64 {
    if x < -1.0 {
        libm::log1p(-normal_sf(-x))
    } else if x < 30.0 {
        normal_sf(x).ln()
    } else {
        ln_normal_pdf(x) - far_hazard(x).ln()
    }
}

/// φ/(1 − Φ) = x + 1/(x + 2/(x + 3/(x + …))) for x ≥ 30 (DLMF 7.9.3).
fn far_hazard(x: f64) -> f64 {
    let mut tail = x;
    for k in (1..=30u32).rev() {
        tail = x + f64::from(k) / tail;
    }
    tail
}

/// ln Φ(x).
///
/// ```
/// use gevinst_stats::special::ln_normal_cdf;
/// assert!((ln_normal_cdf(0.0) + 2f64.ln()).abs() < 1e-15);
/// ```
#[must_use]
pub fn ln_normal_cdf(x: f64) -> f64 {
    ln_normal_sf(-x)
}

/// φ(x)/(1 − Φ(x)), the mean of a standard normal above x; about x for large x.
///
/// ```
/// use gevinst_stats::special::inverse_mills_ratio;
/// assert!((inverse_mills_ratio(0.0) - (2.0 / core::f64::consts::PI).sqrt()).abs() < 1e-15);
/// assert!((inverse_mills_ratio(1e6) / 1e6 - 1.0).abs() < 1e-11);
/// ```
#[must_use]
pub fn inverse_mills_ratio(x: f64) -> f64 {
    // From the continued fraction where the two logarithms would cancel.
    if x < 30.0 { (ln_normal_pdf(x) - ln_normal_sf(x)).exp() } else { far_hazard(x) }
}

/// The x with Φ(x) = p; ±∞ at 1 and 0, NaN outside [0, 1].
///
/// ```
/// use gevinst_stats::special::normal_quantile;
/// assert!((normal_quantile(0.975) - 1.959963984540054).abs() < 1e-15);
/// assert!((normal_quantile(1e-300) - -37.0471).abs() < 1e-4);
/// ```
#[must_use]
pub fn normal_quantile(p: f64) -> f64 {
    if (0.3..=0.7).contains(&p) {
        // Newton on Φ − ½ = ½ erf(x/√2), which keeps the digits of a quantile near zero; p − ½ is exact.
        let centred = p - 0.5;
        let mut x = centred / FRAC_1_SQRT_2PI;
        for _ in 0..4 {
            x += (centred - 0.5 * libm::erf(x * core::f64::consts::FRAC_1_SQRT_2)) / normal_pdf(x);
        }
        x
    } else if p < 0.5 {
        normal_quantile_ln(p.ln())
    } else {
        // 1 − p is exact here.
        -normal_quantile_ln((1.0 - p).ln())
    }
}

/// The x with 1 − Φ(x) = p, for a small upper tail.
///
/// ```
/// use gevinst_stats::special::normal_isf;
/// assert!((normal_isf(0.025) - 1.959_963_984_540_054).abs() < 1e-15);
/// ```
#[must_use]
pub fn normal_isf(p: f64) -> f64 {
    -normal_quantile(p)
}

/// The x with ln Φ(x) = ln p, for tails below the smallest `f64`.
///
/// Start: Abramowitz & Stegun 26.2.23 (off by less than 4.5·10⁻⁴), then Newton's method on ln Φ, which is
/// concave, so that it converges from anywhere; three steps reach the last place.
///
/// ```
/// use gevinst_stats::special::{normal_quantile_ln, ln_normal_cdf};
/// let x = normal_quantile_ln(-1e5);
/// assert!((ln_normal_cdf(x) / -1e5 - 1.0).abs() < 1e-13);
/// ```
#[must_use]
pub fn normal_quantile_ln(ln_p: f64) -> f64 {
    if ln_p.is_nan() || ln_p > 0.0 {
        return f64::NAN;
    }
    if ln_p == 0.0 {
        return f64::INFINITY;
    }
    if ln_p == f64::NEG_INFINITY {
        return f64::NEG_INFINITY;
    }
    if ln_p > -core::f64::consts::LN_2 {
        return -normal_quantile_ln(ln_1m_exp(ln_p));
    }
    let t = (-2.0 * ln_p).sqrt();
    let mut x = (2.515_517 + t * (0.802_853 + t * 0.010_328))
        / (1.0 + t * (1.432_788 + t * (0.189_269 + t * 0.001_308)))
        - t;
    // Errors square: 4.5·10⁻⁴, 10⁻⁷, 10⁻¹⁴, and rounding.
    for _ in 0..3 {
        let ln_cdf = ln_normal_cdf(x);
        x += (ln_p - ln_cdf) * inverse_mills_ratio(-x).recip();
    }
    x
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn log_tail_has_no_seam_at_thirty() {
        // Protects against a jump between erfc and the continued fraction.
        let below = ln_normal_sf(30.0 - 1e-12);
        let above = ln_normal_sf(30.0);
        assert!((below - above).abs() < 1e-10, "{below} {above}");
    }

    #[test]
    fn ends_and_nonsense() {
        // Protects callers from a silent clamp.
        assert_eq!(normal_quantile(0.0), f64::NEG_INFINITY);
        assert_eq!(normal_quantile(1.0), f64::INFINITY);
        assert!(normal_quantile(-0.1).is_nan() && normal_quantile(1.1).is_nan());
        assert!(normal_quantile(f64::NAN).is_nan());
        assert!(normal_quantile(0.5).abs() < 1e-16);
    }

    proptest! {
        /// Protects the inverse at every depth of the tail.
        #[test]
        fn quantile_inverts(exponent in -1e5f64..-0.7) {
            let x = normal_quantile_ln(exponent);
            prop_assert!((ln_normal_cdf(x) / exponent - 1.0).abs() < 1e-12);
        }
    }
}
