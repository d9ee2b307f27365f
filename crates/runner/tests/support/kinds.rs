//! Months of every kind of goal with truly equal or unequal arms, for the check of error rates and its short form as a test.

use std::path::Path;
use std::sync::Arc;

use gevinst_experiment::{Company, Source, parse_company, parse_experiment};
use gevinst_ledger::evidence::ArmStatus;
use gevinst_rehearsal::{Calendar, Grain};
use gevinst_runner::engine::Engine;
use gevinst_runner::kinds::Terms;
use gevinst_runner::plan::Plan;
use gevinst_runner::rehearse::month::play_watched;
use gevinst_runner::rehearse::months::month_seed;
use gevinst_runner::rehearse::stand_in::{StandIn, stand_ins};

use gevinst_stats::judgement::Detail;

/// Chance of ever dropping the best arm that every world states.
pub(crate) const ALPHA: f64 = 0.05;

/// A kind of goal in the world that it is judged in.
pub(crate) struct World {
    /// Its name in tables.
    pub(crate) name: &'static str,
    /// The lines of `[goal]`.
    goal: &'static str,
    separation: &'static str,
    budget: &'static str,
    /// True rates: per exposure, or with goals a day relative ones.
    rate: f64,
    goals_per_day: Option<f64>,
    /// Further lines of `[rehearsal]`.
    truths: &'static str,
    /// Further lines of `[decide]`.
    decide: &'static str,
    /// The label that its evidence must carry.
    pub(crate) guarantee: &'static str,
}

const LIST: &str = "total_exposure = 18000\ndaily_exposure = 600";
const ADS: &str = "total = \"300 000 NOK\"\ndaily_max = \"10 000 NOK\"";

impl World {
    /// The same world in which arms must bring back so much for one.
    pub(crate) const fn with_decide(self, decide: &'static str) -> Self {
        Self { decide, ..self }
    }
}

/// Ads that bring back 3.60 for one on average: 40 goals of 900 kr a day for 10 000.
pub(crate) const RETURNS: World = World {
    name: "revenue over spend",
    goal: "metric = \"revenue\"\nper = \"spend\"\nkind = \"ratio\"",
    separation: "unrandomised",
    budget: ADS,
    rate: 1.0,
    goals_per_day: Some(40.0),
    truths: "day_noise = 0.1\nweekdays = [1.0, 1.1, 1.1, 1.0, 0.8, 0.4, 0.35]\n\
                 value = { mean = \"900 NOK\", spread = \"900 NOK\" }",
    decide: "",
    guarantee: "asymptotic",
};

/// One world for each way in which a goal can be judged.
pub(crate) const WORLDS: [World; 8] = [
    World {
        name: "people, often",
        goal: "metric = \"visit\"\nper = \"recipients\"",
        separation: "randomised",
        budget: LIST,
        rate: 0.15,
        goals_per_day: None,
        truths: "",
        decide: "",
        guarantee: "exact",
    },
    World {
        name: "people, rarely",
        goal: "metric = \"order\"\nper = \"recipients\"",
        separation: "randomised",
        budget: LIST,
        rate: 0.004,
        goals_per_day: None,
        truths: "",
        decide: "",
        guarantee: "exact",
    },
    World {
        name: "people, again and again",
        goal: "metric = \"click\"\nper = \"recipients\"\nonce = false",
        separation: "randomised",
        budget: LIST,
        rate: 0.05,
        goals_per_day: None,
        truths: "",
        decide: "",
        guarantee: "robust",
    },
    World {
        name: "values of people",
        goal: "metric = \"revenue\"\nper = \"recipients\"\nkind = \"value\"",
        separation: "randomised",
        budget: LIST,
        rate: 0.05,
        goals_per_day: None,
        truths: "value = { mean = \"900 NOK\", spread = \"900 NOK\" }",
        decide: "",
        guarantee: "asymptotic",
    },
    World {
        name: "values up to a cap",
        goal: "metric = \"revenue\"\nper = \"recipients\"\nkind = \"value\"\ncap = \"2 000 NOK\"",
        separation: "randomised",
        budget: LIST,
        rate: 0.2,
        goals_per_day: None,
        truths: "value = { mean = \"900 NOK\", spread = \"90 NOK\" }",
        decide: "",
        guarantee: "exact",
    },
    World {
        name: "values of clicks",
        goal: "metric = \"revenue\"\nper = \"clicks\"\nkind = \"value\"",
        separation: "platform-split",
        budget: ADS,
        rate: 0.06,
        goals_per_day: None,
        truths: "day_noise = 0.1\nweekdays = [1.0, 1.1, 1.1, 1.0, 0.8, 0.4, 0.35]\nprice = \"10 NOK\"\n\
                 value = { mean = \"900 NOK\", spread = \"900 NOK\" }",
        decide: "",
        guarantee: "asymptotic",
    },
    RETURNS,
    World {
        name: "revenue over clicks",
        goal: "metric = \"revenue\"\nper = \"clicks\"\nkind = \"ratio\"",
        separation: "platform-split",
        budget: ADS,
        rate: 0.06,
        goals_per_day: None,
        truths: "day_noise = 0.05\ndelay = \"2 days\"\nprice = \"10 NOK\"\n\
                 value = { mean = \"900 NOK\", spread = \"300 NOK\" }",
        decide: "",
        guarantee: "asymptotic",
    },
];

