//! A closed experiment and what it says about true log rates: the integrals of empirical Bayes.
//!
//! Arm a's true log rate is x_a = μ + m·(a is not the control) + η_a with η_a ~ N(0, v_a), v_a = τ² + its day-noise part, and μ flat: an
//! experiment's level is its own. Two kinds of data:
//!
//! * counts, s_a ~ Poisson(e_a·exp x_a). With μ flat this is the multinomial of the arms' counts given their sum, so
//!   nothing is assumed about the level. Both integrals (over each x_a given μ, then over μ) are of log-concave functions and are taken
//!   by the trapezoid rule around their peaks, which for such functions converges exponentially;
//! * estimates, y_a ~ N(x_a, se_a²), for goals that are not counts: everything is normal, in closed form (restricted likelihood).

/// Half-width of a quadrature in standard deviations, and its step: at this step the trapezoid rule errs by 6e-16 on a
/// normal curve, and e^−22 is cut off.
const REACH: f64 = 6.75;
const STEP: f64 = 0.75;

/// One arm of a closed experiment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ClosedArm {
    /// Totals of a count goal.
    Counts {
        /// What goals were counted per, in a unit common to the experiment's arms; above 0.
        exposure: f64,
        /// Goals.
        goals: u64,
    },
    /// An estimate of another kind of effect on the log scale, such as ln of a mean value.
    Estimate {
        /// The estimate.
        ln_rate: f64,
        /// Its standard error, above 0.
        standard_error: f64,
    },
}

/// A closed experiment.
#[derive(Debug, Clone, PartialEq)]
pub struct Closed {
    /// The arms, at least two.
    pub arms: Vec<ClosedArm>,
    /// Index of the control, for experiments that have one.
    pub control: Option<usize>,
    /// What day noise adds to the variance of each arm's log rate: φ / periods (0 for randomised lists).
    pub noise_variance: f64,
}

/// Posterior of one arm's log rate given μ: (weight of μ, then mean and variance of each arm).
pub(super) struct Node {
    pub(super) ln_weight: f64,
    pub(super) arms: Vec<(f64, f64)>,
}

impl Closed {
    pub(super) fn arm_variance(&self, tau: f64) -> f64 {
        tau * tau + self.noise_variance
    }

    /// Whether the arms can say anything about each other.
    pub(super) fn informative(&self) -> bool {
        let says = |arm: &ClosedArm| match arm {
            ClosedArm::Counts { exposure, .. } => *exposure > 0.0,
            ClosedArm::Estimate { .. } => true,
        };
        let goals = |arm: &ClosedArm| match arm {
            ClosedArm::Counts { goals, .. } => *goals > 0,
            ClosedArm::Estimate { .. } => true,
        };
        self.arms.iter().filter(|a| says(a)).count() > 1 && self.arms.iter().any(goals)
    }

    /// ln of the marginal likelihood at spread τ and centre m, up to a constant.
    pub(super) fn ln_marginal(&self, tau: f64, centre: f64) -> f64 {
        let (peak, sd) = self.level_peak(tau, centre);
        let mut total = 0.0;
        let ln_top = self.ln_level(peak, tau, centre);
        for k in grid() {
            total += (self.ln_level(peak + k * sd, tau, centre) - ln_top).exp();
        }
        ln_top + (total * STEP * sd).ln()
    }

    /// The joint posterior at spread τ as a mixture over μ.
    pub(super) fn posterior(&self, tau: f64, centre: f64) -> Vec<Node> {
        let (peak, sd) = self.level_peak(tau, centre);
        let node = |k: f64| {
            let mu = peak + k * sd;
            let parts: Vec<Part> = self.parts(mu, tau, centre).collect();
            Node {
                ln_weight: parts.iter().map(|p| p.ln_mass).sum(),
                arms: parts.iter().map(|p| (p.mean, p.variance)).collect(),
            }
        };
        grid().map(node).collect()
    }

