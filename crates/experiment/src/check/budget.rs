//! Judges what an experiment may spend.

use crate::{
    Amplify, Budget, Company, Exposure, Money, Month,
    diagnostic::Diagnostic,
    file::definition::{RawAmplify, RawBudget},
    parse::value,
    read::{At, Findings, section::Section},
};

/// Judges `[budget]`: money, or units of exposure where nothing is paid for them.
pub(crate) fn budget(raw: &RawBudget, per: Option<Exposure>, findings: &mut Findings<'_>) -> Option<Budget> {
    let in_money = [raw.total.as_ref().map(|at| &at.span), raw.daily_max.as_ref().map(|at| &at.span)];
    let in_exposure =
        [raw.total_exposure.as_ref().map(|at| &at.span), raw.daily_exposure.as_ref().map(|at| &at.span)];
    let money = in_money.into_iter().flatten().next();
    let exposure = in_exposure.into_iter().flatten().next();
    if let (Some(money), Some(exposure)) = (money, exposure) {
        findings.push(
            Diagnostic::error(exposure.clone(), "the budget is given in money and in exposure")
                .label("expected one or the other")
                .related(money.clone(), "in money here")
                .help("money where the platform is paid; exposure for a list of one's own, where nothing is paid"),
        );
        return None;
    }
    if let (Some(exposure), Some(Exposure::Spend)) = (exposure, per) {
        findings.push(
            Diagnostic::error(exposure.clone(), "a budget in exposure, but goals are counted per spend")
                .label("expected `total` and `daily_max` in money")
                .help("or say in `[goal]` what goals are counted per: `per = \"recipients\"`, `\"clicks\"` or `\"impressions\"`"),
        );
        return None;
    }
    if exposure.is_some() {
        let (total, daily_max) = both(
            raw,
            &raw.total_exposure,
            "total_exposure = 60000",
            &raw.daily_exposure,
            "daily_exposure = 2000",
            findings,
        )?;
        at_most_total(
            daily_max,
            total,
            daily_max.value.0 > total.value.0,
            &total.value.0.to_string(),
            findings,
        );
        return Some(Budget::Exposure { unit: per?, total: total.value.0, daily_max: daily_max.value.0 });
    }
    let code = findings.currency.map_or("NOK", crate::Currency::code);
    let (total, daily_max) = both(
        raw,
        &raw.total,
        &format!("total = \"40 000 {code}\""),
        &raw.daily_max,
        &format!("daily_max = \"2 500 {code}\""),
        findings,
    )?;
    let sound = above_zero(total, findings) & above_zero(daily_max, findings);
    if sound {
        at_most_total(
            daily_max,
            total,
            daily_max.value.minor() > total.value.minor(),
            &total.value.to_string(),
            findings,
        );
    }
    Some(Budget::Money { total: total.value, daily_max: daily_max.value })
}

/// Both of two keys that stand together, or a mistake for each that is missing.
fn both<'r, T>(
    raw: &RawBudget,
    first: &'r Option<At<T>>,
    first_example: &str,
    second: &'r Option<At<T>>,
    second_example: &str,
    findings: &mut Findings<'_>,
) -> Option<(&'r At<T>, &'r At<T>)> {
    for (value, example) in [(first, first_example), (second, second_example)] {
        let key = example.split(' ').next().unwrap_or_default();
        // A value that is there but wrong has its own mistake already; that is told from one that is not there by its key.
        if value.is_none() && !raw.head().has(key) && !findings.incomplete {
            findings.push(
                Diagnostic::error(raw.head().span.clone(), format!("`[budget]` lacks `{key}`"))
                    .label("how much may be spent")
                    .help(format!("add `{example}`")),
            );
        }
    }
    first.as_ref().zip(second.as_ref())
}

fn at_most_total<T>(
    daily: &At<T>,
    total: &At<T>,
    exceeds: bool,
    total_text: &str,
    findings: &mut Findings<'_>,
) {
    if exceeds {
        findings.push(
            Diagnostic::error(daily.span.clone(), "a day may use more than the whole month")
                .label(format!("expected at most {total_text}"))
                .related(total.span.clone(), "the month's total"),
        );
    }
}

