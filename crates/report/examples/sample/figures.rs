//! Made-up reports. The figures are drawn from a small arithmetic generator and the intervals from a rough formula:
//! they show how a report looks, and nothing about any method.
#![expect(
    clippy::cast_possible_truncation,
    clippy::unwrap_used,
    clippy::needless_range_loop,
    reason = "made-up figures, all of them small"
)]

use gevinst_report::figures::Currency;
use gevinst_report::language::Language;
use gevinst_report::library::{Entry, Library};
use gevinst_report::model::{
    AnswerTimes, Approval, ArmPoint, ArmReport, ArmStatus, Cause, ChannelResult, Check, Comparison,
    Consequence, CostLine, CostPerGoal, Course, Day, DayArm, ExperimentReport, Forecast, Goal, GoalWorth,
    Interval, MarketChange, MarketDay, MarketSeries, MetricTotal, MonthReport, MonthTotals, Move, Origin,
    Outcome, Overview, Pace, Pair, PastWinner, PhaseResult, RatioPoint, Receipt, SCHEMA_VERSION, State,
    Totals, ValueResult, Verdicts, e_value_of,
};
use gevinst_report::prose::Prose;
use gevinst_report::rehearsal::{Measured, MeasuredArm, RehearsalReport};
use gevinst_report::{verdict, words};
use jiff::Timestamp;
use jiff::civil::{Date, date};

/// What a made-up arm is.
pub(crate) struct Arm {
    /// Its name.
    pub(crate) name: &'static str,
    /// Its channel.
    pub(crate) channel: &'static str,
    /// True goals per 100 units of money.
    pub(crate) rate: f64,
    /// What became of it, and on which day.
    pub(crate) fate: Option<(ArmStatus, i8)>,
}

/// What a made-up experiment is.
pub(crate) struct Plan<'a> {
    /// Its name.
    pub(crate) name: &'a str,
    /// Its hypothesis.
    pub(crate) hypothesis: &'a str,
    /// Its arms; the first is the control.
    pub(crate) arms: Vec<Arm>,
    /// Days with figures.
    pub(crate) days: i8,
    /// Money a day in minor units.
    pub(crate) daily_minor: i64,
    /// Where it stands.
    pub(crate) state: State,
    /// Seed of the figures.
    pub(crate) seed: u64,
}

struct Draw(u64);

impl Draw {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn poisson(&mut self, mean: f64) -> u64 {
        let (limit, mut product, mut n) = ((-mean).exp(), self.next(), 0);
        while product > limit && n < 10_000 {
            product *= self.next();
            n += 1;
        }
        n
    }
}

fn arm(name: &'static str, channel: &'static str, rate: f64, fate: Option<(ArmStatus, i8)>) -> Arm {
    Arm { name, channel, rate, fate }
}

fn november(day: i8) -> Date {
    date(2026, 11, day)
}

fn ratio(s: (f64, f64), r: (f64, f64)) -> (Option<f64>, Option<f64>, Option<f64>) {
    // Half a goal is added on either side, so that an arm without a goal still has a point.
    let log = (((s.0 + 0.5) / s.1.max(1.0)) / ((r.0 + 0.5) / r.1.max(1.0))).ln();
    let reach = 2.5 * (1.0 / (s.0 + 0.5) + 1.0 / (r.0 + 0.5)).sqrt();
    let shrunk = log * 0.85;
    (Some(shrunk.exp()), Some((log - reach).exp()), Some((log + reach).exp()))
}

