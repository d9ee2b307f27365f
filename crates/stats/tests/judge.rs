//! A judge's looks as a whole: a function of the table, however the table came about.
#![expect(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    reason = "helpers of tests; all numbers are small"
)]

use gevinst_stats::decide::{Rules, Situation, Verdict, decide};
use gevinst_stats::judgement::{Detail, Guarantee, Judge, Judgement, Settings, judge};
use gevinst_stats::prior::DispersionPrior;
use gevinst_stats::table::{Cell, CountTable};
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_distr::{Distribution, Poisson};
use rand_pcg::Pcg64Mcg;

fn table(arms: usize, rows: &[Vec<(f64, u64)>]) -> CountTable {
    let mut table = CountTable::new(arms).unwrap();
    for row in rows {
        let cells: Vec<_> = row.iter().map(|&(exposure, count)| Some(Cell { exposure, count })).collect();
        table.push_period(&cells).unwrap();
    }
    table
}

/// The largest difference between two looks, on the scale of each figure.
fn difference(one: &Judgement, other: &Judgement) -> f64 {
    let mut worst = 0.0f64;
    let mut see = |x: f64, y: f64| worst = worst.max((x - y).abs() / x.abs().max(1.0));
    for (x, y) in one.arms.iter().zip(&other.arms) {
        see(x.p_best, y.p_best);
        see(x.expected_loss, y.expected_loss);
        see(x.ln_e_drop, y.ln_e_drop);
    }
    for (x, y) in one.pairs.iter().zip(&other.pairs) {
        see(x.ln_e_a_beats_b, y.ln_e_a_beats_b);
        see(x.ln_e_b_beats_a, y.ln_e_b_beats_a);
        see(x.p_a_beats_b, y.p_a_beats_b);
        for (x, y) in x.confidence.iter().zip(&y.confidence) {
            for (x, y) in x.lower.iter().zip(y.lower).chain(x.upper.iter().zip(y.upper)) {
                see(x.ln(), y.ln());
            }
        }
    }
    see(one.dispersion.mean, other.dispersion.mean);
    worst
}

#[test]
fn a_judge_that_remembers_equals_a_fresh_one() {
    // Protects replays: a look that was reached day by day, with late goals and restatements, is the look of its table.
    let mut rng = Pcg64Mcg::seed_from_u64(20_261_101);
    for rates in [[1.0, 1.0, 1.0], [1.0, 2.0, 0.5], [0.2, 0.2, 0.25], [30.0, 36.0, 25.0]] {
        let mut judge_on = Judge::new(Settings::default()).unwrap();
        let mut rows: Vec<Vec<(f64, u64)>> = Vec::new();
        for day in 0..30 {
            let exposures: [f64; 3] = std::array::from_fn(|_| rng.random_range(0.2..3.0));
            rows.push(exposures.iter().map(|&e| (e, 0)).collect());
            // Goals arrive over four days; now and then a day is restated, downwards too, or a cell goes missing.
            for back in 0..4.min(day + 1) {
                for arm in 0..3 {
                    let (exposure, count) = &mut rows[day - back][arm];
                    let mean: f64 = rates[arm] * *exposure;
                    let draws = (mean * 4.0).ceil() as u64;
                    *count +=
                        (0..draws).filter(|_| rng.random_bool(mean / 4.0 / draws as f64)).count() as u64;
                }
            }
            if day % 7 == 6 {
                let arm = rng.random_range(0..3);
                let (exposure, count) = &mut rows[day - 5][arm];
                *exposure *= 0.9;
                *count /= 2;
            }
            let table = table(3, &rows);
            let one = judge_on.look(&table).unwrap();
            let other = judge(&table, &Settings::default()).unwrap();
            let worst = difference(&one, &other);
            assert!(worst < 1e-10, "day {day}, rates {rates:?}: {worst}");
        }
    }
}

