//! `gevinst judge`: the JSON that others build on, figures that are finite whatever the table holds, and tables that are no
//! tables.

use gevinst_tests::Place;
use serde_json::Value;

/// A table from (arm, exposure, count) rows of each period.
fn table(periods: &[&[(&str, f64, u64)]]) -> String {
    let mut text = String::from("period,arm,exposure,count\n");
    for (period, rows) in periods.iter().enumerate() {
        for (arm, exposure, count) in *rows {
            text.push_str(&format!("2026-11-{:02},{arm},{exposure},{count}\n", period + 1));
        }
    }
    text
}

/// Judges a table.
#[track_caller]
fn judged(text: &str, more: &[&str]) -> Value {
    let place = Place::new();
    place.write("t.csv", text);
    let judged = place.gevinst(["judge", "t.csv", "--json"].iter().chain(more)).done().json();
    keeps_its_shape(&judged);
    judged
}

/// The fields, their types and their ranges, for any table.
fn keeps_its_shape(judged: &Value) {
    assert_eq!(judged["schema_version"], 1);
    for word in ["guarantee", "separation", "method"] {
        assert!(judged[word].is_string(), "{word}: {judged}");
    }
    assert!(judged["dispersion"].is_null() || judged["dispersion"].as_f64().is_some_and(|phi| phi >= 0.0));
    let arms = judged["arms"].as_array().expect("a list of arms");
    let pairs = judged["pairs"].as_array().expect("a list of pairs");
    assert_eq!(pairs.len(), arms.len() * (arms.len() - 1) / 2);
    for arm in arms {
        assert!(arm["name"].is_string() && arm["count"].is_u64() && arm["status"].is_string(), "{arm}");
        assert!(arm["exposure"].as_f64().is_some_and(|exposure| exposure >= 0.0), "{arm}");
        optional(arm, "rate", 0.0, f64::MAX);
        optional(arm, "p_best", 0.0, 1.0 + 1e-9);
        optional(arm, "expected_loss", -1e-9, f64::MAX);
        e_value(arm, "e_drop");
    }
    let chances: f64 = arms.iter().filter_map(|arm| arm["p_best"].as_f64()).sum();
    assert!((chances - 1.0).abs() < 0.02, "somebody is best: {chances}");
    for pair in pairs {
        assert!(pair["a"].is_string() && pair["b"].is_string(), "{pair}");
        for key in ["ratio", "lower", "upper"] {
            optional(pair, key, 0.0, f64::MAX);
        }
        let (lower, upper) =
            (pair["lower"].as_f64().unwrap_or(0.0), pair["upper"].as_f64().unwrap_or(f64::MAX));
        assert!(lower <= upper, "{pair}");
        e_value(pair, "e_a_beats_b");
        e_value(pair, "e_b_beats_a");
        let strong = |key: &str| pair[format!("ln_{key}")].as_f64().is_some_and(|ln| ln > 20_f64.ln());
        assert!(!(strong("e_a_beats_b") && strong("e_b_beats_a")), "both cannot be proven: {pair}");
    }
}

fn optional(object: &Value, key: &str, low: f64, high: f64) {
    let value = object.get(key).unwrap_or_else(|| panic!("`{key}` in {object}"));
    let inside = value.as_f64().is_some_and(|value| value.is_finite() && (low..=high).contains(&value));
    assert!(value.is_null() || inside, "{key} is {value}");
}

/// An e-value is a number, or null where it is too large for one; its logarithm is there then.
fn e_value(object: &Value, key: &str) {
    optional(object, key, 0.0, f64::MAX);
    let ln = format!("ln_{key}");
    optional(object, &ln, f64::MIN, f64::MAX);
    match (object[key].as_f64(), object[&ln].as_f64()) {
        (Some(e), Some(ln)) => {
            assert!((e.ln() - ln).abs() < 1e-9 * (1.0 + ln.abs()) || e < 1e-300, "{object}")
        }
        (Some(e), None) => assert_eq!(e, 0.0, "{object}"),
        (None, Some(ln)) => assert!(ln > 700.0, "{object}"),
        (None, None) => panic!("neither `{key}` nor its logarithm: {object}"),
    }
}

