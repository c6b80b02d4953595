//! One call as a phone has it.

use super::sdp::{self, AudioWay, Description};
use crate::wire::Heard;
use bytes::Bytes;
use std::{net::SocketAddr, time::Instant};

/// What phones can: A-law, µ-law, and telephone events.
pub(super) const FORMATS: &[u8] = &[8, 0, 101];

/// A call at a phone.
#[derive(Debug)]
pub struct Line {
    /// SIP's Call-ID.
    pub call_id: String,
    /// How far it is.
    pub state: LineState,
    /// Whether this phone called.
    pub is_caller: bool,
    /// Every status that its INVITE got, or that we gave it, in order.
    pub statuses: Vec<u16>,
    /// Reason phrase of the INVITE's last response.
    pub reason: String,
    /// Header rows of the INVITE's last response or, at a callee, of the INVITE.
    pub headers: Vec<(String, String)>,
    /// Final statuses of re-INVITEs of ours.
    pub changes: Vec<u16>,
    /// How a transfer that we asked for goes, as we were notified.
    pub notified: Vec<u16>,
    /// Status of our BYE.
    pub bye: Option<u16>,
    /// When the 2xx came or went.
    pub answered_at: Option<Instant>,
    /// When BYE came or went, or the INVITE failed.
    pub ended_at: Option<Instant>,
    /// Where the phone receives.
    pub rtp: SocketAddr,
    /// Where the switch said that it receives.
    pub remote_rtp: Option<SocketAddr>,
    /// Which way audio flows, seen from the phone.
    pub way: AudioWay,

    pub(super) local_tag: String,
    pub(super) remote_tag: Option<String>,
    pub(super) local_uri: String,
    pub(super) remote_uri: String,
    pub(super) target: String,
    pub(super) cseq: u32,
    pub(super) remote_cseq: u32,
    /// The INVITE to answer.
    pub(super) invite: Option<Heard>,
    /// The CSeq and bytes of our last ACK to a 2xx, for those who repeat it.
    pub(super) ack: Option<(u32, Bytes)>,
    /// Our 2xx brought an offer; the ACK answers it.
    pub(super) awaits_answer: bool,
    /// CANCEL goes out as soon as a provisional response allows it, or BYE as soon as our 2xx is
    /// acknowledged.
    pub(super) wants_to_leave: bool,
    pub(super) sdp_version: u32,
    /// What our last offer said.
    pub(super) offered: AudioWay,
    /// What the user wants: to talk, or to keep the other side on hold.
    pub(super) wish: AudioWay,
    pub(super) formats: Vec<u8>,
    /// CSeq numbers of INVITEs of ours without an offer.
    pub(super) late_offers: Vec<u32>,
}

/// How far a call is at a phone.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LineState {
    /// We called; no final answer.
    Calling,
    /// We are called, and have not answered.
    Ringing,
    /// Answered.
    Talking,
    /// Over.
    Ended,
}

impl Line {
    /// The INVITE's final status.
    pub fn final_status(&self) -> Option<u16> {
        self.statuses.iter().copied().find(|it| *it >= 200)
    }

    /// The value of a header of [`Self::headers`].
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(it, _)| it.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// Length of the conversation as the phone saw it, in milliseconds.
    pub fn talk_ms(&self) -> Option<i64> {
        let talk = self.ended_at?.saturating_duration_since(self.answered_at?);
        i64::try_from(talk.as_millis()).ok()
    }

    /// What it offers and takes from here on, as payload types.
    pub fn set_formats(&mut self, formats: &[u8]) {
        self.formats = formats.to_vec();
    }

    /// A challenged INVITE goes out again under a number of its own.
    pub(super) fn move_to_cseq(&mut self, from: u32, to: u32) {
        self.cseq = to;
        for cseq in self.late_offers.iter_mut().filter(|it| **it == from) {
            *cseq = to;
        }
    }

    /// The switch's side of its dialog, as a Replaces header names it.
    pub fn replaces(&self) -> String {
        let remote_tag = self.remote_tag.as_deref().unwrap_or_default();
        format!("{};to-tag={remote_tag};from-tag={}", self.call_id, self.local_tag)
    }

    /// Whether it is not over.
    pub fn is_live(&self) -> bool {
        self.state != LineState::Ended
    }

    pub(super) fn offer(&mut self, way: AudioWay) -> String {
        self.sdp_version += 1;
        self.offered = way;
        sdp::write(self.rtp, self.sdp_version, way, &self.formats)
    }

    /// The answer to an offer; `None` if nothing fits.
    pub(super) fn answer(&mut self, offer: &Description) -> Option<String> {
        let common: Vec<u8> =
            offer.formats.iter().copied().filter(|it| self.formats.contains(it)).collect();
        common.iter().find(|it| **it != 101)?;
        self.way = offer.way.answered(self.wish);
        self.remote_rtp = Some(offer.rtp);
        self.sdp_version += 1;
        Some(sdp::write(self.rtp, self.sdp_version, self.way, &common))
    }

    /// Takes in the answer to an offer of ours.
    pub(super) fn accept(&mut self, answer: &Description) {
        assert!(
            answer.formats.iter().all(|it| self.formats.contains(it)),
            "answered with formats that were not offered: {answer:?}"
        );
        self.remote_rtp = Some(answer.rtp);
        self.wish = self.offered;
        self.way = answer.way.answered(self.offered);
    }
}
