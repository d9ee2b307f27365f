//! Signed tokens for deciding about a move: whoever has not seen the page cannot make one up.
//!
//! A token is the HMAC-SHA-256 of the decision and the move's key under a secret that lives as long as the server. The
//! session's own token opens the pages at all; it comes in the address that the program prints, once, and then in a cookie.

use gevinst_ledger::moves::Decision;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::failure::{Failure, Kind};

/// The secret of a server.
pub(super) struct Secret([u8; 32]);

impl Secret {
    /// A new one from the operating system.
    pub(super) fn new() -> Result<Self, Failure> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes)
            .map_err(|error| Failure::new(Kind::Internal, format!("failed to get random bytes: {error}")))?;
        Ok(Self(bytes))
    }

    fn sign(&self, text: &str) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes a key of any length");
        mac.update(text.as_bytes());
        mac
    }

    fn token(&self, text: &str) -> String {
        self.sign(text).finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn holds(&self, text: &str, token: &str) -> bool {
        let bytes: Option<Vec<u8>> =
            (0..token.len()).step_by(2).map(|i| u8::from_str_radix(token.get(i..i + 2)?, 16).ok()).collect();
        // Compared in constant time.
        bytes.is_some_and(|bytes| self.sign(text).verify_slice(&bytes).is_ok())
    }

    /// What opens the pages.
    pub(super) fn session(&self) -> String {
        self.token("session")
    }

    /// Whether this opens the pages.
    pub(super) fn opens(&self, token: &str) -> bool {
        self.holds("session", token)
    }

    /// What decides about one move in one way.
    pub(super) fn decides(&self, decision: Decision, key: &str) -> String {
        self.token(&statement(decision, key))
    }

    /// What a token decides about a move; `None` where it is not ours or is about another one.
    pub(super) fn decision(&self, key: &str, token: &str) -> Option<Decision> {
        [Decision::Approved, Decision::Declined]
            .into_iter()
            .find(|decision| self.holds(&statement(*decision, key), token))
    }
}

fn statement(decision: Decision, key: &str) -> String {
    let word = match decision {
        Decision::Approved => "approve",
        Decision::Declined => "decline",
    };
    format!("{word}\n{key}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_decides_about_its_own_move_in_its_own_way() {
        // Protects money: a token for one move, or from another server, must not move another.
        let secret = Secret::new().unwrap();
        let token = secret.decides(Decision::Approved, "headlines/problem/7");
        assert_eq!(secret.decision("headlines/problem/7", &token), Some(Decision::Approved));
        assert_eq!(secret.decision("headlines/problem/8", &token), None);
        assert_eq!(Secret::new().unwrap().decision("headlines/problem/7", &token), None);
        assert_eq!(secret.decision("headlines/problem/7", &secret.session()), None);
        assert!(
            secret.opens(&secret.session())
                && !secret.opens(&token)
                && !secret.opens("")
                && !secret.opens("zz")
        );
    }
}
