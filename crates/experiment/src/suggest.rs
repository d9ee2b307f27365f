//! "Did you mean": the nearest of a few known words.
//!
//! Case, `-` and `_` are not counted as differences, since those are what people get wrong most. A word that is too far
//! off gets no suggestion: a bad guess costs a reader more than none.

/// The candidate nearest to `word`, if one is near enough (a third of its letters may differ, at least one).
pub(crate) fn nearest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    // A "word" of a kilobyte is not a typing mistake, and the distance costs the product of the lengths.
    if word.len() > 64 {
        return None;
    }
    let folded = fold(word);
    let allowed = (folded.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| (distance(&folded, &fold(candidate)), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Edits between two folded words; the plural is a single edit however it is made, and a prefix counts as near.
fn distance(word: &str, candidate: &str) -> usize {
    let edits = strsim::damerau_levenshtein(word, candidate);
    let prefix = word.len() >= 3 && candidate.starts_with(word);
    if prefix { edits.min(1) } else { edits }
}

fn fold(word: &str) -> String {
    let letters = word.chars().filter(|c| !matches!(c, '-' | '_' | ' ')).flat_map(char::to_lowercase);
    // Nordic and German writers spell it with f.
    letters.collect::<String>().replace("ph", "f")
}

/// "`a`, `b` or `c`".
pub(crate) fn one_of<'c>(words: impl IntoIterator<Item = &'c str>) -> String {
    let quoted: Vec<String> = words.into_iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        None => String::new(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_words_are_found_and_far_ones_are_not() {
        // Protects: suggestions that help, and silence where a guess would mislead.
        let keys = ["metric", "per", "target", "daily_max"];
        assert_eq!(nearest("metrics", keys), Some("metric"));
        assert_eq!(nearest("mertic", keys), Some("metric"));
        assert_eq!(nearest("dailyMax", keys), Some("daily_max"));
        assert_eq!(nearest("daily-max", keys), Some("daily_max"));
        assert_eq!(nearest("fase", ["phase", "name"]), Some("phase"));
        assert_eq!(nearest("colour", keys), None);
        assert_eq!(nearest("", keys), None);
        assert_eq!(nearest(&"x".repeat(10_000), keys), None);
    }

    #[test]
    fn lists_read_as_sentences() {
        // Protects: the wording of "expected one of".
        assert_eq!(one_of([]), "");
        assert_eq!(one_of(["a"]), "`a`");
        assert_eq!(one_of(["a", "b", "c"]), "`a`, `b` or `c`");
    }
}
