//! False and true firings of the conditional test, plain and with day noise mixed over.
//!
//! `cargo run --release -p gevinst-stats --example firing_table [-- MONTHS [business] [gamma | persistent]]`
//!
//! Two arms, 30 daily looks, α = 0.05, prior N(0, 0.4²), a weekday wave. Each arm's day is off by a log-normal factor of mean 1 and
//! the stated variance. That is the law under which the prototype's figures come out again: with `gamma` the factor is a gamma
//! one of the same mean and variance, whose logarithm scatters more to the low side (its variance is trigamma(1/v), 0.221 at
//! v = 0.2, against ln(1 + v) = 0.182). It costs all tests power, keeps the mixture's false rates, and is not compared. The test fires on the first day on which the e-value against "a's rate is at most b's" reaches 1/α.
//! `moves` splits the next day's budget by the chance to be best, between 10 and 90 %. Each row is played twice: with equal
//! arms, whose goals a day are those stated (a firing is false), and with a's rate raised to exp(0.4) = 1.49 of b's.
//!
//! `persistent` leaves the domain on purpose: an arm's factor takes after yesterday's (correlation 0.7 of the logarithms), as when an
//! advertisement wears out or a competitor comes and goes. The test takes days for independent, so its rates are printed and
//! held to nothing.
//!
//! The wave is 1 + 0.3·sin(2πd/7); `business` plays a week whose weekend brings 40 % instead, which takes a few points of
//! power from every row (fewer days carry the evidence) and is not compared with the prototype.
//!
//! `MONTHS` defaults to 1600; a sample of 50 or so is enough to see that the machinery works. The last columns are the figures
//! of the prototype that this engine replaces (400 months each). Exit code 1 when a mixture's false rate lies above 0.05 by more
//! than two standard errors, or its true rate below the prototype's by more than two standard errors of their difference.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a program that prints a table; all numbers are simulated in range"
)]

use gevinst_stats::judgement::{Detail, Judge, Settings};
use gevinst_stats::prior::DispersionPrior;
use gevinst_stats::table::{Cell, CountTable};
use rand::SeedableRng;
use rand_distr::{Distribution, Gamma, Poisson, StandardNormal};
use rand_pcg::Pcg64Mcg;

const DAYS: usize = 30;
const ALPHA: f64 = 0.05;
const RATIO: f64 = 0.4;
const BUSINESS_WEEK: [f64; 7] = [1.0, 1.1, 1.1, 1.0, 0.8, 0.4, 0.35];

struct Row {
    goals_a_day: f64,
    noise: f64,
    moves: bool,
    /// False and true rate of the prototype's mixture, and its mean day of firing.
    prototype: (f64, f64, f64),
}

const fn row(goals_a_day: f64, noise: f64, moves: bool, prototype: (f64, f64, f64)) -> Row {
    Row { goals_a_day, noise, moves, prototype }
}

const ROWS: [Row; 8] = [
    row(4.0, 0.0, false, (0.003, 0.415, 25.3)),
    row(20.0, 0.0, false, (0.010, 0.990, 11.1)),
    row(20.0, 0.0, true, (0.000, 0.795, 19.7)),
    row(20.0, 0.05, false, (0.028, 0.963, 12.8)),
    row(20.0, 0.2, false, (0.043, 0.672, 19.6)),
    row(100.0, 0.05, false, (0.055, 1.000, 8.3)),
    row(100.0, 0.2, false, (0.062, 0.777, 18.2)),
    row(100.0, 0.2, true, (0.028, 0.475, 22.8)),
];

/// What all months of a table have in common.
struct World {
    week: [f64; 7],
    law: Law,
}

/// What an arm's day is off by.
#[derive(Clone, Copy, PartialEq)]
enum Law {
    LogNormal,
    Gamma,
    /// Log-normal, the logarithm correlated with yesterday's.
    Persistent,
}

/// Correlation of one day's logarithm with the next one's, where noise persists.
const PERSISTENCE: f64 = 0.7;

impl World {
    /// The factor by which an arm's day is off: mean 1, the stated variance. `yesterday` is the arm's last standard normal.
    fn factor(&self, variance: f64, yesterday: &mut Option<f64>, rng: &mut Pcg64Mcg) -> f64 {
        if variance == 0.0 {
            return 1.0;
        }
        if self.law == Law::Gamma {
            return Gamma::new(1.0 / variance, variance).unwrap().sample(rng);
        }
        let fresh: f64 = StandardNormal.sample(rng);
        let normal = match *yesterday {
            Some(last) if self.law == Law::Persistent => {
                PERSISTENCE * last + (1.0 - PERSISTENCE * PERSISTENCE).sqrt() * fresh
            }
            _ => fresh,
        };
        *yesterday = Some(normal);
        let ln_variance = variance.ln_1p();
        (ln_variance.sqrt() * normal - 0.5 * ln_variance).exp()
    }
}

