//! Names of header fields.

use bytes::Bytes;
use std::hash::{Hash, Hasher};

macro_rules! header_names {
    ($($variant:ident = $text:literal,)*) => {
        /// Name of a header field; compact forms are read as their long names.
        #[derive(Clone, Debug)]
        #[expect(missing_docs, reason = "each variant is named as the header it stands for")]
        pub enum HeaderName {
            $($variant,)*
            /// Any other, as written; compared without case.
            Other(Bytes),
        }

        impl HeaderName {
            /// The canonical long form.
            pub fn as_bytes(&self) -> &[u8] {
                match self {
                    $(Self::$variant => $text.as_bytes(),)*
                    Self::Other(name) => name,
                }
            }
        }

        static KNOWN: [(&str, HeaderName); COUNT] = [$(($text, HeaderName::$variant),)*];
        const TEXTS: [&str; COUNT] = [$($text,)*];
        const COUNT: usize = [$($text,)*].len();
    };
}

header_names! {
    Accept = "Accept",
    AlertInfo = "Alert-Info",
    Allow = "Allow",
    AllowEvents = "Allow-Events",
    Authorization = "Authorization",
    CallId = "Call-ID",
    CallInfo = "Call-Info",
    Contact = "Contact",
    ContentDisposition = "Content-Disposition",
    ContentEncoding = "Content-Encoding",
    ContentLength = "Content-Length",
    ContentType = "Content-Type",
    CSeq = "CSeq",
    Date = "Date",
    Diversion = "Diversion",
    Event = "Event",
    Expires = "Expires",
    From = "From",
    HistoryInfo = "History-Info",
    MaxForwards = "Max-Forwards",
    MinExpires = "Min-Expires",
    MinSe = "Min-SE",
    PAssertedIdentity = "P-Asserted-Identity",
    Path = "Path",
    Privacy = "Privacy",
    ProxyAuthenticate = "Proxy-Authenticate",
    ProxyAuthorization = "Proxy-Authorization",
    ProxyRequire = "Proxy-Require",
    RAck = "RAck",
    Reason = "Reason",
    RecordRoute = "Record-Route",
    ReferTo = "Refer-To",
    ReferredBy = "Referred-By",
    Join = "Join",
    Replaces = "Replaces",
    Require = "Require",
    RetryAfter = "Retry-After",
    Route = "Route",
    RSeq = "RSeq",
    Server = "Server",
    ServiceRoute = "Service-Route",
    SessionExpires = "Session-Expires",
    Subject = "Subject",
    SubscriptionState = "Subscription-State",
    Supported = "Supported",
    To = "To",
    Unsupported = "Unsupported",
    UserAgent = "User-Agent",
    Via = "Via",
    Warning = "Warning",
    WwwAuthenticate = "WWW-Authenticate",
}

impl HeaderName {
    /// Reads a name in long or compact form, in any case.
    pub fn parse(text: &Bytes) -> Self {
        Self::known(text).unwrap_or_else(|| Self::Other(text.clone()))
    }

    /// The name, if it is one that this enum has a variant for.
    pub(crate) fn known(text: &[u8]) -> Option<Self> {
        if let [letter] = text {
            return Self::compact(*letter);
        }
        let same_length = OF_LENGTH.get(text.len())?;
        BY_LENGTH[same_length.0..same_length.1].iter().find_map(|&index| {
            let (known, name) = &KNOWN[index];
            known.as_bytes().eq_ignore_ascii_case(text).then(|| name.clone())
        })
    }

    /// The registered one-letter forms of the headers that this enum knows.
    fn compact(letter: u8) -> Option<Self> {
        Some(match letter.to_ascii_lowercase() {
            b'b' => Self::ReferredBy,
            b'c' => Self::ContentType,
            b'e' => Self::ContentEncoding,
            b'f' => Self::From,
            b'i' => Self::CallId,
            b'k' => Self::Supported,
            b'l' => Self::ContentLength,
            b'm' => Self::Contact,
            b'o' => Self::Event,
            b'r' => Self::ReferTo,
            b's' => Self::Subject,
            b't' => Self::To,
            b'u' => Self::AllowEvents,
            b'v' => Self::Via,
            b'x' => Self::SessionExpires,
            _ => return None,
        })
    }
}

impl PartialEq for HeaderName {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Other(a), Self::Other(b)) => a.eq_ignore_ascii_case(b),
            (a, b) => std::mem::discriminant(a) == std::mem::discriminant(b),
        }
    }
}

impl Eq for HeaderName {}

impl Hash for HeaderName {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for byte in self.as_bytes() {
            state.write_u8(byte.to_ascii_lowercase());
        }
    }
}

/// Indexes of the known names, shortest first, so that a look-up compares few of them.
const BY_LENGTH: [usize; COUNT] = {
    let mut order = [0; COUNT];
    let (mut length, mut at) = (0, 0);
    while length <= LENGTH_MAX {
        let mut index = 0;
        while index < COUNT {
            if TEXTS[index].len() == length {
                order[at] = index;
                at += 1;
            }
            index += 1;
        }
        length += 1;
    }
    assert!(at == COUNT, "LENGTH_MAX is below a name's length");
    order
};

/// Where the names of each length start and end in [`BY_LENGTH`].
const OF_LENGTH: [(usize, usize); LENGTH_MAX + 1] = {
    let mut ranges = [(0, 0); LENGTH_MAX + 1];
    let (mut length, mut at) = (0, 0);
    while length <= LENGTH_MAX {
        let start = at;
        while at < COUNT && TEXTS[BY_LENGTH[at]].len() == length {
            at += 1;
        }
        ranges[length] = (start, at);
        length += 1;
    }
    ranges
};

/// Length of the longest known name.
const LENGTH_MAX: usize = 19;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_name_is_found_in_any_case() {
        for (text, name) in &KNOWN {
            for text in [(*text).to_owned(), text.to_uppercase(), text.to_lowercase()] {
                assert_eq!(HeaderName::parse(&Bytes::from(text)), *name);
            }
        }
    }

    #[test]
    fn compact_forms_are_their_long_names() {
        assert_eq!(HeaderName::parse(&Bytes::from("V")), HeaderName::Via);
        assert_eq!(HeaderName::parse(&Bytes::from("l")), HeaderName::ContentLength);
        assert_eq!(
            HeaderName::parse(&Bytes::from("q")),
            HeaderName::Other(Bytes::from_static(b"Q"))
        );
    }

    #[test]
    fn unknown_names_compare_without_case_and_keep_theirs() {
        let name = HeaderName::parse(&Bytes::from("X-Foo"));

        assert_eq!(name, HeaderName::Other(Bytes::from_static(b"x-fOO")));
        assert_eq!(name.as_bytes(), b"X-Foo");
    }
}
