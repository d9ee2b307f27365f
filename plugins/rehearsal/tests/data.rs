//! Files of past results: every fault has its message, and real files give their published totals.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use flate2::Compression;
use flate2::write::GzEncoder;
use gevinst_rehearsal::{
    BudgetIn, Calendar, Data, DataSpec, Draw, Error, Grain, Market, Model, Per, Row, Text, Truth,
};

const GOOD: &str = "segment,visit,spend,channel,shown,day\n\
    Mens,1,10.5,Web,100,2026-11-01\n\
    Mens,0,0,Web,50,2026-11-01\n\
    Womens,1,0,Phone,80,2026-11-02\n\
    Womens,0,0,Web,20,2026-11-03\n\
    Nobody,0,0,Web,7,2026-11-03\n";

fn spec(file: PathBuf) -> DataSpec {
    let arms = [("mens", "Mens"), ("womens", "Womens")];
    DataSpec {
        file,
        arm: "segment".to_owned(),
        arms: arms.iter().map(|&(name, text)| (name.to_owned(), Text::from(text))).collect(),
        exposure: "rows".to_owned(),
        goal: "visit".to_owned(),
        value: None,
        filter: BTreeMap::new(),
        date: None,
        draw: Draw::WithoutReplacement,
        minor_per_unit: 100.0,
        value_minor_per_unit: 1.0,
    }
}

/// Loads `text`, asked for as `change` says; the error's text without the folder.
fn load(text: &[u8], change: impl FnOnce(&mut DataSpec)) -> Result<Data, String> {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("past.csv");
    std::fs::write(&file, text).expect("written");
    let mut spec = spec(file);
    change(&mut spec);
    let prefix = format!("{}/", folder.path().display());
    Data::load(&spec, Per::Recipients).map_err(|error| error.to_string().replace(&prefix, ""))
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).expect("in memory");
    encoder.finish().expect("in memory")
}

fn replaced(from: &str, to: &str) -> Vec<u8> {
    assert!(GOOD.contains(from));
    GOOD.replacen(from, to, 1).into_bytes()
}

#[test]
fn a_good_file_gives_its_totals_plain_and_through_gzip() {
    // Protects: what is counted, and that rows of other arms are not.
    let plain = load(GOOD.as_bytes(), |spec| spec.value = Some("spend".to_owned())).unwrap();
    let mens = plain.arms[0].totals;
    assert_eq!((mens.rows, mens.exposures, mens.goals, mens.sum, mens.sum_sq), (2, 2.0, 1, 10.5, 110.25));
    assert_eq!(plain.arms[1].totals.goals, 1);
    let zipped = load(&gzip(GOOD.as_bytes()), |spec| spec.value = Some("spend".to_owned())).unwrap();
    assert_eq!(plain, zipped);
    // Two gzip members one after the other are one file.
    let (head, tail) = GOOD.as_bytes().split_at(60);
    let members = [gzip(head), gzip(tail)].concat();
    assert_eq!(load(&members, |spec| spec.value = Some("spend".to_owned())).unwrap(), plain);
}

#[test]
fn quotes_line_breaks_and_byte_order_marks_are_read_as_the_standard_says() {
    // Protects: RFC 4180, as real exports are.
    let text = "\u{feff}segment,visit,\"a \"\"note\"\"\"\r\nMens,1,\"two\r\nlines, and a comma\"\r\nWomens,True,x\r\n";
    let data = load(text.as_bytes(), |_| {}).unwrap();
    assert_eq!(data.arms.iter().map(|arm| arm.totals.goals).collect::<Vec<_>>(), [1, 1]);
    let error = load(text.replace("Womens,True", "Womens,-1").as_bytes(), |_| {}).unwrap_err();
    assert_eq!(
        error,
        "past.csv: row 2 (line 4), column `visit`: -1 is negative; expected a count (0, 1, 2 …)"
    );
}

