//! The reports as a whole: what they say, that they hold what they promise, and that nobody's text breaks them.

#[path = "../examples/sample/figures.rs"]
mod figures;
mod markup;

use gevinst_report::figures::Currency;
use gevinst_report::judge_table::{About, JudgeTable, JudgedArm, JudgedPair};
use gevinst_report::language::Language;
use gevinst_report::model::{ArmStatus, ExperimentReport, MonthReport, Outcome, State};
use gevinst_report::terminal::Style;
use gevinst_report::{html, json, prose, terminal, verdict, words};
use proptest::prelude::*;

/// How many elements of a page have this name and, where asked, this class.
fn marks(page: &markup::Page, name: &str, class: Option<&str>) -> usize {
    let has = |attributes: &[(String, String)]| {
        let classes = attributes.iter().find(|(n, _)| n == "class").map_or("", |(_, v)| v);
        class.is_none_or(|class| classes.split(' ').any(|c| c == class))
    };
    page.elements.iter().filter(|(n, attributes)| n == name && has(attributes)).count()
}

/// Everything a reader could see of a report, in the terminal.
fn text(report: &MonthReport) -> String {
    terminal::month_text(report, Style::default())
}

fn assert_fits(text: &str, columns: usize) {
    for line in text.lines() {
        assert!(prose::width(line) <= columns, "{} columns: {line}", prose::width(line));
        assert!(!line.chars().any(char::is_control), "control character: {line:?}");
    }
}

#[test]
fn a_month_reads_as_it_should_in_a_terminal() {
    // The terminal report is what most people see first.
    let text = text(&figures::month());
    assert_fits(&text, 80);
    insta::assert_snapshot!(text);
}

#[test]
fn every_awkward_case_says_what_is_known_and_nothing_else() {
    // No data, one day, one arm, fifty arms, odd names, a currency without decimals: each has its own sentence.
    let text = text(&figures::awkward());
    assert_fits(&text, 80);
    insta::assert_snapshot!(text);
}

#[test]
fn a_rehearsal_reads_as_it_should_in_a_terminal() {
    // What people decide on before money is spent.
    let text = terminal::rehearsal_text(&figures::rehearsal(), Style::default());
    assert_fits(&text, 80);
    insta::assert_snapshot!(text);
}

#[test]
fn a_judged_table_reads_as_it_should_in_a_terminal() {
    // What an analyst sees of a table of their own: overflow, a missing bound and a long name among it.
    let about = About {
        generator: "gevinst 0.1.0",
        guarantee: "robust",
        separation: "unrandomised",
        method: "conditional likelihood with a dispersion mixture",
        alpha: 0.05,
        dispersion: Some(0.031),
        periods: 30,
    };
    let mut judged = JudgeTable::new(&about);
    judged.arms = vec![
        JudgedArm::new("product", 41_250.0, 22, (0.0004, 0.37), 4.1, ArmStatus::Dropped),
        JudgedArm::new(
            "the-one-that-names-the-problem",
            38_900.5,
            61,
            (0.9996, 0.0),
            -2.5,
            ArmStatus::Running,
        ),
        JudgedArm::new("empty", 0.0, 0, (f64::NAN, f64::NAN), f64::NEG_INFINITY, ArmStatus::Running),
    ];
    judged.pairs = vec![
        JudgedPair::new(
            ("product", "the-one-that-names-the-problem"),
            0.4,
            (Some(0.21), Some(0.83)),
            (-3.0, 900.0),
        ),
        JudgedPair::new(("product", "empty"), f64::NAN, (None, None), (0.0, 0.0)),
        JudgedPair::new(("the-one-that-names-the-problem", "empty"), 1.2, (Some(0.4), None), (0.1, -0.1)),
    ];
    let text = terminal::judge_text(&judged, Style::default());
    assert_fits(&text, 80);
    insta::assert_snapshot!(text);
}

#[test]
fn colour_adds_nothing_but_colour() {
    // Somebody without colour must read the same.
    let report = figures::month();
    let coloured = terminal::month_text(&report, Style { colour: true, width: 80 });
    let mut plain = String::new();
    let mut rest = coloured.as_str();
    while let Some(at) = rest.find("\u{1b}[") {
        plain.push_str(&rest[..at]);
        rest = &rest[at + rest[at..].find('m').unwrap() + 1..];
    }
    plain.push_str(rest);
    assert_eq!(plain, text(&report));
}

