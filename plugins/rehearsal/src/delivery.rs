//! What a platform spends: the budget in force, pro rata, in whole units.
//!
//! All arithmetic is on integers. A day's deliveries add up to the floor of what the day's budgets came to, however many
//! periods it has; nothing is ever delivered beyond the budget.

use crate::calendar::Day;

/// Parts per million, the unit of under-delivery.
pub(crate) const MILLION: i128 = 1_000_000;

#[derive(Debug, Clone, Copy)]
struct Change {
    at_us: i64,
    /// Units a day; 0 while paused.
    per_day: i64,
}

/// The budgets of one arm as commanded so far.
#[derive(Debug, Clone, Default)]
pub(crate) struct Budgets {
    changes: Vec<Change>,
}

impl Budgets {
    /// Takes a budget from `at_us` on; the caller has made sure that it is not before the last one.
    pub(crate) fn set(&mut self, at_us: i64, per_day: i64) {
        debug_assert!(self.changes.last().is_none_or(|last| last.at_us <= at_us));
        self.changes.push(Change { at_us, per_day });
    }

    /// When the first budget was set.
    pub(crate) fn launched_us(&self) -> Option<i64> {
        self.changes.first().map(|change| change.at_us)
    }

    /// When the last budget was set.
    pub(crate) fn last_us(&self) -> Option<i64> {
        self.changes.last().map(|change| change.at_us)
    }

    /// Units delivered from the day's start until `until_us`, of which `delivered_ppm` parts per million arrive.
    pub(crate) fn delivered(&self, day: Day, until_us: i64, delivered_ppm: i128) -> i64 {
        let until_us = until_us.min(day.end_us);
        let first = self.changes.partition_point(|change| change.at_us <= day.start_us).saturating_sub(1);
        let mut unit_us: i128 = 0;
        for (index, change) in self.changes.iter().enumerate().skip(first) {
            if change.at_us >= until_us {
                break;
            }
            let end = self.changes.get(index + 1).map_or(until_us, |next| next.at_us.min(until_us));
            let length = end - change.at_us.max(day.start_us);
            if length > 0 {
                unit_us += i128::from(change.per_day) * i128::from(length);
            }
        }
        let whole = unit_us * delivered_ppm / (i128::from(day.end_us - day.start_us) * MILLION);
        i64::try_from(whole).unwrap_or(i64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const DAY: Day = Day { start_us: 0, end_us: 86_400_000_000, weekday: 0 };

    #[test]
    fn a_budget_that_changes_at_noon_counts_half() {
        // Protects: pro rata within the day, and nothing before launch.
        let mut budgets = Budgets::default();
        assert_eq!(budgets.delivered(DAY, DAY.end_us, MILLION), 0);
        budgets.set(DAY.end_us / 2, 1_001);
        assert_eq!(budgets.delivered(DAY, DAY.end_us, MILLION), 500);
        budgets.set(DAY.end_us / 4 * 3, 0);
        assert_eq!(budgets.delivered(DAY, DAY.end_us, MILLION), 250);
        let tomorrow = Day { start_us: DAY.end_us, end_us: 2 * DAY.end_us, weekday: 1 };
        assert_eq!(budgets.delivered(tomorrow, tomorrow.end_us, MILLION), 0);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn deliveries_never_exceed_the_budget_and_add_up_to_it(
            budget in 0_i64..i64::MAX / 4,
            ppm in 0_i128..=MILLION,
            cuts in proptest::collection::vec(0_i64..86_400_000_000, 0..8),
        ) {
            // Protects: money; the parts of a day are exactly the day.
            let mut budgets = Budgets::default();
            budgets.set(-5, budget);
            let mut cuts = cuts;
            cuts.sort_unstable();
            cuts.push(DAY.end_us);
            let mut before = 0;
            let mut sum = 0_i64;
            for cut in cuts {
                let until = budgets.delivered(DAY, cut, ppm);
                prop_assert!(until >= before);
                sum += until - before;
                before = until;
            }
            prop_assert_eq!(sum, budgets.delivered(DAY, DAY.end_us, ppm));
            prop_assert!(sum <= budget);
            if ppm == MILLION {
                prop_assert_eq!(sum, budget);
            }
        }
    }
}
