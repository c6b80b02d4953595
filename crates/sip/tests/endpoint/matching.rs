//! Which transaction a message belongs to (RFC 3261 sections 8.2.2.2, 9.2, 17.1.3, 17.2.3 and 18.2).

use crate::{
    line::{Line, Text, value},
    pair::Expect as _,
};
use sip::{Event, HeaderName, Method, Transport};
use std::time::Duration;

const BRANCH: &str = "SIP/2.0/UDP 192.0.2.9:5070;branch=";

#[test]
fn a_repeated_invite_gets_the_latest_response_and_no_second_event() {
    let mut line = Line::new();
    line.receive(&Text::request("INVITE"));
    let (server, _) = line.event().request();
    line.respond(server, 180);
    line.sent_response(180);

    line.receive(&Text::request("INVITE"));

    line.sent_response(180);
    line.assert_silent();
}

#[test]
fn a_repeated_request_gets_its_final_response_again() {
    let mut line = Line::new();
    line.receive(&Text::request("OPTIONS"));
    let (server, _) = line.event().request();
    line.receive(&Text::request("OPTIONS"));
    line.assert_silent();
    line.respond(server, 200);
    line.sent_response(200);

    line.receive(&Text::request("OPTIONS"));

    line.sent_response(200);
    line.assert_silent();
    line.assert_only_dialogs_are_left(0);
}

#[test]
fn the_same_branch_from_another_sent_by_is_another_transaction() {
    let mut line = Line::new();
    line.receive(&Text::request("OPTIONS"));
    line.event().request();

    let via = "SIP/2.0/UDP 192.0.2.8:5070;branch=z9hG4bKone";
    line.receive(&Text::request("OPTIONS").with("Via", via).with("Call-ID", "call-2"));

    line.event().request();
}

#[test]
fn a_bare_magic_cookie_matches_nobody_elses() {
    let mut line = Line::new();
    let bare = |call_id: &str| {
        Text::request("OPTIONS").with("Via", &format!("{BRANCH}z9hG4bK")).with("Call-ID", call_id)
    };
    line.receive(&bare("call-1"));
    line.receive(&bare("call-2"));
    line.event().request();
    line.event().request();

    line.receive(&bare("call-1"));

    assert!(line.events.is_empty(), "a repeated one is still recognised");
}

#[test]
fn a_client_of_rfc_2543_is_matched_by_all_that_its_requests_repeat() {
    let mut line = Line::new();
    let old = |method: &str| {
        let via = "SIP/2.0/UDP 192.0.2.9:5070";
        Text::request(method).with("Via", via).with("From", "<sip:eve@example.com>")
    };
    line.receive(&old("INVITE"));
    let (server, _) = line.event().request();
    line.receive(&old("INVITE"));
    line.sent_response(100);
    line.respond(server, 486);
    let (_, busy) = line.sent_response(486);

    let to = value(&busy, &HeaderName::To);
    line.receive(&old("ACK").with("To", to).with("CSeq", "1 ACK"));

    line.assert_silent();
    line.wait(Duration::from_secs(6));
    assert_eq!(line.endpoint.counts().servers, 0, "timer I, not H");
}

#[test]
fn a_merged_request_is_refused_with_482() {
    let mut line = Line::new();
    line.receive(&Text::request("INVITE"));
    line.event().request();

    line.receive(&Text::request("INVITE").with("Via", &format!("{BRANCH}z9hG4bKother-path")));

    line.sent_response(482);
    line.assert_silent();
}

#[test]
fn cancel_is_answered_with_the_tag_of_its_invite_and_told_once() {
    let mut line = Line::new();
    line.receive(&Text::request("INVITE"));
    let (server, _) = line.event().request();
    line.respond(server, 180);
    let (_, ringing) = line.sent_response(180);

    line.receive(&Text::request("CANCEL"));
    line.receive(&Text::request("CANCEL"));

    let (_, ok) = line.sent_response(200);
    assert_eq!(value(&ok, &HeaderName::To), value(&ringing, &HeaderName::To));
    line.sent_response(200);
    assert!(matches!(line.event(), Event::Cancelled { server: it, .. } if it == server));
    line.assert_silent();

    line.respond(server, 487);
    let (_, terminated) = line.sent_response(487);
    line.receive(&Text::request("ACK").with("To", value(&terminated, &HeaderName::To)));
    line.assert_silent();
    line.assert_only_dialogs_are_left(0);
}

