//! The joint reading against brute-force integration and against the pair's own curve.

use super::*;
use crate::prior::{DispersionPrior, NormalPrior};
use rand::SeedableRng;
use rand_distr::{Distribution, StandardNormal};
use rand_pcg::Pcg64Mcg;
use std::f64::consts::SQRT_2;

/// P(best), expected loss, marginal likelihood, effective draws.
type Part = (Vec<f64>, Vec<f64>, f64, f64);
type Rows<'a> = &'a [&'a [(f64, u64)]];

fn table(rows: Rows<'_>) -> CountTable {
    let mut table = CountTable::new(rows[0].len()).unwrap();
    for row in rows {
        let cells: Vec<_> =
            row.iter().map(|&(exposure, count)| Some(crate::table::Cell { exposure, count })).collect();
        table.push_period(&cells).unwrap();
    }
    table
}

/// P(best), expected loss and marginal likelihood by weighing draws of rates and day factors from the prior with the
/// multinomial likelihood of every period: no approximation but the number of draws. Also the effective number of draws.
fn brute_force(rows: Rows<'_>, variance: f64, draws: usize) -> Part {
    let arms = rows[0].len();
    let mut rng = Pcg64Mcg::seed_from_u64(5);
    let mut normal = |sd: f64| -> f64 {
        let z: f64 = StandardNormal.sample(&mut rng);
        z * sd
    };
    let (mut best, mut loss) = (vec![0.0; arms], vec![0.0; arms]);
    let (mut sum, mut squares) = (0.0, 0.0);
    for _ in 0..draws {
        let eta: Vec<f64> = (0..arms).map(|_| normal(0.4 / SQRT_2)).collect();
        let mut ln_weight = 0.0;
        for row in rows {
            let n: u64 = row.iter().map(|r| r.1).sum();
            let rate: Vec<f64> = row
                .iter()
                .zip(&eta)
                .map(|(r, eta)| r.0 * (eta + normal((0.5 * variance).sqrt())).exp())
                .collect();
            let all: f64 = rate.iter().sum();
            for (&(_, count), rate) in row.iter().zip(&rate) {
                if count > 0 {
                    ln_weight += count as f64 * (rate / all / (count as f64 / n as f64)).ln();
                }
            }
        }
        let weight = ln_weight.exp();
        let highest = eta.iter().copied().fold(f64::MIN, f64::max);
        for a in 0..arms {
            best[a] += if eta[a] == highest { weight } else { 0.0 };
            loss[a] += weight * ((highest - eta[a]).exp() - 1.0);
        }
        sum += weight;
        squares += weight * weight;
    }
    for a in 0..arms {
        best[a] /= sum;
        loss[a] /= sum;
    }
    (best, loss, sum / draws as f64, sum * sum / squares)
}

const TABLES: &[Rows<'static>] = &[
    &[&[(1.0, 4), (1.0, 2), (1.0, 7)], &[(1.0, 3), (1.0, 3), (1.0, 5)]],
    &[
        &[(1.0, 9), (2.0, 25), (0.3, 4), (1.0, 7)],
        &[(0.5, 8), (2.5, 20), (0.2, 3), (1.0, 12)],
        &[(0.4, 3), (3.0, 31), (0.2, 0), (0.8, 6)],
    ],
    &[&[(1.0, 0), (1.0, 1), (1.0, 0), (1.0, 2)]],
    &[
        &[(1.0, 30), (1.0, 20), (0.1, 1)],
        &[(1.0, 28), (1.0, 25), (0.1, 4)],
        &[(1.0, 41), (1.0, 30), (0.1, 3)],
    ],
];

#[test]
fn agrees_with_brute_force_integration_of_the_joint_posterior() {
    // Protects allocation and the winner's chance: three and four arms, few and many goals, unequal splits, day noise.
    let variances = [0.0, 0.1, 0.4];
    for rows in TABLES {
        let parts = variances.map(|variance| brute_force(rows, variance, 60_000));
        let whole: f64 = parts.iter().map(|part| part.2).sum();
        let weights = [0, 1, 2].map(|i| parts[i].2 / whole);
        let check = |variances: &[f64], weights: &[f64], parts: &[&Part]| {
            let found = joint_posterior(&table(rows), &[], 0.4, variances, weights);
            for a in 0..rows[0].len() {
                let mix = |f: &dyn Fn(&Part) -> f64| {
                    parts.iter().zip(weights).map(|(part, w)| w * f(part)).sum::<f64>()
                };
                let (best, loss) = (mix(&|part| part.0[a]), mix(&|part| part.1[a]));
                // What brute force itself may be off by: three standard errors.
                let effective = parts.iter().map(|part| part.3).fold(f64::INFINITY, f64::min);
                let noise = 3.0 * (best * (1.0 - best) / effective).sqrt();
                let context = format!("{rows:?} {variances:?} arm {a}");
                let p = found.p_best[a];
                assert!((p - best).abs() < 0.012 + noise, "{context}: {p} for {best}");
                let l = found.expected_loss[a];
                assert!((l - loss).abs() < 0.012 + 0.03 * loss, "{context}: {l} for {loss}");
            }
        };
        for (i, &variance) in variances.iter().enumerate() {
            check(&[variance], &[1.0], &[&parts[i]]);
        }
        check(&variances, &weights, &[&parts[0], &parts[1], &parts[2]]);
    }
}
#[test]
fn two_arms_agree_with_the_pair() {
    // Protects the claim of one likelihood and one prior: for two arms the joint reading is the pair's.
    let cases: [&[[u64; 2]]; 4] = [
        &[[3, 1], [2, 2], [5, 1]],
        &[[40, 30], [25, 31], [44, 20], [38, 29]],
        &[[1, 0]],
        &[[300, 240], [280, 310]],
    ];
    for days in cases {
        for split in [1.0, 2.0] {
            let rows: Vec<Vec<(f64, u64)>> = days.iter().map(|d| vec![(split, d[0]), (1.0, d[1])]).collect();
            let rows: Vec<&[(f64, u64)]> = rows.iter().map(Vec::as_slice).collect();
            let table = table(&rows);
            let prior = DispersionPrior::default();
            let cells = crate::likelihood::pair_cells(&table, 0, 1);
            let pair =
                crate::pair::evidence(&cells, &NormalPrior::default(), &prior, Default::default()).unwrap();
            let joint = joint_posterior(&table, &[], 0.4, prior.variances(), &pair.dispersion_weights);
            let found = joint.p_best[0];
            assert!(
                (found - pair.p_a_beats_b).abs() < 0.012,
                "{days:?} {split}: {found} for {}",
                pair.p_a_beats_b
            );
            let sd = (joint.covariance[0] + joint.covariance[3] - 2.0 * joint.covariance[1]).sqrt();
            assert!((sd / pair.sd - 1.0).abs() < 0.12, "{days:?} {split}: sd {sd} for {}", pair.sd);
        }
    }
}

#[test]
fn two_points_keep_the_first_three_moments() {
    // Protects the reduction of eight logit variances to two.
    let prior = DispersionPrior::default();
    let sampling = 0.05;
    let points = two_points(prior.variances(), prior.weights(), sampling);
    for power in 0..=3 {
        let moment = |p: &mut dyn Iterator<Item = (f64, f64)>| {
            p.map(|(v, w)| w * (v + sampling).ln().powi(power)).sum::<f64>()
        };
        let full = moment(&mut prior.variances().iter().copied().zip(prior.weights().iter().copied()));
        let two = moment(&mut points.into_iter());
        assert!((full - two).abs() < 1e-12, "moment {power}: {two} for {full}");
    }
    assert!(points[0].0 >= 0.0 && points[1].0 <= 0.8);
}
