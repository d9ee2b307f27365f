//! One pair's likelihood at one logit variance, tabulated where its posterior lives and kept up to date period by period.
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
//! Where zero lies more than two standard deviations from the mean, the small side has points of its own: Gauss-Legendre
//! panels over the range in which the integrand falls by e⁻¹⁸ from its value at zero. Its integral is then accurate
//! relative to itself, however small.
//!
//! Invariant: `values[i]` of a set of points is Σ over periods of ℓ(δ_i, σ²). This module knows one σ²; mixing is done
//! in [`pair`](crate::pair).

use std::f64::consts::PI;
use std::sync::OnceLock;

use crate::likelihood::{PairCell, log_likelihood, log_likelihood_sum};
use crate::prior::NormalPrior;
use crate::vector;

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
const MOST_ROUNDS: i32 = 24;
/// Zero lies in a tail when it is further than this from the mean, in posterior standard deviations.
const TAIL_FROM: f64 = 2.0;
/// The tail's reach in mean distances from zero, at least.
const TAIL_REACH: f64 = 18.0;
/// Ends of the tail's panels as parts of its reach.
const TAIL_PANELS: [f64; 4] = [0.0, 0.15, 0.4, 1.0];
/// Up to this many goals in a period the kernel multiplies; beyond, it calls the exact scalar form.
const PRODUCTS_TO: f64 = 64.0;
/// Products stay below e^this between two logarithms.
const FLUSH_AT: f64 = 600.0;

/// Gauss-Legendre nodes and weights of 8 points on [−1, 1]: the positive half.
const GAUSS_8: [(f64, f64); 4] = [
    (0.183_434_642_495_649_8, 0.362_683_783_378_362),
    (0.525_532_409_916_329, 0.313_706_645_877_887_3),
    (0.796_666_477_413_626_7, 0.222_381_034_453_374_48),
    (0.960_289_856_497_536_2, 0.101_228_536_290_376_26),
];

/// Points on the δ axis with the likelihood summed at each.
#[derive(Debug, Clone, Default)]
struct Points {
    delta: Vec<f64>,
    exp_delta: Vec<f64>,
    values: Vec<f64>,
}

impl Points {
    fn new(delta: Vec<f64>) -> Self {
        let exp_delta = delta.iter().map(|&d| libm::exp(d)).collect();
        let values = vec![0.0; delta.len()];
        Self { delta, exp_delta, values }
    }

    /// Adds (or with `sign` −1 takes away) the given periods at every point.
    fn add(&mut self, cells: &[PairCell], variance: f64, sign: f64, work: &mut Work) {
        let nodes = self.delta.len();
        if nodes == 0 {
            return;
        }
        work.up.clear();
        work.up.resize(nodes, 1.0);
        work.down.clear();
        work.down.resize(nodes, 1.0);
        let (first, last) = (self.delta[0], self.delta[nodes - 1]);
        // Goals of the first arm; what depends on no point; how large the products may have grown.
        let (mut slope, mut constant, mut size) = (0.0, 0.0, 0.0);
        for cell in cells {
            let n = cell.total();
            if n == 0.0 {
                continue;
            }
            let (low, high) = (first + cell.ln_exposure_ratio, last + cell.ln_exposure_ratio);
            // t ≤ 2·exp(max(x, 0)), and neither product of the dispersion exceeds n!.
            let bound = n * (high.max(0.0) + 0.7 + libm::log(n));
            if n > PRODUCTS_TO || low < -200.0 || high > 200.0 || bound > FLUSH_AT {
                for (value, &delta) in self.values.iter_mut().zip(&self.delta) {
                    *value += sign * log_likelihood(cell, delta, variance);
                }
                continue;
            }
            if size + bound > FLUSH_AT {
                self.flush(sign, slope, constant, work);
                (slope, constant, size) = (0.0, 0.0, 0.0);
            }
            size += bound;
            slope += cell.a;
            constant += cell.a * cell.ln_exposure_ratio - saturated(cell.a, cell.b);
            multiply(&self.exp_delta, cell, variance, &mut work.up, &mut work.down);
        }
        self.flush(sign, slope, constant, work);
    }

