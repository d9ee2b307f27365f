//! The engine: a table and where the experiment stood → evidence, verdicts, shares.
//!
//! Pure but for a memory that changes speed, not results. The same engine plays rehearsed months by the thousand and
//! takes the looks that the ledger records; it knows neither clock nor ledger.

use gevinst_experiment::{GoalKind, Rule};
use gevinst_ledger::evidence::ArmStatus;
use gevinst_stats::StatsError;
use gevinst_stats::allocate::{self, Limits, Request};
use gevinst_stats::cost_limit::{CostCell, CostEvidence, CostPrior, Side, ln_e_value};
use gevinst_stats::decide::{ArmVerdict, Rules, Situation, Verdict, decide, futility};
use gevinst_stats::judgement::{Detail, Guarantee, Judgement};
use gevinst_stats::ratio::{Returned, ln_e_below_return};
use gevinst_stats::value;

use crate::Error;
use crate::book::Book;
use crate::guardrails;
use crate::kinds::{Method, Reading, Terms};
use crate::plan::Plan;
use crate::quality::{self, Check};

/// Where an experiment stands after a look.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    /// Looks taken.
    pub looks: u32,
    /// Periods that the newest look saw.
    pub periods: usize,
    /// Whether that look was the last one, after all goals had arrived.
    pub closed: bool,
    /// Per arm, what it is.
    pub status: Vec<ArmStatus>,
    /// Per arm, its share of the daily budget. They need not sum to 1: an arm that has not joined keeps the share it will
    /// begin with.
    pub shares: Vec<f64>,
}

impl Standing {
    /// Before the first look: every arm runs, with the share that the definition gives it.
    #[must_use]
    pub fn new(plan: &Plan) -> Self {
        Self {
            looks: 0,
            periods: 0,
            closed: false,
            status: vec![ArmStatus::Running; plan.arms.len()],
            shares: plan.arms.iter().map(|arm| arm.share).collect(),
        }
    }

    /// Per arm, whether it still gets budget.
    #[must_use]
    pub fn alive(&self) -> Vec<bool> {
        self.status.iter().map(|status| status.is_alive()).collect()
    }
}

/// Which look it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// Periods that every channel has reported.
    pub periods: usize,
    /// Whether these are all of the month.
    pub month_over: bool,
    /// Whether all goals have arrived: the last look.
    pub closing: bool,
}

/// What a look found.
#[derive(Debug, Clone)]
pub struct Finding {
    /// What the statistics of the goal's kind read.
    pub reading: Reading,
    /// Per arm, the evidence on its cost per goal; empty without a limit.
    pub costs: Vec<Option<CostEvidence>>,
    /// Per arm, the verdict of this look.
    pub verdicts: Vec<ArmVerdict>,
    /// What the data looked like; one that fails and stops kept this look from deciding anything.
    pub checks: Vec<Check>,
    /// Where the experiment stands now.
    pub standing: Standing,
}

/// The engine of one experiment.
#[derive(Debug, Clone)]
pub struct Engine {
    method: Method,
    rules: Rules,
    limits: Limits,
    cost_limit_minor: Option<f64>,
    /// Whether every look is recorded, or only its decisions matter.
    recorded: bool,
}

impl Engine {
    /// An engine that works out everything, for looks that are recorded.
    ///
    /// # Errors
    /// When a setting lies outside what the statistics accept.
    pub fn new(plan: &Plan) -> Result<Self, Error> {
        Self::with_detail(plan, Detail::Full)
    }

    /// An engine that works out only what decisions need: for months that are played by the thousand.
    ///
    /// # Errors
    /// When a setting lies outside what the statistics accept.
    pub fn for_decisions(plan: &Plan) -> Result<Self, Error> {
        let decide = &plan.experiment.decide;
        let tie_within = decide.tie_within.as_f64();
        let wrongly_drop_best = decide.wrongly_drop_best.as_f64();
        Self::with_detail(plan, Detail::Decisions { tie_within, wrongly_drop_best })
    }

