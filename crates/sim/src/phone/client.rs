//! Requests of a phone, and what becomes of them.

use super::{Challenge, Errand, GIVE_UP, LineState, Phone, RING_MAX, T1, T2, sdp};
use crate::wire::{self, Heard};
use bytes::Bytes;
use std::time::{Duration, Instant};

/// A request that waits for its final response.
#[derive(Debug)]
pub(super) struct Pending {
    branch: String,
    pub(super) purpose: Purpose,
    draft: Draft,
    bytes: Bytes,
    /// When it is sent again; `None` once that is not needed.
    next: Option<Instant>,
    interval: Duration,
    until: Instant,
    has_provisional: bool,
    times_authorized: u32,
}

/// What a request is for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Purpose {
    Register,
    Invite(usize),
    Reinvite(usize),
    Cancel,
    Bye(usize),
    Subscribe(usize),
    Text,
    Odd,
}

/// A request without what each sending adds.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    pub(super) method: &'static str,
    pub(super) uri: String,
    pub(super) from: String,
    pub(super) to: String,
    pub(super) call_id: String,
    pub(super) cseq: u32,
    pub(super) extra: Vec<(&'static str, String)>,
    pub(super) body: Option<String>,
}

impl Pending {
    pub(super) fn due(&self) -> Instant {
        self.next.map_or(self.until, |it| it.min(self.until))
    }
}

impl Phone {
    // === Sending ===

    pub(super) fn send_register(&mut self, now: Instant, expires_s: u32) {
        self.register_cseq += 1;
        let us = format!("<sip:{}@{}>", self.signs_as, self.domain);
        let tag = self.rng.hex(8);
        let draft = Draft {
            method: "REGISTER",
            uri: format!("sip:{}", self.domain),
            from: format!("{us};tag={tag}"),
            to: us,
            call_id: self.register_call_id.clone(),
            cseq: self.register_cseq,
            extra: vec![("Contact", self.contact()), ("Expires", expires_s.to_string())],
            body: None,
        };
        self.send(now, Purpose::Register, draft);
    }

    pub(super) fn send_invite(
        &mut self,
        now: Instant,
        line: usize,
        purpose: Purpose,
        body: Option<String>,
    ) {
        let has_offer = body.is_some();
        let mut draft = self.in_dialog("INVITE", line, body);
        if !has_offer {
            self.lines[line].late_offers.push(draft.cseq);
        }
        draft.extra.push(("Contact", self.contact()));
        draft.extra.extend(self.invite_headers.iter().cloned());
        self.send(now, purpose, draft);
    }

    /// A request of a line, with the next CSeq.
    pub(super) fn in_dialog(
        &mut self,
        method: &'static str,
        line: usize,
        body: Option<String>,
    ) -> Draft {
        let it = &mut self.lines[line];
        it.cseq += 1;
        Draft {
            method,
            uri: it.target.clone(),
            from: format!("<{}>;tag={}", it.local_uri, it.local_tag),
            to: match &it.remote_tag {
                Some(tag) => format!("<{}>;tag={tag}", it.remote_uri),
                None => format!("<{}>", it.remote_uri),
            },
            call_id: it.call_id.clone(),
            cseq: it.cseq,
            extra: Vec::new(),
            body,
        }
    }

    pub(super) fn send(&mut self, now: Instant, purpose: Purpose, draft: Draft) {
        self.send_again(now, purpose, draft, 0);
    }

    fn send_again(
        &mut self,
        now: Instant,
        purpose: Purpose,
        mut draft: Draft,
        times_authorized: u32,
    ) {
        // In a dialog nobody asks who we are.
        let is_challenged =
            !draft.to.contains(";tag=") && (times_authorized > 0 || !self.forgets_challenges);
        if let Some(challenge) = self.challenge.as_mut().filter(|_| is_challenged) {
            let cnonce = self.rng.hex(8);
            let value =
                challenge.answer(&self.number, &self.password, draft.method, &draft.uri, &cnonce);
            draft.extra.retain(|(name, _)| *name != "Authorization");
            draft.extra.push(("Authorization", value));
        }
        let branch = format!("z9hG4bK{}", self.rng.hex(16));
        let bytes = self.write(&draft, &branch);
        self.outputs.push(bytes.clone());
        self.pending.push(Pending {
            branch,
            purpose,
            draft,
            bytes,
            next: (!self.is_reliable()).then(|| now + T1),
            interval: T1,
            until: now + GIVE_UP,
            has_provisional: false,
            times_authorized,
        });
    }

