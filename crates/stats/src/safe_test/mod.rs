//! Safe tests: e-values for two proportions and for a mean, observation by observation.
//!
//! Each is a test martingale (or supermartingale) under its hypothesis, so its value may be read and the test stopped
//! at any time: P(e ever ≥ 1/α) ≤ α. They start from single people in the order in which they came, where the engine's
//! own tests start from periods; they serve as an independent check of those and for lists sent in blocks. Sources:
//! Turner, Ly & Grünwald, "Generic E-variables for exact sequential k-sample tests that allow for optional stopping"
//! (2024); Pérez-Ortiz, Lardy, de Heide & Grünwald, "E-statistics, group invariance and anytime valid testing" (2024).
//! Guarantee: `exact`.

pub mod t;
mod two_by_two;

pub use two_by_two::{Block, SafeTwoByTwo};
