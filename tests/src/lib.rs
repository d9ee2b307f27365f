//! What the end-to-end tests share: the built program in an empty surrounding, a folder to run it in, a project whose
//! channels are the stand-in market, and the ledger as the program exports it.
//!
//! The program is looked for beside the test executable, where `cargo test --workspace` and `cargo build` put it, and plugin
//! libraries in `deps`, where Cargo puts those of dependencies. A test of this package alone does not build the program.
//!
//! The tests speak to the program as people and scripts do: arguments in; exit code, text, JSON and files out. What they hold
//! its answers against (the market's own draws, the journal of the stand-in platform) they take from the libraries.
#![forbid(unsafe_code)]

use std::io::Write;

pub mod export;
pub mod market;
pub mod money;
pub mod place;
pub mod program;

pub use place::Place;
pub use program::Answer;

/// Says that something was not tried, past the test harness, which keeps to itself what a test that passes prints.
pub fn skipped(what: &str) {
    // Nobody is there to be told when even this fails.
    let _ = writeln!(std::io::stderr().lock(), "skipped: {what}");
}
