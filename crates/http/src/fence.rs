//! Commands carried out once on platforms that know neither idempotency keys nor sequence numbers.
//!
//! For each arm a note is kept on disk: the platform's id, the last number that is certainly in force, and the command
//! that is under way. The order is: lock, note that it is under way, write once, read back, note that it is in force. So
//! after a crash or a lost answer the note says what may have been sent, and a *read* of the platform decides: if it
//! stands as that command wanted, the command is in force; otherwise the number before it is. Nothing is ever written
//! again to find out.
//!
//! What cannot be known: a write that is still on its way when the platform is read. Budgets are absolute, so such a
//! late one can only bring a state that was once wanted, and the next query sees it.
//!
//! The notes belong to this machine. Where they are lost, an arm that is found by its name has no number until the next
//! command.

use gevinst_sdk::wire::{ArmState, Command, Money, Query, Receipt, State};
use gevinst_sdk::{Code, Error, Host, Level};
use serde::{Deserialize, Serialize};

use crate::Folder;
use crate::folder::Lock;

/// The version of a note's format.
const FORMAT: u32 = 1;

/// How an arm stands on the platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The platform's id of the object that owns the budget.
    pub id: String,
    /// Budget a day, in minor units of the account's currency.
    pub budget_minor: i64,
    /// Whether it rests.
    pub paused: bool,
}

/// What a platform must do for its arms to be fenced.
pub trait Arms {
    /// The account's currency, an ISO 4217 code.
    fn currency(&self) -> &str;

    /// Reads how an arm stands, by the id when it is known and by its deterministic name otherwise; `None` when the platform
    /// does not have it, or not yet in a form that could spend anything.
    ///
    /// # Errors
    /// Those of a read.
    fn read(&mut self, experiment: &str, arm: &str, id: Option<&str>) -> Result<Option<Standing>, Error>;

    /// Refuses what the platform would not take, before anything is sent.
    ///
    /// # Errors
    /// [`Code::BadRequest`] with a pointer into the command.
    fn accept(&mut self, command: &Command) -> Result<(), Error>;

    /// Brings the arm to what the command sets: creates it when `standing` is `None`. Each request that changes something
    /// is sent at most once.
    ///
    /// # Errors
    /// [`Code::UnknownOutcome`] unless it is certain that budget and pause are as they were.
    fn write(&mut self, command: &Command, standing: Option<&Standing>) -> Result<(), Error>;
}

/// The notes of one account.
#[derive(Clone, Debug)]
pub struct Fence {
    folder: Folder,
    host: Host,
}

/// What is known of an arm.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Note {
    format: u32,
    experiment: String,
    arm: String,
    /// The platform's id.
    id: Option<String>,
    /// The last number that is in force.
    last_seq: Option<u64>,
    /// When the first command from here was in force, in µs UTC.
    #[serde(default)]
    since_us: Option<i64>,
    /// What may have been sent.
    under_way: Option<UnderWay>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct UnderWay {
    seq: u64,
    budget_minor: i64,
    paused: bool,
}

impl UnderWay {
    /// Whether the arm stands as the command wanted. The budget of an arm that rests with none is the platform's matter: few
    /// can be told zero.
    fn stands(self, standing: &Standing) -> bool {
        let budget = self.budget_minor == standing.budget_minor || (self.paused && self.budget_minor == 0);
        self.paused == standing.paused && budget
    }
}

impl Fence {
    /// Notes in a folder that is this account's alone.
    pub fn new(folder: Folder, host: Host) -> Self {
        Self { folder, host }
    }

    /// Carries out a command: the whole of [`gevinst_sdk::Channel::apply`].
    ///
    /// # Errors
    /// Definite ones when it is certain that the platform did not act, otherwise [`Code::UnknownOutcome`].
    pub fn apply(&self, arms: &mut impl Arms, command: &Command) -> Result<Receipt, Error> {
        check(arms.currency(), command)?;
        arms.accept(command)?;
        let (_lock, mut note) = self.take(&command.experiment, &command.arm)?;
        let before = self.settle(&mut note, arms).map_err(certain)?;
        if note.last_seq.is_some_and(|last| command.seq <= last) {
            let standing = before.ok_or_else(|| gone(command))?;
            return Ok(self.receipt(arms, command, &note, &standing, false));
        }
        if note.under_way.is_some_and(|sent| sent.seq == command.seq) {
            let message = format!(
                "`{}` was sent before and the platform does not stand so; it is not sent again",
                command.key
            );
            return Err(Error::unknown_outcome(message));
        }
        if self.host.now_us() > command.not_after_us {
            return Err(Error::not_applied(format!("`{}` came too late", command.key)));
        }
        if self.host.is_cancelled() {
            return Err(Error::not_applied("cancelled before anything was sent"));
        }
        let budget_minor = command.set.daily_budget.minor;
        let sent = UnderWay { seq: command.seq, budget_minor, paused: command.set.paused };
        let replaced = note.under_way.replace(sent);
        self.put(&note)?;
        let written = arms.write(command, before.as_ref());
        if let Err(error) = &written
            && error.code != Code::UnknownOutcome
        {
            // Certainly not in force. What was under way before is still all that may be.
            note.under_way = replaced;
            self.put(&note).map_err(|error| Error::unknown_outcome(error.message))?;
            return Err(certain(error.clone()));
        }
        // Read back, and after a lost answer read instead of sending again.
        let unread = |error: Error| {
            let lost = written.as_ref().err().map(|lost| format!("{}; ", lost.message)).unwrap_or_default();
            Error::unknown_outcome(format!("{lost}it could not be read back: {}", error.message))
        };
        let standing = arms
            .read(&command.experiment, &command.arm, note.id.as_deref())
            .map_err(unread)?
            .filter(|standing| sent.stands(standing));
        let Some(standing) = standing else {
            let message = match written {
                Err(lost) => lost.message,
                Ok(()) => format!("the platform took `{}` and does not stand so", command.key),
            };
            return Err(Error::unknown_outcome(message));
        };
        note.id = Some(standing.id.clone());
        note.last_seq = Some(command.seq);
        note.under_way = None;
        note.since_us.get_or_insert(self.host.now_us());
        self.put(&note).map_err(|error| Error::unknown_outcome(error.message))?;
        Ok(self.receipt(arms, command, &note, &standing, true))
    }

