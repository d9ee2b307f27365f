//! Barnard's and Boschloo's exact tests: unconditional, exact whatever the common chance is.
//!
//! Both take the worst case over the unknown common chance π of P(a table at least as extreme | π). Barnard orders
//! tables by the pooled z statistic, Boschloo by Fisher's one-sided p-value; Boschloo is never less powerful than
//! Fisher. For one count of the control the extreme treatment counts are an upper (and lower) tail, so one
//! evaluation costs n_c + n_t steps. Up to 5,000 people an arm; with more, the z-test is as good.

use super::fisher::Conditional;
use super::{Alternative, FixedTest, Proportion, TestResult};
use crate::StatsError;
use crate::special::ln_binomial_pmf;

/// The most people an arm for which the exact supremum is searched.
const MOST_PEOPLE: u64 = 5_000;

/// The extreme tables: for each count of the control, treatment counts ≤ `low` or ≥ `high`.
struct Region {
    treated: u64,
    controls: u64,
    /// (number of extreme counts from below, first extreme count from above).
    bounds: Vec<(usize, usize)>,
}

#[expect(clippy::cast_possible_truncation, reason = "arms have at most 5,000 people")]
fn index(count: u64) -> usize {
    count as usize
}

/// Masses of Binomial(n, p), by the ratio of neighbours from the mode outwards.
fn masses(n: u64, p: f64) -> Vec<f64> {
    let size = index(n) + 1;
    let mut mass = vec![0.0; size];
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and n")]
    let mode = (((n + 1) as f64 * p) as usize).min(size - 1);
    mass[mode] = ln_binomial_pmf(n, mode as u64, p).exp();
    let odds = p / (1.0 - p);
    for k in mode + 1..size {
        mass[k] = mass[k - 1] * ((size - k) as f64 / k as f64) * odds;
    }
    for k in (0..mode).rev() {
        mass[k] = mass[k + 1] * ((k + 1) as f64 / (size - 1 - k) as f64) / odds;
    }
    mass
}

impl Region {
    /// P(extreme | π) for 0 < π < 1.
    fn probability(&self, pi: f64) -> f64 {
        let control = masses(self.controls, pi);
        let treatment = masses(self.treated, pi);
        // below[k] = P(X < k), above[k] = P(X ≥ k), each summed from its own end.
        let mut below = vec![0.0; treatment.len() + 1];
        for (k, mass) in treatment.iter().enumerate() {
            below[k + 1] = below[k] + mass;
        }
        let mut above = vec![0.0; treatment.len() + 1];
        for (k, mass) in treatment.iter().enumerate().rev() {
            above[k] = above[k + 1] + mass;
        }
        self.bounds
            .iter()
            .zip(&control)
            .map(|(&(low, high), mass)| {
                mass * if high <= low { below[treatment.len()] } else { below[low] + above[high] }
            })
            .sum()
    }

    /// The largest chance over π: a grid even in arcsin √π, then golden section around its best few points.
    fn supremum(&self) -> f64 {
        let people = self.treated + self.controls;
        let steps = (4 * index(people)).clamp(400, 4_000);
        let half_pi = core::f64::consts::FRAC_PI_2;
        let at = |angle: f64| self.probability(angle.sin().powi(2));
        let width = half_pi / steps as f64;
        let grid: Vec<f64> = (1..steps).map(|i| at(i as f64 * width)).collect();
        let mut peaks: Vec<usize> = (0..grid.len())
            .filter(|&i| {
                (i == 0 || grid[i] >= grid[i - 1]) && (i + 1 == grid.len() || grid[i] >= grid[i + 1])
            })
            .collect();
        peaks.sort_by(|&a, &b| grid[b].total_cmp(&grid[a]));
        peaks.truncate(4);
        let mut best = 0.0f64;
        for peak in peaks {
            best = best.max(grid[peak]);
            let centre = (peak + 1) as f64 * width;
            best = best.max(golden(at, (centre - width).max(1e-9), (centre + width).min(half_pi - 1e-9)));
        }
        best.min(1.0)
    }
}

