//! Keys that the far end is told by SIP INFO: one at a time, so that none overtakes another.

use super::Leg;
use crate::{
    context::{Context, Handle},
    rules::KeyForms,
};
use bytes::Bytes;
use media::{
    MediaCommand,
    dtmf::{Digit, KeyForm},
};
use sip::{ClientId, Method, endpoint::Body};
use std::{collections::VecDeque, time::Duration};

/// Keys on their way to the far end.
#[derive(Debug, Default)]
pub(super) struct Keys {
    /// As agreed last.
    pub(super) forms: KeyForms,
    waiting: VecDeque<(Digit, Duration)>,
    /// The INFO that is not answered yet.
    sent: Option<ClientId>,
}

impl Leg {
    /// How keys come from the far end and go to it.
    pub(crate) fn key_forms(&self) -> KeyForms {
        self.keys.forms
    }

    /// Tells the far end of a key in its form; false if it has none. More than anybody would press
    /// at once are left out.
    pub(crate) fn tell_key(&mut self, ctx: &mut Context<'_>, digit: Digit, held: Duration) -> bool {
        match self.keys.forms.told {
            None => return false,
            Some(KeyForm::Info) => {
                if self.keys.waiting.len() < WAITING_MAX {
                    self.keys.waiting.push_back((digit, held));
                }
                self.send_next_key(ctx);
            }
            Some(form) => {
                if let Ok(session) = self.media.session() {
                    session.tell(ctx, |media| MediaCommand::Press { media, form, digit, held });
                }
            }
        }
        true
    }

    /// Keys of the far end reach the other one of the bridge in another form.
    pub(crate) fn convert_keys(&self, ctx: &mut Context<'_>, other: KeyForms) {
        if let Some((heard, told)) = self.keys.forms.towards(other)
            && let Ok(session) = self.media.session()
        {
            session.tell(ctx, |media| MediaCommand::ConvertKeys { media, heard, told });
        }
    }

    /// We are told of keys of the far end in a bridge, which go no further by themselves.
    pub(crate) fn tell_of_keys(&self, ctx: &mut Context<'_>) {
        if let (Some(heard), Ok(session)) = (self.keys.forms.heard, self.media.session()) {
            let told = KeyForm::Info;
            session.tell(ctx, |media| MediaCommand::ConvertKeys { media, heard, told });
        }
    }

    /// An INFO was answered, or never will be; false if the request is none of these.
    pub(crate) fn key_told(&mut self, ctx: &mut Context<'_>, client: ClientId) -> bool {
        if self.keys.sent != Some(client) {
            return false;
        }
        self.forget_sent_key(ctx);
        self.send_next_key(ctx);
        true
    }

    /// The request under way.
    pub(super) fn sent_key(&self) -> Option<ClientId> {
        self.keys.sent
    }

    /// Takes the request under way out of the index.
    pub(super) fn forget_sent_key(&mut self, ctx: &mut Context<'_>) {
        if let Some(client) = self.keys.sent.take() {
            ctx.handles.remove(Handle::Client(client));
        }
    }

    fn send_next_key(&mut self, ctx: &mut Context<'_>) {
        if self.keys.sent.is_some() {
            return;
        }
        let Some((digit, held)) = self.keys.waiting.pop_front() else { return };
        let Some(dialog) = self.dialog() else { return };
        let body = Body {
            content_type: Bytes::from_static(RELAY_TYPE.as_bytes()),
            bytes: format!("Signal={digit}\r\nDuration={}\r\n", held.as_millis()).into(),
        };
        let now = ctx.now.instant;
        let sent =
            ctx.endpoint.request_in_dialog(now, dialog, Method::Info, Vec::new(), Some(body));
        // A dialog that is gone hears no keys.
        if let Ok(client) = sent {
            ctx.handles.insert(Handle::Client(client), self.handle);
            self.keys.sent = Some(client);
        }
    }
}

/// Body of an INFO that tells of one key and how long it was down, in milliseconds.
pub(crate) const RELAY_TYPE: &str = "application/dtmf-relay";

/// Keys that may wait for their INFO.
const WAITING_MAX: usize = 64;
