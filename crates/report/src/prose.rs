//! Sentences that name arms, and texts from users made safe to show.
//!
//! A sentence is kept in pieces, so that the HTML can set names apart without searching for marks that a name itself
//! may hold. Written out plainly (terminal, JSON), names stand in backticks. Nothing here escapes for HTML: maud does.

use std::fmt;

use serde::{Serialize, Serializer};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// A piece of a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Words of ours.
    Words(String),
    /// A name that somebody gave: an arm, an experiment, a command.
    Name(String),
}

/// Marks of names inside a message: private characters, which [`plain`] takes out of every user's text.
const NAME_START: char = '\u{e000}';
const NAME_END: char = '\u{e001}';

/// A user's name as a variable of a message that becomes a [`Prose`].
pub(crate) fn mark(name: &str) -> String {
    format!("{NAME_START}{}{NAME_END}", plain(name))
}

/// One or more sentences. Serialised as its plain text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Prose(Vec<Piece>);

impl Prose {
    /// No words yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The sentence with more words.
    #[must_use]
    pub fn words(mut self, words: impl Into<String>) -> Self {
        self.push_words(words);
        self
    }

    /// The sentence with a name.
    #[must_use]
    pub fn name(mut self, name: &str) -> Self {
        self.0.push(Piece::Name(plain(name)));
        self
    }

    /// Adds words.
    pub fn push_words(&mut self, words: impl Into<String>) {
        let words = words.into();
        match self.0.last_mut() {
            Some(Piece::Words(last)) => last.push_str(&words),
            _ => self.0.push(Piece::Words(words)),
        }
    }

    /// The sentence with the pieces of another behind it.
    #[must_use]
    pub fn then(mut self, other: Self) -> Self {
        for piece in other.0 {
            match piece {
                Piece::Words(words) => self.push_words(words),
                name @ Piece::Name(_) => self.0.push(name),
            }
        }
        self
    }

    /// A message in which names stand between the marks of [`mark`].
    pub(crate) fn marked(text: &str) -> Self {
        let mut prose = Self::new();
        for part in text.split(NAME_START) {
            match part.split_once(NAME_END) {
                Some((name, words)) => {
                    prose.0.push(Piece::Name(name.to_owned()));
                    if !words.is_empty() {
                        prose.push_words(words);
                    }
                }
                None if part.is_empty() => {}
                None => prose.push_words(part),
            }
        }
        prose
    }

    /// The sentence as a variable of a message, its names marked.
    pub(crate) fn to_marked(&self) -> String {
        self.0
            .iter()
            .map(|piece| match piece {
                Piece::Words(words) => words.clone(),
                Piece::Name(name) => mark(name),
            })
            .collect()
    }

    /// The pieces in order.
    #[must_use]
    pub fn pieces(&self) -> &[Piece] {
        &self.0
    }

    /// Whether nothing was said.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Prose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for piece in &self.0 {
            match piece {
                Piece::Words(words) => f.write_str(words)?,
                Piece::Name(name) => write!(f, "`{name}`")?,
            }
        }
        Ok(())
    }
}

impl Serialize for Prose {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl schemars::JsonSchema for Prose {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Prose".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        String::json_schema(generator)
    }
}

/// A user's text on one line without control characters: an escape sequence in a headline must not reach a terminal.
///
/// Control characters and line breaks become spaces; characters that reorder or hide text (bidirectional overrides,
/// zero-width marks other than the joiners that emoji and some scripts need) are left out.
#[must_use]
pub fn plain(text: &str) -> String {
    text.chars()
        .filter_map(|c| if is_hidden(c) { None } else { Some(if is_control(c) { ' ' } else { c }) })
        .collect()
}

/// As [`plain`], but line breaks stay: for texts of several lines, such as a definition.
#[must_use]
pub fn plain_lines(text: &str) -> String {
    text.chars()
        .filter_map(|c| {
            if c == '\n' || c == '\t' {
                Some(c)
            } else if c == '\r' || is_hidden(c) {
                None
            } else {
                Some(if is_control(c) { ' ' } else { c })
            }
        })
        .collect()
}

