//! `plan`, `learn` and `audit-rule`, from files to figures: held against figures worked out here, or known from theory.

use gevinst_rehearsal::Faults;
use gevinst_tests::export::Export;
use gevinst_tests::market;
use gevinst_tests::{Answer, Place};
use serde_json::Value;

const COMPANY: &str = r#"
currency = "NOK"
timezone = "Europe/Oslo"
[month]
budget = "32 000 NOK"
[values]
lead = { mean = "1 000 NOK", spread = "100 NOK" }
[channels.native]
plugin = "rehearsal"
"#;

/// Two arms with so many leads a day for 1 000 NOK.
fn definition(name: &str, month: &str, rest: &str) -> String {
    format!(
        r#"
name = "{name}"
month = "{month}"
goal = {{ metric = "lead", per = "spend" }}
arm = [{{ name = "a", channel = "native", control = true }}, {{ name = "b", channel = "native" }}]
allocate = {{ rule = "even" }}
delay = {{ complete_after = "1 day" }}
{rest}
"#
    )
}

const LARGE: &str = "budget = { total = \"30 000 NOK\", daily_max = \"1 000 NOK\" }\n";

fn place(definitions: &[(&str, String)]) -> Place {
    let place = Place::new();
    place.write("gevinst.toml", COMPANY);
    for (name, text) in definitions {
        place.write(&format!("experiments/{name}.toml"), text);
    }
    place
}

fn proposals() -> Place {
    let with = |goals: &str| {
        let rest = format!("{LARGE}[rehearsal]\ngoals_per_day = {goals}\narms = {{ a = 1.0, b = 1.0 }}\n");
        move |name: &str, month: &str| definition(name, month, &rest)
    };
    place(&[
        ("cheap", with("4")("cheap", "2026-11")),
        ("dear", with("1")("dear", "2026-11")),
        ("tiny", with("0.1")("tiny", "2026-11")),
        ("later", with("4")("later", "2026-12")),
    ])
}

fn numbers(value: &Value, key: &str) -> f64 {
    value[key].as_f64().unwrap_or_else(|| panic!("no number `{key}` in {value}"))
}

#[test]
fn a_month_is_planned_by_what_its_money_brings() {
    // Protects the split: 30 leads cost what they cost, the sum is the month's, and each experiment has its reason.
    let place = proposals();
    let before = place.contents();
    let plan = |future: &str| {
        let answer = place.gevinst(["plan", "2026-11", "--future-months", future, "--json"]).done().json();
        let budgets: f64 = answer["experiments"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|one| numbers(one, "budget_minor"))
            .sum();
        assert_eq!(budgets + numbers(&answer, "left_over_minor"), 3_200_000.0, "no krone is lost: {answer}");
        answer
    };
    let named = |answer: &Value, name: &str| {
        let all = answer["experiments"].as_array().expect("a list");
        all.iter()
            .find(|one| one["name"] == name)
            .cloned()
            .unwrap_or_else(|| panic!("no `{name}` in {answer}"))
    };
    let now = plan("0");
    let (cheap, dear) = (named(&now, "cheap"), named(&now, "dear"));
    // 1 000 NOK a day bring 4 leads: 250 NOK each. 30 000 NOK bring 120, worth 1 000 NOK each.
    assert!((numbers(&cheap, "cost_per_goal_minor") - 25_000.0).abs() < 1e-6);
    assert!((numbers(&cheap, "goals_value_minor") - 12_000_000.0).abs() < 1e-3);
    assert_eq!((cheap["reason"].as_str(), numbers(&cheap, "budget_minor")), (Some("full"), 3_000_000.0));
    assert_eq!((dear["reason"].as_str(), numbers(&dear, "budget_minor")), (Some("better-elsewhere"), 0.0));
    // Eight goals are the least that tell anything: 8 000 NOK where one costs 1 000.
    assert_eq!(numbers(&dear, "least_minor"), 800_000.0);
    assert_eq!(numbers(&cheap, "learning_value_minor"), 0.0, "what is learned is of no use without a future");
    let later = plan("12");
    assert!(numbers(&named(&later, "dear"), "learning_value_minor") > 0.0);
    let left: Vec<&str> =
        now["left_out"].as_array().expect("a list").iter().filter_map(|one| one["name"].as_str()).collect();
    assert_eq!(left, ["later", "tiny"]);

    let text = place.gevinst(["plan", "2026-11"]).done().out;
    for words in ["cheap: ", "left over: ", "left out: tiny: ", "too few to tell", "No file was changed"] {
        assert!(text.contains(words), "`{words}` is not in\n{text}");
    }
    place.gevinst(["plan", "2026-13"]).ended_with(2).complaining_of(&["2026-13"]);
    place.gevinst(["plan", "2026-11", "--future-months", "-1"]).ended_with(2);
    let none = place.gevinst(["plan", "2026-10"]).ended_with(3);
    none.complaining_of(&["nothing can be planned for 2026-10", "`cheap`: it is of 2026-11"]);
    assert_eq!(place.contents(), before, "planning changes no file");
    place.write("gevinst.toml", COMPANY.replace("lead =", "visit ="));
    let worthless = place.gevinst(["plan", "2026-11"]).ended_with(3);
    worthless.complaining_of(&["does not say what one `lead` is worth"]);
}

