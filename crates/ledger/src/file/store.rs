//! Reading and writing the records and rows of a ledger file.
//!
//! One transaction writes one step; it is built on the record that the caller knows as the newest, and refuses to write
//! when another one is.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior, params};

use super::{FileStore, error_of};
use crate::chain::Link;
use crate::fact::{Fact, Kind, Stored};
use crate::limits::BODY_BYTES_MAX;
use crate::observation::{MARKET, Row, Value};
use crate::store::{Filter, OnRow, OnStored, RawRecord, Store, Writing};
use crate::{Access, Digest, Error, FORMAT, Head, RecordId, schema};

impl FileStore {
    /// Runs a query and hands over each of its rows.
    fn each(
        &self,
        sql: &str,
        params: &[&dyn rusqlite::ToSql],
        on_row: &mut dyn FnMut(&rusqlite::Row<'_>) -> Result<bool, Error>,
    ) -> Result<(), Error> {
        let mut statement = self.connection.prepare_cached(sql).map_err(|error| self.error(error))?;
        let mut rows = statement.query(params).map_err(|error| self.error(error))?;
        while let Some(row) = rows.next().map_err(|error| self.error(error))? {
            if !on_row(row)? {
                break;
            }
        }
        Ok(())
    }

    fn column<T: rusqlite::types::FromSql>(&self, row: &rusqlite::Row<'_>, index: usize) -> Result<T, Error> {
        row.get(index).map_err(|error| self.error(error))
    }

    fn text<'r>(&self, row: &'r rusqlite::Row<'_>, index: usize) -> Result<&'r str, Error> {
        let value = row.get_ref(index).map_err(|error| self.error(error))?;
        value.as_str().map_err(|error| self.error(error.into()))
    }

    fn id(&self, row: &rusqlite::Row<'_>, index: usize) -> Result<RecordId, Error> {
        Ok(RecordId::new(unsigned(self.column(row, index)?)))
    }

    fn value(&self, row: &rusqlite::Row<'_>, first: usize) -> Result<Value, Error> {
        Ok(Value {
            count: unsigned(self.column(row, first)?),
            sum: self.column(row, first + 1)?,
            sum_sq: self.column(row, first + 2)?,
        })
    }

    /// The numbers of an experiment's series, sorted by arm and metric.
    fn series_of(&self, experiment: &str) -> Result<Vec<(i64, String, String)>, Error> {
        let mut series = Vec::new();
        let sql = "SELECT id, arm, metric FROM series WHERE experiment = ?1 ORDER BY arm, metric";
        self.each(sql, &[&experiment], &mut |row| {
            series.push((self.column(row, 0)?, self.column(row, 1)?, self.column(row, 2)?));
            Ok(true)
        })?;
        Ok(series)
    }
}

impl FileStore {
    /// Takes over everything that another store holds, in one transaction; this one must be empty.
    pub(crate) fn take_over(&mut self, other: &dyn Store) -> Result<(), Error> {
        let (path, busy_ms) = (self.path.clone(), self.busy_ms);
        let sqlite = |error| error_of(&path, busy_ms, error);
        let transaction =
            self.connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(sqlite)?;
        if head(&transaction).map_err(sqlite)? != Head::EMPTY {
            return Err(Error::NotEmpty { path: path.clone() });
        }
        let mut brought: HashMap<RecordId, Vec<(String, String, i64, Value)>> = HashMap::new();
        other.visit_rows(&mut |record, _, row| {
            let Row { arm, metric, period_start_us, value } = *row;
            let rows = brought.entry(record).or_default();
            rows.push((arm.to_owned(), metric.to_owned(), period_start_us, value));
            Ok(())
        })?;
        other.visit_raw(&mut |raw| {
            let RawRecord { id, at_us, kind, experiment, arm, body, prev_hash, hash } = &raw;
            let (experiment, arm) = (experiment.as_deref(), arm.as_deref());
            let link = Link { prev_hash: *prev_hash, id: *id, at_us: *at_us, kind, experiment, arm, body };
            write_record(&transaction, &link, *hash).map_err(sqlite)?;
            if let Some(rows) = brought.remove(id) {
                let rows: Vec<_> = rows
                    .iter()
                    .map(|(arm, metric, start_us, value)| Row {
                        arm,
                        metric,
                        period_start_us: *start_us,
                        value: *value,
                    })
                    .collect();
                write_rows(&transaction, experiment.unwrap_or(MARKET), *id, &rows).map_err(sqlite)?;
            }
            Ok(())
        })?;
        transaction.commit().map_err(sqlite)
    }
}

impl Store for FileStore {
    fn newest(&self) -> Result<RecordId, Error> {
        let mut newest = RecordId::START;
        self.each("SELECT coalesce(max(id), 0) FROM record", &[], &mut |row| {
            newest = self.id(row, 0)?;
            Ok(false)
        })?;
        Ok(newest)
    }

