//! Every figure again from the ledger's export: what a page says is what the ledger holds, in every form and language.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

mod markup;

use std::collections::BTreeMap;

use gevinst_ledger::evidence::{ArmLook, ArmStatus, EffectMeasure, Look, PairLook};
use gevinst_ledger::fact::{Launched, LaunchedArm, Looked};
use gevinst_ledger::{Batch, Fact, Format, Ledger, Row, Value};
use gevinst_report::from_ledger::{self, Request};
use gevinst_report::language::Language;
use gevinst_report::model::MonthReport;
use gevinst_report::{csv, html, json, markdown, terminal};
use jiff::civil::date;
use proptest::prelude::*;
use serde_json::Value as Json;

const DAY_US: i64 = 86_400_000_000;
const ARMS: [&str; 3] = ["product", "problem", "price"];

fn company(currency: &str) -> String {
    format!(
        "currency = '{currency}'\ntimezone = 'Europe/Oslo'\n[month]\nbudget = '120 000 {currency}'\n\
         goal = {{ metric = 'lead', target = 60 }}\n[values]\nlead = {{ mean = '1 800 {currency}', spread = '600 {currency}' }}\n\
         [channels.native]\nplugin = 'native-ads'\n[costs]\nagency = '20 000 {currency}'\n"
    )
}

fn definition(currency: &str, hypothesis: &str) -> String {
    let arms: String =
        ARMS.iter().map(|arm| format!("[[arm]]\nname = '{arm}'\nchannel = 'native'\n")).collect();
    format!(
        "name = 'headlines'\nmonth = '2026-11'\nhypothesis = {}\nphase = 'prospecting'\nseparation = 'platform-split'\n\
         [goal]\nmetric = 'lead'\nper = 'spend'\n[budget]\ntotal = '40 000 {currency}'\ndaily_max = '2 500 {currency}'\n{arms}",
        serde_json::to_string(&format!("h {hypothesis} h")).unwrap()
    )
}

fn midnight_us(day: usize) -> i64 {
    let first = date(2026, 11, 1).at(0, 0, 0, 0).in_tz("Europe/Oslo").unwrap().timestamp().as_microsecond();
    first + i64::try_from(day).unwrap() * DAY_US
}

/// A ledger of these days (spend and leads of each arm), the first of them restated at the end.
fn ledger(currency: &str, hypothesis: &str, days: &[[(i64, u64); 3]]) -> Ledger {
    let mut ledger = Ledger::in_memory();
    let arms = ARMS.iter().zip(1..).map(|(name, code)| LaunchedArm {
        name: (*name).into(),
        code,
        channel: "native".into(),
        control: false,
    });
    let launched = Launched {
        definition_toml: definition(currency, hypothesis),
        company_toml: company(currency),
        schema: 1,
        month: "2026-11".into(),
        program: "0.1.0".into(),
        rehearsal_seed: None,
        arms: arms.collect(),
        plugins: vec![],
        sources: vec![],
        prior: None,
    };
    ledger.append(midnight_us(0), Some("headlines"), vec![Fact::Launched(launched)]).unwrap();
    let mut observe = |at_day: usize, day: usize, figures: &[(i64, u64); 3]| {
        let rows: Vec<Row<'_>> = ARMS
            .iter()
            .zip(figures)
            .flat_map(|(arm, (spend, leads))| {
                let value = |count: u64, sum: f64| Value { count, sum, sum_sq: 0.0 };
                let row = |metric, value| Row { arm, metric, period_start_us: midnight_us(day), value };
                [row("spend", value(1, *spend as f64)), row("lead", value(*leads, *leads as f64))]
            })
            .collect();
        let batch = Batch {
            channel: "native",
            from_us: midnight_us(day),
            to_us: midnight_us(day + 1),
            cursor: None,
            fresh_until_us: Some(midnight_us(day + 1)),
            rows: &rows,
        };
        ledger.observe(midnight_us(at_day + 1) + DAY_US / 4, "headlines", &batch).unwrap();
    };
    for (day, figures) in days.iter().enumerate() {
        // The first day is first told wrong, and restated below.
        let told = if day == 0 { figures.map(|(spend, leads)| (spend / 2, leads + 1)) } else { *figures };
        observe(day, day, &told);
    }
    if let Some(first) = days.first() {
        observe(days.len(), 0, first);
        look(&mut ledger, days);
    }
    ledger
}

