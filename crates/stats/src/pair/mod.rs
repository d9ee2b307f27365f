//! One curve, two readings: what a pair's conditional likelihood says as a posterior and as evidence at any stopping time.
//!
//! With prior π on δ = log(θa/θb), weights w on the logit variance σ², and ℓ from [`likelihood`](crate::likelihood):
//!
//! ```text
//! posterior          ∝ π(δ)·Σ w(σ²)·exp ℓ(δ, σ²)
//! confidence sequence  { δ : Σ w·exp ℓ(δ, σ²) ≥ α·Σ w·∫ exp ℓ dπ }
//! E(a beats b)         = Σ w·∫_{δ>0} exp ℓ dπ / P_π(δ > 0)  /  Σ w·exp ℓ(0, σ²)
//! ```
//!
//! The posterior is a Bayesian reading (guarantee `model`). The confidence sequence (prior-posterior ratio; Waudby-Smith &
//! Ramdas, arXiv 2006.04347) and the e-value against H0: δ ≤ 0 hold at any stopping time: exactly where σ² = 0 is known
//! (lists split at random person by person), and averaged over w where day noise is mixed over. For every δ > 0 the
//! likelihood ratio against 0 has expectation at most 1 under each δ' ≤ 0, since p(δ') ≤ p(0) ≤ p(δ); so the plain
//! denominator at 0 serves the whole one-sided hypothesis.
//!
//! Conditions: exposures of a period are settled before its goals are counted; goals are booked to the period of their
//! exposure. Budget may move between periods because of anything seen before.

mod curve;
mod ladder;
mod points;
mod quantiles;
mod tail;

use crate::StatsError;
use crate::likelihood::PairCell;
use crate::prior::{DispersionPrior, NormalPrior};
use crate::special::{ln_normal_cdf, ln_sum_exp};
use crate::vector;
use curve::{Curve, Reading};
pub(crate) use points::{Change, Prepared, Work};
use quantiles::{Distribution, increasing_root};

/// Error rates at which a pair is read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Levels {
    /// Chance that the confidence sequence ever misses the true ratio.
    pub alpha: f64,
    /// Posterior probability inside the credible interval.
    pub credible: f64,
}

impl Default for Levels {
    fn default() -> Self {
        Self { alpha: 0.05, credible: 0.95 }
    }
}

/// An interval of ratios θa/θb; a bound that does not exist is `None`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RatioInterval {
    /// The lower bound; `None` when arbitrarily small ratios cannot be excluded.
    pub lower: Option<f64>,
    /// The upper bound; `None` when arbitrarily large ratios cannot be excluded.
    pub upper: Option<f64>,
}

impl RatioInterval {
    /// Whether the whole interval lies within 1/(1 + margin) … 1 + margin.
    pub fn within(&self, margin: f64) -> bool {
        matches!((self.lower, self.upper), (Some(l), Some(u)) if l >= 1.0 / (1.0 + margin) && u <= 1.0 + margin)
    }
}

/// The Bayesian reading of a pair's ratio θa/θb.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RatioPosterior {
    /// The posterior median of the ratio.
    pub median: f64,
    /// Lower end of the equal-tailed credible interval.
    pub lower: f64,
    /// Upper end of the equal-tailed credible interval.
    pub upper: f64,
}

/// What one pair's curve says.
#[derive(Debug, Clone, PartialEq)]
pub struct PairEvidence {
    /// Index of the first arm.
    pub a: usize,
    /// Index of the second arm.
    pub b: usize,
    /// ln E against "a's rate is at most b's".
    pub ln_e_a_beats_b: f64,
    /// ln E against "b's rate is at most a's".
    pub ln_e_b_beats_a: f64,
    /// Posterior probability that a's rate is higher.
    pub p_a_beats_b: f64,
    /// Posterior mean of δ = log(θa/θb).
    pub mean: f64,
    /// Posterior standard deviation of δ.
    pub sd: f64,
    /// The confidence sequence of θa/θb; absent where only decisions were asked for.
    pub confidence: Option<RatioInterval>,
    /// The posterior of θa/θb; absent where only decisions were asked for.
    pub posterior: Option<RatioPosterior>,
    /// Posterior weights of the logit variances, in the order of the [`DispersionPrior`].
    pub dispersion_weights: Vec<f64>,
    /// ln ∫ exp ℓ dπ at each logit variance, relative to the saturated binomial.
    pub ln_marginal: Vec<f64>,
}

