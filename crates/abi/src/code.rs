//! What can go wrong, on both sides of the line.
//!
//! [`Code`] holds the stable numbers; [`Error`] is a number with its sentence, and knows how to go into and
//! come out of the caller's [`ErrorOut`]. Text is cut at a character's edge, never refused.

use core::ffi::c_char;
use core::fmt;
use core::mem::{offset_of, size_of};

use crate::raw::ErrorOut;

/// The stable numbers of the contract, without `GV_OK`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(i32)]
#[non_exhaustive]
pub enum Code {
    /// The configuration is not acceptable; [`Error::field`] says where.
    BadConfig = 1,
    /// The request is not acceptable; [`Error::field`] says where.
    BadRequest = 2,
    /// The plugin does not do this.
    Unsupported = 3,
    /// Signing in failed, or the account may not do this.
    Auth = 4,
    /// Too many calls; [`Error::retry_after_ms`] says how long to wait, when the platform did.
    RateLimited = 5,
    /// The platform cannot be reached or is out of order.
    Unavailable = 6,
    /// The platform certainly did not act.
    NotApplied = 7,
    /// The platform may have acted: query, never retry.
    UnknownOutcome = 8,
    /// The call was cancelled.
    Cancelled = 9,
    /// The answer is larger than the host takes.
    TooLarge = 10,
    /// A fault in the plugin.
    Internal = 11,
}

impl Code {
    /// The code of a number other than `GV_OK`; a number that a newer plugin made up is a fault to us.
    pub const fn from_i32(number: i32) -> Option<Self> {
        Some(match number {
            1 => Self::BadConfig,
            2 => Self::BadRequest,
            3 => Self::Unsupported,
            4 => Self::Auth,
            5 => Self::RateLimited,
            6 => Self::Unavailable,
            7 => Self::NotApplied,
            8 => Self::UnknownOutcome,
            9 => Self::Cancelled,
            10 => Self::TooLarge,
            11 => Self::Internal,
            _ => return None,
        })
    }

    /// What completes "the plugin says: …".
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BadConfig => "bad configuration",
            Self::BadRequest => "bad request",
            Self::Unsupported => "unsupported",
            Self::Auth => "signing in failed",
            Self::RateLimited => "rate limited",
            Self::Unavailable => "the platform is unavailable",
            Self::NotApplied => "not applied",
            Self::UnknownOutcome => "outcome unknown",
            Self::Cancelled => "cancelled",
            Self::TooLarge => "answer too large",
            Self::Internal => "internal fault",
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An error as a plugin states it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// Which kind.
    pub code: Code,
    /// JSON pointer into the configuration or the request (at most 63 bytes), or empty.
    pub field: String,
    /// One sentence (at most 951 bytes).
    pub message: String,
    /// For [`Code::RateLimited`]: how long the platform asks to wait, in ms.
    pub retry_after_ms: Option<i64>,
}

