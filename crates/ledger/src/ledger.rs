//! The ledger: what the rest of the program sees.
//!
//! Writing: limits, then the experiment's rules, then one transaction. Reading: records in order, where an experiment
//! stands, and what was observed, now or as of any earlier moment.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::fact::{Fact, Kind, Launched, Observed, PluginPin, Stored};
use crate::file::{BUSY_MS, FileStore};
use crate::memory::MemoryStore;
use crate::observation::{
    AsOf, Batch, BatchSummary, Comparison, Observation, Row, RowsDigest, bad, sorted_rows,
};
use crate::progress::Progress;
use crate::store::{Filter, Store, Writing};
use crate::{Digest, Error, Head, RecordId, limits};

/// What a ledger is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Access {
    /// Reading; changes nothing and needs no lock.
    Read,
    /// Reading and writing; makes the file when it is not there, and keeps other writers out.
    Write,
}

/// The durable record. See the crate's documentation for an example.
pub struct Ledger {
    pub(crate) store: Box<dyn Store>,
    path: Option<PathBuf>,
    /// What has been folded so far. Records never change, so that this only ever has to be continued.
    folded: RefCell<HashMap<String, Arc<Progress>>>,
    pins: RefCell<Pins>,
}

/// The accepted library of each plugin, by the plugin's id.
#[derive(Debug, Clone)]
struct Pins {
    upto: RecordId,
    by_id: BTreeMap<String, Digest>,
}

/// An experiment in a ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExperimentEntry {
    /// Its name.
    pub name: String,
    /// Its month, `YYYY-MM`.
    pub month: String,
    /// When it was launched, µs UTC.
    pub launched_at_us: i64,
    /// When it was closed, µs UTC; `None` while it runs.
    pub closed_at_us: Option<i64>,
}

impl Ledger {
    /// Opens the ledger at `path`; [`Access::Write`] makes it when it is not there.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Locked`], [`Error::NotALedger`], [`Error::NewerFormat`], [`Error::CannotOpen`],
    /// [`Error::Corrupt`], [`Error::Full`] or [`Error::Busy`], each naming the file.
    pub fn open(path: &Path, access: Access) -> Result<Self, Error> {
        let store = FileStore::open(path, access, BUSY_MS)?;
        let path = store.path().to_owned();
        Ok(Self { path: Some(path), ..Self::over(Box::new(store)) })
    }

    /// A ledger in memory, gone with its handle: for rehearsals. It keeps the same rules and gives the same answers.
    #[must_use]
    pub fn in_memory() -> Self {
        Self::over(Box::<MemoryStore>::default())
    }

    /// Writes everything that is in this ledger to a new file, in one transaction, and opens that for writing: for a
    /// rehearsal that was played in memory and is worth keeping. Records, rows and hashes are the same.
    ///
    /// # Errors
    /// [`Error::NotEmpty`] when a ledger with records is there already, and those of [`Ledger::open`]. Nothing was written
    /// then, apart from an empty ledger.
    pub fn copy_to(&self, path: &Path) -> Result<Self, Error> {
        let mut store = FileStore::open(path, Access::Write, BUSY_MS)?;
        self.snapshot(|ledger| store.take_over(ledger.store.as_ref()))?;
        let path = store.path().to_owned();
        Ok(Self { path: Some(path), ..Self::over(Box::new(store)) })
    }

    pub(crate) fn over(store: Box<dyn Store>) -> Self {
        let pins = Pins { upto: RecordId::START, by_id: BTreeMap::new() };
        Self { store, path: None, folded: RefCell::default(), pins: RefCell::new(pins) }
    }

