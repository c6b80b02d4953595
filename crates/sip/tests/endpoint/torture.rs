//! What the endpoint makes of the torture messages that the parser let through.

#[path = "../torture/mod.rs"]
mod table;

use sip::{
    Endpoint, Event, FlowId, Message, Output, Source, Transport,
    endpoint::EndpointConfig,
    message::{Method, Response, Status},
    parse::{Framing, parse},
    shard::shard_of,
};
use std::time::Instant;
use table::{Entry, Outcome, entries};

#[test]
fn every_message_gets_a_verdict_that_the_table_allows() {
    let mut judged = 0;
    for entry in entries() {
        let Ok(message) = parse(&entry.bytes, Framing::Datagram) else { continue };
        judged += 1;
        let expected = expected(&entry, &message);
        let names_a_dialog = names_a_dialog(&message);
        let heard = hear(message);

        match &heard.event {
            // Authentication and the registrar judge these.
            Some(Event::Request { request, .. }) if request.method == Method::Register => {
                let is_judged_above =
                    entry.accepts(Outcome::Status(401)) || entry.accepts(Outcome::Normal);
                assert!(is_judged_above, "{}", entry.file);
            }
            Some(_) => assert!(entry.accepts(Outcome::Normal), "{}: {heard:?}", entry.file),
            // Read like any good message, which happens to name a dialog that nobody has.
            None if names_a_dialog => assert!(entry.accepts(Outcome::Normal)),
            None => assert!(entry.accepts(heard.outcome()), "{}: {heard:?}", entry.file),
        }
        assert_eq!(heard.outcome(), expected, "{}: {heard:?}", entry.file);
    }
    assert_eq!(judged, 43);
}

#[test]
fn every_message_has_a_shard() {
    for entry in entries() {
        let Ok(message) = parse(&entry.bytes, Framing::Datagram) else { continue };
        for shards in [1, 2, 7, 255] {
            assert!(shard_of(&message, shards) < shards, "{}", entry.file);
        }
    }
}

/// What the endpoint decides itself.
fn expected(entry: &Entry, message: &Message) -> Outcome {
    match entry.file.as_str() {
        "rfc4475/intmeth.dat" | "rfc4475/esc02.dat" => Outcome::Status(501),
        "rfc4475/unkscm.dat" | "rfc4475/novelsc.dat" => Outcome::Status(416),
        "rfc4475/bext01.dat" => Outcome::Status(420),
        _ if names_a_dialog(message) => Outcome::Status(481),
        _ if entry.is_request => Outcome::Normal,
        _ => Outcome::Drop,
    }
}

/// Whether it says that it belongs to a dialog, which no fresh endpoint has.
fn names_a_dialog(message: &Message) -> bool {
    let Message::Request(request) = message else { return false };
    request.headers.to().is_ok_and(|it| it.tag().is_some())
}

/// What came of a message.
#[derive(Debug)]
struct Heard {
    event: Option<Event>,
    refusal: Option<Response>,
}

impl Heard {
    fn outcome(&self) -> Outcome {
        match (&self.event, &self.refusal) {
            (Some(_), None) => Outcome::Normal,
            (None, Some(response)) => Outcome::Status(response.status.0),
            (None, None) => Outcome::Drop,
            (Some(_), Some(_)) => panic!("delivered and refused: {self:?}"),
        }
    }
}

fn hear(message: Message) -> Heard {
    let now = Instant::now();
    let config =
        EndpointConfig { shard: 0, product: "T".into(), listeners: vec![], transactions_max: 9 };
    let mut endpoint = Endpoint::new(now, config, base::Rng::from_number(1));
    let source = Source {
        transport: Transport::Udp,
        flow: FlowId(1),
        local: "192.0.2.1:5060".parse().unwrap(),
        remote: "192.0.2.2:5060".parse().unwrap(),
    };
    endpoint.handle_message(now, source, message);

    let mut heard = Heard { event: None, refusal: None };
    while let Some(output) = endpoint.poll_output() {
        match output {
            Output::Event(event) => heard.event = Some(event),
            Output::Send(send) => match parse(&send.bytes, Framing::Datagram) {
                Ok(Message::Response(response)) if response.status == Status(100) => {}
                Ok(Message::Response(response)) => heard.refusal = Some(response),
                other => panic!("no response: {other:?}"),
            },
        }
    }
    heard
}
