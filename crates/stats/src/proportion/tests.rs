//! What must hold of the evidence whatever the table: symmetries, exact small cases, extremes, and validity on a small sample.

use super::*;
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;

fn pair(people: Vec<u64>, goals: Vec<u64>) -> Flat {
    let pair = judge_pair(&PeopleTable::new(2, people, goals).unwrap(), 0, 1, &Settings::default()).unwrap();
    let (confidence, posterior) = (pair.confidence.unwrap(), pair.posterior.unwrap());
    Flat {
        log_odds_ratio: posterior.median.ln(),
        credible: (posterior.lower.ln(), posterior.upper.ln()),
        lower: confidence.lower.map(f64::ln),
        upper: confidence.upper.map(f64::ln),
        ln_e_a_beats_b: pair.ln_e_a_beats_b,
        ln_e_b_beats_a: pair.ln_e_b_beats_a,
        p_a_beats_b: pair.p_a_beats_b,
        mean: pair.mean,
        sd: pair.sd,
    }
}

/// A pair's evidence on the log scale.
#[derive(Debug)]
struct Flat {
    log_odds_ratio: f64,
    credible: (f64, f64),
    lower: Option<f64>,
    upper: Option<f64>,
    ln_e_a_beats_b: f64,
    ln_e_b_beats_a: f64,
    p_a_beats_b: f64,
    mean: f64,
    sd: f64,
}

/// Protects the e-value itself: for tiny tables it is an average over all outcomes that must equal one under ψ = 0.
#[test]
fn e_values_average_to_one_over_all_outcomes() {
    let choose = |n: u64, k: u64| (0..k).fold(1.0, |c, i| c * (n - i) as f64 / (i + 1) as f64);
    for (n_a, n_b, s) in [(6, 9, 5), (3, 3, 3), (30, 11, 17)] {
        let (mut mean_a, mut mean_b) = (0.0, 0.0);
        for s_a in s.max(n_b) - n_b..=s.min(n_a) {
            let chance = choose(n_a, s_a) * choose(n_b, s - s_a) / choose(n_a + n_b, s);
            let pair = pair(vec![n_a, n_b], vec![s_a, s - s_a]);
            mean_a += chance * pair.ln_e_a_beats_b.exp();
            mean_b += chance * pair.ln_e_b_beats_a.exp();
        }
        assert!((mean_a - 1.0).abs() < 1e-8 && (mean_b - 1.0).abs() < 1e-8, "{mean_a} {mean_b}");
    }
}

/// People, goals, ln E(a beats b), ln E(b beats a), P(a beats b), bounds of the log odds ratio.
type Evidence = (Vec<u64>, Vec<u64>, f64, f64, f64, Option<f64>, Option<f64>);

/// Protects the whole reading against its definition, evaluated at 30 digits by `checks/proportion_evidence.py` (mpmath).
#[test]
fn evidence_matches_its_definition() {
    let cases: [Evidence; 4] = [
        (
            vec![500, 500],
            vec![60, 35],
            2.782_675_801_529_9,
            -1.967_044_617_362_4,
            0.991_420_136_726_42,
            Some(-0.067_846_042_620_347),
            Some(1.288_709_742_306_1),
        ),
        (
            vec![40, 60, 10, 30],
            vec![20, 22, 1, 9],
            0.018_020_984_843_37,
            -0.718_921_045_340_65,
            0.676_326_800_831_72,
            Some(-0.749_036_379_680_03),
            Some(1.195_294_645_465_9),
        ),
        (
            vec![30, 20],
            vec![0, 7],
            -0.997_828_393_466_66,
            1.654_685_759_986_3,
            0.065_834_219_983_729,
            None,
            Some(0.435_682_996_499_95),
        ),
        (
            vec![200, 300, 90, 20, 5, 400],
            vec![180, 240, 81, 17, 5, 350],
            3.786_137_389_640_7,
            -2.014_236_453_467_5,
            0.996_982_708_474_42,
            Some(0.007_502_134_465_629_8),
            Some(1.618_758_088_022_3),
        ),
    ];
    for (people, goals, e_a, e_b, p, lower, upper) in cases {
        let found = pair(people.clone(), goals);
        let close = |x: f64, y: f64| assert!((x - y).abs() < 2e-8, "{people:?}: {x} for {y}");
        close(found.ln_e_a_beats_b, e_a);
        close(found.ln_e_b_beats_a, e_b);
        close(found.p_a_beats_b, p);
        assert_eq!((found.lower.is_some(), found.upper.is_some()), (lower.is_some(), upper.is_some()));
        close(found.lower.unwrap_or(0.0), lower.unwrap_or(0.0));
        close(found.upper.unwrap_or(0.0), upper.unwrap_or(0.0));
    }
}

