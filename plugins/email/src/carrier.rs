//! How a message leaves: by a mail server, or as a file in a folder.
//!
//! A carrier says exactly what is certain. Until the message's text begins to go out nothing was sent, whatever breaks; once it
//! has begun, only an answer tells. What servers say is reduced to their codes: their sentences quote addresses.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use lettre::Address;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::SmtpConnection;
use lettre::transport::smtp::commands::{Data, Mail, Rcpt, Rset};
use lettre::transport::smtp::extension::ClientId;

use crate::config::{Smtp, Tls};
use crate::error::Error;
use crate::tls::{self, Roots};

/// Why a message was certainly not sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Not now.
    Later(String),
    /// Not to this person.
    Never {
        /// Whether the address is at fault.
        hard: bool,
        /// Code and status.
        told: String,
    },
    /// Nothing can be sent at all.
    Broken(String),
}

/// What became of a message's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Delivery {
    /// It was taken.
    Accepted,
    /// It was certainly not taken.
    Refused(Refusal),
    /// Nobody knows.
    Unknown(String),
}

/// A way for messages to leave, one at a time.
pub(crate) trait Carrier {
    /// Whether messages could leave now. Sends nothing.
    fn check(&mut self) -> Result<(), Error>;

    /// Whether a message from and to these would be taken. Sends nothing yet.
    fn offer(&mut self, from: &Address, to: &Address) -> Result<(), Refusal>;

    /// Sends the message that was offered. `name` is its own.
    fn deliver(&mut self, name: &str, message: &[u8]) -> Delivery;

    /// Takes an offer back.
    fn withdraw(&mut self);
}

/// A mail server.
pub(crate) struct Server {
    smtp: Smtp,
    hello: ClientId,
    password: Option<String>,
    roots: Roots,
    connection: Option<SmtpConnection>,
}

impl Server {
    /// A server that is connected to when the first message is offered.
    ///
    /// # Errors
    /// [`Error::File`] for the file of trusted certificates.
    pub(crate) fn new(smtp: &Smtp, envelope_domain: &str, password: Option<String>) -> Result<Self, Error> {
        let hello = ClientId::Domain(smtp.hello.clone().unwrap_or_else(|| envelope_domain.to_owned()));
        let roots = Roots::read("/smtp/ca_file", smtp.ca_file.as_deref())?;
        Ok(Self { smtp: smtp.clone(), hello, password, roots, connection: None })
    }

    /// Connects, encrypts and signs in.
    ///
    /// # Errors
    /// [`Error::Server`].
    pub(crate) fn connect(&mut self) -> Result<(), Error> {
        if self.connection.as_mut().is_some_and(SmtpConnection::test_connected) {
            return Ok(());
        }
        let Smtp { host, tls, .. } = &self.smtp;
        let port = self.smtp.port.unwrap_or(match tls {
            Tls::Implicit => 465,
            Tls::Starttls => 587,
            Tls::None => 25,
        });
        let failed = |what: &str, error: lettre::transport::smtp::Error| {
            Error::Server(tls::advised(format!("`{host}:{port}`: {what}: {}", told(&error))))
        };
        let parameters = || self.roots.parameters(host).map_err(|error| failed("TLS", error));
        let implicit = if *tls == Tls::Implicit { Some(parameters()?) } else { None };
        let timeout = Some(Duration::from_secs(self.smtp.timeout_seconds.into()));
        let mut connection =
            SmtpConnection::connect((host.as_str(), port), timeout, &self.hello, implicit.as_ref(), None)
                .map_err(|error| failed("connecting", error))?;
        if *tls == Tls::Starttls {
            connection.starttls(&parameters()?, &self.hello).map_err(|error| failed("STARTTLS", error))?;
        }
        if let (Some(user), Some(password)) = (&self.smtp.user, &self.password) {
            let credentials = Credentials::new(user.clone(), password.clone());
            connection.auth(DEFAULT_MECHANISMS, &credentials).map_err(|error| failed("signing in", error))?;
        }
        self.connection = Some(connection);
        Ok(())
    }

    /// What an error before the message's text means.
    fn refused(&mut self, error: &lettre::transport::smtp::Error, of_recipient: bool) -> Refusal {
        let told = told(error);
        match (error.is_transient(), error.is_permanent(), of_recipient) {
            (true, _, true) => {
                self.withdraw();
                Refusal::Later(told)
            }
            (_, true, true) => {
                self.withdraw();
                Refusal::Never { hard: is_address_at_fault(error), told }
            }
            // The sender, or the connection: whoever is next would hear the same.
            _ => {
                self.drop_connection();
                Refusal::Broken(told)
            }
        }
    }

    fn drop_connection(&mut self) {
        if let Some(mut connection) = self.connection.take() {
            connection.abort();
        }
    }
}

impl Carrier for Server {
    fn check(&mut self) -> Result<(), Error> {
        self.connect()
    }