    fn parts(&self, mu: f64, tau: f64, centre: f64) -> impl Iterator<Item = Part> + '_ {
        let v = self.arm_variance(tau);
        self.arms.iter().enumerate().map(move |(a, arm)| {
            let treated = self.control.is_some_and(|control| control != a);
            Part::of(arm, if treated { mu + centre } else { mu }, v)
        })
    }

    fn ln_level(&self, mu: f64, tau: f64, centre: f64) -> f64 {
        self.parts(mu, tau, centre).map(|p| p.ln_mass).sum()
    }

    /// Peak and width in μ of the product over arms.
    fn level_peak(&self, tau: f64, centre: f64) -> (f64, f64) {
        let (mut weighted, mut weights) = (0.0, 0.0);
        let v = self.arm_variance(tau);
        for arm in &self.arms {
            let (y, variance) = match *arm {
                ClosedArm::Counts { exposure, .. } if exposure <= 0.0 => continue,
                ClosedArm::Counts { exposure, goals } => {
                    let s = goals as f64 + 0.5;
                    ((s / exposure).ln(), 1.0 / s + v)
                }
                ClosedArm::Estimate { ln_rate, standard_error } => {
                    (ln_rate, standard_error * standard_error + v)
                }
            };
            weighted += y / variance;
            weights += 1.0 / variance;
        }
        let mut mu = weighted / weights;
        let mut h = weights.sqrt().recip();
        // Newton with numerical derivatives; the function is concave in μ.
        for _ in 0..30 {
            let (left, mid, right) = (
                self.ln_level(mu - h, tau, centre),
                self.ln_level(mu, tau, centre),
                self.ln_level(mu + h, tau, centre),
            );
            let curvature = (left - 2.0 * mid + right).min(-1e-9);
            let move_by = (0.5 * (left - right) / curvature).clamp(-3.0, 3.0) * h;
            let width = h / (-curvature).sqrt();
            mu += move_by;
            h = width.clamp(0.2 * h, 5.0 * h);
            if move_by.abs() < 0.05 * h {
                break;
            }
        }
        (mu, h)
    }
}

/// ∫ of one arm's likelihood times N(x; prior mean, v), with the mean and variance of x under it.
struct Part {
    ln_mass: f64,
    mean: f64,
    variance: f64,
}

impl Part {
    fn of(arm: &ClosedArm, prior_mean: f64, v: f64) -> Self {
        match *arm {
            ClosedArm::Estimate { ln_rate, standard_error } => {
                let se2 = standard_error * standard_error;
                let total = se2 + v;
                let mean = (ln_rate * v + prior_mean * se2) / total;
                let ln_mass = -0.5 * ((ln_rate - prior_mean).powi(2) / total + total.ln());
                Self { ln_mass, mean, variance: se2 * v / total }
            }
            ClosedArm::Counts { exposure, .. } if exposure <= 0.0 => {
                Self { ln_mass: 0.0, mean: prior_mean, variance: v }
            }
            ClosedArm::Counts { exposure, goals } => Self::counts(goals as f64, exposure.ln(), prior_mean, v),
        }
    }

