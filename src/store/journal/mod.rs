//! The journal: what happens to calls, on the disk as it happens.
//!
//! It is appended to and never changed; files older than a limit go as a whole. Rows of the call log
//! pass through it on their way to the database, so that none is there which the journal does not
//! have. A server that starts after a crash finds in it which legs were cut off, and how far their
//! stories went.
//!
//! `write` before anything counts, so that `kill -9` loses none of it; the disk is forced to have it
//! once a second, and that is what a power cut may cost. While the disk is full or fails, calls and
//! their rows go on, and what is missing is counted.

mod entry;
mod files;
mod keeper;

pub use entry::{Entry, Unreadable};
pub use files::{JournalFiles, LeftBehind, LinesLeftOut, read};
pub use keeper::{Journal, JournalSender};
