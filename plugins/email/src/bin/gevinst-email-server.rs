//! The e-mail channel's server: enrols and sends all day, answers clicks and people who leave, and reads what comes back.
//!
//! It shares the state folder with the channel that the runner opens; either may be stopped at any moment.
//!
//! ```text
//! gevinst-email-server serve  --config gevinst.toml --channel email
//! gevinst-email-server turn   --config gevinst.toml --channel email
//! gevinst-email-server forget --config gevinst.toml --channel email ADDRESS
//! ```
#![forbid(unsafe_code)]

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use gevinst_email::config::Config;
use gevinst_email::{Account, ClickServer, Error, Turn};
use gevinst_http::Wait;
use jiff::Timestamp;

const USAGE: &str = "\
Sends what the e-mail channel's arms have due, answers clicks and people who leave, reads what comes back.

usage: gevinst-email-server (serve | turn | forget ADDRESS) --config FILE --channel NAME

  serve           go on until stopped
  turn            one turn at sending and reading, then end
  forget ADDRESS  remove what ties a person to what they were sent and did; never write to them again
  --config FILE   the company's gevinst.toml
  --channel NAME  the channel's name in it

Relative paths in the file count from its folder. Secrets come from the environment, as `env:NAME`.
";
/// How long to rest between two turns.
const REST: Duration = Duration::from_secs(2);

enum Task {
    Serve,
    Turn,
    Forget(String),
}

fn main() -> ExitCode {
    match arguments(std::env::args().skip(1)).and_then(|(task, config)| run(&task, config)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            say(&problem);
            ExitCode::from(2)
        }
    }
}

fn run(task: &Task, config: Config) -> Result<(), String> {
    let told = |error: Error| format!("error: {error}");
    let secrets = |name: &str| {
        let value = match name.strip_prefix("file:") {
            Some(path) => std::fs::read_to_string(path).ok().map(|text| text.trim_end().to_owned()),
            None => name.strip_prefix("env:").and_then(|name| std::env::var(name).ok()),
        };
        value.ok_or_else(|| {
            Error::Secret(format!("the secret `{name}` cannot be had; set it in the environment"))
        })
    };
    let mut account = Account::open(config, &secrets, Box::new(RealTime)).map_err(told)?;
    match task {
        Task::Forget(address) => {
            let experiments = account.forget(address, now_us()).map_err(told)?;
            say(&format!("forgotten in {experiments} experiments; take the person out of the list too"));
            Ok(())
        }
        Task::Turn => work(&mut account).map(drop).map_err(told),
        Task::Serve => {
            let server = ClickServer::start(&account, Arc::new(now_us)).map_err(told)?;
            match (&server, &account.config().server) {
                (Some(server), _) => say(&format!("answering clicks at {}", server.address())),
                (None, None) => say("no `server` is configured: clicks are not answered here"),
                (None, Some(_)) => say("clicks are answered by another process"),
            }
            let mut last = None;
            loop {
                // One mistake is told once, not every two seconds.
                let problem = work(&mut account).err().map(|error| error.to_string());
                if problem.is_some() && problem != last {
                    say(&format!("error: {}", problem.as_deref().unwrap_or_default()));
                }
                last = problem;
                std::thread::sleep(REST);
            }
        }
    }
}

/// The clock of this machine; waiting ends when it is over.
struct RealTime;

impl Wait for RealTime {
    fn now_us(&self) -> i64 {
        now_us()
    }

    fn sleep(&self, duration: Duration) -> Result<(), gevinst_sdk::Error> {
        std::thread::sleep(duration);
        Ok(())
    }

    fn is_cancelled(&self) -> bool {
        false
    }

    fn trace(&self, line: &str) {
        say(line);
    }
}

/// Reads what changed and what came back, and takes a turn.
fn work(account: &mut Account) -> Result<(), Error> {
    if account.refresh(now_us())? {
        let list = account.list();
        say(&format!("{} people may be written to; {} without consent", list.len(), list.without_consent));
    }
    // What cannot be read now is read at the next turn; sending does not wait for it.
    let looked = account.look_into_mailbox(now_us());
    account.read_outcomes()?;
    let turn = account.turn(&now_us, &|| true)?;
    if turn != Turn::default() && !turn.is_taken {
        say(&format!(
            "{} enrolled; messages: {} sent, {} of unknown outcome, {} to be tried again, {} refused, {} withheld",
            turn.enrolled, turn.sent, turn.unknown, turn.deferred, turn.refused, turn.withheld
        ));
    }
    if let Some(look) = looked?.filter(|look| look.read > 0) {
        say(&format!("{} messages came back, {} about ours", look.read, look.ours));
    }
    Ok(())
}

fn arguments(mut given: impl Iterator<Item = String>) -> Result<(Task, Config), String> {
    let (mut words, mut file, mut channel) = (Vec::new(), None, None);
    while let Some(argument) = given.next() {
        match argument.as_str() {
            "--config" => file = given.next(),
            "--channel" => channel = given.next(),
            "--help" | "-h" => return Err(USAGE.to_owned()),
            _ => words.push(argument),
        }
    }
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let task = match words.as_slice() {
        ["serve"] => Task::Serve,
        ["turn"] => Task::Turn,
        ["forget", address] => Task::Forget((*address).to_owned()),
        _ => return Err(USAGE.to_owned()),
    };
    let (Some(file), Some(channel)) = (file, channel) else { return Err(USAGE.to_owned()) };
    Ok((task, read_config(&file, &channel)?))
}

/// The channel's table as the program hands it to the plugin: without `plugin`, with the company's timezone and currency.
fn read_config(file: &str, channel: &str) -> Result<Config, String> {
    let text = std::fs::read_to_string(file).map_err(|error| format!("error: {file}: {error}"))?;
    let company: toml::Table = text.parse().map_err(|error| format!("error: {file}: {error}"))?;
    let table =
        company.get("channels").and_then(|channels| channels.get(channel)).and_then(toml::Value::as_table);
    let Some(mut table) = table.cloned() else {
        return Err(format!("error: {file}: no `[channels.{channel}]`"));
    };
    table.remove("plugin");
    for key in ["timezone", "currency"] {
        if let (false, Some(value)) = (table.contains_key(key), company.get(key)) {
            table.insert(key.to_owned(), value.clone());
        }
    }
    let problem = |error: &dyn core::fmt::Display| format!("error: {file}: `[channels.{channel}]`: {error}");
    let config = table.try_into::<Config>().map_err(|error| problem(&error))?;
    // As the runner does: paths in the table count from the folder of the file.
    if let Some(folder) = Path::new(file).parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::env::set_current_dir(folder).map_err(|error| problem(&error))?;
    }
    Ok(config)
}

fn now_us() -> i64 {
    Timestamp::now().as_microsecond()
}

fn say(line: &str) {
    // Nobody is there to be told when even this fails.
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}
