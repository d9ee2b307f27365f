//! A stand-in market behind the channel ABI.
//!
//! [`Market`] draws what a real platform would have reported: goals that follow stated truths, or results that somebody
//! really had, under whatever budgets it is commanded. It is pure and deterministic: a month is a function of the
//! truths, the seed and the commands. The same market answers in-process, for rehearsals of thousands of months, and
//! through the plugin boundary.
//!
//! ```
//! use std::sync::Arc;
//! use gevinst_rehearsal::{Calendar, Grain, Market, Model, Per, Truth};
//!
//! let mut truth = Truth::of_arms(Per::Spend, [("product", 1.0), ("problem", 1.3)]);
//! truth.daily_budget = Some(250_000); // 2 500 kroner, in øre
//! truth.goals_per_day = Some(3.0);
//! let model = Arc::new(Model::new(&truth)?);
//! let calendar = Arc::new(Calendar::month("2026-11", "Europe/Oslo", Grain::Day)?);
//!
//! let mut market = Market::new(model, "headlines", 1, Arc::clone(&calendar));
//! for arm in 0..2 {
//!     market.apply(arm, 1, 125_000, false, calendar.start_us())?;
//! }
//! let (_, third_midnight) = calendar.period(2);
//! let mut rows = Vec::new();
//! let fresh_until = market.observe(calendar.start_us(), calendar.end_us(), third_midnight, &mut rows);
//! assert_eq!(fresh_until, third_midnight);
//! assert_eq!(rows.len(), 6, "two arms, three days");
//! assert_eq!(rows.iter().map(|row| row.spend_minor).sum::<i64>(), 3 * 250_000);
//! # Ok::<(), gevinst_rehearsal::Error>(())
//! ```
#![forbid(unsafe_code)]

mod arrivals;
mod calendar;
mod channel;
mod config;
mod data;
mod delivery;
mod error;
pub mod journal;
mod market;
mod model;
mod num;
mod platform;
mod pool;
mod stream;
mod truth;

pub use calendar::{Calendar, Grain};
pub use channel::Rehearsal;
pub use config::{Config, Experiment, Faults};
pub use data::{ArmData, Data, Totals};
pub use error::Error;
pub use market::{Applied, Market, Row};
pub use model::Model;
pub use truth::{BudgetIn, DataSpec, Draw, GoalValue, Per, Restate, Text, Truth};

gevinst_sdk::export_channel!(Rehearsal);
