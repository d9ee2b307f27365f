//! Pearson's chi-square test that several arms share one proportion.

use super::{FixedTest, Proportion, TestResult};
use crate::StatsError;
use crate::special::chi_square_sf;

/// Pearson's test over two or more arms; Yates' continuity correction for two arms where asked.
///
/// Σ (|O − E| − c)²/E over events and non-events with K − 1 degrees of freedom; c is ½, or |O − E| where that is less,
/// with the correction, else 0. Guarantee: asymptotic; expected counts should be 5 or more. Where nobody or everybody
/// had the event p = 1. For two arms and no correction this is the square of the pooled z.
///
/// # Errors
/// Fewer than two arms; a correction asked for with more than two.
///
/// ```
/// use gevinst_stats::classical::{Proportion, pearson_chi_square};
/// let arms = [Proportion::new(13, 47).unwrap(), Proportion::new(19, 53).unwrap()];
/// let result = pearson_chi_square(&arms, true).unwrap();
/// assert!((result.p_value - 0.5083165530405195).abs() < 1e-14); // scipy, tea-tasting
/// ```
pub fn pearson_chi_square(arms: &[Proportion], yates: bool) -> Result<TestResult, StatsError> {
    if arms.len() < 2 {
        return Err(StatsError::Length { what: "the arms", expected: 2, found: arms.len() });
    }
    if yates && arms.len() > 2 {
        return Err(StatsError::Length {
            what: "the arms of a corrected test",
            expected: 2,
            found: arms.len(),
        });
    }
    let events: f64 = arms.iter().map(|arm| arm.events() as f64).sum();
    let people: f64 = arms.iter().map(|arm| arm.people() as f64).sum();
    let share = events / people;
    let mut statistic = 0.0;
    if share > 0.0 && share < 1.0 {
        for arm in arms {
            let expected = share * arm.people() as f64;
            let miss = (arm.events() as f64 - expected).abs();
            let miss = if yates { miss - miss.min(0.5) } else { miss };
            statistic += miss * miss / expected + miss * miss / (arm.people() as f64 - expected);
        }
    }
    let df = arms.len() as f64 - 1.0;
    let estimate = if arms.len() == 2 { Some(arms[1].share() - arms[0].share()) } else { None };
    Ok(TestResult {
        test: FixedTest::Pearson,
        estimate,
        lower: None,
        upper: None,
        statistic: Some(statistic),
        degrees_of_freedom: Some(df),
        p_value: chi_square_sf(df, statistic),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classical::{Alternative, two_proportion_z};

    #[test]
    fn two_arms_are_the_z_test_squared() {
        // Protects the pooled variance of both.
        let a = Proportion::new(31, 200).unwrap();
        let b = Proportion::new(55, 240).unwrap();
        let chi = pearson_chi_square(&[a, b], false).unwrap();
        let z = two_proportion_z(a, b, Alternative::TwoSided, 0.05).unwrap();
        assert!((chi.statistic.unwrap() - z.statistic.unwrap().powi(2)).abs() < 1e-12);
        assert!((chi.p_value - z.p_value).abs() < 1e-13);
        let none = Proportion::new(0, 5).unwrap();
        assert_eq!(pearson_chi_square(&[none, none, none], false).unwrap().p_value, 1.0);
        assert!(pearson_chi_square(&[a, b, b], true).is_err() && pearson_chi_square(&[a], false).is_err());
    }
}
