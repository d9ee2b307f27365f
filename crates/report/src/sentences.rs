//! Sentences about the month as a whole, shared by every form of the report.

use crate::figures::Currency;
use crate::language::{Language, prose, tr};
use crate::model::{
    AnswerTimes, Difference, ExperimentReport, Goal, MarketSeries, MonthReport, Outcome, Pace, PastWinner,
    ValueResult, Verdicts,
};
use crate::prose::{Prose, capital, mark, plain};

/// Below this chance the month's goal needs a decision.
const UNLIKELY: f64 = 0.3;

/// Where we are, where we should be, and where the month ends if it goes on.
pub(crate) fn pace(pace: &Pace, lang: Language) -> Vec<String> {
    let goals = lang.goals(&pace.metric, pace.so_far);
    let mut said = vec![match pace.data_until {
        Some(until) => tr!(
            lang,
            "pace-so-far",
            n = pace.so_far,
            goals = goals,
            target = pace.target,
            day = lang.day(until),
            due = lang.count(whole(pace.due))
        ),
        None => {
            tr!(lang, "pace-no-data", target = pace.target, goals = lang.goals(&pace.metric, pace.target))
        }
    }];
    if let Some(f) = pace.forecast {
        said.push(tr!(
            lang,
            "pace-forecast",
            mean = lang.count(whole(f.mean)),
            lower = lang.count(whole(f.interval.lower)),
            upper = lang.count(whole(f.interval.upper)),
            level = lang.percent(f.level),
            chance = lang.percent(f.chance_of_target)
        ));
    }
    said
}

/// What was created against what it cost, with what is not known.
pub(crate) fn value(value: &ValueResult, currency: &Currency, lang: Language) -> Vec<String> {
    let money = |minor: f64| lang.money_f64(currency, minor);
    let mut said = Vec::new();
    if value.goals.is_empty() {
        said.push(tr!(lang, "value-unknown", cost = lang.money(currency, value.cost_minor)));
    } else {
        said.push(tr!(
            lang,
            "value-against-cost",
            value = money(value.value_minor),
            lower = money(value.value_interval.lower),
            upper = money(value.value_interval.upper),
            cost = lang.money(currency, value.cost_minor)
        ));
    }
    if let (Some(mean), Some(interval)) = (value.return_on_costs, value.return_interval) {
        said.push(tr!(
            lang,
            "value-return",
            unit = lang.unit("spend", currency),
            mean = lang.significant(mean),
            lower = lang.significant(interval.lower),
            upper = lang.significant(interval.upper)
        ));
    }
    if !value.without_worth.is_empty() {
        let names: Vec<String> = value
            .without_worth
            .iter()
            .map(|t| format!("{} {}", lang.count(t.count), lang.goals(&t.metric, t.count)))
            .collect();
        said.push(tr!(lang, "value-without-worth", goals = names.join(", ")));
    }
    said
}

/// How many verdicts may be false.
pub(crate) fn verdicts(verdicts: &Verdicts, lang: Language) -> String {
    if verdicts.dropped == 0 {
        return tr!(lang, "trust-none", n = verdicts.judged);
    }
    tr!(
        lang,
        "trust",
        n = verdicts.dropped,
        judged = verdicts.judged,
        wrong = lang.round(verdicts.false_at_most),
        hold = verdicts.hold_together
    )
}

/// A past winner in a sentence.
pub(crate) fn winner(winner: &PastWinner, lang: Language) -> Prose {
    let against = winner.against.as_ref().map_or_else(|| tr!(lang, "an-even-split"), |name| mark(name));
    let believed = lang.significant(winner.believed);
    let (lower, upper) = (lang.bound(winner.interval.lower), lang.bound(winner.interval.upper));
    let (arm, experiment) = (mark(&winner.arm), mark(&winner.experiment));
    let mut said = match winner.measured {
        Some(measured) => {
            let measured = lang.significant(measured);
            prose!(
                lang,
                "past-winner",
                arm = arm,
                experiment = experiment,
                against = against,
                measured = measured,
                believed = believed,
                lower = lower,
                upper = upper
            )
        }
        None => prose!(
            lang,
            "past-winner-unmeasured",
            arm = arm,
            experiment = experiment,
            against = against,
            believed = believed,
            lower = lower,
            upper = upper
        ),
    };
    if let Some(tail) = winner.tail {
        let goals = lang.goals(&winner.metric, tail);
        said = said.words(" ").then(prose!(lang, "past-winner-tail", n = tail, goals = goals));
    }
    said
}

/// A series of the whole market, and how it compares with the month before.
pub(crate) fn market(series: &MarketSeries, lang: Language) -> String {
    let said = tr!(
        lang,
        "market-line",
        goals = capital(&lang.goals(&series.metric, 2)),
        n = series.count,
        reported = series.days_reported,
        days = series.days
    );
    match &series.change {
        Some(change) => {
            let (lower, upper) = (lang.bound(change.interval.lower), lang.bound(change.interval.upper));
            let compared = tr!(
                lang,
                "market-change",
                ratio = lang.significant(change.ratio),
                month = lang.month(&change.month),
                lower = lower,
                upper = upper
            );
            format!("{said} {compared}")
        }
        None => said,
    }
}

/// How fast leads were answered, and whether that is in time.
pub(crate) fn answers(answers: &AnswerTimes, lang: Language) -> String {
    let hours = lang.round(answers.mean_hours);
    let said = tr!(lang, "answers", n = answers.answered, hours = hours);
    match answers.limit_hours {
        Some(limit) if answers.mean_hours > limit => {
            format!("{said} {}", tr!(lang, "answers-late", limit = lang.round(limit)))
        }
        Some(limit) => format!("{said} {}", tr!(lang, "answers-in-time", limit = lang.round(limit))),
        None => said,
    }
}

