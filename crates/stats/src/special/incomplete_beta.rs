//! The regularised incomplete beta function, both tails and their logarithms, and its inverse.
//!
//! The kernel takes x and y = 1 − x separately, so an argument that is close to 1 keeps its digits. With
//! u = ln(x/y) the beta density is xᵃyᵇ/B(a, b), log-concave: the tail on the side of x is one
//! Gauss–Legendre integral. Where the shape on the near side is below 1 a power series gives both tails.

use super::gamma::{HALF_LN_2PI, ln_beta, ln_gamma_1p, ln_gamma_diff, stirling_correction};
use super::incomplete_gamma::ln_ratio_less_excess;
use super::logs::{expit, expm1mx, ln_1m_exp, log1pmx};
use super::quadrature::concave_tail;
use super::root::increasing_root;

/// ln x where y = 1 − x is also known.
fn ln_of(x: f64, y: f64) -> f64 {
    if y < 0.5 { libm::log1p(-y) } else { x.ln() }
}

/// ln[xᵃyᵇ/B(a, b)], the log density of the logit of X.
pub(super) fn ln_density_of_logit(a: f64, b: f64, x: f64, y: f64) -> f64 {
    if a < 10.0 || b < 10.0 {
        return a * ln_of(x, y) + b * ln_of(y, x) - ln_beta(a, b);
    }
    let n = a + b;
    let excess = x * b - y * a;
    // a·ln(nx/a) + b·ln(ny/b), whose linear parts cancel: nx − a = bx − ay = −(ny − b).
    let deviance = a * ln_ratio_less_excess(n * x, a, excess) + b * ln_ratio_less_excess(n * y, b, -excess);
    deviance + 0.5 * (a * (b / n)).ln()
        - HALF_LN_2PI
        - (stirling_correction(a) + stirling_correction(b) - stirling_correction(n))
}

/// (ln I, ln(1 − I)) by I = xᵃ/(aB) · [1 + a Σ_{n≥1} (1−b)ₙ xⁿ/(n!(a+n))] (DLMF 8.17.7); for x ≤ ½ or bx ≤ 1.
fn by_series(a: f64, b: f64, x: f64, y: f64) -> (f64, f64) {
    let mut term = 1.0;
    let mut sum = 0.0;
    for n in 1..2000u32 {
        let n = f64::from(n);
        term *= (n - b) * x / n;
        sum += term / (a + n);
        if term.abs() < 1e-18 * (1.0f64).min(sum.abs() + f64::MIN_POSITIVE) {
            break;
        }
    }
    let lower = (a * ln_of(x, y) - ln_a_beta(a, b) + libm::log1p(a * sum)).min(0.0);
    (lower, ln_1m_exp(lower))
}

/// ln I by integrating the density of the logit to the left of x ≤ mean.
fn by_integral(a: f64, b: f64, x: f64, y: f64) -> f64 {
    let slope = (a * y - b * x).max(0.0);
    // g(u−s) − g(u) = −as − n·ln(1 + x(e⁻ˢ−1)) = −(ay−bx)s − n·h(s), where h is of second order in s:
    // h = ln(1+z) + xs with z = x(e⁻ˢ−1), and also h = ln(1+w) − ys with w = y(eˢ−1).
    let g = |s: f64| {
        let h = if x <= 0.5 {
            let z = x * libm::expm1(-s);
            if z > -0.4 { log1pmx(z) + x * expm1mx(-s) } else { libm::log1p(z) + x * s }
        } else {
            let w = y * libm::expm1(s);
            if w < 0.8 { log1pmx(w) + y * expm1mx(s) } else { libm::log1p(w) - y * s }
        };
        -slope * s - (a + b) * h
    };
    ln_density_of_logit(a, b, x, y) + concave_tail(g, slope, (a + b) * x * y, 4.0).ln()
}

/// (ln I_x(a, b), ln I_y(b, a)) for x + y = 1, both positive.
pub(super) fn ln_tails(a: f64, b: f64, x: f64, y: f64) -> (f64, f64) {
    if a < 1.0 && b < 1.0 {
        return if x <= 0.5 { by_series(a, b, x, y) } else { swap(by_series(b, a, y, x)) };
    }
    if x * b <= y * a {
        if a < 1.0 {
            by_series(a, b, x, y)
        } else {
            let lower = by_integral(a, b, x, y).min(0.0);
            (lower, ln_1m_exp(lower))
        }
    } else {
        swap(ln_tails_left(b, a, y, x))
    }
}

/// The same for an x at or below the mean.
fn ln_tails_left(a: f64, b: f64, x: f64, y: f64) -> (f64, f64) {
    if a < 1.0 {
        by_series(a, b, x, y)
    } else {
        let lower = by_integral(a, b, x, y).min(0.0);
        (lower, ln_1m_exp(lower))
    }
}

fn swap((a, b): (f64, f64)) -> (f64, f64) {
    (b, a)
}

