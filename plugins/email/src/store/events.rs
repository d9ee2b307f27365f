//! What becomes known afterwards: clicks, goals, bounces, people who leave.

use rusqlite::{Connection, OptionalExtension as _, params};

use super::{Store, suppress};
use crate::error::Error;
use crate::key::Person;

/// What the server and the mailbox need of a message that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sent {
    pub(crate) arm: i64,
    pub(crate) experiment: String,
    pub(crate) arm_name: String,
    /// Empty once they were forgotten.
    pub(crate) person: Option<Person>,
    /// When it was sent, in µs UTC.
    pub(crate) at_us: i64,
}

/// What came of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Noted {
    /// It cannot be delivered, for a reason that will not pass.
    Bounce,
    /// The receiving server's policy was against it: a bounce that says nothing about the address.
    Blocked,
    /// It was not delivered, for a reason that may pass.
    SoftBounce,
    /// Its recipient does not want to be written to.
    Unsubscribe,
    /// Its recipient called it unwanted.
    Complaint,
    /// Its recipient answered.
    Reply,
}

impl Noted {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Bounce | Self::Blocked => "bounce",
            Self::SoftBounce => "soft_bounce",
            Self::Unsubscribe => "unsubscribe",
            Self::Complaint => "complaint",
            Self::Reply => "reply",
        }
    }

    /// Whether the person must never be written to again.
    pub(super) const fn suppresses(self) -> bool {
        matches!(self, Self::Bounce | Self::Unsubscribe | Self::Complaint)
    }
}

/// A click before it is judged.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Click {
    pub(crate) enrolment: i64,
    pub(crate) step: u32,
    pub(crate) link: u32,
    pub(crate) at_us: i64,
    pub(crate) by: &'static str,
}

impl Click {
    pub(super) fn insert(self, tx: &Connection) -> rusqlite::Result<()> {
        let sql = "INSERT INTO click (enrolment, step, link, at_us, by) VALUES (?1, ?2, ?3, ?4, ?5)";
        let Self { enrolment, step, link, at_us, by } = self;
        tx.prepare_cached(sql)?.execute(params![enrolment, step, link, at_us, by]).map(drop)
    }
}

impl Store {
    /// The message, if it left or may have.
    pub(crate) fn sent(&self, enrolment: i64, step: u32) -> Result<Option<Sent>, Error> {
        let sql = "SELECT e.arm, e.experiment, a.name, e.person, m.at_us
                   FROM message m JOIN enrolment e ON e.id = m.enrolment JOIN arm a ON a.id = e.arm
                   WHERE m.enrolment = ?1 AND m.step = ?2 AND m.state IN ('intent', 'sent', 'unknown')";
        let sent = self.0.prepare_cached(sql)?.query_row(params![enrolment, step], |row| {
            Ok(Sent {
                arm: row.get(0)?,
                experiment: row.get(1)?,
                arm_name: row.get(2)?,
                person: row.get::<_, Option<[u8; 16]>>(3)?.map(Person),
                at_us: row.get(4)?,
            })
        });
        Ok(sent.optional()?)
    }

