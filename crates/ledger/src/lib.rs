//! The durable, hash-chained record in SQLite.
