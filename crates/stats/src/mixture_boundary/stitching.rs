//! Closed-form boundaries by stitching: one linear bound an epoch of geometrically growing time.
//!
//! Looser than the mixtures by some per cent where those are tuned, but they grow like √(v ln ln v), the slowest rate
//! there is, and need no root. Howard et al. (2021) and Howard & Ramdas, "Sequential estimation of quantiles with
//! applications to A/B-testing and best-arm identification" (Bernoulli 2022).

use crate::StatsError;
use crate::special::bracketed_root;

fn positive(what: &'static str, value: f64) -> Result<(), StatsError> {
    if value > 0.0 && value.is_finite() {
        Ok(())
    } else {
        Err(StatsError::Domain { what, value, expected: "positive and finite" })
    }
}

fn check_alpha(alpha: f64) -> Result<(), StatsError> {
    if alpha > 0.0 && alpha < 1.0 {
        Ok(())
    } else {
        Err(StatsError::Domain { what: "α", value: alpha, expected: "0 < α < 1" })
    }
}

/// ζ(s) for s > 1: twenty terms and Euler–Maclaurin's rest (DLMF 25.2.9), to 10⁻¹³.
fn zeta(s: f64) -> f64 {
    const N: f64 = 20.0;
    let head: f64 = (1..20u32).map(|n| f64::from(n).powf(-s)).sum();
    let last = N.powf(-s);
    head + last * N / (s - 1.0) + 0.5 * last + s * last / (12.0 * N)
        - s * (s + 1.0) * (s + 2.0) * last / (720.0 * N.powi(3))
        + s * (s + 1.0) * (s + 2.0) * (s + 3.0) * (s + 4.0) * last / (30_240.0 * N.powi(5))
}

/// How epochs are laid out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Epochs {
    /// Each epoch is η times as long as the one before; above 1.
    pub eta: f64,
    /// Epoch k gets a share ∝ k⁻ˢ of α; above 1.
    pub s: f64,
}

impl Default for Epochs {
    /// η = 2, s = 1.4, the paper's choice.
    fn default() -> Self {
        Self { eta: 2.0, s: 1.4 }
    }
}

impl Epochs {
    fn check(self) -> Result<(f64, f64), StatsError> {
        for (what, value) in [("η", self.eta), ("s", self.s)] {
            if !(value > 1.0 && value.is_finite()) {
                return Err(StatsError::Domain { what, value, expected: "above 1" });
            }
        }
        let root = self.eta.powf(0.25);
        Ok(((root + 1.0 / root) / core::f64::consts::SQRT_2, (self.eta.sqrt() + 1.0) / 2.0))
    }
}

/// The polynomial stitched boundary of a sub-gamma sum with scale c at intrinsic time v (their eq. 10).
///
/// √(k₁²vℓ + (k₂cℓ)²) + k₂cℓ with ℓ = s·ln ln(ηv/m) + ln(ζ(s)/(α lnˢη)); flat below v = m.
///
/// # Errors
/// v, m not positive; α outside (0, 1); η or s at most 1.
///
/// ```
/// use gevinst_stats::mixture_boundary::stitching::{Epochs, stitched};
/// let bound = stitched(100.0, 0.05, 10.0, 3.0, Epochs::default()).unwrap();
/// assert!((bound - 64.48755).abs() < 5e-6); // confseq
/// ```
pub fn stitched(v: f64, alpha: f64, v_min: f64, c: f64, epochs: Epochs) -> Result<f64, StatsError> {
    check_alpha(alpha)?;
    positive("the smallest time", v_min)?;
    positive("the intrinsic time", v)?;
    let (k1, k2) = epochs.check()?;
    let v = v.max(v_min);
    let l = epochs.s * (epochs.eta * v / v_min).ln().ln()
        + (zeta(epochs.s) / (alpha * epochs.eta.ln().powf(epochs.s))).ln();
    let linear = k2 * c * l;
    Ok((k1 * k1 * v * l + linear * linear).sqrt() + linear)
}

/// How far an empirical distribution function may ever be from the truth from `t_min` observations on (Howard & Ramdas,
/// Theorem 2): A·√((ln(1 + ln(t/t_min)) + C)/t) with the smallest C that α allows.
///
/// # Errors
/// α outside (0, 1); A at most 1/√2; t below t_min or t_min below 1.
///
/// ```
/// use gevinst_stats::mixture_boundary::stitching::empirical_distribution;
/// assert!((empirical_distribution(1000.0, 0.05, 100.0, 0.85).unwrap() - 0.08204769).abs() < 1e-6); // confseq
/// ```
pub fn empirical_distribution(t: f64, alpha: f64, t_min: f64, a: f64) -> Result<f64, StatsError> {
    check_alpha(alpha)?;
    if !(a > core::f64::consts::FRAC_1_SQRT_2 && a.is_finite()) {
        return Err(StatsError::Domain { what: "A", value: a, expected: "above 1/√2" });
    }
    if !(t_min >= 1.0 && t >= t_min && t.is_finite()) {
        return Err(StatsError::Domain {
            what: "the number of observations",
            value: t,
            expected: "at least t_min ≥ 1",
        });
    }
    // The chance of ever leaving, for a given C, at the best epoch length η.
    let error = |c: f64| {
        let at = |eta: f64| {
            let gamma2 = 2.0 / eta * (a - (2.0 * (eta - 1.0) / c).sqrt()).powi(2);
            if gamma2 <= 1.0 {
                f64::INFINITY
            } else {
                4.0 * (-gamma2 * c).exp() * (1.0 + 1.0 / ((gamma2 - 1.0) * eta.ln()))
            }
        };
        let room = |eta: f64| (eta / 2.0).sqrt() + (2.0 * (eta - 1.0) / c).sqrt() - a;
        let most = bracketed_root(room, 1.0, 2.0 * a * a, 1e-13).unwrap_or(2.0 * a * a);
        smallest(at, 1.0, most)
    };
    let (mut low, mut high) = (1e-6, 5.0);
    while error(high) > alpha {
        low = high;
        high *= 2.0;
    }
    // The error is infinite for small C: bisection needs only its sign.
    for _ in 0..100 {
        let middle = 0.5 * (low + high);
        if error(middle) > alpha { low = middle } else { high = middle }
    }
    Ok(a * ((libm::log1p((t / t_min).ln()) + high) / t).sqrt())
}

