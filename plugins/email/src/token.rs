//! Tokens in links and envelope senders: numbers of the send ledger with a signature.
//!
//! A token names a message, and what it names must be in the send ledger: a link leads where the ledger says, never where the
//! link says. Signatures cover experiment and person too, so that one made for somebody stands for nobody else.

use crate::key::{Keys, Person};

/// A message in the send ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct MessageId {
    pub(crate) enrolment: i64,
    pub(crate) step: u32,
}

/// What a token is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Unsubscribing, by the page, with one click, or by mail.
    Leave,
    /// The envelope sender, to which bounces come back.
    Return,
    /// A goal that the person's browser reports.
    Goal,
    /// The Message-ID header.
    Header,
}

impl Purpose {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Leave => "leave",
            Self::Return => "return",
            Self::Goal => "goal",
            Self::Header => "header",
        }
    }
}

/// Whose message it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Whose<'a> {
    pub(crate) experiment: &'a str,
    pub(crate) person: Person,
}

impl MessageId {
    /// `ENROLMENT-STEP-SIGNATURE`.
    pub(crate) fn token(self, keys: &Keys, purpose: Purpose, whose: Whose<'_>) -> String {
        let Self { enrolment, step } = self;
        format!("{enrolment}-{step}-{}", self.signed(whose, |parts| keys.sign(purpose.as_str(), parts)))
    }

    /// Whether a signature is that of [`MessageId::token`].
    pub(crate) fn is_signed(self, keys: &Keys, purpose: Purpose, whose: Whose<'_>, signature: &str) -> bool {
        self.signed(whose, |parts| keys.is_signed(purpose.as_str(), parts, signature))
    }

    fn signed<T>(self, whose: Whose<'_>, sign: impl FnOnce(&[&[u8]]) -> T) -> T {
        let (enrolment, step) = (self.enrolment.to_be_bytes(), self.step.to_be_bytes());
        sign(&[whose.experiment.as_bytes(), &whose.person.0, &enrolment, &step])
    }

    /// `ENROLMENT-STEP-LINK-SIGNATURE`.
    pub(crate) fn click_token(self, keys: &Keys, whose: Whose<'_>, link: u32, target: &str) -> String {
        let Self { enrolment, step } = self;
        let signature = self.click_signed(whose, link, target, |parts| keys.sign("click", parts));
        format!("{enrolment}-{step}-{link}-{signature}")
    }

    /// Whether a signature is that of [`MessageId::click_token`].
    pub(crate) fn is_click_signed(
        self,
        keys: &Keys,
        whose: Whose<'_>,
        (link, target): (u32, &str),
        signature: &str,
    ) -> bool {
        self.click_signed(whose, link, target, |parts| keys.is_signed("click", parts, signature))
    }

    fn click_signed<T>(
        self,
        whose: Whose<'_>,
        link: u32,
        target: &str,
        sign: impl FnOnce(&[&[u8]]) -> T,
    ) -> T {
        let (enrolment, step, link) =
            (self.enrolment.to_be_bytes(), self.step.to_be_bytes(), link.to_be_bytes());
        sign(&[whose.experiment.as_bytes(), &whose.person.0, &enrolment, &step, &link, target.as_bytes()])
    }
}

/// Takes `ENROLMENT-STEP-SIGNATURE` apart; nothing of it is believed yet.
pub(crate) fn read(token: &str) -> Option<(MessageId, &str)> {
    let mut parts = token.split('-');
    let message = MessageId { enrolment: number(parts.next()?)?, step: number(parts.next()?)? };
    let signature = parts.next()?;
    parts.next().is_none().then_some((message, signature))
}

/// Takes `ENROLMENT-STEP-LINK-SIGNATURE` apart; nothing of it is believed yet.
pub(crate) fn read_click(token: &str) -> Option<(MessageId, u32, &str)> {
    let mut parts = token.split('-');
    let message = MessageId { enrolment: number(parts.next()?)?, step: number(parts.next()?)? };
    let link = number(parts.next()?)?;
    let signature = parts.next()?;
    parts.next().is_none().then_some((message, link, signature))
}

/// A number written as this module writes it: no sign, no leading zero.
fn number<N: std::str::FromStr>(text: &str) -> Option<N> {
    let plain = !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_digit())
        && (text == "0" || !text.starts_with('0'));
    plain.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_token_of_one_stands_for_nobody_else(
            enrolment in 1..i64::MAX, step in 1..20_u32, other in 1..i64::MAX, experiment in "[a-z]{1,8}", at in 0..40_usize, to in "[a-z0-9-]",
        ) {
            // Protects: people from being unsubscribed, or counted, by somebody who changes a link.
            let keys = Keys::new("a key of more than sixteen characters").unwrap();
            let whose = Whose { experiment: &experiment, person: keys.person("kari@acme.example") };
            let message = MessageId { enrolment, step };
            let token = message.token(&keys, Purpose::Leave, whose);
            let (read_back, signature) = read(&token).unwrap();
            prop_assert_eq!(read_back, message);
            prop_assert!(message.is_signed(&keys, Purpose::Leave, whose, signature));
            prop_assert!(!message.is_signed(&keys, Purpose::Return, whose, signature));
            let someone = Whose { person: keys.person("ola@acme.example"), ..whose };
            prop_assert!(!message.is_signed(&keys, Purpose::Leave, someone, signature));
            if other != enrolment {
                let another = MessageId { enrolment: other, step };
                prop_assert!(!another.is_signed(&keys, Purpose::Leave, whose, signature));
            }
            // Any single character changed.
            let mut forged: Vec<String> = token.chars().map(String::from).collect();
            let at = at % forged.len();
            if forged[at] != to {
                forged[at] = to;
                let forged = forged.concat();
                let accepted = read(&forged)
                    .is_some_and(|(message, signature)| message.is_signed(&keys, Purpose::Leave, whose, signature));
                prop_assert!(!accepted, "{}", forged);
            }
        }
    }

    #[test]
    fn rubbish_is_no_token() {
        // Protects: the server from whatever strangers ask it.
        for token in
            ["", "1", "1-1", "1-1-a-b-c", "-1-1-a", "+1-1-a", "01-1-a", "1-99999999999-a", "a-b-c", "1 -1-a"]
        {
            assert!(read(token).is_none(), "{token}");
        }
        assert!(read_click("1-2-3-abc").is_some() && read_click("1-2-abc").is_none());
    }
}