#[test]
fn a_look_for_decisions_decides_what_a_full_look_decides() {
    // Protects months played by the thousand: bounds in place of e-values, running tables in place of fresh ones, must not
    // change one verdict, chance or share.
    let rules = Rules { tie_within: 0.25, ..Rules::default() };
    let detail = Detail::Decisions { tie_within: 0.25, wrongly_drop_best: rules.wrongly_drop_best };
    let mut rng = Pcg64Mcg::seed_from_u64(7);
    let (mut drops, mut ties, mut bounded) = (0, 0, 0);
    for (arms, rates) in [
        (4, [2.0, 3.2, 2.1, 0.8]),
        (4, [20.0, 21.0, 34.0, 20.0]),
        (3, [200.0, 203.0, 90.0, 0.0]),
        (2, [6.0, 9.0, 0.0, 0.0]),
        (4, [0.1, 0.05, 0.1, 0.0]),
    ] {
        let mut swift = Judge::new(Settings { detail, ..Settings::default() }).unwrap();
        let mut alive = vec![true; arms];
        let mut rows: Vec<Vec<(f64, u64)>> = Vec::new();
        for day in 0..30 {
            let exposure = |arm: usize, rng: &mut Pcg64Mcg| {
                if alive[arm] { rng.random_range(0.5..2.0) } else { 0.0 }
            };
            rows.push((0..arms).map(|arm| (exposure(arm, &mut rng), 0)).collect());
            // Half of a day's goals come a day late; now and then some are taken back.
            for back in 0..2.min(day + 1) {
                for (arm, (exposure, count)) in rows[day - back].iter_mut().enumerate() {
                    let mean: f64 = 0.5 * rates[arm] * *exposure;
                    if mean > 0.0 {
                        let drawn: f64 = Poisson::new(mean).unwrap().sample(&mut rng);
                        *count += drawn as u64;
                    }
                }
            }
            if day % 9 == 8 {
                rows[day - 3][0].1 /= 2;
            }
            let table = table(arms, &rows);
            let one = swift.look(&table).unwrap();
            let other = judge(&table, &Settings::default()).unwrap();
            let decided = |judgement| {
                let (alive, month_end) = (&alive[..], day == 29);
                decide(&Situation { judgement, costs: &[], spend: &[], alive, month_end }, &rules).unwrap()
            };
            let (swiftly, fully) = (decided(&one), decided(&other));
            for (x, y) in swiftly.iter().zip(&fully) {
                match (x.verdict, y.verdict) {
                    (Verdict::Drop { beaten_by, ln_e }, Verdict::Drop { beaten_by: by, ln_e: e }) => {
                        drops += 1;
                        assert!(beaten_by == by && (ln_e - e).abs() < 1e-6, "day {day}: {x:?} {y:?}");
                    }
                    (Verdict::Tie { with, .. }, Verdict::Tie { with: other, .. }) => {
                        ties += 1;
                        assert_eq!(with, other, "day {day}");
                    }
                    (x, y) => assert_eq!(
                        std::mem::discriminant(&x),
                        std::mem::discriminant(&y),
                        "day {day}, rates {rates:?}: {x:?} {y:?}"
                    ),
                }
            }
            for (x, y) in one.arms.iter().zip(&other.arms) {
                assert!((x.p_best - y.p_best).abs() < 1e-8, "day {day}, {rates:?}: {x:?} {y:?}");
                assert!(x.ln_e_drop > y.ln_e_drop - 1e-6, "day {day}: a bound is below what it bounds");
                bounded += usize::from(x.ln_e_drop > y.ln_e_drop + 1e-3);
            }
            for (x, y) in one.pairs.iter().zip(&other.pairs) {
                assert!((x.mean - y.mean).abs() < 1e-7 && (x.sd / y.sd - 1.0).abs() < 1e-6, "{x:?} {y:?}");
            }
            for verdict in fully {
                alive[verdict.arm] &= !verdict.verdict.stops();
            }
        }
    }
    assert!(drops > 4 && ties > 0 && bounded > 100, "{drops} drops, {ties} ties, {bounded} bounds");
}

#[test]
fn a_starved_arm_under_weekend_seasonality_is_not_chosen() {
    // Protects against Simpson's paradox: an arm that got its exposure on good days alone must not look better for it.
    let mut rows = Vec::new();
    for day in 0..28 {
        let weekend = day % 7 >= 5;
        // Both arms are equal; weekdays bring four times the goals. The second arm was bought on weekdays only, bar a floor.
        let rate = if weekend { 0.01 } else { 0.04 };
        let exposures = if weekend { [950.0, 50.0] } else { [500.0, 500.0] };
        rows.push(exposures.iter().map(|e| (*e, (e * rate) as u64)).collect());
    }
    let look = judge(&table(2, &rows), &Settings::default()).unwrap();
    let (pooled_a, pooled_b) = (look.arms[0].rate.unwrap(), look.arms[1].rate.unwrap());
    assert!(pooled_b > 1.15 * pooled_a, "the pooled rates must differ for this test to say anything");
    assert!(look.arms.iter().all(|arm| arm.ln_e_drop < 0.0 && (0.4..0.6).contains(&arm.p_best)), "{look:?}");
}

#[test]
fn arms_that_join_leave_or_have_nothing_are_judged_all_the_same() {
    // Protects months as they are: an arm that joins on day 10, one that left, one without a goal, one without exposure.
    let mut table = CountTable::new(5).unwrap();
    for day in 0..20u64 {
        let cell = |count| Some(Cell { exposure: 100.0, count });
        let joined = if day >= 10 { cell(9) } else { None };
        let left = if day < 5 { cell(2) } else { Some(Cell { exposure: 0.0, count: 0 }) };
        table.push_period(&[cell(8 + day % 3), joined, left, cell(0), None]).unwrap();
    }
    let look = judge(&table, &Settings::default()).unwrap();
    assert!(look.arms[3].ln_e_drop > 20f64.ln(), "an arm without goals is dropped: {:?}", look.arms[3]);
    assert_eq!(look.arms[4].rate, None);
    // Nothing is known of the absent arm: against it and for it every E is 1, so its own average is 1.
    assert!(look.arms[4].ln_e_drop.abs() < 1e-6);
    assert!(
        look.arms
            .iter()
            .all(|arm| arm.p_best > 0.0 && arm.p_best.is_finite() && arm.expected_loss.is_finite())
    );
    let sum: f64 = look.arms.iter().map(|arm| arm.p_best).sum();
    assert!((sum - 1.0).abs() < 1e-12);
    assert_eq!(look.pair(3, 0), look.pair(0, 3));
}