/// A made-up experiment.
pub(crate) fn experiment(plan: &Plan<'_>, currency: &Currency) -> ExperimentReport {
    let mut draw = Draw(plan.seed);
    let weekday = [1.0, 1.1, 1.1, 1.0, 0.8, 0.4, 0.35];
    let n = plan.arms.len();
    let mut sums = vec![(0.0_f64, 0_i64); n];
    let mut by_day = Vec::new();
    let mut points: Vec<Vec<RatioPoint>> = vec![Vec::new(); n];
    let mut moves = Vec::new();
    let gone = |i: usize, day: i8| plan.arms[i].fate.is_some_and(|(s, on)| !s.is_alive() && day > on);
    for day in 1..=plan.days {
        let alive = (0..n).filter(|i| !gone(*i, day)).count().max(1);
        let mut row = Vec::new();
        for i in 0..n {
            if gone(i, day) {
                continue;
            }
            let commanded = plan.daily_minor / i64::try_from(alive).unwrap();
            let wave = weekday[usize::from(november(day).weekday().to_monday_zero_offset().unsigned_abs())];
            let spend = (commanded as f64 * (0.9 + 0.12 * draw.next()).min(1.0)) as i64;
            let goals = draw.poisson(plan.arms[i].rate * wave * spend as f64 / 10_000.0);
            sums[i].0 += goals as f64;
            sums[i].1 += spend;
            row.push(DayArm {
                arm: plan.arms[i].name.to_owned(),
                spend_minor: Some(spend),
                commanded_minor: Some(commanded),
                commanded_exposure: None,
                exposure: Some(spend as f64),
                goals: Some(goals),
            });
            if day == 1
                || plan.arms.iter().any(|a| a.fate.is_some_and(|(s, on)| !s.is_alive() && on + 1 == day))
            {
                let at: Timestamp = november(day).at(5, 5, 0, 0).in_tz("Europe/Oslo").unwrap().timestamp();
                moves.push(Move {
                    arm: plan.arms[i].name.to_owned(),
                    seq: moves.len() as u64 + 1,
                    at,
                    date: november(day),
                    daily_budget_minor: Some(commanded),
                    daily_exposure: None,
                    paused: false,
                    launch: day == 1,
                    reason: if day == 1 {
                        "launch".into()
                    } else {
                        "the budget of a dropped arm is free".into()
                    },
                    cause: if day == 1 { Cause::MonthBegins } else { Cause::Share },
                    approval: Approval::Approved { by: "kari".into(), at },
                    receipt: Receipt::Answered { outcome: "applied".into(), at, message: None },
                });
            }
        }
        by_day.push(Day { date: november(day), arms: row });
        for i in 1..n {
            let side = |i: usize| (sums[i].0, sums[i].1 as f64);
            let (ratio, lower, upper) = ratio(side(i), side(0));
            points[i].push(RatioPoint {
                date: november(day),
                look: u32::from(day.unsigned_abs()),
                ratio,
                lower,
                upper,
            });
        }
    }
    let looks = u32::from(plan.days.unsigned_abs());
    let rates: Vec<f64> = plan.arms.iter().map(|a| a.rate).collect();
    let weights: Vec<f64> = rates.iter().map(|r| (8.0 * r / rates[0].max(1e-9)).exp()).collect();
    let arms: Vec<ArmReport> = plan
        .arms
        .iter()
        .enumerate()
        .map(|(i, a)| {
            let (goals, spend) = sums[i];
            let dropped = a.fate.filter(|(s, _)| !s.is_alive());
            let (e_drop, ln_e_drop) = e_value_of(if dropped.is_some() { 3.4 } else { -1.0 });
            ArmReport {
                name: a.name.to_owned(),
                channel: a.channel.to_owned(),
                control: i == 0 && n > 1,
                status: a.fate.map_or(ArmStatus::Running, |(s, _)| s),
                dropped_on: dropped.map(|(_, on)| november(on)),
                reason: None,
                exposure: spend as f64,
                goals: goals as u64,
                spend_minor: spend,
                rate: (spend > 0).then(|| goals / spend as f64),
                cost_per_goal: (goals > 0.0).then(|| CostPerGoal {
                    minor: spend as f64 / goals,
                    lower_minor: Some(spend as f64 / (goals + 2.2 * goals.sqrt())),
                    upper_minor: (goals > 5.0).then(|| spend as f64 / (goals - 2.2 * goals.sqrt())),
                }),
                p_best: (looks > 0).then(|| weights[i] / weights.iter().sum::<f64>()),
                expected_loss: (looks > 0).then_some(0.02),
                e_drop,
                ln_e_drop,
                share: Some(1.0 / n as f64),
            }
        })
        .collect();
    let mut pairs = Vec::new();
    for a in 0..n {
        for b in a + 1..n {
            let side = |i: usize| (sums[i].0, sums[i].1 as f64);
            let (ratio, lower, upper) = ratio(side(a), side(b));
            pairs.push(Pair {
                a: plan.arms[a].name.to_owned(),
                b: plan.arms[b].name.to_owned(),
                ratio,
                lower,
                upper,
                e_a_beats_b: Some(0.4),
                ln_e_a_beats_b: Some(0.4_f64.ln()),
                e_b_beats_a: Some(31.0),
                ln_e_b_beats_a: Some(31.0_f64.ln()),
                p_a_better: Some(0.2),
                difference: None,
            });
        }
    }
    if looks == 0 {
        pairs.clear();
    }
    let course = |a: &Arm| {
        let fate = a.fate.filter(|(s, _)| !s.is_alive()).map(|(_, on)| on);
        let points = (1..=plan.days).map(|day| {
            // Evidence against what is dropped grows to the threshold by its day; against the others it falls.
            let ln = fate.map_or(-0.04 * f64::from(day), |on| 3.2 * f64::from(day) / f64::from(on));
            let (e_drop, ln_e_drop) = e_value_of(ln);
            ArmPoint {
                date: november(day),
                look: u32::from(day.unsigned_abs()),
                e_drop,
                ln_e_drop,
                p_best: Some(1.0 / (1.0 + ln.exp() * (n as f64 - 1.0))),
            }
        });
        Course { arm: a.name.to_owned(), points: points.collect() }
    };
    let courses = plan.arms.iter().map(course).collect();
    let spend: i64 = sums.iter().map(|s| s.1).sum();
    let goals: u64 = sums.iter().map(|s| s.0 as u64).sum();
    let lost: i64 =
        arms.iter().filter(|a| !a.status.is_alive()).map(|a| spend / n as i64 - a.spend_minor).sum();
    let mut x = ExperimentReport {
        name: plan.name.to_owned(),
        hypothesis: plan.hypothesis.to_owned(),
        phase: "prospecting".into(),
        kind: if n == 1 { "programme".into() } else { "campaign".into() },
        separation: words::separation("platform-split"),
        guarantee: (looks > 0).then(|| words::guarantee("robust")),
        method: (looks > 0).then(|| "conditional likelihood with a dispersion mixture".to_owned()),
        goal: Goal::counted("lead", "spend", Some(20)),
        alpha: 0.05,
        cost_limit_minor: Some(90_000),
        state: plan.state,
        outcome: Outcome::NoData,
        verdict: Prose::new(),
        next: Prose::new(),
        days: Some((november(1), november(30))),
        data_until: (plan.days > 0).then(|| november(plan.days)),
        looks,
        dispersion: (looks > 0).then_some(0.043),
        reference: (n > 1).then(|| plan.arms[0].name.to_owned()),
        comparisons: plan
            .arms
            .iter()
            .zip(points)
            .skip(1)
            .map(|(a, points)| Comparison {
                arm: a.name.to_owned(),
                against: plan.arms[0].name.to_owned(),
                points,
            })
            .collect(),
        courses,
        pairs,
        by_day,
        moves,
        awaiting_approval: 0,
        totals: Totals {
            spend_minor: spend,
            budget_minor: Some(4_000_000),
            exposure: spend as f64,
            goals,
            cost_per_goal_minor: (goals > 0).then(|| spend as f64 / goals as f64),
        },
        money_not_spent_on_losers_minor: (lost > 0).then_some(lost),
        goals_over_even_split: (lost > 0).then_some(4.2),
        checks: if looks > 0 {
            vec![
                Check {
                    name: "delivery".into(),
                    passed: true,
                    sentence: "every arm spent within 12 % of what was commanded".into(),
                    consequence: Consequence::Stops,
                },
                Check {
                    name: "missing periods".into(),
                    passed: true,
                    sentence: "no period is missing".into(),
                    consequence: Consequence::Stops,
                },
            ]
        } else {
            Vec::new()
        },
        definition: Some(format!(
            "name       = \"{}\"\nmonth      = \"2026-11\"\nhypothesis = \"{}\"\n",
            plan.name, plan.hypothesis
        )),
        arms,
    };
    let said = verdict::verdict(&x, currency, Language::English);
    (x.outcome, x.verdict, x.next) = (said.outcome, said.sentence, said.next);
    x
}

