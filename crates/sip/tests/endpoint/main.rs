//! The endpoint against another endpoint and against hand-written peers, in virtual time.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod calls;
mod checks;
mod dialogs;
mod line;
mod matching;
mod pair;
mod races;
mod shards;
mod subscriptions;
mod torture;
mod weather;
