//! What a test works with: fresh channels, a simulated calendar, commands with ever higher numbers.

use std::cell::{Cell, OnceCell};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use gevinst_host::wire::{
    Capability, Coded, Command, CursorAfter, Description, Grain, Money, ObserveRequest, Query, Receipt, Set,
    State,
};
use gevinst_host::{
    ChildConnection, Connection, HostError, InProcessConnection, LogLine, LogSource, Now, Observed, Outcome,
    Plugin, Row, Surroundings, Terms,
};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, Zoned};
use serde_json::Value;

use crate::options::{Options, SecretFn};
use crate::report::Family;
use crate::subject::{Subject, SubjectError};

/// What a test found out.
pub(crate) type Found = Result<(), Stop>;

/// Why a test stopped.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The plugin does not do what it must.
    Fail(String),
    /// Nothing can be found out.
    Skip(String),
    /// The plugin does not claim to do this: what needs it is not at fault, and what builds on it goes on.
    NotClaimed(String),
}

impl From<HostError> for Stop {
    fn from(error: HostError) -> Self {
        Self::Fail(error.to_string())
    }
}

/// Ends a test unless what it says holds.
pub(crate) fn ensure(holds: bool, but: impl FnOnce() -> String) -> Found {
    if holds { Ok(()) } else { Err(Stop::Fail(but())) }
}

/// A test: what it is called, what it demands, what must have passed before, and how it is done.
pub(crate) struct Test {
    pub(crate) family: Family,
    pub(crate) name: &'static str,
    pub(crate) must: &'static str,
    pub(crate) needs: &'static [&'static str],
    pub(crate) run: fn(&Bench<'_>) -> Found,
}

/// Lines of a failed test's log that are told.
const LOG_LINES: usize = 20;
/// Days that a simulated calendar goes.
const DAYS: usize = 8;

/// What goes from test to test.
pub(crate) struct Shared {
    /// Who the plugin is, once a test has asked.
    described: OnceCell<Description>,
    midnights_us: Vec<i64>,
    dates: Vec<String>,
    seq: AtomicU64,
}

impl Shared {
    pub(crate) fn new(subject: &Subject, options: &Options) -> Result<Self, SubjectError> {
        let unknown = |_| SubjectError::UnknownTimezone(subject.timezone().to_owned());
        let zone = TimeZone::get(subject.timezone()).map_err(unknown)?;
        let now = Timestamp::from_microsecond(options.now_us).map_err(unknown)?;
        let midnight = Zoned::new(now, zone).start_of_day().map_err(unknown)?;
        let (midnights_us, dates) = (0..=DAYS as i64)
            .map(|day| {
                let midnight = midnight.checked_add(Span::new().days(day))?;
                Ok((midnight.timestamp().as_microsecond(), midnight.date().to_string()))
            })
            .collect::<Result<_, jiff::Error>>()
            .map_err(unknown)?;
        // Numbers grow from run to run too, for a platform remembers.
        let seq = u64::try_from(options.now_us / 1_000).unwrap_or(0);
        Ok(Self { described: OnceCell::new(), midnights_us, dates, seq: AtomicU64::new(seq) })
    }

    pub(crate) fn description(&self) -> Option<&Description> {
        self.described.get()
    }

    /// The days of the calendar, such as 2026-11-01.
    pub(crate) fn dates(&self) -> &[String] {
        &self.dates
    }
}

/// One test's bench.
pub(crate) struct Bench<'a> {
    pub(crate) plugin: &'a Plugin,
    pub(crate) subject: &'a Subject,
    pub(crate) options: &'a Options,
    shared: &'a Shared,
    folder: &'a Path,
    log: Arc<Mutex<Vec<LogLine>>>,
    secrets: Arc<Mutex<Vec<String>>>,
    now_us: Cell<i64>,
}

impl<'a> Bench<'a> {
    pub(crate) fn new(
        plugin: &'a Plugin,
        subject: &'a Subject,
        options: &'a Options,
        shared: &'a Shared,
        folder: &'a Path,
    ) -> Self {
        Self {
            plugin,
            subject,
            options,
            shared,
            folder,
            log: Arc::default(),
            secrets: Arc::default(),
            now_us: Cell::new(shared.midnights_us[0]),
        }
    }

    /// A plugin that was just loaded, in a process of its own unless asked otherwise.
    pub(crate) fn start(&self) -> Result<Box<dyn Connection>, Stop> {
        self.start_with(self.options.secret.clone())
    }

