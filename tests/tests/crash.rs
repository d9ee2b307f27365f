//! The runner killed at random instants, and channels that die or lose their answers: nothing that was observed is lost,
//! nothing is sent twice, and every command ends as applied or as not applied.
//!
//! Which runs are killed, and after what part of a run's usual time, comes from fixed seeds; where in the program that is depends
//! on the machine, so every round is another trial. `GEVINST_CRASH_SEED` tries others.

use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use gevinst_ledger::{Access, Ledger};
use gevinst_rehearsal::{Faults, Market};
use gevinst_runner::rehearse::score;
use gevinst_tests::export::Export;
use gevinst_tests::market::{self, Played, received, time};
use gevinst_tests::money::commanded;
use gevinst_tests::{Answer, Place};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;

/// Shares move every day, goals come late and days are restated.
const MOVING: &str = r#"
name = "moving"
month = "2026-11"
separation = "platform-split"
goal = { metric = "lead", per = "spend" }
budget = { total = "30 000 NOK", daily_max = "1 200 NOK" }
arm = [
  { name = "a", channel = "market", control = true },
  { name = "b", channel = "market" },
  { name = "c", channel = "market", joins = 2026-11-04 },
]
allocate = { rule = "earn", max_step = "50 %" }
delay = { complete_after = "4 days" }
[rehearsal]
seed = 21
goals_per_day = 40
arms = { a = 1.0, b = 1.2, c = 0.8 }
day_noise = 0.02
delay = "1 day"
restate = { share = "25 %", after = "2 days" }
"#;

/// Shares stay as they are and nothing is decided, so that every step of two runs of the month sees the same.
const STILL: &str = r#"
name = "still"
month = "2026-11"
separation = "platform-split"
goal = { metric = "lead", per = "spend" }
budget = { total = "30 000 NOK", daily_max = "1 000 NOK" }
arm = [
  { name = "a", channel = "market", control = true },
  { name = "b", channel = "market" },
]
allocate = { rule = "even" }
decide = { tie_within = "1 %" }
delay = { complete_after = "4 days" }
[rehearsal]
seed = 22
goals_per_day = 30
arms = { a = 1.0, b = 1.0 }
day_noise = 0.1
delay = "1 day"
restate = { share = "25 %", after = "2 days" }
"#;

/// A month that is run, and killed on the way.
struct Trial {
    place: Place,
    played: Played,
    random: Pcg64Mcg,
    /// How likely a run is to be killed.
    danger: f64,
    /// How long a run that was left alone took so far.
    usual: Duration,
    runs: u32,
    killed: u32,
}

impl Trial {
    fn new(definition: &str, faults: Faults, seed: u64, danger: f64) -> Self {
        let place = Place::new();
        let played = market::project(&place, "autopilot", faults, &[definition]).remove(0);
        let stated = std::env::var("GEVINST_CRASH_SEED").ok().and_then(|text| text.parse::<u64>().ok());
        let random = Pcg64Mcg::seed_from_u64(stated.unwrap_or(seed));
        Self { place, played, random, danger, usual: Duration::from_millis(60), runs: 0, killed: 0 }
    }

    fn command(&self, at_us: i64) -> Command {
        self.place.command(["run", "--now", &time(at_us)])
    }

    /// Steps at one moment, again and again, until a step that nobody killed says that all is done.
    fn step(&mut self, at_us: i64) {
        for _ in 0..60 {
            self.runs += 1;
            if self.random.random_bool(self.danger) {
                self.kill_after_a_while(at_us);
                continue;
            }
            let begun = Instant::now();
            let answer = Answer::of(&mut self.command(at_us));
            match answer.code {
                Some(0) => {
                    self.usual = (self.usual + begun.elapsed()) / 2;
                    return;
                }
                // A channel died, or an answer was lost: the next step asks.
                Some(4) => {}
                other => panic!("exit code {other:?} at {}\n{}\n{}", time(at_us), answer.out, answer.err),
            }
        }
        panic!("no step at {} came to its end: {} runs, {} killed", time(at_us), self.runs, self.killed);
    }

    fn kill_after_a_while(&mut self, at_us: i64) {
        let part = self.random.random_range(0.0..1.3);
        let mut command = self.command(at_us);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().expect("the program can be started");
        std::thread::sleep(self.usual.mul_f64(part));
        if child.try_wait().expect("its state can be asked").is_none() {
            self.killed += 1;
        }
        // SIGKILL: no handler runs, no buffer is flushed.
        child.kill().expect("a child can be killed");
        child.wait().expect("a killed child ends");
    }

