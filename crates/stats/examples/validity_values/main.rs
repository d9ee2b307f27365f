//! Measures validity at every look: proportions, values, ratios, adjusted values.
//!
//!     cargo run --release -p gevinst-stats --example validity_values [MONTHS]
//!
//! Each line plays MONTHS months (default 1000) in which the truth is known and the table is read after every period. A month
//! counts as a miss when the confidence sequence at α = 0.05 excluded the truth at *any* look, and as a false drop when E reached 20
//! against a true hypothesis at any look. Prints rates with standard errors; exits with 1 where a rate that is guaranteed exceeds 0.05
//! by more than two standard errors. Lines marked `no claim` measure what happens outside a method's conditions and fail nothing.
//! 1000 months take about two minutes on one core; 40 are enough for a smoke test.

#![expect(clippy::print_stdout, reason = "an example that prints a table")]

mod lists;
mod money;

use rand::SeedableRng;
use rand_pcg::Pcg64Mcg;
use std::process::ExitCode;

/// The largest rate that is allowed, before the error of the simulation.
const ALPHA: f64 = 0.05;

/// What one month did, over all its looks.
#[derive(Debug, Clone, Copy, Default)]
struct Month {
    /// The truth was outside the confidence sequence at some look.
    missed: bool,
    /// The truth was outside the sequence of the ratio at some look, where a method has both.
    ratio_missed: bool,
    /// The e-value against a true hypothesis reached 1/α at some look.
    dropped: bool,
}

impl Month {
    /// Whether `truth` lies outside the bounds, an absent bound excluding nothing.
    fn outside(lower: Option<f64>, upper: Option<f64>, truth: f64) -> bool {
        lower.is_some_and(|bound| bound > truth) || upper.is_some_and(|bound| bound < truth)
    }
}

struct Scenario {
    name: &'static str,
    guaranteed: bool,
    play: fn(&mut Pcg64Mcg) -> Month,
}

const SCENARIOS: &[Scenario] = &[
    Scenario { name: "list: equal arms, moved split", guaranteed: true, play: lists::equal_arms },
    Scenario { name: "list: odds ratio 1.5, moved split", guaranteed: true, play: lists::unequal_arms },
    Scenario { name: "list: 8 arms, one best", guaranteed: true, play: lists::eight_arms },
    Scenario { name: "list: late goals, increments", guaranteed: true, play: lists::late_goals_as_strata },
    Scenario { name: "list: late goals, rows replaced", guaranteed: false, play: lists::late_goals_replaced },
    Scenario { name: "value: few buyers, long tail", guaranteed: true, play: money::few_buyers },
    Scenario { name: "value: everyone, ratio 1.2", guaranteed: true, play: money::everyone },
    Scenario { name: "value: revenue comes late", guaranteed: true, play: money::late_revenue },
    Scenario { name: "value: noisy days, from periods", guaranteed: true, play: money::noisy_days },
    Scenario { name: "value: 12 wild days, from periods", guaranteed: true, play: money::wild_days },
    Scenario { name: "value: noisy days, from people", guaranteed: false, play: money::noisy_days_wrongly },
    Scenario { name: "value: capped, exact", guaranteed: true, play: money::capped },
    Scenario { name: "value: adjusted by history", guaranteed: true, play: money::adjusted },
    Scenario { name: "ratio: revenue per click", guaranteed: true, play: money::revenue_per_click },
    Scenario { name: "ratio: return on ad spend", guaranteed: true, play: money::return_on_spend },
];

fn main() -> ExitCode {
    let months: u32 = std::env::args().nth(1).and_then(|m| m.parse().ok()).unwrap_or(1000);
    let n = f64::from(months.max(1));
    let slack = 2.0 * (ALPHA * (1.0 - ALPHA) / n).sqrt();
    println!("{months} months a line; a guaranteed rate may be at most {:.3}", ALPHA + slack);
    println!("{:36} {:>14} {:>14} {:>14}", "", "missed", "ratio missed", "false drop");
    let mut failed = false;
    for (seed, scenario) in (1..).zip(SCENARIOS) {
        let mut rng = Pcg64Mcg::seed_from_u64(seed);
        let mut counts = [0.0_f64; 3];
        for _ in 0..months {
            let month = (scenario.play)(&mut rng);
            for (count, hit) in counts.iter_mut().zip([month.missed, month.ratio_missed, month.dropped]) {
                *count += f64::from(u8::from(hit));
            }
        }
        let rates = counts.map(|c| c / n);
        let over = rates.iter().any(|&rate| rate > ALPHA + slack);
        failed |= over && scenario.guaranteed;
        let shown = rates.map(|rate| format!("{rate:.3} ± {:.3}", (rate * (1.0 - rate) / n).sqrt()));
        let mark = match (scenario.guaranteed, over) {
            (true, true) => "TOO HIGH",
            (false, _) => "no claim",
            _ => "",
        };
        println!("{:36} {:>14} {:>14} {:>14}  {mark}", scenario.name, shown[0], shown[1], shown[2]);
    }
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
