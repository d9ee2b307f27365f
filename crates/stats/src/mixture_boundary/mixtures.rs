//! The four conjugate mixtures.
//!
//! Invariants: `ln_value(0, 0)` is 0 (no data, no evidence); `ln_value` increases with s where s is above 0; `bound` is
//! where it reaches ln(1/α), or the largest s possible where it does not.

use crate::StatsError;
use crate::special::{
    bracketed_root, ln_beta_cdf, ln_beta_pdf, ln_gamma_p, ln_gamma_pdf, ln_gamma_q, ln_normal_cdf,
};

/// Whether large sums of either sign count, or positive ones alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Positive sums alone.
    OneSided,
    /// Sums of either sign.
    TwoSided,
}

/// A mixture supermartingale of a sum s at intrinsic time v.
pub trait Mixture {
    /// ln of the mixture: the logarithm of an e-value against "the sum has mean zero (or less)".
    fn ln_value(&self, s: f64, v: f64) -> f64;

    /// The largest sum that is possible at intrinsic time v.
    fn largest_sum(&self, _v: f64) -> f64 {
        f64::INFINITY
    }

    /// The sum u(v) that is ever reached with chance at most α.
    ///
    /// # Errors
    /// α outside (0, 1); v negative or not finite; a boundary beyond 2⁵⁰ times v + 1.
    fn bound(&self, v: f64, alpha: f64) -> Result<f64, StatsError> {
        if !(alpha > 0.0 && alpha < 1.0) {
            return Err(StatsError::Domain { what: "α", value: alpha, expected: "0 < α < 1" });
        }
        if !(v >= 0.0 && v.is_finite()) {
            return Err(StatsError::Domain {
                what: "the intrinsic time",
                value: v,
                expected: "finite and ≥ 0",
            });
        }
        let excess = |s: f64| self.ln_value(s, v) + alpha.ln();
        let most = self.largest_sum(v);
        let mut high = v.max(1.0).min(most);
        for _ in 0..50 {
            if high >= most || excess(high) > 0.0 {
                break;
            }
            high = (2.0 * high).min(most);
        }
        if excess(high) <= 0.0 {
            return if high >= most {
                Ok(most)
            } else {
                Err(StatsError::Domain {
                    what: "α",
                    value: alpha,
                    expected: "a boundary that can be reached",
                })
            };
        }
        bracketed_root(excess, 0.0, high, 1e-13 * high).ok_or(StatsError::Domain {
            what: "α",
            value: alpha,
            expected: "a boundary that can be reached",
        })
    }
}

/// The precision ρ that makes a normal mixture tightest at v: v/(2 ln(1/α) + ln(1 + 2 ln(1/α))), with 2α for one side
/// (their Proposition 3).
///
/// # Errors
/// v not positive; α outside (0, 1), or above ½ for one side.
///
/// ```
/// use gevinst_stats::mixture_boundary::{Reach, tightest_precision};
/// assert!((tightest_precision(100.0, 0.05, Reach::TwoSided).unwrap() - 12.60056).abs() < 5e-6);
/// ```
pub fn tightest_precision(v_opt: f64, alpha: f64, reach: Reach) -> Result<f64, StatsError> {
    if !(v_opt > 0.0 && v_opt.is_finite()) {
        return Err(StatsError::Domain {
            what: "the intrinsic time to tune for",
            value: v_opt,
            expected: "positive",
        });
    }
    let level = if reach == Reach::OneSided { 2.0 * alpha } else { alpha };
    if !(level > 0.0 && level < 1.0) {
        return Err(StatsError::Domain { what: "α", value: alpha, expected: "below 1, or ½ for one side" });
    }
    let l = -2.0 * level.ln();
    Ok(v_opt / (l + libm::log1p(l)))
}

/// Sub-Gaussian sums, normal mixture of precision ρ (their eq. 14; one-sided: half-normal).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NormalMixture {
    rho: f64,
    reach: Reach,
}

impl NormalMixture {
    /// Tightest at `v_opt` for level `alpha`.
    ///
    /// # Errors
    /// As [`tightest_precision`].
    ///
    /// ```
    /// use gevinst_stats::mixture_boundary::{Mixture, NormalMixture, Reach};
    /// let mixture = NormalMixture::new(100.0, 0.05, Reach::TwoSided).unwrap();
    /// assert!((mixture.bound(100.0, 0.05).unwrap() - 30.35209).abs() < 5e-6); // confseq
    /// ```
    pub fn new(v_opt: f64, alpha: f64, reach: Reach) -> Result<Self, StatsError> {
        Ok(Self { rho: tightest_precision(v_opt, alpha, reach)?, reach })
    }
}

impl Mixture for NormalMixture {
    fn ln_value(&self, s: f64, v: f64) -> f64 {
        let total = v + self.rho;
        let both = 0.5 * (self.rho / total).ln() + s * s / (2.0 * total);
        match self.reach {
            Reach::TwoSided => both,
            Reach::OneSided => both + core::f64::consts::LN_2 + ln_normal_cdf(s / total.sqrt()),
        }
    }
}

