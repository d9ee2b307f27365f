//! The model from a ledger: every figure is the one that was written there, on the right day, of the right arm.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

mod markup;
mod seen;

use gevinst_experiment::{Month, Source, parse_company, parse_experiment};
use gevinst_ledger::evidence::{
    ArmLook, ArmStatus, CheckLook, Consequence, DifferenceLook, EffectMeasure, Look, PairLook,
};
use gevinst_ledger::fact::{Closed, Concluded, Launched, LaunchedArm, Looked};
use gevinst_ledger::moves::{
    Approval, Decision, Intended, IntentRef, Outcome, PlatformState, Receipt, Reconciled, Sent, Settlement,
    Withdrawn,
};
use gevinst_ledger::{Amount, Batch, Fact, Ledger, Row, Seq, Setting, Value, command_key};
use gevinst_report::from_ledger::{self, Request};
use gevinst_report::language::Language;
use gevinst_report::model::{self, MonthReport, State};
use gevinst_report::{Error, html, terminal};
use jiff::civil::date;

const COMPANY: &str = r#"
currency = "NOK"
timezone = "Europe/Oslo"
mode     = "propose"
[month]
budget = "120 000 NOK"
goal   = { metric = "lead", target = 60 }
[channels.native]
plugin = "native-ads"
"#;

const DEFINITION: &str = r#"
name       = "headlines"
month      = "2026-11"
hypothesis = "Naming the reader's problem brings cheaper leads than naming our product."
phase      = "prospecting"
kind       = "campaign"
separation = "platform-split"
[goal]
metric = "lead"
per    = "spend"
target = 20
[budget]
total     = "40 000 NOK"
daily_max = "2 500 NOK"
[[arm]]
name    = "product"
channel = "native"
control = true
[[arm]]
name    = "problem"
channel = "native"
[decide]
wrongly_drop_best = 0.05
max_cost_per_goal = "1 800 NOK"
"#;

const DAY_US: i64 = 86_400_000_000;

/// Midnight of a day of November 2026 in Oslo, an hour before that of UTC.
fn midnight_us(day: i64) -> i64 {
    date(2026, 11, 1).at(0, 0, 0, 0).in_tz("Europe/Oslo").unwrap().timestamp().as_microsecond()
        + (day - 1) * DAY_US
}

/// Six in the morning.
fn morning_us(day: i64) -> i64 {
    midnight_us(day) + 6 * 3_600_000_000
}

struct Story {
    ledger: Ledger,
}

impl Story {
    fn begin() -> Self {
        let arm = |name: &str, code| LaunchedArm {
            name: name.into(),
            code,
            channel: "native".into(),
            control: code == 1,
        };
        let launched = Launched {
            definition_toml: DEFINITION.into(),
            company_toml: COMPANY.into(),
            schema: 1,
            month: "2026-11".into(),
            program: "0.1.0".into(),
            rehearsal_seed: None,
            arms: vec![arm("product", 1), arm("problem", 2)],
            plugins: vec![],
            sources: vec![],
            prior: None,
        };
        let mut story = Self { ledger: Ledger::in_memory() };
        story.write(midnight_us(1), vec![Fact::Launched(launched)]);
        story
    }

    fn write(&mut self, at_us: i64, facts: Vec<Fact>) {
        self.ledger.append(at_us, Some("headlines"), facts).unwrap();
    }

    fn intend(&mut self, at_us: i64, arm: &str, seq: u64, minor: i64, needs_approval: bool) {
        let seq = Seq::new(seq);
        let intended = Intended {
            arm: arm.into(),
            seq,
            key: command_key("headlines", arm, seq),
            set: Setting {
                daily_budget: Some(Amount { minor, currency: Some("NOK".into()) }),
                paused: minor == 0,
            },
            launch: seq == Seq::FIRST,
            reason: format!("{minor} for {arm}"),
            not_after_us: at_us + DAY_US,
            needs_approval,
        };
        self.write(at_us, vec![Fact::Intended(intended)]);
    }

