//! Requests held against those of the vendors' own and other people's clients.
//!
//! The clients' requests are retyped here as what matters of them: method, target, the headers that a platform looks at, the
//! body's encoding. The stand-in must answer them, and the plugin's own must be of the same form. With `GEVINST_DATA` set and a
//! folder `fixtures/requests` beside it, every recorded request is asked as well.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;

use crate::bench::{Bench, DAY_US, HOUR_US, taboola};
use gevinst_fakes::taboola::Taboola;
use gevinst_fakes::{Fake, Request};

/// A request as some client made it: method, target, content type, body.
type Golden = (&'static str, &'static str, Option<&'static str>, &'static str);

/// A Python client of Taboola's API (httpx).
const TABOOLA: [Golden; 5] = [
    (
        "POST",
        "/backstage/oauth/token",
        Some("application/x-www-form-urlencoded"),
        "client_id=cid&client_secret=sec&grant_type=client_credentials",
    ),
    ("GET", "/backstage/api/1.0/demo-account/campaigns", Some("application/json"), ""),
    ("GET", "/backstage/api/1.0/demo-account/campaigns/1001/items/", Some("application/json"), ""),
    (
        "GET",
        "/backstage/api/1.0/demo-account/reports/campaign-summary/dimensions/campaign_breakdown?start_date=2026-11-01&end_date=2026-11-07&page=1&page_size=20",
        Some("application/json"),
        "",
    ),
    (
        "GET",
        "/backstage/api/1.0/demo-account/reports/campaign-summary/dimensions/campaign_site_day_breakdown?start_date=2026-11-01&end_date=2026-11-07&page=1&page_size=20",
        Some("application/json"),
        "",
    ),
];

