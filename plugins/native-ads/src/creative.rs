//! What an arm shows: one or several items, each a page with a headline and a picture.
//!
//! The first command of an arm brings its creative; it is kept on disk until the platform has all of it, for items
//! are crawled before their headline can be set.

use gevinst_http::Folder;
use gevinst_sdk::Error;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The version of the kept form.
const FORMAT: u32 = 1;
/// More items in one arm are refused.
const ITEMS_MAX: usize = 50;

/// One item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Item {
    /// The page; utm parameters are added to it.
    pub(crate) url: String,
    /// What it says.
    #[serde(default)]
    pub(crate) headline: Option<String>,
    /// Address of its picture.
    #[serde(default)]
    pub(crate) thumbnail: Option<String>,
}

/// An arm's creative as a definition states it: one item's keys, or `items`; `campaign` for fields of this campaign.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stated {
    #[serde(default)]
    url: Option<String>,
    #[serde(default)]
    headline: Option<String>,
    #[serde(default)]
    thumbnail: Option<String>,
    #[serde(default)]
    items: Vec<Item>,
    #[serde(default)]
    campaign: Map<String, Value>,
}

/// A creative, kept until the platform has it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Creative {
    format: u32,
    /// The items, with their final addresses.
    pub(crate) items: Vec<Item>,
    /// Fields of the campaign in the platform's own words.
    pub(crate) campaign: Map<String, Value>,
    /// Whether the platform has all of it.
    pub(crate) done: bool,
}

impl Creative {
    /// Reads a command's creative and adds the tracking to its addresses.
    ///
    /// # Errors
    /// A bad request below `/set/creative`.
    pub(crate) fn read(value: &Value, source: &str, experiment: &str, arm: &str) -> Result<Self, Error> {
        let wrong =
            |field: &str, message: String| Error::bad_request(format!("/set/creative{field}"), message);
        let stated: Stated =
            serde_json::from_value(value.clone()).map_err(|error| wrong("", error.to_string()))?;
        let mut items = stated.items;
        match stated.url {
            Some(url) if items.is_empty() => {
                items.push(Item { url, headline: stated.headline, thumbnail: stated.thumbnail });
            }
            None if !items.is_empty() && stated.headline.is_none() && stated.thumbnail.is_none() => {}
            None if items.is_empty() => {
                return Err(wrong("/url", "`url` is missing: the page that the ad leads to".to_owned()));
            }
            _ => {
                return Err(wrong(
                    "/items",
                    "either `url`, `headline`, `thumbnail` or `items`, not both".to_owned(),
                ));
            }
        }
        if items.len() > ITEMS_MAX {
            return Err(wrong("/items", format!("more than {ITEMS_MAX} items")));
        }
        for (index, item) in items.iter_mut().enumerate() {
            if !item.url.starts_with("https://") && !item.url.starts_with("http://") {
                return Err(wrong("/url", format!("`{}` of item {} is not a URL", item.url, index + 1)));
            }
            item.url = tracked(&item.url, source, experiment, arm);
        }
        for (index, item) in items.iter().enumerate() {
            if items[..index].iter().any(|other| other.url == item.url) {
                // An item is known by its address: two of one would be taken for one.
                let message = format!("item {} has the address of another; make them differ", index + 1);
                return Err(wrong("/items", message));
            }
        }
        Ok(Self { format: FORMAT, items, campaign: stated.campaign, done: false })
    }

    /// Keeps it on disk.
    ///
    /// # Errors
    /// Those of the folder.
    pub(crate) fn keep(&self, folder: &Folder, experiment: &str, arm: &str) -> Result<(), Error> {
        let bytes = serde_json::to_vec(self).map_err(|error| Error::internal(error.to_string()))?;
        folder.write(&name(experiment, arm), &bytes)
    }

    /// The kept one, if there is one.
    ///
    /// # Errors
    /// Those of the folder, or an internal fault when the file is damaged.
    pub(crate) fn kept(folder: &Folder, experiment: &str, arm: &str) -> Result<Option<Self>, Error> {
        let name = name(experiment, arm);
        let Some(bytes) = folder.read(&name)? else { return Ok(None) };
        let kept: Self = serde_json::from_slice(&bytes)
            .map_err(|error| Error::internal(format!("the creative kept as `{name}` is damaged: {error}")))?;
        if kept.format != FORMAT {
            return Err(Error::internal(format!("the creative kept as `{name}` has format {}", kept.format)));
        }
        Ok(Some(kept))
    }
}

fn name(experiment: &str, arm: &str) -> String {
    format!("{experiment}/{arm}/creative")
}

/// The address with the utm parameters that it does not have yet; a fragment stays at the end.
fn tracked(url: &str, source: &str, experiment: &str, arm: &str) -> String {
    let (page, fragment) = url.split_once('#').map_or((url, None), |(page, rest)| (page, Some(rest)));
    let mut tracked = page.to_owned();
    for (name, value) in [
        ("utm_source", source),
        ("utm_medium", "native"),
        ("utm_campaign", experiment),
        ("utm_id", experiment),
        ("utm_content", arm),
    ] {
        let query = page.split_once('?').map_or("", |(_, query)| query);
        if query.split('&').any(|pair| pair.split('=').next() == Some(name)) {
            continue;
        }
        tracked.push(if tracked.contains('?') { '&' } else { '?' });
        tracked.push_str(name);
        tracked.push('=');
        tracked.push_str(&gevinst_http::segment(value));
    }
    if let Some(fragment) = fragment {
        tracked.push('#');
        tracked.push_str(fragment);
    }
    tracked
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// Protects the join of leads to arms: every address tells experiment and arm, and keeps what it had.
    #[test]
    fn addresses_are_tracked() {
        assert_eq!(
            tracked("https://a.example/p?x=1&utm_source=mine#top", "taboola", "headlines", "problem"),
            "https://a.example/p?x=1&utm_source=mine&utm_medium=native&utm_campaign=headlines&utm_id=headlines\
             &utm_content=problem#top"
        );
        assert!(
            tracked("https://a.example", "taboola", "e", "a")
                .starts_with("https://a.example?utm_source=taboola&")
        );
    }

    /// Protects against showing something else than was defined.
    #[test]
    fn creatives_are_checked() {
        let read = |value| Creative::read(&value, "taboola", "e", "a");
        let one = read(json!({ "url": "https://a.example/", "headline": "H" })).unwrap();
        assert_eq!(one.items[0].headline.as_deref(), Some("H"));
        let two = json!({ "items": [{ "url": "https://a.example/1" }, { "url": "https://a.example/2" }] });
        assert_eq!(read(two).unwrap().items.len(), 2);
        for (bad, field) in [
            (json!({ "headline": "H" }), "/set/creative/url"),
            (json!({ "url": "a.example" }), "/set/creative/url"),
            (json!({ "url": "https://a.example", "titel": "H" }), "/set/creative"),
            (
                json!({ "url": "https://a.example", "items": [{ "url": "https://b.example" }] }),
                "/set/creative/items",
            ),
            (
                json!({ "items": [{ "url": "https://a.example" }, { "url": "https://a.example" }] }),
                "/set/creative/items",
            ),
        ] {
            assert_eq!(read(bad.clone()).unwrap_err().field, field, "{bad}");
        }
    }
}
