//! Frames on the socket between a program and its channel's child process.
//!
//! A frame is length (u32), kind (u8), CRC-32 of kind and payload (u32), payload; integers are little endian.
//! Kind 1 is a JSON message, kind 2 rows by column. Both ends are the same program, but the child also holds
//! foreign code that can write to any of its file descriptors: hence the checksum, the limit, and a reader that
//! believes nothing.

use gevinst_abi::Columns;

/// Bytes before the payload.
pub(crate) const HEADER_BYTES: usize = 9;
/// Longest payload. An answer of a MiB, escaped as JSON text inside JSON, stays below it.
pub(crate) const PAYLOAD_MAX: usize = 16 << 20;
/// Rows in one frame, at most.
pub(crate) const FRAME_ROWS: usize = 1 << 16;
/// Bytes of one row in a frame.
const ROW_BYTES: usize = 8 + 4 + 4 + 8 + 8 + 8;

const KIND_MESSAGE: u8 = 1;
const KIND_ROWS: u8 = 2;

/// A frame's content.
#[derive(Debug, PartialEq)]
pub(crate) enum Frame {
    /// JSON text, not yet understood.
    Message(Vec<u8>),
    /// Rows.
    Rows(Columns),
}

/// Appends a message to `out`; false when it is too long.
#[must_use]
pub(crate) fn put_message(out: &mut Vec<u8>, json: &[u8]) -> bool {
    put(out, KIND_MESSAGE, json.len(), |out| out.extend_from_slice(json))
}

/// Appends rows `range` of `columns` to `out`; at most [`FRAME_ROWS`].
pub(crate) fn put_rows(out: &mut Vec<u8>, columns: &Columns, range: std::ops::Range<usize>) {
    debug_assert!(range.len() <= FRAME_ROWS);
    let fits = put(out, KIND_ROWS, 4 + range.len() * ROW_BYTES, |out| {
        out.extend_from_slice(&len_u32(range.len()).to_le_bytes());
        put_values(out, &columns.period_start_us()[range.clone()], i64::to_le_bytes);
        put_values(out, &columns.arm()[range.clone()], u32::to_le_bytes);
        put_values(out, &columns.metric()[range.clone()], u32::to_le_bytes);
        put_values(out, &columns.count()[range.clone()], u64::to_le_bytes);
        put_values(out, &columns.sum()[range.clone()], f64::to_le_bytes);
        put_values(out, &columns.sum_sq()[range.clone()], f64::to_le_bytes);
    });
    debug_assert!(fits, "a frame of {FRAME_ROWS} rows is far below the limit");
}

fn put(out: &mut Vec<u8>, kind: u8, payload_bytes: usize, write: impl FnOnce(&mut Vec<u8>)) -> bool {
    if payload_bytes > PAYLOAD_MAX {
        return false;
    }
    out.reserve(HEADER_BYTES + payload_bytes);
    out.extend_from_slice(&len_u32(payload_bytes).to_le_bytes());
    out.push(kind);
    let at = out.len();
    out.extend_from_slice(&[0; 4]);
    write(out);
    debug_assert_eq!(out.len(), at + 4 + payload_bytes);
    let sum = checksum(kind, &out[at + 4..]);
    out[at..at + 4].copy_from_slice(&sum.to_le_bytes());
    true
}

fn put_values<T: Copy, const N: usize>(out: &mut Vec<u8>, values: &[T], to_bytes: fn(T) -> [u8; N]) {
    // One allocation, then a loop that the compiler turns into a copy on little-endian machines.
    let at = out.len();
    out.resize(at + values.len() * N, 0);
    for (place, value) in out[at..].chunks_exact_mut(N).zip(values) {
        place.copy_from_slice(&to_bytes(*value));
    }
}

#[expect(clippy::cast_possible_truncation, reason = "payloads are bounded by 16 MiB")]
fn len_u32(len: usize) -> u32 {
    len as u32
}

fn checksum(kind: u8, payload: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&[kind]);
    hasher.update(payload);
    hasher.finalize()
}

/// Takes frames out of bytes as they arrive.
#[derive(Debug, Default)]
pub(crate) struct FrameBuffer {
    bytes: Vec<u8>,
    /// Where the first frame that was not taken begins.
    start: usize,
}

