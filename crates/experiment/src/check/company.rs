//! Judges `gevinst.toml`.

use crate::{
    ChannelConfig, ChannelName, Company, GoalValue, Market, MetricName, Money, MonthGoal,
    diagnostic::Diagnostic,
    file::company::{RawChannel, RawCompany, RawMarket, RawMonth, RawValue},
    parse::value,
    read::{At, Findings, Map},
};

/// Judges the company's file.
pub(crate) fn company(raw: RawCompany, findings: &mut Findings<'_>) -> Option<Company> {
    let month = raw.month.and_then(|at| month(at.value, findings));
    let values = raw.values.and_then(|at| {
        let judged = at
            .value
            .0
            .into_iter()
            .map(|(name, value)| goal_value(value.value, findings).map(|v| (name.value, v)));
        // All are judged before one that failed makes the table fail.
        judged.collect::<Vec<_>>().into_iter().collect()
    });
    let market = raw.market.and_then(|at| market(at.value, raw.channels.as_ref(), findings));
    let channels = raw.channels.map(|at| {
        let config =
            |channel: RawChannel| ChannelConfig { plugin: channel.plugin.value, settings: channel.settings };
        at.value.0.into_iter().map(|(name, channel)| (name.value, config(channel.value))).collect()
    });
    let costs =
        raw.costs.map(|at| at.value.0.into_iter().map(|(name, amount)| (name.value, amount.value)).collect());
    let (month_budget, month_goal) = month?;
    Some(Company {
        currency: value(raw.currency)?,
        timezone: value(raw.timezone)?,
        mode: value(raw.mode)?,
        month_budget,
        month_goal,
        values: values?,
        channels: channels?,
        market,
        costs: costs?,
    })
}

fn month(raw: RawMonth, findings: &mut Findings<'_>) -> Option<(Money, Option<MonthGoal>)> {
    if let Some(budget) = &raw.budget {
        super::budget::above_zero(budget, findings);
    }
    let written = raw.goal.is_some();
    let goal = raw.goal.and_then(|goal| {
        Some(MonthGoal { metric: value(goal.value.metric)?, target: value(goal.value.target)?.0 })
    });
    if written && goal.is_none() {
        return None;
    }
    Some((value(raw.budget)?, goal))
}

fn market(
    raw: RawMarket,
    channels: Option<&At<Map<ChannelName, RawChannel>>>,
    findings: &mut Findings<'_>,
) -> Option<Market> {
    let source = raw.source.filter(|source| {
        // Channels that could not be read were told of already.
        let Some(channels) = channels else { return true };
        let names: Vec<&ChannelName> = channels.value.0.iter().map(|(name, _)| &name.value).collect();
        super::arms::known_channel(source, &names, findings)
    });
    let mut metrics: Vec<MetricName> = Vec::new();
    let list = raw.metrics?;
    if list.value.0.is_empty() {
        findings.push(
            Diagnostic::error(list.span, "`[market]` asks for nothing")
                .label("expected names of series, such as `brand_searches`"),
        );
    }
    let mut sound = true;
    for metric in list.value.0 {
        if metrics.contains(&metric.value) {
            sound = false;
            findings.push(
                Diagnostic::error(metric.span, format!("`{}` is named twice", metric.value))
                    .label("expected each series once"),
            );
        } else {
            metrics.push(metric.value);
        }
    }
    Some(Market { source: source?.value, metrics }).filter(|market| sound && !market.metrics.is_empty())
}

fn goal_value(raw: RawValue, findings: &mut Findings<'_>) -> Option<GoalValue> {
    if let Some(mean) = &raw.mean {
        super::budget::above_zero(mean, findings);
    }
    if let (Some(mean), Some(spread)) = (&raw.mean, &raw.spread)
        && spread.value.minor() > mean.value.minor().saturating_mul(3)
        && mean.value.minor() > 0
    {
        findings.push(
            Diagnostic::warning(
                spread.span.clone(),
                format!("a spread of more than three times the mean of {}", mean.value),
            )
            .label("this says that next to nothing is known of the value"),
        );
    }
    let mean = value(raw.mean)?;
    Some(GoalValue { mean, spread: value(raw.spread).unwrap_or(Money::zero(mean.currency())) })
}
