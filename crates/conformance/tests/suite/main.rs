//! The suite tried on channels that misbehave, in Rust and in C, and on ones that do not.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

mod faults;
mod hostile;
mod plain_c;
