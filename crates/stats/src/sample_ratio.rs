//! Did people, or exposures, arrive in the shares that were planned? The sequential multinomial test.
//!
//! Lindon & Malek, "Anytime-valid inference for multinomial count data" (arXiv 2011.03567, NeurIPS 2022). With planned
//! shares ρ, counts c and a Dirichlet prior with parameters α₀ the e-value against "the shares are ρ" is the Bayes
//! factor
//!
//! ```text
//! E = B(α₀ + c)/B(α₀) / ∏ ρᵢ^cᵢ
//! ```
//!
//! a martingale under ρ, so P(E ever ≥ 1/α) ≤ α however often it is read: a failed sample ratio is found within
//! hours, not at the end. Only randomised splits promise their shares; on a platform's own split a mismatch says how
//! the platform delivers, not that something is broken. Guarantee: `exact`.
//!
//! The same likelihood gives confidence sequences for shares and for the arms' log rate ratios, and evidence that a
//! given arm is not the best (goals as the counts, exposures as the shares).

use crate::StatsError;
use crate::special::{bracketed_root, expit, ln_gamma_diff};

/// Planned shares and the prior that looks for departures from them.
#[derive(Debug, Clone, PartialEq)]
pub struct SampleRatioTest {
    shares: Vec<f64>,
    prior: Vec<f64>,
}

/// The state of a sample-ratio test at one look.
#[derive(Debug, Clone, PartialEq)]
pub struct SampleRatio {
    /// ln of the e-value against the planned shares.
    pub ln_e_value: f64,
    /// min(1, 1/e): an anytime-valid p-value (the smallest over the looks so far is one too).
    pub p_value: f64,
    /// 1 − α confidence sequence of each arm's true share.
    pub shares: Vec<(f64, f64)>,
    /// Whether the planned shares are still believable: e-value below 1/α.
    pub plausible: bool,
}

fn check_positive(what: &'static str, values: &[f64]) -> Result<(), StatsError> {
    if values.len() < 2 {
        return Err(StatsError::Length { what, expected: 2, found: values.len() });
    }
    match values.iter().find(|v| !(**v > 0.0 && v.is_finite())) {
        Some(&value) => Err(StatsError::Domain { what, value, expected: "positive and finite" }),
        None => Ok(()),
    }
}

/// c·ln x with 0·ln 0 = 0.
fn times_ln(count: f64, x: f64) -> f64 {
    if count == 0.0 { 0.0 } else { count * x.ln() }
}

impl SampleRatioTest {
    /// Planned `shares` (any positive weights) and a Dirichlet prior of `concentration`·shares.
    ///
    /// A larger concentration looks for smaller departures, later; 100 is the paper's default.
    ///
    /// # Errors
    /// Fewer than two arms; a weight or concentration that is not positive.
    pub fn new(shares: &[f64], concentration: f64) -> Result<Self, StatsError> {
        check_positive("the planned shares", shares)?;
        let total: f64 = shares.iter().sum();
        let shares: Vec<f64> = shares.iter().map(|share| share / total).collect();
        let prior = shares.iter().map(|share| concentration * share).collect();
        Self::with_prior(&shares, prior)
    }

    /// Planned `shares` and the Dirichlet prior's parameters themselves; all ones is the uniform prior.
    ///
    /// # Errors
    /// Fewer than two arms; a weight or parameter that is not positive; lists of different length.
    pub fn with_prior(shares: &[f64], prior: Vec<f64>) -> Result<Self, StatsError> {
        check_positive("the planned shares", shares)?;
        check_positive("the prior", &prior)?;
        if prior.len() != shares.len() {
            return Err(StatsError::Length { what: "the prior", expected: shares.len(), found: prior.len() });
        }
        let total: f64 = shares.iter().sum();
        Ok(Self { shares: shares.iter().map(|share| share / total).collect(), prior })
    }

    fn check(&self, counts: &[u64]) -> Result<Vec<f64>, StatsError> {
        if counts.len() == self.shares.len() {
            Ok(counts.iter().map(|&count| count as f64).collect())
        } else {
            Err(StatsError::Length { what: "the counts", expected: self.shares.len(), found: counts.len() })
        }
    }

