//! Goals that another channel reports: who is asked for what, what a look waits for, and what is never commanded.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;

use gevinst_abi::Row;
use gevinst_abi::wire::{
    ArmState, Capability, Command, CursorAfter, Description, ObserveRequest, Query, State,
};
use gevinst_experiment::{Company, Source, parse_company, parse_experiment};
use gevinst_ledger::evidence::ArmStatus;
use gevinst_ledger::fact::PluginPin;
use gevinst_ledger::moves::Outcome;
use gevinst_ledger::{AsOf, Digest, Ledger};
use gevinst_runner::cycle::{Papers, Stage, Stepped, step};
use gevinst_runner::engine::Engine;
use gevinst_runner::observe::{Failed, periods_paid, periods_reported};
use gevinst_runner::plan::Plan;
use gevinst_runner::port::{Answer, Port, PortError, Ports};

const DAY_US: i64 = 86_400_000_000;

const COMPANY: &str = "currency = \"NOK\"\ntimezone = \"UTC\"\n[month]\nbudget = \"30 000 NOK\"\n\
    [channels.ads]\nplugin = \"native-ads\"\n[channels.crm]\nplugin = \"outcomes\"\n";

const DEFINITION: &str = r#"
name = "headlines"
month = "2026-11"
hypothesis = "The second is better."
[goal]
metric = "meeting"
source = "crm"
[budget]
total = "30 000 NOK"
daily_max = "1 200 NOK"
[[arm]]
name = "first"
channel = "ads"
control = true
[[arm]]
name = "second"
channel = "ads"
[guardrails]
unsubscribe_rate = "1 %"
bounce_rate = "5 %"
hours_to_first_answer = 24
[delay]
complete_after = "2 days"
"#;

/// What one channel of the two says and was asked.
struct Account {
    description: Description,
    reachable: bool,
    /// Days by which its reports come late.
    late_days: i64,
    /// Whether a period without any goal has a row.
    reports_zeros: bool,
    asked: Vec<Vec<String>>,
    commands: usize,
    arms: BTreeMap<String, ArmState>,
    /// What each arm was set to on the day that starts then.
    budgets: BTreeMap<(i64, String), i64>,
}

impl Account {
    fn new(id: &str, capabilities: &[Capability], metrics: &[&str]) -> Self {
        let mut description = Description::new(id, "1.0.0");
        description.capabilities = capabilities.to_vec();
        description.metrics = metrics.iter().map(|name| (*name).to_owned()).collect();
        Self {
            description,
            reachable: true,
            late_days: 0,
            reports_zeros: true,
            asked: Vec::new(),
            commands: 0,
            arms: BTreeMap::new(),
            budgets: BTreeMap::new(),
        }
    }
}

impl Port for Account {
    fn description(&self) -> &Description {
        &self.description
    }

    fn apply(&mut self, command: &Command, _now_us: i64) -> Answer {
        self.commands += 1;
        let state = ArmState {
            daily_budget: command.set.daily_budget.clone(),
            paused: command.set.paused,
            last_seq: command.seq,
        };
        self.arms.insert(command.arm.clone(), state.clone());
        Answer { outcome: Outcome::Applied, state: Some(state.into()), message: String::new() }
    }

    fn query(&mut self, query: &Query, _now_us: i64) -> Result<State, PortError> {
        Ok(self.arms.get(&query.arm).map_or(State::absent(), |state| state.clone().into()))
    }

    fn observe(
        &mut self,
        request: &ObserveRequest,
        _now_us: i64,
    ) -> Result<(Vec<Row>, CursorAfter), PortError> {
        self.asked.push(request.metrics.iter().map(|metric| metric.name.clone()).collect());
        let fresh_until_us = request.to_us - self.late_days * DAY_US;
        let mut rows = Vec::new();
        for ((start_us, name), minor) in &self.budgets {
            if *start_us + DAY_US > fresh_until_us || *start_us < request.from_us {
                continue;
            }
            let Some(arm) = request.arms.iter().find(|arm| arm.name == *name) else { continue };
            // A goal for each 100 kr of the first arm, for each 25 kr of the second.
            let goals = minor.unsigned_abs() / if name == "first" { 10_000 } else { 2_500 };
            for metric in &request.metrics {
                match metric.name.as_str() {
                    "spend" => rows.push(Row::amount(*start_us, arm.code, metric.code, *minor)),
                    "meeting" if goals > 0 || self.reports_zeros => {
                        rows.push(Row::count(*start_us, arm.code, metric.code, goals));
                    }
                    "meeting" | "unsubscribe" | "bounce" | "recipients" | "hours_to_first_answer" => {}
                    other => panic!("asked for {other}"),
                }
            }
        }
        Ok((rows, CursorAfter { cursor: None, fresh_until_us }))
    }
}

