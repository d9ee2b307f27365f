//! Drops of a CRM, through the C functions that gevinst calls.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

use std::collections::BTreeMap;
use std::path::Path;

use gevinst_outcomes::Outcomes;
use gevinst_sdk::testing::{Driver, TestHost};
use gevinst_sdk::wire::{Coded, Grain, ObserveRequest};
use gevinst_sdk::{Code, Error, Observations};
use proptest::prelude::*;
use serde_json::{Value, json};

/// 1 November 2026, 00:00 UTC.
const START_US: i64 = 1_793_491_200_000_000;
const HOUR_US: i64 = 3_600_000_000;
const DAY_US: i64 = 24 * HOUR_US;

const HEADER: &str = "id,created,updated,utm_id,utm_content,stage,answered\n";

fn config(folder: &Path) -> Value {
    json!({
        "currency": "NOK", "timezone": "UTC", "customer_value": "1 000 NOK", "ignored": ["spam"], "lost": ["lost"],
        "stages": [
            { "name": "lead", "probability": 0.1 },
            { "name": "meeting", "probability": 0.5 },
            { "name": "customer" }
        ],
        "files": {
            "folder": folder,
            "columns": { "id": "id", "created": "created", "updated": "updated", "stage": "stage", "answered": "answered" }
        }
    })
}

const METRICS: [&str; 5] = ["lead", "meeting", "customer", "expected_value", "hours_to_first_answer"];

fn request(days: i64) -> ObserveRequest {
    let coded = |names: &[&str]| -> Vec<Coded> {
        names.iter().zip(1..).map(|(name, code)| Coded { code, name: (*name).to_owned() }).collect()
    };
    ObserveRequest {
        experiment: "headlines".to_owned(),
        arms: coded(&["product", "problem"]),
        metrics: coded(&METRICS),
        grain: Grain::Day,
        timezone: "UTC".to_owned(),
        from_us: START_US,
        to_us: START_US + days * DAY_US,
        cursor: None,
    }
}

/// Count, sum and sum of squares by arm, metric and day; zeroes left out.
type Table = BTreeMap<(u32, u32, i64), (u64, f64, f64)>;

fn put(table: &mut Table, observed: &Observations) {
    for row in observed.rows.iter() {
        let key = (row.arm, row.metric, (row.period_start_us - START_US) / DAY_US);
        table.insert(key, (row.count, row.sum, row.sum_sq));
    }
}

fn shown(mut table: Table) -> Table {
    table.retain(|_, (count, ..)| *count > 0);
    table
}

fn observed(config: &Value, now_us: i64, days: i64) -> (Result<Observations, Error>, Vec<String>) {
    let host = TestHost::at(now_us);
    let mut source = Driver::<Outcomes>::open(&host, config).unwrap();
    let answer = source.observe(&request(days));
    (answer, host.log_lines().into_iter().map(|(_, line)| line).collect())
}

#[test]
fn people_are_counted_for_their_arm_day_and_stage() {
    // Protects: cohorts, cumulative stages, values, waits, and zeroes where nobody came.
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("contacts-2026-11-03.csv"),
        format!(
            "{HEADER}1,2026-11-01 10:00,2026-11-01 10:00,headlines,product,lead,2026-11-01 13:00\n\
             2,2026-11-01 11:00,2026-11-01 11:00,headlines,product,meeting,\n\
             3,2026-11-02 11:00,2026-11-02 11:00,Headlines,PROBLEM,customer,2026-11-02 12:30\n\
             4,2026-11-02 12:00,2026-11-02 12:00,headlines,problem,spam,\n\
             5,2026-11-02 12:00,2026-11-02 12:00,headlines,typo,lead,\n\
             6,2026-11-02 12:00,2026-11-02 12:00,another,product,lead,\n\
             7,2026-11-02 12:00,2026-11-02 12:00,,,lead,\n\
             8,2026-11-02 12:00,2026-11-02 12:00,headlines,problem,lost,\n"
        ),
    )
    .unwrap();
    let (answer, log) = observed(&config(folder.path()), START_US + 10 * DAY_US, 30);
    let answer = answer.unwrap();
    assert!(log.is_empty(), "{log:?}");
    assert_eq!(answer.after.fresh_until_us, START_US + 2 * DAY_US, "as far as the drop reaches, not as now");
    assert_eq!(answer.rows.len(), 2 * 2 * 5, "a row for each arm, day and metric, zeroes too");
    let mut table = Table::new();
    put(&mut table, &answer);
    let (lead, meeting, customer, value, wait) = (1, 2, 3, 4, 5);
    let expected = Table::from([
        ((1, lead, 0), (2, 2.0, 2.0)),
        ((1, meeting, 0), (1, 1.0, 1.0)),
        ((1, value, 0), (2, 60_000.0, 1e8 + 25e8)),
        // Three hours, and from the first at eleven until the drop's day began: 37.
        ((1, wait, 0), (2, 40.0, 9.0 + 37.0 * 37.0)),
        ((2, lead, 1), (2, 2.0, 2.0)),
        ((2, meeting, 1), (1, 1.0, 1.0)),
        ((2, customer, 1), (1, 1.0, 1.0)),
        ((2, value, 1), (2, 100_000.0, 1e10)),
        ((2, wait, 1), (1, 1.5, 2.25)),
    ]);
    assert_eq!(shown(table), expected);
}

