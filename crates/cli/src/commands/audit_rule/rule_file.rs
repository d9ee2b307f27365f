//! The small TOML of a threshold rule, read strictly: unknown keys, missing units and amounts that do not fit the metric
//! are mistakes that name their place.

use gevinst_experiment::{Company, Duration, Money, Ratio};
use gevinst_runner::audit::{Freed, Metric, Pause, Scale, Side, ThresholdRule, Window};
use serde::de::{Deserializer, Error as _, Visitor};
use serde::{Deserialize, de};
use toml::Spanned;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: String,
    #[serde(default)]
    pause: Vec<PauseTable>,
    scale: Option<ScaleTable>,
    #[serde(default)]
    freed_budget: FreedWord,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PauseTable {
    metric: Spanned<MetricWord>,
    above: Option<Spanned<Amount>>,
    below: Option<Spanned<Amount>>,
    window: Span,
    minimum_spend: Option<Spanned<Amount>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ScaleTable {
    factor: Spanned<f64>,
    below: Spanned<Amount>,
    window: Span,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum MetricWord {
    CostPerGoal,
    Goals,
    Rate,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum FreedWord {
    #[default]
    Others,
    Unspent,
}

/// Money, a share, or a plain number.
#[derive(Clone, Copy)]
enum Amount {
    Money(Money),
    Share(f64),
    Number(f64),
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl Visitor<'_> for Read {
            type Value = Amount;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an amount such as \"100 NOK\", \"2 %\" or 5")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Amount, E> {
                if text.trim_end().ends_with('%') {
                    let share: Ratio = text.parse().map_err(advised)?;
                    return Ok(Amount::Share(share.as_f64()));
                }
                text.parse().map(Amount::Money).map_err(advised)
            }
            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Amount, E> {
                #[expect(clippy::cast_precision_loss, reason = "a limit that a person writes")]
                Ok(Amount::Number(number as f64))
            }
            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Amount, E> {
                Ok(Amount::Number(number))
            }
        }
        deserializer.deserialize_any(Read)
    }
}

struct Span(Window);

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text == "all" {
            return Ok(Self(Window::All));
        }
        let length: Duration = text.parse().map_err(advised)?;
        let day_us = Duration::days(1).as_micros();
        match usize::try_from(length.as_micros() / day_us) {
            Ok(days) if days >= 1 && length.as_micros() % day_us == 0 => Ok(Self(Window::Days(days))),
            _ => Err(D::Error::custom("a window is whole days, such as \"7 days\", or \"all\"")),
        }
    }
}

fn advised<E: de::Error>(mistake: gevinst_experiment::Mistake) -> E {
    match mistake.help {
        Some(help) => E::custom(format!("{}; {help}", mistake.message)),
        None => E::custom(mistake.message),
    }
}

/// Reads a rule; a mistake comes as text with its line.
pub(super) fn read(text: &str, company: &Company) -> Result<ThresholdRule, String> {
    let file: File = toml::from_str(text).map_err(|error| error.to_string().trim_end().to_owned())?;
    let reader = Reader { text, company };
    if file.name.trim().is_empty() {
        return Err("the rule's `name` is empty".to_owned());
    }
    if file.pause.is_empty() && file.scale.is_none() {
        return Err("the rule does nothing: it has neither `[[pause]]` nor `[scale]`".to_owned());
    }
    Ok(ThresholdRule {
        name: file.name,
        pauses: file.pause.iter().map(|table| reader.pause(table)).collect::<Result<_, _>>()?,
        scale: file.scale.map(|table| reader.scale(&table)).transpose()?,
        freed: match file.freed_budget {
            FreedWord::Others => Freed::Others,
            FreedWord::Unspent => Freed::Unspent,
        },
    })
}

struct Reader<'a> {
    text: &'a str,
    company: &'a Company,
}

impl Reader<'_> {
    fn pause(&self, table: &PauseTable) -> Result<Pause, String> {
        let (side, amount) = match (&table.above, &table.below) {
            (Some(amount), None) => (Side::Above, amount),
            (None, Some(amount)) => (Side::Below, amount),
            (Some(_), Some(second)) => {
                return Err(self.at(second, "one rule has `above` or `below`, not both"));
            }
            (None, None) => {
                return Err(self.at(&table.metric, "this `[[pause]]` has neither `above` nor `below`"));
            }
        };
        let (metric, limit) = match (table.metric.as_ref(), amount.as_ref()) {
            (MetricWord::CostPerGoal, Amount::Money(_)) => (Metric::CostPerGoal, float(self.money(amount)?)),
            (MetricWord::CostPerGoal, _) => {
                return Err(self.at(amount, "a cost per goal is money: write an amount with its currency"));
            }
            (MetricWord::Goals, Amount::Number(number)) => (Metric::Goals, *number),
            (MetricWord::Goals, _) => return Err(self.at(amount, "goals are counted: write a plain number")),
            (MetricWord::Rate, Amount::Share(share)) => (Metric::Rate, *share),
            (MetricWord::Rate, Amount::Number(number)) => (Metric::Rate, *number),
            (MetricWord::Rate, Amount::Money(_)) => {
                return Err(self.at(amount, "a rate is goals per exposure: write a share such as \"2 %\""));
            }
        };
        if !(limit > 0.0 && limit.is_finite()) {
            return Err(self.at(amount, "a limit is above zero"));
        }
        let minimum_spend = table.minimum_spend.as_ref().map_or(Ok(0), |amount| self.money(amount))?;
        Ok(Pause { metric, side, limit, window: table.window.0, minimum_spend })
    }

    fn scale(&self, table: &ScaleTable) -> Result<Scale, String> {
        let factor = *table.factor.as_ref();
        if !(factor > 0.0 && factor <= 10.0) {
            return Err(self.at(&table.factor, "a factor is above 0 and at most 10"));
        }
        let below = float(self.money(&table.below)?);
        if below <= 0.0 {
            return Err(self.at(&table.below, "a limit is above zero"));
        }
        Ok(Scale { factor, below, window: table.window.0 })
    }

    fn money(&self, amount: &Spanned<Amount>) -> Result<i64, String> {
        let Amount::Money(money) = amount.as_ref() else {
            return Err(self.at(amount, "write an amount of money with its currency, such as \"50 NOK\""));
        };
        if money.currency() != self.company.currency {
            let says = format!(
                "the company's currency is {}, not {}",
                self.company.currency.code(),
                money.currency().code()
            );
            return Err(self.at(amount, &says));
        }
        if money.minor() < 0 {
            return Err(self.at(amount, "an amount is not negative"));
        }
        Ok(money.minor())
    }

    fn at<T>(&self, place: &Spanned<T>, says: &str) -> String {
        let before = self.text.get(..place.span().start).unwrap_or("");
        let line = before.matches('\n').count() + 1;
        let content = self.text.lines().nth(line - 1).unwrap_or("").trim();
        format!("line {line}: {says}\n  {content}")
    }
}

