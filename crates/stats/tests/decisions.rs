//! Verdicts and shares: each rule, their order, and the limits that every split keeps.
#![expect(clippy::unwrap_used, reason = "helpers of tests; all numbers are small")]

use gevinst_stats::StatsError;
use gevinst_stats::allocate::{Limits, Request, Rule, shares};
use gevinst_stats::cost_limit::{CostCell, CostEvidence, CostPrior, against_limit};
use gevinst_stats::decide::{Rules, Situation, Verdict, decide, futility, guardrail};
use gevinst_stats::judgement::{Guarantee, Judgement, Settings, judge};
use gevinst_stats::prior::DispersionPrior;
use gevinst_stats::table::CountTable;
use proptest::prelude::*;

/// Days alike, with the given goals of each arm at equal exposure, on a list split at random.
fn look(goals: &[u64], days: usize) -> Judgement {
    let exposures = vec![100.0; goals.len() * days];
    let table = CountTable::from_columns(goals.len(), &exposures, &goals.repeat(days)).unwrap();
    judge(&table, &Settings { dispersion: DispersionPrior::none(), ..Settings::default() }).unwrap()
}

fn situation<'a>(judgement: &'a Judgement, alive: &'a [bool]) -> Situation<'a> {
    Situation { judgement, costs: &[], spend: &[], alive, month_end: false }
}

fn verdicts(situation: &Situation<'_>, rules: &Rules) -> Vec<Verdict> {
    decide(situation, rules).unwrap().into_iter().map(|v| v.verdict).collect()
}

#[test]
fn a_loser_is_dropped_by_the_arm_that_beats_it() {
    // Protects the central promise: what is proven to lose goes, with its evidence, and nothing else does.
    let look = look(&[12, 11, 4], 10);
    let found = decide(&situation(&look, &[true; 3]), &Rules::default()).unwrap();
    assert_eq!(found[0].verdict, Verdict::Keep);
    assert_eq!(found[1].verdict, Verdict::Keep);
    let Verdict::Drop { beaten_by: 0, ln_e } = found[2].verdict else { panic!("{:?}", found[2]) };
    assert!(ln_e >= 20f64.ln() && found[2].ln_threshold == Some(-0.05f64.ln()));
    assert_eq!(found[2].guarantee, Some(Guarantee::Exact));
    // A protected arm stays, a stricter rule keeps it, and an arm that is gone gets no second verdict.
    let protected = Rules { protected: Some(2), ..Rules::default() };
    assert_eq!(verdicts(&situation(&look, &[true; 3]), &protected)[2], Verdict::Keep);
    let strict = Rules { wrongly_drop_best: 1e-12, ..Rules::default() };
    assert_eq!(verdicts(&situation(&look, &[true; 3]), &strict)[2], Verdict::Keep);
    assert_eq!(verdicts(&situation(&look, &[true, true, false]), &Rules::default())[2], Verdict::Keep);
}

#[test]
fn the_last_arm_is_never_dropped_for_losing() {
    // Protects the month: when the living all lose to an arm that is gone, the likeliest best of them stays and wins.
    let look = look(&[30, 10, 8], 10);
    let found = verdicts(&situation(&look, &[false, true, true]), &Rules::default());
    assert!(matches!(found[1], Verdict::Winner { last_standing: true, .. }), "{found:?}");
    assert!(matches!(found[2], Verdict::Drop { beaten_by: 0, .. }), "{found:?}");
    assert_eq!(found[0], Verdict::Keep);
}

