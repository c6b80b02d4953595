//! Each document, read back by a parser of somebody else's.

use super::{dialog_info::DIALOGS_MAX, reginfo::ContactEvent, *};
use crate::subscriptions::{DialogDirection, DialogState, LineDialog, MailCounts, RemoteParty};
use base::{DomainId, LegId, Rng, UnixMillis};
use roxmltree::Node;
use sip::{
    FlowId, Params, Transport,
    bindings::{Aor, Binding, Received},
};

const ENTITY: Entity<'_> =
    Entity { number: "1002", name: "Борис & Ко", domain: "demo.test" };

#[test]
fn a_dialog_tells_who_is_at_the_other_end_and_who_began() {
    let dialog = LineDialog {
        is_held: true,
        ..dialog(
            1,
            DialogState::Confirmed,
            RemoteParty {
                number: "10#01".to_owned(),
                name: Some("<\"Anna\"> & 'Co'\u{1}".to_owned()),
            },
        )
    };

    let text = text_of(&dialog_info(ENTITY, &[dialog]), 7);

    let document = roxmltree::Document::parse(&text).expect("it is well-formed");
    let root = document.root_element();
    assert_eq!(root.tag_name().namespace(), Some("urn:ietf:params:xml:ns:dialog-info"));
    let attributes = ["version", "state", "entity"].map(|it| root.attribute(it).unwrap());
    assert_eq!(attributes, ["7", "full", "sip:1002@demo.test"]);
    let dialog = child(root, "dialog");
    assert_eq!(dialog.attribute("direction"), Some("recipient"));
    assert_eq!(child(dialog, "state").text(), Some("confirmed"));
    let local = child(dialog, "local");
    assert_eq!(child(local, "identity").attribute("display"), Some("Борис & Ко"));
    let param = child(child(local, "target"), "param");
    assert_eq!(param.attribute("pname"), Some("+sip.rendering"));
    let remote = child(child(dialog, "remote"), "identity");
    assert_eq!(remote.attribute("display"), Some("<\"Anna\"> & 'Co'\u{fffd}"));
    assert_eq!(remote.text(), Some("sip:10%2301@demo.test"));
}

#[test]
fn a_line_with_many_calls_still_fits_into_a_datagram() {
    let many: Vec<_> = (0..1000)
        .map(|n| {
            let name = Some("Я".repeat(128));
            dialog(n, DialogState::Early, RemoteParty { number: n.to_string(), name })
        })
        .collect();

    let text = text_of(&dialog_info(ENTITY, &many), 0);

    assert_eq!(text.matches("<dialog ").count(), DIALOGS_MAX);
    assert!(text.len() < 16_000, "{}", text.len());
}

#[test]
fn presence_is_open_where_one_is_registered_and_busy_in_a_call() {
    for (is_registered, is_in_call, basic, activities) in
        [(true, false, "open", 0), (true, true, "open", 1), (false, false, "closed", 0)]
    {
        let text = text_of(&pidf(ENTITY, is_registered, is_in_call), 3);

        let document = roxmltree::Document::parse(&text).expect("it is well-formed");
        let root = document.root_element();
        assert_eq!(root.attribute("version"), None);
        let status = child(child(root, "tuple"), "status");
        assert_eq!(child(status, "basic").text(), Some(basic));
        let busy = document.descendants().filter(|it| it.has_tag_name(ON_THE_PHONE));
        assert_eq!(busy.count(), activities);
    }
}

#[test]
fn a_mailbox_is_summed_up_in_lines() {
    let document = message_summary(ENTITY, MailCounts { new: 2, saved: 1 });

    assert_eq!(
        text_of(&document, 0),
        "Messages-Waiting: yes\r\nMessage-Account: sip:1002@demo.test\r\n\
         Voice-Message: 2/1 (0/0)\r\n"
    );
    assert!(text_of(&message_summary(ENTITY, MailCounts::default()), 0).contains("Waiting: no"));
}

#[test]
fn a_registration_lists_its_contacts_and_those_that_have_just_gone() {
    let contacts =
        [(binding("a"), ContactEvent::Created), (binding("b<&>"), ContactEvent::Expired)];

    let text = text_of(&reginfo(ENTITY, &contacts), 1);

    let document = roxmltree::Document::parse(&text).expect("it is well-formed");
    let registration = child(document.root_element(), "registration");
    assert_eq!(registration.attribute("state"), Some("active"));
    let events: Vec<_> = registration
        .children()
        .filter(|it| it.has_tag_name("contact") || it.tag_name().name() == "contact")
        .map(|it| (it.attribute("state").unwrap(), it.attribute("event").unwrap()))
        .collect();
    assert_eq!(events, [("active", "created"), ("terminated", "expired")]);
    let nobody = text_of(&reginfo(ENTITY, &[]), 1);
    assert!(nobody.contains("state=\"init\""), "{nobody}");
}

fn dialog(n: i64, state: DialogState, remote: RemoteParty) -> LineDialog {
    let leg = LegId::new(UnixMillis(n), &mut Rng::from_number(1));
    let direction = DialogDirection::Recipient;
    LineDialog { leg, direction, state, is_held: false, remote }
}

fn binding(user: &str) -> Binding {
    let address = "10.1.0.1:5060".parse().unwrap();
    Binding {
        aor: Aor {
            domain: DomainId::new(UnixMillis(1), &mut Rng::from_number(1)),
            user: "1002".to_owned(),
        },
        contact: Uri::sip(Some(user), Host::Ip([10, 1, 0, 1].into()), None),
        q_per_mille: 500,
        expires_at: UnixMillis(1),
        registered_at: UnixMillis(0),
        call_id: Bytes::from_static(b"\"c\""),
        cseq: 1,
        path: Vec::new(),
        received: Received {
            transport: Transport::Udp,
            remote: address,
            local: address,
            flow: Some(FlowId(1)),
        },
        user_agent: "Phone <1>".to_owned(),
        instance: None,
        reg_id: None,
        params: Params::default(),
    }
}

fn text_of(document: &Document, version: u32) -> String {
    String::from_utf8(document.body(version).bytes.to_vec()).expect("it is UTF-8")
}

fn child<'a>(node: Node<'a, 'a>, name: &str) -> Node<'a, 'a> {
    node.children().find(|it| it.tag_name().name() == name).expect(name)
}

const ON_THE_PHONE: (&str, &str) = ("urn:ietf:params:xml:ns:pidf:rpid", "on-the-phone");
