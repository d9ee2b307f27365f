//! The exact tests keep their level and their intervals their coverage: summed over all outcomes, not simulated.

use gevinst_stats::classical::{
    Alternative, CountSample, Proportion, barnard_exact, binomial_test, boschloo_exact, clopper_pearson,
    fisher_exact, poisson_two_sample,
};
use gevinst_stats::special::{ln_binomial_pmf, ln_poisson_pmf};

const ALPHA: f64 = 0.05;

fn arm(events: u64, people: u64) -> Proportion {
    Proportion::new(events, people).expect("events at most people")
}

/// The largest chance of rejecting over a grid of common chances.
fn level(nc: u64, nt: u64, rejects: impl Fn(u64, u64) -> bool) -> f64 {
    let rejected: Vec<(u64, u64)> = (0..=nc)
        .flat_map(|xc| (0..=nt).map(move |xt| (xc, xt)))
        .filter(|&(xc, xt)| rejects(xc, xt))
        .collect();
    (1..200)
        .map(|i| {
            let p = f64::from(i) / 200.0;
            rejected
                .iter()
                .map(|&(xc, xt)| (ln_binomial_pmf(nc, xc, p) + ln_binomial_pmf(nt, xt, p)).exp())
                .sum()
        })
        .fold(0.0, f64::max)
}

#[test]
fn two_proportion_tests_keep_their_level() {
    // Protects "exact": no common chance makes Fisher, Barnard or Boschloo reject more often than α, and the unconditional
    // tests use up more of it than Fisher.
    for (nc, nt) in [(7, 9), (10, 10)] {
        for alternative in [Alternative::TwoSided, Alternative::Greater] {
            let fisher = level(nc, nt, |xc, xt| {
                fisher_exact(arm(xc, nc), arm(xt, nt), alternative, ALPHA).unwrap().p_value <= ALPHA
            });
            let barnard = level(nc, nt, |xc, xt| {
                barnard_exact(arm(xc, nc), arm(xt, nt), alternative).unwrap().p_value <= ALPHA
            });
            let boschloo = level(nc, nt, |xc, xt| {
                boschloo_exact(arm(xc, nc), arm(xt, nt), alternative).unwrap().p_value <= ALPHA
            });
            println!(
                "{nc} {nt} {alternative:?}: Fisher {fisher:.4}, Barnard {barnard:.4}, Boschloo {boschloo:.4}"
            );
            for size in [fisher, barnard, boschloo] {
                assert!(size > 0.0 && size <= ALPHA + 1e-9, "{size}");
            }
            assert!(fisher <= barnard + 1e-12 && fisher <= boschloo + 1e-12);
        }
    }
}

#[test]
fn poisson_test_keeps_its_level_and_coverage() {
    // Protects the conditional test at unequal exposures: rejections and misses summed over all pairs of counts.
    let (ec, et) = (2.0, 5.0);
    for rate in [0.3, 1.0, 3.0] {
        for ratio in [1.0f64, 2.5] {
            let (mut rejected, mut missed) = (0.0, 0.0);
            for sc in 0..60u64 {
                for st in 0..100u64 {
                    let chance =
                        (ln_poisson_pmf(sc, rate * ec) + ln_poisson_pmf(st, ratio * rate * et)).exp();
                    if chance < 1e-14 {
                        continue;
                    }
                    let (c, t) = (CountSample::new(sc, ec).unwrap(), CountSample::new(st, et).unwrap());
                    let result = poisson_two_sample(c, t, Alternative::TwoSided, ALPHA).unwrap();
                    if result.p_value <= ALPHA {
                        rejected += chance;
                    }
                    if result.lower.unwrap() > ratio || result.upper.is_some_and(|upper| upper < ratio) {
                        missed += chance;
                    }
                }
            }
            println!("rate {rate}, ratio {ratio}: rejects {rejected:.4}, interval misses {missed:.4}");
            assert!(missed <= ALPHA + 1e-9, "{missed}");
            assert!(ratio > 1.0 || rejected <= ALPHA + 1e-9, "{rejected}");
        }
    }
}

#[test]
fn clopper_pearson_covers() {
    // Protects the exact interval and test of one proportion over a grid of chances.
    let n = 25;
    for i in 1..100 {
        let p = f64::from(i) / 100.0;
        let (mut missed, mut rejected) = (0.0, 0.0);
        for x in 0..=n {
            let chance = ln_binomial_pmf(n, x, p).exp();
            let (lower, upper) = clopper_pearson(arm(x, n), ALPHA).unwrap();
            missed += if lower > p || upper < p { chance } else { 0.0 };
            let result = binomial_test(arm(x, n), p, Alternative::TwoSided, ALPHA).unwrap();
            rejected += if result.p_value <= ALPHA { chance } else { 0.0 };
        }
        assert!(missed <= ALPHA + 1e-9 && rejected <= ALPHA + 1e-9, "{p}: {missed} {rejected}");
    }
}
