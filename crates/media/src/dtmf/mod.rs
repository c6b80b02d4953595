//! DTMF: the keys of a telephone, as events beside the audio (RFC 4733) and as tones in it
//! (ITU-T Q.23, Q.24).
//!
//! An [`EventReceiver`] and a [`ToneDetector`] say what they [`Heard`]; an [`EventSender`] and a
//! [`ToneSender`] make the same again. What becomes of a key is the caller's business.

mod detect;
mod event;
mod queue;
mod receive;
mod send;
mod tone;
mod tone_sender;

pub use detect::ToneDetector;
pub use event::Event;
pub use receive::EventReceiver;
pub use send::{EventPacket, EventSender, QueueFull};
pub use tone::KeyTone;
pub use tone_sender::ToneSender;

use std::{fmt, time::Duration};

/// A key: `0` to `9`, `*`, `#`, `A` to `D`.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Digit(u8);

/// What a far end did with a key.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Heard {
    /// It went down.
    Pressed(Digit),
    /// It went up, or nothing was heard of it for too long.
    Released {
        /// Which.
        digit: Digit,
        /// How long it was down.
        held: Duration,
    },
}

/// How keys travel.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum KeyForm {
    /// As events beside the audio.
    Events,
    /// As tones in it.
    Tones,
    /// In SIP INFO, which is not ours to read or to write.
    Info,
}

impl Digit {
    /// All sixteen, in the order of their event codes.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..KEYS.len() as u8).map(Self)
    }

    /// By the event code of RFC 4733 section 3.2; `None` for events that are no keys.
    pub fn from_code(code: u8) -> Option<Self> {
        (usize::from(code) < KEYS.len()).then_some(Self(code))
    }

    /// By what is printed on the key; letters in either case.
    pub fn from_char(key: char) -> Option<Self> {
        let key = key.to_ascii_uppercase();
        KEYS.iter().position(|it| *it == key).map(|code| Self(code as u8))
    }

    /// The event code.
    pub fn code(self) -> u8 {
        self.0
    }

    /// What is printed on the key.
    pub fn as_char(self) -> char {
        KEYS[usize::from(self.0)]
    }

    /// Its tones by ITU-T Q.23: of the row and of the column, in Hz.
    pub fn frequencies_hz(self) -> (u16, u16) {
        let (row, column) = PLACES[usize::from(self.0)];
        (ROWS_HZ[usize::from(row)], COLUMNS_HZ[usize::from(column)])
    }

    /// The key at a row and a column.
    fn at(row: usize, column: usize) -> Option<Self> {
        let is_there = |it: &(u8, u8)| (usize::from(it.0), usize::from(it.1)) == (row, column);
        PLACES.iter().position(is_there).map(|code| Self(code as u8))
    }
}

impl fmt::Display for Digit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.as_char())
    }
}

/// The pause between two keys that we send: Q.24 asks for 40 ms, slow receivers for more.
const PAUSE: Duration = Duration::from_millis(60);

/// The shortest key that we send, whatever we heard: Q.24 lets receivers miss what is under 40 ms,
/// and on the way some of it may be lost.
pub(crate) const SHORTEST: Duration = Duration::from_millis(80);

/// How long a key was down, by what is told of it at its end and what has passed since its start.
/// Some phones count in the ticks of another clock.
fn believable(told: Duration, passed: Duration) -> Duration {
    let length = if told > passed + SLACK { passed } else { told };
    length.max(SHORTEST)
}

/// How much later than a key goes down one may hear of it: some packets are lost.
const SLACK: Duration = Duration::from_millis(100);

/// By event code.
const KEYS: [char; 16] =
    ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '#', 'A', 'B', 'C', 'D'];

/// Row and column by event code.
const PLACES: [(u8, u8); 16] = [
    (3, 1),
    (0, 0),
    (0, 1),
    (0, 2),
    (1, 0),
    (1, 1),
    (1, 2),
    (2, 0),
    (2, 1),
    (2, 2),
    (3, 0),
    (3, 2),
    (0, 3),
    (1, 3),
    (2, 3),
    (3, 3),
];

const ROWS_HZ: [u16; 4] = [697, 770, 852, 941];
const COLUMNS_HZ: [u16; 4] = [1209, 1336, 1477, 1633];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_their_codes_and_tones() {
        let keys: String = Digit::all().map(Digit::as_char).collect();
        assert_eq!(keys, "0123456789*#ABCD");
        for digit in Digit::all() {
            assert_eq!(Digit::from_code(digit.code()), Some(digit));
            assert_eq!(Digit::from_char(digit.as_char()), Some(digit));
        }
        let tones = |key| Digit::from_char(key).unwrap().frequencies_hz();
        assert_eq!(tones('1'), (697, 1209));
        assert_eq!(tones('0'), (941, 1336));
        assert_eq!(tones('#'), (941, 1477));
        assert_eq!(tones('d'), (941, 1633));
        assert_eq!(Digit::from_code(16), None, "flash is no key");
        assert_eq!(Digit::from_char('E'), None);
    }
}
