//! The frame in which `gevinst report --serve` shows the pages: what waits for approval above, the page below.
//!
//! The pages themselves are shown as they are, each under its own policy that lets nothing run. Only this frame has a
//! script, which asks now and then whether the ledger has grown.

use maud::{Markup, PreEscaped, html};

use super::{framed, script_source};
use crate::language::{Language, tr};
use crate::prose::plain;

const SCRIPT: &str = include_str!("served.js");

/// A move that a person can decide about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Its key: experiment, arm and number.
    pub key: String,
    /// What it does.
    pub what: String,
    /// Why.
    pub reason: String,
    /// The token that approves it.
    pub approve: String,
    /// The token that declines it.
    pub decline: String,
}

/// The frame around the page at `path`. `pages` are the titles and paths to choose from.
#[must_use]
pub fn served_frame(lang: Language, pages: &[(String, String)], path: &str, waiting: &[Waiting]) -> String {
    let policy = format!(
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src {}; connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'",
        script_source(SCRIPT)
    );
    let body = html! {
        nav class="served" aria-label=(tr!(lang, "served-pages")) {
            @for (title, to) in pages {
                a href=(format!("/?page={}", to.trim_start_matches('/'))) aria-current=[(to == path).then_some("page")] { (plain(title)) }
            }
        }
        main id="main" {
            div id="waiting" aria-live="polite" { (list(lang, waiting)) }
            iframe id="page" class="served" title=(tr!(lang, "served-page")) src=(path) {}
        }
        script { (PreEscaped(SCRIPT)) }
    };
    framed(lang, &tr!(lang, "served-title"), &policy, &body).into_string()
}

/// What waits, alone: the frame fetches it anew when the ledger has grown.
#[must_use]
pub fn waiting_list(lang: Language, waiting: &[Waiting]) -> String {
    list(lang, waiting).into_string()
}

fn list(lang: Language, waiting: &[Waiting]) -> Markup {
    html! {
        @if waiting.is_empty() { p class="soft small" { (tr!(lang, "served-nothing-waits")) } }
        @else {
            h1 class="h3" { (tr!(lang, "served-waiting", n = waiting.len())) }
            ul class="waiting" {
                @for one in waiting {
                    li {
                        p { span class="name" { (plain(&one.key)) } " " (plain(&one.what)) br; span class="soft small" { (plain(&one.reason)) } }
                        form class="approve" method="post" action="/decide" {
                            input type="hidden" name="key" value=(one.key);
                            button type="submit" name="token" value=(one.approve) aria-label=(tr!(lang, "served-approve-one", key = plain(&one.key))) { (tr!(lang, "served-approve")) }
                            button type="submit" name="token" value=(one.decline) aria-label=(tr!(lang, "served-decline-one", key = plain(&one.key))) { (tr!(lang, "served-decline")) }
                        }
                    }
                }
            }
        }
    }
}
