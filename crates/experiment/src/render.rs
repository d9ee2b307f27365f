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
    let name = &file.source.name;
    let mut texts: Vec<String> =
        file.findings.iter().map(|finding| render_one(finding, name, &text, renderer)).collect();
    if file.dropped > 0 {
        let title = Level::ERROR.primary_title(format!("and {} more mistakes, not shown", file.dropped));
        texts.push(renderer.render(&[Group::with_title(title).element(Origin::path(name.as_str()))]));
    }
    texts
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
            // Only the lines that matter are handed on: the renderer's work grows with the text.
            let spans = || std::iter::once(span).chain(finding.related.iter().map(|(span, _)| span));
            let first = spans().map(|span| span.start).min().unwrap_or(0);
            let last = spans().map(|span| span.end).max().unwrap_or(0);
            let lines = lines_of(text, &within(text, &(first..last)));
            let line_number = text[..lines.start].matches('\n').count() + 1;
            let shown = &text[lines.clone()];
            let place = |span: &Range<usize>| {
                let span = within(text, span);
                span.start - lines.start..span.end - lines.start
            };
            let related = finding
                .related
                .iter()
                .map(|(span, label)| AnnotationKind::Context.span(place(span)).label(label.as_str()));
            let primary = AnnotationKind::Primary.span(place(span));
            let primary =
                if finding.label.is_empty() { primary } else { primary.label(finding.label.as_str()) };
            let snippet = Snippet::source(shown).path(name).line_start(line_number);
            group = group.element(snippet.annotation(primary).annotations(related));
        }
    }
    group = group.elements(finding.help.iter().map(|help| Level::HELP.message(help.as_str())));
    renderer.render(&[group])
}

/// The whole lines in which a span lies.
fn lines_of(text: &str, span: &Range<usize>) -> Range<usize> {
    let start = text[..span.start].rfind('\n').map_or(0, |newline| newline + 1);
    let end = text[span.end..].find('\n').map_or(text.len(), |length| span.end + length);
    start..end
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