#[test]
fn every_fault_of_a_file_is_told_with_its_place() {
    // Protects: what a marketer reads when their export is not what they thought.
    let good = GOOD.as_bytes();
    let cases: Vec<(Result<Data, String>, &str)> = vec![
        (
            load(good, |spec| spec.goal = "visits".to_owned()),
            "past.csv: has no column `visits` (asked for as `goal`); it has `segment`, `visit`, `spend`, `channel`, \
             `shown`, `day`; did you mean `visit`?",
        ),
        (
            load(good, |spec| drop(spec.filter.insert("chanel".to_owned(), Text::from("Web")))),
            "past.csv: has no column `chanel` (asked for as `where`); it has `segment`, `visit`, `spend`, `channel`, \
             `shown`, `day`; did you mean `channel`?",
        ),
        (
            load(b"segment,visit,visit\nMens,1,1\n", |_| {}),
            "past.csv: has more than one column `visit` (asked for as `goal`)",
        ),
        (
            load(&replaced("Womens,1", "Womens,-3"), |_| {}),
            "past.csv: row 3 (line 4), column `visit`: -3 is negative; expected a count (0, 1, 2 …)",
        ),
        (
            load(&replaced("Womens,1", "Womens,NaN"), |_| {}),
            "past.csv: row 3 (line 4), column `visit`: `NaN` cannot be used; expected a count (0, 1, 2 …)",
        ),
        (
            load(&replaced("Womens,1", "Womens,yes"), |_| {}),
            "past.csv: row 3 (line 4), column `visit`: `yes` is not a number; expected a count (0, 1, 2 …)",
        ),
        (
            load(&replaced("Womens,1", "Womens,"), |_| {}),
            "past.csv: row 3 (line 4), column `visit`: is empty; expected a count (0, 1, 2 …)",
        ),
        (
            load(&replaced("Womens,1", "Womens,0.5"), |_| {}),
            "past.csv: row 3 (line 4), column `visit`: 0.5 is not a whole number; expected a count (0, 1, 2 …)",
        ),
        (
            load(&replaced("Womens,1", "Womens,1e300"), |_| {}),
            "past.csv: row 3 (line 4), column `visit`: 1e300 is not a whole number; expected a count (0, 1, 2 …)",
        ),
        (
            load(&replaced("10.5", "inf"), |spec| spec.value = Some("spend".to_owned())),
            "past.csv: row 1 (line 2), column `spend`: `inf` cannot be used; expected a number",
        ),
        (
            load(&replaced("Mens,0", "Mens,51"), |spec| spec.exposure = "shown".to_owned()),
            "past.csv: row 2 (line 3), column `visit`: 51 goals of 50 exposures; drawing without replacement needs no \
             more goals than exposures (or `draw = \"rates\"`)",
        ),
        (
            load(&replaced("2026-11-02", "2/11/26"), |spec| spec.date = Some("day".to_owned())),
            "past.csv: row 3 (line 4), column `day`: `2/11/26` is not a date; expected one as 2026-11-30",
        ),
        (
            load(&replaced("2026-11-03", "1926-11-03"), |spec| spec.date = Some("day".to_owned())),
            "past.csv: dates from 1926-11-03 to 2026-11-02; expected no more than 3660 days",
        ),
        (
            load(&replaced("Mens,0,0", "Mens,0"), |_| {}),
            "past.csv: row 2 (line 3) has 5 cells; expected 6, as in the header",
        ),
        (
            load(good, |spec| drop(spec.filter.insert("channel".to_owned(), Text::from("Fax")))),
            "past.csv: no row has `channel` = `Fax`",
        ),
        (
            load(good, |spec| drop(spec.arms.insert("none".to_owned(), Text::from("No E-Mail")))),
            "past.csv: no row for arm `none`: `segment` is never `No E-Mail`; besides our arms it is `Nobody`",
        ),
        (
            load(&replaced("80", "0"), |spec| {
                spec.exposure = "shown".to_owned();
                spec.draw = Draw::Rates;
                spec.filter.insert("channel".to_owned(), Text::from("Phone"));
                spec.arms.remove("mens");
            }),
            "past.csv: the rows of arm `womens` have no exposure at all",
        ),
        (load(b"", |_| {}), "past.csv: is empty"),
        (load(b"\n\n", |_| {}), "past.csv: has no header"),
        (load(b"segment,visit\n", |_| {}), "past.csv: has a header but no rows"),
        (
            load(&gzip(good)[..gzip(good).len() - 12], |_| {}),
            "past.csv: is cut off: the gzip stream ends in the middle",
        ),
        (load(&gzip(good)[..5], |_| {}), "past.csv: is cut off: the gzip stream ends in the middle"),
        (
            load(good, |spec| {
                spec.value = Some("spend".to_owned()).filter(|_| {
                    spec.exposure = "shown".to_owned();
                    true
                })
            }),
            "`data.value`: needs `exposure = \"rows\"`: a total does not tell single values",
        ),
        (
            load(good, |spec| drop(spec.arms.insert("men".to_owned(), Text::from("Mens")))),
            "`data.arms`: `men` and `mens` are both `Mens`",
        ),
        (
            load(good, |spec| {
                spec.date = Some("day".to_owned());
                spec.draw = Draw::Rates;
            }),
            "`data.date`: has no meaning when goals are drawn from overall rates",
        ),
    ];
    for (found, want) in cases {
        assert_eq!(found.unwrap_err(), want);
    }
}

