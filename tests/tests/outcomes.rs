//! A month whose leads are counted by the CRM, not by the channel that was paid: `[goal] source`.

use gevinst_rehearsal::Faults;
use gevinst_tests::Place;
use gevinst_tests::export::Export;
use gevinst_tests::market;

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
