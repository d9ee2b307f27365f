//! Files with mistakes, one each (and a few with many), and what is said of them.
//!
//! The messages on the files of `tests/invalid` are two snapshots, to be read aloud when they change: would a marketer know
//! what to do? Files that begin with `company-` are a `gevinst.toml`; the others are definitions for the company in `tests/valid`.
#![expect(clippy::unwrap_used, reason = "a test that cannot read its own files has failed")]

use std::{fs, path::PathBuf};

use gevinst_experiment::{
    Diagnostics, FILE_BYTES_MAX, Severity, Source, Style, parse_company, parse_experiment,
};
use proptest::prelude::*;

const COMPANY: &str = include_str!("valid/gevinst.toml");
const HEADLINES: &str = include_str!("valid/headlines.toml");

fn found_in(name: &str, text: &str) -> Diagnostics {
    let source = Source::new(name, text);
    if name.starts_with("company-") {
        parse_company(&source).map_or_else(|refused| refused, |accepted| accepted.warnings)
    } else {
        let company = parse_company(&Source::new("gevinst.toml", COMPANY)).unwrap().value;
        parse_experiment(&source, &company).map_or_else(|refused| refused, |accepted| accepted.warnings)
    }
}

fn samples() -> Vec<(String, String)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/invalid");
    let mut samples: Vec<(String, String)> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read_to_string(path).unwrap())
        })
        .collect();
    samples.sort();
    samples
}

/// Samples that are accepted with a warning.
const WARNED: &[&str] = &[
    "company-spread-enormous.toml",
    "cost-limit-without-money.toml",
    "daily-max-too-small.toml",
    "data-beside-truths.toml",
    "goal-unknown-to-values.toml",
    "hypothesis-missing.toml",
    "rehearsal-delay-beyond-close.toml",
    "rehearsal-value-unused.toml",
];

/// Samples that hold more than one mistake.
const MANY: &[&str] = &[
    "company-value-key-misspelt.toml",
    "company-from-a-definition.toml",
    "many-mistakes.toml",
    "many-slips-of-syntax.toml",
    "syntax-and-meaning.toml",
];

#[test]
fn every_mistake_has_a_message_that_helps() {
    // Protects: the words of every message, and that one mistake is answered by one message.
    let samples = samples();
    assert!(samples.len() > 100, "the samples were found");
    let mut messages = [String::new(), String::new()];
    let mut surprises = Vec::new();
    for (name, text) in samples {
        let found = found_in(&name, &text);
        let severity = if WARNED.contains(&name.as_str()) { Severity::Warning } else { Severity::Error };
        let as_expected = found.iter().filter(|(_, finding)| finding.severity == severity).count();
        let all = found.iter().count();
        if as_expected != all || (all != 1 && !MANY.contains(&name.as_str())) || all == 0 {
            surprises.push(format!("{name}: {}", found.summary()));
        }
        messages[usize::from(name.starts_with("company-"))].push_str(&format!("{found}\n\n"));
    }
    insta::assert_snapshot!("definitions", messages[0]);
    insta::assert_snapshot!("companies", messages[1]);
    assert!(surprises.is_empty(), "expected one mistake each:\n{}", surprises.join("\n"));
}

#[test]
fn entries_are_the_same_as_data() {
    // Protects: editors and `--json` from places that differ from those on the screen.
    let text = HEADLINES.replace("target", "taget");
    let entries = found_in("a.toml", &text).entries();
    assert_eq!(entries.len(), 1);
    assert_eq!((entries[0].line, entries[0].column), (11, 1));
    assert_eq!(entries[0].message, "unknown key `taget` in `[goal]`");
    assert_eq!(entries[0].expected, "did you mean `target`?");
    assert!(found_in("a.toml", &text).to_string().contains("a.toml:11:1"));
}

#[test]
fn colour_adds_nothing_but_colour() {
    // Protects: readers without colour, for whom the same words must do.
    let found = found_in("a.toml", "name = 5");
    let coloured = found.render(Style::Coloured);
    assert!(coloured.contains('\u{1b}'));
    let mut plain = String::new();
    let mut rest = coloured.as_str();
    while let Some((before, after)) = rest.split_once('\u{1b}') {
        plain.push_str(before);
        rest = after.split_once(['m', '\\']).map_or("", |(_, rest)| rest);
    }
    plain.push_str(rest);
    assert_eq!(plain, found.render(Style::Plain));
    assert!(!found.render(Style::Plain).contains('\u{1b}'));
}

#[test]
fn a_written_secret_is_not_repeated() {
    // Protects: a secret from reaching a terminal or a build log, in this message or another of the same file.
    let text = COMPANY.replace("env:TABOOLA_SECRET", "hunter2").replace("account ", "account \u{7}");
    let written = |value: &str| COMPANY.replace("\"env:TABOOLA_SECRET\"", value);
    for text in [
        text,
        written("'hunter2'"),
        written("hunter2"),
        written("\"hunter2"),
        written("\"hunter\"hunter2"),
        written("[\"hunter2\", \"hunter2\"]"),
        written("[\"hunter2\""),
        written("'''\nhunter2\n'''"),
    ] {
        let found = found_in("company-x", &text);
        assert!(found.error_count() > 0);
        assert!(!found.to_string().contains("hunter2"), "{found}");
        assert!(!found.render(Style::Coloured).contains("hunter2"));
    }
}

#[test]
fn a_file_beyond_the_limit_is_refused_unread() {
    // Protects: the program from a data file that was named by mistake.
    let found = found_in("a.toml", &"#".repeat(FILE_BYTES_MAX + 1));
    assert_eq!(found.error_count(), 1);
    assert!(found.to_string().len() < 500);
}

#[test]
fn a_file_of_nothing_but_mistakes_is_answered_briefly() {
    // Protects: a terminal from a hundred thousand messages, when a data file is named by mistake.
    for line in ["key-{} = 1", "a = b", "[[arm]]\nx = 1", "x = [", "2026-11-01;17;NOK", "\u{7f}"] {
        let text: String = (0..20_000).map(|number| line.replace("{}", &number.to_string()) + "\n").collect();
        let found = found_in("a.toml", &text);
        assert!(found.error_count() > 0, "{line}");
        assert!(found.iter().count() <= 110, "{line}: {}", found.iter().count());
        assert!(found.to_string().len() < 200_000, "{line}");
    }
    let many: String = (0..5_000).map(|number| format!("key-{number} = 1\n")).collect();
    let found = found_in("a.toml", &many);
    assert!(found.error_count() > 5_000);
    assert!(found.to_string().contains("more mistakes, not shown"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn damaged_files_are_answered_not_panicked_on(at in 0..HEADLINES.len(), length in 0_usize..40, insert in "[\\[\\]{}=\"'.,#\\-0-9a-zæ\u{0}\n ]{0,6}") {
        // Protects: the program from files that were cut, pasted over or half saved.
        let letters: Vec<char> = HEADLINES.chars().collect();
        let (start, end) = (at.min(letters.len()), (at + length).min(letters.len()));
        let text: String = letters[..start].iter().copied().chain(insert.chars()).chain(letters[end..].iter().copied()).collect();
        let found = found_in("a.toml", &text);
        let _ = found.to_string();
        for entry in found.entries() {
            prop_assert!(entry.line <= text.lines().count() + 1);
        }
    }
}
