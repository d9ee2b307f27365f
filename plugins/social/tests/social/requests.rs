//! From the other side: the requests that the vendors' own clients make are answered rightly, and ours equal them.
//!
//! The table below holds the facts of those requests: method, path, query, body. Where the recorded requests themselves are
//! at hand (`GEVINST_DATA` names a folder beside them), they are all replayed too.

use std::collections::BTreeMap;

use gevinst_fakes::linkedin::LinkedIn;
use gevinst_fakes::meta::Meta;
use gevinst_fakes::{Platform, Request};
use serde_json::{Value, json};

use crate::bench::{START_US, command, request, with};

/// A request as a vendor's client makes it.
fn request_of(method: &str, target: &str, headers: &[(&str, &str)], body: &str) -> Request {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    Request {
        method: method.to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        headers: headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        body: body.as_bytes().to_vec(),
    }
}

/// The headers that matter to LinkedIn.
fn linkedin_headers(method: &'static str) -> Vec<(&'static str, &'static str)> {
    vec![
        ("X-RestLi-Protocol-Version", "2.0.0"),
        ("X-RestLi-Method", method),
        ("Authorization", "Bearer TOKEN"),
        ("LinkedIn-Version", "202610"),
    ]
}

fn sorted(pairs: Vec<(String, String)>) -> BTreeMap<String, String> {
    pairs.into_iter().collect()
}

#[test]
fn linkedins_requests_are_the_vendors_own() {
    // Protects: encoding, headers and bodies against what LinkedIn's own client sends for the same.
    let mut bench = crate::linkedin::bench(LinkedIn::default());
    bench.config["linkedin"]["campaign_group"] = json!("77");
    let mut channel = bench.open();
    channel.apply(&bench.launch("product", 2_500)).unwrap();
    channel.apply(&command("product", 2, 3_000, false)).unwrap();
    channel.apply(&command("product", 3, 3_000, true)).unwrap();
    bench.set_day(7, 0);
    channel.observe(&request(7)).unwrap();
    let log = bench.fake.log();
    for one in log.iter().map(|one| &one.request) {
        for (name, value) in [
            ("X-RestLi-Protocol-Version", "2.0.0"),
            ("Authorization", "Bearer TOKEN"),
            ("LinkedIn-Version", "202610"),
        ] {
            assert_eq!(one.header(name), Some(value), "{}", one.path);
        }
    }
    let of = |method: &str, rest: &str| -> Vec<&Request> {
        let fits = |one: &&Request| one.header("x-restli-method") == Some(method) && one.path.contains(rest);
        log.iter().map(|one| &one.request).filter(fits).collect()
    };
    let created = of("CREATE", "/adCampaigns")[0];
    assert_eq!(
        (created.method.as_str(), created.target().as_str()),
        ("POST", "/rest/adAccounts/509/adCampaigns")
    );
    assert_eq!(created.header("content-type"), Some("application/json"));
    assert_eq!(
        created.json(),
        json!({
            "account": "urn:li:sponsoredAccount:509", "campaignGroup": "urn:li:sponsoredCampaignGroup:77",
            "name": "gevinst/headlines/product", "type": "SPONSORED_UPDATES", "costType": "CPM",
            "creativeSelection": "ROUND_ROBIN", "dailyBudget": { "amount": "25.00", "currencyCode": "EUR" },
            "unitCost": { "amount": "10.00", "currencyCode": "EUR" }, "locale": { "country": "FI", "language": "fi" },
            "runSchedule": { "start": START_US / 1_000 }, "objectiveType": "LEAD_GENERATION",
            "audienceExpansionEnabled": false, "offsiteDeliveryEnabled": false, "politicalIntent": "NOT_POLITICAL",
            "status": "DRAFT", "targetingCriteria": { "include": { "and": [{ "or": {
                "urn:li:adTargetingFacet:locations": ["urn:li:geo:100456013"] } }] } },
        })
    );
    let patches: Vec<Value> = of("PARTIAL_UPDATE", "/adCampaigns/").iter().map(|one| one.json()).collect();
    assert!(patches.contains(&json!({ "patch": { "$set": { "status": "PAUSED" } } })));
    let budget = json!({ "dailyBudget": { "amount": "30.00", "currencyCode": "EUR" } });
    assert!(patches.contains(&json!({ "patch": { "$set": budget } })));
    let read = of("GET", "/adCampaigns/")[0];
    assert!(read.query.is_empty() && read.path.starts_with("/rest/adAccounts/509/adCampaigns/"));
    let search = of("FINDER", "/adCampaigns")[0];
    assert_eq!(
        search.query,
        "pageSize=100&q=search&search=(campaignGroup:(values:List(urn%3Ali%3AsponsoredCampaignGroup%3A77)),\
         status:(values:List(ACTIVE,PAUSED,DRAFT,ARCHIVED,COMPLETED,CANCELED)))"
    );
    let report = of("FINDER", "/adAnalytics")[0];
    let id = read.path.rsplit('/').next().unwrap();
    assert_eq!(
        report.target(),
        format!(
            "/rest/adAnalytics?campaigns=List(urn%3Ali%3AsponsoredCampaign%3A{id})\
             &dateRange=(end:(day:7,month:11,year:2026),start:(day:1,month:11,year:2026))\
             &pivot=(value:CAMPAIGN)&q=analytics&timeGranularity=(value:DAILY)\
             &fields=dateRange,pivotValues,impressions,clicks,landingPageClicks,costInLocalCurrency,\
             externalWebsiteConversions,externalWebsitePostClickConversions,oneClickLeads,conversionValueInLocalCurrency"
        )
    );
}

