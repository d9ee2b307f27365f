//! Verdicts one after the other: each is final, and the rate holds at every time.
//!
//! The level of the next test depends on the past verdicts only, so a year's experiments can be judged as they close.
//! LORD++ and SAFFRON hold the false discovery rate for independent p-values, LOND for independent or positively
//! dependent ones, e-LOND for e-values under any dependence. SAFFRON gains where many effects are real.

use crate::StatsError;

/// How the next level follows from the past.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnlineRule {
    /// LORD++ (Ramdas, Yang, Wainwright & Jordan 2017): levels are renewed by each discovery; initial wealth α/10.
    LordPlusPlus,
    /// LOND (Javanmard & Montanari 2015): α·γ_t·(discoveries so far + 1).
    Lond,
    /// SAFFRON (Ramdas, Zrnic, Wainwright & Jordan 2018) with λ = ½ and initial wealth α/2.
    Saffron,
    /// e-LOND (Xu & Ramdas 2024): LOND's levels, rejecting where the e-value is at least 1/level.
    ELond,
}

/// A final verdict on one hypothesis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OnlineDecision {
    /// The level it was tested at.
    pub level: f64,
    /// Whether it is a discovery.
    pub discovery: bool,
}

/// The state of an online procedure: what was tested so far.
///
/// ```
/// use gevinst_stats::fdr::{OnlineFdr, OnlineRule};
/// let mut year = OnlineFdr::new(OnlineRule::LordPlusPlus, 0.05).unwrap();
/// assert!(year.p_value(2.9e-8).unwrap().discovery);
/// let second = year.p_value(0.06743).unwrap();
/// assert!((second.level - 0.00246645).abs() < 5e-9 && !second.discovery); // onlineFDR's example
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct OnlineFdr {
    rule: OnlineRule,
    alpha: f64,
    tested: u64,
    /// When each discovery was made, counted from 1.
    discoveries: Vec<u64>,
    /// When each candidate (p ≤ λ) was seen; SAFFRON alone.
    candidates: Vec<u64>,
}

/// SAFFRON's λ.
const LAMBDA: f64 = 0.5;

/// γ_j = 0.0772·ln(max(j, 2))/(j·e^{√ln j}), which sums to 0.9763 (Javanmard & Montanari 2018, eq. 31).
fn gamma_log(j: u64) -> f64 {
    let x = j as f64;
    0.077_208_38 * x.max(2.0).ln() / (x * x.ln().sqrt().exp())
}

/// γ_j = j^{−1.6}/ζ(1.6).
fn gamma_power(j: u64) -> f64 {
    (j as f64).powf(-1.6) / 2.285_765_665_680_13
}

impl OnlineFdr {
    /// An empty procedure at rate α.
    ///
    /// # Errors
    /// α outside (0, 1).
    pub fn new(rule: OnlineRule, alpha: f64) -> Result<Self, StatsError> {
        if !(alpha > 0.0 && alpha < 1.0) {
            return Err(StatsError::Domain { what: "α", value: alpha, expected: "0 < α < 1" });
        }
        Ok(Self { rule, alpha, tested: 0, discoveries: Vec::new(), candidates: Vec::new() })
    }

    /// The level at which the next hypothesis will be tested.
    ///
    /// ```
    /// use gevinst_stats::fdr::{OnlineFdr, OnlineRule};
    /// let mut year = OnlineFdr::new(OnlineRule::LordPlusPlus, 0.05)?;
    /// let first = year.next_level();
    /// year.p_value(0.4)?;
    /// assert!(year.next_level() < first); // a test without a discovery costs
    /// # Ok::<(), gevinst_stats::StatsError>(())
    /// ```
    #[must_use]
    pub fn next_level(&self) -> f64 {
        let t = self.tested + 1;
        match self.rule {
            OnlineRule::Lond | OnlineRule::ELond => {
                self.alpha * gamma_log(t) * (self.discoveries.len() as f64 + 1.0)
            }
            OnlineRule::LordPlusPlus => {
                let wealth = self.alpha / 10.0;
                self.renewed(wealth, |since| gamma_log(t - since))
            }
            OnlineRule::Saffron => {
                let wealth = self.alpha / 2.0;
                let level = self.renewed(wealth, |since| {
                    // Candidates do not use up time: they are skipped.
                    let skipped = self.candidates.iter().rev().take_while(|&&at| at > since).count() as u64;
                    gamma_power(t - since - skipped)
                });
                (level * (1.0 - LAMBDA)).min(LAMBDA)
            }
        }
    }

    /// w₀γ(0) + (α − w₀)γ(τ₁) + α Σ_{j≥2} γ(τⱼ).
    fn renewed(&self, wealth: f64, gamma: impl Fn(u64) -> f64) -> f64 {
        let mut level = wealth * gamma(0);
        for (j, &at) in self.discoveries.iter().enumerate() {
            let share = if j == 0 { self.alpha - wealth } else { self.alpha };
            level += share * gamma(at);
        }
        level
    }

    fn record(&mut self, level: f64, discovery: bool, candidate: bool) -> OnlineDecision {
        self.tested += 1;
        if discovery {
            self.discoveries.push(self.tested);
        }
        if candidate {
            self.candidates.push(self.tested);
        }
        OnlineDecision { level, discovery }
    }

    /// Tests the next hypothesis by its p-value.
    ///
    /// # Errors
    /// A p-value outside [0, 1]; a rule that takes e-values.
    pub fn p_value(&mut self, p: f64) -> Result<OnlineDecision, StatsError> {
        if !(0.0..=1.0).contains(&p) {
            return Err(StatsError::Domain { what: "the p-value", value: p, expected: "between 0 and 1" });
        }
        if self.rule == OnlineRule::ELond {
            return Err(StatsError::Domain {
                what: "the p-value",
                value: p,
                expected: "an e-value for e-LOND",
            });
        }
        let level = self.next_level();
        Ok(self.record(level, p <= level, self.rule == OnlineRule::Saffron && p <= LAMBDA))
    }

