//! What an experiment may spend today, and how shares become whole amounts.
//!
//! Amounts are integers in the experiment's own unit: minor units of money, or exposures (people of a list) where no
//! money is spent. Invariants: the amounts of a day never sum to more than today's pool, today's pool never exceeds
//! the daily maximum, and spent-at-worst plus today's pool never exceeds the total. Nothing here talks to a platform.

/// The limits of one experiment and how far into them it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Purse {
    /// The most that may be spent over the whole month.
    pub total: i64,
    /// The most that may be commanded for one day.
    pub daily_max: i64,
    /// Spent so far, with everything unknown counted at its worst.
    pub spent_at_worst: i64,
    /// Days left in the month, today included.
    pub days_left: u32,
}

impl Purse {
    /// What may be commanded for today: an even pace over the days left, within the daily maximum and what is left.
    ///
    /// Money that a dropped arm or an under-delivering platform left behind raises the pace of the remaining days.
    #[must_use]
    pub fn today(&self) -> i64 {
        let left = (self.total - self.spent_at_worst).max(0);
        if self.days_left == 0 {
            return 0;
        }
        let days = i64::from(self.days_left);
        // Rounded up so that the last day does not inherit a remainder it cannot spend.
        let pace = left / days + i64::from(left % days != 0);
        pace.min(self.daily_max).min(left)
    }
}

/// Splits `pool` by `shares` into multiples of `step`, by largest remainder.
///
/// `shares` are non-negative and need not sum to 1: an arm's part is `pool × share`, so shares that sum to less leave
/// money unspent. The result never sums to more than `pool`; what is lost by rounding to `step` stays unspent.
///
/// # Panics
/// When `step` is not positive (the plugin's description was checked before).
#[must_use]
pub fn split(pool: i64, shares: &[f64], step: i64) -> Vec<i64> {
    assert!(step > 0, "a budget step is positive");
    let steps = pool.max(0) / step;
    let wanted: Vec<f64> = shares.iter().map(|share| share.max(0.0) * to_float(steps)).collect();
    let mut parts: Vec<i64> = wanted.iter().map(|w| whole(w.floor())).collect();
    let aim = whole(wanted.iter().sum::<f64>().round()).min(steps);
    let mut left = aim - parts.iter().sum::<i64>();
    let mut order: Vec<usize> = (0..shares.len()).collect();
    order.sort_by(|&a, &b| {
        let (ra, rb) = (wanted[a].fract(), wanted[b].fract());
        rb.total_cmp(&ra).then(a.cmp(&b))
    });
    for &arm in &order {
        if left <= 0 {
            break;
        }
        if wanted[arm] > 0.0 {
            parts[arm] += 1;
            left -= 1;
        }
    }
    // Floating sums may round a hair above the pool: take the excess from the largest.
    while parts.iter().sum::<i64>() > steps {
        if let Some(largest) = (0..parts.len()).max_by_key(|&arm| parts[arm]) {
            parts[largest] -= 1;
        }
    }
    parts.into_iter().map(|part| part * step).collect()
}

#[expect(clippy::cast_precision_loss, reason = "budgets are far below 2^53 minor units")]
fn to_float(value: i64) -> f64 {
    value as f64
}

#[expect(clippy::cast_possible_truncation, reason = "the value is a floored part of an i64 pool")]
fn whole(value: f64) -> i64 {
    value as i64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn pace_is_even_and_bounded() {
        // Protects the three caps: total, daily maximum, what is left.
        let purse = Purse { total: 3_000, daily_max: 500, spent_at_worst: 0, days_left: 30 };
        assert_eq!(purse.today(), 100);
        assert_eq!(Purse { days_left: 3, ..purse }.today(), 500);
        assert_eq!(Purse { spent_at_worst: 2_990, days_left: 1, ..purse }.today(), 10);
        assert_eq!(Purse { spent_at_worst: 3_100, ..purse }.today(), 0);
        assert_eq!(Purse { days_left: 0, ..purse }.today(), 0);
    }

    proptest! {
        #[test]
        fn split_never_exceeds_the_pool(pool in 0i64..10_000_000, step in 1i64..1_000, raw in prop::collection::vec(0.0f64..1.0, 1..50)) {
            // Protects the cap: rounding shares to whole amounts must not create money.
            let sum: f64 = raw.iter().sum();
            prop_assume!(sum > 0.0);
            let shares: Vec<f64> = raw.iter().map(|r| r / sum).collect();
            let parts = split(pool, &shares, step);
            let total: i64 = parts.iter().sum();
            prop_assert!(total <= pool);
            prop_assert!(pool - total < 2 * step, "all but a step is used: {total} of {pool}");
            prop_assert!(parts.iter().all(|p| *p >= 0 && p % step == 0));
        }
    }
}
