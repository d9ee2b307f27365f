//! Proportions, values, quality and learning on experiments that others ran.
//!
//! The data are not part of the repository: the environment variable `GEVINST_DATA` names the folder that holds them. Without it each test
//! says that it was skipped.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "test helpers may panic, and say that they were skipped"
)]

use gevinst_stats::cuped::adjust;
use gevinst_stats::judgement::Guarantee;
use gevinst_stats::learn::{Closed, ClosedArm, ScalePrior, learn_scale};
use gevinst_stats::paired::{PairedCell, PairedTable};
use gevinst_stats::proportion::{self, PeopleTable};
use gevinst_stats::quality::outliers;
use gevinst_stats::value::{self, ValueCell, ValueTable};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_pcg::Pcg64Mcg;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Rows of a gzip CSV as maps from column to text; `None`, with a word about it, where the data are not there.
fn rows(file: &str) -> Option<Vec<BTreeMap<String, String>>> {
    let Some(folder) = std::env::var_os("GEVINST_DATA") else {
        println!("skipped: GEVINST_DATA does not name the folder of {file}");
        return None;
    };
    let raw = std::fs::File::open(PathBuf::from(folder).join(file)).unwrap();
    let mut reader = csv::Reader::from_reader(flate2::read::GzDecoder::new(raw));
    Some(reader.deserialize().map(|row| row.unwrap()).collect())
}

fn number(row: &BTreeMap<String, String>, column: &str) -> f64 {
    row[column].parse().unwrap()
}

const SEGMENTS: [&str; 3] = ["Mens E-Mail", "Womens E-Mail", "No E-Mail"];

/// (segment, visited, spend) of Hillstrom's customers.
fn hillstrom() -> Option<Vec<(usize, bool, f64)>> {
    let read = |row: &BTreeMap<String, String>| {
        let segment = SEGMENTS.iter().position(|s| *s == row["segment"]).unwrap();
        (segment, row["visit"] == "1", number(row, "spend"))
    };
    Some(rows("hillstrom.csv.gz")?.iter().map(read).collect())
}

/// The list in `days` cohorts, as (people, goals, values) per day and arm.
fn cohorts(list: &[(usize, bool, f64)], days: usize) -> (PeopleTable, ValueTable) {
    let (mut people, mut goals) = (vec![0; 3 * days], vec![0; 3 * days]);
    let mut cells = vec![ValueCell::default(); 3 * days];
    for (i, &(segment, visited, spend)) in list.iter().enumerate() {
        let cell = 3 * (i * days / list.len()) + segment;
        people[cell] += 1;
        goals[cell] += u64::from(visited);
        cells[cell].n += 1;
        cells[cell].sum += spend;
        cells[cell].sum_sq += spend * spend;
    }
    (PeopleTable::new(3, people, goals).unwrap(), ValueTable::new(3, cells).unwrap())
}

/// Protects the e-mail use on real data: known totals, all three arms told apart on visits, means and order on spend.
#[test]
fn hillstrom_is_told_apart() {
    let Some(mut list) = hillstrom() else { return };
    list.shuffle(&mut Pcg64Mcg::seed_from_u64(1));
    let (people, values) = cohorts(&list, 14);
    assert_eq!([0, 1, 2].map(|a| people.totals(a)), [(21_307, 3_894), (21_387, 3_238), (21_306, 2_262)]);
    let look = proportion::judge(&people, &proportion::Settings::default()).unwrap();
    assert_eq!(look.guarantee, Guarantee::Exact);
    assert!(look.arms[2].ln_e_drop > 100.0 && look.arms[1].ln_e_drop > 20.0 && look.arms[0].ln_e_drop < 0.0);
    // Stratified by an order that means nothing, the odds ratio stays that of the totals: 1.880.
    let bounds = look.pair(0, 2).confidence.unwrap();
    assert!(bounds.lower.unwrap() > 1.65 && bounds.upper.unwrap() < 2.15, "{bounds:?}");

    let spend = value::judge(&values, &value::Settings::default()).unwrap();
    let difference = &spend.pairs[1];
    assert!((difference.difference.unwrap() - 0.7698).abs() < 0.01, "{difference:?}");
    assert!(difference.lower.unwrap() > 0.0 && difference.ln_e_a_beats_b > 20.0_f64.ln());
    assert!(spend.look.arms[0].p_best > 0.95 && spend.look.arms[2].p_best < 0.001);
}