fn arm<'a>(judged: &'a Value, name: &str) -> &'a Value {
    let arms = judged["arms"].as_array().expect("a list of arms");
    arms.iter().find(|arm| arm["name"] == name).unwrap_or_else(|| panic!("`{name}` in {judged}"))
}

/// Ten days of three arms; `c` is the worst.
fn ten_days() -> String {
    let rows: Vec<Vec<(&str, f64, u64)>> = (0..10_u32)
        .map(|day| {
            let shown = 900.0 + 40.0 * f64::from(day % 7);
            let wave = u64::from(day % 3);
            vec![
                ("a", shown, 50 + wave),
                ("b", (shown * 1.1).round(), 66 + wave),
                ("c", (shown * 0.6).round(), 12 + wave),
            ]
        })
        .collect();
    table(&rows.iter().map(Vec::as_slice).collect::<Vec<_>>())
}

#[test]
fn the_json_is_the_same_wherever_it_is_sent_and_in_whatever_order_the_rows_come() {
    // Protects scripts: both spellings name the table, and a table is a set of rows.
    let place = Place::new();
    let text = ten_days();
    place.write("t.csv", &text);
    let first = place.gevinst(["judge", "--json", "t.csv"]).done();
    assert_eq!(place.gevinst(["judge", "t.csv", "--json"]).done().out, first.out);
    assert_eq!(place.gevinst(["judge", "t.csv", "--json", "-"]).done().out, first.out);
    let to_file = place.gevinst(["judge", "t.csv", "--json", "out.json"]).done();
    assert_eq!(to_file.out, "");
    assert_eq!(place.read("out.json"), first.out);

    let mut lines: Vec<&str> = text.lines().collect();
    lines[1..].reverse();
    let reversed = judged(&lines.join("\n"), &[]);
    let forward = first.json();
    for name in ["a", "b", "c"] {
        for key in ["rate", "count", "exposure", "status"] {
            assert_eq!(arm(&forward, name)[key], arm(&reversed, name)[key], "{key} of {name}");
        }
        // The joint chances are integrated arm by arm and so depend a little on which arm comes first; proof does not.
        for (key, within) in [("p_best", 5e-3), ("expected_loss", 5e-3), ("ln_e_drop", 1e-6)] {
            let (one, other) = (arm(&forward, name)[key].as_f64(), arm(&reversed, name)[key].as_f64());
            assert!((one.unwrap() - other.unwrap()).abs() < within, "{key} of {name}: {one:?} and {other:?}");
        }
    }
    // Columns have names, not places; a byte order mark and more columns change nothing.
    let moved: String = text
        .lines()
        .map(|line| {
            let cells: Vec<&str> = line.split(',').collect();
            format!("{},x,{},{},{}\n", cells[3], cells[1], cells[2], cells[0])
        })
        .collect();
    assert_eq!(judged(&format!("\u{feff}{}", moved.replace("count,x,arm", "Count,note,ARM")), &[]), forward);
}

#[test]
fn the_figures_are_those_of_the_table() {
    // Protects the arithmetic that everybody can check: sums, rates, and who is who.
    let judged = judged(&ten_days(), &[]);
    let (a, b, c) = (arm(&judged, "a"), arm(&judged, "b"), arm(&judged, "c"));
    assert_eq!(judged["periods"], 10);
    assert_eq!(
        (a["count"].as_u64(), b["count"].as_u64(), c["count"].as_u64()),
        (Some(509), Some(669), Some(129))
    );
    let exposure = (0..10).map(|day| 900.0 + 40.0 * f64::from(day % 7)).sum::<f64>();
    assert!((a["exposure"].as_f64().unwrap() - exposure).abs() < 1e-6);
    assert!((a["rate"].as_f64().unwrap() - 509.0 / exposure).abs() < 1e-12);
    assert_eq!(c["status"], "dropped");
    assert!(c["e_drop"].as_f64().unwrap() >= 20.0, "an arm is dropped at 1/alpha: {c}");
    assert!(c["p_best"].as_f64().unwrap() < 0.001);
    let pair =
        judged["pairs"].as_array().unwrap().iter().find(|pair| pair["b"] == "c" && pair["a"] == "a").unwrap();
    let ratio = (509.0 / exposure) / (129.0 / (0.6 * exposure));
    let between = pair["lower"].as_f64().unwrap()..pair["upper"].as_f64().unwrap();
    assert!(between.contains(&ratio) && !between.contains(&1.0), "{pair}");
    assert!((pair["ratio"].as_f64().unwrap() / ratio - 1.0).abs() < 0.15, "{pair}");
}

