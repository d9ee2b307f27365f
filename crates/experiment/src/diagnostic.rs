//! What is wrong with a file, and where.
//!
//! A [`Diagnostic`] is one mistake or warning with the text it is about; [`Diagnostics`] are those of any number of files,
//! ordered by place, and know how to show themselves (see [`crate::render`]). Places are byte ranges of the file's text.
//! Text that was recognised as a written-out secret is concealed wherever it would be shown.

use std::{fmt, ops::Range, sync::Arc};

use serde::Serialize;

/// A file's name as a user knows it, and its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The name to show, usually a path.
    pub name: String,
    /// The text.
    pub text: String,
}

impl Source {
    /// A source of that name and text.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self { name: name.into(), text: text.into() }
    }
}

/// How grave a diagnostic is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The file is refused.
    Error,
    /// The file is accepted, but probably does not say what was meant.
    Warning,
}

/// One mistake or warning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// How grave it is.
    pub severity: Severity,
    /// What is wrong, in a sentence without a capital letter.
    pub message: String,
    /// The offending text as a byte range; `None` where the whole file is meant.
    pub span: Option<Range<usize>>,
    /// What to say at the offending text: usually what was expected.
    pub label: String,
    /// Other places that matter, with what to say there.
    pub related: Vec<(Range<usize>, String)>,
    /// Suggestions.
    pub help: Vec<String>,
}

impl Diagnostic {
    pub(crate) fn error(span: Range<usize>, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            message: message.into(),
            span: Some(span),
            label: String::new(),
            related: Vec::new(),
            help: Vec::new(),
        }
    }

    pub(crate) fn warning(span: Range<usize>, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(span, message) }
    }

    pub(crate) fn whole_file(message: impl Into<String>) -> Self {
        Self { span: None, ..Self::error(0..0, message) }
    }

    pub(crate) fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    pub(crate) fn related(mut self, span: Range<usize>, label: impl Into<String>) -> Self {
        self.related.push((span, label.into()));
        self
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }
}

/// A file with what was found in it.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub(crate) source: Arc<Source>,
    pub(crate) findings: Vec<Diagnostic>,
    /// Byte ranges that hold a secret.
    pub(crate) concealed: Vec<Range<usize>>,
    /// How many more there are than are kept.
    pub(crate) dropped: usize,
}

/// What was found in some files, ordered by file and place.
#[derive(Debug, Clone, Default)]
pub struct Diagnostics {
    pub(crate) files: Vec<Found>,
}

/// One diagnostic as data, for `--json` and for editors. Lines and columns count from 1; columns count characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// The file's name.
    pub file: String,
    /// Line of the offending text.
    pub line: usize,
    /// Column at which it begins.
    pub column: usize,
    /// How grave it is.
    pub severity: Severity,
    /// What is wrong.
    pub message: String,
    /// What was expected there.
    pub expected: String,
    /// Suggestions.
    pub help: Vec<String>,
}

impl Diagnostics {
    pub(crate) fn of(source: Arc<Source>, mut findings: Vec<Diagnostic>) -> Self {
        if findings.is_empty() {
            return Self::default();
        }
        // Stable, so that several things about one place stay in the order in which they were found.
        findings.sort_by_key(|finding| finding.span.as_ref().map_or(0, |span| span.start));
        Self { files: vec![Found { source, findings, concealed: Vec::new(), dropped: 0 }] }
    }

    /// With text to conceal, and the number of mistakes that were found beyond those that are kept.
    pub(crate) fn concealing(mut self, concealed: Vec<Range<usize>>, dropped: usize) -> Self {
        if let Some(file) = self.files.last_mut() {
            file.concealed = concealed;
            file.dropped = dropped;
        }
        self
    }

    /// Adds those of other files after these.
    pub fn append(&mut self, mut other: Self) {
        self.files.append(&mut other.files);
    }

    /// Whether nothing was found.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// The number of mistakes. Of a file with very many, only the first hundred are kept; all are counted.
    pub fn error_count(&self) -> usize {
        let dropped: usize = self.files.iter().map(|file| file.dropped).sum();
        dropped + self.iter().filter(|(_, finding)| finding.severity == Severity::Error).count()
    }

    /// The number of warnings.
    pub fn warning_count(&self) -> usize {
        self.iter().filter(|(_, finding)| finding.severity == Severity::Warning).count()
    }

    /// Everything that was found, with the file it was found in.
    pub fn iter(&self) -> impl Iterator<Item = (&Source, &Diagnostic)> {
        self.files.iter().flat_map(|file| file.findings.iter().map(move |finding| (&*file.source, finding)))
    }

    /// Everything that was found, as data.
    pub fn entries(&self) -> Vec<Entry> {
        let entry = |(source, finding): (&Source, &Diagnostic)| {
            let (line, column) = place(&source.text, finding.span.as_ref().map_or(0, |span| span.start));
            Entry {
                file: source.name.clone(),
                line,
                column,
                severity: finding.severity,
                message: finding.message.clone(),
                expected: finding.label.clone(),
                help: finding.help.clone(),
            }
        };
        self.iter().map(entry).collect()
    }

    /// "3 mistakes and 1 warning in 2 files".
    pub fn summary(&self) -> String {
        let plural = |count: usize, noun: &str| match count {
            1 => format!("1 {noun}"),
            _ => format!("{count} {noun}s"),
        };
        let mut parts = Vec::new();
        if self.error_count() > 0 {
            parts.push(plural(self.error_count(), "mistake"));
        }
        if self.warning_count() > 0 {
            parts.push(plural(self.warning_count(), "warning"));
        }
        if parts.is_empty() {
            return "nothing to remark".to_owned();
        }
        format!("{} in {}", parts.join(" and "), plural(self.files.len(), "file"))
    }
}

/// Plainly, one after the other; see [`Diagnostics::render`] for colours.
impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(crate::Style::Plain))
    }
}

/// Line and column of a byte position, both from 1; the column counts characters.
pub(crate) fn place(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at.min(text.len())).unwrap_or("");
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

/// A value that was accepted, with what is worth a warning all the same.
#[derive(Debug, Clone)]
pub struct Checked<T> {
    /// The value.
    pub value: T,
    /// Warnings; no mistakes.
    pub warnings: Diagnostics,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_lines_and_characters() {
        // Protects: the column an editor jumps to, in lines with letters of more than one byte.
        assert_eq!(place("a\nbøk = 1", 0), (1, 1));
        assert_eq!(place("a\nbøk = 1", 5), (2, 3));
        assert_eq!(place("ab", 99), (1, 3));
    }

    #[test]
    fn summaries_count_in_words() {
        // Protects: the last line a user reads.
        let source = Arc::new(Source::new("a.toml", "x"));
        let found =
            vec![Diagnostic::error(0..1, "e"), Diagnostic::warning(0..1, "w"), Diagnostic::error(0..1, "e")];
        let mut all = Diagnostics::of(source.clone(), found);
        assert_eq!(all.summary(), "2 mistakes and 1 warning in 1 file");
        all.append(Diagnostics::of(source, vec![Diagnostic::warning(0..1, "w")]));
        assert_eq!(all.summary(), "2 mistakes and 2 warnings in 2 files");
        assert_eq!(Diagnostics::default().summary(), "nothing to remark");
    }
}
