//! One step of one experiment: launch, recover, observe, judge, decide, allocate, move.
//!
//! A step may be repeated at any time: what is recorded already is not done again. It holds no state of its own; where
//! the experiment stands is read from the ledger at the start and after each phase. The clock is the caller's.

use gevinst_abi::wire::Capability;
use gevinst_ledger::evidence::Look;
use gevinst_ledger::fact::{Closed, Concluded, Launched, LaunchedArm, Looked};
use gevinst_ledger::moves::Decision;
use gevinst_ledger::{ArmProgress, AsOf, Fact, Filter, Kind, Ledger, RecordId};

use crate::Error;
use crate::allocate::{self, Pool};
use crate::engine::{Engine, Finding, Moment, Standing};
use crate::evidence;
use crate::moves::{self, Moved, Wanted};
use crate::observe::{self, Observed};
use crate::plan::Plan;
use crate::port::{PortError, Ports};
use crate::{book::Book, commanded, learn, quality};

/// What a launch records beside the plan.
#[derive(Debug, Clone)]
pub struct Papers {
    /// The definition file's text.
    pub definition_toml: String,
    /// The company file's text.
    pub company_toml: String,
    /// Version of the program.
    pub program: String,
    /// Seed of the stand-in market, when this is a rehearsal.
    pub rehearsal_seed: Option<u64>,
    /// Whether a person must approve moves.
    pub needs_approval: bool,
}

/// Where an experiment is in its life, as a step found it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Its month has not begun.
    NotYet,
    /// Its month runs.
    Running,
    /// Its month is over; late goals are awaited.
    Waiting,
    /// It was judged for the last time.
    Closed,
}

/// What a step did.
#[derive(Debug, Clone, PartialEq)]
pub struct Stepped {
    /// Where the experiment is.
    pub stage: Stage,
    /// Whether it was launched in this step.
    pub launched: bool,
    /// What it believed before its first result, in words; empty before it is launched.
    pub belief: String,
    /// What asking the channels brought.
    pub observed: Observed,
    /// Number of the look that was taken, if one was.
    pub look: Option<u32>,
    /// Verdicts of that look: arm and reason.
    pub concluded: Vec<Concluded>,
    /// What the moves came to.
    pub moved: Moved,
}