    fn apply(&mut self, at_us: i64, arm: &str, seq: u64) {
        let (arm, seq) = (arm.to_owned(), Seq::new(seq));
        let sent = Fact::Sent(Sent { arm: arm.clone(), seq });
        let receipt = Receipt { arm, seq, outcome: Outcome::Applied, state: None, message: String::new() };
        self.write(at_us, vec![sent, Fact::Receipt(receipt)]);
    }

    fn observe(&mut self, day: i64, figures: &[(&str, i64, u64)]) {
        let value = |count: u64, sum: f64| Value { count, sum, sum_sq: 0.0 };
        let rows: Vec<Row<'_>> = figures
            .iter()
            .flat_map(|(arm, spend, leads)| {
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
        self.ledger.observe(morning_us(day + 1), "headlines", &batch).unwrap();
    }

    fn look(&mut self, number: u32, day: i64, arms: [(i64, u64, f64); 2], pair: (f64, f64, f64)) {
        let arm = |name: &str, (spend, goals, ln_e_drop): (i64, u64, f64)| ArmLook {
            name: name.into(),
            exposure: spend as f64,
            goals,
            spend_minor: spend,
            rate: (spend > 0).then(|| goals as f64 / spend as f64),
            p_best: if name == "problem" { 0.97 } else { 0.03 },
            expected_loss: 0.1,
            ln_e_drop,
            ln_e_unprofitable: None,
            status: ArmStatus::Running,
            share: 0.5,
            value_minor: None,
        };
        let look = Look {
            look: number,
            at_us: morning_us(day + 1),
            data_until_us: midnight_us(day + 1),
            guarantee: "robust".into(),
            separation: "platform-split".into(),
            method: "conditional likelihood".into(),
            alpha: 0.05,
            dispersion: Some(0.02),
            arms: vec![arm("product", arms[0]), arm("problem", arms[1])],
            pairs: vec![PairLook {
                a: "product".into(),
                b: "problem".into(),
                ratio: pair.0,
                lower: Some(pair.1),
                upper: Some(pair.2),
                ln_e_a_beats_b: -2.0,
                ln_e_b_beats_a: 800.0,
                p_a_better: 0.03,
                measure: EffectMeasure::RateRatio,
                difference: None,
            }],
            checks: vec![CheckLook {
                name: "delivery".into(),
                passed: true,
                sentence: "as commanded".into(),
                consequence: Consequence::Stops,
            }],
        };
        let as_of = self.ledger.head().unwrap().id;
        self.write(morning_us(day + 1), vec![Fact::Looked(Looked { as_of, evidence: look })]);
    }

    fn conclude(&mut self, day: i64, look: u32, arm: &str, status: ArmStatus) {
        let concluded = Concluded {
            arm: arm.into(),
            status,
            look,
            reason: "the others are better".into(),
            guarantee: "robust".into(),
            against: None,
            ln_e_value: Some(3.1),
        };
        self.write(morning_us(day), vec![Fact::Concluded(concluded)]);
    }

    fn report(&self, day: i64) -> MonthReport {
        from_ledger::month(&self.ledger, &request(day)).unwrap()
    }
}

fn request(day: i64) -> Request<'static> {
    Request {
        month: "2026-11".parse::<Month>().unwrap(),
        made_at: jiff::Timestamp::from_microsecond(morning_us(day) + 60_000_000).unwrap(),
        generator: "gevinst test",
        language: Language::English,
        planned: &[],
        company: None,
    }
}

/// Three days: both arms at 1 000 NOK a day; `product` is dropped on the morning of the third; `problem` gets 2 000.
fn three_days() -> Story {
    let mut story = Story::begin();
    for arm in ["product", "problem"] {
        story.intend(midnight_us(1), arm, 1, 100_000, true);
    }
    let intents = ["product", "problem"].map(|arm| IntentRef { arm: arm.into(), seq: Seq::FIRST }).to_vec();
    let approval = Approval { intents, by: "kari".into(), decision: Decision::Approved };
    story.write(midnight_us(1), vec![Fact::Approval(approval)]);
    for arm in ["product", "problem"] {
        story.apply(midnight_us(1), arm, 1);
    }
    story.observe(1, &[("product", 98_000, 0), ("problem", 100_000, 3)]);
    story.look(1, 1, [(98_000, 0, 1.0), (100_000, 3, -1.0)], (0.5, 0.05, 2.0));
    story.observe(2, &[("product", 100_000, 1), ("problem", 99_000, 4)]);
    story.look(2, 2, [(198_000, 1, 3.1), (199_000, 7, -1.0)], (0.25, 0.125, 0.8));
    story.conclude(3, 2, "product", ArmStatus::Dropped);
    story.intend(morning_us(3), "product", 2, 0, false);
    story.apply(morning_us(3), "product", 2);
    story.intend(morning_us(3), "problem", 2, 200_000, false);
    story.apply(morning_us(3), "problem", 2);
    story.observe(3, &[("product", 25_000, 0), ("problem", 175_000, 5)]);
    story
}

#[test]
fn every_figure_is_the_ledgers() {
    // The report's first promise: what is shown is what was recorded, of the right arm and day.
    let report = three_days().report(4);
    assert_eq!(report.currency.code, "NOK");
    assert_eq!(report.timezone, "Europe/Oslo");
    let x = &report.experiments[0];
    assert_eq!((x.state, x.looks, x.data_until), (State::Running, 2, Some(date(2026, 11, 2))));
    let [product, problem] = x.arms.as_slice() else { panic!("two arms") };
    assert_eq!((product.spend_minor, product.goals), (198_000, 1), "the last look's, which judged two days");
    assert_eq!(product.status, model::ArmStatus::Dropped);
    assert_eq!(product.dropped_on, Some(date(2026, 11, 3)));
    assert_eq!(product.reason.as_deref(), Some("the others are better"));
    assert_eq!(problem.cost_per_goal.unwrap().minor, 199_000.0 / 7.0);
    assert_eq!(x.totals.goals, 8);
    assert_eq!(x.totals.budget_minor, Some(4_000_000));
    assert_eq!(x.cost_limit_minor, Some(180_000));

    // The pair is stored as product over problem; the plot shows problem over the control.
    assert_eq!(x.reference.as_deref(), Some("product"));
    let points = &x.comparisons[0].points;
    assert_eq!(points.len(), 2);
    assert_eq!((points[1].date, points[1].look), (date(2026, 11, 2), 2));
    assert_eq!((points[1].ratio, points[1].lower, points[1].upper), (Some(4.0), Some(1.25), Some(8.0)));
    assert_eq!((x.pairs[0].e_b_beats_a, x.pairs[0].ln_e_b_beats_a), (None, Some(800.0)), "e^800 overflows");
}

#[test]
fn the_course_of_the_evidence_is_kept_by_day() {
    // The plot of evidence must show what each look said, and the last one of a day.
    let mut story = three_days();
    story.look(3, 2, [(198_000, 1, 3.3), (199_000, 7, -900.0)], (0.25, 0.125, 0.8));
    let x = &story.report(4).experiments[0];
    let product = &x.courses[0];
    assert_eq!(product.arm, "product");
    let seen: Vec<_> = product.points.iter().map(|p| (p.date.day(), p.look, p.ln_e_drop)).collect();
    assert_eq!(seen, [(1, 1, Some(1.0)), (2, 3, Some(3.3))]);
    let problem = x.courses[1].points.last().unwrap();
    assert_eq!((problem.e_drop, problem.ln_e_drop, problem.p_best), (Some(0.0), Some(-900.0), Some(0.97)));
}

#[test]
fn the_leader_is_also_shown_against_its_closest_rival() {
    // With a control that is long gone, what matters is how the best two compare.
    let definition = format!("{DEFINITION}[[arm]]\nname = \"price\"\nchannel = \"native\"\n");
    let names = ["product", "problem", "price"];
    let arm = |(i, name): (usize, &str)| LaunchedArm {
        name: name.into(),
        code: u32::try_from(i).unwrap() + 1,
        channel: "native".into(),
        control: i == 0,
    };
    let launched = Launched {
        definition_toml: definition,
        company_toml: COMPANY.into(),
        schema: 1,
        month: "2026-11".into(),
        program: "0.1.0".into(),
        rehearsal_seed: Some(7),
        arms: names.into_iter().enumerate().map(arm).collect(),
        plugins: vec![],
        sources: vec![],
        prior: None,
    };
    let mut story = Story { ledger: Ledger::in_memory() };
    story.write(midnight_us(1), vec![Fact::Launched(launched)]);
    let seen = |(i, name): (usize, &str)| ArmLook {
        name: name.into(),
        exposure: 1000.0,
        goals: 5,
        spend_minor: 1000,
        rate: Some(0.005),
        p_best: [0.0, 0.7, 0.3][i],
        expected_loss: 0.1,
        ln_e_drop: 0.0,
        ln_e_unprofitable: None,
        status: if i == 0 { ArmStatus::Dropped } else { ArmStatus::Running },
        share: 0.3,
        value_minor: None,
    };
    let pair = |a: &str, b: &str, ratio| PairLook {
        a: a.into(),
        b: b.into(),
        ratio,
        lower: None,
        upper: Some(ratio * 2.0),
        ln_e_a_beats_b: 0.0,
        ln_e_b_beats_a: 0.0,
        p_a_better: 0.5,
        measure: EffectMeasure::RateRatio,
        difference: None,
    };
    let look = Look {
        look: 1,
        at_us: morning_us(2),
        data_until_us: midnight_us(2),
        guarantee: "robust".into(),
        separation: "platform-split".into(),
        method: "m".into(),
        alpha: 0.05,
        dispersion: None,
        arms: names.into_iter().enumerate().map(seen).collect(),
        pairs: vec![
            pair("product", "problem", 0.25),
            pair("product", "price", 0.5),
            pair("problem", "price", 1.25),
        ],
        checks: vec![],
    };
    let as_of = story.ledger.head().unwrap().id;
    story.write(morning_us(2), vec![Fact::Looked(Looked { as_of, evidence: look })]);
    let report = story.report(2);
    assert_eq!(report.origin, model::Origin::Rehearsed);
    let x = &report.experiments[0];
    let shown: Vec<_> =
        x.comparisons.iter().map(|c| (c.arm.as_str(), c.against.as_str(), c.points[0].ratio)).collect();
    let expected = [
        ("problem", "product", Some(4.0)),
        ("price", "product", Some(2.0)),
        ("problem", "price", Some(1.25)),
    ];
    assert_eq!(shown, expected);
    // A bound on one side only stays on its side when the pair is turned round.
    assert_eq!((x.comparisons[0].points[0].lower, x.comparisons[0].points[0].upper), (Some(2.0), None));
    markup::read(&html::month_page(&report)).unwrap();
}

#[test]
fn an_arm_that_has_not_run_is_compared_with_nothing() {
    // Before an arm joins, a look holds the prior alone: drawn as a line at 1 it would claim equality.
    let mut story = Story::begin();
    story.look(1, 1, [(100_000, 5, 0.0), (0, 0, 0.0)], (1.0, 0.1, 10.0));
    let before = story.report(2);
    let x = &before.experiments[0];
    assert_eq!((x.pairs[0].ratio, x.comparisons[0].points[0].ratio), (None, None));
    assert!(!x.verdict.to_string().contains("times"), "{}", x.verdict);
    markup::read(&html::month_page(&before)).unwrap();
    story.look(2, 2, [(200_000, 9, 0.0), (100_000, 6, 0.0)], (0.5, 0.1, 2.0));
    assert_eq!(story.report(3).experiments[0].comparisons[0].points[1].ratio, Some(2.0));
}

#[test]
fn days_are_local_and_budgets_are_averaged_over_them() {
    // Oslo's midnight is 23:00 UTC: a day read as UTC would book Sunday's leads to Saturday.
    let report = three_days().report(4);
    let days = &report.experiments[0].by_day;
    assert_eq!(days.iter().map(|d| d.date.day()).collect::<Vec<_>>(), [1, 2, 3]);
    let third = &days[2].arms;
    assert_eq!(
        (third[0].arm.as_str(), third[0].spend_minor, third[0].goals),
        ("product", Some(25_000), Some(0))
    );
    assert_eq!(third[0].commanded_minor, Some(25_000), "1 000 NOK a day for six hours of 24");
    assert_eq!(third[1].commanded_minor, Some(25_000 + 150_000));
    assert_eq!(days[0].arms[1].commanded_minor, Some(100_000));
}

#[test]
fn an_even_split_is_reckoned_day_by_day() {
    // "Not spent on losers" is a boast: it must be the plain difference to an even split.
    let x = &three_days().report(4).experiments[0];
    let even = (198_000 + 199_000 + 200_000) / 2;
    assert_eq!(x.money_not_spent_on_losers_minor, Some(even - (98_000 + 100_000 + 25_000)));
}

#[test]
fn the_verdict_is_read_off_the_last_look() {
    // The sentence, the table and the JSON must agree.
    let report = three_days().report(4);
    let x = &report.experiments[0];
    assert_eq!(
        x.verdict.to_string(),
        "`problem` wins: it brings 4.00 times as many leads per krone as `product` (between 1.25 and 8.00); \
         `product` was dropped on 3 November. The chance that a best arm is ever dropped is at most 5 %."
    );
    assert_eq!(x.next.to_string(), "Keep `problem`, and try something new against it next month.");
    let page = html::month_page(&report);
    markup::read(&page).unwrap();
    let text = terminal::month_text(&report, terminal::Style::default());
    assert!(text.contains("3 970 NOK of 120 000 NOK, 8 leads"), "{text}");
}

#[test]
fn moves_are_told_from_intent_to_receipt() {
    // Who approved what, and what came of it, is what a dispute is settled with.
    let mut story = three_days();
    story.intend(morning_us(4), "problem", 3, 220_000, true);
    story.intend(morning_us(4), "problem", 4, 210_000, true);
    let report = story.report(4);
    let moves = &report.experiments[0].moves;
    assert_eq!(moves.len(), 6);
    assert!(matches!(&moves[0].approval, model::Approval::Approved { by, .. } if by == "kari"));
    assert!(matches!(&moves[0].receipt, model::Receipt::Answered { outcome, .. } if outcome == "applied"));
    assert!(moves[2].paused && moves[2].approval == model::Approval::NotNeeded);
    assert_eq!(moves[4].receipt, model::Receipt::Replaced);
    assert_eq!(
        (&moves[5].approval, &moves[5].receipt),
        (&model::Approval::Awaited, &model::Receipt::NotSent)
    );
    assert_eq!(report.totals.moves_awaiting_approval, 1);
    assert!(
        report.experiments[0]
            .next
            .to_string()
            .starts_with("Approve or decline the proposed move: `gevinst approve`.")
    );
    // A day later the intent has run out: nobody is asked to approve what can no longer be sent.
    assert_eq!(story.report(6).totals.moves_awaiting_approval, 0);
}

#[test]
fn unknown_outcomes_and_withdrawals_are_told() {
    // A lost answer is neither success nor failure until the platform was asked.
    let mut story = three_days();
    story.intend(morning_us(4), "problem", 3, 220_000, false);
    let (arm, seq) = ("problem".to_owned(), Seq::new(3));
    let message = "the answer was lost".to_owned();
    let receipt = Receipt { arm: arm.clone(), seq, outcome: Outcome::Unknown, state: None, message };
    story.write(morning_us(4), vec![Fact::Sent(Sent { arm: arm.clone(), seq }), Fact::Receipt(receipt)]);
    let unknown = story.report(4);
    let last = unknown.experiments[0].moves.last().unwrap();
    assert!(matches!(&last.receipt, model::Receipt::Answered { outcome, message, .. }
        if outcome == "unknown" && message.as_deref() == Some("the answer was lost")));

    let budget = Some(Amount { minor: 220_000, currency: Some("NOK".into()) });
    let state = PlatformState { exists: true, daily_budget: budget, paused: false, last_seq: Some(seq) };
    let settled = Reconciled { arm: arm.clone(), seq, outcome: Settlement::Applied, state };
    story.write(morning_us(4), vec![Fact::Reconciled(settled)]);
    story.observe(4, &[("problem", 210_000, 2)]);
    let report = story.report(5);
    let day = report.experiments[0].by_day.last().unwrap();
    assert_eq!(day.arms[0].commanded_minor, Some((200_000 + 3 * 220_000) / 4), "from six in the morning");

    story.intend(morning_us(5), "problem", 4, 1, false);
    let gone = Withdrawn { arm, seq: Seq::new(4), reason: "too small a step".into() };
    story.write(morning_us(5), vec![Fact::Withdrawn(gone)]);
    let report = story.report(5);
    let last = report.experiments[0].moves.last().unwrap();
    assert_eq!(last.receipt, model::Receipt::Withdrawn { reason: "too small a step".into() });
}

#[test]
fn a_restated_day_replaces_what_was_known() {
    // Platforms restate; a report that adds the old figure to the new one counts leads twice.
    let mut story = three_days();
    story.observe(1, &[("product", 97_000, 2), ("problem", 100_000, 3)]);
    let report = story.report(5);
    let first = &report.experiments[0].by_day[0].arms[0];
    assert_eq!((first.spend_minor, first.goals), (Some(97_000), Some(2)));
}

#[test]
fn before_the_first_look_figures_are_shown_and_nothing_is_claimed() {
    // The first evening: money has run, nothing is judged.
    let mut story = Story::begin();
    story.observe(1, &[("product", 98_000, 0), ("problem", 100_000, 3)]);
    let report = story.report(2);
    let x = &report.experiments[0];
    assert_eq!((x.totals.spend_minor, x.totals.goals), (198_000, 3));
    assert_eq!(x.outcome, model::Outcome::NoData);
    assert!(x.guarantee.is_none() && x.comparisons.iter().all(|c| c.points.is_empty()));
    markup::read(&html::month_page(&report)).unwrap();
}

#[test]
fn planned_experiments_are_shown_until_the_ledger_knows_them() {
    // A definition in the folder that nobody launched must not look like one that runs.
    let company = parse_company(&Source::new("gevinst.toml", COMPANY)).unwrap().value;
    let other = DEFINITION.replace("\"headlines\"", "\"offers\"");
    let read = |text: &str| parse_experiment(&Source::new("x.toml", text), &company).unwrap().value;
    let planned = [read(DEFINITION), read(&other)];
    let story = three_days();
    let request = Request { planned: &planned, ..request(4) };
    let report = from_ledger::month(&story.ledger, &request).unwrap();
    let seen: Vec<_> = report.experiments.iter().map(|x| (x.name.as_str(), x.state)).collect();
    assert_eq!(seen, [("headlines", State::Running), ("offers", State::Planned)]);
    assert_eq!(report.totals.spend_minor, 397_000);

    let empty = Ledger::in_memory();
    assert!(matches!(from_ledger::month(&empty, &self::request(4)), Err(Error::NoMonth { .. })));
    let alone = Request { company: Some(&company), ..request };
    assert_eq!(from_ledger::month(&empty, &alone).unwrap().experiments.len(), 2);
}

#[test]
fn a_closed_month_says_so_and_two_reports_are_the_same_bytes() {
    // What was sent to a director in December must be what the ledger gives in June.
    let mut story = three_days();
    story.write(
        morning_us(30),
        vec![Fact::Closed(Closed { reason: "the month is over".into(), summary: ().into() })],
    );
    let (a, b) = (story.report(30), story.report(30));
    assert_eq!(a.experiments[0].state, State::Closed);
    assert_eq!(html::month_page(&a), html::month_page(&b));
    assert_eq!(a, b);
}

#[test]
fn another_months_experiments_stay_out() {
    // October's money must not be counted in November.
    let story = three_days();
    let request = Request { month: "2026-10".parse().unwrap(), ..request(4) };
    assert!(
        matches!(from_ledger::month(&story.ledger, &request), Err(Error::NoMonth { month }) if month == "2026-10")
    );
    assert!(
        from_ledger::experiment(&story.ledger, "nobody", request.made_at, Language::English)
            .unwrap()
            .is_none()
    );
    let (x, currency) =
        from_ledger::experiment(&story.ledger, "headlines", request.made_at, Language::English)
            .unwrap()
            .unwrap();
    assert_eq!((x.name.as_str(), currency.exponent), ("headlines", 2));
}

const MESSAGES: [(Language, &str); 4] = [
    (Language::English, include_str!("../locales/en.ftl")),
    (Language::Danish, include_str!("../locales/da.ftl")),
    (Language::Norwegian, include_str!("../locales/nb.ftl")),
    (Language::Swedish, include_str!("../locales/sv.ftl")),
];

fn words(text: &str) -> std::collections::BTreeSet<String> {
    let parts = text.split(|c: char| !c.is_alphabetic()).filter(|word| word.chars().count() > 3);
    parts.map(str::to_lowercase).collect()
}

/// Three days with everything that is recorded in words: failed and passed checks, moves of each cause, a lost answer that was
/// settled, differences in money, a learned prior.
fn told_days() -> Story {
    let mut story = three_days();
    story.intend(morning_us(3) + 1, "problem", 3, 210_000, false);
    let (arm, seq) = ("problem".to_owned(), Seq::new(3));
    let lost =
        Receipt { arm: arm.clone(), seq, outcome: Outcome::Unknown, state: None, message: String::new() };
    let settled = Reconciled {
        arm: arm.clone(),
        seq,
        outcome: Settlement::Applied,
        state: PlatformState { exists: true, daily_budget: None, paused: false, last_seq: Some(seq) },
    };
    story.write(
        morning_us(3) + 2,
        vec![Fact::Sent(Sent { arm, seq }), Fact::Receipt(lost), Fact::Reconciled(settled)],
    );
    let check = |name: &str, passed, consequence| CheckLook {
        name: name.into(),
        passed,
        sentence: "as it was recorded somewhere".into(),
        consequence,
    };
    let names = [
        "reported",
        "counted",
        "possible",
        "backed",
        "commands-obeyed",
        "sample-ratio",
        "missing-periods",
        "delivery",
        "day-noise",
        "dominated-periods",
        "restatements",
        "stale-feed",
    ];
    let mut look = look_of(&story);
    (look.look, look.at_us) = (3, morning_us(4));
    look.checks = names.iter().map(|name| check(name, false, Consequence::Warns)).collect();
    look.checks.extend(names.iter().map(|name| check(name, true, Consequence::Stops)));
    look.checks.push(check("reported", false, Consequence::Stops));
    look.pairs[0].measure = EffectMeasure::RatioOfMeans;
    look.pairs[0].difference =
        Some(DifferenceLook { estimate: -0.25, lower: Some(-0.5), upper: Some(-0.125) });
    let as_of = story.ledger.head().unwrap().id;
    story.write(morning_us(4), vec![Fact::Looked(Looked { as_of, evidence: look })]);
    story
}

/// The story's last look.
fn look_of(story: &Story) -> Look {
    let mut last = None;
    let looks = gevinst_ledger::Filter::of("headlines").kinds(&[gevinst_ledger::Kind::Looked]);
    story
        .ledger
        .for_each_fact(&looks, |stored| {
            if let Fact::Looked(looked) = &stored.fact {
                last = Some(looked.evidence.clone());
            }
            Ok(std::ops::ControlFlow::Continue(()))
        })
        .unwrap();
    last.unwrap()
}

#[test]
fn no_english_is_left_on_a_page_of_another_language() {
    // A Danish director who meets English in the middle of a sentence trusts the rest less, and may not read it.
    let story = told_days();
    let all = |language| {
        let request = Request { language, ..request(4) };
        let report = from_ledger::month(&story.ledger, &request).unwrap();
        let library = from_ledger::library(&story.ledger, request.made_at, "gevinst test", language).unwrap();
        let style = terminal::Style { colour: false, width: 100 };
        let pages = [
            html::month_page(&report),
            html::experiment_page(&report, &report.experiments[0]),
            html::management_page(&report),
            html::compare_page(&[report.clone(), report.clone()]),
            html::library_page(&library),
        ];
        let mut texts: Vec<String> = pages.iter().map(|page| seen::visible(page)).collect();
        // The terminal and a chat post have no mark for another language: the recorded sentence stands in brackets.
        let recorded = "as it was recorded somewhere";
        texts.push(
            terminal::month_text(&report, style)
                .split_whitespace()
                .collect::<Vec<_>>()
                .join(" ")
                .replace(recorded, ""),
        );
        texts.push(gevinst_report::markdown::month(&report).replace(recorded, ""));
        texts.push(
            gevinst_report::markdown::experiment(&report, &report.experiments[0]).replace(recorded, ""),
        );
        texts.push(gevinst_report::markdown::management(&report));
        texts
    };
    let users = words(&format!(
        "{DEFINITION} {COMPANY} kari gevinst test Europe Oslo approve recorded somewhere JSON"
    ));
    let english = words(MESSAGES[0].1);
    assert!(all(Language::English).iter().all(|text| words(text).intersection(&english).count() > 5));
    for (language, messages) in &MESSAGES[1..] {
        let own = words(messages);
        for (i, text) in all(*language).iter().enumerate() {
            let seen = words(text);
            let leaked: Vec<&String> = seen
                .iter()
                .filter(|w| english.contains(*w) && !own.contains(*w) && !users.contains(*w))
                .collect();
            assert!(leaked.is_empty(), "{language}, form {i}: {leaked:?}");
        }
    }
}

#[test]
fn a_moves_cause_is_told_from_the_facts() {
    // The recorded reason is English; a reader of another language is told what the verdicts and the calendar say.
    let story = told_days();
    let moves = &story.report(4).experiments[0].moves;
    let causes: Vec<model::Cause> = moves.iter().map(|m| m.cause).collect();
    use model::Cause::{Dropped, MonthBegins, Share};
    assert_eq!(causes, [MonthBegins, MonthBegins, Dropped, Share, Share]);
    let mut story = three_days();
    story.intend(midnight_us(31) + 1, "problem", 3, 0, false);
    assert_eq!(story.report(31).experiments[0].moves.last().unwrap().cause, model::Cause::MonthOver);
}

#[test]
fn differences_in_money_are_told_with_their_intervals() {
    // Values are compared in money too: what the ledger holds of `product` less `problem` is told the other way round, of the
    // arm against the control, and on the page for those who decide.
    let story = told_days();
    let report = story.report(4);
    let x = &report.experiments[0];
    let turned = x.difference("problem", "product").unwrap();
    assert_eq!((turned.minor, turned.lower_minor, turned.upper_minor), (0.25, Some(0.125), Some(0.5)));
    let said = "problem brings back 0.250 NOK more per krone than product (between 0.125 NOK and 0.500 NOK).";
    let flat = |text: String| {
        text.split_whitespace().collect::<Vec<_>>().join(" ").replace('`', "").replace(" .", ".")
    };
    for page in [html::month_page(&report), html::experiment_page(&report, x), html::management_page(&report)]
    {
        let text = flat(seen::visible(&page));
        assert!(text.contains(said), "{text}");
    }
    let text = flat(terminal::month_text(&report, terminal::Style { colour: false, width: 200 }));
    assert!(text.contains(said), "{text}");
}