    fn offer(&mut self, from: &Address, to: &Address) -> Result<(), Refusal> {
        // A connection that the server closed since the last message is made again, once.
        for is_fresh in [self.connection.is_none(), true] {
            if self.connection.is_none() {
                self.connect().map_err(|error| Refusal::Broken(error.to_string()))?;
            }
            let Some(connection) = &mut self.connection else { break };
            match connection.command(Mail::new(Some(from.clone()), Vec::new())) {
                Ok(_) => break,
                Err(error) if is_fresh || error.is_permanent() => return Err(self.refused(&error, false)),
                Err(_) => self.drop_connection(),
            }
        }
        let Some(connection) = &mut self.connection else {
            return Err(Refusal::Broken("no connection".to_owned()));
        };
        match connection.command(Rcpt::new(to.clone(), Vec::new())) {
            Ok(_) => Ok(()),
            Err(error) => Err(self.refused(&error, true)),
        }
    }

    fn deliver(&mut self, _: &str, message: &[u8]) -> Delivery {
        let Some(connection) = &mut self.connection else {
            return Delivery::Refused(Refusal::Broken("no connection".to_owned()));
        };
        // Without the go-ahead (354) no text was sent.
        if let Err(error) = connection.command(Data) {
            return Delivery::Refused(self.refused(&error, true));
        }
        let sent = match core::str::from_utf8(message) {
            Ok(text) => connection.command(WholeText(text)),
            Err(_) => connection.message(message),
        };
        match sent {
            Ok(_) => Delivery::Accepted,
            Err(error) if error.is_transient() || error.is_permanent() => {
                Delivery::Refused(self.refused(&error, true))
            }
            Err(error) => {
                self.drop_connection();
                Delivery::Unknown(told(&error))
            }
        }
    }

    fn withdraw(&mut self) {
        if let Some(connection) = &mut self.connection
            && connection.command(Rset).is_err()
        {
            self.drop_connection();
        }
    }
}

/// A message's text with its end, as it goes over the wire (RFC 5321, section 4.5.2): one write. As two, the end would wait until the
/// server has acknowledged the rest, which servers put off by 40 ms.
struct WholeText<'a>(&'a str);

impl core::fmt::Display for WholeText<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        for line in self.0.split_inclusive('\n') {
            f.write_str(if line.starts_with('.') { "." } else { "" })?;
            f.write_str(line)?;
        }
        f.write_str("\r\n.\r\n")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(connection) = &mut self.connection {
            // Politeness; the messages are settled.
            let _ = connection.quit();
        }
    }
}

impl core::fmt::Debug for Server {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Server({})", self.smtp.host)
    }
}

/// Code and enhanced status of what a server said (RFC 3463), without its sentence; or the kind of failure.
fn told(error: &lettre::transport::smtp::Error) -> String {
    match (error.status(), status_of(error)) {
        (Some(code), Some(status)) => format!("it answered {code} {status}"),
        (Some(code), None) => format!("it answered {code}"),
        (None, _) if error.is_timeout() => "no answer in time".to_owned(),
        (None, _) => {
            let source = std::error::Error::source(error).map(ToString::to_string);
            source.unwrap_or_else(|| "the connection broke".to_owned())
        }
    }
}

/// The enhanced status at the beginning of an answer, such as `5.1.1`.
fn status_of(error: &lettre::transport::smtp::Error) -> Option<String> {
    let source = std::error::Error::source(error)?.to_string();
    crate::bounce::find_status(&source)
}

/// Whether a permanent refusal is about the address: everything but policy (5.7.x: relaying, signatures, reputation), for
/// which a whole list would otherwise be suppressed by one mistake of the server's.
fn is_address_at_fault(error: &lettre::transport::smtp::Error) -> bool {
    match status_of(error) {
        Some(status) => status.starts_with("5.1.") || status.starts_with("5.2."),
        None => error.status().is_some_and(|code| matches!(u16::from(code), 550 | 551 | 553)),
    }
}

/// A folder in which messages are put as files.
#[derive(Debug)]
pub(crate) struct Outbox(PathBuf);

impl Outbox {
    /// A folder, made where it is missing.
    ///
    /// # Errors
    /// [`Error::File`].
    pub(crate) fn open(folder: &Path) -> Result<Self, Error> {
        std::fs::create_dir_all(folder).map_err(|error| Error::file("/outbox", folder, error))?;
        Ok(Self(folder.to_owned()))
    }
}

impl Carrier for Outbox {
    fn check(&mut self) -> Result<(), Error> {
        Ok(())
    }

    fn offer(&mut self, _: &Address, _: &Address) -> Result<(), Refusal> {
        Ok(())
    }

    fn deliver(&mut self, name: &str, message: &[u8]) -> Delivery {
        let path = self.0.join(format!("{name}.eml"));
        let partial = self.0.join(format!(".{name}.partial"));
        let written = std::fs::File::create(&partial)
            .and_then(|mut file| file.write_all(message).and_then(|()| file.sync_all()))
            .and_then(|()| std::fs::rename(&partial, &path));
        match written {
            Ok(()) => Delivery::Accepted,
            Err(error) => Delivery::Refused(Refusal::Broken(format!("{}: {error}", self.0.display()))),
        }
    }

    fn withdraw(&mut self) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_ends_where_it_ends() {
        // Protects: a message with a line that begins with a dot from being cut there, and what follows from being read as a command.
        for (text, wire) in [
            ("a\r\n.\r\nQUIT\r\n", "a\r\n..\r\nQUIT\r\n\r\n.\r\n"),
            (".a\r\n..b", "..a\r\n...b\r\n.\r\n"),
            ("", "\r\n.\r\n"),
        ] {
            assert_eq!(WholeText(text).to_string(), wire);
        }
    }
}
