//! Observe, judge, decide, allocate, move, cycle: what runs an experiment, one step at a time.
//!
//! - [`plan`]: a definition turned into periods, whole amounts and statistical settings.
//! - [`observe`]: ask the channels, record what they say. [`book`]: the latest known figures.
//! - [`market`]: series of the whole market, for the reports.
//! - [`quality`]: is the data fit to decide on? [`commanded`]: what it is held against.
//! - [`engine`]: a table and where the experiment stood → evidence, verdicts, shares. [`evidence`]: as the ledger keeps it.
//! - [`kinds`]: which statistics judge which kind of goal.
//! - [`allocate`], [`purse`] and [`month_budget`]: shares to whole amounts within every cap. [`guardrails`]: what must not be harmed.
//! - [`moves`]: intent, act, receipt.
//! - [`cycle`]: one step of one experiment, through ledger and channels.
//! - [`rehearse`]: the same against a stand-in market, by the thousand.
//! - [`audit`]: what a threshold rule does to the same months.
//! - [`learn`]: what closed experiments say about the next ones.
//!
//! The crate reads no clock and no environment and prints nothing. Channels are behind [`port`].
#![forbid(unsafe_code)]

pub mod allocate;
pub mod audit;
pub mod book;
pub mod commanded;
pub mod cycle;
pub mod engine;
mod error;
pub mod evidence;
pub mod guardrails;
pub mod kinds;
pub mod learn;
pub mod market;
pub mod month_budget;
pub mod moves;
pub mod observe;
pub mod plan;
pub mod port;
pub mod purse;
pub mod quality;
pub mod rehearse;

pub use error::Error;
