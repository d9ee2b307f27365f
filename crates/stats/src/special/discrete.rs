//! Binomial, Poisson and hypergeometric laws: log masses and tails, accurate for counts up to 10⁹.
//!
//! The masses use the saddle-point form of the continuous densities (Loader 2000); the tails of the binomial and
//! Poisson laws *are* incomplete beta and gamma functions.

use super::incomplete_beta::{beta_cdf, beta_sf, ln_density_of_logit};
use super::incomplete_gamma::{gamma_p, gamma_q, ln_density_of_log};

/// ln P(K = k) for K ~ Binomial(n, p); −∞ where impossible, NaN for p outside [0, 1].
///
/// ```
/// use gevinst_stats::special::ln_binomial_pmf;
/// assert!((ln_binomial_pmf(4, 2, 0.5) - 0.375f64.ln()).abs() < 1e-15);
/// ```
#[must_use]
pub fn ln_binomial_pmf(n: u64, k: u64, p: f64) -> f64 {
    if !(0.0..=1.0).contains(&p) {
        return f64::NAN;
    }
    if k > n {
        return f64::NEG_INFINITY;
    }
    let q = 1.0 - p;
    let (nf, kf) = (n as f64, k as f64);
    if k == 0 {
        return if n == 0 { 0.0 } else { nf * libm::log1p(-p) };
    }
    if k == n {
        return nf * p.ln();
    }
    if p == 0.0 || q == 0.0 {
        return f64::NEG_INFINITY;
    }
    let rest = nf - kf;
    // C(n, k) = n/(k(n−k)) / B(k, n−k).
    ln_density_of_logit(kf, rest, p, q) + (nf / kf / rest).ln()
}

/// P(K ≤ k) for K ~ Binomial(n, p) = I_{1−p}(n−k, k+1).
///
/// ```
/// use gevinst_stats::special::binomial_cdf;
/// assert!((binomial_cdf(3, 1, 0.5) - 0.5).abs() < 1e-15);
/// ```
#[must_use]
pub fn binomial_cdf(n: u64, k: u64, p: f64) -> f64 {
    if k >= n {
        return if (0.0..=1.0).contains(&p) { 1.0 } else { f64::NAN };
    }
    beta_sf(k as f64 + 1.0, (n - k) as f64, p)
}

/// P(K ≥ k) for K ~ Binomial(n, p) = I_p(k, n−k+1). Note: at least k, not more than k.
///
/// ```
/// use gevinst_stats::special::binomial_sf;
/// // At least one of three heads.
/// assert!((binomial_sf(3, 1, 0.5) - 0.875).abs() < 1e-15);
/// ```
#[must_use]
pub fn binomial_sf(n: u64, k: u64, p: f64) -> f64 {
    if !(0.0..=1.0).contains(&p) {
        f64::NAN
    } else if k == 0 {
        1.0
    } else if k > n {
        0.0
    } else {
        beta_cdf(k as f64, (n - k) as f64 + 1.0, p)
    }
}

/// ln P(K = k) for K ~ Poisson(λ), λ ≥ 0.
///
/// ```
/// use gevinst_stats::special::ln_poisson_pmf;
/// assert!((ln_poisson_pmf(2, 3.0) - (4.5f64.ln() - 3.0)).abs() < 1e-14);
/// ```
#[must_use]
pub fn ln_poisson_pmf(k: u64, lambda: f64) -> f64 {
    if lambda.is_nan() || lambda < 0.0 {
        f64::NAN
    } else if k == 0 {
        -lambda
    } else if lambda == 0.0 {
        f64::NEG_INFINITY
    } else {
        ln_density_of_log(k as f64, lambda) - (k as f64).ln()
    }
}

