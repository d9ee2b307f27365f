//! E-mail as a channel: own sending, person by person at random.
//!
//! An arm is a message, or a flow of messages with waits and conditions; its budget is people a day. Each day's batch is drawn
//! from the recipient list by keyed hashes, balanced by strata where asked; people are written to within a pace; clicks,
//! goals, bounces and people who leave are counted by the day on which a person was enrolled.
//!
//! - [`config::Config`]: all of a channel's table in `gevinst.toml`.
//! - [`Account`]: an opened account, which takes [turns](Account::turn) at enrolling and sending.
//! - [`Email`]: the channel that the runner speaks to.
//!
//! # What is kept
//! The state folder holds the send ledger, `sent.sqlite`: people as keyed hashes, never addresses. A message is recorded as
//! an intent before the mail server hears of it; if the sender dies before the answer is recorded, the message counts as sent
//! and is never tried again (at most once). A suppression is asked for in the same transaction as the intent and never taken
//! back.
#![forbid(unsafe_code)]

mod account;
mod bounce;
mod carrier;
mod channel;
pub mod config;
mod draw;
mod error;
mod key;
mod links;
mod list;
mod mailbox;
mod mailchimp;
mod mailings;
mod message;
mod outcomes;
mod pages;
mod scanner;
mod sender;
mod server;
mod store;
mod template;
mod tls;
mod token;

pub use account::{Account, Secrets};
pub use channel::Email;
pub use error::Error;
pub use list::List;
pub use mailbox::Look;
pub use sender::Turn;
pub use server::{ClickServer, Clock};

gevinst_sdk::export_channel!(Email);
