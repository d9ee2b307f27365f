//! HTML: one self-contained file that opens offline.
//!
//! No script, no font, no picture from elsewhere; style and plots are inside. maud escapes every text that a user
//! wrote; what could reorder or hide text is taken out before. The same report gives the same bytes.

mod details;
mod experiment;
mod month;
mod plot;
mod rehearsal;

pub(crate) use month::lede;
pub(crate) use rehearsal::lede as rehearsal_lede;

use jiff::Timestamp;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::model::{MonthReport, Outcome};
use crate::prose::{Piece, Prose, glue};
use crate::rehearsal::RehearsalReport;

/// A month as one HTML page.
#[must_use]
pub fn month_page(report: &MonthReport) -> String {
    month::page(report).into_string()
}

/// A rehearsal as one HTML page.
#[must_use]
pub fn rehearsal_page(report: &RehearsalReport) -> String {
    rehearsal::page(report).into_string()
}

/// The frame of a page: head, style, hatches and a way past the header.
fn frame(title: &str, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                // Nothing is loaded from anywhere, and a browser is told so.
                meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:";
                link rel="icon" href="data:,";
                title { (title) }
                style { (PreEscaped(include_str!("style.css"))) }
            }
            body {
                a class="skip" href="#main" { "Skip to the results" }
                (plot::patterns())
                div class="page" { (body) }
            }
        }
    }
}

/// A sentence with its names set apart.
fn prose(prose: &Prose) -> Markup {
    html! {
        @for piece in prose.pieces() {
            @match piece {
                Piece::Words(words) => (glue(words)),
                Piece::Name(name) => span class="name" { (name) },
            }
        }
    }
}

/// The colour family of an outcome; its sign and word say the same.
fn outcome_class(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Winner | Outcome::BestBet => "tag good",
        Outcome::Unprofitable | Outcome::Stopped => "tag bad",
        Outcome::Narrowed | Outcome::Mixed | Outcome::Tied => "tag wait",
        Outcome::NoData | Outcome::Open | Outcome::Unproven | Outcome::Single => "tag",
    }
}

/// When a report was made, to the minute, in the company's time zone where it is known.
fn made(at: Timestamp, timezone: &str) -> String {
    match at.in_tz(timezone) {
        Ok(local) => format!(
            "{} {}, {:02}:{:02} ({timezone})",
            crate::figures::day(local.date()),
            local.year(),
            local.hour(),
            local.minute()
        ),
        Err(_) => at.to_string(),
    }
}

/// A table that may be wider than the page: it scrolls by itself, with the keyboard too.
fn scroll(label: &str, table: &Markup) -> Markup {
    html! { div class="scroll" role="region" aria-label=(label) tabindex="0" { (table) } }
}
