//! Dialogs: tags, routes, targets, order and forks (RFC 3261 sections 12 to 14).

use crate::{
    line::{Line, Text, value},
    pair::{Expect as _, uri},
};
use sip::{
    DialogId, Event, HeaderName, NameAddr, Request, Response, Transport, Uri,
    endpoint::NoSuchDialog, message::Method, transport::FlowId,
};
use std::time::Duration;

#[test]
fn all_answers_of_an_invite_carry_one_tag_and_contact_with_the_shard_in_them() {
    let mut line = Line::new();
    line.receive(&Text::request("INVITE"));
    line.wait(Duration::from_millis(200));
    let (_, trying) = line.sent_response(100);
    assert_eq!(trying.headers.to().unwrap().tag(), None);
    let (server, _) = line.event().request();
    line.respond(server, 180);
    line.respond(server, 200);

    let (_, ringing) = line.sent_response(180);
    let (_, ok) = line.sent_response(200);

    assert_eq!(value(&ringing, &HeaderName::To), value(&ok, &HeaderName::To));
    let to = ok.headers.to().unwrap();
    let tag = std::str::from_utf8(to.tag().unwrap()).unwrap().to_owned();
    assert!(tag.starts_with("01") && tag.len() == 18, "{tag}");
    assert_eq!(value(&ok, &HeaderName::Contact), format!("<sip:{tag}@192.0.2.1:5060>"));
}

#[test]
fn a_callee_sends_along_the_recorded_route_to_the_contact() {
    let mut line = Line::new();
    let routes = "<sip:192.0.2.20;lr>, <sip:198.51.100.1:5080;lr>";
    let (dialog, ok) = answered(&mut line, &invite().and("Record-Route", routes));
    let recorded: Vec<_> = ok.headers.elements(&HeaderName::RecordRoute);
    assert_eq!(recorded.len(), 2);

    line.in_dialog(dialog, Method::Bye);

    let (to, bye) = line.sent_request();
    assert_eq!((to.host, to.port), (uri("sip:192.0.2.20").host, 5060));
    assert_eq!(bye.uri, uri("sip:eve@192.0.2.9:5070"));
    assert_eq!(routes_of(&bye), ["<sip:192.0.2.20;lr>", "<sip:198.51.100.1:5080;lr>"]);
}

#[test]
fn a_caller_sends_along_the_recorded_route_backwards() {
    let mut line = Line::new();
    line.invite();
    let (_, invite) = line.sent_request();
    let ok = Text::response(200, &invite, "eve")
        .and("Record-Route", "<sip:198.51.100.1:5080;lr>")
        .and("Record-Route", "<sip:192.0.2.9:5070;lr>");
    line.receive(&ok);
    let dialog = line.event().response(200).unwrap();

    line.ack(dialog);

    let (to, ack) = line.sent_request();
    assert_eq!((to.host, to.port), (uri("sip:192.0.2.9").host, 5070));
    assert_eq!(ack.uri, uri("sip:eve@192.0.2.9:5070"));
    assert_eq!(routes_of(&ack), ["<sip:192.0.2.9:5070;lr>", "<sip:198.51.100.1:5080;lr>"]);
    assert_eq!(ack.headers.cseq().unwrap().number, invite.headers.cseq().unwrap().number);
    assert_ne!(ack.headers.via().unwrap().branch(), invite.headers.via().unwrap().branch());
}

#[test]
fn a_strict_router_gets_itself_as_request_uri_and_the_target_as_last_route() {
    let mut line = Line::new();
    let routes = "<sip:192.0.2.20>, <sip:198.51.100.1:5080;lr>";
    let (dialog, _) = answered(&mut line, &invite().and("Record-Route", routes));

    line.in_dialog(dialog, Method::Info);

    let (to, info) = line.sent_request();
    assert_eq!(to.host, uri("sip:192.0.2.20").host);
    assert_eq!(info.uri, uri("sip:192.0.2.20"));
    assert_eq!(routes_of(&info), ["<sip:198.51.100.1:5080;lr>", "<sip:eve@192.0.2.9:5070>"]);
}

