//! Drives a [`Channel`] in a test, without a library or a process, through the same C functions as the host.
//!
//! ```
//! # use gevinst_sdk::{testing::{Driver, TestHost}, wire::*, Channel, Error, Host, Observations};
//! # #[derive(serde::Deserialize)] pub struct Config {}
//! # pub struct Shop;
//! # impl Channel for Shop {
//! #     type Config = Config;
//! #     fn describe() -> Description { Description::new("shop", "0.1.0") }
//! #     fn open(_: Config, _: Host) -> Result<Self, Error> { Ok(Shop) }
//! #     fn apply(&mut self, _: &Command) -> Result<Receipt, Error> { Err(Error::unsupported("")) }
//! #     fn query(&mut self, _: &Query) -> Result<State, Error> { Ok(State::absent()) }
//! #     fn observe(&mut self, _: &ObserveRequest) -> Result<Observations, Error> { todo!() }
//! # }
//! let host = TestHost::at(1_793_491_200_000_000).with_secret("env:TOKEN", "s3cret");
//! let mut shop = Driver::<Shop>::open(&host, serde_json::json!({})).unwrap();
//! let query = Query { experiment: "headlines".into(), arm: "product".into() };
//! assert!(!shop.query(&query).unwrap().exists);
//! ```

use core::marker::PhantomData;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use gevinst_abi::call::{Canceller, Instance, Limits, Services, Table};
use gevinst_abi::wire::{Command, CursorAfter, Description, ObserveRequest, Query, Receipt, State};
use gevinst_abi::{Code, Columns, Error};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Channel, Observations};

/// A host for tests: a clock that is set by hand, secrets, and a log that can be read. Clones share all of it.
#[derive(Clone, Debug, Default)]
pub struct TestHost(Arc<Mutex<Held>>);

#[derive(Debug, Default)]
struct Held {
    now_us: i64,
    secrets: BTreeMap<String, String>,
    log: Vec<(i32, String)>,
}

impl TestHost {
    /// A host whose clock stands at `now_us`.
    pub fn at(now_us: i64) -> Self {
        let host = Self::default();
        host.set_now_us(now_us);
        host
    }

    /// The same host, knowing a secret.
    #[must_use]
    pub fn with_secret(self, name: &str, value: &str) -> Self {
        self.held().secrets.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Sets the clock.
    pub fn set_now_us(&self, now_us: i64) {
        self.held().now_us = now_us;
    }

    /// What was logged so far: level and line.
    pub fn log_lines(&self) -> Vec<(i32, String)> {
        self.held().log.clone()
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Services for TestHost {
    fn log(&self, level: i32, message: &str) {
        self.held().log.push((level, message.to_owned()));
    }

    fn now_us(&self) -> i64 {
        self.held().now_us
    }

    fn secret(&self, name: &str) -> Result<String, Code> {
        self.held().secrets.get(name).cloned().ok_or(Code::Auth)
    }
}

/// An opened channel, called through its C functions; dropping it closes it.
pub struct Driver<C: Channel> {
    instance: Instance,
    channel: PhantomData<C>,
}

impl<C: Channel> Driver<C> {
    /// What `describe` answers.
    ///
    /// # Errors
    /// The plugin's own, or [`Code::Internal`] when the answer cannot be read.
    pub fn describe() -> Result<Description, Error> {
        read(&Self::table().describe(Limits::default())?)
    }

    /// Opens the channel with `config` as JSON.
    ///
    /// # Errors
    /// The plugin's own.
    pub fn open(host: &TestHost, config: impl Serialize) -> Result<Self, Error> {
        let config = write(&config)?;
        let instance = Instance::open(Self::table(), Arc::new(host.clone()), &config, Limits::default())?;
        Ok(Self { instance, channel: PhantomData })
    }

    fn table() -> Table {
        let table: &'static gevinst_abi::raw::ChannelV1 = Linked::<C>::TABLE;
        Table::linked(table).expect("the SDK fills every slot")
    }

    /// Calls `check`.
    ///
    /// # Errors
    /// The plugin's own.
    pub fn check(&mut self) -> Result<(), Error> {
        self.instance.check()
    }

    /// Calls `apply`.
    ///
    /// # Errors
    /// The plugin's own, or [`Code::Internal`] when the answer cannot be read.
    pub fn apply(&mut self, command: &Command) -> Result<Receipt, Error> {
        read(&self.instance.apply(&write(command)?)?)
    }

    /// Calls `query`.
    ///
    /// # Errors
    /// As [`Driver::apply`].
    pub fn query(&mut self, query: &Query) -> Result<State, Error> {
        read(&self.instance.query(&write(query)?)?)
    }

    /// Calls `observe` and reads the whole stream.
    ///
    /// # Errors
    /// As [`Driver::apply`].
    pub fn observe(&mut self, request: &ObserveRequest) -> Result<Observations, Error> {
        let mut rows = Columns::new();
        let after: CursorAfter = read(&self.instance.observe(&write(request)?, &mut |columns| {
            rows.append(&columns);
            Ok(())
        })?)?;
        Ok(Observations { rows, after })
    }

    /// A handle by which another thread can cancel the call in progress.
    pub fn canceller(&self) -> Canceller {
        self.instance.canceller()
    }
}

impl<C: Channel> core::fmt::Debug for Driver<C> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Driver")
    }
}

/// The table of a channel as a static, without exporting it.
struct Linked<C>(PhantomData<C>);

impl<C: Channel> Linked<C> {
    const TABLE: &'static gevinst_abi::raw::ChannelV1 = &crate::table::<C>();
}

fn write(value: &impl Serialize) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(value).map_err(|error| Error::internal(error.to_string()))
}

fn read<T: DeserializeOwned>(json: &[u8]) -> Result<T, Error> {
    serde_json::from_slice(json).map_err(|error| Error::internal(format!("the answer does not fit: {error}")))
}
