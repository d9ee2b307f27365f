//! Several channels at once in one process: two accounts of one library, other libraries beside them, and one that panics. Each
//! does what it does alone in a process of its own.

use std::time::Duration;

use crate::world::{DAY_US, HOUR_US, SECRETS, World};
use gevinst_host::wire::{Coded, Command, Grain, Money, ObserveRequest, Query, Set};
use gevinst_host::{
    ChildConnection, ChildOptions, ChildProgram, Connection, InProcessConnection, Limits, Now, Outcome,
    Plugin, Surroundings, Terms,
};
use gevinst_tests::market::time;
use gevinst_tests::program::{library, program};
use serde_json::{Value, json};

/// 2026-11-01 in Oslo.
const START_US: i64 = 1_793_487_600_000_000;

/// A channel with the arm that is played on it.
struct Played {
    connection: Box<dyn Connection>,
    config: Value,
    arm: &'static str,
    creative: Value,
}

fn terms(now_us: i64) -> Terms {
    Terms { now: Now::Frozen(now_us), deadline: Duration::from_secs(60) }
}

fn command(arm: &str, seq: u64, minor: i64, creative: Option<Value>) -> Command {
    let set = Set { daily_budget: Money::new(minor, "NOK"), paused: false, creative };
    Command::new("across", arm, seq, set, START_US + 40 * DAY_US)
}

impl Played {
    /// Opens the account and launches the arm; what came of it, without what differs from one machine to the next.
    fn launch(&mut self) -> String {
        let now = terms(START_US + HOUR_US);
        self.connection.open(&self.config, now).expect("it opens");
        self.connection.check(now).expect("it can be used");
        let first = self.apply(&command(self.arm, 1, 50_000, Some(self.creative.clone())));
        let second = self.apply(&command(self.arm, 2, 60_000, None));
        let query = Query { experiment: "across".to_owned(), arm: self.arm.to_owned() };
        let state = self.connection.query(&query, now).map_err(|error| error.to_string());
        format!("{first}\n{second}\n{state:?}")
    }

    fn apply(&mut self, command: &Command) -> String {
        match self.connection.apply(command, terms(START_US + HOUR_US)) {
            Outcome::Receipt(receipt) => format!("{receipt:?}"),
            Outcome::Refused(error) | Outcome::Unknown(error) => error.to_string(),
        }
    }

    /// The figures of three days.
    fn observe(&mut self) -> String {
        let coded = |names: &[&str]| {
            (1..).zip(names).map(|(code, name)| Coded { code, name: (*name).to_owned() }).collect()
        };
        let request = ObserveRequest {
            experiment: "across".to_owned(),
            arms: coded(&[self.arm]),
            metrics: coded(&["spend", "lead"]),
            grain: Grain::Day,
            timezone: "Europe/Oslo".to_owned(),
            from_us: START_US,
            to_us: START_US + 3 * DAY_US,
            cursor: None,
        };
        let seen = self.connection.observe(&request, terms(START_US + 3 * DAY_US + 5 * HOUR_US));
        let seen = seen.expect("it reports");
        let rows: Vec<_> =
            seen.rows.iter().map(|row| (row.period_start_us, row.metric, row.count, row.sum)).collect();
        format!("{rows:?} until {}", time(seen.after.fresh_until_us))
    }
}

/// The channels of a world, none of them opened yet; the last one panics when it is commanded.
fn channels(world: &World, in_process: bool) -> Vec<Played> {
    let company: Value = toml::from_str(&world.place.read("gevinst.toml")).expect("as it was written");
    let beside = library("native_ads").parent().expect("it lies in a folder").to_owned();
    let connect = |plugin: &str| -> Box<dyn Connection> {
        let plugin = Plugin::find(plugin, std::slice::from_ref(&beside)).expect("it was built");
        let secret = |name: &str| {
            let known = SECRETS.iter().find(|(known, _)| name.strip_prefix("env:") == Some(*known));
            known.map(|(_, value)| (*value).to_owned())
        };
        let surroundings = Surroundings::new(|_| {}, secret);
        if in_process {
            let connection = InProcessConnection::load_trusted(&plugin, Limits::default(), surroundings);
            return Box::new(connection.expect("it can be loaded"));
        }
        let options =
            ChildOptions { program: Some(ChildProgram { path: program() }), ..ChildOptions::default() };
        Box::new(ChildConnection::start(&plugin, &options, surroundings).expect("it can be started"))
    };
    let config = |channel: &str, change: fn(&mut Value)| {
        let mut config = company["channels"][channel].clone();
        for (key, value) in [("timezone", "Europe/Oslo"), ("currency", "NOK")] {
            config[key] = value.into();
        }
        let plugin = config.as_object_mut().and_then(|table| table.remove("plugin")).expect("it has one");
        change(&mut config);
        (connect(plugin.as_str().unwrap_or_default()), config)
    };
    let letter = json!({ "subject": "Quotes", "html": "<p><a href='{{ unsubscribe_url }}'>leave</a></p>" });
    let native = json!({ "headline": "Your quotes take four days", "url": "https://acme.example/quotes" });
    let post = json!({ "post": "urn:li:share:2" });
    let mut played: Vec<Played> = [
        ("native", config("native", |_| {}), native.clone()),
        ("native", config("native", |config| config["account"] = "acme-se".into()), native),
        ("social", config("linkedin", |_| {}), post.clone()),
        ("social", config("linkedin", |config| config["account"] = "510".into()), post),
        ("letter", config("letters", |_| {}), letter),
    ]
    .into_iter()
    .map(|(arm, (connection, config), creative)| Played { connection, config, arm, creative })
    .collect();
    let state_file = world.place.path("hostile.jsonl");
    let config = json!({ "currency": "NOK", "timezone": "Europe/Oslo", "state_file": state_file, "fault": "panics_in_apply" });
    played.push(Played { connection: connect("hostile"), config, arm: "mad", creative: json!({}) });
    played
}

/// What all channels answer, each on a thread of its own.
fn play(in_process: bool) -> Vec<String> {
    let world = World::new();
    let mut channels = channels(&world, in_process);
    let all = |channels: &mut [Played], act: fn(&mut Played) -> String| -> Vec<String> {
        std::thread::scope(|scope| {
            let running: Vec<_> = channels.iter_mut().map(|channel| scope.spawn(|| act(channel))).collect();
            running.into_iter().map(|thread| thread.join().expect("it did not panic")).collect()
        })
    };
    world.at(HOUR_US);
    let mut told = all(&mut channels, Played::launch);
    world.at(3 * DAY_US + 5 * HOUR_US);
    // A panic closes its channel alone.
    let sane = channels.len() - 1;
    told.extend(all(&mut channels[..sane], Played::observe));
    told
}

#[test]
fn channels_in_one_process_do_not_disturb_each_other() {
    // Protects accounts from each other where they share a process and a library: globals, sockets, state, threads, a neighbour's panic.
    let (together, alone) = (play(true), play(false));
    for (together, alone) in together.iter().zip(&alone) {
        assert_eq!(together, alone);
    }
    assert_eq!(together.len(), 11);
    for launched in &together[..5] {
        assert!(launched.contains("last_seq: 2") && launched.contains("minor: 60000"), "{launched}");
    }
    assert!(together[5].contains("a panic in apply"), "{}", together[5]);
    for (seen, whose) in
        together[6..].iter().zip(["native", "the other account", "linkedin", "its other account", "mail"])
    {
        assert!(!seen.starts_with("[]"), "{whose}: {seen}");
    }
}
