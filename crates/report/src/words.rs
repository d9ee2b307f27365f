//! What the labels mean, and the words for statuses, outcomes and units. English.
//!
//! One place for them, so that terminal, HTML and JSON say the same.

use crate::figures::{self, Currency};
use crate::model::{ArmStatus, Goal, Label, Outcome, State};
use crate::prose::plain;

/// What a guarantee promises.
#[must_use]
pub fn guarantee(name: &str) -> Label {
    let explanation = match name {
        "exact" => {
            "The error rate holds exactly, however often anyone looks and whenever one stops, \
             as people were assigned to the arms at random."
        }
        "robust" => {
            "The error rate holds however often anyone looks and whenever one stops, \
             also when single days are better or worse for one arm than chance alone explains \
             (averaged over the day noise that the method allows for)."
        }
        "asymptotic" => {
            "The error rate holds approximately, and better the more data there is; \
             with few goals it is a guide and not a promise."
        }
        "model" => "A model's reading of the figures: a sensible bet, without a promised error rate.",
        _ => "This guarantee is not known to this version of the report.",
    };
    Label { name: plain(name), explanation: explanation.to_owned() }
}

/// What a kind of separation allows to be concluded.
#[must_use]
pub fn separation(name: &str) -> Label {
    let explanation = match name {
        "randomised" => {
            "Who got which arm was drawn at random by us, so a difference between arms is caused by the arms."
        }
        "platform-split" => {
            "The platform decided who saw which arm. Its own optimisation may have shown them to different people, \
             so a difference tells what works on this platform, not in itself why."
        }
        "geo" => {
            "Arms ran in different places. A difference may partly come from the places, \
             unless they were drawn at random and are many."
        }
        "switchback" => {
            "Arms took turns in time. A difference may partly come from what else happened at those times."
        }
        "unrandomised" => {
            "Nothing kept the arms' audiences apart. A difference may come from the audiences: \
             it says where money brought more, not what caused it."
        }
        _ => "This kind of separation is not known to this version of the report.",
    };
    Label { name: plain(name), explanation: explanation.to_owned() }
}

/// An arm's status in words.
#[must_use]
pub fn status(status: ArmStatus) -> &'static str {
    match status {
        ArmStatus::Running => "running",
        ArmStatus::Dropped => "dropped",
        ArmStatus::Tied => "tied",
        ArmStatus::Unprofitable => "too dear",
        ArmStatus::Winner => "winner",
        ArmStatus::GuardrailBreached => "guardrail",
        ArmStatus::Futile => "futile",
    }
}

/// An arm's status as it reads in an experiment that stands where it does: nothing runs before the launch or after
/// the end.
#[must_use]
pub fn status_in(arm: ArmStatus, state: State) -> &'static str {
    match (arm, state) {
        (ArmStatus::Running, State::Planned) => "planned",
        (ArmStatus::Running, State::Closed) => "to the end",
        _ => status(arm),
    }
}

/// What an arm's status says, for people who do not know the word.
#[must_use]
pub fn status_meaning(status: ArmStatus) -> &'static str {
    match status {
        ArmStatus::Running => "Gets budget and is judged at every look.",
        ArmStatus::Dropped => "Proven not to be the best; gets no more budget.",
        ArmStatus::Tied => "Equals a cheaper arm within the stated margin; its budget was freed.",
        ArmStatus::Unprofitable => "Proven to cost more per goal than the limit; gets no more budget.",
        ArmStatus::Winner => "The arm to go on with.",
        ArmStatus::GuardrailBreached => "Stopped because a stated limit was breached.",
        ArmStatus::Futile => "Stopped because it could no longer show anything in the time left.",
    }
}

/// An outcome in one or two words, for tables.
#[must_use]
pub fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::NoData => "no data yet",
        Outcome::Open => "too early",
        Outcome::Narrowed => "narrowed",
        Outcome::Winner => "winner",
        Outcome::BestBet => "best bet",
        Outcome::Tied => "tie",
        Outcome::Unprofitable => "too dear",
        Outcome::Mixed => "one left",
        Outcome::Unproven => "no proof",
        Outcome::Single => "one arm",
        Outcome::Stopped => "stopped",
    }
}

