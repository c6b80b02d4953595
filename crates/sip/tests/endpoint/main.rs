//! The endpoint against another endpoint and against hand-written peers, in virtual time.

mod calls;
mod checks;
mod line;
mod matching;
mod pair;
