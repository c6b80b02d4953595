//! A phone's subscriptions: RFC 6665 from the subscriber's side.

use super::{
    Phone,
    client::{Draft, Purpose},
};
use crate::wire::Heard;
use std::time::Instant;

/// A subscription of a phone.
#[derive(Clone, Debug)]
pub struct Subscribed {
    /// Call-ID of its dialog.
    pub call_id: String,
    /// The event package.
    pub event: String,
    /// Final statuses of its SUBSCRIBEs.
    pub statuses: Vec<u16>,
    /// Headers of the last final response.
    pub headers: Vec<(String, String)>,
    /// What it was told, in order.
    pub told: Vec<Told>,
    /// What it answers to NOTIFYs; `None` for nothing.
    pub answers: Option<u16>,
    pub(super) uri: String,
    pub(super) local_tag: String,
    pub(super) remote_tag: Option<String>,
    pub(super) target: String,
    pub(super) cseq: u32,
}

/// A NOTIFY.
#[derive(Clone, Debug)]
pub struct Told {
    /// CSeq number.
    pub cseq: u32,
    /// Subscription-State.
    pub state: String,
    /// Body.
    pub body: String,
}

impl Told {
    /// The `version` of the document, if it has one.
    pub fn version(&self) -> Option<u32> {
        let document = self.body.split_once("?>")?.1;
        document.split(" version=\"").nth(1)?.split('"').next()?.parse().ok()
    }
}

impl Phone {
    /// Subscribes to something about a number; returns the index.
    pub fn subscribe(&mut self, now: Instant, number: &str, event: &str, expires_s: u32) -> usize {
        let n = self.new_subscription(format!("sip:{number}@{}", self.domain), event);
        self.send_subscribe(now, n, expires_s);
        n
    }

    /// Asks for a call of its user with somebody, outside any call, in headers of the test's own;
    /// returns the index of the subscription that is implied.
    pub fn refer_outside(&mut self, now: Instant, rows: &[(&'static str, String)]) -> usize {
        let n = self.new_subscription(format!("sip:{}", self.domain), "refer");
        self.send_watching(now, n, "REFER", rows);
        n
    }

    fn new_subscription(&mut self, uri: String, event: &str) -> usize {
        self.subscriptions.push(Subscribed {
            call_id: self.rng.hex(20),
            event: event.to_owned(),
            statuses: Vec::new(),
            headers: Vec::new(),
            told: Vec::new(),
            answers: Some(200),
            uri: uri.clone(),
            local_tag: self.rng.hex(8),
            remote_tag: None,
            target: uri,
            cseq: 0,
        });
        self.subscriptions.len() - 1
    }

    /// Refreshes a subscription, or ends it with 0.
    pub fn resubscribe(&mut self, now: Instant, n: usize, expires_s: u32) {
        self.send_subscribe(now, n, expires_s);
    }

    /// What a subscription was told last.
    pub fn last_told(&self, n: usize) -> Option<&Told> {
        self.subscriptions[n].told.last()
    }

    fn send_subscribe(&mut self, now: Instant, n: usize, expires_s: u32) {
        let event = self.subscriptions[n].event.clone();
        let rows = [("Event", event), ("Expires", expires_s.to_string())];
        self.send_watching(now, n, "SUBSCRIBE", &rows);
    }

    /// Sends a request that opens or concerns the dialog of a subscription.
    pub fn send_watching(
        &mut self,
        now: Instant,
        n: usize,
        method: &'static str,
        rows: &[(&'static str, String)],
    ) {
        let (number, contact) = (self.signs_as.clone(), self.contact());
        let it = &mut self.subscriptions[n];
        it.cseq += 1;
        let to = match &it.remote_tag {
            Some(tag) => format!("<{}>;tag={tag}", it.uri),
            None => format!("<{}>", it.uri),
        };
        let draft = Draft {
            method,
            uri: it.target.clone(),
            from: format!("<sip:{number}@{}>;tag={}", self.domain, it.local_tag),
            to,
            call_id: it.call_id.clone(),
            cseq: it.cseq,
            extra: [&[("Contact", contact)], rows].concat(),
            body: None,
        };
        self.send(now, Purpose::Subscribe(n), draft);
    }

    pub(super) fn handle_subscribe_silence(&mut self, n: usize) {
        self.subscriptions[n].statuses.push(408);
    }

    pub(super) fn handle_subscribed(&mut self, n: usize, response: &Heard, status: u16) {
        let it = &mut self.subscriptions[n];
        it.statuses.push(status);
        it.headers = response.rows();
        if status < 300 && matches!(response.cseq().1.as_str(), "SUBSCRIBE" | "REFER") {
            it.remote_tag = response.to_tag();
            it.target = response.contact_uri().expect("a 2xx to SUBSCRIBE or REFER has a Contact");
        }
    }

    /// Which subscription a NOTIFY belongs to. One may come before the 2xx (RFC 6665 section
    /// 4.1.2.4).
    pub(super) fn subscription_of(&self, request: &Heard) -> Option<usize> {
        let (call_id, tag) = (request.call_id(), request.to_tag()?);
        self.subscriptions
            .iter()
            .position(|it| it.call_id == call_id && it.local_tag == tag && !it.is_over())
    }

    pub(super) fn handle_notify(&mut self, n: usize, request: &Heard) {
        let told = Told {
            cseq: request.cseq().0,
            state: request.value("Subscription-State").expect("a NOTIFY has a state"),
            body: request.body().unwrap_or_default(),
        };
        let it = &mut self.subscriptions[n];
        let Some(status) = it.answers else { return };
        assert_eq!(request.value("Event").as_deref(), Some(it.event.as_str()));
        if let Some(before) = it.told.last() {
            assert!(told.cseq > before.cseq, "CSeq goes up: {before:?} {told:?}");
            let versions = before.version().zip(told.version());
            assert!(versions.is_none_or(|(a, b)| b > a), "versions go up: {before:?} {told:?}");
        }
        if it.remote_tag.is_none() {
            it.remote_tag = request.from_tag();
        }
        it.told.push(told);
        self.reply_plainly(request, status);
    }
}

impl Subscribed {
    /// How the call goes that a REFER asked for: the statuses that it was told, in order.
    pub fn progress(&self) -> Vec<u16> {
        let status = |it: &Told| it.body.split(' ').nth(1)?.parse().ok();
        self.told.iter().filter_map(status).collect()
    }

    /// Whether it has ended, or was refused.
    pub fn is_over(&self) -> bool {
        let is_last = |it: &Told| it.state.starts_with("terminated");
        self.told.last().is_some_and(is_last)
            || self.told.is_empty() && self.statuses.last().is_some_and(|it| *it >= 300)
    }
}
