//! Several estimates of one effect: meta-analysis with random effects, and James–Stein shrinkage.
//!
//! For reports that put a year's similar experiments beside each other. Guarantee: `asymptotic` (estimates are normal
//! with known variances). The engine's own priors are learned from the count likelihood itself, see `learn`.

use crate::StatsError;
use crate::special::{bracketed_root, chi_square_sf, normal_isf};

/// One experiment's estimate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The estimated effect.
    pub effect: f64,
    /// Its variance.
    pub variance: f64,
}

/// How the variance between experiments is estimated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Between {
    /// None: one common effect.
    None,
    /// By moments (DerSimonian & Laird 1986).
    DerSimonianLaird,
    /// By restricted maximum likelihood.
    Reml,
}

/// The pooled effect.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pooled {
    /// The pooled estimate.
    pub effect: f64,
    /// Its standard error.
    pub standard_error: f64,
    /// Lower end of its 1 − α interval.
    pub lower: f64,
    /// Upper end.
    pub upper: f64,
    /// Estimated variance between experiments, τ².
    pub tau_squared: f64,
    /// Cochran's Q.
    pub q: f64,
    /// P(Q at least as large | one common effect).
    pub q_p_value: f64,
    /// Share of the variation that is between experiments, max(0, (Q − df)/Q).
    pub i_squared: f64,
}

/// The log risk ratio of treated against untreated and its variance 1/a − 1/(a+b) + 1/c − 1/(c+d).
///
/// # Errors
/// No events in one of the groups.
///
/// ```
/// use gevinst_stats::{classical::Proportion, meta::log_risk_ratio};
/// let ratio = log_risk_ratio(Proportion::new(4, 100).unwrap(), Proportion::new(8, 100).unwrap()).unwrap();
/// assert!((ratio.effect - 0.5f64.ln()).abs() < 1e-15);
/// assert!((ratio.variance - (0.25 - 0.01 + 0.125 - 0.01)).abs() < 1e-15);
/// ```
pub fn log_risk_ratio(
    treated: crate::classical::Proportion,
    untreated: crate::classical::Proportion,
) -> Result<Estimate, StatsError> {
    for group in [treated, untreated] {
        if group.events() == 0 {
            return Err(StatsError::Domain { what: "a group's events", value: 0.0, expected: "at least 1" });
        }
    }
    let part = |g: crate::classical::Proportion| 1.0 / g.events() as f64 - 1.0 / g.people() as f64;
    Ok(Estimate {
        effect: (treated.share() / untreated.share()).ln(),
        variance: part(treated) + part(untreated),
    })
}

/// Σw, weighted mean, Σw(y − mean)² at a given τ².
fn weighted(estimates: &[Estimate], tau2: f64) -> (f64, f64, f64) {
    let total: f64 = estimates.iter().map(|e| 1.0 / (e.variance + tau2)).sum();
    let mean = estimates.iter().map(|e| e.effect / (e.variance + tau2)).sum::<f64>() / total;
    let q = estimates.iter().map(|e| (e.effect - mean).powi(2) / (e.variance + tau2)).sum();
    (total, mean, q)
}

/// Twice the derivative of the restricted log-likelihood in τ².
fn reml_score(estimates: &[Estimate], tau2: f64) -> f64 {
    let (total, mean, _) = weighted(estimates, tau2);
    let mut squares = 0.0;
    let mut fit = 0.0;
    for e in estimates {
        let w = 1.0 / (e.variance + tau2);
        squares += w * w;
        fit += w * w * (e.effect - mean).powi(2);
    }
    fit + squares / total - total
}

