//! The edges of what a month can be, and what must not change whatever the month was: no NaN, no panic, no false certainty.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use gevinst_stats::judgement::{Judgement, Settings, judge};
use gevinst_stats::likelihood::PairCell;
use gevinst_stats::pair::{Levels, evidence};
use gevinst_stats::prior::{DispersionPrior, NormalPrior};
use gevinst_stats::table::{Cell, CountTable};
use proptest::prelude::*;

type Row = Vec<(f64, u64)>;

fn table(rows: &[Row]) -> CountTable {
    let mut table = CountTable::new(rows[0].len()).unwrap();
    for row in rows {
        let cells: Vec<_> = row.iter().map(|&(exposure, count)| Some(Cell { exposure, count })).collect();
        table.push_period(&cells).unwrap();
    }
    table
}

fn look(rows: &[Row], dispersion: DispersionPrior) -> Judgement {
    judge(&table(rows), &Settings { dispersion, ..Settings::default() }).unwrap()
}

/// Every figure is a number in its range.
fn assert_sound(look: &Judgement, context: &str) {
    for arm in &look.arms {
        assert!((0.0..=1.0).contains(&arm.p_best), "{context}: {arm:?}");
        assert!(arm.expected_loss.is_finite() && arm.expected_loss > -1e-9, "{context}: {arm:?}");
        assert!(arm.ln_e_drop.is_finite(), "{context}: {arm:?}");
    }
    let sum: f64 = look.arms.iter().map(|arm| arm.p_best).sum();
    assert!((sum - 1.0).abs() < 1e-9, "{context}: the chances sum to {sum}");
    for pair in &look.pairs {
        assert!(pair.ln_e_a_beats_b.is_finite() && pair.ln_e_b_beats_a.is_finite(), "{context}: {pair:?}");
        assert!((0.0..=1.0).contains(&pair.p_a_beats_b), "{context}: {pair:?}");
        assert!(pair.mean.is_finite() && pair.sd >= 0.0 && pair.sd.is_finite(), "{context}: {pair:?}");
        let bounds = pair.confidence.unwrap();
        for bound in [bounds.lower, bounds.upper].into_iter().flatten() {
            assert!(bound >= 0.0 && bound.is_finite(), "{context}: {pair:?}");
        }
        if let (Some(lower), Some(upper)) = (bounds.lower, bounds.upper) {
            assert!(lower <= upper, "{context}: {pair:?}");
        }
        let posterior = pair.posterior.unwrap();
        let ordered = posterior.lower <= posterior.median && posterior.median <= posterior.upper;
        assert!(ordered && posterior.upper.is_finite(), "{context}: {pair:?}");
    }
}

#[test]
fn months_at_the_edges_give_sound_figures() {
    // Protects every report: an arm without goals, no goals at all, one enormous day, exposures a million apart, counts of a
    // billion, a single goal, no exposure at all; with day noise and without.
    let months: [(&str, Vec<Row>); 8] = [
        ("one arm without any goal", vec![vec![(10.0, 7), (10.0, 0), (10.0, 9)]; 20]),
        ("no goal at all", vec![vec![(10.0, 0); 4]; 30]),
        ("one goal", vec![vec![(10.0, 0), (10.0, 1), (10.0, 0)]]),
        ("no exposure at all", vec![vec![(0.0, 0); 3]; 5]),
        (
            "one enormous day",
            (0..30)
                .map(|day| if day == 11 { vec![(1e4, 40_000), (1e4, 20_000)] } else { vec![(1.0, 2); 2] })
                .collect(),
        ),
        ("exposures a million apart", vec![vec![(1e-3, 1), (1e3, 900_000), (1.0, 1_000)]; 10]),
        ("a billion goals", vec![vec![(1e9, 1_000_000_000), (1e9, 1_000_400_000), (1e3, 900)]; 6]),
        ("all goals on one side", vec![vec![(1.0, 3_000_000), (1.0, 0)]; 4]),
    ];
    for (name, rows) in &months {
        for dispersion in [DispersionPrior::default(), DispersionPrior::none()] {
            assert_sound(&look(rows, dispersion), name);
        }
    }
    let fifty: Vec<Row> = (0..12)
        .map(|day| {
            (0..50).map(|arm| (1.0 + f64::from(arm), u64::try_from((arm * 7 + day) % 11).unwrap())).collect()
        })
        .collect();
    assert_sound(&look(&fifty, DispersionPrior::default()), "fifty arms");
}

