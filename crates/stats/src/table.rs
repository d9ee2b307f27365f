//! The table that every count method reads: arms by periods, each cell an exposure and a goal count.
//!
//! A period is the hour or day in which an exposure was bought (the *cohort*); a goal is booked to the period of
//! the exposure that caused it, so a late goal changes the cell of its own cohort and nothing else.
//!
//! Invariants: between 1 and [`MAX_ARMS`] arms; every exposure finite and not negative; a cell without exposure has
//! no goals; counts at most [`MAX_COUNT`], so that they are exact as `f64`. A missing cell is not a zero: it takes
//! no part in anything. This module knows nothing of time: periods are indices in the order given.

use crate::StatsError;

/// The largest number of arms in one table.
pub const MAX_ARMS: usize = 50;

/// The largest count of one cell, 10¹²: far inside the whole numbers that `f64` represents exactly.
pub const MAX_COUNT: u64 = 1_000_000_000_000;

/// The exposures that a cell may hold, beside zero: their ratios then stay far from overflow.
pub const EXPOSURE_RANGE: (f64, f64) = (1e-100, 1e100);

/// What one arm had in one period.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cell {
    /// What goals are counted per (spend, impressions, clicks, recipients), in any unit that all arms share.
    pub exposure: f64,
    /// Goals that this exposure brought, as known now.
    pub count: u64,
}

/// K arms by U periods of exposures and counts.
///
/// ```
/// use gevinst_stats::table::{Cell, CountTable};
/// let mut table = CountTable::new(2)?;
/// table.push_period(&[Some(Cell { exposure: 1_000.0, count: 4 }), Some(Cell { exposure: 500.0, count: 3 })])?;
/// table.push_period(&[Some(Cell { exposure: 900.0, count: 2 }), None])?; // the second arm's row is missing
/// assert_eq!(table.total(0), Cell { exposure: 1_900.0, count: 6 });
/// # Ok::<(), gevinst_stats::StatsError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct CountTable {
    arms: usize,
    /// Period-major: the cell of period u and arm a is at u·arms + a.
    cells: Vec<Option<Cell>>,
}

impl CountTable {
    /// A table of `arms` arms without any period.
    ///
    /// # Errors
    /// [`StatsError::Domain`] unless 1 ≤ `arms` ≤ [`MAX_ARMS`].
    pub fn new(arms: usize) -> Result<Self, StatsError> {
        if arms == 0 || arms > MAX_ARMS {
            return Err(StatsError::Domain {
                what: "the number of arms",
                value: arms as f64,
                expected: "between 1 and 50",
            });
        }
        Ok(Self { arms, cells: Vec::new() })
    }

    /// A full table from period-major slices of equal length: entry u·K + a is period u, arm a.
    ///
    /// # Errors
    /// [`StatsError::Length`] when the slices are not whole periods of equal length, and what
    /// [`push_period`](Self::push_period) says of their cells.
    pub fn from_columns(arms: usize, exposure: &[f64], count: &[u64]) -> Result<Self, StatsError> {
        let mut table = Self::new(arms)?;
        if exposure.len() != count.len() {
            return Err(StatsError::Length {
                what: "the column of counts",
                expected: exposure.len(),
                found: count.len(),
            });
        }
        if !exposure.len().is_multiple_of(arms) {
            return Err(StatsError::Length {
                what: "the last period",
                expected: arms,
                found: exposure.len() % arms,
            });
        }
        let mut row = Vec::with_capacity(arms);
        for (exposures, counts) in exposure.chunks_exact(arms).zip(count.chunks_exact(arms)) {
            row.clear();
            row.extend(
                exposures.iter().zip(counts).map(|(&exposure, &count)| Some(Cell { exposure, count })),
            );
            table.push_period(&row)?;
        }
        Ok(table)
    }

    /// Adds a period after the last; `None` is a missing cell.
    ///
    /// # Errors
    /// [`StatsError::Length`] when there are not as many cells as arms; [`StatsError::Cell`] when an exposure is not
    /// finite, negative or outside [`EXPOSURE_RANGE`], a count exceeds [`MAX_COUNT`], or there are goals without exposure.
    pub fn push_period(&mut self, cells: &[Option<Cell>]) -> Result<(), StatsError> {
        self.check(self.periods(), cells)?;
        self.cells.extend_from_slice(cells);
        Ok(())
    }

