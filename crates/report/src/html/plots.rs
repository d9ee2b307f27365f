//! The plots of an experiment, each under the question that it answers.

use jiff::civil::Date;
use maud::{Markup, html};

use super::month::plotted_days;
use super::plot::{self, Bars, RatioFrame};
use super::{Reader, capital};
use crate::language::tr;
use crate::model::{ArmReport, Comparison, ExperimentReport};
use crate::prose::{glue, plain};

/// How many comparisons are plotted; more are told by the table of arms.
const PANELS: usize = 12;

pub(super) fn all(x: &ExperimentReport, id: &str, to: Reader<'_>, titles: bool) -> Markup {
    let Some(days) = plotted_days(x) else { return html! {} };
    html! {
        (comparisons(x, id, days, to))
        @if titles {
            (evidence(x, id, days, to))
            (costs(x, id, to))
        }
        @if let Some(bars) = Bars::of(x) { (bars_section(x, id, bars, days, to, titles)) }
        @if titles && Bars::Goals.is_in(x) { (bars_section(x, id, Bars::Goals, days, to, titles)) }
    }
}

fn comparisons(x: &ExperimentReport, id: &str, (first, last): (Date, Date), to: Reader<'_>) -> Markup {
    let (shown, lang) = (chosen(x), to.lang);
    if shown.is_empty() {
        return html! {};
    }
    let frame = RatioFrame::new(first, last, &x.comparisons);
    html! {
        section class=[(shown.len() <= 2).then_some("keep")] aria-labelledby=(format!("{id}-s")) {
            h3 id=(format!("{id}-s")) { (tr!(lang, "how-sure")) }
            p {
                (tr!(lang, "how-sure-text", amount = x.goal.amount(), goals = lang.goals_per_unit(&x.goal, to.currency)))
                @if x.comparisons.len() > shown.len() { " " (tr!(lang, "strongest-drawn", n = shown.len())) }
            }
            div class=(match shown.len() { 1 => "panels one", 2 | 4 => "panels two", _ => "panels" }) {
                @for (k, comparison) in shown.iter().enumerate() {
                    figure {
                        figcaption {
                            (plot::swatch(x.arms.iter().position(|a| a.name == comparison.arm).unwrap_or(0)))
                            span { span class="name" { (plain(&comparison.arm)) } " " (tr!(lang, "against", arm = plain(&comparison.against))) }
                        }
                        (plot::ratio_plot(x, comparison, &frame, &format!("{id}-r{k}"), to))
                    }
                }
            }
        }
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

/// Evidence against its threshold, and the chance to be best beside it.
fn evidence(x: &ExperimentReport, id: &str, days: (Date, Date), to: Reader<'_>) -> Markup {
    let lang = to.lang;
    let (evidence, chance) = (
        plot::evidence_plot(x, days, &format!("{id}-e"), to),
        plot::chance_plot(x, days, &format!("{id}-p"), to),
    );
    if evidence.is_none() && chance.is_none() {
        return html! {};
    }
    html! {
        section class="keep" aria-labelledby=(format!("{id}-v")) {
            h3 id=(format!("{id}-v")) { (tr!(lang, "evidence")) }
            p { (glue(&tr!(lang, "evidence-text", threshold = lang.threshold(x.alpha), alpha = lang.percent(x.alpha)))) }
            div class="panels two" {
                @if let Some(plot) = evidence { (plot) }
                @if let Some(plot) = chance { (plot) }
            }
        }
    }
}

fn costs(x: &ExperimentReport, id: &str, to: Reader<'_>) -> Markup {
    let Some(plot) = plot::cost_plot(x, &format!("{id}-c"), to) else { return html! {} };
    let lang = to.lang;
    html! {
        section class="keep" aria-labelledby=(format!("{id}-k")) {
            h3 id=(format!("{id}-k")) { (capital(&lang.cost_per(&x.goal.metric))) }
            p {
                (glue(&tr!(lang, "cost-plot-text", level = lang.percent(crate::interval::LEVEL))))
                @if let Some(limit) = x.cost_limit_minor { " " (tr!(lang, "cost-plot-limit", limit = to.money(limit))) }
            }
            (plot)
        }
    }
}

fn bars_section(
    x: &ExperimentReport,
    id: &str,
    bars: Bars,
    days: (Date, Date),
    to: Reader<'_>,
    titles: bool,
) -> Markup {
    let lang = to.lang;
    let (drawn, others) = plot::drawn_arms(x);
    let amount = |arm: &ArmReport| match bars {
        Bars::Spend => to.money(arm.spend_minor),
        Bars::Exposure => glue(&lang.significant(arm.exposure)),
        Bars::Goals => to.count(arm.goals),
    };
    let commanded = bars.has_commanded(x);
    let part = match bars {
        Bars::Spend | Bars::Exposure => "m",
        Bars::Goals => "g",
    };
    let (title, caption) = match bars {
        Bars::Spend => (tr!(lang, "where-money-went"), to.currency.code.clone()),
        Bars::Exposure => (tr!(lang, "who-was-reached"), capital(&lang.exposure(&x.goal.per))),
        Bars::Goals => {
            let goals = capital(&lang.goals(&x.goal.metric, 2));
            (tr!(lang, "goals-by-day", goals = goals.clone()), goals)
        }
    };
    html! {
        section class="keep" aria-labelledby=(format!("{id}-{part}")) {
            h3 id=(format!("{id}-{part}")) { (title) }
            figure class="money" {
                figcaption class="soft" {
                    span {
                        (tr!(lang, "by-arm-and-day", what = caption))
                        @if commanded { "; " (tr!(lang, "line-is-commanded")) }
                        @if bars == Bars::Goals { "; " (tr!(lang, "goals-booked")) }
                    }
                }
                (plot::money_plot(x, days, &format!("{id}-{part}"), bars, to, titles))
                ul class="legend" {
                    @for (i, name) in drawn.iter().enumerate() {
                        li {
                            (plot::swatch(i))
                            span {
                                (plain(name))
                                @if let Some(arm) = x.arm(name) { " " span class="soft" { (amount(arm)) } }
                            }
                        }
                    }
                    @if others > 0 { li { (plot::swatch(plot::LOOKS - 1)) span { (tr!(lang, "other-arms", n = others)) } } }
                    @if commanded { li { span class="dash" {} (tr!(lang, "commanded")) } }
                }
            }
        }
    }
}
