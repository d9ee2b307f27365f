//! Proportions of a randomised list, exactly: opens, visits, conversions per person.
//!
//! In each period, given how many of the people exposed reached the goal, which of them did is settled by the draw of the list:
//! a 2×2 table with both margins known, whose law has one parameter, the log odds ratio ψ. Whatever the weekday or the
//! content of a mailing does to both arms alike is in the margins and cancels. Multiplied over periods,
//!
//! ```text
//! ℓ(ψ) = Σ_u ln [ C(n_a, s_a)·C(n_b, s_b)·exp(ψ·s_a) / Σ_k C(n_a, k)·C(n_b, s − k)·exp(ψ·k) ]
//! ```
//!
//! is read twice, as for counts per exposure: with the prior N(mean, sd²) over ψ it gives the posterior (`model`), the
//! confidence sequence and the e-values (`exact`).
//!
//! # What `exact` means here
//!
//! * Sampling: within a period each person of the list is assigned by chance, and is exposed once. Nothing
//!   is assumed about rates, which may change from period to period and be as overdispersed as they like: day
//!   noise moves both arms of a list together.
//! * E(a beats b) is valid against *every* law with ψ_u ≤ 0 in each period, common or not: given the margins s_a grows
//!   stochastically with ψ, and the e-value grows with s_a.
//! * The confidence sequence covers a ratio common to all periods.
//! * Splits may change between periods in answer to anything seen: n_a and n_b of a period are fixed before its goals.
//! * The evidence may be looked at after every period, and be stopped on.
//!
//! # Goals that arrive late
//!
//! A cohort's people are fixed when it is exposed; its goals come over days, and each new reading of the cohort *replaces* its row.
//! Read when it is complete, a cohort is one exact table. Read while goals still come in, three things hold:
//!
//! * At any look fixed beforehand the table is exact for the odds ratio of what has arrived, if the delay follows the
//!   same law in both arms. Where arms differ that ratio lies between the risk ratio and the final odds ratio:
//!   the sign is right, the size is not larger than the final one.
//! * Over looks chosen by the data, the replaced row is no longer a product of conditional factors: under equal rates the
//!   arrivals of one cohort are draws without replacement, and the likelihood ratio of their current total is not
//!   a martingale inside the cohort (it is, to first order in the share that has arrived). `examples/validity_values.rs`
//!   measures what this costs when one cohort is read hourly as it fills up.
//! * Exact again, at every look: hand in the *increments* between readings, each among the people who had not reached the goal yet,
//!   by [`strata_of_readings`]. This needs the history of readings, which the ledger keeps.
//!
//! # Rare goals
//!
//! Where goals are rare beside people the table's law is Binomial(s, n_a·e^ψ / (n_a·e^ψ + n_b)), the form used for counts per exposure.
//! A period is switched to it when the proven bound on the change of its log likelihood ratio,
//! s(s−1) / (2·(min(n_a, n_b) − s + 1)), is below [`BINOMIAL_BUDGET`] shared out over the periods: all e-values
//! together move by less than a factor exp(0.001).
//!
//! ```
//! use gevinst_stats::proportion::{judge, PeopleTable, Settings};
//!
//! // The MineThatData challenge, all at once: visits of two mailings and of the hold-out.
//! let table = PeopleTable::new(3, vec![21_307, 21_387, 21_306], vec![3_894, 3_238, 2_262])?;
//! let judgement = judge(&table, &Settings::default())?;
//! let mens_none = judgement.pair(0, 2).unwrap();
//! assert!((mens_none.odds_ratio() - 1.880).abs() < 0.01);
//! assert!(mens_none.ln_e_a_beats_b > 240.0);
//! assert!(judgement.arms[2].ln_e_drop > (1.0_f64 / 0.05).ln());
//! # Ok::<(), gevinst_stats::StatsError>(())
//! ```

mod table;
mod two_by_two;

pub use table::{PEOPLE_MAX, PeopleTable, strata_of_readings};

use crate::StatsError;
use crate::curve::Curve;
use crate::prior::NormalPrior;
use crate::special::ln_sum_exp;
use two_by_two::TwoByTwo;

/// How far the binomial form may move the log likelihood ratio of a whole pair.
pub const BINOMIAL_BUDGET: f64 = 1e-3;

/// What the one curve is read with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// Prior over the log odds ratio of the pair's first arm to its second; a wrong one costs speed, never validity.
    pub prior: NormalPrior,
    /// 1 − level of the confidence sequences, in (0, 1).
    pub alpha: f64,
    /// Probability of the credible intervals, in (0, 1).
    pub credible_level: f64,
}

impl Default for Settings {
    /// N(0, 0.4²), α = 0.05, 95 %.
    fn default() -> Self {
        Self { prior: NormalPrior::default(), alpha: 0.05, credible_level: 0.95 }
    }
}

impl Settings {
    fn check(&self) -> Result<(), StatsError> {
        let domain = |what, value, expected| Err(StatsError::Domain { what, value, expected });
        NormalPrior::new(self.prior.mean, self.prior.sd)?;
        if !(self.alpha > 0.0 && self.alpha < 1.0) {
            return domain("alpha", self.alpha, "a number between 0 and 1");
        }
        if !(self.credible_level > 0.0 && self.credible_level < 1.0) {
            return domain("the credible level", self.credible_level, "a number between 0 and 1");
        }
        Ok(())
    }
}

