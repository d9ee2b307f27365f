//! From evidence to verdicts: keep, drop, tie, unprofitable, guardrail, futile, winner. Pure functions.
//!
//! The order is that of consequences. What breaks a guardrail or costs too much goes whoever else is there; then losers;
//! then, of arms that are proven equal, all but the cheapest; last a winner is named. A verdict is about this look: the caller
//! records which arms it acted on and passes the rest as alive.
//!
//! Error rates, each over the whole month however often anyone looks:
//! * the truly best arm is dropped as a loser with probability at most `wrongly_drop_best`
//!   (see [`judgement`](crate::judgement));
//! * an arm that meets the cost limit is dropped as unprofitable with probability at most `wrongly_drop_profitable`
//!   (see [`cost_limit`](crate::cost_limit));
//! * a tie is declared between arms whose true ratio lies outside the margin with probability at most the confidence
//!   sequences' α, for each pair.
//!
//! A winner by threshold, and futility, are Bayesian readings: guarantee `model`.

use crate::StatsError;
use crate::cost_limit::CostEvidence;
use crate::judgement::{Guarantee, Judgement};

/// What decides.
#[derive(Debug, Clone, PartialEq)]
pub struct Rules {
    /// Chance of ever dropping the truly best arm.
    pub wrongly_drop_best: f64,
    /// Chance of ever dropping an arm that does meet the cost limit.
    pub wrongly_drop_profitable: f64,
    /// Arms whose rates differ by at most this part are equal: 0.1 for 10 %. Zero declares no ties.
    pub tie_within: f64,
    /// At the month's end an arm wins when its chance to be best is at least this …
    pub winner_p_best: f64,
    /// … and its expected relative loss at most this.
    pub winner_expected_loss: f64,
    /// An arm that is never dropped for losing or for a tie, such as a hold-out that measures the lift.
    pub protected: Option<usize>,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            wrongly_drop_best: 0.05,
            wrongly_drop_profitable: 0.05,
            tie_within: 0.1,
            winner_p_best: 0.9,
            winner_expected_loss: 0.02,
            protected: None,
        }
    }
}

/// Why an arm is judged as it is. Indices are arms of the table.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Verdict {
    /// Nothing speaks for a change.
    Keep,
    /// It is not the best: the evidence reached its threshold.
    Drop {
        /// The arm with the strongest evidence against it.
        beaten_by: usize,
        /// ln of the e-value against its being best.
        ln_e: f64,
    },
    /// It equals a cheaper arm within the margin and is freed.
    Tie {
        /// The arm that stays.
        with: usize,
        /// Lower bound of the ratio of this arm's rate to the other's.
        lower: f64,
        /// Upper bound of that ratio.
        upper: f64,
    },
    /// Its goals cost more than the limit.
    Unprofitable {
        /// ln of the e-value against "its cost per goal meets the limit".
        ln_e: f64,
    },
    /// A guardrail is breached.
    GuardrailBreached {
        /// ln of the e-value against "the guardrail is kept".
        ln_e: f64,
    },
    /// It has too little chance left to be worth its money.
    Futile {
        /// The chance that it would still be proven best.
        chance: f64,
    },
    /// It won.
    Winner {
        /// The chance that it is the best (guarantee `model`).
        p_best: f64,
        /// Whether it is the last one that was not dropped; else it passed the thresholds at the month's end.
        last_standing: bool,
    },
}

impl Verdict {
    /// Whether money should stop flowing to the arm.
    pub fn stops(&self) -> bool {
        !matches!(self, Self::Keep | Self::Winner { .. })
    }
}

/// One arm's verdict and how far it may be trusted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ArmVerdict {
    /// The arm's index.
    pub arm: usize,
    /// The verdict; arms that are no longer alive are kept as they are.
    pub verdict: Verdict,
    /// The guarantee of the evidence behind it; `None` for arms that are kept.
    pub guarantee: Option<Guarantee>,
    /// The threshold of ln E that the evidence had to reach; `None` where the verdict rests on no e-value.
    pub ln_threshold: Option<f64>,
}

