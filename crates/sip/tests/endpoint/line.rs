//! One endpoint against a hand-written peer: text in, messages out.

use base::Rng;
use bytes::Bytes;
use sip::{
    ClientId, Destination, DialogId, Endpoint, Event, FlowId, HeaderName, Host, Message, NameAddr,
    Output, Request, Response, ServerId, Source, Transport,
    endpoint::{Counts, EndpointConfig, NewRequest, Reply},
    message::{Method, Status},
    parse::{Framing, parse},
    transport::Listener,
};
use std::{
    collections::VecDeque,
    net::SocketAddr,
    time::{Duration, Instant},
};

use crate::pair::uri;

#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) now: Instant,
    pub(crate) endpoint: Endpoint,
    /// What the endpoint sent and no test has looked at yet.
    pub(crate) sent: VecDeque<(Destination, Message)>,
    pub(crate) events: VecDeque<Event>,
    /// Where the peer's messages come from.
    pub(crate) source: Source,
}

impl Line {
    pub(crate) fn new() -> Self {
        Self::with(Transport::Udp, 100)
    }

    pub(crate) fn with(transport: Transport, transactions_max: usize) -> Self {
        let local = SocketAddr::from(([192, 0, 2, 1], 5060));
        let listener = Listener { transport, advertised: local, flow: None };
        let config = EndpointConfig {
            shard: 1,
            product: "Tandem".into(),
            listeners: vec![listener],
            transactions_max,
        };
        let now = Instant::now();
        Self {
            now,
            endpoint: Endpoint::new(now, config, Rng::from_number(1)),
            sent: VecDeque::new(),
            events: VecDeque::new(),
            source: Source {
                transport,
                flow: FlowId(7),
                local,
                remote: SocketAddr::from(([192, 0, 2, 9], 5070)),
            },
        }
    }

    pub(crate) fn receive(&mut self, text: &Text) {
        self.endpoint.handle_message(self.now, self.source, text.message());
        self.drain();
    }

    /// Sends an INVITE outside any dialog.
    pub(crate) fn invite(&mut self) -> ClientId {
        self.invite_by(vec![])
    }

    pub(crate) fn invite_by(&mut self, routes: Vec<NameAddr>) -> ClientId {
        let remote = self.source.remote;
        let client = self.endpoint.request(
            self.now,
            NewRequest {
                method: Method::Invite,
                uri: uri("sip:eve@example.com"),
                from: NameAddr::new(uri("sip:tandem@example.com")),
                to: NameAddr::new(uri("sip:eve@example.com")),
                to_hop: Destination {
                    transport: self.source.transport,
                    host: Host::from(remote.ip()),
                    port: remote.port(),
                    flow: None,
                    local: None,
                },
                routes,
                max_forwards: 70,
                headers: vec![],
                body: None,
            },
        );
        self.drain();
        client
    }

    pub(crate) fn respond(&mut self, server: ServerId, status: u16) -> Option<DialogId> {
        let dialog = self.endpoint.respond(self.now, server, Reply::new(Status(status)));
        self.drain();
        dialog
    }

    pub(crate) fn in_dialog(&mut self, dialog: DialogId, method: Method) -> ClientId {
        let sent = self.endpoint.request_in_dialog(self.now, dialog, method, vec![], None);
        self.drain();
        sent.expect("the dialog is there")
    }

    pub(crate) fn ack(&mut self, dialog: DialogId) {
        self.endpoint.ack(self.now, dialog, None).expect("the dialog is there");
        self.drain();
    }

    pub(crate) fn wait(&mut self, span: Duration) {
        let end = self.now + span;
        while let Some(next) = self.endpoint.poll_timeout().filter(|it| *it <= end) {
            self.now = next;
            self.endpoint.handle_timeout(next);
            self.drain();
        }
        self.now = end;
    }

    #[track_caller]
    pub(crate) fn sent_request(&mut self) -> (Destination, Request) {
        match self.sent.pop_front() {
            Some((to, Message::Request(request))) => (to, request),
            other => panic!("no request but {other:#?}"),
        }
    }

    #[track_caller]
    pub(crate) fn sent_response(&mut self, status: u16) -> (Destination, Response) {
        match self.sent.pop_front() {
            Some((to, Message::Response(response))) => {
                assert_eq!(response.status, Status(status));
                (to, response)
            }
            other => panic!("no {status} but {other:#?}"),
        }
    }

    #[track_caller]
    pub(crate) fn event(&mut self) -> Event {
        self.events.pop_front().expect("an event")
    }

    #[track_caller]
    pub(crate) fn assert_silent(&self) {
        assert!(self.sent.is_empty(), "{:#?}", self.sent);
        assert!(self.events.is_empty(), "{:#?}", self.events);
    }

