//! Reads Rest.li's notation of values, written independently of whoever writes it.

/// A value: `text`, `List(…)` or `(key:value,…)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Tree {
    /// Decoded text.
    Text(String),
    /// A list.
    List(Vec<Tree>),
    /// Keys with values.
    Map(Vec<(String, Tree)>),
}

impl Tree {
    /// The value of a key.
    pub(crate) fn at(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Map(entries) => entries.iter().find(|(name, _)| name == key).map(|(_, value)| value),
            _ => None,
        }
    }

    /// The text.
    pub(crate) fn text(&self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text.clone()),
            _ => None,
        }
    }

    /// The texts of a list.
    pub(crate) fn texts(&self) -> Vec<String> {
        match self {
            Self::List(values) => values.iter().filter_map(Self::text).collect(),
            _ => Vec::new(),
        }
    }
}

/// The whole of a text as one value.
pub(crate) fn tree(text: &str) -> Option<Tree> {
    let (value, rest) = value(text)?;
    rest.is_empty().then_some(value)
}

fn value(text: &str) -> Option<(Tree, &str)> {
    if let Some(inside) = text.strip_prefix("List(") {
        let mut values = Vec::new();
        let rest = sequence(inside, |text| {
            let (one, rest) = value(text)?;
            values.push(one);
            Some(rest)
        })?;
        return Some((Tree::List(values), rest));
    }
    if let Some(inside) = text.strip_prefix('(') {
        let mut entries = Vec::new();
        let rest = sequence(inside, |text| {
            let (key, rest) = plain(text)?;
            let (one, rest) = value(rest.strip_prefix(':')?)?;
            entries.push((key, one));
            Some(rest)
        })?;
        return Some((Tree::Map(entries), rest));
    }
    plain(text).map(|(text, rest)| (Tree::Text(text), rest))
}

/// Items with commas between them up to the closing bracket; what follows it.
fn sequence<'a>(mut text: &'a str, mut item: impl FnMut(&'a str) -> Option<&'a str>) -> Option<&'a str> {
    if let Some(rest) = text.strip_prefix(')') {
        return Some(rest);
    }
    loop {
        text = item(text)?;
        match text.strip_prefix(',') {
            Some(rest) => text = rest,
            None => return text.strip_prefix(')'),
        }
    }
}

/// Text up to the next structure, decoded.
fn plain(text: &str) -> Option<(String, &str)> {
    let end = text.find(['(', ')', ',', ':']).unwrap_or(text.len());
    let (written, rest) = text.split_at(end);
    if written.is_empty() {
        return None;
    }
    if written == "''" {
        return Some((String::new(), rest));
    }
    let mut bytes = Vec::new();
    let mut left = written.bytes();
    while let Some(byte) = left.next() {
        if byte == b'%' {
            let hex = [left.next()?, left.next()?];
            bytes.push(u8::from_str_radix(std::str::from_utf8(&hex).ok()?, 16).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    Some((String::from_utf8(bytes).ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vendors_reference_value_is_read() {
        // Protects: the checks of what a plugin sends.
        let text = |text: &str| Tree::Text(text.to_owned());
        let want = Tree::List(vec![
            Tree::Map(vec![("k1".to_owned(), text("v1"))]),
            Tree::List(vec![text("v2"), text(" t?':,*!")]),
        ]);
        assert_eq!(tree("List((k1:v1),List(v2,%20t%3F%27%3A%2C%2A%21))"), Some(want));
        assert_eq!(tree("List()"), Some(Tree::List(Vec::new())));
        for broken in ["List(a", "(a)", "a)", "", "%zz", "(a:b"] {
            assert_eq!(tree(broken), None, "{broken}");
        }
    }
}
