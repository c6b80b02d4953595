//! MESSAGEs that come in, and those that go out to devices.

use super::{
    BODY_MAX, DeliveryOutcome, Posted, TYPES, TextMessage, TextOrder, TextReply, TextWish,
    date::date_value,
};
use crate::{
    calls::Calls,
    directory::{Contact, Extension},
    gate::{Admitted, Caller},
    output::Output,
    registration::Ticket,
    replies::retry_after,
};
use base::{Now, TextId};
use bytes::Bytes;
use sip::{
    ClientId, Header, HeaderName, Host, Method, NameAddr, Request, ServerId, Status, Uri,
    bindings::Aor,
    endpoint::{Body, NewRequest, Reply},
};

/// Max-Forwards of messages that go out (RFC 3261 section 8.1.1.6).
const MAX_FORWARDS: u8 = 70;

/// When to come again, in seconds, if the database is away.
const RETRY_AFTER_S: u32 = 10;

impl Calls {
    /// A MESSAGE from outside any dialog, whose sender is known.
    pub(crate) fn handle_text(
        &mut self,
        now: Now,
        server: ServerId,
        request: &Request,
        admitted: &Admitted<'_>,
    ) {
        match self.judge_text(now, request, admitted) {
            Ok(message) => {
                let wish = TextWish::Post(Ticket(server.0), Box::new(message));
                self.order_text(wish);
            }
            Err(reply) => {
                self.core.endpoint.respond(now.instant, server, *reply);
            }
        }
    }

    /// What the office says.
    pub fn handle_text_reply(&mut self, now: Now, reply: TextReply) {
        match reply {
            TextReply::Done(ticket, posted) => {
                let server = ServerId(ticket.0);
                self.core.endpoint.respond(now.instant, server, reply_of(posted));
            }
            TextReply::Deliver(message) => self.deliver_text(now, &message),
        }
        self.pump(now);
    }

    /// A device's answer to a message; false if this is none.
    pub(crate) fn handle_text_answer(&mut self, client: ClientId, status: Status) -> bool {
        if !self.deliveries.has_client(client) {
            return false;
        }
        if status.is_final()
            && let Some((id, outcome)) = self.deliveries.end(client, status)
        {
            self.order_text(TextWish::Report(id, outcome));
        }
        true
    }

    fn judge_text(
        &mut self,
        now: Now,
        request: &Request,
        admitted: &Admitted<'_>,
    ) -> Result<TextMessage, Box<Reply>> {
        let refuse = |status, reason: &str| {
            let reason = Some(reason.to_owned());
            Box::new(Reply { reason, ..Reply::new(Status(status)) })
        };
        let Caller::Extension(sender) = admitted.caller else {
            return Err(refuse(403, "Trunks send no messages"));
        };
        let (domain, user) = (admitted.domain.id, request.uri.user_text().unwrap_or_default());
        let Some(recipient) = self.world.directory.extension(domain, &user) else {
            return Err(refuse(404, "No such extension"));
        };
        let content_type = request.headers.first(&HeaderName::ContentType);
        let content_type = content_type.map_or(&b"text/plain"[..], |it| &it[..]);
        if !is_taken(content_type) {
            let accept = TYPES.join(", ");
            let reply = Reply::new(Status(415)).with_header(HeaderName::Accept, accept);
            return Err(Box::new(reply));
        }
        if request.body.len() > BODY_MAX {
            return Err(refuse(413, "A message has at most 8 KiB"));
        }
        Ok(TextMessage {
            id: TextId::new(now.unix, &mut self.core.rng),
            to: Aor { domain, user: recipient.number.clone() },
            from: sender.number.clone(),
            sent_at: now.unix,
            content_type: Bytes::copy_from_slice(content_type),
            body: Bytes::copy_from_slice(&request.body),
        })
    }

    fn deliver_text(&mut self, now: Now, message: &TextMessage) {
        let Aor { domain, user } = &message.to;
        let directory = std::sync::Arc::clone(&self.world.directory);
        let recipient = directory.extension(*domain, user);
        let domain_name = directory.domains.get(domain).map(|it| it.name.as_str());
        let (Some(recipient), Some(domain_name)) = (recipient, domain_name) else {
            // Whom it was for is gone, and comes back no more.
            let outcome = DeliveryOutcome::Refused(Status(404));
            return self.order_text(TextWish::Report(message.id, outcome));
        };
        let contacts: Vec<_> =
            self.world.contacts_of(recipient).into_iter().map(|it| it.1).collect();
        if contacts.is_empty() {
            let outcome = DeliveryOutcome::Unreachable;
            return self.order_text(TextWish::Report(message.id, outcome));
        }
        let sender = directory.extension(*domain, &message.from);
        let from = address(&message.from, sender, domain_name);
        for contact in contacts {
            let request = request_to(message, contact, from.clone(), domain_name);
            let client = self.core.endpoint.request(now.instant, request);
            self.deliveries.begin(message.id, client);
        }
    }

    fn order_text(&mut self, wish: TextWish) {
        let shard = self.core.settings.shard;
        self.core.outputs.push_back(Output::Text(Box::new(TextOrder { shard, wish })));
    }
}

fn request_to(
    message: &TextMessage,
    contact: Contact,
    from: NameAddr,
    domain_name: &str,
) -> NewRequest {
    NewRequest {
        method: Method::Message,
        uri: contact.uri,
        from,
        to: address(&message.to.user, None, domain_name),
        to_hop: contact.destination,
        routes: contact.path,
        max_forwards: MAX_FORWARDS,
        headers: vec![Header { name: HeaderName::Date, value: date_value(message.sent_at).into() }],
        body: Some(Body {
            content_type: message.content_type.clone(),
            bytes: message.body.clone(),
        }),
    }
}

fn address(number: &str, extension: Option<&Extension>, domain_name: &str) -> NameAddr {
    let host = Host::Name(Bytes::copy_from_slice(domain_name.as_bytes()));
    let display = extension.map(|it| it.display_name.clone()).filter(|it| !it.is_empty());
    let uri = Uri::sip(Some(number), host, None);
    NameAddr { display: display.map(Bytes::from), ..NameAddr::new(uri) }
}

fn reply_of(posted: Posted) -> Reply {
    match posted {
        Posted::Delivered => Reply::new(Status(200)),
        Posted::Kept => Reply::new(Status(202)),
        Posted::Refused(status) => Reply::new(status),
        Posted::Full => Reply {
            reason: Some("Too many messages wait for this extension".to_owned()),
            ..Reply::new(Status(480))
        },
        Posted::Unavailable => {
            Reply { headers: vec![retry_after(RETRY_AFTER_S)], ..Reply::new(Status(503)) }
        }
    }
}

/// Whether a type is one of [`TYPES`], whatever its parameters.
fn is_taken(content_type: &[u8]) -> bool {
    let end = content_type.iter().position(|it| *it == b';').unwrap_or(content_type.len());
    let name = content_type[..end].trim_ascii();
    TYPES.iter().any(|it| name.eq_ignore_ascii_case(it.as_bytes()))
}
