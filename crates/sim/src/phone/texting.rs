//! A phone's text messages, RFC 3428.

use super::{
    Phone,
    client::{Draft, Purpose},
};
use crate::wire::Heard;
use std::time::Instant;

impl Phone {
    /// Sends a text to a number.
    pub fn text(&mut self, now: Instant, number: &str, text: &str) {
        self.text_as(now, number, "text/plain", text);
    }

    /// The same, of some type.
    pub fn text_as(&mut self, now: Instant, number: &str, content_type: &str, text: &str) {
        let uri = format!("sip:{number}@{}", self.domain);
        let tag = self.rng.hex(8);
        let draft = Draft {
            method: "MESSAGE",
            uri: uri.clone(),
            from: format!("<sip:{}@{}>;tag={tag}", self.signs_as, self.domain),
            to: format!("<{uri}>"),
            call_id: self.rng.hex(20),
            cseq: 1,
            extra: vec![("Content-Type", content_type.to_owned())],
            body: Some(text.to_owned()),
        };
        self.send(now, Purpose::Text, draft);
    }

    pub(super) fn handle_text(&mut self, request: &Heard) {
        let Some(status) = self.answers_texts else { return };
        if status < 300 {
            let body = request.body().unwrap_or_default();
            self.texts.push((request.from_uri(), body));
        }
        self.reply_plainly(request, status);
    }
}
