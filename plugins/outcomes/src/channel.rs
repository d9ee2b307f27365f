//! The channel: everything is read anew at every observation, and every period until the freshness has its row.

use std::collections::BTreeMap;

use gevinst_sdk::periods::{self, Period};
use gevinst_sdk::wire::{Capability, Command, Description, ObserveRequest, Query, Receipt, State};
use gevinst_sdk::{Channel, Error, Host, Observations, Row, config_schema};
use jiff::tz::TimeZone;

use crate::config::{Columns, Config, Files};
use crate::drops::{self, Count};
use crate::funnel::{EXPECTED_VALUE, Funnel, HOURS_TO_FIRST_ANSWER, REVENUE, Standing};
use crate::hubspot::{self, HubSpot};
use crate::market::{MARKET_ARM, Market};
use crate::moment;
use crate::person::{self, BadRow, Hidden, Keys, Reader, Record};
use crate::tags::Tags;

/// How long outcomes may still change what is known of a day: people move on for a year.
const RESTATEMENT_DAYS: u32 = 365;
/// Seconds of an hour.
const HOUR_S: f64 = 3600.0;

/// A CRM, and the market's series.
pub struct Outcomes {
    config: Config,
    host: Host,
    zone: TimeZone,
    funnel: Funnel,
    keys: Keys,
    hubspot: Option<HubSpot>,
    market: Option<Market>,
}

/// Everything that the CRM's sources know.
struct Known {
    people: Vec<Record>,
    clicks: BTreeMap<Hidden, (Tags, Option<i64>)>,
    /// Until when they know it, in µs UTC.
    fresh_until_us: i64,
}

impl Channel for Outcomes {
    type Config = Config;

    fn describe() -> Description {
        Description {
            capabilities: vec![Capability::Observe],
            restatement_days: RESTATEMENT_DAYS,
            config_schema: config_schema::<Config>(),
            ..Description::new("outcomes", env!("CARGO_PKG_VERSION"))
        }
    }

    fn open(config: Config, host: Host) -> Result<Self, Error> {
        let zone = gevinst_http::days::zone("/timezone", &config.timezone)?;
        if gevinst_http::currency_digits(&config.currency).is_err() {
            return Err(Error::bad_config("/currency", "expected a code of ISO 4217, such as `NOK`"));
        }
        if !(0.0..=1.0).contains(&config.bad_rows_max) {
            return Err(Error::bad_config("/bad_rows_max", "expected a number from 0 to 1"));
        }
        if config.files.is_none() && config.hubspot.is_none() && config.market.is_none() {
            return Err(Error::bad_config(
                "",
                "expected `files`, `hubspot` or `market`: there is nothing to read",
            ));
        }
        let separators = [
            ("/files/separator", config.files.as_ref().map(|files| files.separator)),
            ("/clicks/separator", config.clicks.as_ref().map(|clicks| clicks.separator)),
        ];
        for (field, separator) in separators {
            if separator.is_some_and(|separator| !separator.is_ascii()) {
                return Err(Error::bad_config(field, "expected one ASCII character"));
            }
        }
        let funnel = Funnel::new(&config)?;
        let hubspot = config.hubspot.as_ref().map(|config| HubSpot::open(config, &host)).transpose()?;
        let market = config.market.as_ref().map(|config| Market::open(config, &host)).transpose()?;
        Ok(Self { config, host, zone, funnel, keys: Keys::default(), hubspot, market })
    }

    fn check(&mut self) -> Result<(), Error> {
        if let Some(files) = &self.config.files {
            drops::list("/files/folder", &files.folder, files.fresh, &self.zone)?;
        }
        if let Some(clicks) = &self.config.clicks {
            drops::list("/clicks/folder", &clicks.folder, Default::default(), &self.zone)?;
        }
        if let Some(market) = &self.market {
            market.check(self.host.now_us(), &self.zone)?;
        }
        self.hubspot.as_ref().map_or(Ok(()), HubSpot::check)
    }

    fn apply(&mut self, _: &Command) -> Result<Receipt, Error> {
        Err(Error::unsupported("a source of outcomes has no arms to command"))
    }

    fn query(&mut self, _: &Query) -> Result<State, Error> {
        Err(Error::unsupported("a source of outcomes has no arms to ask for"))
    }

    fn observe(&mut self, request: &ObserveRequest) -> Result<Observations, Error> {
        let now_us = self.host.now_us();
        let mut count = Count::new(&self.host);
        let mut rows = Vec::new();
        let mut fresh_until_us = now_us;
        let market_arm = |name: &str| self.market.as_ref().filter(|_| is_market(request, name));
        if request.arms.iter().any(|arm| market_arm(&arm.name).is_none()) {
            let known = self.known(&mut count, now_us)?;
            fresh_until_us = known.fresh_until_us.min(now_us);
            let periods = periods::whole(request, fresh_until_us)?;
            rows.extend(self.tally(&known, request, &periods, fresh_until_us));
        }
        let periods = periods::whole(request, fresh_until_us)?;
        let mut reported_until_us = periods.last().map_or(request.from_us, |last| last.end_us);
        for arm in &request.arms {
            let Some(market) = market_arm(&arm.name) else { continue };
            let metrics: Vec<(u32, &str)> =
                request.metrics.iter().map(|metric| (metric.code, metric.name.as_str())).collect();
            let series = market.rows(arm.code, &metrics, &periods, &self.zone, &mut count)?;
            // A series tells its newest days late: it is known as far as it has rows.
            let last = periods
                .iter()
                .rev()
                .find(|period| series.iter().any(|row| row.period_start_us == period.start_us));
            reported_until_us = reported_until_us.min(last.map_or(request.from_us, |last| last.end_us));
            rows.extend(series);
        }
        count.finish(self.config.bad_rows_max)?;
        Ok(Observations::new(rows, None, reported_until_us))
    }
}

