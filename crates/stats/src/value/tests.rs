//! What must hold of both methods for values: symmetry, seasonality, exact small cases, extremes, and coverage on a small sample.

use super::*;
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;

fn table(cells: &[ValueCell]) -> ValueTable {
    ValueTable::new(2, cells.to_vec()).unwrap()
}

fn cell(n: u64, mean: f64, sd: f64) -> ValueCell {
    let m = n as f64;
    ValueCell { n, sum: m * mean, sum_sq: (m - 1.0) * sd * sd + m * mean * mean }
}

/// Protects against weekday waves: an arm that is busy on rich days does not look better (Simpson's paradox).
#[test]
fn rich_days_do_not_favour_the_arm_that_was_busy() {
    // Both arms earn the same each day, 10 or 100 per person; arm 0 has its people on the rich days.
    let cells: Vec<ValueCell> = (0..20)
        .flat_map(|u| {
            if u % 2 == 0 {
                [cell(900, 100.0, 40.0), cell(100, 100.0, 40.0)]
            } else {
                [cell(100, 10.0, 5.0), cell(900, 10.0, 5.0)]
            }
        })
        .collect();
    let table = table(&cells);
    assert!(table.total(0).mean().unwrap() > 4.0 * table.total(1).mean().unwrap());
    let pair = judge_pair(&table, 0, 1, &Settings::default()).unwrap();
    assert!(pair.difference.unwrap().abs() < 1e-9 && (pair.ratio.unwrap() - 1.0).abs() < 1e-12);
    assert!(pair.ln_e_a_beats_b < 0.0 && pair.ln_e_b_beats_a < 0.0);
    let capped = CappedSettings { cap: 1000.0, expected_mean: 50.0, alpha: 0.05 };
    let pair = capped_pair(&table, 0, 1, &capped).unwrap();
    assert!(pair.lower.unwrap() < 0.0 && pair.upper.unwrap() > 0.0);
}

/// Protects the gate: a handful of buyers, one giant order, or nobody gives no bound and an e-value of 1.
#[test]
fn too_few_values_claim_nothing() {
    let giant = ValueCell { n: 5000, sum: 20_000.0, sum_sq: 1.9e8 };
    let usual = ValueCell { n: 5000, sum: 5000.0, sum_sq: 25_000.0 };
    for cells in
        [[giant, usual], [ValueCell::default(), usual], [ValueCell { n: 5000, sum: 0.0, sum_sq: 0.0 }, usual]]
    {
        let pair = judge_pair(&table(&cells), 0, 1, &Settings::default()).unwrap();
        assert_eq!((pair.lower, pair.upper, pair.ratio_lower, pair.ratio_upper), (None, None, None, None));
        assert_eq!((pair.ln_e_a_beats_b, pair.ln_e_b_beats_a), (0.0, 0.0));
    }
}

/// Protects exactness: over every outcome of small periods of zeros and ones, the mean e-value is at most one.
#[test]
fn capped_e_values_average_to_at_most_one() {
    let settings = CappedSettings { cap: 1.0, expected_mean: 0.3, alpha: 0.05 };
    let binomial = |n: u32, k: u32, p: f64| {
        let c = (0..k).fold(1.0, |c, i| c * f64::from(n - i) / f64::from(i + 1));
        c * p.powi(k as i32) * (1.0 - p).powi((n - k) as i32)
    };
    let ones = |n: u32, k: u32| ValueCell { n: n.into(), sum: k.into(), sum_sq: k.into() };
    // Two periods with differing rates and splits, equal arms within each.
    let periods = [(3, 5, 0.3), (6, 2, 0.7)];
    let (mut forward, mut backward) = (0.0, 0.0);
    for k in 0..4 * 6 * 7 * 3_u32 {
        let s = [k % 4, k / 4 % 6, k / 24 % 7, k / 168];
        let mut chance = 1.0;
        let mut cells = Vec::new();
        for (u, &(n_a, n_b, p)) in periods.iter().enumerate() {
            chance *= binomial(n_a, s[2 * u], p) * binomial(n_b, s[2 * u + 1], p);
            cells.extend([ones(n_a, s[2 * u]), ones(n_b, s[2 * u + 1])]);
        }
        let pair = capped_pair(&table(&cells), 0, 1, &settings).unwrap();
        forward += chance * pair.ln_e_a_beats_b.exp();
        backward += chance * pair.ln_e_b_beats_a.exp();
    }
    assert!(forward <= 1.0 && backward <= 1.0 && forward > 0.9, "{forward} {backward}");
}

