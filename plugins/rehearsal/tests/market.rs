//! What the market promises: replays, the laws that were stated, and nothing rewritten.

use std::sync::Arc;

use gevinst_rehearsal::{
    Applied, Calendar, Error, GoalValue, Grain, Market, Model, Per, Restate, Row, Truth,
};
use proptest::prelude::*;

const DAY_US: i64 = 86_400_000_000;

fn november(grain: Grain) -> Arc<Calendar> {
    Arc::new(Calendar::month("2026-11", "Europe/Oslo", grain).expect("a month"))
}

fn headlines() -> Truth {
    let mut truth = Truth::of_arms(Per::Spend, [("a", 1.0), ("b", 1.3), ("c", 0.8), ("d", 1.3)]);
    truth.daily_budget = Some(250_000);
    truth.goals_per_day = Some(12.0);
    truth
}

fn rich() -> Truth {
    let mut truth = headlines();
    truth.weekdays = [1.0, 1.1, 1.1, 1.0, 0.8, 0.4, 0.35];
    truth.day_noise = 0.1;
    truth.delay_us = Some(3 * DAY_US);
    truth.drift = -0.2;
    truth.saturation = 0.3;
    truth.underdelivery = 0.02;
    truth.restate = Some(Restate { share: 0.3, factors: vec![0.8, 1.2], after_us: 5 * DAY_US });
    truth.value = Some(GoalValue { mean: 1_800.0, sd: 900.0 });
    truth
}

fn market(truth: &Truth, seed: u64, grain: Grain) -> Market {
    Market::new(Arc::new(Model::new(truth).expect("possible truths")), "headlines", seed, november(grain))
}

fn launch(market: &mut Market, budget: i64) {
    let start_us = market.calendar().start_us();
    let arms = market.model().arm_names().len();
    for arm in 0..arms {
        assert_eq!(market.apply(arm, 1, budget, false, start_us), Ok(Applied::Yes));
    }
}

/// Everything known at `now_us`.
fn known(market: &mut Market, now_us: i64) -> Vec<Row> {
    let (from_us, to_us) = (market.calendar().start_us(), market.calendar().end_us());
    let mut rows = Vec::new();
    market.observe(from_us, to_us, now_us, &mut rows);
    rows
}

/// Mean and variance.
fn moments(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    (mean, values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (n - 1.0))
}

/// Goals of arm `arm` in the period, over many months of an even split.
fn goals_over_seeds(truth: &Truth, arm: u32, period: u32, months: u64) -> Vec<f64> {
    let model = Arc::new(Model::new(truth).expect("possible truths"));
    let calendar = november(Grain::Day);
    (0..months)
        .map(|seed| {
            let mut market = Market::new(Arc::clone(&model), "headlines", seed, Arc::clone(&calendar));
            launch(&mut market, 62_500);
            let (from_us, to_us) = calendar.period(period as usize);
            let mut rows = Vec::new();
            market.observe(from_us, to_us, calendar.end_us(), &mut rows);
            rows.iter().find(|row| row.arm == arm).expect("a row").goals as f64
        })
        .collect()
}

#[test]
fn a_month_is_the_same_however_often_and_in_whatever_order_anyone_looks() {
    // Protects: replays; looking must not change what is seen.
    for grain in [Grain::Day, Grain::Hour] {
        let end_us = november(grain).period(november(grain).month_periods() - 1).1;
        let mut once = market(&rich(), 42, grain);
        launch(&mut once, 62_500);
        let want = known(&mut once, end_us);
        let mut daily = market(&rich(), 42, grain);
        launch(&mut daily, 62_500);
        let mut now_us = daily.calendar().start_us();
        while now_us < end_us {
            known(&mut daily, now_us);
            now_us += DAY_US / 3;
        }
        assert_eq!(known(&mut daily, end_us), want);
        // Looking back from a later day finds what was known then.
        let tenth_us = daily.calendar().start_us() + 10 * DAY_US;
        let mut fresh = market(&rich(), 42, grain);
        launch(&mut fresh, 62_500);
        assert_eq!(known(&mut daily, tenth_us), known(&mut fresh, tenth_us));
    }
}

