//! LinkedIn and Meta advertising behind the channel ABI.
//!
//! An arm is the object that owns its budget: a campaign on LinkedIn, an ad set on Meta. It is found again by its name,
//! `gevinst/<experiment>/<arm>`, and made only when no object bears that name. [`Config`] says what a new one is like;
//! what it shows comes with the arm's first command.
//!
//! | | LinkedIn | Meta |
//! |---|---|---|
//! | creative | `post = "urn:li:share:…"`, with `form` and `call_to_action` for leads | `creative_id`, or `text`, `headline`, `url`, `image_hash` |
//! | `spend` | `costInLocalCurrency` | `spend` |
//! | `clicks` | `clicks`, all that are charged | `inline_link_clicks`, those to the link |
//! | `lead` | `oneClickLeads` or website conversions, as configured | one tier of lead actions |
//! | `conversion`, `value` | website conversions and their value | purchases, or the named action, and their value |
//! | days | UTC's | the account's timezone's |
//!
//! `value` is one sum a day: the platforms tell no spread of single values, so it serves reports, not tests.
//!
//! Both platforms take a daily budget for an average: a single day may cost more, and the next ones less. What was spent is
//! what they report.
//!
//! What the channel promises, beyond what every channel must:
//! - A write leaves this machine at most once. When its answer is lost, the command stays noted as pending and the next
//!   query settles it by looking.
//! - The number of the last command and renewed tokens are kept in the folder `state`, in files for their owner alone.
//! - An arm is made at rest, given something to show, and then set running: a launch that breaks off spends nothing.
//! - A day is reported when it is over for the platform and for the company, and its lag too. An empty report is no
//!   proof of a day without activity until some report of the account was not empty.
#![forbid(unsafe_code)]

mod channel;
mod config;
mod days;
mod desk;
mod linkedin;
mod meta;
mod platform;
mod restli;
mod watch;

pub use channel::Social;
pub use config::{Config, LeadFrom, LinkedIn, Meta, Name};

gevinst_sdk::export_channel!(Social);
