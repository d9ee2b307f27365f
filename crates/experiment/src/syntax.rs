//! TOML's syntax errors, in the words of a person who writes definitions.
//!
//! The parser goes on after a mistake, so that several can be shown. What stands in a line with a mistake is not judged any
//! further, and nothing is after a table or list that was left open: one slip makes the parser stumble many times.

use std::ops::Range;

use toml::de::{DeTable, DeValue};

use crate::{diagnostic::Diagnostic, read::Findings};

/// What the parser says of a key that it has seen before.
const DUPLICATE: &str = "duplicate key";
/// What it says of a value that is no value.
const UNQUOTED: &str = "string values must be quoted";

/// Mistakes that spoil their own line alone. Others (an open head, list or table) leave unclear where everything after them
/// belongs.
const LOCAL: &[&str] = &[
    UNQUOTED,
    DUPLICATE,
    "invalid basic string",
    "invalid literal string",
    "missing opening quote",
    "key with no value",
    "missing assignment between key-value pairs",
    "unexpected key or value",
    "unexpected content",
    "invalid unquoted key",
    "extra `=`",
];

/// What the parser says, what we say, what is expected, and what to do.
const MESSAGES: &[(&str, &str, &str, &str)] = &[
    (
        "unclosed table",
        "a head is not closed",
        "expected `]`",
        "write the head with a bracket at each end, such as `[budget]`",
    ),
    (
        "unclosed array table",
        "a head is not closed",
        "expected `]]`",
        "write the head with two brackets at each end, such as `[[arm]]`",
    ),
    ("unclosed array", "a list is not closed", "expected `]`", "close the list with `]`"),
    ("unclosed inline table", "a table is not closed", "expected `}`", "close the table with `}`"),
    (
        "invalid basic string",
        "a text is not closed, or holds a sign that it cannot hold",
        "expected `\"`",
        "end the text with `\"`; within it, write a quote as `\\\"`",
    ),
    ("invalid literal string", "a text is not closed", "expected `'`", "end the text with `'`"),
    (
        "invalid multi-line basic string",
        "a text is not closed",
        "expected `\"\"\"`",
        "end the text with `\"\"\"`",
    ),
    (
        "missing opening quote",
        "a text has a quote at its end only",
        "expected `\"` before it",
        "write the text between two quotes",
    ),
    ("key with no value", "a key has no value", "expected `=` and a value", "write it as `key = value`"),
    (
        "missing assignment between key-value pairs",
        "two values stand in one line",
        "expected a line of its own",
        "begin a new line for each key",
    ),
    (
        "unexpected key or value",
        "a line goes on after its value",
        "expected a new line",
        "put a text between quotes as a whole, and begin a new line for each key",
    ),
    (
        "unexpected content",
        "a line goes on after its value",
        "expected a new line",
        "put a text between quotes as a whole, and begin a new line for each key",
    ),
    (
        "invalid unquoted key",
        "a key holds a sign that it cannot hold",
        "expected letters a–z, digits, `-` or `_`",
        "put the key between quotes, or write it in plain letters",
    ),
    ("extra `=`", "two `=` in a row", "expected a value", "write it as `key = value`"),
    (
        "missing comma",
        "two entries have no comma between them",
        "expected `,`",
        "separate entries by commas, and close the list or table before the next key",
    ),
    ("extra comma", "a comma separates nothing", "expected an entry", "remove the comma"),
    ("missing value", "a value is missing", "expected a value", "write it as `key = value`"),
    (
        "invalid value",
        "this is no value",
        "expected a text in quotes, a number, `true` or `false`",
        "put a text between quotes",
    ),
    (
        "missing escaped value",
        "a backslash stands alone",
        "expected `\\\\`",
        "write a backslash as `\\\\`, or put the text between `'` signs",
    ),
];

