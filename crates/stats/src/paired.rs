//! Two values per person as totals: n, Σy, Σx, Σy², Σx², Σxy for each period and arm, checked.
//!
//! For ratios of two sums (y over x) and for adjustment of y by what was known of the person before (x).

use crate::StatsError;
use crate::value::ValueCell;

/// Totals of the people of one period and arm.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct PairedCell {
    /// People (or other units: clicks, orders), n.
    pub n: u64,
    /// Σy.
    pub sum_y: f64,
    /// Σx.
    pub sum_x: f64,
    /// Σy².
    pub sum_yy: f64,
    /// Σx².
    pub sum_xx: f64,
    /// Σxy.
    pub sum_xy: f64,
}

impl PairedCell {
    /// The cell of raw pairs (y, x).
    ///
    /// ```
    /// use gevinst_stats::paired::PairedCell;
    /// let cell = PairedCell::of(&[(2.0, 1.0), (0.0, 3.0)]);
    /// assert_eq!((cell.n, cell.sum_y, cell.sum_x, cell.sum_xy), (2, 2.0, 4.0, 2.0));
    /// ```
    pub fn of(pairs: &[(f64, f64)]) -> Self {
        pairs.iter().fold(Self::default(), |c, &(y, x)| Self {
            n: c.n + 1,
            sum_y: c.sum_y + y,
            sum_x: c.sum_x + x,
            sum_yy: c.sum_yy + y * y,
            sum_xx: c.sum_xx + x * x,
            sum_xy: c.sum_xy + x * y,
        })
    }

    /// A cell of which the two sums alone are known, such as revenue and spend of an arm's day: one unit. Its spread is
    /// unknown, so only [`Noise::Periods`](crate::value::Noise::Periods) can read it.
    pub fn totals(y: f64, x: f64) -> Self {
        Self::of(&[(y, x)])
    }

    pub(crate) fn count(&self) -> f64 {
        self.n as f64
    }

    /// The y values alone.
    pub(crate) fn y(&self) -> ValueCell {
        ValueCell { n: self.n, sum: self.sum_y, sum_sq: self.sum_yy }
    }

    /// Σ(y − ȳ)², Σ(x − x̄)², Σ(y − ȳ)(x − x̄).
    pub(crate) fn about_means(&self) -> (f64, f64, f64) {
        if self.n == 0 {
            return (0.0, 0.0, 0.0);
        }
        let n = self.count();
        (
            (self.sum_yy - self.sum_y * self.sum_y / n).max(0.0),
            (self.sum_xx - self.sum_x * self.sum_x / n).max(0.0),
            self.sum_xy - self.sum_x * self.sum_y / n,
        )
    }

    /// Variance of Σy − R·Σx with R = Σy/Σx: the spread of people about the cell's own figure.
    pub(crate) fn variance_of_excess(&self) -> f64 {
        if self.n < 2 || self.sum_x <= 0.0 {
            return 0.0;
        }
        let (yy, xx, xy) = self.about_means();
        let figure = self.sum_y / self.sum_x;
        let n = self.count();
        ((yy - 2.0 * figure * xy + figure * figure * xx) * n / (n - 1.0)).max(0.0)
    }

    pub(crate) fn plus(&self, other: &Self) -> Self {
        Self {
            n: self.n + other.n,
            sum_y: self.sum_y + other.sum_y,
            sum_x: self.sum_x + other.sum_x,
            sum_yy: self.sum_yy + other.sum_yy,
            sum_xx: self.sum_xx + other.sum_xx,
            sum_xy: self.sum_xy + other.sum_xy,
        }
    }
}

/// [`PairedCell`]s of U periods and K arms, period by period.
#[derive(Debug, Clone, PartialEq)]
pub struct PairedTable {
    arms: usize,
    cells: Vec<PairedCell>,
}

