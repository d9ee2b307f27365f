//! The C functions of a table, written once for every [`Channel`].
//!
//! Every slot runs inside [`guarded`], the one place where panics are caught. A channel that panicked is
//! dropped by `close` and takes no other call. What crosses the line is JSON and an Arrow stream.

use core::cell::UnsafeCell;
use core::panic::AssertUnwindSafe;
use std::panic::catch_unwind;

use gevinst_abi::arrow::ArrowArrayStream;
use gevinst_abi::raw::{self, Bytes, CHANNEL_V1_SIZE, ChannelV1, ErrorOut, Head, Sink};
use gevinst_abi::wire::Command;
use gevinst_abi::{ABI_MAJOR, ABI_MINOR, Code, Error, MAGIC, export};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::channel::Channel;
use crate::host::Host;

/// The table of a channel; [`export_channel!`](crate::export_channel) exports it, and a program that links the
/// channel can hand it to the host.
pub const fn table<C: Channel>() -> ChannelV1 {
    ChannelV1 {
        head: Head {
            magic: MAGIC,
            abi_major: ABI_MAJOR,
            abi_minor: ABI_MINOR,
            struct_size: CHANNEL_V1_SIZE,
            reserved: 0,
        },
        describe: Some(describe::<C>),
        open: Some(open::<C>),
        check: Some(check::<C>),
        apply: Some(apply::<C>),
        query: Some(query::<C>),
        observe: Some(observe::<C>),
        cancel: Some(cancel::<C>),
        close: Some(close::<C>),
        get_extension: None,
    }
}

/// What the opaque pointer points to.
struct Opened<C> {
    host: Host,
    /// Used by one call at a time.
    inner: UnsafeCell<Inner<C>>,
}

struct Inner<C> {
    channel: C,
    panicked: bool,
}

/// Shuts the host when dropped, also by a panic.
struct ShutOnDrop(Option<Host>);

impl Drop for ShutOnDrop {
    fn drop(&mut self) {
        if let Some(host) = &self.0 {
            host.shut();
        }
    }
}

/// Runs `slot`, turns its error into the caller's, and catches its panic.
///
/// # Safety
/// `err` must be null or point to an error struct that tells its size.
unsafe fn guarded(err: *mut ErrorOut, slot: impl FnOnce() -> Result<(), Error>) -> i32 {
    let result = catch_unwind(AssertUnwindSafe(slot)).unwrap_or_else(|payload| {
        let error = Error::internal(format!("the plugin panicked: {}", panic_text(&*payload)));
        // A payload may panic when it is dropped, outside of every guard.
        core::mem::forget(payload);
        Err(error)
    });
    match result {
        Ok(()) => 0,
        // SAFETY: as the caller promises.
        Err(error) => unsafe { error.write_to(err) },
    }
}

fn panic_text(payload: &(dyn core::any::Any + Send)) -> &str {
    payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}

/// Runs one call of an opened channel inside the guard, once the earlier cancellation is forgotten.
///
/// # Safety
/// `channel` must come from [`open`] of the same type and not be closed; no other call may be in progress.
unsafe fn called<C: Channel>(
    channel: *mut raw::Channel,
    err: *mut ErrorOut,
    call: impl FnOnce(&mut C, &Host) -> Result<(), Error>,
) -> i32 {
    // SAFETY: as the caller promises for `err`; the rest below.
    unsafe {
        guarded(err, || {
            let Some(opened) = channel.cast::<Opened<C>>().as_ref() else {
                return Err(Error::internal("called without a channel"));
            };
            // SAFETY: one call at a time; `cancel`, which may run beside it, touches the host alone.
            let inner = &mut *opened.inner.get();
            if inner.panicked {
                return Err(Error::internal("this channel panicked earlier and can only be closed"));
            }
            opened.host.set_cancelled(false);
            // Set until the call has returned, so that a panic leaves it set.
            inner.panicked = true;
            let result = call(&mut inner.channel, &opened.host);
            inner.panicked = false;
            result
        })
    }
}

/// Reads borrowed JSON; an error points to the field.
///
/// # Safety
/// `json` must be valid for the call.
unsafe fn from_json<T: DeserializeOwned>(
    json: Bytes,
    refuse: fn(String, String) -> Error,
) -> Result<T, Error> {
    // SAFETY: as the caller promises.
    let bytes = unsafe { json.as_slice() }.ok_or_else(|| refuse(String::new(), "no JSON".to_owned()))?;
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let field = pointer(error.path());
        refuse(field, sentence(error.inner()))
    })?;
    deserializer.end().map_err(|error| refuse(String::new(), error.to_string()))?;
    Ok(value)
}

/// What serde has to say, without the position in a text that the user never wrote.
fn sentence(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rfind(" at line ") {
        Some(at) => text[..at].to_owned(),
        None => text,
    }
}

/// A JSON pointer (RFC 6901) to where deserialization stopped.
fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let mut pointer = String::new();
    for segment in path {
        let part = match segment {
            Segment::Seq { index } => index.to_string(),
            Segment::Map { key } => key.replace('~', "~0").replace('/', "~1"),
            Segment::Enum { .. } | Segment::Unknown => continue,
        };
        pointer.push('/');
        pointer.push_str(&part);
    }
    pointer
}

