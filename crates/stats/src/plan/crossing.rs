//! First crossing of an upper boundary by a Brownian motion at looks, to the precision that planning needs.
//!
//! The recursion of [`crossing_probabilities`](crate::group_sequential::crossing_probabilities) on coarser panels: that one is exact to
//! 10⁻¹³ for tests that stake their level on it, this one to 10⁻⁵ in a tenth of the time, since plans are made by the hundred.

use crate::special::{composite_rule, normal_sf};

/// Standard deviations to which densities are followed.
const REACH: f64 = 6.0;
/// Width of a panel of 20 nodes, in standard deviations of a step.
const PANEL: f64 = 9.0;

/// P(first at or above the boundary at look k), for looks (information fraction, boundary of Z) in ascending order and the given mean of
/// Z at information 1.
pub(super) fn crossing(looks: &[(f64, f64)], drift: f64) -> Vec<f64> {
    let mut chances = Vec::with_capacity(looks.len());
    let mut before = 0.0_f64;
    let mut paths = vec![(0.0, 1.0)];
    for &(t, upper) in looks {
        let scale = ((t - before) / t).sqrt();
        let shrink = (before / t).sqrt();
        let shift = drift * (t - before) / t.sqrt();
        let means: Vec<(f64, f64)> = paths.iter().map(|&(z, mass)| (z * shrink + shift, mass)).collect();
        chances.push(means.iter().map(|&(mean, mass)| mass * normal_sf((upper - mean) / scale)).sum());
        let centre = drift * t.sqrt();
        let (low, high) = (centre - REACH, upper.min(centre + REACH));
        if low >= high {
            chances.resize(looks.len(), 0.0);
            return chances;
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 1 to 200")]
        let panels = ((high - low) / (PANEL * scale)).ceil().clamp(1.0, 200.0) as u32;
        let peak = 1.0 / (scale * (2.0 * std::f64::consts::PI).sqrt());
        let density = |z: f64| {
            let from = means.partition_point(|&(mean, _)| mean < z - REACH * scale);
            let near = means[from..].iter().take_while(|&&(mean, _)| mean <= z + REACH * scale);
            near.map(|&(mean, mass)| mass * (-0.5 * ((z - mean) / scale).powi(2)).exp()).sum::<f64>() * peak
        };
        paths = composite_rule(low, high, panels)
            .into_iter()
            .map(|(z, weight)| (z, weight * density(z)))
            .collect();
        before = t;
    }
    chances
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::group_sequential::{Look, crossing_probabilities};

    /// Protects plans: the coarse recursion agrees with the exact one over boundaries, drifts and unequal steps.
    #[test]
    fn agrees_with_the_exact_recursion() {
        for (looks, upper, drift) in
            [(16, 2.8, 0.0), (16, 2.8, 3.0), (16, 3.5, 9.0), (3, 2.0, 1.0), (1, 1.96, 2.0), (30, 2.5, -1.0)]
        {
            let t = |k: u32| (f64::from(k) / f64::from(looks)).powf(1.2);
            let bound = |k: u32| upper + 1.0 / f64::from(k);
            let exact: Vec<Look> = (1..=looks)
                .map(|k| Look { information: t(k), lower: f64::NEG_INFINITY, upper: bound(k) })
                .collect();
            let exact = crossing_probabilities(&exact, drift).unwrap().upper;
            let coarse = crossing(&(1..=looks).map(|k| (t(k), bound(k))).collect::<Vec<_>>(), drift);
            for (a, b) in exact.iter().zip(&coarse) {
                assert!((a - b).abs() < 1e-5, "{looks} {upper} {drift}: {a} {b}");
            }
        }
    }

    /// Protects boundaries that are never reached, and drifts so large that nothing is left to follow.
    #[test]
    fn ends_are_chances() {
        assert_eq!(crossing(&[(0.5, f64::INFINITY), (1.0, f64::INFINITY)], 1.0), [0.0, 0.0]);
        let all = crossing(&[(0.5, 2.0), (1.0, 2.0)], 60.0);
        assert!((all.iter().sum::<f64>() - 1.0).abs() < 1e-9);
    }
}
