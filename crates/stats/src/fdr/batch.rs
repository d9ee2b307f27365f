//! Step-up procedures over hypotheses that are all known.
//!
//! Invariant: the verdict on a hypothesis depends on the values alone, not on their order.

use crate::StatsError;

fn check(
    alpha: f64,
    values: &[f64],
    what: &'static str,
    expected: &'static str,
    valid: impl Fn(f64) -> bool,
) -> Result<(), StatsError> {
    if !(alpha > 0.0 && alpha < 1.0) {
        return Err(StatsError::Domain { what: "α", value: alpha, expected: "0 < α < 1" });
    }
    match values.iter().find(|value| !valid(**value)) {
        Some(&value) => Err(StatsError::Domain { what, value, expected }),
        None => Ok(()),
    }
}

/// Indices by increasing key; ties by position.
fn ascending(values: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    order
}

/// p-values adjusted so that those at or below α are Benjamini and Hochberg's discoveries at α.
///
/// p̃₍ᵢ₎ = min over j ≥ i of min(1, m·p₍ⱼ₎/j) (Benjamini & Hochberg 1995; Yekutieli & Benjamini 1999).
///
/// # Errors
/// A p-value outside [0, 1].
///
/// ```
/// use gevinst_stats::fdr::adjusted_p_values;
/// assert_eq!(adjusted_p_values(&[0.01, 0.04, 0.03]).unwrap(), vec![0.03, 0.04, 0.04]);
/// ```
pub fn adjusted_p_values(p_values: &[f64]) -> Result<Vec<f64>, StatsError> {
    check(0.5, p_values, "a p-value", "between 0 and 1", |p| (0.0..=1.0).contains(&p))?;
    let m = p_values.len() as f64;
    let order = ascending(p_values);
    let mut adjusted = vec![0.0; p_values.len()];
    let mut least = 1.0f64;
    for (rank, &index) in order.iter().enumerate().rev() {
        least = least.min(m * p_values[index] / (rank + 1) as f64);
        adjusted[index] = least;
    }
    Ok(adjusted)
}

/// Which hypotheses Benjamini and Hochberg reject at rate α.
///
/// The largest k with p₍ₖ₎ ≤ αk/m, and all up to it. Rate ≤ α·(share of true nulls) for independent or positively
/// dependent p-values.
///
/// # Errors
/// α outside (0, 1), or a p-value outside [0, 1].
///
/// ```
/// use gevinst_stats::fdr::benjamini_hochberg;
/// // 0.04 is rejected although 0.04 > 0.05·2/3: the step goes up from the largest.
/// assert_eq!(benjamini_hochberg(&[0.01, 0.04, 0.04], 0.05).unwrap(), vec![true; 3]);
/// ```
pub fn benjamini_hochberg(p_values: &[f64], alpha: f64) -> Result<Vec<bool>, StatsError> {
    check(alpha, p_values, "a p-value", "between 0 and 1", |p| (0.0..=1.0).contains(&p))?;
    let m = p_values.len() as f64;
    let order = ascending(p_values);
    let count = (0..order.len())
        .rev()
        .find(|&i| p_values[order[i]] <= alpha * (i + 1) as f64 / m)
        .map_or(0, |i| i + 1);
    let mut rejected = vec![false; p_values.len()];
    for &index in &order[..count] {
        rejected[index] = true;
    }
    Ok(rejected)
}

/// Which hypotheses the e-BH procedure rejects at rate α, from the logarithms of their e-values.
///
/// The largest k whose k-th largest e-value is at least m/(αk), and all up to it (Wang & Ramdas, "False discovery rate
/// control with e-values", 2022). The rate is at most α·(share of true nulls) under *any* dependence, and the e-values
/// may have been stopped at any time. −∞ stands for an e-value of 0.
///
/// # Errors
/// α outside (0, 1), or a NaN.
///
/// ```
/// use gevinst_stats::fdr::e_benjamini_hochberg;
/// let ln_e: Vec<f64> = [45.0f64, 3.0, 45.0].iter().map(|e| e.ln()).collect();
/// // One e-value of 45 is less than 3/0.05 = 60, but two of them pass 3/(0.05·2) = 30.
/// assert_eq!(e_benjamini_hochberg(&ln_e, 0.05).unwrap(), vec![true, false, true]);
/// ```
pub fn e_benjamini_hochberg(ln_e_values: &[f64], alpha: f64) -> Result<Vec<bool>, StatsError> {
    check(alpha, ln_e_values, "an e-value's logarithm", "a number", |e| !e.is_nan())?;
    let m = ln_e_values.len() as f64;
    let order = ascending(ln_e_values);
    let count = (1..=order.len())
        .rev()
        .find(|&k| ln_e_values[order[order.len() - k]] >= (m / (alpha * k as f64)).ln())
        .unwrap_or(0);
    let mut rejected = vec![false; ln_e_values.len()];
    for &index in &order[order.len() - count..] {
        rejected[index] = true;
    }
    Ok(rejected)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn benjamini_and_hochbergs_own_example() {
        // Protects against an off-by-one in the rank: the fifteen p-values of their 1995 paper, four rejected.
        let p = [
            0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719,
            0.6528, 0.7590, 1.0,
        ];
        let rejected = benjamini_hochberg(&p, 0.05).unwrap();
        assert_eq!(rejected.iter().filter(|r| **r).count(), 4);
        assert!(rejected[..4].iter().all(|r| *r));
    }

    #[test]
    fn empty_and_bad_input() {
        // Protects a month without experiments.
        assert!(benjamini_hochberg(&[], 0.05).unwrap().is_empty());
        assert!(e_benjamini_hochberg(&[], 0.05).unwrap().is_empty());
        assert!(benjamini_hochberg(&[1.1], 0.05).is_err() && benjamini_hochberg(&[0.5], 0.0).is_err());
        assert!(e_benjamini_hochberg(&[f64::NAN], 0.05).is_err());
        assert_eq!(e_benjamini_hochberg(&[f64::NEG_INFINITY, 1e6], 0.05).unwrap(), vec![false, true]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(100))]
        /// Protects the equivalence of adjusted p-values, rejections, and e-BH on e = 1/p.
        #[test]
        fn three_forms_agree(p in proptest::collection::vec(1e-6f64..1.0, 1..30), alpha in 0.01f64..0.5) {
            let rejected = benjamini_hochberg(&p, alpha).unwrap();
            let adjusted = adjusted_p_values(&p).unwrap();
            let ln_e: Vec<f64> = p.iter().map(|p| -p.ln()).collect();
            let by_e = e_benjamini_hochberg(&ln_e, alpha).unwrap();
            for i in 0..p.len() {
                prop_assume!((adjusted[i] - alpha).abs() > 1e-12);
                prop_assert_eq!(rejected[i], adjusted[i] <= alpha);
                prop_assert_eq!(rejected[i], by_e[i]);
            }
        }
    }
}