#[test]
fn the_unit_of_exposure_does_not_matter_where_it_is_money() {
    // Protects against verdicts that depend on whether somebody writes kroner or øre.
    let kroner = ten_days();
    let oere: String = kroner
        .lines()
        .map(|line| {
            let cells: Vec<&str> = line.split(',').collect();
            let exposure =
                cells[2].parse::<f64>().map_or(cells[2].to_owned(), |value| format!("{}", value * 100.0));
            format!("{},{},{exposure},{}\n", cells[0], cells[1], cells[3])
        })
        .collect();
    let (kroner, oere) = (judged(&kroner, &[]), judged(&oere, &[]));
    for (one, other) in kroner["pairs"].as_array().unwrap().iter().zip(oere["pairs"].as_array().unwrap()) {
        for key in ["ratio", "lower", "upper", "ln_e_a_beats_b", "ln_e_b_beats_a"] {
            let (one, other) = (one[key].as_f64().unwrap(), other[key].as_f64().unwrap());
            assert!((one - other).abs() <= 1e-9 * (1.0 + one.abs()), "{key}: {one} and {other}");
        }
    }
}

#[test]
fn randomised_lists_are_judged_exactly_and_everything_else_robustly() {
    // Protects the label: exactness is claimed where people were assigned at random, and nowhere else.
    let text = ten_days();
    let list = judged(&text, &["--separation", "randomised"]);
    assert_eq!((&list["guarantee"], &list["separation"]), (&"exact".into(), &"randomised".into()));
    assert!(list["dispersion"].is_null());
    for separation in ["platform-split", "geo", "switchback", "unrandomised"] {
        let other = judged(&text, &["--separation", separation]);
        assert_eq!((&other["guarantee"], &other["separation"]), (&"robust".into(), &separation.into()));
        assert!(other["dispersion"].is_number());
    }
    // Randomised, but counted per money: how a platform spends is nobody's coin toss.
    let money = judged(&text, &["--separation", "randomised", "--per", "spend"]);
    assert_eq!(money["guarantee"], "robust");
    // The exact form knows that the days do not vary by themselves, so the same table proves more.
    let proof = |judged: &Value| arm(judged, "c")["ln_e_drop"].as_f64().unwrap();
    assert!(proof(&list) > proof(&judged(&text, &[])));
}

#[test]
fn strong_data_decides_and_no_data_does_not() {
    // Protects both ends: proof is recognised, and nothing is made of nothing.
    let day: &[(&str, f64, u64)] = &[("weak", 1000.0, 20), ("strong", 1000.0, 100)];
    let strong = judged(&table(&[day; 20]), &[]);
    assert_eq!(arm(&strong, "weak")["status"], "dropped");
    assert_eq!(arm(&strong, "strong")["status"], "winner");

    let day: &[(&str, f64, u64)] = &[("a", 1000.0, 0), ("b", 1000.0, 0), ("c", 500.0, 0)];
    let nothing = judged(&table(&[day; 20]), &[]);
    for name in ["a", "b", "c"] {
        assert_eq!(arm(&nothing, name)["status"], "running");
        assert!(arm(&nothing, name)["e_drop"].as_f64().unwrap() <= 1.0 + 1e-9, "no goal is no evidence");
    }
    // Exposure of none at all is as little as that.
    let day: &[(&str, f64, u64)] = &[("a", 0.0, 0), ("b", 0.0, 0)];
    let none = judged(&table(&[day; 3]), &[]);
    assert!(arm(&none, "a")["rate"].is_null());
    // One goal in all proves nothing, either.
    let one = judged(&table(&[&[("a", 1000.0, 1), ("b", 1000.0, 0)]]), &[]);
    assert_eq!(arm(&one, "b")["status"], "running");
    // A month that cannot decide at alpha 5 % cannot at 0.1 %.
    let doubtful: &[(&str, f64, u64)] = &[("a", 1000.0, 10), ("b", 1000.0, 14)];
    for alpha in ["0.05", "0.001"] {
        let judged = judged(&table(&[doubtful; 5]), &["--alpha", alpha]);
        assert!(judged["arms"].as_array().unwrap().iter().all(|arm| arm["status"] == "running"), "{judged}");
        assert_eq!(judged["alpha"].as_f64().unwrap().to_string(), alpha);
    }
}