#[test]
fn fifty_arms_empty_tables_and_one_enormous_day() {
    // Protects the edges: no NaN, no panic, with the most arms, no goal at all, and a day that dwarfs the rest.
    let fifty: Vec<Vec<(f64, u64)>> =
        (0..3).map(|day| (0..50).map(|arm| (10.0 + arm as f64, (arm + day) % 7)).collect()).collect();
    let look = judge(
        &table(50, &fifty),
        &Settings {
            detail: Detail::Decisions { tie_within: 0.1, wrongly_drop_best: 0.05 },
            ..Settings::default()
        },
    )
    .unwrap();
    assert_eq!(look.pairs.len(), 1225);
    assert!(look.arms.iter().all(|arm| arm.ln_e_drop.is_finite()));

    let empty = judge(&table(4, &vec![vec![(10.0, 0); 4]; 5]), &Settings::default()).unwrap();
    assert!(
        empty.arms.iter().all(|arm| arm.ln_e_drop.abs() < 1e-6 && (arm.p_best - 0.25).abs() < 0.01),
        "{empty:?}"
    );

    let enormous = [vec![(1.0, 3), (1.0, 4)], vec![(1e9, 1_000_000_000), (1.2e9, 1_300_000_000)]];
    let look = judge(&table(2, &enormous), &Settings::default()).unwrap();
    // A single day, however enormous, cannot tell a difference of 8 % from day noise.
    assert!(look.arms[0].ln_e_drop < 20f64.ln());
    let exact =
        judge(&table(2, &enormous), &Settings { dispersion: DispersionPrior::none(), ..Settings::default() });
    let exact = exact.unwrap();
    assert_eq!(exact.guarantee, Guarantee::Exact);
    assert!(exact.arms[0].ln_e_drop > 1e6 && exact.arms[0].p_best < 1e-9);

    let single = judge(&table(1, &[vec![(1.0, 2)]]), &Settings::default()).unwrap();
    assert_eq!((single.arms[0].p_best, single.arms[0].ln_e_drop), (1.0, 0.0));
}

#[test]
fn settings_outside_the_domain_are_refused() {
    // Protects the judge from a prior that would make every figure NaN.
    for prior_sd in [0.0, -1.0, f64::NAN] {
        assert!(Judge::new(Settings { prior_sd, ..Settings::default() }).is_err());
    }
    let centres = Settings { centres: vec![0.1, 0.2], ..Settings::default() };
    assert!(judge(&table(3, &[vec![(1.0, 1); 3]]), &centres).is_err());
    assert!(judge(&table(2, &[vec![(1.0, 1); 2]]), &centres).is_ok());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    #[test]
    fn scaling_a_period_and_the_order_of_arms_are_of_no_consequence(
        counts in proptest::collection::vec(0u64..30, 12), scale in 0.001..1000.0f64,
    ) {
        // Protects the conditioning: a factor common to all arms of a period, and the arms' order, change nothing.
        let rows: Vec<Vec<(f64, u64)>> =
            counts.chunks(3).map(|c| c.iter().enumerate().map(|(a, &n)| (10.0 + a as f64, n)).collect()).collect();
        let mut scaled = rows.clone();
        for (exposure, _) in &mut scaled[1] {
            *exposure *= scale;
        }
        let one = judge(&table(3, &rows), &Settings::default()).unwrap();
        let other = judge(&table(3, &scaled), &Settings::default()).unwrap();
        prop_assert!(one.pairs.iter().zip(&other.pairs).all(|(x, y)| (x.ln_e_a_beats_b - y.ln_e_a_beats_b).abs() < 1e-8));
        prop_assert!(one.arms.iter().zip(&other.arms).all(|(x, y)| (x.p_best - y.p_best).abs() < 1e-6));

        let turned: Vec<Vec<(f64, u64)>> = rows.iter().map(|row| row.iter().rev().copied().collect()).collect();
        let turned = judge(&table(3, &turned), &Settings::default()).unwrap();
        for (x, y) in one.arms.iter().zip(turned.arms.iter().rev()) {
            prop_assert!((x.ln_e_drop - y.ln_e_drop).abs() < 1e-5, "{} {}", x.ln_e_drop, y.ln_e_drop);
            prop_assert!((x.p_best - y.p_best).abs() < 1e-6, "{} {}", x.p_best, y.p_best);
            prop_assert!((x.expected_loss - y.expected_loss).abs() < 1e-6);
        }
    }
}
