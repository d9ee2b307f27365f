//! LinkedIn's JSON, as far as it is used: what is sent, and what is read.
//!
//! Unknown fields are passed over, since every version adds some. Amounts are texts of decimals.

use gevinst_http::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::config::{LinkedIn, locale};

/// `urn:li:KIND:ID`.
pub(crate) fn urn(kind: &str, id: &str) -> String {
    format!("urn:li:{kind}:{id}")
}

/// The last part of a urn.
pub(crate) fn id_of(urn: &str) -> &str {
    urn.rsplit(':').next().unwrap_or(urn)
}

/// A sum with its currency.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Amount {
    /// Decimal, such as `30.00`.
    pub(crate) amount: String,
    /// ISO 4217 code.
    pub(crate) currency_code: String,
}

impl Amount {
    pub(crate) fn of_minor(minor: i64, digits: u32, currency: &str) -> Self {
        Self { amount: Decimal::from_minor(minor, digits).to_string(), currency_code: currency.to_owned() }
    }
}

/// `/adAccounts/{id}`.
#[derive(Debug, Deserialize)]
pub(crate) struct Account {
    pub(crate) currency: String,
    #[serde(default)]
    pub(crate) status: Option<String>,
}

/// `/adCampaignGroups/{id}`.
#[derive(Debug, Deserialize)]
pub(crate) struct CampaignGroup {
    #[serde(default)]
    pub(crate) status: Option<String>,
}

/// One entry of `/adAccountUsers?q=authenticatedUser`.
#[derive(Debug, Deserialize)]
pub(crate) struct AccountUser {
    pub(crate) account: String,
    pub(crate) role: String,
}

/// A campaign as it is read.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Campaign {
    pub(crate) id: u64,
    #[serde(default)]
    pub(crate) name: String,
    pub(crate) status: String,
    #[serde(default)]
    pub(crate) daily_budget: Option<Amount>,
    #[serde(default)]
    pub(crate) serving_statuses: Vec<String>,
    #[serde(default)]
    pub(crate) change_audit_stamps: Option<AuditStamps>,
}

impl Campaign {
    /// When it was made, in µs UTC.
    pub(crate) fn made_us(&self) -> Option<i64> {
        let created = self.change_audit_stamps.as_ref()?.created.as_ref()?;
        created.time.checked_mul(1_000)
    }
}

/// When it was made and changed.
#[derive(Debug, Deserialize)]
pub(crate) struct AuditStamps {
    #[serde(default)]
    pub(crate) created: Option<AuditStamp>,
}

/// A moment, in ms UTC.
#[derive(Debug, Deserialize)]
pub(crate) struct AuditStamp {
    pub(crate) time: i64,
}

/// A page of a finder.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Page<T> {
    #[serde(default = "Vec::new")]
    pub(crate) elements: Vec<T>,
    #[serde(default)]
    pub(crate) metadata: Metadata,
}

/// Where a finder goes on.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Metadata {
    #[serde(default)]
    pub(crate) next_page_token: Option<String>,
}

/// A creative as it is read.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Creative {
    #[serde(default)]
    pub(crate) intended_status: Option<String>,
    #[serde(default)]
    pub(crate) review: Option<Review>,
}

/// What LinkedIn's reviewers said.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Review {
    #[serde(default)]
    pub(crate) status: Option<String>,
    #[serde(default)]
    pub(crate) rejection_reasons: Vec<String>,
}

/// What an arm shows: a post that exists, made in LinkedIn's own editor.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Shown {
    /// Urn of the post.
    pub(crate) post: String,
    /// Urn of the lead form that it opens.
    #[serde(default)]
    pub(crate) form: Option<String>,
    /// The button's text, such as `SIGN_UP`; with a form.
    #[serde(default)]
    pub(crate) call_to_action: Option<String>,
}

/// The body that makes a creative.
pub(crate) fn creative_body(campaign: &str, shown: &Shown) -> Value {
    let mut body = serde_json::json!({
        "content": { "reference": shown.post },
        "campaign": urn("sponsoredCampaign", campaign),
        "intendedStatus": "ACTIVE",
    });
    if let Some(form) = &shown.form {
        let label = shown.call_to_action.as_deref().unwrap_or("LEARN_MORE");
        body["leadgenCallToAction"] = serde_json::json!({ "destination": form, "label": label });
    }
    body
}

