//! Months on a mail server of our own: who is enrolled, who is written to, and what is reported of it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use common::{Fake, KEY, Still, config, write_list};
use gevinst_email::Email;
use gevinst_sdk::testing::{Driver, TestHost};
use gevinst_sdk::wire::{Coded, Command, Grain, Money, ObserveRequest, Query, Set};
use serde_json::{Value, json};

const DAY_US: i64 = 86_400_000_000;
/// Midnight of 1 November 2026 in UTC.
const START_US: i64 = 1_793_491_200_000_000;

struct Place {
    host: TestHost,
    fake: Fake,
    folder: tempfile::TempDir,
    config: Value,
}

impl Place {
    fn new(addresses: &[String]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        write_list(folder.path(), addresses);
        let fake = Fake::start();
        let config = config(folder.path(), fake.port);
        Self { host: TestHost::at(START_US).with_secret("env:KEY", KEY), fake, folder, config }
    }

    fn open(&self) -> Driver<Email> {
        Driver::open(&self.host, &self.config).unwrap()
    }

    fn set_hour(&self, day: i64, hour: i64) {
        self.host.set_now_us(START_US + day * DAY_US + hour * 3_600_000_000);
    }

    fn received_by(&self) -> BTreeMap<String, usize> {
        let mut by = BTreeMap::new();
        for message in self.fake.received() {
            *by.entry(message.to).or_default() += 1;
        }
        by
    }

    fn log(&self) -> String {
        self.host.log_lines().into_iter().map(|(_, line)| line + "\n").collect()
    }
}

fn people(prefix: &str, count: usize) -> Vec<String> {
    (0..count).map(|number| format!("{prefix}{number}@people.example")).collect()
}

fn letter(subject: &str) -> Value {
    json!({ "subject": subject, "html": "<p>Hi {{ name }} <a href='https://acme.example/'>see</a> <a href='{{ unsubscribe_url }}'>leave</a>" })
}

fn command(arm: &str, seq: u64, minor: i64, creative: Option<Value>) -> Command {
    let set = Set { daily_budget: Money::new(minor, "XXX"), paused: minor == 0, creative };
    Command::new("headlines", arm, seq, set, i64::MAX)
}

/// Counts by arm, metric and day.
fn observe(
    channel: &mut Driver<Email>,
    arms: &[&str],
    metrics: &[&str],
    days: i64,
) -> BTreeMap<(String, String, i64), u64> {
    let coded = |names: &[&str]| {
        (1..).zip(names).map(|(code, name)| Coded { code, name: (*name).to_owned() }).collect::<Vec<_>>()
    };
    let request = ObserveRequest {
        experiment: "headlines".into(),
        arms: coded(arms),
        metrics: coded(metrics),
        grain: Grain::Day,
        timezone: "UTC".into(),
        from_us: START_US,
        to_us: START_US + days * DAY_US,
        cursor: None,
    };
    let observed = channel.observe(&request).unwrap();
    let name = |names: &[&str], code: u32| names[code as usize - 1].to_owned();
    observed
        .rows
        .iter()
        .map(|row| {
            let day = (row.period_start_us - START_US) / DAY_US;
            ((name(arms, row.arm), name(metrics, row.metric), day), row.count)
        })
        .collect()
}

