//! A folder of its own for one test, with a home that nobody lives in.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::program::{self, Answer};

/// An empty folder that is gone when the test ends.
#[derive(Debug)]
pub struct Place {
    root: tempfile::TempDir,
}

impl Default for Place {
    fn default() -> Self {
        Self::new()
    }
}

impl Place {
    /// A new folder. The current folder of the program is `work` in it; its home is beside.
    ///
    /// # Panics
    /// When the machine has no room for one.
    #[must_use]
    pub fn new() -> Self {
        let root = tempfile::tempdir().expect("a temporary folder can be made");
        for folder in ["work", "home"] {
            fs::create_dir(root.path().join(folder)).expect("a folder can be made in it");
        }
        Self { root }
    }

    /// The folder that the program runs in.
    #[must_use]
    pub fn folder(&self) -> PathBuf {
        self.root.path().join("work")
    }

    /// A path in it.
    #[must_use]
    pub fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.folder().join(name)
    }

    /// Writes a file, and the folders above it.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).expect("a folder can be made");
        }
        fs::write(&path, content).expect("a file can be written");
        path
    }

    /// The text of a file.
    ///
    /// # Panics
    /// When it cannot be read.
    #[track_caller]
    #[must_use]
    pub fn read(&self, name: &str) -> String {
        let path = self.path(name);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("`{}`: {error}", path.display()))
    }

    /// Every file below the folder with its content: what must be the same when nothing was to change.
    ///
    /// # Panics
    /// When a file cannot be read.
    #[must_use]
    pub fn contents(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut found = BTreeMap::new();
        gather(&self.folder(), &mut found);
        found
    }

    /// The program with these arguments, not started yet.
    pub fn command<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Command {
        program::command(&self.folder(), &self.root.path().join("home"), arguments)
    }

    /// Runs the program to its end.
    pub fn gevinst<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Answer {
        Answer::of(&mut self.command(arguments))
    }
}

fn gather(folder: &Path, found: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in fs::read_dir(folder).expect("a folder can be listed") {
        let path = entry.expect("an entry can be read").path();
        if path.is_dir() {
            gather(&path, found);
        } else {
            let content = fs::read(&path).expect("a file can be read");
            found.insert(path, content);
        }
    }
}
