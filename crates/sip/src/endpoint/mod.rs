//! The protocol machine of one signalling shard: transactions and dialogs under one roof.
//!
//! The contract, as everywhere in the cores: call one `handle_*` or action, then drain
//! [`Endpoint::poll_output`] until `None`, then sleep until [`Endpoint::poll_timeout`].
//!
//! A request goes `incoming` (matching, order inside a dialog) → `checks` → [`Event`] → `replies`;
//! a request of ours `requests` → `responses` → [`Event`]. `servers`, `clients` and `dialogs` hold
//! what is alive and how it is found; `wire` writes the bytes.

mod checks;
mod clients;
mod dialogs;
mod incoming;
mod replies;
mod requests;
mod responses;
mod servers;
mod signing;
mod wire;

pub use self::checks::ALLOW;
use self::{clients::Clients, dialogs::Dialogs, responses::Strays, servers::Servers};
use crate::{
    header::{Header, HeaderName, NameAddr},
    message::{Message, Method, Request, Response, Status},
    shard::LocalTag,
    transport::{Destination, Listener, Source},
    uri::Uri,
};
use base::{Deadlines, Rng};
use bytes::Bytes;
use std::{collections::VecDeque, time::Instant};

/// A server transaction: a request that waits for our response.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct ServerId(pub u64);

/// A client transaction: a request of ours that waits for its response.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct ClientId(pub u64);

/// A dialog, early or confirmed.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct DialogId(pub u64);

/// Transactions and dialogs of one shard.
#[derive(Debug)]
pub struct Endpoint {
    config: EndpointConfig,
    rng: Rng,
    /// The latest time that we were told.
    now: Instant,
    servers: Servers,
    clients: Clients,
    dialogs: Dialogs,
    /// One entry for each transaction that waits for anything.
    deadlines: Deadlines<Transaction>,
    outputs: VecDeque<Output>,
    strays: Strays,
}

/// Whose deadline it is.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
enum Transaction {
    Server(ServerId),
    Client(ClientId),
}

/// What an endpoint is told once.
#[derive(Clone, Debug)]
pub struct EndpointConfig {
    /// Number of the shard; goes into generated tags, branches and Call-IDs.
    pub shard: u8,
    /// `User-Agent` and `Server`.
    pub product: String,
    /// Our listeners, for Via and Contact of requests that open a new flow.
    pub listeners: Vec<Listener>,
    /// Most live transactions; past it new requests get 503 and in-dialog requests still pass.
    pub transactions_max: usize,
}

/// What the owner must do.
#[derive(Clone, Debug)]
pub enum Output {
    /// Put these bytes on the wire.
    Send(Send),
    /// Something happened that the layer above decides on.
    Event(Event),
}

/// One message for the wire.
#[derive(Clone, Debug)]
pub struct Send {
    /// Where to.
    pub to: Destination,
    /// The message.
    pub bytes: Bytes,
    /// Its Call-ID, for the trace.
    pub call_id: Bytes,
    /// Whose failure to report with [`Endpoint::handle_send_failure`].
    pub client: Option<ClientId>,
}

/// What happened.
#[derive(Clone, Debug)]
pub enum Event {
    /// A request outside any dialog; must be answered with [`Endpoint::respond`].
    Request {
        /// To answer with.
        server: ServerId,
        /// What was asked.
        request: Request,
        /// By whom.
        source: Source,
    },
    /// A request inside a dialog (never ACK or CANCEL); must be answered. After a BYE the dialog is
    /// gone already.
    DialogRequest {
        /// Which dialog.
        dialog: DialogId,
        /// To answer with.
        server: ServerId,
        /// What was asked.
        request: Request,
        /// By whom.
        source: Source,
    },
    /// An INVITE that we have not finally answered was cancelled; the CANCEL is answered already,
    /// the INVITE must be (487).
    Cancelled {
        /// The INVITE's.
        server: ServerId,
        /// With its Reason header, if any.
        cancel: Request,
    },
    /// Our 2xx was acknowledged (told once a 2xx).
    Acked {
        /// Which dialog.
        dialog: DialogId,
        /// With the answer to our offer, when the INVITE had none.
        ack: Request,
    },
    /// Our 2xx was retransmitted for 64·T1 and never acknowledged; the dialog should be ended.
    NotAcked {
        /// Which dialog.
        dialog: DialogId,
    },
    /// A response to a request of ours. A 2xx to INVITE must be acknowledged with
    /// [`Endpoint::ack`]; a repeated 2xx is handled inside. A second 2xx of a forked INVITE comes
    /// with a dialog of its own.
    Response {
        /// Of which request.
        client: ClientId,
        /// The early or confirmed dialog that the response belongs to, for INVITE with a To tag.
        dialog: Option<DialogId>,
        /// What was answered.
        response: Response,
    },
    /// A request of ours got no final response: as 408 or 503 (RFC 3261 section 8.1.3.1).
    Failed {
        /// Which request.
        client: ClientId,
        /// Why.
        failure: ClientFailure,
    },
}

