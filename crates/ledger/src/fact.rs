//! The facts that a ledger keeps: one kind each, and how it is stored.
//!
//! A fact is stored as its kind's name and a body of canonical JSON (keys sorted, no white space). These are stored
//! shapes: within a format, a field may be added when it has a default; a field is never renamed, removed or given
//! another meaning, and a new kind of fact is a new format. A reader ignores fields that it does not know.
//!
//! This file says what can be written down; what may follow what is in [`crate::Progress`].

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::evidence::{ArmStatus, Look};
use crate::moves::{Approval, Intended, Receipt, Reconciled, Sent, Withdrawn};
use crate::{Digest, RecordId};

/// Declares the enum of facts together with its kinds, so that none can be forgotten in reading or writing.
macro_rules! facts {
    ($($(#[$doc:meta])* $name:ident($body:ty) = $text:literal,)*) => {
        /// A fact.
        #[derive(Debug, Clone, PartialEq)]
        pub enum Fact {
            $($(#[$doc])* $name($body),)*
        }

        /// The kind of a fact.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Kind {
            $($(#[$doc])* $name,)*
        }

        impl Kind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The kind's name in the file.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }

        impl Fact {
            /// The fact's kind.
            #[must_use]
            pub const fn kind(&self) -> Kind {
                match self { $(Self::$name(_) => Kind::$name,)* }
            }

            /// The fact's body as canonical JSON.
            pub(crate) fn body(&self) -> serde_json::Result<String> {
                let value = match self { $(Self::$name(body) => serde_json::to_value(body)?,)* };
                let mut text = String::new();
                write_canonical(&value, &mut text)?;
                Ok(text)
            }

            /// Reads a fact of the given kind.
            pub(crate) fn parse(kind: Kind, body: &str) -> serde_json::Result<Self> {
                Ok(match kind { $(Kind::$name => Self::$name(serde_json::from_str(body)?),)* })
            }
        }
    };
}

facts! {
    /// An experiment began.
    Launched(Launched) = "launched",
    /// A person accepted a plugin library.
    PluginAccepted(PluginAccepted) = "plugin_accepted",
    /// A channel was asked for observations and answered; written by [`crate::Ledger::observe`] alone.
    Observed(Observed) = "observed",
    /// The observations were judged.
    Looked(Looked) = "looked",
    /// A verdict about an arm.
    Concluded(Concluded) = "concluded",
    /// A command that is wanted; in mode `propose` it waits for approval.
    Intended(Intended) = "intended",
    /// A person approved or declined intents.
    Approval(Approval) = "approval",
    /// An intent is given up before it was sent.
    Withdrawn(Withdrawn) = "withdrawn",
    /// A command is about to be sent: from here on the platform may have it.
    Sent(Sent) = "sent",
    /// What the channel answered.
    Receipt(Receipt) = "receipt",
    /// What the platform said later about a command whose outcome was unknown.
    Reconciled(Reconciled) = "reconciled",
    /// The experiment ended.
    Closed(Closed) = "closed",
    /// A remark.
    Note(Note) = "note",
}

impl Kind {
    /// The kind with that name in the file.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == name)
    }
}

impl Fact {
    /// The arm that the fact is about, where it is about one.
    #[must_use]
    pub fn arm(&self) -> Option<&str> {
        match self {
            Self::Concluded(fact) => Some(&fact.arm),
            Self::Intended(fact) => Some(&fact.arm),
            Self::Withdrawn(fact) => Some(&fact.arm),
            Self::Sent(fact) => Some(&fact.arm),
            Self::Receipt(fact) => Some(&fact.arm),
            Self::Reconciled(fact) => Some(&fact.arm),
            _ => None,
        }
    }
}

/// A fact as it was stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Stored {
    /// The record's number.
    pub id: RecordId,
    /// When it was recorded, µs UTC, by the clock of whoever recorded it.
    pub at_us: i64,
    /// The experiment it belongs to; `None` for what concerns the whole ledger.
    pub experiment: Option<String>,
    /// The fact.
    pub fact: Fact,
}

/// An experiment began: what was asked, as it was asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Launched {
    /// The definition file's text.
    pub definition_toml: String,
    /// The company file's text.
    pub company_toml: String,
    /// Version of the two files' format.
    pub schema: u32,
    /// The month, as `YYYY-MM`.
    pub month: String,
    /// Version of the program.
    pub program: String,
    /// Seed of the stand-in market when this is a rehearsal; `None` when real money is spent.
    #[serde(default)]
    pub rehearsal_seed: Option<u64>,
    /// The arms in definition order.
    pub arms: Vec<LaunchedArm>,
    /// The plugins behind the channels.
    pub plugins: Vec<PluginPin>,
    /// Channels on which no arm runs, and which report on all arms: where goals are counted elsewhere than they are bought.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<String>,
    /// What was learned from earlier experiments and is believed in every look; `None`: the defaults.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prior: Option<LearnedPrior>,
}

/// What was believed of an experiment's arms at its launch, from experiments that were closed by then.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LearnedPrior {
    /// Standard deviation of the log ratio of two arms.
    pub ratio_sd: f64,
    /// How many experiments that came from.
    pub experiments: u64,
    /// Whose they were: a channel, or `None` for those of all channels.
    pub channel: Option<String>,
    /// What was believed of day noise; `None` where nothing was learned of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub noise: Option<LearnedNoise>,
}

/// What was believed of day noise: variances of a pair's logit with their weights.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LearnedNoise {
    /// The variances, rising.
    pub variances: Vec<f64>,
    /// Their weights, which sum to one.
    pub weights: Vec<f64>,
    /// How many experiments they came from.
    pub experiments: u64,
}

