//! A softphone: registers, calls, answers, holds, hangs up, each as its [`Manner`] or the test says.
//!
//! It trusts nothing that we wrote: what comes from the switch is read with `rsip`, and what that
//! cannot read fails the test.

mod client;
mod digest;
mod gate;
mod line;
mod sdp;
mod server;
mod texting;
mod watching;

pub use gate::Gate;
pub use line::{Line, LineState};
pub use sdp::AudioWay;
pub use watching::{Subscribed, Told};

use base::Rng;
use bytes::Bytes;
use client::{Draft, Pending, Purpose};
use digest::Challenge;
use server::{Cached, Unacked};
use sip::{FlowId, Transport};
use std::{
    collections::{BTreeMap, HashMap},
    net::SocketAddr,
    time::{Duration, Instant},
};

/// RFC 3261 section 17.1.1.1.
const T1: Duration = Duration::from_millis(500);
const T2: Duration = Duration::from_secs(4);
/// Timers B, F and H.
const GIVE_UP: Duration = Duration::from_secs(32);
/// Timer C's least value: how long an INVITE may ring.
const RING_MAX: Duration = Duration::from_secs(180);

/// What a phone does when it is called.
#[derive(Clone, Copy, Debug)]
pub struct Manner {
    /// When it says 180; `None` for never.
    pub rings_after: Option<Duration>,
    /// When it sends 183 with a description; `None` for never.
    pub early_media_after: Option<Duration>,
    /// How it goes on.
    pub then: Then,
}

/// How a phone goes on after ringing.
#[derive(Clone, Copy, Debug)]
pub enum Then {
    /// 200 so long after the INVITE.
    Answer(Duration),
    /// 200 without a description.
    AnswerWithoutSdp(Duration),
    /// 200 from two devices behind one proxy, the second so much later.
    AnswerTwice(Duration, Duration),
    /// This status so long after the INVITE.
    Refuse(Duration, u16),
    /// Rings on.
    Ignore,
}

impl Manner {
    /// Rings at once and answers after `delay`.
    pub fn answers_after(delay: Duration) -> Self {
        let rings_after = Some(Duration::ZERO);
        Self { rings_after, early_media_after: None, then: Then::Answer(delay) }
    }

    /// Refuses after `delay`.
    pub fn refuses_after(delay: Duration, status: u16) -> Self {
        let rings_after = Some(Duration::ZERO);
        Self { rings_after, early_media_after: None, then: Then::Refuse(delay, status) }
    }

    /// Rings until the other side gives up.
    pub fn ignores() -> Self {
        let rings_after = Some(Duration::ZERO);
        Self { rings_after, early_media_after: None, then: Then::Ignore }
    }
}

