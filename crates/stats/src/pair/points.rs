//! Points on the δ axis with the likelihood of all periods summed at each, and the kernel that adds goals to them.
//!
//! With odds A = p/q, t = 1 + A and Q = t²/σ² − A, the beta-binomial likelihood of a period is, up to a constant,
//!
//! ```text
//! A^a · Π_{0<i<a}(1 + i·t/Q) · Π_{0<j<b}(1 + j·A·t/Q)  /  [ t · Π_{0<k<n}(t + k·A·t/Q) ]
//! ```
//!
//! which is the binomial A^a/tⁿ as σ² → 0 and never takes a difference of large numbers. One more goal is one more factor
//! above and below: late goals cost what they are, not what their whole period is. Products are gathered over goals and
//! periods and only now and then turned into logarithms. Where a period gains more than [`PRODUCTS_TO`] goals at once,
//! Stirling's series takes over; beyond [`SERIES_TO`] goals, and for exposures that differ beyond reason, the exact scalar form.
//!
//! Everything is done eight points at a time, so that the compiler can keep the products in vector registers; see
//! [`vector`](crate::vector).

use crate::likelihood::{PairCell, log_likelihood};
use crate::vector::{self, LANES as BLOCK, each, load, store};

/// Up to this many new goals in a period are multiplied in one by one.
const PRODUCTS_TO: f64 = 100.0;
/// Up to this many goals in a period Stirling's series without special care is accurate to 10⁻¹¹.
const SERIES_TO: f64 = 4096.0;
/// Products stay below e^this between two logarithms.
const FLUSH_AT: f64 = 600.0;
/// A period with what the kernel would otherwise work out at every call.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Prepared {
    pub(crate) cell: PairCell,
    /// e_a/e_b.
    pub(super) ratio: f64,
    /// a·ln(a/n) + b·ln(b/n).
    saturated: f64,
    /// ln n.
    ln_total: f64,
}

impl Prepared {
    /// A period without goals.
    pub(crate) const SILENT: Self =
        Self { cell: PairCell::SILENT, ratio: 1.0, saturated: 0.0, ln_total: 0.0 };
}

impl From<PairCell> for Prepared {
    fn from(cell: PairCell) -> Self {
        let n = cell.total();
        let term = |s: f64| if s > 0.0 { s * libm::log(s / n) } else { 0.0 };
        Self {
            cell,
            ratio: libm::exp(cell.ln_exposure_ratio),
            saturated: term(cell.a) + term(cell.b),
            ln_total: if n > 0.0 { libm::log(n) } else { 0.0 },
        }
    }
}

/// A period as it was and as it is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Change {
    pub(crate) old: Prepared,
    pub(crate) new: Prepared,
}

impl Change {
    /// Whether the new state only adds goals to the old one.
    fn only_adds(&self) -> bool {
        let (old, new) = (&self.old.cell, &self.new.cell);
        old.total() == 0.0
            || (old.ln_exposure_ratio == new.ln_exposure_ratio && old.a <= new.a && old.b <= new.b)
    }
}

/// Scratch space, kept between calls.
#[derive(Debug, Clone, Default)]
pub(crate) struct Work {
    up: Vec<f64>,
    down: Vec<f64>,
    /// The posterior's mass at the points in use.
    pub(crate) mass: Vec<f64>,
}

/// Points in order, rising or falling, with Σ over periods of ℓ(δ, σ²) at each.
#[derive(Debug, Clone, Default)]
pub(crate) struct Points {
    pub(crate) delta: Vec<f64>,
    exp_delta: Vec<f64>,
    pub(crate) values: Vec<f64>,
}

impl Points {
    /// Points without any period.
    pub(crate) fn new(delta: Vec<f64>) -> Self {
        let mut exp_delta = delta.clone();
        vector::wide!(exp_all(&mut exp_delta));
        let values = vec![0.0; delta.len()];
        Self { delta, exp_delta, values }
    }

