//! The root of a monotone function by Newton's method kept inside a bracket; it always returns.

/// Finds u in (low, high) where an increasing function meets its target.
///
/// `miss_and_step(u)` gives how far the function is below its target at u (any positive scale) and the Newton
/// step from u. A step that leaves the bracket, or that is not half of the step before the last, is replaced
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
        let resolution = 4e-16 * u.abs().max(1.0);
        let step = next - u;
        u = next;
        if step.abs() <= resolution || high - low <= resolution {
            break;
        }
    }
    u
}

#[cfg(test)]
mod tests {
    use super::increasing_root;
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
    fn a_root_outside_ends_at_the_bracket() {
        // Protects termination when the answer underflows.
        assert!(increasing_root(-10.0, 10.0, 0.0, |_| (1.0, f64::INFINITY)) > 9.999);
        assert!(increasing_root(-10.0, 10.0, 0.0, |_| (-1.0, f64::NAN)) < -9.999);
    }
}