/// Ten days of four experiments, one of which is clear.
fn past() -> String {
    let mut text = String::from("experiment,period,arm,exposure,count,channel,control\n");
    for (name, arms) in [
        ("first", ["old,100,5,email,yes", "new,100,6,email,no"]),
        ("second", ["old,200,10,email,yes", "new,100,4,email,no"]),
        ("third", ["old,100,2,social,yes", "new,100,18,social,no"]),
        ("fourth", ["x,100,3,social,", "y,150,5,social,"]),
    ] {
        for day in 1..=10 {
            for arm in arms {
                text.push_str(&format!("{name},{day},{arm}\n"));
            }
        }
    }
    text
}

#[test]
fn past_results_teach_what_can_be_worked_out_by_hand() {
    // Protects the figures that next months rest on: measured ratios, what holds together in a batch, and what holds over a year.
    let place = Place::new();
    place.write("past.csv", past());
    let learned = place.gevinst(["learn", "--csv", "past.csv", "--json"]).done().json();
    let experiments = learned["experiments"].as_array().expect("a list");
    assert_eq!(experiments.len(), 4);
    let arm = |experiment: usize, arm: usize| &experiments[experiment]["arms"][arm];
    for (index, ratio) in [(0, 6.0 / 5.0), (1, 4.0 * 2.0 / 10.0), (2, 18.0 / 2.0)] {
        let new = arm(index, 1);
        assert!((numbers(new, "measured_ratio") / ratio - 1.0).abs() < 1e-9, "{new}");
        let believed = numbers(new, "believed_ratio");
        let (low, high) = if ratio > 1.0 { (1.0, ratio) } else { (ratio, 1.0) };
        assert!(low < believed && believed < high, "the winner's curse is taken off: {new}");
        assert!(numbers(new, "lower") < believed && believed < numbers(new, "upper"));
    }
    assert!(
        experiments[3]["reference"].is_null(),
        "without a control an even split is what ratios are relative to"
    );
    assert_eq!(numbers(&learned["pooled"], "experiments"), 4.0);
    let tau = |value: &Value| numbers(value, "tau");
    let channels = learned["channels"].as_array().expect("a list");
    assert!(tau(&channels[0]) < tau(&channels[1]), "e-mail was calmer than social: {learned}");

    // e-BH by hand: the k largest e-values hold where the k-th is at least m/(0.05 k).
    let ln_e: Vec<f64> = (0..8).map(|i| numbers(arm(i / 2, i % 2), "ln_e_drop")).collect();
    let mut sorted = ln_e.clone();
    sorted.sort_by(|x, y| y.total_cmp(x));
    let k =
        (1..=8_u32).rev().find(|&k| sorted[k as usize - 1].exp() >= 8.0 / (0.05 * f64::from(k))).unwrap_or(0);
    let hold = (0..8).filter(|&i| arm(i / 2, i % 2)["holds"] == true).count();
    assert_eq!(hold, k as usize);
    assert_eq!(k, 1, "18 leads a day against 2 hold, in whatever company: {ln_e:?}");

    // e-LOND by hand: level α·γ_t·(discoveries + 1) with γ_t = 0.07720838·ln(max(t, 2)) / (t·e^√ln t).
    let mut found = 0_u32;
    for (i, &ln_e) in ln_e.iter().enumerate() {
        let t = f64::from(u32::try_from(i).expect("small")) + 1.0;
        let gamma = 0.077_208_38 * t.max(2.0).ln() / (t * t.ln().sqrt().exp());
        let discovery = ln_e.exp() >= 1.0 / (0.05 * gamma * f64::from(found + 1));
        assert_eq!(arm(i / 2, i % 2)["holds_over_the_year"], discovery, "hypothesis {t}: {ln_e}");
        found += u32::from(discovery);
    }
    assert_eq!(learned["years"][0]["hold"], found);
    assert_eq!(learned["years"][0]["tested"], 8);

    let text = place.gevinst(["learn", "--csv", "past.csv"]).done().out;
    for words in
        ["all channels: 4 experiments", "email: 2 experiments", "e-BH", "e-LOND", "Nothing was changed"]
    {
        assert!(text.contains(words), "`{words}` is not in\n{text}");
    }
}

