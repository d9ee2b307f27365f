//! The writer's lock: two programs never work on one ledger.
//!
//! SQLite would let two writers take turns, and each would then send commands that the other does not know of. The lock
//! is an advisory one on a file beside the ledger, held as long as the handle lives; the operating system lets go of it
//! when the process dies, however it dies. The file itself stays, since removing it would open a race. Readers need none.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::Error;

/// A program that was killed while it was starting a child leaves the lock to that child until it has become another
/// program, which takes no time on an idle machine and some on a busy one: so long we wait for the lock of the dead.
const TRIES_AFTER_DEATH: u32 = 150;
const PAUSE: Duration = Duration::from_millis(20);

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
        for _ in 0..TRIES_AFTER_DEATH {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if is_gone(holder(&mut file)) => std::thread::sleep(PAUSE),
                Err(TryLockError::WouldBlock) => {
                    return Err(Error::Locked { path: path.to_owned(), pid: holder(&mut file), lock });
                }
                Err(TryLockError::Error(source)) => return Err(cannot_open(source)),
            }
        }
        // Taken already, unless the last try failed too: to ask again for a lock that one has changes nothing.
        if file.try_lock().is_err() {
            return Err(Error::Locked { path: path.to_owned(), pid: holder(&mut file), lock });
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

/// Whether the process that wrote its number into the lock file is no more. Where the system does not tell, it may live.
fn is_gone(pid: Option<u32>) -> bool {
    let processes = Path::new("/proc");
    pid.is_some_and(|pid| processes.join("self").exists() && !processes.join(pid.to_string()).exists())
}

fn holder(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.seek(SeekFrom::Start(0)).ok()?;
    file.take(32).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}
