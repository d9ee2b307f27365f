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
//! A cohort's people are fixed when it is exposed; its goals come over days, and every look reads the cohort anew. What a look adds
//! is a table of its own: of the people who had not reached the goal at the look before, those who have reached it since. Who
//! they are is settled by the draw of the list alone, given every reading before, whatever the delay of goals is: so each such *stratum*
//! has the law above, its factor is conditional on the past, and the product over all of them may be read and stopped on at any look
//! ([`PeopleTable::of_readings`]; the conditional form of the log-rank test, Mantel 1966).
//!
//! * ψ is then the log ratio of the odds to reach the goal *by the next look for those who have not yet*. Where goals are delayed by the
//!   same law in both arms it has the sign of the difference in the end, lies between the log ratio of rates and the log odds ratio of
//!   complete cohorts, and the evidence against ψ ≤ 0 is exact against "a is no better in the end". Where one arm's goals only come
//!   sooner, early looks favour it: no reading of incomplete cohorts can tell the two apart.
//! * Not exact is the cohort's row as it stands, put in the place of what it was: under equal rates the arrivals of one cohort are
//!   draws without replacement, and the likelihood ratio of their total is no martingale inside the cohort (it is, to first order in the
//!   share that has arrived). `tests/late_goals.rs` and `examples/validity_values` measure both forms.
//! * A reading that was corrected downwards is dropped with what it said: the evidence is that of who had seen the corrected one at once.
//!
//! # Rare goals
//!
//! Where goals are rare beside people the table's law is Binomial(s, n_a·e^ψ / (n_a·e^ψ + n_b)), the form used for counts per exposure.
//! A stratum takes it when the proven bound on the change of its log likelihood ratio, s(s−1) / (2·(min(n_a, n_b) − s + 1)), is
//! below [`BINOMIAL_BUDGET`]/1024, for up to 1,024 strata: all e-values together move by less than a factor exp(0.001).
//!
//! ```
//! use gevinst_stats::proportion::{judge, PeopleTable, Settings};
//!
//! // The MineThatData challenge, all at once: visits of two mailings and of the hold-out.
//! let table = PeopleTable::new(3, vec![21_307, 21_387, 21_306], vec![3_894, 3_238, 2_262])?;
//! let look = judge(&table, &Settings::default())?;
//! let mens_none = look.pair(0, 2);
//! assert!((mens_none.posterior.unwrap().median - 1.880).abs() < 0.01);
//! assert!(mens_none.ln_e_a_beats_b > 240.0);
//! assert!(look.arms[2].ln_e_drop > (1.0_f64 / 0.05).ln());
//! # Ok::<(), gevinst_stats::StatsError>(())
//! ```

mod joint;
mod limit;
mod table;
mod two_by_two;

pub use limit::ln_e_above_limit;
pub use table::{PEOPLE_MAX, PeopleTable, Reading, strata_of_readings};

use crate::StatsError;
use crate::curve::Curve;
use crate::judgement::{ArmEvidence, Detail, DispersionPosterior, Guarantee, Judgement};
use crate::pair::{Levels, PairEvidence, RatioInterval, RatioPosterior, check_levels};
use crate::prior::NormalPrior;
use crate::special::ln_sum_exp;
use two_by_two::TwoByTwo;

/// How far the binomial form may move the log likelihood ratio of a whole pair.
pub const BINOMIAL_BUDGET: f64 = 1e-3;
/// Strata that the budget is shared out over; any beyond are exact.
const BINOMIAL_STRATA: usize = 1024;

/// What the one curve is read with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// Standard deviation of the prior N(0, sd²) over a pair's log odds ratio; a wrong one costs speed, never validity.
    pub prior_sd: f64,
    /// Levels of confidence sequences and credible intervals.
    pub levels: Levels,
    /// How much of each pair to work out: credible intervals in full alone, confidence sequences also where ties are asked for.
    pub detail: Detail,
}

impl Default for Settings {
    /// N(0, 0.4²), α = 0.05, 95 %, everything.
    fn default() -> Self {
        Self { prior_sd: NormalPrior::default().sd, levels: Levels::default(), detail: Detail::Full }
    }
}

/// Evidence for one pair of arms; `a` and `b` in any order, different.
///
/// In the result `ratio` means the *odds* ratio of a to b, and `mean` and `sd` are those of ψ. Swapping `a` and `b` flips the
/// sign of ψ and nothing else; neither the order of periods nor periods in which one arm has no people matter.
///
/// # Errors
/// An arm that is not in the table, a pair of one arm, settings outside their domains.
///
/// ```
/// use gevinst_stats::proportion::{judge_pair, PeopleTable, Settings};
/// let table = PeopleTable::new(2, vec![500, 500], vec![60, 35])?;
/// let pair = judge_pair(&table, 0, 1, &Settings::default())?;
/// assert!(pair.p_a_beats_b > 0.98 && pair.confidence.unwrap().lower.unwrap() < 1.0);
/// # Ok::<(), gevinst_stats::StatsError>(())
/// ```
pub fn judge_pair(
    table: &PeopleTable,
    a: usize,
    b: usize,
    settings: &Settings,
) -> Result<PairEvidence, StatsError> {
    check(settings)?;
    if a >= table.arms() || b >= table.arms() || a == b {
        let arm = if a >= table.arms() { a } else { b };
        return Err(StatsError::NoSuchArm { arm, arms: table.arms() });
    }
    read(&telling(table, a, b), (a, b), settings)
}

