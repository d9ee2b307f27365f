//! People and goals of a randomised list, per period and arm, checked.
//!
//! A period is a cohort: the people who were exposed in it, once each. Its row is replaced when it is restated; it is
//! never added to. How goals that arrive late keep the sequence valid is told in [the module](super).

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
    people: Vec<u64>,
    goals: Vec<u64>,
}

impl PeopleTable {
    /// Builds a table from period-major cells: entry `period * arms + arm`.
    ///
    /// An arm that has not joined yet, or has left, has 0 people. No period at all is allowed.
    ///
    /// # Errors
    /// Fewer than two arms, lengths that do not fit, a cell with more goals than people or above [`PEOPLE_MAX`].
    pub fn new(arms: usize, people: Vec<u64>, goals: Vec<u64>) -> Result<Self, StatsError> {
        if arms < 2 {
            return Err(StatsError::Length { what: "the list of arms", expected: 2, found: arms });
        }
        if !people.len().is_multiple_of(arms) {
            let expected = people.len().next_multiple_of(arms);
            return Err(StatsError::Length { what: "people", expected, found: people.len() });
        }
        if goals.len() != people.len() {
            return Err(StatsError::Length { what: "goals", expected: people.len(), found: goals.len() });
        }
        for (cell, (&n, &s)) in people.iter().zip(&goals).enumerate() {
            let (period, arm) = (cell / arms, cell % arms);
            if n > PEOPLE_MAX {
                let expected = "at most 2^40";
                return Err(StatsError::Cell { period, arm, what: "people", value: n as f64, expected });
            }
            if s > n {
                let expected = "at most the people of the cell";
                return Err(StatsError::Cell { period, arm, what: "goals", value: s as f64, expected });
            }
        }
        Ok(Self { arms, people, goals })
    }

    /// Number of arms, K.
    pub fn arms(&self) -> usize {
        self.arms
    }

    /// Number of periods, U.
    pub fn periods(&self) -> usize {
        self.people.len() / self.arms
    }

    /// People and goals of one cell.
    ///
    /// # Panics
    /// When `period` or `arm` is not in the table.
    pub fn cell(&self, period: usize, arm: usize) -> (u64, u64) {
        assert!(arm < self.arms, "arm {arm} of {}", self.arms);
        let cell = period * self.arms + arm;
        (self.people[cell], self.goals[cell])
    }

    /// People and goals of one arm over all periods.
    ///
    /// # Panics
    /// When `arm` is not in the table.
    pub fn totals(&self, arm: usize) -> (u64, u64) {
        (0..self.periods()).map(|u| self.cell(u, arm)).fold((0, 0), |t, c| (t.0 + c.0, t.1 + c.1))
    }
}

/// Splits successive readings of one cohort into strata that are exact at every look.
///
/// A reading holds what each arm had *in all* when it was taken: `(people, goals so far)` per arm. The strata
/// that come out hold, between one reading and the next, the people who had not reached the goal and how many
/// of them did since. Given the totals, who they are is settled by the draw of the list alone, whatever the delay of goals
/// is, as long as it is the same law in both arms under the hypothesis; each stratum is therefore a fair 2×2 table
/// given all earlier ones (the conditional form of the log-rank test, Mantel 1966), and a product over strata
/// may be stopped at any reading. Appended to a [`PeopleTable`], strata count as periods.
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
pub fn strata_of_readings(readings: &[Vec<(u64, u64)>]) -> Result<Vec<Vec<(u64, u64)>>, StatsError> {
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
    let mut kept: Vec<&Vec<(u64, u64)>> = Vec::new();
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