fn look(ledger: &mut Ledger, days: &[[(i64, u64); 3]]) {
    let sums =
        |i: usize| days.iter().fold((0, 0), |sum: (i64, u64), day| (sum.0 + day[i].0, sum.1 + day[i].1));
    let arm = |(i, name): (usize, &&str)| {
        let (spend, goals) = sums(i);
        ArmLook {
            name: (*name).into(),
            exposure: spend as f64,
            goals,
            spend_minor: spend,
            value_minor: None,
            rate: (spend > 0).then(|| goals as f64 / spend as f64),
            p_best: [0.125, 0.75, 0.125][i],
            expected_loss: 0.1,
            ln_e_drop: [1.5, -0.5, 0.25][i],
            ln_e_unprofitable: None,
            status: ArmStatus::Running,
            share: 1.0 / 3.0,
        }
    };
    let pair = |a: usize, b: usize| PairLook {
        a: ARMS[a].into(),
        b: ARMS[b].into(),
        measure: EffectMeasure::RateRatio,
        difference: None,
        ratio: 0.8,
        lower: Some(0.5),
        upper: Some(1.25),
        ln_e_a_beats_b: -1.0,
        ln_e_b_beats_a: 1.0,
        p_a_better: 0.25,
    };
    let evidence = Look {
        look: 1,
        at_us: midnight_us(days.len() + 1) + DAY_US / 3,
        data_until_us: midnight_us(days.len()),
        guarantee: "robust".into(),
        separation: "platform-split".into(),
        method: "conditional likelihood".into(),
        alpha: 0.05,
        dispersion: Some(0.02),
        arms: ARMS.iter().enumerate().map(arm).collect(),
        pairs: vec![pair(0, 1), pair(0, 2), pair(1, 2)],
        checks: vec![],
    };
    let at_us = evidence.at_us;
    let as_of = ledger.head().unwrap().id;
    ledger.append(at_us, Some("headlines"), vec![Fact::Looked(Looked { as_of, evidence })]).unwrap();
}

fn report(ledger: &Ledger, language: Language) -> MonthReport {
    let request = Request {
        month: "2026-11".parse().unwrap(),
        made_at: "2026-12-01T06:00:00Z".parse().unwrap(),
        generator: "gevinst test",
        language,
        planned: &[],
        company: None,
    };
    from_ledger::month(ledger, &request).unwrap()
}

/// Spend and leads of each arm and period from the export, the last word on each.
fn exported(ledger: &Ledger) -> BTreeMap<(String, i64), (i64, u64)> {
    let mut bytes = Vec::new();
    ledger.export(&mut bytes, Format::JsonLines).unwrap();
    let mut known: BTreeMap<(String, i64), (i64, u64)> = BTreeMap::new();
    for line in String::from_utf8(bytes).unwrap().lines() {
        let line: Json = serde_json::from_str(line).unwrap();
        let rows = line["rows"].as_array().cloned().unwrap_or_else(|| vec![line.clone()]);
        for row in rows {
            let (Some(arm), Some(metric), Some(start)) =
                (row["arm"].as_str(), row["metric"].as_str(), row["period_start_us"].as_i64())
            else {
                continue;
            };
            let cell = known.entry((arm.to_owned(), start)).or_default();
            match metric {
                #[expect(clippy::cast_possible_truncation, reason = "whole minor units, far below 2^53")]
                "spend" => cell.0 = row["sum"].as_f64().unwrap() as i64,
                "lead" => cell.1 = row["count"].as_u64().unwrap(),
                _ => {}
            }
        }
    }
    known
}

