//! The file's format: tables, what guards them, and how one format becomes the next.
//!
//! Format 1:
//! - `record`: one row a fact, chained by hash (see [`crate::chain`]).
//! - `series`: a number for each experiment, arm and metric, so that a row takes 40 bytes instead of a hundred. Series of the
//!   whole market have the experiment `''`.
//! - `observation`: the rows, each under the record that brought it; only what was new or different then is there.
//! - `observation_now`: a view for people with a `sqlite3` shell: what is known now, by name.
//!
//! Triggers refuse every change to what is there and every record that does not follow the newest. They stop accidents;
//! against intent there is the chain, since whoever can write the file can drop a trigger.
//!
//! A format that was released is never edited: a change is a new step in [`MIGRATIONS`].

use rusqlite::Connection;

/// "gevi": marks the file as one of ours (`PRAGMA application_id`).
pub(crate) const APPLICATION_ID: i64 = 0x6765_7669;

/// The newest format that this version reads and the one it writes (`PRAGMA user_version`).
pub const FORMAT: i64 = 1;

/// Step `n` makes format `n + 1` out of format `n`; format 0 is an empty file.
pub(crate) const MIGRATIONS: [&str; 1] = [FORMAT_1];

const FORMAT_1: &str = "
CREATE TABLE record (
    id          INTEGER PRIMARY KEY,
    at_us       INTEGER NOT NULL,
    kind        TEXT NOT NULL,
    experiment  TEXT,
    arm         TEXT,
    body        TEXT NOT NULL,
    prev_hash   BLOB NOT NULL CHECK (length(prev_hash) = 32),
    hash        BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;
CREATE INDEX record_of_experiment ON record (experiment, id, kind);
CREATE INDEX record_of_kind ON record (kind, id);

CREATE TABLE series (
    id          INTEGER PRIMARY KEY,
    experiment  TEXT NOT NULL,
    arm         TEXT NOT NULL,
    metric      TEXT NOT NULL,
    UNIQUE (experiment, arm, metric)
) STRICT;

CREATE TABLE observation (
    series_id       INTEGER NOT NULL REFERENCES series (id),
    period_start_us INTEGER NOT NULL,
    record_id       INTEGER NOT NULL REFERENCES record (id),
    count           INTEGER NOT NULL CHECK (count >= 0),
    sum             REAL NOT NULL,
    sum_sq          REAL NOT NULL CHECK (sum_sq >= 0),
    PRIMARY KEY (series_id, period_start_us, record_id)
) STRICT, WITHOUT ROWID;

CREATE VIEW observation_now AS
SELECT s.experiment, s.arm, s.metric, o.period_start_us,
       strftime('%Y-%m-%dT%H:%M:%SZ', o.period_start_us / 1000000, 'unixepoch') AS period_start,
       o.count, o.sum, o.sum_sq, o.record_id
FROM observation AS o JOIN series AS s ON s.id = o.series_id
WHERE o.record_id = (SELECT max(p.record_id) FROM observation AS p
                     WHERE p.series_id = o.series_id AND p.period_start_us = o.period_start_us);

CREATE TRIGGER record_follows BEFORE INSERT ON record
WHEN NEW.id IS NOT (SELECT coalesce(max(id), 0) + 1 FROM record)
  OR NEW.prev_hash IS NOT coalesce((SELECT hash FROM record ORDER BY id DESC LIMIT 1), zeroblob(32))
BEGIN SELECT RAISE(ABORT, 'a record must follow the newest one'); END;
CREATE TRIGGER record_stays BEFORE UPDATE ON record
BEGIN SELECT RAISE(ABORT, 'a record is never changed'); END;
CREATE TRIGGER record_is_kept BEFORE DELETE ON record
BEGIN SELECT RAISE(ABORT, 'a record is never deleted'); END;

CREATE TRIGGER observation_is_new BEFORE INSERT ON observation
WHEN NEW.record_id IS NOT (SELECT max(id) FROM record)
BEGIN SELECT RAISE(ABORT, 'an observation belongs to the newest record'); END;
CREATE TRIGGER observation_stays BEFORE UPDATE ON observation
BEGIN SELECT RAISE(ABORT, 'an observation is never changed'); END;
CREATE TRIGGER observation_is_kept BEFORE DELETE ON observation
BEGIN SELECT RAISE(ABORT, 'an observation is never deleted'); END;

CREATE TRIGGER series_stays BEFORE UPDATE ON series
BEGIN SELECT RAISE(ABORT, 'a series is never changed'); END;
CREATE TRIGGER series_is_kept BEFORE DELETE ON series
BEGIN SELECT RAISE(ABORT, 'a series is never deleted'); END;
";

/// Everything that the schema consists of, as SQLite lists it, to compare one file with another.
pub(crate) fn listing(connection: &Connection) -> rusqlite::Result<Vec<(String, String)>> {
    let mut statement = connection.prepare(
        "SELECT type || ' ' || name, coalesce(sql, '') FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY 1",
    )?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.collect()
}

/// What the schema of the newest format consists of.
pub(crate) fn expected_listing() -> rusqlite::Result<Vec<(String, String)>> {
    let connection = Connection::open_in_memory()?;
    for step in MIGRATIONS {
        connection.execute_batch(step)?;
    }
    listing(&connection)
}