    /// ln of ∫ ∏ θᵢ^cᵢ dDirichlet(θ; α₀) = ln B(α₀ + c) − ln B(α₀).
    fn ln_marginal(&self, counts: &[f64]) -> f64 {
        let total: f64 = counts.iter().sum();
        let rising: f64 = self.prior.iter().zip(counts).map(|(&a, &c)| ln_gamma_diff(a, c)).sum();
        rising - ln_gamma_diff(self.prior.iter().sum(), total)
    }

    /// ln of the e-value against the planned shares; 0 without counts.
    ///
    /// # Errors
    /// Another number of arms.
    ///
    /// ```
    /// use gevinst_stats::sample_ratio::SampleRatioTest;
    /// let test = SampleRatioTest::new(&[0.1, 0.4, 0.5], 100.0).unwrap();
    /// let ln_e = test.ln_e_value(&[40, 129, 233]).unwrap();
    /// assert!(((-ln_e).exp() - 0.04845591105969517).abs() < 1e-12); // the Python package savvi
    /// ```
    pub fn ln_e_value(&self, counts: &[u64]) -> Result<f64, StatsError> {
        let counts = self.check(counts)?;
        let planned: f64 = counts.iter().zip(&self.shares).map(|(&c, &share)| times_ln(c, share)).sum();
        Ok(self.ln_marginal(&counts) - planned)
    }

    /// The whole reading at one look.
    ///
    /// # Errors
    /// Another number of arms; α outside (0, 1).
    ///
    /// ```
    /// use gevinst_stats::sample_ratio::SampleRatioTest;
    /// let test = SampleRatioTest::new(&[1.0, 1.0], 100.0).unwrap();
    /// assert!(test.look(&[510, 490], 0.01).unwrap().plausible);
    /// let broken = test.look(&[650, 350], 0.01).unwrap();
    /// assert!(!broken.plausible && broken.shares[0].0 > 0.5);
    /// ```
    pub fn look(&self, counts: &[u64], alpha: f64) -> Result<SampleRatio, StatsError> {
        let ln_e_value = self.ln_e_value(counts)?;
        let shares =
            (0..counts.len()).map(|arm| self.share_interval(counts, arm, alpha)).collect::<Result<_, _>>()?;
        Ok(SampleRatio {
            ln_e_value,
            p_value: (-ln_e_value).min(0.0).exp(),
            shares,
            plausible: ln_e_value < -alpha.ln(),
        })
    }

    /// The level that Σ cᵢ ln θᵢ must reach for θ to be in the confidence sequence.
    fn threshold(&self, counts: &[f64], alpha: f64) -> Result<f64, StatsError> {
        if alpha > 0.0 && alpha < 1.0 {
            Ok(self.ln_marginal(counts) + alpha.ln())
        } else {
            Err(StatsError::Domain { what: "α", value: alpha, expected: "0 < α < 1" })
        }
    }

    /// The 1 − α confidence sequence of one arm's share: the shadow of {θ : Σ cᵢ ln θᵢ ≥ ln marginal + ln α}.
    ///
    /// Given θᵢ the other shares are best in proportion to their counts, so the shadow is an interval with two roots.
    ///
    /// ```
    /// use gevinst_stats::sample_ratio::SampleRatioTest;
    /// let test = SampleRatioTest::new(&[1.0, 1.0], 100.0)?;
    /// let (lower, upper) = test.share_interval(&[650, 350], 0, 0.05)?;
    /// assert!(lower > 0.58 && upper < 0.72);
    /// # Ok::<(), gevinst_stats::StatsError>(())
    /// ```
    ///
    /// # Errors
    /// Another number of arms; an arm that is not there; α outside (0, 1).
    pub fn share_interval(&self, counts: &[u64], arm: usize, alpha: f64) -> Result<(f64, f64), StatsError> {
        let counts = self.check(counts)?;
        let arms = counts.len();
        let own = *counts.get(arm).ok_or(StatsError::NoSuchArm { arm, arms })?;
        let threshold = self.threshold(&counts, alpha)?;
        let others: f64 = counts.iter().sum::<f64>() - own;
        let rest: f64 = counts
            .iter()
            .enumerate()
            .filter(|(j, _)| *j != arm)
            .map(|(_, &c)| if c == 0.0 { 0.0 } else { c * (c / others).ln() })
            .sum();
        let excess = |u: f64| times_ln(own, expit(u)) + times_ln(others, expit(-u)) + rest - threshold;
        let (lower, upper) = two_roots(excess, own, others);
        Ok((lower.map_or(0.0, expit), upper.map_or(1.0, expit)))
    }

