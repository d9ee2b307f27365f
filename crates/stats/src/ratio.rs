//! Ratio of two sums, arm against arm: return on ad spend, revenue per click, pages per visit.
//!
//! Arm a's figure is R_a = E Σy / E Σx. Where R_a = r·R_b in every period, whatever R_b is on the day,
//!
//! ```text
//! S(r) = Σ_u (Y_a·X_b − r·Y_b·X_a) / (X_a + X_b),       Y, X: sums of arm and period
//! ```
//!
//! has mean zero to first order, and its root Σ Y_a·X_b/(X_a+X_b) / Σ Y_b·X_a/(X_a+X_b) is the estimate (Mantel & Haenszel 1959, with
//! sums for counts). Its variance comes from one of two places:
//!
//! * [`Noise::People`]: the delta method within each period, from squares and cross products of people: for arm a
//!   n_a·(X_b²·s_yy − 2r·X_b·Y_b·s_xy + r²·Y_b²·s_xx)/(X_a+X_b)², and likewise for b (Deng, Knoblich & Lu 2018, "Applying the
//!   delta method in metric analytics", stratified);
//! * [`Noise::Periods`]: the squares of the periods' own terms, for sums whose parts are unknown (revenue and spend a day), or
//!   where an arm's whole day may be off. If these terms are symmetric, exp(λS − λ²ΣS_u²/2) is a supermartingale whatever their size
//!   (de la Peña 1999), so few periods are no danger; if they are not, it holds in the limit.
//!
//! S and its variance go into the mixture of the value method; with x = 1 for everyone the two methods are the same.
//! Guarantee: `asymptotic`. E-values and bounds may be read after every period.

use crate::StatsError;
use crate::judgement::{ArmEvidence, DispersionPosterior, Guarantee, Judgement};
use crate::pair::RatioInterval;
use crate::paired::{PairedCell, PairedTable};
use crate::special::{ln_sum_exp, normal_quantile};
use crate::value::mixture::ln_one_sided;
use crate::value::{Noise, RatioReading, Settings, Sums, evidence_of, read_ratio};

/// Evidence about the figures of two arms. Bounds are `None` where the data bound nothing yet.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RatioPair {
    /// First arm's index.
    pub a: usize,
    /// Second arm's index.
    pub b: usize,
    /// Σy / Σx of arm a over all periods; `None` without x.
    pub figure_a: Option<f64>,
    /// Σy / Σx of arm b over all periods; `None` without x.
    pub figure_b: Option<f64>,
    /// a's figure over b's, period by period; `None` where either sum is not above zero.
    pub ratio: Option<f64>,
    /// Lower bound of the confidence sequence for that ratio.
    pub lower: Option<f64>,
    /// Upper bound of the confidence sequence for that ratio.
    pub upper: Option<f64>,
    /// ln of the e-value against "a's figure is at most b's".
    pub ln_e_a_beats_b: f64,
    /// ln of the e-value against "b's figure is at most a's".
    pub ln_e_b_beats_a: f64,
    /// Posterior chance that a's figure is larger (`model`).
    pub p_a_beats_b: f64,
    /// Posterior mean of the log ratio (`model`).
    pub mean: f64,
    /// Posterior standard deviation of the log ratio (`model`).
    pub sd: f64,
}

