//! One look: what the table says about every arm and every pair of arms.
//!
//! [`judge`] is a pure function of the table. [`Judge`] gives the same result but remembers pairs of which nothing changed; it
//! finds out by itself what did. Where decisions alone are asked for it keeps a [running](crate::pair) table for each pair, so
//! that a look after one new or restated period sums that period alone, and reads a pair closely only where its upper bound
//! lets a decision be possible.
//!
//! **Drop evidence.** Arm b's e-value is the average over all other arms a of the table of E(a beats b), weights fixed from
//! the start; an arm that has not joined yet, or left, stands in with the evidence it has (1 without data). An average of
//! e-values is an e-value, and for the truly best arm each term tests a true hypothesis: so the chance that the best arm's
//! e-value ever reaches 1/α is at most α, however often anyone looks and whatever the budget did.

use rayon::prelude::*;

use crate::StatsError;
use crate::best::Joint;
use crate::likelihood::PairCell;
use crate::pair::{self, Change, Levels, PairEvidence, Prepared, RunningPair, Work, check_levels};
use crate::prior::{DispersionPrior, NormalPrior};
use crate::special::ln_sum_exp;
use crate::table::{Cell, CountTable};

/// What a number may be trusted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Guarantee {
    /// Holds at any stopping time under the stated sampling.
    Exact,
    /// Holds at any stopping time averaged over the stated prior on day noise.
    Robust,
    /// Holds for large counts.
    Asymptotic,
    /// A Bayesian reading: as good as its prior and model.
    Model,
}

impl Guarantee {
    /// The word that reports use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Robust => "robust",
            Self::Asymptotic => "asymptotic",
            Self::Model => "model",
        }
    }
}

/// How much of each pair to work out.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Detail {
    /// Everything, intervals included.
    #[default]
    Full,
    /// As much as [`decide`](crate::decide) needs to decide the same. All is worked out of arms whose evidence reaches the
    /// threshold. Other arms' e-values, and those of pairs with more than two arms, are upper bounds, and such pairs' chances
    /// are ½. Of confidence sequences there are those of ties, which lie wholly within 1/(1 + `tie_within`) … 1 + `tie_within`.
    Decisions {
        /// The margin of ties, as in [`Rules`](crate::decide::Rules).
        tie_within: f64,
        /// The chance of ever dropping the best arm, as there.
        wrongly_drop_best: f64,
    },
    /// E-values and chances alone.
    Evidence,
}

/// What a judge believes and how sure it must be.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Prior standard deviation τ of a pair's log ratio.
    pub prior_sd: f64,
    /// Prior means of the arms' log rates, as learned by channel; empty for zeros.
    pub centres: Vec<f64>,
    /// Prior of the day noise; [`DispersionPrior::none`] for lists split at random.
    pub dispersion: DispersionPrior,
    /// Levels of confidence sequences and credible intervals.
    pub levels: Levels,
    /// How much to work out.
    pub detail: Detail,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            prior_sd: NormalPrior::default().sd,
            centres: Vec::new(),
            dispersion: DispersionPrior::default(),
            levels: Levels::default(),
            detail: Detail::Full,
        }
    }
}

/// What a look says about one arm.
#[derive(Debug, Clone, PartialEq)]
pub struct ArmEvidence {
    /// Exposure in all periods.
    pub exposure: f64,
    /// Goals in all periods.
    pub count: u64,
    /// Goals per exposure; `None` without exposure.
    pub rate: Option<f64>,
    /// Probability of having the highest rate (guarantee `model`).
    pub p_best: f64,
    /// Expected relative loss of choosing this arm, E[max_j θ_j/θ_a − 1] (guarantee `model`).
    pub expected_loss: f64,
    /// ln of the e-value against "this arm is the best".
    pub ln_e_drop: f64,
}

/// The posterior of the day noise, in logit variance σ² of a pair.
#[derive(Debug, Clone, PartialEq)]
pub struct DispersionPosterior {
    /// Posterior mean of σ².
    pub mean: f64,
    /// The variances of the prior.
    pub variances: Vec<f64>,
    /// Their posterior weights.
    pub weights: Vec<f64>,
}

