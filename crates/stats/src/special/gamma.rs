//! The gamma function by its logarithm, and what follows from it: beta, binomial coefficients, digamma.
//!
//! Invariant: differences of log-gammas are formed so that the large parts cancel by algebra, not by
//! subtraction; `ln_choose(10⁹, 3)` is as accurate as `ln_choose(10, 3)`.

use super::logs::log1pmx;

/// ½ ln 2π.
pub(super) const HALF_LN_2PI: f64 = 0.918_938_533_204_672_8;

/// ln Γ(x) for x > 0 (libm's `lgamma`); NaN for x < 0, +∞ at 0.
///
/// ```
/// use gevinst_stats::special::ln_gamma;
/// assert!((ln_gamma(0.5) - core::f64::consts::PI.sqrt().ln()).abs() < 1e-15);
/// assert_eq!(ln_gamma(2.0), 0.0);
/// ```
#[must_use]
pub fn ln_gamma(x: f64) -> f64 {
    if x < 0.0 { f64::NAN } else { libm::lgamma(x) }
}

/// ζ(k) − 1 for k = 2, 3, …, 31.
const ZETA_MINUS_1: [f64; 30] = [
    0.6449340668482264,
    0.2020569031595943,
    0.08232323371113819,
    0.03692775514336993,
    0.01734306198444914,
    0.008349277381922827,
    0.00407735619794434,
    0.0020083928260822143,
    0.0009945751278180853,
    0.0004941886041194645,
    0.0002460865533080483,
    0.00012271334757848915,
    6.124813505870483e-05,
    3.058823630702049e-05,
    1.528225940865187e-05,
    7.637197637899763e-06,
    3.81729326499984e-06,
    1.908212716553939e-06,
    9.539620338727962e-07,
    4.769329867878064e-07,
    2.38450502727733e-07,
    1.1921992596531106e-07,
    5.960818905125948e-08,
    2.980350351465228e-08,
    1.4901554828365043e-08,
    7.45071178983543e-09,
    3.725334024788457e-09,
    1.862659723513049e-09,
    9.313274324196682e-10,
    4.656629065033784e-10,
];

/// ln Γ(1 + x) for x > −1, with full relative accuracy near x = 0 where it vanishes.
///
/// |x| ≤ ½: −ln(1+x) + (1−γ)x + Σ_{k≥2} (−1)ᵏ (ζ(k)−1) xᵏ/k (DLMF 5.7.3).
///
/// ```
/// use gevinst_stats::special::ln_gamma_1p;
/// // −γx to first order.
/// assert!((ln_gamma_1p(1e-12) / -0.577_215_664_901_532_9e-12 - 1.0).abs() < 1e-11);
/// ```
#[must_use]
pub fn ln_gamma_1p(x: f64) -> f64 {
    if x.abs() > 0.5 {
        return ln_gamma(1.0 + x);
    }
    let mut sum = 0.0;
    let mut k = 31.0;
    for zeta in ZETA_MINUS_1.iter().rev() {
        sum = zeta / k - x * sum;
        k -= 1.0;
    }
    const ONE_MINUS_EULER: f64 = 0.422_784_335_098_467_1;
    -libm::log1p(x) + x * (ONE_MINUS_EULER + x * sum)
}

/// δ(x) = ln Γ(x) − [(x − ½) ln x − x + ½ ln 2π] for x > 0: what Stirling's formula leaves out, about 1/(12x).
///
/// DLMF 5.11.1 from x = 10 on (next term below 3·10⁻¹⁷), the definition below.
///
/// ```
/// use gevinst_stats::special::stirling_correction;
/// assert!((stirling_correction(1e6) * 12e6 - 1.0).abs() < 1e-12);
/// ```
#[must_use]
pub fn stirling_correction(x: f64) -> f64 {
    if x < 10.0 {
        return ln_gamma(x) - ((x - 0.5) * x.ln() - x + HALF_LN_2PI);
    }
    let r = 1.0 / (x * x);
    let series = 1.0 / 12.0
        - r * (1.0 / 360.0
            - r * (1.0 / 1260.0
                - r * (1.0 / 1680.0
                    - r * (1.0 / 1188.0
                        - r * (691.0 / 360_360.0 - r * (1.0 / 156.0 - r * 3617.0 / 122_400.0))))));
    series / x
}