#[test]
fn cancel_of_nothing_is_refused_with_481() {
    let mut line = Line::new();

    line.receive(&Text::request("CANCEL"));

    line.sent_response(481);
    line.assert_silent();
    line.assert_only_dialogs_are_left(0);
}

#[test]
fn cancel_behind_the_final_response_is_answered_and_changes_nothing() {
    let mut line = Line::new();
    line.receive(&Text::request("INVITE"));
    let (server, _) = line.event().request();
    line.respond(server, 486);
    line.sent_response(486);

    line.receive(&Text::request("CANCEL"));

    line.sent_response(200);
    line.assert_silent();
}

#[test]
fn a_stray_ack_is_dropped() {
    let mut line = Line::new();

    line.receive(&Text::request("ACK"));
    line.receive(&Text::request("ACK").with("To", "<sip:a@b>;tag=010123456789abcdef"));

    line.assert_silent();
    assert_eq!(line.endpoint.counts().servers, 0);
}

#[test]
fn responses_that_match_no_request_of_ours_are_dropped() {
    let mut line = Line::new();
    line.invite();
    let (_, invite) = line.sent_request();
    let answer = Text::response(200, &invite, "eve");
    let via = invite.headers.text(&HeaderName::Via).unwrap();

    line.receive(&answer.clone().with("Via", "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKelse"));
    let (rest, random) = via.split_once(";rport").unwrap().0.rsplit_once('-').unwrap();
    let guessed = format!("{rest}-{}", random.replace(|_: char| true, "0"));
    line.receive(&answer.clone().with("Via", &guessed));
    line.receive(&answer.clone().with("CSeq", "1 OPTIONS"));
    line.receive(&answer.clone().with("CSeq", "1 CANCEL"));
    line.assert_silent();

    line.receive(&answer);
    assert!(line.event().response(200).is_some());
}

#[test]
fn an_answer_to_what_an_earlier_process_asked_is_acknowledged_and_ended() {
    let mut before = Line::new();
    before.invite();
    let (_, invite) = before.sent_request();
    let answer = Text::response(200, &invite, "callee");
    let mut line = Line::new();

    line.receive(&answer);

    let (_, ack) = line.sent_request();
    let (_, bye) = line.sent_request();
    assert_eq!((ack.method, bye.method), (Method::Ack, Method::Bye));
    let cseqs = [&ack.headers, &bye.headers].map(|it| it.cseq().unwrap().number);
    assert_eq!(cseqs, [1, 2]);
    for headers in [&ack.headers, &bye.headers] {
        assert_eq!(headers.to_tag().unwrap().as_deref(), Some(&b"callee"[..]));
        assert_eq!(headers.call_id().unwrap(), invite.headers.call_id().unwrap());
    }
    assert_eq!(line.endpoint.counts().dialogs, 0);

    line.receive(&Text::response(200, &invite, "callee").with("From", "<sip:a@b>;tag=theirs"));
    line.receive(&Text::response(180, &invite, "callee"));
    line.assert_silent();
}

#[test]
fn what_an_earlier_process_asked_is_answered_within_ten_minutes_or_forged() {
    let mut before = Line::new();
    before.invite();
    let (_, invite) = before.sent_request();
    let answer = Text::response(200, &invite, "callee");
    let mut line = Line::new();

    line.wait(Duration::from_secs(599));
    line.receive(&answer);
    assert_eq!(line.sent.len(), 2, "an ACK and a BYE");
    line.wait(Duration::from_secs(1));
    line.sent.clear();
    line.events.clear();
    line.receive(&answer);
    line.assert_silent();
}