    /// An engine that works out e-values, chances and decisions, but no intervals: for months whose evidence is measured.
    ///
    /// # Errors
    /// When a setting lies outside what the statistics accept.
    pub fn for_evidence(plan: &Plan) -> Result<Self, Error> {
        Self::with_detail(plan, Detail::Evidence)
    }

    fn with_detail(plan: &Plan, detail: Detail) -> Result<Self, Error> {
        let decide = &plan.experiment.decide;
        let alpha = decide.wrongly_drop_best.as_f64();
        Ok(Self {
            method: Method::new(&Terms::of(plan, detail), plan.arms.len())
                .map_err(|source| statistics(plan, source))?,
            rules: Rules {
                wrongly_drop_best: alpha,
                wrongly_drop_profitable: decide.wrongly_drop_profitable.as_f64(),
                tie_within: decide.tie_within.as_f64(),
                winner_p_best: decide.winner_chance.as_f64(),
                winner_expected_loss: decide.winner_loss.as_f64(),
                protected: None,
            },
            limits: Limits {
                floor: plan.experiment.allocate.floor.as_f64(),
                max_step: plan.experiment.allocate.max_step.as_f64(),
                caps: Vec::new(),
            },
            cost_limit_minor: decide.max_cost_per_goal.map(|money| signed(money.minor())),
            recorded: detail == Detail::Full,
        })
    }

    /// Whether a look needs to know what earlier looks read: [`Book::note_reading`].
    #[must_use]
    pub fn needs_readings(&self) -> bool {
        self.method.needs_readings()
    }

    /// Takes a look.
    ///
    /// # Errors
    /// When the book holds a number that the statistics refuse.
    pub fn look(
        &mut self,
        plan: &Plan,
        book: &Book,
        moment: Moment,
        before: &Standing,
    ) -> Result<Finding, Error> {
        let refuse = |source| statistics(plan, source);
        let mut checks = quality::stopping(plan, book, moment, before).map_err(refuse)?;
        checks.push(quality::possible(plan, book, moment, |cell| self.method.unfit(cell)));
        if self.recorded {
            checks.extend(quality::warning(plan, book, moment).map_err(refuse)?);
        }
        let sound = !checks.iter().any(Check::stops);
        let reading =
            self.method.look(book, moment.periods, complete_periods(plan, moment)).map_err(refuse)?;
        let judgement = &reading.judgement;
        let costs = self.costs(plan, book, moment).map_err(refuse)?;
        let alive = before.alive();
        let spend: Vec<f64> = (0..plan.arms.len()).map(|arm| signed(book.total(arm).spend_minor)).collect();
        let paid = spend.iter().any(|&minor| minor > 0.0);
        let mut verdicts = decide(
            &Situation {
                judgement,
                costs: &costs,
                spend: if paid { &spend } else { &[] },
                alive: &alive,
                month_end: moment.month_over,
            },
            &self.rules,
        )
        .map_err(refuse)?;
        let ln_threshold = -self.rules.wrongly_drop_profitable.ln();
        for arm in (0..plan.arms.len()).filter(|&arm| alive[arm]) {
            let ln_e = guardrails::ln_e_breached(&plan.experiment.guardrails, book, arm, moment.periods)
                .map_err(refuse)?;
            if let Some(ln_e) = ln_e.filter(|ln_e| *ln_e >= ln_threshold) {
                verdicts[arm] = ArmVerdict {
                    arm,
                    verdict: Verdict::GuardrailBreached { ln_e },
                    guarantee: Some(Guarantee::Robust),
                    ln_threshold: Some(ln_threshold),
                };
            }
        }
        self.futile(plan, book, moment, before, judgement, &mut verdicts).map_err(refuse)?;
        let mut standing = Standing {
            looks: before.looks + 1,
            periods: moment.periods,
            closed: moment.closing,
            ..before.clone()
        };
        if sound {
            for verdict in &verdicts {
                standing.status[verdict.arm] = status(verdict.verdict, before.status[verdict.arm], moment);
            }
        }
        // Money does not follow figures that nothing may be decided from.
        if sound {
            standing.shares = self.shares(plan, judgement, &standing, before, moment).map_err(refuse)?;
        }
        Ok(Finding { reading, costs, verdicts, checks, standing })
    }

