//! One curve, two readings: a log likelihood in one parameter and a normal prior, read as a posterior and as evidence
//! that holds at any stopping time.
//!
//! For a log-concave likelihood exp ℓ(δ) that is a product of factors, each conditional on the past, and a prior π:
//!
//! * posterior ∝ π(δ)·exp ℓ(δ);
//! * confidence sequence { δ : exp ℓ(δ) ≥ α·∫ exp ℓ dπ }: at the true δ₀ the ratio ∫ exp(ℓ − ℓ(δ₀)) dπ is a
//!   martingale from 1, which exceeds 1/α with probability at most α (Ville 1939; prior-posterior ratio:
//!   Waudby-Smith & Ramdas 2020, "Confidence sequences for sampling without replacement", arXiv 2006.04347);
//! * e-value against H₀: δ ≤ δ₀: the same ratio with π cut to δ > δ₀.
//!
//! Everything is computed on ranges found from the curve itself (45 nats below its peak), so a likelihood as narrow as 10⁻⁵
//! and a flat one are equally exact. What the likelihood is and whether its factors are conditional is the caller's affair.

use crate::prior::NormalPrior;
use crate::special::{ln_add_exp, ln_normal_sf};

/// Integrands are followed until e^−45 of their peak.
const FALL: f64 = 45.0;
/// Panels of 20 nodes on each side of a peak.
const PANELS: u32 = 5;
/// A bound beyond this log ratio is no bound: e^300.
const REACH: f64 = 300.0;

/// A log-concave log likelihood with its prior N(mean, sd²), sampled and ready to read.
pub(crate) struct Curve<F> {
    ln_likelihood: F,
    prior: NormalPrior,
    interpolant: Option<Chebyshev>,
    above: Half,
    below: Half,
}

/// One side of zero: ln ∫ exp ℓ·π over it, its nodes (δ, weight), and the posterior's edge on that side.
struct Half {
    ln_mass: f64,
    nodes: Vec<(f64, f64)>,
}

impl<F: Fn(f64) -> f64> Curve<F> {
    /// Samples the curve. `ln_likelihood` must be concave and finite at every finite δ. `guess` is where it may be highest
    /// and how wide it may be there: a good one saves evaluations, a bad one costs them.
    pub(crate) fn new(ln_likelihood: F, prior: NormalPrior, guess: (f64, f64)) -> Self {
        let empty = || Half { ln_mass: f64::NEG_INFINITY, nodes: Vec::new() };
        let mut curve = Self { ln_likelihood, prior, interpolant: None, above: empty(), below: empty() };
        let (peak, width) = curve.peak(guess);
        let (lo, hi) = (curve.edge(peak.min(0.0), -1.0, width), curve.edge(peak.max(0.0), 1.0, width));
        curve.interpolant = Chebyshev::fit(&curve.ln_likelihood, lo, hi);
        curve.above = curve.half(0.0, 1.0, peak, width);
        curve.below = curve.half(0.0, -1.0, peak, width);
        curve
    }

    /// ℓ(δ).
    pub(crate) fn ln_likelihood(&self, delta: f64) -> f64 {
        match &self.interpolant {
            Some(chebyshev) if chebyshev.covers(delta) => chebyshev.at(delta),
            _ => (self.ln_likelihood)(delta),
        }
    }

    /// ln ∫ exp ℓ dπ.
    pub(crate) fn ln_marginal(&self) -> f64 {
        ln_add_exp(self.above.ln_mass, self.below.ln_mass)
    }

    /// Posterior chance that δ > 0.
    pub(crate) fn chance_above(&self) -> f64 {
        (self.above.ln_mass - self.ln_marginal()).exp()
    }

    /// ln E against H₀: δ ≤ 0.
    pub(crate) fn ln_e_above(&self) -> f64 {
        self.above.ln_mass - self.ln_likelihood(0.0) - ln_normal_sf(-self.prior.mean / self.prior.sd)
    }

    /// ln E against H₀: δ ≥ 0.
    pub(crate) fn ln_e_below(&self) -> f64 {
        self.below.ln_mass - self.ln_likelihood(0.0) - ln_normal_sf(self.prior.mean / self.prior.sd)
    }