fn is_control(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

fn is_hidden(c: char) -> bool {
    matches!(c,
        NAME_START | NAME_END | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// A text with its first letter large.
pub(crate) fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// How many columns of a terminal a text takes.
#[must_use]
pub fn width(text: &str) -> usize {
    text.width()
}

/// A user's text cut to at most `columns` of a terminal, with `…` where something was cut.
#[must_use]
pub fn cut(text: &str, columns: usize) -> String {
    let text = plain(text);
    if text.width() <= columns {
        return text;
    }
    let mut out = String::new();
    let mut used = 1;
    for c in text.chars() {
        used += c.width().unwrap_or(0);
        if used > columns {
            break;
        }
        out.push(c);
    }
    // A sequence of joined characters may be wider or narrower than the sum of its parts.
    while out.width() + 1 > columns && out.pop().is_some() {}
    out.push('…');
    out
}

/// Puts non-breaking spaces where a line must not break: within numbers, and before `%`, a unit or a month.
#[must_use]
pub fn glue(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    for (i, &c) in chars.iter().enumerate() {
        let before = i.checked_sub(1).and_then(|i| chars.get(i));
        let after = chars.get(i + 1);
        let binds = c == ' '
            && before.is_some_and(char::is_ascii_digit)
            && after.is_some_and(|c| c.is_ascii_digit() || c.is_uppercase() || matches!(c, '%' | '×'));
        out.push(if binds { '\u{a0}' } else { c });
    }
    out
}

/// Breaks a text into lines of at most `columns`, each but the first behind `indent` spaces.
///
/// Words longer than a line are cut hard, so that no line is ever longer.
#[must_use]
pub fn wrap(text: &str, columns: usize, indent: usize) -> String {
    let columns = columns.max(indent + 8);
    let glued = glue(text);
    let mut lines: Vec<String> = vec![String::new()];
    for word in glued.split(' ').filter(|word| !word.is_empty()) {
        let mut word = word.to_owned();
        loop {
            let room = columns - if lines.len() == 1 { 0 } else { indent };
            let line = lines.last_mut().expect("lines starts with one and never shrinks");
            let gap = usize::from(!line.is_empty());
            if line.width() + gap + word.width() <= room {
                if gap == 1 {
                    line.push(' ');
                }
                line.push_str(&word);
                break;
            }
            if !line.is_empty() {
                lines.push(String::new());
                continue;
            }
            let mut taken = String::new();
            while let Some(c) = word.chars().next() {
                if !taken.is_empty() && taken.width() + c.width().unwrap_or(0) > room {
                    break;
                }
                taken.push(c);
                word.drain(..c.len_utf8());
            }
            line.push_str(&taken);
            if word.is_empty() {
                break;
            }
            lines.push(String::new());
        }
    }
    lines.join(&format!("\n{}", " ".repeat(indent))).replace('\u{a0}', " ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_list_of_names_reads_as_a_sentence() {
        // Fifty dropped arms must not make a verdict of fifty names.
        use crate::language::Language;
        let say = |language: Language, names: &[&str]| Prose::marked(&language.names(names, 3)).to_string();
        assert_eq!(say(Language::English, &["a"]), "`a`");
        assert_eq!(say(Language::English, &["a", "b"]), "`a` and `b`");
        assert_eq!(say(Language::Danish, &["a", "b", "c"]), "`a`, `b` og `c`");
        assert_eq!(say(Language::English, &["a", "b", "c", "d"]), "`a`, `b` and 2 others");
    }

    #[test]
    fn a_name_cannot_carry_the_marks_of_names() {
        // A headline that held them would break a sentence apart.
        let prose = Prose::marked(&format!("{} wins", mark("a\u{e001}b\u{e000}")));
        assert_eq!(prose.pieces(), [Piece::Name("ab".into()), Piece::Words(" wins".into())]);
        assert_eq!(Prose::marked(&prose.to_marked()), prose);
    }

    #[test]
    fn escape_sequences_are_defused() {
        // A headline must not recolour, clear or answer a terminal.
        assert_eq!(plain("a\u{1b}[31mred\u{7}\nb"), "a [31mred  b");
        assert_eq!(plain("abc\u{202e}cba"), "abccba");
        assert_eq!(plain("\u{9b}2J"), " 2J");
    }

    #[test]
    fn numbers_are_not_torn_apart() {
        // "40" at the end of a line and "000 NOK" on the next misleads.
        assert_eq!(
            glue("costs 40 000 NOK or 5 % on 14 November"),
            "costs 40\u{a0}000\u{a0}NOK or 5\u{a0}% on 14\u{a0}November"
        );
        assert_eq!(wrap("it is 40 000 NOK", 12, 2), "it is\n  40 000 NOK");
    }

    proptest! {
        #[test]
        fn no_line_is_longer_than_asked(text in "\\PC{0,200}", columns in 20_usize..90, indent in 0_usize..8) {
            // The terminal report promises 80 columns.
            for line in wrap(&plain(&text), columns, indent).lines() {
                prop_assert!(line.width() <= columns.max(indent + 8) + 1, "{line:?}");
            }
        }

        #[test]
        fn cut_fits(text in "\\PC{0,60}", columns in 1_usize..30) {
            // A long name must not push a table past its width.
            prop_assert!(cut(&text, columns).width() <= columns);
        }
    }
}
