use super::*;

#[test]
fn uris_write_themselves_as_they_were_read() {
    for text in [
        "sip:user@example.com",
        "sip:example.com",
        "sips:user:pass%20word@example.com:5061;transport=tcp;lr?Subject=x&To=y",
        "sip:user;par=u%40example.net@example.com",
        "sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@example.com",
        "sip:user@[2001:db8::10]:5070;lr",
        "sip:*98#@192.0.2.1",
        "sip:\u{44e}\u{437}\u{435}\u{440}@example.com",
        "tel:+1-201-555-0123;phone-context=example.com",
        "tel:7042;phone-context=+1",
        "urn:service:sos",
        "soap.beep://192.0.2.103:3002",
        "nobodyKnowsThisScheme:totallyopaquecontent",
    ] {
        assert_eq!(parse(text).unwrap().to_string(), text);
    }
}

#[test]
fn parts_are_where_they_belong() {
    let uri = parse("SIP:u:p@h.example:99;a=1;b?X=y").unwrap();

    assert_eq!(uri.scheme, Scheme::Sip);
    assert_eq!(uri.user.as_deref(), Some(&b"u"[..]));
    assert_eq!(uri.password.as_deref(), Some(&b"p"[..]));
    assert_eq!(uri.host, Host::Name(Bytes::from_static(b"h.example")));
    assert_eq!(uri.port, Some(99));
    assert_eq!(uri.params.value("a").unwrap(), "1");
    assert!(uri.params.has("b"));
    assert_eq!(uri.headers.as_deref(), Some(&b"X=y"[..]));
}

#[test]
fn escapes_are_taken_off_once_and_nul_does_not_truncate() {
    let user = |text| parse(text).unwrap().user_text().map(Cow::into_owned);

    assert_eq!(user("sip:value%25%34%31@h").unwrap(), "value%41");
    assert_eq!(user("sip:null-%00-null@h").unwrap(), "null-\0-null");
    assert_eq!(user("sip:100%@h").unwrap(), "100%");
    assert_eq!(user("sip:%zz%4@h").unwrap(), "%zz%4");
    assert_eq!(user("sip:%ff@h"), None);
    assert_eq!(user("sip:h"), None);
}

#[test]
fn a_built_uri_escapes_its_user() {
    let host = Host::parse(&Bytes::from_static(b"h")).unwrap();
    let uri = Uri::sip(Some("a b@c#;\r\n\u{e4}"), host, Some(5060));

    assert_eq!(uri.to_string(), "sip:a%20b%40c%23;%0D%0A%C3%A4@h:5060");
    assert_eq!(uri.user_text().unwrap(), "a b@c#;\r\n\u{e4}");
}

#[test]
fn what_is_no_uri_is_refused() {
    for (text, error) in [
        ("", UriError::NoScheme),
        ("alan@jasomi.com", UriError::NoScheme),
        ("1sip:user@h", UriError::NoScheme),
        (":user@h", UriError::NoScheme),
        ("<sip:user@h>", UriError::Character),
        ("sip:user@h; lr", UriError::Character),
        ("sip:us\0er@h", UriError::Character),
        ("sip:@h", UriError::Character),
        ("sip:h;=x", UriError::Character),
        ("tel:", UriError::Character),
        ("sip:", UriError::Host),
        ("sip:user@", UriError::Host),
        ("sip:a@b@c", UriError::Host),
        ("sip:user@h:port", UriError::Port),
        ("sip:2001:db8::10", UriError::Port),
    ] {
        assert_eq!(parse(text), Err(error), "{text}");
    }
    let long = format!("sip:{}@h", "a".repeat(URI_BYTES_MAX));
    assert_eq!(Uri::parse(&Bytes::from(long)), Err(UriError::TooLong));
}

#[test]
fn equality_is_that_of_rfc_3261_section_19_1_4() {
    for (a, b) in [
        ("sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtLanTa.CoM;Transport=tcp"),
        ("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5"),
        ("sip:carol@chicago.com", "sip:carol@chicago.com;security=on"),
        (
            "sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
            "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com",
        ),
        ("sip:a@h?subject=x&priority=urgent", "sip:a@h?priority=urgent&subject=x"),
        ("sip:a@[::ffff:192.0.2.1]", "sip:a@192.0.2.1"),
        ("tel:+1-201-555-0123", "tel:+12015550123"),
        ("urn:service:sos", "URN:service:sos"),
    ] {
        assert!(is_same(a, b) && is_same(b, a), "{a} {b}");
    }
    for (a, b) in [
        ("sip:ALICE@AtLanTa.CoM", "sip:alice@atlanta.com"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp"),
        ("sip:bob@biloxi.com;security=on", "sip:bob@biloxi.com;security=off"),
        ("sip:carol@chicago.com", "sip:carol@chicago.com?Subject=x"),
        ("sip:carol@chicago.com", "sips:carol@chicago.com"),
        ("sip:%00@h", "sip:%00%00@h"),
        ("sip:a%40@h", "sip:a%41@h"),
        ("tel:+1", "sip:+1@h"),
        ("tel:7042;phone-context=a", "tel:7042"),
    ] {
        assert!(!is_same(a, b) && !is_same(b, a), "{a} {b}");
    }
}

#[test]
fn the_transport_follows_parameter_and_scheme() {
    for (text, transport) in [
        ("sip:h", Some(Transport::Udp)),
        ("sip:h;transport=TcP", Some(Transport::Tcp)),
        ("sips:h", Some(Transport::Tls)),
        ("sips:h;transport=tcp", Some(Transport::Tls)),
        ("sips:h;transport=ws", Some(Transport::Wss)),
        ("sip:h;transport=sctp", None),
    ] {
        assert_eq!(parse(text).unwrap().transport(), transport, "{text}");
    }
}

fn parse(text: &str) -> Result<Uri, UriError> {
    Uri::parse(&Bytes::copy_from_slice(text.as_bytes()))
}

fn is_same(a: &str, b: &str) -> bool {
    parse(a).unwrap().is_same_as(&parse(b).unwrap())
}
