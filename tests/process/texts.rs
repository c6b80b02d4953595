//! Text messages through the real server, spoken by hand.

use crate::harness::{Server, UdpPeer, header, request_over, status_of};
use std::time::Duration;

#[test]
fn texts_are_kept_over_kill_9_and_come_in_order_when_their_recipient_registers() {
    let mut server = Server::start();
    let sender = UdpPeer::bind(0);
    for text in ["first", "второй"] {
        assert_eq!(send(&server, &sender, "1002", "text/plain", text), 202);
    }

    server.kill_and_restart();
    assert_eq!(server.metric("tandem_texts_waiting"), 2);
    let recipient = UdpPeer::bind(0);
    let register =
        request_over("UDP", recipient.address(), "REGISTER", "sip:127.0.0.1", "127.0.0.1", "1002");
    let registered = recipient.ask_as("1002", &register, server.sip()).expect("an answer is due");
    assert_eq!(status_of(&registered), 200, "{registered}");

    for text in ["first", "второй"] {
        let message = recipient.expect_request("MESSAGE", LIMIT);
        assert!(message.ends_with(&format!("\r\n\r\n{text}")), "{message}");
        assert_eq!(header(&message, "Content-Type"), Some("text/plain"));
        let from = header(&message, "From").expect("a request has a From");
        assert!(from.contains("<sip:1001@demo.tandem.test>"), "{from}");
    }
    let answer = std::thread::scope(|scope| {
        let sending = scope.spawn(|| send(&server, &sender, "1002", "text/plain", "third"));
        recipient.expect_request("MESSAGE", LIMIT);
        sending.join().unwrap()
    });
    assert_eq!(answer, 200, "straight to the device");
    assert_eq!(server.metric("tandem_texts_waiting"), 0);
}

#[test]
fn texts_of_strangers_of_strange_types_or_too_long_are_refused() {
    let server = Server::start();
    let sender = UdpPeer::bind(0);
    let unsigned = message(&sender, "1002", "text/plain", "x");
    let challenge = sender.ask(&unsigned, server.sip()).expect("an answer is due");

    assert_eq!(status_of(&challenge), 401, "{challenge}");
    assert_eq!(send(&server, &sender, "1002", "application/zip", "x"), 415);
    assert_eq!(send(&server, &sender, "1002", "text/plain", &"x".repeat(8193)), 413);
    assert_eq!(send(&server, &sender, "7777", "text/plain", "x"), 404);
    assert_eq!(server.metric("tandem_texts_waiting"), 0);
}

/// 1001 sends a text; gives the final status.
pub(crate) fn send(
    server: &Server,
    sender: &UdpPeer,
    to: &str,
    content_type: &str,
    text: &str,
) -> u16 {
    let message = message(sender, to, content_type, text);
    let answer = sender.ask_as("1001", &message, server.sip()).expect("an answer is due");
    status_of(&answer)
}

fn message(sender: &UdpPeer, to: &str, content_type: &str, text: &str) -> String {
    let uri = format!("sip:{to}@127.0.0.1");
    let request = request_over("UDP", sender.address(), "MESSAGE", &uri, "127.0.0.1", "1001");
    let length = text.len();
    let rows = format!("Content-Type: {content_type}\r\nContent-Length: {length}\r\n\r\n{text}");
    request.replace("Content-Length: 0\r\n\r\n", &rows)
}

const LIMIT: Duration = Duration::from_secs(20);
