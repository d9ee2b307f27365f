//! Amounts in hundredths as JSON numbers, both ways, without floats in between.

use serde_json::Value;

/// Hundredths, of a number's own text; nothing for more than two decimals.
pub(crate) fn minor(value: &Value) -> Option<i64> {
    let text = value.as_number()?.to_string();
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    if fraction.len() > 2 || whole.contains('e') {
        return None;
    }
    format!("{whole}{fraction:0<2}").parse().ok()
}

/// A number with two decimals.
pub(crate) fn amount(minor: i64) -> Value {
    let text = format!("{}.{:02}", minor / 100, minor % 100);
    serde_json::from_str(&text).unwrap_or(Value::Null)
}
