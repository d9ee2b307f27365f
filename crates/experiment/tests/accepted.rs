//! Definitions that are accepted, and what is made of them.

use gevinst_experiment::{
    Budget, Company, Diagnostics, Draw, Experiment, Exposure, ExposureColumn, GoalKind, Ratio, Rule,
    Separation, Source, TruthSource, parse_company, parse_experiment,
};

const COMPANY: &str = include_str!("valid/gevinst.toml");

fn company() -> Company {
    accepted(parse_company(&Source::new("gevinst.toml", COMPANY)))
}

fn experiment(name: &str, text: &str) -> Experiment {
    accepted(parse_experiment(&Source::new(name, text), &company()))
}

fn accepted<T>(result: Result<gevinst_experiment::Checked<T>, Diagnostics>) -> T {
    let checked = result.unwrap_or_else(|diagnostics| panic!("{diagnostics}"));
    assert!(checked.warnings.is_empty(), "{}", checked.warnings);
    checked.value
}

#[test]
fn the_company_is_read_key_by_key() {
    // Protects: every key of `gevinst.toml` from being accepted and then forgotten.
    insta::assert_json_snapshot!(company());
    let config = company().open_config("native").unwrap();
    assert_eq!(
        config,
        serde_json::json!({
            "platform": "taboola", "account": "acme-no", "secret": "env:TABOOLA_SECRET",
            "timezone": "Europe/Oslo", "currency": "NOK",
        })
    );
    assert_eq!(company().open_config("nowhere"), None);
}

#[test]
fn an_experiment_is_read_key_by_key() {
    // Protects: every key of a definition from being accepted and then forgotten.
    let headlines = experiment("headlines.toml", include_str!("valid/headlines.toml"));
    insta::assert_json_snapshot!(headlines);
    assert_eq!(headlines.separation, Separation::PlatformSplit);
    assert_eq!(headlines.allocate.rule, Rule::Balanced);
    assert_eq!(headlines.control().unwrap().name.as_str(), "product");
    assert_eq!(headlines.arms.iter().map(|arm| arm.share).collect::<Vec<_>>(), [Some(Ratio::percent(50)); 2]);
    assert_eq!(headlines.arm("problem").unwrap().code, 2);
    // 3 goals a day over 250 000 øre, divided 1 : 1.3.
    let rates = headlines.true_rates().unwrap();
    assert!((rates[1] / rates[0] - 1.3).abs() < 1e-12);
    assert!((125_000.0 * (rates[0] + rates[1]) - 3.0).abs() < 1e-12);
}

#[test]
fn what_of_a_goal_is_judged_is_read() {
    // Protects: values and ratios from being judged as counts, and a list's goals from being taken for repeated ones.
    let company =
        Source::new("gevinst.toml", COMPANY.replace("[values]", "[values]\nrevenue = { mean = \"1 NOK\" }"));
    let company = accepted(parse_company(&company));
    let read = |text: &str| accepted(parse_experiment(&Source::new("orders.toml", text), &company));
    let text = include_str!("valid/orders.toml");
    let orders = read(text);
    assert_eq!((orders.goal.kind, orders.goal.once), (GoalKind::Value, false));
    assert_eq!(orders.goal.cap.unwrap().minor(), 2_000_000);
    assert_eq!(orders.goal.source.as_ref().unwrap().as_str(), "native");
    let names: Vec<&str> = orders.observed_channels().iter().map(|name| name.as_str()).collect();
    assert_eq!(names, ["letters", "native"]);
    let Some(TruthSource::Stated(truths)) = orders.rehearsal.map(|rehearsal| rehearsal.source) else {
        panic!("truths are stated")
    };
    let value = truths.value.unwrap();
    assert_eq!((value.mean.minor(), value.spread.minor()), (180_000, 150_000));
    let counted: String = text
        .lines()
        .filter(|line| !line.starts_with("cap") && !line.starts_with("kind") && !line.starts_with("value"))
        .map(|line| format!("{line}\n"))
        .collect();
    assert_eq!((read(&counted).goal.kind, read(&counted).goal.once), (GoalKind::Count, true));
    let often = counted.replace("metric = \"revenue\"", "metric = \"revenue\"\nonce = false");
    assert!(!read(&often).goal.once);
}

