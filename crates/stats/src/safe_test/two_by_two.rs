//! The safe test of two proportions, in blocks of n_a and n_b people.
//!
//! Before each block the chances are guessed from what came before, θ̆ = (prior + successes)/(2·prior + people); the
//! block's e-value is its likelihood at the guess over its likelihood at the member of the hypothesis that is nearest to
//! the guess in Kullback–Leibler distance (the reverse information projection), which for equal chances is the block's
//! weighted mean. The product over blocks is the e-value.
//!
//! Other hypotheses give confidence sequences: all differences (a line, so two-sided) or log odds ratios (a half-space,
//! one-sided) that have never been rejected. Reproduced: the R package safestats, e-values to twelve digits.

use crate::StatsError;
use crate::special::{bracketed_root, expit, logit};

/// One block: successes of the n_a and n_b people in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block {
    /// Successes among the block's people of group a.
    pub a: u32,
    /// Successes among the block's people of group b.
    pub b: u32,
}

/// The design of a safe test of two proportions.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SafeTwoByTwo {
    people: (f64, f64),
    prior: (f64, f64),
}

/// The member of a hypothesis that is nearest to a guess: chances of a and b.
type Nearest = (f64, f64);

/// x·ln(p/q) with 0·ln(p/q) = 0.
fn times_ln_ratio(x: f64, p: f64, q: f64) -> f64 {
    if x == 0.0 { 0.0 } else { x * (p / q).ln() }
}

impl SafeTwoByTwo {
    /// Blocks of `people_a` and `people_b`, and beta priors with both parameters `prior_a` and `prior_b`.
    ///
    /// safestats uses 0.18 for balanced blocks, and 0.18 and 0.09 for blocks of two and one, which minimise the worst
    /// regret.
    ///
    /// # Errors
    /// A group without people; a prior that is not positive.
    pub fn new(people_a: u32, people_b: u32, prior_a: f64, prior_b: f64) -> Result<Self, StatsError> {
        for (what, value) in [
            ("people of group a", f64::from(people_a)),
            ("people of group b", f64::from(people_b)),
            ("the prior of a", prior_a),
            ("the prior of b", prior_b),
        ] {
            if !(value > 0.0 && value.is_finite()) {
                return Err(StatsError::Domain { what, value, expected: "positive and finite" });
            }
        }
        Ok(Self { people: (f64::from(people_a), f64::from(people_b)), prior: (prior_a, prior_b) })
    }

    /// Balanced blocks of one and one with prior 0.18.
    #[must_use]
    pub fn balanced() -> Self {
        Self { people: (1.0, 1.0), prior: (0.18, 0.18) }
    }

    /// ln of the e-value after each block, against the hypothesis whose nearest member is `nearest`.
    fn path(&self, blocks: &[Block], nearest: impl Fn(f64, f64) -> Nearest) -> Result<Vec<f64>, StatsError> {
        let (na, nb) = self.people;
        let (mut sa, mut sb, mut seen) = (0.0, 0.0, 0.0);
        let mut ln_e = 0.0;
        let mut path = Vec::with_capacity(blocks.len());
        for block in blocks {
            let (xa, xb) = (f64::from(block.a), f64::from(block.b));
            if xa > na || xb > nb {
                return Err(StatsError::Domain {
                    what: "a block's successes",
                    value: xa.max(xb),
                    expected: "at most its people",
                });
            }
            let ta = (self.prior.0 + sa) / (2.0 * self.prior.0 + seen * na);
            let tb = (self.prior.1 + sb) / (2.0 * self.prior.1 + seen * nb);
            let (qa, qb) = nearest(ta, tb);
            ln_e += times_ln_ratio(xa, ta, qa)
                + times_ln_ratio(na - xa, 1.0 - ta, 1.0 - qa)
                + times_ln_ratio(xb, tb, qb)
                + times_ln_ratio(nb - xb, 1.0 - tb, 1.0 - qb);
            path.push(ln_e);
            sa += xa;
            sb += xb;
            seen += 1.0;
        }
        Ok(path)
    }

    /// ln of the e-value against equal chances, after each block.
    ///
    /// # Errors
    /// A block with more successes than people.
    ///
    /// ```
    /// use gevinst_stats::safe_test::{Block, SafeTwoByTwo};
    /// let blocks: Vec<Block> = "1111110111".bytes().zip("0010100000".bytes())
    ///     .map(|(a, b)| Block { a: u32::from(a - b'0'), b: u32::from(b - b'0') }).collect();
    /// let path = SafeTwoByTwo::balanced().ln_e_values(&blocks).unwrap();
    /// assert!((path[9].exp() - 11.1502948848).abs() < 1e-9); // safestats
    /// ```
    pub fn ln_e_values(&self, blocks: &[Block]) -> Result<Vec<f64>, StatsError> {
        let (na, nb) = self.people;
        self.path(blocks, |ta, tb| {
            let mean = (na * ta + nb * tb) / (na + nb);
            (mean, mean)
        })
    }

