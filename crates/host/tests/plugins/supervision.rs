//! Plugins that hang, die or fill pipes, in a child process: what is told, and that nothing is left.

use std::time::{Duration, Instant};

use crate::support::*;
use gevinst_host::{ChildConnection, ChildOptions, Connection, Death, HostError, LogSource, Outcome};

fn opened(fault: &str, log: &Log) -> ChildConnection {
    let mut channel = child(log);
    channel.open(&config(Some(fault)), at(0)).unwrap();
    channel
}

/// Protects against exit(0) being taken for an answer, and names how the process ended.
#[test]
fn exits_and_aborts_are_crashes_with_unknown_outcome() {
    for (fault, expected) in [("exits_in_apply", Death::Exit(0)), ("aborts_in_apply", Death::Signal(6))] {
        let mut channel = opened(fault, &Log::default());
        let outcome = channel.apply(&command(1, 1000), at(0));
        let Outcome::Unknown(HostError::Crashed { method: "apply", death }) = outcome else {
            panic!("{fault}: {outcome:?}")
        };
        assert_eq!(death, expected, "{fault}");
        // What comes after was certainly not sent.
        assert!(matches!(channel.apply(&command(2, 1000), at(0)), Outcome::Refused(HostError::Gone { .. })));
        assert!(!runs(channel.process_id()));
    }
    let mut channel = opened("exits_in_observe", &Log::default());
    let error = refused(channel.observe(&hours(0, 1), at(0)));
    assert_eq!(
        error.to_string(),
        "the plugin's process exited with code 0, without an answer, during observe"
    );
}

/// Protects the runner from a plugin that hangs and hears no cancel: killed, with its group, on time.
#[test]
fn a_hanging_plugin_is_killed_at_the_deadline() {
    for fault in ["hangs_in_check", "hangs_in_apply"] {
        let mut channel = opened(fault, &Log::default());
        let began = Instant::now();
        if fault == "hangs_in_apply" {
            let outcome = channel.apply(&command(1, 1000), quick(100));
            assert!(matches!(outcome, Outcome::Unknown(HostError::Deadline { .. })), "{outcome:?}");
        } else {
            let error = refused(channel.check(quick(100)));
            assert_eq!(error.to_string(), "check took longer than 100 ms");
        }
        let took = began.elapsed();
        assert!(took >= GRACE && took < GRACE + Duration::from_secs(5), "{took:?}");
        assert!(!runs(channel.process_id()));
        assert!(matches!(channel.check(quick(100)), Err(HostError::Gone { .. })));
    }
}

/// Protects against waiting for the end of a pipe that a grandchild holds, and against leaving it behind.
#[test]
fn a_grandchild_is_not_waited_for_and_not_left() {
    let log = Log::default();
    let mut channel = opened("grandchild", &log);
    channel.query(&arm(), at(0)).unwrap();
    let text = log.text();
    let number: u32 = text.trim().strip_prefix("Info: grandchild ").unwrap().parse().unwrap();
    assert!(runs(number), "{number} should be running");
    let began = Instant::now();
    drop(channel);
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    eventually("the grandchild's end", || !runs(number));
}

/// Protects against a plugin whose process is killed from outside, between calls.
#[test]
fn a_process_killed_from_outside_is_a_crash() {
    let mut channel = opened("waits_in_check", &Log::default());
    let status = std::process::Command::new("kill")
        .args(["-KILL", &channel.process_id().to_string()])
        .status()
        .unwrap();
    assert!(status.success());
    let error = refused(channel.query(&arm(), at(0)));
    assert!(matches!(error, HostError::Crashed { death: Death::Signal(9), .. }), "{error}");
}

/// Protects the log from a plugin that writes megabytes to standard output, and the plugin from a full pipe.
#[test]
fn output_is_captured_and_bounded() {
    let log = Log::default();
    let mut channel = opened("chatters_in_check", &log);
    channel.check(at(0)).unwrap();
    let lines = log.lines();
    assert!(lines.iter().all(|line| line.source == LogSource::Stdout));
    assert_eq!(lines[0].text, "line");
    assert!(lines.last().unwrap().text.contains("dropped"), "{}", lines.last().unwrap());
    let bytes: usize = lines.iter().map(|line| line.text.len() + 1).sum();
    assert!(bytes < 300 << 10, "{bytes} bytes");
    channel.query(&arm(), at(0)).unwrap();
}