#[test]
fn an_arm_that_is_starved_on_good_days_is_not_crowned_nor_dropped() {
    // Protects against Simpson's paradox both ways: all three arms are equal, weekends bring a quarter of the goals, the second arm was
    // bought on weekdays alone but for a floor and the third on weekends alone but for a floor.
    let rows: Vec<Row> = (0..28)
        .map(|day| {
            let (exposures, goals): ([f64; 3], [u64; 3]) = if day % 7 >= 5 {
                ([450.0, 50.0, 500.0], [9, 1, 10])
            } else {
                ([450.0, 500.0, 50.0], [36, 40, 4])
            };
            exposures.into_iter().zip(goals).collect()
        })
        .collect();
    let look = look(&rows, DispersionPrior::default());
    let rate = |arm: usize| look.arms[arm].rate.unwrap();
    assert!(rate(1) > 1.5 * rate(2), "the pooled rates must differ for this test to say anything");
    for arm in &look.arms {
        assert!((0.2..0.5).contains(&arm.p_best), "{arm:?}");
        assert!(arm.ln_e_drop < 0.0, "{arm:?}");
    }
}

fn pair(cells: &[PairCell]) -> gevinst_stats::pair::PairEvidence {
    evidence(cells, &NormalPrior::default(), &DispersionPrior::default(), Levels::default()).unwrap()
}

fn periods() -> impl Strategy<Value = Vec<PairCell>> {
    let cell = (0u32..40, 0u32..40, -1.5..1.5f64);
    proptest::collection::vec(cell, 1..15).prop_map(|cells| {
        cells
            .into_iter()
            .map(|(a, b, ln_exposure_ratio)| PairCell { a: a.into(), b: b.into(), ln_exposure_ratio })
            .collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn equal_counts_prove_nothing_either_way(counts in proptest::collection::vec(0u32..200, 1..12)) {
        // Protects the null: arms with the same counts on the same exposures give E ≤ 1 in both directions.
        let cells: Vec<PairCell> = counts
            .iter()
            .map(|&n| PairCell { a: n.into(), b: n.into(), ln_exposure_ratio: 0.0 })
            .collect();
        let found = pair(&cells);
        prop_assert!(found.ln_e_a_beats_b <= 1e-7 && found.ln_e_b_beats_a <= 1e-7, "{found:?}");
        prop_assert!((found.p_a_beats_b - 0.5).abs() < 1e-6);
    }

    #[test]
    fn the_order_of_periods_is_of_no_consequence(cells in periods(), turn in 0usize..15) {
        // Protects replays: the evidence is a function of what the periods were, not of their order.
        let mut turned = cells.clone();
        turned.rotate_left(turn % cells.len());
        let (one, other) = (pair(&cells), pair(&turned));
        prop_assert!((one.ln_e_a_beats_b - other.ln_e_a_beats_b).abs() < 1e-9);
        prop_assert!((one.mean - other.mean).abs() < 1e-9 && (one.sd - other.sd).abs() < 1e-9);
    }

    #[test]
    fn swapping_the_arms_flips_the_sign_and_nothing_else(cells in periods()) {
        // Protects the roles: neither arm is favoured by standing first.
        let swapped: Vec<PairCell> = cells
            .iter()
            .map(|c| PairCell { a: c.b, b: c.a, ln_exposure_ratio: -c.ln_exposure_ratio })
            .collect();
        let (one, other) = (pair(&cells), pair(&swapped));
        prop_assert!((one.ln_e_a_beats_b - other.ln_e_b_beats_a).abs() < 1e-6, "{one:?} {other:?}");
        prop_assert!((one.ln_e_b_beats_a - other.ln_e_a_beats_b).abs() < 1e-6, "{one:?} {other:?}");
        prop_assert!((one.mean + other.mean).abs() < 1e-7 && (one.sd - other.sd).abs() < 1e-7);
        prop_assert!((one.p_a_beats_b + other.p_a_beats_b - 1.0).abs() < 1e-6);
    }

    #[test]
    fn a_factor_common_to_a_period_is_of_no_consequence(
        counts in proptest::collection::vec(0u64..25, 12), scale in -12.0..12.0f64, which in 0usize..4,
    ) {
        // Protects the conditioning: what a day did to all arms alike cancels, over twelve orders of magnitude.
        let rows: Vec<Row> = counts.chunks(3).map(|c| c.iter().map(|&n| (10.0, n)).collect()).collect();
        let mut scaled = rows.clone();
        for (exposure, _) in &mut scaled[which] {
            *exposure *= 10f64.powf(scale);
        }
        let (one, other) = (look(&rows, DispersionPrior::default()), look(&scaled, DispersionPrior::default()));
        for (x, y) in one.pairs.iter().zip(&other.pairs) {
            prop_assert!((x.ln_e_a_beats_b - y.ln_e_a_beats_b).abs() < 1e-8, "{x:?} {y:?}");
        }
    }
}
