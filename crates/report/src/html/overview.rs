//! The sections of a month's page that are about the month as a whole.

use maud::{Markup, html};

use super::arms::money_interval;
use super::{Reader, capital, plot, prose, scroll};
use crate::figures::NOTHING;
use crate::language::tr;
use crate::model::{ChannelResult, CostPerGoal, Interval, MetricTotal, MonthReport, ValueResult};
use crate::prose::{glue, plain};
use crate::sentences;

/// Pace, channels, value, trust, past winners and answers, each only where something is known.
pub(super) fn sections(report: &MonthReport) -> Markup {
    let (all, to) = (&report.overview, Reader::of(report));
    let lang = to.lang;
    html! {
        @if let Some(pace) = &all.pace {
            section class="keep" aria-labelledby="pace" {
                h2 class="h3" id="pace" { (tr!(lang, "pace")) }
                @for said in sentences::pace(pace, lang) { p class="said" { (glue(&said)) } }
                @if pace.data_until.is_some() { (plot::pace_plot(pace, "pace-plot", to)) }
                p class="soft small" { (tr!(lang, "pace-method")) }
            }
        }
        @if all.launched == 0 && !report.experiments.is_empty() { p class="note-box" { (tr!(lang, "none-launched")) } }
        @if !all.phases.is_empty() { (phases(report)) }
        @if !all.channels.is_empty() { (channels(report)) }
        @if let Some(value) = &all.value { (value_section(value, to)) }
        @if all.verdicts.judged > 0 {
            section aria-labelledby="trust" {
                h2 class="h3" id="trust" { (tr!(lang, "trust-title")) }
                p class="said" { (glue(&sentences::verdicts(&all.verdicts, lang))) }
                @if let Some(saved) = report.totals.money_not_spent_on_losers_minor.filter(|saved| *saved > 0) {
                    p class="said" { (tr!(lang, "saved-sentence", saved = to.money(saved))) }
                }
            }
        }
        @if !all.market.is_empty() {
            section aria-labelledby="market" {
                h2 class="h3" id="market" { (tr!(lang, "market-title")) }
                ul class="said" { @for series in &all.market { li { (glue(&sentences::market(series, lang))) } } }
                p class="soft small" { (tr!(lang, "market-caveat")) }
            }
        }
        @if let Some(answers) = &all.answers {
            section aria-labelledby="answers" {
                h2 class="h3" id="answers" { (tr!(lang, "answers-title")) }
                p class="said" { (glue(&sentences::answers(answers, lang))) }
            }
        }
        @if !all.past_winners.is_empty() {
            section aria-labelledby="winners" {
                h2 class="h3" id="winners" { (tr!(lang, "winners-title")) }
                p { (tr!(lang, "winners-text")) }
                ul class="said" {
                    @for winner in &all.past_winners {
                        li { span class="soft" { (lang.month(&winner.month)) ": " } (prose(&sentences::winner(winner, lang))) }
                    }
                }
            }
        }
    }
}

fn goals_list(goals: &[MetricTotal], to: Reader<'_>) -> String {
    let each = |t: &MetricTotal| format!("{} {}", to.count(t.count), to.lang.goals(&t.metric, t.count));
    let all: Vec<String> = goals.iter().map(each).collect();
    if all.is_empty() { NOTHING.to_owned() } else { all.join(", ") }
}

fn phases(report: &MonthReport) -> Markup {
    let to = Reader::of(report);
    let lang = to.lang;
    let table = html! {
        table {
            thead {
                tr {
                    th scope="col" { (tr!(lang, "col-phase")) }
                    th scope="col" class="n" { (tr!(lang, "col-experiments")) }
                    th scope="col" class="n" { (tr!(lang, "decided")) }
                    th scope="col" class="n" { (tr!(lang, "col-spent")) }
                    th scope="col" class="n" { (tr!(lang, "col-goals")) }
                }
            }
            tbody {
                @for phase in &report.overview.phases {
                    tr {
                        th scope="row" { (capital(&lang.phase(&phase.phase))) }
                        td class="n" { (phase.experiments) }
                        td class="n" { (phase.decided) }
                        td class="n" { (to.money(phase.spend_minor)) }
                        td class="n" { (goals_list(&phase.goals, to)) }
                    }
                }
            }
        }
    };
    html! {
        section aria-labelledby="phases" {
            h2 class="h3" id="phases" { (tr!(lang, "phases-title")) }
            (scroll(&tr!(lang, "phases-title"), &table))
        }
    }
}

