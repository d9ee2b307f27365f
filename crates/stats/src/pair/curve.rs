//! One pair's likelihood at one logit variance, integrated against its prior.
//!
//! The posterior of δ is integrated by the trapezoid rule on the points k·h. For an analytic integrand that dies out at
//! both ends the rule is exact up to a term that falls like exp(−2π²(sd/h)²), and the part above zero is a sum with
//! weights ½ + Si(πk)/π (integrated sinc interpolation; Stenger, *Numerical Methods Based on Sinc and Analytic
//! Functions*, 1993, §3.6), off by exp(−½π²(sd/h)²). The step is half a posterior standard deviation (the error is then
//! 10⁻⁷ at worst of the part, 10⁻¹⁷ of the mass), and the points reach 6.2 of them to both sides and on until the
//! integrand has fallen by e⁻¹⁸.
//!
//! Values come from a polynomial where one follows the likelihood (see [`smooth`](super::smooth)), else from all periods.
//! Where zero lies more than two standard deviations from the mean, the small side has points of its own: see
//! [`tail`](super::tail).

use std::f64::consts::PI;
use std::sync::OnceLock;

use super::points::{Points, Prepared, Work};
use super::quantiles::{Distribution, interpolate};
use super::smooth::Smooth;
use super::tail;
use crate::likelihood::log_likelihood;
use crate::prior::NormalPrior;
use crate::vector::{self, LANES, each, load, store};

/// The step, in posterior standard deviations as they are guessed …
const STEP_PER_SD: f64 = 0.5;
/// … and the longest and shortest that pass, in those that come out.
const STEPS_PASSED: std::ops::RangeInclusive<f64> = 0.15..=0.55;
/// The longest step, whatever the posterior: the integrand's singularities are no further than π from the real line.
pub(super) const LONGEST_STEP: f64 = 0.5;
/// How far the points reach, in posterior standard deviations.
const REACH: f64 = 6.2;
/// … and on until the integrand has fallen by this many natural logarithms from its peak.
pub(super) const FALL: f64 = 18.0;
/// Points are added a few at a time.
const EXTENSION: i64 = 4;
/// About as many points are laid out at most; they reach as far as the widest prior.
pub(super) const MOST_POINTS: usize = 600;
/// Layouts tried before the last one is taken as it is.
const MOST_ROUNDS: usize = 60;
/// Zero lies in a tail when it is further than this from the mean, in posterior standard deviations.
const TAIL_FROM: f64 = 2.0;
/// How far a polynomial reaches, in posterior standard deviations: what lies beyond has fallen by e⁻³².
const SMOOTH_REACH: f64 = 8.0;
/// It takes zero in, and as far beyond as the integrand falls by e⁻²⁴, unless zero is further away than this.
const SMOOTH_ZERO: f64 = 12.0;

/// What integrals of one curve came to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reading {
    /// ln ∫ exp ℓ dπ.
    pub(crate) ln_mass: f64,
    /// ln ∫_{δ>0} exp ℓ dπ.
    pub(crate) ln_above: f64,
    /// ln ∫_{δ<0} exp ℓ dπ.
    pub(crate) ln_below: f64,
    /// ℓ(0).
    pub(crate) at_zero: f64,
    /// The posterior's mean.
    pub(crate) mean: f64,
    /// The posterior's standard deviation.
    pub(crate) sd: f64,
}

/// What points weigh.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Weighed {
    /// The largest ℓ + ln π + ln scale.
    pub(super) peak: f64,
    /// Σ exp(ℓ + ln π + ln scale − peak).
    pub(super) sum: f64,
    pub(super) mean: f64,
    pub(super) sd: f64,
}

/// Where the values of a likelihood come from.
pub(super) struct Source<'a> {
    cells: &'a [Prepared],
    variance: f64,
    smooth: Option<Smooth>,
}

impl<'a> Source<'a> {
    /// A polynomial wide enough for a posterior of this mean and standard deviation, where there is one.
    fn new(cells: &'a [Prepared], variance: f64, (mean, sd): (f64, f64), work: &mut Work) -> Self {
        let (mut low, mut high) = (mean - SMOOTH_REACH * sd, mean + SMOOTH_REACH * sd);
        if mean.abs() < SMOOTH_ZERO * sd {
            let beyond = (mean * mean + 49.0 * sd * sd).sqrt() - mean.abs();
            (low, high) = if mean > 0.0 { (low.min(-beyond), high) } else { (low, high.max(beyond)) };
        }
        Self { cells, variance, smooth: Smooth::fit(cells, variance, (low, high), work) }
    }

