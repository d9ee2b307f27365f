//! What the stand-in platform remembers: every command that reached it, one JSON line each, on disk before it answers.
//!
//! The file is the platform. Several processes may use it at once: whoever writes holds its lock and first reads what
//! others wrote. A line that a killed writer left unfinished was never answered for; the next writer removes it. Commands
//! that were ignored, since their number had been seen, are kept too, so that a test can count what was sent.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use gevinst_sdk::wire::Command;
use serde::{Deserialize, Serialize};

/// The version of the file's format, in its first line.
const FORMAT: u32 = 1;

/// A command that reached the platform.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Received {
    /// When, by the host's clock, µs UTC.
    pub at_us: i64,
    /// Whether it was carried out; otherwise its number had been seen already.
    pub applied: bool,
    /// The command.
    pub command: Command,
}

#[derive(Serialize, Deserialize)]
struct Header {
    rehearsal_journal: u32,
}

/// Everything that a journal holds, in order of arrival.
///
/// # Errors
/// When the file cannot be read or is not a journal of this format.
pub fn read(path: &Path) -> io::Result<Vec<Received>> {
    let mut journal = Journal::of(File::open(path)?, path);
    journal.file.lock_shared()?;
    journal.news()
}

/// An open journal. Its file stays locked for as long as a [`Turn`] lives.
#[derive(Debug)]
pub(crate) struct Journal {
    file: File,
    path: PathBuf,
    /// Up to here it was read; always the end of a line.
    read_until: u64,
}

impl Journal {
    /// Opens a journal, or begins one.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        // A device such as /dev/zero would never end.
        if !file.metadata()?.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a file"));
        }
        Ok(Self::of(file, path))
    }

    /// A journal that cannot be written, for tests.
    #[cfg(test)]
    pub(crate) fn read_only(path: &Path) -> io::Result<Self> {
        Ok(Self::of(File::open(path)?, path))
    }

    fn of(file: File, path: &Path) -> Self {
        Self { file, path: path.to_owned(), read_until: 0 }
    }

    /// Waits for the lock and takes it.
    pub(crate) fn turn(&mut self) -> io::Result<Turn<'_>> {
        self.file.lock()?;
        Ok(Turn(self))
    }

    /// Goes back to the beginning, to read everything again.
    pub(crate) fn rewind(&mut self) {
        self.read_until = 0;
    }

    /// The whole lines since the last reading.
    fn news(&mut self) -> io::Result<Vec<Received>> {
        self.file.seek(SeekFrom::Start(self.read_until))?;
        let mut text = Vec::new();
        self.file.read_to_end(&mut text)?;
        let mut received = Vec::new();
        for line in text.split_inclusive(|&byte| byte == b'\n').filter(|line| line.ends_with(b"\n")) {
            if self.read_until == 0 {
                self.check_header(line)?;
            } else {
                received
                    .push(serde_json::from_slice(line).map_err(|error| self.damaged(&error.to_string()))?);
            }
            self.read_until += line.len() as u64;
        }
        Ok(received)
    }

    fn check_header(&self, line: &[u8]) -> io::Result<()> {
        match serde_json::from_slice::<Header>(line) {
            Ok(Header { rehearsal_journal: FORMAT }) => Ok(()),
            Ok(Header { rehearsal_journal: other }) => {
                Err(self.damaged(&format!("it has format {other}; this version knows format {FORMAT}")))
            }
            Err(_) => Err(self.damaged("it does not begin as a journal of the rehearsal channel does")),
        }
    }

    fn damaged(&self, problem: &str) -> io::Error {
        let place = self.path.display();
        io::Error::new(io::ErrorKind::InvalidData, format!("{place}: at byte {}: {problem}", self.read_until))
    }
}

/// A journal that nobody else is using.
#[derive(Debug)]
pub(crate) struct Turn<'a>(&'a mut Journal);

