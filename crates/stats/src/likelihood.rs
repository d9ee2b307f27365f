//! The conditional likelihood of one pair of arms, given how many goals the two had together in each period.
//!
//! With n = s_a + s_b goals in a period and exposures e_a, e_b, and δ = log(θa/θb),
//!
//! ```text
//! s_a | n ~ Binomial(n, p(δ)),   p(δ) = e_a·exp(δ) / (e_a·exp(δ) + e_b)
//! ```
//!
//! (Lindon & Malek, "Anytime-valid inference for multinomial count data", arXiv 2011.03567, with the exposures free
//! to change from period to period.) Weekday, season and delay multiply both arms' rates alike and cancel. Day noise
//! replaces the binomial by a beta-binomial of logit variance σ²: shapes pν and (1−p)ν with ν + 1 = 1/(p(1−p)σ²).
//!
//! Every value here is relative to the period's saturated binomial likelihood, that of p = s_a/n, which depends on
//! neither δ nor σ²: ratios between any two (δ, σ²) are unchanged, values are at most 0, and the huge terms that
//! would cancel at counts of 10⁹ never arise. This module does not integrate; see [`pair`](crate::pair).

use crate::table::{Cell, CountTable};

/// Above this many goals in a period, sums of logarithms give way to Stirling's series.
const STIRLING_FROM: f64 = 64.0;

/// What one period says about a pair of arms.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PairCell {
    /// Goals of the first arm.
    pub a: f64,
    /// Goals of the second arm.
    pub b: f64,
    /// The log ratio of exposures, ln(e_a/e_b).
    pub ln_exposure_ratio: f64,
}

impl PairCell {
    /// A period that says nothing: a cell is missing, an arm had no exposure, or neither had a goal.
    pub const SILENT: Self = Self { a: 0.0, b: 0.0, ln_exposure_ratio: 0.0 };

    /// The pair's cell from the cells of its arms; silent unless both have exposure and there is a goal.
    pub fn new(a: Option<Cell>, b: Option<Cell>) -> Self {
        match (a, b) {
            (Some(a), Some(b)) if a.exposure > 0.0 && b.exposure > 0.0 && a.count + b.count > 0 => Self {
                a: a.count as f64,
                b: b.count as f64,
                ln_exposure_ratio: (a.exposure / b.exposure).ln(),
            },
            _ => Self::SILENT,
        }
    }

    /// Goals of both arms together.
    pub fn total(&self) -> f64 {
        self.a + self.b
    }

    /// The same period with the arms' places exchanged.
    pub fn swapped(&self) -> Self {
        Self { a: self.b, b: self.a, ln_exposure_ratio: -self.ln_exposure_ratio }
    }
}

/// The cells of arms `a` and `b` over all periods of a table, silent ones included.
///
/// ```
/// use gevinst_stats::{likelihood::pair_cells, table::CountTable};
/// let table = CountTable::from_columns(2, &[200.0, 100.0], &[6, 4])?;
/// let cells = pair_cells(&table, 0, 1);
/// assert_eq!((cells[0].total(), cells[0].ln_exposure_ratio), (10.0, 2f64.ln()));
/// # Ok::<(), gevinst_stats::StatsError>(())
/// ```
///
/// # Panics
/// When an arm is not in the table.
pub fn pair_cells(table: &CountTable, a: usize, b: usize) -> Vec<PairCell> {
    (0..table.periods()).map(|u| PairCell::new(table.cell(u, a), table.cell(u, b))).collect()
}

/// ℓ(δ, σ²) of one period, relative to its saturated binomial likelihood; at most 0.
///
/// Domain: counts from 0 to 10¹², any exposure ratio within the table's range, any finite δ, 0 ≤ σ² ≤
/// [`MAX_LOGIT_VARIANCE`](crate::prior::MAX_LOGIT_VARIANCE). The absolute error stays near 10⁻¹³ of the larger of 1
/// and the value for counts up to 10⁹ (compared with 60-digit arithmetic in the tests).
///
/// ```
/// use gevinst_stats::likelihood::{PairCell, log_likelihood};
/// // Seven goals to one: under equal rates 7·ln ½ + ln ½ less what p = 7/8 gives; noisy days make it less surprising.
/// let cell = PairCell { a: 7.0, b: 1.0, ln_exposure_ratio: 0.0 };
/// let plain = log_likelihood(&cell, 0.0, 0.0);
/// assert!((plain - (8.0 * 0.5f64.ln() - 7.0 * 0.875f64.ln() - 0.125f64.ln())).abs() < 1e-14);
/// assert!(log_likelihood(&cell, 0.0, 0.4) > plain);
/// ```
pub fn log_likelihood(cell: &PairCell, delta: f64, logit_variance: f64) -> f64 {
    if cell.total() == 0.0 {
        return 0.0;
    }
    let x = delta + cell.ln_exposure_ratio;
    if logit_variance == 0.0 {
        binomial(cell.a, cell.b, x)
    } else if cell.total() <= STIRLING_FROM {
        binomial(cell.a, cell.b, x) + overdispersion(cell.a, cell.b, x, logit_variance)
    } else {
        beta_binomial(cell.a, cell.b, x, logit_variance)
    }
}

