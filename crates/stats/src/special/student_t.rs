//! Student's t and the chi-square law, from the incomplete beta and gamma functions.
//!
//! With x = ν/(ν+t²) and y = t²/(ν+t²) handed over separately there is no large-ν special case: the
//! beta kernel is accurate from ν = 0.5 to beyond 10⁸, where the law is the normal to eight digits.

use super::gamma::ln_beta;
use super::incomplete_beta::{ln_tails, logit_of_lower_tail};
use super::incomplete_gamma::{gamma_p, gamma_q, ln_gamma_q};
use statrs::distribution::{ChiSquared, ContinuousCDF};

/// ln P(T > t) for ν > 0 degrees of freedom (DLMF 8.17 with a = ν/2, b = ½).
///
/// ```
/// use gevinst_stats::special::ln_student_t_sf;
/// // ν = 1: atan(1/t)/π.
/// assert!((ln_student_t_sf(1.0, 1e200) + (1e200 * core::f64::consts::PI).ln()).abs() < 1e-12);
/// ```
#[must_use]
pub fn ln_student_t_sf(nu: f64, t: f64) -> f64 {
    if nu.is_nan() || nu <= 0.0 || t.is_nan() {
        return f64::NAN;
    }
    if nu == f64::INFINITY {
        return super::normal::ln_normal_sf(t);
    }
    if t == 0.0 {
        return -core::f64::consts::LN_2;
    }
    if t < 0.0 {
        return super::logs::ln_1m_exp(ln_student_t_sf(nu, -t));
    }
    // y/x = t²/ν; both are formed so that neither overflows.
    let ratio = t / nu.sqrt();
    let (x, y) = if ratio < 1.0 {
        let r2 = ratio * ratio;
        (1.0 / (1.0 + r2), r2 / (1.0 + r2))
    } else {
        let r2 = 1.0 / (ratio * ratio);
        (r2 / (1.0 + r2), 1.0 / (1.0 + r2))
    };
    if y == 0.0 {
        return -core::f64::consts::LN_2;
    }
    if x == 0.0 {
        // t beyond 10¹⁵⁴·√ν: the power law of the far tail.
        let a = 0.5 * nu;
        return -2.0 * a * ratio.ln() - a.ln() - ln_beta(a, 0.5) - core::f64::consts::LN_2;
    }
    ln_tails(0.5 * nu, 0.5, x, y).0 - core::f64::consts::LN_2
}

/// P(T ≤ t) for ν > 0 degrees of freedom.
///
/// ```
/// use gevinst_stats::special::student_t_cdf;
/// // ν = 1 is Cauchy's law.
/// assert!((student_t_cdf(1.0, 1.0) - 0.75).abs() < 1e-15);
/// ```
#[must_use]
pub fn student_t_cdf(nu: f64, t: f64) -> f64 {
    ln_student_t_sf(nu, -t).exp()
}

/// P(T > t), computed itself.
///
/// ```
/// use gevinst_stats::special::student_t_sf;
/// assert!((student_t_sf(2.0, 2f64.sqrt()) - 0.5 * (1.0 - 0.5f64.sqrt())).abs() < 1e-15);
/// ```
#[must_use]
pub fn student_t_sf(nu: f64, t: f64) -> f64 {
    ln_student_t_sf(nu, t).exp()
}

/// ln of Student's density.
///
/// ```
/// use gevinst_stats::special::ln_student_t_pdf;
/// assert!((ln_student_t_pdf(1.0, 0.0) + core::f64::consts::PI.ln()).abs() < 1e-15);
/// ```
#[must_use]
pub fn ln_student_t_pdf(nu: f64, t: f64) -> f64 {
    -0.5 * nu.ln() - ln_beta(0.5 * nu, 0.5) - 0.5 * (nu + 1.0) * libm::log1p(t / nu * t)
}

/// The t with P(T ≤ t) = p, for ν > 0; NaN outside the domain; always returns.
///
/// ```
/// use gevinst_stats::special::student_t_quantile;
/// assert!((student_t_quantile(1e8, 0.975) - 1.9599640082).abs() < 1e-9);
/// ```
#[must_use]
pub fn student_t_quantile(nu: f64, p: f64) -> f64 {
    if !(nu > 0.0 && (0.0..=1.0).contains(&p)) {
        return f64::NAN;
    }
    if nu == f64::INFINITY {
        return super::normal::normal_quantile(p);
    }
    if p == 0.5 {
        return 0.0;
    }
    let (tail, sign) = if p < 0.5 { (p, -1.0) } else { (1.0 - p, 1.0) };
    if tail == 0.0 {
        return sign * f64::INFINITY;
    }
    // 2·tail = I_x(ν/2, ½); near the median solve for the other tail, where t² is small.
    let root_y_over_x = if tail <= 0.25 {
        (-0.5 * logit_of_lower_tail(0.5 * nu, 0.5, (2.0 * tail).ln())).exp()
    } else {
        (0.5 * logit_of_lower_tail(0.5, 0.5 * nu, libm::log1p(-2.0 * tail))).exp()
    };
    sign * nu.sqrt() * root_y_over_x
}

