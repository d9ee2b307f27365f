//! Judges where past results are taken from.

use std::ops::Range;

use super::rehearsal::{Surroundings, covers_arms, table};
use crate::{
    Draw, Exposure, ExposureColumn, GoalKind, PastResults,
    diagnostic::Diagnostic,
    file::definition::{RawData, RawRehearsal},
    read::{At, Findings, section::Section},
};

/// Truths beside a file of past results say nothing.
pub(super) fn stated_beside(raw: &RawRehearsal, findings: &mut Findings<'_>) {
    let stated = [
        ("goals_per_day", raw.goals_per_day.as_ref().map(|at| &at.span)),
        ("arms", raw.arms.as_ref().map(|at| &at.span)),
        ("rates", raw.rates.as_ref().map(|at| &at.span)),
        ("weekdays", raw.weekdays.as_ref().map(|at| &at.span)),
        ("day_noise", raw.day_noise.as_ref().map(|at| &at.span)),
        ("drift", raw.drift.as_ref().map(|at| &at.span)),
        ("saturation", raw.saturation.as_ref().map(|at| &at.span)),
        ("value", raw.value.as_ref().map(|at| &at.span)),
    ];
    let mut written: Vec<(&str, Range<usize>)> =
        stated.into_iter().filter_map(|(key, span)| span.map(|span| (key, span.clone()))).collect();
    written.sort_by_key(|(_, span)| span.start);
    let Some(((key, span), others)) = written.split_first() else { return };
    let diagnostic = Diagnostic::warning(span.clone(), format!("`{key}` is not used: past results tell it"))
        .label("stated beside `[rehearsal.data]`")
        .help("remove it, or remove `[rehearsal.data]`");
    findings.push(
        others
            .iter()
            .fold(diagnostic, |diagnostic, (_, span)| diagnostic.related(span.clone(), "stated, too")),
    );
}

/// Judges `[rehearsal.data]`.
pub(super) fn past_results(
    raw: &RawData,
    around: &Surroundings<'_>,
    findings: &mut Findings<'_>,
) -> Option<PastResults> {
    let mut sound = true;
    if let Some(file) = &raw.file {
        let path = file.value.0.as_str();
        let upwards = path.split(['/', '\\']).any(|part| part == "..");
        if upwards || path.starts_with(['/', '\\', '~']) || path.get(1..2) == Some(":") {
            findings.push(
                Diagnostic::error(file.span.clone(), "a path that leads elsewhere")
                    .label("expected a file beside this one, or in the folder that GEVINST_DATA names")
                    .help("write the file's name alone, or a folder below and its name"),
            );
            sound = false;
        }
    }
    if let Some(arms) = &raw.arms {
        sound &= covers_arms(arms, around.arms, "what the file calls it", findings);
        for (position, (_, text)) in arms.value.0.iter().enumerate() {
            if let Some((first, _)) =
                arms.value.0[..position].iter().find(|(_, earlier)| earlier.value.0 == text.value.0)
            {
                findings.push(
                    Diagnostic::error(text.span.clone(), "two arms would have the same results")
                        .label(format!("expected another text than that of `{}`", first.value)),
                );
                sound = false;
            }
        }
    }
    sound &= columns_fit(raw, around.per, findings);
    sound &= value_told(raw, around, findings);
    if !sound {
        return None;
    }
    let by_spend = around.per == Some(Exposure::Spend);
    let draw = match &raw.draw {
        Some(draw) => draw.value,
        None if raw.head().has("draw") => return None,
        None if by_spend => Draw::Rates,
        None => Draw::WithoutReplacement,
    };
    let text = |at: &At<crate::read::Plain>| at.value.0.clone();
    let exposure = text(raw.exposure.as_ref()?);
    Some(PastResults {
        file: raw.file.as_ref()?.value.0.clone(),
        arm: text(raw.arm.as_ref()?),
        arms: table(raw.arms.as_ref()?, |text| text.0.clone()),
        exposure: if exposure == "rows" { ExposureColumn::Rows } else { ExposureColumn::Column(exposure) },
        goal: text(raw.goal.as_ref()?),
        value: raw.value.as_ref().map(text),
        filter: raw
            .r#where
            .as_ref()?
            .value
            .0
            .iter()
            .map(|(column, is)| (column.value.0.clone(), is.value.0.clone()))
            .collect(),
        date: raw.date.as_ref().map(text),
        draw,
    })
}

/// Whether the file tells values where values are judged.
fn value_told(raw: &RawData, around: &Surroundings<'_>, findings: &mut Findings<'_>) -> bool {
    let valued = matches!(around.kind, Some(GoalKind::Value | GoalKind::Ratio));
    if !valued || raw.value.is_some() || raw.head().has("value") {
        return true;
    }
    let diagnostic =
        Diagnostic::error(raw.head().span.clone(), "values are judged, and no column is said to hold them");
    findings.push(if around.per == Some(Exposure::Spend) {
        diagnostic
            .label("expected stated truths: a row of spend does not tell single values")
            .help("state `goals_per_day`, `arms` and `value` in `[rehearsal]`, and remove `[rehearsal.data]`")
    } else {
        diagnostic
            .label("expected `value`")
            .help("add `value = \"spend\"`, the column with what each row brought")
    });
    false
}

/// Whether the columns can be drawn from in the way that is asked for.
fn columns_fit(raw: &RawData, per: Option<Exposure>, findings: &mut Findings<'_>) -> bool {
    let Some(exposure) = &raw.exposure else { return false };
    let rows = exposure.value.0 == "rows";
    let draw = raw.draw.as_ref();
    let mut found = Vec::new();
    if per == Some(Exposure::Spend) && rows {
        found.push(
            Diagnostic::error(
                exposure.span.clone(),
                "goals are counted per spend, but each row of the past results is one exposure",
            )
            .label("expected the column that tells the spend")
            .help(
                "or say in `[goal]` what a row is: `per = \"recipients\"`, `\"clicks\"` or `\"impressions\"`",
            ),
        );
    }
    if let Some(draw) =
        draw.filter(|draw| per == Some(Exposure::Spend) && draw.value == Draw::WithoutReplacement)
    {
        found.push(
            Diagnostic::error(draw.span.clone(), "spend cannot be drawn without replacement")
                .label("expected `rates`: money is no row"),
        );
    }
    if let Some(value) = raw.value.as_ref().filter(|_| !rows) {
        found.push(
            Diagnostic::error(value.span.clone(), "a total does not tell single values")
                .label("expected `exposure = \"rows\"` beside it")
                .related(exposure.span.clone(), "exposures are totals"),
        );
    }
    if let (Some(date), Some(draw)) = (&raw.date, draw.filter(|draw| draw.value == Draw::Rates)) {
        found.push(
            Diagnostic::error(date.span.clone(), "a date has no meaning when overall rates are drawn from")
                .label("expected no `date`")
                .related(draw.span.clone(), "drawn by rates"),
        );
    }
    let fit = found.is_empty();
    found.into_iter().for_each(|diagnostic| findings.push(diagnostic));
    fit
}
