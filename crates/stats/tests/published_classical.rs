//! Published results of fixed, sequential and Bayesian tests.
//!
//! Sources: GrowthBook 8f1db44 `packages/stats/tests`; the Rust crate `bayestest`; tea-tasting and scipy for the
//! small-sample tests. Each number is held to the digits given.

use gevinst_stats::classical::{
    Alternative, CountSample, Effect, Moments, Proportion, barnard_exact, bayes, boschloo_exact,
    effect_and_variance, fisher_exact, normal_sequence, pearson_chi_square, power, welch,
};

fn near(got: f64, want: f64, places: i32) {
    assert!((got - want).abs() <= 0.5001 * 10f64.powi(-places), "{got} for {want}");
}

fn growthbook_values() -> (Moments, Moments) {
    let moments = |n, sum, sum_sq| Moments::from_sums(n, sum, sum_sq).expect("sound moments");
    (moments(3407, 1396.87, 52377.9767), moments(3461, 2422.7, 134698.29))
}

#[test]
fn growthbook_fixed() {
    // Protects Welch's test on the relative and the absolute scale, for values and proportions.
    let (a, b) = growthbook_values();
    let relative = welch(&a, &b, Effect::RelativeLift, Alternative::TwoSided, 0.05).unwrap();
    near(relative.estimate.unwrap(), 0.70732, 5);
    near(relative.lower.unwrap(), -0.03526, 5);
    near(relative.upper.unwrap(), 1.44989, 5);
    near(relative.p_value, 0.06191, 5);
    let absolute = welch(&a, &b, Effect::Difference, Alternative::TwoSided, 0.05).unwrap();
    near(absolute.estimate.unwrap(), 0.29, 5);
    near(absolute.lower.unwrap(), 0.04538, 5);
    near(absolute.upper.unwrap(), 0.53462, 5);
    near(absolute.p_value, 0.02016, 5);
    let a = Proportion::new(14, 28).unwrap().moments().unwrap();
    let b = Proportion::new(16, 30).unwrap().moments().unwrap();
    let result = welch(&a, &b, Effect::RelativeLift, Alternative::TwoSided, 0.05).unwrap();
    near(result.estimate.unwrap(), 0.06667, 5);
    near(result.lower.unwrap(), -0.47767, 5);
    near(result.upper.unwrap(), 0.61101, 5);
    near(result.p_value, 0.80707, 5);
}

#[test]
fn growthbook_sequential() {
    // Protects the tuned confidence sequence on proportions and on values.
    let a = Proportion::new(1396, 3000).unwrap().moments().unwrap();
    let b = Proportion::new(2422, 3461).unwrap().moments().unwrap();
    let (lift, variance) = effect_and_variance(&a, &b, Effect::RelativeLift).unwrap();
    let look = normal_sequence::look(lift, variance, 6461.0, 0.05, 5000.0).unwrap();
    near(lift, 0.50386, 5);
    near(look.lower, 0.40098, 5);
    near(look.upper, 0.60675, 5);
    let a = Moments::from_sums(3000, 1396.87, 52377.9767).unwrap();
    let b = growthbook_values().1;
    let (lift, variance) = effect_and_variance(&a, &b, Effect::RelativeLift).unwrap();
    let look = normal_sequence::look(lift, variance, 6461.0, 0.05, 1000.0).unwrap();
    near(look.lower, -0.55844, 5);
    near(look.upper, 1.56516, 5);
}

#[test]
fn growthbook_bayesian() {
    // Protects chance to win, interval and both risks under a flat prior.
    let a = Proportion::new(49, 100).unwrap().moments().unwrap();
    let b = Proportion::new(51, 100).unwrap().moments().unwrap();
    let (lift, variance) = effect_and_variance(&a, &b, Effect::RelativeLift).unwrap();
    let effect = bayes::normal_effect(lift, variance, None, 0.05).unwrap();
    near(effect.chance_to_win, 0.60918, 5);
    near(effect.lower, -0.24779, 5);
    near(effect.upper, 0.32943, 5);
    near(effect.loss_of_control, 0.0814, 5);
    near(effect.loss_of_treatment, 0.04058, 5);
}

