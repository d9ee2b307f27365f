//! Family `life`: cancelling, closing, dying, and what is left behind.

use std::time::Duration;

use gevinst_host::wire::Capability;
use gevinst_host::{HostError, LogSource, Outcome, Terms};

use crate::bench::{Bench, Found, Stop, Table, Test, ensure, put, resumed, same, table};
use crate::report::Family;

pub(crate) const TESTS: &[Test] = &[
    Test {
        family: Family::Life,
        name: "life.cancel_returns",
        must: "return soon after a call was cancelled, and go on",
        needs: &["data.rows_well_formed"],
        run: cancel_returns,
    },
    Test {
        family: Family::Life,
        name: "life.close_and_reopen",
        must: "open again after it was closed",
        needs: &["config.good_opens"],
        run: close_and_reopen,
    },
    Test {
        family: Family::Life,
        name: "life.two_channels",
        must: "let two processes use the account at once",
        needs: &["money.apply_reads_back"],
        run: two_channels,
    },
    Test {
        family: Family::Life,
        name: "life.state_survives_a_kill",
        must: "know after its process was killed what was carried out, and not do it again",
        needs: &["money.apply_reads_back", "money.seq_seen_is_ignored"],
        run: state_survives_a_kill,
    },
    Test {
        family: Family::Life,
        name: "life.accounts_are_separate",
        must: "keep what it knows of one account from another that is opened in the same process",
        needs: &["money.unknown_arm_is_absent", "life.close_and_reopen", "life.state_survives_a_kill"],
        run: accounts_are_separate,
    },
    Test {
        family: Family::Life,
        name: "life.cursor_outlives_the_process",
        must: "go on from its cursor in another process",
        needs: &["data.same_request_same_rows", "data.cursor_resumes", "life.state_survives_a_kill"],
        run: cursor_outlives_the_process,
    },
    Test {
        family: Family::Life,
        name: "life.no_output_on_stdout",
        must: "write nothing to standard output",
        needs: &["data.rows_well_formed"],
        run: no_output_on_stdout,
    },
    Test {
        family: Family::Life,
        name: "life.secrets_stay_secret",
        must: "put no secret into logs or errors",
        needs: &["config.good_opens"],
        run: secrets_stay_secret,
    },
];

fn cancel_returns(bench: &Bench<'_>) -> Found {
    bench.needs(&[Capability::Observe])?;
    let mut channel = bench.launched()?;
    bench.set_day(7, 5);
    let request = bench.request()?;
    // Cancelled at once: whatever the plugin is doing then, it must come back within the grace.
    let terms = Terms { deadline: Duration::ZERO, ..bench.terms() };
    let cancelled = channel.observe(&request, terms);
    let goes_on = if bench.can(Capability::Query)? {
        bench.state(&mut *channel, 0).map(drop)
    } else {
        channel.check(bench.terms()).map_err(Stop::from)
    };
    match goes_on {
        Ok(()) => Ok(()),
        Err(_) if matches!(cancelled, Err(HostError::Deadline { .. })) => Err(Stop::Fail(format!(
            "`observe` did not return within {} ms after it was cancelled",
            bench.options.child.cancel_grace.as_millis()
        ))),
        Err(stop) => Err(stop),
    }
}

fn close_and_reopen(bench: &Bench<'_>) -> Found {
    let mut channel = bench.open()?;
    for _ in 0..3 {
        channel.close(bench.terms())?;
        channel.open(&bench.config(), bench.terms())?;
        channel.check(bench.terms())?;
    }
    Ok(())
}

fn two_channels(bench: &Bench<'_>) -> Found {
    bench.needs(&[Capability::Apply])?;
    let (mut first, mut second) = (bench.open()?, bench.open()?);
    bench.apply(&mut *first, &bench.launch(0))?;
    bench.apply(&mut *second, &bench.launch(1))?;
    for (channel, arm) in [(&mut first, 0), (&mut second, 1)] {
        let state = bench.state(&mut **channel, arm)?;
        ensure(state.exists, || "an arm is gone after the other was launched elsewhere".to_owned())?;
    }
    Ok(())
}

