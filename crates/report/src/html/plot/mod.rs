//! The plots: well-formed SVG that follows the width of the page without shrinking its text.
//!
//! A plot's own area is the inside of its axes. Positions along the days are percentages, heights are pixels, and
//! only lines and bands, which know no percentages, live in a nested picture that is stretched to the width. So text,
//! markers and hatches keep their size on a telephone, a wide screen and paper. Every plot carries a title and a
//! description for those who do not see it; arms are told apart by hatch, marker and label, never by colour alone.

mod balance;
mod cost;
mod lines;
mod money;
mod ratio;

pub(super) use balance::{pace_plot, return_plot};
pub(super) use cost::{cost_plot, cost_rows};
pub(super) use lines::{chance_plot, evidence_plot};
pub(super) use money::{Bars, drawn_arms, money_plot};
pub(super) use ratio::{RatioFrame, interval_cell, ratio_plot};

use maud::{Markup, html};

use super::Reader;
use crate::scale::DayScale;

/// How many looks (hatch and colour) there are for arms; more arms than that are drawn together.
pub(crate) const LOOKS: usize = 8;

/// The hatches, once a page.
#[must_use]
pub(crate) fn patterns() -> Markup {
    // Lines of the page's own colour over the arm's: quiet on screen, told apart in grey print.
    let hatch: [&str; LOOKS] = [
        "",
        "M-2 2L2 -2M-2 10L10 -2M6 10L10 6",
        "M0 4H8",
        "M-2 6L2 10M-2 -2L10 10M6 -2L10 2",
        "M4 0V8",
        "M0 4H8M4 0V8",
        "M-2 2L2 -2M-2 10L10 -2M6 10L10 6M-2 6L2 10M-2 -2L10 10M6 -2L10 2",
        "M2 1.2V2.8M6 5.2V6.8",
    ];
    html! {
        svg class="patterns" width="0" height="0" aria-hidden="true" focusable="false" {
            defs {
                @for (i, path) in hatch.iter().enumerate() {
                    pattern id=(format!("p{}", i + 1)) width="8" height="8" patternUnits="userSpaceOnUse" {
                        rect class=(format!("f{}", i + 1)) width="8" height="8" {}
                        @if !path.is_empty() { path class="hatch" d=(path) {} }
                    }
                }
            }
        }
    }
}

/// A small square with an arm's hatch, for legends and tables.
#[must_use]
pub(crate) fn swatch(index: usize) -> Markup {
    html! {
        svg class="swatch" width="14" height="14" aria-hidden="true" focusable="false" {
            rect x="0.5" y="0.5" width="13" height="13" rx="2.5" fill=(fill(index)) {}
        }
    }
}

/// Which look an arm has by its place in the definition, from 1.
fn look(index: usize) -> usize {
    index.min(LOOKS - 1) + 1
}

fn fill(index: usize) -> String {
    format!("url(#p{})", look(index))
}

/// The days along the bottom: the month is named once, so that labels keep apart on a narrow plot.
fn day_axis(days: &DayScale, height: f64, to: Reader<'_>) -> Markup {
    let ticks = days.ticks();
    html! {
        line class="axis" x1="0" x2="100%" y1=(height) y2=(height) {}
        @for (i, tick) in ticks.iter().enumerate() {
            @if let Some(x) = days.middle(*tick) {
                @let named = i.checked_sub(1).and_then(|i| ticks.get(i)).is_none_or(|last| last.month() != tick.month());
                line class="axis" x1=(pc(x)) x2=(pc(x)) y1=(height) y2=(height + 4.0) {}
                text class="tick" x=(pc(x)) y=(height + 17.0) text-anchor="middle" {
                    @if named { (to.lang.day_short(*tick)) } @else { (tick.day()) }
                }
            }
        }
    }
}

/// A share of the width as a percentage.
fn pc(share: f64) -> String {
    let mut text = format!("{:.2}", share * 100.0);
    while text.contains('.') && text.ends_with(['0', '.']) {
        text.pop();
    }
    if text == "-0" { "0".to_owned() } else { format!("{text}%") }
}

/// A length in pixels to a tenth.
fn px(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map_or_else(|| text.clone(), str::to_owned)
}

/// A tick of a money axis: `2 000`, `40k`, `1.2M`.
fn short(value: f64, to: Reader<'_>) -> String {
    let (scaled, suffix) = match value {
        v if v >= 1e9 => (v / 1e9, "bn"),
        v if v >= 1e6 => (v / 1e6, "M"),
        v if v >= 1e4 => (v / 1e3, "k"),
        v => (v, ""),
    };
    let rounded = (scaled * 100.0).round() / 100.0;
    if rounded == 0.0 {
        return "0".to_owned();
    }
    let mut text = to.lang.significant(rounded);
    while text.contains(['.', ',']) && text.ends_with(['0', '.', ',']) && rounded < 1000.0 {
        text.pop();
    }
    format!("{text}{suffix}")
}
