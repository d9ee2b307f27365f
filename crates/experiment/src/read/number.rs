//! Numbers: amounts of money, parts of a whole, counts, and true or false.
//!
//! Amounts are in the company's currency and not below zero; all numbers are finite.

use schemars::{Schema, SchemaGenerator, json_schema};
use toml::de::DeValue;

use super::{
    Field, Findings, Node,
    text::{parsed, string},
};
use crate::{Currency, Money, Ratio, diagnostic::Diagnostic, money::read_amount};

/// A whole number of things, from 1 to 10¹².
#[derive(Debug, Clone, Copy)]
pub(crate) struct Count(pub(crate) u64);

/// Where random numbers begin: a whole number from 0.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seed(pub(crate) u64);

/// A finite number from 0 to 10¹².
#[derive(Debug, Clone, Copy)]
pub(crate) struct Number(pub(crate) f64);

const NUMBER_MAX: f64 = 1e12;
const COUNT_MAX: u64 = 1_000_000_000_000;

impl Field for Money {
    fn read(node: Node<'_>, findings: &mut Findings<'_>) -> Option<Self> {
        let usual = findings.currency;
        let example = usual.map_or("NOK", Currency::code);
        let expected = format!("an amount with its currency, such as `40 000 {example}`");
        if let DeValue::Integer(_) | DeValue::Float(_) = node.value {
            let written = findings.text.get(node.span()).unwrap_or_default().replace('_', " ");
            let diagnostic = Diagnostic::error(node.span(), "an amount needs its currency")
                .label(format!("expected {expected}"));
            findings.push(match read_amount(&format!("{written} {example}"), usual) {
                Ok(money) => diagnostic.help(format!("write \"{money}\", in quotes")),
                Err(_) => diagnostic.help(format!("write \"40 000 {example}\", in quotes")),
            });
            return None;
        }
        let text = string(node, &expected, findings)?;
        let money = read_amount(text, usual)
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
            "pattern": "^([A-Z]{3} ?[0-9][0-9 _\u{a0}\u{2009}\u{202f}]*([.,][0-9]+)?|[0-9][0-9 _\u{a0}\u{2009}\u{202f}]*([.,][0-9]+)? ?[A-Z]{3})$",
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