    /// The confidence sequence at level 1 − α; `None` where a side is unbounded.
    pub(crate) fn confidence_sequence(&self, alpha: f64) -> (Option<f64>, Option<f64>) {
        let level = alpha.ln() + self.ln_marginal();
        // The marginal is an average of exp ℓ, so some node lies at or above it.
        let nodes = self.above.nodes.iter().chain(&self.below.nodes);
        let value = |d: &f64| self.ln_likelihood(*d);
        let inside = nodes.map(|node| node.0).max_by(|a, b| value(a).total_cmp(&value(b)));
        let Some(inside) = inside else { return (None, None) };
        (self.root(inside, -1.0, level), self.root(inside, 1.0, level))
    }

    /// Posterior quantile, 0 < p < 1.
    pub(crate) fn quantile(&self, p: f64) -> f64 {
        let ln_marginal = self.ln_marginal();
        let density = |d: f64| (self.joint(d) - ln_marginal).exp();
        // Below is stored outwards from zero, above likewise.
        let p_below = (self.below.ln_mass - ln_marginal).exp();
        let (half, sign, mut want) =
            if p < p_below { (&self.below, -1.0, p_below - p) } else { (&self.above, 1.0, p - p_below) };
        let mut start = 0.0;
        for panel in half.nodes.chunks(20) {
            let mass: f64 = panel.iter().map(|&(d, w)| w * density(d)).sum();
            // Gauss nodes are symmetric about the panel's middle.
            let middle = 0.5 * (panel[0].0 + panel[panel.len() - 1].0);
            let width: f64 = panel.iter().map(|&(_, w)| w).sum();
            let end = middle + sign * 0.5 * width;
            start = middle - sign * 0.5 * width;
            if mass >= want {
                return self.within(&density, start, end, want);
            }
            want -= mass;
            start = end;
        }
        start
    }

    /// The point between `start` and `end` up to which the density holds `want`: Newton, kept inside by bisection.
    fn within(&self, density: &impl Fn(f64) -> f64, start: f64, end: f64, want: f64) -> f64 {
        let (mut lo, mut hi) = (start, end);
        let mut x = 0.5 * (lo + hi);
        for _ in 0..60 {
            let short = want - crate::special::integrate(density, start, x, 1).abs();
            if short > 0.0 {
                lo = x
            } else {
                hi = x
            }
            let toward = if end > start { 1.0 } else { -1.0 };
            let newton = x + toward * short / density(x);
            let inside = newton > lo.min(hi) && newton < lo.max(hi);
            let next = if inside { newton } else { 0.5 * (lo + hi) };
            if (next - x).abs() <= 1e-11 * (1.0 + x.abs()) {
                return next;
            }
            x = next;
        }
        x
    }

    /// Posterior mean of `f(δ)`, for `f` that grows no faster than exp |δ|.
    pub(crate) fn posterior_mean(&self, f: impl Fn(f64) -> f64) -> f64 {
        let ln_marginal = self.ln_marginal();
        let nodes = self.above.nodes.iter().chain(&self.below.nodes);
        nodes.map(|&(d, w)| w * (self.joint(d) - ln_marginal).exp() * f(d)).sum()
    }

    /// ln π(δ) + ℓ(δ).
    fn joint(&self, delta: f64) -> f64 {
        self.ln_likelihood(delta) + self.prior.ln_density(delta)
    }

    /// Where the joint curve is highest, to within a fraction of its width, and that width (a standard deviation).
    fn peak(&self, (guess, guessed_width): (f64, f64)) -> (f64, f64) {
        let precision = guessed_width.powi(-2) + self.prior.sd.powi(-2);
        let mut x = (guess * guessed_width.powi(-2) + self.prior.mean * self.prior.sd.powi(-2)) / precision;
        let mut h = precision.sqrt().recip();
        for _ in 0..8 {
            if !(x.is_finite() && h > 0.0) {
                break;
            }
            let (left, mid, right) = (self.joint(x - h), self.joint(x), self.joint(x + h));
            let curvature = left - 2.0 * mid + right;
            if curvature.is_nan() || curvature >= 0.0 {
                break;
            }
            let step = (0.5 * (left - right) / curvature).clamp(-20.0, 20.0);
            let width = h * (-curvature).sqrt().recip();
            x += step * h;
            // Good enough once the points straddle the peak and lie about a width apart.
            if step.abs() < 1.0 && (0.3..3.0).contains(&(width / h)) {
                return (x, width);
            }
            h = width.clamp(1e-3 * h, 1e3 * h);
        }
        let x = maximum(|d| self.joint(d), self.prior.mean, self.prior.sd);
        (x, self.prior.sd)
    }

