//! What one experiment takes from a file's rows.
//!
//! Raw cells become checked numbers here and nowhere else. Only rows of our arms that the filter lets through are
//! looked into, so a fault elsewhere in the file is no fault.

use std::collections::BTreeSet;

use csv::ByteRecord;
use jiff::civil::Date;

use super::{ArmData, Data, Mark, Marks, Pool, Totals};
use crate::error::Error;
use crate::truth::{DataSpec, Draw, Per, Text};

/// Counts above this lose whole numbers in a float.
const COUNT_MAX: f64 = 9_007_199_254_740_992.0;
/// The most days between a file's first and last date.
const DAYS_MAX: i32 = 3_660;
/// How many values of a column an error shows.
const SHOWN_MAX: usize = 8;

/// The rows of one experiment so far.
pub(super) struct Gather<'a> {
    spec: &'a DataSpec,
    per: Per,
    arm: usize,
    exposure: Option<usize>,
    goal: usize,
    value: Option<usize>,
    date: Option<usize>,
    filter: Vec<(usize, &'a Text)>,
    /// In the order of `spec.arms`, which is that of names.
    arms: Vec<(Totals, Dated)>,
    /// What the arm column says in the rows that the filter let through, for errors.
    seen: BTreeSet<Vec<u8>>,
    matched: u64,
}

/// The pools of an arm by date; without dates all under the same one.
type Dated = Vec<(Date, Pool)>;

impl<'a> Gather<'a> {
    /// Finds the columns.
    pub(super) fn new(spec: &'a DataSpec, per: Per, header: &[String]) -> Result<Self, Error> {
        let fault = |problem: String| Error::Data { path: spec.file.clone(), problem };
        if spec.arms.is_empty() {
            return Err(Error::truth("data.arms", "names no arm"));
        }
        for (index, (name, text)) in spec.arms.iter().enumerate() {
            if let Some((other, _)) = spec.arms.iter().take(index).find(|(_, other)| *other == text) {
                return Err(Error::truth("data.arms", format!("`{other}` and `{name}` are both `{text}`")));
            }
        }
        let rows = spec.exposure == "rows";
        if !rows && spec.value.is_some() {
            return Err(Error::truth(
                "data.value",
                "needs `exposure = \"rows\"`: a total does not tell single values",
            ));
        }
        if per == Per::Spend && (rows || spec.draw == Draw::WithoutReplacement) {
            let problem = "goals per spend need a column with the spend, and `draw = \"rates\"`";
            return Err(Error::truth("data.exposure", problem));
        }
        if spec.date.is_some() && spec.draw == Draw::Rates {
            return Err(Error::truth("data.date", "has no meaning when goals are drawn from overall rates"));
        }
        if !(spec.minor_per_unit.is_finite() && spec.minor_per_unit > 0.0) {
            return Err(Error::truth("data.minor_per_unit", "expected a number over 0"));
        }
        if !(spec.value_minor_per_unit.is_finite() && spec.value_minor_per_unit > 0.0) {
            return Err(Error::truth("data.value_minor_per_unit", "expected a number over 0"));
        }
        let column = |key: &str, name: &str| -> Result<usize, Error> {
            let mut found =
                header.iter().enumerate().filter(|(_, there)| *there == name).map(|(index, _)| index);
            match (found.next(), found.next()) {
                (Some(index), None) => Ok(index),
                (Some(_), Some(_)) => {
                    Err(fault(format!("has more than one column `{name}` (asked for as `{key}`)")))
                }
                (None, _) => Err(fault(missing(key, name, header))),
            }
        };
        Ok(Self {
            arm: column("arm", &spec.arm)?,
            exposure: if rows { None } else { Some(column("exposure", &spec.exposure)?) },
            goal: column("goal", &spec.goal)?,
            value: spec.value.as_ref().map(|name| column("value", name)).transpose()?,
            date: spec.date.as_ref().map(|name| column("date", name)).transpose()?,
            filter: spec
                .filter
                .iter()
                .map(|(name, text)| Ok((column("where", name)?, text)))
                .collect::<Result<_, Error>>()?,
            arms: spec.arms.iter().map(|_| (Totals::default(), Vec::new())).collect(),
            seen: BTreeSet::new(),
            matched: 0,
            spec,
            per,
        })
    }

