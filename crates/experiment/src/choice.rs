//! The words of a definition that are one of a few: modes, phases, separations, rules.
//!
//! Each is an enum whose words, documentation and JSON Schema come from one declaration.

use crate::{Mistake, suggest};

/// A value that is one of a few words.
pub(crate) trait Choice: Sized + Copy + 'static {
    /// What the words are called together, such as "phase".
    const WHAT: &'static str;
    /// Each value with its word and what it means.
    const ALL: &'static [(Self, &'static str, &'static str)];
}

/// Reads a word; a wrong one is answered with the nearest.
pub(crate) fn read<C: Choice>(text: &str) -> Result<C, Mistake> {
    if let Some((choice, ..)) = C::ALL.iter().find(|(_, word, _)| *word == text) {
        return Ok(*choice);
    }
    let words = || C::ALL.iter().map(|(_, word, _)| *word);
    let mistake = Mistake::new(format!("`{}` is not a {}", text.escape_debug(), C::WHAT));
    Err(match suggest::nearest(text, words()) {
        Some(word) => mistake.help(format!("did you mean `{word}`?")),
        None => mistake.help(format!("write {}", suggest::one_of(words()))),
    })
}

macro_rules! choices {
    ($($(#[doc = $doc:literal])+ $name:ident $what:literal { $($(#[doc = $vdoc:literal])+ $variant:ident = $word:literal,)+ })+) => {$(
        $(#[doc = $doc])+
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name {
            $($(#[doc = $vdoc])+ #[serde(rename = $word)] $variant,)+
        }

        impl Choice for $name {
            const WHAT: &'static str = $what;
            const ALL: &'static [(Self, &'static str, &'static str)] =
                &[$((Self::$variant, $word, concat!($($vdoc),+)),)+];
        }

        impl $name {
            /// The word that stands for it in files.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }

        impl std::str::FromStr for $name {
            type Err = Mistake;

            fn from_str(text: &str) -> Result<Self, Mistake> {
                read(text)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }
    )+};
}

choices! {
    /// Who makes the moves.
    Mode "mode" {
        /// A person approves each move.
        Propose = "propose",
        /// The runner makes the moves itself.
        Autopilot = "autopilot",
    }

    /// The part of the customer's journey that an experiment serves.
    Phase "phase" {
        /// Winning people who do not know us yet.
        Prospecting = "prospecting",
        /// Selling more to those who are customers.
        Upselling = "upselling",
        /// Keeping customers.
        Loyalty = "loyalty",
    }

    /// Whether an experiment ends.
    Kind "kind" {
        /// It ends with its month.
        Campaign = "campaign",
        /// It is always on; a single arm is allowed.
        Programme = "programme",
    }

    /// How the arms' audiences were kept apart, which bounds what a difference may be blamed on.
    Separation "separation" {
        /// Each person was assigned to an arm at random.
        Randomised = "randomised",
        /// The platform's own split test divided the audience.
        PlatformSplit = "platform-split",
        /// Regions were assigned to arms; needs a control.
        Geo = "geo",
        /// Arms take turns in time; needs a control.
        Switchback = "switchback",
        /// Nothing kept the audiences apart; the platform may steer who sees what.
        Unrandomised = "unrandomised",
    }

    /// What is believed of an experiment's arms before its first result.
    PriorSource "prior" {
        /// What the closed experiments in the ledger say, where there are enough of them.
        Learned = "learned",
        /// The same for every experiment.
        Default = "default",
    }

    /// What goals are counted per.
    Exposure "kind of exposure" {
        /// Money spent.
        Spend = "spend",
        /// Times shown.
        Impressions = "impressions",
        /// Clicks.
        Clicks = "clicks",
        /// People written to.
        Recipients = "recipients",
    }

    /// What of a goal is judged.
    GoalKind "kind of goal" {
        /// How many there are.
        Count = "count",
        /// What each person, click or impression brought, in money: the mean, and the difference of means.
        Value = "value",
        /// A sum of money over another sum, such as revenue over spend.
        Ratio = "ratio",
    }

    /// How budget follows results.
    Rule "rule" {
        /// Equal shares: proves fastest.
        Even = "even",
        /// Between the two: most to the two that lead.
        Balanced = "balanced",
        /// Each arm's share is its chance to be best: gains most.
        Earn = "earn",
    }

    /// How past results are drawn in a rehearsal.
    Draw "way to draw" {
        /// Rows in a random order, each at most once.
        WithoutReplacement = "without replacement",
        /// From the overall rate of each arm.
        Rates = "rates",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_and_wrong_ones_answered() {
        // Protects: definitions from words that would silently mean something else.
        assert_eq!("platform-split".parse::<Separation>().unwrap(), Separation::PlatformSplit);
        assert_eq!(
            "platform split".parse::<Separation>().unwrap_err().help.unwrap(),
            "did you mean `platform-split`?"
        );
        assert_eq!("auto".parse::<Mode>().unwrap_err().help.unwrap(), "did you mean `autopilot`?");
        assert_eq!("greedy".parse::<Rule>().unwrap_err().help.unwrap(), "write `even`, `balanced` or `earn`");
        assert_eq!(serde_json::to_string(&Separation::PlatformSplit).unwrap(), "\"platform-split\"");
    }
}
