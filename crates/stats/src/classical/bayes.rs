//! Conjugate Bayesian readings: beta for proportions, gamma for rates, normal for an effect.
//!
//! Independent posteriors per arm, so without the period's common wave cancelled out: for totals of a finished test,
//! and to check other programs. Guarantee: `model`. Chance to be best and expected loss of K arms are one integral
//! each over a grid shared by all arms, ∫ fₐ ∏_{b≠a} F_b, evaluated by Gauss–Legendre panels that break at quantiles
//! of every arm; the closed sums of beta functions for two to four arms (Miller, "Formulas for Bayesian A/B
//! testing") are reproduced to 10⁻¹¹.

use super::{CountSample, Proportion, check_alpha};
use crate::StatsError;
use crate::special::{
    beta_quantile, beta_quantile_logit, composite_rule, expit, gamma_isf, gamma_quantile, ln_beta_at_logit,
    ln_gamma_p, ln_gamma_pdf, normal_cdf, normal_pdf, normal_quantile,
};

/// The posterior of one arm's chance or rate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Posterior {
    /// Beta(a, b), for a proportion.
    Beta {
        /// Prior successes plus successes.
        a: f64,
        /// Prior failures plus failures.
        b: f64,
    },
    /// Gamma with this shape and rate, for goals per exposure.
    Gamma {
        /// Prior shape plus goals.
        shape: f64,
        /// Prior rate plus exposure.
        rate: f64,
    },
}

impl Posterior {
    /// Beta posterior of a proportion under a Beta(a, b) prior; (1, 1) is uniform.
    ///
    /// # Errors
    /// Prior parameters that are not positive and finite.
    ///
    /// ```
    /// use gevinst_stats::classical::{Proportion, bayes::Posterior};
    /// let posterior = Posterior::proportion(Proportion::new(3, 10).unwrap(), (1.0, 1.0)).unwrap();
    /// assert_eq!(posterior, Posterior::Beta { a: 4.0, b: 8.0 });
    /// ```
    pub fn proportion(arm: Proportion, prior: (f64, f64)) -> Result<Self, StatsError> {
        let failures = (arm.people() - arm.events()) as f64;
        Self::Beta { a: prior.0 + arm.events() as f64, b: prior.1 + failures }.checked()
    }

    /// Gamma posterior of a rate under a Gamma(shape, rate) prior; (1, 0) is flat.
    ///
    /// # Errors
    /// A posterior shape or rate that is not positive and finite.
    ///
    /// ```
    /// use gevinst_stats::classical::{CountSample, bayes::Posterior};
    /// let posterior = Posterior::rate(CountSample::new(3, 10.0).unwrap(), (1.0, 0.0)).unwrap();
    /// assert_eq!(posterior.mean(), 0.4);
    /// ```
    pub fn rate(sample: CountSample, prior: (f64, f64)) -> Result<Self, StatsError> {
        Self::Gamma { shape: prior.0 + sample.count() as f64, rate: prior.1 + sample.exposure() }.checked()
    }

    fn checked(self) -> Result<Self, StatsError> {
        let parameters = match self {
            Self::Beta { a, b } => [a, b],
            Self::Gamma { shape, rate } => [shape, rate],
        };
        match parameters.iter().find(|value| !(**value > 0.0 && value.is_finite())) {
            None => Ok(self),
            Some(&value) => Err(StatsError::Domain {
                what: "a posterior's parameter",
                value,
                expected: "positive and finite",
            }),
        }
    }

    /// The mean.
    #[must_use]
    pub fn mean(&self) -> f64 {
        match *self {
            Self::Beta { a, b } => a / (a + b),
            Self::Gamma { shape, rate } => shape / rate,
        }
    }

    /// The quantile at p.
    #[must_use]
    pub fn quantile(&self, p: f64) -> f64 {
        match *self {
            Self::Beta { a, b } => beta_quantile(a, b, p),
            Self::Gamma { shape, rate } => gamma_quantile(shape, rate, p),
        }
    }

    /// The points with lower and with upper tail `tail`, on the unbounded scale that the integral runs over: the
    /// logit of a chance, the logarithm of a rate.
    fn line_points(&self, tail: f64) -> [f64; 2] {
        match *self {
            Self::Beta { a, b } => {
                [beta_quantile_logit(a, b, tail, 1.0 - tail), beta_quantile_logit(a, b, 1.0 - tail, tail)]
            }
            Self::Gamma { shape, rate } => [
                gamma_quantile(shape, rate, tail).max(f64::MIN_POSITIVE).ln(),
                gamma_isf(shape, rate, tail).max(f64::MIN_POSITIVE).ln(),
            ],
        }
    }