/// Writes JSON to the caller's sink.
///
/// # Safety
/// `out` must be the caller's sink.
unsafe fn to_json(value: &impl Serialize, out: Sink) -> Result<(), Error> {
    let json = serde_json::to_vec(value)
        .map_err(|error| Error::internal(format!("the answer cannot be written as JSON: {error}")))?;
    let write = out.write.ok_or_else(|| Error::bad_request("", "the host handed in no sink"))?;
    // SAFETY: the caller's function with the caller's context, and bytes that live through the call.
    match unsafe { write(out.ctx, Bytes::of(&json)) } {
        0 => Ok(()),
        _ => Err(Error::new(Code::TooLarge, "the host takes no answer of this size")),
    }
}

unsafe extern "C" fn describe<C: Channel>(out: Sink, err: *mut ErrorOut) -> i32 {
    // SAFETY: the contract gives a sink and an error struct that live through the call.
    unsafe { guarded(err, || to_json(&C::describe(), out)) }
}

unsafe extern "C" fn open<C: Channel>(
    host: *const raw::Host,
    config_json: Bytes,
    out: *mut *mut raw::Channel,
    err: *mut ErrorOut,
) -> i32 {
    // SAFETY: the contract gives a host that stays until `close` returns, bytes and structs that live through
    // the call, and a place for the channel.
    unsafe {
        guarded(err, || {
            if out.is_null() {
                return Err(Error::bad_request("", "the host gave no place for the channel"));
            }
            let host = Host::new(host);
            // Without a channel there is no close: refused or panicked, the host is not called any more.
            let mut shut = ShutOnDrop(Some(host.clone()));
            let config = from_json(config_json, Error::bad_config)?;
            let channel = C::open(config, host.clone())?;
            let inner = UnsafeCell::new(Inner { channel, panicked: false });
            out.write(Box::into_raw(Box::new(Opened { host, inner })).cast());
            shut.0 = None;
            Ok(())
        })
    }
}

unsafe extern "C" fn check<C: Channel>(channel: *mut raw::Channel, err: *mut ErrorOut) -> i32 {
    // SAFETY: the contract allows one call at a time between open and close.
    unsafe { called::<C>(channel, err, |channel, _| channel.check()) }
}

unsafe extern "C" fn apply<C: Channel>(
    channel: *mut raw::Channel,
    command_json: Bytes,
    receipt: Sink,
    err: *mut ErrorOut,
) -> i32 {
    // SAFETY: the contract allows one call at a time between open and close; bytes and sink live through it.
    unsafe {
        called::<C>(channel, err, |channel, host| {
            let command: Command = from_json(command_json, Error::bad_request)?;
            if host.now_us() > command.not_after_us {
                return Err(Error::not_applied(format!("`{}` came too late", command.key)));
            }
            let answer = channel.apply(&command)?;
            // The platform has acted: from here on nothing may sound like a refusal.
            to_json(&answer, receipt).map_err(|error| match error.code {
                Code::TooLarge => error,
                _ => Error::unknown_outcome(error.message),
            })
        })
    }
}

unsafe extern "C" fn query<C: Channel>(
    channel: *mut raw::Channel,
    request_json: Bytes,
    state: Sink,
    err: *mut ErrorOut,
) -> i32 {
    // SAFETY: the contract allows one call at a time between open and close; bytes and sink live through it.
    unsafe {
        called::<C>(channel, err, |channel, _| {
            let query = from_json(request_json, Error::bad_request)?;
            to_json(&channel.query(&query)?, state)
        })
    }
}

unsafe extern "C" fn observe<C: Channel>(
    channel: *mut raw::Channel,
    request_json: Bytes,
    rows: *mut ArrowArrayStream,
    cursor_after: Sink,
    err: *mut ErrorOut,
) -> i32 {
    // SAFETY: the contract allows one call at a time between open and close; what is handed in lives through
    // it, and `rows` is a place for a stream.
    unsafe {
        called::<C>(channel, err, |channel, _| {
            let request = from_json(request_json, Error::bad_request)?;
            let observations = channel.observe(&request)?;
            to_json(&observations.after, cursor_after)?;
            rows.write(export::stream(observations.rows));
            Ok(())
        })
    }
}

unsafe extern "C" fn cancel<C: Channel>(channel: *mut raw::Channel) {
    // SAFETY: the contract allows this from any thread between open and close; only the host is touched, not
    // what the call in progress holds.
    unsafe {
        guarded(core::ptr::null_mut(), || {
            if let Some(opened) = channel.cast::<Opened<C>>().as_ref() {
                opened.host.set_cancelled(true);
            }
            Ok(())
        });
    }
}

unsafe extern "C" fn close<C: Channel>(channel: *mut raw::Channel) {
    if channel.is_null() {
        return;
    }
    // SAFETY: the contract closes once, with no call in progress; the box is that of `open`.
    unsafe {
        guarded(core::ptr::null_mut(), || {
            let opened = Box::from_raw(channel.cast::<Opened<C>>());
            let host = opened.host.clone();
            // A channel whose drop panics must not keep the host's functions alive.
            let _shut = ShutOnDrop(Some(host));
            drop(opened);
            Ok(())
        });
    }
}
