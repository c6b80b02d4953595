//! Challenges and verdicts, in virtual time, with the client of the same crate asking.

use base::Rng;
use bytes::Bytes;
use sip::{
    HeaderName, Message, Request,
    auth::{AuthFailure, AuthPolicy, Authenticator, ChallengeKind},
    digest::{Algorithm, Challenge, Client, Ha1},
    parse::{Framing, parse},
};
use std::time::{Duration, Instant};

#[test]
fn a_phone_that_knows_the_password_is_let_in_again_and_again_with_one_nonce() {
    let mut world = World::new(AuthPolicy::default());
    world.challenge();

    for _ in 0..40 {
        let request = world.signed("REGISTER", "sip:demo");
        assert_eq!(world.verify(&request), Ok("1001".to_owned()));
    }
}

#[test]
fn each_algorithm_on_offer_lets_in() {
    for algorithm in [Algorithm::Sha256, Algorithm::Md5] {
        let mut world =
            World::new(AuthPolicy { algorithms: vec![algorithm], ..AuthPolicy::default() });
        world.challenge();
        let request = world.signed("REGISTER", "sip:demo");

        assert!(
            request.headers.text(&HeaderName::Authorization).unwrap().contains(algorithm.token())
        );
        assert_eq!(world.verify(&request), Ok("1001".to_owned()));
    }
}

#[test]
fn the_challenge_offers_the_strongest_first_with_one_nonce() {
    let mut world = World::new(AuthPolicy::default());
    for (kind, name) in [
        (ChallengeKind::Www, HeaderName::WwwAuthenticate),
        (ChallengeKind::Proxy, HeaderName::ProxyAuthenticate),
    ] {
        let rows = world.auth.challenge(world.now, "a \"b\" \\c", kind, false);
        let stale = world.auth.challenge(world.now, "demo", kind, true);

        assert!(rows.iter().all(|it| it.name == name));
        let read: Vec<_> = rows.iter().map(|it| Challenge::parse(&it.value).unwrap()).collect();
        let algorithms: Vec<_> = read.iter().map(|it| it.algorithm).collect();
        assert_eq!(algorithms, [Algorithm::Sha256, Algorithm::Md5]);
        assert_eq!(read[0].realm, "a \"b\" \\c");
        assert_eq!(read[0].nonce, read[1].nonce);
        assert!(!read[0].is_stale);
        assert!(Challenge::parse(&stale[0].value).unwrap().is_stale);
    }
}

#[test]
fn no_credentials_foreign_realms_and_unknown_schemes_get_a_fresh_challenge() {
    let mut world = World::new(AuthPolicy::default());
    let values = [
        "",
        "Authorization: NoOneKnowsThisScheme opaque-data=here\r\n",
        "Authorization: Basic MTAwMTpzZWNyZXQ=\r\n",
        "Authorization: Digest username=a, realm=other, nonce=n, uri=u, response=x\r\n",
        "Authorization: Digest username=a, realm=demo, nonce=n, uri=u, response=x, algorithm=MD4\r\n",
        "Authorization: Digest username=a, realm=demo, nonce=n, uri=u, response=x, algorithm=MD5-sess\r\n",
        "Authorization: Digest username=a, realm=demo, nonce=n, uri=u, response=x, algorithm=SHA-512-256\r\n",
        "Proxy-Authorization: Digest username=a, realm=demo, nonce=n, uri=u, response=x\r\n",
    ];
    for value in values {
        let request = request("REGISTER", "sip:demo", value, "");
        assert_eq!(world.verify(&request), Err(AuthFailure::Missing), "{value}");
    }
}

#[test]
fn credentials_are_found_behind_those_for_others() {
    let mut world = World::new(AuthPolicy::default());
    world.challenge();
    let ours = world.credentials("REGISTER", "sip:demo", "");
    let lines = format!(
        "Authorization: Digest username=a, realm=other, nonce=n, uri=u, response=x\r\n\
         Authorization: {ours}\r\n"
    );

    let request = request("REGISTER", "sip:demo", &lines, "");

    assert_eq!(world.verify(&request), Ok("1001".to_owned()));
}

#[test]
fn malformed_credentials_are_told_from_missing_ones() {
    let mut world = World::new(AuthPolicy::default());
    let line = "Authorization: Digest username=a, realm=demo, nonce=n, uri=u\r\n";

    let verdict = world.verify(&request("REGISTER", "sip:demo", line, ""));

    assert_eq!(verdict, Err(AuthFailure::Malformed("response is missing")));
}

