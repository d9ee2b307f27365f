//! Family `data`: observations.
//!
//! That rows fit the request (arms, metrics, bounds, no row twice, finite sums) the host checks at every
//! observation; such a row fails `data.rows_well_formed`.

use std::time::Duration;

use gevinst_host::wire::{Capability, Coded, Grain, ObserveRequest};
use gevinst_host::{Code, Connection, HostError, Terms};

use crate::bench::{Bench, Found, Stop, Table, Test, ensure, put, resumed, same, table};
use crate::report::Family;

const WELL_FORMED: &[&str] = &["money.apply_reads_back", "data.rows_well_formed"];

const REPEATS: &[&str] = &["data.rows_well_formed", "data.same_request_same_rows"];

pub(crate) const TESTS: &[Test] = &[
    Test {
        family: Family::Data,
        name: "data.rows_well_formed",
        must: "report rows that fit the request and can be: spend in whole minor units, squares that fit their sums",
        needs: &["money.apply_reads_back"],
        run: rows_well_formed,
    },
    Test {
        family: Family::Data,
        name: "data.whole_periods",
        must: "report whole local days or hours that are over",
        needs: WELL_FORMED,
        run: whole_periods,
    },
    Test {
        family: Family::Data,
        name: "data.same_request_same_rows",
        must: "answer the same request at the same time with the same rows",
        needs: WELL_FORMED,
        run: same_request_same_rows,
    },
    Test {
        family: Family::Data,
        name: "data.cursor_resumes",
        must: "report with its own cursor everything that is new or restated since",
        needs: &["data.rows_well_formed", "data.whole_periods", "data.same_request_same_rows"],
        run: cursor_resumes,
    },
    Test {
        family: Family::Data,
        name: "data.fresh_until_is_kept",
        must: "be fresh no later than now, and report no new period behind that later",
        needs: &["data.rows_well_formed", "data.whole_periods"],
        run: fresh_until_is_kept,
    },
    Test {
        family: Family::Data,
        name: "data.only_what_was_asked",
        must: "report one arm and one metric, under the codes of the request, when asked for those alone",
        needs: REPEATS,
        run: only_what_was_asked,
    },
    Test {
        family: Family::Data,
        name: "data.empty_request",
        must: "answer a request for no time at all with no rows",
        needs: WELL_FORMED,
        run: empty_request,
    },
    Test {
        family: Family::Data,
        name: "data.only_the_span_asked",
        must: "report of a part of the time what it reports of that part with the rest",
        needs: REPEATS,
        run: only_the_span_asked,
    },
    Test {
        family: Family::Data,
        name: "data.days_when_asked",
        must: "report local days to those who ask for days, also when it could report hours",
        needs: &["data.rows_well_formed", "data.whole_periods"],
        run: days_when_asked,
    },
    Test {
        family: Family::Data,
        name: "data.many_arms",
        must: "answer a request for 100 arms and 20 metrics",
        needs: REPEATS,
        run: many_arms,
    },
    Test {
        family: Family::Data,
        name: "data.unknown_arm_has_no_rows",
        must: "report nothing, not even a zero, of an arm that was never launched, or refuse to be asked",
        needs: &["data.rows_well_formed", "money.arms_are_separate"],
        run: unknown_arm_has_no_rows,
    },
    Test {
        family: Family::Data,
        name: "data.unknown_metric_has_no_rows",
        must: "report nothing, not even a zero, of a metric that it does not have",
        needs: WELL_FORMED,
        run: unknown_metric_has_no_rows,
    },
    Test {
        family: Family::Data,
        name: "data.restatement_ends",
        must: "restate no period that is older than its restatement days",
        needs: &["data.rows_well_formed", "data.same_request_same_rows", "data.cursor_resumes"],
        run: restatement_ends,
    },
];

/// A channel with two arms that have run for some days and five hours.
fn launched(bench: &Bench<'_>, days: usize) -> Result<Box<dyn Connection>, Stop> {
    bench.needs(&[Capability::Observe])?;
    let channel = bench.launched()?;
    bench.set_day(days, 5);
    Ok(channel)
}

fn rows_well_formed(bench: &Bench<'_>) -> Found {
    let mut channel = launched(bench, 3)?;
    let request = bench.request()?;
    let observed = bench.observe(&mut *channel, &request)?;
    ensure(!observed.rows.is_empty(), || "after three days nothing was reported".to_owned())?;
    for row in observed.rows.iter() {
        let metric = request.metrics.iter().find(|metric| metric.code == row.metric);
        if metric.is_some_and(|metric| metric.name == "spend") {
            ensure(row.sum >= 0.0 && row.sum.fract() == 0.0, || {
                format!("spend of {} is not in whole minor units", row.sum)
            })?;
        } else if row.count > 0 {
            // Cauchy and Schwarz: the mean of squares is at least the square of the mean.
            let least = row.sum * row.sum / row.count as f64;
            ensure(row.sum_sq >= least * (1.0 - 1e-9), || {
                format!("{} with sum {} cannot have a sum of squares of {}", row.count, row.sum, row.sum_sq)
            })?;
        }
    }
    Ok(())
}

