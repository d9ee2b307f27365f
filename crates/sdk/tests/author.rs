//! What the SDK promises to an author, on the example that is in its documentation.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use gevinst_sdk::testing::{Driver, TestHost};
use gevinst_sdk::wire::{
    ArmState, Coded, Command, Description, Grain, Money, ObserveRequest, Query, Receipt, Set, State,
};
use gevinst_sdk::{Channel, Code, Error, Host, Level, Observations};
use serde_json::json;

#[path = "../examples/letterbox.rs"]
#[expect(unreachable_pub, reason = "an example, included as a module")]
mod letterbox;

const START_US: i64 = 1_793_491_200_000_000;

fn command(seq: u64, currency: &str) -> Command {
    let set = Set { daily_budget: Money::new(2_400_000, currency), paused: false, creative: None };
    Command::new("headlines", "product", seq, set, START_US + 1_000_000)
}

fn config() -> serde_json::Value {
    json!({ "currency": "NOK", "timezone": "Europe/Oslo" })
}

/// Protects the claim that a complete channel takes under 60 lines.
#[test]
fn a_complete_channel_takes_under_60_lines() {
    let source = include_str!("../examples/letterbox.rs");
    let is_code = |line: &&str| {
        let line = line.trim();
        !line.is_empty() && !line.starts_with("//")
    };
    let lines = source.lines().filter(is_code).count();
    assert!(lines < 60, "{lines} lines of code");
    assert!(source.contains("export_channel!"), "it is exported");
}

/// Protects that example: it is what authors copy.
#[test]
fn the_example_is_a_good_channel() {
    let host = TestHost::at(START_US);
    let mut channel = Driver::<letterbox::Letterbox>::open(&host, config()).unwrap();
    channel.check().unwrap();
    let query = Query { experiment: "headlines".to_owned(), arm: "product".to_owned() };
    assert_eq!(channel.query(&query).unwrap(), State::absent());
    let error = channel.apply(&command(1, "SEK")).unwrap_err();
    assert_eq!((error.code, error.field.as_str()), (Code::BadRequest, "/set/daily_budget/currency"));
    assert!(channel.apply(&command(1, "NOK")).unwrap().applied);
    assert!(!channel.apply(&command(1, "NOK")).unwrap().applied);
    host.set_now_us(START_US + 2 * 3_600_000_000 + 1);
    let late = channel.apply(&command(2, "NOK")).unwrap_err();
    assert_eq!(late.code, Code::NotApplied, "the SDK refuses what comes too late");
    assert_eq!(channel.query(&query).unwrap().last_seq, Some(1));
    let request = ObserveRequest {
        experiment: "headlines".to_owned(),
        arms: vec![Coded { code: 3, name: "product".to_owned() }],
        metrics: vec![
            Coded { code: 1, name: "spend".to_owned() },
            Coded { code: 2, name: "lead".to_owned() },
        ],
        grain: Grain::Hour,
        timezone: "Europe/Oslo".to_owned(),
        from_us: START_US,
        to_us: START_US + 24 * 3_600_000_000,
        cursor: None,
    };
    let observed = channel.observe(&request).unwrap();
    let sums: Vec<f64> = observed.rows.iter().map(|row| row.sum).collect();
    assert_eq!(sums, [100_000.0, 10.0, 100_000.0, 10.0]);
}

/// Protects users from messages without a place: each mistake is refused with a JSON pointer to it.
#[test]
fn bad_configurations_are_refused_with_a_pointer() {
    for (config, field, message) in [
        (json!({ "currency": "NOK" }), "", "missing field `timezone`"),
        (
            json!({ "currency": 7, "timezone": "UTC" }),
            "/currency",
            "invalid type: integer `7`, expected a string",
        ),
        (
            json!({ "currency": "NOK", "timezone": "UTC", "a/b": 1 }),
            "/a~1b",
            "unknown field `a/b`, expected `currency` or `timezone`",
        ),
        (json!([1]), "/0", "invalid type: integer `1`, expected a string"),
    ] {
        let error = Driver::<letterbox::Letterbox>::open(&TestHost::at(0), &config).unwrap_err();
        assert_eq!(error, Error::bad_config(field, message), "{config}");
    }
}

