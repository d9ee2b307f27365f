//! From a file's text to a checked value, or to all its mistakes.
//!
//! In one pass: TOML syntax, then every table's keys and values, then what they mean together. A text that is no proper TOML
//! is read as far as its mistakes allow: a sum without quotes does not hide a misspelt key two lines further down.

use std::{ops::Range, sync::Arc};

use toml::de::{DeTable, DeValue};

use crate::{
    Checked, Company, Diagnostics, Experiment, Source, check,
    diagnostic::Diagnostic,
    file,
    read::{At, Field, Findings, Node},
};

/// The longest text that is read at all.
pub const FILE_BYTES_MAX: usize = 1 << 20;

/// Reads `gevinst.toml`.
///
/// # Errors
/// All mistakes of the file, in the order of their places.
pub fn parse_company(source: &Source) -> Result<Checked<Company>, Diagnostics> {
    let mut findings = Findings::new(&source.text, None);
    findings.tables = file::COMPANY;
    let value = root(&mut findings).and_then(|root| {
        // Known before anything else is read, since amounts further up are judged by it too.
        let currency = root.as_table().and_then(|table| table.get("currency"));
        findings.currency = currency.and_then(|code| code.get_ref().as_str()?.parse().ok());
        let raw = file::company::RawCompany::read(Node::new(&root, 0..0), &mut findings)?;
        check::company(raw, &mut findings)
    });
    finish(source, value, findings)
}

/// Reads an experiment's definition.
///
/// A month that is over is accepted here, since a rehearsal plays any month: see [`Experiment::is_over`].
///
/// # Errors
/// All mistakes of the file, in the order of their places.
pub fn parse_experiment(source: &Source, company: &Company) -> Result<Checked<Experiment>, Diagnostics> {
    let mut findings = Findings::new(&source.text, Some(company.currency));
    findings.tables = file::DEFINITION;
    let value = root(&mut findings).and_then(|root| {
        let raw = file::definition::RawExperiment::read(Node::new(&root, 0..0), &mut findings)?;
        check::experiment(raw, company, &mut findings)
    });
    finish(source, value, findings)
}

fn finish<T>(source: &Source, value: Option<T>, findings: Findings<'_>) -> Result<Checked<T>, Diagnostics> {
    let refused = findings.has_errors();
    let diagnostics = Diagnostics::of(Arc::new(source.clone()), findings.list, findings.concealed);
    match value {
        Some(value) if !refused => Ok(Checked { value, warnings: diagnostics }),
        _ => {
            debug_assert!(refused, "a file without mistakes gives a value");
            Err(diagnostics)
        }
    }
}

/// The file's top table; `None` where its syntax leaves nothing that could be judged.
fn root<'s>(findings: &mut Findings<'s>) -> Option<DeValue<'s>> {
    let text = findings.text;
    if text.len() > FILE_BYTES_MAX {
        findings.push(Diagnostic::whole_file(format!("a file of {} bytes", text.len())).help(format!(
            "a definition has at most {FILE_BYTES_MAX} bytes; data belongs in a file of its own"
        )));
        return None;
    }
    let (table, errors) = DeTable::parse_recoverable(text);
    findings.incomplete = !errors.is_empty();
    // A value in the wrong form spoils itself alone; a broken table head may put every key after it in the wrong place.
    let mut readable = true;
    let mut places: Vec<Range<usize>> = Vec::new();
    for error in errors {
        let span = error.span().unwrap_or(0..0);
        readable &= is_local(error.message());
        // One slip (a missing quote) makes the parser stumble several times in the same line.
        let line = line_of(text, span.start);
        if places.contains(&line) {
            continue;
        }
        findings.push(syntax(text, error.message(), span));
        places.push(line);
    }
    readable.then(|| DeValue::Table(table.into_inner()))
}

fn is_local(message: &str) -> bool {
    message.starts_with("string values must be quoted") || message == "duplicate key"
}

fn line_of(text: &str, at: usize) -> Range<usize> {
    let before = text.get(..at).unwrap_or(text);
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let end = text[start..].find('\n').map_or(text.len(), |length| start + length);
    start..end
}

/// A syntax error in the words of a person who writes definitions.
fn syntax(text: &str, message: &str, span: Range<usize>) -> Diagnostic {
    if message.starts_with("string values must be quoted") {
        let written = text.get(span.clone()).unwrap_or_default();
        let diagnostic = if written.trim().is_empty() {
            Diagnostic::error(span, "a key has no value").label("expected a value after `=`")
        } else {
            Diagnostic::error(span, "a text stands without quotes")
                .label("expected quotes around it")
                .help(format!("write \"{}\"", written.trim()))
        };
        return diagnostic;
    }
    if message == "duplicate key" {
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
    Diagnostic::error(span, format!("this is not TOML: {message}"))
        .label("the file cannot be read from here on")
        .help("the rest is checked once this is mended")
}

/// Where `key` began a line before `at`, nearest first.
fn first_written(text: &str, key: &str, at: usize) -> Option<Range<usize>> {
    let this_line = line_of(text, at).start;
    let mut end = this_line;
    for line in text.get(..this_line)?.split_inclusive('\n').rev() {
        let start = end - line.len();
        let indent = line.len() - line.trim_start().len();
        let rest = &line[indent..];
        if let Some(after) = rest.strip_prefix(key)
            && after.trim_start().starts_with(['=', '.', ']'])
        {
            return Some(start + indent..start + indent + key.len());
        }
        if rest.starts_with('[') {
            // `[goal]` written twice: the head itself is the key.
            if rest.trim_matches(['[', ']', '\n', ' ', '\r']) == key {
                let begin = start + indent + rest.find(key)?;
                return Some(begin..begin + key.len());
            }
        }
        end = start;
    }
    None
}

/// The value alone, for those who need no place any more.
pub(crate) fn value<T>(at: Option<At<T>>) -> Option<T> {
    at.map(|at| at.value)
}
