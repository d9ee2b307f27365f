//! The messages of each language, parsed once.
//!
//! A message that does not exist gives its own key: a report with a hole is better than none, and a test finds the hole.

use std::sync::OnceLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::memoizer::MemoizerKind;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use unic_langid::LanguageIdentifier;

use super::Language;

/// Variables of a message by name.
pub(crate) type Values<'a> = &'a [(&'static str, FluentValue<'a>)];

type Bundle = FluentBundle<FluentResource>;

const FILES: [&str; 4] = [
    include_str!("../../locales/en.ftl"),
    include_str!("../../locales/da.ftl"),
    include_str!("../../locales/nb.ftl"),
    include_str!("../../locales/sv.ftl"),
];

static BUNDLES: [OnceLock<Bundle>; 4] = [const { OnceLock::new() }; 4];

pub(super) fn message(language: Language, key: &str, values: Values<'_>) -> String {
    let index = language as usize;
    let bundle = BUNDLES[index].get_or_init(|| read(language, FILES[index]));
    let Some(pattern) = bundle.get_message(key).and_then(|message| message.value()) else {
        return key.to_owned();
    };
    let args: FluentArgs<'_> = values.iter().cloned().collect();
    let mut errors = Vec::new();
    bundle.format_pattern(pattern, Some(&args), &mut errors).into_owned()
}

fn read(language: Language, text: &str) -> Bundle {
    // A file with a mistake still gives its other messages; the tests refuse the mistake.
    let resource = match FluentResource::try_new(text.to_owned()) {
        Ok(resource) | Err((resource, _)) => resource,
    };
    let locale: LanguageIdentifier = language.code().parse().unwrap_or_default();
    let mut bundle = Bundle::new_concurrent(vec![locale]);
    // The marks that Fluent puts around variables would reach terminals and spreadsheets.
    bundle.set_use_isolating(false);
    bundle.set_formatter(Some(match language {
        Language::English => |value, memoizer| number::<0, _>(value, memoizer),
        Language::Danish => |value, memoizer| number::<1, _>(value, memoizer),
        Language::Norwegian => |value, memoizer| number::<2, _>(value, memoizer),
        Language::Swedish => |value, memoizer| number::<3, _>(value, memoizer),
    }));
    bundle.add_resource_overriding(resource);
    bundle
}

/// A number of a message in the groups of its language; other values as they are.
fn number<const LANGUAGE: usize, M: MemoizerKind>(value: &FluentValue<'_>, _: &M) -> Option<String> {
    let FluentValue::Number(number) = value else { return None };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "messages count things")]
    let n = number.value.max(0.0) as u64;
    Some(Language::ALL[LANGUAGE].count(n))
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    /// Every message's variables, by key, from the text of a file.
    fn keys(text: &str) -> BTreeMap<String, BTreeSet<String>> {
        let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut current = String::new();
        for line in text.lines() {
            let starts = line.chars().next().is_some_and(|c| c.is_ascii_lowercase());
            if starts && let Some((key, _)) = line.split_once(" =") {
                current = key.to_owned();
                assert!(all.insert(current.clone(), BTreeSet::new()).is_none(), "`{current}` is there twice");
            }
            for (at, _) in line.match_indices('$') {
                let rest = &line[at + 1..];
                let end = rest.find(|c: char| !c.is_ascii_lowercase()).unwrap_or(rest.len());
                all.entry(current.clone()).or_default().insert(rest[..end].to_owned());
            }
        }
        all
    }

    #[test]
    fn every_language_is_complete() {
        // A Swedish reader must not meet a hole, nor a sentence that lost its figure on the way.
        let english = keys(FILES[0]);
        for (language, text) in Language::ALL.iter().zip(FILES) {
            if let Err((_, errors)) = FluentResource::try_new(text.to_owned()) {
                panic!("{language}: {errors:?}");
            }
            let there = keys(text);
            let missing: Vec<_> = english.keys().filter(|key| !there.contains_key(*key)).collect();
            let foreign: Vec<_> = there.keys().filter(|key| !english.contains_key(*key)).collect();
            assert!(
                missing.is_empty() && foreign.is_empty(),
                "{language} lacks {missing:?}, has {foreign:?} alone"
            );
            for (key, variables) in &english {
                // An article or a plural form may need no variable of its own; a figure must be there.
                let lost: Vec<_> = variables.difference(&there[key]).filter(|v| *v != "one").collect();
                let made_up: Vec<_> = there[key].difference(variables).filter(|v| *v != "metric").collect();
                assert!(
                    lost.is_empty() && made_up.is_empty(),
                    "{language}, `{key}`: lost {lost:?}, {made_up:?}"
                );
            }
        }
    }

    #[test]
    fn every_message_is_used_and_every_use_has_a_message() {
        // A key that was mistyped would be shown to the reader; one that nobody uses is translated for nothing.
        let english = keys(FILES[0]);
        let (mut used, mut found) = (BTreeSet::new(), 0);
        let mut folders = vec![std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src")];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let text = std::fs::read_to_string(path).unwrap();
                    let quoted = text.split('"').filter(|part| english.contains_key(*part));
                    used.extend(quoted.map(str::to_owned));
                    for call in ["tr!(", "prose!("] {
                        for (at, _) in text.match_indices(call) {
                            // A use is a language, a comma and the key; anything else is another macro.
                            let Some((before, rest)) = text[at + call.len()..].split_once('"') else {
                                continue;
                            };
                            let language = before.trim().strip_suffix(',');
                            if language.is_some_and(|l| {
                                l.chars().all(|c| c.is_ascii_alphanumeric() || "._".contains(c))
                            }) {
                                let key = rest.split('"').next().unwrap_or_default();
                                assert!(english.contains_key(key), "no message `{key}`");
                                found += 1;
                            }
                        }
                    }
                }
            }
        }
        let unused: Vec<_> = english.keys().filter(|key| !used.contains(*key)).collect();
        assert!(unused.is_empty() && found > 100, "nobody uses {unused:?}; {found} uses found");
    }

    #[test]
    fn numbers_in_sentences_follow_the_language() {
        // "1,234 leads" is one lead and a bit to a Dane.
        let say = |language: Language| language.say("count-experiments", &[("n", FluentValue::from(12_345))]);
        assert_eq!(
            Language::ALL.map(say),
            ["12 345 experiments", "12.345 eksperimenter", "12 345 eksperimenter", "12 345 experiment",]
        );
    }
}
