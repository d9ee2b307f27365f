//! CSV exports: read as the configuration says, refused with file and line where they are not.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use gevinst_native_ads::NativeAds;
use gevinst_sdk::testing::{Driver, TestHost};
use gevinst_sdk::wire::{Coded, Command, Grain, Money, ObserveRequest, Set};
use gevinst_sdk::{Code, Error, Observations};
use serde_json::{Value, json};

const DAY_US: i64 = 86_400_000_000;
/// 2026-11-01 in Oslo.
const START_US: i64 = 1_793_487_600_000_000;

fn config(folder: &Path) -> Value {
    json!({
        "platform": "csv", "account": "readpeak", "timezone": "Europe/Oslo", "currency": "NOK", "goals": ["lead"],
        "csv": {
            "folder": folder, "delimiter": ";", "decimal_comma": true, "date_format": "%d.%m.%Y",
            "columns": { "date": "Päivä", "campaign": "Kampanja", "spend": "Kulut", "clicks": "Klikit",
                         "conversions": "Liidit", "currency": "Valuutta" },
            "arms": { "headlines/product": "Acme product" },
        },
    })
}

fn put(folder: &Path, name: &str, written_us: i64, text: &str) {
    let mut file = File::create(folder.join(name)).unwrap();
    file.write_all(text.as_bytes()).unwrap();
    let written = UNIX_EPOCH + Duration::from_micros(u64::try_from(written_us).unwrap());
    file.set_modified(written).unwrap();
}

fn observe(config: &Value, now_us: i64) -> Result<Observations, Error> {
    let coded = |names: &[&str]| {
        (1..).zip(names).map(|(code, name)| Coded { code, name: (*name).to_owned() }).collect()
    };
    let mut channel = Driver::<NativeAds>::open(&TestHost::at(now_us), config)?;
    channel.check()?;
    channel.observe(&ObserveRequest {
        experiment: "headlines".to_owned(),
        arms: coded(&["product", "problem"]),
        metrics: coded(&["spend", "clicks", "lead"]),
        grain: Grain::Day,
        timezone: "Europe/Oslo".to_owned(),
        from_us: START_US,
        to_us: START_US + 30 * DAY_US,
        cursor: None,
    })
}

/// Arm, metric, day of the month and sum.
fn rows(observed: &Observations) -> Vec<(u32, u32, i64, f64)> {
    observed
        .rows
        .iter()
        .map(|row| (row.arm, row.metric, (row.period_start_us - START_US) / DAY_US + 1, row.sum))
        .collect()
}

const HEAD: &str = "Päivä;Kampanja;Kulut;Klikit;Liidit;Valuutta\n";

#[test]
fn the_newest_export_of_a_day_holds() {
    // Protects totals: rows by ad are added up, a day that was exported again is replaced, other campaigns are left alone.
    let folder = tempfile::tempdir().unwrap();
    let first = format!(
        "\u{feff}{HEAD}01.11.2026;Acme product;1 234,50;10;1;NOK\n01.11.2026;Acme product;0,25;1;;NOK\n\
         01.11.2026;Somebody else;99;9;9;EUR\n02.11.2026;gevinst/headlines/problem;2.000,00;7;0;NOK\n"
    );
    put(folder.path(), "a.csv", START_US + 2 * DAY_US, &first);
    put(folder.path(), "notes.txt", START_US, "not an export");
    let observed = observe(&config(folder.path()), START_US + 2 * DAY_US).unwrap();
    // Written at the second day's end, twelve hours short of it: the first day alone is over.
    assert_eq!(observed.after.fresh_until_us, START_US + DAY_US);
    assert_eq!(rows(&observed), [(1, 1, 1, 123_475.0), (1, 2, 1, 11.0), (1, 3, 1, 1.0)]);
    let second = format!("{HEAD}01.11.2026;Acme product;1000;10;2;NOK\n");
    put(folder.path(), "b.csv", START_US + 3 * DAY_US, &second);
    let observed = observe(&config(folder.path()), START_US + 4 * DAY_US).unwrap();
    assert_eq!(observed.after.fresh_until_us, START_US + 2 * DAY_US);
    let expected = [
        (1, 1, 1, 100_000.0),
        (1, 2, 1, 10.0),
        (1, 3, 1, 2.0),
        (1, 1, 2, 0.0),
        (1, 2, 2, 0.0),
        (1, 3, 2, 0.0),
        (2, 1, 2, 200_000.0),
        (2, 2, 2, 7.0),
        (2, 3, 2, 0.0),
    ];
    assert_eq!(rows(&observed), expected);
    // A file that was not written yet at the time is not there.
    let observed = observe(&config(folder.path()), START_US + DAY_US).unwrap();
    assert!(observed.rows.is_empty() && observed.after.fresh_until_us <= START_US);
}

#[test]
fn what_cannot_be_read_is_told_with_its_line() {
    // Protects the one who exports: file, line and what was expected; never a figure that was guessed.
    let wrong = |text: &str, expected: &str| {
        let folder = tempfile::tempdir().unwrap();
        put(folder.path(), "a.csv", START_US + DAY_US, text);
        let error = observe(&config(folder.path()), START_US + 2 * DAY_US).unwrap_err();
        assert!(error.message.contains(expected), "{error}");
    };
    wrong("Päivä;Kampanja\n", "line 1: there is no column `Kulut`; there are `Päivä`, `Kampanja`");
    wrong(
        &format!("{HEAD}1/11/2026;Acme product;1;1;1;NOK\n"),
        "line 2: `1/11/2026` is no day of the form `%d.%m.%Y`",
    );
    wrong(
        &format!("{HEAD}01.11.2026;Acme product;1;1;1;NOK\n01.11.2026;Acme product;kr 5;1;1;NOK\n"),
        "line 3: `kr 5` is no number",
    );
    wrong(&format!("{HEAD}01.11.2026;Acme product;1;-1;1;NOK\n"), "line 2: a count is negative");
    wrong(&format!("{HEAD}01.11.2026;Acme product;1\n"), "as many columns");
    wrong(&format!("{HEAD}01.11.2026;Acme product;1;1;1;EUR\n"), "amounts in `EUR`");
}

#[test]
fn nothing_is_commanded() {
    // Protects against believing that a budget was set: the refusal says who must set it.
    let folder = tempfile::tempdir().unwrap();
    let mut channel = Driver::<NativeAds>::open(&TestHost::at(START_US), config(folder.path())).unwrap();
    let set = Set { daily_budget: Money::new(50_000, "NOK"), paused: false, creative: None };
    let error = channel.apply(&Command::new("headlines", "product", 1, set, i64::MAX)).unwrap_err();
    assert_eq!(error.code, Code::Unsupported);
    assert!(error.message.contains("by hand"), "{error}");
    for (key, value, field) in [
        ("secret", json!("env:X"), "/secret"),
        ("csv", json!(null), "/csv"),
        ("platform", json!("taboola"), "/csv"),
    ] {
        let mut config = config(folder.path());
        config[key] = value;
        let refused = Driver::<NativeAds>::open(&TestHost::at(START_US), config).map(drop).unwrap_err();
        assert_eq!((refused.code, refused.field.as_str()), (Code::BadConfig, field), "{refused}");
    }
    let mut bad = config(folder.path());
    bad["csv"]["date_format"] = json!("%H");
    assert_eq!(
        Driver::<NativeAds>::open(&TestHost::at(START_US), bad).map(drop).unwrap_err().field,
        "/csv/date_format"
    );
}