    /// Where a link goes, and how many links its message has.
    pub(crate) fn link(&self, arm: i64, step: u32, link: u32) -> Result<Option<(String, u32)>, Error> {
        let sql = "SELECT target, (SELECT COUNT(*) FROM link o WHERE o.arm = l.arm AND o.step = l.step)
                   FROM link l WHERE arm = ?1 AND step = ?2 AND n = ?3";
        let found = self
            .0
            .prepare_cached(sql)?
            .query_row(params![arm, step, link], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        Ok(found)
    }

    /// Records a click, and takes back as a machine's those of the same message since `burst_from_us`, this one included,
    /// when they went to at least `burst_links` different links.
    pub(crate) fn click(&mut self, click: Click, burst_from_us: i64, burst_links: u32) -> Result<(), Error> {
        let tx = self.write()?;
        click.insert(&tx)?;
        let Click { enrolment, step, .. } = click;
        let of = "enrolment = ?1 AND step = ?2 AND at_us >= ?3";
        let links: u32 = tx
            .prepare_cached(&format!("SELECT COUNT(DISTINCT link) FROM click WHERE {of}"))?
            .query_row(params![enrolment, step, burst_from_us], |row| row.get(0))?;
        if links >= burst_links {
            tx.prepare_cached(&format!("UPDATE click SET by = 'machine' WHERE {of} AND by = 'person'"))?
                .execute(params![enrolment, step, burst_from_us])?;
        }
        Ok(tx.commit()?)
    }

    /// Whether a message's links were looked at without a visit since a moment.
    pub(crate) fn headed_since(&self, enrolment: i64, step: u32, since_us: i64) -> Result<bool, Error> {
        let sql = "SELECT 1 FROM click WHERE enrolment = ?1 AND step = ?2 AND at_us >= ?3 AND by = 'head'";
        let seen = self
            .0
            .prepare_cached(sql)?
            .query_row(params![enrolment, step, since_us], |_| Ok(()))
            .optional()?;
        Ok(seen.is_some())
    }

    /// Whether an enrolment has a click of a person on a link whose target contains a text; an empty one is any link.
    pub(crate) fn has_clicked(&self, enrolment: i64, containing: &str) -> Result<bool, Error> {
        let sql = "SELECT 1 FROM click c JOIN enrolment e ON e.id = c.enrolment
                   JOIN link l ON l.arm = e.arm AND l.step = c.step AND l.n = c.link
                   WHERE c.enrolment = ?1 AND c.by = 'person' AND instr(l.target, ?2) > 0 LIMIT 1";
        let found = self.0.prepare_cached(sql)?.query_row(params![enrolment, containing], |_| Ok(()));
        Ok(found.optional()?.is_some())
    }

    /// Whether an enrolment has reached a goal, of those that are recorded as events.
    pub(crate) fn has_reached_goal(&self, enrolment: i64) -> Result<bool, Error> {
        let sql = "SELECT 1 FROM event WHERE enrolment = ?1 AND kind >= 'goal:' AND kind < 'goal;' LIMIT 1";
        Ok(self.0.prepare_cached(sql)?.query_row([enrolment], |_| Ok(())).optional()?.is_some())
    }

    /// Records what came of an enrolment's message. What suppresses does so in the same transaction, and nothing more is due.
    pub(crate) fn note(&mut self, enrolment: i64, noted: Noted, key: &str, at_us: i64) -> Result<(), Error> {
        let tx = self.write()?;
        let sql = "INSERT INTO event (enrolment, kind, key, at_us, value) VALUES (?1, ?2, ?3, ?4, 1)
                   ON CONFLICT DO NOTHING";
        tx.prepare_cached(sql)?.execute(params![enrolment, noted.as_str(), key, at_us])?;
        if noted.suppresses() {
            let person: Option<[u8; 16]> = tx
                .prepare_cached("SELECT person FROM enrolment WHERE id = ?1")?
                .query_row([enrolment], |row| row.get(0))?;
            if let Some(person) = person {
                suppress(&tx, Person(person), noted.as_str(), at_us)?;
                tx.prepare_cached("UPDATE enrolment SET due_us = NULL WHERE person = ?1")?
                    .execute([person])?;
            }
        }
        Ok(tx.commit()?)
    }

    /// Records that an enrolment reached a goal, with what it was worth; once for each `key`.
    pub(crate) fn reach(
        &mut self,
        enrolment: i64,
        goal: &str,
        key: &str,
        at_us: i64,
        value: i64,
    ) -> Result<(), Error> {
        let tx = self.write()?;
        let sql =
            "INSERT INTO event (enrolment, kind, key, at_us, value) VALUES (?1, 'goal:' || ?2, ?3, ?4, ?5)
                   ON CONFLICT DO UPDATE SET at_us = ?4, value = ?5";
        tx.prepare_cached(sql)?.execute(params![enrolment, goal, key, at_us, value])?;
        Ok(tx.commit()?)
    }

    /// Replaces what is known of a goal's outcomes: each with its enrolment, key, moment and value. What people brought who
    /// were forgotten since stays counted.
    pub(crate) fn set_outcomes(
        &mut self,
        goal: &str,
        outcomes: &[(i64, String, i64, i64)],
    ) -> Result<(), Error> {
        let tx = self.write()?;
        let sql = "DELETE FROM event WHERE kind = 'goal:' || ?1
                   AND enrolment IN (SELECT id FROM enrolment WHERE person IS NOT NULL)";
        tx.execute(sql, [goal])?;
        for (enrolment, key, at_us, value) in outcomes {
            let sql = "INSERT INTO event (enrolment, kind, key, at_us, value) VALUES (?1, 'goal:' || ?2, ?3, ?4, ?5)";
            tx.prepare_cached(sql)?.execute(params![enrolment, goal, key, at_us, value])?;
        }
        Ok(tx.commit()?)
    }

    /// The enrolments of a person: id, and when.
    pub(crate) fn enrolments_of(&self, person: Person) -> Result<Vec<(i64, i64)>, Error> {
        let mut statement =
            self.0.prepare_cached("SELECT id, enrolled_us FROM enrolment WHERE person = ?1 ORDER BY id")?;
        let found = statement.query_map([person.0], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(found.collect::<Result<_, _>>()?)
    }

    /// How far a mailbox was read: its validity, the last message's number, and when it was looked at.
    pub(crate) fn mailbox(&self, name: &str) -> Result<Option<(u32, u32, i64)>, Error> {
        let sql = "SELECT validity, uid, looked_us FROM mailbox WHERE name = ?1";
        let found = self
            .0
            .prepare_cached(sql)?
            .query_row([name], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .optional()?;
        Ok(found)
    }

    /// Records how far a mailbox was read. What its messages said was recorded before: reading one twice changes nothing.
    pub(crate) fn set_mailbox(
        &mut self,
        name: &str,
        validity: u32,
        uid: u32,
        looked_us: i64,
    ) -> Result<(), Error> {
        let sql = "INSERT INTO mailbox (name, validity, uid, looked_us) VALUES (?1, ?2, ?3, ?4)
                   ON CONFLICT DO UPDATE SET validity = ?2, uid = ?3, looked_us = ?4";
        self.0.prepare_cached(sql)?.execute(params![name, validity, uid, looked_us])?;
        Ok(())
    }
}
