//! Were people split as commanded, when the command changes from day to day? A sequential test over moving shares.
//!
//! [`SampleRatioTest`](crate::sample_ratio::SampleRatioTest) holds all counts against one plan. A runner that moves its budgets has a new plan
//! every day, and each day alone says little. Here all periods speak about the same fault: that people reach arm i e^t times as readily
//! as commanded, whatever the command. Given n_u people in period u, of which arm i was to get the share ρ_iu, the likelihood ratio of
//! that fault to an honest split is
//!
//! ```text
//! LR_i(t) = Π_u exp(t·c_iu) / (1 + ρ_iu·(eᵗ − 1))^n_u,
//! ```
//!
//! since n_u honest people bring E exp(t·c) = (1 + ρ(eᵗ − 1))^n. Its average over arms and a fixed grid of t is an e-value: it starts at 1,
//! its mean stays at most 1 at any stopping time and whatever earlier results did to later commands, so P(E ever ≥ 1/α) ≤ α (Ville).
//! Where a command changed within the period the share is known only to lie between two; the ratio is then taken at the end that makes
//! it smaller, and the bound still holds for every mixture of the two. Guarantee: `exact`.

use super::{Check, figure};
use crate::StatsError;
use crate::special::ln_sum_exp;

/// Tilts on the log scale: from a share off by a factor of 7 to one off by a part in 4,000, each way.
const TILTS: i32 = 14;

/// One arm in one period: the people that it reached, and the share of the period's people that it was to reach.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SplitCell {
    /// People reached.
    pub people: u64,
    /// The least share that was commanded at any time of the period.
    pub share_least: f64,
    /// The largest.
    pub share_most: f64,
}

/// ln of the e-value against "every person was assigned as commanded". `periods` holds one row a period, all arms in each.
///
/// Zero where there is nobody. Cost: periods × arms × 28.
///
/// # Errors
/// Rows of different lengths, fewer than two arms; shares outside 0 to 1, or a least above a largest.
///
/// ```
/// use gevinst_stats::quality::{SplitCell, ln_e_moving_split};
/// let cell = |people, share| SplitCell { people, share_least: share, share_most: share };
/// // The command moves from day to day, and the people follow it …
/// let honest = [[cell(498, 0.5), cell(502, 0.5)], [cell(693, 0.7), cell(307, 0.3)]];
/// assert!(ln_e_moving_split(&honest)? < 0.0);
/// // … or the second arm gets a quarter more than its part, every day.
/// let broken = [[cell(445, 0.5), cell(555, 0.5)], [cell(651, 0.7), cell(349, 0.3)]];
/// assert!(ln_e_moving_split(&broken)? > 100f64.ln());
/// # Ok::<(), gevinst_stats::StatsError>(())
/// ```
pub fn ln_e_moving_split<R: AsRef<[SplitCell]>>(periods: &[R]) -> Result<f64, StatsError> {
    let Some(first) = periods.first() else { return Ok(0.0) };
    let arms = first.as_ref().len();
    if arms < 2 {
        return Err(StatsError::Length { what: "the arms of a split", expected: 2, found: arms });
    }
    for row in periods.iter().map(AsRef::as_ref) {
        if row.len() != arms {
            return Err(StatsError::Length {
                what: "the arms of a period",
                expected: arms,
                found: row.len(),
            });
        }
        for cell in row {
            if !(0.0..=1.0).contains(&cell.share_least)
                || !(cell.share_least..=1.0).contains(&cell.share_most)
            {
                return Err(StatsError::Domain {
                    what: "a commanded share",
                    value: cell.share_most,
                    expected: "from the least share, which is at least 0, to 1",
                });
            }
        }
    }
    let mut ratios = Vec::with_capacity(arms * usize::try_from(2 * TILTS).unwrap_or(28));
    for arm in 0..arms {
        for step in 0..TILTS {
            let size = 2.0 * 0.5_f64.powi(step);
            ratios.extend([size, -size].map(|tilt| ln_ratio(periods, arm, tilt)));
        }
    }
    Ok(ln_sum_exp(&ratios) - (ratios.len() as f64).ln())
}

/// ln LR of one arm's tilt over all periods.
fn ln_ratio<R: AsRef<[SplitCell]>>(periods: &[R], arm: usize, tilt: f64) -> f64 {
    periods
        .iter()
        .map(|row| {
            let row = row.as_ref();
            let cell = row[arm];
            let people = row.iter().map(|cell| cell.people as f64).sum::<f64>();
            // The honest side is largest, and the ratio smallest, at the share that the tilt would raise most.
            let share = if tilt > 0.0 { cell.share_most } else { cell.share_least };
            tilt * cell.people as f64 - people * (share * tilt.exp_m1()).ln_1p()
        })
        .sum()
}

