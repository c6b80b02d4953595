//! Media, sans-IO: SDP negotiation, RTP and RTCP, the relay between two parties, tones and prompts.
//!
//! Knows nothing of SIP. The worker threads of the shell own the sockets; what they do with each
//! packet is decided here.

pub mod command;
pub mod sdp;

pub use command::{
    Direction, Family, Format, MediaCommand, MediaEvent, PayloadMap, Playout, PortLease, Remote,
    Rtcp, StreamStats,
};