/// A channel that does odd things on demand.
struct Odd(Host, String);

#[derive(serde::Deserialize)]
struct OddConfig {
    what: String,
}

/// Panics when it is dropped, as a plugin's own types may.
struct PanicsInDrop;

impl Drop for PanicsInDrop {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            panic!("a panic in drop");
        }
    }
}

impl Channel for Odd {
    type Config = OddConfig;
    fn describe() -> Description {
        panic!("a panic in describe")
    }
    fn open(config: OddConfig, host: Host) -> Result<Self, Error> {
        host.log(Level::Info, "opened");
        Ok(Self(host, config.what))
    }
    fn check(&mut self) -> Result<(), Error> {
        match self.1.as_str() {
            "payload" => std::panic::panic_any(PanicsInDrop),
            "outlive" => {
                let host = self.0.clone();
                std::thread::spawn(move || {
                    for _ in 0..100 {
                        host.now_us();
                        host.log(Level::Info, "still here");
                        std::thread::sleep(Duration::from_millis(1));
                    }
                });
                Ok(())
            }
            secret => self.0.secret(secret).map(|value| self.0.log(Level::Debug, value)),
        }
    }
    fn apply(&mut self, command: &Command) -> Result<Receipt, Error> {
        let set = command.set.clone();
        // Larger than any host takes.
        let key = "k".repeat(2 << 20);
        let state = ArmState { daily_budget: set.daily_budget, paused: set.paused, last_seq: command.seq };
        Ok(Receipt { key, seq: command.seq, applied: true, state })
    }
    fn query(&mut self, _: &Query) -> Result<State, Error> {
        self.0.sleep(Duration::from_secs(3600)).map(|()| State::absent())
    }
    fn observe(&mut self, _: &ObserveRequest) -> Result<Observations, Error> {
        panic!("a panic in observe")
    }
}

impl Drop for Odd {
    fn drop(&mut self) {
        if self.1 == "drop" {
            panic!("a panic in close");
        }
    }
}

fn odd(what: &str) -> (Driver<Odd>, TestHost) {
    let host = TestHost::at(7).with_secret("env:TOKEN", "s3cret");
    (Driver::open(&host, json!({ "what": what })).unwrap(), host)
}

/// Protects the host from panics: one guard catches them in every slot, and the channel then only closes.
#[test]
fn panics_are_caught_in_every_slot() {
    let error = Driver::<Odd>::describe().unwrap_err();
    assert_eq!(error.message, "the plugin panicked: a panic in describe");
    let (mut channel, _) = odd("payload");
    let error = channel.check().unwrap_err();
    assert_eq!((error.code, error.message.as_str()), (Code::Internal, "the plugin panicked: no message"));
    let error = channel.check().unwrap_err();
    assert_eq!(error.message, "this channel panicked earlier and can only be closed");
    drop(channel);
    let (channel, host) = odd("drop");
    drop(channel);
    assert_eq!(host.log_lines(), [(3, "opened".to_owned())]);
}

/// Protects memory: a host that a forgotten thread still holds is not called after close.
#[test]
fn a_host_outlives_its_channel_harmlessly() {
    let (mut channel, host) = odd("outlive");
    channel.check().unwrap();
    std::thread::sleep(Duration::from_millis(20));
    drop(channel);
    let lines = host.log_lines().len();
    assert!(lines > 1, "the thread logged while the channel was open");
    std::thread::sleep(Duration::from_millis(20));
    assert_eq!(host.log_lines().len(), lines);
}

/// Protects secrets' way in, and says which one is missing.
#[test]
fn secrets_are_resolved_by_the_host() {
    let (mut channel, host) = odd("env:TOKEN");
    channel.check().unwrap();
    assert_eq!(host.log_lines().last().unwrap(), &(4, "s3cret".to_owned()));
    let error = odd("env:OTHER").0.check().unwrap_err();
    assert_eq!((error.code, error.message.as_str()), (Code::Auth, "the secret `env:OTHER` cannot be had"));
}