fn check(settings: &Settings) -> Result<(), StatsError> {
    NormalPrior::new(0.0, settings.prior_sd)?;
    check_levels(settings.levels)
}

/// People and goals of both arms in one stratum.
type Cells = ([u64; 2], [u64; 2]);

/// The strata that say something about a pair: those that could have come out otherwise.
fn telling(table: &PeopleTable, a: usize, b: usize) -> Vec<Cells> {
    let cells = |stratum| {
        let ((n_a, s_a), (n_b, s_b)) = (table.cell(stratum, a), table.cell(stratum, b));
        ([n_a, n_b], [s_a, s_b])
    };
    (0..table.strata()).map(cells).filter(|(people, goals)| TwoByTwo::tells(*people, *goals)).collect()
}

/// Reads a pair's curve.
fn read(strata: &[Cells], (a, b): (usize, usize), settings: &Settings) -> Result<PairEvidence, StatsError> {
    let prior = NormalPrior::new(0.0, settings.prior_sd)?;
    let budget = |index| if index < BINOMIAL_STRATA { BINOMIAL_BUDGET / BINOMIAL_STRATA as f64 } else { 0.0 };
    let tables: Vec<TwoByTwo> = strata
        .iter()
        .enumerate()
        .filter_map(|(index, (people, goals))| TwoByTwo::new(*people, *goals, budget(index)))
        .collect();
    let ln_likelihood = |psi: f64| tables.iter().map(|table| table.ln_likelihood(psi)).sum();
    let curve = Curve::new(ln_likelihood, prior, guess(strata));
    let mean = curve.posterior_mean(|psi| psi);
    let confidence = (settings.detail != Detail::Evidence).then(|| {
        let (lower, upper) = curve.confidence_sequence(settings.levels.alpha);
        RatioInterval { lower: lower.map(f64::exp), upper: upper.map(f64::exp) }
    });
    let posterior = (settings.detail == Detail::Full).then(|| {
        let tail = 0.5 * (1.0 - settings.levels.credible);
        RatioPosterior {
            median: curve.quantile(0.5).exp(),
            lower: curve.quantile(tail).exp(),
            upper: curve.quantile(1.0 - tail).exp(),
        }
    });
    Ok(PairEvidence {
        a,
        b,
        ln_e_a_beats_b: curve.ln_e_above(),
        ln_e_b_beats_a: curve.ln_e_below(),
        p_a_beats_b: curve.chance_above(),
        mean,
        sd: curve.posterior_mean(|psi| (psi - mean).powi(2)).sqrt(),
        confidence,
        posterior,
        dispersion_weights: vec![1.0],
        ln_marginal: vec![curve.ln_marginal()],
    })
}

/// Whether the goals of a pair are so rare in every cohort that the binomial form would move no e-value of the pair by more than
/// exp([`BINOMIAL_BUDGET`]): its ratio is then that of rates as well as that of odds.
///
/// ```
/// use gevinst_stats::proportion::{is_rare, PeopleTable};
/// assert!(is_rare(&PeopleTable::new(2, vec![20_000, 20_000], vec![3, 2])?, 0, 1));
/// assert!(!is_rare(&PeopleTable::new(2, vec![500, 500], vec![60, 35])?, 0, 1));
/// # Ok::<(), gevinst_stats::StatsError>(())
/// ```
///
/// # Panics
/// When `a` or `b` is not in the table.
pub fn is_rare(table: &PeopleTable, a: usize, b: usize) -> bool {
    let bound = |period| {
        // A cohort's first stratum has all its people, and all of them together its goals.
        let strata = table.of_cohort(period);
        let (n_a, n_b) =
            strata.clone().next().map_or((0, 0), |first| (table.cell(first, a).0, table.cell(first, b).0));
        let goals = strata.map(|stratum| table.cell(stratum, a).1 + table.cell(stratum, b).1).sum();
        if n_a == 0 || n_b == 0 { 0.0 } else { TwoByTwo::binomial_bound([n_a, n_b], goals) }
    };
    (0..table.periods()).map(bound).sum::<f64>() <= BINOMIAL_BUDGET
}

