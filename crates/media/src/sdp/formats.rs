//! Payload formats: `a=rtpmap`, `a=fmtp` and the static payload types.

use crate::{Format, PayloadMap};

/// How packets numbered by `from` must be renumbered for `to`.
///
/// `from` are the formats as the sending side numbers them, `to` as the receiving side does. Two
/// formats are the same if encoding, clock and channels are, and no `a=fmtp` parameter which
/// changes the meaning of the payload differs. Numbers without a counterpart stay.
pub fn payload_map(from: &[Format], to: &[Format]) -> PayloadMap {
    todo!()
}