#[test]
fn growthbook_power_in_the_middle() {
    // Protects planning from the middle of a test: how many times more people 80 % power needs, for three rules.
    // GrowthBook stops its bisection at 10⁻⁵ of power, so its factors are compared through the power they give.
    let so_far = power::SoFar { variance: 0.008426853707414856, people: 1000.0 };
    for (rule, factor) in [
        (power::Rule::Fixed, 25.45703125),
        (power::Rule::Sequential { tuned_for: 5000.0 }, 55.66796875),
        (power::Rule::Bayesian { prior_mean: 0.05, prior_variance: 0.001 }, 13.9404296875),
    ] {
        let reached = power::power(so_far, rule, 0.05, 0.05, factor).unwrap();
        assert!((reached - 0.8).abs() < 1.0e-5, "{rule:?}: {reached}");
        let needed = power::more_needed(so_far, rule, 0.05, 0.05, 0.8).unwrap().unwrap();
        assert!((needed / factor - 1.0).abs() < 1e-4, "{rule:?}: {needed} for {factor}");
    }
}

#[test]
fn closed_form_winners() {
    // Protects the chance to be best of two to four arms, proportions and rates.
    let binary = |arms: &[(u64, u64)], p: &[f64]| {
        let arms: Vec<_> = arms
            .iter()
            .map(|&(people, events)| {
                bayes::Posterior::proportion(Proportion::new(events, people).unwrap(), (1.0, 1.0)).unwrap()
            })
            .collect();
        for (got, want) in bayes::standings(&arms).unwrap().iter().zip(p) {
            assert!((got.p_best - want).abs() < 1e-11, "{} for {want}", got.p_best);
        }
    };
    binary(&[(200, 100), (400, 250)], &[0.001756431311879969, 0.99824356868812]);
    binary(&[(61, 15), (54, 13), (72, 19)], &[0.29632930651329037, 0.277257277195332, 0.42641341629137763]);
    binary(
        &[(55, 50), (30, 30), (10, 10), (50, 45)],
        &[0.02692341639320739, 0.7040521621641954, 0.249824960767943, 0.019199460674668434],
    );
    let counts = |arms: &[(u64, f64)], p: &[f64]| {
        let arms: Vec<_> = arms
            .iter()
            .map(|&(goals, exposure)| {
                bayes::Posterior::rate(CountSample::new(goals, exposure).unwrap(), (0.0, 0.0)).unwrap()
            })
            .collect();
        for (got, want) in bayes::standings(&arms).unwrap().iter().zip(p) {
            assert!((got.p_best - want).abs() < 1e-11, "{} for {want}", got.p_best);
        }
    };
    counts(&[(55, 50.0), (30, 30.0)], &[0.6710529663661625, 0.3289470336338596]);
    counts(
        &[(55, 50.0), (30, 30.0), (10, 10.0)],
        &[0.4633365654508068, 0.2306153779716283, 0.3060480565775272],
    );
}

#[test]
fn small_sample_tests() {
    // Protects the exact tests: 19 of 53 against 13 of 47.
    let control = Proportion::new(13, 47).unwrap();
    let treatment = Proportion::new(19, 53).unwrap();
    let two = Alternative::TwoSided;
    assert!((barnard_exact(control, treatment, two).unwrap().p_value - 0.530637102766593).abs() < 1e-12);
    assert!((boschloo_exact(control, treatment, two).unwrap().p_value - 0.4000169399363184).abs() < 1e-12);
    assert!(
        (fisher_exact(control, treatment, two, 0.05).unwrap().p_value - 0.3999948918153569).abs() < 1e-13
    );
    let pearson = pearson_chi_square(&[control, treatment], true).unwrap();
    assert!((pearson.p_value - 0.5083165530405195).abs() < 1e-13);
}
