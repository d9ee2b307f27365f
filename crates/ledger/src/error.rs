//! Everything that can go wrong with a ledger.
//!
//! Messages are fragments that complete "failed to …" and name the file, record, arm or key at fault. What a person can
//! do about it is apart, in [`Error::hint`]; who should do something about it is [`Error::kind`].

use std::path::PathBuf;

use crate::{Digest, RecordId};

/// Why a ledger could not do what was asked. Nothing was written when a writing call returns one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no file at that path.
    #[error("open ledger `{path}`: there is no such file")]
    NotFound {
        /// The path that was asked for.
        path: PathBuf,
    },
    /// The file or its folder cannot be opened or created.
    #[error("open ledger `{path}`: {source}")]
    CannotOpen {
        /// The file at fault: the ledger or its lock.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// Another program has this ledger open for writing.
    #[error("open ledger `{path}` for writing: {} holds the lock `{lock}`", holder(*.pid))]
    Locked {
        /// The ledger.
        path: PathBuf,
        /// The lock file.
        lock: PathBuf,
        /// The process that holds it, where it could be read.
        pid: Option<u32>,
    },
    /// SQLite's own lock was held by someone else for longer than we wait.
    #[error("write ledger `{path}`: another program has had the database locked for {waited_ms} ms")]
    Busy {
        /// The ledger.
        path: PathBuf,
        /// How long we waited.
        waited_ms: u64,
    },
    /// The disk is full.
    #[error("write ledger `{path}`: the disk is full; nothing of this step was recorded")]
    Full {
        /// The ledger.
        path: PathBuf,
    },
    /// The file may not be written: its permissions, or this handle was opened for reading.
    #[error("write ledger `{path}`: it is open for reading only")]
    ReadOnly {
        /// The ledger.
        path: PathBuf,
    },
    /// The file is something else.
    #[error("open ledger `{path}`: it is not a ledger ({what})")]
    NotALedger {
        /// The file.
        path: PathBuf,
        /// What it seems to be instead.
        what: String,
    },
    /// A copy would be written over a ledger that holds something.
    #[error("copy a ledger to `{path}`: there is one already, and it is not empty")]
    NotEmpty {
        /// The ledger that is there.
        path: PathBuf,
    },
    /// The file was written by a newer version of this program.
    #[error("open ledger `{path}`: it has format {found}, and this version reads formats up to {supported}")]
    NewerFormat {
        /// The ledger.
        path: PathBuf,
        /// The file's format.
        found: i64,
        /// The newest format that this version knows.
        supported: i64,
    },
    /// The database file itself is damaged.
    #[error("read ledger `{path}`: the database file is damaged ({what})")]
    Corrupt {
        /// The ledger.
        path: PathBuf,
        /// What SQLite said.
        what: String,
    },
    /// A stored record is not what this program writes.
    #[error("read record {record}: {what}")]
    Damaged {
        /// The record.
        record: RecordId,
        /// What is wrong with it.
        what: String,
    },
    /// A fact that the experiment's history does not allow; `key` is the experiment, the arm or the intent.
    #[error("record `{kind}` of `{key}`: {what}")]
    NotAllowed {
        /// Kind of the fact.
        kind: &'static str,
        /// `experiment`, `experiment/arm` or `experiment/arm/seq`.
        key: String,
        /// Which rule it breaks.
        what: String,
    },
    /// A plugin library that is not the accepted one.
    #[error(
        "record launch of `{experiment}`: plugin `{plugin}` has SHA-256 {found}, and {accepted} is accepted"
    )]
    PluginChanged {
        /// The experiment that was to be launched.
        experiment: String,
        /// The plugin's id.
        plugin: String,
        /// The library's digest.
        found: Digest,
        /// The digest that was pinned or accepted.
        accepted: Digest,
    },
    /// An observation that cannot be one.
    #[error(
        "record observation of `{experiment}/{arm}`, metric `{metric}`, period {}: {what}",
        time_text(*.period_start_us)
    )]
    BadObservation {
        /// The experiment.
        experiment: String,
        /// The arm.
        arm: String,
        /// The metric.
        metric: String,
        /// Start of the period, µs UTC.
        period_start_us: i64,
        /// What is wrong with it.
        what: String,
    },
    /// The newest record is not the one that this handle last saw: someone wrote past the lock.
    #[error("write after record {expected}: the newest record is {found}")]
    Moved {
        /// The record that was the newest.
        expected: RecordId,
        /// The record that is.
        found: RecordId,
    },
    /// An export could not be written.
    #[error("write the export: {0}")]
    Export(std::io::Error),
    /// Something that SQLite reported and that has no name above.
    #[error("use ledger `{path}`: {source}")]
    Sqlite {
        /// The ledger.
        path: PathBuf,
        /// What SQLite said.
        source: rusqlite::Error,
    },
}

/// Who has to act on an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The caller handed in something that cannot be recorded.
    Usage,
    /// The machine: disk, permissions, another program, another version.
    Environment,
    /// The file was damaged or tampered with.
    Integrity,
}

impl Error {
    /// Who has to act.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::NotAllowed { .. } | Self::BadObservation { .. } | Self::PluginChanged { .. } => {
                ErrorKind::Usage
            }
            Self::Corrupt { .. } | Self::Damaged { .. } | Self::Moved { .. } => ErrorKind::Integrity,
            _ => ErrorKind::Environment,
        }
    }

    /// What a person can do about it, where that is known.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::NotFound { .. } => "a ledger is made by the first `gevinst run`",
            Self::Locked { .. } => {
                "wait for the other `gevinst run` to end, or stop it; reading is possible meanwhile"
            }
            Self::Busy { .. } => {
                "close the program that has the file open for writing, for example a `sqlite3` shell"
            }
            Self::Full { .. } => "make room and run again: what was recorded before is safe",
            Self::NewerFormat { .. } => "install the newer version of gevinst that wrote it",
            Self::PluginChanged { .. } => "when the change is wanted, run `gevinst plugin accept`",
            Self::Corrupt { .. } | Self::Damaged { .. } | Self::Moved { .. } => {
                "`gevinst ledger verify` shows the extent; restore the file from a backup"
            }
            _ => return None,
        })
    }
}

/// A time as people read it; the bare number where it is out of the calendar's reach.
pub(crate) fn time_text(at_us: i64) -> String {
    jiff::Timestamp::from_microsecond(at_us).map_or_else(|_| format!("{at_us} µs"), |time| time.to_string())
}

fn holder(pid: Option<u32>) -> String {
    pid.map_or_else(|| "another program".to_owned(), |pid| format!("process {pid}"))
}
