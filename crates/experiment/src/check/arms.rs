//! Judges the arms: names, channels, control, shares and days of joining.

use jiff::civil::Date;

use crate::{
    Arm, ArmName, ChannelName, Company, Kind, Month, Ratio, Separation,
    apportion::apportion,
    diagnostic::Diagnostic,
    file::definition::RawArm,
    read::{At, Findings, List, section::Section},
    suggest::{nearest, one_of},
};

/// The most arms that the statistics are meant for.
pub(crate) const ARMS_MAX: usize = 50;

/// What the rest of the definition asks of its arms.
pub(crate) struct Needs {
    pub(crate) kind: Option<Kind>,
    pub(crate) separation: Option<At<Separation>>,
    pub(crate) month: Option<Month>,
}

/// The names of all arms that have one.
pub(crate) fn names(list: &At<List<RawArm>>) -> Vec<ArmName> {
    list.value.0.iter().filter_map(|arm| arm.value.name.as_ref().map(|name| name.value.clone())).collect()
}

/// Judges `[[arm]]`.
pub(crate) fn arms(
    list: &At<List<RawArm>>,
    needs: &Needs,
    company: &Company,
    findings: &mut Findings<'_>,
) -> Option<Vec<Arm>> {
    let raw: Vec<&RawArm> = list.value.0.iter().map(|arm| &arm.value).collect();
    count(list, needs, findings);
    unique(&raw, findings);
    controls(list, &raw, needs, findings);
    for arm in &raw {
        channel(arm, company, findings);
        if let (Some(joins), Some(month)) = (&arm.joins, needs.month) {
            joins_in_month(joins, month, findings);
        }
    }
    let from_start = |arm: &&&RawArm| joins(arm, needs.month).is_none();
    if !raw.is_empty() && raw.iter().filter(from_start).count() == 0 {
        findings.push(
            Diagnostic::error(raw[0].head().span.clone(), "no arm is there from the first day")
                .label("every arm joins later")
                .help("leave `joins` out of at least one arm"),
        );
    }
    let shares = shares(&raw, needs.month, findings);
    raw.iter()
        .zip(shares)
        .enumerate()
        .map(|(position, (arm, share))| {
            Some(Arm {
                name: arm.name.as_ref()?.value.clone(),
                code: u32::try_from(position + 1).ok()?,
                channel: arm.channel.as_ref()?.value.clone(),
                control: arm.control.as_ref()?.value,
                creative: arm.creative.as_ref()?.value.0.clone(),
                share,
                joins: joins(arm, needs.month),
            })
        })
        .collect()
}

/// The day on which an arm joins, if that is later than the first of the month.
fn joins(arm: &RawArm, month: Option<Month>) -> Option<Date> {
    let date = arm.joins.as_ref()?.value;
    (month.map(Month::first_day) != Some(date)).then_some(date)
}

fn count(list: &At<List<RawArm>>, needs: &Needs, findings: &mut Findings<'_>) {
    let arms = &list.value.0;
    let head = arms.first().map_or(list.span.clone(), |arm| arm.value.head().span.clone());
    if arms.is_empty() {
        findings.push(
            Diagnostic::error(head, "there is no arm")
                .label("expected two arms or more")
                .help("add a `[[arm]]` for each thing to try"),
        );
    } else if arms.len() == 1 && needs.kind == Some(Kind::Campaign) {
        findings.push(
            Diagnostic::error(head, "a single arm has nothing to be compared with")
                .label("expected two arms or more")
                .help(
                    "add another `[[arm]]`, or write `kind = \"programme\"` for something that is always on",
                ),
        );
    } else if arms.len() > ARMS_MAX {
        findings.push(
            Diagnostic::error(
                arms[ARMS_MAX].value.head().span.clone(),
                format!("{} arms in one experiment", arms.len()),
            )
            .label(format!("expected at most {ARMS_MAX}"))
            .help("a month's goals do not tell so many apart: split the question"),
        );
    }
}

