//! Just as much SDP as a phone needs, written and read by hand.

use std::net::SocketAddr;

/// What a phone reads out of a description.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Description {
    pub(super) rtp: SocketAddr,
    pub(super) way: AudioWay,
    /// Payload types of the audio line, in order.
    pub(super) formats: Vec<u8>,
}

/// Which way audio flows, seen from who says it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum AudioWay {
    /// Both ways.
    SendRecv,
    /// To the other side only: hold.
    SendOnly,
    /// From the other side only: held.
    RecvOnly,
    /// None.
    Inactive,
}

impl AudioWay {
    const ALL: [Self; 4] = [Self::SendRecv, Self::SendOnly, Self::RecvOnly, Self::Inactive];

    fn attribute(self) -> &'static str {
        match self {
            Self::SendRecv => "sendrecv",
            Self::SendOnly => "sendonly",
            Self::RecvOnly => "recvonly",
            Self::Inactive => "inactive",
        }
    }

    /// Whether who says it sends.
    pub fn sends(self) -> bool {
        matches!(self, Self::SendRecv | Self::SendOnly)
    }

    /// Whether who says it receives.
    pub fn receives(self) -> bool {
        matches!(self, Self::SendRecv | Self::RecvOnly)
    }

    /// What answers an offer that says this, from one who wants `wanted` (RFC 3264 section 6.1).
    pub(super) fn answered(self, wanted: Self) -> Self {
        match (self.receives() && wanted.sends(), self.sends() && wanted.receives()) {
            (true, true) => Self::SendRecv,
            (true, false) => Self::SendOnly,
            (false, true) => Self::RecvOnly,
            (false, false) => Self::Inactive,
        }
    }
}

/// A description of one audio stream.
pub(super) fn write(rtp: SocketAddr, version: u32, way: AudioWay, formats: &[u8]) -> String {
    let list: Vec<_> = formats.iter().map(ToString::to_string).collect();
    let maps: String = formats.iter().map(|it| map(*it)).collect();
    format!(
        "v=0\r\no=phone 7 {version} IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\n\
         m=audio {port} RTP/AVP {list}\r\n{maps}a=ptime:20\r\na={way}\r\n",
        ip = rtp.ip(),
        port = rtp.port(),
        list = list.join(" "),
        way = way.attribute(),
    )
}

fn map(payload_type: u8) -> String {
    match payload_type {
        0 => "a=rtpmap:0 PCMU/8000\r\n".to_owned(),
        8 => "a=rtpmap:8 PCMA/8000\r\n".to_owned(),
        9 => "a=rtpmap:9 G722/8000\r\n".to_owned(),
        101 => "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\n".to_owned(),
        other => format!("a=rtpmap:{other} X-OWN-{other}/8000\r\n"),
    }
}

/// Reads a description; `None` without a usable audio stream.
pub(super) fn read(text: &str) -> Option<Description> {
    let lines = || text.lines().map(str::trim_end);
    let ip = lines().find_map(|it| it.strip_prefix("c=IN IP4 "))?;
    let mut audio = lines().find_map(|it| it.strip_prefix("m=audio "))?.split(' ');
    let port: u16 = audio.next()?.parse().ok()?;
    let formats = audio.skip(1).filter_map(|it| it.parse().ok()).collect();
    let way = AudioWay::ALL
        .into_iter()
        .find(|way| lines().any(|it| it.strip_prefix("a=") == Some(way.attribute())));
    (port != 0).then_some(())?;
    Some(Description {
        rtp: SocketAddr::new(ip.parse().ok()?, port),
        way: way.unwrap_or(AudioWay::SendRecv),
        formats,
    })
}
