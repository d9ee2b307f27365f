//! A confidence sequence for one chance from a growing number of trials.

use super::mixtures::{BetaBinomialMixture, Mixture, Reach};
use crate::StatsError;
use crate::special::bracketed_root;

/// The 1 − α confidence sequence of a chance after `successes` of `trials`: all p that the beta-binomial mixture,
/// tuned for `trials_opt` trials at p, does not exclude. Holds at every number of trials at once.
///
/// # Errors
/// No trials, more successes than trials, α outside (0, 1), a tuning that is not positive.
///
/// ```
/// use gevinst_stats::mixture_boundary::bernoulli_sequence;
/// let (lower, upper) = bernoulli_sequence(700, 1000, 0.05, 100.0).unwrap();
/// assert!((lower - 0.651629).abs() < 1e-6 && (upper - 0.745949).abs() < 1e-6); // confseq
/// ```
pub fn bernoulli_sequence(
    successes: u64,
    trials: u64,
    alpha: f64,
    trials_opt: f64,
) -> Result<(f64, f64), StatsError> {
    if trials == 0 || successes > trials {
        return Err(StatsError::Domain {
            what: "the number of successes",
            value: successes as f64,
            expected: "at most the number of trials, which is at least 1",
        });
    }
    if !(alpha > 0.0 && alpha < 1.0) {
        return Err(StatsError::Domain { what: "α", value: alpha, expected: "0 < α < 1" });
    }
    // Surfaces an unsound tuning once.
    BetaBinomialMixture::new(0.25 * trials_opt, 0.05, 0.5, 0.5, Reach::TwoSided)?;
    let n = trials as f64;
    let share = successes as f64 / n;
    let excess = |p: f64| {
        let variance = p * (1.0 - p);
        BetaBinomialMixture::new(variance * trials_opt, 0.05, p, 1.0 - p, Reach::TwoSided)
            .map_or(f64::NAN, |mixture| mixture.ln_value((share - p) * n, variance * n) + alpha.ln())
    };
    let least = 1e-15;
    let end = |edge: f64, none: f64| {
        if excess(edge) <= 0.0 { none } else { bracketed_root(excess, edge, share, 1e-14).unwrap_or(none) }
    };
    let lower = if successes == 0 { 0.0 } else { end(least, 0.0) };
    let upper = if successes == trials { 1.0 } else { end(1.0 - least, 1.0) };
    Ok((lower, upper))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_sequences() {
        // Protects both ends: confseq's own values, cut (not rounded) to five or six digits.
        for (successes, trials, tuned, lower, upper) in [
            (700, 1000, 100.0, 0.651629, 0.745949),
            (15, 50, 50.0, 0.129556, 0.511896),
            (5, 50, 50.0, 0.013021, 0.269264),
            (1, 50, 50.0, 0.0, 0.13489),
            (100, 200, 1.0, 0.328923, 0.671076),
        ] {
            let (l, u) = bernoulli_sequence(successes, trials, 0.05, tuned).unwrap();
            assert!((l - lower).abs() < 2e-6 && (u - upper).abs() < 2e-6, "{successes}/{trials}: {l} {u}");
        }
    }

    #[test]
    fn ends_and_nonsense() {
        // Protects the edges, and refuses what cannot be.
        assert_eq!(bernoulli_sequence(0, 10, 0.05, 10.0).unwrap().0, 0.0);
        assert_eq!(bernoulli_sequence(10, 10, 0.05, 10.0).unwrap().1, 1.0);
        let (lower, upper) = bernoulli_sequence(500_000_000, 1_000_000_000, 0.05, 1e6).unwrap();
        assert!(lower > 0.4998 && upper < 0.5002 && (lower + upper - 1.0).abs() < 1e-9, "{lower} {upper}");
        assert!(bernoulli_sequence(1, 0, 0.05, 1.0).is_err() && bernoulli_sequence(3, 2, 0.05, 1.0).is_err());
        assert!(bernoulli_sequence(1, 2, 0.0, 1.0).is_err() && bernoulli_sequence(1, 2, 0.05, 0.0).is_err());
    }
}
