//! Memory that the caller owns and a plugin fills, bounded.

use core::ffi::c_void;
use core::ptr;

use super::Limits;
use crate::code::{Code, Error};
use crate::raw::{Bytes, ErrorOut, Sink};

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

/// Calls `slot` with a bounded sink and returns what it wrote.
pub(super) fn answered(
    limits: Limits,
    slot: impl FnOnce(Sink, *mut ErrorOut) -> i32,
) -> Result<Vec<u8>, Error> {
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