#[test]
fn a_restart_that_repeats_the_commands_finds_the_same_month() {
    // Protects: crash recovery; a market is a function of its commands, not of what was asked between them.
    let calendar = november(Grain::Day);
    let commands: Vec<(usize, u64, i64, bool, i64)> = (0..25_i64)
        .map(|i| {
            let seq = u64::try_from(i / 4 + 1).unwrap();
            (
                usize::try_from(i % 4).unwrap(),
                seq,
                20_000 + 3_000 * i,
                i % 11 == 7,
                calendar.start_us() + i * DAY_US * 9 / 10,
            )
        })
        .collect();
    let mut watched = market(&rich(), 7, Grain::Day);
    for &(arm, seq, budget, paused, at_us) in &commands {
        known(&mut watched, at_us);
        assert_eq!(watched.apply(arm, seq, budget, paused, at_us), Ok(Applied::Yes));
        assert_eq!(watched.apply(arm, seq, 999_999_999, false, at_us), Ok(Applied::AlreadySeen));
    }
    let mut restarted = market(&rich(), 7, Grain::Day);
    for &(arm, seq, budget, paused, at_us) in &commands {
        restarted.apply(arm, seq, budget, paused, at_us).unwrap();
    }
    assert_eq!(known(&mut watched, calendar.end_us()), known(&mut restarted, calendar.end_us()));
    // A command that reaches back before what was looked at counts all the same.
    let late_us = calendar.start_us() + 25 * DAY_US + 1;
    for market in [&mut watched, &mut restarted] {
        market.apply(0, 50, 0, true, late_us).unwrap();
    }
    let rows = known(&mut watched, calendar.end_us());
    assert_eq!(rows, known(&mut restarted, calendar.end_us()));
    assert!(rows.iter().filter(|row| row.arm == 0 && row.period > 26).all(|row| row.spend_minor == 0));
}

#[test]
fn one_arms_budget_does_not_touch_another_arms_draws() {
    // Protects: comparisons of rules on the same market.
    let mut even = market(&rich(), 3, Grain::Day);
    let mut moved = market(&rich(), 3, Grain::Day);
    launch(&mut even, 62_500);
    launch(&mut moved, 62_500);
    moved.apply(0, 2, 10_000, false, moved.calendar().start_us() + 3 * DAY_US).unwrap();
    let end_us = even.calendar().end_us();
    let others = |rows: Vec<Row>| rows.into_iter().filter(|row| row.arm != 0).collect::<Vec<_>>();
    assert_eq!(others(known(&mut even, end_us)), others(known(&mut moved, end_us)));
}

#[test]
fn the_draws_of_a_seed_stay_what_they_were() {
    // Protects: replays across versions; a new version of a random-number crate must not change old months unnoticed.
    let mut market = market(&rich(), 1, Grain::Day);
    launch(&mut market, 62_500);
    let rows = known(&mut market, november(Grain::Day).period(13).1);
    let goals: Vec<u64> = rows.iter().filter(|row| row.arm == 1).map(|row| row.goals).collect();
    assert_eq!(goals, [2, 10, 3, 3, 4, 1, 0, 2, 5, 2, 0, 1, 0, 0], "arm b");
}

#[test]
fn an_even_split_brings_the_stated_goals_with_poisson_scatter() {
    // Protects: `goals_per_day` and the relative rates mean what they say.
    let truth = headlines();
    let months = 4_000;
    for (arm, rate) in [(0_u32, 1.0), (1, 1.3)] {
        let (mean, variance) = moments(&goals_over_seeds(&truth, arm, 4, months));
        let want = 12.0 * rate / 4.4;
        let n = months as f64;
        assert!((mean - want).abs() < 4.0 * (want / n).sqrt(), "arm {arm}: {mean} for {want}");
        // Variance of a Poisson's sample variance: (λ + 2λ²)/n.
        let sd = ((want + 2.0 * want * want) / n).sqrt();
        assert!((variance - want).abs() < 4.0 * sd, "arm {arm}: variance {variance} for {want}");
    }
}

#[test]
fn day_noise_adds_its_variance_and_no_more() {
    // Protects: overdispersion, λ + v·λ², without a change of the mean.
    let mut truth = headlines();
    truth.goals_per_day = Some(200.0);
    truth.day_noise = 0.2;
    let months = 4_000;
    let (mean, variance) = moments(&goals_over_seeds(&truth, 0, 4, months));
    let want = 200.0 / 4.4;
    let spread = want + 0.2 * want * want;
    assert!((mean - want).abs() < 4.0 * (spread / months as f64).sqrt(), "{mean} for {want}");
    // The Gamma-Poisson's kurtosis is under 5 here: relative sd of the sample variance under 2/sqrt(n).
    assert!((variance / spread - 1.0).abs() < 4.0 * 2.0 / (months as f64).sqrt(), "{variance} for {spread}");
}

