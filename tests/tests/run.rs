//! `gevinst run`: a month step by step against a platform that remembers, on its own and with a person who approves.

use gevinst_rehearsal::Faults;
use gevinst_tests::export::Export;
use gevinst_tests::market::{self, Played, received, time};
use gevinst_tests::money::commanded;
use gevinst_tests::{Answer, Place};
use serde_json::Value;

/// Enough goals for shares to move every day and for a loser to be dropped, late ones and restated days included.
const HEADLINES: &str = r#"
name = "headlines"
month = "2026-11"
hypothesis = "The problem brings cheaper leads than the product."
separation = "platform-split"
goal = { metric = "lead", per = "spend" }
budget = { total = "40 000 NOK", daily_max = "1 500 NOK" }
arm = [
  { name = "product", channel = "market", control = true },
  { name = "problem", channel = "market" },
  { name = "number", channel = "market", joins = 2026-11-05 },
]
allocate = { rule = "earn" }
delay = { complete_after = "6 days" }
[rehearsal]
seed = 3
goals_per_day = 20
arms = { product = 1.0, problem = 2.0, number = 0.4 }
weekdays = [1.0, 1.1, 1.1, 1.0, 0.8, 0.4, 0.35]
day_noise = 0.05
delay = "1 day"
restate = { share = "20 %", after = "2 days" }
"#;

const HOUR_US: i64 = 3_600_000_000;
const DAY_US: i64 = 24 * HOUR_US;

fn run_at(place: &Place, at_us: i64) -> Answer {
    place.gevinst(["run", "--now", &time(at_us), "--json"])
}

fn headlines(place: &Place, mode: &str) -> Played {
    market::project(place, mode, Faults::default(), &[HEADLINES]).remove(0)
}

fn of<'a>(report: &'a Value, name: &str) -> &'a Value {
    let all = report["experiments"].as_array().expect("a list of experiments");
    all.iter().find(|one| one["name"] == name).unwrap_or_else(|| panic!("`{name}` in {report}"))
}

#[test]
fn an_autopilot_month_is_the_rehearsed_one_and_stays_within_its_money() {
    // Protects the whole money path: what was rehearsed is what is done, never more than the caps, and the ledger knows all.
    let place = Place::new();
    let played = headlines(&place, "autopilot");
    let rehearsed = place.gevinst(["rehearse", "--json"]).done().json();
    assert!(received(&place).is_empty(), "a rehearsal does not touch the platform");

    let moments = played.moments();
    let mut stages = Vec::new();
    for &at_us in &moments {
        let step = run_at(&place, at_us).done().json();
        assert_eq!((step["schema_version"].as_u64(), step["now_us"].as_i64()), (Some(1), Some(at_us)));
        let one = of(&step, "headlines");
        assert_eq!(one["channels_failed"].as_array().map(Vec::len), Some(0), "{one}");
        assert_eq!(one["moves_unknown"].as_array().map(Vec::len), Some(0), "{one}");
        stages.push(one["stage"].as_str().unwrap().to_owned());
    }
    stages.dedup();
    assert_eq!(stages, ["running", "waiting", "closed"]);

    let status = place.gevinst(["status", "--json"]).done().json();
    for arm in of(&rehearsed, "headlines")["arms"].as_array().unwrap() {
        let arms = of(&status, "headlines")["arms"].as_array().unwrap();
        let there = arms.iter().find(|there| there["name"] == arm["name"]).unwrap();
        assert_eq!((&there["status"], &there["goals"]), (&arm["status"], &arm["goals"]), "{there}");
    }

    let export = Export::of(&place);
    let end_us = played.plan.end_us();
    let sums = commanded(&export, "headlines", end_us);
    assert!(sums.a_day <= played.plan.daily_max(), "{sums:?}");
    assert!(sums.in_all <= played.plan.total() as f64, "{sums:?} of {}", played.plan.total());
    assert!(sums.in_all > 0.98 * played.plan.total() as f64, "and the money is used: {sums:?}");
    the_platform_agrees(&place, &export);
    assert!(received(&place).len() > 20, "shares moved: {} commands", received(&place).len());
    place.gevinst(["ledger", "verify"]).done();

    // A closed experiment rests: nothing is asked of anybody any more.
    let step = run_at(&place, moments[moments.len() - 1] + DAY_US).done().json();
    assert_eq!(of(&step, "headlines")["stage"], "closed");
    assert_eq!(Export::of(&place), export);
    let page = place.gevinst(["report"]).done();
    assert!(page.out.contains("report: report/2026-11.html"), "{}", page.out);
    assert!(place.read("report/2026-11.html").contains("headlines"));
}

