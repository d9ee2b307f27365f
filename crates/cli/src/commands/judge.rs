//! `gevinst judge`: verdicts on a table that somebody already has.

mod fixed;

use std::collections::BTreeMap;
use std::path::Path;

use gevinst_experiment::{GoalKind, Ratio};
use gevinst_report::judge_table::{About, JudgeTable, JudgedArm, JudgedPair};
use gevinst_report::model::ArmStatus;
use gevinst_report::terminal;
use gevinst_runner::book::{Book, Cell, History};
use gevinst_runner::kinds::{Method, Terms};
use gevinst_stats::cost_limit::{CostCell, CostEvidence, CostPrior, against_limit};
use gevinst_stats::decide::{Rules, Situation, Verdict, decide};
use gevinst_stats::judgement::Detail;
use gevinst_stats::prior::DispersionPrior;
use gevinst_stats::table::{EXPOSURE_RANGE, MAX_ARMS};

use super::GENERATOR;
use crate::args::{Colour, Judge, KindArg, PerArg, SeparationArg, TestArg};
use crate::failure::{Failure, Kind};
use crate::output::{coloured, say, width, write_json};

/// A table as it was read.
struct Results {
    arms: Vec<String>,
    /// What the table calls each period.
    labels: Vec<String>,
    periods: usize,
    /// Period-major; `None` where there is no row.
    cells: Vec<Option<Row>>,
    has_spend: bool,
}

#[derive(Clone, Copy)]
struct Row {
    exposure: f64,
    count: u64,
    spend: f64,
    sum: f64,
    sum_sq: f64,
    history: History,
}