#[test]
fn the_week_and_the_drift_move_demand_around_a_mean_of_one() {
    // Protects: `goals_per_day` stays the average whatever the wave, and drift ends where it says.
    let mut truth = headlines();
    truth.weekdays = [1.0, 1.1, 1.1, 1.0, 0.8, 0.4, 0.35];
    truth.drift = -0.2;
    let model = Model::new(&truth).unwrap();
    let calendar = november(Grain::Day);
    let expected = |day: usize| model.expected_goals(&calendar, 0, day, 62_500.0);
    let want = (1.1 - 0.2 * 28.0 / 29.0) / 1.1;
    assert!((expected(28) / expected(0) - want).abs() < 1e-12, "Sundays, four weeks apart");
    truth.drift = 0.0;
    let model = Model::new(&truth).unwrap();
    let week: f64 = (0..7).map(|day| model.expected_goals(&calendar, 0, day, 62_500.0)).sum();
    assert!((week - 7.0 * 12.0 / 4.4).abs() < 1e-9);
    let sunday_to_tuesday =
        model.expected_goals(&calendar, 0, 0, 1.0) / model.expected_goals(&calendar, 0, 2, 1.0);
    assert!((sunday_to_tuesday - 0.35 / 1.1).abs() < 1e-12);
}

#[test]
fn returns_diminish_as_the_exponent_says_whatever_the_grain() {
    // Protects: saturation, and that hours add up to their day.
    let mut truth = headlines();
    truth.saturation = 0.3;
    let model = Model::new(&truth).unwrap();
    let days = november(Grain::Day);
    let even = model.expected_goals(&days, 0, 3, 62_500.0);
    assert!((even - model.true_rate(0) * 62_500.0).abs() < 1e-9, "the reference is the even split");
    assert!((model.expected_goals(&days, 0, 3, 250_000.0) / even - 4_f64.powf(0.7)).abs() < 1e-9);
    let hours = november(Grain::Hour);
    let by_hour: f64 = (72..96).map(|hour| model.expected_goals(&hours, 0, hour, 250_000.0 / 24.0)).sum();
    assert!((by_hour - model.expected_goals(&days, 0, 3, 250_000.0)).abs() < 1e-9);
}

#[test]
fn late_goals_arrive_as_the_median_says() {
    // Protects: the delay's distribution as a look sees it.
    let mut truth = headlines();
    truth.goals_per_day = Some(4_000.0);
    truth.delay_us = Some(3 * DAY_US);
    let mut market = market(&truth, 5, Grain::Day);
    launch(&mut market, 62_500);
    let calendar = november(Grain::Day);
    let all: u64 = known(&mut market, calendar.end_us() + 400 * DAY_US)
        .iter()
        .filter(|r| r.period < 10)
        .map(|r| r.goals)
        .sum();
    for later in [0, 1, 3, 8] {
        let mut seen = 0;
        for period in 0..10 {
            let rows = known(&mut market, calendar.period(period + later).1);
            seen += rows.iter().filter(|row| row.period as usize == period).map(|row| row.goals).sum::<u64>();
        }
        let p = market.model().completeness(&calendar, later);
        let share = seen as f64 / all as f64;
        assert!((share - p).abs() < 4.0 * (p * (1.0 - p) / all as f64).sqrt(), "{later}: {share} for {p}");
    }
}

#[test]
fn a_day_is_corrected_once_and_late() {
    // Protects: restatements come when they are due, on the stated share of days, by the stated factor.
    let mut truth = headlines();
    truth.goals_per_day = Some(4_000.0);
    truth.restate = Some(Restate { share: 0.25, factors: vec![0.8], after_us: 5 * DAY_US });
    let mut market = market(&truth, 5, Grain::Day);
    launch(&mut market, 62_500);
    let calendar = november(Grain::Day);
    let (mut corrected, mut days) = (0_u32, 0_u32);
    for period in 0..100 {
        let end_us = calendar.period(period).1;
        let mut at = |now_us| {
            let rows = known(&mut market, now_us);
            rows.into_iter().filter(|row| row.period as usize == period).collect::<Vec<_>>()
        };
        let (first, before, after, long_after) =
            (at(end_us), at(end_us + 5 * DAY_US - 1), at(end_us + 5 * DAY_US), at(end_us + 60 * DAY_US));
        assert_eq!(first, before);
        assert_eq!(after, long_after);
        for (before, after) in before.iter().zip(&after) {
            days += 1;
            if before.goals != after.goals {
                corrected += 1;
                let share = after.goals as f64 / before.goals as f64;
                assert!((share - 0.8).abs() < 5.0 * (0.16 / before.goals as f64).sqrt(), "{share}");
            }
        }
    }
    let share = f64::from(corrected) / f64::from(days);
    assert!((share - 0.25).abs() < 4.0 * (0.25 * 0.75 / f64::from(days)).sqrt(), "{share} of {days}");
}

