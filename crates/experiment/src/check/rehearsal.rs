//! Judges what a rehearsal takes for true.

use std::collections::{BTreeMap, BTreeSet};

use super::past_results;
use crate::{
    ArmName, Budget, Delay, Exposure, GoalKind, Money, Price, Ratio, Rehearsal, Restate, TrueRates,
    TrueValue, TruthSource, Truths,
    diagnostic::Diagnostic,
    file::definition::{RawRehearsal, RawRestate},
    parse::value,
    read::{At, Findings, Map, section::Section},
    suggest::{nearest, one_of},
};

/// What the rest of the definition says; `None` where that could not be read.
pub(crate) struct Surroundings<'d> {
    pub(crate) arms: Option<&'d [ArmName]>,
    pub(crate) per: Option<Exposure>,
    pub(crate) kind: Option<GoalKind>,
    pub(crate) budget: Option<&'d Budget>,
    pub(crate) delay: Option<&'d Delay>,
}

/// Judges `[rehearsal]`.
pub(crate) fn rehearsal(
    raw: RawRehearsal,
    around: &Surroundings<'_>,
    findings: &mut Findings<'_>,
) -> Option<Rehearsal> {
    let price = price(&raw, around, findings);
    if let (Some(delay), Some(known)) = (&raw.delay, around.delay)
        && delay.value > known.complete_after
    {
        findings.push(
            Diagnostic::warning(
                delay.span.clone(),
                format!("half of the goals come later than `complete_after`, {}", known.complete_after),
            )
            .label("the month closes before most goals have arrived"),
        );
    }
    let restate_written = raw.restate.is_some();
    let restate = raw.restate.as_ref().and_then(|at| restate(&at.value, findings));
    let source = match &raw.data {
        Some(data) => {
            past_results::stated_beside(&raw, findings);
            past_results::past_results(&data.value, around, findings).map(TruthSource::Data)
        }
        None => truths(&raw, around, findings).map(TruthSource::Stated),
    };
    if restate_written && restate.is_none() {
        return None;
    }
    Some(Rehearsal {
        source: source?,
        delay: value(raw.delay)?,
        restate,
        price: price?,
        seed: value(raw.seed)?.0,
    })
}

/// What money buys: asked for where goals are counted per something that the budget does not count.
fn price(
    raw: &RawRehearsal,
    around: &Surroundings<'_>,
    findings: &mut Findings<'_>,
) -> Option<Option<Price>> {
    if let Some(price) = &raw.price {
        super::budget::above_zero(price, findings);
    }
    let written = raw
        .price
        .as_ref()
        .map(|at| at.span.clone())
        .or(raw.exposures_per_day.as_ref().map(|at| at.span.clone()));
    if let (Some(price), Some(exposures)) = (&raw.price, &raw.exposures_per_day) {
        findings.push(
            Diagnostic::error(
                exposures.span.clone(),
                "`price` and `exposures_per_day` say the same thing twice",
            )
            .label("expected one of them")
            .related(price.span.clone(), "the price"),
        );
        return None;
    }
    let (Some(per), Some(budget)) = (around.per, around.budget) else { return Some(None) };
    let needed = per != Exposure::Spend && matches!(budget, Budget::Money { .. });
    match (needed, written) {
        (true, None) if raw.rates.is_some() => {
            let example = findings.currency.map_or("NOK", crate::Currency::code);
            findings.push(
                Diagnostic::error(
                    raw.head().span.clone(),
                    format!("rates are per {per}, and it is not said how many the money buys"),
                )
                .label("expected `price` or `exposures_per_day`")
                .help(format!(
                    "add `price = \"4.50 {example}\"`, what one of them costs, or `exposures_per_day = 500`"
                )),
            );
            None
        }
        (true, None) => Some(None),
        (false, Some(span)) => {
            let why = match budget {
                Budget::Money { .. } => "goals are counted per spend",
                Budget::Exposure { .. } => "the budget is not in money",
            };
            findings.push(
                Diagnostic::error(span, format!("nothing has a price here: {why}"))
                    .label("expected neither `price` nor `exposures_per_day`"),
            );
            None
        }
        (false, None) => Some(None),
        (true, Some(_)) => Some(match (&raw.price, &raw.exposures_per_day) {
            (Some(price), _) => Some(Price::Each(price.value)),
            (None, Some(exposures)) => Some(Price::PerDay(exposures.value.0)),
            (None, None) => None,
        }),
    }
}

fn restate(raw: &RawRestate, findings: &mut Findings<'_>) -> Option<Restate> {
    super::within_ratio(
        &raw.share,
        |r| r >= Ratio::ZERO && r <= Ratio::ONE,
        "a part from 0 % to 100 %",
        findings,
    );
    super::within_ratio(
        &raw.by,
        |r| r >= Ratio::ZERO && r < Ratio::ONE,
        "a part from 0 % to below 100 %",
        findings,
    );
    Some(Restate {
        share: raw.share.as_ref()?.value,
        after: raw.after.as_ref()?.value,
        by: raw.by.as_ref()?.value,
    })
}