/// The largest value found by golden section.
fn golden(f: impl Fn(f64) -> f64, mut a: f64, mut b: f64) -> f64 {
    const SHARE: f64 = 0.618_033_988_749_894_8;
    let (mut c, mut d) = (b - SHARE * (b - a), a + SHARE * (b - a));
    let (mut fc, mut fd) = (f(c), f(d));
    for _ in 0..50 {
        if fc > fd {
            (b, d, fd) = (d, c, fc);
            c = b - SHARE * (b - a);
            fc = f(c);
        } else {
            (a, c, fc) = (c, d, fd);
            d = a + SHARE * (b - a);
            fd = f(d);
        }
    }
    fc.max(fd)
}

fn check_size(control: Proportion, treatment: Proportion) -> Result<(), StatsError> {
    for arm in [control, treatment] {
        if arm.people() > MOST_PEOPLE {
            return Err(StatsError::Domain {
                what: "the number of people",
                value: arm.people() as f64,
                expected: "at most 5,000 an arm for an unconditional exact test",
            });
        }
    }
    Ok(())
}

/// The first count in 0..=n + 1 for which `holds`, which must stay true from there on.
fn first(n: u64, holds: impl Fn(u64) -> bool) -> usize {
    let (mut low, mut high) = (0, n + 1);
    while low < high {
        let middle = low + (high - low) / 2;
        if holds(middle) { high = middle } else { low = middle + 1 }
    }
    index(low)
}

fn result(
    test: FixedTest,
    control: Proportion,
    treatment: Proportion,
    statistic: f64,
    p_value: f64,
) -> TestResult {
    TestResult {
        test,
        estimate: Some(treatment.share() - control.share()),
        lower: None,
        upper: None,
        statistic: Some(statistic),
        degrees_of_freedom: None,
        p_value: p_value.min(1.0),
    }
}

/// Barnard's test (1945) with the pooled z statistic, as scipy's `barnard_exact`.
///
/// p = sup_π P(|z| ≥ |z observed| | π), one-sided likewise. Estimate: the difference. For an interval use
/// [`score_interval_difference`](super::score_interval_difference). Guarantee: `exact` at one look.
///
/// # Errors
/// More than 5,000 people in an arm.
///
/// ```
/// use gevinst_stats::classical::{Alternative, Proportion, barnard_exact};
/// let control = Proportion::new(13, 47).unwrap();
/// let treatment = Proportion::new(19, 53).unwrap();
/// let result = barnard_exact(control, treatment, Alternative::TwoSided).unwrap();
/// assert!((result.p_value - 0.530637102766593).abs() < 1e-12); // scipy, tea-tasting
/// ```
pub fn barnard_exact(
    control: Proportion,
    treatment: Proportion,
    alternative: Alternative,
) -> Result<TestResult, StatsError> {
    check_size(control, treatment)?;
    let (nc, nt) = (control.people(), treatment.people());
    let z = |xt: u64, xc: u64| {
        let pooled = (xt + xc) as f64 / (nt + nc) as f64;
        let variance = pooled * (1.0 - pooled) * (1.0 / nt as f64 + 1.0 / nc as f64);
        if variance > 0.0 { (xt as f64 / nt as f64 - xc as f64 / nc as f64) / variance.sqrt() } else { 0.0 }
    };
    let observed = z(treatment.events(), control.events());
    // Equal statistics reached by different tables must count as equal.
    let slack = 1e-10 * observed.abs().max(1.0);
    let (above, below) = match alternative {
        Alternative::TwoSided => (observed.abs() - slack, -observed.abs() + slack),
        Alternative::Greater => (observed - slack, f64::NEG_INFINITY),
        Alternative::Less => (f64::INFINITY, observed + slack),
    };
    let bounds =
        (0..=nc).map(|xc| (first(nt, |xt| z(xt, xc) > below), first(nt, |xt| z(xt, xc) >= above))).collect();
    let p = Region { treated: nt, controls: nc, bounds }.supremum();
    Ok(result(FixedTest::Barnard, control, treatment, observed, p))
}

