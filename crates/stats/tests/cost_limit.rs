//! One arm against a cost limit: the e-value's figures, its error rate under daily looks, and what late goals do to it.
#![expect(
    clippy::type_complexity,
    clippy::cast_possible_truncation,
    reason = "helpers of tests; all numbers are small"
)]

use gevinst_stats::cost_limit::{CostCell, CostPrior, Side, against_limit, ln_e_value};
use gevinst_stats::judgement::Guarantee;
use proptest::prelude::*;
use rand::SeedableRng;
use rand_distr::{Distribution, Gamma, Poisson};
use rand_pcg::Pcg64Mcg;

#[test]
fn agrees_with_high_precision_integration() {
    // Protects the integral: mpmath 1.3.0, 30 digits, adaptive quadrature of Σ w·exp ℓ·h over y in (0, 8).
    let cases: [(&[(f64, u64, f64)], f64, [f64; 3]); 5] = [
        (&[(2000.0, 1, 1.0); 10], 800.0, [4.09886339573196, -2.28723229085072, 4.86666633200144]),
        (
            &[(800.0, 1, 1.0), (800.0, 0, 1.0), (1600.0, 3, 1.0), (400.0, 0, 0.9), (800.0, 1, 0.5)],
            800.0,
            [-0.510813328089532, -0.632225219464777, -0.561904855946047],
        ),
        (
            &[(500.0, 0, 1.0), (500.0, 0, 0.8)],
            900.0,
            [0.380737791749985, -0.579732170942143, 0.405914676257449],
        ),
        (
            &[(300.0, 7, 1.0), (250.0, 9, 0.75), (300.0, 4, 0.25)],
            100.0,
            [-1.92775347521806, 5.23117925886121, -2.5674047004767],
        ),
        (
            &[(1e6, 1300, 1.0), (9e5, 900, 1.0), (1.1e6, 1500, 0.95)],
            800.0,
            [-1.75028957329326, -1.72395709654901, -3.97613833876486],
        ),
    ];
    for (cells, limit, [dear, cheap, poisson]) in cases {
        let cells: Vec<_> = cells.iter().map(|&(spend, count, c)| CostCell::new(spend, count, c)).collect();
        let found = against_limit(&cells, limit, &CostPrior::default()).unwrap();
        let plain = ln_e_value(&cells, limit, &CostPrior::poisson(), Side::TooDear).unwrap();
        for (found, expected) in
            [(found.ln_e_above_limit, dear), (found.ln_e_below_limit, cheap), (plain, poisson)]
        {
            assert!(
                (found - expected).abs() < 1e-9 * expected.abs().max(1.0),
                "{cells:?}: {found} for {expected}"
            );
        }
    }
}

#[test]
fn an_arm_on_the_limit_is_rarely_called_too_dear() {
    // Protects `wrongly_drop_profitable`: true cost at the limit, day noise, goals a few days late, looked at every other
    // day. `examples/cost_limit_firings.rs` plays the whole grid.
    let mut rng = Pcg64Mcg::seed_from_u64(31);
    const MONTHS: usize = 100;
    for (goals_a_day, noise) in [(1.0, 0.0), (4.0, 0.2), (20.0, 0.1)] {
        let (mut dropped, mut proven) = (0, 0);
        for month in 0..2 * MONTHS {
            // The second half of the months costs twice the limit: there the arm should go.
            let cost = if month < MONTHS { 1.0 } else { 2.0 };
            let totals: Vec<f64> = (0..30)
                .map(|_| {
                    let factor: f64 = if noise > 0.0 {
                        Gamma::new(1.0 / noise, noise).unwrap().sample(&mut rng)
                    } else {
                        1.0
                    };
                    Poisson::new(goals_a_day / cost * factor).unwrap().sample(&mut rng)
                })
                .collect();
            // A third of a cohort's goals arrives on each of its first three days.
            let arrival: Vec<[f64; 3]> = totals
                .iter()
                .map(|&total| {
                    let mut days = [0.0; 3];
                    for i in 0..total as usize {
                        days[i % 3] += 1.0;
                    }
                    days
                })
                .collect();
            let fired = (2..=30).step_by(2).any(|today| {
                let cells: Vec<CostCell> = (0..today)
                    .map(|day| {
                        let age = (today - day).min(3);
                        let count: f64 = arrival[day][..age].iter().sum();
                        CostCell::new(100.0 * goals_a_day, count as u64, age as f64 / 3.0)
                    })
                    .collect();
                ln_e_value(&cells, 100.0, &CostPrior::default(), Side::TooDear).unwrap() >= 20f64.ln()
            });
            *(if month < MONTHS { &mut dropped } else { &mut proven }) += usize::from(fired);
        }
        let rate = dropped as f64 / MONTHS as f64;
        let allowed = 0.05 + 2.0 * (0.05 * 0.95 / MONTHS as f64).sqrt();
        assert!(
            rate <= allowed,
            "{goals_a_day} goals a day, noise {noise}: {rate} of months dropped wrongly"
        );
        let power = proven as f64 / MONTHS as f64;
        assert!(
            power > [0.5, 0.9, 0.99][usize::from(goals_a_day > 1.0) + usize::from(goals_a_day > 4.0)],
            "{power}"
        );
    }
}

#[test]
fn input_outside_the_domain_is_refused() {
    // Protects against evidence from impossible numbers.
    let good = CostCell::new(10.0, 1, 1.0);
    let prior = CostPrior::default();
    for limit in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(against_limit(&[good], limit, &prior).is_err());
    }
    for cell in [
        CostCell { spend: f64::NAN, ..good },
        CostCell { spend: -1.0, ..good },
        CostCell { complete_at_least: 1.2, ..good },
        CostCell { complete_at_least: 0.9, complete_at_most: 0.5, ..good },
        CostCell { complete_at_most: f64::NAN, ..good },
    ] {
        assert!(against_limit(&[good, cell], 5.0, &prior).is_err(), "{cell:?}");
    }
    for bad in [
        CostPrior { sd: 0.0, ..prior.clone() },
        CostPrior { variances: vec![], weights: vec![], ..prior.clone() },
        CostPrior { variances: vec![0.1], weights: vec![-1.0], ..prior.clone() },
    ] {
        assert!(against_limit(&[good], 5.0, &bad).is_err(), "{bad:?}");
    }
    let none = against_limit(&[], 5.0, &CostPrior::poisson()).unwrap();
    assert!(none.ln_e_above_limit.abs() < 1e-12 && none.cost_per_goal.is_none());
    assert_eq!(none.guarantee, Guarantee::Exact);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn understating_completeness_never_strengthens_the_case_for_dropping(
        days in proptest::collection::vec((0.0..500.0f64, 0u64..12, 0.05..1.0f64), 1..12),
        less in 0.1..1.0f64, variance in prop_oneof![Just(0.0), 0.01..0.8f64],
    ) {
        // Protects the safe direction of an uncertain delay: at every day noise a lower completeness gives a smaller E.
        let prior = CostPrior { variances: vec![variance], weights: vec![1.0], ..CostPrior::default() };
        let cells = |part: f64| -> Vec<CostCell> {
            days.iter().map(|&(spend, count, complete)| CostCell::new(spend, count, complete * part)).collect()
        };
        let dear = |part| ln_e_value(&cells(part), 60.0, &prior, Side::TooDear).unwrap();
        let cheap = |part| ln_e_value(&cells(part), 60.0, &prior, Side::CheapEnough).unwrap();
        prop_assert!(dear(less) <= dear(1.0) + 1e-9);
        prop_assert!(cheap(less) >= cheap(1.0) - 1e-9);
    }
}