    /// ℓ at points in order, rising or falling.
    pub(super) fn values(&self, delta: &[f64], work: &mut Work) -> Vec<f64> {
        let covered = |delta: &f64| self.smooth.as_ref().is_some_and(|smooth| smooth.covers(*delta));
        let from = delta.iter().position(covered).unwrap_or(delta.len());
        let to = delta.iter().rposition(covered).map_or(from, |last| last + 1);
        let mut values = vec![0.0; delta.len()];
        if let Some(smooth) = &self.smooth {
            smooth.fill(&delta[from..to], &mut values[from..to]);
        }
        for part in [0..from, to..delta.len()] {
            if !part.is_empty() {
                let mut points = Points::new(delta[part.clone()].to_vec());
                points.add(self.cells, self.variance, work);
                values[part].copy_from_slice(&points.values);
            }
        }
        values
    }
}

/// One pair's likelihood curve at one logit variance.
pub(super) struct Curve<'a> {
    source: Source<'a>,
    step: f64,
    /// The whole number k of the first point.
    first: i64,
    delta: Vec<f64>,
    values: Vec<f64>,
    /// exp(ℓ + ln π + ln scale − peak) at the points, and their sum.
    mass: Vec<f64>,
    sum: f64,
    pub(super) reading: Reading,
}

/// A length as a signed number.
fn signed(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}

impl<'a> Curve<'a> {
    /// Lays points out for the posterior and integrates. `cells` are all periods of the pair that say something, `guess` where
    /// the search for the posterior starts.
    pub(super) fn new(
        cells: &'a [Prepared],
        variance: f64,
        prior: &NormalPrior,
        guess: f64,
        work: &mut Work,
    ) -> Self {
        let (mut mean, mut sd) = quasi_posterior(cells, variance, prior, guess);
        let reading = Reading { ln_mass: 0.0, ln_above: 0.0, ln_below: 0.0, at_zero: 0.0, mean, sd };
        let source = Source::new(cells, variance, (mean, sd), work);
        let (none, first, step) = (Vec::new, 0, 0.0);
        let mut curve =
            Self { source, step, first, delta: none(), values: none(), mass: none(), sum: 0.0, reading };
        let mut weighed = Weighed::default();
        for _ in 0..MOST_ROUNDS {
            curve.lay_out(mean, sd, work);
            let at_edge = curve.extend_until_fallen(prior, work);
            weighed = weigh(&curve.values, &curve.delta, prior, &mut curve.mass);
            let per_sd = curve.step / weighed.sd;
            if at_edge {
                // The peak lies beyond: go there with longer steps.
                (mean, sd) = (highest(&curve.mass, &curve.delta), 2.0 * sd);
            } else if weighed.sd < 0.7 * curve.step {
                // The peak lies between two points: look closer.
                (mean, sd) = (highest(&curve.mass, &curve.delta), 0.25 * curve.step);
            } else {
                (mean, sd) = (weighed.mean, weighed.sd);
                if STEPS_PASSED.contains(&per_sd) || (per_sd < 0.15 && curve.step == LONGEST_STEP) {
                    break;
                }
            }
            sd = sd.max(1e-9 * (1.0 + mean.abs()));
        }
        curve.integrate(prior, weighed, work);
        curve
    }

    #[expect(clippy::cast_possible_truncation, reason = "the mean is at most a few thousand steps from zero")]
    fn lay_out(&mut self, mean: f64, sd: f64, work: &mut Work) {
        let most = MOST_POINTS as f64;
        self.step = (STEP_PER_SD * sd).min(LONGEST_STEP).max(2.0 * REACH * sd / most);
        self.first = ((mean - REACH * sd) / self.step).floor() as i64;
        let last = ((mean + REACH * sd) / self.step).ceil() as i64;
        self.delta = (self.first..=last).map(|k| k as f64 * self.step).collect();
        self.values = self.source.values(&self.delta, work);
    }

    /// Adds points until the integrand has died out at both ends, or tells that it rises towards one.
    fn extend_until_fallen(&mut self, prior: &NormalPrior, work: &mut Work) -> bool {
        let peak = vector::wide!(highest_of(&self.values, &self.delta, prior));
        for upward in [false, true] {
            loop {
                let at = if upward { self.values.len() - 1 } else { 0 };
                let edge = self.values[at] + prior.ln_density_up_to_scale(self.delta[at]);
                if edge >= peak {
                    return true;
                }
                if edge < peak - FALL || self.values.len() > 2 * MOST_POINTS {
                    break;
                }
                let from = if upward { self.first + signed(at) + 1 } else { self.first - EXTENSION };
                let more: Vec<f64> = (from..from + EXTENSION).map(|k| k as f64 * self.step).collect();
                let values = self.source.values(&more, work);
                let place = if upward { at + 1..at + 1 } else { 0..0 };
                self.delta.splice(place.clone(), more);
                self.values.splice(place, values);
                self.first = self.first.min(from);
            }
        }
        false
    }

