//! Spending functions: the share of an error that may be used up by information fraction t.
//!
//! Invariants: 0 at t = 0, the whole error at t ≥ 1, increasing between.

use crate::StatsError;
use crate::special::{normal_isf, normal_sf};

/// How an error α (or β) is spent over the information fraction t.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum SpendingFunction {
    /// 2 − 2Φ(z_{1−α/2}/√t): next to nothing early (Lan & DeMets 1983, "O'Brien–Fleming type").
    OBrienFleming,
    /// α·ln(1 + (e−1)t): nearly even (Lan & DeMets 1983, "Pocock type").
    Pocock,
    /// α·tᵖ with ρ > 0 (Kim & DeMets 1987).
    Power {
        /// The exponent ρ.
        rho: f64,
    },
    /// α(1 − e^{−γt})/(1 − e^{−γ}); γ = 0 is linear (Hwang, Shih & DeCani 1990).
    HwangShihDeCani {
        /// γ: negative spends late, positive early.
        gamma: f64,
    },
}

impl SpendingFunction {
    /// The error spent by information fraction t, for a total of `error`.
    ///
    /// # Errors
    /// `error` outside (0, 1), t negative or NaN, ρ ≤ 0, γ not finite.
    ///
    /// ```
    /// use gevinst_stats::group_sequential::SpendingFunction;
    /// let spent = SpendingFunction::OBrienFleming.spent(0.025, 0.5).unwrap();
    /// assert!((spent - 0.001525).abs() < 1e-6);
    /// ```
    pub fn spent(self, error: f64, t: f64) -> Result<f64, StatsError> {
        if !(error > 0.0 && error < 1.0) {
            return Err(StatsError::Domain {
                what: "the error to spend",
                value: error,
                expected: "0 < error < 1",
            });
        }
        if t.is_nan() || t < 0.0 {
            return Err(StatsError::Domain {
                what: "the information fraction", value: t, expected: "t ≥ 0"
            });
        }
        let share = |value: f64| Ok(value.clamp(0.0, error));
        if t == 0.0 {
            return Ok(0.0);
        }
        if t >= 1.0 {
            return Ok(error);
        }
        match self {
            Self::OBrienFleming => share(2.0 * normal_sf(normal_isf(error / 2.0) / t.sqrt())),
            Self::Pocock => share(error * libm::log1p((core::f64::consts::E - 1.0) * t)),
            Self::Power { rho } if rho > 0.0 && rho.is_finite() => share(error * t.powf(rho)),
            Self::Power { rho } => {
                Err(StatsError::Domain { what: "the spending exponent ρ", value: rho, expected: "ρ > 0" })
            }
            Self::HwangShihDeCani { gamma } if gamma.is_finite() => {
                if gamma.abs() < 1e-12 {
                    share(error * t)
                } else {
                    share(error * (libm::expm1(-gamma * t) / libm::expm1(-gamma)))
                }
            }
            Self::HwangShihDeCani { gamma } => {
                Err(StatsError::Domain {
                    what: "the spending parameter γ", value: gamma, expected: "finite"
                })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_function_starts_at_zero_ends_at_the_error_and_grows() {
        // Protects the total error: what is spent can never exceed it nor be given back.
        for function in [
            SpendingFunction::OBrienFleming,
            SpendingFunction::Pocock,
            SpendingFunction::Power { rho: 3.0 },
            SpendingFunction::HwangShihDeCani { gamma: -4.0 },
            SpendingFunction::HwangShihDeCani { gamma: 0.0 },
        ] {
            assert_eq!(function.spent(0.05, 0.0).unwrap(), 0.0);
            assert_eq!(function.spent(0.05, 1.0).unwrap(), 0.05);
            assert_eq!(function.spent(0.05, 1.7).unwrap(), 0.05);
            let mut before = 0.0;
            for i in 1..=100 {
                let spent = function.spent(0.05, f64::from(i) / 100.0).unwrap();
                assert!(spent >= before, "{function:?}");
                before = spent;
            }
            assert!((function.spent(0.05, 1.0 - 1e-12).unwrap() - 0.05).abs() < 1e-9, "{function:?}");
        }
    }

    #[test]
    fn bad_parameters_are_refused() {
        // Protects against a silent NaN boundary.
        assert!(SpendingFunction::Power { rho: 0.0 }.spent(0.05, 0.5).is_err());
        assert!(SpendingFunction::HwangShihDeCani { gamma: f64::NAN }.spent(0.05, 0.5).is_err());
        assert!(SpendingFunction::Pocock.spent(1.5, 0.5).is_err());
        assert!(SpendingFunction::Pocock.spent(0.05, f64::NAN).is_err());
    }
}