fn checked_tails(a: f64, b: f64, x: f64) -> (f64, f64) {
    if !(a > 0.0 && b > 0.0 && a.is_finite() && b.is_finite() && (0.0..=1.0).contains(&x)) {
        (f64::NAN, f64::NAN)
    } else if x == 0.0 {
        (f64::NEG_INFINITY, 0.0)
    } else if x == 1.0 {
        (0.0, f64::NEG_INFINITY)
    } else {
        ln_tails(a, b, x, 1.0 - x)
    }
}

/// ln of the beta density at 0 < x < 1.
///
/// ```
/// use gevinst_stats::special::ln_beta_pdf;
/// assert!((ln_beta_pdf(2.0, 2.0, 0.5) - 1.5f64.ln()).abs() < 1e-14);
/// ```
#[must_use]
pub fn ln_beta_pdf(a: f64, b: f64, x: f64) -> f64 {
    let y = 1.0 - x;
    ln_density_of_logit(a, b, x, y) - ln_of(x, y) - ln_of(y, x)
}

/// I_x(a, b) = 1/B(a, b) ∫₀ˣ tᵃ⁻¹(1−t)ᵇ⁻¹ dt for a, b > 0, 0 ≤ x ≤ 1 (DLMF 8.17.2).
///
/// ```
/// use gevinst_stats::special::beta_cdf;
/// assert!((beta_cdf(2.0, 3.0, 0.4) - 0.5248).abs() < 1e-15);
/// assert!((beta_cdf(1e9, 1e9, 0.5) - 0.5).abs() < 1e-15);
/// ```
#[must_use]
pub fn beta_cdf(a: f64, b: f64, x: f64) -> f64 {
    ln_beta_cdf(a, b, x).exp()
}

/// 1 − I_x(a, b), computed itself.
///
/// ```
/// use gevinst_stats::special::beta_sf;
/// assert!((beta_sf(1.0, 3.0, 0.5) - 0.125).abs() < 1e-15);
/// ```
#[must_use]
pub fn beta_sf(a: f64, b: f64, x: f64) -> f64 {
    ln_beta_sf(a, b, x).exp()
}

/// ln I_x(a, b).
///
/// ```
/// use gevinst_stats::special::ln_beta_cdf;
/// // Far below the smallest f64: x^a for b = 1.
/// assert!((ln_beta_cdf(1e6, 1.0, 0.5) / (-1e6 * 2f64.ln()) - 1.0).abs() < 1e-14);
/// ```
#[must_use]
pub fn ln_beta_cdf(a: f64, b: f64, x: f64) -> f64 {
    checked_tails(a, b, x).0
}

/// ln(1 − I_x(a, b)).
///
/// ```
/// use gevinst_stats::special::ln_beta_sf;
/// assert!((ln_beta_sf(1.0, 1e6, 0.5) / (-1e6 * 2f64.ln()) - 1.0).abs() < 1e-14);
/// ```
#[must_use]
pub fn ln_beta_sf(a: f64, b: f64, x: f64) -> f64 {
    checked_tails(a, b, x).1
}

/// Logits beyond which x or y is too small for the kernel.
const FAR: f64 = 700.0;

/// ln(a·B(a, b)), accurate also where it vanishes for small a.
fn ln_a_beta(a: f64, b: f64) -> f64 {
    ln_gamma_1p(a) - ln_gamma_diff(b, a)
}

/// (ln I_x(a, b), ln(1 − I_x(a, b)), ln of the density of the logit) at x = expit(u), for any finite u.
///
/// Where x itself would round to 0 or 1 this still has every digit: small shapes put real chances there.
///
/// ```
/// use gevinst_stats::special::ln_beta_at_logit;
/// // Beta(½, ½) at x = 1/(1 + e¹⁰⁰): I ≈ 2√x/π.
/// let (lower, _, _) = ln_beta_at_logit(0.5, 0.5, -100.0);
/// assert!((lower - (2.0 / core::f64::consts::PI).ln() + 50.0).abs() < 1e-12);
/// ```
#[must_use]
pub fn ln_beta_at_logit(a: f64, b: f64, u: f64) -> (f64, f64, f64) {
    if !(a > 0.0 && b > 0.0 && a.is_finite() && b.is_finite() && u.is_finite()) {
        return (f64::NAN, f64::NAN, f64::NAN);
    }
    // Beyond e^±700 the power law of the end is all there is: I = xᵃ/(aB).
    if u < -FAR {
        let density = a * u - ln_beta(a, b);
        return (a * u - ln_a_beta(a, b), 0.0, density);
    }
    if u > FAR {
        let density = -b * u - ln_beta(a, b);
        return (0.0, -b * u - ln_a_beta(b, a), density);
    }
    let (x, y) = (expit(u), expit(-u));
    let (lower, upper) = ln_tails(a, b, x, y);
    (lower, upper, ln_density_of_logit(a, b, x, y))
}