#[test]
fn batches_follow_the_budgets_and_nobody_is_written_to_twice() {
    // Protects: the experiment itself: so many people a day and arm, each in one arm, the hold-out in peace.
    let place = Place::new(&people("p", 60));
    let mut channel = place.open();
    place.set_hour(0, 8);
    channel.apply(&command("none", 1, 6, Some(json!({ "hold_out": true })))).unwrap();
    channel.apply(&command("new", 1, 6, Some(letter("new")))).unwrap();
    channel.apply(&command("old", 1, 4, Some(letter("old")))).unwrap();
    assert_eq!(place.fake.received().len(), 10, "{}", place.log());
    // The same again on the same day: nobody more.
    assert!(!channel.apply(&command("new", 1, 6, None)).unwrap().applied);
    drop(channel);
    let mut channel = place.open();
    channel.apply(&command("old", 2, 5, None)).unwrap();
    assert_eq!(place.fake.received().len(), 11);
    // A day without a call, then one on which `old` is dropped before its batch.
    place.set_hour(2, 7);
    observe(&mut channel, &["new", "old"], &["recipients"], 2);
    assert_eq!(place.fake.received().len(), 11, "no batch before the day's decision");
    channel.apply(&command("old", 3, 0, None)).unwrap();
    place.set_hour(2, 8);
    observe(&mut channel, &["new", "old"], &["recipients"], 2);
    assert_eq!(place.fake.received().len(), 17, "six of the new arm");
    place.set_hour(3, 1);
    let seen = observe(&mut channel, &["none", "new", "old"], &["recipients", "sent", "lead", "spend"], 4);
    let count = |arm: &str, metric: &str, day| seen.get(&(arm.to_owned(), metric.to_owned(), day)).copied();
    for (arm, expected) in [("none", [6, 0, 6]), ("new", [6, 0, 6]), ("old", [5, 0, 0])] {
        for (day, people) in (0..).zip(expected) {
            assert_eq!(count(arm, "recipients", day), Some(people), "{arm} on day {day}");
            let sent = if arm == "none" { 0 } else { people };
            assert_eq!(count(arm, "sent", day), Some(sent), "{arm} on day {day}");
        }
        assert_eq!(count(arm, "recipients", 3), None, "a day that is not over");
    }
    assert_eq!(count("new", "lead", 0), None, "a goal that nobody configured is not zero");
    assert_eq!(count("new", "spend", 0), None, "what was spent is not known");
    let by = place.received_by();
    assert!(by.values().all(|messages| *messages == 1), "{by:?}");
    let senders: BTreeSet<String> = place.fake.received().into_iter().map(|message| message.from).collect();
    assert_eq!(senders.len(), by.len(), "an envelope sender for each message");
    assert!(
        place
            .fake
            .received()
            .iter()
            .all(|message| message.text.contains("List-Unsubscribe-Post: List-Unsubscribe=One-Click"))
    );
    // No address is in the send ledger.
    drop(channel);
    for file in std::fs::read_dir(place.folder.path().join("state")).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        assert!(!bytes.windows(15).any(|window| window == b"@people.example"));
    }
}

#[test]
fn what_servers_say_decides_whether_a_message_is_tried_again() {
    // Protects: people from second copies, good addresses from being given up, and the list from a server's policy.
    let mut addresses = people("hard", 2);
    addresses.extend(people("soft", 2));
    addresses.extend(people("late", 2));
    addresses.extend(people("policy", 2));
    addresses.extend(people("lost", 2));
    addresses.extend(people("fine", 2));
    let place = Place::new(&addresses);
    let mut channel = place.open();
    place.set_hour(0, 8);
    channel.apply(&command("new", 1, 100, Some(letter("new")))).unwrap();
    // The lost ones end the connection; the others follow on a new one.
    let expected: BTreeMap<String, usize> =
        people("lost", 2).into_iter().chain(people("fine", 2)).map(|to| (to, 1)).collect();
    assert_eq!(place.received_by(), expected, "{}", place.log());
    // For a day, hour by hour: nothing comes twice, and those for now are tried and then given up.
    for hour in 9..24 {
        place.set_hour(0, hour);
        observe(&mut channel, &["new"], &["recipients"], 1);
    }
    assert_eq!(place.received_by(), expected);
    place.set_hour(1, 8);
    let metrics = ["recipients", "sent", "delivered", "bounce", "soft_bounce"];
    let seen = observe(&mut channel, &["new"], &metrics, 1);
    let counts = metrics.map(|metric| seen[&("new".to_owned(), metric.to_owned(), 0)]);
    assert_eq!(counts, [12, 4, 4, 2, 6]);
    // In the next experiment: the hard ones are never written to again.
    let set = Set { daily_budget: Money::new(100, "XXX"), paused: false, creative: Some(letter("next")) };
    channel.apply(&Command::new("next", "only", 1, set, i64::MAX)).unwrap();
    let next = place.fake.received().iter().filter(|message| message.text.contains("Subject: next")).count();
    assert_eq!(next, 4, "lost and fine again; policy, late and soft are refused again; hard not tried");
    assert!(!place.log().contains('@'), "no address in the log: {}", place.log());
}