/// Where the likelihood of a pair may be highest and how wide it is: the Mantel-Haenszel log odds ratio, every cell with half a person
/// more, and its standard error if the odds ratio were 1.
fn guess(strata: &[Cells]) -> (f64, f64) {
    let (mut top, mut bottom, mut information) = (0.0, 0.0, 0.0);
    for &([n_a, n_b], [s_a, s_b]) in strata {
        let [n_a, s_a, n_b, s_b] = [n_a, s_a, n_b, s_b].map(|x| x as f64);
        let (n, s) = (n_a + n_b, s_a + s_b);
        top += s_a * (n_b - s_b) / n;
        bottom += s_b * (n_a - s_a) / n;
        information += n_a * n_b * s * (n - s) / (n * n * n);
    }
    (((top + 0.25) / (bottom + 0.25)).ln(), (information + 1e-12).sqrt().recip())
}

/// One look at a list: evidence for every arm and pair, in the form that [`decide`](crate::decide) reads.
///
/// `exposure` of an arm is its people. E-values and confidence sequences are `exact`; chance to be best and expected loss
/// (in odds) are `model`. Cost: about 40 evaluations of each pair's likelihood, each linear in the strata.
///
/// ```
/// use gevinst_stats::proportion::{judge, PeopleTable, Settings};
/// let table = PeopleTable::new(3, vec![4000, 4000, 4000], vec![320, 400, 310])?;
/// let look = judge(&table, &Settings::default())?;
/// assert!(look.arms[1].p_best > 0.99 && look.arms[2].ln_e_drop > 20_f64.ln());
/// # Ok::<(), gevinst_stats::StatsError>(())
/// ```
///
/// # Errors
/// Settings outside their domains.
pub fn judge(table: &PeopleTable, settings: &Settings) -> Result<Judgement, StatsError> {
    Judge::new(*settings)?.look(table)
}

/// A judge that remembers what each pair's strata said: a pair about which a look adds nothing, such as two arms of which
/// one is gone, is not read again. It finds what [`judge`] finds.
#[derive(Debug, Clone)]
pub struct Judge {
    settings: Settings,
    /// By pair in order: its strata at the newest look, and what they said.
    remembered: Vec<(Vec<Cells>, PairEvidence)>,
}

impl Judge {
    /// A judge that has seen nothing.
    ///
    /// # Errors
    /// Settings outside their domains.
    pub fn new(settings: Settings) -> Result<Self, StatsError> {
        check(&settings)?;
        Ok(Self { settings, remembered: Vec::new() })
    }

    /// Takes a look, as [`judge`] does. Any table may follow any other.
    ///
    /// ```
    /// use gevinst_stats::proportion::{judge, Judge, PeopleTable, Settings};
    /// let mut remembering = Judge::new(Settings::default())?;
    /// let first = PeopleTable::new(2, vec![500, 500], vec![60, 35])?;
    /// let second = PeopleTable::new(2, vec![500, 500, 300, 0], vec![60, 35, 31, 0])?;
    /// remembering.look(&first)?;
    /// assert_eq!(remembering.look(&second)?, judge(&second, &Settings::default())?);
    /// # Ok::<(), gevinst_stats::StatsError>(())
    /// ```
    ///
    /// # Errors
    /// None at present: the table and the settings were checked when they were made.
    pub fn look(&mut self, table: &PeopleTable) -> Result<Judgement, StatsError> {
        let arms = table.arms();
        let mut pairs = Vec::with_capacity(arms * (arms - 1) / 2);
        let mut against = vec![Vec::with_capacity(arms - 1); arms];
        let mut remembered = std::mem::take(&mut self.remembered).into_iter();
        for a in 0..arms {
            for b in a + 1..arms {
                let strata = telling(table, a, b);
                let known =
                    remembered.next().filter(|(seen, pair)| *seen == strata && (pair.a, pair.b) == (a, b));
                let pair = match known {
                    Some((_, pair)) => pair,
                    None => read(&strata, (a, b), &self.settings)?,
                };
                against[b].push(pair.ln_e_a_beats_b);
                against[a].push(pair.ln_e_b_beats_a);
                self.remembered.push((strata, pair.clone()));
                pairs.push(pair);
            }
        }
        let posterior = joint::joint(table, self.settings.prior_sd);
        let arms = (0..arms)
            .map(|arm| {
                let (people, goals) = table.totals(arm);
                ArmEvidence {
                    exposure: people as f64,
                    count: goals,
                    rate: (people > 0).then(|| goals as f64 / people as f64),
                    p_best: posterior.p_best[arm],
                    expected_loss: posterior.expected_loss[arm],
                    ln_e_drop: ln_sum_exp(&against[arm]) - (against[arm].len() as f64).ln(),
                }
            })
            .collect();
        let dispersion = DispersionPosterior { mean: 0.0, variances: vec![0.0], weights: vec![1.0] };
        Ok(Judgement { arms, pairs, dispersion, guarantee: Guarantee::Exact })
    }
}

#[cfg(test)]
mod tests;
