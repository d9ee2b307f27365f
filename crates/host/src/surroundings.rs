//! What a channel sees of the world: time, secrets and a log, all handed in.
//!
//! Secrets that were given out are blotted out of everything that comes back as text.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// The time that a call is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Now {
    /// Stands still during the call, as in rehearsals: µs UTC.
    Frozen(i64),
    /// Goes on from here with the monotonic clock while the call lasts: µs UTC.
    Running(i64),
}

/// How much a log line matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Something that a person should look at.
    Error,
    /// Something that may explain an odd result.
    Warn,
    /// What was done.
    Info,
    /// For the plugin's author.
    Debug,
}

impl Level {
    /// The level of a plugin's number; what is out of range goes to the nearest.
    pub(crate) const fn from_i32(level: i32) -> Self {
        match level {
            ..=1 => Self::Error,
            2 => Self::Warn,
            3 => Self::Info,
            4.. => Self::Debug,
        }
    }
}

/// By which way a line came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogSource {
    /// The plugin logged it.
    Plugin,
    /// The plugin's process wrote it to standard output.
    Stdout,
    /// The plugin's process wrote it to standard error.
    Stderr,
}

/// A line from a plugin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// By which way it came.
    pub source: LogSource,
    /// How much it matters.
    pub level: Level,
    /// One line, without its end, control characters and known secrets.
    pub text: String,
}

impl fmt::Display for LogLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.source {
            LogSource::Plugin => write!(f, "{:?}: {}", self.level, self.text),
            LogSource::Stdout => write!(f, "stdout: {}", self.text),
            LogSource::Stderr => write!(f, "stderr: {}", self.text),
        }
    }
}

type LogFn = dyn Fn(&LogLine) + Send + Sync;
type SecretFn = dyn Fn(&str) -> Option<String> + Send + Sync;

/// The log and the secrets of one connection. Clones share both.
#[derive(Clone)]
pub struct Surroundings {
    log: Arc<LogFn>,
    secret: Arc<SecretFn>,
    /// Secrets that were given out, in every form.
    given_out: Arc<Mutex<Vec<String>>>,
}

impl Surroundings {
    /// Lines go to `log`, names of secrets such as `env:TABOOLA_SECRET` to `secret`.
    pub fn new(
        log: impl Fn(&LogLine) + Send + Sync + 'static,
        secret: impl Fn(&str) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        Self { log: Arc::new(log), secret: Arc::new(secret), given_out: Arc::default() }
    }

    /// No secrets, and nobody reads the log.
    pub fn none() -> Self {
        Self::new(|_| {}, |_| None)
    }

    pub(crate) fn log(&self, source: LogSource, level: Level, text: &str) {
        let text: String = self.blot(text).chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        (self.log)(&LogLine { source, level, text: text.trim_end().to_owned() });
    }

    pub(crate) fn secret(&self, name: &str) -> Option<String> {
        let value = (self.secret)(name)?;
        let mut given_out = self.given_out.lock().unwrap_or_else(PoisonError::into_inner);
        for form in gevinst_abi::blot::forms(&value) {
            if !given_out.contains(&form) {
                given_out.push(form);
            }
        }
        // Longest first, so that a secret inside another does not leave the rest of it standing.
        given_out.sort_by_key(|form| std::cmp::Reverse(form.len()));
        Some(value)
    }

    /// The text without the secrets that were given out.
    pub(crate) fn blot(&self, text: &str) -> String {
        let given_out = self.given_out.lock().unwrap_or_else(PoisonError::into_inner);
        given_out.iter().fold(text.to_owned(), |text, secret| text.replace(secret, "***"))
    }

    /// The plugin's error without the secrets that were given out.
    pub(crate) fn blot_error(&self, error: gevinst_abi::Error) -> gevinst_abi::Error {
        gevinst_abi::Error { message: self.blot(&error.message), field: self.blot(&error.field), ..error }
    }
}

impl fmt::Debug for Surroundings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Surroundings")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protects secrets from coming back in logs and error messages.
    #[test]
    fn secrets_that_were_given_out_are_blotted_out() {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let seen = lines.clone();
        let surroundings = Surroundings::new(
            move |line| seen.lock().unwrap().push(line.text.clone()),
            |name| match name {
                "a" => Some("hunter2".to_owned()),
                "b" => Some("hunter2-longer".to_owned()),
                _ => None,
            },
        );
        surroundings.log(LogSource::Plugin, Level::Info, "before: hunter2");
        surroundings.secret("a").unwrap();
        surroundings.secret("b").unwrap();
        assert_eq!(surroundings.secret("c"), None);
        surroundings.log(LogSource::Plugin, Level::Info, "after: hunter2-longer\u{1b}[31m and hunter2");
        assert_eq!(*lines.lock().unwrap(), ["before: hunter2", "after: *** [31m and ***"]);
        let error = surroundings.blot_error(gevinst_abi::Error::auth("token hunter2 refused"));
        assert_eq!(error.message, "token *** refused");
    }
}
