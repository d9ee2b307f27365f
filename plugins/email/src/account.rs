//! An opened account: configuration, keys, list, send ledger and mail server together.
//!
//! The channel and the server program both work with one; what they share through the disk is the send ledger.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::SystemTime;

use gevinst_http::Wait;

use crate::carrier::{Carrier, Outbox, Server};
use crate::config::{Backend, Config};
use crate::error::Error;
use crate::key::{Keys, base32};
use crate::list::{Columns, List};
use crate::mailchimp::Mailchimp;
use crate::message::Letterhead;
use crate::sender::Templates;
use crate::store::Store;
use crate::tls::Roots;

/// Resolves a secret's name to its value.
pub type Secrets<'a> = &'a dyn Fn(&str) -> Result<String, Error>;

/// An opened account.
pub struct Account {
    pub(crate) config: Config,
    pub(crate) keys: Keys,
    pub(crate) list: List,
    pub(crate) store: Store,
    pub(crate) letterhead: Letterhead,
    pub(crate) carrier: Option<Box<dyn Carrier + Send>>,
    pub(crate) platform: Option<Mailchimp>,
    /// When the platform's reports were last read, in µs UTC.
    pub(crate) reports_read_us: Option<i64>,
    pub(crate) templates: Templates,
    pub(crate) imap_password: Option<String>,
    pub(crate) imap_roots: Roots,
    /// When list and suppressed people were last changed on the disk, as far as they were read.
    read_at: [Option<SystemTime>; 2],
}

impl core::fmt::Debug for Account {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Account").field("state", &self.config.state).finish_non_exhaustive()
    }
}

impl Account {
    /// Opens an account: checks the configuration, has the secrets, reads the list. Connects to nothing. `wait` is the clock,
    /// and how to wait for a platform that asks for patience.
    ///
    /// # Errors
    /// What is wrong, with a pointer into the configuration.
    pub fn open(config: Config, secrets: Secrets<'_>, wait: Box<dyn Wait>) -> Result<Self, Error> {
        config.check()?;
        let now_us = wait.now_us();
        let store = Store::open(&config.state)?;
        let keys = Keys::new(&match &config.key {
            Some(name) => secrets(name)?,
            None => own_key(&config.state)?,
        })?;
        let dkim_key = match &config.dkim {
            None => None,
            Some(dkim) => Some(match dkim.key.strip_prefix("file:") {
                None => secrets(&dkim.key)?,
                Some(path) => std::fs::read_to_string(path)
                    .map_err(|error| Error::file("/dkim/key", Path::new(path), error))?,
            }),
        };
        let letterhead = Letterhead::new(&config, dkim_key.as_deref())?;
        let carrier: Option<Box<dyn Carrier + Send>> = match (config.backend, &config.smtp, &config.outbox) {
            (Backend::Smtp, Some(smtp), _) => {
                let password = smtp.password.as_deref().map(secrets).transpose()?;
                Some(Box::new(Server::new(smtp, &config.envelope_domain, password)?))
            }
            (Backend::Folder, _, Some(outbox)) => Some(Box::new(Outbox::open(outbox)?)),
            _ => None,
        };
        let platform = match (config.backend, &config.mailchimp) {
            (Backend::Mailchimp, Some(account)) => {
                Some(Mailchimp::new(account, secrets(&account.key)?.trim().to_owned(), wait)?)
            }
            _ => None,
        };
        let imap_password = config.imap.as_ref().map(|imap| secrets(&imap.password)).transpose()?;
        let ca_file = config.imap.as_ref().and_then(|imap| imap.ca_file.as_deref());
        let imap_roots = Roots::read("/imap/ca_file", ca_file)?;
        let mut account = Self {
            config,
            keys,
            list: List::default(),
            store,
            letterhead,
            carrier,
            platform,
            reports_read_us: None,
            templates: Templates::default(),
            imap_password,
            imap_roots,
            read_at: [None; 2],
        };
        account.refresh(now_us)?;
        Ok(account)
    }

