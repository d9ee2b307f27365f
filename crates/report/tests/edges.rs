//! Months at the edge of what is usual: what is known is said of each, on every page, and nothing else.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

#[path = "../examples/sample/figures.rs"]
#[expect(dead_code, reason = "the months that other tests look at")]
mod figures;
mod markup;
mod seen;

use gevinst_report::figures::Currency;
use gevinst_report::language::Language;
use gevinst_report::model::{ArmStatus, ExperimentReport, MonthReport, Outcome, State};
use gevinst_report::terminal::Style;
use gevinst_report::{csv, html, json, markdown, terminal, verdict};
use proptest::prelude::*;

/// A month of one experiment: these arms with their fates, so many days, in this currency.
fn month(arms: Vec<figures::Arm>, days: i8, state: State, currency: &str, exponent: u8) -> MonthReport {
    let currency = Currency::new(currency, exponent);
    let plan =
        figures::Plan { name: "edge", hypothesis: "", arms, days, daily_minor: 150_000, state, seed: 3 };
    figures::frame(vec![figures::experiment(&plan, &currency)], currency)
}

fn arm(name: &'static str, fate: Option<(ArmStatus, i8)>) -> figures::Arm {
    figures::Arm { name, channel: "native", rate: 0.4, fate }
}

/// Every form of the month, as a reader sees it.
fn forms(report: &MonthReport) -> Vec<String> {
    let pages = [
        html::month_page(report),
        html::management_page(report),
        html::experiment_page(report, &report.experiments[0]),
    ];
    for page in &pages {
        markup::read(page).unwrap();
    }
    let mut forms: Vec<String> = pages.iter().map(|page| seen::visible(page)).collect();
    forms.extend([
        terminal::month_text(report, Style::default()),
        markdown::month(report),
        csv::month(report),
        json::to_json(report).unwrap(),
    ]);
    for form in &forms {
        assert!(!form.contains("NaN") && !form.contains("inf "), "{form}");
    }
    forms
}

#[test]
fn no_figure_yet_is_no_claim() {
    // The first evening: nothing is known, so there is no winner, no chance, no cost and no return.
    let report = month(vec![arm("a", None), arm("b", None)], 0, State::Running, "NOK", 2);
    let x = &report.experiments[0];
    assert_eq!(x.outcome, Outcome::NoData);
    let forms = forms(&report);
    for text in [&forms[0], &forms[2], &forms[3]] {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            text.contains("No results yet: no period with figures is complete, so nothing can be said."),
            "{text}"
        );
        assert!(text.contains("wait for the channel's first full period"), "{text}");
        for claim in ["wins", "leads with a chance", "times as many", "came back"] {
            assert!(!text.contains(claim), "{claim}: {text}");
        }
    }
    assert!(
        forms[1].contains("No goals are known yet.") && forms[1].contains("Nothing was proven this month.")
    );
}

#[test]
fn one_arm_is_compared_with_nothing() {
    // A programme that always runs has a cost and no verdict.
    let report = month(vec![arm("search", None)], 20, State::Running, "NOK", 2);
    assert_eq!(report.experiments[0].outcome, Outcome::Single);
    let forms = forms(&report);
    for text in [&forms[0], &forms[2]] {
        assert!(text.contains("with one arm there is nothing to compare it with"), "{text}");
        assert!(
            !text.contains("How sure is it?") && !text.contains("What an even split would have cost"),
            "{text}"
        );
    }
}

#[test]
fn fifty_arms_are_all_told_and_few_are_drawn() {
    // Fifty lines in a plot are none; every arm is in the table, the strongest comparisons are drawn, and a note says so.
    let arms = (0..50).map(|i| {
        let name: &'static str = Box::leak(format!("arm-{i:02}").into_boxed_str());
        arm(name, (i % 3 == 1).then_some((ArmStatus::Dropped, 10)))
    });
    let report = month(arms.collect(), 20, State::Running, "NOK", 2);
    let page = html::experiment_page(&report, &report.experiments[0]);
    let text = forms(&report).remove(2);
    for i in 0..50 {
        assert!(text.contains(&format!("arm-{i:02}")), "{i}");
    }
    assert!(
        text.contains("The 12 comparisons with most evidence are drawn; the table below holds all."),
        "{text}"
    );
    assert!(text.contains("42 more in the table"), "{text}");
    assert!(page.len() < 700_000, "{} bytes", page.len());
}