#[test]
fn a_wrong_password_is_wrong_and_spends_no_count() {
    let mut world = World::new(AuthPolicy::default());
    let rows = world.auth.challenge(world.now, "demo", ChallengeKind::Www, false);
    let rows: Vec<_> = rows.iter().map(|it| it.value.as_ref()).collect();
    world.take_challenge(rows.clone());
    let good = world.signed("REGISTER", "sip:demo");
    world.client = Client::new("1001", "wrong");
    world.take_challenge(rows);
    let bad = world.signed("REGISTER", "sip:demo");

    assert_eq!(world.verify(&bad), Err(AuthFailure::Wrong));
    assert_eq!(world.verify(&good), Ok("1001".to_owned()));
}

#[test]
fn a_digest_covers_the_method() {
    let mut world = World::new(AuthPolicy::default());
    world.challenge();
    let value = world.credentials("OPTIONS", "sip:demo", "");

    let request = request("REGISTER", "sip:demo", &format!("Authorization: {value}\r\n"), "");

    assert_eq!(world.verify(&request), Err(AuthFailure::Wrong));
}

#[test]
fn an_expired_nonce_is_stale() {
    let mut world = World::new(AuthPolicy::default());
    world.challenge();
    world.now += AuthPolicy::default().nonce_lifetime;
    let in_time = world.signed("REGISTER", "sip:demo");
    assert_eq!(world.verify(&in_time), Ok("1001".to_owned()));

    world.now += Duration::from_millis(1);
    let late = world.signed("REGISTER", "sip:demo");

    assert_eq!(world.verify(&late), Err(AuthFailure::Stale));
}

#[test]
fn nonces_of_others_and_other_realms_are_stale_before_any_user_is_looked_up() {
    let mut world = World::new(AuthPolicy::default());
    let mut other = Authenticator::new(world.now, Rng::from_number(2), AuthPolicy::default());
    let mut foreign = other.challenge(world.now, "demo", ChallengeKind::Www, false);
    foreign.truncate(1);
    let mut other_realm = world.auth.challenge(world.now, "elsewhere", ChallengeKind::Www, false);
    other_realm.truncate(1);
    let elsewhere = String::from_utf8(other_realm[0].value.to_vec()).unwrap();
    other_realm[0].value = Bytes::from(elsewhere.replace("elsewhere", "demo"));

    for challenge in [foreign, other_realm] {
        world.take_challenge(challenge.iter().map(|it| it.value.as_ref()));
        let request = world.signed("REGISTER", "sip:demo");
        let verdict =
            world.auth.verify(world.now, &request, ChallengeKind::Www, "demo", |_| unreachable!());
        assert_eq!(verdict, Err(AuthFailure::Stale));
    }
}

#[test]
fn a_nonce_whose_digits_were_changed_is_stale() {
    let mut world = World::new(AuthPolicy::default());
    let row = &world.auth.challenge(world.now, "demo", ChallengeKind::Www, false)[0];
    let challenge = Challenge::parse(&row.value).unwrap();
    for at in 0..challenge.nonce.len() {
        let mut nonce = challenge.nonce.clone().into_bytes();
        nonce[at] = if nonce[at] == b'0' { b'1' } else { b'0' };
        let nonce = String::from_utf8(nonce).unwrap();
        let value = format!("Digest realm=demo, nonce=\"{nonce}\", qop=auth");
        world.take_challenge([value.as_bytes()]);
        let request = world.signed("REGISTER", "sip:demo");
        assert_eq!(world.verify(&request), Err(AuthFailure::Stale), "digit {at}");
    }
}

#[test]
fn a_replayed_request_is_stale_and_late_ones_inside_the_window_are_not() {
    let mut world = World::new(AuthPolicy { nc_window: 2, ..AuthPolicy::default() });
    world.challenge();
    let [one, two, three, four]: [Request; 4] =
        std::array::from_fn(|_| world.signed("REGISTER", "sip:demo"));

    assert_eq!(world.verify(&four), Ok("1001".to_owned()));
    assert_eq!(world.verify(&two), Ok("1001".to_owned()), "two behind");
    assert_eq!(world.verify(&one), Err(AuthFailure::Stale), "three behind");
    assert_eq!(world.verify(&three), Ok("1001".to_owned()));
    for replay in [&two, &three, &four] {
        assert_eq!(world.verify(replay), Err(AuthFailure::Stale));
    }
}

#[test]
fn the_legacy_form_without_qop_lets_in_once_a_nonce() {
    let mut world = World::new(AuthPolicy::default());
    let row = &world.auth.challenge(world.now, "demo", ChallengeKind::Www, false)[1];
    let legacy = String::from_utf8(row.value.to_vec()).unwrap().replace(", qop=\"auth\"", "");
    world.take_challenge([legacy.as_bytes()]);
    let request = world.signed("REGISTER", "sip:demo");

    assert_eq!(world.verify(&request), Ok("1001".to_owned()));
    assert_eq!(world.verify(&request), Err(AuthFailure::Stale));
}

