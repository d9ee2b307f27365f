//! The latest known figures of one experiment, by period and arm.
//!
//! A later row of the same (period, arm, metric) replaces the earlier one. A cell that nobody reported is not a zero: it stays out of the
//! table, and the arm takes no part in that period. What earlier looks read is kept beside, for the statistics that need to know what
//! each look added.

use gevinst_stats::StatsError;
use gevinst_stats::proportion::Reading;
use gevinst_stats::table::{Cell as CountCell, CountTable};

/// What is known of one arm in one period.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Cell {
    /// Money spent, minor units.
    pub spend_minor: i64,
    /// Exposure, in the unit of the experiment's `per`.
    pub exposure: Option<f64>,
    /// Goals known so far.
    pub goals: u64,
    /// Whether nobody reported the goals of this exposure, not even as none, or nobody what was known of its people before, where
    /// that is needed; then the cell takes no part.
    pub goals_missing: bool,
    /// Sum of the goals' values; their number, where they have none.
    pub value: f64,
    /// Sum of squares of the goals' values.
    pub value_sq: f64,
    /// What was known of these people before they were drawn, where values are adjusted by it.
    pub history: History,
    /// People written to, where guardrails need them.
    pub recipients: u64,
    /// Events that a guardrail counts, in the order of [`crate::guardrails::RATES`].
    pub breaches: [u64; 3],
    /// What the arm was commanded to use; `None` where that is not known.
    pub commanded: Option<Commanded>,
    /// Leads that were answered for the first time, and the hours they waited together.
    pub answers: (u64, f64),
}

/// Totals of x, what was known of people before, and of its products with y, the values that they brought.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct History {
    /// Σx.
    pub sum: f64,
    /// Σx².
    pub sum_sq: f64,
    /// Σxy.
    pub product: f64,
}

impl Cell {
    /// People and goals, where the cell takes part in the comparison of people; nobody otherwise.
    #[must_use]
    pub fn people_and_goals(&self) -> (u64, u64) {
        match self.exposure.filter(|people| *people > 0.0 && !self.goals_missing) {
            Some(people) if people.fract() == 0.0 && goals_fit(self.goals, people) => {
                (whole(people), self.goals)
            }
            _ => (0, 0),
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
fn goals_fit(goals: u64, people: f64) -> bool {
    goals as f64 <= people
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "whole, above zero and far below 2^53"
)]
fn whole(people: f64) -> u64 {
    people as u64
}

/// What an arm was commanded to use in a period, in the budget's unit.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Commanded {
    /// The largest daily budget that was, or may have been, in force at any time of it.
    pub most: i64,
    /// The daily budget in force, averaged over the period.
    pub mean: f64,
    /// The least and the largest share of all arms' budgets, over the times at which there was any.
    pub share: Option<(f64, f64)>,
}

/// Cells of all periods and arms of one experiment; period-major.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Book {
    arms: usize,
    cells: Vec<Cell>,
    /// Per period, the people and goals that earlier looks read, oldest first; each that differs from the one before.
    readings: Vec<Vec<Reading>>,
}

impl Book {
    /// A book in which nothing is known, for `periods` periods and `arms` arms.
    #[must_use]
    pub fn new(periods: usize, arms: usize) -> Self {
        Self { arms, cells: vec![Cell::default(); periods * arms], readings: vec![Vec::new(); periods] }
    }

    /// Notes that a look read the first `periods` periods as they are now.
    pub fn note_reading(&mut self, periods: usize) {
        for (cells, readings) in
            self.cells.chunks_exact(self.arms.max(1)).zip(&mut self.readings).take(periods)
        {
            let reading: Reading = cells.iter().map(Cell::people_and_goals).collect();
            if readings.last() != Some(&reading) {
                readings.push(reading);
            }
        }
    }

    /// Takes over what `earlier` had noted.
    pub fn inherit_readings(&mut self, earlier: Self) {
        self.readings = earlier.readings;
    }

    /// What earlier looks read of a period, oldest first.
    #[must_use]
    pub fn readings(&self, period: usize) -> &[Reading] {
        &self.readings[period]
    }

    /// Number of arms.
    #[must_use]
    pub fn arms(&self) -> usize {
        self.arms
    }

    /// Number of periods.
    #[must_use]
    pub fn periods(&self) -> usize {
        self.cells.len().checked_div(self.arms).unwrap_or(0)
    }

    /// The cell of an arm in a period.
    #[must_use]
    pub fn cell(&self, period: usize, arm: usize) -> &Cell {
        &self.cells[period * self.arms + arm]
    }

    /// The cell of an arm in a period, to be replaced.
    pub fn cell_mut(&mut self, period: usize, arm: usize) -> &mut Cell {
        &mut self.cells[period * self.arms + arm]
    }

    /// What is known of an arm over all periods.
    #[must_use]
    pub fn total(&self, arm: usize) -> Total {
        let mut total = Total::default();
        for period in 0..self.periods() {
            let cell = self.cell(period, arm);
            total.spend_minor += cell.spend_minor;
            total.exposure += cell.exposure.unwrap_or(0.0);
            total.goals += cell.goals;
            total.value += cell.value;
        }
        total
    }

    /// The first `periods` periods as the table that the statistics take.
    ///
    /// A cell with goals but without exposure takes no part (a failed check says so).
    ///
    /// # Errors
    /// When an exposure is negative or not a number (the rows were checked before, so this is an internal fault).
    pub fn table(&self, periods: usize) -> Result<CountTable, StatsError> {
        let mut table = CountTable::new(self.arms)?;
        let mut row = Vec::with_capacity(self.arms);
        for cells in self.cells.chunks_exact(self.arms.max(1)).take(periods) {
            row.clear();
            row.extend(cells.iter().map(|cell| {
                let sound = |exposure: &f64| !cell.goals_missing && (*exposure > 0.0 || cell.goals == 0);
                let exposure = cell.exposure.filter(sound)?;
                Some(CountCell { exposure, count: cell.goals })
            }));
            table.push_period(&row)?;
        }
        Ok(table)
    }
}

/// An arm's sums over all periods.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Total {
    /// Money spent, minor units.
    pub spend_minor: i64,
    /// Exposure, in the unit of the experiment's `per`.
    pub exposure: f64,
    /// Goals.
    pub goals: u64,
    /// Sum of the goals' values.
    pub value: f64,
}
