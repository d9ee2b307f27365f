//! What is believed before the month: the prior of log ratios and of day noise.
//!
//! A wrong prior costs power, never validity: the prior on the log ratio is integrated over in the numerator of an
//! e-value alone, and the prior on day noise in numerator and denominator alike. Both may be learned from earlier months.

use crate::StatsError;

/// The largest logit variance that a [`DispersionPrior`] may hold. At 4 an even split's beta shapes reach zero.
pub const MAX_LOGIT_VARIANCE: f64 = 2.0;

/// A normal prior of a log ratio δ = log(θa/θb).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NormalPrior {
    /// The mean; 0 where nothing favours either arm.
    pub mean: f64,
    /// The standard deviation τ.
    pub sd: f64,
}

impl Default for NormalPrior {
    /// N(0, 0.4²): ratios between 0.45 and 2.2 in 95 of 100 pairs.
    fn default() -> Self {
        Self { mean: 0.0, sd: 0.4 }
    }
}

impl NormalPrior {
    /// A prior with the given mean and standard deviation.
    ///
    /// # Errors
    /// [`StatsError::Domain`] unless |mean| ≤ 20 and 10⁻⁴ ≤ sd ≤ 20.
    pub fn new(mean: f64, sd: f64) -> Result<Self, StatsError> {
        if !(-20.0..=20.0).contains(&mean) {
            return Err(StatsError::Domain {
                what: "the prior's mean",
                value: mean,
                expected: "between -20 and 20",
            });
        }
        if !(1e-4..=20.0).contains(&sd) {
            return Err(StatsError::Domain {
                what: "the prior's standard deviation",
                value: sd,
                expected: "between 0.0001 and 20",
            });
        }
        Ok(Self { mean, sd })
    }

    /// The log density at δ.
    pub fn ln_density(&self, delta: f64) -> f64 {
        let z = (delta - self.mean) / self.sd;
        -0.5 * z * z - self.sd.ln() - 0.5 * (2.0 * std::f64::consts::PI).ln()
    }

    /// The part of the log density that depends on δ.
    pub(crate) fn ln_density_up_to_scale(&self, delta: f64) -> f64 {
        let away = delta - self.mean;
        -0.5 / (self.sd * self.sd) * away * away
    }

    /// What [`ln_density_up_to_scale`](Self::ln_density_up_to_scale) exceeds the log density by.
    pub(crate) fn ln_scale(&self) -> f64 {
        self.sd.ln() + 0.5 * (2.0 * std::f64::consts::PI).ln()
    }

    /// The prior of −δ: what the pair's other order sees.
    pub fn mirrored(&self) -> Self {
        Self { mean: -self.mean, sd: self.sd }
    }
}

/// A discrete prior of the day noise: the variance σ² of the logit of an arm's share of a pair's goals in a period.
///
/// If each arm's day is off by an independent factor of mean 1 and variance v, then σ² ≈ 2v.
///
/// Domain: one day's factor says nothing of the next one's. Where it does (an advertisement wears out, a competitor comes and goes)
/// the arms' rates truly differ over a month: by a standard deviation of 0.14 in the logarithm at v = 0.05 and a correlation of 0.7
/// from day to day, 0.27 at v = 0.2. Evidence is then about the month that was, not about the arms for good: the mixture tells two arms
/// of equal long-run rates apart in .11 to .31 of such months, the plain likelihood in .20 to .58 (`--example firing_table --
/// 400 persistent`, standard errors up to .025).
#[derive(Debug, Clone, PartialEq)]
pub struct DispersionPrior {
    variances: Vec<f64>,
    weights: Vec<f64>,
}

impl Default for DispersionPrior {
    /// σ² in {0, .01, .03, .06, .1, .2, .4, .8}; 0.2 on no noise and the rest equal.
    fn default() -> Self {
        let variances = vec![0.0, 0.01, 0.03, 0.06, 0.1, 0.2, 0.4, 0.8];
        let rest = 0.8 / (variances.len() - 1) as f64;
        let weights = variances.iter().map(|&v| if v == 0.0 { 0.2 } else { rest }).collect();
        Self { variances, weights }
    }
}