    /// Looks at one row, with its number and line.
    pub(super) fn take(&mut self, (row, line): (u64, u64), record: &ByteRecord) -> Result<(), Error> {
        if !self.filter.iter().all(|(column, text)| text.matches(&record[*column])) {
            return Ok(());
        }
        self.matched += 1;
        let says = &record[self.arm];
        let Some(arm) = self.spec.arms.values().position(|text| text.matches(says)) else {
            if self.seen.len() <= SHOWN_MAX && !self.seen.contains(says) {
                self.seen.insert(says.to_vec());
            }
            return Ok(());
        };
        let spec = self.spec;
        let cell =
            |column: usize, name: &'a str| Value { bytes: &record[column], at: (spec, row, line), name };
        let goal = cell(self.goal, &spec.goal);
        let goals = goal.count()?;
        let exposure = match self.exposure {
            None => 1.0,
            Some(column) => {
                let value = cell(column, &spec.exposure);
                let exposure = if self.per == Per::Spend {
                    value.amount()? * self.spec.minor_per_unit
                } else {
                    value.count()?
                };
                if self.spec.draw == Draw::WithoutReplacement && goals > exposure {
                    return Err(goal.fault(format!(
                        "{goals} goals of {exposure} exposures; drawing without replacement needs no more goals than \
                         exposures (or `draw = \"rates\"`)"
                    )));
                }
                exposure
            }
        };
        let value = match self.value {
            Some(column) => Some(
                cell(column, spec.value.as_deref().unwrap_or_default()).number("a number")?
                    * spec.value_minor_per_unit,
            ),
            None => None,
        };
        let date = match self.date {
            Some(column) => cell(column, spec.date.as_deref().unwrap_or_default()).date()?,
            None => Date::ZERO,
        };
        let mark = Mark {
            goals: crate::num::goals(goals).ok_or_else(|| goal.fault("is too large a count".to_owned()))?,
            value: value.unwrap_or(goals),
        };

        let (totals, pools) = &mut self.arms[arm];
        totals.rows += 1;
        totals.exposures += exposure;
        totals.goals += u64::from(mark.goals);
        totals.sum += mark.value;
        totals.sum_sq += if self.exposure.is_none() { mark.value * mark.value } else { goals };
        let valued = self.value.is_some();
        let marks = match (self.exposure, valued) {
            (Some(_), _) => Marks::Alike,
            (None, false) => Marks::Ones,
            (None, true) => Marks::Rows(Vec::new()),
        };
        // Files are mostly in order of date, and without dates there is one pool: look at the end first.
        let place = match pools.iter().rposition(|(other, _)| *other == date) {
            Some(place) => place,
            None => {
                pools.push((date, Pool { exposures: 0, goals: 0, marks }));
                pools.len() - 1
            }
        };
        pools[place].1.add(crate::num::count(exposure), mark);
        Ok(())
    }

    /// What was found.
    pub(super) fn finish(self) -> Result<Data, Error> {
        let fault = |problem: String| Error::Data { path: self.spec.file.clone(), problem };
        if self.matched == 0 {
            let filter: Vec<String> =
                self.spec.filter.iter().map(|(name, text)| format!("`{name}` = `{text}`")).collect();
            return Err(fault(if filter.is_empty() {
                "has a header but no rows".to_owned()
            } else {
                format!("no row has {}", filter.join(" and "))
            }));
        }
        let days = days(&self.arms).map_err(fault)?;
        let mut arms = Vec::with_capacity(self.arms.len());
        for ((name, text), (totals, dated)) in self.spec.arms.iter().zip(self.arms) {
            if totals.rows == 0 {
                let column = &self.spec.arm;
                return Err(fault(format!(
                    "no row for arm `{name}`: `{column}` is never `{text}`{}",
                    shown(&self.seen)
                )));
            }
            if totals.exposures <= 0.0 {
                return Err(fault(format!("the rows of arm `{name}` have no exposure at all")));
            }
            let mut pools = Vec::new();
            for (date, pool) in dated {
                let place = days.as_ref().map_or(0, |(first, _)| days_between(*first, date));
                pools.resize_with(pools.len().max(place + 1), || Pool {
                    exposures: 0,
                    goals: 0,
                    marks: Marks::Alike,
                });
                pools[place] = pool;
            }
            arms.push(ArmData { name: name.clone(), totals, pools });
        }
        Ok(Data { arms, valued: self.spec.value.is_some(), dated: self.spec.date.is_some() })
    }
}

impl Pool {
    fn add(&mut self, exposures: u64, mark: Mark) {
        self.exposures += exposures;
        self.goals += u64::from(mark.goals);
        if let Marks::Ones = self.marks
            && mark.goals > 1
        {
            // The first row with more than one goal: rows are not alike after all.
            let ones = self.goals - u64::from(mark.goals);
            self.marks = Marks::Rows((0..ones).map(|_| Mark { goals: 1, value: 1.0 }).collect());
        }
        if let Marks::Rows(rows) = &mut self.marks
            && (mark.goals > 0 || mark.value != 0.0)
        {
            rows.push(mark);
        }
    }
}

