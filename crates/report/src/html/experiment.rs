//! One experiment on the page: verdict first, then how sure it is, where the money went, the arms, and the details.

use jiff::civil::Date;
use maud::{Markup, html};

use super::month::{anchor, plotted_days};
use super::plot::{self, Bars, RatioFrame};
use super::{details, outcome_class, prose, scroll};
use crate::figures::{Currency, NOTHING, bound, count, day_short, e_value, percent, significant, threshold};
use crate::model::{ArmReport, ArmStatus, Comparison, ExperimentReport, Ratio};
use crate::prose::{cut, glue, plain};
use crate::scale::RatioScale;
use crate::words;

/// How much of an experiment is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Depth {
    /// Everything.
    Full,
    /// Plots folded away, no long lists: for months of many experiments.
    Folded,
    /// Verdict and arms.
    Short,
}

/// How many comparisons are plotted; more are told by the table of arms.
const PANELS: usize = 12;

pub(super) fn card(
    x: &ExperimentReport,
    index: usize,
    depth: Depth,
    currency: &Currency,
    timezone: &str,
) -> Markup {
    let id = anchor(index);
    let heading = format!("{id}-h");
    let plots = match depth {
        Depth::Short => html! {},
        Depth::Full => plots(x, &id, currency, true),
        Depth::Folded => html! { details { summary { "Plots" } (plots(x, &id, currency, false)) } },
    };
    html! {
        article class=(if depth == Depth::Full { "experiment" } else { "experiment plain" }) id=(id) aria-labelledby=(heading) {
            header {
                p class="eyebrow" { (eyebrow(x)) }
                h2 id=(heading) {
                    (plain(&x.name))
                    " " span class=(outcome_class(x.outcome)) { (words::outcome_sign(x.outcome)) " " (words::outcome(x.outcome)) }
                }
                @if !x.hypothesis.is_empty() { p class="hypothesis" { "“" (plain(&x.hypothesis)) "”" } }
            }
            p class="verdict" { (prose(&x.verdict)) }
            @if !x.next.is_empty() { p class="next" { b { "Next:" } (prose(&x.next)) } }
            @if depth == Depth::Full { (labels(x)) } @else { (badges(x)) }
            (plots)
            @if !x.arms.is_empty() { (arms(x, &id, currency, depth)) }
            @if depth == Depth::Full { (details::all(x, &id, currency, timezone)) }
        }
    }
}

fn eyebrow(x: &ExperimentReport) -> String {
    let mut channels: Vec<String> = x.arms.iter().map(|arm| plain(&arm.channel)).collect();
    channels.sort_unstable();
    channels.dedup();
    let mut parts = vec![plain(&x.phase), plain(&x.kind)];
    match channels.as_slice() {
        [] => {}
        [a, b, c, rest @ ..] if !rest.is_empty() => {
            parts.push(format!("{a}, {b}, {c} and {} more channels", rest.len()))
        }
        few => parts.push(few.join(", ")),
    }
    parts.push(words::state(x.state).to_owned());
    if let Some(until) = x.data_until {
        parts.push(format!("figures to {}", day_short(until)));
    }
    parts.retain(|part| !part.is_empty());
    parts.join(" · ")
}

/// Both labels without their explanations, which a long month gives once.
fn badges(x: &ExperimentReport) -> Markup {
    html! {
        p {
            span class="badge" { "guarantee: " (x.guarantee.as_ref().map_or_else(|| "none yet".to_owned(), |l| plain(&l.name))) }
            " "
            span class="badge" { "separation: " (plain(&x.separation.name)) }
        }
    }
}

