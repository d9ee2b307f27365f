//! Fisher's exact test: conditional on both margins, exact for any numbers from 0 to 10⁹.
//!
//! Given n_t people, n_c people and m events in all, the events X of the treatment have
//! P(X = k) ∝ C(n_t, k)·C(n_c, m−k)·ψᵏ with ψ the odds ratio. Sums run from the mode or the observed value outwards
//! with the ratio of neighbouring terms, until a term no longer counts: about sixteen standard deviations.

use super::{Alternative, FixedTest, Proportion, TIE, TestResult, check_alpha, ends, tail_alpha};
use crate::StatsError;
use crate::special::{bracketed_root, ln_1m_exp, ln_hypergeometric_pmf};

/// The conditional law of the treatment's events.
pub(super) struct Conditional {
    treated: u64,
    controls: u64,
    events: u64,
    /// Smallest and largest possible count.
    pub(super) low: u64,
    pub(super) high: u64,
}

impl Conditional {
    pub(super) fn new(treated: u64, controls: u64, events: u64) -> Self {
        Self { treated, controls, events, low: events.saturating_sub(controls), high: treated.min(events) }
    }

    /// P(k+1)/P(k) at ψ = 1.
    fn ratio(&self, k: u64) -> f64 {
        let up = (self.treated - k) as f64 * (self.events - k) as f64;
        let down = (k + 1) as f64 * (self.controls + k + 1 - self.events) as f64;
        up / down
    }

    /// ln P(k) at ψ = 1.
    pub(super) fn ln_mass(&self, k: u64) -> f64 {
        ln_hypergeometric_pmf(self.treated + self.controls, self.treated, self.events, k)
    }

    /// The most likely count at ln ψ: the first k whose next ratio is at most 1.
    fn mode(&self, ln_psi: f64) -> u64 {
        let (mut low, mut high) = (self.low, self.high);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.ratio(middle).ln() + ln_psi > 0.0 { low = middle + 1 } else { high = middle }
        }
        low
    }

    /// Σ_{j≥0} P(k±j)/P(k) going up or down, and the same weighted by j.
    fn sums(&self, k: u64, ln_psi: f64, up: bool) -> (f64, f64) {
        let psi = ln_psi.exp();
        let (mut term, mut sum, mut weighted, mut at, mut steps) = (1.0, 1.0, 0.0, k, 0.0);
        while if up { at < self.high } else { at > self.low } {
            if up {
                term *= self.ratio(at) * psi;
                at += 1;
            } else {
                at -= 1;
                term /= self.ratio(at) * psi;
            }
            steps += 1.0;
            sum += term;
            weighted += steps * term;
            if term < 1e-18 * sum && steps * term < 1e-18 * weighted.max(f64::MIN_POSITIVE) {
                break;
            }
        }
        (sum, weighted)
    }

    /// (ln P(X ≤ x), ln P(X ≥ x)) at odds ratio e^{ln ψ}.
    pub(super) fn ln_tails(&self, x: u64, ln_psi: f64) -> (f64, f64) {
        let mode = self.mode(ln_psi);
        let total = self.sums(mode, ln_psi, true).0 + self.sums(mode, ln_psi, false).0 - 1.0;
        // ln of P(x)/P(mode): the noncentral mass is the central one tilted by ψ.
        let ln_relative = |k: u64| self.ln_mass(k) - self.ln_mass(mode) + (k as f64 - mode as f64) * ln_psi;
        let upper_from = |k: u64| ln_relative(k) + self.sums(k, ln_psi, true).0.ln() - total.ln();
        let lower_from = |k: u64| ln_relative(k) + self.sums(k, ln_psi, false).0.ln() - total.ln();
        if x > mode {
            let upper = upper_from(x).min(0.0);
            let beyond = if x == self.high { f64::NEG_INFINITY } else { upper_from(x + 1).min(0.0) };
            (ln_1m_exp(beyond), upper)
        } else {
            let lower = lower_from(x).min(0.0);
            let beyond = if x == self.low { f64::NEG_INFINITY } else { lower_from(x - 1).min(0.0) };
            (lower, ln_1m_exp(beyond))
        }
    }

    /// E X at odds ratio e^{ln ψ}.
    fn mean(&self, ln_psi: f64) -> f64 {
        let mode = self.mode(ln_psi);
        let (up, up_weighted) = self.sums(mode, ln_psi, true);
        let (down, down_weighted) = self.sums(mode, ln_psi, false);
        mode as f64 + (up_weighted - down_weighted) / (up + down - 1.0)
    }

    /// Σ of all P(k) that are at most P(x), up to ties, at ψ = 1.
    fn as_unlikely_as(&self, x: u64) -> f64 {
        let limit = self.ln_mass(x) + TIE;
        let mode = self.mode(0.0);
        let (mut p, other) = if x > mode {
            // The largest k below the mode that is unlikely enough.
            let (mut low, mut high) = (self.low, mode + 1);
            while low < high {
                let middle = low + (high - low) / 2;
                if self.ln_mass(middle) <= limit { low = middle + 1 } else { high = middle }
            }
            let p = self.ln_tails(x, 0.0).1.exp();
            (p, if low == self.low { None } else { Some(self.ln_tails(low - 1, 0.0).0) })
        } else {
            if self.ln_mass(mode) <= limit {
                return 1.0;
            }
            let (mut low, mut high) = (mode, self.high + 1);
            while low < high {
                let middle = low + (high - low) / 2;
                if self.ln_mass(middle) > limit { low = middle + 1 } else { high = middle }
            }
            let p = self.ln_tails(x, 0.0).0.exp();
            (p, if low > self.high { None } else { Some(self.ln_tails(low, 0.0).1) })
        };
        p += other.map_or(0.0, f64::exp);
        p.min(1.0)
    }

    /// ln ψ at which one tail of x has the chance `tail`; None where there is none.
    fn ln_psi_for(&self, x: u64, tail: f64, upper_tail: bool) -> Option<f64> {
        if if upper_tail { x == self.low } else { x == self.high } {
            return None;
        }
        let miss = |ln_psi: f64| {
            let (lower, upper) = self.ln_tails(x, ln_psi);
            if upper_tail { upper - tail.ln() } else { tail.ln() - lower }
        };
        bracketed_root(miss, -60.0, 60.0, 1e-13)
    }
}

