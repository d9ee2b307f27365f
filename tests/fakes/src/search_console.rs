//! Google Search Console's search analytics: days of a site's queries.
//!
//! `POST /webmasters/v3/sites/{site}/searchAnalytics/query` with dimension `date` and one `includingRegex` filter on queries. Days
//! without a match are left out; without any, the list itself is. Of regular expressions only alternatives of plain text
//! (`acme|akme`) are understood.
//!
//! `POST /token` renews by a refresh token, as Google's OAuth does: an access token holds an hour, the refresh token stays.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::{Platform, Reply, Request};

/// A site with its queries.
#[derive(Clone, Debug, Default)]
pub struct SearchConsole {
    token: String,
    /// Client, its secret and the refresh token, where tokens are renewed.
    client: Option<[String; 3]>,
    /// When the renewed token ends, in µs UTC.
    until_us: Option<i64>,
    renewals: u32,
    site: String,
    /// By day and query: impressions and clicks.
    searches: BTreeMap<(String, String), (u64, u64)>,
}

impl SearchConsole {
    /// A site without searches, and the one token that may ask.
    pub fn new(token: &str, site: &str) -> Self {
        Self { token: token.to_owned(), site: site.to_owned(), ..Self::default() }
    }

    /// A site whose tokens are renewed by this client, its secret and this refresh token.
    pub fn renewing(client: [&str; 3], site: &str) -> Self {
        Self { client: Some(client.map(str::to_owned)), ..Self::new("", site) }
    }

    /// The token that is good now, which ends at once: Google may revoke one before its time.
    pub fn revoke(&mut self) {
        self.token.clear();
    }

    fn renew(&mut self, request: &Request, now_us: i64) -> Reply {
        let form = |name: &str| request.form_value(name).unwrap_or_default();
        let sent = ["client_id", "client_secret", "refresh_token"].map(form);
        if self.client.as_ref() != Some(&sent) || form("grant_type") != "refresh_token" {
            let body = json!({ "error": "invalid_grant", "error_description": "Token has been expired or revoked." });
            return Reply::json(400, body);
        }
        self.renewals += 1;
        self.token = format!("ya29.renewed-{}", self.renewals);
        self.until_us = Some(now_us + 3_599_000_000);
        let body = json!({ "access_token": self.token, "expires_in": 3599, "token_type": "Bearer",
                           "scope": "https://www.googleapis.com/auth/webmasters.readonly" });
        Reply::json(200, body)
    }

    /// Sets what is known of a day, such as 2026-11-03, and a query.
    pub fn set(&mut self, day: &str, query: &str, impressions: u64, clicks: u64) {
        self.searches.insert((day.to_owned(), query.to_owned()), (impressions, clicks));
    }

    fn query(&self, body: &Value) -> Reply {
        let text = |key: &str| body[key].as_str().unwrap_or_default().to_owned();
        let (first, last) = (text("startDate"), text("endDate"));
        if first.is_empty() || last.is_empty() || body["dimensions"] != json!(["date"]) {
            return error(400, "startDate, endDate and the dimension date are required here");
        }
        let filter = &body["dimensionFilterGroups"][0]["filters"][0];
        let expression = filter["expression"].as_str().unwrap_or_default();
        if filter["dimension"] != "query" || filter["operator"] != "includingRegex" || expression.is_empty() {
            return error(400, "Invalid filter");
        }
        let mut days: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
        for ((day, query), (impressions, clicks)) in &self.searches {
            let matches = expression.split('|').any(|part| query.contains(part));
            if matches && *impressions > 0 && (first.as_str()..=last.as_str()).contains(&day.as_str()) {
                let sum = days.entry(day).or_default();
                *sum = (sum.0 + impressions, sum.1 + clicks);
            }
        }
        if days.is_empty() {
            return Reply::json(200, json!({ "responseAggregationType": "byProperty" }));
        }
        let rows: Vec<Value> = days
            .iter()
            .map(|(day, (impressions, clicks))| {
                json!({ "keys": [day], "clicks": clicks, "impressions": impressions, "ctr": 0.5, "position": 1.5 })
            })
            .collect();
        Reply::json(200, json!({ "rows": rows, "responseAggregationType": "byProperty" }))
    }
}

impl Platform for SearchConsole {
    fn answer(&mut self, request: &Request, now_us: i64) -> Reply {
        if request.method == "POST" && request.path == "/token" {
            return self.renew(request, now_us);
        }
        let ended = self.token.is_empty() || self.until_us.is_some_and(|until_us| now_us >= until_us);
        if ended || request.bearer() != Some(&self.token) {
            return error(401, "Request had invalid authentication credentials.");
        }
        let segments = request.segments();
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        match (request.method.as_str(), &segments[..]) {
            ("POST", ["webmasters", "v3", "sites", site, "searchAnalytics", "query"])
                if *site == self.site =>
            {
                self.query(&request.json())
            }
            _ => error(403, "User does not have sufficient permission for this site."),
        }
    }
}

fn error(status: u16, message: &str) -> Reply {
    Reply::json(status, json!({ "error": { "code": status, "message": message, "status": "ERROR" } }))
}