/// Both labels, always; opened, what they promise.
fn labels(x: &ExperimentReport) -> Markup {
    html! {
        details class="labels print" {
            summary {
                @match &x.guarantee {
                    Some(label) => { span class="badge" title=(label.explanation) { "guarantee: " (plain(&label.name)) } }
                    None => { span class="badge" { "guarantee: none yet" } }
                }
                span class="badge" title=(x.separation.explanation) { "separation: " (plain(&x.separation.name)) }
                span class="soft small" { "what these promise" }
            }
            dl {
                @if let Some(label) = &x.guarantee {
                    dt { "Guarantee: " (plain(&label.name)) }
                    dd { (label.explanation) }
                }
                dt { "Separation: " (plain(&x.separation.name)) }
                dd { (x.separation.explanation) }
                @if let Some(method) = &x.method {
                    dt { "Method" }
                    dd {
                        (plain(method)) ". Accepted chance of ever dropping the best arm: " (glue(&percent(x.alpha))) "."
                        @if let Some(dispersion) = x.dispersion { " Day noise found: " (significant(dispersion)) "." }
                        " Looks: " (x.looks) "."
                    }
                }
            }
        }
    }
}

fn plots(x: &ExperimentReport, id: &str, currency: &Currency, titles: bool) -> Markup {
    let Some((first, last)) = plotted_days(x) else { return html! {} };
    let shown = chosen(x);
    let bars = Bars::of(x);
    html! {
        @if !shown.is_empty() {
            section class=[(shown.len() <= 4).then_some("keep")] aria-labelledby=(format!("{id}-s")) {
                h3 id=(format!("{id}-s")) { "How sure is it?" }
                p {
                    "Above the line 1×, the first-named arm brings more " (words::goals_per_unit(&x.goal, currency))
                    " than the other. The band holds the true ratio; it narrows as figures come in."
                    @if x.comparisons.len() > shown.len() {
                        " The " (shown.len()) " comparisons with most evidence are drawn; the table below holds all."
                    }
                }
                @let frame = RatioFrame::new(first, last, &x.comparisons);
                div class=(match shown.len() { 1 => "panels one", 2 | 4 => "panels two", _ => "panels" }) {
                    @for (k, comparison) in shown.iter().enumerate() {
                        figure {
                            figcaption {
                                (plot::swatch(x.arms.iter().position(|a| a.name == comparison.arm).unwrap_or(0)))
                                span { span class="name" { (plain(&comparison.arm)) } " against " (plain(&comparison.against)) }
                            }
                            (plot::ratio_plot(x, comparison, &frame, &format!("{id}-r{k}"), currency))
                        }
                    }
                }
            }
        }
        @if titles && plot::has_evidence(x) {
            details {
                summary { "Evidence over time" }
                (plot::evidence_plot(x, first, last, &format!("{id}-e")))
            }
        }
        @if let Some(bars) = bars { (money(x, id, bars, (first, last), currency, titles)) }
    }
}

/// The comparisons that are drawn: all, or those with the strongest evidence, in definition order.
fn chosen(x: &ExperimentReport) -> Vec<&Comparison> {
    let mut ranked: Vec<(usize, &Comparison)> =
        x.comparisons.iter().filter(|c| !c.points.is_empty()).enumerate().collect();
    if ranked.len() > PANELS {
        let strength = |c: &Comparison| {
            let pair = x
                .pairs
                .iter()
                .find(|p| (p.a == c.arm && p.b == c.against) || (p.b == c.arm && p.a == c.against));
            let ln = |v: Option<f64>| v.unwrap_or(f64::NEG_INFINITY);
            pair.map_or(f64::NEG_INFINITY, |p| ln(p.ln_e_a_beats_b).max(ln(p.ln_e_b_beats_a)))
        };
        ranked.sort_by(|(i, a), (j, b)| strength(b).total_cmp(&strength(a)).then(i.cmp(j)));
        ranked.truncate(PANELS);
        ranked.sort_by_key(|(i, _)| *i);
    }
    ranked.into_iter().map(|(_, c)| c).collect()
}

