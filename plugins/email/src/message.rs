//! One message as it leaves: headers, parts, signature.
//!
//! Each has an envelope sender of its own (VERP), a Message-ID that follows from what it is, and unsubscribes with one click by
//! POST (RFC 8058), whose headers are under the DKIM signature.

use std::time::{Duration, UNIX_EPOCH};

use lettre::address::Envelope;
use lettre::message::dkim::{
    DkimCanonicalization, DkimCanonicalizationType, DkimConfig, DkimSigningAlgorithm, DkimSigningKey,
};
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message, MultiPart, MultiPartKind, SinglePart};
use lettre::{Address, message::MessageBuilder};

use crate::config::Config;
use crate::error::Error;
use crate::key::Keys;
use crate::template::Words;
use crate::token::{MessageId, Purpose, Whose};

/// What the DKIM signature covers beside the body. `Content-Type` is not among the headers when lettre signs, but would be among
/// those that a verifier looks at: naming it would break every signature.
const SIGNED: [&str; 9] = [
    "From",
    "To",
    "Reply-To",
    "Subject",
    "Date",
    "Message-ID",
    "MIME-Version",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
];
/// The local part's beginning to which bounces come back.
pub(crate) const RETURN: &str = "bounces";
/// The local part's beginning to which people write who unsubscribe by mail.
pub(crate) const LEAVE: &str = "leave";

/// Who writes, and how it is signed.
#[derive(Debug)]
pub(crate) struct Letterhead {
    from: Mailbox,
    reply_to: Option<Mailbox>,
    envelope_domain: String,
    base_url: String,
    /// Whether somebody reads what comes back by mail.
    reads_mail: bool,
    dkim: Option<DkimConfig>,
}

/// The URLs of one message.
#[derive(Clone, Debug)]
pub(crate) struct Urls {
    pub(crate) links: Vec<String>,
    pub(crate) unsubscribe: String,
}

impl Letterhead {
    /// What follows from the configuration; `dkim_key` is the private key's text.
    ///
    /// # Errors
    /// [`Error::Config`], [`Error::Secret`].
    pub(crate) fn new(config: &Config, dkim_key: Option<&str>) -> Result<Self, Error> {
        let dkim = match (&config.dkim, dkim_key) {
            (Some(dkim), Some(key)) => {
                let key = DkimSigningKey::new(key, DkimSigningAlgorithm::Rsa).map_err(|_| {
                    // Not what the parser says: it might quote the key.
                    Error::Secret(format!(
                        "`{}` is no RSA key in PEM (PKCS #1, `BEGIN RSA PRIVATE KEY`)",
                        dkim.key
                    ))
                })?;
                let canonicalization = DkimCanonicalization {
                    header: DkimCanonicalizationType::Relaxed,
                    body: DkimCanonicalizationType::Relaxed,
                };
                let has_reply_to = config.reply_to.is_some();
                let headers = SIGNED
                    .into_iter()
                    .filter(|name| *name != "Reply-To" || has_reply_to)
                    .map(HeaderName::new_from_ascii_str)
                    .collect();
                Some(DkimConfig::new(
                    dkim.selector.clone(),
                    dkim.domain.clone(),
                    key,
                    headers,
                    canonicalization,
                ))
            }
            _ => None,
        };
        Ok(Self {
            from: config.sender()?,
            reply_to: config.answers_to()?,
            envelope_domain: config.envelope_domain.clone(),
            base_url: config.base_url.clone(),
            reads_mail: config.imap.is_some(),
            dkim,
        })
    }

    /// The message's own links.
    pub(crate) fn urls(&self, keys: &Keys, id: MessageId, whose: Whose<'_>, targets: &[String]) -> Urls {
        let links = (1_u32..)
            .zip(targets)
            .map(|(link, target)| {
                format!("{}/c/{}", self.base_url, id.click_token(keys, whose, link, target))
            })
            .collect();
        Urls { links, unsubscribe: format!("{}/u/{}", self.base_url, id.token(keys, Purpose::Leave, whose)) }
    }

    /// The envelope sender.
    pub(crate) fn return_path(&self, keys: &Keys, id: MessageId, whose: Whose<'_>) -> Result<Address, Error> {
        let local = format!("{RETURN}+{}", id.token(keys, Purpose::Return, whose));
        Address::new(local, &self.envelope_domain)
            .map_err(|error| Error::config("/envelope_domain", error.to_string()))
    }

    /// The Message-ID, without angle brackets.
    pub(crate) fn header_id(&self, keys: &Keys, id: MessageId, whose: Whose<'_>) -> String {
        format!("{}@{}", id.token(keys, Purpose::Header, whose), self.from.email.domain())
    }

