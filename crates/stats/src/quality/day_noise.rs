//! How far single days scatter beyond chance: an estimate of day noise with its interval.
//!
//! Model: in period u arm a's rate is off by its own factor of mean 1 and variance φ. Given the period's total n, with expected shares
//! p_a ∝ e_a·θ_a, the counts are taken as Dirichlet-multinomial of concentration A,
//!
//! ```text
//! ln P(s | n) = Σ_a [ ln Γ(A·p_a + s_a) − ln Γ(A·p_a) ] − ln Γ(A + n) + ln Γ(A) + const,
//! A + 1 = (K − 1) / (φ·(1 − Σ p²)),
//! ```
//!
//! which gives the shares the same total scatter, Σ_a Var(share_a)/p_a = φ·(1 − Σp²), that independent factors of small
//! variance do (delta method). For two arms it is the beta-binomial of the conditional likelihood with logit variance σ² = 2φ.
//!
//! Conditioning on the period takes out all that moves arms together. The arms' own rates are estimated for each φ by weighted
//! iterative fitting, and their cost is taken off by the adjusted profile likelihood (Cox & Reid 1987), ℓ(φ) − ½·ln det I(θ̂).
//! The interval is where that lies within ½·χ²₁ of its top. Guarantee: `asymptotic`; coverage is measured in the tests.

use super::{Check, figure};
use crate::StatsError;
use crate::special::{chi_square_quantile, ln_gamma_diff};
use crate::table::CountTable;

/// The largest day noise considered: beyond it an arm's days have nothing in common.
const VARIANCE_MAX: f64 = 1.5;
/// Grid steps from 10⁻⁵ to [`VARIANCE_MAX`].
const STEPS: i32 = 48;

/// Day noise of one experiment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DayNoise {
    /// Variance φ of the factor (mean 1) by which an arm's period is off; at most 1.5.
    pub variance: f64,
    /// Lower end of the interval; 0 where no noise at all is compatible with the counts.
    pub lower: f64,
    /// Upper end of the interval; `None` where the counts set no bound below 1.5.
    pub upper: Option<f64>,
    /// Periods with at least two arms exposed and two goals: the rest say nothing.
    pub periods: usize,
}

impl DayNoise {
    /// The logit variance of a pair of arms, σ² ≈ 2φ: what the dispersion prior of the conditional likelihood is over.
    pub fn logit_variance(&self) -> f64 {
        2.0 * self.variance
    }
}

/// Estimates day noise over all arms and periods; `None` where no period says anything.
///
/// `level` is the interval's, in (0, 1).
///
/// # Errors
/// A level outside (0, 1).
///
/// ```
/// use gevinst_stats::{quality::day_noise, table::CountTable};
/// // Two arms with equal exposure: one day in two all goals fall to one arm.
/// let counts: Vec<u64> = (0..20).flat_map(|u| if u % 2 == 0 { [18, 6] } else { [7, 19] }).collect();
/// let noise = day_noise(&CountTable::from_columns(2, &[1.0; 40], &counts)?, 0.95)?.unwrap();
/// assert!(noise.lower > 0.05 && noise.variance > 0.12);
/// # Ok::<(), gevinst_stats::StatsError>(())
/// ```
pub fn day_noise(table: &CountTable, level: f64) -> Result<Option<DayNoise>, StatsError> {
    if !(level > 0.0 && level < 1.0) {
        return Err(StatsError::Domain {
            what: "the level",
            value: level,
            expected: "a number between 0 and 1",
        });
    }
    let profile = Profile::new(table);
    if profile.periods.is_empty() {
        return Ok(None);
    }
    let ratio = (VARIANCE_MAX / 1e-5).powf(1.0 / f64::from(STEPS));
    let mut grid = vec![0.0];
    grid.extend((0..=STEPS).map(|k| 1e-5 * ratio.powi(k)));
    let values: Vec<f64> = grid.iter().map(|&v| profile.ln_adjusted(v)).collect();
    let top = (0..grid.len()).max_by(|&i, &j| values[i].total_cmp(&values[j])).unwrap_or(0);

    // One parabola through the top three grid points places the maximum between them.
    let (variance, best) = if top == 0 || top + 1 == grid.len() || top == 1 {
        (grid[top], values[top])
    } else {
        let (left, mid, right) = (values[top - 1], values[top], values[top + 1]);
        let shift = 0.5 * (left - right) / (left - 2.0 * mid + right);
        let variance = grid[top] * ratio.powf(shift.clamp(-0.5, 0.5));
        (variance, mid.max(profile.ln_adjusted(variance)))
    };
    let floor = best - 0.5 * chi_square_quantile(1.0, level);
    let cross = |inside: usize, outside: usize| {
        let share = (values[inside] - floor) / (values[inside] - values[outside]);
        grid[inside] + share * (grid[outside] - grid[inside])
    };
    let lower = (0..top).rev().find(|&i| values[i] < floor).map_or(0.0, |i| cross(i + 1, i));
    let upper = (top + 1..grid.len()).find(|&i| values[i] < floor).map(|i| cross(i - 1, i));
    Ok(Some(DayNoise { variance, lower, upper, periods: profile.periods.len() }))
}

