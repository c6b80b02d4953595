//! A phone that watches something, spoken by hand.

use super::{Server, UdpPeer, header, request_over, status_of};
use std::{
    cell::RefCell,
    time::{Duration, Instant},
};

/// A subscriber on a socket of its own.
#[derive(Debug)]
pub(crate) struct Watcher {
    peer: UdpPeer,
    extension: String,
    event: String,
    /// The 200 to its SUBSCRIBE.
    granted: String,
    /// Every NOTIFY, each once.
    told: RefCell<Vec<String>>,
}

impl Watcher {
    /// Subscribes as `extension` to an event of `number`.
    pub(crate) fn subscribe(server: &Server, extension: &str, number: &str, event: &str) -> Self {
        let peer = UdpPeer::bind(0);
        let request = subscribe(&peer, extension, number, event, 600);
        let granted = peer.ask_as(extension, &request, server.sip()).expect("an answer is due");
        assert_eq!(status_of(&granted), 200, "{granted}");
        assert_eq!(header(&granted, "Expires"), Some("600"));
        let (extension, event) = (extension.to_owned(), event.to_owned());
        Self { peer, extension, event, granted, told: RefCell::default() }
    }

    /// Answers NOTIFYs until one satisfies `is_it`, which is returned.
    #[track_caller]
    pub(crate) fn wait_for(&self, what: &str, is_it: impl Fn(&str) -> bool) -> String {
        let deadline = Instant::now() + LIMIT;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let told = (!left.is_zero()).then(|| self.peer.receive(left)).flatten();
            let Some(datagram) = told else {
                panic!("{what} was not told, but {:#?}", self.told.borrow());
            };
            let message = String::from_utf8_lossy(&datagram).into_owned();
            if self.take_in(&message) && is_it(&message) {
                return message;
            }
        }
    }

    /// Refreshes, or ends with 0; gives the status.
    pub(crate) fn refresh(&self, server: &Server, expires_s: u32) -> u16 {
        let contact = header(&self.granted, "Contact").expect("a 200 has a Contact");
        let target = contact.trim_start_matches('<').trim_end_matches('>');
        let row = |name: &str| format!("{name}: {}", header(&self.granted, name).unwrap());
        let number = 10 + self.told.borrow().len();
        let request = subscribe(&self.peer, &self.extension, "0", &self.event, expires_s);
        let rows = request.split("\r\n").map(|line| match line.split_once(':') {
            _ if line.starts_with("SUBSCRIBE ") => format!("SUBSCRIBE {target} SIP/2.0"),
            Some((name @ ("From" | "To" | "Call-ID"), _)) => row(name),
            Some(("CSeq", _)) => format!("CSeq: {number} SUBSCRIBE"),
            Some(_) | None => line.to_owned(),
        });
        let request = rows.collect::<Vec<_>>().join("\r\n");
        let answer = self.peer.ask(&request, server.sip()).expect("an answer is due");
        status_of(&answer)
    }

    /// CSeq numbers of all NOTIFYs, in order.
    pub(crate) fn numbers(&self) -> Vec<u32> {
        let told = self.told.borrow();
        let cseqs = told.iter().map(|it| header(it, "CSeq").expect("a request has a CSeq"));
        cseqs.map(|it| it.split(' ').next().unwrap().parse().unwrap()).collect()
    }

    /// The `version` of all documents, in order.
    pub(crate) fn versions(&self) -> Vec<u32> {
        let told = self.told.borrow();
        let document = |it: &String| it.split_once("?>").map(|it| it.1.to_owned());
        let version = |it: String| it.split(" version=\"").nth(1)?.split('"').next()?.parse().ok();
        told.iter().filter_map(document).filter_map(version).collect()
    }

    /// Answers a NOTIFY; true if it is a new one.
    fn take_in(&self, message: &str) -> bool {
        if !message.starts_with("NOTIFY ") {
            return false;
        }
        self.peer.answer_ok(message);
        let is_new =
            self.told.borrow().iter().all(|it| header(it, "CSeq") != header(message, "CSeq"));
        if is_new {
            self.told.borrow_mut().push(message.to_owned());
        }
        is_new
    }
}

/// A SUBSCRIBE without credentials.
pub(crate) fn subscribe(
    peer: &UdpPeer,
    extension: &str,
    number: &str,
    event: &str,
    expires_s: u32,
) -> String {
    let uri = format!("sip:{number}@127.0.0.1");
    request_over("UDP", peer.address(), "SUBSCRIBE", &uri, "127.0.0.1", extension).replace(
        "Content-Length:",
        &format!("Event: {event}\r\nExpires: {expires_s}\r\nContent-Length:"),
    )
}

const LIMIT: Duration = Duration::from_secs(30);