#[test]
fn the_same_report_gives_the_same_bytes() {
    // A report that changes by itself cannot be compared, signed or cached.
    let (a, b) = (figures::awkward(), figures::awkward());
    assert_eq!(html::month_page(&a), html::month_page(&b));
    assert_eq!(json::to_json(&a).unwrap(), json::to_json(&b).unwrap());
    assert_eq!(text(&a), text(&b));
}

/// The days of an experiment on which an arm spent something, one bar each, and those on which it brought something.
fn bars(x: &ExperimentReport) -> usize {
    let arms = || x.by_day.iter().flat_map(|d| &d.arms);
    arms().filter(|a| a.spend_minor.is_some_and(|s| s > 0)).count()
        + arms().filter(|a| a.goals.is_some_and(|n| n > 0)).count()
}

#[test]
fn a_page_is_sound_and_every_figure_has_its_mark() {
    // A mark that is missing or doubled tells another story than the table beside it.
    let report = figures::month();
    let page = html::month_page(&report);
    let read = markup::read(&page).unwrap();
    assert_eq!(marks(&read, "article", None), report.experiments.len());
    assert_eq!(marks(&read, "rect", Some("bar")), report.experiments.iter().map(bars).sum::<usize>());
    let comparisons: usize = report.experiments.iter().map(|x| x.comparisons.len()).sum();
    assert_eq!(marks(&read, "path", Some("line")), comparisons);
    assert_eq!(marks(&read, "path", Some("band")), comparisons);
    let points: usize = read
        .elements
        .iter()
        .filter(|(n, a)| n == "path" && a.iter().any(|(n, v)| n == "class" && v == "line"))
        .flat_map(|(_, a)| a.iter().filter(|(n, _)| n == "d"))
        .map(|(_, d)| d.matches(['M', 'L']).count())
        .sum();
    let wanted: usize = report.experiments.iter().flat_map(|x| &x.comparisons).map(|c| c.points.len()).sum();
    assert_eq!(points, wanted);
    let several = report.experiments.iter().filter(|x| x.arms.len() > 1);
    let traced: usize = several.map(|x| x.courses.len()).sum();
    let in_legends =
        report.experiments.iter().filter(|x| x.arms.len() > 1).map(|x| x.arms.len()).sum::<usize>();
    // The evidence against each arm, and beside it each arm's chance to be best.
    assert_eq!(marks(&read, "path", Some("trace")), 2 * traced);
    assert_eq!(marks(&read, "line", Some("trace")), 2 * in_legends);
    let paid = report.experiments.iter().flat_map(|x| &x.arms).filter(|a| a.cost_per_goal.is_some()).count()
        + report.overview.channels.iter().filter(|c| c.cost_minor.is_some()).count();
    assert_eq!(marks(&read, "rect", Some("point")), paid);
    assert_eq!(
        marks(&read, "line", Some("reach")),
        paid + comparisons,
        "one an arm and channel, one a row of the table"
    );
    let ticks: usize = read
        .elements
        .iter()
        .filter(|(n, a)| n == "path" && a.iter().any(|(n, v)| n == "class" && v == "looks"))
        .flat_map(|(_, a)| a.iter().filter(|(n, _)| n == "d"))
        .map(|(_, d)| d.matches('M').count())
        .sum();
    assert_eq!(ticks, wanted, "a tick for every day with a look");
    let dropped = report.experiments.iter().flat_map(|x| &x.arms).filter(|a| a.dropped_on.is_some()).count();
    assert!(dropped >= 3 && marks(&read, "line", Some("event")) >= dropped);
    assert!(page.len() < 1_000_000, "{} bytes", page.len());
}

#[test]
fn twelve_arms_over_thirty_days_stay_a_small_page() {
    // The largest experiment that is common must open at once, and be sent by mail.
    let report = figures::twelve();
    for page in [html::month_page(&report), html::experiment_page(&report, &report.experiments[0])] {
        markup::read(&page).unwrap();
        assert!(page.len() < 600_000, "{} bytes", page.len());
    }
}

