//! An Arrow stream in as columns, without trusting it.
//!
//! A plugin is foreign code: this reader checks format strings, names, counts of children and buffers, lengths,
//! offsets, nulls, missing callbacks, releases that do not mark themselves, and the number of rows and of
//! arrays, and copies what it reads. It cannot check that a buffer is as long as its array claims; that
//! is why plugins run in a process of their own. What the values mean is not looked at here.

use core::ffi::{CStr, c_char, c_void};
use core::ptr;

use crate::arrow::{ArrowArray, ArrowArrayStream, ArrowSchema};
use crate::code::{Code, Error};
use crate::export::FIELDS;
use crate::rows::Columns;

/// Arrays that a stream may consist of without ever reaching the limit of rows.
const ARRAYS_MAX: usize = 1 << 20;
/// The longest error text that is read from a stream.
const ERROR_TEXT_MAX: usize = 512;

/// A stream that is released when dropped.
pub struct Reader {
    stream: ArrowArrayStream,
    rows_left: usize,
    arrays_left: usize,
    ended: bool,
}

impl Reader {
    /// Takes over a stream and checks its schema. `rows_max` bounds the whole stream.
    ///
    /// # Errors
    /// [`Code::Internal`] when the stream is not what the contract says, or reports an errno.
    ///
    /// # Safety
    /// `stream` must be one that a plugin has filled, or empty; its pointers must be good for what they claim.
    pub unsafe fn new(stream: ArrowArrayStream, rows_max: usize) -> Result<Self, Error> {
        let mut reader = Self { stream, rows_left: rows_max, arrays_left: ARRAYS_MAX, ended: false };
        if reader.stream.release.is_none() {
            return Err(fault("no stream of rows was handed over"));
        }
        let get_schema =
            reader.stream.get_schema.ok_or_else(|| fault("the stream has an empty get_schema slot"))?;
        let mut schema = Schema(ArrowSchema::empty());
        // SAFETY: the plugin's callback with its own stream and a struct of ours.
        let errno = unsafe { get_schema(&mut reader.stream, &mut schema.0) };
        if errno != 0 {
            return Err(reader.errno("get_schema", errno));
        }
        // SAFETY: filled by the plugin just now.
        unsafe { check_schema(&schema.0) }?;
        Ok(reader)
    }

    /// The rows of the next array, or `None` at the end.
    ///
    /// # Errors
    /// [`Code::Internal`] when the array is not what the contract says, [`Code::TooLarge`] beyond the limit.
    pub fn next_batch(&mut self) -> Result<Option<Columns>, Error> {
        if self.ended {
            return Ok(None);
        }
        // Whatever goes wrong, a stream is not asked again after it did.
        self.ended = true;
        let get_next = self.stream.get_next.ok_or_else(|| fault("the stream has an empty get_next slot"))?;
        let mut array = Array(ArrowArray::empty());
        // SAFETY: the plugin's callback with its own stream and a struct of ours.
        let errno = unsafe { get_next(&mut self.stream, &mut array.0) };
        if errno != 0 {
            return Err(self.errno("get_next", errno));
        }
        if array.0.release.is_none() {
            return Ok(None);
        }
        self.arrays_left = self
            .arrays_left
            .checked_sub(1)
            .ok_or_else(|| fault("the stream does not end: too many arrays"))?;
        // SAFETY: filled by the plugin just now.
        let columns = unsafe { read_array(&array.0, self.rows_left) }?;
        self.rows_left -= columns.len();
        array.release()?;
        self.ended = false;
        Ok(Some(columns))
    }

    /// All rows that are left.
    ///
    /// # Errors
    /// As [`Reader::next_batch`].
    pub fn collect(mut self) -> Result<Columns, Error> {
        let mut all = Columns::new();
        while let Some(columns) = self.next_batch()? {
            if all.is_empty() {
                all = columns;
            } else {
                all.append(&columns);
            }
        }
        Ok(all)
    }

    fn errno(&mut self, what: &str, errno: i32) -> Error {
        let text = match self.stream.get_last_error {
            // SAFETY: the plugin's callback with its own stream; the text is valid until the next call.
            Some(get) => unsafe { bounded_text(get(&mut self.stream), ERROR_TEXT_MAX) },
            None => None,
        };
        fault(format!("{what} of the stream failed ({errno}): {}", text.as_deref().unwrap_or("no message")))
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        if let Some(release) = self.stream.release {
            // SAFETY: released once, here.
            unsafe { release(&mut self.stream) };
        }
    }
}

