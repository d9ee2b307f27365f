//! People and goals of a randomised list, per cohort and arm, checked.
//!
//! A period is a cohort: the people who were exposed in it, once each. What it was read as at earlier looks splits it into *strata*,
//! each a 2×2 table of its own; a cohort that was read once is one stratum. Why goals that arrive late need that is told in
//! [the module](super).

use crate::StatsError;

/// The most people or goals in one cell: 2^40, so that sums of whole tables stay exact in an `f64`.
pub const PEOPLE_MAX: u64 = 1 << 40;

/// People exposed and people who reached the goal, for U periods and K arms, period by period.
///
/// ```
/// use gevinst_stats::proportion::PeopleTable;
///
/// // Two days, three arms: people, then those who visited.
/// let people = vec![700, 702, 698, 350, 340, 360];
/// let goals = vec![128, 106, 74, 60, 51, 40];
/// let table = PeopleTable::new(3, people, goals)?;
/// assert_eq!((table.periods(), table.arms()), (2, 3));
/// assert_eq!(table.totals(0), (1050, 188));
///
/// let error = PeopleTable::new(2, vec![10, 10], vec![4, 11]).unwrap_err();
/// assert_eq!(error.to_string(), "period 0, arm 1: goals is 11, expected at most the people of the cell");
/// # Ok::<(), gevinst_stats::StatsError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeopleTable {
    arms: usize,
    /// People and goals of every stratum, row by row.
    strata: Vec<(u64, u64)>,
    /// Strata before the end of each cohort.
    ends: Vec<usize>,
    /// Per arm, over all cohorts as they were read last.
    totals: Vec<(u64, u64)>,
}

/// What a cohort had when it was read: people and goals so far, per arm.
pub type Reading = Vec<(u64, u64)>;

impl PeopleTable {
    /// Builds a table of cohorts that were read once, from period-major cells: entry `period * arms + arm`.
    ///
    /// An arm that has not joined yet, or has left, has 0 people. No period at all is allowed.
    ///
    /// # Errors
    /// Fewer than two arms, lengths that do not fit, a cell with more goals than people or above [`PEOPLE_MAX`].
    pub fn new(arms: usize, people: Vec<u64>, goals: Vec<u64>) -> Result<Self, StatsError> {
        let mut table = Self::empty(arms)?;
        if !people.len().is_multiple_of(arms) {
            let expected = people.len().next_multiple_of(arms);
            return Err(StatsError::Length { what: "people", expected, found: people.len() });
        }
        if goals.len() != people.len() {
            return Err(StatsError::Length { what: "goals", expected: people.len(), found: goals.len() });
        }
        let cells: Vec<(u64, u64)> = people.into_iter().zip(goals).collect();
        for cohort in cells.chunks_exact(arms) {
            table.push(&[cohort.to_vec()])?;
        }
        Ok(table)
    }

    /// Builds a table of cohorts, each with what it was read as at every look so far, oldest first.
    ///
    /// ```
    /// use gevinst_stats::proportion::PeopleTable;
    ///
    /// // 1,000 people each; after a day 40 and 31 had clicked, after three days 55 and 47.
    /// let table = PeopleTable::of_readings(2, &[vec![vec![(1000, 40), (1000, 31)], vec![(1000, 55), (1000, 47)]]])?;
    /// assert_eq!((table.periods(), table.strata()), (1, 2));
    /// assert_eq!((table.cell(1, 0), table.cell(1, 1)), ((960, 15), (969, 16)));
    /// assert_eq!(table.totals(0), (1000, 55));
    /// # Ok::<(), gevinst_stats::StatsError>(())
    /// ```
    ///
    /// # Errors
    /// As [`PeopleTable::new`] and [`strata_of_readings`].
    pub fn of_readings(arms: usize, cohorts: &[Vec<Reading>]) -> Result<Self, StatsError> {
        let mut table = Self::empty(arms)?;
        for readings in cohorts {
            table.push(readings)?;
        }
        Ok(table)
    }

    fn empty(arms: usize) -> Result<Self, StatsError> {
        if arms < 2 {
            return Err(StatsError::Length { what: "the list of arms", expected: 2, found: arms });
        }
        Ok(Self { arms, strata: Vec::new(), ends: Vec::new(), totals: vec![(0, 0); arms] })
    }

    fn push(&mut self, readings: &[Reading]) -> Result<(), StatsError> {
        let period = self.ends.len();
        for reading in readings {
            if reading.len() != self.arms {
                let found = reading.len();
                return Err(StatsError::Length { what: "a reading", expected: self.arms, found });
            }
            for (arm, &(n, s)) in reading.iter().enumerate() {
                if n > PEOPLE_MAX {
                    let expected = "at most 2^40";
                    return Err(StatsError::Cell { period, arm, what: "people", value: n as f64, expected });
                }
                if s > n {
                    let expected = "at most the people of the cell";
                    return Err(StatsError::Cell { period, arm, what: "goals", value: s as f64, expected });
                }
            }
        }
        self.strata.extend(strata_of_readings(readings)?.into_iter().flatten());
        self.ends.push(self.strata.len() / self.arms);
        for (total, &(n, s)) in self.totals.iter_mut().zip(readings.last().into_iter().flatten()) {
            *total = (total.0 + n, total.1 + s);
        }
        Ok(())
    }

    /// Number of arms, K.
    pub fn arms(&self) -> usize {
        self.arms
    }