/// P(K ≤ k) for K ~ Poisson(λ) = Q(k+1, λ).
///
/// ```
/// use gevinst_stats::special::poisson_cdf;
/// assert!((poisson_cdf(1, 2.0) - 3.0 * (-2f64).exp()).abs() < 1e-15);
/// ```
#[must_use]
pub fn poisson_cdf(k: u64, lambda: f64) -> f64 {
    gamma_q(k as f64 + 1.0, lambda)
}

/// P(K ≥ k) for K ~ Poisson(λ) = P(k, λ). Note: at least k, not more than k.
///
/// ```
/// use gevinst_stats::special::poisson_sf;
/// // At least one event.
/// assert!((poisson_sf(1, 1e-12) / 1e-12 - 1.0).abs() < 1e-11);
/// ```
#[must_use]
pub fn poisson_sf(k: u64, lambda: f64) -> f64 {
    if k == 0 { if lambda >= 0.0 { 1.0 } else { f64::NAN } } else { gamma_p(k as f64, lambda) }
}

/// ln P(K = k) where k of `drawn` items drawn from `total` are among the `marked`; −∞ where impossible.
///
/// As three binomial masses with p = drawn/total, whose powers of p cancel: no difference of huge log-gammas.
///
/// ```
/// use gevinst_stats::special::ln_hypergeometric_pmf;
/// // Two aces in two cards of 52 with four aces: 6/1326.
/// assert!((ln_hypergeometric_pmf(52, 4, 2, 2) - (6.0f64 / 1326.0).ln()).abs() < 1e-13);
/// ```
#[must_use]
pub fn ln_hypergeometric_pmf(total: u64, marked: u64, drawn: u64, k: u64) -> f64 {
    if marked > total || drawn > total {
        return f64::NAN;
    }
    if k > marked || k > drawn || drawn - k > total - marked {
        return f64::NEG_INFINITY;
    }
    if drawn == 0 || drawn == total || total == 0 {
        return 0.0;
    }
    let p = drawn as f64 / total as f64;
    ln_binomial_pmf(marked, k, p) + ln_binomial_pmf(total - marked, drawn - k, p)
        - ln_binomial_pmf(total, drawn, p)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masses_sum_to_one_and_to_the_tail() {
        // Protects mass and tail against an off-by-one in the shapes.
        for p in [0.001, 0.3, 0.97] {
            let n = 37;
            let mut below = 0.0;
            for k in 0..=n {
                assert!((binomial_sf(n, k, p) - (1.0 - below)).abs() < 1e-13, "{k}");
                below += ln_binomial_pmf(n, k, p).exp();
                assert!((binomial_cdf(n, k, p) - below).abs() < 1e-13, "{k}");
            }
        }
        let mut below = 0.0;
        for k in 0..40 {
            assert!((poisson_sf(k, 7.5) - (1.0 - below)).abs() < 1e-13);
            below += ln_poisson_pmf(k, 7.5).exp();
            assert!((poisson_cdf(k, 7.5) - below).abs() < 1e-13);
        }
        let total: f64 = (0..=20).map(|k| ln_hypergeometric_pmf(50, 20, 30, k).exp()).sum();
        assert!((total - 1.0).abs() < 1e-13);
    }

    #[test]
    fn degenerate_cases_are_defined() {
        // Protects against NaN from 0·ln 0.
        assert_eq!(ln_binomial_pmf(0, 0, 0.0), 0.0);
        assert_eq!(ln_binomial_pmf(5, 0, 0.0), 0.0);
        assert_eq!(ln_binomial_pmf(5, 5, 1.0), 0.0);
        assert_eq!(ln_binomial_pmf(5, 2, 0.0), f64::NEG_INFINITY);
        assert_eq!(ln_poisson_pmf(0, 0.0), 0.0);
        assert_eq!(ln_hypergeometric_pmf(0, 0, 0, 0), 0.0);
        assert_eq!(ln_hypergeometric_pmf(10, 3, 10, 3), 0.0);
        assert_eq!(ln_hypergeometric_pmf(10, 3, 2, 3), f64::NEG_INFINITY);
    }
}