#[test]
fn whoever_moves_restates_the_row_of_their_day() {
    // Protects: a count that fell to nothing is told as a zero, which replaces what was told before.
    let folder = tempfile::tempdir().unwrap();
    let line = |stage: &str, at: &str| format!("{HEADER}1,2026-11-01,{at},headlines,product,{stage},\n");
    std::fs::write(folder.path().join("a-2026-11-02.csv"), line("meeting", "2026-11-01")).unwrap();
    let mut table = Table::new();
    let (first, _) = observed(&config(folder.path()), START_US + 10 * DAY_US, 30);
    put(&mut table, &first.unwrap());
    assert_eq!(table[&(1, 2, 0)].0, 1);
    std::fs::write(folder.path().join("b-2026-11-04.csv"), line("spam", "2026-11-03")).unwrap();
    let (second, _) = observed(&config(folder.path()), START_US + 10 * DAY_US, 30);
    put(&mut table, &second.unwrap());
    assert_eq!((table[&(1, 1, 0)].0, table[&(1, 2, 0)].0), (0, 0));
}

#[test]
fn a_click_id_leads_to_the_arm_and_the_day_of_the_click() {
    // Protects: records without tags, whose click somebody wrote down.
    let folder = tempfile::tempdir().unwrap();
    let (crm, clicks) = (folder.path().join("crm"), folder.path().join("clicks"));
    std::fs::create_dir(&crm).unwrap();
    std::fs::create_dir(&clicks).unwrap();
    std::fs::write(
        crm.join("c-20261109.csv"),
        "id;made;gclid\n1;2026-11-04;abc\n2;2026-11-04;nobody-knows\n",
    )
    .unwrap();
    std::fs::write(clicks.join("x.csv"), "gclid,e,a,at\nabc,headlines,problem,2026-11-02T08:00:00Z\n")
        .unwrap();
    let config = json!({
        "currency": "NOK", "timezone": "UTC",
        "files": { "folder": crm, "separator": ";", "columns": { "id": "id", "created": "made", "click_id": ["gclid"] } },
        "clicks": { "folder": clicks, "click_id": "gclid", "experiment": "e", "arm": "a", "at": "at" }
    });
    let mut table = Table::new();
    put(&mut table, &observed(&config, START_US + 9 * DAY_US, 30).0.unwrap());
    assert_eq!(shown(table), Table::from([((2, 1, 1), (1, 1.0, 1.0))]));
}

#[test]
fn bad_rows_are_named_by_place_and_nothing_of_people_is_told() {
    // Protects people: what their row holds is in no message; and the user, who must find the row.
    let folder = tempfile::tempdir().unwrap();
    let good: String = (0..40).map(|id| format!("{id},2026-11-01,,headlines,product,lead,\n")).collect();
    let bad = "anna@acme.example,anna@acme.example,,headlines,product,lead,\n\
               bo@acme.example,2026-11-01,,headlines,product,bo@acme.example,\n";
    let file = folder.path().join("leads-2026-11-05.csv");
    std::fs::write(&file, format!("{HEADER}{good}{bad}")).unwrap();
    let (answer, log) = observed(&config(folder.path()), START_US + 9 * DAY_US, 30);
    assert_eq!(
        answer.unwrap().rows.iter().map(|row| if row.metric == 1 { row.count } else { 0 }).sum::<u64>(),
        40
    );
    assert_eq!(
        log,
        [
            "left out `leads-2026-11-05.csv`, line 42: column `created`: expected a time such as 2026-11-03T10:00:00Z \
             or 2026-11-03 11:00",
            "left out `leads-2026-11-05.csv`, line 43: column `stage`: expected a word of `stages`, `ignored` or `lost`",
        ]
    );
    std::fs::write(&file, format!("{HEADER}{bad}{bad}{good}")).unwrap();
    let (answer, log) = observed(&config(folder.path()), START_US + 9 * DAY_US, 30);
    let error = answer.unwrap_err();
    assert_eq!(error.code, Code::Unavailable);
    assert!(error.message.starts_with("4 of 44 rows cannot be read"), "{error}");
    assert!(!log.concat().contains("acme") && !error.message.contains("acme"), "{log:?} {error}");
    std::fs::write(&file, "mail,created\nanna@acme.example,2026-11-01\n").unwrap();
    let error = observed(&config(folder.path()), START_US, 30).0.unwrap_err();
    assert_eq!(error.message, "`leads-2026-11-05.csv` has no column `id`");
}

