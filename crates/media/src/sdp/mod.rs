//! Session descriptions (RFC 8866) and the offer/answer model (RFC 3264) of a B2BUA.
//!
//! Tolerant in, strict out: [`Sdp::parse`] keeps what it does not understand, and everything that
//! leaves is written in the order of the grammar with CRLF line ends. Each leg negotiates with us
//! alone: addresses, ports, RTCP, keys and ICE never cross from one leg to the other, codecs do.
//!
//! The usual relayed call, caller A and callee B:
//!
//! 1. A's offer arrives: [`relay_offer`] writes ours to B, with the codecs behind A's that we can
//!    translate into one of A's.
//! 2. B's answer arrives: [`relay_answer`] writes ours to A, [`agree`] tells both media sessions
//!    and the bridge between them. Speech is transcoded only if B took no codec of A's.
//! 3. A re-INVITE of either goes the same way with the roles as they are then; hold and resume are
//!    nothing but directions.
//!
//! A far end that may use some formats only has its descriptions, and our offers to it, limited by
//! [`Allowed`].
//!
//! Two who agreed with us one by one are brought together by [`join`].
//!
//! Endpoints that we play ourselves use [`answer_locally`], or [`offer_locally`] and
//! [`accept_answer`] when the INVITE brought no offer.

mod agreement;
mod allowed;
mod encode;
mod error;
mod formats;
pub mod limits;
mod local;
mod model;
mod origin;
mod parse;
mod places;
mod relay;
mod remote;
mod write;

pub use agreement::{Agreement, agree, join};
pub use allowed::Allowed;
pub use error::{NegotiationError, SdpError};
pub use formats::payload_map;
pub use local::{LocalAnswer, LocalCodec, accept_answer, answer_locally, offer_locally};
pub use model::{Connection, Line, MediaSection, Sdp};
pub use origin::Origin;
pub use relay::{relay_answer, relay_offer};
pub use remote::{RemoteSide, remote_side};
