//! Gauss–Legendre integration on panels, for smooth integrands whose width is known.
//!
//! Not adaptive: the caller says where the integrand lives. A rule of 20 points is exact for polynomials of
//! degree 39; split so that each panel sees a few e-folds and the error is that of the arithmetic.

/// Positive nodes and weights of the 20-point rule on [−1, 1], from mpmath at 40 digits.
const NODES: [(f64, f64); 10] = [
    (0.07652652113349734, 0.15275338713072584),
    (0.22778585114164507, 0.14917298647260374),
    (0.37370608871541955, 0.14209610931838204),
    (0.5108670019508271, 0.13168863844917664),
    (0.636053680726515, 0.11819453196151841),
    (0.7463319064601508, 0.10193011981724044),
    (0.8391169718222188, 0.08327674157670475),
    (0.912234428251326, 0.06267204833410907),
    (0.9639719272779138, 0.04060142980038694),
    (0.9931285991850949, 0.017614007139152118),
];

/// ∫ₐᵇ f by the 20-point Gauss–Legendre rule on each of `panels` equal panels.
///
/// ```
/// use gevinst_stats::special::integrate;
/// let value = integrate(|x: f64| (-x * x / 2.0).exp(), -9.0, 9.0, 4);
/// assert!((value / (2.0 * core::f64::consts::PI).sqrt() - 1.0).abs() < 1e-14);
/// ```
pub fn integrate(f: impl Fn(f64) -> f64, a: f64, b: f64, panels: u32) -> f64 {
    let half = (b - a) / f64::from(panels) / 2.0;
    let mut total = 0.0;
    for panel in 0..panels {
        let middle = a + half * (2.0 * f64::from(panel) + 1.0);
        let mut sum = 0.0;
        for (node, weight) in NODES {
            sum += weight * (f(middle - half * node) + f(middle + half * node));
        }
        total += sum;
    }
    total * half
}

/// The nodes and weights of the same composite rule, for integrands that are evaluated again and again.
pub(crate) fn composite_rule(a: f64, b: f64, panels: u32) -> Vec<(f64, f64)> {
    let half = (b - a) / f64::from(panels) / 2.0;
    let mut rule = Vec::with_capacity(20 * panels as usize);
    for panel in 0..panels {
        let middle = a + half * (2.0 * f64::from(panel) + 1.0);
        rule.extend(NODES.iter().rev().map(|(node, weight)| (middle - half * node, half * weight)));
        rule.extend(NODES.iter().map(|(node, weight)| (middle + half * node, half * weight)));
    }
    rule
}

/// ∫₀^∞ e^{g(s)} ds for a concave decreasing g with g(0) = 0, g′(0) = −slope, g″(0) = −curvature.
///
/// The width is where g has fallen by 40 (e⁻⁴⁰ = 4·10⁻¹⁸ is left out); it is first taken from slope and
/// curvature and enlarged while that is not far enough. A third of it is thirteen e-folds or three standard
/// deviations, which the 20-point rule integrates to 10⁻¹⁵; where g bends by itself on a scale of one, panels
/// must not be wider than `widest`.
pub(super) fn concave_tail(g: impl Fn(f64) -> f64, slope: f64, curvature: f64, widest: f64) -> f64 {
    const FALL: f64 = 40.0;
    let mut width = 2.0 * FALL / (slope + (slope * slope + 2.0 * FALL * curvature).sqrt());
    for _ in 0..200 {
        if g(width) <= -FALL {
            break;
        }
        width *= 1.5;
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 3 and 400")]
    let panels = (width / widest).ceil().clamp(3.0, 400.0) as u32;
    integrate(|s| g(s).exp(), 0.0, width, panels)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rule_is_exact_for_degree_39() {
        // Protects the table of nodes against a typing mistake.
        for degree in [0, 1, 10, 38, 39] {
            let value = integrate(|x| x.powi(degree), 0.0, 1.0, 1);
            assert!((value * f64::from(degree + 1) - 1.0).abs() < 1e-14, "{degree}: {value}");
        }
    }

    #[test]
    fn composite_rule_is_the_same_rule() {
        // Protects against nodes out of order or weights not scaled.
        let rule = composite_rule(-1.0, 3.0, 3);
        assert!(rule.windows(2).all(|w| w[0].0 < w[1].0));
        let sum: f64 = rule.iter().map(|(x, w)| w * x.exp()).sum();
        assert!((sum - (3f64.exp() - (-1f64).exp())).abs() < 1e-13);
    }
}
