//! Where an experiment stands, folded from its facts: the one place that knows which fact may follow which.
//!
//! The same fold runs before every write (a fact that breaks a rule is not recorded), on every read of the state, and in
//! [`crate::Ledger::verify`]. The rules that guard money:
//! - a command's numbers rise by one for each arm, and only the newest unsent intent of an arm can be sent;
//! - an intent that needs approval is not sent before it has it, nor any intent after its time has passed;
//! - nothing is sent twice: a receipt or reconciliation settles what was sent, and until then the arm is frozen, which
//!   means that nothing new may be intended or sent for it;
//! - the command that makes an arm is sent until it is known to have been applied, and never again after that.
//!
//! It judges no statistics and adds up no caps: the runner does, from [`ArmProgress::worst_daily_minor`].

use std::collections::BTreeMap;

use crate::RecordId;
use crate::evidence::ArmStatus;
use crate::moves::{Intended, PlatformState, Seq, Setting};

mod rules;

/// Where an experiment stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Progress {
    experiment: String,
    upto: RecordId,
    launched: Option<(RecordId, i64)>,
    closed: Option<(RecordId, i64)>,
    look: Option<(u32, RecordId)>,
    arms: BTreeMap<String, ArmProgress>,
    sources: Vec<String>,
}

/// Where an arm stands.
#[derive(Debug, Clone, PartialEq)]
pub struct ArmProgress {
    /// Its channel.
    pub channel: String,
    /// Its number in observation rows.
    pub code: u32,
    /// Whether it is the control.
    pub control: bool,
    /// What the newest verdict says; an arm runs until one says otherwise.
    pub status: ArmStatus,
    /// The number that its next command must have.
    pub next_seq: Seq,
    /// Whether the platform is known to have it.
    pub exists: bool,
    /// The newest command known to have been applied.
    pub commanded: Option<Commanded>,
    /// What the platform last said about it.
    pub platform: Option<PlatformState>,
    /// The newest intent that is neither settled, declined, withdrawn nor replaced; at most one.
    pub open: Option<OpenIntent>,
}

/// A command that was applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commanded {
    /// Its number.
    pub seq: Seq,
    /// When it was known to have been applied, µs UTC.
    pub at_us: i64,
    /// What holds since: the platform's own answer where it gave one, and otherwise what was sent; the budget that held
    /// before where the command left it alone.
    pub set: Setting,
}

/// An intent that is not settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenIntent {
    /// The record in which it was intended.
    pub record: RecordId,
    /// The intent.
    pub intent: Intended,
    /// How far it has come.
    pub state: IntentState,
}

/// How far an open intent has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum IntentState {
    /// A person must approve it. It was certainly not sent.
    AwaitingApproval,
    /// It may be sent. It certainly was not yet.
    Ready,
    /// It was sent, or the program died on the point of sending it: the platform may have it and must be asked.
    Unsettled,
}

impl OpenIntent {
    /// Whether it can no longer be sent at `now_us`.
    #[must_use]
    pub fn is_expired(&self, now_us: i64) -> bool {
        self.state != IntentState::Unsettled && now_us > self.intent.not_after_us
    }
}

impl ArmProgress {
    /// The most that the platform may be spending a day on this arm, in minor units: what holds or what an unsettled
    /// command may have set, whichever is larger. A paused arm spends nothing.
    #[must_use]
    pub fn worst_daily_minor(&self) -> i64 {
        let held = self.commanded.as_ref().map(|commanded| &commanded.set);
        let holds = held.map_or(0, |set| daily_minor(set, None));
        match &self.open {
            Some(open) if open.state == IntentState::Unsettled => {
                holds.max(daily_minor(&open.intent.set, held))
            }
            _ => holds,
        }
    }

    /// Whether a command's outcome is unknown, so that nothing may be commanded until the platform has been asked.
    #[must_use]
    pub fn is_frozen(&self) -> bool {
        self.open.as_ref().is_some_and(|open| open.state == IntentState::Unsettled)
    }
}

/// What `set` costs a day; where it leaves the budget alone, the budget of `before` goes on.
fn daily_minor(set: &Setting, before: Option<&Setting>) -> i64 {
    let budget = set.daily_budget.as_ref().or_else(|| before.and_then(|before| before.daily_budget.as_ref()));
    if set.paused { 0 } else { budget.map_or(0, |amount| amount.minor) }
}

impl Progress {
    /// An experiment of which nothing is known yet.
    pub(crate) fn new(experiment: &str) -> Self {
        Self {
            experiment: experiment.to_owned(),
            upto: RecordId::START,
            launched: None,
            closed: None,
            look: None,
            arms: BTreeMap::new(),
            sources: Vec::new(),
        }
    }

    /// The experiment's name.
    #[must_use]
    pub fn experiment(&self) -> &str {
        &self.experiment
    }

    /// The newest record that this takes into account.
    #[must_use]
    pub fn upto(&self) -> RecordId {
        self.upto
    }

    /// The record of the launch and its time, µs UTC; `None` when there is no such experiment here.
    #[must_use]
    pub fn launched(&self) -> Option<(RecordId, i64)> {
        self.launched
    }

    /// Whether a channel reports on all arms although none runs on it.
    #[must_use]
    pub fn is_source(&self, channel: &str) -> bool {
        self.sources.iter().any(|source| source == channel)
    }

    /// The record of the closing and its time, µs UTC; `None` while the experiment runs.
    #[must_use]
    pub fn closed(&self) -> Option<(RecordId, i64)> {
        self.closed
    }

    /// Number and record of the newest look.
    #[must_use]
    pub fn last_look(&self) -> Option<(u32, RecordId)> {
        self.look
    }

    /// The number that the next look must have.
    #[must_use]
    pub fn next_look(&self) -> u32 {
        self.look.map_or(1, |(number, _)| number + 1)
    }

    /// The arms by name.
    #[must_use]
    pub fn arms(&self) -> &BTreeMap<String, ArmProgress> {
        &self.arms
    }

    /// One arm.
    #[must_use]
    pub fn arm(&self, name: &str) -> Option<&ArmProgress> {
        self.arms.get(name)
    }

    /// The open intents, by arm.
    pub fn open_intents(&self) -> impl Iterator<Item = &OpenIntent> {
        self.arms.values().filter_map(|arm| arm.open.as_ref())
    }

    /// Takes over what is known of the newest look, so that older ones need not be read.
    pub(crate) fn resume_looks(&mut self, id: RecordId, number: u32) {
        self.look = Some((number, id));
    }

    /// Notes that every record up to `id` has been taken into account.
    pub(crate) fn resume_from(&mut self, id: RecordId) {
        self.upto = id;
    }
}
