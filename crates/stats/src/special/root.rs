//! Roots inside a bracket; both methods always return.
//!
//! `increasing_root` uses a derivative, `bracketed_root` does not.

/// Finds u in (low, high) where an increasing function meets its target.
///
/// `miss_and_step(u)` gives how far the function is below its target at u (in logarithms here) and the Newton step
/// from u. A step that leaves the bracket, or that is not half of the step before the last, is replaced
/// by a bisection, so that 200 evaluations are never used up by a slow approach.
pub(super) fn increasing_root(
    mut low: f64,
    mut high: f64,
    start: f64,
    miss_and_step: impl Fn(f64) -> (f64, f64),
) -> f64 {
    let mut u = start.clamp(low, high);
    let mut last_step = f64::INFINITY;
    for _ in 0..200 {
        let (miss, newton) = miss_and_step(u);
        if miss == 0.0 {
            break;
        }
        if miss > 0.0 {
            low = u;
        } else {
            high = u;
        }
        let mut next = u + newton;
        if !(next > low && next < high) || newton.abs() > 0.5 * last_step {
            next = 0.5 * (low + high);
            last_step = high - low;
        } else {
            last_step = newton.abs();
        }
        let scale = u.abs().max(1.0);
        let by_newton = next == u + newton;
        let step = (next - u).abs();
        u = next;
        // Newton's error squares: near the root nothing is left of it after a step of 10⁻¹⁰.
        let converged = by_newton && miss.abs() <= 1e-3 && step <= 1e-10 * scale;
        if converged || step.min(high - low) <= 4e-16 * scale {
            break;
        }
    }
    u
}

/// The root of a continuous `f` between `low` and `high`, where its signs differ, to within `tolerance`.
///
/// Bisection and inverse quadratic interpolation in turn (Chandrupatla, "A new hybrid quadratic/bisection
/// algorithm for finding the zero of a nonlinear function", 1997); at most 200 evaluations. Where the signs at
/// the ends do not differ there is no bracket, and the answer is None.
///
/// ```
/// use gevinst_stats::special::bracketed_root;
/// let root = bracketed_root(|x| x * x - 2.0, 0.0, 2.0, 1e-14).unwrap();
/// assert!((root - 2f64.sqrt()).abs() < 1e-14);
/// assert_eq!(bracketed_root(|x| x * x + 1.0, 0.0, 2.0, 1e-14), None);
/// ```
pub fn bracketed_root(f: impl Fn(f64) -> f64, low: f64, high: f64, tolerance: f64) -> Option<f64> {
    let (mut a, mut b) = (high, low);
    let (mut fa, mut fb) = (f(a), f(b));
    if fa == 0.0 {
        return Some(a);
    }
    if fb == 0.0 {
        return Some(b);
    }
    if fa.is_nan() || fb.is_nan() || (fa > 0.0) == (fb > 0.0) {
        return None;
    }
    let mut share = 0.5;
    for _ in 0..200 {
        let middle = a + share * (b - a);
        let fm = f(middle);
        if fm.is_nan() {
            return None;
        }
        // c is the point that is given up; a is always the newest, b on the other side of the root.
        let (c, fc);
        if (fm > 0.0) == (fa > 0.0) {
            (c, fc) = (a, fa);
        } else {
            (c, fc) = (b, fb);
            (b, fb) = (a, fa);
        }
        (a, fa) = (middle, fm);
        let (best, at_best) = if fa.abs() < fb.abs() { (a, fa) } else { (b, fb) };
        let least = (2.0 * f64::EPSILON * best.abs() + 0.5 * tolerance) / (b - a).abs();
        if at_best == 0.0 || least >= 0.5 {
            return Some(best);
        }
        let xi = (a - b) / (c - b);
        let phi = (fa - fb) / (fc - fb);
        share = if phi * phi < xi && (1.0 - phi) * (1.0 - phi) < 1.0 - xi {
            fa / (fb - fa) * fc / (fb - fc) + (c - a) / (b - a) * fa / (fc - fa) * fb / (fc - fb)
        } else {
            0.5
        };
        share = share.clamp(least, 1.0 - least);
    }
    Some(if fa.abs() < fb.abs() { a } else { b })
}

#[cfg(test)]
mod tests {
    use super::{bracketed_root, increasing_root};
    use std::cell::Cell;

    #[test]
    fn slow_newton_does_not_use_up_the_steps() {
        // Protects against e^u far to the right, where Newton's steps are all of length 1.
        let calls = Cell::new(0);
        let u = increasing_root(-745.0, 700.0, 650.0, |u| {
            calls.set(calls.get() + 1);
            let miss = 2.0 - u.exp();
            (miss, miss / u.exp())
        });
        assert!((u - 2f64.ln()).abs() < 1e-15, "{u}");
        assert!(calls.get() < 40, "{}", calls.get());
    }

    #[test]
    fn bracketed_root_is_quick_and_sure() {
        // Protects against many evaluations on a function that is flat on one side.
        let calls = Cell::new(0);
        let root = bracketed_root(
            |x: f64| {
                calls.set(calls.get() + 1);
                (x - 0.1).powi(9)
            },
            -1.0,
            5.0,
            1e-12,
        )
        .unwrap();
        assert!((root - 0.1).abs() < 1e-3 && calls.get() < 200, "{root} {}", calls.get());
        calls.set(0);
        let root = bracketed_root(
            |x: f64| {
                calls.set(calls.get() + 1);
                x.exp() - 2.0
            },
            -700.0,
            700.0,
            1e-14,
        )
        .unwrap();
        assert!((root - 2f64.ln()).abs() < 1e-14 && calls.get() < 40, "{root} {}", calls.get());
    }

    #[test]
    fn a_root_outside_ends_at_the_bracket() {
        // Protects termination when the answer underflows.
        assert!(increasing_root(-10.0, 10.0, 0.0, |_| (1.0, f64::INFINITY)) > 9.999);
        assert!(increasing_root(-10.0, 10.0, 0.0, |_| (-1.0, f64::NAN)) < -9.999);
    }
}