fn whole_periods(bench: &Bench<'_>) -> Found {
    let mut channel = launched(bench, 3)?;
    let observed = bench.observe(&mut *channel, &bench.request()?)?;
    let starts = bench.period_starts_us(bench.description()?.grain);
    for start in observed.rows.period_start_us() {
        let Ok(at) = starts.binary_search(start) else {
            return Err(Stop::Fail(format!("no period starts at {start}")));
        };
        ensure(starts.get(at + 1).is_some_and(|end| *end <= bench.now_us()), || {
            format!("the period that starts at {start} is not over")
        })?;
    }
    Ok(())
}

fn same_request_same_rows(bench: &Bench<'_>) -> Found {
    let mut channel = launched(bench, 3)?;
    let request = bench.request()?;
    let first = bench.observe(&mut *channel, &request)?;
    let second = bench.observe(&mut *channel, &request)?;
    same(&table(&first), &table(&second), "asked twice")
}

fn cursor_resumes(bench: &Bench<'_>) -> Found {
    let mut channel = launched(bench, 2)?;
    let mut gathered = Table::new();
    let mut request = bench.request()?;
    for day in [2, 3, 5] {
        bench.set_day(day, 5);
        let observed = bench.observe(&mut *channel, &request)?;
        put(&mut gathered, observed.rows.iter());
        request = resumed(&request, &observed.after);
    }
    let whole = bench.observe(&mut *channel, &bench.request()?)?;
    same(&gathered, &table(&whole), "in three parts and at once")
}

fn fresh_until_is_kept(bench: &Bench<'_>) -> Found {
    let mut channel = launched(bench, 3)?;
    let request = bench.request()?;
    let first = bench.observe(&mut *channel, &request)?;
    let fresh = first.after.fresh_until_us;
    ensure(fresh <= bench.now_us(), || format!("it is fresh until {fresh}, now is {}", bench.now_us()))?;
    bench.set_day(5, 5);
    let second = bench.observe(&mut *channel, &request)?;
    ensure(second.after.fresh_until_us >= fresh, || "it was fresh until later before".to_owned())?;
    let (first, second) = (table(&first), table(&second));
    let starts = bench.period_starts_us(bench.description()?.grain);
    let is_settled = |start: i64| {
        let at = starts.partition_point(|other| *other <= start);
        starts.get(at).is_some_and(|end| *end <= fresh)
    };
    let new = second.keys().find(|key| is_settled(key.2) && !first.contains_key(key));
    ensure(new.is_none(), || format!("a period behind {fresh} was reported only later: {new:?}"))
}

fn only_what_was_asked(bench: &Bench<'_>) -> Found {
    let mut channel = launched(bench, 3)?;
    let mut request = bench.request()?;
    let whole = bench.observe(&mut *channel, &request)?;
    request.arms = vec![Coded { code: 17, name: bench.subject.arms[1].clone() }];
    request.metrics = vec![Coded { code: 4_000_000_000, name: bench.subject.metrics[0].clone() }];
    let part = bench.observe(&mut *channel, &request)?;
    let mut expected = Table::new();
    let of_part = whole.rows.iter().filter(|row| (row.arm, row.metric) == (2, 1));
    put(&mut expected, of_part.map(|row| gevinst_host::Row { arm: 17, metric: 4_000_000_000, ..row }));
    same(&expected, &table(&part), "with others and alone")
}

fn empty_request(bench: &Bench<'_>) -> Found {
    let mut channel = launched(bench, 3)?;
    let mut request = bench.request()?;
    request.to_us = request.from_us;
    // The host refuses rows outside the request, and every row would be.
    let terms = Terms { deadline: bench.options.deadline.max(Duration::from_secs(1)), ..bench.terms() };
    Ok(channel.observe(&request, terms).map(drop)?)
}

fn only_the_span_asked(bench: &Bench<'_>) -> Found {
    let mut channel = launched(bench, 4)?;
    let mut request = bench.request()?;
    let whole = bench.observe(&mut *channel, &request)?;
    (request.from_us, request.to_us) = (bench.midnight_us(1), bench.midnight_us(2));
    let part = bench.observe(&mut *channel, &request)?;
    let mut expected = Table::new();
    let span = request.from_us..request.to_us;
    put(&mut expected, whole.rows.iter().filter(|row| span.contains(&row.period_start_us)));
    same(&expected, &table(&part), "with the other days and alone")
}

