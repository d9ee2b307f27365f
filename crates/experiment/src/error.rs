//! What can go wrong in this crate.
//!
//! [`Error`] is for callers: arithmetic that has no answer, files that cannot be read, definitions that are refused.
//! [`Mistake`] is one sentence about a piece of text that a person wrote; the reader of a file turns it into a
//! [`Diagnostic`](crate::Diagnostic) with its place. Neither prints anything.

use std::path::PathBuf;

use crate::{Currency, Diagnostics};

/// Why an operation of this crate has no answer. Messages complete "failed to …".
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Two sums of different currencies met in one calculation.
    #[error("calculate with {left} and {right} together: no rate of exchange is known")]
    CurrencyMismatch {
        /// Currency of the left operand.
        left: Currency,
        /// Currency of the right operand.
        right: Currency,
    },
    /// A sum left the range of 64-bit minor units.
    #[error("calculate a sum beyond ±9 223 372 036 854 775 807 minor units")]
    Overflow,
    /// An amount was to be divided, and no part had a weight.
    #[error("divide a sum among parts that all have the weight zero")]
    NoWeights,
    /// A file or folder could not be read.
    #[error("read `{}`", path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// No `gevinst.toml` beside the definitions or in any folder above.
    #[error("find `gevinst.toml` in `{}` or any folder above it", from.display())]
    NoCompany {
        /// The folder in which the search began.
        from: PathBuf,
    },
    /// A folder holds no definitions.
    #[error("find any definition: `{}` holds no file that ends in `.toml`", folder.display())]
    NoDefinitions {
        /// The folder that was looked into.
        folder: PathBuf,
    },
    /// The definitions given together belong to different companies.
    #[error("run definitions of two companies together: `{}` and `{}`", first.display(), second.display())]
    TwoCompanies {
        /// The `gevinst.toml` of the first definition.
        first: PathBuf,
        /// That of another one.
        second: PathBuf,
    },
    /// A file of past results is in none of the places where it may be.
    #[error("find the data file `{file}` (looked in {})", looked_in.iter().map(|folder| format!("`{}`", folder.display())).collect::<Vec<_>>().join(" and "))]
    NoData {
        /// The name in the definition.
        file: String,
        /// The folders that were looked into.
        looked_in: Vec<PathBuf>,
    },
    /// The files were read, and hold mistakes.
    #[error("accept the definitions: {}", .0.summary())]
    Invalid(Diagnostics),
}

/// One sentence about a text that is not what it should be, with a suggestion where there is one.
///
/// ```
/// let mistake = "1.5 NOK".parse::<gevinst_experiment::Money>().unwrap_err();
/// assert_eq!(mistake.help.as_deref(), Some("write `1.50 NOK`"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Mistake {
    /// What is wrong, as a lower-case fragment.
    pub message: String,
    /// What to write instead, as a fragment that follows `help:`.
    pub help: Option<String>,
}

impl Mistake {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None }
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}
