//! The single values of a file: texts, numbers, amounts, dates, names, words, lists and free tables.
//!
//! Limits live here: no control characters, no endless texts, no numbers that are not finite.

use std::{ops::Range, str::FromStr};

use schemars::{Schema, SchemaGenerator, json_schema};
use serde_json::Value;
use toml::de::DeValue;

use super::{At, Field, Findings, Node};
use crate::{
    ArmName, ChannelName, CostName, Currency, Duration, ExperimentName, MetricName, Mistake, Money, Month,
    PluginName, Ratio, Zone,
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

/// A whole number of things, from 1 to 10¹².
#[derive(Debug, Clone, Copy)]
pub(crate) struct Count(pub(crate) u64);

/// Where random numbers begin: a whole number from 0.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seed(pub(crate) u64);

/// A finite number from 0 to 10¹².
#[derive(Debug, Clone, Copy)]
pub(crate) struct Number(pub(crate) f64);

/// A table whose content is the business of somebody else, as JSON.
#[derive(Debug, Clone)]
pub(crate) struct Free(pub(crate) serde_json::Map<String, Value>);

/// A list.
#[derive(Debug, Clone)]
pub(crate) struct List<T>(pub(crate) Vec<At<T>>);

/// A table with keys of the user's own.
#[derive(Debug, Clone)]
pub(crate) struct Map<K, V>(pub(crate) Vec<(At<K>, At<V>)>);

const TEXT_MAX: usize = 2_000;
const LIST_MAX: usize = 1_000;
const NUMBER_MAX: f64 = 1e12;
const COUNT_MAX: u64 = 1_000_000_000_000;

/// The text of a string value without control characters; anything else leaves a mistake.
fn string<'n>(node: Node<'n>, expected: &str, findings: &mut Findings<'_>) -> Option<&'n str> {
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
fn parsed<T: FromStr<Err = Mistake>>(
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

impl Field for Money {
    fn read(node: Node<'_>, findings: &mut Findings<'_>) -> Option<Self> {
        let usual = findings.currency;
        let example = usual.map_or("NOK", Currency::code);
        let expected = format!("an amount with its currency, such as `40 000 {example}`");
        if let DeValue::Integer(_) | DeValue::Float(_) = node.value {
            let written = findings.text.get(node.span()).unwrap_or_default().replace('_', " ");
            let diagnostic = Diagnostic::error(node.span(), "an amount needs its currency")
                .label(format!("expected {expected}"));
            findings.push(match Self::read(&format!("{written} {example}"), usual) {
                Ok(money) => diagnostic.help(format!("write \"{money}\", in quotes")),
                Err(_) => diagnostic.help(format!("write \"40 000 {example}\", in quotes")),
            });
            return None;
        }
        let text = string(node, &expected, findings)?;
        let money = Self::read(text, usual)
            .map_err(|mistake| findings.mistake(node.span(), mistake, &format!("expected {expected}")))
            .ok()?;
        if let Some(company) = usual.filter(|&company| company != money.currency()) {
            let message =
                format!("an amount in {}, but the company's currency is {company}", money.currency());
            findings.push(
                Diagnostic::error(node.span(), message)
                    .label(format!("expected an amount in {company}"))
                    .help(format!("no rates of exchange are known here: write the amount in {company}")),
            );
            return None;
        }
        if money.minor() < 0 {
            findings
                .push(Diagnostic::error(node.span(), "an amount below zero").label("expected zero or more"));
            return None;
        }
        Some(money)
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "An amount with its currency.",
            "pattern": "^([A-Z]{3} ?)?[0-9][0-9 _\u{a0}\u{2009}\u{202f}]*([.,][0-9]+)?( ?[A-Z]{3})?$",
            "examples": ["40 000 NOK", "1 800.50 NOK"],
        })
    }
}

impl Field for Ratio {
    fn read(node: Node<'_>, findings: &mut Findings<'_>) -> Option<Self> {
        const EXPECTED: &str = "a percentage such as `5 %` or a number such as 0.05";
        match node.value {
            DeValue::Integer(_) | DeValue::Float(_) => {
                // Read from its digits where it has any, so that 0.05 is exactly that; else (1e-3) from the number.
                let digits = match node.value {
                    DeValue::Float(float) => float.as_str(),
                    DeValue::Integer(integer) if integer.radix() == 10 => integer.as_str(),
                    _ => "",
                };
                let ratio = digits.parse().ok().or_else(|| number(node).and_then(Self::from_f64));
                if ratio.is_none() {
                    findings.push(
                        Diagnostic::error(node.span(), "not a part of a whole")
                            .label(format!("expected {EXPECTED}")),
                    );
                }
                ratio
            }
            _ => parsed(node, EXPECTED, findings),
        }
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A percentage in quotes, or a number.",
            "anyOf": [{ "type": "string", "pattern": "^-?[0-9]+([.,][0-9]+)? ?%$" }, { "type": "number" }],
            "examples": ["5 %", 0.05],
        })
    }
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
        json_schema!({ "type": "string", "format": "date", "examples": ["2026-11-10"] })
    }
}

