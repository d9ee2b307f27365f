//! Mailings: batches of messages that an e-mail platform sends as one campaign.
//!
//! Invariants, each kept by one transaction:
//! - nobody who is suppressed or forgotten is in a mailing when it is asked for;
//! - a mailing that may have been asked for is `asked` on the disk before the platform hears of it.
//!
//! What the platform reports of a mailing replaces what it reported before; suppressions alone stay.

use rusqlite::{Connection, Row, params};

use super::posting::{advance, finish};
use super::{Click, Due, Noted, Store, is_suppressed, suppress};
use crate::error::Error;
use crate::key::Person;

/// How far a mailing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MailingState {
    /// Certainly not sent.
    Prepared,
    /// Maybe on its way.
    Asked,
    /// Settled.
    Done,
}

/// One campaign of a platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mailing {
    pub(crate) id: i64,
    pub(crate) arm: i64,
    pub(crate) arm_name: String,
    pub(crate) step: u32,
    /// Its deterministic name on the platform.
    pub(crate) title: String,
    pub(crate) state: MailingState,
    pub(crate) made_us: i64,
    /// When it was last asked for; 0 when it never was.
    pub(crate) asked_us: i64,
    /// When it was sent; 0 when it was not.
    pub(crate) sent_us: i64,
    /// The platform's ids of the list of its people and of the campaign.
    pub(crate) segment: Option<u64>,
    pub(crate) campaign: Option<String>,
    pub(crate) summary: Option<String>,
}

/// What somebody did or what became of their message, by a platform's report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reaction {
    /// It was sent to them.
    Sent,
    /// It bounced, they left, or they complained.
    Noted(Noted),
    /// They, or a program, followed the link of a number, at a moment in µs UTC.
    Clicked {
        /// From 1.
        link: u32,
        at_us: i64,
        by: &'static str,
    },
}

/// All that a platform reports of a mailing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Report {
    /// Its summary, by which a later one is found to be the same.
    pub(crate) summary: String,
    pub(crate) reactions: Vec<(Person, Reaction)>,
}

const MAILING: &str =
    "SELECT m.id, m.arm, a.name, m.step, m.title, m.state, m.made_us, IFNULL(m.asked_us, 0),
                              IFNULL(m.sent_us, 0), m.segment, m.campaign, m.summary
                       FROM mailing m JOIN arm a ON a.id = m.arm";

fn mailing(row: &Row<'_>) -> rusqlite::Result<Mailing> {
    let state: String = row.get(5)?;
    Ok(Mailing {
        id: row.get(0)?,
        arm: row.get(1)?,
        arm_name: row.get(2)?,
        step: row.get(3)?,
        title: row.get(4)?,
        state: match state.as_str() {
            "prepared" => MailingState::Prepared,
            "asked" => MailingState::Asked,
            _ => MailingState::Done,
        },
        made_us: row.get(6)?,
        asked_us: row.get(7)?,
        sent_us: row.get(8)?,
        segment: row.get::<_, Option<i64>>(9)?.map(i64::cast_unsigned),
        campaign: row.get(10)?,
        summary: row.get(11)?,
    })
}

impl Store {
    /// Makes a mailing of messages that are due, all of one arm's step. Whoever was suppressed meanwhile is left out.
    pub(crate) fn prepare_mailing(&mut self, title: &str, batch: &[Due], now_us: i64) -> Result<(), Error> {
        let Some(first) = batch.first() else { return Ok(()) };
        let tx = self.write()?;
        let sql =
            "INSERT INTO mailing (arm, step, title, state, made_us) VALUES (?1, ?2, ?3, 'prepared', ?4)";
        tx.execute(sql, params![first.arm, first.step, title, now_us])?;
        let id = tx.last_insert_rowid();
        for due in batch {
            if !is_suppressed(&tx, due.person)? {
                let sql = "INSERT INTO message (enrolment, step, state, attempts, at_us, mailing) VALUES (?1, ?2, 'intent', 1, ?3, ?4)
                           ON CONFLICT DO NOTHING";
                tx.prepare_cached(sql)?.execute(params![due.enrolment, due.step, now_us, id])?;
            }
            // What comes next is due when the mailing is settled.
            finish(&tx, due.enrolment)?;
        }
        Ok(tx.commit()?)
    }

    /// The mailings that are not settled yet, the oldest first.
    pub(crate) fn open_mailings(&self, also_of_paused: bool) -> Result<Vec<Mailing>, Error> {
        let sql = format!(
            "{MAILING} WHERE m.state IN ('prepared', 'asked') AND (?1 OR m.state = 'asked' OR NOT a.paused) ORDER BY m.id"
        );
        let mut statement = self.0.prepare_cached(&sql)?;
        let found = statement.query_map([also_of_paused], mailing)?;
        Ok(found.collect::<Result<_, _>>()?)
    }