    pub(crate) fn len(&self) -> usize {
        self.delta.len()
    }

    /// These points followed by others.
    pub(crate) fn extend(&mut self, mut other: Self) {
        self.delta.append(&mut other.delta);
        self.exp_delta.append(&mut other.exp_delta);
        self.values.append(&mut other.values);
    }

    /// Puts the points of another list between these; it has one fewer.
    pub(crate) fn interleave(&mut self, between: &Self) {
        for (mine, other) in [
            (&mut self.delta, &between.delta),
            (&mut self.exp_delta, &between.exp_delta),
            (&mut self.values, &between.values),
        ] {
            let last = mine.last().copied();
            *mine = mine.iter().zip(other).flat_map(|(x, y)| [*x, *y]).chain(last).collect();
        }
    }

    /// Keeps every second point, from the given one on.
    pub(crate) fn keep_every_second(&mut self, from: usize) {
        for list in [&mut self.delta, &mut self.exp_delta, &mut self.values] {
            *list = list.iter().skip(from).step_by(2).copied().collect();
        }
    }

    /// Keeps the points of a range.
    pub(crate) fn keep(&mut self, range: std::ops::Range<usize>) {
        for list in [&mut self.delta, &mut self.exp_delta, &mut self.values] {
            list.truncate(range.end);
            list.drain(..range.start);
        }
    }

    /// Adds whole periods.
    pub(crate) fn add(&mut self, cells: &[Prepared], variance: f64, work: &mut Work) {
        let mut sum = Sum::new(self, variance, work);
        for cell in cells {
            sum.goals(&Prepared::SILENT, cell, 1.0);
        }
        sum.flush();
    }

    /// Replaces periods by what they have become.
    pub(crate) fn change(&mut self, changes: &[Change], variance: f64, work: &mut Work) {
        let mut sum = Sum::new(self, variance, work);
        for change in changes {
            if change.only_adds() {
                sum.goals(&change.old, &change.new, 1.0);
            } else {
                sum.goals(&Prepared::SILENT, &change.old, -1.0);
                sum.goals(&Prepared::SILENT, &change.new, 1.0);
            }
        }
        sum.flush();
    }
}

/// A sum in the making: what is not yet in the points' values is in products and a line.
struct Sum<'a> {
    points: &'a mut Points,
    work: &'a mut Work,
    variance: f64,
    highest: f64,
    lowest: f64,
    slope: f64,
    constant: f64,
    size: f64,
}

impl<'a> Sum<'a> {
    fn new(points: &'a mut Points, variance: f64, work: &'a mut Work) -> Self {
        let padded = points.len().next_multiple_of(BLOCK);
        for products in [&mut work.up, &mut work.down] {
            products.clear();
            products.resize(padded, 1.0);
        }
        // Points lie in order, rising or falling.
        let ends =
            (points.delta.first().copied().unwrap_or(0.0), points.delta.last().copied().unwrap_or(0.0));
        let (highest, lowest) = (ends.0.max(ends.1), ends.0.min(ends.1));
        Self { points, work, variance, highest, lowest, slope: 0.0, constant: 0.0, size: 0.0 }
    }

