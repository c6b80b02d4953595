//! What a phone does with requests.

use super::{
    Errand, GIVE_UP, Line, LineState, Manner, Phone, Purpose, RING_MAX, T1, T2, Then, sdp,
};
use crate::wire::{self, Heard};
use bytes::Bytes;
use std::time::{Duration, Instant};

/// By branch and method: which request was answered with what.
pub(super) type Cached = (String, String);

/// A final response to INVITE that waits for its ACK.
#[derive(Debug)]
pub(super) struct Unacked {
    call_id: String,
    cseq: u32,
    local_tag: String,
    bytes: Bytes,
    next: Option<Instant>,
    interval: Duration,
    until: Instant,
    is_success: bool,
}

impl Unacked {
    pub(super) fn due(&self) -> Instant {
        self.next.map_or(self.until, |it| it.min(self.until))
    }

    pub(super) fn blocks_bye_of(&self, line: &Line) -> bool {
        self.is_success && self.call_id == line.call_id && self.local_tag == line.local_tag
    }
}

impl Phone {
    pub(crate) fn handle_datagram(&mut self, now: Instant, bytes: &Bytes) {
        if !self.is_on {
            return;
        }
        let heard = Heard::read(bytes).unwrap_or_else(|error| {
            panic!("rsip cannot read what the switch wrote: {error}\n{bytes:?}")
        });
        match heard.method() {
            Some(method) => self.handle_request(now, &method, &heard),
            None => self.handle_response(now, &heard),
        }
    }

    fn handle_request(&mut self, now: Instant, method: &str, request: &Heard) {
        if method == "ACK" {
            self.handle_ack(now, request);
            return;
        }
        if let Some(reply) = self.replies.get(&(request.branch(), method.to_owned())) {
            self.outputs.push(reply.clone());
            return;
        }
        if method == "NOTIFY"
            && let Some(n) = self.subscription_of(request)
        {
            self.handle_notify(n, request);
            return;
        }
        if method == "MESSAGE" && request.to_tag().is_none() {
            self.handle_text(request);
            return;
        }
        let is_signed =
            ["Authorization", "Proxy-Authorization"].iter().any(|it| request.value(it).is_some());
        self.credentials_seen += usize::from(is_signed);
        let line = self.line_of(request);
        if line.is_some()
            && let Some(gate) = self.gate.as_mut().filter(|it| it.asks_inside)
            && !gate.admits(method, request)
        {
            let status = gate.status();
            return match method {
                "INVITE" => self.reply_finally(now, request, status, None, None),
                _ => self.reply(request, status, None, None),
            };
        }
        match (method, line) {
            ("INVITE", Some(line)) => self.handle_reinvite(now, line, request),
            ("INVITE", None) if request.to_tag().is_none() => self.handle_call(now, request),
            ("REGISTER", None) => self.handle_register(request),
            ("OPTIONS", None) => self.handle_options(request),
            ("CANCEL", _) => self.handle_cancel(now, request),
            ("BYE", Some(line)) => self.handle_bye(now, line, request),
            ("NOTIFY", Some(line)) => {
                let fragment = request.body().unwrap_or_default();
                let status = fragment.split(' ').nth(1).and_then(|it| it.parse::<u16>().ok());
                self.lines[line].notified.extend(status);
                self.reply(request, 200, None, None);
            }
            ("INFO" | "OPTIONS", Some(_)) => self.reply(request, 200, None, None),
            (_, Some(_)) => self.reply(request, 405, None, None),
            (_, None) => self.reply(request, 481, None, None),
        }
    }

    /// The live dialog of a request.
    fn line_of(&self, request: &Heard) -> Option<usize> {
        let (call_id, tag) = (request.call_id(), request.to_tag()?);
        self.lines
            .iter()
            .position(|it| it.call_id == call_id && it.local_tag == tag && it.is_live())
    }

    // === Being called ===

    fn handle_options(&mut self, request: &Heard) {
        self.options_seen += 1;
        if let Some(status) = self.options_status {
            self.reply(request, status, None, None);
        }
    }

    /// As a carrier's registrar does; one that registers nobody says nothing.
    fn handle_register(&mut self, request: &Heard) {
        self.registers_seen += 1;
        if self.grants_s.is_none() {
            return;
        }
        if let Some(gate) = &mut self.gate
            && !gate.admits("REGISTER", request)
        {
            let status = gate.status();
            return self.reply(request, status, None, None);
        }
        self.registered_contacts.extend(request.value("Contact"));
        self.registers_ended += usize::from(request.value("Expires").as_deref() == Some("0"));
        self.reply(request, 200, None, None);
    }

