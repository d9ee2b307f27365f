//! Is the data fit to decide on? Checks at every look.
//!
//! A check *stops* when going on would be deciding on what is not so: nothing known of a running arm, goals without any exposure,
//! people who were not split as commanded, a platform that is proven to spend what nobody commanded. A check *warns* where a person
//! should look and the evidence still holds, since the statistics use what was bought and not what was commanded: slow or missing
//! figures, a platform that delivers less or more than it was told, figures that were restated, days that scatter beyond what the tests
//! allow for, one value that outweighs all others.
//!
//! Checks that stop are functions of the [`Book`] alone, so that a month played in-process stops where a real one would. Those that
//! repeat every day either cannot be wrong by chance (a missing row is missing) or are sequential tests that keep [`ALPHA`] over the month.

use gevinst_experiment::{Budget, Exposure, Separation};
use gevinst_ledger::evidence::Consequence;
use gevinst_stats::StatsError;
use gevinst_stats::quality::{
    Commanded as Ordered, DOMINATED_Z, Restatement, Restatements, SplitCell, day_noise, day_noise_check,
    dominated_cells_check, exposure_check, ln_e_moving_split, missing_check, restatement_check, split_check,
    stale_check,
};
use gevinst_stats::value::{ValueCell, ValueTable};

use crate::book::{Book, Cell};
use crate::engine::{Moment, Standing};
use crate::plan::{Plan, Unit};

/// The chance that an honest split of people ever stops an experiment's decisions.
pub const ALPHA: f64 = 0.001;
/// Platforms promise that a day costs at most twice its budget; what is beyond that was not commanded by anyone.
pub const DAY_MOST: i64 = 2;
/// Delivery is looked at over so many days …
const WINDOW: usize = 7;
/// … once there are so many of them.
const WINDOW_LEAST: usize = 3;
/// A platform that delivers less than this part of what it was told is worth a look.
const UNDER: f64 = 0.5;
/// So is one that delivers more than it was told by this part.
const OVER: f64 = 0.2;
/// Restated exposures are worth a look when their sum changed by this part.
const RESTATED: f64 = 0.02;
/// Figures are usually there so long after their day.
const FRESH_US: i64 = 36 * 3_600_000_000;
/// Level of the interval of day noise that is shown.
const LEVEL: f64 = 0.95;
/// Level at which day noise is said to be more than the tests allow for.
const BEYOND_DOUBT: f64 = 0.999;

/// One data-quality check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// Its name.
    pub name: &'static str,
    /// Whether it passed.
    pub passed: bool,
    /// What it saw.
    pub sentence: String,
    /// What comes of it when it fails.
    pub consequence: Consequence,
}

impl Check {
    /// Whether it keeps this look from deciding anything.
    #[must_use]
    pub fn stops(&self) -> bool {
        !self.passed && self.consequence == Consequence::Stops
    }

    fn warns(check: gevinst_stats::quality::Check) -> Self {
        Self {
            name: check.name,
            passed: check.passed,
            sentence: check.sentence,
            consequence: Consequence::Warns,
        }
    }

    /// Several sentences of one check, those that failed alone where any did.
    fn of(name: &'static str, consequence: Consequence, bad: &[String], fine: &str) -> Self {
        let sentence = if bad.is_empty() { fine.to_owned() } else { bad.join(" ") };
        Self { name, passed: bad.is_empty(), sentence, consequence }
    }
}

/// The checks that stop.
///
/// # Errors
/// When the statistics refuse a number of the book.
pub fn stopping(
    plan: &Plan,
    book: &Book,
    moment: Moment,
    before: &Standing,
) -> Result<Vec<Check>, StatsError> {
    let mut checks =
        vec![reported(plan, book, moment, before), counted(plan, book, moment), backed(plan, book, moment)];
    checks.extend(obeyed(plan, book, moment));
    checks.extend(split(plan, book, moment)?);
    Ok(checks)
}

/// Whatever ran in the newest period must have been reported, were it as nothing.
fn reported(plan: &Plan, book: &Book, moment: Moment, before: &Standing) -> Check {
    let newest = moment.periods.checked_sub(1);
    let missing = newest.map_or(Vec::new(), |period| {
        let running = |arm: usize| before.status[arm].is_alive() && plan.arms[arm].joins <= period;
        (0..plan.arms.len())
            .filter(|&arm| running(arm) && book.cell(period, arm).exposure.is_none())
            .map(|arm| named(plan, arm, period))
            .collect()
    });
    listed("reported", &missing, "every running arm was reported", "no figures for a running arm")
}

