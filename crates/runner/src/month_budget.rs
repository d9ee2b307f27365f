//! The month's budget over its experiments: what each may spend, and what is left in reserve for amplifying winners.
//!
//! Experiments are served in the order given (launched ones first, so that a new definition takes nothing from a running
//! experiment). What goes beyond the month's budget is not spent; the reserve is what nobody's total has claimed. Exposure
//! budgets cost no money and take no part.

use gevinst_experiment::Month;

use crate::plan::{Plan, Unit};

/// Bounds the totals of a month's plans by what is left of its budget, and shares out the reserve.
///
/// `available` is the month's budget less what experiments outside `plans` have claimed, minor units. Returns the names of
/// the experiments that get less than their definitions ask for.
pub fn fit(plans: &mut [Plan], month: Month, available: i64, launched: impl Fn(&str) -> bool) -> Vec<String> {
    let mut left = available.max(0);
    let mut cut = Vec::new();
    let in_month = |plan: &Plan| plan.experiment.month == month && matches!(plan.unit, Unit::Money(_));
    for running in [true, false] {
        for plan in plans.iter_mut().filter(|plan| in_month(plan)) {
            if launched(plan.experiment.name.as_str()) != running {
                continue;
            }
            if plan.stated_total() > left {
                cut.push(plan.experiment.name.to_string());
            }
            plan.total_cap = Some(plan.stated_total().min(left));
            left -= plan.total();
        }
    }
    for plan in plans.iter_mut().filter(|plan| in_month(plan)) {
        let Some(amplify) = plan.experiment.amplify else { continue };
        let extra = (amplify.up_to.minor() - plan.total()).clamp(0, left);
        plan.reserve = extra;
        left -= extra;
    }
    cut
}
