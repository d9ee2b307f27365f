//! The small side of zero, integrated relative to itself.
//!
//! Beyond zero the integrand falls at least exponentially from its value at zero, since it is log-concave. Ten
//! Gauss-Laguerre points, scaled by the mean distance from zero, give its integral to a few parts in 10⁷ however small it
//! is beside the whole. The scale is a rung of a ladder, 2^(L/2), the nearest to the mean distance, found by repetition.

use super::ladder;
use super::points::{Points, Prepared, Work};
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

/// Points on the far side of zero; the first is zero itself.
#[derive(Debug, Clone)]
pub(crate) struct Tail {
    /// −1 below zero, 1 above.
    pub(crate) side: f64,
    rung: i32,
    pub(crate) points: Points,
}

fn rung_for(mean_distance: f64) -> i32 {
    ladder::round(mean_distance.clamp(1e-12, 1e2))
}

impl Tail {
    /// Points for an integrand whose logarithm has about this slope at zero.
    pub(crate) fn new(side: f64, slope: f64, cells: &[Prepared], variance: f64, work: &mut Work) -> Self {
        Self::at(side, rung_for(1.0 / slope.abs().max(1e-3)), cells, variance, work)
    }

    fn at(side: f64, rung: i32, cells: &[Prepared], variance: f64, work: &mut Work) -> Self {
        let scale = side * ladder::scale(rung);
        let delta = std::iter::once(0.0).chain(LAGUERRE.iter().map(|(node, _)| node * scale)).collect();
        let mut points = Points::new(delta);
        points.add(cells, variance, work);
        Self { side, rung, points }
    }

    /// ln of the integral beyond zero, and ℓ(0).
    pub(crate) fn read(
        &mut self,
        cells: &[Prepared],
        variance: f64,
        prior: &NormalPrior,
        work: &mut Work,
    ) -> (f64, f64) {
        let mut round = 0;
        loop {
            let scale = ladder::scale(self.rung);
            let at_zero = self.points.values[0];
            let top = at_zero + prior.ln_density(0.0);
            let (mut sum, mut distance) = (0.0, 0.0);
            let points = self.points.values[1..].iter().zip(&self.points.delta[1..]);
            for ((value, &delta), (node, weight)) in points.zip(LAGUERRE) {
                let mass = weight * vector::exp(value + prior.ln_density(delta) - top);
                sum += mass;
                distance += mass * node;
            }
            let rung = rung_for(scale * distance / sum);
            round += 1;
            if rung == self.rung || round > 12 {
                return (top + libm::log(scale * sum), at_zero);
            }
            *self = Self::at(self.side, rung, cells, variance, work);
        }
    }
}
