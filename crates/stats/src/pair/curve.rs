//! One pair's likelihood at one logit variance, tabulated where its posterior lives and kept up to date.
//!
//! The posterior of δ is integrated by the trapezoid rule on the points k·h. For an analytic integrand that dies out at
//! both ends the rule is exact up to a term that falls like exp(−2π²(sd/h)²), and the part above zero is a sum with
//! weights ½ + Si(πk)/π (integrated sinc interpolation; Stenger, *Numerical Methods Based on Sinc and Analytic
//! Functions*, 1993, §3.6), off by exp(−½π²(sd/h)²). The step is a rung of a fixed ladder, h = ¼·2^(−L/2), the largest
//! that is at most 0.55 posterior standard deviations (the error is then 10⁻⁷ at worst of the mass, 10⁻¹⁷ at best), and
//! the points reach 6.2 of them to both sides and on until the integrand has fallen by e⁻¹⁸.
//!
//! Step and reach follow from the data alone, not from how they arrived: the table is laid out again until its own
//! moments ask for the layout it has. So a curve that was updated day by day equals a fresh one up to rounding.
//!
//! Where zero lies more than two standard deviations from the mean, the small side has points of its own: see
//! [`tail`](super::tail).

use std::f64::consts::PI;
use std::ops::Range;
use std::sync::OnceLock;

use super::ladder;
use super::points::{Change, Points, Prepared, Work};
use super::quantiles::{Distribution, interpolate};
use super::tail::Tail;
use crate::likelihood::log_likelihood;
use crate::prior::NormalPrior;
use crate::vector::{self, LANES, each, load, store};

/// The step at rung 0.
const STEP: f64 = 0.25;
/// The largest step, in posterior standard deviations.
const STEP_PER_SD: f64 = 0.55;
/// How far the points reach, in posterior standard deviations.
const REACH: f64 = 6.2;
/// … and on until the integrand has fallen by this many natural logarithms from its peak.
const FALL: f64 = 18.0;
/// Points are added a few at a time, so that a slowly moving posterior does not ask for one every day.
const EXTENSION: usize = 3;
/// More points than this are never laid out; six hundred would be a posterior far from any bell shape.
const MOST_POINTS: usize = 600;
/// Layouts tried before the last one is taken as it is.
const MOST_ROUNDS: usize = 60;
/// Zero lies in a tail when it is further than this from the mean, in posterior standard deviations.
const TAIL_FROM: f64 = 2.0;

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

/// What the points in use weigh.
#[derive(Debug, Clone, Copy, Default)]
struct Weighed {
    /// The largest ln of the integrand.
    peak: f64,
    /// Σ exp(ℓ + ln π − peak).
    sum: f64,
    mean: f64,
    sd: f64,
    /// Whether the peak lies at an end.
    at_edge: bool,
}

/// One pair's likelihood curve at one logit variance.
#[derive(Debug, Clone)]
pub(crate) struct Curve {
    variance: f64,
    rung: i32,
    /// The whole number k of the first point.
    first: i64,
    points: Points,
    /// The part of the points that the integrals use.
    used: Range<usize>,
    tail: Option<Tail>,
    reading: Option<Reading>,
}

/// The step of a rung.
fn step(rung: i32) -> f64 {
    STEP * ladder::scale(-rung)
}

/// The rung with the largest step that is at most 0.55 standard deviations.
fn rung_for(sd: f64) -> i32 {
    ladder::ceil(STEP / (STEP_PER_SD * sd))
}

#[expect(clippy::cast_possible_truncation, reason = "the mean is at most a few thousand steps from zero")]
fn reach_of(mean: f64, sd: f64, step: f64) -> (i64, i64) {
    (((mean - REACH * sd) / step).floor() as i64, ((mean + REACH * sd) / step).ceil() as i64)
}

/// A length as a signed number.
fn signed(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}

impl Curve {
    /// A curve that has not been read yet.
    pub(crate) fn new(variance: f64) -> Self {
        Self { variance, rung: 0, first: 0, points: Points::default(), used: 0..0, tail: None, reading: None }
    }

    /// Replaces periods by what they have become; [`read`](Self::read) must follow.
    pub(crate) fn change(&mut self, changes: &[Change], work: &mut Work) {
        self.points.change(changes, self.variance, work);
        if let Some(tail) = &mut self.tail {
            tail.points.change(changes, self.variance, work);
        }
    }

