//! How a call can fail, and what that means for a read and for a write.

use std::time::Duration;

use gevinst_sdk::Error;

use crate::Answer;

/// What an answer means, in the platform's own terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It did what was asked.
    Fine,
    /// It may do it the next time, and may have done it this time.
    Transient,
    /// It certainly did nothing, and asks to wait; [`Answer::wait_hint`] or this may say how long.
    RateLimited(Option<Duration>),
    /// It certainly did nothing: signing in failed, or the account may not do this.
    SignIn,
    /// It certainly did nothing, and will not the next time either.
    Refused,
}

impl Fate {
    /// The meaning of a status by itself.
    pub fn by_status(answer: &Answer) -> Self {
        match answer.status {
            200..=299 => Self::Fine,
            401 | 403 => Self::SignIn,
            429 => Self::RateLimited(None),
            408 | 425 | 500..=599 => Self::Transient,
            _ => Self::Refused,
        }
    }
}

/// Why a call failed. Messages have the secrets blotted out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// Nothing was sent: no connection, or the call was cancelled before.
    #[error("{place}: nothing was sent: {reason}")]
    NotSent {
        /// Method and path.
        place: String,
        /// Why.
        reason: String,
        /// Whether the call was cancelled.
        cancelled: bool,
    },
    /// It may have been sent, and no answer that can be read came back.
    #[error("{place}: {reason}")]
    Lost {
        /// Method and path.
        place: String,
        /// Why.
        reason: String,
    },
    /// The platform answered, and not as hoped.
    #[error("{place}: status {status}: {message}")]
    Answered {
        /// Method and path.
        place: String,
        /// HTTP status.
        status: u16,
        /// What it means.
        fate: Fate,
        /// What the platform said.
        message: String,
        /// How long it asks to wait.
        wait: Option<Duration>,
        /// The answer itself.
        answer: Box<Answer>,
    },
}

impl Failure {
    /// The status of the answer, if there was one.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Answered { status, .. } => Some(*status),
            Self::NotSent { .. } | Self::Lost { .. } => None,
        }
    }

    /// The answer's meaning, if there was one.
    pub fn fate(&self) -> Option<Fate> {
        match self {
            Self::Answered { fate, .. } => Some(*fate),
            Self::NotSent { .. } | Self::Lost { .. } => None,
        }
    }

    /// Whether the platform may have acted on a write that failed like this.
    pub fn may_have_acted(&self) -> bool {
        match self {
            Self::NotSent { .. } => false,
            Self::Lost { .. } => true,
            Self::Answered { fate, .. } => matches!(fate, Fate::Transient | Fate::Fine),
        }
    }

    /// The channel's error when this was a read.
    pub fn of_read(&self) -> Error {
        match self {
            Self::NotSent { cancelled: true, .. } => Error::cancelled(),
            Self::NotSent { .. } | Self::Lost { .. } => Error::unavailable(self.to_string()),
            Self::Answered { fate, wait, .. } => match fate {
                Fate::SignIn => Error::auth(self.to_string()),
                Fate::RateLimited(_) => Error::rate_limited(wait.map(milliseconds), self.to_string()),
                Fate::Refused => Error::bad_request("", self.to_string()),
                Fate::Transient | Fate::Fine => Error::unavailable(self.to_string()),
            },
        }
    }

    /// The channel's error when this was a write: definite only where it is certain that the platform did not act.
    pub fn of_write(&self) -> Error {
        if self.may_have_acted() {
            return Error::unknown_outcome(self.to_string());
        }
        match self {
            Self::NotSent { .. } => Error::not_applied(self.to_string()),
            Self::Lost { .. } | Self::Answered { .. } => self.of_read(),
        }
    }
}

fn milliseconds(wait: Duration) -> i64 {
    i64::try_from(wait.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use gevinst_sdk::Code;

    fn answered(status: u16) -> Failure {
        let place = "POST /campaigns".to_owned();
        let answer = Answer::new(place.clone(), status, Vec::new(), Vec::new(), Default::default());
        let (fate, message) = (Fate::by_status(&answer), "because".to_owned());
        Failure::Answered { place, status, fate, message, wait: None, answer: Box::new(answer) }
    }

    /// Protects money: a write whose fate is not certain must never pass for one that did not happen.
    #[test]
    fn only_certain_refusals_are_definite() {
        for (status, read, write) in [
            (400, Code::BadRequest, Code::BadRequest),
            (401, Code::Auth, Code::Auth),
            (404, Code::BadRequest, Code::BadRequest),
            (429, Code::RateLimited, Code::RateLimited),
            (408, Code::Unavailable, Code::UnknownOutcome),
            (500, Code::Unavailable, Code::UnknownOutcome),
            (504, Code::Unavailable, Code::UnknownOutcome),
        ] {
            let failure = answered(status);
            assert_eq!((failure.of_read().code, failure.of_write().code), (read, write), "{status}");
        }
        let (place, reason) = ("PUT /x".to_owned(), "cut".to_owned());
        let lost = Failure::Lost { place: place.clone(), reason: reason.clone() };
        assert_eq!((lost.of_read().code, lost.of_write().code), (Code::Unavailable, Code::UnknownOutcome));
        let not_sent = Failure::NotSent { place, reason, cancelled: false };
        assert_eq!(
            (not_sent.of_read().code, not_sent.of_write().code),
            (Code::Unavailable, Code::NotApplied)
        );
    }
}
