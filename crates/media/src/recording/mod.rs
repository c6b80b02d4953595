//! Recording of calls.
//!
//! While a call is recorded, its worker copies each packet that it takes in from a far end, as it
//! is, into a buffer: [`journal`] is what is written there, and what a file holds until the
//! recording is over. Nothing is decoded before that: [`stitch`] then lets [`crate::hearing`] hear
//! both tracks in virtual time and makes them the channels of one sound. So a live call pays for a
//! copy only, and a file that ends in the middle, after a power cut, can be heard up to there.
//!
//! ```text
//! packets ─▶ [`buffer`] of the worker ─▶ journal file, by the shell ─▶ [`Stitcher`] ─▶ stereo
//! ```

pub(crate) mod buffer;
pub mod journal;
pub mod stitch;

pub use buffer::{BUFFER_BYTES, RecordedCounts};
pub use journal::{Event, First, Label, Purpose, Record, Track, first_record};
pub use stitch::{Stitcher, Survey};
