//! What plugins that speak HTTP share: a client that sends writes once, commands that are carried out once, secrets
//! that do not print, money without floats, days.
//!
//! ```no_run
//! # use gevinst_http::{Base, Call, Client, Secret, Settings};
//! # fn main() -> Result<(), gevinst_sdk::Error> { let host: gevinst_sdk::Host = todo!();
//! let base = Base::parse("/base_url", "https://platform.example/api/1.0")?;
//! let client = Client::new(Settings::new("Platform", base), host.clone())?;
//! let token = Secret::named(&host, "env:PLATFORM_TOKEN")?;
//! client.hide(&token);
//! let campaigns: serde_json::Value = client
//!     .send(Call::get("/campaigns").query("pageSize", "100").bearer(&token))
//!     .and_then(|answer| answer.json())
//!     .map_err(|failure| failure.of_read())?;
//! client
//!     .send(Call::post("/campaigns/17").bearer(&token).json(&serde_json::json!({ "daily_cap": 50 })))
//!     .map_err(|failure| failure.of_write())?; // at most once; a lost answer is an unknown outcome
//! # Ok(()) }
//! ```
//!
//! - **Reads are repeated, writes are not.** A GET, and a POST that its author calls [`Call::repeatable`], is sent
//!   again after transient answers, with jitter, and not sooner than the vendor asks. Anything else leaves this
//!   machine at most once, on a connection of its own; [`Failure::of_write`] tells "certainly not sent" from "may have
//!   been carried out".
//! - **Secrets.** [`Secret`] has no `Display`, its `Debug` hides it, its memory is wiped. What was given to
//!   [`Client::hide`] is blotted out of every message, in whatever form the platform sends it back. No message has
//!   a URL's query in it.
//! - **Fenced commands.** [`Fence`] carries out a command once on a platform without idempotency keys: a note on disk
//!   before the write, a read after it, and only reads to find out what became of it. [`Folder`] keeps such notes, and
//!   tokens, for their owner's eyes alone.
//! - **Waiting** is the host's [`gevinst_sdk::Host::sleep`], so that a cancelled call returns; a request under way is
//!   bounded by [`Settings::timeout`].
//! - Every request has a `Date`, the host's time: what a platform books by its own clock can be held against it, and a
//!   stand-in for one keeps the time of a simulated month by it.
//! - Plain `http://` is for loopback alone; redirects are not followed; no proxy comes from the environment.
//!
//! The crate keeps no time of its own for anything that is recorded, and has no vendor's names in it but those of the
//! headers that say how long to wait.
#![forbid(unsafe_code)]

mod answer;
mod base;
mod call;
mod client;
pub mod days;
mod decimal;
mod failure;
mod fence;
mod folder;
mod pace;
mod retry;
mod secret;
mod wait;

pub use answer::Answer;
pub use base::Base;
pub use call::{Call, segment};
pub use client::{Client, Settings, Vendor};
pub use decimal::{Decimal, DecimalError, currency_digits};
pub use failure::{Failure, Fate};
pub use fence::{Arms, Fence, Standing};
pub use folder::{Folder, Lock};
pub use pace::Pace;
pub use retry::{Deadline, Retry};
pub use secret::Secret;
pub use wait::Wait;
