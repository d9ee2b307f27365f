//! PLUGIN_GUIDE.md: what it says to type works, from an empty folder to a plugin that passes.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use gevinst_tests::program::program;
use gevinst_tests::{Answer, Place};

/// The lines of every fenced block that is marked `sh`.
fn commands(guide: &str) -> String {
    let mut commands = String::new();
    let mut inside = false;
    for line in guide.lines() {
        match line {
            "```sh" => inside = true,
            "```" => inside = false,
            _ if inside => {
                commands.push_str(line);
                commands.push('\n');
            }
            _ => {}
        }
    }
    commands
}

#[test]
fn every_command_of_the_guide_works() {
    // Protects a newcomer's afternoon: `plugin new` builds and passes, and the guide says nothing that is not so.
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap();
    let guide = std::fs::read_to_string(root.join("PLUGIN_GUIDE.md")).unwrap();
    let commands = commands(&guide);
    assert!(commands.contains("gevinst plugin new") && commands.contains("cargo test"), "{commands}");
    let place = Place::new();
    let script = place.write("guide.sh", format!("set -euo pipefail\n{commands}"));
    let beside = program().parent().map(PathBuf::from).unwrap();
    let mut path = vec![beside.clone()];
    path.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
    let mut shell = Command::new("bash");
    shell
        .arg(script)
        .current_dir(place.folder())
        .env("PATH", std::env::join_paths(path).unwrap())
        .env("GEVINST", &root)
        // Compiled once for all runs of this test, away from the program's own; the results lie where the guide says.
        .env("CARGO_BUILD_BUILD_DIR", beside.join("guide"))
        .env("CARGO_NET_OFFLINE", "true")
        .env("CARGO_PROFILE_DEV_DEBUG", "false")
        .env_remove("CARGO_TARGET_DIR")
        .env_remove("GEVINST_PLUGIN_DIR")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    // A test's own variables would tell Cargo that the new crate is this one.
    for (name, _) in std::env::vars_os() {
        if name
            .to_str()
            .is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_"))
        {
            shell.env_remove(name);
        }
    }
    let answer = Answer::of_patient(&mut shell, std::time::Duration::from_secs(900)).done();
    assert!(answer.out.contains(" passed, 0 failed"), "{}", answer.out);
    assert!(answer.out.contains("ok       money.apply_reads_back"), "{}", answer.out);
    assert!(answer.out.contains("leaflets 0.1.0"), "{}", answer.out);
}