/// Pools estimates with weights 1/(variance + τ²).
///
/// # Errors
/// Fewer than two estimates; a variance that is not positive; α outside (0, 1).
///
/// ```
/// use gevinst_stats::meta::{Between, Estimate, pool};
/// let estimates = [(0.3, 0.01), (0.1, 0.02), (0.5, 0.03)].map(|(effect, variance)| Estimate { effect, variance });
/// let pooled = pool(&estimates, Between::None, 0.05).unwrap();
/// assert!((pooled.effect - (30.0 + 5.0 + 50.0 / 3.0) / (100.0 + 50.0 + 100.0 / 3.0)).abs() < 1e-14);
/// ```
pub fn pool(estimates: &[Estimate], between: Between, alpha: f64) -> Result<Pooled, StatsError> {
    if estimates.len() < 2 {
        return Err(StatsError::Length { what: "the estimates", expected: 2, found: estimates.len() });
    }
    if !(alpha > 0.0 && alpha < 1.0) {
        return Err(StatsError::Domain { what: "α", value: alpha, expected: "0 < α < 1" });
    }
    for e in estimates {
        if !(e.variance > 0.0 && e.variance.is_finite()) {
            return Err(StatsError::Domain {
                what: "a variance",
                value: e.variance,
                expected: "positive and finite",
            });
        }
        if !e.effect.is_finite() {
            return Err(StatsError::Domain { what: "an effect", value: e.effect, expected: "finite" });
        }
    }
    let (total, _, q) = weighted(estimates, 0.0);
    let df = estimates.len() as f64 - 1.0;
    let tau_squared = match between {
        Between::None => 0.0,
        Between::DerSimonianLaird => {
            let squares: f64 = estimates.iter().map(|e| e.variance.powi(-2)).sum();
            ((q - df) / (total - squares / total)).max(0.0)
        }
        Between::Reml => {
            if reml_score(estimates, 0.0) <= 0.0 {
                0.0
            } else {
                // Beyond the effects' own spread the likelihood only falls.
                let spread = estimates.iter().map(|e| e.effect.abs()).fold(0.0, f64::max);
                let most = estimates.iter().map(|e| e.variance).fold(4.0 * spread * spread, f64::max);
                bracketed_root(|t| reml_score(estimates, t), 0.0, 10.0 * most, 1e-15).unwrap_or(0.0)
            }
        }
    };
    let (total, effect, _) = weighted(estimates, tau_squared);
    let standard_error = total.sqrt().recip();
    let half = normal_isf(alpha / 2.0) * standard_error;
    Ok(Pooled {
        effect,
        standard_error,
        lower: effect - half,
        upper: effect + half,
        tau_squared,
        q,
        q_p_value: chi_square_sf(df, q),
        i_squared: ((q - df) / q).max(0.0),
    })
}

/// Estimates pulled towards their mean.
#[derive(Debug, Clone, PartialEq)]
pub struct Shrunk {
    /// The common mean.
    pub centre: f64,
    /// How much of each distance from it is kept, c.
    pub kept: f64,
    /// centre + c·(estimate − centre).
    pub estimates: Vec<f64>,
}

