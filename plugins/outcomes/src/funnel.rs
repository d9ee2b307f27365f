//! The stages on the way to a customer, and what someone at a stage counts for.

use std::collections::BTreeMap;

use gevinst_sdk::Error;

use crate::config::Config;
use crate::worth;

/// The metric of what people are worth, in minor units.
pub(crate) const EXPECTED_VALUE: &str = "expected_value";
/// The metric of what customers brought, in minor units.
pub(crate) const REVENUE: &str = "revenue";
/// The metric of how long people waited, in hours.
pub(crate) const HOURS_TO_FIRST_ANSWER: &str = "hours_to_first_answer";

/// How far someone came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Standing {
    /// Not someone to count.
    Ignored,
    /// Went no further.
    Lost,
    /// At a stage, and so past all before it.
    At(usize),
}

/// The stages in order, with their words and worth.
#[derive(Clone, Debug)]
pub(crate) struct Funnel {
    names: Vec<String>,
    words: BTreeMap<String, Standing>,
    probabilities: Vec<Option<f64>>,
    values_minor: Vec<Option<i64>>,
    customer_minor: Option<i64>,
    score_max: Option<f64>,
}

impl Funnel {
    /// The stages of a configuration; without any, everybody is a `lead`.
    pub(crate) fn new(config: &Config) -> Result<Self, Error> {
        let mut funnel = Self {
            names: Vec::new(),
            words: BTreeMap::new(),
            probabilities: Vec::new(),
            values_minor: Vec::new(),
            customer_minor: None,
            score_max: None,
        };
        if let Some(text) = &config.customer_value {
            funnel.customer_minor = Some(worth::sum("/customer_value", text, &config.currency)?);
        }
        if let Some(max) = config.score_max {
            if !(max.is_finite() && max > 0.0) {
                return Err(Error::bad_config("/score_max", "expected a number above 0"));
            }
            funnel.score_max = Some(max);
        }
        for (index, stage) in config.stages.iter().enumerate() {
            let at = |key: &str| format!("/stages/{index}/{key}");
            check_name(&at("name"), &stage.name)?;
            if funnel.names.contains(&stage.name) {
                return Err(Error::bad_config(at("name"), "a stage of this name is there already"));
            }
            if stage.probability.is_some_and(|probability| !(0.0..=1.0).contains(&probability)) {
                return Err(Error::bad_config(at("probability"), "expected a number from 0 to 1"));
            }
            let value = stage.value.as_ref().map(|text| worth::sum(&at("value"), text, &config.currency));
            funnel.values_minor.push(value.transpose()?);
            funnel.probabilities.push(stage.probability);
            funnel.names.push(stage.name.clone());
            let own = std::iter::once(&stage.name).chain(&stage.says);
            funnel.add_words(&at("says"), own, Standing::At(index))?;
        }
        if funnel.names.is_empty() {
            funnel.names.push("lead".to_owned());
            funnel.probabilities.push(None);
            funnel.values_minor.push(None);
            funnel.add_words("/stages", [&"lead".to_owned()], Standing::At(0))?;
        }
        funnel.add_words("/ignored", &config.ignored, Standing::Ignored)?;
        funnel.add_words("/lost", &config.lost, Standing::Lost)?;
        Ok(funnel)
    }

    fn add_words<'w>(
        &mut self,
        field: &str,
        words: impl IntoIterator<Item = &'w String>,
        standing: Standing,
    ) -> Result<(), Error> {
        for word in words {
            let before = self.words.insert(plain(word), standing);
            if before.is_some_and(|before| before != standing) {
                return Err(Error::bad_config(field, format!("`{word}` means another stage already")));
            }
        }
        Ok(())
    }

    /// What the CRM's word means.
    pub(crate) fn standing(&self, word: &str) -> Option<Standing> {
        self.words.get(&plain(word)).copied()
    }

    /// The stage that a metric counts.
    pub(crate) fn stage(&self, metric: &str) -> Option<usize> {
        self.names.iter().position(|name| name == metric)
    }

    /// Whether someone is at the last stage.
    pub(crate) fn is_customer(&self, standing: Standing) -> bool {
        standing == Standing::At(self.names.len() - 1)
    }

    /// Whether it is known what people are worth.
    pub(crate) fn has_values(&self) -> bool {
        self.customer_minor.is_some() || self.values_minor.iter().any(Option::is_some)
    }

    /// The highest stage that someone counts for.
    pub(crate) fn reached(standing: Standing) -> Option<usize> {
        match standing {
            Standing::Ignored => None,
            Standing::Lost => Some(0),
            Standing::At(stage) => Some(stage),
        }
    }

    /// What someone is expected to be worth, in whole minor units; `None` when nothing says so.
    ///
    /// The stage's own value, unless the record has one; else the record's value, or a customer's, times how likely it is: by
    /// score where there is one, by stage otherwise.
    #[expect(clippy::cast_possible_truncation, reason = "sums of one person are below 10^12 minor units")]
    pub(crate) fn worth_minor(
        &self,
        standing: Standing,
        score_milli: Option<i64>,
        own_minor: Option<i64>,
    ) -> Option<i64> {
        let Standing::At(stage) = standing else { return Some(0) };
        if let (None, None, Some(value)) = (own_minor, score_milli, self.values_minor[stage]) {
            return Some(value);
        }
        let whole = own_minor.or(self.customer_minor)?;
        let by_score = score_milli.zip(self.score_max);
        let by_score = by_score.map(|(milli, max)| (milli as f64 / 1000.0 / max).clamp(0.0, 1.0));
        let last = (stage + 1 == self.names.len()).then_some(1.0);
        let likely = by_score.or(self.probabilities[stage]).or(last);
        match likely {
            Some(likely) => Some((whole as f64 * likely).round() as i64),
            // Nobody said how likely: what the record itself says stands, a customer's value does not.
            None => own_minor,
        }
    }
}

