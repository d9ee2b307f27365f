//! Texts: sentences, names, words of a choice, dates, and everything that is read from a text by its type's own rules.
//!
//! No control characters, no invisible ones that make a text look like another, no endless texts.

use std::str::FromStr;

use schemars::{Schema, SchemaGenerator, json_schema};
use serde_json::Value;
use toml::de::DeValue;

use super::{Field, Findings, Node};
use crate::{
    ArmName, ChannelName, CostName, Currency, Duration, ExperimentName, MetricName, Mistake, Month,
    PluginName, Zone,
    choice::{self, Choice},
    diagnostic::Diagnostic,
    name, suggest,
};

/// A text of at most 2,000 characters on which a person's eye rests: not empty, no control characters.
#[derive(Debug, Clone)]
pub(crate) struct Text(pub(crate) String);

/// A text that names something in somebody else's file, which may be anything short: a column, a value.
#[derive(Debug, Clone)]
pub(crate) struct Plain(pub(crate) String);

const TEXT_MAX: usize = 2_000;

/// The text of a string value without control characters; anything else leaves a mistake.
pub(super) fn string<'n>(node: Node<'n>, expected: &str, findings: &mut Findings<'_>) -> Option<&'n str> {
    let DeValue::String(text) = node.value else {
        let written = findings.text.get(node.span()).unwrap_or_default();
        let help = match node.value {
            DeValue::Array(_) | DeValue::Table(_) => None,
            // A date where a month belongs is cut to one.
            DeValue::Datetime(_) if expected.contains("a month") => {
                written.get(..7).map(|month| format!("write \"{month}\""))
            }
            _ => Some(format!("write \"{written}\", if that is what you mean")),
        };
        findings.wrong_type(node, expected, help);
        return None;
    };
    if let Some(control) = text.chars().find(|c| c.is_control() || is_invisible(*c)) {
        let message = format!("a text holds the control character {}", control.escape_unicode());
        findings.push(
            Diagnostic::error(node.span(), message).label("write it on one line, in visible characters"),
        );
        return None;
    }
    Some(text)
}

/// Characters that change how the rest of a line is shown, and can make a text look like another one.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}' | '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// Reads a text by its type's own rules.
pub(super) fn parsed<T: FromStr<Err = Mistake>>(
    node: Node<'_>,
    expected: &str,
    findings: &mut Findings<'_>,
) -> Option<T> {
    let text = string(node, expected, findings)?;
    text.parse()
        .map_err(|mistake| findings.mistake(node.span(), mistake, &format!("expected {expected}")))
        .ok()
}

macro_rules! parsed_fields {
    ($($type:ty: $expected:literal, $schema:tt;)+) => {$(
        impl Field for $type {
            fn read(node: Node<'_>, findings: &mut Findings<'_>) -> Option<Self> {
                parsed(node, $expected, findings)
            }

            fn schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    )+};
}

parsed_fields! {
    Currency: "a currency's code such as `NOK`", { "type": "string", "pattern": "^[A-Z]{3}$" };
    Zone: "a timezone such as `Europe/Oslo`", { "type": "string", "examples": ["Europe/Oslo", "Europe/Copenhagen"] };
    Month: "a month such as `2026-11`", { "type": "string", "pattern": "^2[01][0-9]{2}-(0[1-9]|1[0-2])$" };
    Duration: "a length of time such as `14 days`", { "type": "string", "pattern": "^[0-9]+ ?[a-z]+$", "examples": ["14 days", "3 hours"] };
    ExperimentName: "a name", { "type": "string", "pattern": (name::PATTERN) };
    ArmName: "a name", { "type": "string", "pattern": (name::PATTERN) };
    ChannelName: "the name of a channel", { "type": "string", "pattern": (name::PATTERN) };
    MetricName: "the name of a metric", { "type": "string", "pattern": (name::PATTERN) };
    PluginName: "the id of a plugin", { "type": "string", "pattern": (name::PATTERN) };
    CostName: "the name of a cost", { "type": "string", "pattern": (name::PATTERN) };
}

impl Field for jiff::civil::Date {
    fn read(node: Node<'_>, findings: &mut Findings<'_>) -> Option<Self> {
        const EXPECTED: &str = "a date such as 2026-11-10";
        let text = match node.value {
            DeValue::Datetime(date) => date.to_string(),
            DeValue::String(text) => text.to_string(),
            _ => {
                findings.wrong_type(node, EXPECTED, None);
                return None;
            }
        };
        let date = (text.len() == 10).then(|| text.parse().ok()).flatten();
        if date.is_none() {
            findings.push(
                Diagnostic::error(node.span(), format!("`{}` is not a date", text.escape_debug()))
                    .label(format!("expected {EXPECTED}")),
            );
        }
        date
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "date", "pattern": "^2[01][0-9]{2}-[0-9]{2}-[0-9]{2}$", "examples": ["2026-11-10"] })
    }
}

impl<C: Choice> Field for C {
    fn read(node: Node<'_>, findings: &mut Findings<'_>) -> Option<Self> {
        let words = suggest::one_of(C::ALL.iter().map(|(_, word, _)| *word));
        let text = string(node, &words, findings)?;
        choice::read(text)
            .map_err(|mistake| findings.mistake(node.span(), mistake, &format!("expected {words}")))
            .ok()
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        let words: Vec<Value> = C::ALL
            .iter()
            .map(|(_, word, meaning)| serde_json::json!({ "const": word, "description": meaning.trim() }))
            .collect();
        json_schema!({ "type": "string", "oneOf": words })
    }
}

impl Field for Text {
    fn read(node: Node<'_>, findings: &mut Findings<'_>) -> Option<Self> {
        let text = string(node, "a text", findings)?.trim();
        if text.is_empty() || text.chars().count() > TEXT_MAX {
            let what = if text.is_empty() { "an empty text" } else { "a text of more than 2 000 characters" };
            findings.push(Diagnostic::error(node.span(), what).label("expected a sentence or a few"));
            return None;
        }
        Some(Self(text.to_owned()))
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "minLength": 1, "maxLength": TEXT_MAX })
    }
}

impl Field for Plain {
    fn read(node: Node<'_>, findings: &mut Findings<'_>) -> Option<Self> {
        let text = match node.value {
            // Filters compare as text, so that `visit = 1` finds what the file spells `1`.
            DeValue::Integer(integer) => integer.to_string(),
            DeValue::Float(float) => float.to_string(),
            DeValue::Boolean(value) => value.to_string(),
            _ => string(node, "a text", findings)?.to_owned(),
        };
        if text.chars().count() > TEXT_MAX {
            findings.push(Diagnostic::error(node.span(), "a text of more than 2 000 characters"));
            return None;
        }
        Some(Self(text))
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["string", "number", "boolean"] })
    }
}

impl FromStr for Plain {
    type Err = Mistake;

    fn from_str(text: &str) -> Result<Self, Mistake> {
        Ok(Self(text.to_owned()))
    }
}
