//! The backend `mailchimp` on a stand-in for the platform: one campaign a batch, sent once whatever is lost, to nobody who must
//! not be written to; and figures that end at the platform's truth.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod common;

use std::collections::BTreeMap;
use std::sync::Arc;

use common::{KEY, write_list};
use gevinst_conformance::{Options, Status, run};
use gevinst_email::Email;
use gevinst_fakes::mailchimp::{Mailchimp, Outcome};
use gevinst_fakes::{Fake, Fault, Reply, What};
use gevinst_host::Plugin;
use gevinst_sdk::testing::{Driver, TestHost};
use gevinst_sdk::wire::{Coded, Command, Grain, Money, ObserveRequest, Set};
use gevinst_sdk::{Code, Error, Observations};
use proptest::prelude::*;
use serde_json::{Value, json};

const HOUR_US: i64 = 3_600_000_000;
const DAY_US: i64 = 24 * HOUR_US;
/// Midnight of 1 November 2026 in UTC.
const START_US: i64 = 1_793_491_200_000_000;
const API_KEY: &str = "0123456789abcdef0123456789abcdef-us21";
const METRICS: [&str; 8] =
    ["recipients", "sent", "delivered", "clicks", "visit", "unsubscribe", "bounce", "soft_bounce"];

struct Place {
    host: TestHost,
    fake: Fake<Mailchimp>,
    folder: tempfile::TempDir,
    config: Value,
    seq: u64,
}

/// People of all kinds: of every ten one whose address does not exist, one whose mailbox is full, one who leaves, one behind a
/// scanner.
fn people(count: usize) -> Vec<String> {
    let kind = |number: usize| match number % 10 {
        0 => "hard",
        1 => "soft",
        2 => "leaver",
        3 => "scanned",
        _ => "p",
    };
    (0..count).map(|number| format!("{}{number}@People.example", kind(number))).collect()
}

impl Place {
    fn new(list: &[String], audience: &[String]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        write_list(folder.path(), list);
        let fake = Fake::start(Mailchimp::new(API_KEY, "a1b2c3", audience.iter().cloned()));
        fake.clock().set_us(START_US);
        let config = json!({
            "timezone": "UTC", "currency": "NOK", "backend": "mailchimp", "key": "env:KEY",
            "state": folder.path().join("state"), "list": folder.path().join("list.csv"),
            "from": "Acme <news@acme.example>",
            "mailchimp": { "key": "env:API", "audience": "a1b2c3", "base_url": format!("{}/3.0", fake.url()),
                           "merge_fields": { "name": "FNAME" } },
            "goals": { "visit": { "from": "click", "containing": "/offer" } },
        });
        let host = TestHost::at(START_US).with_secret("env:KEY", KEY).with_secret("env:API", API_KEY);
        Self { host, fake, folder, config, seq: 0 }
    }

    fn open(&self) -> Driver<Email> {
        Driver::open(&self.host, &self.config).unwrap()
    }

    fn at(&self, us: i64) {
        self.host.set_now_us(START_US + us);
        self.fake.clock().set_us(START_US + us);
    }

    fn set(&mut self, channel: &mut Driver<Email>, arm: &str, people: i64, creative: Option<Value>) {
        self.seq += 1;
        let set = Set { daily_budget: Money::new(people, "XXX"), paused: people == 0, creative };
        channel.apply(&Command::new("spring", arm, self.seq, set, i64::MAX)).unwrap();
    }

    fn sent(&self) -> usize {
        self.fake.with(|platform| platform.deliveries()).values().sum()
    }

    fn log(&self) -> String {
        self.host.log_lines().into_iter().map(|(_, line)| line + "\n").collect()
    }
}

fn letter(subject: &str) -> Value {
    json!({
        "subject": format!("{subject} for {{{{ name }}}}"),
        "html": "<p>Hi {{ name }}, <a href='https://acme.example/offer?a=1'>see</a> <a href='https://acme.example/about'>us</a> \
                 <a href='{{ unsubscribe_url }}'>leave</a></p>",
    })
}

fn observe(channel: &mut Driver<Email>, arms: &[&str], days: i64) -> Result<Observations, Error> {
    let coded = |names: &[&str]| {
        (1..).zip(names).map(|(code, name)| Coded { code, name: (*name).to_owned() }).collect::<Vec<_>>()
    };
    channel.observe(&ObserveRequest {
        experiment: "spring".into(),
        arms: coded(arms),
        metrics: coded(&METRICS),
        grain: Grain::Day,
        timezone: "UTC".into(),
        from_us: START_US,
        to_us: START_US + days * DAY_US,
        cursor: None,
    })
}

/// Rows by arm, metric and day, the newest of each.
type Table = BTreeMap<(u32, u32, i64), u64>;

