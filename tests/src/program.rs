//! The built program, run as a user would run it, and what it answered.
//!
//! Every run begins with an empty environment: what a developer has set must not decide whether a test passes. A run that
//! does not end is killed and fails its test.

use std::ffi::OsStr;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// How long a run may take; far more than any should, since the machine may be busy with other things.
const PATIENCE: Duration = Duration::from_secs(300);

/// The built program.
///
/// # Panics
/// When it was not built.
#[must_use]
pub fn program() -> PathBuf {
    let path = target_folder().join(format!("gevinst{}", std::env::consts::EXE_SUFFIX));
    assert!(
        path.is_file(),
        "there is no `{}`; run `cargo build -p gevinst`, or `cargo test --workspace`",
        path.display()
    );
    path
}

/// The library of a plugin that is a dependency of these tests: `rehearsal` or `hostile`.
///
/// # Panics
/// When Cargo did not build it.
#[must_use]
pub fn library(name: &str) -> PathBuf {
    use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
    let path = target_folder().join("deps").join(format!("{DLL_PREFIX}gevinst_{name}{DLL_SUFFIX}"));
    assert!(path.is_file(), "there is no `{}`", path.display());
    path
}

/// Where this build of everything is: a test executable lies in its `deps`.
fn target_folder() -> PathBuf {
    let executable = std::env::current_exe().expect("a running program has a path");
    let folder = executable.parent().expect("an executable lies in a folder");
    let folder = if folder.ends_with("deps") { folder.parent().unwrap_or(folder) } else { folder };
    folder.to_path_buf()
}

/// The program with these arguments, in `folder`, with nothing in its environment but `HOME` and `PATH`.
pub fn command<A: AsRef<OsStr>>(
    folder: &Path,
    home: &Path,
    arguments: impl IntoIterator<Item = A>,
) -> Command {
    let mut command = Command::new(program());
    command.args(arguments).current_dir(folder).env_clear().env("HOME", home);
    if let Some(path) = std::env::var_os("PATH") {
        command.env("PATH", path);
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// What the program answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The exit code; none when a signal ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
    /// What was run, for messages.
    asked: String,
}

impl Answer {
    /// Runs a command to its end.
    ///
    /// # Panics
    /// When it cannot be started, or does not end.
    #[must_use]
    pub fn of(command: &mut Command) -> Self {
        Self::of_patient(command, PATIENCE)
    }

    /// As [`Answer::of`], for a run that may take long.
    ///
    /// # Panics
    /// As [`Answer::of`].
    #[must_use]
    pub fn of_patient(command: &mut Command, patience: Duration) -> Self {
        let asked = format!("{command:?}");
        let child = command.spawn().unwrap_or_else(|error| panic!("cannot start {asked}: {error}"));
        Self::await_end(child, asked, patience)
    }

    fn await_end(mut child: Child, asked: String, patience: Duration) -> Self {
        // Both pipes are emptied while it runs: a full one would stop it.
        let out = child.stdout.take().map(|pipe| std::thread::spawn(move || read_all(pipe)));
        let err = child.stderr.take().map(|pipe| std::thread::spawn(move || read_all(pipe)));
        let until = Instant::now() + patience;
        let status = loop {
            match child.try_wait() {
                Ok(Some(status)) => break Some(status),
                Ok(None) if Instant::now() < until => std::thread::sleep(Duration::from_millis(1)),
                _ => break None,
            }
        };
        if status.is_none() {
            // It may have ended by itself meanwhile; then there is nothing to kill.
            let _ = child.kill();
            let _ = child.wait();
        }
        let join = |reader: Option<std::thread::JoinHandle<String>>| {
            reader.and_then(|reader| reader.join().ok()).unwrap_or_default()
        };
        let (out, err) = (join(out), join(err));
        let Some(status) = status else {
            panic!("{asked} did not end within {patience:?}\n--- stdout\n{out}\n--- stderr\n{err}");
        };
        Self { code: status.code(), out, err, asked }
    }

    /// Itself, when it ended with this exit code.
    ///
    /// # Panics
    /// With everything it said, when it did not.
    #[track_caller]
    pub fn ended_with(self, code: i32) -> Self {
        let Self { out, err, asked, .. } = &self;
        assert_eq!(self.code, Some(code), "{asked}\n--- stdout\n{out}\n--- stderr\n{err}");
        self
    }

    /// Itself, when it did what was asked.
    ///
    /// # Panics
    /// With everything it said, when it did not.
    #[track_caller]
    pub fn done(self) -> Self {
        self.ended_with(0)
    }

    /// Itself, when every one of `texts` stands on standard error.
    ///
    /// # Panics
    /// With everything it said, when one does not.
    #[track_caller]
    pub fn complaining_of(self, texts: &[&str]) -> Self {
        for text in texts {
            assert!(self.err.contains(text), "`{text}` is not in what {} said:\n{}", self.asked, self.err);
        }
        self
    }

    /// Standard output as JSON.
    ///
    /// # Panics
    /// When it is not JSON.
    #[track_caller]
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out)
            .unwrap_or_else(|error| panic!("{}: {error}\n{}\n{}", self.asked, self.out, self.err))
    }
}

fn read_all(mut pipe: impl Read) -> String {
    let mut bytes = Vec::new();
    // What was read before an error is still worth showing.
    let _ = pipe.read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}