    fn flush(&mut self, sign: f64, slope: f64, constant: f64, work: &mut Work) {
        let points = self.values.iter_mut().zip(&self.delta);
        for ((value, &delta), (up, down)) in points.zip(work.up.iter_mut().zip(&mut work.down)) {
            *value += sign * (slope * delta + constant + vector::ln(*up / *down));
            (*up, *down) = (1.0, 1.0);
        }
    }
}

/// a·ln(a/n) + b·ln(b/n).
fn saturated(a: f64, b: f64) -> f64 {
    let term = |s: f64| if s > 0.0 { s * libm::log(s / (a + b)) } else { 0.0 };
    term(a) + term(b)
}

/// Multiplies one period's likelihood onto `up/down` at every point, but for exp(a·x).
///
/// With A = p/q, t = 1 + A and Q = t²/σ² − A the beta-binomial is A^a/t^n times
/// Π_{i<a}(1 + i·t/Q)·Π_{j<b}(1 + j·A·t/Q) / Π_{k<n}(1 + k·A/Q): no difference of large numbers, and 1 as σ² → 0.
fn multiply(exp_delta: &[f64], cell: &PairCell, variance: f64, up: &mut [f64], down: &mut [f64]) {
    let ratio = libm::exp(cell.ln_exposure_ratio);
    let n = cell.total();
    let points = exp_delta.iter().zip(up.iter_mut().zip(down.iter_mut()));
    if variance == 0.0 || n < 2.0 {
        for (&e, (_, down)) in points {
            let t = 1.0 + ratio * e;
            let (mut power, mut k) = (t, 1.0);
            while k < n {
                power *= t;
                k += 1.0;
            }
            *down *= power;
        }
        return;
    }
    let inverse = 1.0 / variance;
    for (&e, (up, down)) in points {
        let odds = ratio * e;
        let t = 1.0 + odds;
        let z = 1.0 / (t * t * inverse - odds);
        let (x, y, w) = (t * z, odds * t * z, odds * z);
        let (mut rise, mut fall) = (1.0, t);
        let (mut i, mut j, mut k) = (1.0, 1.0, 1.0);
        while i < cell.a {
            rise *= 1.0 + i * x;
            i += 1.0;
        }
        while j < cell.b {
            rise *= 1.0 + j * y;
            j += 1.0;
        }
        while k < n {
            fall *= t * (1.0 + k * w);
            k += 1.0;
        }
        *up *= rise;
        *down *= fall;
    }
}

/// Scratch space, kept between calls.
#[derive(Debug, Clone, Default)]
pub(crate) struct Work {
    up: Vec<f64>,
    down: Vec<f64>,
    mass: Vec<f64>,
}

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

/// One pair's likelihood curve at one logit variance.
#[derive(Debug, Clone)]
pub(crate) struct GridCurve {
    variance: f64,
    rung: i32,
    /// The whole number k of the first point.
    first: i64,
    points: Points,
    /// The part of the points that the integrals use.
    used: std::ops::Range<usize>,
    tail: Option<Tail>,
    reading: Option<Reading>,
}

/// Points on the far side of zero; the last is zero itself.
#[derive(Debug, Clone)]
struct Tail {
    /// −1 below zero, 1 above.
    side: f64,
    /// The reach is 2^(rung/2).
    rung: i32,
    points: Points,
}

fn step(rung: i32) -> f64 {
    STEP * (-0.5 * f64::from(rung)).exp2()
}

#[expect(clippy::cast_possible_truncation, reason = "a logarithm of a checked scale is small")]
fn rung_for(sd: f64) -> i32 {
    (2.0 * (STEP / (STEP_PER_SD * sd)).log2()).ceil() as i32
}

#[expect(clippy::cast_possible_truncation, reason = "rungs keep points within a few hundred of the posterior's mean")]
fn reach_of(mean: f64, sd: f64, step: f64) -> (i64, i64) {
    (((mean - REACH * sd) / step).floor() as i64, ((mean + REACH * sd) / step).ceil() as i64)
}

impl GridCurve {
    /// A curve without any period.
    pub(crate) fn new(variance: f64) -> Self {
        Self {
            variance,
            rung: 0,
            first: 0,
            points: Points::default(),
            used: 0..0,
            tail: None,
            reading: None,
        }
    }

    /// Adds a period (sign 1) or takes one away (sign −1); [`read`](Self::read) must follow.
    pub(crate) fn add(&mut self, cells: &[PairCell], sign: f64, work: &mut Work) {
        self.points.add(cells, self.variance, sign, work);
        if let Some(tail) = &mut self.tail {
            tail.points.add(cells, self.variance, sign, work);
        }
    }