/// Protects the host's memory: an answer beyond its bound is refused, and the command's outcome is not "refused".
#[test]
fn an_answer_that_is_too_large_is_told() {
    let (mut channel, _) = odd("x");
    let mut command = command(1, "NOK");
    command.not_after_us = i64::MAX;
    assert_eq!(channel.apply(&command).unwrap_err().code, Code::TooLarge);
}

/// Protects the runner's deadlines: a wait in the SDK ends with the cancel, and the next call is not cancelled.
#[test]
fn a_wait_ends_with_the_cancel() {
    let (channel, _) = odd("x");
    let canceller = channel.canceller();
    let channel = Arc::new(std::sync::Mutex::new(channel));
    let waiting = channel.clone();
    let began = Instant::now();
    let call = std::thread::spawn(move || {
        let query = Query { experiment: "e".to_owned(), arm: "a".to_owned() };
        waiting.lock().unwrap().query(&query).unwrap_err().code
    });
    // Whether the call has begun cannot be seen from outside: cancelled until it returns.
    while !call.is_finished() {
        canceller.cancel();
        std::thread::sleep(Duration::from_millis(1));
        assert!(began.elapsed() < Duration::from_secs(20), "the call does not return");
    }
    assert_eq!(call.join().unwrap(), Code::Cancelled);
    let error = channel.lock().unwrap().check().unwrap_err();
    assert_eq!(error.code, Code::Auth, "`x` is no secret, and that is what is told");
}

/// Protects users from plugins that would take the whole process down with one panic: they do not compile.
#[test]
fn panic_abort_does_not_compile() {
    let deps = std::env::current_exe().unwrap().parent().unwrap().to_owned();
    let newest = |prefix: &str| {
        let entries = std::fs::read_dir(&deps).unwrap().map(|entry| entry.unwrap());
        entries
            .filter(|entry| {
                let name = entry.file_name().into_string().unwrap();
                name.starts_with(prefix) && name.ends_with(".rlib")
            })
            .max_by_key(|entry| entry.metadata().unwrap().modified().unwrap())
            .unwrap()
            .path()
    };
    let dir = tempfile::tempdir().unwrap();
    let source = dir.path().join("plugin.rs");
    std::fs::write(
        &source,
        "pub struct Nothing;\n\
         impl gevinst_sdk::Channel for Nothing {\n\
             type Config = String;\n\
             fn describe() -> gevinst_sdk::wire::Description { unimplemented!() }\n\
             fn open(_: String, _: gevinst_sdk::Host) -> Result<Self, gevinst_sdk::Error> { Ok(Nothing) }\n\
             fn apply(&mut self, _: &gevinst_sdk::wire::Command)\n\
                 -> Result<gevinst_sdk::wire::Receipt, gevinst_sdk::Error> { unimplemented!() }\n\
             fn query(&mut self, _: &gevinst_sdk::wire::Query)\n\
                 -> Result<gevinst_sdk::wire::State, gevinst_sdk::Error> { unimplemented!() }\n\
             fn observe(&mut self, _: &gevinst_sdk::wire::ObserveRequest)\n\
                 -> Result<gevinst_sdk::Observations, gevinst_sdk::Error> { unimplemented!() }\n\
         }\n\
         gevinst_sdk::export_channel!(Nothing);\n",
    )
    .unwrap();
    let compile = |panic: &str| {
        let output = std::process::Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()))
            .args(["--edition=2024", "--crate-type=rlib", "--emit=metadata", "-C", panic, "-L"])
            .arg(format!("dependency={}", deps.display()))
            .arg("--extern")
            .arg(format!("gevinst_sdk={}", newest("libgevinst_sdk-").display()))
            .arg("--out-dir")
            .arg(dir.path())
            .arg(&source)
            .output()
            .unwrap();
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let unwinding = compile("panic=unwind");
    assert!(!unwinding.contains("error"), "{unwinding}");
    let aborting = compile("panic=abort");
    assert!(aborting.contains("a channel must unwind"), "{aborting}");
}
