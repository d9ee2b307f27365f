//! Links in templates: found once, at launch, and replaced by numbers.
//!
//! What recipients see is a signed link of the click server; where it goes stands in the send ledger, not in the link, so that
//! no link can be bent to another place. Links are the same for everybody: one with a template expression in it is refused.

use crate::error::Error;

/// The most links of a message.
const LINKS_MAX: usize = 200;

/// What the targets are tagged with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tags<'a> {
    pub(crate) source: &'a str,
    pub(crate) experiment: &'a str,
    pub(crate) arm: &'a str,
}

/// Replaces the links of an HTML template (`href="https://…"`) by `{{ links[N] }}`, and adds their targets.
pub(crate) fn take_from_html(
    html: &str,
    field: &str,
    tags: Tags<'_>,
    targets: &mut Vec<String>,
) -> Result<String, Error> {
    let (mut out, mut rest) = (String::with_capacity(html.len()), html);
    while let Some(at) = find_href(rest) {
        let quote = rest[at..].chars().next().unwrap_or('"');
        let value_from = at + quote.len_utf8();
        let Some(length) = rest[value_from..].find(quote) else { break };
        let value = &rest[value_from..value_from + length];
        out.push_str(&rest[..value_from]);
        if is_web(value.trim()) {
            let target = value.trim().replace("&amp;", "&");
            out.push_str(&placeholder(&target, field, tags, targets)?);
        } else {
            out.push_str(value);
        }
        rest = &rest[value_from + length..];
    }
    out.push_str(rest);
    Ok(out)
}

/// Replaces the links of a text template (`https://…` up to a blank) by `{{ links[N] }}`, and adds their targets.
pub(crate) fn take_from_text(
    text: &str,
    field: &str,
    tags: Tags<'_>,
    targets: &mut Vec<String>,
) -> Result<String, Error> {
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(at) = ["https://", "http://"].iter().filter_map(|scheme| rest.find(scheme)).min() {
        let end = rest[at..]
            .find(|c: char| c.is_whitespace() || c.is_control() || "<>\"'()[]".contains(c))
            .map_or(rest.len(), |length| at + length);
        let url = rest[at..end].trim_end_matches(['.', ',', ';', ':', '!', '?']);
        out.push_str(&rest[..at]);
        out.push_str(&placeholder(url, field, tags, targets)?);
        rest = &rest[at + url.len()..];
    }
    out.push_str(rest);
    Ok(out)
}

/// What the text for recipients without HTML is made of: the HTML template with each link's placeholder behind its words.
pub(crate) fn text_of_html(html: &str) -> String {
    let lower = html.to_ascii_lowercase();
    let mut marked = String::with_capacity(html.len());
    let mut from = 0;
    // The value of the last anchor's `href`, until the anchor ends.
    let mut open: Option<String> = None;
    while let Some(at) = lower[from..].find('<').map(|at| from + at) {
        marked.push_str(&html[from..at]);
        let end = lower[at..].find('>').map_or(html.len(), |length| at + length + 1);
        let tag = &html[at..end];
        if lower[at..].starts_with("<a ") || lower[at..].starts_with("<a\n") {
            open = find_href(tag).and_then(|value| {
                let quote = tag[value..].chars().next()?;
                let inside = &tag[value + 1..];
                Some(inside[..inside.find(quote)?].to_owned())
            });
        } else if lower[at..].starts_with("</a>")
            && let Some(href) = open.take()
        {
            marked.push_str(&format!(" ({href})"));
        }
        marked.push_str(tag);
        from = end;
    }
    marked.push_str(&html[from..]);
    mail_parser::decoders::html::html_to_text(&marked).trim().to_owned()
}

/// Where the quoted value of the next `href` begins, at its quote.
fn find_href(html: &str) -> Option<usize> {
    let bytes = html.as_bytes();
    let mut from = 0;
    loop {
        let at = from + bytes[from..].windows(4).position(|word| word.eq_ignore_ascii_case(b"href"))?;
        let mut next = at + 4;
        while bytes.get(next).is_some_and(u8::is_ascii_whitespace) {
            next += 1;
        }
        if bytes.get(next) == Some(&b'=') && at > 0 && bytes[at - 1].is_ascii_whitespace() {
            next += 1;
            while bytes.get(next).is_some_and(u8::is_ascii_whitespace) {
                next += 1;
            }
            if matches!(bytes.get(next), Some(b'"' | b'\'')) {
                return Some(next);
            }
        }
        from = at + 4;
    }
}

fn is_web(target: &str) -> bool {
    let lower = target.get(..8).unwrap_or(target).to_ascii_lowercase();
    lower.starts_with("https://") || lower.starts_with("http://")
}

