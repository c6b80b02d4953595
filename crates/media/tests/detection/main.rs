//! What is heard of a far end: speech and silence, people and machines, faxes; over real speech,
//! through codecs, noise and loss, whatever the session does.

#![expect(clippy::unwrap_used, reason = "a helper that panics fails its test, as it should")]

mod accuracy;
mod activities;
mod audio;
mod faxes;
#[path = "../speech/mod.rs"]
mod speech;
#[path = "../heard/support.rs"]
#[expect(dead_code, reason = "shared with the tests of what far ends hear")]
mod support;
mod world;