    /// Where the joint curve has fallen [`FALL`] nats below its value at `from`, towards `sign`; not much further.
    fn edge(&self, from: f64, sign: f64, width: f64) -> f64 {
        let target = self.joint(from) - FALL;
        let fallen = |step: f64| self.joint(from + sign * step) - target;
        let (mut near, mut far) = (0.0, 10.0 * width);
        let mut at_far = fallen(far);
        while at_far > 0.0 {
            near = far;
            far *= 2.0;
            at_far = fallen(far);
        }
        // Halfway again and again until the fall is less than twice what is wanted.
        while at_far < -FALL && far > 1e-12 {
            let mid = 0.5 * (near + far);
            let at_mid = fallen(mid);
            if at_mid > 0.0 {
                near = mid;
            } else {
                (far, at_far) = (mid, at_mid);
            }
            if far - near < 1e-3 * far {
                break;
            }
        }
        from + sign * far
    }

    /// ln ∫ of the joint curve from `from` towards `sign`, with its nodes.
    fn half(&self, from: f64, sign: f64, peak: f64, width: f64) -> Half {
        // On this side the curve is highest at its peak, or at the cut when the peak is on the other side.
        let top = if sign * (peak - from) > 0.0 { peak } else { from };
        let end = self.edge(top, sign, width);
        let mut nodes = Vec::new();
        if top != from {
            let back = self.edge(top, -sign, width);
            let start = if sign * (back - from) > 0.0 { back } else { from };
            nodes.extend(panels(start, top));
        }
        nodes.extend(panels(top, end));
        let ln_top = self.joint(top);
        let sum: f64 = nodes.iter().map(|&(d, w)| w * (self.joint(d) - ln_top).exp()).sum();
        Half { ln_mass: ln_top + sum.ln(), nodes }
    }

    /// Where ℓ falls through `level`, from `inside` (ℓ ≥ level there) towards `sign`.
    fn root(&self, inside: f64, sign: f64, level: f64) -> Option<f64> {
        let excess = |step: f64| self.ln_likelihood(inside + sign * step) - level;
        let (mut near, mut far) = (0.0, self.prior.sd);
        while far > 1e-12 && excess(far) < 0.0 {
            far *= 0.25;
        }
        while excess(far) >= 0.0 {
            near = far;
            far *= 2.0;
            if far > REACH {
                return None;
            }
        }
        Some(inside + sign * bracketed_root(excess, near, far))
    }
}

/// Nodes and positive weights of the composite rule from `a` to `b`, in that direction.
fn panels(a: f64, b: f64) -> Vec<(f64, f64)> {
    let mut rule = crate::special::composite_rule(a.min(b), a.max(b), PANELS);
    if b < a {
        rule.reverse();
    }
    rule
}

/// Root of a decreasing function with f(near) ≥ 0 > f(far), by the Illinois secant inside a bracket.
pub(crate) fn bracketed_root(f: impl Fn(f64) -> f64, near: f64, far: f64) -> f64 {
    let (mut a, mut b, mut f_a, mut f_b) = (near, far, f(near), f(far));
    let mut last = 0_i8;
    for _ in 0..200 {
        let secant = b - f_b * (b - a) / (f_b - f_a);
        let inside = secant > a.min(b) && secant < a.max(b);
        let x = if inside { secant } else { 0.5 * (a + b) };
        let f_x = f(x);
        if f_x == 0.0 {
            return x;
        }
        // An end that stays twice counts half, so that both ends move.
        if f_x > 0.0 {
            (a, f_a) = (x, f_x);
            if last == 1 {
                f_b *= 0.5;
            }
            last = 1;
        } else {
            (b, f_b) = (x, f_x);
            if last == -1 {
                f_a *= 0.5;
            }
            last = -1;
        }
        if (b - a).abs() <= 1e-13 * (1.0 + a.abs()) {
            break;
        }
    }
    0.5 * (a + b)
}