/// The adjusted profile log likelihood at each of the given variances φ; `None` where no period says anything.
pub(crate) fn ln_noise_profile(table: &CountTable, variances: &[f64]) -> Option<Vec<f64>> {
    let profile = Profile::new(table);
    (!profile.periods.is_empty()).then(|| variances.iter().map(|&v| profile.ln_adjusted(v)).collect())
}

/// Fails where day noise is beyond doubt above `most`: the variance that the dispersion prior still covers.
///
/// For a list split person by person hand in 0: any noise beyond doubt says that the split was not by chance.
///
/// ```
/// use gevinst_stats::quality::{day_noise, day_noise_check};
/// use gevinst_stats::table::CountTable;
/// let counts: Vec<u64> = (0..20).flat_map(|u| if u % 2 == 0 { [18, 6] } else { [7, 19] }).collect();
/// let noise = day_noise(&CountTable::from_columns(2, &[1.0; 40], &counts)?, 0.95)?.unwrap();
/// assert!(!day_noise_check(&noise, 0.0).passed); // not how a list split by chance behaves
/// assert!(day_noise_check(&noise, 0.4).passed); // a platform may
/// # Ok::<(), gevinst_stats::StatsError>(())
/// ```
pub fn day_noise_check(noise: &DayNoise, most: f64) -> Check {
    let passed = noise.lower <= most;
    let shown = format!("an arm's day is off by about {} %", figure((noise.variance.sqrt() * 100.0).round()));
    let sentence = match (passed, most > 0.0) {
        (true, _) => format!("{shown} beyond chance."),
        (false, true) => {
            format!("{shown} beyond chance, more than the tests allow for; look for days that went wrong.")
        }
        (false, false) => {
            format!("{shown}, which a list split by chance does not do; look at how it was split.")
        }
    };
    Check { name: "day-noise", passed, value: noise.variance, threshold: most, sentence }
}

/// The periods that say something, arms without goals left out.
struct Profile {
    /// (exposure, count) by the arms in `kept`; an arm that is away has exposure 0.
    periods: Vec<Vec<(f64, u64)>>,
    arms: usize,
}

impl Profile {
    fn new(table: &CountTable) -> Self {
        let kept: Vec<usize> = (0..table.arms()).filter(|&a| table.total(a).count > 0).collect();
        let cell = |u: usize, a: usize| table.cell(u, a).map_or((0.0, 0), |c| (c.exposure, c.count));
        let periods = (0..table.periods())
            .map(|u| kept.iter().map(|&a| cell(u, a)).collect::<Vec<_>>())
            .filter(|row| {
                row.iter().filter(|c| c.0 > 0.0).count() > 1 && row.iter().map(|c| c.1).sum::<u64>() > 1
            })
            .collect();
        Self { periods, arms: kept.len() }
    }