#[test]
fn a_flow_waits_and_asks() {
    // Protects: nurturing: steps in time, for those whom they are for, also after the arm was dropped.
    let place = Place::new(&people("p", 3));
    let steps = json!({ "steps": [
        { "subject": "one", "text": "https://acme.example/ {{ unsubscribe_url }}" },
        { "subject": "two", "text": "{{ unsubscribe_url }}", "wait": "2 days", "if": "clicked" },
        { "subject": "three", "text": "{{ unsubscribe_url }}", "wait": "1 day", "if": "not clicked" },
    ] });
    let mut channel = place.open();
    place.set_hour(0, 8);
    channel.apply(&command("flow", 1, 3, Some(steps))).unwrap();
    channel.apply(&command("flow", 2, 0, None)).unwrap();
    let subjects = || {
        let mut all: Vec<String> = place
            .fake
            .received()
            .iter()
            .filter_map(|message| {
                message.text.lines().find_map(|line| line.strip_prefix("Subject: ").map(str::to_owned))
            })
            .collect();
        all.sort();
        all
    };
    assert_eq!(subjects(), ["one", "one", "one"]);
    place.set_hour(2, 9);
    observe(&mut channel, &["flow"], &["recipients"], 1);
    assert_eq!(subjects(), ["one", "one", "one"], "nobody clicked");
    place.set_hour(3, 7);
    observe(&mut channel, &["flow"], &["recipients"], 1);
    assert_eq!(subjects().len(), 3, "a day after the step that was passed over, not before");
    place.set_hour(3, 9);
    observe(&mut channel, &["flow"], &["recipients"], 1);
    assert_eq!(subjects(), ["one", "one", "one", "three", "three", "three"]);
}

