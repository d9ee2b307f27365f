//! The nouns of reports: metrics, units, statuses, outcomes and the two labels, in each language.
//!
//! Metrics are named by users; the usual ones are known in every language, any other stands as it was written.

use gevinst_ledger::evidence::EffectMeasure;

use super::{Language, tr};
use crate::figures::Currency;
use crate::model::{ArmStatus, Goal, Label, Outcome, State};
use crate::prose::plain;
use crate::words;

impl Language {
    /// A metric's name for `n` of it: `lead`, `leads`.
    #[must_use]
    pub fn goals(self, metric: &str, n: u64) -> String {
        match metric {
            "lead" => tr!(self, "metric-lead", n = n),
            "visit" => tr!(self, "metric-visit", n = n),
            "meeting" => tr!(self, "metric-meeting", n = n),
            "order" => tr!(self, "metric-order", n = n),
            "revenue" => tr!(self, "metric-revenue", n = n),
            "customer" => tr!(self, "metric-customer", n = n),
            "conversion" => tr!(self, "metric-conversion", n = n),
            "click" | "clicks" => tr!(self, "metric-click", n = n),
            "reply" => tr!(self, "metric-reply", n = n),
            "signup" => tr!(self, "metric-signup", n = n),
            "brand_search" | "brand_searches" => tr!(self, "metric-brand-search", n = n),
            "brand_clicks" => tr!(self, "metric-brand-click", n = n),
            "direct_visit" | "direct_visits" => tr!(self, "metric-direct-visit", n = n),
            "qualified" | "qualified_lead" => tr!(self, "metric-qualified", n = n),
            other if self == Self::English => words::plural(other, n),
            other => plain(other),
        }
    }

    /// A metric with its article, as in "900 NOK a lead"; "900 NOK pr. lead".
    #[must_use]
    pub fn each(self, metric: &str) -> String {
        match self {
            Self::English => words::one(metric),
            _ => tr!(self, "per-one", metric = self.goals(metric, 1)),
        }
    }

    /// "cost per lead".
    #[must_use]
    pub fn cost_per(self, metric: &str) -> String {
        tr!(self, "cost-per", metric = self.goals(metric, 1))
    }

    /// One unit of what goals are counted per.
    #[must_use]
    pub fn unit(self, per: &str, currency: &Currency) -> String {
        match (per, currency.code.as_str()) {
            ("spend", "NOK" | "DKK" | "SEK") => tr!(self, "unit-krone"),
            ("spend", _) => currency.unit_word().to_owned(),
            ("impressions", _) => tr!(self, "unit-impression"),
            ("clicks", _) => tr!(self, "metric-click", n = 1),
            ("recipients", _) => tr!(self, "unit-recipient"),
            (other, _) => plain(other),
        }
    }

    /// What goals are counted per, in the plural: `recipients`.
    #[must_use]
    pub fn exposure(self, per: &str) -> String {
        match per {
            "spend" => tr!(self, "exposure-spend"),
            "impressions" => tr!(self, "exposure-impressions"),
            "clicks" => tr!(self, "metric-click", n = 2),
            "recipients" => tr!(self, "exposure-recipients"),
            other => plain(other),
        }
    }

    /// What arms are compared by: "leads per krone", "odds of visits", "revenue per recipient".
    #[must_use]
    pub fn goals_per_unit(self, goal: &Goal, currency: &Currency) -> String {
        if goal.measure == EffectMeasure::OddsRatio.as_str() {
            return tr!(self, "odds-of", goals = self.goals(&goal.metric, 2));
        }
        // A sum of money is no number of things: revenue per click, leads per click.
        let number = if goal.kind == "count" { 2 } else { 1 };
        tr!(
            self,
            "goals-per",
            goals = self.goals(&goal.metric, number),
            unit = self.unit(&goal.per, currency)
        )
    }

