//! The mailbox to which bounces come back, read by IMAP.
//!
//! Nothing in it is changed or deleted: the send ledger keeps how far it was read, by the mailbox's own numbers (RFC 9051,
//! UIDVALIDITY and UID). What a message says is recorded before the place is, and recording twice changes nothing.

use std::io::{Read, Write};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};

use crate::account::Account;
use crate::bounce::{self, Kind, Meant};
use crate::config::{Imap, Tls};
use crate::error::Error;
use crate::store::Noted;
use crate::tls::{self, Roots};
use crate::token::{self, MessageId, Purpose, Whose};

/// How long to wait for the server.
const TIMEOUT: Duration = Duration::from_secs(30);
/// The largest message that is looked at; what is larger is no notification.
const MESSAGE_MAX: u32 = 1 << 20;
/// Messages fetched at a time.
const CHUNK: usize = 50;

/// What a look into the mailbox came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// Messages that were read.
    pub read: usize,
    /// Of them, those that were about a message of ours.
    pub ours: usize,
}

trait Stream: Read + Write {}
impl<T: Read + Write> Stream for T {}

impl Account {
    /// Reads what came back since the last look. `None` when there is no mailbox, or the last look was only just now.
    ///
    /// # Errors
    /// [`Error::Mailbox`]; what was read until then stands.
    pub fn look_into_mailbox(&mut self, now_us: i64) -> Result<Option<Look>, Error> {
        let Some(imap) = self.config.imap.clone() else { return Ok(None) };
        let name = format!("{}@{}/{}", imap.user, imap.host, imap.mailbox);
        let (validity, last, looked_us) = self.store.mailbox(&name)?.unwrap_or((0, 0, i64::MIN));
        if now_us < looked_us.saturating_add(i64::from(imap.every_seconds) * 1_000_000) {
            return Ok(None);
        }
        let failed = |what: &str, error: imap::Error| Error::Mailbox(format!("{what}: {error}"));
        let mut client = imap::Client::new(connect(&imap, &self.imap_roots)?);
        client.read_greeting().map_err(|error| failed("greeting", error))?;
        let password = self.imap_password.clone().unwrap_or_default();
        let mut session = client
            .login(&imap.user, &password)
            // What the server says of it might quote the command.
            .map_err(|_| Error::Mailbox(format!("signing in as `{}` failed", imap.user)))?;
        let mailbox = session.examine(&imap.mailbox).map_err(|error| failed("opening", error))?;
        let now_validity = mailbox.uid_validity.unwrap_or(0);
        // Another validity: the numbers are new, and everything is read again.
        let mut last = if now_validity == validity { last } else { 0 };
        let query = format!("UID {}:* SMALLER {MESSAGE_MAX}", last.saturating_add(1));
        let mut uids: Vec<u32> =
            session.uid_search(query).map_err(|error| failed("searching", error))?.into_iter().collect();
        // `n:*` holds the last message even when its number is below n.
        uids.retain(|uid| *uid > last);
        uids.sort_unstable();
        let mut look = Look::default();
        for chunk in uids.chunks(CHUNK) {
            let set = chunk.iter().map(u32::to_string).collect::<Vec<_>>().join(",");
            let fetched =
                session.uid_fetch(set, "(UID BODY.PEEK[])").map_err(|error| failed("reading", error))?;
            for message in fetched.iter() {
                let (Some(uid), Some(body)) = (message.uid, message.body()) else { continue };
                look.read += 1;
                let (kind, meant) = bounce::read(body);
                look.ours += usize::from(self.take_back(kind, &meant, now_us)?);
                last = last.max(uid);
            }
            self.store.set_mailbox(&name, now_validity, last, now_us)?;
        }
        self.store.set_mailbox(&name, now_validity, last, now_us)?;
        // The session ends with the connection at the latest.
        let _ = session.logout();
        Ok(Some(look))
    }

    /// Records what a message says about one of ours, if it does: whether it did.
    pub(crate) fn take_back(&mut self, kind: Kind, meant: &Meant, now_us: i64) -> Result<bool, Error> {
        let noted = match kind {
            Kind::Bounce => Noted::Bounce,
            Kind::Blocked => Noted::Blocked,
            Kind::SoftBounce => Noted::SoftBounce,
            Kind::Complaint => Noted::Complaint,
            Kind::Leave => Noted::Unsubscribe,
            Kind::Reply => Noted::Reply,
            Kind::Nothing => return Ok(false),
        };
        let purposes = [
            (Purpose::Leave, &meant.leaves),
            (Purpose::Return, &meant.returns),
            (Purpose::Header, &meant.headers),
        ];
        for (purpose, tokens) in purposes {
            // Leaving needs the address for leaving: a token of another kind was not meant so.
            if (noted == Noted::Unsubscribe) != (purpose == Purpose::Leave) {
                continue;
            }
            for token in tokens {
                if let Some(id) = self.believed(purpose, token)? {
                    self.store.note(id.enrolment, noted, &id.step.to_string(), now_us)?;
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// The message that a token names, when its signature holds.
    fn believed(&self, purpose: Purpose, token: &str) -> Result<Option<MessageId>, Error> {
        let Some((id, signature)) = token::read(token) else { return Ok(None) };
        let Some(sent) = self.store.sent(id.enrolment, id.step)? else { return Ok(None) };
        let Some(person) = sent.person else { return Ok(None) };
        let whose = Whose { experiment: &sent.experiment, person };
        Ok(id.is_signed(&self.keys, purpose, whose, signature).then_some(id))
    }
}

fn connect(imap: &Imap, roots: &Roots) -> Result<Box<dyn Stream>, Error> {
    let Imap { host, tls, .. } = imap;
    let port = imap.port.unwrap_or(if *tls == Tls::None { 143 } else { 993 });
    let failed =
        |error: &dyn core::fmt::Display| Error::Mailbox(tls::advised(format!("`{host}:{port}`: {error}")));
    let mut connected = Err(failed(&"the name has no address"));
    for address in (host.as_str(), port).to_socket_addrs().map_err(|error| failed(&error))? {
        connected = TcpStream::connect_timeout(&address, TIMEOUT).map_err(|error| failed(&error));
        if connected.is_ok() {
            break;
        }
    }
    let mut stream = connected?;
    let limited =
        stream.set_read_timeout(Some(TIMEOUT)).and_then(|()| stream.set_write_timeout(Some(TIMEOUT)));
    limited.map_err(|error| failed(&error))?;
    if *tls == Tls::None {
        return Ok(Box::new(stream));
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| failed(&error))?
        .with_root_certificates(roots.store())
        .with_no_client_auth();
    let name = ServerName::try_from(host.clone()).map_err(|error| failed(&error))?;
    let mut connection = ClientConnection::new(Arc::new(config), name).map_err(|error| failed(&error))?;
    // Now, so that a certificate that is not trusted is told as what it is.
    while connection.is_handshaking() {
        connection.complete_io(&mut stream).map_err(|error| failed(&error))?;
    }
    Ok(Box::new(StreamOwned::new(connection, stream)))
}
