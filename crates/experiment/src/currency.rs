//! Currencies: ISO 4217 codes with the number of decimals each one has.
//!
//! Only currencies that money can be paid in are accepted: metals, test codes and funds (`XAU`, `XXX`, `CLF`) are not.
//! No rates of exchange live here or anywhere: sums of different currencies are never added.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{Mistake, suggest};

/// A currency that money is paid in, such as NOK.
///
/// ```
/// use gevinst_experiment::Currency;
/// let krona: Currency = "ISK".parse()?;
/// assert_eq!(krona.decimals(), 0);
/// # Ok::<(), gevinst_experiment::Mistake>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency(iso_currency::Currency);

impl Currency {
    /// The code of three letters, such as `NOK`.
    pub fn code(self) -> &'static str {
        self.0.code()
    }

    /// How many decimals a sum has: 2 for NOK, 0 for ISK and JPY, 3 for KWD.
    pub fn decimals(self) -> u32 {
        self.0.exponent().map_or(0, u32::from)
    }

    /// How many minor units make one major unit: 100 øre are a Norwegian krone.
    pub fn minor_per_major(self) -> i64 {
        10_i64.pow(self.decimals())
    }
}

/// Signs that people write for money, and the codes they may stand for.
const SIGNS: &[(&str, &str)] = &[
    ("kr", "`NOK`, `SEK`, `DKK` or `ISK`"),
    ("kr.", "`NOK`, `SEK`, `DKK` or `ISK`"),
    ("kroner", "`NOK` or `DKK`"),
    ("kronor", "`SEK`"),
    ("€", "`EUR`"),
    ("euro", "`EUR`"),
    ("$", "`USD`"),
    ("£", "`GBP`"),
];

/// The codes that a typing mistake is compared with: a guess among all 150 would often be a wrong one.
const COMMON: &[&str] =
    &["NOK", "SEK", "DKK", "ISK", "EUR", "USD", "GBP", "CHF", "PLN", "CZK", "HUF", "JPY", "CAD", "AUD"];

impl FromStr for Currency {
    type Err = Mistake;

    fn from_str(text: &str) -> Result<Self, Mistake> {
        let Some(currency) = iso_currency::Currency::from_code(text) else {
            let upper = text.to_uppercase();
            let mistake = Mistake::new(format!("`{text}` is not a currency's code in ISO 4217"));
            if let Some((_, codes)) = SIGNS.iter().find(|(sign, _)| *sign == text.to_lowercase()) {
                return Err(mistake.help(format!("write the code of three letters: {codes}")));
            }
            if upper != text && iso_currency::Currency::from_code(&upper).is_some() {
                return Err(mistake.help(format!("write `{upper}`")));
            }
            return Err(match suggest::nearest(text, COMMON.iter().copied()) {
                Some(code) => mistake.help(format!("did you mean `{code}`?")),
                None => mistake.help("write a code of three letters, such as `NOK`"),
            });
        };
        if currency.exponent().is_none() || currency.is_special() || currency.is_fund() {
            return Err(Mistake::new(format!("`{text}` is not money that a bill is paid in"))
                .help("write a currency's code, such as `NOK`"));
        }
        if let Some(latest) = currency.is_superseded() {
            return Err(Mistake::new(format!("`{text}` is no longer in use"))
                .help(format!("write `{}`", latest.code())));
        }
        Ok(Self(currency))
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let code = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        code.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_follow_iso_4217() {
        // Protects: amounts from being off by a hundred where a currency has no cents, or a thousand fils.
        for (code, decimals) in [("NOK", 2), ("EUR", 2), ("ISK", 0), ("JPY", 0), ("KWD", 3), ("TND", 3)] {
            assert_eq!(code.parse::<Currency>().unwrap().decimals(), decimals, "{code}");
        }
    }

    #[test]
    fn what_is_not_payable_is_refused_with_advice() {
        // Protects: definitions from metals, test codes and abbreviations that four countries share.
        for code in ["XAU", "XXX", "CLF", "XTS", "nok", "kr", "€", "NKO", "", "Norwegian"] {
            let mistake = code.parse::<Currency>().unwrap_err();
            assert!(mistake.help.is_some(), "{code}: {mistake}");
        }
        assert_eq!("nok".parse::<Currency>().unwrap_err().help.unwrap(), "write `NOK`");
        assert_eq!("NKO".parse::<Currency>().unwrap_err().help.unwrap(), "did you mean `NOK`?");
    }
}