fn money(
    x: &ExperimentReport,
    id: &str,
    bars: Bars,
    (first, last): (Date, Date),
    currency: &Currency,
    titles: bool,
) -> Markup {
    let (drawn, others) = plot::drawn_arms(x);
    let amount = |arm: &ArmReport| match bars {
        Bars::Spend => currency.money(arm.spend_minor),
        Bars::Exposure => format!("{} {}", significant(arm.exposure), plain(&x.goal.per)),
    };
    let commanded = x.by_day.iter().flat_map(|d| &d.arms).any(|a| match bars {
        Bars::Spend => a.commanded_minor.is_some(),
        Bars::Exposure => a.commanded_exposure.is_some(),
    });
    html! {
        section class="keep" aria-labelledby=(format!("{id}-m")) {
            h3 id=(format!("{id}-m")) {
                @match bars { Bars::Spend => "Where the money went", Bars::Exposure => "Who was reached" }
            }
            figure class="money" {
                figcaption class="soft" {
                    @match bars {
                        Bars::Spend => { (currency.code) " by arm and day" @if commanded { "; the line on a bar is what was commanded" } }
                        Bars::Exposure => { (capital(&plain(&x.goal.per))) " by arm and day" @if commanded { "; the line on a bar is what was commanded" } }
                    }
                }
                (plot::money_plot(x, first, last, &format!("{id}-m"), currency, titles))
                ul class="legend" {
                    @for (i, name) in drawn.iter().enumerate() {
                        li {
                            (plot::swatch(i))
                            span {
                                (plain(name))
                                @if let Some(arm) = x.arm(name) { " " span class="soft" { (glue(&amount(arm))) } }
                            }
                        }
                    }
                    @if others > 0 { li { (plot::swatch(plot::LOOKS - 1)) span { (others) " other arms" } } }
                    @if commanded { li { span class="dash" {} "commanded" } }
                }
            }
        }
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

fn arms(x: &ExperimentReport, id: &str, currency: &Currency, depth: Depth) -> Markup {
    let with_money = x.arms.iter().any(|arm| arm.spend_minor > 0);
    let per_spend = x.goal.per == "spend";
    let ratios: Vec<Option<Ratio>> = x.arms.iter().map(|arm| against_reference(x, arm)).collect();
    let compared = ratios.iter().any(Option::is_some);
    let scale = RatioScale::over(
        x.comparisons.iter().map(|c| c.points.get(c.points.len().saturating_sub(1)..).unwrap_or(&[])),
    );
    let rate_words = words::rate_scale(&x.goal, currency).1;
    let table = html! {
        table {
            thead {
                tr {
                    th scope="col" { "Arm" }
                    th scope="col" { "Status" }
                    @if with_money { th scope="col" class="n" { "Spent" } }
                    @if !per_spend { th scope="col" class="n" { (capital(&plain(&x.goal.per))) } }
                    th scope="col" class="n" { (capital(&words::plural(&x.goal.metric, 2))) }
                    @if with_money { th scope="col" class="n" { "Cost per " (plain(&x.goal.metric)) } }
                    @if !(per_spend && with_money) { th scope="col" class="n" { "Rate" } }
                    @if compared {
                        th scope="col" class="n" { "Against " @match &x.reference { Some(r) => (cut(r, 24)), None => "the other" } }
                        th scope="col" class="pic" { span class="soft" { "less ⟷ more" } }
                    }
                    th scope="col" class="n" { "Chance best" }
                    th scope="col" class="n" { "Evidence to drop" }
                }
            }
            tbody {
                @for (i, arm) in x.arms.iter().enumerate() {
                    tr class=[(!arm.status.is_alive()).then_some("gone")] {
                        th scope="row" {
                            span class="arm" {
                                (plot::swatch(i))
                                span { (plain(&arm.name)) @if arm.control { small { "control" } } }
                            }
                        }
                        td {
                            span class=(status_class(arm.status)) title=(words::status_meaning(arm.status)) { (words::status_in(arm.status, x.state)) }
                            @if let Some(date) = arm.dropped_on { small { (glue(&day_short(date))) } }
                        }
                        @if with_money { td class="n" { (glue(&currency.money(arm.spend_minor))) } }
                        @if !per_spend { td class="n" { (glue(&significant(arm.exposure))) } }
                        td class="n" { (glue(&count(arm.goals))) }
                        @if with_money { td class="n" { (cost(arm, currency)) } }
                        @if !(per_spend && with_money) { td class="n" { (words::rate(arm.rate, &x.goal, currency)) } }
                        @if compared {
                            @match &ratios[i] {
                                Some(ratio) => {
                                    td class="n" {
                                        (significant(ratio.ratio)) "×"
                                        @if ratio.lower.is_some() || ratio.upper.is_some() {
                                            small { (interval(ratio.lower, ratio.upper)) }
                                        }
                                    }
                                    td class="pic" { (plot::interval_cell(ratio.ratio, ratio.lower, ratio.upper, &scale, i)) }
                                }
                                None => { td class="n" { @if x.reference.as_deref() == Some(arm.name.as_str()) { "1×" } @else { (NOTHING) } } td class="pic" {} }
                            }
                        }
                        td class="n" { @match arm.p_best { Some(p) => (glue(&percent(p))), None => (NOTHING) } }
                        td class="n" { (glue(&e_value(arm.ln_e_drop.or_else(|| arm.e_drop.map(f64::ln))))) }
                    }
                }
            }
            @if x.arms.len() > 1 {
                tfoot {
                    tr {
                        th scope="row" { "All" }
                        td {}
                        @if with_money { td class="n" { (glue(&currency.money(x.totals.spend_minor))) } }
                        @if !per_spend { td class="n" { (glue(&significant(x.totals.exposure))) } }
                        td class="n" { (glue(&count(x.totals.goals))) }
                        @if with_money {
                            td class="n" {
                                @match x.totals.cost_per_goal_minor { Some(c) => (glue(&currency.money_f64(c))), None => (NOTHING) }
                            }
                        }
                        @if !(per_spend && with_money) { td {} }
                        @if compared { td {} td class="pic" {} }
                        td {}
                        td {}
                    }
                }
            }
        }
    };
    html! {
        section class=[(x.arms.len() <= 16).then_some("keep")] aria-labelledby=(format!("{id}-a")) {
            h3 id=(format!("{id}-a")) { "The arms" }
            @if depth == Depth::Full {
            p {
                "Rate: " (words::plural(&x.goal.metric, 2)) " " (rate_words) ". "
                "Evidence: an arm is dropped when it reaches " (glue(&threshold(x.alpha))) ". "
                "Chance best: the model's reading."
                @if let Some(limit) = x.cost_limit_minor { " Limit: " (glue(&currency.money(limit))) " " (words::one(&x.goal.metric)) "." }
            }
            }
            (scroll(&format!("{}: the arms", plain(&x.name)), &table))
            @if let Some(saved) = x.money_not_spent_on_losers_minor.filter(|saved| *saved > 0) {
                p { "With an even split of the same money, the arms that lost would have got " (glue(&currency.money(saved))) " more." }
            }
        }
    }
}

fn against_reference(x: &ExperimentReport, arm: &ArmReport) -> Option<Ratio> {
    let reference = x.reference.as_deref()?;
    if reference == arm.name { None } else { x.ratio(&arm.name, reference) }
}

/// An interval in short: `1.05–1.64`, `≥ 1.05`.
pub(super) fn interval(lower: Option<f64>, upper: Option<f64>) -> String {
    match (lower, upper) {
        (Some(l), Some(u)) => format!("{}–{}", bound(l), bound(u)),
        (Some(l), None) => format!("≥ {}", bound(l)),
        (None, Some(u)) => format!("≤ {}", bound(u)),
        (None, None) => NOTHING.to_owned(),
    }
}

fn cost(arm: &ArmReport, currency: &Currency) -> Markup {
    let Some(cost) = arm.cost_per_goal else { return html! { (NOTHING) } };
    html! {
        (glue(&currency.money_f64(cost.minor)))
        @if let (Some(lower), Some(upper)) = (cost.lower_minor, cost.upper_minor) {
            small { (glue(&currency.bare_f64(lower))) "–" (glue(&currency.bare_f64(upper))) }
        }
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