    /// Takes a period from `old` to `new` goals (or with `sign` −1 back); `old` has no more than `new` of either.
    fn goals(&mut self, old: &Prepared, new: &Prepared, sign: f64) {
        let (before, cell) = (&old.cell, &new.cell);
        let gained = cell.total() - before.total();
        if gained == 0.0 {
            return;
        }
        let highest = self.highest + cell.ln_exposure_ratio;
        let extreme = highest > 200.0 || self.lowest + cell.ln_exposure_ratio < -200.0;
        // t ≤ 2·exp(max(x, 0)), and no other factor exceeds n.
        let bound = gained * (highest.max(0.0) + 0.7 + new.ln_total);
        if gained <= PRODUCTS_TO && !extreme && bound <= FLUSH_AT {
            if self.size + bound > FLUSH_AT {
                self.flush();
            }
            self.size += bound;
            self.slope += sign * (cell.a - before.a);
            let lifted = (cell.a - before.a) * cell.ln_exposure_ratio;
            self.constant += sign * (lifted - (new.saturated - old.saturated));
            let (up, down) = if sign > 0.0 {
                (&mut self.work.up, &mut self.work.down)
            } else {
                (&mut self.work.down, &mut self.work.up)
            };
            let exp_delta = &self.points.exp_delta;
            vector::wide!(multiply(exp_delta, before, new, self.variance, up, down));
            return;
        }
        if before.total() > 0.0 {
            self.goals(&Prepared::SILENT, old, -sign);
            self.goals(&Prepared::SILENT, new, sign);
        } else if cell.total() <= SERIES_TO && !extreme {
            vector::wide!(series(self.points, new, self.variance, sign));
        } else {
            for (value, &delta) in self.points.values.iter_mut().zip(&self.points.delta) {
                *value += sign * log_likelihood(cell, delta, self.variance);
            }
        }
    }

    /// Turns products and line into values.
    fn flush(&mut self) {
        if self.size > 0.0 {
            vector::wide!(gather(self.points, &self.work.up, &self.work.down, (self.slope, self.constant)));
            self.work.up.fill(1.0);
            self.work.down.fill(1.0);
        }
        (self.slope, self.constant, self.size) = (0.0, 0.0, 0.0);
    }
}

#[inline(always)]
fn exp_all(values: &mut [f64]) {
    for at in (0..values.len()).step_by(BLOCK) {
        let x = load(values, at, 0.0);
        store(values, at, each!(l => vector::exp(x[l])));
    }
}

/// Adds slope·δ + constant + ln(up/down) to the values.
#[inline(always)]
fn gather(points: &mut Points, up: &[f64], down: &[f64], (slope, constant): (f64, f64)) {
    for at in (0..points.values.len()).step_by(BLOCK) {
        let (value, delta) = (load(&points.values, at, 0.0), load(&points.delta, at, 0.0));
        let (up, down) = (load(up, at, 1.0), load(down, at, 1.0));
        let sum = each!(l => value[l] + (slope * delta[l] + constant + vector::ln(up[l] / down[l])));
        store(&mut points.values, at, sum);
    }
}

/// Multiplies a period's new goals onto `up/down` at every point, but for A^a.
#[inline(always)]
fn multiply(
    exp_delta: &[f64],
    old: &PairCell,
    new: &Prepared,
    variance: f64,
    up: &mut [f64],
    down: &mut [f64],
) {
    let (ratio, cell) = (new.ratio, &new.cell);
    let (n0, n1) = (old.total(), cell.total());
    // Factors are multiplied in by twos, which halves the chain of products that wait for each other.
    if variance == 0.0 || n1 < 2.0 {
        for at in (0..exp_delta.len()).step_by(BLOCK) {
            let points = load(exp_delta, at, 1.0);
            let t = each!(l => 1.0 + ratio * points[l]);
            let square = each!(l => t[l] * t[l]);
            let mut fall = [1.0; BLOCK];
            let mut k = n0;
            while k + 1.0 < n1 {
                fall = each!(l => fall[l] * square[l]);
                k += 2.0;
            }
            if k < n1 {
                fall = each!(l => fall[l] * t[l]);
            }
            let down = &mut down[at..at + BLOCK];
            for l in 0..BLOCK {
                down[l] *= fall[l];
            }
        }
        return;
    }
    let inverse = 1.0 / variance;
    for at in (0..exp_delta.len()).step_by(BLOCK) {
        let points = load(exp_delta, at, 1.0);
        let odds = each!(l => ratio * points[l]);
        let t = each!(l => 1.0 + odds[l]);
        let x = each!(l => t[l] / (t[l] * t[l] * inverse - odds[l]));
        let y = each!(l => odds[l] * x[l]);
        let one = [1.0; BLOCK];
        let rise_a = rising_product(&one, &x, old.a.max(1.0), cell.a);
        let rise_b = rising_product(&one, &y, old.b.max(1.0), cell.b);
        let fall = rising_product(&t, &y, n0, n1);
        let (up, down) = (&mut up[at..at + BLOCK], &mut down[at..at + BLOCK]);
        for l in 0..BLOCK {
            up[l] *= rise_a[l] * rise_b[l];
            down[l] *= fall[l];
        }
    }
}

