//! A pair's likelihood as a polynomial in δ: many periods are summed at a few points, and everything else is read off.
//!
//! ℓ(δ, σ²) is analytic in δ but for singularities at a distance d from the real line, π for the binomial and less with day
//! noise: the beta-binomial's likelihood vanishes where ν = 0, that is at e^x = t − 1 with t² − σ²·t + σ² = 0. A polynomial
//! through K Chebyshev points of an interval of half-width w is off by a multiple of ρ^(−K), ρ = d/w + √(1 + (d/w)²)
//! (Trefethen, *Approximation Theory and Approximation Practice*, 2013, theorem 8.2, with the ellipse that touches a
//! singularity above the middle). A posterior of hundreds of goals is so narrow beside d that sixteen points give eleven
//! digits. Whether they do is not taken on trust: a fit counts only when its coefficients die out, else more points are tried, and in the end none is made and the caller sums likelihoods where it needs them.

use std::f64::consts::{FRAC_PI_2, PI};
use std::sync::OnceLock;

use super::points::{Points, Prepared, Work};
use crate::vector::{self, LANES, each, load, store};

/// Numbers of points that are tried, multiples of eight.
const SIZES: [usize; 7] = [8, 16, 24, 32, 40, 48, 64];
/// What a polynomial leaves out may be this much, in ln of the likelihood …
const RESOLVED: f64 = 5e-10;
/// … or this part of the largest value, which is as far as values are known.
const ROUNDING: f64 = 4e-15;

/// A polynomial on an interval.
#[derive(Debug, Clone)]
pub(super) struct Smooth {
    middle: f64,
    half: f64,
    /// Of Chebyshev polynomials, lowest first.
    coefficients: Vec<f64>,
}

/// The Chebyshev points of one size and the matrix that takes values at them to coefficients, row by row.
struct Rule {
    nodes: Vec<f64>,
    matrix: Vec<f64>,
}

fn rule(index: usize) -> &'static Rule {
    static RULES: [OnceLock<Rule>; SIZES.len()] = [const { OnceLock::new() }; SIZES.len()];
    RULES[index].get_or_init(|| {
        let size = SIZES[index];
        let cosine = |m: usize| libm::cos(FRAC_PI_2 * (m % (4 * size)) as f64 / size as f64);
        let nodes = (0..size).map(|k| cosine(2 * k + 1)).collect();
        let scale = |j: usize| if j == 0 { 1.0 } else { 2.0 } / size as f64;
        let entry = |i: usize| scale(i / size) * cosine(i / size * (2 * (i % size) + 1));
        Rule { nodes, matrix: (0..size * size).map(entry).collect() }
    })
}

/// How far the likelihood's singularities lie from the real line.
fn distance(variance: f64) -> f64 {
    PI - libm::atan2((4.0 * variance - variance * variance).sqrt(), 2.0 - variance)
}

/// The first size worth trying on an interval of this half-width: what is resolved grows with the goals, but more slowly.
fn first_size(cells: &[Prepared], variance: f64, half: f64) -> usize {
    let goals: f64 = cells.iter().map(|cell| cell.cell.total()).sum();
    let ratio = distance(variance) / half;
    let digits = 0.6 * libm::log(goals.max(1.0)) - libm::log(RESOLVED);
    let wanted = digits / libm::log(ratio + (1.0 + ratio * ratio).sqrt());
    SIZES.iter().position(|&size| size as f64 >= wanted).unwrap_or(SIZES.len())
}

impl Smooth {
    /// The polynomial on `low` to `high`; `None` when 64 points are not enough.
    pub(super) fn fit(
        cells: &[Prepared],
        variance: f64,
        (low, high): (f64, f64),
        work: &mut Work,
    ) -> Option<Self> {
        let (middle, half) = (0.5 * (low + high), 0.5 * (high - low));
        for index in first_size(cells, variance, half)..SIZES.len() {
            let Rule { nodes, matrix } = rule(index);
            let mut points = Points::new(nodes.iter().rev().map(|x| middle + half * x).collect());
            points.add(cells, variance, work);
            points.values.reverse();
            let coefficients: Vec<f64> = matrix
                .chunks_exact(nodes.len())
                .map(|row| vector::wide!(vector::dot(row, &points.values)))
                .collect();
            let largest = points.values.iter().fold(0.0_f64, |most, value| most.max(value.abs()));
            if left_out(&coefficients) <= RESOLVED + ROUNDING * largest {
                return Some(Self { middle, half, coefficients });
            }
        }
        None
    }

