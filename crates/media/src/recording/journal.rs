//! What a recording is while it runs: records, one after the other.
//!
//! Each is framed by its length and a CRC-32, little end first, so that the place where a crash
//! tore a file is recognised:
//!
//! ```text
//! length of the body (4 bytes) | CRC-32 of the body (4) | body
//! body: kind (1) | recording (16) | µs since the worker began (8) | more, by kind
//! ```

use crate::{
    Format,
    rtp::{HEADER_LEN, Header},
};
use base::{CallId, DomainId, ExtensionId, RecordingId, UnixMillis};
use std::time::Duration;
use uuid::Uuid;

/// One thing that happened to a recording.
#[derive(Clone, Debug, PartialEq)]
pub struct Record<'a> {
    /// Which recording.
    pub recording: RecordingId,
    /// When, on the clock of its worker.
    pub at: Duration,
    /// What.
    pub event: Event<'a>,
}

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Event<'a> {
    /// It began.
    Began(Label),
    /// What the packets of a track are from now on.
    Formats {
        /// Which track.
        track: Track,
        /// Numbered as in its packets.
        formats: Vec<Format>,
    },
    /// A packet came in, or went out.
    Packet {
        /// On which track.
        track: Track,
        /// Its numbers, as they came.
        header: Header,
        /// Undecoded.
        payload: &'a [u8],
    },
    /// Nothing is recorded until it is resumed.
    Paused,
    /// Packets follow again.
    Resumed,
    /// It is complete.
    Ended {
        /// Packets that found no room.
        lost: u64,
    },
}

/// Whose sound it is.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Track {
    /// The caller's.
    Left,
    /// That of whoever the caller talks to, or hears.
    Right,
}

/// What a recording is of.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Label {
    /// The call.
    pub call: CallId,
    /// The domain that it belongs to.
    pub domain: DomainId,
    /// When the recording began.
    pub started: UnixMillis,
    /// Who is on the left and on the right, by number; cut to [`TEXT_BYTES_MAX`].
    pub parties: [String; 2],
    /// What it is for.
    pub purpose: Purpose,
}

/// What becomes of a recording.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Purpose {
    /// It is kept with its call; both tracks are heard.
    Call,
    /// It is a message for a mailbox; what the caller says is heard, the left track.
    Message {
        /// The extension whose mailbox it is.
        mailbox: ExtensionId,
        /// What the caller is called, if that is known; cut to [`TEXT_BYTES_MAX`].
        caller_name: Option<String>,
    },
    /// It is what the owner of a mailbox wants callers to hear; the left track is heard.
    Greeting {
        /// The extension whose mailbox it is.
        mailbox: ExtensionId,
    },
}

/// How bytes begin.
#[derive(Clone, Debug, PartialEq)]
pub enum First<'a> {
    /// With a whole record, so many bytes long.
    Whole(Record<'a>, usize),
    /// With a part of a record, if more follow.
    Part,
    /// With something else: here a file is torn.
    Broken,
}

/// Longest text of a record, in bytes.
pub const TEXT_BYTES_MAX: usize = 255;
/// Longest record, in bytes: a list of formats, each with two texts of the longest.
pub const RECORD_BYTES_MAX: usize = 32 * 1024;

impl Record<'_> {
    /// Appends the record. Allocates only where `out` must grow.
    pub fn write(&self, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend_from_slice(&[0; FRAME_LEN]);
        out.push(self.event.kind());
        out.extend_from_slice(self.recording.0.as_bytes());
        out.extend_from_slice(&(self.at.as_micros() as u64).to_le_bytes());
        self.event.write(out);
        let body = &out[start + FRAME_LEN..];
        let (len, sum) = (body.len() as u32, CRC.checksum(body));
        out[start..start + 4].copy_from_slice(&len.to_le_bytes());
        out[start + 4..start + FRAME_LEN].copy_from_slice(&sum.to_le_bytes());
    }

    /// Length of a packet's record, in bytes.
    pub(crate) fn packet_len(payload_len: usize) -> usize {
        FRAME_LEN + HEAD_LEN + 1 + HEADER_LEN + payload_len
    }
}

/// Reads the record at the beginning of `bytes`.
pub fn first_record(bytes: &[u8]) -> First<'_> {
    let Some((len, rest)) = bytes.split_first_chunk() else { return First::Part };
    let len = u32::from_le_bytes(*len) as usize;
    if !(HEAD_LEN..=RECORD_BYTES_MAX).contains(&len) {
        return First::Broken;
    }
    let Some((sum, rest)) = rest.split_first_chunk() else { return First::Part };
    let Some(body) = rest.get(..len) else { return First::Part };
    if CRC.checksum(body) != u32::from_le_bytes(*sum) {
        return First::Broken;
    }
    match Fields(body).record() {
        Some(record) => First::Whole(record, FRAME_LEN + len),
        None => First::Broken,
    }
}

impl Track {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Left, Self::Right];

    fn read(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }
}

