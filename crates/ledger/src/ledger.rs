//! The ledger: opening it, and writing to it.
//!
//! Every writing call checks limits first, then the experiment's rules, and then writes one transaction. What is known of
//! an experiment is folded from its records and remembered, so that each step only folds what is new.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::fact::{Fact, Kind, Launched, Observed, PluginPin};
use crate::file::{BUSY_MS, FileStore};
use crate::memory::MemoryStore;
use crate::observation::{
    Batch, BatchSummary, Comparison, MARKET, MARKET_ARM, Row, RowsDigest, bad, sorted_rows,
};
use crate::progress::Progress;
use crate::store::{Filter, Store, Writing};
use crate::{Digest, Error, RecordId, limits};

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
    /// How many snapshots are being read, one within the other.
    pub(crate) held: Cell<u32>,
}

/// The accepted library of each plugin, by the plugin's id.
#[derive(Debug, Clone)]
struct Pins {
    upto: RecordId,
    by_id: BTreeMap<String, Digest>,
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
        Self { store, path: None, folded: RefCell::default(), pins: RefCell::new(pins), held: Cell::new(0) }
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
    /// batch's channel, or of any where that is a source, in periods that begin within the span that was asked for.
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
        self.record_batch(at_us, Some(experiment), batch)
    }

    /// Records what a channel reported of the whole market: rows of [`MARKET_ARM`], which belong to no experiment.
    ///
    /// # Errors
    /// As [`Ledger::observe`].
    pub fn observe_market(&mut self, at_us: i64, batch: &Batch<'_>) -> Result<BatchSummary, Error> {
        limits::check_call(at_us, None, 1)?;
        self.record_batch(at_us, None, batch)
    }

    fn record_batch(
        &mut self,
        at_us: i64,
        experiment: Option<&str>,
        batch: &Batch<'_>,
    ) -> Result<BatchSummary, Error> {
        let name = experiment.unwrap_or(MARKET);
        batch.check(experiment.unwrap_or("the market"))?;
        let after = self.store.newest()?;
        let rows = sorted_rows(name, batch)?;
        match experiment {
            Some(experiment) => fit_arms(&*self.fold(experiment, after)?, batch, &rows)?,
            None => {
                if let Some(row) = rows.iter().find(|row| row.arm != MARKET_ARM) {
                    let what = format!("what belongs to no experiment has the arm `{MARKET_ARM}`");
                    return Err(bad(name, row, what));
                }
            }
        }
        let mut comparison = Comparison::new(rows);
        self.store.visit_known(name, after, (batch.from_us, batch.to_us), &mut |_, _, known| {
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
        let progress = experiment
            .map(|experiment| self.advance(after, at_us, experiment, std::slice::from_ref(&fact)))
            .transpose()?;
        let rows = &difference.store[..];
        self.store.write(Writing { after, at_us, experiment, facts: vec![fact], rows })?;
        self.remember(progress);
        Ok(BatchSummary {
            record: after.next(),
            rows_new: difference.rows_new,
            rows_restated: difference.rows_restated,
            rows_unchanged: difference.rows_unchanged,
        })
    }

    /// Where an experiment stood after record `until`, which is not older than anything folded before.
    pub(crate) fn fold(&self, experiment: &str, until: RecordId) -> Result<Arc<Progress>, Error> {
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
    pub(crate) fn pins_until(&self, until: RecordId) -> Result<BTreeMap<String, Digest>, Error> {
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

/// Refuses rows of arms that a launched experiment does not have, or has on another channel.
fn fit_arms(progress: &Progress, batch: &Batch<'_>, rows: &[Row<'_>]) -> Result<(), Error> {
    if progress.launched().is_none() {
        return Ok(());
    }
    for same in rows.chunk_by(|a, b| a.arm == b.arm) {
        let what = match progress.arm(same[0].arm) {
            Some(arm) if arm.channel == batch.channel || progress.is_source(batch.channel) => continue,
            Some(arm) => {
                format!("channel `{}` reports it, and it runs on `{}`", batch.channel, arm.channel)
            }
            None => "there is no such arm".to_owned(),
        };
        return Err(bad(progress.experiment(), &same[0], what));
    }
    Ok(())
}

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
