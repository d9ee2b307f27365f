//! Group-sequential boundaries against published values.
//!
//! Source: rpact 3.3.4 (`getDesignGroupSequential`, `getSampleSizeRates`), one-sided α = 0.025, β = 0.2, and the
//! classical table of repeated significance tests (Armitage, McPherson & Rowe 1969; evanmiller.org's figures).

use gevinst_stats::group_sequential::{
    Boundary, Futility, GroupSequentialDesign, Sides, SpendingFunction, two_proportion_total,
    type_one_error_of_peeking,
};

const ALPHA: f64 = 0.025;

fn even(looks: u32) -> Vec<f64> {
    (1..=looks).map(|k| f64::from(k) / f64::from(looks)).collect()
}

fn check(boundary: Boundary, times: &[f64], expected: &[f64]) {
    let design = GroupSequentialDesign::new(boundary, Sides::One, ALPHA, times).expect("a sound design");
    for (got, want) in design.upper().iter().zip(expected) {
        assert!(
            (got - want).abs() <= 5.1e-5,
            "{boundary:?} {times:?}: {:?} for {expected:?}",
            design.upper()
        );
    }
    assert!((design.crossing(0.0).any_upper() - ALPHA).abs() < 1e-11);
}

#[test]
fn obrien_fleming() {
    // Protects the classical shape for 2 to 5 looks.
    check(Boundary::OBrienFleming, &even(2), &[2.7965, 1.9774]);
    check(Boundary::OBrienFleming, &even(3), &[3.4711, 2.4544, 2.004]);
    check(Boundary::OBrienFleming, &even(4), &[4.0486, 2.8628, 2.3375, 2.0243]);
    check(Boundary::OBrienFleming, &even(5), &[4.5617, 3.2256, 2.6337, 2.2809, 2.0401]);
}

#[test]
fn pocock() {
    // Protects the constant boundary.
    for (looks, z) in [(2, 2.1783), (3, 2.2895), (4, 2.3613), (5, 2.4132)] {
        check(Boundary::Pocock, &even(looks), &vec![z; looks as usize]);
    }
}

#[test]
fn spending() {
    // Protects α spending at even and at uneven times.
    let of = Boundary::Spending(SpendingFunction::OBrienFleming);
    check(of, &even(2), &[2.9626, 1.9686]);
    check(of, &even(3), &[3.7103, 2.5114, 1.993]);
    check(of, &even(4), &[4.3326, 2.9631, 2.359, 2.0141]);
    check(of, &even(5), &[4.8769, 3.357, 2.6803, 2.2898, 2.031]);
    check(of, &[0.25, 0.6, 1.0], &[4.3326, 2.6689, 1.981]);
    let pocock = Boundary::Spending(SpendingFunction::Pocock);
    check(pocock, &even(2), &[2.157, 2.201]);
    check(pocock, &even(3), &[2.2794, 2.2949, 2.2959]);
    check(pocock, &even(4), &[2.3683, 2.3675, 2.3582, 2.35]);
    check(pocock, &even(5), &[2.438, 2.4268, 2.4102, 2.3966, 2.386]);
}

#[test]
fn inflation_and_average_sizes() {
    // Protects planning: largest and average sample against the fixed test, four looks, power 0.8.
    for (boundary, inflation, average) in [
        (Boundary::OBrienFleming, 1.023846, 0.8313851),
        (Boundary::Pocock, 1.202469, 0.8052449),
        (Boundary::Spending(SpendingFunction::OBrienFleming), 1.019637, 0.8387426),
        (Boundary::Spending(SpendingFunction::Pocock), 1.196305, 0.8041385),
    ] {
        let plan =
            GroupSequentialDesign::new(boundary, Sides::One, ALPHA, &even(4)).unwrap().plan(0.2).unwrap();
        assert!((plan.inflation - inflation).abs() < 6e-7, "{boundary:?} {plan:?}");
        assert!((plan.average_under_effect - average).abs() < 6e-7, "{boundary:?} {plan:?}");
    }
}

#[test]
fn sample_size_for_two_against_three_percent() {
    // Protects the people needed, fixed and with four looks.
    let fixed = two_proportion_total(0.02, 0.03, ALPHA, 0.2).unwrap();
    assert!((fixed - 7650.299).abs() < 1e-3, "{fixed}");
    let plan = GroupSequentialDesign::new(
        Boundary::Spending(SpendingFunction::OBrienFleming),
        Sides::One,
        ALPHA,
        &even(4),
    )
    .unwrap()
    .plan(0.2)
    .unwrap();
    assert!((fixed * plan.inflation - 7800.531).abs() < 5e-3, "{}", fixed * plan.inflation);
}

#[test]
fn futility_bounds() {
    // Protects β spending beside α spending, non-binding.
    let futility = Futility { beta: 0.2, spending: SpendingFunction::OBrienFleming, binding: false };
    let design =
        GroupSequentialDesign::with_futility(SpendingFunction::OBrienFleming, ALPHA, futility, &even(4))
            .unwrap();
    for (got, want) in design.lower().iter().zip([-0.8202859, 0.6098061, 1.401699]) {
        assert!((got - want).abs() < 6e-6, "{:?}", design.lower());
    }
    assert!((design.upper()[3] - 2.0141).abs() < 5.1e-5);
    let drift = design.futility_drift().unwrap();
    assert!((design.power(drift) - 0.8).abs() < 1e-8, "{}", design.power(drift));

    let binding = Futility { binding: true, ..futility };
    let design =
        GroupSequentialDesign::with_futility(SpendingFunction::OBrienFleming, ALPHA, binding, &even(4))
            .unwrap();
    assert!(design.upper()[3] < 2.0141, "{:?} {:?}", design.upper(), design.lower());
    assert!((design.crossing(0.0).any_upper() - ALPHA).abs() < 1e-9);
}

#[test]
fn peeking() {
    // Protects the warning against daily z-tests: 5 % becomes 25 % in twenty looks.
    for (looks, rate) in
        [(1, 0.05), (2, 0.0831), (3, 0.1073), (4, 0.1262), (5, 0.1417), (10, 0.1934), (20, 0.2479)]
    {
        let got = type_one_error_of_peeking(0.05, looks).unwrap();
        assert!((got - rate).abs() <= 5.1e-5, "{looks}: {got}");
    }
}

#[test]
fn two_sides_are_two_times_one_side() {
    // Protects the symmetric form: at these levels crossing both sides is negligible, so α = 0.05 on two sides has
    // the bounds of 0.025 on one.
    let of = Boundary::Spending(SpendingFunction::OBrienFleming);
    let one = GroupSequentialDesign::new(of, Sides::One, 0.025, &even(5)).unwrap();
    let two = GroupSequentialDesign::new(of, Sides::Two, 0.05, &even(5)).unwrap();
    for (a, b) in one.upper().iter().zip(two.upper()) {
        assert!((a - b).abs() < 1e-4, "{a} {b}");
    }
    let crossing = two.crossing(0.0);
    assert!((crossing.any_upper() + crossing.any_lower() - 0.05).abs() < 1e-10);
}