/// What months showed; shares with their standard errors.
pub(crate) struct Shown {
    /// An arm as good as any was dropped at any look, averaged over these arms.
    pub(crate) dropped: (f64, f64),
    /// A confidence sequence did not hold the true ratio 1 at any look, averaged over pairs; none where arms differ.
    pub(crate) missed: (f64, f64),
    /// The worst arm was dropped; 0 where all are equal.
    pub(crate) found: f64,
}

/// An experiment with the market it is played against.
pub(crate) struct Scene {
    plan: Plan,
    stand_in: StandIn,
    calendar: Arc<Calendar>,
    equal: bool,
}

fn company() -> Company {
    let text = "currency = \"NOK\"\ntimezone = \"Europe/Oslo\"\n[month]\nbudget = \"300 000 NOK\"\n\
                [channels.native]\nplugin = \"native-ads\"\n";
    parse_company(&Source::new("gevinst.toml", text)).unwrap_or_else(|found| panic!("{found}")).value
}

impl Scene {
    /// `arms` arms, of which the last has `last` times the rate of the others.
    pub(crate) fn new(world: &World, arms: usize, last: f64, rule: &str) -> Self {
        let name = |arm: usize| format!("arm-{arm}");
        let rate = |arm: usize| world.rate * if arm + 1 == arms { last } else { 1.0 };
        let listed: String = (0..arms)
            .map(|arm| format!("[[arm]]\nname = \"{}\"\nchannel = \"native\"\n", name(arm)))
            .collect();
        let rates: Vec<String> = (0..arms).map(|arm| format!("{} = {}", name(arm), rate(arm))).collect();
        let rates = rates.join(", ");
        let truths = match world.goals_per_day {
            Some(goals) => format!("goals_per_day = {goals}\narms = {{ {rates} }}"),
            None => format!("rates = {{ {rates} }}"),
        };
        let text = format!(
            "name = \"scene\"\nmonth = \"2026-11\"\nhypothesis = \"The arms are equal.\"\nseparation = \"{}\"\n[goal]\n{}\n\
             [budget]\n{}\n{listed}[decide]\nwrongly_drop_best = {ALPHA}\ntie_within = \"0 %\"\n{}\n\
             [allocate]\nrule = \"{rule}\"\n[delay]\ncomplete_after = \"10 days\"\n[rehearsal]\n{truths}\n{}\n",
            world.separation, world.goal, world.budget, world.decide, world.truths
        );
        let company = company();
        let experiment = parse_experiment(&Source::new("scene.toml", text), &company)
            .unwrap_or_else(|found| panic!("{found}"))
            .value;
        let plan = Plan::new(&company, &experiment, None).unwrap_or_else(|error| panic!("{error}"));
        let stand_in = stand_ins(&[(&experiment, Path::new(""))], &[])
            .remove(0)
            .unwrap_or_else(|error| panic!("{error}"));
        let calendar =
            Calendar::month("2026-11", "Europe/Oslo", Grain::Day).unwrap_or_else(|error| panic!("{error}"));
        #[expect(clippy::float_cmp, reason = "1 is written as 1")]
        let equal = last == 1.0;
        assert_eq!(
            Terms::of(&plan, Detail::Evidence).guarantee().as_str(),
            world.guarantee,
            "{}",
            world.name
        );
        Self { plan, stand_in, calendar: Arc::new(calendar), equal }
    }

