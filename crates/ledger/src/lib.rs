//! The durable, hash-chained record in SQLite.
//!
//! A [`Ledger`] is one file in which everything that happened to a company's experiments is written down once and never
//! changed: definitions as launched, observations with what was known when, looks with their evidence, verdicts, intents,
//! approvals, receipts. It is the only memory that the program has; whatever is shown or decided is derived from it.
//!
//! - **Durable**: a call that returns has its records on the disk; a call that fails has recorded nothing.
//! - **Append-only**: records are chained by hash ([`chain`]), and [`Ledger::verify`] names the first that was touched.
//! - **Repeatable**: [`Ledger::observations`] reads what was known as of any earlier record or time.
//! - **One writer**: a second one is refused with the name of the first ([`Error::Locked`]). Readers are always welcome.
//! - **Guarded**: facts that the history does not allow are refused before they are written ([`Progress`]); that is what
//!   keeps a command from being sent twice.
//!
//! It does not judge, allocate or talk to channels, and it knows no clock: times are handed in.
//!
//! ```
//! use gevinst_ledger::fact::{Launched, LaunchedArm};
//! use gevinst_ledger::{AsOf, Batch, Fact, Ledger, Row, Value};
//!
//! let day_us = 86_400_000_000;
//! let start_us = 1_793_491_200_000_000;
//! let arm = |name: &str, code| LaunchedArm { name: name.into(), code, channel: "native".into(), control: code == 1 };
//! let launched = Launched {
//!     definition_toml: "…".into(),
//!     company_toml: "…".into(),
//!     schema: 1,
//!     month: "2026-11".into(),
//!     program: "0.1.0".into(),
//!     rehearsal_seed: None,
//!     arms: vec![arm("product", 1), arm("problem", 2)],
//!     plugins: vec![],
//!     sources: vec![],
//!     prior: None,
//! };
//! let mut ledger = Ledger::in_memory();
//! ledger.append(start_us, Some("headlines"), vec![Fact::Launched(launched)])?;
//!
//! // The platform reports one lead for a day, and later restates it to two.
//! let mut first = None;
//! for count in [1, 2] {
//!     let value = Value { count, sum: count as f64, sum_sq: count as f64 };
//!     let rows = [Row { arm: "problem", metric: "lead", period_start_us: start_us, value }];
//!     let batch = Batch {
//!         channel: "native",
//!         from_us: start_us,
//!         to_us: start_us + day_us,
//!         cursor: None,
//!         fresh_until_us: None,
//!         rows: &rows,
//!     };
//!     let summary = ledger.observe(start_us + day_us, "headlines", &batch)?;
//!     first.get_or_insert(summary.record);
//! }
//! let then = ledger.observations("headlines", AsOf::Record(first.unwrap()))?;
//! let now = ledger.observations("headlines", AsOf::Now)?;
//! assert_eq!((then[0].value.count, now[0].value.count), (1, 2));
//! assert!(ledger.verify(None)?.is_sound());
//! # Ok::<(), gevinst_ledger::Error>(())
//! ```
#![forbid(unsafe_code)]

pub mod chain;
mod error;
pub mod evidence;
mod export;
pub mod fact;
mod file;
mod ledger;
pub mod limits;
mod lock;
mod memory;
pub mod moves;
mod observation;
mod progress;
mod reading;
mod schema;
mod store;
mod verify;

pub use chain::{Digest, DigestError, Head, RecordId};
pub use error::{Error, ErrorKind};
pub use export::{EXPORT_SCHEMA_VERSION, Format};
pub use fact::{Fact, Kind, Stored};
pub use ledger::{Access, Ledger};
pub use moves::{Amount, Seq, Setting, command_key};
pub use observation::{
    AsOf, BATCH_ROWS_MAX, Batch, BatchSummary, COUNT_MAX, MARKET_ARM, Observation, Row, SUM_MAX, Value,
};
pub use progress::{ArmProgress, Commanded, IntentState, OpenIntent, Progress};
pub use reading::{ExperimentEntry, Facts};
pub use schema::FORMAT;
pub use store::Filter;
pub use verify::{PROBLEMS_LISTED_MAX, Problem, Verification};