    /// The message as bytes.
    ///
    /// # Errors
    /// When the words cannot be a message.
    pub(crate) fn message(
        &self,
        keys: &Keys,
        (id, whose): (MessageId, Whose<'_>),
        to: &Address,
        words: Words,
        urls: &Urls,
        now_us: i64,
    ) -> Result<Vec<u8>, String> {
        let date = UNIX_EPOCH + Duration::from_micros(u64::try_from(now_us).unwrap_or(0));
        let return_path = self.return_path(keys, id, whose).map_err(|error| error.to_string())?;
        let envelope =
            Envelope::new(Some(return_path), vec![to.clone()]).map_err(|error| error.to_string())?;
        let mut leave = format!("<{}>", urls.unsubscribe);
        if self.reads_mail {
            let token = id.token(keys, Purpose::Leave, whose);
            leave.push_str(&format!(", <mailto:{LEAVE}+{token}@{}>", self.envelope_domain));
        }
        let mut builder: MessageBuilder = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to.clone()))
            .subject(words.subject)
            .date(date)
            .message_id(Some(format!("<{}>", self.header_id(keys, id, whose))))
            .envelope(envelope)
            .raw_header(raw("List-Unsubscribe", leave))
            .raw_header(raw("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned()));
        if let Some(reply_to) = &self.reply_to {
            builder = builder.reply_to(reply_to.clone());
        }
        let text = SinglePart::builder().header(ContentType::TEXT_PLAIN).body(words.text);
        let built = match words.html {
            None => builder.singlepart(text),
            Some(html) => {
                // The same message has the same boundary, so that it is the same to the byte.
                let boundary = keys.sign("boundary", &[&id.enrolment.to_be_bytes(), &id.step.to_be_bytes()]);
                let html = SinglePart::builder().header(ContentType::TEXT_HTML).body(html);
                let parts = MultiPart::builder().kind(MultiPartKind::Alternative).boundary(boundary);
                builder.multipart(parts.singlepart(text).singlepart(html))
            }
        };
        let mut message = built.map_err(|error| error.to_string())?;
        if let Some(dkim) = &self.dkim {
            message.sign(dkim);
        }
        Ok(message.formatted())
    }
}

fn raw(name: &'static str, value: String) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_message_can_be_left_with_one_click_and_is_always_the_same() {
        // Protects: RFC 8058's headers, the envelope sender's token, and that a message does not change from try to try.
        let config: Config = serde_json::from_value(json!({
            "timezone": "UTC", "currency": "NOK", "state": "s", "list": "l", "from": "Acme Æ <news@acme.example>",
            "envelope_domain": "b.acme.example", "base_url": "https://go.acme.example",
            "imap": { "host": "h", "user": "u", "password": "env:P" }
        }))
        .unwrap();
        let keys = Keys::new("a key of more than sixteen characters").unwrap();
        let letterhead = Letterhead::new(&config, None).unwrap();
        let id = MessageId { enrolment: 7, step: 1 };
        let whose = Whose { experiment: "headlines", person: keys.person("kari@a.example") };
        let urls = letterhead.urls(&keys, id, whose, &["https://acme.example/".to_owned()]);
        let words = Words { subject: "Blåbær".into(), text: "Hei".into(), html: Some("<p>Hei</p>".into()) };
        let to: Address = "kari@a.example".parse().unwrap();
        let message = || {
            letterhead.message(&keys, (id, whose), &to, words.clone(), &urls, 1_793_491_200_000_000).unwrap()
        };
        assert_eq!(message(), message());
        let text = String::from_utf8(message()).unwrap();
        let unfolded = text.replace("\r\n ", " ");
        let token = id.token(&keys, Purpose::Leave, whose);
        let header = format!(
            "List-Unsubscribe: <https://go.acme.example/u/{token}>, <mailto:leave+{token}@b.acme.example>\r\n"
        );
        assert!(unfolded.contains(&header), "{text}");
        assert!(unfolded.contains("List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"), "{text}");
        assert!(unfolded.contains("Date: Sun, 01 Nov 2026 00:00:00 +0000\r\n"), "{text}");
        assert!(text.is_ascii() && text.lines().all(|line| line.len() <= 998), "{text}");
        let return_path = letterhead.return_path(&keys, id, whose).unwrap();
        let local: &str = return_path.user();
        assert!(local.starts_with("bounces+7-1-") && local.len() <= 64, "{local}");
    }
}