/// Does what is due for one experiment at `now_us`.
///
/// `engine` carries nothing but speed from step to step: a fresh one gives the same result.
///
/// # Errors
/// [`Error::MonthOver`] for a month that ended before it was launched, [`Error::DefinitionChanged`] for a definition that is not
/// the launched one, [`Error::Channel`] when a channel cannot be opened at launch, and the ledger's errors. What was
/// recorded before an error stays.
pub fn step(
    plan: &Plan,
    papers: &Papers,
    engine: &mut Engine,
    ledger: &mut Ledger,
    ports: &mut dyn Ports,
    now_us: i64,
) -> Result<Stepped, Error> {
    let name = plan.experiment.name.as_str();
    let mut stepped = Stepped {
        stage: stage(plan, now_us),
        launched: false,
        belief: String::new(),
        observed: Observed::default(),
        look: None,
        concluded: Vec::new(),
        moved: Moved::default(),
    };
    let progress = ledger.progress(name)?;
    if progress.closed().is_some() {
        stepped.stage = Stage::Closed;
        return Ok(stepped);
    }
    let launched = ledger.launched(name)?;
    let believing;
    let plan = match believed(plan, papers, stepped.stage, launched.as_ref(), ledger)? {
        Some(other) => {
            believing = other;
            *engine = Engine::new(&believing)?;
            &believing
        }
        None => plan,
    };
    if launched.is_some() || stepped.stage == Stage::Running {
        stepped.belief = plan.belief();
    }
    if progress.launched().is_none() {
        match stepped.stage {
            Stage::NotYet => return Ok(stepped),
            Stage::Running => {}
            Stage::Waiting | Stage::Closed => {
                return Err(Error::MonthOver {
                    experiment: name.to_owned(),
                    month: plan.experiment.month.to_string(),
                });
            }
        }
        launch(plan, papers, ledger, ports, now_us)?;
        stepped.launched = true;
    } else if launched.is_some_and(|launched| launched.definition_toml != papers.definition_toml) {
        return Err(Error::DefinitionChanged { experiment: name.to_owned() });
    }

    stepped.moved = moves::recover(plan, ledger, ports, now_us)?;
    // What a person approved since the last step goes out before anything new replaces it.
    let before = standing(plan, ledger)?;
    let left = pool(plan, ledger, &before, now_us)?.left();
    stepped.moved.add(moves::send(plan, ledger, ports, now_us, left)?);
    stepped.observed = observe::observe(plan, ledger, ports, now_us)?;

    let mut standing = before;
    let mut facts = Vec::new();
    let reported = observe::periods_reported(plan, ledger, AsOf::Now)?;
    let month_over = reported == plan.periods.len();
    let closing = month_over && now_us >= plan.close_at_us;
    if reported > standing.periods || (closing && !standing.closed) {
        let as_of = ledger.newest()?;
        let moment = Moment { periods: reported, month_over, closing };
        let newest = newest_look(plan, ledger)?;
        let (look, finding) =
            look(plan, engine, ledger, &standing, (as_of, newest.as_ref()), (moment, now_us))?;
        stepped.look = Some(look.look);
        stepped.concluded = evidence::conclusions(plan, &standing.status, &finding, look.look);
        facts.push(Fact::Looked(Looked { as_of, evidence: look }));
        facts.extend(stepped.concluded.iter().cloned().map(Fact::Concluded));
        standing = finding.standing;
    }

    let fresh = stepped.look.is_some() || stepped.launched;
    let pool = pool(plan, ledger, &standing, now_us)?;
    let mut wanted = allocate::wanted(plan, &standing, &pool, now_us);
    if !fresh {
        let overdue = overdue(plan, ledger, &wanted, now_us)?;
        wanted.retain(|want| overdue.contains(&want.arm));
    }
    // When the month is over everything rests, as the definition says that was approved: nobody is asked once more, and nothing
    // is spent or sent while an answer is awaited.
    let needs_approval = papers.needs_approval && stepped.stage == Stage::Running;
    let not_after_us = not_after(plan, needs_approval, now_us);
    // A look and what it moves are one transaction: killed in between, the day's shares would stay as they were.
    facts.extend(moves::intents(plan, ledger, &wanted, needs_approval, now_us, not_after_us)?);
    if !facts.is_empty() {
        ledger.append(now_us, Some(name), facts)?;
    }
    stepped.moved.add(moves::send(plan, ledger, ports, now_us, pool.left())?);

    if closing && ledger.progress(name)?.open_intents().next().is_none() {
        let closed = Closed {
            reason: "the month is over and its goals have arrived".to_owned(),
            summary: serde_json::Value::Null,
        };
        ledger.append(now_us, Some(name), vec![Fact::Closed(closed)])?;
        stepped.stage = Stage::Closed;
    }
    Ok(stepped)
}

fn stage(plan: &Plan, now_us: i64) -> Stage {
    if now_us < plan.start_us() {
        Stage::NotYet
    } else if now_us < plan.end_us() {
        Stage::Running
    } else {
        Stage::Waiting
    }
}

fn launch(
    plan: &Plan,
    papers: &Papers,
    ledger: &mut Ledger,
    ports: &mut dyn Ports,
    now_us: i64,
) -> Result<(), Error> {
    let name = plan.experiment.name.as_str();
    let mut plugins = Vec::new();
    for channel in plan.experiment.observed_channels() {
        let pin = ports.pin(name, channel.as_str()).map_err(|source| Error::Channel {
            experiment: name.to_owned(),
            channel: channel.to_string(),
            source,
        })?;
        can_serve(plan, ports, channel.as_str())?;
        plugins.push(pin);
    }
    let arms = plan.arms.iter().map(|arm| LaunchedArm {
        name: arm.name.clone(),
        code: arm.code,
        channel: arm.channel.clone(),
        control: arm.control,
    });
    let launched = Launched {
        definition_toml: papers.definition_toml.clone(),
        company_toml: papers.company_toml.clone(),
        schema: 1,
        month: plan.experiment.month.to_string(),
        program: papers.program.clone(),
        rehearsal_seed: papers.rehearsal_seed,
        arms: arms.collect(),
        plugins,
        sources: plan.experiment.goal.source.iter().map(ToString::to_string).collect(),
        prior: plan.learned.clone(),
    };
    ledger.append(now_us, Some(name), vec![Fact::Launched(launched)])?;
    Ok(())
}

/// Refuses a channel whose plugin cannot do what the experiment asks of it: all report, and those of arms take commands.
fn can_serve(plan: &Plan, ports: &mut dyn Ports, channel: &str) -> Result<(), Error> {
    let name = plan.experiment.name.as_str();
    let refuse = |source| Error::Channel { experiment: name.to_owned(), channel: channel.to_owned(), source };
    let description = ports.port(name, channel).map_err(refuse)?.description();
    let of_arms = plan.arms.iter().any(|arm| arm.channel == channel);
    let needed: &[Capability] = if of_arms {
        &[Capability::Apply, Capability::Query, Capability::Observe]
    } else {
        &[Capability::Observe]
    };
    if needed.iter().all(|needed| description.capabilities.contains(needed)) {
        return Ok(());
    }
    let what = if of_arms { "takes no commands, so no arm can run on it" } else { "reports nothing" };
    Err(refuse(PortError {
        message: format!("its plugin `{}` {what}", description.id),
        hint: Some("a channel that only reports can be the `source` of a `[goal]`".to_owned()),
    }))
}

