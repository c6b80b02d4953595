//! Reading a SUBSCRIBE.

use crate::{
    header::{Header, HeaderName},
    message::{Request, Status},
};
use bytes::Bytes;

/// What a SUBSCRIBE asks for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Subscribe {
    /// The event package, as written: packages compare with case (RFC 6665 section 8.4).
    pub package: String,
    /// The `id` of the Event header, which every NOTIFY repeats.
    pub event_id: Option<Bytes>,
    /// For how many seconds; 0 asks for the present state only, or ends the subscription.
    pub expires_s: Option<u32>,
    /// Types that it takes, without parameters; none where it does not say.
    accept: Vec<Bytes>,
}

/// Why a SUBSCRIBE is refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// 400.
    #[error("{0}")]
    Malformed(&'static str),
    /// 489: no package is named.
    #[error("no event package is named")]
    NoEvent,
    /// 423 with Min-Expires.
    #[error("subscriptions shorter than {min_s} s are refused")]
    IntervalTooBrief {
        /// Shortest subscription, in seconds.
        min_s: u32,
    },
}

/// For how long a subscription may hold, in seconds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct IntervalPolicy {
    /// Shorter ones are refused; an hour is never refused, whatever stands here (RFC 6665 section
    /// 4.2.1.1).
    pub min_s: u32,
    /// Longer ones are shortened to this.
    pub max_s: u32,
    /// For those who do not say.
    pub default_s: u32,
}

impl Subscribe {
    /// Reads a SUBSCRIBE. What it keeps does not hold on to the message's buffer.
    pub fn from_request(request: &Request) -> Result<Self, Refusal> {
        let headers = &request.headers;
        let event = headers.text(&HeaderName::Event).ok_or(Refusal::NoEvent)?;
        let mut parts = event.split(';').map(str::trim);
        let package = parts.next().unwrap_or_default();
        if package.is_empty() {
            return Err(Refusal::NoEvent);
        }
        let event_id = parts.find_map(|it| it.strip_prefix("id=")).map(str::trim);
        let expires_s = headers
            .expires()
            .map_err(|_| Refusal::Malformed("Expires is no number of seconds below 2^32"))?;
        let accept = headers.elements(&HeaderName::Accept);
        Ok(Self {
            package: package.to_owned(),
            event_id: event_id.map(|it| Bytes::copy_from_slice(it.as_bytes())),
            expires_s,
            accept: accept.iter().map(without_params).collect(),
        })
    }

    /// Whether it takes bodies of a type. One that does not say takes what its package sends.
    pub fn accepts(&self, content_type: &str) -> bool {
        let (main, _) = content_type.split_once('/').unwrap_or((content_type, ""));
        let ranges = [content_type.to_owned(), format!("{main}/*"), "*/*".to_owned()];
        let is_meant =
            |it: &Bytes| ranges.iter().any(|range| it.eq_ignore_ascii_case(range.as_bytes()));
        self.accept.is_empty() || self.accept.iter().any(is_meant)
    }
}

impl IntervalPolicy {
    /// For how long somebody who wants `wanted_s` is subscribed.
    pub fn interval_s(&self, wanted_s: Option<u32>) -> Result<u32, Refusal> {
        let min_s = self.min_s.min(INTERVAL_S_NEVER_REFUSED);
        match wanted_s.unwrap_or(self.default_s) {
            0 => Ok(0),
            wanted_s if wanted_s < min_s => Err(Refusal::IntervalTooBrief { min_s }),
            wanted_s => Ok(wanted_s.min(self.max_s.max(min_s))),
        }
    }
}

impl Refusal {
    /// Status of the response.
    pub fn status(self) -> Status {
        match self {
            Self::Malformed(_) => Status(400),
            Self::NoEvent => Status(489),
            Self::IntervalTooBrief { .. } => Status(423),
        }
    }

    /// Headers that the response needs, Allow-Events apart.
    pub fn headers(self) -> Vec<Header> {
        match self {
            Self::IntervalTooBrief { min_s } => {
                vec![Header { name: HeaderName::MinExpires, value: Bytes::from(min_s.to_string()) }]
            }
            Self::Malformed(_) => Vec::new(),
            Self::NoEvent => Vec::new(),
        }
    }
}

/// A notifier must not refuse intervals of an hour or more, in seconds.
const INTERVAL_S_NEVER_REFUSED: u32 = 3600;

fn without_params(element: &Bytes) -> Bytes {
    let end = element.iter().position(|it| *it == b';').unwrap_or(element.len());
    Bytes::copy_from_slice(element[..end].trim_ascii())
}
