//! `gevinst run` over a month on a stand-in for a native platform, in child processes, with the platform's clock moved along.

use gevinst_fakes::outbrain::Outbrain;
use gevinst_fakes::taboola::Taboola;
use gevinst_fakes::{Fake, Fault, Truth, What};
use gevinst_tests::export::Export;
use gevinst_tests::market::time;
use gevinst_tests::{Answer, Place};
use serde_json::Value;

const DAY_US: i64 = 86_400_000_000;
const HOUR_US: i64 = 3_600_000_000;
/// 2026-11-01 in Oslo.
const START_US: i64 = 1_793_487_600_000_000;
const SECRET: &str = "a-secret-that-nobody-may-see";

const HEADLINES: &str = r#"
name = "headlines"
month = "2026-11"
hypothesis = "Naming the problem brings cheaper leads than naming the product."
separation = "platform-split"
goal = { metric = "lead", per = "spend" }
budget = { total = "40 000 NOK", daily_max = "1 500 NOK" }
allocate = { rule = "balanced" }
delay = { complete_after = "6 days" }
[[arm]]
name = "product"
channel = "native"
control = true
creative = { headline = "Meet the new Acme platform", url = "https://acme.example/platform" }
[[arm]]
name = "problem"
channel = "native"
creative = { headline = "Your quotes take four days", url = "https://acme.example/quotes" }
"#;

struct Month {
    place: Place,
    fake: Fake<Taboola>,
    told: String,
}

impl Month {
    fn new() -> Self {
        let mut platform = Taboola::default();
        SECRET.clone_into(&mut platform.client_secret);
        // A lead costs 200 kroner by the product and 100 by the problem.
        for (arm, per_goal_minor) in [("product", 20_000), ("problem", 10_000)] {
            platform.truths.insert(arm.to_owned(), Truth { per_goal_minor, ..Truth::default() });
        }
        let (place, fake) = (Place::new(), Fake::start(platform));
        place.write("experiments/headlines.toml", HEADLINES);
        let state = place.path("state");
        let company = format!(
            "currency = \"NOK\"\ntimezone = \"Europe/Oslo\"\nmode = \"autopilot\"\n[month]\nbudget = \"60 000 NOK\"\n\
             [channels.native]\nplugin = \"native-ads\"\nplatform = \"taboola\"\naccount = \"acme-no\"\n\
             client_id = \"cid\"\nsecret = \"env:TABOOLA_SECRET\"\ngoals = [\"lead\"]\nstate = '{}'\n\
             base_url = \"{url}/backstage/api/1.0\"\nauth_base_url = \"{url}/backstage\"\n\
             campaign = {{ branding_text = \"Acme\" }}\n",
            state.display(),
            url = fake.url()
        );
        place.write("gevinst.toml", company);
        Self { place, fake, told: String::new() }
    }

    /// One step, so long after the month's beginning.
    fn run(&mut self, after_us: i64) -> Value {
        let at_us = START_US + after_us;
        self.fake.clock().set_us(at_us);
        let mut command = self.place.command(["run", "--now", &time(at_us), "--json"]);
        let answer = Answer::of(command.env("TABOOLA_SECRET", SECRET));
        // A command that is not in force, or of which nobody knows, is told by the exit code, until a later step has mended it.
        let step = answer.json()["experiments"][0].clone();
        let open = ["moves_unknown", "moves_not_applied"].map(|key| step[key].as_array().map_or(0, Vec::len));
        let answer = answer.ended_with(if open == [0, 0] { 0 } else { 4 });
        self.told += &answer.out;
        self.told += &answer.err;
        step
    }

    /// What the ledger says is in force equals what the platform has, arm by arm.
    fn agrees(&self) {
        let in_force = Export::of(&self.place).in_force("headlines");
        assert_eq!(in_force.len(), 2, "{in_force:?}");
        for (arm, (ledger_minor, runs)) in in_force {
            let name = format!("gevinst/headlines/{arm}");
            let (minor, active) =
                self.fake.with(|platform| platform.standing("acme-no", &name)).expect("as it was written");
            assert_eq!(active, runs, "{arm}");
            if active {
                assert_eq!(ledger_minor, minor, "{arm}");
            }
            assert_eq!(self.fake.with(|platform| platform.ids("acme-no", &name)).len(), 1);
        }
    }
}

