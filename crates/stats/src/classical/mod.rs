//! Fixed tests: one look, planned ahead, at the end.
//!
//! For people who want the test they know, and to check ours against other programs. None of these may be read
//! daily: five looks at a 5 % test are wrong 14 % of the time
//! ([`type_one_error_of_peeking`](crate::group_sequential::type_one_error_of_peeking)). A result therefore carries
//! the [`FixedTest`] that made it, and a report names it.
//!
//! | question | function |
//! |---|---|
//! | means of a value goal | [`welch`] |
//! | two proportions, many people | [`two_proportion_z`], score intervals |
//! | two proportions, few people | [`fisher_exact`] (conditional), [`barnard_exact`], [`boschloo_exact`] (unconditional) |
//! | several proportions | [`pearson_chi_square`] |
//! | counts per exposure | [`poisson_two_sample`] (exact, conditional) |
//! | one proportion | [`binomial_test`], [`clopper_pearson`], [`wilson`] |
//! | a mean difference that is looked at while it grows | [`normal_sequence`] |
//! | conversions as a race to a lead | [`walk`] |
//! | conjugate Bayesian readings | [`bayes`] |
//! | power and sizes | [`power`] |
//!
//! Effects are always of the treatment over the control: a positive difference, or a ratio above 1, favours the
//! treatment.

pub mod bayes;
mod binomial;
mod fisher;
mod means;
pub mod normal_sequence;
mod pearson;
mod poisson;
pub mod power;
mod two_proportion;
mod unconditional;
pub mod walk;

use crate::StatsError;
use crate::special::normal_sf;

pub use binomial::{binomial_test, clopper_pearson, wilson};
pub use fisher::fisher_exact;
pub use means::{Effect, Moments, effect_and_variance, welch};
pub use pearson::pearson_chi_square;
pub use poisson::{CountSample, poisson_two_sample};
pub use two_proportion::{Proportion, score_interval_difference, score_interval_ratio, two_proportion_z};
pub use unconditional::{barnard_exact, boschloo_exact};

/// Which effects count against "no effect".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alternative {
    /// The treatment differs, either way.
    TwoSided,
    /// The treatment is larger.
    Greater,
    /// The treatment is smaller.
    Less,
}

/// The test that made a result, for the report to name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FixedTest {
    /// Welch's t-test with unequal variances.
    Welch,
    /// Two-proportion z-test with pooled variance.
    TwoProportionZ,
    /// Fisher's exact test.
    Fisher,
    /// Barnard's exact test with the pooled statistic.
    Barnard,
    /// Boschloo's exact test.
    Boschloo,
    /// Pearson's chi-square test.
    Pearson,
    /// The conditional exact test of two Poisson rates.
    PoissonConditional,
    /// The exact binomial test.
    Binomial,
}

impl core::fmt::Display for FixedTest {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Welch => "Welch's t-test",
            Self::TwoProportionZ => "two-proportion z-test",
            Self::Fisher => "Fisher's exact test",
            Self::Barnard => "Barnard's exact test",
            Self::Boschloo => "Boschloo's exact test",
            Self::Pearson => "Pearson's chi-square test",
            Self::PoissonConditional => "exact test of two Poisson rates",
            Self::Binomial => "exact binomial test",
        })
    }
}

/// What a fixed test says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TestResult {
    /// The test.
    pub test: FixedTest,
    /// The estimated effect; None where it does not exist (no events anywhere).
    pub estimate: Option<f64>,
    /// Lower end of the interval; None where unbounded or not defined for this test.
    pub lower: Option<f64>,
    /// Upper end of the interval; None where unbounded or not defined for this test.
    pub upper: Option<f64>,
    /// The statistic, where the test has one.
    pub statistic: Option<f64>,
    /// Degrees of freedom, where the test has them.
    pub degrees_of_freedom: Option<f64>,
    /// Chance of a result at least as extreme if there is no effect.
    pub p_value: f64,
}

/// The interval's error must be a chance.
fn check_alpha(alpha: f64) -> Result<(), StatsError> {
    if alpha > 0.0 && alpha < 1.0 {
        Ok(())
    } else {
        Err(StatsError::Domain { what: "α", value: alpha, expected: "0 < α < 1" })
    }
}

/// p-value of a standard normal statistic.
fn normal_p_value(z: f64, alternative: Alternative) -> f64 {
    match alternative {
        Alternative::TwoSided => 2.0 * normal_sf(z.abs()),
        Alternative::Greater => normal_sf(z),
        Alternative::Less => normal_sf(-z),
    }
}

/// α per tail that an interval with this alternative spends.
fn tail_alpha(alpha: f64, alternative: Alternative) -> f64 {
    if alternative == Alternative::TwoSided { alpha / 2.0 } else { alpha }
}

/// Which ends an interval has: (lower, upper).
fn ends(alternative: Alternative) -> (bool, bool) {
    (alternative != Alternative::Less, alternative != Alternative::Greater)
}

/// Masses within this relative distance count as equal when an exact test orders outcomes by likelihood.
///
/// The same 10⁻⁷ as R's `fisher.test` and scipy use, so that ties broken by rounding are not.
const TIE: f64 = 1e-7;