    /// As [`Bench::start`], for a host that knows these secrets.
    pub(crate) fn start_with(&self, secret: Arc<SecretFn>) -> Result<Box<dyn Connection>, Stop> {
        let (lines, given) = (self.log.clone(), self.secrets.clone());
        let surroundings = Surroundings::new(
            move |line| lines.lock().unwrap_or_else(PoisonError::into_inner).push(line.clone()),
            move |name| {
                let value = secret(name)?;
                given.lock().unwrap_or_else(PoisonError::into_inner).push(value.clone());
                Some(value)
            },
        );
        let child = &self.options.child;
        Ok(if self.options.in_process {
            let mut here = InProcessConnection::load_trusted(self.plugin, child.limits, surroundings)?;
            here.set_cancel_grace(child.cancel_grace);
            Box::new(here)
        } else {
            Box::new(ChildConnection::start(self.plugin, child, surroundings)?)
        })
    }

    /// A channel that was just opened.
    pub(crate) fn open(&self) -> Result<Box<dyn Connection>, Stop> {
        let mut channel = self.start()?;
        channel.open(&self.config(), self.terms())?;
        Ok(channel)
    }

    /// The good configuration.
    pub(crate) fn config(&self) -> Value {
        self.subject.config_in(self.folder)
    }

    /// The good configuration of another account: another folder in place of `{tmp}`, with the same files.
    pub(crate) fn other_config(&self) -> Result<Value, Stop> {
        let folder = self.folder.join("other");
        std::fs::create_dir_all(&folder).map_err(|error| Stop::Skip(format!("no second folder: {error}")))?;
        let files = self.subject.write_files(&folder, self.shared.dates());
        files.map_err(|error| Stop::Skip(error.to_string()))?;
        Ok(self.subject.config_in(&folder))
    }

    /// Who the plugin is; asked for once in a run.
    pub(crate) fn description(&self) -> Result<&Description, Stop> {
        if let Some(description) = self.shared.described.get() {
            return Ok(description);
        }
        let description = self.start()?.describe(self.terms())?;
        Ok(self.shared.described.get_or_init(|| description))
    }

    /// The simulated time and the deadline.
    pub(crate) fn terms(&self) -> Terms {
        Terms { now: Now::Frozen(self.now_us()), deadline: self.options.deadline }
    }

    /// The simulated time, in µs UTC.
    pub(crate) fn now_us(&self) -> i64 {
        self.now_us.get()
    }

    /// Lets it be some hours after the midnight of a day; the first is day 0.
    pub(crate) fn set_day(&self, day: usize, hours: i64) {
        self.now_us.set(self.shared.midnights_us[day] + hours * 3_600_000_000);
    }

    /// Midnight of a day, in µs UTC.
    pub(crate) fn midnight_us(&self, day: usize) -> i64 {
        self.shared.midnights_us[day]
    }

    /// Starts of all periods of the calendar, in µs UTC, and the end of the last.
    pub(crate) fn period_starts_us(&self, grain: Grain) -> Vec<i64> {
        match grain {
            Grain::Day => self.shared.midnights_us.clone(),
            Grain::Hour => {
                let (first, last) = (self.midnight_us(0), self.midnight_us(DAYS));
                (0..).map(|hour| first + hour * 3_600_000_000).take_while(|start| *start <= last).collect()
            }
        }
    }

    /// A command with a number above all earlier ones, valid for a day. `arm` is 0 or 1.
    pub(crate) fn command(&self, arm: usize, minor: i64, paused: bool) -> Command {
        let seq = self.shared.seq.fetch_add(1, Ordering::Relaxed) + 1;
        let set = Set { daily_budget: self.subject.money(minor), paused, creative: None };
        let (experiment, arm) = (&self.subject.experiment, &self.subject.arms[arm]);
        Command::new(experiment, arm, seq, set, self.now_us() + 86_400_000_000)
    }

    /// The first command of an arm.
    pub(crate) fn launch(&self, arm: usize) -> Command {
        let mut command = self.command(arm, self.subject.daily_budget_minor, false);
        command.set.creative = Some(self.subject.creative.clone());
        command
    }

    /// Carries out a command that must be.
    pub(crate) fn apply(&self, channel: &mut dyn Connection, command: &Command) -> Result<Receipt, Stop> {
        match channel.apply(command, self.terms()) {
            Outcome::Receipt(receipt) => Ok(receipt),
            Outcome::Refused(error) => Err(Stop::Fail(format!("`{}` was refused: {error}", command.key))),
            Outcome::Unknown(error) => {
                Err(Stop::Fail(format!("the outcome of `{}` is unknown: {error}", command.key)))
            }
        }
    }

    /// The platform's state of an arm.
    pub(crate) fn state(&self, channel: &mut dyn Connection, arm: usize) -> Result<State, Stop> {
        let (experiment, arm) = (self.subject.experiment.clone(), self.subject.arms[arm].clone());
        Ok(channel.query(&Query { experiment, arm }, self.terms())?)
    }

