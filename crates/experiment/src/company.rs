//! What is true of the company, checked: the content of `gevinst.toml`.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::{ChannelName, CostName, Currency, MetricName, Mode, Money, PluginName, Zone};

/// What is true of the company.
///
/// All amounts are in [`Company::currency`].
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Company {
    /// The currency of every amount.
    pub currency: Currency,
    /// The timezone that days and months follow.
    pub timezone: Zone,
    /// Who makes the moves.
    pub mode: Mode,
    /// The most that all experiments of a month may spend together.
    pub month_budget: Money,
    /// What the month is to bring.
    pub month_goal: Option<MonthGoal>,
    /// What one of each goal is worth.
    pub values: BTreeMap<MetricName, GoalValue>,
    /// Accounts, each with the plugin that talks to it.
    pub channels: BTreeMap<ChannelName, ChannelConfig>,
    /// Series of the whole market that the reports show.
    pub market: Option<Market>,
    /// Running costs of a month beside media.
    pub costs: BTreeMap<CostName, Money>,
}

/// What the month is to bring.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MonthGoal {
    /// What is counted.
    pub metric: MetricName,
    /// How many are wanted.
    pub target: u64,
}

/// Series of the whole market by day, which belong to no arm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Market {
    /// The channel that has them.
    pub source: ChannelName,
    /// Their names there, each once; at least one.
    pub metrics: Vec<MetricName>,
}

/// What one goal is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct GoalValue {
    /// What one is worth on average; above zero.
    pub mean: Money,
    /// Standard deviation of what is believed about the mean; zero where it is certain.
    pub spread: Money,
}

/// One account with the plugin that talks to it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ChannelConfig {
    /// The plugin's id.
    pub plugin: PluginName,
    /// The rest of the channel's table, for the plugin to judge. Secrets are named (`env:NAME`), never written.
    pub settings: Map<String, Value>,
}

impl Company {
    /// What a plugin is opened with: the channel's settings, and the company's timezone and currency where they say
    /// nothing else. `None` where there is no such channel.
    pub fn open_config(&self, channel: &str) -> Option<Value> {
        let mut config = self.channels.get(channel)?.settings.clone();
        config.entry("timezone").or_insert_with(|| Value::from(self.timezone.name()));
        config.entry("currency").or_insert_with(|| Value::from(self.currency.code()));
        Some(Value::Object(config))
    }
}