fn unique(arms: &[&RawArm], findings: &mut Findings<'_>) {
    let named: Vec<&At<ArmName>> = arms.iter().filter_map(|arm| arm.name.as_ref()).collect();
    for (position, name) in named.iter().enumerate() {
        if let Some(first) = named[..position].iter().find(|earlier| earlier.value == name.value) {
            findings.push(
                Diagnostic::error(name.span.clone(), format!("two arms are called `{}`", name.value))
                    .label("expected a name of its own")
                    .related(first.span.clone(), "the first one"),
            );
        }
    }
}

fn controls(list: &At<List<RawArm>>, arms: &[&RawArm], needs: &Needs, findings: &mut Findings<'_>) {
    let controls: Vec<&At<bool>> =
        arms.iter().filter_map(|arm| arm.control.as_ref()).filter(|control| control.value).collect();
    if let [first, second, ..] = controls.as_slice() {
        findings.push(
            Diagnostic::error(second.span.clone(), "a second arm is the control")
                .label("expected one control at most")
                .related(first.span.clone(), "the first one")
                .help("the control is what was done so far; remove `control` from the others"),
        );
    }
    let Some(separation) = &needs.separation else { return };
    let compared = matches!(separation.value, Separation::Geo | Separation::Switchback);
    // Arms whose `control` could not be read may well be it.
    let unread = arms.iter().any(|arm| arm.control.is_none());
    if compared && controls.is_empty() && !unread && !arms.is_empty() {
        let head = list.value.0[0].value.head().span.clone();
        findings.push(
            Diagnostic::error(
                separation.span.clone(),
                format!("`{}` needs a control, and no arm is one", separation.value),
            )
            .label("regions and turns differ by themselves: something must show what would have been")
            .related(head, "no arm from here on says `control = true`")
            .help("add `control = true` to the arm that stands for what was done so far"),
        );
    }
}

/// Judges `[goal] source`: another channel of the company than those that the arms run on.
pub(crate) fn source(
    source: &At<ChannelName>,
    list: &At<List<RawArm>>,
    company: &Company,
    findings: &mut Findings<'_>,
) {
    known_channel(source, &company_channels(company), findings);
    let own = list.value.0.iter().filter_map(|arm| arm.value.channel.as_ref());
    if let Some(own) = own.into_iter().find(|channel| channel.value == source.value) {
        findings.push(
            Diagnostic::error(source.span.clone(), format!("an arm runs on `{}` itself", source.value))
                .label("expected a channel that only reports, such as a CRM")
                .related(own.span.clone(), "this arm")
                .help("leave `source` out: a channel reports the goals of its own arms"),
        );
    }
}

fn channel(arm: &RawArm, company: &Company, findings: &mut Findings<'_>) {
    if let Some(channel) = &arm.channel {
        known_channel(channel, &company_channels(company), findings);
    }
}

fn company_channels(company: &Company) -> Vec<&ChannelName> {
    company.channels.keys().collect()
}

/// Whether a channel is one of those that there are; an error is left where it is not.
pub(super) fn known_channel(
    channel: &At<ChannelName>,
    channels: &[&ChannelName],
    findings: &mut Findings<'_>,
) -> bool {
    if channels.contains(&&channel.value) {
        return true;
    }
    let known = || channels.iter().map(|name| name.as_str());
    let diagnostic =
        Diagnostic::error(channel.span.clone(), format!("`gevinst.toml` has no channel `{}`", channel.value));
    let diagnostic = match nearest(channel.value.as_str(), known()) {
        Some(near) => diagnostic.label(format!("did you mean `{near}`?")),
        None => diagnostic.label("expected a channel of the company"),
    };
    findings.push(if channels.is_empty() {
        diagnostic.help(format!("add it to `gevinst.toml`: `[channels.{}]` with its `plugin`", channel.value))
    } else {
        diagnostic.help(format!(
            "it has {}; add `[channels.{}]` there for a new one",
            one_of(known()),
            channel.value
        ))
    });
    false
}