    fn integrate(&mut self, prior: &NormalPrior, weighed: Weighed, work: &mut Work) {
        let Weighed { peak, sum, mean, sd } = weighed;
        self.sum = sum;
        let peak = peak - prior.ln_scale();
        let ln_mass = peak + vector::ln(self.step * sum);
        let zero = usize::try_from(-self.first).ok().filter(|&i| i < self.values.len());
        if mean.abs() <= TAIL_FROM * sd
            && let Some(zero) = zero
        {
            let above = above(&self.mass, zero);
            let part = |part: f64| peak + vector::ln(self.step * part);
            let (ln_above, ln_below) = (part(above), part(sum - above));
            self.reading = Reading { ln_mass, ln_above, ln_below, at_zero: self.values[zero], mean, sd };
            return;
        }
        let source = &self.source;
        let at_zero = source.values(&[0.0], work)[0];
        let slope = quasi_slope(source.cells, 0.0, source.variance, prior).0;
        let ln_tail = tail::ln_integral(source, (-mean.signum(), slope, at_zero), prior, work);
        // The larger part is the whole less the tail; the tail is at most a few hundredths of it.
        let ln_bulk = ln_mass + libm::log1p(-libm::exp((ln_tail - ln_mass).min(-1e-3)));
        let (ln_above, ln_below) = if mean > 0.0 { (ln_bulk, ln_tail) } else { (ln_tail, ln_bulk) };
        self.reading = Reading { ln_mass, ln_above, ln_below, at_zero, mean, sd };
    }

    /// ℓ(δ) at any δ, from the polynomial or the points where they cover δ, else from the cells.
    ///
    /// A point outside whose value is certainly below `negligible` may give any value below that: ℓ is concave, so two of
    /// the last points bound it.
    pub(super) fn log_likelihood_at(&self, delta: f64, negligible: f64) -> f64 {
        let source = &self.source;
        if let Some(smooth) = source.smooth.as_ref().filter(|smooth| smooth.covers(delta)) {
            return smooth.at(delta);
        }
        match look_up(&self.values, (delta - self.delta[0]) / self.step) {
            Ok(value) => value,
            Err(bound) if bound < negligible => bound,
            Err(_) => {
                source.cells.iter().map(|cell| log_likelihood(&cell.cell, delta, source.variance)).sum()
            }
        }
    }

    /// The posterior's distribution function at each point, by integrated sinc interpolation.
    pub(super) fn distribution(&self) -> Distribution {
        let part_below = |j| (1.0 - above(&self.mass, j) / self.sum).clamp(0.0, 1.0);
        let below = (0..self.mass.len()).map(part_below).collect();
        let scale = self.sum * self.step;
        let ln_density = self.mass.iter().map(|&m| vector::ln(m.max(1e-300) / scale)).collect();
        Distribution::new(self.delta[0], self.step, below, ln_density)
    }
}

/// ℓ at a position in a table of equally spaced values, or an upper bound of it where they do not cover it.
pub(super) fn look_up(values: &[f64], position: f64) -> Result<f64, f64> {
    let last = values.len() - 1;
    if position >= 2.0 && position < last as f64 - 2.0 {
        return Ok(interpolate(values, position));
    }
    // Outside two of its points a concave function lies below the line through them.
    let (edge, inner, distance) = if position < 2.0 {
        (values[2], values[3], 2.0 - position)
    } else {
        (values[last - 2], values[last - 3], position - (last - 2) as f64)
    };
    Err(edge - (inner - edge) * distance)
}

/// The point with the largest mass.
pub(super) fn highest(mass: &[f64], delta: &[f64]) -> f64 {
    delta[mass.iter().enumerate().max_by(|x, y| x.1.total_cmp(y.1)).map_or(0, |(i, _)| i)]
}

/// Fills `mass` with exp(ℓ + ln π + ln scale − peak) and sums it and its moments.
pub(super) fn weigh(values: &[f64], delta: &[f64], prior: &NormalPrior, mass: &mut Vec<f64>) -> Weighed {
    mass.resize(values.len(), 0.0);
    let middle = delta[delta.len() / 2];
    let (peak, [sum, first, second]) = vector::wide!(weigh_points(values, delta, prior, middle, mass));
    let away = first / sum;
    Weighed { peak, sum, mean: middle + away, sd: (second / sum - away * away).max(0.0).sqrt() }
}

#[inline(always)]
fn weigh_points(
    values: &[f64],
    delta: &[f64],
    prior: &NormalPrior,
    middle: f64,
    mass: &mut [f64],
) -> (f64, [f64; 3]) {
    let peak = highest_of(values, delta, prior);
    (peak, masses(values, delta, prior, (peak, middle), mass))
}