/// The logit of the beta quantile at lower tail `p` and upper tail `q` = 1 − p (give both, so neither loses digits).
///
/// ```
/// use gevinst_stats::special::beta_quantile_logit;
/// // Beta(1, 1) is uniform.
/// assert!((beta_quantile_logit(1.0, 1.0, 0.2, 0.8) - 0.25f64.ln()).abs() < 1e-14);
/// ```
#[must_use]
pub fn beta_quantile_logit(a: f64, b: f64, p: f64, q: f64) -> f64 {
    if !(a > 0.0 && b > 0.0 && a.is_finite() && b.is_finite() && p >= 0.0 && q >= 0.0) {
        f64::NAN
    } else if p <= q {
        logit_of_lower_tail(a, b, p.ln())
    } else {
        -logit_of_lower_tail(b, a, q.ln())
    }
}

/// The logit u with ln I = target at x = expit(u).
pub(super) fn logit_of_lower_tail(a: f64, b: f64, target: f64) -> f64 {
    let far = (target + ln_a_beta(a, b)) / a;
    if far < -FAR {
        return far;
    }
    increasing_root(-FAR, FAR, (a / b).ln(), |u| {
        let (x, y) = (expit(u), expit(-u));
        let tail = ln_tails(a, b, x, y).0;
        let miss = target - tail;
        (miss, miss * (tail - ln_density_of_logit(a, b, x, y)).exp())
    })
}

/// The x with I_x(a, b) = p. Always returns; 0 where x underflows, NaN outside the domain.
///
/// ```
/// use gevinst_stats::special::{beta_cdf, beta_quantile};
/// let x = beta_quantile(1.5, 1e7, 0.5); // where statrs 0.19 never returns
/// assert!((beta_cdf(1.5, 1e7, x) - 0.5).abs() < 1e-14);
/// ```
#[must_use]
pub fn beta_quantile(a: f64, b: f64, p: f64) -> f64 {
    quantile(a, b, p, 1.0 - p)
}

/// The x with 1 − I_x(a, b) = q, for a small upper tail.
///
/// ```
/// use gevinst_stats::special::beta_isf;
/// assert!((beta_isf(3.0, 1.0, 1e-20) - 1.0).abs() < 1e-15);
/// assert!((beta_isf(1.0, 3.0, 0.125) - 0.5).abs() < 1e-15);
/// ```
#[must_use]
pub fn beta_isf(a: f64, b: f64, q: f64) -> f64 {
    quantile(a, b, 1.0 - q, q)
}

fn quantile(a: f64, b: f64, p: f64, q: f64) -> f64 {
    if !(a > 0.0 && b > 0.0 && a.is_finite() && b.is_finite() && p >= 0.0 && q >= 0.0) {
        f64::NAN
    } else if p == 0.0 {
        0.0
    } else if q == 0.0 {
        1.0
    } else if p <= q {
        expit(logit_of_lower_tail(a, b, p.ln()))
    } else {
        expit(-logit_of_lower_tail(b, a, q.ln()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ends_and_nonsense() {
        // Protects callers from a silent clamp.
        assert_eq!(beta_cdf(2.0, 3.0, 0.0), 0.0);
        assert_eq!(beta_cdf(2.0, 3.0, 1.0), 1.0);
        assert!(beta_cdf(0.0, 1.0, 0.5).is_nan() && beta_cdf(1.0, 1.0, 1.5).is_nan());
        assert!(beta_quantile(1.0, 1.0, -0.5).is_nan() && beta_quantile(1.0, 1.0, f64::NAN).is_nan());
        assert_eq!(beta_quantile(2.0, 3.0, 0.0), 0.0);
        assert_eq!(beta_isf(2.0, 3.0, 0.0), 1.0);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]
        /// Protects the inverse: it returns for every pair of shapes, and inverts.
        #[test]
        fn quantile_inverts(sa in -2.0f64..9.0, sb in -2.0f64..9.0, tail in -300.0f64..-0.31) {
            let (a, b, p) = (10f64.powf(sa), 10f64.powf(sb), 10f64.powf(tail));
            let u = logit_of_lower_tail(a, b, p.ln());
            if u > -700.0 {
                let back = ln_tails(a, b, expit(u), expit(-u)).0;
                // An ulp of u moves the tail by (dens/tail)·ulp: that much no quantile can do better.
                let slope = (ln_density_of_logit(a, b, expit(u), expit(-u)) - back).exp();
                prop_assert!((back - p.ln()).abs() < 1e-12 * p.ln().abs() + 1e-15 * slope * u.abs().max(1.0), "{a} {b} {p}: {u} {back}");
            }
        }

        /// Protects I_x(a,b) − I_x(a+1,b) = xᵃyᵇ/(aB) (DLMF 8.17.20), which ties neighbouring shapes together.
        #[test]
        fn recurrence_holds(sa in -1.0f64..6.0, sb in -1.0f64..6.0, z in -5.0f64..5.0) {
            let (a, b) = (10f64.powf(sa), 10f64.powf(sb));
            let u = (a / b).ln() + z * (1.0 / a + 1.0 / b).sqrt();
            let (x, y) = (expit(u), expit(-u));
            let step = (ln_density_of_logit(a, b, x, y) - a.ln()).exp();
            let left = ln_tails(a, b, x, y).0.exp() - ln_tails(a + 1.0, b, x, y).0.exp();
            prop_assert!((left - step).abs() < 1e-13, "{a} {b} {x}: {left} {step}");
        }
    }
}