fn truths(raw: &RawRehearsal, around: &Surroundings<'_>, findings: &mut Findings<'_>) -> Option<Truths> {
    let rates = rates(raw, around, findings);
    let value = true_value(raw, around, findings);
    let weekdays = raw.weekdays.as_ref().map(|at| {
        let days: Vec<f64> = at.value.0.iter().map(|day| day.value.0).collect();
        let seven =
            <[f64; 7]>::try_from(days.as_slice()).ok().filter(|days| days.iter().any(|&day| day > 0.0));
        if seven.is_none() {
            findings.push(
                Diagnostic::error(
                    at.span.clone(),
                    if days.len() == 7 {
                        "no weekday has any demand".to_owned()
                    } else {
                        format!("{} weekdays", days.len())
                    },
                )
                .label("expected seven numbers, from Monday to Sunday"),
            );
        }
        seven
    });
    for (at, limit, expected) in [
        (&raw.day_noise, 10.0, "a number from 0 to 10"),
        (&raw.saturation, 0.999, "a number from 0 to below 1"),
    ] {
        super::within(at, |number| number <= limit, expected, findings);
    }
    super::within_ratio(
        &raw.drift,
        |r| r > Ratio::percent(-100) && r <= Ratio::percent(1000),
        "a change above -100 % and up to 1000 %",
        findings,
    );
    Some(Truths {
        rates: rates?,
        weekdays: weekdays.unwrap_or(Some([1.0; 7]))?,
        day_noise: raw.day_noise.as_ref().map_or(0.0, |at| at.value.0),
        drift: raw.drift.as_ref().map_or(Ratio::ZERO, |at| at.value),
        value: value?,
        saturation: raw.saturation.as_ref().map_or(0.0, |at| at.value.0),
    })
}

/// What a goal is worth: asked for where values are judged, and of no use where they are not.
fn true_value(
    raw: &RawRehearsal,
    around: &Surroundings<'_>,
    findings: &mut Findings<'_>,
) -> Option<Option<TrueValue>> {
    let valued = matches!(around.kind, Some(GoalKind::Value | GoalKind::Ratio));
    match &raw.value {
        None if valued && !raw.head().has("value") => {
            let code = findings.currency.map_or("NOK", crate::Currency::code);
            findings.push(
                Diagnostic::error(
                    raw.head().span.clone(),
                    "values are judged, and it is not said what a goal is worth",
                )
                .label("expected `value`")
                .help(format!("add `value = {{ mean = \"900 {code}\", spread = \"1 200 {code}\" }}`")),
            );
            None
        }
        None => Some(None),
        Some(value) if !valued && around.kind.is_some() => {
            findings.push(
                Diagnostic::warning(value.span.clone(), "`value` is not used: goals are only counted")
                    .label("stated beside `kind = \"count\"`")
                    .help("remove it, or write `kind = \"value\"` in `[goal]`"),
            );
            Some(None)
        }
        Some(at) => {
            let mean = at.value.mean.as_ref()?;
            let sound = super::budget::above_zero(mean, findings);
            let spread = at.value.spread.as_ref().map(|spread| spread.value);
            let enormous = spread.is_some_and(|spread| spread.minor() / 1_000 > mean.value.minor());
            if let Some(spread) = at.value.spread.as_ref().filter(|_| enormous) {
                findings.push(
                    Diagnostic::error(spread.span.clone(), "a spread beyond a thousand times the mean")
                        .label("expected less"),
                );
            }
            let spread = spread.unwrap_or(Money::zero(mean.value.currency()));
            (sound && !enormous).then_some(Some(TrueValue { mean: mean.value, spread }))
        }
    }
}

fn rates(raw: &RawRehearsal, around: &Surroundings<'_>, findings: &mut Findings<'_>) -> Option<TrueRates> {
    let per_day = raw.goals_per_day.as_ref().map(|at| &at.span).or(raw.arms.as_ref().map(|at| &at.span));
    match (&raw.rates, per_day) {
        (Some(rates), Some(relative)) => {
            findings.push(
                Diagnostic::error(rates.span.clone(), "true rates are given in two ways")
                    .label("expected either `rates`, or `goals_per_day` and `arms`")
                    .related(relative.clone(), "relative to each other here"),
            );
            None
        }
        (Some(rates), None) => {
            if around.per == Some(Exposure::Spend) {
                findings.push(
                    Diagnostic::error(rates.span.clone(), "rates per unit of spend are not written")
                        .label("expected `goals_per_day` and `arms`")
                        .help("rates are for goals that are counted per impressions, clicks or recipients"),
                );
                return None;
            }
            let whole = covers_arms(rates, around.arms, "a true rate", findings);
            let mut sound = true;
            for (_, rate) in &rates.value.0 {
                sound &= super::within_ratio(
                    &Some(rate.clone()),
                    |r| r >= Ratio::ZERO && r <= Ratio::ONE,
                    "a part from 0 % to 100 %",
                    findings,
                );
            }
            let rates_of = table(rates, |rate| *rate);
            (whole && sound && positive(rates, rates_of.values().any(|&r| r > Ratio::ZERO), findings))
                .then_some(TrueRates::PerExposure(rates_of))
        }
        (None, _) => relative(raw, around, findings),
    }
}

