//! The ledger as other programs read it: the lines of `gevinst ledger export`.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::Place;

/// A whole ledger.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Export {
    /// Its records, in order.
    pub records: Vec<Record>,
    /// Its rows, in order.
    pub rows: Vec<Row>,
}

/// One record.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Record {
    /// Its number.
    pub id: u64,
    /// When, µs UTC.
    pub at_us: i64,
    /// What kind of fact it holds.
    pub kind: String,
    /// Of which experiment.
    pub experiment: Option<String>,
    /// Of which arm.
    pub arm: Option<String>,
    /// The fact.
    pub body: Value,
}

/// One observation, as it was reported once.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Row {
    /// The record that it came with.
    pub record: u64,
    /// Of which experiment.
    pub experiment: String,
    /// Of which arm.
    pub arm: String,
    /// What was counted.
    pub metric: String,
    /// Of which period, µs UTC.
    pub period_start_us: i64,
    /// How many.
    pub count: u64,
    /// Their sum.
    pub sum: f64,
    /// Their sum of squares.
    pub sum_sq: f64,
}

/// Which figure a row tells: experiment, arm, metric, period.
pub type Key = (String, String, String, i64);

impl Export {
    /// Reads the ledger of a project.
    ///
    /// # Panics
    /// When it cannot be exported, or a line is not what it should be.
    #[track_caller]
    #[must_use]
    pub fn of(place: &Place) -> Self {
        Self::of_ledger(place, "gevinst.ledger")
    }

    /// Reads a ledger.
    ///
    /// # Panics
    /// As [`Export::of`].
    #[track_caller]
    #[must_use]
    pub fn of_ledger(place: &Place, ledger: &str) -> Self {
        let answer = place.gevinst(["ledger", "export", "--ledger", ledger]).done();
        let mut export = Self::default();
        let mut lines = answer.out.lines();
        let header: Value = lines.next().and_then(|line| serde_json::from_str(line).ok()).unwrap_or_default();
        assert_eq!(header["schema_version"], 1, "the first line says what follows");
        for line in lines {
            let value: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}"));
            let wrong = |error: serde_json::Error| -> ! { panic!("{line}: {error}") };
            match value["line"].as_str() {
                Some("record") => {
                    export.records.push(serde_json::from_value(value).unwrap_or_else(|error| wrong(error)));
                }
                Some("observation") => {
                    export.rows.push(serde_json::from_value(value).unwrap_or_else(|error| wrong(error)));
                }
                _ => panic!("a line of no known kind: {line}"),
            }
        }
        export
    }

    /// The records of one kind.
    pub fn kind<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Record> {
        self.records.iter().filter(move |record| record.kind == kind)
    }

    /// What is known of every figure: its newest count, sum and sum of squares.
    #[must_use]
    pub fn latest(&self) -> BTreeMap<Key, (u64, f64, f64)> {
        let mut latest = BTreeMap::new();
        for row in &self.rows {
            let key = (row.experiment.clone(), row.arm.clone(), row.metric.clone(), row.period_start_us);
            latest.insert(key, (row.count, row.sum, row.sum_sq));
        }
        latest
    }

    /// By arm of an experiment: the daily budget of the newest command that is known to be in force, and whether the arm runs by it.
    ///
    /// # Panics
    /// When a command is in force that was never intended.
    #[must_use]
    pub fn in_force(&self, experiment: &str) -> BTreeMap<String, (i64, bool)> {
        let (mut intended, mut in_force) = (BTreeMap::new(), BTreeMap::new());
        for record in self.records.iter().filter(|record| record.experiment.as_deref() == Some(experiment)) {
            let (Some(arm), Some(seq)) = (&record.arm, record.body["seq"].as_u64()) else { continue };
            match record.kind.as_str() {
                "intended" => {
                    let set = &record.body["set"];
                    let minor = set["daily_budget"]["minor"].as_i64().unwrap_or_default();
                    intended.insert((arm, seq), (minor, set["paused"] == false));
                }
                "receipt" | "reconciled" if record.body["outcome"] == "applied" => {
                    let set = intended.get(&(arm, seq)).expect("what is in force was intended");
                    in_force.insert(arm.clone(), *set);
                }
                _ => {}
            }
        }
        in_force
    }

    /// The keys of the commands that are known to have been applied, in the order in which that became known.
    ///
    /// # Panics
    /// When a record does not have the fields of its kind.
    #[must_use]
    pub fn applied(&self) -> Vec<String> {
        self.records
            .iter()
            .filter(|record| matches!(record.kind.as_str(), "receipt" | "reconciled"))
            .filter(|record| record.body["outcome"] == "applied")
            .map(|record| {
                let (experiment, arm) = (record.experiment.as_deref(), record.arm.as_deref());
                let seq = record.body["seq"].as_u64().expect("a receipt has a number");
                format!("{}/{}/{seq}", experiment.unwrap_or_default(), arm.unwrap_or_default())
            })
            .collect()
    }
}