/// A made-up overview: its sums are those of the experiments, its intervals are rough.
pub(crate) fn overview(experiments: &[ExperimentReport]) -> Overview {
    let spend: i64 = experiments.iter().map(|x| x.totals.spend_minor).sum();
    let goals: u64 = experiments.iter().map(|x| x.totals.goals).sum();
    if goals == 0 {
        return Overview::default();
    }
    let leads = |count| vec![MetricTotal { metric: "lead".into(), count }];
    let channel = |name: &str| {
        let arms = || experiments.iter().flat_map(|x| &x.arms).filter(|arm| arm.channel == name);
        let (spend, goals) =
            (arms().map(|a| a.spend_minor).sum::<i64>(), arms().map(|a| a.goals).sum::<u64>());
        let cost = spend as f64 / goals.max(1) as f64;
        let value = 180_000.0 / cost;
        ChannelResult {
            channel: name.to_owned(),
            metric: "lead".into(),
            spend_minor: spend,
            goals,
            cost_minor: (goals > 0).then_some(cost),
            cost_lower_minor: Some(cost * 0.8),
            cost_upper_minor: (goals > 5).then_some(cost * 1.3),
            value_per_unit: Some(value),
            value_per_unit_interval: (goals > 5)
                .then_some(Interval { lower: value * 0.4, upper: value * 1.9 }),
        }
    };
    let value = 180_000.0 * goals as f64;
    let cost_minor = spend + 3_500_000;
    let over = |factor: f64| value * factor / cost_minor as f64;
    Overview {
        pace: Some(Pace {
            metric: "lead".into(),
            target: 400,
            so_far: goals,
            due: 400.0 * 23.0 / 30.0,
            data_until: Some(november(23)),
            days: (23, 30),
            forecast: Some(Forecast {
                mean: goals as f64 * 30.0 / 23.0,
                interval: Interval { lower: goals as f64 * 1.2, upper: goals as f64 * 1.42 },
                level: 0.8,
                chance_of_target: 0.61,
            }),
        }),
        channels: ["native", "social"].map(channel).into_iter().filter(|c| c.spend_minor > 0).collect(),
        phases: vec![PhaseResult {
            phase: "prospecting".into(),
            experiments: u32::try_from(experiments.len()).unwrap(),
            decided: 1,
            spend_minor: spend,
            goals: leads(goals),
        }],
        value: Some(ValueResult {
            goals: vec![GoalWorth {
                metric: "lead".into(),
                count: goals,
                each_minor: 180_000,
                spread_minor: 60_000,
                value_minor: value,
            }],
            without_worth: vec![],
            value_minor: value,
            value_interval: Interval { lower: value * 0.35, upper: value * 1.65 },
            media_minor: spend,
            costs: vec![
                CostLine { name: "agency".into(), minor: 2_000_000 },
                CostLine { name: "hours".into(), minor: 1_500_000 },
            ],
            cost_minor,
            return_on_costs: Some(over(1.0)),
            return_interval: Some(Interval { lower: over(0.35), upper: over(1.65) }),
        }),
        verdicts: Verdicts { judged: 3, dropped: 3, hold_together: 2, false_at_most: 0.15 },
        past_winners: vec![PastWinner {
            month: "2026-10".into(),
            experiment: "landing-page".into(),
            arm: "calculator".into(),
            against: Some("brochure".into()),
            measured: Some(1.62),
            believed: 1.31,
            interval: Interval { lower: 1.04, upper: 1.66 },
            tail: Some(7),
            metric: "lead".into(),
        }],
        answers: Some(AnswerTimes { answered: 118, mean_hours: 19.4, limit_hours: Some(24.0) }),
        activity_worth: vec![GoalWorth {
            metric: "meeting".into(),
            count: 31,
            each_minor: 650_000,
            spread_minor: 250_000,
            value_minor: 31.0 * 650_000.0,
        }],
        market: vec![MarketSeries {
            metric: "brand_searches".into(),
            count: 1_240,
            days_reported: 21,
            days: 23,
            change: Some(MarketChange {
                month: "2026-10".into(),
                ratio: 1.12,
                interval: Interval { lower: 0.98, upper: 1.28 },
            }),
            by_day: (1..=21).map(|day| MarketDay { date: november(day), count: 59 }).collect(),
        }],
        activity: vec![MetricTotal { metric: "meeting".into(), count: 31 }],
        launched: u32::try_from(experiments.len()).unwrap(),
    }
}