/// Words are compared without regard to case and outer spaces.
fn plain(word: &str) -> String {
    word.trim().to_lowercase()
}

/// Metrics follow the rule of all names.
pub(crate) fn check_name(field: &str, name: &str) -> Result<(), Error> {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_');
    if name.is_empty() || name.len() > 64 || !name.bytes().all(fits) || name.starts_with(['-', '_']) {
        return Err(Error::bad_config(field, "expected lower-case letters, digits, `-` and `_`"));
    }
    if [EXPECTED_VALUE, REVENUE, HOURS_TO_FIRST_ANSWER, "spend"].contains(&name) {
        return Err(Error::bad_config(field, format!("`{name}` is a metric of its own")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn funnel(more: Value) -> Result<Funnel, Error> {
        let mut config = json!({
            "currency": "NOK", "timezone": "UTC", "customer_value": "60 000 NOK", "ignored": ["Spam"], "lost": ["closed lost"],
            "stages": [
                { "name": "lead", "says": ["New", "subscriber"], "probability": 0.05 },
                { "name": "meeting", "value": "6 500 NOK" },
                { "name": "customer", "says": ["closed won"] }
            ]
        });
        for (key, value) in more.as_object().unwrap() {
            config[key] = value.clone();
        }
        Funnel::new(&serde_json::from_value(config).unwrap())
    }

    /// Protects what a lead is worth, by stage, by score, and by its own amount.
    #[test]
    fn worth_follows_stage_score_and_amount() {
        let funnel = funnel(json!({ "score_max": 100 })).unwrap();
        let worth = |word: &str, score: Option<i64>, own: Option<i64>| {
            funnel.worth_minor(funnel.standing(word).unwrap(), score, own)
        };
        assert_eq!(worth("new", None, None), Some(300_000));
        assert_eq!(worth("MEETING ", None, None), Some(650_000));
        assert_eq!(worth("closed won", None, None), Some(6_000_000));
        assert_eq!(worth("closed won", None, Some(123)), Some(123));
        assert_eq!(worth("new", Some(50_000), None), Some(3_000_000), "half of the highest score");
        assert_eq!(worth("new", Some(250_000), None), Some(6_000_000), "no more than a customer");
        assert_eq!(worth("new", None, Some(100_000)), Some(5_000));
        assert_eq!(worth("closed lost", Some(99_000), Some(100)), Some(0));
        assert_eq!(funnel.standing("hot"), None);
        assert_eq!(Funnel::reached(Standing::Lost), Some(0), "who was lost was a lead");
        assert_eq!(Funnel::reached(Standing::Ignored), None);
    }

    /// Protects a user from stages that mean something else than they say.
    #[test]
    fn stages_that_make_no_sense_are_refused_at_their_key() {
        for (more, field) in [
            (json!({ "stages": [{ "name": "Lead" }] }), "/stages/0/name"),
            (json!({ "stages": [{ "name": "spend" }] }), "/stages/0/name"),
            (json!({ "stages": [{ "name": "a" }, { "name": "a" }] }), "/stages/1/name"),
            (
                json!({ "stages": [{ "name": "a", "says": ["x"] }, { "name": "b", "says": ["X"] }] }),
                "/stages/1/says",
            ),
            (json!({ "stages": [{ "name": "a", "probability": 1.5 }] }), "/stages/0/probability"),
            (json!({ "stages": [{ "name": "a", "value": "5 SEK" }] }), "/stages/0/value"),
            (json!({ "ignored": ["meeting"] }), "/ignored"),
            (json!({ "customer_value": "much" }), "/customer_value"),
            (json!({ "score_max": 0 }), "/score_max"),
        ] {
            assert_eq!(funnel(more.clone()).unwrap_err().field, field, "{more}");
        }
    }
}
