//! A channel in this process: for debuggers, and for channels that are linked in.
//!
//! The plugin runs on a thread of its own, so that deadlines hold here too; what cannot be done here is
//! to kill it. A call that does not return after its cancelling leaves its thread behind, and a plugin that
//! crashes takes this program with it. Output goes where this program's goes.

use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use gevinst_abi::call::{Limits, Services, Table};
use gevinst_abi::raw::ChannelV1;
use gevinst_abi::{Code, Columns, Error as PluginError};

use crate::channel::{self, CancelSlot, LoadedChannel};
use crate::child::message::Method;
use crate::clock::CallClock;
use crate::connection::{Answer, Connection, Request, Terms};
use crate::error::HostError;
use crate::find::Plugin;
use crate::library;
use crate::surroundings::{Level, LogSource, Surroundings};

/// How long a call may take to return after it was cancelled.
const CANCEL_GRACE: Duration = Duration::from_secs(2);

/// A channel in this process. Dropping it closes the channel, if no call hangs.
pub struct InProcessConnection {
    /// `None` once a call was left behind.
    calls: Option<Sender<Job>>,
    /// Ends when the thread does.
    worker: Option<std::thread::JoinHandle<()>>,
    held: Arc<Held>,
    cancel: CancelSlot,
    cancel_grace: Duration,
    open: bool,
}

struct Job {
    method: Method,
    body: String,
    answer: Sender<Result<Answer, PluginError>>,
}

/// What the plugin can ask for.
struct Held {
    surroundings: Surroundings,
    clock: CallClock,
}

impl Services for Held {
    fn log(&self, level: i32, message: &str) {
        self.surroundings.log(LogSource::Plugin, Level::from_i32(level), message);
    }

    fn now_us(&self) -> i64 {
        self.clock.now_us()
    }

    fn secret(&self, name: &str) -> Result<String, Code> {
        self.surroundings.secret(name).ok_or(Code::Auth)
    }
}

impl InProcessConnection {
    /// Loads the plugin into this process, for good.
    ///
    /// # Errors
    /// As loading in a child, and [`HostError::Child`] when no thread can be started.
    ///
    /// Only for libraries that are trusted as one's own code: the library's constructors run in this process,
    /// and nothing stands between it and this program's memory. It is not marked `unsafe`, because no caller
    /// could prove anything about a file; the name says what is asked of whoever calls it.
    pub fn load_trusted(
        plugin: &Plugin,
        limits: Limits,
        surroundings: Surroundings,
    ) -> Result<Self, HostError> {
        // SAFETY: trusted, as the function's name says.
        let table = unsafe { library::load(plugin.path()) }.map_err(|error| error.at(plugin.path()))?;
        Self::with_table(table, limits, surroundings)
    }

    /// A channel that is linked into this program, such as `&gevinst_rehearsal::gevinst_channel_v1`.
    ///
    /// # Errors
    /// [`HostError::BadTable`] for a table put together wrongly, [`HostError::Child`] when no thread can be started.
    pub fn linked(
        table: &'static ChannelV1,
        limits: Limits,
        surroundings: Surroundings,
    ) -> Result<Self, HostError> {
        let table = Table::linked(table).map_err(|error| HostError::BadTable {
            path: "the linked channel".into(),
            reason: error.to_string(),
        })?;
        Self::with_table(table, limits, surroundings)
    }

    fn with_table(table: Table, limits: Limits, surroundings: Surroundings) -> Result<Self, HostError> {
        let held = Arc::new(Held { surroundings, clock: CallClock::new() });
        let cancel: CancelSlot = Arc::new(Mutex::new(None));
        let (calls, inbox) = mpsc::channel();
        let loaded = LoadedChannel::new(table, limits, held.clone(), cancel.clone());
        let worker = std::thread::Builder::new()
            .name("gevinst-channel".to_owned())
            .spawn(move || work(loaded, &inbox))
            .map_err(|source| HostError::Child { what: "thread cannot be started", source })?;
        Ok(Self {
            calls: Some(calls),
            worker: Some(worker),
            held,
            cancel,
            cancel_grace: CANCEL_GRACE,
            open: false,
        })
    }

    /// How long a call may take to return after it was cancelled, instead of two seconds.
    pub fn set_cancel_grace(&mut self, cancel_grace: Duration) {
        self.cancel_grace = cancel_grace;
    }
}

fn work(mut loaded: LoadedChannel, inbox: &Receiver<Job>) {
    while let Ok(Job { method, body, answer }) = inbox.recv() {
        let mut rows = Columns::new();
        let result = loaded.call(method, &body, &mut |columns| {
            rows.append(&columns);
            Ok(())
        });
        // Nobody may be waiting any more.
        let _ = answer.send(result.map(|json| Answer { json, rows }));
    }
}

impl Connection for InProcessConnection {
    fn call(&mut self, request: Request<'_>, terms: Terms) -> Result<Answer, HostError> {
        let method = request.method();
        request.check_size()?;
        let (what, body) = match request {
            Request::Describe => (Method::Describe, ""),
            Request::Open(body) => (Method::Open, body),
            Request::Check => (Method::Check, ""),
            Request::Apply(body) => (Method::Apply, body),
            Request::Query(body) => (Method::Query, body),
            Request::Observe(body) => (Method::Observe, body),
            Request::Close => (Method::Close, ""),
        };
        let Some(calls) = &self.calls else { return Err(HostError::Gone { method }) };
        match what {
            Method::Describe => {}
            Method::Open if self.open => return Err(HostError::Misused { method, open: true }),
            Method::Open => {}
            _ if !self.open => return Err(HostError::Misused { method, open: false }),
            _ => {}
        }
        self.held.clock.set(terms.now);
        let (answer, waiting) = mpsc::channel();
        let until = Instant::now() + terms.deadline;
        if calls.send(Job { method: what, body: body.to_owned(), answer }).is_err() {
            return Err(HostError::Gone { method });
        }
        let left = until.saturating_duration_since(Instant::now());
        let mut received = waiting.recv_timeout(left);
        let late = received == Err(RecvTimeoutError::Timeout);
        if late {
            // On another thread, for a plugin's `cancel` may hang as well.
            let slot = self.cancel.clone();
            std::thread::spawn(move || channel::cancel(&slot));
            received = waiting.recv_timeout(self.cancel_grace);
        }
        let deadline = || HostError::Deadline { method, deadline: terms.deadline };
        let result = match received {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) if late && error.code == Code::Cancelled => Err(deadline()),
            Ok(Err(error)) => Err(self.held.surroundings.blot_error(error).into()),
            Err(RecvTimeoutError::Timeout) => {
                self.calls = None;
                self.worker = None;
                Err(deadline())
            }
            Err(RecvTimeoutError::Disconnected) => {
                self.calls = None;
                Err(HostError::Protocol { method, reason: "the channel's thread ended".to_owned() })
            }
        };
        match what {
            Method::Open => self.open = result.is_ok(),
            Method::Close => self.open = false,
            _ => {}
        }
        result
    }
}

impl Drop for InProcessConnection {
    fn drop(&mut self) {
        // The thread ends with its inbox, closing the channel; one that was left behind is not waited for.
        self.calls = None;
        if let Some(worker) = self.worker.take() {
            let _ = worker.join();
        }
    }
}

impl std::fmt::Debug for InProcessConnection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("InProcessConnection").field("open", &self.open).finish_non_exhaustive()
    }
}
