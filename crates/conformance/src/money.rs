//! Family `money`: commands and what becomes of them.

use gevinst_host::wire::{Capability, Command, Query, State};
use gevinst_host::{Code, Connection, HostError, Outcome};

use crate::bench::{Bench, Found, Stop, Test, ensure, shown_money};
use crate::report::Family;

const READS_BACK: &[&str] = &["config.good_opens", "money.apply_reads_back"];

pub(crate) const TESTS: &[Test] = &[
    Test {
        family: Family::Money,
        name: "money.apply_reads_back",
        must: "carry out a command, and tell in receipt and query the state that the platform then has",
        needs: &["config.good_opens"],
        run: apply_reads_back,
    },
    Test {
        family: Family::Money,
        name: "money.budgets_are_absolute",
        must: "set a budget in place of the earlier one, up and down",
        needs: READS_BACK,
        run: budgets_are_absolute,
    },
    Test {
        family: Family::Money,
        name: "money.seq_seen_is_ignored",
        must: "ignore a command whose number is not above the last one's, and say so",
        needs: READS_BACK,
        run: seq_seen_is_ignored,
    },
    Test {
        family: Family::Money,
        name: "money.wrong_currency_refused",
        must: "refuse a budget in another currency than the account's, and change nothing",
        needs: READS_BACK,
        run: |bench| {
            refused_and_unchanged(bench, None, |command| {
                command.set.daily_budget = bench.subject.foreign_money(command.set.daily_budget.minor);
            })
        },
    },
    Test {
        family: Family::Money,
        name: "money.negative_budget_refused",
        must: "refuse a negative budget, and change nothing",
        needs: READS_BACK,
        run: |bench| refused_and_unchanged(bench, None, |command| command.set.daily_budget.minor = -100),
    },
    Test {
        family: Family::Money,
        name: "money.not_after_is_kept",
        must: "answer \"not applied\" to a command that came too late, and change nothing",
        needs: READS_BACK,
        run: |bench| {
            refused_and_unchanged(bench, Some(Code::NotApplied), |command| {
                command.not_after_us = bench.now_us() - 1;
            })
        },
    },
    Test {
        family: Family::Money,
        name: "money.pause_and_resume",
        must: "let an arm rest and resume, and tell so",
        needs: &["money.apply_reads_back", "money.budgets_are_absolute"],
        run: pause_and_resume,
    },
    Test {
        family: Family::Money,
        name: "money.arms_are_separate",
        must: "leave other arms as they are",
        needs: READS_BACK,
        run: arms_are_separate,
    },
    Test {
        family: Family::Money,
        name: "money.unknown_arm_is_absent",
        must: "answer a query for an arm that was never launched with \"does not exist\"",
        needs: READS_BACK,
        run: unknown_arm_is_absent,
    },
    Test {
        family: Family::Money,
        name: "money.min_step_is_true",
        must: "set a budget that differs by its smallest step, to the unit",
        needs: &["money.apply_reads_back", "money.budgets_are_absolute"],
        run: min_step_is_true,
    },
    Test {
        family: Family::Money,
        name: "money.long_names",
        must: "answer for names of 64 characters, the longest that a definition may have",
        needs: &["money.apply_reads_back", "money.unknown_arm_is_absent"],
        run: long_names,
    },
    Test {
        family: Family::Money,
        name: "money.unicode_creatives",
        must: "launch an arm whose texts hold letters of every language",
        needs: READS_BACK,
        run: unicode_creatives,
    },
];

fn opened(bench: &Bench<'_>) -> Result<Box<dyn Connection>, Stop> {
    bench.needs(&[Capability::Apply, Capability::Query])?;
    bench.open()
}

/// What the command sets must be what the platform has.
fn ensure_set(state: &State, command: &Command, what: &str) -> Found {
    ensure(state.exists, || format!("{what} says that the arm does not exist"))?;
    let budget = &command.set.daily_budget;
    ensure(state.daily_budget.as_ref() == Some(budget), || {
        format!(
            "{what} says {}, the command was {}",
            shown_money(state.daily_budget.as_ref()),
            shown_money(Some(budget))
        )
    })?;
    ensure(state.paused == command.set.paused, || {
        format!("{what} says paused: {}, the command was {}", state.paused, command.set.paused)
    })?;
    ensure(state.last_seq == Some(command.seq), || {
        format!("{what} says that the last number is {:?}, the command's was {}", state.last_seq, command.seq)
    })
}

fn carried_out(bench: &Bench<'_>, channel: &mut dyn Connection, arm: usize, command: &Command) -> Found {
    let receipt = bench.apply(channel, command)?;
    ensure(receipt.applied, || format!("`{}` was ignored", command.key))?;
    ensure_set(&receipt.state.into(), command, "the receipt")?;
    ensure_set(&bench.state(channel, arm)?, command, "the query afterwards")
}

fn apply_reads_back(bench: &Bench<'_>) -> Found {
    let mut channel = opened(bench)?;
    carried_out(bench, &mut *channel, 0, &bench.launch(0))
}

fn budgets_are_absolute(bench: &Bench<'_>) -> Found {
    let mut channel = opened(bench)?;
    carried_out(bench, &mut *channel, 0, &bench.launch(0))?;
    let whole = bench.subject.daily_budget_minor;
    for minor in [whole / 2, whole, whole / 2] {
        carried_out(bench, &mut *channel, 0, &bench.command(0, minor, false))?;
    }
    Ok(())
}

