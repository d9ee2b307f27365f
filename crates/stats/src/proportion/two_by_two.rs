//! The law of one 2×2 table once its totals are known: Fisher's noncentral hypergeometric.
//!
//! Of `n_a` and `n_b` people, `s_a` and `s_b` reached the goal. Given `s = s_a + s_b`,
//!
//! ```text
//! P(s_a | s; ψ) = C(n_a, s_a)·C(n_b, s − s_a)·exp(ψ·s_a) / Σ_k C(n_a, k)·C(n_b, s − k)·exp(ψ·k)
//! ```
//!
//! with ψ the log odds ratio (Fisher 1935; McCullagh & Nelder, Generalized Linear Models, § 7.3). Three ways to
//! evaluate it, chosen when a table is prepared:
//!
//! * **direct**: the support is short, the sum is a polynomial in exp ψ.
//! * **saddle**: for any r > 0 the sum is the chance that two independent binomials with odds `r·exp ψ` and `r` add up
//!   to s, up to known factors. With r chosen so that s is their mean, that chance is read off the
//!   characteristic function by a trapezoid rule, which for a periodic analytic function is exact up to aliasing;
//!   about 13 nodes reach 1e-13 whatever the size of the table. Where its variance is above 400 the expansion of
//!   the same integral at the saddle, to second order, errs by less than 5e-11 and takes its place. No factor as large as
//!   n·log n is ever formed: the binomials are written as deviances (Loader 2000, "Fast and accurate computation of
//!   binomial probabilities").
//! * **binomial**: s small beside both n. The error is bounded by [`TwoByTwo::binomial_bound`].
//!
//! This file knows one table; adding tables and reading evidence from the sum is the parent's work.

use crate::special::{ln_1p_exp, ln_choose, log1pmx, stirling_correction};
use std::f64::consts::PI;

/// Support lengths up to this are summed term by term.
const DIRECT_SUPPORT: u64 = 100;

/// Variances of A + B above this are expanded instead of integrated.
const EXPANSION_FROM: f64 = 400.0;

/// One period's table for a pair of arms, ready to evaluate.
#[derive(Debug, Clone)]
pub(super) struct TwoByTwo {
    n_a: f64,
    n_b: f64,
    s_a: f64,
    s_b: f64,
    form: Form,
}

#[derive(Debug, Clone)]
enum Form {
    /// ln of the central weights C(n_a, k)·C(n_b, s − k), scaled to sum 1; `first` is the least k.
    Direct { first: f64, ln_weights: Vec<f64> },
    /// Deviance form; `ln_constant` collects what does not depend on ψ.
    Saddle { ln_constant: f64 },
    /// ln C(s, s_a) and the log of n_a / n_b.
    Binomial { ln_choose: f64, ln_odds: f64 },
}

impl TwoByTwo {
    /// Prepares a table; `None` when it carries no information (one possible outcome only).
    ///
    /// `budget` is how far the binomial form may move a log likelihood ratio; 0 always gives the exact form.
    pub(super) fn new(people: [u64; 2], goals: [u64; 2], budget: f64) -> Option<Self> {
        if !Self::tells(people, goals) {
            return None;
        }
        let s = goals[0] + goals[1];
        let (first, last) = (s.saturating_sub(people[1]), s.min(people[0]));
        let [n_a, n_b] = people.map(as_f64);
        let [s_a, s_b] = goals.map(as_f64);
        let form = if Self::binomial_bound(people, s) <= budget {
            let ln_choose = ln_choose(s, goals[0]);
            Form::Binomial { ln_choose, ln_odds: (n_a / n_b).ln() }
        } else if last - first < DIRECT_SUPPORT {
            Form::Direct {
                first: as_f64(first),
                ln_weights: central_weights(n_a, n_b, s_a + s_b, first, last),
            }
        } else {
            Form::Saddle { ln_constant: ln_binomial_constant(s_a, n_a) + ln_binomial_constant(s_b, n_b) }
        };
        Some(Self { n_a, n_b, s_a, s_b, form })
    }

    /// Whether the table could have come out in more than one way.
    pub(super) fn tells(people: [u64; 2], goals: [u64; 2]) -> bool {
        let s = goals[0] + goals[1];
        s.saturating_sub(people[1]) < s.min(people[0])
    }

