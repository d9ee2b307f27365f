//! The reader against good streams and against every lie that it can see through.

use super::*;
use crate::export::{BATCH_ROWS, stream};
use crate::rows::Row;

fn rows(n: u32) -> Columns {
    (0..n)
        .map(|i| Row {
            period_start_us: i64::from(i) * 86_400_000_000,
            arm: i % 3,
            metric: i % 2,
            count: u64::from(i) * 7,
            sum: f64::from(i) * 0.5,
            sum_sq: f64::from(i) * 0.25,
        })
        .collect()
}

fn read(stream: ArrowArrayStream, rows_max: usize) -> Result<Columns, Error> {
    // SAFETY: the streams of these tests are whole but for what a test breaks and the reader must notice.
    unsafe { Reader::new(stream, rows_max) }?.collect()
}

/// Protects the way of rows over the line, empty, small and in several arrays.
#[test]
fn what_is_exported_is_imported() {
    for n in [0, 1, 5, 65_536, 65_537, 200_000] {
        assert_eq!(read(stream(rows(n)), 1_000_000).unwrap(), rows(n));
    }
}

/// Protects the host's memory from a stream without end.
#[test]
fn more_rows_than_allowed_are_refused() {
    let error = read(stream(rows(100)), 99).unwrap_err();
    assert_eq!(error.code, Code::TooLarge);
    let error = read(stream(rows(2 * 65_536)), BATCH_ROWS + 1).unwrap_err();
    assert_eq!(error.code, Code::TooLarge);
}

/// Takes the first array out of a good stream, spoils it, and reads it.
fn spoiled(spoil: impl FnOnce(&mut ArrowArray)) -> Result<Columns, Error> {
    let mut stream = stream(rows(10));
    let mut array = Array(ArrowArray::empty());
    // SAFETY: our own stream; what is spoiled are numbers and list entries that the reader checks first.
    unsafe {
        assert_eq!(stream.get_next.unwrap()(&mut stream, &mut array.0), 0);
        spoil(&mut array.0);
        let read = read_array(&array.0, 1000);
        array.release().unwrap();
        stream.release.unwrap()(&mut stream);
        read
    }
}

/// Protects against each lie that an array can tell about itself and that can be seen through.
#[test]
fn lies_about_shape_are_refused() {
    /// What is spoiled: its name, how, and the words expected in the error.
    type Lie = (&'static str, fn(&mut ArrowArray), &'static str);
    fn child(array: &mut ArrowArray, index: usize) -> &mut ArrowArray {
        // SAFETY: our own array with six children.
        unsafe { &mut **array.children.add(index) }
    }
    let lies: [Lie; 11] = [
        ("length", |a| a.length = -1, "negative length"),
        ("offset", |a| a.offset = -4, "negative offset"),
        ("huge length", |a| a.length = i64::MAX, "more rows"),
        ("children", |a| a.n_children = 5, "5 columns"),
        ("longer than columns", |a| a.length = 11, "10 values for 11 rows"),
        ("offset beyond columns", |a| a.offset = 3, "10 values for 10 rows"),
        ("nulls", |a| child(a, 3).null_count = 2, "`count` has nulls"),
        ("uncounted nulls", |a| a.null_count = 1, "the struct has nulls"),
        ("buffers", |a| child(a, 0).n_buffers = 3, "3 buffers"),
        ("child offset", |a| child(a, 1).offset = i64::MAX, "offset of"),
        ("negative child offset", |a| child(a, 5).offset = -1, "offset of"),
    ];
    for (name, lie, expected) in lies {
        let error = spoiled(lie).expect_err(name);
        assert!(error.message.contains(expected), "{name}: {}", error.message);
    }
    assert_eq!(spoiled(|_| ()).unwrap(), rows(10));
}

/// Protects against reading at the start of a buffer when parent and child skip items.
#[test]
fn offsets_of_parent_and_child_add_up() {
    let read = spoiled(|array| {
        array.offset = 2;
        array.length = 5;
        for index in 0..6 {
            // SAFETY: our own array with six children of ten values.
            let child = unsafe { &mut **array.children.add(index) };
            child.offset = 1;
            child.length = 9;
        }
    })
    .unwrap();
    assert_eq!(read.iter().collect::<Vec<_>>(), rows(10).iter().skip(3).take(5).collect::<Vec<_>>());
}

/// Protects against columns of other names or types being read as ours.
#[test]
fn other_schemas_are_refused() {
    fn with(spoil: fn(&mut ArrowSchema)) -> Error {
        let mut stream = stream(rows(1));
        let mut schema = Schema(ArrowSchema::empty());
        // SAFETY: our own stream and schema; only static strings and counts are exchanged.
        unsafe {
            assert_eq!(stream.get_schema.unwrap()(&mut stream, &mut schema.0), 0);
            spoil(&mut schema.0);
            let error = check_schema(&schema.0).unwrap_err();
            stream.release.unwrap()(&mut stream);
            error
        }
    }
    assert!(with(|s| s.format = c"+l".as_ptr()).message.contains("`+l`"));
    assert!(with(|s| s.n_children = 7).message.contains("not 7"));
    // SAFETY: the schema has six children.
    let error = with(|s| unsafe { (**s.children.add(1)).format = c"i".as_ptr() });
    assert_eq!(error.message, "column 1 must have the format `I`, not `i`");
    // SAFETY: as above.
    let error = with(|s| unsafe { (**s.children.add(0)).name = ptr::null() });
    assert_eq!(error.message, "column 0 must have the name `period_start`, not nothing");
}

/// Protects against calling empty slots of a stream.
#[test]
fn empty_slots_are_refused() {
    assert!(read(ArrowArrayStream::empty(), 10).is_err());
    let mut broken = stream(rows(1));
    broken.get_schema = None;
    assert!(read(broken, 10).is_err());
    let mut broken = stream(rows(1));
    broken.get_next = None;
    assert!(read(broken, 10).is_err());
}

/// Protects the words of a plugin whose stream fails half-way.
#[test]
fn an_errno_comes_with_its_message() {
    unsafe extern "C" fn fail(_: *mut ArrowArrayStream, _: *mut ArrowArray) -> i32 {
        5
    }
    unsafe extern "C" fn why(_: *mut ArrowArrayStream) -> *const c_char {
        c"the report was cut off".as_ptr()
    }
    let mut broken = stream(rows(1));
    broken.get_next = Some(fail);
    broken.get_last_error = Some(why);
    let error = read(broken, 10).unwrap_err();
    assert_eq!(error.message, "get_next of the stream failed (5): the report was cut off");
}

/// Protects a consumer that moves a child out and releases it after its parent.
#[test]
fn a_moved_child_outlives_its_parent() {
    let mut source = stream(rows(4));
    let mut array = ArrowArray::empty();
    // SAFETY: moving a child as the Arrow specification says: copy it, then null the original's release.
    unsafe {
        source.get_next.unwrap()(&mut source, &mut array);
        let original = *array.children.add(3);
        let mut moved = ptr::read(original);
        (*original).release = None;
        array.release.unwrap()(&mut array);
        source.release.unwrap()(&mut source);
        let data = (*moved.buffers.add(1)).cast::<u64>();
        assert_eq!(core::slice::from_raw_parts(data, 4), [0, 7, 14, 21]);
        moved.release.unwrap()(&mut moved);
        assert!(moved.release.is_none());
    }
}