    /// The nearest pair with p_b − p_a = `difference`.
    fn nearest_difference(&self, ta: f64, tb: f64, difference: f64) -> Nearest {
        let (na, nb) = self.people;
        let (low, high) = ((-difference).max(0.0), (1.0 - difference).min(1.0));
        // Derivative of the divergence in p_a: increasing, from −∞ to +∞.
        let slope = |p: f64| {
            let q = p + difference;
            -na * (ta / p - (1.0 - ta) / (1.0 - p)) - nb * (tb / q - (1.0 - tb) / (1.0 - q))
        };
        let width = high - low;
        let p = bracketed_root(slope, low + 1e-14 * width, high - 1e-14 * width, 1e-15)
            .unwrap_or(0.5 * (low + high));
        (p, (p + difference).clamp(0.0, 1.0))
    }

    /// The nearest pair with log odds ratio logit p_b − logit p_a = `ln_odds`.
    fn nearest_ln_odds(&self, ta: f64, tb: f64, ln_odds: f64) -> Nearest {
        let (na, nb) = self.people;
        // Successes must match on average: na·p_a + nb·p_b = na·ta + nb·tb (an exponential family's projection).
        let miss = |u: f64| na * expit(u) + nb * expit(u + ln_odds) - na * ta - nb * tb;
        let u = bracketed_root(miss, -60.0 - ln_odds.abs(), 60.0 + ln_odds.abs(), 1e-13).unwrap_or(0.0);
        (expit(u), expit(u + ln_odds))
    }

    /// The largest ln e-value so far against p_b − p_a = `difference`, −1 < difference < 1.
    ///
    /// ```
    /// use gevinst_stats::safe_test::{Block, SafeTwoByTwo};
    /// let blocks = vec![Block { a: 0, b: 1 }; 20];
    /// let test = SafeTwoByTwo::balanced();
    /// assert!(test.largest_against_difference(&blocks, 0.0)? > 20f64.ln());
    /// assert!(test.largest_against_difference(&blocks, 0.95)? < 20f64.ln());
    /// # Ok::<(), gevinst_stats::StatsError>(())
    /// ```
    ///
    /// # Errors
    /// A difference outside (−1, 1); a block with more successes than people.
    pub fn largest_against_difference(&self, blocks: &[Block], difference: f64) -> Result<f64, StatsError> {
        if !(difference > -1.0 && difference < 1.0) {
            return Err(StatsError::Domain {
                what: "the difference",
                value: difference,
                expected: "between -1 and 1",
            });
        }
        let path = self.path(blocks, |ta, tb| self.nearest_difference(ta, tb, difference))?;
        Ok(path.into_iter().fold(0.0, f64::max))
    }

    /// The 1 − α confidence sequence of p_b − p_a: the differences that were never rejected, on a grid of `cells` that
    /// is refined at both ends. None where all were rejected (the hypothesis of constant chances is then itself in doubt).
    ///
    /// # Errors
    /// α outside (0, 1); no cells; a block with more successes than people.
    ///
    /// ```
    /// use gevinst_stats::safe_test::{Block, SafeTwoByTwo};
    /// let blocks = vec![Block { a: 0, b: 1 }; 20];
    /// let (lower, upper) = SafeTwoByTwo::balanced().difference_sequence(&blocks, 0.05, 50).unwrap().unwrap();
    /// assert!(lower > 0.4 && upper > 0.999);
    /// ```
    pub fn difference_sequence(
        &self,
        blocks: &[Block],
        alpha: f64,
        cells: u32,
    ) -> Result<Option<(f64, f64)>, StatsError> {
        if !(alpha > 0.0 && alpha < 1.0) {
            return Err(StatsError::Domain { what: "α", value: alpha, expected: "0 < α < 1" });
        }
        if cells == 0 {
            return Err(StatsError::Domain { what: "the grid", value: 0.0, expected: "at least one cell" });
        }
        let excess = |d: f64| self.largest_against_difference(blocks, d).map(|e| e + alpha.ln());
        let at = |i: u32| -1.0 + (2.0 * f64::from(i) + 1.0) / f64::from(cells);
        let mut kept: Option<(u32, u32)> = None;
        for i in 0..cells {
            if excess(at(i))? < 0.0 {
                kept = Some(kept.map_or((i, i), |(first, _)| (first, i)));
            }
        }
        let Some((first, last)) = kept else { return Ok(None) };
        let refine = |inside: f64, outside: f64| {
            bracketed_root(|d| excess(d).unwrap_or(f64::NAN), inside, outside, 1e-9).unwrap_or(outside)
        };
        let lower = if first == 0 { refine(at(0), -1.0 + 1e-12) } else { refine(at(first), at(first - 1)) };
        let upper =
            if last + 1 == cells { refine(at(last), 1.0 - 1e-12) } else { refine(at(last), at(last + 1)) };
        Ok(Some((lower, upper)))
    }

