//! Results from before gevinst: a CSV with the columns experiment, arm, exposure and count, and perhaps channel, control and period.

use std::collections::BTreeMap;
use std::path::Path;

use gevinst_runner::learn::{Past, Results, SEVERAL_CHANNELS};
use gevinst_stats::judgement::{Detail, Settings, judge};
use gevinst_stats::table::{Cell, CountTable, EXPOSURE_RANGE, MAX_ARMS};

use crate::failure::{Failure, Kind};

/// One experiment's rows.
#[derive(Default)]
struct Rows {
    arms: Vec<String>,
    channels: Vec<String>,
    control: Option<usize>,
    periods: BTreeMap<String, usize>,
    cells: BTreeMap<(usize, usize), (Cell, u64)>,
}

/// Reads the table; experiments come in the order of the file.
pub(super) fn read(path: &Path) -> Result<Vec<Past>, Failure> {
    let wrong = |what: String| Failure::new(Kind::Input, format!("`{}`: {what}", path.display()));
    let reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_path(path);
    parse(reader.map_err(|error| wrong(error.to_string()))?).map_err(wrong)
}

fn parse<R: std::io::Read>(mut reader: csv::Reader<R>) -> Result<Vec<Past>, String> {
    let headers = reader.headers().map_err(|error| error.to_string())?.clone();
    let column = |name: &str| {
        headers.iter().position(|header| header.trim_start_matches('\u{feff}').eq_ignore_ascii_case(name))
    };
    let needed = |name: &str| {
        column(name).ok_or_else(|| {
            format!("there is no column `{name}`; needed are experiment, arm, exposure and count")
        })
    };
    let (experiment_at, arm_at, exposure_at, count_at) =
        (needed("experiment")?, needed("arm")?, needed("exposure")?, needed("count")?);
    let (channel_at, control_at, period_at) = (column("channel"), column("control"), column("period"));
    let mut names: Vec<String> = Vec::new();
    let mut all: Vec<Rows> = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| error.to_string())?;
        let line = record.position().map_or(0, csv::Position::line);
        let text = |at: usize| record.get(at).unwrap_or_default();
        let (name, arm) = (text(experiment_at), text(arm_at));
        if name.is_empty() || arm.is_empty() {
            return Err(format!("line {line}: the experiment or the arm has no name"));
        }
        let (least, most) = EXPOSURE_RANGE;
        let exposure = text(exposure_at).parse::<f64>().ok();
        let exposure = exposure.filter(|value| *value == 0.0 || (least..=most).contains(value));
        let exposure = exposure.ok_or_else(|| {
            let found = text(exposure_at);
            format!("line {line}: exposure is `{found}`, expected 0 or a number from 10^-100 to 10^100")
        })?;
        let count = text(count_at).parse::<u64>().ok().filter(|count| *count <= 1_000_000_000_000);
        let count = count.ok_or_else(|| {
            format!("line {line}: count is `{}`, expected a whole number up to 10^12", text(count_at))
        })?;
        if exposure == 0.0 && count > 0 {
            return Err(format!("line {line}: {count} goals without any exposure"));
        }
        let at = names.iter().position(|known| known == name).unwrap_or_else(|| {
            names.push(name.to_owned());
            all.push(Rows::default());
            all.len() - 1
        });
        let rows = &mut all[at];
        let arm_at = rows.arms.iter().position(|known| known == arm).unwrap_or_else(|| {
            rows.arms.push(arm.to_owned());
            rows.arms.len() - 1
        });
        if rows.arms.len() > MAX_ARMS {
            return Err(format!("line {line}: `{name}` has more than {MAX_ARMS} arms"));
        }
        if let Some(channel) = channel_at.map(text).filter(|channel| !channel.is_empty())
            && !rows.channels.iter().any(|known| known == channel)
        {
            rows.channels.push(channel.to_owned());
        }
        match control_at.map(text).unwrap_or_default().to_ascii_lowercase().as_str() {
            "" | "0" | "no" | "false" => {}
            "1" | "yes" | "true" if rows.control.is_none_or(|control| control == arm_at) => {
                rows.control = Some(arm_at)
            }
            "1" | "yes" | "true" => return Err(format!("line {line}: `{name}` has two controls")),
            other => return Err(format!("line {line}: control is `{other}`, expected yes or no")),
        }
        let label = period_at.map(text).unwrap_or_default().to_owned();
        let next = rows.periods.len();
        let period = *rows.periods.entry(label.clone()).or_insert(next);
        if let Some((_, first)) = rows.cells.insert((period, arm_at), (Cell { exposure, count }, line)) {
            let of = if label.is_empty() { String::new() } else { format!(" for period `{label}`") };
            return Err(format!("line {line}: `{name}`, arm `{arm}` was given{of} on line {first} already"));
        }
    }
    names.into_iter().zip(all).map(|(name, rows)| past(name, rows)).collect()
}

