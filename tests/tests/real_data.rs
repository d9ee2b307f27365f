//! Results that somebody really had: the MineThatData challenge and the Upworthy Research Archive, where `GEVINST_DATA` names
//! the folder they are in.
//!
//! The files are not part of this repository. Without them the tests say that they were skipped.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use gevinst_tests::{Answer, Place, skipped};
use serde_json::Value;

const COMPANY: &str = r#"
currency = "NOK"
timezone = "Europe/Oslo"
[month]
budget = "100 000 NOK"
[channels.market]
plugin = "rehearsal"
"#;

/// The folder of data files, where it is known and holds `file`.
fn data(file: &str) -> Option<PathBuf> {
    let Some(folder) = std::env::var_os("GEVINST_DATA").filter(|folder| !folder.is_empty()) else {
        skipped(&format!("{file}: GEVINST_DATA names no folder"));
        return None;
    };
    let folder = PathBuf::from(folder);
    if !folder.join(file).is_file() {
        skipped(&format!("{file}: it is not in the folder that GEVINST_DATA names"));
        return None;
    }
    Some(folder)
}

/// Rehearses what is in `place` and reads the JSON.
fn rehearse(place: &Place, folder: &Path, more: &[&str]) -> Value {
    let mut command = place.command(["rehearse", "--json", "out.json"].iter().chain(more));
    command.env("GEVINST_DATA", folder);
    let answer = Answer::of(&mut command).done();
    assert!(answer.out.contains("report: report/"), "{}", answer.out);
    serde_json::from_str(&place.read("out.json")).expect("it is JSON")
}

fn list(name: &str, goal: &str, draw: &str) -> String {
    format!(
        r#"
name = "{name}"
month = "2026-11"
hypothesis = "The men's letter brings more people back than the women's."
phase = "loyalty"
separation = "randomised"
goal = {{ metric = "{goal}", per = "recipients" }}
budget = {{ total_exposure = 60_000, daily_exposure = 2_000 }}
arm = [
  {{ name = "none", channel = "market", control = true }},
  {{ name = "womens", channel = "market" }},
  {{ name = "mens", channel = "market" }},
]
[rehearsal.data]
file = "hillstrom.csv.gz"
arm = "segment"
arms = {{ mens = "Mens E-Mail", womens = "Womens E-Mail", none = "No E-Mail" }}
exposure = "rows"
goal = "{goal}"
draw = "{draw}"
"#
    )
}

#[test]
fn the_e_mail_challenge_plays_and_its_rates_are_the_published_ones() {
    // Protects the way from a real file to figures: K. Hillstrom's published counts are what the market gives back.
    let Some(folder) = data("hillstrom.csv.gz") else { return };
    let place = Place::new();
    place.write("gevinst.toml", COMPANY);
    for (name, goal, draw) in [
        ("visit", "visit", "without replacement"),
        ("conversion", "conversion", "without replacement"),
        ("visit-by-rates", "visit", "rates"),
    ] {
        place.write(&format!("experiments/{name}.toml"), list(name, goal, draw));
    }
    let report = rehearse(&place, &folder, &[]);
    let experiments = report["experiments"].as_array().expect("a list");
    assert_eq!(experiments.len(), 3);
    // Of 21,306, 21,387 and 21,307 people.
    let published = [
        ("visit", [("none", 2262.0 / 21306.0), ("womens", 3238.0 / 21387.0), ("mens", 3894.0 / 21307.0)]),
        ("conversion", [("none", 122.0 / 21306.0), ("womens", 189.0 / 21387.0), ("mens", 267.0 / 21307.0)]),
    ];
    for one in experiments {
        let goal = one["goal"].as_str().expect("a word");
        let (_, rates) = published.iter().find(|(name, _)| *name == goal).expect("one of the two goals");
        for (name, rate) in rates {
            let arms = one["arms"].as_array().expect("a single month has its arms");
            let arm = arms.iter().find(|arm| arm["name"] == *name).expect("all arms are there");
            let people = arm["exposure"].as_f64().expect("a number");
            let goals = arm["goals"].as_f64().expect("a number");
            assert!(people >= 300.0, "{arm}");
            // A fixed seed, so this is no gamble; four standard errors are far from a wrong column or a wrong arm.
            let se = (rate * (1.0 - rate) / people).sqrt();
            assert!((goals / people - rate).abs() < 4.0 * se, "{}: {arm}, published {rate}", one["name"]);
        }
        let status = |name: &str| {
            let arms = one["arms"].as_array().expect("a single month has its arms");
            arms.iter().find(|arm| arm["name"] == name).map(|arm| arm["status"].clone())
        };
        assert_ne!(status("mens"), Some("dropped".into()), "the best arm: {one}");
        if goal == "visit" {
            // 18.3 % against 10.6 % of 21,000 people each.
            assert_eq!(status("none"), Some("dropped".into()), "{one}");
        }
    }
    assert!(place.read("report/2026-11.html").contains("conversion"));

    let months = rehearse(&place, &folder, &["--months", "8"]);
    for one in months["experiments"].as_array().expect("a list") {
        assert_eq!(one["months"], 8);
        assert!(one["gain_realised"].is_number() && one["best_dropped"].is_number(), "{one}");
    }
    assert!(place.path("report/rehearsal.html").is_file());
}

