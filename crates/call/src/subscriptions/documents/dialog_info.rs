//! The calls of a line, RFC 4235: always all of them.

use super::{Document, Entity, Package, uri_of, xml::Xml};
use crate::subscriptions::{DialogDirection, DialogState, LineDialog};

/// Most dialogs in a document, the oldest first: some lines have no limit of calls, and a NOTIFY
/// must fit into a datagram.
pub(crate) const DIALOGS_MAX: usize = 16;

/// How a line stands. With dialogs that are over it tells of their end; without them it says the
/// same to who has not heard of them.
pub(crate) fn dialog_info(entity: Entity<'_>, dialogs: &[LineDialog]) -> Document {
    let uri = entity.uri();
    let namespaces = [("xmlns", "urn:ietf:params:xml:ns:dialog-info")];
    let mut xml =
        Xml::new("dialog-info", &namespaces, true, &[("state", "full"), ("entity", &uri)]);
    for dialog in dialogs.iter().take(DIALOGS_MAX) {
        write(&mut xml, entity, &uri, dialog);
    }
    xml.finish(Package::Dialog)
}

fn write(xml: &mut Xml, entity: Entity<'_>, uri: &str, dialog: &LineDialog) {
    let direction = match dialog.direction {
        DialogDirection::Initiator => "initiator",
        DialogDirection::Recipient => "recipient",
    };
    let state = match dialog.state {
        DialogState::Trying => "trying",
        DialogState::Early => "early",
        DialogState::Confirmed => "confirmed",
        DialogState::Terminated => "terminated",
    };
    xml.open("dialog", &[("id", &dialog.leg.to_string()), ("direction", direction)]);
    xml.text("state", &[], state);
    xml.open("local", &[]);
    identity(xml, entity.name, uri);
    if dialog.is_held {
        xml.open("target", &[("uri", uri)]);
        // RFC 4235 section 5.2: what the other side says is not heard.
        xml.empty("param", &[("pname", "+sip.rendering"), ("pval", "no")]);
        xml.close();
    } else {
        xml.empty("target", &[("uri", uri)]);
    }
    xml.close();
    let remote = uri_of(&dialog.remote.number, entity.domain);
    xml.open("remote", &[]);
    identity(xml, dialog.remote.name.as_deref().unwrap_or_default(), &remote);
    xml.empty("target", &[("uri", &remote)]);
    xml.close();
    xml.close();
}

fn identity(xml: &mut Xml, name: &str, uri: &str) {
    if name.is_empty() {
        xml.text("identity", &[], uri);
    } else {
        xml.text("identity", &[("display", name)], uri);
    }
}
