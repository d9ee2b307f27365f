//! Export: every record and every row as JSON lines, for people and programs without this one.
//!
//! The first line says what follows; then come the records in order, then the observation rows by record, arm, metric and
//! period. The same ledger always gives the same bytes. A record's `body` is written exactly as it was hashed, so that
//! the chain can be checked from the export alone: see [`crate::chain`] for how.

use std::io::Write;

use serde::Serialize;
use serde_json::value::RawValue;

use crate::observation::Row;
use crate::store::{RawRecord, Store};
use crate::{Digest, Error, Ledger, RecordId};

/// Version of the export's own format.
pub const EXPORT_SCHEMA_VERSION: u32 = 1;

/// How a ledger is exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// One JSON object a line.
    JsonLines,
}

#[derive(Serialize)]
struct Header {
    line: &'static str,
    schema_version: u32,
    ledger_format: i64,
    head: RecordId,
    head_hash: Digest,
}

#[derive(Serialize)]
struct RecordLine<'a> {
    line: &'static str,
    id: RecordId,
    at_us: i64,
    kind: &'a str,
    experiment: Option<&'a str>,
    arm: Option<&'a str>,
    body: &'a RawValue,
    prev_hash: Digest,
    hash: Digest,
}

#[derive(Serialize)]
struct ObservationLine<'a> {
    line: &'static str,
    record: RecordId,
    experiment: &'a str,
    arm: &'a str,
    metric: &'a str,
    period_start_us: i64,
    count: u64,
    sum: f64,
    sum_sq: f64,
}

impl Ledger {
    /// Writes every record and row to `out`.
    ///
    /// # Errors
    /// [`Error::Export`] when `out` cannot be written, [`Error::Damaged`] when a body is not JSON, and those of reading
    /// the file.
    pub fn export(&self, out: &mut dyn Write, format: Format) -> Result<(), Error> {
        match format {
            Format::JsonLines => self.snapshot(|ledger| json_lines(ledger.store.as_ref(), out)),
        }
    }
}

fn json_lines(store: &dyn Store, out: &mut dyn Write) -> Result<(), Error> {
    let head = store.head()?;
    line(
        out,
        &Header {
            line: "gevinst-ledger",
            schema_version: EXPORT_SCHEMA_VERSION,
            ledger_format: crate::FORMAT,
            head: head.id,
            head_hash: head.hash,
        },
    )?;
    store.visit_raw(&mut |raw: RawRecord| {
        let RawRecord { id, at_us, kind, experiment, arm, body, prev_hash, hash } = raw;
        let body = RawValue::from_string(body)
            .map_err(|error| Error::Damaged { record: id, what: format!("its body is not JSON: {error}") })?;
        let (experiment, arm) = (experiment.as_deref(), arm.as_deref());
        line(
            out,
            &RecordLine {
                line: "record",
                id,
                at_us,
                kind: &kind,
                experiment,
                arm,
                body: &body,
                prev_hash,
                hash,
            },
        )
    })?;
    store.visit_rows(&mut |record, experiment, row| {
        let Row { arm, metric, period_start_us, value } = *row;
        let (count, sum, sum_sq) = (value.count, value.sum, value.sum_sq);
        let line_of_row = ObservationLine {
            line: "observation",
            record,
            experiment,
            arm,
            metric,
            period_start_us,
            count,
            sum,
            sum_sq,
        };
        line(out, &line_of_row)
    })
}

fn line(out: &mut dyn Write, value: &impl Serialize) -> Result<(), Error> {
    serde_json::to_writer(&mut *out, value).map_err(|error| Error::Export(error.into()))?;
    out.write_all(b"\n").map_err(Error::Export)
}
