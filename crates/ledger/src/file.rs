//! A ledger in a SQLite file: write-ahead log, every commit on the disk before it is acknowledged.
//!
//! Opening checks what the file is before anything is changed in it. A handle for writing holds the writer's lock and
//! makes or migrates the file; a handle for reading changes nothing and sees every commit of whoever writes meanwhile.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};

use crate::lock::WriterLock;
use crate::schema::{APPLICATION_ID, FORMAT, MIGRATIONS};
use crate::{Access, Error};

mod store;

pub(crate) use store::parse;

/// How long to wait for someone else's SQLite lock, a `sqlite3` shell's for example.
pub(crate) const BUSY_MS: u64 = 5_000;

/// Records and rows in a SQLite file.
pub(crate) struct FileStore {
    // Before the lock, since fields are dropped in order: the file must be closed while the lock is still held.
    connection: Connection,
    _lock: Option<WriterLock>,
    path: PathBuf,
    access: Access,
    busy_ms: u64,
}

/// What a file turned out to be.
enum Found {
    Empty,
    Format(i64),
}

impl FileStore {
    /// Opens the ledger at `path`; for writing, it is made when it is not there.
    pub(crate) fn open(path: &Path, access: Access, busy_ms: u64) -> Result<Self, Error> {
        let path = settled(path, access)?;
        let lock = match access {
            Access::Write => Some(WriterLock::take(&path)?),
            Access::Read => None,
        };
        let flags = match access {
            Access::Write => OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE,
            Access::Read => OpenFlags::SQLITE_OPEN_READ_ONLY,
        };
        let opened = Connection::open_with_flags(&path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)
            .map_err(|error| error_of(&path, busy_ms, error))
            .and_then(|connection| Self::over(connection, lock, &path, access, busy_ms));
        match opened {
            Err(Error::CannotOpen { .. }) if access == Access::Read && is_at_rest(&path) => {
                Self::open_at_rest(&path, busy_ms)
            }
            opened => opened,
        }
    }

    fn over(
        connection: Connection,
        lock: Option<WriterLock>,
        path: &Path,
        access: Access,
        busy_ms: u64,
    ) -> Result<Self, Error> {
        connection.set_prepared_statement_cache_capacity(64);
        let mut store = Self { connection, _lock: lock, path: path.to_owned(), access, busy_ms };
        store.prepare()?;
        Ok(store)
    }

    /// Opens a ledger that nobody is writing, without the companion files that SQLite otherwise makes beside it: the way
    /// to read a backup in a folder that cannot be written.
    fn open_at_rest(path: &Path, busy_ms: u64) -> Result<Self, Error> {
        let name = path.to_str().ok_or_else(|| Error::CannotOpen {
            path: path.to_owned(),
            source: std::io::Error::other("its path is not Unicode, and its folder cannot be written"),
        })?;
        let name = name.replace('%', "%25").replace('?', "%3f").replace('#', "%23");
        let flags =
            OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        Connection::open_with_flags(format!("file:{name}?immutable=1"), flags)
            .map_err(|error| error_of(path, busy_ms, error))
            .and_then(|connection| Self::over(connection, None, path, Access::Read, busy_ms))
    }