#[test]
fn a_randomised_list_is_budgeted_in_recipients() {
    // Protects: experiments that cost no money per exposure, and those played from past results.
    let letters = experiment("letters.toml", include_str!("valid/letters.toml"));
    assert_eq!(
        letters.budget,
        Budget::Exposure { unit: Exposure::Recipients, total: 60_000, daily_max: 2_000 }
    );
    let Some(TruthSource::Data(data)) = letters.rehearsal.as_ref().map(|rehearsal| &rehearsal.source) else {
        panic!("past results are the source");
    };
    assert_eq!(data.exposure, ExposureColumn::Rows);
    assert_eq!(data.draw, Draw::WithoutReplacement);
    assert_eq!(data.arms["none"], "No E-Mail");
    let filter: Vec<(&str, &str)> =
        data.filter.iter().map(|(column, is)| (column.as_str(), is.as_str())).collect();
    assert_eq!(filter, [("channel", "Web"), ("mens", "true"), ("recency", "3")]);
    assert_eq!(letters.true_rates(), None);
}

#[test]
fn what_is_left_out_has_a_stated_default() {
    // Protects: the meaning of short definitions from changing unnoticed.
    let text = r#"
        name = "short"
        month = "2026-11"
        hypothesis = "Short works."
        phase = "upselling"
        goal = { metric = "lead" }
        budget = { total = "40 000 NOK", daily_max = "2 500 NOK" }
        arm = [{ name = "a", channel = "native" }, { name = "b", channel = "native" }]
    "#;
    insta::assert_json_snapshot!(experiment("short.toml", text));
}

#[test]
fn shares_add_up_to_exactly_one() {
    // Protects: the sum of the arms' budgets from differing from the whole by the rounding of thirds.
    let with = |shares: [&str; 3]| -> Vec<i64> {
        let arms = shares
            .iter()
            .zip(["a", "b", "c"])
            .map(|(share, name)| format!("[[arm]]\nname = '{name}'\nchannel = 'native'\n{share}\n"));
        let text = format!(
            "name = 'x'\nmonth = '2026-11'\nhypothesis = 'h'\ngoal.metric = 'lead'\n\
             budget = {{ total = '40 000 NOK', daily_max = '2 500 NOK' }}\n{}",
            arms.collect::<String>()
        );
        let experiment = experiment("x.toml", &text);
        let nanos = experiment.arms.iter().map(|arm| arm.share.map_or(-1, Ratio::nanos)).collect();
        let start = experiment.arms.iter().filter(|arm| arm.joins.is_none()).filter_map(|arm| arm.share);
        assert_eq!(start.map(Ratio::nanos).sum::<i64>(), Ratio::ONE.nanos());
        nanos
    };
    assert_eq!(with([""; 3]), [333_333_334, 333_333_333, 333_333_333]);
    assert_eq!(with(["share = '33.3 %'"; 3]), [333_333_334, 333_333_333, 333_333_333]);
    assert_eq!(with(["share = '50 %'", "", ""]), [500_000_000, 250_000_000, 250_000_000]);
    assert_eq!(with(["", "", "joins = 2026-11-10"]), [500_000_000, 500_000_000, -1]);
    assert_eq!(with(["", "", "joins = 2026-11-01"]), [333_333_334, 333_333_333, 333_333_333]);
    assert_eq!(with(["", "", "joins = 2026-11-10\nshare = '20 %'"]), [500_000_000, 500_000_000, 200_000_000]);
}

#[test]
fn what_was_known_of_people_before_is_read() {
    // Protects: the key by which values of lists are adjusted, and its being told apart from the goal's own.
    let company = accepted(parse_company(&Source::new("gevinst.toml", COMPANY)));
    let text: String = include_str!("valid/orders.toml")
        .lines()
        .filter(|line| !line.starts_with("cap"))
        .map(|line| {
            format!("{}\n", if line.starts_with("source") { "history = \"bought_before\"" } else { line })
        })
        .collect();
    let orders = accepted(parse_experiment(&Source::new("orders.toml", text), &company));
    assert_eq!(orders.goal.history.unwrap().as_str(), "bought_before");
}