#[test]
fn an_experiment_stopped_on_its_first_day_says_why() {
    // A guardrail on day one: no winner is made of what is left, and the next step is to find out.
    let stopped = |name| arm(name, Some((ArmStatus::GuardrailBreached, 1)));
    let report = month(vec![stopped("a"), stopped("b")], 1, State::Closed, "NOK", 2);
    let x = &report.experiments[0];
    assert_eq!(x.outcome, Outcome::Stopped);
    let forms = forms(&report);
    for text in [&forms[0], &forms[2], &forms[3]] {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            text.contains("Every arm was stopped:") && text.contains("by a guardrail on 1 November"),
            "{text}"
        );
        assert!(text.contains("Look at why the arms were stopped before trying again."), "{text}");
        assert!(!text.contains("wins"), "{text}");
    }
}

#[test]
fn currencies_without_decimals_have_none() {
    // 1 500 yen are not 15.00: a sum that is off by a hundred is the worst mistake a report can make.
    for (code, exponent, spent) in [("ISK", 0, 1), ("JPY", 0, 1), ("NOK", 2, 100)] {
        let report = month(vec![arm("a", None), arm("b", None)], 10, State::Running, code, exponent);
        let x = &report.experiments[0];
        let whole = (x.totals.spend_minor + spent / 2) / spent;
        for language in Language::ALL {
            let shown = language.money(&report.currency, x.totals.spend_minor);
            let digits: String = shown.chars().filter(char::is_ascii_digit).collect();
            assert_eq!(digits, whole.to_string(), "{code}, {language}: {shown}");
            let localised = MonthReport { language, ..report.clone() };
            let page = seen::visible(&html::month_page(&localised));
            assert!(page.contains(&shown), "{code}, {language}: no {shown} on the page");
        }
    }
}

#[test]
fn names_in_greek_and_emoji_stay_whole() {
    // A name is whose it is: joined emoji, combining marks and other scripts come out as they went in.
    let names = ["αλφα-βήτα", "🚀👩‍💻", "Ångström é", "北京-ε"];
    let arms =
        names.iter().enumerate().map(|(i, name)| arm(name, (i == 0).then_some((ArmStatus::Dropped, 5))));
    let report = month(arms.collect(), 12, State::Running, "NOK", 2);
    for (i, form) in forms(&report).iter().enumerate().filter(|(i, _)| ![1, 4].contains(i)) {
        for name in names {
            assert!(form.contains(name), "form {i} lacks {name}");
        }
    }
    for line in terminal::month_text(&report, Style::default()).lines() {
        assert!(gevinst_report::prose::width(line) <= 80, "{line}");
    }
}

/// A month in which this text stands wherever a person or a platform can write one.
fn written_by(text: &str) -> MonthReport {
    let mut report = figures::month();
    report.experiments.truncate(2);
    report.generator = text.to_owned();
    let currency = report.currency.clone();
    for x in &mut report.experiments {
        put_everywhere(x, text);
        let said = verdict::verdict(x, &currency, Language::English);
        (x.outcome, x.verdict, x.next) = (said.outcome, said.sentence, said.next);
    }
    for total in report.totals.goals.iter_mut().chain(&mut report.overview.activity) {
        total.metric = text.to_owned();
    }
    for channel in &mut report.overview.channels {
        (channel.channel, channel.metric) = (text.to_owned(), text.to_owned());
    }
    for winner in &mut report.overview.past_winners {
        (winner.arm, winner.experiment, winner.against) =
            (text.to_owned(), text.to_owned(), Some(text.to_owned()));
    }
    for cost in report.overview.value.iter_mut().flat_map(|value| &mut value.costs) {
        cost.name = text.to_owned();
    }
    report
}

