//! What a plugin's process writes to standard output and error, as log lines.
//!
//! Read without waiting, and never to its end: a grandchild may hold the pipe open for ever. Lines are cut,
//! and what one call writes is bounded.

use std::io::{self, Read};
use std::os::fd::{AsRawFd, RawFd};

use crate::surroundings::{Level, LogSource, Surroundings};

/// Longer lines are cut into several, in bytes.
const LINE_MAX: usize = 4 << 10;
/// What a call may write before the rest is dropped, in bytes.
pub(crate) const CALL_BYTES_MAX: usize = 256 << 10;

/// One pipe.
pub(crate) struct Capture<R> {
    pipe: Option<R>,
    source: LogSource,
    line: Vec<u8>,
    left: usize,
}

impl<R: Read + AsRawFd> Capture<R> {
    /// Takes over a pipe; it must have been made non-blocking.
    pub(crate) fn new(pipe: R, source: LogSource) -> Self {
        Self { pipe: Some(pipe), source, line: Vec::new(), left: CALL_BYTES_MAX }
    }

    /// A new call may write as much again.
    pub(crate) fn begin_call(&mut self) {
        self.left = CALL_BYTES_MAX;
    }

    /// What to poll, until the pipe has ended.
    pub(crate) fn fd(&self) -> Option<RawFd> {
        self.pipe.as_ref().map(AsRawFd::as_raw_fd)
    }

    /// Reads what is there, without waiting.
    pub(crate) fn drain(&mut self, surroundings: &Surroundings) {
        let mut chunk = [0; 8 << 10];
        while let Some(pipe) = &mut self.pipe {
            match pipe.read(&mut chunk) {
                Ok(0) => self.pipe = None,
                Ok(n) => {
                    self.feed(&chunk[..n], surroundings);
                    // A plugin that writes faster than we read must not keep us here.
                    if n < chunk.len() || self.left == 0 {
                        break;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(_) => self.pipe = None,
            }
        }
    }

    /// Logs a line that was not ended.
    pub(crate) fn finish(&mut self, surroundings: &Surroundings) {
        if !self.line.is_empty() {
            self.emit(surroundings);
        }
    }

    fn feed(&mut self, bytes: &[u8], surroundings: &Surroundings) {
        if self.left == 0 {
            return;
        }
        let taken = bytes.len().min(self.left);
        self.left -= taken;
        for byte in &bytes[..taken] {
            if *byte != b'\n' {
                self.line.push(*byte);
            }
            if *byte == b'\n' || self.line.len() >= LINE_MAX {
                self.emit(surroundings);
            }
        }
        if self.left == 0 {
            self.finish(surroundings);
            surroundings.log(self.source, Level::Warn, "… more was written during this call and dropped");
        }
    }

    fn emit(&mut self, surroundings: &Surroundings) {
        let text = String::from_utf8_lossy(&self.line).into_owned();
        self.line.clear();
        surroundings.log(self.source, Level::Info, &text);
    }
}
