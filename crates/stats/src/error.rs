//! What can be wrong with the numbers handed to this crate: one enum for all of it.
//!
//! Every function here is pure, so an error always means that an input lies outside the stated domain.
//! Messages are lower-case fragments that complete "failed to …" and name the period, arm or setting at fault.

/// An input outside the domain of a statistic.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum StatsError {
    /// A setting or argument lies outside its domain.
    #[error("{what} is {value}, expected {expected}")]
    Domain {
        /// The argument, as named in the function's documentation.
        what: &'static str,
        /// What was given.
        value: f64,
        /// The domain, in words.
        expected: &'static str,
    },
    /// A table, list or row has the wrong number of entries.
    #[error("{what} has {found} entries, expected {expected}")]
    Length {
        /// The table or list.
        what: &'static str,
        /// How many entries were needed.
        expected: usize,
        /// How many were found.
        found: usize,
    },
    /// Nothing to work on where at least one entry is needed.
    #[error("{what} is empty")]
    Empty {
        /// The table or list.
        what: &'static str,
    },
    /// One cell of a table lies outside its domain.
    #[error("period {period}, arm {arm}: {what} is {value}, expected {expected}")]
    Cell {
        /// Index of the period, from 0.
        period: usize,
        /// Index of the arm, from 0.
        arm: usize,
        /// The quantity in the cell.
        what: &'static str,
        /// What was given.
        value: f64,
        /// The domain, in words.
        expected: &'static str,
    },
    /// An arm's index is not in the table.
    #[error("arm {arm} is not in a table of {arms} arms")]
    NoSuchArm {
        /// The index asked for, from 0.
        arm: usize,
        /// How many arms the table has.
        arms: usize,
    },
}