/// What a campaign is made with.
pub(crate) struct NewCampaign<'a> {
    pub(crate) own: &'a LinkedIn,
    pub(crate) account: &'a str,
    pub(crate) currency: &'a str,
    pub(crate) digits: u32,
    pub(crate) name: &'a str,
    pub(crate) minor: i64,
    pub(crate) start_ms: i64,
}

impl NewCampaign<'_> {
    /// The body that makes it, as a draft: it is set running once it has something to show.
    pub(crate) fn body(&self) -> Value {
        let own = self.own;
        let (language, country) = locale(&own.locale).unwrap_or(("en", "US"));
        let mut body = Map::new();
        let mut put = |key: &str, value: Value| {
            body.insert(key.to_owned(), value);
        };
        put("account", urn("sponsoredAccount", self.account).into());
        put("campaignGroup", urn("sponsoredCampaignGroup", &own.campaign_group).into());
        put("name", self.name.into());
        put("type", own.campaign_type.clone().into());
        put("costType", own.cost_type.clone().into());
        put("creativeSelection", "ROUND_ROBIN".into());
        let budget = Amount::of_minor(self.minor, self.digits, self.currency);
        put(
            "dailyBudget",
            serde_json::json!({ "amount": budget.amount, "currencyCode": budget.currency_code }),
        );
        if let Some(cost) = &own.unit_cost {
            put("unitCost", serde_json::json!({ "amount": cost, "currencyCode": self.currency }));
        }
        put("locale", serde_json::json!({ "country": country, "language": language }));
        put("runSchedule", serde_json::json!({ "start": self.start_ms }));
        put("objectiveType", own.objective.clone().into());
        put("audienceExpansionEnabled", false.into());
        put("offsiteDeliveryEnabled", false.into());
        put("politicalIntent", "NOT_POLITICAL".into());
        put("status", "DRAFT".into());
        put("targetingCriteria", Value::Object(own.targeting.clone()));
        Value::Object(body)
    }
}

/// The error's body.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Trouble {
    #[serde(default)]
    pub(crate) message: Option<String>,
    #[serde(default)]
    pub(crate) code: Option<String>,
    #[serde(default)]
    pub(crate) service_error_code: Option<i64>,
}

/// A row of `adAnalytics`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Analytics {
    pub(crate) date_range: DateRange,
    #[serde(default)]
    pub(crate) pivot_values: Vec<String>,
    #[serde(default)]
    pub(crate) impressions: Option<i64>,
    #[serde(default)]
    pub(crate) clicks: Option<i64>,
    #[serde(default)]
    pub(crate) landing_page_clicks: Option<i64>,
    #[serde(default)]
    pub(crate) cost_in_local_currency: Option<Decimal>,
    #[serde(default)]
    pub(crate) external_website_conversions: Option<i64>,
    #[serde(default)]
    pub(crate) external_website_post_click_conversions: Option<i64>,
    #[serde(default)]
    pub(crate) one_click_leads: Option<i64>,
    #[serde(default)]
    pub(crate) conversion_value_in_local_currency: Option<Decimal>,
}

/// From a day to a day; the same, in a daily report.
#[derive(Debug, Deserialize)]
pub(crate) struct DateRange {
    pub(crate) start: CalendarDate,
}

/// A date in three numbers.
#[derive(Debug, Deserialize)]
pub(crate) struct CalendarDate {
    pub(crate) year: i16,
    pub(crate) month: i8,
    pub(crate) day: i8,
}

/// The fields that are asked for: of [`Analytics`], at most 20.
pub(crate) const FIELDS: [&str; 10] = [
    "dateRange",
    "pivotValues",
    "impressions",
    "clicks",
    "landingPageClicks",
    "costInLocalCurrency",
    "externalWebsiteConversions",
    "externalWebsitePostClickConversions",
    "oneClickLeads",
    "conversionValueInLocalCurrency",
];
