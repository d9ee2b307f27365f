//! Why a report could not be made.

/// Messages complete "failed to …" and name what they are about.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The ledger could not be read.
    #[error("read the ledger for the report")]
    Ledger(#[from] gevinst_ledger::Error),
    /// A definition in the ledger is not one that this program understands.
    #[error("read the definition of `{experiment}` as launched: {what}")]
    Definition {
        /// The experiment.
        experiment: String,
        /// What is wrong with it.
        what: String,
    },
    /// The company's file in the ledger is not one that this program understands.
    #[error("read the company's file as launched with `{experiment}`: {what}")]
    Company {
        /// The experiment whose launch recorded it.
        experiment: String,
        /// What is wrong with it.
        what: String,
    },
    /// Nothing says which currency and time zone the month has.
    #[error("report {month}: the ledger has no experiment of that month, and no company file was given")]
    NoMonth {
        /// The month.
        month: String,
    },
}