/// Boschloo's test (1970): Fisher's one-sided p-value as the statistic, as scipy's `boschloo_exact`.
///
/// Two-sided: twice the smaller one-sided p-value. Statistic: Fisher's one-sided p-value. Guarantee: `exact` at one
/// look.
///
/// # Errors
/// More than 5,000 people in an arm.
///
/// ```
/// use gevinst_stats::classical::{Alternative, Proportion, boschloo_exact};
/// let control = Proportion::new(13, 47).unwrap();
/// let treatment = Proportion::new(19, 53).unwrap();
/// let result = boschloo_exact(control, treatment, Alternative::TwoSided).unwrap();
/// assert!((result.p_value - 0.4000169399363184).abs() < 1e-12); // scipy, tea-tasting
/// ```
pub fn boschloo_exact(
    control: Proportion,
    treatment: Proportion,
    alternative: Alternative,
) -> Result<TestResult, StatsError> {
    check_size(control, treatment)?;
    let (nc, nt) = (control.people(), treatment.people());
    let one_sided = |greater: bool| {
        let ln_fisher = |xt: u64, xc: u64| {
            let (lower, upper) = Conditional::new(nt, nc, xt + xc).ln_tails(xt, 0.0);
            if greater { upper } else { lower }
        };
        let observed = ln_fisher(treatment.events(), control.events());
        let limit = observed + 1e-10;
        let none = index(nt) + 1;
        let bounds = (0..=nc)
            .map(|xc| {
                if greater {
                    (0, first(nt, |xt| ln_fisher(xt, xc) <= limit))
                } else {
                    (first(nt, |xt| ln_fisher(xt, xc) > limit), none)
                }
            })
            .collect();
        (Region { treated: nt, controls: nc, bounds }.supremum(), observed.exp())
    };
    let (p, statistic) = match alternative {
        Alternative::Greater => one_sided(true),
        Alternative::Less => one_sided(false),
        Alternative::TwoSided => {
            let (greater, less) = (one_sided(true), one_sided(false));
            let smaller = if greater.0 <= less.0 { greater } else { less };
            (2.0 * smaller.0, smaller.1)
        }
    };
    Ok(result(FixedTest::Boschloo, control, treatment, statistic, p))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masses_are_the_binomial() {
        // Protects the recurrence at both ends of the range.
        for (n, p) in [(0, 0.3), (1, 0.999), (7, 0.01), (300, 0.42)] {
            let mass = masses(n, p);
            assert!((mass.iter().sum::<f64>() - 1.0).abs() < 1e-12);
            for (k, m) in mass.iter().enumerate() {
                let expected = ln_binomial_pmf(n, k as u64, p).exp();
                assert!((m - expected).abs() < 1e-13 + 1e-11 * expected, "{n} {p} {k}");
            }
        }
    }

    #[test]
    fn boschloo_never_exceeds_fisher() {
        // Protects the theorem that makes it worth having, and with it the region's direction.
        for (xc, nc, xt, nt) in [(1, 9, 6, 8), (0, 12, 3, 10), (7, 20, 15, 25), (5, 5, 0, 5)] {
            let control = Proportion::new(xc, nc).unwrap();
            let treatment = Proportion::new(xt, nt).unwrap();
            for alternative in [Alternative::Greater, Alternative::Less] {
                let fisher =
                    super::super::fisher_exact(control, treatment, alternative, 0.05).unwrap().p_value;
                let boschloo = boschloo_exact(control, treatment, alternative).unwrap().p_value;
                assert!(boschloo <= fisher + 1e-12, "{boschloo} {fisher}");
            }
        }
    }

    #[test]
    fn swapping_the_arms_swaps_the_sides() {
        // Protects the orientation.
        let a = Proportion::new(3, 15).unwrap();
        let b = Proportion::new(9, 17).unwrap();
        for test in [barnard_exact, boschloo_exact] {
            let one = test(a, b, Alternative::Greater).unwrap().p_value;
            let other = test(b, a, Alternative::Less).unwrap().p_value;
            assert!((one - other).abs() < 1e-9, "{one} {other}");
        }
        let many = Proportion::new(1, 5_001).unwrap();
        assert!(barnard_exact(many, a, Alternative::TwoSided).is_err());
    }
}
