//! HubSpot's list of CRM objects: pages, properties, errors.
//!
//! `GET /crm/v3/objects/{contacts|deals}` with `limit` (1 to 100), `after` and `properties`, behind a private app's token. A record
//! tells the properties that were asked for, and `null` where it has none. Where the documents do not say how a page is
//! marked (`after` is opaque), the mark here is a record's place.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::{Platform, Reply, Request};

/// The largest page.
const PAGE_MAX: usize = 100;

/// An account.
#[derive(Clone, Debug, Default)]
pub struct HubSpot {
    token: String,
    /// By object's name: records as their properties, in the order of their ids.
    objects: BTreeMap<String, Vec<BTreeMap<String, String>>>,
}

impl HubSpot {
    /// An account with no record, which knows one token.
    pub fn new(token: &str) -> Self {
        Self { token: token.to_owned(), objects: BTreeMap::new() }
    }

    /// Lets another token be the only good one.
    pub fn set_token(&mut self, token: &str) {
        token.clone_into(&mut self.token);
    }

    /// Writes a record, or changes the one of that number; properties that are not named stay. Returns its number.
    pub fn put(&mut self, object: &str, number: Option<usize>, properties: &[(&str, &str)]) -> usize {
        let records = self.objects.entry(object.to_owned()).or_default();
        let number = number.unwrap_or(records.len());
        if number == records.len() {
            records.push(BTreeMap::new());
        }
        records[number]
            .extend(properties.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        number
    }

    fn list(&self, object: &str, request: &Request) -> Reply {
        let number = |name: &str| request.query_value(name).map(|text| text.parse::<usize>());
        let (limit, after) = match (number("limit").unwrap_or(Ok(10)), number("after").unwrap_or(Ok(0))) {
            (Ok(limit @ 1..=PAGE_MAX), Ok(after)) => (limit, after),
            _ => return error(400, "VALIDATION_ERROR", "Invalid input: `limit` is from 1 to 100"),
        };
        let asked = request.query_value("properties").unwrap_or_default();
        let records = self.objects.get(object).map_or(&[][..], Vec::as_slice);
        let results: Vec<Value> = records
            .iter()
            .enumerate()
            .skip(after)
            .take(limit)
            .map(|(number, record)| {
                let named = asked.split(',').filter(|name| !name.is_empty());
                let properties: Map<String, Value> = named
                    .map(|name| (name.to_owned(), record.get(name).map_or(Value::Null, |text| json!(text))))
                    .collect();
                json!({ "id": (number + 1).to_string(), "properties": properties, "archived": false })
            })
            .collect();
        let next = after + limit;
        if next >= records.len() {
            return Reply::json(200, json!({ "results": results }));
        }
        let link = format!("/crm/v3/objects/{object}?after={next}");
        Reply::json(
            200,
            json!({ "results": results, "paging": { "next": { "after": next.to_string(), "link": link } } }),
        )
    }
}

impl Platform for HubSpot {
    fn answer(&mut self, request: &Request, _: i64) -> Reply {
        if request.bearer() != Some(&self.token) {
            return error(
                401,
                "INVALID_AUTHENTICATION",
                "Authentication credentials not found. This API supports OAuth 2.0 authentication.",
            );
        }
        let segments = request.segments();
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        match (request.method.as_str(), &segments[..]) {
            ("GET", ["crm", "v3", "objects", object @ ("contacts" | "deals")]) => self.list(object, request),
            _ => error(404, "OBJECT_NOT_FOUND", "resource not found"),
        }
    }
}

fn error(status: u16, category: &str, message: &str) -> Reply {
    let body = json!({
        "status": "error", "message": message, "category": category,
        "correlationId": "a8a2f5a7-3d5c-4c0e-9c35-6f4f2f6a9b10",
    });
    Reply::json(status, body)
}