    /// Adjusted profile log likelihood at φ.
    fn ln_adjusted(&self, variance: f64) -> f64 {
        let rates = self.fit(variance);
        let mut ln_likelihood = 0.0;
        let mut information = vec![vec![0.0; self.arms]; self.arms];
        for row in &self.periods {
            let shares = shares(row, &rates);
            let concentration = concentration(row, &shares, variance);
            ln_likelihood += ln_counts(row, &shares, concentration);
            let weight = effective_goals(row, concentration);
            for a in 0..self.arms {
                for b in 0..self.arms {
                    information[a][b] +=
                        weight * (f64::from(u8::from(a == b)) * shares[a] - shares[a] * shares[b]);
                }
            }
        }
        ln_likelihood - 0.5 * ln_minor(information)
    }

    /// Rates θ at which weighted expected and observed goals agree for each arm, up to one common factor.
    fn fit(&self, variance: f64) -> Vec<f64> {
        let mut rates = vec![1.0; self.arms];
        for _ in 0..200 {
            let (mut seen, mut expected) = (vec![0.0; self.arms], vec![0.0; self.arms]);
            for row in &self.periods {
                let shares = shares(row, &rates);
                let goals = total(row);
                let weight = effective_goals(row, concentration(row, &shares, variance)) / goals;
                for a in 0..self.arms {
                    seen[a] += weight * row[a].1 as f64;
                    expected[a] += weight * goals * shares[a];
                }
            }
            let mut moved = 0.0_f64;
            for a in 0..self.arms {
                // An arm that has goals only in periods left out has no say.
                let factor = if seen[a] > 0.0 && expected[a] > 0.0 { seen[a] / expected[a] } else { 1.0 };
                moved = moved.max((factor - 1.0).abs());
                rates[a] *= factor;
            }
            if moved < 1e-7 {
                break;
            }
        }
        rates
    }
}

fn total(row: &[(f64, u64)]) -> f64 {
    row.iter().map(|c| c.1).sum::<u64>() as f64
}

fn shares(row: &[(f64, u64)], rates: &[f64]) -> Vec<f64> {
    let sum: f64 = row.iter().zip(rates).map(|(c, r)| c.0 * r).sum();
    row.iter().zip(rates).map(|(c, r)| c.0 * r / sum).collect()
}

/// A for this period; infinite without noise. Kept above a hundredth where φ is more than the shares allow.
fn concentration(row: &[(f64, u64)], shares: &[f64], variance: f64) -> f64 {
    let arms = row.iter().filter(|c| c.0 > 0.0).count() as f64;
    let spread = 1.0 - shares.iter().map(|p| p * p).sum::<f64>();
    if variance == 0.0 { f64::INFINITY } else { ((arms - 1.0) / (variance * spread) - 1.0).max(0.01) }
}

/// Goals, each counted less the more noise they share: n / (1 + (n − 1)/(A + 1)).
fn effective_goals(row: &[(f64, u64)], concentration: f64) -> f64 {
    let n = total(row);
    n / (1.0 + (n - 1.0) / (concentration + 1.0))
}

fn ln_counts(row: &[(f64, u64)], shares: &[f64], concentration: f64) -> f64 {
    let present = row.iter().zip(shares).filter(|(c, p)| c.1 > 0 && **p > 0.0);
    if concentration.is_infinite() {
        return present.map(|(c, p)| c.1 as f64 * p.ln()).sum();
    }
    let rising: f64 = present.map(|(c, p)| ln_gamma_diff(concentration * p, c.1 as f64)).sum();
    rising - ln_gamma_diff(concentration, total(row))
}

