//! Judges `gevinst.toml`.

use crate::{
    ChannelConfig, Company, GoalValue, Money, MonthGoal,
    diagnostic::Diagnostic,
    file::company::{RawCompany, RawMonth, RawValue},
    parse::value,
    read::Findings,
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
    let channels = raw.channels.map(|at| {
        let config = |channel: crate::file::company::RawChannel| ChannelConfig {
            plugin: channel.plugin.value,
            settings: channel.settings,
        };
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