    /// The 1 − α confidence sequence of δ_b − δ_a = ln[(θ_b/ρ_b)/(θ_a/ρ_a)], the log rate ratio of two arms whose
    /// goals are counted over exposures in the planned shares. None where unbounded.
    ///
    /// # Errors
    /// Another number of arms; an arm that is not there, or the same twice; α outside (0, 1).
    ///
    /// ```
    /// use gevinst_stats::sample_ratio::SampleRatioTest;
    /// let test = SampleRatioTest::new(&[0.8, 0.2], 100.0).unwrap();
    /// let (lower, upper) = test.log_ratio_interval(&[148, 62], 0, 1, 0.05).unwrap();
    /// // The estimate ln(62/0.2) − ln(148/0.8) = 0.516 is inside, 0 just outside.
    /// assert!((lower.unwrap() - 0.0046).abs() < 1e-4 && upper.unwrap() > 0.516);
    /// ```
    pub fn log_ratio_interval(
        &self,
        counts: &[u64],
        a: usize,
        b: usize,
        alpha: f64,
    ) -> Result<(Option<f64>, Option<f64>), StatsError> {
        let counts = self.check(counts)?;
        let arms = counts.len();
        for arm in [a, b] {
            if arm >= arms {
                return Err(StatsError::NoSuchArm { arm, arms });
            }
        }
        if a == b {
            return Err(StatsError::Domain {
                what: "the second arm",
                value: b as f64,
                expected: "another arm",
            });
        }
        let threshold = self.threshold(&counts, alpha)?;
        let total: f64 = counts.iter().sum();
        let both = counts[a] + counts[b];
        // Outside the pair, and for the pair together, the shares are best at the counts' own.
        let mut rest = times_ln(both, both / total);
        for (j, &c) in counts.iter().enumerate() {
            if j != a && j != b {
                rest += times_ln(c, c / total);
            }
        }
        let excess =
            |u: f64| times_ln(counts[b], expit(u)) + times_ln(counts[a], expit(-u)) + rest - threshold;
        let (lower, upper) = two_roots(excess, counts[b], counts[a]);
        let planned = (self.shares[b] / self.shares[a]).ln();
        Ok((lower.map(|u| u - planned), upper.map(|u| u - planned)))
    }

    /// ln of the e-value against "no arm has a higher rate than `arm`", for goals over exposures in the planned shares.
    ///
    /// The marginal likelihood over the largest likelihood in the hypothesis (universal inference); that maximum pools
    /// `arm` with the arms that look better, best first, as long as they do (isotonic regression on a tree). Reaching
    /// 1/α shows that the arm is not the best, at any time.
    ///
    /// # Errors
    /// Another number of arms; an arm that is not there.
    ///
    /// ```
    /// use gevinst_stats::sample_ratio::SampleRatioTest;
    /// let test = SampleRatioTest::new(&[1.0, 1.0, 1.0], 100.0).unwrap();
    /// let goals = [20, 90, 80];
    /// assert!(test.ln_e_not_best(&goals, 0).unwrap() > 20f64.ln());
    /// assert!(test.ln_e_not_best(&goals, 1).unwrap() < 0.0);
    /// ```
    pub fn ln_e_not_best(&self, counts: &[u64], arm: usize) -> Result<f64, StatsError> {
        let counts = self.check(counts)?;
        let arms = counts.len();
        if arm >= arms {
            return Err(StatsError::NoSuchArm { arm, arms });
        }
        let rate = |j: usize| counts[j] / self.shares[j];
        let mut others: Vec<usize> = (0..arms).filter(|&j| j != arm).collect();
        others.sort_by(|&a, &b| rate(b).total_cmp(&rate(a)));
        let (mut pooled_count, mut pooled_share) = (counts[arm], self.shares[arm]);
        let mut pooled = vec![arm];
        for j in others {
            if rate(j) <= pooled_count / pooled_share {
                break;
            }
            pooled_count += counts[j];
            pooled_share += self.shares[j];
            pooled.push(j);
        }
        let total: f64 = counts.iter().sum();
        let best: f64 = (0..arms)
            .map(|j| {
                let chance = if pooled.contains(&j) {
                    self.shares[j] * pooled_count / pooled_share
                } else {
                    counts[j]
                };
                times_ln(counts[j], chance / total)
            })
            .sum();
        Ok(self.ln_marginal(&counts) - best)
    }
}

