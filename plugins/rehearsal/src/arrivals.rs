//! When goals become known: late arrivals and later corrections, as cumulative counts.
//!
//! A goal happens some exponential time after an exposure that fell evenly within its period, and is reported at the
//! next period end. So the number known rises from look to look and never falls, apart from a correction that the
//! truths asked for. The whole schedule of a cell is drawn once; what a look sees is found in it by its date, so looks
//! may come in any order. Cost: a draw a goal for small cells, two a period of delay for large ones.

use std::ops::Range;

use rand::RngExt;
use rand_distr::{Binomial, Distribution};
use rand_pcg::Pcg64Mcg;

use crate::num::{count, small};

/// Above this many alike goals in a cell, arrivals are thinned period by period in place of goal by goal. Both have the
/// same law; this is where they cost the same.
const ONE_BY_ONE_MAX: u64 = 256;
/// Fewer goals than this are listed one by one, more are counted by step.
const FEW: u64 = 12;
/// No goal comes later than this many period ends: over ten times the median of a year, counted in hours.
const STEPS_MAX: u32 = 100_000;

/// Some goals that became known together.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Seen {
    /// How many goals.
    pub(crate) goals: u64,
    /// Sum of what the exposures brought.
    pub(crate) sum: f64,
    /// Sum of its squares.
    pub(crate) sum_sq: f64,
}

/// `units` exposures, each of which brought `goals` goals worth `value` together, arriving `step` period ends late.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Brought {
    step: u32,
    units: u64,
    goals: u32,
    value: f64,
}

impl Brought {
    /// `units` exposures of one goal each, which counts as 1.
    pub(crate) fn plain(units: u64) -> Self {
        Self { step: 0, units, goals: 1, value: 1.0 }
    }

    /// One exposure.
    pub(crate) fn one(goals: u32, value: f64) -> Self {
        Self { step: 0, units: 1, goals, value }
    }
}

/// The law of the delay in steps (period ends passed since the exposure's own).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Delay {
    /// Chance that a goal is known when its period ends.
    at_once: f64,
    /// Chance that a goal not yet known becomes so by the next period end.
    hazard: f64,
    /// ln(1 − hazard), to draw the number of steps by inversion.
    ln_stay: f64,
}

impl Delay {
    /// An exponential delay with this median, for periods of this length.
    ///
    /// With rate λ = ln 2 / median and length L: a goal of an exposure that fell evenly within the period is known at its
    /// end with chance 1 − (1 − exp(−λL))/(λL), and after each further length with chance 1 − exp(−λL) of what is left.
    pub(crate) fn new(median_us: i64, period_us: i64) -> Self {
        let lengths = std::f64::consts::LN_2 * period_us as f64 / median_us as f64;
        let hazard = -(-lengths).exp_m1();
        Self { at_once: 1.0 - hazard / lengths, hazard, ln_stay: -lengths }
    }

    /// Share of a period's goals that are known `step` period ends after its own.
    pub(crate) fn completeness(self, step: usize) -> f64 {
        1.0 - (1.0 - self.at_once) * (self.ln_stay * step as f64).exp()
    }

    fn draw(self, rng: &mut Pcg64Mcg) -> u32 {
        let u: f64 = rng.random();
        if u < self.at_once {
            return 0;
        }
        // What is left of u is uniform again: one draw serves both questions.
        1 + self.steps((1.0 - u) / (1.0 - self.at_once))
    }

    /// Further steps of a goal that is still out, from 0 for the next.
    fn draw_further(self, rng: &mut Pcg64Mcg) -> u32 {
        self.steps(1.0 - rng.random::<f64>())
    }

    fn steps(self, uniform: f64) -> u32 {
        // Bounded, so that the longest delay there can be does not ask for endless memory.
        small(usize::try_from(count(uniform.ln() / self.ln_stay)).unwrap_or(usize::MAX)).min(STEPS_MAX)
    }
}

/// A correction: what goals are multiplied by on average, and the stream that decides which.
#[derive(Debug)]
pub(crate) struct Correction {
    pub(crate) factor: f64,
    pub(crate) rng: Pcg64Mcg,
}

#[derive(Debug, Clone, Copy)]
struct Known {
    step: u32,
    /// Cumulative within the cell.
    seen: Seen,
}

/// Where a cell's schedule lies in its arm's list.
#[derive(Debug, Clone, Default)]
pub(crate) struct Schedule {
    first: Range<usize>,
    corrected: Range<usize>,
}

