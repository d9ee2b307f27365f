//! What all platforms of this plugin have in common about arms.

use gevinst_http::Decimal;
use gevinst_sdk::wire::Command;
use gevinst_sdk::{Code, Error};

use crate::creative::Creative;

/// The name by which an arm's campaign is found again.
pub(crate) fn campaign_name(experiment: &str, arm: &str) -> String {
    format!("gevinst/{experiment}/{arm}")
}

/// Refuses what no platform would take: a budget below the smallest, a creative that is none.
///
/// # Errors
/// A bad request.
pub(crate) fn accept(
    command: &Command,
    source: &str,
    (least_minor, digits, currency): (i64, u32, &str),
) -> Result<(), Error> {
    let minor = command.set.daily_budget.minor;
    if !command.set.paused && minor < least_minor {
        let least = Decimal::from_minor(least_minor, digits);
        let message = format!("the smallest daily budget is {least} {currency}");
        return Err(Error::bad_request("/set/daily_budget/minor", message));
    }
    if let Some(creative) = &command.set.creative {
        Creative::read(creative, source, &command.experiment, &command.arm)?;
    }
    Ok(())
}

/// Where in the command a refusal belongs.
pub(crate) fn with_field(field: &str, mut error: Error) -> Error {
    if error.code == Code::BadRequest {
        field.clone_into(&mut error.field);
    }
    error
}

/// The refusal to choose among several campaigns of one name.
pub(crate) fn ambiguous(name: &str, ids: &[String]) -> Error {
    let message = format!(
        "there are {} campaigns named `{name}` ({}); rename all but the one that is meant",
        ids.len(),
        ids.join(", ")
    );
    Error::new(Code::NotApplied, message)
}

/// The refusal of an arm that has to be created and nobody says how it looks.
pub(crate) fn nothing_to_show() -> Error {
    let message = "the platform does not have the arm, and the command does not say what to show";
    Error::bad_request("/set/creative", message)
}

/// The refusal of an account in another currency.
pub(crate) fn other_currency(theirs: &str, ours: &str) -> Error {
    let message = format!("the account is in {theirs}, the company's budgets are in {ours}");
    Error::bad_config("/currency", message)
}
