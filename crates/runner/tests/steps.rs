//! Steps of one experiment against a scripted platform: what is recorded, sent, frozen and settled.
#![expect(
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "tests"
)]

use std::collections::BTreeMap;

use gevinst_abi::Row;
use gevinst_abi::wire::{ArmState, Command, CursorAfter, Description, ObserveRequest, Query, State};
use gevinst_experiment::{Company, Source, parse_company, parse_experiment};
use gevinst_ledger::evidence::ArmStatus;
use gevinst_ledger::fact::PluginPin;
use gevinst_ledger::moves::{Approval, Decision, IntentRef, Outcome};
use gevinst_ledger::{AsOf, Digest, Fact, Filter, IntentState, Kind, Ledger, Seq};
use gevinst_runner::cycle::{self, Papers, Stage, Stepped, step};
use gevinst_runner::engine::Engine;
use gevinst_runner::month_budget;
use gevinst_runner::plan::Plan;
use gevinst_runner::port::{Answer, Port, PortError, Ports};

const COMPANY: &str = "currency = \"NOK\"\ntimezone = \"Europe/Oslo\"\n[month]\nbudget = \"30 000 NOK\"\n[channels.native]\nplugin = \"native-ads\"\n";

const DEFINITION: &str = r#"
name = "headlines"
month = "2026-11"
hypothesis = "The second is better."
phase = "prospecting"
[goal]
metric = "lead"
[budget]
total = "30 000 NOK"
daily_max = "1 200 NOK"
[[arm]]
name = "first"
channel = "native"
control = true
[[arm]]
name = "second"
channel = "native"
[delay]
complete_after = "2 days"
"#;

/// How the platform answers the next commands.
#[derive(Clone, Copy, PartialEq)]
enum Script {
    Obeys,
    /// Acts, but the answer is lost.
    ActsAndLosesAnswer,
    /// Does not act, and the answer is lost.
    LosesCommand,
    /// Says that it did not act.
    Refuses,
}

/// A platform that spends every budget whole and brings goals by a fixed rate.
struct Platform {
    script: Script,
    reachable: bool,
    arms: BTreeMap<String, ArmState>,
    received: Vec<String>,
    /// Budget in force at the start of each day: (day start, arm) → minor.
    budgets: BTreeMap<(i64, String), i64>,
    goals_per_krone: BTreeMap<&'static str, f64>,
    description: Description,
}

impl Platform {
    fn new() -> Self {
        Self {
            script: Script::Obeys,
            reachable: true,
            arms: BTreeMap::new(),
            received: Vec::new(),
            budgets: BTreeMap::new(),
            goals_per_krone: BTreeMap::from([("first", 0.01), ("second", 0.03)]),
            description: Description::new("native-ads", "1.0.0"),
        }
    }

    /// Remembers what each arm may spend on the day that starts.
    fn day_starts(&mut self, start_us: i64) {
        for (arm, state) in &self.arms {
            let daily = if state.paused { 0 } else { state.daily_budget.minor };
            self.budgets.insert((start_us, arm.clone()), daily);
        }
    }
}

impl Ports for Platform {
    fn port(&mut self, _experiment: &str, _channel: &str) -> Result<&mut dyn Port, PortError> {
        Ok(self)
    }

    fn pin(&mut self, _experiment: &str, channel: &str) -> Result<PluginPin, PortError> {
        let sha256 = Digest::of(b"library");
        Ok(PluginPin {
            channel: channel.to_owned(),
            id: "native-ads".into(),
            version: "1.0.0".into(),
            sha256,
        })
    }
}

impl Port for Platform {
    fn description(&self) -> &Description {
        &self.description
    }

    fn apply(&mut self, command: &Command, _now_us: i64) -> Answer {
        self.received.push(command.key.clone());
        let lost = Answer { outcome: Outcome::Unknown, state: None, message: "the answer was lost".into() };
        match self.script {
            Script::LosesCommand => return lost,
            Script::Refuses => {
                return Answer { outcome: Outcome::NotApplied, state: None, message: "try later".into() };
            }
            Script::Obeys | Script::ActsAndLosesAnswer => {}
        }
        let state = ArmState {
            daily_budget: command.set.daily_budget.clone(),
            paused: command.set.paused,
            last_seq: command.seq,
        };
        self.arms.insert(command.arm.clone(), state.clone());
        if self.script == Script::ActsAndLosesAnswer {
            return lost;
        }
        Answer { outcome: Outcome::Applied, state: Some(state.into()), message: String::new() }
    }

