//! The definitions: TOML to checked types; money, months, periods, arms.
