//! Group-sequential tests: a few looks planned ahead, with boundaries that spend exactly α over them.
//!
//! For people who want a test with a fixed number of looks rather than one that may be read at any time. The model
//! is the canonical one: at information fractions 0 < t₁ < … < t_K = 1 the statistics Z_k satisfy
//! Z_k√t_k = B(t_k) for a Brownian motion B with drift θ, the expected value of Z_K. Every z-test, rate test or
//! t-test with many observations fits it when t_k is the share of the planned information that has been gathered.
//!
//! Boundaries come from the recursive numerical integration of Armitage, McPherson and Rowe (1969), see
//! [`Crossing`]; nothing is simulated. Reproduced: rpact 3.3.4's O'Brien–Fleming, Pocock and spending boundaries,
//! inflation factors, average sizes and futility bounds, to the digits published (`tests/group_sequential.rs`).
//!
//! * [`GroupSequentialDesign`]: boundaries for a method, one or two sides, optional futility.
//! * [`SpendingFunction`]: how much of α (or β) may be used up by information t.
//! * [`Plan`]: the drift that gives a wanted power, inflation of the sample, average sample numbers.
//! * [`stagewise`]: p-value, median-unbiased estimate and interval after stopping.
//!
//! Guarantee: `asymptotic` (the statistics are normal), at exactly the looks that were taken; with a spending
//! function the looks' times may be chosen as the month goes, as long as not by looking at the effect.

mod boundaries;
mod planning;
mod recursion;
mod spending;
pub mod stagewise;

pub use boundaries::{Boundary, Futility, GroupSequentialDesign, Sides};
pub use planning::{Plan, fixed_drift, two_proportion_total};
pub use recursion::{Crossing, Look, crossing_probabilities, type_one_error_of_peeking};
pub use spending::SpendingFunction;