    fn query(&mut self, query: &Query, _now_us: i64) -> Result<State, PortError> {
        if !self.reachable {
            return Err(PortError::new("no answer"));
        }
        Ok(self.arms.get(&query.arm).map_or(State::absent(), |state| state.clone().into()))
    }

    fn observe(
        &mut self,
        request: &ObserveRequest,
        _now_us: i64,
    ) -> Result<(Vec<Row>, CursorAfter), PortError> {
        let mut rows = Vec::new();
        for ((start_us, arm), minor) in &self.budgets {
            let Some(coded) = request.arms.iter().find(|coded| coded.name == *arm) else { continue };
            if *start_us < request.from_us || *start_us >= request.to_us {
                continue;
            }
            let goals = (*minor as f64 / 100.0 * self.goals_per_krone[arm.as_str()]).round() as u64;
            rows.push(Row::amount(*start_us, coded.code, request.metrics[0].code, *minor));
            rows.push(Row::count(*start_us, coded.code, request.metrics[1].code, goals));
        }
        Ok((rows, CursorAfter { cursor: None, fresh_until_us: request.to_us }))
    }
}

struct Scene {
    plan: Plan,
    papers: Papers,
    ledger: Ledger,
    platform: Platform,
}

impl Scene {
    fn new(needs_approval: bool) -> Self {
        Self::of(DEFINITION, needs_approval)
    }

    fn of(definition: &str, needs_approval: bool) -> Self {
        let company: Company = parse_company(&Source::new("gevinst.toml", COMPANY)).unwrap().value;
        let experiment =
            parse_experiment(&Source::new("headlines.toml", definition), &company).unwrap().value;
        Self {
            plan: Plan::new(&company, &experiment, None).unwrap(),
            papers: Papers {
                definition_toml: definition.into(),
                company_toml: COMPANY.into(),
                program: "test".into(),
                rehearsal_seed: None,
                needs_approval,
            },
            ledger: Ledger::in_memory(),
            platform: Platform::new(),
        }
    }

    /// A step with a fresh engine, as every `gevinst run` has it.
    fn step(&mut self, now_us: i64) -> Stepped {
        let mut engine = Engine::new(&self.plan).unwrap();
        step(&self.plan, &self.papers, &mut engine, &mut self.ledger, &mut self.platform, now_us).unwrap()
    }

    fn start(&self, day: usize) -> i64 {
        self.plan.periods[day].start_us
    }

    fn count(&self, kind: Kind) -> usize {
        self.ledger.facts(Filter::of("headlines").kinds(&[kind])).count()
    }

    fn sum_on_platform(&self) -> i64 {
        self.platform.arms.values().filter(|state| !state.paused).map(|state| state.daily_budget.minor).sum()
    }
}

#[test]
fn a_month_drops_the_loser_and_closes() {
    // Protects the main road: launch, look every day, drop, end with everything paused and settled, and close once.
    let mut scene = Scene::new(false);
    let mut dropped = None;
    for day in 0..30 {
        let at_us = scene.start(day);
        let stepped = scene.step(at_us);
        assert_eq!(stepped.launched, day == 0);
        assert!(scene.sum_on_platform() <= 120_000, "day {day}");
        if stepped.concluded.iter().any(|c| c.arm == "first" && c.status == ArmStatus::Dropped) {
            dropped = Some(day);
        }
        scene.platform.day_starts(at_us);
    }
    assert!(dropped.is_some_and(|day| day < 20), "{dropped:?}");
    let end = scene.plan.end_us();
    assert_eq!(scene.step(end).stage, Stage::Waiting);
    assert_eq!(scene.sum_on_platform(), 0);
    assert_eq!(scene.step(scene.plan.close_at_us).stage, Stage::Closed);
    let looks = scene.count(Kind::Looked);
    assert_eq!(scene.step(scene.plan.close_at_us + 1).stage, Stage::Closed);
    assert_eq!((scene.count(Kind::Looked), scene.count(Kind::Closed)), (looks, 1));
    let spent: i64 = scene.platform.budgets.values().sum();
    assert!(spent <= 3_000_000, "{spent}");
    assert_eq!(scene.platform.received.len(), scene.count(Kind::Sent));
}

