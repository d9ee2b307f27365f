//! Counts by arm and cohort, the day on which people were enrolled: what observations are made of.

use std::collections::BTreeMap;

use rusqlite::params;

use super::Store;
use crate::error::Error;

/// One cohort's figure: how many people, the sum of what they brought, and the sum of its squares by person.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Tally {
    pub(crate) people: u64,
    pub(crate) sum: f64,
    pub(crate) sum_sq: f64,
}

/// Figures by the start of the cohort's day.
pub(crate) type ByCohort = BTreeMap<i64, Tally>;

impl Store {
    /// Everybody who was enrolled, written to or not.
    pub(crate) fn enrolled(&self, arm: i64) -> Result<ByCohort, Error> {
        self.people(arm, "1")
    }

    /// People who were sent a message, or may have been.
    pub(crate) fn written_to(&self, arm: i64) -> Result<ByCohort, Error> {
        self.people(
            arm,
            "EXISTS (SELECT 1 FROM message m WHERE m.enrolment = e.id AND m.state IN ('sent', 'unknown'))",
        )
    }

    /// People to whom a message was sent, and none came back.
    pub(crate) fn delivered(&self, arm: i64) -> Result<ByCohort, Error> {
        self.people(
            arm,
            "EXISTS (SELECT 1 FROM message m WHERE m.enrolment = e.id AND m.state IN ('sent', 'unknown'))
             AND NOT EXISTS (SELECT 1 FROM event v WHERE v.enrolment = e.id AND v.kind IN ('bounce', 'soft_bounce'))",
        )
    }

    /// People of whom something is known, such as that they unsubscribed.
    pub(crate) fn noted(&self, arm: i64, kind: &str) -> Result<ByCohort, Error> {
        let kind = kind.replace('\'', "''");
        self.people(
            arm,
            &format!("EXISTS (SELECT 1 FROM event v WHERE v.enrolment = e.id AND v.kind = '{kind}')"),
        )
    }

    fn people(&self, arm: i64, condition: &str) -> Result<ByCohort, Error> {
        let sql = format!(
            "SELECT e.cohort_us, COUNT(*) FROM enrolment e WHERE e.arm = ?1 AND {condition} GROUP BY e.cohort_us"
        );
        let mut statement = self.0.prepare_cached(&sql)?;
        let rows = statement.query_map([arm], |row| Ok((row.get(0)?, row.get::<_, u32>(1)?)))?;
        rows.map(|row| row.map(|(cohort, people)| (cohort, Tally::of(people))))
            .collect::<Result<_, _>>()
            .map_err(Error::from)
    }

    /// People who clicked on a link whose target contains a text; an empty one is any link.
    pub(crate) fn clicked(&self, arm: i64, containing: &str) -> Result<ByCohort, Error> {
        let sql = "SELECT e.cohort_us, COUNT(DISTINCT e.id) FROM enrolment e
                   JOIN click c ON c.enrolment = e.id AND c.by = 'person'
                   JOIN link l ON l.arm = e.arm AND l.step = c.step AND l.n = c.link
                   WHERE e.arm = ?1 AND instr(l.target, ?2) > 0 GROUP BY e.cohort_us";
        let mut statement = self.0.prepare_cached(sql)?;
        let rows =
            statement.query_map(params![arm, containing], |row| Ok((row.get(0)?, row.get::<_, u32>(1)?)))?;
        rows.map(|row| row.map(|(cohort, people)| (cohort, Tally::of(people))))
            .collect::<Result<_, _>>()
            .map_err(Error::from)
    }

    /// People who reached a goal that is recorded as events, with what they brought.
    pub(crate) fn reached(&self, arm: i64, goal: &str) -> Result<ByCohort, Error> {
        let sql = "SELECT cohort_us, COUNT(*), CAST(SUM(value) AS REAL), SUM(CAST(value AS REAL) * value)
                   FROM (SELECT e.cohort_us, SUM(v.value) AS value FROM enrolment e
                         JOIN event v ON v.enrolment = e.id AND v.kind = 'goal:' || ?2
                         WHERE e.arm = ?1 GROUP BY e.id)
                   GROUP BY cohort_us";
        let mut statement = self.0.prepare_cached(sql)?;
        let rows = statement.query_map(params![arm, goal], |row| {
            let people: u32 = row.get(1)?;
            Ok((row.get(0)?, Tally { people: people.into(), sum: row.get(2)?, sum_sq: row.get(3)? }))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// What was known of people when they were drawn: their number, its sum and its sum of squares.
    pub(crate) fn history(&self, arm: i64, metric: &str) -> Result<Option<ByCohort>, Error> {
        let sql = "SELECT e.cohort_us, COUNT(*), COUNT(h.x), TOTAL(h.x), TOTAL(h.x * h.x) FROM enrolment e
                   LEFT JOIN history h ON h.enrolment = e.id AND h.metric = ?2 WHERE e.arm = ?1 GROUP BY e.cohort_us";
        self.of_history(sql, params![arm, metric])
    }

    /// The product of what was known of people and of what they brought, summed over people.
    pub(crate) fn history_product(
        &self,
        arm: i64,
        metric: &str,
        goal: &str,
    ) -> Result<Option<ByCohort>, Error> {
        let sql = "SELECT e.cohort_us, COUNT(*), COUNT(h.x), TOTAL(h.x * v.y), 0.0 FROM enrolment e
                   LEFT JOIN history h ON h.enrolment = e.id AND h.metric = ?2
                   LEFT JOIN (SELECT enrolment, TOTAL(value) AS y FROM event WHERE kind = 'goal:' || ?3 GROUP BY enrolment) v
                   ON v.enrolment = e.id WHERE e.arm = ?1 GROUP BY e.cohort_us";
        self.of_history(sql, params![arm, metric, goal])
    }

    /// `None` where not everybody of the arm was drawn with the metric: a sum that leaves people out would be taken for one of all.
    fn of_history(&self, sql: &str, of: &[&dyn rusqlite::ToSql]) -> Result<Option<ByCohort>, Error> {
        let mut statement = self.0.prepare_cached(sql)?;
        let rows = statement.query_map(of, |row| {
            let (people, known): (u32, u32) = (row.get(1)?, row.get(2)?);
            let tally = Tally { people: people.into(), sum: row.get(3)?, sum_sq: row.get(4)? };
            Ok((people == known).then_some((row.get(0)?, tally)))
        })?;
        Ok(rows.collect::<Result<Option<_>, _>>()?)
    }
}

impl Tally {
    fn of(people: u32) -> Self {
        Self { people: people.into(), sum: people.into(), sum_sq: people.into() }
    }
}