/// The schedules of one arm, cell after cell.
#[derive(Debug, Clone, Default)]
pub(crate) struct Arrivals {
    known: Vec<Known>,
}

impl Arrivals {
    /// Draws when each of `brought` becomes known, and what of it a correction leaves.
    pub(crate) fn schedule(
        &mut self,
        brought: &mut Vec<Brought>,
        delay: Option<(Delay, Pcg64Mcg)>,
        correction: Option<Correction>,
    ) -> Schedule {
        if let Some((delay, mut rng)) = delay {
            spread(brought, delay, &mut rng);
            brought.sort_unstable_by_key(|item| item.step);
        }
        let first = self.accumulate(brought.iter().copied());
        let corrected = match correction {
            Some(Correction { factor, mut rng }) => {
                let corrected = brought
                    .iter()
                    .map(|item| Brought { units: corrected_units(item.units, factor, &mut rng), ..*item });
                self.accumulate(corrected)
            }
            None => first.clone(),
        };
        Schedule { first, corrected }
    }

    fn accumulate(&mut self, brought: impl Iterator<Item = Brought>) -> Range<usize> {
        let start = self.known.len();
        let mut seen = Seen::default();
        for item in brought {
            let units = item.units as f64;
            seen.goals += item.units * u64::from(item.goals);
            seen.sum += units * item.value;
            seen.sum_sq += units * item.value * item.value;
            match self.known[start..].last_mut() {
                Some(last) if last.step == item.step => last.seen = seen,
                _ => self.known.push(Known { step: item.step, seen }),
            }
        }
        start..self.known.len()
    }

    /// What is known of a cell `step` period ends after its own.
    pub(crate) fn seen(&self, schedule: &Schedule, step: usize, corrected: bool) -> Seen {
        let range = if corrected { &schedule.corrected } else { &schedule.first };
        let known = &self.known[range.clone()];
        // Looks mostly come when everything has arrived, or nearly: search from the end.
        known
            .iter()
            .rev()
            .find(|known| known.step as usize <= step)
            .map_or(Seen::default(), |known| known.seen)
    }

    /// Forgets all schedules from this one on.
    pub(crate) fn truncate(&mut self, from: &Schedule) {
        self.known.truncate(from.first.start);
    }
}

/// Gives every item its step, splitting those that are many.
fn spread(brought: &mut Vec<Brought>, delay: Delay, rng: &mut Pcg64Mcg) {
    for index in 0..brought.len() {
        let item = brought[index];
        match item.units {
            0 => {}
            1..FEW => {
                brought[index] = Brought { step: delay.draw(rng), units: 1, ..item };
                for _ in 1..item.units {
                    brought.push(Brought { step: delay.draw(rng), units: 1, ..item });
                }
            }
            units => {
                let by_step = many(units, delay, rng);
                brought[index].units = 0;
                let arrived = (0..).zip(by_step).filter(|&(_, units)| units > 0);
                brought.extend(arrived.map(|(step, units)| Brought { step, units, ..item }));
            }
        }
    }
}

/// How many of `units` alike goals become known at each step.
fn many(units: u64, delay: Delay, rng: &mut Pcg64Mcg) -> Vec<u64> {
    let mut by_step = Vec::with_capacity(32);
    let mut left = units;
    while left > ONE_BY_ONE_MAX {
        let chance = if by_step.is_empty() { delay.at_once } else { delay.hazard };
        let now = binomial(left, chance, rng);
        by_step.push(now);
        left -= now;
    }
    let thinned = by_step.len();
    for _ in 0..left {
        // Memoryless: those still out after a thinned step wait as if they were new, past their own period.
        let step =
            if thinned == 0 { delay.draw(rng) as usize } else { thinned + delay.draw_further(rng) as usize };
        if step >= by_step.len() {
            by_step.resize(step + 1, 0);
        }
        by_step[step] += 1;
    }
    by_step
}

/// How many units a correction leaves: the whole part of the factor for sure, one more with its fraction as chance.
fn corrected_units(units: u64, factor: f64, rng: &mut Pcg64Mcg) -> u64 {
    units * count(factor) + binomial(units, factor.fract(), rng)
}

