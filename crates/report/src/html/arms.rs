//! The table of an experiment's arms, and what an even split would have cost.

use maud::{Markup, html};

use super::experiment::Depth;
use super::{Reader, capital, plot, prose, scroll};
use crate::figures::NOTHING;
use crate::language::tr;
use crate::model::{ArmReport, ArmStatus, ExperimentReport, Ratio};
use crate::prose::{cut, glue, plain};
use crate::scale::RatioScale;
use crate::sentences;

pub(super) fn section(x: &ExperimentReport, id: &str, to: Reader<'_>, depth: Depth) -> Markup {
    let lang = to.lang;
    html! {
        section class=[(x.arms.len() <= 16).then_some("keep")] aria-labelledby=(format!("{id}-a")) {
            h3 id=(format!("{id}-a")) { (tr!(lang, "the-arms")) }
            @if depth == Depth::Full {
                p {
                    (glue(&tr!(lang, "arms-text",
                        goals = lang.goals(&x.goal.metric, if x.goal.kind == "count" { 2 } else { 1 }),
                        per = lang.rate_scale(&x.goal, to.currency).1,
                        threshold = lang.threshold(x.alpha))))
                    @if let Some(limit) = x.cost_limit_minor {
                        " " (tr!(lang, "arms-limit", limit = to.money(limit), each = lang.each(&x.goal.metric)))
                    }
                }
            }
            (scroll(&tr!(lang, "named-arms", name = plain(&x.name)), &table(x, to)))
            @let differences = sentences::differences(x, to.currency, lang);
            @if !differences.is_empty() { ul class="said" { @for said in &differences { li { (prose(said)) } } } }
        }
        @if depth == Depth::Full { (even_split(x, id, to)) }
    }
}

/// What an even split of the same money would have spent on arms that were proven to lose.
fn even_split(x: &ExperimentReport, id: &str, to: Reader<'_>) -> Markup {
    let Some(saved) = x.money_not_spent_on_losers_minor else { return html! {} };
    let lang = to.lang;
    html! {
        section aria-labelledby=(format!("{id}-n")) {
            h3 id=(format!("{id}-n")) { (tr!(lang, "even-split")) }
            p {
                @if saved > 0 {
                    (tr!(lang, "even-split-more", saved = to.money(saved), spent = to.money(x.totals.spend_minor)))
                    @if let Some(goals) = x.goals_over_even_split.filter(|goals| *goals >= 1.0) {
                        " " (tr!(lang, "even-split-goals", n = lang.significant(goals), goals = lang.goals(&x.goal.metric, 2)))
                    }
                } @else {
                    (tr!(lang, "even-split-less", more = to.money(saved.saturating_neg())))
                }
            }
        }
    }
}

fn table(x: &ExperimentReport, to: Reader<'_>) -> Markup {
    let lang = to.lang;
    let with_money = x.arms.iter().any(|arm| arm.spend_minor > 0);
    let per_spend = x.goal.per == "spend";
    let rates = !(per_spend && with_money);
    let ratios: Vec<Option<Ratio>> = x.arms.iter().map(|arm| against_reference(x, arm)).collect();
    let compared = ratios.iter().any(Option::is_some);
    let scale = RatioScale::over(
        x.comparisons.iter().map(|c| c.points.get(c.points.len().saturating_sub(1)..).unwrap_or(&[])),
    );
    let reference = x.reference.as_ref().map_or_else(|| tr!(lang, "the-other"), |r| cut(r, 24));
    html! {
        table {
            thead {
                tr {
                    th scope="col" { (tr!(lang, "col-arm")) }
                    th scope="col" { (tr!(lang, "col-status")) }
                    @if with_money { th scope="col" class="n" { (tr!(lang, "col-spent")) } }
                    @if !per_spend { th scope="col" class="n" { (capital(&lang.exposure(&x.goal.per))) } }
                    th scope="col" class="n" { (capital(&lang.goals(&x.goal.metric, 2))) }
                    @if with_money { th scope="col" class="n" { (capital(&lang.cost_per(&x.goal.metric))) } }
                    @if rates { th scope="col" class="n" { (tr!(lang, "col-rate")) } }
                    @if compared {
                        th scope="col" class="n" { (capital(&tr!(lang, "against", arm = reference))) }
                        th scope="col" class="pic" { span class="soft" { (tr!(lang, "less-more")) } }
                    }
                    th scope="col" class="n" { (tr!(lang, "col-chance")) }
                    th scope="col" class="n" { (tr!(lang, "col-evidence")) }
                }
            }
            tbody {
                @for (i, arm) in x.arms.iter().enumerate() {
                    tr class=[(!arm.status.is_alive()).then_some("gone")] {
                        th scope="row" {
                            span class="arm" {
                                (plot::swatch(i))
                                span { (plain(&arm.name)) @if arm.control { small { (tr!(lang, "control")) } } }
                            }
                        }
                        td {
                            span class=(status_class(arm.status)) title=(lang.status_meaning(arm.status)) { (lang.status_in(arm.status, x.state)) }
                            @if let Some(date) = arm.dropped_on { small { (glue(&lang.day_short(date))) } }
                        }
                        @if with_money { td class="n" { (to.money(arm.spend_minor)) } }
                        @if !per_spend { td class="n" { (glue(&lang.significant(arm.exposure))) } }
                        td class="n" { (to.count(arm.goals)) }
                        @if with_money { td class="n" { (cost(arm, to)) } }
                        @if rates { td class="n" { (lang.rate(arm.rate, &x.goal, to.currency)) } }
                        @if compared { (compared_cells(x, arm, i, ratios[i], &scale, to)) }
                        td class="n" { @match arm.p_best { Some(p) => (to.percent(p)), None => (NOTHING) } }
                        td class="n" { (glue(&lang.e_value(arm.ln_e_drop.or_else(|| arm.e_drop.map(f64::ln))))) }
                    }
                }
            }
            @if x.arms.len() > 1 {
                tfoot {
                    tr {
                        th scope="row" { (tr!(lang, "all")) }
                        td {}
                        @if with_money { td class="n" { (to.money(x.totals.spend_minor)) } }
                        @if !per_spend { td class="n" { (glue(&lang.significant(x.totals.exposure))) } }
                        td class="n" { (to.count(x.totals.goals)) }
                        @if with_money {
                            td class="n" {
                                @match x.totals.cost_per_goal_minor { Some(c) => (to.money_f64(c)), None => (NOTHING) }
                            }
                        }
                        @if rates { td {} }
                        @if compared { td {} td class="pic" {} }
                        td {}
                        td {}
                    }
                }
            }
        }
    }
}

