//! The faults, one thing each.

use std::io::Write;
use std::process::Command as Process;
use std::time::Duration;

use gevinst_sdk::wire::{Command, Grain, Money, ObserveRequest};
use gevinst_sdk::{Columns, Error, Host, Level, Row};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Config;
use crate::platform::HOUR_US;

/// What the channel does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// Accepts keys that it does not know.
    AcceptsUnknownKeys,
    /// Takes a number for a name.
    AcceptsWrongTypes,
    /// Refuses a wrong type without telling where.
    HidesTheField,
    /// Takes a list for a configuration.
    AcceptsAList,
    /// Opens no more in a process in which it refused a configuration.
    BreaksAfterRefusedOpen,
    /// Opens without the secret that it was told to use.
    OpensWithoutSecret,
    /// Opens once in a process.
    OpensOnce,
    /// Panics in `open`.
    PanicsInOpen,
    /// Knows in one account what was done in another.
    SharesMemory,
    /// Writes the secret into its log.
    LogsSecret,
    /// Puts the secret into a refusal.
    TellsSecretInErrors,
    /// Keeps other processes from opening the same account.
    LocksOthersOut,
    /// Starts a process that keeps the pipes open.
    Grandchild,
    /// Never returns from `check` and does not hear `cancel`.
    HangsInCheck,
    /// Waits for an hour in `check` but hears `cancel`.
    WaitsInCheck,
    /// Writes megabytes to standard output in `check`.
    ChattersInCheck,
    /// Logs the time twice in `check`; no fault, but good to know.
    TellsTime,
    /// Panics in `apply`.
    PanicsInApply,
    /// Exits with code 0 in `apply`.
    ExitsInApply,
    /// Aborts in `apply`.
    AbortsInApply,
    /// Never returns from `apply`.
    HangsInApply,
    /// Panics when an arm is paused.
    PanicsOnPause,
    /// Answers "unavailable" to every command.
    UnavailableInApply,
    /// Acts, tells nothing, and says so.
    ReceiptForAnother,
    /// Sets half the budget and tells the commanded one.
    EchoesCommands,
    /// Adds the new budget to the old.
    AddsBudgets,
    /// Rounds budgets to whole kroner although its smallest step is an øre.
    RoundsBudgets,
    /// Refuses a launch whose texts are not ASCII.
    ChokesOnUnicode,
    /// Refuses to be asked for an arm with a long name.
    ChokesOnLongNames,
    /// Carries out commands with numbers that it has seen.
    IgnoresSeq,
    /// Takes any currency for its own.
    TakesAnyCurrency,
    /// Takes negative budgets.
    TakesNegativeBudgets,
    /// Leaves arms running that should rest.
    NeverPauses,
    /// Has one budget for all arms.
    OneBudgetForAll,
    /// Refuses to tell that it does not know an arm.
    UnknownArmIsAnError,
    /// Loses its state with the process.
    Forgets,
    /// Panics in `observe`.
    PanicsInObserve,
    /// Exits with code 0 after the first rows were made.
    ExitsInObserve,
    /// Uses memory until there is no more.
    EatsMemory,
    /// Takes four seconds to `observe` a week and does not hear `cancel`.
    IgnoresCancel,
    /// Writes to standard output in `observe`.
    WritesToStdout,
    /// Reports an arm that nobody asked for.
    ForeignArm,
    /// Reports a row twice.
    DoubledRow,
    /// Reports a sum that is no number.
    NotANumber,
    /// Reports half minor units.
    HalfUnits,
    /// Reports hours that are not over.
    ReportsTheFuture,
    /// Reports periods that start a minute late.
    CrookedPeriods,
    /// Reports other numbers every time.
    ChangesItsMind,
    /// Moves its cursor past what it reported.
    SkipsWithCursor,
    /// Tells corrected rows only to those who ask without a cursor.
    ForgetsRestated,
    /// Cannot go on from a cursor in another process.
    CursorInMemory,
    /// Corrects rows for longer than it says.
    RestatesForEver,
    /// Claims to be fresh beyond now.
    FreshBeyondNow,
    /// Claims to be fresh beyond what it reported.
    FreshTooEarly,
    /// Reports hours to those who ask for days.
    IgnoresGrain,
    /// Reports up to now whatever end was asked for.
    IgnoresEnd,
    /// Refuses a request for no time at all.
    ChokesOnNothing,
    /// Refuses a request for many arms.
    ChokesOnMany,
    /// Numbers arms and metrics by their place instead of by the request's codes.
    NumbersByPlace,
    /// Reports zeroes for arms that it does not know.
    ZeroesForUnknownArms,
    /// Reports zeroes for metrics that it does not have.
    ZeroesForUnknownMetrics,
    /// Reports metrics that were not asked for.
    ForeignMetric,
    /// Reports every hour of the request for every arm and metric, from memory: as fast as it can.
    Floods,
}