#[test]
fn a_period_that_is_not_over_is_not_reported() {
    // Protects: exposures that are settled before goals are counted, and freshness.
    let mut market = market(&headlines(), 5, Grain::Day);
    launch(&mut market, 62_500);
    let calendar = november(Grain::Day);
    let mut rows = Vec::new();
    let (start_us, end_us) = calendar.period(0);
    assert_eq!(market.observe(start_us, calendar.end_us(), end_us - 1, &mut rows), start_us);
    assert!(rows.is_empty());
    assert_eq!(market.observe(start_us, calendar.end_us(), end_us, &mut rows), end_us);
    assert_eq!(rows.len(), 4);
    rows.clear();
    let (third_us, fourth_us) = calendar.period(2);
    market.observe(third_us, fourth_us, calendar.end_us(), &mut rows);
    assert_eq!(
        rows.iter().map(|row| row.start_us).collect::<Vec<_>>(),
        [third_us; 4],
        "only what was asked for"
    );
}

#[test]
fn an_arm_that_joins_late_has_no_rows_before() {
    // Protects: a missing row is not a zero, and a paused day is one.
    let mut market = market(&headlines(), 5, Grain::Day);
    let calendar = november(Grain::Day);
    market.apply(2, 1, 50_000, false, calendar.period(9).0 + DAY_US / 2).unwrap();
    market.apply(2, 2, 50_000, true, calendar.period(11).0).unwrap();
    let rows = known(&mut market, calendar.period(12).1);
    let found: Vec<_> = rows.iter().map(|row| (row.arm, row.period, row.spend_minor)).collect();
    assert_eq!(found, [(2, 9, 25_000), (2, 10, 50_000), (2, 11, 0), (2, 12, 0)]);
    assert_eq!(market.state(2), Some((2, 50_000, true)));
    assert_eq!(market.state(0), None);
}

#[test]
fn commands_that_make_no_sense_are_refused_and_change_nothing() {
    // Protects: the past, and budgets under zero.
    let mut market = market(&headlines(), 5, Grain::Day);
    launch(&mut market, 62_500);
    let start_us = market.calendar().start_us();
    let errors = [
        market.apply(9, 2, 1, false, start_us),
        market.apply(0, 2, -1, false, start_us),
        market.apply(0, 2, 1, false, start_us - 1),
    ];
    assert!(matches!(&errors[0], Err(Error::UnknownArm { .. })));
    assert!(matches!(&errors[1], Err(Error::NegativeBudget { .. })));
    assert!(matches!(&errors[2], Err(Error::OutOfOrder { .. })));
    assert_eq!(market.state(0), Some((1, 62_500, false)));
}

#[test]
fn people_of_a_list_are_bought_whole_and_convert_at_their_probability() {
    // Protects: binomial goals per recipient, prices, and budgets counted in people.
    let mut truth = Truth::of_arms(Per::Recipients, [("mens", 0.1828), ("womens", 0.1514), ("none", 0.1062)]);
    truth.price = Some(37.5);
    let calendar = november(Grain::Day);
    let mut list = market(&truth, 9, Grain::Day);
    launch(&mut list, 1_000_000);
    let rows = known(&mut list, calendar.period(29).1);
    for row in rows.iter().filter(|row| row.arm == 0) {
        assert_eq!(row.exposures, 26_666);
        assert_eq!(row.spend_minor, 999_975);
    }
    let goals: u64 = rows.iter().filter(|row| row.arm == 0).map(|row| row.goals).sum();
    let people = 30.0 * 26_666.0;
    let share = goals as f64 / people;
    assert!((share - 0.1828).abs() < 4.0 * (0.1828 * 0.8172 / people).sqrt(), "{share}");
    assert_eq!(list.model().best_arms(), [0]);

    truth.budget_in = gevinst_rehearsal::BudgetIn::Exposure;
    let mut list = market(&truth, 9, Grain::Hour);
    launch(&mut list, 2_401);
    let rows = known(&mut list, calendar.period(0).1);
    assert_eq!(rows.iter().filter(|row| row.arm == 1).map(|row| row.exposures).sum::<u64>(), 2_401);
}