    /// By what a rate per unit of exposure is multiplied in tables, and the words for it.
    #[must_use]
    pub fn rate_scale(self, goal: &Goal, currency: &Currency) -> (f64, String) {
        let per = |figure: String| tr!(self, "per", what = figure);
        match goal.per.as_str() {
            // Minor units per minor unit: what each krone brought back.
            "spend" if goal.kind != "count" => (1.0, per(self.unit(&goal.per, currency))),
            one if goal.kind != "count" => (
                1.0 / currency.scale() as f64,
                format!("({}) {}", currency.code, per(self.unit(one, currency))),
            ),
            "spend" => {
                (1000.0 * currency.scale() as f64, per(format!("{} {}", self.count(1000), currency.code)))
            }
            "recipients" | "clicks" => (100.0, per(format!("100 {}", self.exposure(&goal.per)))),
            other => (1000.0, per(format!("{} {}", self.count(1000), self.exposure(other)))),
        }
    }

    /// A difference of mean values per unit of exposure, in money: `1.2 NOK`, `−0.4 NOK`.
    #[must_use]
    pub fn difference(self, minor: f64, goal: &Goal, currency: &Currency) -> String {
        // Money per money has no unit but what is shown with it.
        let amount = if goal.per == "spend" { minor } else { currency.major(minor) };
        format!("{} {}", self.significant(amount), currency.code)
    }

    /// What the management page is called, for a list of pages.
    #[must_use]
    pub fn management_word(self) -> String {
        tr!(self, "management-eyebrow")
    }

    /// What the library page is called.
    #[must_use]
    pub fn library_word(self) -> String {
        tr!(self, "library-title")
    }

    /// A rate in the scale of [`Language::rate_scale`].
    #[must_use]
    pub fn rate(self, rate: Option<f64>, goal: &Goal, currency: &Currency) -> String {
        match rate.filter(|rate| rate.is_finite()) {
            Some(rate) => self.significant(rate * self.rate_scale(goal, currency).0),
            None => crate::figures::NOTHING.to_owned(),
        }
    }

    /// What a guarantee promises.
    #[must_use]
    pub fn guarantee(self, name: &str) -> Label {
        let explanation = match name {
            "exact" => tr!(self, "guarantee-exact-means"),
            "robust" => tr!(self, "guarantee-robust-means"),
            "asymptotic" => tr!(self, "guarantee-asymptotic-means"),
            "model" => tr!(self, "guarantee-model-means"),
            _ => tr!(self, "guarantee-unknown-means"),
        };
        Label { name: plain(name), explanation }
    }

    /// What a kind of separation allows to be concluded.
    #[must_use]
    pub fn separation(self, name: &str) -> Label {
        let explanation = match name {
            "randomised" => tr!(self, "separation-randomised-means"),
            "platform-split" => tr!(self, "separation-platform-split-means"),
            "geo" => tr!(self, "separation-geo-means"),
            "switchback" => tr!(self, "separation-switchback-means"),
            "unrandomised" => tr!(self, "separation-unrandomised-means"),
            _ => tr!(self, "separation-unknown-means"),
        };
        Label { name: plain(name), explanation }
    }

    /// A label's own word.
    #[must_use]
    pub fn label(self, name: &str) -> String {
        match name {
            "exact" => tr!(self, "guarantee-exact"),
            "robust" => tr!(self, "guarantee-robust"),
            "asymptotic" => tr!(self, "guarantee-asymptotic"),
            "model" => tr!(self, "guarantee-model"),
            "randomised" => tr!(self, "separation-randomised"),
            "platform-split" => tr!(self, "separation-platform-split"),
            "geo" => tr!(self, "separation-geo"),
            "switchback" => tr!(self, "separation-switchback"),
            "unrandomised" => tr!(self, "separation-unrandomised"),
            other => plain(other),
        }
    }