impl Error {
    /// An error without a field.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, field: String::new(), message: message.into(), retry_after_ms: None }
    }

    /// The configuration is not acceptable at the JSON pointer `field`.
    pub fn bad_config(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), ..Self::new(Code::BadConfig, message) }
    }

    /// The request is not acceptable at the JSON pointer `field`.
    pub fn bad_request(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), ..Self::new(Code::BadRequest, message) }
    }

    /// The plugin does not do this.
    pub fn unsupported(message: impl Into<String>) -> Self {
        Self::new(Code::Unsupported, message)
    }

    /// Signing in failed, or the account may not do this. Never put a secret into the message.
    pub fn auth(message: impl Into<String>) -> Self {
        Self::new(Code::Auth, message)
    }

    /// The platform asks to wait, for `retry_after_ms` when it said how long.
    pub fn rate_limited(retry_after_ms: Option<i64>, message: impl Into<String>) -> Self {
        Self { retry_after_ms, ..Self::new(Code::RateLimited, message) }
    }

    /// The platform cannot be reached. In `apply` this counts as an unknown outcome: say
    /// [`Error::not_applied`] when it is certain that nothing was sent.
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::new(Code::Unavailable, message)
    }

    /// The platform certainly did not act.
    pub fn not_applied(message: impl Into<String>) -> Self {
        Self::new(Code::NotApplied, message)
    }

    /// The platform may have acted.
    pub fn unknown_outcome(message: impl Into<String>) -> Self {
        Self::new(Code::UnknownOutcome, message)
    }

    /// The call was cancelled.
    pub fn cancelled() -> Self {
        Self::new(Code::Cancelled, "the call was cancelled")
    }

    /// A fault in the plugin.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(Code::Internal, message)
    }

    /// Writes the error into the caller's memory, no further than its `struct_size`, and returns the number
    /// for the slot to return.
    ///
    /// # Safety
    /// `out` must be null or point to `struct_size` writable bytes that start with a valid `struct_size`.
    pub unsafe fn write_to(&self, out: *mut ErrorOut) -> i32 {
        let code = self.code as i32;
        if out.is_null() {
            return code;
        }
        // SAFETY: the caller promises a struct that at least tells its size.
        let size = unsafe { (*out).struct_size } as usize;
        if size < size_of::<ErrorOut>() {
            if size >= offset_of!(ErrorOut, retry_after_ms) {
                // SAFETY: the code lies within the size that the caller told.
                unsafe { (*out).code = code };
            }
            return code;
        }
        // SAFETY: the caller's struct is as large as ours.
        let out = unsafe { &mut *out };
        out.code = code;
        out.retry_after_ms = self.retry_after_ms.unwrap_or(0);
        put_text(&mut out.field, &self.field);
        put_text(&mut out.message, &self.message);
        code
    }

    /// The error of a slot that returned `returned` (not 0) and left `out` behind. Trusts neither: an unknown
    /// number is an internal fault, text ends at the first NUL or at the end, and control characters go.
    pub fn read_from(returned: i32, out: &ErrorOut) -> Self {
        let mut message = take_text(&out.message);
        let code = Code::from_i32(returned).unwrap_or_else(|| {
            message = format!("unknown error number {returned}: {message}");
            Code::Internal
        });
        let retry_after_ms =
            (code == Code::RateLimited && out.retry_after_ms > 0).then_some(out.retry_after_ms);
        Self { code, field: take_text(&out.field), message, retry_after_ms }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code.as_str())?;
        if !self.field.is_empty() {
            write!(f, " at `{}`", self.field)?;
        }
        if !self.message.is_empty() {
            write!(f, ": {}", self.message)?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}

/// Copies as much as fits before the NUL, whole characters only. A NUL inside the text ends it.
fn put_text(room: &mut [c_char], text: &str) {
    let text = text.split('\0').next().unwrap_or_default();
    let mut end = text.len().min(room.len() - 1);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    for (place, byte) in room.iter_mut().zip(text.as_bytes()[..end].iter().copied().chain([0])) {
        *place = c_char::from_ne_bytes([byte]);
    }
}

fn take_text(room: &[c_char]) -> String {
    let bytes: Vec<u8> = room.iter().map(|c| c.to_ne_bytes()[0]).take_while(|byte| *byte != 0).collect();
    let text = String::from_utf8_lossy(&bytes);
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn through(error: &Error) -> Error {
        let mut out = ErrorOut::empty();
        // SAFETY: a whole struct of our own.
        let returned = unsafe { error.write_to(&mut out) };
        assert_eq!(returned, out.code);
        Error::read_from(returned, &out)
    }

    /// Protects an error's way across the line.
    #[test]
    fn an_error_survives_the_line() {
        for error in [
            Error::bad_config("/account", "expected a name such as `acme-no`"),
            Error::rate_limited(Some(1500), "slow down"),
            Error::cancelled(),
        ] {
            assert_eq!(through(&error), error);
        }
    }

    /// Protects against a cut in the middle of a character, which would not be UTF-8 on the other side.
    #[test]
    fn long_text_is_cut_at_a_characters_edge() {
        let error = Error::internal("ø".repeat(800));
        let back = through(&error);
        assert_eq!(back.message, "ø".repeat(475));
    }

    /// Protects a caller whose struct is older and shorter than ours.
    #[test]
    fn a_short_struct_gets_the_code_alone() {
        let mut out = ErrorOut::empty();
        out.struct_size = 8;
        // SAFETY: the struct is larger than it says.
        let returned = unsafe { Error::internal("no room").write_to(&mut out) };
        assert_eq!((returned, out.code), (11, 11));
        assert_eq!(take_text(&out.message), "");
    }

    /// Protects the host from text without an end, without UTF-8, and with control characters.
    #[test]
    fn rubbish_is_read_without_harm() {
        let mut out = ErrorOut::empty();
        out.message = [-1i8 as c_char; crate::raw::MESSAGE_BYTES];
        out.field[0] = 0x1b;
        let error = Error::read_from(99, &out);
        assert_eq!(error.code, Code::Internal);
        assert!(error.message.starts_with("unknown error number 99"), "{}", error.message);
        assert_eq!(error.field, "");
    }
}