fn put(table: &mut Table, observed: &Observations) {
    table.extend(observed.rows.iter().map(|row| ((row.arm, row.metric, row.period_start_us), row.count)));
}

fn total(table: &Table, arm: u32, metric: &str) -> u64 {
    let (code, _) = (1_u32..).zip(METRICS).find(|(_, name)| *name == metric).unwrap();
    table.iter().filter(|((a, m, _), _)| (*a, *m) == (arm, code)).map(|(_, count)| count).sum()
}

/// What the table says of an arm, as the platform would.
fn outcome(table: &Table, arm: u32) -> Outcome {
    Outcome {
        sent: total(table, arm, "sent"),
        hard: total(table, arm, "bounce"),
        soft: total(table, arm, "soft_bounce"),
        left: total(table, arm, "unsubscribe"),
        complained: 0,
        clicked: total(table, arm, "clicks"),
    }
}

#[test]
fn a_batch_is_one_campaign_to_people_drawn_here() {
    // Protects: the experiment on somebody else's platform: who gets what is drawn by us, and everybody gets it once.
    let everybody = people(60);
    // Ten of the list are not in the audience.
    let mut place = Place::new(&everybody, &everybody[..50]);
    let mut channel = place.open();
    channel.check().unwrap();
    place.set(&mut channel, "none", 20, Some(json!({ "hold_out": true })));
    place.set(&mut channel, "new", 20, Some(letter("new")));
    place.set(&mut channel, "old", 20, Some(letter("old")));
    let titles = place.fake.with(|platform| platform.titles());
    assert_eq!(titles.len(), 2, "{titles:?}\n{}", place.log());
    assert!(
        titles[0].0.starts_with("gevinst/spring/new/1/") && titles[1].0.starts_with("gevinst/spring/old/1/")
    );
    let deliveries = place.fake.with(|platform| platform.deliveries());
    assert!(deliveries.values().all(|copies| *copies == 1) && (30..=40).contains(&deliveries.len()));
    let html = place.fake.with(|platform| platform.sent_html("/new/")).remove(0);
    assert!(html.contains("Hi *|FNAME|*") && html.contains("href='*|UNSUB|*'"), "{html}");
    // The same again, and by a new process: nobody more today.
    let mut channel = place.open();
    place.at(HOUR_US);
    observe(&mut channel, &["new"], 1).unwrap();
    assert_eq!(place.sent(), deliveries.len());
    place.at(DAY_US + HOUR_US);
    let mut table = Table::new();
    put(&mut table, &observe(&mut channel, &["none", "new", "old"], 1).unwrap());
    // The hold-out and whom the platform cannot reach are people of their arms all the same.
    assert_eq!([1, 2, 3].map(|arm| total(&table, arm, "recipients")), [20, 20, 20]);
    assert_eq!(total(&table, 2, "sent") + total(&table, 3, "sent"), deliveries.len() as u64);
    assert!(!place.log().contains(API_KEY) && !place.log().contains("@"), "{}", place.log());
}

#[test]
fn nothing_is_sent_twice_whatever_answer_is_lost() {
    // Protects: customers from two copies, and a batch from never leaving, wherever the connection breaks.
    let everybody = people(20);
    let (slow, broken) = (What::AfterActing(Reply::empty(504)), What::Instead(Reply::empty(500)));
    for (method, path) in [
        ("POST", "/segments"),
        ("POST", "/segments/"),
        ("POST", "/campaigns"),
        ("PUT", "/content"),
        ("POST", "/actions/send"),
        ("GET", "/campaigns/"),
    ] {
        for what in [What::CutBefore, What::CutAfter, slow.clone(), broken.clone()] {
            let told = format!("{method} {path} {what:?}");
            let mut place = Place::new(&everybody, &everybody);
            place.fake.fault(Fault::once(method, path, what));
            let mut channel = place.open();
            place.set(&mut channel, "new", 20, Some(letter("new")));
            // Asked again by a new process, soon and after every answer was due.
            for minutes in [1, 5, 30, 60] {
                place.at(minutes * 60_000_000);
                channel = place.open();
                observe(&mut channel, &["new"], 1).unwrap();
            }
            let deliveries = place.fake.with(|platform| platform.deliveries());
            assert_eq!(deliveries.len(), 20, "{told}\n{}", place.log());
            assert!(deliveries.values().all(|copies| *copies == 1), "{told}");
            assert_eq!(
                place.fake.with(|platform| platform.titles()).iter().filter(|one| one.1).count(),
                1,
                "{told}"
            );
            place.at(DAY_US);
            let mut table = Table::new();
            put(&mut table, &observe(&mut channel, &["new"], 1).unwrap());
            assert_eq!(total(&table, 1, "sent"), 20, "{told}");
        }
    }
}