    /// How an arm stands: the whole of [`gevinst_sdk::Channel::query`]. A command that was under way is settled by it.
    ///
    /// # Errors
    /// Those of a read.
    pub fn query(&self, arms: &mut impl Arms, query: &Query) -> Result<State, Error> {
        let (_lock, mut note) = self.take(&query.experiment, &query.arm)?;
        let Some(standing) = self.settle(&mut note, arms)? else { return Ok(State::absent()) };
        Ok(State {
            exists: true,
            daily_budget: Some(Money::new(standing.budget_minor, arms.currency())),
            paused: standing.paused,
            last_seq: note.last_seq,
        })
    }

    /// The platform's id of an arm that was commanded from here, and since when (µs UTC).
    ///
    /// # Errors
    /// Those of the folder.
    pub fn known(&self, experiment: &str, arm: &str) -> Result<(Option<String>, Option<i64>), Error> {
        let note = self.get(experiment, arm)?;
        Ok((note.id, note.since_us))
    }

    /// Reads the platform, and decides by it whether the command under way is in force.
    fn settle(&self, note: &mut Note, arms: &mut impl Arms) -> Result<Option<Standing>, Error> {
        let standing = arms.read(&note.experiment, &note.arm, note.id.as_deref())?;
        let mut changed = false;
        if let Some(standing) = &standing {
            if note.id.as_ref() != Some(&standing.id) {
                note.id = Some(standing.id.clone());
                changed = true;
            }
            if let Some(sent) = note.under_way.filter(|sent| sent.stands(standing)) {
                note.last_seq = Some(sent.seq);
                note.under_way = None;
                note.since_us.get_or_insert(self.host.now_us());
                changed = true;
                let key = format!("{}/{}/{}", note.experiment, note.arm, sent.seq);
                self.host.log(Level::Info, format!("`{key}` is in force: the platform stands as it wanted"));
            }
        }
        if changed {
            self.put(note)?;
        }
        Ok(standing)
    }

    fn receipt(
        &self,
        arms: &impl Arms,
        command: &Command,
        note: &Note,
        standing: &Standing,
        applied: bool,
    ) -> Receipt {
        let state = ArmState {
            daily_budget: Money::new(standing.budget_minor, arms.currency()),
            paused: standing.paused,
            last_seq: note.last_seq.unwrap_or(command.seq),
        };
        Receipt { key: command.key.clone(), seq: command.seq, applied, state }
    }

    fn take(&self, experiment: &str, arm: &str) -> Result<(Lock, Note), Error> {
        let lock = self.folder.lock(&name(experiment, arm), &self.host)?;
        Ok((lock, self.get(experiment, arm)?))
    }

    fn get(&self, experiment: &str, arm: &str) -> Result<Note, Error> {
        let name = name(experiment, arm);
        let Some(bytes) = self.folder.read(&name)? else {
            let (experiment, arm) = (experiment.to_owned(), arm.to_owned());
            return Ok(Note { format: FORMAT, experiment, arm, ..Note::default() });
        };
        let note: Note = serde_json::from_slice(&bytes)
            .map_err(|error| Error::internal(format!("the note on `{name}` is damaged: {error}")))?;
        if note.format != FORMAT {
            let told =
                format!("the note on `{name}` has format {}; this version knows {FORMAT}", note.format);
            return Err(Error::internal(told));
        }
        Ok(note)
    }

    fn put(&self, note: &Note) -> Result<(), Error> {
        let bytes = serde_json::to_vec(note).map_err(|error| Error::internal(error.to_string()))?;
        self.folder.write(&name(&note.experiment, &note.arm), &bytes)
    }
}

fn name(experiment: &str, arm: &str) -> String {
    format!("{experiment}/{arm}")
}

fn check(currency: &str, command: &Command) -> Result<(), Error> {
    let budget = &command.set.daily_budget;
    if budget.currency != currency {
        return Err(Error::bad_request(
            "/set/daily_budget/currency",
            format!("the account is in {currency}, the budget in {}", budget.currency),
        ));
    }
    if budget.minor < 0 {
        return Err(Error::bad_request("/set/daily_budget/minor", "a budget is not negative"));
    }
    Ok(())
}

/// An error when it is certain that nothing of the command is in force. "Unavailable" would leave that open.
fn certain(error: Error) -> Error {
    match error.code {
        Code::Unavailable | Code::Cancelled => Error::not_applied(error.message),
        _ => error,
    }
}

fn gone(command: &Command) -> Error {
    Error::not_applied(format!("`{}` was seen before, and the platform no longer has the arm", command.key))
}

#[cfg(test)]
#[path = "fence_tests.rs"]
mod tests;
