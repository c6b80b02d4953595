//! A call's messages as people look at them.

use super::{Direction, Record};
use crate::{
    header::HeaderName,
    message::Message,
    parse::{Framing, parse},
    transport::Transport,
};
use base::UnixMillis;
use bytes::Bytes;
use std::{
    fmt::{self, Write as _},
    net::SocketAddr,
};

/// Who said what to whom, in order. Its [`Display`](fmt::Display) draws it in text.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Ladder {
    /// Who took part: the first peer, ourselves, then the other peers as they came in.
    pub parties: Vec<Party>,
    /// One a message.
    pub rungs: Vec<Rung>,
    /// How many messages were dropped from the middle of a long call.
    pub left_out: usize,
}

/// One column.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Party {
    /// Tandem.
    Us,
    /// A peer.
    Peer(SocketAddr),
}

/// One message.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Rung {
    /// When it was sent or received.
    pub at: UnixMillis,
    /// Milliseconds since the first message.
    pub after_ms: i64,
    /// Sender, as an index into [`Ladder::parties`].
    pub from: usize,
    /// Receiver, as an index into [`Ladder::parties`].
    pub to: usize,
    /// How it travelled.
    pub transport: Transport,
    /// Its Call-ID; empty if it cannot be read.
    pub sip_call_id: String,
    /// For example `INVITE (SDP)` or `180 Ringing (INVITE)`.
    pub summary: String,
    /// The whole message; control characters and what is not UTF-8 are escaped.
    pub text: String,
}

impl Ladder {
    pub(super) fn new(records: &[Record], left_out: usize) -> Self {
        let parties = parties(records);
        let start = records.first().map_or(0, |it| it.at.0);
        let rungs = records.iter().map(|it| Rung::new(it, &parties, start)).collect();
        Self { parties, rungs, left_out }
    }
}

impl Rung {
    fn new(record: &Record, parties: &[Party], start: i64) -> Self {
        let column = |party| parties.iter().position(|it| *it == party).unwrap_or_default();
        let (us, peer) = (column(Party::Us), column(Party::Peer(record.peer)));
        let (from, to) = match record.direction {
            Direction::Sent => (us, peer),
            Direction::Received => (peer, us),
        };
        let message = parse(&record.bytes, Framing::Datagram).ok();
        let call_id = message.as_ref().and_then(|it| it.headers().call_id().ok());
        Self {
            at: record.at,
            after_ms: record.at.0.saturating_sub(start),
            from,
            to,
            transport: record.transport,
            sip_call_id: call_id.map(|it| escaped(it, Breaks::Escape)).unwrap_or_default(),
            summary: summary(message.as_ref(), &record.bytes),
            text: escaped(&record.bytes, Breaks::Keep),
        }
    }
}

impl fmt::Display for Ladder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut heading = String::from("        ms ");
        for party in &self.parties {
            write!(heading, "{:^COLUMN$}", party.to_string())?;
        }
        writeln!(f, "{}", heading.trim_end())?;
        for rung in &self.rungs {
            writeln!(f, "{:>10} {}", rung.after_ms, self.line(rung).trim_end())?;
        }
        match self.left_out {
            0 => Ok(()),
            count => writeln!(f, "{count} messages from the middle are not kept"),
        }
    }
}

impl Ladder {
    /// A lifeline a party, and the arrow between two of them.
    fn line(&self, rung: &Rung) -> String {
        let lifeline = |party: usize| party * COLUMN + COLUMN / 2;
        let mut cells = vec![' '; self.parties.len() * COLUMN];
        for party in 0..self.parties.len() {
            cells[lifeline(party)] = '|';
        }
        if rung.from == rung.to {
            return cells.into_iter().collect::<String>() + &rung.summary;
        }
        let (from, to) = (lifeline(rung.from), lifeline(rung.to));
        let arrow = from.min(to) + 1..from.max(to);
        cells[arrow.clone()].fill('-');
        let head = if from < to { arrow.end - 1 } else { arrow.start };
        cells[head] = if from < to { '>' } else { '<' };
        let room = COLUMN - 6;
        let label = shortened(&rung.summary, room);
        let start = arrow.start + (arrow.len() - label.chars().count()) / 2;
        for (cell, char) in cells[start..].iter_mut().zip(label.chars()) {
            *cell = char;
        }
        cells.into_iter().collect()
    }
}

impl fmt::Display for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Us => f.write_str("Tandem"),
            Self::Peer(address) => address.fmt(f),
        }
    }
}

fn parties(records: &[Record]) -> Vec<Party> {
    let mut parties = Vec::new();
    for record in records {
        let peer = Party::Peer(record.peer);
        if !parties.contains(&peer) {
            parties.push(peer);
        }
        if parties.len() == 1 {
            parties.push(Party::Us);
        }
    }
    parties
}

fn summary(message: Option<&Message>, bytes: &Bytes) -> String {
    let Some(message) = message else {
        let line_end = bytes.iter().position(|it| matches!(it, b'\r' | b'\n'));
        return escaped(&bytes[..line_end.unwrap_or(bytes.len())], Breaks::Escape);
    };
    let headers = message.headers();
    let is_sdp = headers
        .text(&HeaderName::ContentType)
        .is_some_and(|it| it.to_ascii_lowercase().starts_with("application/sdp"));
    let sdp = is_sdp && !message.body().is_empty();
    match message {
        Message::Request(request) => {
            let method = escaped(request.method.as_bytes(), Breaks::Escape);
            if sdp { format!("{method} (SDP)") } else { method }
        }
        Message::Response(response) => {
            let method = headers.cseq().map(|it| escaped(it.method.as_bytes(), Breaks::Escape));
            let method = method.unwrap_or_default();
            let reason = escaped(&response.reason, Breaks::Escape);
            let sdp = if sdp { ", SDP" } else { "" };
            format!("{} {reason} ({method}{sdp})", response.status)
        }
    }
}

/// At most `room` characters; an ellipsis tells that more is missing.
fn shortened(text: &str, room: usize) -> String {
    if text.chars().count() <= room {
        return text.to_owned();
    }
    text.chars().take(room - 1).chain(['…']).collect()
}

#[derive(Clone, Copy)]
enum Breaks {
    /// Line ends become line feeds.
    Keep,
    /// Everything stays on one line.
    Escape,
}

/// `bytes` as text that cannot drive a terminal: control and direction characters, and bytes that
/// are no UTF-8, are written as escapes.
fn escaped(bytes: &[u8], breaks: Breaks) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        let mut chars = chunk.valid().chars().peekable();
        while let Some(char) = chars.next() {
            match (char, breaks) {
                ('\r', Breaks::Keep) if chars.peek() == Some(&'\n') => {}
                ('\n' | '\t', Breaks::Keep) => text.push(char),
                _ if char.is_control() || is_direction(char) => text.extend(char.escape_default()),
                _ => text.push(char),
            }
        }
        for byte in chunk.invalid() {
            text.extend(byte.escape_ascii().map(char::from));
        }
    }
    text
}

/// Characters that reorder the text around them.
fn is_direction(char: char) -> bool {
    matches!(char, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Width of a column, in characters.
const COLUMN: usize = 36;
