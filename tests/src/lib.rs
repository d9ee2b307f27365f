//! End-to-end tests: the built program, real plugins.