/// Protects against false proof on real, heavy-tailed data: with the segments dealt out at random no arm is ever proven better.
#[test]
fn shuffled_hillstrom_shows_nothing() {
    let Some(list) = hillstrom() else { return };
    let mut rng = Pcg64Mcg::seed_from_u64(2);
    let (runs, mut lists, mut spends) = (20, 0, 0);
    for _ in 0..runs {
        let mut segments: Vec<usize> = list.iter().map(|row| row.0).collect();
        segments.shuffle(&mut rng);
        let dealt: Vec<_> = list.iter().zip(&segments).map(|(row, &s)| (s, row.1, row.2)).collect();
        let threshold = 20.0_f64.ln();
        let (mut list_fired, mut spend_fired) = (false, false);
        for days in [4, 8, 14] {
            // The first days of the month as they would have been seen.
            let (people, values) = cohorts(&dealt[..dealt.len() * days / 14], days);
            let look = proportion::judge(&people, &proportion::Settings::default()).unwrap();
            list_fired |= look.arms.iter().any(|a| a.ln_e_drop >= threshold);
            let spend = value::judge(&values, &value::Settings::default()).unwrap();
            spend_fired |= spend.look.arms.iter().any(|a| a.ln_e_drop >= threshold);
        }
        lists += u32::from(list_fired);
        spends += u32::from(spend_fired);
    }
    // Any of three arms at α = 0.05: 3 of 20 at the very most on average, far fewer in truth.
    assert!(lists <= 3 && spends <= 3, "{lists} and {spends} of {runs}");
}

/// Protects the outlier check: the one player with 49,854 rounds is found, and nobody else; and the proportions of both gates.
#[test]
fn cookie_cats_has_one_outlier() {
    let Some(players) = rows("cookie_cats.csv.gz") else { return };
    let rounds: Vec<f64> = players.iter().map(|row| number(row, "sum_gamerounds")).collect();
    let found = outliers(&rounds, 3.5);
    assert_eq!(found.indices.iter().map(|&i| rounds[i]).collect::<Vec<_>>(), [49_854.0]);

    let (mut people, mut stayed) = (vec![0, 0], vec![0, 0]);
    for row in &players {
        let arm = usize::from(row["test_version"] == "gate_40");
        people[arm] += 1;
        stayed[arm] += u64::from(row["retention_7"] == "True");
    }
    assert_eq!(people, [44_700, 45_489]);
    let look =
        proportion::judge(&PeopleTable::new(2, people, stayed).unwrap(), &proportion::Settings::default())
            .unwrap();
    // 19.020 % against 18.200 %: p = .0016 at a fixed look, not proof at any time against a prior of 0.4.
    let pair = look.pair(0, 1);
    assert!((pair.posterior.unwrap().median - 1.0556).abs() < 0.003, "{pair:?}");
    assert!(pair.p_a_beats_b > 0.99 && pair.ln_e_a_beats_b < 20.0_f64.ln());
}

/// Protects the learned spread: within clean four-package Upworthy tests true log click rates spread by about 0.24.
#[test]
fn upworthy_spreads_by_a_quarter() {
    let Some(packages) = rows("upworthy.csv.gz") else { return };
    let mut tests: BTreeMap<&str, Vec<ClosedArm>> = BTreeMap::new();
    for row in packages.iter().filter(|row| row["randomisation_risk"] == "0") {
        let exposure = number(row, "impressions");
        let goals = row["clicks"].parse().unwrap();
        tests.entry(&row["clickability_test_id"]).or_default().push(ClosedArm::Counts { exposure, goals });
    }
    let clean: Vec<Closed> = tests
        .into_values()
        .filter(|arms| arms.len() == 4)
        .map(|arms| Closed { arms, control: None, noise_variance: 0.0 })
        .collect();
    assert!(clean.len() > 200);
    let learned = learn_scale(&clean, ScalePrior::default(), 0.95).unwrap();
    let (tau, upper) = (learned.mle.unwrap(), learned.upper.unwrap());
    println!("{} tests: spread {tau:.4}, {:.4} to {upper:.4}", clean.len(), learned.lower);
    assert!((tau - 0.24).abs() < 0.02 && learned.lower > 0.2 && upper < 0.28, "{learned:?}");
}

#[test]
fn history_explains_as_much_of_hillstroms_spend_as_a_regression_does() {
    // Protects the adjustment: the slope and the share of variance of an analysis of covariance with one slope and three
    // arms, worked out from the 64,000 rows by their definitions in another language, and the difference that follows.
    let Some(rows) = rows("hillstrom.csv.gz") else { return };
    let mut cells = vec![PairedCell::default(); 3];
    for row in &rows {
        let segment = SEGMENTS.iter().position(|s| *s == row["segment"]).unwrap();
        let (y, x) = (number(row, "spend"), number(row, "history"));
        let cell = &mut cells[segment];
        cell.n += 1;
        (cell.sum_y, cell.sum_x) = (cell.sum_y + y, cell.sum_x + x);
        (cell.sum_yy, cell.sum_xx, cell.sum_xy) =
            (cell.sum_yy + y * y, cell.sum_xx + x * x, cell.sum_xy + x * y);
    }
    let adjusted = adjust(&PairedTable::new(3, cells).unwrap(), None).unwrap();
    assert!((adjusted.theta - 0.001_271_596_027_65).abs() < 1e-13, "{}", adjusted.theta);
    assert!(
        (adjusted.variance_removed - 0.000_469_473_448_541).abs() < 1e-13,
        "{}",
        adjusted.variance_removed
    );
    let mean = |arm: usize| adjusted.table.cell(0, arm).mean().unwrap();
    assert!((mean(0) - mean(2) - 0.767_343_375_767).abs() < 1e-11, "{}", mean(0) - mean(2));
}
