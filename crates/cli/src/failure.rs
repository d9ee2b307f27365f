//! How the program ends when something is wrong: kind → exit code, message, causes, hint.
//!
//! Exit codes are part of the program's interface; they are listed in `--help` and tested.

use std::fmt::Write as _;
use std::process::ExitCode;

/// What kind of thing went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A fault of the program, or of the machine under it.
    Internal,
    /// The arguments do not fit together (clap itself ends with the same code).
    Usage,
    /// A definition or data file has mistakes.
    Input,
    /// A plugin or the platform behind it failed.
    Channel,
    /// The ledger cannot be used.
    Ledger,
    /// A verification found what it was looking for: conformance, or a ledger that was changed.
    Verification,
}

impl Kind {
    /// The exit code.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Internal => 1,
            Self::Usage => 2,
            Self::Input => 3,
            Self::Channel => 4,
            Self::Ledger => 5,
            Self::Verification => 6,
        }
    }
}

/// Why the program ends without having done what was asked.
#[derive(Debug)]
pub(crate) struct Failure {
    kind: Kind,
    /// Ready to be shown, without the word `error`.
    message: String,
    hint: Option<String>,
    /// The message is a whole rendering of its own (diagnostics) and is shown as it is.
    verbatim: bool,
}

impl Failure {
    /// A failure of this kind with one message.
    pub(crate) fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hint: None, verbatim: false }
    }

    /// A failure with the chain of causes of `error`.
    pub(crate) fn from_error(kind: Kind, error: &dyn std::error::Error) -> Self {
        let mut message = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            let text = cause.to_string();
            // Some errors repeat their cause in their own text.
            if !message.contains(&text) {
                let _ = write!(message, "\n  caused by: {text}");
            }
            source = cause.source();
        }
        Self::new(kind, message)
    }

    /// As [`Failure::from_error`], for errors whose messages complete "failed to …".
    pub(crate) fn failed_to(kind: Kind, error: &dyn std::error::Error) -> Self {
        let mut failure = Self::from_error(kind, error);
        failure.message.insert_str(0, "failed to ");
        failure
    }

    /// Diagnostics that were rendered already.
    pub(crate) fn rendered(kind: Kind, text: String) -> Self {
        Self { kind, message: text, hint: None, verbatim: true }
    }

    /// What to do about it.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The text for standard error.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        if self.verbatim {
            text.push_str(self.message.trim_end());
        } else {
            text.push_str("error: ");
            text.push_str(&printable(&self.message));
        }
        if let Some(hint) = &self.hint {
            text.push_str("\nhint: ");
            text.push_str(&printable(hint));
        }
        text
    }

    /// The exit code.
    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.kind.code())
    }
}

/// Text without control characters, so that a file's name or a platform's answer cannot steer the terminal.
pub(crate) fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' { '\u{FFFD}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_cannot_steer_the_terminal() {
        // Protects the terminal from escape sequences in names and answers.
        let failure = Failure::new(Kind::Input, "no file \u{1b}[2J").hint("look\u{7}");
        assert_eq!(failure.text(), "error: no file \u{FFFD}[2J\nhint: look\u{FFFD}");
    }
}
