//! Test & Roll: how many of a list to test on before the rest gets the winner.
//!
//! Feit & Berman, "Test & Roll: Profit-Maximizing A/B Tests" (Marketing Science 2019, arXiv 1811.00457). A list of N
//! people is all there is; each arm's mean response has a normal prior (μ, σ²), single responses vary by s². Testing on
//! nₐ people an arm costs what the worse arms lose on them, and pays by choosing better for the others. The size that
//! earns most is far below that of a significance test. Guarantee: `model` (the prior is taken at its word).

use crate::StatsError;
use crate::special::{bracketed_root, integrate, normal_cdf, normal_isf, normal_pdf};

/// What is believed of one arm before the test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ArmPrior {
    /// Mean of the prior for the mean response.
    pub mean: f64,
    /// Standard deviation of that prior, σ.
    pub sd: f64,
    /// Standard deviation of a single person's response, s.
    pub response_sd: f64,
}

impl ArmPrior {
    fn check(self) -> Result<Self, StatsError> {
        if !self.mean.is_finite() {
            return Err(StatsError::Domain {
                what: "the prior's mean",
                value: self.mean,
                expected: "finite",
            });
        }
        for (what, value) in [("the prior's σ", self.sd), ("the responses' s", self.response_sd)] {
            if !(value > 0.0 && value.is_finite()) {
                return Err(StatsError::Domain { what, value, expected: "positive and finite" });
            }
        }
        Ok(self)
    }

    /// Variance of the posterior mean after n responses, before they are seen: σ⁴/(σ² + s²/n).
    fn preposterior_variance(&self, n: f64) -> f64 {
        let v = self.sd * self.sd;
        if n <= 0.0 { 0.0 } else { v * v / (v + self.response_sd * self.response_sd / n) }
    }
}

/// A test of equal size on arms that are alike beforehand.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EqualPlan {
    /// People an arm in the test.
    pub per_arm: f64,
    /// Expected sum of responses over the list.
    pub profit: f64,
    /// Expected sum where the best arm were known beforehand.
    pub perfect: f64,
    /// Share of the perfect sum that is lost.
    pub regret: f64,
    /// For two arms: chance that the worse one is rolled out, arctan(s/(σ√n))/π. For more: None.
    pub wrong: Option<f64>,
}

fn check_list(people: f64, arms: u32) -> Result<(), StatsError> {
    if !(people > 0.0 && people.is_finite()) {
        return Err(StatsError::Domain {
            what: "the list",
            value: people,
            expected: "a positive number of people",
        });
    }
    if !(2..=1000).contains(&arms) {
        return Err(StatsError::Domain {
            what: "the number of arms",
            value: f64::from(arms),
            expected: "2 to 1,000",
        });
    }
    Ok(())
}

/// Mean of the largest of k standard normals; 1/√π for two.
///
/// ```
/// use gevinst_stats::test_and_roll::mean_of_largest_normal;
/// assert!((mean_of_largest_normal(3) - 1.5 / core::f64::consts::PI.sqrt()).abs() < 1e-13);
/// ```
#[must_use]
pub fn mean_of_largest_normal(k: u32) -> f64 {
    if k == 2 {
        return 1.0 / core::f64::consts::PI.sqrt();
    }
    let kf = f64::from(k);
    integrate(|x| x * kf * normal_pdf(x) * normal_cdf(x).powf(kf - 1.0), -9.0, 9.0, 24)
}

