//! What the message layer makes of the torture messages. Verdicts that need a transaction, a dialog
//! or a registrar are asserted where those live.

mod torture;

use bytes::Bytes;
use sip::{
    Host, Message, Method, Request, Response,
    header::Contacts,
    parse::{Framing, ParseError, parse, refusal},
};
use torture::{Entry, Outcome, entries, message};

#[test]
fn every_message_is_accepted_or_refused_as_the_table_allows() {
    let entries = entries();
    assert_eq!(entries.len(), 62);
    for entry in entries {
        match parse(&entry.bytes, Framing::Datagram) {
            Ok(parsed) => {
                assert_eq!(refused(&entry), None, "{} was accepted: {parsed:?}", entry.file);
                assert_eq!(matches!(parsed, Message::Request(_)), entry.is_request);
                assert!(may_be_accepted(&entry), "{} was accepted", entry.file);
            }
            Err(error) => {
                let outcome = refusal(&entry.bytes, &error)
                    .map_or(Outcome::Drop, |it| Outcome::Status(it.status.0));
                assert_eq!(refused(&entry), Some(outcome), "{}: {error}", entry.file);
                assert!(entry.accepts(outcome), "{}: {outcome:?} for {error}", entry.file);
            }
        }
    }
}

/// What the message layer itself refuses; all other verdicts are for the layers above.
fn refused(entry: &Entry) -> Option<Outcome> {
    match entry.file.strip_suffix(".dat")? {
        "rfc4475/scalarlg" | "rfc4475/bigcode" | "rfc4475/test" => Some(Outcome::Drop),
        "rfc4475/badinv01" | "rfc4475/clerr" | "rfc4475/ncl" | "rfc4475/scalar02"
        | "rfc4475/quotbal" | "rfc4475/ltgtruri" | "rfc4475/lwsruri" | "rfc4475/escruri"
        | "rfc4475/baddn" | "rfc4475/mismatch01" | "rfc4475/mismatch02" | "rfc4475/insuf"
        | "rfc4475/multi01" | "rfc4475/mcl01" | "rfc5118/ipv6-bad" => Some(Outcome::Status(400)),
        "rfc4475/badvers" => Some(Outcome::Status(505)),
        _ => None,
    }
}

/// Whether the table leaves the verdict to a layer above. Responses that it drops are well-formed,
/// but strays.
fn may_be_accepted(entry: &Entry) -> bool {
    entry.acceptable != [Outcome::Status(400)] && entry.acceptable != [Outcome::Status(505)]
}

#[test]
fn every_message_says_what_the_table_says_again_after_it_was_encoded() {
    for Entry { file, bytes, .. } in entries() {
        let Ok(parsed) = parse(&bytes, Framing::Datagram) else { continue };

        let again = parse(&parsed.encode(), Framing::Stream);

        assert_eq!(again.map(without_length), Ok(without_length(parsed)), "{file}");
    }
}

#[test]
fn no_prefix_of_a_message_panics() {
    for Entry { bytes, .. } in entries() {
        for end in 0..bytes.len() {
            let prefix = bytes.slice(..end);
            for framing in [Framing::Datagram, Framing::Stream] {
                if let Err(error) = parse(&prefix, framing) {
                    refusal(&prefix, &error);
                }
            }
        }
    }
}