/// The roots left and right of the mode ln(up/down) of a concave function of the logit; None where a side has none.
fn two_roots(excess: impl Fn(f64) -> f64, up: f64, down: f64) -> (Option<f64>, Option<f64>) {
    if up + down == 0.0 {
        return (None, None);
    }
    let mode = (up / down).ln().clamp(-700.0, 700.0);
    let lower = if up == 0.0 { None } else { bracketed_root(&excess, -745.0, mode, 1e-13) };
    let upper = if down == 0.0 { None } else { bracketed_root(&excess, mode, 745.0, 1e-13) };
    (lower, upper)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::special::ln_factorial;
    use proptest::prelude::*;

    /// Counts after each of the observations that numpy's seed 1 gives the three examples in savvi's manual.
    fn paths(line: usize, arms: usize) -> Vec<Vec<u64>> {
        let text = include_str!("../checks/savvi_paths.txt").lines().nth(line).unwrap();
        let mut counts = vec![0; arms];
        text.bytes()
            .map(|b| {
                counts[usize::from(b - b'0')] += 1;
                counts.clone()
            })
            .collect()
    }

    /// savvi reports the intersection of all intervals so far, from a convex solver.
    fn intersect(intervals: impl Iterator<Item = (f64, f64)>) -> (f64, f64) {
        intervals
            .fold((f64::NEG_INFINITY, f64::INFINITY), |(l, u), (lower, upper)| (l.max(lower), u.min(upper)))
    }

    fn near(got: (f64, f64), want: (f64, f64)) {
        assert!((got.0 - want.0).abs() < 2e-7 && (got.1 - want.1).abs() < 2e-7, "{got:?} for {want:?}");
    }

    #[test]
    fn savvi_multinomial() {
        // Protects e-value and share intervals: savvi 0.2, Multinomial example.
        let test = SampleRatioTest::new(&[0.1, 0.4, 0.5], 100.0).unwrap();
        let path = paths(0, 3);
        assert_eq!(path[401], vec![40, 129, 233]);
        let look = test.look(&path[401], 0.05).unwrap();
        assert!((look.p_value - 0.04845591105969517).abs() < 1e-12 && !look.plausible);
        assert!(path[..401].iter().all(|counts| test.ln_e_value(counts).unwrap() < 20f64.ln()));
        let expected = [(0.056684768, 0.149396759), (0.260898724, 0.40283026), (0.49712093, 0.651761733)];
        for (arm, want) in expected.into_iter().enumerate() {
            near(intersect(path.iter().map(|counts| test.share_interval(counts, arm, 0.05).unwrap())), want);
        }
    }

    #[test]
    fn savvi_inhomogeneous_poisson_and_bernoulli() {
        // Protects goals over unequal exposures, their log ratios, and the composite "this arm is the best".
        let running = |test: &SampleRatioTest, path: &[Vec<u64>], a: usize, b: usize| {
            intersect(path.iter().map(|counts| {
                let (lower, upper) = test.log_ratio_interval(counts, a, b, 0.05).unwrap();
                (lower.unwrap_or(f64::NEG_INFINITY), upper.unwrap_or(f64::INFINITY))
            }))
        };
        let test = SampleRatioTest::new(&[0.8, 0.2], 100.0).unwrap();
        let path = paths(1, 2);
        assert!(((-test.ln_e_value(&path[209]).unwrap()).exp() - 0.045579631759249686).abs() < 1e-12);
        near(running(&test, &path, 0, 1), (0.00464625, 0.75493987));
        let test = SampleRatioTest::new(&[0.1, 0.3, 0.6], 100.0).unwrap();
        let path = paths(2, 3);
        let ln_e = test.ln_e_not_best(&path[301], 0).unwrap();
        assert!(((-ln_e).exp() - 0.04923546556969403).abs() < 2e-7, "{}", (-ln_e).exp());
        assert!(test.ln_e_not_best(&path[301], 2).unwrap() < 0.0);
        near(running(&test, &path, 0, 2), (9.38644932e-04, 1.77164771));
        near(running(&test, &path, 1, 2), (-1.57653154e-01, 6.47239250e-01));
    }

    #[test]
    fn ssrm_marginals() {
        // Protects both likelihoods themselves: Optimizely's ssrm, cumulative over four days, uniform prior.
        let test = SampleRatioTest::with_prior(&[0.4, 0.4, 0.2], vec![1.0; 3]).unwrap();
        let days = [[20, 17, 9], [18, 21, 8], [4, 6, 4], [18, 19, 11]];
        let m1 = [-7.028201432058012, -11.947847738358888, -15.471401950257842, -19.96484521090386];
        let m0 = [-4.0776406466061985, -8.265946861099877, -11.610743519545139, -15.781031228536165];
        let mut sum = [0u64; 3];
        let mut coefficients = 0.0;
        for (day, (want1, want0)) in days.iter().zip(m1.iter().zip(m0)) {
            coefficients +=
                ln_factorial(day.iter().sum()) - day.iter().map(|&c| ln_factorial(c)).sum::<f64>();
            for (total, count) in sum.iter_mut().zip(day) {
                *total += count;
            }
            let counts: Vec<f64> = sum.iter().map(|&c| c as f64).collect();
            let marginal = test.ln_marginal(&counts);
            assert!((coefficients + marginal - want1).abs() < 1e-10);
            let planned = marginal - test.ln_e_value(&sum).unwrap();
            assert!((coefficients + planned - want0).abs() < 1e-10);
        }
    }

    #[test]
    fn no_counts_and_unsound_input() {
        // Protects the first look of a month, and refuses what cannot be.
        let test = SampleRatioTest::new(&[1.0, 1.0], 100.0).unwrap();
        let look = test.look(&[0, 0], 0.05).unwrap();
        assert_eq!((look.ln_e_value, look.p_value, look.plausible), (0.0, 1.0, true));
        assert_eq!(look.shares, vec![(0.0, 1.0); 2]);
        assert_eq!(test.log_ratio_interval(&[0, 0], 0, 1, 0.05).unwrap(), (None, None));
        assert_eq!(test.log_ratio_interval(&[0, 9], 0, 1, 0.05).unwrap().1, None);
        assert!(
            SampleRatioTest::new(&[1.0], 1.0).is_err() && SampleRatioTest::new(&[1.0, 0.0], 1.0).is_err()
        );
        assert!(SampleRatioTest::new(&[1.0, 1.0], 0.0).is_err());
        assert!(test.ln_e_value(&[1, 2, 3]).is_err() && test.share_interval(&[1, 2], 2, 0.05).is_err());
        assert!(test.log_ratio_interval(&[1, 2], 1, 1, 0.05).is_err() && test.look(&[1, 2], 0.0).is_err());
        assert!(SampleRatioTest::with_prior(&[1.0, 1.0], vec![1.0]).is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        /// Protects the duality: at level e⁻ᴱ the interval of two arms ends at the planned share, for counts to 10⁹.
        #[test]
        fn interval_and_e_value_agree(size in 1.0f64..9.0, share in 0.05f64..0.95, off in 2.0f64..20.0) {
            // `off` standard deviations away from the planned share.
            let n = 10f64.powf(size).round();
            let count = (n * share + off * (n * share * (1.0 - share)).sqrt()).round().min(n);
            let counts = [count, n - count].map(|c| format!("{c}").parse::<u64>().unwrap());
            let test = SampleRatioTest::new(&[share, 1.0 - share], 50.0).unwrap();
            let ln_e = test.ln_e_value(&counts).unwrap();
            prop_assume!(ln_e > 1e-3 && ln_e < 600.0);
            let (lower, upper) = test.share_interval(&counts, 0, (-ln_e).exp()).unwrap();
            let miss = (lower / share - 1.0).abs().min((upper / share - 1.0).abs());
            prop_assert!(miss < 1e-6, "{lower} {upper} {share}");
        }
    }
}