#[test]
fn forged_answers_make_us_write_to_a_bounded_number_of_others() {
    let mut before = Line::new();
    before.invite();
    let (_, invite) = before.sent_request();
    let mut line = Line::new();
    let mut written = 0;
    for n in 0..1_000 {
        line.receive(&Text::response(200, &invite, &format!("callee{n}")));
        written += line.sent.drain(..).count();
    }
    assert_eq!(written, 2 * 256);
    assert_eq!(line.endpoint.counts().clients, 256);

    // Their turn comes when others are through.
    line.assert_only_dialogs_are_left(0);
    line.sent.clear();
    line.receive(&Text::response(200, &invite, "callee"));
    assert_eq!(line.sent.len(), 2);
}

#[test]
fn responses_go_to_the_port_of_the_via_unless_rport_asks_for_the_source() {
    let mut line = Line::new();
    line.source.remote = "198.51.100.4:40000".parse().unwrap();

    line.receive(&Text::request("CANCEL"));
    let (to, response) = line.sent_response(481);
    assert_eq!((to.host.ip().unwrap().to_string(), to.port), ("198.51.100.4".to_owned(), 5070));
    assert!(value(&response, &HeaderName::Via).contains("received=198.51.100.4"));
    assert!(!value(&response, &HeaderName::Via).contains("rport"));

    let via = &format!("{BRANCH}z9hG4bKtwo;rport");
    line.receive(&Text::request("CANCEL").with("Via", via).and("Via", "SIP/2.0/TCP a.example"));
    let (to, response) = line.sent_response(481);
    assert_eq!((to.host.ip().unwrap().to_string(), to.port), ("198.51.100.4".to_owned(), 40000));
    let vias: Vec<_> = response.headers.all(&HeaderName::Via).collect();
    assert_eq!(vias.len(), 2);
    let top = response.headers.via().unwrap();
    assert_eq!(top.params.value("rport").unwrap(), "40000");
    assert_eq!(top.params.value("received").unwrap(), "198.51.100.4");
}

#[test]
fn responses_over_a_connection_stay_on_it() {
    let mut line = Line::with(Transport::Tcp, 100);
    line.source.remote = "192.0.2.9:40000".parse().unwrap();

    line.receive(
        &Text::request("CANCEL").with("Via", "SIP/2.0/TCP 192.0.2.9:5070;branch=z9hG4bK1"),
    );

    let (to, _) = line.sent_response(481);
    assert_eq!((to.flow, to.port), (Some(line.source.flow), 5070));
}

#[test]
fn a_full_endpoint_refuses_newcomers_without_state_and_serves_its_dialogs() {
    let mut line = Line::with(Transport::Udp, 2);
    line.receive(&Text::request("INVITE"));
    let (server, _) = line.event().request();
    line.respond(server, 200);
    let (_, ok) = line.sent_response(200);
    line.receive(&Text::inside("ACK", 1, &ok));
    line.receive(&Text::request("OPTIONS").with("Call-ID", "call-2"));
    line.events.clear();

    let newcomer = Text::request("INVITE")
        .with("Call-ID", "call-3")
        .with("Via", &format!("{BRANCH}z9hG4bKnew"));
    line.receive(&newcomer);
    let (_, first) = line.sent_response(503);
    line.receive(&newcomer);
    let (_, second) = line.sent_response(503);
    assert_eq!(first, second, "the same tag, though nothing was kept");
    assert!(first.headers.first(&HeaderName::RetryAfter).is_some());
    assert_eq!(line.endpoint.counts().servers, 2);

    line.receive(&Text::inside("INFO", 9, &ok).with("Call-ID", "of-no-dialog"));
    let (_, refusal) = line.sent_response(503);
    assert_eq!(value(&refusal, &HeaderName::To), value(&ok, &HeaderName::To));
    line.receive(&Text::request("CANCEL").with("Via", &format!("{BRANCH}z9hG4bKof-no-invite")));
    line.sent_response(503);
    assert_eq!(line.endpoint.counts().servers, 2);

    line.receive(&Text::inside("BYE", 2, &ok));
    line.event().in_dialog();
}