    /// The configuration.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The people who may be written to.
    #[must_use]
    pub fn list(&self) -> &List {
        &self.list
    }

    /// Reads the list and the file of suppressed people again if they changed on the disk. Says whether the list did.
    ///
    /// # Errors
    /// [`Error::File`]; the list stays as it was.
    pub fn refresh(&mut self, now_us: i64) -> Result<bool, Error> {
        let changed = |path: &Path| std::fs::metadata(path).and_then(|metadata| metadata.modified()).ok();
        if let Some(path) = &self.config.suppressed {
            let at = changed(path);
            if at.is_none() || at != self.read_at[1] {
                let people = List::read_suppressed(path, &self.config.address, &self.keys)?;
                self.store.suppress(&people, "imported", now_us)?;
                self.read_at[1] = at;
            }
        }
        let at = changed(&self.config.list);
        if at.is_some() && at == self.read_at[0] {
            return Ok(false);
        }
        let columns = Columns {
            address: &self.config.address,
            consent: &self.config.consent,
            strata: &self.config.stratify_by,
            history: self.config.history.values().map(String::as_str).collect(),
        };
        self.list = List::read(&self.config.list, columns, &self.keys)?;
        self.read_at[0] = at;
        Ok(true)
    }

    /// Looks whether the mail server or platform can be reached and signed in to. Sends nothing.
    ///
    /// # Errors
    /// [`Error::Server`], [`Error::Platform`].
    pub fn check(&mut self) -> Result<(), Error> {
        match (&mut self.carrier, &self.platform) {
            (Some(carrier), _) => carrier.check(),
            (None, Some(platform)) => platform.check(),
            (None, None) => Ok(()),
        }
    }

    /// Reads what an e-mail platform reports of what was sent.
    ///
    /// # Errors
    /// [`Error::Platform`]: nothing is known then of what has happened since.
    pub(crate) fn look_into_reports(&mut self, now_us: i64) -> Result<(), Error> {
        // Taken out while it works, so that it and the rest of the account can be used together.
        let Some(platform) = self.platform.take() else { return Ok(()) };
        let read = self.read_reports(&platform, now_us);
        self.platform = Some(platform);
        read
    }

    /// Removes what ties a person to what they were sent and did; they are never written to again. Says in how many
    /// experiments they were. The list is the user's own: the person's row must be taken out of it by hand.
    ///
    /// # Errors
    /// Those of the send ledger.
    pub fn forget(&mut self, address: &str, now_us: i64) -> Result<usize, Error> {
        self.store.forget(self.keys.person(address), now_us)
    }
}

/// The key in the state folder, made when there is none: readable by its owner only.
fn own_key(state: &Path) -> Result<String, Error> {
    let path = state.join("key");
    let failed = |error: std::io::Error| Error::file("/state", &path, error);
    match std::fs::read_to_string(&path) {
        Ok(key) => return Ok(key.trim().to_owned()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(failed(error)),
    }
    let mut bytes = [0; 32];
    File::open("/dev/urandom").and_then(|mut random| random.read_exact(&mut bytes)).map_err(failed)?;
    // Whole or not at all, and the first of two processes wins: a link to a name that is there fails.
    let partial = state.join(format!("key.{}", base32(&bytes[..5])));
    let mut file = File::options().write(true).create_new(true).mode(0o600).open(&partial).map_err(failed)?;
    file.write_all(base32(&bytes).as_bytes()).and_then(|()| file.sync_all()).map_err(failed)?;
    let linked = std::fs::hard_link(&partial, &path);
    std::fs::remove_file(&partial).map_err(failed)?;
    match linked {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => return Err(failed(error)),
        _ => {}
    }
    std::fs::read_to_string(&path).map(|key| key.trim().to_owned()).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_and_for_its_owner_only() {
        // Protects: suppressed people, who are known by their keyed hashes alone, from a key that changes.
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let first = own_key(folder.path()).unwrap();
        assert_eq!(first.len(), 52);
        assert_eq!(own_key(folder.path()).unwrap(), first);
        let mode = std::fs::metadata(folder.path().join("key")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
