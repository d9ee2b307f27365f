//! A sender that is killed at any point of a message's way.
//!
//! The built program sends to a mail server of our own, which kills it with SIGKILL at a chosen moment, again and again, and
//! then lets it finish. What is timed is the moment in the conversation, not the clock.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod common;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use common::{Fake, KEY, Moment, Still, config, write_list};
use gevinst_email::{Account, Email, config::Config};
use gevinst_sdk::testing::{Driver, TestHost};
use gevinst_sdk::wire::{Command as Move, Money, Set};
use serde_json::{Value, json};

const PEOPLE: usize = 60;

/// The project's file for the program, from the channel's configuration.
fn write_project(folder: &Path, config: &Value) {
    let table: toml::Table = serde_json::from_value(json!({ "channels": { "email": config } })).unwrap();
    std::fs::write(folder.join("gevinst.toml"), table.to_string()).unwrap();
}

fn turn(folder: &Path) -> Child {
    Command::new(env!("CARGO_BIN_EXE_gevinst-email-server"))
        .args(["turn", "--channel", "email", "--config"])
        .arg(folder.join("gevinst.toml"))
        .env_clear()
        .env("KEY", KEY)
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn enrol(config: &Value, now_us: i64) {
    let mut silent = config.clone();
    silent["pace"]["seconds_per_step"] = json!(0);
    let host = TestHost::at(now_us).with_secret("env:KEY", KEY);
    let mut channel = Driver::<Email>::open(&host, &silent).unwrap();
    let creative = json!({ "subject": "Hello", "text": "{{ unsubscribe_url }}" });
    let set = Set { daily_budget: Money::new(PEOPLE as i64, "XXX"), paused: false, creative: Some(creative) };
    channel.apply(&Move::new("headlines", "new", 1, set, i64::MAX)).unwrap();
}

fn counts(folder: &Path) -> BTreeMap<String, usize> {
    let ledger = rusqlite::Connection::open(folder.join("state/sent.sqlite")).unwrap();
    let mut statement = ledger.prepare("SELECT state, COUNT(*) FROM message GROUP BY state").unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get::<_, u32>(1)? as usize))).unwrap();
    rows.map(Result::unwrap).collect()
}

#[test]
fn nobody_gets_a_second_copy_whenever_the_sender_is_killed() {
    // Protects: people from second copies, and the count of those who may not have got the first.
    for moment in [Moment::Recipient, Moment::Data, Moment::Text, Moment::Answered] {
        let folder = tempfile::tempdir().unwrap();
        let addresses: Vec<String> = (0..PEOPLE).map(|number| format!("p{number}@people.example")).collect();
        write_list(folder.path(), &addresses);
        let fake = Fake::start();
        let config = config(folder.path(), fake.port);
        write_project(folder.path(), &config);
        enrol(&config, jiff::Timestamp::now().as_microsecond());
        for kill_at in [1, 3, 7, 8] {
            let child = Arc::new(Mutex::new(None::<Child>));
            let (victim, mut seen) = (Arc::clone(&child), 0);
            // Held until the child is known, so that its first message waits for us.
            let mut place = child.lock().unwrap();
            fake.on(move |at| {
                seen += usize::from(at == moment);
                if seen == kill_at
                    && at == moment
                    && let Some(child) = victim.lock().unwrap().as_mut()
                {
                    child.kill().unwrap();
                    child.wait().unwrap();
                }
            });
            *place = Some(turn(folder.path()));
            drop(place);
            // Ended by the server, or, where nothing was left to send, by itself.
            loop {
                if child.lock().unwrap().as_mut().is_none_or(|child| child.try_wait().unwrap().is_some()) {
                    break;
                }
                std::thread::sleep(std::time::Duration::from_millis(5));
            }
        }
        fake.on(|_| {});
        assert!(turn(folder.path()).wait().unwrap().success());
        let mut copies: BTreeMap<String, usize> = BTreeMap::new();
        for message in fake.received() {
            *copies.entry(message.to).or_default() += 1;
        }
        assert!(copies.values().all(|copies| *copies == 1), "{moment:?}: {copies:?}");
        let counts = counts(folder.path());
        let of = |state: &str| counts.get(state).copied().unwrap_or(0);
        assert_eq!(of("sent") + of("unknown"), PEOPLE, "{moment:?}: {counts:?}");
        // Each kill leaves at most one message of which nobody knows; one that was killed before it was tried is sent later.
        assert!(of("unknown") <= 4, "{moment:?}: {counts:?}");
        if moment == Moment::Recipient {
            assert_eq!((of("unknown"), copies.len()), (0, PEOPLE), "{counts:?}");
        }
        assert!(copies.len() >= of("sent"), "{moment:?}: sent means taken");
    }
}

#[test]
fn a_suppressed_person_is_never_written_to_whatever_happens() {
    // Protects: people who said no: through restarts, new experiments, changed lists and kills, in any order.
    let folder = tempfile::tempdir().unwrap();
    let addresses: Vec<String> = (0..40).map(|number| format!("p{number}@people.example")).collect();
    write_list(folder.path(), &addresses);
    let fake = Fake::start();
    let mut value = config(folder.path(), fake.port);
    value["suppressed"] = json!(folder.path().join("suppressed.csv"));
    let open = |value: &Value, now_us| {
        let config: Config = serde_json::from_value(value.clone()).unwrap();
        Account::open(config, &|_| Ok(KEY.to_owned()), Box::new(Still(now_us)))
    };
    let mut now_us = 1_793_520_000_000_000;
    assert!(open(&value, now_us).is_err(), "a file of suppressed people that is missing stops everything");
    let mut suppressed: Vec<String> = Vec::new();
    let mut sent_before: BTreeMap<String, usize> = BTreeMap::new();
    let count = |to: &str| fake.received().iter().filter(|message| message.to == to).count();
    for round in 0..8_usize {
        // The file holds one person, who is taken out of it again in the next round: a suppression is for good.
        let person = &addresses[round * 5];
        sent_before.insert(person.clone(), count(person));
        suppressed.push(person.clone());
        std::fs::write(folder.path().join("suppressed.csv"), format!("{}\n", person.to_uppercase())).unwrap();
        drop(open(&value, now_us).unwrap());
        let host = TestHost::at(now_us).with_secret("env:KEY", KEY);
        let mut channel = Driver::<Email>::open(&host, &value).unwrap();
        let creative = json!({ "subject": "Hello", "text": "{{ unsubscribe_url }}" });
        let set = Set { daily_budget: Money::new(1_000, "XXX"), paused: false, creative: Some(creative) };
        channel.apply(&Move::new(format!("round-{round}"), "only", 1, set, i64::MAX)).unwrap();
        now_us += 86_400_000_000;
    }
    for person in &suppressed {
        assert_eq!(count(person), sent_before[person], "{person} was written to after saying no");
    }
    assert_eq!(count(&addresses[1]), 8, "the others get every round's message");
}