/// Expected result of testing on `per_arm` people in each of `arms` arms with the same prior.
///
/// Knμ + (N − Kn)(μ + e_K·σ²/√(σ² + s²/n)), e_K the mean of the largest of K normals (their eq. 8 for K = 2).
///
/// # Errors
/// A prior that is no prior; a list or test size that cannot be.
///
/// ```
/// use gevinst_stats::test_and_roll::{ArmPrior, equal_plan};
/// let website = ArmPrior { mean: 0.68, sd: 0.03, response_sd: (0.68f64 * 0.32).sqrt() };
/// let plan = equal_plan(website, 100_000.0, 2, 2283.89002819).unwrap();
/// assert!((plan.profit - 69535.9986).abs() < 5e-5); // their Table 2
/// ```
pub fn equal_plan(prior: ArmPrior, people: f64, arms: u32, per_arm: f64) -> Result<EqualPlan, StatsError> {
    let prior = prior.check()?;
    check_list(people, arms)?;
    let tested = per_arm * f64::from(arms);
    if !(per_arm >= 0.0 && tested <= people) {
        return Err(StatsError::Domain {
            what: "the test's size an arm",
            value: per_arm,
            expected: "at least 0 and at most the list divided by the arms",
        });
    }
    let largest = mean_of_largest_normal(arms);
    let rolled = prior.mean + largest * prior.preposterior_variance(per_arm).sqrt();
    let profit = tested * prior.mean + (people - tested) * rolled;
    let perfect = people * (prior.mean + largest * prior.sd);
    let wrong =
        (arms == 2).then(|| (prior.response_sd / (prior.sd * per_arm.sqrt())).atan() / core::f64::consts::PI);
    Ok(EqualPlan { per_arm, profit, perfect, regret: 1.0 - profit / perfect, wrong })
}

/// The size that earns most, for arms with the same prior.
///
/// n = √(N·r/(2K) + (¾r)²) − ¾r with r = (s/σ)²; for two arms their eq. 10. The size does not depend on the mean nor on
/// how large the largest of K is: the profit's derivative vanishes where 2Kn² + 3Krn = Nr.
///
/// # Errors
/// As [`equal_plan`].
///
/// ```
/// use gevinst_stats::test_and_roll::{ArmPrior, best_equal_plan};
/// let website = ArmPrior { mean: 0.68, sd: 0.03, response_sd: (0.68f64 * 0.32).sqrt() };
/// let plan = best_equal_plan(website, 100_000.0, 2).unwrap();
/// // A hypothesis test would use 18,468 an arm and earn 475 conversions less.
/// assert!((plan.per_arm - 2283.89).abs() < 5e-3);
/// ```
pub fn best_equal_plan(prior: ArmPrior, people: f64, arms: u32) -> Result<EqualPlan, StatsError> {
    let checked = prior.check()?;
    check_list(people, arms)?;
    // d/dn (N − Kn)/√(1 + r/n) = 0 with r = (s/σ)²: 2Kn² + 3Krn − Nr = 0.
    let r = (checked.response_sd / checked.sd).powi(2);
    let k = f64::from(arms);
    let n = (r * people / (2.0 * k) + (0.75 * r).powi(2)).sqrt() - 0.75 * r;
    equal_plan(prior, people, arms, n.clamp(0.0, people / k))
}

/// A test on two arms that differ beforehand.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct UnequalPlan {
    /// People in the test, an arm each.
    pub sizes: [f64; 2],
    /// Expected sum of responses over the list.
    pub profit: f64,
}

/// E max of two independent normals and their standardised distance: (value, φ(d/e)/(2e)).
fn max_of_two(means: [f64; 2], variances: [f64; 2]) -> (f64, f64) {
    let e = (variances[0] + variances[1]).sqrt();
    let d = means[0] - means[1];
    if e == 0.0 {
        return (means[0].max(means[1]), 0.0);
    }
    let z = d / e;
    (means[0] * normal_cdf(z) + means[1] * normal_cdf(-z) + e * normal_pdf(z), normal_pdf(z) / (2.0 * e))
}

/// Expected result of testing on `sizes` people of two arms with different priors, then rolling out the better.
///
/// # Errors
/// A prior that is no prior; sizes that do not fit the list.
///
/// ```
/// use gevinst_stats::test_and_roll::{ArmPrior, unequal_profit};
/// let a = ArmPrior { mean: 1.0, sd: 0.1, response_sd: 1.0 };
/// let b = ArmPrior { mean: 2.0, ..a };
/// // Without a test everyone gets the arm that is believed better.
/// assert_eq!(unequal_profit([a, b], 100.0, [0.0, 0.0]).unwrap(), 200.0);
/// ```
pub fn unequal_profit(priors: [ArmPrior; 2], people: f64, sizes: [f64; 2]) -> Result<f64, StatsError> {
    let [a, b] = [priors[0].check()?, priors[1].check()?];
    check_list(people, 2)?;
    if !(sizes[0] >= 0.0 && sizes[1] >= 0.0 && sizes[0] + sizes[1] <= people) {
        return Err(StatsError::Domain {
            what: "the test's size",
            value: sizes[0] + sizes[1],
            expected: "at least 0 an arm and together at most the list",
        });
    }
    let variances = [a.preposterior_variance(sizes[0]), b.preposterior_variance(sizes[1])];
    let rolled = max_of_two([a.mean, b.mean], variances).0;
    Ok(sizes[0] * a.mean + sizes[1] * b.mean + (people - sizes[0] - sizes[1]) * rolled)
}