    /// The ledger's file, links resolved; `None` in memory.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// Records facts, all of them or none, in one transaction that is on the disk when this returns.
    ///
    /// `experiment` is `None` for what concerns the whole ledger: a [`Fact::PluginAccepted`] or a [`Fact::Note`].
    ///
    /// # Errors
    /// [`Error::NotAllowed`] and [`Error::PluginChanged`] when a fact breaks a rule, and the errors of the file. Nothing
    /// was recorded then.
    pub fn append(
        &mut self,
        at_us: i64,
        experiment: Option<&str>,
        facts: Vec<Fact>,
    ) -> Result<Vec<RecordId>, Error> {
        limits::check_call(at_us, experiment, facts.len())?;
        for fact in &facts {
            limits::check_fact(experiment, fact)?;
            if let Fact::Observed(_) = fact {
                let what = "it is recorded together with its rows, by `observe`".to_owned();
                return Err(Error::NotAllowed {
                    kind: "observed",
                    key: experiment.unwrap_or_default().into(),
                    what,
                });
            }
        }
        let after = self.store.newest()?;
        let written = facts.len() as u64;
        let progress = match experiment {
            Some(experiment) => Some(self.advance(after, at_us, experiment, &facts)?),
            None => {
                facts.iter().try_for_each(check_unbound)?;
                None
            }
        };
        self.store.write(Writing { after, at_us, experiment, facts, rows: &[] })?;
        self.remember(progress);
        Ok((after.get() + 1..=after.get() + written).map(RecordId::new).collect())
    }

    /// Records what a channel reported, rows and cursor together, in one transaction.
    ///
    /// Rows that say what is known already are counted and not stored again. Rows must be of arms that run on the
    /// batch's channel, in periods that begin within the span that was asked for.
    ///
    /// # Errors
    /// [`Error::BadObservation`] names the first row that cannot be one; [`Error::NotAllowed`] when the experiment was
    /// never launched; and the errors of the file. Nothing was recorded then, the cursor neither.
    pub fn observe(
        &mut self,
        at_us: i64,
        experiment: &str,
        batch: &Batch<'_>,
    ) -> Result<BatchSummary, Error> {
        limits::check_call(at_us, Some(experiment), 1)?;
        limits::check_batch(experiment, batch)?;
        let after = self.store.newest()?;
        let rows = sorted_rows(experiment, batch)?;
        let progress = self.fold(experiment, after)?;
        if progress.launched().is_some() {
            for same in rows.chunk_by(|a, b| a.arm == b.arm) {
                match progress.arm(same[0].arm) {
                    Some(arm) if arm.channel == batch.channel => {}
                    Some(arm) => {
                        let what = format!(
                            "channel `{}` reports it, and it runs on `{}`",
                            batch.channel, arm.channel
                        );
                        return Err(bad(experiment, &same[0], what));
                    }
                    None => return Err(bad(experiment, &same[0], "there is no such arm".into())),
                }
            }
        }
        let mut comparison = Comparison::new(rows);
        self.store.visit_known(experiment, after, (batch.from_us, batch.to_us), &mut |_, _, known| {
            comparison.known(known);
            Ok(())
        })?;
        let difference = comparison.finish();
        let fact = Fact::Observed(Observed {
            channel: batch.channel.to_owned(),
            from_us: batch.from_us,
            to_us: batch.to_us,
            cursor: batch.cursor.map(str::to_owned),
            fresh_until_us: batch.fresh_until_us,
            rows_new: difference.rows_new,
            rows_restated: difference.rows_restated,
            rows_unchanged: difference.rows_unchanged,
            rows_sha256: RowsDigest::of(&difference.store),
        });
        drop(progress);
        let progress = self.advance(after, at_us, experiment, std::slice::from_ref(&fact))?;
        let (experiment, rows) = (Some(experiment), &difference.store[..]);
        self.store.write(Writing { after, at_us, experiment, facts: vec![fact], rows })?;
        self.remember(Some(progress));
        Ok(BatchSummary {
            record: after.next(),
            rows_new: difference.rows_new,
            rows_restated: difference.rows_restated,
            rows_unchanged: difference.rows_unchanged,
        })
    }

    /// Where an experiment stands: arms, open intents, what was last commanded, the next numbers.
    ///
    /// An experiment that is not in the ledger is one that was never launched.
    ///
    /// # Errors
    /// Those of reading the file.
    pub fn progress(&self, experiment: &str) -> Result<Arc<Progress>, Error> {
        self.fold(experiment, self.store.newest()?)
    }