/// The plan with the prior that its looks are taken with, where it is not the plan's own: what was fixed at launch, or what an experiment
/// that is launched now learns. A rehearsal is told by its caller.
fn believed(
    plan: &Plan,
    papers: &Papers,
    stage: Stage,
    launched: Option<&Launched>,
    ledger: &Ledger,
) -> Result<Option<Plan>, Error> {
    let learned = match launched {
        Some(launched) => launched.prior.clone(),
        None if papers.rehearsal_seed.is_some() || stage != Stage::Running => return Ok(None),
        None => learn::prior(plan, ledger)?,
    };
    if learned == plan.learned {
        return Ok(None);
    }
    let mut plan = plan.clone();
    plan.believe(learned)?;
    Ok(Some(plan))
}

/// Takes a recorded look again, from the ledger alone: it finds the same.
///
/// # Errors
/// Those of the ledger and of the engine.
pub fn look_again(plan: &Plan, ledger: &Ledger, looked: &Looked) -> Result<Look, Error> {
    let name = plan.experiment.name.as_str();
    let mut plan = plan.clone();
    plan.believe(ledger.launched(name)?.and_then(|launched| launched.prior))?;
    let filter = Filter::of(name).kinds(&[Kind::Looked]).until(looked.as_of).newest_first();
    let before = match ledger.facts(filter).next().transpose()?.map(|stored| stored.fact) {
        Some(Fact::Looked(before)) => Some(before),
        _ => None,
    };
    let taken = &looked.evidence;
    let periods = plan.periods_ended(taken.data_until_us);
    let month_over = periods == plan.periods.len();
    let moment = Moment { periods, month_over, closing: month_over && taken.at_us >= plan.close_at_us };
    let standing =
        before.as_ref().map_or_else(|| Standing::new(&plan), |before| stood(&plan, &before.evidence));
    let mut engine = Engine::new(&plan)?;
    look(&plan, &mut engine, ledger, &standing, (looked.as_of, before.as_ref()), (moment, taken.at_us))
        .map(|(look, _)| look)
}

/// Takes a look at what is known as of a record. `before` is the newest look.
fn look(
    plan: &Plan,
    engine: &mut Engine,
    ledger: &Ledger,
    standing: &Standing,
    (as_of, before): (RecordId, Option<&Looked>),
    (moment, now_us): (Moment, i64),
) -> Result<(Look, Finding), Error> {
    let mut book = book(plan, ledger, AsOf::Record(as_of))?;
    if engine.needs_readings() {
        book.inherit_readings(readings(plan, ledger, before.map_or(RecordId::START, |before| before.as_of))?);
    }
    let mut finding = engine.look(plan, &book, moment, standing)?;
    finding.checks.push(quality::fresh(plan, moment.periods, now_us));
    if let Some(before) = before {
        let was = observe::read_book(plan, ledger, AsOf::Record(before.as_of))?;
        finding.checks.push(quality::restated(plan, &was, &book, standing.periods));
    }
    Ok((evidence::look(plan, &book, moment, &finding, now_us), finding))
}

/// What the looks up to the one that knew `until` have read, each as of its own record.
fn readings(plan: &Plan, ledger: &Ledger, until: RecordId) -> Result<Book, Error> {
    let mut readings = Book::new(plan.periods.len(), plan.arms.len());
    for fact in ledger.facts(Filter::of(plan.experiment.name.as_str()).kinds(&[Kind::Looked])) {
        let Fact::Looked(looked) = fact?.fact else { continue };
        if looked.as_of > until {
            break;
        }
        let mut read = observe::read_book(plan, ledger, AsOf::Record(looked.as_of))?;
        read.inherit_readings(readings);
        read.note_reading(plan.periods_ended(looked.evidence.data_until_us));
        readings = read;
    }
    Ok(readings)
}

/// The figures that a look as of a moment in the ledger rests on.
///
/// # Errors
/// Those of the ledger.
pub fn book(plan: &Plan, ledger: &Ledger, as_of: AsOf) -> Result<Book, Error> {
    let mut book = observe::read_book(plan, ledger, as_of)?;
    commanded::add(plan, ledger, as_of, &mut book)?;
    Ok(book)
}

