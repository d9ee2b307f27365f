//! HTML: self-contained files that open offline.
//!
//! No font and no picture from elsewhere, and no script but the search of long tables; style and plots are inside. maud
//! escapes every text that a user wrote; what could reorder or hide text is taken out before. The same report gives the
//! same bytes.

mod arms;
mod compare;
mod crowd;
mod details;
mod experiment;
mod library;
mod management;
mod month;
mod overview;
mod plot;
mod plots;
mod rehearsal;
mod served;

pub(crate) use month::lede;
pub(crate) use rehearsal::lede as rehearsal_lede;
pub use served::{Waiting, served_frame, waiting_list};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD as BASE64;
use jiff::Timestamp;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest as _, Sha256};

use crate::figures::Currency;
use crate::language::{Language, tr};
use crate::library::Library;
use crate::model::{ExperimentReport, MonthReport, Outcome};
use crate::prose::{Piece, Prose, capital, glue};
use crate::rehearsal::RehearsalReport;

/// A month as one HTML page.
#[must_use]
pub fn month_page(report: &MonthReport) -> String {
    month::page(report).into_string()
}

/// A month on one page for those who decide on budgets.
#[must_use]
pub fn management_page(report: &MonthReport) -> String {
    management::page(report).into_string()
}

/// Several months beside each other.
#[must_use]
pub fn compare_page(reports: &[MonthReport]) -> String {
    compare::page(reports).into_string()
}

/// The library of experiments, searchable without network.
#[must_use]
pub fn library_page(library: &Library) -> String {
    library::page(library).into_string()
}

/// One experiment of a month as a page of its own.
#[must_use]
pub fn experiment_page(report: &MonthReport, x: &ExperimentReport) -> String {
    experiment::page(report, x).into_string()
}

/// A rehearsal as one HTML page.
#[must_use]
pub fn rehearsal_page(report: &RehearsalReport) -> String {
    rehearsal::page(report).into_string()
}

/// For whom a page is written: what every part of it needs to know.
#[derive(Debug, Clone, Copy)]
struct Reader<'a> {
    lang: Language,
    currency: &'a Currency,
    timezone: &'a str,
}

impl<'a> Reader<'a> {
    fn of(report: &'a MonthReport) -> Self {
        Self { lang: report.language, currency: &report.currency, timezone: &report.timezone }
    }

    fn money(&self, minor: i64) -> String {
        glue(&self.lang.money(self.currency, minor))
    }

    fn money_f64(&self, minor: f64) -> String {
        glue(&self.lang.money_f64(self.currency, minor))
    }

    fn bare(&self, minor: f64) -> String {
        glue(&self.lang.bare_f64(self.currency, minor))
    }

    fn percent(&self, share: f64) -> String {
        glue(&self.lang.percent(share))
    }

    fn count(&self, n: u64) -> String {
        glue(&self.lang.count(n))
    }

    /// A moment of the month, to the minute: `14 Nov 06:05`.
    fn clock(&self, at: Timestamp) -> String {
        match at.in_tz(self.timezone) {
            Ok(local) => {
                format!(
                    "{} {:02}:{:02}",
                    glue(&self.lang.day_short(local.date())),
                    local.hour(),
                    local.minute()
                )
            }
            Err(_) => at.to_string(),
        }
    }

    /// When a report was made, to the minute, in the company's time zone where it is known.
    fn made(&self, at: Timestamp) -> String {
        match at.in_tz(self.timezone) {
            Ok(local) => format!(
                "{} {}, {:02}:{:02} ({})",
                self.lang.day(local.date()),
                local.year(),
                local.hour(),
                local.minute(),
                self.timezone
            ),
            Err(_) => at.to_string(),
        }
    }
}

/// The frame of a page: head, style, hatches and a way past the header.
fn frame(lang: Language, title: &str, body: &Markup) -> Markup {
    // Nothing is loaded from anywhere, and a browser is told so.
    framed(lang, title, "default-src 'none'; style-src 'unsafe-inline'; img-src data:", body)
}

/// As [`frame`], with a content security policy of its own.
fn framed(lang: Language, title: &str, policy: &str, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang=(lang.code()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta http-equiv="Content-Security-Policy" content=(policy);
                link rel="icon" href="data:,";
                title { (title) }
                style { (PreEscaped(include_str!("style.css"))) }
            }
            body {
                a class="skip" href="#main" { (tr!(lang, "skip")) }
                (plot::patterns())
                div class="page" { (body) }
            }
        }
    }
}

/// A script of ours as a source in a content security policy: nothing else may run.
fn script_source(script: &str) -> String {
    format!("'sha256-{}'", BASE64.encode(Sha256::digest(script.as_bytes())))
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

/// A table that may be wider than the page: it scrolls by itself, with the keyboard too.
fn scroll(label: &str, table: &Markup) -> Markup {
    html! { div class="scroll" role="region" aria-label=(label) tabindex="0" { (table) } }
}