    /// Tests the next hypothesis by the logarithm of its e-value, which may have been stopped at any time.
    ///
    /// # Errors
    /// A NaN; a rule that takes p-values.
    ///
    /// ```
    /// use gevinst_stats::fdr::{OnlineFdr, OnlineRule};
    /// let mut year = OnlineFdr::new(OnlineRule::ELond, 0.05).unwrap();
    /// // The first level is 0.00268: an e-value of 400 passes 1/0.00268 = 374.
    /// assert!(year.e_value(400f64.ln()).unwrap().discovery);
    /// ```
    pub fn e_value(&mut self, ln_e: f64) -> Result<OnlineDecision, StatsError> {
        if ln_e.is_nan() {
            return Err(StatsError::Domain {
                what: "the e-value's logarithm",
                value: ln_e,
                expected: "a number",
            });
        }
        if self.rule != OnlineRule::ELond {
            return Err(StatsError::Domain {
                what: "the e-value's logarithm",
                value: ln_e,
                expected: "a p-value",
            });
        }
        let level = self.next_level();
        Ok(self.record(level, ln_e >= -level.ln(), false))
    }

    /// How many hypotheses were tested.
    #[must_use]
    pub fn tested(&self) -> u64 {
        self.tested
    }

    /// Which of them were discoveries, counted from 1.
    #[must_use]
    pub fn discoveries(&self) -> &[u64] {
        &self.discoveries
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const P: [f64; 15] = [
        2.9e-08, 0.06743, 0.01514, 0.08174, 0.00171, 3.6e-05, 0.79149, 0.27201, 0.28295, 7.59e-08, 0.69274,
        0.30443, 0.00136, 0.72342, 0.54757,
    ];

    fn check(rule: OnlineRule, levels: [f64; 15], discoveries: &[u64]) {
        let mut procedure = OnlineFdr::new(rule, 0.05).unwrap();
        for (t, (p, want)) in P.into_iter().zip(levels).enumerate() {
            let got = procedure.p_value(p).unwrap().level;
            // Published to six digits.
            assert!((got / want - 1.0).abs() < 5.1e-6, "{rule:?} {}: {got} for {want}", t + 1);
        }
        assert_eq!(procedure.discoveries(), discoveries);
        assert_eq!(procedure.tested(), 15);
    }

    #[test]
    fn levels_of_the_published_example() {
        // Protects the three p-value rules: the fifteen p-values and levels of the R package onlineFDR's manual.
        check(
            OnlineRule::LordPlusPlus,
            [
                0.000267584,
                0.00246645,
                0.000573282,
                0.00048728,
                0.000405907,
                0.000344729,
                0.0029745,
                0.000845011,
                0.000730565,
                0.000624314,
                0.00321859,
                0.00106172,
                0.000925682,
                0.000801966,
                0.000705961,
            ],
            &[1, 6, 10],
        );
        check(
            OnlineRule::Lond,
            [
                0.00267584,
                0.00116382,
                0.00099125,
                0.000824361,
                0.000698887,
                0.00060459,
                0.000797917,
                0.000711784,
                0.000642142,
                0.000584738,
                0.000715519,
                0.000661027,
                0.000614168,
                0.000573451,
                0.000537747,
            ],
            &[1, 6, 10],
        );
        check(
            OnlineRule::Saffron,
            [
                0.00546863, 0.0109373, 0.0109373, 0.0109373, 0.0109373, 0.0218745, 0.0328118, 0.0108238,
                0.0108238, 0.0108238, 0.0217611, 0.00926559, 0.00926559, 0.0202028, 0.00906437,
            ],
            &[1, 5, 6, 10, 13],
        );
    }

    #[test]
    fn weights_sum_to_at_most_one() {
        // Protects the guarantee: no rule may hand out more than α over an endless sequence of nulls.
        let n = 2_000_000u64;
        let log_sum: f64 = (1..=n).map(gamma_log).sum();
        // The rest, ∫ 0.0772·u·e^{−√u} du from ln n, is 2·0.0772·Γ(4, √ln n).
        let rest = 2.0 * 0.077_208_38 * 6.0 * crate::special::gamma_q(4.0, (n as f64).ln().sqrt());
        assert!(log_sum + rest <= 1.0 && log_sum + rest > 0.976, "{}", log_sum + rest);
        let power_sum: f64 = (1..=n).map(gamma_power).sum();
        let rest = (n as f64).powf(-0.6) / 0.6 / 2.285_765_665_680_13;
        assert!((power_sum + rest - 1.0).abs() < 1e-6, "{}", power_sum + rest);
    }

    #[test]
    fn e_lond_is_lond_for_e_values_of_one_over_p() {
        // Protects the e-value form, and that kinds of evidence are not mixed.
        let mut by_p = OnlineFdr::new(OnlineRule::Lond, 0.05).unwrap();
        let mut by_e = OnlineFdr::new(OnlineRule::ELond, 0.05).unwrap();
        for p in P {
            assert_eq!(by_p.p_value(p).unwrap(), by_e.e_value(-p.ln()).unwrap());
        }
        assert!(by_p.e_value(1.0).is_err() && by_e.p_value(0.5).is_err());
        assert!(by_p.p_value(f64::NAN).is_err() && by_e.e_value(f64::NAN).is_err());
        assert!(OnlineFdr::new(OnlineRule::Lond, 1.0).is_err());
    }
}
