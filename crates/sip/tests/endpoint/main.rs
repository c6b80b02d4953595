//! The endpoint against another endpoint and against hand-written peers, in virtual time.

mod calls;
mod checks;
mod dialogs;
mod line;
mod matching;
mod pair;
mod races;