impl Field for bool {
    fn read(node: Node<'_>, findings: &mut Findings<'_>) -> Option<Self> {
        let value = node.value.as_bool();
        if value.is_none() {
            let yes = node
                .value
                .as_str()
                .is_some_and(|text| matches!(text.to_lowercase().as_str(), "yes" | "true" | "ja" | "1"));
            let no = node.value.as_str().is_some_and(|text| {
                matches!(text.to_lowercase().as_str(), "no" | "false" | "nei" | "nej" | "0")
            });
            let help = if yes { Some("true") } else { no.then_some("false") };
            findings.wrong_type(
                node,
                "`true` or `false`",
                help.map(|word| format!("write {word}, without quotes")),
            );
        }
        value
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "boolean" })
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

/// For a number in quotes: what to write, if it begins with one.
fn unquoted(node: Node<'_>) -> Option<String> {
    let text = node.value.as_str()?;
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let number = text[..end].trim_end_matches('.');
    (!number.is_empty()).then(|| format!("write {number}, without quotes"))
}

/// A number of either kind as a float; may be infinite or not a number, as TOML allows both.
fn number(node: Node<'_>) -> Option<f64> {
    match node.value {
        #[expect(
            clippy::cast_precision_loss,
            reason = "limits are far below 2⁵³, and beyond them any value is refused"
        )]
        DeValue::Integer(integer) => {
            i64::from_str_radix(integer.as_str(), integer.radix()).ok().map(|n| n as f64)
        }
        DeValue::Float(float) => float.as_str().parse().ok(),
        _ => None,
    }
}

impl Field for Number {
    fn read(node: Node<'_>, findings: &mut Findings<'_>) -> Option<Self> {
        if !matches!(node.value, DeValue::Integer(_) | DeValue::Float(_)) {
            findings.wrong_type(node, "a number", unquoted(node));
            return None;
        }
        let number = number(node).filter(|n| (0.0..=NUMBER_MAX).contains(n));
        if number.is_none() {
            findings.push(
                Diagnostic::error(node.span(), "a number out of range")
                    .label("expected a number from 0 to 10¹²"),
            );
        }
        number.map(Self)
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "number", "minimum": 0, "maximum": 1_000_000_000_000_u64 })
    }
}

/// A whole number within a range, whichever way it is written.
fn whole(node: Node<'_>, range: std::ops::RangeInclusive<u64>, findings: &mut Findings<'_>) -> Option<u64> {
    let end = if *range.end() == COUNT_MAX { "10¹²".to_owned() } else { range.end().to_string() };
    let expected = format!("a whole number from {} to {end}", range.start());
    let DeValue::Integer(integer) = node.value else {
        findings.wrong_type(node, "a whole number", unquoted(node));
        return None;
    };
    let number = u64::from_str_radix(integer.as_str(), integer.radix()).ok().filter(|n| range.contains(n));
    if number.is_none() {
        findings.push(
            Diagnostic::error(node.span(), "a number out of range").label(format!("expected {expected}")),
        );
    }
    number
}

impl Field for Count {
    fn read(node: Node<'_>, findings: &mut Findings<'_>) -> Option<Self> {
        whole(node, 1..=COUNT_MAX, findings).map(Self)
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "minimum": 1, "maximum": COUNT_MAX })
    }
}

impl Field for Seed {
    fn read(node: Node<'_>, findings: &mut Findings<'_>) -> Option<Self> {
        whole(node, 0..=i64::MAX.unsigned_abs(), findings).map(Self)
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "minimum": 0 })
    }
}