    fn counts(s: f64, ln_exposure: f64, prior_mean: f64, v: f64) -> Self {
        // Relative to s·ln s − s, so that large counts lose nothing.
        let saturated = if s > 0.0 { s * s.ln() - s } else { 0.0 };
        let poisson = |x: f64| {
            let eta = x + ln_exposure;
            s * eta - eta.exp() - saturated
        };
        if v <= 1e-12 {
            return Self { ln_mass: poisson(prior_mean), mean: prior_mean, variance: 0.0 };
        }
        // Peak of s·η − exp η − (x − prior mean)² / 2v by Newton, from the side where it converges monotonically.
        let mut x = if s > 0.0 { prior_mean.max(s.ln() - ln_exposure) } else { prior_mean };
        for _ in 0..100 {
            let expected = (x + ln_exposure).exp();
            let slope = s - expected - (x - prior_mean) / v;
            let step = slope / (expected + 1.0 / v);
            x += step;
            if step.abs() < 1e-10 * (1.0 + x.abs()) {
                break;
            }
        }
        let sd = ((x + ln_exposure).exp() + 1.0 / v).sqrt().recip();
        let ln_at = |x: f64| poisson(x) - 0.5 * (x - prior_mean).powi(2) / v;
        let top = ln_at(x);
        let (mut mass, mut first, mut second) = (0.0, 0.0, 0.0);
        for k in grid() {
            let weight = (ln_at(x + k * sd) - top).exp();
            mass += weight;
            first += weight * k;
            second += weight * k * k;
        }
        let (mean_k, square_k) = (first / mass, second / mass);
        Self {
            ln_mass: top + (mass * STEP * sd).ln() - 0.5 * (2.0 * std::f64::consts::PI * v).ln(),
            mean: x + mean_k * sd,
            variance: (square_k - mean_k * mean_k) * sd * sd,
        }
    }
}

fn grid() -> impl Iterator<Item = f64> {
    (0..19_u32).map(|k| f64::from(k) * STEP - REACH)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::special::integrate;

    /// Protects the nested quadrature against the pair's likelihood integrated directly: Binomial(s_a; n, p(δ))·N(δ; m, 2τ²).
    #[test]
    fn counts_agree_with_the_conditional_binomial() {
        for (goals, exposure, tau, centre) in [
            ([12, 30], [1.0, 1.5], 0.3, 0.0),
            ([0, 9], [4.0, 2.0], 0.5, 0.1),
            ([4000, 3700], [1e6, 9e5], 0.05, -0.05),
        ] {
            let arms = [0, 1].map(|a| ClosedArm::Counts { exposure: exposure[a], goals: goals[a] }).to_vec();
            let closed = Closed { arms, control: Some(1), noise_variance: 0.0 };
            let offset = (exposure[0] / exposure[1]).ln();
            let binomial = |tau: f64, centre: f64| {
                let ln_p = |d: f64| {
                    -(goals[0] as f64) * crate::special::ln_1p_exp(-d - offset)
                        - (goals[1] as f64) * crate::special::ln_1p_exp(d + offset)
                };
                let scale = 2.0_f64.sqrt() * tau;
                let top = ln_p((goals[0] as f64 + 0.5).ln() - (goals[1] as f64 + 0.5).ln() - offset);
                let f = |d: f64| (ln_p(d) - top - 0.5 * ((d - centre) / scale).powi(2)).exp() / scale;
                top + integrate(f, centre - 9.0 * scale, centre + 9.0 * scale, 60).ln()
            };
            // Constants cancel in the difference to another spread.
            let found = closed.ln_marginal(tau, centre) - closed.ln_marginal(0.2, 0.0);
            let expected = binomial(tau, centre) - binomial(0.2, 0.0);
            assert!((found - expected).abs() < 1e-7, "{goals:?}: {found} for {expected}");
        }
    }

    /// Protects the closed form for estimates: for two arms it is N(y_a − y_b; m, 2τ² + se_a² + se_b²).
    #[test]
    fn estimates_agree_with_the_normal_difference() {
        let arm = |ln_rate, standard_error| ClosedArm::Estimate { ln_rate, standard_error };
        let closed =
            Closed { arms: vec![arm(0.4, 0.1), arm(0.1, 0.2)], control: Some(1), noise_variance: 0.01 };
        let normal = |tau: f64, m: f64| {
            let v: f64 = 2.0 * (tau * tau + 0.01) + 0.05;
            -0.5 * ((0.3 - m).powi(2) / v + v.ln())
        };
        let found = closed.ln_marginal(0.3, 0.05) - closed.ln_marginal(0.1, 0.0);
        assert!((found - (normal(0.3, 0.05) - normal(0.1, 0.0))).abs() < 1e-9);
    }
}
