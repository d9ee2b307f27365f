//! Family `config`: what is accepted as a configuration.

use std::sync::Arc;

use gevinst_host::{Code, Connection, HostError};
use serde_json::{Value, json};

use crate::bench::{Bench, Found, Stop, Test, ensure};
use crate::report::Family;

const REFUSES: &[&str] =
    &["config.good_opens", "config.unknown_key_refused", "config.refused_open_leaves_nothing"];

pub(crate) const TESTS: &[Test] = &[
    Test {
        family: Family::Config,
        name: "config.good_opens",
        must: "open and check with the configuration it is tested with",
        needs: &["load.describe_is_pure_and_valid"],
        run: |bench| Ok(bench.open()?.check(bench.terms())?),
    },
    Test {
        family: Family::Config,
        name: "config.unknown_key_refused",
        must: "refuse a key that it does not know, and name it",
        needs: &["config.good_opens"],
        run: unknown_key_refused,
    },
    Test {
        family: Family::Config,
        name: "config.refused_open_leaves_nothing",
        must: "open with a good configuration after it refused a bad one",
        needs: &["config.good_opens", "config.unknown_key_refused"],
        run: refused_open_leaves_nothing,
    },
    Test {
        family: Family::Config,
        name: "config.wrong_type_refused",
        must: "refuse a value of the wrong type, with a JSON pointer to it",
        needs: REFUSES,
        run: wrong_type_refused,
    },
    Test {
        family: Family::Config,
        name: "config.not_an_object_refused",
        must: "refuse a configuration that is no object",
        needs: REFUSES,
        run: not_an_object_refused,
    },
    Test {
        family: Family::Config,
        name: "config.missing_secret_refused",
        must: "refuse to sign in without a secret that its configuration names",
        needs: &["config.good_opens"],
        run: missing_secret_refused,
    },
];

/// A misspelling that no configuration has.
const UNKNOWN: &str = "zz_no_such_key";

fn unknown_key_refused(bench: &Bench<'_>) -> Found {
    let mut config = bench.config();
    config[UNKNOWN] = json!("x");
    let error = refusal(bench, &mut *bench.start()?, &config, &format!("the unknown key `{UNKNOWN}`"))?;
    ensure(error.field.contains(UNKNOWN) || error.message.contains(UNKNOWN), || {
        format!("the refusal does not name `{UNKNOWN}`: {error}")
    })
}

fn wrong_type_refused(bench: &Bench<'_>) -> Found {
    let good = bench.config();
    let keys: Vec<&String> = good.as_object().into_iter().flat_map(|config| config.keys()).collect();
    let mut channel = bench.start()?;
    for key in keys {
        let mut config = good.clone();
        // A value that fits neither what is there nor what could stand for it.
        config[key] = match &good[key] {
            Value::String(_) => json!(7),
            Value::Object(_) | Value::Array(_) => json!("text"),
            _ => json!([["text"]]),
        };
        let what = format!("{} for `{key}`", config[key]);
        let error = refusal(bench, &mut *channel, &config, &what)?;
        let escaped = key.replace('~', "~0").replace('/', "~1");
        ensure(error.field.split('/').nth(1) == Some(&escaped), || {
            format!("{what} was refused with the field `{}`, expected `/{escaped}`", error.field)
        })?;
    }
    Ok(())
}

fn not_an_object_refused(bench: &Bench<'_>) -> Found {
    let mut channel = bench.start()?;
    for config in [json!([bench.config()]), json!(null), json!("text"), json!(7)] {
        refusal(bench, &mut *channel, &config, &format!("{} for a configuration", kind(&config)))?;
    }
    Ok(())
}

fn refused_open_leaves_nothing(bench: &Bench<'_>) -> Found {
    let mut channel = bench.start()?;
    let mut config = bench.config();
    config[UNKNOWN] = json!("x");
    refusal(bench, &mut *channel, &config, &format!("the unknown key `{UNKNOWN}`"))?;
    channel.open(&bench.config(), bench.terms())?;
    Ok(channel.check(bench.terms())?)
}

fn missing_secret_refused(bench: &Bench<'_>) -> Found {
    bench.open()?.check(bench.terms())?;
    if !bench.gave_secrets() {
        return Err(Stop::Skip("the plugin asked for no secret".to_owned()));
    }
    let mut channel = bench.start_with(Arc::new(|_| None))?;
    let answer = channel.open(&bench.config(), bench.terms()).and_then(|()| channel.check(bench.terms()));
    match answer {
        Err(HostError::Plugin(error)) if matches!(error.code, Code::Auth | Code::BadConfig) => Ok(()),
        Err(error) => {
            Err(Stop::Fail(format!("without the secret it did not say that signing in failed: {error}")))
        }
        Ok(()) => Err(Stop::Fail("it opened and checked without the secret".to_owned())),
    }
}

/// The plugin's "bad configuration", which is the only acceptable answer.
fn refusal(
    bench: &Bench<'_>,
    channel: &mut dyn Connection,
    config: &Value,
    what: &str,
) -> Result<gevinst_host::PluginError, Stop> {
    match channel.open(config, bench.terms()) {
        Ok(()) => Err(Stop::Fail(format!("{what} was accepted"))),
        Err(HostError::Plugin(error)) if error.code == Code::BadConfig => Ok(error),
        Err(error) => Err(Stop::Fail(format!("{what} was not refused as a bad configuration: {error}"))),
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