#[test]
fn of_equal_arms_the_cheapest_stays() {
    // Protects the tie rule: proven equal within the margin, all but the cheapest are freed.
    let look = look(&[40_000, 40_200, 20_000], 5);
    let rules = Rules { wrongly_drop_best: 1e-300, ..Rules::default() };
    let found = verdicts(&situation(&look, &[true; 3]), &rules);
    // Arm 1 has the most goals for its exposure.
    let Verdict::Tie { with: 1, lower, upper } = found[0] else { panic!("{found:?}") };
    assert!(0.9 < lower && lower < upper && upper < 1.1);
    // Where spend says otherwise, it decides.
    let spend = [1_000.0, 1_500.0, 500.0];
    let paid = Situation { spend: &spend, ..situation(&look, &[true; 3]) };
    let found = verdicts(&paid, &rules);
    assert!(matches!(found[1], Verdict::Tie { with: 0, .. }), "{found:?}");
    // No margin, no tie.
    let none = Rules { tie_within: 0.0, ..rules };
    assert!(verdicts(&situation(&look, &[true; 3]), &none)[..2].iter().all(|v| *v == Verdict::Keep));
}

#[test]
fn what_costs_too_much_goes_even_when_it_is_best() {
    // Protects the money: the limit is absolute, and the last arm may be stopped by it.
    let look = look(&[12, 4], 10);
    let dear = against_limit(&[CostCell::new(2_000.0, 1, 1.0); 10], 800.0, &CostPrior::default()).unwrap();
    let costs: [Option<CostEvidence>; 2] = [Some(dear), Some(dear)];
    let all = Situation { costs: &costs, ..situation(&look, &[true; 2]) };
    let found = decide(&all, &Rules::default()).unwrap();
    assert!(found.iter().all(|v| matches!(v.verdict, Verdict::Unprofitable { .. })), "{found:?}");
    assert_eq!(found[0].guarantee, Some(Guarantee::Robust));
    assert!(found[0].verdict.stops());
    let one = [None, Some(dear)];
    let found = verdicts(&Situation { costs: &one, ..situation(&look, &[true; 2]) }, &Rules::default());
    assert!(matches!(found[0], Verdict::Winner { last_standing: true, .. }), "{found:?}");
}

#[test]
fn a_winner_by_threshold_is_named_at_the_months_end_only() {
    // Protects the label: before the end nobody wins on chances, and then the guarantee is `model`.
    let look = look(&[12, 8], 6);
    let during = decide(&situation(&look, &[true; 2]), &Rules::default()).unwrap();
    assert_eq!(during[0].verdict, Verdict::Keep);
    let end = Situation { month_end: true, ..situation(&look, &[true; 2]) };
    let found = decide(&end, &Rules::default()).unwrap();
    let Verdict::Winner { p_best, last_standing: false } = found[0].verdict else { panic!("{found:?}") };
    assert!(p_best >= 0.9);
    assert_eq!(found[0].guarantee, Some(Guarantee::Model));
    let strict = Rules { winner_p_best: 0.9999, ..Rules::default() };
    assert_eq!(decide(&end, &strict).unwrap()[0].verdict, Verdict::Keep);
}

#[test]
fn guardrails_and_futility_speak_for_themselves() {
    // Protects the two rules that look at one arm: evidence over its threshold, and too little left to win.
    assert_eq!(guardrail(20f64.ln() - 0.01, 0.05).unwrap(), None);
    assert!(matches!(guardrail(20f64.ln() + 0.01, 0.05).unwrap(), Some(Verdict::GuardrailBreached { .. })));
    assert!(guardrail(0.0, 1.0).is_err());
    // Far behind with little to come is futile; level, or with much to come, is not.
    assert!(matches!(futility(-0.5, 0.2, 10.0, 0.9, 0.05).unwrap(), Some(Verdict::Futile { .. })));
    assert_eq!(futility(0.0, 0.2, 400.0, 0.9, 0.05).unwrap(), None);
    assert!(matches!(futility(0.0, 0.2, 0.0, 0.9, 0.05).unwrap(), Some(Verdict::Futile { chance: 0.0 })));
    assert!(futility(0.0, 0.0, 10.0, 0.9, 0.05).is_err() && futility(0.0, 0.1, f64::NAN, 0.9, 0.05).is_err());
}