/// All that a decision reads.
#[derive(Debug, Clone, Copy)]
pub struct Situation<'a> {
    /// The look.
    pub judgement: &'a Judgement,
    /// Each arm's evidence against the cost limit; empty where there is none.
    pub costs: &'a [Option<CostEvidence>],
    /// What each arm spent so far, in any unit; empty where exposure is itself the cost. Decides which of equals is cheapest.
    pub spend: &'a [f64],
    /// Which arms still receive money.
    pub alive: &'a [bool],
    /// Whether this is the month's last look.
    pub month_end: bool,
}

/// Decides over all arms.
///
/// ```
/// use gevinst_stats::decide::{Rules, Situation, Verdict, decide};
/// use gevinst_stats::judgement::{Settings, judge};
/// use gevinst_stats::table::CountTable;
/// // Ten days of two arms with equal exposure, the second with half the goals.
/// let table = CountTable::from_columns(2, &[100.0; 20], &[12, 6].repeat(10))?;
/// let judgement = judge(&table, &Settings::default())?;
/// let situation =
///     Situation { judgement: &judgement, costs: &[], spend: &[], alive: &[true, true], month_end: false };
/// let verdicts = decide(&situation, &Rules::default())?;
/// assert!(matches!(verdicts[1].verdict, Verdict::Drop { beaten_by: 0, .. }));
/// assert!(matches!(verdicts[0].verdict, Verdict::Winner { last_standing: true, .. }));
/// # Ok::<(), gevinst_stats::StatsError>(())
/// ```
///
/// # Errors
/// [`StatsError::Domain`] when a rule lies outside its domain, [`StatsError::Length`] when a list does not fit the table.
pub fn decide(situation: &Situation<'_>, rules: &Rules) -> Result<Vec<ArmVerdict>, StatsError> {
    check(situation, rules)?;
    let Situation { judgement, costs, alive, .. } = *situation;
    let arms = judgement.arms.len();
    let keep = |arm| ArmVerdict { arm, verdict: Verdict::Keep, guarantee: None, ln_threshold: None };
    let mut verdicts: Vec<ArmVerdict> = (0..arms).map(keep).collect();
    let mut left: Vec<bool> = alive.to_vec();

    let unprofitable = -rules.wrongly_drop_profitable.ln();
    for (arm, cost) in costs.iter().enumerate() {
        if let Some(cost) = cost
            && left[arm]
            && cost.ln_e_above_limit >= unprofitable
        {
            left[arm] = false;
            verdicts[arm] = ArmVerdict {
                arm,
                verdict: Verdict::Unprofitable { ln_e: cost.ln_e_above_limit },
                guarantee: Some(cost.guarantee),
                ln_threshold: Some(unprofitable),
            };
        }
    }

    let losing = -rules.wrongly_drop_best.ln();
    let mut losers: Vec<usize> = (0..arms)
        .filter(|&a| left[a] && rules.protected != Some(a) && judgement.arms[a].ln_e_drop >= losing)
        .collect();
    // Should every living arm lose to one that is gone, the likeliest best of them stays.
    if losers.len() == left.iter().filter(|l| **l).count() {
        let spared = likeliest_best(judgement, &left);
        losers.retain(|&a| Some(a) != spared);
    }
    for arm in losers {
        left[arm] = false;
        let rival = |b: &usize| judgement.ln_e_beats(*b, arm);
        let beaten_by = (0..arms).filter(|&b| b != arm).max_by(|x, y| rival(x).total_cmp(&rival(y)));
        verdicts[arm] = ArmVerdict {
            arm,
            verdict: Verdict::Drop {
                beaten_by: beaten_by.unwrap_or(arm),
                ln_e: judgement.arms[arm].ln_e_drop,
            },
            guarantee: Some(judgement.guarantee),
            ln_threshold: Some(losing),
        };
    }

    free_ties(situation, rules, &mut left, &mut verdicts);
    name_winner(situation, rules, &left, &mut verdicts);
    Ok(verdicts)
}