/// A phone.
#[derive(Debug)]
pub struct Phone {
    /// Its number, which is its user name.
    pub number: String,
    /// Its password.
    pub password: String,
    /// The name it signs with; its number, unless a test forges it.
    pub signs_as: String,
    /// The domain it belongs to.
    pub domain: String,
    /// What it does when called.
    pub manner: Manner,
    /// What it asks of whoever calls it, if it asks.
    pub gate: Option<Gate>,
    /// For how long it registers those who ask, in seconds; `None` for not at all.
    pub grants_s: Option<u32>,
    /// Contacts that registered with it, of each REGISTER that it took.
    pub registered_contacts: Vec<String>,
    /// REGISTERs that came to it.
    pub registers_seen: usize,
    /// Those among them that it took and that end a registration.
    pub registers_ended: usize,
    /// Requests with credentials that came to it.
    pub credentials_seen: usize,
    /// What it answers to OPTIONS outside dialogs; `None` for nothing at all.
    pub options_status: Option<u16>,
    /// OPTIONS outside dialogs that came to it.
    pub options_seen: usize,
    /// Its calls, oldest first.
    pub lines: Vec<Line>,
    /// The final status of the last REGISTER.
    pub registered: Option<u16>,
    /// How long it wants to be registered, in seconds; it refreshes at half of what it got.
    pub expires_s: u32,
    /// What it can, as payload types.
    pub formats: Vec<u8>,
    /// Further headers of its INVITEs.
    pub invite_headers: Vec<(&'static str, String)>,
    /// Contacts of its redirects.
    pub redirects_to: Vec<String>,
    /// Which digest algorithm it takes.
    pub wants_sha256: bool,
    /// Whether it waits for a challenge with each request, as load generators do.
    pub forgets_challenges: bool,
    /// Headers of the last refused REGISTER.
    pub last_refusal: Vec<(String, String)>,
    /// How many of its 2xx to INVITE were never acknowledged.
    pub unacknowledged: usize,
    /// Final statuses of requests of no call but REGISTER: for tests that ask odd things.
    pub odd_statuses: Vec<u16>,
    /// Its subscriptions, oldest first.
    pub subscriptions: Vec<Subscribed>,
    /// Final statuses of its MESSAGEs, in the order in which they came.
    pub text_statuses: Vec<u16>,
    /// Texts that it got, with their senders.
    pub texts: Vec<(String, String)>,
    /// What it answers to MESSAGE; `None` for nothing.
    pub answers_texts: Option<u16>,

    pub(crate) address: SocketAddr,
    pub(crate) transport: Transport,
    pub(crate) flow: FlowId,
    rng: Rng,
    is_on: bool,
    challenge: Option<Challenge>,
    register_call_id: String,
    register_cseq: u32,
    pending: Vec<Pending>,
    /// ACKs to refusals, by branch, for those who repeat them.
    acks: HashMap<String, Bytes>,
    replies: HashMap<Cached, Bytes>,
    unacked: Vec<Unacked>,
    agenda: BTreeMap<(Instant, u64), Errand>,
    errands: u64,
    calls_made: u64,
    outputs: Vec<Bytes>,
    hushed: Vec<SocketAddr>,
}

/// Where a phone is plugged in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Socket {
    pub(crate) address: SocketAddr,
    pub(crate) transport: Transport,
    pub(crate) flow: FlowId,
}

/// Something to do later.
#[derive(Clone, Copy, Debug)]
enum Errand {
    Refresh,
    Ring(usize),
    EarlyMedia(usize),
    Answer(usize),
    AnswerWithoutSdp(usize),
    AnswerAsSecondDevice(usize),
    Refuse(usize, u16),
}

impl Phone {
    pub(crate) fn new(number: &str, domain: &str, socket: Socket, mut rng: Rng) -> Self {
        Self {
            number: number.to_owned(),
            password: format!("demo-{number}"),
            signs_as: number.to_owned(),
            domain: domain.to_owned(),
            manner: Manner::answers_after(Duration::from_secs(2)),
            gate: None,
            grants_s: None,
            registered_contacts: Vec::new(),
            registers_seen: 0,
            registers_ended: 0,
            credentials_seen: 0,
            options_status: Some(200),
            options_seen: 0,
            lines: Vec::new(),
            registered: None,
            expires_s: 3600,
            formats: line::FORMATS.to_vec(),
            invite_headers: Vec::new(),
            redirects_to: Vec::new(),
            wants_sha256: socket.flow.0.is_multiple_of(2),
            forgets_challenges: false,
            last_refusal: Vec::new(),
            unacknowledged: 0,
            odd_statuses: Vec::new(),
            subscriptions: Vec::new(),
            text_statuses: Vec::new(),
            texts: Vec::new(),
            answers_texts: Some(200),
            address: socket.address,
            transport: socket.transport,
            flow: socket.flow,
            register_call_id: rng.hex(16),
            rng,
            is_on: true,
            challenge: None,
            register_cseq: 0,
            pending: Vec::new(),
            acks: HashMap::new(),
            replies: HashMap::new(),
            unacked: Vec::new(),
            agenda: BTreeMap::new(),
            errands: 0,
            calls_made: 0,
            outputs: Vec::new(),
            hushed: Vec::new(),
        }
    }

