//! The e-mail channel as the program loads it: in a child process of its own.

use gevinst_fakes::Fake;
use gevinst_fakes::mailchimp::Mailchimp;
use gevinst_tests::market::time;
use gevinst_tests::{Answer, Place};
use serde_json::Value;

const DAY_US: i64 = 86_400_000_000;
const HOUR_US: i64 = 3_600_000_000;
/// 2026-11-01 in Oslo.
const START_US: i64 = 1_793_487_600_000_000;
const KEY: &str = "0123456789abcdef-a-key-that-nobody-may-see-us21";

const LETTERS: &str = r#"
name = "letters"
month = "2026-11"
hypothesis = "Naming the offer in the subject brings more people to the shop."
separation = "randomised"
phase = "loyalty"
goal = { metric = "visit", per = "recipients" }
budget = { total_exposure = 3_000, daily_exposure = 100 }
allocate = { rule = "balanced" }
delay = { complete_after = "5 days" }
[[arm]]
name = "plain"
channel = "email"
control = true
creative = { subject = "News", template = "letter.html" }
[[arm]]
name = "offer"
channel = "email"
creative = { subject = "20 % off for {{ name }}", template = "letter.html" }
"#;

/// A project whose channel `email` sends by a stand-in for Mailchimp, everything in it named relative to its folder.
fn by_mailchimp(mode: &str) -> (Place, Fake<Mailchimp>) {
    let place = Place::new();
    let people: Vec<String> = (0..3_200).map(|number| format!("p{number}@people.example")).collect();
    let mut list = "email,consent,name\n".to_owned();
    for (number, address) in people.iter().enumerate() {
        list.push_str(&format!("{address},yes,Person {number}\n"));
    }
    place.write("list.csv", list);
    place.write(
        "letter.html",
        "<a href='https://acme.example/shop'>shop</a> <a href='{{ unsubscribe_url }}'>leave</a>",
    );
    place.write("experiments/letters.toml", LETTERS);
    let mut platform = Mailchimp::new(KEY, "a1b2c3", people);
    platform.appeal = [("/plain/".to_owned(), 10), ("/offer/".to_owned(), 25)].into();
    let fake = Fake::start(platform);
    let company = format!(
        "currency = \"NOK\"\ntimezone = \"Europe/Oslo\"\nmode = \"{mode}\"\n[month]\nbudget = \"60 000 NOK\"\n\
         [channels.email]\nplugin = \"email\"\nbackend = \"mailchimp\"\nlist = \"list.csv\"\nstate = \"state\"\n\
         from = \"Acme <news@acme.example>\"\ngoals.visit = {{ from = \"click\" }}\n\
         mailchimp = {{ key = \"env:MAILCHIMP_KEY\", audience = \"a1b2c3\", base_url = \"{}/3.0\", merge_fields = {{ name = \"FNAME\" }} }}\n",
        fake.url()
    );
    place.write("gevinst.toml", company);
    (place, fake)
}

/// One step, so long after the month's beginning.
fn run(place: &Place, fake: &Fake<Mailchimp>, after_us: i64) -> Value {
    fake.clock().set_us(START_US + after_us);
    let mut command = place.command(["run", "--now", &time(START_US + after_us), "--json"]);
    Answer::of(command.env("MAILCHIMP_KEY", KEY)).done().json()["experiments"][0].clone()
}

#[test]
fn a_month_of_letters_by_a_platform_drops_the_weaker_one() {
    // Protects the whole way over somebody else's platform: draw, batches, clicks read back, verdict; and the key on all of it.
    let (place, fake) = by_mailchimp("autopilot");
    let mut dropped_after = None;
    for day in 0..40 {
        let step = run(&place, &fake, day * DAY_US + 5 * HOUR_US);
        let stood = step["concluded"].as_array().map(Vec::as_slice).unwrap_or_default();
        if stood.iter().any(|one| one["arm"] == "plain" && one["status"] == "dropped") {
            dropped_after.get_or_insert(day);
        }
    }
    let status = place.gevinst(["status", "--json"]).done().json();
    let arms = status["experiments"][0]["arms"].as_array().unwrap().clone();
    let of = |name: &str| arms.iter().find(|arm| arm["name"] == name).unwrap()["status"].clone();
    assert_eq!(of("plain"), "dropped", "{arms:?}");
    assert_ne!(of("offer"), "dropped", "{arms:?}");
    let deliveries = fake.with(|platform| platform.deliveries());
    assert!(deliveries.values().all(|copies| *copies == 1));
    let (plain, offer) = fake.with(|platform| (platform.outcome("/plain/"), platform.outcome("/offer/")));
    assert!(plain.sent < offer.sent, "the weaker one was sent to fewer: {plain:?} {offer:?}");
    place.gevinst(["ledger", "verify"]).done();
    place.gevinst(["report"]).done();
    for (path, content) in place.contents() {
        let text = String::from_utf8_lossy(&content);
        assert!(!text.contains(KEY), "the key is in {}", path.display());
        let is_list = path.ends_with("list.csv");
        assert!(is_list || !text.contains("@people.example"), "an address is in {}", path.display());
    }
}

