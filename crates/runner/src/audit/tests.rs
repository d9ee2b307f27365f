use gevinst_experiment::{Company, Source, parse_company, parse_experiment};
use gevinst_rehearsal::Grain;

use super::play::{Seen, amounts};
use super::*;
use crate::book::Book;
use crate::rehearse::stand_in::stand_ins;

const COMPANY: &str = "currency = \"NOK\"\ntimezone = \"Europe/Oslo\"\n[month]\nbudget = \"30 000 NOK\"\n[channels.native]\nplugin = \"native-ads\"\n";

fn market(body: &str) -> (Plan, StandIn, Arc<Calendar>) {
    let text = format!(
        "name = \"dear\"\nmonth = \"2026-11\"\nhypothesis = \"h\"\nphase = \"prospecting\"\nseparation = \"unrandomised\"\n\
         [goal]\nmetric = \"lead\"\nper = \"spend\"\n\
         [[arm]]\nname = \"a\"\nchannel = \"native\"\ncontrol = true\n[[arm]]\nname = \"b\"\nchannel = \"native\"\n\
         [delay]\ncomplete_after = \"1 day\"\n{body}"
    );
    let company: Company = parse_company(&Source::new("gevinst.toml", COMPANY)).unwrap().value;
    let experiment = parse_experiment(&Source::new("dear.toml", text), &company).unwrap().value;
    let plan = Plan::new(&company, &experiment, None).unwrap();
    let stand_in = stand_ins(&[(&experiment, std::path::Path::new(""))], &[]).remove(0).unwrap();
    let calendar = Arc::new(Calendar::month("2026-11", "Europe/Oslo", Grain::Day).unwrap());
    (plan, stand_in, calendar)
}

/// Two arms, each with 80 NOK a day and one lead a day in truth: a lead costs 80.
const EIGHTY: &str = "[budget]\ntotal = \"4 800 NOK\"\ndaily_max = \"160 NOK\"\n[decide]\nmax_cost_per_goal = \"100 NOK\"\n\
                      [rehearsal]\ngoals_per_day = 2\narms = { a = 1.0, b = 1.0 }\n";

fn dearer_than(limit: f64, window: Window, minimum_spend: i64) -> ThresholdRule {
    let pause = Pause { metric: Metric::CostPerGoal, side: Side::Above, limit, window, minimum_spend };
    ThresholdRule {
        name: "pause-when-dear".to_owned(),
        pauses: vec![pause],
        scale: None,
        freed: Freed::Unspent,
    }
}

/// Chance that Poisson(1) goals a day at 80 a day ever cost more than 100 each, looked at daily from day `first` on.
fn exact(first: u32) -> f64 {
    let mut alive = vec![1.0];
    for day in 1..=30_u32 {
        let mut next = vec![0.0; alive.len() + 25];
        for (goals, chance) in alive.iter().enumerate() {
            let mut poisson = (-1.0_f64).exp();
            for more in 0..25_u32 {
                next[goals + more as usize] += chance * poisson;
                poisson /= f64::from(more + 1);
            }
        }
        if day >= first {
            // 80·day / goals > 100, and no goal at all.
            // 8·day ≤ 10·goals keeps it.
            let needed = (8 * day as usize).div_ceil(10);
            next[..needed].fill(0.0);
        }
        alive = next;
    }
    1.0 - alive.iter().sum::<f64>()
}

#[test]
fn the_rule_pauses_what_is_cheap_enough_as_often_as_theory_says() {
    // Protects the played rule against an exact absorption probability, and the known fact: an activity whose leads
    // truly cost 80 is paused by "above 100" in about two months out of three.
    let (plan, stand_in, calendar) = market(EIGHTY);
    for (minimum_spend, first) in [(0, 1), (40_000, 5)] {
        let rule = dearer_than(10_000.0, Window::All, minimum_spend);
        let outcome = audit(&plan, &rule, &stand_in, &calendar, 7, 500, &|| {}).unwrap();
        let expected = exact(first);
        for arm in &outcome.arms {
            assert!((arm.true_cost_minor.unwrap() / 8_000.0 - 1.0).abs() < 1e-9);
            assert_eq!(arm.meets_limit, Some(true));
            let Mean { mean, se } = arm.rule_stopped;
            assert!((mean - expected).abs() < 4.0 * se, "{mean} ± {se} for {expected}");
        }
        if minimum_spend == 0 {
            assert!((0.6..0.75).contains(&expected), "{expected}");
        }
        // Our own decisions promise at most 5 % for an arm that meets its limit.
        let own = outcome.own.meets_stopped_as_dear.unwrap();
        assert!(own.mean <= 0.05 + 2.0 * own.se, "{own:?}");
        // What was not spent brought nothing: 60 goals were there to be had.
        let lost = outcome.wrong_pauses_cost.unwrap();
        assert!(
            (outcome.rule.goals.mean + lost.mean - 60.0).abs() < 0.05,
            "{:?} {lost:?}",
            outcome.rule.goals
        );
        let cost = outcome.rule.cost_per_goal_minor.unwrap();
        assert!((cost.mean / 8_000.0 - 1.0).abs() < 1e-6, "{cost:?}");
    }
}