/// Where the experiment stands after its newest look, from the ledger alone.
///
/// # Errors
/// Those of the ledger.
pub fn standing(plan: &Plan, ledger: &Ledger) -> Result<Standing, Error> {
    Ok(newest_look(plan, ledger)?.map_or_else(|| Standing::new(plan), |looked| stood(plan, &looked.evidence)))
}

fn newest_look(plan: &Plan, ledger: &Ledger) -> Result<Option<Looked>, Error> {
    let filter = Filter::of(plan.experiment.name.as_str()).kinds(&[Kind::Looked]).newest_first();
    let newest = ledger.facts(filter).next().transpose()?;
    Ok(newest.and_then(|stored| match stored.fact {
        Fact::Looked(looked) => Some(looked),
        _ => None,
    }))
}

fn stood(plan: &Plan, evidence: &Look) -> Standing {
    Standing {
        looks: evidence.look,
        periods: plan.periods_ended(evidence.data_until_us),
        closed: evidence.at_us >= plan.close_at_us,
        status: evidence.arms.iter().map(|arm| arm.status).collect(),
        shares: evidence.arms.iter().map(|arm| arm.share).collect(),
    }
}

/// Arms that must be commanded although no look was taken: never commanded yet, running or resting against what is wanted,
/// with an intent that ran out or a command that the platform does not have. What a person declined since the newest look is left alone
/// until the month is over.
fn overdue(plan: &Plan, ledger: &Ledger, wanted: &[Wanted], now_us: i64) -> Result<Vec<usize>, Error> {
    let name = plan.experiment.name.as_str();
    let progress = ledger.progress(name)?;
    let since = progress.last_look().map_or(RecordId::START, |(_, record)| record);
    let mut declined = Vec::new();
    for fact in ledger.facts(Filter::of(name).kinds(&[Kind::Approval]).after(since)) {
        if let Fact::Approval(approval) = fact?.fact
            && approval.decision == Decision::Declined
            && now_us < plan.end_us()
        {
            declined.extend(approval.intents.into_iter().map(|intent| intent.arm));
        }
    }
    let overdue = wanted.iter().filter(|want| {
        let arm = &plan.arms[want.arm].name;
        let Some(stands) = progress.arm(arm).filter(|_| !declined.contains(arm)) else { return false };
        let rests = stands.commanded.as_ref().is_none_or(|held| held.set.paused);
        match &stands.open {
            Some(open) => open.is_expired(now_us),
            // The newest command is not the one in force: the platform does not have it, and it is still wanted.
            None => {
                let in_force = stands.commanded.as_ref().map_or(0, |held| held.seq.get());
                rests != (want.daily == 0) || in_force + 1 != stands.next_seq.get()
            }
        }
    });
    Ok(overdue.map(|want| want.arm).collect())
}

/// What stands against today's pool: what was spent, and what arms of unknown state may be spending.
fn pool(plan: &Plan, ledger: &Ledger, standing: &Standing, now_us: i64) -> Result<Pool, Error> {
    let book = observe::read_book(plan, ledger, AsOf::Now)?;
    let reported = observe::periods_reported(plan, ledger, AsOf::Now)?;
    // What was spent the arms' own channels know, however late the goals are counted elsewhere.
    let paid = observe::periods_paid(plan, ledger, AsOf::Now)?;
    let progress = ledger.progress(plan.experiment.name.as_str())?;
    let worst_day: i64 = progress.arms().values().map(ArmProgress::worst_daily_minor).sum();
    let unreported = i64::try_from(plan.periods_ended(now_us).saturating_sub(paid)).unwrap_or(i64::MAX);
    let frozen = plan.arms.iter().map(|arm| {
        progress.arm(&arm.name).filter(|stands| stands.is_frozen()).map(ArmProgress::worst_daily_minor)
    });
    Ok(Pool {
        total: allocate::total_now(plan, &book, standing, reported),
        spent_at_worst: allocate::spent(plan, &book).saturating_add(worst_day.saturating_mul(unreported)),
        frozen: frozen.collect(),
    })
}

/// A command holds for the day it was made for; a proposal must outlast a night and a morning. No budget is set after the
/// month; resting then has a day's time.
fn not_after(plan: &Plan, needs_approval: bool, now_us: i64) -> i64 {
    const HOUR_US: i64 = 3_600_000_000;
    let Some(period) = plan.period_at(now_us) else { return now_us + 36 * HOUR_US };
    let day_end = plan.periods[period].end_us;
    if needs_approval { day_end.max(now_us + 36 * HOUR_US).min(plan.end_us()) } else { day_end }
}
