//! Media, sans-IO: SDP negotiation, RTP and RTCP, the relay between two parties, codecs, tones,
//! prompts and hold music.
//!
//! Knows nothing of SIP. The worker threads of the shell own the sockets; what they do with each
//! packet is decided here.

pub mod codec;
pub mod command;
pub mod dtmf;
pub mod g711;
pub mod hearing;
mod jitter;
pub mod jitter_buffer;
mod latch;
pub mod level;
mod outbox;
mod outgoing;
mod playout;
mod radio;
mod reception;
pub mod relay;
pub mod resample;
mod rtcp;
pub mod rtp;
pub mod sdp;
mod session;
pub mod sound;
mod stretch;
mod tone;
mod transcode;

pub use command::{
    Direction, Family, Format, MediaCommand, MediaEvent, PayloadMap, Playout, PortLease, Remote,
    Rtcp, StreamStats, Transcoding,
};
pub use relay::{Channel, Counters, DropReason, Relay, Slot, Transmit};