    // === What its user does ===

    /// Registers, and keeps registered.
    pub fn register(&mut self, now: Instant) {
        self.send_register(now, self.expires_s);
    }

    /// Unregisters its contact.
    pub fn unregister(&mut self, now: Instant) {
        self.stop_refreshing();
        self.send_register(now, 0);
    }

    /// Calls a number with an offer; returns the line.
    pub fn dial(&mut self, now: Instant, number: &str) -> usize {
        let uri = format!("sip:{number}@{}", self.domain);
        self.dial_uri(now, &uri, true)
    }

    /// Calls a number without an offer.
    pub fn dial_late(&mut self, now: Instant, number: &str) -> usize {
        let uri = format!("sip:{number}@{}", self.domain);
        self.dial_uri(now, &uri, false)
    }

    /// Calls a URI.
    pub fn dial_uri(&mut self, now: Instant, uri: &str, with_offer: bool) -> usize {
        let line = self.new_line(true);
        let local_uri = format!("sip:{}@{}", self.signs_as, self.domain);
        let it = &mut self.lines[line];
        it.call_id = self.rng.hex(20);
        it.local_uri = local_uri;
        uri.clone_into(&mut it.remote_uri);
        uri.clone_into(&mut it.target);
        let body = with_offer.then(|| it.offer(AudioWay::SendRecv));
        self.send_invite(now, line, Purpose::Invite(line), body);
        line
    }

    /// Gives up a call that is not answered.
    pub fn cancel(&mut self, now: Instant, line: usize) {
        if self.lines[line].state == LineState::Calling {
            self.lines[line].wants_to_leave = true;
            self.cancel_if_possible(now, line);
        }
    }

    /// Picks up.
    pub fn answer(&mut self, now: Instant, line: usize) {
        self.run_errand(now, Errand::Answer(line));
    }

    /// Says BYE; a callee waits for the ACK to its 2xx first (RFC 3261 section 15).
    pub fn hang_up(&mut self, now: Instant, line: usize) {
        let it = &mut self.lines[line];
        if it.state != LineState::Talking {
            return;
        }
        if self.unacked.iter().any(|unacked| unacked.blocks_bye_of(it)) {
            it.wants_to_leave = true;
            return;
        }
        self.end_line(now, line);
        let draft = self.in_dialog("BYE", line, None);
        self.send(now, Purpose::Bye(line), draft);
    }

    /// Says BYE to a call that rings, in place of CANCEL: a caller may (RFC 3261 section 15).
    pub fn hang_up_early(&mut self, now: Instant, line: usize) {
        let it = &self.lines[line];
        if it.state == LineState::Calling && it.remote_tag.is_some() {
            let draft = self.in_dialog("BYE", line, None);
            self.send(now, Purpose::Bye(line), draft);
        }
    }

    /// Puts the other side on hold.
    pub fn hold(&mut self, now: Instant, line: usize) {
        self.reinvite(now, line, AudioWay::SendOnly);
    }

    /// Takes the other side off hold.
    pub fn resume(&mut self, now: Instant, line: usize) {
        self.reinvite(now, line, AudioWay::SendRecv);
    }

    /// Re-INVITEs without an offer.
    pub fn reinvite_late(&mut self, now: Instant, line: usize) {
        if self.lines[line].state == LineState::Talking {
            self.send_invite(now, line, Purpose::Reinvite(line), None);
        }
    }

    /// Re-INVITEs with an offer.
    pub fn reinvite(&mut self, now: Instant, line: usize, way: AudioWay) {
        if self.lines[line].state == LineState::Talking {
            let body = self.lines[line].offer(way);
            self.send_invite(now, line, Purpose::Reinvite(line), Some(body));
        }
    }

