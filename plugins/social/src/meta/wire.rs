//! Meta's JSON and forms, as far as they are used.
//!
//! Numbers come as texts as often as not; unknown fields are passed over. Identifiers are texts of digits.

use gevinst_sdk::Error;
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::config::Meta;

/// A whole number, as a number or as a text.
pub(crate) fn whole<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    match Option::<Value>::deserialize(deserializer)? {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Number(number)) => Ok(number.as_i64()),
        Some(Value::String(text)) => text.parse().map(Some).map_err(serde::de::Error::custom),
        Some(_) => Err(serde::de::Error::custom("expected a whole number")),
    }
}

/// `/act_{id}`.
#[derive(Debug, Deserialize)]
pub(crate) struct Account {
    pub(crate) currency: String,
    pub(crate) timezone_name: String,
    #[serde(default, deserialize_with = "whole")]
    pub(crate) account_status: Option<i64>,
    #[serde(default, deserialize_with = "whole")]
    pub(crate) min_daily_budget: Option<i64>,
}

/// A campaign: where its budget lies, and whether it runs.
#[derive(Debug, Deserialize)]
pub(crate) struct Campaign {
    #[serde(default)]
    pub(crate) effective_status: String,
    #[serde(default, deserialize_with = "whole")]
    pub(crate) daily_budget: Option<i64>,
    #[serde(default, deserialize_with = "whole")]
    pub(crate) lifetime_budget: Option<i64>,
}

/// An ad set.
#[derive(Debug, Deserialize)]
pub(crate) struct AdSet {
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) status: String,
    #[serde(default)]
    pub(crate) effective_status: String,
    #[serde(default, deserialize_with = "whole")]
    pub(crate) daily_budget: Option<i64>,
    #[serde(default)]
    pub(crate) created_time: Option<String>,
}

/// Meta's notation of a moment, `2026-11-01T00:00:00+0100`, in µs UTC.
pub(crate) fn moment_us(text: &str) -> Option<i64> {
    let moment = jiff::fmt::strtime::parse("%Y-%m-%dT%H:%M:%S%z", text).ok()?;
    moment.to_timestamp().ok().map(|moment| moment.as_microsecond())
}

/// An ad of an ad set.
#[derive(Debug, Deserialize)]
pub(crate) struct Ad {
    #[serde(default)]
    pub(crate) effective_status: String,
}

/// What was made.
#[derive(Debug, Deserialize)]
pub(crate) struct Made {
    pub(crate) id: String,
}

/// A page of a listing.
#[derive(Debug, Deserialize)]
pub(crate) struct Page<T> {
    #[serde(default = "Vec::new")]
    pub(crate) data: Vec<T>,
    #[serde(default)]
    pub(crate) paging: Option<Paging>,
}

/// Where a listing goes on.
#[derive(Debug, Deserialize)]
pub(crate) struct Paging {
    #[serde(default)]
    pub(crate) cursors: Option<Cursors>,
    #[serde(default)]
    pub(crate) next: Option<String>,
}

/// The end of a page.
#[derive(Debug, Deserialize)]
pub(crate) struct Cursors {
    pub(crate) after: String,
}

/// An error's body.
#[derive(Debug, Deserialize)]
pub(crate) struct Wrapped {
    pub(crate) error: Trouble,
}

/// What went wrong, in Meta's numbers.
#[derive(Debug, Deserialize)]
pub(crate) struct Trouble {
    #[serde(default)]
    pub(crate) code: i64,
    #[serde(default)]
    pub(crate) error_subcode: Option<i64>,
    #[serde(default)]
    pub(crate) message: Option<String>,
    #[serde(default)]
    pub(crate) error_user_msg: Option<String>,
    #[serde(default)]
    pub(crate) is_transient: bool,
}

impl Trouble {
    /// Whether Meta wants to be asked for less data: the same question would fail again.
    pub(crate) fn asks_for_less(&self) -> bool {
        let told = self.message.as_deref().unwrap_or_default();
        told.contains("reduce the amount of data")
    }
}

/// What a new ad set is made with.
pub(crate) struct NewAdSet<'a> {
    pub(crate) own: &'a Meta,
    pub(crate) name: &'a str,
    pub(crate) minor: i64,
}

impl NewAdSet<'_> {
    /// The form that makes it, at rest: it is set running once it has something to show.
    pub(crate) fn form(&self) -> Vec<(&'static str, String)> {
        let own = self.own;
        let mut form = vec![
            ("name", self.name.to_owned()),
            ("campaign_id", own.campaign.clone()),
            ("daily_budget", self.minor.to_string()),
            ("billing_event", own.billing_event.clone()),
            ("optimization_goal", own.optimization_goal.clone()),
            ("bid_strategy", own.bid_strategy.clone()),
        ];
        if let Some(promoted) = &own.promoted_object {
            form.push(("promoted_object", Value::Object(promoted.clone()).to_string()));
        }
        form.push(("targeting", Value::Object(own.targeting.clone()).to_string()));
        if let Some(beneficiary) = &own.dsa_beneficiary {
            form.push(("dsa_beneficiary", beneficiary.clone()));
        }
        if let Some(payor) = &own.dsa_payor {
            form.push(("dsa_payor", payor.clone()));
        }
        form.push(("status", "PAUSED".to_owned()));
        form
    }
}

/// What an arm shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Shown {
    /// A creative that exists.
    Existing(String),
    /// A link with a text, made with the ad.
    Link { page: String, url: String, text: String, headline: Option<String>, image_hash: Option<String> },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Stated {
    #[serde(default)]
    creative_id: Option<String>,
    #[serde(default)]
    url: Option<String>,
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    headline: Option<String>,
    #[serde(default)]
    image_hash: Option<String>,
}