    fn write(&self, draft: &Draft, branch: &str) -> Bytes {
        let Draft { method, uri, from, to, call_id, cseq, extra, body } = draft;
        let via = format!(
            "SIP/2.0/{} {};branch={branch};rport",
            self.transport.via_token(),
            self.address
        );
        let mut headers = vec![
            ("Via", via),
            ("Max-Forwards", "70".to_owned()),
            ("From", from.clone()),
            ("To", to.clone()),
            ("Call-ID", call_id.clone()),
            ("CSeq", format!("{cseq} {method}")),
        ];
        if let Some((_, hops)) = extra.iter().find(|(name, _)| *name == "Max-Forwards") {
            headers[1].1.clone_from(hops);
        }
        headers.extend(extra.iter().filter(|(name, _)| *name != "Max-Forwards").cloned());
        wire::request(method, uri, &headers, body.as_deref())
    }

    pub(super) fn cancel_if_possible(&mut self, now: Instant, line: usize) {
        let invite = self.pending.iter().find(|it| it.purpose == Purpose::Invite(line));
        let Some(invite) = invite.filter(|it| it.has_provisional) else { return };
        self.lines[line].wants_to_leave = false;
        let branch = invite.branch.clone();
        let draft =
            Draft { method: "CANCEL", extra: Vec::new(), body: None, ..invite.draft.clone() };
        let bytes = self.write(&draft, &branch);
        self.outputs.push(bytes.clone());
        self.pending.push(Pending {
            branch,
            purpose: Purpose::Cancel,
            draft,
            bytes,
            next: (!self.is_reliable()).then(|| now + T1),
            interval: T1,
            until: now + GIVE_UP,
            has_provisional: false,
            times_authorized: 0,
        });
    }

    // === Time ===

    pub(super) fn retransmit(&mut self, now: Instant) {
        let mut given_up = Vec::new();
        for (n, it) in self.pending.iter_mut().enumerate() {
            if it.until <= now {
                given_up.push(n);
            } else if it.next.is_some_and(|at| at <= now) {
                it.interval = match it.draft.method {
                    "INVITE" => it.interval * 2,
                    _ => (it.interval * 2).min(T2),
                };
                it.next = Some(now + it.interval);
                self.outputs.push(it.bytes.clone());
            }
        }
        for n in given_up.into_iter().rev() {
            let it = self.pending.remove(n);
            self.handle_silence(now, it.purpose);
        }
    }

    fn handle_silence(&mut self, now: Instant, purpose: Purpose) {
        match purpose {
            Purpose::Register => self.registered = Some(408),
            Purpose::Invite(line) => {
                self.lines[line].statuses.push(408);
                self.end_line(now, line);
            }
            Purpose::Reinvite(line) => {
                self.lines[line].changes.push(408);
                self.hang_up(now, line);
            }
            Purpose::Bye(line) => self.lines[line].bye = Some(408),
            Purpose::Cancel => {}
            Purpose::Subscribe(n) => self.handle_subscribe_silence(n),
            Purpose::Text => self.text_statuses.push(408),
            Purpose::Odd => self.odd_statuses.push(408),
        }
    }

    // === Responses ===

    pub(super) fn handle_response(&mut self, now: Instant, response: &Heard) {
        let status = response.status().expect("a response has a status");
        let (branch, (_, method)) = (response.branch(), response.cseq());
        let found =
            self.pending.iter().position(|it| it.branch == branch && it.draft.method == method);
        let Some(n) = found else {
            self.handle_repeated_response(now, response, status);
            return;
        };
        if status < 200 {
            self.handle_provisional(now, n, response, status);
            return;
        }
        let it = self.pending.remove(n);
        if method == "INVITE" && status >= 300 {
            self.ack_refusal(&it, response);
        }
        if status == 401 && self.authorize(now, &it, response) {
            return;
        }
        self.handle_final(now, it.purpose, response, status);
    }

