//! Messages: what is due, what may be on its way, and what became of it.

use rusqlite::{Connection, OptionalExtension as _, params};

use super::{Store, is_suppressed, suppress};
use crate::error::Error;
use crate::key::Person;

/// A message whose time has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Due {
    pub(crate) enrolment: i64,
    pub(crate) arm: i64,
    pub(crate) experiment: String,
    pub(crate) arm_name: String,
    pub(crate) person: Person,
    pub(crate) step: u32,
    /// When it was due.
    pub(crate) due_us: i64,
}

/// Whether a message may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Intent {
    /// It may, and counts as on its way from now on.
    Recorded,
    /// The person must not be written to; nothing more is due to them.
    Suppressed,
    /// It was sent, or may have been.
    Taken,
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Settled {
    /// The mail server has it.
    Sent,
    /// Nobody knows.
    Unknown,
    /// The mail server certainly does not have it; try again at the moment.
    Deferred {
        /// When, in µs UTC.
        again_us: i64,
    },
    /// The mail server refused it for good.
    Refused {
        /// Whether for a reason that will not pass.
        hard: bool,
    },
}

impl Store {
    /// The message that has been due for longest, if any is.
    pub(crate) fn next_due(&self, now_us: i64, also_of_paused: bool) -> Result<Option<Due>, Error> {
        Ok(self.due(now_us, also_of_paused, 1)?.pop())
    }

    /// Messages that are due, those first that have been for longest.
    pub(crate) fn due(&self, now_us: i64, also_of_paused: bool, most: u32) -> Result<Vec<Due>, Error> {
        let sql = "SELECT e.id, e.arm, e.experiment, a.name, e.person, e.next_step, e.due_us
                   FROM enrolment e JOIN arm a ON a.id = e.arm
                   WHERE e.due_us <= ?1 AND e.person IS NOT NULL AND (?2 OR NOT a.paused)
                   ORDER BY e.due_us, e.id LIMIT ?3";
        let mut statement = self.0.prepare_cached(sql)?;
        let due = statement.query_map(params![now_us, also_of_paused, most], |row| {
            Ok(Due {
                enrolment: row.get(0)?,
                arm: row.get(1)?,
                experiment: row.get(2)?,
                arm_name: row.get(3)?,
                person: Person(row.get(4)?),
                step: row.get(5)?,
                due_us: row.get(6)?,
            })
        })?;
        Ok(due.collect::<Result<_, _>>()?)
    }

    /// How many messages left, or may have, after `after_us`.
    pub(crate) fn left_since(&self, after_us: i64) -> Result<u64, Error> {
        let sql = "SELECT COUNT(*) FROM message WHERE at_us > ?1 AND state IN ('intent', 'sent', 'unknown')";
        let count: i64 = self.0.prepare_cached(sql)?.query_row([after_us], |row| row.get(0))?;
        Ok(count.cast_unsigned())
    }

    /// Records that a message is about to leave, if it may.
    pub(crate) fn intend(&mut self, due: &Due, now_us: i64) -> Result<Intent, Error> {
        let tx = self.write()?;
        let intent = if is_suppressed(&tx, due.person)? {
            finish(&tx, due.enrolment)?;
            Intent::Suppressed
        } else {
            let sql = "INSERT INTO message (enrolment, step, state, attempts, at_us) VALUES (?1, ?2, 'intent', 1, ?3)
                       ON CONFLICT DO UPDATE SET state = 'intent', attempts = attempts + 1, at_us = ?3
                       WHERE state = 'deferred'";
            let changed = tx.prepare_cached(sql)?.execute(params![due.enrolment, due.step, now_us])?;
            if changed == 1 { Intent::Recorded } else { Intent::Taken }
        };
        tx.commit()?;
        Ok(intent)
    }

