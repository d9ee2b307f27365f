//! Finding, trusting, loading and supervising plugins in child processes.