/// Protects against evidence from nothing: no goals, all goals, one arm without people, no period.
#[test]
fn empty_tables_say_nothing() {
    for (people, goals) in [
        (vec![], vec![]),
        (vec![100, 100], vec![0, 0]),
        (vec![5, 5], vec![5, 5]),
        (vec![0, 100], vec![0, 20]),
    ] {
        let pair = pair(people, goals);
        assert_eq!((pair.lower, pair.upper), (None, None));
        assert!(pair.ln_e_a_beats_b.abs() < 1e-9 && pair.ln_e_b_beats_a.abs() < 1e-9);
        assert!((pair.p_a_beats_b - 0.5).abs() < 1e-9 && pair.log_odds_ratio.abs() < 1e-7);
    }
}

/// Protects extremes: counts to 10⁹, sizes that differ by 10⁶, one arm without a goal, one enormous day: finite throughout.
#[test]
fn extremes_stay_finite() {
    let cases: [(Vec<u64>, Vec<u64>); 5] = [
        (vec![1_000_000_000, 1_000_000_000], vec![500_000_000, 499_900_000]),
        (vec![1_000_000_000, 1_000], vec![30_000_000, 45]),
        (vec![400, 400], vec![0, 120]),
        (vec![50, 50, 10_000_000, 10_000_000, 50, 50], vec![3, 9, 999_000, 1_000_900, 2, 8]),
        (vec![1_000_000, 1_000_000], vec![999_999, 1]),
    ];
    for (people, goals) in cases {
        let pair = pair(people.clone(), goals.clone());
        let numbers = [
            pair.log_odds_ratio,
            pair.credible.0,
            pair.credible.1,
            pair.ln_e_a_beats_b,
            pair.ln_e_b_beats_a,
            pair.p_a_beats_b,
            pair.mean,
            pair.sd,
        ];
        assert!(numbers.iter().all(|x| x.is_finite()), "{people:?} {goals:?}: {pair:?}");
        assert!(pair.lower.is_none_or(f64::is_finite) && pair.upper.is_none_or(f64::is_finite));
        assert!(pair.credible.0 <= pair.log_odds_ratio && pair.log_odds_ratio <= pair.credible.1);
    }
}