#[test]
fn nobody_is_written_to_after_the_month_whatever_waits_for_approval() {
    // Protects people on a list in mode `propose`: who approves is away, and the month ends all the same.
    let (place, fake) = by_mailchimp("propose");
    run(&place, &fake, 5 * HOUR_US);
    place.gevinst(["approve", "--all", "--now", &time(START_US + 6 * HOUR_US)]).done();
    run(&place, &fake, 7 * HOUR_US);
    run(&place, &fake, 8 * HOUR_US);
    let sent = |fake: &Fake<Mailchimp>| fake.with(|platform| platform.deliveries().len());
    assert_eq!(sent(&fake), 100);
    run(&place, &fake, 29 * DAY_US + 5 * HOUR_US);
    run(&place, &fake, 29 * DAY_US + 6 * HOUR_US);
    let by_then = sent(&fake);
    for hour in 0..60 {
        run(&place, &fake, 30 * DAY_US + hour * HOUR_US);
    }
    assert_eq!(sent(&fake), by_then);
}

#[test]
fn paths_count_from_the_projects_folder() {
    // Protects the record of who was written to and suppressed: the same file wherever the program is started.
    let (place, fake) = by_mailchimp("autopilot");
    fake.clock().set_us(START_US + HOUR_US);
    std::fs::create_dir(place.path("elsewhere")).unwrap();
    let mut command = place.command(["run", "../experiments", "--now", &time(START_US + HOUR_US), "--json"]);
    Answer::of(command.env("MAILCHIMP_KEY", KEY).current_dir(place.path("elsewhere"))).done();
    assert!(place.path("state/sent.sqlite").exists());
    assert_eq!(std::fs::read_dir(place.path("elsewhere")).unwrap().count(), 0);
    assert_eq!(fake.with(|platform| platform.deliveries().len()), 100);
}

/// The suite over the plugin with a configuration, each test in a child process.
fn passes_in_children(config: &str) {
    let place = Place::new();
    place.write("good.toml", config);
    let mut command =
        place.command(["plugin", "test", "email", "--json", "out.json", "--config", "good.toml"]);
    let answer = Answer::of(command.env("MAILCHIMP_KEY", KEY)).done();
    assert!(answer.out.contains(" passed, 0 failed"), "{}", answer.out);
    let report: Value = serde_json::from_str(&place.read("out.json")).expect("as it was written");
    let results = report["results"].as_array().expect("as it was written");
    assert!(results.iter().all(|result| result["status"] != "failed"), "{report}");
    for name in ["life.state_survives_a_kill", "life.two_channels", "life.no_output_on_stdout"] {
        let passed = results.iter().any(|result| result["name"] == name && result["status"] == "passed");
        assert!(passed, "`{name}` did not pass: {report}");
    }
    assert!(!place.read("out.json").contains(KEY));
    assert_eq!(place.contents().len(), 2, "the tests leave nothing behind");
}

const GOOD: &str = include_str!("../../plugins/email/good.toml");

#[test]
fn the_email_plugin_passes_the_conformance_suite_in_children() {
    // Protects: commands, figures and state of a mailing list across processes that are killed; `cargo test -p gevinst-email`
    // tries the same in one process.
    passes_in_children(GOOD);
}

#[test]
fn mailchimp_passes_the_conformance_suite_in_children() {
    // Protects: the same where a platform delivers.
    let mut config: toml::Table = GOOD.parse().unwrap();
    let list = config["conformance"]["files"]["list.csv"].as_str().unwrap().to_owned();
    let people = list.lines().skip(1).filter_map(|line| Some(line.split_once(',')?.0.to_owned()));
    let fake = Fake::start(Mailchimp::new(KEY, "a1b2c3", people));
    fake.follow_dates();
    for key in ["outbox", "envelope_domain", "base_url"] {
        config.remove(key);
    }
    config.insert("backend".to_owned(), "mailchimp".into());
    let account = format!(
        "key = \"env:MAILCHIMP_KEY\"\naudience = \"a1b2c3\"\nbase_url = \"{}/3.0\"\nmerge_fields = {{ first_name = \"FNAME\" }}",
        fake.url()
    );
    config.insert("mailchimp".to_owned(), account.parse::<toml::Table>().unwrap().into());
    passes_in_children(&config.to_string());
}
