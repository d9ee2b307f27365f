//! The writer's lock: two programs never work on one ledger.
//!
//! SQLite would let two writers take turns, and each would then send commands that the other does not know of. The lock
//! is an advisory one on a file beside the ledger, held as long as the handle lives; the operating system lets go of it
//! when the process dies, however it dies. The file itself stays, since removing it would open a race. Readers need none.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use crate::Error;

/// Held while it lives.
#[derive(Debug)]
pub(crate) struct WriterLock {
    _file: File,
}

impl WriterLock {
    /// Takes the lock of the ledger at `path`, or says who has it.
    pub(crate) fn take(path: &Path) -> Result<Self, Error> {
        let lock = lock_path(path);
        let cannot_open = |source| Error::CannotOpen { path: lock.clone(), source };
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&lock)
            .map_err(cannot_open)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(Error::Locked { path: path.to_owned(), pid: holder(&mut file), lock });
            }
            Err(TryLockError::Error(source)) => return Err(cannot_open(source)),
        }
        // Who holds it is a courtesy to the reader of the error; a full disk must not keep anybody from working.
        let _ = write_holder(&mut file);
        Ok(Self { _file: file })
    }
}

/// The lock file of the ledger at `path`, named as SQLite names its own companions.
fn lock_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("-lock");
    PathBuf::from(name)
}

fn write_holder(file: &mut File) -> std::io::Result<()> {
    file.set_len(0)?;
    file.seek(SeekFrom::Start(0))?;
    writeln!(file, "{}", std::process::id())
}

fn holder(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.take(32).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}
