//! Values per person as totals: n, Σx and Σx² for each period and arm, checked.

use crate::StatsError;

/// People of one period and arm with the sum and the sum of squares of their values.
///
/// People without a value count in `n` with the value 0: revenue *per person*, not per buyer.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct ValueCell {
    /// People exposed, n.
    pub n: u64,
    /// Σx, in any unit.
    pub sum: f64,
    /// Σx², in that unit squared.
    pub sum_sq: f64,
}

impl ValueCell {
    /// The cell of raw values.
    ///
    /// ```
    /// use gevinst_stats::value::ValueCell;
    /// let cell = ValueCell::of(&[0.0, 30.0, 0.0, 10.0]);
    /// assert_eq!((cell.n, cell.sum, cell.sum_sq), (4, 40.0, 1000.0));
    /// assert_eq!(cell.mean(), Some(10.0));
    /// ```
    pub fn of(values: &[f64]) -> Self {
        let add =
            |cell: Self, x: &f64| Self { n: cell.n + 1, sum: cell.sum + x, sum_sq: cell.sum_sq + x * x };
        values.iter().fold(Self::default(), add)
    }

    /// x̄; `None` without people.
    pub fn mean(&self) -> Option<f64> {
        (self.n > 0).then(|| self.sum / self.count())
    }

    /// Σ(x − x̄)², never negative.
    pub fn squares_about_mean(&self) -> f64 {
        if self.n == 0 { 0.0 } else { (self.sum_sq - self.sum * self.sum / self.count()).max(0.0) }
    }

    /// Σ(x − m)² for a given m.
    pub fn squares_about(&self, m: f64) -> f64 {
        (self.sum_sq - 2.0 * m * self.sum + m * m * self.count()).max(0.0)
    }

    /// How many equal values would have this sum and sum of squares: (Σx)² / Σx² (Kish 1965), between 0 and n.
    ///
    /// One buyer in a thousand people makes 1; a single huge order among a hundred makes little more.
    pub fn effective_values(&self) -> f64 {
        if self.sum_sq > 0.0 { self.sum * self.sum / self.sum_sq } else { 0.0 }
    }

    pub(crate) fn count(&self) -> f64 {
        self.n as f64
    }

    pub(crate) fn plus(&self, other: &Self) -> Self {
        Self { n: self.n + other.n, sum: self.sum + other.sum, sum_sq: self.sum_sq + other.sum_sq }
    }
}

/// [`ValueCell`]s of U periods and K arms, period by period.
#[derive(Debug, Clone, PartialEq)]
pub struct ValueTable {
    arms: usize,
    cells: Vec<ValueCell>,
}

impl ValueTable {
    /// Builds a table from period-major cells: entry `period * arms + arm`. An arm that is away has n = 0.
    ///
    /// # Errors
    /// Fewer than two arms; a number of cells that is no multiple of the arms; sums that are not finite, a negative Σx²,
    /// sums without people, or n·Σx² < (Σx)², which no values have.
    ///
    /// ```
    /// use gevinst_stats::value::{ValueCell, ValueTable};
    /// let table = ValueTable::new(2, vec![ValueCell::of(&[1.0, 2.0]), ValueCell::of(&[3.0])])?;
    /// assert_eq!(table.periods(), 1);
    ///
    /// let wrong = ValueCell { n: 10, sum: 100.0, sum_sq: 200.0 };
    /// let error = ValueTable::new(2, vec![wrong, wrong]).unwrap_err();
    /// assert_eq!(error.to_string(), "period 0, arm 0: the sum of squares is 200, expected at least sum² / n");
    /// # Ok::<(), gevinst_stats::StatsError>(())
    /// ```
    pub fn new(arms: usize, cells: Vec<ValueCell>) -> Result<Self, StatsError> {
        if arms < 2 {
            return Err(StatsError::Length { what: "the list of arms", expected: 2, found: arms });
        }
        if !cells.len().is_multiple_of(arms) {
            let expected = cells.len().next_multiple_of(arms);
            return Err(StatsError::Length { what: "the value table", expected, found: cells.len() });
        }
        for (index, cell) in cells.iter().enumerate() {
            let (period, arm) = (index / arms, index % arms);
            let wrong = |what, value, expected| Err(StatsError::Cell { period, arm, what, value, expected });
            if !cell.sum.is_finite() {
                return wrong("the sum", cell.sum, "a finite number");
            }
            if !cell.sum_sq.is_finite() || cell.sum_sq < 0.0 {
                return wrong("the sum of squares", cell.sum_sq, "a finite number from 0");
            }
            if cell.n == 0 && (cell.sum != 0.0 || cell.sum_sq != 0.0) {
                return wrong("the sum", cell.sum, "0 where there are no people");
            }
            // Rounding of long sums is forgiven.
            if cell.n > 0 && cell.sum_sq * (1.0 + 1e-9) < cell.sum * cell.sum / cell.count() {
                return wrong("the sum of squares", cell.sum_sq, "at least sum² / n");
            }
        }
        Ok(Self { arms, cells })
    }

    /// Number of arms, K.
    pub fn arms(&self) -> usize {
        self.arms
    }

    /// Number of periods, U.
    pub fn periods(&self) -> usize {
        self.cells.len() / self.arms
    }

    /// One cell.
    ///
    /// # Panics
    /// When `period` or `arm` is not in the table.
    pub fn cell(&self, period: usize, arm: usize) -> &ValueCell {
        assert!(arm < self.arms, "arm {arm} of {}", self.arms);
        &self.cells[period * self.arms + arm]
    }

    /// One arm over all periods.
    ///
    /// # Panics
    /// When `arm` is not in the table.
    pub fn total(&self, arm: usize) -> ValueCell {
        (0..self.periods()).fold(ValueCell::default(), |sum, u| sum.plus(self.cell(u, arm)))
    }

    pub(crate) fn check_pair(&self, a: usize, b: usize) -> Result<(), StatsError> {
        if a >= self.arms || b >= self.arms || a == b {
            let arm = if a >= self.arms { a } else { b };
            return Err(StatsError::NoSuchArm { arm, arms: self.arms });
        }
        Ok(())
    }
}