/// ln Γ(x + d) − ln Γ(x) for x > 0, d ≥ 0, without cancellation: the logarithm of the rising factorial.
///
/// From x = 10 on by Stirling's formula with the large terms cancelled, below by the recurrence.
///
/// ```
/// use gevinst_stats::special::ln_gamma_diff;
/// // Γ(10⁹ + 1)/Γ(10⁹) = 10⁹, although both log-gammas are near 2·10¹⁰.
/// assert!((ln_gamma_diff(1e9, 1.0) - 1e9f64.ln()).abs() < 1e-14);
/// ```
#[must_use]
pub fn ln_gamma_diff(x: f64, d: f64) -> f64 {
    if !(x > 0.0 && d >= 0.0) {
        return f64::NAN;
    }
    let mut base = x;
    let mut sum = 0.0;
    while base < 10.0 {
        sum -= libm::log1p(d / base);
        base += 1.0;
    }
    let ratio = d / base;
    let bulk = if ratio <= 0.8 {
        base * log1pmx(ratio) - 0.5 * libm::log1p(ratio) + d * (base + d).ln()
    } else {
        (base - 0.5) * libm::log1p(ratio) + d * ((base + d).ln() - 1.0)
    };
    sum + bulk + (stirling_correction(base + d) - stirling_correction(base))
}

/// ln B(a, b) = ln Γ(a) + ln Γ(b) − ln Γ(a+b) for a, b > 0, accurate relative to its own size up to 10⁹ and beyond.
///
/// ```
/// use gevinst_stats::special::ln_beta;
/// assert!((ln_beta(2.0, 3.0) - (1.0f64 / 12.0).ln()).abs() < 1e-14);
/// ```
#[must_use]
pub fn ln_beta(a: f64, b: f64) -> f64 {
    let (small, large) = if a <= b { (a, b) } else { (b, a) };
    if small.is_nan() || small <= 0.0 || large.is_nan() {
        return f64::NAN;
    }
    if small < 10.0 {
        return if small < 0.5 {
            ln_gamma_1p(small) - small.ln() - ln_gamma_diff(large, small)
        } else {
            ln_gamma(small) - ln_gamma_diff(large, small)
        };
    }
    let correction =
        stirling_correction(small) + stirling_correction(large) - stirling_correction(small + large);
    HALF_LN_2PI - 0.5 * large.ln() + correction + (small - 0.5) * (small / (small + large)).ln()
        - large * libm::log1p(small / large)
}

/// ln(n!) for a count.
///
/// ```
/// use gevinst_stats::special::ln_factorial;
/// assert!((ln_factorial(5) - 120f64.ln()).abs() < 1e-14);
/// ```
#[must_use]
pub fn ln_factorial(n: u64) -> f64 {
    ln_gamma(n as f64 + 1.0)
}

/// ln of the binomial coefficient "n over k"; −∞ where k > n. Exact integers up to 2⁵³.
///
/// ```
/// use gevinst_stats::special::ln_choose;
/// assert!((ln_choose(1_000_000_000, 2) - (1e9f64 * (1e9 - 1.0) / 2.0).ln()).abs() < 1e-14);
/// assert_eq!(ln_choose(3, 4), f64::NEG_INFINITY);
/// ```
#[must_use]
pub fn ln_choose(n: u64, k: u64) -> f64 {
    if k > n {
        return f64::NEG_INFINITY;
    }
    let k = k.min(n - k);
    if k <= 30 {
        let mut product = 1.0;
        for i in 0..k {
            product *= (n - i) as f64 / (i + 1) as f64;
        }
        return product.ln();
    }
    let (n, k) = (n as f64, k as f64);
    -(n + 1.0).ln() - ln_beta(n - k + 1.0, k + 1.0)
}

