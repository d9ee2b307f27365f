//! `gevinst judge --test`: the tests that people know, on the totals of a table, named for what they are.
//!
//! A fixed-sample test is valid for the one look that was planned before any result was seen; a group-sequential one at its planned looks
//! and at no other. Each arm is compared to the control; nothing of this decides anything in `gevinst run`.

use gevinst_stats::StatsError;
use gevinst_stats::classical::{
    Alternative, CountSample, Effect, Moments, Proportion, TestResult, barnard_exact, boschloo_exact,
    fisher_exact, poisson_two_sample, two_proportion_z, welch,
};
use gevinst_stats::group_sequential::{Boundary, GroupSequentialDesign, Sides, type_one_error_of_peeking};
use serde::Serialize;

use super::{GENERATOR, Results, of_arm};
use crate::args::{Judge, SeparationArg, TestArg};
use crate::failure::{Failure, Kind};
use crate::output::{say, write_json};

/// More planned looks than anyone plans.
const LOOKS_MOST: u32 = 100;

/// What the test says; the JSON of `--test`.
#[derive(Debug, Serialize)]
struct Answer {
    schema_version: u32,
    generator: &'static str,
    test: String,
    /// `fixed-sample` or `group-sequential`.
    kind: &'static str,
    /// When its error rate holds, in a sentence.
    valid: String,
    /// `exact` or `asymptotic`.
    guarantee: &'static str,
    alpha: f64,
    control: String,
    effect: &'static str,
    /// The chance that equal arms are called different at some point, were the test read at every period of the table.
    wrong_if_read_every_period: Option<f64>,
    /// The planned looks of a group-sequential test.
    plan: Option<Planned>,
    comparisons: Vec<Comparison>,
}

#[derive(Debug, Serialize)]
struct Planned {
    looks: u32,
    look: u32,
    /// |z| that must be reached at each look.
    boundaries: Vec<f64>,
}

#[derive(Debug, Serialize)]
struct Comparison {
    arm: String,
    estimate: Option<f64>,
    lower: Option<f64>,
    upper: Option<f64>,
    statistic: Option<f64>,
    degrees_of_freedom: Option<f64>,
    /// None for a group-sequential test, which is read by its boundary.
    p_value: Option<f64>,
    /// For all comparisons together (Bonferroni).
    p_value_of_all: Option<f64>,
    differs: bool,
}

/// An arm's totals over the table.
struct Totals {
    exposure: f64,
    count: u64,
    value: f64,
    value_sq: f64,
}

pub(super) fn run(
    test: TestArg,
    args: &Judge,
    results: &Results,
    path: &std::path::Path,
    json_to: Option<&std::path::Path>,
) -> Result<(), Failure> {
    let control = match &args.control {
        None => 0,
        Some(name) => results.arms.iter().position(|arm| arm == name).ok_or_else(|| {
            let there: Vec<String> = results.arms.iter().map(|arm| format!("`{arm}`")).collect();
            Failure::new(Kind::Usage, format!("`{}` has no arm `{name}`", path.display()))
                .hint(format!("--control takes one of {}", there.join(", ")))
        })?,
    };
    let answer = match test {
        TestArg::ObrienFleming | TestArg::Pocock => sequential(test, args, results, control)?,
        _ => fixed(test, args, results, control)?,
    };
    match json_to {
        Some(target) => write_json(target, &answer),
        None => say(&text(&answer)),
    }
}

fn totals(results: &Results, arm: usize) -> Totals {
    let mut totals = Totals { exposure: 0.0, count: 0, value: 0.0, value_sq: 0.0 };
    for row in of_arm(results, arm) {
        totals.exposure += row.exposure;
        totals.count += row.count;
        totals.value += row.sum;
        totals.value_sq += row.sum_sq;
    }
    totals
}

/// A whole number of people.
fn people(exposure: f64) -> Option<u64> {
    let fits = exposure.fract() == 0.0 && (1.0..=1e15).contains(&exposure);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole, from 1 to 10^15")]
    fits.then_some(exposure as u64)
}

/// People of a proportion, or why they are none.
fn proportion(results: &Results, arm: usize) -> Result<Proportion, Failure> {
    let Totals { exposure, count, .. } = totals(results, arm);
    let name = &results.arms[arm];
    let Some(people) = people(exposure).filter(|&people| count <= people) else {
        return Err(Failure::new(
            Kind::Input,
            format!("arm `{name}` has {count} goals of {exposure} exposed, which are no people"),
        )
        .hint("this test compares shares of people, each with at most one goal; for goals per money or impressions use `--test poisson`"));
    };
    Proportion::new(count, people).map_err(|error| of_arm_error(name, &error))
}

fn of_arm_error(name: &str, error: &StatsError) -> Failure {
    Failure::new(Kind::Input, format!("failed to test arm `{name}`: {error}"))
}

