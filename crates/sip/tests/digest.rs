//! Digest against the vectors of the RFCs, and against values computed with Python's `hashlib`.

use base::Rng;
use proptest::prelude::*;
use sip::digest::{
    Algorithm, Challenge, Client, ClientError, Credentials, DigestError, Ha1, Login, Proof,
    Protection, Qop, ha1, is_equal_in_constant_time,
};

#[test]
fn rfc_7616_section_3_9_1_vectors_hold_for_md5_and_sha_256() {
    let expected = [
        (Algorithm::Md5, "8ca523f5e9506fed4657c9700eebdbec"),
        (Algorithm::Sha256, "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ];
    for (algorithm, response) in expected {
        let proof = Proof {
            algorithm,
            is_session: false,
            nonce: "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
            protection: Some(Protection {
                qop: Qop::Auth,
                nc: "00000001",
                cnonce: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
            }),
            method: b"GET",
            uri: "/dir/index.html",
            body: b"",
        };
        let secret = ha1(algorithm, "Mufasa", "http-auth@example.org", "Circle of Life");

        assert_eq!(proof.response(secret.as_str()).as_str(), response);
    }
}

#[test]
fn rfc_2617_section_3_5_vector_holds() {
    let value = br#"Digest username="Mufasa", realm="testrealm@host.com",
        nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", uri="/dir/index.html", qop=auth,
        nc=00000001, cnonce="0a4f113b", response="6629fae49393a05397450978507c4ef1",
        opaque="5ccc069c403ebaf9f0171e9517f40e41""#;
    let credentials = Credentials::parse(value).unwrap();
    let secret = Ha1::of_password("Mufasa", "testrealm@host.com", "Circle Of Life");

    let response = credentials.proof(b"GET", b"").response(&secret.md5);

    assert_eq!(response.as_str(), credentials.response);
}

#[test]
fn every_form_of_response_agrees_with_an_independent_computation() {
    let auth = |nc| Some(Protection { qop: Qop::Auth, nc, cnonce: "0a4f113b" });
    let auth_int = Some(Protection { qop: Qop::AuthInt, nc: "0000000a", cnonce: "0a4f113b" });
    let cases = [
        (Algorithm::Md5, false, None, "bf57e4e0d0bffc0fbaedce64d59add5e"),
        (Algorithm::Md5, false, auth("00000001"), "89eb0059246c02b2f6ee02c7961d5ea3"),
        (Algorithm::Md5, true, auth("00000010"), "67d8ea938775aae5673d0655628b0caa"),
        (
            Algorithm::Sha256,
            false,
            auth_int,
            "a2ec5c104d4e195ec9e0c8aecf6f20cf4a692a670134289d0bcee973e8a6f7fd",
        ),
        (Algorithm::Sha512_256, false, auth("00000001"), SHA_512_256_RESPONSE),
    ];
    for (algorithm, is_session, protection, expected) in cases {
        let proof = Proof {
            algorithm,
            is_session,
            nonce: "dcd98b7102dd2f0e8b11d0f600bfb0c093",
            protection,
            method: b"INVITE",
            uri: "sip:bob@biloxi.com",
            body: b"v=0\r\n",
        };
        let secret = ha1(algorithm, "bob", "biloxi.com", "zanzibar");

        assert_eq!(proof.response(secret.as_str()).as_str(), expected, "{proof:?}");
    }
}

#[test]
fn credentials_are_read_however_they_are_written() {
    let value = b"dIgEsT\tUSERNAME = \"anna \\\"the\\\\boss\\\", 1\" ,, realm=\"a,b\",\r\n \
        nonce=abc,uri=\"sip:x\",x-vendor=\"1,2\",response=\"00ff\" ,algorithm=sha-256, \
        qop=\"AUTH\",nc=0000000A,cnonce=\"\"";

    let it = Credentials::parse(value).unwrap();

    assert_eq!(it.username, "anna \"the\\boss\", 1");
    assert_eq!((it.realm.as_ref(), it.nonce.as_ref(), it.uri.as_ref()), ("a,b", "abc", "sip:x"));
    assert_eq!((it.algorithm, it.is_session), (Algorithm::Sha256, false));
    assert_eq!((it.qop, it.count), (Some(Qop::Auth), 10));
}

#[test]
fn malformed_credentials_say_what_is_wrong() {
    use DigestError::{Malformed, Scheme, Unsupported};
    let base = "Digest username=a, realm=r, nonce=n, uri=u, response=x";
    let cases = [
        ("Basic YTpi".to_owned(), Scheme),
        ("NoOneKnowsThisScheme opaque-data=here".to_owned(), Scheme),
        ("Digest".to_owned(), Malformed("username is missing")),
        ("Digest username=a".to_owned(), Malformed("realm is missing")),
        (format!("{base}, username=b"), Malformed("a parameter is given twice")),
        (format!("{base}, opaque=\"abc"), Malformed("a quoted string does not end")),
        (format!("{base}, opaque=\"abc\\"), Malformed("a quoted string does not end")),
        (format!("{base}, opaque=\"a\" b"), Malformed("parameters are not separated by commas")),
        (format!("{base}, opaque"), Malformed("a parameter has no value")),
        (format!("{base}, =x"), Malformed("a parameter has no value")),
        (format!("{base}, algorithm=MD4"), Unsupported),
        (format!("{base}, qop=auth-conf"), Unsupported),
        (format!("{base}, qop=auth"), Malformed("nc is missing")),
        (format!("{base}, qop=auth, nc=00000001"), Malformed("cnonce is missing")),
    ];
    for (value, expected) in cases {
        assert_eq!(Credentials::parse(value.as_bytes()).unwrap_err(), expected, "{value}");
    }
    for nc in ["", "0000000g", "+1", "-1", "000000001", "\"1 \""] {
        let value = format!("{base}, qop=auth, cnonce=c, nc={nc}");
        assert!(matches!(Credentials::parse(value.as_bytes()), Err(Malformed(_))), "{value}");
    }
}

#[test]
fn client_answers_the_strongest_challenge_and_counts_past_nine() {
    let mut client = Client::new("1001", "secret");
    let challenges: [&[u8]; 4] = [
        b"Basic realm=\"demo\"",
        b"Digest realm=\"demo\", nonce=\"n\", algorithm=MD5, qop=\"auth\"",
        b"Digest realm=\"demo\", nonce=\"n\", algorithm=SHA-256, qop=\"auth-int, auth\"",
        b"Digest realm=\"demo\", nonce=\"n\", algorithm=SHA-3, qop=\"auth\"",
    ];
    client.handle_challenge(challenges, &mut Rng::from_number(1)).unwrap();
    let secret = Ha1::of_password("1001", "demo", "secret");

    for count in 1..=300 {
        let value = client.credentials(b"REGISTER", "sip:demo", b"").unwrap();
        let credentials = Credentials::parse(value.as_bytes()).unwrap();

        assert!(value.contains(&format!("nc={count:08x}")), "{value}");
        assert_eq!((credentials.algorithm, credentials.qop), (Algorithm::Sha256, Some(Qop::Auth)));
        assert_eq!(credentials.count, count);
        let expected = credentials.proof(b"REGISTER", b"").response(&secret.sha256);
        assert_eq!(expected.as_str(), credentials.response);
    }
}

#[test]
fn client_gives_up_when_its_answer_is_refused_but_not_when_the_nonce_is_stale() {
    let mut client = Client::new("1001", "wrong");
    let mut rng = Rng::from_number(1);
    let fresh: [&[u8]; 1] = [b"Digest realm=demo, nonce=n, qop=auth"];
    let stale: [&[u8]; 1] = [b"Digest realm=demo, nonce=n, qop=auth, stale=TRUE"];
    client.handle_challenge(fresh, &mut rng).unwrap();
    client.credentials(b"REGISTER", "sip:demo", b"").unwrap();

    assert_eq!(client.handle_challenge(stale, &mut rng), Ok(()));
    client.credentials(b"REGISTER", "sip:demo", b"").unwrap();
    assert_eq!(client.handle_challenge(fresh, &mut rng), Err(ClientError::Refused));
}

#[test]
fn client_of_one_realm_answers_no_other() {
    let login = Login {
        username: "tandem".to_owned(),
        password: "hunter2".to_owned(),
        realm: Some("carrier".to_owned()),
    };
    assert!(!format!("{login:?}").contains("hunter2"));
    let (mut client, mut rng) = (Client::of(login), Rng::from_number(1));
    let other: &[u8] = b"Digest realm=\"other\", nonce=\"n\", algorithm=SHA-256, qop=\"auth\"";
    let own: &[u8] = b"Digest realm=\"carrier\", nonce=\"m\", qop=\"auth\"";

    assert_eq!(client.handle_challenge([other], &mut rng), Err(ClientError::Unsupported));
    assert_eq!(client.credentials(b"INVITE", "sip:carrier", b""), None);
    client.handle_challenge([other, own], &mut rng).unwrap();
    let value = client.credentials(b"INVITE", "sip:carrier", b"").unwrap();
    assert!(value.contains("realm=\"carrier\", nonce=\"m\""), "{value}");
}

#[test]
fn client_refuses_challenges_that_it_cannot_answer() {
    let mut client = Client::new("1001", "secret");
    let challenges: [&[u8]; 2] =
        [b"Basic realm=\"demo\"", b"Digest realm=\"demo\", nonce=\"n\", qop=\"auth-conf\""];

    let answer = client.handle_challenge(challenges, &mut Rng::from_number(1));

    assert_eq!(answer, Err(ClientError::Unsupported));
    assert_eq!(client.credentials(b"REGISTER", "sip:demo", b""), None);
}

#[test]
fn secrets_are_not_printed() {
    let secret = Ha1::of_password("1001", "demo", "hunter2");
    let mut client = Client::new("1001", "hunter2");
    let challenge: [&[u8]; 1] = [b"Digest realm=demo, nonce=n"];
    client.handle_challenge(challenge, &mut Rng::from_number(1)).unwrap();

    let printed = format!("{secret:?} {client:?}");

    assert!(!printed.contains("hunter2"));
    assert!(!printed.contains(&secret.md5) && !printed.contains(&secret.sha256), "{printed}");
}

#[test]
fn comparison_is_equality() {
    assert!(is_equal_in_constant_time(b"", b""));
    assert!(is_equal_in_constant_time(b"abc", b"abc"));
    assert!(!is_equal_in_constant_time(b"abc", b"abd"));
    assert!(!is_equal_in_constant_time(b"abc", b"ab"));
}

proptest! {
    #[test]
    fn whatever_the_client_signs_is_read_back_and_verifies(
        user in "\\PC{1,12}",
        realm in "\\PC{1,12}",
        password in "\\PC{0,12}",
        nonce in "\\PC{1,12}",
        body in prop::collection::vec(any::<u8>(), 0..32),
        algorithm in prop::sample::select(vec![Algorithm::Md5, Algorithm::Sha256]),
        qop in prop::sample::select(vec!["", ", qop=\"auth\"", ", qop=auth-int"]),
    ) {
        let escape = |it: &str| it.replace('\\', "\\\\").replace('"', "\\\"");
        let challenge = format!(
            "Digest realm=\"{}\", nonce=\"{}\", algorithm={}{qop}",
            escape(&realm), escape(&nonce), algorithm.token(),
        );
        let mut client = Client::new(user.clone(), password.clone());
        client.handle_challenge([challenge.as_bytes()], &mut Rng::from_number(1)).unwrap();

        let value = client.credentials(b"INVITE", "sip:bob@biloxi.com", &body).unwrap();
        let credentials = Credentials::parse(value.as_bytes()).unwrap();

        prop_assert_eq!(&credentials.username, &user);
        prop_assert_eq!(&credentials.realm, &realm);
        prop_assert_eq!(&credentials.nonce, &nonce);
        let secret = Ha1::of_password(&user, &realm, &password);
        let expected = credentials
            .proof(b"INVITE", &body)
            .response(secret.for_algorithm(algorithm).unwrap());
        prop_assert_eq!(expected.as_str(), credentials.response.as_ref());
    }

    #[test]
    fn no_header_value_panics(value in prop::collection::vec(any::<u8>(), 0..80)) {
        let digest = [b"Digest ".as_slice(), &value].concat();
        let _ = (Credentials::parse(&digest).is_ok(), Challenge::parse(&digest).is_ok());
        let _ = (Credentials::parse(&value).is_ok(), Challenge::parse(&value).is_ok());
    }

    #[test]
    fn no_list_of_parameters_panics(list in "([a-z]{0,4}[=\" ,\\\\]{0,3}){0,8}") {
        let digest = format!("Digest {list}");
        let _ = Credentials::parse(digest.as_bytes()).is_ok();
    }
}

const SHA_512_256_RESPONSE: &str =
    "7f1a09de0f19af0a1eac2b28d33e3f2fb89cca1ad8fb01bba5e1883b288bac14";