/// The sizes that earn most, for two arms with different priors: where both derivatives of the profit vanish.
///
/// # Errors
/// As [`unequal_profit`].
///
/// ```
/// use gevinst_stats::test_and_roll::{ArmPrior, best_unequal_plan};
/// let none = ArmPrior { mean: 19.39, sd: 20.97, response_sd: 87.69 };
/// let catalog = ArmPrior { mean: 29.26, sd: 13.48, response_sd: 179.36 };
/// let plan = best_unequal_plan([none, catalog], 100_000.0).unwrap();
/// assert!((plan.sizes[0] - 587.8995).abs() < 1e-3 && (plan.sizes[1] - 1884.7702).abs() < 1e-3);
/// ```
pub fn best_unequal_plan(priors: [ArmPrior; 2], people: f64) -> Result<UnequalPlan, StatsError> {
    let priors = [priors[0].check()?, priors[1].check()?];
    check_list(people, 2)?;
    let means = [priors[0].mean, priors[1].mean];
    // d profit/d nᵢ = μᵢ − E max + (N − n₁ − n₂)·φ/(2e)·dvᵢ/dnᵢ.
    let slope = |sizes: [f64; 2], i: usize| {
        let variances = [0, 1].map(|j: usize| priors[j].preposterior_variance(sizes[j]));
        let (largest, per_variance) = max_of_two(means, variances);
        let (v, s2) = (priors[i].sd * priors[i].sd, priors[i].response_sd * priors[i].response_sd);
        // v²·(s²/n²)/(v + s²/n)², written so that n = 0 is no trouble.
        let gain = v * v * s2 / (v * sizes[i] + s2).powi(2);
        means[i] - largest + (people - sizes[0] - sizes[1]) * per_variance * gain
    };
    let mut sizes = [people / 20.0; 2];
    for _ in 0..500 {
        let before = sizes;
        for i in 0..2 {
            let most = people - sizes[1 - i];
            let at = |n: f64| {
                let mut trial = sizes;
                trial[i] = n;
                slope(trial, i)
            };
            let least = 1e-9 * people;
            sizes[i] =
                bracketed_root(at, least, most, 1e-9).unwrap_or(if at(least) <= 0.0 { 0.0 } else { most });
        }
        if (sizes[0] - before[0]).abs() + (sizes[1] - before[1]).abs() < 1e-8 {
            break;
        }
    }
    Ok(UnequalPlan { sizes, profit: unequal_profit(priors, people, sizes)? })
}

