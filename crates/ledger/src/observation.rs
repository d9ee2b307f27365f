//! Observations: what a channel reports per arm, metric and period, and what of a report is worth storing.
//!
//! A row replaces what was known of its arm, metric and period; nothing is ever added up here. Platforms are asked for
//! the same weeks again and again, since they restate: a row that says what is known already is not stored a second
//! time, a row that says something else is stored beside the earlier one, under the record that brought it. Reading as
//! of an earlier record therefore gives exactly what was known then. A missing row is not a zero: it changes nothing.

use std::cmp::Ordering;
use std::sync::Arc;

use crate::chain::Hasher;
use crate::error::time_text;
use crate::limits::{CURSOR_BYTES_MAX, check_name, check_time};
use crate::{Digest, Error, RecordId};

/// The largest count in one row.
pub const COUNT_MAX: u64 = 1_000_000_000_000_000;
/// The largest absolute value of a row's sum; sums of squares are bounded by its square.
pub const SUM_MAX: f64 = 1e18;
/// The most rows in one batch: 50 arms, 20 metrics, an hour each for six weeks.
pub const BATCH_ROWS_MAX: usize = 1_000_000;

/// The arm of series that tell of the whole market and belong to no experiment.
pub const MARKET_ARM: &str = "market";
/// What stands for the experiment's name in the rows of such series: no experiment can have it.
pub(crate) const MARKET: &str = "";

/// Count, sum and sum of squares of one metric in one period.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Value {
    /// How many.
    pub count: u64,
    /// Their sum; for `spend` in minor units.
    pub sum: f64,
    /// The sum of their squares; 0 where the channel cannot tell.
    pub sum_sq: f64,
}

/// One row of a report.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Row<'a> {
    /// The arm.
    pub arm: &'a str,
    /// The metric.
    pub metric: &'a str,
    /// Start of the period in which the exposure was bought, µs UTC.
    pub period_start_us: i64,
    /// What was counted.
    pub value: Value,
}

/// A channel's answer to one question.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Batch<'a> {
    /// The channel.
    pub channel: &'a str,
    /// Start of the span that was asked for, µs UTC.
    pub from_us: i64,
    /// Its end, exclusive, µs UTC.
    pub to_us: i64,
    /// The channel's cursor after the answer.
    pub cursor: Option<&'a str>,
    /// All periods that end at or before this are reported, µs UTC.
    pub fresh_until_us: Option<i64>,
    /// The rows, in any order, each arm, metric and period once.
    pub rows: &'a [Row<'a>],
}

impl Batch<'_> {
    /// Checks the frame; the rows are checked where they are sorted.
    pub(crate) fn check(&self, experiment: &str) -> Result<(), Error> {
        let done = check_name("channel", self.channel)
            .and_then(|()| check_time("the start of its span", self.from_us))
            .and_then(|()| check_time("the end of its span", self.to_us))
            .and_then(|()| self.fresh_until_us.map_or(Ok(()), |us| check_time("its freshness", us)))
            .and_then(|()| match () {
                () if self.from_us >= self.to_us => Err("its span is empty".to_owned()),
                () if self.rows.len() > BATCH_ROWS_MAX => {
                    Err(format!("it has {} rows, and {BATCH_ROWS_MAX} are the most", self.rows.len()))
                }
                () if self.cursor.is_some_and(|cursor| cursor.len() > CURSOR_BYTES_MAX) => {
                    Err(format!("its cursor is longer than {CURSOR_BYTES_MAX} bytes"))
                }
                () => Ok(()),
            });
        done.map_err(|what| Error::NotAllowed { kind: "observed", key: experiment.to_owned(), what })
    }
}

/// What a batch brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchSummary {
    /// The record under which it is stored.
    pub record: RecordId,
    /// Rows that nobody had reported before.
    pub rows_new: u64,
    /// Rows that replaced an earlier value.
    pub rows_restated: u64,
    /// Rows that were known as they are.
    pub rows_unchanged: u64,
}

/// An observation as known at some moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Observation {
    /// The arm.
    pub arm: Arc<str>,
    /// The metric.
    pub metric: Arc<str>,
    /// Start of the period, µs UTC.
    pub period_start_us: i64,
    /// What was counted.
    pub value: Value,
    /// The record that brought it.
    pub record: RecordId,
}

/// Up to when records are taken into account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AsOf {
    /// All of them.
    Now,
    /// Up to this record and including it.
    Record(RecordId),
    /// Up to the newest record that was written at or before this time, µs UTC. Where clocks went backwards, earlier
    /// records that claim a later time are included, since they were known.
    Time(i64),
}

impl<'a> Row<'a> {
    /// What orders rows and must be unique in a batch.
    pub(crate) fn key(&self) -> (&'a str, &'a str, i64) {
        (self.arm, self.metric, self.period_start_us)
    }
}

/// What of a batch is to be stored.
#[derive(Debug)]
pub(crate) struct Difference<'a> {
    pub(crate) store: Vec<Row<'a>>,
    pub(crate) rows_new: u64,
    pub(crate) rows_restated: u64,
    pub(crate) rows_unchanged: u64,
}

/// Compares sorted rows with what is known, row by row, as what is known is read in the same order.
pub(crate) struct Comparison<'a> {
    rows: std::iter::Peekable<std::vec::IntoIter<Row<'a>>>,
    found: Difference<'a>,
}

