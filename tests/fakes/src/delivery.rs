//! What a budget buys on a fake platform: spend that accrues with its clock, and what a stated truth makes of it.
//!
//! Nothing is random: goals are the whole part of what the truth says of all spend so far, so that they add up to it
//! however the days are cut. Days are reported before they are final, as platforms do.

/// Moments and lengths of time, in µs UTC. A day has one budget, whether it has 23, 24 or 25 hours.
type Us = i64;

/// What is true of an object.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Truth {
    /// What a thousand impressions cost, in minor units.
    pub per_thousand_minor: i64,
    /// Clicks in ten thousand impressions.
    pub clicks_per_10_000: i64,
    /// What a goal costs in the long run, in minor units.
    pub per_goal_minor: i64,
    /// What a goal is worth, in minor units.
    pub goal_value_minor: i64,
    /// What of the budget is spent, in hundredths.
    pub spent_percent: i64,
}

impl Default for Truth {
    fn default() -> Self {
        Self {
            per_thousand_minor: 6_000,
            clicks_per_10_000: 40,
            per_goal_minor: 60_000,
            goal_value_minor: 180_000,
            spent_percent: 100,
        }
    }
}

/// How figures are reported before they are final.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Restating {
    /// For so long after a day's end its figures are preliminary, in µs.
    pub for_us: Us,
    /// What of the final spend is reported until then, in hundredths.
    pub spend_percent: i64,
    /// What of the final goals is reported until then, in hundredths.
    pub goals_percent: i64,
}

impl Default for Restating {
    /// Three days with 105 % of the spend (invalid clicks are still in it) and half the goals.
    fn default() -> Self {
        Self { for_us: 3 * 86_400_000_000, spend_percent: 105, goals_percent: 50 }
    }
}

/// The figures of one period.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Minor units.
    pub spend_minor: i64,
    /// Impressions.
    pub impressions: i64,
    /// Clicks.
    pub clicks: i64,
    /// Goals.
    pub goals: i64,
    /// What they are worth, in minor units.
    pub value_minor: i64,
}

impl Figures {
    /// Whether nothing happened.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            spend_minor: self.spend_minor + other.spend_minor,
            impressions: self.impressions + other.impressions,
            clicks: self.clicks + other.clicks,
            goals: self.goals + other.goals,
            value_minor: self.value_minor + other.value_minor,
        }
    }
}

/// The history of an object's budget.
#[derive(Clone, Debug, Default)]
pub struct Delivery {
    /// When, budget a day in minor units while it runs; ascending.
    changes: Vec<(Us, i64)>,
}

impl Delivery {
    /// From now on this budget a day is spent; 0 while it rests.
    pub fn set(&mut self, at_us: Us, daily_minor: i64) {
        self.changes.push((at_us, daily_minor));
    }

    /// What was spent in a day, as far as it has gone at `until_us`.
    fn spent(&self, day: (Us, Us), until_us: Us, truth: &Truth) -> i64 {
        let (start, end) = day;
        let ends = self.changes.iter().skip(1).map(|change| change.0).chain([Us::MAX]);
        let sum: i128 = self
            .changes
            .iter()
            .zip(ends)
            .map(|(&(from, daily), to)| {
                let time = to.min(end).min(until_us) - from.max(start);
                i128::from(daily) * i128::from(time.max(0))
            })
            .sum();
        let minor = sum * i128::from(truth.spent_percent) / (100 * i128::from(end - start));
        i64::try_from(minor).unwrap_or(i64::MAX)
    }

    /// The figures of each of consecutive days, final, as far as they have gone at `until_us`.
    pub fn days(&self, days: &[(Us, Us)], until_us: Us, truth: &Truth) -> Vec<Figures> {
        let mut all_minor = 0;
        let until = |minor: i64| {
            let impressions = minor * 1_000 / truth.per_thousand_minor;
            (impressions, impressions * truth.clicks_per_10_000 / 10_000, minor / truth.per_goal_minor)
        };
        let of_day = |day: &(Us, Us)| {
            let spend_minor = self.spent(*day, until_us, truth);
            let before = until(all_minor);
            all_minor += spend_minor;
            let after = until(all_minor);
            let goals = after.2 - before.2;
            Figures {
                spend_minor,
                impressions: after.0 - before.0,
                clicks: after.1 - before.1,
                goals,
                value_minor: goals * truth.goal_value_minor,
            }
        };
        days.iter().map(of_day).collect()
    }
}

impl Restating {
    /// What is reported at `now_us` of a day that ended at `end_us`.
    #[must_use]
    pub fn reported(&self, fin: Figures, end_us: Us, now_us: Us) -> Figures {
        if now_us >= end_us + self.for_us {
            return fin;
        }
        let goals = fin.goals * self.goals_percent / 100;
        let worth = if fin.goals == 0 { 0 } else { fin.value_minor / fin.goals };
        Figures {
            spend_minor: fin.spend_minor * self.spend_percent / 100,
            goals,
            value_minor: goals * worth,
            ..fin
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protects the month's end: goals add up to what the truth says of all that was spent.
    #[test]
    fn figures_add_up() {
        const DAY: Us = 86_400_000_000;
        let mut delivery = Delivery::default();
        delivery.set(DAY / 2, 100_000);
        delivery.set(3 * DAY, 0);
        delivery.set(4 * DAY, 50_000);
        let days: Vec<(Us, Us)> = (0..6).map(|day| (day * DAY, (day + 1) * DAY)).collect();
        let figures = delivery.days(&days, 5 * DAY + DAY / 2, &Truth::default());
        let spend: Vec<i64> = figures.iter().map(|day| day.spend_minor).collect();
        assert_eq!(spend, [50_000, 100_000, 100_000, 0, 50_000, 25_000]);
        assert_eq!(figures.iter().map(|day| day.goals).sum::<i64>(), 325_000 / 60_000);
        let early = Restating::default().reported(figures[1], 2 * DAY, 3 * DAY);
        assert_eq!((early.spend_minor, early.goals), (105_000, figures[1].goals / 2));
        assert_eq!(Restating::default().reported(figures[1], 2 * DAY, 5 * DAY), figures[1]);
    }
}
