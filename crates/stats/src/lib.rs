//! Pure statistics of adaptive experiments: tables in, evidence out.
#![forbid(unsafe_code)]

mod curve;
mod error;
mod vector;

pub mod allocate;
pub mod best;
pub mod classical;
pub mod cost_limit;
pub mod cuped;
pub mod decide;
pub mod fdr;
pub mod group_sequential;
pub mod judgement;
pub mod learn;
pub mod likelihood;
pub mod meta;
pub mod mixture_boundary;
pub mod pair;
pub mod paired;
pub mod plan;
pub mod prior;
pub mod proportion;
pub mod quality;
pub mod ratio;
pub mod safe_test;
pub mod sample_ratio;
pub mod special;
pub mod table;
pub mod test_and_roll;
pub mod value;

pub use error::StatsError;
