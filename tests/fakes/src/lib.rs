//! Stateful stand-ins for the platforms, on loopback: what the plugins are tested against.
//!
//! A [`Platform`] is plain state with one function from request to reply. A [`Fake`] serves it from a free port,
//! keeps a log of what arrived, plays [`Fault`]s, and has a [`Clock`] that a test sets: no platform here reads a real
//! one.
//!
//! ```
//! use gevinst_fakes::{Fake, Fault, Platform, Reply, Request, What};
//! struct Counter(u64);
//! impl Platform for Counter {
//!     fn answer(&mut self, _: &Request, _now_us: i64) -> Reply {
//!         self.0 += 1;
//!         Reply::json(200, serde_json::json!({ "count": self.0 }))
//!     }
//! }
//! let fake = Fake::start(Counter(0));
//! fake.fault(Fault::once("POST", "/count", What::CutAfter)); // acts, and the answer is lost
//! assert!(fake.url().starts_with("http://127.0.0.1:"));
//! assert_eq!(fake.with(|counter| counter.0), 0);
//! ```
//!
//! A fake answers as a platform's documents and its own clients' requests say; where those are silent, it says so in its
//! own documentation. It is not a test of the real platform.
#![forbid(unsafe_code)]

mod amount;
mod clock;
mod delivery;
mod fault;
pub mod hubspot;
pub mod linkedin;
pub mod mail;
pub mod mailchimp;
pub mod meta;
pub mod outbrain;
mod request;
mod restli;
pub mod search_console;
mod server;
pub mod taboola;
mod zone;

pub use clock::Clock;
pub use delivery::{Delivery, Figures, Restating, Truth};
pub use fault::{Fault, What};
pub use request::{Reply, Request};
pub use server::{Fake, Platform, Recorded};
