use super::*;
use crate::{header::HeaderName, limits, message::Status};

#[test]
fn everyday_sloppiness_is_read() {
    let text = "\r\n\r\nINVITE tel:+12015550123 sip/2.0 \nV : SIP / 2.0 / UDP h;branch=z9hG4bK1\n\
        f:J\u{f6}rg <sip:a@b>;tag=1\nT: <sip:c@d>\ni: x\nCSEQ: 1\tINVITE\nSubject:\n folded\n\
        \ttwice \n\nbody";

    let Ok(Message::Request(request)) = parse_datagram(text) else { panic!("a request") };

    assert_eq!(request.uri.to_string(), "tel:+12015550123");
    assert_eq!(request.headers.text(&HeaderName::Subject), Some("folded twice"));
    assert_eq!(request.body, "body");
    assert_eq!(request.headers.max_forwards(), Ok(None));
}

#[test]
fn a_reason_phrase_is_kept_byte_by_byte_or_missing() {
    for (line, reason) in
        [("SIP/2.0 200", ""), ("SIP/2.0 200 ", ""), ("SIP/2.0 200  a  b ", " a  b ")]
    {
        let Ok(Message::Response(response)) = parse_datagram(&with_start(line)) else {
            panic!("{line}")
        };
        assert_eq!((response.status, &response.reason[..]), (Status(200), reason.as_bytes()));
    }
}

#[test]
fn header_values_share_the_memory_of_the_message() {
    let bytes = Bytes::from(with_start("INVITE sip:a@b SIP/2.0"));

    let message = parse(&bytes, Framing::Datagram).unwrap();

    let memory = bytes.as_ptr_range();
    for header in message.headers() {
        assert!(memory.contains(&header.value.as_ptr()), "{header:?}");
    }
}

#[test]
fn what_is_not_sip_is_dropped_without_an_answer() {
    for noise in ["", "\r\n\r\n", "\0\0\0\0", "GET / HTTP/1.1\r\n\r\n", "INVITE sip:a@b\r\n\r\n"] {
        let error = parse_datagram(noise).unwrap_err();

        assert_eq!(error, ParseError::NotSip, "{noise:?}");
        assert_eq!(refusal(&Bytes::copy_from_slice(noise.as_bytes()), &error), None);
    }
}

#[test]
fn every_refused_request_is_told_why() {
    let good = with_start("INVITE sip:a@b SIP/2.0");
    let long = format!("sip:{}@b", "a".repeat(limits::URI_BYTES_MAX));
    let many = format!("Via: SIP/2.0/UDP h\r\n{}", "X: y\r\n".repeat(limits::HEADERS_MAX));
    for (bad, status, reason) in [
        (good.replace("2.0\r\n", "3.0\r\n"), 505, "Version Not Supported"),
        (good.replace("sip:a@b SIP", &format!("{long} SIP")), 414, "Request-URI Too Long"),
        (good.replace("sip:a@b SIP", "sip: SIP"), 400, "Request-URI has a malformed host"),
        (good.replace("sip:a@b SIP", "sip:a@b?X=y SIP"), 400, "Request-URI holds headers"),
        (good.replace("Call-ID: x\r\n", ""), 400, "Call-ID is missing"),
        (good.replace("Call-ID: x\r\n", "i:\r\n"), 400, "Call-ID is empty"),
        (good.replace("Call-ID: x\r\n", "i:x\r\ni:x\r\n"), 400, "Call-ID is there twice"),
        (good.replace("1 INVITE", "1 BYE"), 400, "CSeq names another method"),
        (good.replace("1 INVITE", "4294967296 INVITE"), 400, "CSeq is malformed"),
        (good.replace("To: ", "Max-Forwards: 256\r\nTo: "), 400, "is not a number in its range"),
        (good.replace("To: ", "Expires: 4294967296\r\nTo: "), 400, "Expires is not a number"),
        (good.replace("To: ", "l: 1\r\nl: 2\r\nTo: "), 400, "there twice with different values"),
        (good.replace("To: ", "l: 1e3\r\nTo: "), 400, "Content-Length is not a number"),
        (good.replace("To: ", "l: 18446744073709551616\r\nTo: "), 400, "is not a number"),
        (good.replace("To: ", "l: 5\r\nTo: "), 400, "5 bytes are missing"),
        (good.replace("To: ", "nocolon\r\nTo: "), 400, "Header field has no colon"),
        (good.replace("To: ", "X y: z\r\nTo: "), 400, "Header field has a malformed name"),
        (good.replace("To: ", "X: y\rz\r\nTo: "), 400, "holds a bare carriage return"),
        (good.replace("\r\n\r\n", "\r\n"), 400, "no empty line follows"),
        (good.replace("Via: SIP/2.0/UDP h\r\n", &many), 400, "Bad Request"),
        (format!("{good}{}", "x".repeat(limits::MESSAGE_BYTES_MAX)), 513, "Message Too Large"),
    ] {
        let bytes = Bytes::from(bad);
        let error = parse(&bytes, Framing::Datagram).unwrap_err();

        let response = refusal(&bytes, &error).unwrap();

        assert_eq!(response.status, Status(status), "{error}");
        let text = String::from_utf8_lossy(&response.reason);
        assert!(text.contains(reason), "{text} for {error}");
        assert_eq!(response.headers.via().unwrap().to_value(), "SIP/2.0/UDP h");
        assert_eq!(refusal(&bytes, &error), Some(response), "the same bytes, the same answer");
    }
}

