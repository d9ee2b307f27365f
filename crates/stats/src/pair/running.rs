//! A pair's likelihood at one logit variance that is kept up to date from look to look, for months played by the thousand.
//!
//! Mass, mean and standard deviation need fewer points than chances do: the trapezoid rule's error falls like
//! exp(−2π²(sd/h)²) (see [`curve`](super::curve)), so that steps of one standard deviation give them to a few parts in 10⁹. Of the
//! masses above and below zero there are upper bounds, and with them of e-values: the integrand is log-concave, so that on
//! the side of zero away from its peak it falls, and an upper and a lower sum hold its integral. The bound is sharp where it
//! matters, since evidence that is strong leaves little on the other side.
//!
//! Steps are powers of two. As goals come the posterior narrows, and when a step has become too long points are added half-way
//! between those there are: nothing is summed twice. Points that the posterior has left are dropped.

use super::curve::{
    FALL, LONGEST_STEP, MOST_POINTS, Reading, Weighed, highest, look_up, quasi_posterior, weigh,
};
use super::points::{Change, Points, Prepared, Work};
use crate::prior::NormalPrior;
use crate::vector;

/// The longest step in posterior standard deviations.
const STEP_PER_SD: f64 = 1.0;
/// A step shorter than this many standard deviations is doubled.
const FINE: f64 = 0.3;
/// How far the first points reach, in standard deviations.
const REACH: f64 = 6.2;
/// Points are added a few at a time.
const EXTENSION: i64 = 2;
/// Points are dropped when this many of them have fallen out of use.
const UNUSED: usize = 4;
/// A point has fallen out of use when the integrand has fallen by this many natural logarithms, there and next to it …
const FORGOTTEN: f64 = 24.0;
/// … and, when points are added between, by this many.
const NOT_REFINED: f64 = 22.0;
const MOST_ROUNDS: usize = 60;

/// The running table of one pair at one logit variance.
#[derive(Debug, Clone)]
pub(super) struct Running {
    variance: f64,
    step: f64,
    /// The whole number k of the first point.
    first: i64,
    points: Points,
    /// Zero, where the table does not reach it.
    zero: Option<Points>,
}

/// Upper bounds of the masses above and below the point `zero`; `None` where it lies beyond the table.
fn sides(mass: &[f64], zero: Option<usize>, weighed: &Weighed) -> [f64; 2] {
    // What lies beyond the table is less than this part of the whole.
    let (sum, beyond) = (weighed.sum, 1e-6 * weighed.sum);
    let Some(zero) = zero else {
        return if weighed.mean > 0.0 { [sum, beyond] } else { [beyond, sum] };
    };
    let here = mass[zero];
    let rises_to = |neighbour: Option<&f64>| neighbour.is_some_and(|mass| *mass > here);
    if rises_to(mass.get(zero + 1)) {
        let below: f64 = mass[..zero].iter().sum();
        [sum - below + beyond, below + here + beyond]
    } else if rises_to(zero.checked_sub(1).map(|at| &mass[at])) {
        let above: f64 = mass[zero + 1..].iter().sum();
        [above + here + beyond, sum - above + beyond]
    } else {
        [sum, sum]
    }
}

fn signed(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}

impl Running {
    pub(super) fn new(variance: f64) -> Self {
        Self { variance, step: 0.0, first: 0, points: Points::default(), zero: None }
    }

    /// Replaces periods by what they have become; [`read`](Self::read) must follow.
    pub(super) fn change(&mut self, changes: &[Change], work: &mut Work) {
        if self.points.len() > 0 {
            self.points.change(changes, self.variance, work);
        }
        if let Some(zero) = &mut self.zero {
            zero.change(changes, self.variance, work);
        }
    }

    /// Fits the points to the posterior as it is and integrates; of the masses above and below zero it gives upper bounds.
    /// `cells` are all periods of the pair.
    pub(super) fn read(&mut self, cells: &[Prepared], prior: &NormalPrior, work: &mut Work) -> Reading {
        if self.points.len() == 0 {
            let (mean, sd) = quasi_posterior(cells, self.variance, prior, prior.mean);
            self.lay_out(mean, sd, cells, work);
        }
        let mut mass = std::mem::take(&mut work.mass);
        let mut round = 0;
        let weighed = loop {
            round += 1;
            let weighed = weigh(&self.points.values, &self.points.delta, prior, &mut mass);
            if round > MOST_ROUNDS {
                break weighed;
            }
            let fallen = weighed.peak - FALL;
            let at_ends = [0, self.points.len() - 1]
                .map(|at| self.points.values[at] + prior.ln_density_up_to_scale(self.points.delta[at]));
            if at_ends.iter().any(|&end| end >= weighed.peak) {
                // The peak lies beyond.
                let (mean, sd) = if round == 1 {
                    quasi_posterior(cells, self.variance, prior, weighed.mean)
                } else {
                    let reach = 0.5 * self.step * self.points.len() as f64;
                    (highest(&mass, &self.points.delta), 2.0 * reach / REACH)
                };
                self.lay_out(mean, sd, cells, work);
            } else if at_ends.iter().any(|&end| end >= fallen) {
                self.extend(at_ends.map(|end| end >= fallen), cells, work);
            } else if self.step > (STEP_PER_SD * weighed.sd).min(LONGEST_STEP) {
                self.drop_unused(&mass, NOT_REFINED, 1);
                self.halve_steps(cells, work);
            } else if self.step < FINE * weighed.sd && self.step < LONGEST_STEP {
                self.double_steps();
            } else {
                break weighed;
            }
        };
        let zero = usize::try_from(-self.first).ok().filter(|&at| at < mass.len());
        let parts = sides(&mass, zero, &weighed);
        self.drop_unused(&mass, FORGOTTEN, UNUSED);
        work.mass = mass;
        let ln_integral = |sum: f64| weighed.peak - prior.ln_scale() + vector::ln(self.step * sum);
        let (ln_mass, [ln_above, ln_below]) = (ln_integral(weighed.sum), parts.map(ln_integral));
        let at_zero = self.at_zero(cells, work);
        Reading { ln_mass, ln_above, ln_below, at_zero, mean: weighed.mean, sd: weighed.sd }
    }