#[test]
fn a_month_on_a_native_platform_drops_the_right_arm() {
    // Protects the whole way: definition, commands, figures that are restated, verdict, budgets; and the secret on all of it.
    let mut month = Month::new();
    month.run(0);
    month.agrees();
    let mut dropped_after = None;
    for day in 1..=30 {
        if day == 4 {
            // The platform acts and its answer is lost: it is read, not told again.
            month.fake.fault(Fault::once("POST", "/campaigns/", What::CutAfter).with_body("is_active"));
        }
        if day == 6 {
            month.fake.fault(Fault::once("POST", "/campaigns/", What::CutBefore).with_body("is_active"));
        }
        let step = month.run(day * DAY_US + 5 * HOUR_US);
        assert_eq!(step["channels_failed"].as_array().map(Vec::len), Some(0), "{step}");
        if day % 5 == 0 {
            month.agrees();
        }
        let (_, active) = month
            .fake
            .with(|platform| platform.standing("acme-no", "gevinst/headlines/product"))
            .expect("as it was written");
        if !active && dropped_after.is_none() {
            dropped_after = Some(day);
        }
    }
    assert!(dropped_after.is_some_and(|day| day < 30), "the dearer arm was never dropped");
    for day in [33, 36, 45] {
        month.run(day * DAY_US + 5 * HOUR_US);
    }
    month.agrees();
    let status = month.place.gevinst(["status", "--json"]).done().json();
    let arms = status["experiments"][0]["arms"].as_array().expect("as it was written").clone();
    let of = |name: &str| {
        arms.iter().find(|arm| arm["name"] == name).expect("as it was written")["status"].clone()
    };
    assert_eq!(of("product"), "dropped", "{arms:?}");
    assert_ne!(of("problem"), "dropped", "{arms:?}");
    let standing = |name: &str| {
        month.fake.with(|platform| platform.standing("acme-no", name)).expect("as it was written")
    };
    assert!(!standing("gevinst/headlines/problem").1, "after the month nothing runs");
    // Every write arrived once: as many as were answered or cut, and no campaign twice.
    month.place.gevinst(["ledger", "verify"]).done();
    month.place.gevinst(["report"]).done();
    assert!(!month.told.contains(SECRET));
    for (path, content) in month.place.contents() {
        let text = String::from_utf8_lossy(&content);
        assert!(!text.contains(SECRET), "the secret is in {}", path.display());
    }
}

/// The suite over the plugin with a configuration, each test in a child process.
fn passes_in_children(config: &str) {
    let place = Place::new();
    place.write("good.toml", config);
    let mut command =
        place.command(["plugin", "test", "native-ads", "--config", "good.toml", "--json", "out.json"]);
    let answer = Answer::of(command.env("SECRET", SECRET)).done();
    assert!(answer.out.contains(" passed, 0 failed"), "{}", answer.out);
    let report: Value = serde_json::from_str(&place.read("out.json")).expect("as it was written");
    let results = report["results"].as_array().expect("as it was written");
    for family in ["load", "config", "money", "data", "life"] {
        let passed = |result: &&Value| result["family"] == family && result["status"] == "passed";
        assert!(results.iter().any(|result| passed(&result)), "nothing of `{family}` was tested: {report}");
    }
    assert!(!answer.out.contains(SECRET) && !place.read("out.json").contains(SECRET));
}

#[test]
fn both_platforms_pass_the_suite_in_children() {
    // Protects: what holds in this process holds behind a process boundary, where children are killed.
    let common = "account = \"{tmp}\"\nstate = \"{tmp}\"\ncurrency = \"NOK\"\ntimezone = \"Europe/Oslo\"\ngoals = [\"lead\"]\n\
                  secret = \"env:SECRET\"\n";
    let mut platform = Taboola::default();
    SECRET.clone_into(&mut platform.client_secret);
    let fake = Fake::start(platform);
    fake.follow_dates();
    let url = fake.url();
    passes_in_children(&format!(
        "{common}platform = \"taboola\"\nclient_id = \"cid\"\nbase_url = \"{url}/backstage/api/1.0\"\n\
         auth_base_url = \"{url}/backstage\"\ncampaign = {{ branding_text = \"Acme\" }}\n"
    ));
    let mut platform = Outbrain::default();
    // `user` and the secret, as Basic authentication has them.
    "dXNlcjphLXNlY3JldC10aGF0LW5vYm9keS1tYXktc2Vl".clone_into(&mut platform.basic);
    // Each test of the suite is a machine of its own, which signs in.
    platform.logins_an_hour = 1_000;
    let fake = Fake::start(platform);
    fake.follow_dates();
    let url = fake.url();
    passes_in_children(&format!(
        "{common}platform = \"outbrain\"\nclient_id = \"user\"\nbase_url = \"{url}/amplify/v0.1\"\n\
         campaign = {{ cpc = 4.5 }}\n"
    ));
}

#[test]
fn check_says_what_a_channels_table_lacks_and_leaves_nothing_behind() {
    // Protects whoever writes the first table: all that is missing at once, with what to write.
    let month = Month::new();
    let company = month.place.read("gevinst.toml");
    let without = |keys: &[&str]| -> String {
        let is_kept = |line: &&str| !keys.iter().any(|key| line.starts_with(&format!("{key} =")));
        company.lines().filter(is_kept).map(|line| format!("{line}\n")).collect()
    };
    month.place.write("gevinst.toml", without(&["client_id", "state"]));
    let answer = month.place.gevinst(["check"]).ended_with(4);
    answer.complaining_of(&["lacks `client_id = ", " and `state = \"/var/lib/gevinst\"`"]);
    month.place.write("gevinst.toml", without(&["secret"]));
    month.place.gevinst(["check"]).ended_with(4).complaining_of(&["lacks `secret = \"env:"]);
    month.place.write("gevinst.toml", &company);
    let mut check = month.place.command(["check"]);
    Answer::of(check.env("TABOOLA_SECRET", SECRET)).done();
    assert!(!month.place.path("state").exists(), "a definition that is only looked at makes no folders");
    assert!(month.fake.log().is_empty(), "and asks nobody");
}