/// Argument of the maximum of a concave function, to within half a nat of value, from `start` with first step `step`.
pub(crate) fn maximum(f: impl Fn(f64) -> f64, start: f64, step: f64) -> f64 {
    const GOLDEN: f64 = 0.381_966_011_250_105_1;
    let f_start = f(start);
    // Concave: the maximum lies before the first fall, on either side.
    let first_fall = |sign: f64| {
        let (mut reach, mut last) = (step, f_start);
        loop {
            let next = f(start + sign * reach);
            if next < last || reach > 1e9 {
                return start + sign * reach;
            }
            last = next;
            reach *= 2.0;
        }
    };
    let (mut lo, mut hi) = (first_fall(-1.0), first_fall(1.0));
    let mut x = lo + GOLDEN * (hi - lo);
    let mut y = hi - GOLDEN * (hi - lo);
    let (mut f_x, mut f_y) = (f(x), f(y));
    for _ in 0..200 {
        if f_x >= f_y {
            (hi, y, f_y) = (y, x, f_x);
            x = lo + GOLDEN * (hi - lo);
            f_x = f(x);
        } else {
            (lo, x, f_x) = (x, y, f_y);
            y = hi - GOLDEN * (hi - lo);
            f_y = f(y);
        }
        let best = f_x.max(f_y);
        if (best - f(lo) < 0.25 && best - f(hi) < 0.25) || hi - lo <= 1e-14 * (1.0 + hi.abs()) {
            break;
        }
    }
    if f_x >= f_y { x } else { y }
}

/// A polynomial through the curve at Chebyshev points, accepted once doubling the points changes nothing.
struct Chebyshev {
    lo: f64,
    hi: f64,
    values: Vec<f64>,
    points: Vec<f64>,
}

impl Chebyshev {
    const SMALLEST: usize = 8;
    const LARGEST: usize = 256;

    /// `None` where 256 intervals do not reach 1e-9: then the curve is evaluated itself.
    fn fit(f: &impl Fn(f64) -> f64, lo: f64, hi: f64) -> Option<Self> {
        let (middle, half) = (0.5 * (lo + hi), 0.5 * (hi - lo));
        let point = |k: usize, n: usize| middle + half * (std::f64::consts::PI * k as f64 / n as f64).cos();
        let mut n = Self::SMALLEST;
        let mut values: Vec<f64> = (0..=n).map(|k| f(point(k, n))).collect();
        while n <= Self::LARGEST {
            let points = (0..=n).map(|k| point(k, n)).collect();
            let fit = Self { lo, hi, values, points };
            let between: Vec<(f64, f64)> =
                (0..n).map(|k| point(2 * k + 1, 2 * n)).map(|x| (x, f(x))).collect();
            let largest = fit.values.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
            let worst = between.iter().fold(0.0_f64, |m, &(x, v)| m.max((fit.at(x) - v).abs()));
            if worst <= 1e-9 + 3e-13 * largest {
                return Some(fit);
            }
            values =
                (0..=2 * n).map(|k| if k % 2 == 0 { fit.values[k / 2] } else { between[k / 2].1 }).collect();
            n *= 2;
        }
        None
    }

    fn covers(&self, x: f64) -> bool {
        (self.lo..=self.hi).contains(&x)
    }