fn sample(results: &Results, arm: usize) -> Result<CountSample, Failure> {
    let totals = totals(results, arm);
    CountSample::new(totals.count, totals.exposure).map_err(|error| of_arm_error(&results.arms[arm], &error))
}

fn moments(results: &Results, arm: usize) -> Result<Moments, Failure> {
    let totals = totals(results, arm);
    let name = &results.arms[arm];
    let people = people(totals.exposure).ok_or_else(|| {
        Failure::new(Kind::Input, format!("arm `{name}` has {} exposed, which are no people", totals.exposure))
            .hint("this test compares means over people; `exposure` is their number, `sum` and `sum_sq` are of their values")
    })?;
    Moments::from_sums(people, totals.value, totals.value_sq).map_err(|error| of_arm_error(name, &error))
}

fn fixed(test: TestArg, args: &Judge, results: &Results, control: usize) -> Result<Answer, Failure> {
    let two = Alternative::TwoSided;
    let alpha = args.alpha;
    let mut found: Vec<(usize, TestResult)> = Vec::new();
    for arm in (0..results.arms.len()).filter(|&arm| arm != control) {
        let refused = |error: StatsError| of_arm_error(&results.arms[arm], &error);
        let pair = || Ok::<_, Failure>((proportion(results, control)?, proportion(results, arm)?));
        let result = match test {
            TestArg::Welch => {
                let (control, treatment) = (moments(results, control)?, moments(results, arm)?);
                welch(&control, &treatment, Effect::Difference, two, alpha)
            }
            TestArg::TwoProportion => {
                let (control, treatment) = pair()?;
                two_proportion_z(control, treatment, two, alpha)
            }
            TestArg::Fisher => {
                let (control, treatment) = pair()?;
                fisher_exact(control, treatment, two, alpha)
            }
            TestArg::Barnard => {
                let (control, treatment) = pair()?;
                barnard_exact(control, treatment, two)
            }
            TestArg::Boschloo => {
                let (control, treatment) = pair()?;
                boschloo_exact(control, treatment, two)
            }
            TestArg::Poisson | TestArg::ObrienFleming | TestArg::Pocock => {
                poisson_two_sample(sample(results, control)?, sample(results, arm)?, two, alpha)
            }
        };
        found.push((arm, result.map_err(refused)?));
    }
    let looks = u32::try_from(results.periods).unwrap_or(u32::MAX).min(LOOKS_MOST);
    let peeking = (looks > 1).then(|| type_one_error_of_peeking(alpha, looks));
    let comparisons = to_float(found.len());
    Ok(Answer {
        schema_version: 1,
        generator: GENERATOR,
        test: found.first().map(|(_, result)| result.test.to_string()).unwrap_or_default(),
        kind: "fixed-sample",
        valid: "for one look that was planned before any result was seen".to_owned(),
        guarantee: match test {
            TestArg::Welch | TestArg::TwoProportion => "asymptotic",
            _ => "exact",
        },
        alpha,
        control: results.arms[control].clone(),
        effect: match test {
            TestArg::Welch => "difference of means",
            TestArg::Fisher => "odds ratio",
            TestArg::Poisson => "ratio of rates",
            _ => "difference of shares",
        },
        wrong_if_read_every_period: peeking
            .transpose()
            .map_err(|error| Failure::new(Kind::Usage, error.to_string()))?,
        plan: None,
        comparisons: found
            .into_iter()
            .map(|(arm, result)| Comparison {
                arm: results.arms[arm].clone(),
                estimate: result.estimate,
                lower: result.lower,
                upper: result.upper,
                statistic: result.statistic,
                degrees_of_freedom: result.degrees_of_freedom,
                p_value: Some(result.p_value),
                p_value_of_all: Some((result.p_value * comparisons).min(1.0)),
                differs: result.p_value <= alpha,
            })
            .collect(),
    })
}