    /// Whether δ lies in the interval.
    pub(super) fn covers(&self, delta: f64) -> bool {
        (delta - self.middle).abs() <= self.half
    }

    /// The value at a covered δ.
    pub(super) fn at(&self, delta: f64) -> f64 {
        let mut value = [0.0];
        clenshaw(self, &[delta], &mut value);
        value[0]
    }

    /// The values at covered δ.
    pub(super) fn fill(&self, delta: &[f64], values: &mut [f64]) {
        vector::wide!(clenshaw(self, delta, values));
    }
}

/// About what the coefficients that are missing add up to, from how the last two pairs fall (odd and even ones may differ).
fn left_out(coefficients: &[f64]) -> f64 {
    let (rest, last) = coefficients.split_at(coefficients.len() - 2);
    let size = |pair: &[f64]| pair[0].abs().max(pair[1].abs());
    let (before, last) = (size(&rest[rest.len() - 2..]), size(last));
    // Where they hardly fall, nothing is known of those to come.
    if last < 0.1 * before { 2.0 * last * (last / before) } else { last }
}

/// Clenshaw's recurrence.
#[inline(always)]
fn clenshaw(Smooth { middle, half, coefficients }: &Smooth, delta: &[f64], values: &mut [f64]) {
    let inverse = 1.0 / half;
    for at in (0..delta.len()).step_by(LANES) {
        let delta = load(delta, at, *middle);
        let x = each!(l => (delta[l] - middle) * inverse);
        let (mut next, mut after) = ([0.0; LANES], [0.0; LANES]);
        for &coefficient in coefficients[1..].iter().rev() {
            let this = each!(l => 2.0 * x[l] * next[l] - after[l] + coefficient);
            (next, after) = (this, next);
        }
        store(values, at, each!(l => x[l] * next[l] - after[l] + coefficients[0]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::likelihood::{PairCell, log_likelihood_sum};

    #[test]
    fn the_polynomial_is_the_likelihood() {
        // Protects every figure of a recorded look: sparse hours, full ones, one-sided ones, with and without day noise.
        let mut cells = Vec::new();
        for u in 0..300u32 {
            let (a, b) = (f64::from(u * 7 % 5), f64::from(u * 11 % 13 / 4));
            let ln_exposure_ratio = 0.01 * f64::from(u % 37) - 0.2;
            cells.push(PairCell { a, b, ln_exposure_ratio });
        }
        cells.push(PairCell { a: 900.0, b: 1_100.0, ln_exposure_ratio: 0.1 });
        cells.push(PairCell { a: 17.0, b: 0.0, ln_exposure_ratio: -1.0 });
        let prepared: Vec<Prepared> = cells.iter().map(|&cell| cell.into()).collect();
        for variance in [0.0, 0.01, 0.1, 0.8, 2.0] {
            for (low, high) in [(-0.1, 0.05), (-0.6, 0.3), (-1.0, 2.0)] {
                let smooth = Smooth::fit(&prepared, variance, (low, high), &mut Work::default())
                    .expect("a polynomial for an interval narrower than the distance of the singularities");
                for part in [0.0, 0.013, 0.2, 0.5, 0.77, 1.0] {
                    let delta = low + (high - low) * part;
                    let (found, expected) = (smooth.at(delta), log_likelihood_sum(&cells, delta, variance));
                    assert!(
                        (found - expected).abs() < 1e-9 + 1e-13 * expected.abs(),
                        "{delta} of {low} to {high}, {variance}: {found} for {expected}"
                    );
                }
            }
        }
    }

    #[test]
    fn what_no_polynomial_follows_is_refused() {
        // Protects wide priors from a polynomial that oscillates: the caller must be told.
        let cells: Vec<Prepared> = vec![PairCell { a: 7.0, b: 5.0, ln_exposure_ratio: 0.0 }.into(); 40];
        for variance in [0.0, 0.8] {
            assert!(Smooth::fit(&cells, variance, (-60.0, 60.0), &mut Work::default()).is_none());
        }
    }
}