#[test]
fn figures_stay_finite_however_large_small_or_many() {
    // Protects readers of the JSON from NaN and infinity, and people from a program that gives up on odd tables.
    let huge: &[(&str, f64, u64)] =
        &[("a", 1e12, 1_000_000_000), ("b", 1e12, 1_010_000_000), ("c", 1e12, 500_000_000)];
    let judged_huge = judged(&table(&[huge; 4]), &[]);
    assert_eq!(arm(&judged_huge, "c")["status"], "dropped");
    judged(&table(&[huge; 4]), &["--separation", "randomised"]);

    let unequal: &[(&str, f64, u64)] =
        &[("tiny", 0.001, 0), ("small", 1.0, 1), ("large", 1_000_000.0, 900_000)];
    judged(&table(&[unequal; 30]), &[]);

    let starved: &[(&str, f64, u64)] = &[("a", 1000.0, 40), ("none", 1000.0, 0), ("b", 1000.0, 41)];
    let starved = judged(&table(&[starved; 10]), &[]);
    assert_eq!(arm(&starved, "none")["status"], "dropped", "400 goals against none are proof: {starved}");

    // One enormous day among small ones.
    let mut days: Vec<&[(&str, f64, u64)]> = vec![&[("a", 100.0, 3), ("b", 100.0, 2)]; 20];
    days[7] = &[("a", 100_000.0, 9_000), ("b", 100.0, 1)];
    judged(&table(&days), &[]);

    // An arm that joins, and one that leaves.
    let days: [&[(&str, f64, u64)]; 3] = [
        &[("a", 100.0, 9), ("b", 100.0, 8)],
        &[("a", 100.0, 9), ("b", 100.0, 7), ("c", 50.0, 5)],
        &[("c", 100.0, 9), ("a", 100.0, 12)],
    ];
    judged(&table(&days), &[]);

    // As many arms as there may be, and one more.
    let names: Vec<String> = (0..51).map(|arm| format!("arm-{arm:02}")).collect();
    let many = |arms: usize| {
        let row = |arm: usize| (names[arm].as_str(), 1000.0, 20 + u64::try_from(arm).expect("small"));
        let day: Vec<_> = (0..arms).map(row).collect();
        table(&[&day, &day, &day])
    };
    let fifty = judged(&many(50), &[]);
    assert_eq!(fifty["arms"].as_array().unwrap().len(), 50);
    let place = Place::new();
    place.write("t.csv", many(51));
    place.gevinst(["judge", "t.csv"]).ended_with(3).complaining_of(&["t.csv", "more than 50 arms"]);
}

#[test]
fn a_cost_limit_is_held_against_the_money() {
    // Protects `unprofitable`: proven to cost more than a goal is worth, by the column that counts the money.
    let mut text = String::from("period,arm,exposure,count,spend\n");
    for day in 1..=20 {
        text.push_str(&format!("{day},cheap,1000,20,1000\n{day},dear,1000,19,9500\n"));
    }
    let judged = judged(&text, &["--max-cost", "100"]);
    assert_eq!(arm(&judged, "dear")["status"], "unprofitable");
    assert_ne!(arm(&judged, "cheap")["status"], "unprofitable");
}