/// Whoever counts the goals must have said how many, were it none.
fn counted(plan: &Plan, book: &Book, moment: Moment) -> Check {
    let bad = cells_of(plan, book, moment, |cell| cell.goals_missing);
    let goal = match plan.history_metrics() {
        Some((before, product)) => format!("{}`, `{before}` or `{product}", plan.goal_metric()),
        None => plan.goal_metric().to_owned(),
    };
    let wrong = match &plan.experiment.goal.source {
        Some(source) => format!("channel `{source}` reports no `{goal}`, not even zero, for"),
        None => format!("the arm's channel reports no `{goal}`, not even zero, for"),
    };
    listed("counted", &bad, "the goals of every exposure were reported", &wrong)
}

/// Cells that cannot be what they claim, by what the goal's statistics say of each; they take no part in these.
pub fn possible(
    plan: &Plan,
    book: &Book,
    moment: Moment,
    why: impl Fn(&Cell) -> Option<&'static str>,
) -> Check {
    let mut bad = Vec::new();
    for arm in 0..plan.arms.len() {
        for period in plan.arms[arm].joins.min(moment.periods)..moment.periods {
            if let Some(why) = why(book.cell(period, arm)) {
                bad.push(format!("{} ({why})", named(plan, arm, period)));
            }
        }
    }
    listed("possible", &bad, "the figures can be what they claim", "figures that cannot be")
}

fn backed(plan: &Plan, book: &Book, moment: Moment) -> Check {
    let none = |cell: &Cell| cell.goals > 0 && cell.exposure.is_none_or(|exposure| exposure <= 0.0);
    let bad = cells_of(plan, book, moment, none);
    listed("backed", &bad, "all goals belong to an exposure", "goals without any exposure")
}

/// The cells, by arm and day, of which `is_bad` holds; those before an arm joined are left out.
fn cells_of(plan: &Plan, book: &Book, moment: Moment, is_bad: impl Fn(&Cell) -> bool) -> Vec<String> {
    let mut bad = Vec::new();
    for arm in 0..plan.arms.len() {
        let periods = plan.arms[arm].joins.min(moment.periods)..moment.periods;
        bad.extend(
            periods.filter(|&period| is_bad(book.cell(period, arm))).map(|period| named(plan, arm, period)),
        );
    }
    bad
}

fn named(plan: &Plan, arm: usize, period: usize) -> String {
    format!("`{}` on day {}", plan.arms[arm].name, period + 1)
}

fn listed(name: &'static str, bad: &[String], fine: &str, wrong: &str) -> Check {
    let wrong = if bad.is_empty() { Vec::new() } else { vec![format!("{wrong}: {}", bad.join(", "))] };
    Check::of(name, Consequence::Stops, &wrong, fine)
}

/// What an arm used in a period, in the budget's unit.
fn used(plan: &Plan, cell: &Cell) -> f64 {
    match plan.unit {
        Unit::Money(_) => signed(cell.spend_minor),
        Unit::Exposure => cell.exposure.unwrap_or(0.0),
    }
}

/// Minor units in one of those that sentences speak of.
fn scale(plan: &Plan) -> f64 {
    match &plan.experiment.budget {
        Budget::Money { total, .. } => signed(total.currency().minor_per_major()),
        Budget::Exposure { .. } => 1.0,
    }
}

/// A platform obeys while no arm has used more than a day's budget beyond twice what was in force each day. `None` where nothing is known
/// of what was commanded.
fn obeyed(plan: &Plan, book: &Book, moment: Moment) -> Option<Check> {
    let mut known = false;
    let mut bad = Vec::new();
    for (index, arm) in plan.arms.iter().enumerate() {
        let (mut beyond, mut largest) = (0.0, 0.0_f64);
        for period in 0..moment.periods {
            let cell = book.cell(period, index);
            let Some(commanded) = cell.commanded else { continue };
            known = true;
            largest = largest.max(signed(commanded.most));
            beyond += (used(plan, cell) - signed(DAY_MOST * commanded.most)).max(0.0);
        }
        if beyond > largest {
            let scale = scale(plan);
            bad.push(format!(
                "arm `{}` used {:.0} beyond twice its daily budgets, the largest of which was {:.0}: the platform does not obey; \
                 look at the budget there.",
                arm.name,
                beyond / scale,
                largest / scale
            ));
        }
    }
    known.then(|| Check::of("commands-obeyed", Consequence::Stops, &bad, "no arm ran away with its budget"))
}

