//! The structs of `gevinst_channel.h`, field by field.
//!
//! Every slot is an `Option`, for a table or host that comes from elsewhere may leave one empty. Nothing here
//! does anything: [`crate::call`] uses the plugin's table, the SDK fills it.

use core::ffi::{c_char, c_void};
use core::mem::size_of;

use crate::arrow::ArrowArrayStream;

/// Borrowed bytes (`gv_bytes`): the callee must not keep the pointer after it returns.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Bytes {
    /// First byte; may be null when `len` is 0.
    pub ptr: *const u8,
    /// Number of bytes.
    pub len: u64,
}

impl Bytes {
    /// Borrows a slice. The result must not outlive it; the compiler cannot see that.
    pub const fn of(bytes: &[u8]) -> Self {
        Self { ptr: bytes.as_ptr(), len: bytes.len() as u64 }
    }

    /// The bytes, or `None` when the pointer is null with a length, or the length is beyond any object.
    ///
    /// # Safety
    /// `ptr` must point to `len` bytes that stay valid and unchanged for `'a`, unless it is null.
    pub unsafe fn as_slice<'a>(self) -> Option<&'a [u8]> {
        if self.len == 0 {
            return Some(&[]);
        }
        let len = usize::try_from(self.len).ok().filter(|len| isize::try_from(*len).is_ok())?;
        if self.ptr.is_null() {
            return None;
        }
        // SAFETY: not null, within the size of an object, and valid as the caller promises.
        Some(unsafe { core::slice::from_raw_parts(self.ptr, len) })
    }
}

/// Where results go (`gv_sink`); the host owns and bounds the memory.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Sink {
    /// Handed back to `write`.
    pub ctx: *mut c_void,
    /// Appends a chunk; non-zero means stop and return `GV_TOO_LARGE`.
    pub write: Option<unsafe extern "C" fn(ctx: *mut c_void, chunk: Bytes) -> i32>,
}

/// Room for a JSON pointer in [`ErrorOut`], with its NUL.
pub const FIELD_BYTES: usize = 64;
/// Room for a sentence in [`ErrorOut`], with its NUL.
pub const MESSAGE_BYTES: usize = 952;

/// An error as it crosses the line (`gv_error`): caller-allocated, nothing to release.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct ErrorOut {
    /// Size of the caller's struct; a callee writes no further.
    pub struct_size: u32,
    /// The same number as the function returns.
    pub code: i32,
    /// For `GV_RATE_LIMITED`: how long the platform asks to wait, or 0.
    pub retry_after_ms: i64,
    /// JSON pointer into the config or request, or empty.
    pub field: [c_char; FIELD_BYTES],
    /// UTF-8, NUL-terminated, one sentence.
    pub message: [c_char; MESSAGE_BYTES],
}

impl ErrorOut {
    /// Zeroed but for its size, as a caller hands it in.
    #[expect(clippy::cast_possible_truncation, reason = "1,032 bytes")]
    pub const fn empty() -> Self {
        Self {
            struct_size: size_of::<Self>() as u32,
            code: 0,
            retry_after_ms: 0,
            field: [0; FIELD_BYTES],
            message: [0; MESSAGE_BYTES],
        }
    }
}

/// What the host offers to an opened channel (`gv_host`).
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Host {
    /// Size of the host's struct.
    pub struct_size: u32,
    /// The host's minor version.
    pub abi_minor: u32,
    /// Handed back to every function.
    pub ctx: *mut c_void,
    /// Writes a line to the host's log.
    pub log: Option<unsafe extern "C" fn(ctx: *mut c_void, level: i32, message: Bytes)>,
    /// The only clock, in µs UTC; simulated in rehearsals.
    pub now_us: Option<unsafe extern "C" fn(ctx: *mut c_void) -> i64>,
    /// Resolves a named secret.
    pub secret: Option<unsafe extern "C" fn(ctx: *mut c_void, name: Bytes, out: Sink) -> i32>,
    /// Optional services by name, such as `x.http/1`.
    pub get_extension: Option<unsafe extern "C" fn(ctx: *mut c_void, id: *const c_char) -> *const c_void>,
}

/// An opened channel (`gv_channel`): opaque, the plugin's.
#[repr(C)]
pub struct Channel {
    _opaque: [u8; 0],
    _not_send_sync_unpin: core::marker::PhantomData<(*mut u8, core::marker::PhantomPinned)>,
}

