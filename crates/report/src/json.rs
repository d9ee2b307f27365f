//! The JSON form: the models as they are, pretty-printed, with a newline at the end.
//!
//! Figures that are not finite become `null` (serde_json writes no other way); the order of keys is the order of the
//! fields, so the same report gives the same bytes.

use serde::Serialize;

/// A report as JSON text.
///
/// # Errors
/// None for the types of this crate, whose maps have text keys; the error is serde_json's.
pub fn to_json<T: Serialize>(report: &T) -> Result<String, serde_json::Error> {
    let mut text = serde_json::to_string_pretty(report)?;
    text.push('\n');
    Ok(text)
}
