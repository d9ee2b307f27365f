//! The fence against a platform that fails wherever a test wants, within the real C functions of a channel.

use std::sync::{Arc, Mutex};

use gevinst_sdk::testing::{Driver, TestHost};
use gevinst_sdk::wire::{Description, ObserveRequest, Set};
use gevinst_sdk::{Channel, Observations};
use proptest::prelude::*;

use super::*;

/// What goes wrong with the next write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trouble {
    None,
    /// Nothing is sent.
    Refused,
    /// It does not arrive, and nobody knows.
    LostBefore,
    /// It arrives, and nobody knows.
    LostAfter,
    /// As before, and the platform cannot be read either.
    LostAndBlind,
}

#[derive(Debug)]
struct World {
    standing: Option<Standing>,
    trouble: Trouble,
    blind: bool,
    writes: u32,
}

type Shared = Arc<Mutex<World>>;

/// Worlds by number, since a configuration is JSON.
static WORLDS: Mutex<Vec<Shared>> = Mutex::new(Vec::new());

struct Platform(Shared);

impl Arms for Platform {
    fn currency(&self) -> &str {
        "NOK"
    }
    fn read(&mut self, _: &str, _: &str, _: Option<&str>) -> Result<Option<Standing>, Error> {
        let world = self.0.lock().unwrap();
        if world.blind { Err(Error::unavailable("blind")) } else { Ok(world.standing.clone()) }
    }
    fn accept(&mut self, _: &Command) -> Result<(), Error> {
        Ok(())
    }
    fn write(&mut self, command: &Command, _: Option<&Standing>) -> Result<(), Error> {
        let mut world = self.0.lock().unwrap();
        world.writes += 1;
        let trouble = std::mem::replace(&mut world.trouble, Trouble::None);
        if !matches!(trouble, Trouble::Refused | Trouble::LostBefore) {
            let (budget_minor, paused) = (command.set.daily_budget.minor, command.set.paused);
            world.standing = Some(Standing { id: "17".to_owned(), budget_minor, paused });
        }
        world.blind = trouble == Trouble::LostAndBlind;
        match trouble {
            Trouble::None => Ok(()),
            Trouble::Refused => Err(Error::bad_request("", "no")),
            _ => Err(Error::unknown_outcome("lost")),
        }
    }
}

#[derive(serde::Deserialize)]
struct Config {
    world: usize,
    state: std::path::PathBuf,
}

struct Fenced(Fence, Platform);

impl Channel for Fenced {
    type Config = Config;
    fn describe() -> Description {
        Description::new("fenced", "0.1.0")
    }
    fn open(config: Config, host: Host) -> Result<Self, Error> {
        let world = WORLDS.lock().unwrap()[config.world].clone();
        Ok(Self(Fence::new(Folder::open("/state", &config.state, &["acme"])?, host), Platform(world)))
    }
    fn apply(&mut self, command: &Command) -> Result<Receipt, Error> {
        self.0.apply(&mut self.1, command)
    }
    fn query(&mut self, query: &Query) -> Result<State, Error> {
        self.0.query(&mut self.1, query)
    }
    fn observe(&mut self, _: &ObserveRequest) -> Result<Observations, Error> {
        Err(Error::unsupported(""))
    }
}

/// A world with its channel and folder; `again` opens the channel anew, as after a crash.
struct Bench {
    world: Shared,
    config: serde_json::Value,
    channel: Driver<Fenced>,
    _folder: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        let world = World { standing: None, trouble: Trouble::None, blind: false, writes: 0 };
        let world = Arc::new(Mutex::new(world));
        let number = {
            let mut worlds = WORLDS.lock().unwrap();
            worlds.push(world.clone());
            worlds.len() - 1
        };
        let folder = tempfile::tempdir().unwrap();
        let config = serde_json::json!({ "world": number, "state": folder.path() });
        let channel = Driver::open(&TestHost::at(0), &config).unwrap();
        Self { world, config, channel, _folder: folder }
    }

    fn again(&mut self) {
        self.channel = Driver::open(&TestHost::at(0), &self.config).unwrap();
    }

    fn apply(&mut self, seq: u64, minor: i64) -> Result<Receipt, Error> {
        let set = Set { daily_budget: Money::new(minor, "NOK"), paused: minor == 0, creative: None };
        self.channel.apply(&Command::new("e", "a", seq, set, i64::MAX))
    }

    fn query(&mut self) -> State {
        self.channel.query(&Query { experiment: "e".to_owned(), arm: "a".to_owned() }).unwrap()
    }
}