fn channels(report: &MonthReport) -> Markup {
    let to = Reader::of(report);
    let lang = to.lang;
    let channels = &report.overview.channels;
    let mut metrics: Vec<&str> =
        channels.iter().filter(|c| c.cost_minor.is_some()).map(|c| c.metric.as_str()).collect();
    metrics.sort_unstable();
    metrics.dedup();
    let valued = channels.iter().any(|c| c.value_per_unit.is_some());
    let table = html! {
        table {
            thead {
                tr {
                    th scope="col" { (tr!(lang, "col-channel")) }
                    th scope="col" class="n" { (tr!(lang, "col-spent")) }
                    th scope="col" class="n" { (tr!(lang, "col-goals")) }
                    th scope="col" class="n" { (tr!(lang, "col-cost-per-goal")) }
                    @if valued { th scope="col" class="n" { (tr!(lang, "col-value-per", unit = lang.unit("spend", to.currency))) } }
                }
            }
            tbody {
                @for channel in channels {
                    tr {
                        th scope="row" { (plain(&channel.channel)) }
                        td class="n" { @if channel.spend_minor > 0 { (to.money(channel.spend_minor)) } @else { (NOTHING) } }
                        td class="n" { (to.count(channel.goals)) " " (lang.goals(&channel.metric, channel.goals)) }
                        td class="n" {
                            @match channel.cost_minor { Some(cost) => (to.money_f64(cost)), None => (NOTHING) }
                            @if let Some(reach) = money_interval(channel.cost_lower_minor, channel.cost_upper_minor, to) { small { (reach) } }
                        }
                        @if valued {
                            td class="n" {
                                @match channel.value_per_unit { Some(value) => (lang.significant(value)), None => (NOTHING) }
                                @if let Some(Interval { lower, upper }) = channel.value_per_unit_interval {
                                    small { (lang.significant(lower)) "–" (lang.significant(upper)) }
                                }
                            }
                        }
                    }
                }
            }
        }
    };
    html! {
        section aria-labelledby="channels" {
            h2 class="h3" id="channels" { (tr!(lang, "channels-title")) }
            p { (glue(&tr!(lang, "channels-text", level = lang.percent(crate::interval::LEVEL)))) }
            @for metric in &metrics {
                @let rows: Vec<(usize, &str, CostPerGoal)> = channels.iter().enumerate().filter(|(_, c)| c.metric == *metric).filter_map(row).take(16).collect();
                @if rows.len() > 1 {
                    @if let Some(plot) = plot::cost_rows(&rows, None, &capital(&lang.cost_per(metric)), &format!("channels-{}", metrics.iter().position(|m| m == metric).unwrap_or(0)), to) {
                        p class="soft" { (capital(&lang.cost_per(metric))) }
                        (plot)
                    }
                }
            }
            (scroll(&tr!(lang, "channels-title"), &table))
        }
    }
}

fn row((i, channel): (usize, &ChannelResult)) -> Option<(usize, &str, CostPerGoal)> {
    let cost = CostPerGoal {
        minor: channel.cost_minor?,
        lower_minor: channel.cost_lower_minor,
        upper_minor: channel.cost_upper_minor,
    };
    Some((i, channel.channel.as_str(), cost))
}

/// Value against costs: the sentence, the picture, and what it is made of.
pub(super) fn value_section(value: &ValueResult, to: Reader<'_>) -> Markup {
    let lang = to.lang;
    html! {
        section class="keep" aria-labelledby="value" {
            h2 class="h3" id="value" { (tr!(lang, "value-title")) }
            @for said in sentences::value(value, to.currency, lang) { p class="said" { (glue(&said)) } }
            @if !value.goals.is_empty() && value.cost_minor > 0 { (plot::return_plot(value, "value-plot", to)) }
            @if !value.goals.is_empty() {
                ul class="said small" {
                    @for goal in &value.goals {
                        li {
                            (tr!(lang, "worth-line", n = goal.count, goals = lang.goals(&goal.metric, goal.count),
                                each = to.money(goal.each_minor), spread = to.money(goal.spread_minor), value = to.money_f64(goal.value_minor)))
                        }
                    }
                }
            }
            @if value.costs.is_empty() { p class="soft small" { (tr!(lang, "no-costs-stated")) } }
            p class="soft small" { (tr!(lang, "value-caveat")) }
        }
    }
}