    /// Lets all timers fire; then nothing may be left but these dialogs.
    #[track_caller]
    pub(crate) fn assert_only_dialogs_are_left(&mut self, dialogs: usize) {
        self.wait(Duration::from_secs(100));
        assert_eq!(self.endpoint.counts(), Counts { servers: 0, clients: 0, dialogs });
        assert_eq!(self.endpoint.poll_timeout(), None);
    }

    pub(crate) fn drain(&mut self) {
        while let Some(output) = self.endpoint.poll_output() {
            match output {
                Output::Event(event) => self.events.push_back(event),
                Output::Send(send) => {
                    let message = parse(&send.bytes, Framing::Stream).unwrap_or_else(|error| {
                        panic!("{error}:\n{}", String::from_utf8_lossy(&send.bytes))
                    });
                    self.sent.push_back((send.to, message));
                }
            }
        }
    }
}

/// A message as text, row by row.
#[derive(Clone, Debug)]
pub(crate) struct Text {
    start: String,
    rows: Vec<(String, String)>,
    body: String,
}

impl Text {
    /// A request of Eve's outside any dialog.
    pub(crate) fn request(method: &str) -> Self {
        let rows = [
            ("Via", "SIP/2.0/UDP 192.0.2.9:5070;branch=z9hG4bKone".to_owned()),
            ("Max-Forwards", "70".to_owned()),
            ("From", "<sip:eve@example.com>;tag=eve".to_owned()),
            ("To", "<sip:tandem@example.com>".to_owned()),
            ("Call-ID", "call-1".to_owned()),
            ("CSeq", format!("1 {method}")),
            ("Contact", "<sip:eve@192.0.2.9:5070>".to_owned()),
        ];
        Self {
            start: format!("{method} sip:tandem@192.0.2.1 SIP/2.0"),
            rows: rows.map(|(name, value)| (name.to_owned(), value)).to_vec(),
            body: String::new(),
        }
    }

    /// A request of Eve's inside the dialog that `response` of ours opened.
    pub(crate) fn inside(method: &str, cseq: u32, response: &Response) -> Self {
        Self::request(method)
            .with("Via", &format!("SIP/2.0/UDP 192.0.2.9:5070;branch=z9hG4bK{method}{cseq}"))
            .with("To", value(response, &HeaderName::To))
            .with("CSeq", &format!("{cseq} {method}"))
    }

    /// Eve's answer to a request of ours, with her tag.
    pub(crate) fn response(status: u16, request: &Request, tag: &str) -> Self {
        let headers = &request.headers;
        let row = |name: HeaderName| {
            let value = headers.text(&name).expect("ours has it").to_owned();
            (String::from_utf8_lossy(name.as_bytes()).into_owned(), value)
        };
        let mut rows: Vec<_> = [
            HeaderName::Via,
            HeaderName::From,
            HeaderName::To,
            HeaderName::CallId,
            HeaderName::CSeq,
        ]
        .map(row)
        .to_vec();
        if !tag.is_empty() && headers.to().unwrap().tag().is_none() {
            rows[2].1 += &[";tag=", tag].concat();
        }
        rows.push(("Contact".to_owned(), "<sip:eve@192.0.2.9:5070>".to_owned()));
        Self { start: format!("SIP/2.0 {status} Whatever"), rows, body: String::new() }
    }

    pub(crate) fn at(mut self, uri: &str) -> Self {
        let method = self.start.split(' ').next().unwrap_or_default();
        self.start = format!("{method} {uri} SIP/2.0");
        self
    }

    /// With this row in place of all others of its name.
    pub(crate) fn with(self, name: &str, value: &str) -> Self {
        self.without(name).and(name, value)
    }

    /// With one more row.
    pub(crate) fn and(mut self, name: &str, value: &str) -> Self {
        self.rows.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.rows.retain(|it| it.0 != name);
        self
    }

    pub(crate) fn with_body(mut self, body: &str) -> Self {
        body.clone_into(&mut self.body);
        self
    }

    pub(crate) fn message(&self) -> Message {
        let bytes = self.encode();
        parse(&bytes, Framing::Datagram)
            .unwrap_or_else(|error| panic!("{error}:\n{}", String::from_utf8_lossy(&bytes)))
    }

    fn encode(&self) -> Bytes {
        let rows: Vec<_> = self.rows.iter().map(|it| format!("{}: {}\r\n", it.0, it.1)).collect();
        let rows = rows.concat();
        let length = self.body.len();
        Bytes::from(format!(
            "{}\r\n{rows}Content-Length: {length}\r\n\r\n{}",
            self.start, self.body
        ))
    }
}

/// A header of a response of ours.
#[track_caller]
pub(crate) fn value<'a>(response: &'a Response, name: &HeaderName) -> &'a str {
    response.headers.text(name).unwrap_or_else(|| panic!("no {name:?} in {response:#?}"))
}
