//! What the ledger needs of the place where records are kept: a file, or memory for rehearsals.
//!
//! A store knows order, transactions and reading; rules, limits and what is worth storing are decided above it. Both
//! stores give the same answers to the same writes, which a property test holds them to.

use std::borrow::Cow;
use std::ops::ControlFlow;

use crate::fact::{Fact, Kind, Stored};
use crate::observation::Row;
use crate::{Digest, Error, Head, RecordId};

/// Which records to read.
///
/// ```
/// # use gevinst_ledger::{Filter, Kind};
/// let verdicts = Filter::of("headlines").kinds(&[Kind::Concluded]);
/// # let _ = verdicts;
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    pub(crate) experiment: Option<String>,
    pub(crate) kinds: u32,
    pub(crate) after: RecordId,
    pub(crate) until: RecordId,
    pub(crate) newest_first: bool,
}

impl Filter {
    /// Every record.
    #[must_use]
    pub fn all() -> Self {
        Self {
            experiment: None,
            kinds: u32::MAX,
            after: RecordId::START,
            until: RecordId::new(u64::MAX),
            newest_first: false,
        }
    }

    /// The records of one experiment.
    #[must_use]
    pub fn of(experiment: &str) -> Self {
        Self { experiment: Some(experiment.to_owned()), ..Self::all() }
    }

    /// Only these kinds.
    #[must_use]
    pub fn kinds(self, kinds: &[Kind]) -> Self {
        Self { kinds: kinds.iter().fold(0, |bits, &kind| bits | bit(kind)), ..self }
    }

    /// Only records after this one.
    #[must_use]
    pub fn after(self, after: RecordId) -> Self {
        Self { after, ..self }
    }

    /// Only records up to this one and including it.
    #[must_use]
    pub fn until(self, until: RecordId) -> Self {
        Self { until, ..self }
    }

    /// The newest first.
    #[must_use]
    pub fn newest_first(self) -> Self {
        Self { newest_first: true, ..self }
    }

    pub(crate) fn has_kind(&self, kind: Kind) -> bool {
        self.kinds & bit(kind) != 0
    }

    pub(crate) fn has_every_kind(&self) -> bool {
        Kind::ALL.iter().all(|&kind| self.has_kind(kind))
    }
}

fn bit(kind: Kind) -> u32 {
    1 << (kind as u32)
}

/// A record as it lies in the store.
#[derive(Debug)]
pub(crate) struct RawRecord {
    pub(crate) id: RecordId,
    pub(crate) at_us: i64,
    pub(crate) kind: String,
    pub(crate) experiment: Option<String>,
    pub(crate) arm: Option<String>,
    pub(crate) body: String,
    pub(crate) prev_hash: Digest,
    pub(crate) hash: Digest,
}

/// What one transaction writes.
pub(crate) struct Writing<'a> {
    /// The record that must be the newest.
    pub(crate) after: RecordId,
    pub(crate) at_us: i64,
    pub(crate) experiment: Option<&'a str>,
    pub(crate) facts: Vec<Fact>,
    /// Rows that belong to the one fact, which is then an `Observed`; sorted.
    pub(crate) rows: &'a [Row<'a>],
}

/// Called with each record; breaks off when it has seen enough.
pub(crate) type OnStored<'a> = &'a mut dyn FnMut(Cow<'_, Stored>) -> Result<ControlFlow<()>, Error>;
/// Called with each row, its experiment and its record.
pub(crate) type OnRow<'a> = &'a mut dyn FnMut(RecordId, &str, &Row<'_>) -> Result<(), Error>;

/// A place where records are kept.
pub(crate) trait Store: Send {
    /// The newest record.
    fn newest(&self) -> Result<RecordId, Error>;

    /// The newest record written at or before a time.
    fn newest_at(&self, at_us: i64) -> Result<RecordId, Error>;

    /// The newest record and its hash.
    fn head(&self) -> Result<Head, Error>;

    /// Reads records in order.
    fn visit(&self, filter: &Filter, on_stored: OnStored<'_>) -> Result<(), Error>;

    /// Reads records as they lie.
    fn visit_raw(&self, on_raw: &mut dyn FnMut(RawRecord) -> Result<(), Error>) -> Result<(), Error>;

    /// Reads what was known of an experiment's periods in a half-open span after the given record, sorted by arm,
    /// metric and period; each once.
    fn visit_known(
        &self,
        experiment: &str,
        until: RecordId,
        span_us: (i64, i64),
        on_row: OnRow<'_>,
    ) -> Result<(), Error>;

    /// Reads every stored row, sorted by record, arm, metric and period.
    fn visit_rows(&self, on_row: OnRow<'_>) -> Result<(), Error>;

    /// Writes all of it or nothing.
    fn write(&mut self, writing: Writing<'_>) -> Result<(), Error>;

    /// What is wrong with the store itself, apart from its content.
    fn structural_problems(&self) -> Result<Vec<String>, Error>;

    /// Begins or ends a span in which reading sees one moment.
    fn hold(&self, hold: bool) -> Result<(), Error>;
}
