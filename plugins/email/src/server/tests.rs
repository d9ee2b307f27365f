//! The desk without the network: what is answered, and what is counted.

use serde_json::json;

use super::*;
use crate::config::Config;
use crate::store::{Drawn, Due, Intent, Setting, Settled, StepText};

const NOW_US: i64 = 1_793_491_200_000_000;
const BROWSER: &str = "Mozilla/5.0 (Windows NT 10.0) Firefox/140.0";
const SECOND_US: i64 = 1_000_000;

struct Sent1 {
    desk: Desk,
    id: MessageId,
    person: Person,
    arm: i64,
    _folder: tempfile::TempDir,
}

/// One message with three links that was sent at `NOW_US`.
fn sent() -> Sent1 {
    let folder = tempfile::tempdir().unwrap();
    let config: Config = serde_json::from_value(json!({
        "timezone": "UTC", "currency": "NOK", "state": folder.path(), "list": "l", "from": "news@acme.example",
        "envelope_domain": "b.acme.example", "base_url": "https://go.acme.example",
        "server": { "bind": "127.0.0.1:0", "language": "nb" }, "goals": { "lead": { "from": "thank-you" } }
    }))
    .unwrap();
    let keys = Keys::new("a key of more than sixteen characters").unwrap();
    let person = keys.person("kari@a.example");
    let mut store = Store::open(folder.path()).unwrap();
    let links = ["https://acme.example/a", "https://acme.example/b?x=1#top", "https://acme.example/c"];
    let step = StepText {
        wait_us: 0,
        only_if: None,
        subject: "s".into(),
        text: "t".into(),
        html: None,
        links: links.map(String::from).into(),
    };
    let setting = Setting { minor: 1, currency: "XXX", paused: false, seq: 1 };
    let (_, arm) = store.set_arm(("headlines", "a"), &setting, Some(&[step]), NOW_US).unwrap().unwrap();
    store.enrol("headlines", &[Drawn { arm: &arm, person, history: vec![] }], NOW_US, NOW_US).unwrap();
    let due: Due = store.next_due(NOW_US, true).unwrap().unwrap();
    assert_eq!(store.intend(&due, NOW_US).unwrap(), Intent::Recorded);
    store.settle(&due, Settled::Sent, None, NOW_US).unwrap();
    let id = MessageId { enrolment: due.enrolment, step: due.step };
    let desk = Desk::new(&config, keys, store);
    Sent1 { desk, id, person, arm: arm.id, _folder: folder }
}

impl Sent1 {
    fn whose(&self) -> Whose<'static> {
        Whose { experiment: "headlines", person: self.person }
    }

    fn click_url(&self, link: u32) -> String {
        let (target, _) = self.desk.store.link(self.arm, 1, link).unwrap().unwrap();
        format!("/c/{}", self.id.click_token(&self.desk.keys, self.whose(), link, &target))
    }

    fn ask(&mut self, method: &Method, url: &str, browser: &str, seconds: i64) -> Answer {
        self.desk.answer(method, url, browser, NOW_US + seconds * SECOND_US).unwrap()
    }

    fn clicks(&self) -> u64 {
        self.desk.store.clicked(self.arm, "").unwrap().values().map(|tally| tally.people).sum()
    }

    fn left(&self) -> u64 {
        self.desk.store.noted(self.arm, "unsubscribe").unwrap().values().map(|tally| tally.people).sum()
    }
}

#[test]
fn a_click_leads_to_the_ledgers_target_with_a_token_for_the_thank_you_page() {
    // Protects: the way to the shop, the count of clicks, and the goal that its thank-you page reports.
    let mut sent = sent();
    let Answer::Redirect(target) = sent.ask(&Method::Get, &sent.click_url(2), BROWSER, 60) else { panic!() };
    let token = target
        .strip_prefix("https://acme.example/b?x=1&gv=")
        .and_then(|rest| rest.strip_suffix("#top"))
        .unwrap();
    assert_eq!(sent.clicks(), 1);
    // Again, and another link: one person.
    sent.ask(&Method::Get, &sent.click_url(2), BROWSER, 70);
    sent.ask(&Method::Get, &sent.click_url(1), BROWSER, 90);
    assert_eq!(sent.clicks(), 1);
    for _ in 0..2 {
        assert_eq!(sent.ask(&Method::Get, &format!("/t/lead?a=b&gv={token}"), BROWSER, 100), Answer::Pixel);
    }
    let reached = sent.desk.store.reached(sent.arm, "lead").unwrap();
    assert_eq!(reached.values().map(|tally| (tally.people, tally.sum)).collect::<Vec<_>>(), [(1, 1.0)]);
    assert_eq!(sent.ask(&Method::Get, "/t/sale?gv=x", BROWSER, 100), Answer::Status(404));
}