/// James and Stein's estimator towards the mean, positive part, for four or more estimates of equal variance.
///
/// c = max(0, 1 − (k − 3)σ²/Σ(y − ȳ)²) (Efron & Morris 1975). Total squared error is below that of the estimates
/// themselves whatever the truth is.
///
/// # Errors
/// Fewer than four estimates; a variance that is not positive; values that are not finite.
///
/// ```
/// use gevinst_stats::meta::james_stein;
/// // Spread 10 around 0 with variance 2 each: c = 1 − 2·2/10.
/// let shrunk = james_stein(&[-2.0, -1.0, 0.0, 1.0, 2.0], 2.0).unwrap();
/// assert!((shrunk.kept - 0.6).abs() < 1e-15 && (shrunk.estimates[4] - 1.2).abs() < 1e-15);
/// ```
pub fn james_stein(values: &[f64], variance: f64) -> Result<Shrunk, StatsError> {
    if values.len() < 4 {
        return Err(StatsError::Length { what: "the estimates", expected: 4, found: values.len() });
    }
    if !(variance > 0.0 && variance.is_finite()) {
        return Err(StatsError::Domain {
            what: "the variance",
            value: variance,
            expected: "positive and finite",
        });
    }
    if let Some(&value) = values.iter().find(|v| !v.is_finite()) {
        return Err(StatsError::Domain { what: "an estimate", value, expected: "finite" });
    }
    let k = values.len() as f64;
    let centre = values.iter().sum::<f64>() / k;
    let spread: f64 = values.iter().map(|v| (v - centre).powi(2)).sum();
    let kept = if spread > 0.0 { (1.0 - (k - 3.0) * variance / spread).max(0.0) } else { 0.0 };
    Ok(Shrunk { centre, kept, estimates: values.iter().map(|v| centre + kept * (v - centre)).collect() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classical::Proportion;

    #[test]
    fn bcg_vaccine() {
        // Protects pooling: the thirteen trials of the BCG vaccine (Colditz et al. 1994), as in metafor's manual.
        let trials: [[u64; 4]; 13] = [
            [4, 119, 11, 128],
            [6, 300, 29, 274],
            [3, 228, 11, 209],
            [62, 13536, 248, 12619],
            [33, 5036, 47, 5761],
            [180, 1361, 372, 1079],
            [8, 2537, 10, 619],
            [505, 87886, 499, 87892],
            [29, 7470, 45, 7232],
            [17, 1699, 65, 1600],
            [186, 50448, 141, 27197],
            [5, 2493, 3, 2338],
            [27, 16886, 29, 17825],
        ];
        let estimates: Vec<Estimate> = trials
            .iter()
            .map(|&[a, b, c, d]| {
                log_risk_ratio(Proportion::new(a, a + b).unwrap(), Proportion::new(c, c + d).unwrap())
                    .unwrap()
            })
            .collect();
        let dl = pool(&estimates, Between::DerSimonianLaird, 0.05).unwrap();
        assert!((dl.q - 152.233008).abs() < 5.1e-7 * 10.0, "{dl:?}");
        assert!((dl.tau_squared - 0.30876).abs() < 5.1e-6);
        assert!((dl.effect + 0.714117).abs() < 5.1e-7 && (dl.standard_error - 0.178742).abs() < 5.1e-7);
        let reml = pool(&estimates, Between::Reml, 0.05).unwrap();
        assert!((reml.tau_squared - 0.313243).abs() < 5.1e-7, "{reml:?}");
        assert!((reml.effect + 0.714532).abs() < 5.1e-7 && (reml.standard_error - 0.179782).abs() < 5.1e-7);
    }

    #[test]
    fn baseball() {
        // Protects shrinkage: eighteen batting averages after 45 at-bats against the rest of the season
        // (Efron & Morris 1975).
        let early = [
            0.400, 0.378, 0.356, 0.333, 0.311, 0.311, 0.289, 0.267, 0.244, 0.244, 0.222, 0.222, 0.222, 0.222,
            0.222, 0.200, 0.178, 0.156,
        ];
        let late = [
            0.346, 0.298, 0.276, 0.222, 0.273, 0.270, 0.263, 0.210, 0.269, 0.230, 0.264, 0.256, 0.303, 0.264,
            0.226, 0.286, 0.316, 0.200,
        ];
        let mean = early.iter().sum::<f64>() / 18.0;
        let shrunk = james_stein(&early, mean * (1.0 - mean) / 45.0).unwrap();
        let error = |guess: &[f64]| guess.iter().zip(&late).map(|(g, t)| (g - t) * (g - t)).sum::<f64>();
        assert!((shrunk.kept - 0.2123905).abs() < 5.1e-8, "{shrunk:?}");
        assert!((error(&early) - 0.075545).abs() < 5.1e-7);
        assert!((error(&shrunk.estimates) - 0.0213778).abs() < 5.1e-8);
    }

    #[test]
    fn agreeing_estimates_have_no_spread() {
        // Protects the boundary τ² = 0, and refuses what cannot be.
        let same = [Estimate { effect: 0.2, variance: 0.1 }; 5];
        for between in [Between::None, Between::DerSimonianLaird, Between::Reml] {
            let pooled = pool(&same, between, 0.05).unwrap();
            assert_eq!(pooled.tau_squared, 0.0);
            assert!((pooled.effect - 0.2).abs() < 1e-15 && (pooled.q_p_value - 1.0).abs() < 1e-12);
        }
        assert_eq!(james_stein(&[0.3; 6], 0.01).unwrap().kept, 0.0);
        assert!(pool(&same[..1], Between::None, 0.05).is_err() && james_stein(&[1.0; 3], 0.1).is_err());
        assert!(pool(&[Estimate { effect: 1.0, variance: 0.0 }; 2], Between::Reml, 0.05).is_err());
        assert!(log_risk_ratio(Proportion::new(0, 5).unwrap(), Proportion::new(1, 5).unwrap()).is_err());
    }
}
