//! Goals from a file of outcomes: who became a lead or a customer, as the sales people's system tells it.
//!
//! The file is the truth: each reading replaces the one before, so an outcome that was taken out counts no more. An outcome
//! belongs to every experiment in which its person was enrolled before it, for as many days as the goal allows.

use std::path::Path;

use jiff::Timestamp;
use jiff::civil::{Date, Time};

use crate::account::Account;
use crate::config::Goal;
use crate::error::Error;

const DAY_US: i64 = 86_400_000_000;

impl Account {
    /// Reads all files of outcomes. Says how many of their rows could not be used.
    ///
    /// # Errors
    /// [`Error::File`] when a file that is there cannot be read or lacks a column.
    pub fn read_outcomes(&mut self) -> Result<usize, Error> {
        let mut unusable = 0;
        for (name, goal) in self.config.goals.clone() {
            let Goal::Outcomes { file, address, at, value_minor, days } = &goal else { continue };
            let field = format!("/goals/{name}/file");
            let columns = [Some(address), Some(at), value_minor.as_ref()];
            unusable += self.read_file(&name, &field, file, columns, *days)?;
        }
        Ok(unusable)
    }

    fn read_file(
        &mut self,
        goal: &str,
        field: &str,
        path: &Path,
        columns: [Option<&String>; 3],
        days: u32,
    ) -> Result<usize, Error> {
        if !path.exists() {
            return Ok(0);
        }
        let wrong = |problem: String| Error::file(field, path, problem);
        let mut reader = csv::Reader::from_path(path).map_err(|error| wrong(error.to_string()))?;
        let names: Vec<String> = reader
            .headers()
            .map_err(|error| wrong(error.to_string()))?
            .iter()
            .map(|name| name.trim().to_owned())
            .collect();
        let mut places = [None; 3];
        for (place, column) in places.iter_mut().zip(columns) {
            if let Some(column) = column {
                let found = names.iter().position(|name| name == column);
                let missing = || wrong(format!("no column `{column}`; there is {}", names.join(", ")));
                *place = Some(found.ok_or_else(missing)?);
            }
        }
        let (mut outcomes, mut unusable) = (Vec::new(), 0);
        for (number, row) in (1_u64..).zip(reader.records()) {
            let row = row.map_err(|error| wrong(error.to_string()))?;
            let text = |place: Option<usize>| place.and_then(|place| row.get(place)).map(str::trim);
            let at_us = text(places[1]).and_then(|at| self.moment_us(at));
            let value = match text(places[2]) {
                None => Some(1),
                Some(value) => value.parse::<i64>().ok(),
            };
            let (Some(person), Some(at_us), Some(value)) = (text(places[0]), at_us, value) else {
                unusable += 1;
                continue;
            };
            for (enrolment, enrolled_us) in self.store.enrolments_of(self.keys.person(person))? {
                let until_us = enrolled_us.saturating_add(i64::from(days) * DAY_US);
                if (enrolled_us..=until_us).contains(&at_us) {
                    outcomes.push((enrolment, number.to_string(), at_us, value));
                }
            }
        }
        self.store.set_outcomes(goal, &outcomes)?;
        Ok(unusable)
    }

    /// A moment; a day without a time is its end, so that what came on the day of the enrolment came after it.
    fn moment_us(&self, text: &str) -> Option<i64> {
        if let Ok(moment) = text.parse::<Timestamp>() {
            return Some(moment.as_microsecond());
        }
        let zone = self.config.zone().ok()?;
        let day: Date = text.parse().ok()?;
        let end = day.to_datetime(Time::constant(23, 59, 59, 999_999_000)).to_zoned(zone).ok()?;
        Some(end.timestamp().as_microsecond())
    }
}
