//! Diagnostics as text: file, line and column, the offending text underlined, what was expected, and help.
//!
//! Readable without colour; the caller decides on colour, since only it knows the terminal. Text that holds a secret is
//! replaced by asterisks of the same width before anything is shown.

use std::{borrow::Cow, ops::Range};

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use crate::{
    Diagnostics, Severity,
    diagnostic::{Diagnostic, Found},
};

/// Whether to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Style {
    /// No colour and no control sequences.
    #[default]
    Plain,
    /// ANSI colours.
    Coloured,
}

const WIDTH: usize = 100;

impl Diagnostics {
    /// All of them as text, with an empty line between two; empty where there are none.
    pub fn render(&self, style: Style) -> String {
        let renderer = match style {
            Style::Plain => Renderer::plain(),
            Style::Coloured => Renderer::styled(),
        }
        .term_width(WIDTH);
        let texts: Vec<String> = self.files.iter().flat_map(|file| render_file(file, &renderer)).collect();
        let mut all = texts.join("\n\n");
        if !all.is_empty() {
            all.push('\n');
        }
        all
    }
}

fn render_file(file: &Found, renderer: &Renderer) -> Vec<String> {
    let text = conceal(&file.source.text, &file.concealed);
    file.findings.iter().map(|finding| render_one(finding, &file.source.name, &text, renderer)).collect()
}

fn render_one(finding: &Diagnostic, name: &str, text: &str, renderer: &Renderer) -> String {
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mut group = Group::with_title(level.primary_title(finding.message.as_str()));
    match &finding.span {
        None => group = group.element(Origin::path(name)),
        Some(span) => {
            let related = finding
                .related
                .iter()
                .map(|(span, label)| AnnotationKind::Context.span(within(text, span)).label(label.as_str()));
            let primary = AnnotationKind::Primary.span(within(text, span));
            let primary =
                if finding.label.is_empty() { primary } else { primary.label(finding.label.as_str()) };
            group = group.element(Snippet::source(text).path(name).annotation(primary).annotations(related));
        }
    }
    group = group.elements(finding.help.iter().map(|help| Level::HELP.message(help.as_str())));
    renderer.render(&[group])
}

/// A span that surely lies within the text and between characters.
fn within(text: &str, span: &Range<usize>) -> Range<usize> {
    let boundary = |at: &usize| text.is_char_boundary(*at);
    let start = (0..=span.start.min(text.len())).rev().find(boundary).unwrap_or(0);
    let end = (span.end.clamp(start, text.len())..=text.len()).find(boundary).unwrap_or(text.len());
    start..end
}

fn conceal<'t>(text: &'t str, concealed: &[Range<usize>]) -> Cow<'t, str> {
    if concealed.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    for (at, letter) in text.char_indices() {
        if concealed.iter().any(|span| span.contains(&at)) && letter != '\n' {
            // As many bytes as before, so that all other places stay where they are.
            shown.extend(std::iter::repeat_n('*', letter.len_utf8()));
        } else {
            shown.push(letter);
        }
    }
    Cow::Owned(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn concealed_text_is_never_shown() {
        // Protects: a secret that was written into a file from reaching terminals and build logs.
        assert_eq!(conceal("secret = 'æbc'\nx", std::slice::from_ref(&(10..14))), "secret = '****'\nx");
    }

    #[test]
    fn spans_outside_the_text_do_not_panic() {
        // Protects: the report of a mistake from becoming one.
        assert_eq!(within("æ", &(1..9)), 0..2);
        assert_eq!(within("", &(3..3)), 0..0);
    }
}