/// What a budget means in its month and company.
pub(crate) fn fits_month(
    raw: Option<&At<RawBudget>>,
    budget: &Budget,
    month: Month,
    company: &Company,
    findings: &mut Findings<'_>,
) {
    let Some(raw) = raw.map(|at| &at.value) else { return };
    if let (Budget::Money { total, .. }, Some(at)) = (budget, &raw.total)
        && total.minor() > company.month_budget.minor()
    {
        findings.push(
            Diagnostic::error(
                at.span.clone(),
                format!("one experiment may spend more than the month's {}", company.month_budget),
            )
            .label(format!("expected at most {}", company.month_budget))
            .help("the month's budget stands in `gevinst.toml`, as `budget` in `[month]`"),
        );
    }
    if findings.has_errors() {
        return; // Sums that are mistaken already say nothing about each other.
    }
    let days = u64::from(month.day_count());
    let (total, daily) = (budget.total_units(), budget.daily_units());
    let reachable = daily.saturating_mul(days);
    let span = raw.daily_max.as_ref().map(|at| &at.span).or(raw.daily_exposure.as_ref().map(|at| &at.span));
    if let Some(span) = span.filter(|_| reachable < total && daily > 0) {
        let shown = |units: u64| match budget {
            Budget::Money { total, .. } => {
                Money::new(i64::try_from(units).unwrap_or(i64::MAX), total.currency()).to_string()
            }
            Budget::Exposure { unit, .. } => format!("{units} {unit}"),
        };
        findings.push(
            Diagnostic::warning(span.clone(), format!("the total of {} can never be used up", shown(total)))
                .label(format!("{days} days at this come to {}", shown(reachable)))
                .help(format!("for the whole total, allow {} a day", shown(total.div_ceil(days)))),
        );
    }
}

/// Judges `[amplify]`.
pub(crate) fn amplify(
    raw: RawAmplify,
    budget: Option<&Budget>,
    company: &Company,
    findings: &mut Findings<'_>,
) -> Option<Amplify> {
    if let Some(cost) = &raw.stop_when_marginal_cost_above {
        above_zero(cost, findings);
    }
    if let Some(up_to) = &raw.up_to {
        match budget {
            Some(Budget::Exposure { .. }) => findings.push(
                Diagnostic::error(raw.head().span.clone(), "amplifying needs a budget in money")
                    .label("the budget is given in exposure")
                    .help("leave `[amplify]` out, or give `total` and `daily_max` in `[budget]`"),
            ),
            Some(Budget::Money { total, .. }) if up_to.value.minor() <= total.minor() => findings.push(
                Diagnostic::error(
                    up_to.span.clone(),
                    format!("amplifying goes beyond the budget of {total}"),
                )
                .label(format!("expected more than {total}"))
                .help("leave `[amplify]` out to stay within the budget"),
            ),
            _ if up_to.value.minor() > company.month_budget.minor() => findings.push(
                Diagnostic::error(
                    up_to.span.clone(),
                    format!("amplified, it may spend more than the month's {}", company.month_budget),
                )
                .label(format!("expected at most {}", company.month_budget))
                .help("the month's budget stands in `gevinst.toml`, as `budget` in `[month]`"),
            ),
            _ => {}
        }
    }
    Some(Amplify {
        up_to: value(raw.up_to)?,
        stop_when_marginal_cost_above: value(raw.stop_when_marginal_cost_above),
    })
}

/// Whether an amount is more than nothing; zero leaves a mistake.
pub(crate) fn above_zero(at: &At<Money>, findings: &mut Findings<'_>) -> bool {
    if at.value.is_zero() {
        findings
            .push(Diagnostic::error(at.span.clone(), "an amount of zero").label("expected more than zero"));
    }
    !at.value.is_zero()
}
