//! How an agency's ledger behaves: many experiments in one file, and what a step of one of them costs then.
//!
//! `cargo run --release -p gevinst-ledger --example full_ledger -- FOLDER [EXPERIMENTS]`; 10,000 experiments of a month each
//! unless told otherwise. Prints what was measured; figures are in the crate's `README.md`.

#![expect(clippy::print_stdout, reason = "a program for people")]

use std::path::PathBuf;
use std::time::Instant;

use gevinst_ledger::fact::{Launched, LaunchedArm, PluginPin};
use gevinst_ledger::moves::{Intended, Outcome, Receipt, Sent};
use gevinst_ledger::{
    Access, Amount, AsOf, Batch, Digest, Fact, Ledger, Row, Seq, Setting, Value, command_key,
};

const START_US: i64 = 1_793_491_200_000_000;
const DAY_US: i64 = 86_400_000_000;
const ARMS: [&str; 4] = ["product", "problem", "price", "proof"];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let folder = PathBuf::from(arguments.next().ok_or("expected a folder")?);
    let experiments = match arguments.next() {
        Some(number) => number.to_str().ok_or("expected a number")?.parse::<usize>()?,
        None => 10_000,
    };
    let path = folder.join("agency.ledger");
    let begun = Instant::now();
    let mut ledger = Ledger::open(&path, Access::Write)?;
    for number in 0..experiments {
        fill(&mut ledger, &format!("experiment-{number}"))?;
    }
    let records = ledger.newest()?.get();
    drop(ledger);
    let megabytes = std::fs::metadata(&path)?.len() >> 20;
    println!(
        "{experiments} experiments, {records} records, {megabytes} MB, filled in {:.1?}",
        begun.elapsed()
    );

    let begun = Instant::now();
    let mut ledger = Ledger::open(&path, Access::Write)?;
    println!("open for writing: {:.1?}", begun.elapsed());
    let name = format!("experiment-{}", experiments / 2);
    time("where one experiment stands", || ledger.progress(&name))?;
    time("its observations", || ledger.observations(&name, AsOf::Now))?;
    time("one more command for it (3 commits)", || command(&mut ledger, &name, "price"))?;
    time("again", || command(&mut ledger, &name, "price"))?;
    time("the accepted library of a plugin", || ledger.plugin_pin("native-ads"))?;
    time("all experiments by name and month", || ledger.experiments())?;
    time("the newest record and its hash", || ledger.head())?;
    let sound = time("verify all of it", || ledger.verify(None))?.is_sound();
    println!("sound: {sound}");
    Ok(())
}

fn time<T>(
    what: &str,
    work: impl FnOnce() -> Result<T, gevinst_ledger::Error>,
) -> Result<T, gevinst_ledger::Error> {
    let begun = Instant::now();
    let done = work()?;
    println!("{what}: {:.1?}", begun.elapsed());
    Ok(done)
}

/// A month: a launch with files of usual length, a restated report a day, and a command a day.
fn fill(ledger: &mut Ledger, name: &str) -> Result<(), gevinst_ledger::Error> {
    let arm = |(name, code): (&&str, u32)| LaunchedArm {
        name: (*name).into(),
        code,
        channel: "native".into(),
        control: code == 1,
    };
    let launched = Launched {
        definition_toml: "a line of a definition file, as people write it\n".repeat(40),
        company_toml: "a line of a company file\n".repeat(30),
        schema: 1,
        month: "2026-11".into(),
        program: "0.1.0".into(),
        rehearsal_seed: None,
        arms: ARMS.iter().zip(1..).map(arm).collect(),
        plugins: vec![PluginPin {
            channel: "native".into(),
            id: "native-ads".into(),
            version: "0.1.0".into(),
            sha256: Digest::of(b"library"),
        }],
        sources: vec![],
        prior: None,
    };
    ledger.append(START_US, Some(name), vec![Fact::Launched(launched)])?;
    for day in 0..30 {
        let value = Value { count: 3, sum: 3.0, sum_sq: 3.0 };
        let period_start_us = START_US + day * DAY_US;
        let rows: Vec<_> = ARMS
            .iter()
            .flat_map(|arm| ["lead", "spend"].map(|metric| Row { arm, metric, period_start_us, value }))
            .collect();
        let batch = Batch {
            channel: "native",
            from_us: period_start_us,
            to_us: period_start_us + DAY_US,
            cursor: None,
            fresh_until_us: Some(period_start_us + DAY_US),
            rows: &rows,
        };
        ledger.observe(START_US, name, &batch)?;
    }
    for arm in ARMS {
        command(ledger, name, arm)?;
    }
    Ok(())
}

fn command(ledger: &mut Ledger, name: &str, arm: &str) -> Result<(), gevinst_ledger::Error> {
    let progress = ledger.progress(name)?;
    let (seq, exists) = progress.arm(arm).map_or((Seq::FIRST, false), |arm| (arm.next_seq, arm.exists));
    drop(progress);
    let amount = Amount { minor: 250_000, currency: Some("NOK".into()) };
    let intended = Intended {
        arm: arm.into(),
        seq,
        key: command_key(name, arm, seq),
        set: Setting { daily_budget: Some(amount), paused: false },
        launch: !exists,
        reason: "an even start".into(),
        not_after_us: START_US + DAY_US,
        needs_approval: false,
    };
    let receipt =
        Receipt { arm: arm.into(), seq, outcome: Outcome::Applied, state: None, message: String::new() };
    for fact in [Fact::Intended(intended), Fact::Sent(Sent { arm: arm.into(), seq }), Fact::Receipt(receipt)]
    {
        ledger.append(START_US, Some(name), vec![fact])?;
    }
    Ok(())
}