#[test]
fn awkward_pages_are_sound() {
    // Names of markup, control sequences, one look, no look, fifty arms.
    let page = html::month_page(&figures::awkward());
    markup::read(&page).unwrap();
    assert!(page.contains("&lt;script&gt;"));
    assert!(!page.contains("<b>Bold"));
    assert!(page.len() < 1_000_000, "{} bytes", page.len());
    markup::read(&html::rehearsal_page(&figures::rehearsal())).unwrap();
}

#[test]
fn a_month_of_250_experiments_stays_usable() {
    // An agency's month, or 250 past tests replayed: one page that still opens, one screenful a time.
    let mut report = figures::crowd(250);
    report.experiments[77].awaiting_approval = 3;
    let page = html::month_page(&report);
    let read = markup::read(&page).unwrap();
    assert_eq!(marks(&read, "article", None), 30, "those that need somebody, and the largest");
    assert!(page.len() < 1_000_000, "{} bytes", page.len());
    let urgent = page.find("id=\"e78\"").unwrap();
    assert!(
        page[urgent..].starts_with("id=\"e78\" aria-labelledby"),
        "what waits for a person is shown in full"
    );
    let text = text(&report);
    assert_fits(&text, 80);
    assert!(text.lines().count() < 270);
}

#[test]
fn ten_thousand_experiments_are_all_found_on_a_page_that_opens() {
    // An agency's month: each experiment has its row, the row no more than it needs, and the search its script.
    let mut report = figures::crowd(1);
    let one = report.experiments[0].clone();
    let n = 10_000;
    report.experiments = (0..n)
        .map(|i| {
            let state = if i == 9_876 { State::Planned } else { State::Running };
            ExperimentReport { name: format!("experiment-{i}"), state, ..one.clone() }
        })
        .collect();
    let page = html::month_page(&report);
    assert!(page.len() < 3_000_000, "{} bytes", page.len());
    let read = markup::read(&page).unwrap();
    assert_eq!((marks(&read, "article", None), marks(&read, "script", None)), (30, 1));
    for i in [0, 4_321, 9_999] {
        assert!(page.contains(&format!(">experiment-{i}<")), "{i}");
    }
    let first = page.find("<ol>").unwrap();
    let last = first + page[first..].find("</ol>").unwrap();
    assert!(page[first..last].contains("experiment-9876"), "what was not launched is told first");
    let library = gevinst_report::library::Library::new(
        "gevinst test",
        Language::English,
        report.experiments.into_iter().map(|x| entry(x, &report.currency)).collect(),
    );
    let page = html::library_page(&library);
    assert!(page.len() < 5_000_000, "{} bytes", page.len());
    assert_eq!(page.matches("One of four headlines is read more.").count(), n, "each by its hypothesis");
}

fn entry(x: ExperimentReport, currency: &Currency) -> gevinst_report::library::Entry {
    gevinst_report::library::Entry::of("2026-11", gevinst_report::model::Origin::Live, x, currency.clone())
}

#[test]
fn the_library_tells_of_every_experiment() {
    // What was tried is found by its words, phase, channel and verdict.
    let library = figures::library();
    let page = html::library_page(&library);
    markup::read(&page).unwrap();
    assert_eq!(page.matches("<th scope=\"row\">").count(), library.entries.len());
    assert!(page.contains("problem brings cheaper leads than naming our product."));
}

