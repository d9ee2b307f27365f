//! Pure statistics of adaptive experiments: tables in, evidence out.
#![forbid(unsafe_code)]

mod curve;
mod error;

pub mod group_sequential;
pub mod likelihood;
pub mod prior;
pub mod proportion;
pub mod quality;
pub mod special;
pub mod table;
pub mod value;

pub use error::StatsError;