/// The smallest value of a function with one minimum, by golden section.
fn smallest(f: impl Fn(f64) -> f64, mut a: f64, mut b: f64) -> f64 {
    const SHARE: f64 = 0.618_033_988_749_894_8;
    let (mut c, mut d) = (b - SHARE * (b - a), a + SHARE * (b - a));
    let (mut fc, mut fd) = (f(c), f(d));
    for _ in 0..60 {
        // Both infinite happens at the long end alone.
        if fc <= fd {
            (b, d, fd) = (d, c, fc);
            c = b - SHARE * (b - a);
            fc = f(c);
        } else {
            (a, c, fc) = (c, d, fd);
            d = a + SHARE * (b - a);
            fd = f(d);
        }
    }
    fc.min(fd)
}

/// How far the number of observations below the p-quantile may ever be from pt, for all quantiles at once (Howard &
/// Ramdas, Theorem 3, "double stitching"), tightest from `t_opt` observations on.
///
/// # Errors
/// p or α outside (0, 1); t, t_opt or δ not positive; η or s at most 1.
///
/// ```
/// use gevinst_stats::mixture_boundary::stitching::{Epochs, double_stitched};
/// let bound = double_stitched(0.5, 1000.0, 0.05, 100.0, 0.5, Epochs::default()).unwrap();
/// assert!((bound - 68.62803).abs() < 5e-6); // confseq
/// ```
pub fn double_stitched(
    p: f64,
    t: f64,
    alpha: f64,
    t_opt: f64,
    delta: f64,
    epochs: Epochs,
) -> Result<f64, StatsError> {
    check_alpha(alpha)?;
    if !(p > 0.0 && p < 1.0) {
        return Err(StatsError::Domain { what: "the quantile", value: p, expected: "between 0 and 1" });
    }
    for (what, value) in [("t", t), ("t_opt", t_opt), ("δ", delta)] {
        positive(what, value)?;
    }
    let (k1, k2) = epochs.check()?;
    let Epochs { eta, s } = epochs;
    let t = t.max(t_opt);
    let logit = crate::special::logit(p);
    let r = if p >= 0.5 {
        p
    } else {
        crate::special::expit(logit + 2.0 * delta * (t_opt * eta / t).sqrt()).min(0.5)
    };
    let variance = r * (1.0 - r);
    let j = (t / t_opt).sqrt() * logit.abs() / (2.0 * delta) + 1.0;
    let z = zeta(s);
    let l = s * (eta * t / t_opt).ln().ln()
        + s * j.ln()
        + (2.0 * z * (2.0 * z + 1.0) / (alpha * eta.ln().powf(s))).ln();
    let linear = k2 * (1.0 - 2.0 * p) / 3.0 * l;
    Ok(delta * (eta * t * variance / t_opt).sqrt()
        + (k1 * k1 * variance * t * l + linear * linear).sqrt()
        + linear)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_the_reference_implementation() {
        // Protects each closed form: confseq 70b1ef3.
        let epochs = Epochs::default();
        assert!((stitched(100.0, 0.05, 10.0, 3.0, epochs).unwrap() - 64.48755).abs() < 5.1e-6);
        assert!((stitched(100.0, 0.05, 10.0, -1.0, epochs).unwrap() - 28.99389).abs() < 5.1e-6);
        assert!((empirical_distribution(1000.0, 0.05, 100.0, 0.85).unwrap() - 0.08204769).abs() < 1e-7);
        for (p, bound) in [(0.5, 68.62803), (0.9, 43.72119), (0.1, 59.96521)] {
            let got = double_stitched(p, 1000.0, 0.05, 100.0, 0.5, epochs).unwrap();
            assert!((got - bound).abs() < 5.1e-6, "{p}: {got}");
        }
    }

    #[test]
    fn zeta_is_zeta() {
        // Protects the shares of α: they must sum to one.
        assert!((zeta(2.0) - core::f64::consts::PI.powi(2) / 6.0).abs() < 1e-13);
        assert!((zeta(1.4) - 3.105_547_277_977_58).abs() < 1e-12);
    }

    #[test]
    fn unsound_input_is_refused() {
        // Protects against NaN boundaries.
        let epochs = Epochs::default();
        assert!(stitched(1.0, 0.05, 0.0, 0.0, epochs).is_err());
        assert!(stitched(1.0, 0.05, 1.0, 0.0, Epochs { eta: 1.0, s: 1.4 }).is_err());
        assert!(empirical_distribution(10.0, 0.05, 100.0, 0.85).is_err());
        assert!(empirical_distribution(1000.0, 0.05, 100.0, 0.7).is_err());
        assert!(double_stitched(1.0, 10.0, 0.05, 10.0, 0.5, epochs).is_err());
    }
}
