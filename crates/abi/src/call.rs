//! The caller's side of the ABI: a checked table, an opened instance, its cancelling handle.
//!
//! Invariants: a [`Table`] has the right magic and major version and no empty required slot. An [`Instance`]
//! is used by one thread at a time (`&mut`), its [`Canceller`] by any; after `close` the canceller does nothing.
//! Results are bounded by [`Limits`]. Deadlines, processes and the meaning of the JSON are not known here.

use core::ffi::c_void;
use core::fmt;
use core::ptr::{self, NonNull};
use std::sync::{Arc, Mutex, PoisonError};

use crate::arrow::ArrowArrayStream;
use crate::code::{Code, Error};
use crate::import::Reader;
use crate::raw::{self, Bytes, ChannelV1, ErrorOut, Head, Sink};
use crate::rows::Columns;

/// What a channel may ask of whoever called it, from any thread.
pub trait Services: Send + Sync {
    /// A line for the log; `level` is 1 (error) to 4 (debug).
    fn log(&self, level: i32, message: &str);
    /// The time, in µs UTC.
    fn now_us(&self) -> i64;
    /// The secret of that name.
    ///
    /// # Errors
    /// When there is none, or it may not be read.
    fn secret(&self, name: &str) -> Result<String, Code>;
}

/// Bounds on what a plugin may hand back.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of one JSON answer.
    pub answer_bytes_max: usize,
    /// Rows of one observation.
    pub rows_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { answer_bytes_max: 1 << 20, rows_max: 20_000_000 }
    }
}

/// Why a table is not used.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TableError {
    /// The first eight bytes are not [`crate::MAGIC`], or the table is not aligned.
    NotATable,
    /// The table is of another major version.
    WrongMajor {
        /// Major and minor of the plugin.
        plugin: (u32, u32),
        /// Major and minor of this crate.
        host: (u32, u32),
    },
    /// A required slot is empty, perhaps because `struct_size` is too short.
    EmptySlot {
        /// The slot's name.
        slot: &'static str,
        /// What the plugin says of its table's size.
        struct_size: u32,
    },
}

impl fmt::Display for TableError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotATable => write!(f, "its symbol does not point to a channel table"),
            Self::WrongMajor { plugin, host } => write!(
                f,
                "it speaks channel ABI {}.{}, this program speaks {}.{}",
                plugin.0, plugin.1, host.0, host.1
            ),
            Self::EmptySlot { slot, struct_size } => {
                write!(f, "its table of {struct_size} bytes leaves the required slot `{slot}` empty")
            }
        }
    }
}

impl std::error::Error for TableError {}

/// A table that has been checked: the right version, no required slot empty.
#[derive(Clone, Copy, Debug)]
pub struct Table(ChannelV1);

impl Table {
    /// Checks a table and copies it; a longer one (a higher minor) is used as far as we know it.
    ///
    /// # Errors
    /// [`TableError`], with both versions where they differ.
    ///
    /// # Safety
    /// `table` must be null or point to at least 24 readable bytes, and to `struct_size` readable bytes if the
    /// first eight are the magic number; its functions must keep to the contract for as long as the
    /// process lives.
    pub unsafe fn check(table: *const c_void) -> Result<Self, TableError> {
        // SAFETY: as the caller promises.
        let head = unsafe { Self::head(table) }.ok_or(TableError::NotATable)?;
        if head.abi_major != crate::ABI_MAJOR {
            return Err(TableError::WrongMajor {
                plugin: (head.abi_major, head.abi_minor),
                host: (crate::ABI_MAJOR, crate::ABI_MINOR),
            });
        }
        let mut copy = ChannelV1 {
            head,
            describe: None,
            open: None,
            check: None,
            apply: None,
            query: None,
            observe: None,
            cancel: None,
            close: None,
            get_extension: None,
        };
        // Whole slots only: half a pointer is none.
        let slot = size_of::<usize>();
        let known = (head.struct_size as usize).min(size_of::<ChannelV1>());
        let known = known.max(size_of::<Head>()) / slot * slot;
        // SAFETY: the plugin's table has `struct_size` bytes, ours is at least as long as what is copied, and
        // every slot may be null.
        unsafe {
            ptr::copy_nonoverlapping(table.cast::<u8>(), (&raw mut copy).cast::<u8>(), known);
        }
        for (name, empty) in [
            ("describe", copy.describe.is_none()),
            ("open", copy.open.is_none()),
            ("check", copy.check.is_none()),
            ("apply", copy.apply.is_none()),
            ("query", copy.query.is_none()),
            ("observe", copy.observe.is_none()),
            ("cancel", copy.cancel.is_none()),
            ("close", copy.close.is_none()),
        ] {
            if empty {
                return Err(TableError::EmptySlot { slot: name, struct_size: head.struct_size });
            }
        }
        Ok(Self(copy))
    }