/// People an arm for a two-sided z-test that finds a difference of `effect` with the stated power.
///
/// 2s²(z_{1−α/2} + z_{power})²/d²; with a list of N people nN/(2n + N − 1), the finite population's
/// correction.
///
/// # Errors
/// Arguments that are not positive; α or power outside (0, 1).
///
/// ```
/// use gevinst_stats::test_and_roll::hypothesis_test_size;
/// let n = hypothesis_test_size(1.0, 0.1, 0.05, 0.8, None).unwrap();
/// assert!((n - 1569.776).abs() < 1e-2);
/// ```
pub fn hypothesis_test_size(
    response_sd: f64,
    effect: f64,
    alpha: f64,
    power: f64,
    people: Option<f64>,
) -> Result<f64, StatsError> {
    for (what, value) in [("s", response_sd), ("the effect", effect), ("the list", people.unwrap_or(1.0))] {
        if !(value > 0.0 && value.is_finite()) {
            return Err(StatsError::Domain { what, value, expected: "positive and finite" });
        }
    }
    for (what, value) in [("α", alpha), ("the power", power)] {
        if !(value > 0.0 && value < 1.0) {
            return Err(StatsError::Domain { what, value, expected: "between 0 and 1" });
        }
    }
    let n = 2.0 * ((normal_isf(alpha / 2.0) - normal_isf(power)) * response_sd / effect).powi(2);
    Ok(people.map_or(n, |people| n * people / (2.0 * n + people - 1.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const WEBSITE: ArmPrior = ArmPrior { mean: 0.68, sd: 0.03, response_sd: 0.466_476_151_587_624 };

    #[test]
    fn website_example() {
        // Protects size, profit, error and regret: the paper's website test, and what a significance test would earn.
        let best = best_equal_plan(WEBSITE, 100_000.0, 2).unwrap();
        assert!((best.per_arm - 2283.89002819).abs() < 5e-8 * 2283.0, "{best:?}");
        assert!((best.profit - 69535.9986).abs() < 5.1e-5);
        assert!((best.wrong.unwrap() - 0.1001281).abs() < 5.1e-8);
        assert!((100.0 * best.regret - 0.2246583).abs() < 5.1e-8);
        let n = hypothesis_test_size(WEBSITE.response_sd, 0.02 * 0.68, 0.05, 0.8, None).unwrap();
        assert!((n - 18467.9523).abs() < 5.1e-5, "{n}");
        assert!((equal_plan(WEBSITE, 1e5, 2, n).unwrap().profit - 69060.4839).abs() < 5.1e-5);
        let n = hypothesis_test_size(WEBSITE.response_sd, 0.02 * 0.68, 0.05, 0.8, Some(1e5)).unwrap();
        assert!((n - 13486.6653).abs() < 5.1e-5, "{n}");
        assert!((equal_plan(WEBSITE, 1e5, 2, n).unwrap().profit - 69225.0941).abs() < 5.1e-5);
    }

    #[test]
    fn catalog_example_is_a_maximum() {
        // Protects the unequal sizes: no neighbour earns more.
        let none = ArmPrior { mean: 19.39, sd: 20.97, response_sd: 87.69 };
        let catalog = ArmPrior { mean: 29.26, sd: 13.48, response_sd: 179.36 };
        let plan = best_unequal_plan([none, catalog], 1e5).unwrap();
        assert!(
            (plan.sizes[0] - 587.8995).abs() < 5.1e-4 && (plan.sizes[1] - 1884.7702).abs() < 5.1e-4,
            "{plan:?}"
        );
        for step in [[50.0, 0.0], [-50.0, 0.0], [0.0, 50.0], [0.0, -50.0]] {
            let sizes = [plan.sizes[0] + step[0], plan.sizes[1] + step[1]];
            assert!(unequal_profit([none, catalog], 1e5, sizes).unwrap() < plan.profit);
        }
        // Two equal priors give the equal plan.
        let same = best_unequal_plan([WEBSITE, WEBSITE], 1e5).unwrap();
        assert!((same.sizes[0] - 2283.89002819).abs() < 1e-3 && (same.sizes[1] - 2283.89002819).abs() < 1e-3);
    }

    #[test]
    fn more_arms_are_a_maximum_too() {
        // Protects the closed form for K arms against its own profit curve.
        for arms in [2, 3, 7, 50] {
            let best = best_equal_plan(WEBSITE, 1e5, arms).unwrap();
            for factor in [0.9, 1.1] {
                let other =
                    equal_plan(WEBSITE, 1e5, arms, (factor * best.per_arm).min(1e5 / f64::from(arms)));
                assert!(other.unwrap().profit < best.profit, "{arms}");
            }
        }
        // Means of the largest of three and four normals: 3/(2√π) and 1.02937.
        assert!((mean_of_largest_normal(3) - 1.5 / core::f64::consts::PI.sqrt()).abs() < 1e-13);
        assert!((mean_of_largest_normal(4) - 1.029_375_373_003_964).abs() < 1e-12);
    }

    #[test]
    fn unsound_input_is_refused() {
        // Protects against NaN plans.
        let bad = ArmPrior { sd: 0.0, ..WEBSITE };
        assert!(best_equal_plan(bad, 1e5, 2).is_err() && best_equal_plan(WEBSITE, 0.0, 2).is_err());
        assert!(equal_plan(WEBSITE, 100.0, 2, 51.0).is_err() && best_equal_plan(WEBSITE, 1e5, 1).is_err());
        assert!(unequal_profit([WEBSITE, WEBSITE], 10.0, [6.0, 6.0]).is_err());
        assert!(hypothesis_test_size(1.0, 0.0, 0.05, 0.8, None).is_err());
    }
}
