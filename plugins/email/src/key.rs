//! Keyed hashes: who a person is without saying so, whose turn it is, and that a link is ours.
//!
//! One secret key; each use is a separate HMAC-SHA-256 under its own purpose, its parts prefixed by their lengths, so that no
//! hash of one kind can stand for another. Whoever lacks the key can neither tell who stands behind a hash nor make a link.

use core::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::error::Error;

/// The fewest characters of a key.
const KEY_MIN: usize = 16;
/// Bytes of a signature: 80 bits, guessed once in 10^24 tries.
const SIGNATURE_BYTES: usize = 10;
/// The alphabet of RFC 4648's base 32 in lower case: mail servers may change the case of a local part.
const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// A person, as the keyed hash of the address in lower case.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Person(pub(crate) [u8; 16]);

impl fmt::Debug for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Person({})", base32(&self.0[..5]))
    }
}

/// The account's key.
#[derive(Clone)]
pub(crate) struct Keys(Hmac<Sha256>);

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys")
    }
}

impl Keys {
    /// The keys that follow from a secret of at least 16 characters.
    ///
    /// # Errors
    /// When the secret is too short.
    pub(crate) fn new(secret: &str) -> Result<Self, Error> {
        if secret.len() < KEY_MIN {
            return Err(Error::Secret(format!(
                "the key for hashing has fewer than {KEY_MIN} characters; make one with `openssl rand -hex 32`"
            )));
        }
        let mac = Hmac::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of any length");
        Ok(Self(mac))
    }

    fn hash(&self, purpose: &str, parts: &[&[u8]]) -> [u8; 32] {
        let mut mac = self.0.clone();
        for part in [purpose.as_bytes()].iter().chain(parts) {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }

    fn half(&self, purpose: &str, parts: &[&[u8]]) -> [u8; 16] {
        let mut half = [0; 16];
        half.copy_from_slice(&self.hash(purpose, parts)[..16]);
        half
    }

    /// The person behind an address; letter case and surrounding blanks do not matter.
    #[must_use]
    pub(crate) fn person(&self, address: &str) -> Person {
        Person(self.half("person", &[address.trim().to_lowercase().as_bytes()]))
    }

    /// The person's lot in an experiment: uniform, and independent of the lots in every other experiment. People are
    /// enrolled in its order, which nobody without the key can foresee.
    #[must_use]
    pub(crate) fn lot(&self, experiment: &str, person: Person) -> [u8; 16] {
        self.half("lot", &[experiment.as_bytes(), &person.0])
    }

    /// Where the person stands between 0 and 1 for the hold-out that no experiment of the account writes to.
    #[must_use]
    pub(crate) fn hold_out_point(&self, person: Person) -> f64 {
        let hash = self.hash("hold-out", &[&person.0]);
        let bits = hash[..8].iter().fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
        // 53 bits are what a float between 0 and 1 holds.
        (bits >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A signature over `parts`, in lower-case letters and digits.
    #[must_use]
    pub(crate) fn sign(&self, purpose: &str, parts: &[&[u8]]) -> String {
        base32(&self.hash(purpose, parts)[..SIGNATURE_BYTES])
    }

    /// Whether `signature` is the one over `parts`, in time that does not depend on where it differs.
    #[must_use]
    pub(crate) fn is_signed(&self, purpose: &str, parts: &[&[u8]], signature: &str) -> bool {
        let expected = self.sign(purpose, parts);
        let same_length = expected.len() == signature.len();
        let differing = expected.bytes().zip(signature.bytes()).fold(0, |seen, (a, b)| seen | (a ^ b));
        same_length && differing == 0
    }
}

/// Bytes in lower-case base 32, without padding.
pub(crate) fn base32(bytes: &[u8]) -> String {
    let (mut out, mut held, mut bits) = (String::new(), 0_u32, 0);
    for byte in bytes {
        held = held << 8 | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            out.push(char::from(ALPHABET[(held >> bits & 31) as usize]));
        }
        held &= (1 << bits) - 1;
    }
    if bits > 0 {
        out.push(char::from(ALPHABET[(held << (5 - bits) & 31) as usize]));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn keys() -> Keys {
        Keys::new("a key of more than sixteen characters").unwrap()
    }

    #[test]
    fn base32_is_that_of_the_rfc() {
        // Protects: tokens that other tools may read (test vectors of RFC 4648, section 10).
        for (plain, coded) in [("f", "my"), ("fo", "mzxq"), ("foo", "mzxw6"), ("foobar", "mzxw6ytboi")] {
            assert_eq!(base32(plain.as_bytes()), coded);
        }
    }

    #[test]
    fn a_person_is_one_however_the_address_is_written() {
        // Protects: a suppressed address from being written to under another spelling.
        assert_eq!(
            keys().person(" Kari.Nordmann@Acme.Example "),
            keys().person("kari.nordmann@acme.example")
        );
        assert_ne!(keys().person("a@acme.example"), keys().person("b@acme.example"));
        let other = Keys::new("another key of more than sixteen").unwrap();
        assert_ne!(keys().person("a@acme.example"), other.person("a@acme.example"));
        assert!(Keys::new("short").is_err());
    }

    #[test]
    fn parts_cannot_be_shifted() {
        // Protects: a signature over ("ab", "c") from standing for ("a", "bc"), or for another purpose.
        let signature = keys().sign("click", &[b"ab", b"c"]);
        assert!(keys().is_signed("click", &[b"ab", b"c"], &signature));
        assert!(!keys().is_signed("click", &[b"a", b"bc"], &signature));
        assert!(!keys().is_signed("leave", &[b"ab", b"c"], &signature));
    }

    proptest! {
        #[test]
        fn a_changed_signature_is_refused(part in ".*", at in 0..16_usize, to in 0..31_u8) {
            // Protects: links against being made by others, whichever character they try.
            let signature = keys().sign("click", &[part.as_bytes()]);
            let mut forged = signature.clone().into_bytes();
            let now = ALPHABET.iter().position(|letter| *letter == forged[at]).unwrap();
            forged[at] = ALPHABET[(now + 1 + usize::from(to)) % 32];
            let forged = String::from_utf8(forged).unwrap();
            prop_assert_ne!(&forged, &signature);
            prop_assert!(!keys().is_signed("click", &[part.as_bytes()], &forged));
            prop_assert!(!keys().is_signed("click", &[part.as_bytes()], &signature[..15]));
        }
    }
}