impl Outcomes {
    /// Reads every source.
    fn known(&self, count: &mut Count<'_>, now_us: i64) -> Result<Known, Error> {
        let mut records = Vec::new();
        let mut fresh_until_us = i64::MAX;
        if let Some(files) = &self.config.files {
            fresh_until_us = self.read_files(files, &mut records, count)?;
        }
        if let (Some(hubspot), Some(config)) = (&self.hubspot, &self.config.hubspot) {
            let reader = self.reader(&config.properties);
            hubspot.read(|number, value| {
                let read = reader.read(|property| hubspot::cell(value, property), now_us);
                count.note(|| format!("HubSpot's record {number}"), read.as_ref().err());
                records.extend(read);
            })?;
            fresh_until_us = fresh_until_us.min(now_us);
        }
        let clicks = self.read_clicks(count)?;
        // A market's file alone knows nothing of people.
        let has_people = self.config.files.is_some() || self.hubspot.is_some();
        let fresh_until_us = if has_people { fresh_until_us } else { i64::MIN };
        Ok(Known { people: person::merge(records), clicks, fresh_until_us })
    }

    /// Reads the drops, and tells until when they know everything.
    fn read_files(
        &self,
        files: &Files,
        records: &mut Vec<Record>,
        count: &mut Count<'_>,
    ) -> Result<i64, Error> {
        let reader = self.reader(&files.columns);
        let needed = [files.columns.id.as_str(), files.columns.created.as_str()];
        let mut reaches_us = i64::MIN;
        for drop in drops::list("/files/folder", &files.folder, files.fresh, &self.zone)? {
            reaches_us = reaches_us.max(drop.reaches_us.unwrap_or(i64::MIN));
            let version_us = drop.reaches_us.unwrap_or(i64::MIN);
            drops::read(&drop, files.separator, &needed, count, |cells| {
                records.push(reader.read(|column| cells.get(column), version_us)?);
                Ok(())
            })?;
        }
        Ok(reaches_us)
    }

    /// Reads which click came from which arm; of a click that is told twice the earlier counts.
    fn read_clicks(&self, count: &mut Count<'_>) -> Result<BTreeMap<Hidden, (Tags, Option<i64>)>, Error> {
        let mut clicks: BTreeMap<Hidden, (Tags, Option<i64>)> = BTreeMap::new();
        let Some(config) = &self.config.clicks else { return Ok(clicks) };
        let mut needed = vec![config.click_id.as_str(), &config.experiment, &config.arm];
        needed.extend(config.at.as_deref());
        for drop in drops::list("/clicks/folder", &config.folder, Default::default(), &self.zone)? {
            drops::read(&drop, config.separator, &needed, count, |cells| {
                let cell = |column: &str| cells.get(column).map(str::trim).filter(|text| !text.is_empty());
                let bad = |column: &str, expected: &str| BadRow {
                    column: column.to_owned(),
                    expected: expected.to_owned(),
                };
                let id =
                    cell(&config.click_id).ok_or_else(|| bad(&config.click_id, "expected a click id"))?;
                let tags = cell(&config.experiment).zip(cell(&config.arm));
                let tags = tags
                    .and_then(|(experiment, arm)| Tags::of(experiment, arm))
                    .ok_or_else(|| bad(&config.arm, "expected an experiment and an arm"))?;
                let at_us = match config.at.as_deref().and_then(|column| Some((column, cell(column)?))) {
                    None => None,
                    Some((column, text)) => Some(
                        moment::parse(text, &self.zone)
                            .ok_or_else(|| bad(column, "expected a time such as 2026-11-03T10:00:00Z"))?,
                    ),
                };
                let click = (tags, at_us);
                let place = clicks.entry(self.keys.hide(id)).or_insert_with(|| click.clone());
                // Without a time it says less than with one; otherwise the earlier, then the lesser names.
                let order = |click: &(Tags, Option<i64>)| (click.1.unwrap_or(i64::MAX), click.0.clone());
                if order(&click) < order(place) {
                    *place = click;
                }
                Ok(())
            })?;
        }
        Ok(clicks)
    }

    fn reader<'c>(&'c self, columns: &'c Columns) -> Reader<'c> {
        Reader {
            columns,
            zone: &self.zone,
            currency: &self.config.currency,
            funnel: &self.funnel,
            keys: &self.keys,
        }
    }

