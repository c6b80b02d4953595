//! Where somebody is registered, RFC 3680: always all of it.

use super::{Document, Entity, Package, xml::Xml};
use sip::bindings::Binding;

/// How a contact came or went.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum ContactEvent {
    /// It is bound.
    Created,
    /// Its time was over.
    Expired,
    /// Its device, or another one, took it away.
    Unregistered,
}

/// The contacts of an address of record, with what has just ended.
pub(crate) fn reginfo(entity: Entity<'_>, contacts: &[(Binding, ContactEvent)]) -> Document {
    let uri = entity.uri();
    let namespaces = [("xmlns", "urn:ietf:params:xml:ns:reginfo")];
    let mut xml = Xml::new("reginfo", &namespaces, true, &[("state", "full")]);
    let is_active = contacts.iter().any(|(_, it)| *it == ContactEvent::Created);
    let state = if is_active {
        "active"
    } else if contacts.is_empty() {
        "init"
    } else {
        "terminated"
    };
    xml.open("registration", &[("aor", &uri), ("id", "a"), ("state", state)]);
    for (binding, event) in contacts {
        write(&mut xml, binding, *event);
    }
    xml.finish(Package::Reg)
}

fn write(xml: &mut Xml, binding: &Binding, event: ContactEvent) {
    let (state, event) = match event {
        ContactEvent::Created => ("active", "created"),
        ContactEvent::Expired => ("terminated", "expired"),
        ContactEvent::Unregistered => ("terminated", "unregistered"),
    };
    let id = binding.key();
    let callid = String::from_utf8_lossy(&binding.call_id);
    let cseq = binding.cseq.to_string();
    let q = format!("{}.{:03}", binding.q_per_mille / 1000, binding.q_per_mille % 1000);
    let attributes = [
        ("id", id.as_str()),
        ("state", state),
        ("event", event),
        ("q", &q),
        ("callid", &callid),
        ("cseq", &cseq),
    ];
    xml.open("contact", &attributes);
    xml.text("uri", &[], &binding.contact.to_string());
    if !binding.user_agent.is_empty() {
        xml.text("unknown-param", &[("name", "user-agent")], &binding.user_agent);
    }
    xml.close();
}
