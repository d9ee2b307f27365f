//! All arms of a list jointly: chance to be best and expected loss.
//!
//! Arm a's log odds are common_u + η_a with η_a ~ N(0, τ²/2) independently, so that every pair has the prior N(0, τ²). Given a
//! stratum's goals in total, the arms' goals follow Fisher's multivariate noncentral hypergeometric law. Its mean and covariance are
//! taken at the saddle: with r such that Σ n_a·p_a = s, p_a = r·exp η_a / (1 + r·exp η_a),
//!
//! ```text
//! E s_a ≈ n_a·p_a,      Cov ≈ diag(v) − v·vᵀ/Σv,   v_a = n_a·p_a·(1 − p_a)
//! ```
//!
//! (McCullagh & Nelder § 7.3.2). The posterior is taken as normal at its mode. Guarantee: `model`; evidence and bounds come from the
//! exact pairs.

use super::PeopleTable;
use crate::best::{JointPosterior, cholesky, of_normal, solve};

/// The joint posterior under pair prior N(0, `pair_sd`²).
pub(super) fn joint(table: &PeopleTable, pair_sd: f64) -> JointPosterior {
    let arms = table.arms();
    let prior_precision = 2.0 / (pair_sd * pair_sd);
    let mut eta = vec![0.0; arms];
    let mut precision = vec![0.0; arms * arms];
    for _ in 0..60 {
        precision.fill(0.0);
        let mut score: Vec<f64> = eta.iter().map(|e| -e * prior_precision).collect();
        for a in 0..arms {
            precision[a * arms + a] = prior_precision;
        }
        for stratum in 0..table.strata() {
            add_stratum(table, stratum, &eta, &mut score, &mut precision);
        }
        let mut factor = vec![0.0; arms * arms];
        cholesky(&precision, &mut factor, arms);
        solve(&factor, &mut score, arms);
        let mut largest = 0.0_f64;
        for (e, step) in eta.iter_mut().zip(&score) {
            *e += step.clamp(-1.0, 1.0);
            largest = largest.max(step.abs());
        }
        if largest < 1e-6 * pair_sd {
            break;
        }
    }
    of_normal(&eta, &precision)
}

fn add_stratum(table: &PeopleTable, stratum: usize, eta: &[f64], score: &mut [f64], precision: &mut [f64]) {
    let arms = eta.len();
    let cell = |a: usize| {
        let (n, s) = table.cell(stratum, a);
        (n as f64, s as f64)
    };
    let (people, goals) = (0..arms).map(cell).fold((0.0, 0.0), |t, c| (t.0 + c.0, t.1 + c.1));
    if goals == 0.0 || goals == people {
        return;
    }
    // ln r by Newton; Σ n·p is increasing and S-shaped in it, so steps are limited.
    let mut ln_r = (goals / (people - goals)).ln();
    for _ in 0..100 {
        let (mut mean, mut slope) = (0.0, 0.0);
        for (a, e) in eta.iter().enumerate() {
            let p = crate::special::expit(ln_r + e);
            mean += cell(a).0 * p;
            slope += cell(a).0 * p * (1.0 - p);
        }
        let step = ((goals - mean) / slope.max(1e-300)).clamp(-1.0, 1.0);
        ln_r += step;
        if step.abs() < 1e-10 {
            break;
        }
    }
    let p: Vec<f64> = eta.iter().map(|e| crate::special::expit(ln_r + e)).collect();
    let v: Vec<f64> = (0..arms).map(|a| cell(a).0 * p[a] * (1.0 - p[a])).collect();
    let total: f64 = v.iter().sum();
    for a in 0..arms {
        let (n, s) = cell(a);
        score[a] += s - n * p[a];
        for b in 0..arms {
            let own = if a == b { v[a] } else { 0.0 };
            precision[a * arms + b] += own - v[a] * v[b] / total;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proportion::{Settings, judge_pair};

    /// Protects the normal approximation against the exact pair's posterior.
    #[test]
    fn two_arms_agree_with_their_curve() {
        for (people, goals) in [
            (vec![500, 500], vec![60, 35]),
            (vec![40, 60], vec![20, 22]),
            (vec![100, 100, 30, 10], vec![1, 3, 20, 9]),
            (vec![200_000, 150_000], vec![180, 90]),
        ] {
            let table = PeopleTable::new(2, people.clone(), goals.clone()).unwrap();
            let pair = judge_pair(&table, 0, 1, &Settings::default()).unwrap();
            let joint = joint(&table, 0.4);
            assert!((joint.p_best[0] - pair.p_a_beats_b).abs() < 0.01, "{people:?}: {joint:?} {pair:?}");
            let sd = (joint.covariance[0] + joint.covariance[3] - 2.0 * joint.covariance[1]).sqrt();
            assert!((sd / pair.sd - 1.0).abs() < 0.03, "{sd} {}", pair.sd);
            assert!((joint.mean[0] - joint.mean[1] - pair.mean).abs() < 0.05 * pair.sd.max(0.01));
        }
    }

    /// Protects arms that are away, and lists where everyone or no one reached the goal.
    #[test]
    fn silent_arms_keep_their_prior() {
        let table = PeopleTable::new(3, vec![50, 50, 0, 9, 9, 9], vec![10, 12, 0, 9, 9, 9]).unwrap();
        let joint = joint(&table, 0.4);
        assert!(joint.mean[2].abs() < 1e-9 && joint.p_best.iter().all(|p| *p > 0.1));
    }
}
