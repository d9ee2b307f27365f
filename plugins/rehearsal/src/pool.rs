//! Drawing from results that somebody really had, each exposure at most once.
//!
//! Where the file has a row for each exposure, the seed puts the arm's rows in an order and budgets take them from its
//! front: the first hundred are the same hundred whatever was commanded. Where rows are totals (2,764 impressions with
//! 31 clicks) exposures are alike, and a draw of some of them brings a hypergeometric number of the goals that are left.

use rand::RngExt;
use rand::seq::SliceRandom;
use rand_distr::{Distribution, Hypergeometric};
use rand_pcg::Pcg64Mcg;

use crate::arrivals::Brought;
use crate::data::{Marks, Pool};
use crate::stream::{ArmKey, Purpose};

/// How much of a pool is used up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Used {
    pub(crate) exposures: u64,
    pub(crate) goals: u64,
}

/// The seeded order of one pool: at which of its places the exposures are that brought something, and which.
#[derive(Debug, Clone)]
pub(crate) struct Order {
    pool: usize,
    /// A bit for each place.
    places: Vec<u64>,
    /// The marked rows in order of their places; empty where they are alike.
    rows: Vec<usize>,
}

impl Order {
    /// The order of pool number `number`.
    fn new(pool: &Pool, number: usize, key: ArmKey) -> Self {
        let mut rng = key.stream(Purpose::Order, number);
        let (marked, mut rows) = match &pool.marks {
            Marks::Alike => (0, Vec::new()),
            Marks::Ones => (pool.goals, Vec::new()),
            Marks::Rows(rows) => (rows.len() as u64, (0..rows.len()).collect()),
        };
        rows.shuffle(&mut rng);
        let words = usize::try_from(pool.exposures.div_ceil(64)).unwrap_or(usize::MAX);
        // A uniform choice of places: the fewer of those marked and those not are drawn, again where one was drawn before.
        let few = marked.min(pool.exposures - marked);
        let mut places = vec![0_u64; words];
        let mut left = few;
        while left > 0 {
            let place = rng.random_range(0..pool.exposures);
            let (word, bit) = word_and_bit(place);
            left -= u64::from(places[word] & bit == 0);
            places[word] |= bit;
        }
        if few < marked {
            for word in &mut places {
                *word = !*word;
            }
        }
        Self { pool: number, places, rows }
    }

    /// How many marked places lie before this one.
    fn before(&self, place: u64) -> u64 {
        let (word, bit) = word_and_bit(place);
        let whole: u64 = self.places.iter().take(word).map(|places| u64::from(places.count_ones())).sum();
        whole + self.places.get(word).map_or(0, |places| u64::from((places & (bit - 1)).count_ones()))
    }
}

fn word_and_bit(place: u64) -> (usize, u64) {
    (usize::try_from(place / 64).unwrap_or(usize::MAX), 1 << (place % 64))
}

/// Takes up to `units` exposures from a pool and appends what they brought; returns how many there were.
pub(crate) fn draw(
    pool: &Pool,
    number: usize,
    order: &mut Option<Order>,
    used: &mut Used,
    units: u64,
    (key, rng): (ArmKey, &mut Pcg64Mcg),
    brought: &mut Vec<Brought>,
) -> u64 {
    let left = pool.exposures - used.exposures;
    let units = units.min(left);
    if units == 0 {
        return 0;
    }
    let mut goals = 0;
    if let Marks::Alike = pool.marks {
        goals = hypergeometric(left, pool.goals - used.goals, units, rng);
        if goals > 0 {
            brought.push(Brought::plain(goals));
        }
    } else {
        if order.as_ref().is_none_or(|order| order.pool != number) {
            *order = Some(Order::new(pool, number, key));
        }
        let order = order.as_ref().expect("made just now");
        let marked = order.before(used.exposures)..order.before(used.exposures + units);
        if let Marks::Rows(rows) = &pool.marks {
            let index = |rank: u64| usize::try_from(rank).unwrap_or(usize::MAX);
            for &row in &order.rows[index(marked.start)..index(marked.end)] {
                goals += u64::from(rows[row].goals);
                brought.push(Brought::one(rows[row].goals, rows[row].value));
            }
        } else {
            goals = marked.end - marked.start;
            if goals > 0 {
                brought.push(Brought::plain(goals));
            }
        }
    }
    used.exposures += units;
    used.goals += goals;
    units
}

