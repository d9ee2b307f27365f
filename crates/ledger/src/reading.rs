//! Reading the ledger: records in order, where an experiment stands, and what was observed, now or as of any moment.
//!
//! Nothing here changes anything; what is returned is derived from the records each time, or continued from what was
//! derived before.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use crate::fact::{Fact, Kind, Launched, Observed, Stored};
use crate::observation::{AsOf, MARKET, Observation, Row};
use crate::progress::Progress;
use crate::store::Filter;
use crate::{Digest, Error, Head, Ledger, RecordId};

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

    /// What was known of the market's series, which belong to no experiment, sorted by metric and period. A day without a row is
    /// one of which nothing was reported.
    ///
    /// # Errors
    /// Those of reading the file.
    pub fn market(&self, as_of: AsOf) -> Result<Vec<Observation>, Error> {
        self.observations(MARKET, as_of)
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

    /// Lets `read` see one moment of the ledger while another program may be writing. May be nested.
    ///
    /// # Errors
    /// Those of reading the file, and `read`'s own.
    pub fn snapshot<T>(&self, read: impl FnOnce(&Self) -> Result<T, Error>) -> Result<T, Error> {
        let outer = self.held.get() == 0;
        if outer {
            self.store.hold(true)?;
        }
        self.held.set(self.held.get() + 1);
        let result = read(self);
        self.held.set(self.held.get() - 1);
        let ended = if outer { self.store.hold(false) } else { Ok(()) };
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