    /// Barycentric formula of the second kind (Berrut & Trefethen 2004, "Barycentric Lagrange interpolation").
    fn at(&self, x: f64) -> f64 {
        let (mut top, mut bottom) = (0.0, 0.0);
        let last = self.points.len() - 1;
        for (k, (&point, &value)) in self.points.iter().zip(&self.values).enumerate() {
            if x == point {
                return value;
            }
            let sign = if k % 2 == 0 { 1.0 } else { -1.0 };
            let weight = if k == 0 || k == last { 0.5 * sign } else { sign } / (x - point);
            top += weight * value;
            bottom += weight;
        }
        top / bottom
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::special::{ln_normal_cdf, normal_quantile};

    /// A normal likelihood, for which all readings have closed forms: information i around x.
    fn normal(x: f64, i: f64) -> impl Fn(f64) -> f64 {
        move |d| -0.5 * i * (d - x) * (d - x)
    }

    /// Protects every reading against the closed forms of normal likelihood and prior, from flat to extremely narrow.
    #[test]
    fn reads_normal_curves_exactly() {
        for (x, i, mean, sd) in [
            (0.3, 20.0, 0.0, 0.4),
            (0.0, 1e-6, 0.0, 0.4),
            (-0.2, 1e10, 0.05, 0.3),
            (3.0, 400.0, -0.1, 0.2),
            (0.001, 1e6, 0.0, 1.0),
        ] {
            let curve = Curve::new(normal(x, i), NormalPrior { mean, sd }, (x, i.sqrt().recip()));
            let precision = i + 1.0 / (sd * sd);
            let (m, s) = ((i * x + mean / (sd * sd)) / precision, precision.sqrt().recip());
            let ln_marginal =
                -0.5 * (1.0 + i * sd * sd).ln() - 0.5 * (x - mean).powi(2) * i / (1.0 + i * sd * sd);
            let close = |a: f64, b: f64, scale: f64| {
                assert!((a - b).abs() < 2e-9 * scale.max(1.0), "{a} {b}: {x} {i}")
            };
            close(curve.ln_marginal(), ln_marginal, ln_marginal.abs());
            let ln_e = ln_marginal + ln_normal_cdf(m / s) + 0.5 * i * x * x - ln_normal_cdf(mean / sd);
            close(curve.ln_e_above(), ln_e, i * x * x);
            let ln_e = ln_marginal + ln_normal_cdf(-m / s) + 0.5 * i * x * x - ln_normal_cdf(-mean / sd);
            close(curve.ln_e_below(), ln_e, i * x * x);
            close(curve.chance_above(), ln_normal_cdf(m / s).exp(), 1.0);
            for p in [0.025, 0.5, 0.9] {
                let error = (curve.quantile(p) - (m + s * normal_quantile(p))).abs();
                assert!(error < 1e-8 * s.max(1e-3), "{error:e}");
            }
            let half = (-2.0 * (0.05_f64.ln() + ln_marginal) / i).sqrt();
            let (lower, upper) = curve.confidence_sequence(0.05);
            if half < REACH {
                close((lower.unwrap() - x) / half, -1.0, 1.0);
                close((upper.unwrap() - x) / half, 1.0, 1.0);
            } else {
                assert_eq!((lower, upper), (None, None));
            }
        }
    }

    /// Protects bounds against roots that a secant meets exactly, and against flat and steep functions.
    #[test]
    fn roots_are_found() {
        assert_eq!(bracketed_root(|x| 3.0 - x, 0.0, 100.0), 3.0);
        for power in [1, 3, 9] {
            let root = bracketed_root(|x: f64| 0.7_f64.powi(power) - x.powi(power), 0.0, 50.0);
            assert!((root - 0.7).abs() < 1e-9, "{power}: {root}");
        }
        assert!(
            (bracketed_root(|x: f64| (-x).exp() - 1e-30, 0.0, 400.0) - 30.0 * 10.0_f64.ln()).abs() < 1e-9
        );
        // A bracket that runs downwards.
        assert!((bracketed_root(|x: f64| 8.0 + x.powi(3), 5.0, -9.0) + 2.0).abs() < 1e-12);
    }

    /// Protects one-sided curves: a bound exists only where the likelihood falls.
    #[test]
    fn monotone_curves_have_one_bound() {
        // Eight goals, all of them on one side of an even split.
        let curve =
            Curve::new(|d: f64| -8.0 * crate::special::ln_1p_exp(-d), NormalPrior::default(), (0.0, 1.0));
        let (lower, upper) = curve.confidence_sequence(0.05);
        assert!(lower.unwrap() < 0.0 && upper.is_none());
    }
}