    /// The facts that `filter` lets through, one by one.
    pub fn facts(&self, filter: Filter) -> Facts<'_> {
        Facts { ledger: self, filter, page: Vec::new().into_iter(), done: false }
    }

    /// Calls `on_fact` with the facts that `filter` lets through, until it breaks off or fails: as [`Ledger::facts`],
    /// without a copy where the ledger is in memory.
    ///
    /// # Errors
    /// Those of reading the file, and `on_fact`'s own.
    pub fn for_each_fact(
        &self,
        filter: &Filter,
        mut on_fact: impl FnMut(&Stored) -> Result<ControlFlow<()>, Error>,
    ) -> Result<(), Error> {
        self.store.visit(filter, &mut |stored| on_fact(&stored))
    }

    /// Calls `on_row` with what was known of an experiment's observations, sorted by arm, metric and period, and the
    /// record that brought each: as [`Ledger::observations`], without building a list.
    ///
    /// # Errors
    /// Those of reading the file.
    pub fn for_each_observation(
        &self,
        experiment: &str,
        as_of: AsOf,
        mut on_row: impl FnMut(RecordId, &Row<'_>),
    ) -> Result<(), Error> {
        let until = self.until(as_of)?;
        self.store.visit_known(experiment, until, (i64::MIN, i64::MAX), &mut |record, _, row| {
            on_row(record, row);
            Ok(())
        })
    }

    /// What was known of an experiment's observations, sorted by arm, metric and period.
    ///
    /// # Errors
    /// Those of reading the file.
    pub fn observations(&self, experiment: &str, as_of: AsOf) -> Result<Vec<Observation>, Error> {
        let mut observations: Vec<Observation> = Vec::new();
        self.for_each_observation(experiment, as_of, |record, row| {
            let last = observations.last();
            let arm = last.map(|o| &o.arm).filter(|arm| &***arm == row.arm).cloned();
            let metric = last.map(|o| &o.metric).filter(|metric| &***metric == row.metric).cloned();
            observations.push(Observation {
                arm: arm.unwrap_or_else(|| row.arm.into()),
                metric: metric.unwrap_or_else(|| row.metric.into()),
                period_start_us: row.period_start_us,
                value: row.value,
                record,
            });
        })?;
        Ok(observations)
    }

    /// The newest answer of a channel: its cursor, and up to when it is fresh.
    ///
    /// # Errors
    /// Those of reading the file.
    pub fn last_observed(
        &self,
        experiment: &str,
        channel: &str,
        as_of: AsOf,
    ) -> Result<Option<(RecordId, Observed)>, Error> {
        let filter = Filter::of(experiment).kinds(&[Kind::Observed]).until(self.until(as_of)?).newest_first();
        self.first(&filter, |stored| match &stored.fact {
            Fact::Observed(observed) if observed.channel == channel => Some((stored.id, observed.clone())),
            _ => None,
        })
    }

    /// An experiment as it was launched; `None` when it never was.
    ///
    /// # Errors
    /// Those of reading the file.
    pub fn launched(&self, experiment: &str) -> Result<Option<Launched>, Error> {
        self.first(&Filter::of(experiment).kinds(&[Kind::Launched]), |stored| match &stored.fact {
            Fact::Launched(launched) => Some(launched.clone()),
            _ => None,
        })
    }

    /// Every experiment that was ever launched here, in the order of launching.
    ///
    /// # Errors
    /// Those of reading the file.
    pub fn experiments(&self) -> Result<Vec<ExperimentEntry>, Error> {
        let mut closed = HashMap::new();
        self.for_each_fact(&Filter::all().kinds(&[Kind::Closed]), |stored| {
            closed.insert(stored.experiment.clone(), stored.at_us);
            Ok(ControlFlow::Continue(()))
        })?;
        let mut entries = Vec::new();
        self.for_each_fact(&Filter::all().kinds(&[Kind::Launched]), |stored| {
            if let (Fact::Launched(launched), Some(name)) = (&stored.fact, &stored.experiment) {
                entries.push(ExperimentEntry {
                    name: name.clone(),
                    month: launched.month.clone(),
                    launched_at_us: stored.at_us,
                    closed_at_us: closed.get(&stored.experiment).copied(),
                });
            }
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(entries)
    }

    /// The library that is accepted for a plugin: the one first launched with, or the one accepted since.
    ///
    /// # Errors
    /// Those of reading the file.
    pub fn plugin_pin(&self, id: &str) -> Result<Option<Digest>, Error> {
        Ok(self.pins_until(self.store.newest()?)?.get(id).copied())
    }

    /// The newest record; [`RecordId::START`] in an empty ledger.
    ///
    /// # Errors
    /// Those of reading the file.
    pub fn newest(&self) -> Result<RecordId, Error> {
        self.store.newest()
    }

    /// The newest record and its hash: kept elsewhere, it lets [`Ledger::verify`] notice a ledger that was cut short.
    ///
    /// # Errors
    /// Those of reading the file.
    pub fn head(&self) -> Result<Head, Error> {
        self.store.head()
    }

    /// Lets `read` see one moment of the ledger while another program may be writing.
    ///
    /// # Errors
    /// Those of reading the file, and `read`'s own.
    pub fn snapshot<T>(&self, read: impl FnOnce(&Self) -> Result<T, Error>) -> Result<T, Error> {
        self.store.hold(true)?;
        let result = read(self);
        let ended = self.store.hold(false);
        let value = result?;
        ended?;
        Ok(value)
    }

    /// The record up to which `as_of` reads.
    fn until(&self, as_of: AsOf) -> Result<RecordId, Error> {
        match as_of {
            AsOf::Now => self.store.newest(),
            AsOf::Record(record) => Ok(record),
            AsOf::Time(at_us) => self.store.newest_at(at_us),
        }
    }

    fn first<T>(&self, filter: &Filter, find: impl Fn(&Stored) -> Option<T>) -> Result<Option<T>, Error> {
        let mut found = None;
        self.for_each_fact(filter, |stored| {
            found = find(stored);
            Ok(if found.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        })?;
        Ok(found)
    }

    /// Where an experiment stood after record `until`, which is not older than anything folded before.
    fn fold(&self, experiment: &str, until: RecordId) -> Result<Arc<Progress>, Error> {
        let known = self.folded.borrow().get(experiment).cloned();
        let mut progress = known.unwrap_or_else(|| Arc::new(Progress::new(experiment)));
        if progress.upto() >= until {
            return Ok(progress);
        }
        let fold = Arc::make_mut(&mut progress);
        let news = Filter::of(experiment).after(fold.upto()).until(until);
        // Of the looks, which are long and many, the number of the newest is all that matters here.
        let newest_look = news.clone().kinds(&[Kind::Looked]).newest_first();
        self.for_each_fact(&newest_look, |stored| {
            if let Fact::Looked(looked) = &stored.fact {
                fold.resume_looks(stored.id, looked.evidence.look);
            }
            Ok(ControlFlow::Break(()))
        })?;
        self.for_each_fact(&news.kinds(FOLDED), |stored| {
            fold.apply(stored.id, stored.at_us, &stored.fact).map_err(|error| broken(stored.id, &error))?;
            Ok(ControlFlow::Continue(()))
        })?;
        fold.resume_from(until);
        self.folded.borrow_mut().insert(experiment.to_owned(), Arc::clone(&progress));
        Ok(progress)
    }

    /// Where the experiment will stand once `facts` are recorded after record `after`; or which rule they break.
    ///
    /// What is remembered of the experiment is taken out and changed in place: it is put back by [`Ledger::remember`] when
    /// the facts are recorded, and folded anew from the store when they are not.
    fn advance(
        &self,
        after: RecordId,
        at_us: i64,
        experiment: &str,
        facts: &[Fact],
    ) -> Result<Arc<Progress>, Error> {
        let mut progress = self.fold(experiment, after)?;
        self.folded.borrow_mut().remove(experiment);
        let changed = Arc::make_mut(&mut progress);
        let mut id = after;
        for fact in facts {
            id = id.next();
            if let Fact::Launched(launched) = fact {
                self.check_plugins(after, experiment, launched)?;
            }
            changed.apply(id, at_us, fact)?;
        }
        Ok(progress)
    }

    /// Refuses a launch with a library that differs from the accepted one.
    fn check_plugins(&self, after: RecordId, experiment: &str, launched: &Launched) -> Result<(), Error> {
        let mut accepted = self.pins_until(after)?;
        for PluginPin { id, sha256, .. } in &launched.plugins {
            let accepted = *accepted.entry(id.clone()).or_insert(*sha256);
            if accepted != *sha256 {
                let (experiment, plugin) = (experiment.to_owned(), id.clone());
                return Err(Error::PluginChanged { experiment, plugin, found: *sha256, accepted });
            }
        }
        Ok(())
    }

    /// The accepted library of each plugin. A launch cannot differ from what was accepted before it, so that the first
    /// launch counts until somebody accepts another library.
    fn pins_until(&self, until: RecordId) -> Result<BTreeMap<String, Digest>, Error> {
        let mut pins = self.pins.borrow_mut();
        if pins.upto < until {
            let mut by_id = pins.by_id.clone();
            let news = Filter::all().after(pins.upto).until(until);
            self.for_each_fact(&news.clone().kinds(&[Kind::Launched]), |stored| {
                if let Fact::Launched(launched) = &stored.fact {
                    for pin in &launched.plugins {
                        by_id.entry(pin.id.clone()).or_insert(pin.sha256);
                    }
                }
                Ok(ControlFlow::Continue(()))
            })?;
            self.for_each_fact(&news.kinds(&[Kind::PluginAccepted]), |stored| {
                if let Fact::PluginAccepted(accepted) = &stored.fact {
                    by_id.insert(accepted.id.clone(), accepted.sha256);
                }
                Ok(ControlFlow::Continue(()))
            })?;
            *pins = Pins { upto: until, by_id };
        }
        Ok(pins.by_id.clone())
    }

    fn remember(&self, progress: Option<Arc<Progress>>) {
        if let Some(progress) = progress {
            self.folded.borrow_mut().insert(progress.experiment().to_owned(), progress);
        }
    }
}

/// The kinds that move an experiment on, apart from looks.
const FOLDED: &[Kind] = &[
    Kind::Launched,
    Kind::Concluded,
    Kind::Intended,
    Kind::Approval,
    Kind::Withdrawn,
    Kind::Sent,
    Kind::Receipt,
    Kind::Reconciled,
    Kind::Closed,
];

/// What may be said of the whole ledger.
fn check_unbound(fact: &Fact) -> Result<(), Error> {
    if matches!(fact, Fact::PluginAccepted(_) | Fact::Note(_)) {
        return Ok(());
    }
    let what = "it belongs to an experiment, and none is named".to_owned();
    Err(Error::NotAllowed { kind: fact.kind().as_str(), key: "the whole ledger".into(), what })
}

/// A stored record that breaks a rule that writing upholds.
pub(crate) fn broken(record: RecordId, error: &Error) -> Error {
    Error::Damaged { record, what: format!("it could not have been written: {error}") }
}

impl std::fmt::Debug for Ledger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ledger").field("path", &self.path).finish_non_exhaustive()
    }
}

/// Facts in order, read a page at a time; see [`Ledger::facts`]. Ends after the first error.
#[derive(Debug)]
pub struct Facts<'l> {
    ledger: &'l Ledger,
    filter: Filter,
    page: std::vec::IntoIter<Stored>,
    done: bool,
}

/// Facts read at once.
const PAGE: usize = 256;

impl Iterator for Facts<'_> {
    type Item = Result<Stored, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(stored) = self.page.next() {
            return Some(Ok(stored));
        }
        if self.done {
            return None;
        }
        let mut page = Vec::new();
        let read = self.ledger.store.visit(&self.filter, &mut |stored| {
            page.push(stored.into_owned());
            Ok(if page.len() < PAGE { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
        });
        if let Err(error) = read {
            self.done = true;
            return Some(Err(error));
        }
        self.done = page.len() < PAGE;
        if let Some(last) = page.last() {
            // Records are only ever added at the end, so that the next page begins where this one stopped.
            match self.filter.newest_first {
                true => self.filter.until = RecordId::new(last.id.get() - 1),
                false => self.filter.after = last.id,
            }
        }
        self.page = page.into_iter();
        self.page.next().map(Ok)
    }
}
