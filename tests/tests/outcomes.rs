//! What `plugins/outcomes` brings into a month: leads that the CRM counted and not the channel that was paid (`[goal] source`), and
//! the market's own series (`[market]`).

use gevinst_fakes::search_console::SearchConsole;
use gevinst_fakes::{Fake, Fault, What};
use gevinst_rehearsal::Faults;
use gevinst_tests::export::Export;
use gevinst_tests::{Answer, Place, market};

const DEFINITION: &str = r#"
name = "headlines"
month = "2026-11"
hypothesis = "Naming the reader's problem brings more leads."
goal = { metric = "lead", source = "crm" }
budget = { total = "30 000 NOK", daily_max = "1 000 NOK" }
arm = [{ name = "product", channel = "market", control = true }, { name = "problem", channel = "market" }]
guardrails = { hours_to_first_answer = 24 }
delay = { complete_after = "5 days" }
[rehearsal]
goals_per_day = 10
arms = { product = 1.0, problem = 1.0 }
"#;

const CRM: &str = r#"
[channels.crm]
plugin = "outcomes"
customer_value = "60 000 NOK"
stages = [{ name = "lead", probability = 0.03 }, { name = "meeting", probability = 0.2 }]
[channels.crm.files]
folder = "FOLDER"
columns = { id = "Email", created = "Created", updated = "Updated", link = "Page", stage = "Stage", answered = "Answered" }
"#;

const MARKET: &str = r#"
[market]
source = "crm"
metrics = ["brand_searches", "direct_visits"]
[channels.crm]
plugin = "outcomes"
[channels.crm.market.files]
folder = "FOLDER"
date = "day"
series = { direct_visits = "direct" }
[channels.crm.market.search_console]
base_url = "URL"
auth_base_url = "URL"
site = "sc-domain:acme.example"
brand = "acme"
client_id = "acme-client"
client_secret = "env:CLIENT"
refresh_token = "env:REFRESH"
"#;

/// Leads a day of the two arms: the market says that they are alike, the CRM knows better.
const LEADS: [(&str, usize); 2] = [("product", 2), ("problem", 9)];

/// What the CRM exports on the morning of a day: everyone until then.
fn exported(day: usize) -> String {
    let mut text = "Email,Created,Updated,Page,Stage,Answered\n".to_owned();
    for before in 1..day {
        for (arm, leads) in LEADS {
            for lead in 0..leads {
                // Every third has a meeting after two days.
                let met = lead % 3 == 0 && before + 2 < day;
                let (stage, updated) = if met { ("meeting", before + 2) } else { ("lead", before) };
                text.push_str(&format!(
                    "{arm}{before}-{lead}@acme.example,2026-11-{before:02} 10:00,2026-11-{updated:02} 11:00,\
                     https://acme.example/?utm_id=headlines&utm_content={arm},{stage},2026-11-{before:02} 13:00\n"
                ));
            }
        }
    }
    text
}

#[test]
fn a_month_is_judged_by_what_the_crm_counted() {
    // Protects: the goal comes from the source, spend from the channel, and the arm that brings fewer leads loses its money.
    let place = Place::new();
    // The market first, which the source is then added to.
    let without = DEFINITION.replace(", source = \"crm\"", "");
    market::project(&place, "autopilot", Faults::default(), &[&without]);
    place.write("experiments/0.toml", DEFINITION);
    std::fs::create_dir(place.path("crm")).unwrap();
    let company = place.read("gevinst.toml");
    let folder = place.path("crm").display().to_string();
    place.write("gevinst.toml", format!("{company}{}", CRM.replace("FOLDER", &folder)));
    place.gevinst(["check"]).done();
    let days = 14;
    for day in 1..=days {
        place.write(&format!("crm/contacts-2026-11-{day:02}.csv"), exported(day));
        let now = format!("2026-11-{day:02}T05:00:00Z");
        place.gevinst(["run", "--now", &now]).done();
    }
    let export = Export::of(&place);
    let latest = export.latest();
    let sum = |arm: &str, metric: &str| -> f64 {
        let rows = latest.iter().filter(|(key, _)| key.1 == arm && key.2 == metric);
        rows.map(|(_, (_, sum, _))| sum).sum()
    };
    for (arm, leads) in LEADS {
        assert_eq!(sum(arm, "lead"), (leads * (days - 1)) as f64, "{arm}");
        assert_eq!(sum(arm, "hours_to_first_answer"), (3 * leads * (days - 1)) as f64, "{arm}");
    }
    assert!(sum("problem", "spend") > sum("product", "spend"), "money follows the leads");
    let dropped = export
        .kind("concluded")
        .find(|record| record.arm.as_deref() == Some("product") && record.body.to_string().contains("drop"));
    assert!(dropped.is_some(), "{:?}", export.kind("concluded").collect::<Vec<_>>());
    place.gevinst(["ledger", "verify"]).done();
    // People stay in the CRM: nothing of them is in the ledger or in what the program says.
    let said = place.gevinst(["run", "--now", "2026-11-15T05:00:00Z"]).done();
    let ledger = std::fs::read(place.path("gevinst.ledger")).unwrap();
    let tells = |bytes: &[u8]| bytes.windows(13).any(|part| part == b"@acme.example");
    assert!(!tells(&ledger) && !tells(said.out.as_bytes()) && !tells(said.err.as_bytes()));
}