    /// Plays one month: (share of the best arms dropped, share of pairs missed, whether the last arm was dropped, its labels).
    pub(crate) fn play(&self, seed: u64, number: u32) -> (f64, f64, bool, String) {
        let arms = self.plan.arms.len();
        let best = if self.equal { arms } else { arms - 1 };
        let mut missed = vec![false; arms * (arms - 1) / 2];
        let mut dropped = vec![false; arms];
        let mut labels = String::new();
        let engine = Engine::for_decisions(&self.plan).unwrap_or_else(|error| panic!("{error}"));
        let seed = month_seed(seed, number);
        let outcome =
            play_watched(&self.plan, &self.stand_in, &self.calendar, seed, engine, &mut |finding| {
                let bad: Vec<&str> = finding
                    .checks
                    .iter()
                    .filter(|check| !check.passed)
                    .map(|check| check.sentence.as_str())
                    .collect();
                assert!(bad.is_empty(), "{bad:?}");
                let judgement = &finding.reading.judgement;
                labels = judgement.guarantee.as_str().to_owned();
                for (missed, pair) in missed.iter_mut().zip(&judgement.pairs) {
                    *missed |= pair.confidence.map_or_else(
                        // With a prior centred on 0, half of it lies on either side.
                        || 0.5 * (pair.ln_e_a_beats_b.exp() + pair.ln_e_b_beats_a.exp()) >= 1.0 / ALPHA,
                        |c| c.lower.is_some_and(|l| l > 1.0) || c.upper.is_some_and(|u| u < 1.0),
                    );
                }
                for (dropped, arm) in dropped.iter_mut().zip(&judgement.arms) {
                    *dropped |= arm.ln_e_drop >= -ALPHA.ln();
                }
            })
            .unwrap_or_else(|error| panic!("{error}"));
        let found = outcome.arms[arms - 1].status == ArmStatus::Dropped;
        let missed = if self.equal { share(&missed) } else { 0.0 };
        (share(&dropped[..best]), missed, found, labels)
    }
}

impl Scene {
    /// Whether the last arm was dropped for bringing back too little in a month.
    pub(crate) fn unprofitable(&self, seed: u64, number: u32) -> bool {
        let engine = Engine::for_decisions(&self.plan).unwrap_or_else(|error| panic!("{error}"));
        let seed = month_seed(seed, number);
        let outcome = play_watched(&self.plan, &self.stand_in, &self.calendar, seed, engine, &mut |_| {})
            .unwrap_or_else(|error| panic!("{error}"));
        outcome.arms.last().is_some_and(|arm| arm.status == ArmStatus::Unprofitable)
    }
}

/// Shares over months and their standard errors.
pub(crate) fn shown(months: &[(f64, f64, bool, String)]) -> Shown {
    Shown {
        dropped: mean_and_se(months.iter().map(|month| month.0)),
        missed: mean_and_se(months.iter().map(|month| month.1)),
        found: mean_and_se(months.iter().map(|month| f64::from(u8::from(month.2)))).0,
    }
}

/// Whether a share lies above α by more than two standard errors, its own or those of α itself over so many months.
pub(crate) fn exceeds((rate, se): (f64, f64), months: u32) -> bool {
    let of_alpha = (ALPHA * (1.0 - ALPHA) / f64::from(months)).sqrt();
    rate > ALPHA + 2.0 * se.max(of_alpha)
}

fn share(flags: &[bool]) -> f64 {
    mean_and_se(flags.iter().map(|flag| f64::from(u8::from(*flag)))).0
}

fn mean_and_se(values: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    let n = values.clone().map(|_| 1.0).sum::<f64>();
    let mean = values.clone().sum::<f64>() / n;
    let variance = values.map(|value| (value - mean).powi(2)).sum::<f64>() / (n - 1.0).max(1.0);
    (mean, (variance / n).sqrt())
}
