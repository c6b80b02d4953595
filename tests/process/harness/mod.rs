//! What the whole-process tests stand on: the server itself, phones and tools that this project did
//! not write, and their clean-up.
//!
//! Each test has a server of its own, on ports of its own, in a folder of its own.

mod audio;
mod baresip;
mod cdr;
mod ports;
mod process;
mod server;
mod sipp;
mod wait;
mod wire;

pub(crate) use audio::{Codec, Judge, Recording, one_audio_call_at_a_time};
pub(crate) use baresip::{Baresip, Phone};
pub(crate) use cdr::CdrRow;
pub(crate) use ports::PortBlock;
pub(crate) use process::{Outcome, Process};
pub(crate) use server::{Server, TRUNK_SLOT, Transport, tandem};
pub(crate) use sipp::{RunningSipp, Sipp, TraceEntry};
pub(crate) use wait::wait_for;
pub(crate) use wire::{UdpPeer, header, status_of};

use std::path::{Path, PathBuf};

/// A path inside the repository.
pub(crate) fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}