struct Scene {
    plan: Plan,
    papers: Papers,
    ledger: Ledger,
    ports: Two,
}

struct Two {
    ads: Account,
    crm: Account,
}

impl Ports for Two {
    fn port(&mut self, _experiment: &str, channel: &str) -> Result<&mut dyn Port, PortError> {
        let account = if channel == "crm" { &mut self.crm } else { &mut self.ads };
        if account.reachable { Ok(account) } else { Err(PortError::new("no answer")) }
    }

    fn pin(&mut self, experiment: &str, channel: &str) -> Result<PluginPin, PortError> {
        let description = self.port(experiment, channel)?.description().clone();
        Ok(PluginPin {
            channel: channel.to_owned(),
            sha256: Digest::of(description.id.as_bytes()),
            id: description.id,
            version: description.version,
        })
    }
}

impl Scene {
    fn new() -> Self {
        Self::of(DEFINITION)
    }

    fn of(definition: &str) -> Self {
        let company: Company = parse_company(&Source::new("gevinst.toml", COMPANY)).unwrap().value;
        let experiment =
            parse_experiment(&Source::new("headlines.toml", definition), &company).unwrap().value;
        let all = [Capability::Apply, Capability::Query, Capability::Observe];
        Self {
            plan: Plan::new(&company, &experiment, None).unwrap(),
            papers: Papers {
                definition_toml: definition.into(),
                company_toml: COMPANY.into(),
                program: "test".into(),
                rehearsal_seed: None,
                needs_approval: false,
            },
            ledger: Ledger::in_memory(),
            ports: Two {
                ads: Account::new("native-ads", &all, &["*"]),
                crm: Account::new("outcomes", &[Capability::Observe], &["meeting", "unsubscribe"]),
            },
        }
    }

    fn step(&mut self, now_us: i64) -> Stepped {
        let mut engine = Engine::new(&self.plan).unwrap();
        step(&self.plan, &self.papers, &mut engine, &mut self.ledger, &mut self.ports, now_us).unwrap()
    }

    /// The step at a day's start, and the day that follows.
    fn day(&mut self, day: usize) -> Stepped {
        let at_us = self.plan.periods[day].start_us;
        let stepped = self.step(at_us);
        for (arm, state) in &self.ports.ads.arms {
            let daily = if state.paused { 0 } else { state.daily_budget.minor };
            self.ports.ads.budgets.insert((at_us, arm.clone()), daily);
        }
        self.ports.crm.budgets.clone_from(&self.ports.ads.budgets);
        stepped
    }

    fn reported(&self) -> (usize, usize) {
        let of = |count: fn(&Plan, &Ledger, AsOf) -> Result<usize, gevinst_runner::Error>| {
            count(&self.plan, &self.ledger, AsOf::Now).unwrap()
        };
        (of(periods_reported), of(periods_paid))
    }
}

#[test]
fn goals_of_a_source_decide_and_the_source_is_never_commanded() {
    // Protects the main road of goals that a CRM counts: pinned, asked for its own metrics alone, joined by arm and day.
    let mut scene = Scene::new();
    let mut dropped = None;
    for day in 0..30 {
        let stepped = scene.day(day);
        if stepped.concluded.iter().any(|c| c.arm == "first" && c.status == ArmStatus::Dropped) {
            dropped = Some(day);
        }
    }
    assert!(dropped.is_some_and(|day| day < 20), "{dropped:?}");
    assert_eq!(scene.step(scene.plan.close_at_us).stage, Stage::Closed);
    assert_eq!(scene.ports.crm.commands, 0);
    let launched = scene.ledger.launched("headlines").unwrap().unwrap();
    let pinned: Vec<&str> = launched.plugins.iter().map(|pin| pin.id.as_str()).collect();
    assert_eq!((pinned, launched.sources), (vec!["native-ads", "outcomes"], vec!["crm".to_owned()]));
    // Unsubscribes the CRM names; bounces nobody but the sender can know.
    for asked in &scene.ports.ads.asked {
        assert_eq!(asked, &["spend", "bounce", "recipients"]);
    }
    for asked in &scene.ports.crm.asked {
        assert_eq!(asked, &["meeting", "unsubscribe", "hours_to_first_answer"]);
    }
    assert!(scene.ledger.verify(None).unwrap().is_sound());
}

#[test]
fn a_look_waits_for_the_slower_of_the_two() {
    // Protects cohorts from being judged before their goals were counted, and the purse from taking late goals for late spend.
    let mut scene = Scene::new();
    scene.ports.crm.late_days = 3;
    for day in 0..4 {
        assert_eq!(scene.day(day).look, None, "day {day}");
    }
    assert_eq!(scene.reported(), (0, 3));
    assert_eq!(scene.day(4).look, Some(1));
    assert_eq!(scene.reported(), (1, 4));
    // Three days whose goals are awaited take nothing from today's budget: what they cost is known.
    let today: i64 = scene.ports.ads.arms.values().map(|state| state.daily_budget.minor).sum();
    assert_eq!(today, 100_000);
}