/// What the click server at a port answers to a request for a path, as a browser of a person would ask.
fn ask(port: u16, method: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let agent = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0";
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: go.acme.example\r\nUser-Agent: {agent}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn a_flow_follows_clicks_goals_and_people_who_leave() {
    // Protects: the whole of nurturing, from the link in a message by the click server to the next message, and the way out.
    let mut place = Place::new(&people("p", 4));
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    place.config["server"] = json!({ "bind": format!("127.0.0.1:{port}") });
    let step = |subject: &str, condition: &str| {
        let wait = if subject == "two" { "1 day" } else { "0 days" };
        json!({ "subject": subject, "text": "{{ unsubscribe_url }}", "wait": wait, "if": condition })
    };
    let steps = json!({ "steps": [
        { "subject": "one", "text": "https://acme.example/offer {{ unsubscribe_url }}" },
        step("two", "clicked"), step("three", "not clicked"), step("four", "reached goal"), step("five", "not reached goal"),
    ] });
    // Here a click is no goal: a person reaches one at the thank-you page.
    place.config["goals"] = json!({ "lead": { "from": "thank-you" } });
    let mut channel = place.open();
    place.set_hour(0, 8);
    channel.apply(&command("flow", 1, 4, Some(steps))).unwrap();
    let path_of = |to: &str, kind: &str| {
        let all = place.fake.received();
        let text = all.iter().find(|one| one.to == to).unwrap().text.replace("=\r\n", "");
        let from =
            text.find(&format!("https://go.acme.example/{kind}/")).unwrap() + "https://go.acme.example".len();
        text[from..].split(['>', ' ', '\r', '\n']).next().unwrap().to_owned()
    };
    place.set_hour(0, 9);
    for (person, reaches) in [("p0@people.example", false), ("p1@people.example", true)] {
        let answer = ask(port, "GET", &path_of(person, "c"));
        assert!(answer.starts_with("HTTP/1.1 302"), "{answer}");
        let target = answer.lines().find_map(|line| line.strip_prefix("Location: ")).unwrap();
        assert!(target.starts_with("https://acme.example/offer?"), "{target}");
        let token = target.split(['?', '&']).find_map(|pair| pair.strip_prefix("gv=")).unwrap();
        if reaches {
            assert!(ask(port, "GET", &format!("/t/lead?gv={token}")).starts_with("HTTP/1.1 200"));
        }
    }
    // One leaves by one click; to look at the page changes nothing.
    assert!(ask(port, "GET", &path_of("p2@people.example", "u")).starts_with("HTTP/1.1 200"));
    assert!(ask(port, "POST", &path_of("p3@people.example", "u")).starts_with("HTTP/1.1 200"));
    place.set_hour(1, 9);
    observe(&mut channel, &["flow"], &["recipients"], 1);
    let got = |person: &str| {
        let all = place.fake.received();
        let of = all.iter().filter(|one| one.to == person);
        let subjects = of.filter_map(|one| one.text.lines().find_map(|line| line.strip_prefix("Subject: ")));
        subjects.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(got("p0@people.example"), ["one", "two", "five"], "{}", place.log());
    assert_eq!(got("p1@people.example"), ["one", "two", "four"]);
    assert_eq!(got("p2@people.example"), ["one", "three", "five"]);
    assert_eq!(got("p3@people.example"), ["one"]);
    let seen = observe(&mut channel, &["flow"], &["clicks", "lead", "unsubscribe"], 1);
    let counts: Vec<u64> = seen.values().copied().collect();
    assert_eq!(counts, [2, 1, 1]);
}

#[test]
fn the_pace_is_kept_and_the_rest_follows() {
    // Protects: the sender's reputation, and the people who wait.
    let mut place = Place::new(&people("p", 25));
    place.config["pace"] = json!({ "per_minute": 4, "per_hour": 10, "from": "08:00", "until": "16:00" });
    let mut channel = place.open();
    place.set_hour(0, 7);
    channel.apply(&command("new", 1, 25, Some(letter("new")))).unwrap();
    assert_eq!(place.fake.received().len(), 0, "before the window");
    let mut hours = Vec::new();
    for minute in 0..(10 * 60) {
        place.host.set_now_us(START_US + 7 * 3_600_000_000 + minute * 60_000_000);
        if minute % 5 == 0 {
            observe(&mut channel, &["new"], &["recipients"], 0);
        }
        if minute % 60 == 59 {
            hours.push(place.fake.received().len());
        }
    }
    assert_eq!(hours[..4], [0, 10, 20, 25], "{}", place.log());
    assert!(place.received_by().values().all(|messages| *messages == 1));
}

#[test]
fn commands_that_cannot_be_meant_are_refused() {
    // Protects: money that nobody pays from being taken for people, and an arm from saying nothing.
    let place = Place::new(&people("p", 5));
    let mut channel = place.open();
    let mut money = command("new", 1, 100, Some(letter("new")));
    money.set.daily_budget.currency = "NOK".into();
    let error = channel.apply(&money).unwrap_err();
    assert_eq!(error.field, "/set/daily_budget/currency", "{error}");
    let error = channel.apply(&command("new", 1, 100, None)).unwrap_err();
    assert_eq!(error.field, "/set/creative", "{error}");
    let query = Query { experiment: "headlines".into(), arm: "new".into() };
    assert!(!channel.query(&query).unwrap().exists);
    assert!(place.fake.received().is_empty());
}

#[test]
fn outcomes_count_for_whoever_was_enrolled_before_them() {
    // Protects: what sales people report from being counted twice, for strangers, or for what came before the message.
    let mut place = Place::new(&people("p", 4));
    let file = place.folder.path().join("sales.csv");
    place.config["goals"] = json!({ "sale": { "from": "outcomes", "file": file, "at": "won", "value_minor": "value", "days": 10 } });
    let mut channel = place.open();
    place.set_hour(0, 8);
    channel.apply(&command("new", 1, 4, Some(letter("new")))).unwrap();
    let request = ObserveRequest {
        experiment: "headlines".into(),
        arms: vec![Coded { code: 1, name: "new".into() }],
        metrics: vec![Coded { code: 1, name: "sale".into() }],
        grain: Grain::Day,
        timezone: "UTC".into(),
        from_us: START_US,
        to_us: START_US + DAY_US,
        cursor: None,
    };
    place.set_hour(20, 8);
    let mut sales = |text: &str| {
        std::fs::write(&file, format!("email,won,value\n{text}")).unwrap();
        let row = channel.observe(&request).unwrap().rows.get(0).unwrap();
        (row.count, row.sum, row.sum_sq)
    };
    let first = "p0@people.example,2026-11-01,500\n";
    let more = "P0@people.example,2026-11-03T10:00:00+01:00,300\np1@people.example,2026-10-31,100\n\
                p2@people.example,soon,100\np3@people.example,2026-11-12,100\nstranger@people.example,2026-11-02,100\n";
    // One person, who brought 8 kroner in all; a sale before the message and one long after are not its.
    assert_eq!(sales(&format!("{first}{more}")), (1, 800.0, 640_000.0));
    assert_eq!(sales(first), (1, 500.0, 250_000.0), "one that was taken out counts no more");
    assert!(place.log().contains("1 rows of outcomes have no"), "{}", place.log());
}

#[test]
fn a_forgotten_person_is_gone_but_was_counted() {
    // Protects: the right to be forgotten, and yesterday's figures.
    let place = Place::new(&people("p", 4));
    let mut channel = place.open();
    place.set_hour(0, 8);
    channel.apply(&command("new", 1, 4, Some(letter("new")))).unwrap();
    let config = serde_json::from_value(place.config.clone()).unwrap();
    let mut account =
        gevinst_email::Account::open(config, &|_| Ok(KEY.to_owned()), Box::new(Still(START_US))).unwrap();
    assert_eq!(account.forget("P0@people.example", START_US + DAY_US).unwrap(), 1);
    drop(account);
    place.set_hour(1, 8);
    let seen = observe(&mut channel, &["new"], &["recipients"], 1);
    assert_eq!(seen[&("new".to_owned(), "recipients".to_owned(), 0)], 4);
    let set = Set { daily_budget: Money::new(100, "XXX"), paused: false, creative: Some(letter("next")) };
    channel.apply(&Command::new("next", "only", 1, set, i64::MAX)).unwrap();
    assert_eq!(place.received_by().get("p0@people.example"), Some(&1), "never again");
    assert_eq!(place.received_by().get("p1@people.example"), Some(&2));
}

#[test]
fn what_was_known_of_people_when_they_were_drawn_is_told_with_what_they_brought() {
    // Protects: the adjustment of values from a list that changed since the draw, and from sums that leave somebody out.
    let mut place = Place::new(&people("p", 4));
    let list = place.folder.path().join("list.csv");
    let write = |bought: [&str; 4]| {
        let rows =
            bought.iter().enumerate().map(|(n, x)| format!("p{n}@people.example,yes,Name,small,{x}\n"));
        std::fs::write(&list, format!("email,consent,name,size,bought\n{}", rows.collect::<String>()))
            .unwrap();
    };
    write(["100", "", "30.5", "-2"]);
    let file = place.folder.path().join("sales.csv");
    std::fs::write(
        &file,
        "email,won,value\np0@people.example,2026-11-01,500\np0@people.example,2026-11-01,100\n\
                           p3@people.example,2026-11-01,300\n",
    )
    .unwrap();
    place.config["history"] = json!({ "bought_before": "bought" });
    place.config["goals"] = json!({ "sale": { "from": "outcomes", "file": file, "at": "won", "value_minor": "value", "days": 10 } });
    let mut channel = place.open();
    place.set_hour(0, 8);
    channel.apply(&command("new", 1, 4, Some(letter("new")))).unwrap();
    write(["7", "7", "7", "7"]);
    place.set_hour(20, 8);
    let names = ["recipients", "sale", "bought_before", "sale*bought_before", "sale*nothing"];
    let request = ObserveRequest {
        experiment: "headlines".into(),
        arms: vec![Coded { code: 1, name: "new".into() }],
        metrics: (1..).zip(names).map(|(code, name)| Coded { code, name: name.into() }).collect(),
        grain: Grain::Day,
        timezone: "UTC".into(),
        from_us: START_US,
        to_us: START_US + DAY_US,
        cursor: None,
    };
    let seen = channel.observe(&request).unwrap().rows;
    let rows: Vec<_> =
        (0..seen.len()).filter_map(|n| seen.get(n)).map(|r| (r.metric, r.count, r.sum, r.sum_sq)).collect();
    let xx = 100.0 * 100.0 + 30.5 * 30.5 + 4.0;
    let expected = [
        (1, 4, 4.0, 4.0),
        (2, 2, 900.0, 450_000.0),
        (3, 4, 128.5, xx),
        (4, 4, 600.0 * 100.0 - 2.0 * 300.0, 0.0),
    ];
    assert_eq!(rows, expected);
    // A cell that holds no number is refused with its line, not taken for nothing.
    write(["100", "much", "", ""]);
    let error = Driver::<Email>::open(&place.host, &place.config).map(drop).unwrap_err().to_string();
    assert!(error.contains("line 3: column `bought` holds no number") && !error.contains("much"), "{error}");
}
