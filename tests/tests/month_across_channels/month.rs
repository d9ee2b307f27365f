//! `gevinst run` over a month of one experiment across e-mail, native advertising and LinkedIn, with the platforms' clock moved along
//! and a second experiment on one of the channels.

use std::collections::BTreeSet;

use crate::world::{DAY_US, HOUR_US, World};
use gevinst_fakes::{Fault, Recorded, What};

#[test]
fn a_month_across_three_channels_drops_the_right_arm() {
    // Protects the whole of it: one purse over three platforms, their restated days and lost answers, a verdict between channels,
    // and that the platforms then have what the ledger says.
    let mut world = World::new();
    let step = |world: &mut World, after_us: i64| {
        let answer = world.run(after_us);
        let json = answer.json();
        let experiments = json["experiments"].as_array().expect("a list");
        for one in experiments {
            assert_eq!(one["channels_failed"].as_array().map(Vec::len), Some(0), "{one}");
        }
        let open =
            |key: &str| experiments.iter().map(|one| one[key].as_array().map_or(0, Vec::len)).sum::<usize>();
        let open = open("moves_unknown") + open("moves_not_applied");
        answer.ended_with(if open == 0 { 0 } else { 4 });
        open
    };
    step(&mut world, HOUR_US);
    world.agrees();
    // Platforms that act and whose answer is lost: they are read, not told again. And one that never hears of a command: that stays
    // unknown until the next step, which finds that it did not arrive.
    world.taboola.fault(Fault::once("POST", "/campaigns/", What::CutAfter).with_body("daily_cap").after(4));
    world
        .linkedin
        .fault(Fault::once("POST", "/adCampaigns/", What::CutAfter).with_body("dailyBudget").after(2));
    world
        .linkedin
        .fault(Fault::once("POST", "/adCampaigns/", What::CutBefore).with_body("dailyBudget").after(5));
    let (mut dropped_on, mut open) = (None, 0);
    for day in 1..=30 {
        open += step(&mut world, day * DAY_US + 5 * HOUR_US);
        if day % 5 == 0 {
            world.agrees();
        }
        if dropped_on.is_none() && !world.standing("across", "letter").1 {
            dropped_on = Some((day, world.mail.received().len()));
        }
    }
    let cut: Vec<bool> =
        world.linkedin.log().iter().filter(|one| one.status.is_none()).map(|one| one.acted).collect();
    assert_eq!(cut, [true, false], "both faults struck");
    assert!(world.taboola.log().iter().any(|one| one.status.is_none() && one.acted), "and the third");
    assert_eq!(open, 2, "unknown on one day, found not to have arrived on the next");
    let (day, letters) = dropped_on.expect("the dearest channel was never dropped");
    assert!(day < 25, "dropped on day {day} only");
    assert_eq!(world.mail.received().len(), letters, "nobody is written to after that");
    for day in [33, 36, 45] {
        step(&mut world, day * DAY_US + 5 * HOUR_US);
    }
    world.agrees();
    world.adds_up();
    reads_follow_writes(&world.taboola.log(), "/campaigns/");
    reads_follow_writes(&world.linkedin.log(), "/adCampaigns/");
    for (experiment, arms) in
        [("across", &["letter", "native", "social"][..]), ("headlines", &["product", "problem"])]
    {
        for arm in arms {
            assert!(!world.standing(experiment, arm).1, "`{arm}` runs after its month");
        }
    }
    let across = world.statuses("across");
    assert_eq!(across["letter"], "dropped", "{across:?}");
    assert!(across["native"] != "dropped" && across["social"] != "dropped", "{across:?}");
    let headlines = world.statuses("headlines");
    assert!(headlines["product"] == "dropped" && headlines["problem"] != "dropped", "{headlines:?}");
    world.gevinst(&["ledger", "verify"]).done();
}

/// Between two writes of a campaign, and after the last one, it is read.
fn reads_follow_writes(log: &[Recorded], campaigns: &str) {
    let of_campaign =
        |one: &&Recorded| one.request.path.split_once(campaigns).is_some_and(|(_, id)| !id.is_empty());
    let (mut writes, mut unread) = (0, BTreeSet::new());
    for one in log.iter().filter(of_campaign) {
        let path = one.request.path.trim_end_matches('/');
        let (before, rest) = path.split_once(campaigns).unwrap_or_default();
        let campaign = format!("{before}{}", rest.split('/').next().unwrap_or_default());
        match (one.request.method.as_str(), rest.contains('/')) {
            ("GET", _) => drop(unread.remove(&campaign)),
            // Items belong to a campaign, and are no budget.
            (_, true) => {}
            (_, false) => {
                writes += 1;
                assert!(unread.insert(campaign), "{path} is written twice without a look");
            }
        }
    }
    assert!(writes > 10 && unread.is_empty(), "{writes} writes; never read back: {unread:?}");
}