impl<T: Field> Field for List<T> {
    fn read(node: Node<'_>, findings: &mut Findings<'_>) -> Option<Self> {
        let DeValue::Array(array) = node.value else {
            let help = if T::TITLE.starts_with("[[") {
                format!("write the head with two brackets at each end, once for each entry: `{}`", T::TITLE)
            } else {
                "write it between brackets, with commas: [ …, … ]".to_owned()
            };
            findings.wrong_type(node, "a list", Some(help));
            return None;
        };
        if array.len() > LIST_MAX {
            findings.push(
                Diagnostic::error(node.span(), format!("a list of {} entries", array.len()))
                    .label("expected at most 1 000"),
            );
            return None;
        }
        // Every entry is read, so that all mistakes are found, before one that failed makes the list fail.
        let read: Vec<Option<At<T>>> = array
            .iter()
            .map(Node::of)
            .map(|entry| T::read(entry, findings).map(|value| At { value, span: entry.span() }))
            .collect();
        read.into_iter().collect::<Option<_>>().map(Self)
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "array", "items": T::schema(generator), "maxItems": LIST_MAX })
    }
}

impl<K: FromStr<Err = Mistake>, V: Field> Field for Map<K, V> {
    fn read(node: Node<'_>, findings: &mut Findings<'_>) -> Option<Self> {
        let DeValue::Table(table) = node.value else {
            findings.wrong_type(
                node,
                "a table of names with their values",
                Some("write it as { name = …, name = … }".to_owned()),
            );
            return None;
        };
        let read: Vec<Option<(At<K>, At<V>)>> = table
            .iter()
            .map(|(name, value)| {
                let key = name
                    .get_ref()
                    .parse()
                    .map_err(|mistake| findings.mistake(name.span(), mistake, "expected a name"))
                    .map(|value| At { value, span: name.span() })
                    .ok();
                let node = Node::of(value);
                let value = V::read(node, findings).map(|value| At { value, span: node.span() });
                key.zip(value)
            })
            .collect();
        let mut entries: Vec<(At<K>, At<V>)> = read.into_iter().collect::<Option<_>>()?;
        // In the order of the file, so that of two equal entries the second is the one too many.
        entries.sort_by_key(|(key, _)| key.span.start);
        Some(Self(entries))
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "object", "additionalProperties": V::schema(generator) })
    }
}

impl FromStr for Plain {
    type Err = Mistake;

    fn from_str(text: &str) -> Result<Self, Mistake> {
        Ok(Self(text.to_owned()))
    }
}

impl Field for Free {
    fn read(node: Node<'_>, findings: &mut Findings<'_>) -> Option<Self> {
        match json(node, findings)? {
            Value::Object(map) => Some(Self(map)),
            _ => {
                findings.wrong_type(node, "a table", None);
                None
            }
        }
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "object", "additionalProperties": true })
    }
}

/// Any TOML value as JSON; dates become texts. What JSON cannot hold leaves a mistake.
pub(crate) fn json(node: Node<'_>, findings: &mut Findings<'_>) -> Option<Value> {
    Some(match node.value {
        // Creative texts may have several lines; other control characters have no business in an advertisement.
        DeValue::String(text) => {
            if let Some(control) = text.chars().find(|c| c.is_control() && !matches!(c, '\n' | '\t' | '\r')) {
                let message = format!("a text holds the control character {}", control.escape_unicode());
                findings.push(Diagnostic::error(node.span(), message).label("expected visible characters"));
                return None;
            }
            Value::String(text.to_string())
        }
        DeValue::Integer(integer) => match i64::from_str_radix(integer.as_str(), integer.radix()) {
            Ok(integer) => Value::from(integer),
            Err(_) => return out_of_range(node.span(), findings),
        },
        DeValue::Float(float) => match float.as_str().parse().ok().and_then(serde_json::Number::from_f64) {
            Some(number) => Value::Number(number),
            None => return out_of_range(node.span(), findings),
        },
        DeValue::Boolean(value) => Value::Bool(*value),
        DeValue::Datetime(date) => Value::String(date.to_string()),
        DeValue::Array(array) => {
            let values: Vec<Option<Value>> =
                array.iter().map(|value| json(Node::of(value), findings)).collect();
            Value::Array(values.into_iter().collect::<Option<_>>()?)
        }
        DeValue::Table(table) => {
            let values: Vec<Option<(String, Value)>> = table
                .iter()
                .map(|(key, value)| {
                    json(Node::of(value), findings).map(|value| (key.get_ref().to_string(), value))
                })
                .collect();
            Value::Object(values.into_iter().collect::<Option<_>>()?)
        }
    })
}

fn out_of_range<T>(span: Range<usize>, findings: &mut Findings<'_>) -> Option<T> {
    findings
        .push(Diagnostic::error(span, "a number out of range").label("expected a finite number of 64 bits"));
    None
}
