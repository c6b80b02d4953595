//! The transports over real loopback sockets on free ports. Every wait has a deadline.

mod limits;
mod tcp;
mod udp;

use super::*;
use bytes::Bytes;
use sip::{ClientId, Destination, FlowId, Host, Message, Source};
use std::time::Duration;
use tokio::time::timeout;

#[tokio::test]
async fn a_port_in_use_stops_the_start_with_what_to_do() {
    for transport in [Transport::Udp, Transport::Tcp] {
        let first = House::start(&[(transport, "127.0.0.1:0")]);
        let taken = first.address(0);
        let config = TransportConfig {
            listen: vec![listen(Transport::Udp, "[::1]:0"), listen(transport, &taken.to_string())],
            ..TransportConfig::default()
        };

        let error = Transports::start(config, vec![mpsc::channel(1).0], &[]).unwrap_err();

        let said = error.to_string();
        assert!(said.contains(&format!("{transport} {taken} is in use")), "{said}");
        assert!(said.contains("choose another port") && !said.contains('\n'), "{said}");
    }
}

#[tokio::test]
async fn an_address_of_another_machine_stops_the_start() {
    let config = TransportConfig {
        listen: vec![listen(Transport::Udp, "192.0.2.1:0")],
        ..TransportConfig::default()
    };

    let error = Transports::start(config, vec![mpsc::channel(1).0], &[]).unwrap_err().to_string();

    assert!(error.contains("192.0.2.1") && error.contains("address of this machine"), "{error}");
}

/// Running transports, with one shard played by the test.
struct House {
    handle: TransportHandle,
    listeners: Vec<Listener>,
    inbox: mpsc::Receiver<TransportEvent>,
}

impl House {
    fn start(listen: &[(Transport, &str)]) -> Self {
        Self::start_with(listen, |_| {})
    }

    fn start_with(listeners: &[(Transport, &str)], change: impl Fn(&mut TransportConfig)) -> Self {
        Self::start_with_inbox(listeners, INBOX, change)
    }

    fn start_with_inbox(
        listeners: &[(Transport, &str)],
        inbox: usize,
        change: impl Fn(&mut TransportConfig),
    ) -> Self {
        let mut config = TransportConfig {
            listen: listeners.iter().map(|(transport, bind)| listen(*transport, bind)).collect(),
            ..TransportConfig::default()
        };
        change(&mut config);
        let (events, inbox) = mpsc::channel(inbox);
        let (handle, listeners) = Transports::start(config, vec![events], &[]).unwrap();
        Self { handle, listeners, inbox }
    }

    fn address(&self, listener: usize) -> SocketAddr {
        self.listeners[listener].advertised
    }

    async fn event(&mut self) -> TransportEvent {
        soon(self.inbox.recv()).await.unwrap()
    }

    async fn message(&mut self) -> (Source, Message, Bytes) {
        match self.event().await {
            TransportEvent::Received { source, message, raw } => (source, message, raw),
            other @ (TransportEvent::SendFailed { .. } | TransportEvent::FlowClosed { .. }) => {
                panic!("{other:?}")
            }
        }
    }

    async fn call_id(&mut self) -> String {
        call_id(&self.message().await.1)
    }

    async fn failed(&mut self) -> ClientId {
        match self.event().await {
            TransportEvent::SendFailed { client } => client,
            other @ (TransportEvent::Received { .. } | TransportEvent::FlowClosed { .. }) => {
                panic!("{other:?}")
            }
        }
    }

    async fn closed(&mut self) -> FlowId {
        match self.event().await {
            TransportEvent::FlowClosed { flow } => flow,
            other @ (TransportEvent::Received { .. } | TransportEvent::SendFailed { .. }) => {
                panic!("{other:?}")
            }
        }
    }

    fn send(&self, to: &Destination, text: &str) {
        self.handle.send(to, Bytes::copy_from_slice(text.as_bytes()), None, 0);
    }

    fn send_for(&self, client: u64, to: &Destination, text: &str) {
        let bytes = Bytes::copy_from_slice(text.as_bytes());
        self.handle.send(to, bytes, Some(ClientId(client)), 0);
    }
}

fn listen(transport: Transport, bind: &str) -> ListenConfig {
    ListenConfig { transport, bind: bind.parse().unwrap(), advertised: None }
}

/// A next hop that says nothing about the way there.
fn hop(transport: Transport, address: SocketAddr) -> Destination {
    Destination {
        transport,
        host: Host::Ip(address.ip()),
        port: address.port(),
        flow: None,
        local: None,
    }
}

fn options(call_id: &str) -> String {
    request("OPTIONS", call_id, "")
}

fn request(method: &str, call_id: &str, to_params: &str) -> String {
    format!(
        "{method} sip:1002@127.0.0.1 SIP/2.0\r\n\
         Via: SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bK{call_id};rport\r\n\
         Max-Forwards: 70\r\n\
         From: <sip:1001@127.0.0.1>;tag=1\r\n\
         To: <sip:1002@127.0.0.1>{to_params}\r\n\
         Call-ID: {call_id}\r\n\
         CSeq: 1 {method}\r\n\
         Content-Length: 4\r\n\r\n\
         body"
    )
}

fn call_id(message: &Message) -> String {
    String::from_utf8(message.headers().call_id().unwrap().to_vec()).unwrap()
}

/// What must happen, with a deadline that a loaded machine keeps.
async fn soon<T>(event: impl Future<Output = T>) -> T {
    timeout(Duration::from_secs(20), event).await.expect("it happens in time")
}

const INBOX: usize = 1024;