/// Protects the ratio's duality with the difference: the ratio's sequence excludes 1 where the difference's excludes 0, nearly.
#[test]
fn ratio_and_difference_agree() {
    for mean in [10.5, 10.9, 11.3, 12.0, 14.0] {
        let table = table(&[
            cell(4000, mean, 20.0),
            cell(4000, 10.0, 20.0),
            cell(1000, mean, 20.0),
            cell(3000, 10.0, 20.0),
        ]);
        let pair = judge_pair(&table, 0, 1, &Settings::default()).unwrap();
        let lower = pair.lower.unwrap();
        let ratio = pair.ratio_lower.unwrap();
        assert!(lower.abs() < 0.05 || (lower > 0.0) == (ratio > 1.0), "{lower} {ratio}");
        assert!((pair.ratio.unwrap() - mean / 10.0).abs() < 1e-9);
        assert!(ratio < pair.ratio.unwrap() && pair.ratio_upper.unwrap() > pair.ratio.unwrap());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Protects symmetry under swapped arms and under a change of the unit, for both methods.
    #[test]
    fn symmetries_hold(values in prop::collection::vec(0.0..9.0f64, 40..200), unit in 0.01..1000.0f64, at in 20..80usize) {
        let cut = (values.len() * at) / 100;
        let cells = [ValueCell::of(&values[..cut]), ValueCell::of(&values[cut..])];
        let scale = |c: &ValueCell| ValueCell { n: c.n, sum: c.sum * unit, sum_sq: c.sum_sq * unit * unit };
        let close = |x: Option<f64>, y: Option<f64>| match (x, y) {
            (Some(x), Some(y)) => (x - y).abs() <= 1e-6 * (1.0 + x.abs()),
            (x, y) => x == y,
        };
        let capped = |cap: f64| CappedSettings { cap, expected_mean: 0.4 * cap, alpha: 0.05 };
        let judge = |cells: &[ValueCell], cap: f64| [
            judge_pair(&table(cells), 0, 1, &Settings::default()).unwrap(),
            capped_pair(&table(cells), 0, 1, &capped(cap)).unwrap(),
        ];
        let plain = judge(&cells, 9.0);
        let swapped = judge(&[cells[1], cells[0]], 9.0);
        let scaled = judge(&[scale(&cells[0]), scale(&cells[1])], 9.0 * unit);
        for method in 0..2 {
            let (p, s, u) = (plain[method], swapped[method], scaled[method]);
            prop_assert!(close(p.lower, s.upper.map(|x| -x)) && close(p.upper, s.lower.map(|x| -x)), "{p:?} {s:?}");
            prop_assert!(close(p.ratio_lower, s.ratio_upper.map(|x| 1.0 / x)), "{p:?} {s:?}");
            prop_assert!(close(Some(p.ln_e_a_beats_b), Some(s.ln_e_b_beats_a)));
            prop_assert!(close(p.lower, u.lower.map(|x| x / unit)), "{p:?} {u:?}");
            prop_assert!(close(p.ratio_upper, u.ratio_upper));
            prop_assert!(p.lower.is_none_or(|x| x <= p.difference.unwrap()));
            prop_assert!(p.ln_e_a_beats_b.min(p.ln_e_b_beats_a) < 1e-9);
        }
    }
}

/// Protects coverage at every look for revenue-like values (few buyers, long tail); small sample of `examples/validity_values.rs`.
#[test]
fn sequences_cover_at_every_look() {
    let mut rng = Pcg64Mcg::seed_from_u64(7);
    let (months, mut missed, mut missed_capped) = (100, 0, 0);
    for _ in 0..months {
        let mut cells = Vec::new();
        let (mut miss, mut miss_capped) = (false, false);
        for day in 0..14 {
            for n in [150, 250] {
                let day_level = 1.0 + (day % 7) as f64;
                let values: Vec<f64> = (0..n)
                    .map(|_| {
                        if rng.random::<f64>() < 0.05 {
                            day_level * (-rng.random::<f64>().ln()).min(6.0)
                        } else {
                            0.0
                        }
                    })
                    .collect();
                cells.push(ValueCell::of(&values));
            }
            let table = table(&cells);
            let pair = judge_pair(&table, 0, 1, &Settings::default()).unwrap();
            miss |= pair.lower.is_some_and(|x| x > 0.0) || pair.upper.is_some_and(|x| x < 0.0);
            let settings = CappedSettings { cap: 42.0, expected_mean: 0.2, alpha: 0.05 };
            let pair = capped_pair(&table, 0, 1, &settings).unwrap();
            miss_capped |= pair.lower.is_some_and(|x| x > 0.0) || pair.upper.is_some_and(|x| x < 0.0);
        }
        missed += u32::from(miss);
        missed_capped += u32::from(miss_capped);
    }
    // 5 of 100, two standard errors are 4.4; the exact bound is far more cautious.
    assert!(missed <= 9 && missed_capped <= 9, "{missed} and {missed_capped} of {months}");
}

/// Protects the drop rule for several arms: the average over the others, the worst arm first.
#[test]
fn the_worst_of_four_is_first_to_go() {
    let means = [10.0, 14.0, 10.5, 6.0];
    let cells = means.iter().map(|&m| cell(3000, m, 20.0)).collect();
    let judgement = judge(&ValueTable::new(4, cells).unwrap(), &Settings::default()).unwrap();
    assert_eq!(judgement.pairs.len(), 6);
    let worst = judgement
        .look
        .arms
        .iter()
        .enumerate()
        .max_by(|a, b| a.1.ln_e_drop.total_cmp(&b.1.ln_e_drop))
        .unwrap();
    assert_eq!(worst.0, 3);
    let beats = |a: usize, b: usize| {
        let pair = judgement.pairs.iter().find(|p| (p.a, p.b) == (a.min(b), a.max(b))).unwrap();
        if a < b { pair.ln_e_a_beats_b } else { pair.ln_e_b_beats_a }.exp()
    };
    let average = (beats(0, 3) + beats(1, 3) + beats(2, 3)) / 3.0;
    assert!((worst.1.ln_e_drop - average.ln()).abs() < 1e-9);
}

/// Protects the joint reading against the pair's own posterior, and the label of the exact method.
#[test]
fn joint_and_pair_agree() {
    let table =
        table(&[cell(900, 10.6, 12.0), cell(1500, 10.0, 12.0), cell(700, 31.0, 40.0), cell(300, 30.0, 40.0)]);
    let judged = judge(&table, &Settings::default()).unwrap();
    let pair = &judged.pairs[0];
    assert!((judged.look.arms[0].p_best - pair.p_a_beats_b).abs() < 0.03, "{judged:?}");
    assert!((judged.look.pairs[0].mean.exp() / pair.ratio.unwrap() - 1.0).abs() < 0.03);
    let capped = CappedSettings { cap: 10_000.0, expected_mean: 15.0, alpha: 0.05 };
    let exact = judge_capped(&table, &Settings::default(), &capped).unwrap();
    assert_eq!(exact.look.guarantee, crate::judgement::Guarantee::Exact);
    assert!(
        exact.pairs[0].lower.unwrap() < pair.lower.unwrap()
            && exact.pairs[0].upper.unwrap() > pair.upper.unwrap()
    );
    assert_eq!(exact.pairs[0].p_a_beats_b, pair.p_a_beats_b);
}