    fn newest_at(&self, at_us: i64) -> Result<RecordId, Error> {
        let mut newest = RecordId::START;
        let sql = "SELECT id FROM record WHERE at_us <= ?1 ORDER BY id DESC LIMIT 1";
        self.each(sql, &[&at_us], &mut |row| {
            newest = self.id(row, 0)?;
            Ok(false)
        })?;
        Ok(newest)
    }

    fn head(&self) -> Result<Head, Error> {
        head(&self.connection).map_err(|error| self.error(error))
    }

    fn visit(&self, filter: &Filter, on_stored: OnStored<'_>) -> Result<(), Error> {
        let sql = visit_sql(filter);
        let (after, until) = (signed(filter.after.get()), signed(filter.until.get()));
        let mut params: Vec<&dyn rusqlite::ToSql> = vec![&after, &until];
        if let Some(experiment) = &filter.experiment {
            params.push(experiment);
        }
        self.each(&sql, &params, &mut |row| {
            let id = self.id(row, 0)?;
            let stored = Stored {
                id,
                at_us: self.column(row, 1)?,
                experiment: self.column(row, 3)?,
                fact: parse(id, self.text(row, 2)?, self.text(row, 4)?)?,
            };
            Ok(on_stored(Cow::Owned(stored))?.is_continue())
        })
    }

    fn visit_raw(&self, on_raw: &mut dyn FnMut(RawRecord) -> Result<(), Error>) -> Result<(), Error> {
        let sql = "SELECT id, at_us, kind, experiment, arm, body, prev_hash, hash FROM record ORDER BY id";
        self.each(sql, &[], &mut |row| {
            on_raw(RawRecord {
                id: self.id(row, 0)?,
                at_us: self.column(row, 1)?,
                kind: self.column(row, 2)?,
                experiment: self.column(row, 3)?,
                arm: self.column(row, 4)?,
                body: self.column(row, 5)?,
                prev_hash: Digest::from_bytes(self.column(row, 6)?),
                hash: Digest::from_bytes(self.column(row, 7)?),
            })?;
            Ok(true)
        })
    }

    fn visit_known(
        &self,
        experiment: &str,
        until: RecordId,
        span_us: (i64, i64),
        on_row: OnRow<'_>,
    ) -> Result<(), Error> {
        // SQLite takes the bare columns from the row that has the maximum, which is documented.
        let sql = "SELECT period_start_us, max(record_id), count, sum, sum_sq FROM observation
                   WHERE series_id = ?1 AND period_start_us >= ?2 AND period_start_us < ?3 AND record_id <= ?4
                   GROUP BY period_start_us ORDER BY period_start_us";
        let until = signed(until.get());
        for (series, arm, metric) in self.series_of(experiment)? {
            self.each(sql, &[&series, &span_us.0, &span_us.1, &until], &mut |row| {
                let (period_start_us, value) = (self.column(row, 0)?, self.value(row, 2)?);
                let seen = Row { arm: &arm, metric: &metric, period_start_us, value };
                on_row(self.id(row, 1)?, experiment, &seen)?;
                Ok(true)
            })?;
        }
        Ok(())
    }

