//! The command line as a user meets it first: `--help`, and arguments that do not fit.
//!
//! That this test belongs to the program's own package makes Cargo build the program for every test of the workspace.
#![expect(clippy::unwrap_used, reason = "a helper of tests")]

use std::process::{Command, Output};

/// Every command, as its words.
const COMMANDS: &[&str] = &[
    "",
    "new",
    "check",
    "rehearse",
    "run",
    "status",
    "approve",
    "report",
    "judge",
    "plugin",
    "plugin new",
    "plugin list",
    "plugin test",
    "plugin accept",
    "ledger",
    "ledger verify",
    "ledger export",
    "plan",
    "learn",
    "audit-rule",
    "schema",
];

fn gevinst(words: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_gevinst")).args(words.split_whitespace()).env_clear().output().unwrap()
}

#[test]
fn every_command_explains_itself() {
    // Protects a user who has nothing but `--help`: each command says what it is for and describes every argument.
    for command in COMMANDS {
        let output = gevinst(&format!("{command} --help"));
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(0), "{command}");
        assert!(text.starts_with(|c: char| c.is_uppercase()), "{command}: {text}");
        assert!(text.contains("Usage: gevinst"), "{command}: {text}");
        assert!(text.lines().all(|line| line.chars().count() <= 100), "{command}: {text}");
    }
}

#[test]
fn the_help_lists_every_command_and_every_exit_code() {
    // Protects the way in: what is not in `--help` is not found.
    let text = String::from_utf8(gevinst("--help").stdout).unwrap();
    for command in COMMANDS.iter().filter(|command| !command.is_empty() && !command.contains(' ')) {
        assert!(text.contains(&format!("\n  {command} ")), "{command} in {text}");
    }
    for code in [
        "0 done",
        "1 internal",
        "2 wrong arguments",
        "3 a definition",
        "4 a plugin",
        "5 the ledger",
        "6 a verification",
    ] {
        assert!(text.contains(code), "{code} in {text}");
    }
}

#[test]
fn arguments_that_do_not_fit_end_with_two() {
    // Protects scripts that tell wrong usage from bad input.
    for words in [
        "",
        "rehears",
        "rehearse --months 0",
        "judge",
        "run --now yesterday .",
        "schema nothing",
        "approve --all x",
    ] {
        let output = gevinst(words);
        let told = String::from_utf8(output.stderr).unwrap();
        let code = output.status.code();
        assert!(
            code == Some(2) || (words.starts_with("run") && code == Some(3)),
            "`{words}`: {code:?} {told}"
        );
        assert!(!told.is_empty(), "`{words}` says why");
    }
}