    /// The mailings that were sent since a moment.
    pub(crate) fn sent_mailings(&self, since_us: i64) -> Result<Vec<Mailing>, Error> {
        let sql = format!("{MAILING} WHERE m.state = 'sent' AND m.sent_us >= ?1 ORDER BY m.id");
        let mut statement = self.0.prepare_cached(&sql)?;
        let found = statement.query_map([since_us], mailing)?;
        Ok(found.collect::<Result<_, _>>()?)
    }

    /// Takes those out of a mailing who must not be written to any more. Says how many.
    pub(crate) fn withhold_suppressed(&mut self, mailing: i64) -> Result<usize, Error> {
        let tx = self.write()?;
        let out: Vec<i64> = {
            let sql = "SELECT m.enrolment FROM message m JOIN enrolment e ON e.id = m.enrolment
                       WHERE m.mailing = ?1 AND m.state = 'intent'
                         AND (e.person IS NULL OR e.person IN (SELECT person FROM suppression))";
            let mut statement = tx.prepare_cached(sql)?;
            let found = statement.query_map([mailing], |row| row.get(0))?;
            found.collect::<Result<_, _>>()?
        };
        take_out(&tx, mailing, &out)?;
        tx.commit()?;
        Ok(out.len())
    }

    /// Who is to get a mailing: enrolments with their people.
    pub(crate) fn people_of(&self, mailing: i64) -> Result<Vec<(i64, Person)>, Error> {
        let sql = "SELECT m.enrolment, e.person FROM message m JOIN enrolment e ON e.id = m.enrolment
                   WHERE m.mailing = ?1 AND m.state = 'intent' AND e.person IS NOT NULL ORDER BY m.enrolment";
        let mut statement = self.0.prepare_cached(sql)?;
        let found = statement.query_map([mailing], |row| Ok((row.get(0)?, Person(row.get(1)?))))?;
        Ok(found.collect::<Result<_, _>>()?)
    }

    /// Takes enrolments out of a mailing whom the platform cannot reach; nothing more is due to them.
    pub(crate) fn take_out_of(&mut self, mailing: i64, enrolments: &[i64]) -> Result<(), Error> {
        let tx = self.write()?;
        take_out(&tx, mailing, enrolments)?;
        Ok(tx.commit()?)
    }

    /// Notes the platform's ids.
    pub(crate) fn set_ids(
        &mut self,
        mailing: i64,
        segment: Option<u64>,
        campaign: Option<&str>,
    ) -> Result<(), Error> {
        let sql = "UPDATE mailing SET segment = ?2, campaign = ?3 WHERE id = ?1";
        self.0.prepare_cached(sql)?.execute(params![mailing, segment.map(u64::cast_signed), campaign])?;
        Ok(())
    }

