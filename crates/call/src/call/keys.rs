//! Keys in a call, however they come: between two who talk, and to us.

use super::{Call, State};
use crate::{context::Context, leg::RELAY_TYPE};
use bytes::Bytes;
use media::dtmf::Digit;
use sip::{
    ClientId, Header, HeaderName, Method, Request, ServerId, Status,
    endpoint::{Body, Reply},
};
use std::time::Duration;

/// A key out of an INFO.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct InfoKey {
    digit: Digit,
    held: Duration,
}

impl Call {
    /// A key of the caller, however it came, where it means something to us.
    pub(crate) fn handle_key(&mut self, ctx: &mut Context<'_>, leg: usize, digit: Digit) {
        if !self.take_pressed_code_key(ctx, leg, digit) {
            self.take_key(ctx, leg, digit);
        }
    }

    /// A key that orders nothing, where the guest is asked for some: whoever waits for it presses them
    /// in vain.
    fn take_key(&mut self, ctx: &mut Context<'_>, leg: usize, digit: Digit) {
        if leg != self.guest {
            return;
        }
        match self.state {
            State::Gathering(_) => self.handle_gathering_key(ctx, digit),
            State::Meeting(_) => self.handle_meeting_key(ctx, digit),
            State::Supervising(_) => self.handle_supervisor_key(ctx, digit),
            State::Voicemail(_) => self.handle_voicemail_key(ctx, digit),
            State::Ringing(_)
            | State::Talking(_)
            | State::Together(_)
            | State::Paging(_)
            | State::Playing { .. }
            | State::Asking { .. }
            | State::Parked(_)
            | State::Ending { .. } => {}
        }
    }

    /// INFO of `leg`: a key reaches the other far end in its form, or us; the rest passes as it is.
    pub(crate) fn handle_info(
        &mut self,
        ctx: &mut Context<'_>,
        leg: usize,
        server: ServerId,
        request: &Request,
    ) {
        let key = info_key(request);
        if let Some(InfoKey { digit, held }) = key {
            if self.take_code_key(ctx, leg, digit, held) {
                ctx.endpoint.respond(ctx.now.instant, server, Reply::new(Status(200)));
                return;
            }
            self.take_key(ctx, leg, digit);
        }
        let is_known = self.other(leg).is_none_or(|other| match key {
            Some(InfoKey { digit, held }) if self.legs[other].tell_key(ctx, digit, held) => true,
            Some(_) | None => self.pass_info(ctx, other, request),
        });
        let status = if is_known { Status(200) } else { Status(481) };
        ctx.endpoint.respond(ctx.now.instant, server, Reply::new(status));
    }

    /// A key of `leg` was heard in its media, which is an order, or the other far end is told of by us.
    pub(crate) fn handle_dialled(
        &mut self,
        ctx: &mut Context<'_>,
        leg: usize,
        digit: Digit,
        held: Duration,
    ) {
        if self.take_dialled_code_key(ctx, leg, digit, held) {
            return;
        }
        if let Some(other) = self.other(leg) {
            self.legs[other].tell_key(ctx, digit, held);
        }
    }

    /// The final answer to a request of ours, or that there is none; false if it told of no key.
    pub(super) fn handle_key_told(
        &mut self,
        ctx: &mut Context<'_>,
        leg: usize,
        client: ClientId,
    ) -> bool {
        self.legs[leg].key_told(ctx, client)
    }

    /// Lets keys of two who are in a bridge reach each other where their forms differ.
    pub(super) fn convert_keys(&self, ctx: &mut Context<'_>, [a, b]: [usize; 2]) {
        let are_up = [a, b].iter().all(|leg| self.legs[*leg].is_up());
        for (from, to) in [(a, b), (b, a)] {
            if are_up && self.listens_for_codes(from) {
                self.legs[from].tell_of_keys(ctx);
            } else {
                self.legs[from].convert_keys(ctx, self.legs[to].key_forms());
            }
        }
    }

    fn pass_info(&mut self, ctx: &mut Context<'_>, to: usize, request: &Request) -> bool {
        let Some(dialog) = self.legs[to].dialog() else { return false };
        let body = request.headers.first(&HeaderName::ContentType).map(|content_type| Body {
            content_type: content_type.clone(),
            bytes: request.body.clone(),
        });
        let info_package = HeaderName::Other(Bytes::from_static(b"Info-Package"));
        let headers = request
            .headers
            .first(&info_package)
            .map(|value| Header { name: info_package.clone(), value: value.clone() });
        let headers = headers.into_iter().collect();
        let now = ctx.now.instant;
        ctx.endpoint.request_in_dialog(now, dialog, Method::Info, headers, body).is_ok()
    }
}

/// The key that an INFO tells of, as phones send them: `Signal=5` with or without `Duration=160`
/// in milliseconds, or just `5`; some write the event of RFC 4733 for what is no digit, as `11` for `#`.
fn info_key(request: &Request) -> Option<InfoKey> {
    let content_type = request.headers.text(&HeaderName::ContentType)?;
    let content_type = content_type.split(';').next().unwrap_or_default().trim();
    let text = std::str::from_utf8(&request.body).ok()?;
    let value = |wanted: &str| {
        let mut lines = text.lines().filter_map(|line| line.split_once('='));
        Some(lines.find(|(name, _)| name.trim().eq_ignore_ascii_case(wanted))?.1.trim())
    };
    let (key, held_ms) = if content_type.eq_ignore_ascii_case(RELAY_TYPE) {
        (value("signal")?, value("duration").and_then(|it| it.parse().ok()))
    } else if content_type.eq_ignore_ascii_case(DIGIT_TYPE) {
        (text.trim(), None)
    } else {
        return None;
    };
    let digit = digit_of(key)?;
    let held_ms = held_ms.unwrap_or(HELD_MS).clamp(HELD_MS_MIN, HELD_MS_MAX);
    Some(InfoKey { digit, held: Duration::from_millis(held_ms) })
}

fn digit_of(key: &str) -> Option<Digit> {
    let mut characters = key.chars();
    match (characters.next()?, characters.next()) {
        (character, None) => Digit::from_char(character),
        (_, Some(_)) => Digit::from_code(key.parse().ok()?),
    }
}

/// Body of an INFO that is a key and nothing else.
const DIGIT_TYPE: &str = "application/dtmf";

/// How long a key is down that says nothing of it.
const HELD_MS: u64 = 160;
/// What is shorter is not heard everywhere.
const HELD_MS_MIN: u64 = 80;
/// What is longer is a mistake: it would keep the speech away.
const HELD_MS_MAX: u64 = 5000;
