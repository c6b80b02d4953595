//! Header fields: names, the list of them in a message, and typed values read on demand.

use crate::{
    message::Method,
    transport::Transport,
    uri::{Host, Uri},
};
use bytes::Bytes;

/// Name of a header field; compact forms are read as their long names.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[expect(missing_docs, reason = "each variant is named as the header it stands for")]
pub enum HeaderName {
    Accept,
    AlertInfo,
    Allow,
    AllowEvents,
    Authorization,
    CallId,
    CallInfo,
    Contact,
    ContentDisposition,
    ContentEncoding,
    ContentLength,
    ContentType,
    CSeq,
    Date,
    Diversion,
    Event,
    Expires,
    From,
    HistoryInfo,
    MaxForwards,
    MinExpires,
    MinSe,
    PAssertedIdentity,
    Path,
    Privacy,
    ProxyAuthenticate,
    ProxyAuthorization,
    ProxyRequire,
    RAck,
    Reason,
    RecordRoute,
    ReferTo,
    ReferredBy,
    Replaces,
    Require,
    RetryAfter,
    Route,
    RSeq,
    Server,
    ServiceRoute,
    SessionExpires,
    Subject,
    SubscriptionState,
    Supported,
    To,
    Unsupported,
    UserAgent,
    Via,
    Warning,
    WwwAuthenticate,
    /// Any other, as written; compared without case.
    Other(Bytes),
}

/// One header field row. The value is unfolded and trimmed, its bytes otherwise as received.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Header {
    /// Which field.
    pub name: HeaderName,
    /// What it says.
    pub value: Bytes,
}

/// The header fields of a message, in order.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Headers(Vec<Header>);

impl HeaderName {
    /// Reads a name in long or compact form, in any case.
    pub fn parse(_text: &Bytes) -> Self {
        todo!()
    }

    /// The canonical long form.
    pub fn as_bytes(&self) -> &[u8] {
        todo!()
    }
}

impl Headers {
    /// No fields.
    pub fn new() -> Self {
        Self(Vec::new())
    }

    /// Every row in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Header> {
        self.0.iter()
    }

    /// Adds a row at the end.
    pub fn push(&mut self, name: HeaderName, value: impl Into<Bytes>) {
        self.0.push(Header { name, value: value.into() });
    }

    /// Adds a row before all others of its name (as Via and Record-Route want).
    pub fn push_first(&mut self, _name: HeaderName, _value: impl Into<Bytes>) {
        todo!()
    }

    /// Replaces all rows of a name by one.
    pub fn set(&mut self, _name: HeaderName, _value: impl Into<Bytes>) {
        todo!()
    }

    /// Removes all rows of a name.
    pub fn remove(&mut self, name: &HeaderName) {
        self.0.retain(|it| it.name != *name);
    }

    /// The first row's value.
    pub fn first(&self, name: &HeaderName) -> Option<&Bytes> {
        self.0.iter().find(|it| it.name == *name).map(|it| &it.value)
    }

    /// The first row's value as text; `None` if absent or not UTF-8.
    pub fn text(&self, name: &HeaderName) -> Option<&str> {
        self.first(name).and_then(|it| std::str::from_utf8(it).ok())
    }

    /// Values of all rows of a name.
    pub fn all<'a>(&'a self, name: &'a HeaderName) -> impl Iterator<Item = &'a Bytes> {
        self.0.iter().filter(move |it| it.name == *name).map(|it| &it.value)
    }

    /// Comma-separated elements of all rows of a name; commas in quotes and `<>` do not separate.
    pub fn elements(&self, _name: &HeaderName) -> Vec<Bytes> {
        todo!()
    }

    /// Whether a list header (Require, Supported, Allow, …) names `token`, in any case.
    pub fn has_token(&self, _name: &HeaderName, _token: &str) -> bool {
        todo!()
    }

    /// Call-ID.
    pub fn call_id(&self) -> Result<&Bytes, HeaderError> {
        todo!()
    }

    /// From.
    pub fn from(&self) -> Result<NameAddr, HeaderError> {
        todo!()
    }

    /// To.
    pub fn to(&self) -> Result<NameAddr, HeaderError> {
        todo!()
    }

    /// CSeq.
    pub fn cseq(&self) -> Result<CSeq, HeaderError> {
        todo!()
    }

    /// The topmost Via.
    pub fn via(&self) -> Result<Via, HeaderError> {
        todo!()
    }

    /// Max-Forwards; `None` where absent.
    pub fn max_forwards(&self) -> Result<Option<u8>, HeaderError> {
        todo!()
    }

    /// Expires, in seconds; `None` where absent. Larger than 2³²−1 is an error.
    pub fn expires(&self) -> Result<Option<u32>, HeaderError> {
        todo!()
    }

    /// All contacts.
    pub fn contacts(&self) -> Result<Contacts, HeaderError> {
        todo!()
    }

    /// Name-addresses of a list header such as Route, Record-Route, Path.
    pub fn name_addrs(&self, _name: &HeaderName) -> Result<Vec<NameAddr>, HeaderError> {
        todo!()
    }
}

