//! A bare TCP connection that speaks SIP as the test tells it.

use super::header;
use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    time::{Duration, Instant},
};

/// A connection of the test's own, which nobody can open from the other side.
#[derive(Debug)]
pub(crate) struct TcpPeer {
    stream: TcpStream,
    unread: Vec<u8>,
}

impl TcpPeer {
    /// Opens it.
    pub(crate) fn connect(server: SocketAddr) -> Self {
        let stream = TcpStream::connect(server).expect("the server takes connections");
        Self { stream, unread: Vec::new() }
    }

    /// Its own address.
    pub(crate) fn address(&self) -> SocketAddr {
        self.stream.local_addr().expect("socket is connected")
    }

    /// Sends bytes as they are; false if the server has closed the connection.
    pub(crate) fn send(&mut self, bytes: &[u8]) -> bool {
        self.stream.write_all(bytes).is_ok()
    }

    /// The next message, if one comes in time.
    pub(crate) fn receive(&mut self, limit: Duration) -> Option<String> {
        let deadline = Instant::now() + limit;
        loop {
            if let Some(message) = self.take_message() {
                return Some(message);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            self.stream.set_read_timeout(Some(left.max(SHORTEST))).expect("timeout can be set");
            let mut buffer = [0; 16_384];
            match self.stream.read(&mut buffer) {
                Ok(0) | Err(_) => return None,
                Ok(length) => self.unread.extend_from_slice(&buffer[..length]),
            }
        }
    }

    /// Waits for a message that begins so, passing over others.
    #[track_caller]
    pub(crate) fn expect(&mut self, start: &str) -> String {
        let deadline = Instant::now() + LIMIT;
        while let Some(message) = self.receive(deadline.saturating_duration_since(Instant::now())) {
            if message.starts_with(start) {
                return message;
            }
        }
        panic!("{start}: not within {LIMIT:?}");
    }

    /// Answers a request with a status line such as `200 OK`, more headers, and SDP.
    pub(crate) fn answer(&mut self, request: &str, status: &str, headers: &str, sdp: &str) {
        let copied = request.lines().take_while(|line| !line.is_empty()).filter(|line| {
            ["Via:", "From:", "Call-ID:", "CSeq:", "Record-Route:"]
                .iter()
                .any(|it| line.starts_with(it))
        });
        let copied = copied.flat_map(|line| [line, "\r\n"]).collect::<String>();
        let to = header(request, "To").expect("a request has a To");
        let to = if to.contains(";tag=") { to.to_owned() } else { format!("{to};tag=peer") };
        let kind = if sdp.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
        let response = format!(
            "SIP/2.0 {status}\r\n{copied}To: {to}\r\n{headers}{kind}Content-Length: {}\r\n\r\n{sdp}",
            sdp.len()
        );
        assert!(self.send(response.as_bytes()), "the server has closed the connection");
    }

    fn take_message(&mut self) -> Option<String> {
        let end = self.unread.windows(4).position(|it| it == b"\r\n\r\n")? + 4;
        let head = String::from_utf8_lossy(&self.unread[..end]).into_owned();
        let body: usize = header(&head, "Content-Length").and_then(|it| it.parse().ok())?;
        let message = self.unread.get(..end + body)?.to_vec();
        self.unread.drain(..end + body);
        Some(String::from_utf8_lossy(&message).into_owned())
    }
}

const SHORTEST: Duration = Duration::from_millis(1);
const LIMIT: Duration = Duration::from_secs(10);