/// Seven days in µs.
const WEEK_US: i64 = 7 * 24 * HOUR_US;

/// By how much a channel is behind with what it says that it reported, in µs.
const LATE_US: i64 = 6 * HOUR_US;

/// The keys of a good configuration, all of them texts.
const KEYS: [&str; 5] = ["currency", "timezone", "state_file", "secret", "fault"];

impl Fault {
    /// The names of all faults, as configurations write them.
    pub fn names() -> Vec<String> {
        // What is refused is answered with everything that is not.
        let refusal = Self::deserialize(Value::from("no fault")).err().map(|error| error.to_string());
        let quoted = refusal.as_deref().unwrap_or_default().split('`');
        quoted.skip(3).step_by(2).map(str::to_owned).collect()
    }

    /// The fault that a configuration names, also when it is inside a list.
    pub(crate) fn named_in(config: &Value) -> Option<Self> {
        let object = config.get(0).unwrap_or(config);
        Self::deserialize(object.get("fault")?).ok()
    }
}

/// Reads the configuration, strictly but for what the fault leaves open.
pub(crate) fn read_config(mut config: Value, fault: Option<Fault>) -> Result<Config, Error> {
    if let (Some(Fault::AcceptsAList), Value::Array(list)) = (fault, &mut config) {
        config = list.pop().unwrap_or_default();
    }
    let Value::Object(map) = &mut config else {
        return Err(Error::bad_config("", "expected an object"));
    };
    match fault {
        Some(Fault::AcceptsUnknownKeys) => map.retain(|key, _| KEYS.contains(&key.as_str())),
        Some(Fault::AcceptsWrongTypes) => {
            for value in map.values_mut().filter(|value| !value.is_string()) {
                *value = Value::from("anything");
            }
        }
        _ => {}
    }
    for (key, value) in map {
        if !KEYS.contains(&key.as_str()) {
            return Err(Error::bad_config(format!("/{key}"), format!("unknown key `{key}`")));
        }
        if !value.is_string() {
            let field = if fault == Some(Fault::HidesTheField) { String::new() } else { format!("/{key}") };
            return Err(Error::bad_config(field, "expected a text"));
        }
    }
    Config::deserialize(&config).map_err(|error| Error::bad_config("", error.to_string()))
}

/// What goes wrong before a command is looked at.
pub(crate) fn before_apply(fault: Option<Fault>, command: &Command) -> Result<(), Error> {
    match fault {
        Some(Fault::PanicsInApply) => panic!("a panic in apply"),
        Some(Fault::PanicsOnPause) if command.set.paused => panic!("a panic on pause"),
        Some(Fault::ExitsInApply) => std::process::exit(0),
        Some(Fault::AbortsInApply) => std::process::abort(),
        Some(Fault::HangsInApply) => hang(),
        Some(Fault::UnavailableInApply) => Err(Error::unavailable("the platform is being repaired")),
        Some(Fault::ChokesOnUnicode)
            if command.set.creative.as_ref().is_some_and(|creative| !creative.to_string().is_ascii()) =>
        {
            Err(Error::bad_request("/set/creative", "not in ASCII"))
        }
        _ => Ok(()),
    }
}

/// What goes wrong before anything is observed.
pub(crate) fn before_observe(
    fault: Option<Fault>,
    request: &ObserveRequest,
    host: &Host,
) -> Result<(), Error> {
    match fault {
        Some(Fault::PanicsInObserve) => panic!("a panic in observe"),
        Some(Fault::ExitsInObserve) => std::process::exit(0),
        Some(Fault::EatsMemory) => {
            let mut eaten: Vec<Vec<u8>> = Vec::new();
            loop {
                eaten.push(vec![1; 16 << 20]);
                host.log(Level::Debug, format!("{} MiB", eaten.len() * 16));
            }
        }
        Some(Fault::IgnoresCancel) if host.now_us() - request.from_us > WEEK_US => {
            std::thread::sleep(Duration::from_secs(4));
            Ok(())
        }
        Some(Fault::WritesToStdout) => say("observing\n"),
        Some(Fault::ChokesOnNothing) if request.from_us == request.to_us => {
            Err(Error::bad_request("/to_us", "expected a time after `from_us`"))
        }
        Some(Fault::ChokesOnMany) if request.arms.len() > 20 => {
            Err(Error::bad_request("/arms", "the platform takes 20 at once"))
        }
        _ => Ok(()),
    }
}

