//! Arms, pairs and how they stood over time: what the looks said.

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Serialize;

/// What an arm is: the ledger's own word.
pub use gevinst_ledger::evidence::ArmStatus;

/// One arm.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ArmReport {
    /// Its name.
    pub name: String,
    /// The channel that runs it.
    pub channel: String,
    /// Whether the others are compared with it.
    pub control: bool,
    /// What it is.
    #[schemars(with = "String")]
    pub status: ArmStatus,
    /// The local day on which it stopped getting budget by a verdict.
    pub dropped_on: Option<Date>,
    /// Why, in the words of the verdict.
    pub reason: Option<String>,
    /// Exposure so far (minor units of money where goals are counted per spend).
    pub exposure: f64,
    /// Goals so far.
    pub goals: u64,
    /// Money spent so far.
    pub spend_minor: i64,
    /// Goals per unit of exposure.
    pub rate: Option<f64>,
    /// Money per goal.
    pub cost_per_goal: Option<CostPerGoal>,
    /// Chance to be the best arm (model).
    pub p_best: Option<f64>,
    /// Expected relative loss of choosing it (model).
    pub expected_loss: Option<f64>,
    /// E-value against "this arm is the best"; null where it overflows.
    pub e_drop: Option<f64>,
    /// Its natural logarithm.
    pub ln_e_drop: Option<f64>,
    /// Share of the daily budget from now on.
    pub share: Option<f64>,
}

/// What a goal cost, with its interval where one is known.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct CostPerGoal {
    /// Money spent over goals.
    pub minor: f64,
    /// Lower end of its interval.
    pub lower_minor: Option<f64>,
    /// Upper end of its interval.
    pub upper_minor: Option<f64>,
}

/// Two arms at the last look.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Pair {
    /// The first arm.
    pub a: String,
    /// The second arm.
    pub b: String,
    /// Rate of `a` over rate of `b` (posterior median).
    pub ratio: Option<f64>,
    /// Lower end of the confidence sequence.
    pub lower: Option<f64>,
    /// Upper end of the confidence sequence.
    pub upper: Option<f64>,
    /// E-value for "a beats b"; null where it overflows.
    pub e_a_beats_b: Option<f64>,
    /// Its natural logarithm.
    pub ln_e_a_beats_b: Option<f64>,
    /// E-value for "b beats a"; null where it overflows.
    pub e_b_beats_a: Option<f64>,
    /// Its natural logarithm.
    pub ln_e_b_beats_a: Option<f64>,
    /// Chance that the rate of `a` exceeds that of `b` (model).
    pub p_a_better: Option<f64>,
    /// The mean value of `a` less that of `b`; `null` for goals that are counted.
    pub difference: Option<Difference>,
}

/// A difference of mean values: minor units of money per unit of exposure (money per money where that is spend).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct Difference {
    /// The estimate.
    pub minor: f64,
    /// Lower end of its confidence sequence.
    pub lower_minor: Option<f64>,
    /// Upper end of its confidence sequence.
    pub upper_minor: Option<f64>,
}

impl Difference {
    /// The difference the other way round.
    #[must_use]
    pub fn inverse(self) -> Self {
        Self {
            minor: -self.minor,
            lower_minor: self.upper_minor.map(|x| -x),
            upper_minor: self.lower_minor.map(|x| -x),
        }
    }
}

/// One arm against another over time.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Comparison {
    /// The arm.
    pub arm: String,
    /// The other, mostly the reference.
    pub against: String,
    /// The last look of each day, in order.
    pub points: Vec<RatioPoint>,
}

/// Where a comparison stood on a day.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct RatioPoint {
    /// Last day whose figures were used.
    pub date: Date,
    /// The look's number.
    pub look: u32,
    /// Rate of the arm over rate of the other.
    pub ratio: Option<f64>,
    /// Lower end of the confidence sequence.
    pub lower: Option<f64>,
    /// Upper end of the confidence sequence.
    pub upper: Option<f64>,
}

/// The evidence on one arm over time.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Course {
    /// The arm.
    pub arm: String,
    /// The last look of each day, in order.
    pub points: Vec<ArmPoint>,
}

/// What was known of an arm on a day.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct ArmPoint {
    /// Last day whose figures were used.
    pub date: Date,
    /// The look's number.
    pub look: u32,
    /// E-value against "this arm is the best"; null where it overflows.
    pub e_drop: Option<f64>,
    /// Its natural logarithm; null where the e-value is 0.
    pub ln_e_drop: Option<f64>,
    /// Chance to be the best arm (model).
    pub p_best: Option<f64>,
}

/// A ratio of two rates with its interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ratio {
    /// The point.
    pub ratio: f64,
    /// Lower end.
    pub lower: Option<f64>,
    /// Upper end.
    pub upper: Option<f64>,
}

impl Ratio {
    /// The ratio the other way round.
    #[must_use]
    pub fn inverse(self) -> Self {
        let over_one = |x: f64| finite(1.0 / x);
        Self {
            ratio: 1.0 / self.ratio,
            lower: self.upper.and_then(over_one),
            upper: self.lower.and_then(over_one),
        }
    }
}

/// A figure where it is finite.
#[must_use]
pub fn finite(x: f64) -> Option<f64> {
    x.is_finite().then_some(x)
}

/// An e-value and its logarithm from the logarithm: the first is `None` where it overflows a float.
#[must_use]
pub fn e_value_of(ln: f64) -> (Option<f64>, Option<f64>) {
    if ln == f64::NEG_INFINITY { (Some(0.0), None) } else { (finite(ln.exp()), finite(ln)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_turned_round_swaps_its_ends() {
        // A pair is stored one way only; shown the other way its interval must still hold the ratio.
        let turned = Ratio { ratio: 2.0, lower: Some(1.25), upper: None }.inverse();
        assert_eq!(turned, Ratio { ratio: 0.5, lower: None, upper: Some(0.8) });
        assert_eq!(Ratio { ratio: 2.0, lower: Some(0.0), upper: None }.inverse().upper, None);
    }

    #[test]
    fn a_difference_turned_round_swaps_its_ends() {
        // What one arm brings more is what the other brings less, and its least is the other's most.
        let there = Difference { minor: 2.0, lower_minor: Some(-1.0), upper_minor: None };
        let turned = Difference { minor: -2.0, lower_minor: None, upper_minor: Some(1.0) };
        assert_eq!((there.inverse(), there.inverse().inverse()), (turned, there));
    }

    #[test]
    fn overflowing_evidence_keeps_its_logarithm() {
        // The JSON promises finite numbers or null, and must not lose strong evidence.
        assert_eq!(e_value_of(800.0), (None, Some(800.0)));
        assert_eq!(e_value_of(f64::NEG_INFINITY), (Some(0.0), None));
        assert_eq!(e_value_of(f64::NAN), (None, None));
    }
}
