//! When a request is sent again: few times, with jitter, never sooner than the vendor asks, and not for ever.

use std::time::{Duration, Instant};

/// The longest hint that is believed: a day, after which every quota has been renewed.
pub(crate) const HINT_MAX: Duration = Duration::from_secs(86_400);

/// How often and how long a repeatable request is tried.
#[derive(Clone, Debug, PartialEq)]
pub struct Retry {
    /// At most so many requests for one call.
    pub attempts: u32,
    /// The pause after the first failure; doubled after each further one.
    pub first_pause: Duration,
    /// The longest pause that the client chooses by itself.
    pub longest_pause: Duration,
    /// The longest time that one call waits, all pauses together. A vendor that asks for more is not waited for: the
    /// caller is told how long, and comes again later.
    pub patience: Duration,
}

impl Default for Retry {
    /// Four requests, pauses from half a second to eight, 20 seconds of patience.
    fn default() -> Self {
        Self {
            attempts: 4,
            first_pause: Duration::from_millis(500),
            longest_pause: Duration::from_secs(8),
            patience: Duration::from_secs(20),
        }
    }
}

impl Retry {
    /// The pause after failure number `failures` (from 1), or `None` to give up. `jitter` is uniform in 0..1, `left` what
    /// is left of the patience.
    ///
    /// Without a hint the pause lies between half and all of the doubled one; with a hint, between the hint and a
    /// tenth more, so that those who were refused together do not come back together.
    pub fn pause(
        &self,
        failures: u32,
        hint: Option<Duration>,
        jitter: f64,
        left: Duration,
    ) -> Option<Duration> {
        if failures >= self.attempts {
            return None;
        }
        let doubled = self.first_pause.saturating_mul(1 << (failures - 1).min(16)).min(self.longest_pause);
        let own = doubled.mul_f64(0.5 + 0.5 * jitter);
        let pause = hint.map_or(own, |hint| own.max(hint.mul_f64(1.0 + 0.1 * jitter)));
        (pause <= left).then_some(pause)
    }
}

/// A moment of real time after which something is given up. For waiting only: what is recorded has the host's time.
#[derive(Clone, Copy, Debug)]
pub struct Deadline(Instant);

impl Deadline {
    /// So long from now.
    pub fn after(duration: Duration) -> Self {
        Self(Instant::now() + duration)
    }

    /// What is left; zero when it has passed.
    pub fn left(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protects platforms from being pressed, and calls from waiting for ever.
    #[test]
    fn pauses_grow_and_keep_the_hint() {
        let retry = Retry::default();
        let long = Duration::from_secs(3600);
        assert_eq!(retry.pause(1, None, 0.0, long), Some(Duration::from_millis(250)));
        assert_eq!(retry.pause(3, None, 1.0, long), Some(Duration::from_secs(2)));
        assert_eq!(retry.pause(4, None, 0.5, long), None);
        let hint = Some(Duration::from_secs(10));
        for jitter in [0.0, 0.3, 1.0] {
            let pause = retry.pause(1, hint, jitter, long).unwrap();
            assert!((Duration::from_secs(10)..=Duration::from_secs(11)).contains(&pause), "{pause:?}");
        }
        assert_eq!(retry.pause(1, hint, 0.0, Duration::from_secs(9)), None);
    }
}
