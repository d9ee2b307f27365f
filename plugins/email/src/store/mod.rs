//! The send ledger: one SQLite file that outlives every process, and that several may have open.
//!
//! Invariants, each kept by one transaction:
//! - a message is `intent` on the disk before the mail server hears of it, and an `intent` that its sender did not live to
//!   settle becomes `unknown`: no message is ever offered twice unless the first was certainly not taken;
//! - whether a person is suppressed is asked in the transaction that makes the intent;
//! - a suppression is never taken back.
//!
//! People appear as keyed hashes. What a table means stands in `schema.sql`.

mod arms;
mod counts;
mod events;
mod mailings;
mod posting;

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior, params};

use crate::error::Error;
use crate::key::Person;

pub(crate) use arms::{Arm, Drawn, Setting, StepText};
pub(crate) use counts::Tally;
pub(crate) use events::{Click, Noted, Sent};
pub(crate) use mailings::{Mailing, MailingState, Reaction, Report};
pub(crate) use posting::{Due, Intent, Settled};

/// What makes each format out of the one before, the first out of nothing.
const FORMATS: [&str; 3] =
    [include_str!("schema.sql"), include_str!("format-2.sql"), include_str!("format-3.sql")];
/// How long to wait for another process's transaction.
const BUSY: Duration = Duration::from_secs(5);

/// The send ledger.
#[derive(Debug)]
pub(crate) struct Store(Connection);

impl Store {
    /// Opens the ledger in a folder, which is made where it is missing.
    ///
    /// # Errors
    /// [`Error::File`], [`Error::Store`], or [`Error::NewerStore`] for the file of a newer version.
    pub(crate) fn open(folder: &Path) -> Result<Self, Error> {
        std::fs::create_dir_all(folder).map_err(|error| Error::file("/state", folder, error))?;
        let path = folder.join("sent.sqlite");
        let mut connection = Connection::open(&path)?;
        connection.busy_timeout(BUSY)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        // Alone, so that two processes do not both make the tables.
        let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let found: i64 = tx.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        let missing = usize::try_from(found).ok().and_then(|found| FORMATS.get(found..));
        let known = FORMATS.len() as i64;
        for format in missing.ok_or(Error::NewerStore { path, found, known })? {
            tx.execute_batch(format)?;
        }
        if found != known {
            tx.pragma_update(None, "user_version", known)?;
        }
        tx.commit()?;
        Ok(Self(connection))
    }

    /// A transaction that writes: it waits its turn at the beginning, not at its first write.
    fn write(&mut self) -> Result<Transaction<'_>, Error> {
        Ok(self.0.transaction_with_behavior(TransactionBehavior::Immediate)?)
    }

    /// Never write to these people again.
    ///
    /// # Errors
    /// Those of the database.
    pub(crate) fn suppress(&mut self, people: &[Person], reason: &str, now_us: i64) -> Result<(), Error> {
        let tx = self.write()?;
        for person in people {
            suppress(&tx, *person, reason, now_us)?;
        }
        Ok(tx.commit()?)
    }

    /// Removes what ties a person to what they were sent and did. Counts stay; so does that they are never written to
    /// again. Says in how many experiments they were.
    ///
    /// # Errors
    /// Those of the database.
    pub(crate) fn forget(&mut self, person: Person, now_us: i64) -> Result<usize, Error> {
        let tx = self.write()?;
        suppress(&tx, person, "forgotten", now_us)?;
        let forgotten = tx
            .prepare_cached("UPDATE enrolment SET person = NULL, due_us = NULL WHERE person = ?1")?
            .execute([person.0])?;
        tx.commit()?;
        Ok(forgotten)
    }
}

fn suppress(tx: &Connection, person: Person, reason: &str, now_us: i64) -> rusqlite::Result<()> {
    let sql = "INSERT INTO suppression (person, reason, at_us) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
    tx.prepare_cached(sql)?.execute(params![person.0, reason, now_us]).map(drop)
}

fn is_suppressed(tx: &Connection, person: Person) -> rusqlite::Result<bool> {
    let sql = "SELECT 1 FROM suppression WHERE person = ?1";
    Ok(tx.prepare_cached(sql)?.query_row([person.0], |_| Ok(())).optional()?.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ledger_of_an_earlier_format_goes_on() {
        // Protects: who was suppressed and written to, from an update of the program.
        let folder = tempfile::tempdir().unwrap();
        let old = Connection::open(folder.path().join("sent.sqlite")).unwrap();
        old.execute_batch(FORMATS[0]).unwrap();
        old.execute_batch(
            "INSERT INTO arm VALUES (1, 'e', 'a', 0, 5, 'XXX', 0, 1, 0, 0);
             INSERT INTO enrolment VALUES (7, 1, 'e', x'00112233445566778899aabbccddeeff', 0, 0, 2, NULL);
             INSERT INTO message VALUES (7, 1, 'sent', 1, 0);
             INSERT INTO suppression VALUES (x'00112233445566778899aabbccddeeff', 'unsubscribe', 0);",
        )
        .unwrap();
        old.pragma_update(None, "user_version", 1).unwrap();
        drop(old);
        for _ in 0..2 {
            let store = Store::open(folder.path()).unwrap();
            assert_eq!(store.written_to(1).unwrap()[&0].people, 1);
            assert_eq!(store.taken("e").unwrap().len(), 1);
            assert!(store.left_behind().unwrap().is_empty());
        }
        let newer = Connection::open(folder.path().join("sent.sqlite")).unwrap();
        newer.pragma_update(None, "user_version", 4).unwrap();
        assert!(matches!(Store::open(folder.path()), Err(Error::NewerStore { found: 4, known: 3, .. })));
    }
}
