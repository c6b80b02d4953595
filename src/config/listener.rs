//! `ADDRESS:PORT/udp`, as listeners are written.

use std::{fmt, net::SocketAddr, str::FromStr};

/// One SIP listener.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct SipListener {
    /// What to bind.
    pub address: SocketAddr,
    /// How.
    pub protocol: Protocol,
}

/// The transports that can be listened on.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Protocol {
    /// Datagrams.
    Udp,
    /// Streams.
    Tcp,
}

impl Protocol {
    /// The core's word for it.
    pub fn transport(self) -> sip::Transport {
        match self {
            Self::Udp => sip::Transport::Udp,
            Self::Tcp => sip::Transport::Tcp,
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
        })
    }
}

impl fmt::Display for SipListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.protocol)
    }
}

impl FromStr for Protocol {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "udp" => Ok(Self::Udp),
            "tcp" => Ok(Self::Tcp),
            _ => Err(()),
        }
    }
}

impl FromStr for SipListener {
    type Err = NotAListener;

    fn from_str(text: &str) -> Result<Self, NotAListener> {
        let (address, protocol) = text.rsplit_once('/').ok_or(NotAListener)?;
        Ok(Self {
            address: address.parse().map_err(|_| NotAListener)?,
            protocol: protocol.parse().map_err(|()| NotAListener)?,
        })
    }
}

/// The text is no listener.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "is not ADDRESS:PORT/udp or ADDRESS:PORT/tcp: write it as \"192.0.2.1:5060/udp\" or \
     \"[2001:db8::1]:5060/tcp\""
)]
pub struct NotAListener;