    /// The head of a table of any major version, or `None` when it is not one.
    ///
    /// # Safety
    /// `table` must be null or point to at least 24 readable bytes.
    pub unsafe fn head(table: *const c_void) -> Option<Head> {
        if table.is_null() || !table.cast::<Head>().is_aligned() {
            return None;
        }
        // SAFETY: aligned, and 24 bytes as the caller promises.
        let head = unsafe { table.cast::<Head>().read() };
        (head.magic == crate::MAGIC).then_some(head)
    }

    /// Checks a table that is linked into this program.
    ///
    /// # Errors
    /// [`TableError`] when it was put together by hand, and wrongly.
    pub fn linked(table: &'static ChannelV1) -> Result<Self, TableError> {
        // SAFETY: a whole table of ours; its functions keep to the contract by the type's own terms.
        unsafe { Self::check(ptr::from_ref(table).cast()) }
    }

    /// The plugin's major and minor version.
    pub const fn version(&self) -> (u32, u32) {
        (self.0.head.abi_major, self.0.head.abi_minor)
    }

    /// Calls `describe`; the answer is JSON that nobody has looked at yet.
    ///
    /// # Errors
    /// The plugin's own, or [`Code::TooLarge`].
    pub fn describe(&self, limits: Limits) -> Result<Vec<u8>, Error> {
        let describe = self.0.describe.expect("checked");
        // SAFETY: a sink and an error struct that live through the call.
        answered(limits, |sink, err| unsafe { describe(sink, err) })
    }
}

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
    /// The plugin's own, or [`Code::Internal`] when it hands out no channel.
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
    /// The plugin's own, or [`Code::TooLarge`].
    pub fn apply(&mut self, command: &[u8]) -> Result<Vec<u8>, Error> {
        let (apply, channel) = (self.table.0.apply.expect("checked"), self.channel.as_ptr());
        // SAFETY: an open channel, used by one thread; the rest lives through the call.
        answered(self.limits, |sink, err| unsafe { apply(channel, Bytes::of(command), sink, err) })
    }

    /// Calls `query` with a request and returns the state, both JSON.
    ///
    /// # Errors
    /// The plugin's own, or [`Code::TooLarge`].
    pub fn query(&mut self, request: &[u8]) -> Result<Vec<u8>, Error> {
        let (query, channel) = (self.table.0.query.expect("checked"), self.channel.as_ptr());
        // SAFETY: an open channel, used by one thread; the rest lives through the call.
        answered(self.limits, |sink, err| unsafe { query(channel, Bytes::of(request), sink, err) })
    }

    /// Calls `observe` with a request (JSON), hands every array of rows to `take`, and returns the cursor (JSON).
    ///
    /// # Errors
    /// The plugin's own, [`Code::TooLarge`], [`Code::Internal`] for a stream that is not as the contract says,
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

/// Calls `slot` with a bounded sink and returns what it wrote.
fn answered(limits: Limits, slot: impl FnOnce(Sink, *mut ErrorOut) -> i32) -> Result<Vec<u8>, Error> {
    let mut buffer = Buffer { bytes: Vec::new(), max: limits.answer_bytes_max, overflowed: false };
    let mut err = ErrorOut::empty();
    let returned = slot(buffer.sink(), &mut err);
    // A sink that overflowed says so whatever the plugin made of it.
    if buffer.overflowed {
        return Err(Error::new(Code::TooLarge, format!("the answer is larger than {} bytes", buffer.max)));
    }
    if returned != 0 {
        return Err(Error::read_from(returned, &err));
    }
    Ok(buffer.bytes)
}

/// Memory that a [`Sink`] fills.
pub struct Buffer {
    bytes: Vec<u8>,
    max: usize,
    overflowed: bool,
}

impl Buffer {
    /// An empty buffer for at most `max` bytes.
    pub const fn new(max: usize) -> Self {
        Self { bytes: Vec::new(), max, overflowed: false }
    }

