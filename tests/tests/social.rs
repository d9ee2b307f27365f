//! The social plugin in child processes: the conformance suite, and `gevinst run` over a month on LinkedIn and Meta at once.

use gevinst_fakes::linkedin::LinkedIn;
use gevinst_fakes::meta::Meta;
use gevinst_fakes::{Fake, Fault, Truth, What};
use gevinst_tests::export::Export;
use gevinst_tests::market::time;
use gevinst_tests::{Answer, Place};
use serde_json::Value;

const DAY_US: i64 = 86_400_000_000;
const HOUR_US: i64 = 3_600_000_000;
/// 2026-11-01 in Oslo.
const START_US: i64 = 1_793_487_600_000_000;
const LINKEDIN_TOKEN: &str = "AQV-a-token-that-nobody-may-see";
const META_TOKEN: &str = "EAAB-a-token-that-nobody-may-see";

const AUDIENCES: &str = r#"
name = "audiences"
month = "2026-11"
hypothesis = "The problem brings cheaper leads than the product, wherever it is shown."
separation = "unrandomised"
goal = { metric = "lead", per = "spend" }
budget = { total = "45 000 NOK", daily_max = "1 800 NOK" }
allocate = { rule = "balanced" }
delay = { complete_after = "6 days" }
[[arm]]
name = "product"
channel = "linkedin"
control = true
creative = { post = "urn:li:share:1" }
[[arm]]
name = "problem"
channel = "linkedin"
creative = { post = "urn:li:share:2" }
[[arm]]
name = "feed"
channel = "meta"
creative = { url = "https://acme.example/quotes", text = "Your quotes take four days. They need not." }
"#;

/// The two channels' tables, of accounts at these addresses.
fn channels(linkedin: &str, meta: &str, state: &str) -> String {
    format!(
        r#"
[channels.linkedin]
plugin = "social"
platform = "linkedin"
account = "509"
state = '{state}'
accept_timezone = true
base_url = "{linkedin}"
[channels.linkedin.linkedin]
version = "202610"
campaign_group = "77"
objective = "LEAD_GENERATION"
locale = "nb_NO"
access_token = "env:LINKEDIN_TOKEN"
targeting = {{ include = {{ and = [] }} }}
[channels.meta]
plugin = "social"
platform = "meta"
account = "111"
state = '{state}'
base_url = "{meta}"
[channels.meta.meta]
version = "v26.0"
campaign = "120"
optimization_goal = "OFFSITE_CONVERSIONS"
access_token = "env:META_TOKEN"
page = "42"
targeting = {{ geo_locations = {{ countries = ["NO"] }} }}
"#
    )
}

struct Month {
    place: Place,
    linkedin: Fake<LinkedIn>,
    meta: Fake<Meta>,
    told: String,
}

impl Month {
    fn new() -> Self {
        let (mut linkedin, mut meta) = (LinkedIn::default(), Meta::default());
        linkedin.allow(LINKEDIN_TOKEN, i64::MAX);
        meta.tokens = vec![META_TOKEN.to_owned()];
        for currency in [&mut linkedin.currency, &mut meta.currency] {
            "NOK".clone_into(currency);
        }
        // A lead costs 300 kroner by the product, 100 by the problem and 110 in the feed.
        let truth = |per_goal_minor| Truth { per_goal_minor, ..Truth::default() };
        linkedin.truths.insert("product".to_owned(), truth(30_000));
        linkedin.truths.insert("problem".to_owned(), truth(10_000));
        meta.truths.insert("feed".to_owned(), truth(11_000));
        let (place, linkedin, meta) = (Place::new(), Fake::start(linkedin), Fake::start(meta));
        linkedin.follow_dates();
        meta.follow_dates();
        place.write("experiments/audiences.toml", AUDIENCES);
        let state = place.path("state");
        let company = "currency = \"NOK\"\ntimezone = \"Europe/Oslo\"\nmode = \"autopilot\"\n\
                       [month]\nbudget = \"60 000 NOK\"\n";
        let channels = channels(&linkedin.url(), &meta.url(), &state.display().to_string());
        place.write("gevinst.toml", format!("{company}{channels}"));
        Self { place, linkedin, meta, told: String::new() }
    }

    fn gevinst(&mut self, arguments: &[&str]) -> Answer {
        let mut command = self.place.command(arguments);
        command.env("LINKEDIN_TOKEN", LINKEDIN_TOKEN).env("META_TOKEN", META_TOKEN);
        let answer = Answer::of(&mut command);
        self.told += &answer.out;
        self.told += &answer.err;
        answer
    }

    /// One step, so long after the month's beginning.
    fn run(&mut self, after_us: i64) -> Value {
        let now = time(START_US + after_us);
        let answer = self.gevinst(&["run", "--now", &now, "--json"]);
        let step = answer.json()["experiments"][0].clone();
        // A command that is not certainly in force is told by the exit code too.
        let any = |key: &str| step[key].as_array().is_some_and(|moves| !moves.is_empty());
        answer.ended_with(if any("moves_unknown") || any("moves_not_applied") { 4 } else { 0 });
        step
    }

