//! `gevinst plugin`: which plugins are there, what they pass, a new one, and accepting a changed one.

mod new;

use std::path::Path;
use std::time::Duration;

use gevinst_conformance::{Options, run as run_suite};
use gevinst_host::{ChildConnection, ChildOptions, Connection, Now, Plugin, Surroundings, Terms, installed};
use gevinst_ledger::fact::PluginAccepted;
use gevinst_ledger::{Access, Fact, Ledger};
use serde_json::{Value, json};

use crate::args::{LedgerFile, PluginCommand};
use crate::channels::plugin_dirs;
use crate::failure::{Failure, Kind};
use crate::output::{say, write_json};
use crate::{clock, project, secrets};

pub(crate) fn run(command: &PluginCommand) -> Result<(), Failure> {
    match command {
        PluginCommand::List { plugins, json } => list(&plugin_dirs(&plugins.plugin_dirs), json.as_deref()),
        PluginCommand::New { name, dir, sdk } => new::run(name, dir, sdk.as_deref()),
        PluginCommand::Test { lib, config, in_process, filter, plugins, json } => {
            let plugin = find(lib, &plugin_dirs(&plugins.plugin_dirs))?;
            test(&plugin, config, *in_process, filter.clone(), json.as_deref())
        }
        PluginCommand::Accept { lib, by, plugins, ledger } => {
            let plugin = find(lib, &plugin_dirs(&plugins.plugin_dirs))?;
            accept(&plugin, by, ledger)
        }
    }
}

fn find(lib: &Path, dirs: &[std::path::PathBuf]) -> Result<Plugin, Failure> {
    // A bare name that is also a file in the current folder means the file.
    let found = if lib.is_file() { Plugin::at(lib) } else { Plugin::find(&lib.to_string_lossy(), dirs) };
    found.map_err(|error| Failure::from_error(Kind::Channel, &error))
}

/// Asks a plugin who it is, in a child process.
fn describe(plugin: &Plugin) -> Result<gevinst_host::wire::Description, gevinst_host::HostError> {
    let mut connection = ChildConnection::start(plugin, &ChildOptions::default(), Surroundings::none())?;
    connection.describe(Terms { now: Now::Frozen(0), deadline: Duration::from_secs(10) })
}

fn list(dirs: &[std::path::PathBuf], json_to: Option<&Path>) -> Result<(), Failure> {
    let mut entries = Vec::new();
    let mut text = String::new();
    for (name, path) in installed(dirs) {
        let described = Plugin::at(&path).and_then(|plugin| Ok((describe(&plugin)?, plugin)));
        match described {
            Ok((description, plugin)) => {
                text.push_str(&format!(
                    "{} {}  {}\n    {}\n    sha256 {}\n",
                    description.id,
                    description.version,
                    description
                        .capabilities
                        .iter()
                        .map(|c| format!("{c:?}").to_lowercase())
                        .collect::<Vec<_>>()
                        .join(", "),
                    plugin.path().display(),
                    plugin.sha256()
                ));
                entries.push(json!({
                    "name": name,
                    "path": plugin.path(),
                    "sha256": plugin.sha256(),
                    "description": description,
                    "error": Value::Null,
                }));
            }
            Err(error) => {
                text.push_str(&format!("{name}  cannot be used: {error}\n"));
                entries.push(json!({ "name": name, "path": path, "error": error.to_string() }));
            }
        }
    }
    if let Some(target) = json_to {
        return write_json(target, &json!({ "schema_version": 1, "plugins": entries }));
    }
    if entries.is_empty() {
        let looked: Vec<String> = dirs.iter().map(|dir| format!("  {}", dir.display())).collect();
        return say(&format!("no plugin was found; looked in\n{}", looked.join("\n")));
    }
    say(&text)
}

fn test(
    plugin: &Plugin,
    config: &Path,
    in_process: bool,
    filter: Option<String>,
    json_to: Option<&Path>,
) -> Result<(), Failure> {
    let wrong = |what: String| Failure::new(Kind::Input, format!("`{}`: {what}", config.display()));
    let text = std::fs::read_to_string(config).map_err(|error| wrong(error.to_string()))?;
    let config: Value = if config.extension().is_some_and(|extension| extension == "json") {
        serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?
    } else {
        toml::from_str(&text).map_err(|error| wrong(error.to_string()))?
    };
    let options = Options {
        in_process,
        filter,
        secret: std::sync::Arc::new(secrets::found),
        ..Options::at(clock::now_us(None)?)
    };
    let quiet = json_to == Some(Path::new("-"));
    let mut lines = Ok(());
    let report = run_suite(plugin, &config, &options, &mut |result| {
        if !quiet && lines.is_ok() {
            lines = say(&result.render());
        }
    })
    .map_err(|error| Failure::from_error(Kind::Input, &error))?;
    lines?;
    if let Some(target) = json_to {
        write_json(target, &report)?;
    }
    let failed = report.failed().count();
    if report.passed() {
        return if quiet { Ok(()) } else { say(&summary(&report)) };
    }
    Err(Failure::new(Kind::Verification, format!("{failed} conformance tests failed: {}", summary(&report)))
        .hint("each failed test says above what was expected and what came"))
}

fn summary(report: &gevinst_conformance::Report) -> String {
    let text = report.render();
    text.lines().last().unwrap_or_default().to_owned()
}

fn accept(plugin: &Plugin, by: &str, file: &LedgerFile) -> Result<(), Failure> {
    let path = project::ledger_path(file.ledger.as_deref(), None)?;
    if !path.is_file() {
        return Err(Failure::new(Kind::Ledger, format!("there is no ledger `{}`", path.display()))
            .hint("a plugin is pinned when an experiment starts; before that nothing has to be accepted"));
    }
    let description = describe(plugin).map_err(|error| Failure::from_error(Kind::Channel, &error))?;
    let sha256 = plugin
        .sha256()
        .parse()
        .map_err(|_| Failure::new(Kind::Internal, "the library's digest cannot be read"))?;
    let accepted = PluginAccepted {
        id: description.id.clone(),
        version: description.version.clone(),
        sha256,
        by: by.to_owned(),
    };
    let mut ledger = Ledger::open(&path, Access::Write).map_err(|error| super::ledger::failure(&error))?;
    ledger
        .append(clock::now_us(None)?, None, vec![Fact::PluginAccepted(accepted)])
        .map_err(|error| super::ledger::failure(&error))?;
    say(&format!("accepted: {} {} with SHA-256 {}", description.id, description.version, plugin.sha256()))
}
