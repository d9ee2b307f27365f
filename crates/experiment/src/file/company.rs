//! `gevinst.toml` as it is written.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::Value;
use toml::de::DeValue;

use crate::{
    ChannelName, CostName, Currency, MetricName, Mode, Money, PluginName, Zone,
    diagnostic::Diagnostic,
    file::secret,
    name,
    read::{
        At, Count, Field, Findings, List, Map, Node, json,
        section::{ROOT_COMPANY, section},
    },
};

section! {
    /// What is true of the company, once for all experiments: `gevinst.toml`.
    RawCompany ROOT_COMPANY {
        /// The currency of every amount, as an ISO 4217 code.
        Required currency: Currency = "\"NOK\"";
        /// The timezone that days and months follow, by its IANA name.
        Required timezone: Zone = "\"Europe/Oslo\"";
        /// Who makes the moves.
        Default mode: Mode = "\"propose\"";
        /// The month's budget and goal.
        Required month: RawMonth = "{ budget = \"120 000 NOK\" }";
        /// What one of each goal is worth, with an honest spread.
        Default values: Map<MetricName, RawValue> = "{}";
        /// Accounts on advertising platforms and mail servers, each with the plugin that talks to it.
        Default channels: Map<ChannelName, RawChannel> = "{}";
        /// Series of the whole market by day, such as searches for the company's name.
        Optional market: RawMarket = "{ source = \"crm\", metrics = [\"brand_searches\", \"direct_visits\"] }";
        /// Running costs of a month beside media, by name: hours, agency, tools.
        Default costs: Map<CostName, Money> = "{}";
    }
}

section! {
    /// The month's budget and goal.
    RawMonth "[month]" {
        /// The most that all experiments of a month may spend together.
        Required budget: Money = "\"120 000 NOK\"";
        /// What the month is to bring.
        Optional goal: RawMonthGoal = "{ metric = \"lead\", target = 60 }";
    }
}

section! {
    /// What the month is to bring.
    RawMonthGoal "the month's `goal`" {
        /// What is counted.
        Required metric: MetricName = "\"lead\"";
        /// How many are wanted.
        Required target: Count = "60";
    }
}

section! {
    /// Series of the whole market by day: they belong to no arm and decide nothing, and the reports show them.
    RawMarket "[market]" {
        /// The channel that has them.
        Required source: ChannelName = "\"crm\"";
        /// Their names there.
        Required metrics: List<MetricName> = "[\"brand_searches\", \"direct_visits\"]";
    }
}

section! {
    /// What one goal is worth.
    RawValue "a value" {
        /// What one is worth on average.
        Required mean: Money = "\"1 800 NOK\"";
        /// How unsure that is: a standard deviation. Left out, the value counts as certain.
        Optional spread: Money = "\"600 NOK\"";
    }
}

/// One account with the plugin that talks to it. Only `plugin` is ours; the rest is for the plugin to judge.
#[derive(Debug, Clone)]
pub(crate) struct RawChannel {
    pub(crate) plugin: At<PluginName>,
    pub(crate) settings: serde_json::Map<String, Value>,
}

const PLUGIN: &str = "plugin";

impl Field for RawChannel {
    fn read(node: Node<'_>, findings: &mut Findings<'_>) -> Option<Self> {
        let DeValue::Table(table) = node.value else {
            let help = "write `[channels.NAME]` on a line of its own, and `plugin` and its settings below";
            findings.wrong_type(node, "a table", Some(help.to_owned()));
            return None;
        };
        let mut plugin = None;
        let mut settings = serde_json::Map::new();
        let mut complete = true;
        if table.get(PLUGIN).is_none() && !findings.incomplete {
            findings.push(
                Diagnostic::error(node.span(), "a channel lacks `plugin`")
                    .label("which plugin talks to this account")
                    .help("add `plugin = \"native-ads\"`, or the id of another plugin that `gevinst plugin list` shows"),
            );
        }
        for (key, value) in table.iter() {
            let node = Node::of(value);
            if key.get_ref() == PLUGIN {
                plugin = PluginName::read(node, findings).map(|value| At { value, span: node.span() });
                continue;
            }
            secret::refuse_written(key.get_ref(), node, findings);
            match json(node, findings) {
                Some(value) => drop(settings.insert(key.get_ref().to_string(), value)),
                None => complete = false,
            }
        }
        plugin.filter(|_| complete).map(|plugin| Self { plugin, settings })
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        generator.subschema_for::<Self>()
    }
}

impl JsonSchema for RawChannel {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "RawChannel".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "description": "One account with the plugin that talks to it. All keys but `plugin` are the plugin's settings.",
            "properties": {
                "plugin": { "type": "string", "pattern": (name::PATTERN), "description": "The id of the plugin." },
                "secret": {
                    "type": "string",
                    "pattern": "^(env|file):.+$",
                    "description": "Where the secret is found, never the secret itself: `env:NAME` or `file:PATH`.",
                },
            },
            "required": ["plugin"],
            "additionalProperties": true,
        })
    }
}
