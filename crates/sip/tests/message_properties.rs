//! Generated messages: written and read back, by us and by `rsip` where that can read them, and
//! read in whatever spelling RFC 3261 allows.

use bytes::Bytes;
use proptest::{collection::vec, option, prelude::*};
use rsip::prelude::{HasHeaders as _, HeadersExt as _, ToTypedHeader as _, UntypedHeader as _};
use sip::{
    HeaderName, Headers, Host, Message, Method, NameAddr, Request, Response, Status, Transport,
    Uri, Via,
    header::CSeq,
    parse::{Framing, parse},
};

proptest! {
    #[test]
    fn a_request_says_the_same_after_it_was_written_and_read(parts in parts(), body in body()) {
        let request = parts.request(body);

        let Ok(Message::Request(again)) = parse(&request.encode(), Framing::Stream) else {
            panic!("{request:?}");
        };

        prop_assert_eq!(without_length(&again.headers), without_length(&request.headers));
        prop_assert_eq!((again.method, again.uri, again.body), (request.method, request.uri, request.body));
    }

    #[test]
    fn a_response_says_the_same_after_it_was_written_and_read(
        parts in parts(), body in body(), status in 100_u16..700, reason in "[^\r\n]{0,30}",
    ) {
        let headers = parts.headers();
        let reason = Bytes::from(reason);
        let response = Response { status: Status(status), reason, headers, body };

        let Ok(Message::Response(again)) = parse(&response.encode(), Framing::Stream) else {
            panic!("{response:?}");
        };

        prop_assert_eq!(without_length(&again.headers), without_length(&response.headers));
        prop_assert_eq!(
            (again.status, again.reason, again.body),
            (response.status, response.reason, response.body)
        );
    }

    #[test]
    fn rsip_reads_what_we_write(parts in parts(), body in "\\PC{0,60}") {
        let request = parts.request(Bytes::from(body));

        let theirs = rsip::Request::try_from(request.encode()).expect("rsip reads it");

        prop_assert_eq!(theirs.method.to_string(), parts.method);
        prop_assert_eq!(theirs.uri.to_string(), parts.uri);
        prop_assert_eq!(theirs.call_id_header().unwrap().value(), &parts.call_id);
        let cseq = theirs.cseq_header().unwrap().typed().unwrap();
        prop_assert_eq!(cseq.seq, parts.number);
        let from = theirs.from_header().unwrap().typed().unwrap();
        prop_assert_eq!(from.uri.to_string(), parts.from);
        prop_assert_eq!(from.tag().unwrap().value(), &parts.tag);
        let via = theirs.via_header().unwrap().typed().unwrap();
        prop_assert_eq!(via.branch().unwrap().value(), format!("z9hG4bK{}", parts.branch));
        prop_assert_eq!(&theirs.body[..], &request.body[..]);
        // Content-Length is the one row that encoding adds.
        prop_assert_eq!(theirs.headers().iter().count(), request.headers.len() + 1);
    }

    #[test]
    fn we_read_what_rsip_writes(parts in parts(), body in "\\PC{0,60}") {
        let request = parts.request(Bytes::from(body));
        let theirs = rsip::Request::try_from(request.encode()).expect("rsip reads it");

        let written: Bytes = rsip::SipMessage::Request(theirs).into();
        let Ok(Message::Request(again)) = parse(&written, Framing::Stream) else {
            panic!("{written:?}");
        };

        prop_assert_eq!(again.uri.to_string(), parts.uri);
        prop_assert_eq!(again.headers.from(), request.headers.from());
        prop_assert_eq!(again.headers.to(), request.headers.to());
        prop_assert_eq!(again.headers.via(), request.headers.via());
        prop_assert_eq!(again.headers.cseq(), request.headers.cseq());
        prop_assert_eq!(again.body, request.body);
    }

    #[test]
    fn spelling_does_not_change_what_a_message_says(
        parts in parts(), body in body(), spelling in vec(any::<u8>(), 64),
    ) {
        let request = parts.request(body);

        let sloppy = spelled(&request, &spelling);
        let Ok(Message::Request(again)) = parse(&sloppy, Framing::Stream) else {
            panic!("{sloppy:?}");
        };

        prop_assert_eq!(&again.uri, &request.uri);
        prop_assert_eq!(again.headers.call_id(), request.headers.call_id());
        prop_assert_eq!(again.headers.from(), request.headers.from());
        prop_assert_eq!(again.headers.to(), request.headers.to());
        prop_assert_eq!(again.headers.via(), request.headers.via());
        prop_assert_eq!(again.headers.cseq(), request.headers.cseq());
        prop_assert_eq!(again.headers.max_forwards(), Ok(Some(70)));
        prop_assert_eq!(again.body, request.body);
    }

    #[test]
    fn no_bytes_panic(bytes in vec(any::<u8>(), 0..300), start in any::<bool>()) {
        let mut text = if start { b"INVITE sip:a@b SIP/2.0\r\n".to_vec() } else { Vec::new() };
        text.extend(bytes);
        let text = Bytes::from(text);
        for framing in [Framing::Datagram, Framing::Stream] {
            if let Err(error) = parse(&text, framing) {
                sip::parse::refusal(&text, &error);
            }
        }
    }
}

#[derive(Clone, Debug)]
struct Parts {
    method: String,
    uri: String,
    from: String,
    to: String,
    display: Option<String>,
    tag: String,
    call_id: String,
    number: u32,
    branch: String,
    port: u16,
    subject: String,
}