#[test]
fn a_tie_needs_a_margin() {
    // Protects against calling a tie what was only not proven: without a margin nothing is ever equal.
    let day: &[(&str, f64, u64)] = &[("a", 100_000.0, 10_000), ("b", 100_000.0, 10_010)];
    let statuses = |judged: &Value| -> Vec<String> {
        let arms = judged["arms"].as_array().expect("a list of arms").iter();
        arms.map(|arm| arm["status"].as_str().unwrap_or_default().to_owned()).collect()
    };
    let text = table(&[day; 10]);
    let more = ["--separation", "randomised"];
    assert!(!statuses(&judged(&text, &more)).contains(&"tied".to_owned()));
    for margin in ["10 %", "0.1"] {
        let tied = judged(&text, &[more.as_slice(), &["--tie-within", margin]].concat());
        assert!(statuses(&tied).contains(&"tied".to_owned()), "{tied}");
    }
}

#[test]
fn a_table_that_is_none_is_refused_with_its_line() {
    // Protects against verdicts on half-read numbers.
    let good = "period,arm,exposure,count\n1,a,100,10\n1,b,100,20\n";
    let cases: [(String, &[&str]); 15] = [
        (
            good.replace("count", "clicks"),
            &["there is no column `count`", "`clicks`", "hint: the table needs the columns"],
        ),
        (good.replace("period,arm", "arm"), &["there is no column `period`"]),
        (good.replace(",20", ",-20"), &["line 3", "count is `-20`"]),
        (good.replace(",20", ",NaN"), &["line 3", "count is `NaN`"]),
        (good.replace(",20", ",2.5"), &["line 3", "count is `2.5`", "whole number"]),
        (good.replace(",20", ",many"), &["line 3", "count is `many`"]),
        (good.replace("1,b,100", "1,b,-1"), &["line 3", "exposure is `-1`"]),
        (good.replace("1,b,100", "1,b,inf"), &["line 3", "exposure is `inf`"]),
        (good.replace("1,b,100", "1,b,1e300"), &["line 3", "exposure is `1e300`", "to 10^100"]),
        (good.replace("1,b,100", "1,b,1e-200"), &["line 3", "exposure is `1e-200`", "from 10^-100"]),
        (good.replace("1,b,100", "1,b,0"), &["line 3", "20 goals without any exposure"]),
        (good.replace("1,b", "1,a"), &["line 3", "arm `a` has period `1` on line 2 already"]),
        (good.replace("1,b,", "1,,"), &["line 3", "the arm has no name"]),
        (good.replace("1,b,100,20\n", "1,b,100\n"), &["line: 3"]),
        (good.replace("1,b,100,20\n", ""), &["it has 1 arm", "at least 2"]),
    ];
    let place = Place::new();
    for (text, words) in cases {
        assert_ne!(text, good);
        place.write("t.csv", &text);
        let before = place.contents();
        for command in [["judge", "t.csv", "--json", "out.json"].as_slice(), &["judge", "t.csv"]] {
            place.gevinst(command).ended_with(3).complaining_of(&[&["`t.csv`"], words].concat());
        }
        assert_eq!(place.contents(), before);
    }
    place.write("t.csv", "");
    place.gevinst(["judge", "t.csv"]).ended_with(3).complaining_of(&["t.csv"]);
    place.write("t.csv", [0xff, 0xfe, 0x00, 0x80]);
    place.gevinst(["judge", "t.csv"]).ended_with(3).complaining_of(&["t.csv"]);
    place.gevinst(["judge", "nosuch.csv"]).ended_with(3).complaining_of(&["`nosuch.csv`", "No such file"]);
    place.write("t.csv", good);
    for (option, value) in [
        ("--alpha", "0"),
        ("--alpha", "1.5"),
        ("--alpha", "NaN"),
        ("--tie-within", "200 %"),
        ("--tie-within", "x"),
    ] {
        place.gevinst(["judge", "t.csv", option, value]).ended_with(2).complaining_of(&["error: "]);
    }
}

