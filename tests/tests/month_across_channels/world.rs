//! A company with three channels (a rented mailing list, Taboola, LinkedIn), each before a stand-in of its platform, and two
//! experiments: one across all three, and one that shares the native channel with it.
//!
//! All platforms keep the time of one clock, which a test moves; the program is told the same time.

use std::collections::BTreeMap;
use std::process::Command;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use gevinst_fakes::linkedin::LinkedIn;
use gevinst_fakes::mail::Mail;
use gevinst_fakes::taboola::Taboola;
use gevinst_fakes::{Clock, Fake, Truth};
use gevinst_tests::export::Export;
use gevinst_tests::market::time;
use gevinst_tests::{Answer, Place};
use serde_json::Value;

pub(crate) const DAY_US: i64 = 86_400_000_000;
pub(crate) const HOUR_US: i64 = 3_600_000_000;
/// 2026-11-01 in Oslo.
const START_US: i64 = 1_793_487_600_000_000;
/// What a rented address costs, in øre.
const PRICE: f64 = 5_000.0;
/// So many letters bring one lead: it costs 500 kroner there, and 110 or less elsewhere.
const LETTERS_A_LEAD: usize = 10;

/// The secrets of all channels: what the configuration calls them, and what they are.
pub(crate) const SECRETS: [(&str, &str); 5] = [
    ("MAIL_KEY", "planted-key-that-signs-every-link"),
    ("SMTP_PASSWORD", "planted+smtp/password"),
    ("TABOOLA_SECRET", "planted-taboola-secret"),
    ("LINKEDIN_SECRET", "planted-linkedin-client-secret"),
    ("LINKEDIN_REFRESH", "AQW-planted-refresh-token"),
];

const ACROSS: &str = r#"
name = "across"
month = "2026-11"
hypothesis = "The calculator brings cheaper leads by advertising than by a rented list."
separation = "unrandomised"
goal = { metric = "lead", per = "spend" }
budget = { total = "40 000 NOK", daily_max = "1 500 NOK" }
allocate = { rule = "even" }
delay = { complete_after = "6 days" }
[[arm]]
name = "letter"
channel = "letters"
control = true
creative = { subject = "Quotes in an hour", html = "<p>Hello {{ name }}, <a href='https://acme.example/'>see</a> <a href='{{ unsubscribe_url }}'>leave</a></p>" }
[[arm]]
name = "native"
channel = "native"
creative = { headline = "Your quotes take four days", url = "https://acme.example/quotes" }
[[arm]]
name = "social"
channel = "linkedin"
creative = { post = "urn:li:share:2" }
"#;

const HEADLINES: &str = r#"
name = "headlines"
month = "2026-11"
hypothesis = "Naming the problem brings cheaper leads than naming the product."
separation = "platform-split"
goal = { metric = "lead", per = "spend" }
budget = { total = "30 000 NOK", daily_max = "1 200 NOK" }
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
creative = { headline = "Your quotes take four days", url = "https://acme.example/problem" }
"#;

const COMPANY: &str = r#"
currency = "NOK"
timezone = "Europe/Oslo"
mode = "autopilot"
[month]
budget = "80 000 NOK"
[channels.letters]
plugin = "email"
list = 'HERE/list.csv'
state = 'HERE/state/letters'
from = "Acme <news@acme.example>"
envelope_domain = "b.acme.example"
base_url = "https://go.acme.example"
key = "env:MAIL_KEY"
price = 5000
smtp = { host = "127.0.0.1", port = PORT, tls = "none", user = "news", password = "env:SMTP_PASSWORD" }
pace = { per_minute = 100000, per_hour = 100000, seconds_per_step = 60 }
goals.lead = { from = "outcomes", file = 'HERE/outcomes.csv', at = "at" }
[channels.native]
plugin = "native-ads"
platform = "taboola"
account = "acme-no"
client_id = "cid"
secret = "env:TABOOLA_SECRET"
goals = ["lead"]
state = 'HERE/state'
base_url = "TABOOLA/backstage/api/1.0"
auth_base_url = "TABOOLA/backstage"
campaign = { branding_text = "Acme" }
[channels.linkedin]
plugin = "social"
platform = "linkedin"
account = "509"
state = 'HERE/state'
accept_timezone = true
base_url = "LINKEDIN"
auth_base_url = "LINKEDIN"
[channels.linkedin.linkedin]
version = "202610"
campaign_group = "77"
objective = "LEAD_GENERATION"
locale = "nb_NO"
client_id = "77abc"
client_secret = "env:LINKEDIN_SECRET"
refresh_token = "env:LINKEDIN_REFRESH"
targeting = { include = { and = [] } }
"#;

