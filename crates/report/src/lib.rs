//! Terminal, HTML and JSON reports from the ledger.
