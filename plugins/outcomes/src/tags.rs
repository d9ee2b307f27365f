//! Which experiment and arm a record belongs to.

use crate::config::Columns;

/// An experiment and an arm, as links name them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Tags {
    pub(crate) experiment: String,
    pub(crate) arm: String,
}

impl Tags {
    /// Tags when both names are there. Names are lower-case; links are not always.
    pub(crate) fn of(experiment: &str, arm: &str) -> Option<Self> {
        let name = |text: &str| Some(text.trim().to_lowercase()).filter(|text| !text.is_empty());
        Some(Self { experiment: name(experiment)?, arm: name(arm)? })
    }

    /// What a record's columns say, else the query of the page that it names.
    pub(crate) fn read<'r>(columns: &Columns, cell: impl Fn(&str) -> Option<&'r str>) -> Option<Self> {
        let experiment = columns.experiment.iter().find_map(|column| cell(column));
        let direct = experiment.and_then(|experiment| Self::of(experiment, cell(&columns.arm)?));
        direct.or_else(|| Self::of_link(cell(columns.link.as_ref()?)?))
    }

    /// The tags in a link's query: `utm_id` or else `utm_campaign`, and `utm_content`.
    fn of_link(link: &str) -> Option<Self> {
        let query = link.split_once('?')?.1.split('#').next().unwrap_or_default();
        let value = |name: &str| {
            let found =
                query.split('&').filter_map(|pair| pair.split_once('=')).find(|(key, _)| *key == name)?;
            Some(unescaped(found.1)).filter(|text| !text.is_empty())
        };
        Self::of(&value("utm_id").or_else(|| value("utm_campaign"))?, &value("utm_content")?)
    }
}

/// Percent escapes and plus signs undone, as in a form; what is no escape stays as it is.
fn unescaped(text: &str) -> String {
    let digit = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16));
    let (bytes, mut at) = (text.as_bytes(), 0);
    let mut plain = Vec::with_capacity(bytes.len());
    while let Some(&byte) = bytes.get(at) {
        let escape = digit(bytes.get(at + 1)).zip(digit(bytes.get(at + 2)));
        let escaped = escape.and_then(|(high, low)| u8::try_from(high * 16 + low).ok());
        match (byte, escaped) {
            (b'%', Some(escaped)) => {
                plain.push(escaped);
                at += 2;
            }
            (b'+', _) => plain.push(b' '),
            _ => plain.push(byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&plain).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(link: Option<&str>) -> Columns {
        let link = link.map(|link| format!(", \"link\": \"{link}\"")).unwrap_or_default();
        serde_json::from_str(&format!("{{ \"id\": \"id\", \"created\": \"created\"{link} }}")).unwrap()
    }

    /// Protects against people who are counted for another arm than the one that brought them.
    #[test]
    fn tags_come_from_columns_then_from_the_link() {
        let tags = |experiment: &str, arm: &str| Tags::of(experiment, arm);
        let read = |cells: &[(&str, &'static str)]| {
            let cells = cells.to_vec();
            Tags::read(&columns(Some("page")), move |name| {
                cells.iter().find(|(column, _)| *column == name).map(|(_, value)| *value)
            })
        };
        let page = (
            "page",
            "https://acme.example/x?gclid=1&utm_campaign=autumn&utm_id=headlines&utm_content=pro%62lem#top",
        );
        assert_eq!(
            read(&[("utm_id", "headlines"), ("utm_content", "Product "), page]),
            tags("headlines", "product")
        );
        assert_eq!(
            read(&[("utm_campaign", "headlines"), ("utm_content", "product")]),
            tags("headlines", "product")
        );
        assert_eq!(
            read(&[("utm_id", "headlines"), page]),
            tags("headlines", "problem"),
            "both from one place"
        );
        assert_eq!(read(&[page]), tags("headlines", "problem"));
        assert_eq!(read(&[("page", "https://acme.example/x?utm_content=problem")]), None);
        assert_eq!(read(&[("page", "https://acme.example/")]), None);
        assert_eq!(unescaped("a%2Fb+c%zz%2"), "a/b c%zz%2");
    }
}
