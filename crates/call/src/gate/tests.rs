use super::*;
use crate::{TrunkLink, outbound::LineOutbound};
use base::{DomainId, ExtensionId, UnixMillis};
use bytes::Bytes;
use sip::{
    Destination, FlowId, Host, Message, Transport,
    auth::AuthPolicy,
    digest::{Client, Login},
    parse::{Framing, parse},
};
use std::net::SocketAddr;

/// A gate in front of a domain with the line 1001 and two trunks that sign in: `roaming` from anywhere,
/// `fixed` from its own address alone.
struct House {
    gate: Gate,
    directory: Directory,
    now: Instant,
}

/// How a request is signed.
#[derive(Clone, Copy)]
struct Signed {
    user: &'static str,
    password: &'static str,
}

#[test]
fn a_trunk_signs_in_from_anywhere_with_its_own_name_and_password_and_no_other() {
    let mut house = House::new();
    for (signed, expected) in [
        (ROAMING, Ok("trunk roaming")),
        (Signed { password: "wrong", ..ROAMING }, Err(401)),
        (Signed { user: "nobody", ..ROAMING }, Err(401)),
        // The passwords of others.
        (Signed { user: "roaming", ..LINE }, Err(401)),
        (Signed { user: "1001", ..ROAMING }, Err(401)),
        (Signed { user: "fixed", ..FIXED }, Err(401)),
        (LINE, Ok("line 1001")),
    ] {
        assert_eq!(house.ask(ELSEWHERE, "INVITE", signed), expected, "{}", signed.user);
    }
    assert_eq!(house.ask(ELSEWHERE, "REGISTER", ROAMING), Err(401), "only lines are registered");
    assert_eq!(house.ask(ELSEWHERE, "REGISTER", LINE), Ok("line 1001"));
}

#[test]
fn a_trunk_with_an_address_that_signs_in_needs_both() {
    let mut house = House::new();
    for (signed, expected) in [
        (FIXED, Ok("trunk fixed")),
        (Signed { password: "wrong", ..FIXED }, Err(401)),
        (ROAMING, Err(401)),
        (LINE, Err(401)),
    ] {
        assert_eq!(house.ask(AT_FIXED, "INVITE", signed), expected, "{}", signed.user);
    }
}

#[test]
fn a_line_s_name_is_the_line_s_even_if_a_trunk_has_it() {
    let mut house = House::new();
    let login = Login { username: "1001".to_owned(), password: "other".to_owned(), realm: None };
    let roaming = house.directory.trunks.get_mut("roaming").unwrap();
    roaming.link.inbound_login = Some(login);
    assert_eq!(house.directory.index_trunk_logins(), ["roaming"]);

    assert_eq!(house.ask(ELSEWHERE, "INVITE", LINE), Ok("line 1001"));
    assert_eq!(house.ask(ELSEWHERE, "INVITE", Signed { password: "other", ..LINE }), Err(401));
    house.directory.extensions.clear();
    assert!(house.directory.index_trunk_logins().is_empty());
    let renamed = house.ask(ELSEWHERE, "INVITE", Signed { password: "other", ..LINE });
    assert_eq!(renamed, Ok("trunk roaming"));
}

#[test]
fn credentials_of_another_realm_are_none_and_none_serve_twice() {
    let mut house = House::new();
    let challenge = house.challenge(ELSEWHERE, "INVITE");
    let text = |realm: &str| {
        let challenge = challenge.replace(REALM, realm);
        request("INVITE", Some(&authorization("INVITE", &challenge, ROAMING)))
    };

    let (verdict, is_offence) = house.judge(ELSEWHERE, &text("other.test"));
    assert_eq!((verdict, is_offence), (Err(401), false), "they are somebody else's business");
    let good = text(REALM);
    assert_eq!(house.judge(ELSEWHERE, &good).0, Ok("trunk roaming"));
    assert_eq!(house.judge(ELSEWHERE, &good).0, Err(401), "whoever has seen it may not use it");
    let wrong = request(
        "INVITE",
        Some(&authorization("INVITE", &challenge, Signed { password: "wrong", ..ROAMING })),
    );
    assert_eq!(house.judge(ELSEWHERE, &wrong), (Err(401), true));
}

impl House {
    fn new() -> Self {
        let mut rng = Rng::from_number(1);
        let now = Instant::now();
        let mut directory = Directory::default();
        let domain = Domain { id: DomainId::new(UnixMillis(0), &mut rng), name: REALM.to_owned() };
        directory.domain_names.insert(REALM.to_owned(), domain.id);
        let line = Extension {
            id: ExtensionId::new(UnixMillis(0), &mut rng),
            domain: domain.id,
            number: LINE.user.to_owned(),
            display_name: String::new(),
            ha1: Ha1::of_password(LINE.user, REALM, LINE.password),
            calls_max: None,
            ring_timeout_s: 30,
            user: None,
            media: MediaRules::default(),
            features: crate::features::Features::default(),
            outbound: LineOutbound::default(),
            may_sign_in: false,
        };
        directory.extensions.insert((domain.id, line.number.clone()), line);
        for (signed, sources) in [(ROAMING, vec![]), (FIXED, vec![AT_FIXED.parse().unwrap()])] {
            let trunk = trunk(domain.id, signed, sources);
            directory.trunks.insert(trunk.name.clone(), trunk);
        }
        directory.domains.insert(domain.id, domain);
        assert!(directory.index_trunk_logins().is_empty());
        let authenticator = Authenticator::new(now, rng, AuthPolicy::default());
        Self { gate: Gate { authenticator }, directory, now }
    }