#[test]
fn a_step_repeated_at_the_same_moment_does_nothing() {
    // Protects platforms and ledgers from a runner that is started too often.
    let mut scene = Scene::new(false);
    scene.step(scene.start(0));
    scene.platform.day_starts(scene.start(0));
    scene.step(scene.start(1));
    let (sent, looks) = (scene.platform.received.len(), scene.count(Kind::Looked));
    scene.step(scene.start(1));
    scene.step(scene.start(1) + 1);
    assert_eq!((scene.platform.received.len(), scene.count(Kind::Looked)), (sent, looks));
}

#[test]
fn a_lost_answer_is_settled_by_asking_and_never_by_sending_again() {
    // Protects money from being commanded twice: the platform acted, the answer was lost.
    for (script, applied) in [(Script::ActsAndLosesAnswer, true), (Script::LosesCommand, false)] {
        let mut scene = Scene::new(false);
        scene.platform.script = script;
        scene.platform.reachable = false;
        let stepped = scene.step(scene.start(0));
        assert_eq!(stepped.moved.unknown.len(), 2);
        let unsettled = |scene: &Scene| {
            let progress = scene.ledger.progress("headlines").unwrap();
            progress.open_intents().filter(|open| open.state == IntentState::Unsettled).count()
        };
        assert_eq!(unsettled(&scene), 2);
        // While nobody can be asked, nothing is sent, however often the runner is started.
        scene.platform.script = Script::Obeys;
        scene.step(scene.start(0) + 60_000_000);
        assert_eq!((scene.platform.received.len(), unsettled(&scene)), (2, 2));
        // The worst is assumed: both budgets count although nobody knows.
        let progress = scene.ledger.progress("headlines").unwrap();
        let worst: i64 = progress.arms().values().map(gevinst_ledger::ArmProgress::worst_daily_minor).sum();
        assert_eq!(worst, 100_000);

        scene.platform.reachable = true;
        let stepped = scene.step(scene.start(0) + 120_000_000);
        assert_eq!(unsettled(&scene), 0);
        let mut keys = scene.platform.received.clone();
        keys.sort();
        let all = keys.len();
        keys.dedup();
        assert_eq!(keys.len(), all, "no command was sent twice: {keys:?}");
        // What did not reach the platform is wanted anew, under a new number.
        assert_eq!(all, if applied { 2 } else { 4 }, "{stepped:?}");
        assert_eq!(scene.sum_on_platform(), 100_000);
    }
}

#[test]
fn a_command_that_was_not_applied_is_wanted_again_under_a_new_number() {
    // Protects an experiment from hanging on one refusal.
    let mut scene = Scene::new(false);
    scene.platform.script = Script::Refuses;
    assert_eq!(scene.step(scene.start(0)).moved.not_applied.len(), 2);
    scene.platform.script = Script::Obeys;
    scene.step(scene.start(0) + 1);
    let expected = ["headlines/first/1", "headlines/second/1", "headlines/first/2", "headlines/second/2"];
    assert_eq!(scene.platform.received, expected);
}

#[test]
fn a_cut_that_was_lost_is_wanted_again_so_that_the_raise_beside_it_can_go_out() {
    // Protects a step that was killed between two moves: the budgets of the day must still be reached without a new look.
    let mut scene = Scene::new(false);
    scene.step(scene.start(0));
    scene.platform.day_starts(scene.start(0));
    scene.platform.script = Script::LosesCommand;
    scene.step(scene.start(1));
    scene.platform.script = Script::Obeys;
    // One step asks and finds that neither command arrived, and sends both anew.
    let stepped = scene.step(scene.start(1) + 1);
    assert!(stepped.moved.unknown.is_empty(), "{stepped:?}");
    assert!(scene.sum_on_platform() <= 120_000);
    let held = |arm: &str| scene.platform.arms[arm].daily_budget.minor;
    assert!(held("second") > 50_000 && held("first") < 50_000, "{} {}", held("first"), held("second"));
}

