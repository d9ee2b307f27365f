//! The host against real libraries: the hostile plugin, and C compiled on the spot.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

mod calls;
mod loading;
mod supervision;
mod support;
