//! The three structs of the Arrow C data and stream interfaces, as published.
//!
//! Written by hand because they are all that is needed of Arrow here. `release` is null in a struct that has
//! been released or moved away; whoever holds a struct with a `release` must call it exactly once.
//! See <https://arrow.apache.org/docs/format/CDataInterface.html>.

use core::ffi::{c_char, c_int, c_void};
use core::ptr;

/// The type of an array: a format string, a name and children.
#[repr(C)]
#[derive(Debug)]
pub struct ArrowSchema {
    /// Format string, such as `+s` or `tsu:UTC`.
    pub format: *const c_char,
    /// Field name, or null.
    pub name: *const c_char,
    /// Binary key-value pairs, or null.
    pub metadata: *const c_char,
    /// Bit flags; 2 is nullable.
    pub flags: i64,
    /// Number of children.
    pub n_children: i64,
    /// The children.
    pub children: *mut *mut ArrowSchema,
    /// The type of the dictionary's values, or null.
    pub dictionary: *mut ArrowSchema,
    /// Frees what this struct holds and nulls itself.
    pub release: Option<unsafe extern "C" fn(*mut ArrowSchema)>,
    /// The producer's.
    pub private_data: *mut c_void,
}

/// The data of an array: buffers and children.
#[repr(C)]
#[derive(Debug)]
pub struct ArrowArray {
    /// Number of items.
    pub length: i64,
    /// Number of nulls, or -1 when not counted.
    pub null_count: i64,
    /// Items to skip at the start of every buffer and child.
    pub offset: i64,
    /// Number of buffers; the first is the validity bitmap.
    pub n_buffers: i64,
    /// Number of children.
    pub n_children: i64,
    /// The buffers; the validity bitmap may be null.
    pub buffers: *mut *const c_void,
    /// The children.
    pub children: *mut *mut ArrowArray,
    /// The dictionary's values, or null.
    pub dictionary: *mut ArrowArray,
    /// Frees what this struct holds and nulls itself.
    pub release: Option<unsafe extern "C" fn(*mut ArrowArray)>,
    /// The producer's.
    pub private_data: *mut c_void,
}

/// A pull stream of arrays of one type.
#[repr(C)]
#[derive(Debug)]
pub struct ArrowArrayStream {
    /// Writes the type of all arrays; 0 or an errno.
    pub get_schema: Option<unsafe extern "C" fn(*mut ArrowArrayStream, *mut ArrowSchema) -> c_int>,
    /// Writes the next array, or one with a null `release` at the end; 0 or an errno.
    pub get_next: Option<unsafe extern "C" fn(*mut ArrowArrayStream, *mut ArrowArray) -> c_int>,
    /// What the last errno was about, or null; valid until the next call.
    pub get_last_error: Option<unsafe extern "C" fn(*mut ArrowArrayStream) -> *const c_char>,
    /// Frees what this struct holds and nulls itself.
    pub release: Option<unsafe extern "C" fn(*mut ArrowArrayStream)>,
    /// The producer's.
    pub private_data: *mut c_void,
}

impl ArrowSchema {
    /// A released schema, as a consumer hands it in.
    pub const fn empty() -> Self {
        Self {
            format: ptr::null(),
            name: ptr::null(),
            metadata: ptr::null(),
            flags: 0,
            n_children: 0,
            children: ptr::null_mut(),
            dictionary: ptr::null_mut(),
            release: None,
            private_data: ptr::null_mut(),
        }
    }
}

impl ArrowArray {
    /// A released array, as a consumer hands it in.
    pub const fn empty() -> Self {
        Self {
            length: 0,
            null_count: 0,
            offset: 0,
            n_buffers: 0,
            n_children: 0,
            buffers: ptr::null_mut(),
            children: ptr::null_mut(),
            dictionary: ptr::null_mut(),
            release: None,
            private_data: ptr::null_mut(),
        }
    }
}

impl ArrowArrayStream {
    /// A released stream, as a consumer hands it in.
    pub const fn empty() -> Self {
        Self {
            get_schema: None,
            get_next: None,
            get_last_error: None,
            release: None,
            private_data: ptr::null_mut(),
        }
    }
}
