//! What the tests share: the hostile plugin's library, a child program, requests.
#![expect(clippy::print_stdout, reason = "a test that was skipped should say so")]

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use gevinst_host::wire::{Coded, Command, Grain, Money, ObserveRequest, Query, Set};
use gevinst_host::{
    ChildConnection, ChildOptions, ChildProgram, Connection, HostError, InProcessConnection, Limits, LogLine,
    Now, Plugin, Surroundings, Terms,
};
use serde_json::{Value, json};

/// Linked, so that its library is built beside the test's executable.
use gevinst_hostile as _;

/// 1 November 2026, 00:00 in UTC.
pub(crate) const START_US: i64 = 1_793_491_200_000_000;
pub(crate) const HOUR_US: i64 = 3_600_000_000;

/// Time to come back after a cancel: plenty for a busy machine, and waited out only by what hangs.
pub(crate) const GRACE: Duration = Duration::from_millis(1500);

/// Collects log lines.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<LogLine>>>);

impl Log {
    pub(crate) fn lines(&self) -> Vec<LogLine> {
        self.0.lock().unwrap().clone()
    }

    pub(crate) fn text(&self) -> String {
        self.lines().iter().map(|line| format!("{line}\n")).collect()
    }

    pub(crate) fn surroundings(&self) -> Surroundings {
        let lines = self.0.clone();
        Surroundings::new(
            move |line| lines.lock().unwrap().push(line.clone()),
            |name| (name == "env:TOKEN").then(|| "s3cret-token".to_owned()),
        )
    }
}

/// The hostile plugin, beside the test's executable.
pub(crate) fn hostile() -> Plugin {
    let dir = std::env::current_exe().unwrap().parent().unwrap().to_owned();
    Plugin::find("hostile", &[dir]).unwrap()
}

pub(crate) fn child_options() -> ChildOptions {
    let path = PathBuf::from(env!("CARGO_BIN_EXE_gevinst-channel-child"));
    ChildOptions { program: Some(ChildProgram { path }), cancel_grace: GRACE, ..ChildOptions::default() }
}

pub(crate) fn child(log: &Log) -> ChildConnection {
    ChildConnection::start(&hostile(), &child_options(), log.surroundings()).unwrap()
}

/// The same plugin over both ways.
pub(crate) fn both(log: &Log) -> [Box<dyn Connection>; 2] {
    let mut in_process =
        InProcessConnection::load_trusted(&hostile(), Limits::default(), log.surroundings()).unwrap();
    in_process.set_cancel_grace(GRACE);
    [Box::new(child(log)), Box::new(in_process)]
}

pub(crate) fn config(fault: Option<&str>) -> Value {
    let mut config = json!({ "currency": "NOK", "timezone": "Europe/Oslo" });
    if let Some(fault) = fault {
        config["fault"] = fault.into();
    }
    config
}

pub(crate) fn at(hours: i64) -> Terms {
    Terms { now: Now::Frozen(START_US + hours * HOUR_US), deadline: Duration::from_secs(20) }
}

pub(crate) fn quick(deadline_ms: u64) -> Terms {
    Terms { now: Now::Frozen(START_US), deadline: Duration::from_millis(deadline_ms) }
}

pub(crate) fn command(seq: u64, minor: i64) -> Command {
    let set = Set { daily_budget: Money::new(minor, "NOK"), paused: false, creative: None };
    Command::new("headlines", "product", seq, set, START_US + 1000 * HOUR_US)
}

pub(crate) fn arm() -> Query {
    Query { experiment: "headlines".to_owned(), arm: "product".to_owned() }
}

pub(crate) fn hours(from: i64, to: i64) -> ObserveRequest {
    let coded = |code, name: &str| Coded { code, name: name.to_owned() };
    ObserveRequest {
        experiment: "headlines".to_owned(),
        arms: vec![coded(1, "product"), coded(2, "problem")],
        metrics: vec![coded(1, "spend"), coded(2, "lead")],
        grain: Grain::Hour,
        timezone: "Europe/Oslo".to_owned(),
        from_us: START_US + from * HOUR_US,
        to_us: START_US + to * HOUR_US,
        cursor: None,
    }
}

/// Waits until `done`, or says what was waited for.
pub(crate) fn eventually(what: &str, mut done: impl FnMut() -> bool) {
    for _ in 0..400 {
        if done() {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("never came: {what}");
}

/// Whether a process of that number runs; a zombie does not.
pub(crate) fn runs(process_id: u32) -> bool {
    std::fs::read_to_string(format!("/proc/{process_id}/stat"))
        .is_ok_and(|stat| !stat.rsplit_once(')').unwrap().1.trim_start().starts_with('Z'))
}

/// Compiles C into a library, or `None` without a C compiler.
pub(crate) fn compile(source: &str, dir: &Path, name: &str) -> Option<PathBuf> {
    let include = Path::new(env!("CARGO_MANIFEST_DIR")).join("../abi/include");
    let (input, output) = (dir.join(format!("{name}.c")), dir.join(format!("lib{name}.so")));
    std::fs::write(&input, source).unwrap();
    let status = std::process::Command::new("cc")
        .args(["-std=c11", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-I"])
        .arg(&include)
        .arg("-o")
        .args([&output, &input])
        .status();
    match status {
        Ok(status) => {
            assert!(status.success(), "{name}.c does not compile");
            Some(output)
        }
        Err(error) => {
            println!("skipped: no C compiler ({error})");
            None
        }
    }
}

/// The error of something that must fail.
pub(crate) fn refused<T: std::fmt::Debug>(result: Result<T, HostError>) -> HostError {
    result.expect_err("this must be refused")
}