/// The company, its platforms, and everything that the program has said.
pub(crate) struct World {
    pub(crate) place: Place,
    pub(crate) clock: Clock,
    pub(crate) taboola: Fake<Taboola>,
    pub(crate) linkedin: Fake<LinkedIn>,
    pub(crate) mail: Mail,
    /// Standard output and error of every run.
    pub(crate) told: String,
}

/// What `AUTH PLAIN` says.
pub(crate) fn plain(password: &str) -> String {
    BASE64_STANDARD.encode(format!("\0news\0{password}"))
}

/// The secret of a name.
pub(crate) fn secret(name: &str) -> &'static str {
    SECRETS.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value)
}

impl World {
    pub(crate) fn new() -> Self {
        let clock = Clock::default();
        let truth = |per_goal_minor| Truth { per_goal_minor, ..Truth::default() };
        let (mut taboola, mut linkedin) = (Taboola::default(), LinkedIn::default());
        secret("TABOOLA_SECRET").clone_into(&mut taboola.client_secret);
        for (arm, per_goal_minor) in [("native", 10_000), ("product", 20_000), ("problem", 10_000)] {
            taboola.truths.insert(arm.to_owned(), truth(per_goal_minor));
        }
        "NOK".clone_into(&mut linkedin.currency);
        linkedin.truths.insert("social".to_owned(), truth(11_000));
        "77abc".clone_into(&mut linkedin.client_id);
        secret("LINKEDIN_SECRET").clone_into(&mut linkedin.client_secret);
        linkedin.allow_refresh(secret("LINKEDIN_REFRESH"), i64::MAX);
        let taboola = Fake::with_clock(taboola, clock.clone());
        let linkedin = Fake::with_clock(linkedin, clock.clone());
        let mail = Mail::start(&plain(secret("SMTP_PASSWORD")));
        let place = Place::new();
        place.write("experiments/across.toml", ACROSS);
        place.write("experiments/headlines.toml", HEADLINES);
        let people = (0..600).map(|number| format!("p{number}@people.example,yes,Name {number}\n"));
        place.write("list.csv", format!("email,consent,name\n{}", people.collect::<String>()));
        let company = COMPANY
            .replace("HERE", &place.folder().display().to_string())
            .replace("PORT", &mail.port().to_string())
            .replace("TABOOLA", &taboola.url())
            .replace("LINKEDIN", &linkedin.url())
            // The names of secrets have the names of platforms in them.
            .replace(&format!("env:{}_", taboola.url()), "env:TABOOLA_")
            .replace(&format!("env:{}_", linkedin.url()), "env:LINKEDIN_");
        place.write("gevinst.toml", company);
        Self { place, clock, taboola, linkedin, mail, told: String::new() }
    }