    /// Counts the people of the request's arms by period.
    fn tally(&self, known: &Known, request: &ObserveRequest, periods: &[Period], fresh_us: i64) -> Vec<Row> {
        let arms: Vec<_> = request
            .arms
            .iter()
            .filter(|arm| self.market.is_none() || !is_market(request, &arm.name))
            .collect();
        let metrics: Vec<(u32, Figure)> = request
            .metrics
            .iter()
            .filter_map(|metric| Some((metric.code, self.figure(&metric.name)?)))
            .collect();
        let mut totals = vec![Total::default(); arms.len() * periods.len() * metrics.len()];
        for record in &known.people {
            let click = record.click.and_then(|click| known.clicks.get(&click));
            let Some(tags) = record.tags.as_ref().or(click.map(|(tags, _)| tags)) else { continue };
            let touched = click.and_then(|(_, at_us)| *at_us).or(record.touched_us).or(record.created_us);
            let (Some(at_us), true) = (touched, tags.experiment == request.experiment) else { continue };
            let arm = arms.iter().position(|arm| arm.name == tags.arm);
            let period = periods.partition_point(|period| period.end_us <= at_us);
            let is_in = periods.get(period).is_some_and(|period| period.start_us <= at_us);
            let (Some(arm), true) = (arm, is_in) else { continue };
            for (place, (_, figure)) in metrics.iter().enumerate() {
                if let Some(amount) = self.amount(record, *figure, fresh_us) {
                    totals[(arm * periods.len() + period) * metrics.len() + place].add(amount);
                }
            }
        }
        let mut rows = Vec::with_capacity(totals.len());
        let mut totals = totals.iter();
        for arm in &arms {
            for period in periods {
                for ((code, figure), total) in metrics.iter().zip(&mut totals) {
                    rows.push(total.row(period.start_us, arm.code, *code, *figure));
                }
            }
        }
        rows
    }

    /// What a metric asks for; `None` for one that no CRM knows.
    fn figure(&self, metric: &str) -> Option<Figure> {
        match metric {
            EXPECTED_VALUE => {
                let known = self.funnel.has_values() || self.knows(|columns| columns.value.is_some());
                known.then_some(Figure::Value)
            }
            REVENUE => self.knows(|columns| columns.value.is_some()).then_some(Figure::Revenue),
            HOURS_TO_FIRST_ANSWER => self.knows(|columns| columns.answered.is_some()).then_some(Figure::Wait),
            _ => self.funnel.stage(metric).map(Figure::Stage),
        }
    }

    /// Whether a record could say this.
    fn knows(&self, column: impl Fn(&Columns) -> bool) -> bool {
        let files = self.config.files.iter().map(|files| &files.columns);
        files.chain(self.config.hubspot.iter().map(|hubspot| &hubspot.properties)).any(column)
    }

    /// What someone adds to a figure: 1, minor units, or seconds.
    fn amount(&self, record: &Record, figure: Figure, fresh_us: i64) -> Option<i64> {
        // Who has no stage yet is at the first.
        let standing = record.standing.unwrap_or(Standing::At(0));
        let reached = Funnel::reached(standing)?;
        match figure {
            Figure::Stage(stage) => (stage <= reached).then_some(1),
            Figure::Value => self.funnel.worth_minor(standing, record.score_milli, record.value_minor),
            Figure::Revenue if self.funnel.is_customer(standing) => record.value_minor,
            Figure::Revenue => None,
            // Who still waits has waited until now: left out, the slowest answers would look like none.
            Figure::Wait if record.answered_us.is_none() && standing == Standing::Lost => None,
            Figure::Wait => {
                let until_us = record.answered_us.unwrap_or(fresh_us);
                Some(((until_us - record.created_us?) / 1_000_000).max(0))
            }
        }
    }
}

/// Whether the market's series are meant: they are asked for in the name of no experiment, since one may have an arm of that name.
fn is_market(request: &ObserveRequest, arm: &str) -> bool {
    request.experiment.is_empty() && arm == MARKET_ARM
}

/// What is counted or summed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Figure {
    /// People who reached a stage.
    Stage(usize),
    /// What they are worth, in minor units.
    Value,
    /// What customers brought by their own records, in minor units.
    Revenue,
    /// How long they waited; summed in seconds, told in hours.
    Wait,
}

/// Sums of whole numbers, so that no order of people changes a bit.
#[derive(Clone, Copy, Debug, Default)]
struct Total {
    count: u64,
    sum: i128,
    sum_sq: i128,
}

impl Total {
    fn add(&mut self, amount: i64) {
        let amount = i128::from(amount);
        self.count += 1;
        self.sum += amount;
        self.sum_sq += amount * amount;
    }

    fn row(&self, period_start_us: i64, arm: u32, metric: u32, figure: Figure) -> Row {
        let unit = if figure == Figure::Wait { HOUR_S } else { 1.0 };
        Row {
            period_start_us,
            arm,
            metric,
            count: self.count,
            sum: self.sum as f64 / unit,
            sum_sq: self.sum_sq as f64 / (unit * unit),
        }
    }
}