/// Where people were assigned at random and budgets count people, they must come in the commanded shares.
///
/// A period counts once every arm that was commanded in it has people in it and in the period after: a list that has run out is a short
/// day, and no wrong split.
fn split(plan: &Plan, book: &Book, moment: Moment) -> Result<Option<Check>, StatsError> {
    let people = plan.experiment.separation == Separation::Randomised
        && plan.experiment.goal.per == Exposure::Recipients
        && plan.unit == Unit::Exposure;
    if !people || plan.arms.len() < 2 {
        return Ok(None);
    }
    let came = |period: usize, arm: usize| {
        let cell = book.cell(period, arm);
        let asked = cell.commanded.is_some_and(|commanded| commanded.most > 0);
        !asked || cell.exposure.is_some_and(|exposure| exposure > 0.0)
    };
    let mut rows: Vec<Vec<SplitCell>> = Vec::new();
    for period in 0..moment.periods.saturating_sub(1) {
        let counts = |arm: usize| came(period, arm) && came(period + 1, arm);
        if !(0..plan.arms.len()).all(counts) {
            continue;
        }
        let row: Option<Vec<SplitCell>> = (0..plan.arms.len())
            .map(|arm| {
                let cell = book.cell(period, arm);
                let (share_least, share_most) = cell.commanded?.share?;
                Some(SplitCell { people: whole(cell.exposure.unwrap_or(0.0)), share_least, share_most })
            })
            .collect();
        rows.extend(row);
    }
    let check = split_check(ln_e_moving_split(&rows)?, ALPHA);
    Ok(Some(Check {
        name: check.name,
        passed: check.passed,
        sentence: check.sentence,
        consequence: Consequence::Stops,
    }))
}

/// The checks that warn and are read off the book: for looks that are recorded.
///
/// # Errors
/// When the statistics refuse a number of the book.
pub fn warning(plan: &Plan, book: &Book, moment: Moment) -> Result<Vec<Check>, StatsError> {
    let mut checks = vec![gaps(plan, book, moment)];
    checks.extend(delivered(plan, book, moment));
    checks.extend(noise(plan, book, moment)?);
    checks.extend(values(plan, book, moment)?);
    Ok(checks)
}

/// Earlier periods in which an arm had a budget and no row: the statistics leave them out.
fn gaps(plan: &Plan, book: &Book, moment: Moment) -> Check {
    let mut bad = Vec::new();
    for (index, arm) in plan.arms.iter().enumerate() {
        let asked = |period: &usize| {
            book.cell(*period, index).commanded.is_some_and(|commanded| commanded.mean > 0.0)
        };
        let start = |period: usize| plan.periods[period].start_us;
        let expected: Vec<usize> = (0..moment.periods.saturating_sub(1)).filter(asked).collect();
        let there = expected.iter().filter(|&&period| book.cell(period, index).exposure.is_some());
        let there: Vec<i64> = there.map(|&period| start(period)).collect();
        let expected: Vec<i64> = expected.into_iter().map(start).collect();
        let check = missing_check(&arm.name, &expected, &there, 0);
        if !check.passed {
            bad.push(check.sentence);
        }
    }
    Check::of("missing-periods", Consequence::Warns, &bad, "no earlier day is missing")
}

/// What platforms delivered of what they were told, over the newest week.
fn delivered(plan: &Plan, book: &Book, moment: Moment) -> Option<Check> {
    let scale = scale(plan);
    let (mut bad, mut known) = (Vec::new(), false);
    for (index, arm) in plan.arms.iter().enumerate() {
        let days: Vec<&Cell> = (moment.periods.saturating_sub(WINDOW)..moment.periods)
            .map(|period| book.cell(period, index))
            .filter(|cell| cell.commanded.is_some_and(|commanded| commanded.mean > 0.0))
            .collect();
        if days.len() < WINDOW_LEAST {
            continue;
        }
        known = true;
        let ordered = Ordered {
            arm: &arm.name,
            commanded: days.iter().filter_map(|cell| cell.commanded).map(|c| c.mean).sum::<f64>() / scale,
            actual: days.iter().map(|cell| used(plan, cell)).sum::<f64>() / scale,
        };
        let check = exposure_check(&ordered, UNDER, OVER);
        if !check.passed {
            bad.push(check.sentence);
        }
    }
    known.then(|| Check::of("delivery", Consequence::Warns, &bad, "platforms deliver what they are told"))
}