/// Π_{from ≤ k < to} (t + k·y).
#[inline(always)]
fn rising_product(t: &[f64; BLOCK], y: &[f64; BLOCK], from: f64, to: f64) -> [f64; BLOCK] {
    let (tt, ty, yy) = (each!(l => t[l] * t[l]), each!(l => t[l] * y[l]), each!(l => y[l] * y[l]));
    let mut product = [1.0; BLOCK];
    let mut k = from;
    while k + 1.0 < to {
        // (t + k·y)·(t + (k + 1)·y).
        let (linear, quadratic) = (2.0 * k + 1.0, k * (k + 1.0));
        product = each!(l => product[l] * (tt[l] + (linear * ty[l] + quadratic * yy[l])));
        k += 2.0;
    }
    if k < to {
        product = each!(l => product[l] * (t[l] + k * y[l]));
    }
    product
}

/// Adds a whole period of many goals by logarithms and Stirling's series.
#[inline(always)]
fn series(points: &mut Points, cell: &Prepared, variance: f64, sign: f64) {
    let (a, b, n) = (cell.cell.a, cell.cell.b, cell.cell.total());
    let lr = cell.cell.ln_exposure_ratio;
    let inverse = if variance > 0.0 { 1.0 / variance } else { 0.0 };
    let (delta, values) = (&points.delta, &mut points.values);
    for at in (0..points.exp_delta.len()).step_by(BLOCK) {
        let exp_delta = load(&points.exp_delta, at, 1.0);
        let odds = each!(l => cell.ratio * exp_delta[l]);
        let t = each!(l => 1.0 + odds[l]);
        let mut sum = each!(l => -n * vector::ln(t[l]) - cell.saturated);
        if variance > 0.0 {
            // Shapes: 1/σ²·t − p, 1/σ²·t/A − q and their sum.
            let nu = each!(l => t[l] * t[l] * inverse / odds[l] - 1.0);
            let alpha = each!(l => nu[l] * odds[l] / t[l]);
            let beta = each!(l => nu[l] / t[l]);
            let (one, other, both) = (rising(&alpha, a), rising(&beta, b), rising(&nu, n));
            sum = each!(l => sum[l] + one[l] + other[l] - both[l]);
        }
        let (value, delta) = (load(values, at, 0.0), load(delta, at, 0.0));
        store(values, at, each!(l => value[l] + sign * (sum[l] + a * (delta[l] + lr))));
    }
}

/// Σ_{i<s} ln(1 + i/z) = lnΓ(z+s) − lnΓ(z) − s·ln z for shapes z, s at most a few thousand.
#[inline(always)]
fn rising(z: &[f64; BLOCK], s: f64) -> [f64; BLOCK] {
    const FIRST: f64 = 8.0;
    let inverse = each!(l => 1.0 / z[l]);
    let mut product = [1.0; BLOCK];
    let mut i = 1.0;
    while i < s.min(FIRST) {
        product = each!(l => product[l] * (1.0 + i * inverse[l]));
        i += 1.0;
    }
    if s <= FIRST {
        return each!(l => vector::ln(product[l]));
    }
    // From z + 8 on by Stirling: (z+s−½)·ln(z+s) − (z+7½)·ln(z+8) − (s − 8), less (s − 8)·ln z.
    each!(l => {
        let (low, high) = (z[l] + FIRST, z[l] + s);
        let grown = vector::ln(high * inverse[l]);
        let begun = vector::ln(low * inverse[l]);
        let correction = stirling(high) - stirling(low);
        vector::ln(product[l]) + (high - 0.5) * grown - (low - 0.5) * begun - (s - FIRST) + correction
    })
}