fn days_when_asked(bench: &Bench<'_>) -> Found {
    let mut channel = launched(bench, 3)?;
    if bench.description()?.grain == Grain::Day {
        return Err(Stop::Skip("days are all that it reports".to_owned()));
    }
    let hours = bench.observe(&mut *channel, &bench.request()?)?;
    let request = ObserveRequest { grain: Grain::Day, ..bench.request()? };
    let days = bench.observe(&mut *channel, &request)?;
    ensure(!days.rows.is_empty(), || "it reports hours and no days".to_owned())?;
    let midnights = bench.period_starts_us(Grain::Day);
    for day in days.rows.iter() {
        let Ok(at) = midnights.binary_search(&day.period_start_us) else {
            return Err(Stop::Fail(format!("no day starts at {}", day.period_start_us)));
        };
        ensure(midnights[at + 1] <= bench.now_us(), || "a day that is not over was reported".to_owned())?;
        let is_part = |hour: &gevinst_host::Row| {
            (hour.arm, hour.metric) == (day.arm, day.metric)
                && (midnights[at]..midnights[at + 1]).contains(&hour.period_start_us)
        };
        // Money adds up to the unit; goals may be told late by the hour and by the day.
        if request.metrics.iter().any(|metric| metric.code == day.metric && metric.name == "spend") {
            let sum: f64 = hours.rows.iter().filter(is_part).map(|hour| hour.sum).sum();
            ensure(sum.to_bits() == day.sum.to_bits(), || {
                format!("the hours of a day add up to a spend of {sum}, the day says {}", day.sum)
            })?;
        }
    }
    Ok(())
}

fn many_arms(bench: &Bench<'_>) -> Found {
    let mut channel = launched(bench, 3)?;
    let mut request = bench.request()?;
    let few = bench.observe(&mut *channel, &request)?;
    let filler = |code: u32| Coded { code, name: format!("filler-{code:0>57}") };
    request.arms.push(filler(101));
    if let Err(HostError::Plugin(error)) = channel.observe(&request, bench.terms())
        && error.code == Code::BadRequest
    {
        return Err(Stop::Skip(format!("it refuses arms that it does not know: {error}")));
    }
    request.arms.pop();
    request.arms.extend((3..=100).map(filler));
    request.metrics.extend((3..=20).map(filler));
    let many = bench.observe(&mut *channel, &request)?;
    let mut ours = Table::new();
    put(&mut ours, many.rows.iter().filter(|row| row.arm <= 2 && row.metric <= 2));
    same(&table(&few), &ours, "alone and among 100 arms")
}

fn unknown_arm_has_no_rows(bench: &Bench<'_>) -> Found {
    bench.needs(&[Capability::Observe, Capability::Apply])?;
    let mut channel = bench.open()?;
    bench.apply(&mut *channel, &bench.launch(0))?;
    bench.set_day(3, 5);
    let mut request = bench.request()?;
    request.arms[1].name = "never-launched".to_owned();
    let observed = match channel.observe(&request, bench.terms()) {
        // To refuse is to report nothing.
        Err(HostError::Plugin(error)) if error.code == Code::BadRequest => return Ok(()),
        answer => answer?,
    };
    let zero = observed.rows.iter().find(|row| row.arm == 2);
    ensure(zero.is_none(), || format!("it reported {zero:?} of an arm that was never launched"))
}

fn unknown_metric_has_no_rows(bench: &Bench<'_>) -> Found {
    let mut channel = launched(bench, 3)?;
    if bench.description()?.metrics.iter().any(|metric| metric == "*") {
        return Err(Stop::Skip("it says that it has every metric".to_owned()));
    }
    let mut request = bench.request()?;
    request.metrics.push(Coded { code: 3, name: "no-such-metric".to_owned() });
    let observed = bench.observe(&mut *channel, &request)?;
    let zero = observed.rows.iter().find(|row| row.metric == 3);
    ensure(zero.is_none(), || format!("it reported {zero:?} of a metric that it does not have"))
}

fn restatement_ends(bench: &Bench<'_>) -> Found {
    let days = bench.description()?.restatement_days;
    let Some(first) = usize::try_from(days).ok().map(|days| days + 1).filter(|first| *first < 7) else {
        return Err(Stop::Skip(format!("it may restate for {days} days, longer than the test")));
    };
    let mut channel = launched(bench, first)?;
    let settled_us = bench.now_us() - i64::from(days) * 86_400_000_000;
    let request = bench.request()?;
    let starts = bench.period_starts_us(request.grain);
    let settled = |observed: &gevinst_host::Observed| {
        let ends = |start: i64| starts.get(starts.partition_point(|other| *other <= start)).copied();
        let mut rows = Table::new();
        let old =
            observed.rows.iter().filter(|row| ends(row.period_start_us).is_some_and(|end| end <= settled_us));
        put(&mut rows, old);
        rows
    };
    let before = settled(&bench.observe(&mut *channel, &request)?);
    bench.set_day(7, 5);
    let after = settled(&bench.observe(&mut *channel, &request)?);
    same(&before, &after, &format!("more than {days} days old, and later"))
}