/// How many of `units` drawn without replacement from `exposures` have a goal, when `goals` of those do.
fn hypergeometric(exposures: u64, goals: u64, units: u64, rng: &mut Pcg64Mcg) -> u64 {
    if goals == 0 || units == 0 {
        return 0;
    }
    if units >= exposures {
        return goals;
    }
    let least = (goals + units).saturating_sub(exposures);
    Hypergeometric::new(exposures, goals, units)
        .map_or(least, |law| law.sample(rng))
        .clamp(least, goals.min(units))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Mark;
    use proptest::prelude::*;

    fn key() -> ArmKey {
        ArmKey::new(5, "pool", "a")
    }

    fn exhaust(pool: &Pool, batches: &[u64]) -> (u64, Vec<Brought>) {
        let (mut order, mut used, mut brought) = (None, Used::default(), Vec::new());
        let mut taken = 0;
        for (index, &batch) in batches.iter().chain(&[u64::MAX / 2]).enumerate() {
            let mut rng = key().stream(Purpose::Goals, index);
            taken += draw(pool, 0, &mut order, &mut used, batch, (key(), &mut rng), &mut brought);
        }
        assert_eq!(used.exposures, taken);
        (taken, brought)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(96))]
        #[test]
        fn a_pool_is_used_up_exactly(
            exposures in 0_u64..5_000,
            part in 0.0_f64..=1.0,
            batches in proptest::collection::vec(0_u64..2_000, 0..12),
        ) {
            // Protects: draws without replacement come to exactly what the file holds, whatever the batches.
            let goals = crate::num::count(exposures as f64 * part);
            let rows = (0..goals).map(|i| Mark { goals: 1 + u32::try_from(i % 3).unwrap(), value: i as f64 }).collect::<Vec<_>>();
            let (want_goals, want_value) =
                rows.iter().fold((0, 0.0), |(g, v), row| (g + u64::from(row.goals), v + row.value));
            let mut arrivals = crate::arrivals::Arrivals::default();
            for (marks, goals, value) in [
                (Marks::Alike, goals, goals as f64),
                (Marks::Ones, goals, goals as f64),
                (Marks::Rows(rows), want_goals, want_value),
            ] {
                let pool = Pool { exposures, goals, marks };
                let (taken, mut brought) = exhaust(&pool, &batches);
                let schedule = arrivals.schedule(&mut brought, None, None);
                let seen = arrivals.seen(&schedule, 0, false);
                prop_assert_eq!(taken, exposures);
                prop_assert_eq!(seen.goals, goals);
                prop_assert!((seen.sum - value).abs() < 1e-6);
            }
        }
    }

    #[test]
    fn goals_are_drawn_as_the_hypergeometric_law_says() {
        // Protects: mean and variance of draws without replacement, rows and totals alike.
        let (exposures, goals, units) = (2_764_u64, 310_u64, 900_u64);
        let (n, k, m) = (exposures as f64, goals as f64, units as f64);
        let mean = m * k / n;
        let variance = mean * (1.0 - k / n) * (n - m) / (n - 1.0);
        for marks in [Marks::Alike, Marks::Ones] {
            let pool = Pool { exposures, goals, marks };
            let draws: Vec<f64> = (0..4_000)
                .map(|seed| {
                    let key = ArmKey::new(seed, "pool", "b");
                    let mut rng = key.stream(Purpose::Goals, 0);
                    let mut used = Used::default();
                    draw(&pool, 0, &mut None, &mut used, units, (key, &mut rng), &mut Vec::new());
                    used.goals as f64
                })
                .collect();
            let count = draws.len() as f64;
            let found = draws.iter().sum::<f64>() / count;
            let spread = draws.iter().map(|d| (d - found).powi(2)).sum::<f64>() / count;
            assert!((found - mean).abs() < 4.0 * (variance / count).sqrt(), "{found} for {mean}");
            assert!((spread / variance - 1.0).abs() < 4.0 * (2.0 / count).sqrt(), "{spread} for {variance}");
        }
    }

    #[test]
    fn the_order_of_rows_does_not_depend_on_the_batches() {
        // Protects: the same seeded order whatever the runner commanded, today and with later versions of `rand`.
        let rows = (0..50).map(|i| Mark { goals: 1, value: f64::from(i) }).collect();
        let pool = Pool { exposures: 400, goals: 50, marks: Marks::Rows(rows) };
        let (_, at_once) = exhaust(&pool, &[]);
        let (_, in_parts) = exhaust(&pool, &[1, 7, 100, 3]);
        assert_eq!(format!("{at_once:?}"), format!("{in_parts:?}"));
        let order = Order::new(&pool, 0, key());
        assert_eq!((order.before(100), &order.rows[..4]), (11, &[49, 46, 41, 3][..]));
    }
}