/// Stirling's correction for z ≥ 8, to 10⁻¹³.
#[inline(always)]
fn stirling(z: f64) -> f64 {
    let w = 1.0 / (z * z);
    (1.0 / 12.0
        - w * (1.0 / 360.0
            - w * (1.0 / 1260.0 - w * (1.0 / 1680.0 - w * (1.0 / 1188.0 - w * (691.0 / 360_360.0))))))
        / z
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::likelihood::log_likelihood_sum;

    fn cells() -> Vec<PairCell> {
        let mut cells = vec![PairCell::SILENT];
        for (i, n) in [1.0, 2.0, 5.0, 12.0, 39.0, 41.0, 80.0, 500.0, 4_000.0, 1e6].into_iter().enumerate() {
            for part in [0.0, 0.1, 0.5, 1.0] {
                let a = f64::floor(n * part);
                cells.push(PairCell { a, b: n - a, ln_exposure_ratio: 0.7 * (i as f64 - 3.0) });
            }
        }
        cells.push(PairCell { a: 3.0, b: 5.0, ln_exposure_ratio: 250.0 });
        cells
    }

    #[test]
    fn every_path_of_the_kernel_agrees_with_the_exact_form() {
        // Protects the fast sums: products, series and scalar form must be one function.
        let cells = cells();
        let prepared: Vec<Prepared> = cells.iter().map(|&c| c.into()).collect();
        for variance in [0.0, 0.01, 0.1, 0.8, 2.0] {
            let delta: Vec<f64> = (-13..=8).map(|k| f64::from(k) * 0.2).collect();
            for (cell, one) in cells.iter().zip(&prepared) {
                let mut points = Points::new(delta.clone());
                points.add(std::slice::from_ref(one), variance, &mut Work::default());
                for (&d, &value) in points.delta.iter().zip(&points.values) {
                    let expected = log_likelihood(cell, d, variance);
                    assert!(
                        (value - expected).abs() < 4e-12 * expected.abs().max(10.0),
                        "{cell:?} at {d}, {variance}: {value} for {expected}"
                    );
                }
            }
            let mut points = Points::new(delta);
            points.add(&prepared, variance, &mut Work::default());
            let expected = log_likelihood_sum(&cells, points.delta[3], variance);
            assert!((points.values[3] - expected).abs() < 1e-11 * expected.abs());
        }
    }

    #[test]
    fn a_changed_period_equals_a_fresh_one() {
        // Protects restatements: more goals, fewer goals, another exposure, from nothing and to nothing.
        let states: Vec<Prepared> = [
            (0.0, 0.0, 0.0),
            (3.0, 1.0, 0.4),
            (4.0, 7.0, 0.4),
            (3.0, 6.0, 0.4),
            (90.0, 60.0, 0.4),
            (91.0, 60.0, 0.4),
            (3.0, 6.0, -1.0),
        ]
        .map(|(a, b, ln_exposure_ratio)| PairCell { a, b, ln_exposure_ratio }.into())
        .to_vec();
        for variance in [0.0, 0.2] {
            for &old in &states {
                for &new in &states {
                    let mut points = Points::new(vec![-0.5, 0.0, 0.75]);
                    let mut work = Work::default();
                    points.add(&[old], variance, &mut work);
                    points.change(&[Change { old, new }], variance, &mut work);
                    let mut fresh = Points::new(vec![-0.5, 0.0, 0.75]);
                    fresh.add(&[new], variance, &mut work);
                    for (one, other) in points.values.iter().zip(&fresh.values) {
                        assert!((one - other).abs() < 1e-11, "{old:?} {new:?} {variance}: {one} {other}");
                    }
                }
            }
        }
    }
}
