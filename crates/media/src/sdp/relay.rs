//! Descriptions that pass through us from one leg to the other.

use super::{NegotiationError, Origin, Sdp};
use bytes::Bytes;
use std::net::SocketAddr;

/// Our offer to the other side, made from one side's offer.
///
/// The first usable audio stream passes with all its codecs, also unknown ones, and its direction;
/// its address is `local`, RTCP is ours (`a=rtcp-mux` is offered, the port above `local` otherwise),
/// and what belongs to one hop only (ICE, DTLS, SDES keys, SSRCs, bundling) is left out. All other
/// streams stay in their place, declined with port 0. If this leg has seen a description of ours,
/// its streams keep their places, as RFC 3264 section 8 demands.
pub fn relay_offer(
    offer: &Sdp,
    local: SocketAddr,
    origin: &mut Origin,
) -> Result<Bytes, NegotiationError> {
    todo!()
}

/// Our answer to the first side, made from the other side's answer to what [`relay_offer`] wrote.
///
/// Has the streams of `offer`, the first side's own, in number and order (RFC 3264 section 6);
/// `a=rtcp-mux` only if `offer` has it; and a direction that the offered one allows, even if the
/// other side answered wrongly.
pub fn relay_answer(
    offer: &Sdp,
    answer: &Sdp,
    local: SocketAddr,
    origin: &mut Origin,
) -> Result<Bytes, NegotiationError> {
    todo!()
}
