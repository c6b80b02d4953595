//! SIP, sans-IO: messages, transactions, dialogs, digest and registration bindings.
//!
//! Nothing here opens a socket, reads a clock or rolls dice. [`Endpoint`] is the whole protocol
//! machine of one signalling shard: feed it messages and time, drain its outputs, sleep until its
//! next timeout.

pub mod auth;
pub mod bindings;
pub mod dialog;
pub mod digest;
pub mod endpoint;
pub mod framing;
pub mod header;
mod lex;
pub mod limits;
pub mod message;
pub mod offer_answer;
pub mod parse;
mod replaces;
pub mod shard;
pub mod subscription;
pub mod trace;
pub mod transaction;
pub mod transport;
pub mod uri;

pub use endpoint::{ClientId, DialogId, Endpoint, Event, Output, ServerId};
pub use header::{Header, HeaderName, Headers, NameAddr, Params, Via};
pub use message::{Message, Method, Request, Response, Status};
pub use replaces::{MalformedReplaces, ReferTo, Replaces};
pub use transport::{Destination, FlowId, Source, Transport};
pub use uri::{Host, Scheme, Uri};
