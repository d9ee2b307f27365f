//! What holds other values: lists, tables with keys of the user's own, and tables that are somebody else's business.

use std::{ops::Range, str::FromStr};

use schemars::{Schema, SchemaGenerator, json_schema};
use serde_json::Value;
use toml::de::DeValue;

use super::{At, Field, Findings, Node};
use crate::{Mistake, diagnostic::Diagnostic};

/// A table whose content is the business of somebody else, as JSON.
#[derive(Debug, Clone)]
pub(crate) struct Free(pub(crate) serde_json::Map<String, Value>);

/// A list.
#[derive(Debug, Clone)]
pub(crate) struct List<T>(pub(crate) Vec<At<T>>);

/// A table with keys of the user's own.
#[derive(Debug, Clone)]
pub(crate) struct Map<K, V>(pub(crate) Vec<(At<K>, At<V>)>);

const LIST_MAX: usize = 1_000;

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

impl<K: Field + FromStr<Err = Mistake>, V: Field> Field for Map<K, V> {
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
        json_schema!({
            "type": "object",
            "propertyNames": K::schema(generator),
            "additionalProperties": V::schema(generator),
        })
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
