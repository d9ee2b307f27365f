//! A channel in plain C passes the suite; what the Rust SDK would not let it do wrong is noticed.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]
#![expect(clippy::print_stdout, reason = "a test that was skipped should say so")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use gevinst_conformance::{Options, Report, Status, run};
use gevinst_host::{ChildOptions, ChildProgram, Plugin};
use serde_json::json;

/// Compiles the channel with a fault, or `None` without a C compiler.
fn compile(dir: &Path, fault: Option<&str>) -> Option<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let name = fault.unwrap_or("none").to_lowercase();
    let output = dir.join(format!("libgevinst_plain_c_{name}.so"));
    let mut compiler = Command::new("cc");
    compiler
        .args(["-std=c11", "-O1", "-g", "-Wall", "-Wextra", "-shared", "-fPIC", "-I"])
        .arg(here.join("../abi/include"))
        .args(fault.map(|fault| format!("-DFAULT_{fault}")))
        .arg("-o")
        .arg(&output)
        .arg(here.join("tests/c/channel.c"));
    match compiler.status() {
        Ok(status) => {
            assert!(status.success(), "channel.c does not compile");
            Some(output)
        }
        Err(error) => {
            println!("skipped: no C compiler ({error})");
            None
        }
    }
}

fn report(library: &Path, in_process: bool) -> Report {
    let program = ChildProgram { path: PathBuf::from(env!("CARGO_BIN_EXE_gevinst-conformance-child")) };
    let options = Options {
        child: ChildOptions { program: Some(program), ..ChildOptions::default() },
        in_process,
        deadline: Duration::from_secs(10),
        ..Options::at(1_793_491_200_000_000)
    };
    let config = json!({ "currency": "NOK", "timezone": "Europe/Oslo", "state_file": "{tmp}/platform" });
    run(&Plugin::at(library).unwrap(), &config, &options, &mut |_| {}).unwrap()
}

/// Protects authors who do not write Rust: the header is enough.
#[test]
fn a_channel_in_plain_c_passes() {
    let dir = tempfile::tempdir().unwrap();
    let Some(library) = compile(dir.path(), None) else { return };
    for in_process in [false, true] {
        let report = report(&library, in_process);
        assert!(report.passed(), "{}", report.render());
        assert_eq!(report.plugin.as_deref(), Some("plain-c"));
    }
}

/// Protects against what only a plugin without the SDK can do wrong.
#[test]
fn faults_below_the_sdk_fail_their_test() {
    let dir = tempfile::tempdir().unwrap();
    for (fault, test, reason) in [
        ("DESCRIBES_DIFFERENTLY", "load.describe_is_pure_and_valid", "the second description differs"),
        ("FORGETS_NOT_AFTER", "money.not_after_is_kept", "the command was carried out"),
        ("FORGETS_RELEASE", "data.rows_well_formed", "did not mark it as released"),
        ("SIGNED_ARMS", "data.rows_well_formed", "column 1 must have the format `I`, not `i`"),
        ("STREAM_FAILS", "data.rows_well_formed", "failed (5): the report was cut off"),
        ("HAS_NULLS", "data.rows_well_formed", "column `count` has nulls"),
        ("SHORT_COLUMN", "data.rows_well_formed", "column `sum` has 307 values for 308 rows"),
        ("NO_STREAM", "data.rows_well_formed", "no stream of rows was handed over"),
    ] {
        let Some(library) = compile(dir.path(), Some(fault)) else { return };
        let report = report(&library, false);
        let failed: Vec<_> = report.failed().collect();
        assert!(
            failed.len() == 1 && failed[0].name == test,
            "{fault} should fail {test} alone\n{}",
            report.render()
        );
        let Status::Failed { reason: told } = &failed[0].status else { unreachable!() };
        assert!(told.contains(reason), "{fault}: {told}");
    }
}