    /// How far the binomial form can move a log likelihood ratio, at any two ψ: s(s−1) / (2·(m − s + 1)), m = min(n_a, n_b).
    ///
    /// Why: the hypergeometric weights are the binomial's times h(k) = Π_{i<k}(1 − i/n_a)·Π_{i<s−k}(1 − i/n_b), and
    /// 0 ≤ −ln h(k) ≤ [k(k−1) + (s−k)(s−k−1)] / (2·(m − s + 1)) ≤ the bound; in a ratio of two likelihoods h(s_a)
    /// cancels and a ratio of two averages of h is left.
    pub(super) fn binomial_bound(people: [u64; 2], s: u64) -> f64 {
        let m = people[0].min(people[1]);
        if s <= 1 {
            return 0.0;
        }
        if s > m {
            return f64::INFINITY;
        }
        as_f64(s) * as_f64(s - 1) / (2.0 * as_f64(m - s + 1))
    }

    /// ln P(s_a | s; ψ), for finite ψ.
    pub(super) fn ln_likelihood(&self, psi: f64) -> f64 {
        match &self.form {
            Form::Direct { first, ln_weights } => {
                let at = |i: usize| ln_weights[i] + psi * (first + index(i));
                let peak = (0..ln_weights.len()).map(at).fold(f64::NEG_INFINITY, f64::max);
                let sum: f64 = (0..ln_weights.len()).map(|i| (at(i) - peak).exp()).sum();
                let mine = ln_weights[to_index(self.s_a - first)] + psi * self.s_a;
                mine - peak - sum.ln()
            }
            Form::Saddle { ln_constant } => {
                // Swapping the arms flips ψ: keep exp ψ ≤ 1, so that nothing overflows.
                let ln_value = if psi <= 0.0 {
                    saddle(psi, (self.n_a, self.s_a), (self.n_b, self.s_b))
                } else {
                    saddle(-psi, (self.n_b, self.s_b), (self.n_a, self.s_a))
                };
                ln_constant + ln_value
            }
            Form::Binomial { ln_choose, ln_odds } => {
                let eta = psi + ln_odds;
                ln_choose - self.s_a * ln_1p_exp(-eta) - self.s_b * ln_1p_exp(eta)
            }
        }
    }
}

/// −(deviance of both binomials) − ln P(A + B = s), at the r for which E(A + B) = s.
fn saddle(psi: f64, (n_a, s_a): (f64, f64), (n_b, s_b): (f64, f64)) -> f64 {
    let s = s_a + s_b;
    let w = psi.exp();
    // w(N − s)·r² + B·r − s = 0 has one positive root.
    let quadratic = w * (n_a + n_b - s);
    let linear = w * (n_a - s) + (n_b - s);
    let root = (linear * linear + 4.0 * quadratic * s).sqrt();
    let r = if linear > 0.0 { 2.0 * s / (linear + root) } else { (root - linear) / (2.0 * quadratic) };
    let (p_a, q_a) = (w * r / (1.0 + w * r), 1.0 / (1.0 + w * r));
    let (p_b, q_b) = (r / (1.0 + r), 1.0 / (1.0 + r));
    let deviance = deviance(s_a, n_a * p_a)
        + deviance(n_a - s_a, n_a * q_a)
        + deviance(s_b, n_b * p_b)
        + deviance(n_b - s_b, n_b * q_b);
    -deviance - ln_point_mass(s, (n_a, p_a, q_a), (n_b, p_b, q_b))
}

/// ln P(A + B = s) for independent binomials whose means add up to s (within rounding).
fn ln_point_mass(s: f64, (n_a, p_a, q_a): (f64, f64, f64), (n_b, p_b, q_b): (f64, f64, f64)) -> f64 {
    let variance = n_a * p_a * q_a + n_b * p_b * q_b;
    if variance > EXPANSION_FROM {
        return ln_expansion(variance, (n_a, p_a, q_a), (n_b, p_b, q_b));
    }
    ln_integral(variance, s, (n_a, p_a, q_a), (n_b, p_b, q_b))
}

