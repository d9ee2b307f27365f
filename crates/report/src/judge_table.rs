//! What judging a ready-made table showed: the published JSON of `gevinst judge --json`, and its terminal form.
//!
//! Every figure is finite or `null`. E-values that overflow are `null` and have their natural logarithm beside them
//! in the field that starts with `ln_`; an e-value of 0 has no logarithm.

use serde::Serialize;

use gevinst_ledger::evidence::EffectMeasure;

use crate::model::{ArmStatus, SCHEMA_VERSION, e_value_of, finite};

/// The judgement of one table.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct JudgeTable {
    /// Version of this shape.
    pub schema_version: u32,
    /// Program and version.
    pub generator: String,
    /// `exact`, `robust`, `asymptotic` or `model`.
    pub guarantee: String,
    /// How the arms were separated, as the caller says.
    pub separation: String,
    /// The method in words.
    pub method: String,
    /// Accepted chance of dropping the best arm.
    pub alpha: f64,
    /// Posterior mean of the variance of the logit day noise; null where the exact form is used.
    pub dispersion: Option<f64>,
    /// How many periods the table has.
    pub periods: u64,
    /// The arms in the table's order.
    pub arms: Vec<JudgedArm>,
    /// Every pair, `a` before `b` in the table's order.
    pub pairs: Vec<JudgedPair>,
}

/// One arm of the table.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct JudgedArm {
    /// Its name.
    pub name: String,
    /// Exposure in the table's unit.
    pub exposure: f64,
    /// Goals.
    pub count: u64,
    /// Sum of the goals' values; absent where goals are only counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// Goals, or their value, per unit of exposure; null without exposure.
    pub rate: Option<f64>,
    /// Chance to be the best arm.
    pub p_best: Option<f64>,
    /// Expected relative loss of choosing it.
    pub expected_loss: Option<f64>,
    /// E-value against "this arm is the best".
    pub e_drop: Option<f64>,
    /// Its natural logarithm.
    pub ln_e_drop: Option<f64>,
    /// What the arm is.
    pub status: ArmStatus,
}

/// One pair of arms of the table.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct JudgedPair {
    /// The first arm.
    pub a: String,
    /// The second arm.
    pub b: String,
    /// What `ratio` is a ratio of: `rate ratio`, `odds ratio`, `ratio of means` or `ratio of figures`.
    pub measure: String,
    /// What `a` has over what `b` has.
    pub ratio: Option<f64>,
    /// Lower end of the confidence sequence.
    pub lower: Option<f64>,
    /// Upper end of the confidence sequence.
    pub upper: Option<f64>,
    /// E-value for "a beats b".
    pub e_a_beats_b: Option<f64>,
    /// Its natural logarithm.
    pub ln_e_a_beats_b: Option<f64>,
    /// E-value for "b beats a".
    pub e_b_beats_a: Option<f64>,
    /// Its natural logarithm.
    pub ln_e_b_beats_a: Option<f64>,
}

/// What a judgement is about, beside its figures.
#[derive(Debug, Clone, PartialEq)]
pub struct About<'a> {
    /// Program and version.
    pub generator: &'a str,
    /// `exact`, `robust`, `asymptotic` or `model`.
    pub guarantee: &'a str,
    /// How the arms were separated.
    pub separation: &'a str,
    /// The method in words.
    pub method: &'a str,
    /// Accepted chance of dropping the best arm.
    pub alpha: f64,
    /// Day noise found; `None` in the exact form.
    pub dispersion: Option<f64>,
    /// How many periods the table has.
    pub periods: u64,
}

impl JudgeTable {
    /// A judgement without arms yet.
    #[must_use]
    pub fn new(about: &About<'_>) -> Self {
        Self {
            schema_version: SCHEMA_VERSION,
            generator: about.generator.to_owned(),
            guarantee: about.guarantee.to_owned(),
            separation: about.separation.to_owned(),
            method: about.method.to_owned(),
            alpha: about.alpha,
            dispersion: about.dispersion.and_then(finite),
            periods: about.periods,
            arms: Vec::new(),
            pairs: Vec::new(),
        }
    }
}

impl JudgedArm {
    /// An arm from its counts and the evidence; `ln_e_drop` is the logarithm of the e-value.
    #[must_use]
    pub fn new(
        name: &str,
        exposure: f64,
        count: u64,
        (p_best, expected_loss): (f64, f64),
        ln_e_drop: f64,
        status: ArmStatus,
    ) -> Self {
        let (e_drop, ln_e_drop) = e_value_of(ln_e_drop);
        Self {
            name: name.to_owned(),
            exposure,
            count,
            value: None,
            rate: if exposure > 0.0 { finite(count as f64 / exposure) } else { None },
            p_best: finite(p_best),
            expected_loss: finite(expected_loss),
            e_drop,
            ln_e_drop,
            status,
        }
    }

    /// The same arm with the sum of its goals' values, which its rate is then about.
    #[must_use]
    pub fn valued(self, value: f64) -> Self {
        let rate = if self.exposure > 0.0 { finite(value / self.exposure) } else { None };
        Self { value: finite(value), rate, ..self }
    }
}

impl JudgedPair {
    /// A pair from its ratio, interval and the logarithms of its two e-values.
    #[must_use]
    pub fn new(
        (a, b): (&str, &str),
        ratio: f64,
        (lower, upper): (Option<f64>, Option<f64>),
        (ln_e_a_beats_b, ln_e_b_beats_a): (f64, f64),
    ) -> Self {
        let (e_a_beats_b, ln_e_a_beats_b) = e_value_of(ln_e_a_beats_b);
        let (e_b_beats_a, ln_e_b_beats_a) = e_value_of(ln_e_b_beats_a);
        Self {
            a: a.to_owned(),
            b: b.to_owned(),
            measure: EffectMeasure::RateRatio.as_str().to_owned(),
            ratio: finite(ratio),
            lower: lower.and_then(finite),
            upper: upper.and_then(finite),
            e_a_beats_b,
            ln_e_a_beats_b,
            e_b_beats_a,
            ln_e_b_beats_a,
        }
    }

    /// The same pair with what its ratio is a ratio of.
    #[must_use]
    pub fn measured(self, measure: EffectMeasure) -> Self {
        Self { measure: measure.as_str().to_owned(), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn every_number_is_finite(value: &serde_json::Value) -> bool {
        match value {
            serde_json::Value::Number(n) => n.as_f64().is_some_and(f64::is_finite),
            serde_json::Value::Array(all) => all.iter().all(every_number_is_finite),
            serde_json::Value::Object(all) => all.values().all(every_number_is_finite),
            _ => true,
        }
    }

    proptest! {
        #[test]
        fn numbers_are_finite_or_null(x in any::<f64>(), y in any::<f64>(), ln in any::<f64>(), n in any::<u64>()) {
            // A reader of the JSON must never meet a NaN, an infinity or a parse error.
            let about = About {
                generator: "g", guarantee: "robust", separation: "geo", method: "m", alpha: 0.05,
                dispersion: Some(y), periods: 3,
            };
            let mut table = JudgeTable::new(&about);
            table.arms.push(JudgedArm::new("a", x.abs().min(1e300), n, (x, y), ln, ArmStatus::Running));
            table.pairs.push(JudgedPair::new(("a", "b"), x, (Some(y), None), (ln, -ln)));
            let text = crate::json::to_json(&table).unwrap();
            let value: serde_json::Value = serde_json::from_str(&text).unwrap();
            prop_assert!(every_number_is_finite(&value));
            if ln.is_finite() {
                prop_assert!(value["arms"][0]["ln_e_drop"].is_number());
            }
        }
    }
}
