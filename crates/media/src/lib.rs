//! Media, sans-IO: SDP negotiation, RTP and RTCP, the relay between two parties, codecs, tones,
//! prompts, hold music and conferences.
//!
//! Knows nothing of SIP. The worker threads of the shell own the sockets; what they do with each
//! packet is decided here.

pub mod audio_file;
mod cadence;
mod capture;
pub mod codec;
mod command;
mod converter;
pub mod detection;
mod dialler;
pub mod dtmf;
mod ears;
mod figures;
pub mod g711;
mod gain;
mod goertzel;
pub mod hearing;
mod jitter;
pub mod jitter_buffer;
mod latch;
pub mod level;
mod mixer;
mod outbox;
mod outgoing;
mod outlet;
mod packets;
mod party;
mod playout;
pub mod progress;
mod quality;
mod radio;
mod reception;
pub mod recording;
pub mod relay;
mod reports;
pub mod resample;
mod rtcp;
pub mod rtp;
pub mod sdp;
mod session;
pub mod sound;
mod stretch;
mod talk;
mod tone;
mod transcode;

pub use command::{
    Direction, Family, Format, MediaCommand, MediaEvent, PartyMode, PayloadMap, Playout, PortLease,
    RecordedSource, Remote, Rtcp, TapMode, Transcoding,
};
pub use figures::{FarStats, Figures, Quality, StreamStats};
pub use relay::{Channel, Counters, DropReason, Relay, Slot, TICK_LATE, Transmit};
