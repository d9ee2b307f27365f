//! Records of people, without the people: read from rows, merged to one record each.
//!
//! A record holds a hash in place of whoever it is. Merging depends on what records say, never on the order in which they
//! came: newer ones win field by field, and of two of the same moment the one that is greater in all it says.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};

use jiff::tz::TimeZone;

use crate::config::Columns;
use crate::funnel::{Funnel, Standing};
use crate::moment;
use crate::tags::Tags;
use crate::worth;

/// Hashes under keys that are drawn anew in every process and are written nowhere.
#[derive(Clone, Debug, Default)]
pub(crate) struct Keys(RandomState, RandomState);

/// Someone's id or click id, as nobody can read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Hidden(u64, u64);

impl Keys {
    /// The hash of an id, outer spaces apart.
    pub(crate) fn hide(&self, text: &str) -> Hidden {
        let text = text.trim();
        Hidden(self.0.hash_one(text), self.1.hash_one(text))
    }
}

/// What a row says of someone. Nothing in it names them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Record {
    pub(crate) person: Hidden,
    /// From when the record is, in µs UTC.
    pub(crate) version_us: i64,
    pub(crate) created_us: Option<i64>,
    pub(crate) touched_us: Option<i64>,
    pub(crate) answered_us: Option<i64>,
    pub(crate) tags: Option<Tags>,
    pub(crate) click: Option<Hidden>,
    pub(crate) standing: Option<Standing>,
    pub(crate) score_milli: Option<i64>,
    pub(crate) value_minor: Option<i64>,
}

/// What is wrong with a row: the column, and what was expected there. Never what stands there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BadRow {
    pub(crate) column: String,
    pub(crate) expected: String,
}

/// How rows are read.
pub(crate) struct Reader<'c> {
    pub(crate) columns: &'c Columns,
    pub(crate) zone: &'c TimeZone,
    pub(crate) currency: &'c str,
    pub(crate) funnel: &'c Funnel,
    pub(crate) keys: &'c Keys,
}

impl<'c> Reader<'c> {
    /// Reads a row whose cells are asked for by column; an empty cell says nothing. `version_us` is from when the row is,
    /// unless it says so itself.
    pub(crate) fn read<'r>(
        &self,
        cell: impl Fn(&str) -> Option<&'r str>,
        version_us: i64,
    ) -> Result<Record, BadRow> {
        let columns = self.columns;
        let cell = |column: &str| cell(column).map(str::trim).filter(|text| !text.is_empty());
        let bad = |column: &str, expected: &str| BadRow {
            column: column.to_owned(),
            expected: expected.to_owned(),
        };
        let of = |column: &'c Option<String>| {
            let column = column.as_deref()?;
            Some((column, cell(column)?))
        };
        let time = |found: Option<(&str, &str)>| match found {
            None => Ok(None),
            Some((column, text)) => moment::parse(text, self.zone).map(Some).ok_or_else(|| {
                bad(column, "expected a time such as 2026-11-03T10:00:00Z or 2026-11-03 11:00")
            }),
        };
        let person = cell(&columns.id).ok_or_else(|| bad(&columns.id, "expected what tells people apart"))?;
        let created = cell(&columns.created).map(|text| (columns.created.as_str(), text));
        let created_us =
            time(created)?.ok_or_else(|| bad(&columns.created, "expected when the record was created"))?;
        let standing = match of(&columns.stage) {
            None => None,
            Some((column, word)) => Some(
                self.funnel
                    .standing(word)
                    .ok_or_else(|| bad(column, "expected a word of `stages`, `ignored` or `lost`"))?,
            ),
        };
        let score_milli = match of(&columns.score) {
            None => None,
            Some((column, text)) => Some(milli(text).ok_or_else(|| bad(column, "expected a number from 0"))?),
        };
        if let Some((column, currency)) = of(&columns.currency)
            && !currency.eq_ignore_ascii_case(self.currency)
        {
            return Err(bad(column, &format!("expected {}", self.currency)));
        }
        let value_minor = match of(&columns.value) {
            None => None,
            Some((column, text)) => Some(
                worth::amount(text, self.currency)
                    .filter(|minor| *minor >= 0)
                    .ok_or_else(|| bad(column, "expected an amount such as 5000.00"))?,
            ),
        };
        Ok(Record {
            person: self.keys.hide(person),
            version_us: time(of(&columns.updated))?.unwrap_or(version_us),
            created_us: Some(created_us),
            touched_us: time(of(&columns.first_touch))?,
            answered_us: time(of(&columns.answered))?,
            tags: Tags::read(columns, cell),
            click: columns.click_id.iter().find_map(|column| cell(column)).map(|id| self.keys.hide(id)),
            standing,
            score_milli,
            value_minor,
        })
    }
}

/// A score in thousandths.
#[expect(clippy::cast_possible_truncation, reason = "bounded before")]
fn milli(text: &str) -> Option<i64> {
    let score: f64 = text.replace(',', ".").parse().ok()?;
    (0.0..=1e9).contains(&score).then(|| (score * 1000.0).round() as i64)
}

/// One record a person, in no order that means anything.
pub(crate) fn merge(mut records: Vec<Record>) -> Vec<Record> {
    records.sort_unstable();
    let mut people: BTreeMap<Hidden, Record> = BTreeMap::new();
    for record in records {
        let Some(known) = people.get_mut(&record.person) else {
            people.insert(record.person, record);
            continue;
        };
        known.version_us = record.version_us;
        known.created_us = record.created_us.or(known.created_us);
        known.touched_us = record.touched_us.or(known.touched_us);
        known.answered_us = record.answered_us.or(known.answered_us);
        known.tags = record.tags.or(known.tags.take());
        known.click = record.click.or(known.click);
        known.standing = record.standing.or(known.standing);
        known.score_milli = record.score_milli.or(known.score_milli);
        known.value_minor = record.value_minor.or(known.value_minor);
    }
    people.into_values().collect()
}