/// Evidence about the odds ratio of two arms of a list.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ProportionPair {
    /// First arm's index.
    pub a: usize,
    /// Second arm's index.
    pub b: usize,
    /// Posterior median of the log odds ratio ψ of a to b (`model`).
    pub log_odds_ratio: f64,
    /// Credible interval for ψ at the stated level (`model`).
    pub credible: (f64, f64),
    /// Lower bound of the confidence sequence for ψ; `None` where the data bound nothing (`exact`).
    pub lower: Option<f64>,
    /// Upper bound of the confidence sequence for ψ; `None` where the data bound nothing (`exact`).
    pub upper: Option<f64>,
    /// ln of the e-value against "a's odds are at most b's in every period" (`exact`).
    pub ln_e_a_beats_b: f64,
    /// ln of the e-value against "b's odds are at most a's in every period" (`exact`).
    pub ln_e_b_beats_a: f64,
    /// Posterior chance that ψ > 0 (`model`).
    pub p_a_beats_b: f64,
}

impl ProportionPair {
    /// Posterior median of the odds ratio.
    pub fn odds_ratio(&self) -> f64 {
        self.log_odds_ratio.exp()
    }
}

/// What is known about one arm of a list.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ProportionArm {
    /// People exposed.
    pub people: u64,
    /// People who reached the goal.
    pub goals: u64,
    /// Goals per person, where there were people.
    pub rate: Option<f64>,
    /// ln of the average over the other arms of E(other beats this one): drop the arm at ln(1/α). The chance
    /// that the best arm is ever dropped is then at most α (`exact`).
    pub ln_e_drop: f64,
}

/// All arms and all pairs of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct ProportionJudgement {
    /// One entry an arm.
    pub arms: Vec<ProportionArm>,
    /// One entry a pair a < b, in lexicographic order.
    pub pairs: Vec<ProportionPair>,
}

impl ProportionJudgement {
    /// The pair (a, b), a < b.
    pub fn pair(&self, a: usize, b: usize) -> Option<&ProportionPair> {
        self.pairs.iter().find(|pair| pair.a == a && pair.b == b)
    }
}

/// Evidence for one pair of arms; `a` and `b` in any order, different.
///
/// Swapping `a` and `b` (with the prior's mean negated) flips the signs and nothing else; neither the order of
/// periods nor periods in which one arm has no people matter.
///
/// # Errors
/// An arm that is not in the table, a pair of one arm, settings outside their domains.
///
/// ```
/// use gevinst_stats::proportion::{judge_pair, PeopleTable, Settings};
/// let table = PeopleTable::new(2, vec![500, 500], vec![60, 35])?;
/// let pair = judge_pair(&table, 0, 1, &Settings::default())?;
/// assert!(pair.p_a_beats_b > 0.98 && pair.lower.unwrap() < 0.0);
/// # Ok::<(), gevinst_stats::StatsError>(())
/// ```
pub fn judge_pair(
    table: &PeopleTable,
    a: usize,
    b: usize,
    settings: &Settings,
) -> Result<ProportionPair, StatsError> {
    settings.check()?;
    if a >= table.arms() || b >= table.arms() || a == b {
        let arm = if a >= table.arms() { a } else { b };
        return Err(StatsError::NoSuchArm { arm, arms: table.arms() });
    }
    let budget = BINOMIAL_BUDGET / table.periods().max(1) as f64;
    let strata: Vec<TwoByTwo> = (0..table.periods())
        .filter_map(|u| {
            let ((n_a, s_a), (n_b, s_b)) = (table.cell(u, a), table.cell(u, b));
            TwoByTwo::new([n_a, n_b], [s_a, s_b], budget)
        })
        .collect();
    let ln_likelihood = |psi: f64| strata.iter().map(|stratum| stratum.ln_likelihood(psi)).sum();
    let curve = Curve::new(ln_likelihood, settings.prior);
    let (lower, upper) = curve.confidence_sequence(settings.alpha);
    let tail = 0.5 * (1.0 - settings.credible_level);
    Ok(ProportionPair {
        a,
        b,
        log_odds_ratio: curve.quantile(0.5),
        credible: (curve.quantile(tail), curve.quantile(1.0 - tail)),
        lower,
        upper,
        ln_e_a_beats_b: curve.ln_e_above(),
        ln_e_b_beats_a: curve.ln_e_below(),
        p_a_beats_b: curve.chance_above(),
    })
}

/// Evidence for every arm and pair of a list.
///
/// Cost: about 70 evaluations of each pair's likelihood, each linear in the periods.
///
/// # Errors
/// Settings outside their domains.
pub fn judge(table: &PeopleTable, settings: &Settings) -> Result<ProportionJudgement, StatsError> {
    settings.check()?;
    let arms = table.arms();
    let mut pairs = Vec::with_capacity(arms * (arms - 1) / 2);
    let mut against = vec![Vec::with_capacity(arms - 1); arms];
    for a in 0..arms {
        for b in a + 1..arms {
            let pair = judge_pair(table, a, b, settings)?;
            against[b].push(pair.ln_e_a_beats_b);
            against[a].push(pair.ln_e_b_beats_a);
            pairs.push(pair);
        }
    }
    let arms = (0..arms)
        .map(|arm| {
            let (people, goals) = table.totals(arm);
            let rate = (people > 0).then(|| goals as f64 / people as f64);
            let ln_e_drop = ln_sum_exp(&against[arm]) - (against[arm].len() as f64).ln();
            ProportionArm { people, goals, rate, ln_e_drop }
        })
        .collect();
    Ok(ProportionJudgement { arms, pairs })
}

#[cfg(test)]
mod tests;