#[test]
fn past_results_that_cannot_be_read_are_refused_with_their_line() {
    // Protects next months from half-read past ones.
    let place = Place::new();
    let good = past();
    let mut alone = good.clone();
    alone.truncate(good.find("fourth,1,y").expect("the last experiment has two arms"));
    let cases: [(String, &[&str]); 6] = [
        (good.replace("exposure", "shown"), &["there is no column `exposure`"]),
        (good.replace("first,1,new,100,6", "first,1,new,100,-6"), &["line 3", "count is `-6`"]),
        (good.replace("first,1,new,100,6", "first,1,new,1e300,6"), &["line 3", "exposure is `1e300`"]),
        (good.replace("first,1,new", "first,1,old"), &["line 3", "`old`", "line 2 already"]),
        (good.replace("new,100,6,email,no", "new,100,6,email,yes"), &["line 3", "two controls"]),
        (alone, &["`fourth` has 1 arm"]),
    ];
    for (text, words) in cases {
        assert_ne!(text, good);
        place.write("past.csv", &text);
        place
            .gevinst(["learn", "--csv", "past.csv"])
            .ended_with(3)
            .complaining_of(&[&["`past.csv`"], words].concat());
    }
    place.gevinst(["learn", "--csv", "nosuch.csv"]).ended_with(3).complaining_of(&["`nosuch.csv`"]);
    place.gevinst(["learn"]).ended_with(3).complaining_of(&["`gevinst.toml`", "hint: ", "--ledger"]);
}

#[test]
fn a_rehearsal_believes_what_the_company_has_learned_and_status_says_so() {
    // Protects a rehearsal from promising what the real month would not do: it starts from the prior that a launch would fix.
    let place = Place::new();
    let of = |name: &str, month: &str, decide: &str| {
        format!(
            "name = \"{name}\"\nmonth = \"{month}\"\nseparation = \"platform-split\"\n{decide}\
             goal = {{ metric = \"lead\", per = \"spend\" }}\nbudget = {{ total = \"31 000 NOK\", daily_max = \"1 000 NOK\" }}\n\
             arm = [{{ name = \"a\", channel = \"market\", control = true }}, {{ name = \"b\", channel = \"market\" }}]\n\
             allocate = {{ rule = \"even\" }}\ndelay = {{ complete_after = \"1 day\" }}\n\
             [rehearsal]\ngoals_per_day = 20\narms = {{ a = 1.0, b = 1.02 }}\n"
        )
    };
    let mut definitions: Vec<String> =
        (0..8).map(|number| of(&format!("past-{number}"), "2026-10", "")).collect();
    definitions.push(of("next", "2026-12", ""));
    definitions.push(of("unmoved", "2026-12", "decide = { prior = \"default\" }\n"));
    let texts: Vec<&str> = definitions.iter().map(String::as_str).collect();
    market::project(&place, "autopilot", Faults::default(), &texts);
    let prior = |file: &str| {
        let told = place.gevinst(["rehearse", file, "--json"]).done().json();
        told["experiments"][0]["prior"].as_str().expect("words").to_owned()
    };
    assert!(prior("experiments/8.toml").starts_with("default prior"), "nothing is closed yet");
    for now in ["2026-10-01T04:00:00Z", "2026-11-01T04:00:00Z", "2026-11-03T04:00:00Z"] {
        place.gevinst(["run", "--now", now]).done();
    }
    let believed = prior("experiments/8.toml");
    assert!(believed.starts_with("prior learned from 8 closed experiments on `market`"), "{believed}");
    assert!(prior("experiments/9.toml").starts_with("default prior"), "what the definition wants");
    let many = place.gevinst(["rehearse", "experiments/8.toml", "--months", "3"]).done().out;
    assert!(many.contains("prior learned from 8 closed"), "{many}");

    // A launch fixes the same, and status says what verdicts rest on.
    let ran = place.gevinst(["run", "--now", "2026-12-01T04:00:00Z", "--json"]).done().json();
    let launched = ran["experiments"].as_array().expect("a list").iter().find(|one| one["name"] == "next");
    assert_eq!(launched.expect("`next` was launched")["belief"], believed.as_str());
    let status = place.gevinst(["status", "--month", "2026-12"]).done().out;
    assert!(status.contains("next: a prior learned from 8 closed experiments on `market`"), "{status}");
    assert!(status.contains("unmoved: the default prior\n      nothing was checked yet"), "{status}");
    let status = place.gevinst(["status", "--month", "2026-10"]).done().out;
    assert!(status.contains("past-0: the default prior\n      all "), "{status}");
    assert!(status.lines().all(|line| line.chars().count() <= 80), "80 columns:\n{status}");
}

