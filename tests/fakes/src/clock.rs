//! The time on a fake platform: set by a test, shared by all who ask.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// 2026-11-01 in Oslo, where a month of tests begins unless told otherwise, in µs UTC.
const NOVEMBER_US: i64 = 1_793_487_600_000_000;

/// A clock that only a test moves. Clones are the same clock.
#[derive(Clone, Debug)]
pub struct Clock(Arc<AtomicI64>);

impl Default for Clock {
    fn default() -> Self {
        Self(Arc::new(AtomicI64::new(NOVEMBER_US)))
    }
}

impl Clock {
    /// The time, in µs UTC.
    pub fn now_us(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }

    /// Sets the time.
    pub fn set_us(&self, now_us: i64) {
        self.0.store(now_us, Ordering::SeqCst);
    }

    /// Lets time pass.
    pub fn advance_us(&self, by_us: i64) {
        self.0.fetch_add(by_us, Ordering::SeqCst);
    }
}