/// The reports' frame around experiments.
pub(crate) fn frame(experiments: Vec<ExperimentReport>, currency: Currency) -> MonthReport {
    let goals = experiments.iter().map(|x| x.totals.goals).sum();
    let saved: i64 = experiments.iter().filter_map(|x| x.money_not_spent_on_losers_minor).sum();
    MonthReport {
        schema_version: SCHEMA_VERSION,
        month: "2026-11".into(),
        origin: Origin::Live,
        currency,
        timezone: "Europe/Oslo".into(),
        made_at: "2026-11-24T06:00:00Z".parse().unwrap(),
        generator: "gevinst 0.1.0".into(),
        language: Language::English,
        totals: MonthTotals {
            spend_minor: experiments.iter().map(|x| x.totals.spend_minor).sum(),
            budget_minor: Some(12_000_000),
            goals: if experiments.iter().any(|x| x.looks > 0) {
                vec![MetricTotal { metric: "lead".into(), count: goals }]
            } else {
                Vec::new()
            },
            target: Some(MetricTotal { metric: "lead".into(), count: 400 }),
            money_not_spent_on_losers_minor: (saved > 0).then_some(saved),
            moves_awaiting_approval: 0,
        },
        overview: overview(&experiments),
        experiments,
    }
}

/// A month as it usually is.
pub(crate) fn month() -> MonthReport {
    let nok = Currency::new("NOK", 2);
    let plans = [
        Plan {
            name: "headlines",
            hypothesis: "Naming the reader's problem brings cheaper leads than naming our product.",
            arms: vec![
                arm("product", "native", 0.30, Some((ArmStatus::Dropped, 14))),
                arm("problem", "native", 0.62, Some((ArmStatus::Winner, 14))),
            ],
            days: 23,
            daily_minor: 150_000,
            state: State::Running,
            seed: 4,
        },
        Plan {
            name: "four-headlines",
            hypothesis: "A number in the headline beats a question, a promise and plain news.",
            arms: vec![
                arm("question", "native", 0.36, None),
                arm("number", "native", 0.50, None),
                arm("promise", "native", 0.12, Some((ArmStatus::Dropped, 9))),
                arm("news", "native", 0.17, Some((ArmStatus::Dropped, 17))),
            ],
            days: 23,
            daily_minor: 220_000,
            state: State::Running,
            seed: 9,
        },
        Plan {
            name: "audiences",
            hypothesis: "Finance directors answer at a lower cost than heads of IT.",
            arms: vec![
                arm("heads-of-it", "social", 0.05, None),
                arm("finance-directors", "social", 0.055, None),
            ],
            days: 23,
            daily_minor: 120_000,
            state: State::Running,
            seed: 2,
        },
        Plan {
            name: "always-on",
            hypothesis: "Search keeps bringing leads under the limit.",
            arms: vec![arm("search", "native", 0.30, None)],
            days: 23,
            daily_minor: 90_000,
            state: State::Running,
            seed: 5,
        },
    ];
    let experiments = plans.iter().map(|plan| experiment(plan, &nok)).collect();
    frame(experiments, nok)
}