    /// What becomes of a request that is signed once it was challenged.
    fn ask(&mut self, from: &str, method: &str, signed: Signed) -> Result<&'static str, u16> {
        let challenge = self.challenge(from, method);
        let authorization = authorization(method, &challenge, signed);
        self.judge(from, &request(method, Some(&authorization))).0
    }

    /// The challenge of a request without credentials.
    fn challenge(&mut self, from: &str, method: &str) -> String {
        let text = request(method, None);
        let turned_away = self.admit(from, &text).expect_err("nobody is let in like that");
        assert_eq!(turned_away.reply.status, Status(401));
        let header = turned_away.reply.headers.into_iter().next().expect("it is a challenge");
        String::from_utf8(header.value.to_vec()).unwrap()
    }

    /// Who is let in, or the status of the refusal; and whether that is an offence.
    fn judge(&mut self, from: &str, text: &str) -> (Result<&'static str, u16>, bool) {
        match self.admit(from, text) {
            Ok(name) => (Ok(name), false),
            Err(it) => (Err(it.reply.status.0), it.is_offence),
        }
    }

    fn admit(&mut self, from: &str, text: &str) -> Result<&'static str, TurnedAway> {
        let bytes = Bytes::copy_from_slice(text.as_bytes());
        let Ok(Message::Request(request)) = parse(&bytes, Framing::Datagram) else {
            panic!("the test writes good requests: {text}")
        };
        let source = Source {
            transport: Transport::Udp,
            flow: FlowId(1),
            local: SocketAddr::from(([10, 0, 0, 1], 5060)),
            remote: SocketAddr::new(from.parse().unwrap(), 5070),
        };
        let admitted = self.gate.admit(self.now, &self.directory, &request, &source)?;
        Ok(match admitted.caller {
            Caller::Extension(_) => "line 1001",
            Caller::Trunk(trunk) if trunk.name == "fixed" => "trunk fixed",
            Caller::Trunk(_) => "trunk roaming",
        })
    }
}

fn trunk(domain: DomainId, signed: Signed, sources: Vec<std::net::IpAddr>) -> Trunk {
    let (username, password) = (signed.user.to_owned(), signed.password.to_owned());
    Trunk {
        domain,
        link: TrunkLink {
            name: signed.user.to_owned(),
            destination: Destination {
                transport: Transport::Udp,
                host: Host::Ip([10, 2, 0, 1].into()),
                port: 5060,
                flow: None,
                local: None,
            },
            sources,
            source_port: None,
            inbound_login: Some(Login { username, password, realm: None }),
            login: None,
            limits: crate::TrunkLimits::default(),
            health_interval: None,
            registration: None,
            media: MediaRules::default(),
            numbers: crate::TrunkNumbers::default(),
            rates: crate::Rates::default(),
        },
    }
}

/// The credentials that answer a challenge.
fn authorization(method: &str, challenge: &str, Signed { user, password }: Signed) -> String {
    let mut client = Client::new(user, password);
    client.handle_challenge([challenge.as_bytes()], &mut Rng::from_number(7)).unwrap();
    client.credentials(method.as_bytes(), URI, b"").unwrap()
}

fn request(method: &str, authorization: Option<&str>) -> String {
    let authorization = authorization.map(|it| format!("Authorization: {it}\r\n"));
    format!(
        "{method} {URI} SIP/2.0\r\nVia: SIP/2.0/UDP 10.9.0.1:5070;branch=z9hG4bKx\r\n\
         From: <sip:1001@{REALM}>;tag=1\r\nTo: <sip:1001@{REALM}>\r\nCall-ID: c\r\n\
         CSeq: 1 {method}\r\nMax-Forwards: 70\r\n{}Content-Length: 0\r\n\r\n",
        authorization.unwrap_or_default()
    )
}

const REALM: &str = "demo.tandem.test";
const URI: &str = "sip:1001@demo.tandem.test";
const LINE: Signed = Signed { user: "1001", password: "of the line" };
const ROAMING: Signed = Signed { user: "roaming", password: "of the trunk" };
const FIXED: Signed = Signed { user: "fixed", password: "of the other trunk" };
const AT_FIXED: &str = "10.2.0.1";
const ELSEWHERE: &str = "10.9.0.1";