    /// The file, links resolved.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    fn prepare(&mut self) -> Result<(), Error> {
        let connection = &self.connection;
        let set_up = || -> rusqlite::Result<()> {
            connection.busy_timeout(Duration::from_millis(self.busy_ms))?;
            connection.pragma_update(None, "foreign_keys", true)?;
            connection.pragma_update(None, "trusted_schema", false)?;
            connection.pragma_update(None, "cell_size_check", true)
        };
        set_up().map_err(|error| self.error(error))?;
        let found = self.identify()?;
        match (self.access, found) {
            (Access::Read, Found::Format(FORMAT)) => Ok(()),
            (Access::Read, Found::Format(older)) => Err(self.not_a_ledger(format!(
                "it has the older format {older}; it is brought up to format {FORMAT} when it is first written to"
            ))),
            (Access::Read, Found::Empty) => Err(self.not_a_ledger("it is empty".into())),
            (Access::Write, found) => {
                let mode = self.set_durable().map_err(|error| self.error(error))?;
                if mode != "wal" {
                    return Err(self.not_a_ledger(format!("its journal mode is stuck at `{mode}`")));
                }
                let from = match found {
                    Found::Empty => 0,
                    Found::Format(format) => format,
                };
                self.migrate(from)
            }
        }
    }

    /// What the file is, without changing it.
    fn identify(&self) -> Result<Found, Error> {
        let read = |sql: &str| self.connection.query_row(sql, [], |row| row.get::<_, i64>(0));
        let ids = || -> rusqlite::Result<(i64, i64, i64)> {
            let application_id = read("PRAGMA application_id")?;
            let format = read("PRAGMA user_version")?;
            Ok((application_id, format, read("SELECT count(*) FROM sqlite_schema")?))
        };
        match ids().map_err(|error| self.error(error))? {
            (0, 0, 0) => Ok(Found::Empty),
            (APPLICATION_ID, found, _) if found > FORMAT => {
                Err(Error::NewerFormat { path: self.path.clone(), found, supported: FORMAT })
            }
            (APPLICATION_ID, found, _) if found > 0 => Ok(Found::Format(found)),
            (0, ..) => Err(self.not_a_ledger("it is some other program's SQLite database".into())),
            (id, format, _) => Err(self.not_a_ledger(format!("application id {id:#x}, format {format}"))),
        }
    }

    /// Write-ahead log, flushed to the disk at every commit; on macOS that takes a stronger flush than elsewhere.
    fn set_durable(&self) -> rusqlite::Result<String> {
        let mode = self
            .connection
            .pragma_update_and_check(None, "journal_mode", "wal", |row| row.get::<_, String>(0))?;
        self.connection.pragma_update(None, "synchronous", "FULL")?;
        self.connection.pragma_update(None, "fullfsync", true)?;
        self.connection.pragma_update(None, "checkpoint_fullfsync", true)?;
        Ok(mode)
    }

    fn migrate(&mut self, from: i64) -> Result<(), Error> {
        let (path, busy_ms) = (self.path.clone(), self.busy_ms);
        let mut go = || -> rusqlite::Result<()> {
            for (format, step) in (1i64..).zip(MIGRATIONS).skip_while(|(format, _)| *format <= from) {
                let transaction =
                    self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
                transaction.execute_batch(step)?;
                transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
                transaction.pragma_update(None, "user_version", format)?;
                transaction.commit()?;
            }
            Ok(())
        };
        go().map_err(|error| error_of(&path, busy_ms, error))
    }

    fn not_a_ledger(&self, what: String) -> Error {
        Error::NotALedger { path: self.path.clone(), what }
    }

    fn error(&self, error: rusqlite::Error) -> Error {
        error_of(&self.path, self.busy_ms, error)
    }
}

/// The path with links resolved, so that one ledger has one lock whatever it is called.
fn settled(path: &Path, access: Access) -> Result<PathBuf, Error> {
    let cannot_open = |source| Error::CannotOpen { path: path.to_owned(), source };
    match path.canonicalize() {
        Ok(path) => Ok(path),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            if access == Access::Read {
                return Err(Error::NotFound { path: path.to_owned() });
            }
            let name = path.file_name().ok_or_else(|| cannot_open(error))?;
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
            let folder = folder.unwrap_or_else(|| Path::new(".")).canonicalize().map_err(cannot_open)?;
            Ok(folder.join(name))
        }
        Err(error) => Err(cannot_open(error)),
    }
}

/// Whether the file can be read and holds everything: no log lies beside it but perhaps an empty one that a reader left,
/// so that nobody is writing either.
fn is_at_rest(path: &Path) -> bool {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    std::fs::File::open(path).is_ok() && std::fs::metadata(&log).map_or(true, |log| log.len() == 0)
}

/// SQLite's errors under our names.
fn error_of(path: &Path, busy_ms: u64, error: rusqlite::Error) -> Error {
    let path = path.to_owned();
    let rusqlite::Error::SqliteFailure(failure, message) = &error else {
        return Error::Sqlite { path, source: error };
    };
    // The log's index cannot be extended: with a full disk this is often the first thing to fail.
    if failure.extended_code == rusqlite::ffi::SQLITE_IOERR_SHMSIZE {
        return Error::Full { path };
    }
    let what = || message.clone().unwrap_or_else(|| failure.to_string());
    match failure.code {
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Error::Busy { path, waited_ms: busy_ms },
        ErrorCode::DiskFull => Error::Full { path },
        ErrorCode::ReadOnly => Error::ReadOnly { path },
        ErrorCode::NotADatabase => Error::NotALedger { path, what: "it is not a SQLite database".into() },
        ErrorCode::DatabaseCorrupt => Error::Corrupt { path, what: what() },
        ErrorCode::CannotOpen | ErrorCode::PermissionDenied => {
            Error::CannotOpen { source: std::io::Error::other(what()), path }
        }
        _ => Error::Sqlite { path, source: error },
    }
}