#[test]
fn nothing_moves_until_a_person_approves() {
    // Protects mode `propose`: approval first, and a declined move is not proposed again before the next look.
    let mut scene = Scene::new(true);
    let stepped = scene.step(scene.start(0));
    assert_eq!((stepped.moved.waiting, scene.platform.received.len()), (2, 0));
    let decide = |scene: &mut Scene, arm: &str, decision| {
        let intents = vec![IntentRef { arm: arm.into(), seq: Seq::FIRST }];
        let approval = Approval { intents, by: "kari".into(), decision };
        let at_us = scene.start(0) + 1;
        scene.ledger.append(at_us, Some("headlines"), vec![Fact::Approval(approval)]).unwrap();
    };
    decide(&mut scene, "first", Decision::Approved);
    decide(&mut scene, "second", Decision::Declined);
    let stepped = scene.step(scene.start(0) + 2);
    assert_eq!(scene.platform.received, ["headlines/first/1"]);
    assert_eq!(stepped.moved.waiting, 0);
    scene.platform.day_starts(scene.start(0));
    let stepped = scene.step(scene.start(1));
    assert_eq!((stepped.look, stepped.moved.waiting > 0), (Some(1), true));
    assert_eq!(scene.platform.received.len(), 1);
}

#[test]
fn a_month_that_is_over_rests_without_being_asked() {
    // Protects mode `propose`: money, and people on a list, from arms whose last pause nobody approved, or somebody declined.
    let mut scene = Scene::new(true);
    let (first, last) = (scene.start(0), scene.start(scene.plan.periods.len() - 1));
    scene.step(first);
    let approve = |scene: &mut Scene, decision, at_us: i64| {
        let open = scene.ledger.progress("headlines").unwrap();
        let intents =
            open.open_intents().map(|open| IntentRef { arm: open.intent.arm.clone(), seq: open.intent.seq });
        let approval = Approval { intents: intents.collect(), by: "kari".into(), decision };
        scene.ledger.append(at_us, Some("headlines"), vec![Fact::Approval(approval)]).unwrap();
    };
    approve(&mut scene, Decision::Approved, first + 1);
    scene.step(first + 2);
    assert!(scene.sum_on_platform() > 0);
    // On the last day moves are declined; the platform reports nothing of it yet, so that no new look is taken.
    scene.step(last);
    approve(&mut scene, Decision::Declined, last + 1);
    let stepped = scene.step(scene.plan.end_us());
    assert_eq!((stepped.moved.waiting, scene.sum_on_platform()), (0, 0));
    assert!(scene.platform.arms.values().all(|arm| arm.paused));
}

#[test]
fn an_approval_is_acted_on_before_new_proposals_replace_it() {
    // Protects a person's decision: approved in the morning, sent by the next run although a new look is due.
    let mut scene = Scene::new(true);
    scene.step(scene.start(0));
    for arm in ["first", "second"] {
        let intents = vec![IntentRef { arm: arm.into(), seq: Seq::FIRST }];
        let approval = Approval { intents, by: "kari".into(), decision: Decision::Approved };
        let at_us = scene.start(1) - 1;
        scene.ledger.append(at_us, Some("headlines"), vec![Fact::Approval(approval)]).unwrap();
    }
    scene.platform.day_starts(scene.start(0));
    scene.step(scene.start(1));
    assert_eq!(scene.platform.received.len(), 2);
}

#[test]
fn a_month_that_is_over_and_a_changed_definition_are_refused() {
    // Protects past months and running experiments from files that no longer fit them.
    let mut scene = Scene::new(false);
    let mut engine = Engine::new(&scene.plan).unwrap();
    let end = scene.plan.end_us();
    let error = step(&scene.plan, &scene.papers, &mut engine, &mut scene.ledger, &mut scene.platform, end)
        .unwrap_err();
    assert_eq!(error.to_string(), "launch `headlines`: its month 2026-11 is over");
    assert_eq!(scene.count(Kind::Launched), 0);
    scene.step(scene.start(0));
    scene.papers.definition_toml.push_str("# changed\n");
    let at_us = scene.start(1);
    let error = step(&scene.plan, &scene.papers, &mut engine, &mut scene.ledger, &mut scene.platform, at_us)
        .unwrap_err();
    assert_eq!(error.to_string(), "run `headlines`: its definition was changed after it was launched");
}

