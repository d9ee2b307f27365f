//! A folder for what a channel must not forget: small files that only their owner can read, written whole or not at all.
//!
//! A write is on disk before it returns. Several processes may use the folder: [`Folder::lock`] lets one of them at a
//! name; a killed process's lock is gone with it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use gevinst_sdk::{Error, Host};

use crate::{Deadline, segment};

/// The largest file that is read, in bytes.
const FILE_MAX: u64 = 1 << 20;
/// The longest name of a file, in bytes, without what is appended to it.
const NAME_MAX: usize = 200;
/// How long somebody else's lock is waited for.
const LOCK_PATIENCE: Duration = Duration::from_secs(20);

/// A folder of small durable files.
#[derive(Clone, Debug)]
pub struct Folder {
    path: PathBuf,
    /// Where the configuration names it.
    field: String,
}

/// A name that nobody else uses while this lives.
#[derive(Debug)]
pub struct Lock(#[expect(dead_code, reason = "held, not read: closing the file unlocks it")] File);

impl Folder {
    /// The folder of `parts` below the absolute path `root`, which the configuration names at `field`. Parts are encoded, so
    /// that an account's name cannot lead elsewhere. Nothing is made yet: a configuration can be looked at where it is
    /// not used.
    ///
    /// # Errors
    /// [`gevinst_sdk::Code::BadConfig`] at `field`.
    pub fn open(field: &str, root: &Path, parts: &[&str]) -> Result<Self, Error> {
        if !root.is_absolute() {
            let why = format!(
                "`{}` depends on where the program is started, and what was commanded would be forgotten elsewhere; \
                 expected an absolute path such as `/var/lib/gevinst`",
                root.display()
            );
            return Err(Error::bad_config(field, why));
        }
        let mut path = root.to_owned();
        for part in parts {
            let name = file_name(part)
                .ok_or_else(|| Error::bad_config(field, format!("the name `{part}` is too long")))?;
            path.push(name);
        }
        Ok(Self { path, field: field.to_owned() })
    }

    /// Makes the folder when it is not there; so does whatever writes into it.
    ///
    /// # Errors
    /// [`gevinst_sdk::Code::BadConfig`] at the configuration's field.
    pub fn make(&self) -> Result<(), Error> {
        let mut builder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.recursive(true).create(&self.path).map_err(|error| {
            let why = format!(
                "cannot use `{}`: {error}; expected a folder that may be written to",
                self.path.display()
            );
            Error::bad_config(&self.field, why)
        })
    }

    fn path(&self, name: &str) -> Result<PathBuf, Error> {
        let name =
            file_name(name).ok_or_else(|| Error::internal(format!("the name `{name}` is too long")))?;
        Ok(self.path.join(name))
    }

    /// The content of a file, if there is one.
    ///
    /// # Errors
    /// [`gevinst_sdk::Code::Internal`] with the path.
    pub fn read(&self, name: &str) -> Result<Option<Vec<u8>>, Error> {
        let path = self.path(name)?;
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed("read", &path, &error)),
        };
        let mut bytes = Vec::new();
        file.take(FILE_MAX + 1).read_to_end(&mut bytes).map_err(|error| failed("read", &path, &error))?;
        if bytes.len() as u64 > FILE_MAX {
            return Err(failed("read", &path, &io::Error::other("it is too large")));
        }
        Ok(Some(bytes))
    }

    /// Puts a file in place of the one before; it is on disk when this returns.
    ///
    /// # Errors
    /// [`gevinst_sdk::Code::Internal`] with the path; then the file is as it was.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), Error> {
        let path = self.path(name)?;
        self.make()?;
        let new = path.with_extension(format!("{}.new", std::process::id()));
        let written = owner_only()
            .write(true)
            .create(true)
            .truncate(true)
            .open(&new)
            .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
            .and_then(|()| fs::rename(&new, &path))
            .and_then(|()| File::open(&self.path)?.sync_all());
        written.map_err(|error| {
            // Best effort: the file itself is what matters.
            let _ = fs::remove_file(&new);
            failed("write", &path, &error)
        })
    }

    /// Takes a name for this process, and waits for it by the host.
    ///
    /// # Errors
    /// [`gevinst_sdk::Code::NotApplied`] when another process holds it too long or the call was cancelled, and
    /// [`gevinst_sdk::Code::Internal`] with the path: nothing was done yet in either case.
    pub fn lock(&self, name: &str, host: &Host) -> Result<Lock, Error> {
        let path = self.path(name)?.with_extension("lock");
        self.make()?;
        let file = owner_only()
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(|error| failed("open", &path, &error))?;
        let deadline = Deadline::after(LOCK_PATIENCE);
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Lock(file)),
                Err(fs::TryLockError::WouldBlock) if deadline.left().is_zero() => {
                    return Err(Error::not_applied(format!(
                        "another process holds `{}`; nothing was sent",
                        path.display()
                    )));
                }
                Err(fs::TryLockError::WouldBlock) => host
                    .sleep(Duration::from_millis(10))
                    .map_err(|_| Error::not_applied("cancelled before anything was sent"))?,
                Err(fs::TryLockError::Error(error)) => return Err(failed("lock", &path, &error)),
            }
        }
    }
}

/// A name as a file's: encoded, so that it has no dot in it and no slash.
fn file_name(name: &str) -> Option<String> {
    let encoded = segment(name).replace('.', "%2E");
    (!encoded.is_empty() && encoded.len() <= NAME_MAX).then_some(encoded)
}

fn owner_only() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn failed(what: &str, path: &Path, error: &io::Error) -> Error {
    Error::internal(format!("cannot {what} `{}`: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protects tokens from other users of the machine, and notes from being half written.
    #[test]
    fn files_are_the_owners_and_whole() {
        let root = tempfile::tempdir().unwrap();
        let folder = Folder::open("/state", root.path(), &["taboola", "../acme/no"]).unwrap();
        assert_eq!(folder.read("to.ken").unwrap(), None);
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 0, "looking leaves nothing behind");
        folder.write("to.ken", b"one").unwrap();
        folder.write("to.ken", b"two").unwrap();
        assert_eq!(folder.read("to.ken").unwrap().as_deref(), Some(b"two".as_slice()));
        let inside = root.path().join("taboola").join("%2E%2E%2Facme%2Fno");
        let names: Vec<_> = fs::read_dir(&inside).unwrap().map(|one| one.unwrap().file_name()).collect();
        assert_eq!(names, ["to%2Eken"]);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!((mode(&inside.join("to%2Eken")), mode(&inside)), (0o600, 0o700));
        }
    }

    /// Protects what was commanded from being forgotten when the program is started elsewhere.
    #[test]
    fn a_relative_folder_is_refused() {
        let error = Folder::open("/state", Path::new("state"), &[]).unwrap_err();
        assert_eq!(error.field, "/state");
    }
}
