//! The library page: every experiment, found by words, phase, channel and verdict. Works without network.
//!
//! The one page with a script: it hides the rows that do not match. Without it, all rows are shown. The content security
//! policy names the script's digest, so that nothing else can run, whatever a hypothesis says.

use maud::{Markup, PreEscaped, html};

use super::{framed, outcome_class, prose, script_source, scroll};
use crate::figures::NOTHING;
use crate::language::tr;
use crate::library::{Entry, Library};
use crate::model::Origin;
use crate::prose::{glue, plain};
use crate::words;

const SCRIPT: &str = include_str!("library.js");

pub(super) fn page(library: &Library) -> Markup {
    let lang = library.language;
    let policy = format!(
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src {}",
        script_source(SCRIPT)
    );
    let distinct = |of: &dyn Fn(&Entry) -> Vec<(String, String)>| -> Vec<(String, String)> {
        let mut all: Vec<(String, String)> = library.entries.iter().flat_map(of).collect();
        all.sort();
        all.dedup();
        all
    };
    let phases = distinct(&|e| vec![(plain(&e.phase), lang.phase(&e.phase))]);
    let channels = distinct(&|e| e.channels.iter().map(|c| (plain(c), plain(c))).collect());
    let outcomes = distinct(&|e| vec![(lang.outcome(e.outcome), lang.outcome(e.outcome))]);
    let body = html! {
        header {
            p class="eyebrow" { (tr!(lang, "library-eyebrow")) }
            h1 { (tr!(lang, "library-title")) }
            p class="lede" { (tr!(lang, "library-lede", n = library.entries.len())) }
        }
        main id="main" {
            form class="finder" role="search" hidden {
                label { (tr!(lang, "library-words")) input type="search" name="words" autocomplete="off"; }
                (select("phase", &tr!(lang, "col-phase"), &phases, &tr!(lang, "all")))
                (select("channel", &tr!(lang, "col-channel"), &channels, &tr!(lang, "all")))
                (select("outcome", &tr!(lang, "col-outcome"), &outcomes, &tr!(lang, "all")))
                p class="soft small" role="status" { span id="found" { (library.entries.len()) } " / " (library.entries.len()) }
            }
            @if library.entries.is_empty() { p class="note-box" { (tr!(lang, "library-empty")) } }
            @else { (scroll(&tr!(lang, "library-title"), &table(library))) }
        }
        footer { p { (plain(&library.generator)) } }
        script { (PreEscaped(SCRIPT)) }
    };
    framed(lang, &tr!(lang, "library-title"), &policy, &body)
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
        table class="library" {
            thead {
                tr {
                    th scope="col" { (tr!(lang, "col-experiment")) }
                    th scope="col" { (tr!(lang, "col-outcome")) }
                    th scope="col" { (tr!(lang, "col-channel")) }
                    th scope="col" class="n" { (tr!(lang, "col-goals")) }
                    th scope="col" class="n" { (tr!(lang, "col-spent")) }
                }
            }
            tbody {
                @for e in &library.entries {
                    tr data-phase=(plain(&e.phase)) data-channel=(e.channels.iter().map(|c| plain(c)).collect::<Vec<_>>().join("\n")) data-outcome=(lang.outcome(e.outcome)) {
                        th scope="row" {
                            (plain(&e.name))
                            small {
                                (lang.month(&e.month)) " · " (lang.phase(&e.phase))
                                @if e.origin == Origin::Rehearsed { " · " (tr!(lang, "rehearsed-short")) }
                            }
                        }
                        td {
                            span class=(outcome_class(e.outcome)) { (words::outcome_sign(e.outcome)) " " (lang.outcome(e.outcome)) }
                            @if !e.hypothesis.is_empty() { p class="small" { "“" (plain(&e.hypothesis)) "”" } }
                            p class="small" { (prose(&e.verdict)) }
                        }
                        td { (e.channels.iter().map(|c| plain(c)).collect::<Vec<_>>().join(", ")) }
                        td class="n" { (glue(&lang.count(e.goals))) " " (lang.goals(&e.metric, e.goals)) }
                        td class="n" { @if e.spend_minor > 0 { (glue(&lang.money(&e.currency, e.spend_minor))) } @else { (NOTHING) } }
                    }
                }
            }
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
