//! What a goal truly costs, as an interval: all limits that the evidence does not refuse.
//!
//! A limit is refused from below when it is proven that a goal costs more, and from above when it is proven that it costs
//! less, each with an e-value of 2/(1 − level) ([`gevinst_stats::cost_limit`]). So the interval holds the average cost of a
//! goal with the stated level at every look at once. Each cell says how much of its goals has arrived at least and at most:
//! goals that are still on their way widen the interval and never falsify it.

use gevinst_stats::cost_limit::{CostCell, CostPrior, Side, ln_e_value};

/// The chance with which an interval of a cost holds the truth, at all looks together.
pub(crate) const LEVEL: f64 = 0.95;

/// How far from the measured cost a bound is looked for; beyond, there is none.
const WIDEST: f64 = 64.0;

/// Lower and upper end of the cost per goal, in the unit of the spend; `None` where the evidence bounds nothing.
pub(crate) fn cost_per_goal(cells: &[CostCell], level: f64) -> (Option<f64>, Option<f64>) {
    let spend: f64 = cells.iter().map(|cell| cell.spend).sum();
    let goals: u64 = cells.iter().map(|cell| cell.count).sum();
    if !(spend > 0.0 && spend.is_finite()) {
        return (None, None);
    }
    let prior = CostPrior::default();
    let proof = (2.0 / (1.0 - level)).ln();
    let refused = |limit: f64, side| ln_e_value(cells, limit, &prior, side).is_ok_and(|ln_e| ln_e >= proof);
    let measured = spend / goals.max(1) as f64;
    // Without a goal every cost up to some limit is refused, and none above.
    let lower = edge(measured, -1.0, |limit| refused(limit, Side::TooDear));
    let upper =
        if goals == 0 { None } else { edge(measured, 1.0, |limit| refused(limit, Side::CheapEnough)) };
    (lower, upper)
}

/// As [`cost_per_goal`] for the arms of very many experiments, each with its spend and goals: with more than `most` of them
/// the ends come from the spread between the arms (a ratio of two sums, log scale, normal), which holds at one look only
/// and approximately.
pub(crate) fn cost_of_many(arms: &[(i64, u64)], level: f64, most: usize) -> (Option<f64>, Option<f64>) {
    if arms.len() <= most {
        let cells: Vec<CostCell> =
            arms.iter().map(|(spend, goals)| CostCell::new((*spend).max(0) as f64, *goals, 1.0)).collect();
        return cost_per_goal(&cells, level);
    }
    let spend: f64 = arms.iter().map(|(spend, _)| *spend as f64).sum();
    let goals: f64 = arms.iter().map(|(_, goals)| *goals as f64).sum();
    if spend <= 0.0 || goals <= 0.0 {
        return (None, None);
    }
    let rate = goals / spend;
    let squares: f64 = arms.iter().map(|(spend, n)| (*n as f64 - rate * *spend as f64).powi(2)).sum();
    let reach = gevinst_stats::special::normal_quantile(0.5 + level / 2.0) * squares.sqrt() / goals;
    (Some((-reach).exp() / rate), Some(reach.exp() / rate))
}

/// The limit nearest to `from` that is refused, looking up (`sign` 1) or down; by doubling, then by halving.
fn edge(from: f64, sign: f64, refused: impl Fn(f64) -> bool) -> Option<f64> {
    let at = |y: f64| from * (sign * y).exp();
    let mut far = 0.25;
    while !refused(at(far)) {
        far *= 2.0;
        if far > WIDEST.ln() {
            return None;
        }
    }
    let mut near = if far > 0.25 { far / 2.0 } else { 0.0 };
    // To a part in two hundred: three digits are shown.
    while far - near > 0.005 {
        let middle = 0.5 * (near + far);
        if refused(at(middle)) { far = middle } else { near = middle }
    }
    Some(at(far))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(spend: f64, goals: u64, n: usize) -> Vec<CostCell> {
        vec![CostCell::new(spend, goals, 1.0); n]
    }

    #[test]
    fn an_interval_holds_what_was_measured_and_narrows() {
        // Protects the money axis: a bound on the wrong side of the point would tell that a goal costs what it does not.
        let (few, many) =
            (cost_per_goal(&days(2_000.0, 2, 6), LEVEL), cost_per_goal(&days(2_000.0, 2, 60), LEVEL));
        let width = |(lower, upper): (Option<f64>, Option<f64>)| (upper.unwrap() / lower.unwrap()).ln();
        for interval in [few, many] {
            assert!(interval.0.unwrap() < 1_000.0 && interval.1.unwrap() > 1_000.0, "{interval:?}");
        }
        assert!(width(many) < 0.7 * width(few), "{few:?} {many:?}");
        let surer = cost_per_goal(&days(2_000.0, 2, 60), 0.975);
        assert!(width(surer) > width(many));
    }

    #[test]
    fn without_goals_there_is_no_upper_end_and_without_money_none() {
        // Protects: an arm that brought nothing may cost anything from some sum on.
        let (lower, upper) = cost_per_goal(&days(2_000.0, 0, 10), LEVEL);
        assert!(lower.is_some_and(|lower| lower < 20_000.0) && upper.is_none(), "{lower:?} {upper:?}");
        assert_eq!(cost_per_goal(&days(0.0, 3, 10), LEVEL), (None, None));
        assert_eq!(cost_per_goal(&[], LEVEL), (None, None));
    }

    #[test]
    fn many_experiments_are_bounded_by_their_spread() {
        // Protects an agency's page: two thousand arms at about 500 a goal are known to a few percent.
        let arms: Vec<(i64, u64)> = (0..2_000).map(|i| (50_000, 80 + 40 * (i % 2))).collect();
        let (lower, upper) = cost_of_many(&arms, LEVEL, 1_000);
        let (lower, upper) = (lower.unwrap(), upper.unwrap());
        assert!(lower < 500.0 && upper > 500.0 && upper / lower < 1.03, "{lower} {upper}");
    }

    #[test]
    fn the_bounds_are_where_the_evidence_says() {
        // Protects the promise: just inside is not refused, just outside is.
        let cells = days(1_500.0, 3, 20);
        let (lower, upper) = cost_per_goal(&cells, LEVEL);
        let (lower, upper) = (lower.unwrap(), upper.unwrap());
        let ln_e = |limit, side| ln_e_value(&cells, limit, &CostPrior::default(), side).unwrap();
        let proof = 40f64.ln();
        assert!(ln_e(lower, Side::TooDear) >= proof && ln_e(lower * 1.01, Side::TooDear) < proof);
        assert!(ln_e(upper, Side::CheapEnough) >= proof && ln_e(upper / 1.01, Side::CheapEnough) < proof);
    }
}