/// A binomial draw; `p` outside 0..1 counts as the nearer end.
pub(crate) fn binomial(n: u64, p: f64, rng: &mut Pcg64Mcg) -> u64 {
    if n == 0 || p.is_nan() || p <= 0.0 {
        return 0;
    }
    if p >= 1.0 {
        return n;
    }
    Binomial::new(n, p).map_or(0, |law| law.sample(rng).min(n))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream::{ArmKey, Purpose};

    fn rng(index: usize) -> Pcg64Mcg {
        ArmKey::new(11, "arrivals", "a").stream(Purpose::Delay, index)
    }

    /// Known at each step, out of `units` goals in each of `cells`, and the variance of the count at step 1.
    fn known_by_step(units: u64, cells: usize, delay: Delay, steps: usize) -> (Vec<f64>, f64) {
        let mut sums = vec![0.0; steps];
        let mut squares = 0.0;
        for cell in 0..cells {
            let mut arrivals = Arrivals::default();
            let mut brought = vec![Brought::plain(units)];
            let schedule = arrivals.schedule(&mut brought, Some((delay, rng(cell))), None);
            for (step, sum) in sums.iter_mut().enumerate() {
                *sum += arrivals.seen(&schedule, step, false).goals as f64;
            }
            squares += (arrivals.seen(&schedule, 1, false).goals as f64).powi(2);
        }
        let n = cells as f64;
        let mean = sums[1] / n;
        (sums.iter().map(|sum| sum / n / units as f64).collect(), squares / n - mean * mean)
    }

    #[test]
    fn goals_become_known_as_an_exponential_delay_says_one_by_one_and_thinned() {
        // Protects: the delay's distribution, and that both ways of drawing have the same.
        let delay = Delay::new(3, 1);
        // With λL = ln 2 / 3: 1 − (1 − 2^(−1/3))/(ln 2 / 3) = 1 − 0.2062995/0.2310491 = 0.107118 at once, and what is out
        // is halved every three steps.
        assert!((delay.completeness(0) - 0.107_118).abs() < 1e-6, "{}", delay.completeness(0));
        assert!(((1.0 - delay.completeness(3)) * 2.0 - (1.0 - delay.completeness(0))).abs() < 1e-12);
        for (units, cells) in [(8_u64, 12_500_usize), (100, 1_000), (2_000, 50)] {
            let (shares, variance) = known_by_step(units, cells, delay, 12);
            let goals = units as f64 * cells as f64;
            for (step, share) in shares.iter().enumerate() {
                let p = delay.completeness(step);
                assert!(
                    (share - p).abs() < 4.0 * (p * (1.0 - p) / goals).sqrt(),
                    "{units}: step {step}: {share} for {p}"
                );
            }
            let p = delay.completeness(1);
            let ratio = variance / (units as f64 * p * (1.0 - p));
            assert!(
                (ratio - 1.0).abs() < 4.0 * (2.0 / cells as f64).sqrt(),
                "{units}: variance ratio {ratio}"
            );
        }
    }

    #[test]
    fn in_the_end_every_goal_is_known_once() {
        // Protects: no goal is lost or doubled on its way.
        for units in [0, 1, FEW - 1, FEW, ONE_BY_ONE_MAX, ONE_BY_ONE_MAX + 1, 5_000] {
            let mut arrivals = Arrivals::default();
            let mut brought = vec![Brought::plain(units), Brought::one(3, 7.5)];
            let delay = Delay::new(5, 1);
            let schedule = arrivals.schedule(&mut brought, Some((delay, rng(1))), None);
            let seen = arrivals.seen(&schedule, 1_000_000, false);
            assert_eq!(seen.goals, units + 3);
            assert!((seen.sum - (units as f64 + 7.5)).abs() < 1e-9);
            assert!((seen.sum_sq - (units as f64 + 56.25)).abs() < 1e-9);
        }
    }

    #[test]
    fn a_correction_multiplies_goals_by_its_factor_on_average() {
        // Protects: restated days have the stated size, up and down.
        for factor in [0.0, 0.7, 1.0, 1.25, 2.5] {
            let mut total = 0;
            for cell in 0..400 {
                let mut arrivals = Arrivals::default();
                let mut brought = vec![Brought::plain(50)];
                let correction = Correction { factor, rng: rng(cell) };
                let schedule = arrivals.schedule(&mut brought, None, Some(correction));
                assert_eq!(arrivals.seen(&schedule, 0, false).goals, 50);
                total += arrivals.seen(&schedule, 0, true).goals;
            }
            let mean = f64::from(u32::try_from(total).unwrap()) / 20_000.0;
            let fraction: f64 = factor.fract();
            let sd = (fraction * (1.0 - fraction) / 20_000.0).sqrt();
            assert!((mean - factor).abs() <= 4.0 * sd, "{factor}: {mean}");
        }
    }
}