#[test]
fn a_lost_send_ledger_sends_nothing_twice() {
    // Protects: customers from a restored backup: the same people's same message has the same name on the platform.
    let everybody = people(20);
    let mut place = Place::new(&everybody, &everybody);
    let mut channel = place.open();
    place.set(&mut channel, "new", 20, Some(letter("new")));
    assert_eq!(place.sent(), 20, "{}", place.log());
    place.config["state"] = json!(place.folder.path().join("another"));
    place.at(3 * HOUR_US);
    let mut channel = place.open();
    place.set(&mut channel, "new", 20, Some(letter("new")));
    assert_eq!(place.sent(), 20, "{}", place.log());
}

#[test]
fn suppressed_people_never_reach_the_platform() {
    // Protects: people who said no, here or there, in whatever order things happen.
    let everybody = people(60);
    let mut place = Place::new(&everybody, &everybody);
    std::fs::write(place.folder.path().join("no.csv"), "email\nP4@people.example\nhard0@people.example\n")
        .unwrap();
    place.config["suppressed"] = json!(place.folder.path().join("no.csv"));
    // The first batch cannot leave: its people wait in a mailing that is set up.
    place.fake.fault(Fault::times(4, "GET", "/send-checklist", What::Instead(Reply::empty(500))));
    let mut channel = place.open();
    place.set(&mut channel, "new", 30, Some(letter("new")));
    assert_eq!(place.sent(), 0);
    let waiting = place.fake.with(|platform| platform.told().clone());
    assert_eq!(waiting.len(), 30);
    // One of them is suppressed while they wait.
    let late = waiting.iter().next().unwrap().clone();
    let no = format!("email\nP4@people.example\nhard0@people.example\n{late}\n");
    std::fs::write(place.folder.path().join("no.csv"), no).unwrap();
    place.at(HOUR_US);
    let mut channel = place.open();
    observe(&mut channel, &["new"], 1).unwrap();
    let deliveries = place.fake.with(|platform| platform.deliveries());
    assert_eq!(deliveries.len(), 29, "{}", place.log());
    // Who left, was not reached or complained is told of by the report, and left out of the next batch.
    place.at(4 * DAY_US);
    observe(&mut channel, &["new"], 4).unwrap();
    let set = Set { daily_budget: Money::new(100, "XXX"), paused: false, creative: Some(letter("next")) };
    channel.apply(&Command::new("autumn", "all", 1, set, i64::MAX)).unwrap();
    let after = place.fake.with(|platform| platform.deliveries());
    let told = place.fake.with(|platform| platform.told().clone());
    for person in ["p4@people.example", "hard0@people.example"] {
        assert!(!told.contains(person), "{person} was told to the platform");
    }
    assert!(!after.contains_key(&late));
    for (person, copies) in &after {
        let left = person.starts_with("leaver") || person.starts_with("hard");
        assert!(
            !(left && deliveries.contains_key(person)) || *copies == 1,
            "{person} was written to after leaving"
        );
    }
    assert!(after.len() > 50, "everybody else is written to: {}", after.len());
}

#[test]
fn a_flow_waits_for_what_reports_say() {
    // Protects: nurturing: the second message goes to those who clicked, as people, and to nobody else.
    let everybody = people(60);
    let mut place = Place::new(&everybody, &everybody);
    place.fake.with(|platform| platform.appeal = [("/new/1/".to_owned(), 70)].into());
    let mut channel = place.open();
    let mut second = letter("more");
    (second["wait"], second["if"]) = (json!("4 days"), json!("clicked"));
    place.set(&mut channel, "new", 60, Some(json!({ "steps": [letter("new"), second] })));
    let first = place.fake.with(|platform| platform.outcome("/new/1/"));
    assert_eq!(first.sent, 60);
    place.at(4 * DAY_US + HOUR_US);
    observe(&mut channel, &["new"], 1).unwrap();
    let second = place.fake.with(|platform| platform.outcome("/new/2/"));
    assert!(first.clicked > 10, "{first:?}");
    assert_eq!(second.sent, first.clicked, "{}", place.log());
}