impl<'a> Comparison<'a> {
    /// A comparison of `rows`, which are sorted by key, each key once.
    pub(crate) fn new(rows: Vec<Row<'a>>) -> Self {
        debug_assert!(rows.is_sorted_by(|a, b| a.key() < b.key()));
        let found = Difference { store: Vec::new(), rows_new: 0, rows_restated: 0, rows_unchanged: 0 };
        Self { rows: rows.into_iter().peekable(), found }
    }

    /// Takes the next known row into account.
    pub(crate) fn known(&mut self, known: &Row<'_>) {
        while let Some(row) = self.rows.peek().copied() {
            match row.key().cmp(&known.key()) {
                Ordering::Less => {
                    self.found.store.push(row);
                    self.found.rows_new += 1;
                }
                Ordering::Equal if row.value == known.value => self.found.rows_unchanged += 1,
                Ordering::Equal => {
                    self.found.store.push(row);
                    self.found.rows_restated += 1;
                }
                Ordering::Greater => return,
            }
            self.rows.next();
        }
    }

    /// The result, once all that is known has been taken into account.
    pub(crate) fn finish(mut self) -> Difference<'a> {
        for row in self.rows {
            self.found.store.push(row);
            self.found.rows_new += 1;
        }
        self.found
    }
}

/// Checks every row of a batch and brings them into order; zeros lose their sign, since the file keeps none.
pub(crate) fn sorted_rows<'a>(experiment: &str, batch: &Batch<'a>) -> Result<Vec<Row<'a>>, Error> {
    let mut rows: Vec<Row<'a>> = batch.rows.to_vec();
    for row in &mut rows {
        row.value.sum += 0.0;
        row.value.sum_sq += 0.0;
        check_row(batch, row).map_err(|what| bad(experiment, row, what))?;
    }
    if !rows.is_sorted_by(|a, b| a.key() <= b.key()) {
        rows.sort_unstable_by(|a, b| a.key().cmp(&b.key()));
    }
    for same in rows.chunk_by(|a, b| a.metric == b.metric) {
        check_name("metric", same[0].metric).map_err(|what| bad(experiment, &same[0], what))?;
    }
    if let Some(pair) = rows.windows(2).find(|pair| pair[0].key() == pair[1].key()) {
        return Err(bad(experiment, &pair[0], "it is reported twice in one answer".into()));
    }
    Ok(rows)
}

/// The error for a bad row.
pub(crate) fn bad(experiment: &str, row: &Row<'_>, what: String) -> Error {
    Error::BadObservation {
        experiment: experiment.to_owned(),
        arm: row.arm.to_owned(),
        metric: row.metric.to_owned(),
        period_start_us: row.period_start_us,
        what,
    }
}

fn check_row(batch: &Batch<'_>, row: &Row<'_>) -> Result<(), String> {
    let Value { count, sum, sum_sq } = row.value;
    if row.period_start_us < batch.from_us || row.period_start_us >= batch.to_us {
        let (from, to) = (time_text(batch.from_us), time_text(batch.to_us));
        return Err(format!("the period is outside the span asked for, {from} to {to}"));
    }
    if count > COUNT_MAX {
        return Err(format!("the count is {count}, and {COUNT_MAX} is the most"));
    }
    if !sum.is_finite() || sum.abs() > SUM_MAX {
        return Err(format!("the sum is {sum}; a finite number up to {SUM_MAX:e} was expected"));
    }
    if !(0.0..=SUM_MAX * SUM_MAX).contains(&sum_sq) {
        return Err(format!("the sum of squares is {sum_sq}; a finite number of at least 0 was expected"));
    }
    // Cauchy and Schwarz: (Σx)² ≤ n Σx², so anything else would make a negative variance. 0 stands for "not told".
    #[expect(clippy::cast_precision_loss, reason = "the tolerance is larger than what is lost")]
    if sum_sq > 0.0 && count > 0 && sum * sum > count as f64 * sum_sq * (1.0 + 1e-9) {
        return Err(format!("a count of {count} with sum {sum} and sum of squares {sum_sq} is impossible"));
    }
    Ok(())
}

/// The digest of the rows stored under one record, which must come sorted by arm, metric and period.
pub(crate) struct RowsDigest {
    hasher: Hasher,
    rows: u64,
}

impl RowsDigest {
    pub(crate) fn new() -> Self {
        Self { hasher: Hasher::new("gevinst ledger rows 1"), rows: 0 }
    }

    pub(crate) fn row(&mut self, row: &Row<'_>) {
        self.hasher.text(row.arm);
        self.hasher.text(row.metric);
        self.hasher.i64(row.period_start_us);
        self.hasher.u64(row.value.count);
        self.hasher.f64(row.value.sum);
        self.hasher.f64(row.value.sum_sq);
        self.rows += 1;
    }

    /// The digest and the number of rows in it.
    pub(crate) fn finish(mut self) -> (Digest, u64) {
        self.hasher.u64(self.rows);
        (self.hasher.finish(), self.rows)
    }

    /// The digest of `rows`.
    pub(crate) fn of(rows: &[Row<'_>]) -> Digest {
        let mut digest = Self::new();
        rows.iter().for_each(|row| digest.row(row));
        digest.finish().0
    }
}
