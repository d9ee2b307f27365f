//! What the runner needs of a channel, whatever stands behind it: a plugin in a child process, or one linked in.
//!
//! The runner hands in the time with every call; a port never retries on its own.

use gevinst_abi::Row;
use gevinst_abi::wire::{Command, CursorAfter, Description, ObserveRequest, Query, State};
use gevinst_ledger::fact::PluginPin;
use gevinst_ledger::moves::Outcome;

/// What a channel answered to a command.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// How it ended.
    pub outcome: Outcome,
    /// What the platform said about the arm, where it did.
    pub state: Option<State>,
    /// The channel's message; empty when there is nothing to say.
    pub message: String,
}

/// A channel, opened with one account.
pub trait Port {
    /// Who it is.
    fn description(&self) -> &Description;

    /// Carries out a command. Whatever goes wrong is an outcome: certain not to be applied, refused, or unknown.
    fn apply(&mut self, command: &Command, now_us: i64) -> Answer;

    /// Asks for an arm's state.
    ///
    /// # Errors
    /// The channel's own message.
    fn query(&mut self, query: &Query, now_us: i64) -> Result<State, PortError>;

    /// Asks for observations.
    ///
    /// # Errors
    /// The channel's own message; nothing may be concluded from rows that came before it.
    fn observe(
        &mut self,
        request: &ObserveRequest,
        now_us: i64,
    ) -> Result<(Vec<Row>, CursorAfter), PortError>;
}

/// The channels of a project.
pub trait Ports {
    /// The opened channel that serves an experiment's arms on `channel`.
    ///
    /// # Errors
    /// When its plugin cannot be found, trusted, loaded or opened.
    fn port(&mut self, experiment: &str, channel: &str) -> Result<&mut dyn Port, PortError>;

    /// The library behind it, to be pinned at launch.
    ///
    /// # Errors
    /// As [`Ports::port`].
    fn pin(&mut self, experiment: &str, channel: &str) -> Result<PluginPin, PortError>;
}

/// Why a channel could not be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct PortError {
    /// What happened, in a sentence.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl PortError {
    /// An error with a message and no hint.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None }
    }
}