fn past(name: String, rows: Rows) -> Result<Past, String> {
    let arms = rows.arms.len();
    if arms < 2 {
        return Err(format!("`{name}` has {arms} arm, expected at least 2"));
    }
    let refused = |error: gevinst_stats::StatsError| format!("`{name}`: {error}");
    let mut table = CountTable::new(arms).map_err(refused)?;
    for period in 0..rows.periods.len() {
        let cells: Vec<Option<Cell>> =
            (0..arms).map(|arm| rows.cells.get(&(period, arm)).map(|(cell, _)| *cell)).collect();
        table.push_period(&cells).map_err(refused)?;
    }
    // No look was recorded: the e-values are those of one look at the whole table.
    let settings = Settings { detail: Detail::Evidence, ..Settings::default() };
    let alpha = settings.levels.alpha;
    let judged = judge(&table, &settings).map_err(refused)?;
    let ln_e_drop: Vec<f64> = judged.arms.iter().map(|arm| arm.ln_e_drop).collect();
    Ok(Past {
        batch: "all in the file".to_owned(),
        channel: match rows.channels.as_slice() {
            [] => "no channel stated".to_owned(),
            [one] => one.clone(),
            _ => SEVERAL_CHANNELS.to_owned(),
        },
        control: rows.control,
        kind: gevinst_experiment::GoalKind::Count,
        exact: false,
        dropped: ln_e_drop.iter().map(|ln_e| *ln_e >= -alpha.ln()).collect(),
        ln_e_drop,
        alpha,
        rehearsed: false,
        arms: rows.arms,
        results: Results::Counts(table),
        name,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> Result<Vec<Past>, String> {
        parse(csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes()))
    }

    #[test]
    fn rows_become_experiments() {
        // Protects past results from landing in the wrong experiment, arm or period.
        let text = "experiment,arm,exposure,count,channel,control,period\n\
                    a,old,100,5,email,yes,1\na,new,100,9,email,,1\nb,x,50,1,social,,1\nb,y,50,2,native,,1\na,new,110,8,email,no,2\n";
        let past = read_text(text).unwrap();
        assert_eq!(
            (past[0].name.as_str(), past[0].channel.as_str(), past[0].control),
            ("a", "email", Some(0))
        );
        let Results::Counts(table) = &past[0].results else { panic!("counts") };
        assert_eq!((table.periods(), table.total(1).count), (2, 17));
        assert!(table.cell(1, 0).is_none(), "a missing row is not a zero");
        assert_eq!((past[1].channel.as_str(), past[1].control), (SEVERAL_CHANNELS, None));
        let plain = read_text("experiment,arm,exposure,count\nc,x,1000,300\nc,y,1000,100\n").unwrap();
        assert!(plain[0].ln_e_drop[1] > plain[0].ln_e_drop[0]);
    }

    #[test]
    fn mistakes_name_their_line() {
        // Protects learned priors from rows that mean something else.
        let head = "experiment,arm,exposure,count,control\n";
        for (text, says) in [
            ("experiment,arm,count\n".to_owned(), "no column `exposure`"),
            (format!("{head}a,x,1,1,\na,x,1,1,\n"), "line 3: `a`, arm `x` was given on line 2 already"),
            (format!("{head}a,x,-1,1,\n"), "line 2: exposure is `-1`"),
            (format!("{head}a,x,1,1.5,\n"), "line 2: count is `1.5`"),
            (format!("{head}a,x,0,1,\n"), "line 2: 1 goals without any exposure"),
            (format!("{head}a,x,1,1,maybe\n"), "control is `maybe`"),
            (format!("{head}a,x,1,1,yes\na,y,1,1,yes\n"), "two controls"),
            (format!("{head}a,x,1,1,\n"), "`a` has 1 arm"),
            (format!("{head},x,1,1,\n"), "has no name"),
        ] {
            let error = read_text(&text).unwrap_err();
            assert!(error.contains(says), "{error}");
        }
    }
}