/// The sign before an outcome: what colour says is never said by colour alone.
#[must_use]
pub fn outcome_sign(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Winner => "★",
        Outcome::BestBet => "☆",
        Outcome::Tied => "=",
        Outcome::Unprofitable | Outcome::Stopped => "■",
        Outcome::Mixed | Outcome::Narrowed => "◐",
        Outcome::NoData | Outcome::Open | Outcome::Unproven | Outcome::Single => "○",
    }
}

/// Where an experiment stands, in a word.
#[must_use]
pub fn state(state: State) -> &'static str {
    match state {
        State::Planned => "not launched",
        State::Running => "running",
        State::Closed => "closed",
    }
}

/// A metric's name for `n` of it: `lead`, `leads`.
#[must_use]
pub fn plural(metric: &str, n: u64) -> String {
    let metric = plain(metric);
    if n == 1 || metric.ends_with('s') {
        return metric;
    }
    match metric.strip_suffix('y') {
        Some(stem) if !stem.ends_with(['a', 'e', 'i', 'o', 'u']) => format!("{stem}ies"),
        _ => format!("{metric}s"),
    }
}

/// One of a metric's unit with its article: `a lead`, `an order`.
#[must_use]
pub fn one(metric: &str) -> String {
    let metric = plain(metric);
    let article = if metric.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    format!("{article} {metric}")
}

/// "leads per krone", "visits per recipient".
#[must_use]
pub fn goals_per_unit(goal: &Goal, currency: &Currency) -> String {
    format!("{} per {}", plural(&goal.metric, 2), unit(&goal.per, currency))
}

/// One unit of what goals are counted per.
#[must_use]
pub fn unit(per: &str, currency: &Currency) -> String {
    match per {
        "spend" => currency.unit_word().to_owned(),
        "impressions" => "impression".to_owned(),
        "clicks" => "click".to_owned(),
        "recipients" => "recipient".to_owned(),
        other => plain(other),
    }
}

/// A rate with its unit, scaled so that it is read easily: `0.73 per 1 000 NOK`, `18.3 %`, `4.2 per 1 000 impressions`.
#[must_use]
pub fn rate(rate: Option<f64>, goal: &Goal, currency: &Currency) -> String {
    match rate.filter(|rate| rate.is_finite()) {
        Some(rate) => figures::significant(rate * rate_scale(goal, currency).0),
        None => figures::NOTHING.to_owned(),
    }
}

/// By what a rate per unit of exposure is multiplied in tables, and the words for it.
#[must_use]
pub fn rate_scale(goal: &Goal, currency: &Currency) -> (f64, String) {
    match goal.per.as_str() {
        "spend" => (1000.0 * currency.scale() as f64, format!("per 1 000 {}", currency.code)),
        "recipients" => (100.0, "per 100 recipients".to_owned()),
        "clicks" => (100.0, "per 100 clicks".to_owned()),
        other => (1000.0, format!("per 1 000 {}", plain(other))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_label_of_the_engine_is_explained() {
        // A label that nobody explains promises something the reader cannot check.
        for name in ["exact", "robust", "asymptotic", "model"] {
            assert!(!guarantee(name).explanation.contains("not known"), "{name}");
        }
        for name in ["randomised", "platform-split", "geo", "switchback", "unrandomised"] {
            assert!(!separation(name).explanation.contains("not known"), "{name}");
        }
        assert!(guarantee("psychic").explanation.contains("not known"));
    }

    #[test]
    fn metrics_are_counted_in_words() {
        // "1 leads" and "enquirys" make a report look careless.
        assert_eq!(plural("lead", 1), "lead");
        assert_eq!(plural("lead", 0), "leads");
        assert_eq!(plural("enquiry", 2), "enquiries");
        assert_eq!(plural("clicks", 2), "clicks");
        assert_eq!(one("order"), "an order");
    }

    #[test]
    fn rates_are_scaled_to_be_read() {
        // 0.0000073 leads per øre says nothing to anyone.
        let nok = Currency::new("NOK", 2);
        let goal = |per: &str| Goal { metric: "lead".into(), per: per.into(), target: None };
        assert_eq!(rate(Some(0.000_007_3), &goal("spend"), &nok), "0.730");
        assert_eq!(rate(Some(0.1828), &goal("recipients"), &nok), "18.3");
        assert_eq!(rate(None, &goal("clicks"), &nok), "–");
    }
}
