//! Native advertising as a channel: Taboola, Outbrain, and CSV exports of platforms without a public API.
//!
//! An arm is a campaign with a daily budget of its own, named `gevinst/<experiment>/<arm>`. It is created resting,
//! given its items, and only then set going; a campaign of that name that is there already is taken over, so that nothing
//! is created twice. After every write the campaign is read back.
//!
//! Arms that compete in one auction are not randomised: the platform steers who sees what. Label the separation
//! `platform-split` at best.
//!
//! What a day is, the platform decides: the day of the account's timezone. Where that is not the company's, the channel
//! does not open unless the configuration says `accept_timezone`.
#![forbid(unsafe_code)]

mod arms;
mod channel;
mod config;
mod creative;
mod exports;
mod observe;
mod outbrain;
mod taboola;

pub use channel::NativeAds;
pub use config::{Config, Platform};
pub use exports::{Columns, CsvExports};

gevinst_sdk::export_channel!(NativeAds);