fn days() -> impl Strategy<Value = Vec<[(i64, u64); 3]>> {
    let cell = || (0_i64..300_000, 0_u64..9);
    proptest::collection::vec([cell(), cell(), cell()], 1..12)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn every_form_says_what_the_export_says(
        days in days(),
        currency in prop::sample::select(vec!["NOK", "ISK", "JPY"]),
        language in prop::sample::select(Language::ALL.to_vec()),
        hypothesis in "(\\PC|[<>&\"=@|*`]){0,30}",
    ) {
        // A director and a statistician who compare two forms must find the same figure, and it must be the ledger's.
        prop_assume!(!hypothesis.chars().any(char::is_control));
        let ledger = ledger(currency, &hypothesis, &days);
        let known = exported(&ledger);
        prop_assert_eq!(known.len(), 3 * days.len());
        let report = report(&ledger, language);
        let x = &report.experiments[0];
        let page = html::month_page(&report);
        prop_assert!(markup::read(&page).is_ok(), "{:?}", markup::read(&page).err());
        let page = page.replace('\u{a0}', " ");
        let text = terminal::month_text(&report, terminal::Style { colour: false, width: 120 });
        let table = csv::month(&report);
        let value: Json = serde_json::from_str(&json::to_json(&report).unwrap()).unwrap();
        let mut rows = table.lines().skip(1);
        let (mut spend_all, mut goals_all) = (0, 0);
        for (i, name) in ARMS.iter().enumerate() {
            let of_arm = || known.iter().filter(|((arm, _), _)| arm == name).map(|(_, cell)| *cell);
            let (spend, goals) = of_arm().fold((0, 0), |sum: (i64, u64), cell| (sum.0 + cell.0, sum.1 + cell.1));
            prop_assert_eq!((x.arms[i].spend_minor, x.arms[i].goals), (spend, goals));
            prop_assert_eq!(value["experiments"][0]["arms"][i]["spend_minor"].as_i64(), Some(spend));
            let cost = (spend > 0 && goals > 0).then(|| spend as f64 / goals as f64);
            prop_assert_eq!(x.arms[i].cost_per_goal.map(|c| c.minor), cost);
            let bounds = x.arms[i].cost_per_goal.map(|c| (c.lower_minor, c.upper_minor));
            if let (Some((lower, upper)), Some(cost)) = (bounds, cost) {
                prop_assert!(lower.is_none_or(|l| l <= cost) && upper.is_none_or(|u| u >= cost));
            }
            let row = rows.next().unwrap();
            prop_assert!(row.contains(&format!(",{goals},{currency},{spend},")), "{row}");
            let shown = language.money(&report.currency, spend);
            prop_assert!(spend == 0 || page.contains(&shown), "no {shown} on the page");
            let bare = language.bare_f64(&report.currency, spend as f64);
            prop_assert!(text.contains(&bare), "no {bare} in the terminal");
            spend_all += spend;
            goals_all += goals;
        }
        prop_assert_eq!((report.totals.spend_minor, x.totals.goals), (spend_all, goals_all));
        // The days: each as the export has it, restated ones as they are now.
        for (d, day) in x.by_day.iter().enumerate() {
            for arm in &day.arms {
                let cell = known[&(arm.arm.clone(), midnight_us(d))];
                prop_assert_eq!((arm.spend_minor, arm.goals), (Some(cell.0), Some(cell.1)));
            }
        }
        // The month as a whole.
        let channel = &report.overview.channels;
        if spend_all > 0 {
            prop_assert_eq!((channel[0].spend_minor, channel[0].goals), (spend_all, goals_all));
        }
        let worth = report.overview.value.as_ref().unwrap();
        let scale = report.currency.scale();
        prop_assert_eq!(worth.cost_minor, spend_all + 20_000 * scale);
        prop_assert_eq!(worth.value_minor, goals_all as f64 * 1_800.0 * scale as f64);
        prop_assert_eq!(report.overview.pace.as_ref().unwrap().so_far, goals_all);
        prop_assert!(markdown::month(&report).contains(&language.money(&report.currency, spend_all)));
        // Twice is the same.
        let again = self::report(&ledger, language);
        prop_assert_eq!(html::management_page(&again), html::management_page(&report));
        prop_assert_eq!(json::to_json(&again).unwrap(), json::to_json(&report).unwrap());
        prop_assert!(markup::read(&html::management_page(&report)).is_ok());
        prop_assert!(markup::read(&html::experiment_page(&report, x)).is_ok());
        prop_assert!(markup::read(&html::compare_page(&[again, report.clone()])).is_ok());
    }

    #[test]
    fn no_user_text_becomes_a_formula_or_markup_in_tables(text in "(\\PC|[=+@|*`<>\n\r\t-]){1,30}") {
        // A headline goes into a chat and a spreadsheet; there too it must stay a text.
        let mut report = report(&ledger("NOK", "h", &[[(100, 1); 3]; 4]), Language::English);
        let x = &mut report.experiments[0];
        x.hypothesis.clone_from(&text);
        x.arms[0].name.clone_from(&text);
        x.name.clone_from(&text);
        let table = csv::month(&report);
        let mut reader = ::csv::Reader::from_reader(table.as_bytes());
        for row in reader.records() {
            for cell in row.unwrap().iter().filter(|cell| cell.parse::<f64>().is_err()) {
                prop_assert!(!cell.trim_start().starts_with(['=', '+', '-', '@']), "{cell:?}");
            }
        }
        let post = markdown::month(&report);
        for line in post.lines().filter(|line| line.starts_with("| ")) {
            let bars = line.replace("\\\\", "").replace("\\|", "").matches('|').count();
            prop_assert_eq!(bars, 6, "{}", line);
        }
    }
}

#[test]
fn a_month_without_days_says_what_is_known() {
    // Launched and nothing reported: no cost, no forecast, no return is made up.
    let report = report(&ledger("NOK", "h", &[]), Language::Danish);
    assert!(report.overview.channels.is_empty() && report.overview.pace.as_ref().unwrap().forecast.is_none());
    assert_eq!(report.overview.verdicts.judged, 0);
    for page in [html::month_page(&report), html::management_page(&report)] {
        markup::read(&page).unwrap();
    }
}
