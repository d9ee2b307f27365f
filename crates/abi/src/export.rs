//! Columns out as an Arrow stream, schema `aggregates/1`.
//!
//! Nothing is copied: the arrays point into the columns, which every child keeps alive on its own, for a
//! consumer may move children out and release them later than their parent.

use core::ffi::{CStr, c_char, c_int, c_void};
use core::ptr;
use std::sync::Arc;

use crate::arrow::{ArrowArray, ArrowArrayStream, ArrowSchema};
use crate::rows::Columns;

/// Rows in one array of the stream, at most.
pub const BATCH_ROWS: usize = 1 << 16;

/// Names and format strings of the six columns, in order.
pub const FIELDS: [(&CStr, &CStr); 6] = [
    (c"period_start", c"tsu:UTC"),
    (c"arm", c"I"),
    (c"metric", c"I"),
    (c"count", c"L"),
    (c"sum", c"g"),
    (c"sum_sq", c"g"),
];

/// Hands `columns` over as a stream that its consumer releases.
pub fn stream(columns: Columns) -> ArrowArrayStream {
    let source = Box::new(Source { columns: Arc::new(columns), next: 0 });
    ArrowArrayStream {
        get_schema: Some(stream_schema),
        get_next: Some(stream_next),
        get_last_error: Some(stream_last_error),
        release: Some(stream_release),
        private_data: Box::into_raw(source).cast(),
    }
}

struct Source {
    columns: Arc<Columns>,
    next: usize,
}

unsafe extern "C" fn stream_schema(_stream: *mut ArrowArrayStream, out: *mut ArrowSchema) -> c_int {
    // SAFETY: the consumer hands in a struct to be overwritten.
    unsafe { out.write(schema()) };
    0
}

unsafe extern "C" fn stream_next(stream: *mut ArrowArrayStream, out: *mut ArrowArray) -> c_int {
    // SAFETY: `private_data` is the `Source` of `stream()`, and a stream is used by one thread at a time.
    let source = unsafe { &mut *(*stream).private_data.cast::<Source>() };
    let from = source.next;
    let until = source.columns.len().min(from + BATCH_ROWS);
    source.next = until;
    let array = if from == until { ArrowArray::empty() } else { array(&source.columns, from, until) };
    // SAFETY: the consumer hands in a struct to be overwritten.
    unsafe { out.write(array) };
    0
}

unsafe extern "C" fn stream_last_error(_stream: *mut ArrowArrayStream) -> *const c_char {
    ptr::null()
}

unsafe extern "C" fn stream_release(stream: *mut ArrowArrayStream) {
    // SAFETY: a consumer releases once; `private_data` is the box of `stream()`.
    unsafe {
        drop(Box::from_raw((*stream).private_data.cast::<Source>()));
        stream.write(ArrowArrayStream::empty());
    }
}

/// What a parent's private data holds: its children, so that it can release those that were not moved away.
struct Parent<T> {
    children: Vec<*mut T>,
    /// The one buffer of a struct array, the missing validity bitmap.
    no_validity: [*const c_void; 1],
}

fn schema() -> ArrowSchema {
    let children = FIELDS
        .iter()
        .map(|(name, format)| {
            Box::into_raw(Box::new(ArrowSchema {
                format: format.as_ptr(),
                name: name.as_ptr(),
                release: Some(field_release),
                ..ArrowSchema::empty()
            }))
        })
        .collect();
    let parent = Box::into_raw(Box::new(Parent { children, no_validity: [ptr::null()] }));
    // SAFETY: just made; the box stays where it is until `schema_release`.
    let list = unsafe { (*parent).children.as_mut_ptr() };
    ArrowSchema {
        format: c"+s".as_ptr(),
        name: c"".as_ptr(),
        n_children: 6,
        children: list,
        release: Some(schema_release),
        private_data: parent.cast(),
        ..ArrowSchema::empty()
    }
}

unsafe extern "C" fn field_release(field: *mut ArrowSchema) {
    // SAFETY: a field owns nothing but itself; its box belongs to the parent.
    unsafe { (*field).release = None };
}

unsafe extern "C" fn schema_release(schema: *mut ArrowSchema) {
    // SAFETY: released once; private data and children are the boxes of `schema()`.
    unsafe {
        let parent = Box::from_raw((*schema).private_data.cast::<Parent<ArrowSchema>>());
        for child in &parent.children {
            let child = Box::from_raw(*child);
            drop(child);
        }
        schema.write(ArrowSchema::empty());
    }
}

/// What a column's private data holds.
struct Column {
    _columns: Arc<Columns>,
    buffers: [*const c_void; 2],
}

fn array(columns: &Arc<Columns>, from: usize, until: usize) -> ArrowArray {
    let length = (until - from) as i64;
    let starts: [*const c_void; 6] = [
        columns.period_start_us[from..until].as_ptr().cast(),
        columns.arm[from..until].as_ptr().cast(),
        columns.metric[from..until].as_ptr().cast(),
        columns.count[from..until].as_ptr().cast(),
        columns.sum[from..until].as_ptr().cast(),
        columns.sum_sq[from..until].as_ptr().cast(),
    ];
    let children = starts
        .iter()
        .map(|start| {
            let column =
                Box::into_raw(Box::new(Column { _columns: columns.clone(), buffers: [ptr::null(), *start] }));
            Box::into_raw(Box::new(ArrowArray {
                length,
                n_buffers: 2,
                // SAFETY: just made; the box stays where it is until `column_release`.
                buffers: unsafe { (*column).buffers.as_mut_ptr() },
                release: Some(column_release),
                private_data: column.cast(),
                ..ArrowArray::empty()
            }))
        })
        .collect();
    let parent = Box::into_raw(Box::new(Parent { children, no_validity: [ptr::null()] }));
    // SAFETY: just made; the box stays where it is until `array_release`.
    let (list, buffers) = unsafe { ((*parent).children.as_mut_ptr(), (*parent).no_validity.as_mut_ptr()) };
    ArrowArray {
        length,
        n_buffers: 1,
        n_children: 6,
        buffers,
        children: list,
        release: Some(array_release),
        private_data: parent.cast(),
        ..ArrowArray::empty()
    }
}

unsafe extern "C" fn column_release(column: *mut ArrowArray) {
    // SAFETY: released once; private data is the box of `array()`.
    unsafe {
        drop(Box::from_raw((*column).private_data.cast::<Column>()));
        (*column).release = None;
    }
}

unsafe extern "C" fn array_release(array: *mut ArrowArray) {
    // SAFETY: released once; private data and children are the boxes of `array()`. A child whose `release`
    // is null has been moved away and frees its data elsewhere; the struct itself is ours in either case.
    unsafe {
        let parent = Box::from_raw((*array).private_data.cast::<Parent<ArrowArray>>());
        for child in &parent.children {
            let mut child = Box::from_raw(*child);
            if let Some(release) = child.release {
                release(&mut *child);
            }
        }
        array.write(ArrowArray::empty());
    }
}