    fn visit_rows(&self, on_row: OnRow<'_>) -> Result<(), Error> {
        let sql =
            "SELECT o.record_id, s.experiment, s.arm, s.metric, o.period_start_us, o.count, o.sum, o.sum_sq
                   FROM observation AS o JOIN series AS s ON s.id = o.series_id
                   ORDER BY o.record_id, s.arm, s.metric, o.period_start_us";
        self.each(sql, &[], &mut |row| {
            let seen = Row {
                arm: self.text(row, 2)?,
                metric: self.text(row, 3)?,
                period_start_us: self.column(row, 4)?,
                value: self.value(row, 5)?,
            };
            on_row(self.id(row, 0)?, self.text(row, 1)?, &seen)?;
            Ok(true)
        })
    }

    fn write(&mut self, writing: Writing<'_>) -> Result<(), Error> {
        if self.access == Access::Read {
            return Err(Error::ReadOnly { path: self.path.clone() });
        }
        let bodies =
            writing.facts.iter().map(|fact| body(writing.experiment, fact)).collect::<Result<Vec<_>, _>>()?;
        let (path, busy_ms) = (self.path.clone(), self.busy_ms);
        match write(&mut self.connection, &writing, &bodies) {
            Ok(found) if found == writing.after => Ok(()),
            Ok(found) => Err(Error::Moved { expected: writing.after, found }),
            Err(error) => Err(error_of(&path, busy_ms, error)),
        }
    }

    fn structural_problems(&self) -> Result<Vec<String>, Error> {
        let mut problems = Vec::new();
        self.each("PRAGMA integrity_check(10)", &[], &mut |row| {
            let line: String = self.column(row, 0)?;
            if line != "ok" {
                problems.push(format!("SQLite's integrity check: {line}"));
            }
            Ok(true)
        })?;
        let mut dangling: BTreeMap<(String, String), u64> = BTreeMap::new();
        self.each("PRAGMA foreign_key_check", &[], &mut |row| {
            *dangling.entry((self.column(row, 0)?, self.column(row, 2)?)).or_default() += 1;
            Ok(true)
        })?;
        for ((table, parent), rows) in dangling {
            problems.push(format!("rows of `{table}` that name a missing row of `{parent}`: {rows}"));
        }
        let found = schema::listing(&self.connection).map_err(|error| self.error(error))?;
        let expected = schema::expected_listing().map_err(|error| self.error(error))?;
        for (name, _) in expected.iter().filter(|item| !found.contains(item)) {
            problems.push(format!("the schema's {name} is missing or changed"));
        }
        Ok(problems)
    }

    fn hold(&self, hold: bool) -> Result<(), Error> {
        let sql = if hold { "BEGIN DEFERRED" } else { "COMMIT" };
        self.connection.execute_batch(sql).map_err(|error| self.error(error))
    }
}

/// The query for the records that a filter lets through; takes `after`, `until` and, where it names one, the experiment.
fn visit_sql(filter: &Filter) -> String {
    let mut sql =
        "SELECT id, at_us, kind, experiment, body FROM record WHERE id > ?1 AND id <= ?2".to_owned();
    if filter.experiment.is_some() {
        sql.push_str(" AND experiment = ?3");
    }
    if !filter.has_every_kind() {
        let kinds: Vec<_> = Kind::ALL.iter().filter(|&&kind| filter.has_kind(kind)).collect();
        // The index on kinds gives the order of one kind; for several, reading in order beats sorting bodies. Of one
        // experiment its own index is the shorter way: that of kinds leads past every other experiment's records.
        let plus = if kinds.len() > 1 || filter.experiment.is_some() { "+" } else { "" };
        let names: Vec<_> = kinds.iter().map(|kind| format!("'{}'", kind.as_str())).collect();
        sql.push_str(&format!(" AND {plus}kind IN ({})", names.join(",")));
    }
    sql.push_str(if filter.newest_first { " ORDER BY id DESC" } else { " ORDER BY id" });
    sql
}

/// One transaction. Tells which record was the newest; when that is not the expected one, nothing is written.
fn write(
    connection: &mut Connection,
    writing: &Writing<'_>,
    bodies: &[String],
) -> rusqlite::Result<RecordId> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let Head { id: found, hash: mut prev_hash } = head(&transaction)?;
    if found != writing.after {
        return Ok(found);
    }
    let mut id = found;
    for (fact, body) in writing.facts.iter().zip(bodies) {
        id = id.next();
        let (kind, arm) = (fact.kind().as_str(), fact.arm());
        let link =
            Link { prev_hash, id, at_us: writing.at_us, kind, experiment: writing.experiment, arm, body };
        let hash = link.hash();
        write_record(&transaction, &link, hash)?;
        prev_hash = hash;
    }
    write_rows(&transaction, writing.experiment.unwrap_or(MARKET), id, writing.rows)?;
    transaction.commit()?;
    Ok(found)
}