/// ln det of the matrix without its last row and column (rates have one common factor too many), by elimination.
fn ln_minor(mut matrix: Vec<Vec<f64>>) -> f64 {
    let size = matrix.len() - 1;
    let mut ln_det = 0.0;
    for k in 0..size {
        let pivot = matrix[k][k].max(f64::MIN_POSITIVE);
        ln_det += pivot.ln();
        let above = matrix[k].clone();
        for row in &mut matrix[k + 1..size] {
            let factor = row[k] / pivot;
            for (entry, top) in row[k..size].iter_mut().zip(&above[k..size]) {
                *entry -= factor * top;
            }
        }
    }
    ln_det
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_distr::{Distribution, Gamma, Poisson};
    use rand_pcg::Pcg64Mcg;

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a Poisson draw is a whole number from 0"
    )]
    fn month(rng: &mut Pcg64Mcg, arms: usize, goals: f64, noise: f64) -> CountTable {
        let (mut exposure, mut count) = (Vec::new(), Vec::new());
        for day in 0..30_usize {
            let week = [1.1, 1.2, 1.2, 1.1, 0.9, 0.5, 0.4][day % 7];
            for arm in 0..arms {
                let share = 1.0 + (arm + day) as f64 % 3.0;
                let factor =
                    if noise > 0.0 { Gamma::new(1.0 / noise, noise).unwrap().sample(rng) } else { 1.0 };
                let mean = goals * share * week * factor * (1.0 + 0.2 * arm as f64);
                exposure.push(share);
                count.push(Poisson::new(mean).unwrap().sample(rng) as u64);
            }
        }
        CountTable::from_columns(arms, &exposure, &count).unwrap()
    }

    /// Protects estimate and interval: over simulated months with weekday wave and moving exposures the mean is near the truth and the
    /// interval covers it about as often as it says.
    #[test]
    fn recovers_simulated_noise() {
        let mut rng = Pcg64Mcg::seed_from_u64(3);
        for (arms, goals, noise, tolerance) in
            [(2, 20.0, 0.0, 0.01), (2, 20.0, 0.1, 0.02), (4, 8.0, 0.2, 0.03), (3, 100.0, 0.05, 0.01)]
        {
            let (months, mut sum, mut covered) = (60, 0.0, 0);
            for _ in 0..months {
                let estimate = day_noise(&month(&mut rng, arms, goals, noise), 0.95).unwrap().unwrap();
                sum += estimate.variance;
                covered += u32::from(estimate.lower <= noise && estimate.upper.is_none_or(|u| noise <= u));
            }
            let mean = sum / f64::from(months);
            assert!((mean - noise).abs() < tolerance, "{arms} arms, {goals} goals, {noise}: {mean}");
            // 95 % of 60 is 57, two standard errors are 3.4; the delta-method match of A is worth a little more.
            assert!(covered >= 51, "{arms} arms, {goals} goals, {noise}: {covered} of {months} covered");
        }
    }

    /// Protects against panics and NaN where counts say nothing or nearly nothing.
    #[test]
    fn says_nothing_where_there_is_nothing() {
        let table = |count: &[u64]| CountTable::from_columns(2, &vec![1.0; count.len()], count).unwrap();
        assert_eq!(day_noise(&table(&[]), 0.95).unwrap(), None);
        assert_eq!(day_noise(&table(&[5, 0, 7, 0]), 0.95).unwrap(), None);
        assert_eq!(day_noise(&table(&[1, 0, 0, 1]), 0.95).unwrap(), None);
        let sparse = day_noise(&table(&[1, 1, 2, 0, 0, 3]), 0.95).unwrap().unwrap();
        assert!(sparse.lower == 0.0 && sparse.variance.is_finite());
        let huge = day_noise(&table(&[1_000_000_000, 999_000_000, 5, 5]), 0.95).unwrap().unwrap();
        assert!(huge.variance.is_finite());
        assert!(day_noise(&table(&[1, 2]), 1.0).is_err());
    }

    /// Protects the verdicts drawn from it: a list split by chance may show no noise beyond doubt.
    #[test]
    fn noise_in_a_randomised_list_fails() {
        let noise = DayNoise { variance: 0.04, lower: 0.01, upper: Some(0.1), periods: 9 };
        let check = day_noise_check(&noise, 0.0);
        assert!(!check.passed && check.sentence.contains("20 %"), "{}", check.sentence);
        assert!(day_noise_check(&noise, 0.4).passed);
    }
}
