//! Reading a TOML file into typed sections, keeping the place of every value and collecting every mistake.
//!
//! A value is read by its [`Field`] type, which also says what its JSON Schema is; a table is declared once with
//! [`section!`](section), from which its keys, reader and schema follow, so that they cannot drift apart. Nothing here stops at
//! the first mistake: a value that cannot be read becomes `None`, and its mistake is kept in the [`Findings`].
//!
//! This module knows single values. What values mean together is judged by [`crate::check`].

mod container;
mod number;
pub(crate) mod section;
mod text;

use std::ops::Range;

use schemars::{Schema, SchemaGenerator};
use toml::de::DeValue;

pub(crate) use container::{Free, List, Map, json};
pub(crate) use number::{Count, Number, Seed};
pub(crate) use text::{Plain, Text};

use crate::{Currency, Mistake, diagnostic::Diagnostic};

/// A value and the text it was read from, as a byte range.
#[derive(Debug, Clone)]
pub(crate) struct At<T> {
    pub(crate) value: T,
    pub(crate) span: Range<usize>,
}

/// A TOML value with its place.
#[derive(Clone, Copy)]
pub(crate) struct Node<'a> {
    pub(crate) value: &'a DeValue<'a>,
    start: usize,
    end: usize,
}

impl<'a> Node<'a> {
    pub(crate) fn new(value: &'a DeValue<'a>, span: Range<usize>) -> Self {
        Self { value, start: span.start, end: span.end }
    }

    pub(crate) fn of(value: &'a toml::Spanned<DeValue<'a>>) -> Self {
        Self::new(value.get_ref(), value.span())
    }

    pub(crate) fn span(self) -> Range<usize> {
        self.start..self.end
    }

    /// What the value is, in words for a message.
    pub(crate) fn kind(self) -> &'static str {
        match self.value {
            DeValue::String(_) => "a text",
            DeValue::Integer(_) | DeValue::Float(_) => "a number",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        }
    }
}

/// Something that can be read from a TOML value.
pub(crate) trait Field: Sized {
    /// How a table of this kind is called in messages, such as `[goal]`; empty for what is no table of known keys.
    const TITLE: &'static str = "";

    /// Reads it, or leaves a mistake and returns `None`.
    fn read(node: Node<'_>, findings: &mut Findings<'_>) -> Option<Self>;

    /// Its JSON Schema.
    fn schema(generator: &mut SchemaGenerator) -> Schema;
}

/// The most that is shown of one file: nobody reads more, and a data file that was named by mistake has a mistake a line.
pub(crate) const FINDINGS_MAX: usize = 100;

/// The mistakes of one file, and what is known while it is read.
pub(crate) struct Findings<'s> {
    pub(crate) text: &'s str,
    pub(crate) list: Vec<Diagnostic>,
    pub(crate) concealed: Vec<Range<usize>>,
    /// The company's currency, once known: other ones are refused, and it is suggested where none is written.
    pub(crate) currency: Option<Currency>,
    /// Set where the text is no proper TOML, and a key may be missing only because its line could not be read.
    pub(crate) incomplete: bool,
    /// How many were found beyond [`FINDINGS_MAX`].
    pub(crate) dropped: usize,
    /// Lines that are no proper TOML: what was read from them says nothing, and is not judged.
    pub(crate) spoilt: Vec<Range<usize>>,
    /// The tables of the file, to tell where a misplaced key belongs.
    pub(crate) tables: section::Tables,
}

impl<'s> Findings<'s> {
    pub(crate) fn new(text: &'s str, currency: Option<Currency>) -> Self {
        Self {
            text,
            list: Vec::new(),
            concealed: Vec::new(),
            currency,
            incomplete: false,
            dropped: 0,
            spoilt: Vec::new(),
            tables: &[],
        }
    }

    pub(crate) fn push(&mut self, diagnostic: Diagnostic) {
        let spoilt = |at: usize| self.spoilt.iter().any(|line| line.start <= at && at <= line.end);
        if diagnostic.span.as_ref().is_some_and(|span| spoilt(span.start)) {
            return;
        }
        if self.is_full() {
            self.dropped += 1;
        } else {
            self.list.push(diagnostic);
        }
    }

    /// Whether further ones are only counted.
    pub(crate) fn is_full(&self) -> bool {
        self.list.len() >= FINDINGS_MAX
    }

    /// Keeps a mistake in a text that stands at `span`.
    pub(crate) fn mistake(&mut self, span: Range<usize>, mistake: Mistake, label: &str) {
        let diagnostic = Diagnostic::error(span, mistake.message).label(label);
        self.push(match mistake.help {
            Some(help) => diagnostic.help(help),
            None => diagnostic,
        });
    }

    /// Keeps that a value is of another type than expected.
    pub(crate) fn wrong_type(&mut self, node: Node<'_>, expected: &str, help: Option<String>) {
        let diagnostic = Diagnostic::error(
            node.span(),
            format!("{} in place of {}", node.kind(), expected.split(" such as").next().unwrap_or(expected)),
        )
        .label(format!("expected {expected}"));
        self.push(match help {
            Some(help) => diagnostic.help(help),
            None => diagnostic,
        });
    }

    pub(crate) fn has_errors(&self) -> bool {
        self.list.iter().any(|finding| finding.severity == crate::Severity::Error)
    }
}