#[test]
fn an_invite_with_routes_of_its_own_names_them_and_a_strict_one_first() {
    let mut line = Line::new();
    line.invite_by(vec![NameAddr::new(uri("sip:192.0.2.20;lr"))]);
    let (_, invite) = line.sent_request();
    assert_eq!(invite.uri, uri("sip:eve@example.com"));
    assert_eq!(routes_of(&invite), ["<sip:192.0.2.20;lr>"]);

    line.invite_by(vec![NameAddr::new(uri("sip:192.0.2.20"))]);
    let (_, invite) = line.sent_request();
    assert_eq!(invite.uri, uri("sip:192.0.2.20"));
    assert_eq!(routes_of(&invite), ["<sip:eve@example.com>"]);
}

#[test]
fn a_phone_behind_nat_is_reached_where_it_called_from() {
    let mut line = Line::new();
    line.source.remote = "198.51.100.77:41234".parse().unwrap();
    let private = invite().with("Contact", "<sip:eve@10.0.0.5:5060>");
    let (dialog, _) = answered(&mut line, &private);

    line.in_dialog(dialog, Method::Bye);

    let (to, bye) = line.sent_request();
    assert_eq!((to.host.ip(), to.port), (Some(line.source.remote.ip()), 41234));
    assert_eq!(to.flow, Some(line.source.flow));
    assert_eq!(bye.uri, uri("sip:eve@10.0.0.5:5060"));
}

#[test]
fn a_phone_that_moved_is_reached_where_its_latest_request_came_from() {
    let mut line = Line::new();
    let (dialog, ok) = answered(&mut line, &invite());
    line.source.remote = "198.51.100.77:41234".parse().unwrap();
    line.receive(&Text::inside("INFO", 3, &ok));

    line.in_dialog(dialog, Method::Bye);

    let (to, _) = line.sent_request();
    assert_eq!((to.host.ip(), to.port), (Some(line.source.remote.ip()), 41234));
}

#[test]
fn a_connection_serves_the_dialog_and_the_contact_says_where_to_open_another() {
    let mut line = Line::with(Transport::Tcp, 100);
    line.source.remote = "192.0.2.9:40001".parse().unwrap();
    let (dialog, ok) = answered(&mut line, &invite());
    assert!(value(&ok, &HeaderName::Contact).ends_with(";transport=tcp>"));

    line.in_dialog(dialog, Method::Info);
    let (to, _) = line.sent_request();
    assert_eq!((to.flow, to.port), (Some(line.source.flow), 5070));

    line.source.flow = FlowId(8);
    line.receive(&Text::inside("INFO", 3, &ok));
    line.in_dialog(dialog, Method::Bye);
    let (to, _) = line.sent_request();
    assert_eq!((to.flow, to.port), (Some(FlowId(8)), 5070), "the peer came back on a new one");
}

#[test]
fn a_connection_that_the_transport_opened_for_an_invite_serves_the_dialog() {
    let mut line = Line::with(Transport::Tcp, 100);
    let (dialog, _) = called(&mut line);

    line.in_dialog(dialog, Method::Bye);

    let (to, _) = line.sent_request();
    assert_eq!((to.flow, to.port), (Some(line.source.flow), line.source.remote.port()));
}

#[test]
fn a_target_refresh_moves_the_request_uri_and_the_hop_with_it() {
    let mut line = Line::new();
    let (dialog, ok) = answered(&mut line, &invite());

    let reinvite = Text::inside("INVITE", 2, &ok);
    line.receive(&reinvite.with("Contact", "<sip:eve@198.51.100.5:5090>"));
    let (_, server, _) = line.event().in_dialog();
    line.respond(server, 200);
    line.sent_response(200);
    line.receive(&Text::inside("ACK", 2, &ok));
    line.in_dialog(dialog, Method::Bye);

    let (to, bye) = line.sent_request();
    assert_eq!(bye.uri, uri("sip:eve@198.51.100.5:5090"));
    assert_eq!((to.host, to.port), (uri("sip:198.51.100.5").host, 5090));
}

#[test]
fn a_request_out_of_order_is_refused_with_500() {
    let mut line = Line::new();
    let (_, ok) = answered(&mut line, &invite());
    line.receive(&Text::inside("INFO", 5, &ok));
    line.event().in_dialog();

    line.receive(&Text::inside("INFO", 4, &ok));

    line.sent_response(500);
    line.assert_silent();
}