pub(crate) fn run(args: &Judge, colour: Colour) -> Result<(), Failure> {
    // `judge --json TABLE.csv` names one file: it is the table, not the place to write to.
    let (path, json_to) = match (&args.table, &args.json) {
        (Some(table), json_to) => (table.as_path(), json_to.as_deref()),
        (None, Some(table)) if table != Path::new("-") => (table.as_path(), Some(Path::new("-"))),
        _ => return Err(Failure::new(Kind::Usage, "no table was named").hint("gevinst judge TABLE.csv")),
    };
    let tie_within = match &args.tie_within {
        None => 0.0,
        Some(text) => share(text)?,
    };
    let kind = match args.kind {
        // Of the tests that people know, one compares means.
        _ if args.test == Some(TestArg::Welch) => GoalKind::Value,
        _ if args.test.is_some() => GoalKind::Count,
        KindArg::Count => GoalKind::Count,
        KindArg::Value => GoalKind::Value,
        KindArg::Ratio => GoalKind::Ratio,
    };
    let results = read(path, kind, args.history, args.max_cost.is_some())?;
    if let Some(test) = args.test {
        return fixed::run(test, args, &results, path, json_to);
    }
    let people_at_random = args.separation == SeparationArg::Randomised
        && matches!(args.per, None | Some(PerArg::Recipients))
        && kind != GoalKind::Ratio;
    if args.cap.is_some() && !(kind == GoalKind::Value && people_at_random) {
        return Err(Failure::new(
            Kind::Usage,
            "a cap makes bounds exact only for values of people assigned at random",
        )
        .hint("add `--kind value --separation randomised`, or leave `--cap` out"));
    }
    if args.history && (kind != GoalKind::Value || !people_at_random || args.cap.is_some()) {
        return Err(Failure::new(
            Kind::Usage,
            "what was known of people before adjusts values of people assigned at random, without a cap",
        )
        .hint("add `--kind value --separation randomised`, or leave `--history` out"));
    }
    let once = kind == GoalKind::Count && people_at_random && !args.repeated;
    let exact = once;
    let terms = Terms {
        kind,
        people_at_random,
        once,
        cap_minor: args.cap,
        adjusted: args.history,
        prior_sd: args.prior_sd,
        dispersion: if exact { DispersionPrior::none() } else { DispersionPrior::default() },
        alpha: args.alpha,
        detail: Detail::Full,
    };
    let refused = |error: gevinst_stats::StatsError| {
        Failure::new(Kind::Usage, format!("failed to judge `{}`: {error}", path.display()))
    };
    let mut statistics = Method::new(&terms, results.arms.len()).map_err(refused)?;
    let book = book(&results, &statistics, path)?;
    let reading = statistics.look(&book, results.periods, results.periods).map_err(refused)?;
    let judgement = &reading.judgement;
    let costs = costs(args, &results, exact).map_err(refused)?;
    let spend: Vec<f64> =
        (0..results.arms.len()).map(|arm| of_arm(&results, arm).map(|row| row.spend).sum()).collect();
    let situation = Situation {
        judgement,
        costs: &costs,
        spend: if results.has_spend { &spend } else { &[] },
        alive: &vec![true; results.arms.len()],
        month_end: false,
    };
    let rules = Rules { wrongly_drop_best: args.alpha, tie_within, ..Rules::default() };
    let verdicts = decide(&situation, &rules).map_err(refused)?;

    let separation = match args.separation {
        SeparationArg::Randomised => "randomised",
        SeparationArg::PlatformSplit => "platform-split",
        SeparationArg::Geo => "geo",
        SeparationArg::Switchback => "switchback",
        SeparationArg::Unrandomised => "unrandomised",
    };
    let mut judged = JudgeTable::new(&About {
        generator: GENERATOR,
        guarantee: judgement.guarantee.as_str(),
        separation,
        method: reading.method,
        alpha: args.alpha,
        dispersion: reading.dispersion,
        periods: u64::try_from(results.periods).unwrap_or(u64::MAX),
    });
    for (((name, evidence), verdict), value) in
        results.arms.iter().zip(&judgement.arms).zip(&verdicts).zip(&reading.values_minor)
    {
        let status = match verdict.verdict {
            Verdict::Drop { .. } => ArmStatus::Dropped,
            Verdict::Tie { .. } => ArmStatus::Tied,
            Verdict::Unprofitable { .. } => ArmStatus::Unprofitable,
            Verdict::Winner { .. } => ArmStatus::Winner,
            _ => ArmStatus::Running,
        };
        let arm = JudgedArm::new(
            name,
            evidence.exposure,
            evidence.count,
            (evidence.p_best, evidence.expected_loss),
            evidence.ln_e_drop,
            status,
        );
        judged.arms.push(match value {
            Some(value) => arm.valued(*value),
            None => arm,
        });
    }
    for (pair, measure) in judgement.pairs.iter().zip(&reading.measures) {
        let interval = pair.confidence.map_or((None, None), |interval| (interval.lower, interval.upper));
        let pair = JudgedPair::new(
            (&results.arms[pair.a], &results.arms[pair.b]),
            pair.posterior.map_or_else(|| pair.mean.exp(), |posterior| posterior.median),
            interval,
            (pair.ln_e_a_beats_b, pair.ln_e_b_beats_a),
        );
        judged.pairs.push(pair.measured(*measure));
    }
    match json_to {
        Some(target) => write_json(target, &judged),
        None => say(&terminal::judge_text(
            &judged,
            terminal::Style { colour: coloured(colour, false), width: width() },
        )),
    }
}

fn share(text: &str) -> Result<f64, Failure> {
    let plain = text.trim().parse::<f64>().ok().filter(|share| share.is_finite());
    let ratio = || text.parse::<Ratio>().map(Ratio::as_f64);
    match plain.map_or_else(ratio, Ok) {
        Ok(share) if (0.0..1.0).contains(&share) => Ok(share),
        Ok(_) => Err(Failure::new(Kind::Usage, format!("`{text}` is not a margin"))
            .hint("write a share from 0 to under 1, such as `10 %` or 0.1")),
        Err(mistake) => {
            let failed = Failure::new(Kind::Usage, mistake.message);
            Err(match mistake.help {
                Some(help) => failed.hint(help),
                None => failed,
            })
        }
    }
}