#[test]
fn a_damaged_or_absent_file_is_told_and_an_open_quote_does_not_fill_the_memory() {
    // Protects: files that are not what their name says.
    let mut damaged = gzip(GOOD.as_bytes());
    damaged[20] ^= 0xFF;
    let error = load(&damaged, |_| {}).unwrap_err();
    assert!(error.starts_with("past.csv: "), "{error}");
    let error = Data::load(&spec("/nowhere/at/all.csv".into()), Per::Recipients).unwrap_err().to_string();
    assert!(error.starts_with("/nowhere/at/all.csv: cannot be opened: "), "{error}");
    let endless = [GOOD.as_bytes(), b"Mens,\"", &vec![b'x'; 40 << 20]].concat();
    let error = load(&gzip(&endless), |_| {}).unwrap_err();
    assert_eq!(error, "past.csv: has a row of more than 16 MB: is a quote not closed?");
    let error = load(b"\x7fELF\x02\x01\x01\0\0\0", |_| {}).unwrap_err();
    assert!(error.contains("has no column `segment` (asked for as `arm`)"), "{error}");
}

#[test]
fn numbers_and_booleans_in_a_filter_are_compared_by_meaning() {
    // Protects: `where = { newbie = 1, retained = true }` on exports that write 1.0 and True.
    let text =
        b"segment,visit,newbie,kept\nMens,1,1.0,True\nMens,1,0,True\nWomens,0,1,TRUE\nWomens,1,1,False\n";
    let data = load(text, |spec| {
        spec.filter.insert("newbie".to_owned(), Text::Number(1.0));
        spec.filter.insert("kept".to_owned(), Text::Bool(true));
    })
    .unwrap();
    assert_eq!(
        data.arms.iter().map(|arm| (arm.totals.rows, arm.totals.goals)).collect::<Vec<_>>(),
        [(1, 1), (1, 0)]
    );
}

#[test]
fn one_experiments_mistake_is_not_anothers() {
    // Protects: hundreds of definitions that read one file at once.
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("past.csv");
    std::fs::write(&file, GOOD).unwrap();
    let (good, mut wrong, mut absent) = (spec(file.clone()), spec(file), spec(folder.path().join("no.csv")));
    wrong.goal = "visits".to_owned();
    absent.goal = "visits".to_owned();
    let per = Per::Recipients;
    let loaded = Data::load_many(&[(&wrong, per), (&good, per), (&absent, per), (&good, per)]);
    assert!(matches!(&loaded[0], Err(Error::Data { problem, .. }) if problem.starts_with("has no column")));
    assert!(
        matches!(&loaded[2], Err(Error::Data { problem, .. }) if problem.starts_with("cannot be opened"))
    );
    assert_eq!(loaded[1], loaded[3]);
    assert_eq!(loaded[1], Data::load(&good, per));
}

/// A month's market on a file, with `budget` exposures a day for every arm.
fn month(spec: DataSpec, per: Per, seed: u64, budget: i64) -> (Market, Vec<Row>) {
    let mut truth = Truth::of_arms(per, []);
    truth.data = Some(spec);
    truth.budget_in = BudgetIn::Exposure;
    let model = Arc::new(Model::new(&truth).expect("possible truths"));
    let calendar = Arc::new(Calendar::month("2026-11", "Europe/Oslo", Grain::Day).expect("a month"));
    let mut market = Market::new(model, "past", seed, Arc::clone(&calendar));
    let arms = market.model().arm_names().len();
    for arm in 0..arms {
        market.apply(arm, 1, budget, false, calendar.start_us()).expect("a first command");
    }
    let mut rows = Vec::new();
    market.observe(calendar.start_us(), calendar.end_us(), calendar.end_us(), &mut rows);
    (market, rows)
}

#[test]
fn dates_are_played_on_their_day_of_the_month() {
    // Protects: arms stay side by side in time whatever their budgets.
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("past.csv");
    std::fs::write(&file, GOOD).unwrap();
    let mut spec = spec(file);
    spec.exposure = "shown".to_owned();
    spec.date = Some("day".to_owned());
    let (market, rows) = month(spec, Per::Impressions, 1, 90);
    let exposures = |arm: u32| -> Vec<u64> {
        rows.iter().filter(|row| row.arm == arm && row.period < 5).map(|row| row.exposures).collect()
    };
    assert_eq!(exposures(0), [90, 0, 0, 0, 0]);
    assert_eq!(exposures(1), [0, 80, 20, 0, 0]);
    assert!(market.exhausted(0) && market.exhausted(1));
}