    /// The program with these arguments and all secrets in its environment, not started yet.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.place.command(arguments);
        command.envs(SECRETS);
        command
    }

    /// Runs the program, and keeps what it said.
    pub(crate) fn gevinst(&mut self, arguments: &[&str]) -> Answer {
        let answer = Answer::of(&mut self.command(arguments));
        self.hear(&answer);
        answer
    }

    pub(crate) fn hear(&mut self, answer: &Answer) {
        self.told += &answer.out;
        self.told += &answer.err;
    }

    /// Moves everybody's clock to so long after the month's beginning, and says what time that is.
    pub(crate) fn at(&self, after_us: i64) -> String {
        self.clock.set_us(START_US + after_us);
        time(START_US + after_us)
    }

    /// One step, so long after the month's beginning; every tenth person who had a letter is then a lead by the evening.
    pub(crate) fn run(&mut self, after_us: i64) -> Answer {
        let now = self.at(after_us);
        let answer = self.gevinst(&["run", "--now", &now, "--json"]);
        let known = match self.place.path("outcomes.csv").exists() {
            true => self.place.read("outcomes.csv"),
            false => "email,at\n".to_owned(),
        };
        let evening = time(START_US + after_us + 10 * HOUR_US);
        let received = self.mail.received();
        let leads = received.iter().skip(LETTERS_A_LEAD - 1).step_by(LETTERS_A_LEAD);
        let new = leads.skip(known.lines().count() - 1).map(|message| format!("{},{evening}\n", message.to));
        self.place.write("outcomes.csv", format!("{known}{}", new.collect::<String>()));
        answer
    }

    /// Daily budget and whether it runs, of an arm, as its platform has it.
    pub(crate) fn standing(&self, experiment: &str, arm: &str) -> (i64, bool) {
        let name = format!("gevinst/{experiment}/{arm}");
        let standing = match arm {
            "letter" => {
                let path = self.place.path("state/letters/sent.sqlite");
                let store = rusqlite::Connection::open(path).expect("the send ledger is there");
                let sql = "SELECT minor, NOT paused FROM arm WHERE experiment = ?1 AND name = ?2";
                store.query_row(sql, [experiment, arm], |row| Ok((row.get(0)?, row.get(1)?))).ok()
            }
            "social" => {
                let standing = self.linkedin.with(|platform| platform.standing("509", &name));
                standing.map(|(minor, status)| (minor, status == "ACTIVE"))
            }
            _ => self.taboola.with(|platform| platform.standing("acme-no", &name)),
        };
        standing.unwrap_or_else(|| panic!("`{name}` is not on its platform"))
    }

    /// What the ledger says is in force equals what the platforms have, arm by arm.
    pub(crate) fn agrees(&self) {
        let export = Export::of(&self.place);
        for (experiment, arms) in [("across", 3), ("headlines", 2)] {
            let in_force = export.in_force(experiment);
            assert_eq!(in_force.len(), arms, "{in_force:?}");
            for (arm, (ledger_minor, ledger_runs)) in in_force {
                let (minor, runs) = self.standing(experiment, &arm);
                assert_eq!(runs, ledger_runs, "{experiment}/{arm}");
                // Of a campaign that rests the platform may keep an older cap.
                if runs {
                    assert_eq!(minor, ledger_minor, "{experiment}/{arm}");
                }
            }
        }
    }

    /// Nothing was made twice, and every letter has its price in the ledger.
    pub(crate) fn adds_up(&self) {
        for name in ["gevinst/across/native", "gevinst/headlines/product", "gevinst/headlines/problem"] {
            assert_eq!(self.taboola.with(|platform| platform.ids("acme-no", name)).len(), 1, "{name}");
        }
        assert_eq!(self.linkedin.with(|platform| platform.count("509", "gevinst/across/social")), 1);
        let received = self.mail.received();
        let mut people: Vec<&str> = received.iter().map(|message| message.to.as_str()).collect();
        people.sort_unstable();
        people.dedup();
        assert_eq!(people.len(), received.len(), "somebody was written to twice");
        let latest = Export::of(&self.place).latest();
        let of_letter =
            latest.iter().filter(|(key, _)| (key.1.as_str(), key.2.as_str()) == ("letter", "spend"));
        let spent: f64 = of_letter.map(|(_, (_, sum, _))| sum).sum();
        assert_eq!(spent, received.len() as f64 * PRICE);
    }

    /// The status of every arm of an experiment.
    pub(crate) fn statuses(&mut self, experiment: &str) -> BTreeMap<String, String> {
        let status = self.gevinst(&["status", "--json"]).done().json();
        let experiments = status["experiments"].as_array().expect("a list");
        let of = experiments.iter().find(|one| one["name"] == experiment).expect("it was launched");
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let arms = of["arms"].as_array().expect("a list");
        arms.iter().map(|arm| (text(&arm["name"]), text(&arm["status"]))).collect()
    }
}