    /// Hands the other side of a call on to a number.
    pub fn refer(&mut self, now: Instant, line: usize, number: &str) {
        let refer_to = format!("<sip:{number}@{}>", self.domain);
        self.send_refer(now, line, refer_to);
    }

    /// Hands the other side of a call on to the other side of another.
    pub fn refer_to_line(&mut self, now: Instant, line: usize, other: usize) {
        let it = &self.lines[other];
        let replaces = it.replaces().replace(';', "%3B").replace('=', "%3D");
        let number = it.remote_uri.trim_start_matches("sip:").to_owned();
        self.send_refer(now, line, format!("<sip:{number}?Replaces={replaces}>"));
    }

    /// The same, in words of the test's own.
    pub fn send_refer(&mut self, now: Instant, line: usize, refer_to: String) {
        let mut draft = self.in_dialog("REFER", line, None);
        draft.extra.push(("Refer-To", refer_to));
        draft.extra.push(("Contact", self.contact()));
        self.send(now, Purpose::Odd, draft);
    }

    /// Sends a request outside any call.
    pub fn ask(&mut self, now: Instant, method: &'static str, uri: &str) {
        let us = format!("<sip:{}@{}>", self.signs_as, self.domain);
        let tag = self.rng.hex(8);
        let draft = Draft {
            method,
            uri: uri.to_owned(),
            from: format!("{us};tag={tag}"),
            to: format!("<{uri}>"),
            call_id: self.rng.hex(16),
            cseq: 1,
            extra: Vec::new(),
            body: None,
        };
        self.send(now, Purpose::Odd, draft);
    }

    /// Presses a key in a call, and tells of it by INFO: of a body of one of the two types that there
    /// are.
    pub fn press_by_info(&mut self, now: Instant, line: usize, content_type: &str, key: &str) {
        let body = match content_type {
            "application/dtmf" => key.to_owned(),
            _ => format!("Signal={key}\r\nDuration=160\r\n"),
        };
        let mut draft = self.in_dialog("INFO", line, Some(body));
        draft.extra.push(("Content-Type", content_type.to_owned()));
        self.send(now, Purpose::Odd, draft);
    }

    /// Sends a request inside a call.
    pub fn ask_in_call(&mut self, now: Instant, method: &'static str, line: usize) {
        let draft = self.in_dialog(method, line, None);
        self.send(now, Purpose::Odd, draft);
    }

    /// Sends no audio any more, as with a broken cable to the media port.
    pub fn mute(&mut self, _now: Instant) {
        self.hushed.extend(self.lines.iter().filter(|it| it.is_live()).map(|it| it.rtp));
    }

    /// Loses power: calls, transactions and all memory are gone, and it hears nothing.
    pub fn crash(&mut self, now: Instant) {
        self.is_on = false;
        for line in 0..self.lines.len() {
            self.end_line(now, line);
        }
        self.pending.clear();
        self.acks.clear();
        self.replies.clear();
        self.unacked.clear();
        self.agenda.clear();
        self.challenge = None;
    }

    /// Has power again, and registers.
    pub fn restart(&mut self, now: Instant) {
        self.is_on = true;
        self.register_call_id = self.rng.hex(16);
        self.register(now);
    }

    /// Stops refreshing its registration.
    pub fn stop_refreshing(&mut self) {
        self.agenda.retain(|_, it| !matches!(it, Errand::Refresh));
    }

    // === Getters ===

    /// Where it is.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The newest line.
    pub fn last_line(&self) -> Option<&Line> {
        self.lines.last()
    }

    /// The number of the oldest line that is not over.
    pub fn live_line(&self) -> Option<usize> {
        self.lines.iter().position(Line::is_live)
    }

    /// Whether it has power.
    pub fn is_on(&self) -> bool {
        self.is_on
    }