/// What reached the platform is what the ledger says was applied: each command once, in the same order.
fn the_platform_agrees(place: &Place, export: &Export) {
    let received = received(place);
    assert!(received.iter().all(|one| one.applied), "no command was sent a second time");
    let keys: Vec<String> = received.into_iter().map(|one| one.command.key).collect();
    assert_eq!(keys, export.applied());
}

#[test]
fn a_step_that_is_repeated_does_nothing_twice() {
    // Protects a step that is started by two timers, or by hand after the timer.
    let place = Place::new();
    let played = headlines(&place, "autopilot");
    let made = |export: &Export| {
        let kinds = ["launched", "looked", "concluded", "intended", "sent", "receipt", "closed"];
        let count = |kind: &str| export.kind(kind).count();
        (kinds.map(count), export.rows.clone())
    };
    for &at_us in &played.moments()[..8] {
        run_at(&place, at_us).done();
        let (once, platform) = (made(&Export::of(&place)), received(&place));
        let again = run_at(&place, at_us).done().json();
        assert_eq!(of(&again, "headlines")["moves_applied"], 0);
        // An hour later nothing new is over, either.
        run_at(&place, at_us + HOUR_US).done();
        assert_eq!((made(&Export::of(&place)), received(&place)), (once, platform), "at {}", time(at_us));
    }
}

#[test]
fn nothing_moves_until_a_person_approves() {
    // Protects mode `propose`: the platform hears of a move when it was approved, of that move alone, and never when declined.
    let place = Place::new();
    let played = headlines(&place, "propose");
    let start_us = played.plan.start_us();
    let step = run_at(&place, start_us).done().json();
    assert_eq!(of(&step, "headlines")["moves_waiting"], 2);
    assert!(received(&place).is_empty());
    let approve = |more: &[&str], at_us: i64| {
        let now = time(at_us);
        place.gevinst(["approve", "--by", "kari", "--now", now.as_str()].iter().chain(more))
    };

    let listed = approve(&["--json"], start_us).done().json();
    let waiting: Vec<&str> =
        listed["moves"].as_array().unwrap().iter().map(|one| one["key"].as_str().unwrap()).collect();
    assert_eq!(waiting, ["headlines/problem/1", "headlines/product/1"]);
    let told = approve(&[], start_us).done();
    assert!(told.out.contains("headlines/product/1") && told.out.contains("NOK a day"), "{}", told.out);

    // Names that do not wait are refused, with those that do, and nothing is recorded.
    let before = Export::of(&place);
    for name in ["headlines/problem/2", "headlines/prob", "nothing", "headlines/number"] {
        approve(&[name], start_us)
            .ended_with(3)
            .complaining_of(&[name, "headlines/problem/1, headlines/product/1"]);
    }
    assert_eq!(Export::of(&place), before);
    assert!(received(&place).is_empty());

    // One is approved, the other declined: the platform hears of the first at the next step, and of it alone.
    approve(&["headlines/problem/1"], start_us + HOUR_US).done();
    assert!(received(&place).is_empty(), "approving sends nothing by itself");
    approve(&["--decline", "headlines/product"], start_us + HOUR_US).done();
    run_at(&place, start_us + 2 * HOUR_US).done();
    run_at(&place, start_us + 3 * HOUR_US).done();
    let keys = || received(&place).into_iter().map(|one| one.command.key).collect::<Vec<_>>();
    assert_eq!(keys(), ["headlines/problem/1"]);
    let again = approve(&["headlines/problem/1"], start_us + 4 * HOUR_US).ended_with(3);
    again.complaining_of(&["no waiting move is called `headlines/problem/1`"]);

    // The next day proposes anew; who decides too late decides nothing.
    run_at(&place, start_us + DAY_US).done();
    let listed = approve(&["--json"], start_us + DAY_US).done().json();
    let proposed = listed["moves"].as_array().unwrap().clone();
    assert!(!proposed.is_empty(), "{listed}");
    let (key, until_us) =
        (proposed[0]["key"].as_str().unwrap(), proposed[0]["not_after_us"].as_i64().unwrap());
    let late = approve(&[key], until_us + 1).ended_with(3);
    late.complaining_of(&[key, "has expired"]);
    let late = approve(&["--all"], until_us + 1).ended_with(3);
    late.complaining_of(&["no move waits for approval"]);
    assert_eq!(keys(), ["headlines/problem/1"]);

    // A step after that proposes what is wanted by then, and who approved is in the ledger.
    run_at(&place, until_us + 1).done();
    approve(&["--all"], until_us + 1).done();
    run_at(&place, until_us + 2).done();
    assert!(keys().len() > 1, "{:?}", keys());
    let export = Export::of(&place);
    assert!(export.kind("approval").all(|record| record.body["by"] == "kari"));
    let sums = commanded(&export, "headlines", until_us + DAY_US);
    assert!(sums.a_day <= played.plan.daily_max(), "{sums:?}");
    the_platform_agrees(&place, &export);
}