    /// The largest ln e-value so far against "the log odds ratio of b over a is at most `ln_odds`", for `ln_odds` ≥ 0.
    ///
    /// Where the guess itself lies in the hypothesis the block's e-value is 1. For a positive bound the hypothesis'
    /// boundary is where the projection falls; the smallest bound that is not rejected at 1/α is the lower end of a 1 − α
    /// confidence sequence.
    ///
    /// ```
    /// use gevinst_stats::safe_test::{Block, SafeTwoByTwo};
    /// let blocks = vec![Block { a: 0, b: 1 }; 20];
    /// let test = SafeTwoByTwo::balanced();
    /// assert!(test.largest_against_ln_odds(&blocks, 0.0)? > test.largest_against_ln_odds(&blocks, 2.0)?);
    /// # Ok::<(), gevinst_stats::StatsError>(())
    /// ```
    ///
    /// # Errors
    /// A negative bound; a block with more successes than people.
    pub fn largest_against_ln_odds(&self, blocks: &[Block], ln_odds: f64) -> Result<f64, StatsError> {
        if !(ln_odds >= 0.0 && ln_odds.is_finite()) {
            return Err(StatsError::Domain {
                what: "the log odds ratio",
                value: ln_odds,
                expected: "at least 0",
            });
        }
        let path = self.path(blocks, |ta, tb| {
            if logit(tb) - logit(ta) <= ln_odds { (ta, tb) } else { self.nearest_ln_odds(ta, tb, ln_odds) }
        })?;
        Ok(path.into_iter().fold(0.0, f64::max))
    }

    /// The lower end of the 1 − α confidence sequence of a positive log odds ratio; None where 0 is not rejected.
    ///
    /// # Errors
    /// α outside (0, 1); a block with more successes than people.
    ///
    /// ```
    /// use gevinst_stats::safe_test::{Block, SafeTwoByTwo};
    /// let blocks = vec![Block { a: 0, b: 1 }; 20];
    /// let lower = SafeTwoByTwo::balanced().lower_ln_odds(&blocks, 0.05).unwrap().unwrap();
    /// assert!(lower > 2.0);
    /// ```
    pub fn lower_ln_odds(&self, blocks: &[Block], alpha: f64) -> Result<Option<f64>, StatsError> {
        if !(alpha > 0.0 && alpha < 1.0) {
            return Err(StatsError::Domain { what: "α", value: alpha, expected: "0 < α < 1" });
        }
        let excess = |l: f64| self.largest_against_ln_odds(blocks, l).map(|e| e + alpha.ln());
        if excess(0.0)? <= 0.0 {
            return Ok(None);
        }
        Ok(bracketed_root(|l| excess(l).unwrap_or(f64::NAN), 0.0, 30.0, 1e-9))
    }

    /// The block at which the e-value against equal chances first reaches 1/α, when people succeed with chances
    /// `theta_a` and `theta_b`; None if not within `most` blocks. For planning by simulation.
    pub fn simulate_stopping(
        &self,
        theta_a: f64,
        theta_b: f64,
        alpha: f64,
        most: u32,
        mut uniform: impl FnMut() -> f64,
    ) -> Option<u32> {
        let (na, nb) = self.people;
        let (mut sa, mut sb, mut seen) = (0.0, 0.0, 0.0);
        let mut ln_e = 0.0;
        for block in 1..=most {
            let draw = |people: f64, theta: f64, uniform: &mut dyn FnMut() -> f64| {
                let mut successes = 0.0;
                let mut k = 0.0;
                while k < people {
                    successes += f64::from(u8::from(uniform() < theta));
                    k += 1.0;
                }
                successes
            };
            let xa = draw(na, theta_a, &mut uniform);
            let xb = draw(nb, theta_b, &mut uniform);
            let ta = (self.prior.0 + sa) / (2.0 * self.prior.0 + seen * na);
            let tb = (self.prior.1 + sb) / (2.0 * self.prior.1 + seen * nb);
            let mean = (na * ta + nb * tb) / (na + nb);
            ln_e += times_ln_ratio(xa, ta, mean)
                + times_ln_ratio(na - xa, 1.0 - ta, 1.0 - mean)
                + times_ln_ratio(xb, tb, mean)
                + times_ln_ratio(nb - xb, 1.0 - tb, 1.0 - mean);
            if ln_e >= -alpha.ln() {
                return Some(block);
            }
            sa += xa;
            sb += xb;
            seen += 1.0;
        }
        None
    }
}