/// Protects money: an answer that is lost after acting is settled by reading, at once or after a crash; never by writing.
#[test]
fn a_lost_answer_is_settled_by_reading() {
    let mut bench = Bench::new();
    bench.apply(1, 500).unwrap();
    bench.world.lock().unwrap().trouble = Trouble::LostAfter;
    let receipt = bench.apply(2, 600).unwrap();
    assert_eq!((receipt.applied, receipt.state.last_seq, receipt.state.daily_budget.minor), (true, 2, 600));

    bench.world.lock().unwrap().trouble = Trouble::LostAndBlind;
    assert_eq!(bench.apply(3, 700).unwrap_err().code, Code::UnknownOutcome);
    bench.world.lock().unwrap().blind = false;
    bench.again();
    assert_eq!(bench.query().last_seq, Some(3));

    bench.world.lock().unwrap().trouble = Trouble::LostBefore;
    assert_eq!(bench.apply(4, 800).unwrap_err().code, Code::UnknownOutcome);
    bench.again();
    let state = bench.query();
    assert_eq!((state.last_seq, state.daily_budget.unwrap().minor), (Some(3), 700));
    // The number was used up: sending it again would be a second write.
    assert_eq!(bench.apply(4, 800).unwrap_err().code, Code::UnknownOutcome);
    assert_eq!(bench.world.lock().unwrap().writes, 4);
    assert!(bench.apply(5, 800).unwrap().applied);
}

/// Protects what a definite refusal promises: everything is as it was, and the number is still to be had.
#[test]
fn a_refusal_changes_nothing() {
    let mut bench = Bench::new();
    bench.apply(1, 500).unwrap();
    bench.world.lock().unwrap().trouble = Trouble::Refused;
    assert_eq!(bench.apply(2, 600).unwrap_err().code, Code::BadRequest);
    assert_eq!(bench.query().last_seq, Some(1));
    assert!(bench.apply(2, 600).unwrap().applied);
    // Blind before anything was sent: certainly not applied, where "unavailable" would leave it open.
    bench.world.lock().unwrap().blind = true;
    assert_eq!(bench.apply(3, 700).unwrap_err().code, Code::NotApplied);
    bench.world.lock().unwrap().blind = false;
    // Resting with no budget is resting, whatever budget the platform keeps.
    assert!(bench.apply(3, 0).unwrap().state.paused);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20))]

    /// Protects the one rule: each number is written at most once, and what the fence says is what the platform has.
    #[test]
    fn each_number_is_written_once(steps in prop::collection::vec((0_u64..12, 0_usize..5, any::<bool>()), 1..20)) {
        const TROUBLES: [Trouble; 5] = [Trouble::None, Trouble::Refused, Trouble::LostBefore, Trouble::LostAfter,
                                        Trouble::LostAndBlind];
        let mut bench = Bench::new();
        let mut in_force = None;
        for (seq, trouble, crash) in steps {
            let (writes, before) = {
                let mut world = bench.world.lock().unwrap();
                world.blind = false;
                world.trouble = TROUBLES[trouble];
                (world.writes, world.standing.clone())
            };
            let minor = 1_000 + i64::try_from(seq).unwrap();
            let answer = bench.apply(seq, minor);
            {
                let mut world = bench.world.lock().unwrap();
                world.blind = false;
                world.trouble = Trouble::None;
                prop_assert!(world.writes <= writes + 1);
                if let Err(error) = &answer && error.code != Code::UnknownOutcome {
                    prop_assert_eq!(&world.standing, &before);
                }
                if in_force.is_some_and(|last| seq <= last) {
                    prop_assert_eq!(world.writes, writes, "a number that was seen is not written");
                }
            }
            if crash {
                bench.again();
            }
            let (state, standing) = (bench.query(), bench.world.lock().unwrap().standing.clone());
            prop_assert_eq!(state.exists, standing.is_some());
            prop_assert_eq!(state.daily_budget.map(|m| m.minor), standing.map(|s| s.budget_minor));
            prop_assert!(state.last_seq >= in_force, "numbers never go back");
            in_force = state.last_seq;
        }
    }
}
