//! Whatever is fetched whenever: what is known in the end is what the platform says in the end.

use std::collections::BTreeMap;

use gevinst_fakes::linkedin::LinkedIn;
use gevinst_fakes::{Figures, Platform, Truth};
use jiff::ToSpan as _;
use jiff::civil::date;
use proptest::prelude::*;

use crate::bench::{Bench, DAY_US, START_US, command, request};

/// Days that are played.
const DAYS: i64 = 12;

/// A day's doings: a new budget or a pause for an arm, and whether somebody looks, once or twice.
type Step = (usize, i64, bool, u8);

const ARMS: [&str; 2] = ["product", "problem"];

/// Plays the days with looks in between, and gathers rows as the ledger does: a later one replaces.
fn play<P: Platform>(bench: &Bench<P>, steps: &[Step]) -> BTreeMap<(i64, u32, u32), (u64, f64)> {
    let mut known = BTreeMap::new();
    let mut look = |channel: &mut gevinst_sdk::testing::Driver<gevinst_social::Social>| {
        for row in channel.observe(&request(DAYS)).unwrap().rows.iter() {
            known.insert((row.period_start_us, row.arm, row.metric), (row.count, row.sum));
        }
    };
    let mut channel = bench.open();
    for arm in ARMS {
        channel.apply(&bench.launch(arm, 5_000)).unwrap();
    }
    for (at, (arm, minor, paused, looks)) in (1_i64..).zip(steps) {
        bench.set_day(at, 7);
        let seq = 1 + at.unsigned_abs();
        channel.apply(&command(ARMS[*arm], seq, *minor, *paused)).unwrap();
        for _ in 0..*looks {
            look(&mut channel);
        }
    }
    // Long after the last restatement.
    bench.set_day(DAYS + 40, 0);
    look(&mut channel);
    known
}

fn check(
    known: &BTreeMap<(i64, u32, u32), (u64, f64)>,
    truth: impl Fn(&str) -> Vec<Figures>,
) -> Result<(), TestCaseError> {
    for (code, arm) in [(7, "product"), (8, "problem")] {
        for (day, figures) in (0_i64..).zip(truth(arm)) {
            let at = START_US + day * DAY_US;
            let told = |metric: u32| known.get(&(at, code, metric)).copied().unwrap_or_default();
            prop_assert_eq!(told(1).1, figures.spend_minor as f64, "spend of {} on day {}", arm, day);
            prop_assert_eq!(told(2).0, figures.goals.unsigned_abs(), "leads of {} on day {}", arm, day);
            prop_assert_eq!(told(3).0, figures.impressions.unsigned_abs());
        }
    }
    Ok(())
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = (0_usize..2, 1_000_i64..20_000, prop::bool::weighted(0.2), 0_u8..3);
    prop::collection::vec(step, 1..usize::try_from(DAYS).unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn linkedins_totals_are_its_final_truth(steps in steps()) {
        // Protects: the ledger's sums, whatever sequence of restated reports they were gathered from.
        let mut platform = LinkedIn::default();
        platform.truths.insert("problem".to_owned(), Truth { per_goal_minor: 900, ..Truth::default() });
        let bench = crate::linkedin::bench(platform);
        let known = play(&bench, &steps);
        let days: Vec<_> = (0..DAYS).map(|day| date(2026, 11, 1).saturating_add(day.days())).collect();
        let until_us = START_US + (DAYS + 40) * DAY_US;
        let truth = |arm: &str| {
            bench.fake.with(|platform| platform.truth("509", &format!("gevinst/headlines/{arm}"), &days, until_us))
        };
        check(&known, truth)?;
    }

    #[test]
    fn metas_totals_are_its_final_truth(steps in steps()) {
        // Protects: as above, with leads under three names.
        let mut platform = crate::meta::platform();
        platform.truths.insert("problem".to_owned(), Truth { per_goal_minor: 900, ..Truth::default() });
        let bench = crate::meta::bench(platform);
        let known = play(&bench, &steps);
        let days: Vec<_> = (0..DAYS).map(|day| date(2026, 11, 1).saturating_add(day.days())).collect();
        let until_us = START_US + (DAYS + 40) * DAY_US;
        let truth = |arm: &str| {
            bench.fake.with(|platform| platform.truth("509", &format!("gevinst/headlines/{arm}"), &days, until_us))
        };
        check(&known, truth)?;
    }
}
