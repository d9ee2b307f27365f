//! A ledger in memory, for rehearsals: a month takes some hundred records, and thousands of months are played.
//!
//! It keeps facts as they are, without JSON; hashes are computed only when somebody asks for them. It is also the simple
//! model that the file is compared with in tests.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap};

use crate::chain::Link;
use crate::fact::Stored;
use crate::observation::{MARKET, Row, Value};
use crate::store::{Filter, OnRow, OnStored, RawRecord, Store, Writing};
use crate::{Digest, Error, Head, RecordId};

/// Every value that one arm's metric had in a period, with the record that brought it; few are ever restated.
struct History {
    first: (RecordId, Value),
    /// Oldest first.
    restated: Vec<(RecordId, Value)>,
}

impl History {
    /// What was known after record `until`.
    fn known(&self, until: RecordId) -> Option<(RecordId, Value)> {
        let newest = self.restated.iter().rev().find(|(record, _)| *record <= until);
        newest.or(Some(&self.first).filter(|(record, _)| *record <= until)).copied()
    }
}

/// The periods of each arm and metric.
type Series = BTreeMap<(String, String), BTreeMap<i64, History>>;

/// Records and rows in memory.
#[derive(Default)]
pub(crate) struct MemoryStore {
    records: Vec<Stored>,
    by_experiment: HashMap<String, Vec<usize>>,
    rows: HashMap<String, Series>,
    /// The hashes of the first records, as far as somebody has asked.
    hashes: RefCell<Vec<Digest>>,
}

impl MemoryStore {
    fn raw(&self, index: usize, prev_hash: Digest) -> Result<RawRecord, Error> {
        let stored = &self.records[index];
        let kind = stored.fact.kind().as_str();
        let body = stored.fact.body().map_err(|error| Error::Damaged {
            record: stored.id,
            what: format!("it has no JSON form: {error}"),
        })?;
        let link = Link {
            prev_hash,
            id: stored.id,
            at_us: stored.at_us,
            kind,
            experiment: stored.experiment.as_deref(),
            arm: stored.fact.arm(),
            body: &body,
        };
        let hash = link.hash();
        Ok(RawRecord {
            id: stored.id,
            at_us: stored.at_us,
            kind: kind.to_owned(),
            experiment: stored.experiment.clone(),
            arm: stored.fact.arm().map(str::to_owned),
            body,
            prev_hash,
            hash,
        })
    }
}

impl Store for MemoryStore {
    fn newest(&self) -> Result<RecordId, Error> {
        Ok(RecordId::new(self.records.len() as u64))
    }

    fn newest_at(&self, at_us: i64) -> Result<RecordId, Error> {
        let newest = self.records.iter().rev().find(|stored| stored.at_us <= at_us);
        Ok(newest.map_or(RecordId::START, |stored| stored.id))
    }

    fn head(&self) -> Result<Head, Error> {
        let mut hashes = self.hashes.borrow_mut();
        for index in hashes.len()..self.records.len() {
            let prev_hash = hashes.last().copied().unwrap_or(Digest::ZERO);
            hashes.push(self.raw(index, prev_hash)?.hash);
        }
        Ok(Head { id: self.newest()?, hash: hashes.last().copied().unwrap_or(Digest::ZERO) })
    }

    fn visit(&self, filter: &Filter, on_stored: OnStored<'_>) -> Result<(), Error> {
        let records: Box<dyn DoubleEndedIterator<Item = &Stored>> = match &filter.experiment {
            Some(experiment) => {
                let indexes = self.by_experiment.get(experiment).map_or(&[][..], Vec::as_slice);
                let start = indexes.partition_point(|&index| self.records[index].id <= filter.after);
                Box::new(indexes[start..].iter().map(|&index| &self.records[index]))
            }
            None => Box::new(self.records.iter()),
        };
        let mut records = records.filter(|stored| {
            stored.id > filter.after && stored.id <= filter.until && filter.has_kind(stored.fact.kind())
        });
        while let Some(stored) = if filter.newest_first { records.next_back() } else { records.next() } {
            if on_stored(Cow::Borrowed(stored))?.is_break() {
                break;
            }
        }
        Ok(())
    }

    fn visit_raw(&self, on_raw: &mut dyn FnMut(RawRecord) -> Result<(), Error>) -> Result<(), Error> {
        let mut prev_hash = Digest::ZERO;
        for index in 0..self.records.len() {
            let raw = self.raw(index, prev_hash)?;
            prev_hash = raw.hash;
            on_raw(raw)?;
        }
        Ok(())
    }

    fn visit_known(
        &self,
        experiment: &str,
        until: RecordId,
        span_us: (i64, i64),
        on_row: OnRow<'_>,
    ) -> Result<(), Error> {
        for ((arm, metric), periods) in self.rows.get(experiment).into_iter().flatten() {
            for (&period_start_us, history) in periods.range(span_us.0..span_us.1) {
                if let Some((record, value)) = history.known(until) {
                    on_row(record, experiment, &Row { arm, metric, period_start_us, value })?;
                }
            }
        }
        Ok(())
    }

    fn visit_rows(&self, on_row: OnRow<'_>) -> Result<(), Error> {
        let mut rows = Vec::new();
        for (experiment, series) in &self.rows {
            for ((arm, metric), periods) in series {
                for (&period_start_us, history) in periods {
                    for &(record, value) in std::iter::once(&history.first).chain(&history.restated) {
                        rows.push((record, experiment, Row { arm, metric, period_start_us, value }));
                    }
                }
            }
        }
        rows.sort_unstable_by(|a, b| (a.0, a.2.key()).cmp(&(b.0, b.2.key())));
        rows.iter().try_for_each(|(record, experiment, row)| on_row(*record, experiment, row))
    }

    fn write(&mut self, writing: Writing<'_>) -> Result<(), Error> {
        let found = self.newest()?;
        if found != writing.after {
            return Err(Error::Moved { expected: writing.after, found });
        }
        let mut id = found;
        for fact in writing.facts {
            id = id.next();
            if let Some(experiment) = writing.experiment {
                self.by_experiment.entry(experiment.to_owned()).or_default().push(self.records.len());
            }
            self.records.push(Stored {
                id,
                at_us: writing.at_us,
                experiment: writing.experiment.map(str::to_owned),
                fact,
            });
        }
        if !writing.rows.is_empty() {
            let experiment = writing.experiment.unwrap_or(MARKET);
            let series = self.rows.entry(experiment.to_owned()).or_default();
            for same in writing.rows.chunk_by(|a, b| (a.arm, a.metric) == (b.arm, b.metric)) {
                let key = (same[0].arm.to_owned(), same[0].metric.to_owned());
                let periods = series.entry(key).or_default();
                for row in same {
                    match periods.entry(row.period_start_us) {
                        Entry::Vacant(place) => {
                            place.insert(History { first: (id, row.value), restated: Vec::new() });
                        }
                        Entry::Occupied(known) => known.into_mut().restated.push((id, row.value)),
                    }
                }
            }
        }
        Ok(())
    }

    fn structural_problems(&self) -> Result<Vec<String>, Error> {
        Ok(Vec::new())
    }

    fn hold(&self, _hold: bool) -> Result<(), Error> {
        // Nobody else can write while this handle is borrowed.
        Ok(())
    }
}