impl PairedTable {
    /// Builds a table from period-major cells: entry `period * arms + arm`. An arm that is away has n = 0.
    ///
    /// ```
    /// use gevinst_stats::paired::{PairedCell, PairedTable};
    /// // Clicks and revenue of four people, two an arm: n, Σx, Σx², Σy, Σy², Σxy.
    /// let cell = PairedCell::of(&[(1.0, 0.0), (3.0, 40.0)]);
    /// let table = PairedTable::new(2, vec![cell, cell])?;
    /// assert_eq!((table.arms(), table.periods()), (2, 1));
    /// # Ok::<(), gevinst_stats::StatsError>(())
    /// ```
    ///
    /// # Errors
    /// Fewer than two arms; a number of cells that is no multiple of the arms; sums that are not finite; sums without people; sums
    /// that no values have (n·Σx² < (Σx)², Σx²·Σy² < (Σxy)²).
    pub fn new(arms: usize, cells: Vec<PairedCell>) -> Result<Self, StatsError> {
        if arms < 2 {
            return Err(StatsError::Length { what: "the list of arms", expected: 2, found: arms });
        }
        if !cells.len().is_multiple_of(arms) {
            let expected = cells.len().next_multiple_of(arms);
            return Err(StatsError::Length { what: "the paired table", expected, found: cells.len() });
        }
        for (index, cell) in cells.iter().enumerate() {
            let wrong = |what, value, expected| {
                Err(StatsError::Cell { period: index / arms, arm: index % arms, what, value, expected })
            };
            let sums = [
                ("the sum of y", cell.sum_y),
                ("the sum of x", cell.sum_x),
                ("the sum of squares of y", cell.sum_yy),
                ("the sum of squares of x", cell.sum_xx),
                ("the sum of products", cell.sum_xy),
            ];
            for (what, value) in sums {
                if !value.is_finite() {
                    return wrong(what, value, "a finite number");
                }
                if cell.n == 0 && value != 0.0 {
                    return wrong(what, value, "0 where there are no people");
                }
            }
            // Rounding of long sums is forgiven.
            let n = cell.count().max(1.0);
            if cell.sum_yy * (1.0 + 1e-9) < cell.sum_y * cell.sum_y / n {
                return wrong("the sum of squares of y", cell.sum_yy, "at least sum² / n");
            }
            if cell.sum_xx * (1.0 + 1e-9) < cell.sum_x * cell.sum_x / n {
                return wrong("the sum of squares of x", cell.sum_xx, "at least sum² / n");
            }
            if cell.sum_xx * cell.sum_yy * (1.0 + 1e-9) < cell.sum_xy * cell.sum_xy {
                return wrong(
                    "the sum of products",
                    cell.sum_xy,
                    "at most the root of the product of both sums of squares",
                );
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
    pub fn cell(&self, period: usize, arm: usize) -> &PairedCell {
        assert!(arm < self.arms, "arm {arm} of {}", self.arms);
        &self.cells[period * self.arms + arm]
    }

    /// One arm over all periods.
    ///
    /// # Panics
    /// When `arm` is not in the table.
    pub fn total(&self, arm: usize) -> PairedCell {
        (0..self.periods()).fold(PairedCell::default(), |sum, u| sum.plus(self.cell(u, arm)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protects the domain: sums that no data have are refused with period and arm.
    #[test]
    fn impossible_sums_are_refused() {
        let good = PairedCell::of(&[(1.0, 2.0), (3.0, 1.0)]);
        for wrong in [
            PairedCell { sum_yy: 1.0, ..good },
            PairedCell { sum_xx: 1.0, ..good },
            PairedCell { sum_xy: 50.0, ..good },
            PairedCell { n: 0, ..good },
            PairedCell { sum_x: f64::NAN, ..good },
        ] {
            let error = PairedTable::new(2, vec![good, good, good, wrong]).unwrap_err();
            assert!(error.to_string().starts_with("period 1, arm 1: "), "{error}");
        }
        assert!(PairedTable::new(2, vec![good, PairedCell::default()]).is_ok());
    }
}