/// An arm as launched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaunchedArm {
    /// The arm's name.
    pub name: String,
    /// Its number in observation rows, from 1.
    pub code: u32,
    /// Its channel.
    pub channel: String,
    /// Whether it is the control.
    pub control: bool,
}

/// The library behind a channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PluginPin {
    /// The channel.
    pub channel: String,
    /// The plugin's id.
    pub id: String,
    /// The plugin's version.
    pub version: String,
    /// The library file's digest.
    pub sha256: Digest,
}

/// A person accepted a plugin library, in place of the one pinned before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PluginAccepted {
    /// The plugin's id.
    pub id: String,
    /// The plugin's version.
    pub version: String,
    /// The library file's digest.
    pub sha256: Digest,
    /// Who accepted it.
    pub by: String,
}

/// A channel was asked for observations and answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observed {
    /// The channel.
    pub channel: String,
    /// Start of the span that was asked for, µs UTC.
    pub from_us: i64,
    /// Its end, exclusive, µs UTC.
    pub to_us: i64,
    /// The channel's cursor after the answer; goes into the next question.
    pub cursor: Option<String>,
    /// All periods that end at or before this are reported, µs UTC. A row that is missing there was not told: it is not a zero.
    pub fresh_until_us: Option<i64>,
    /// Rows of the answer that nobody had reported before.
    pub rows_new: u64,
    /// Rows of the answer that replace an earlier value.
    pub rows_restated: u64,
    /// Rows of the answer that were known as they are; they are not stored again.
    pub rows_unchanged: u64,
    /// Digest of the rows stored with this record, see [`crate::Ledger::verify`].
    pub rows_sha256: Digest,
}

/// The observations were judged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Looked {
    /// The newest record whose observations were used: reading as of it repeats the look.
    pub as_of: RecordId,
    /// What was found.
    pub evidence: Look,
}

/// A verdict about an arm.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Concluded {
    /// The arm.
    pub arm: String,
    /// What it is from now on.
    pub status: ArmStatus,
    /// Number of the look that concluded it.
    pub look: u32,
    /// Why, in a sentence.
    pub reason: String,
    /// `exact`, `robust`, `asymptotic` or `model`.
    pub guarantee: String,
    /// The arm it was compared with, if one.
    #[serde(default)]
    pub against: Option<String>,
    /// ln of the e-value behind it, if one.
    #[serde(default)]
    pub ln_e_value: Option<f64>,
}

/// The experiment ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Closed {
    /// Why, in a sentence.
    pub reason: String,
    /// The result as the program that closed it saw it; the ledger does not look inside.
    #[serde(default)]
    pub summary: Value,
}

/// A remark.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// Who says it.
    pub by: String,
    /// What.
    pub text: String,
}

/// Writes `value` with sorted keys and without white space, whatever order the map type keeps.
fn write_canonical(value: &Value, text: &mut String) -> serde_json::Result<()> {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_unstable_by_key(|(key, _)| *key);
            text.push('{');
            for (i, (key, value)) in entries.into_iter().enumerate() {
                if i > 0 {
                    text.push(',');
                }
                text.push_str(&serde_json::to_string(key)?);
                text.push(':');
                write_canonical(value, text)?;
            }
            text.push('}');
        }
        Value::Array(items) => {
            text.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    text.push(',');
                }
                write_canonical(item, text)?;
            }
            text.push(']');
        }
        scalar => text.push_str(&serde_json::to_string(scalar)?),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// Protects hashes from map order: the same value has one text only.
    #[test]
    fn canonical_text_sorts_keys_at_every_depth() {
        let mut text = String::new();
        let value = json!({"b": [1, {"z": null, "a": "é\u{0}\""}], "a": -1.5, "": true});
        write_canonical(&value, &mut text).unwrap();
        assert_eq!(text, r#"{"":true,"a":-1.5,"b":[1,{"a":"é\u0000\"","z":null}]}"#);
    }

    /// Protects the kinds' names in files: reading finds what writing wrote.
    #[test]
    fn every_kind_is_found_by_its_name() {
        for &kind in Kind::ALL {
            assert_eq!(Kind::from_name(kind.as_str()), Some(kind));
        }
        assert_eq!(Kind::from_name("Note"), None);
    }

    /// Protects old readers from new data: a field that was added later is ignored.
    #[test]
    fn unknown_fields_are_ignored() {
        let fact = Fact::parse(Kind::Note, r#"{"by":"a","text":"b","later":[1]}"#).unwrap();
        assert_eq!(fact, Fact::Note(Note { by: "a".into(), text: "b".into() }));
    }

    /// Protects evidence from losing its last digit on the way through the file.
    #[test]
    fn floats_read_back_to_the_bit() {
        for bits in
            [0x3FB9_9999_9999_999Au64, 1, 0x7FEF_FFFF_FFFF_FFFF, 0x3FF0_0000_0000_0001, 0xC08F_4000_0000_0001]
        {
            let concluded = Concluded {
                arm: "a".into(),
                status: ArmStatus::Dropped,
                look: 1,
                reason: String::new(),
                guarantee: "exact".into(),
                against: None,
                ln_e_value: Some(f64::from_bits(bits)),
            };
            let fact = Fact::Concluded(concluded);
            assert_eq!(Fact::parse(Kind::Concluded, &fact.body().unwrap()).unwrap(), fact);
        }
    }
}
