//! Arms: what was commanded, what they say, who is enrolled in them.

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::{Store, is_suppressed};
use crate::error::Error;
use crate::key::Person;
use crate::template::Condition;

/// An arm as it was last commanded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Arm {
    pub(crate) id: i64,
    pub(crate) name: String,
    /// Whether its people are written to at all.
    pub(crate) hold_out: bool,
    /// Budget a day: people, or minor units of a currency.
    pub(crate) minor: i64,
    pub(crate) currency: String,
    pub(crate) paused: bool,
    pub(crate) last_seq: u64,
    pub(crate) launched_us: i64,
    /// When the last command was carried out.
    pub(crate) commanded_us: i64,
}

/// One message of an arm, as kept: links are numbers, and their targets stand beside them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StepText {
    pub(crate) wait_us: i64,
    pub(crate) only_if: Option<Condition>,
    pub(crate) subject: String,
    pub(crate) text: String,
    pub(crate) html: Option<String>,
    pub(crate) links: Vec<String>,
}

const ARM: &str =
    "SELECT id, name, hold_out, minor, currency, paused, last_seq, launched_us, commanded_us FROM arm";

fn arm(row: &Row<'_>) -> rusqlite::Result<Arm> {
    Ok(Arm {
        id: row.get(0)?,
        name: row.get(1)?,
        hold_out: row.get(2)?,
        minor: row.get(3)?,
        currency: row.get(4)?,
        paused: row.get(5)?,
        last_seq: row.get::<_, i64>(6)?.cast_unsigned(),
        launched_us: row.get(7)?,
        commanded_us: row.get(8)?,
    })
}

fn find(connection: &Connection, experiment: &str, name: &str) -> rusqlite::Result<Option<Arm>> {
    connection
        .prepare_cached(&format!("{ARM} WHERE experiment = ?1 AND name = ?2"))?
        .query_row([experiment, name], arm)
        .optional()
}

/// What to set of an arm.
pub(crate) struct Setting<'a> {
    pub(crate) minor: i64,
    pub(crate) currency: &'a str,
    pub(crate) paused: bool,
    pub(crate) seq: u64,
}

/// Somebody whom a draw gave an arm.
#[derive(Clone, Debug)]
pub(crate) struct Drawn<'a> {
    /// The arm.
    pub(crate) arm: &'a Arm,
    /// The person.
    pub(crate) person: Person,
    /// What is known of them now, by metric.
    pub(crate) history: Vec<(&'a str, f64)>,
}

impl Store {
    pub(crate) fn arm(&self, experiment: &str, name: &str) -> Result<Option<Arm>, Error> {
        Ok(find(&self.0, experiment, name)?)
    }

    /// The arms of an experiment in the order of their launch.
    pub(crate) fn arms(&self, experiment: &str) -> Result<Vec<Arm>, Error> {
        let mut statement = self.0.prepare_cached(&format!("{ARM} WHERE experiment = ?1 ORDER BY id"))?;
        let arms = statement.query_map([experiment], arm)?.collect::<Result<_, _>>()?;
        Ok(arms)
    }

    /// All experiments that were ever launched.
    pub(crate) fn experiments(&self) -> Result<Vec<String>, Error> {
        let mut statement =
            self.0.prepare_cached("SELECT DISTINCT experiment FROM arm ORDER BY experiment")?;
        let names = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
        Ok(names)
    }