#[test]
fn the_head_of_a_month_says_what_to_do_and_why() {
    // Ten seconds: the first thing after the month's name is who needs what, the most urgent first, with its reason.
    let mut report = figures::month();
    report.experiments[2].awaiting_approval = 1;
    let currency = report.currency.clone();
    for x in &mut report.experiments {
        let said = verdict::verdict(x, &currency, Language::English);
        x.next = said.next;
    }
    let page = html::month_page(&report);
    let (todo, numbers) = (page.find("What to do now").unwrap(), page.find("class=\"numbers\"").unwrap());
    assert!(todo < numbers, "before any figure");
    let head = &page[todo..numbers];
    let place = |name: &str| head.find(&format!(">{name}</a>")).unwrap_or_else(|| panic!("{name} in {head}"));
    assert!(place("audiences") < place("headlines"), "what waits comes before what is decided");
    assert!(
        head.contains("Approve or decline the proposed move")
            && head.contains("try something new against it")
    );
    assert!(head.contains("2 experiments run by themselves"), "{head}");
    assert!(head.contains("wins: it brings") && head.contains("at most"), "why, with its error rate: {head}");
    report.experiments.retain(|x| x.name == "four-headlines");
    let page = html::month_page(&report);
    assert!(page.contains("Nothing: every experiment runs by itself"));
}

#[test]
fn both_labels_stand_beside_every_effect() {
    // An effect without its guarantee and separation is never shown.
    let report = figures::month();
    let page = html::month_page(&report);
    let text = text(&report);
    let n = report.experiments.len();
    for label in ["guarantee: robust", "separation: platform-split"] {
        assert_eq!(text.matches(label).count(), n, "{label}");
        assert_eq!(page.matches(&format!(">{label}</span>")).count(), n, "{label}");
    }
}

#[test]
fn json_is_whole_and_its_figures_are_finite_or_null() {
    // What others read must parse, and hold what the page shows.
    let report = figures::month();
    let value: serde_json::Value = serde_json::from_str(&json::to_json(&report).unwrap()).unwrap();
    assert_eq!(value["schema_version"], 1);
    assert_eq!(value["currency"], "NOK");
    assert_eq!(value["currency_exponent"], 2);
    let x = &value["experiments"][0];
    assert_eq!(x["verdict"], report.experiments[0].verdict.to_string());
    assert_eq!(x["outcome"], "winner");
    assert_eq!(x["arms"][0]["dropped_on"], "2026-11-14");
    assert_eq!(x["arms"][0]["spend_minor"], report.experiments[0].arms[0].spend_minor);
    assert_eq!(x["moves"][0]["approval"]["by"], "kari");
}

/// Three arms after twenty days, with these fates and this guarantee.
fn judged(fates: [Option<ArmStatus>; 3], state: State, guarantee: &str) -> ExperimentReport {
    let names = ["product", "problem", "price"];
    let arms = names.into_iter().zip(fates).map(|(name, fate)| figures::Arm {
        name,
        channel: "native",
        rate: 0.4,
        fate: fate.map(|status| (status, 14)),
    });
    let plan = figures::Plan {
        name: "headlines",
        hypothesis: "",
        arms: arms.collect(),
        days: 20,
        daily_minor: 150_000,
        state,
        seed: 1,
    };
    let currency = Currency::new("NOK", 2);
    let mut x = figures::experiment(&plan, &currency);
    x.guarantee = Some(words::guarantee(guarantee));
    let said = verdict::verdict(&x, &currency, Language::English);
    (x.outcome, x.verdict, x.next) = (said.outcome, said.sentence, said.next);
    x
}

#[test]
fn a_verdict_promises_no_more_than_its_guarantee() {
    // "At most 5 %" is said of proofs alone; a model's choice says that it is none.
    let winner = [Some(ArmStatus::Dropped), None, Some(ArmStatus::Dropped)];
    for (guarantee, promise) in [
        ("exact", "The chance that a best arm is ever dropped is at most 5 %."),
        ("robust", "The chance that a best arm is ever dropped is at most 5 %."),
        ("asymptotic", "The chance that a best arm is ever dropped is about 5 % at most."),
        ("model", "This rests on a model, without a promised error rate."),
        ("unheard-of", "This rests on a model, without a promised error rate."),
    ] {
        let x = judged(winner, State::Running, guarantee);
        assert_eq!(x.outcome, Outcome::Winner);
        assert!(x.verdict.to_string().ends_with(promise), "{guarantee}: {}", x.verdict);
    }
    let bet = judged([None, Some(ArmStatus::Winner), None], State::Closed, "robust");
    assert_eq!(bet.outcome, Outcome::BestBet);
    assert!(bet.verdict.to_string().contains("a model's choice, not a proof"), "{}", bet.verdict);
    assert!(!bet.verdict.to_string().contains("at most"), "{}", bet.verdict);
    let bet = judged([None, Some(ArmStatus::Winner), Some(ArmStatus::Dropped)], State::Closed, "robust");
    assert!(
        bet.verdict.to_string().ends_with("is at most 5 %."),
        "what was dropped before was proven: {}",
        bet.verdict
    );
    let open = judged([None; 3], State::Running, "robust");
    assert!(!open.verdict.to_string().contains("at most"), "{}", open.verdict);
}

