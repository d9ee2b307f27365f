//! The facts of the money path: intent, act, receipt.
//!
//! A command to a platform is written down three times: as an [`Intended`] when it is wanted, as a [`Sent`] the instant
//! before it leaves, and as a [`Receipt`] when the answer is there. A crash therefore leaves an intent that certainly
//! was not sent, or a sent one whose outcome the platform must be asked for ([`Reconciled`]); never a command that
//! nobody knows about. Like all facts these are stored shapes, see [`crate::fact`].

use std::fmt;

use serde::{Deserialize, Serialize};

/// The number of a command for one arm: 1, 2, 3 … A platform's plugin ignores a number that it has seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seq(u64);

impl Seq {
    /// The first command of an arm.
    pub const FIRST: Self = Self(1);

    /// Command number `number`.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The number of the command after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The key of a command, under which a platform can be asked about it: `experiment/arm/seq`.
///
/// ```
/// # use gevinst_ledger::{Seq, command_key};
/// assert_eq!(command_key("headlines", "problem", Seq::new(7)), "headlines/problem/7");
/// ```
#[must_use]
pub fn command_key(experiment: &str, arm: &str, seq: Seq) -> String {
    format!("{experiment}/{arm}/{seq}")
}

/// A budget: a whole number of minor units of money, or of exposures where a list is shared out instead of money.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Amount {
    /// Minor units (øre, cents), or exposures.
    pub minor: i64,
    /// ISO 4217 code; `None` when exposures are counted.
    pub currency: Option<String>,
}

/// What a command sets, absolutely.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setting {
    /// Budget a day; `None` leaves it as it is.
    pub daily_budget: Option<Amount>,
    /// Whether delivery is stopped.
    pub paused: bool,
}

/// What a platform says about an arm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlatformState {
    /// Whether the arm's object exists there.
    pub exists: bool,
    /// Its budget a day.
    pub daily_budget: Option<Amount>,
    /// Whether delivery is stopped.
    pub paused: bool,
    /// The newest command that the plugin knows to have been applied.
    pub last_seq: Option<Seq>,
}

/// A command that is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intended {
    /// The arm.
    pub arm: String,
    /// Its number.
    pub seq: Seq,
    /// Its key, see [`command_key`].
    pub key: String,
    /// What it sets.
    pub set: Setting,
    /// Whether it makes the arm on the platform.
    pub launch: bool,
    /// Why, in a sentence.
    pub reason: String,
    /// It must not be sent after this, µs UTC.
    pub not_after_us: i64,
    /// Whether a person must approve it first.
    pub needs_approval: bool,
}

/// One intent, as an [`Approval`] names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct IntentRef {
    /// The arm.
    pub arm: String,
    /// The command's number.
    pub seq: Seq,
}

/// What a person decided about intents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// They may be sent.
    Approved,
    /// They are not to be sent.
    Declined,
}

/// A person approved or declined intents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// Which.
    pub intents: Vec<IntentRef>,
    /// Who decided.
    pub by: String,
    /// What.
    pub decision: Decision,
}

/// An intent is given up before it was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Withdrawn {
    /// The arm.
    pub arm: String,
    /// The command's number.
    pub seq: Seq,
    /// Why, in a sentence.
    pub reason: String,
}

/// A command is about to be sent. This must be recorded before the first byte leaves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// The arm.
    pub arm: String,
    /// The command's number.
    pub seq: Seq,
}

/// How an attempt to apply a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The platform has it.
    Applied,
    /// The platform certainly does not have it; trying again later may help.
    NotApplied,
    /// The platform certainly does not have it and will not take it: a bad request, a missing right.
    Refused,
    /// Nobody knows: the platform must be asked.
    Unknown,
}

/// What a channel answered to a command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The arm.
    pub arm: String,
    /// The command's number.
    pub seq: Seq,
    /// How it ended.
    pub outcome: Outcome,
    /// What the platform said about the arm, where it did.
    pub state: Option<PlatformState>,
    /// The channel's message; empty when there is nothing to say.
    pub message: String,
}

/// What became of a command whose outcome was unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Settlement {
    /// The platform has it.
    Applied,
    /// The platform does not have it.
    NotApplied,
}

/// What the platform said, when asked, about a command whose outcome was unknown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reconciled {
    /// The arm.
    pub arm: String,
    /// The command's number.
    pub seq: Seq,
    /// What became of it.
    pub outcome: Settlement,
    /// What the platform said.
    pub state: PlatformState,
}
