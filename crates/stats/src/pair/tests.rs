//! The reading of one pair against brute-force integration.
//!
//! The reference values come from mpmath 1.3.0 at 30 digits: for each logit variance the mode of ln π + ℓ by bisection, then
//! adaptive quadrature of both sides of zero out to 14 standard deviations, ℓ from log-gamma functions; bounds by bisection.

use super::*;
use crate::prior::{DispersionPrior, NormalPrior};
use proptest::prelude::*;

struct Case {
    name: &'static str,
    cells: &'static [(f64, f64, f64)],
    repeat: usize,
    prior: NormalPrior,
    exact: bool,
    ln_e_a_beats_b: f64,
    ln_e_b_beats_a: f64,
    p_a_beats_b: f64,
    p_b_beats_a: f64,
    mean: f64,
    sd: f64,
    ln_lower: Option<f64>,
    ln_upper: Option<f64>,
}

impl Case {
    fn cells(&self) -> Vec<PairCell> {
        let one = self.cells.iter().map(|&(a, b, ln_exposure_ratio)| PairCell { a, b, ln_exposure_ratio });
        (0..self.repeat).flat_map(|_| one.clone()).collect()
    }

    fn dispersion(&self) -> DispersionPrior {
        if self.exact { DispersionPrior::none() } else { DispersionPrior::default() }
    }
}

