//! Power of the daily-read conditional-likelihood test, without simulation.
//!
//! Scenario: one arm is better by the ratio ρ than each of the others, and one of these is watched. A day gives the pair's log ratio
//! with variance v = 1/(n·p·q) + σ², n·p·q the pair's binomial variance on the day and σ² = 2φ its noise. Taking days as normal,
//! the likelihood at the judge's noise σ_j² depends on the mean of U days, z/√(U/v), and on their scatter about it, f·(U − 1)·v with
//! (U − 1)·f a chi-square. With v_j = 1/(n·p·q) + σ_j² and I_j = U/v_j the e-value becomes a function of z alone:
//!
//! ```text
//! E(z) = Σ w_j·c_j·A_j(z) / Σ w_j·c_j,    c_j = v_j^(−U/2)·exp( −(U−1)·f·v/(2v_j) − z²·v/(2v_j) ),
//! A_j(z) = 2·Φ(s)·exp(s²/2)·(1 + τ²I_j)^(−1/2),   s = z·√(v/v_j)·√(τ²I_j/(1 + τ²I_j))
//! ```
//!
//! and the drop rule, whose average over the K − 1 other arms holds one e-value that grows, is E(z) ≥ (K − 1)/α. So z has a
//! boundary on each day, and Z is a Brownian motion with drift ln ρ: the chance to cross is that of its recursion over looks (see
//! [`group_sequential`](crate::group_sequential)). Months whose days happen to scatter little fire early, so f is taken at three
//! quantiles of its law and the chances are averaged.
//!
//! What the approximation leaves out is measured against the judge itself by `examples/plan_power.rs` (200 months a cell, standard
//! errors to 0.035): from 4 goals a day on, with 2 to 8 arms and noise 0 to 0.2, the chance was off by at most 0.06 and the day by
//! 2.1, on the late side; at one goal a day the chance is understated by about 0.1.

use super::Design;
use super::crossing::crossing;
use crate::StatsError;
use crate::curve::bracketed_root;
use crate::special::{chi_square_quantile, ln_normal_cdf, ln_sum_exp, normal_quantile};

/// Looks that are followed; a longer month is read at this many evenly spaced days.
const LOOKS: u32 = 16;
/// The largest ratio that is looked for, 20.
const LN_RATIO_MAX: f64 = 2.995_732_273_553_991;

/// How soon a losing arm is dropped.
#[derive(Debug, Clone, PartialEq)]
pub struct Power {
    /// Chance that it is dropped within the month.
    pub chance: f64,
    /// Mean day of dropping, counting the last day where it is not.
    pub expected_day: f64,
    /// (day, chance of having been dropped by then).
    pub by_day: Vec<(u32, f64)>,
}

/// Chance and time of dropping an arm that the best one beats by `ratio` (> 1), at an even split.
///
/// Guarantee: `model`, a normal approximation; [`simulate`](super::simulate) is exact at the price of time.
///
/// # Errors
/// A design outside its domain; a ratio not above 1 or above 1000.
///
/// ```
/// use gevinst_stats::plan::{power, Design};
/// let design = Design { goals_per_day: 20.0, ..Design::default() };
/// let half_better = power(&design, 1.49)?;
/// // The judge itself: 0.965 of 200 simulated months, on day 13.9 on average.
/// assert!((half_better.chance - 0.965).abs() < 0.01 && (half_better.expected_day - 13.9).abs() < 0.5);
/// # Ok::<(), gevinst_stats::StatsError>(())
/// ```
pub fn power(design: &Design, ratio: f64) -> Result<Power, StatsError> {
    design.check()?;
    if !(ratio > 1.0 && ratio <= 1000.0) {
        return Err(StatsError::Domain {
            what: "the ratio",
            value: ratio,
            expected: "above 1 and up to 1000",
        });
    }
    let pair = Pair::new(design, ratio);
    let looks = design.days.min(LOOKS);
    let day = |k: u32| (design.days * k).div_ceil(looks);
    let days = f64::from(design.days);
    // One level is enough where scatter tells nothing: the judge holds one noise only.
    let levels: &[f64] = if pair.noises.len() > 1 { &[1.0 / 6.0, 0.5, 5.0 / 6.0] } else { &[0.5] };
    let mut crossed = vec![0.0; looks as usize];
    for &level in levels {
        let scatter = |u: f64| if u < 2.0 { 1.0 } else { chi_square_quantile(u - 1.0, level) / (u - 1.0) };
        let bound = |k: u32| {
            let u = f64::from(day(k));
            (u / days, pair.boundary(u, scatter(u)))
        };
        let bounds: Vec<(f64, f64)> = (1..=looks).map(bound).collect();
        let first = crossing(&bounds, ratio.ln() * (days / pair.variance).sqrt());
        for (sum, at) in crossed.iter_mut().zip(&first) {
            *sum += at / levels.len() as f64;
        }
    }
    let (mut chance, mut expected_day, mut before) = (0.0, 0.0, 0);
    let mut by_day = Vec::with_capacity(crossed.len());
    for (k, at) in (1..=looks).zip(&crossed) {
        // A drop found at a look may have come on any day since the last one.
        let middle = 0.5 * f64::from(before + 1 + day(k));
        chance += at;
        expected_day += at * middle;
        before = day(k);
        by_day.push((before, chance));
    }
    expected_day += (1.0 - chance) * days;
    Ok(Power { chance, expected_day, by_day })
}