impl FrameBuffer {
    /// Adds bytes that arrived.
    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        if self.start == self.bytes.len() {
            self.bytes.clear();
            self.start = 0;
        } else if self.start > PAYLOAD_MAX {
            self.bytes.drain(..self.start);
            self.start = 0;
        }
        self.bytes.extend_from_slice(bytes);
    }

    /// The next frame, or `None` while it is not complete.
    ///
    /// # Errors
    /// Bytes that are no frame; nothing after them can be read.
    pub(crate) fn take(&mut self) -> Result<Option<Frame>, String> {
        let waiting = &self.bytes[self.start..];
        let Some((header, rest)) = waiting.split_first_chunk::<HEADER_BYTES>() else { return Ok(None) };
        let [l0, l1, l2, l3, kind, c0, c1, c2, c3] = *header;
        let len = u32::from_le_bytes([l0, l1, l2, l3]) as usize;
        if len > PAYLOAD_MAX {
            return Err(format!("a frame of {len} bytes is above the limit of {PAYLOAD_MAX}"));
        }
        let Some(payload) = rest.get(..len) else { return Ok(None) };
        if checksum(kind, payload) != u32::from_le_bytes([c0, c1, c2, c3]) {
            return Err("a frame's checksum is wrong".to_owned());
        }
        let frame = match kind {
            KIND_MESSAGE => Frame::Message(payload.to_vec()),
            KIND_ROWS => Frame::Rows(rows_of(payload)?),
            other => return Err(format!("a frame has the unknown kind {other}")),
        };
        self.start += HEADER_BYTES + len;
        Ok(Some(frame))
    }
}

fn rows_of(payload: &[u8]) -> Result<Columns, String> {
    let wrong = || "a frame of rows has the wrong length".to_owned();
    let (rows, rest) = payload.split_first_chunk::<4>().ok_or_else(wrong)?;
    let rows = u32::from_le_bytes(*rows) as usize;
    if rows > FRAME_ROWS || rest.len() != rows * ROW_BYTES {
        return Err(wrong());
    }
    let mut rest = rest;
    let mut column = |width: usize| {
        let (head, tail) = rest.split_at(rows * width);
        rest = tail;
        head
    };
    Columns::from_parts(
        values(column(8), i64::from_le_bytes),
        values(column(4), u32::from_le_bytes),
        values(column(4), u32::from_le_bytes),
        values(column(8), u64::from_le_bytes),
        values(column(8), f64::from_le_bytes),
        values(column(8), f64::from_le_bytes),
    )
    .ok_or_else(wrong)
}

fn values<T, const N: usize>(bytes: &[u8], from_bytes: fn([u8; N]) -> T) -> Vec<T> {
    bytes.as_chunks::<N>().0.iter().map(|chunk| from_bytes(*chunk)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use gevinst_abi::Row;
    use proptest::prelude::*;

    fn frames(bytes: &[u8], chunk: usize) -> Result<Vec<Frame>, String> {
        let mut buffer = FrameBuffer::default();
        let mut frames = Vec::new();
        for part in bytes.chunks(chunk) {
            buffer.feed(part);
            while let Some(frame) = buffer.take()? {
                frames.push(frame);
            }
        }
        Ok(frames)
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

        /// Protects what is sent, however the socket cuts it up.
        #[test]
        fn what_is_put_is_taken(
            rows in prop::collection::vec((any::<i64>(), any::<u32>(), any::<u64>(), -1e9..1e9f64), 0..50),
            json in prop::collection::vec(any::<u8>(), 0..200),
            chunk in 1..300usize,
        ) {
            let columns: Columns = rows
                .iter()
                .map(|(t, a, n, x)| Row {
                    period_start_us: *t, arm: *a, metric: !*a, count: *n, sum: *x, sum_sq: x * x,
                })
                .collect();
            let mut bytes = Vec::new();
            prop_assert!(put_message(&mut bytes, &json));
            put_rows(&mut bytes, &columns, 0..columns.len());
            prop_assert!(put_message(&mut bytes, b"end"));
            let expected =
                vec![Frame::Message(json), Frame::Rows(columns), Frame::Message(b"end".to_vec())];
            prop_assert_eq!(frames(&bytes, chunk), Ok(expected));
        }

        /// Protects against a flipped bit anywhere: it is noticed, or the frame waits for bytes that never come.
        #[test]
        fn no_flipped_bit_goes_through(at in 0..70usize, bit in 0..8u8) {
            let mut bytes = Vec::new();
            let columns: Columns = [Row::count(1, 2, 3, 4)].into_iter().collect();
            put_rows(&mut bytes, &columns, 0..1);
            let at = at % bytes.len();
            bytes[at] ^= 1 << bit;
            prop_assert!(frames(&bytes, 1000).is_ok_and(|frames| frames.is_empty()) || frames(&bytes, 1000).is_err());
        }

        /// Protects the reader from rubbish that a plugin writes to every file descriptor it finds.
        #[test]
        fn rubbish_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            let _ = frames(&bytes, 37);
        }
    }

    /// Protects against a message that the other end would refuse.
    #[test]
    fn too_long_a_message_is_not_put() {
        let mut out = Vec::new();
        assert!(!put_message(&mut out, &vec![b' '; PAYLOAD_MAX + 1]));
        assert!(out.is_empty());
    }
}
