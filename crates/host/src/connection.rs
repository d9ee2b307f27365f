//! The calls of one channel, typed, whatever carries them.
//!
//! An implementation carries bytes ([`Connection::call`]); the provided methods turn typed requests into JSON and
//! answers back, and accept no answer that does not fit its request.

use std::time::Duration;

use gevinst_abi::wire::{Command, CursorAfter, Description, ObserveRequest, Query, Receipt, State};
use gevinst_abi::{Code, Columns, Error as PluginError};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::HostError;
use crate::rows;
use crate::surroundings::Now;

/// Longest JSON of a request, in bytes.
const REQUEST_MAX: usize = 1 << 20;

/// The terms of one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// The only time that the plugin sees.
    pub now: Now,
    /// How long the call may take; then it is cancelled, and soon after given up.
    pub deadline: Duration,
}

/// A call before it is carried, its JSON as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request<'a> {
    /// Who the plugin is.
    Describe,
    /// Opens the channel with this configuration.
    Open(&'a str),
    /// Looks whether everything is there.
    Check,
    /// Carries out this command.
    Apply(&'a str),
    /// Tells the state that this asks for.
    Query(&'a str),
    /// Reports what this asks for.
    Observe(&'a str),
    /// Closes the channel; another may be opened.
    Close,
}

impl Request<'_> {
    /// The slot's name.
    pub const fn method(&self) -> &'static str {
        match self {
            Self::Describe => "describe",
            Self::Open(_) => "open",
            Self::Check => "check",
            Self::Apply(_) => "apply",
            Self::Query(_) => "query",
            Self::Observe(_) => "observe",
            Self::Close => "close",
        }
    }

    /// Refuses a request that no frame should carry, before anything is sent.
    pub(crate) fn check_size(&self) -> Result<(), HostError> {
        if self.body().len() <= REQUEST_MAX {
            return Ok(());
        }
        let message = format!("the request is longer than {REQUEST_MAX} bytes");
        Err(PluginError::new(Code::BadRequest, message).into())
    }

    /// The JSON that goes with it, or nothing.
    pub const fn body(&self) -> &str {
        match self {
            Self::Open(body) | Self::Apply(body) | Self::Query(body) | Self::Observe(body) => body,
            Self::Describe | Self::Check | Self::Close => "",
        }
    }
}

/// An answer as it was carried.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer {
    /// JSON text; empty where a call has no answer.
    pub json: String,
    /// Rows, of `observe` alone.
    pub rows: Columns,
}

/// What became of a command.
#[derive(Debug)]
pub enum Outcome {
    /// The platform's state after the command, or after an earlier one of the same number.
    Receipt(Receipt),
    /// The platform certainly did not act.
    Refused(HostError),
    /// The platform may have acted: query before anything else, and never send it again blindly.
    Unknown(HostError),
}

impl Outcome {
    fn from_error(error: HostError) -> Self {
        if error.is_definite() { Self::Refused(error) } else { Self::Unknown(error) }
    }
}

/// What was observed: rows that fit the request, each arm, period and metric once.
#[derive(Clone, Debug, PartialEq)]
pub struct Observed {
    /// The rows, in the channel's order.
    pub rows: Columns,
    /// Where to go on, and until when everything has been reported.
    pub after: CursorAfter,
}