#[test]
fn a_source_that_cannot_be_reached_is_asked_again() {
    // Protects the other channel's figures from one that is down, and its own span from being skipped.
    let mut scene = Scene::new();
    scene.day(0);
    scene.ports.crm.reachable = false;
    let stepped = scene.day(1);
    let failed = Failed { channel: "crm".to_owned(), message: "no answer".to_owned(), hint: None };
    assert_eq!(stepped.observed.failed, [failed]);
    assert_eq!((stepped.look, scene.reported()), (None, (0, 1)));
    // Nobody knows now who reports unsubscribes, so nobody is asked.
    assert_eq!(scene.ports.ads.asked.last().unwrap(), &["spend", "recipients"]);
    scene.ports.crm.reachable = true;
    assert_eq!(scene.day(2).look, Some(1));
    assert_eq!(scene.reported(), (2, 2));
}

#[test]
fn a_period_that_the_source_says_nothing_of_is_not_a_zero() {
    // Protects an arm from being dropped for goals that were never counted.
    let mut scene = Scene::new();
    scene.ports.crm.reports_zeros = false;
    scene.day(0);
    for budget in scene.ports.crm.budgets.values_mut() {
        *budget = 100;
    }
    // The CRM has no row for either arm: a day of 500 kr each without a word on what it brought.
    let at_us = scene.plan.periods[1].start_us;
    assert_eq!(scene.step(at_us).look, Some(1));
    let (exposure, failed) = newest_look(&scene);
    assert_eq!(exposure, 0.0);
    assert_eq!(
        failed,
        ["channel `crm` reports no `meeting`, not even zero, for: `first` on day 1, `second` on day 1"]
    );
}

/// The first arm's exposure at the newest look, and what its failed checks say.
fn newest_look(scene: &Scene) -> (f64, Vec<String>) {
    let filter =
        gevinst_ledger::Filter::of("headlines").kinds(&[gevinst_ledger::Kind::Looked]).newest_first();
    let stored = scene.ledger.facts(filter).next().unwrap().unwrap();
    let gevinst_ledger::Fact::Looked(looked) = stored.fact else { panic!("a look") };
    let failed = looked.evidence.checks.into_iter().filter(|check| !check.passed);
    (looked.evidence.arms[0].exposure, failed.map(|check| check.sentence).collect())
}

#[test]
fn nor_is_one_that_the_arms_own_channel_says_nothing_of() {
    // Protects every arm from looking worthless because its channel calls the goal by another name.
    let own = DEFINITION.replace("source = \"crm\"\n", "").replace("hours_to_first_answer = 24\n", "");
    let mut scene = Scene::of(&own);
    scene.ports.ads.reports_zeros = false;
    scene.day(0);
    for budget in scene.ports.ads.budgets.values_mut() {
        *budget = 100;
    }
    let at_us = scene.plan.periods[1].start_us;
    assert_eq!(scene.step(at_us).look, Some(1));
    let (exposure, failed) = newest_look(&scene);
    assert_eq!(exposure, 0.0);
    let says =
        "the arm's channel reports no `meeting`, not even zero, for: `first` on day 1, `second` on day 1";
    assert_eq!(failed, [says]);
    // Told that there was none, the look goes on, and the day takes part.
    scene.ports.ads.reports_zeros = true;
    scene.ports.ads.budgets.insert((at_us, "first".to_owned()), 100);
    scene.ports.ads.budgets.insert((at_us, "second".to_owned()), 100);
    let at_us = scene.plan.periods[2].start_us;
    assert_eq!(scene.step(at_us).look, Some(2));
    assert_eq!(newest_look(&scene), (200.0, vec![]));
}

#[test]
fn an_arm_cannot_run_on_a_channel_that_only_reports() {
    // Protects a launch from a channel that would take the first command and do nothing.
    let mut scene = Scene::new();
    scene.ports.ads.description.capabilities = vec![Capability::Observe];
    let mut engine = Engine::new(&scene.plan).unwrap();
    let start_us = scene.plan.start_us();
    let error = step(&scene.plan, &scene.papers, &mut engine, &mut scene.ledger, &mut scene.ports, start_us)
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "use channel `ads` for `headlines`: its plugin `native-ads` takes no commands, so no arm can run on it"
    );
    assert!(error.hint().unwrap().contains("`source`"));
    assert!(scene.ledger.launched("headlines").unwrap().is_none());
}