/// Makes the rows wrong; `calls` counts the observations of this channel.
pub(crate) fn spoil(fault: Option<Fault>, request: &ObserveRequest, rows: Columns, calls: u64) -> Columns {
    let first = rows.get(0);
    let each = |change: &dyn Fn(Row) -> Row| rows.iter().map(change).collect();
    let and = |more: Option<Row>| rows.iter().chain(more).collect();
    let is_spend =
        |row: &Row| request.metrics.iter().any(|metric| metric.code == row.metric && metric.name == "spend");
    match fault {
        Some(Fault::ForeignArm) => and(first.map(|row| Row { arm: 4_000_000, ..row })),
        Some(Fault::ForeignMetric) => and(first.map(|row| Row { metric: 4_000_000, ..row })),
        Some(Fault::DoubledRow) => and(first),
        Some(Fault::NotANumber) => each(&|row| Row { sum: f64::NAN, ..row }),
        Some(Fault::HalfUnits) => {
            each(&|row| if is_spend(&row) { Row { sum: row.sum + 0.5, ..row } } else { row })
        }
        Some(Fault::CrookedPeriods) => {
            each(&|row| Row { period_start_us: row.period_start_us + 60_000_000, ..row })
        }
        Some(Fault::ChangesItsMind) => each(&|row| Row { count: row.count + calls, ..row }),
        _ => rows,
    }
}

/// A row for every hour, arm and metric of the request.
pub(crate) fn flood(request: &ObserveRequest) -> Columns {
    let mut rows = Columns::new();
    let mut hour = request.from_us;
    while hour < request.to_us {
        for arm in &request.arms {
            rows.extend(request.metrics.iter().map(|metric| Row::count(hour, arm.code, metric.code, 7)));
        }
        hour += HOUR_US;
    }
    rows
}

/// What periods are asked for: with a cursor those that are new and those whose leads may have been told in part before.
pub(crate) fn spoil_request(
    fault: Option<Fault>,
    request: &ObserveRequest,
    cursor: Option<i64>,
) -> ObserveRequest {
    let mut asked = ObserveRequest { arms: Vec::new(), metrics: Vec::new(), ..request.clone() };
    match (fault, cursor) {
        (Some(Fault::RestatesForEver), _) | (_, None) => {}
        (Some(Fault::ForgetsRestated | Fault::SkipsWithCursor), Some(cursor)) => {
            asked.from_us = cursor;
        }
        // A day has up to 25 hours, and what was over for less than 24 was told in part.
        (_, Some(cursor)) => asked.from_us = request.from_us.max(cursor - 50 * HOUR_US),
    }
    match fault {
        Some(Fault::IgnoresGrain) => asked.grain = Grain::Hour,
        Some(Fault::IgnoresEnd) if request.to_us > request.from_us => asked.to_us = i64::MAX,
        _ => {}
    }
    asked
}

/// Until when periods are taken to be over.
pub(crate) fn until_us(fault: Option<Fault>, now_us: i64) -> i64 {
    match fault {
        Some(Fault::ReportsTheFuture) => i64::MAX,
        Some(Fault::FreshTooEarly) => now_us - LATE_US,
        _ => now_us,
    }
}

/// The codes of an arm and a metric, given their places and codes in the request.
pub(crate) fn codes(fault: Option<Fault>, arm: (usize, u32), metric: (usize, u32)) -> (u32, u32) {
    let numbered = |place: usize| u32::try_from(place + 1).unwrap_or(u32::MAX);
    match fault {
        Some(Fault::NumbersByPlace) => (numbered(arm.0), numbered(metric.0)),
        _ => (arm.1, metric.1),
    }
}

/// The budget that the platform takes.
pub(crate) fn spoil_budget(fault: Option<Fault>, budget: Money) -> Money {
    match fault {
        Some(Fault::RoundsBudgets) => Money { minor: budget.minor / 100 * 100, ..budget },
        _ => budget,
    }
}

/// Makes cursor and freshness wrong.
pub(crate) fn spoil_cursor(fault: Option<Fault>, reported_until_us: i64, now_us: i64) -> (String, i64) {
    let reported = reported_until_us.to_string();
    match fault {
        Some(Fault::SkipsWithCursor) => ((reported_until_us + HOUR_US).to_string(), reported_until_us),
        Some(Fault::FreshBeyondNow) => (reported, now_us + 1),
        Some(Fault::FreshTooEarly) => (reported, (reported_until_us + LATE_US).min(now_us)),
        _ => (reported, reported_until_us),
    }
}

/// Never returns.
pub(crate) fn hang() -> ! {
    loop {
        std::thread::sleep(Duration::from_secs(3600));
    }
}

/// Two megabytes on standard output, half of it one line.
pub(crate) fn chatter() -> Result<(), Error> {
    say(&"line\n".repeat(200_000))?;
    say(&"x".repeat(1_000_000))
}

/// Starts a process that holds whatever this one has open, and logs its number.
pub(crate) fn leave_a_grandchild(host: &Host) -> Result<(), Error> {
    let child = Process::new("sleep")
        .arg("300")
        .spawn()
        .map_err(|error| Error::internal(format!("no grandchild: {error}")))?;
    host.log(Level::Info, format!("grandchild {}", child.id()));
    Ok(())
}

fn say(text: &str) -> Result<(), Error> {
    let mut out = std::io::stdout();
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .map_err(|error| Error::internal(format!("standard output: {error}")))
}