#[test]
fn the_months_budget_bounds_every_total() {
    // Protects the month's cap: what is beyond it is not spent, and running experiments come first.
    let scene = Scene::new(false);
    let mut plans = vec![scene.plan.clone(), scene.plan.clone()];
    plans[1].experiment.name = "running".parse().unwrap();
    let month = scene.plan.experiment.month;
    let cut = month_budget::fit(&mut plans, month, 4_000_000, |name| name == "running");
    assert_eq!(cut, ["headlines"]);
    assert_eq!((plans[0].total(), plans[1].total()), (1_000_000, 3_000_000));
}

#[test]
fn what_was_commanded_is_read_back_from_the_moves() {
    // Protects the checks on delivery from comparing with anything but the budgets that were in force.
    let mut scene = Scene::new(false);
    for day in 0..4 {
        scene.step(scene.start(day));
        scene.platform.day_starts(scene.start(day));
    }
    let commanded = |scene: &Scene, day: usize, arm: usize| {
        let book = cycle::book(&scene.plan, &scene.ledger, AsOf::Now).unwrap();
        book.cell(day, arm).commanded.unwrap()
    };
    for day in 0..4 {
        let mut shares = 0.0;
        for (arm, name) in ["first", "second"].into_iter().enumerate() {
            let daily = scene.platform.budgets[&(scene.start(day), name.to_owned())];
            let commanded = commanded(&scene, day, arm);
            assert_eq!(commanded.most, daily, "{name} on day {day}");
            assert!((commanded.mean - daily as f64).abs() < 1e-6);
            let (least, most) = commanded.share.unwrap();
            assert_eq!(least, most);
            shares += most;
        }
        assert!((shares - 1.0).abs() < 1e-12);
    }
    // As of the first look nothing of the later commands is known.
    let looks = scene.ledger.facts(Filter::of("headlines").kinds(&[Kind::Looked]));
    let first = looks.map(|fact| fact.unwrap()).next().unwrap();
    let book = cycle::book(&scene.plan, &scene.ledger, AsOf::Record(first.id)).unwrap();
    assert_eq!(book.cell(3, 0).commanded.unwrap().most, book.cell(0, 0).commanded.unwrap().most);

    // Nobody knows whether a command arrived: the most and both shares count, until the platform was asked.
    scene.platform.script = Script::LosesCommand;
    scene.platform.reachable = false;
    let noon = scene.start(4) + 43_200_000_000;
    scene.step(noon);
    let before = scene.platform.budgets[&(scene.start(3), "first".to_owned())];
    let unknown = commanded(&scene, 4, 0);
    assert!(unknown.most >= before, "{unknown:?}");
    let (least, most) = unknown.share.unwrap();
    assert!(least < most, "{unknown:?}");
    scene.platform.reachable = true;
    scene.platform.script = Script::Refuses;
    scene.step(noon + 21_600_000_000);
    assert_eq!(commanded(&scene, 5, 0).most, before, "it was not in force after all");
}

/// The looks of an experiment as the ledger has them.
fn looks(scene: &Scene) -> Vec<gevinst_ledger::fact::Looked> {
    let name = scene.plan.experiment.name.as_str();
    let facts = scene.ledger.facts(Filter::of(name).kinds(&[Kind::Looked]));
    facts
        .map(|fact| match fact.unwrap().fact {
            Fact::Looked(looked) => looked,
            other => panic!("{other:?}"),
        })
        .collect()
}

/// Plays a whole month of the scene's experiment.
fn whole_month(scene: &mut Scene) {
    for day in 0..scene.plan.periods.len() {
        scene.step(scene.start(day));
        scene.platform.day_starts(scene.start(day));
    }
    scene.step(scene.plan.end_us());
    assert_eq!(scene.step(scene.plan.close_at_us).stage, Stage::Closed);
}

#[test]
fn every_look_can_be_taken_again_from_the_ledger() {
    // Protects what a look is: a pure function of the ledger, whatever was recorded after it.
    let mut scene = Scene::new(false);
    whole_month(&mut scene);
    let looks = looks(&scene);
    assert_eq!(looks.len(), 31);
    for looked in looks {
        let again = cycle::look_again(&scene.plan, &scene.ledger, &looked).unwrap();
        assert_eq!(again, looked.evidence, "look {}", looked.evidence.look);
    }
}

