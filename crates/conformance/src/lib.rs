//! What a channel plugin must pass.