/// How far single days scatter beyond chance.
fn noise(plan: &Plan, book: &Book, moment: Moment) -> Result<Option<Check>, StatsError> {
    let table = book.table(moment.periods)?;
    let Some(noise) = day_noise(&table, LEVEL)? else { return Ok(None) };
    // Each arm's own factor has half of a pair's variance. Over many looks only what is far beyond doubt is told.
    let most = 0.5 * plan.dispersion.variances().last().copied().unwrap_or(0.0);
    let doubtless = if noise.lower > most { day_noise(&table, BEYOND_DOUBT)? } else { None };
    let mut check = Check::warns(day_noise_check(doubtless.as_ref().unwrap_or(&noise), most));
    check.passed |= doubtless.is_none();
    let percent = |variance: f64| (variance.sqrt() * 100.0).round();
    let upper = noise.upper.map_or("no upper bound yet".to_owned(), |upper| format!("{} %", percent(upper)));
    check.sentence.push_str(&format!(
        " With 95 % confidence it lies between {} % and {upper}, by {} days.",
        percent(noise.lower),
        noise.periods
    ));
    Ok(Some(check))
}

/// Whether one value outweighs the others, where goals have values.
fn values(plan: &Plan, book: &Book, moment: Moment) -> Result<Option<Check>, StatsError> {
    if plan.arms.len() < 2 {
        return Ok(None);
    }
    let cells: Vec<ValueCell> = (0..moment.periods)
        .flat_map(|period| (0..plan.arms.len()).map(move |arm| book.cell(period, arm)))
        .map(|cell| ValueCell { n: cell.goals, sum: cell.value, sum_sq: cell.value_sq })
        .collect();
    // A goal without a value of its own counts 1.
    let valued = cells.iter().any(|cell| cell.sum != number(cell.n) || cell.sum_sq != number(cell.n));
    // Totals that no values have are another check's matter.
    let Some(table) = ValueTable::new(plan.arms.len(), cells).ok().filter(|_| valued) else {
        return Ok(None);
    };
    Ok(Some(Check::warns(dominated_cells_check(&table, DOMINATED_Z))))
}

/// What was restated since the last look, of the periods that it saw: exposures either way, and goals that were taken back.
#[must_use]
pub fn restated(plan: &Plan, was: &Book, is: &Book, periods: usize) -> Check {
    let cells = || (0..periods).flat_map(|period| (0..plan.arms.len()).map(move |arm| (period, arm)));
    let exposures: Vec<Restatement> = cells()
        .filter_map(|(period, arm)| {
            let (was, is) = (was.cell(period, arm), is.cell(period, arm));
            was.exposure.map(|_| Restatement { was: used(plan, was), is: used(plan, is) })
        })
        .map(|one| Restatement { was: one.was / scale(plan), is: one.is / scale(plan) })
        .collect();
    let what = match plan.unit {
        Unit::Money(_) => "spend",
        Unit::Exposure => plan.exposure_metric(),
    };
    let mut check = Check::warns(restatement_check(what, &Restatements::of(&exposures), RESTATED));
    let mut goals = (0, 0_u64, 0_u64);
    for (period, arm) in cells() {
        let (was, is) = (was.cell(period, arm).goals, is.cell(period, arm).goals);
        // More goals are late ones, which every look expects.
        if is < was {
            goals = (goals.0 + 1, goals.1 + was, goals.2 + is);
        }
    }
    if goals.0 > 0 {
        check.sentence.push_str(&format!(
            " Goals of {} of these were taken back, from {} to {} in all.",
            goals.0, goals.1, goals.2
        ));
    }
    check
}

/// Whether the channels report as soon as they usually do.
#[must_use]
pub fn fresh(plan: &Plan, periods: usize, now_us: i64) -> Check {
    let until_us = periods.checked_sub(1).map_or(plan.start_us(), |last| plan.periods[last].end_us);
    // After the month nothing newer is to come.
    Check::warns(stale_check(until_us, now_us.min(plan.end_us()), FRESH_US))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "people, whole and from 0")]
fn whole(value: f64) -> u64 {
    value.max(0.0).round() as u64
}

