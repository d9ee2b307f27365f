//! The caller's side of the ABI: a checked table, an opened instance, its cancelling handle.
//!
//! Invariants: a [`Table`] has the right magic and major version and no empty required slot. An [`Instance`]
//! is used by one thread at a time (`&mut`), its [`Canceller`] by any; after `close` the canceller does nothing.
//! Results are bounded by [`Limits`]. Deadlines, processes and the meaning of the JSON are not known here.

mod buffer;
mod instance;
mod offered;
mod table;

pub use buffer::Buffer;
pub use instance::{Canceller, Instance};
pub use table::{Table, TableError};

use crate::code::Code;

/// What a channel may ask of whoever called it, from any thread.
pub trait Services: Send + Sync {
    /// A line for the log; `level` is 1 (error) to 4 (debug).
    fn log(&self, level: i32, message: &str);
    /// The time, in µs UTC.
    fn now_us(&self) -> i64;
    /// The secret of that name.
    ///
    /// # Errors
    /// When there is none, or it may not be read.
    fn secret(&self, name: &str) -> Result<String, Code>;
}

/// Bounds on what a plugin may hand back.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of one JSON answer.
    pub answer_bytes_max: usize,
    /// Rows of one observation.
    pub rows_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { answer_bytes_max: 1 << 20, rows_max: 20_000_000 }
    }
}