    fn handle_call(&mut self, now: Instant, request: &Heard) {
        if let Some(gate) = &mut self.gate
            && !gate.admits("INVITE", request)
        {
            let status = gate.status();
            return self.reply_finally(now, request, status, None, None);
        }
        let line = self.ringing_line(request);
        self.reply(request, 100, None, None);

        let Manner { rings_after, early_media_after, then } = self.manner;
        if let Some(delay) = rings_after {
            self.later(now + delay, Errand::Ring(line));
        }
        // Nobody rings for ever, should the CANCEL never come.
        self.later(now + RING_MAX, Errand::Refuse(line, 480));
        if let Some(delay) = early_media_after {
            self.later(now + delay, Errand::EarlyMedia(line));
        }
        match then {
            Then::Answer(delay) => self.later(now + delay, Errand::Answer(line)),
            Then::AnswerWithoutSdp(delay) => {
                self.later(now + delay, Errand::AnswerWithoutSdp(line));
            }
            Then::AnswerTwice(delay, distance) => {
                self.later(now + delay, Errand::Answer(line));
                self.later(now + delay + distance, Errand::AnswerAsSecondDevice(line));
            }
            Then::Refuse(delay, status) => self.later(now + delay, Errand::Refuse(line, status)),
            Then::Ignore => {}
        }
    }

    fn ringing_line(&mut self, invite: &Heard) -> usize {
        let line = self.new_line(false);
        let it = &mut self.lines[line];
        it.call_id = invite.call_id();
        it.local_uri = invite.to_uri();
        it.remote_uri = invite.from_uri();
        it.remote_tag = invite.from_tag();
        it.target = invite.contact_uri().expect("an INVITE has a Contact");
        it.remote_cseq = invite.cseq().0;
        it.headers = invite.rows();
        it.invite = Some(invite.clone());
        line
    }

    pub(super) fn say_progress(&mut self, line: usize, status: u16, with_sdp: bool) {
        if self.lines[line].state != LineState::Ringing {
            return;
        }
        let Some(invite) = self.lines[line].invite.clone() else { return };
        let body = if with_sdp { self.description_for(line, &invite) } else { None };
        self.lines[line].statuses.push(status);
        self.reply(&invite, status, Some(line), body);
    }

    pub(super) fn pick_up(&mut self, now: Instant, line: usize, with_sdp: bool) {
        if self.lines[line].state != LineState::Ringing {
            return;
        }
        let Some(invite) = self.lines[line].invite.clone() else { return };
        let body = self.description_for(line, &invite);
        if body.is_none() {
            return self.refuse(now, line, 488);
        }
        let body = body.filter(|_| with_sdp);
        let it = &mut self.lines[line];
        it.awaits_answer = invite.body().is_none();
        it.state = LineState::Talking;
        it.answered_at = Some(now);
        it.statuses.push(200);
        self.reply_finally(now, &invite, 200, Some(line), body);
    }

    /// Another device of the same user, behind a proxy that forked, answers as well.
    pub(super) fn pick_up_as_second_device(&mut self, now: Instant, first: usize) {
        let Some(invite) = self.lines[first].invite.clone() else { return };
        let line = self.ringing_line(&invite);
        self.pick_up(now, line, true);
    }

    pub(super) fn refuse(&mut self, now: Instant, line: usize, status: u16) {
        if self.lines[line].state != LineState::Ringing {
            return;
        }
        let Some(invite) = self.lines[line].invite.clone() else { return };
        self.lines[line].statuses.push(status);
        self.end_line(now, line);
        self.reply_finally(now, &invite, status, Some(line), None);
    }

    /// Our answer to the offer of an INVITE, or our offer if it has none; `None` if nothing fits.
    fn description_for(&mut self, line: usize, invite: &Heard) -> Option<String> {
        let it = &mut self.lines[line];
        match invite.body().as_deref().and_then(sdp::read) {
            Some(offer) => it.answer(&offer),
            None => Some(it.offer(it.wish)),
        }
    }

    // === In a call ===

    fn handle_reinvite(&mut self, now: Instant, line: usize, request: &Heard) {
        let is_busy = self.pending.iter().any(|it| it.purpose == Purpose::Reinvite(line));
        let it = &mut self.lines[line];
        let (cseq, _) = request.cseq();
        if cseq <= it.remote_cseq {
            return self.reply_finally(now, request, 500, Some(line), None);
        }
        it.remote_cseq = cseq;
        if it.state != LineState::Talking || is_busy {
            return self.reply_finally(now, request, 491, Some(line), None);
        }
        if let Some(target) = request.contact_uri() {
            it.target = target;
        }
        let Some(body) = self.description_for(line, request) else {
            return self.reply_finally(now, request, 488, Some(line), None);
        };
        self.lines[line].awaits_answer = request.body().is_none();
        self.reply_finally(now, request, 200, Some(line), Some(body));
    }