#[test]
fn wsinv_keeps_numbers_folds_and_unknown_headers() {
    let request = request("rfc4475/wsinv.dat");
    let headers = &request.headers;

    assert_eq!(headers.max_forwards(), Ok(Some(68)));
    assert_eq!(headers.cseq().unwrap().number, 9);
    assert_eq!(headers.to().unwrap().tag().unwrap(), "1918181833n");
    let from = headers.from().unwrap();
    assert_eq!(from.display.as_deref(), Some(&br#"J Rosenberg \""#[..]));
    assert_eq!(from.tag().unwrap(), "98asjd8");
    assert_eq!(headers.via().unwrap().branch().unwrap(), "390skdjuw");
    assert_eq!(headers.elements(&sip::HeaderName::Via).len(), 3);
    assert_eq!(other(&request, "NewFangledHeader"), "newfangled value continued newfangled value");
    assert_eq!(other(&request, "UnknownHeaderWithUnusualValue"), ";;,,;;,;");
    let Ok(Contacts::List(contacts)) = headers.contacts() else { panic!("a list") };
    assert_eq!(contacts[0].display.as_deref(), Some(&br#"Quoted string """#[..]));
    assert_eq!(contacts[0].params.value("newparam").unwrap(), "newvalue");
    assert_eq!(contacts[0].params.value("q").unwrap(), "0.33");
    assert!(contacts[0].params.has("secondparam"));
    assert_eq!(request.body.len(), 150);
}

#[test]
fn intmeth_keeps_method_escapes_and_bytes() {
    let request = request("rfc4475/intmeth.dat");

    assert_eq!(request.method.as_bytes(), b"!interesting-Method0123456789_*+`.%indeed'~");
    let to = request.headers.to().unwrap();
    assert_eq!(to.display.as_deref(), Some(&b"BEL:\x07 NUL:\0 DEL:\x7f"[..]));
    assert!(to.to_value().starts_with(b"\"BEL:\\\x07 NUL:\\\0 DEL:\\\x7f\" <sip:"));
    assert_eq!(request.headers.via().unwrap().transport, "TCP");
    assert_eq!(request.headers.max_forwards(), Ok(Some(255)));
    let from = request.headers.from().unwrap();
    let param = from.params.value("fromParam''~+*_!.-%").unwrap();
    assert_eq!(std::str::from_utf8(param).unwrap(), "работающий");
}

#[test]
fn esc01_is_unescaped_once_only() {
    let request = request("rfc4475/esc01.dat");

    assert_eq!(request.uri.user_text().unwrap(), "sips:user@example.com");
    assert_eq!(request.headers.to().unwrap().uri.user_text().unwrap(), "user");
    let contact = first_contact(&request);
    assert_eq!(contact.uri.params.value("n%61me").unwrap(), "v%61lue%25%34%31");
    assert_eq!(
        contact.uri.to_string(),
        "sip:cal%6Cer@host5.example.net;%6C%72;n%61me=v%61lue%25%34%31"
    );
    let uri = sip::Uri::parse(&Bytes::from_static(b"sip:value%25%34%31@h")).unwrap();
    assert_eq!(uri.user_text().unwrap(), "value%41");
}

#[test]
fn escnull_has_two_contacts_that_differ_and_no_user_is_truncated() {
    let request = request("rfc4475/escnull.dat");

    assert_eq!(request.headers.to().unwrap().uri.user_text().unwrap(), "null-\0-null");
    let Ok(Contacts::List(contacts)) = request.headers.contacts() else { panic!("a list") };
    let users: Vec<_> = contacts.iter().map(|it| it.uri.user_text().unwrap()).collect();
    assert_eq!(users, ["\0", "\0\0"]);
    assert!(!contacts[0].uri.is_same_as(&contacts[1].uri));
}

#[test]
fn esc02_is_no_register_and_has_two_contacts() {
    let request = request("rfc4475/esc02.dat");

    assert_eq!(request.method.as_bytes(), b"RE%47IST%45R");
    assert_ne!(request.method, Method::Register);
    assert_eq!(request.headers.elements(&sip::HeaderName::Contact).len(), 2);
    assert_eq!(other(&request, "C%6Fntact"), "<sip:alias2@host2.example.com>");
}

#[test]
fn longreq_is_not_truncated() {
    let parsed = request("rfc4475/longreq.dat");

    let encoded = parsed.encode();

    assert!(encoded.len() > 3_400, "{}", encoded.len());
    assert_eq!(parsed.headers.all(&sip::HeaderName::Via).count(), 34);
}

#[test]
fn dblreq_is_one_message_and_the_rest_is_ignored() {
    let request = request("rfc4475/dblreq.dat");

    assert_eq!(request.method, Method::Register);
    assert!(request.body.is_empty());
    assert!(!contains(&request.encode(), b"sip:joe@example.com"));
}

#[test]
fn semiuri_keeps_the_parameter_in_the_user_part() {
    let request = request("rfc4475/semiuri.dat");

    assert_eq!(request.uri.user_text().unwrap(), "user;par=u@example.net");
    assert!(request.uri.params.is_empty());
}

#[test]
fn transports_are_kept_as_written_even_if_unknown() {
    let request = request("rfc4475/transports.dat");

    let vias = request.headers.elements(&sip::HeaderName::Via);
    let transports: Vec<_> = vias.iter().map(|it| sip::Via::parse(it).unwrap().transport).collect();
    assert_eq!(transports, ["UDP", "SCTP", "TLS", "UNKNOWN", "TCP"]);
}

#[test]
fn mpart01_keeps_its_binary_body() {
    let bytes = message("rfc4475/mpart01.dat");
    let request = request("rfc4475/mpart01.dat");

    assert!(std::str::from_utf8(&request.body).is_err(), "the body is binary");
    assert!(bytes.ends_with(&request.body));
    assert!(request.encode().ends_with(&request.body));
}

#[test]
fn reason_phrases_are_kept_and_may_be_empty() {
    let reason = |file| response(file).reason;

    assert_eq!(
        std::str::from_utf8(&reason("rfc4475/unreason.dat")).unwrap(),
        "= 2**3 * 5**2 но сто девяносто девять - простое"
    );
    assert_eq!(reason("rfc4475/noreason.dat"), "");
}

#[test]
fn clerr_reads_nothing_behind_the_datagram() {
    let bytes = message("rfc4475/clerr.dat");

    let error = parse(&bytes, Framing::Datagram).unwrap_err();

    let ParseError::Truncated { missing } = error else { panic!("{error}") };
    let body_start = bytes.windows(4).position(|it| it == b"\r\n\r\n").unwrap() + 4;
    assert_eq!(missing, 9999 - (bytes.len() - body_start));
}

#[test]
fn quotbal_leaks_nothing_into_the_next_header() {
    let error = parse(&message("rfc4475/quotbal.dat"), Framing::Datagram).unwrap_err();

    assert_eq!(error, ParseError::Header { header: "To", problem: "is malformed" });
}

#[test]
fn sloppy_start_lines_are_written_clean() {
    let start = |file| request(file).encode().split(|it| *it == b'\r').next().unwrap().to_vec();

    assert_eq!(start("rfc4475/lwsstart.dat"), b"INVITE sip:user@example.com SIP/2.0");
    assert_eq!(start("rfc4475/trws.dat"), b"OPTIONS sip:remote-target@example.com SIP/2.0");
}

#[test]
fn contact_parameters_stay_inside_or_outside_of_the_brackets() {
    let outside = first_contact(&request("rfc4475/cparam01.dat"));
    assert!(outside.params.has("unknownparam") && !outside.uri.params.has("unknownparam"));
    assert_eq!(outside.to_value(), "<sip:+19725552222@gw1.example.net>;unknownparam");

    let inside = first_contact(&request("rfc4475/cparam02.dat"));
    assert!(inside.uri.params.has("unknownparam") && !inside.params.has("unknownparam"));
    assert_eq!(inside.to_value(), "<sip:+19725552222@gw1.example.net;unknownparam>");
}

#[test]
fn regescrt_keeps_the_escaped_header_in_the_contact_and_nowhere_else() {
    let request = request("rfc4475/regescrt.dat");

    let value = "<sip:user@example.com?Route=%3Csip:sip.example.com%3E>";
    assert_eq!(first_contact(&request).to_value(), value);
    assert_eq!(request.headers.first(&sip::HeaderName::Route), None);
}

#[test]
fn regbadct_has_no_readable_contact() {
    assert!(request("rfc4475/regbadct.dat").headers.contacts().is_err());
}

#[test]
fn unknown_schemes_are_read_and_named() {
    for (file, scheme) in
        [("rfc4475/unkscm.dat", "nobodyKnowsThisScheme"), ("rfc4475/novelsc.dat", "soap.beep")]
    {
        assert_eq!(
            request(file).uri.scheme,
            sip::Scheme::Other(Bytes::from_static(scheme.as_bytes()))
        );
    }
}

#[test]
fn inv2543_has_what_rfc_2543_demanded_and_no_more() {
    let request = request("rfc4475/inv2543.dat");

    assert_eq!(request.headers.via().unwrap().branch(), None);
    assert_eq!(request.headers.from().unwrap().tag(), None);
    assert_eq!(request.headers.max_forwards(), Ok(None));
    assert!(request.body.starts_with(b"v=0"));
}

#[test]
fn ipv6_ports_are_where_the_brackets_say() {
    let ambiguous = request("rfc5118/port-ambiguous.dat").uri;
    assert_eq!(ambiguous.host, Host::Ip("2001:db8::10:5070".parse().unwrap()));
    assert_eq!(ambiguous.port, None);

    let unambiguous = request("rfc5118/port-unambiguous.dat").uri;
    assert_eq!(unambiguous.host, Host::Ip("2001:db8::10".parse().unwrap()));
    assert_eq!(unambiguous.port, Some(5070));
}

#[test]
fn received_is_read_with_and_without_brackets_and_written_without() {
    for file in
        ["rfc5118/via-received-param-with-delim.dat", "rfc5118/via-received-param-no-delim.dat"]
    {
        let mut via = request(file).headers.via().unwrap();
        assert_eq!(via.received(), Some("2001:db8::9:255".parse().unwrap()));

        via.note_source("[2001:db8::9:255]:5060".parse().unwrap());

        assert_eq!(via.params.value("received").unwrap(), "2001:db8::9:255");
    }
}

#[test]
fn mapped_addresses_are_unmapped_where_they_are_judged() {
    let request = request("rfc5118/ipv4-mapped-ipv6.dat");

    let ips: Vec<_> = request
        .headers
        .elements(&sip::HeaderName::Via)
        .iter()
        .map(|it| sip::Via::parse(it).unwrap().host.ip().unwrap().to_string())
        .collect();
    assert_eq!(ips, ["192.0.2.10", "192.0.2.2"]);
    assert_eq!(first_contact(&request).uri.to_string(), "sip:ted@[::ffff:192.0.2.2]");
}

#[test]
fn a_colon_too_many_before_an_embedded_ipv4_address_is_overlooked() {
    for file in ["rfc5118/ipv6-bug-abnf-3-colons.dat", "rfc5118/ipv6-correct-abnf-2-colons.dat"] {
        assert_eq!(request(file).uri.host, Host::Ip("2001:db8::192.0.2.1".parse().unwrap()));
    }
}

fn request(file: &str) -> Request {
    match parse(&message(file), Framing::Datagram) {
        Ok(Message::Request(request)) => request,
        other => panic!("{file}: {other:?}"),
    }
}

fn response(file: &str) -> Response {
    match parse(&message(file), Framing::Datagram) {
        Ok(Message::Response(response)) => response,
        other => panic!("{file}: {other:?}"),
    }
}

fn first_contact(request: &Request) -> sip::NameAddr {
    match request.headers.contacts() {
        Ok(Contacts::List(mut contacts)) => contacts.remove(0),
        other => panic!("{other:?}"),
    }
}

fn other(request: &Request, name: &'static str) -> Bytes {
    let name = sip::HeaderName::Other(Bytes::from_static(name.as_bytes()));
    request.headers.first(&name).expect("the header is there").clone()
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|it| it == part)
}

/// Content-Length is written anew, so it is not compared.
fn without_length(mut message: Message) -> Message {
    let headers = match &mut message {
        Message::Request(it) => &mut it.headers,
        Message::Response(it) => &mut it.headers,
    };
    headers.remove(&sip::HeaderName::ContentLength);
    message
}
