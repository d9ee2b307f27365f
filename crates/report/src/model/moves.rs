//! Where the money went by day, and the moves that sent it there.

use jiff::Timestamp;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Serialize;

/// One local day.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Day {
    /// The day.
    pub date: Date,
    /// The arms that have a figure for it, in definition order.
    pub arms: Vec<DayArm>,
}

/// One arm on one day.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct DayArm {
    /// The arm's name.
    pub arm: String,
    /// Money spent as the channel reports it; `None` where it did not report (which is not a zero).
    pub spend_minor: Option<i64>,
    /// The daily budget that was in force, averaged over the day; `None` where money is not what is commanded.
    pub commanded_minor: Option<i64>,
    /// The same in units of exposure, where those are commanded.
    pub commanded_exposure: Option<i64>,
    /// Exposure as reported, in the unit of the goal's `per`.
    pub exposure: Option<f64>,
    /// Goals booked to this day so far.
    pub goals: Option<u64>,
}

/// A budget or pause command from intent to receipt.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Move {
    /// The arm.
    pub arm: String,
    /// Its number within the arm.
    pub seq: u64,
    /// When it was intended.
    pub at: Timestamp,
    /// The same as a local day.
    pub date: Date,
    /// The daily budget it commands, where that is money; `None` too where it leaves the budget as it is.
    pub daily_budget_minor: Option<i64>,
    /// The daily budget it commands, where that is exposures.
    pub daily_exposure: Option<i64>,
    /// Whether it pauses the arm.
    pub paused: bool,
    /// Whether it is the arm's first command.
    pub launch: bool,
    /// Why, as it was recorded.
    pub reason: String,
    /// Why, as a word.
    pub cause: Cause,
    /// Who decided, where a person has to.
    pub approval: Approval,
    /// What came of it.
    pub receipt: Receipt,
}

/// Why a move was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// The arm's first budget.
    MonthBegins,
    /// Its part of the day's budget by the experiment's rule.
    Share,
    /// It is proven not to be the best.
    Dropped,
    /// It equals an arm that is kept.
    Tied,
    /// It is proven to cost more, or to bring back less, than the limit.
    Unprofitable,
    /// A guardrail was breached.
    GuardrailBreached,
    /// It can no longer show anything.
    Futile,
    /// The month is over.
    MonthOver,
}

/// A person's part in a move.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum Approval {
    /// None was needed.
    NotNeeded,
    /// Nobody has decided yet.
    Awaited,
    /// Approved.
    Approved {
        /// By whom.
        by: String,
        /// When.
        at: Timestamp,
    },
    /// Declined.
    Declined {
        /// By whom.
        by: String,
        /// When.
        at: Timestamp,
    },
}

/// What came of a move.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum Receipt {
    /// It was not sent yet.
    NotSent,
    /// It was given up before it was sent.
    Withdrawn {
        /// Why.
        reason: String,
    },
    /// A later intent for the same arm took its place before it was sent.
    Replaced,
    /// It was sent; no answer is recorded.
    Sent,
    /// An answer is recorded.
    Answered {
        /// `applied`, `not-applied`, `refused` or `unknown`.
        outcome: String,
        /// When.
        at: Timestamp,
        /// What the channel said.
        message: Option<String>,
    },
}