fn cases() -> Vec<Case> {
    vec![
        Case {
            name: "three days",
            cells: &[(4.0, 2.0, 0.0), (0.0, 3.0, 0.5), (5.0, 1.0, -0.75)],
            repeat: 1,
            prior: NormalPrior { mean: 0.0, sd: 0.4 },
            exact: false,
            ln_e_a_beats_b: 0.24235638455846,
            ln_e_b_beats_a: -0.52046959732412,
            p_a_beats_b: 0.68196697034871,
            p_b_beats_a: 0.31803302965129,
            mean: 0.15739711107441,
            sd: 0.33380767818304,
            ln_lower: Some(-1.086702983254),
            ln_upper: Some(2.1569904626601),
        },
        Case {
            name: "exact list",
            cells: &[(40.0, 55.0, 0.0), (38.0, 61.0, 0.0)],
            repeat: 1,
            prior: NormalPrior { mean: 0.0, sd: 0.4 },
            exact: true,
            ln_e_a_beats_b: -2.3702249074966,
            ln_e_b_beats_a: 2.9291874406975,
            p_a_beats_b: 0.0049697067481945,
            p_b_beats_a: 0.99503029325181,
            mean: -0.35160073658857,
            sd: 0.13727052403374,
            ln_lower: Some(-0.84431347717916),
            ln_upper: Some(0.037889397025037),
        },
        Case {
            name: "one goal",
            cells: &[(1.0, 0.0, 1.25)],
            repeat: 1,
            prior: NormalPrior { mean: 0.0, sd: 0.4 },
            exact: false,
            ln_e_a_beats_b: 0.059584089252009,
            ln_e_b_beats_a: -0.083746441041514,
            p_a_beats_b: 0.53577141394095,
            p_b_beats_a: 0.46422858605905,
            mean: 0.035802162640548,
            sd: 0.39469774045175,
            ln_lower: Some(-4.4679192493612),
            ln_upper: None,
        },
        Case {
            name: "no goal of b",
            cells: &[(3.0, 0.0, 0.0), (9.0, 0.0, -1.5), (2.0, 0.0, 2.0)],
            repeat: 1,
            prior: NormalPrior { mean: 0.0, sd: 0.4 },
            exact: false,
            ln_e_a_beats_b: 2.6696835637168,
            ln_e_b_beats_a: -1.2950666679964,
            p_a_beats_b: 0.98138048897182,
            p_b_beats_a: 0.01861951102818,
            mean: 0.71132188187587,
            sd: 0.34585030990288,
            ln_lower: Some(-0.15642007904008),
            ln_upper: None,
        },
        Case {
            name: "strong",
            cells: &[(60.0, 20.0, 0.0), (55.0, 25.0, 0.25), (70.0, 18.0, -0.25)],
            repeat: 3,
            prior: NormalPrior { mean: 0.0, sd: 0.4 },
            exact: false,
            ln_e_a_beats_b: 6.8156072087472,
            ln_e_b_beats_a: -1.7694285818762,
            p_a_beats_b: 0.99981315341047,
            p_b_beats_a: 0.0001868465895257,
            mean: 0.9013224981396,
            sd: 0.17323095489171,
            ln_lower: Some(0.30149890946063),
            ln_upper: Some(1.7309083383328),
        },
        Case {
            name: "centred",
            cells: &[(10.0, 12.0, 0.0), (8.0, 15.0, 0.125)],
            repeat: 1,
            prior: NormalPrior { mean: 0.3, sd: 0.2 },
            exact: false,
            ln_e_a_beats_b: -1.1472789851673,
            ln_e_b_beats_a: 0.29798616639821,
            p_a_beats_b: 0.76701562716947,
            p_b_beats_a: 0.23298437283053,
            mean: 0.13779654340641,
            sd: 0.18753934722401,
            ln_lower: Some(-1.7970647794843),
            ln_upper: Some(0.89394450774811),
        },
        Case {
            name: "huge",
            cells: &[(1000000000.0, 900000000.0, 0.125), (900000000.0, 1100000000.0, 0.0)],
            repeat: 1,
            prior: NormalPrior { mean: 0.0, sd: 0.4 },
            exact: false,
            ln_e_a_beats_b: -1.4083155920854,
            ln_e_b_beats_a: -0.23723691648683,
            p_a_beats_b: 0.23666006393484,
            p_b_beats_a: 0.76333993606516,
            mean: -0.090324268290315,
            sd: 0.16950648825763,
            ln_lower: Some(-0.82970106651595),
            ln_upper: Some(0.61331651834143),
        },
        Case {
            name: "huge exact",
            cells: &[(1000000000.0, 900000000.0, 0.125)],
            repeat: 1,
            prior: NormalPrior { mean: 0.0, sd: 0.4 },
            exact: true,
            ln_e_a_beats_b: -15.354795385428,
            ln_e_b_beats_a: 91310.903234327,
            p_a_beats_b: 0.0,
            p_b_beats_a: 1.0,
            mean: -0.019639484027486,
            sd: 4.5946828882984e-05,
            ln_lower: Some(-0.019865219620723),
            ln_upper: Some(-0.019413748169648),
        },
        Case {
            name: "a million to one",
            cells: &[(3.0, 40.0, -13.8125), (2.0, 51.0, -13.8125)],
            repeat: 1,
            prior: NormalPrior { mean: 0.0, sd: 0.4 },
            exact: false,
            ln_e_a_beats_b: 2.6698541088418,
            ln_e_b_beats_a: -1.0900117276858,
            p_a_beats_b: 0.97724307306016,
            p_b_beats_a: 0.022756926939837,
            mean: 0.79992530793424,
            sd: 0.39998506489128,
            ln_lower: Some(-0.19920809262719),
            ln_upper: Some(16.23339427139),
        },
        Case {
            name: "wide prior",
            cells: &[(7.0, 1.0, 0.0)],
            repeat: 1,
            prior: NormalPrior { mean: 0.0, sd: 3.0 },
            exact: false,
            ln_e_a_beats_b: 1.4531313240615,
            ln_e_b_beats_a: -2.2745345242882,
            p_a_beats_b: 0.97651586358151,
            p_b_beats_a: 0.023484136418489,
            mean: 1.9724422906085,
            sd: 1.1103072793355,
            ln_lower: Some(-0.84490410088546),
            ln_upper: Some(7.3173522706663),
        },
    ]
}

