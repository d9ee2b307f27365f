//! The draw: who of those not yet enrolled comes into which arm today.
//!
//! Every person has a lot, a keyed hash that is uniform and that the list's order does not touch. In each stratum the arms take
//! people in the order of their lots, each as many as the stratum's part of the pool asks for; so every arm's batch has the
//! pool's composition within one person a stratum, and which arm a person comes into is independent of everything about
//! the person but the stratum. Pure: no list, no clock.

use std::collections::BTreeMap;

use crate::key::Person;

/// Somebody who may be enrolled.
#[derive(Clone, Debug)]
pub(crate) struct Candidate<'a> {
    /// Who.
    pub(crate) person: Person,
    /// The person's lot in the experiment.
    pub(crate) lot: [u8; 16],
    /// The person's stratum.
    pub(crate) stratum: &'a str,
}

/// Deals people to arms that need `needs` of them. Where there are too few, each arm has its part of them.
/// The answer is in the order of `needs`, with the index of the arm.
#[must_use]
pub(crate) fn deal(pool: Vec<Candidate<'_>>, needs: &[usize]) -> Vec<(usize, Person)> {
    let mut strata: BTreeMap<&str, Vec<Candidate<'_>>> = BTreeMap::new();
    let size = pool.len();
    for candidate in pool {
        strata.entry(candidate.stratum).or_default().push(candidate);
    }
    let mut strata: Vec<Vec<Candidate<'_>>> = strata.into_values().collect();
    for stratum in &mut strata {
        // The last is taken first. Equal lots are as likely as a broken hash; the person decides then.
        stratum.sort_unstable_by_key(|candidate| core::cmp::Reverse((candidate.lot, candidate.person)));
    }
    let wanted: usize = needs.iter().sum();
    let needs = if wanted > size { apportion(size, needs) } else { needs.to_vec() };
    let mut dealt = Vec::with_capacity(wanted.min(size));
    for (arm, need) in needs.into_iter().enumerate() {
        let sizes: Vec<usize> = strata.iter().map(Vec::len).collect();
        for (stratum, take) in strata.iter_mut().zip(apportion(need, &sizes)) {
            let rest = stratum.len() - take;
            dealt.extend(stratum.drain(rest..).rev().map(|candidate| (arm, candidate.person)));
        }
    }
    dealt
}

/// `total` split in proportion to `weights` by largest remainder (the first of equals), never more than a weight when
/// `total` is at most their sum.
fn apportion(total: usize, weights: &[usize]) -> Vec<usize> {
    let sum: u128 = weights.iter().map(|weight| *weight as u128).sum();
    if sum == 0 {
        return vec![0; weights.len()];
    }
    let total = total as u128;
    let exact: Vec<u128> = weights.iter().map(|weight| total * *weight as u128).collect();
    let mut parts: Vec<usize> =
        exact.iter().map(|exact| usize::try_from(exact / sum).unwrap_or(usize::MAX)).collect();
    let mut by_remainder: Vec<usize> = (0..weights.len()).collect();
    by_remainder.sort_by_key(|index| core::cmp::Reverse(exact[*index] % sum));
    let left = usize::try_from(total).unwrap_or(usize::MAX) - parts.iter().sum::<usize>();
    for index in by_remainder.into_iter().take(left) {
        parts[index] += 1;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::Keys;
    use proptest::prelude::*;

    const STRATA: [&str; 3] = ["large", "middle", "small"];

    fn pool(keys: &Keys, people: usize) -> Vec<Candidate<'static>> {
        let candidate = |number: usize| {
            let person = keys.person(&format!("person{number}@acme.example"));
            // A sixth, a third, a half.
            let stratum = STRATA[[0, 1, 1, 2, 2, 2][number % 6]];
            Candidate { person, lot: keys.lot("headlines", person), stratum }
        };
        (0..people).map(candidate).collect()
    }

    fn keys() -> Keys {
        Keys::new("a key of more than sixteen characters").unwrap()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn nobody_is_dealt_twice_and_every_need_is_met(
            people in 0..400_usize, needs in proptest::collection::vec(0..120_usize, 1..5), turn in 0..400_usize,
        ) {
            // Protects: one message a person, whole batches, the pool's composition, and a draw that the list's order
            // does not touch.
            let everybody = pool(&keys(), people);
            let mut turned = everybody.clone();
            turned.rotate_left(turn.checked_rem(people).unwrap_or(0));
            turned.reverse();
            let dealt = deal(everybody.clone(), &needs);
            prop_assert_eq!(&dealt, &deal(turned, &needs));
            let mut seen: Vec<Person> = dealt.iter().map(|(_, person)| *person).collect();
            seen.sort();
            seen.dedup();
            prop_assert_eq!(seen.len(), dealt.len());
            prop_assert_eq!(dealt.len(), needs.iter().sum::<usize>().min(people));
            if needs.iter().sum::<usize>() <= people {
                for (arm, need) in needs.iter().enumerate() {
                    let batch: Vec<Person> =
                        dealt.iter().filter(|(of, _)| *of == arm).map(|(_, person)| *person).collect();
                    prop_assert_eq!(batch.len(), *need);
                    for stratum in STRATA {
                        let there = everybody.iter().filter(|c| c.stratum == stratum).count();
                        let here = everybody
                            .iter()
                            .filter(|c| c.stratum == stratum && batch.contains(&c.person))
                            .count();
                        // Each arm rounds once, and what earlier arms rounded away is left to it.
                        let fair = *need as f64 * there as f64 / people as f64;
                        prop_assert!((here as f64 - fair).abs() <= 1.0 + arm as f64, "{here} of {fair}");
                    }
                }
            }
        }
    }

    #[test]
    fn which_arm_is_left_to_chance() {
        // Protects: the randomisation itself: over 200 experiments everybody comes into each of two arms about equally
        // often, and the arms of two people have nothing to do with each other.
        let keys = keys();
        let people: Vec<Person> = (0..40).map(|n| keys.person(&format!("p{n}@acme.example"))).collect();
        let mut first_arm = vec![Vec::new(); people.len()];
        for experiment in 0..200 {
            let name = format!("experiment-{experiment}");
            let pool = people
                .iter()
                .map(|person| Candidate { person: *person, lot: keys.lot(&name, *person), stratum: "" })
                .collect();
            for (arm, person) in deal(pool, &[20, 20]) {
                let index = people.iter().position(|other| *other == person).unwrap();
                first_arm[index].push(arm == 0);
            }
        }
        let mut chi_square = 0.0;
        for arms in &first_arm {
            let first = arms.iter().filter(|first| **first).count() as f64;
            chi_square += (first - 100.0).powi(2) / 50.0;
        }
        // 39 degrees of freedom; the 99.9 % point is 72.1 and the 0.1 % point 16.3.
        assert!((16.3..72.1).contains(&chi_square), "{chi_square}");
        let together = first_arm[0].iter().zip(&first_arm[1]).filter(|(a, b)| a == b).count();
        // 200 tosses at 19/39: mean 97.4, standard deviation 7.07; four of them either way.
        assert!((69..=126).contains(&together), "{together}");
    }

    #[test]
    fn a_small_pool_is_shared() {
        // Protects: the last arm from going short when the list comes to its end.
        let dealt = deal(pool(&keys(), 30), &[40, 40, 20]);
        let of = |arm| dealt.iter().filter(|(of, _)| *of == arm).count();
        assert_eq!((of(0), of(1), of(2)), (12, 12, 6));
    }
}
