//! Every kind of goal through the engine: error rates over a few months, labels, and figures that cannot be.

#[path = "support/kinds.rs"]
mod kinds;

use gevinst_experiment::GoalKind;
use gevinst_ledger::evidence::EffectMeasure;
use gevinst_runner::book::{Book, Cell, History};
use gevinst_runner::kinds::{Method, Reading, Terms};
use gevinst_stats::judgement::{Detail, Guarantee};
use gevinst_stats::prior::DispersionPrior;
use kinds::{ALPHA, RETURNS, Scene, WORLDS, exceeds, shown};

/// Months of each kind; `examples/validity_kinds` plays hundreds.
const MONTHS: u32 = 24;

#[test]
fn equal_arms_are_rarely_dropped_and_worse_ones_are_whatever_the_goal() {
    // Protects the promise of every kind of goal, with its label, and the kinds from being so cautious that they find nothing.
    for (index, world) in WORLDS.iter().enumerate() {
        let equal = Scene::new(world, 3, 1.0, "balanced");
        let played: Vec<_> = (0..MONTHS).map(|number| equal.play(7 + index as u64, number)).collect();
        assert!(played.iter().all(|month| month.3 == world.guarantee), "{}: {}", world.name, played[0].3);
        let rates = shown(&played);
        assert!(!exceeds(rates.dropped, MONTHS), "{}: {:?}", world.name, rates.dropped);
        assert!(!exceeds(rates.missed, MONTHS), "{}: {:?}", world.name, rates.missed);
        let unequal = Scene::new(world, 2, 0.25, "even");
        let played: Vec<_> = (0..4).map(|number| unequal.play(70 + index as u64, number)).collect();
        let found = shown(&played).found;
        assert!(found >= 0.5, "{}: a quarter of the rate was found in {found} of months", world.name);
    }
}

fn terms(kind: GoalKind) -> Terms {
    Terms {
        kind,
        people_at_random: true,
        once: kind == GoalKind::Count,
        cap_minor: None,
        adjusted: false,
        prior_sd: 0.4,
        dispersion: DispersionPrior::default(),
        alpha: ALPHA,
        detail: Detail::Full,
    }
}

fn book(rows: &[[(f64, u64, f64, f64); 2]]) -> Book {
    let mut book = Book::new(rows.len(), 2);
    for (period, row) in rows.iter().enumerate() {
        for (arm, &(exposure, goals, value, value_sq)) in row.iter().enumerate() {
            let cell = Cell { exposure: Some(exposure), goals, value, value_sq, ..Cell::default() };
            *book.cell_mut(period, arm) = cell;
        }
    }
    book
}

#[test]
fn people_are_compared_by_odds_and_rare_goals_by_rates() {
    // Protects the label of the ratio: at 40 % against 20 % the odds ratio is 2.67 where the rates' is 2.
    let mut method = Method::new(&terms(GoalKind::Count), 2).unwrap();
    let often = book(&[[(2000.0, 800, 800.0, 800.0), (2000.0, 400, 400.0, 400.0)]]);
    let reading = method.look(&often, 1, 1).unwrap();
    assert_eq!(reading.measures, [EffectMeasure::OddsRatio]);
    assert_eq!(reading.judgement.guarantee, Guarantee::Exact);
    let ratio = reading.judgement.pairs[0].posterior.unwrap().median;
    assert!((ratio - 2.62).abs() < 0.06, "{ratio}");
    assert_eq!((reading.dispersion, reading.values_minor[0]), (None, None));
    let rarely = book(&[[(200_000.0, 8, 8.0, 8.0), (200_000.0, 4, 4.0, 4.0)]]);
    assert_eq!(method.look(&rarely, 1, 1).unwrap().measures, [EffectMeasure::RateRatio]);
    // The whole list is one table a period: what both arms did on a day cancels.
    let again = Terms { once: false, ..terms(GoalKind::Count) };
    let reading = Method::new(&again, 2).unwrap().look(&often, 1, 1).unwrap();
    assert_eq!(
        (reading.judgement.guarantee, reading.measures[0]),
        (Guarantee::Robust, EffectMeasure::RateRatio)
    );
}