    /// Whether it waits for nothing: no request, no ACK, no errand but a refresh.
    pub fn is_idle(&self) -> bool {
        let no_errands = self.agenda.values().all(|it| match it {
            Errand::Refresh => true,
            Errand::Ring(line)
            | Errand::EarlyMedia(line)
            | Errand::Answer(line)
            | Errand::AnswerWithoutSdp(line)
            | Errand::AnswerAsSecondDevice(line)
            | Errand::Refuse(line, _) => !self.lines[*line].is_live(),
        });
        self.pending.is_empty() && self.unacked.is_empty() && no_errands
    }

    // === What the city does ===

    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        while let Some(entry) = self.agenda.first_entry().filter(|it| it.key().0 <= now) {
            let errand = entry.remove();
            self.run_errand(now, errand);
        }
        self.retransmit(now);
        self.repeat_unacked(now);
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        let errand = self.agenda.keys().next().map(|(at, _)| *at);
        let pending = self.pending.iter().map(Pending::due).min();
        let unacked = self.unacked.iter().map(Unacked::due).min();
        [errand, pending, unacked].into_iter().flatten().min()
    }

    pub(crate) fn take_outputs(&mut self) -> Vec<Bytes> {
        std::mem::take(&mut self.outputs)
    }

    /// RTP addresses that went silent.
    pub(crate) fn take_hushed(&mut self) -> Vec<SocketAddr> {
        std::mem::take(&mut self.hushed)
    }

    // === Helpers ===

    fn run_errand(&mut self, now: Instant, errand: Errand) {
        match errand {
            Errand::Refresh => self.register(now),
            Errand::Ring(line) => self.say_progress(line, 180, false),
            Errand::EarlyMedia(line) => self.say_progress(line, 183, true),
            Errand::Answer(line) => self.pick_up(now, line, true),
            Errand::AnswerWithoutSdp(line) => self.pick_up(now, line, false),
            Errand::AnswerAsSecondDevice(line) => self.pick_up_as_second_device(now, line),
            Errand::Refuse(line, status) => self.refuse(now, line, status),
        }
    }

    fn later(&mut self, at: Instant, errand: Errand) {
        self.errands += 1;
        self.agenda.insert((at, self.errands), errand);
    }

    fn new_line(&mut self, is_caller: bool) -> usize {
        self.calls_made += 1;
        let port = 30_000 + u16::try_from(2 * (self.calls_made % 10_000)).expect("fits a port");
        self.lines.push(Line {
            call_id: String::new(),
            state: if is_caller { LineState::Calling } else { LineState::Ringing },
            is_caller,
            statuses: Vec::new(),
            reason: String::new(),
            headers: Vec::new(),
            changes: Vec::new(),
            notified: Vec::new(),
            bye: None,
            answered_at: None,
            ended_at: None,
            rtp: SocketAddr::new(self.address.ip(), port),
            remote_rtp: None,
            way: AudioWay::SendRecv,
            local_tag: self.rng.hex(8),
            remote_tag: None,
            local_uri: String::new(),
            remote_uri: String::new(),
            target: String::new(),
            cseq: 1,
            remote_cseq: 0,
            invite: None,
            ack: None,
            awaits_answer: false,
            wants_to_leave: false,
            sdp_version: 0,
            offered: AudioWay::SendRecv,
            wish: AudioWay::SendRecv,
            formats: self.formats.clone(),
            late_offers: Vec::new(),
        });
        self.lines.len() - 1
    }

    fn end_line(&mut self, now: Instant, line: usize) {
        let it = &mut self.lines[line];
        if it.is_live() {
            it.state = LineState::Ended;
            it.ended_at = Some(now);
            self.hushed.push(it.rtp);
        }
    }

    fn contact(&self) -> String {
        let transport = if self.transport.is_reliable() { ";transport=tcp" } else { "" };
        format!("<sip:{}@{}{transport}>", self.number, self.address)
    }

    fn is_reliable(&self) -> bool {
        self.transport.is_reliable()
    }
}