impl Turn<'_> {
    /// What was written since the last reading, here or elsewhere.
    pub(crate) fn news(&mut self) -> io::Result<Vec<Received>> {
        self.0.news()
    }

    /// Writes a line to the disk, and returns once it is there. All news must have been read.
    ///
    /// # Errors
    /// The first says that the line is certainly not there, the second that it may be.
    pub(crate) fn append(&mut self, received: &Received) -> Result<(), Unwritten> {
        let mut line = Vec::new();
        if self.0.read_until == 0 {
            write_line(&mut line, &Header { rehearsal_journal: FORMAT });
        }
        write_line(&mut line, received);
        let until = self.0.read_until;
        let written = (|| {
            // What a killed writer left unfinished.
            self.0.file.set_len(until)?;
            self.0.file.seek(SeekFrom::Start(until))?;
            self.0.file.write_all(&line)?;
            self.0.file.sync_data()
        })();
        match written {
            Ok(()) => {
                self.0.read_until += line.len() as u64;
                Ok(())
            }
            Err(error) => match self.0.file.set_len(until).and_then(|()| self.0.file.sync_data()) {
                Ok(()) => Err(Unwritten::Certainly(error)),
                Err(_) => Err(Unwritten::Perhaps(error)),
            },
        }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        // A lock that cannot be given back is given back when the file is closed.
        let _ = self.0.file.unlock();
    }
}

fn write_line(line: &mut Vec<u8>, value: &impl Serialize) {
    // Plain structs of numbers and strings: writing them to memory cannot fail.
    if serde_json::to_writer(&mut *line, value).is_ok() {
        line.push(b'\n');
    }
}

/// Why a line could not be written.
#[derive(Debug)]
pub(crate) enum Unwritten {
    /// It is not there.
    Certainly(io::Error),
    /// It may be.
    Perhaps(io::Error),
}

#[cfg(test)]
mod tests {
    use super::*;
    use gevinst_sdk::wire::{Money, Set};

    fn received(seq: u64) -> Received {
        let set = Set { daily_budget: Money::new(100, "NOK"), paused: false, creative: None };
        Received { at_us: 5, applied: true, command: Command::new("headlines", "a", seq, set, 9) }
    }

    #[test]
    fn a_line_that_a_killed_writer_left_unfinished_is_forgotten() {
        // Protects: a platform that was killed in mid-write and started again.
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("platform.jsonl");
        let mut journal = Journal::open(&path).unwrap();
        journal.turn().unwrap().append(&received(1)).unwrap();
        let whole = std::fs::read(&path).unwrap();
        let second_from = whole.len();
        journal.turn().unwrap().append(&received(2)).unwrap();
        let both = std::fs::read(&path).unwrap();
        // Around both ends of lines, and here and there within.
        let edges = |at: usize| at.saturating_sub(2)..at + 2;
        for cut in (0..both.len()).step_by(29).chain(edges(second_from)).chain([1, both.len() - 1]) {
            std::fs::write(&path, &both[..cut]).unwrap();
            let mut journal = Journal::open(&path).unwrap();
            let mut turn = journal.turn().unwrap();
            let found = turn.news().unwrap().len();
            assert_eq!(found, usize::from(cut >= second_from), "cut at {cut}");
            turn.append(&received(3)).unwrap();
            drop(turn);
            let seqs: Vec<u64> = read(&path).unwrap().iter().map(|received| received.command.seq).collect();
            assert_eq!(seqs, if cut >= second_from { vec![1, 3] } else { vec![3] });
        }
    }

    #[test]
    fn two_who_share_a_journal_see_each_others_commands() {
        // Protects: two channels on one platform.
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("platform.jsonl");
        let (mut one, mut other) = (Journal::open(&path).unwrap(), Journal::open(&path).unwrap());
        one.turn().unwrap().append(&received(1)).unwrap();
        let mut turn = other.turn().unwrap();
        assert_eq!(turn.news().unwrap(), [received(1)]);
        turn.append(&received(2)).unwrap();
        drop(turn);
        assert_eq!(one.turn().unwrap().news().unwrap(), [received(2)]);
        assert_eq!(one.turn().unwrap().news().unwrap(), []);
    }

    #[test]
    fn what_is_no_journal_or_a_newer_one_is_refused() {
        // Protects: somebody's file that was named by mistake.
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notes.txt");
        for (text, want) in [
            ("dear diary\n", "does not begin as a journal"),
            ("{\"rehearsal_journal\":2}\n", "it has format 2; this version knows format 1"),
            ("{\"rehearsal_journal\":1}\nnonsense\n", "at byte 24"),
        ] {
            std::fs::write(&path, text).unwrap();
            let error = Journal::open(&path).unwrap().turn().unwrap().news().unwrap_err().to_string();
            assert!(error.contains(want), "{error}");
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text, "left alone");
        }
    }
}
