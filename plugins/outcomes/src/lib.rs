//! Outcomes: what became of the people that the arms brought, as the CRM knows it.
//!
//! A source, not a channel for arms: it takes no commands. A definition names it (`[goal] source = "crm"`), and the runner
//! asks it for the goal of every arm, while the arms' own channels tell what was spent and shown.
//!
//! - **Where people come from**: a folder into which a CRM drops CSV files ([`drops`](crate#drops)), HubSpot, or both.
//! - **Which arm**: the record's tags (`utm_content` is the arm, `utm_id` or `utm_campaign` the experiment), the tags of the
//!   page that the record names, or a click id that a list of clicks knows; the first of these that names both.
//! - **Which period**: the local day of the first touch where the record has one, else of its creation.
//! - **What is counted**: every stage is a metric, and counts the people that reached it or a later one; `expected_value` sums
//!   what they are worth in minor units, `revenue` what customers' own records say, `hours_to_first_answer` how long people
//!   waited, those who still wait among them. Someone who moves on, or back, restates
//!   the row of their day.
//! - **Zeroes**: a source knows all people, so that of every period until its freshness each arm has a row, a zero
//!   where nobody came. That is also how a count that fell to nothing is restated.
//! - **The market**: brand searches and direct visits by day belong to no arm. They are reported for the
//!   arm `market` when that is asked for in the name of no experiment; days that the series leaves out have no row.
//!
//! # Drops
//!
//! The folder is read anew at every observation: files may be added, appended to or replaced. Of one person the newest record
//! counts, field by field, by its `updated` column where there is one, else by the drop's own day; equal records twice are
//! one. Totals therefore depend on what the files say, not on their order. A person who is left out of a later drop stays.
//! Drops reach as far as their names say: `leads-2026-11-07.csv` was exported on that day and is taken to hold
//! everything until that day began.
//!
//! # People
//!
//! Of a person's id and click id only a hash leaves the parser, keyed anew in every process and kept nowhere. Messages name
//! files, lines and columns, never what stands there.
#![forbid(unsafe_code)]

mod channel;
mod config;
mod drops;
mod funnel;
mod google;
mod hubspot;
mod market;
mod moment;
mod person;
mod search_console;
mod tags;
mod worth;

pub use channel::Outcomes;
pub use config::Config;

gevinst_sdk::export_channel!(Outcomes);
