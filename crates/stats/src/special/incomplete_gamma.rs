//! The regularised incomplete gamma functions P and Q, their logarithms, and the gamma quantile.
//!
//! With u = ln x the gamma density is e^{au − eᵘ}/Γ(a), log-concave and entire. The tail towards which the
//! density falls is Gauss–Legendre integrated; for x ≤ 1 and a < 1 the power series gives both tails. No
//! clamping: P and Q are 0 only where they underflow, and their logarithms are right there too.

use super::gamma::{HALF_LN_2PI, ln_gamma, ln_gamma_1p, stirling_correction};
use super::logs::{expm1mx, ln_1m_exp, log1pmx};
use super::quadrature::concave_tail;
use super::root::increasing_root;

/// ln(x/a) − (x − a)/a, accurate where x is near a.
pub(super) fn ln_ratio_less_excess(x: f64, a: f64, excess: f64) -> f64 {
    let relative = excess / a;
    if (-0.4..=0.8).contains(&relative) { log1pmx(relative) } else { (x / a).ln() - relative }
}

/// ln[xᵃ e⁻ˣ/Γ(a)], the log density of ln X.
pub(super) fn ln_density_of_log(a: f64, x: f64) -> f64 {
    if a < 10.0 {
        a * x.ln() - x - ln_gamma(a)
    } else {
        a * ln_ratio_less_excess(x, a, x - a) + 0.5 * a.ln() - HALF_LN_2PI - stirling_correction(a)
    }
}

/// (ln P, ln Q) for a > 0, 0 < x < ∞.
fn ln_tails(a: f64, x: f64) -> (f64, f64) {
    if a < 1.0 && x <= 1.0 {
        // P = xᵃ/Γ(a+1) · [1 + a Σ_{n≥1} (−x)ⁿ/(n!(a+n))] (DLMF 8.7.1).
        let mut term = 1.0;
        let mut sum = 0.0;
        for n in 1..40u32 {
            let n = f64::from(n);
            term *= -x / n;
            sum += term / (a + n);
            if term.abs() < 1e-18 {
                break;
            }
        }
        let lower = (a * x.ln() - ln_gamma_1p(a) + libm::log1p(a * sum)).min(0.0);
        return (lower, ln_1m_exp(lower));
    }
    let density = ln_density_of_log(a, x);
    if x <= a {
        let lower = density + concave_tail(|s| -(a - x) * s - x * expm1mx(-s), a - x, x, 4.0).ln();
        (lower, ln_1m_exp(lower.min(0.0)))
    } else {
        let upper = density + concave_tail(|s| -(x - a) * s - x * expm1mx(s), x - a, x, 1.0).ln();
        (ln_1m_exp(upper.min(0.0)), upper)
    }
}

fn checked_tails(a: f64, x: f64) -> (f64, f64) {
    if !(a > 0.0 && a.is_finite() && x >= 0.0) {
        (f64::NAN, f64::NAN)
    } else if x == 0.0 {
        (f64::NEG_INFINITY, 0.0)
    } else if x == f64::INFINITY {
        (0.0, f64::NEG_INFINITY)
    } else {
        ln_tails(a, x)
    }
}

/// ln of the density of the gamma law with shape `a` and scale 1 at x > 0.
///
/// ```
/// use gevinst_stats::special::ln_gamma_pdf;
/// assert!((ln_gamma_pdf(1.0, 2.5) + 2.5).abs() < 1e-15);
/// ```
#[must_use]
pub fn ln_gamma_pdf(a: f64, x: f64) -> f64 {
    ln_density_of_log(a, x) - x.ln()
}

/// P(a, x) = 1/Γ(a) ∫₀ˣ tᵃ⁻¹e⁻ᵗ dt for a > 0, x ≥ 0 (DLMF 8.2.4).
///
/// ```
/// use gevinst_stats::special::gamma_p;
/// assert!((gamma_p(1.0, 2.0) - (1.0 - (-2f64).exp())).abs() < 1e-15);
/// ```
#[must_use]
pub fn gamma_p(a: f64, x: f64) -> f64 {
    ln_gamma_p(a, x).exp()
}

/// Q(a, x) = 1 − P(a, x), computed itself.
///
/// ```
/// use gevinst_stats::special::gamma_q;
/// // The median of a gamma law of shape 10⁹ is a − 1/3 + 8/(405a).
/// assert!((gamma_q(1e9, 1e9 - 1.0 / 3.0) - 0.5).abs() < 1e-11);
/// ```
#[must_use]
pub fn gamma_q(a: f64, x: f64) -> f64 {
    ln_gamma_q(a, x).exp()
}

/// ln P(a, x).
///
/// ```
/// use gevinst_stats::special::ln_gamma_p;
/// // P(1, x) = 1 − e⁻ˣ.
/// assert!((ln_gamma_p(1.0, 1e-200) - 1e-200f64.ln()).abs() < 1e-12);
/// ```
#[must_use]
pub fn ln_gamma_p(a: f64, x: f64) -> f64 {
    checked_tails(a, x).0
}

/// ln Q(a, x).
///
/// ```
/// use gevinst_stats::special::ln_gamma_q;
/// assert!((ln_gamma_q(1.0, 1e5) + 1e5).abs() < 1e-9);
/// ```
#[must_use]
pub fn ln_gamma_q(a: f64, x: f64) -> f64 {
    checked_tails(a, x).1
}