#[test]
fn a_cap_gives_the_exact_guarantee_and_a_difference_in_money() {
    // Protects the two ways in which values are judged from each other's label.
    // 4,000 people an arm and day; orders of 100 and 80 kr of one in two.
    let day = [(4000.0, 2000, 2e7, 2e11), (4000.0, 2000, 1.6e7, 1.28e11)];
    let days = book(&[day; 4]);
    let mut plain = Method::new(&terms(GoalKind::Value), 2).unwrap();
    let reading = plain.look(&days, 4, 4).unwrap();
    assert_eq!(reading.judgement.guarantee, Guarantee::Asymptotic);
    assert_eq!(reading.judgement.arms[0].count, 8000, "goals, not effective values");
    assert_eq!(reading.values_minor, [Some(8e7), Some(6.4e7)]);
    let difference = reading.differences[0].unwrap();
    assert!((difference.estimate - 1000.0).abs() < 1e-6);
    assert!(difference.lower.unwrap() > 800.0 && difference.upper.unwrap() < 1200.0, "{difference:?}");
    let capped = Terms { cap_minor: Some(20_000.0), ..terms(GoalKind::Value) };
    let reading = Method::new(&capped, 2).unwrap().look(&days, 4, 4).unwrap();
    assert_eq!(reading.judgement.guarantee, Guarantee::Exact);
    let exact = reading.differences[0].unwrap();
    assert!(exact.lower.unwrap() < difference.lower.unwrap() && exact.lower.unwrap() > 0.0, "{exact:?}");
    // Nobody assigned these at random: a stated cap does not make an exact promise of them.
    let split = Terms { people_at_random: false, ..capped };
    let reading = Method::new(&split, 2).unwrap().look(&days, 4, 4).unwrap();
    assert_eq!(reading.judgement.guarantee, Guarantee::Asymptotic);
}

#[test]
fn figures_that_cannot_be_take_no_part_and_are_named() {
    // Protects verdicts from squares that a platform does not tell, from values above the cap and from repeated goals.
    let good = (1000.0, 100, 1e6, 2e10);
    for (terms, bad, why) in [
        (terms(GoalKind::Count), (50.0, 51, 51.0, 51.0), "more people"),
        (terms(GoalKind::Count), (50.5, 5, 5.0, 5.0), "not whole"),
        (terms(GoalKind::Value), (1000.0, 100, 1e6, 0.0), "no values"),
        (
            Terms { cap_minor: Some(50_000.0), ..terms(GoalKind::Value) },
            (1000.0, 10, 1e6, 1e12),
            "the stated cap",
        ),
    ] {
        let mut method = Method::new(&terms, 2).unwrap();
        let book = book(&[[good, good], [bad, good]]);
        assert!(method.unfit(book.cell(1, 0)).unwrap().contains(why));
        assert_eq!(method.unfit(book.cell(0, 0)), None);
        let exposure = method.look(&book, 2, 2).unwrap().judgement.arms[0].exposure;
        assert!((exposure - 1000.0).abs() < 1e-9, "{why}: {exposure}");
    }
}

#[test]
fn one_arm_is_read_whatever_its_goal() {
    // Protects programmes of one arm: nothing is compared, and nothing fails.
    for kind in [GoalKind::Count, GoalKind::Value, GoalKind::Ratio] {
        let mut book = Book::new(1, 1);
        *book.cell_mut(0, 0) =
            Cell { exposure: Some(10.0), goals: 2, value: 5.0, value_sq: 13.0, ..Cell::default() };
        let reading = Method::new(&terms(kind), 1).unwrap().look(&book, 1, 1).unwrap();
        assert_eq!((reading.judgement.arms[0].count, reading.judgement.pairs.len()), (2, 0));
    }
}

#[test]
fn a_mailing_that_is_judged_by_what_people_spent() {
    // Protects values that somebody really had: pounds of a file become minor units, and a month is scored by them.
    let Some(folder) = std::env::var_os("GEVINST_DATA") else {
        println!("skipped: GEVINST_DATA does not name the folder of past results");
        return;
    };
    let company = gevinst_experiment::parse_company(&gevinst_experiment::Source::new(
        "gevinst.toml",
        "currency = \"USD\"\ntimezone = \"UTC\"\n[month]\nbudget = \"1 USD\"\n[channels.list]\nplugin = \"email\"\n",
    ))
    .unwrap()
    .value;
    let text = "name = \"spend\"\nmonth = \"2026-11\"\nhypothesis = \"A mailing brings more than none.\"\n\
        separation = \"randomised\"\ngoal = { metric = \"revenue\", per = \"recipients\", kind = \"value\" }\n\
        budget = { total_exposure = 36000, daily_exposure = 1200 }\n\
        [[arm]]\nname = \"mens\"\nchannel = \"list\"\n[[arm]]\nname = \"womens\"\nchannel = \"list\"\n\
        [[arm]]\nname = \"none\"\nchannel = \"list\"\ncontrol = true\n\
        [rehearsal.data]\nfile = \"hillstrom.csv.gz\"\narm = \"segment\"\n\
        arms = { mens = \"Mens E-Mail\", womens = \"Womens E-Mail\", none = \"No E-Mail\" }\n\
        goal = \"conversion\"\nvalue = \"spend\"\n";
    let experiment =
        gevinst_experiment::parse_experiment(&gevinst_experiment::Source::new("spend.toml", text), &company)
            .unwrap_or_else(|found| panic!("{found}"))
            .value;
    let plan = gevinst_runner::plan::Plan::new(&company, &experiment, None).unwrap();
    let folders = [std::path::PathBuf::from(folder)];
    let stand_in =
        gevinst_runner::rehearse::stand_in::stand_ins(&[(&experiment, std::path::Path::new(""))], &folders)
            .remove(0)
            .unwrap();
    // Published sums of the MineThatData challenge: 1.4226 dollars a person against 0.6528, 1.25 % of whom bought against 0.57 %.
    let arm = |name: &str| stand_in.model.arm(name).unwrap();
    let mean = |name: &str| stand_in.worth(arm(name)) * stand_in.model.true_rate(arm(name));
    assert!((mean("mens") - 142.26).abs() < 0.01 && (mean("none") - 65.28).abs() < 0.01, "{}", mean("mens"));
    assert_eq!(stand_in.best_arms(), [arm("mens")]);
    let calendar =
        gevinst_rehearsal::Calendar::month("2026-11", "UTC", gevinst_rehearsal::Grain::Day).unwrap();
    let summary = gevinst_runner::rehearse::months::play(
        &plan,
        &stand_in,
        &std::sync::Arc::new(calendar),
        1,
        8,
        &|| {},
    )
    .unwrap();
    assert!(summary.best_dropped.mean < 0.3, "{:?}", summary.best_dropped);
    assert!(summary.gain_realised.unwrap().mean > 0.0, "{:?}", summary.gain_realised);
}