    /// Sets an arm unless the number was seen: whether it did, and the arm as it then stands. An arm that is not there is
    /// made of `steps`; no steps are a hold-out.
    pub(crate) fn set_arm(
        &mut self,
        (experiment, name): (&str, &str),
        set: &Setting<'_>,
        steps: Option<&[StepText]>,
        now_us: i64,
    ) -> Result<Option<(bool, Arm)>, Error> {
        let tx = self.write()?;
        let seq = set.seq.cast_signed();
        let applied = match (find(&tx, experiment, name)?, steps) {
            (Some(arm), _) if arm.last_seq >= set.seq => false,
            (Some(arm), _) => {
                let sql =
                    "UPDATE arm SET minor = ?2, currency = ?3, paused = ?4, last_seq = ?5, commanded_us = ?6
                           WHERE id = ?1";
                tx.execute(sql, params![arm.id, set.minor, set.currency, set.paused, seq, now_us])?;
                true
            }
            (None, None) => return Ok(None),
            (None, Some(steps)) => {
                tx.execute(
                    "INSERT INTO arm (experiment, name, hold_out, minor, currency, paused, last_seq, launched_us,
                                      commanded_us)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8)",
                    params![experiment, name, steps.is_empty(), set.minor, set.currency, set.paused, seq, now_us],
                )?;
                let id = tx.last_insert_rowid();
                for (n, step) in (1_i64..).zip(steps) {
                    tx.execute(
                        "INSERT INTO step (arm, n, wait_us, only_if, subject, body_text, body_html)
                         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                        params![
                            id,
                            n,
                            step.wait_us,
                            step.only_if.map(Condition::as_str),
                            step.subject,
                            step.text,
                            step.html
                        ],
                    )?;
                    for (link, target) in (1_i64..).zip(&step.links) {
                        let sql = "INSERT INTO link (arm, step, n, target) VALUES (?1, ?2, ?3, ?4)";
                        tx.execute(sql, params![id, n, link, target])?;
                    }
                }
                true
            }
        };
        let arm = find(&tx, experiment, name)?.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
        tx.commit()?;
        Ok(Some((applied, arm)))
    }

    /// The runner asked for an experiment's figures.
    pub(crate) fn set_looked(&mut self, experiment: &str, at_us: i64) -> Result<(), Error> {
        let sql =
            "INSERT INTO looked (experiment, at_us) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET at_us = ?2";
        self.0.prepare_cached(sql)?.execute(params![experiment, at_us])?;
        Ok(())
    }

    /// When the runner last asked for an experiment's figures.
    pub(crate) fn looked_us(&self, experiment: &str) -> Result<Option<i64>, Error> {
        let sql = "SELECT at_us FROM looked WHERE experiment = ?1";
        Ok(self.0.prepare_cached(sql)?.query_row([experiment], |row| row.get(0)).optional()?)
    }

    /// What an arm says, step by step.
    pub(crate) fn steps(&self, arm: i64) -> Result<Vec<StepText>, Error> {
        let mut links: Vec<(i64, String)> = Vec::new();
        let mut statement =
            self.0.prepare_cached("SELECT step, target FROM link WHERE arm = ?1 ORDER BY step, n")?;
        for link in statement.query_map([arm], |row| Ok((row.get(0)?, row.get(1)?)))? {
            links.push(link?);
        }
        let sql =
            "SELECT n, wait_us, only_if, subject, body_text, body_html FROM step WHERE arm = ?1 ORDER BY n";
        let mut statement = self.0.prepare_cached(sql)?;
        let steps = statement.query_map([arm], |row| {
            let n: i64 = row.get(0)?;
            let only_if: Option<String> = row.get(2)?;
            Ok(StepText {
                wait_us: row.get(1)?,
                only_if: only_if.as_deref().and_then(Condition::of),
                subject: row.get(3)?,
                text: row.get(4)?,
                html: row.get(5)?,
                links: links
                    .iter()
                    .filter(|(step, _)| *step == n)
                    .map(|(_, target)| target.clone())
                    .collect(),
            })
        })?;
        Ok(steps.collect::<Result<_, _>>()?)
    }

    /// How many people an arm enrolled on the day that began at `cohort_us`.
    pub(crate) fn enrolled_on(&self, arm: i64, cohort_us: i64) -> Result<usize, Error> {
        let sql = "SELECT COUNT(*) FROM enrolment WHERE arm = ?1 AND cohort_us = ?2";
        let people: u32 = self.0.prepare_cached(sql)?.query_row([arm, cohort_us], |row| row.get(0))?;
        Ok(people as usize)
    }

    /// Who cannot be enrolled in an experiment any more: enrolled, or suppressed.
    pub(crate) fn taken(&self, experiment: &str) -> Result<std::collections::HashSet<Person>, Error> {
        let sql = "SELECT person FROM enrolment WHERE experiment = ?1 AND person IS NOT NULL
                   UNION SELECT person FROM suppression";
        let mut statement = self.0.prepare_cached(sql)?;
        let people = statement.query_map([experiment], |row| Ok(Person(row.get(0)?)))?;
        Ok(people.collect::<Result<_, _>>()?)
    }

    /// Enrols a day's batch, unless its arms have changed, rest or have their number meanwhile. Whoever was suppressed or
    /// enrolled since the draw is left out. Says how many came in.
    pub(crate) fn enrol(
        &mut self,
        experiment: &str,
        batch: &[Drawn<'_>],
        cohort_us: i64,
        now_us: i64,
    ) -> Result<usize, Error> {
        let tx = self.write()?;
        let mut enrolled = 0;
        for Drawn { arm, person, history } in batch {
            let current = find(&tx, experiment, &arm.name)?;
            if current.as_ref() != Some(*arm) || is_suppressed(&tx, *person)? {
                continue;
            }
            // A hold-out is never due.
            let due = (!arm.hold_out).then_some(now_us);
            let sql =
                "INSERT INTO enrolment (arm, experiment, person, cohort_us, enrolled_us, next_step, due_us)
                       VALUES (?1, ?2, ?3, ?4, ?5, 1, ?6) ON CONFLICT DO NOTHING";
            let came = tx
                .prepare_cached(sql)?
                .execute(params![arm.id, experiment, person.0, cohort_us, now_us, due])?;
            enrolled += came;
            if came > 0 {
                let enrolment = tx.last_insert_rowid();
                for (metric, x) in history {
                    let sql = "INSERT INTO history (enrolment, metric, x) VALUES (?1, ?2, ?3)";
                    tx.prepare_cached(sql)?.execute(params![enrolment, metric, x])?;
                }
            }
        }
        tx.commit()?;
        Ok(enrolled)
    }
}