#[test]
fn rules_and_lists_that_do_not_fit_are_refused() {
    // Protects against a rule that means nothing and a list for another experiment.
    let look = look(&[1, 2], 3);
    for rules in [
        Rules { wrongly_drop_best: 0.0, ..Rules::default() },
        Rules { wrongly_drop_profitable: 1.5, ..Rules::default() },
        Rules { tie_within: -0.1, ..Rules::default() },
        Rules { winner_expected_loss: f64::NAN, ..Rules::default() },
        Rules { protected: Some(2), ..Rules::default() },
    ] {
        assert!(decide(&situation(&look, &[true; 2]), &rules).is_err(), "{rules:?}");
    }
    let short = decide(&situation(&look, &[true]), &Rules::default()).unwrap_err();
    assert!(matches!(short, StatsError::Length { expected: 2, found: 1, .. }));
}

fn request<'a>(rule: Rule, p_best: &'a [f64], alive: &'a [bool], previous: &'a [f64]) -> Request<'a> {
    Request { rule, p_best, alive, previous, elapsed: 0.0 }
}

fn free() -> Limits {
    Limits { floor: 0.0, max_step: 1.0, caps: Vec::new() }
}

#[test]
fn each_rule_gives_its_shares() {
    // Protects the rules' definitions: even; leader 0.7 by top two; Thompson, sharpened towards the end.
    let p = [0.6, 0.3, 0.1];
    let alive = [true; 3];
    let close = |found: Vec<f64>, expected: [f64; 3]| {
        assert!(found.iter().zip(expected).all(|(x, y)| (x - y).abs() < 1e-9), "{found:?} for {expected:?}");
    };
    close(shares(&request(Rule::Even, &p, &alive, &[]), &free()).unwrap(), [1.0 / 3.0; 3]);
    close(shares(&request(Rule::Earn, &p, &alive, &[]), &free()).unwrap(), p);
    let end = Request { elapsed: 1.0, ..request(Rule::Earn, &p, &alive, &[]) };
    close(shares(&end, &free()).unwrap(), [0.216 / 0.244, 0.027 / 0.244, 0.001 / 0.244]);
    // The runner-up's part of arm 0: it leads in 0.6, and is second to 1 in 0.3·0.6/0.7, to 2 in 0.1·0.6/0.9.
    let second = 0.3 * 0.6 / 0.7 + 0.1 * 0.6 / 0.9;
    let found = shares(&request(Rule::Balanced, &p, &alive, &[]), &free()).unwrap();
    assert!((found[0] - (0.7 * 0.6 + 0.3 * second)).abs() < 1e-9, "{found:?}");
    // A certain leader keeps 0.7, the rest is for the others.
    let sure = shares(&request(Rule::Balanced, &[1.0, 0.0, 0.0], &alive, &[]), &free()).unwrap();
    assert!((sure[0] - 0.7).abs() < 0.11 && sure.iter().all(|s| s.is_finite()), "{sure:?}");
}

#[test]
fn floors_steps_and_caps_are_kept() {
    // Protects what the user stated: no living arm under the floor, no step over the limit, no arm over its cap.
    let p = [0.97, 0.01, 0.01, 0.01];
    let limits = Limits { floor: 0.05, max_step: 0.1, caps: vec![0.5, 1.0, 1.0, 1.0] };
    let mut split = vec![0.25; 4];
    for expected in [0.35, 0.45, 0.5, 0.5] {
        split = shares(&request(Rule::Earn, &p, &[true; 4], &split), &limits).unwrap();
        assert!((split[0] - expected).abs() < 1e-9, "{split:?}");
        assert!(split.iter().all(|&s| s >= 0.05));
        assert!((split.iter().sum::<f64>() - 1.0).abs() < 1e-12);
    }
}

