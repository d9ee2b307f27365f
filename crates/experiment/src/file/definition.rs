//! An experiment's file as it is written.

use crate::{
    ArmName, ChannelName, Draw, Duration, ExperimentName, Exposure, GoalKind, Kind, MetricName, Money, Month,
    Phase, PriorSource, Ratio, Rule, Separation,
    read::{
        Count, Free, List, Map, Number, Plain, Seed, Text,
        section::{ROOT, section},
    },
};

section! {
    /// One question in one month: a file of `experiments/`.
    RawExperiment ROOT {
        /// The experiment's name, unique among all experiments of the project.
        Required name: ExperimentName = "\"headlines\"";
        /// The month in which it runs.
        Required month: Month = "\"2026-11\"";
        /// What is believed, in a sentence that the month can prove wrong.
        Optional hypothesis: Text = "\"Naming the reader's problem brings cheaper leads than naming our product.\"";
        /// The part of the customer's journey that it serves.
        Default phase: Phase = "\"prospecting\"";
        /// Whether it ends with its month.
        Default kind: Kind = "\"campaign\"";
        /// How the arms' audiences are kept apart. What is not stated cannot be relied on.
        Default separation: Separation = "\"unrandomised\"";
        /// What is counted, and per what.
        Required goal: RawGoal = "{ metric = \"lead\" }";
        /// How much it may spend.
        Required budget: RawBudget = "{ total = \"40 000 NOK\", daily_max = \"2 500 NOK\" }";
        /// The things tried, one `[[arm]]` each.
        Required arm: List<RawArm> = "[]";
        /// When an arm goes, and how sure one must be.
        Default decide: RawDecide = "{}";
        /// How budget follows results.
        Default allocate: RawAllocate = "{}";
        /// How far a winner may be amplified beyond the budget. Left out: not at all.
        Optional amplify: RawAmplify = "{ up_to = \"60 000 NOK\" }";
        /// What must not be harmed on the way.
        Default guardrails: RawGuardrails = "{}";
        /// How long goals take to arrive.
        Default delay: RawDelay = "{}";
        /// What might be true, for `gevinst rehearse`.
        Optional rehearsal: RawRehearsal = "{ goals_per_day = 3 }";
    }
}

section! {
    /// What is counted, and per what.
    RawGoal "[goal]" {
        /// What is counted.
        Required metric: MetricName = "\"lead\"";
        /// What it is counted per.
        Default per: Exposure = "\"spend\"";
        /// What of it is judged: how many there are, what each person, click or impression brought in money, or a sum of money over another sum.
        Default kind: GoalKind = "\"count\"";
        /// The most that one person can bring, where goals have values: a stated fact, such as the largest order that the shop takes. It makes bounds exact, for lists that were split at random.
        Optional cap: Money = "\"20 000 NOK\"";
        /// What the channel knows of each person from before, such as what they bought last year: it takes out part of the spread of values, so that verdicts come sooner. For lists that were split at random, without `cap`.
        Optional history: MetricName = "\"bought_before\"";
        /// Whether a person can reach the goal once only. Left out: yes for goals that are counted per recipients.
        Optional once: bool = "false";
        /// How many the experiment is to bring.
        Optional target: Count = "20";
        /// The channel of `gevinst.toml` that reports the goal, such as a CRM. Left out: the channels that the arms run on.
        Optional source: ChannelName = "\"crm\"";
    }
}

section! {
    /// How much the experiment may spend: `total` and `daily_max` in money, or `total_exposure` and `daily_exposure` in the unit that goals are counted per.
    RawBudget "[budget]" {
        /// The most it may spend in the month.
        Optional total: Money = "\"40 000 NOK\"";
        /// The most it may spend in a day, over all arms.
        Optional daily_max: Money = "\"2 500 NOK\"";
        /// The most impressions, clicks or recipients it may use in the month, such as the length of a mailing list.
        Optional total_exposure: Count = "60000";
        /// The most impressions, clicks or recipients it may use in a day, over all arms.
        Optional daily_exposure: Count = "2000";
    }
}

