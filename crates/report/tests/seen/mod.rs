//! A page's text, as a reader sees it.

/// What a reader sees of a page: its text without elements, style and script; what is marked as being of another language
/// than the page's, and definitions as written, left out.
pub(crate) fn visible(html: &str) -> String {
    let mut rest = html;
    let mut seen = String::new();
    while let Some(at) = rest.find('<') {
        seen.push_str(&rest[..at]);
        seen.push(' ');
        let tag_end = at + rest[at..].find('>').map_or(rest.len() - at, |end| end + 1);
        let tag = &rest[at..tag_end];
        let skipped = [("<style", "</style>"), ("<script", "</script>"), ("<pre", "</pre>")];
        let own_language = tag.starts_with("<span") && tag.contains(" lang=");
        let until = skipped.iter().find(|(from, _)| tag.starts_with(from)).map(|(_, to)| *to);
        rest = &rest[tag_end..];
        if let Some(until) = until.or(own_language.then_some("</span>")) {
            rest = &rest[rest.find(until).unwrap_or(rest.len())..];
        }
    }
    seen.push_str(rest);
    [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&amp;", "&"), ("\u{a0}", " ")]
        .iter()
        .fold(seen, |text, (from, to)| text.replace(from, to))
}