/// One experiment of twelve arms over thirty days: the largest that is common.
pub(crate) fn twelve() -> MonthReport {
    let nok = Currency::new("NOK", 2);
    let arms = (0..12).map(|i| {
        let name: &'static str = Box::leak(format!("headline-{i:02}").into_boxed_str());
        let dropped = (i % 3 == 1).then_some((ArmStatus::Dropped, 10));
        arm(name, "native", 0.2 + 0.02 * f64::from(i), dropped)
    });
    let plan = Plan {
        name: "twelve-headlines",
        hypothesis: "One of twelve headlines beats the one we have.",
        arms: arms.collect(),
        days: 30,
        daily_minor: 900_000,
        state: State::Running,
        seed: 12,
    };
    frame(vec![experiment(&plan, &nok)], nok)
}

/// Names that were made to break things.
pub(crate) const NASTY: [&str; 6] = [
    "<script>alert('1')</script>",
    "=HYPERLINK(\"http://evil.example\")",
    "\u{1b}[2J\u{1b}[31mred",
    "αλφα-βήτα 🚀👩‍💻",
    "\u{202e}desrever\u{200b}`]]>-->",
    "a-name-that-is-so-very-long-that-no-table-was-ever-made-for-it-and-it-has-no-space-at-all",
];

/// A month of everything that is rare: no data, one arm, fifty arms, odd names, a currency without decimals.
pub(crate) fn awkward() -> MonthReport {
    let jpy = Currency::new("JPY", 0);
    let mut fifty: Vec<Arm> = Vec::new();
    for i in 0..50 {
        let name: &'static str = Box::leak(format!("arm-{i:02}").into_boxed_str());
        fifty.push(arm(
            name,
            "native",
            0.02 + 0.001 * f64::from(i),
            (i % 3 == 1).then_some((ArmStatus::Dropped, 10)),
        ));
    }
    let nasty: Vec<Arm> = NASTY.iter().map(|name| arm(name, "social", 0.05, None)).collect();
    let two = |first, second| vec![arm("a", "email", 0.05, first), arm("b", "email", 0.06, second)];
    let plan = |name: &'static str, arms, days, state, seed| Plan {
        name,
        hypothesis: "<b>Bold</b> \u{1b}[31m & \"quoted\" ]]> ?",
        arms,
        days,
        daily_minor: 150_000,
        state,
        seed,
    };
    let plans = [
        plan("planned", two(None, None), 0, State::Planned, 1),
        plan("first-day", two(None, None), 1, State::Running, 2),
        plan("silent", two(None, None), 0, State::Closed, 3),
        plan("no-proof", two(None, None), 30, State::Closed, 4),
        plan("tied", two(None, Some((ArmStatus::Tied, 20))), 30, State::Closed, 5),
        plan(
            "too-dear",
            two(Some((ArmStatus::Unprofitable, 8)), Some((ArmStatus::Unprofitable, 12))),
            12,
            State::Closed,
            6,
        ),
        plan("best-bet", two(None, Some((ArmStatus::Winner, 30))), 30, State::Closed, 7),
        plan("one-left", two(Some((ArmStatus::GuardrailBreached, 8)), None), 20, State::Running, 8),
        plan("<i>nasty</i>", nasty, 15, State::Running, 9),
        plan("fifty", fifty, 20, State::Running, 10),
    ];
    let mut experiments: Vec<ExperimentReport> = plans.iter().map(|plan| experiment(plan, &jpy)).collect();
    experiments[3].checks.push(Check {
        name: "sample ratio".into(),
        passed: false,
        sentence: "`b` got 61 % of the recipients where 50 % were sent".into(),
        consequence: Consequence::Stops,
    });
    experiments[3].awaiting_approval = 2;
    let said = verdict::verdict(&experiments[3], &jpy, Language::English);
    experiments[3].next = said.next;
    frame(experiments, jpy)
}