#[test]
fn a_ledger_teaches_what_it_holds_and_says_what_was_only_played() {
    // Protects what is learned from drifting away from the ledger it is learned from.
    let rest = format!("{LARGE}[rehearsal]\ngoals_per_day = 12\narms = {{ a = 1.0, b = 1.5 }}\n");
    let place =
        place(&[("one", definition("one", "2026-11", &rest)), ("two", definition("two", "2026-11", &rest))]);
    place.gevinst(["rehearse", "--ledger", "played.ledger", "--seed", "4"]).done();
    let learned = place.gevinst(["learn", "--ledger", "played.ledger", "--json"]).done().json();
    let export = Export::of_ledger(&place, "played.ledger");
    let latest = export.latest();
    let total = |experiment: &str, arm: &str, metric: &str| -> f64 {
        let rows = latest
            .iter()
            .filter(|((e, a, m, _), _)| (e.as_str(), a.as_str(), m.as_str()) == (experiment, arm, metric));
        rows.map(|(_, (_, sum, _))| sum).sum()
    };
    for one in learned["experiments"].as_array().expect("a list") {
        let name = one["name"].as_str().expect("a name");
        assert_eq!(one["rehearsed"], true);
        let rate = |arm: &str| total(name, arm, "lead") / total(name, arm, "spend");
        let measured = numbers(&one["arms"][1], "measured_ratio");
        // Nothing was dropped before both had the same money on every day.
        if (total(name, "a", "spend") - total(name, "b", "spend")).abs() < 1.0 {
            assert!((measured / (rate("b") / rate("a")) - 1.0).abs() < 1e-9, "{name}: {measured}");
        } else {
            assert!(measured > 1.0, "{name}: {measured}");
        }
    }
    assert_eq!(learned["batches"][0]["batch"], "2026-11");
    assert_eq!(learned["years"][0]["year"], "2026");
    let text = place.gevinst(["learn", "--ledger", "played.ledger"]).done().out;
    assert!(text.contains("note: some were rehearsed"), "{text}");
}

/// Two arms, each with 80 NOK and one lead a day in truth: a lead costs 80 and may cost 100.
const EIGHTY: &str = r#"
budget = { total = "4 800 NOK", daily_max = "160 NOK" }
decide = { max_cost_per_goal = "100 NOK" }
[rehearsal]
goals_per_day = 2
arms = { a = 1.0, b = 1.0 }
"#;

const RULE: &str = r#"name = "pause-when-dear"
freed_budget = "unspent"
[[pause]]
metric = "cost_per_goal"
above = "100 NOK"
window = "all"
"#;

