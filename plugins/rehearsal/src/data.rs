//! Results that somebody really had, as pools of exposures.
//!
//! A file is read once, as a stream; what is kept of it is a number of exposures for each arm (and date), and of the
//! exposures that brought something, what they brought. Data is immutable and shared by all months of a rehearsal.

mod file;
mod gather;

use crate::error::Error;
use crate::truth::{DataSpec, Per};

/// What a file says about the arms of one experiment.
#[derive(Debug, Clone, PartialEq)]
pub struct Data {
    /// The arms, sorted by name.
    pub arms: Vec<ArmData>,
    /// Whether goals have values of their own.
    pub valued: bool,
    pub(crate) dated: bool,
}

/// What a file says about one arm.
#[derive(Debug, Clone, PartialEq)]
pub struct ArmData {
    /// Our name of the arm.
    pub name: String,
    /// Over all its rows.
    pub totals: Totals,
    /// One, or one for each day from the file's first date on.
    pub(crate) pools: Vec<Pool>,
}

/// Sums over an arm's rows.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Totals {
    /// Rows.
    pub rows: u64,
    /// Exposures (minor units, where that is spend).
    pub exposures: f64,
    /// Goals.
    pub goals: u64,
    /// Sum of values, or of goals where they have none.
    pub sum: f64,
    /// Sum of squares of each row's value, where exposures are rows; of goals otherwise.
    pub sum_sq: f64,
}

/// Exposures to draw from.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Pool {
    pub(crate) exposures: u64,
    pub(crate) goals: u64,
    pub(crate) marks: Marks,
}

/// Which exposures brought something.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Marks {
    /// The file has totals: a goal may belong to any exposure.
    Alike,
    /// Each goal belongs to a row of its own and counts 1.
    Ones,
    /// Rows with counts or values.
    Rows(Vec<Mark>),
}

/// A row that brought something.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Mark {
    pub(crate) goals: u32,
    pub(crate) value: f64,
}

impl Data {
    /// Reads a file.
    ///
    /// Rows of other arms or outside the filter are not looked into. Cells must be finite numbers, counts not negative.
    ///
    /// # Errors
    /// When the file cannot be read, lacks a column, holds a value that cannot be used, or has no row for an arm; each
    /// names the file and, where there is one, row, line and column.
    pub fn load(spec: &DataSpec, per: Per) -> Result<Self, Error> {
        match Self::load_many(&[(spec, per)]).pop() {
            Some(loaded) => loaded,
            None => unreachable!("one answer for one question"),
        }
    }

    /// Reads what several experiments want, each file only once. The answers are in the order of the questions; an
    /// error concerns its own experiment alone.
    pub fn load_many(specs: &[(&DataSpec, Per)]) -> Vec<Result<Self, Error>> {
        file::load_many(specs)
    }

    /// The number of the pool that a day of the month draws from.
    pub(crate) fn pool_of(&self, day: usize) -> usize {
        if self.dated { day } else { 0 }
    }
}