/// Protects the machine: a plugin that uses memory without end dies alone.
#[test]
fn memory_is_bounded() {
    let log = Log::default();
    let options = ChildOptions { memory_bytes_max: 512 << 20, ..child_options() };
    let mut channel = ChildConnection::start(&hostile(), &options, log.surroundings()).unwrap();
    channel.open(&config(Some("eats_memory")), at(0)).unwrap();
    let error = refused(channel.observe(&hours(0, 1), at(0)));
    assert!(matches!(error, HostError::Crashed { death: Death::Signal(6), .. }), "{error}");
    let eaten = log.lines().iter().filter(|line| line.text.ends_with(" MiB")).count();
    assert!((4..32).contains(&eaten), "{eaten} pieces of 16 MiB");
    assert!(log.text().contains("memory allocation of"), "{}", log.text());
}

/// Protects secrets and privacy: a child sees no environment, no standard input, and dumps no core.
#[test]
#[cfg(target_os = "linux")]
fn a_child_sees_no_environment() {
    let channel = child(&Log::default());
    let id = channel.process_id();
    let limits = std::fs::read_to_string(format!("/proc/{id}/limits")).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().nth(4), Some("0"), "{core}");
    let environment = std::fs::read(format!("/proc/{id}/environ")).unwrap_or_default();
    assert!(environment.is_empty(), "{}", String::from_utf8_lossy(&environment));
    let arguments = std::fs::read(format!("/proc/{id}/cmdline")).unwrap();
    assert_eq!(arguments, b"gevinst\0__channel\0");
    // Its own group, which it leads.
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap();
    let group = stat.rsplit_once(')').unwrap().1.split_whitespace().nth(2).unwrap().to_owned();
    assert_eq!(group, id.to_string());
}

/// Protects against plugins that outlive a program which was killed.
#[test]
fn when_the_program_is_killed_its_channels_end() {
    // A program that starts a channel and then waits: this test's own executable, one test of it.
    let mut program = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "--nocapture", "--ignored", "supervision::a_program_with_a_channel"])
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut output = std::io::BufReader::new(program.stdout.take().unwrap());
    let mut numbers = Vec::new();
    while numbers.is_empty() {
        let mut line = String::new();
        assert!(std::io::BufRead::read_line(&mut output, &mut line).unwrap() > 0, "the program ended");
        if let Some((_, rest)) = line.split_once("channel runs as ") {
            numbers = rest.split_whitespace().map(|number| number.parse().unwrap()).collect();
        }
    }
    assert!(numbers.iter().all(|number| runs(*number)), "{numbers:?}");
    program.kill().unwrap();
    program.wait().unwrap();
    eventually("the end of channel and grandchild", || !numbers.iter().any(|number| runs(*number)));
}

/// Not a test: the program of the test above.
#[test]
#[ignore = "started by another test"]
fn a_program_with_a_channel() {
    let log = Log::default();
    let mut channel = opened("grandchild", &log);
    channel.query(&arm(), at(0)).unwrap();
    let grandchild = log.text().trim().strip_prefix("Info: grandchild ").unwrap().to_owned();
    println!("channel runs as {} {grandchild}", channel.process_id());
    std::thread::sleep(Duration::from_secs(60));
}

/// Protects against a program that is no channel's child: it does not answer, and that is told.
#[test]
fn a_program_that_is_not_ours_is_a_crash() {
    let program = Some(gevinst_host::ChildProgram { path: "/bin/true".into() });
    let options = ChildOptions { program, ..child_options() };
    let error = refused(ChildConnection::start(&hostile(), &options, Log::default().surroundings()));
    let HostError::NotLoaded { source: error, .. } = error else { panic!("{error}") };
    assert!(matches!(*error, HostError::Crashed { method: "loading", death: Death::Exit(0) }), "{error}");
    let program = Some(gevinst_host::ChildProgram { path: "/nonexistent".into() });
    let options = ChildOptions { program, ..child_options() };
    let error = refused(ChildConnection::start(&hostile(), &options, Log::default().surroundings()));
    assert!(error.to_string().starts_with("a child process cannot be started: "), "{error}");
}
