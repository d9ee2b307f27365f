//! Two pictures for people who do not read intervals: how far along the goal is, and what came back for what it cost.
//!
//! What is certain is filled, what may be is hatched, the best guess is a mark: the eye sees that a result is a range.

use maud::{Markup, html};

use super::{pc, px, short};
use crate::html::{Reader, capital};
use crate::language::tr;
use crate::model::{Pace, ValueResult};
use crate::scale::LinearScale;

const BAR: f64 = 30.0;

/// So far, due by now, wanted, and where the month ends if it goes on.
pub(crate) fn pace_plot(pace: &Pace, id: &str, to: Reader<'_>) -> Markup {
    let lang = to.lang;
    let furthest =
        pace.forecast.map_or(0.0, |f| f.interval.upper).max(pace.target as f64).max(pace.so_far as f64);
    let scale = LinearScale::up_to(furthest);
    let at = |v: f64| scale.position(v).clamp(0.0, 1.0);
    let height = 74.0;
    let (so_far, target) = (pace.so_far as f64, pace.target as f64);
    html! {
        div class="plot balance" {
            svg width="100%" height=(height) role="img" aria-labelledby=(format!("{id}-t {id}-d")) focusable="false" {
                title id=(format!("{id}-t")) { (tr!(lang, "pace")) }
                desc id=(format!("{id}-d")) { (crate::sentences::pace(pace, lang).join(" ")) }
                @for tick in scale.ticks() {
                    line class="grid" x1=(pc(at(tick))) x2=(pc(at(tick))) y1="18" y2=(height) {}
                    text class="tick" x=(pc(at(tick))) y=(height + 17.0) text-anchor="middle" { (short(tick, to)) }
                }
                rect class="solid" x="0" width=(pc(at(so_far))) y="22" height=(BAR) {}
                @if let Some(forecast) = pace.forecast {
                    @let (from, until) = (at(forecast.interval.lower.max(so_far)), at(forecast.interval.upper));
                    rect class="maybe" x=(pc(at(so_far))) width=(pc(from - at(so_far))) y="22" height=(BAR) {}
                    rect class="range" x=(pc(from)) width=(pc((until - from).max(0.0))) y="22" height=(BAR) {}
                    line class="guess" x1=(pc(at(forecast.mean))) x2=(pc(at(forecast.mean))) y1="19" y2=(19.0 + BAR + 6.0) {}
                }
                line class="due" x1=(pc(at(pace.due))) x2=(pc(at(pace.due))) y1="52" y2="68" {}
                text class="note" x=(pc(at(pace.due))) y="66" dx="5" { (tr!(lang, "pace-due-mark", due = lang.count(whole(pace.due)))) }
                line class="limit" x1=(pc(at(target))) x2=(pc(at(target))) y1="10" y2=(height) {}
                text class="note" x=(pc(at(target))) y="8" text-anchor="end" { (tr!(lang, "pace-target-mark", target = lang.count(pace.target))) }
            }
        }
        (key(&[("solid", tr!(lang, "key-so-far")), ("range", tr!(lang, "key-forecast")), ("guess", tr!(lang, "key-best-guess"))]))
    }
}

/// What it cost, and what came back, on one axis of money.
pub(crate) fn return_plot(value: &ValueResult, id: &str, to: Reader<'_>) -> Markup {
    let lang = to.lang;
    let most = value.value_interval.upper.max(value.cost_minor as f64);
    let scale = LinearScale::up_to(to.currency.major(most));
    let at = |minor: f64| scale.position(to.currency.major(minor)).clamp(0.0, 1.0);
    let (row, height) = (58.0, 122.0);
    let parts: Vec<(String, i64)> = std::iter::once((tr!(lang, "media"), value.media_minor))
        .chain(value.costs.iter().map(|cost| (crate::sentences::cost_name(&cost.name, lang), cost.minor)))
        .filter(|(_, minor)| *minor > 0)
        .collect();
    let mut below = 0.0;
    let stacked: Vec<(f64, f64)> = parts
        .iter()
        .map(|(_, minor)| {
            let start = below;
            below += *minor as f64;
            (start, below)
        })
        .collect();
    html! {
        div class="plot balance" {
            svg width="100%" height=(height) role="img" aria-labelledby=(format!("{id}-t {id}-d")) focusable="false" {
                title id=(format!("{id}-t")) { (tr!(lang, "return-title")) }
                desc id=(format!("{id}-d")) { (crate::sentences::value(value, to.currency, lang).join(" ")) }
                @for tick in scale.ticks() {
                    line class="grid" x1=(pc(scale.position(tick))) x2=(pc(scale.position(tick))) y1="0" y2=(height) {}
                    text class="tick" x=(pc(scale.position(tick))) y=(height + 17.0) text-anchor="middle" { (short(tick, to)) }
                }
                text class="armname" x="0" y="14" {
                    (tr!(lang, "it-cost")) " " tspan class="armvalue" { (to.money(value.cost_minor)) }
                }
                @for (i, (start, end)) in stacked.iter().enumerate() {
                    rect class=(format!("cost p{}", i.min(3))) x=(pc(at(*start))) width=(pc(at(*end) - at(*start))) y="22" height=(BAR) {}
                }
                text class="armname" x="0" y=(px(row + 16.0)) {
                    (tr!(lang, "it-brought-back")) " "
                    tspan class="armvalue" { (to.money_f64(value.value_minor)) }
                    tspan class="armreach" { " (" (to.bare(value.value_interval.lower)) "–" (to.bare(value.value_interval.upper)) ")" }
                }
                rect class="solid" x="0" width=(pc(at(value.value_interval.lower))) y=(px(row + 24.0)) height=(BAR) {}
                rect class="range" x=(pc(at(value.value_interval.lower))) width=(pc(at(value.value_interval.upper) - at(value.value_interval.lower)))
                    y=(px(row + 24.0)) height=(BAR) {}
                line class="guess" x1=(pc(at(value.value_minor))) x2=(pc(at(value.value_minor))) y1=(px(row + 21.0)) y2=(px(row + 27.0 + BAR)) {}
                line class="limit" x1=(pc(at(value.cost_minor as f64))) x2=(pc(at(value.cost_minor as f64))) y1="18" y2=(height) {}
            }
        }
        ul class="legend" {
            @for (i, (name, minor)) in parts.iter().enumerate() {
                li { span class=(format!("key cost p{}", i.min(3))) {} span { (capital(name)) " " span class="soft" { (to.money(*minor)) } } }
            }
        }
        (key(&[("solid", tr!(lang, "key-at-least")), ("range", tr!(lang, "key-may-be")), ("guess", tr!(lang, "key-best-guess"))]))
    }
}

fn key(items: &[(&str, String)]) -> Markup {
    html! {
        ul class="legend" {
            @for (class, text) in items { li { span class=(format!("key {class}")) {} span { (text) } } }
        }
    }
}

/// A count that was computed, to the nearest whole.
fn whole(x: f64) -> u64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "cut at nothing; targets are far below 2^53"
    )]
    let n = x.max(0.0).round() as u64;
    n
}