/// The day on which a month's test fires; `DAYS` + 1 when it never does.
fn play(row: &Row, delta: f64, dispersion: &DispersionPrior, world: &World, seed: u64) -> usize {
    let mut rng = Pcg64Mcg::seed_from_u64(seed);
    let settings =
        Settings { dispersion: dispersion.clone(), detail: Detail::Evidence, ..Settings::default() };
    let mut judge = Judge::new(settings).unwrap();
    let mut table = CountTable::new(2).unwrap();
    let mut share = 0.5;
    let mut normals = [None, None];
    let week = &world.week;
    let mean_week: f64 = week.iter().sum::<f64>() / 7.0;
    for day in 0..DAYS {
        let arms = [(share, delta, 0), (1.0 - share, 0.0, 1)];
        let cells = arms.map(|(exposure, ln_rate, arm)| {
            let factor = world.factor(row.noise, &mut normals[arm], &mut rng);
            let mean: f64 =
                row.goals_a_day * exposure * f64::exp(ln_rate) * week[day % 7] / mean_week * factor;
            let count: f64 = if mean > 0.0 { Poisson::new(mean).unwrap().sample(&mut rng) } else { 0.0 };
            Some(Cell { exposure, count: count as u64 })
        });
        table.push_period(&cells).unwrap();
        let look = judge.look(&table).unwrap();
        let pair = &look.pairs[0];
        if pair.ln_e_a_beats_b >= -ALPHA.ln() {
            return day + 1;
        }
        if row.moves {
            share = pair.p_a_beats_b.clamp(0.1, 0.9);
        }
    }
    DAYS + 1
}

/// Every cell of the table has months of its own; plain and mixture see the same ones.
fn seed(row: &Row, delta: f64, month: u64) -> u64 {
    let cell =
        row.goals_a_day.to_bits() ^ row.noise.to_bits().rotate_left(21) ^ delta.to_bits().rotate_left(42);
    cell.wrapping_add(month + u64::from(row.moves) * 1_000_000).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

/// Share of months that fire, its standard error, and the mean day (30 where it never did).
fn rate(row: &Row, delta: f64, dispersion: &DispersionPrior, world: &World, months: u64) -> (f64, f64, f64) {
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get() as u64);
    let days: Vec<usize> = std::thread::scope(|scope| {
        let parts: Vec<_> = (0..threads)
            .map(|thread| {
                scope.spawn(move || {
                    (0..months)
                        .filter(|month| month % threads == thread)
                        .map(|month| play(row, delta, dispersion, world, seed(row, delta, month)))
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        parts.into_iter().flat_map(|part| part.join().unwrap()).collect()
    });
    let n = days.len() as f64;
    let p = days.iter().filter(|&&day| day <= DAYS).count() as f64 / n;
    let mean_day = days.iter().map(|&day| day.min(DAYS) as f64).sum::<f64>() / n;
    (p, (p * (1.0 - p) / n).sqrt(), mean_day)
}

fn main() -> std::process::ExitCode {
    let months: u64 =
        std::env::args().nth(1).map_or(1600, |arg| arg.parse().expect("MONTHS is a whole number"));
    let [business, gamma, persistent] =
        ["business", "gamma", "persistent"].map(|word| std::env::args().skip(2).any(|arg| arg == word));
    let law = match (gamma, persistent) {
        (true, _) => Law::Gamma,
        (_, true) => Law::Persistent,
        _ => Law::LogNormal,
    };
    let compared = !business && law == Law::LogNormal;
    let sine: [f64; 7] =
        std::array::from_fn(|day| 1.0 + 0.3 * (day as f64 / 7.0 * std::f64::consts::TAU).sin());
    let world = World { week: if business { BUSINESS_WEEK } else { sine }, law };
    let (plain, mixture) = (DispersionPrior::none(), DispersionPrior::default());
    println!("{months} months a cell; share of months that fire ± standard error (mean day)");
    println!(
        "{:>5} {:>5} {:>6} | {:^14} {:^14} | {:^22} {:^22} | prototype's mixture",
        "goals", "noise", "budget", "false: plain", "mixture", "true 1.49: plain", "mixture"
    );
    let mut failed = false;
    for row in &ROWS {
        let false_plain = rate(row, 0.0, &plain, &world, months);
        let false_mixture = rate(row, 0.0, &mixture, &world, months);
        let true_plain = rate(row, RATIO, &plain, &world, months);
        let true_mixture = rate(row, RATIO, &mixture, &world, months);
        let n = months as f64;
        let errors = if months < 1_000 { 4.0 } else { 2.0 };
        let too_often =
            law != Law::Persistent && false_mixture.0 > ALPHA + errors * (ALPHA * (1.0 - ALPHA) / n).sqrt();
        let p = row.prototype.1;
        let spread = (p * (1.0 - p)).max(0.001);
        let too_weak = compared && true_mixture.0 < p - errors * (spread * (1.0 / n + 1.0 / 400.0)).sqrt();
        failed |= too_often || too_weak;
        println!(
            "{:>5} {:>5} {:>6} | {:.3} ± {:.3}  {:.3} ± {:.3}  | {:.3} ± {:.3} ({:>4.1})   {:.3} ± {:.3} ({:>4.1})   | {:.3}  {:.3} ({:>4.1}){}{}",
            row.goals_a_day,
            row.noise,
            if row.moves { "moves" } else { "even" },
            false_plain.0,
            false_plain.1,
            false_mixture.0,
            false_mixture.1,
            true_plain.0,
            true_plain.1,
            true_plain.2,
            true_mixture.0,
            true_mixture.1,
            true_mixture.2,
            row.prototype.0,
            row.prototype.1,
            row.prototype.2,
            if too_often { "  FALSE TOO OFTEN" } else { "" },
            if too_weak { "  TOO WEAK" } else { "" },
        );
    }
    std::process::ExitCode::from(u8::from(failed))
}
