//! What the ledger holds as a sentence of the program's own, told from the structured facts beside it.
//!
//! Recorded sentences are in English and stay as they are: records are never rewritten. A reader of another language is told
//! what the check's name and result, the move's cause and the look's measure say; what only the sentence holds (which day, how
//! much) stands behind it as it was recorded.

use gevinst_ledger::evidence::{EffectMeasure, Look};
use gevinst_ledger::fact::LearnedPrior;

use super::{Language, tr};
use crate::model::{Cause, Check, Move};
use crate::prose::plain;

/// A sentence in the reader's language, and what of the record it does not tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Told {
    /// In the reader's language.
    pub(crate) said: String,
    /// The recorded sentence, in English.
    pub(crate) recorded: Option<String>,
}

impl Told {
    /// Both as one text.
    pub(crate) fn whole(&self) -> String {
        match &self.recorded {
            Some(recorded) => format!("{} ({recorded})", self.said),
            None => self.said.clone(),
        }
    }
}

impl Language {
    /// A data-quality check's name.
    pub(crate) fn check_name(self, name: &str) -> String {
        tr!(self, "check-name", check = plain(name))
    }

    /// What a data-quality check saw.
    pub(crate) fn check(self, check: &Check) -> Told {
        let recorded = plain(&check.sentence);
        if self == Self::English {
            return Told { said: recorded, recorded: None };
        }
        let name = plain(&check.name);
        if check.passed {
            return Told { said: tr!(self, "check-passed-said", check = name), recorded: None };
        }
        Told { said: tr!(self, "check-failed-said", check = name), recorded: Some(recorded) }
    }

    /// Why a move was made.
    pub(crate) fn cause(self, of: &Move) -> Told {
        let recorded = plain(&of.reason);
        if self == Self::English {
            return Told { said: recorded, recorded: None };
        }
        let said = match of.cause {
            Cause::MonthBegins => tr!(self, "cause-month-begins"),
            Cause::Share => tr!(self, "cause-share"),
            Cause::Dropped => tr!(self, "cause-dropped"),
            Cause::Tied => tr!(self, "cause-tied"),
            Cause::Unprofitable => tr!(self, "cause-unprofitable"),
            Cause::GuardrailBreached => tr!(self, "cause-guardrail"),
            Cause::Futile => tr!(self, "cause-futile"),
            Cause::MonthOver => tr!(self, "cause-month-over"),
        };
        Told { said, recorded: None }
    }

    /// The method of a look, with what was believed at the launch.
    pub(crate) fn method(self, look: &Look, prior: Option<&LearnedPrior>) -> String {
        if self == Self::English {
            return look.method.clone();
        }
        let measure = look.pairs.first().map_or(EffectMeasure::RateRatio, |pair| pair.measure);
        let how = match (measure, look.dispersion.is_some()) {
            (EffectMeasure::RatioOfMeans, _) => tr!(self, "method-means"),
            (EffectMeasure::RatioOfFigures, _) => tr!(self, "method-figures"),
            (EffectMeasure::RateRatio | EffectMeasure::OddsRatio, true) => tr!(self, "method-noisy"),
            (EffectMeasure::OddsRatio, false) => tr!(self, "method-people"),
            (EffectMeasure::RateRatio, false) => tr!(self, "method-exact"),
        };
        match prior {
            Some(prior) => format!("{how}; {}", tr!(self, "method-learned", n = prior.experiments)),
            None => how,
        }
    }
}
