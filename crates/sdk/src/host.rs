//! What the host offers to a channel, made safe.
//!
//! The contract lets the host's functions be called until `close` returns; a [`Host`] that lives longer, in a
//! thread the channel forgot, answers without calling them.

use core::fmt;
use core::ptr;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, Instant};

use gevinst_abi::call::Buffer;
use gevinst_abi::raw::{self, Bytes};
use gevinst_abi::{Code, Error};

/// The longest secret that is taken, in bytes.
const SECRET_MAX: usize = 64 << 10;

/// How much a log line matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(i32)]
pub enum Level {
    /// Something that a person should look at.
    Error = 1,
    /// Something that may explain an odd result.
    Warn = 2,
    /// What was done.
    Info = 3,
    /// For the plugin's author.
    Debug = 4,
}

/// The host: its log, its clock, its secrets, and whether the call in progress was cancelled. Cheap to clone,
/// and safe to use from any thread.
#[derive(Clone)]
pub struct Host(Arc<Inner>);

struct Inner {
    /// `None` once the channel is closed.
    table: RwLock<Option<Functions>>,
    last_now_us: AtomicI64,
    cancelled: Mutex<bool>,
    woken: Condvar,
}

#[derive(Clone, Copy)]
struct Functions(raw::Host);

// SAFETY: the contract lets every function of the host be called from any thread until `close` returns, and the
// functions are taken away before.
unsafe impl Send for Functions {}
// SAFETY: as above.
unsafe impl Sync for Functions {}

impl Host {
    /// # Safety
    /// `table` must be null or a host's table whose functions may be called until [`Host::shut`].
    pub(crate) unsafe fn new(table: *const raw::Host) -> Self {
        // SAFETY: a host's table tells at least its size; a shorter one than ours offers nothing we can use.
        let functions = (!table.is_null() && unsafe { ptr::read(table.cast::<u32>()) } >= raw::HOST_SIZE)
            // SAFETY: as large as ours.
            .then(|| Functions(unsafe { *table }));
        Self(Arc::new(Inner {
            table: RwLock::new(functions),
            last_now_us: AtomicI64::new(0),
            cancelled: Mutex::new(false),
            woken: Condvar::new(),
        }))
    }

    /// Runs `call` with the functions while they may be called.
    fn with<T>(&self, call: impl FnOnce(&raw::Host) -> T) -> Option<T> {
        let table = self.0.table.read().unwrap_or_else(PoisonError::into_inner);
        table.as_ref().map(|functions| call(&functions.0))
    }

    /// Waits for calls under way and allows no further ones.
    pub(crate) fn shut(&self) {
        *self.0.table.write().unwrap_or_else(PoisonError::into_inner) = None;
        self.set_cancelled(true);
    }

    pub(crate) fn set_cancelled(&self, cancelled: bool) {
        *self.cancel_flag() = cancelled;
        self.0.woken.notify_all();
    }

    fn cancel_flag(&self) -> MutexGuard<'_, bool> {
        self.0.cancelled.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The time, in µs UTC: the only clock a channel may read, for it is simulated in rehearsals.
    pub fn now_us(&self) -> i64 {
        let now = self.with(|host| {
            // SAFETY: the host's function with the host's context, before `close` returned.
            host.now_us.map(|now_us| unsafe { now_us(host.ctx) })
        });
        match now.flatten() {
            Some(now) => {
                self.0.last_now_us.store(now, Ordering::Relaxed);
                now
            }
            None => self.0.last_now_us.load(Ordering::Relaxed),
        }
    }

    /// Writes a line to the host's log. Never put a secret or a person's address into it.
    pub fn log(&self, level: Level, message: impl AsRef<str>) {
        self.with(|host| {
            if let Some(log) = host.log {
                // SAFETY: the host's function with the host's context, and bytes that live through the call.
                unsafe { log(host.ctx, level as i32, Bytes::of(message.as_ref().as_bytes())) };
            }
        });
    }

    /// Resolves a secret by the name that stands in the configuration, such as `env:TABOOLA_SECRET`.
    ///
    /// # Errors
    /// [`Code::Auth`] when the host has no such secret.
    pub fn secret(&self, name: &str) -> Result<String, Error> {
        let mut buffer = Buffer::new(SECRET_MAX);
        let code = self.with(|host| {
            let sink = buffer.sink();
            // SAFETY: the host's function with the host's context; name and sink live through the call.
            host.secret.map(|secret| unsafe { secret(host.ctx, Bytes::of(name.as_bytes()), sink) })
        });
        match code.flatten() {
            Some(0) => buffer
                .into_bytes()
                .and_then(|bytes| String::from_utf8(bytes).ok())
                .ok_or_else(|| Error::auth(format!("the secret `{name}` is not text, or too long"))),
            Some(code) => Err(Error::new(
                Code::from_i32(code).unwrap_or(Code::Internal),
                format!("the secret `{name}` cannot be had"),
            )),
            None => Err(Error::auth(format!("the secret `{name}` cannot be had: the host offers none"))),
        }
    }

    /// Whether the call in progress was cancelled: return soon, with [`Error::cancelled`] or with what is known.
    pub fn is_cancelled(&self) -> bool {
        *self.cancel_flag()
    }

    /// Waits in real time, for instance for a rate limit, and stops waiting when the call is cancelled.
    ///
    /// # Errors
    /// [`Code::Cancelled`].
    pub fn sleep(&self, duration: Duration) -> Result<(), Error> {
        let until = Instant::now() + duration;
        let mut cancelled = self.cancel_flag();
        while !*cancelled {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            cancelled = self.0.woken.wait_timeout(cancelled, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        Err(Error::cancelled())
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Host")
    }
}