    /// Notes that a mailing is about to be asked for; not when somebody in it was suppressed meanwhile.
    pub(crate) fn ask(&mut self, mailing: i64, now_us: i64) -> Result<bool, Error> {
        let sql = "UPDATE mailing SET state = 'asked', asked_us = ?2 WHERE id = ?1 AND state = 'prepared' AND NOT EXISTS (
                       SELECT 1 FROM message m JOIN enrolment e ON e.id = m.enrolment
                       WHERE m.mailing = ?1 AND m.state = 'intent'
                         AND (e.person IS NULL OR e.person IN (SELECT person FROM suppression)))";
        let tx = self.write()?;
        let asked = tx.prepare_cached(sql)?.execute(params![mailing, now_us])? == 1;
        tx.commit()?;
        Ok(asked)
    }

    /// It certainly was not sent: it may be asked for again.
    pub(crate) fn not_sent(&mut self, mailing: i64) -> Result<(), Error> {
        let sql = "UPDATE mailing SET state = 'prepared' WHERE id = ?1 AND state = 'asked'";
        self.0.prepare_cached(sql)?.execute([mailing])?;
        Ok(())
    }

    /// Settles a mailing: its messages were sent, or nobody knows. Says of how many people.
    pub(crate) fn settle_mailing(
        &mut self,
        mailing: &Mailing,
        is_known: bool,
        next_due_us: Option<i64>,
        now_us: i64,
    ) -> Result<usize, Error> {
        let tx = self.write()?;
        let people: Vec<i64> = {
            let sql = "SELECT enrolment FROM message WHERE mailing = ?1 AND state = 'intent'";
            let mut statement = tx.prepare_cached(sql)?;
            let found = statement.query_map([mailing.id], |row| row.get(0))?;
            found.collect::<Result<_, _>>()?
        };
        let state = if is_known { "sent" } else { "unknown" };
        for enrolment in &people {
            let sql = "UPDATE message SET state = ?3, at_us = ?4 WHERE enrolment = ?1 AND step = ?2";
            tx.prepare_cached(sql)?.execute(params![enrolment, mailing.step, state, now_us])?;
            advance(&tx, *enrolment, mailing.step, next_due_us)?;
        }
        let state = if people.is_empty() { "empty" } else { state };
        let sql = "UPDATE mailing SET state = ?2, sent_us = ?3 WHERE id = ?1";
        tx.prepare_cached(sql)?.execute(params![mailing.id, state, now_us])?;
        tx.commit()?;
        Ok(people.len())
    }

    /// Replaces what is known of a mailing by what the platform reports of it now. Whoever bounced, left or complained is
    /// suppressed for good. What was known of people who were forgotten since stays counted.
    pub(crate) fn set_report(
        &mut self,
        mailing: &Mailing,
        report: &Report,
        now_us: i64,
    ) -> Result<(), Error> {
        let tx = self.write()?;
        let of = "enrolment IN (SELECT m.enrolment FROM message m JOIN enrolment e ON e.id = m.enrolment
                                WHERE m.mailing = ?1 AND e.person IS NOT NULL)";
        let key = mailing.step.to_string();
        let sql = format!(
            "DELETE FROM event WHERE {of} AND key = ?2 AND kind IN ('bounce', 'soft_bounce', 'unsubscribe', 'complaint')"
        );
        tx.prepare_cached(&sql)?.execute(params![mailing.id, key])?;
        let sql = format!("DELETE FROM click WHERE {of} AND step = ?2");
        tx.prepare_cached(&sql)?.execute(params![mailing.id, mailing.step])?;
        // Before the platform has got so far it tells of nobody.
        if report.reactions.iter().any(|(_, reaction)| *reaction == Reaction::Sent) {
            let sql = format!(
                "UPDATE message SET state = 'refused' WHERE {of} AND mailing = ?1 AND state IN ('sent', 'unknown')"
            );
            tx.prepare_cached(&sql)?.execute([mailing.id])?;
        }
        for (person, reaction) in &report.reactions {
            let sql = "SELECT m.enrolment FROM message m JOIN enrolment e ON e.id = m.enrolment
                       WHERE m.mailing = ?1 AND e.person = ?2";
            let found = tx.prepare_cached(sql)?.query_row(params![mailing.id, person.0], |row| row.get(0));
            let enrolment: i64 = match found {
                Err(rusqlite::Error::QueryReturnedNoRows) => continue,
                found => found?,
            };
            match reaction {
                Reaction::Sent => {
                    let sql = "UPDATE message SET state = 'sent' WHERE enrolment = ?1 AND step = ?2";
                    tx.prepare_cached(sql)?.execute(params![enrolment, mailing.step])?;
                }
                Reaction::Noted(noted) => {
                    let sql =
                        "INSERT INTO event (enrolment, kind, key, at_us, value) VALUES (?1, ?2, ?3, ?4, 1)
                               ON CONFLICT DO NOTHING";
                    tx.prepare_cached(sql)?.execute(params![enrolment, noted.as_str(), key, now_us])?;
                    if noted.suppresses() {
                        suppress(&tx, *person, noted.as_str(), now_us)?;
                        tx.prepare_cached("UPDATE enrolment SET due_us = NULL WHERE person = ?1")?
                            .execute([person.0])?;
                    }
                }
                Reaction::Clicked { link, at_us, by } => {
                    let click = Click { enrolment, step: mailing.step, link: *link, at_us: *at_us, by };
                    click.insert(&tx)?;
                }
            }
        }
        let sql = "UPDATE mailing SET summary = ?2 WHERE id = ?1";
        tx.prepare_cached(sql)?.execute(params![mailing.id, report.summary])?;
        Ok(tx.commit()?)
    }
}

/// Messages that certainly do not leave; nothing more is due to their people.
fn take_out(tx: &Connection, mailing: i64, enrolments: &[i64]) -> rusqlite::Result<()> {
    for enrolment in enrolments {
        let sql =
            "UPDATE message SET state = 'refused' WHERE mailing = ?1 AND enrolment = ?2 AND state = 'intent'";
        tx.prepare_cached(sql)?.execute(params![mailing, enrolment])?;
        finish(tx, *enrolment)?;
    }
    Ok(())
}