    /// Daily budget and whether it runs, of an arm, as the platform has it.
    fn standing(&self, arm: &str) -> (i64, bool) {
        let name = format!("gevinst/audiences/{arm}");
        let standing = match arm {
            "feed" => self.meta.with(|platform| platform.standing("111", &name)),
            _ => self.linkedin.with(|platform| platform.standing("509", &name)),
        };
        let (minor, status) = standing.unwrap_or_else(|| panic!("`{arm}` is not on its platform"));
        (minor, status == "ACTIVE")
    }

    /// What the ledger says is in force equals what the platforms have, arm by arm.
    fn agrees(&self) {
        let in_force = Export::of(&self.place).in_force("audiences");
        assert_eq!(in_force.len(), 3, "{in_force:?}");
        for (arm, (ledger_minor, ledger_runs)) in in_force {
            let (minor, runs) = self.standing(&arm);
            assert_eq!(runs, ledger_runs, "{arm}");
            if runs {
                assert_eq!(minor, ledger_minor, "{arm}");
            }
        }
    }
}

#[test]
fn a_month_on_two_platforms_drops_the_right_arm() {
    // Protects the whole way on two accounts of one library: definition, commands, restated days of two timezones, lost
    // answers, verdict, budgets; and the tokens on all of it.
    let mut month = Month::new();
    month.run(HOUR_US);
    month.agrees();
    let mut dropped_after = None;
    for day in 1..=30 {
        match day {
            // The platform acts and its answer is lost, or it never hears of it: it is read, not told again.
            4 => month.linkedin.fault(Fault::once("POST", "/adCampaigns/", What::CutAfter)),
            6 => month.linkedin.fault(Fault::once("POST", "/adCampaigns/", What::CutBefore)),
            8 => month.meta.fault(Fault::once("POST", "/v26.0/1", What::CutAfter)),
            _ => {}
        }
        let step = month.run(day * DAY_US + 5 * HOUR_US);
        let unknown = step["moves_unknown"].as_array().map(Vec::len);
        assert_eq!(unknown, Some(usize::from(day == 6)), "only the command that never arrived: {step}");
        assert_eq!(step["channels_failed"].as_array().map(Vec::len), Some(0), "{step}");
        if day % 5 == 0 {
            month.agrees();
        }
        if dropped_after.is_none() && !month.standing("product").1 {
            dropped_after = Some(day);
        }
    }
    assert!(dropped_after.is_some_and(|day| day < 30), "the dearest arm was never dropped");
    for day in [33, 36, 45] {
        month.run(day * DAY_US + 5 * HOUR_US);
    }
    month.agrees();
    for arm in ["product", "problem", "feed"] {
        assert!(!month.standing(arm).1, "`{arm}` runs after its month");
    }
    let status = month.gevinst(&["status", "--json"]).done().json();
    let arms = status["experiments"][0]["arms"].as_array().expect("arms").clone();
    let of = |name: &str| {
        arms.iter().find(|arm| arm["name"] == name).unwrap_or_else(|| panic!("{name} in {arms:?}"))["status"]
            .clone()
    };
    assert_eq!(of("product"), "dropped", "{arms:?}");
    assert_ne!(of("problem"), "dropped", "{arms:?}");
    // Each object was made once, whatever was lost on the way.
    for arm in ["product", "problem"] {
        let name = format!("gevinst/audiences/{arm}");
        assert_eq!(month.linkedin.with(|platform| platform.count("509", &name)), 1);
    }
    assert_eq!(month.meta.with(|platform| platform.count("111", "gevinst/audiences/feed")), 1);
    month.gevinst(&["ledger", "verify"]).done();
    month.gevinst(&["report"]).done();
    for token in [LINKEDIN_TOKEN, META_TOKEN] {
        assert!(!month.told.contains(token));
        for (path, content) in month.place.contents() {
            assert!(!String::from_utf8_lossy(&content).contains(token), "a token is in {}", path.display());
        }
    }
}

#[test]
fn both_platforms_pass_the_suite_in_children() {
    // Protects: the contract where the plugin really runs, each test in a process of its own.
    let mut month = Month::new();
    let linkedin = format!("{}{{tmp}}", month.linkedin.url());
    let meta = format!("{}{{tmp}}", month.meta.url());
    let tables: toml::Table = channels(&linkedin, &meta, "{tmp}/state").parse().expect("tables");
    for (name, creative) in [
        ("linkedin", r#"{ post = "urn:li:share:1" }"#),
        ("meta", r#"{ url = "https://acme.example/", text = "Four days" }"#),
    ] {
        let table = tables["channels"][name].as_table().expect("a table");
        let text = format!("{table}\n[conformance]\ncreative = {creative}\n").replacen(
            "plugin =",
            "timezone = \"Europe/Oslo\"\ncurrency = \"NOK\"\nplugin =",
            1,
        );
        month.place.write("good.toml", text);
        let answer = month.gevinst(&["plugin", "test", "social", "--config", "good.toml"]).done();
        assert!(answer.out.contains(" passed, 0 failed"), "{}", answer.out);
    }
}