section! {
    /// One thing that is tried, on one channel.
    RawArm "[[arm]]" {
        /// The arm's name, unique in the experiment.
        Required name: ArmName = "\"problem\"";
        /// The channel that it runs on, a name of `[channels]` in `gevinst.toml`.
        Required channel: ChannelName = "\"native\"";
        /// Whether this is what was done so far, to which the others are compared.
        Default control: bool = "false";
        /// What the channel shows: text, address, picture, audience. The plugin says what it needs.
        Default creative: Free = "{}";
        /// The share of the budget that the arm begins with. Left out: as much as the others that say nothing.
        Optional share: Ratio = "\"25 %\"";
        /// The day on which it joins. Left out: the first of the month.
        Optional joins: jiff::civil::Date = "2026-11-10";
    }
}

section! {
    /// When an arm goes, and how sure one must be.
    RawDecide "[decide]" {
        /// The chance of ever dropping the truly best arm.
        Default wrongly_drop_best: Ratio = "0.05";
        /// The most a goal may cost. Left out: no arm goes for its cost alone.
        Optional max_cost_per_goal: Money = "\"1 800 NOK\"";
        /// The least that one unit of money must bring back, where values are judged: 2.5 for two and a half kroner a krone. Left out: no arm goes for its return alone.
        Optional min_return: Number = "2.5";
        /// The chance of ever dropping an arm that does meet `max_cost_per_goal` or `min_return`.
        Default wrongly_drop_profitable: Ratio = "0.05";
        /// Arms whose rates differ by less than this count as equal.
        Default tie_within: Ratio = "\"10 %\"";
        /// How likely an arm must be the best, at the month's end, to be called the winner without proof.
        Default winner_chance: Ratio = "0.95";
        /// The largest expected loss, relative to the best arm's rate, at which an arm is called the winner without proof.
        Default winner_loss: Ratio = "\"1 %\"";
        /// What is believed before the first result: what earlier experiments taught, or the same for every experiment. It changes how soon verdicts come and not how often they are wrong.
        Default prior: PriorSource = "\"learned\"";
        /// An arm goes when its chance of still becoming the winner is below this, where goals are counted. Left out: none goes for that.
        Optional stop_for_futility: Ratio = "\"2 %\"";
    }
}

section! {
    /// How budget follows results.
    RawAllocate "[allocate]" {
        /// How budget follows results.
        Default rule: Rule = "\"balanced\"";
        /// The least share of the budget that a living arm keeps. Left out: 5 %, or half an even share where that is less.
        Optional floor: Ratio = "\"5 %\"";
        /// The most by which an arm's share may change in a day, as a share of the experiment's budget.
        Default max_step: Ratio = "\"20 %\"";
    }
}

section! {
    /// How far a winner may be amplified beyond the budget, from the month's reserve.
    RawAmplify "[amplify]" {
        /// The most the experiment may spend in the month, amplified.
        Required up_to: Money = "\"60 000 NOK\"";
        /// The cost of one more goal at which amplifying stops.
        Optional stop_when_marginal_cost_above: Money = "\"1 800 NOK\"";
    }
}

section! {
    /// What must not be harmed on the way: an arm that breaches a limit is paused.
    RawGuardrails "[guardrails]" {
        /// The largest part of recipients who may unsubscribe.
        Optional unsubscribe_rate: Ratio = "\"0.5 %\"";
        /// The largest part of recipients who may report the message as unwanted.
        Optional complaint_rate: Ratio = "\"0.1 %\"";
        /// The largest part of messages that may bounce.
        Optional bounce_rate: Ratio = "\"2 %\"";
        /// The longest that a lead may wait for its first answer, in hours: no amplifying past what sales can follow up.
        Optional hours_to_first_answer: Number = "24";
    }
}

section! {
    /// How long goals take to arrive.
    RawDelay "[delay]" {
        /// How long after an exposure all its goals have arrived; the month closes when this has passed.
        Default complete_after: Duration = "\"14 days\"";
        /// The time after which half of an exposure's goals have arrived, where it is known.
        Optional median: Duration = "\"3 days\"";
    }
}

