//! What a goal cost of each arm, with its interval, on an axis of money; the limit as a line across.

use maud::{Markup, html};
use std::fmt::Write as _;

use super::{fill, look, pc, px, short};
use crate::html::{Reader, capital};
use crate::language::tr;
use crate::model::{CostPerGoal, ExperimentReport};
use crate::prose::{glue, plain};
use crate::scale::LinearScale;

/// Height of an arm's row.
const ROW: f64 = 40.0;

/// How far beyond the dearest point or the limit the axis goes: an open or very wide interval is cut there.
const BEYOND: f64 = 1.6;

/// A mark and an interval a row: its place among the hatches, its name and its cost.
type Row<'a> = (usize, &'a str, CostPerGoal);

/// A mark and an interval an arm; `None` where no goal was paid for.
pub(crate) fn cost_plot(x: &ExperimentReport, id: &str, to: Reader<'_>) -> Option<Markup> {
    let rows: Vec<Row<'_>> = x
        .arms
        .iter()
        .enumerate()
        .filter_map(|(i, arm)| Some((i, arm.name.as_str(), arm.cost_per_goal?)))
        .collect();
    let title = capital(&to.lang.cost_per(&x.goal.metric));
    cost_rows(&rows, x.cost_limit_minor, &title, id, to)
}

/// A mark and an interval a row on a common axis, with the limit where there is one; `None` without rows.
pub(crate) fn cost_rows(
    rows: &[Row<'_>],
    limit: Option<i64>,
    title: &str,
    id: &str,
    to: Reader<'_>,
) -> Option<Markup> {
    if rows.is_empty() {
        return None;
    }
    let (lang, limit) = (to.lang, limit.map(|limit| limit as f64));
    let dearest = rows.iter().map(|(_, _, cost)| cost.minor).chain(limit).fold(0.0, f64::max);
    let widest =
        rows.iter().map(|(_, _, cost)| cost.upper_minor.unwrap_or(f64::INFINITY)).fold(dearest, f64::max);
    let top = widest.min(dearest * BEYOND);
    let scale = LinearScale::up_to(to.currency.major(top));
    let at = |minor: f64| scale.position(to.currency.major(minor)).clamp(0.0, 1.0);
    let height = ROW * rows.len() as f64;
    let mut description = String::new();
    for (_, name, cost) in rows {
        write!(description, "{}: {}", plain(name), lang.money_f64(to.currency, cost.minor)).ok();
        let reach = crate::html::arms::money_interval(cost.lower_minor, cost.upper_minor, to);
        write!(description, "{}. ", reach.map_or_else(String::new, |reach| format!(" ({reach})"))).ok();
    }
    Some(html! {
        figure class="costs" {
            div class="plot" {
                svg width="100%" height=(height) role="img" aria-labelledby=(format!("{id}-t {id}-d")) focusable="false" {
                    title id=(format!("{id}-t")) { (title) }
                    desc id=(format!("{id}-d")) { (description.trim_end()) }
                    @for tick in scale.ticks() {
                        line class="grid" x1=(pc(scale.position(tick))) x2=(pc(scale.position(tick))) y1="0" y2=(height) {}
                        text class="tick" x=(pc(scale.position(tick))) y=(height + 17.0) text-anchor="middle" { (short(tick, to)) }
                    }
                    line class="axis" x1="0" x2="100%" y1=(height) y2=(height) {}
                    @if let Some(limit) = limit {
                        line class="limit" x1=(pc(at(limit))) x2=(pc(at(limit))) y1="-6" y2=(height) {}
                        text class="note" x=(pc(at(limit))) y="-9" text-anchor=(if at(limit) > 0.6 { "end" } else { "start" }) {
                            (tr!(lang, "limit-mark", limit = to.money_f64(limit)))
                        }
                    }
                    @for (row, (i, name, cost)) in rows.iter().enumerate() {
                        @let middle = px(ROW * (row as f64 + 0.64));
                        @let label = px(ROW * (row as f64 + 0.64) - 11.0);
                        g class=(format!("cost c{}", look(*i))) {
                            line class="reach" x1=(pc(at(cost.lower_minor.unwrap_or(0.0)))) x2=(pc(at(cost.upper_minor.unwrap_or(f64::INFINITY)))) y1=(middle) y2=(middle) {}
                            @if let Some(lower) = cost.lower_minor { (stop(at(lower), row)) }
                            @if let Some(upper) = cost.upper_minor.filter(|upper| *upper <= top) { (stop(at(upper), row)) }
                            rect class="point" x=(pc(at(cost.minor))) y=(middle) width="10" height="10" transform="translate(-5 -5)" rx="2" fill=(fill(*i)) {}
                            text class="armname" x="0" y=(label) {
                                (crate::prose::cut(name, 40)) " "
                                tspan class="armvalue" { (glue(&lang.money_f64(to.currency, cost.minor))) }
                                @if let Some(reach) = crate::html::arms::money_interval(cost.lower_minor, cost.upper_minor, to) {
                                    tspan class="armreach" { " " (reach) }
                                }
                            }
                        }
                    }
                }
            }
        }
    })
}

fn stop(x: f64, row: usize) -> Markup {
    let middle = ROW * (row as f64 + 0.64);
    html! { line class="stop" x1=(pc(x)) x2=(pc(x)) y1=(px(middle - 4.0)) y2=(px(middle + 4.0)) {} }
}
