//! The safe t-test: an e-value for a normal mean (or difference of means) whose variance is unknown.
//!
//! Under δ = μ/σ the t statistic of n observations is noncentral t. The e-value is the ratio of its densities under a
//! smallest interesting δ (or ±δ, half each) and under 0. It depends on the data through t alone and is a martingale
//! under zero mean whatever σ is, so it may be read after each observation.

use crate::StatsError;
use crate::special::{bracketed_root, integrate, ln_add_exp, normal_sf, student_t_sf};

/// Which effects the e-value looks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Above zero.
    Greater,
    /// Either side.
    TwoSided,
}

/// The design: the smallest interesting standardised effect and its direction.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SafeT {
    delta: f64,
    direction: Direction,
}

/// ln ∫₀^∞ y^ν e^{−y²/2 + zy} dy, about its mode.
fn ln_half_moment(nu: f64, z: f64) -> f64 {
    let mode = 0.5 * (z + (z * z + 4.0 * nu).sqrt());
    let sd = 1.0 / (1.0 + nu / (mode * mode)).sqrt();
    let g = |y: f64| nu * (y / mode).ln() - 0.5 * (y - mode) * (y + mode) + z * (y - mode);
    let low = (mode - 14.0 * sd).max(0.0);
    let value = integrate(|y| if y > 0.0 { g(y).exp() } else { 0.0 }, low, mode + 14.0 * sd, 10);
    nu * mode.ln() - 0.5 * mode * mode + z * mode + value.ln()
}

/// ln of the noncentral over the central t density at t, with noncentrality m and ν degrees of freedom.
///
/// −m²/2 + ln ∫ y^ν e^{−y²/2 + zy} dy − ln ∫ y^ν e^{−y²/2} dy with z = mt/√(t² + ν).
fn ln_density_ratio(t: f64, nu: f64, m: f64) -> f64 {
    let z = m * t / (t * t + nu).sqrt();
    -0.5 * m * m + ln_half_moment(nu, z) - ln_half_moment(nu, 0.0)
}

/// P(T > t) for noncentral t with ν degrees of freedom and noncentrality m: ∫ P(N > t·s − m) dF(s), s² ~ χ²_ν/ν.
fn noncentral_t_sf(t: f64, nu: f64, m: f64) -> f64 {
    if m == 0.0 {
        return student_t_sf(nu, t);
    }
    // In w = ln s the density is e^{νw − νe^{2w}/2}·const, log-concave with its mode at 0.
    let sd = (0.5 / nu).sqrt();
    let g = |w: f64| nu * w - 0.5 * nu * libm::expm1(2.0 * w);
    // Few degrees of freedom have a long exponential tail to the left and a sudden end to the right.
    let over = |f: &dyn Fn(f64) -> f64| {
        let (low, knee, high) = (-14.0 * sd - 40.0 / nu, -3.0 * sd, (14.0 * sd).min(4.0 + 3.0 * sd));
        integrate(f, low, knee, 12) + integrate(f, knee, high, 12)
    };
    over(&|w| g(w).exp() * normal_sf(t * w.exp() - m)) / over(&|w| g(w).exp())
}

impl SafeT {
    /// For effects of at least δ standard deviations.
    ///
    /// # Errors
    /// δ not positive and finite.
    pub fn new(delta: f64, direction: Direction) -> Result<Self, StatsError> {
        if delta > 0.0 && delta.is_finite() {
            Ok(Self { delta, direction })
        } else {
            Err(StatsError::Domain { what: "δ", value: delta, expected: "positive and finite" })
        }
    }

