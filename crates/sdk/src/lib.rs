//! What a plugin author uses: [`trait Channel`](Channel), [`export_channel!`], and [`testing`].
//!
//! A channel is a type that implements [`Channel`] in a crate with
//! `crate-type = ["cdylib", "rlib"]`, exported by one line:
//!
//! ```no_run
//! # use gevinst_sdk::{wire::*, Channel, Error, Host, Observations};
//! # #[derive(serde::Deserialize)] pub struct Config {}
//! # pub struct Shop;
//! # impl Channel for Shop {
//! #     type Config = Config;
//! #     fn describe() -> Description { Description::new("shop", "0.1.0") }
//! #     fn open(_: Config, _: Host) -> Result<Self, Error> { Ok(Shop) }
//! #     fn apply(&mut self, _: &Command) -> Result<Receipt, Error> { todo!() }
//! #     fn query(&mut self, _: &Query) -> Result<State, Error> { todo!() }
//! #     fn observe(&mut self, _: &ObserveRequest) -> Result<Observations, Error> { todo!() }
//! # }
//! gevinst_sdk::export_channel!(Shop);
//! ```
//!
//! `examples/letterbox.rs` is a complete channel in under 60 lines; `gevinst plugin new` writes one that keeps its
//! state, with tests.
//!
//! What the SDK sees to, so that an author need not:
//! - JSON in and out; a configuration or request that does not fit is refused with a pointer to the field.
//! - A command whose `not_after_us` has passed is not handed to the channel at all: the answer is "not applied".
//! - A panic is caught at one guard around every slot. The channel that panicked takes no further call but
//!   `close`. A crate built with `panic = "abort"` cannot export a channel: it does not compile.
//! - [`Host`] stays safe to use after the channel is closed.
//!
//! What it cannot see to: that a command is carried out once, that the state is read back from the platform
//! after a write, that nothing reads another clock than [`Host::now_us`]. `gevinst plugin test` looks at those.

mod channel;
mod host;
#[cfg(feature = "calendar")]
pub mod periods;
mod slots;
pub mod testing;

pub use channel::{Channel, Observations};
pub use gevinst_abi as abi;
pub use gevinst_abi::{Code, Columns, Error, Row, wire};
pub use host::{Host, Level};
pub use slots::table;

/// The JSON Schema of a configuration type, for [`wire::Description::config_schema`].
#[cfg(feature = "schema")]
pub fn config_schema<C: schemars::JsonSchema>() -> serde_json::Value {
    schemars::schema_for!(C).to_value()
}

/// `#[derive(JsonSchema)]` without a dependency of one's own: `#[schemars(crate = "gevinst_sdk::schemars")]`.
#[cfg(feature = "schema")]
pub use schemars;

/// Exports a [`Channel`] as the symbol `gevinst_channel_v1`. Once in a library; a program that links two such
/// libraries and uses items of both does not link, for the symbol would be there twice.
#[macro_export]
macro_rules! export_channel {
    ($channel:ty) => {
        #[cfg(panic = "abort")]
        ::core::compile_error!(
            "a channel must unwind: remove `panic = \"abort\"` from the profile, or one panic takes the \
             whole process down instead of one channel"
        );

        /// The table by which the host finds this channel.
        #[unsafe(no_mangle)]
        #[expect(non_upper_case_globals, reason = "the symbol's name is fixed by the ABI")]
        pub static gevinst_channel_v1: $crate::abi::raw::ChannelV1 = $crate::table::<$channel>();
    };
}