    fn month(&mut self) {
        for at_us in self.played.moments() {
            self.step(at_us);
        }
    }

    /// What must hold however the month went.
    fn nothing_was_lost_or_done_twice(&self) {
        let Self { place, played, .. } = self;
        let name = played.name();
        place.gevinst(["ledger", "verify"]).done();
        let export = Export::of(place);

        // Each command reached the platform once, and none that the ledger does not know as applied.
        let received = received(place);
        let mut keys: Vec<String> = received.iter().map(|one| one.command.key.clone()).collect();
        assert!(
            received.iter().all(|one| one.applied),
            "a command was sent although its number had been seen"
        );
        keys.sort();
        let mut applied = export.applied();
        applied.sort();
        assert_eq!(keys, applied, "the platform's commands, and those that the ledger knows as applied");
        let distinct = keys.windows(2).filter(|pair| pair[0] == pair[1]).count();
        assert_eq!(distinct, 0, "a command was applied twice: {keys:?}");

        // Every command is settled, and the month is closed.
        let ledger = Ledger::open(&place.path("gevinst.ledger"), Access::Read).expect("a sound ledger opens");
        let progress = ledger.progress(name).expect("its state can be read");
        assert_eq!(progress.open_intents().count(), 0);
        assert!(progress.closed().is_some());
        for record in export.kind("sent") {
            let settled = export.records.iter().filter(|other| other.id > record.id).any(|other| {
                matches!(other.kind.as_str(), "receipt" | "reconciled")
                    && other.arm == record.arm
                    && other.body["seq"] == record.body["seq"]
                    && other.body["outcome"] != "unknown"
            });
            assert!(settled, "nobody knows what became of {record:?}");
        }

        // What the ledger knows of every day is what the platform says today.
        assert_eq!(export.latest(), truth(played, &received), "figures, by arm, metric and day");

        // And the caps held at every instant, unknown outcomes at their worst.
        let sums = commanded(&export, name, played.plan.end_us());
        assert!(sums.a_day <= played.plan.daily_max(), "{sums:?}");
        assert!(sums.in_all <= to_float(played.plan.total()), "{sums:?} of {}", played.plan.total());
    }
}

/// The platform's own figures at the month's close, from its commands alone.
fn truth(
    played: &Played,
    received: &[gevinst_rehearsal::journal::Received],
) -> std::collections::BTreeMap<gevinst_tests::export::Key, (u64, f64, f64)> {
    let plan = &played.plan;
    let number = score::market_arms(plan, &played.stand_in.model);
    let mut platform = Market::new(
        Arc::clone(&played.stand_in.model),
        played.name(),
        played.seed,
        Arc::clone(&played.calendar),
    );
    let arm_of = |name: &str| plan.arms.iter().position(|arm| arm.name == name).expect("an arm of the plan");
    for one in received {
        let set = &one.command.set;
        platform
            .apply(
                number[arm_of(&one.command.arm)],
                one.command.seq,
                set.daily_budget.minor,
                set.paused,
                one.at_us,
            )
            .expect("what the platform took it takes again");
    }
    let last_us = *played.moments().last().expect("a month has moments");
    let mut rows = Vec::new();
    platform.observe(plan.start_us(), plan.end_us(), last_us, &mut rows);
    let mut figures = std::collections::BTreeMap::new();
    for row in rows {
        let arm = number.iter().position(|&market_arm| market_arm == row.arm as usize).expect("an arm");
        let key = |metric: &str| {
            (played.name().to_owned(), plan.arms[arm].name.clone(), metric.to_owned(), row.start_us)
        };
        let spend = to_float(row.spend_minor);
        figures.insert(key("lead"), (row.goals, row.sum, row.sum_sq));
        figures.insert(key("spend"), (1, spend, spend * spend));
    }
    figures
}

#[expect(clippy::cast_precision_loss, reason = "sums of a test are far below 2^53")]
fn to_float(value: i64) -> f64 {
    value as f64
}

#[test]
fn a_runner_killed_at_any_instant_loses_nothing_and_sends_nothing_twice() {
    // Protects the money and the figures from power cuts, restarts and `kill -9`.
    let mut trial = Trial::new(MOVING, Faults::default(), 1, 0.6);
    trial.month();
    trial.nothing_was_lost_or_done_twice();
    assert!(trial.killed > 20, "only {} of {} runs were killed", trial.killed, trial.runs);
    let commands = received(&trial.place).len();
    assert!(commands >= 12, "only {commands} commands were made");
}