/// Evidence for one pair of arms; `a` and `b` in any order, different.
///
/// `settings` is that of the value method; with [`Noise::People`] each arm needs its effective values of y, with
/// [`Noise::Periods`] [`Noise::PERIODS_MIN`] periods. A period without x in either arm adds nothing.
///
/// # Errors
/// An arm that is not in the table, a pair of one arm, settings outside their domains, a negative Σx.
///
/// ```
/// use gevinst_stats::paired::{PairedCell, PairedTable};
/// use gevinst_stats::ratio::judge_pair;
/// use gevinst_stats::value::{Noise, Settings};
/// // Revenue and spend of two arms over twenty days; the first returns about 4 to 1, the second 2 to 1, half of it on some days.
/// let cells = (0..20).flat_map(|u| {
///     let day = 1.0 + f64::from(u % 3);
///     [PairedCell::totals((3900.0 + 20.0 * f64::from(u % 5)) * day, 1000.0), PairedCell::totals(1000.0 * day, 500.0)]
/// });
/// let table = PairedTable::new(2, cells.collect())?;
/// let pair = judge_pair(&table, 0, 1, &Settings { noise: Noise::Periods, ..Settings::default() })?;
/// assert!((pair.ratio.unwrap() - 1.97).abs() < 0.01);
/// assert!(pair.lower.unwrap() > 1.5 && pair.ln_e_a_beats_b > 20.0_f64.ln());
/// # Ok::<(), gevinst_stats::StatsError>(())
/// ```
pub fn judge_pair(
    table: &PairedTable,
    a: usize,
    b: usize,
    settings: &Settings,
) -> Result<RatioPair, StatsError> {
    settings.check()?;
    if a >= table.arms() || b >= table.arms() || a == b {
        let arm = if a >= table.arms() { a } else { b };
        return Err(StatsError::NoSuchArm { arm, arms: table.arms() });
    }
    let mut strata = Vec::with_capacity(table.periods());
    for period in 0..table.periods() {
        let cells = [a, b].map(|arm| *table.cell(period, arm));
        for (arm, cell) in [a, b].into_iter().zip(&cells) {
            if cell.sum_x < 0.0 {
                let expected = "a number from 0";
                return Err(StatsError::Cell {
                    period,
                    arm,
                    what: "the sum of x",
                    value: cell.sum_x,
                    expected,
                });
            }
        }
        if cells.iter().all(|cell| cell.sum_x > 0.0) {
            strata.push(Stratum { cells });
        }
    }
    let figure = |arm: usize| {
        let total = table.total(arm);
        (total.sum_x > 0.0).then(|| total.sum_y / total.sum_x)
    };
    let enough = match settings.noise {
        Noise::People => [a, b].iter().all(|&arm| settings.enough(&table.total(arm).y())),
        Noise::Periods => strata.len() >= Noise::PERIODS_MIN,
    };
    let (top, bottom) = strata.iter().map(Stratum::terms).fold((0.0, 0.0), |t, s| (t.0 + s.0, t.1 + s.1));
    let variance = |r: f64| -> f64 {
        match settings.noise {
            Noise::People => strata.iter().map(|s| s.variance(r)).sum(),
            Noise::Periods => strata.iter().map(|s| (s.terms().0 - r * s.terms().1).powi(2)).sum(),
        }
    };
    let reading =
        if enough { read_ratio(top, bottom, variance, settings) } else { RatioReading::unknown(settings) };
    Ok(RatioPair {
        a,
        b,
        figure_a: figure(a),
        figure_b: figure(b),
        ratio: (top > 0.0 && bottom > 0.0).then(|| top / bottom),
        lower: reading.lower,
        upper: reading.upper,
        ln_e_a_beats_b: reading.ln_e_a_beats_b,
        ln_e_b_beats_a: reading.ln_e_b_beats_a,
        p_a_beats_b: reading.p_a_beats_b,
        mean: reading.mean,
        sd: reading.sd,
    })
}

