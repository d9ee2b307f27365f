//! The stand-in platform: a market for each experiment, and the memory of what was commanded.
//!
//! With a state file the platform outlives the process and several channels may be open on it: the file is the platform,
//! the markets are rebuilt from it. A command counts once it is on the disk; one that could not be written down was not
//! carried out.

use std::collections::BTreeMap;
use std::sync::Arc;

use gevinst_sdk::Error as ChannelError;
use gevinst_sdk::wire::{ArmState, Command, Money};

use crate::calendar::Calendar;
use crate::config::{Config, Experiment};
use crate::data::Data;
use crate::error::Error;
use crate::journal::{Journal, Received, Unwritten};
use crate::market::{Applied, Market};
use crate::model::Model;
use crate::truth::BudgetIn;

/// ISO 4217's code for "no currency": what budgets that count exposures may be stated in.
const NO_CURRENCY: &str = "XXX";

/// What is true of an experiment, and its month.
type Law = (Arc<Model>, Arc<Calendar>);

#[derive(Debug)]
pub(crate) struct Platform {
    config: Config,
    laws: BTreeMap<String, Law>,
    markets: BTreeMap<String, Market>,
    /// In which currency an arm was last commanded.
    currencies: BTreeMap<(String, String), String>,
    journal: Option<Journal>,
}

impl Platform {
    /// Opens a platform and reads what it remembers.
    pub(crate) fn open(config: Config, now_us: i64) -> Result<Self, ChannelError> {
        let currency = &config.currency;
        if currency.len() != 3 || !currency.bytes().all(|byte| byte.is_ascii_uppercase()) {
            let problem = format!("`{currency}` is not an ISO 4217 code");
            return Err(ChannelError::bad_config("/currency", problem));
        }
        let refuse = |problem: String| ChannelError::bad_config("/state_file", problem);
        let mut journal = match &config.state_file {
            Some(path) => {
                Some(Journal::open(path).map_err(|error| refuse(format!("{}: {error}", path.display())))?)
            }
            None => None,
        };
        let mut begun: BTreeMap<String, i64> = BTreeMap::new();
        if let Some(journal) = &mut journal {
            let past =
                journal.turn().and_then(|mut turn| turn.news()).map_err(|error| refuse(error.to_string()))?;
            for received in past {
                begun.entry(received.command.experiment).or_insert(received.at_us);
            }
            journal.rewind();
        }
        // One that has begun stays in its month, whenever the channel is opened again.
        let laws = laws(&config, |name| begun.get(name).copied().unwrap_or(now_us))?;
        let mut platform =
            Self { config, laws, markets: BTreeMap::new(), currencies: BTreeMap::new(), journal };
        platform.launch();
        platform.catch_up().map_err(|error| refuse(error.message))?;
        Ok(platform)
    }

    pub(crate) fn config(&self) -> &Config {
        &self.config
    }

    /// An experiment with its market.
    pub(crate) fn market(&mut self, experiment: &str) -> Result<(&Experiment, &mut Market), ChannelError> {
        match (self.config.experiments.get(experiment), self.markets.get_mut(experiment)) {
            (Some(found), Some(market)) => Ok((found, market)),
            _ => Err(unknown_experiment(&self.config, experiment)),
        }
    }

    /// The arm as it is now; none when it was never commanded.
    pub(crate) fn arm_state(&self, experiment: &str, arm: &str) -> Option<ArmState> {
        let market = self.markets.get(experiment)?;
        let (last_seq, budget, paused) = market.state(market.model().arm(arm).ok()?)?;
        let currency = self.currencies.get(&(experiment.to_owned(), arm.to_owned()));
        let daily_budget = Money::new(budget, currency.unwrap_or(&self.config.currency));
        Some(ArmState { daily_budget, paused, last_seq })
    }

    /// Takes what others have commanded since the last call.
    pub(crate) fn catch_up(&mut self) -> Result<(), ChannelError> {
        let Some(journal) = &mut self.journal else { return Ok(()) };
        let news = journal.turn().and_then(|mut turn| turn.news());
        for received in news.map_err(|error| ChannelError::unavailable(error.to_string()))? {
            take(&mut self.markets, &mut self.currencies, &received)
                .map_err(|error| ChannelError::unavailable(error.to_string()))?;
        }
        Ok(())
    }

