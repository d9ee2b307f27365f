//! Robbins' normal mixture: a running sum S with running variance V, read so that it holds at any stopping time.
//!
//! If exp(λS − λ²V/2) is a supermartingale for every real λ, so is its average over λ ~ N(0, ρ²),
//!
//! ```text
//! M = (1 + Vρ²)^(−1/2)·exp( S²ρ² / (2·(1 + Vρ²)) ),      |S| < sqrt( (V + 1/ρ²)·ln( (1 + Vρ²) / α² ) ) for all time,
//! ```
//!
//! with probability at least 1 − α (Robbins 1970; Howard et al. 2021, "Time-uniform, nonparametric, nonasymptotic confidence sequences",
//! two-sided normal mixture). Averaged over λ > 0 only, it gives the one-sided e-value 2·Φ(Sρ/√(1 + Vρ²))·M.
//! Where S is a sum of independent terms with estimated variance V, the same holds in the limit of many terms
//! (Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas, arXiv 2103.06476, also for means and variances that change over time).

use crate::special::ln_normal_cdf;

/// ln of M, above. V ≥ 0, ρ > 0.
pub(crate) fn ln_two_sided(s: f64, v: f64, rho: f64) -> f64 {
    let spread = 1.0 + v * rho * rho;
    -0.5 * spread.ln() + 0.5 * (s * rho).powi(2) / spread
}

/// ln of the e-value against "the mean of S is at most 0".
pub(crate) fn ln_one_sided(s: f64, v: f64, rho: f64) -> f64 {
    let spread = 1.0 + v * rho * rho;
    ln_two_sided(s, v, rho) + std::f64::consts::LN_2 + ln_normal_cdf(s * rho / spread.sqrt())
}

/// The two-sided boundary of |S|.
pub(crate) fn boundary(v: f64, rho: f64, alpha: f64) -> f64 {
    let r = rho * rho;
    ((v + 1.0 / r) * ((1.0 + v * r).ln() - 2.0 * alpha.ln())).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protects the boundary against published values: confseq's two-sided normal mixture, v_opt = 100, α = 0.05.
    ///
    /// gostevehoward/confseq, `test/uniform_boundaries_unittest.cpp`: their ρ is 1/ρ² here, 12.60056 at v_opt = 100.
    #[test]
    fn reproduces_confseq() {
        let rho = 12.60056_f64.sqrt().recip();
        assert!((boundary(100.0, rho, 0.05) - 30.35209).abs() < 1e-5);
        assert!((ln_two_sided(10.0, 100.0, rho) - -0.6510052).abs() < 1e-7);
    }

    /// Protects the one-sided form: the average over λ > 0, integrated numerically.
    #[test]
    fn one_sided_is_the_average_over_positive_lambda() {
        for (s, v, rho) in [(10.0, 100.0, 0.3), (-4.0, 20.0, 0.5), (0.0, 3.0, 1.0)] {
            let density =
                |l: f64| 2.0 * crate::special::normal_pdf(l / rho) / rho * (l * s - 0.5 * l * l * v).exp();
            let average = crate::special::integrate(density, 0.0, 9.0 * rho, 12);
            assert!((ln_one_sided(s, v, rho) - average.ln()).abs() < 1e-11);
        }
    }

    /// Protects the duality: at the boundary the mixture is exactly 1/α.
    #[test]
    fn boundary_is_where_the_mixture_is_one_over_alpha() {
        for (v, rho) in [(1.0, 1.0), (1e6, 0.002), (1e-6, 3.0)] {
            let s = boundary(v, rho, 0.01);
            assert!((ln_two_sided(s, v, rho) - 100.0_f64.ln()).abs() < 1e-9);
        }
    }
}