/// One look at a table.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    /// One entry an arm, in the table's order.
    pub arms: Vec<ArmEvidence>,
    /// One entry for each pair a < b: (0,1), (0,2), …, (1,2), ….
    pub pairs: Vec<PairEvidence>,
    /// The day noise, pooled over pairs.
    pub dispersion: DispersionPosterior,
    /// The guarantee of e-values and confidence sequences.
    pub guarantee: Guarantee,
}

impl Judgement {
    /// The evidence on a pair in the order asked for: ln E(a beats b) and the confidence sequence of θa/θb.
    ///
    /// # Panics
    /// When `a` equals `b` or either is not in the table.
    pub fn pair(&self, a: usize, b: usize) -> &PairEvidence {
        &self.pairs[pair_index(a.min(b), a.max(b), self.arms.len())]
    }

    /// ln E against "a's rate is at most b's".
    ///
    /// # Panics
    /// When `a` equals `b` or either is not in the table.
    pub fn ln_e_beats(&self, a: usize, b: usize) -> f64 {
        let pair = self.pair(a, b);
        if a < b { pair.ln_e_a_beats_b } else { pair.ln_e_b_beats_a }
    }
}

fn pair_index(a: usize, b: usize, arms: usize) -> usize {
    assert!(a < b && b < arms, "a pair of different arms of the table");
    a * (2 * arms - a - 1) / 2 + (b - a - 1)
}

/// Judges a table from scratch.
///
/// ```
/// use gevinst_stats::judgement::{Settings, judge};
/// use gevinst_stats::table::CountTable;
/// // Ten days of three arms with equal exposure; the last arm gets half the goals of the others.
/// let table = CountTable::from_columns(3, &[100.0; 30], &[12, 11, 5].repeat(10))?;
/// let look = judge(&table, &Settings::default())?;
/// assert!(look.arms[2].ln_e_drop > 20f64.ln());
/// assert!(look.arms[0].ln_e_drop < 0.0);
/// # Ok::<(), gevinst_stats::StatsError>(())
/// ```
///
/// # Errors
/// As [`Judge::new`], and [`StatsError::Length`] when `centres` fits another number of arms.
pub fn judge(table: &CountTable, settings: &Settings) -> Result<Judgement, StatsError> {
    Judge::new(settings.clone())?.look(table)
}

/// A judge that remembers what it has worked out.
#[derive(Debug, Clone)]
pub struct Judge {
    settings: Settings,
    seen: Option<CountTable>,
    pairs: Vec<Pair>,
    joint: Option<Joint>,
    work: Work,
}

#[derive(Debug, Clone)]
struct Pair {
    a: usize,
    b: usize,
    prior: NormalPrior,
    cells: Vec<Prepared>,
    /// Kept where decisions alone are asked for.
    running: Option<RunningPair>,
    /// Periods changed since the running tables were last worked out afresh.
    patched: usize,
    /// What was read of the pair as it is.
    evidence: Option<PairEvidence>,
    /// Whether that holds e-values and not bounds of them.
    close: bool,
}

impl Pair {
    fn read(&mut self, dispersion: &DispersionPrior, detail: pair::Detail, work: &mut Work) {
        let mut evidence = pair::read(&self.cells, &self.prior, dispersion, detail, work);
        (evidence.a, evidence.b) = (self.a, self.b);
        (self.evidence, self.close) = (Some(evidence), true);
    }

    /// Reads bounds; tells whether the pair may tie.
    fn bound(&mut self, dispersion: &DispersionPrior, ties: (Levels, f64), work: &mut Work) -> bool {
        let running = self.running.get_or_insert_with(|| RunningPair::new(dispersion));
        let (mut evidence, may_tie) = running.bounds(&self.cells, &self.prior, ties, work);
        (evidence.a, evidence.b) = (self.a, self.b);
        (self.evidence, self.close) = (Some(evidence), false);
        may_tie
    }
}

/// After so many replaced periods a running table is worked out afresh, so that rounding cannot pile up.
const PATCHES: usize = 2_000;
/// So many cells of pairs, and more, are read on all cores.
const MANY_CELLS: usize = 4_000;

