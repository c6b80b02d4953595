//! What a description says about its writer's audio stream.

use super::{NegotiationError, Sdp};
use crate::{Direction, Format, Remote};

/// The far end's audio stream, as [`crate::MediaCommand::Configure`] wants it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RemoteSide {
    /// Where it receives; `None` when it gave no address to send to (`c=0.0.0.0`).
    pub remote: Option<Remote>,
    /// What flows, seen from us.
    pub direction: Direction,
    /// Its formats in its order of preference, numbered as it receives them. Formats whose
    /// encoding the description does not name are left out.
    pub formats: Vec<Format>,
    /// Packet time that it wishes, in milliseconds.
    pub ptime_ms: Option<u16>,
}

impl RemoteSide {
    /// The same with a direction that what *we* offered (seen from us) allows; some phones answer
    /// `sendrecv` to a hold.
    pub fn limited_to(self, offered: Direction) -> Self {
        todo!()
    }
}

/// Reads the audio stream of an offer or an answer.
///
/// An answer with port 0 is [`NegotiationError::AudioDeclined`]'s case and reported as `NoAudio`.
pub fn remote_side(description: &Sdp) -> Result<RemoteSide, NegotiationError> {
    todo!()
}

/// Whether two descriptions of the same side say the same about media: equal but for `o=`.
/// Spots the re-INVITE that only refreshes a session timer.
pub fn describes_same_media(a: &Sdp, b: &Sdp) -> bool {
    todo!()
}
