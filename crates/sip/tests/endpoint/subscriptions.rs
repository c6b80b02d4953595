//! Dialogs that a SUBSCRIBE or a REFER opens (RFC 6665 section 4.4.1), and how another process goes on.

use crate::{
    line::{Line, Text, value},
    pair::{Expect as _, uri},
};
use sip::{DialogId, HeaderName, Response, dialog::DialogRecord, message::Method};

#[test]
fn a_granted_subscribe_opens_a_dialog_with_our_contact_and_its_route() {
    let mut line = Line::new();

    let (dialog, ok, _) = granted(&mut line, &subscribe());

    assert_eq!(line.endpoint.counts().dialogs, 1);
    let tag = ok.headers.to_tag().unwrap().unwrap();
    let contact = format!("<sip:{}@192.0.2.1:5060>", std::str::from_utf8(&tag).unwrap());
    assert_eq!(value(&ok, &HeaderName::Contact), contact);
    line.in_dialog(dialog, Method::Notify);
    let (to, notify) = line.sent_request();
    assert_eq!(to.host, uri("sip:192.0.2.20").host);
    assert_eq!(notify.uri, uri("sip:eve@192.0.2.9:5070"));
    assert_eq!(notify.headers.cseq().unwrap().number, 1);
    assert_eq!(notify.headers.from_tag().unwrap().unwrap(), tag);
}

#[test]
fn a_refused_subscribe_opens_none() {
    let mut line = Line::new();
    line.receive(&subscribe());
    let (server, _) = line.event().request();

    line.respond(server, 489);

    let (_, refusal) = line.sent_response(489);
    assert_eq!(refusal.headers.first(&HeaderName::Contact), None);
    assert_eq!(line.endpoint.counts().dialogs, 0);
}

#[test]
fn a_refresh_comes_in_order_and_moves_the_target() {
    let mut line = Line::new();
    let (dialog, ok, _) = granted(&mut line, &subscribe());

    let refresh = Text::inside("SUBSCRIBE", 5, &ok).with("Contact", "<sip:eve@192.0.2.10:5070>");
    line.receive(&refresh);
    let (_, server, _) = line.event().in_dialog();
    line.respond(server, 200);
    line.sent_response(200);
    line.in_dialog(dialog, Method::Notify);
    assert_eq!(line.sent_request().1.uri, uri("sip:eve@192.0.2.10:5070"));

    line.receive(&Text::inside("SUBSCRIBE", 4, &ok));
    line.sent_response(500);
}

#[test]
fn another_process_goes_on_with_the_same_names_routes_and_greater_numbers() {
    for routes in ["<sip:192.0.2.20;lr>, <sip:198.51.100.1:5080;lr>", "<sip:192.0.2.20>"] {
        let mut line = Line::new();
        let subscribe = subscribe().with("Record-Route", routes);
        let (dialog, ok, record) = granted(&mut line, &subscribe);
        line.in_dialog(dialog, Method::Notify);
        let (_, before) = line.sent_request();

        let mut other = Line::new();
        let record = DialogRecord { local_cseq: 100, ..record };
        let dialog = other.endpoint.restore_dialog(&record).unwrap();
        other.in_dialog(dialog, Method::Notify);

        let (to, after) = other.sent_request();
        assert_eq!(to.flow, None, "a flow of another process leads nowhere");
        assert_eq!(after.headers.cseq().unwrap().number, 101);
        assert_eq!(after.uri, before.uri);
        for name in [HeaderName::From, HeaderName::To, HeaderName::CallId, HeaderName::Route] {
            let rows = |it: &sip::Request| it.headers.all(&name).cloned().collect::<Vec<_>>();
            assert_eq!(rows(&after), rows(&before), "{name:?}");
        }
        other.receive(&Text::inside("SUBSCRIBE", 5, &ok));
        let (found, ..) = other.event().in_dialog();
        assert_eq!(found, dialog, "and its peer finds it");
    }
}

#[test]
fn an_accepted_refer_opens_one_as_well_and_comes_again_to_the_same() {
    let mut line = Line::new();
    let refer = Text::request("REFER")
        .and("Record-Route", "<sip:192.0.2.20;lr>")
        .and("Refer-To", "<sip:1003@a>");
    line.receive(&refer);
    let (server, _) = line.event().request();

    let dialog = line.respond(server, 202).expect("a dialog");

    let (_, accepted) = line.sent_response(202);
    let tag = accepted.headers.to_tag().unwrap().unwrap();
    let contact = format!("<sip:{}@192.0.2.1:5060>", std::str::from_utf8(&tag).unwrap());
    assert_eq!(value(&accepted, &HeaderName::Contact), contact);
    line.in_dialog(dialog, Method::Notify);
    let (to, notify) = line.sent_request();
    assert_eq!(to.host, uri("sip:192.0.2.20").host);
    assert_eq!(notify.headers.from_tag().unwrap().unwrap(), tag);
    line.receive(&refer);
    let (_, again) = line.sent_response(202);
    assert_eq!(again.headers.to_tag().unwrap().unwrap(), tag);
    assert_eq!(line.endpoint.counts().dialogs, 1);

    line.receive(&Text::inside("SUBSCRIBE", 5, &accepted));
    let (found, ..) = line.event().in_dialog();
    assert_eq!(found, dialog);
}

fn subscribe() -> Text {
    Text::request("SUBSCRIBE").and("Record-Route", "<sip:192.0.2.20;lr>").and("Event", "dialog")
}

/// The dialog, our 200, and the dialog as it was written down before.
fn granted(line: &mut Line, subscribe: &Text) -> (DialogId, Response, DialogRecord) {
    line.receive(subscribe);
    let (server, _) = line.event().request();
    let record = line.endpoint.record_for(server).expect("a 200 will open one");
    let dialog = line.respond(server, 200).expect("a dialog");
    let (_, ok) = line.sent_response(200);
    (dialog, ok, record)
}
