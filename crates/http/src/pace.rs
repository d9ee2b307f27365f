//! Not more requests than a platform allows: a token bucket in its virtual-scheduling form (GCRA).

use std::time::{Duration, Instant};

/// A rate with a burst. Pure: the caller brings the time and does the waiting.
#[derive(Clone, Debug)]
pub struct Pace {
    interval: Duration,
    burst: Duration,
    next: Option<Instant>,
}

impl Pace {
    /// `requests` in each `period`, up to as many at once.
    pub fn new(requests: u32, period: Duration) -> Self {
        let interval = period / requests.max(1);
        Self { interval, burst: period.saturating_sub(interval), next: None }
    }

    /// Takes a place in the queue: how long to wait before sending.
    pub fn take(&mut self, now: Instant) -> Duration {
        let due = self.next.map_or(now, |next| next.max(now));
        self.next = Some(due + self.interval);
        due.saturating_duration_since(now).saturating_sub(self.burst)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protects against sending faster than the burst and the rate allow.
    #[test]
    fn a_burst_and_then_the_rate() {
        let (mut pace, start) = (Pace::new(3, Duration::from_secs(3)), Instant::now());
        for _ in 0..3 {
            assert_eq!(pace.take(start), Duration::ZERO);
        }
        assert_eq!(pace.take(start), Duration::from_secs(1));
        assert_eq!(pace.take(start), Duration::from_secs(2));
        // After a rest the whole burst is there again, and no more than it.
        let later = start + Duration::from_secs(60);
        assert_eq!([(); 4].map(|()| pace.take(later).as_secs()), [0, 0, 0, 1]);
    }
}