impl Event<'_> {
    fn kind(&self) -> u8 {
        match self {
            Self::Began(_) => BEGAN,
            Self::Formats { .. } => FORMATS,
            Self::Packet { .. } => PACKET,
            Self::Paused => PAUSED,
            Self::Resumed => RESUMED,
            Self::Ended { .. } => ENDED,
        }
    }

    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Began(label) => label.write(out),
            Self::Formats { track, formats } => {
                out.push(*track as u8);
                for format in formats.iter().take(FORMATS_MAX) {
                    out.extend_from_slice(&[format.payload_type, format.channels]);
                    out.extend_from_slice(&format.clock_rate.to_le_bytes());
                    write_text(out, &format.encoding);
                    write_text(out, format.fmtp.as_deref().unwrap_or_default());
                }
            }
            Self::Packet { track, header, payload } => {
                out.push(*track as u8);
                out.extend_from_slice(&header.to_bytes());
                out.extend_from_slice(payload);
            }
            Self::Paused | Self::Resumed => {}
            Self::Ended { lost } => out.extend_from_slice(&lost.to_le_bytes()),
        }
    }
}

impl Label {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.call.0.as_bytes());
        out.extend_from_slice(self.domain.0.as_bytes());
        out.extend_from_slice(&self.started.0.to_le_bytes());
        for party in &self.parties {
            write_text(out, party);
        }
        self.purpose.write(out);
    }
}

impl Purpose {
    /// Nothing for a call; the mailbox alone for a greeting.
    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Call => {}
            Self::Message { mailbox, caller_name } => {
                out.extend_from_slice(mailbox.0.as_bytes());
                write_text(out, caller_name.as_deref().unwrap_or_default());
            }
            Self::Greeting { mailbox } => out.extend_from_slice(mailbox.0.as_bytes()),
        }
    }
}

/// Its length in a byte, then the text, cut between two characters.
fn write_text(out: &mut Vec<u8>, text: &str) {
    let text = &text[..text.floor_char_boundary(TEXT_BYTES_MAX)];
    out.push(text.len() as u8);
    out.extend_from_slice(text.as_bytes());
}

/// What is left to read of a body. Each step is `None` where that is too little, or no sense.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn record(mut self) -> Option<Record<'a>> {
        let kind = self.byte()?;
        let recording = RecordingId(self.uuid()?);
        let at = Duration::from_micros(u64::from_le_bytes(self.chunk()?));
        Some(Record { recording, at, event: self.event(kind)? })
    }

    fn event(mut self, kind: u8) -> Option<Event<'a>> {
        match kind {
            BEGAN => Some(Event::Began(self.label()?)),
            FORMATS => {
                Some(Event::Formats { track: Track::read(self.byte()?)?, formats: self.formats()? })
            }
            PACKET => {
                let track = Track::read(self.byte()?)?;
                let (header, _) = Header::parse(self.0.get(..HEADER_LEN)?)?;
                Some(Event::Packet { track, header, payload: &self.0[HEADER_LEN..] })
            }
            PAUSED => Some(Event::Paused),
            RESUMED => Some(Event::Resumed),
            ENDED => Some(Event::Ended { lost: u64::from_le_bytes(self.chunk()?) }),
            _ => None,
        }
    }

    fn label(&mut self) -> Option<Label> {
        Some(Label {
            call: CallId(self.uuid()?),
            domain: DomainId(self.uuid()?),
            started: UnixMillis(i64::from_le_bytes(self.chunk()?)),
            parties: [self.text()?, self.text()?],
            purpose: self.purpose()?,
        })
    }

    fn purpose(&mut self) -> Option<Purpose> {
        if self.0.is_empty() {
            return Some(Purpose::Call);
        }
        let mailbox = ExtensionId(self.uuid()?);
        if self.0.is_empty() {
            return Some(Purpose::Greeting { mailbox });
        }
        let caller_name = Some(self.text()?).filter(|it| !it.is_empty());
        Some(Purpose::Message { mailbox, caller_name })
    }

    fn formats(&mut self) -> Option<Vec<Format>> {
        let mut formats = Vec::new();
        while !self.0.is_empty() {
            formats.push(Format {
                payload_type: self.byte()?,
                channels: self.byte()?,
                clock_rate: u32::from_le_bytes(self.chunk()?),
                encoding: self.text()?,
                fmtp: Some(self.text()?).filter(|it| !it.is_empty()),
            });
        }
        Some(formats)
    }

    fn text(&mut self) -> Option<String> {
        let len = usize::from(self.byte()?);
        let (text, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        str::from_utf8(text).ok().map(str::to_owned)
    }

    fn uuid(&mut self) -> Option<Uuid> {
        self.chunk().map(Uuid::from_bytes)
    }

    fn byte(&mut self) -> Option<u8> {
        self.chunk().map(|[byte]| byte)
    }

    fn chunk<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (chunk, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*chunk)
    }
}

static CRC: crc::Crc<u32, crc::Table<16>> =
    crc::Crc::<u32, crc::Table<16>>::new(&crc::CRC_32_ISO_HDLC);

const BEGAN: u8 = 1;
const FORMATS: u8 = 2;
const PACKET: u8 = 3;
const PAUSED: u8 = 4;
const RESUMED: u8 = 5;
const ENDED: u8 = 6;