struct Schema(ArrowSchema);

impl Drop for Schema {
    fn drop(&mut self) {
        if let Some(release) = self.0.release {
            // SAFETY: released once, here.
            unsafe { release(&mut self.0) };
        }
    }
}

struct Array(ArrowArray);

impl Array {
    /// Releases and insists on the mark: a producer that forgets it invites a double free elsewhere.
    fn release(mut self) -> Result<(), Error> {
        let release = self.0.release.take();
        let Some(release) = release else { return Ok(()) };
        self.0.release = Some(release);
        // SAFETY: released once: the field is emptied below whatever the callback did.
        unsafe { release(&mut self.0) };
        let marked = self.0.release.take().is_none();
        if marked { Ok(()) } else { Err(fault("releasing an array did not mark it as released")) }
    }
}

impl Drop for Array {
    fn drop(&mut self) {
        if let Some(release) = self.0.release {
            // SAFETY: not yet released.
            unsafe { release(&mut self.0) };
        }
    }
}

fn fault(message: impl Into<String>) -> Error {
    Error::new(Code::Internal, message)
}

/// # Safety
/// `text` must be null or readable up to its NUL or `max` bytes.
unsafe fn bounded_text(text: *const c_char, max: usize) -> Option<String> {
    if text.is_null() {
        return None;
    }
    let mut bytes = Vec::new();
    for at in 0..max {
        // SAFETY: no NUL before this byte, so the text goes on here.
        let byte = unsafe { text.add(at).read() }.to_ne_bytes()[0];
        if byte == 0 {
            break;
        }
        bytes.push(byte);
    }
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// # Safety
/// `schema` must be filled, with pointers good for what it claims.
unsafe fn check_schema(schema: &ArrowSchema) -> Result<(), Error> {
    if schema.release.is_none() {
        return Err(fault("the schema is empty or was released already"));
    }
    // SAFETY: as the caller promises.
    let format = unsafe { bounded_text(schema.format, 16) };
    if format.as_deref() != Some("+s") {
        return Err(fault(format!("the rows must be a struct (`+s`), not {}", quoted(format.as_deref()))));
    }
    if schema.n_children != FIELDS.len() as i64 || schema.children.is_null() {
        return Err(fault(format!("the rows must have {} columns, not {}", FIELDS.len(), schema.n_children)));
    }
    for (index, (name, format)) in FIELDS.iter().enumerate() {
        // SAFETY: `children` has as many pointers as `n_children` says.
        let child = unsafe { *schema.children.add(index) };
        if child.is_null() {
            return Err(fault(format!("column {index} of the schema is missing")));
        }
        // SAFETY: not null, and filled as the caller promises.
        let child = unsafe { &*child };
        if !child.dictionary.is_null() || child.n_children != 0 {
            return Err(fault(format!("column {index} of the schema must be plain")));
        }
        for (what, expected, given) in [("name", name, child.name), ("format", format, child.format)] {
            // SAFETY: as the caller promises.
            let given = unsafe { bounded_text(given, 64) };
            if given.as_deref().map(str::as_bytes) != Some(expected.to_bytes()) {
                return Err(fault(format!(
                    "column {index} must have the {what} {}, not {}",
                    quoted(text_of(expected)),
                    quoted(given.as_deref())
                )));
            }
        }
    }
    Ok(())
}

fn text_of(text: &CStr) -> Option<&str> {
    text.to_str().ok()
}

fn quoted(text: Option<&str>) -> String {
    text.map_or_else(|| "nothing".to_owned(), |text| format!("`{}`", text.escape_debug()))
}

/// # Safety
/// `array` must be filled, with pointers good for what it claims.
unsafe fn read_array(array: &ArrowArray, rows_max: usize) -> Result<Columns, Error> {
    let rows = usize::try_from(array.length).map_err(|_| fault("an array has a negative length"))?;
    let offset = usize::try_from(array.offset).map_err(|_| fault("an array has a negative offset"))?;
    if rows > rows_max {
        return Err(Error::new(
            Code::TooLarge,
            format!("more rows than the {rows_max} that are left to read"),
        ));
    }
    // SAFETY: as the caller promises.
    unsafe { check_no_nulls(array, 1, "the struct") }?;
    if array.n_children != FIELDS.len() as i64 || array.children.is_null() {
        return Err(fault(format!("an array has {} columns instead of {}", array.n_children, FIELDS.len())));
    }
    // SAFETY: as the caller promises; the types are those of the schema, in its order.
    unsafe {
        Ok(Columns {
            period_start_us: column(array, 0, offset, rows)?,
            arm: column(array, 1, offset, rows)?,
            metric: column(array, 2, offset, rows)?,
            count: column(array, 3, offset, rows)?,
            sum: column(array, 4, offset, rows)?,
            sum_sq: column(array, 5, offset, rows)?,
        })
    }
}

/// # Safety
/// `array` must be filled, with pointers good for what it claims.
unsafe fn check_no_nulls(array: &ArrowArray, n_buffers: i64, what: &str) -> Result<(), Error> {
    if array.n_buffers != n_buffers {
        return Err(fault(format!("{what} has {} buffers instead of {n_buffers}", array.n_buffers)));
    }
    if array.buffers.is_null() {
        return Err(fault(format!("{what} has no list of buffers")));
    }
    if !array.dictionary.is_null() {
        return Err(fault(format!("{what} has a dictionary")));
    }
    match array.null_count {
        0 => Ok(()),
        // SAFETY: there is at least one buffer.
        -1 if unsafe { *array.buffers }.is_null() => Ok(()),
        _ => Err(fault(format!("{what} has nulls; leave a row out when nothing is known"))),
    }
}

/// Plain fixed-width values, for which any bits are a value.
trait Plain: Copy {}
impl Plain for i64 {}
impl Plain for u64 {}
impl Plain for u32 {}
impl Plain for f64 {}

/// # Safety
/// `parent` must be filled and have all children, with pointers good for what they claim.
unsafe fn column<T: Plain>(
    parent: &ArrowArray,
    index: usize,
    parent_offset: usize,
    rows: usize,
) -> Result<Vec<T>, Error> {
    let what = || format!("column `{}`", text_of(FIELDS[index].0).unwrap_or_default());
    // SAFETY: `children` has as many pointers as `n_children` says.
    let child = unsafe { *parent.children.add(index) };
    if child.is_null() {
        return Err(fault(format!("{} is missing", what())));
    }
    // SAFETY: not null, and filled as the caller promises.
    let child = unsafe { &*child };
    if child.release.is_none() {
        return Err(fault(format!("{} was released already", what())));
    }
    // SAFETY: as the caller promises.
    unsafe { check_no_nulls(child, 2, &what()) }?;
    let needed = parent_offset.checked_add(rows).and_then(|needed| i64::try_from(needed).ok());
    if needed.is_none_or(|needed| child.length < needed) {
        return Err(fault(format!("{} has {} values for {rows} rows", what(), child.length)));
    }
    let first = usize::try_from(child.offset)
        .ok()
        .and_then(|offset| offset.checked_add(parent_offset))
        .filter(|first| {
            first
                .checked_add(rows)
                .and_then(|end| end.checked_mul(size_of::<T>()))
                .is_some_and(|bytes| isize::try_from(bytes).is_ok())
        })
        .ok_or_else(|| fault(format!("{} has an offset of {}", what(), child.offset)))?;
    if rows == 0 {
        return Ok(Vec::new());
    }
    // SAFETY: there are two buffers.
    let data: *const c_void = unsafe { *child.buffers.add(1) };
    if data.is_null() {
        return Err(fault(format!("{} has no data", what())));
    }
    let mut values = Vec::<T>::with_capacity(rows);
    // SAFETY: the sizes were checked against overflow and the buffer is as long as it claims; the copy goes by
    // bytes, for nothing obliges a producer to align; `T` has no invalid bits.
    unsafe {
        let source = data.cast::<u8>().add(first * size_of::<T>());
        ptr::copy_nonoverlapping(source, values.as_mut_ptr().cast::<u8>(), rows * size_of::<T>());
        values.set_len(rows);
    }
    Ok(values)
}

#[cfg(test)]
mod tests;