/// The least ratio of the best arm to the others at which a losing arm is dropped with the stated chance; `None` above 20.
///
/// # Errors
/// A design outside its domain; a chance outside (0, 1).
///
/// ```
/// use gevinst_stats::plan::{detectable_ratio, Design};
/// let few = detectable_ratio(&Design { goals_per_day: 2.0, ..Design::default() }, 0.8)?.unwrap();
/// let many = detectable_ratio(&Design { goals_per_day: 50.0, ..Design::default() }, 0.8)?.unwrap();
/// assert!(few > 1.9 && many < 1.3);
/// # Ok::<(), gevinst_stats::StatsError>(())
/// ```
pub fn detectable_ratio(design: &Design, chance: f64) -> Result<Option<f64>, StatsError> {
    if !(chance > 0.0 && chance < 1.0) {
        return Err(StatsError::Domain {
            what: "the chance",
            value: chance,
            expected: "a number between 0 and 1",
        });
    }
    // The probit of the chance is nearly straight in the log ratio: false position settles in a few steps.
    let short = |ln_ratio: f64| -> Result<f64, StatsError> {
        let reached = power(design, ln_ratio.exp())?.chance.clamp(1e-12, 1.0 - 1e-12);
        Ok(normal_quantile(reached) - normal_quantile(chance))
    };
    let (mut low, mut high) = (0.0, design.prior_sd.clamp(0.05, LN_RATIO_MAX));
    let mut at_high = short(high)?;
    let mut at_low = -normal_quantile(chance) - 7.0;
    while at_high < 0.0 {
        if high >= LN_RATIO_MAX {
            return Ok(None);
        }
        (low, at_low) = (high, at_high);
        high = (2.0 * high).min(LN_RATIO_MAX);
        at_high = short(high)?;
    }
    for _ in 0..12 {
        let next = (low - at_low * (high - low) / (at_high - at_low)).clamp(low, high);
        let at_next = short(next)?;
        if at_next.abs() < 0.01 {
            return Ok(Some(next.exp()));
        }
        // Illinois: the end that stays counts half, so both move.
        if at_next < 0.0 {
            (low, at_low) = (next, at_next);
            at_high *= 0.5;
        } else {
            (high, at_high) = (next, at_next);
            at_low *= 0.5;
        }
    }
    Ok(Some((0.5 * (low + high)).exp()))
}

/// One pair's day, as the approximation sees it.
struct Pair {
    /// v: variance of a day's log ratio.
    variance: f64,
    /// (ln w_j, v_j) of the judge's prior over day noise.
    noises: Vec<(f64, f64)>,
    prior_sd: f64,
    ln_threshold: f64,
}

impl Pair {
    fn new(design: &Design, ratio: f64) -> Self {
        let others = design.arms as f64 - 1.0;
        let loser = design.goals_per_day / (others + ratio);
        let binomial = 1.0 / loser + 1.0 / (ratio * loser);
        let prior = &design.dispersion;
        let noises =
            prior.variances().iter().zip(prior.weights()).map(|(v, w)| (w.ln(), binomial + v)).collect();
        Self {
            variance: binomial + 2.0 * design.day_noise,
            noises,
            prior_sd: design.prior_sd,
            ln_threshold: (others / design.alpha).ln(),
        }
    }

