//! Finding, trusting, loading and supervising channel plugins.
//!
//! ```no_run
//! use std::time::Duration;
//! use gevinst_host::{ChildConnection, ChildOptions, Connection, Now, Plugin, Surroundings, Terms};
//!
//! # fn main() -> Result<(), gevinst_host::HostError> {
//! // First thing in `main`: if this process was started to be a channel's child, it never returns.
//! gevinst_host::child_main_if_asked(std::env::args_os());
//!
//! let dirs = [std::path::PathBuf::from("/usr/lib/gevinst")];
//! let plugin = Plugin::find("native-ads", &dirs)?; // where it is, its SHA-256 and its manifest; runs no code
//! let surroundings = Surroundings::new(|line| eprintln!("{line}"), |name| std::env::var(name).ok());
//! let mut channel = ChildConnection::start(&plugin, &ChildOptions::default(), surroundings)?;
//!
//! let terms = Terms { now: Now::Running(1_793_491_200_000_000), deadline: Duration::from_secs(30) };
//! let description = channel.describe(terms)?;
//! channel.open(&serde_json::json!({ "account": "acme-no", "currency": "NOK" }), terms)?;
//! channel.check(terms)?;
//! # Ok(()) }
//! ```
//!
//! A plugin is foreign code. It runs in a child process, this same program re-executed, one library and one
//! channel each; [`ChildConnection`] supervises it. [`InProcessConnection`] does the same calls in this process,
//! for debuggers and for channels that are linked in. Both are a [`Connection`].
//!
//! - [`Plugin`]: finding, hashing and the sidecar manifest, before any code of the library runs.
//! - [`Connection`]: typed calls with deadlines; [`Outcome`] says of a command whether the platform acted.
//! - [`HostError`]: everything that can go wrong, with both versions, paths and causes.
//!
//! What the boundary costs, by `cargo bench -p gevinst-host` on two cores that seven other builds were using: a
//! child starts, loads and ends in 2.9 ms (fastest 1.5); a small call and its answer take 14 µs, 4 µs in this
//! process; a million rows of 40 bytes come through checksummed frames, checks included, at 3.4 million
//! rows a second (fastest 5.5), in this process at 3.6 (fastest 5.3): nearly all of it is memory being paged in.
//!
//! The library reads no clock, environment or home and prints nothing: time, secrets and the log are handed in
//! ([`Terms`], [`Surroundings`]). What a channel answers is checked here for shape and against the request;
//! what it means is for the runner.

#[cfg(not(unix))]
compile_error!("gevinst-host supervises plugins by process groups and sockets, which it has on Unix only");

mod channel;
mod child;
mod clock;
mod connection;
mod error;
mod find;
mod in_process;
mod library;
mod manifest;
mod rows;
mod surroundings;

pub use child::{
    CHILD_ARGUMENT, ChildConnection, ChildOptions, ChildProgram, child_main_if_asked, forbid_core_files,
};
pub use connection::{Answer, Connection, Observed, Outcome, Request, Terms};
pub use error::{Death, HostError};
pub use find::{Plugin, installed};
pub use gevinst_abi::call::Limits;
pub use gevinst_abi::{ABI_MAJOR, ABI_MINOR, Code, Columns, Error as PluginError, Row, wire};
pub use in_process::InProcessConnection;
pub use manifest::Manifest;
pub use surroundings::{Level, LogLine, LogSource, Now, Surroundings};
