//! How the rest of the house sends.

use bytes::Bytes;
use sip::{ClientId, Destination};
use std::net::IpAddr;

/// Sends, reports offences, stops. Cheap to clone.
#[derive(Clone, Debug)]
pub struct TransportHandle {}

impl TransportHandle {
    /// Sends a message, now or soon, and never blocks: UDP at once on the caller's thread, a stream
    /// through its connection's bounded queue. `shard` is told [`super::TransportEvent::SendFailed`]
    /// with `client` if it is known that the message did not leave.
    pub fn send(&self, _to: &Destination, _bytes: Bytes, _client: Option<ClientId>, _shard: u8) {
        todo!()
    }

    /// Counts a failed login or the like against a source; enough of them are a ban.
    pub fn report_offence(&self, _ip: IpAddr) {
        todo!()
    }

    /// Stops accepting and reading, writes what is queued, closes; back when all is closed, which
    /// is bounded by [`super::config::StreamLimits::write_timeout`].
    pub async fn stop(&self) {
        todo!()
    }
}