    /// A phase of the customer's journey, or a kind of experiment.
    #[must_use]
    pub fn phase(self, name: &str) -> String {
        match name {
            "prospecting" => tr!(self, "phase-prospecting"),
            "upselling" => tr!(self, "phase-upselling"),
            "loyalty" => tr!(self, "phase-loyalty"),
            "campaign" => tr!(self, "kind-campaign"),
            "programme" => tr!(self, "kind-programme"),
            other => plain(other),
        }
    }

    /// An arm's status as it reads in an experiment that stands where it does.
    #[must_use]
    pub fn status_in(self, arm: ArmStatus, state: State) -> String {
        match (arm, state) {
            (ArmStatus::Running, State::Planned) => tr!(self, "status-planned"),
            (ArmStatus::Running, State::Closed) => tr!(self, "status-to-the-end"),
            _ => self.status(arm),
        }
    }

    /// An arm's status in a word.
    #[must_use]
    pub fn status(self, status: ArmStatus) -> String {
        match status {
            ArmStatus::Running => tr!(self, "status-running"),
            ArmStatus::Dropped => tr!(self, "status-dropped"),
            ArmStatus::Tied => tr!(self, "status-tied"),
            ArmStatus::Unprofitable => tr!(self, "status-unprofitable"),
            ArmStatus::Winner => tr!(self, "status-winner"),
            ArmStatus::GuardrailBreached => tr!(self, "status-guardrail"),
            ArmStatus::Futile => tr!(self, "status-futile"),
        }
    }

    /// What an arm's status says, for people who do not know the word.
    #[must_use]
    pub fn status_meaning(self, status: ArmStatus) -> String {
        match status {
            ArmStatus::Running => tr!(self, "status-running-means"),
            ArmStatus::Dropped => tr!(self, "status-dropped-means"),
            ArmStatus::Tied => tr!(self, "status-tied-means"),
            ArmStatus::Unprofitable => tr!(self, "status-unprofitable-means"),
            ArmStatus::Winner => tr!(self, "status-winner-means"),
            ArmStatus::GuardrailBreached => tr!(self, "status-guardrail-means"),
            ArmStatus::Futile => tr!(self, "status-futile-means"),
        }
    }

    /// An outcome in one or two words, for tables.
    #[must_use]
    pub fn outcome(self, outcome: Outcome) -> String {
        match outcome {
            Outcome::NoData => tr!(self, "outcome-no-data"),
            Outcome::Open => tr!(self, "outcome-open"),
            Outcome::Narrowed => tr!(self, "outcome-narrowed"),
            Outcome::Winner => tr!(self, "outcome-winner"),
            Outcome::BestBet => tr!(self, "outcome-best-bet"),
            Outcome::Tied => tr!(self, "outcome-tied"),
            Outcome::Unprofitable => tr!(self, "outcome-unprofitable"),
            Outcome::Mixed => tr!(self, "outcome-mixed"),
            Outcome::Unproven => tr!(self, "outcome-unproven"),
            Outcome::Single => tr!(self, "outcome-single"),
            Outcome::Stopped => tr!(self, "outcome-stopped"),
        }
    }

    /// Where an experiment stands, in a word.
    #[must_use]
    pub fn state(self, state: State) -> String {
        match state {
            State::Planned => tr!(self, "state-planned"),
            State::Running => tr!(self, "state-running"),
            State::Closed => tr!(self, "state-closed"),
        }
    }

