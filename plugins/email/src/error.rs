//! What can go wrong, and how it crosses the plugin boundary.
//!
//! No variant carries an address: messages go to logs and to the ledger.

use std::path::{Path, PathBuf};

use gevinst_sdk::Error as ChannelError;

/// Why the e-mail channel could not do something. Each completes "failed to …".
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A value in the configuration cannot be used.
    #[error("`{field}`: {problem}")]
    Config {
        /// JSON pointer into the configuration.
        field: String,
        /// What is wrong, and what was expected.
        problem: String,
    },
    /// A command or a request cannot be carried out as it is.
    #[error("`{field}`: {problem}")]
    Request {
        /// JSON pointer into the command or the request.
        field: String,
        /// What is wrong, and what was expected.
        problem: String,
    },
    /// A file that the configuration names cannot be used.
    #[error("{}: {problem}", path.display())]
    File {
        /// JSON pointer to where the configuration names it.
        field: String,
        /// The file.
        path: PathBuf,
        /// What is wrong, and what was expected.
        problem: String,
    },
    /// A secret cannot be had or used. The text never holds the secret.
    #[error("{0}")]
    Secret(String),
    /// The database of what was sent.
    #[error("the send ledger: {0}")]
    Store(#[from] rusqlite::Error),
    /// The send ledger was written by a newer version.
    #[error("the send ledger {} has format {found}; this version knows up to {known}", path.display())]
    NewerStore {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: i64,
        /// The newest that is known here.
        known: i64,
    },
    /// The mail server cannot be used.
    #[error("the mail server: {0}")]
    Server(String),
    /// The mailbox of bounces cannot be read.
    #[error("the mailbox of bounces: {0}")]
    Mailbox(String),
    /// The e-mail platform did not do, or did not tell, what was asked of it. The text has no secret in it.
    #[error("{0}")]
    Platform(ChannelError),
    /// A template that was accepted at launch does not render.
    #[error("the template of arm `{arm}`, step {step}: {problem}")]
    Template {
        /// The arm.
        arm: String,
        /// The step, from 1.
        step: u32,
        /// What is wrong.
        problem: String,
    },
}

impl Error {
    pub(crate) fn config(field: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Config { field: field.into(), problem: problem.into() }
    }

    pub(crate) fn request(field: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Request { field: field.into(), problem: problem.into() }
    }

    pub(crate) fn file(field: impl Into<String>, path: &Path, problem: impl ToString) -> Self {
        Self::File { field: field.into(), path: path.to_owned(), problem: problem.to_string() }
    }
}

impl From<ChannelError> for Error {
    fn from(error: ChannelError) -> Self {
        Self::Platform(error)
    }
}

impl From<Error> for ChannelError {
    fn from(error: Error) -> Self {
        let text = error.to_string();
        match error {
            Error::Config { field, problem } => Self::bad_config(field, problem),
            Error::Request { field, problem } => Self::bad_request(field, problem),
            Error::File { field, .. } => Self::bad_config(field, text),
            Error::Secret(_) => Self::auth(text),
            Error::Platform(error) => error,
            // In `apply` this counts as an unknown outcome, which is what a commit that failed half-way is.
            Error::Store(_) | Error::NewerStore { .. } | Error::Server(_) | Error::Mailbox(_) => {
                Self::unavailable(text)
            }
            Error::Template { .. } => Self::internal(text),
        }
    }
}