#[test]
fn no_request_can_choose_where_it_is_led() {
    // Protects: the company's name from being used to lead people elsewhere.
    let mut sent = sent();
    let good = sent.click_url(1);
    let other_link = good.replacen("-1-1-", "-1-2-", 1);
    let other_person = good.replacen(&format!("/c/{}-", sent.id.enrolment), "/c/99-", 1);
    let leave = sent.id.token(&sent.desk.keys, Purpose::Leave, sent.whose());
    for url in [
        other_link.as_str(),
        &other_person,
        &format!("{good}x"),
        &good[..good.len() - 1],
        &format!("{good}/https://evil.example"),
        "/c/https://evil.example",
        "/c/",
        "//evil.example/c/",
        &format!("/c/{leave}"),
        "/",
    ] {
        let answer = sent.ask(&Method::Get, url, BROWSER, 60);
        assert!(matches!(&answer, Answer::Page(404, _)), "{url}: {answer:?}");
    }
    // What is added behind the question mark changes nothing.
    let Answer::Redirect(target) =
        sent.ask(&Method::Get, &format!("{good}?to=https://evil.example"), BROWSER, 60)
    else {
        panic!()
    };
    assert!(target.starts_with("https://acme.example/a"), "{target}");
    assert_eq!(
        sent.ask(&Method::Get, &format!("/c/{}", "a".repeat(3_000)), BROWSER, 60),
        Answer::Status(414)
    );
}

#[test]
fn scanners_are_led_but_not_counted() {
    // Protects: the count of clicks from programs that follow every link.
    let is_led = |answer: &Answer| matches!(answer, Answer::Redirect(_));
    let mut early = sent();
    assert!(is_led(&early.ask(&Method::Get, &early.click_url(1), BROWSER, 3)));
    assert_eq!(early.clicks(), 0, "within seconds of the delivery");
    let mut program = sent();
    assert!(is_led(&program.ask(&Method::Get, &program.click_url(1), "curl/8", 60)));
    assert_eq!(program.clicks(), 0, "a program's name");
    let mut head = sent();
    assert!(is_led(&head.ask(&Method::Head, &head.click_url(1), BROWSER, 60)));
    assert!(is_led(&head.ask(&Method::Get, &head.click_url(1), BROWSER, 61)));
    assert_eq!(head.clicks(), 0, "a look first");
    let mut burst = sent();
    for link in 1..=3 {
        assert!(is_led(&burst.ask(&Method::Get, &burst.click_url(link), BROWSER, 60)));
    }
    assert_eq!(burst.clicks(), 0, "all links at once");
    // The person comes later.
    for sent in [&mut early, &mut program, &mut head, &mut burst] {
        sent.ask(&Method::Get, &sent.click_url(1), BROWSER, 600);
        assert_eq!(sent.clicks(), 1);
    }
}

#[test]
fn only_a_post_unsubscribes() {
    // Protects: people from being unsubscribed by a scanner, and those who asked from further messages (RFC 8058).
    let mut sent = sent();
    let url = format!("/u/{}", sent.id.token(&sent.desk.keys, Purpose::Leave, sent.whose()));
    for method in [Method::Get, Method::Head] {
        let Answer::Page(200, page) = sent.ask(&method, &url, BROWSER, 60) else { panic!() };
        assert!(page.contains("Meld meg av") && page.contains("method=\"post\""), "{page}");
    }
    assert_eq!(sent.left(), 0);
    let forged = format!("/u/{}", sent.id.token(&sent.desk.keys, Purpose::Return, sent.whose()));
    assert!(matches!(sent.ask(&Method::Post, &forged, BROWSER, 60), Answer::Page(404, _)));
    assert_eq!(sent.left(), 0);
    // Twice, as impatient people do.
    for _ in 0..2 {
        assert!(matches!(sent.ask(&Method::Post, &url, "", 60), Answer::Page(200, _)));
        assert_eq!(sent.left(), 1);
    }
    assert!(sent.desk.store.taken("next month").unwrap().contains(&sent.person));
    assert_eq!(sent.ask(&Method::Delete, &url, BROWSER, 60), Answer::Status(405));
}

#[test]
fn nothing_of_the_visitor_is_kept() {
    // Protects: people's privacy: the send ledger holds neither their address nor what they surf with.
    let mut sent = sent();
    sent.ask(&Method::Get, &sent.click_url(1), "Mozilla/5.0 Distinctive/7.7", 60);
    let connection = rusqlite::Connection::open(sent._folder.path().join("sent.sqlite")).unwrap();
    connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    let file = std::fs::read(sent._folder.path().join("sent.sqlite")).unwrap();
    for trace in ["Distinctive", "kari@a.example"] {
        assert!(!file.windows(trace.len()).any(|window| window == trace.as_bytes()), "{trace}");
    }
}