#[test]
fn a_person_reads_the_same_verdict_in_eighty_columns() {
    // Protects the terminal form: everything fits, and both labels are there.
    let place = Place::new();
    place.write("t.csv", ten_days());
    let answer = place.gevinst(["judge", "t.csv"]).done();
    for word in ["dropped", "guarantee: robust", "separation: unrandomised"] {
        assert!(answer.out.contains(word), "{word}: {}", answer.out);
    }
    assert!(answer.out.lines().all(|line| line.chars().count() <= 80), "{}", answer.out);
    assert!(!answer.out.contains('\u{1b}'), "no colour into a pipe");
}

/// The answer of `--test` on a table of two arms, as JSON.
fn tested(text: &str, more: &[&str]) -> Value {
    let place = Place::new();
    place.write("t.csv", text);
    place.gevinst([["judge", "t.csv", "--json"].as_slice(), more].concat()).done().json()
}

#[test]
fn tests_that_people_know_give_the_values_that_others_published() {
    // Protects people who asked for a test by name from another one, and from reading it when it is not valid.
    let two = |control: &str, treatment: &str| {
        format!("period,arm,exposure,count\n1,old,{control}\n1,new,{treatment}\n")
    };
    let p = |answer: &Value| answer["comparisons"][0]["p_value"].as_f64().expect("a p-value");
    // scipy: barnard_exact, boschloo_exact; statsmodels: proportions_ztest; R and scipy: fisher_exact of the same table.
    for (test, control, treatment, expected, name) in [
        ("barnard", "47,13", "53,19", 0.530_637_102_766_593, "Barnard's exact test"),
        ("boschloo", "47,13", "53,19", 0.400_016_939_936_318_4, "Boschloo's exact test"),
        ("two-proportion", "1000,100", "1000,130", 0.035_488_450_466_474_71, "two-proportion z-test"),
        // The lady tasting tea: 34 of 70 tables are at least as extreme.
        ("fisher", "4,1", "4,3", 34.0 / 70.0, "Fisher's exact test"),
    ] {
        let answer = tested(&two(control, treatment), &["--test", test]);
        assert!((p(&answer) - expected).abs() < 1e-9, "{test}: {answer}");
        assert_eq!(
            (answer["test"].as_str(), answer["kind"].as_str()),
            (Some(name), Some("fixed-sample")),
            "{answer}"
        );
        assert!(answer["valid"].as_str().is_some_and(|text| text.contains("one look")), "{answer}");
        assert_eq!(
            (answer["control"].as_str(), answer["comparisons"][0]["arm"].as_str()),
            (Some("old"), Some("new"))
        );
    }
    // GrowthBook's own test of its t-test.
    let values =
        "period,arm,exposure,sum,sum_sq\n1,old,3407,1396.87,52377.9767\n1,new,3461,2422.7,134698.29\n";
    assert!((p(&tested(values, &["--test", "welch"])) - 0.020_16).abs() < 5e-6);
    // Exposure of any kind: the exact conditional test, from the other side too.
    let rates = two("100.5,20", "90,34");
    let (there, back) =
        (tested(&rates, &["--test", "poisson"]), tested(&rates, &["--test", "poisson", "--control", "new"]));
    assert!((p(&there) - p(&back)).abs() < 1e-12 && p(&there) < 0.05, "{there}");
    let estimate = |answer: &Value| answer["comparisons"][0]["estimate"].as_f64().expect("an estimate");
    assert!((estimate(&there) * estimate(&back) - 1.0).abs() < 1e-9);

    // Jennison & Turnbull (2000), two-sided α = 0.05, five looks: C_B = 2.040 and C_P = 2.413.
    let bounds = |test: &str| -> Vec<f64> {
        let answer = tested(&rates, &["--test", test, "--looks", "5", "--look", "2"]);
        assert_eq!(answer["kind"], "group-sequential");
        assert!(answer["comparisons"][0]["p_value"].is_null(), "it is read by its boundary");
        let bounds = answer["plan"]["boundaries"].as_array().expect("boundaries");
        bounds.iter().map(|bound| bound.as_f64().expect("a number")).collect()
    };
    for (k, bound) in bounds("obrien-fleming").into_iter().enumerate() {
        let looked = f64::from(u32::try_from(k).expect("small")) + 1.0;
        assert!((bound - 2.040 * (5.0 / looked).sqrt()).abs() < 2e-3, "look {}: {bound}", k + 1);
    }
    assert!(bounds("pocock").iter().all(|bound| (bound - 2.413).abs() < 1e-3));
}