    /// Lays the points out for the posterior as it is and integrates. `cells` are all periods of the pair.
    pub(crate) fn read(&mut self, cells: &[Prepared], prior: &NormalPrior, work: &mut Work) -> Reading {
        let (mut mean, mut sd) = match &self.reading {
            Some(last) if self.points.len() > 0 => (last.mean, last.sd),
            _ => quasi_posterior(cells, self.variance, prior, prior.mean),
        };
        let mut layout = None;
        let mut weighed = Weighed::default();
        for _ in 0..MOST_ROUNDS {
            let rung = rung_for(sd);
            let (lo, hi) = reach_of(mean, sd, step(rung));
            if layout == Some((rung, lo, hi)) {
                break;
            }
            layout = Some((rung, lo, hi));
            self.lay_out(rung, lo, hi, cells, work);
            weighed = self.weigh(cells, prior, work);
            (mean, sd) = if weighed.at_edge {
                // The peak lies beyond: go there with longer steps.
                (self.highest(work), 2.0 * sd)
            } else if weighed.sd < 0.7 * step(self.rung) {
                // The peak lies between two points: look closer.
                (self.highest(work), 0.25 * step(self.rung))
            } else {
                (weighed.mean, weighed.sd)
            };
            sd = sd.max(1e-9 * (1.0 + mean.abs()));
        }
        let reading = self.integrate(cells, prior, Weighed { mean, sd, ..weighed }, work);
        self.reading = Some(reading);
        reading
    }

    fn range(&self, lo: i64, hi: i64) -> Range<usize> {
        let start = usize::try_from(lo - self.first).unwrap_or(0);
        let end = usize::try_from(hi - self.first + 1).unwrap_or(0);
        start..end.min(self.points.len())
    }

    /// Makes the points lo..=hi of the rung exist and be the ones used.
    fn lay_out(&mut self, rung: i32, lo: i64, hi: i64, cells: &[Prepared], work: &mut Work) {
        let most = signed(MOST_POINTS);
        let hi = hi.min(lo + most);
        let length = signed(self.points.len());
        let (before, after) = (self.first - lo, hi - (self.first + length - 1));
        let new = rung != self.rung || length == 0;
        if new || before > length || after > length || length + before.max(0) + after.max(0) > 2 * most {
            let slack = 2;
            (self.rung, self.first) = (rung, lo - slack);
            self.points = self.laid_out(lo - slack, hi + slack, cells, work);
        } else {
            if let Ok(before @ 1..) = usize::try_from(before) {
                self.prepend(before.max(EXTENSION), cells, work);
            }
            if let Ok(after @ 1..) = usize::try_from(after) {
                self.append(after.max(EXTENSION), cells, work);
            }
        }
        self.used = self.range(lo, hi);
    }

    fn laid_out(&self, from: i64, to: i64, cells: &[Prepared], work: &mut Work) -> Points {
        let h = step(self.rung);
        let mut points = Points::new((from..=to).map(|k| k as f64 * h).collect());
        points.add(cells, self.variance, work);
        points
    }

    fn prepend(&mut self, count: usize, cells: &[Prepared], work: &mut Work) {
        let from = self.first - signed(count);
        let mut points = self.laid_out(from, self.first - 1, cells, work);
        points.extend(std::mem::take(&mut self.points));
        (self.points, self.first) = (points, from);
    }

    fn append(&mut self, count: usize, cells: &[Prepared], work: &mut Work) {
        let from = self.first + signed(self.points.len());
        let points = self.laid_out(from, from + signed(count) - 1, cells, work);
        self.points.extend(points);
    }

    /// Uses as many points beyond the layout as it takes until the integrand has died out at both ends, and fills
    /// `work.mass` with exp(ℓ + ln π − peak) over the used points.
    fn weigh(&mut self, cells: &[Prepared], prior: &NormalPrior, work: &mut Work) -> Weighed {
        let (mut start, mut end) = (self.used.start, self.used.end);
        let ln_mass =
            |points: &Points, i: usize| points.values[i] + prior.ln_density_up_to_scale(points.delta[i]);
        let (values, delta) = (&self.points.values[start..end], &self.points.delta[start..end]);
        let mut peak = vector::wide!(highest_of(values, delta, prior));
        let mut at_edge = false;
        for upward in [false, true] {
            loop {
                let edge = ln_mass(&self.points, if upward { end - 1 } else { start });
                at_edge |= edge >= peak;
                if edge < peak - FALL || edge >= peak || end - start > MOST_POINTS {
                    break;
                }
                if upward && end == self.points.len() {
                    self.append(EXTENSION, cells, work);
                } else if !upward && start == 0 {
                    self.prepend(EXTENSION, cells, work);
                    start += EXTENSION;
                    end += EXTENSION;
                }
                if upward {
                    end += 1
                } else {
                    start -= 1
                }
                peak = peak.max(ln_mass(&self.points, if upward { end - 1 } else { start }));
            }
        }
        self.used = start..end;
        work.mass.clear();
        work.mass.resize(end - start, 0.0);
        let (values, delta) = (&self.points.values[start..end], &self.points.delta[start..end]);
        let middle = delta[delta.len() / 2];
        let [sum, first, second] =
            vector::wide!(masses(values, delta, prior, (peak, middle), &mut work.mass));
        let away = first / sum;
        Weighed {
            peak: peak - prior.ln_scale(),
            sum,
            mean: middle + away,
            sd: (second / sum - away * away).max(0.0).sqrt(),
            at_edge,
        }
    }

    /// The used point with the largest mass.
    fn highest(&self, work: &Work) -> f64 {
        let peak = work.mass.iter().enumerate().max_by(|x, y| x.1.total_cmp(y.1)).map_or(0, |(i, _)| i);
        self.points.delta[self.used.start + peak]
    }