#[test]
fn an_arm_that_brings_back_too_little_goes_and_one_at_the_limit_stays() {
    // Protects money from an arm that returns half of what it must, and an arm that just meets its limit from bad luck.
    let months = 20;
    for (least, from, to) in [("min_return = 3.6", 0.0, 0.2), ("min_return = 7.2", 0.5, 1.0)] {
        let scene = Scene::new(&RETURNS.with_decide(least), 2, 1.0, "even");
        let gone = (0..months).filter(|&number| scene.unprofitable(11, number)).count();
        let share = f64::from(u32::try_from(gone).unwrap()) / f64::from(months);
        assert!((from..=to).contains(&share), "{least}: {share}");
    }
}

#[test]
fn what_was_known_of_people_before_narrows_a_difference_and_leaves_it_where_it_is() {
    // Protects the adjustment's way through the runner: y = x + a little, x the same in both arms, the second arm 10 more.
    let (n, x, xx) = (1000.0, 1e5, 1.2e7);
    let arm = |lift: f64| {
        // Σy, Σy² and Σxy of y = x + lift + e, with e of mean 0 and variance 400 that owes nothing to x.
        let (sum, sum_sq) = (x + n * lift, xx + 2.0 * lift * x + n * lift * lift + 400.0 * n);
        Cell {
            exposure: Some(n),
            goals: 1000,
            value: sum,
            value_sq: sum_sq,
            history: History { sum: x, sum_sq: xx, product: xx + lift * x },
            ..Cell::default()
        }
    };
    let mut book = Book::new(5, 2);
    for period in 0..5 {
        (*book.cell_mut(period, 0), *book.cell_mut(period, 1)) = (arm(0.0), arm(10.0));
    }
    let look = |terms: &Terms, book: &Book| Method::new(terms, 2).unwrap().look(book, 5, 5).unwrap();
    let adjusted = Terms { adjusted: true, ..terms(GoalKind::Value) };
    let (plain, narrow) = (look(&terms(GoalKind::Value), &book), look(&adjusted, &book));
    let width = |reading: &Reading| {
        let difference = reading.differences[0].unwrap();
        assert!((difference.estimate + 10.0).abs() < 1e-9, "{difference:?}");
        difference.upper.unwrap() - difference.lower.unwrap()
    };
    // The spread of people is √2400 as it is, and 20 with what was known taken out.
    let ratio = width(&narrow) / width(&plain);
    assert!((ratio - (400.0_f64 / 2400.0).sqrt()).abs() < 0.05, "{ratio}");
    assert_eq!(narrow.judgement.guarantee, Guarantee::Asymptotic);
    assert_eq!(narrow.values_minor, plain.values_minor, "what was brought is told as it was");
    // Products that no people can have take no part and are named.
    let mut torn = arm(0.0);
    torn.history.product = 1e9;
    let method = Method::new(&adjusted, 2).unwrap();
    assert!(method.unfit(&torn).unwrap().contains("before") && method.unfit(&arm(0.0)).is_none());
    // Where nobody was assigned at random there is nothing to adjust by.
    let split = Terms { people_at_random: false, ..adjusted };
    assert_eq!(look(&split, &book).method, "means of values, stratified confidence sequence, spread of days");
}