fn relative(raw: &RawRehearsal, around: &Surroundings<'_>, findings: &mut Findings<'_>) -> Option<TrueRates> {
    let unread = findings.incomplete;
    for (missing, key, example) in [
        (raw.goals_per_day.is_none(), "goals_per_day", "goals_per_day = 3"),
        (raw.arms.is_none(), "arms", "arms = { product = 1.0, problem = 1.3 }"),
    ] {
        if missing && !unread && !raw.head().has(key) {
            findings.push(
                Diagnostic::error(raw.head().span.clone(), format!("`[rehearsal]` lacks `{key}`"))
                    .label("what might be true")
                    .help(format!("add `{example}`, or take past results by `[rehearsal.data]`")),
            );
        }
    }
    if let Some(goals) = raw.goals_per_day.as_ref().filter(|at| at.value.0 <= 0.0 || at.value.0 > 1e9) {
        findings.push(
            Diagnostic::error(goals.span.clone(), "a value out of range")
                .label("expected a number above 0, up to 10⁹"),
        );
    }
    let arms = raw.arms.as_ref()?;
    let whole = covers_arms(arms, around.arms, "a true rate", findings);
    let rates = table(arms, |number| number.0);
    if !(whole && positive(arms, rates.values().any(|&rate| rate > 0.0), findings)) {
        return None;
    }
    let goals_per_day = raw.goals_per_day.as_ref()?;
    if around.per == Some(Exposure::Recipients)
        && let Some(Budget::Exposure { daily_max, .. }) = around.budget
    {
        let mean = rates.values().sum::<f64>() / rates.len() as f64;
        let best = rates.values().fold(0.0, |best: f64, &rate| best.max(rate));
        if goals_per_day.value.0 * best / mean > *daily_max as f64 {
            findings.push(
                Diagnostic::error(
                    goals_per_day.span.clone(),
                    format!("more goals than recipients: {daily_max} a day are written to"),
                )
                .label("expected so few that even the best arm stays below one each"),
            );
            return None;
        }
    }
    Some(TrueRates::Relative { goals_per_day: goals_per_day.value.0, arms: rates })
}

pub(super) fn table<V, W>(map: &At<Map<ArmName, V>>, convert: impl Fn(&V) -> W) -> BTreeMap<ArmName, W> {
    map.value.0.iter().map(|(arm, value)| (arm.value.clone(), convert(&value.value))).collect()
}

fn positive<V>(map: &At<Map<ArmName, V>>, any: bool, findings: &mut Findings<'_>) -> bool {
    if !any && !map.value.0.is_empty() {
        findings.push(
            Diagnostic::error(map.span.clone(), "no arm has a rate above zero")
                .label("expected one at least"),
        );
    }
    any
}

/// Whether a table names exactly the experiment's arms; each one too many or missing leaves a mistake.
pub(super) fn covers_arms<V>(
    map: &At<Map<ArmName, V>>,
    arms: Option<&[ArmName]>,
    what: &str,
    findings: &mut Findings<'_>,
) -> bool {
    let Some(arms) = arms else { return true };
    let named = || map.value.0.iter().map(|(arm, _)| arm);
    let missing: Vec<&str> =
        arms.iter().filter(|arm| !named().any(|name| name.value == **arm)).map(ArmName::as_str).collect();
    let distinct: BTreeSet<&str> = arms.iter().map(ArmName::as_str).collect();
    let mut complete = true;
    let mut mistaken = Vec::new();
    for name in named().filter(|name| !arms.contains(&name.value)) {
        complete = false;
        let near = nearest(name.value.as_str(), missing.iter().copied());
        mistaken.extend(near);
        findings.push(
            Diagnostic::error(name.span.clone(), format!("there is no arm `{}`", name.value)).label(
                match near {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("expected {}", one_of(distinct.iter().copied())),
                },
            ),
        );
    }
    for arm in missing {
        complete = false;
        if !mistaken.contains(&arm) {
            findings.push(
                Diagnostic::error(map.span.clone(), format!("nothing is said of the arm `{arm}`"))
                    .label(format!("expected {what} for each arm")),
            );
        }
    }
    complete
}
