//! Shrunken gains: the posterior of each arm's log ratio to a reference, from one closed experiment and the learned spread.
//!
//! With x_a ~ N(μ, τ² + noise) and μ flat, E[x_a − x_ref | data] draws each arm towards the experiment's mean by the more the fewer its
//! goals. Over many experiments drawn from the prior the mean of (posterior mean − truth) of the *chosen* arms is zero.

use super::closed::{Closed, Node};
use super::scale::LearnedScale;
use crate::StatsError;
use crate::curve::bracketed_root;
use crate::special::{normal_cdf, normal_quantile};

/// What an arm is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reference {
    /// Another arm, such as the control.
    Arm(usize),
    /// All arms in equal parts: what an even split would have brought (geometric mean of the rates).
    EvenSplit,
}

/// One arm's gain over the reference on the log scale; all figures are of the posterior (`model`).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gain {
    /// Posterior mean of ln(rate / reference rate): what to report.
    pub ln_ratio: f64,
    /// Its posterior standard deviation.
    pub sd: f64,
    /// 95 % credible interval.
    pub credible: (f64, f64),
    /// Chance that the arm is better than the reference.
    pub p_positive: f64,
}

/// Gains of all arms of a closed experiment under a learned spread.
///
/// # Errors
/// As [`learn_scale`](super::learn_scale) for the experiment; a reference that is no arm. An experiment that says nothing gives the prior.
///
/// ```
/// use gevinst_stats::learn::{gains, learn_scale, Closed, ClosedArm, Reference, ScalePrior};
/// let arms = [30, 20, 18].map(|goals| ClosedArm::Counts { exposure: 10_000.0, goals }).to_vec();
/// let closed = Closed { arms, control: Some(1), noise_variance: 0.0 };
/// let learned = learn_scale(&[], ScalePrior::default(), 0.95)?;
/// let gain = gains(&closed, &learned, Reference::Arm(1))?[0];
/// // Measured: + 50 %. Believed: about + 32 %, and better than the control with 88 of 100.
/// assert!((gain.ln_ratio.exp() - 1.32).abs() < 0.01 && (gain.p_positive - 0.88).abs() < 0.01);
/// # Ok::<(), gevinst_stats::StatsError>(())
/// ```
pub fn gains(closed: &Closed, learned: &LearnedScale, reference: Reference) -> Result<Vec<Gain>, StatsError> {
    super::check(0, closed)?;
    let arms = closed.arms.len();
    match reference {
        Reference::Arm(arm) if arm >= arms => return Err(StatsError::NoSuchArm { arm, arms }),
        _ => {}
    }
    let nodes = closed.posterior(learned.tau, learned.centre);
    let top = nodes.iter().fold(f64::NEG_INFINITY, |m, n| m.max(n.ln_weight));
    let weights: Vec<f64> = nodes.iter().map(|n| (n.ln_weight - top).exp()).collect();
    let total: f64 = weights.iter().sum();
    Ok((0..arms)
        .map(|arm| {
            // Given μ the arms are independent, so each node is one normal law of the contrast.
            let parts: Vec<(f64, f64, f64)> = nodes
                .iter()
                .zip(&weights)
                .map(|(node, weight)| {
                    let (mean, variance) = contrast(node, arm, reference);
                    (weight / total, mean, variance.sqrt())
                })
                .collect();
            summarise(&parts)
        })
        .collect())
}

fn contrast(node: &Node, arm: usize, reference: Reference) -> (f64, f64) {
    let k = node.arms.len() as f64;
    let coefficient = |a: usize| {
        let of_reference = match reference {
            Reference::Arm(r) => f64::from(u8::from(a == r)),
            Reference::EvenSplit => 1.0 / k,
        };
        f64::from(u8::from(a == arm)) - of_reference
    };
    node.arms.iter().enumerate().fold((0.0, 0.0), |(mean, variance), (a, &(m, v))| {
        let c = coefficient(a);
        (mean + c * m, variance + c * c * v)
    })
}

