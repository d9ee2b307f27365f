//! The C ABI of a channel plugin, its Rust mirror, and both sides of every call.
//!
//! `include/gevinst_channel.h` is the contract. This crate mirrors it and adds what Rust needs to keep it:
//!
//! - [`raw`]: the structs and slots, field by field; [`arrow`]: the three structs of the Arrow C interfaces.
//! - [`Code`] and [`Error`]: what can go wrong, in and out of the caller's `gv_error`.
//! - [`Row`] and [`Columns`]: observations, schema `aggregates/1`; [`export`] turns them into an Arrow stream
//!   and [`import`] reads such a stream without trusting it.
//! - [`call`]: the caller's side: a table that has been checked, an opened instance, its cancelling handle.
//! - [`wire`] (feature `json`): the JSON of commands and answers as typed structs. They live here because the
//!   host must know them as well as the SDK, and the host depends on nothing of ours but this crate.
//!
//! - [`blot`] (feature `json`): secrets in text that is shown to people.
//!
//! Without features there are no dependencies. This crate loads no library and starts no process.

pub mod arrow;
#[cfg(feature = "json")]
pub mod blot;
pub mod call;
mod code;
pub mod export;
pub mod import;
pub mod raw;
mod rows;
#[cfg(feature = "json")]
pub mod wire;

pub use code::{Code, Error};
pub use rows::{Columns, Row};

/// The eight bytes `GEVINST1` that open every table.
pub const MAGIC: u64 = 0x3154_534E_4956_4547;
/// The major version that this crate mirrors. Another major is another contract.
pub const ABI_MAJOR: u32 = 1;
/// The minor version that this crate mirrors. A higher minor only appends slots.
pub const ABI_MINOR: u32 = 0;
/// The exported symbol of major 1.
pub const SYMBOL: &str = "gevinst_channel_v1";
/// The symbols of other majors start so; the digits that follow are the major.
pub const SYMBOL_STEM: &str = "gevinst_channel_v";
/// The header, for scaffolding a plugin in C.
pub const HEADER: &str = include_str!("../include/gevinst_channel.h");