    /// ln E(z) after U days whose scatter is f times what is expected.
    fn ln_e(&self, days: f64, scatter: f64, z: f64) -> f64 {
        let mut with = Vec::with_capacity(self.noises.len());
        let mut without = Vec::with_capacity(self.noises.len());
        for &(ln_weight, v_j) in &self.noises {
            let part = self.variance / v_j;
            let ln_c = ln_weight - 0.5 * days * v_j.ln() - 0.5 * ((days - 1.0) * scatter + z * z) * part;
            let spread = self.prior_sd * self.prior_sd * days / v_j;
            let s = z * (part * spread / (1.0 + spread)).sqrt();
            let ln_a = std::f64::consts::LN_2 + ln_normal_cdf(s) + 0.5 * s * s - 0.5 * spread.ln_1p();
            with.push(ln_c + ln_a);
            without.push(ln_c);
        }
        ln_sum_exp(&with) - ln_sum_exp(&without)
    }

    /// The z at which the arm is dropped; infinite where the mixture never gets there.
    fn boundary(&self, days: f64, scatter: f64) -> f64 {
        let short = |z: f64| self.ln_threshold - self.ln_e(days, scatter, z);
        let mut far = 2.0;
        while short(far) > 0.0 {
            far *= 1.5;
            if far > 1e4 {
                return f64::INFINITY;
            }
        }
        bracketed_root(short, 0.0, far)
    }
}

#[cfg(test)]
mod tests {
    use super::super::simulate;
    use super::*;

    /// Protects the approximation: chance and day against the judge's own, over goals, noise and arms.
    #[test]
    fn agrees_with_the_judge() {
        for (arms, goals, noise, ratio) in
            [(2, 8.0, 0.0, 1.49), (2, 20.0, 0.2, 1.49), (2, 0.3, 0.0, 4.0), (4, 12.0, 0.0, 1.8)]
        {
            let design = Design { arms, goals_per_day: goals, day_noise: noise, ..Design::default() };
            let found = power(&design, ratio).unwrap();
            let played = simulate(&design, ratio, 60, 17).unwrap();
            assert!(
                (found.chance - played.chance).abs() < 0.08 + 2.0 * played.chance_se,
                "{arms} arms, {goals} goals, noise {noise}"
            );
            assert!(
                (found.expected_day - played.expected_day).abs() < 2.0 + 2.0 * played.day_se,
                "{arms} arms, {goals} goals, noise {noise}"
            );
        }
    }

    /// Protects what must be monotone: more goals, a larger ratio, less noise, fewer arms.
    #[test]
    fn power_grows_with_all_that_helps() {
        let base = Design { goals_per_day: 8.0, ..Design::default() };
        let chance = |design: &Design, ratio: f64| power(design, ratio).unwrap().chance;
        let usual = chance(&base, 1.4);
        assert!(chance(&Design { goals_per_day: 12.0, ..base.clone() }, 1.4) > usual);
        assert!(chance(&base, 1.5) > usual);
        assert!(chance(&Design { day_noise: 0.1, ..base.clone() }, 1.4) < usual);
        assert!(chance(&Design { arms: 4, ..base.clone() }, 1.4) < usual);
        assert!(
            chance(&Design { dispersion: crate::prior::DispersionPrior::none(), ..base.clone() }, 1.4)
                > usual
        );
        assert!(chance(&base, 1.0001) < 0.03);
    }

    /// Protects the extremes of the domain: one day, a year, a goal a year, a million a day, fifty arms.
    #[test]
    fn extremes_are_chances() {
        for (days, goals, arms) in [(1, 1.0, 2), (400, 0.003, 2), (30, 1e6, 50), (1, 1e9, 2)] {
            let design = Design { days, goals_per_day: goals, arms, ..Design::default() };
            for ratio in [1.001, 2.0, 1000.0] {
                let found = power(&design, ratio).unwrap();
                assert!(
                    (0.0..=1.0 + 1e-9).contains(&found.chance)
                        && found.expected_day <= f64::from(days) + 1e-9
                );
            }
        }
        assert!(power(&Design::default(), 1.0).is_err());
        assert_eq!(
            detectable_ratio(&Design { days: 1, goals_per_day: 0.5, ..Design::default() }, 0.8).unwrap(),
            None
        );
    }
}
