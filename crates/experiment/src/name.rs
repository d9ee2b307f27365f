//! Names: of experiments, arms, channels, metrics, plugins and costs.
//!
//! All follow one rule, because they become parts of keys (`headlines/problem/7`), file names and link parameters: lower-case
//! letters a–z, digits, `-` and `_`, beginning with a letter or digit, at most 64 long. A name of one kind cannot be taken
//! for another.

use std::{borrow::Borrow, fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize};

use crate::Mistake;

/// The rule as a regular expression, for the JSON Schemas.
pub(crate) const PATTERN: &str = "^[a-z0-9][a-z0-9_-]{0,63}$";

const LENGTH_MAX: usize = 64;

fn check(text: &str) -> Result<(), Mistake> {
    if text.is_empty() {
        return Err(Mistake::new("a name is empty").help("write a short name, such as `problem`"));
    }
    if text.len() > LENGTH_MAX {
        return Err(Mistake::new(format!("a name has {} characters", text.chars().count()))
            .help(format!("keep it to {LENGTH_MAX}: a long explanation belongs in `hypothesis`")));
    }
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_');
    if text.bytes().all(allowed) && !text.starts_with(['-', '_']) {
        return Ok(());
    }
    let mistake = Mistake::new("a name holds lower-case letters a–z, digits, `-` and `_` only");
    let proposal = propose(text);
    Err(if proposal.is_empty() { mistake } else { mistake.help(format!("write `{proposal}`")) })
}

/// The nearest name that follows the rule: `Grønt skilt!` → `gront-skilt`.
fn propose(text: &str) -> String {
    let mut name = String::new();
    for letter in text.chars().flat_map(char::to_lowercase) {
        match letter {
            'a'..='z' | '0'..='9' | '_' => name.push(letter),
            'æ' | 'ä' => name.push_str("ae"),
            'ø' | 'ö' => name.push('o'),
            'å' | 'á' | 'à' | 'â' => name.push('a'),
            'é' | 'è' | 'ê' => name.push('e'),
            'ü' => name.push('u'),
            _ if !name.ends_with('-') => name.push('-'),
            _ => {}
        }
    }
    name.trim_matches(['-', '_']).to_owned()
}

macro_rules! names {
    ($($(#[doc = $doc:literal])+ $name:ident;)+) => {$(
        $(#[doc = $doc])+
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $name(Box<str>);

        impl $name {
            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = Mistake;

            fn from_str(text: &str) -> Result<Self, Mistake> {
                check(text).map(|()| Self(text.into()))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )+};
}

names! {
    /// The name of an experiment, unique in a project.
    ExperimentName;
    /// The name of an arm, unique in its experiment.
    ArmName;
    /// The name of a channel in `gevinst.toml`.
    ChannelName;
    /// The name of something that is counted or summed, such as `lead` or `clicks`.
    MetricName;
    /// The id of a plugin, such as `native-ads`.
    PluginName;
    /// The name of a running cost, such as `agency`.
    CostName;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit_into_keys_and_file_names() {
        // Protects: command keys and report files from slashes, spaces and letters that a platform would mangle.
        for good in ["a", "problem", "2026-11", "sales_director", "x".repeat(64).as_str()] {
            assert_eq!(good.parse::<ArmName>().unwrap().as_str(), good);
        }
        for (bad, help) in [
            ("Problem", Some("write `problem`")),
            ("Grønt skilt!", Some("write `gront-skilt`")),
            ("a/b", Some("write `a-b`")),
            ("-a", Some("write `a`")),
            ("", Some("write a short name, such as `problem`")),
            ("..", None),
            ("名前", None),
        ] {
            assert_eq!(bad.parse::<ArmName>().unwrap_err().help.as_deref(), help, "{bad}");
        }
        assert!("x".repeat(65).parse::<ArmName>().is_err());
    }
}
