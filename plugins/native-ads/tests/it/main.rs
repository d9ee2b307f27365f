//! The plugin against the stand-in platforms, through the same C functions as the host: one program, so that it is
//! linked once.

#![expect(clippy::unwrap_used, reason = "what goes wrong in a helper fails the test that called it")]

mod bench;
mod conformance;
mod exports;
mod figures;
mod golden;
mod money;

// Linked, so that its library is built beside the test's executable.
use gevinst_native_ads as _;