impl Parts {
    fn request(&self, body: Bytes) -> Request {
        let method = Method::parse(&Bytes::from(self.method.clone()));
        Request { method, uri: uri_of(&self.uri), headers: self.headers(), body }
    }

    fn headers(&self) -> Headers {
        let host = Host::from(std::net::Ipv4Addr::new(192, 0, 2, 1));
        let branch = format!("z9hG4bK{}", self.branch);
        let via = Via::new(Transport::Udp, host, self.port, &branch);
        let mut from = NameAddr::new(uri_of(&self.from));
        from.display = self.display.clone().map(Bytes::from);
        from.params.set("tag", Some(Bytes::from(self.tag.clone())));
        let method = Method::parse(&Bytes::from(self.method.clone()));
        let mut headers = Headers::new();
        headers.push(HeaderName::Via, via.to_value());
        headers.push(HeaderName::From, from.to_value());
        headers.push(HeaderName::To, NameAddr::new(uri_of(&self.to)).to_value());
        headers.push(HeaderName::CallId, self.call_id.clone());
        headers.push(HeaderName::CSeq, CSeq { number: self.number, method }.to_value());
        headers.push(HeaderName::MaxForwards, "70");
        headers.push(HeaderName::Subject, self.subject.clone());
        headers
    }
}

fn parts() -> impl Strategy<Value = Parts> {
    let method = prop_oneof![Just("INVITE"), Just("BYE"), Just("OPTIONS"), Just("REGISTER")];
    let display = option::of("[A-Za-z][A-Za-z0-9 ]{0,10}[A-Za-z]");
    (
        (method, uri(), uri(), uri(), display, "[a-z0-9]{1,12}"),
        (
            "[a-z0-9-]{1,20}@[a-z]{1,8}",
            any::<u32>(),
            "[a-zA-Z0-9]{1,20}",
            1_u16..,
            "[!-~]{1,9}( [!-~]{1,9}){0,2}",
        ),
    )
        .prop_map(
            |((method, uri, from, to, display, tag), (call_id, number, branch, port, subject))| {
                let method = method.to_owned();
                Parts {
                    method,
                    uri,
                    from,
                    to,
                    display,
                    tag,
                    call_id,
                    number,
                    branch,
                    port,
                    subject,
                }
            },
        )
}

/// What `rsip` reads: a name or IPv4 address, and parameters that it knows.
fn uri() -> impl Strategy<Value = String> {
    let host = prop_oneof![
        "[a-z][a-z0-9-]{0,8}[a-z]\\.[a-z]{2,5}",
        any::<std::net::Ipv4Addr>().prop_map(|it| it.to_string()),
    ];
    let params = prop_oneof![Just(""), Just(";lr"), Just(";transport=TCP")];
    ("[a-z0-9+]{1,10}", host, option::of(1_u16..), params).prop_map(|(user, host, port, params)| {
        let port = port.map(|it| format!(":{it}")).unwrap_or_default();
        format!("sip:{user}@{host}{port}{params}")
    })
}

fn body() -> impl Strategy<Value = Bytes> {
    vec(any::<u8>(), 0..200).prop_map(Bytes::from)
}

/// The request with compact names, other case, folds, white space and empty lines before it, as
/// `spelling` chooses.
fn spelled(request: &Request, spelling: &[u8]) -> Bytes {
    let mut choices = spelling.iter().cycle().copied();
    let mut choice = |count: u8| choices.next().expect("the cycle is endless") % count;
    let mut out = b"\r\n".repeat(choice(3).into());
    out.extend_from_slice(format!("{} {} SIP/2.0\r\n", request.method, request.uri).as_bytes());
    let length = Bytes::from(request.body.len().to_string());
    let rows = request.headers.iter().map(|it| (it.name.clone(), it.value.clone()));
    for (name, value) in rows.chain([(HeaderName::ContentLength, length)]) {
        // White space means something in a Subject and inside of a URI.
        let is_opaque = name == HeaderName::Subject;
        let long = String::from_utf8_lossy(name.as_bytes()).into_owned();
        let name = match (choice(3), compact(&name)) {
            (0, Some(compact)) => compact.to_owned(),
            (1, _) => long.to_uppercase(),
            _ => long,
        };
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(
            [":", " :", "\t : ", ":\r\n  ", ": "][usize::from(choice(5))].as_bytes(),
        );
        let mut is_uri = false;
        for byte in value {
            is_uri = is_opaque || byte != b'>' && (is_uri || byte == b'<');
            match (byte, choice(4)) {
                _ if is_uri => out.push(byte),
                (b';', 0) => out.extend_from_slice(b" ; "),
                (b';', 1) => out.extend_from_slice(b"\r\n\t;"),
                (b'=', 0) => out.extend_from_slice(b" = "),
                _ => out.push(byte),
            }
        }
        out.extend_from_slice(["\r\n", "  \r\n", "\n"][usize::from(choice(3))].as_bytes());
    }
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(&request.body);
    out.into()
}

fn compact(name: &HeaderName) -> Option<&'static str> {
    [
        (HeaderName::Via, "v"),
        (HeaderName::From, "F"),
        (HeaderName::To, "t"),
        (HeaderName::CallId, "i"),
        (HeaderName::ContentLength, "l"),
        (HeaderName::Subject, "S"),
    ]
    .into_iter()
    .find_map(|(long, compact)| (long == *name).then_some(compact))
}

fn uri_of(text: &str) -> Uri {
    Uri::parse(&Bytes::copy_from_slice(text.as_bytes())).expect("only good URIs are generated")
}

fn without_length(headers: &Headers) -> Headers {
    headers.iter().filter(|it| it.name != HeaderName::ContentLength).cloned().collect()
}