    /// Carries a command out, unless its number was seen: whether it did, and the arm afterwards.
    pub(crate) fn carry_out(
        &mut self,
        command: &Command,
        at_us: i64,
    ) -> Result<(bool, ArmState), ChannelError> {
        let arm = self.check(command)?;
        let applied = match &mut self.journal {
            None => {
                let received = Received { at_us, applied: true, command: command.clone() };
                take(&mut self.markets, &mut self.currencies, &received).map_err(refused)?
            }
            Some(journal) => {
                let mut turn = journal.turn().map_err(unwritten)?;
                for received in turn.news().map_err(unwritten)? {
                    take(&mut self.markets, &mut self.currencies, &received).map_err(refused)?;
                }
                let last_seq = self.markets[&command.experiment].state(arm).map(|(seq, ..)| seq);
                let applied = last_seq.is_none_or(|last| last < command.seq);
                let received = Received { at_us, applied, command: command.clone() };
                // The market first, which may refuse; should the disk refuse after it, the market is built again.
                take(&mut self.markets, &mut self.currencies, &received).map_err(refused)?;
                if let Err(failure) = turn.append(&received) {
                    drop(turn);
                    journal.rewind();
                    self.launch();
                    return Err(match failure {
                        Unwritten::Perhaps(error) if applied => {
                            ChannelError::unknown_outcome(error.to_string())
                        }
                        Unwritten::Perhaps(error) | Unwritten::Certainly(error) => unwritten(error),
                    });
                }
                applied
            }
        };
        let state = self.arm_state(&command.experiment, &command.arm);
        Ok((
            applied,
            state.ok_or_else(|| ChannelError::unknown_outcome("the arm is gone after the command"))?,
        ))
    }

    /// The arm's number, when the command can be carried out.
    fn check(&self, command: &Command) -> Result<usize, ChannelError> {
        let Some(market) = self.markets.get(&command.experiment) else {
            return Err(unknown_experiment(&self.config, &command.experiment));
        };
        let arm = market
            .model()
            .arm(&command.arm)
            .map_err(|error| ChannelError::bad_request("/arm", error.to_string()))?;
        let Money { minor, currency } = &command.set.daily_budget;
        let counted = market.model().budget_in() == BudgetIn::Exposure;
        if *currency != self.config.currency && !(counted && currency == NO_CURRENCY) {
            return Err(ChannelError::bad_request(
                "/set/daily_budget/currency",
                format!("`{currency}` is not the account's currency, {}", self.config.currency),
            ));
        }
        if *minor < 0 {
            return Err(ChannelError::bad_request("/set/daily_budget/minor", "a budget cannot be negative"));
        }
        Ok(arm)
    }

    /// Markets in which nothing has been commanded.
    fn launch(&mut self) {
        self.currencies.clear();
        self.markets = self
            .laws
            .iter()
            .map(|(name, (model, calendar))| {
                let seed = self.config.experiments[name].seed.unwrap_or(self.config.seed);
                (name.clone(), Market::new(Arc::clone(model), name, seed, Arc::clone(calendar)))
            })
            .collect();
    }
}

/// Lets the market have a command that was carried out; one for an experiment or arm that it does not have is another
/// channel's.
fn take(
    markets: &mut BTreeMap<String, Market>,
    currencies: &mut BTreeMap<(String, String), String>,
    received: &Received,
) -> Result<bool, Error> {
    let Command { experiment, arm, seq, set, .. } = &received.command;
    let Some(market) = markets.get_mut(experiment).filter(|_| received.applied) else { return Ok(false) };
    let Ok(number) = market.model().arm(arm) else { return Ok(false) };
    let applied = market.apply(number, *seq, set.daily_budget.minor, set.paused, received.at_us)?;
    if applied == Applied::Yes {
        currencies.insert((experiment.clone(), arm.clone()), set.daily_budget.currency.clone());
    }
    Ok(applied == Applied::Yes)
}

fn refused(error: Error) -> ChannelError {
    ChannelError::not_applied(error.to_string())
}