#[test]
fn a_forgotten_nonce_is_stale_and_a_fresh_one_is_not() {
    let mut world = World::new(AuthPolicy { nonces_max: 2, ..AuthPolicy::default() });
    world.challenge();
    let first = world.signed("REGISTER", "sip:demo");
    assert!(world.verify(&first).is_ok());
    for _ in 0..2 {
        world.now += Duration::from_secs(1);
        world.client = Client::new("1001", "secret");
        world.challenge();
        let request = world.signed("REGISTER", "sip:demo");
        assert!(world.verify(&request).is_ok());
    }

    assert_eq!(world.verify(&first), Err(AuthFailure::Stale));
}

#[test]
fn auth_int_covers_the_body() {
    let mut world = World::new(AuthPolicy::default());
    let row = &world.auth.challenge(world.now, "demo", ChallengeKind::Www, false)[0];
    let value = String::from_utf8(row.value.to_vec()).unwrap().replace("\"auth\"", "\"auth-int\"");
    world.take_challenge([value.as_bytes()]);
    let line =
        format!("Authorization: {}\r\n", world.credentials("MESSAGE", "sip:1002@demo", "hi"));

    let changed = request("MESSAGE", "sip:1002@demo", &line, "ho");
    let genuine = request("MESSAGE", "sip:1002@demo", &line, "hi");

    assert_eq!(world.verify(&changed), Err(AuthFailure::Wrong));
    assert_eq!(world.verify(&genuine), Ok("1001".to_owned()));
}

#[test]
fn the_digest_uri_must_name_the_target_but_may_differ_in_parameters() {
    let target = "sip:1002@Demo.Tandem.test:5060;transport=udp";
    let cases = [
        ("sip:1002@demo.tandem.test:5060;transport=udp", true),
        ("sip:1002@demo.tandem.test", true),
        ("sip:%31002@demo.tandem.test;user=phone", true),
        ("sip:127.0.0.1:5060", true),
        ("sip:1003@demo.tandem.test", false),
        ("sip:1002@demo.tandem.test:5080", false),
        ("sip:1002@elsewhere.test", false),
        ("sips:1002@demo.tandem.test:5060", false),
        ("nonsense", false),
    ];
    for (written, is_fine) in cases {
        let mut world = World::new(AuthPolicy::default());
        world.challenge();
        let value = world.credentials("INVITE", written, "");
        let request = request("INVITE", target, &format!("Authorization: {value}\r\n"), "");

        let expected = if is_fine {
            Ok("1001".to_owned())
        } else {
            Err(AuthFailure::Malformed("uri is not the Request-URI"))
        };
        assert_eq!(world.verify(&request), expected, "{written}");
    }
}

#[test]
fn an_authenticator_prints_no_secret() {
    let world = World::new(AuthPolicy::default());

    assert!(format!("{:?}", world.auth).len() < 400);
    assert!(!format!("{:?}", world.auth).contains("nobody"));
}

/// An authenticator, a phone, and a clock that moves only when told.
struct World {
    now: Instant,
    auth: Authenticator,
    client: Client,
    secret: Ha1,
}

impl World {
    fn new(policy: AuthPolicy) -> Self {
        let now = Instant::now();
        Self {
            now,
            auth: Authenticator::new(now, Rng::from_number(1), policy),
            client: Client::new("1001", "secret"),
            secret: Ha1::of_password("1001", "demo", "secret"),
        }
    }

    fn challenge(&mut self) {
        let rows = self.auth.challenge(self.now, "demo", ChallengeKind::Www, false);
        self.take_challenge(rows.iter().map(|it| it.value.as_ref()));
    }

    fn take_challenge<'a>(&mut self, values: impl IntoIterator<Item = &'a [u8]>) {
        self.client
            .handle_challenge(values, &mut Rng::from_number(7))
            .expect("one can be answered");
    }

    fn credentials(&mut self, method: &str, uri: &str, body: &str) -> String {
        self.client.credentials(method.as_bytes(), uri, body.as_bytes()).expect("was challenged")
    }

    fn signed(&mut self, method: &str, uri: &str) -> Request {
        let value = self.credentials(method, uri, "");
        request(method, uri, &format!("Authorization: {value}\r\n"), "")
    }

    fn verify(&mut self, request: &Request) -> Result<String, AuthFailure> {
        self.auth.verify(self.now, request, ChallengeKind::Www, "demo", |user| {
            (user == "1001").then_some(&self.secret)
        })
    }
}

fn request(method: &str, uri: &str, lines: &str, body: &str) -> Request {
    let text = format!(
        "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\n\
         From: <sip:1001@demo>;tag=1\r\nTo: <sip:1001@demo>\r\nCall-ID: 1\r\nCSeq: 1 {method}\r\n\
         Max-Forwards: 70\r\n{lines}Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    match parse(&Bytes::from(text), Framing::Datagram).expect("well written") {
        Message::Request(request) => request,
        Message::Response(_) => panic!("a request was written"),
    }
}