/// Frees all but the cheapest of each set of arms that are proven equal to it.
fn free_ties(situation: &Situation<'_>, rules: &Rules, left: &mut [bool], verdicts: &mut [ArmVerdict]) {
    if rules.tie_within == 0.0 {
        return;
    }
    let judgement = situation.judgement;
    let mut by_cost: Vec<usize> = (0..left.len()).filter(|&a| left[a]).collect();
    by_cost.sort_by(|&x, &y| cost_per_goal(situation, x).total_cmp(&cost_per_goal(situation, y)));
    for i in 0..by_cost.len() {
        let stays = by_cost[i];
        if !left[stays] {
            continue;
        }
        for &arm in &by_cost[i + 1..] {
            if !left[arm] || rules.protected == Some(arm) {
                continue;
            }
            let pair = judgement.pair(stays, arm);
            let Some(interval) = pair.confidence.filter(|c| c.within(rules.tie_within)) else { continue };
            let (Some(lower), Some(upper)) = (interval.lower, interval.upper) else { continue };
            // The pair's ratio is that of its first arm to its second; the verdict speaks of the freed arm's.
            let (lower, upper) = if pair.a == arm { (lower, upper) } else { (1.0 / upper, 1.0 / lower) };
            left[arm] = false;
            verdicts[arm] = ArmVerdict {
                arm,
                verdict: Verdict::Tie { with: stays, lower, upper },
                guarantee: Some(judgement.guarantee),
                ln_threshold: None,
            };
        }
    }
}

fn name_winner(situation: &Situation<'_>, rules: &Rules, left: &[bool], verdicts: &mut [ArmVerdict]) {
    let judgement = situation.judgement;
    if left.len() < 2 {
        return;
    }
    let standing: Vec<usize> = (0..left.len()).filter(|&a| left[a]).collect();
    let (arm, last_standing) = match standing[..] {
        [arm] => (arm, true),
        _ if situation.month_end => match likeliest_best(judgement, left) {
            Some(arm) => (arm, false),
            None => return,
        },
        _ => return,
    };
    let evidence = &judgement.arms[arm];
    let passes =
        evidence.p_best >= rules.winner_p_best && evidence.expected_loss <= rules.winner_expected_loss;
    if last_standing || passes {
        verdicts[arm] = ArmVerdict {
            arm,
            verdict: Verdict::Winner { p_best: evidence.p_best, last_standing },
            guarantee: Some(if last_standing { judgement.guarantee } else { Guarantee::Model }),
            ln_threshold: None,
        };
    }
}

fn likeliest_best(judgement: &Judgement, left: &[bool]) -> Option<usize> {
    (0..left.len())
        .filter(|&a| left[a])
        .max_by(|&x, &y| judgement.arms[x].p_best.total_cmp(&judgement.arms[y].p_best))
}

fn cost_per_goal(situation: &Situation<'_>, arm: usize) -> f64 {
    let evidence = &situation.judgement.arms[arm];
    let cost = situation.spend.get(arm).copied().unwrap_or(evidence.exposure);
    if evidence.count == 0 { f64::INFINITY } else { cost / evidence.count as f64 }
}

/// Whether a guardrail that must stay below a limit is breached: ln E against "it is kept" has reached ln 1/α.
///
/// The e-value may come from any method whose null hypothesis is that the guardrail is kept, for instance
/// [`proportion::ln_e_above_limit`](crate::proportion::ln_e_above_limit) with breaches for goals.
///
/// ```
/// use gevinst_stats::decide::guardrail;
/// use gevinst_stats::proportion::ln_e_above_limit;
/// // 14 of 800 people unsubscribed, where half a percent may.
/// let ln_e = ln_e_above_limit(800, 14, 0.005)?;
/// assert!(guardrail(ln_e, 0.05)?.is_some());
/// # Ok::<(), gevinst_stats::StatsError>(())
/// ```
///
/// # Errors
/// [`StatsError::Domain`] unless 0 < α < 1.
pub fn guardrail(ln_e: f64, alpha: f64) -> Result<Option<Verdict>, StatsError> {
    check_rate("the guardrail's alpha", alpha)?;
    Ok((ln_e >= -alpha.ln()).then_some(Verdict::GuardrailBreached { ln_e }))
}

