//! What the client needs of its host: a clock for dates in headers, and waiting that can be cancelled.

use std::time::Duration;

use gevinst_sdk::{Error, Host, Level};

/// The host as the client sees it; a test may stand in for it.
pub trait Wait: Send {
    /// The time, in µs UTC.
    fn now_us(&self) -> i64;

    /// Waits, or returns early when the call was cancelled.
    ///
    /// # Errors
    /// [`gevinst_sdk::Code::Cancelled`].
    fn sleep(&self, duration: Duration) -> Result<(), Error>;

    /// Whether the call was cancelled.
    fn is_cancelled(&self) -> bool;

    /// Tells what was done, for the plugin's author.
    fn trace(&self, line: &str);
}

impl Wait for Host {
    fn now_us(&self) -> i64 {
        Self::now_us(self)
    }

    fn sleep(&self, duration: Duration) -> Result<(), Error> {
        Self::sleep(self, duration)
    }

    fn is_cancelled(&self) -> bool {
        Self::is_cancelled(self)
    }

    fn trace(&self, line: &str) {
        self.log(Level::Debug, line);
    }
}