/// Σ over periods of [`log_likelihood`]: the curve on which both readings of the evidence rest.
///
/// ```
/// use gevinst_stats::likelihood::{PairCell, log_likelihood_sum};
/// // Three goals against one at equal exposure: the binomial curve is highest at log 3.
/// let cells = [PairCell { a: 3.0, b: 1.0, ln_exposure_ratio: 0.0 }];
/// assert!(log_likelihood_sum(&cells, 3f64.ln(), 0.0).abs() < 1e-15);
/// assert!((log_likelihood_sum(&cells, 0.0, 0.0) - (4.0 * 0.5f64.ln() - 3.0 * 0.75f64.ln() - 0.25f64.ln())).abs() < 1e-14);
/// ```
pub fn log_likelihood_sum(cells: &[PairCell], delta: f64, logit_variance: f64) -> f64 {
    cells.iter().map(|cell| log_likelihood(cell, delta, logit_variance)).sum()
}

/// (p, 1 − p) of the logistic function at x, both to full relative accuracy.
fn logistic(x: f64) -> (f64, f64) {
    let t = libm::exp(-x.abs());
    let (large, small) = (1.0 / (1.0 + t), t / (1.0 + t));
    if x >= 0.0 { (large, small) } else { (small, large) }
}

/// ln p of the logistic function at x.
fn ln_logistic(x: f64) -> f64 {
    if x >= 0.0 { -libm::log1p(libm::exp(-x)) } else { x - libm::log1p(libm::exp(x)) }
}

/// count·ln(1 + excess) where 1 + excess = ratio; the form that loses nothing is chosen.
fn weighted_ln(count: f64, excess: f64, ln_ratio: impl FnOnce() -> f64) -> f64 {
    if count == 0.0 {
        0.0
    } else if excess > -0.5 {
        count * libm::log1p(excess)
    } else {
        count * ln_ratio()
    }
}

/// s_a·ln(p·n/s_a) + s_b·ln(q·n/s_b): minus the binomial deviance over two.
fn binomial(a: f64, b: f64, x: f64) -> f64 {
    let (p, q) = logistic(x);
    let n = a + b;
    // How far the first arm lies above its expectation; minus that for the second.
    let d = a * q - b * p;
    let first = weighted_ln(a, -d / a, || ln_logistic(x) + libm::log(n / a));
    let second = weighted_ln(b, d / b, || ln_logistic(-x) + libm::log(n / b));
    first + second
}

/// The beta-binomial over the binomial, in logarithms, as products over goals:
/// Π(1+i·t/Q)·Π(1+j·A·t/Q) / Π(1+k·A/Q) with A = p/q, t = 1 + A and Q = t²/σ² − A. Both arms' products start at 1.
fn overdispersion(a: f64, b: f64, x: f64, logit_variance: f64) -> f64 {
    let (p, q) = logistic(x);
    // 1/(pν), 1/(qν) and 1/ν.
    let pqv = p * q * logit_variance;
    let inverse_nu = pqv / (1.0 - pqv);
    let (inverse_a, inverse_b) = (q * logit_variance / (1.0 - pqv), p * logit_variance / (1.0 - pqv));
    rising(a, inverse_a) + rising(b, inverse_b) - rising(a + b, inverse_nu)
}

/// Σ_{i<s} ln(1 + i·x).
fn rising(s: f64, x: f64) -> f64 {
    let (mut sum, mut i) = (0.0, 1.0);
    while i < s {
        sum += libm::log1p(i * x);
        i += 1.0;
    }
    sum
}

/// The beta-binomial through Stirling's series, arranged so that what cancels is never formed.
fn beta_binomial(a: f64, b: f64, x: f64, logit_variance: f64) -> f64 {
    let (p, q) = logistic(x);
    let n = a + b;
    let nu = 1.0 / (p * q * logit_variance) - 1.0;
    let (shape_a, shape_b) = (p * nu, q * nu);
    let d = a * q - b * p;
    let whole = nu + n;
    let first = weighted_ln(a, -d * nu / (a * whole), || libm::log((shape_a + a) / whole * (n / a)));
    let second = weighted_ln(b, d * nu / (b * whole), || libm::log((shape_b + b) / whole * (n / b)));
    let third = weighted_ln(shape_a, d / (p * whole), || libm::log((shape_a + a) / (p * whole)));
    let fourth = weighted_ln(shape_b, -d / (q * whole), || libm::log((shape_b + b) / (q * whole)));
    let half = libm::log1p(a / shape_a) + libm::log1p(b / shape_b) - libm::log1p(n / nu);
    let series = stirling_rest(shape_a + a) - stirling_rest(shape_a) + stirling_rest(shape_b + b)
        - stirling_rest(shape_b)
        - stirling_rest(whole)
        + stirling_rest(nu);
    first + second + third + fourth - 0.5 * half + series
}

