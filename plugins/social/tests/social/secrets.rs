//! Planted secrets, and where they must not be found.

use gevinst_fakes::linkedin::LinkedIn;
use gevinst_fakes::{Fault, Reply, What};
use gevinst_sdk::Error;
use serde_json::json;

use crate::bench::{Bench, MARK, command, request, with};

/// What the calls of a whole day told: errors, and the log.
fn told<P: gevinst_fakes::Platform>(bench: &Bench<P>, arm: &str) -> String {
    let mut told = String::new();
    let mut note =
        |error: Option<Error>| told.push_str(&error.map(|error| format!("{error:?}")).unwrap_or_default());
    let mut channel = bench.open();
    note(channel.check().err());
    note(channel.apply(&bench.launch(arm, 2_500)).err());
    note(channel.apply(&command(arm, 2, 3_000, true)).err());
    bench.set_day(2, 0);
    note(channel.observe(&request(30)).err());
    note(channel.query(&gevinst_sdk::wire::Query { experiment: "headlines".into(), arm: arm.into() }).err());
    for (_, line) in bench.host.log_lines() {
        told.push_str(&line);
    }
    told
}

#[test]
fn no_secret_is_told_even_by_a_platform_that_repeats_it() {
    // Protects: tokens and secrets in ledger, logs and messages. The platforms quote what they were sent.
    let mut platform = with!(LinkedIn::default(), client_secret: format!("CS-{MARK}"));
    platform.allow_refresh(&format!("RT-{MARK}"), i64::MAX);
    let mut bench = crate::linkedin::bench(platform);
    let own = bench.config["linkedin"].as_object_mut().unwrap();
    own.remove("access_token");
    own.insert("refresh_token".to_owned(), json!("env:REFRESH"));
    own.insert("client_id".to_owned(), json!("cid"));
    own.insert("client_secret".to_owned(), json!("env:CLIENT_SECRET"));
    assert!(!told(&bench, "healthy").contains(MARK));
    for (method, path) in [("POST", "/accessToken"), ("GET", "/rest/"), ("POST", "/rest/")] {
        let quoted =
            json!({ "status": 400, "message": format!("bad: RT-{MARK} CS-{MARK} Bearer AQ-{MARK}") });
        bench.fake.with(|platform| platform.expire_tokens());
        bench.fake.fault(Fault::always(method, path, What::Instead(Reply::json(400, quoted))));
        let told = told(&bench, &format!("under-{method}{}", path.len()));
        bench.fake.heal();
        assert!(!told.contains(&format!("RT-{MARK}")) && !told.contains(&format!("CS-{MARK}")), "{told}");
        assert!(told.contains("bad: "), "the message itself is told: {told}");
    }
}

#[test]
fn metas_token_and_proof_are_not_told_although_they_travel_in_the_address() {
    // Protects: as above, where the platform wants the token in the query.
    let token = format!("EAAB-{MARK}");
    let platform = with!(crate::meta::platform(), tokens: vec![token.clone()]);
    let mut bench = crate::meta::bench(platform);
    bench.host =
        bench.host.with_secret("env:TOKEN", &token).with_secret("env:APP_SECRET", &format!("AS-{MARK}"));
    bench.config["meta"]["app_secret"] = json!("env:APP_SECRET");
    assert!(!told(&bench, "healthy").contains(MARK));
    for (number, what) in (0..).zip([
        What::CutAfter,
        What::CutBefore,
        What::Instead(Reply::json(
            400,
            json!({ "error": { "code": 100, "message": format!("bad: {token}") } }),
        )),
        What::Instead(Reply::new(502, "text/html", format!("<html>{token}</html>"))),
        What::Instead(Reply::json(200, json!({ "id": 7, "note": token }))),
    ]) {
        bench.fake.fault(Fault::times(4, "", "/v26.0/", what));
        let told = told(&bench, &format!("fault-{number}"));
        bench.fake.heal();
        assert!(!told.contains(MARK) && !told.is_empty(), "{told}");
    }
}