/// Fails where the evidence against an honest split has reached 1/α: people did not come in the shares that were commanded.
///
/// `ln_e` is that of [`ln_e_moving_split`]; the check's value and threshold are on the same scale.
///
/// ```
/// use gevinst_stats::quality::split_check;
/// assert!(split_check(999f64.ln(), 0.001).passed && !split_check(1001f64.ln(), 0.001).passed);
/// ```
pub fn split_check(ln_e: f64, alpha: f64) -> Check {
    let threshold = -alpha.ln();
    let passed = ln_e < threshold;
    let sentence = if passed {
        "people were split as commanded.".to_owned()
    } else {
        let odds = if ln_e > 13.8 { "over a million".to_owned() } else { figure(ln_e.exp().round()) };
        format!(
            "people were not split as commanded, by odds of {odds} to 1; find out who was left out before trusting any result."
        )
    };
    Check { name: "sample-ratio", passed, value: ln_e, threshold, sentence }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample_ratio::SampleRatioTest;
    use rand::{RngExt, SeedableRng};
    use rand_distr::{Binomial, Distribution};
    use rand_pcg::Pcg64Mcg;

    /// People of one day over three arms by chance.
    fn day(rng: &mut Pcg64Mcg, people: u64, shares: [f64; 3]) -> [u64; 3] {
        let first = Binomial::new(people, shares[0]).unwrap().sample(rng);
        let second = Binomial::new(people - first, shares[1] / (shares[1] + shares[2])).unwrap().sample(rng);
        [first, second, people - first - second]
    }

    /// Whether a month with such a fault is ever told, when the commands follow the results and each day is looked at.
    fn ever_told(rng: &mut Pcg64Mcg, alpha: f64, fault: f64, known: bool) -> bool {
        let mut rows: Vec<[SplitCell; 3]> = Vec::new();
        let mut weights = [1.0, 1.0, 1.0];
        for _ in 0..30 {
            let sum: f64 = weights.iter().sum();
            let shares = weights.map(|weight| weight / sum);
            let people = rng.random_range(50..2_000);
            let tilted = [shares[0] * fault, shares[1], shares[2]];
            let came = day(rng, people, tilted.map(|share| share / tilted.iter().sum::<f64>()));
            rows.push(std::array::from_fn(|arm| {
                // Where it is not known when the command changed, only a range is.
                let slack = if known { 1.0 } else { 0.97 };
                SplitCell {
                    people: came[arm],
                    share_least: shares[arm] * slack,
                    share_most: (shares[arm] / slack).min(1.0),
                }
            }));
            // The next day's command chases what came: the worst that a runner can do to a test that must not mind.
            for (weight, count) in weights.iter_mut().zip(came) {
                *weight = (0.2 + count as f64 / people as f64).powi(2);
            }
            if ln_e_moving_split(&rows).unwrap() >= -alpha.ln() {
                return true;
            }
        }
        false
    }

    #[test]
    fn honest_months_seldom_alarm_and_faults_are_found() {
        // Protects decisions from being stopped by chance: over whole months of daily looks, at most α and two standard errors.
        let mut rng = Pcg64Mcg::seed_from_u64(5);
        let months = 600;
        let rate = |fault: f64, known: bool, rng: &mut Pcg64Mcg| {
            let told = (0..months).filter(|_| ever_told(rng, 0.05, fault, known)).count();
            told as f64 / f64::from(months)
        };
        let bound = 0.05 + 2.0 * (0.05 * 0.95 / f64::from(months)).sqrt();
        for known in [true, false] {
            let alarms = rate(1.0, known, &mut rng);
            assert!(alarms <= bound, "{alarms} of honest months alarmed");
        }
        // A tenth too many people in one arm.
        let found = rate(1.1, true, &mut rng);
        assert!(found > 0.95, "{found} of broken months were found");
    }

    #[test]
    fn a_fixed_split_is_judged_as_by_the_multinomial_test() {
        // Protects against a test that looks for something else: both find the same shares broken, at about the same strength.
        let fixed = SampleRatioTest::new(&[1.0, 1.0], 100.0).unwrap();
        for (counts, broken) in [([5_050, 4_950], false), ([5_300, 4_700], true), ([50_900, 49_100], true)] {
            let cells = counts.map(|people| SplitCell { people, share_least: 0.5, share_most: 0.5 });
            let moving = ln_e_moving_split(&[cells]).unwrap();
            let other = fixed.ln_e_value(&counts).unwrap();
            assert_eq!(
                (moving > 20f64.ln(), other > 20f64.ln()),
                (broken, broken),
                "{counts:?} {moving} {other}"
            );
            assert!((moving - other).abs() < 3.0, "{counts:?} {moving} {other}");
        }
    }

    #[test]
    fn nothing_and_nonsense() {
        // Protects the first look, an arm that was to get nobody, and callers from shares that are none.
        let cell = |people, least, most| SplitCell { people, share_least: least, share_most: most };
        assert_eq!(ln_e_moving_split::<[SplitCell; 2]>(&[]).unwrap(), 0.0);
        assert_eq!(ln_e_moving_split(&[[cell(0, 0.5, 0.5), cell(0, 0.5, 0.5)]]).unwrap(), 0.0);
        assert!(ln_e_moving_split(&[[cell(100, 1.0, 1.0), cell(0, 0.0, 0.0)]]).unwrap() <= 0.0);
        let forbidden = ln_e_moving_split(&[[cell(100, 1.0, 1.0), cell(40, 0.0, 0.0)]]).unwrap();
        assert!(forbidden > 20.0 && forbidden.is_finite(), "{forbidden}");
        assert!(ln_e_moving_split(&[[cell(1, 0.5, 0.4), cell(1, 0.5, 0.5)]]).is_err());
        assert!(ln_e_moving_split(&[[cell(1, f64::NAN, 0.4), cell(1, 0.5, 0.5)]]).is_err());
        assert!(ln_e_moving_split(&[[cell(1, 1.0, 1.0)]]).is_err());
        let huge = [cell(1_000_000_000, 0.5, 0.5), cell(999_000_000, 0.5, 0.5)];
        assert!(ln_e_moving_split(&[huge; 30]).unwrap().is_finite());
    }
}