    fn handle_bye(&mut self, now: Instant, line: usize, request: &Heard) {
        self.reply(request, 200, None, None);
        let it = &mut self.lines[line];
        it.headers = request.rows();
        if let (LineState::Ringing, Some(invite)) = (it.state, it.invite.clone()) {
            self.reply_finally(now, &invite, 487, Some(line), None);
        }
        self.end_line(now, line);
    }

    fn handle_cancel(&mut self, now: Instant, request: &Heard) {
        let call_id = request.call_id();
        let is_cancelled = |it: &Line| {
            it.call_id == call_id
                && it.invite.as_ref().is_some_and(|it| it.branch() == request.branch())
        };
        let Some(line) = self.lines.iter().position(is_cancelled) else {
            return self.reply(request, 481, None, None);
        };
        self.reply(request, 200, None, None);
        self.lines[line].headers = request.rows();
        self.refuse(now, line, 487);
    }

    fn handle_ack(&mut self, now: Instant, request: &Heard) {
        let (call_id, (cseq, _)) = (request.call_id(), request.cseq());
        let tag = request.to_tag().unwrap_or_default();
        self.unacked
            .retain(|it| !(it.call_id == call_id && it.cseq == cseq && it.local_tag == tag));
        let Some(line) = self.line_of(request) else { return };
        let it = &mut self.lines[line];
        if let Some(answer) = request.body().as_deref().and_then(sdp::read)
            && std::mem::take(&mut it.awaits_answer)
        {
            it.accept(&answer);
        }
        if std::mem::take(&mut it.wants_to_leave) {
            self.hang_up(now, line);
        }
    }

    // === Replies ===

    fn reply_finally(
        &mut self,
        now: Instant,
        request: &Heard,
        status: u16,
        line: Option<usize>,
        body: Option<String>,
    ) {
        let bytes = self.reply_bytes(request, status, line, body);
        self.remember(request, bytes.clone());
        let is_repeated = status < 300 || !self.is_reliable();
        self.unacked.push(Unacked {
            call_id: request.call_id(),
            cseq: request.cseq().0,
            local_tag: line.map(|it| self.lines[it].local_tag.clone()).unwrap_or_default(),
            bytes,
            next: is_repeated.then(|| now + T1),
            interval: T1,
            until: now + GIVE_UP,
            is_success: status < 300,
        });
    }

    fn reply(&mut self, request: &Heard, status: u16, line: Option<usize>, body: Option<String>) {
        let bytes = self.reply_bytes(request, status, line, body);
        self.remember(request, bytes);
    }

    pub(super) fn reply_plainly(&mut self, request: &Heard, status: u16) {
        self.reply(request, status, None, None);
    }

    fn remember(&mut self, request: &Heard, bytes: Bytes) {
        let (branch, (_, method)) = (request.branch(), request.cseq());
        self.replies.insert((branch, method), bytes.clone());
        self.outputs.push(bytes);
    }

    fn reply_bytes(
        &mut self,
        request: &Heard,
        status: u16,
        line: Option<usize>,
        body: Option<String>,
    ) -> Bytes {
        let mut headers = request.repeated();
        if request.to_tag().is_none() && status > 100 {
            let tag = match line {
                Some(line) => self.lines[line].local_tag.clone(),
                None => self.rng.hex(8),
            };
            let to = headers.iter_mut().find(|(name, _)| *name == "To");
            let (_, to) = to.expect("a request has a To");
            to.push_str(";tag=");
            to.push_str(&tag);
        }
        if line.is_some() && status < 300 {
            headers.push(("Contact", self.contact()));
        }
        if let (true, Some(granted)) = (request.cseq().1 == "REGISTER", self.grants_s)
            && status == 200
        {
            let contact = request.value("Contact").unwrap_or_default();
            headers.push(("Contact", format!("{contact};expires={granted}")));
        }
        if (300..400).contains(&status) {
            headers.extend(self.redirects_to.iter().map(|it| ("Contact", it.clone())));
        }
        if let Some(gate) = self.gate.as_mut().filter(|it| it.status() == status) {
            headers.push(gate.challenge());
        }
        wire::response(status, &headers, body.as_deref())
    }

    pub(super) fn repeat_unacked(&mut self, now: Instant) {
        let mut abandoned = Vec::new();
        for it in &mut self.unacked {
            if it.until <= now {
                abandoned.push((it.call_id.clone(), it.local_tag.clone(), it.is_success));
            } else if it.next.is_some_and(|at| at <= now) {
                it.interval = (it.interval * 2).min(T2);
                it.next = Some(now + it.interval);
                self.outputs.push(it.bytes.clone());
            }
        }
        self.unacked.retain(|it| it.until > now);
        for (call_id, tag, is_success) in abandoned {
            self.unacknowledged += usize::from(is_success);
            let line = self
                .lines
                .iter()
                .position(|it| it.call_id == call_id && it.local_tag == tag && it.is_live());
            if let (Some(line), true) = (line, is_success) {
                self.hang_up(now, line);
            }
        }
    }
}