    /// ln of the e-value for a t statistic with `degrees` of freedom and effective size n: n itself for one sample or
    /// pairs, n₁n₂/(n₁+n₂) for two.
    ///
    /// # Errors
    /// t not finite; degrees below 1; a size that is not positive.
    ///
    /// ```
    /// use gevinst_stats::safe_test::t::{Direction, SafeT};
    /// let test = SafeT::new(0.5, Direction::Greater).unwrap();
    /// // Large ν: the normal density ratio e^{δ√n·t − nδ²/2}.
    /// let ln_e = test.ln_e_value(2.0, 1e7, 9.0).unwrap();
    /// assert!((ln_e - (1.5 * 2.0 - 1.125)).abs() < 1e-6);
    /// ```
    pub fn ln_e_value(&self, t: f64, degrees: f64, size: f64) -> Result<f64, StatsError> {
        if !t.is_finite() {
            return Err(StatsError::Domain { what: "t", value: t, expected: "finite" });
        }
        for (what, value) in [("the degrees of freedom", degrees), ("the effective size", size)] {
            if !(value >= 1e-3 && value.is_finite()) {
                return Err(StatsError::Domain { what, value, expected: "positive and finite" });
            }
        }
        let m = self.delta * size.sqrt();
        Ok(match self.direction {
            Direction::Greater => ln_density_ratio(t, degrees, m),
            Direction::TwoSided => {
                ln_add_exp(ln_density_ratio(t, degrees, m), ln_density_ratio(t, degrees, -m))
                    - core::f64::consts::LN_2
            }
        })
    }

    /// The t at which the e-value reaches 1/α, or None where none does.
    ///
    /// # Errors
    /// As [`ln_e_value`](Self::ln_e_value); α outside (0, 1).
    ///
    /// ```
    /// use gevinst_stats::safe_test::t::{Direction, SafeT};
    /// let test = SafeT::new(0.5, Direction::Greater).unwrap();
    /// let t = test.critical_t(49.0, 50.0, 0.05).unwrap().unwrap();
    /// // More than the classical 1.68: it may be read after every observation.
    /// assert!(t > 2.5 && t < 3.0);
    /// assert!((test.ln_e_value(t, 49.0, 50.0).unwrap() - 20f64.ln()).abs() < 1e-8);
    /// ```
    pub fn critical_t(&self, degrees: f64, size: f64, alpha: f64) -> Result<Option<f64>, StatsError> {
        if !(alpha > 0.0 && alpha < 1.0) {
            return Err(StatsError::Domain { what: "α", value: alpha, expected: "0 < α < 1" });
        }
        self.ln_e_value(0.0, degrees, size)?;
        let excess = |t: f64| self.ln_e_value(t, degrees, size).map_or(f64::NAN, |e| e + alpha.ln());
        Ok(bracketed_root(excess, 0.0, 1e6, 1e-10))
    }

    /// The fewest observations of one sample (or pairs) at which a single look has the wanted power at δ.
    ///
    /// # Errors
    /// α or power outside (0, 1); more than 100,000 observations needed.
    ///
    /// ```
    /// use gevinst_stats::safe_test::t::{Direction, SafeT};
    /// let test = SafeT::new(0.18f64.sqrt(), Direction::Greater).unwrap();
    /// assert_eq!(test.observations_for_power(0.05, 0.8).unwrap(), 68); // safestats' batch design
    /// ```
    pub fn observations_for_power(&self, alpha: f64, power: f64) -> Result<u32, StatsError> {
        if !(power > 0.0 && power < 1.0) {
            return Err(StatsError::Domain { what: "the power", value: power, expected: "between 0 and 1" });
        }
        let reached = |n: u32| -> Result<f64, StatsError> {
            let nf = f64::from(n);
            let Some(t) = self.critical_t(nf - 1.0, nf, alpha)? else { return Ok(0.0) };
            let m = self.delta * nf.sqrt();
            let above = noncentral_t_sf(t, nf - 1.0, m);
            let below =
                if self.direction == Direction::TwoSided { noncentral_t_sf(t, nf - 1.0, -m) } else { 0.0 };
            Ok(above + below)
        };
        let (mut low, mut high) = (1u32, 4u32);
        while reached(high)? < power {
            low = high;
            high *= 2;
            if high > 100_000 {
                return Err(StatsError::Domain {
                    what: "δ",
                    value: self.delta,
                    expected: "an effect that 100,000 observations can show",
                });
            }
        }
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if reached(middle)? >= power { high = middle } else { low = middle }
        }
        Ok(high)
    }
}