fn seq_seen_is_ignored(bench: &Bench<'_>) -> Found {
    let mut channel = opened(bench)?;
    let mut lower = bench.command(0, bench.subject.daily_budget_minor / 2, false);
    let launch = bench.launch(0);
    carried_out(bench, &mut *channel, 0, &launch)?;
    lower.not_after_us = launch.not_after_us;
    let same_number = Command { seq: launch.seq, key: launch.key.clone(), ..lower.clone() };
    for (command, what) in [
        (&launch, "the same command"),
        (&same_number, "another command of the same number"),
        (&lower, "a command of a lower number"),
    ] {
        let receipt = bench.apply(&mut *channel, command)?;
        ensure(!receipt.applied, || format!("{what} was carried out"))?;
        ensure_set(&receipt.state.into(), &launch, &format!("the receipt of {what}"))?;
        ensure_set(&bench.state(&mut *channel, 0)?, &launch, &format!("the query after {what}"))?;
    }
    Ok(())
}

/// Launches an arm, then sends a command that `spoil` has made wrong. It is above the launch and good in all
/// else, so that nothing but what was spoiled is a reason to refuse it.
fn refused_and_unchanged(bench: &Bench<'_>, code: Option<Code>, spoil: impl FnOnce(&mut Command)) -> Found {
    let mut channel = opened(bench)?;
    let launch = bench.launch(0);
    carried_out(bench, &mut *channel, 0, &launch)?;
    let mut command = bench.command(0, bench.subject.daily_budget_minor / 2, false);
    spoil(&mut command);
    let error = match channel.apply(&command, bench.terms()) {
        Outcome::Receipt(receipt) if receipt.applied => {
            return Err(Stop::Fail("the command was carried out".to_owned()));
        }
        Outcome::Receipt(_) => return Err(Stop::Fail("the command was ignored, not refused".to_owned())),
        Outcome::Unknown(error) => {
            return Err(Stop::Fail(format!("whether the command was carried out is unknown: {error}")));
        }
        Outcome::Refused(error) => error,
    };
    match (&error, code) {
        (HostError::Plugin(told), Some(code)) if told.code != code => {
            return Err(Stop::Fail(format!("the refusal is not \"{code}\": {error}")));
        }
        _ => {}
    }
    ensure_set(&bench.state(&mut *channel, 0)?, &launch, "the query after the refusal")
}

fn pause_and_resume(bench: &Bench<'_>) -> Found {
    let mut channel = opened(bench)?;
    carried_out(bench, &mut *channel, 0, &bench.launch(0))?;
    for paused in [true, false] {
        let command = bench.command(0, bench.subject.daily_budget_minor, paused);
        carried_out(bench, &mut *channel, 0, &command)?;
    }
    Ok(())
}

fn arms_are_separate(bench: &Bench<'_>) -> Found {
    let mut channel = opened(bench)?;
    let first = bench.launch(0);
    carried_out(bench, &mut *channel, 0, &first)?;
    let mut second = bench.launch(1);
    second.set.daily_budget = bench.subject.money(bench.subject.daily_budget_minor / 2);
    carried_out(bench, &mut *channel, 1, &second)?;
    ensure_set(&bench.state(&mut *channel, 0)?, &first, "the query for the first arm")
}

fn unknown_arm_is_absent(bench: &Bench<'_>) -> Found {
    let mut channel = opened(bench)?;
    let state = bench.state(&mut *channel, 1)?;
    if state.exists && !bench.subject.starts_anew() {
        let reason = "the account may know the arm from an earlier test: its configuration has no `{tmp}`";
        return Err(Stop::Skip(reason.to_owned()));
    }
    ensure(!state.exists, || "an arm that was never launched exists".to_owned())
}

fn min_step_is_true(bench: &Bench<'_>) -> Found {
    let mut channel = opened(bench)?;
    carried_out(bench, &mut *channel, 0, &bench.launch(0))?;
    let step = bench.description()?.min_step.minor;
    let whole = bench.subject.daily_budget_minor;
    for minor in [whole + step, whole, whole - step] {
        carried_out(bench, &mut *channel, 0, &bench.command(0, minor, false))?;
    }
    Ok(())
}

fn long_names(bench: &Bench<'_>) -> Found {
    let mut channel = opened(bench)?;
    let name = |letter: &str| letter.repeat(64);
    for (experiment, arm) in [
        (bench.subject.experiment.clone(), name("z")),
        (name("z"), bench.subject.arms[0].clone()),
        (name("z"), name("9")),
    ] {
        let query = Query { experiment, arm };
        let state = channel.query(&query, bench.terms())?;
        ensure(!state.exists, || format!("`{}/{}` exists", query.experiment, query.arm))?;
    }
    Ok(())
}

fn unicode_creatives(bench: &Bench<'_>) -> Found {
    let mut channel = opened(bench)?;
    let mut launch = bench.launch(0);
    // Texts that people read have spaces; addresses, names of files and platforms' own words have none.
    let texts = launch.set.creative.as_mut().and_then(|creative| creative.as_object_mut());
    let texts = texts.into_iter().flat_map(|creative| creative.values_mut());
    let mut changed = false;
    for text in texts.filter(|value| value.as_str().is_some_and(|text| text.contains(' '))) {
        *text = format!("{} «ærlig» 文", text.as_str().unwrap_or_default()).into();
        changed = true;
    }
    if !changed {
        return Err(Stop::Skip("the creative holds no text that people read".to_owned()));
    }
    carried_out(bench, &mut *channel, 0, &launch)
}