#[test]
fn closed_months_set_the_prior_of_the_next_at_its_launch_and_not_later() {
    // Protects the prior from changing under a running experiment, and from being learned of too few or where nobody wants it.
    let next = DEFINITION.replace("\"headlines\"", "\"next\"").replace("2026-11", "2026-12");
    let mut ledger = Ledger::in_memory();
    let launch = |ledger: &mut Ledger, definition: &str| {
        let mut scene = Scene::of(definition, false);
        std::mem::swap(&mut scene.ledger, ledger);
        let at_us = scene.start(0);
        let stepped = scene.step(at_us);
        let name = scene.plan.experiment.name.to_string();
        let prior = scene.ledger.launched(&name).unwrap().unwrap().prior;
        (scene, stepped, prior)
    };
    for number in 0..8 {
        if number == 7 {
            let early = next.replace("\"next\"", "\"too-early\"");
            let (mut scene, stepped, prior) = launch(&mut ledger, &early);
            assert_eq!(prior, None);
            assert!(stepped.belief.starts_with("default prior"), "{}", stepped.belief);
            std::mem::swap(&mut scene.ledger, &mut ledger);
        }
        let mut scene = Scene::of(&DEFINITION.replace("headlines", &format!("past-{number}")), false);
        std::mem::swap(&mut scene.ledger, &mut ledger);
        // Arms that are nearly equal, and a little noise: the opposite of the default's spread.
        scene.platform.goals_per_krone =
            BTreeMap::from([("first", 0.020), ("second", 0.021 - 0.0002 * f64::from(number))]);
        whole_month(&mut scene);
        std::mem::swap(&mut scene.ledger, &mut ledger);
    }
    let (mut scene, stepped, prior) = launch(&mut ledger, &next);
    let prior = prior.unwrap();
    assert_eq!((prior.experiments, prior.channel.as_deref()), (8, Some("native")));
    assert!((0.1..0.3).contains(&prior.ratio_sd), "{prior:?}");
    let noise = prior.noise.clone().unwrap();
    assert!(noise.experiments == 8 && noise.weights[0] > 0.3, "{noise:?}");
    assert!(
        stepped.belief.starts_with("prior learned from 8 closed experiments on `native`"),
        "{}",
        stepped.belief
    );
    scene.platform.day_starts(scene.start(0));

    // More months are closed meanwhile; this one believes what it was launched with, and says so at each look.
    std::mem::swap(&mut scene.ledger, &mut ledger);
    let mut other = Scene::of(&DEFINITION.replace("headlines", "wild"), false);
    std::mem::swap(&mut other.ledger, &mut ledger);
    whole_month(&mut other);
    std::mem::swap(&mut other.ledger, &mut ledger);
    std::mem::swap(&mut scene.ledger, &mut ledger);
    let at_us = scene.start(1);
    assert_eq!(scene.step(at_us).look, Some(1));
    let looked = looks(&scene).remove(0);
    assert!(
        looked.evidence.method.contains("prior learned from 8 closed experiments"),
        "{}",
        looked.evidence.method
    );
    assert_eq!(cycle::look_again(&scene.plan, &scene.ledger, &looked).unwrap(), looked.evidence);
    // The default prior sees the same figures otherwise: it is the prior that was used.
    let mut plan = scene.plan.clone();
    plan.believe(None).unwrap();
    let book = cycle::book(&plan, &scene.ledger, AsOf::Record(looked.as_of)).unwrap();
    let moment = gevinst_runner::engine::Moment { periods: 1, month_over: false, closing: false };
    let standing = gevinst_runner::engine::Standing::new(&plan);
    let finding = Engine::new(&plan).unwrap().look(&plan, &book, moment, &standing).unwrap();
    assert_ne!(finding.reading.judgement.arms[0].p_best, looked.evidence.arms[0].p_best);

    std::mem::swap(&mut scene.ledger, &mut ledger);
    let unwanted = next.replace("\"next\"", "\"unwanted\"") + "[decide]\nprior = \"default\"\n";
    let (_, _, prior) = launch(&mut ledger, &unwanted);
    assert_eq!(prior, None);
}
