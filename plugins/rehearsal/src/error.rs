//! What can be wrong with a market: its truths, its data file, or a command.

use std::path::PathBuf;

/// Why a market could not be built or a command not be taken. Each completes "failed to …" and says where.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A stated truth is impossible.
    #[error("`{key}`: {problem}")]
    Truth {
        /// The key, dotted, as in the definition.
        key: String,
        /// What is wrong with it and what was expected.
        problem: String,
    },
    /// The market has no such arm.
    #[error("no arm `{arm}` in this market; it has {there}")]
    UnknownArm {
        /// What was asked for.
        arm: String,
        /// The arms there are.
        there: String,
    },
    /// A command that is older than one already taken would rewrite the past.
    #[error("a command for arm `{arm}` dated {at_us} µs, before the last one at {last_us} µs")]
    OutOfOrder {
        /// The arm.
        arm: String,
        /// When the command was to count from.
        at_us: i64,
        /// When the last one counted from.
        last_us: i64,
    },
    /// A budget under zero.
    #[error("a budget of {budget} for arm `{arm}`; expected zero or more")]
    NegativeBudget {
        /// The arm.
        arm: String,
        /// The budget, minor units or exposures a day.
        budget: i64,
    },
    /// The data file cannot be read, or not be used as it is.
    #[error("{}: {problem}", path.display())]
    Data {
        /// The file.
        path: PathBuf,
        /// What is wrong, and what was expected.
        problem: String,
    },
    /// One value in the data file cannot be used.
    #[error("{}: row {row} (line {line}), column `{column}`: {problem}", path.display())]
    Value {
        /// The file.
        path: PathBuf,
        /// The row from 1, the header not counted.
        row: u64,
        /// The line that the row starts on, from 1.
        line: u64,
        /// The column's name.
        column: String,
        /// What is wrong, and what was expected.
        problem: String,
    },
}

impl Error {
    pub(crate) fn truth(key: &str, problem: impl Into<String>) -> Self {
        Self::Truth { key: key.to_owned(), problem: problem.into() }
    }
}
