//! A closed experiment from its table of periods, without confounding by the days on which arms were busy.
//!
//! Arms had their budgets on different days, and days differ. The rates that fit all periods, each period's level free, solve
//!
//! ```text
//! s_a = θ_a·x_a,      x_a = Σ_u n_u·e_a,u / Σ_j e_j,u·θ_j
//! ```
//!
//! (maximum conditional likelihood; n_u the period's goals). x_a is the arm's exposure weighed by how good its days were, and with
//! it the arm's totals say what its periods do. Day noise of variance φ adds φ·Σ_u m_a,u²/m_a² to the variance of ln θ_a, m_a,u the
//! goals expected in the period; its mean over arms goes into [`Closed::noise_variance`].

use super::{Closed, ClosedArm};
use crate::StatsError;
use crate::table::CountTable;

impl Closed {
    /// Sums up the periods of a closed experiment. `day_noise` is φ, such as [`day_noise`](crate::quality::day_noise())
    /// estimates it; 0 for lists split person by person.
    ///
    /// Periods in which fewer than two arms had exposure, or none had a goal, say nothing and are left out.
    ///
    /// # Errors
    /// Fewer than two arms, a control that is no arm, day noise outside [0, 1.5].
    ///
    /// ```
    /// use gevinst_stats::{learn::{Closed, ClosedArm}, table::CountTable};
    /// // Both arms convert alike; the second had its money on the rich day.
    /// let table = CountTable::from_columns(2, &[900.0, 100.0, 100.0, 900.0], &[90, 10, 30, 270])?;
    /// let closed = Closed::of_table(&table, None, 0.0)?;
    /// let rate = |arm: &ClosedArm| match arm {
    ///     ClosedArm::Counts { exposure, goals } => *goals as f64 / exposure,
    ///     ClosedArm::Estimate { ln_rate, .. } => ln_rate.exp(),
    /// };
    /// assert!((rate(&closed.arms[0]) / rate(&closed.arms[1]) - 1.0).abs() < 1e-9);
    /// # Ok::<(), gevinst_stats::StatsError>(())
    /// ```
    pub fn of_table(table: &CountTable, control: Option<usize>, day_noise: f64) -> Result<Self, StatsError> {
        let arms = table.arms();
        if !(0.0..=1.5).contains(&day_noise) {
            let expected = "a variance from 0 to 1.5";
            return Err(StatsError::Domain { what: "the day noise", value: day_noise, expected });
        }
        let rows: Vec<Vec<(f64, u64)>> = (0..table.periods())
            .map(|u| {
                (0..arms).map(|a| table.cell(u, a).map_or((0.0, 0), |c| (c.exposure, c.count))).collect()
            })
            .filter(|row: &Vec<(f64, u64)>| row.iter().filter(|c| c.0 > 0.0).count() > 1 && goals(row) > 0.0)
            .collect();
        let seen: Vec<u64> = (0..arms).map(|a| rows.iter().map(|row| row[a].1).sum()).collect();
        let rates = fit(&rows, &seen);
        let mut exposure = vec![0.0; arms];
        let mut squares = vec![0.0; arms];
        for row in &rows {
            for (a, x) in weighed(row, &rates).into_iter().enumerate() {
                exposure[a] += x;
                squares[a] += x * x;
            }
        }
        let spread: Vec<f64> =
            (0..arms).filter(|&a| exposure[a] > 0.0).map(|a| squares[a] / exposure[a].powi(2)).collect();
        let noise_variance = if spread.is_empty() {
            0.0
        } else {
            day_noise * spread.iter().sum::<f64>() / spread.len() as f64
        };
        let arms = exposure
            .iter()
            .zip(&seen)
            .map(|(&exposure, &goals)| ClosedArm::Counts { exposure, goals })
            .collect();
        let closed = Self { arms, control, noise_variance };
        super::check(0, &closed)?;
        Ok(closed)
    }
}

fn goals(row: &[(f64, u64)]) -> f64 {
    row.iter().map(|c| c.1).sum::<u64>() as f64
}

