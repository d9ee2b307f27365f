//! Special functions against 60-digit values from mpmath (`checks/special_values.csv`).
//!
//! Logarithms are held to 10⁻¹⁰ *absolute or relative*, whichever is the harder to reach for the probability
//! itself: an error of 10⁻¹⁰ in ln p is one of 10⁻¹⁰ relative in p. Run with `--nocapture` to see the largest
//! error of each function.

use gevinst_stats::special as s;
use std::collections::BTreeMap;

/// (relative error of the value, error of what its logarithm stands for)
fn errors(name: &str, got: f64, expected: f64) -> f64 {
    // A median of zero is given as what is left of it at 60 digits.
    let relative = if expected == 0.0 || (name == "beta_quantile_logit" && expected.abs() < 1e-30) {
        got.abs()
    } else {
        (got / expected - 1.0).abs()
    };
    if name.starts_with("ln_") && expected.abs() > 1.0 && expected.abs() < 700.0 {
        // The probability exists as f64: hold it, not only its logarithm.
        (got - expected).abs()
    } else {
        relative
    }
}

fn value(name: &str, x: [f64; 3]) -> f64 {
    let count = |v: f64| format!("{v:.0}").parse::<u64>().expect("a count");
    match name {
        "ln_gamma" => s::ln_gamma(x[0]),
        "digamma" => s::digamma(x[0]),
        "trigamma" => s::trigamma(x[0]),
        "ln_gamma_1p" => s::ln_gamma_1p(x[0]),
        "ln_gamma_diff" => s::ln_gamma_diff(x[0], x[1]),
        "ln_beta" => s::ln_beta(x[0], x[1]),
        "ln_choose" => s::ln_choose(count(x[0]), count(x[1])),
        "log1pmx" => s::log1pmx(x[0]),
        "expm1mx" => s::expm1mx(x[0]),
        "ln_1m_exp" => s::ln_1m_exp(x[0]),
        "ln_normal_sf" => s::ln_normal_sf(x[0]),
        "normal_sf" => s::normal_sf(x[0]),
        "normal_quantile" => s::normal_quantile(x[0]),
        "ln_beta_cdf" => s::ln_beta_cdf(x[0], x[1], x[2]),
        "ln_beta_sf" => s::ln_beta_sf(x[0], x[1], x[2]),
        "ln_gamma_p" => s::ln_gamma_p(x[0], x[1]),
        "ln_gamma_q" => s::ln_gamma_q(x[0], x[1]),
        "ln_student_t_sf" => s::ln_student_t_sf(x[0], x[1]),
        "beta_quantile" => s::beta_quantile(x[0], x[1], x[2]),
        "beta_quantile_logit" => s::beta_quantile_logit(x[0], x[1], x[2], 1.0 - x[2]),
        "gamma_p_inverse" => s::gamma_p_inverse(x[0], x[1]),
        "gamma_q_inverse" => s::gamma_q_inverse(x[0], x[1]),
        "student_t_quantile" => s::student_t_quantile(x[0], x[1]),
        other => panic!("no such function: {other}"),
    }
}

#[test]
fn special_functions_agree_with_arbitrary_precision() {
    // Protects every tail that a verdict rests on.
    let text = include_str!("../checks/special_values.csv");
    let mut worst: BTreeMap<&str, (f64, String)> = BTreeMap::new();
    let mut rows = 0;
    for line in text.lines().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        let argument = |i: usize| fields[i].parse::<f64>().unwrap_or(f64::NAN);
        let x = [argument(1), argument(2), argument(3)];
        let expected: f64 = fields[4].parse().expect("a value");
        let got = value(fields[0], x);
        let error = errors(fields[0], got, expected);
        rows += 1;
        let entry = worst.entry(fields[0]).or_insert((0.0, String::new()));
        if error.is_nan() || error > entry.0 {
            *entry = (error, format!("{line}: got {got:e}"));
        }
    }
    assert!(rows > 950, "only {rows} rows were read");
    for (name, (error, at)) in &worst {
        println!("{name:16} {error:9.1e}   {at}");
    }
    for (name, (error, at)) in &worst {
        assert!(*error < 1e-10, "{name}: error {error:e} at {at}");
    }
}
