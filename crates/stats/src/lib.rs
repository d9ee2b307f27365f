//! Pure statistics of adaptive experiments: tables in, evidence out.
#![forbid(unsafe_code)]

mod error;

pub mod special;

pub use error::StatsError;