/// A cell with its place, for errors.
struct Value<'a> {
    bytes: &'a [u8],
    at: (&'a DataSpec, u64, u64),
    name: &'a str,
}

impl Value<'_> {
    fn fault(&self, problem: String) -> Error {
        let (spec, row, line) = self.at;
        Error::Value { path: spec.file.clone(), row, line, column: self.name.to_owned(), problem }
    }

    fn number(&self, expected: &str) -> Result<f64, Error> {
        // Most cells are a single digit.
        if let [digit @ b'0'..=b'9'] = self.bytes {
            return Ok(f64::from(digit - b'0'));
        }
        let text = String::from_utf8_lossy(self.bytes);
        let text = text.trim();
        let number = match text {
            "" => return Err(self.fault(format!("is empty; expected {expected}"))),
            "true" | "True" | "TRUE" => 1.0,
            "false" | "False" | "FALSE" => 0.0,
            _ => text
                .parse::<f64>()
                .map_err(|_| self.fault(format!("`{}` is not a number; expected {expected}", clip(text))))?,
        };
        if number.is_finite() {
            Ok(number)
        } else {
            Err(self.fault(format!("`{text}` cannot be used; expected {expected}")))
        }
    }

    /// The cell as it stands there.
    fn text(&self) -> String {
        clip(String::from_utf8_lossy(self.bytes).trim())
    }

    fn amount(&self) -> Result<f64, Error> {
        let number = self.number("a number from 0")?;
        if number < 0.0 {
            Err(self.fault(format!("{} is negative; expected a number from 0", self.text())))
        } else {
            Ok(number)
        }
    }

    fn count(&self) -> Result<f64, Error> {
        let number = self.number("a count (0, 1, 2 …)")?;
        if number < 0.0 {
            return Err(self.fault(format!("{} is negative; expected a count (0, 1, 2 …)", self.text())));
        }
        if number.fract() != 0.0 || number > COUNT_MAX {
            return Err(
                self.fault(format!("{} is not a whole number; expected a count (0, 1, 2 …)", self.text()))
            );
        }
        Ok(number)
    }

    fn date(&self) -> Result<Date, Error> {
        let text = String::from_utf8_lossy(self.bytes);
        text.get(..10)
            .and_then(|day| day.parse().ok())
            .ok_or_else(|| self.fault(format!("`{}` is not a date; expected one as 2026-11-30", clip(&text))))
    }
}

fn clip(text: &str) -> String {
    text.chars().take(40).collect()
}

fn missing(key: &str, name: &str, header: &[String]) -> String {
    let there: Vec<String> = header.iter().take(40).map(|name| format!("`{name}`")).collect();
    let near = header
        .iter()
        .map(|there| (strsim::jaro_winkler(&there.to_lowercase(), &name.to_lowercase()), there))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0));
    let hint = near.map_or(String::new(), |(_, near)| format!("; did you mean `{near}`?"));
    format!("has no column `{name}` (asked for as `{key}`); it has {}{hint}", there.join(", "))
}

fn shown(seen: &BTreeSet<Vec<u8>>) -> String {
    if seen.is_empty() {
        return String::new();
    }
    let mut values: Vec<String> = seen
        .iter()
        .take(SHOWN_MAX)
        .map(|value| format!("`{}`", clip(&String::from_utf8_lossy(value))))
        .collect();
    if seen.len() > SHOWN_MAX {
        values.push("more".to_owned());
    }
    format!("; besides our arms it is {}", values.join(", "))
}

/// First and last date over all arms; none without dates.
fn days(arms: &[(Totals, Dated)]) -> Result<Option<(Date, Date)>, String> {
    let dates = || arms.iter().flat_map(|(_, pools)| pools.iter().map(|(date, _)| *date));
    let (Some(first), Some(last)) = (dates().min(), dates().max()) else { return Ok(None) };
    if days_between(first, last) > usize::try_from(DAYS_MAX).unwrap_or(0) {
        return Err(format!("dates from {first} to {last}; expected no more than {DAYS_MAX} days"));
    }
    Ok(Some((first, last)))
}

fn days_between(first: Date, last: Date) -> usize {
    last.since(first).ok().and_then(|span| usize::try_from(span.get_days()).ok()).unwrap_or(usize::MAX)
}