/// By the trapezoid rule over the characteristic function.
fn ln_integral(
    variance: f64,
    s: f64,
    (n_a, p_a, q_a): (f64, f64, f64),
    (n_b, p_b, q_b): (f64, f64, f64),
) -> f64 {
    // Aliasing error is P(A + B is s plus a multiple of m); by Bernstein below exp(−40) for this m, and none above N.
    let m = (14.0 + (180.0 + 80.0 * variance).sqrt()).ceil().min(n_a + n_b + 1.0);
    let drift = (n_a * p_a + n_b * p_b) - s;
    let half = to_index((m / 2.0).floor());
    let mut total = 1.0;
    for j in 1..=half {
        let theta = 2.0 * PI * index(j) / m;
        let (sin, cos) = theta.sin_cos();
        let chord = 4.0 * (theta / 2.0).sin().powi(2);
        let ln_modulus = 0.5 * (n_a * (-p_a * q_a * chord).ln_1p() + n_b * (-p_b * q_b * chord).ln_1p());
        if ln_modulus < -42.0 {
            // Moduli fall with θ on (0, π].
            break;
        }
        let turn = |p: f64, q: f64| (p * sin).atan2(q + p * cos) - p * theta;
        let phase = n_a * turn(p_a, q_a) + n_b * turn(p_b, q_b) + drift * theta;
        let last_of_even = 2.0 * index(j) == m;
        total += if last_of_even { 1.0 } else { 2.0 } * ln_modulus.exp() * phase.cos();
    }
    (total / m).ln()
}

/// The same by the saddle-point expansion to second order (Daniels 1954, at the mean), from cumulants:
/// (2πκ₂)^(−½)·(1 + λ₄/8 − 5λ₃²/24 − λ₆/48 + 35λ₄²/384 + 7λ₃λ₅/48 − 35λ₃²λ₄/64 + 385λ₃⁴/1152), λ_j = κ_j/κ₂^(j/2).
///
/// For a Poisson law this is Stirling's series to 1/(288·n²); what is left out is of the order of variance^−3 / 360.
fn ln_expansion(variance: f64, a: (f64, f64, f64), b: (f64, f64, f64)) -> f64 {
    let cumulant = |f: fn(f64, f64) -> f64| {
        let of = |(n, p, q): (f64, f64, f64)| n * p * q * f(q - p, p * q);
        of(a) + of(b)
    };
    // In terms of q − p and p·q (Johnson, Kemp & Kotz, Univariate Discrete Distributions, ch. 3).
    let third = cumulant(|skew, _| skew) / variance.powf(1.5);
    let fourth = cumulant(|_, pq| 1.0 - 6.0 * pq) / variance.powi(2);
    let fifth = cumulant(|skew, pq| skew * (1.0 - 12.0 * pq)) / variance.powf(2.5);
    let sixth = cumulant(|_, pq| 1.0 - 30.0 * pq + 120.0 * pq * pq) / variance.powi(3);
    let square = third * third;
    let first = fourth / 8.0 - 5.0 * square / 24.0;
    let second = -sixth / 48.0 + 35.0 * fourth * fourth / 384.0 + 7.0 * third * fifth / 48.0
        - 35.0 * square * fourth / 64.0
        + 385.0 * square * square / 1152.0;
    (first + second).ln_1p() - 0.5 * (2.0 * PI * variance).ln()
}

/// ln of C(n_a, k)·C(n_b, s − k) over the support, scaled to sum 1, by the recurrence between neighbours.
fn central_weights(n_a: f64, n_b: f64, s: f64, first: u64, last: u64) -> Vec<f64> {
    let mut ln_weights = vec![0.0];
    for k in first..last {
        let k = as_f64(k);
        let step = ((n_a - k) * (s - k)).ln() - ((k + 1.0) * (n_b - s + k + 1.0)).ln();
        ln_weights.push(ln_weights[ln_weights.len() - 1] + step);
    }
    let peak = ln_weights.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let ln_sum = peak + ln_weights.iter().map(|w| (w - peak).exp()).sum::<f64>().ln();
    ln_weights.iter().map(|w| w - ln_sum).collect()
}

/// x·ln(x/μ) + μ − x, for x ≥ 0 and μ > 0, without cancellation when x is near μ (Loader's bd0).
fn deviance(x: f64, mu: f64) -> f64 {
    if x == 0.0 {
        return mu;
    }
    let y = (mu - x) / x;
    // Far apart nothing cancels, and 1 + y would lose a small μ.
    if y.abs() < 0.5 { -x * log1pmx(y) } else { x * (x / mu).ln() + mu - x }
}

/// ln of the part of C(n, s)·p^s·q^(n−s) that is not the deviance: Stirling errors and ½·ln(n / (2π·s·(n−s))).
fn ln_binomial_constant(s: f64, n: f64) -> f64 {
    if s == 0.0 || s == n {
        return 0.0;
    }
    stirling_correction(n) - stirling_correction(s) - stirling_correction(n - s)
        + 0.5 * (n / (2.0 * PI * s * (n - s))).ln()
}

/// Counts stay below 2^40 (checked by the table), so this is exact.
fn as_f64(count: u64) -> f64 {
    count as f64
}