fn write_record(connection: &Connection, link: &Link<'_>, hash: Digest) -> rusqlite::Result<()> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO record (id, at_us, kind, experiment, arm, body, prev_hash, hash)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?;
    let (id, prev_hash) = (signed(link.id.get()), link.prev_hash.as_bytes());
    let Link { at_us, kind, experiment, arm, body, .. } = link;
    insert.execute(params![id, at_us, kind, experiment, arm, body, prev_hash, hash.as_bytes()])?;
    Ok(())
}

fn write_rows(
    connection: &Connection,
    experiment: &str,
    record: RecordId,
    rows: &[Row<'_>],
) -> rusqlite::Result<()> {
    let mut find = connection
        .prepare_cached("SELECT id FROM series WHERE experiment = ?1 AND arm = ?2 AND metric = ?3")?;
    let mut add =
        connection.prepare_cached("INSERT INTO series (experiment, arm, metric) VALUES (?1, ?2, ?3)")?;
    let mut insert = connection.prepare_cached(
        "INSERT INTO observation (series_id, period_start_us, record_id, count, sum, sum_sq)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    for same in rows.chunk_by(|a, b| (a.arm, a.metric) == (b.arm, b.metric)) {
        let name = params![experiment, same[0].arm, same[0].metric];
        let series = match find.query_row(name, |row| row.get::<_, i64>(0)).optional()? {
            Some(series) => series,
            None => add.insert(name)?,
        };
        for Row { period_start_us, value, .. } in same {
            let count = signed(value.count);
            insert.execute(params![
                series,
                period_start_us,
                signed(record.get()),
                count,
                value.sum,
                value.sum_sq
            ])?;
        }
    }
    Ok(())
}

fn head(connection: &Connection) -> rusqlite::Result<Head> {
    let newest = connection
        .prepare_cached("SELECT id, hash FROM record ORDER BY id DESC LIMIT 1")?
        .query_row([], |row| {
            Ok(Head { id: RecordId::new(unsigned(row.get(0)?)), hash: Digest::from_bytes(row.get(1)?) })
        })
        .optional()?;
    Ok(newest.unwrap_or(Head::EMPTY))
}

/// A fact's text, checked for size.
fn body(experiment: Option<&str>, fact: &Fact) -> Result<String, Error> {
    let refused = |what| Error::NotAllowed {
        kind: fact.kind().as_str(),
        key: experiment.unwrap_or("the whole ledger").to_owned(),
        what,
    };
    let text = fact.body().map_err(|error| refused(format!("it has no JSON form: {error}")))?;
    if text.len() > BODY_BYTES_MAX {
        return Err(refused(format!("it takes {} bytes, and {BODY_BYTES_MAX} are the most", text.len())));
    }
    Ok(text)
}

/// Reads a record's fact.
pub(crate) fn parse(record: RecordId, kind: &str, body: &str) -> Result<Fact, Error> {
    let damaged = |what| Error::Damaged { record, what };
    let kind = Kind::from_name(kind)
        .ok_or_else(|| damaged(format!("there is no kind `{kind}` in format {FORMAT}")))?;
    Fact::parse(kind, body)
        .map_err(|error| damaged(format!("its body is not a `{}`: {error}", kind.as_str())))
}

/// A number as SQLite stores it. Record numbers and counts stay far below 2⁶³ (see [`crate::limits`]).
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A number that the schema keeps from being negative.
fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

#[cfg(test)]
mod tests;
