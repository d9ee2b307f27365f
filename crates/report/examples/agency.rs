//! How long an agency's month takes: `cargo run --release -p gevinst-report --example agency -- FOLDER [EXPERIMENTS]`.
//!
//! Fills a ledger with experiments of one month (10,000 unless told otherwise), each launched, judged once and one in three
//! with an arm dropped, and prints how long the month's report and its pages take from the file.

#![expect(clippy::print_stdout, reason = "a program for people")]

use std::path::PathBuf;
use std::time::Instant;

use gevinst_ledger::evidence::{ArmLook, ArmStatus, EffectMeasure, Look, PairLook};
use gevinst_ledger::fact::{Concluded, Launched, LaunchedArm, Looked};
use gevinst_ledger::{Access, Fact, Ledger};
use gevinst_report::from_ledger::{self, Request};
use gevinst_report::language::Language;
use gevinst_report::{csv, html, json};

const START_US: i64 = 1_793_491_200_000_000;
const DAY_US: i64 = 86_400_000_000;
const ARMS: [&str; 2] = ["product", "problem"];
const COMPANY: &str = "currency = 'NOK'\ntimezone = 'Europe/Oslo'\n[month]\nbudget = '900 000 000 NOK'\n\
    goal = { metric = 'lead', target = 600000 }\n[values]\nlead = { mean = '1 800 NOK', spread = '600 NOK' }\n\
    [channels.native]\nplugin = 'native-ads'\n";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = PathBuf::from(arguments.next().ok_or("expected a folder")?);
    let experiments: usize = arguments.next().map_or(Ok(10_000), |n| n.parse())?;
    let mut memory = Ledger::in_memory();
    for number in 0..experiments {
        fill(&mut memory, number)?;
    }
    let path = folder.join("agency.ledger");
    drop(memory.copy_to(&path)?);
    let ledger = Ledger::open(&path, Access::Read)?;
    let request = Request {
        month: "2026-11".parse().map_err(|_| "a month")?,
        made_at: "2026-11-30T06:00:00Z".parse()?,
        generator: "gevinst",
        language: Language::English,
        planned: &[],
        company: None,
    };
    let time = |what: &str, begun: Instant, bytes: usize| {
        println!("{what}: {:.2?}, {} kB", begun.elapsed(), bytes / 1000);
    };
    let all = Instant::now();
    let begun = Instant::now();
    let report = from_ledger::month(&ledger, &request)?;
    time("read the month", begun, 0);
    let begun = Instant::now();
    let page = html::month_page(&report);
    time("month page", begun, page.len());
    time("both", all, page.len());
    let begun = Instant::now();
    time("management page", begun, html::management_page(&report).len());
    let begun = Instant::now();
    time("CSV", begun, csv::month(&report).len());
    let begun = Instant::now();
    time("JSON", begun, json::to_json(&report)?.len());
    Ok(())
}

fn fill(ledger: &mut Ledger, number: usize) -> Result<(), gevinst_ledger::Error> {
    let name = format!("experiment-{number}");
    let arms: String =
        ARMS.iter().map(|arm| format!("[[arm]]\nname = '{arm}'\nchannel = 'native'\n")).collect();
    let definition = format!(
        "name = '{name}'\nmonth = '2026-11'\nhypothesis = 'The problem brings cheaper leads than the product.'\n\
         phase = 'prospecting'\nseparation = 'platform-split'\n[goal]\nmetric = 'lead'\nper = 'spend'\n\
         [budget]\ntotal = '40 000 NOK'\ndaily_max = '2 500 NOK'\n{arms}"
    );
    let arm = |(name, code): (&&str, u32)| LaunchedArm {
        name: (*name).into(),
        code,
        channel: "native".into(),
        control: false,
    };
    let launched = Launched {
        definition_toml: definition,
        company_toml: COMPANY.into(),
        schema: 1,
        month: "2026-11".into(),
        program: "0.1.0".into(),
        rehearsal_seed: None,
        arms: ARMS.iter().zip(1..).map(arm).collect(),
        plugins: vec![],
        sources: vec![],
        prior: None,
    };
    ledger.append(START_US, Some(&name), vec![Fact::Launched(launched)])?;
    let dropped = number.is_multiple_of(3);
    let goals = 10 + (number as u64 * 7) % 23;
    let seen = |(i, name): (usize, &&str)| ArmLook {
        name: (*name).into(),
        exposure: 1_000_000.0,
        goals: goals * (i as u64 + 1),
        spend_minor: 1_000_000,
        value_minor: None,
        rate: Some(goals as f64 * (i as f64 + 1.0) / 1e6),
        p_best: [0.1, 0.9][i],
        expected_loss: 0.1,
        ln_e_drop: if dropped && i == 0 { 4.0 } else { 0.5 },
        ln_e_unprofitable: None,
        status: ArmStatus::Running,
        share: 0.5,
    };
    let look = Look {
        look: 1,
        at_us: START_US + 20 * DAY_US,
        data_until_us: START_US + 20 * DAY_US,
        guarantee: "robust".into(),
        separation: "platform-split".into(),
        method: "conditional likelihood with a mixture over day noise".into(),
        alpha: 0.05,
        dispersion: Some(0.02),
        arms: ARMS.iter().enumerate().map(seen).collect(),
        pairs: vec![PairLook {
            a: ARMS[0].into(),
            b: ARMS[1].into(),
            ratio: 0.5,
            lower: Some(0.3),
            upper: Some(0.9),
            ln_e_a_beats_b: -2.0,
            ln_e_b_beats_a: 3.0,
            p_a_better: 0.1,
            measure: EffectMeasure::RateRatio,
            difference: None,
        }],
        checks: vec![],
    };
    let as_of = ledger.head()?.id;
    let mut facts = vec![Fact::Looked(Looked { as_of, evidence: look })];
    if dropped {
        facts.push(Fact::Concluded(Concluded {
            arm: ARMS[0].into(),
            status: ArmStatus::Dropped,
            look: 1,
            reason: "`product` is not the best".into(),
            guarantee: "robust".into(),
            against: Some(ARMS[1].into()),
            ln_e_value: Some(4.0),
        }));
    }
    ledger.append(START_US + 20 * DAY_US, Some(&name), facts).map(|_| ())
}