#[test]
fn tests_that_people_know_say_when_they_may_be_read() {
    // Protects against the peeking that these tests do not forgive, and against tables that they do not fit.
    let place = Place::new();
    let day = |day: u32| format!("{day},old,1000,50\n{day},new,1000,60\n{day},other,1000,90\n");
    let days: String = (1..=5).map(day).collect();
    place.write("t.csv", format!("period,arm,exposure,count\n{days}"));
    let text = place.gevinst(["judge", "t.csv", "--test", "two-proportion"]).done().out;
    // Armitage, McPherson & Rowe (1969): five looks at 5 % are wrong in 14.2 % of cases.
    for words in [
        "two-proportion z-test, fixed-sample",
        "valid for one look",
        "14.2 %",
        "of all comparisons together",
        "other: ",
    ] {
        assert!(text.contains(words), "`{words}` is not in\n{text}");
    }
    let refused = |arguments: &[&str], code: i32, words: &[&str]| {
        place
            .gevinst([["judge", "t.csv"].as_slice(), arguments].concat())
            .ended_with(code)
            .complaining_of(words);
    };
    refused(&["--test", "pocock"], 2, &["number of its planned looks", "--looks 4"]);
    refused(&["--test", "pocock", "--looks", "3", "--look", "4"], 2, &["look 4 of 3"]);
    refused(&["--test", "welch"], 3, &["no column `sum`", "sum_sq"]);
    refused(&["--test", "fisher", "--control", "nobody"], 2, &["no arm `nobody`", "`old`, `new`, `other`"]);
    refused(&["--test", "chi"], 2, &["chi", "fisher"]);
    place.write("t.csv", "period,arm,exposure,count\n1,old,10.5,5\n1,new,10,6\n");
    refused(&["--test", "fisher"], 3, &["arm `old`", "no people", "--test poisson"]);
}

#[test]
fn values_are_adjusted_by_what_was_known_of_people_before() {
    // Protects the way of an analyst's own table into the adjustment, and a table without the columns from being judged as if.
    let rows = |lift: f64| {
        let (sum, sum_sq, product) =
            (1e4 + 100.0 * lift, 1.24e6 + 2e4 * lift + 100.0 * lift * lift, 1.2e6 + 1e4 * lift);
        format!("100,{sum},{sum_sq},10000,1200000,{product}\n")
    };
    let mut text = String::from("period,arm,exposure,sum,sum_sq,before,before_sq,sum_before\n");
    for day in 1..=5 {
        text.push_str(&format!("2026-11-{day:02},plain,{}2026-11-{day:02},price,{}", rows(0.0), rows(10.0)));
    }
    let of_people = ["--kind", "value", "--separation", "randomised"];
    let plain = judged(&text, &of_people);
    let adjusted = judged(&text, &[&of_people[..], &["--history"]].concat());
    assert!(adjusted["method"].as_str().unwrap().contains("CUPED"), "{adjusted}");
    let width = |judged: &Value| {
        judged["pairs"][0]["upper"].as_f64().unwrap() - judged["pairs"][0]["lower"].as_f64().unwrap()
    };
    assert!(width(&adjusted) < 0.6 * width(&plain), "{} {}", width(&adjusted), width(&plain));
    let place = Place::new();
    place.write("t.csv", text.replace("sum_before", "product"));
    let refused = place.gevinst(["judge", "t.csv", "--history"].iter().chain(&of_people));
    refused.ended_with(3).complaining_of(&["there is no column `sum_before`"]);
    place.write("t.csv", &text);
    let refused = place.gevinst(["judge", "t.csv", "--history", "--kind", "value"]);
    refused.ended_with(2).complaining_of(&["people assigned at random", "--separation randomised"]);
}
