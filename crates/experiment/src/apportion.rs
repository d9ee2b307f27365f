//! Dividing whole units among parts, so that nothing is gained or lost by rounding.

/// Divides `whole` in proportion to `weights` by Hamilton's method of largest remainders: each part is its exact share rounded
/// down, and what rounding leaves over goes, one unit each, to the largest remainders, the earlier first. The parts add up
/// to `whole`. `None` where all weights are zero, or there are none.
pub(crate) fn apportion(whole: u64, weights: &[u64]) -> Option<Vec<u64>> {
    let total: u128 = weights.iter().map(|&weight| u128::from(weight)).sum();
    if total == 0 {
        return None;
    }
    let product = |weight: u64| u128::from(whole) * u128::from(weight);
    // A share of a whole of 64 bits has 64 bits.
    let mut parts: Vec<u64> = weights
        .iter()
        .map(|&weight| u64::try_from(product(weight) / total))
        .collect::<Result<_, _>>()
        .ok()?;
    let mut left = whole - parts.iter().sum::<u64>();
    let mut order: Vec<usize> = (0..weights.len()).collect();
    order.sort_by_key(|&part| std::cmp::Reverse(product(weights[part]) % total));
    for part in order {
        if left == 0 {
            break;
        }
        parts[part] += 1;
        left -= 1;
    }
    Some(parts)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn remainders_go_to_the_largest_and_then_the_first() {
        // Protects: two runs from dividing the same budget differently.
        assert_eq!(apportion(100, &[1, 1, 1]).unwrap(), [34, 33, 33]);
        assert_eq!(apportion(10, &[1, 3, 3]).unwrap(), [2, 4, 4]);
        assert_eq!(apportion(5, &[0, 1]).unwrap(), [0, 5]);
        assert_eq!(apportion(5, &[0, 0]), None);
        assert_eq!(apportion(5, &[]), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn parts_add_up_and_are_within_one_of_their_share(
            whole in any::<u64>(),
            weights in prop::collection::vec(prop_oneof![Just(0), 1_u64..9, any::<u64>()], 1..52),
        ) {
            // Protects: a divided budget from gaining or losing a single unit.
            prop_assume!(weights.iter().any(|&weight| weight > 0));
            let parts = apportion(whole, &weights).unwrap();
            prop_assert_eq!(parts.iter().map(|&part| u128::from(part)).sum::<u128>(), u128::from(whole));
            let total: u128 = weights.iter().map(|&weight| u128::from(weight)).sum();
            for (&part, &weight) in parts.iter().zip(&weights) {
                let exact = u128::from(whole) * u128::from(weight) / total;
                prop_assert!(u128::from(part) == exact || u128::from(part) == exact + 1);
                prop_assert!(weight > 0 || part == 0);
            }
        }
    }
}
