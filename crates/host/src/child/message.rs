//! Messages between a program and its channel's child process.
//!
//! Both ends are the same program, so that there is one version; it is told all the same, because a program
//! may be replaced on disk while it runs.

use std::path::PathBuf;

use gevinst_abi::{Code, Error as PluginError};
use serde::{Deserialize, Serialize};

use crate::library::LoadError;
use crate::surroundings::Now;

/// Version of the frames and messages.
pub(crate) const PROTOCOL: u32 = 1;

/// To the child.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum ToChild {
    /// The first message: what to load, under which limits.
    Load { protocol: u32, path: PathBuf, memory_bytes_max: u64, answer_bytes_max: usize, rows_max: usize },
    /// Do this.
    Call { id: u64, method: Method, body: String, now_us: i64, runs: bool },
    /// Cancel the call of that id.
    Cancel { id: u64 },
    /// The secret that was asked for, or nothing.
    Secret { id: u64, value: Option<String> },
}

/// To the program.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum ToHost {
    /// The answer to `Load`.
    Loaded { result: Result<(), LoadError> },
    /// The answer to `Call`; `rows` rows went before it.
    Reply { id: u64, rows: usize, result: Result<String, WireError> },
    /// A log line of the plugin's.
    Log { level: i32, text: String },
    /// Asks for a secret.
    SecretWanted { id: u64, name: String },
}

/// What a child is told to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Method {
    Describe,
    Open,
    Check,
    Apply,
    Query,
    Observe,
    Close,
}

/// A plugin's error as JSON.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct WireError {
    code: i32,
    field: String,
    message: String,
    retry_after_ms: Option<i64>,
}

impl From<PluginError> for WireError {
    fn from(error: PluginError) -> Self {
        Self {
            code: error.code as i32,
            field: error.field,
            message: error.message,
            retry_after_ms: error.retry_after_ms,
        }
    }
}

impl From<WireError> for PluginError {
    fn from(error: WireError) -> Self {
        Self {
            code: Code::from_i32(error.code).unwrap_or(Code::Internal),
            field: error.field,
            message: error.message,
            retry_after_ms: error.retry_after_ms,
        }
    }
}

impl ToChild {
    pub(crate) fn call(id: u64, request: crate::Request<'_>, now: Now) -> Self {
        let method = match request {
            crate::Request::Describe => Method::Describe,
            crate::Request::Open(_) => Method::Open,
            crate::Request::Check => Method::Check,
            crate::Request::Apply(_) => Method::Apply,
            crate::Request::Query(_) => Method::Query,
            crate::Request::Observe(_) => Method::Observe,
            crate::Request::Close => Method::Close,
        };
        let (now_us, runs) = match now {
            Now::Frozen(now_us) => (now_us, false),
            Now::Running(now_us) => (now_us, true),
        };
        Self::Call { id, method, body: request.body().to_owned(), now_us, runs }
    }
}