fn of_arm(results: &Results, arm: usize) -> impl Iterator<Item = Row> + '_ {
    results.cells.iter().skip(arm).step_by(results.arms.len()).filter_map(|cell| *cell)
}

fn costs(
    args: &Judge,
    results: &Results,
    exact: bool,
) -> Result<Vec<Option<CostEvidence>>, gevinst_stats::StatsError> {
    let Some(limit) = args.max_cost else { return Ok(Vec::new()) };
    let prior = if exact { CostPrior::poisson() } else { CostPrior::default() };
    (0..results.arms.len())
        .map(|arm| {
            let paid = |row: Row| if results.has_spend { row.spend } else { row.exposure };
            let cells: Vec<CostCell> =
                of_arm(results, arm).map(|row| CostCell::new(paid(row), row.count, 1.0)).collect();
            against_limit(&cells, limit, &prior).map(Some)
        })
        .collect()
}

/// The table as the statistics take it; a row that cannot be what it claims is refused by name.
fn book(results: &Results, statistics: &Method, path: &Path) -> Result<Book, Failure> {
    let mut book = Book::new(results.periods, results.arms.len());
    for (at, row) in results.cells.iter().enumerate() {
        let Some(row) = row else { continue };
        let (period, arm) = (at / results.arms.len(), at % results.arms.len());
        let cell = Cell {
            exposure: Some(row.exposure),
            goals: row.count,
            value: row.sum,
            value_sq: row.sum_sq,
            history: row.history,
            ..Cell::default()
        };
        if let Some(why) = statistics.unfit(&cell) {
            let failure = Failure::new(
                Kind::Input,
                format!(
                    "`{}`: arm `{}` in period `{}`: {why}",
                    path.display(),
                    results.arms[arm],
                    results.labels[period]
                ),
            );
            return Err(if row.exposure > 0.0 && row.sum == 0.0 && row.sum_sq == 0.0 {
                failure.hint("where a person can reach the goal more than once, add `--repeated`")
            } else {
                failure
            });
        }
        *book.cell_mut(period, arm) = cell;
    }
    Ok(book)
}