    /// Lets go of arms whose chance of still becoming the winner is too small, where the definition wants that.
    ///
    /// An arm that outlives others which were let go so is no proven winner: it must pass the thresholds at the month's end.
    fn futile(
        &self,
        plan: &Plan,
        book: &Book,
        moment: Moment,
        before: &Standing,
        judgement: &Judgement,
        verdicts: &mut [ArmVerdict],
    ) -> Result<(), StatsError> {
        // How much goals still to come can move a ratio is known of counts alone.
        let counted = plan.experiment.goal.kind == GoalKind::Count;
        let Some(least) = plan.experiment.decide.stop_for_futility.filter(|_| counted) else { return Ok(()) };
        let kept = |verdicts: &[ArmVerdict], arm: usize| {
            before.status[arm].is_alive() && !verdicts[arm].verdict.stops()
        };
        let left: Vec<usize> = (0..plan.arms.len()).filter(|&arm| kept(verdicts, arm)).collect();
        let p_best = |arm: &usize| judgement.arms[*arm].p_best;
        let Some(leader) = left.iter().copied().max_by(|x, y| p_best(x).total_cmp(&p_best(y))) else {
            return Ok(());
        };
        if !moment.month_over {
            for arm in left.into_iter().filter(|&arm| arm != leader && plan.arms[arm].joins < moment.periods)
            {
                let pair = judgement.pair(arm, leader);
                let ln_ratio = if pair.a == arm { pair.mean } else { -pair.mean };
                let to_come = goals_to_come(plan, book, moment, [arm, leader]);
                let (worth, least) = (self.rules.winner_p_best, least.as_f64());
                if let Some(verdict) = futility(ln_ratio, pair.sd, to_come, worth, least)? {
                    verdicts[arm] =
                        ArmVerdict { arm, verdict, guarantee: Some(Guarantee::Model), ln_threshold: None };
                }
            }
        }
        let let_go = |arm: usize| {
            before.status[arm] == ArmStatus::Futile || matches!(verdicts[arm].verdict, Verdict::Futile { .. })
        };
        let unproven = (0..plan.arms.len()).any(let_go);
        let evidence = &judgement.arms[leader];
        let passes = moment.month_over
            && evidence.p_best >= self.rules.winner_p_best
            && evidence.expected_loss <= self.rules.winner_expected_loss;
        if unproven && matches!(verdicts[leader].verdict, Verdict::Winner { last_standing: true, .. }) {
            let winner = Verdict::Winner { p_best: evidence.p_best, last_standing: false };
            verdicts[leader] = ArmVerdict {
                arm: leader,
                verdict: if passes { winner } else { Verdict::Keep },
                guarantee: passes.then_some(Guarantee::Model),
                ln_threshold: None,
            };
        }
        Ok(())
    }

    fn costs(
        &self,
        plan: &Plan,
        book: &Book,
        moment: Moment,
    ) -> Result<Vec<Option<CostEvidence>>, StatsError> {
        if self.cost_limit_minor.is_none() && plan.experiment.decide.min_return.is_none() {
            return Ok(Vec::new());
        }
        let seen_until_us = seen_until_us(plan, moment);
        if let Some(least) = plan.experiment.decide.min_return {
            return self.returns(plan, book, moment.periods, seen_until_us, least);
        }
        let Some(limit) = self.cost_limit_minor else { return Ok(Vec::new()) };
        // A weekday wave shows as swing between periods, which the mixture allows for; only a list has none.
        let prior = CostPrior::default();
        (0..plan.arms.len())
            .map(|arm| {
                let cells: Vec<CostCell> = (0..moment.periods)
                    .filter(|&period| {
                        let cell = book.cell(period, arm);
                        cell.exposure.is_some() && !cell.goals_missing
                    })
                    .map(|period| {
                        let cell = book.cell(period, arm);
                        let arrived = completeness(plan, plan.periods[period].end_us, seen_until_us);
                        CostCell {
                            spend: signed(cell.spend_minor.max(0)),
                            count: cell.goals,
                            complete_at_least: arrived,
                            complete_at_most: 1.0,
                        }
                    })
                    .collect();
                let counted: f64 = cells.iter().map(|cell| cell.spend * cell.complete_at_least).sum();
                if counted <= 0.0 {
                    return Ok(None);
                }
                #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
                let goals = cells.iter().map(|cell| cell.count).sum::<u64>() as f64;
                // Below the limit so far: every likelihood ratio towards dearer is under 1, and so is E.
                let ln_e_above_limit = if !self.recorded && counted <= limit * goals {
                    0.0
                } else {
                    ln_e_value(&cells, limit, &prior, Side::TooDear)?
                };
                Ok(Some(CostEvidence {
                    ln_e_above_limit,
                    // Nobody asks for proof that an arm is cheap enough; E = 1 claims nothing.
                    ln_e_below_limit: 0.0,
                    cost_per_goal: (goals > 0.0).then(|| counted / goals),
                    guarantee: Guarantee::Robust,
                }))
            })
            .collect()
    }