/// Mean, spread and quantiles of a mixture of normal laws (weight, mean, sd).
fn summarise(parts: &[(f64, f64, f64)]) -> Gain {
    let mean: f64 = parts.iter().map(|p| p.0 * p.1).sum();
    let variance: f64 = parts.iter().map(|p| p.0 * (p.2 * p.2 + (p.1 - mean).powi(2))).sum();
    let sd = variance.sqrt();
    if sd <= 1e-12 {
        // The arm is the reference, or no spread is believed in.
        return Gain { ln_ratio: mean, sd: 0.0, credible: (mean, mean), p_positive: 0.5 };
    }
    let cdf = |x: f64| parts.iter().map(|p| p.0 * normal_cdf((x - p.1) / p.2.max(1e-300))).sum::<f64>();
    let quantile = |p: f64| {
        let near = mean + normal_quantile(p) * sd;
        let (mut lo, mut hi) = (near - sd, near + sd);
        while cdf(lo) > p {
            lo -= sd;
        }
        while cdf(hi) < p {
            hi += sd;
        }
        bracketed_root(|x| p - cdf(x), lo, hi)
    };
    Gain { ln_ratio: mean, sd, credible: (quantile(0.025), quantile(0.975)), p_positive: 1.0 - cdf(0.0) }
}

#[cfg(test)]
mod tests {
    use super::super::closed::ClosedArm;
    use super::super::scale::{ScalePrior, learn_scale};
    use super::*;
    use rand::SeedableRng;
    use rand_distr::{Distribution, Normal, Poisson};
    use rand_pcg::Pcg64Mcg;

    /// Protects the report from the winner's curse: over simulated experiments the winners' measured gain is far too high, the shrunken
    /// one is right on average and its interval covers as it says.
    #[test]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a Poisson draw is a whole number from 0"
    )]
    fn winners_are_not_overstated() {
        let mut rng = Pcg64Mcg::seed_from_u64(9);
        let tau = 0.2;
        let mut learned = learn_scale(&[], ScalePrior::default(), 0.95).unwrap();
        learned.tau = tau;
        let (n, mut raw, mut shrunk, mut squares, mut covered) = (1000, 0.0, 0.0, 0.0, 0);
        for _ in 0..n {
            let truth: Vec<f64> = (0..4).map(|_| Normal::new(0.0, tau).unwrap().sample(&mut rng)).collect();
            let goals: Vec<u64> =
                truth.iter().map(|x| Poisson::new(25.0 * x.exp()).unwrap().sample(&mut rng) as u64).collect();
            let winner = (0..4).max_by_key(|&a| goals[a]).unwrap();
            let even = truth.iter().sum::<f64>() / 4.0;
            let closed = Closed {
                arms: goals.iter().map(|&goals| ClosedArm::Counts { exposure: 1.0, goals }).collect(),
                control: None,
                noise_variance: 0.0,
            };
            let gain = gains(&closed, &learned, Reference::EvenSplit).unwrap()[winner];
            let true_gain = truth[winner] - even;
            let mean = goals.iter().sum::<u64>() as f64 / 4.0;
            raw += (goals[winner] as f64 / mean).ln() - true_gain;
            shrunk += gain.ln_ratio - true_gain;
            squares += (gain.ln_ratio - true_gain).powi(2);
            covered += u32::from(gain.credible.0 <= true_gain && true_gain <= gain.credible.1);
        }
        let n = f64::from(n);
        let (raw, shrunk) = (raw / n, shrunk / n);
        let se = (squares / n / n).sqrt();
        assert!(raw > 0.1, "measured gains are high by {raw}");
        assert!(shrunk.abs() < 3.0 * se, "{shrunk} ± {se}");
        assert!((f64::from(covered) / n - 0.95).abs() < 0.021, "{covered}");
    }

    /// Protects the ends: an arm against itself gains nothing, and an experiment without goals gives the prior.
    #[test]
    fn degenerate_gains_are_finite() {
        let arm = |goals| ClosedArm::Counts { exposure: 10.0, goals };
        let learned = learn_scale(&[], ScalePrior::default(), 0.95).unwrap();
        let closed = Closed { arms: vec![arm(7), arm(3)], control: None, noise_variance: 0.0 };
        let found = gains(&closed, &learned, Reference::Arm(0)).unwrap();
        assert_eq!((found[0].ln_ratio, found[0].p_positive), (0.0, 0.5));
        assert!(found[1].ln_ratio < 0.0 && found[1].p_positive < 0.5);
        assert!(gains(&closed, &learned, Reference::Arm(2)).is_err());
    }
}
