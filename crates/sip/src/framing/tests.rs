use super::*;
use crate::parse::{Framing, parse};

#[test]
fn messages_come_whole_however_they_are_cut() {
    let stream =
        ["\r\n\r\n", &request(5), "hello", "\r\n", &request(0), "\r\n\r\n", &request(2), "ab"];
    let stream = stream.concat();
    let expected =
        [Frame::Ping, message(5, "hello"), message(0, ""), Frame::Ping, message(2, "ab")];

    for size in 1..=stream.len() {
        let mut framer = StreamFramer::new();
        let mut frames = Vec::new();
        for piece in stream.as_bytes().chunks(size) {
            framer.push(piece);
            frames.extend(std::iter::from_fn(|| framer.next_frame().unwrap()));
        }

        assert_eq!(frames, expected, "in pieces of {size}");
        assert!(!framer.is_inside_message());
    }
}

#[test]
fn a_message_without_its_end_is_waited_for_and_known() {
    let mut framer = StreamFramer::new();
    framer.push(b"\r\n\r\n\r\n");
    assert_eq!(framer.next_frame(), Ok(Some(Frame::Ping)));
    assert_eq!(framer.next_frame(), Ok(None));
    assert!(!framer.is_inside_message());

    framer.push(format!("{}1234", request(5)).as_bytes());

    assert_eq!(framer.next_frame(), Ok(None));
    assert!(framer.is_inside_message());
}

#[test]
fn bare_line_feeds_and_compact_folded_lengths_are_read_as_the_parser_does() {
    let mut framer = StreamFramer::new();
    let text = request(0).replace("\r\n", "\n").replace("Content-Length: 0", "L :\n  3");
    framer.push(format!("{text}abc").as_bytes());

    let Ok(Some(Frame::Message(message))) = framer.next_frame() else { panic!("a message") };

    assert_eq!(parse(&message, Framing::Stream).unwrap().body(), "abc");
}

#[test]
fn a_lost_border_is_refused_once_and_ends_the_stream() {
    let good = request(0);
    for (bad, status) in [
        (good.replace("Content-Length: 0\r\n", ""), 400),
        (good.replace("Content-Length: 0", "Content-Length: -999"), 400),
        (good.replace("Content-Length: 0", "Content-Length: 5\r\nl: 13"), 400),
        (good.replace("Content-Length: 0", "Content-Length: 65536"), 513),
        (good.replace("Content-Length: 0", "l: 18446744073709551615"), 513),
        (good.replace("Subject: x", &"X: y\r\n".repeat(HEADER_BLOCK_BYTES_MAX / 5)), 513),
    ] {
        let mut framer = StreamFramer::new();
        framer.push(bad.as_bytes());

        let broken = framer.next_frame().unwrap_err();

        let response = broken.refusal.unwrap();
        assert_eq!(response.status.0, status, "{}", broken.error);
        framer.push(good.as_bytes());
        assert_eq!(framer.next_frame(), Err(Broken { error: broken.error, refusal: None }));
    }
}

#[test]
fn what_is_not_sip_ends_the_stream_at_once_and_silently() {
    for noise in ["\x16\x03\x01", "GET / HTTP/1.1\r\n", "\r\n\x00"] {
        let mut framer = StreamFramer::new();
        framer.push(noise.as_bytes());

        let broken = framer.next_frame().unwrap_err();

        assert_eq!(broken, Broken { error: ParseError::NotSip, refusal: None }, "{noise:?}");
    }
}

#[test]
fn an_endless_line_is_bounded() {
    let mut framer = StreamFramer::new();
    for _ in 0..HEADER_BLOCK_BYTES_MAX / 1024 {
        framer.push(&[b'a'; 1024]);
        assert_eq!(framer.next_frame(), Ok(None));
    }

    framer.push(b"a");

    let limit = HEADER_BLOCK_BYTES_MAX;
    assert_eq!(framer.next_frame().unwrap_err().error, ParseError::TooLarge { limit });
}

#[test]
fn a_malformed_message_with_known_borders_does_not_end_the_stream() {
    let mut framer = StreamFramer::new();
    let bad = request(3).replace("Subject: x", "no colon\r\n and folded");
    framer.push(format!("{bad}abc{}", request(0)).as_bytes());

    let Ok(Some(Frame::Message(first))) = framer.next_frame() else { panic!("a message") };

    assert!(parse(&first, Framing::Stream).is_err());
    assert_eq!(framer.next_frame(), Ok(Some(message(0, ""))));
}

#[test]
fn a_quiet_connection_keeps_no_large_buffer() {
    let mut framer = StreamFramer::new();
    framer.push(format!("{}{}", request(60_000), "x".repeat(60_000)).as_bytes());

    assert!(matches!(framer.next_frame(), Ok(Some(Frame::Message(_)))));

    assert!(framer.buffer().capacity() <= IDLE_BUFFER_BYTES_MAX);
}

fn request(length: usize) -> String {
    format!(
        "OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/TCP h;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\n\
         To: <sip:c@d>\r\nCall-ID: x\r\nCSeq: 1 OPTIONS\r\nSubject: x\r\n\
         Content-Length: {length}\r\n\r\n"
    )
}

fn message(length: usize, body: &str) -> Frame {
    Frame::Message(format!("{}{body}", request(length)).into())
}