    #[expect(clippy::cast_possible_truncation, reason = "the mean is at most a few thousand steps from zero")]
    fn lay_out(&mut self, mean: f64, sd: f64, cells: &[Prepared], work: &mut Work) {
        let power_of_two = |x: f64| libm::exp2(libm::floor(libm::log2(x)));
        let (wanted, most) = (power_of_two(STEP_PER_SD * sd), MOST_POINTS as f64);
        self.step = wanted.min(LONGEST_STEP).max(power_of_two(4.0 * REACH * sd / most));
        self.first = ((mean - REACH * sd) / self.step).floor() as i64;
        let last = ((mean + REACH * sd) / self.step).ceil() as i64;
        self.points = self.laid_out(self.first, last, cells, work);
    }

    fn laid_out(&self, from: i64, to: i64, cells: &[Prepared], work: &mut Work) -> Points {
        let mut points = Points::new((from..=to).map(|k| k as f64 * self.step).collect());
        points.add(cells, self.variance, work);
        points
    }

    fn extend(&mut self, [down, up]: [bool; 2], cells: &[Prepared], work: &mut Work) {
        if down {
            let mut points = self.laid_out(self.first - EXTENSION, self.first - 1, cells, work);
            points.extend(std::mem::take(&mut self.points));
            self.first -= EXTENSION;
            self.points = points;
        }
        if up {
            let from = self.first + signed(self.points.len());
            let points = self.laid_out(from, from + EXTENSION - 1, cells, work);
            self.points.extend(points);
        }
    }

    fn halve_steps(&mut self, cells: &[Prepared], work: &mut Work) {
        self.step *= 0.5;
        self.first *= 2;
        let between = (1..self.points.len()).map(|i| (self.first + 2 * signed(i) - 1) as f64 * self.step);
        let mut between = Points::new(between.collect());
        between.add(cells, self.variance, work);
        self.points.interleave(&between);
    }

    fn double_steps(&mut self) {
        let odd = self.first.rem_euclid(2);
        self.points.keep_every_second(usize::from(odd == 1));
        self.first = (self.first + odd) / 2;
        self.step *= 2.0;
    }

    /// Drops points at either end where at least `least` of them have fallen so far; the outermost in use keeps a neighbour.
    fn drop_unused(&mut self, mass: &[f64], fallen: f64, least: usize) {
        // Masses are relative to the largest.
        let forgotten = vector::exp(-fallen);
        let used = |mass: &f64| *mass > forgotten;
        let before = mass.iter().position(used).unwrap_or(0).saturating_sub(1);
        let end = mass.iter().rposition(used).map_or(mass.len(), |last| (last + 2).min(mass.len()));
        let to = if mass.len() - end >= least { end } else { mass.len() };
        let from = if before >= least { before } else { 0 };
        if from > 0 || to < mass.len() {
            self.points.keep(from..to);
            self.first += signed(from);
        }
    }

    fn at_zero(&mut self, cells: &[Prepared], work: &mut Work) -> f64 {
        let inside = usize::try_from(-self.first).ok().and_then(|at| self.points.values.get(at));
        if let Some(&value) = inside {
            self.zero = None;
            return value;
        }
        let variance = self.variance;
        let zero = self.zero.get_or_insert_with(|| {
            let mut zero = Points::new(vec![0.0]);
            zero.add(cells, variance, work);
            zero
        });
        zero.values[0]
    }

    /// About ℓ(δ), to 10⁻³ where the table covers δ; else an upper bound.
    pub(super) fn log_likelihood_near(&self, delta: f64) -> f64 {
        let position = (delta - self.points.delta[0]) / self.step;
        match look_up(&self.points.values, position) {
            Ok(value) | Err(value) => value,
        }
    }
}