    /// Number of cohorts, U.
    pub fn periods(&self) -> usize {
        self.ends.len()
    }

    /// Number of strata: as many as cohorts where each was read once.
    pub fn strata(&self) -> usize {
        self.strata.len() / self.arms
    }

    /// The strata of one cohort.
    pub(super) fn of_cohort(&self, period: usize) -> std::ops::Range<usize> {
        period.checked_sub(1).map_or(0, |before| self.ends[before])..self.ends[period]
    }

    /// People who had not reached the goal before, and those who then did, of one stratum.
    ///
    /// # Panics
    /// When `stratum` or `arm` is not in the table.
    pub fn cell(&self, stratum: usize, arm: usize) -> (u64, u64) {
        assert!(arm < self.arms, "arm {arm} of {}", self.arms);
        self.strata[stratum * self.arms + arm]
    }

    /// People and goals of one arm over all cohorts, each as it was read last.
    ///
    /// # Panics
    /// When `arm` is not in the table.
    pub fn totals(&self, arm: usize) -> (u64, u64) {
        self.totals[arm]
    }
}

/// Splits successive readings of one cohort into strata that are exact at every look.
///
/// A reading holds what each arm had *in all* when it was taken: `(people, goals so far)` per arm. The strata
/// that come out hold, between one reading and the next, the people who had not reached the goal and how many
/// of them did since. Given the totals, who they are is settled by the draw of the list alone, whatever the delay of goals
/// is, as long as it is the same law in both arms under the hypothesis; each stratum is therefore a fair 2×2 table
/// given all earlier ones (the conditional form of the log-rank test, Mantel 1966), and a product over strata
/// may be stopped at any reading. [`PeopleTable::of_readings`] does this for every cohort.
///
/// A reading that has less than an earlier one was corrected: what is between is dropped, and one stratum covers it.
///
/// # Errors
/// Readings of differing length, more goals than people, or people that change between readings (a cohort is
/// exposed once).
///
/// ```
/// use gevinst_stats::proportion::strata_of_readings;
///
/// // 1,000 people each; after a day 40 and 31 had clicked, after three days 55 and 47.
/// let readings = [vec![(1000, 40), (1000, 31)], vec![(1000, 55), (1000, 47)]];
/// let strata = strata_of_readings(&readings)?;
/// assert_eq!(strata, [vec![(1000, 40), (1000, 31)], vec![(960, 15), (969, 16)]]);
/// # Ok::<(), gevinst_stats::StatsError>(())
/// ```
pub fn strata_of_readings(readings: &[Reading]) -> Result<Vec<Reading>, StatsError> {
    let Some(first) = readings.first() else { return Ok(Vec::new()) };
    for (period, reading) in readings.iter().enumerate() {
        if reading.len() != first.len() {
            return Err(StatsError::Length {
                what: "a reading",
                expected: first.len(),
                found: reading.len(),
            });
        }
        for (arm, (&(n, s), &(n_first, _))) in reading.iter().zip(first).enumerate() {
            if n != n_first {
                let expected = "the people of the cohort's first reading";
                return Err(StatsError::Cell { period, arm, what: "people", value: n as f64, expected });
            }
            if s > n {
                let expected = "at most the people of the cell";
                return Err(StatsError::Cell { period, arm, what: "goals", value: s as f64, expected });
            }
        }
    }
    let mut kept: Vec<&Reading> = Vec::new();
    for reading in readings {
        while kept.last().is_some_and(|last| last.iter().zip(reading).any(|(old, new)| new.1 < old.1)) {
            kept.pop();
        }
        kept.push(reading);
    }
    let mut before = vec![0; first.len()];
    let mut strata = Vec::with_capacity(kept.len());
    for reading in kept {
        strata.push(reading.iter().zip(&before).map(|(&(n, s), &had)| (n - had, s - had)).collect());
        before = reading.iter().map(|&(_, s)| s).collect();
    }
    Ok(strata)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protects against a restated reading being counted beside the one it corrects.
    #[test]
    fn corrected_readings_replace_what_they_correct() {
        let r = |a, b| vec![(100, a), (100, b)];
        let strata = strata_of_readings(&[r(10, 12), r(20, 25), r(19, 26), r(30, 30)]).unwrap();
        assert_eq!(strata, [r(10, 12), vec![(90, 9), (88, 14)], vec![(81, 11), (74, 4)]]);
        let goals: u64 = strata.iter().map(|s| s[0].1).sum();
        assert_eq!(goals, 30);
    }

    /// Protects the money path: a cohort that grows is refused, not guessed at.
    #[test]
    fn cohorts_do_not_grow() {
        let error = strata_of_readings(&[vec![(100, 1), (100, 1)], vec![(120, 2), (100, 2)]]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "period 1, arm 0: people is 120, expected the people of the cohort's first reading"
        );
    }

    /// Protects the bound on counts that arithmetic relies on.
    #[test]
    fn absurd_counts_are_refused() {
        assert!(PeopleTable::new(2, vec![PEOPLE_MAX + 1, 1], vec![0, 0]).is_err());
        assert!(PeopleTable::new(2, vec![1, 1, 1], vec![0, 0, 0]).is_err());
        assert!(PeopleTable::new(1, vec![1], vec![0]).is_err());
        assert!(PeopleTable::new(2, vec![], vec![]).is_ok());
    }
}
