//! The trait that a plugin implements.

use gevinst_abi::wire::{Command, CursorAfter, Description, ObserveRequest, Query, Receipt, State};
use gevinst_abi::{Columns, Error, Row};
use serde::de::DeserializeOwned;

use crate::host::Host;

/// One account on one platform, serving any number of experiments and arms.
///
/// Calls come one at a time, not always from the same thread, and may be cancelled: a long one should ask
/// [`Host::is_cancelled`], or wait by [`Host::sleep`].
pub trait Channel: Sized + Send + 'static {
    /// The configuration: the channel's table in `gevinst.toml` without `plugin`, with the company's
    /// `timezone` and `currency` added where it has none. Give it `#[serde(deny_unknown_fields)]`, and
    /// optional fields for what you do not need, so that a misspelt key is refused instead of ignored.
    type Config: DeserializeOwned;

    /// Who the plugin is. No I/O, and the same answer every time.
    fn describe() -> Description;

    /// Opens the account. Names of secrets in the configuration are resolved by [`Host::secret`].
    ///
    /// # Errors
    /// [`Error::bad_config`] with a JSON pointer, [`Error::auth`], [`Error::unavailable`].
    fn open(config: Self::Config, host: Host) -> Result<Self, Error>;

    /// Signs in and looks whether everything is there, without changing anything.
    ///
    /// # Errors
    /// Whatever would keep a command from being carried out.
    fn check(&mut self) -> Result<(), Error> {
        Ok(())
    }

    /// Carries out an absolute command: afterwards the arm has this budget and rests or does not, whatever it was
    /// before. A `seq` that is not above the arm's last one is ignored (`applied: false`). The receipt tells
    /// the state as read back from the platform.
    ///
    /// # Errors
    /// [`Error::not_applied`] (or a bad request, sign-in, rate limit) only when the platform certainly did
    /// not act; otherwise [`Error::unknown_outcome`].
    fn apply(&mut self, command: &Command) -> Result<Receipt, Error>;

    /// The platform's state of one arm.
    ///
    /// # Errors
    /// [`Error::unavailable`] and the like. An arm that the platform does not know is no error.
    fn query(&mut self, query: &Query) -> Result<State, Error>;

    /// Observations of whole periods in `from_us..to_us` that are new or restated since the cursor. A row
    /// replaces what was reported of its arm, period and metric; a missing row is not a zero.
    ///
    /// # Errors
    /// [`Error::unavailable`] and the like.
    fn observe(&mut self, request: &ObserveRequest) -> Result<Observations, Error>;
}

/// What [`Channel::observe`] returns.
#[derive(Clone, Debug, PartialEq)]
pub struct Observations {
    /// The rows, in any order, each arm, period and metric once.
    pub rows: Columns,
    /// Where to go on, and until when everything has been reported.
    pub after: CursorAfter,
}

impl Observations {
    /// Rows with the cursor after them; every period ending at or before `fresh_until_us` is reported.
    pub fn new(
        rows: impl IntoIterator<Item = Row>,
        cursor: impl Into<Option<String>>,
        fresh_until_us: i64,
    ) -> Self {
        Self {
            rows: rows.into_iter().collect(),
            after: CursorAfter { cursor: cursor.into(), fresh_until_us },
        }
    }
}