#[test]
fn a_source_that_is_not_there_is_no_source_without_leads() {
    // Protects verdicts from a folder that somebody moved: nothing is told, least of all zeroes.
    let folder = tempfile::tempdir().unwrap();
    let gone = folder.path().join("gone");
    let host = TestHost::at(START_US + 9 * DAY_US);
    let mut source = Driver::<Outcomes>::open(&host, config(&gone)).unwrap();
    assert_eq!(source.check().unwrap_err().code, Code::Unavailable);
    assert_eq!(source.observe(&request(30)).unwrap_err().code, Code::Unavailable);
    // Nor is an empty folder, or one whose drops say nothing of how far they reach.
    std::fs::create_dir(&gone).unwrap();
    std::fs::write(gone.join("leads.csv"), format!("{HEADER}1,2026-11-01,,headlines,product,lead,\n"))
        .unwrap();
    let answer = source.observe(&request(30)).unwrap();
    assert_eq!((answer.rows.len(), answer.after.fresh_until_us), (0, START_US));
}

#[test]
fn the_markets_series_have_rows_for_the_days_they_have() {
    // Protects: a day that a series leaves out is not a day without searches.
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.csv"), "day,direct\n2026-11-01,40\n2026-11-03,60\n").unwrap();
    std::fs::write(folder.path().join("b.csv"), "day,direct\n2026-11-03,61\n2026-11-04,\n").unwrap();
    let config = json!({
        "currency": "NOK", "timezone": "UTC",
        "market": { "files": { "folder": folder.path(), "date": "day", "series": { "direct_visits": "direct" } } }
    });
    let host = TestHost::at(START_US + 9 * DAY_US);
    let mut source = Driver::<Outcomes>::open(&host, config).unwrap();
    let mut request = request(30);
    request.experiment = String::new();
    request.arms = vec![Coded { code: 7, name: "market".to_owned() }];
    request.metrics = vec![Coded { code: 3, name: "direct_visits".to_owned() }];
    let answer = source.observe(&request).unwrap();
    let rows: Vec<_> =
        answer.rows.iter().map(|row| ((row.period_start_us - START_US) / DAY_US, row.count)).collect();
    assert_eq!(rows, [(0, 40), (2, 61)]);
    assert_eq!(answer.after.fresh_until_us, START_US + 3 * DAY_US);
}

/// What happens to someone: created, then at each later hour a stage.
#[derive(Clone, Debug)]
struct Life {
    arm: usize,
    created_hour: i64,
    stages: Vec<(i64, usize)>,
}

const STAGES: [&str; 5] = ["lead", "meeting", "customer", "lost", "spam"];

fn life() -> impl Strategy<Value = Life> {
    let stages = proptest::collection::vec((1_i64..100, 0_usize..STAGES.len()), 0..4);
    (0_usize..2, 0_i64..120, stages).prop_map(|(arm, created_hour, mut stages)| {
        stages.sort_unstable();
        stages.dedup_by_key(|(hour, _)| *hour);
        stages.iter_mut().for_each(|(hour, _)| *hour += created_hour);
        Life { arm, created_hour, stages }
    })
}

impl Life {
    /// Every record that a CRM would have of this life, oldest first.
    fn lines(&self, id: usize) -> Vec<String> {
        let at = |hour: i64| format!("2026-11-{:02}T{:02}:00:00Z", 1 + hour / 24, hour % 24);
        let line = |hour: i64, stage: usize| {
            let arm = ["product", "problem"][self.arm];
            format!("{id},{},{},headlines,{arm},{},\n", at(self.created_hour), at(hour), STAGES[stage])
        };
        std::iter::once((self.created_hour, 0))
            .chain(self.stages.iter().copied())
            .map(|(h, s)| line(h, s))
            .collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn any_sequence_of_drops_ends_in_the_same_totals(
        lives in proptest::collection::vec(life(), 1..12),
        places in proptest::collection::vec((0_usize..5, 0_usize..5), 60),
    ) {
        // Protects the truth at the month's end: files may be restated, doubled, and come in any order.
        let folder = tempfile::tempdir().unwrap();
        let lines: Vec<String> = lives.iter().enumerate().flat_map(|(id, life)| life.lines(id)).collect();
        let mut files: BTreeMap<usize, Vec<&String>> = BTreeMap::new();
        for (line, (first, second)) in lines.iter().zip(places.iter().cycle()) {
            files.entry(*first).or_default().push(line);
            files.entry(*second).or_default().insert(0, line);
        }
        let mut gathered = Table::new();
        for (name, lines) in &files {
            let text: String = lines.iter().map(|line| line.as_str()).collect();
            std::fs::write(folder.path().join(format!("{name}-2026-11-20.csv")), format!("{HEADER}{text}")).unwrap();
            // What was told on the way is replaced by what is told at the end.
            let (answer, _) = observed(&config(folder.path()), START_US + 25 * DAY_US, 30);
            put(&mut gathered, &answer.unwrap());
        }
        let mut expected = Table::new();
        for life in &lives {
            let stage = life.stages.last().map_or(0, |(_, stage)| *stage);
            let reached: u32 = [1, 2, 3, 1, 0][stage];
            let (arm, day) = ([1, 2][life.arm], life.created_hour / 24);
            for metric in 1..=reached {
                let row = expected.entry((arm, metric, day)).or_insert((0, 0.0, 0.0));
                *row = (row.0 + 1, row.1 + 1.0, row.2 + 1.0);
            }
        }
        gathered.retain(|(_, metric, _), _| *metric <= 3);
        prop_assert_eq!(shown(gathered), expected);
    }
}
