//! Verification: was anything changed, lost or slipped in?
//!
//! Walks every record in order and recomputes its hash and its link to the one before; recomputes the digest of the rows
//! under each record; replays the rules; and lets SQLite check its own structure. Finding nothing wrong means that the
//! records are the ones once written, in that order, from the first on. That the newest were not cut off is proven only
//! against a [`Head`] that was kept elsewhere, and against someone who can recompute the whole chain nothing but such a
//! head helps either.

use std::collections::{HashMap, HashSet};

use crate::chain::Link;
use crate::fact::Fact;
use crate::file::parse;
use crate::observation::{MARKET, RowsDigest};
use crate::progress::Progress;
use crate::store::{RawRecord, Store};
use crate::{Digest, Error, Head, Ledger, RecordId};

/// The most problems that are listed; all are counted.
pub const PROBLEMS_LISTED_MAX: usize = 100;

/// What verification found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verification {
    /// Records read.
    pub records: u64,
    /// Observation rows read.
    pub rows: u64,
    /// The newest record as computed.
    pub head: Head,
    /// What is wrong, in the order of the records, at most [`PROBLEMS_LISTED_MAX`].
    pub problems: Vec<Problem>,
    /// How many problems there are.
    pub problems_found: u64,
}

/// Something that is wrong with a ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The record at fault; `None` when it is the file as a whole.
    pub record: Option<RecordId>,
    /// What is wrong.
    pub what: String,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.record {
            Some(record) => write!(f, "record {record}: {}", self.what),
            None => f.write_str(&self.what),
        }
    }
}

impl Verification {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.problems_found == 0
    }

    /// The first record at fault.
    #[must_use]
    pub fn first_broken_record(&self) -> Option<RecordId> {
        self.problems.iter().find_map(|problem| problem.record)
    }
}

impl Ledger {
    /// Checks the whole ledger; with a head that was kept elsewhere, also that nothing up to it was cut off or replaced.
    ///
    /// # Errors
    /// Those of reading the file where it is too damaged to be walked; everything else is a [`Problem`].
    pub fn verify(&self, kept: Option<Head>) -> Result<Verification, Error> {
        self.snapshot(|ledger| verify(ledger.store.as_ref(), kept))
    }
}

fn verify(store: &dyn Store, kept: Option<Head>) -> Result<Verification, Error> {
    let (rows_under, rows) = digests(store)?;
    let mut walk = Walk {
        head: Head::EMPTY,
        kept,
        rows_under,
        progress: HashMap::new(),
        unreadable: HashSet::new(),
        problems: Vec::new(),
        problems_found: 0,
    };
    let mut records = 0;
    store.visit_raw(&mut |raw| {
        records += 1;
        walk.record(&raw);
        Ok(())
    })?;
    walk.end();
    for what in store.structural_problems()? {
        walk.problem(None, what);
    }
    let Walk { head, mut problems, problems_found, .. } = walk;
    problems.sort_by_key(|problem| problem.record.map_or(u64::MAX, RecordId::get));
    Ok(Verification { records, rows, head, problems, problems_found })
}

/// What lies under a record.
struct RowsUnder {
    experiments: Vec<String>,
    rows: u64,
    digest: Digest,
}

/// The digest of the rows under each record, and the number of all rows.
fn digests(store: &dyn Store) -> Result<(HashMap<RecordId, RowsUnder>, u64), Error> {
    let mut found = HashMap::new();
    let mut open: Option<(RecordId, Vec<String>, RowsDigest)> = None;
    let mut total = 0;
    let mut close = |open: Option<(RecordId, Vec<String>, RowsDigest)>| {
        if let Some((record, experiments, digest)) = open {
            let (digest, rows) = digest.finish();
            found.insert(record, RowsUnder { experiments, rows, digest });
        }
    };
    store.visit_rows(&mut |record, experiment, row| {
        total += 1;
        if open.as_ref().is_none_or(|(same, ..)| *same != record) {
            close(open.replace((record, Vec::new(), RowsDigest::new())));
        }
        if let Some((_, experiments, digest)) = &mut open {
            digest.row(row);
            if !experiments.iter().any(|known| known == experiment) {
                experiments.push(experiment.to_owned());
            }
        }
        Ok(())
    })?;
    close(open);
    Ok((found, total))
}