/// Asks as a client would, on a connection of its own: status and body.
fn ask(
    fake: &Fake<Taboola>,
    method: &str,
    target: &str,
    kind: Option<&str>,
    token: &str,
    body: &str,
) -> (u16, String) {
    let mut stream = TcpStream::connect(fake.url().trim_start_matches("http://")).unwrap();
    let kind = kind.map(|kind| format!("Content-Type: {kind}\r\n")).unwrap_or_default();
    let request = format!(
        "{method} {target} HTTP/1.1\r\nHost: x\r\nAccept: */*\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\
         {kind}Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head[9..12].parse().unwrap(), body.to_owned())
}

fn demo() -> Fake<Taboola> {
    Fake::start(Taboola::default())
}

fn token(fake: &Fake<Taboola>) -> String {
    let (method, target, kind, body) = TABOOLA[0];
    let (status, body) = ask(fake, method, target, kind, "", body);
    assert_eq!(status, 200, "{body}");
    let body: serde_json::Value = serde_json::from_str(&body).unwrap();
    body["access_token"].as_str().unwrap().to_owned()
}

#[test]
fn the_stand_in_answers_other_peoples_clients() {
    // Protects the stand-in from being made for our plugin alone.
    let fake = demo();
    let token = token(&fake);
    let create = r#"{"name":"c","branding_text":"b","spending_limit_model":"NONE","daily_cap":50.0}"#;
    let (status, body) =
        ask(&fake, "POST", "/backstage/api/1.0/demo-account/campaigns/", None, &token, create);
    assert_eq!(status, 200, "{body}");
    let campaign: serde_json::Value = serde_json::from_str(&body).unwrap();
    for (method, target, kind, body) in &TABOOLA[1..] {
        let target = target.replace("1001", campaign["id"].as_str().unwrap());
        let (status, answer) = ask(&fake, method, &target, *kind, &token, body);
        assert_eq!(status, 200, "{target}: {answer}");
        let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
        assert!(answer["results"].is_array(), "{target}");
    }
    // The documented refusals: markup behind a trailing slash, XML without a token, JSON for what is not there.
    assert_eq!(ask(&fake, "POST", "/backstage/oauth/token/", TABOOLA[0].2, "", TABOOLA[0].3).0, 403);
    let (status, body) = ask(&fake, "GET", TABOOLA[1].1, None, "nobody", "");
    assert_eq!(status, 401);
    assert!(body.starts_with("<UnauthorizedException><error>unauthorized</error>"), "{body}");
    let (status, body) = ask(&fake, "POST", TABOOLA[0].1, TABOOLA[0].2, "", "client_id=cid");
    assert!(status == 400 && body.contains("<error>invalid_client</error>"), "{body}");
    let (status, body) = ask(&fake, "GET", "/backstage/api/1.0/demo-account/nothing", None, &token, "");
    assert_eq!((status, body.as_str()), (404, r#"{"http_status":404,"message":"Resource not found"}"#));
}

#[test]
fn every_recorded_request_is_answered() {
    // Protects against retyping: the recorded requests themselves, where they are.
    let Some(data) = std::env::var_os("GEVINST_DATA").map(PathBuf::from) else {
        println!("skipped: GEVINST_DATA is not set");
        return;
    };
    let file = data.join("..").join("fixtures").join("requests").join("golden_requests.json");
    let Ok(text) = std::fs::read_to_string(&file) else {
        println!("skipped: {} cannot be read", file.display());
        return;
    };
    let fake = demo();
    let token = token(&fake);
    let recorded: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
    let mut asked = 0;
    for one in &recorded {
        let target = one["target"].as_str().unwrap();
        if !target.starts_with("/backstage/") {
            continue;
        }
        let (method, body) = (one["method"].as_str().unwrap(), one["body"].as_str().unwrap_or_default());
        let (status, answer) =
            ask(&fake, method, target, one["headers"]["Content-Type"].as_str(), &token, body);
        // Campaign 1234 is nobody's here.
        let expected = if target.contains("/1234/") { 404 } else { 200 };
        assert_eq!(status, expected, "{target}: {answer}");
        asked += 1;
    }
    assert!(asked > 0, "no request to Taboola in {}", file.display());
}

/// The names of a query or form, in order.
fn names(encoded: &str) -> Vec<&str> {
    encoded.split('&').map(|pair| pair.split('=').next().unwrap_or_default()).collect()
}

#[test]
fn our_requests_are_of_the_same_form() {
    // Protects the wire: the form in which a real platform is known to take them.
    let mut bench: Bench<Taboola> = taboola();
    let launch = bench.launch("product", 50_000);
    bench.channel.apply(&launch).unwrap();
    bench.at(DAY_US + 5 * HOUR_US);
    bench.observe(1).unwrap();
    let log: Vec<Request> = bench.fake.log().into_iter().map(|one| one.request).collect();
    let one = |method: &str, path: &str| {
        log.iter().find(|request| request.method == method && request.path == path).unwrap_or_else(|| {
            panic!("no {method} {path} in {:#?}", log.iter().map(Request::target).collect::<Vec<_>>())
        })
    };
    let token = one("POST", "/backstage/oauth/token");
    assert_eq!(token.header("content-type"), TABOOLA[0].2);
    assert_eq!(names(&token.text()), names(TABOOLA[0].3));
    assert_eq!(token.header("authorization"), None);
    let report =
        one("GET", "/backstage/api/1.0/acme-no/reports/campaign-summary/dimensions/campaign_day_breakdown");
    let theirs = TABOOLA[3].1.split_once('?').unwrap().1;
    assert_eq!(names(&report.query), names(theirs));
    assert!(report.query.starts_with("start_date=2026-11-01&end_date=2026-11-01&page=1&"));
    for request in log.iter().filter(|request| request.path != token.path) {
        assert!(request.bearer().is_some_and(|token| token.starts_with("tok-")), "{}", request.target());
        let is_json = request.header("content-type") == Some("application/json");
        assert_eq!(is_json, request.method != "GET", "{}", request.target());
        // Digits stay digits: no amount in quotes or in scientific notation.
        assert!(!request.text().contains("\"daily_cap\":\""));
    }
    one("POST", "/backstage/api/1.0/acme-no/campaigns/");
    one("GET", "/backstage/api/1.0/acme-no/campaigns/");
}