/// The fewest observations of one sample at which a one-sided classical t-test has the wanted power at δ.
///
/// # Errors
/// Arguments out of range; more than 100,000 observations needed.
///
/// ```
/// use gevinst_stats::safe_test::t::classical_observations;
/// assert_eq!(classical_observations(0.18f64.sqrt(), 0.05, 0.8).unwrap(), 36);
/// ```
pub fn classical_observations(delta: f64, alpha: f64, power: f64) -> Result<u32, StatsError> {
    for (what, value) in [("α", alpha), ("the power", power)] {
        if !(value > 0.0 && value < 1.0) {
            return Err(StatsError::Domain { what, value, expected: "between 0 and 1" });
        }
    }
    let refuse = StatsError::Domain {
        what: "δ",
        value: delta,
        expected: "an effect that 100,000 observations can show",
    };
    if !(delta > 0.0 && delta.is_finite()) {
        return Err(refuse);
    }
    for n in 2..=100_000u32 {
        let nf = f64::from(n);
        let t = -crate::special::student_t_quantile(nf - 1.0, alpha);
        if noncentral_t_sf(t, nf - 1.0, delta * nf.sqrt()) >= power {
            return Ok(n);
        }
    }
    Err(refuse)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noncentral_t_against_known_values() {
        // Protects the power integral: scipy.stats.nct.sf to 12 digits.
        for (t, nu, m, expected) in [
            (2.0, 9.0, 1.5, 3.441240860014503e-01),
            (1.7, 53.0, 3.1, 9.176158069000978e-01),
            (4.0, 2.0, 0.5, 5.796395666517011e-02),
            (0.3, 200.0, -1.0, 0.096_889_754_096_643),
            (2.5, 1.0, 2.0, 5.450511748065106e-01),
        ] {
            let got = noncentral_t_sf(t, nu, m);
            assert!((got / expected - 1.0f64).abs() < 1e-9, "{t} {nu} {m}: {got} {expected}");
        }
    }

    #[test]
    fn expectation_is_one_under_no_effect() {
        // Protects the e-value: its mean under the central t is exactly 1, from two observations to a thousand.
        for (degrees, size, direction) in [
            (1.0, 2.0, Direction::Greater),
            (5.0, 6.0, Direction::TwoSided),
            (999.0, 1000.0, Direction::Greater),
        ] {
            let test = SafeT::new(0.4, direction).unwrap();
            // In u with t = sinh u the heavy tails of few degrees of freedom are short.
            let mean = integrate(
                |u: f64| {
                    let t = u.sinh();
                    let ln_e = test.ln_e_value(t, degrees, size).unwrap();
                    (ln_e + crate::special::ln_student_t_pdf(degrees, t)).exp() * u.cosh()
                },
                -25.0,
                25.0,
                120,
            );
            assert!((mean - 1.0).abs() < 1e-8, "{degrees}: {mean}");
        }
    }

    #[test]
    fn batch_sizes_of_safestats() {
        // Protects planning: safestats' one-look sizes for eight effects, and the classical test's beside one of them.
        for (delta, n) in
            [(1.0, 15), (0.9, 17), (0.8, 21), (0.7, 27), (0.6, 36), (0.5, 50), (0.4, 76), (0.3, 134)]
        {
            let test = SafeT::new(delta, Direction::Greater).unwrap();
            assert_eq!(test.observations_for_power(0.05, 0.8).unwrap(), n, "{delta}");
        }
        let delta = 0.42426407;
        assert_eq!(
            SafeT::new(delta, Direction::Greater).unwrap().observations_for_power(0.05, 0.8).unwrap(),
            68
        );
        assert_eq!(classical_observations(delta, 0.05, 0.8).unwrap(), 36);
    }

    #[test]
    fn unsound_input_is_refused() {
        // Protects against NaN evidence.
        assert!(SafeT::new(0.0, Direction::Greater).is_err());
        let test = SafeT::new(0.5, Direction::TwoSided).unwrap();
        assert!(test.ln_e_value(f64::NAN, 5.0, 6.0).is_err() && test.ln_e_value(1.0, 0.0, 6.0).is_err());
        assert!(test.critical_t(5.0, 6.0, 1.0).is_err() && test.observations_for_power(0.05, 1.0).is_err());
    }
}
