//! Who or what a far end is: somebody who speaks or is silent, a person or an answering machine, a
//! fax.
//!
//! A session listens only for what it was asked for ([`Wanted`]), whatever else it does, and tells
//! what it [`Detected`]. Speech is told from noise, music and tones by the `earshot` library; tones
//! by their pitch and their purity; what both mean is decided here, on the clock of the audio: 20 ms
//! a frame, a jitter buffer later than it was said.

mod answer;
mod beep;
mod fax;
mod pitch;
mod silence;
mod speech;
mod watch;

pub use answer::{Answer, AnswerRules, Answerer, Reason};
pub use fax::FaxTone;

pub(crate) use watch::Watch;

use std::time::Duration;

/// What to listen for. Nothing by default.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Wanted {
    /// That nobody speaks for so long, and that somebody does again.
    pub silence: Option<Duration>,
    /// Who answered the call: to be asked for when it is answered.
    pub answer: Option<AnswerRules>,
    /// That a fax calls or answers.
    pub fax: bool,
}

impl Wanted {
    /// Whether there is nothing to listen for.
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

/// What was heard of a far end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Detected {
    /// Nobody has spoken for so long. Told once a silence.
    Silence {
        /// As long as was asked for, counted from the last word or from the beginning.
        lasted: Duration,
    },
    /// Somebody speaks, after [`Self::Silence`] was told.
    Speech,
    /// Who answered. Told once.
    Answered(Answer),
    /// The tone of an answering machine has ended: it records from now on. Told once, at the
    /// earliest with [`Self::Answered`].
    Beep,
    /// A fax. Told once.
    Fax(FaxTone),
}