#[test]
fn agrees_with_brute_force_integration() {
    // Protects every figure of a look: few goals and none, 10⁹ goals, exposures a million to one, wide and shifted priors.
    for case in cases() {
        let found = evidence(&case.cells(), &case.prior, &case.dispersion(), Levels::default()).unwrap();
        let close = |what: &str, found: f64, expected: f64, tolerance: f64| {
            assert!(
                (found - expected).abs() <= tolerance * expected.abs().max(1.0),
                "{}, {what}: {found} for {expected}",
                case.name
            );
        };
        close("ln E(a beats b)", found.ln_e_a_beats_b, case.ln_e_a_beats_b, 3e-7);
        close("ln E(b beats a)", found.ln_e_b_beats_a, case.ln_e_b_beats_a, 1e-5);
        close("P(a > b)", found.p_a_beats_b, case.p_a_beats_b, 3e-7);
        // The smaller of the two chances is the one with digits to lose.
        assert!((1.0 - found.p_a_beats_b - case.p_b_beats_a).abs() < 3e-7, "{}: b over a", case.name);
        if case.p_a_beats_b > 1e-300 {
            let p = if case.p_a_beats_b < 0.5 { found.p_a_beats_b / case.p_a_beats_b } else { 1.0 };
            close("the smaller chance, relative", p, 1.0, 2e-6);
        }
        close("mean", found.mean, case.mean, 1e-8);
        close("sd", found.sd, case.sd, 1e-7);
        let bounds = found.confidence.unwrap();
        for (what, found, expected) in
            [("lower", bounds.lower, case.ln_lower), ("upper", bounds.upper, case.ln_upper)]
        {
            match (found, expected) {
                (Some(found), Some(expected)) => close(what, found.ln(), expected, 1e-4),
                (found, expected) => assert_eq!(found, expected, "{}, {what}", case.name),
            }
        }
    }
}

#[test]
fn no_data_says_nothing() {
    // Protects the start of a month: E = 1, even chances, no bounds.
    let none =
        evidence(&[], &NormalPrior::default(), &DispersionPrior::default(), Levels::default()).unwrap();
    assert!(none.ln_e_a_beats_b.abs() < 1e-6 && none.ln_e_b_beats_a.abs() < 1e-6);
    assert!((none.p_a_beats_b - 0.5).abs() < 1e-9);
    assert_eq!(none.confidence, Some(RatioInterval { lower: None, upper: None }));
    let posterior = none.posterior.unwrap();
    assert!((posterior.upper.ln() - 1.959_963_985 * 0.4).abs() < 1e-6, "{posterior:?}");
}

#[test]
fn levels_outside_the_domain_are_refused() {
    // Protects the error rates that a user states.
    for levels in [
        Levels { alpha: 0.0, credible: 0.95 },
        Levels { alpha: 0.05, credible: 1.0 },
        Levels { alpha: f64::NAN, credible: 0.9 },
    ] {
        assert!(evidence(&[], &NormalPrior::default(), &DispersionPrior::none(), levels).is_err());
    }
}

#[test]
fn a_mile_of_data_gives_no_nan() {
    // Protects against a NaN, an endless loop or a silent clamp at the edge of the domain.
    let extreme = [
        PairCell { a: 1e12, b: 0.0, ln_exposure_ratio: 0.0 },
        PairCell { a: 0.0, b: 1e12, ln_exposure_ratio: -400.0 },
        PairCell { a: 1e9, b: 1e9, ln_exposure_ratio: 13.8 },
        PairCell { a: 1.0, b: 0.0, ln_exposure_ratio: -460.0 },
        PairCell { a: 5e4, b: 1.0, ln_exposure_ratio: 30.0 },
    ];
    for dispersion in [DispersionPrior::none(), DispersionPrior::default()] {
        for prior in
            [NormalPrior::default(), NormalPrior { mean: 1.0, sd: 1e-3 }, NormalPrior { mean: 0.0, sd: 20.0 }]
        {
            for from in 0..extreme.len() {
                for to in from + 1..=extreme.len() {
                    let found = evidence(&extreme[from..to], &prior, &dispersion, Levels::default()).unwrap();
                    let numbers =
                        [found.ln_e_a_beats_b, found.ln_e_b_beats_a, found.p_a_beats_b, found.mean, found.sd];
                    assert!(numbers.iter().all(|x| x.is_finite()), "{from}..{to} {prior:?}: {found:?}");
                    assert!((0.0..=1.0).contains(&found.p_a_beats_b));
                }
            }
        }
    }
}