/// One plugin with at most one open channel.
///
/// After [`HostError::Deadline`], [`HostError::Crashed`] or [`HostError::Protocol`] the connection is gone:
/// every further call answers [`HostError::Gone`].
pub trait Connection: Send {
    /// Carries one call. Text of the plugin comes back without the secrets that were given out.
    ///
    /// # Errors
    /// The plugin's own or the carrier's; the answer's content is not looked at.
    fn call(&mut self, request: Request<'_>, terms: Terms) -> Result<Answer, HostError>;

    /// Who the plugin is.
    ///
    /// # Errors
    /// [`HostError::BadAnswer`] when the answer does not fit, or as [`Connection::call`].
    fn describe(&mut self, terms: Terms) -> Result<Description, HostError> {
        let answer = self.call(Request::Describe, terms)?;
        let description: Description = read("describe", &answer.json)?;
        check_description(&description)
            .map_err(|reason| HostError::BadAnswer { method: "describe", reason })?;
        Ok(description)
    }

    /// Opens the channel.
    ///
    /// # Errors
    /// [`Code::BadConfig`] with a JSON pointer and other errors of the plugin, or as [`Connection::call`].
    fn open(&mut self, config: &Value, terms: Terms) -> Result<(), HostError> {
        self.call(Request::Open(&write(config)?), terms).map(drop)
    }

    /// Looks whether everything is there.
    ///
    /// # Errors
    /// As [`Connection::call`].
    fn check(&mut self, terms: Terms) -> Result<(), HostError> {
        self.call(Request::Check, terms).map(drop)
    }

    /// Carries out a command.
    fn apply(&mut self, command: &Command, terms: Terms) -> Outcome {
        let answer = write(command).and_then(|body| self.call(Request::Apply(&body), terms));
        let receipt = answer.and_then(|answer| read::<Receipt>("apply", &answer.json));
        match receipt.and_then(|receipt| check_receipt(command, receipt)) {
            Ok(receipt) => Outcome::Receipt(receipt),
            Err(error) => Outcome::from_error(error),
        }
    }

    /// The platform's state of one arm.
    ///
    /// # Errors
    /// [`HostError::BadAnswer`] when the answer does not fit, or as [`Connection::call`].
    fn query(&mut self, query: &Query, terms: Terms) -> Result<State, HostError> {
        let answer = self.call(Request::Query(&write(query)?), terms)?;
        let state: State = read("query", &answer.json)?;
        if state.exists && state.daily_budget.is_none() {
            let reason = "an arm that exists has a `daily_budget`".to_owned();
            return Err(HostError::BadAnswer { method: "query", reason });
        }
        Ok(state)
    }

    /// Observations of whole periods.
    ///
    /// # Errors
    /// [`HostError::BadAnswer`] when rows or cursor do not fit the request, or as [`Connection::call`].
    fn observe(&mut self, request: &ObserveRequest, terms: Terms) -> Result<Observed, HostError> {
        let answer = self.call(Request::Observe(&write(request)?), terms)?;
        let after: CursorAfter = read("observe", &answer.json)?;
        rows::check(request, &answer.rows, &after)
            .map_err(|reason| HostError::BadAnswer { method: "observe", reason })?;
        Ok(Observed { rows: answer.rows, after })
    }

    /// Closes the channel; another may be opened.
    ///
    /// # Errors
    /// As [`Connection::call`].
    fn close(&mut self, terms: Terms) -> Result<(), HostError> {
        self.call(Request::Close, terms).map(drop)
    }
}

fn write(value: &impl Serialize) -> Result<String, HostError> {
    serde_json::to_string(value).map_err(|error| PluginError::new(Code::BadRequest, error.to_string()).into())
}

fn read<T: DeserializeOwned>(method: &'static str, json: &str) -> Result<T, HostError> {
    serde_json::from_str(json).map_err(|error| HostError::BadAnswer { method, reason: error.to_string() })
}

/// Whether ids and numbers are what other code relies on.
fn check_description(description: &Description) -> Result<(), String> {
    let name = |text: &str| {
        !text.is_empty()
            && text.len() <= 64
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_')
    };
    if !name(&description.id) {
        return Err(format!("`id` is `{}`, expected lower-case letters, digits and hyphens", description.id));
    }
    let numbers: Vec<_> = description.version.split(['-', '+']).next().unwrap_or("").split('.').collect();
    if numbers.len() != 3 || !numbers.iter().all(|number| number.parse::<u64>().is_ok()) {
        return Err(format!("`version` is `{}`, expected one such as `1.2.3`", description.version));
    }
    if description.metrics.is_empty() {
        return Err("`metrics` is empty, expected names or `*`".to_owned());
    }
    if description.min_step.minor < 1 {
        return Err(format!("`min_step` is {}, expected at least 1", description.min_step.minor));
    }
    if !description.config_schema.is_object() {
        return Err("`config_schema` is not a JSON object".to_owned());
    }
    Ok(())
}

/// A receipt for another command would settle the wrong intent.
fn check_receipt(command: &Command, receipt: Receipt) -> Result<Receipt, HostError> {
    let reason = if receipt.key != command.key {
        format!("the receipt is for `{}`, the command was `{}`", receipt.key, command.key)
    } else if receipt.seq != command.seq {
        format!("the receipt is for number {}, the command was {}", receipt.seq, command.seq)
    } else if receipt.state.last_seq < command.seq {
        format!("the arm's last number is {}, below the command's {}", receipt.state.last_seq, command.seq)
    } else if receipt.applied && receipt.state.last_seq != command.seq {
        format!("{} was carried out but the arm's last number is {}", command.seq, receipt.state.last_seq)
    } else {
        return Ok(receipt);
    };
    Err(HostError::BadAnswer { method: "apply", reason })
}