#[test]
fn the_peer_s_tag_and_call_id_are_part_of_the_dialog() {
    let mut line = Line::new();
    let (_, ok) = answered(&mut line, &invite());

    line.receive(&Text::inside("BYE", 2, &ok).with("From", "<sip:eve@example.com>;tag=mallory"));
    line.sent_response(481);
    line.receive(&Text::inside("BYE", 3, &ok).with("Call-ID", "call-2"));
    line.sent_response(481);
    line.assert_silent();
}

#[test]
fn a_second_invite_before_the_first_is_answered_is_refused_with_500_and_retry_after() {
    let mut line = Line::new();
    let (_, ok) = answered(&mut line, &invite());
    line.receive(&Text::inside("INVITE", 2, &ok));
    let (_, server, _) = line.event().in_dialog();

    line.receive(&Text::inside("INVITE", 3, &ok));
    let (_, refusal) = line.sent_response(500);
    let wait: u64 = value(&refusal, &HeaderName::RetryAfter).parse().unwrap();
    assert!(wait <= 10);

    line.respond(server, 200);
    line.sent_response(200);
    line.receive(&Text::inside("INVITE", 4, &ok));
    line.sent_response(491);
    line.receive(&Text::inside("ACK", 2, &ok));
    assert!(matches!(line.event(), Event::Acked { .. }));
    line.receive(&Text::inside("INVITE", 5, &ok));
}

#[test]
fn an_invite_that_crosses_ours_is_refused_with_491() {
    let mut line = Line::new();
    let (dialog, ok) = answered(&mut line, &invite());
    line.in_dialog(dialog, Method::Invite);
    line.sent_request();

    line.receive(&Text::inside("INVITE", 2, &ok));

    line.sent_response(491);
    line.assert_silent();
}

#[test]
fn prack_is_refused_as_nothing_of_ours_was_reliable() {
    let mut line = Line::new();
    let (_, ok) = answered(&mut line, &invite());

    line.receive(&Text::inside("PRACK", 2, &ok));

    line.sent_response(481);
}

#[test]
fn each_fork_that_answers_is_a_dialog_of_its_own() {
    let mut line = Line::new();
    line.invite();
    let (_, invite) = line.sent_request();
    line.receive(&Text::response(180, &invite, "one"));
    line.receive(&Text::response(183, &invite, "two"));
    line.receive(&Text::response(180, &invite, "one"));
    let one = line.event().response(180).unwrap();
    let two = line.event().response(183).unwrap();
    assert_eq!(line.event().response(180), Some(one));
    assert_ne!(one, two);

    line.receive(&Text::response(200, &invite, "two"));
    assert_eq!(line.event().response(200), Some(two));
    line.ack(two);
    line.sent_request();
    line.receive(&Text::response(200, &invite, "three"));
    let three = line.event().response(200).unwrap();
    line.ack(three);
    let (_, ack) = line.sent_request();
    assert_eq!(ack.headers.to().unwrap().tag().unwrap(), "three");
    line.in_dialog(three, Method::Bye);
    let (_, bye) = line.sent_request();
    line.receive(&Text::response(200, &bye, ""));

    assert_eq!(line.endpoint.counts().dialogs, 2, "the ringing fork may still answer");
    line.assert_only_dialogs_are_left(1);
}

#[test]
fn a_repeated_2xx_is_acknowledged_again_and_not_told_again() {
    let mut line = Line::new();
    let (dialog, ok) = called(&mut line);

    line.receive(&ok);
    let (_, ack) = line.sent_request();
    assert_eq!(ack.method, Method::Ack);
    line.assert_silent();

    line.in_dialog(dialog, Method::Bye);
    line.sent_request();
    line.receive(&ok);
    let (_, again) = line.sent_request();
    assert_eq!(again, ack, "though the dialog has ended");
    line.assert_silent();
}

#[test]
fn a_2xx_that_comes_again_before_it_was_acknowledged_is_told_once() {
    let mut line = Line::new();
    line.invite();
    let (_, invite) = line.sent_request();
    let ok = Text::response(200, &invite, "eve");

    line.receive(&ok);
    line.receive(&ok);

    line.event().response(200);
    line.assert_silent();
}

