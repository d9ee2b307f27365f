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
mod running;
mod smooth;
mod tail;

use crate::StatsError;
use crate::likelihood::PairCell;
use crate::prior::{DispersionPrior, NormalPrior};
use crate::special::{ln_normal_cdf, ln_sum_exp};
use crate::vector;
use curve::{Curve, Reading};
pub(crate) use points::{Change, Prepared, Work};
use quantiles::{Distribution, increasing_root};
use running::Running;

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
    let cells: Vec<Prepared> = cells.iter().map(|&cell| cell.into()).collect();
    Ok(read(&cells, prior, dispersion, Detail::Full(levels), &mut Work::default()))
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
/// hide a tie …
const TIE_SLACK: f64 = 1e-6;
/// … and this little where a running table is read between its points.
const TIE_SLACK_NEAR: f64 = 0.05;
/// Bounds of confidence sequences are looked for in steps of one standard deviation so many times, then in longer ones.
const SHORT_STEPS: u32 = 5;
/// Terms of a mixture this far (in ln) below what it is compared with do not count.
const NEGLIGIBLE: f64 = 26.0;

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

/// Reads one pair from its cells. Arms are numbered 0 and 1.
pub(crate) fn read(
    cells: &[Prepared],
    prior: &NormalPrior,
    dispersion: &DispersionPrior,
    detail: Detail,
    work: &mut Work,
) -> PairEvidence {
    let told: Vec<Prepared> = cells.iter().filter(|cell| cell.cell.total() > 0.0).copied().collect();
    let mut guess = prior.mean;
    let curves = dispersion
        .variances()
        .iter()
        .map(|&variance| {
            let curve = Curve::new(&told, variance, prior, guess, work);
            guess = curve.reading.mean;
            curve
        })
        .collect();
    let mixture = Mixture { curves, ln_weights: ln_weights(dispersion) };
    let readings: Vec<Reading> = mixture.curves.iter().map(|curve| curve.reading).collect();
    let (mut evidence, ln_mass) = summary(&readings, &mixture.ln_weights, ln_sides(prior));
    match detail {
        Detail::Full(levels) => {
            evidence.confidence = Some(mixture.confidence(&told, levels.alpha, ln_mass, &evidence));
            evidence.posterior = Some(mixture.posterior(levels.credible, &evidence));
        }
        Detail::Ties(levels, margin) => {
            let threshold = levels.alpha.ln() + ln_mass + TIE_SLACK;
            let edge = libm::log1p(margin).copysign(evidence.mean);
            let excluded = |delta| mixture.at(delta, threshold) < threshold;
            if excluded(edge) && excluded(-edge) {
                evidence.confidence = Some(mixture.confidence(&told, levels.alpha, ln_mass, &evidence));
            }
        }
        Detail::Evidence => {}
    }
    evidence
}

fn ln_weights(dispersion: &DispersionPrior) -> Vec<f64> {
    dispersion.weights().iter().map(|w| w.ln()).collect()
}

/// ln P_π(δ > 0) and ln P_π(δ < 0).
fn ln_sides(prior: &NormalPrior) -> [f64; 2] {
    let z = prior.mean / prior.sd;
    [ln_normal_cdf(z), ln_normal_cdf(-z)]
}

/// What the readings at all logit variances say together, and the ln of their mixed mass.
fn summary(readings: &[Reading], ln_weights: &[f64], [ln_above, ln_below]: [f64; 2]) -> (PairEvidence, f64) {
    let mix = |part: fn(&Reading) -> f64| {
        let terms = || readings.iter().zip(ln_weights).map(|(r, w)| w + part(r));
        let top = terms().fold(f64::NEG_INFINITY, f64::max);
        top + vector::ln(terms().map(|term| vector::exp(term - top)).sum())
    };
    let (mass, above, below) = (mix(|r| r.ln_mass), mix(|r| r.ln_above), mix(|r| r.ln_below));
    let at_zero = mix(|r| r.at_zero);
    let weights: Vec<f64> =
        readings.iter().zip(ln_weights).map(|(r, w)| vector::exp(w + r.ln_mass - mass)).collect();
    let mean: f64 = weights.iter().zip(readings).map(|(w, r)| w * r.mean).sum();
    let variance: f64 = weights
        .iter()
        .zip(readings)
        .map(|(w, r)| w * (r.sd * r.sd + (r.mean - mean) * (r.mean - mean)))
        .sum();
    // Each side by itself, so that a small one keeps its digits.
    let p_a_beats_b = if above < below { libm::exp(above - mass) } else { 1.0 - libm::exp(below - mass) };
    let evidence = PairEvidence {
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
        ln_marginal: readings.iter().map(|r| r.ln_mass).collect(),
    };
    (evidence, mass)
}

