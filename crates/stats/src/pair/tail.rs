//! The small side of zero, integrated relative to itself.
//!
//! Beyond zero the integrand falls at least exponentially from its value at zero, since it is log-concave. Ten
//! Gauss-Laguerre points, scaled by the mean distance from zero, give its integral to a few parts in 10⁷ however small it
//! is beside the whole. The scale is a rung of a ladder, 2^(L/2), the nearest to the mean distance, found by repetition.

use super::curve::Source;
use super::ladder;
use super::points::Work;
use crate::prior::NormalPrior;
use crate::vector;

/// Gauss-Laguerre nodes of order 10 with weights times e^node: what sums f(node) to ∫₀^∞ f.
const LAGUERRE: [(f64, f64); 10] = [
    (0.137_793_470_540_492_43, 0.354_009_738_606_996_3),
    (0.729_454_549_503_170_5, 0.831_902_301_043_580_8),
    (1.808_342_901_740_316, 1.330_288_561_749_328_3),
    (3.401_433_697_854_899_6, 1.863_063_903_111_131),
    (5.552_496_140_063_804, 2.450_255_558_083_010_3),
    (8.330_152_746_764_497, 3.122_764_155_135_182_6),
    (11.843_785_837_900_066, 3.934_152_695_561_521),
    (16.279_257_831_378_104, 4.992_414_872_193_022),
    (21.996_585_811_980_76, 6.572_202_485_130_803),
    (29.920_697_012_273_89, 9.784_695_840_374_631),
];

/// Points of the rule that are worked out at once: the nearest seven, and the rest only where these have not died out.
const NEAR: usize = 7;
/// The integrand has died out when it has fallen by this many natural logarithms from zero.
const FALLEN: f64 = 16.0;

fn rung_for(mean_distance: f64) -> i32 {
    ladder::round(mean_distance.clamp(1e-12, 1e2))
}

/// ln of the integral on one side of zero (`side` −1 below, 1 above), for an integrand whose logarithm has about this slope
/// at zero and the likelihood `at_zero` there.
pub(super) fn ln_integral(
    source: &Source<'_>,
    (side, slope, at_zero): (f64, f64, f64),
    prior: &NormalPrior,
    work: &mut Work,
) -> f64 {
    let mut rung = rung_for(1.0 / slope.abs().max(1e-3));
    let top = at_zero + prior.ln_density(0.0);
    let mut round = 0;
    loop {
        let scale = ladder::scale(rung);
        let (mut sum, mut distance) = (0.0, 0.0);
        for part in [&LAGUERRE[..NEAR], &LAGUERRE[NEAR..]] {
            let delta: Vec<f64> = part.iter().map(|(node, _)| side * scale * node).collect();
            let values = source.values(&delta, work);
            let mut last = 0.0;
            for ((value, &delta), (node, weight)) in values.iter().zip(&delta).zip(part) {
                last = value + prior.ln_density(delta) - top;
                let mass = weight * vector::exp(last);
                sum += mass;
                distance += mass * node;
            }
            if last < -FALLEN {
                break;
            }
        }
        let better = rung_for(scale * distance / sum);
        round += 1;
        if better == rung || round > 12 {
            return top + libm::log(scale * sum);
        }
        rung = better;
    }
}