#[test]
fn what_the_platform_does_not_tell_is_no_zero() {
    // Protects decisions: days without figures from being days without clicks; and the key from every message.
    let everybody = people(20);
    let mut place = Place::new(&everybody, &everybody);
    let mut channel = place.open();
    place.set(&mut channel, "new", 20, Some(letter("new")));
    place.at(DAY_US);
    for (reply, code) in [
        (Reply::empty(429), Code::RateLimited),
        (Reply::empty(403), Code::RateLimited),
        (Reply::json(403, json!({ "title": "User Disabled", "detail": API_KEY })), Code::Auth),
        (Reply::json(500, json!({ "title": "Internal Server Error" })), Code::Unavailable),
        (Reply::new(200, "application/json", "{\"reports\": [{\"email_address\": 1}"), Code::Unavailable),
    ] {
        place.fake.fault(Fault::always("GET", "/reports", What::Instead(reply)));
        let error = observe(&mut channel, &["new"], 1).unwrap_err();
        assert_eq!(error.code, code, "{error}");
        assert!(!error.message.contains(API_KEY), "{error}");
        place.fake.heal();
    }
    // A key that was taken back.
    place.fake.with(|platform| platform.key = "another-us21".to_owned());
    assert_eq!(channel.check().unwrap_err().code, Code::Auth);
    let error = observe(&mut channel, &["new"], 1).unwrap_err();
    assert!(error.code == Code::Auth && error.message.contains("API Key Invalid"), "{error}");
    assert!(!place.log().contains(API_KEY));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn totals_over_any_sequence_of_fetches_are_the_truth(
        hours in prop::collection::vec((1_i64..40, 0..4_usize), 1..8), lag in 0_i64..30,
    ) {
        // Protects every report: batches, lost answers and late figures in any order end at what the platform has.
        let everybody = people(80);
        let mut place = Place::new(&everybody, &everybody);
        place.fake.with(|platform| {
            platform.lag_us = lag * HOUR_US;
            platform.sending_us = HOUR_US;
            platform.appeal = [("/new/".to_owned(), 60), ("/old/".to_owned(), 30)].into();
        });
        let mut channel = place.open();
        place.set(&mut channel, "new", 6, Some(letter("new")));
        place.set(&mut channel, "old", 6, Some(letter("old")));
        let (mut table, mut at) = (Table::new(), 0);
        for (step, fault) in hours {
            at += step * HOUR_US;
            place.at(at);
            match fault {
                0 => place.fake.fault(Fault::once("POST", "/", What::CutAfter)),
                1 => place.fake.fault(Fault::once("GET", "/reports/", What::CutBefore)),
                2 => place.fake.fault(Fault::once("POST", "/send", What::CutAfter)),
                _ => {}
            }
            if let Ok(observed) = observe(&mut channel, &["new", "old"], 40) {
                prop_assert!(observed.after.fresh_until_us <= START_US + at);
                put(&mut table, &observed);
            }
            place.seq += 1;
        }
        place.fake.heal();
        for arm in ["new", "old"] {
            place.set(&mut channel, arm, 0, None);
        }
        for days in [0, 1, 10] {
            place.at(at + (days + 1) * DAY_US);
            put(&mut table, &observe(&mut channel, &["new", "old"], 60).unwrap());
        }
        for (arm, part) in [(1, "/new/"), (2, "/old/")] {
            let truth = place.fake.with(|platform| platform.outcome(part));
            prop_assert_eq!(outcome(&table, arm), truth);
        }
        let copies = place.fake.with(|platform| platform.deliveries());
        prop_assert!(copies.values().all(|copies| *copies == 1) && copies.len() >= 12);
    }
}

#[test]
fn the_backend_passes_the_suite() {
    // Protects: every rule that a channel has to keep, with a platform in place of a mail server.
    let mut config: Value = toml::from_str(include_str!("../good.toml")).unwrap();
    let list = config["conformance"]["files"]["list.csv"].as_str().unwrap();
    let people: Vec<String> =
        list.lines().skip(1).filter_map(|line| Some(line.split_once(',')?.0.to_owned())).collect();
    let fake = Fake::start(Mailchimp::new(API_KEY, "a1b2c3", people));
    fake.follow_dates();
    config["backend"] = json!("mailchimp");
    config["mailchimp"] = json!({
        "key": "env:API", "audience": "a1b2c3", "base_url": format!("{}/3.0", fake.url()),
        "merge_fields": { "first_name": "FNAME" },
    });
    for key in ["outbox", "envelope_domain", "base_url"] {
        config.as_object_mut().unwrap().remove(key);
    }
    let beside = std::env::current_exe().unwrap().parent().unwrap().to_owned();
    let plugin = Plugin::find("email", &[beside]).unwrap();
    let secret = Arc::new(|name: &str| (name == "env:API").then(|| API_KEY.to_owned()));
    let options = Options { in_process: true, secret, ..Options::at(START_US + 10 * HOUR_US) };
    let report = run(&plugin, &config, &options, &mut |_| {}).unwrap();
    assert!(report.passed(), "{}", report.render());
    let passed = report.results.iter().filter(|result| result.status == Status::Passed).count();
    assert!(passed + 6 >= report.results.len(), "{}", report.render());
    assert!(fake.with(|platform| platform.deliveries().len()) > 10, "the suite had mail sent");
}