/// Solves ln P(a, e^u) = target (or ln Q), both monotone in u.
fn solve(a: f64, target: f64, lower_tail: bool) -> f64 {
    let newton = |x: f64| {
        let (lower, upper) = checked_tails(a, x);
        let (miss, tail) = if lower_tail { (target - lower, lower) } else { (upper - target, upper) };
        (miss, miss * (tail - ln_density_of_log(a, x)).exp())
    };
    let u = increasing_root(-745.0, 709.0, a.ln(), |u| newton(u.exp()));
    if u < -744.0 {
        return 0.0;
    }
    // At large shapes an ulp of u is worth many of x: one more step in x itself.
    let x = u.exp();
    let step = newton(x).1;
    if step.abs() < 1e-6 { x * (1.0 + libm::expm1(step)) } else { x }
}

/// The x with P(a, x) = p. 0 where it underflows, ∞ at p = 1, NaN outside the domain; always returns.
///
/// ```
/// use gevinst_stats::special::gamma_p_inverse;
/// assert!((gamma_p_inverse(1.0, 0.5) - 2f64.ln()).abs() < 1e-15);
/// ```
#[must_use]
pub fn gamma_p_inverse(a: f64, p: f64) -> f64 {
    if !(a > 0.0 && a.is_finite() && (0.0..=1.0).contains(&p)) {
        f64::NAN
    } else if p == 0.0 {
        0.0
    } else if p == 1.0 {
        f64::INFINITY
    } else if p <= 0.5 {
        solve(a, p.ln(), true)
    } else {
        solve(a, (1.0 - p).ln(), false)
    }
}

/// The x with Q(a, x) = q, for a small upper tail.
///
/// ```
/// use gevinst_stats::special::gamma_q_inverse;
/// assert!((gamma_q_inverse(1.0, 1e-300) / -(1e-300f64.ln()) - 1.0).abs() < 1e-14);
/// ```
#[must_use]
pub fn gamma_q_inverse(a: f64, q: f64) -> f64 {
    if !(a > 0.0 && a.is_finite() && (0.0..=1.0).contains(&q)) {
        f64::NAN
    } else if q == 0.0 {
        f64::INFINITY
    } else if q == 1.0 {
        0.0
    } else if q <= 0.5 {
        solve(a, q.ln(), false)
    } else {
        solve(a, (1.0 - q).ln(), true)
    }
}

/// The quantile of the gamma law with shape `shape` and rate `rate`.
///
/// ```
/// use gevinst_stats::special::gamma_quantile;
/// // The median waiting time at a rate of 10.
/// assert!((gamma_quantile(1.0, 10.0, 0.5) - 2f64.ln() / 10.0).abs() < 1e-15);
/// ```
#[must_use]
pub fn gamma_quantile(shape: f64, rate: f64, p: f64) -> f64 {
    gamma_p_inverse(shape, p) / rate
}

/// The point above which the gamma law with shape `shape` and rate `rate` has the chance q.
///
/// ```
/// use gevinst_stats::special::gamma_isf;
/// assert!((gamma_isf(1.0, 10.0, 0.01) - 100f64.ln() / 10.0).abs() < 1e-14);
/// ```
#[must_use]
pub fn gamma_isf(shape: f64, rate: f64, q: f64) -> f64 {
    gamma_q_inverse(shape, q) / rate
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ends_and_nonsense() {
        // Protects callers from a silent clamp.
        assert_eq!(gamma_p(2.0, 0.0), 0.0);
        assert_eq!(gamma_q(2.0, 0.0), 1.0);
        assert_eq!(gamma_q(2.0, f64::INFINITY), 0.0);
        assert!(
            gamma_p(-1.0, 1.0).is_nan() && gamma_p(1.0, -1.0).is_nan() && gamma_p(f64::NAN, 1.0).is_nan()
        );
        assert!(gamma_p_inverse(1.0, 1.5).is_nan());
        assert_eq!(gamma_p_inverse(1e-3, 1e-300), 0.0);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]
        /// Protects the inverse: it returns everywhere and the tail at its answer is the tail asked for.
        #[test]
        fn quantile_inverts(shape in -2.0f64..9.0, tail in -300.0f64..-0.31) {
            let a = 10f64.powf(shape);
            let p = 10f64.powf(tail);
            let x = gamma_p_inverse(a, p);
            if x > 1e-300 {
                prop_assert!((ln_gamma_p(a, x) - p.ln()).abs() < 1e-10 * p.ln().abs().max(1.0), "a={a} p={p} x={x}");
            }
            let x = gamma_q_inverse(a, p);
            prop_assert!((ln_gamma_q(a, x) - p.ln()).abs() < 1e-10 * p.ln().abs().max(1.0), "a={a} q={p} x={x}");
        }

        /// Protects P(a, x) − P(a+1, x) = xᵃe⁻ˣ/Γ(a+1) (DLMF 8.8.5), which ties neighbouring shapes together.
        #[test]
        fn recurrence_holds(shape in -1.0f64..6.0, z in -5.0f64..5.0) {
            let a = 10f64.powf(shape);
            let x = (a + z * a.sqrt()).max(1e-3);
            let step = (ln_density_of_log(a, x) - a.ln()).exp();
            prop_assert!((gamma_p(a, x) - gamma_p(a + 1.0, x) - step).abs() < 1e-13);
        }
    }
}