/// The state of walking from the first record to the last.
struct Walk {
    head: Head,
    kept: Option<Head>,
    rows_under: HashMap<RecordId, RowsUnder>,
    progress: HashMap<String, Progress>,
    /// Experiments with a record that could not be read: their rules cannot be replayed from there on.
    unreadable: HashSet<String>,
    problems: Vec<Problem>,
    problems_found: u64,
}

impl Walk {
    fn problem(&mut self, record: Option<RecordId>, what: String) {
        self.problems_found += 1;
        if self.problems.len() < PROBLEMS_LISTED_MAX {
            self.problems.push(Problem { record, what });
        }
    }

    fn record(&mut self, raw: &RawRecord) {
        let id = raw.id;
        if id != self.head.id.next() {
            let (first, last) = (self.head.id.next(), RecordId::new(id.get().saturating_sub(1)));
            let what = if first == last {
                "it is missing".to_owned()
            } else {
                format!("it and all up to {last} are missing")
            };
            self.problem(Some(first), what);
        } else if raw.prev_hash != self.head.hash {
            self.problem(Some(id), "it does not follow the record before it: their hashes differ".into());
        }
        let link = Link {
            prev_hash: raw.prev_hash,
            id,
            at_us: raw.at_us,
            kind: &raw.kind,
            experiment: raw.experiment.as_deref(),
            arm: raw.arm.as_deref(),
            body: &raw.body,
        };
        if link.hash() != raw.hash {
            self.problem(Some(id), "it was changed: its content does not have its hash".into());
        }
        if let Some(kept) = self.kept.filter(|kept| kept.id == id && kept.hash != raw.hash) {
            self.problem(Some(id), format!("it was replaced: the head kept elsewhere says {}", kept.hash));
        }
        self.head = Head { id, hash: raw.hash };
        self.content(raw);
    }

    fn content(&mut self, raw: &RawRecord) {
        let id = raw.id;
        let fact = match parse(id, &raw.kind, &raw.body) {
            Ok(fact) => fact,
            Err(error) => {
                self.problem(Some(id), format!("it cannot be read: {error}"));
                self.unreadable.extend(raw.experiment.clone());
                return;
            }
        };
        if fact.arm() != raw.arm.as_deref() {
            self.problem(Some(id), "its arm differs from the one in its body".into());
        }
        self.rows(raw, &fact);
        let Some(experiment) = raw.experiment.as_deref().filter(|name| !self.unreadable.contains(*name))
        else {
            return;
        };
        let progress =
            self.progress.entry(experiment.to_owned()).or_insert_with(|| Progress::new(experiment));
        if let Err(error) = progress.apply(id, raw.at_us, &fact) {
            self.problem(Some(id), format!("it could not have been written: {error}"));
        }
    }

    fn rows(&mut self, raw: &RawRecord, fact: &Fact) {
        let under = self.rows_under.remove(&raw.id);
        let (rows, digest) =
            under.as_ref().map_or_else(|| (0, RowsDigest::of(&[])), |under| (under.rows, under.digest));
        let Fact::Observed(observed) = fact else {
            if rows > 0 {
                self.problem(
                    Some(raw.id),
                    format!("it brings no observation rows, and found under it are {rows}"),
                );
            }
            return;
        };
        let expected = observed.rows_new + observed.rows_restated;
        if rows != expected {
            self.problem(
                Some(raw.id),
                format!("observation rows brought: {expected}, found under it: {rows}"),
            );
        } else if digest != observed.rows_sha256 {
            self.problem(Some(raw.id), "an observation row under it was changed".into());
        }
        let foreign = under
            .iter()
            .flat_map(|under| &under.experiments)
            .find(|name| name.as_str() != raw.experiment.as_deref().unwrap_or(MARKET));
        if let Some(foreign) = foreign {
            self.problem(Some(raw.id), format!("observation rows of `{foreign}` lie under it"));
        }
    }

    /// What can be said only after the last record.
    fn end(&mut self) {
        let mut orphans: Vec<_> =
            self.rows_under.drain().map(|(record, under)| (record, under.rows)).collect();
        orphans.sort_unstable();
        for (record, rows) in orphans {
            self.problem(Some(record), format!("it is missing; observation rows found under it: {rows}"));
        }
        if let Some(kept) = self.kept.filter(|kept| kept.id > self.head.id) {
            let what = format!(
                "it is missing: the newest is {}, and the head kept elsewhere is newer",
                self.head.id
            );
            self.problem(Some(kept.id), what);
        }
    }
}