fn read(path: &Path, kind: GoalKind, history: bool, costs: bool) -> Result<Results, Failure> {
    let wrong = |what: String| Failure::new(Kind::Input, format!("`{}`: {what}", path.display()));
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_path(path)
        .map_err(|error| wrong(error.to_string()))?;
    let headers = reader.headers().map_err(|error| wrong(error.to_string()))?.clone();
    let column = |name: &str| {
        headers.iter().position(|header| header.trim_start_matches('\u{feff}').eq_ignore_ascii_case(name))
    };
    let needed = |name: &str| {
        column(name).ok_or_else(|| {
            let there: Vec<String> = headers.iter().map(|header| format!("`{header}`")).collect();
            wrong(format!("there is no column `{name}`; the columns are {}", there.join(", ")))
                .hint(match kind {
                    GoalKind::Value if history => {
                        "to adjust values the table needs the columns period, arm, exposure, sum, sum_sq, before, before_sq and sum_before"
                    }
                    GoalKind::Count => "the table needs the columns period, arm, exposure and count, and may have spend",
                    GoalKind::Value => {
                        "for values the table needs the columns period, arm, exposure, sum and sum_sq, and may have count and spend"
                    }
                    GoalKind::Ratio => {
                        "for a ratio the table needs the columns period, arm, exposure and sum, and may have count and spend"
                    }
                })
        })
    };
    let (period_at, arm_at, exposure_at) = (needed("period")?, needed("arm")?, needed("exposure")?);
    let count_at = if kind == GoalKind::Count || costs { Some(needed("count")?) } else { column("count") };
    let sum_at = if kind == GoalKind::Count { None } else { Some(needed("sum")?) };
    let sum_sq_at = if kind == GoalKind::Value { Some(needed("sum_sq")?) } else { None };
    let history_at =
        if history { Some((needed("before")?, needed("before_sq")?, needed("sum_before")?)) } else { None };
    let spend_at = column("spend");

    let mut arms: Vec<String> = Vec::new();
    let mut periods: BTreeMap<String, usize> = BTreeMap::new();
    let mut rows: BTreeMap<(usize, usize), (Row, u64)> = BTreeMap::new();
    for record in reader.records() {
        let record = record.map_err(|error| wrong(error.to_string()))?;
        let line = record.position().map_or(0, csv::Position::line);
        let (least, most) = EXPOSURE_RANGE;
        let number = |at: usize, name: &str| {
            let text = record.get(at).unwrap_or_default();
            let value =
                text.parse::<f64>().ok().filter(|value| *value == 0.0 || (least..=most).contains(value));
            value.ok_or_else(|| {
                wrong(format!(
                    "line {line}: {name} is `{text}`, expected 0 or a number from 10^-100 to 10^100"
                ))
            })
        };
        let signed = |at: usize, name: &str| {
            let text = record.get(at).unwrap_or_default();
            let value = text.parse::<f64>().ok().filter(|value| value.is_finite());
            value.ok_or_else(|| wrong(format!("line {line}: {name} is `{text}`, expected a number")))
        };
        let count_text = count_at.and_then(|at| record.get(at)).unwrap_or_default();
        let whole = count_at.map_or(Ok(0.0), |at| number(at, "count"))?;
        if whole.fract() != 0.0 || whole > 1e12 {
            return Err(wrong(format!(
                "line {line}: count is `{count_text}`, expected a whole number up to 10^12"
            )));
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a whole number from 0 to 10^12"
        )]
        let count = whole as u64;
        let row = Row {
            exposure: number(exposure_at, "exposure")?,
            count,
            spend: spend_at.map_or(Ok(0.0), |at| number(at, "spend"))?,
            sum: sum_at.map_or(Ok(0.0), |at| signed(at, "sum"))?,
            sum_sq: sum_sq_at.map_or(Ok(0.0), |at| number(at, "sum_sq"))?,
            history: match history_at {
                None => History::default(),
                Some((sum, sum_sq, product)) => History {
                    sum: signed(sum, "before")?,
                    sum_sq: number(sum_sq, "before_sq")?,
                    product: signed(product, "sum_before")?,
                },
            },
        };
        if row.exposure == 0.0 && (row.count > 0 || row.sum != 0.0) {
            return Err(wrong(format!("line {line}: {count} goals without any exposure")));
        }
        let name = record.get(arm_at).unwrap_or_default();
        if name.is_empty() {
            return Err(wrong(format!("line {line}: the arm has no name")));
        }
        let arm = arms.iter().position(|arm| arm == name).unwrap_or_else(|| {
            arms.push(name.to_owned());
            arms.len() - 1
        });
        if arms.len() > MAX_ARMS {
            return Err(wrong(format!("line {line}: more than {MAX_ARMS} arms")));
        }
        let label = record.get(period_at).unwrap_or_default().to_owned();
        let next = periods.len();
        let period = *periods.entry(label.clone()).or_insert(next);
        if let Some((_, first)) = rows.insert((period, arm), (row, line)) {
            return Err(wrong(format!(
                "line {line}: arm `{name}` has period `{label}` on line {first} already"
            )));
        }
    }
    if arms.len() < 2 {
        return Err(wrong(format!("it has {} arms, expected at least 2", arms.len())));
    }
    let mut cells = vec![None; periods.len() * arms.len()];
    for ((period, arm), (row, _)) in rows {
        cells[period * arms.len() + arm] = Some(row);
    }
    let mut labels = vec![String::new(); periods.len()];
    for (label, period) in periods {
        labels[period] = label;
    }
    Ok(Results { periods: labels.len(), labels, cells, has_spend: spend_at.is_some(), arms })
}