    /// Replaces a period by its restatement.
    ///
    /// # Errors
    /// As [`push_period`](Self::push_period), and [`StatsError::Domain`] when there is no such period.
    pub fn set_period(&mut self, period: usize, cells: &[Option<Cell>]) -> Result<(), StatsError> {
        if period >= self.periods() {
            return Err(StatsError::Domain {
                what: "the period's index",
                value: period as f64,
                expected: "the index of a period in the table",
            });
        }
        self.check(period, cells)?;
        self.cells[period * self.arms..(period + 1) * self.arms].copy_from_slice(cells);
        Ok(())
    }

    /// How many arms the table has.
    pub fn arms(&self) -> usize {
        self.arms
    }

    /// How many periods the table has.
    pub fn periods(&self) -> usize {
        self.cells.len() / self.arms
    }

    /// The cells of one period, one for each arm.
    ///
    /// # Panics
    /// When `period` is not in the table.
    pub fn period(&self, period: usize) -> &[Option<Cell>] {
        &self.cells[period * self.arms..(period + 1) * self.arms]
    }

    /// One cell; `None` when it is missing.
    ///
    /// # Panics
    /// When `period` or `arm` is not in the table.
    pub fn cell(&self, period: usize, arm: usize) -> Option<Cell> {
        self.period(period)[arm]
    }

    /// The sums of one arm over its cells that are not missing.
    ///
    /// # Panics
    /// When `arm` is not in the table.
    pub fn total(&self, arm: usize) -> Cell {
        let mut sum = Cell { exposure: 0.0, count: 0 };
        for cell in self.cells.chunks_exact(self.arms).filter_map(|row| row[arm]) {
            sum.exposure += cell.exposure;
            sum.count += cell.count;
        }
        sum
    }

    fn check(&self, period: usize, cells: &[Option<Cell>]) -> Result<(), StatsError> {
        if cells.len() != self.arms {
            return Err(StatsError::Length { what: "the period", expected: self.arms, found: cells.len() });
        }
        for (arm, cell) in cells.iter().enumerate() {
            let Some(cell) = cell else { continue };
            let refuse = |what, value, expected| Err(StatsError::Cell { period, arm, what, value, expected });
            let (least, most) = EXPOSURE_RANGE;
            if cell.exposure != 0.0 && !(least..=most).contains(&cell.exposure) {
                return refuse("the exposure", cell.exposure, "zero or a number from 1e-100 to 1e100");
            }
            if cell.count > MAX_COUNT {
                return refuse("the count", cell.count as f64, "at most 10^12");
            }
            if cell.exposure == 0.0 && cell.count > 0 {
                return refuse("the count", cell.count as f64, "zero where there is no exposure");
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_cells_outside_the_domain() {
        // Protects the judge from NaN: nothing but a checked table reaches it.
        let good = Some(Cell { exposure: 1.0, count: 1 });
        let mut table = CountTable::new(2).unwrap();
        for exposure in [f64::NAN, f64::INFINITY, -1.0, 1e-200, 1e200] {
            let row = [good, Some(Cell { exposure, count: 0 })];
            let error = table.push_period(&row).unwrap_err();
            assert!(matches!(error, StatsError::Cell { period: 0, arm: 1, .. }), "{exposure}: {error}");
        }
        let unpaid = [Some(Cell { exposure: 0.0, count: 3 }), good];
        assert_eq!(
            table.push_period(&unpaid).unwrap_err().to_string(),
            "period 0, arm 0: the count is 3, expected zero where there is no exposure"
        );
        assert!(table.push_period(&[good]).is_err());
        assert!(table.push_period(&[Some(Cell { exposure: 1.0, count: MAX_COUNT + 1 }), good]).is_err());
        assert_eq!(table.periods(), 0);
        assert!(CountTable::new(0).is_err() && CountTable::new(51).is_err());
        assert!(CountTable::from_columns(2, &[1.0; 3], &[0; 3]).is_err());
        assert!(CountTable::from_columns(2, &[1.0; 4], &[0; 2]).is_err());
    }

    #[test]
    fn a_restatement_replaces_its_period() {
        // Protects the rule that a restated day is a new fact about the same cohort, not an addition.
        let mut table = CountTable::from_columns(2, &[1.0, 2.0, 3.0, 4.0], &[1, 2, 3, 4]).unwrap();
        table.set_period(0, &[Some(Cell { exposure: 1.0, count: 9 }), None]).unwrap();
        assert_eq!(table.total(0), Cell { exposure: 4.0, count: 12 });
        assert_eq!(table.total(1), Cell { exposure: 4.0, count: 4 });
        assert_eq!(table.cell(0, 1), None);
        assert!(table.set_period(2, &[None, None]).is_err());
    }
}