/// A month of many experiments, as an agency or a replay of past tests has it.
pub(crate) fn crowd(n: u64) -> MonthReport {
    let nok = Currency::new("NOK", 2);
    let experiments = (0..n)
        .map(|i| {
            let dropped = (i % 3 == 0).then_some((ArmStatus::Dropped, 12));
            let name = format!("test-{:03}", i + 1);
            let plan = Plan {
                name: &name,
                hypothesis: "One of four headlines is read more.",
                arms: vec![
                    arm("a", "native", 0.10, None),
                    arm("b", "native", 0.12, None),
                    arm("c", "native", 0.05, dropped),
                    arm("d", "native", 0.06, dropped),
                ],
                days: 30,
                daily_minor: 100_000,
                state: State::Closed,
                seed: i,
            };
            experiment(&plan, &nok)
        })
        .collect();
    frame(experiments, nok)
}

/// The library of all the months that are made up here.
pub(crate) fn library() -> Library {
    let entries = [month(), twelve(), awkward(), crowd(40)].into_iter().flat_map(|report| {
        let currency = report.currency.clone();
        report.experiments.into_iter().map(move |x| Entry::of("2026-11", Origin::Live, x, currency.clone()))
    });
    Library::new("gevinst 0.1.0", Language::English, entries.collect())
}