fn put_everywhere(x: &mut ExperimentReport, text: &str) {
    for field in [&mut x.name, &mut x.hypothesis, &mut x.phase, &mut x.kind, &mut x.goal.metric] {
        *field = text.to_owned();
    }
    x.definition = Some(text.to_owned());
    for arm in &mut x.arms {
        (arm.channel, arm.reason) = (text.to_owned(), Some(text.to_owned()));
    }
    x.arms[0].name = text.to_owned();
    x.reference = Some(text.to_owned());
    for c in &mut x.comparisons {
        c.against = text.to_owned();
    }
    for m in &mut x.moves {
        (m.reason, m.arm) = (text.to_owned(), text.to_owned());
    }
    for check in &mut x.checks {
        (check.name, check.sentence, check.passed) = (text.to_owned(), text.to_owned(), false);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn no_text_breaks_out_of_any_page_or_form(
        text in "(\\PC|<script>|</pre>|</style>|]]>|\\-\\->|javascript:|[<>&\"'`=+@|*#:\u{1b}\u{7}\n\r\u{202e}\u{0}\u{9b}\u{2028}]){1,24}",
    ) {
        // Names, headlines, reasons and platforms' messages come from outside: into every page and every form.
        let report = written_by(&text);
        let library = gevinst_report::library::Library::new(
            &text,
            Language::English,
            report.experiments.iter().map(|x| {
                gevinst_report::library::Entry::of("2026-11", gevinst_report::model::Origin::Live, x.clone(), report.currency.clone())
            }).collect(),
        );
        let mut rehearsal = figures::rehearsal();
        for x in &mut rehearsal.experiments {
            (x.name, x.rule, x.goal) = (text.clone(), text.clone(), text.clone());
            for arm in x.arms.iter_mut().flatten() {
                arm.name.clone_from(&text);
            }
        }
        let pages = [
            html::month_page(&report),
            html::management_page(&report),
            html::experiment_page(&report, &report.experiments[0]),
            html::compare_page(&[MonthReport { month: "2026-10".into(), ..report.clone() }, report.clone()]),
            html::library_page(&library),
            html::rehearsal_page(&rehearsal),
        ];
        for page in &pages {
            let read = markup::read(page);
            prop_assert!(read.is_ok(), "{:?}", read.err());
            let hidden = page.contains(['\u{202e}', '\u{1b}']);
            prop_assert!(!hidden);
        }
        let x = &report.experiments[0];
        for shown in [
            terminal::month_text(&report, Style::default()),
            terminal::management_text(&report, Style::default()),
            terminal::experiment_text(x, &report.currency, Language::Danish, Style::default()),
            terminal::rehearsal_text(&rehearsal, Style::default()),
        ] {
            for line in shown.lines() {
                let control = line.chars().any(|c| c.is_control() || c == '\u{202e}');
                prop_assert!(!control, "{line:?}");
            }
        }
        for table in [csv::month(&report), csv::experiment(&report, x), csv::management(&report)] {
            let mut reader = ::csv::Reader::from_reader(table.as_bytes());
            for row in reader.records() {
                for cell in row.unwrap().iter().filter(|cell| cell.parse::<f64>().is_err()) {
                    prop_assert!(!cell.trim_start().starts_with(['=', '+', '-', '@']), "{cell:?}");
                }
            }
        }
        for post in [markdown::month(&report), markdown::experiment(&report, x), markdown::management(&report)] {
            let control = post.chars().any(|c| c.is_control() && c != '\n');
            prop_assert!(!control, "{post:?}");
            // A figure of ours below what is shown, `<0.1 %`, is no markup: no element's name begins with a digit.
            let escaped = ["\\\\", "\\<", "\\[", "\\`", "\\@", "<0.1"];
            let bare = escaped.iter().fold(post, |text, escaped| text.replace(escaped, ""));
            let markup = bare.contains(['<', '[', '`', '@']);
            prop_assert!(!markup, "{bare}");
        }
    }
}