/// Why no response came.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ClientFailure {
    /// Timer B or F.
    TimedOut,
    /// The transport could not deliver it.
    Undeliverable,
}

/// A response to be sent.
#[derive(Clone, Debug)]
pub struct Reply {
    /// Status.
    pub status: Status,
    /// Reason phrase, where the usual one will not do.
    pub reason: Option<String>,
    /// Further headers; Via, From, To with our tag, Call-ID, CSeq, Contact, Record-Route and
    /// Content-Length are added.
    pub headers: Vec<Header>,
    /// Body with its content type.
    pub body: Option<Body>,
}

impl Reply {
    /// Without further headers and body.
    pub fn new(status: Status) -> Self {
        Self { status, reason: None, headers: Vec::new(), body: None }
    }

    /// With one more header.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: impl Into<Bytes>) -> Self {
        self.headers.push(Header { name, value: value.into() });
        self
    }

    /// With a body.
    #[must_use]
    pub fn with_body(mut self, body: Body) -> Self {
        self.body = Some(body);
        self
    }
}

/// A body with its type.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Body {
    /// For example `application/sdp`.
    pub content_type: Bytes,
    /// The bytes.
    pub bytes: Bytes,
}

/// A request to be sent outside any dialog; for INVITE each answer with a To tag opens one.
#[derive(Clone, Debug)]
pub struct NewRequest {
    /// Method.
    pub method: Method,
    /// Request-URI.
    pub uri: Uri,
    /// From, without a tag.
    pub from: NameAddr,
    /// To, without a tag.
    pub to: NameAddr,
    /// Next hop.
    pub to_hop: Destination,
    /// Route headers, for example a binding's Path.
    pub routes: Vec<NameAddr>,
    /// Max-Forwards to write.
    pub max_forwards: u8,
    /// Further headers.
    pub headers: Vec<Header>,
    /// Body with its content type.
    pub body: Option<Body>,
}

/// What requests outside dialogs have in common that follow each other: Call-ID, From tag and a CSeq
/// that goes up. A request and the same one with credentials are a series (RFC 3261 section 22.2), and
/// so are the REGISTERs of one contact (section 10.2).
#[derive(Clone, Debug)]
pub struct Series {
    tag: LocalTag,
    call_id: Bytes,
    /// Of the last request; 0 before the first.
    cseq: u32,
}

impl Series {
    /// Its Call-ID.
    pub fn call_id(&self) -> &Bytes {
        &self.call_id
    }
}

/// The dialog is not there (any more).
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("no such dialog")]
pub struct NoSuchDialog;

impl Endpoint {
    /// An endpoint without any state.
    pub fn new(now: Instant, config: EndpointConfig, rng: Rng) -> Self {
        Self {
            config,
            rng,
            now,
            servers: Servers::default(),
            clients: Clients::default(),
            dialogs: Dialogs::default(),
            deadlines: Deadlines::default(),
            outputs: VecDeque::new(),
            strays: Strays::new(now),
        }
    }

    /// Takes in a message that [`crate::parse::parse`] accepted.
    pub fn handle_message(&mut self, now: Instant, source: Source, message: Message) {
        self.now = now;
        match message {
            Message::Request(request) => self.handle_request(source, request),
            Message::Response(response) => self.handle_response(source, response),
        }
    }

    /// Lets every timer fire whose deadline is at or before `now`.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.now = now;
        while let Some(transaction) = self.deadlines.take_due(now) {
            match transaction {
                Transaction::Server(id) => self.handle_server_timeout(id),
                Transaction::Client(id) => self.handle_client_timeout(id),
            }
        }
    }

    /// The next thing to do, in order; `None` once drained.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When [`Self::handle_timeout`] wants to be called; `None` if never.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.deadlines.next()
    }

    /// How much is alive, for metrics and for the tests' leak checks.
    pub fn counts(&self) -> Counts {
        Counts {
            servers: self.servers.len(),
            clients: self.clients.len(),
            dialogs: self.dialogs.len(),
        }
    }

    fn emit(&mut self, event: Event) {
        self.outputs.push_back(Output::Event(event));
    }
}

/// Live objects of an endpoint.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Counts {
    /// Server transactions.
    pub servers: usize,
    /// Client transactions.
    pub clients: usize,
    /// Dialogs.
    pub dialogs: usize,
}
