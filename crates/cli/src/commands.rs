//! One file a command: raw arguments become checked ones, the libraries do the work, the result is shown.

pub(crate) mod approve;
pub(crate) mod audit_rule;
pub(crate) mod check;
pub(crate) mod judge;
pub(crate) mod learn;
pub(crate) mod ledger;
pub(crate) mod new;
pub(crate) mod plan;
pub(crate) mod plugin;
pub(crate) mod rehearse;
pub(crate) mod report;
pub(crate) mod run;
pub(crate) mod status;

/// Program and version, as it stands in ledgers and reports.
pub(crate) const GENERATOR: &str = concat!("gevinst ", env!("CARGO_PKG_VERSION"));
