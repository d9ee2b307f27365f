//! The plugin against stand-ins of the two platforms, over its C functions.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

mod bench;
mod conformance;
mod linkedin;
mod meta;
mod requests;
mod secrets;
mod totals;