section! {
    /// What might be true, for `gevinst rehearse`: stated, or taken from past results by `[rehearsal.data]`.
    RawRehearsal "[rehearsal]" {
        /// Goals a day over all arms, when the whole daily budget is spent evenly.
        Optional goals_per_day: Number = "3";
        /// Each arm's true rate, relative to the others.
        Optional arms: Map<ArmName, Number> = "{ product = 1.0, problem = 1.3 }";
        /// Each arm's true rate per impression, click or recipient, in place of `goals_per_day` and `arms`.
        Optional rates: Map<ArmName, Ratio> = "{ product = \"10.6 %\", problem = \"15.1 %\" }";
        /// The demand of each weekday, from Monday, relative to the others.
        Optional weekdays: List<Number> = "[1.0, 1.1, 1.1, 1.0, 0.8, 0.4, 0.35]";
        /// The variance of the factor, of mean 1, by which each arm's day is off.
        Optional day_noise: Number = "0.1";
        /// By how much all rates change from the first to the last day of the month.
        Optional drift: Ratio = "\"-20 %\"";
        /// How effect wears off as an arm's spend grows: exposure counts as spend to the power of one minus this.
        Optional saturation: Number = "0.2";
        /// The median time from exposure to goal.
        Default delay: Duration = "\"0 days\"";
        /// How the platform restates days that it has reported.
        Optional restate: RawRestate = "{ share = \"10 %\", after = \"3 days\" }";
        /// The price of one impression, click or recipient, where goals are counted per these and the budget is money. Left out: the month's money buys as many as the smallest arm of the past results has.
        Optional price: Money = "\"4.50 NOK\"";
        /// How many impressions, clicks or recipients a day the whole daily budget buys, in place of `price`.
        Optional exposures_per_day: Count = "500";
        /// What a goal is worth, where values are judged: a log-normal of this mean and standard deviation.
        Optional value: RawGoalValue = "{ mean = \"900 NOK\", spread = \"1 200 NOK\" }";
        /// Where random numbers begin, so that the same month can be played again.
        Default seed: Seed = "1";
        /// Past results to draw from, in place of stated truths.
        Optional data: RawData = "{ file = \"hillstrom.csv.gz\" }";
    }
}

section! {
    /// What a goal is worth.
    RawGoalValue "`value`" {
        /// On average.
        Required mean: Money = "\"900 NOK\"";
        /// The standard deviation from goal to goal. Left out: all are worth the same.
        Optional spread: Money = "\"1 200 NOK\"";
    }
}

section! {
    /// How the platform restates days that it has reported.
    RawRestate "`restate`" {
        /// The part of an arm's days that are restated.
        Required share: Ratio = "\"10 %\"";
        /// How long after the day's end.
        Required after: Duration = "\"3 days\"";
        /// By how much, up or down.
        Default by: Ratio = "\"10 %\"";
    }
}

section! {
    /// Past results that a rehearsal draws from.
    RawData "[rehearsal.data]" {
        /// A CSV file, or one compressed by gzip, beside this file or in the folder that the environment variable GEVINST_DATA names.
        Required file: Text = "\"hillstrom.csv.gz\"";
        /// The column that tells the arm.
        Required arm: Plain = "\"segment\"";
        /// What that column says for each of our arms.
        Required arms: Map<ArmName, Plain> = "{ mens = \"Mens E-Mail\", none = \"No E-Mail\" }";
        /// The column that counts exposures, or `rows` where each row is one. Goals that are counted per spend need the column of the spend, in major units.
        Default exposure: Plain = "\"rows\"";
        /// The column of the goal: 0 or 1, or a count.
        Required goal: Plain = "\"visit\"";
        /// The column of the goal's value.
        Optional value: Plain = "\"spend\"";
        /// Only rows in which these columns say this.
        Default r#where: Map<Plain, Plain> = "{}";
        /// The column of the date.
        Optional date: Plain = "\"day\"";
        /// How results are drawn. Left out: without replacement, or by rates where goals are counted per spend.
        Optional draw: Draw = "\"without replacement\"";
    }
}
