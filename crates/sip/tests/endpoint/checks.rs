//! What is refused before the layer above sees it (RFC 3261 section 8.2).

use crate::{
    line::{Line, Text, value},
    pair::Expect as _,
};
use sip::HeaderName;

#[test]
fn an_unknown_method_is_refused_with_501_and_what_is_allowed() {
    let mut line = Line::new();

    line.receive(&Text::request("DANCE"));

    let (_, response) = line.sent_response(501);
    assert!(value(&response, &HeaderName::Allow).contains("INVITE"));
    line.assert_silent();
    line.assert_only_dialogs_are_left(0);
}

#[test]
fn an_unknown_scheme_is_refused_with_416_and_tel_is_not() {
    let mut line = Line::new();
    line.receive(&Text::request("INVITE").at("nobodyknows:anything"));
    line.sent_response(416);
    line.assert_silent();

    let other = Text::request("OPTIONS").with("Call-ID", "call-2");
    line.receive(&other.at("tel:+74951234567"));
    line.event().request();
}

#[test]
fn required_extensions_that_we_lack_are_refused_with_420_and_named() {
    let mut line = Line::new();

    let invite = Text::request("INVITE").and("Require", "path, 100rel").and("Require", "magic");
    line.receive(&invite.and("Proxy-Require", "wings"));

    let (_, response) = line.sent_response(420);
    let mut named: Vec<_> = response.headers.elements(&HeaderName::Unsupported);
    named.sort();
    assert_eq!(named, ["100rel", "magic", "wings"]);
    line.assert_silent();
}

#[test]
fn a_required_extension_that_we_have_is_fine_and_ack_and_cancel_are_not_asked() {
    let mut line = Line::new();
    line.receive(&Text::request("INVITE").and("Require", "path"));
    let (server, _) = line.event().request();

    line.receive(&Text::request("CANCEL").and("Require", "magic"));
    line.sent_response(200);
    line.event();
    line.respond(server, 487);
    line.sent_response(487);
    line.receive(&Text::request("ACK").and("Require", "magic"));
    line.assert_silent();
}

#[test]
fn a_compressed_body_is_refused_with_415() {
    let mut line = Line::new();
    let invite = Text::request("INVITE").and("Content-Type", "application/sdp").with_body("v=0");

    line.receive(&invite.clone().and("Content-Encoding", "gzip"));
    let (_, response) = line.sent_response(415);
    assert_eq!(value(&response, &HeaderName::Other("Accept-Encoding".into())), "identity");

    let plain = invite.and("Content-Encoding", "identity").with("Call-ID", "call-2");
    line.receive(&plain.with("Via", "SIP/2.0/UDP 192.0.2.9:5070;branch=z9hG4bKtwo"));
    line.event().request();
}

#[test]
fn a_request_inside_an_unknown_dialog_is_refused_with_481() {
    for method in ["BYE", "INVITE", "INFO", "OPTIONS", "PRACK"] {
        for tag in ["010123456789abcdef", "someone-elses"] {
            let mut line = Line::new();

            line.receive(&Text::request(method).with("To", &format!("<sip:a@b.c>;tag={tag}")));

            line.sent_response(481);
            line.assert_silent();
            line.assert_only_dialogs_are_left(0);
        }
    }
}

#[test]
fn a_register_with_a_tag_of_some_registrar_is_let_through() {
    let mut line = Line::new();

    line.receive(&Text::request("REGISTER").with("To", "<sip:eve@example.com>;tag=old"));

    line.event().request();
}

#[test]
fn max_forwards_of_zero_is_the_b2bua_s_to_judge() {
    let mut line = Line::new();

    line.receive(&Text::request("OPTIONS").with("Max-Forwards", "0"));

    line.event().request();
}