impl Shown {
    /// Reads an arm's creative; `page` is the page that speaks in new ads.
    pub(crate) fn read(creative: &Value, page: Option<&str>) -> Result<Self, Error> {
        let stated: Stated = serde_json::from_value(creative.clone()).map_err(|error| {
            let expected = "expected `creative_id`, or `url`, `text`, `headline`, `image_hash`";
            Error::bad_request("/set/creative", format!("{error}; {expected}"))
        })?;
        let missing = |field: &str, why: &str| Error::bad_request(format!("/set/creative{field}"), why);
        match stated {
            Stated { creative_id: Some(id), url: None, text: None, headline: None, image_hash: None } => {
                if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_digit()) {
                    return Err(missing("/creative_id", "expected digits alone"));
                }
                Ok(Self::Existing(id))
            }
            Stated { creative_id: Some(_), .. } => {
                Err(missing("/creative_id", "an existing creative brings its own text, link and image"))
            }
            Stated { creative_id: None, url, text, headline, image_hash } => {
                let url = url.ok_or_else(|| missing("/url", "missing; or give `creative_id`"))?;
                if !url.starts_with("https://") && !url.starts_with("http://") {
                    return Err(missing("/url", "expected an address with `https://`"));
                }
                let text = text.ok_or_else(|| missing("/text", "missing: the text above the link"))?;
                let page = page
                    .ok_or_else(|| missing("", "`page` is not configured: a new ad speaks for a page"))?
                    .to_owned();
                Ok(Self::Link { page, url, text, headline, image_hash })
            }
        }
    }
}

/// The creative's JSON inside an ad's form. A new link is marked with where it was shown; the experiment and the arm are
/// in the name, `gevinst/<experiment>/<arm>`.
pub(crate) fn creative_of(shown: &Shown, name: &str) -> Value {
    match shown {
        Shown::Existing(id) => json!({ "creative_id": id }),
        Shown::Link { page, url, text, headline, image_hash } => {
            let mut link = json!({ "link": url, "message": text });
            if let Some(headline) = headline {
                link["name"] = json!(headline);
            }
            if let Some(hash) = image_hash {
                link["image_hash"] = json!(hash);
            }
            let mut parts = name.splitn(3, '/').skip(1);
            let (experiment, arm) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
            json!({
                "name": name,
                "object_story_spec": { "page_id": page, "link_data": link },
                "url_tags": format!(
                    "utm_source=meta&utm_medium=paid_social&utm_campaign={experiment}&utm_id={experiment}&utm_content={arm}"
                ),
            })
        }
    }
}

/// HMAC-SHA256 (RFC 2104) in hexadecimal: the proof that a token is used by its own application.
pub(crate) fn hmac_sha256_hex(key: &[u8], message: &[u8]) -> String {
    const BLOCK: usize = 64;
    let mut block = [0_u8; BLOCK];
    if key.len() > BLOCK {
        block[..32].copy_from_slice(&Sha256::digest(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let keyed = |pad: u8| block.map(|byte| byte ^ pad);
    let inner = Sha256::new().chain_update(keyed(0x36)).chain_update(message).finalize();
    let outer = Sha256::new().chain_update(keyed(0x5c)).chain_update(inner).finalize();
    outer.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_proof_is_rfc_4231s() {
        // Protects: the proof without which every call is refused; test cases 1, 2 and 6 of RFC 4231.
        for (key, message, want) in [
            (&[0x0b; 20][..], "Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
            (
                b"Jefe",
                "what do ya want for nothing?",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            ),
            (
                &[0xaa; 131],
                "Test Using Larger Than Block-Size Key - Hash Key First",
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
            ),
        ] {
            assert_eq!(hmac_sha256_hex(key, message.as_bytes()), want);
        }
    }

    #[test]
    fn a_creative_is_one_that_exists_or_one_that_is_whole() {
        // Protects: an ad set that would be made and then have nothing to show.
        let read = |creative: Value| Shown::read(&creative, Some("42"));
        assert_eq!(read(json!({ "creative_id": "55" })).unwrap(), Shown::Existing("55".to_owned()));
        assert!(matches!(
            read(json!({ "url": "https://acme.example", "text": "Four days", "headline": "Quotes" }))
                .unwrap(),
            Shown::Link { .. }
        ));
        for (creative, field) in [
            (json!({ "creative_id": "55", "url": "https://x" }), "/set/creative/creative_id"),
            (json!({ "creative_id": "../1" }), "/set/creative/creative_id"),
            (json!({ "text": "x" }), "/set/creative/url"),
            (json!({ "url": "javascript:x", "text": "x" }), "/set/creative/url"),
            (json!({ "url": "https://x" }), "/set/creative/text"),
            (json!({ "hedline": "x" }), "/set/creative"),
        ] {
            assert_eq!(read(creative).unwrap_err().field, field);
        }
        let no_page = Shown::read(&json!({ "url": "https://x", "text": "x" }), None).unwrap_err();
        assert!(no_page.message.contains("`page`"), "{no_page}");
    }

    #[test]
    fn a_new_link_tells_experiment_and_arm() {
        // Protects: leads that are joined to their arm by the link they came by.
        let shown = Shown::read(&json!({ "url": "https://acme.example", "text": "x" }), Some("42")).unwrap();
        let tags = creative_of(&shown, "gevinst/headlines/problem")["url_tags"].clone();
        assert!(tags.as_str().unwrap().ends_with("utm_id=headlines&utm_content=problem"), "{tags}");
    }
}