#[test]
fn a_person_who_approves_every_day_gets_the_months_work_done() {
    // Protects mode `propose` over a whole month: what waits for approval never keeps the month from closing.
    let place = Place::new();
    let played = headlines(&place, "propose");
    for at_us in played.moments() {
        run_at(&place, at_us).done();
        let waits = place.gevinst(["approve", "--json", "--now", &time(at_us)]).done().json();
        if waits["moves"].as_array().is_some_and(|moves| !moves.is_empty()) {
            place.gevinst(["approve", "--all", "--now", &time(at_us)]).done();
        }
        run_at(&place, at_us).done();
    }
    let export = Export::of(&place);
    assert_eq!(export.kind("closed").count(), 1);
    let sums = commanded(&export, "headlines", played.plan.end_us());
    assert!(sums.a_day <= played.plan.daily_max() && sums.in_all <= played.plan.total() as f64, "{sums:?}");
    the_platform_agrees(&place, &export);
    place.gevinst(["ledger", "verify"]).done();
}

#[test]
fn a_month_that_is_over_or_has_not_begun_leaves_nothing_behind() {
    // Protects against money for a month that nobody can win any more, and against a ledger of nothing.
    let place = Place::new();
    let played = headlines(&place, "autopilot");
    let before = place.contents();
    let over = run_at(&place, played.plan.end_us()).ended_with(3);
    over.complaining_of(&["experiments/0.toml:", "2026-11 is over", "expected 2026-12 or later", "help:"]);
    let early = run_at(&place, played.plan.start_us() - 1).ended_with(3);
    early.complaining_of(&["have not begun", "gevinst rehearse"]);
    assert_eq!(place.contents(), before);
    // The last instant of the month is in it.
    run_at(&place, played.plan.end_us() - 1).done();
    assert!(place.path("gevinst.ledger").exists());
}