    /// Lays the points out for the posterior as it is and integrates. `cells` are all periods of the pair.
    pub(crate) fn read(&mut self, cells: &[PairCell], prior: &NormalPrior, work: &mut Work) -> Reading {
        let (mut mean, mut sd) = match &self.reading {
            Some(last) if !self.points.delta.is_empty() => (last.mean, last.sd),
            _ => quasi_posterior(cells, self.variance, prior, prior.mean),
        };
        let mut layout = None;
        let mut peak = 0.0;
        for round in 0..MOST_ROUNDS {
            let rung = rung_for(sd);
            let (lo, hi) = reach_of(mean, sd, step(rung));
            if layout == Some((rung, lo, hi)) {
                break;
            }
            layout = Some((rung, lo, hi));
            self.lay_out(rung, lo, hi, cells, work);
            let at_edge;
            (peak, at_edge) = self.weigh(cells, prior, work);
            let moments = self.moments(work);
            if (at_edge || moments.1 < 0.7 * step(self.rung)) && round < MOST_ROUNDS / 2 {
                // The posterior lies elsewhere or between two points: start from the quasi-likelihood, ever wider.
                let guess = quasi_posterior(cells, self.variance, prior, moments.0);
                (mean, sd) = (guess.0, guess.1 * 1.5f64.powi(round));
            } else {
                (mean, sd) = moments;
            }
        }
        let reading = self.integrate(cells, prior, (mean, sd, peak), work);
        self.reading = Some(reading);
        reading
    }

    fn range(&self, lo: i64, hi: i64) -> std::ops::Range<usize> {
        let start = usize::try_from(lo - self.first).unwrap_or(0);
        let end = usize::try_from(hi - self.first + 1).unwrap_or(0);
        start..end.min(self.points.delta.len())
    }

