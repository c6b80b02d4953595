//! Whether somebody can be reached, RFC 3863, and talks, RFC 4480.

use super::{Document, Entity, Package, xml::Xml};

/// How an extension stands.
pub(crate) fn pidf(entity: Entity<'_>, is_registered: bool, is_in_call: bool) -> Document {
    let uri = entity.uri();
    let namespaces = [
        ("xmlns", "urn:ietf:params:xml:ns:pidf"),
        ("xmlns:dm", "urn:ietf:params:xml:ns:pidf:data-model"),
        ("xmlns:rpid", "urn:ietf:params:xml:ns:pidf:rpid"),
    ];
    let mut xml = Xml::new("presence", &namespaces, false, &[("entity", &uri)]);
    let note = match (is_registered, is_in_call) {
        (_, true) => "On the phone",
        (true, false) => "Ready",
        (false, false) => "Not online",
    };
    xml.open("tuple", &[("id", "line")]);
    xml.open("status", &[]);
    xml.text("basic", &[], if is_registered { "open" } else { "closed" });
    xml.close();
    xml.text("contact", &[], &uri);
    xml.text("note", &[], note);
    xml.close();
    xml.open("dm:person", &[("id", "person")]);
    if is_in_call {
        xml.open("rpid:activities", &[]);
        xml.empty("rpid:on-the-phone", &[]);
        xml.close();
    }
    xml.text("dm:note", &[], note);
    xml.close();
    xml.finish(Package::Presence)
}