/// lnΓ(z) − [(z − ½)·ln z − z + ½·ln 2π].
fn stirling_rest(z: f64) -> f64 {
    if z < 10.0 {
        return libm::lgamma(z) - ((z - 0.5) * libm::log(z) - z + 0.918_938_533_204_672_8);
    }
    let w = 1.0 / (z * z);
    (1.0 / 12.0
        - w * (1.0 / 360.0
            - w * (1.0 / 1260.0 - w * (1.0 / 1680.0 - w * (1.0 / 1188.0 - w * (691.0 / 360_360.0))))))
        / z
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// (s_a, s_b, ln e_a/e_b, δ, σ²) → ℓ by mpmath 1.3.0 with 60 digits, from log-gamma functions of the plain
    /// beta-binomial minus the saturated binomial.
    #[rustfmt::skip]
    #[expect(clippy::excessive_precision, reason = "all digits of the reference values")]
    const REFERENCE: [(f64, f64, f64, f64, f64, f64); 14] = [
        (3.0, 1.0, 0.0, 0.3, 0.0, -0.26808039939887508),
        (0.0, 7.0, 2.25, -1.5, 0.2, -6.4918150762571084),
        (5.0, 0.0, -13.815510557964274, 4.0, 0.8, -44.876132040709453),
        (40.0, 30.0, 0.5, 0.1, 0.03, -0.76034186747930825),
        (1000.0, 1500.0, 0.25, -0.4, 0.0, -19.8634519506891),
        (1000.0, 1500.0, 0.25, -0.4, 0.01, -3.7496802835098884),
        (1000000000.0, 900000000.0, 0.125, 0.0, 0.0, -9.1319283027480375e+4),
        (1000000000.0, 900000000.0, 0.125, -0.02, 0.01, -7.6873224655991485),
        (1000000000.0, 0.0, 0.125, -0.02, 0.8, -37.650288525434901),
        (12.0, 1000000000.0, -13.8125, -3.5, 0.1, -2.5989434389594133),
        (1000000000.0, 900000000.0, 13.8125, 3.5, 0.4, -5.1429497613772862e+7),
        (700.0, 100.0, -30.0, 5.0, 0.06, -1.5204942604875479e+4),
        (64.0, 1.0, 20.0, -3.0, 0.2, -11.833348012673205),
        (65.0, 1.0, 20.0, -3.0, 0.2, -11.81796284002217),
    ];

    #[test]
    fn agrees_with_high_precision_values() {
        // Protects against cancellation: counts to 10⁹, exposures that differ by 10⁶ and more, far tails.
        for (a, b, ln_exposure_ratio, delta, variance, expected) in REFERENCE {
            let cell = PairCell { a, b, ln_exposure_ratio };
            let found = log_likelihood(&cell, delta, variance);
            let error = (found - expected).abs() / expected.abs().max(1.0);
            assert!(error < 2e-13, "{cell:?} at {delta}, {variance}: {found} for {expected}");
        }
    }

    #[test]
    fn both_forms_agree_where_they_meet() {
        // Protects the switch from products to Stirling's series at 64 goals.
        for a in [0.0, 1.0, 13.0, 32.0, 64.0] {
            for x in [-14.0, -2.0, 0.0, 0.3, 9.0] {
                for variance in [1e-6, 0.01, 0.2, 0.8, 2.0] {
                    let products = binomial(a, 64.0 - a, x) + overdispersion(a, 64.0 - a, x, variance);
                    let series = beta_binomial(a, 64.0 - a, x, variance);
                    assert!(
                        (products - series).abs() < 1e-11 * products.abs().max(1.0),
                        "{a} {x} {variance}: {products} {series}"
                    );
                }
            }
        }
    }

    #[test]
    fn one_goal_knows_no_dispersion() {
        // Protects the beta-binomial's mean: with a single goal it is the binomial, whatever σ².
        let cell = PairCell { a: 1.0, b: 0.0, ln_exposure_ratio: 0.4 };
        assert_eq!(log_likelihood(&cell, 0.2, 0.8), log_likelihood(&cell, 0.2, 0.0));
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

        #[test]
        fn swapping_arms_flips_the_sign_of_delta(
            a in 0u32..2_000, b in 0u32..2_000, lr in -10.0..10.0, delta in -4.0..4.0, variance in 0.0..2.0f64,
        ) {
            // Protects the symmetry of the two arms.
            let cell = PairCell { a: a.into(), b: b.into(), ln_exposure_ratio: lr };
            let (one, other) = (log_likelihood(&cell, delta, variance), log_likelihood(&cell.swapped(), -delta, variance));
            prop_assert!((one - other).abs() <= 1e-11 * one.abs().max(1.0), "{one} {other}");
            prop_assert!(one <= 1e-11 && one.is_finite());
        }
    }
}