#[test]
fn what_a_dropped_arm_had_goes_to_the_living_at_once() {
    // Protects the budget: freed money is spent, beyond the step limit if need be, and steps count from there.
    let limits = Limits { floor: 0.05, max_step: 0.02, caps: Vec::new() };
    let found =
        shares(&request(Rule::Even, &[0.5, 0.3, 0.2], &[true, true, false], &[0.3, 0.2, 0.5]), &limits)
            .unwrap();
    // Pro rata 0.6 and 0.4; even asks for 0.5, and a step of 0.02 is allowed towards it.
    assert!((found[0] - 0.58).abs() < 1e-9 && (found[1] - 0.42).abs() < 1e-9 && found[2] == 0.0, "{found:?}");
    // An arm that joins starts from the floor.
    let joined =
        shares(&request(Rule::Earn, &[0.4, 0.3, 0.3], &[true; 3], &[0.6, 0.4, 0.0]), &limits).unwrap();
    assert!(joined[2] >= 0.05 && joined[2] <= 0.07 + 1e-9, "{joined:?}");
    assert!((joined.iter().sum::<f64>() - 1.0).abs() < 1e-12);
}

#[test]
fn splits_that_cannot_be_are_refused() {
    // Protects against a floor or cap that no split keeps.
    let p = [0.5, 0.5];
    let ask = |limits: &Limits| shares(&request(Rule::Earn, &p, &[true; 2], &[]), limits);
    assert!(ask(&Limits { floor: 0.51, ..free() }).is_err());
    assert!(ask(&Limits { caps: vec![0.4, 0.5], ..free() }).is_err());
    assert!(ask(&Limits { caps: vec![0.4], ..free() }).is_err());
    assert!(ask(&Limits { max_step: f64::NAN, ..free() }).is_err());
    assert!(shares(&request(Rule::Earn, &p, &[false; 2], &[]), &free()).is_err());
    assert!(shares(&request(Rule::Earn, &[f64::NAN, 0.5], &[true; 2], &[]), &free()).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn every_split_sums_to_one_within_its_limits(
        weights in proptest::collection::vec(0.0..1.0f64, 2..12),
        was in proptest::collection::vec(0.0..1.0f64, 12),
        dead in proptest::collection::vec(proptest::bool::weighted(0.2), 12),
        floor in 0.0..0.08f64, max_step in 0.0..0.5f64, elapsed in 0.0..1.0f64,
        rule in prop_oneof![Just(Rule::Even), Just(Rule::Balanced), Just(Rule::Earn)],
    ) {
        // Protects the invariants of a split under any history.
        let arms = weights.len();
        let mut alive: Vec<bool> = dead[..arms].iter().map(|d| !d).collect();
        alive[0] = true;
        let normalise = |v: &[f64]| { let s: f64 = v.iter().sum::<f64>() + 1e-9; v.iter().map(|x| x / s).collect::<Vec<_>>() };
        let (p, previous) = (normalise(&weights), normalise(&was[..arms]));
        let limits = Limits { floor, max_step, caps: Vec::new() };
        let split = shares(&Request { rule, p_best: &p, alive: &alive, previous: &previous, elapsed }, &limits).unwrap();
        prop_assert!((split.iter().sum::<f64>() - 1.0).abs() < 1e-9);
        let kept: f64 = previous.iter().zip(&alive).filter(|(_, a)| **a).map(|(s, _)| s).sum();
        // Where floors and steps cannot both be kept, the floors win.
        let living = || (0..arms).filter(|&a| alive[a]).map(|a| previous[a] / kept);
        let least: f64 = living().map(|share| (share - max_step).max(floor)).sum();
        let most: f64 = living().map(|share| (share + max_step).max(floor)).sum();
        let steps_can_be_kept = least <= 1.0 && most >= 1.0;
        for a in 0..arms {
            if alive[a] {
                prop_assert!(split[a] >= floor - 1e-9 && split[a] <= 1.0 + 1e-9);
                // A step counts from the share that the arm has of what the living had; the floor may ask for more.
                let from = (previous[a] / kept).max(floor);
                prop_assert!(!steps_can_be_kept || split[a] - from <= max_step + 1e-6 || split[a] <= floor + 1e-9 || from == floor, "{} from {}", split[a], from);
            } else {
                prop_assert_eq!(split[a], 0.0);
            }
        }
    }
}