fn sequential(test: TestArg, args: &Judge, results: &Results, control: usize) -> Result<Answer, Failure> {
    let Some(looks) = args.looks else {
        return Err(Failure::new(Kind::Usage, "a group-sequential test needs the number of its planned looks")
            .hint("state it as it was planned before the first result, for example `--looks 4`, and the look that this is with `--look 2`"));
    };
    let look = args.look.unwrap_or(looks);
    if !(1..=LOOKS_MOST).contains(&looks) || !(1..=looks).contains(&look) {
        return Err(Failure::new(Kind::Usage, format!("look {look} of {looks} is none"))
            .hint(format!("--looks takes 1 to {LOOKS_MOST}, --look takes 1 to --looks")));
    }
    let (boundary, name) = match test {
        TestArg::Pocock => (Boundary::Pocock, "Pocock"),
        _ => (Boundary::OBrienFleming, "O'Brien-Fleming"),
    };
    let times: Vec<f64> = (1..=looks).map(|k| f64::from(k) / f64::from(looks)).collect();
    let usage = |error: StatsError| Failure::new(Kind::Usage, error.to_string());
    let boundaries =
        GroupSequentialDesign::new(boundary, Sides::Two, args.alpha, &times).map_err(usage)?.upper();
    let reached = boundaries[look as usize - 1];
    let people = args.separation == SeparationArg::Randomised;
    let mut comparisons = Vec::new();
    for arm in (0..results.arms.len()).filter(|&arm| arm != control) {
        let (estimate, z) = if people {
            let (control, treatment) = (proportion(results, control)?, proportion(results, arm)?);
            let test =
                two_proportion_z(control, treatment, Alternative::TwoSided, args.alpha).map_err(usage)?;
            (test.estimate, test.statistic.unwrap_or(0.0))
        } else {
            let (control, treatment) = (sample(results, control)?, sample(results, arm)?);
            let test =
                poisson_two_sample(control, treatment, Alternative::TwoSided, args.alpha).map_err(usage)?;
            (test.estimate, rate_z(control, treatment))
        };
        comparisons.push(Comparison {
            arm: results.arms[arm].clone(),
            estimate,
            lower: None,
            upper: None,
            statistic: Some(z),
            degrees_of_freedom: None,
            p_value: None,
            p_value_of_all: None,
            differs: z.abs() >= reached,
        });
    }
    let plural = if looks == 1 { "look" } else { "looks, evenly spaced" };
    Ok(Answer {
        schema_version: 1,
        generator: GENERATOR,
        test: format!("{name} group-sequential z-test"),
        kind: "group-sequential",
        valid: format!(
            "at the {looks} planned {plural}, and at no other; the test ends at the first that is reached"
        ),
        guarantee: "asymptotic",
        alpha: args.alpha,
        control: results.arms[control].clone(),
        effect: if people { "difference of shares" } else { "ratio of rates" },
        wrong_if_read_every_period: None,
        plan: Some(Planned { looks, look, boundaries }),
        comparisons,
    })
}

/// The score statistic of equal rates: of n goals, the treatment's are Binomial(n, its part of the exposure).
fn rate_z(control: CountSample, treatment: CountSample) -> f64 {
    let (own, other) = (count(treatment.count()), count(control.count()));
    let part = treatment.exposure() / (treatment.exposure() + control.exposure());
    let n = own + other;
    if n == 0.0 { 0.0 } else { (own - n * part) / (n * part * (1.0 - part)).sqrt() }
}

fn text(answer: &Answer) -> String {
    let mut text = format!(
        "{}, {}, two-sided at {}\n  valid {}\n  guarantee: {}; {} against `{}`\n",
        answer.test,
        answer.kind,
        percent(answer.alpha),
        answer.valid,
        answer.guarantee,
        answer.effect,
        answer.control
    );
    if let Some(plan) = &answer.plan {
        let bounds: Vec<String> = plan.boundaries.iter().map(|bound| format!("{bound:.3}")).collect();
        text.push_str(&format!(
            "  look {} of {}; |z| must reach {}\n",
            plan.look,
            plan.looks,
            bounds.join(", ")
        ));
    }
    for one in &answer.comparisons {
        let number = |value: Option<f64>| value.map_or("none".to_owned(), |value| format!("{value:.4}"));
        let mut parts = vec![number(one.estimate)];
        if one.lower.is_some() || one.upper.is_some() {
            parts.push(format!("({} to {})", number(one.lower), number(one.upper)));
        }
        if let (Some(_), Some(z)) = (&answer.plan, one.statistic) {
            parts.push(format!("z {z:.3}"));
        }
        if let Some(p) = one.p_value {
            parts.push(format!("p {}", p_text(p)));
        }
        if let Some(p) = one.p_value_of_all.filter(|_| answer.comparisons.len() > 1) {
            parts.push(format!("of all comparisons together {}", p_text(p)));
        }
        let verdict = if one.differs { "differs" } else { "not shown to differ" };
        text.push_str(&format!("  {}: {}: {verdict}\n", one.arm, parts.join(", ")));
    }
    if let Some(wrong) = answer.wrong_if_read_every_period {
        text.push_str(&format!(
            "  Read at every period of this table, it would call equal arms different in {} of cases; `gevinst judge` without\n  \
             `--test` may be read at any time.\n",
            percent(wrong)
        ));
    }
    text.truncate(text.trim_end().len());
    text
}

fn percent(share: f64) -> String {
    format!("{} %", (share * 1000.0).round() / 10.0)
}

fn p_text(p: f64) -> String {
    if p < 1e-4 { "below 0.0001".to_owned() } else { format!("{p:.4}") }
}

#[expect(clippy::cast_precision_loss, reason = "goals are far below 2^53")]
fn count(value: u64) -> f64 {
    value as f64
}

#[expect(clippy::cast_precision_loss, reason = "a number of arms")]
fn to_float(value: usize) -> f64 {
    value as f64
}