/// Reads one pair from scratch.
///
/// ```
/// use gevinst_stats::likelihood::PairCell;
/// use gevinst_stats::pair::{Levels, evidence};
/// use gevinst_stats::prior::{DispersionPrior, NormalPrior};
/// let days = [PairCell { a: 40.0, b: 12.0, ln_exposure_ratio: 0.0 }; 3];
/// let pair = evidence(&days, &NormalPrior::default(), &DispersionPrior::default(), Levels::default())?;
/// assert!((pair.p_a_beats_b - 0.987).abs() < 1e-3);
/// let bounds = pair.confidence.unwrap();
/// assert!(bounds.lower.unwrap() < pair.posterior.unwrap().median);
/// # Ok::<(), gevinst_stats::StatsError>(())
/// ```
///
/// # Errors
/// [`StatsError::Domain`] when a level is not strictly between 0 and 1.
pub fn evidence(
    cells: &[PairCell],
    prior: &NormalPrior,
    dispersion: &DispersionPrior,
    levels: Levels,
) -> Result<PairEvidence, StatsError> {
    check_levels(levels)?;
    let mut curves = PairCurves::new(dispersion);
    let cells: Vec<Prepared> = cells.iter().map(|&cell| cell.into()).collect();
    Ok(curves.read(&cells, prior, Detail::Full(levels), &mut Work::default()))
}

pub(crate) fn check_levels(levels: Levels) -> Result<(), StatsError> {
    for (what, value) in [("alpha", levels.alpha), ("the credible probability", levels.credible)] {
        if !(value > 0.0 && value < 1.0) {
            return Err(StatsError::Domain { what, value, expected: "strictly between 0 and 1" });
        }
    }
    Ok(())
}

/// Confidence sequences this little (in ln of the likelihood) wider than a margin are worked out too, so that rounding cannot
/// hide a tie.
const TIE_SLACK: f64 = 1e-6;

/// What to work out beside e-values and chances.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Detail {
    /// Nothing.
    Evidence,
    /// The confidence sequences that lie within this margin of equality.
    Ties(Levels, f64),
    /// All intervals.
    Full(Levels),
}

/// One pair's curves at every logit variance; kept between looks.
#[derive(Debug, Clone)]
pub(crate) struct PairCurves {
    curves: Vec<Curve>,
    readings: Vec<Reading>,
    /// ln of the prior weights of the logit variances.
    ln_weights: Vec<f64>,
    /// ln P_π(δ > 0) and ln P_π(δ < 0) of the prior last read with.
    sides: Option<(NormalPrior, [f64; 2])>,
}

impl PairCurves {
    pub(crate) fn new(dispersion: &DispersionPrior) -> Self {
        let curves: Vec<_> = dispersion.variances().iter().map(|&v| Curve::new(v)).collect();
        let ln_weights = dispersion.weights().iter().map(|w| w.ln()).collect();
        Self { readings: Vec::with_capacity(curves.len()), curves, ln_weights, sides: None }
    }

    /// Replaces periods by what they have become; [`read`](Self::read) must follow.
    pub(crate) fn change(&mut self, changes: &[Change], work: &mut Work) {
        for curve in &mut self.curves {
            curve.change(changes, work);
        }
    }

    /// Reads all curves. Arms are numbered 0 and 1.
    pub(crate) fn read(
        &mut self,
        cells: &[Prepared],
        prior: &NormalPrior,
        detail: Detail,
        work: &mut Work,
    ) -> PairEvidence {
        self.readings.clear();
        for curve in &mut self.curves {
            self.readings.push(curve.read(cells, prior, work));
        }
        let mix = |part: fn(&Reading) -> f64| {
            let terms = || self.readings.iter().zip(&self.ln_weights).map(|(r, w)| w + part(r));
            let top = terms().fold(f64::NEG_INFINITY, f64::max);
            top + vector::ln(terms().map(|term| vector::exp(term - top)).sum())
        };
        let (mass, above, below) = (mix(|r| r.ln_mass), mix(|r| r.ln_above), mix(|r| r.ln_below));
        let at_zero = mix(|r| r.at_zero);
        if self.sides.is_none_or(|(of, _)| of != *prior) {
            let z = prior.mean / prior.sd;
            self.sides = Some((*prior, [ln_normal_cdf(z), ln_normal_cdf(-z)]));
        }
        let [ln_above, ln_below] = self.sides.map_or([0.0; 2], |(_, sides)| sides);
        let weights: Vec<f64> = self
            .readings
            .iter()
            .zip(&self.ln_weights)
            .map(|(r, w)| vector::exp(w + r.ln_mass - mass))
            .collect();
        let mean: f64 = weights.iter().zip(&self.readings).map(|(w, r)| w * r.mean).sum();
        let variance: f64 = weights
            .iter()
            .zip(&self.readings)
            .map(|(w, r)| w * (r.sd * r.sd + (r.mean - mean) * (r.mean - mean)))
            .sum();
        // Each side by itself, so that a small one keeps its digits.
        let p_a_beats_b = if above < below { libm::exp(above - mass) } else { 1.0 - libm::exp(below - mass) };
        let mut evidence = PairEvidence {
            a: 0,
            b: 1,
            ln_e_a_beats_b: above - ln_above - at_zero,
            ln_e_b_beats_a: below - ln_below - at_zero,
            p_a_beats_b,
            mean,
            sd: variance.sqrt(),
            confidence: None,
            posterior: None,
            dispersion_weights: weights,
            ln_marginal: self.readings.iter().map(|r| r.ln_mass).collect(),
        };
        match detail {
            Detail::Full(levels) => {
                evidence.confidence = Some(self.confidence(cells, levels.alpha, mass, &evidence));
                evidence.posterior = Some(self.posterior(cells, prior, levels.credible, &evidence, work));
            }
            Detail::Ties(levels, margin) => {
                let threshold = levels.alpha.ln() + mass + TIE_SLACK;
                let edge = libm::log1p(margin).copysign(evidence.mean);
                let excluded = |delta| self.mixture(delta, cells, threshold) < threshold;
                if excluded(edge) && excluded(-edge) {
                    evidence.confidence = Some(self.confidence(cells, levels.alpha, mass, &evidence));
                }
            }
            Detail::Evidence => {}
        }
        evidence
    }