/// The first 24 bytes of a table, the same in every major version.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// [`crate::MAGIC`].
    pub magic: u64,
    /// Major version.
    pub abi_major: u32,
    /// Minor version.
    pub abi_minor: u32,
    /// Size of the plugin's table; shorter than ours means that the rest is empty.
    pub struct_size: u32,
    /// Zero.
    pub reserved: u32,
}

/// The exported table (`gevinst_channel_v1_t`). The threads on which a slot may be called stand in the header.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct ChannelV1 {
    /// Magic, versions and size.
    pub head: Head,
    /// Who the plugin is, as JSON, without I/O.
    pub describe: Option<unsafe extern "C" fn(out: Sink, err: *mut ErrorOut) -> i32>,
    /// Opens one account.
    pub open: Option<
        unsafe extern "C" fn(
            host: *const Host,
            config_json: Bytes,
            out: *mut *mut Channel,
            err: *mut ErrorOut,
        ) -> i32,
    >,
    /// Signs in and looks, without changing anything.
    pub check: Option<unsafe extern "C" fn(channel: *mut Channel, err: *mut ErrorOut) -> i32>,
    /// Carries out one command.
    pub apply: Option<
        unsafe extern "C" fn(
            channel: *mut Channel,
            command_json: Bytes,
            receipt: Sink,
            err: *mut ErrorOut,
        ) -> i32,
    >,
    /// The platform's state of one arm.
    pub query: Option<
        unsafe extern "C" fn(
            channel: *mut Channel,
            request_json: Bytes,
            state: Sink,
            err: *mut ErrorOut,
        ) -> i32,
    >,
    /// Observations since a cursor.
    pub observe: Option<
        unsafe extern "C" fn(
            channel: *mut Channel,
            request_json: Bytes,
            rows: *mut ArrowArrayStream,
            cursor_after: Sink,
            err: *mut ErrorOut,
        ) -> i32,
    >,
    /// Asks the call in progress to return soon.
    pub cancel: Option<unsafe extern "C" fn(channel: *mut Channel)>,
    /// Frees the channel.
    pub close: Option<unsafe extern "C" fn(channel: *mut Channel)>,
    /// Optional extras by name; the only slot that may be empty.
    pub get_extension: Option<unsafe extern "C" fn(id: *const c_char) -> *const c_void>,
}

/// Size of the table in minor 0, in bytes.
#[expect(clippy::cast_possible_truncation, reason = "96 bytes")]
pub const CHANNEL_V1_SIZE: u32 = size_of::<ChannelV1>() as u32;

/// Size of [`Host`] in minor 0, in bytes.
#[expect(clippy::cast_possible_truncation, reason = "48 bytes")]
pub const HOST_SIZE: u32 = size_of::<Host>() as u32;

#[cfg(test)]
mod tests {
    use super::*;
    use core::mem::offset_of;

    /// Protects the layout itself, on every 64-bit target, without a C compiler.
    #[test]
    #[cfg(target_pointer_width = "64")]
    fn sizes_and_offsets_are_those_of_the_contract() {
        assert_eq!(size_of::<Head>(), 24);
        assert_eq!(size_of::<ChannelV1>(), 96);
        assert_eq!(offset_of!(ChannelV1, describe), 24);
        assert_eq!(offset_of!(ChannelV1, close), 80);
        assert_eq!(size_of::<ErrorOut>(), 1032);
        assert_eq!(offset_of!(ErrorOut, field), 16);
        assert_eq!(offset_of!(ErrorOut, message), 80);
        assert_eq!(size_of::<Host>(), 48);
    }

    /// Protects against reading through a null pointer that claims a length.
    #[test]
    fn null_bytes_with_a_length_are_refused() {
        // SAFETY: null pointers are what the function is there to refuse.
        unsafe {
            assert!(Bytes { ptr: core::ptr::null(), len: 3 }.as_slice().is_none());
            assert_eq!(Bytes { ptr: core::ptr::null(), len: 0 }.as_slice(), Some(&[][..]));
            assert!(Bytes { ptr: [0u8].as_ptr(), len: u64::MAX }.as_slice().is_none());
        }
    }
}
