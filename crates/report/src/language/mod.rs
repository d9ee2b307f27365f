//! The languages of the reports: texts, figures and dates as a reader of the language writes them.
//!
//! Texts are Fluent messages, one file a language, linked in: nothing is read from disk. All files hold the same messages
//! with the same variables (a test sees to it). What users wrote, and the reasons that the ledger holds, stay as they are.
//! Figures in English follow ISO 80000-1, as the definitions do: a space between groups of three and a decimal point.

mod catalogue;
mod figures;
mod recorded;
mod terms;

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

pub(crate) use catalogue::Values;
pub(crate) use recorded::Told;

/// A language that reports are written in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// Danish.
    Danish,
    /// Norwegian Bokmål.
    Norwegian,
    /// Swedish.
    Swedish,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::English, Self::Danish, Self::Norwegian, Self::Swedish];

    /// Its code (BCP 47): `en`, `da`, `nb` or `sv`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Danish => "da",
            Self::Norwegian => "nb",
            Self::Swedish => "sv",
        }
    }

    /// The message of that key, with its variables.
    pub(crate) fn say(self, key: &str, values: Values<'_>) -> String {
        catalogue::message(self, key, values)
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for Language {
    type Err = String;

    /// Reads a code; `no` is Bokmål, and a region (`da-DK`) is let pass.
    fn from_str(text: &str) -> Result<Self, String> {
        let lower = text.to_ascii_lowercase();
        let code = lower.split(['-', '_']).next().unwrap_or_default();
        match code {
            "en" => Ok(Self::English),
            "da" => Ok(Self::Danish),
            "nb" | "no" | "nn" => Ok(Self::Norwegian),
            "sv" => Ok(Self::Swedish),
            _ => Err(format!("no reports in `{text}`: choose en, da, nb or sv")),
        }
    }
}

impl Serialize for Language {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl schemars::JsonSchema for Language {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Language".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "enum": ["en", "da", "nb", "sv"] })
    }
}

/// The text of a message: `tr!(lang, "skip")`, `tr!(lang, "others", n = 3)`.
macro_rules! tr {
    ($lang:expr, $key:literal) => {
        $lang.say($key, &[])
    };
    ($lang:expr, $key:literal, $($name:ident = $value:expr),+ $(,)?) => {
        $lang.say($key, &[$((stringify!($name), fluent_bundle::FluentValue::from($value))),+])
    };
}

/// A message that names arms or experiments, as a sentence whose names stand apart: as [`tr!`].
macro_rules! prose {
    ($($all:tt)*) => {
        $crate::prose::Prose::marked(&$crate::language::tr!($($all)*))
    };
}

pub(crate) use {prose, tr};