    fn value_at(self, u: f64) -> f64 {
        match self {
            Self::Beta { .. } => expit(u),
            Self::Gamma { .. } => u.exp(),
        }
    }

    /// Density on that scale, and chance below.
    fn density_and_cdf(&self, u: f64) -> (f64, f64) {
        match *self {
            Self::Beta { a, b } => {
                let (ln_cdf, _, ln_density) = ln_beta_at_logit(a, b, u);
                (ln_density.exp(), ln_cdf.exp())
            }
            Self::Gamma { shape, rate } => {
                let x = u.exp() * rate;
                ((ln_gamma_pdf(shape, x) + x.ln()).exp(), ln_gamma_p(shape, x).exp())
            }
        }
    }
}

/// One arm's standing among all.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Standing {
    /// Chance that its chance or rate is the largest of all.
    pub p_best: f64,
    /// E[max over all arms − this arm], in the unit of the chance or rate.
    pub expected_loss: f64,
}

/// Chance to be best and expected loss of each arm, from independent posteriors of one kind.
///
/// # Errors
/// Fewer than two arms, more than 100, or proportions mixed with rates.
///
/// ```
/// use gevinst_stats::classical::{Proportion, bayes::{Posterior, standings}};
/// let arm = |events, people| Posterior::proportion(Proportion::new(events, people).unwrap(), (1.0, 1.0)).unwrap();
/// let standings = standings(&[arm(100, 200), arm(250, 400)]).unwrap();
/// assert!((standings[1].p_best - 0.99824356868812).abs() < 1e-12);
/// ```
pub fn standings(arms: &[Posterior]) -> Result<Vec<Standing>, StatsError> {
    if arms.len() < 2 || arms.len() > 100 {
        return Err(StatsError::Length { what: "the arms", expected: 2, found: arms.len() });
    }
    let kind = core::mem::discriminant(&arms[0]);
    if arms.iter().any(|arm| core::mem::discriminant(arm) != kind) {
        return Err(StatsError::Domain {
            what: "the kinds of posterior",
            value: 2.0,
            expected: "all proportions or all rates",
        });
    }
    // Panels break at quantiles of every arm, so no arm's step falls inside a panel.
    let mut breaks = Vec::with_capacity(14 * arms.len());
    for arm in arms {
        for tail in [1e-18, 1e-12, 1e-7, 1e-3, 0.03, 0.2] {
            breaks.extend(arm.line_points(tail));
        }
        breaks.push(arm.line_points(0.5)[0]);
    }
    breaks.sort_by(f64::total_cmp);
    breaks.dedup();
    let mut best = vec![0.0; arms.len()];
    let mut mean_of_max = 0.0;
    let mut values = vec![(0.0, 0.0); arms.len()];
    for pair in breaks.windows(2) {
        for (u, weight) in composite_rule(pair[0], pair[1], 1) {
            for (value, arm) in values.iter_mut().zip(arms) {
                *value = arm.density_and_cdf(u);
            }
            let mut here = 0.0;
            for (a, chance) in best.iter_mut().enumerate() {
                let others: f64 =
                    values.iter().enumerate().filter(|(b, _)| *b != a).map(|(_, value)| value.1).product();
                let mass = weight * values[a].0 * others;
                *chance += mass;
                here += mass;
            }
            mean_of_max += here * arms[0].value_at(u);
        }
    }
    Ok(best
        .into_iter()
        .zip(arms)
        .map(|(p_best, arm)| Standing { p_best, expected_loss: (mean_of_max - arm.mean()).max(0.0) })
        .collect())
}

/// The posterior of an effect whose estimate is normal.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NormalEffect {
    /// Posterior mean.
    pub mean: f64,
    /// Posterior standard deviation.
    pub sd: f64,
    /// Chance that the effect is above zero.
    pub chance_to_win: f64,
    /// Lower end of the central credible interval.
    pub lower: f64,
    /// Upper end.
    pub upper: f64,
    /// Expected loss of staying with the control, E[max(δ, 0)].
    pub loss_of_control: f64,
    /// Expected loss of taking the treatment, E[max(−δ, 0)].
    pub loss_of_treatment: f64,
}