    fn handle_provisional(&mut self, now: Instant, n: usize, response: &Heard, status: u16) {
        let it = &mut self.pending[n];
        it.has_provisional = true;
        if it.draft.method == "INVITE" {
            it.next = None;
            it.until = now + RING_MAX;
        } else {
            it.interval = T2;
        }
        if let Purpose::Invite(line) = it.purpose {
            let heard = &mut self.lines[line];
            heard.statuses.push(status);
            if let (Some(tag), Some(target)) = (response.to_tag(), response.contact_uri()) {
                heard.remote_tag = Some(tag);
                heard.target = target;
            }
            if let Some(answer) = response.body().as_deref().and_then(sdp::read) {
                heard.accept(&answer);
            }
            if heard.wants_to_leave {
                self.cancel_if_possible(now, line);
            }
        }
    }

    fn handle_final(&mut self, now: Instant, purpose: Purpose, response: &Heard, status: u16) {
        match purpose {
            Purpose::Register => self.handle_registered(now, response, status),
            Purpose::Invite(line) => self.handle_invite_final(now, line, response, status),
            Purpose::Reinvite(line) => {
                self.lines[line].changes.push(status);
                if status < 300 {
                    self.confirm(line, response);
                } else if matches!(status, 408 | 481) {
                    self.hang_up(now, line);
                }
            }
            Purpose::Bye(line) => self.lines[line].bye = Some(status),
            Purpose::Cancel => {}
            Purpose::Subscribe(n) => self.handle_subscribed(n, response, status),
            Purpose::Text => self.text_statuses.push(status),
            Purpose::Odd => self.odd_statuses.push(status),
        }
    }

    fn handle_registered(&mut self, now: Instant, response: &Heard, status: u16) {
        self.registered = Some(status);
        if status >= 300 {
            self.last_refusal = response.rows();
        }
        self.stop_refreshing();
        let rows = response.values("Contact");
        let ours = rows.iter().find(|it| it.contains(&self.address.to_string()));
        let expires_s = ours.and_then(|it| {
            let value = it.split("expires=").nth(1)?;
            value.split(';').next()?.parse::<u64>().ok()
        });
        if let (200, Some(expires_s)) = (status, expires_s) {
            self.later(now + Duration::from_secs(expires_s / 2), Errand::Refresh);
        }
    }

    fn handle_invite_final(&mut self, now: Instant, line: usize, response: &Heard, status: u16) {
        let it = &mut self.lines[line];
        it.statuses.push(status);
        response.reason().clone_into(&mut it.reason);
        it.headers = response.rows();
        if status >= 300 {
            self.end_line(now, line);
            return;
        }
        it.remote_tag = response.to_tag();
        it.answered_at = Some(now);
        it.state = LineState::Talking;
        self.confirm(line, response);
        if self.lines[line].wants_to_leave {
            self.hang_up(now, line);
        }
    }

    /// ACKs a 2xx, with an answer if it brought an offer.
    fn confirm(&mut self, line: usize, response: &Heard) {
        let (cseq, _) = response.cseq();
        let it = &mut self.lines[line];
        if let Some(target) = response.contact_uri() {
            it.target = target;
        }
        let description = response.body().as_deref().and_then(sdp::read);
        let description = description.expect("a 2xx of the switch brings a description");
        let was_offered = self.offered_in(line, cseq);
        let it = &mut self.lines[line];
        let body = if was_offered {
            it.accept(&description);
            None
        } else {
            Some(it.answer(&description).expect("the switch offers what phones can"))
        };
        let next_cseq = it.cseq;
        let mut draft = self.in_dialog("ACK", line, body);
        draft.cseq = cseq;
        self.lines[line].cseq = next_cseq;
        let branch = format!("z9hG4bK{}", self.rng.hex(16));
        let bytes = self.write(&draft, &branch);
        self.lines[line].ack = Some((cseq, bytes.clone()));
        self.outputs.push(bytes);
    }