/// Protects the narrow case: with 10⁹ people an arm the sequence is centred on the sample's log odds ratio and as narrow as theory says.
#[test]
fn huge_counts_are_centred() {
    let pair = pair(vec![1_000_000_000, 1_000_000_000], vec![500_000_000, 499_900_000]);
    let odds = |s: f64, n: f64| (s / (n - s)).ln();
    let expected = odds(5e8, 1e9) - odds(4.999e8, 1e9);
    assert!((pair.log_odds_ratio - expected).abs() < 1e-8, "{} for {expected}", pair.log_odds_ratio);
    let half = 0.5 * (pair.upper.unwrap() - pair.lower.unwrap());
    // Mixture boundary: sqrt(2·ln(1/α) + ln(1 + τ²/se²)) standard errors (prior at zero mean, estimate near zero).
    // Half the people reach the goal: 1/se² = 1/(4/n + 4/n), which conditioning leaves as it is.
    let information: f64 = 1.0 / (4.0 / 1e9 + 4.0 / 1e9);
    let theory = ((2.0 * 20.0_f64.ln() + (1.0 + 0.16 * information).ln()) / information).sqrt();
    assert!((half / theory - 1.0).abs() < 1e-3, "{half} for {theory}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Protects the sanity cases: order of periods, swapped arms, and two-sided evidence that cannot both be large.
    #[test]
    fn symmetries_hold(cells in prop::collection::vec(((1u64..400, 1u64..400), (0.0..1.0f64, 0.0..1.0f64)), 1..6)) {
        let count = |n: u64, x: f64| (0..n).filter(|i| (*i as f64) < x * n as f64).count() as u64;
        let row = |&((n_a, n_b), (x, y)): &((u64, u64), (f64, f64))| ([n_a, n_b], [count(n_a, x), count(n_b, y)]);
        let rows: Vec<_> = cells.iter().map(row).collect();
        let build = |rows: &[([u64; 2], [u64; 2])], swap: bool| {
            let flat = |side: usize| rows.iter().flat_map(|r| {
                let cells = if side == 0 { r.0 } else { r.1 };
                if swap { [cells[1], cells[0]] } else { cells }
            }).collect::<Vec<_>>();
            pair(flat(0), flat(1))
        };
        let plain = build(&rows, false);
        let swapped = build(&rows, true);
        let reversed = build(&rows.iter().rev().copied().collect::<Vec<_>>(), false);
        let close = |x: f64, y: f64| (x - y).abs() <= 1e-6 * (1.0 + x.abs());
        prop_assert!(close(plain.ln_e_a_beats_b, reversed.ln_e_a_beats_b));
        prop_assert!(close(plain.log_odds_ratio, -swapped.log_odds_ratio));
        prop_assert!(close(plain.ln_e_a_beats_b, swapped.ln_e_b_beats_a));
        prop_assert!(close(plain.p_a_beats_b, 1.0 - swapped.p_a_beats_b));
        prop_assert_eq!(plain.lower.is_some(), swapped.upper.is_some());
        if let (Some(x), Some(y)) = (plain.lower, swapped.upper) {
            prop_assert!(close(x, -y));
        }
        prop_assert!(plain.ln_e_a_beats_b.min(plain.ln_e_b_beats_a) <= 1e-9);
    }
}

/// Protects validity where the runner lives: equal arms, common goals, read daily with moved splits; small sample of the release check.
#[test]
fn equal_arms_are_rarely_separated() {
    let mut rng = Pcg64Mcg::seed_from_u64(20_261_101);
    let (months, mut false_drops, mut uncovered) = (120, 0, 0);
    for _ in 0..months {
        let (mut people, mut goals) = (Vec::new(), Vec::new());
        let (mut dropped, mut missed) = (false, false);
        let mut share = 0.5;
        for day in 0..8 {
            let rate = [0.3, 0.5, 0.2, 0.1][day % 4];
            let n_a = if share > 0.5 { 140 } else { 60 };
            for n in [n_a, 200 - n_a] {
                people.push(n);
                goals.push((0..n).filter(|_| rng.random::<f64>() < rate).count() as u64);
            }
            let pair = pair(people.clone(), goals.clone());
            share = pair.p_a_beats_b;
            dropped |= pair.ln_e_a_beats_b.max(pair.ln_e_b_beats_a) >= 40.0_f64.ln();
            missed |= pair.lower.is_some_and(|x| x > 0.0) || pair.upper.is_some_and(|x| x < 0.0);
        }
        false_drops += u32::from(dropped);
        uncovered += u32::from(missed);
    }
    // 5 % of 120 is 6; two standard errors are 4.8.
    assert!(false_drops <= 10 && uncovered <= 10, "{false_drops} and {uncovered} of {months}");
}

/// Protects months played by the thousand: what is remembered changes nothing, whatever is restated, and what is left out is not worked
/// out differently.
#[test]
fn a_judge_that_remembers_finds_the_same() {
    let mut rng = Pcg64Mcg::seed_from_u64(20_261_103);
    let full = Settings::default();
    let brief = Settings { detail: Detail::Evidence, ..full };
    let (mut remembering, mut briefly) = (Judge::new(full).unwrap(), Judge::new(brief).unwrap());
    let mut cohorts: Vec<Vec<Reading>> = Vec::new();
    for day in 0..9_u64 {
        // The last arm is gone after the third day; on the sixth a day is corrected downwards.
        cohorts.push(vec![vec![(300, 0), (250, 0), (if day < 3 { 200 } else { 0 }, 0)]]);
        for readings in &mut cohorts {
            let mut now = readings[readings.len() - 1].clone();
            for (people, goals) in &mut now {
                *goals += (*goals..*people).filter(|_| rng.random::<f64>() < 0.05).count() as u64;
            }
            if day == 5 {
                now[0].1 /= 2;
            }
            readings.push(now);
        }
        let table = PeopleTable::of_readings(3, &cohorts).unwrap();
        let fresh = judge(&table, &full).unwrap();
        assert_eq!(remembering.look(&table).unwrap(), fresh, "day {day}");
        let brief = briefly.look(&table).unwrap();
        assert_eq!(brief.arms, fresh.arms, "day {day}");
        for (brief, full) in brief.pairs.iter().zip(&fresh.pairs) {
            assert_eq!(
                (brief.mean, brief.sd, brief.ln_e_a_beats_b),
                (full.mean, full.sd, full.ln_e_a_beats_b)
            );
            assert_eq!((brief.confidence, brief.posterior), (None, None));
        }
    }
}

/// Protects the whole look: a hold-out that loses is dropped by the rules, with the exact label.
#[test]
fn a_look_is_ready_to_decide_on() {
    let table = PeopleTable::new(3, vec![21_307, 21_387, 21_306], vec![3_894, 3_238, 2_262]).unwrap();
    let look = judge(&table, &Settings::default()).unwrap();
    let situation = crate::decide::Situation {
        judgement: &look,
        costs: &[],
        spend: &[],
        alive: &[true; 3],
        month_end: false,
    };
    let verdicts = crate::decide::decide(&situation, &crate::decide::Rules::default()).unwrap();
    assert!(matches!(verdicts[2].verdict, crate::decide::Verdict::Drop { beaten_by: 0, .. }), "{verdicts:?}");
    assert_eq!(verdicts[2].guarantee, Some(Guarantee::Exact));
    assert!(look.arms[0].p_best > 0.999 && (look.arms[0].rate.unwrap() - 0.18276).abs() < 1e-4);
}