/// The posterior of an effect with a normal estimate of `variance`, flat prior or normal (mean, variance).
///
/// E[max(δ, 0)] = mΦ(m/s) + sφ(m/s). This is GrowthBook's Bayesian engine.
///
/// # Errors
/// Variances that are not positive; values that are not finite; α outside (0, 1).
///
/// ```
/// use gevinst_stats::classical::{Effect, Proportion, bayes, effect_and_variance};
/// let control = Proportion::new(49, 100).unwrap().moments().unwrap();
/// let treatment = Proportion::new(51, 100).unwrap().moments().unwrap();
/// let (lift, variance) = effect_and_variance(&control, &treatment, Effect::RelativeLift).unwrap();
/// let effect = bayes::normal_effect(lift, variance, None, 0.05).unwrap();
/// assert!((effect.chance_to_win - 0.60918).abs() < 5e-6);
/// ```
pub fn normal_effect(
    estimate: f64,
    variance: f64,
    prior: Option<(f64, f64)>,
    alpha: f64,
) -> Result<NormalEffect, StatsError> {
    check_alpha(alpha)?;
    let prior_variance = prior.map_or(1.0, |(_, variance)| variance);
    for (what, value) in [("the variance", variance), ("the prior's variance", prior_variance)] {
        if !(value > 0.0 && value.is_finite()) {
            return Err(StatsError::Domain { what, value, expected: "positive and finite" });
        }
    }
    let prior_mean = prior.map_or(0.0, |(mean, _)| mean);
    for (what, value) in [("the estimate", estimate), ("the prior's mean", prior_mean)] {
        if !value.is_finite() {
            return Err(StatsError::Domain { what, value, expected: "finite" });
        }
    }
    let (mean, sd) = match prior {
        None => (estimate, variance.sqrt()),
        Some((m, v)) => {
            let precision = 1.0 / variance + 1.0 / v;
            ((estimate / variance + m / v) / precision, (1.0 / precision).sqrt())
        }
    };
    let z = mean / sd;
    let width = -normal_quantile(alpha / 2.0) * sd;
    Ok(NormalEffect {
        mean,
        sd,
        chance_to_win: normal_cdf(z),
        lower: mean - width,
        upper: mean + width,
        loss_of_control: mean * normal_cdf(z) + sd * normal_pdf(z),
        loss_of_treatment: sd * normal_pdf(z) - mean * normal_cdf(-z),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_arms_share_the_chance_and_starved_ones_are_no_trouble() {
        // Protects the panels: narrow and wide posteriors side by side, and an arm without data.
        let arm = |a: f64, b: f64| Posterior::Beta { a, b };
        for p in standings(&[arm(3.0, 5.0); 5]).unwrap() {
            assert!((p.p_best - 0.2).abs() < 1e-12);
        }
        let arms = [arm(1.0, 1.0), arm(5e6, 5e6), arm(0.5, 0.5)];
        let standings = standings(&arms).unwrap();
        assert!((standings.iter().map(|s| s.p_best).sum::<f64>() - 1.0).abs() < 1e-9, "{standings:?}");
        // The middle arm is a point at ½: it is best when both others are below, ¼.
        assert!((standings[1].p_best - 0.25).abs() < 1e-3);
    }

    #[test]
    fn expected_loss_of_two_arms_is_the_integral_of_the_difference() {
        // Protects the loss: E[max] − E[θₐ] against the closed form for two beta laws,
        // E[(θ_b − θ_a)⁺] = m_b·P(b+1 beats a) − m_a·P(b beats a+1).
        let (a, b) = ((21.0, 81.0), (31.0, 75.0));
        let beta = |(a, b): (f64, f64)| Posterior::Beta { a, b };
        let loss = standings(&[beta(a), beta(b)]).unwrap()[0].expected_loss;
        let wins = |a, b| standings(&[beta(a), beta(b)]).unwrap()[1].p_best;
        let expected =
            beta(b).mean() * wins(a, (b.0 + 1.0, b.1)) - beta(a).mean() * wins((a.0 + 1.0, a.1), b);
        assert!((loss - expected).abs() < 1e-12, "{loss} {expected}");
    }

    #[test]
    fn mixed_and_bad_input_is_refused() {
        // Protects against comparing a chance with a rate.
        let beta = Posterior::Beta { a: 1.0, b: 1.0 };
        let gamma = Posterior::Gamma { shape: 1.0, rate: 1.0 };
        assert!(standings(&[beta, gamma]).is_err() && standings(&[beta]).is_err());
        assert!(Posterior::proportion(Proportion::new(0, 5).unwrap(), (0.0, 1.0)).is_err());
        assert!(
            normal_effect(0.1, 0.0, None, 0.05).is_err() && normal_effect(f64::NAN, 1.0, None, 0.05).is_err()
        );
    }
}