#[test]
fn a_runner_killed_while_a_slow_platform_acts_sends_nothing_twice() {
    // Protects the instants between sending a command and hearing of it, which here are most of all instants.
    let mut trial = Trial::new(MOVING, Faults { slow_ms: 40, ..Faults::default() }, 2, 0.6);
    trial.month();
    trial.nothing_was_lost_or_done_twice();
    assert!(trial.killed > 20, "only {} of {} runs were killed", trial.killed, trial.runs);
}

#[test]
fn plugins_that_die_after_acting_are_asked_and_not_told_again() {
    // Protects against the answer that never came: the command is in force, and sending it again would be a second one.
    let faults = Faults { die_after_acting: vec![1, 2, 4, 7, 8, 9], ..Faults::default() };
    let mut trial = Trial::new(MOVING, faults, 3, 0.3);
    trial.month();
    trial.nothing_was_lost_or_done_twice();
    let unknown = unknown_outcomes(&trial.place);
    assert!(unknown >= 6, "the plugin died {unknown} times");
}

#[test]
fn answers_that_were_lost_are_asked_for_and_the_command_not_repeated() {
    // Protects against time-outs of a platform that did act.
    let faults = Faults { answer_lost_after_acting: vec![1, 3, 4, 5, 10], slow_ms: 5, ..Faults::default() };
    let mut trial = Trial::new(MOVING, faults, 4, 0.3);
    trial.month();
    trial.nothing_was_lost_or_done_twice();
    let unknown = unknown_outcomes(&trial.place);
    assert!(unknown >= 6, "{unknown} answers were lost");
}

fn unknown_outcomes(place: &Place) -> usize {
    Export::of(place).kind("receipt").filter(|record| record.body["outcome"] == "unknown").count()
}

#[test]
fn a_month_of_crashes_knows_what_an_undisturbed_one_knows() {
    // Protects the history, too: what was known when is the same with crashes and without.
    let mut undisturbed = Trial::new(STILL, Faults::default(), 5, 0.0);
    undisturbed.month();
    undisturbed.nothing_was_lost_or_done_twice();
    let mut crashed = Trial::new(STILL, Faults::default(), 5, 0.6);
    crashed.month();
    crashed.nothing_was_lost_or_done_twice();
    assert!(crashed.killed > 15, "only {} of {} runs were killed", crashed.killed, crashed.runs);

    let history = |trial: &Trial| {
        let export = Export::of(&trial.place);
        let at_us = |id: u64| export.records.iter().find(|record| record.id == id).map(|record| record.at_us);
        let mut rows: Vec<_> = export
            .rows
            .iter()
            .map(|row| {
                (at_us(row.record), row.arm.clone(), row.metric.clone(), row.period_start_us, row.count)
            })
            .collect();
        rows.sort();
        // Looks are functions of what was known, so they are the same as well.
        let looks: Vec<_> = export.kind("looked").map(|record| record.body["evidence"].clone()).collect();
        (rows, looks)
    };
    assert_eq!(
        received(&undisturbed.place),
        received(&crashed.place),
        "the same commands, at the same times"
    );
    let (undisturbed, crashed) = (history(&undisturbed), history(&crashed));
    assert_eq!(undisturbed.0, crashed.0, "rows, and when they were known");
    assert_eq!(undisturbed.1, crashed.1, "looks");
}

#[test]
fn a_month_of_crashes_moves_the_same_money() {
    // Protects the day's shares: a look whose moves were lost with the runner would leave yesterday's budgets in force.
    let mut undisturbed = Trial::new(MOVING, Faults::default(), 6, 0.0);
    undisturbed.month();
    let mut crashed = Trial::new(MOVING, Faults::default(), 6, 0.6);
    crashed.month();
    crashed.nothing_was_lost_or_done_twice();
    assert!(crashed.killed > 15, "only {} of {} runs were killed", crashed.killed, crashed.runs);
    // A command that was killed on its way is made again under a new number: numbers may differ, budgets may not.
    let budgets = |trial: &Trial| {
        let mut budgets: Vec<_> = received(&trial.place)
            .into_iter()
            .map(|one| {
                (one.at_us, one.command.arm, one.command.set.daily_budget.minor, one.command.set.paused)
            })
            .collect();
        budgets.sort();
        budgets
    };
    assert_eq!(budgets(&undisturbed), budgets(&crashed), "when which arm was set to what");
    let looks = |trial: &Trial| -> Vec<_> {
        Export::of(&trial.place).kind("looked").map(|record| record.body["evidence"].clone()).collect()
    };
    assert_eq!(looks(&undisturbed), looks(&crashed));
}