    /// Whether our INVITE of this number had an offer: else the 2xx makes one.
    fn offered_in(&self, line: usize, cseq: u32) -> bool {
        !self.lines[line].late_offers.contains(&cseq)
    }

    /// A response to nothing that waits: a repeated one is acknowledged again.
    fn handle_repeated_response(&mut self, now: Instant, response: &Heard, status: u16) {
        let (cseq, method) = response.cseq();
        if method != "INVITE" || status < 200 {
            return;
        }
        if status >= 300 {
            self.outputs.extend(self.acks.get(&response.branch()).cloned());
            return;
        }
        let (call_id, tag) = (response.call_id(), response.from_tag().unwrap_or_default());
        let line = self.lines.iter().find(|it| it.call_id == call_id && it.local_tag == tag);
        let ack = line.and_then(|it| it.ack.as_ref()).filter(|(it, _)| *it == cseq);
        match ack {
            Some((_, ack)) => self.outputs.push(ack.clone()),
            None => self.refuse_stray_answer(now, response),
        }
    }

    /// A 2xx to an INVITE that we gave up or forgot: ACK and BYE (RFC 3261 section 13.2.2.4).
    fn refuse_stray_answer(&mut self, now: Instant, response: &Heard) {
        let (cseq, _) = response.cseq();
        let (from, to) = (response.value("From"), response.value("To"));
        let draft = Draft {
            method: "ACK",
            uri: response.contact_uri().expect("a 2xx has a Contact"),
            from: from.expect("a response has a From"),
            to: to.expect("a response has a To"),
            call_id: response.call_id(),
            cseq,
            extra: Vec::new(),
            body: None,
        };
        let branch = format!("z9hG4bK{}", self.rng.hex(16));
        let bytes = self.write(&draft, &branch);
        self.outputs.push(bytes);
        self.send(now, Purpose::Odd, Draft { method: "BYE", cseq: cseq + 1, ..draft });
    }

    /// An ACK to a refusal belongs to the INVITE's transaction: same branch, same Request-URI.
    fn ack_refusal(&mut self, invite: &Pending, response: &Heard) {
        let draft = Draft {
            method: "ACK",
            to: response.value("To").expect("a response has a To"),
            extra: Vec::new(),
            body: None,
            ..invite.draft.clone()
        };
        let bytes = self.write(&draft, &invite.branch);
        self.acks.insert(invite.branch.clone(), bytes.clone());
        self.outputs.push(bytes);
    }

    /// Sends a challenged request again; false if that is hopeless.
    fn authorize(&mut self, now: Instant, it: &Pending, response: &Heard) -> bool {
        let rows = response.values("WWW-Authenticate");
        let challenge = Challenge::find(&rows, self.wants_sha256);
        let Some(challenge) = challenge else { return false };
        let is_hopeless = match it.times_authorized {
            // What we knew from earlier may be too old.
            0 => false,
            n => !challenge.is_stale || n > 3,
        };
        let had_credentials = it.draft.extra.iter().any(|(name, _)| *name == "Authorization");
        if is_hopeless || (had_credentials && !challenge.is_stale) {
            self.challenge = None;
            return false;
        }
        self.challenge = Some(challenge);
        let mut draft = it.draft.clone();
        draft.cseq += 1;
        match it.purpose {
            Purpose::Register => self.register_cseq = draft.cseq,
            Purpose::Invite(line) => self.lines[line].move_to_cseq(it.draft.cseq, draft.cseq),
            Purpose::Subscribe(n) => self.subscriptions[n].cseq = draft.cseq,
            Purpose::Reinvite(_)
            | Purpose::Cancel
            | Purpose::Bye(_)
            | Purpose::Text
            | Purpose::Odd => {}
        }
        if let Purpose::Invite(line) = it.purpose
            && self.lines[line].wants_to_leave
        {
            self.lines[line].statuses.push(487);
            self.end_line(now, line);
            return true;
        }
        self.send_again(now, it.purpose, draft, it.times_authorized + 1);
        true
    }
}
