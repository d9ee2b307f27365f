//! A channel in plain C passes the suite; what the Rust SDK would not let it do wrong is noticed.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use gevinst_conformance::{Options, Report, run};
use gevinst_host::{ChildOptions, ChildProgram, Plugin};
use serde_json::json;

use crate::faults::{self, unlike};

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
            #[expect(clippy::print_stdout, reason = "a test that was skipped should say so")]
            {
                println!("skipped: no C compiler ({error})");
            }
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
    let config = json!({ "currency": "NOK", "timezone": "UTC", "state_file": "{tmp}/platform" });
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
    for fault in faults::BELOW_THE_SDK {
        let Some(library) = compile(dir.path(), Some(fault.0)) else { return };
        let wrong = unlike(&report(&library, false), fault);
        assert!(wrong.is_none(), "{}", wrong.unwrap_or_default());
    }
}
