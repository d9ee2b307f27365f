//! Rehearse: play the month against a stand-in market before any money is spent.

pub mod month;
pub mod months;
pub mod score;
pub mod stand_in;
