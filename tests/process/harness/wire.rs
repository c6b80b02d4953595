//! A bare UDP socket that speaks what the test tells it, for what no sane client would send.

use super::{Server, TRUNK_SLOT, signed};
use std::{
    net::{Ipv4Addr, SocketAddr, UdpSocket},
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

/// A socket of the test's own.
#[derive(Debug)]
pub(crate) struct UdpPeer {
    socket: UdpSocket,
}

impl UdpPeer {
    /// On this port of loopback; 0 for any.
    pub(crate) fn bind(port: u16) -> Self {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, port)).expect("port is free");
        Self { socket }
    }

    /// The demo's carrier, which needs no credentials.
    pub(crate) fn trunk(server: &Server) -> Self {
        Self::bind(server.phone_port(TRUNK_SLOT))
    }

    /// Its own address.
    pub(crate) fn address(&self) -> SocketAddr {
        self.socket.local_addr().expect("socket is bound")
    }

    /// Sends one datagram.
    pub(crate) fn send(&self, datagram: &[u8], to: SocketAddr) {
        self.socket.send_to(datagram, to).expect("loopback takes datagrams");
    }

    /// The next datagram, if one comes in time.
    pub(crate) fn receive(&self, limit: Duration) -> Option<Vec<u8>> {
        let limit = limit.max(Duration::from_millis(1));
        self.socket.set_read_timeout(Some(limit)).expect("timeout can be set");
        let mut buffer = vec![0; 65_536];
        let (length, _) = self.socket.recv_from(&mut buffer).ok()?;
        Some(buffer[..length].to_vec())
    }

    /// Takes in what comes within `limit`.
    pub(crate) fn receive_for(&self, limit: Duration) -> Vec<Vec<u8>> {
        let deadline = Instant::now() + limit;
        let mut received = Vec::new();
        while Instant::now() < deadline {
            received.extend(self.receive(deadline.saturating_duration_since(Instant::now())));
        }
        received
    }

    /// 200 to a request of the server's.
    pub(crate) fn answer_ok(&self, request: &str) {
        let row = |name: &str| format!("{name}: {}\r\n", header(request, name).expect(name));
        let rows: String = ["Via", "From", "To", "Call-ID", "CSeq"].map(row).concat();
        let answer = format!("SIP/2.0 200 OK\r\n{rows}Content-Length: 0\r\n\r\n");
        let via = header(request, "Via").expect("a request has a Via");
        let server = via.split([' ', ';']).nth(1).and_then(|it| it.parse().ok());
        self.send(answer.as_bytes(), server.expect("Via names the server"));
    }

    /// The next request of the server's with this method, which is answered 200.
    #[track_caller]
    pub(crate) fn expect_request(&self, method: &str, limit: Duration) -> String {
        let deadline = Instant::now() + limit;
        while let Some(datagram) = self.receive(deadline.saturating_duration_since(Instant::now()))
        {
            let request = String::from_utf8_lossy(&datagram).into_owned();
            if request.starts_with(&format!("{method} ")) {
                self.answer_ok(&request);
                return request;
            }
        }
        panic!("no {method} came");
    }

    /// Sends a SIP request, again every half second until a final response to it has come, which is
    /// returned. `None` if none came.
    pub(crate) fn ask(&self, request: &str, server: SocketAddr) -> Option<String> {
        let cseq = header(request, "CSeq").expect("the test's request has a CSeq");
        let call_id = header(request, "Call-ID").expect("the test's request has a Call-ID");
        for _ in 0..TRIES {
            self.send(request.as_bytes(), server);
            let deadline = Instant::now() + BETWEEN_TRIES;
            while let Some(datagram) =
                self.receive(deadline.saturating_duration_since(Instant::now()))
            {
                let response = String::from_utf8_lossy(&datagram).into_owned();
                let is_ours = header(&response, "CSeq") == Some(cseq)
                    && header(&response, "Call-ID") == Some(call_id);
                if is_ours && status_of(&response) >= 200 {
                    return Some(response);
                }
            }
        }
        None
    }

    /// The same with the credentials of `extension`, once the server has asked for them.
    pub(crate) fn ask_as(
        &self,
        extension: &str,
        request: &str,
        server: SocketAddr,
    ) -> Option<String> {
        let challenge = self.ask(request, server)?;
        assert_eq!(status_of(&challenge), 401, "{challenge}");
        self.ask(&signed(request, &challenge, extension), server)
    }
}

/// A well-formed request of 1001 over UDP that carries no credentials.
pub(crate) fn request(from: &UdpPeer, method: &str, uri: &str, domain: &str) -> String {
    request_over("UDP", from.address(), method, uri, domain, "1001")
}

/// A well-formed request that carries no credentials and no body. Each has a Call-ID of its own.
pub(crate) fn request_over(
    transport: &str,
    address: SocketAddr,
    method: &str,
    uri: &str,
    domain: &str,
    extension: &str,
) -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!(
        "{method} {uri} SIP/2.0\r\n\
         Via: SIP/2.0/{transport} {address};rport;branch=z9hG4bK{method}{count}\r\n\
         Max-Forwards: 70\r\n\
         From: <sip:{extension}@{domain}>;tag=stranger\r\n\
         To: <sip:{extension}@{domain}>\r\n\
         Call-ID: {method}-{count}-{}\r\n\
         CSeq: 1 {method}\r\n\
         Contact: <sip:{extension}@{address};transport={}>\r\n\
         Content-Length: 0\r\n\r\n",
        address.port(),
        transport.to_lowercase(),
    )
}

/// Value of the first header of this name.
pub(crate) fn header<'a>(message: &'a str, name: &str) -> Option<&'a str> {
    message.lines().take_while(|line| !line.is_empty()).find_map(|line| {
        let (found, value) = line.split_once(':')?;
        found.trim().eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

/// Status of a response; 0 for anything else.
pub(crate) fn status_of(response: &str) -> u16 {
    response
        .strip_prefix("SIP/2.0 ")
        .and_then(|rest| rest.get(..3))
        .and_then(|status| status.parse().ok())
        .unwrap_or(0)
}

const TRIES: usize = 8;
const BETWEEN_TRIES: Duration = Duration::from_millis(500);
