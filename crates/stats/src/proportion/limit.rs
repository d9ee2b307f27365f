//! One arm's rate against a limit: unsubscribes, complaints, bounces of a list that must stay below a stated share.
//!
//! Against "each person's chance is at most p₀" stands the average of the likelihood ratios of all p > p₀ over a beta law,
//!
//! ```text
//! E = ∫_{p>p₀} (p/p₀)^s·((1−p)/(1−p₀))^(n−s) dπ(p) / π(p > p₀),     π = Beta(1, 1/p₀)
//! ```
//!
//! in closed form by incomplete beta functions (the one-sided beta-binomial mixture of Howard et al. 2021). π puts the rates that
//! would break the limit at a few times the limit. For each p > p₀ the ratio is a supermartingale whatever the persons' chances are, as
//! long as none exceeds p₀ given the past; so E may be read at any time and reaches 1/α with probability at most α.
//!
//! Late events need no care: E grows with s, so with events still to come it lies below the E of the same people when all is known,
//! for which the bound holds. Guarantee: `exact`.

use crate::StatsError;
use crate::special::{ln_beta, ln_beta_sf};

/// ln E against "each person's chance is at most `limit`", from `events` among `people`.
///
/// # Errors
/// More events than people, more than 2^40 people, a limit outside (0, 1).
///
/// ```
/// use gevinst_stats::proportion::ln_e_above_limit;
/// // At most 0.5 % may unsubscribe, 5 of 1,000: 15 prove that the limit is broken at α = 0.05, 12 do not yet.
/// assert!(ln_e_above_limit(1000, 15, 0.005)? > 20.0_f64.ln());
/// assert!(ln_e_above_limit(1000, 12, 0.005)? < 20.0_f64.ln());
/// # Ok::<(), gevinst_stats::StatsError>(())
/// ```
pub fn ln_e_above_limit(people: u64, events: u64, limit: f64) -> Result<f64, StatsError> {
    if !(limit > 0.0 && limit < 1.0) {
        return Err(StatsError::Domain {
            what: "the limit",
            value: limit,
            expected: "a share between 0 and 1",
        });
    }
    if people > super::PEOPLE_MAX {
        return Err(StatsError::Domain {
            what: "the people",
            value: people as f64,
            expected: "at most 2^40",
        });
    }
    if events > people {
        return Err(StatsError::Domain {
            what: "the events",
            value: events as f64,
            expected: "at most the people",
        });
    }
    let (n, s) = (people as f64, events as f64);
    let (a, b) = (1.0, 1.0 / limit);
    let above = |a: f64, b: f64| ln_beta(a, b) + ln_beta_sf(a, b, limit);
    Ok(above(a + s, b + n - s) - above(a, b) - s * limit.ln() - (n - s) * (-limit).ln_1p())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protects the e-value: at the limit its average over all outcomes is one, below the limit less.
    #[test]
    fn averages_to_one_at_the_limit() {
        let choose = |n: u64, k: u64| (0..k).fold(1.0, |c, i| c * (n - i) as f64 / (i + 1) as f64);
        for (n, limit) in [(30, 0.1), (12, 0.5), (60, 0.01)] {
            let average = |p: f64| -> f64 {
                let chance = |k: u64| choose(n, k) * p.powf(k as f64) * (1.0 - p).powf((n - k) as f64);
                (0..=n).map(|k| chance(k) * ln_e_above_limit(n, k, limit).unwrap().exp()).sum()
            };
            assert!((average(limit) - 1.0).abs() < 1e-9, "{}", average(limit));
            assert!(average(0.7 * limit) < 1.0);
        }
    }

    /// Protects against the integral itself, evaluated numerically.
    #[test]
    fn is_the_integral_it_claims_to_be() {
        let (n, s, limit) = (400_u64, 7_u64, 0.008_f64);
        let prior = |p: f64| (1.0 - p).powf(1.0 / limit - 1.0);
        let ratio = |p: f64| (p / limit).powf(s as f64) * ((1.0 - p) / (1.0 - limit)).powf((n - s) as f64);
        let top = crate::special::integrate(|p| prior(p) * ratio(p), limit, 0.3, 60);
        let bottom = crate::special::integrate(prior, limit, 0.3, 60);
        assert!((ln_e_above_limit(n, s, limit).unwrap() - (top / bottom).ln()).abs() < 1e-9);
    }

    /// Protects the ends: nobody, nobody who left, everybody who left, a billion people.
    #[test]
    fn ends_are_finite() {
        assert!(ln_e_above_limit(0, 0, 0.01).unwrap().abs() < 1e-12);
        assert!(ln_e_above_limit(5000, 0, 0.01).unwrap() < 0.0);
        assert!(ln_e_above_limit(5000, 5000, 0.01).unwrap() > 1e4);
        let huge = ln_e_above_limit(1_000_000_000, 5_100_000, 0.005).unwrap();
        assert!(huge.is_finite() && huge > 900.0, "{huge}");
        assert!(ln_e_above_limit(10, 11, 0.01).is_err() && ln_e_above_limit(10, 1, 1.0).is_err());
    }
}
