//! Scales and ticks of the plots' axes.
//!
//! Values are mapped to pixels of a plot's height or to shares of its width; ticks are round numbers. Values that are
//! not finite are the caller's to leave out; a value outside the domain maps outside the range and is clipped there.

use jiff::civil::Date;

use crate::calendar::{days, days_between};
use crate::model::RatioPoint;

/// How far from 1 a ratio axis may reach: what is beyond is clipped, since early intervals are nearly unbounded.
const WIDEST: f64 = 12.0;

/// A logarithmic axis of ratios, upwards.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct RatioScale {
    low: f64,
    high: f64,
}

impl RatioScale {
    /// An axis that shows every ratio and the last interval of each series, and 1 always.
    #[must_use]
    pub(crate) fn over<'a>(series: impl IntoIterator<Item = &'a [RatioPoint]>) -> Self {
        let (mut low, mut high) = (1.0_f64 / 1.25, 1.25_f64);
        let mut show = |x: Option<f64>| {
            if let Some(x) = x.filter(|x| x.is_finite() && *x > 0.0) {
                low = low.min(x);
                high = high.max(x);
            }
        };
        for points in series {
            // The first days' points jump about; from the second half on every point counts.
            for point in points.iter().skip(points.len() / 2) {
                show(point.ratio);
            }
            if let Some(last) = points.last() {
                show(last.lower);
                show(last.upper);
            }
        }
        let margin = 1.12;
        Self { low: (low / margin).max(1.0 / WIDEST), high: (high * margin).min(WIDEST) }
    }

    /// Where a ratio lies from the bottom (0) to the top (1); outside of that when it is beyond the axis.
    #[must_use]
    pub(crate) fn position(&self, ratio: f64) -> f64 {
        (ratio.max(1e-12).ln() - self.low.ln()) / (self.high.ln() - self.low.ln())
    }

    /// Round ratios on the axis, about five of them, 1 among them.
    #[must_use]
    pub(crate) fn ticks(&self) -> Vec<f64> {
        const FINE: [f64; 15] = [0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.25, 1.4, 1.6, 1.8, 2.0, 2.5, 3.0, 4.0];
        const MIDDLE: [f64; 13] = [0.1, 0.2, 0.3, 0.5, 0.67, 0.8, 1.0, 1.25, 1.5, 2.0, 3.0, 5.0, 10.0];
        const COARSE: [f64; 9] = [0.1, 0.2, 0.33, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0];
        const WIDE: [f64; 7] = [0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 10.0];
        let inside = |all: &[f64]| -> Vec<f64> {
            all.iter().copied().filter(|x| (0.02..=0.98).contains(&self.position(*x))).collect()
        };
        for candidates in [&FINE[..], &MIDDLE, &COARSE] {
            let ticks = inside(candidates);
            let apart = ticks.windows(2).all(|w| self.position(w[1]) - self.position(w[0]) > 0.1);
            let covers = candidates[0] <= self.low.max(0.5);
            if ticks.len() <= 7 && apart && covers {
                return ticks;
            }
        }
        inside(&WIDE)
    }
}

/// A linear axis from 0, upwards.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct LinearScale {
    top: f64,
    step: f64,
}

impl LinearScale {
    /// An axis from 0 to a little above `max`, with three to six round steps.
    #[must_use]
    pub(crate) fn up_to(max: f64) -> Self {
        let max = if max.is_finite() && max > 0.0 { max } else { 1.0 };
        let rough = max / 4.0;
        let ten = 10_f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 2.5, 5.0, 10.0]
            .into_iter()
            .map(|m| m * ten)
            .find(|s| *s >= rough)
            .unwrap_or(10.0 * ten);
        Self { top: max * 1.06, step }
    }

    /// Where a value lies from the bottom (0) to the top (1).
    #[must_use]
    pub(crate) fn position(&self, value: f64) -> f64 {
        value / self.top
    }

    /// The round values on the axis, 0 first.
    #[must_use]
    pub(crate) fn ticks(&self) -> Vec<f64> {
        (0..8).map(|i| f64::from(i) * self.step).take_while(|x| *x <= self.top).collect()
    }
}

/// The days along the bottom, each with a column of the same width.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DayScale {
    first: Date,
    columns: i32,
}

impl DayScale {
    /// How many days a plot shows at most.
    pub(crate) const MOST: i32 = 400;

    /// The days from `first` to `last`, both included.
    #[must_use]
    pub(crate) fn new(first: Date, last: Date) -> Self {
        Self { first, columns: (days_between(first, last) + 1).clamp(1, Self::MOST) }
    }

    /// Where the middle of a day lies, as a share of the width; `None` outside the axis.
    #[must_use]
    pub(crate) fn middle(&self, day: Date) -> Option<f64> {
        let index = days_between(self.first, day);
        (0..self.columns).contains(&index).then(|| (f64::from(index) + 0.5) / f64::from(self.columns))
    }

    /// Width of a day's column as a share of the width.
    #[must_use]
    pub(crate) fn column(&self) -> f64 {
        1.0 / f64::from(self.columns)
    }

    /// The days that are labelled: at most five, a week apart in a month.
    #[must_use]
    pub(crate) fn ticks(&self) -> Vec<Date> {
        let every = match self.columns {
            ..=6 => 1,
            7..=14 => 3,
            15..=35 => 7,
            n => (n / 5).max(8),
        };
        let last = self.first.checked_add(jiff::Span::new().days(self.columns - 1)).unwrap_or(self.first);
        days(self.first, last, usize::try_from(self.columns).unwrap_or(1))
            .step_by(usize::try_from(every).unwrap_or(1))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use proptest::prelude::*;

    fn point(ratio: f64, lower: Option<f64>, upper: Option<f64>) -> RatioPoint {
        RatioPoint { date: date(2026, 11, 1), look: 1, ratio: Some(ratio), lower, upper }
    }

    #[test]
    fn linear_ticks_are_round() {
        // A money axis of 0, 733, 1466 cannot be read.
        assert_eq!(LinearScale::up_to(2_500.0).ticks(), [0.0, 1000.0, 2000.0]);
        assert_eq!(LinearScale::up_to(0.0).ticks()[0], 0.0);
        assert_eq!(LinearScale::up_to(f64::NAN).ticks()[0], 0.0);
    }

    #[test]
    fn a_day_has_its_column() {
        // A point drawn in the neighbour's column tells another day's result.
        let november = DayScale::new(date(2026, 11, 1), date(2026, 11, 30));
        assert_eq!(november.middle(date(2026, 11, 1)), Some(0.5 / 30.0));
        assert_eq!(november.middle(date(2026, 11, 30)), Some(29.5 / 30.0));
        assert_eq!(november.middle(date(2026, 12, 1)), None);
        assert_eq!(november.ticks().len(), 5);
        assert_eq!(DayScale::new(date(2026, 11, 1), date(2026, 11, 1)).ticks().len(), 1);
    }

    proptest! {
        #[test]
        fn a_ratio_axis_holds_one_and_its_ticks(ratio in 0.001_f64..1000.0, w in 1.0_f64..100.0) {
            // The line of "equal" must be on every plot, and labels must not overlap.
            let points = [point(ratio, Some(ratio / w), Some(ratio * w))];
            let scale = RatioScale::over([&points[..]]);
            let ticks = scale.ticks();
            prop_assert!(ticks.contains(&1.0), "{ticks:?} on {scale:?}");
            prop_assert!(ticks.len() <= 9);
            for pair in ticks.windows(2) {
                prop_assert!(scale.position(pair[1]) - scale.position(pair[0]) > 0.05, "{ticks:?} on {scale:?}");
            }
        }
    }
}