/// What a Contact header says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Contacts {
    /// `*`
    Star,
    /// A list, maybe empty.
    List(Vec<NameAddr>),
}

/// `"Display" <uri>;params` (From, To, Contact, Route, …).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NameAddr {
    /// Display name without its quotes and quoting backslashes.
    pub display: Option<Bytes>,
    /// The address.
    pub uri: Uri,
    /// Header parameters, behind the `>`.
    pub params: Params,
}

impl NameAddr {
    /// Of a URI alone.
    pub fn new(uri: Uri) -> Self {
        Self { display: None, uri, params: Params::default() }
    }

    /// Parses one element.
    pub fn parse(_text: &Bytes) -> Result<Self, HeaderError> {
        todo!()
    }

    /// The `tag` parameter.
    pub fn tag(&self) -> Option<&Bytes> {
        self.params.value("tag")
    }

    /// As a header value; a display name is quoted.
    pub fn to_value(&self) -> Bytes {
        todo!()
    }
}

/// `;name=value;flag`, names compared without case.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Params(pub Vec<(Bytes, Option<Bytes>)>);

impl Params {
    /// Whether the parameter is there, with or without a value.
    pub fn has(&self, _name: &str) -> bool {
        todo!()
    }

    /// The parameter's value (quotes taken off); `None` if absent or a flag.
    pub fn value(&self, _name: &str) -> Option<&Bytes> {
        todo!()
    }

    /// Adds or replaces a parameter.
    pub fn set(&mut self, _name: &'static str, _value: Option<Bytes>) {
        todo!()
    }

    /// Removes a parameter.
    pub fn remove(&mut self, _name: &str) {
        todo!()
    }

    /// Appends `;name=value` for each to `out`.
    pub fn encode(&self, _out: &mut Vec<u8>) {
        todo!()
    }
}

/// One hop of a Via header, RFC 3261 section 20.42.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Via {
    /// Transport token as written, as peers may use ones we do not know.
    pub transport: Bytes,
    /// `sent-by` host.
    pub host: Host,
    /// `sent-by` port.
    pub port: Option<u16>,
    /// `branch`, `received`, `rport`, …
    pub params: Params,
}

impl Via {
    /// Ours.
    pub fn new(_transport: Transport, _host: Host, _port: u16, _branch: &str) -> Self {
        todo!()
    }

    /// Parses one element.
    pub fn parse(_text: &Bytes) -> Result<Self, HeaderError> {
        todo!()
    }

    /// The `branch` parameter.
    pub fn branch(&self) -> Option<&Bytes> {
        self.params.value("branch")
    }

    /// As a header value.
    pub fn to_value(&self) -> Bytes {
        todo!()
    }
}

/// CSeq, RFC 3261 section 20.16.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CSeq {
    /// Below 2³².
    pub number: u32,
    /// Of the request.
    pub method: Method,
}

/// Why a header cannot be used.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum HeaderError {
    /// A header that must be there is not.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// It is there and makes no sense.
    #[error("{0} is malformed")]
    Malformed(&'static str),
}