/// What each other arm brings more or less than the reference, in money, where goals have values.
pub(crate) fn differences(x: &ExperimentReport, currency: &Currency, lang: Language) -> Vec<Prose> {
    let Some(reference) = x.reference.as_deref() else { return Vec::new() };
    let others = x.arms.iter().filter(|arm| arm.name != reference);
    others.filter_map(|arm| difference(x, &arm.name, reference, currency, lang)).collect()
}

/// "`a` brings back 1.2 NOK more per recipient than `b` (between −0.3 NOK and 2.7 NOK)".
fn difference(
    x: &ExperimentReport,
    arm: &str,
    other: &str,
    currency: &Currency,
    lang: Language,
) -> Option<Prose> {
    let found = x.difference(arm, other)?;
    let more = found.minor >= 0.0;
    // Told as "less" with its ends turned: "between 0.3 and 2.7 less".
    let told = if more { found } else { found.inverse() };
    Some(prose!(
        lang,
        "brings-more",
        how = if more { "more" } else { "less" },
        arm = mark(arm),
        other = mark(other),
        amount = lang.difference(told.minor, &x.goal, currency),
        per = tr!(lang, "per", what = lang.unit(&x.goal.per, currency)),
        interval = reach(&told, &x.goal, currency, lang)
    ))
}

/// A difference's interval in words: "(between −0.3 NOK and 2.7 NOK)".
pub(crate) fn reach(found: &Difference, goal: &Goal, currency: &Currency, lang: Language) -> String {
    let money = |minor: f64| lang.difference(minor, goal, currency);
    match (found.lower_minor.map(money), found.upper_minor.map(money)) {
        (Some(lower), Some(upper)) => tr!(lang, "interval-between", lower = lower, upper = upper),
        (Some(lower), None) => tr!(lang, "interval-at-least", lower = lower),
        (None, Some(upper)) => tr!(lang, "interval-at-most", upper = upper),
        (None, None) => tr!(lang, "interval-none"),
    }
}

/// Up to three things that the month taught, the surest first.
pub(crate) fn learned(report: &MonthReport) -> Vec<Prose> {
    let rank = |outcome: Outcome| {
        [
            Outcome::Winner,
            Outcome::Unprofitable,
            Outcome::Tied,
            Outcome::Mixed,
            Outcome::BestBet,
            Outcome::Narrowed,
        ]
        .iter()
        .position(|o| *o == outcome)
    };
    let mut told: Vec<_> = report.experiments.iter().filter_map(|x| Some((rank(x.outcome)?, x))).collect();
    told.sort_by_key(|(rank, _)| *rank);
    told.into_iter()
        .take(3)
        .map(|(_, x)| {
            let said = Prose::new().name(&x.name).words(": ").then(x.verdict.clone());
            match in_money(x, &report.currency, report.language) {
                Some(money) => said.words(" ").then(money),
                None => said,
            }
        })
        .collect()
}

/// What the winner of values brings more than the arm that comes closest to it.
fn in_money(x: &ExperimentReport, currency: &Currency, lang: Language) -> Option<Prose> {
    let best = x.alive().next().filter(|_| x.outcome == Outcome::Winner)?;
    let (other, _) = x.closest(&best.name, &x.arms)?;
    difference(x, &best.name, &other.name, currency, lang)
}

/// The one decision that the month asks of those who decide on budgets: what waits comes before what is behind, and that
/// before what could be better.
pub(crate) fn decision(report: &MonthReport) -> Prose {
    let lang = report.language;
    let totals = &report.totals;
    if totals.moves_awaiting_approval > 0 {
        return prose!(lang, "decide-approve", n = totals.moves_awaiting_approval);
    }
    if let Some(pace) = &report.overview.pace
        && let Some(f) = pace.forecast.filter(|f| f.chance_of_target < UNLIKELY)
    {
        let missing = pace.target as f64 - f.mean;
        let cost = report.overview.channels.iter().filter(|c| c.metric == pace.metric && c.goals > 0);
        let cheapest = cost.filter_map(|c| Some((c.cost_minor?, c))).min_by(|a, b| a.0.total_cmp(&b.0));
        let (mean, target) = (lang.count(whole(f.mean)), lang.count(pace.target));
        let goals = lang.goals(&pace.metric, pace.target);
        return match cheapest {
            Some((cost, channel)) => prose!(
                lang,
                "decide-pace-with-cost",
                mean = mean,
                target = target,
                goals = goals,
                channel = mark(&channel.channel),
                more = lang.money_f64(&report.currency, missing * cost)
            ),
            None => prose!(lang, "decide-pace", mean = mean, target = target, goals = goals),
        };
    }
    if report.overview.launched == 0 {
        return prose!(lang, "decide-try");
    }
    if let Some((x, arm)) = report
        .experiments
        .iter()
        .filter(|x| x.outcome == Outcome::Winner)
        .find_map(|x| Some((x, x.alive().next()?)))
    {
        return prose!(lang, "decide-winner", arm = mark(&arm.name), experiment = mark(&x.name));
    }
    prose!(lang, "decide-nothing")
}

/// A running cost as people call it.
pub(crate) fn cost_name(name: &str, lang: Language) -> String {
    match name {
        "hours" => tr!(lang, "cost-hours"),
        "agency" => tr!(lang, "cost-agency"),
        "tools" => tr!(lang, "cost-tools"),
        other => plain(other),
    }
}

fn whole(x: f64) -> u64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "cut at nothing; counts are far below 2^53"
    )]
    let n = x.max(0.0).round() as u64;
    n
}