#[expect(clippy::cast_precision_loss, reason = "a limit that a person writes")]
fn float(minor: i64) -> f64 {
    minor as f64
}

#[cfg(test)]
mod tests {
    use gevinst_experiment::{Source, parse_company};

    use super::*;

    fn company() -> Company {
        let text = "currency = \"NOK\"\ntimezone = \"Europe/Oslo\"\n[month]\nbudget = \"30 000 NOK\"\n[channels.native]\nplugin = \"native-ads\"\n";
        parse_company(&Source::new("gevinst.toml", text)).unwrap().value
    }

    #[test]
    fn the_sample_and_every_key_are_read() {
        // Protects the sample rule that the README and the sample folder show, and each key's meaning.
        let sample = include_str!("../../../../../experiments/rules/pause-when-dear.toml");
        let rule = read(sample, &company()).unwrap();
        assert_eq!(
            (rule.name.as_str(), rule.pauses.len(), rule.freed),
            ("pause-when-dear", 1, Freed::Others)
        );
        let text = "name = \"r\"\nfreed_budget = \"unspent\"\n[[pause]]\nmetric = \"rate\"\nbelow = \"2 %\"\nwindow = \"7 days\"\n\
                    [[pause]]\nmetric = \"goals\"\nbelow = 1\nwindow = \"all\"\nminimum_spend = \"50 NOK\"\n\
                    [scale]\nfactor = 1.2\nbelow = \"80 NOK\"\nwindow = \"3 days\"\n";
        let rule = read(text, &company()).unwrap();
        assert_eq!(rule.freed, Freed::Unspent);
        let first = Pause {
            metric: Metric::Rate,
            side: Side::Below,
            limit: 0.02,
            window: Window::Days(7),
            minimum_spend: 0,
        };
        assert_eq!(rule.pauses[0], first);
        assert_eq!((rule.pauses[1].limit, rule.pauses[1].minimum_spend), (1.0, 5_000));
        assert_eq!(rule.scale, Some(Scale { factor: 1.2, below: 8_000.0, window: Window::Days(3) }));
    }

    #[test]
    fn mistakes_name_their_place() {
        // Protects a rule from being audited as something else than what was meant.
        let rule = |lines: &str| format!("name = \"r\"\n[[pause]]\n{lines}\n");
        let fine = "metric = \"cost_per_goal\"\nabove = \"100 NOK\"\nwindow = \"all\"";
        assert!(read(&rule(fine), &company()).is_ok());
        for (text, says) in [
            (rule(&format!("{fine}\nlimit = 3")), "unknown field `limit`"),
            (rule(&fine.replace("\"100 NOK\"", "100")), "line 4: a cost per goal is money"),
            (rule(&fine.replace("100 NOK", "100 EUR")), "line 4: the company's currency is NOK, not EUR"),
            (rule(&fine.replace("100 NOK", "0 NOK")), "line 4: a limit is above zero"),
            (rule(&fine.replace("cost_per_goal", "cpl")), "unknown variant `cpl`"),
            (rule(&fine.replace("\"all\"", "\"12 hours\"")), "a window is whole days"),
            (rule(&fine.replace("\"all\"", "\"7\"")), "write `7 days` or `7 hours`"),
            (rule("metric = \"goals\"\nwindow = \"all\""), "line 3: this `[[pause]]` has neither"),
            (rule(&format!("{fine}\nbelow = 3")), "not both"),
            (rule(&format!("{fine}\nminimum_spend = 50")), "line 6: write an amount of money"),
            ("name = \"r\"".to_owned(), "does nothing"),
            ("name = \"r\"\n[scale]\nfactor = 0\nbelow = \"1 NOK\"\nwindow = \"all\"".to_owned(), "line 3: "),
            ("pause = 3".to_owned(), "line 1"),
        ] {
            let error = read(&text, &company()).unwrap_err();
            assert!(error.contains(says), "{error}\nshould say: {says}");
        }
    }
}