    /// Per arm, the evidence that its money brings back too little.
    fn returns(
        &self,
        plan: &Plan,
        book: &Book,
        periods: usize,
        seen_until_us: i64,
        least: f64,
    ) -> Result<Vec<Option<CostEvidence>>, StatsError> {
        let settings = value::Settings { prior_sd: plan.prior.sd, ..value::Settings::default() };
        (0..plan.arms.len())
            .map(|arm| {
                let known = (0..periods).filter(|&period| {
                    let cell = book.cell(period, arm);
                    cell.exposure.is_some() && !cell.goals_missing
                });
                // Days of which nothing need have arrived say nothing about a return; which they are no figure decides.
                let settled = known
                    .filter(|&period| completeness(plan, plan.periods[period].end_us, seen_until_us) > 0.0);
                let returned: Vec<Returned> = settled
                    .map(|period| {
                        let cell = book.cell(period, arm);
                        Returned {
                            spent: signed(cell.spend_minor.max(0)),
                            value: cell.value,
                            value_sq: cell.value_sq,
                            complete_at_least: completeness(plan, plan.periods[period].end_us, seen_until_us),
                        }
                    })
                    .collect();
                if returned.iter().all(|cell| cell.spent <= 0.0) {
                    return Ok(None);
                }
                Ok(Some(CostEvidence {
                    ln_e_above_limit: ln_e_below_return(&returned, least, &settings)?,
                    ln_e_below_limit: 0.0,
                    cost_per_goal: None,
                    guarantee: Guarantee::Asymptotic,
                }))
            })
            .collect()
    }

    fn shares(
        &self,
        plan: &Plan,
        judgement: &Judgement,
        standing: &Standing,
        before: &Standing,
        moment: Moment,
    ) -> Result<Vec<f64>, StatsError> {
        let next = moment.periods;
        let begun: Vec<bool> = plan.arms.iter().map(|arm| arm.joins <= next).collect();
        let alive: Vec<bool> =
            standing.status.iter().zip(&begun).map(|(s, begun)| s.is_alive() && *begun).collect();
        // An arm that joins later keeps the share it will begin with; the statistics split the rest.
        let waiting = |arm: usize| standing.status[arm].is_alive() && !begun[arm];
        if !alive.contains(&true) || moment.month_over {
            return Ok((0..alive.len())
                .map(|arm| if waiting(arm) { plan.arms[arm].share } else { 0.0 })
                .collect());
        }
        let previous: Vec<f64> = (0..alive.len())
            .map(|arm| if plan.arms[arm].joins < next.max(1) { before.shares[arm] } else { 0.0 })
            .collect();
        let p_best: Vec<f64> = judgement.arms.iter().map(|arm| arm.p_best).collect();
        let living = to_float(alive.iter().filter(|alive| **alive).count());
        let limits = Limits { floor: self.limits.floor.min(1.0 / living), ..self.limits.clone() };
        let request = Request {
            rule: match plan.rule {
                Rule::Even => allocate::Rule::Even,
                Rule::Balanced => allocate::Rule::Balanced,
                Rule::Earn => allocate::Rule::Earn,
            },
            p_best: &p_best,
            alive: &alive,
            previous: &previous,
            elapsed: to_float(next) / to_float(plan.periods.len().max(1)),
        };
        let mut shares = allocate::shares(&request, &limits)?;
        for (arm, share) in shares.iter_mut().enumerate() {
            if waiting(arm) {
                *share = plan.arms[arm].share;
            }
        }
        Ok(shares)
    }
}

