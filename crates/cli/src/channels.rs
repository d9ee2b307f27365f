//! Channels behind plugins: finding, trusting and opening them, as the runner wants to use them.
//!
//! One connection a channel, opened when it is first needed and again after a plugin died. A library whose digest is not
//! the one that the ledger accepted is refused before any of its code runs.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use gevinst_host::{
    ChildConnection, ChildOptions, Connection, HostError, InProcessConnection, Limits, Now,
    Outcome as HostOutcome, Plugin, Surroundings, Terms, wire,
};
use gevinst_ledger::Digest;
use gevinst_ledger::fact::PluginPin;
use gevinst_ledger::moves::Outcome;
use gevinst_runner::port::{Answer, Port, PortError, Ports};
use serde_json::Value;

use crate::args::DEADLINE;
use crate::output::remark;
use crate::secrets;

/// How time passes inside plugins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Time {
    /// It goes on during a call.
    Running,
    /// It stands still during a call, as in a rehearsal.
    Frozen,
}

/// What a channel is opened with.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    /// The plugin's name or path.
    pub(crate) plugin: String,
    /// The configuration.
    pub(crate) config: Value,
}

/// The channels of a project.
pub(crate) struct Channels {
    dirs: Vec<PathBuf>,
    /// The project's folder, from which paths in configurations count.
    folder: Option<PathBuf>,
    /// By channel name.
    accounts: BTreeMap<String, Account>,
    /// One account that stands in for every channel (a rehearsal).
    stand_in: Option<Account>,
    /// Digest accepted for each plugin id.
    accepted: BTreeMap<String, Digest>,
    in_process: bool,
    time: Time,
    deadline: Duration,
    now_us: i64,
    opened: BTreeMap<String, Opened>,
}

struct Opened {
    connection: Box<dyn Connection>,
    description: wire::Description,
    sha256: Digest,
    time: Time,
    deadline: Duration,
    dead: bool,
}

impl Channels {
    /// Channels by name, as `gevinst.toml` has them.
    pub(crate) fn new(dirs: Vec<PathBuf>, accounts: BTreeMap<String, Account>) -> Self {
        Self {
            dirs,
            folder: None,
            accounts,
            stand_in: None,
            accepted: BTreeMap::new(),
            in_process: false,
            time: Time::Running,
            deadline: DEADLINE,
            now_us: 0,
            opened: BTreeMap::new(),
        }
    }

    /// One account that stands in for every channel, in a time that stands still: a rehearsal.
    pub(crate) fn rehearsal(dirs: Vec<PathBuf>, stand_in: Account, in_process: bool) -> Self {
        Self { stand_in: Some(stand_in), in_process, time: Time::Frozen, ..Self::new(dirs, BTreeMap::new()) }
    }

    /// The folder from which paths in configurations count.
    pub(crate) fn set_folder(&mut self, folder: Option<PathBuf>) {
        self.folder = folder;
    }

    /// Time stands still during calls: somebody else says what time it is.
    pub(crate) fn freeze_time(&mut self) {
        self.time = Time::Frozen;
    }

    /// How long a call may take.
    pub(crate) fn set_deadline(&mut self, deadline: Duration) {
        self.deadline = deadline;
    }

    /// The digests that the ledger accepts.
    pub(crate) fn accept(&mut self, accepted: BTreeMap<String, Digest>) {
        self.accepted = accepted;
    }

    /// What time it is when a channel is opened.
    pub(crate) fn set_now(&mut self, now_us: i64) {
        self.now_us = now_us;
    }

    fn ready(&mut self, channel: &str) -> Result<&mut Opened, PortError> {
        let key = if self.stand_in.is_some() { "the stand-in market" } else { channel };
        if self.opened.get(key).is_some_and(|opened| opened.dead) {
            self.opened.remove(key);
        }
        if !self.opened.contains_key(key) {
            let opened = self.connect(channel)?;
            self.opened.insert(key.to_owned(), opened);
        }
        self.opened.get_mut(key).ok_or_else(|| PortError::new(format!("channel `{channel}` is not open")))
    }