fn index(i: usize) -> f64 {
    i as f64
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "callers pass whole numbers ≥ 0 well below 2^53"
)]
fn to_index(x: f64) -> usize {
    x as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protects the exact law: 50-digit sums by `checks/noncentral_hypergeometric.py` (mpmath).
    #[test]
    fn matches_fifty_digit_values() {
        for &(people, goals, psi, expected, tolerance) in REFERENCE {
            let table = TwoByTwo::new(people, goals, 0.0).unwrap();
            let found = table.ln_likelihood(psi);
            let error = (found - expected).abs();
            assert!(
                error <= tolerance,
                "{people:?} {goals:?} ψ={psi}: {found} for {expected}, off by {error:e}"
            );
        }
    }

    /// Protects the switch: its error never exceeds the bound that is documented.
    #[test]
    fn binomial_form_stays_within_its_bound() {
        for people in [[1_000, 800], [100_000, 50_000], [5_000, 2_000_000]] {
            for goals in [[1, 0], [2, 1], [5, 5], [0, 12], [9, 1], [30, 10]] {
                let bound = TwoByTwo::binomial_bound(people, goals[0] + goals[1]);
                let exact = TwoByTwo::new(people, goals, 0.0).unwrap();
                let rare = TwoByTwo::new(people, goals, f64::MAX).unwrap();
                for psi in [-3.0, -0.4, 0.1, 0.7, 2.0] {
                    let a = exact.ln_likelihood(psi) - exact.ln_likelihood(0.0);
                    let b = rare.ln_likelihood(psi) - rare.ln_likelihood(0.0);
                    assert!((a - b).abs() <= bound + 1e-12, "{people:?} {goals:?} {psi}: {a} against {b}");
                }
            }
        }
    }

    /// Protects both forms against each other where the support is just short enough to sum.
    #[test]
    fn saddle_equals_direct_sum() {
        for (people, goals) in
            [([60, 45], [11, 25]), ([39, 1000], [3, 600]), ([20, 20], [19, 18]), ([36, 90], [36, 1])]
        {
            let direct = TwoByTwo::new(people, goals, 0.0).unwrap();
            assert!(matches!(direct.form, Form::Direct { .. }));
            let [n_a, n_b] = people.map(as_f64);
            let [s_a, s_b] = goals.map(as_f64);
            let ln_constant = ln_binomial_constant(s_a, n_a) + ln_binomial_constant(s_b, n_b);
            let saddle = TwoByTwo { n_a, n_b, s_a, s_b, form: Form::Saddle { ln_constant } };
            for psi in [-30.0, -4.0, -0.5, 0.0, 0.3, 2.0, 9.0, 200.0] {
                let (a, b) = (direct.ln_likelihood(psi), saddle.ln_likelihood(psi));
                assert!(
                    (a - b).abs() < 1e-11 * (1.0 + a.abs()),
                    "{people:?} {goals:?} ψ={psi}: {a} against {b}"
                );
            }
        }
    }

    /// Protects the seam: just above the threshold the expansion agrees with the integral to 5e-11.
    #[test]
    fn expansion_meets_the_integral() {
        for (n_a, p_a, n_b, p_b) in [
            (2000.0, 0.1, 4000.0, 0.062),
            (500.0, 0.5, 1600.0, 0.25),
            (1e9, 3e-7, 1e4, 0.013),
            (3e6, 0.9999, 3000.0, 0.05),
        ] {
            let (a, b): ((f64, f64, f64), (f64, f64, f64)) = ((n_a, p_a, 1.0 - p_a), (n_b, p_b, 1.0 - p_b));
            let variance = n_a * p_a * a.2 + n_b * p_b * b.2;
            assert!((390.0..520.0).contains(&variance), "{variance}");
            // The integral is exact at whole numbers; at a mean between them it is the same analytic function.
            let integral = ln_integral(variance, n_a * p_a + n_b * p_b, a, b);
            let expansion = ln_expansion(variance, a, b);
            assert!(
                (integral - expansion).abs() < 5e-11,
                "{integral} {expansion} {:e}",
                integral - expansion
            );
        }
    }

    /// Protects against tables that can only come out one way being counted as evidence.
    #[test]
    fn certain_tables_carry_nothing() {
        assert!(TwoByTwo::new([10, 10], [0, 0], 0.0).is_none());
        assert!(TwoByTwo::new([10, 10], [10, 10], 0.0).is_none());
        assert!(TwoByTwo::new([0, 10], [0, 4], 0.0).is_none());
    }

    include!("two_by_two_reference.rs");
}