/// A rehearsal of three experiments.
pub(crate) fn rehearsal() -> RehearsalReport {
    let measured = |name: &str, months, best: f64, losers: Option<(f64, f64)>, gain| Measured {
        name: name.into(),
        months,
        rule: "balanced".into(),
        goal: "lead".into(),
        per: "spend".into(),
        alpha: 0.05,
        prior: "default prior: two arms differ by a factor of 1.31 or less in half of the cases".into(),
        guarantee: "robust".into(),
        separation: "platform-split".into(),
        best_dropped: Some((best, 0.004)),
        losers_dropped: losers,
        drop_days: losers.map(|_| [9.0, 17.0, 27.0]),
        gain_realised: gain,
        goals: 90 * months,
        spend_minor: 7_500_000 * months as i64,
        not_spent_on_losers_minor: losers.map(|_| 900_000 * months as i64),
        arms: (months == 1).then(|| {
            vec![
                MeasuredArm {
                    name: "product".into(),
                    status: ArmStatus::Dropped,
                    exposure: 1_900_000.0,
                    goals: 14,
                    spend_minor: 1_900_000,
                    dropped_on: Some(november(14)),
                },
                MeasuredArm {
                    name: "problem".into(),
                    status: ArmStatus::Winner,
                    exposure: 5_600_000.0,
                    goals: 76,
                    spend_minor: 5_600_000,
                    dropped_on: None,
                },
            ]
        }),
    };
    RehearsalReport::new(
        "gevinst 0.1.0",
        1,
        Currency::new("NOK", 2),
        vec![
            measured("headlines", 1000, 0.012, Some((0.41, 0.016)), Some((0.52, 0.011))),
            measured("audiences", 1000, 0.004, Some((0.08, 0.009)), Some((0.31, 0.02))),
            measured("always-on", 1, 0.0, None, None),
        ],
    )
}