impl Judge {
    /// A judge with these settings.
    ///
    /// # Errors
    /// [`StatsError::Domain`] when the prior, a level or a centre lies outside its domain.
    pub fn new(settings: Settings) -> Result<Self, StatsError> {
        NormalPrior::new(0.0, settings.prior_sd)?;
        for &centre in &settings.centres {
            NormalPrior::new(2.0 * centre, settings.prior_sd)?;
        }
        check_levels(settings.levels)?;
        if let Detail::Decisions { wrongly_drop_best, .. } = settings.detail {
            check_levels(Levels { alpha: wrongly_drop_best, ..settings.levels })?;
        }
        Ok(Self { settings, seen: None, pairs: Vec::new(), joint: None, work: Work::default() })
    }

    /// The settings it was made with.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Judges the table as it is now.
    ///
    /// # Errors
    /// [`StatsError::Length`] when the settings' centres are for another number of arms.
    pub fn look(&mut self, table: &CountTable) -> Result<Judgement, StatsError> {
        let centres = &self.settings.centres;
        if !centres.is_empty() && centres.len() != table.arms() {
            return Err(StatsError::Length {
                what: "the list of prior centres",
                expected: table.arms(),
                found: centres.len(),
            });
        }
        self.take_in(table);
        match self.settings.detail {
            Detail::Full => self.read_changed(pair::Detail::Full(self.settings.levels)),
            Detail::Evidence => self.read_changed(pair::Detail::Evidence),
            Detail::Decisions { tie_within, wrongly_drop_best } => {
                self.read_for_decisions(table.arms(), tie_within, -wrongly_drop_best.ln());
            }
        }
        let pairs: Vec<PairEvidence> = self.pairs.iter().filter_map(|pair| pair.evidence.clone()).collect();
        let dispersion = self.dispersion(table.arms(), &pairs);
        let arms = self.arms(table, &pairs, &dispersion);
        let exact = self.settings.dispersion.is_exact();
        let guarantee = if exact { Guarantee::Exact } else { Guarantee::Robust };
        Ok(Judgement { arms, pairs, dispersion, guarantee })
    }

    /// Reads closely the pairs that changed.
    fn read_changed(&mut self, detail: pair::Detail) {
        let dispersion = &self.settings.dispersion;
        let mut changed: Vec<&mut Pair> =
            self.pairs.iter_mut().filter(|pair| pair.evidence.is_none()).collect();
        let cells: usize = changed.iter().map(|pair| pair.cells.len()).sum();
        if cells >= MANY_CELLS {
            changed
                .par_iter_mut()
                .for_each_init(Work::default, |work, pair| pair.read(dispersion, detail, work));
        } else {
            for pair in changed {
                pair.read(dispersion, detail, &mut self.work);
            }
        }
    }

    /// Reads bounds of the pairs that changed, and closely those that a decision may rest on.
    fn read_for_decisions(&mut self, arms: usize, tie_within: f64, ln_threshold: f64) {
        let Self { settings, pairs, work, .. } = self;
        let (dispersion, levels) = (&settings.dispersion, settings.levels);
        let closely =
            if tie_within > 0.0 { pair::Detail::Ties(levels, tie_within) } else { pair::Detail::Evidence };
        for pair in pairs.iter_mut().filter(|pair| pair.evidence.is_none()) {
            // The chance of one of two arms to beat the other decides how they share.
            if arms == 2 || pair.bound(dispersion, (levels, tie_within), work) {
                pair.read(dispersion, closely, work);
            }
        }
        let bounds = ln_e_drop(arms, pairs.iter().filter_map(|pair| pair.evidence.as_ref()));
        let matters = |pair: &Pair| bounds[pair.a].max(bounds[pair.b]) >= ln_threshold;
        for pair in pairs.iter_mut().filter(|pair| !pair.close && matters(pair)) {
            pair.read(dispersion, closely, work);
        }
    }

    /// Brings the pairs up to the table and forgets what was read of those that changed.
    fn take_in(&mut self, table: &CountTable) {
        let arms = table.arms();
        let known = self.seen.take().filter(|seen| seen.arms() == arms && seen.periods() <= table.periods());
        let Some(mut seen) = known else {
            self.pairs = self.fresh_pairs(table);
            self.joint = Some(Joint::new(arms));
            self.seen = Some(table.clone());
            return;
        };
        let changed: Vec<usize> = (0..table.periods())
            .filter(|&u| u >= seen.periods() || seen.period(u) != table.period(u))
            .collect();
        let mut changes = Vec::new();
        for pair in &mut self.pairs {
            changes.clear();
            for &u in &changed {
                let new = PairCell::new(table.cell(u, pair.a), table.cell(u, pair.b));
                if u >= pair.cells.len() {
                    pair.cells.push(Prepared::SILENT);
                }
                if pair.cells[u].cell != new {
                    let change = Change { old: pair.cells[u], new: new.into() };
                    pair.cells[u] = change.new;
                    changes.push(change);
                }
            }
            if changes.is_empty() {
                continue;
            }
            pair.evidence = None;
            pair.patched += changes.len();
            if pair.patched > PATCHES.max(2 * pair.cells.len()) {
                (pair.running, pair.patched) = (None, 0);
            }
            if let Some(running) = &mut pair.running {
                running.change(&changes, &mut self.work);
            }
        }
        seen.clone_from(table);
        self.seen = Some(seen);
    }