/// P(X ≤ x) for chi-square with ν degrees of freedom.
///
/// ```
/// use gevinst_stats::special::chi_square_cdf;
/// assert!((chi_square_cdf(2.0, 3.0) - (1.0 - (-1.5f64).exp())).abs() < 1e-15);
/// ```
#[must_use]
pub fn chi_square_cdf(nu: f64, x: f64) -> f64 {
    gamma_p(0.5 * nu, 0.5 * x)
}

/// P(X > x) for chi-square with ν degrees of freedom.
///
/// ```
/// use gevinst_stats::special::chi_square_sf;
/// assert!((chi_square_sf(1.0, 3.841458820694124) - 0.05).abs() < 1e-15);
/// ```
#[must_use]
pub fn chi_square_sf(nu: f64, x: f64) -> f64 {
    gamma_q(0.5 * nu, 0.5 * x)
}

/// ln P(X > x) for chi-square with ν degrees of freedom.
///
/// ```
/// use gevinst_stats::special::ln_chi_square_sf;
/// assert!((ln_chi_square_sf(2.0, 5000.0) + 2500.0).abs() < 1e-11);
/// ```
#[must_use]
pub fn ln_chi_square_sf(nu: f64, x: f64) -> f64 {
    ln_gamma_q(0.5 * nu, 0.5 * x)
}

/// The x with P(X ≤ x) = p for chi-square with ν degrees of freedom: a threshold at a level that somebody stated.
///
/// By `statrs`, whose quantile is good to ten digits for 1 ≤ ν ≤ 10⁴ and 10⁻³ ≤ p ≤ 1 − 10⁻⁶ (a test holds it to that); further out
/// use [`gamma_p_inverse`]. NaN for ν that is not above 0 or p outside [0, 1].
///
/// ```
/// use gevinst_stats::special::chi_square_quantile;
/// assert!((chi_square_quantile(1.0, 0.95) - 3.841_458_820_694_124).abs() < 1e-9);
/// assert!(chi_square_quantile(-1.0, 0.95).is_nan());
/// ```
///
/// [`gamma_p_inverse`]: crate::special::gamma_p_inverse
#[must_use]
pub fn chi_square_quantile(nu: f64, p: f64) -> f64 {
    match ChiSquared::new(nu) {
        Ok(law) if (0.0..=1.0).contains(&p) => law.inverse_cdf(p),
        _ => f64::NAN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn stated_levels_have_ten_digits() {
        // Protects thresholds from the crate that they come from: its quantile, put into our own tail, gives the level back.
        for nu in [1.0, 2.0, 3.5, 12.0, 100.0, 1e4] {
            for p in [1e-3, 0.05, 0.5, 0.8, 0.95, 0.999, 1.0 - 1e-6] {
                let x = chi_square_quantile(nu, p);
                let (below, above) = (chi_square_cdf(nu, x) / p, chi_square_sf(nu, x) / (1.0 - p));
                assert!((below - 1.0).abs() < 1e-10, "{nu} {p}: {below}");
                assert!((above - 1.0).abs() < 1e-8, "{nu} {p}: {above}");
            }
        }
    }

    #[test]
    fn cauchy_tails_are_exact() {
        // Protects ν = 1 far out, where libraries clamp: P(T > t) = atan(1/t)/π.
        for t in [1e-8f64, 0.3, 2.0, 1e5, 1e100, 1e200] {
            let expected = (1.0 / t).atan() / core::f64::consts::PI;
            assert!((student_t_sf(1.0, t) / expected - 1.0).abs() < 1e-13, "{t}");
        }
    }

    #[test]
    fn ends_and_nonsense() {
        // Protects callers from a silent clamp.
        assert!(student_t_cdf(0.0, 1.0).is_nan() && student_t_quantile(-1.0, 0.3).is_nan());
        assert_eq!(student_t_quantile(3.0, 1.0), f64::INFINITY);
        assert_eq!(student_t_quantile(3.0, 0.0), f64::NEG_INFINITY);
        assert_eq!(student_t_cdf(3.0, 0.0), 0.5);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]
        /// Protects the quantile from ν = 0.5 to 10⁸ and out to tails of 10⁻¹⁵⁰.
        #[test]
        fn quantile_inverts(log_nu in -0.3f64..8.0, tail in -150.0f64..-0.302) {
            let (nu, p) = (10f64.powf(log_nu), 10f64.powf(tail));
            let t = student_t_quantile(nu, p);
            if t.is_finite() && t > -1e150 {
                prop_assert!((ln_student_t_sf(nu, -t) / p.ln() - 1.0).abs() < 1e-11, "{nu} {p} {t}");
            }
        }
    }
}