/// What an arm is after a verdict. Gone is gone; a winner of an earlier look stays one unless it is dropped.
fn status(verdict: Verdict, before: ArmStatus, moment: Moment) -> ArmStatus {
    if !before.is_alive() {
        return before;
    }
    match verdict {
        Verdict::Drop { .. } => ArmStatus::Dropped,
        Verdict::Tie { .. } => ArmStatus::Tied,
        Verdict::Unprofitable { .. } => ArmStatus::Unprofitable,
        Verdict::GuardrailBreached { .. } => ArmStatus::GuardrailBreached,
        Verdict::Futile { .. } => ArmStatus::Futile,
        Verdict::Winner { .. } => ArmStatus::Winner,
        // At the closing look the thresholds are asked anew, now that late goals are in.
        _ if moment.closing => ArmStatus::Running,
        _ => before,
    }
}

/// Until when a look knows what happened.
fn seen_until_us(plan: &Plan, moment: Moment) -> i64 {
    if moment.closing {
        plan.close_at_us
    } else {
        moment.periods.checked_sub(1).map_or(plan.start_us(), |last| plan.periods[last].end_us)
    }
}

/// How many of a look's periods nothing more can come to, by what the definition states.
fn complete_periods(plan: &Plan, moment: Moment) -> usize {
    let before_us =
        seen_until_us(plan, moment).saturating_sub(plan.experiment.delay.complete_after.as_micros());
    plan.periods[..moment.periods].partition_point(|period| period.end_us <= before_us)
}

/// The most goals that two arms may still bring together, at their rate so far: later periods, and goals on their way.
fn goals_to_come(plan: &Plan, book: &Book, moment: Moment, arms: [usize; 2]) -> f64 {
    let Some(last) = moment.periods.checked_sub(1) else { return f64::MAX };
    let seen_until_us = plan.periods[last].end_us;
    let seen = plan.periods[..moment.periods].iter();
    let complete: f64 = seen.map(|period| completeness(plan, period.end_us, seen_until_us)).sum();
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
    let goals: f64 = arms.iter().map(|&arm| book.total(arm).goals as f64).sum();
    // One goal more than was seen: an arm without any may yet have its first.
    let all = (goals + 1.0) * to_float(plan.periods.len()) / complete.max(1e-9);
    (all - goals).max(0.0)
}

/// The least part of a cohort's goals that has certainly arrived, by what the definition states.
///
/// With a median the goals are taken to arrive exponentially, F(t) = 1 − 2^(−t/median); without one nothing is claimed
/// before `complete_after` has passed. Too low a figure weakens the evidence against an arm and never strengthens it.
fn completeness(plan: &Plan, cohort_end_us: i64, seen_until_us: i64) -> f64 {
    let delay = &plan.experiment.delay;
    let age = seen_until_us.saturating_sub(cohort_end_us).max(0);
    if age >= delay.complete_after.as_micros() {
        return 1.0;
    }
    match delay.median {
        Some(median) if median.is_zero() => 1.0,
        Some(median) => -f64::exp_m1(-std::f64::consts::LN_2 * signed(age) / signed(median.as_micros())),
        None => 0.0,
    }
}

fn statistics(plan: &Plan, source: StatsError) -> Error {
    Error::Statistics { experiment: plan.experiment.name.to_string(), source }
}

#[expect(clippy::cast_precision_loss, reason = "amounts and times are far below 2^53")]
fn signed(value: i64) -> f64 {
    value as f64
}

#[expect(clippy::cast_precision_loss, reason = "small numbers")]
fn to_float(value: usize) -> f64 {
    value as f64
}