/// Sub-exponential sums with scale c, gamma mixture; one-sided.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GammaExponentialMixture {
    rho: f64,
    scale: f64,
    prior: f64,
}

/// ln of density over tail of ln X for a gamma law, at x.
fn ln_gamma_hazard(shape: f64, x: f64, upper: bool) -> f64 {
    let tail = if upper { ln_gamma_q(shape, x) } else { ln_gamma_p(shape, x) };
    ln_gamma_pdf(shape, x) + x.ln() - tail
}

fn check_scale(scale: f64) -> Result<(), StatsError> {
    if scale > 0.0 && scale.is_finite() {
        Ok(())
    } else {
        Err(StatsError::Domain { what: "the scale c", value: scale, expected: "positive and finite" })
    }
}

impl GammaExponentialMixture {
    /// Scale c, tuned for `v_opt` as the one-sided normal mixture is.
    ///
    /// # Errors
    /// As [`tightest_precision`]; a scale that is not positive.
    pub fn new(v_opt: f64, alpha: f64, scale: f64) -> Result<Self, StatsError> {
        check_scale(scale)?;
        let rho = tightest_precision(v_opt, alpha, Reach::OneSided)?;
        let shape = rho / (scale * scale);
        Ok(Self { rho, scale, prior: ln_gamma_hazard(shape, shape, false) })
    }
}

impl Mixture for GammaExponentialMixture {
    fn ln_value(&self, s: f64, v: f64) -> f64 {
        let c2 = self.scale * self.scale;
        self.prior - ln_gamma_hazard((v + self.rho) / c2, (self.scale * s + v + self.rho) / c2, false)
    }
}

/// Sub-Poisson sums with scale c, gamma mixture; one-sided.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GammaPoissonMixture {
    rho: f64,
    scale: f64,
    prior: f64,
}

impl GammaPoissonMixture {
    /// Scale c (1 for Poisson counts themselves), tuned for `v_opt` as the one-sided normal mixture is.
    ///
    /// # Errors
    /// As [`tightest_precision`]; a scale that is not positive.
    pub fn new(v_opt: f64, alpha: f64, scale: f64) -> Result<Self, StatsError> {
        check_scale(scale)?;
        let rho = tightest_precision(v_opt, alpha, Reach::OneSided)?;
        let shape = rho / (scale * scale);
        Ok(Self { rho, scale, prior: ln_gamma_hazard(shape, shape, true) })
    }
}

impl Mixture for GammaPoissonMixture {
    fn ln_value(&self, s: f64, v: f64) -> f64 {
        let x = (v + self.rho) / (self.scale * self.scale);
        self.prior - ln_gamma_hazard(s / self.scale + x, x, true)
    }
}

/// Sub-Bernoulli sums of values in [−g, h], beta mixture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BetaBinomialMixture {
    r: f64,
    g: f64,
    h: f64,
    reach: Reach,
    prior: f64,
}

impl BetaBinomialMixture {
    /// Values in [−g, h], tuned for `v_opt`; a Bernoulli of chance p, centred, has g = p and h = 1 − p and runs at
    /// p(1 − p) intrinsic time an observation.
    ///
    /// ```
    /// use gevinst_stats::mixture_boundary::{BetaBinomialMixture, Mixture, Reach};
    /// let coin = BetaBinomialMixture::new(100.0, 0.05, 0.5, 0.5, Reach::TwoSided)?;
    /// // After 400 tosses (intrinsic time 100) heads may be off their mean by some thirty, at any time.
    /// let bound = coin.bound(100.0, 0.05)?;
    /// assert!(bound > 25.0 && bound < 35.0);
    /// # Ok::<(), gevinst_stats::StatsError>(())
    /// ```
    ///
    /// # Errors
    /// As [`tightest_precision`]; g or h not positive.
    pub fn new(v_opt: f64, alpha: f64, g: f64, h: f64, reach: Reach) -> Result<Self, StatsError> {
        for (what, value) in [("g", g), ("h", h)] {
            if !(value > 0.0 && value.is_finite()) {
                return Err(StatsError::Domain { what, value, expected: "positive and finite" });
            }
        }
        let r = (tightest_precision(v_opt, alpha, reach)? - g * h).max(1e-3 * g * h);
        let mut mixture = Self { r, g, h, reach, prior: 0.0 };
        mixture.prior = mixture.hazard(0.0, 0.0);
        Ok(mixture)
    }

    /// ln of density (over tail, where one-sided) of the beta law after sum s at time v, at h/(g + h).
    fn hazard(&self, s: f64, v: f64) -> f64 {
        let (g, h) = (self.g, self.h);
        let a = (self.r + v - g * s) / (g * (g + h));
        let b = (self.r + v + h * s) / (h * (g + h));
        let x = h / (g + h);
        let tail = if self.reach == Reach::OneSided { ln_beta_cdf(a, b, x) } else { 0.0 };
        ln_beta_pdf(a, b, x) - tail
    }
}

impl Mixture for BetaBinomialMixture {
    fn ln_value(&self, s: f64, v: f64) -> f64 {
        self.prior - self.hazard(s, v)
    }

