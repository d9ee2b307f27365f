//! Rest.li 2.0: how LinkedIn's queries are written, and when they travel in the body.
//!
//! Structure is written with `(`, `)`, `:` and `,`; whatever a string contains of these or of anything else
//! that is not plain is percent-encoded, so that the two can never be confused. Keys come in alphabetical
//! order: the same query is always the same text. Nothing here knows LinkedIn's resources.

use std::fmt::Write as _;

/// A query over this many characters is sent by POST, with the method it stands for in a header.
pub(crate) const QUERY_CHARS_MAX: usize = 4_000;

/// A value of Rest.li's object notation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    /// A string, encoded on writing.
    Text(String),
    /// A whole number.
    Int(i64),
    /// `List(…)`.
    List(Vec<Value>),
    /// `(key:value,…)`.
    Map(Vec<(&'static str, Value)>),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl Value {
    /// A list of strings.
    pub(crate) fn texts<T: Into<String>>(texts: impl IntoIterator<Item = T>) -> Self {
        Self::List(texts.into_iter().map(|text| Self::Text(text.into())).collect())
    }

    /// The value as it stands in a query or a path.
    pub(crate) fn encode(&self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        out
    }

    fn write(&self, out: &mut String) {
        match self {
            // An empty string would leave no trace; Rest.li writes it as two quotes.
            Self::Text(text) if text.is_empty() => out.push_str("''"),
            Self::Text(text) => encode_text(text, out),
            // Writing to a string cannot fail.
            Self::Int(number) => {
                let _ = write!(out, "{number}");
            }
            Self::List(values) => {
                out.push_str("List(");
                for (at, value) in values.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    value.write(out);
                }
                out.push(')');
            }
            Self::Map(entries) => {
                let mut entries: Vec<_> = entries.iter().collect();
                entries.sort_by_key(|(key, _)| *key);
                out.push('(');
                for (at, (key, value)) in entries.into_iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    encode_text(key, out);
                    out.push(':');
                    value.write(out);
                }
                out.push(')');
            }
        }
    }
}

/// Percent-encodes everything but letters, digits, `-`, `.`, `_` and `~`.
fn encode_text(text: &str, out: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
}

/// A query string, parameters in alphabetical order, with a projection of fields last when there are any.
pub(crate) fn query(parameters: &[(&str, Value)], fields: &[&str]) -> String {
    let mut parameters: Vec<_> = parameters.iter().collect();
    parameters.sort_by_key(|(name, _)| *name);
    let mut parts: Vec<String> =
        parameters.into_iter().map(|(name, value)| format!("{name}={}", value.encode())).collect();
    if !fields.is_empty() {
        // A projection is a list of names, not a Rest.li string: its commas stay.
        parts.push(format!("fields={}", fields.join(",")));
    }
    parts.join("&")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_vendors_reference_value_comes_out() {
        // Protects: the one encoding that LinkedIn publishes with its result.
        let value = Value::List(vec![
            Value::Map(vec![("k1", "v1".into())]),
            Value::List(vec!["v2".into(), " t?':,*!".into()]),
        ]);
        assert_eq!(value.encode(), "List((k1:v1),List(v2,%20t%3F%27%3A%2C%2A%21))");
    }

    #[test]
    fn a_report_query_is_written_as_the_vendors_client_writes_it() {
        // Protects: order, literal structure, and the urn's encoded colons.
        let day =
            |day: i64| Value::Map(vec![("year", 2026.into()), ("month", 11.into()), ("day", day.into())]);
        let text = query(
            &[
                ("q", "analytics".into()),
                ("pivot", Value::Map(vec![("value", "CREATIVE".into())])),
                ("timeGranularity", Value::Map(vec![("value", "DAILY".into())])),
                ("dateRange", Value::Map(vec![("start", day(1)), ("end", day(7))])),
                ("campaigns", Value::texts(["urn:li:sponsoredCampaign:1234567"])),
            ],
            &["dateRange", "pivotValues"],
        );
        assert_eq!(
            text,
            "campaigns=List(urn%3Ali%3AsponsoredCampaign%3A1234567)\
             &dateRange=(end:(day:7,month:11,year:2026),start:(day:1,month:11,year:2026))\
             &pivot=(value:CREATIVE)&q=analytics&timeGranularity=(value:DAILY)&fields=dateRange,pivotValues"
        );
        assert_eq!(Value::Text(String::new()).encode(), "''");
        assert_eq!(Value::from(-3).encode(), "-3");
    }

    proptest! {
        #[test]
        fn a_text_never_looks_like_structure(text in "\\PC{1,40}") {
            // Protects: a campaign's name that contains brackets, commas or anything else.
            let written = Value::Text(text.clone()).encode();
            prop_assert!(!written.contains(['(', ')', ',', ':', '&', '=', '#', ' ', '\'']));
            let mut bytes = Vec::new();
            let mut rest = written.as_bytes();
            while let Some((first, after)) = rest.split_first() {
                if *first == b'%' {
                    let hex = std::str::from_utf8(&after[..2]).unwrap();
                    bytes.push(u8::from_str_radix(hex, 16).unwrap());
                    rest = &after[2..];
                } else {
                    bytes.push(*first);
                    rest = after;
                }
            }
            prop_assert_eq!(String::from_utf8(bytes).unwrap(), text);
        }
    }
}