/// Length and sum.
const FRAME_LEN: usize = 8;
/// Kind, recording and time.
const HEAD_LEN: usize = 1 + 16 + 8;
/// Formats of a track that are kept; a far end that agrees to more uses the first.
const FORMATS_MAX: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_written_is_read_again() {
        let bytes = written(&story());

        assert_eq!(read(&bytes), (story(), bytes.len()));
    }

    #[test]
    fn a_packet_is_as_long_as_it_is_said_to_be() {
        let packet = story().into_iter().find(|it| matches!(it.event, Event::Packet { .. }));
        let bytes = written(&[packet.unwrap()]);

        assert_eq!(bytes.len(), Record::packet_len(PAYLOAD.len()));
    }

    #[test]
    fn the_longest_texts_and_lists_are_cut_and_fit() {
        let long = "ы".repeat(1000);
        let format = Format {
            payload_type: 96,
            encoding: long.clone(),
            clock_rate: 8000,
            channels: 1,
            fmtp: Some(long),
        };
        let event = Event::Formats { track: Track::Left, formats: vec![format; 200] };
        let bytes = written(&[Record { event, ..story().remove(0) }]);

        assert!(bytes.len() <= RECORD_BYTES_MAX, "{}", bytes.len());
        let First::Whole(Record { event: Event::Formats { formats, .. }, .. }, len) =
            first_record(&bytes)
        else {
            panic!("{:?}", first_record(&bytes));
        };
        assert_eq!((len, formats.len(), formats[31].encoding.len()), (bytes.len(), 32, 254));
    }

    #[test]
    fn a_journal_torn_at_any_byte_is_read_up_to_the_record_before() {
        let bytes = written(&story());
        let mut ends = vec![0];
        for record in &story() {
            ends.push(ends.last().unwrap() + written(std::slice::from_ref(record)).len());
        }
        for cut in 0..bytes.len() {
            let (records, end) = read(&bytes[..cut]);
            let expected = ends.iter().rposition(|it| *it <= cut).unwrap();
            assert_eq!((records.len(), end), (expected, ends[expected]), "cut at {cut}");
        }
    }

    proptest! {
        #[test]
        fn one_wrong_byte_takes_no_record_before_it_away(at in 0..1_000_usize, with in 1..=255_u8) {
            let mut bytes = written(&story());
            let at = at % bytes.len();
            bytes[at] ^= with;

            let (records, end) = read(&bytes);

            prop_assert!(end <= at);
            prop_assert_eq!(&records[..], &story()[..records.len()]);
        }

        #[test]
        fn any_bytes_are_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            read(&bytes);
        }
    }

    fn story() -> Vec<Record<'static>> {
        let id = Uuid::from_u128;
        let header =
            Header { marker: true, payload_type: 8, sequence: 7, timestamp: 8, ssrc: 0xa0b0_c0d0 };
        let format = |payload_type, encoding: &str, fmtp: Option<&str>| Format {
            payload_type,
            encoding: encoding.to_owned(),
            clock_rate: 8000,
            channels: 1,
            fmtp: fmtp.map(str::to_owned),
        };
        let label = Label {
            call: CallId(id(1)),
            domain: DomainId(id(2)),
            started: UnixMillis(1_700_000_000_123),
            parties: ["1001".to_owned(), "гость".to_owned()],
            purpose: Purpose::Call,
        };
        let message = Label {
            purpose: Purpose::Message {
                mailbox: ExtensionId(id(3)),
                caller_name: Some("Анна".to_owned()),
            },
            ..label.clone()
        };
        let nameless = Label {
            purpose: Purpose::Message { mailbox: ExtensionId(id(3)), caller_name: None },
            ..label.clone()
        };
        let greeting =
            Label { purpose: Purpose::Greeting { mailbox: ExtensionId(id(3)) }, ..label.clone() };
        let formats = vec![format(8, "PCMA", None), format(101, "telephone-event", Some("0-15"))];
        let events = [
            Event::Began(label),
            Event::Formats { track: Track::Right, formats },
            Event::Packet { track: Track::Left, header, payload: PAYLOAD },
            Event::Paused,
            Event::Resumed,
            Event::Packet { track: Track::Right, header, payload: &[] },
            Event::Ended { lost: 3 },
            Event::Began(message),
            Event::Began(nameless),
            Event::Began(greeting),
        ];
        (1..)
            .zip(events)
            .map(|(n, event)| Record {
                recording: RecordingId(id(9)),
                at: Duration::from_millis(n * 20),
                event,
            })
            .collect()
    }

    fn written(records: &[Record<'_>]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for record in records {
            record.write(&mut bytes);
        }
        bytes
    }

    /// Records from the start, and where they end.
    fn read(bytes: &[u8]) -> (Vec<Record<'_>>, usize) {
        let (mut records, mut end) = (Vec::new(), 0);
        while let First::Whole(record, len) = first_record(&bytes[end..]) {
            records.push(record);
            end += len;
        }
        (records, end)
    }

    const PAYLOAD: &[u8] = &[0xd5; 160];
}