    fn integrate(
        &mut self,
        cells: &[Prepared],
        prior: &NormalPrior,
        Weighed { peak, sum, mean, sd, .. }: Weighed,
        work: &mut Work,
    ) -> Reading {
        let h = step(self.rung);
        let ln_mass = peak + vector::ln(h * sum);
        let zero = usize::try_from(-self.first).ok().filter(|&i| i < self.points.len());
        if mean.abs() <= TAIL_FROM * sd
            && let Some(zero) = zero
        {
            self.tail = None;
            let above = above(&work.mass, self.used.start, zero);
            return Reading {
                ln_mass,
                ln_above: peak + vector::ln(h * above),
                ln_below: peak + vector::ln(h * (sum - above)),
                at_zero: self.points.values[zero],
                mean,
                sd,
            };
        }
        let side = -mean.signum();
        let slope = || quasi_slope(cells, 0.0, self.variance, prior).0;
        let mut tail = match self.tail.take() {
            Some(tail) if tail.side == side => tail,
            _ => Tail::new(side, slope(), cells, self.variance, work),
        };
        let (ln_tail, at_zero) = tail.read(cells, self.variance, prior, work);
        self.tail = Some(tail);
        // The larger part is the whole less the tail; the tail is at most a few hundredths of it.
        let ln_bulk = ln_mass + libm::log1p(-libm::exp((ln_tail - ln_mass).min(-1e-3)));
        let (ln_above, ln_below) = if mean > 0.0 { (ln_bulk, ln_tail) } else { (ln_tail, ln_bulk) };
        Reading { ln_mass, ln_above, ln_below, at_zero, mean, sd }
    }

    /// ℓ(δ) at any δ, from the table by interpolation where it covers δ, else from the cells.
    ///
    /// A point outside the table whose value is certainly below `negligible` may give any value below that: ℓ + ln π is
    /// concave, so the last two points bound it.
    pub(crate) fn log_likelihood_at(&self, delta: f64, cells: &[Prepared], negligible: f64) -> f64 {
        match self.look_up(delta) {
            Ok(value) => value,
            Err(bound) if bound < negligible => bound,
            Err(_) => cells.iter().map(|cell| log_likelihood(&cell.cell, delta, self.variance)).sum(),
        }
    }

    /// ℓ(δ) by interpolation, or an upper bound of it where the points in use do not cover δ.
    fn look_up(&self, delta: f64) -> Result<f64, f64> {
        // Points beyond those in use may be there from earlier looks: what is read must not depend on that.
        let values = &self.points.values[self.used.clone()];
        let last = values.len() - 1;
        let position = (delta - self.points.delta[self.used.start]) / step(self.rung);
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

    /// The posterior's distribution function at each used point, by integrated sinc interpolation.
    pub(crate) fn distribution(
        &mut self,
        cells: &[Prepared],
        prior: &NormalPrior,
        work: &mut Work,
    ) -> Distribution {
        let sum = self.weigh(cells, prior, work).sum;
        let n = work.mass.len();
        let below = (0..n).map(|j| (1.0 - above(&work.mass, 0, j) / sum).clamp(0.0, 1.0)).collect();
        let h = step(self.rung);
        let ln_density = work.mass.iter().map(|&m| libm::log(m.max(1e-300) / (sum * h))).collect();
        Distribution::new(self.points.delta[self.used.start], h, below, ln_density)
    }
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

/// The mass above point `zero` when `mass` belongs to the points from `start` on: each point's sinc function lies above
/// to the part ½ + Si(π(i − zero))/π.
fn above(mass: &[f64], start: usize, zero: usize) -> f64 {
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
    let from = (MIDDLE + start).saturating_sub(zero).min(table.len() - mass.len());
    let weights = &table[from..from + mass.len()];
    vector::wide!(vector::dot(mass, weights))
}

/// The derivative of ln π + the quasi-likelihood at δ, and minus its second derivative.
///
/// The quasi-score weighs each period's surplus by the beta-binomial's variance, n·p·q·(1 + (n − 1)·p·q·σ²).
fn quasi_slope(cells: &[Prepared], delta: f64, variance: f64, prior: &NormalPrior) -> (f64, f64) {
    let precision = 1.0 / (prior.sd * prior.sd);
    let (mut slope, mut curvature) = (-(delta - prior.mean) * precision, precision);
    for Prepared { cell, .. } in cells {
        let n = cell.total();
        if n == 0.0 {
            continue;
        }
        let x = delta + cell.ln_exposure_ratio;
        let t = vector::exp(-x.abs());
        let (large, small) = (1.0 / (1.0 + t), t / (1.0 + t));
        let (p, q) = if x >= 0.0 { (large, small) } else { (small, large) };
        let weight = 1.0 / (1.0 + (n - 1.0) * p * q * variance);
        slope += (cell.a * q - cell.b * p) * weight;
        curvature += n * p * q * weight;
    }
    (slope, curvature)
}

/// Mode and scale of the quasi-posterior by damped Newton steps: a starting point, nothing more.
fn quasi_posterior(cells: &[Prepared], variance: f64, prior: &NormalPrior, start: f64) -> (f64, f64) {
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