    /// ln Σ w·exp ℓ(δ, σ²), right wherever it is not far below `threshold`.
    fn mixture(&self, delta: f64, cells: &[Prepared], threshold: f64) -> f64 {
        let at = |(curve, w): (&Curve, &f64)| w + curve.log_likelihood_at(delta, cells, threshold - 40.0);
        let terms: Vec<f64> = self.curves.iter().zip(&self.ln_weights).map(at).collect();
        ln_sum_exp(&terms)
    }

    fn confidence(
        &self,
        cells: &[Prepared],
        alpha: f64,
        mass: f64,
        evidence: &PairEvidence,
    ) -> RatioInterval {
        let threshold = alpha.ln() + mass;
        let excess = |delta: f64| self.mixture(delta, cells, threshold) - threshold;
        // The hull: from the outermost centre of a curve that matters, outwards.
        let matter = || {
            self.readings
                .iter()
                .zip(&evidence.dispersion_weights)
                .filter(|(_, w)| **w > 1e-6)
                .map(|(r, _)| r.mean)
        };
        let bound = |side: f64| {
            let start = matter().map(|m| m * side).fold(evidence.mean * side, f64::max);
            outermost(|x| excess(x * side), start, evidence.sd).map(|x| libm::exp(x * side))
        };
        let (goals_a, goals_b) = cells.iter().fold((0.0, 0.0), |(a, b), c| (a + c.cell.a, b + c.cell.b));
        // Without a goal of b no ratio is too large for the data, whatever the noise; likewise for a.
        RatioInterval {
            lower: if goals_a == 0.0 { None } else { bound(-1.0) },
            upper: if goals_b == 0.0 { None } else { bound(1.0) },
        }
    }

    fn posterior(
        &mut self,
        cells: &[Prepared],
        prior: &NormalPrior,
        credible: f64,
        evidence: &PairEvidence,
        work: &mut Work,
    ) -> RatioPosterior {
        let parts: Vec<(f64, Distribution)> = self
            .curves
            .iter_mut()
            .zip(&evidence.dispersion_weights)
            .filter(|(_, w)| **w > 1e-12)
            .map(|(curve, w)| (*w, curve.distribution(cells, prior, work)))
            .collect();
        let below = |x: f64| parts.iter().map(|(w, d)| w * d.below(x)).sum::<f64>();
        let quantile = |p: f64| {
            let (mut lo, mut hi) = (evidence.mean - evidence.sd, evidence.mean + evidence.sd);
            let mut width = evidence.sd;
            while below(lo) > p && width < 1e4 {
                width *= 2.0;
                lo -= width;
            }
            width = evidence.sd;
            while below(hi) < p && width < 1e4 {
                width *= 2.0;
                hi += width;
            }
            libm::exp(increasing_root(|x| below(x) - p, lo, hi))
        };
        let tail = 0.5 * (1.0 - credible);
        RatioPosterior { median: quantile(0.5), lower: quantile(tail), upper: quantile(1.0 - tail) }
    }
}

/// The crossing of `excess` (positive inside) beyond `start`; `None` when it stays positive for as far as ratios are numbers.
fn outermost(excess: impl Fn(f64) -> f64, start: f64, scale: f64) -> Option<f64> {
    let mut inside = start;
    // Between centres of different curves the mixture may dip: walk back to where it is inside.
    for _ in 0..200 {
        if excess(inside) >= 0.0 {
            break;
        }
        inside -= 0.1 * scale;
    }
    let mut width = scale;
    let mut outside = inside + width;
    while excess(outside) >= 0.0 {
        inside = outside;
        width *= 2.0;
        outside += width;
        if outside > 700.0 {
            return None;
        }
    }
    Some(increasing_root(|x| -excess(x), inside, outside))
}

#[cfg(test)]
mod tests;