/// The file's top table; `None` where its syntax leaves nothing that could be judged.
pub(crate) fn read<'s>(findings: &mut Findings<'s>) -> Option<DeValue<'s>> {
    let text = findings.text;
    let (table, errors) = DeTable::parse_recoverable(text);
    findings.incomplete = !errors.is_empty();
    let mut errors: Vec<(Range<usize>, String)> =
        errors.into_iter().map(|error| (error.span().unwrap_or(0..0), error.message().to_owned())).collect();
    errors.sort_by_key(|(span, _)| span.start);
    let mut merged: Option<Range<usize>> = None;
    for (span, message) in errors {
        if findings.is_full() {
            findings.dropped += 1;
            continue;
        }
        let line = line_of(text, span.start);
        let is_head = text[line.clone()].trim_start().starts_with('[');
        // A table whose head is written twice is read as one, and would repeat every key of the second.
        let repeated =
            message == DUPLICATE && merged.as_ref().is_some_and(|table| table.contains(&span.start));
        if repeated || findings.spoilt.contains(&line) {
            continue;
        }
        if message == DUPLICATE && is_head {
            merged = Some(span.start..next_head(text, line.end));
        }
        let stays_in_line = LOCAL.iter().any(|theirs| message.starts_with(theirs));
        let value_is_known = message.starts_with(UNQUOTED) && !span.is_empty();
        let mut diagnostic = diagnostic(text, &message, span.clone(), stays_in_line);
        if findings.concealed.iter().any(|secret| secret.start <= span.end && span.start <= secret.end) {
            diagnostic.help.clear(); // It may repeat what is written there.
        }
        findings.push(diagnostic);
        if !stays_in_line {
            return None;
        }
        if !value_is_known && message != DUPLICATE {
            findings.spoilt.push(line);
        }
    }
    Some(DeValue::Table(table.into_inner()))
}

/// Where the next table begins, or the end of the text.
fn next_head(text: &str, from: usize) -> usize {
    text[from..].find("\n[").map_or(text.len(), |at| from + at + 1)
}

fn diagnostic(text: &str, message: &str, span: Range<usize>, stays_in_line: bool) -> Diagnostic {
    if message.starts_with(UNQUOTED) {
        let written = text.get(span.clone()).unwrap_or_default().trim();
        return if written.is_empty() {
            Diagnostic::error(span, "a key has no value").label("expected a value after `=`")
        } else {
            Diagnostic::error(span, "a text stands without quotes")
                .label("expected quotes around it")
                .help(format!("write \"{written}\""))
        };
    }
    if message == DUPLICATE {
        let key = text.get(span.clone()).unwrap_or_default().to_owned();
        let diagnostic =
            Diagnostic::error(span.clone(), format!("`{key}` is written twice in the same table"))
                .label("here again")
                .help("keep one of them");
        return match first_written(text, &key, span.start) {
            Some(first) => diagnostic.related(first, "first here"),
            None => diagnostic,
        };
    }
    if let Some(number) = decimal_comma(text, span.start) {
        return Diagnostic::error(span, "a comma within a number")
            .label("expected a point")
            .help(format!("write {number}"));
    }
    let diagnostic = match MESSAGES.iter().find(|(theirs, ..)| message.starts_with(theirs)) {
        Some((_, ours, expected, help)) => Diagnostic::error(span, *ours).label(*expected).help(*help),
        None => Diagnostic::error(span, format!("this is not TOML: {message}"))
            .label("not understood from here on"),
    };
    if stays_in_line { diagnostic } else { diagnostic.help("what follows is judged once this is mended") }
}

/// For a number such as `0,05` that is cut at its comma: the number with a point.
fn decimal_comma(text: &str, at: usize) -> Option<String> {
    let is_digit = |c: char| c.is_ascii_digit();
    let fraction = text.get(at..)?.strip_prefix(',')?;
    let fraction = &fraction[..fraction.find(|c| !is_digit(c)).unwrap_or(fraction.len())];
    let before = text.get(..at)?;
    let whole = &before[before.rfind(|c| !is_digit(c)).map_or(0, |end| end + 1)..];
    (!whole.is_empty() && !fraction.is_empty()).then(|| format!("{whole}.{fraction}"))
}

fn line_of(text: &str, at: usize) -> Range<usize> {
    let before = text.get(..at).unwrap_or(text);
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let end = text[start..].find('\n').map_or(text.len(), |length| start + length);
    start..end
}

/// Where `key` began a line before `at`, nearest first: as `key = …`, or as the head `[key]`.
fn first_written(text: &str, key: &str, at: usize) -> Option<Range<usize>> {
    let mut end = line_of(text, at).start;
    for line in text.get(..end)?.split_inclusive('\n').rev() {
        let start = end - line.len();
        let rest = line.trim_start_matches([' ', '\t', '[']);
        let begin = start + line.len() - rest.len();
        if let Some(after) = rest.strip_prefix(key)
            && after.trim_start().starts_with(['=', '.', ']'])
        {
            return Some(begin..begin + key.len());
        }
        end = start;
    }
    None
}
