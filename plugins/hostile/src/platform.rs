//! The stand-in platform: what was commanded when, in a file or in memory.
//!
//! A line of JSON per command, written before the command is answered: it survives the process, and a stand-in
//! need not survive a power failure.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use gevinst_sdk::Error;
use gevinst_sdk::wire::ArmState;
use serde::{Deserialize, Serialize};

use crate::fault::Fault;

/// One hour in µs.
pub(crate) const HOUR_US: i64 = 3_600_000_000;
/// A day in µs.
pub(crate) const DAY_US: i64 = 24 * HOUR_US;

static REFUSED: AtomicBool = AtomicBool::new(false);
static OPENED: AtomicBool = AtomicBool::new(false);
/// What accounts share that should share nothing.
static SHARED: Mutex<Arms> = Mutex::new(Arms::new());

/// Every arm's states, each with the moment from which it holds.
type Arms = BTreeMap<(String, String), Vec<(i64, ArmState)>>;

/// Remembers for the whole process that an open was refused.
pub(crate) fn note_refusal() {
    REFUSED.store(true, Ordering::Relaxed);
}

/// Whether an open was refused in this process.
pub(crate) fn was_refused() -> bool {
    REFUSED.load(Ordering::Relaxed)
}

/// Whether this was asked before in this process.
pub(crate) fn opened_before() -> bool {
    OPENED.swap(true, Ordering::Relaxed)
}

#[derive(Serialize, Deserialize)]
struct Entry {
    experiment: String,
    arm: String,
    at_us: i64,
    state: ArmState,
}

/// Every arm's commands in order.
pub(crate) struct Platform {
    arms: Arms,
    shares: bool,
    file: Option<File>,
    /// Held while the channel is open.
    _lock: Option<File>,
}

impl Platform {
    /// Reads what is there; `exclusive` keeps every other process out, `shares` mixes accounts up.
    pub(crate) fn open(path: Option<String>, exclusive: bool, shares: bool) -> Result<Self, Error> {
        let failed = |error: std::io::Error| Error::internal(format!("the state file: {error}"));
        let arms = if shares { shared().clone() } else { Arms::new() };
        let mut platform = Self { arms, shares, file: None, _lock: None };
        let Some(path) = path else { return Ok(platform) };
        let file = OpenOptions::new().create(true).append(true).read(true).open(path).map_err(failed)?;
        if exclusive {
            let lock = file.try_clone().map_err(failed)?;
            lock.try_lock().map_err(|_| Error::unavailable("another process uses the account"))?;
            platform._lock = Some(lock);
        }
        for line in BufReader::new(&file).lines() {
            let entry: Entry = serde_json::from_str(&line.map_err(failed)?)
                .map_err(|error| Error::internal(format!("the state file: {error}")))?;
            platform.arms.entry((entry.experiment, entry.arm)).or_default().push((entry.at_us, entry.state));
        }
        platform.file = Some(file);
        Ok(platform)
    }

    /// The arm's last state.
    pub(crate) fn last(&self, experiment: &str, arm: &str) -> Option<ArmState> {
        let past = self.arms.get(&(experiment.to_owned(), arm.to_owned()))?;
        past.last().map(|(_, state)| state.clone())
    }

    /// Adds a state, on disk first.
    pub(crate) fn put(
        &mut self,
        experiment: &str,
        arm: &str,
        at_us: i64,
        state: &ArmState,
        fault: Option<Fault>,
    ) -> Result<(), Error> {
        let (experiment, arm) = (experiment.to_owned(), arm.to_owned());
        let entry = Entry { experiment, arm, at_us, state: state.clone() };
        if let Some(file) = self.file.as_mut().filter(|_| fault != Some(Fault::Forgets)) {
            let mut line =
                serde_json::to_vec(&entry).map_err(|error| Error::not_applied(error.to_string()))?;
            line.push(b'\n');
            file.write_all(&line)
                .map_err(|error| Error::unknown_outcome(format!("the state file: {error}")))?;
        }
        self.arms.entry((entry.experiment, entry.arm)).or_default().push((at_us, entry.state));
        if self.shares {
            shared().clone_from(&self.arms);
        }
        Ok(())
    }

    /// What the arm spends in a period: a 24th of the budget for every hour at whose beginning it was in force. Nothing
    /// is known of a period that was over when the arm was launched.
    pub(crate) fn spend_in(&self, experiment: &str, arm: &str, start_us: i64, end_us: i64) -> Option<i64> {
        let past = self.arms.get(&(experiment.to_owned(), arm.to_owned()))?;
        past.first().filter(|(at_us, _)| *at_us < end_us)?;
        let in_force = |hour: i64| past.iter().rev().find(|(at_us, _)| *at_us <= hour);
        let hours = (0..).map(|hour| start_us + hour * HOUR_US).take_while(|hour| *hour < end_us);
        let running = hours.filter_map(in_force).filter(|(_, state)| !state.paused);
        Some(running.map(|(_, state)| state.daily_budget.minor / 24).sum())
    }
}

fn shared() -> std::sync::MutexGuard<'static, Arms> {
    SHARED.lock().unwrap_or_else(PoisonError::into_inner)
}
