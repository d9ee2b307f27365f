//! An opened channel and the handle that cancels its calls.

use core::fmt;
use core::ptr::{self, NonNull};
use std::sync::{Arc, Mutex, PoisonError};

use super::buffer::answered;
use super::offered::HostBox;
use super::{Limits, Services, Table};
use crate::arrow::ArrowArrayStream;
use crate::code::Error;
use crate::import::Reader;
use crate::raw::{self, Bytes, ErrorOut};
use crate::rows::Columns;

/// An opened channel; dropping it closes it.
pub struct Instance {
    table: Table,
    channel: NonNull<raw::Channel>,
    limits: Limits,
    canceller: Canceller,
    /// Stays where it is until the channel is closed, as the contract says.
    _host: HostBox,
}

// SAFETY: the contract lets one thread at a time use a channel, not always the same; `&mut` sees to that.
unsafe impl Send for Instance {}

impl Instance {
    /// Opens a channel with `config`, JSON text.
    ///
    /// # Errors
    /// The plugin's own, or [`Code::Internal`](crate::Code::Internal) when it hands out no channel.
    pub fn open(
        table: Table,
        services: Arc<dyn Services>,
        config: &[u8],
        limits: Limits,
    ) -> Result<Self, Error> {
        let host = HostBox::new(services);
        let open = table.0.open.expect("checked");
        let mut channel = ptr::null_mut();
        let mut err = ErrorOut::empty();
        // SAFETY: the host stays in its box until the instance is dropped; the rest lives through the call.
        let returned = unsafe { open(host.table, Bytes::of(config), &mut channel, &mut err) };
        if returned != 0 {
            return Err(Error::read_from(returned, &err));
        }
        let channel = NonNull::new(channel)
            .ok_or_else(|| Error::internal("open succeeded but handed out no channel"))?;
        let cancel = table.0.cancel.expect("checked");
        let canceller = Canceller(Arc::new(Mutex::new(Some(Target { cancel, channel }))));
        Ok(Self { table, channel, limits, canceller, _host: host })
    }

    /// A handle by which any thread can cancel the call in progress.
    pub fn canceller(&self) -> Canceller {
        self.canceller.clone()
    }

    /// Calls `check`.
    ///
    /// # Errors
    /// The plugin's own.
    pub fn check(&mut self) -> Result<(), Error> {
        let check = self.table.0.check.expect("checked");
        let mut err = ErrorOut::empty();
        // SAFETY: an open channel, used by one thread; the error struct lives through the call.
        match unsafe { check(self.channel.as_ptr(), &mut err) } {
            0 => Ok(()),
            returned => Err(Error::read_from(returned, &err)),
        }
    }

    /// Calls `apply` with a command and returns the receipt, both JSON.
    ///
    /// # Errors
    /// The plugin's own, or [`Code::TooLarge`](crate::Code::TooLarge).
    pub fn apply(&mut self, command: &[u8]) -> Result<Vec<u8>, Error> {
        let (apply, channel) = (self.table.0.apply.expect("checked"), self.channel.as_ptr());
        // SAFETY: an open channel, used by one thread; the rest lives through the call.
        answered(self.limits, |sink, err| unsafe { apply(channel, Bytes::of(command), sink, err) })
    }

    /// Calls `query` with a request and returns the state, both JSON.
    ///
    /// # Errors
    /// The plugin's own, or [`Code::TooLarge`](crate::Code::TooLarge).
    pub fn query(&mut self, request: &[u8]) -> Result<Vec<u8>, Error> {
        let (query, channel) = (self.table.0.query.expect("checked"), self.channel.as_ptr());
        // SAFETY: an open channel, used by one thread; the rest lives through the call.
        answered(self.limits, |sink, err| unsafe { query(channel, Bytes::of(request), sink, err) })
    }

    /// Calls `observe` with a request (JSON), hands every array of rows to `take`, and returns the cursor (JSON).
    ///
    /// # Errors
    /// The plugin's own, [`Code::TooLarge`](crate::Code::TooLarge), [`Code::Internal`](crate::Code::Internal) for a stream that is not as the contract says,
    /// or what `take` returns.
    pub fn observe(
        &mut self,
        request: &[u8],
        take: &mut dyn FnMut(Columns) -> Result<(), Error>,
    ) -> Result<Vec<u8>, Error> {
        let (observe, channel) = (self.table.0.observe.expect("checked"), self.channel.as_ptr());
        let mut stream = ArrowArrayStream::empty();
        let answer = answered(self.limits, |sink, err| {
            // SAFETY: an open channel, used by one thread; the rest lives through the call.
            unsafe { observe(channel, Bytes::of(request), &mut stream, sink, err) }
        });
        if answer.is_err() {
            if let Some(release) = stream.release {
                // SAFETY: filled in spite of the error; released once.
                unsafe { release(&mut stream) };
            }
            return answer;
        }
        // SAFETY: filled by the plugin just now.
        let mut reader = unsafe { Reader::new(stream, self.limits.rows_max) }?;
        while let Some(columns) = reader.next_batch()? {
            take(columns)?;
        }
        answer
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        // Holding the lock while taking the target out means that no cancel is under way during close.
        *self.canceller.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
        let close = self.table.0.close.expect("checked");
        // SAFETY: closed once; nobody can cancel any more, and `&mut self` means that no call is in progress.
        unsafe { close(self.channel.as_ptr()) };
    }
}

impl fmt::Debug for Instance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Instance").field("channel", &self.channel).finish_non_exhaustive()
    }
}

struct Target {
    cancel: unsafe extern "C" fn(*mut raw::Channel),
    channel: NonNull<raw::Channel>,
}

// SAFETY: `cancel` may be called from any thread while the channel is open, and the target is taken away before
// it is closed.
unsafe impl Send for Target {}

/// Cancels the call in progress, from any thread; does nothing once the channel is closed.
#[derive(Clone)]
pub struct Canceller(Arc<Mutex<Option<Target>>>);

impl Canceller {
    /// Calls `cancel`.
    pub fn cancel(&self) {
        if let Some(target) = &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            // SAFETY: open for as long as the lock is held.
            unsafe { (target.cancel)(target.channel.as_ptr()) };
        }
    }
}

impl fmt::Debug for Canceller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Canceller")
    }
}