/// Works in one account, then looks at the other in the same process.
fn accounts_are_separate(bench: &Bench<'_>) -> Found {
    bench.needs(&[Capability::Apply, Capability::Query])?;
    if !bench.subject.starts_anew() {
        return Err(Stop::Skip("there is one account: its configuration has no `{tmp}`".to_owned()));
    }
    let mut channel = bench.open()?;
    bench.apply(&mut *channel, &bench.launch(0))?;
    channel.close(bench.terms())?;
    channel.open(&bench.other_config()?, bench.terms())?;
    let state = bench.state(&mut *channel, 0)?;
    ensure(!state.exists, || "an arm that was launched in one account exists in the other".to_owned())?;
    channel.close(bench.terms())?;
    channel.open(&bench.config(), bench.terms())?;
    let state = bench.state(&mut *channel, 0)?;
    ensure(state.exists, || "an arm is gone after another account was open".to_owned())
}

fn state_survives_a_kill(bench: &Bench<'_>) -> Found {
    bench.needs(&[Capability::Apply, Capability::Query])?;
    let mut channel = bench.open()?;
    let launch = bench.launch(0);
    bench.apply(&mut *channel, &launch)?;
    let before = bench.state(&mut *channel, 0)?;
    // Killed, not closed.
    drop(channel);
    let mut channel = bench.open()?;
    let after = bench.state(&mut *channel, 0)?;
    ensure(after == before, || format!("it was {before:?} and is {after:?}"))?;
    let receipt = bench.apply(&mut *channel, &launch)?;
    ensure(!receipt.applied, || "the same command was carried out again".to_owned())
}

fn cursor_outlives_the_process(bench: &Bench<'_>) -> Found {
    bench.needs(&[Capability::Observe])?;
    let mut channel = bench.launched()?;
    bench.set_day(2, 5);
    let mut gathered = Table::new();
    let mut request = bench.request()?;
    let first = bench.observe(&mut *channel, &request)?;
    put(&mut gathered, first.rows.iter());
    request = resumed(&request, &first.after);
    drop(channel);
    bench.set_day(5, 5);
    let mut channel = bench.open()?;
    put(&mut gathered, bench.observe(&mut *channel, &request)?.rows.iter());
    let whole = bench.observe(&mut *channel, &bench.request()?)?;
    same(&gathered, &table(&whole), "from the cursor in another process and at once")
}

fn no_output_on_stdout(bench: &Bench<'_>) -> Found {
    if bench.options.in_process {
        return Err(Stop::Skip("in this process standard output is not the plugin's".to_owned()));
    }
    let mut channel = bench.launched()?;
    channel.check(bench.terms())?;
    bench.set_day(3, 5);
    if bench.can(Capability::Observe)? {
        bench.observe(&mut *channel, &bench.request()?)?;
    }
    if bench.can(Capability::Query)? {
        bench.state(&mut *channel, 0)?;
    }
    channel.close(bench.terms())?;
    let lines = bench.lines(LogSource::Stdout);
    ensure(lines.is_empty(), || format!("it wrote `{}`", lines[0]))
}

fn secrets_stay_secret(bench: &Bench<'_>) -> Found {
    let mut channel = bench.open()?;
    // Whether these calls succeed is for other tests; here it is about what they tell.
    let mut told = channel.check(bench.terms()).err().map(|error| error.to_string()).unwrap_or_default();
    if bench.can(Capability::Query)?
        && let Err(Stop::Fail(error)) = bench.state(&mut *channel, 0)
    {
        told.push_str(&error);
    }
    if bench.can(Capability::Apply)? {
        let mut refused = bench.launch(0);
        refused.set.daily_budget = bench.subject.foreign_money(refused.set.daily_budget.minor);
        if let Outcome::Refused(error) | Outcome::Unknown(error) = channel.apply(&refused, bench.terms()) {
            told.push_str(&error.to_string());
        }
    }
    if bench.can(Capability::Observe)?
        && let Err(error) = channel.observe(&bench.request()?, bench.terms())
    {
        told.push_str(&error.to_string());
    }
    // What died before, died in another test too.
    let _ = channel.close(bench.terms());
    if !bench.gave_secrets() {
        return Err(Stop::Skip("the plugin asked for no secret".to_owned()));
    }
    for source in [LogSource::Plugin, LogSource::Stdout, LogSource::Stderr] {
        told.push_str(&bench.lines(source).concat());
    }
    // The host blots secrets out before anyone sees them; what is left are the stars.
    ensure(!told.contains("***"), || format!("it told a secret: {told}"))
}