/// Fisher's exact test of the odds ratio, with the conditional maximum-likelihood estimate and exact interval.
///
/// Two-sided: the sum of all tables that are at most as likely (Freeman & Halton 1951; R and scipy do the same).
/// The interval inverts the two one-sided tests (Clopper–Pearson fashion), so it is conservative: `exact`.
///
/// # Errors
/// α outside (0, 1).
///
/// ```
/// use gevinst_stats::classical::{Alternative, Proportion, fisher_exact};
/// let control = Proportion::new(1, 4).unwrap();
/// let treatment = Proportion::new(3, 4).unwrap();
/// // The lady tasting tea.
/// let result = fisher_exact(control, treatment, Alternative::Greater, 0.05).unwrap();
/// assert!((result.p_value - 17.0 / 70.0).abs() < 1e-14);
/// ```
pub fn fisher_exact(
    control: Proportion,
    treatment: Proportion,
    alternative: Alternative,
    alpha: f64,
) -> Result<TestResult, StatsError> {
    check_alpha(alpha)?;
    let law = Conditional::new(treatment.people(), control.people(), control.events() + treatment.events());
    let x = treatment.events();
    let (ln_lower, ln_upper) = law.ln_tails(x, 0.0);
    let p_value = match alternative {
        Alternative::TwoSided => law.as_unlikely_as(x),
        Alternative::Greater => ln_upper.exp(),
        Alternative::Less => ln_lower.exp(),
    };
    let estimate = if law.low == law.high {
        None
    } else if x == law.low {
        Some(0.0)
    } else if x == law.high {
        None
    } else {
        bracketed_root(|ln_psi| law.mean(ln_psi) - x as f64, -60.0, 60.0, 1e-13).map(f64::exp)
    };
    let tail = tail_alpha(alpha, alternative);
    let (has_lower, has_upper) = ends(alternative);
    let lower = if has_lower { Some(law.ln_psi_for(x, tail, true).map_or(0.0, f64::exp)) } else { None };
    let upper = if has_upper { law.ln_psi_for(x, tail, false).map(f64::exp) } else { None };
    Ok(TestResult {
        test: FixedTest::Fisher,
        estimate,
        lower,
        upper,
        statistic: None,
        degrees_of_freedom: None,
        p_value,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tails_are_the_sums_of_masses() {
        // Protects the outward sums on both sides of the mode, at several odds ratios.
        let law = Conditional::new(17, 23, 14);
        for ln_psi in [-3.0, 0.0, 0.4, 5.0] {
            let mass: Vec<f64> =
                (law.low..=law.high).map(|k| (law.ln_mass(k) + k as f64 * ln_psi).exp()).collect();
            let total: f64 = mass.iter().sum();
            for x in law.low..=law.high {
                let at = usize::try_from(x - law.low).unwrap();
                let lower: f64 = mass[..=at].iter().sum::<f64>() / total;
                let upper: f64 = mass[at..].iter().sum::<f64>() / total;
                let (ln_lower, ln_upper) = law.ln_tails(x, ln_psi);
                assert!((ln_lower.exp() / lower - 1.0).abs() < 1e-12, "{x} {ln_psi}");
                assert!((ln_upper.exp() / upper - 1.0).abs() < 1e-12, "{x} {ln_psi}");
            }
            let mean: f64 =
                mass.iter().enumerate().map(|(i, p)| (law.low + i as u64) as f64 * p).sum::<f64>() / total;
            assert!((law.mean(ln_psi) - mean).abs() < 1e-12);
        }
    }

    #[test]
    fn two_sided_is_all_tables_at_most_as_likely() {
        // Protects the search for the other tail.
        for (treated, controls, events) in [(8, 5, 6), (30, 10, 12), (10, 10, 10), (3, 100, 20)] {
            let law = Conditional::new(treated, controls, events);
            for x in law.low..=law.high {
                let expected: f64 = (law.low..=law.high)
                    .filter(|&k| law.ln_mass(k) <= law.ln_mass(x) + TIE)
                    .map(|k| law.ln_mass(k).exp())
                    .sum();
                assert!(
                    (law.as_unlikely_as(x) - expected).abs() < 1e-12,
                    "{treated} {controls} {events} {x}"
                );
            }
        }
    }

    #[test]
    fn huge_tables_work_and_empty_ones_say_nothing() {
        // Protects counts of 10⁹ (no overflow, no long loop) and tables without events.
        let control = Proportion::new(500_000_000, 1_000_000_000).unwrap();
        let treatment = Proportion::new(500_050_000, 1_000_000_000).unwrap();
        let result = fisher_exact(control, treatment, Alternative::TwoSided, 0.05).unwrap();
        // z = 50000/√(10⁹/2) = 2.236: the normal value is 0.02535, the exact one is next to it.
        assert!((result.p_value - 0.025_35).abs() < 2e-5, "{result:?}");
        assert!(result.lower.unwrap() < result.estimate.unwrap());
        let none = Proportion::new(0, 10).unwrap();
        let result = fisher_exact(none, none, Alternative::TwoSided, 0.05).unwrap();
        assert_eq!(
            (result.p_value, result.estimate, result.lower, result.upper),
            (1.0, None, Some(0.0), None)
        );
    }
}
