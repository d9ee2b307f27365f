//! False discoveries over many verdicts: a month's experiments together, or one after the other over a year.
//!
//! * [`benjamini_hochberg`]: p-values that are all there, independent or positively dependent.
//! * [`e_benjamini_hochberg`]: e-values that are all there, *any* dependence; what a month's closing e-values need.
//! * [`OnlineFdr`]: verdicts that must be given one after the other, never revised: LORD++, LOND, SAFFRON for p-values,
//!   e-LOND for e-values.
//!
//! The false discovery rate is the expected share of wrong verdicts among those given (0 where none is given). At
//! rate α among R verdicts expect at most about αR wrong ones.

mod batch;
mod online;

pub use batch::{adjusted_p_values, benjamini_hochberg, e_benjamini_hochberg};
pub use online::{OnlineDecision, OnlineFdr, OnlineRule};