#[test]
fn a_refusal_is_a_response_that_the_sender_can_match() {
    let text = with_start("INVITE sip:a@b SIP/2.0")
        .replace(
            "Via: SIP/2.0/UDP h",
            "Via: SIP/2.0/UDP h;branch=z9hG4bK1, SIP/2.0/UDP i\r\nv: SIP/2.0/UDP j",
        )
        .replace("To: ", "l: 99\r\nX-Other: y\r\nTo: ");
    let bytes = Bytes::from(text);
    let error = parse(&bytes, Framing::Datagram).unwrap_err();

    let response = refusal(&bytes, &error).unwrap();
    let parsed = parse(&response.encode(), Framing::Stream).unwrap();

    let headers = parsed.headers();
    assert_eq!(headers.elements(&HeaderName::Via).len(), 3);
    assert_eq!(headers.via().unwrap().branch().unwrap(), "z9hG4bK1");
    assert_eq!(headers.call_id().unwrap(), "x");
    assert_eq!(headers.cseq().unwrap().number, 1);
    assert!(headers.to().unwrap().tag().is_some());
    assert_eq!(headers.len(), 7, "{headers:?}");
}

#[test]
fn acks_responses_and_unreadable_vias_are_never_answered() {
    let good = with_start("INVITE sip:a@b SIP/2.0");
    for bad in [
        good.replace("INVITE", "ACK").replace("Call-ID: x\r\n", ""),
        good.replace("INVITE sip:a@b SIP/2.0", "SIP/2.0 700 x"),
        good.replace("Via: SIP/2.0/UDP h", "Via: h"),
        good.replace("Via: SIP/2.0/UDP h\r\n", ""),
    ] {
        let error = parse_datagram(&bad).unwrap_err();

        assert_eq!(refusal(&Bytes::from(bad), &error), None, "{error}");
    }
}

#[test]
fn on_a_stream_content_length_must_be_there_and_fit() {
    let good = with_start("INVITE sip:a@b SIP/2.0").replace("To: ", "l: 3\r\nTo: ");
    let parse_stream = |text: String| parse(&Bytes::from(text), Framing::Stream);

    assert_eq!(parse_stream(format!("{good}abc")).unwrap().body(), "abc");
    assert_eq!(parse_stream(format!("{good}ab")), Err(ParseError::Truncated { missing: 1 }));
    for bad in [format!("{good}abcd"), with_start("INVITE sip:a@b SIP/2.0")] {
        let error = parse_stream(bad).unwrap_err();
        assert!(matches!(error, ParseError::Header { header: "Content-Length", .. }), "{error}");
    }
}

#[test]
fn equal_content_lengths_may_repeat_and_cut_a_datagram_short() {
    let text = with_start("INVITE sip:a@b SIP/2.0").replace("To: ", "l: 2\r\nl: 02\r\nTo: ");

    assert_eq!(parse_datagram(&format!("{text}abcd")).unwrap().body(), "ab");
}

/// A good message with this start line.
fn with_start(line: &str) -> String {
    format!(
        "{line}\r\nVia: SIP/2.0/UDP h\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:c@d>\r\n\
         Call-ID: x\r\nCSeq: 1 INVITE\r\n\r\n"
    )
}

fn parse_datagram(text: &str) -> Result<Message, ParseError> {
    parse(&Bytes::copy_from_slice(text.as_bytes()), Framing::Datagram)
}
