//! Reading a REGISTER.

use super::{Received, Refusal, Register, Wanted, Wish};
use crate::{
    header::{Contacts, HeaderName, NameAddr},
    limits::BINDINGS_MAX,
    message::Request,
    transport::Source,
    uri::Scheme,
};
use bytes::Bytes;

impl Register {
    /// Reads a REGISTER. What it keeps does not hold on to the message's buffer.
    pub fn from_request(request: &Request, source: &Source) -> Result<Self, Refusal> {
        let headers = &request.headers;
        let call_id = headers.call_id().map_err(|_| Refusal::Malformed("Call-ID is malformed"))?;
        let cseq = headers.cseq().map_err(|_| Refusal::Malformed("CSeq is malformed"))?;
        let path = headers
            .name_addrs(&HeaderName::Path)
            .map_err(|_| Refusal::Malformed("Path is malformed"))?;
        let user_agent = headers.first(&HeaderName::UserAgent);
        Ok(Self {
            call_id: Bytes::copy_from_slice(call_id),
            cseq: cseq.number,
            wish: Wish::from_request(request)?,
            path: path.iter().map(detached).collect::<Result<_, _>>()?,
            supports_path: headers.has_token(&HeaderName::Supported, "path"),
            user_agent: user_agent.map(|it| shortened(it)).unwrap_or_default(),
            received: Received::from(*source),
        })
    }
}

impl Wish {
    fn from_request(request: &Request) -> Result<Self, Refusal> {
        let expires = request
            .headers
            .expires()
            .map_err(|_| Refusal::Malformed("Expires is no number of seconds below 2^32"))?;
        let contacts =
            request.headers.contacts().map_err(|_| Refusal::Malformed("Contact is malformed"))?;
        match contacts {
            Contacts::Star if expires == Some(0) => Ok(Self::RemoveAll),
            Contacts::Star => Err(Refusal::Malformed("Contact: * needs Expires: 0")),
            Contacts::List(list) if list.is_empty() => Ok(Self::Fetch),
            Contacts::List(list) if list.len() > BINDINGS_MAX => {
                Err(Refusal::TooManyContacts { max: BINDINGS_MAX })
            }
            Contacts::List(list) => {
                let wanted = list.iter().map(|it| Wanted::from_contact(it, expires));
                wanted.collect::<Result<_, _>>().map(Self::Contacts)
            }
        }
    }
}

impl Wanted {
    fn from_contact(contact: &NameAddr, expires: Option<u32>) -> Result<Self, Refusal> {
        match contact.uri.scheme {
            Scheme::Sip | Scheme::Sips => {}
            Scheme::Tel | Scheme::Other(_) => {
                return Err(Refusal::Malformed("Contact is no SIP URI"));
            }
        }
        let NameAddr { uri, mut params, .. } = detached(contact)?;
        // Its text is the binding's key: bytes that are no text would make two contacts one.
        let mut text = Vec::new();
        uri.encode(&mut text);
        if std::str::from_utf8(&text).is_err() {
            return Err(Refusal::Malformed("Contact is not UTF-8"));
        }
        let text = |name| params.value(name).and_then(|it| std::str::from_utf8(it).ok());
        let expires_s = if params.has("expires") {
            Some(text("expires").and_then(|it| it.parse().ok()).unwrap_or(MALFORMED_EXPIRES_S))
        } else {
            expires
        };
        let q_per_mille = contact.q_per_mille();
        let q_per_mille = q_per_mille.ok_or(Refusal::Malformed("q is no number from 0 to 1"))?;
        let instance = text("+sip.instance")
            .map(|it| it.trim_start_matches('<').trim_end_matches('>').to_owned());
        let reg_id = text("reg-id").and_then(|it| it.parse().ok());
        params.remove("q");
        params.remove("expires");
        Ok(Self { contact: uri, q_per_mille, expires_s, instance, reg_id, params })
    }
}

/// A malformed `expires` parameter counts as an hour, RFC 3261 section 20.10.
const MALFORMED_EXPIRES_S: u32 = 3600;

/// Longest User-Agent that is kept, in characters.
const USER_AGENT_CHARS_MAX: usize = 200;

/// A copy with a buffer of its own: a binding lives for hours and must not keep a whole datagram.
fn detached(address: &NameAddr) -> Result<NameAddr, Refusal> {
    let copy = Bytes::copy_from_slice(&address.to_value());
    NameAddr::parse(&copy).map_err(|_| Refusal::Malformed("Contact is malformed"))
}

fn shortened(user_agent: &[u8]) -> String {
    String::from_utf8_lossy(user_agent).chars().take(USER_AGENT_CHARS_MAX).collect()
}