#[expect(clippy::print_stdout, reason = "a skipped test says so")]
fn data_folder() -> Option<PathBuf> {
    let folder = std::env::var_os("GEVINST_DATA").map(PathBuf::from);
    if folder.is_none() {
        println!("skipped: GEVINST_DATA does not name the folder with the real data files");
    }
    folder
}

#[test]
fn hillstroms_customers_come_out_as_published() {
    // Protects: a real file, read right and fast, and used up exactly.
    let Some(folder) = data_folder() else { return };
    let mut hillstrom = spec(folder.join("hillstrom.csv.gz"));
    let arms = [("mens", "Mens E-Mail"), ("none", "No E-Mail"), ("womens", "Womens E-Mail")];
    hillstrom.arms = arms.iter().map(|&(name, text)| (name.to_owned(), Text::from(text))).collect();
    hillstrom.value = Some("spend".to_owned());
    let began = Instant::now();
    let data = Data::load(&hillstrom, Per::Recipients).unwrap();
    println!("64,000 rows read in {:?}", began.elapsed());
    let found: Vec<_> = data.arms.iter().map(|arm| (arm.totals.rows, arm.totals.goals)).collect();
    assert_eq!(found, [(21_307, 3_894), (21_306, 2_262), (21_387, 3_238)]);
    for (arm, mean, sd) in [(0, 1.4226, 17.754), (1, 0.6528, 11.588), (2, 1.0772, 15.116)] {
        let totals = data.arms[arm].totals;
        let n = totals.exposures;
        assert!((totals.sum / n - mean).abs() < 5e-5);
        let variance = (totals.sum_sq - totals.sum * totals.sum / n) / (n - 1.0);
        assert!((variance.sqrt() - sd).abs() < 5e-4, "{}", variance.sqrt());
    }
    hillstrom.goal = "conversion".to_owned();
    let data = Data::load(&hillstrom, Per::Recipients).unwrap();
    assert_eq!(data.arms.iter().map(|arm| arm.totals.goals).collect::<Vec<_>>(), [267, 122, 189]);

    hillstrom.goal = "visit".to_owned();
    let (market, rows) = month(hillstrom, Per::Recipients, 3, 800);
    for (arm, &(people, visits)) in found.iter().enumerate() {
        let of_arm = || rows.iter().filter(|row| row.arm as usize == arm);
        assert_eq!(of_arm().map(|row| row.exposures).sum::<u64>(), people);
        assert_eq!(of_arm().map(|row| row.goals).sum::<u64>(), visits);
        let spend: f64 = of_arm().map(|row| row.sum).sum();
        assert!((spend - market.model().data().unwrap().arms[arm].totals.sum).abs() < 1e-6);
        assert!(market.exhausted(arm));
    }
    assert_eq!(market.model().best_arms(), [0]);
}

#[test]
fn upworthys_tests_are_read_together_and_used_up_exactly() {
    // Protects: hundreds of experiments from one file, in one pass, with quotes and line breaks as they come.
    let Some(folder) = data_folder() else { return };
    let file = folder.join("upworthy.csv.gz");
    let mut reader =
        csv::Reader::from_reader(flate2::read::MultiGzDecoder::new(std::fs::File::open(&file).unwrap()));
    let mut tests: BTreeMap<String, Vec<(String, u64, u64)>> = BTreeMap::new();
    for record in reader.records() {
        let record = record.unwrap();
        if record[4] == *"0" {
            let (shown, clicks) = (record[9].parse().unwrap(), record[10].parse().unwrap());
            tests.entry(record[1].to_owned()).or_default().push((record[0].to_owned(), shown, clicks));
        }
    }
    tests.retain(|_, packages| packages.len() == 4 && packages.iter().all(|&(_, shown, _)| shown > 0));
    assert!(tests.len() >= 200, "{}", tests.len());
    let specs: Vec<DataSpec> = tests
        .iter()
        .map(|(test, packages)| {
            let mut spec = spec(file.clone());
            spec.arm = "package_index".to_owned();
            spec.arms = packages.iter().map(|(id, ..)| (format!("p{id}"), Text::Text(id.clone()))).collect();
            spec.exposure = "impressions".to_owned();
            spec.goal = "clicks".to_owned();
            spec.filter.insert("clickability_test_id".to_owned(), Text::Text(test.clone()));
            spec
        })
        .collect();
    let began = Instant::now();
    let loaded = Data::load_many(&specs.iter().map(|spec| (spec, Per::Impressions)).collect::<Vec<_>>());
    println!("{} tests read in {:?}", specs.len(), began.elapsed());
    for (data, packages) in loaded.iter().zip(tests.values()) {
        let data = data.as_ref().unwrap();
        for (id, shown, clicks) in packages {
            let totals = data.arms.iter().find(|arm| arm.name == format!("p{id}")).unwrap().totals;
            assert_eq!((totals.exposures, totals.goals), (*shown as f64, *clicks));
        }
    }
    let (_, rows) = month(specs[0].clone(), Per::Impressions, 1, 1_000);
    let want: u64 = tests.values().next().unwrap().iter().map(|(_, _, clicks)| clicks).sum();
    assert_eq!(rows.iter().map(|row| row.goals).sum::<u64>(), want);
}