    fn connect(&self, channel: &str) -> Result<Opened, PortError> {
        let account =
            self.stand_in.as_ref().or_else(|| self.accounts.get(channel)).ok_or_else(|| {
                PortError::new(format!("there is no `[channels.{channel}]` in gevinst.toml"))
            })?;
        if self.in_process && self.stand_in.is_some() {
            return self.linked(account);
        }
        let plugin = Plugin::find(&account.plugin, &self.dirs).map_err(|error| port_error(&error))?;
        let sha256: Digest = plugin
            .sha256()
            .parse()
            .map_err(|_| PortError::new(format!("`{}` has no readable digest", plugin.path().display())))?;
        // By the name it was asked for: the id is known only after code of the library has run.
        if let Some(accepted) = self.accepted.get(&account.plugin).filter(|accepted| **accepted != sha256) {
            return Err(PortError {
                message: format!(
                    "plugin `{}` at `{}` was changed: its SHA-256 is {sha256}, and {accepted} is accepted",
                    account.plugin,
                    plugin.path().display()
                ),
                hint: Some(format!(
                    "when the change is wanted, run `gevinst plugin accept {}`",
                    account.plugin
                )),
            });
        }
        let options = ChildOptions { folder: self.folder.clone(), ..ChildOptions::default() };
        let connection =
            ChildConnection::start(&plugin, &options, surroundings(account, self.folder.clone()))
                .map_err(|error| port_error(&error))?;
        self.open(Box::new(connection), account, sha256)
    }

    /// The market that is linked into this program; its digest is this program's.
    fn linked(&self, account: &Account) -> Result<Opened, PortError> {
        let program = std::env::current_exe()
            .and_then(std::fs::read)
            .map_err(|error| PortError::new(format!("this program's file cannot be read: {error}")))?;
        let connection = InProcessConnection::linked(
            &gevinst_rehearsal::gevinst_channel_v1,
            Limits::default(),
            surroundings(account, self.folder.clone()),
        )
        .map_err(|error| port_error(&error))?;
        self.open(Box::new(connection), account, Digest::of(&program))
    }

    fn open(
        &self,
        mut connection: Box<dyn Connection>,
        account: &Account,
        sha256: Digest,
    ) -> Result<Opened, PortError> {
        let terms = terms(self.time, self.now_us, self.deadline);
        let description = connection.describe(terms).map_err(|error| port_error(&error))?;
        connection.open(&account.config, terms).map_err(|error| port_error(&error))?;
        connection.check(terms).map_err(|error| port_error(&error))?;
        Ok(Opened { connection, description, sha256, time: self.time, deadline: self.deadline, dead: false })
    }
}

impl Ports for Channels {
    fn port(&mut self, _experiment: &str, channel: &str) -> Result<&mut dyn Port, PortError> {
        self.ready(channel).map(|opened| opened as &mut dyn Port)
    }

    fn pin(&mut self, _experiment: &str, channel: &str) -> Result<PluginPin, PortError> {
        let opened = self.ready(channel)?;
        Ok(PluginPin {
            channel: channel.to_owned(),
            id: opened.description.id.clone(),
            version: opened.description.version.clone(),
            sha256: opened.sha256,
        })
    }
}

impl Opened {
    fn note<T>(&mut self, answer: Result<T, HostError>) -> Result<T, PortError> {
        answer.map_err(|error| {
            self.note_death(&error);
            port_error(&error)
        })
    }

    fn note_death(&mut self, error: &HostError) {
        self.dead |= matches!(
            error,
            HostError::Deadline { .. }
                | HostError::Crashed { .. }
                | HostError::Protocol { .. }
                | HostError::Gone { .. }
                | HostError::Child { .. }
        );
    }
}

impl Port for Opened {
    fn description(&self) -> &wire::Description {
        &self.description
    }