    fn fresh_pairs(&self, table: &CountTable) -> Vec<Pair> {
        let arms = table.arms();
        let centre = |arm: usize| self.settings.centres.get(arm).copied().unwrap_or(0.0);
        let pair = |(a, b)| Pair {
            a,
            b,
            prior: NormalPrior { mean: centre(a) - centre(b), sd: self.settings.prior_sd },
            cells: crate::likelihood::pair_cells(table, a, b).into_iter().map(Prepared::from).collect(),
            running: None,
            patched: 0,
            evidence: None,
            close: false,
        };
        let all: Vec<_> = (0..arms).flat_map(|a| (a + 1..arms).map(move |b| (a, b))).collect();
        if all.len() * table.periods() >= MANY_CELLS {
            all.into_par_iter().map(pair).collect()
        } else {
            all.into_iter().map(pair).collect()
        }
    }

    /// The day noise from all pairs: each arm takes part in K − 1 of them, so their log evidence counts 2/K each.
    fn dispersion(&self, arms: usize, pairs: &[PairEvidence]) -> DispersionPosterior {
        let prior = &self.settings.dispersion;
        let share = 2.0 / arms as f64;
        let mut terms: Vec<f64> = prior.weights().iter().map(|w| w.ln()).collect();
        for pair in pairs {
            for (term, ln_marginal) in terms.iter_mut().zip(&pair.ln_marginal) {
                *term += share * ln_marginal;
            }
        }
        let sum = ln_sum_exp(&terms);
        let weights: Vec<f64> = terms.iter().map(|t| libm::exp(t - sum)).collect();
        let mean = weights.iter().zip(prior.variances()).map(|(w, v)| w * v).sum();
        DispersionPosterior { mean, variances: prior.variances().to_vec(), weights }
    }

    fn arms(
        &mut self,
        table: &CountTable,
        pairs: &[PairEvidence],
        dispersion: &DispersionPosterior,
    ) -> Vec<ArmEvidence> {
        let arms = table.arms();
        let joint = self.joint.get_or_insert_with(|| Joint::new(arms)).read(
            table,
            &self.settings.centres,
            self.settings.prior_sd,
            &dispersion.variances,
            &dispersion.weights,
        );
        let mut p_best = joint.p_best;
        if let [pair] = pairs {
            p_best = vec![pair.p_a_beats_b, 1.0 - pair.p_a_beats_b];
        }
        let ln_e_drop = ln_e_drop(arms, pairs.iter());
        (0..arms)
            .map(|a| {
                let Cell { exposure, count } = table.total(a);
                ArmEvidence {
                    exposure,
                    count,
                    rate: (exposure > 0.0).then(|| count as f64 / exposure),
                    p_best: p_best[a],
                    expected_loss: joint.expected_loss[a],
                    ln_e_drop: ln_e_drop[a],
                }
            })
            .collect()
    }
}

/// Per arm, ln of the average over its rivals of the evidence that they beat it; 0 for an arm alone.
fn ln_e_drop<'a>(arms: usize, pairs: impl Iterator<Item = &'a PairEvidence>) -> Vec<f64> {
    let mut against: Vec<Vec<f64>> = vec![Vec::with_capacity(arms - 1); arms];
    for pair in pairs {
        against[pair.b].push(pair.ln_e_a_beats_b);
        against[pair.a].push(pair.ln_e_b_beats_a);
    }
    let average = |rivals: &Vec<f64>| {
        if rivals.is_empty() { 0.0 } else { ln_sum_exp(rivals) - (rivals.len() as f64).ln() }
    };
    against.iter().map(average).collect()
}