fn placeholder(
    target: &str,
    field: &str,
    tags: Tags<'_>,
    targets: &mut Vec<String>,
) -> Result<String, Error> {
    if target.contains("{{") || target.contains("{%") || target.contains("{#") {
        let problem = format!(
            "the link `{target}` differs from person to person; links must be the same for everybody"
        );
        return Err(Error::request(field, problem));
    }
    if !target.bytes().all(|byte| byte.is_ascii_graphic()) || target.len() > 2_000 {
        let problem = format!(
            "the link `{target}` is not an address: blanks and letters outside ASCII must be percent-encoded"
        );
        return Err(Error::request(field, problem));
    }
    let target = tagged(target, tags);
    let index = match targets.iter().position(|known| *known == target) {
        Some(index) => index,
        None => {
            targets.push(target);
            targets.len() - 1
        }
    };
    if index >= LINKS_MAX {
        return Err(Error::request(field, format!("more than {LINKS_MAX} links")));
    }
    Ok(format!("{{{{ links[{index}] }}}}"))
}

/// The target with the parameters by which web analytics tells experiment and arm; what it has already stays.
fn tagged(target: &str, tags: Tags<'_>) -> String {
    let pairs = [
        ("utm_source", tags.source),
        ("utm_medium", "email"),
        ("utm_campaign", tags.experiment),
        ("utm_id", tags.experiment),
        ("utm_content", tags.arm),
    ];
    let missing = pairs.iter().filter(|(key, _)| !has_parameter(target, key));
    let query: Vec<String> =
        missing.map(|(key, value)| format!("{key}={}", percent_encoded(value))).collect();
    with_query(target, &query.join("&"))
}

fn has_parameter(target: &str, key: &str) -> bool {
    let query =
        target.split('#').next().and_then(|plain| plain.split_once('?')).map_or("", |(_, query)| query);
    query.split('&').any(|pair| pair.split('=').next() == Some(key))
}

/// A target with more in its query, before the fragment.
pub(crate) fn with_query(target: &str, query: &str) -> String {
    if query.is_empty() {
        return target.to_owned();
    }
    let (plain, fragment) = target.find('#').map_or((target, ""), |at| target.split_at(at));
    let joint = match plain.find('?') {
        None => "?",
        Some(at) if at + 1 == plain.len() || plain.ends_with('&') => "",
        Some(_) => "&",
    };
    format!("{plain}{joint}{query}{fragment}")
}

fn percent_encoded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const TAGS: Tags<'_> = Tags { source: "newsletter", experiment: "headlines", arm: "the new one" };
    const UTM: &str = "utm_source=newsletter&utm_medium=email&utm_campaign=headlines&utm_id=headlines&utm_content=the%20new%20one";

    #[test]
    fn every_link_is_taken_and_nothing_else() {
        // Protects: clicks that nobody counts, and addresses that are no links of ours from being bent.
        let html = "<A class=x HREF = 'https://acme.example/a?b=1&amp;c=2#top'>A</A> <a href=\"mailto:x@acme.example\">m</a>\
                    <a data-href=\"https://no.example\" href=\"{{ unsubscribe_url }}\">leave</a> https://plain.example\
                    <a href=\"https://acme.example/a?b=1&c=2#top\">again</a>";
        let mut targets = Vec::new();
        let out = take_from_html(html, "/html", TAGS, &mut targets).unwrap();
        assert_eq!(targets, [format!("https://acme.example/a?b=1&c=2&{UTM}#top")]);
        assert_eq!(out.matches("{{ links[0] }}").count(), 2, "{out}");
        assert!(
            out.contains("mailto:x@acme.example") && out.contains("data-href=\"https://no.example\""),
            "{out}"
        );
        let text = take_from_text(
            "See https://acme.example/b. Or (http://acme.example/a)",
            "/text",
            TAGS,
            &mut targets,
        )
        .unwrap();
        assert_eq!(text, "See {{ links[1] }}. Or ({{ links[2] }})");
        assert_eq!(targets[1], format!("https://acme.example/b?{UTM}"));
    }

    #[test]
    fn a_link_that_differs_from_person_to_person_is_refused() {
        // Protects: attributes of people from ending in the send ledger and in the logs of web servers.
        let html = "<a href=\"https://acme.example/?who={{ name }}\">x</a>";
        assert!(take_from_html(html, "/set/creative/html", TAGS, &mut Vec::new()).is_err());
        assert!(take_from_text("https://acme.example/{{name}}", "/t", TAGS, &mut Vec::new()).is_err());
    }

    #[test]
    fn tags_that_are_there_stay() {
        // Protects: what a marketer tagged by hand.
        let tagged = tagged("https://acme.example/?utm_source=partner", TAGS);
        assert_eq!(tagged.matches("utm_source").count(), 1);
        assert_eq!(with_query("https://a.example/?", "x=1"), "https://a.example/?x=1");
    }

    #[test]
    fn the_text_names_its_links() {
        // Protects: recipients who read plain text from an offer without a link.
        let html = "<html><style>p{}</style><p>Hi {{ name }},</p><p>see <a href=\"{{ links[0] }}\">our offer</a>.</p></html>";
        let text = text_of_html(html);
        assert!(text.contains("Hi {{ name }},") && text.contains("our offer ({{ links[0] }})"), "{text}");
    }
}