#[test]
fn the_markets_series_are_asked_for_and_kept_apart() {
    // Protects: series that belong to no arm reach the ledger, restated days too, move no money, and fail alone.
    let searches = ["acme-client", "GOCSPX-planted", "1//planted"];
    let site = Fake::start(SearchConsole::renewing(searches, "sc-domain:acme.example"));
    site.with(|site| {
        for (day, times) in [("2026-10-30", 70), ("2026-11-01", 30), ("2026-11-03", 9)] {
            site.set(day, "acme", times, 1);
        }
    });
    let place = Place::new();
    // The same month with the series and without.
    let mut applied = Vec::new();
    for with in [false, true] {
        let place = if with { &place } else { &Place::new() };
        market::project(
            place,
            "autopilot",
            Faults::default(),
            &[&DEFINITION.replace(", source = \"crm\"", "")],
        );
        place.write("visits/2026-11-02.csv", "day,direct\n2026-11-01,400\n");
        if with {
            let company = place.read("gevinst.toml");
            let folder = place.path("visits").display().to_string();
            let market = MARKET.replace("URL", &site.url()).replace("FOLDER", &folder);
            place.write("gevinst.toml", format!("{company}{market}"));
        }
        for day in 1..=5 {
            site.clock().set_us(1_793_487_600_000_000 + day * 86_400_000_000);
            if with && day == 5 {
                site.with(|site| site.set("2026-11-03", "acme", 11, 1));
                site.fault(Fault::once("POST", "/token", What::CutBefore));
            }
            let now = format!("2026-11-{day:02}T05:00:00Z");
            let mut run = place.command(["run", "--now", &now, "--json"]);
            let answer = Answer::of(run.env("CLIENT", searches[1]).env("REFRESH", searches[2])).done();
            let market = &answer.json()["market"];
            let new = match (with, day) {
                (true, 1 | 4) => 1,
                (true, 2) => 2,
                _ => 0,
            };
            assert_eq!(market["rows_new"], new, "day {day}: {market}");
            assert_eq!(market["rows_restated"], i32::from(with && day == 5), "day {day}: {market}");
        }
        applied.push(Export::of(place).applied());
    }
    assert_eq!(applied[0], applied[1], "what the market does decides nothing");

    let export = Export::of(&place);
    let rows = export.latest().into_iter().filter(|(key, _)| key.1 == "market");
    let day = |at_us: i64| (at_us - 1_793_487_600_000_000) / 86_400_000_000 + 1;
    let rows: Vec<_> = rows.map(|(key, (count, ..))| (key.0, key.2, day(key.3), count)).collect();
    let expected = [
        ("brand_searches", -1, 70),
        ("brand_searches", 1, 30),
        ("brand_searches", 3, 11),
        ("direct_visits", 1, 400),
    ];
    let expected = expected.map(|(metric, day, count)| (String::new(), metric.to_owned(), day, count));
    assert_eq!(rows, expected, "and no day that nobody reported");
    assert!(
        export.kind("plugin_accepted").any(|record| record.body["id"] == "outcomes"),
        "the library is pinned"
    );
    place.gevinst(["ledger", "verify"]).done();

    // Without its secret the source fails, is told of, and the experiment goes on.
    let answer = place.gevinst(["run", "--now", "2026-11-06T05:00:00Z", "--json"]).ended_with(4);
    let answer =
        answer.complaining_of(&["the market's series: channel `crm` could not be observed", "`env:CLIENT`"]);
    assert!(answer.json()["experiments"][0]["look"].is_u64(), "{}", answer.out);
}
