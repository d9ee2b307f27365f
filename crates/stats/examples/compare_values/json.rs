//! JSON lines by hand: numbers, nulls, lists of numbers and short text need no serialiser.
#![expect(clippy::print_stdout, reason = "the lines are the example's result")]

use std::collections::BTreeMap;

/// A JSON value: a number, null, a list or text.
pub(crate) enum Json {
    Number(f64),
    Null,
    List(Vec<f64>),
    Text(&'static str),
}

impl From<f64> for Json {
    fn from(value: f64) -> Self {
        if value.is_finite() { Self::Number(value) } else { Self::Null }
    }
}
impl From<u64> for Json {
    fn from(value: u64) -> Self {
        Self::Number(value as f64)
    }
}
impl From<Option<f64>> for Json {
    fn from(value: Option<f64>) -> Self {
        value.map_or(Self::Null, Self::from)
    }
}
impl From<&'static str> for Json {
    fn from(value: &'static str) -> Self {
        Self::Text(value)
    }
}
impl From<Vec<f64>> for Json {
    fn from(value: Vec<f64>) -> Self {
        Self::List(value)
    }
}

impl Json {
    fn text(&self) -> String {
        match self {
            Self::Number(x) => format!("{x:?}"),
            Self::Null => "null".into(),
            Self::Text(text) => format!("\"{text}\""),
            Self::List(values) => {
                let items: Vec<String> = values.iter().map(|x| format!("{x:?}")).collect();
                format!("[{}]", items.join(", "))
            }
        }
    }
}

/// Prints lines: every one, or every seventh of each method.
pub(crate) struct Out {
    every: u32,
    method: &'static str,
    seen: BTreeMap<&'static str, u32>,
}

impl Out {
    pub(crate) fn new(every: u32) -> Self {
        Self { every, method: "", seen: BTreeMap::new() }
    }

    /// Whether the next table of a method is to be computed at all; the lines that follow are the method's.
    pub(crate) fn wants(&mut self, method: &'static str) -> bool {
        self.method = method;
        let seen = self.seen.entry(method).or_insert(0);
        *seen += 1;
        (*seen - 1).is_multiple_of(self.every)
    }

    pub(crate) fn line(&self, input: &[(&str, Json)], output: &[(&str, Json)]) {
        let object = |fields: &[(&str, Json)]| {
            let fields: Vec<String> =
                fields.iter().map(|(key, value)| format!("\"{key}\": {}", value.text())).collect();
            format!("{{{}}}", fields.join(", "))
        };
        println!(
            "{{\"method\": \"{}\", \"in\": {}, \"out\": {}}}",
            self.method,
            object(input),
            object(output)
        );
    }
}