    fn largest_sum(&self, v: f64) -> f64 {
        v / self.g
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(mixture: &dyn Mixture, value: f64, bound: f64) {
        let got = mixture.ln_value(10.0, 100.0);
        assert!((got - value).abs() < 5.1e-8, "{got} for {value}");
        let got = mixture.bound(100.0, 0.05).unwrap();
        assert!((got - bound).abs() < 5.1e-6, "{got} for {bound}");
    }

    #[test]
    fn values_and_bounds_of_the_reference_implementation() {
        // Protects each mixture: confseq 70b1ef3, test/uniform_boundaries_unittest.cpp, v_opt = 100, α = 0.05.
        use Reach::{OneSided, TwoSided};
        check(&NormalMixture::new(100.0, 0.05, TwoSided).unwrap(), -0.6510052, 30.35209);
        check(&NormalMixture::new(100.0, 0.05, OneSided).unwrap(), -0.06502391, 27.66071);
        check(&GammaExponentialMixture::new(100.0, 0.05, 2.0).unwrap(), -0.2490165, 33.02017);
        check(&GammaPoissonMixture::new(100.0, 0.05, 2.0).unwrap(), -0.06991219, 30.1949);
        check(&BetaBinomialMixture::new(100.0, 0.05, 0.2, 0.8, TwoSided).unwrap(), -0.6941012, 31.4308);
        check(&BetaBinomialMixture::new(100.0, 0.05, 0.2, 0.8, OneSided).unwrap(), -0.07134019, 28.41238);
    }

    #[test]
    fn expectation_is_one_at_a_fixed_time() {
        // Protects the supermartingale property: E M = 1 exactly for the law that ψ belongs to.
        let (p, n) = (0.3, 40u64);
        let mixture = BetaBinomialMixture::new(5.0, 0.05, p, 1.0 - p, Reach::TwoSided).unwrap();
        let v = n as f64 * p * (1.0 - p);
        let mean: f64 = (0..=n)
            .map(|k| {
                let s = k as f64 - n as f64 * p;
                (crate::special::ln_binomial_pmf(n, k, p) + mixture.ln_value(s, v)).exp()
            })
            .sum();
        assert!((mean - 1.0).abs() < 1e-11, "{mean}");
        // Poisson counts of mean 20, centred, scale 1.
        let mixture = GammaPoissonMixture::new(10.0, 0.05, 1.0).unwrap();
        let mean: f64 = (0..3000u64)
            .map(|k| {
                (crate::special::ln_poisson_pmf(k, 20.0) + mixture.ln_value(k as f64 - 20.0, 20.0)).exp()
            })
            .sum();
        assert!((mean - 1.0).abs() < 1e-11, "{mean}");
        let mixture = NormalMixture::new(4.0, 0.05, Reach::OneSided).unwrap();
        let mean = crate::special::integrate(
            |z| (crate::special::ln_normal_pdf(z) + mixture.ln_value(3.0 * z, 9.0)).exp(),
            -20.0,
            40.0,
            40,
        );
        assert!((mean - 1.0).abs() < 1e-11, "{mean}");
    }

    #[test]
    fn unsound_tuning_is_refused() {
        // Protects against NaN boundaries.
        assert!(NormalMixture::new(0.0, 0.05, Reach::TwoSided).is_err());
        assert!(NormalMixture::new(1.0, 0.6, Reach::OneSided).is_err());
        assert!(GammaPoissonMixture::new(1.0, 0.05, 0.0).is_err());
        assert!(BetaBinomialMixture::new(1.0, 0.05, -0.1, 0.5, Reach::TwoSided).is_err());
        assert!(NormalMixture::new(1.0, 0.05, Reach::TwoSided).unwrap().bound(-1.0, 0.05).is_err());
        assert!(NormalMixture::new(1.0, 0.05, Reach::TwoSided).unwrap().bound(1.0, 1.0).is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        /// Protects the root at every size: the mixture at its own bound is 1/α, up to sums of 10⁹.
        #[test]
        fn bound_is_where_the_mixture_is(size in -1.0f64..9.0, tail in -6.0f64..-0.5, c in 0.1f64..5.0) {
            let (v, alpha) = (10f64.powf(size), 10f64.powf(tail));
            let mixtures: [Box<dyn Mixture>; 4] = [
                Box::new(NormalMixture::new(10.0, 0.05, Reach::OneSided).unwrap()),
                Box::new(GammaExponentialMixture::new(10.0, 0.05, c).unwrap()),
                Box::new(GammaPoissonMixture::new(10.0, 0.05, c).unwrap()),
                Box::new(BetaBinomialMixture::new(10.0, 0.05, 0.1, 0.9, Reach::TwoSided).unwrap()),
            ];
            for mixture in mixtures {
                let bound = mixture.bound(v, alpha).unwrap();
                if bound < mixture.largest_sum(v) {
                    let value = mixture.ln_value(bound, v);
                    prop_assert!((value + alpha.ln()).abs() < 1e-6, "{v} {alpha} {c}: {bound} {value}");
                }
            }
        }
    }
}