    /// A user's names, marked, as a list: "`a`, `b` and `c`"; more than `limit` are counted: "`a`, `b` and 7 others".
    pub(crate) fn names(self, names: &[&str], limit: usize) -> String {
        let shown = if names.len() > limit { limit.saturating_sub(1).max(1) } else { names.len() };
        let rest = names.len() - shown.min(names.len());
        let mut marked: Vec<String> = names.iter().take(shown).map(|name| crate::prose::mark(name)).collect();
        if rest > 0 {
            marked.push(tr!(self, "others", n = rest));
        }
        let Some(last) = marked.pop() else { return String::new() };
        if marked.is_empty() { last } else { tr!(self, "and", first = marked.join(", "), last = last) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_label_of_the_engine_is_explained_in_every_language() {
        // A label that nobody explains promises something the reader cannot check.
        for language in Language::ALL {
            let unknown = language.guarantee("psychic").explanation;
            for name in ["exact", "robust", "asymptotic", "model"] {
                assert_ne!(language.guarantee(name).explanation, unknown, "{language} {name}");
            }
            let unknown = language.separation("psychic").explanation;
            for name in ["randomised", "platform-split", "geo", "switchback", "unrandomised"] {
                assert_ne!(language.separation(name).explanation, unknown, "{language} {name}");
            }
        }
    }

    #[test]
    fn metrics_are_counted_in_words() {
        // "1 leads" and "enquirys" make a report look careless; an unknown word is not bent in a language it is not from.
        assert_eq!(Language::English.goals("lead", 1), "lead");
        assert_eq!(Language::English.goals("enquiry", 2), "enquiries");
        assert_eq!(Language::Danish.goals("meeting", 2), "møder");
        assert_eq!(Language::Danish.goals("enquiry", 2), "enquiry");
        assert_eq!(Language::English.each("order"), "an order");
        assert_eq!(Language::Danish.each("order"), "pr. ordre");
    }

    #[test]
    fn rates_are_scaled_to_be_read() {
        // 0.0000073 leads per øre says nothing to anyone.
        let nok = Currency::new("NOK", 2);
        let goal = |per: &str| Goal::counted("lead", per, None);
        assert_eq!(Language::English.rate(Some(0.000_007_3), &goal("spend"), &nok), "0.730");
        assert_eq!(Language::Danish.rate(Some(0.1828), &goal("recipients"), &nok), "18,3");
        assert_eq!(Language::English.rate(None, &goal("clicks"), &nok), "–");
    }

    #[test]
    fn what_arms_are_compared_by_is_said_rightly() {
        // Protects a reader from "1.3 times as many revenues" and from odds that are taken for rates.
        let nok = Currency::new("NOK", 2);
        let goal = |metric: &str, per: &str, kind: &str, measure: EffectMeasure| Goal {
            kind: kind.into(),
            measure: measure.as_str().into(),
            ..Goal::counted(metric, per, None)
        };
        let odds = goal("visit", "recipients", "count", EffectMeasure::OddsRatio);
        let value = goal("revenue", "recipients", "value", EffectMeasure::RatioOfMeans);
        let ratio = goal("revenue", "spend", "ratio", EffectMeasure::RatioOfFigures);
        let said = |language: Language| {
            [&odds, &value, &ratio]
                .map(|goal| language.goals_per_unit(goal, &nok).replace(['\u{2068}', '\u{2069}'], ""))
        };
        assert_eq!(said(Language::English), ["odds of visits", "revenue per recipient", "revenue per krone"]);
        assert_eq!(
            said(Language::Danish),
            ["odds for besøg", "omsætning pr. modtager", "omsætning pr. krone"]
        );
        assert_eq!((odds.amount(), Goal::counted("visit", "clicks", None).amount()), ("much", "many"));
        let times = |goal: &Goal| {
            tr!(
                Language::English,
                "times-as-many",
                amount = goal.amount(),
                ratio = "1.31",
                other = "plain",
                goals = Language::English.goals_per_unit(goal, &nok),
                interval = ""
            )
        };
        assert!(
            times(&value).starts_with("1.31 times the revenue per recipient of plain"),
            "{}",
            times(&value)
        );
        // 650 øre a recipient are 6.50 kr; four kroner for one are four.
        assert_eq!(Language::English.rate(Some(650.0), &value, &nok), "6.50");
        assert_eq!(Language::English.rate(Some(4.0), &ratio, &nok), "4.00");
    }
}