#[test]
fn a_definition_that_was_changed_after_launch_is_refused() {
    // Protects the question that was asked: an experiment runs as it was launched.
    let place = Place::new();
    let played = headlines(&place, "autopilot");
    run_at(&place, played.plan.start_us()).done();
    let (before, platform) = (Export::of(&place), received(&place));
    let at_us = played.plan.start_us() + DAY_US;
    place.write("experiments/0.toml", HEADLINES.replace("1 500 NOK", "1 501 NOK"));
    let refused = run_at(&place, at_us).ended_with(3);
    refused.complaining_of(&["`headlines`", "was changed after it was launched", "hint:"]);
    assert_eq!((Export::of(&place), received(&place)), (before, platform));
    place.write("experiments/0.toml", HEADLINES);
    run_at(&place, at_us).done();
}

#[test]
fn an_experiment_that_cannot_run_does_not_keep_the_others_from_it() {
    // Protects a company with several channels from the one that is broken.
    let place = Place::new();
    let other = HEADLINES
        .replace("name = \"headlines\"", "name = \"broken\"")
        .replace("channel = \"market\"", "channel = \"gone\"");
    let played = headlines(&place, "autopilot");
    place.write("experiments/00-broken.toml", other);
    let company = place.read("gevinst.toml");
    place.write("gevinst.toml", format!("{company}\n[channels.gone]\nplugin = \"gone\"\n"));
    let step = run_at(&place, played.plan.start_us()).ended_with(4);
    let step = step.complaining_of(&["`gone`", "`broken`"]);
    assert_eq!(of(&step.json(), "headlines")["moves_applied"], 2);
    assert!(of(&step.json(), "broken")["error"].is_string());
    assert_eq!(received(&place).len(), 2);
    assert!(Export::of(&place).records.iter().all(|record| record.experiment.as_deref() != Some("broken")));
}

#[test]
fn runners_that_are_started_together_do_not_do_the_same_twice() {
    // Protects a step that two timers start at once: one does it, the others say who is at it or find it done.
    let place = Place::new();
    let played = headlines(&place, "autopilot");
    for &at_us in &played.moments()[..4] {
        let now = time(at_us);
        let answers: Vec<Answer> = std::thread::scope(|scope| {
            let run = || Answer::of(&mut place.command(["run", "--now", &now]));
            let running: Vec<_> = (0..4).map(|_| scope.spawn(run)).collect();
            running.into_iter().map(|one| one.join().unwrap()).collect()
        });
        for answer in &answers {
            assert!(matches!(answer.code, Some(0 | 5)), "{}", answer.err);
            assert!(answer.code == Some(0) || answer.err.contains("holds the lock"), "{}", answer.err);
        }
        assert!(answers.iter().any(|answer| answer.code == Some(0)), "{answers:?}");
    }
    let export = Export::of(&place);
    assert_eq!((export.kind("launched").count(), export.kind("looked").count()), (1, 3));
    the_platform_agrees(&place, &export);
    place.gevinst(["ledger", "verify"]).done();
}

#[test]
fn a_watching_runner_takes_its_step_and_goes_on_waiting() {
    // Protects `--watch`: it does what is due, does not end, and leaves the ledger to others while it waits.
    let place = Place::new();
    let played = headlines(&place, "autopilot");
    let mut command = place.command(["run", "--watch", "--now", &time(played.plan.start_us())]);
    let mut child =
        command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).spawn().unwrap();
    let until = std::time::Instant::now() + std::time::Duration::from_secs(120);
    while received(&place).len() < 2 && std::time::Instant::now() < until {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    // The step's last records follow its last command.
    let mut status = None;
    for _ in 0..400 {
        std::thread::sleep(std::time::Duration::from_millis(5));
        let answer = run_at(&place, played.plan.start_us() + HOUR_US);
        if answer.code == Some(0) {
            status = Some(answer.json());
            break;
        }
    }
    let waits = child.try_wait().unwrap().is_none();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(waits, "it ended by itself");
    let status = status.expect("another step is possible while it waits");
    assert_eq!(of(&status, "headlines")["moves_applied"], 0, "it had made the moves");
    assert_eq!(received(&place).len(), 2);
}
