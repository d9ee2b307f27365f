//! Terminal, HTML, Markdown, CSV and JSON reports from the ledger.
//!
//! One result, several readers: every form is written from the same model, every figure of the model comes from the
//! ledger, and every effect carries its two labels, what the figure promises (*guarantee*) and how the arms were kept
//! apart (*separation*).
//!
//! - [`model`]: the month's report as data; its serialised form is the JSON.
//! - [`verdict`]: what was concluded and what to do next, in words.
//! - [`html`]: one self-contained file a month. - [`terminal`]: the same in 80 columns.
//! - [`markdown`]: for a chat post. [`csv`], [`json`]: for other programs, with their [`schema`].
//! - [`library`]: every experiment ever run, to be searched. [`language`]: four languages.
//! - [`rehearsal`], [`judge_table`]: the results of `gevinst rehearse` and `gevinst judge`.
//!
//! This crate reads no clock and no environment, prints nothing, and judges nothing: the statistics were done when the
//! ledger was written. The same input gives the same bytes.
#![forbid(unsafe_code)]

mod calendar;
pub mod csv;
mod error;
pub mod figures;
pub mod from_ledger;
pub mod html;
mod interval;
pub mod json;
pub mod judge_table;
pub mod language;
pub mod library;
pub mod markdown;
pub mod model;
pub mod prose;
pub mod rehearsal;
mod scale;
pub mod schema;
mod sentences;
pub mod terminal;
pub mod verdict;
pub mod words;

pub use error::Error;