/// The largest ℓ + ln π + ln scale of the points.
#[inline(always)]
fn highest_of(values: &[f64], delta: &[f64], prior: &NormalPrior) -> f64 {
    let precision = 0.5 / (prior.sd * prior.sd);
    let mut highest = [f64::NEG_INFINITY; LANES];
    for at in (0..values.len()).step_by(LANES) {
        let (value, delta) = (load(values, at, f64::NEG_INFINITY), load(delta, at, 0.0));
        let away = each!(l => delta[l] - prior.mean);
        let joint = each!(l => value[l] - precision * away[l] * away[l]);
        highest = each!(l => if joint[l] > highest[l] { joint[l] } else { highest[l] });
    }
    highest.into_iter().fold(f64::NEG_INFINITY, f64::max)
}

/// exp(ℓ + ln π − peak) at each point; their sum and first two moments about the middle.
#[inline(always)]
fn masses(
    values: &[f64],
    delta: &[f64],
    prior: &NormalPrior,
    (peak, middle): (f64, f64),
    out: &mut [f64],
) -> [f64; 3] {
    let precision = 0.5 / (prior.sd * prior.sd);
    let (mut sum, mut first, mut second) = ([0.0; LANES], [0.0; LANES], [0.0; LANES]);
    for at in (0..out.len()).step_by(LANES) {
        // Lanes beyond the last point get the least that `exp` gives.
        let (value, delta) = (load(values, at, -1e300), load(delta, at, middle));
        let away = each!(l => delta[l] - prior.mean);
        let mass = each!(l => vector::exp(value[l] - precision * away[l] * away[l] - peak));
        let x = each!(l => delta[l] - middle);
        let moment = each!(l => mass[l] * x[l]);
        sum = each!(l => sum[l] + mass[l]);
        first = each!(l => first[l] + moment[l]);
        second = each!(l => second[l] + moment[l] * x[l]);
        store(out, at, mass);
    }
    [vector::sum(sum), vector::sum(first), vector::sum(second)]
}

/// The mass above point `zero`: each point's sinc function lies above to the part ½ + Si(π(i − zero))/π.
fn above(mass: &[f64], zero: usize) -> f64 {
    const MIDDLE: usize = 4 * MOST_POINTS;
    static SINE_INTEGRAL: OnceLock<Vec<f64>> = OnceLock::new();
    let table = SINE_INTEGRAL.get_or_init(|| {
        // Si(πk)/π, half period by half period.
        let mut upper = vec![0.0];
        let mut sum = 0.0;
        for k in 0..MIDDLE {
            let start = PI * k as f64;
            let sinc = |t: f64| if t == 0.0 { 1.0 } else { libm::sin(t) / t };
            sum += crate::special::integrate(sinc, start, start + PI, 1);
            upper.push(sum / PI);
        }
        upper.iter().rev().map(|si| 0.5 - si).chain(upper[1..].iter().map(|si| 0.5 + si)).collect()
    });
    // At most a few times `MOST_POINTS` points are ever laid out; the clamp is for the compiler.
    let from = MIDDLE.saturating_sub(zero).min(table.len() - mass.len());
    let weights = &table[from..from + mass.len()];
    vector::wide!(vector::dot(mass, weights))
}

/// The derivative of ln π + the quasi-likelihood at δ, and minus its second derivative.
///
/// The quasi-score weighs each period's surplus by the beta-binomial's variance, n·p·q·(1 + (n − 1)·p·q·σ²).
fn quasi_slope(cells: &[Prepared], delta: f64, variance: f64, prior: &NormalPrior) -> (f64, f64) {
    let precision = 1.0 / (prior.sd * prior.sd);
    let (mut slope, mut curvature) = (-(delta - prior.mean) * precision, precision);
    let exp_delta = vector::exp(delta);
    for Prepared { cell, ratio, .. } in cells {
        let n = cell.total();
        // Odds beyond all reason are no more than that.
        let odds = (ratio * exp_delta).clamp(1e-300, 1e300);
        let q = 1.0 / (1.0 + odds);
        let p = odds * q;
        let weight = 1.0 / (1.0 + (n - 1.0) * p * q * variance);
        slope += (cell.a * q - cell.b * p) * weight;
        curvature += n * p * q * weight;
    }
    (slope, curvature)
}

/// Mode and scale of the quasi-posterior by damped Newton steps: a starting point, nothing more.
pub(super) fn quasi_posterior(
    cells: &[Prepared],
    variance: f64,
    prior: &NormalPrior,
    start: f64,
) -> (f64, f64) {
    let mut delta = start;
    let mut sd = prior.sd;
    for _ in 0..60 {
        let (slope, curvature) = quasi_slope(cells, delta, variance, prior);
        sd = 1.0 / curvature.sqrt();
        let move_by = (slope / curvature).clamp(-1.5, 1.5);
        delta += move_by;
        if move_by.abs() < 0.05 * sd {
            break;
        }
    }
    (delta, sd)
}