    /// Asks for both arms and both metrics from the first day to the end of the calendar.
    pub(crate) fn request(&self) -> Result<ObserveRequest, Stop> {
        let coded = |code, name: &String| Coded { code, name: name.clone() };
        Ok(ObserveRequest {
            experiment: self.subject.experiment.clone(),
            arms: vec![coded(1, &self.subject.arms[0]), coded(2, &self.subject.arms[1])],
            metrics: vec![coded(1, &self.subject.metrics[0]), coded(2, &self.subject.metrics[1])],
            grain: self.description()?.grain,
            timezone: self.subject.timezone().to_owned(),
            from_us: self.midnight_us(0),
            to_us: self.midnight_us(DAYS),
            cursor: None,
        })
    }

    /// Observes with the request.
    pub(crate) fn observe(
        &self,
        channel: &mut dyn Connection,
        request: &ObserveRequest,
    ) -> Result<Observed, Stop> {
        Ok(channel.observe(request, self.terms())?)
    }

    /// A channel whose two arms were launched at midnight of the first day; one that only observes is opened.
    pub(crate) fn launched(&self) -> Result<Box<dyn Connection>, Stop> {
        let mut channel = self.open()?;
        if self.can(Capability::Apply)? {
            for arm in [0, 1] {
                self.apply(&mut *channel, &self.launch(arm))?;
            }
        }
        Ok(channel)
    }

    /// Whether the plugin claims to do this.
    pub(crate) fn can(&self, capability: Capability) -> Result<bool, Stop> {
        Ok(self.description()?.capabilities.contains(&capability))
    }

    /// Ends a test of what the plugin does not claim to do.
    pub(crate) fn needs(&self, capabilities: &[Capability]) -> Found {
        for needed in capabilities {
            if !self.can(*needed)? {
                let name = format!("{needed:?}").to_lowercase();
                return Err(Stop::NotClaimed(format!("the plugin cannot `{name}`")));
            }
        }
        Ok(())
    }

    /// Lines that came by one way.
    pub(crate) fn lines(&self, source: LogSource) -> Vec<String> {
        let log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        log.iter().filter(|line| line.source == source).map(|line| line.text.clone()).collect()
    }

    /// Whether the plugin asked for a secret and got it.
    pub(crate) fn gave_secrets(&self) -> bool {
        !self.secrets.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// The last lines of all.
    pub(crate) fn log_tail(&self) -> Vec<String> {
        let log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        log[log.len().saturating_sub(LOG_LINES)..].iter().map(ToString::to_string).collect()
    }
}

/// Rows by arm, metric and period.
pub(crate) type Table = BTreeMap<(u32, u32, i64), (u64, u64, u64)>;

/// Puts rows into a table, later ones in place of earlier ones; floats by their bits, so that "the same" is exact.
pub(crate) fn put(table: &mut Table, rows: impl IntoIterator<Item = Row>) {
    for row in rows {
        let key = (row.arm, row.metric, row.period_start_us);
        table.insert(key, (row.count, row.sum.to_bits(), row.sum_sq.to_bits()));
    }
}

/// The rows of one observation as a table.
pub(crate) fn table(observed: &Observed) -> Table {
    let mut table = Table::new();
    put(&mut table, observed.rows.iter());
    table
}

/// Says where two tables differ, if they do.
pub(crate) fn same(first: &Table, second: &Table, what: &str) -> Found {
    let key = first.keys().chain(second.keys()).find(|key| first.get(*key) != second.get(*key));
    match key {
        None => Ok(()),
        Some((arm, metric, period)) => Err(Stop::Fail(format!(
            "{what}: arm {arm}, metric {metric}, period {period} is {} and then {}",
            shown(first.get(&(*arm, *metric, *period))),
            shown(second.get(&(*arm, *metric, *period)))
        ))),
    }
}

fn shown(row: Option<&(u64, u64, u64)>) -> String {
    row.map_or_else(
        || "missing".to_owned(),
        |(count, sum, _)| format!("{count} with sum {}", f64::from_bits(*sum)),
    )
}

/// Sum of money as people read it.
pub(crate) fn shown_money(money: Option<&Money>) -> String {
    money.map_or_else(|| "none".to_owned(), |money| format!("{} {}", money.minor, money.currency))
}

/// The next request of the same kind.
pub(crate) fn resumed(request: &ObserveRequest, after: &CursorAfter) -> ObserveRequest {
    ObserveRequest { cursor: after.cursor.clone(), ..request.clone() }
}