#[test]
fn values_have_the_stated_mean_and_spread() {
    // Protects: sum and sum of squares of goals with a value.
    let mut truth = headlines();
    truth.goals_per_day = Some(2_000.0);
    truth.value = Some(GoalValue { mean: 1_800.0, sd: 900.0 });
    let mut market = market(&truth, 5, Grain::Day);
    launch(&mut market, 62_500);
    let rows = known(&mut market, november(Grain::Day).period(29).1);
    let (n, sum, squares) = rows.iter().fold((0.0, 0.0, 0.0), |(n, sum, squares), row| {
        (n + row.goals as f64, sum + row.sum, squares + row.sum_sq)
    });
    let mean = sum / n;
    let sd = (squares / n - mean * mean).sqrt();
    assert!((mean - 1_800.0).abs() < 4.0 * 900.0 / n.sqrt(), "{mean}");
    assert!((sd / 900.0 - 1.0).abs() < 0.05, "{sd}");
}

#[test]
fn arms_that_were_stated_alike_tie_for_best() {
    // Protects: the score of a rehearsal, which must not call a tie a mistake.
    let model = Model::new(&headlines()).unwrap();
    let names: Vec<_> = model.arm_names().collect();
    assert_eq!(model.best_arms().iter().map(|&arm| names[arm]).collect::<Vec<_>>(), ["b", "d"]);
}

#[test]
fn impossible_truths_are_refused_by_their_key() {
    // Protects: a stand-in market that quietly means something else.
    type Break = fn(&mut Truth);
    let broken: [(&str, Break); 16] = [
        ("arms", |t| t.arms.clear()),
        ("arms.a", |t| *t.arms.get_mut("a").unwrap() = f64::NAN),
        ("arms.b", |t| *t.arms.get_mut("b").unwrap() = -1.0),
        ("arms", |t| t.arms.values_mut().for_each(|rate| *rate = 0.0)),
        ("daily_budget", |t| t.daily_budget = None),
        ("daily_budget", |t| t.daily_budget = Some(0)),
        ("goals_per_day", |t| t.goals_per_day = Some(f64::INFINITY)),
        ("weekdays", |t| t.weekdays = [0.0; 7]),
        ("weekdays.2", |t| t.weekdays[2] = -0.1),
        ("drift", |t| t.drift = -2.0),
        ("day_noise", |t| t.day_noise = f64::NAN),
        ("delay_us", |t| t.delay_us = Some(-1)),
        ("saturation", |t| t.saturation = 1.0),
        ("underdelivery", |t| t.underdelivery = 0.9),
        ("restate.factors", |t| t.restate = Some(Restate { share: 0.1, factors: vec![], after_us: 0 })),
        ("price", |t| t.per = Per::Clicks),
    ];
    for (want, damage) in broken {
        let mut truth = headlines();
        damage(&mut truth);
        match Model::new(&truth) {
            Err(Error::Truth { key, .. }) => assert_eq!(key, want),
            other => panic!("{want}: {other:?}"),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn known_goals_never_fall_and_spend_never_exceeds_the_budget(
        seed in any::<u64>(),
        goals_per_day in 0.1_f64..2_000.0,
        median_days in 0_i64..9,
        noise in 0.0_f64..0.5,
        moves in proptest::collection::vec((0_usize..4, 0_i64..400_000, 0_i64..30 * DAY_US), 0..12),
    ) {
        // Protects: what a cohort's history looks like to the ledger, under any budgets.
        let mut truth = rich();
        (truth.restate, truth.goals_per_day, truth.day_noise) = (None, Some(goals_per_day), noise);
        truth.delay_us = Some(median_days * DAY_US);
        let mut market = market(&truth, seed, Grain::Day);
        launch(&mut market, 62_500);
        let mut moves = moves;
        moves.sort_by_key(|&(_, _, at_us)| at_us);
        let (start_us, mut most) = (market.calendar().start_us(), 62_500);
        for (seq, (arm, budget, at_us)) in (2..).zip(moves) {
            market.apply(arm, seq, budget, false, start_us + at_us).unwrap();
            most = most.max(budget);
        }
        let mut before: Vec<Row> = Vec::new();
        for day in 0..40 {
            let rows = known(&mut market, start_us + day * DAY_US + DAY_US / 2);
            for old in &before {
                let new = rows.iter().find(|row| (row.arm, row.period) == (old.arm, old.period)).unwrap();
                prop_assert!(new.goals >= old.goals && new.sum >= old.sum && new.sum_sq >= old.sum_sq);
                prop_assert_eq!((new.spend_minor, new.exposures), (old.spend_minor, old.exposures));
            }
            for row in &rows {
                prop_assert!(row.spend_minor <= most && row.spend_minor >= 0);
                prop_assert!(row.sum.is_finite() && row.sum_sq.is_finite());
            }
            before = rows;
        }
    }
}