fn joins_in_month(joins: &At<Date>, month: Month, findings: &mut Findings<'_>) {
    if !month.contains_date(joins.value) {
        findings.push(
            Diagnostic::error(
                joins.span.clone(),
                format!("{} is not in the experiment's month", joins.value),
            )
            .label(format!("expected a day of {month}")),
        );
    }
}

/// The share with which each arm begins. Of the arms that are there from the start, those that say nothing divide evenly what
/// the others leave; an arm that joins later gets its share when it comes.
fn shares(arms: &[&RawArm], month: Option<Month>, findings: &mut Findings<'_>) -> Vec<Option<Ratio>> {
    let written = |arm: &RawArm| arm.share.as_ref().map(|share| share.value);
    let mut sound = true;
    for share in arms.iter().map(|arm| &arm.share) {
        sound &= super::within_ratio(
            share,
            |r| r >= Ratio::ZERO && r <= Ratio::ONE,
            "a part from 0 % to 100 %",
            findings,
        );
    }
    let start: Vec<&RawArm> = arms.iter().copied().filter(|arm| joins(arm, month).is_none()).collect();
    let taken: i64 = start.iter().filter_map(|arm| written(arm)).map(Ratio::nanos).sum();
    let open = i64::try_from(start.iter().filter(|arm| arm.share.is_none()).count()).unwrap_or(i64::MAX);
    let left = Ratio::ONE.nanos() - taken;
    // Thirds cannot be written exactly: shares of 33.3 % each are forgiven and made to fit.
    let slack = Ratio::percent(1).nanos();
    if sound && let Some(last) = start.iter().rev().find_map(|arm| arm.share.as_ref()) {
        let total = Ratio::from_nanos(taken);
        if left < -slack || (open > 0 && left <= 0) {
            let rest =
                if open > 0 { format!(", and {open} of the arms would get nothing") } else { String::new() };
            findings.push(
                Diagnostic::error(last.span.clone(), format!("the arms' shares add up to {total}{rest}"))
                    .label("expected 100 % together"),
            );
        } else if open == 0 && left > slack {
            findings.push(
                Diagnostic::error(last.span.clone(), format!("the arms' shares add up to {total} only"))
                    .label("expected 100 % together"),
            );
        }
    }
    // Of the arms that are there from the start, in their order: what is written, or an even part of what is left.
    let weights: Vec<u64> =
        start.iter().map(|arm| written(arm).map_or(0, |share| share.nanos().unsigned_abs())).collect();
    let evenly: Vec<u64> = start.iter().map(|arm| u64::from(arm.share.is_none())).collect();
    let divided = if open == 0 {
        apportion(Ratio::ONE.nanos().unsigned_abs(), &weights)
    } else {
        let rest = apportion(left.max(0).unsigned_abs(), &evenly);
        rest.map(|rest| rest.iter().zip(&weights).map(|(rest, weight)| rest + weight).collect())
    };
    let mut divided =
        divided.unwrap_or_default().into_iter().map(|nanos| i64::try_from(nanos).ok().map(Ratio::from_nanos));
    arms.iter()
        .map(|arm| if joins(arm, month).is_some() { written(arm) } else { divided.next().flatten() })
        .collect()
}

/// A share below the floor contradicts it.
pub(crate) fn shares_reach_floor(list: &List<RawArm>, floor: Ratio, findings: &mut Findings<'_>) {
    for share in list.0.iter().filter_map(|arm| arm.value.share.as_ref()) {
        if share.value >= Ratio::ZERO && share.value < floor {
            findings.push(
                Diagnostic::error(share.span.clone(), "a share below the floor that every living arm keeps")
                    .label(format!("expected at least {floor}"))
                    .help("raise the share, or lower `floor` in `[allocate]`"),
            );
        }
    }
}