fn compared_cells(
    x: &ExperimentReport,
    arm: &ArmReport,
    index: usize,
    ratio: Option<Ratio>,
    scale: &RatioScale,
    to: Reader<'_>,
) -> Markup {
    html! {
        @match ratio {
            Some(ratio) => {
                td class="n" {
                    (to.lang.significant(ratio.ratio)) "×"
                    @if ratio.lower.is_some() || ratio.upper.is_some() {
                        small { (interval(ratio.lower, ratio.upper, to)) }
                    }
                }
                td class="pic" { (plot::interval_cell(ratio.ratio, ratio.lower, ratio.upper, scale, index)) }
            }
            None => {
                td class="n" { @if x.reference.as_deref() == Some(arm.name.as_str()) { "1×" } @else { (NOTHING) } }
                td class="pic" {}
            }
        }
    }
}

fn against_reference(x: &ExperimentReport, arm: &ArmReport) -> Option<Ratio> {
    let reference = x.reference.as_deref()?;
    if reference == arm.name { None } else { x.ratio(&arm.name, reference) }
}

/// An interval in short: `1.05–1.64`, `≥ 1.05`.
pub(super) fn interval(lower: Option<f64>, upper: Option<f64>, to: Reader<'_>) -> String {
    let bound = |x: f64| to.lang.bound(x);
    match (lower, upper) {
        (Some(l), Some(u)) => format!("{}–{}", bound(l), bound(u)),
        (Some(l), None) => format!("≥ {}", bound(l)),
        (None, Some(u)) => format!("≤ {}", bound(u)),
        (None, None) => NOTHING.to_owned(),
    }
}

fn cost(arm: &ArmReport, to: Reader<'_>) -> Markup {
    let Some(cost) = arm.cost_per_goal else { return html! { (NOTHING) } };
    html! {
        (to.money_f64(cost.minor))
        @if let Some(reach) = money_interval(cost.lower_minor, cost.upper_minor, to) { small { (reach) } }
    }
}

/// An interval of money in short: `270–560`, `≥ 270`; `None` where neither end is known.
pub(super) fn money_interval(lower: Option<f64>, upper: Option<f64>, to: Reader<'_>) -> Option<String> {
    match (lower, upper) {
        (Some(l), Some(u)) => Some(format!("{}–{}", to.bare(l), to.bare(u))),
        (Some(l), None) => Some(format!("≥ {}", to.bare(l))),
        (None, Some(u)) => Some(format!("≤ {}", to.bare(u))),
        (None, None) => None,
    }
}

fn status_class(status: ArmStatus) -> &'static str {
    match status {
        ArmStatus::Winner => "tag good",
        ArmStatus::Unprofitable | ArmStatus::GuardrailBreached => "tag bad",
        ArmStatus::Tied | ArmStatus::Futile => "tag wait",
        ArmStatus::Running | ArmStatus::Dropped => "tag",
    }
}
