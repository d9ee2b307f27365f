//! Secrets that do not print, and blots over them wherever a platform sends one back.
//!
//! Memory is wiped when the last owner goes; copies that the TLS library makes are its own matter.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use gevinst_sdk::abi::blot;
use gevinst_sdk::{Error, Host};
use zeroize::Zeroizing;

/// A password, key or token.
#[derive(Clone)]
pub struct Secret(Arc<Zeroizing<String>>);

impl Secret {
    /// A secret that a platform gave out.
    pub fn new(text: String) -> Self {
        Self(Arc::new(Zeroizing::new(text)))
    }

    /// The secret that the configuration names, such as `env:TABOOLA_SECRET`.
    ///
    /// # Errors
    /// [`gevinst_sdk::Code::Auth`] when the host has none, or an empty one.
    pub fn named(host: &Host, name: &str) -> Result<Self, Error> {
        let secret = Self::new(host.secret(name)?.trim().to_owned());
        if secret.expose().is_empty() {
            return Err(Error::auth(format!("the secret `{name}` is empty")));
        }
        Ok(secret)
    }

    /// The text itself: for a header or a body, never for a message.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret([secret])")
    }
}

/// The secrets that may not appear in messages, in every form. Clones share them.
#[derive(Clone, Default)]
pub(crate) struct Blots(Arc<Mutex<Vec<Zeroizing<String>>>>);

impl Blots {
    pub(crate) fn add(&self, secret: &Secret) {
        let mut forms = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for form in blot::forms(secret.expose()).into_iter().map(Zeroizing::new) {
            if !forms.contains(&form) {
                forms.push(form);
            }
        }
        // Longest first, so that a secret inside another does not leave the rest of it standing.
        forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
    }

    /// The text without any of the secrets.
    pub(crate) fn over(&self, text: String) -> String {
        let forms = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        forms.iter().fold(text, |text, form| text.replace(form.as_str(), "[secret]"))
    }
}

impl fmt::Debug for Blots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Blots")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protects a secret from `{:?}` and from a platform that quotes it back.
    #[test]
    fn a_secret_does_not_print() {
        let secret = Secret::new("a b/c+d".to_owned());
        assert_eq!(format!("{secret:?}"), "Secret([secret])");
        let blots = Blots::default();
        blots.add(&secret);
        assert_eq!(
            blots.over("no `a b/c+d` here, nor a+b%2Fc%2Bd, nor YSBiL2MrZA==".to_owned()),
            "no `[secret]` here, nor [secret], nor [secret]A=="
        );
    }
}