    fn apply(&mut self, command: &wire::Command, now_us: i64) -> Answer {
        match self.connection.apply(command, terms(self.time, now_us, self.deadline)) {
            HostOutcome::Receipt(receipt) => Answer {
                outcome: Outcome::Applied,
                state: Some(receipt.state.into()),
                message: String::new(),
            },
            HostOutcome::Refused(error) => {
                self.note_death(&error);
                // What will not be taken the next time either is refused; the rest may be tried again.
                let refused = error.code().is_some_and(|code| {
                    matches!(
                        code,
                        gevinst_host::Code::BadConfig
                            | gevinst_host::Code::BadRequest
                            | gevinst_host::Code::Unsupported
                    )
                });
                let outcome = if refused { Outcome::Refused } else { Outcome::NotApplied };
                Answer { outcome, state: None, message: port_error(&error).message }
            }
            HostOutcome::Unknown(error) => {
                self.note_death(&error);
                Answer { outcome: Outcome::Unknown, state: None, message: port_error(&error).message }
            }
        }
    }

    fn query(&mut self, query: &wire::Query, now_us: i64) -> Result<wire::State, PortError> {
        let answer = self.connection.query(query, terms(self.time, now_us, self.deadline));
        self.note(answer)
    }

    fn observe(
        &mut self,
        request: &wire::ObserveRequest,
        now_us: i64,
    ) -> Result<(Vec<gevinst_abi::Row>, wire::CursorAfter), PortError> {
        let answer = self.connection.observe(request, terms(self.time, now_us, self.deadline));
        self.note(answer).map(|observed| (observed.rows.iter().collect(), observed.after))
    }
}

fn terms(time: Time, now_us: i64, deadline: Duration) -> Terms {
    let now = match time {
        Time::Running => Now::Running(now_us),
        Time::Frozen => Now::Frozen(now_us),
    };
    Terms { now, deadline }
}

/// What a channel sees of the world: warnings go to the person, and secrets are those that its own table names.
fn surroundings(account: &Account, folder: Option<PathBuf>) -> Surroundings {
    let log = |line: &gevinst_host::LogLine| {
        if line.level <= gevinst_host::Level::Warn {
            remark(&format!("plugin: {line}"));
        }
    };
    Surroundings::new(log, secrets::granted(&account.config, folder))
}

fn port_error(error: &HostError) -> PortError {
    let mut message = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        let text = cause.to_string();
        if !message.contains(&text) {
            message.push_str(": ");
            message.push_str(&text);
        }
        source = cause.source();
    }
    let hint = match error {
        HostError::NotFound { .. } => Some(
            "put the library into one of these folders, or name its folder with `--plugin-dir`".to_owned(),
        ),
        HostError::WrongAbi { .. } => {
            Some("install a version of the plugin that was built for this program".to_owned())
        }
        HostError::NotLoaded { .. } => Some(
            "the library fails before it is asked anything: build or fetch it anew for this machine, and try it with \
             `gevinst plugin test`"
                .to_owned(),
        ),
        HostError::Deadline { .. } => {
            Some("give slow platforms more time with `--deadline SECONDS`".to_owned())
        }
        HostError::Plugin(plugin) if plugin.code == gevinst_host::Code::BadConfig => {
            Some("see the channel's table in gevinst.toml".to_owned())
        }
        _ => None,
    };
    PortError { message, hint }
}

/// The folders that plugins are looked for in: the user's own, then beside the program.
pub(crate) fn plugin_dirs(stated: &[PathBuf]) -> Vec<PathBuf> {
    let mut dirs = stated.to_vec();
    if let Some(folder) = std::env::current_exe().ok().as_deref().and_then(std::path::Path::parent) {
        // Where Cargo puts every library that it builds; a copy beside the program may be of an earlier build.
        dirs.push(folder.join("deps"));
        dirs.push(folder.to_path_buf());
        dirs.push(folder.join("plugins"));
        if folder.ends_with("deps") {
            dirs.extend(folder.parent().map(std::path::Path::to_path_buf));
        }
        if let Some(prefix) = folder.parent() {
            dirs.push(prefix.join("lib").join("gevinst"));
        }
    }
    dirs
}