/// One look at a ratio goal, in the form that [`decide`](crate::decide) reads: e-values and confidence sequences are `asymptotic`, chance
/// to be best and expected loss `model`.
///
/// An arm's `exposure` is its Σx, its `rate` Σy / Σx, its `count` the effective values of y, (Σy)² / Σy², rounded down.
///
/// # Errors
/// As [`judge_pair`].
///
/// ```
/// use gevinst_stats::paired::{PairedCell, PairedTable};
/// use gevinst_stats::ratio::judge;
/// use gevinst_stats::value::{Noise, Settings};
/// let cells = (0..90).map(|i: u32| {
///     let (day, arm) = (i / 3, i % 3);
///     PairedCell::totals(f64::from(1 + day % 4) * (if arm == 1 { 500.0 } else { 300.0 } + f64::from(i * 7 % 13)), 100.0)
/// });
/// let look = judge(&PairedTable::new(3, cells.collect())?, &Settings { noise: Noise::Periods, ..Settings::default() })?;
/// assert!(look.arms[1].p_best > 0.999 && look.arms[0].ln_e_drop > 20.0_f64.ln());
/// # Ok::<(), gevinst_stats::StatsError>(())
/// ```
pub fn judge(table: &PairedTable, settings: &Settings) -> Result<Judgement, StatsError> {
    let arms = table.arms();
    let mut sums = Sums::new(arms);
    for u in 0..table.periods() {
        sums.push((0..arms).map(|a| {
            let cell = table.cell(u, a);
            (cell.sum_x.max(0.0), cell.sum_y, cell.variance_of_excess())
        }));
    }
    settings.check()?;
    let posterior = sums.joint(settings.prior_sd, settings.noise);
    let z = normal_quantile(0.5 + 0.5 * settings.credible_level);
    let mut pairs = Vec::with_capacity(arms * (arms - 1) / 2);
    let mut against = vec![Vec::with_capacity(arms - 1); arms];
    for a in 0..arms {
        for b in a + 1..arms {
            let pair = judge_pair(table, a, b, settings)?;
            against[b].push(pair.ln_e_a_beats_b);
            against[a].push(pair.ln_e_b_beats_a);
            let bounds = RatioInterval { lower: pair.lower, upper: pair.upper };
            let e = (pair.ln_e_a_beats_b, pair.ln_e_b_beats_a);
            pairs.push(evidence_of((a, b), e, pair.p_a_beats_b, bounds, &posterior, z));
        }
    }
    let arm = |arm: usize| {
        let total = table.total(arm);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "from 0 to the units, rounded down"
        )]
        let count = total.y().effective_values() as u64;
        ArmEvidence {
            exposure: total.sum_x,
            count,
            rate: (total.sum_x > 0.0).then(|| total.sum_y / total.sum_x),
            p_best: posterior.p_best[arm],
            expected_loss: posterior.expected_loss[arm],
            ln_e_drop: ln_sum_exp(&against[arm]) - (against[arm].len() as f64).ln(),
        }
    };
    let dispersion = DispersionPosterior { mean: 0.0, variances: vec![0.0], weights: vec![1.0] };
    Ok(Judgement { arms: (0..arms).map(arm).collect(), pairs, dispersion, guarantee: Guarantee::Asymptotic })
}

/// What one arm's money brought back in one period.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Returned {
    /// Money spent, Σx, at least 0.
    pub spent: f64,
    /// What it brought so far, Σy.
    pub value: f64,
    /// Σy² over goals; 0 where nobody tells.
    pub value_sq: f64,
    /// The least part of this period's value that has arrived, 0 to 1.
    pub complete_at_least: f64,
}

/// ln of the e-value against "each unit of money brings back at least `least`": one arm against a limit on its return.
///
/// With D_u = least·c_u·x_u − y_u, c_u the least part of the period's value that has arrived, S = ΣD_u has mean at most 0 where the
/// return meets the limit. It goes into the mixture with its own squares ΣD_u² for variance ([`Noise::Periods`]). Completeness
/// that is stated too low lowers every D_u, and so can only weaken the evidence where that is above zero.
///
/// E = 1 until there are [`Noise::PERIODS_MIN`] periods and, where squares are told, the settings' effective values: a month without its
/// rare large orders would look too poor. Guarantee: `asymptotic`.
///
/// # Errors
/// A limit that is not above 0, settings outside their domains, money that is not a number from 0.
///
/// ```
/// use gevinst_stats::ratio::{ln_e_below_return, Returned};
/// use gevinst_stats::value::Settings;
/// let day = |value: f64| Returned { spent: 1000.0, value, value_sq: value * 100.0, complete_at_least: 1.0 };
/// let poor: Vec<Returned> = (0..30).map(|u| day(1500.0 + 20.0 * f64::from(u % 7))).collect();
/// assert!(ln_e_below_return(&poor, 2.0, &Settings::default())? > 20.0_f64.ln());
/// assert!(ln_e_below_return(&poor, 1.5, &Settings::default())? < 0.0);
/// assert_eq!(ln_e_below_return(&poor[..5], 2.0, &Settings::default())?, 0.0);
/// # Ok::<(), gevinst_stats::StatsError>(())
/// ```
pub fn ln_e_below_return(periods: &[Returned], least: f64, settings: &Settings) -> Result<f64, StatsError> {
    settings.check()?;
    if !(least > 0.0 && least.is_finite()) {
        return Err(StatsError::Domain {
            what: "the least return",
            value: least,
            expected: "a number above 0",
        });
    }
    let (mut s, mut v, mut due, mut value, mut value_sq, mut told) = (0.0, 0.0, 0.0, 0.0, 0.0, 0_usize);
    for (period, cell) in periods.iter().enumerate() {
        let refuse = |what, value, expected| Err(StatsError::Cell { period, arm: 0, what, value, expected });
        if !(cell.spent >= 0.0 && cell.spent.is_finite()) {
            return refuse("the money spent", cell.spent, "a number from 0");
        }
        if !(cell.value.is_finite() && cell.value_sq.is_finite()) {
            return refuse("the value", cell.value, "a finite number");
        }
        if !(0.0..=1.0).contains(&cell.complete_at_least) {
            return refuse("the completeness", cell.complete_at_least, "a number from 0 to 1");
        }
        if cell.spent == 0.0 {
            continue;
        }
        let expected = least * cell.complete_at_least * cell.spent;
        s += expected - cell.value;
        v += (expected - cell.value).powi(2);
        due += expected;
        value += cell.value;
        value_sq += cell.value_sq;
        told += 1;
    }
    let effective = if value_sq > 0.0 { value * value / value_sq } else { f64::INFINITY };
    if told < Noise::PERIODS_MIN || effective < settings.min_effective || v <= 0.0 {
        return Ok(0.0);
    }
    // As for a pair: one prior standard deviation of what both sides hold.
    let rho = settings.prior_sd * 0.5 * (due + value.max(0.0)) / v;
    Ok(ln_one_sided(s, v, rho))
}