#[test]
fn a_refused_invite_ends_its_early_dialogs() {
    let mut line = Line::new();
    line.invite();
    let (_, invite) = line.sent_request();
    line.receive(&Text::response(180, &invite, "eve"));
    let early = line.event().response(180).unwrap();
    assert_eq!(line.endpoint.counts().dialogs, 1);

    line.receive(&Text::response(486, &invite, "eve"));

    let (_, ack) = line.sent_request();
    assert_eq!(ack.method, Method::Ack);
    assert_eq!(ack.headers.via().unwrap(), invite.headers.via().unwrap());
    assert_eq!(ack.headers.to().unwrap().tag().unwrap(), "eve");
    assert_eq!(line.event().response(486), None);
    assert_eq!(line.endpoint.ack(line.now, early, None), Err(NoSuchDialog));
    line.assert_only_dialogs_are_left(0);
}

#[test]
fn our_refusal_ends_the_early_dialog() {
    let mut line = Line::new();
    line.receive(&invite());
    let (server, _) = line.event().request();
    line.respond(server, 180).unwrap();
    assert_eq!(line.endpoint.counts().dialogs, 1);

    line.respond(server, 603);

    line.assert_only_dialogs_are_left(0);
}

#[test]
fn a_peer_cannot_open_dialogs_without_end() {
    let mut line = Line::new();
    line.invite();
    let (_, invite) = line.sent_request();

    for n in 0..1000 {
        line.receive(&Text::response(180, &invite, &format!("fork{n}")));
    }

    assert_eq!(line.events.len(), 1000);
    assert_eq!(line.endpoint.counts().dialogs, 32);
    line.receive(&Text::response(486, &invite, "eve"));
    line.assert_only_dialogs_are_left(0);
}

#[test]
fn a_server_of_rfc_2543_answers_without_a_tag_and_can_be_hung_up_on() {
    let mut line = Line::new();
    line.invite();
    let (_, invite) = line.sent_request();

    line.receive(&Text::response(200, &invite, ""));

    let dialog = line.event().response(200).unwrap();
    line.ack(dialog);
    line.sent_request();
    line.in_dialog(dialog, Method::Bye);
    let (_, bye) = line.sent_request();
    assert_eq!(bye.headers.to().unwrap().tag(), None);
    line.assert_only_dialogs_are_left(0);
}

#[test]
fn an_invite_without_a_usable_contact_is_answered_where_it_came_from() {
    let mut line = Line::new();
    let (dialog, _) = answered(&mut line, &invite().with("Contact", "<tel:+74951234567>"));

    line.in_dialog(dialog, Method::Bye);

    let (_, bye) = line.sent_request();
    assert_eq!(bye.uri, uri("sip:192.0.2.9:5070"));
}

/// Eve's INVITE.
fn invite() -> Text {
    Text::request("INVITE")
}

/// Answers her INVITE and takes in her ACK; nothing is left to look at.
fn answered(line: &mut Line, invite: &Text) -> (DialogId, Response) {
    line.receive(invite);
    let (server, _) = line.event().request();
    let dialog = line.respond(server, 200).unwrap();
    let (_, ok) = line.sent_response(200);
    line.receive(&Text::inside("ACK", 1, &ok));
    assert!(matches!(line.event(), Event::Acked { dialog: it, .. } if it == dialog));
    line.assert_silent();
    (dialog, ok)
}

/// Calls Eve, who answers; the dialog and her 200.
fn called(line: &mut Line) -> (DialogId, Text) {
    line.invite();
    let (_, invite) = line.sent_request();
    let ok = Text::response(200, &invite, "eve");
    line.receive(&ok);
    let dialog = line.event().response(200).unwrap();
    line.ack(dialog);
    line.wait(Duration::ZERO);
    line.sent_request();
    line.assert_silent();
    (dialog, ok)
}

fn routes_of(request: &Request) -> Vec<String> {
    let routes = request.headers.name_addrs(&HeaderName::Route).unwrap();
    routes.iter().map(|it| format!("<{}>", Uri::to_string(&it.uri))).collect()
}
