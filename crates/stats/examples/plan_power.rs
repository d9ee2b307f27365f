//! Measures the closed-form power of `plan::power` against months played through the judge.
//!
//!     cargo run --release -p gevinst-stats --example plan_power [MONTHS]
//!
//! Prints chance and mean day by both, with standard errors, and exits with 1 where the chance is off by more than 0.08 or the day
//! by more than 2 beyond two standard errors. 400 months take about half a minute; 40 are enough for a smoke test.

#![expect(clippy::print_stdout, reason = "an example that prints a table")]

use gevinst_stats::plan::{Design, power, simulate};
use gevinst_stats::prior::DispersionPrior;
use std::process::ExitCode;

fn main() -> ExitCode {
    let months = std::env::args().nth(1).and_then(|m| m.parse().ok()).unwrap_or(400);
    let mut failed = false;
    println!("arms goals/day noise ratio exact |  formula      judge          se");
    for (arms, goals, noise, ratio, exact) in [
        (2, 1.0, 0.0, 3.0, false),
        (2, 4.0, 0.0, 1.49, false),
        (2, 8.0, 0.0, 1.49, false),
        (2, 20.0, 0.0, 1.49, false),
        (2, 20.0, 0.0, 1.49, true),
        (2, 20.0, 0.05, 1.49, false),
        (2, 20.0, 0.2, 1.49, false),
        (2, 100.0, 0.05, 1.2, false),
        (2, 100.0, 0.2, 1.49, false),
        (4, 12.0, 0.0, 1.8, false),
        (4, 40.0, 0.1, 1.8, false),
        (8, 100.0, 0.05, 1.6, false),
    ] {
        let dispersion = if exact { DispersionPrior::none() } else { DispersionPrior::default() };
        let design = Design { arms, goals_per_day: goals, day_noise: noise, dispersion, ..Design::default() };
        let (Ok(formula), Ok(judge)) = (power(&design, ratio), simulate(&design, ratio, months, 20_261_101))
        else {
            println!("{arms} {goals} {noise} {ratio}: refused");
            return ExitCode::FAILURE;
        };
        let chance_off = (formula.chance - judge.chance).abs() > 0.08 + 2.0 * judge.chance_se;
        let day_off = (formula.expected_day - judge.expected_day).abs() > 2.0 + 2.0 * judge.day_se;
        failed |= chance_off || day_off;
        println!(
            "{arms:4} {goals:9} {noise:5} {ratio:5} {exact:5} | {:.3} {:5.1}  {:.3} {:5.1}  {:.3} {:.1}{}",
            formula.chance,
            formula.expected_day,
            judge.chance,
            judge.expected_day,
            judge.chance_se,
            judge.day_se,
            if chance_off || day_off { "  OFF" } else { "" }
        );
    }
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