    /// Makes the points lo..=hi of the rung exist and be the ones used.
    fn lay_out(&mut self, rung: i32, lo: i64, hi: i64, cells: &[PairCell], work: &mut Work) {
        let most = i64::try_from(MOST_POINTS).unwrap_or(i64::MAX);
        let hi = hi.min(lo + most);
        let length = i64::try_from(self.points.delta.len()).unwrap_or(0);
        let (before, after) = (self.first - lo, hi - (self.first + length - 1));
        if rung != self.rung || length == 0 || before > length || after > length || length + before + after > 2 * most {
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

    fn laid_out(&self, from: i64, to: i64, cells: &[PairCell], work: &mut Work) -> Points {
        let h = step(self.rung);
        let mut points = Points::new((from..=to).map(|k| k as f64 * h).collect());
        points.add(cells, self.variance, 1.0, work);
        points
    }

    fn prepend(&mut self, count: usize, cells: &[PairCell], work: &mut Work) {
        let from = self.first - i64::try_from(count).unwrap_or(0);
        let mut points = self.laid_out(from, self.first - 1, cells, work);
        points.delta.append(&mut self.points.delta);
        points.exp_delta.append(&mut self.points.exp_delta);
        points.values.append(&mut self.points.values);
        (self.points, self.first) = (points, from);
    }

    fn append(&mut self, count: usize, cells: &[PairCell], work: &mut Work) {
        let from = self.first + i64::try_from(self.points.delta.len()).unwrap_or(0);
        let mut points = self.laid_out(from, from + i64::try_from(count).unwrap_or(0) - 1, cells, work);
        self.points.delta.append(&mut points.delta);
        self.points.exp_delta.append(&mut points.exp_delta);
        self.points.values.append(&mut points.values);
    }

    /// Uses as many points beyond the layout as it takes until the integrand has died out at both ends, and fills `work.mass`
    /// with exp(ℓ + ln π − peak) over the used points. Returns the peak, and whether it lies at an end all the same.
    fn weigh(&mut self, cells: &[PairCell], prior: &NormalPrior, work: &mut Work) -> (f64, bool) {
        let (mut start, mut end) = (self.used.start, self.used.end);
        let ln_mass = |points: &Points, i: usize| points.values[i] + prior.ln_density_up_to_scale(points.delta[i]);
        let mut peak = (start..end).map(|i| ln_mass(&self.points, i)).fold(f64::NEG_INFINITY, f64::max);
        let mut at_edge = false;
        for upward in [false, true] {
            loop {
                let last = if upward { end - 1 } else { start };
                let edge = ln_mass(&self.points, last);
                at_edge |= edge >= peak;
                if edge < peak - FALL || edge >= peak || end - start > MOST_POINTS {
                    break;
                }
                if upward && end == self.points.delta.len() {
                    self.append(EXTENSION, cells, work);
                } else if !upward && start == 0 {
                    self.prepend(EXTENSION, cells, work);
                    start += EXTENSION;
                    end += EXTENSION;
                }
                if upward { end += 1 } else { start -= 1 }
                peak = peak.max(ln_mass(&self.points, if upward { end - 1 } else { start }));
            }
        }
        self.used = start..end;
        work.mass.clear();
        let points = self.points.values[start..end].iter().zip(&self.points.delta[start..end]);
        let precision = 0.5 / (prior.sd * prior.sd);
        work.mass.extend(points.map(|(&value, &d)| {
            let away = d - prior.mean;
            vector::exp(value - precision * away * away - peak)
        }));
        (peak - NormalPrior { mean: 0.0, sd: prior.sd }.scale(), at_edge)
    }

    fn moments(&self, work: &Work) -> (f64, f64) {
        let delta = &self.points.delta[self.used.clone()];
        let middle = delta[delta.len() / 2];
        let (mut sum, mut first, mut second) = (0.0, 0.0, 0.0);
        for (&mass, &d) in work.mass.iter().zip(delta) {
            let x = d - middle;
            sum += mass;
            first += mass * x;
            second += mass * x * x;
        }
        let mean = first / sum;
        (middle + mean, (second / sum - mean * mean).max(0.0).sqrt())
    }

    fn integrate(
        &mut self,
        cells: &[PairCell],
        prior: &NormalPrior,
        (mean, sd, peak): (f64, f64, f64),
        work: &mut Work,
    ) -> Reading {
        let h = step(self.rung);
        let sum: f64 = work.mass.iter().sum();
        let ln_mass = peak + (h * sum).ln();
        let zero = usize::try_from(-self.first).ok().filter(|&i| i < self.points.delta.len());
        if mean.abs() <= TAIL_FROM * sd
            && let Some(zero) = zero
        {
            self.tail = None;
            let mut above = 0.0;
            for (i, mass) in self.used.clone().zip(&work.mass) {
                above += mass * half_weight(i, zero);
            }
            let below = sum - above;
            return Reading {
                ln_mass,
                ln_above: peak + (h * above).ln(),
                ln_below: peak + (h * below).ln(),
                at_zero: self.points.values[zero],
                mean,
                sd,
            };
        }
        let (ln_tail, at_zero) = self.tail_mass(cells, prior, -mean.signum(), work);
        // The larger part is the whole less the tail; the tail is at most a few hundredths of it.
        let ln_bulk = ln_mass + libm::log1p(-libm::exp((ln_tail - ln_mass).min(-1e-3)));
        let (ln_above, ln_below) = if mean > 0.0 { (ln_bulk, ln_tail) } else { (ln_tail, ln_bulk) };
        Reading { ln_mass, ln_above, ln_below, at_zero, mean, sd }
    }

    /// ln of the integral over the far side of zero, and ℓ(0).
    fn tail_mass(&mut self, cells: &[PairCell], prior: &NormalPrior, side: f64, work: &mut Work) -> (f64, f64) {
        let mut tail = match self.tail.take() {
            Some(tail) if tail.side == side => tail,
            _ => {
                let slope = quasi_slope(cells, 0.0, self.variance, prior).0.abs();
                self.tail_points(side, tail_rung(1.0 / slope.max(1e-3)), cells, work)
            }
        };
        let mut ln_integral = f64::NEG_INFINITY;
        for round in 0..12 {
            let reach = (0.5 * f64::from(tail.rung)).exp2();
            let (mut sum, mut distance) = (0.0, 0.0);
            let zero = tail.points.delta.len() - 1;
            let peak = tail.points.values[zero] + prior.ln_density(0.0);
            for (i, (part, weight)) in tail_rule().enumerate() {
                let delta = tail.points.delta[i];
                let mass = weight * vector::exp(tail.points.values[i] + prior.ln_density(delta) - peak);
                sum += mass;
                distance += mass * part * reach;
            }
            ln_integral = peak + (sum * reach).ln();
            let rung = tail_rung(distance / sum);
            if rung == tail.rung || round == 11 {
                break;
            }
            tail = self.tail_points(side, rung, cells, work);
        }
        let at_zero = tail.points.values[tail.points.delta.len() - 1];
        self.tail = Some(tail);
        (ln_integral, at_zero)
    }

    fn tail_points(&self, side: f64, rung: i32, cells: &[PairCell], work: &mut Work) -> Tail {
        let reach = (0.5 * f64::from(rung)).exp2();
        let delta = tail_rule().map(|(part, _)| side * part * reach).chain([0.0]).collect();
        let mut points = Points::new(delta);
        // The kernel takes its bounds from the first and last point: put zero and the farthest there.
        if side < 0.0 {
            points.delta.reverse();
            points.exp_delta.reverse();
            points.add(cells, self.variance, 1.0, work);
            points.delta.reverse();
            points.exp_delta.reverse();
            points.values.reverse();
        } else {
            points.add(cells, self.variance, 1.0, work);
        }
        Tail { side, rung, points }
    }

    /// ℓ(δ) at any δ, from the table by interpolation where it covers δ, else from the cells.
    ///
    /// A point outside the table whose value is certainly below `negligible` may give any value below that: ℓ + ln π is
    /// concave, so the last two points bound it.
    pub(crate) fn log_likelihood_at(&self, delta: f64, cells: &[PairCell], negligible: f64) -> f64 {
        let values = &self.points.values;
        let h = step(self.rung);
        let position = delta / h - self.first as f64;
        let last = values.len() as f64 - 1.0;
        if position >= 2.0 && position < last - 2.0 {
            return interpolate(values, position);
        }
        if values.len() > 8 {
            let (edge, inner, distance) = if position < 2.0 {
                (values[0], values[1], -position)
            } else {
                (values[values.len() - 1], values[values.len() - 2], position - last)
            };
            if distance > 0.0 && edge < inner && edge - (inner - edge) * distance < negligible {
                return edge - (inner - edge) * distance;
            }
        }
        log_likelihood_sum(cells, delta, self.variance)
    }

    /// The posterior's distribution function at each used point, by integrated sinc interpolation.
    pub(crate) fn distribution(&mut self, cells: &[PairCell], prior: &NormalPrior, work: &mut Work) -> Distribution {
        self.weigh(cells, prior, work);
        let sum: f64 = work.mass.iter().sum();
        let n = work.mass.len();
        let below = (0..n)
            .map(|j| {
                let above: f64 = (0..n).map(|i| work.mass[i] * half_weight(i, j)).sum();
                (1.0 - above / sum).clamp(0.0, 1.0)
            })
            .collect();
        Distribution {
            first: self.points.delta[self.used.start],
            step: step(self.rung),
            below,
            ln_density: work.mass.iter().map(|&m| (m.max(1e-300) / (sum * step(self.rung))).ln()).collect(),
        }
    }
}

/// A posterior tabulated for quantiles.
#[derive(Debug, Clone)]
pub(crate) struct Distribution {
    first: f64,
    step: f64,
    below: Vec<f64>,
    ln_density: Vec<f64>,
}

impl Distribution {
    /// P(δ < x): the tabulated value at the point below plus four Gauss points in between.
    pub(crate) fn below(&self, x: f64) -> f64 {
        let position = (x - self.first) / self.step;
        let n = self.below.len();
        if position <= 3.0 {
            return if position <= 0.0 { 0.0 } else { self.below[0] + self.between(0.0, position) };
        }
        if position >= n as f64 - 4.0 {
            return 1.0;
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 3 and the table's length")]
        let whole = position as usize;
        (self.below[whole] + self.between(whole as f64, position)).clamp(0.0, 1.0)
    }

    fn between(&self, from: f64, to: f64) -> f64 {
        const GAUSS_4: [(f64, f64); 4] = [
            (-0.861_136_311_594_052_6, 0.347_854_845_137_453_85),
            (-0.339_981_043_584_856_26, 0.652_145_154_862_546_1),
            (0.339_981_043_584_856_26, 0.652_145_154_862_546_1),
            (0.861_136_311_594_052_6, 0.347_854_845_137_453_85),
        ];
        let (middle, half) = (0.5 * (from + to), 0.5 * (to - from));
        let sum: f64 = GAUSS_4
            .iter()
            .map(|&(x, w)| w * vector::exp(interpolate(&self.ln_density, (middle + half * x).max(2.0))))
            .sum();
        sum * half * self.step
    }
}

/// Six-point Lagrange interpolation in a table of unit spacing; needs two points below and three above.
fn interpolate(values: &[f64], position: f64) -> f64 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the caller keeps it inside the table")]
    let whole = (position as usize).clamp(2, values.len() - 4);
    let x = position - whole as f64;
    let v = &values[whole - 2..whole + 4];
    // Distances to the six points −2 … 3.
    let (a, b, c, d, e, f) = (x + 2.0, x + 1.0, x, x - 1.0, x - 2.0, x - 3.0);
    -v[0] * b * c * d * e * f / 120.0 + v[1] * a * c * d * e * f / 24.0 - v[2] * a * b * d * e * f / 12.0
        + v[3] * a * b * c * e * f / 12.0
        - v[4] * a * b * c * d * f / 24.0
        + v[5] * a * b * c * d * e / 120.0
}

#[expect(clippy::cast_possible_truncation, reason = "a logarithm of a finite distance is small")]
fn tail_rung(mean_distance: f64) -> i32 {
    (2.0 * (TAIL_REACH * mean_distance.clamp(1e-12, 1e3)).log2()).ceil() as i32
}

/// The tail's nodes on [0, 1] with their weights.
fn tail_rule() -> impl Iterator<Item = (f64, f64)> {
    TAIL_PANELS.windows(2).flat_map(|panel| {
        let (middle, half) = (0.5 * (panel[0] + panel[1]), 0.5 * (panel[1] - panel[0]));
        GAUSS_8.iter().flat_map(move |&(x, w)| [(middle - half * x, half * w), (middle + half * x, half * w)])
    })
}

/// The part of the sinc function at point `i` that lies above point `zero`: ½ + Si(π(i − zero))/π.
fn half_weight(i: usize, zero: usize) -> f64 {
    static SINE_INTEGRAL: OnceLock<Vec<f64>> = OnceLock::new();
    let table = SINE_INTEGRAL.get_or_init(|| {
        // Si(πk)/π panel by panel: each half period is cut in four.
        let mut sum = 0.0;
        let mut table = vec![0.0];
        for k in 0..4 * MOST_POINTS {
            for quarter in 0..4 {
                let middle = PI * (k as f64 + (f64::from(quarter) + 0.5) / 4.0);
                for (x, w) in GAUSS_8 {
                    for t in [middle - x * PI / 8.0, middle + x * PI / 8.0] {
                        sum += w * PI / 8.0 * t.sin() / t;
                    }
                }
            }
            table.push(sum / PI);
        }
        table
    });
    if i >= zero { 0.5 + table[(i - zero).min(table.len() - 1)] } else { 0.5 - table[(zero - i).min(table.len() - 1)] }
}

/// The derivative of ln π + the quasi-likelihood at δ, and minus its second derivative.
///
/// The quasi-score weighs each period's surplus by the beta-binomial's variance, n·p·q·(1 + (n − 1)·p·q·σ²).
fn quasi_slope(cells: &[PairCell], delta: f64, variance: f64, prior: &NormalPrior) -> (f64, f64) {
    let precision = 1.0 / (prior.sd * prior.sd);
    let (mut slope, mut curvature) = (-(delta - prior.mean) * precision, precision);
    for cell in cells {
        let n = cell.total();
        if n == 0.0 {
            continue;
        }
        let t = vector::exp(-(delta + cell.ln_exposure_ratio).abs());
        let (large, small) = (1.0 / (1.0 + t), t / (1.0 + t));
        let (p, q) = if delta + cell.ln_exposure_ratio >= 0.0 { (large, small) } else { (small, large) };
        let weight = 1.0 / (1.0 + (n - 1.0) * p * q * variance);
        slope += (cell.a * q - cell.b * p) * weight;
        curvature += n * p * q * weight;
    }
    (slope, curvature)
}

/// Mode and scale of the quasi-posterior by damped Newton steps: a starting point, nothing more.
fn quasi_posterior(cells: &[PairCell], variance: f64, prior: &NormalPrior, start: f64) -> (f64, f64) {
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