    /// A sink that writes here; not to be used after the buffer is gone, which the compiler cannot see.
    pub fn sink(&mut self) -> Sink {
        Sink { ctx: ptr::from_mut(self).cast(), write: Some(buffer_write) }
    }

    /// What was written, or `None` when it was too much.
    pub fn into_bytes(self) -> Option<Vec<u8>> {
        (!self.overflowed).then_some(self.bytes)
    }
}

unsafe extern "C" fn buffer_write(ctx: *mut c_void, chunk: Bytes) -> i32 {
    // SAFETY: `ctx` is the buffer that made the sink, and the callee writes on one thread.
    let buffer = unsafe { &mut *ctx.cast::<Buffer>() };
    // SAFETY: borrowed from the callee for this call.
    let Some(bytes) = (unsafe { chunk.as_slice() }) else { return Code::Internal as i32 };
    if buffer.overflowed || bytes.len() > buffer.max - buffer.bytes.len() {
        buffer.overflowed = true;
        return Code::TooLarge as i32;
    }
    buffer.bytes.extend_from_slice(bytes);
    0
}

/// The host's table with the services behind it. Raw pointers, for the plugin holds them as well: what a box
/// owns may not be aliased, not even while the box is moved.
struct HostBox {
    table: *mut raw::Host,
    /// What the table's `ctx` points to.
    services: *mut Arc<dyn Services>,
}

impl HostBox {
    fn new(services: Arc<dyn Services>) -> Self {
        let services = Box::into_raw(Box::new(services));
        let table = Box::into_raw(Box::new(raw::Host {
            struct_size: raw::HOST_SIZE,
            abi_minor: crate::ABI_MINOR,
            ctx: services.cast(),
            log: Some(host_log),
            now_us: Some(host_now_us),
            secret: Some(host_secret),
            get_extension: None,
        }));
        Self { table, services }
    }
}

impl Drop for HostBox {
    fn drop(&mut self) {
        // SAFETY: the boxes of `new`, freed once; the channel that knew them is closed.
        unsafe {
            drop(Box::from_raw(self.table));
            drop(Box::from_raw(self.services));
        }
    }
}

/// # Safety
/// `ctx` must be that of a [`HostBox`] that still lives.
unsafe fn services<'a>(ctx: *mut c_void) -> &'a dyn Services {
    // SAFETY: as the caller promises; services are `Sync`.
    unsafe { &**ctx.cast::<Arc<dyn Services>>() }
}

/// Longest log line or secret's name that is taken, in bytes.
const TEXT_MAX: usize = 16 << 10;

unsafe extern "C" fn host_log(ctx: *mut c_void, level: i32, message: Bytes) {
    // SAFETY: the plugin hands back our `ctx` before `close` returns, and bytes that live through the call.
    let (services, bytes) = unsafe { (services(ctx), message.as_slice()) };
    let Some(bytes) = bytes else { return };
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(TEXT_MAX)]);
    // A panic of the host's own must not unwind into foreign code.
    let _ = std::panic::catch_unwind(core::panic::AssertUnwindSafe(|| services.log(level, &text)));
}

unsafe extern "C" fn host_now_us(ctx: *mut c_void) -> i64 {
    // SAFETY: the plugin hands back our `ctx` before `close` returns.
    let services = unsafe { services(ctx) };
    std::panic::catch_unwind(core::panic::AssertUnwindSafe(|| services.now_us())).unwrap_or(0)
}

unsafe extern "C" fn host_secret(ctx: *mut c_void, name: Bytes, out: Sink) -> i32 {
    // SAFETY: the plugin hands back our `ctx` before `close` returns, and bytes that live through the call.
    let (services, name) = unsafe { (services(ctx), name.as_slice()) };
    let Some(name) = name.filter(|name| name.len() <= TEXT_MAX).and_then(|name| str::from_utf8(name).ok())
    else {
        return Code::BadRequest as i32;
    };
    let secret = std::panic::catch_unwind(core::panic::AssertUnwindSafe(|| services.secret(name)))
        .unwrap_or(Err(Code::Internal));
    match (secret, out.write) {
        // SAFETY: the plugin's sink with the plugin's context.
        (Ok(secret), Some(write)) => unsafe { write(out.ctx, Bytes::of(secret.as_bytes())) },
        (Ok(_), None) => Code::BadRequest as i32,
        (Err(code), _) => code as i32,
    }
}