/// One period in which both arms have x.
struct Stratum {
    cells: [PairedCell; 2],
}

impl Stratum {
    /// Y_a·X_b/(X_a+X_b) and Y_b·X_a/(X_a+X_b).
    fn terms(&self) -> (f64, f64) {
        let [a, b] = &self.cells;
        let x = a.sum_x + b.sum_x;
        (a.sum_y * (b.sum_x / x), b.sum_y * (a.sum_x / x))
    }

    /// Delta-method variance of the period's term at r.
    fn variance(&self, r: f64) -> f64 {
        let [a, b] = &self.cells;
        let x = a.sum_x + b.sum_x;
        // ∂S/∂Y_a = X_b, ∂S/∂X_a = −r·Y_b; ∂S/∂Y_b = −r·X_a, ∂S/∂X_b = Y_a; a sum of n has n/(n−1)·Σ(·)² for variance.
        let part = |cell: &PairedCell, by_y: f64, by_x: f64| {
            let (yy, xx, xy) = cell.about_means();
            let n = cell.count();
            let scale = if cell.n >= 2 { n / (n - 1.0) } else { 1.0 };
            scale * (by_y * by_y * yy + 2.0 * by_y * by_x * xy + by_x * by_x * xx)
        };
        part(a, b.sum_x / x, -r * b.sum_y / x) + part(b, -r * a.sum_x / x, a.sum_y / x)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{ValueCell, ValueTable};
    use rand::{RngExt, SeedableRng};
    use rand_pcg::Pcg64Mcg;

    /// Protects the claim that with x = 1 for everyone this is the value method, bounds and all.
    #[test]
    fn ones_for_x_give_the_value_method() {
        let mut rng = Pcg64Mcg::seed_from_u64(2);
        let mut values =
            |n: usize, mean: f64| (0..n).map(|_| mean * 2.0 * rng.random::<f64>()).collect::<Vec<_>>();
        let data: Vec<Vec<f64>> = vec![values(80, 3.0), values(50, 2.6), values(20, 9.0), values(70, 7.0)];
        let ratio = PairedTable::new(
            2,
            data.iter().map(|v| PairedCell::of(&v.iter().map(|&y| (y, 1.0)).collect::<Vec<_>>())).collect(),
        );
        let value = ValueTable::new(2, data.iter().map(|v| ValueCell::of(v)).collect());
        let found = judge_pair(&ratio.unwrap(), 0, 1, &Settings::default()).unwrap();
        let expected = crate::value::judge_pair(&value.unwrap(), 0, 1, &Settings::default()).unwrap();
        let close = |x: f64, y: f64| assert!((x - y).abs() < 1e-8, "{x} {y}");
        close(found.ratio.unwrap(), expected.ratio.unwrap());
        close(found.lower.unwrap(), expected.ratio_lower.unwrap());
        close(found.upper.unwrap(), expected.ratio_upper.unwrap());
        close(found.ln_e_a_beats_b, expected.ln_e_a_beats_b);
    }

    /// Protects the delta method: the variance of S agrees with its scatter over simulated data with correlated x and y.
    #[test]
    fn variance_is_the_scatter() {
        let mut rng = Pcg64Mcg::seed_from_u64(4);
        let (runs, mut sum, mut squares, mut predicted) = (3000, 0.0, 0.0, 0.0);
        for _ in 0..runs {
            let mut arm = |n: usize| {
                let pair = |rng: &mut Pcg64Mcg| {
                    let clicks = 1.0 + (4.0 * rng.random::<f64>()).floor();
                    (clicks * (0.5 + rng.random::<f64>()), clicks)
                };
                PairedCell::of(&(0..n).map(|_| pair(&mut rng)).collect::<Vec<_>>())
            };
            let stratum = Stratum { cells: [arm(60), arm(90)] };
            let (top, bottom) = stratum.terms();
            sum += top - bottom;
            squares += (top - bottom).powi(2);
            predicted += stratum.variance(1.0);
        }
        let n = f64::from(runs);
        let scatter = squares / n - (sum / n).powi(2);
        assert!((predicted / n / scatter - 1.0).abs() < 0.08, "{} {scatter}", predicted / n);
    }

    /// Protects the joint reading under day noise: it agrees with the pair's own, and noise makes it modest.
    #[test]
    fn joint_and_pair_agree() {
        let mut rng = Pcg64Mcg::seed_from_u64(12);
        for spread in [0.1, 0.8] {
            let mut cells = Vec::new();
            for day in 0..20 {
                for lift in [1.1, 1.0] {
                    let off = 1.0 + spread * (2.0 * rng.random::<f64>() - 1.0);
                    cells.push(PairedCell::totals(lift * off * f64::from(1 + day % 3), 0.5));
                }
            }
            let settings = Settings { noise: Noise::Periods, ..Settings::default() };
            let table = PairedTable::new(2, cells).unwrap();
            let (look, pair) =
                (judge(&table, &settings).unwrap(), judge_pair(&table, 0, 1, &settings).unwrap());
            assert!((look.arms[0].p_best - pair.p_a_beats_b).abs() < 0.05, "{look:?} {pair:?}");
            assert!((look.pairs[0].sd / pair.sd - 1.0).abs() < 0.25, "{} {}", look.pairs[0].sd, pair.sd);
        }
    }

    /// Protects symmetry, and days on which one arm bought nothing.
    #[test]
    fn swapping_arms_inverts_the_ratio() {
        let day = |u: u32| {
            [
                PairedCell::totals(300.0 + f64::from(u * 37 % 11), 100.0),
                PairedCell::totals(240.0 + f64::from(u * 53 % 17), 90.0),
            ]
        };
        let mut cells: Vec<PairedCell> = (0..14).flat_map(day).collect();
        cells.extend([PairedCell::totals(5.0, 0.0), PairedCell::totals(100.0, 40.0)]);
        let table = PairedTable::new(2, cells).unwrap();
        let settings = Settings { noise: Noise::Periods, ..Settings::default() };
        let (ab, ba) =
            (judge_pair(&table, 0, 1, &settings).unwrap(), judge_pair(&table, 1, 0, &settings).unwrap());
        assert!((ab.lower.unwrap() * ba.upper.unwrap() - 1.0).abs() < 1e-6);
        assert!((ab.ln_e_a_beats_b - ba.ln_e_b_beats_a).abs() < 1e-9);
        // Too few days: no claim.
        let few = PairedTable::new(2, (0..5).flat_map(day).collect()).unwrap();
        let pair = judge_pair(&few, 0, 1, &settings).unwrap();
        assert_eq!((pair.lower, pair.upper, pair.ln_e_a_beats_b), (None, None, 0.0));
    }
}