#[test]
fn overall_rates_bring_goals_and_values_like_the_files() {
    // Protects: `draw = "rates"`: the file's rates and mean values, for as long as anyone buys.
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("past.csv");
    let mut text = String::from("segment,visit,spend\n");
    for row in 0..1_000 {
        let (visit, spend) = (row % 5 == 0, if row % 50 == 0 { 40 + row % 7 } else { 0 });
        text.push_str(&format!("{},{visit},{spend}\n", ["Mens", "Womens"][row / 500]));
    }
    std::fs::write(&file, text).unwrap();
    let mut spec = spec(file);
    spec.value = Some("spend".to_owned());
    spec.draw = Draw::Rates;
    let (market, rows) = month(spec, Per::Recipients, 11, 40_000);
    for (arm, totals) in market.model().data().unwrap().arms.iter().map(|arm| arm.totals).enumerate() {
        let of_arm = || rows.iter().filter(|row| row.arm as usize == arm);
        let people: f64 = of_arm().map(|row| row.exposures as f64).sum();
        assert_eq!(people, 40_000.0 * 122.0);
        let (goals, value): (f64, f64) =
            of_arm().fold((0.0, 0.0), |(goals, value), row| (goals + row.goals as f64, value + row.sum));
        let (p, mean) = (totals.goals as f64 / totals.exposures, totals.sum / totals.exposures);
        let sd = (totals.sum_sq / totals.exposures - mean * mean).sqrt();
        assert!((goals / people - p).abs() < 4.0 * (p * (1.0 - p) / people).sqrt(), "{goals} of {people}");
        assert!((value / people - mean).abs() < 4.0 * sd / people.sqrt(), "{value} of {people}");
        assert_eq!(market.model().true_rate(arm), p);
        assert_eq!(market.model().true_value_rate(arm), Some(mean));
        assert!(!market.exhausted(arm));
    }
}

#[test]
fn facebooks_campaigns_give_their_cost_per_sale() {
    // Protects: spend as exposure, in fractions of a currency unit, with goals that no click led to.
    let Some(folder) = data_folder() else { return };
    let mut campaigns = spec(folder.join("kag_facebook_ads.csv"));
    campaigns.arm = "xyz_campaign_id".to_owned();
    campaigns.arms = [916.0, 936.0, 1178.0].map(|id| (format!("c{id}"), Text::Number(id))).into();
    campaigns.exposure = "Spent".to_owned();
    campaigns.draw = Draw::Rates;
    for (goal, want) in [("Approved_Conversion", 1_079), ("Total_Conversion", 3_264)] {
        campaigns.goal = goal.to_owned();
        let data = Data::load(&campaigns, Per::Spend).unwrap();
        let minor: f64 = data.arms.iter().map(|arm| arm.totals.exposures).sum();
        assert!((minor - 5_870_523.0).abs() < 1.0, "{minor}");
        assert_eq!(data.arms.iter().map(|arm| arm.totals.goals).sum::<u64>(), want);
    }
    campaigns.goal = "Approved_Conversion".to_owned();
    let mut truth = Truth::of_arms(Per::Spend, []);
    truth.data = Some(campaigns.clone());
    let model = Model::new(&truth).unwrap();
    assert_eq!(model.arm_names().nth(model.best_arms()[0]), Some("c916"));
    campaigns.draw = Draw::WithoutReplacement;
    let error = Data::load(&campaigns, Per::Spend).unwrap_err().to_string();
    assert_eq!(
        error,
        "`data.exposure`: goals per spend need a column with the spend, and `draw = \"rates\"`"
    );
}
