//! The market's series: searches for the company's name, direct visits. They belong to no arm and decide nothing; the reports
//! show them beside what the experiments brought.
//!
//! A channel that only reports is asked, in the name of no experiment, for the arm [`MARKET_ARM`] by day. Such series are
//! completed and corrected late, so each step asks for the month before as well.

use gevinst_abi::wire::{Capability, Coded, Grain, ObserveRequest};
use gevinst_experiment::{Company, Market, Month, Period};
use gevinst_ledger::fact::{PluginAccepted, PluginPin};
use gevinst_ledger::{Batch, Fact, Ledger, MARKET_ARM, Row, Value};

use crate::Error;
use crate::observe::{Failed, Observed};
use crate::port::{PortError, Ports};

/// The experiment that a question in the name of none has.
const NO_EXPERIMENT: &str = "";

/// Asks for the market's series, where the company has some, and records the answer. A channel that fails is part of the result.
///
/// # Errors
/// Those of the ledger.
pub fn observe(
    company: &Company,
    ledger: &mut Ledger,
    ports: &mut dyn Ports,
    now_us: i64,
) -> Result<Observed, Error> {
    let mut observed = Observed::default();
    let (Some(market), Some(days)) = (&company.market, days(company, now_us)) else { return Ok(observed) };
    let channel = market.source.as_str();
    let fail =
        |error: PortError| Failed { channel: channel.to_owned(), message: error.message, hint: error.hint };
    let request = request(company, market, &days);
    let answer = source(channel, ports).and_then(|pin| {
        ports.port(NO_EXPERIMENT, channel)?.observe(&request, now_us).map(|answer| (pin, answer))
    });
    let (pin, (rows, after)) = match answer {
        Ok(answer) => answer,
        Err(error) => {
            observed.failed.push(fail(error));
            return Ok(observed);
        }
    };
    // Pinned at its first use, as a launch pins the libraries of its channels.
    if ledger.plugin_pin(&pin.id)?.is_none() {
        let by = "gevinst run, at its first use".to_owned();
        let accepted = PluginAccepted { id: pin.id, version: pin.version, sha256: pin.sha256, by };
        ledger.append(now_us, None, vec![Fact::PluginAccepted(accepted)])?;
    }
    let named: Option<Vec<Row<'_>>> = rows
        .iter()
        .map(|row| {
            let metric = request.metrics.iter().find(|metric| metric.code == row.metric && row.arm == 1)?;
            days.binary_search_by_key(&row.period_start_us, |day| day.start_us).ok()?;
            Some(Row {
                arm: MARKET_ARM,
                metric: &metric.name,
                period_start_us: row.period_start_us,
                value: Value { count: row.count, sum: row.sum, sum_sq: row.sum_sq },
            })
        })
        .collect();
    let Some(named) = named else {
        let message = "reported a series or a day that was not asked for";
        observed.failed.push(fail(PortError::new(message)));
        return Ok(observed);
    };
    let batch = Batch {
        channel,
        from_us: request.from_us,
        to_us: request.to_us,
        cursor: None,
        fresh_until_us: Some(after.fresh_until_us),
        rows: &named,
    };
    match ledger.observe_market(now_us, &batch) {
        Ok(summary) => {
            observed.rows_new = summary.rows_new;
            observed.rows_restated = summary.rows_restated;
        }
        Err(error @ gevinst_ledger::Error::BadObservation { .. }) => {
            let hint = error.hint().map(str::to_owned);
            observed.failed.push(fail(PortError { message: error.to_string(), hint }));
        }
        Err(error) => return Err(error.into()),
    }
    Ok(observed)
}

/// The days of the month before and of this one that are over, in the company's timezone.
fn days(company: &Company, now_us: i64) -> Option<Vec<Period>> {
    let today = company.timezone.date_at(now_us)?;
    let this = Month::of(today)?;
    let before = Month::of(this.first_day().yesterday().ok()?)?;
    let mut days = before.days(&company.timezone);
    days.extend(this.days(&company.timezone));
    days.retain(|day| day.end_us <= now_us);
    Some(days)
}

fn request(company: &Company, market: &Market, days: &[Period]) -> ObserveRequest {
    let metrics = market.metrics.iter().zip(1..);
    ObserveRequest {
        experiment: NO_EXPERIMENT.to_owned(),
        arms: vec![Coded { code: 1, name: MARKET_ARM.to_owned() }],
        metrics: metrics.map(|(metric, code)| Coded { code, name: metric.to_string() }).collect(),
        grain: Grain::Day,
        timezone: company.timezone.name().to_owned(),
        from_us: days.first().map_or(0, |day| day.start_us),
        to_us: days.last().map_or(0, |day| day.end_us),
        cursor: None,
    }
}

/// The library behind the source, which must be able to report.
fn source(channel: &str, ports: &mut dyn Ports) -> Result<PluginPin, PortError> {
    let pin = ports.pin(NO_EXPERIMENT, channel)?;
    let description = ports.port(NO_EXPERIMENT, channel)?.description();
    if description.capabilities.contains(&Capability::Observe) {
        return Ok(pin);
    }
    Err(PortError::new(format!("its plugin `{}` reports nothing", pin.id)))
}
