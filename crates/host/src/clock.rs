//! The clock that a channel reads: what the call was told, standing still or going on from there.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use crate::surroundings::Now;

/// Set at the beginning of every call; read from any thread.
#[derive(Debug)]
pub(crate) struct CallClock(Mutex<(Now, Instant)>);

impl CallClock {
    pub(crate) fn new() -> Self {
        Self(Mutex::new((Now::Frozen(0), Instant::now())))
    }

    pub(crate) fn set(&self, now: Now) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = (now, Instant::now());
    }

    pub(crate) fn now_us(&self) -> i64 {
        let (now, since) = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match now {
            Now::Frozen(now_us) => now_us,
            Now::Running(now_us) => {
                let passed = i64::try_from(since.elapsed().as_micros()).unwrap_or(i64::MAX);
                now_us.saturating_add(passed)
            }
        }
    }
}