#[test]
fn nothing_is_spent_beyond_the_caps() {
    // Protects money: scaling never commands more than a day's maximum or the month's total, wherever freed money goes.
    let (plan, stand_in, calendar) = market(&EIGHTY.replace("\"160 NOK\"", "\"200 NOK\""));
    for freed in [Freed::Others, Freed::Unspent] {
        let scale = Scale { factor: 1.5, below: 9_000.0, window: Window::Days(7) };
        let rule =
            ThresholdRule { freed, scale: Some(scale), ..dearer_than(30_000.0, Window::Days(3), 20_000) };
        let mut scaled = 0;
        for seed in 0..40 {
            let month = play(&plan, &rule, &stand_in, &calendar, seed, &[false; 2]).unwrap();
            let spend: i64 = month.totals.iter().map(|total| total.spend_minor).sum();
            assert!(spend <= plan.total(), "{spend}");
            scaled += i32::from(month.totals[0].spend_minor != month.totals[1].spend_minor);
        }
        assert!(scaled > 20, "the rule moves budget in most months");
    }
    let spent = 400_000;
    let wild = amounts(&plan, Freed::Unspent, &[1e6, 1e6], &[None, None], spent, Some(20));
    assert!(wild.iter().sum::<i64>() <= 20_000, "{wild:?}");
    let paused = amounts(&plan, Freed::Unspent, &[1.0, 1.0], &[Some(3), None], 0, Some(20));
    assert_eq!(paused, [0, 8_000]);
    let others = amounts(&plan, Freed::Others, &[1.0, 1.0], &[Some(3), None], 320_000, Some(20));
    assert_eq!(others, [0, 16_000]);
}

#[test]
fn each_metric_and_window_is_read_as_written() {
    // Protects the rule's reading: newest days only, the minimum before anything is said, no goal is dearer than any limit.
    let mut book = Book::new(4, 1);
    for (period, (spend, goals)) in [(1_000, 5), (1_000, 0), (1_000, 1), (1_000, 0)].into_iter().enumerate() {
        let cell = book.cell_mut(period, 0);
        (cell.spend_minor, cell.exposure, cell.goals) = (spend, Some(50.0), goals);
    }
    let seen = |window| Seen::of(&book, 0, window, 0, 4);
    let rule = |metric, side, limit, minimum_spend| Pause {
        metric,
        side,
        limit,
        window: Window::All,
        minimum_spend,
    };
    let dear = rule(Metric::CostPerGoal, Side::Above, 700.0, 0);
    assert!(!seen(Window::All).pauses(&dear), "4000 / 6 is 667");
    assert!(seen(Window::Days(3)).pauses(&dear) && seen(Window::Days(1)).pauses(&dear));
    assert!(!seen(Window::Days(3)).pauses(&Pause { minimum_spend: 3_001, ..dear }));
    assert!(seen(Window::Days(2)).pauses(&rule(Metric::Goals, Side::Below, 2.0, 0)));
    assert!(!seen(Window::All).pauses(&rule(Metric::Goals, Side::Below, 2.0, 0)));
    assert!(seen(Window::All).pauses(&rule(Metric::Rate, Side::Below, 0.031, 0)), "6 / 200 is 0.03");
    assert!(!seen(Window::All).pauses(&rule(Metric::Rate, Side::Below, 0.029, 0)));
    assert!(!Seen { spend: 0.0, exposure: 0.0, goals: 0.0 }.pauses(&dear));
    assert_eq!(Seen::of(&book, 0, Window::All, 3, 4).goals, 0.0);
}
