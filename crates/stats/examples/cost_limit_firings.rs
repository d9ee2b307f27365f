//! How often an arm is called too dear: on the limit, where it must not be, and above it.
//!
//! `cargo run --release -p gevinst-stats --example cost_limit_firings [-- MONTHS]`
//!
//! One arm, 30 daily looks, α = 0.05, the default prior. Each day is off by a gamma factor of mean 1 and the stated variance; with
//! `late`, a third of a cohort's goals arrives on each of its first three days, which the judge is told. The first figure is for a
//! true cost at the limit, the others for 1.3 and 2 times the limit. Exit code 1 when a false rate lies above 0.05 by more than two
//! standard errors (four with fewer than 1,000 months; `MONTHS` defaults to 1,000). Variances beyond those of the prior, as
//! averaged over it, may fire a little more often: the guarantee is `robust`, averaged over the prior on the swing.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a program that prints a table; all numbers are simulated in range"
)]

use gevinst_stats::cost_limit::{CostCell, CostPrior, Side, ln_e_value};
use rand::{RngExt, SeedableRng};
use rand_distr::{Distribution, Gamma, Poisson};
use rand_pcg::Pcg64Mcg;

const DAYS: usize = 30;
const ALPHA: f64 = 0.05;

/// Whether a month fires.
fn play(goals_a_day: f64, noise: f64, late: bool, cost: f64, seed: u64) -> bool {
    let mut rng = Pcg64Mcg::seed_from_u64(seed);
    let totals: Vec<u64> = (0..DAYS)
        .map(|_| {
            let factor =
                if noise > 0.0 { Gamma::new(1.0 / noise, noise).unwrap().sample(&mut rng) } else { 1.0 };
            let mean: f64 = goals_a_day / cost * factor;
            let goals: f64 = if mean > 0.0 { Poisson::new(mean).unwrap().sample(&mut rng) } else { 0.0 };
            goals as u64
        })
        .collect();
    // Each goal arrives on one of three days, by chance.
    let arrivals: Vec<[u64; 3]> = totals
        .iter()
        .map(|&total| {
            let mut days = [0; 3];
            for _ in 0..total {
                days[rng.random_range(0..3)] += 1;
            }
            days
        })
        .collect();
    let prior = CostPrior::default();
    let mut cells = Vec::with_capacity(DAYS);
    (1..=DAYS).any(|today| {
        cells.clear();
        cells.extend((0..today).map(|day| {
            let age = if late { (today - day).min(3) } else { 3 };
            CostCell::new(goals_a_day, arrivals[day][..age].iter().sum(), age as f64 / 3.0)
        }));
        ln_e_value(&cells, 1.0, &prior, Side::TooDear).unwrap() >= -ALPHA.ln()
    })
}

fn rate(goals_a_day: f64, noise: f64, late: bool, cost: f64, months: u64) -> f64 {
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get() as u64);
    let cell = goals_a_day.to_bits() ^ noise.to_bits().rotate_left(21) ^ cost.to_bits().rotate_left(42);
    let fired: u64 = std::thread::scope(|scope| {
        let parts: Vec<_> = (0..threads)
            .map(|thread| {
                scope.spawn(move || {
                    (0..months)
                        .filter(|month| month % threads == thread)
                        .filter(|month| {
                            let seed = cell.wrapping_add(*month).wrapping_mul(0x9E37_79B9_7F4A_7C15);
                            play(goals_a_day, noise, late, cost, seed)
                        })
                        .count() as u64
                })
            })
            .collect();
        parts.into_iter().map(|part| part.join().unwrap()).sum()
    });
    fired as f64 / months as f64
}

fn main() -> std::process::ExitCode {
    let months: u64 =
        std::env::args().nth(1).map_or(1_000, |arg| arg.parse().expect("MONTHS is a whole number"));
    let errors = if months < 1_000 { 4.0 } else { 2.0 };
    let allowed = ALPHA + errors * (ALPHA * (1.0 - ALPHA) / months as f64).sqrt();
    println!(
        "{months} months a cell; share of months that call the arm too dear; allowed on the limit: {allowed:.3}"
    );
    println!("{:>5} {:>5} {:>5} | on the limit | 1.3 times | 2 times", "goals", "noise", "late");
    let mut failed = false;
    for goals_a_day in [1.0, 4.0, 20.0, 100.0] {
        for noise in [0.0, 0.05, 0.2] {
            for late in [false, true] {
                let found = rate(goals_a_day, noise, late, 1.0, months);
                let (above, twice) = (
                    rate(goals_a_day, noise, late, 1.3, months),
                    rate(goals_a_day, noise, late, 2.0, months),
                );
                failed |= found > allowed;
                let mark = if found > allowed { "  TOO OFTEN" } else { "" };
                println!(
                    "{goals_a_day:>5} {noise:>5} {late:>5} | {found:>12.3} | {above:>9.3} | {twice:>7.3}{mark}"
                );
            }
        }
    }
    std::process::ExitCode::from(u8::from(failed))
}