/// ψ(x) = d/dx ln Γ(x) for x > 0, to about 10⁻¹⁵ absolute (its zero is at 1.4616…).
///
/// Recurrence up to 12, then DLMF 5.11.2.
///
/// ```
/// use gevinst_stats::special::digamma;
/// // −γ, the negative of Euler's constant.
/// assert!((digamma(1.0) + 0.577_215_664_901_532_9).abs() < 1e-15);
/// ```
#[must_use]
pub fn digamma(x: f64) -> f64 {
    if x.is_nan() || x <= 0.0 {
        return f64::NAN;
    }
    const ZERO: f64 = 1.461_632_144_968_362_2;
    const ZERO_LOW: f64 = 9.549995429965697e-17;
    let offset = x - ZERO;
    if offset.abs() < 1e-3 {
        // Taylor's series about the zero keeps the relative accuracy: ψ', ψ'', ψ''', ψ⁗ there.
        let d = offset - ZERO_LOW;
        return d
            * (0.9676722454476212
                + d * (-0.8855263379671842 / 2.0
                    + d * (1.550998565733906 / 6.0
                        + d * (-3.9346249306177565 / 24.0 + d * 12.938886082951484 / 120.0))));
    }
    let mut x = x;
    let mut sum = 0.0;
    while x < 12.0 {
        sum -= 1.0 / x;
        x += 1.0;
    }
    let r = 1.0 / (x * x);
    let series = r
        * (1.0 / 12.0
            - r * (1.0 / 120.0
                - r * (1.0 / 252.0
                    - r * (1.0 / 240.0 - r * (1.0 / 132.0 - r * (691.0 / 32_760.0 - r * (1.0 / 12.0)))))));
    sum + x.ln() - 0.5 / x - series
}

/// ψ′(x) for x > 0, by recurrence up to 12 and its asymptotic series (DLMF 5.15.8).
///
/// ```
/// use gevinst_stats::special::trigamma;
/// assert!((trigamma(1.0) - core::f64::consts::PI.powi(2) / 6.0).abs() < 1e-14);
/// ```
#[must_use]
pub fn trigamma(x: f64) -> f64 {
    if x.is_nan() || x <= 0.0 {
        return f64::NAN;
    }
    let mut x = x;
    let mut sum = 0.0;
    while x < 12.0 {
        sum += 1.0 / (x * x);
        x += 1.0;
    }
    let r = 1.0 / (x * x);
    let series = 1.0 / 6.0
        - r * (1.0 / 30.0
            - r * (1.0 / 42.0
                - r * (1.0 / 30.0 - r * (5.0 / 66.0 - r * (691.0 / 2730.0 - r * (7.0 / 6.0))))));
    sum + (1.0 + 0.5 / x + series * r) / x
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn binomial_coefficients_are_exact_for_small_counts() {
        // Protects the product form and the symmetry against an off-by-one.
        for n in 0..60u64 {
            let mut row = 1.0;
            for k in 0..=n {
                let got = ln_choose(n, k).exp();
                assert!((got / row - 1.0f64).abs() < 1e-12, "{n} {k}: {got} {row}");
                row = row * (n - k) as f64 / (k + 1) as f64;
            }
        }
    }

    #[test]
    fn seams_do_not_show() {
        // Protects against a jump where one formula hands over to another.
        for (a, b) in [(10.0, 10.0), (10.0, 1e6), (0.5, 3.0), (0.5, 1e9)] {
            let below = ln_beta(a * (1.0 - 1e-13), b);
            let above = ln_beta(a, b);
            assert!((below - above).abs() < 1e-10 * above.abs().max(1.0), "{a} {b}: {below} {above}");
        }
        assert!((stirling_correction(9.999_999_999) - stirling_correction(10.0)).abs() < 1e-11);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]
        /// Protects the recurrence Γ(x+1) = xΓ(x) at every size.
        #[test]
        fn recurrence_holds(exponent in -3.0f64..9.0) {
            let x = 10f64.powf(exponent);
            prop_assert!((ln_gamma_diff(x, 1.0) - x.ln()).abs() < 1e-13 * x.ln().abs().max(1.0));
            prop_assert!((digamma(x + 1.0) - digamma(x) - 1.0 / x).abs() < 1e-13 * (1.0 / x).max(1.0) * x.ln().abs().max(1.0));
            prop_assert!((trigamma(x) - trigamma(x + 1.0) - 1.0 / (x * x)).abs() < 1e-12 * (1.0 / (x * x)).max(1e-2));
        }
    }
}