/// A test of the archive: packages with what they were shown and clicked.
type Packages = Vec<(String, u64, u64)>;

/// The tests that were delivered as they should, by their id.
fn clean_tests(folder: &Path) -> BTreeMap<String, Packages> {
    let file = std::fs::File::open(folder.join("upworthy.csv.gz")).expect("it is there");
    let mut reader = csv::Reader::from_reader(GzDecoder::new(file));
    let headers = reader.headers().expect("it has a header").clone();
    let column =
        |name: &str| headers.iter().position(|header| header == name).expect("a column of the archive");
    let (id, risk) = (column("clickability_test_id"), column("randomisation_risk"));
    let (package, shown, clicked) = (column("package_index"), column("impressions"), column("clicks"));
    let mut tests: BTreeMap<String, Packages> = BTreeMap::new();
    for record in reader.records() {
        let record = record.expect("the archive is sound");
        if &record[risk] == "0" {
            let number = |at: usize| record[at].parse::<u64>().expect("a count");
            tests.entry(record[id].to_owned()).or_default().push((
                record[package].to_owned(),
                number(shown),
                number(clicked),
            ));
        }
    }
    tests
}

#[test]
fn two_hundred_headline_tests_play_in_one_command() {
    // Protects the program from real numbers of experiments, each with four arms of its own in one large file.
    let Some(folder) = data("upworthy.csv.gz") else { return };
    let mut tests = clean_tests(&folder);
    tests.retain(|_, packages| {
        packages.len() == 4 && packages.iter().all(|(_, shown, clicked)| *shown > 0 && *clicked > 0)
    });
    assert!(tests.len() >= 200, "{} clean tests of four packages", tests.len());
    // Enough of them; the archive has some hundred more.
    let tests: BTreeMap<String, Packages> = tests.into_iter().take(220).collect();
    let place = Place::new();
    place.write("gevinst.toml", COMPANY);
    for (id, packages) in &tests {
        let shown: u64 = packages.iter().map(|(_, shown, _)| shown).sum();
        let arms: String =
            (0..4).map(|arm| format!("  {{ name = \"p{arm}\", channel = \"market\" }},\n")).collect();
        let arms = arms.replacen(" }", ", control = true }", 1);
        let names: Vec<String> =
            packages.iter().enumerate().map(|(arm, (index, ..))| format!("p{arm} = \"{index}\"")).collect();
        let definition = format!(
            "name = \"t-{id}\"\nmonth = \"2026-11\"\nhypothesis = \"One of the four headlines is clicked more.\"\n\
             separation = \"platform-split\"\ngoal = {{ metric = \"click\", per = \"impressions\" }}\n\
             budget = {{ total_exposure = {shown}, daily_exposure = {} }}\narm = [\n{arms}]\n\
             [delay]\ncomplete_after = \"1 day\"\n\
             [rehearsal.data]\nfile = \"upworthy.csv.gz\"\narm = \"package_index\"\narms = {{ {} }}\n\
             exposure = \"impressions\"\ngoal = \"clicks\"\nwhere = {{ clickability_test_id = \"{id}\" }}\n",
            shown.div_ceil(30),
            names.join(", ")
        );
        place.write(&format!("experiments/{id}.toml"), definition);
    }
    let report = rehearse(&place, &folder, &["--months", "2"]);
    let experiments = report["experiments"].as_array().expect("a list");
    assert_eq!(experiments.len(), tests.len());
    for one in experiments {
        let id = one["name"].as_str().and_then(|name| name.strip_prefix("t-")).expect("a name of ours");
        let (shown, clicked) =
            tests[id].iter().fold((0, 0), |sum, (_, shown, clicked)| (sum.0 + shown, sum.1 + clicked));
        let goals = one["goals_per_month"].as_f64().expect("a number");
        // No more clicks are drawn than the file has; fewer, where losers were dropped and the best ran out of rows.
        assert!(goals > 0.0 && goals <= clicked as f64, "{id}: {goals} of {clicked} clicks of {shown}");
        assert!(one["best_dropped"].is_number(), "{one}");
    }
    let dropped: f64 = experiments.iter().filter_map(|one| one["best_dropped"].as_f64()).sum();
    let share = dropped / experiments.len() as f64;
    // At most 5 % each, and three standard errors more.
    let months = 2.0 * experiments.len() as f64;
    assert!(
        share <= 0.05 + 3.0 * (0.05_f64 * 0.95 / months).sqrt(),
        "best arms were dropped in {share} of months"
    );

    // Some of them through plugin and ledger, where every experiment is a market of the one platform.
    let files: Vec<String> = tests.keys().take(24).map(|id| format!("experiments/{id}.toml")).collect();
    let single = rehearse(&place, &folder, &files.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(single["experiments"].as_array().map(Vec::len), Some(24));
    let page = place.read("report/2026-11.html");
    assert!(
        tests.keys().take(24).all(|id| page.contains(&format!("t-{id}"))),
        "each has its place in the report"
    );
}