/// One pair's running tables at every logit variance, kept between looks.
#[derive(Debug, Clone)]
pub(crate) struct RunningPair {
    tables: Vec<Running>,
    readings: Vec<Reading>,
    ln_weights: Vec<f64>,
    /// ln P_π(δ > 0) and ln P_π(δ < 0) of the prior last read with.
    sides: Option<(NormalPrior, [f64; 2])>,
}

impl RunningPair {
    pub(crate) fn new(dispersion: &DispersionPrior) -> Self {
        Self {
            tables: dispersion.variances().iter().map(|&v| Running::new(v)).collect(),
            readings: Vec::with_capacity(dispersion.variances().len()),
            ln_weights: ln_weights(dispersion),
            sides: None,
        }
    }

    /// Replaces periods by what they have become; [`bounds`](Self::bounds) must follow.
    pub(crate) fn change(&mut self, changes: &[Change], work: &mut Work) {
        for table in &mut self.tables {
            table.change(changes, work);
        }
    }

    /// Evidence whose e-values are upper bounds, and whose chances of one arm to beat the other are not worked out. Tells
    /// besides whether the confidence sequence may lie within `tie_within` of equality.
    pub(crate) fn bounds(
        &mut self,
        cells: &[Prepared],
        prior: &NormalPrior,
        (levels, tie_within): (Levels, f64),
        work: &mut Work,
    ) -> (PairEvidence, bool) {
        self.readings.clear();
        self.readings.extend(self.tables.iter_mut().map(|table| table.read(cells, prior, work)));
        let sides = match self.sides {
            Some((of, sides)) if of == *prior => sides,
            _ => ln_sides(prior),
        };
        self.sides = Some((*prior, sides));
        let (mut evidence, ln_mass) = summary(&self.readings, &self.ln_weights, sides);
        evidence.p_a_beats_b = 0.5;
        let threshold = levels.alpha.ln() + ln_mass + TIE_SLACK_NEAR;
        let edge = libm::log1p(tie_within).copysign(evidence.mean);
        let excluded = |delta| self.mixture_near(delta) < threshold;
        let may_tie = tie_within > 0.0 && excluded(edge) && excluded(-edge);
        (evidence, may_tie)
    }

    /// ln Σ w·exp ℓ(δ, σ²) from the running tables.
    fn mixture_near(&self, delta: f64) -> f64 {
        let at = |(table, w): (&Running, &f64)| w + table.log_likelihood_near(delta);
        let terms: Vec<f64> = self.tables.iter().zip(&self.ln_weights).map(at).collect();
        ln_sum_exp(&terms)
    }
}

/// One pair's curves at every logit variance.
struct Mixture<'a> {
    curves: Vec<Curve<'a>>,
    /// ln of the prior weights of the logit variances.
    ln_weights: Vec<f64>,
}

impl Mixture<'_> {
    /// ln Σ w·exp ℓ(δ, σ²), right wherever it is not far below `threshold`.
    fn at(&self, delta: f64, threshold: f64) -> f64 {
        let at = |(curve, w): (&Curve<'_>, &f64)| w + curve.log_likelihood_at(delta, threshold - NEGLIGIBLE);
        let terms: Vec<f64> = self.curves.iter().zip(&self.ln_weights).map(at).collect();
        ln_sum_exp(&terms)
    }

    fn confidence(
        &self,
        cells: &[Prepared],
        alpha: f64,
        ln_mass: f64,
        evidence: &PairEvidence,
    ) -> RatioInterval {
        let threshold = alpha.ln() + ln_mass;
        let excess = |delta: f64| self.at(delta, threshold) - threshold;
        // The hull: from the outermost centre of a curve that matters, outwards.
        let matter = || {
            self.curves
                .iter()
                .zip(&evidence.dispersion_weights)
                .filter(|(_, w)| **w > 1e-6)
                .map(|(curve, _)| curve.reading.mean)
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

    fn posterior(&self, credible: f64, evidence: &PairEvidence) -> RatioPosterior {
        let parts: Vec<(f64, Distribution)> = self
            .curves
            .iter()
            .zip(&evidence.dispersion_weights)
            .filter(|(_, w)| **w > 1e-12)
            .map(|(curve, w)| (*w, curve.distribution()))
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
    let mut steps = 1;
    while excess(outside) >= 0.0 {
        inside = outside;
        // Short steps while the tables reach: beyond them a likelihood is summed over all periods.
        if steps >= SHORT_STEPS {
            width *= 2.0;
        }
        steps += 1;
        outside += width;
        if outside > 700.0 {
            return None;
        }
    }
    Some(increasing_root(|x| -excess(x), inside, outside))
}

#[cfg(test)]
mod tests;