#[test]
fn every_end_has_its_own_outcome() {
    // A tie that reads as a win, or a stop that reads as a proof, moves money the wrong way.
    use ArmStatus::{Dropped, Futile, GuardrailBreached, Tied, Unprofitable, Winner};
    let cases = [
        ([None, None, None], State::Closed, Outcome::Unproven),
        ([Some(Dropped), None, None], State::Closed, Outcome::Narrowed),
        ([Some(Dropped), Some(Winner), Some(Dropped)], State::Closed, Outcome::Winner),
        ([Some(Dropped), None, Some(Unprofitable)], State::Running, Outcome::Winner),
        ([Some(Tied), None, Some(Tied)], State::Running, Outcome::Tied),
        ([Some(Unprofitable), None, Some(Unprofitable)], State::Running, Outcome::Mixed),
        ([Some(Unprofitable); 3], State::Running, Outcome::Unprofitable),
        ([Some(Dropped), Some(Unprofitable), Some(GuardrailBreached)], State::Running, Outcome::Stopped),
        ([Some(Futile), None, Some(Dropped)], State::Running, Outcome::Mixed),
    ];
    for (fates, state, outcome) in cases {
        let x = judged(fates, state, "robust");
        assert_eq!(x.outcome, outcome, "{fates:?}: {}", x.verdict);
        for (arm, fate) in x.arms.iter().zip(fates) {
            let named = x.verdict.to_string().contains(&format!("`{}`", arm.name));
            assert!(named || fate.is_none(), "{} is not in: {}", arm.name, x.verdict);
        }
        assert!(!x.next.is_empty());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_text_of_a_user_can_become_markup_or_a_control_sequence(
        name in "(\\PC|[<>&\"'`=\u{1b}\u{7}\n\r\u{202e}\u{0}\u{9b}]){0,40}",
        other in "(\\PC|[<>&\"'`=\u{1b}\u{7}\n\r\u{202e}\u{0}\u{9b}]){0,40}",
    ) {
        // Names, headlines and reasons come from people and platforms.
        let mut report = figures::month();
        report.experiments.truncate(2);
        for x in &mut report.experiments {
            x.name.clone_from(&name);
            x.hypothesis.clone_from(&other);
            x.phase.clone_from(&name);
            x.definition = Some(other.clone());
            x.goal.metric.clone_from(&other);
            x.reference = Some(name.clone());
            x.arms[0].name.clone_from(&name);
            x.arms[1].name.clone_from(&other);
            x.arms[0].channel.clone_from(&other);
            for m in &mut x.moves {
                m.reason.clone_from(&name);
                m.arm.clone_from(&other);
            }
            for check in &mut x.checks {
                check.sentence.clone_from(&other);
                check.passed = false;
            }
            for c in &mut x.comparisons {
                c.against.clone_from(&name);
            }
            x.awaiting_approval = 1;
            let said = verdict::verdict(x, &Currency::new("NOK", 2), Language::English);
            (x.outcome, x.verdict, x.next) = (said.outcome, said.sentence, said.next);
        }
        let page = html::month_page(&report);
        prop_assert!(markup::read(&page).is_ok(), "{:?}", markup::read(&page).err());
        let text = text(&report);
        for line in text.lines() {
            prop_assert!(!line.chars().any(|c| c.is_control() || c == '\u{202e}'), "{line:?}");
            prop_assert!(prose::width(line) <= 80, "{} columns: {line:?}", prose::width(line));
        }
        let value: serde_json::Value = serde_json::from_str(&json::to_json(&report).unwrap()).unwrap();
        prop_assert_eq!(value["experiments"][0]["name"].as_str(), Some(name.as_str()));
    }
}
