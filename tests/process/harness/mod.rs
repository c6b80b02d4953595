//! What the whole-process tests stand on: the server itself, phones and tools that this project did
//! not write, and their clean-up.
//!
//! Each test has a server of its own, on ports of its own, in a folder of its own.

mod audio;
mod baresip;
mod cdr;
mod linphone;
mod panel;
mod pjsua;
mod process;
mod rtp;
mod server;
mod signed;
mod sipp;
mod smtp;
mod stream;
mod wait;
mod watcher;
mod wire;

pub(crate) use audio::{
    Codec, Judge, Recording, Score, levels_of, one_audio_call_at_a_time, tones_heard,
};
pub(crate) use baresip::{Baresip, Phone};
pub(crate) use cdr::{
    CdrRow, MessageRow, RecordingRow, forget_call_log, kept_greetings, postgres_rows, while_locked,
    wrong_pins,
};
pub(crate) use linphone::Linphone;
pub(crate) use panel::{Visitor, array};
pub(crate) use pjsua::Pjsua;
pub(crate) use process::{Outcome, Process};
pub(crate) use rtp::{PACKET_TIME, media_address_for_callee, media_address_for_caller, rtp};
pub(crate) use server::{Server, TRUNK_SLOT, Transport, rtp_ports_of, tandem};
pub(crate) use signed::signed;
pub(crate) use sipp::{RunningSipp, Sipp, TraceEntry};
pub(crate) use smtp::MailServer;
pub(crate) use stream::TcpPeer;
pub(crate) use wait::wait_for;
pub(crate) use watcher::{Watcher, subscribe};
pub(crate) use wire::{UdpPeer, header, request, request_over, status_of};

use std::path::{Path, PathBuf};

/// A path inside the repository.
pub(crate) fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}