/// Chance that Poisson(1) leads a day at 80 a day ever cost more than 100 each, looked at daily for 30 days.
fn ever_paused() -> f64 {
    let mut alive = vec![1.0];
    for day in 1..=30_usize {
        let mut next = vec![0.0; alive.len() + 25];
        for (leads, chance) in alive.iter().enumerate() {
            let mut poisson = (-1.0_f64).exp();
            for more in 0..25_u32 {
                next[leads + more as usize] += chance * poisson;
                poisson /= f64::from(more + 1);
            }
        }
        // 80·day / leads > 100 pauses.
        next[..(4 * day).div_ceil(5)].fill(0.0);
        alive = next;
    }
    1.0 - alive.iter().sum::<f64>()
}

#[test]
fn a_threshold_rule_is_audited_against_theory() {
    // Protects the audit's figures: how often an arm that meets its limit is paused is known exactly for this market.
    let place = place(&[("eighty", definition("eighty", "2026-11", EIGHTY))]);
    place.write("rule.toml", RULE);
    let audit = ["audit-rule", "rule.toml", "--months", "200", "--seed", "3"];
    let found = place.gevinst([audit.as_slice(), &["--json"]].concat()).done().json();
    let one = &found["experiments"][0];
    assert_eq!(
        (&found["rule"], &one["months"], &one["seed"]),
        (&"pause-when-dear".into(), &200.into(), &3.into())
    );
    assert_eq!(numbers(one, "limit_minor"), 10_000.0);
    let expected = ever_paused();
    assert!((0.65..0.75).contains(&expected), "two months out of three: {expected}");
    for arm in one["arms"].as_array().expect("a list") {
        assert!((numbers(arm, "true_cost_minor") / 8_000.0 - 1.0).abs() < 1e-9 && arm["meets_limit"] == true);
        let paused = &arm["stopped_by_rule"];
        let off = (numbers(paused, "mean") - expected).abs();
        assert!(off < 4.0 * numbers(paused, "se"), "{paused} for {expected}");
    }
    let own = &one["own"]["meets_limit_stopped_for_cost"];
    assert!(numbers(own, "mean") <= 0.05 + 2.0 * numbers(own, "se"), "{own}");
    // A paused arm's money stays unspent, and its leads do not come.
    let leads = |side: &str| numbers(&one[side]["goals"], "mean");
    assert!(leads("rule") < 0.8 * leads("own"), "{one}");
    let again = place.gevinst([audit.as_slice(), &["--json"]].concat()).done().json();
    assert_eq!(again, found, "the same seed plays the same months");

    let text = place.gevinst(audit).done().out;
    for words in [
        "rule `pause-when-dear`",
        "meets the limit, and stopped for its cost",
        "goals a month",
        "± is one standard error",
    ] {
        assert!(text.contains(words), "`{words}` is not in\n{text}");
    }
}

#[test]
fn a_rule_that_cannot_be_one_is_refused() {
    // Protects against the audit of a rule that nobody meant.
    let place = place(&[("eighty", definition("eighty", "2026-11", EIGHTY))]);
    let refused = |text: &str, words: &[&str]| {
        place.write("rule.toml", text);
        let before = place.contents();
        let answer: Answer = place.gevinst(["audit-rule", "rule.toml", "--months", "2"]).ended_with(3);
        answer.complaining_of(&[&["`rule.toml`"], words].concat());
        assert_eq!(place.contents(), before);
    };
    refused(&RULE.replace("metric", "metrik"), &["metrik"]);
    refused(&RULE.replace("\"100 NOK\"", "100"), &["100"]);
    refused(&RULE.replace("cost_per_goal", "cost"), &["cost"]);
    refused(&RULE.replace("above = \"100 NOK\"\n", ""), &["above"]);
    refused("name = \"nothing\"\n", &["pause"]);
    refused("this is no TOML", &["TOML"]);
    place
        .gevinst(["audit-rule", "nosuch.toml"])
        .ended_with(3)
        .complaining_of(&["`nosuch.toml`", "No such file"]);
    place.write("rule.toml", RULE);
    place.gevinst(["audit-rule", "rule.toml", "--months", "1"]).ended_with(2);
    let bare = definition("eighty", "2026-11", LARGE);
    place.write("experiments/eighty.toml", bare);
    let none = place.gevinst(["audit-rule", "rule.toml", "--months", "2"]).ended_with(3);
    none.complaining_of(&["no experiment can be audited", "`eighty`", "no `[rehearsal]`"]);
}
