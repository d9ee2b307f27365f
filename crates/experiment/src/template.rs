//! First drafts: a commented definition, and a company's file, that pass `check` as they are.
//!
//! A draft says what each line is for, because most people read no manual; what it proposes is meant to be changed.

use crate::{ChannelName, Currency, ExperimentName, Money, Month, PluginName, Zone};

/// What a draft is written for.
struct Draft {
    separation: &'static str,
    goal: &'static str,
    budget: String,
    arms: [(&'static str, &'static str, &'static str); 2],
    guardrails: &'static str,
    rehearsal: &'static str,
}

/// A definition to begin with, for a channel of that plugin (`email`, `native-ads` and `social` get drafts of their own, other
/// plugins a general one). The channel must be in `gevinst.toml` for it to pass.
///
/// ```
/// let text = gevinst_experiment::new_definition(
///     &"headlines".parse()?, &"native".parse()?, &"native-ads".parse()?, "2026-11".parse()?, "NOK".parse()?,
/// );
/// assert!(text.starts_with("# One question in one month."));
/// # Ok::<(), gevinst_experiment::Mistake>(())
/// ```
pub fn new_definition(
    name: &ExperimentName,
    channel: &ChannelName,
    plugin: &PluginName,
    month: Month,
    currency: Currency,
) -> String {
    let draft = draft(plugin.as_str(), currency);
    let cost_limit = round_sum(1_800, currency);
    let Draft { separation, goal, budget, guardrails, rehearsal, .. } = &draft;
    let arm = |(arm, control, creative): (&str, &str, &str)| {
        format!(
            "[[arm]]\nname    = \"{arm}\"\nchannel = \"{channel}\"\n{control}[arm.creative]                 # what the channel shows; its plugin says what it needs\n{creative}"
        )
    };
    let arms = draft.arms.map(arm).join("\n");
    format!(
        r#"# One question in one month. Change what is below, then: gevinst check, gevinst rehearse, gevinst run.
name       = "{name}"
month      = "{month}"
hypothesis = "What we believe, in a sentence that this month can prove wrong."
phase      = "prospecting"     # prospecting | upselling | loyalty
kind       = "campaign"        # campaign: ends with the month; programme: always on
separation = {separation}

[goal]
{goal}
target = 20                    # how many this experiment is to bring

[budget]
{budget}

{arms}
[decide]
wrongly_drop_best = 0.05       # the chance of ever dropping the truly best arm
tie_within        = "10 %"     # arms that differ by less count as equal
# max_cost_per_goal = "{cost_limit}"   # an arm whose goals cost more goes, too

[allocate]
rule     = "balanced"          # even: proves fastest; earn: gains most; balanced: between the two
floor    = "5 %"               # the least share that a living arm keeps
max_step = "20 %"              # the most by which a share changes in a day

{guardrails}[delay]
complete_after = "14 days"     # when the last goal of an exposure has arrived

[rehearsal]                    # what might be true: gevinst rehearse plays the month with it before any money is spent
{rehearsal}"#
    )
}

fn draft(plugin: &str, currency: Currency) -> Draft {
    let money = format!(
        "{}# the most in the month\n{}# the most in a day, over all arms",
        column(&format!("total     = \"{}\"", round_sum(40_000, currency))),
        column(&format!("daily_max = \"{}\"", round_sum(2_500, currency))),
    );
    let stated = "goals_per_day = 3              # over all arms, when the whole daily budget is spent evenly\n\
                  arms      = { today = 1.0, idea = 1.3 }   # true rates, relative to each other\n\
                  weekdays  = [1.0, 1.1, 1.1, 1.0, 0.8, 0.4, 0.35]   # demand from Monday to Sunday\n\
                  day_noise = 0.05               # how much days scatter beyond chance\n\
                  delay     = \"3 days\"           # median time from exposure to goal\n";
    let cost_per_lead = "metric = \"lead\"                # what is counted\n\
                         per    = \"spend\"               # and per what: spend | impressions | clicks | recipients";
    match plugin {
        "email" => Draft {
            separation: "\"randomised\"      # each recipient is assigned to an arm at random",
            goal: "metric = \"visit\"               # what is counted\n\
                   per    = \"recipients\"          # and per what: spend | impressions | clicks | recipients",
            budget: "total_exposure = 6000          # how many people are written to in the month\n\
                     daily_exposure = 400           # and in a day: an arm that goes is sent to nobody more"
                .to_owned(),
            arms: [
                (
                    "today",
                    "control = true                 # what was done so far\n",
                    "subject = \"The subject line we use today\"\ntemplate = \"today.html\"\n",
                ),
                ("idea", "", "subject = \"The subject line we believe in\"\ntemplate = \"idea.html\"\n"),
            ],
            guardrails: "[guardrails]\nunsubscribe_rate = \"0.5 %\"     # an arm beyond a limit is paused\ncomplaint_rate   = \"0.1 %\"\n\n",
            rehearsal: "rates     = { today = \"11 %\", idea = \"14 %\" }   # true rates per recipient\n\
                        delay     = \"12 hours\"         # median time from letter to visit\n",
        },
        "native-ads" => Draft {
            separation: "\"platform-split\"  # the platform's own even split; \"unrandomised\" where it has none",
            goal: cost_per_lead,
            budget: money,
            arms: [
                (
                    "today",
                    "control = true                 # what was done so far\n",
                    "headline = \"The headline we use today\"\nurl      = \"https://example.com/today\"\n",
                ),
                (
                    "idea",
                    "",
                    "headline = \"The headline we believe in\"\nurl      = \"https://example.com/idea\"\n",
                ),
            ],
            guardrails: "",
            rehearsal: stated,
        },
        "social" => Draft {
            separation: "\"platform-split\"  # the platform's own split test; \"unrandomised\" where it has none",
            goal: cost_per_lead,
            budget: money,
            arms: [
                (
                    "today",
                    "control = true                 # what was done so far\n",
                    "audience = \"Managing directors, 10 to 50 employees\"\ntext     = \"The text we use today\"\n",
                ),
                (
                    "idea",
                    "",
                    "audience = \"Heads of sales, 50 to 200 employees\"\ntext     = \"The text we use today\"\n",
                ),
            ],
            guardrails: "",
            rehearsal: stated,
        },
        _ => Draft {
            separation: "\"unrandomised\"    # randomised | platform-split | geo | switchback | unrandomised",
            goal: cost_per_lead,
            budget: money,
            arms: [
                (
                    "today",
                    "control = true                 # what was done so far\n",
                    "text = \"What we show today\"\n",
                ),
                ("idea", "", "text = \"What we believe in\"\n"),
            ],
            guardrails: "",
            rehearsal: stated,
        },
    }
}

/// A company's file to begin with.
pub fn new_company(currency: Currency, timezone: &Zone) -> String {
    let budget = column(&format!("budget = \"{}\"", round_sum(120_000, currency)));
    let (mean, spread) = (round_sum(1_800, currency), round_sum(600, currency));
    let hours = round_sum(35_000, currency);
    format!(
        r#"# What is true of the company. The experiments beside this file, in experiments/, refer to it.
currency = "{currency}"
timezone = "{timezone}"
mode     = "propose"           # propose: a person approves each move; autopilot: the runner makes them

[month]
{budget}# the most that all experiments of a month may spend together
goal   = {{ metric = "lead", target = 60 }}

[values]                       # what one is worth, with an honest spread
lead = {{ mean = "{mean}", spread = "{spread}" }}

[channels.native]              # an account, and the plugin that talks to it
plugin = "native-ads"
# secret = "env:NATIVE_SECRET" # secrets are named, never written

# [costs]                      # of a month, beside media
# hours = "{hours}"
"#
    )
}

/// A line that is filled with spaces up to the column of the comments.
fn column(line: &str) -> String {
    format!("{line:<30} ")
}

/// A sum that is worth about as much as so many Norwegian kroner, as a round number; no more than an order of size is meant.
fn round_sum(kroner: i64, currency: Currency) -> String {
    let major = match currency.code() {
        "EUR" | "USD" | "GBP" | "CHF" | "CAD" | "AUD" | "NZD" | "SGD" | "KWD" | "BHD" | "OMR" | "JOD" => {
            (kroner / 10).max(1)
        }
        "ISK" | "JPY" | "HUF" | "INR" | "RSD" => kroner * 10,
        "KRW" | "CLP" | "IDR" | "VND" | "COP" => kroner * 100,
        _ => kroner,
    };
    Money::new(major * currency.minor_per_major(), currency).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Source, parse_company, parse_experiment};

    #[test]
    fn drafts_pass_as_they_are() {
        // Protects: `gevinst new`, whose first result must not be a mistake; in currencies of 0, 2 and 3 decimals.
        for code in ["NOK", "EUR", "ISK", "KWD", "KRW"] {
            let currency = code.parse().unwrap();
            let text = new_company(currency, &"Europe/Oslo".parse().unwrap());
            let company = parse_company(&Source::new("gevinst.toml", text))
                .unwrap_or_else(|mistakes| panic!("{mistakes}"));
            assert!(company.warnings.is_empty(), "{}", company.warnings);
            for plugin in ["native-ads", "email", "social", "somebody-elses"] {
                let name = "first-try".parse().unwrap();
                let text = new_definition(
                    &name,
                    &"native".parse().unwrap(),
                    &plugin.parse().unwrap(),
                    "2026-11".parse().unwrap(),
                    currency,
                );
                let draft = parse_experiment(&Source::new("first-try.toml", text), &company.value);
                let draft = draft.unwrap_or_else(|mistakes| panic!("{plugin} in {code}: {mistakes}"));
                assert!(draft.warnings.is_empty(), "{}", draft.warnings);
                assert_eq!(draft.value.name, name);
                assert!(draft.value.rehearsal.is_some());
            }
        }
    }

    #[test]
    fn drafts_read_well() {
        // Protects: the first text of ours that many users see.
        let definition = |plugin: &str| {
            let (name, channel) = ("first-try".parse().unwrap(), plugin.parse().unwrap());
            new_definition(
                &name,
                &channel,
                &plugin.parse().unwrap(),
                "2026-11".parse().unwrap(),
                "NOK".parse().unwrap(),
            )
        };
        insta::assert_snapshot!("draft_native_ads", definition("native-ads"));
        insta::assert_snapshot!("draft_email", definition("email"));
        insta::assert_snapshot!(
            "draft_company",
            new_company("NOK".parse().unwrap(), &"Europe/Oslo".parse().unwrap())
        );
    }
}
