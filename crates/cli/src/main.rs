//! The program `gevinst`: arguments, files, clock, environment and exit codes around the libraries.
#![forbid(unsafe_code)]

mod args;
mod channels;
mod clock;
mod commands;
mod failure;
mod output;
mod project;
mod secrets;

use std::process::ExitCode;

use clap::Parser;

use crate::args::{Cli, Command, SchemaFile};
use crate::failure::{Failure, Kind};
use crate::output::{remark, say};

fn main() -> ExitCode {
    // A channel's child process is this same program; it never comes back from here.
    gevinst_host::child_main_if_asked(std::env::args_os());
    // This process reads secrets to hand them on.
    if let Err(error) = gevinst_host::forbid_core_files() {
        remark(&format!("warning: a crash may leave a core file with secrets in it: {error}"));
    }
    match run(&Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            remark(&failure.text());
            failure.exit_code()
        }
    }
}

fn run(cli: &Cli) -> Result<(), Failure> {
    let colour = cli.color;
    match &cli.command {
        Command::New(args) => commands::new::run(args, colour),
        Command::Check(args) => commands::check::run(args, colour),
        Command::Rehearse(args) => commands::rehearse::run(args, colour),
        Command::Run(args) => commands::run::run(args, colour),
        Command::Status(args) => commands::status::run(args, colour),
        Command::Approve(args) => commands::approve::run(args),
        Command::Report(args) => commands::report::run(args, colour),
        Command::Judge(args) => commands::judge::run(args, colour),
        Command::AuditRule(args) => commands::audit_rule::run(args, colour),
        Command::Plan(args) => commands::plan::run(args, colour),
        Command::Learn(args) => commands::learn::run(args),
        Command::Plugin { command } => commands::plugin::run(command),
        Command::Ledger { command } => commands::ledger::run(command),
        Command::Schema { file } => schema(*file),
    }
}

fn schema(file: SchemaFile) -> Result<(), Failure> {
    let schema = match file {
        SchemaFile::Company => gevinst_experiment::company_schema(),
        SchemaFile::Experiment => gevinst_experiment::experiment_schema(),
        SchemaFile::Report => gevinst_report::schema::report().to_value(),
        SchemaFile::ReportCsv => gevinst_report::schema::csv(),
        SchemaFile::Library => gevinst_report::schema::library().to_value(),
    };
    let text = serde_json::to_string_pretty(&schema)
        .map_err(|error| Failure::new(Kind::Internal, format!("failed to write JSON: {error}")))?;
    say(&text)
}
