//! What the plugin boundary costs: `cargo bench -p gevinst-host`.
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on should say where")]

use std::path::PathBuf;
use std::time::Duration;

use divan::Bencher;
use divan::counter::ItemsCount;
use gevinst_host::wire::{Coded, Grain, ObserveRequest, Query};
use gevinst_host::{
    ChildConnection, ChildOptions, ChildProgram, Connection, InProcessConnection, Limits, Now, Plugin,
    Surroundings, Terms,
};
use serde_json::json;

/// Linked, so that its library is built beside this executable.
use gevinst_hostile as _;

const START_US: i64 = 1_793_491_200_000_000;
const HOUR_US: i64 = 3_600_000_000;
/// 5,000 hours, 10 arms, 20 metrics.
const ROWS: usize = 1_000_000;

fn main() {
    divan::main();
}

fn plugin() -> Plugin {
    let dir = std::env::current_exe().unwrap().parent().unwrap().to_owned();
    Plugin::find("hostile", &[dir]).unwrap()
}

fn start(plugin: &Plugin) -> ChildConnection {
    let path = PathBuf::from(env!("CARGO_BIN_EXE_gevinst-channel-child"));
    let options = ChildOptions { program: Some(ChildProgram { path }), ..ChildOptions::default() };
    ChildConnection::start(plugin, &options, Surroundings::none()).unwrap()
}

fn terms() -> Terms {
    Terms { now: Now::Frozen(START_US), deadline: Duration::from_secs(60) }
}

fn opened(in_process: bool) -> Box<dyn Connection> {
    let mut channel: Box<dyn Connection> = if in_process {
        let surroundings = Surroundings::none();
        Box::new(InProcessConnection::load_trusted(&plugin(), Limits::default(), surroundings).unwrap())
    } else {
        Box::new(start(&plugin()))
    };
    let config = json!({ "currency": "NOK", "timezone": "UTC", "fault": "floods" });
    channel.open(&config, terms()).unwrap();
    channel
}

/// Starts a process, loads the library, and ends both.
#[divan::bench(sample_count = 100)]
fn start_and_end_a_child(bencher: Bencher<'_, '_>) {
    let plugin = plugin();
    bencher.bench_local(|| start(&plugin));
}

/// One small call and its answer.
#[divan::bench(args = [false, true])]
fn query(bencher: Bencher<'_, '_>, in_process: bool) {
    let mut channel = opened(in_process);
    let query = Query { experiment: "headlines".to_owned(), arm: "product".to_owned() };
    bencher.bench_local(|| channel.query(&query, terms()).unwrap());
}

/// A million rows from the plugin's memory to checked columns here.
#[divan::bench(args = [false, true], sample_count = 20)]
fn observe_a_million_rows(bencher: Bencher<'_, '_>, in_process: bool) {
    let mut channel = opened(in_process);
    let coded =
        |codes: u32| (0..codes).map(|code| Coded { code, name: format!("name-{code}") }).collect::<Vec<_>>();
    let request = ObserveRequest {
        experiment: "headlines".to_owned(),
        arms: coded(10),
        metrics: coded(20),
        grain: Grain::Hour,
        timezone: "UTC".to_owned(),
        from_us: START_US,
        to_us: START_US + 5_000 * HOUR_US,
        cursor: None,
    };
    let rows = channel.observe(&request, terms()).unwrap().rows.len();
    assert_eq!(rows, ROWS);
    bencher.counter(ItemsCount::new(ROWS)).bench_local(|| channel.observe(&request, terms()).unwrap());
}

/// Finds, reads and hashes the library.
#[divan::bench(sample_count = 20)]
fn find_and_hash(bencher: Bencher<'_, '_>) {
    bencher.bench_local(plugin);
}
