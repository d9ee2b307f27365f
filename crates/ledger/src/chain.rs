//! Record numbers, digests and the hash chain.
//!
//! Every record carries the SHA-256 of itself and of the record before it, so that no stored record can be changed,
//! removed from the middle or slipped in without every later hash becoming wrong. What is hashed is encoded without
//! ambiguity: fixed-width numbers are big-endian, texts are preceded by their length, an absent text differs from an
//! empty one, and each kind of digest opens with its own name, so that one can never be passed off as the other.
//!
//! The chain cannot show that the *newest* records were cut off: a shorter chain is a valid chain. Whoever needs that
//! keeps a [`Head`] outside the file (reports print it) and hands it to [`crate::Ledger::verify`].

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// A record's number in its ledger: 1, 2, 3 … without gaps, in the order in which they were written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RecordId(u64);

impl RecordId {
    /// The place before the first record; no record has this number.
    pub const START: Self = Self(0);

    /// The record with number `number`; 0 is [`RecordId::START`].
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The number of the record after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A SHA-256 digest; written as 64 lower-case hexadecimal digits.
///
/// ```
/// # use gevinst_ledger::Digest;
/// let digest = Digest::of(b"abc");
/// assert!(digest.to_string().starts_with("ba7816bf8f01cfea"));
/// assert_eq!(digest.to_string().parse(), Ok(digest));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Digest([u8; 32]);

impl Digest {
    /// What the first record of a ledger names as the hash before it.
    pub const ZERO: Self = Self([0; 32]);

    /// The SHA-256 of `bytes`.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// The digest whose 32 bytes are known already.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text that is not a SHA-256 digest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("read `{0}` as a SHA-256 digest: 64 lower-case hexadecimal digits were expected")]
pub struct DigestError(String);

impl FromStr for Digest {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Self, DigestError> {
        let wrong = || DigestError(text.chars().take(80).collect());
        if text.len() != 64 || !text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(wrong());
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
            let pair = std::str::from_utf8(pair).map_err(|_| wrong())?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| wrong())?;
        }
        Ok(Self(bytes))
    }
}

impl TryFrom<String> for Digest {
    type Error = DigestError;

    fn try_from(text: String) -> Result<Self, DigestError> {
        text.parse()
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> Self {
        digest.to_string()
    }
}

/// The newest record of a ledger: all that one must keep elsewhere to notice later that records were cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Head {
    /// Number of the newest record; [`RecordId::START`] in an empty ledger.
    pub id: RecordId,
    /// Its hash; [`Digest::ZERO`] in an empty ledger.
    pub hash: Digest,
}

impl Head {
    /// The head of a ledger without records.
    pub const EMPTY: Self = Self { id: RecordId::START, hash: Digest::ZERO };
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.id, self.hash)
    }
}

impl FromStr for Head {
    type Err = DigestError;

    /// Reads what [`Display`](fmt::Display) writes: `number:hash`.
    fn from_str(text: &str) -> Result<Self, DigestError> {
        let (id, hash) = text.split_once(':').ok_or_else(|| DigestError(text.chars().take(80).collect()))?;
        let id = id.parse().map_err(|_| DigestError(id.chars().take(80).collect()))?;
        Ok(Self { id: RecordId(id), hash: hash.parse()? })
    }
}

/// What of a record is hashed, together with the hash of the record before it.
pub(crate) struct Link<'a> {
    pub(crate) prev_hash: Digest,
    pub(crate) id: RecordId,
    pub(crate) at_us: i64,
    pub(crate) kind: &'a str,
    pub(crate) experiment: Option<&'a str>,
    pub(crate) arm: Option<&'a str>,
    pub(crate) body: &'a str,
}

impl Link<'_> {
    /// The record's hash.
    pub(crate) fn hash(&self) -> Digest {
        let mut hasher = Hasher::new("gevinst ledger record 1");
        hasher.bytes(self.prev_hash.as_bytes());
        hasher.u64(self.id.get());
        hasher.i64(self.at_us);
        hasher.text(self.kind);
        hasher.optional_text(self.experiment);
        hasher.optional_text(self.arm);
        hasher.text(self.body);
        hasher.finish()
    }
}

/// SHA-256 over an encoding in which no two different inputs look alike.
pub(crate) struct Hasher(Sha256);

impl Hasher {
    /// A hasher for digests of the kind that `domain` names.
    pub(crate) fn new(domain: &str) -> Self {
        let mut hasher = Self(Sha256::new());
        hasher.text(domain);
        hasher
    }

    /// Bytes whose number is fixed by their meaning.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    pub(crate) fn u64(&mut self, number: u64) {
        self.bytes(&number.to_be_bytes());
    }

    pub(crate) fn i64(&mut self, number: i64) {
        self.bytes(&number.to_be_bytes());
    }

    pub(crate) fn f64(&mut self, number: f64) {
        self.u64(number.to_bits());
    }

    pub(crate) fn text(&mut self, text: &str) {
        self.u64(text.len() as u64);
        self.bytes(text.as_bytes());
    }

    pub(crate) fn optional_text(&mut self, text: Option<&str>) {
        self.bytes(&[u8::from(text.is_some())]);
        if let Some(text) = text {
            self.text(text);
        }
    }

    pub(crate) fn finish(self) -> Digest {
        Digest(self.0.finalize().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link<'a>(experiment: Option<&'a str>, arm: Option<&'a str>, body: &'a str) -> Link<'a> {
        Link { prev_hash: Digest::ZERO, id: RecordId(1), at_us: 7, kind: "note", experiment, arm, body }
    }

    /// Protects old ledgers: the encoding under the hash may never change within format 1. The expected value was
    /// computed independently from the description at the top of this file (Python's hashlib and struct).
    #[test]
    fn the_hash_of_a_record_is_the_documented_one() {
        let hash = link(Some("headlines"), None, r#"{"by":"a","text":"b"}"#).hash();
        assert_eq!(hash.to_string(), "5bd2741c131afd581c55295d321c276eb46a91d9a79e9d34aab7ec8ce865d65e");
    }

    /// Protects against records that differ but hash alike because text slid from one field into the next.
    #[test]
    fn neighbouring_fields_do_not_run_into_each_other() {
        let hashes = [
            link(None, None, "ab"),
            link(Some(""), None, "ab"),
            link(None, Some(""), "ab"),
            link(Some("a"), None, "b"),
            link(None, Some("a"), "b"),
            link(Some("a"), Some("b"), ""),
            link(Some("ab"), Some(""), ""),
            link(Some(""), Some("ab"), ""),
        ]
        .map(|link| link.hash());
        for (i, a) in hashes.iter().enumerate() {
            assert!(!hashes[i + 1..].contains(a), "hash {i} appears twice");
        }
    }

    /// Protects heads kept outside the file: what is printed must read back, and nothing else.
    #[test]
    fn heads_and_digests_read_back() {
        let head = Head { id: RecordId(42), hash: Digest::of(b"x") };
        assert_eq!(head.to_string().parse(), Ok(head));
        for bad in
            ["", "42", "42:", "x:00", ":", &format!("1:{}", "A".repeat(64)), &format!("1:{}", "é".repeat(32))]
        {
            assert!(bad.parse::<Head>().is_err(), "{bad}");
        }
    }
}