    /// Records what became of a message, and when the next step is due.
    pub(crate) fn settle(
        &mut self,
        due: &Due,
        settled: Settled,
        next_due_us: Option<i64>,
        now_us: i64,
    ) -> Result<(), Error> {
        let tx = self.write()?;
        let state = match settled {
            Settled::Sent => "sent",
            Settled::Unknown => "unknown",
            Settled::Deferred { .. } => "deferred",
            Settled::Refused { .. } => "refused",
        };
        // One that was not offered (no connection) has no row yet.
        let sql = "INSERT INTO message (enrolment, step, state, attempts, at_us) VALUES (?1, ?2, ?3, 1, ?4)
                   ON CONFLICT DO UPDATE SET state = ?3,
                       attempts = attempts + (?3 = 'deferred' AND state = 'deferred')
                   WHERE state IN ('intent', 'deferred')";
        tx.prepare_cached(sql)?.execute(params![due.enrolment, due.step, state, now_us])?;
        match settled {
            Settled::Sent | Settled::Unknown => advance(&tx, due.enrolment, due.step, next_due_us)?,
            Settled::Deferred { again_us } => {
                let sql = "UPDATE enrolment SET due_us = ?2 WHERE id = ?1 AND due_us IS NOT NULL";
                tx.prepare_cached(sql)?.execute(params![due.enrolment, again_us])?;
            }
            Settled::Refused { hard } => {
                finish(&tx, due.enrolment)?;
                let sql = "INSERT INTO event (enrolment, kind, key, at_us, value) VALUES (?1, ?2, ?3, ?4, 1)
                           ON CONFLICT DO NOTHING";
                let kind = if hard { "bounce" } else { "soft_bounce" };
                tx.prepare_cached(sql)?.execute(params![
                    due.enrolment,
                    kind,
                    due.step.to_string(),
                    now_us
                ])?;
                if hard {
                    suppress(&tx, due.person, "bounce", now_us)?;
                }
            }
        }
        Ok(tx.commit()?)
    }

    /// Passes over a step whose condition does not hold.
    pub(crate) fn skip(&mut self, due: &Due, next_due_us: Option<i64>) -> Result<(), Error> {
        let tx = self.write()?;
        advance(&tx, due.enrolment, due.step, next_due_us)?;
        Ok(tx.commit()?)
    }

    /// Nothing more is due to an enrolment.
    pub(crate) fn finish(&mut self, enrolment: i64) -> Result<(), Error> {
        let tx = self.write()?;
        finish(&tx, enrolment)?;
        Ok(tx.commit()?)
    }

    /// How often a message was tried.
    pub(crate) fn attempts(&self, due: &Due) -> Result<u32, Error> {
        let sql = "SELECT attempts FROM message WHERE enrolment = ?1 AND step = ?2";
        let attempts = self
            .0
            .prepare_cached(sql)?
            .query_row(params![due.enrolment, due.step], |row| row.get(0))
            .optional()?;
        Ok(attempts.unwrap_or(0))
    }

    /// The messages that a dead sender left behind as intents: enrolment, step and arm. Only whoever holds the sender's lock may
    /// ask. Those of mailings are not among them: the platform can be asked what became of it.
    pub(crate) fn left_behind(&self) -> Result<Vec<(i64, u32, i64)>, Error> {
        let sql = "SELECT m.enrolment, m.step, e.arm FROM message m JOIN enrolment e ON e.id = m.enrolment
                   WHERE m.state = 'intent' AND m.mailing IS NULL";
        let mut statement = self.0.prepare_cached(sql)?;
        let left = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        Ok(left.collect::<Result<_, _>>()?)
    }

    /// A message that was left behind becomes unknown and is never tried again.
    pub(crate) fn give_up(
        &mut self,
        (enrolment, step): (i64, u32),
        next_due_us: Option<i64>,
        now_us: i64,
    ) -> Result<(), Error> {
        let tx = self.write()?;
        let sql = "UPDATE message SET state = 'unknown', at_us = ?3 WHERE enrolment = ?1 AND step = ?2 AND state = 'intent'";
        tx.prepare_cached(sql)?.execute(params![enrolment, step, now_us])?;
        advance(&tx, enrolment, step, next_due_us)?;
        Ok(tx.commit()?)
    }
}

/// The step after `step` is due at a moment, or none is.
pub(super) fn advance(
    tx: &Connection,
    enrolment: i64,
    step: u32,
    next_due_us: Option<i64>,
) -> rusqlite::Result<()> {
    let sql = "UPDATE enrolment SET next_step = ?2 + 1, due_us = ?3 WHERE id = ?1 AND next_step = ?2";
    tx.prepare_cached(sql)?.execute(params![enrolment, step, next_due_us]).map(drop)
}

pub(super) fn finish(tx: &Connection, enrolment: i64) -> rusqlite::Result<()> {
    tx.prepare_cached("UPDATE enrolment SET due_us = NULL WHERE id = ?1")?.execute([enrolment]).map(drop)
}