#[expect(clippy::cast_precision_loss, reason = "amounts and counts are far below 2^53")]
fn signed(value: i64) -> f64 {
    value as f64
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
fn number(value: u64) -> f64 {
    value as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::book::Commanded;
    use gevinst_experiment::{Source, parse_company, parse_experiment};

    fn plan(goal: &str, budget: &str) -> Plan {
        let company = "currency = \"NOK\"\ntimezone = \"Europe/Oslo\"\n[month]\nbudget = \"90 000 NOK\"\n[channels.m]\nplugin = \"m\"\n";
        let text = format!(
            "name = \"x\"\nmonth = \"2026-11\"\nseparation = \"randomised\"\ngoal = {goal}\nbudget = {budget}\n\
             [[arm]]\nname = \"a\"\nchannel = \"m\"\ncontrol = true\n[[arm]]\nname = \"b\"\nchannel = \"m\"\n\
             [delay]\ncomplete_after = \"2 days\"\n"
        );
        let company = parse_company(&Source::new("gevinst.toml", company)).unwrap().value;
        let experiment = parse_experiment(&Source::new("x.toml", &text), &company).unwrap().value;
        Plan::new(&company, &experiment, None).unwrap()
    }

    fn list() -> Plan {
        plan(
            r#"{ metric = "visit", per = "recipients" }"#,
            r#"{ total_exposure = 60_000, daily_exposure = 2_000 }"#,
        )
    }

    fn paid() -> Plan {
        plan(r#"{ metric = "lead", per = "spend" }"#, r#"{ total = "30 000 NOK", daily_max = "1 000 NOK" }"#)
    }

    /// A book in which each arm was commanded `daily` and used `used(period, arm)`, in the budget's unit.
    fn book(plan: &Plan, daily: i64, used: impl Fn(usize, usize) -> i64) -> Book {
        let mut book = Book::new(plan.periods.len(), 2);
        for period in 0..plan.periods.len() {
            for arm in 0..2 {
                let cell = book.cell_mut(period, arm);
                let used = used(period, arm);
                cell.commanded =
                    Some(Commanded { most: daily, mean: signed(daily), share: Some((0.5, 0.5)) });
                cell.exposure = (used >= 0).then(|| signed(used));
                cell.spend_minor = if plan.unit == Unit::Exposure { 0 } else { used.max(0) };
                if used > 0 {
                    cell.goals = 3;
                    (cell.value, cell.value_sq) = (3.0, 3.0);
                }
            }
        }
        book
    }

    fn moment(periods: usize) -> Moment {
        Moment { periods, month_over: false, closing: false }
    }

    fn failed(checks: &[Check]) -> Vec<&'static str> {
        checks.iter().filter(|check| !check.passed).map(|check| check.name).collect()
    }

    fn stops(plan: &Plan, book: &Book, periods: usize) -> Vec<&'static str> {
        failed(&stopping(plan, book, moment(periods), &Standing::new(plan)).unwrap())
    }

    fn warns(plan: &Plan, book: &Book, periods: usize) -> Vec<&'static str> {
        let checks = warning(plan, book, moment(periods)).unwrap();
        assert!(checks.iter().all(|check| !check.stops()), "{checks:?}");
        failed(&checks)
    }

    #[test]
    fn the_pace_of_a_platform_warns_and_a_runaway_stops() {
        // Protects decisions from platforms that never hit a budget, and money from one that ignores it.
        let plan = paid();
        let pace = |factor: f64, arm: f64| {
            book(&plan, 50_000, |day, a| {
                let swing = if day % 2 == 0 { 1.4 } else { 0.6 };
                let of_arm = if a == 1 { arm } else { 1.0 };
                whole(50_000.0 * factor * swing * of_arm).try_into().unwrap()
            })
        };
        for periods in [0, 1, 2, 3, 15, 30] {
            assert!(stops(&plan, &pace(1.0, 1.0), periods).is_empty());
            assert!(warns(&plan, &pace(1.0, 1.0), periods).is_empty());
            // Twice the budget every day is what platforms allow themselves; a sum over a week is not.
            assert!(stops(&plan, &pace(1.4, 1.0), periods).is_empty());
            assert!(stops(&plan, &pace(0.1, 1.0), periods).is_empty());
        }
        assert_eq!(warns(&plan, &pace(1.4, 1.0), 10), ["delivery"]);
        assert_eq!(warns(&plan, &pace(1.0, 0.3), 10), ["delivery"]);
        assert_eq!(stops(&plan, &pace(1.0, 5.0), 10), ["commands-obeyed"]);
        // An arm that rests and goes on spending: late bills of less than a day are forgiven, more is not.
        let mut rests = book(&plan, 50_000, |_, _| 50_000);
        for (period, late) in [(10, 20_000), (11, 5_000), (12, 50_000)] {
            let cell = rests.cell_mut(period, 1);
            cell.commanded = Some(Commanded::default());
            (cell.spend_minor, cell.exposure) = (late, Some(signed(late)));
        }
        assert!(stops(&plan, &rests, 12).is_empty());
        assert_eq!(stops(&plan, &rests, 13), ["commands-obeyed"]);
    }

    #[test]
    fn people_who_were_not_split_as_commanded_stop_and_a_list_that_ran_out_does_not() {
        // Protects against a list whose second half lost its addresses; and months from ending when a list does.
        let plan = list();
        let honest =
            book(&plan, 1_000, |day, arm| 1_000 + i64::try_from((day * 7 + arm * 5) % 40).unwrap() - 20);
        assert!(stops(&plan, &honest, 30).is_empty());
        let lost = book(&plan, 1_000, |_, arm| if arm == 0 { 1_000 } else { 880 });
        assert!(stops(&plan, &lost, 2).is_empty(), "one day is no proof");
        assert_eq!(stops(&plan, &lost, 12), ["sample-ratio"]);
        let ran_out = book(&plan, 1_000, |day, arm| match (arm, day) {
            (1, 20) => 300,
            (1, 21..) => 0,
            _ => 1_000,
        });
        for periods in [20, 21, 22, 30] {
            assert!(stops(&plan, &ran_out, periods).is_empty(), "{periods}");
        }
        // Money buys people at prices that nobody commands.
        assert!(
            stops(&paid(), &book(&paid(), 50_000, |_, arm| if arm == 0 { 50_000 } else { 40_000 }), 30)
                .is_empty()
        );
    }

    #[test]
    fn what_is_missing_now_stops_and_what_was_missing_warns() {
        // Protects looks from a feed that broke, and months from one day that nobody can get any more.
        let plan = paid();
        let gap = book(&plan, 50_000, |day, arm| if (day, arm) == (5, 1) { -1 } else { 50_000 });
        assert_eq!(stops(&plan, &gap, 6), ["reported"]);
        assert!(stops(&plan, &gap, 7).is_empty());
        assert_eq!(warns(&plan, &gap, 7), ["missing-periods"]);
        let late = fresh(&plan, 3, plan.periods[6].end_us);
        assert!(!late.passed && late.consequence == Consequence::Warns, "{late:?}");
        assert!(fresh(&plan, 3, plan.periods[3].end_us).passed);
        assert!(fresh(&plan, 30, plan.close_at_us + 1).passed, "after the month nothing newer is to come");
    }

    #[test]
    fn restated_exposures_are_told_and_late_goals_are_none() {
        // Protects the condition of the likelihood: exposures settle before goals are counted.
        let plan = paid();
        let was = book(&plan, 50_000, |_, _| 50_000);
        let mut is = was.clone();
        is.cell_mut(2, 0).goals += 4;
        is.cell_mut(9, 0).spend_minor = 1;
        assert!(
            restated(&plan, &was, &is, 5).passed,
            "more goals are late ones, and day 10 was not seen before"
        );
        is.cell_mut(2, 1).spend_minor = 20_000;
        is.cell_mut(3, 1).goals = 1;
        let check = restated(&plan, &was, &is, 5);
        assert_eq!((check.passed, check.consequence), (false, Consequence::Warns));
        assert!(check.sentence.contains("from 5 000 to 4 700 in all"), "{}", check.sentence);
        assert!(check.sentence.contains("from 3 to 1 in all"), "{}", check.sentence);
    }

    #[test]
    fn one_order_that_outweighs_all_others_is_told() {
        // Protects averages of values from a test order of a million.
        let plan = list();
        let mut book = book(&plan, 1_000, |_, _| 1_000);
        assert!(
            warning(&plan, &book, moment(20)).unwrap().iter().all(|check| check.name != "dominated-periods")
        );
        for period in 0..20 {
            for arm in 0..2 {
                let cell = book.cell_mut(period, arm);
                let each = 100.0 + signed(i64::try_from((period * 3 + arm) % 7).unwrap());
                (cell.value, cell.value_sq) = (3.0 * each, 3.0 * each * each);
            }
        }
        assert!(warns(&plan, &book, 20).is_empty());
        (book.cell_mut(4, 0).value, book.cell_mut(4, 0).value_sq) = (1_000_200.0, 1e12 + 2e4);
        assert_eq!(warns(&plan, &book, 20), ["dominated-periods"]);
    }
}