#[test]
fn metas_requests_are_the_vendors_own() {
    // Protects: forms with nested JSON, the token's proof, and parameters against what Meta's own client sends.
    let mut bench = crate::meta::bench(crate::meta::platform());
    bench.config["meta"]["app_secret"] = json!("env:APP_SECRET");
    let proof = "5ce7e27778ee701854c15400a27248a17dca845fae4a6a40efc6de3c6e504067";
    bench.fake.with(|platform| platform.proof = Some(proof.to_owned()));
    bench.creative = json!({ "creative_id": "55" });
    let mut channel = bench.open();
    channel.apply(&bench.launch("product", 2_500)).unwrap();
    channel.apply(&command("product", 2, 3_000, false)).unwrap();
    channel.apply(&command("product", 3, 3_000, true)).unwrap();
    bench.set_day(7, 0);
    channel.observe(&request(7)).unwrap();
    let log = bench.fake.log();
    let posts: Vec<&Request> =
        log.iter().map(|one| &one.request).filter(|one| one.method == "POST").collect();
    for one in log.iter().map(|one| &one.request) {
        assert!(
            one.query.starts_with(&format!("access_token=TOKEN&appsecret_proof={proof}")),
            "{}",
            one.query
        );
    }
    assert_eq!(posts[0].path, "/v26.0/act_509/adsets");
    assert_eq!(
        posts[0].text(),
        "name=gevinst%2Fheadlines%2Fproduct&campaign_id=120&daily_budget=2500&billing_event=IMPRESSIONS\
         &optimization_goal=OFFSITE_CONVERSIONS&bid_strategy=LOWEST_COST_WITHOUT_CAP\
         &promoted_object=%7B%22custom_event_type%22%3A%22LEAD%22%2C%22pixel_id%22%3A%229%22%7D\
         &targeting=%7B%22geo_locations%22%3A%7B%22countries%22%3A%5B%22FI%22%5D%7D%7D\
         &dsa_beneficiary=Acme+Oy&dsa_payor=Acme+Oy&status=PAUSED"
    );
    assert_eq!(posts[1].path, "/v26.0/act_509/ads");
    let ad = sorted(posts[1].form());
    assert_eq!((ad["creative"].as_str(), ad["status"].as_str()), (r#"{"creative_id":"55"}"#, "ACTIVE"));
    let changes: Vec<String> = posts[2..].iter().map(|one| one.text().into_owned()).collect();
    assert_eq!(changes, ["status=ACTIVE", "daily_budget=3000", "status=PAUSED"]);
    assert!(posts[2].path.starts_with("/v26.0/1") && posts[2].path.ends_with('/'));
    let report = log.iter().map(|one| &one.request).find(|one| one.path.ends_with("/insights")).unwrap();
    let told = sorted(report.query_pairs());
    for (name, value) in [
        ("level", "adset"),
        ("time_increment", "1"),
        ("time_range", r#"{"since":"2026-11-01","until":"2026-11-07"}"#),
        ("action_attribution_windows", r#"["7d_click","1d_view"]"#),
        ("use_unified_attribution_setting", "true"),
        ("limit", "500"),
    ] {
        assert_eq!(told[name], value);
    }
    assert!(told["fields"].contains("inline_link_clicks,spend,actions,action_values,account_currency"));
    let filter: Value = serde_json::from_str(&told["filtering"]).unwrap();
    assert_eq!((&filter[0]["field"], &filter[0]["operator"]), (&json!("adset.id"), &json!("IN")));
}

#[test]
fn the_stand_ins_answer_the_vendors_clients() {
    // Protects: the stand-ins, which would otherwise agree with our plugin and with nobody else.
    let mut linkedin = LinkedIn::default();
    let campaigns = "/rest/adAccounts/509/adCampaigns";
    let mut ask = |method: &str, target: &str, told: &'static str, body: &str| {
        linkedin.answer(&request_of(method, target, &linkedin_headers(told), body), START_US)
    };
    let body = r#"{"account": "urn:li:sponsoredAccount:509", "campaignGroup": "urn:li:sponsoredCampaignGroup:77",
        "name": "exp-2026-11 arm A", "type": "SPONSORED_UPDATES", "costType": "CPM",
        "dailyBudget": {"amount": "25.00", "currencyCode": "EUR"}, "locale": {"country": "FI", "language": "fi"},
        "runSchedule": {"start": 1793491200000}, "status": "DRAFT", "targetingCriteria": {"include": {"and": []}}}"#;
    let made = ask("POST", campaigns, "CREATE", body);
    assert_eq!(made.status, 201);
    let id = made.headers.iter().find(|(name, _)| name == "x-restli-id").unwrap().1.clone();
    let patch = r#"{"patch": {"$set": {"status": "PAUSED"}}}"#;
    assert_eq!(ask("POST", &format!("{campaigns}/{id}"), "PARTIAL_UPDATE", patch).status, 204);
    assert_eq!(
        ask("POST", &format!("{campaigns}/{id}"), "", patch).status,
        400,
        "the header says what it is"
    );
    let search = format!("{campaigns}?pageSize=100&q=search&search=(status:(values:List(ACTIVE,PAUSED)))");
    let found = ask("GET", &search, "FINDER", "");
    let found: Value = serde_json::from_slice(&found.body).unwrap();
    assert_eq!(found["elements"][0]["name"], "exp-2026-11 arm A");

    let mut meta = crate::meta::platform();
    meta.proof = Some("5ce7e27778ee7018".to_owned());
    let signed = "access_token=TOKEN&appsecret_proof=5ce7e27778ee7018";
    let form = [("Content-Type", "application/x-www-form-urlencoded")];
    let mut ask = |method: &str, path: &str, body: &str| {
        let reply = meta.answer(&request_of(method, &format!("{path}?{signed}"), &form, body), START_US);
        (reply.status, serde_json::from_slice::<Value>(&reply.body).unwrap())
    };
    let ad_set = "name=arm+A&campaign_id=120&daily_budget=2500&billing_event=IMPRESSIONS\
        &optimization_goal=OFFSITE_CONVERSIONS&targeting=%7B%22geo_locations%22%3A%7B%7D%7D&status=PAUSED";
    let (status, made) = ask("POST", "/v26.0/act_111/adsets", ad_set);
    assert_eq!(status, 200);
    let id = made["id"].as_str().unwrap().to_owned();
    assert_eq!(ask("POST", &format!("/v26.0/{id}/"), "daily_budget=3000").1, json!({ "success": true }));
    assert_eq!(ask("GET", &format!("/v26.0/{id}/"), "").1["daily_budget"], "3000");
    let batch = format!(
        "batch=%5B%7B%22body%22%3A%22status%3DACTIVE%22%2C%22method%22%3A%22POST%22%2C%22relative_url%22%3A%22{id}%2F%22%7D%5D"
    );
    assert_eq!(ask("POST", "/v26.0/", &batch).1[0]["code"], 200);
    assert_eq!(ask("GET", "/v26.0/999", "").1["error"]["code"], 100);
}

#[test]
fn recorded_requests_are_answered_where_they_are_at_hand() {
    // Protects: as above, with every request that was recorded, not only those of the table.
    let Some(folder) = std::env::var_os("GEVINST_DATA") else {
        println!("skipped: GEVINST_DATA is not set");
        return;
    };
    let path = std::path::Path::new(&folder).join("../fixtures/requests/golden_requests.json");
    let Ok(text) = std::fs::read(&path) else {
        println!("skipped: {} is not there", path.display());
        return;
    };
    let recorded: Vec<Value> = serde_json::from_slice(&text).unwrap();
    let (mut linkedin, mut meta) = (LinkedIn::default(), with!(Meta::default(), currency: "EUR".to_owned()));
    let mut answered = 0;
    for one in &recorded {
        let text = |key: &str| one[key].as_str().unwrap_or_default();
        let headers: Vec<(&str, &str)> = one["headers"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str().unwrap_or_default()))
            .collect();
        let request = request_of(text("method"), text("target"), &headers, text("body"));
        let reply = if request.path.starts_with("/rest/") || request.path.starts_with("/oauth/v2/") {
            linkedin.answer(&request, START_US)
        } else if request.path.starts_with("/v26.0/") {
            meta.answer(&request, START_US)
        } else {
            continue;
        };
        answered += 1;
        // Objects that the recording's own platform made are not here: that is said, and said in the documented way.
        let told: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
        let unknown_object = reply.status == 404 || told["error"]["error_subcode"] == 33;
        assert!((200..300).contains(&reply.status) || unknown_object, "{}: {told}", request.target());
    }
    assert!(answered >= 19, "{answered} requests");
}
