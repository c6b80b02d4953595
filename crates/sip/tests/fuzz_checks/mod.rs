//! What must hold for any bytes: run by the fuzz targets, and by `fuzz_corpus.rs` on their corpora.

use bytes::Bytes;
use sip::{
    HeaderName, Message, NameAddr, Transport, Uri, Via,
    framing::{Frame, StreamFramer},
    header::CSeq,
    limits::{MESSAGE_BYTES_MAX, URI_BYTES_MAX},
    parse::{Framing, ParseError, parse, refusal},
    trace::{Direction, Trace},
};
use std::net::SocketAddr;

/// Bytes from the network, as a datagram and as a stream.
pub(crate) fn sip_message(bytes: &[u8]) {
    let bytes = Bytes::copy_from_slice(bytes);
    for framing in [Framing::Datagram, Framing::Stream] {
        match parse(&bytes, framing) {
            Ok(message) => check_message(message),
            Err(error) => check_refusal(&bytes, &error),
        }
    }
    check_stream(&bytes);
    check_trace(&bytes);
}

/// A URI, or the value of a header field.
pub(crate) fn sip_uri(bytes: &[u8]) {
    let bytes = Bytes::copy_from_slice(bytes);
    if let Ok(uri) = Uri::parse(&bytes) {
        check_uri(&uri);
    }
    check_values(&bytes);
}

/// What was read says the same when it is written and read again.
fn check_message(message: Message) {
    let headers = message.headers().clone();
    for header in &headers {
        check_values(&header.value);
        headers.elements(&header.name);
    }
    assert!(headers.call_id().is_ok() && headers.cseq().is_ok() && headers.via().is_ok());
    assert!(headers.from().is_ok() && headers.to().is_ok());
    let _ = (headers.contacts(), headers.expires(), headers.name_addrs(&HeaderName::Route));
    let mut noted = headers.clone();
    noted.note_source(PEER).expect("the Via was readable");
    noted.via().expect("the Via is still readable");

    let encoded = message.encode();
    if encoded.len() > MESSAGE_BYTES_MAX {
        return;
    }
    let again = parse(&encoded, Framing::Stream).expect("what we write can be read");
    assert_eq!(again.encode(), encoded);
    assert_eq!(without_length(again), without_length(message));
}

/// A refusal has the lines that it should have and no more, whatever it echoes.
fn check_refusal(bytes: &Bytes, error: &ParseError) {
    let Some(response) = refusal(bytes, error) else { return };
    let encoded = response.encode();
    let lines = encoded.split(|it| *it == b'\n').count();
    assert_eq!(lines, response.headers.len() + 4, "{response:?}");
    assert_eq!(refusal(bytes, error), Some(response));
}

/// A stream gives the same messages however it is cut.
fn check_stream(bytes: &Bytes) {
    let mut whole = StreamFramer::new();
    whole.push(bytes);
    let mut cut = StreamFramer::new();
    let mut frames = Vec::new();
    for piece in bytes.chunks(7) {
        cut.push(piece);
        while let Ok(Some(frame)) = cut.next_frame() {
            frames.push(frame);
        }
    }
    for frame in frames {
        if let Frame::Message(message) = &frame {
            assert!(message.len() <= MESSAGE_BYTES_MAX);
        }
        assert_eq!(whole.next_frame(), Ok(Some(frame)));
    }
}

fn check_trace(bytes: &Bytes) {
    let mut trace = Trace::new(1, 1 << 20);
    let call_id = Bytes::from_static(b"x");
    let at = base::UnixMillis(0);
    trace.record(at, Direction::Received, PEER, Transport::Udp, &call_id, bytes);
    if let Some(ladder) = trace.ladder_of_dialog(&call_id) {
        let text = ladder.to_string() + &ladder.rungs[0].text.replace(['\n', '\t'], "");
        assert!(!text.replace('\n', "").contains(char::is_control), "{text:?}");
    }
}

fn check_uri(uri: &Uri) {
    let _ = (uri.user_text(), uri.transport(), uri.host.ip());
    assert!(uri.is_same_as(uri), "{uri}");
    let mut out = Vec::new();
    uri.encode(&mut out);
    if out.len() <= URI_BYTES_MAX {
        assert_eq!(Uri::parse(&out.into()).as_ref(), Ok(uri));
    }
}

fn check_values(bytes: &Bytes) {
    if let Ok(it) = NameAddr::parse(bytes) {
        check_uri(&it.uri);
        let again = NameAddr::parse(&it.to_value());
        assert!(again.is_err() && it.to_value().len() > URI_BYTES_MAX || again == Ok(it));
    }
    if let Ok(it) = Via::parse(bytes) {
        let _ = (it.branch(), it.received(), it.rport());
        assert_eq!(Via::parse(&it.to_value()), Ok(it));
    }
    if let Ok(it) = CSeq::parse(bytes) {
        assert_eq!(CSeq::parse(&it.to_value()), Ok(it));
    }
}

/// Content-Length is written anew, so it is not compared.
fn without_length(mut message: Message) -> Message {
    match &mut message {
        Message::Request(it) => it.headers.remove(&HeaderName::ContentLength),
        Message::Response(it) => it.headers.remove(&HeaderName::ContentLength),
    }
    message
}

const PEER: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 9)), 5060);