/// Whether an arm has too little chance left: its chance to be best, were all its remaining goals counted, is below `least`.
///
/// The posterior mean of a log ratio after m more goals scatters around today's with variance V²/(V + v_m), V being today's
/// posterior variance and v_m that of the goals to come; the arm is futile when even then its posterior chance to beat the
/// leader would reach `worth` with probability below `least`. `ln_ratio` and `sd` are the posterior mean and standard
/// deviation of log(θ_arm/θ_leader), `goals_to_come` what both may still get together. Guarantee: `model`.
///
/// ```
/// use gevinst_stats::decide::futility;
/// // Half the leader's rate, known to within a fifth; forty goals will hardly turn that round, four hundred might.
/// assert!(futility(0.5f64.ln(), 0.2, 40.0, 0.9, 0.02)?.is_some());
/// assert!(futility(0.9f64.ln(), 0.2, 400.0, 0.9, 0.02)?.is_none());
/// # Ok::<(), gevinst_stats::StatsError>(())
/// ```
///
/// # Errors
/// [`StatsError::Domain`] when a probability is not strictly between 0 and 1, `sd` is not positive or `goals_to_come` negative.
pub fn futility(
    ln_ratio: f64,
    sd: f64,
    goals_to_come: f64,
    worth: f64,
    least: f64,
) -> Result<Option<Verdict>, StatsError> {
    check_rate("the chance that would be worth having", worth)?;
    check_rate("the least chance", least)?;
    if !(sd > 0.0 && sd.is_finite()) {
        return Err(StatsError::Domain {
            what: "the posterior standard deviation",
            value: sd,
            expected: "a positive number",
        });
    }
    if !(0.0..=f64::MAX).contains(&goals_to_come) {
        return Err(StatsError::Domain {
            what: "the goals to come",
            value: goals_to_come,
            expected: "at least 0",
        });
    }
    // An even split of m goals tells a log ratio to within 4/m.
    let to_come = 4.0 / goals_to_come.max(1e-9);
    let later = 1.0 / (1.0 / (sd * sd) + 1.0 / to_come);
    let moves = (sd * sd - later).max(0.0).sqrt();
    let needed = crate::special::normal_quantile(worth) * later.sqrt();
    let chance = if moves == 0.0 {
        f64::from(u8::from(ln_ratio >= needed))
    } else {
        crate::special::normal_sf((needed - ln_ratio) / moves)
    };
    Ok((chance < least).then_some(Verdict::Futile { chance }))
}

fn check_rate(what: &'static str, value: f64) -> Result<(), StatsError> {
    if value > 0.0 && value < 1.0 {
        Ok(())
    } else {
        Err(StatsError::Domain { what, value, expected: "strictly between 0 and 1" })
    }
}

fn check(situation: &Situation<'_>, rules: &Rules) -> Result<(), StatsError> {
    check_rate("wrongly_drop_best", rules.wrongly_drop_best)?;
    check_rate("wrongly_drop_profitable", rules.wrongly_drop_profitable)?;
    check_rate("the winner's chance to be best", rules.winner_p_best)?;
    if !(rules.tie_within >= 0.0 && rules.tie_within < 10.0) {
        return Err(StatsError::Domain {
            what: "tie_within",
            value: rules.tie_within,
            expected: "from 0 to below 10",
        });
    }
    if !(0.0..=f64::MAX).contains(&rules.winner_expected_loss) {
        return Err(StatsError::Domain {
            what: "the winner's expected loss",
            value: rules.winner_expected_loss,
            expected: "at least 0",
        });
    }
    let arms = situation.judgement.arms.len();
    let fits = |what, found: usize, may_be_empty: bool| {
        if found == arms || (may_be_empty && found == 0) {
            Ok(())
        } else {
            Err(StatsError::Length { what, expected: arms, found })
        }
    };
    fits("the list of living arms", situation.alive.len(), false)?;
    fits("the list of cost evidence", situation.costs.len(), true)?;
    fits("the list of spends", situation.spend.len(), true)?;
    if let Some(arm) = rules.protected.filter(|&a| a >= arms) {
        return Err(StatsError::NoSuchArm { arm, arms });
    }
    Ok(())
}
