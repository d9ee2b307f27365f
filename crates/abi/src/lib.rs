//! The C ABI of a channel plugin and its Rust mirror.
