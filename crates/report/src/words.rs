//! English words: for the reports that are in English only (rehearsals, judged tables), and signs that need no language.

use crate::language::Language;
use crate::model::{ArmStatus, Label, Outcome};
use crate::prose::plain;

/// What a guarantee promises, in English.
#[must_use]
pub fn guarantee(name: &str) -> Label {
    Language::English.guarantee(name)
}

/// What a kind of separation allows to be concluded, in English.
#[must_use]
pub fn separation(name: &str) -> Label {
    Language::English.separation(name)
}

/// An arm's status in words, in English.
#[must_use]
pub fn status(status: ArmStatus) -> String {
    Language::English.status(status)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_are_counted_in_words() {
        // "1 leads" and "enquirys" make a report look careless.
        assert_eq!(plural("lead", 1), "lead");
        assert_eq!(plural("lead", 0), "leads");
        assert_eq!(plural("enquiry", 2), "enquiries");
        assert_eq!(plural("clicks", 2), "clicks");
        assert_eq!(one("order"), "an order");
    }
}
