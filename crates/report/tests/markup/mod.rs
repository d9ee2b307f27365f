//! A strict reader of the pages we write: finds what a browser would silently repair.

/// An element's attributes with their values.
type Attributes = Vec<(String, String)>;

/// What a page holds.
#[derive(Debug, Default)]
pub(crate) struct Page {
    /// Every element's name with its attributes, in order.
    pub(crate) elements: Vec<(String, Attributes)>,
}

/// Reads a page and fails at the first fault: an element that is not closed in order, an attribute without quotes, an
/// id that is there twice, a reference to an id that is not there, anything that would be loaded from elsewhere.
pub(crate) fn read(html: &str) -> Result<Page, String> {
    let mut page = Page::default();
    let mut open: Vec<String> = Vec::new();
    let mut rest = html.strip_prefix("<!DOCTYPE html>").ok_or("no doctype")?;
    while let Some(at) = rest.find('<') {
        check_text(&rest[..at], open.last().map_or("", String::as_str))?;
        rest = &rest[at + 1..];
        if let Some(closing) = rest.strip_prefix('/') {
            let end = closing.find('>').ok_or("an end tag without end")?;
            let name = &closing[..end];
            if open.pop().as_deref() != Some(name) {
                return Err(format!("</{name}> closes something else"));
            }
            rest = &closing[end + 1..];
            continue;
        }
        let (name, attributes, after) = tag(rest)?;
        rest = after;
        if !matches!(name.as_str(), "meta" | "link" | "input" | "br") {
            open.push(name.clone());
        }
        // A script runs only where the page's own policy names its digest.
        let allowed = || {
            attributes.is_empty() && html.contains("script-src 'sha256-") && !html.contains("'unsafe-eval'")
        };
        if (name == "script" && !allowed()) || attributes.iter().any(|(n, _)| n.starts_with("on")) {
            return Err(format!("<{name}> runs a script"));
        }
        if name == "script" {
            rest = &rest[rest.find("</script>").ok_or("a script without end")?..];
        }
        for (n, v) in &attributes {
            let loads = matches!(n.as_str(), "src" | "href" | "xlink:href" | "action" | "srcset");
            if loads && !v.starts_with('#') && v != "data:," {
                return Err(format!("{n}=\"{v}\" goes elsewhere"));
            }
        }
        if name == "style" {
            let end = rest.find("</style>").ok_or("a style without end")?;
            if rest[..end].contains("url(") || rest[..end].contains("@import") {
                return Err("the style loads something".into());
            }
            rest = &rest[end..];
        }
        page.elements.push((name, attributes));
    }
    if !open.is_empty() || !rest.trim().is_empty() {
        return Err(format!("left open at the end: {open:?}"));
    }
    ids(&page)?;
    Ok(page)
}

fn tag(rest: &str) -> Result<(String, Attributes, &str), String> {
    let name_end = rest.find([' ', '>']).ok_or("a tag without end")?;
    let name = rest[..name_end].to_owned();
    if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric()) {
        return Err(format!("<{name}> is no element"));
    }
    let mut attributes: Attributes = Vec::new();
    let mut rest = rest[name_end..].trim_start();
    while !rest.starts_with('>') {
        let end = rest.find(['=', '>', ' ']).ok_or("an attribute without end")?;
        let attribute = rest[..end].to_owned();
        if attributes.iter().any(|(n, _)| *n == attribute) {
            return Err(format!("{attribute} is there twice in <{name}>"));
        }
        rest = &rest[end..];
        let mut value = String::new();
        if let Some(quoted) = rest.strip_prefix("=\"") {
            let end = quoted.find('"').ok_or("a value without end")?;
            value = quoted[..end].to_owned();
            if value.contains('<') {
                return Err(format!("{attribute} of <{name}> holds a <"));
            }
            rest = &quoted[end + 1..];
        } else if rest.starts_with('=') {
            return Err(format!("{attribute} of <{name}> has no quotes"));
        }
        attributes.push((attribute, value));
        rest = rest.trim_start();
    }
    Ok((name, attributes, &rest[1..]))
}

fn check_text(text: &str, inside: &str) -> Result<(), String> {
    if let Some(c) = text.chars().find(|c| c.is_control() && *c != '\n' && *c != '\t') {
        return Err(format!("control character {c:?} in <{inside}>"));
    }
    if text.contains("NaN") || text.contains(" inf") {
        return Err(format!("not a figure in <{inside}>: {text}"));
    }
    Ok(())
}

fn ids(page: &Page) -> Result<(), String> {
    let of = |wanted: &str| -> Vec<&str> {
        let all = page.elements.iter().flat_map(|(_, attributes)| attributes);
        all.filter(|(n, _)| n == wanted).map(|(_, v)| v.as_str()).collect()
    };
    let mut ids = of("id");
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    if ids.len() != all {
        return Err("an id is there twice".into());
    }
    let references = of("aria-labelledby").into_iter().flat_map(|v| v.split(' ')).map(str::to_owned);
    let links = of("href").into_iter().filter_map(|v| v.strip_prefix('#')).map(str::to_owned);
    let fills = of("fill").into_iter().filter_map(|v| v.strip_prefix("url(#")).map(|v| v.replace(')', ""));
    for id in references.chain(links).chain(fills) {
        if ids.binary_search(&id.as_str()).is_err() {
            return Err(format!("nothing has the id {id}"));
        }
    }
    Ok(())
}
