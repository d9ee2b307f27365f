//! The library page: every experiment, found by words, phase, channel and verdict. Works without network.
//!
//! Its script hides the rows that do not match, here and on the page of a long month. Without it, all rows are shown. The
//! content security policy names the script's digest, so that nothing else can run, whatever a hypothesis says.

use maud::{Markup, PreEscaped, html};

use super::{framed, prose, script_source, scroll};
use crate::figures::NOTHING;
use crate::language::{Language, tr};
use crate::library::{Entry, Library};
use crate::model::Origin;
use crate::prose::{glue, plain};

pub(super) const SCRIPT: &str = include_str!("library.js");

/// With more experiments than this, a row tells the verdict by its word alone.
const IN_WORDS: usize = 1_000;

pub(super) fn page(library: &Library) -> Markup {
    let lang = library.language;
    let distinct = |of: &dyn Fn(&Entry) -> Vec<String>| -> Vec<(String, String)> {
        let mut all: Vec<String> = library.entries.iter().flat_map(of).collect();
        all.sort();
        all.dedup();
        all.into_iter().map(|name| (name.clone(), name)).collect()
    };
    let phases = distinct(&|e| vec![lang.phase(&e.phase)]);
    let channels = distinct(&|e| e.channels.iter().map(|c| plain(c)).collect());
    let outcomes = distinct(&|e| vec![lang.outcome(e.outcome)]);
    let body = html! {
        header {
            p class="eyebrow" { (tr!(lang, "library-eyebrow")) }
            h1 { (tr!(lang, "library-title")) }
            p class="lede" { (tr!(lang, "library-lede", n = library.entries.len())) }
        }
        main id="main" {
            (finder(lang, library.entries.len(), [&phases, &channels, &outcomes]))
            @if library.entries.is_empty() { p class="note-box" { (tr!(lang, "library-empty")) } }
            @else { (scroll(&tr!(lang, "library-title"), &table(library))) }
        }
        footer { p { (plain(&library.generator)) } }
        script { (PreEscaped(SCRIPT)) }
    };
    searched(lang, &tr!(lang, "library-title"), &body)
}

/// A page that holds this script and no other.
pub(super) fn searched(lang: Language, title: &str, body: &Markup) -> Markup {
    let policy = format!(
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src {}",
        script_source(SCRIPT)
    );
    framed(lang, title, &policy, body)
}

/// The fields by which a table is searched: words, phase, channel and verdict, with what there is to choose.
pub(super) fn finder(lang: Language, n: usize, choices: [&[(String, String)]; 3]) -> Markup {
    let [phases, channels, outcomes] = choices;
    html! {
        form class="finder" role="search" hidden {
            label { (tr!(lang, "library-words")) input type="search" name="words" autocomplete="off"; }
            (select("phase", &tr!(lang, "col-phase"), phases, &tr!(lang, "all")))
            (select("channel", &tr!(lang, "col-channel"), channels, &tr!(lang, "all")))
            (select("outcome", &tr!(lang, "col-outcome"), outcomes, &tr!(lang, "all")))
            p class="soft small" role="status" { span id="found" { (n) } " / " (n) }
        }
    }
}

fn select(name: &str, label: &str, options: &[(String, String)], all: &str) -> Markup {
    html! {
        label {
            (label)
            select name=(name) {
                option value="" { (all) }
                @for (value, text) in options { option value=(value) { (text) } }
            }
        }
    }
}

fn table(library: &Library) -> Markup {
    let lang = library.language;
    html! {
        table class="found library" {
            thead {
                tr {
                    th scope="col" { (tr!(lang, "col-experiment")) }
                    th scope="col" data-key="phase" { (tr!(lang, "col-phase")) }
                    th scope="col" data-key="outcome" { (tr!(lang, "col-outcome")) }
                    th scope="col" data-key="channel" { (tr!(lang, "col-channel")) }
                    th scope="col" { (tr!(lang, "col-goals")) }
                    th scope="col" { (tr!(lang, "col-spent")) }
                }
            }
            tbody { @for e in &library.entries { (row(e, lang, library.entries.len() <= IN_WORDS)) } }
        }
    }
}

fn row(e: &Entry, lang: Language, in_words: bool) -> Markup {
    html! {
        tr {
            th scope="row" {
                (plain(&e.name))
                small { (lang.month(&e.month)) @if e.origin == Origin::Rehearsed { " · " (tr!(lang, "rehearsed-short")) } }
                @if !e.hypothesis.is_empty() { p { "“" (plain(&e.hypothesis)) "”" } }
                @if in_words { p { (prose(&e.verdict)) } }
            }
            td { (lang.phase(&e.phase)) }
            td { (lang.outcome(e.outcome)) }
            td { (e.channels.iter().map(|c| plain(c)).collect::<Vec<_>>().join(", ")) }
            td { (glue(&lang.count(e.goals))) " " (lang.goals(&e.metric, e.goals)) }
            td { @if e.spend_minor > 0 { (glue(&lang.money(&e.currency, e.spend_minor))) } @else { (NOTHING) } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_cannot_end_its_element() {
        // Protects the page: a script that held its own end tag would spill into the text.
        assert!(!SCRIPT.contains("</") && !SCRIPT.contains("<!--"));
    }
}
