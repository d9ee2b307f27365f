//! The sender: enrols the day's batches and sends what is due, in as many turns as it takes.
//!
//! One sender at a time: it holds a lock in the state folder, so the runner's steps and the server program share the work. Being
//! killed at any moment costs at most one message, which then counts as sent and is never tried again. People who are enrolled
//! get all of an arm's messages; dropping an arm enrols nobody more.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fs::{File, TryLockError};

use jiff::Timestamp;
use jiff::civil::Weekday;

use crate::account::Account;
use crate::carrier::{Carrier, Delivery, Refusal};
use crate::config::{Goal, WhenPaused};
use crate::draw::{self, Candidate};
use crate::error::Error;
use crate::store::{Arm, Drawn, Due, Intent, Settled, StepText};
use crate::template::{Condition, Renderer};
use crate::token::{MessageId, Whose};

const MINUTE_US: i64 = 60_000_000;
pub(crate) const HOUR_US: i64 = 3_600_000_000;
/// How long to wait before each further try of a message that was certainly not taken.
const AGAIN_US: [i64; 4] = [5 * MINUTE_US, 30 * MINUTE_US, 2 * HOUR_US, 8 * HOUR_US];
/// How long after the runner asked for figures its commands are awaited.
const DECIDING_US: i64 = MINUTE_US;
/// Refusals in a row after which the mail server, not the list, is taken to be at fault.
const REFUSALS_MAX: u32 = 20;

/// What one turn came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Turn {
    /// Another sender is at work: nothing was done.
    pub is_taken: bool,
    /// People enrolled.
    pub enrolled: usize,
    /// Messages that the mail server took.
    pub sent: usize,
    /// Messages of which nobody knows whether they were sent; they count as sent.
    pub unknown: usize,
    /// Messages to be tried again.
    pub deferred: usize,
    /// Messages that were refused for good.
    pub refused: usize,
    /// Messages that were due to people who must not be written to, or are on the list no more.
    pub withheld: usize,
}

/// Steps and renderers of the arms in use.
#[derive(Debug, Default)]
pub(crate) struct Templates(HashMap<i64, Vec<(StepText, Renderer)>>);

impl Templates {
    pub(crate) fn of(
        &mut self,
        account: &Account,
        arm: i64,
        name: &str,
    ) -> Result<&[(StepText, Renderer)], Error> {
        Ok(match self.0.entry(arm) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => {
                let mut steps = Vec::new();
                for (number, step) in (1_u32..).zip(account.store.steps(arm)?) {
                    let renderer = Renderer::new(&step).map_err(|problem| Error::Template {
                        arm: name.to_owned(),
                        step: number,
                        problem,
                    })?;
                    steps.push((step, renderer));
                }
                place.insert(steps)
            }
        })
    }

    /// When the step after `step` is due.
    pub(crate) fn next_due(&self, arm: i64, step: u32, now_us: i64) -> Option<i64> {
        let (next, _) = self.0.get(&arm)?.get(step as usize)?;
        Some(now_us.saturating_add(next.wait_us))
    }
}

impl Account {
    /// One turn: enrols today's batches and sends what is due, until `go_on` says no, the pace is reached, or nothing is left.
    ///
    /// # Errors
    /// [`Error::Server`] when nothing can be sent; what was done until then stands.
    pub fn turn(&mut self, clock: &dyn Fn() -> i64, go_on: &dyn Fn() -> bool) -> Result<Turn, Error> {
        let mut turn = Turn::default();
        let Some(_lock) = self.lock()? else {
            return Ok(Turn { is_taken: true, ..turn });
        };
        self.settle_left_behind(clock(), &mut turn)?;
        if !self.is_in_window(clock())? {
            return Ok(turn);
        }
        for experiment in self.store.experiments()? {
            turn.enrolled += self.enrol(&experiment, clock())?;
        }
        // Taken out while they work, so that they and the rest of the account can be used together.
        let (mut carrier, platform) = (self.carrier.take(), self.platform.take());
        let mut templates = core::mem::take(&mut self.templates);
        let done = match (carrier.as_deref_mut(), &platform) {
            (Some(carrier), _) => self.send(carrier, &mut templates, clock, go_on, &mut turn),
            (None, Some(platform)) => {
                self.send_by_platform(platform, &mut templates, clock, go_on, &mut turn)
            }
            (None, None) => Ok(()),
        };
        (self.carrier, self.platform, self.templates) = (carrier, platform, templates);
        done.map(|()| turn)
    }

