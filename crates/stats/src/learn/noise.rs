//! How noisy days usually are: the dispersion prior learned from closed experiments.
//!
//! Each experiment's table has a likelihood over day noise (the adjusted profile of [`crate::quality::day_noise`]). The weights w of
//! the prior's variances are those that make all tables together most likely, by expectation-maximisation of
//! Σ_e ln Σ_j w_j·L_e(σ²_j) (Laird 1978), with the present weights counting for a few experiments (a Dirichlet prior), so that
//! no variance is ever ruled out: the e-values stay valid averaged over a prior that keeps every possibility.

use crate::StatsError;
use crate::prior::DispersionPrior;
use crate::quality::ln_noise_profile;
use crate::table::CountTable;

/// Learns the weights of a dispersion prior from the tables of closed experiments.
///
/// `before` gives the variances and what their weights were; it counts as `experiments_worth` experiments (8 is cautious).
/// Tables in which no period says anything are passed over. Guarantee: `model`.
///
/// # Errors
/// `experiments_worth` not above 0.
///
/// ```
/// use gevinst_stats::{learn::learn_noise, prior::DispersionPrior, table::CountTable};
/// // Twenty months in which days scatter no more than chance.
/// let counts: Vec<u64> = (0..60).map(|i| 40 + (i * 7) % 11).collect();
/// let quiet = vec![CountTable::from_columns(2, &[1.0; 60], &counts)?; 20];
/// let learned = learn_noise(&quiet, &DispersionPrior::default(), 8.0)?;
/// assert!(learned.weights()[0] > 0.2 && learned.weights()[7] < 0.05);
/// # Ok::<(), gevinst_stats::StatsError>(())
/// ```
pub fn learn_noise(
    tables: &[CountTable],
    before: &DispersionPrior,
    experiments_worth: f64,
) -> Result<DispersionPrior, StatsError> {
    if !(experiments_worth > 0.0 && experiments_worth.is_finite()) {
        let expected = "a number above 0";
        return Err(StatsError::Domain {
            what: "the experiments that the prior counts for",
            value: experiments_worth,
            expected,
        });
    }
    // σ² of a pair is twice the variance of an arm's factor.
    let variances: Vec<f64> = before.variances().iter().map(|v| 0.5 * v).collect();
    let rows: Vec<Vec<f64>> =
        tables.iter().filter_map(|t| ln_noise_profile(t, &variances)).map(likelihoods).collect();
    let mut weights = before.weights().to_vec();
    for _ in 0..500 {
        let mut counts: Vec<f64> = before.weights().iter().map(|w| w * experiments_worth).collect();
        for row in &rows {
            let total: f64 = row.iter().zip(&weights).map(|(l, w)| l * w).sum();
            for ((count, l), w) in counts.iter_mut().zip(row).zip(&weights) {
                *count += l * w / total;
            }
        }
        let sum: f64 = counts.iter().sum();
        let next: Vec<f64> = counts.iter().map(|c| c / sum).collect();
        let moved = next.iter().zip(&weights).fold(0.0_f64, |m, (a, b)| m.max((a - b).abs()));
        weights = next;
        if moved < 1e-9 {
            break;
        }
    }
    DispersionPrior::new(before.variances(), &weights)
}

/// Likelihoods relative to the row's largest.
fn likelihoods(ln: Vec<f64>) -> Vec<f64> {
    let top = ln.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    ln.iter().map(|l| (l - top).exp()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_distr::{Distribution, Gamma, Poisson};
    use rand_pcg::Pcg64Mcg;

    /// Protects the learned weights: noisy months move the prior to the true variance and leave nothing at zero.
    #[test]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a Poisson draw is a whole number from 0"
    )]
    fn noisy_months_are_learned() {
        let mut rng = Pcg64Mcg::seed_from_u64(21);
        let noise = 0.1;
        let factor = Gamma::new(1.0 / noise, noise).unwrap();
        let tables: Vec<CountTable> = (0..40)
            .map(|_| {
                let counts: Vec<u64> = (0..60)
                    .map(|_| Poisson::new(50.0 * factor.sample(&mut rng)).unwrap().sample(&mut rng) as u64)
                    .collect();
                CountTable::from_columns(2, &[1.0; 60], &counts).unwrap()
            })
            .collect();
        let before = DispersionPrior::default();
        let learned = learn_noise(&tables, &before, 8.0).unwrap();
        let mean =
            |p: &DispersionPrior| p.variances().iter().zip(p.weights()).map(|(v, w)| v * w).sum::<f64>();
        // σ² = 2·0.1 is on the grid, at index 5.
        assert!(learned.weights()[5] > 0.4, "{:?}", learned.weights());
        assert!((mean(&learned) - 0.2).abs() < (mean(&before) - 0.2).abs() + 0.02);
        assert!(learned.weights().iter().all(|w| *w > 0.005));
        let unmoved = learn_noise(&[], &before, 8.0).unwrap();
        assert!(unmoved.weights().iter().zip(before.weights()).all(|(a, b)| (a - b).abs() < 1e-12));
    }
}