fn unwritten(error: std::io::Error) -> ChannelError {
    ChannelError::not_applied(format!("the platform cannot write it down: {error}"))
}

/// Every experiment's law and month; a data file that several of them name is read once.
fn laws(config: &Config, at_us: impl Fn(&str) -> i64) -> Result<BTreeMap<String, Law>, ChannelError> {
    let wanted = config
        .experiments
        .values()
        .filter_map(|experiment| experiment.truth.data.as_ref().map(|spec| (spec, experiment.truth.per)));
    let mut loaded = Data::load_many(&wanted.collect::<Vec<_>>()).into_iter();
    config
        .experiments
        .iter()
        .map(|(name, experiment)| {
            let data = experiment.truth.data.as_ref().and_then(|_| loaded.next());
            Ok((name.clone(), law_of(config, name, experiment, data, at_us(name))?))
        })
        .collect()
}

fn law_of(
    config: &Config,
    name: &str,
    experiment: &Experiment,
    data: Option<Result<Data, Error>>,
    now_us: i64,
) -> Result<Law, ChannelError> {
    let at = format!("/experiments/{}", name.replace('~', "~0").replace('/', "~1"));
    let calendar = match &experiment.month {
        Some(month) => Calendar::month(month, &config.timezone, experiment.grain),
        None => Calendar::month_of(now_us, &config.timezone, experiment.grain),
    };
    let calendar = calendar.map_err(|error| {
        let field = match &error {
            Error::Truth { key, .. } if key == "timezone" => "/timezone".to_owned(),
            _ => format!("{at}/month"),
        };
        ChannelError::bad_config(field, error.to_string())
    })?;
    let model = data.transpose().map(|data| data.map(Arc::new));
    let model = model.and_then(|data| Model::with_data(&experiment.truth, data)).map_err(|error| {
        let field = match &error {
            Error::Truth { key, .. } => format!("{at}/truth/{}", key.replace('.', "/")),
            _ => format!("{at}/truth/data"),
        };
        ChannelError::bad_config(field, error.to_string())
    })?;
    Ok((Arc::new(model), Arc::new(calendar)))
}

fn unknown_experiment(config: &Config, name: &str) -> ChannelError {
    let there: Vec<String> = config.experiments.keys().map(|name| format!("`{name}`")).collect();
    ChannelError::bad_request("/experiment", format!("no experiment `{name}`; there is {}", there.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::truth::{Per, Truth};
    use gevinst_sdk::Code;
    use gevinst_sdk::wire::Set;

    fn command(seq: u64, minor: i64) -> Command {
        let set = Set { daily_budget: Money::new(minor, "NOK"), paused: false, creative: None };
        Command::new("list", "mens", seq, set, i64::MAX)
    }

    #[test]
    fn what_cannot_be_written_down_is_not_carried_out() {
        // Protects: a full disk, a read-only one: the platform knows only what it will still know tomorrow.
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("platform.jsonl");
        let mut truth = Truth::of_arms(Per::Recipients, [("mens", 0.2), ("none", 0.1)]);
        truth.price = Some(10.0);
        let experiment = Experiment {
            month: Some("2026-11".into()),
            grain: Default::default(),
            goal: None,
            seed: None,
            truth,
        };
        let config = Config {
            seed: 1,
            timezone: "Europe/Oslo".into(),
            currency: "NOK".into(),
            experiments: [("list".to_owned(), experiment)].into(),
            state_file: Some(path.clone()),
            faults: Default::default(),
        };
        let mut platform = Platform::open(config, 0).unwrap();
        let (applied, before) = platform.carry_out(&command(1, 5_000), 10).unwrap();
        assert!(applied);
        platform.journal = Some(Journal::read_only(&path).unwrap());
        // Neither writing nor taking back works on such a file: nobody can know whether a part is there.
        let error = platform.carry_out(&command(2, 9_000), 20).unwrap_err();
        assert_eq!(error.code, Code::UnknownOutcome);
        let error = platform.carry_out(&command(1, 9_000), 20).unwrap_err();
        assert_eq!(error.code, Code::NotApplied, "a number that was seen is ignored, written down or not");
        platform.catch_up().unwrap();
        assert_eq!(platform.arm_state("list", "mens"), Some(before));
    }
}