    fn lock(&self) -> Result<Option<File>, Error> {
        let path = self.config.state.join("sender.lock");
        let file = File::options().create(true).truncate(false).write(true).open(&path);
        let file = file.map_err(|error| Error::file("/state", &path, error))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(Error::file("/state", &path, error)),
        }
    }

    /// What a dead sender left behind becomes unknown.
    fn settle_left_behind(&mut self, now_us: i64, turn: &mut Turn) -> Result<(), Error> {
        for (enrolment, step, arm) in self.store.left_behind()? {
            let mut templates = core::mem::take(&mut self.templates);
            let known = templates.of(self, arm, "left behind").map(drop);
            let next_due_us = templates.next_due(arm, step, now_us);
            self.templates = templates;
            known?;
            self.store.give_up((enrolment, step), next_due_us, now_us)?;
            turn.unknown += 1;
        }
        Ok(())
    }

    /// Whether messages may leave at this time of the day and week.
    fn is_in_window(&self, now_us: i64) -> Result<bool, Error> {
        let local = self.local(now_us)?;
        let (from, until) = self.config.pace.window()?;
        let at_weekend = matches!(local.weekday(), Weekday::Saturday | Weekday::Sunday);
        let in_time = local.time() >= from && until.is_none_or(|until| local.time() < until);
        Ok(in_time && !(self.config.pace.weekdays_only && at_weekend))
    }

    fn local(&self, now_us: i64) -> Result<jiff::Zoned, Error> {
        let now =
            Timestamp::from_microsecond(now_us).map_err(|_| Error::request("/now", "a time that is none"))?;
        Ok(now.to_zoned(self.config.zone()?))
    }

    /// Midnight of the local day, in µs UTC.
    pub(crate) fn day_start_us(&self, now_us: i64) -> Result<i64, Error> {
        let midnight = self
            .local(now_us)?
            .start_of_day()
            .map_err(|_| Error::request("/now", "a day without a beginning"))?;
        Ok(midnight.timestamp().as_microsecond())
    }

    /// Whether an arm's batch of today may be drawn: after today's decision. The runner asks for figures, decides, and commands
    /// what changes; an arm that it leaves alone for a while stays as it is. Without this a batch would be drawn at midnight, and
    /// every decision would come a day late.
    fn is_decided(&self, arm: &Arm, looked_us: Option<i64>, today_us: i64, now_us: i64) -> bool {
        let left_alone =
            looked_us.is_some_and(|at_us| at_us >= today_us && now_us >= at_us.saturating_add(DECIDING_US));
        !arm.paused && (arm.commanded_us >= today_us || left_alone)
    }

    /// Enrols what the arms' budgets for today leave, at random among those who may be.
    fn enrol(&mut self, experiment: &str, now_us: i64) -> Result<usize, Error> {
        let cohort_us = self.day_start_us(now_us)?;
        let looked_us = self.store.looked_us(experiment)?;
        let mut arms = self.store.arms(experiment)?;
        arms.retain(|arm| self.is_decided(arm, looked_us, cohort_us, now_us));
        let mut needs = Vec::with_capacity(arms.len());
        for arm in &arms {
            let there = self.store.enrolled_on(arm.id, cohort_us)?;
            needs.push(self.people_a_day(arm).saturating_sub(there));
        }
        if needs.iter().all(|need| *need == 0) {
            return Ok(0);
        }
        let taken = self.store.taken(experiment)?;
        let pool = self
            .list
            .people()
            .filter(|(person, _)| !taken.contains(person))
            .filter(|(person, _)| self.keys.hold_out_point(*person) >= self.config.hold_out)
            .map(|(person, recipient)| Candidate {
                person,
                lot: self.keys.lot(experiment, person),
                stratum: &recipient.stratum,
            })
            .collect();
        let dealt = draw::deal(pool, &needs);
        let known = |person| self.list.get(person).map_or(&[][..], |recipient| &recipient.history);
        let metrics = self.config.history.keys().map(String::as_str);
        let batch: Vec<Drawn<'_>> = dealt
            .into_iter()
            .map(|(arm, person)| Drawn {
                arm: &arms[arm],
                person,
                history: metrics.clone().zip(known(person).iter().copied()).collect(),
            })
            .collect();
        self.store.enrol(experiment, &batch, cohort_us, now_us)
    }

    fn send(
        &mut self,
        carrier: &mut dyn Carrier,
        templates: &mut Templates,
        clock: &dyn Fn() -> i64,
        go_on: &dyn Fn() -> bool,
        turn: &mut Turn,
    ) -> Result<(), Error> {
        let mut refusals_in_a_row = 0;
        while go_on() {
            let now_us = clock();
            if !self.is_in_window(now_us)? || self.is_at_pace(now_us)? {
                break;
            }
            let Some(due) = self.store.next_due(now_us, self.config.when_paused == WhenPaused::Finish)?
            else {
                break;
            };
            templates.of(self, due.arm, &due.arm_name)?;
            let next_due_us = templates.next_due(due.arm, due.step, now_us);
            let Some((step, renderer)) =
                templates.of(self, due.arm, &due.arm_name)?.get(due.step as usize - 1)
            else {
                self.store.finish(due.enrolment)?;
                continue;
            };
            if !self.holds(step.only_if, due.enrolment)? {
                // What follows waits from when this one would have been sent.
                let next = templates.next_due(due.arm, due.step, due.due_us);
                self.store.skip(&due, next)?;
                continue;
            }
            let Some(recipient) = self.list.get(due.person) else {
                self.store.finish(due.enrolment)?;
                turn.withheld += 1;
                continue;
            };
            let id = MessageId { enrolment: due.enrolment, step: due.step };
            let whose = Whose { experiment: &due.experiment, person: due.person };
            let urls = self.letterhead.urls(&self.keys, id, whose, &step.links);
            let failed = |problem| Error::Template { arm: due.arm_name.clone(), step: due.step, problem };
            let words = renderer
                .render(&self.list.columns, &recipient.values, urls.links.clone(), &urls.unsubscribe)
                .map_err(failed)?;
            let message = self
                .letterhead
                .message(&self.keys, (id, whose), &recipient.address, words, &urls, now_us)
                .map_err(failed)?;
            let from = self.letterhead.return_path(&self.keys, id, whose)?;
            let told = match carrier.offer(&from, &recipient.address) {
                // The message was not even tried.
                Err(Refusal::Broken(told)) => return Err(Error::Server(told)),
                Err(refusal) => Delivery::Refused(refusal),
                Ok(()) => match self.store.intend(&due, now_us) {
                    Ok(Intent::Recorded) => {
                        carrier.deliver(&format!("{}-{}", due.enrolment, due.step), &message)
                    }
                    Ok(Intent::Suppressed) => {
                        carrier.withdraw();
                        turn.withheld += 1;
                        continue;
                    }
                    Ok(Intent::Taken) => {
                        carrier.withdraw();
                        self.store.skip(&due, next_due_us)?;
                        continue;
                    }
                    Err(error) => {
                        carrier.withdraw();
                        return Err(error);
                    }
                },
            };
            let settled = self.settled(&due, &told, now_us)?;
            self.store.settle(&due, settled, next_due_us, now_us)?;
            match settled {
                Settled::Sent => turn.sent += 1,
                Settled::Unknown => turn.unknown += 1,
                Settled::Deferred { .. } => turn.deferred += 1,
                Settled::Refused { .. } => turn.refused += 1,
            }
            match told {
                Delivery::Refused(Refusal::Broken(told)) => return Err(Error::Server(told)),
                Delivery::Refused(Refusal::Later(told) | Refusal::Never { told, .. }) => {
                    refusals_in_a_row += 1;
                    if refusals_in_a_row == REFUSALS_MAX {
                        let problem =
                            format!("{REFUSALS_MAX} messages in a row were refused, the last one: {told}");
                        return Err(Error::Server(problem));
                    }
                }
                Delivery::Accepted | Delivery::Unknown(_) => refusals_in_a_row = 0,
            }
        }
        Ok(())
    }

    fn is_at_pace(&self, now_us: i64) -> Result<bool, Error> {
        let pace = &self.config.pace;
        Ok(self.store.left_since(now_us - MINUTE_US)? >= pace.per_minute.into()
            || self.store.left_since(now_us - HOUR_US)? >= pace.per_hour.into())
    }

    pub(crate) fn holds(&self, condition: Option<Condition>, enrolment: i64) -> Result<bool, Error> {
        Ok(match condition {
            None => true,
            Some(Condition::Clicked) => self.store.has_clicked(enrolment, "")?,
            Some(Condition::NotClicked) => !self.store.has_clicked(enrolment, "")?,
            Some(Condition::ReachedGoal) => self.has_reached_goal(enrolment)?,
            Some(Condition::NotReachedGoal) => !self.has_reached_goal(enrolment)?,
        })
    }

    fn has_reached_goal(&self, enrolment: i64) -> Result<bool, Error> {
        for goal in self.config.goals.values() {
            if let Goal::Click { containing } = goal
                && self.store.has_clicked(enrolment, containing.as_deref().unwrap_or(""))?
            {
                return Ok(true);
            }
        }
        self.store.has_reached_goal(enrolment)
    }

    /// What a delivery means for the message.
    fn settled(&self, due: &Due, delivery: &Delivery, now_us: i64) -> Result<Settled, Error> {
        Ok(match delivery {
            Delivery::Accepted => Settled::Sent,
            Delivery::Unknown(_) => Settled::Unknown,
            Delivery::Refused(Refusal::Never { hard, .. }) => Settled::Refused { hard: *hard },
            // The server's fault: as soon as it works again, and without an end.
            Delivery::Refused(Refusal::Broken(_)) => Settled::Deferred { again_us: due.due_us },
            Delivery::Refused(Refusal::Later(_)) => {
                let tried = self.store.attempts(due)? as usize;
                match AGAIN_US.get(tried) {
                    Some(wait) => Settled::Deferred { again_us: now_us + wait },
                    None => Settled::Refused { hard: false },
                }
            }
        })
    }
}

impl Account {
    /// How many people an arm's budget is for a day.
    fn people_a_day(&self, arm: &Arm) -> usize {
        let people = match self.config.price {
            Some(price) if arm.currency != NO_CURRENCY => arm.minor / i64::from(price),
            _ => arm.minor,
        };
        usize::try_from(people).unwrap_or(0)
    }
}

/// ISO 4217's code for "no currency": budgets that count people.
pub(crate) const NO_CURRENCY: &str = "XXX";