/// n·e_a / Σ e_j·θ_j for each arm of a period.
fn weighed(row: &[(f64, u64)], rates: &[f64]) -> Vec<f64> {
    let level: f64 = row.iter().zip(rates).map(|(c, r)| c.0 * r).sum();
    let n = goals(row);
    row.iter().map(|c| if level > 0.0 { n * (c.0 / level) } else { 0.0 }).collect()
}

/// θ by fixed-point iteration, which raises the likelihood at each step (Hunter 2004, "MM algorithms for generalized Bradley-Terry models").
fn fit(rows: &[Vec<(f64, u64)>], seen: &[u64]) -> Vec<f64> {
    // Exposures may be of any size: start at the plain rates, so that no level underflows.
    let plain: Vec<f64> = (0..seen.len()).map(|a| rows.iter().map(|row| row[a].0).sum()).collect();
    let mut rates: Vec<f64> =
        seen.iter().zip(&plain).map(|(&s, &e)| if e > 0.0 { s as f64 / e } else { 0.0 }).collect();
    for _ in 0..2000 {
        let mut exposure = vec![0.0; seen.len()];
        for row in rows {
            for (sum, x) in exposure.iter_mut().zip(weighed(row, &rates)) {
                *sum += x;
            }
        }
        let mut moved = 0.0_f64;
        for (a, rate) in rates.iter_mut().enumerate() {
            if exposure[a] > 0.0 && *rate > 0.0 {
                let next = seen[a] as f64 / exposure[a];
                moved = moved.max((next / *rate - 1.0).abs());
                *rate = next;
            }
        }
        if moved < 1e-11 {
            break;
        }
    }
    rates
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protects against Simpson's paradox: rates that fit each day recover ratios which totals turn round.
    #[test]
    fn rich_days_do_not_count_for_the_arm() {
        // True rates 1 : 1.5; the better arm had its exposure on the poor days.
        let (mut exposure, mut count) = (Vec::new(), Vec::new());
        for u in 0..10 {
            // 40 goals per hundred on rich days, 4 on poor ones.
            exposure.extend(if u % 2 == 0 { [900.0, 100.0] } else { [100.0, 900.0] });
            count.extend(if u % 2 == 0 { [360, 60] } else { [4, 54] });
        }
        let table = CountTable::from_columns(2, &exposure, &count).unwrap();
        assert!(table.total(0).count > table.total(1).count);
        let closed = Closed::of_table(&table, Some(0), 0.1).unwrap();
        let rate = |a: usize| match closed.arms[a] {
            ClosedArm::Counts { exposure, goals } => goals as f64 / exposure,
            ClosedArm::Estimate { .. } => f64::NAN,
        };
        assert!((rate(1) / rate(0) - 1.5).abs() < 0.01, "{}", rate(1) / rate(0));
        // Five days carry one arm's goals, all ten the other's: 0.1·(1/5 + 1/10)/2.
        assert!((0.0145..0.0155).contains(&closed.noise_variance), "{}", closed.noise_variance);
    }

    /// Protects arms that never ran, tables without goals, and exposures of any size.
    #[test]
    fn degenerate_tables_are_closed_too() {
        let table = |e: &[f64], s: &[u64]| CountTable::from_columns(3, e, s).unwrap();
        let silent = Closed::of_table(&table(&[1.0, 1.0, 0.0], &[0, 0, 0]), None, 0.0).unwrap();
        assert!(!silent.informative());
        let away = Closed::of_table(&table(&[1e-60, 2e-60, 0.0], &[5, 20, 0]), None, 0.0).unwrap();
        assert!(matches!(away.arms[2], ClosedArm::Counts { exposure: 0.0, goals: 0 }));
        assert!(away.informative());
        assert!(Closed::of_table(&table(&[1.0; 3], &[1; 3]), Some(3), 0.0).is_err());
        assert!(Closed::of_table(&table(&[1.0; 3], &[1; 3]), None, 2.0).is_err());
    }
}