impl DispersionPrior {
    /// No day noise at all: the exact form, for lists that were split at random person by person.
    pub fn none() -> Self {
        Self { variances: vec![0.0], weights: vec![1.0] }
    }

    /// A prior on the given variances; weights need not sum to one.
    ///
    /// ```
    /// use gevinst_stats::prior::DispersionPrior;
    /// let calm = DispersionPrior::new(&[0.0, 0.02, 0.1], &[2.0, 1.0, 1.0])?;
    /// assert_eq!(calm.weights(), [0.5, 0.25, 0.25]);
    /// assert!(DispersionPrior::new(&[0.1, 0.02], &[1.0, 1.0]).is_err());
    /// # Ok::<(), gevinst_stats::StatsError>(())
    /// ```
    ///
    /// # Errors
    /// [`StatsError::Length`] or [`StatsError::Empty`] when the lists do not match; [`StatsError::Domain`] unless
    /// variances rise strictly within 0 to [`MAX_LOGIT_VARIANCE`] and all weights are positive and finite.
    pub fn new(variances: &[f64], weights: &[f64]) -> Result<Self, StatsError> {
        if variances.is_empty() {
            return Err(StatsError::Empty { what: "the list of logit variances" });
        }
        if variances.len() != weights.len() {
            return Err(StatsError::Length {
                what: "the list of dispersion weights",
                expected: variances.len(),
                found: weights.len(),
            });
        }
        let mut last = -1.0;
        for &variance in variances {
            let tiny = variance > 0.0 && variance < 1e-6;
            if !(0.0..=MAX_LOGIT_VARIANCE).contains(&variance) || tiny || variance <= last {
                return Err(StatsError::Domain {
                    what: "a logit variance",
                    value: variance,
                    expected: "0 or from 1e-6 to 2, in rising order",
                });
            }
            last = variance;
        }
        for &weight in weights {
            if !(weight > 0.0 && weight.is_finite()) {
                return Err(StatsError::Domain {
                    what: "a dispersion weight",
                    value: weight,
                    expected: "a positive number",
                });
            }
        }
        let sum: f64 = weights.iter().sum();
        Ok(Self { variances: variances.to_vec(), weights: weights.iter().map(|w| w / sum).collect() })
    }

    /// The logit variances σ², rising.
    pub fn variances(&self) -> &[f64] {
        &self.variances
    }

    /// Their prior weights, which sum to one.
    pub fn weights(&self) -> &[f64] {
        &self.weights
    }

    /// Whether this is the exact form: no day noise is possible.
    pub fn is_exact(&self) -> bool {
        self.variances == [0.0]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_priors_outside_the_domain() {
        // Protects the integration: a NaN or zero scale would spread to every figure.
        assert!(NormalPrior::new(0.0, 0.0).is_err());
        assert!(NormalPrior::new(f64::NAN, 0.4).is_err());
        assert!(NormalPrior::new(0.0, f64::NAN).is_err());
        assert!(DispersionPrior::new(&[0.0, 0.1], &[1.0]).is_err());
        assert!(DispersionPrior::new(&[0.1, 0.0], &[1.0, 1.0]).is_err());
        assert!(DispersionPrior::new(&[0.0, 3.0], &[1.0, 1.0]).is_err());
        assert!(DispersionPrior::new(&[0.0], &[0.0]).is_err());
        assert!(DispersionPrior::new(&[], &[]).is_err());
        assert_eq!(DispersionPrior::new(&[0.0], &[7.0]), Ok(DispersionPrior::none()));
    }

    #[test]
    fn the_default_weights_are_those_stated() {
        // Protects the published table of firings, which was measured with these weights.
        let prior = DispersionPrior::default();
        assert_eq!(prior.variances(), [0.0, 0.01, 0.03, 0.06, 0.1, 0.2, 0.4, 0.8]);
        assert_eq!(prior.weights()[0], 0.2);
        assert!((prior.weights().iter().sum::<f64>() - 1.0).abs() < 1e-15);
        assert!(DispersionPrior::none().is_exact() && !prior.is_exact());
    }
}
