//! What may be stored at all: sizes, names, times and finite numbers, checked before anything is written.

use crate::Error;
use crate::error::time_text;
use crate::evidence::Look;
use crate::fact::{Fact, Launched};

/// The earliest time: 2000-01-01, µs UTC.
pub const AT_US_MIN: i64 = 946_684_800_000_000;
/// The end of time: 2200-01-01, µs UTC.
pub const AT_US_MAX: i64 = 7_258_118_400_000_000;
/// The longest name of an experiment, arm, metric, channel or plugin.
pub const NAME_BYTES_MAX: usize = 128;
/// The longest body of a record.
pub const BODY_BYTES_MAX: usize = 16 << 20;
/// The longest cursor of a channel.
pub const CURSOR_BYTES_MAX: usize = 64 << 10;
/// The most facts in one transaction.
pub const FACTS_MAX: usize = 10_000;
/// The most arms of an experiment.
pub const ARMS_MAX: usize = 1_000;

/// Checks a name: not empty, not too long, nothing unprintable.
pub(crate) fn check_name(what: &str, name: &str) -> Result<(), String> {
    if name.is_empty() {
        return Err(format!("the {what} has no name"));
    }
    if name.len() > NAME_BYTES_MAX {
        return Err(format!("the name of the {what} is longer than {NAME_BYTES_MAX} bytes"));
    }
    if name.chars().any(char::is_control) {
        return Err(format!("the name of the {what} holds a control character"));
    }
    Ok(())
}

/// Checks what one writing call shares: time, experiment, number of facts.
pub(crate) fn check_call(at_us: i64, experiment: Option<&str>, facts: usize) -> Result<(), Error> {
    let wrong = |what: String| Error::NotAllowed {
        kind: "facts",
        key: experiment.unwrap_or("the whole ledger").chars().take(NAME_BYTES_MAX).collect(),
        what,
    };
    check_time("its time", at_us).map_err(wrong)?;
    if let Some(name) = experiment {
        check_name("experiment", name).map_err(wrong)?;
    }
    if facts > FACTS_MAX {
        return Err(wrong(format!("{facts} facts at once, and {FACTS_MAX} are the most")));
    }
    Ok(())
}

/// Checks a fact by itself; what may follow what is [`crate::Progress`]'s part.
pub(crate) fn check_fact(experiment: Option<&str>, fact: &Fact) -> Result<(), Error> {
    let done = match fact {
        Fact::Launched(launched) => check_launch(launched),
        Fact::Looked(looked) => check_look(&looked.evidence),
        Fact::Concluded(concluded) => match concluded.ln_e_value {
            Some(ln_e) if !ln_e.is_finite() => Err(format!("its e-value has the logarithm {ln_e}")),
            _ => Ok(()),
        },
        Fact::Intended(intended) => check_time("its latest time", intended.not_after_us),
        Fact::PluginAccepted(accepted) => check_name("plugin", &accepted.id),
        _ => Ok(()),
    };
    done.map_err(|what| Error::NotAllowed {
        kind: fact.kind().as_str(),
        key: match (experiment, fact.arm()) {
            (Some(experiment), Some(arm)) => format!("{experiment}/{arm}"),
            (Some(experiment), None) => experiment.to_owned(),
            (None, _) => "the whole ledger".to_owned(),
        },
        what,
    })
}

/// Checks a time.
pub(crate) fn check_time(what: &str, at_us: i64) -> Result<(), String> {
    if (AT_US_MIN..AT_US_MAX).contains(&at_us) {
        return Ok(());
    }
    Err(format!("{what}, {}, is not between the years 2000 and 2200", time_text(at_us)))
}

fn check_launch(launched: &Launched) -> Result<(), String> {
    if launched.arms.is_empty() {
        return Err("it has no arm".into());
    }
    if launched.arms.len() > ARMS_MAX {
        return Err(format!("it has {} arms, and {ARMS_MAX} are the most", launched.arms.len()));
    }
    for arm in &launched.arms {
        check_name("arm", &arm.name)?;
        check_name("channel", &arm.channel)?;
    }
    for source in &launched.sources {
        check_name("channel", source)?;
    }
    for plugin in &launched.plugins {
        check_name("channel", &plugin.channel)?;
        check_name("plugin", &plugin.id)?;
    }
    Ok(())
}

/// Refuses numbers that JSON cannot hold: they would be stored as nothing and could not be read again.
fn check_look(look: &Look) -> Result<(), String> {
    let refuse = |what: String, number: f64| Err(format!("{what} is {number}, which is not a finite number"));
    let is_bad = |number: &f64| !number.is_finite();
    let whole = [("alpha", Some(look.alpha)), ("dispersion", look.dispersion)];
    for (name, number) in whole {
        if let Some(number) = number.filter(is_bad) {
            return refuse(format!("`{name}`"), number);
        }
    }
    for arm in &look.arms {
        let numbers = [
            ("exposure", Some(arm.exposure)),
            ("rate", arm.rate),
            ("p_best", Some(arm.p_best)),
            ("expected_loss", Some(arm.expected_loss)),
            ("ln_e_drop", Some(arm.ln_e_drop)),
            ("ln_e_unprofitable", arm.ln_e_unprofitable),
            ("share", Some(arm.share)),
            ("value_minor", arm.value_minor),
        ];
        for (name, number) in numbers {
            if let Some(number) = number.filter(is_bad) {
                return refuse(format!("`{name}` of arm `{}`", arm.name), number);
            }
        }
    }
    for pair in &look.pairs {
        let numbers = [
            ("ratio", Some(pair.ratio)),
            ("lower", pair.lower),
            ("upper", pair.upper),
            ("ln_e_a_beats_b", Some(pair.ln_e_a_beats_b)),
            ("ln_e_b_beats_a", Some(pair.ln_e_b_beats_a)),
            ("p_a_better", Some(pair.p_a_better)),
            ("difference", pair.difference.map(|difference| difference.estimate)),
            ("the lower difference", pair.difference.and_then(|difference| difference.lower)),
            ("the upper difference", pair.difference.and_then(|difference| difference.upper)),
        ];
        for (name, number) in numbers {
            if let Some(number) = number.filter(is_bad) {
                return refuse(format!("`{name}` of `{}` against `{}`", pair.a, pair.b), number);
            }
        }
    }
    Ok(())
}