fn days() -> impl Strategy<Value = Vec<PairCell>> {
    let day = (0u32..40, 0u32..40, -3.0..3.0f64).prop_map(|(a, b, ln_exposure_ratio)| PairCell {
        a: a.into(),
        b: b.into(),
        ln_exposure_ratio,
    });
    proptest::collection::vec(day, 0..15)
}

fn read(cells: &[PairCell]) -> PairEvidence {
    evidence(cells, &NormalPrior::default(), &DispersionPrior::default(), Levels::default()).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn swapping_arms_mirrors_everything(cells in days()) {
        // Protects the symmetry of the two arms: only the sign of δ changes.
        let one = read(&cells);
        let swapped: Vec<PairCell> = cells.iter().map(PairCell::swapped).collect();
        let other = read(&swapped);
        prop_assert!((one.ln_e_a_beats_b - other.ln_e_b_beats_a).abs() < 1e-6);
        prop_assert!((one.p_a_beats_b + other.p_a_beats_b - 1.0).abs() < 1e-8);
        let (c, d) = (one.confidence.unwrap(), other.confidence.unwrap());
        prop_assert_eq!(c.lower.is_none(), d.upper.is_none());
        if let (Some(lower), Some(upper)) = (c.lower, d.upper) {
            prop_assert!((lower.ln() + upper.ln()).abs() < 1e-4, "{} {}", lower, upper);
        }
        let (p, q) = (one.posterior.unwrap(), other.posterior.unwrap());
        prop_assert!((p.median.ln() + q.median.ln()).abs() < 1e-6);
        prop_assert!((p.lower.ln() + q.upper.ln()).abs() < 1e-6);
    }

    #[test]
    fn the_order_of_periods_is_of_no_consequence(cells in days()) {
        // Protects the claim that the analysis is a function of the table and holds no state.
        let one = read(&cells);
        let reversed: Vec<PairCell> = cells.iter().rev().copied().collect();
        let other = read(&reversed);
        prop_assert!((one.ln_e_a_beats_b - other.ln_e_a_beats_b).abs() < 1e-9);
        prop_assert!((one.p_a_beats_b - other.p_a_beats_b).abs() < 1e-10);
    }

    #[test]
    fn equal_counts_at_equal_exposure_prove_nothing(counts in proptest::collection::vec(0u32..200, 0..12)) {
        // Protects against evidence from nothing: with the same counts E is at most 1 in both directions.
        let cells: Vec<PairCell> = counts
            .iter()
            .map(|&n| PairCell { a: n.into(), b: n.into(), ln_exposure_ratio: 0.0 })
            .collect();
        let pair = read(&cells);
        prop_assert!(pair.ln_e_a_beats_b <= 1e-6 && pair.ln_e_b_beats_a <= 1e-6, "{:?}", pair);
        prop_assert!((pair.p_a_beats_b - 0.5).abs() < 1e-8);
    }

    #[test]
    fn the_intervals_nest_and_hold_their_centre(cells in days()) {
        // Protects the bounds: the sequence contains the posterior median, and a smaller α gives a wider sequence.
        let pair = read(&cells);
        let (bounds, posterior) = (pair.confidence.unwrap(), pair.posterior.unwrap());
        prop_assert!(posterior.lower < posterior.median && posterior.median < posterior.upper);
        let strict = evidence(
            &cells, &NormalPrior::default(), &DispersionPrior::default(), Levels { alpha: 0.005, credible: 0.95 },
        ).unwrap().confidence.unwrap();
        if let (Some(l), Some(u)) = (bounds.lower, bounds.upper) {
            prop_assert!(l < u);
            prop_assert!(strict.lower.is_none_or(|s| s <= l) && strict.upper.is_none_or(|s| s >= u));
        }
        // The e-value and the sequence come from one curve: two-sided evidence against zero excludes a ratio of one.
        if bounds.within(1e9) && bounds.lower.is_some_and(|l| l > 1.0) {
            prop_assert!(pair.ln_e_a_beats_b > 20f64.ln() - 1e-3);
        }
    }
}
