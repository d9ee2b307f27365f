//! One plugin with at most one open channel, called in this process: what the child runs, and what the
//! in-process connection runs on its own thread.

use std::sync::{Arc, Mutex, PoisonError};

use gevinst_abi::call::{Canceller, Instance, Limits, Services, Table};
use gevinst_abi::{Columns, Error as PluginError};

use crate::child::message::Method;

/// Where the canceller of the open channel is found by other threads.
pub(crate) type CancelSlot = Arc<Mutex<Option<Canceller>>>;

/// A loaded plugin and its channel.
pub(crate) struct LoadedChannel {
    table: Table,
    limits: Limits,
    services: Arc<dyn Services>,
    instance: Option<Instance>,
    cancel: CancelSlot,
}

impl LoadedChannel {
    pub(crate) fn new(table: Table, limits: Limits, services: Arc<dyn Services>, cancel: CancelSlot) -> Self {
        Self { table, limits, services, instance: None, cancel }
    }

    /// Does one call; rows go to `take` as they come. Opening twice or calling without a channel is the
    /// connection's to prevent, and answered as a bad request here.
    pub(crate) fn call(
        &mut self,
        method: Method,
        body: &str,
        take: &mut dyn FnMut(Columns) -> Result<(), PluginError>,
    ) -> Result<String, PluginError> {
        let nothing_open = || PluginError::bad_request("", "no channel is open");
        let body = body.as_bytes();
        let answer = match (method, &mut self.instance) {
            (Method::Describe, _) => self.table.describe(self.limits)?,
            (Method::Open, Some(_)) => return Err(PluginError::bad_request("", "a channel is open already")),
            (Method::Open, none) => {
                let instance = Instance::open(self.table, self.services.clone(), body, self.limits)?;
                *self.cancel.lock().unwrap_or_else(PoisonError::into_inner) = Some(instance.canceller());
                *none = Some(instance);
                Vec::new()
            }
            (Method::Close, instance) => {
                *self.cancel.lock().unwrap_or_else(PoisonError::into_inner) = None;
                *instance = None;
                Vec::new()
            }
            (_, None) => return Err(nothing_open()),
            (Method::Check, Some(instance)) => {
                instance.check()?;
                Vec::new()
            }
            (Method::Apply, Some(instance)) => instance.apply(body)?,
            (Method::Query, Some(instance)) => instance.query(body)?,
            (Method::Observe, Some(instance)) => instance.observe(body, take)?,
        };
        String::from_utf8(answer).map_err(|_| PluginError::internal("the answer is not UTF-8"))
    }
}

impl Drop for LoadedChannel {
    fn drop(&mut self) {
        *self.cancel.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// Cancels the call in progress, if a channel is open. Not while another thread holds the slot, so that a
/// plugin whose `cancel` hangs does not hang its `close` with it.
pub(crate) fn cancel(slot: &CancelSlot) {
    let canceller = slot.lock().unwrap_or_else(PoisonError::into_inner).clone();
    if let Some(canceller) = canceller {
        canceller.cancel();
    }
}
