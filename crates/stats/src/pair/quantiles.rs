//! Quantiles of a tabulated posterior, and roots of increasing functions.

use crate::vector;

/// Four-point Gauss-Legendre nodes and weights on [−1, 1].
const GAUSS_4: [(f64, f64); 4] = [
    (-0.861_136_311_594_052_6, 0.347_854_845_137_453_85),
    (-0.339_981_043_584_856_26, 0.652_145_154_862_546_1),
    (0.339_981_043_584_856_26, 0.652_145_154_862_546_1),
    (0.861_136_311_594_052_6, 0.347_854_845_137_453_85),
];

/// A posterior's distribution function and log density at equally spaced points.
#[derive(Debug, Clone)]
pub(crate) struct Distribution {
    first: f64,
    step: f64,
    below: Vec<f64>,
    ln_density: Vec<f64>,
}

impl Distribution {
    pub(crate) fn new(first: f64, step: f64, below: Vec<f64>, ln_density: Vec<f64>) -> Self {
        Self { first, step, below, ln_density }
    }

    /// P(δ < x): the value at the point below plus the integral in between.
    pub(crate) fn below(&self, x: f64) -> f64 {
        let position = (x - self.first) / self.step;
        // The three points at either end hold less than 10⁻⁶ of the mass.
        if position < 3.0 {
            return 0.0;
        }
        if position >= self.below.len() as f64 - 4.0 {
            return 1.0;
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between 3 and the table's length"
        )]
        let whole = position as usize;
        let (from, half) = (whole as f64, 0.5 * (position - whole as f64));
        let between: f64 = GAUSS_4
            .iter()
            .map(|&(node, weight)| {
                weight * vector::exp(interpolate(&self.ln_density, from + half * (1.0 + node)))
            })
            .sum();
        (self.below[whole] + between * half * self.step).clamp(0.0, 1.0)
    }
}

/// Six-point Lagrange interpolation in a table of unit spacing; needs two points below and three above.
pub(crate) fn interpolate(values: &[f64], position: f64) -> f64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the caller keeps it inside the table"
    )]
    let whole = (position as usize).clamp(2, values.len() - 4);
    let x = position - whole as f64;
    let v = &values[whole - 2..whole + 4];
    // Distances to the six points −2 … 3.
    let (a, b, c, d, e, f) = (x + 2.0, x + 1.0, x, x - 1.0, x - 2.0, x - 3.0);
    let (bc, de) = (b * c, d * e);
    -v[0] * bc * de * f / 120.0 + v[1] * a * c * de * f / 24.0 - v[2] * a * b * de * f / 12.0
        + v[3] * a * bc * e * f / 12.0
        - v[4] * a * bc * d * f / 24.0
        + v[5] * a * bc * de / 120.0
}

/// The root of an increasing function between `lo` and `hi`: false position with the Illinois halving, and plain
/// halving whenever that has not halved the bracket in three steps.
pub(crate) fn increasing_root(f: impl Fn(f64) -> f64, mut lo: f64, mut hi: f64) -> f64 {
    let (mut at_lo, mut at_hi) = (f(lo), f(hi));
    if at_lo >= 0.0 {
        return lo;
    }
    if at_hi <= 0.0 {
        return hi;
    }
    let mut last_side = 0i8;
    let mut width = hi - lo;
    for round in 0..200 {
        if hi - lo <= 1e-12 * (lo.abs() + hi.abs()).max(1e-3) {
            break;
        }
        let mut x = (lo * at_hi - hi * at_lo) / (at_hi - at_lo);
        if round % 3 == 2 {
            if hi - lo > 0.5 * width {
                x = 0.5 * (lo + hi);
            }
            width = hi - lo;
        }
        let x = x.clamp(lo, hi);
        let y = f(x);
        if y.abs() < 1e-13 {
            return x;
        }
        if y < 0.0 {
            (lo, at_lo) = (x, y);
            if last_side == -1 {
                at_hi *= 0.5;
            }
            last_side = -1;
        } else {
            (hi, at_hi) = (x, y);
            if last_side == 1 {
                at_lo *= 0.5;
            }
            last_side = 1;
        }
    }
    0.5 * (lo + hi)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interpolation_is_exact_for_quintics() {
        // Protects the confidence bounds, which read the likelihood between the points.
        let f = |x: f64| 1.0 + x * (0.5 - x * (0.2 - x * (0.03 + x * (0.01 - 0.001 * x))));
        let table: Vec<f64> = (0..12).map(|k| f(f64::from(k))).collect();
        for x in [2.0, 2.25, 5.5, 7.999] {
            assert!((interpolate(&table, x) - f(x)).abs() < 1e-10, "{x}");
        }
    }

    #[test]
    fn roots_are_found_in_flat_and_steep_functions() {
        // Protects against a bracket that shrinks from one side only.
        for (f, root) in [
            ((|x: f64| x * x * x) as fn(f64) -> f64, 0.0),
            (|x| (30.0 * (x - 0.25)).tanh(), 0.25),
            (|x| (20.0 * x).exp() - 1.0, 0.0),
            (|x| -(-20.0 * x).exp() + 1.0, 0.0),
        ] {
            let found = increasing_root(f, -3.0, 7.0);
            assert!((found - root).abs() < 1e-4, "{found} for {root}");
        }
    }
}
