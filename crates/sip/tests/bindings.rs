//! The registrar's rules, a rule a test.

use base::{DomainId, UnixMillis};
use bytes::Bytes;
use proptest::prelude::*;
use sip::{
    FlowId, HeaderName, Message, Source, Status, Transport,
    bindings::{
        Aor, Binding, BindingPolicy, Change, Overflow, Refusal, Register, Wish, apply,
        reply_headers,
    },
    parse::{Framing, parse},
};
use std::net::SocketAddr;

#[test]
fn several_contacts_are_bound_with_their_q_and_listed_best_first() {
    let mut phone = Phone::new();

    phone.register(
        "Contact: <sip:a@192.0.2.1>;q=0.3, <sip:b@192.0.2.1>;q=0.75\r\nContact: sip:c@192.0.2.1\r\n",
    );

    let bound: Vec<_> = phone.bound.iter().map(|it| (it.key(), it.q_per_mille)).collect();
    let expected = [("sip:c@192.0.2.1", 1000), ("sip:b@192.0.2.1", 750), ("sip:a@192.0.2.1", 300)];
    assert_eq!(bound, expected.map(|(uri, q)| (uri.to_owned(), q)));
    assert_eq!(
        phone.listed(),
        [
            "<sip:c@192.0.2.1>;expires=3600",
            "<sip:b@192.0.2.1>;q=0.75;expires=3600",
            "<sip:a@192.0.2.1>;q=0.3;expires=3600",
        ]
    );
}

#[test]
fn the_contact_says_for_how_long_before_the_header_does() {
    let mut phone = Phone::new();

    phone.register("Expires: 600\r\nContact: <sip:a@192.0.2.1>;expires=120, <sip:b@192.0.2.1>\r\n");

    assert_eq!(phone.seconds_left(), [120, 600]);
}

#[test]
fn long_registrations_are_shortened_and_unsaid_ones_get_the_default() {
    let mut phone = Phone::new();

    phone.register(
        "Contact: <sip:a@192.0.2.1>;expires=4294967295, <sip:b@192.0.2.1>, \
         <sip:c@192.0.2.1>;expires=nonsense, <sip:d@192.0.2.1>;expires=280297596632815\r\n",
    );

    assert_eq!(phone.seconds_left(), [7200, 3600, 3600, 3600]);
}

#[test]
fn short_registrations_are_refused_whole_with_the_shortest_allowed() {
    let mut phone = Phone::new();

    let refusal = phone
        .try_register("Contact: <sip:a@192.0.2.1>, <sip:b@192.0.2.1>;expires=59\r\n")
        .unwrap_err();

    assert_eq!(refusal, Refusal::IntervalTooBrief { min_s: 60 });
    assert_eq!(refusal.status(), Status(423));
    assert_eq!(refusal.headers()[0].name, HeaderName::MinExpires);
    assert_eq!(refusal.headers()[0].value, "60");
    assert!(phone.bound.is_empty());
}

#[test]
fn an_hour_is_never_too_brief() {
    let mut phone = Phone::new();
    phone.policy.expires_s_min = 7200;

    let too_brief = phone.try_register("Contact: <sip:a@192.0.2.1>;expires=3599\r\n");
    assert_eq!(too_brief, Err(Refusal::IntervalTooBrief { min_s: 3600 }));
    phone.register("Contact: <sip:a@192.0.2.1>;expires=3600\r\n");
}

#[test]
fn a_refresh_replaces_the_binding_of_the_same_uri_however_it_is_written() {
    let mut phone = Phone::new();
    phone.register("Contact: <sip:a@Host.test;transport=tcp;x=1>;expires=100\r\n");
    phone.now.0 += 50_000;

    let change = phone.register("Contact: <sip:%61@host.TEST;x=1;transport=TCP>;expires=200\r\n");

    assert_eq!(phone.bound.len(), 1);
    assert_eq!(phone.seconds_left(), [200]);
    assert_eq!(change.removals[0].key(), "sip:a@Host.test;transport=tcp;x=1");
    assert_eq!(change.upserts[0].key(), "sip:%61@host.TEST;x=1;transport=TCP");

    let change = phone.register("Contact: <sip:%61@host.TEST;x=1;transport=TCP>;expires=300\r\n");

    assert_eq!((change.removals.len(), change.upserts.len()), (0, 1));
}

#[test]
fn a_flow_is_told_by_instance_and_reg_id_whatever_its_contact() {
    let mut phone = Phone::new();
    let flow = |contact, reg_id| {
        format!("Contact: <{contact}>;reg-id={reg_id};+sip.instance=\"<urn:uuid:00000000-1>\"\r\n")
    };
    phone.register(&flow("sip:a@192.0.2.1", 1));
    phone.register(&flow("sip:a@192.0.2.1", 2));
    assert_eq!(phone.bound.len(), 2, "one contact over two flows");

    phone.register(&flow("sip:a@192.0.2.9:4444", 1));

    let mut keys: Vec<_> = phone.bound.iter().map(Binding::key).collect();
    keys.sort();
    assert_eq!(keys, ["reg-id=1;urn:uuid:00000000-1", "reg-id=2;urn:uuid:00000000-1"]);
    assert!(
        phone.listed().contains(
            &"<sip:a@192.0.2.9:4444>;reg-id=1;+sip.instance=\"<urn:uuid:00000000-1>\";expires=3600"
                .to_owned()
        )
    );
}

#[test]
fn two_flows_in_one_request_are_refused() {
    let both = "Contact: <sip:a@h>;reg-id=1;+sip.instance=\"<x>\", \
                <sip:b@h>;reg-id=2;+sip.instance=\"<x>\"\r\n";

    let refusal = Phone::new().try_register(both).unwrap_err();

    assert_eq!(refusal.status(), Status(400));
}

#[test]
fn expires_0_unbinds_one_and_star_all() {
    let mut phone = Phone::new();
    phone.register("Contact: <sip:a@h>, <sip:b@h>, <sip:c@h>\r\n");

    let change = phone.register("Contact: <sip:a@h>;expires=0\r\n");
    assert_eq!((change.removals.len(), change.upserts.len(), change.bound.len()), (1, 0, 2));

    let change = phone.register("Contact: <sip:nobody@h>\r\nExpires: 0\r\n");
    assert_eq!((change.removals.len(), change.bound.len()), (0, 2));

    let change = phone.register("Contact: *\r\nExpires: 0\r\n");
    assert_eq!((change.removals.len(), change.bound.len()), (2, 0));
}

#[test]
fn star_is_refused_without_expires_0_and_beside_others() {
    for lines in [
        "Contact: *\r\n",
        "Contact: *\r\nExpires: 1\r\n",
        "Contact: *, <sip:a@h>\r\nExpires: 0\r\n",
        "Contact: *\r\nContact: <sip:a@h>\r\nExpires: 0\r\n",
    ] {
        let refusal = Phone::new().try_register(lines).unwrap_err();
        assert_eq!(refusal.status(), Status(400), "{lines}");
    }
}

#[test]
fn a_register_without_contacts_only_tells() {
    let mut phone = Phone::new();
    phone.register("Contact: <sip:a@h>\r\n");
    phone.now.0 += 600_500;

    let change = phone.register("");

    assert_eq!((change.removals.len(), change.upserts.len()), (0, 0));
    assert_eq!(phone.listed(), ["<sip:a@h>;expires=3000"], "rounded up");
}

#[test]
fn what_is_over_is_not_told_and_not_counted() {
    let mut phone = Phone::new();
    phone.policy.bindings_max = 1;
    phone.policy.overflow = Overflow::Refuse;
    phone.register("Contact: <sip:a@h>;expires=60\r\n");
    phone.now.0 += 60_000;

    phone.register("Contact: <sip:b@h>\r\n");

    assert_eq!(phone.listed(), ["<sip:b@h>;expires=3600"]);
}

#[test]
fn an_overtaken_register_changes_nothing() {
    let mut phone = Phone::new();
    phone.register("Contact: <sip:a@h>\r\n");
    for lines in [
        "Contact: <sip:a@h>;expires=0\r\n",
        "Contact: <sip:b@h>, <sip:a@h>\r\n",
        "Contact: *\r\nExpires: 0\r\n",
    ] {
        let late = register_with("call-1", 1, lines).unwrap();
        let verdict = apply(&phone.bound, &aor(), &late, &phone.policy, phone.now);
        assert_eq!(verdict, Err(Refusal::OutOfOrder), "{lines}");
    }

    let restarted = register_with("call-2", 1, "Contact: <sip:a@h>;expires=0\r\n").unwrap();
    let change = apply(&phone.bound, &aor(), &restarted, &phone.policy, phone.now).unwrap();
    assert_eq!(change.removals.len(), 1, "a new Call-ID starts a new sequence");
}

#[test]
fn one_contact_too_many_replaces_the_oldest_or_is_refused() {
    let mut phone = Phone::new();
    phone.policy.bindings_max = 2;
    for user in ["a", "b", "a", "c"] {
        phone.now.0 += 1;
        phone.register(&format!("Contact: <sip:{user}@h>\r\n"));
    }
    let mut keys: Vec<_> = phone.bound.iter().map(Binding::key).collect();
    keys.sort();
    assert_eq!(keys, ["sip:a@h", "sip:c@h"], "b was registered longest ago");

    phone.policy.overflow = Overflow::Refuse;
    let refusal = phone.try_register("Contact: <sip:d@h>\r\n").unwrap_err();
    assert_eq!((refusal, refusal.status()), (Refusal::TooManyContacts { max: 2 }, Status(403)));
    phone.register("Contact: <sip:a@h>\r\n");

    phone.policy.overflow = Overflow::ReplaceOldest;
    let three = phone.try_register("Contact: <sip:d@h>, <sip:e@h>, <sip:f@h>\r\n");
    assert_eq!(three, Err(Refusal::TooManyContacts { max: 2 }));
}

#[test]
fn more_contacts_than_any_limit_are_refused_unread() {
    let lines = "Contact: <sip:a@h>\r\n".repeat(11);

    assert_eq!(register_with("c", 1, &lines), Err(Refusal::TooManyContacts { max: 10 }));
}

#[test]
fn contacts_that_are_no_sip_uris_are_refused() {
    for contact in ["<tel:+1234>", "<name:John_Smith>", "<mailto:a@h>", "<isbn:2983792873>"] {
        let refusal = Phone::new().try_register(&format!("Contact: {contact}\r\n")).unwrap_err();
        assert_eq!(refusal.status(), Status(400), "{contact}");
    }
}

#[test]
fn malformed_preferences_are_refused() {
    for q in ["1.1", "-1", "0.1234", "x", "+0.5", "", "2"] {
        let lines = format!("Contact: <sip:a@h>;q={q}\r\n");
        assert!(register_with("c", 1, &lines).is_err(), "{q}");
    }
    for (q, per_mille) in [("0", 0), ("1", 1000), ("1.000", 1000), (".5", 500), ("0.05", 50)] {
        let mut phone = Phone::new();
        phone.register(&format!("Contact: <sip:a@h>;q={q}\r\n"));
        assert_eq!(phone.bound[0].q_per_mille, per_mille, "{q}");
    }
}

#[test]
fn unknown_parameters_stay_on_their_side_of_the_bracket() {
    let mut phone = Phone::new();

    phone.register("Contact: <sip:a@h;unknownparam>;other=\"x y\";flag\r\n");

    assert_eq!(phone.listed(), ["<sip:a@h;unknownparam>;other=\"x y\";flag;expires=3600"]);
}

#[test]
fn a_contact_without_brackets_has_contact_parameters() {
    let mut phone = Phone::new();

    phone.register("Contact: sip:a@h;unknownparam\r\n");

    assert_eq!(phone.listed(), ["<sip:a@h>;unknownparam;expires=3600"]);
}

#[test]
fn headers_inside_a_contact_are_kept() {
    let mut phone = Phone::new();

    phone.register("Contact: <sip:a@h?Route=%3Csip:sip.example.com%3E>\r\n");

    assert_eq!(phone.listed(), ["<sip:a@h?Route=%3Csip:sip.example.com%3E>;expires=3600"]);
}

#[test]
fn headers_of_a_contact_outside_brackets_are_refused() {
    let refusal =
        Phone::new().try_register("Contact: sip:a@h?Route=%3Csip:s.test%3E\r\n").unwrap_err();

    assert_eq!(refusal.status(), Status(400));
}

#[test]
fn an_escaped_nul_does_not_end_a_user() {
    let mut phone = Phone::new();

    phone.register("Contact: <sip:%00@host.example.com>\r\n");
    phone.register("Contact: <sip:%00%00@host.example.com>\r\n");

    assert_eq!(phone.bound.len(), 2);
    assert_ne!(phone.bound[0].key(), phone.bound[1].key());
}

#[test]
fn the_path_is_kept_and_told_to_those_who_know_it() {
    let lines = "Path: <sip:p1.test;lr>, <sip:p2.test;lr>\r\nContact: <sip:a@h>\r\n";
    let mut phone = Phone::new();
    phone.register(lines);
    assert_eq!(phone.bound[0].path.len(), 2);
    assert_eq!(phone.headers(&HeaderName::Path), Vec::<String>::new());

    phone.register(&format!("Supported: path\r\n{lines}"));

    assert_eq!(phone.headers(&HeaderName::Path), ["<sip:p1.test;lr>", "<sip:p2.test;lr>"]);
}

#[test]
fn requests_go_back_the_way_the_register_came() {
    let mut phone = Phone::new();
    phone.register("User-Agent: Phone 1.0\r\nContact: <sip:a@10.0.0.7:5062>\r\n");
    let mut binding = phone.bound.remove(0);
    assert_eq!(binding.user_agent, "Phone 1.0");

    let way = binding.destination().expect("a listener does not close");
    assert_eq!((way.host.ip(), way.port), (Some(source().remote.ip()), source().remote.port()));
    assert_eq!((way.flow, way.local), (Some(FlowId(1)), Some(source().local)));

    binding.received.flow = None;
    let restored = binding.destination().expect("the same address of the same NAT");
    assert_eq!((restored.port, restored.flow), (source().remote.port(), None));

    binding.received.transport = Transport::Tcp;
    assert_eq!(binding.destination(), None, "behind NAT nobody can connect to it");
    binding.received.remote = "10.0.0.7:49152".parse().expect("an address");
    let direct = binding.destination().expect("the contact is the device's own address");
    assert_eq!((direct.port, direct.transport), (5062, Transport::Tcp));
    binding.received.transport = Transport::Wss;
    assert_eq!(binding.destination(), None);
}

#[test]
fn what_is_read_does_not_hold_on_to_the_message() {
    let text = message("call-1", 1, "Contact: <sip:a@h>;x=1\r\nPath: <sip:p;lr>\r\n");
    let bytes = Bytes::from(text);
    let range = bytes.as_ptr_range();
    let Message::Request(request) = parse(&bytes, Framing::Datagram).unwrap() else {
        panic!("a request was written")
    };

    let register = Register::from_request(&request, &source()).unwrap();

    let Wish::Contacts(wanted) = &register.wish else { panic!("a contact was written") };
    let user = wanted[0].contact.user.as_ref().unwrap();
    for kept in [
        user,
        &register.call_id,
        register.path[0].uri.params.iter().next().map(|it| &it.name).unwrap(),
    ] {
        assert!(!range.contains(&kept.as_ptr()), "{kept:?}");
    }
}

proptest! {
    #[test]
    fn whatever_is_registered_the_rules_hold(
        steps in prop::collection::vec(step(), 1..40),
        bindings_max in 1_usize..4,
        refuses in any::<bool>(),
    ) {
        let overflow = if refuses { Overflow::Refuse } else { Overflow::ReplaceOldest };
        let policy = BindingPolicy { bindings_max, overflow, ..BindingPolicy::default() };
        let mut stored: Vec<Binding> = Vec::new();
        let mut now = UnixMillis(1_000_000);
        for Step { call_id, cseq, wait_s, lines } in steps {
            now.0 += 1000 * i64::from(wait_s);
            let register = register_with(call_id, cseq, &lines).unwrap();
            let Ok(change) = apply(&stored, &aor(), &register, &policy, now) else { continue };

            for upsert in &change.upserts {
                for old in stored.iter().filter(|it| !it.is_expired(now)) {
                    let is_older = old.call_id != upsert.call_id || old.cseq < upsert.cseq;
                    prop_assert!(old.key() != upsert.key() || is_older, "CSeq goes up");
                }
            }
            stored.retain(|it| !it.is_expired(now));
            stored.retain(|it| !change.removals.contains(it));
            stored.retain(|it| change.upserts.iter().all(|new| new.key() != it.key()));
            stored.extend(change.upserts.clone());

            prop_assert!(stored.len() <= bindings_max);
            prop_assert_eq!(stored.len(), change.bound.len());
            prop_assert!(change.bound.iter().all(|it| stored.contains(it)), "the record is right");
            for (n, a) in stored.iter().enumerate() {
                for b in &stored[n + 1..] {
                    prop_assert_ne!(a.key(), b.key());
                    let are_flows = a.reg_id.is_some() && b.reg_id.is_some();
                    prop_assert!(are_flows || !a.contact.is_same_as(&b.contact));
                }
            }
        }
    }
}

#[derive(Clone, Debug)]
struct Step {
    call_id: &'static str,
    cseq: u32,
    wait_s: u16,
    lines: String,
}

fn step() -> impl Strategy<Value = Step> {
    let contact = (
        prop::sample::select(vec![
            "<sip:a@h>",
            "<sip:%61@H>",
            "<sip:b@h;transport=tcp>",
            "<sip:b@h>",
            "<sip:c@h>",
            "<sip:d@h>",
        ]),
        prop::sample::select(vec!["", ";expires=0", ";expires=60", ";expires=900"]),
        prop::sample::select(vec![
            "",
            "",
            ";reg-id=1;+sip.instance=\"<x>\"",
            ";reg-id=2;+sip.instance=\"<x>\"",
        ]),
    )
        .prop_map(|(uri, expires, flow)| format!("Contact: {uri}{expires}{flow}\r\n"));
    let lines = prop_oneof![
        8 => prop::collection::vec(contact, 1..4).prop_map(|it| it.concat()),
        1 => Just("Contact: *\r\nExpires: 0\r\n".to_owned()),
        1 => Just(String::new()),
    ];
    (prop::sample::select(vec!["x", "y"]), 1_u32..20, 0_u16..100, lines)
        .prop_map(|(call_id, cseq, wait_s, lines)| Step { call_id, cseq, wait_s, lines })
}

/// A device that registers over one Call-ID, and what is bound after.
struct Phone {
    now: UnixMillis,
    cseq: u32,
    policy: BindingPolicy,
    bound: Vec<Binding>,
    last: Option<Register>,
}

impl Phone {
    fn new() -> Self {
        Self {
            now: UnixMillis(1_700_000_000_000),
            cseq: 0,
            policy: BindingPolicy::default(),
            bound: Vec::new(),
            last: None,
        }
    }

    fn try_register(&mut self, lines: &str) -> Result<Change, Refusal> {
        self.cseq += 1;
        let register = register_with("call-1", self.cseq, lines)?;
        let change = apply(&self.bound, &aor(), &register, &self.policy, self.now)?;
        self.bound.clone_from(&change.bound);
        self.last = Some(register);
        Ok(change)
    }

    #[track_caller]
    fn register(&mut self, lines: &str) -> Change {
        self.try_register(lines).expect("within the rules")
    }

    fn seconds_left(&self) -> Vec<i64> {
        self.bound.iter().map(|it| (it.expires_at.0 - self.now.0) / 1000).collect()
    }

    fn listed(&self) -> Vec<String> {
        self.headers(&HeaderName::Contact)
    }

    fn headers(&self, name: &HeaderName) -> Vec<String> {
        let last = self.last.as_ref().expect("registered before");
        reply_headers(&self.bound, last, self.now)
            .iter()
            .filter(|it| it.name == *name)
            .map(|it| String::from_utf8(it.value.to_vec()).expect("written as text"))
            .collect()
    }
}

fn register_with(call_id: &str, cseq: u32, lines: &str) -> Result<Register, Refusal> {
    let text = message(call_id, cseq, lines);
    match parse(&Bytes::from(text), Framing::Datagram).expect("well written") {
        Message::Request(request) => Register::from_request(&request, &source()),
        Message::Response(_) => panic!("a request was written"),
    }
}

fn message(call_id: &str, cseq: u32, lines: &str) -> String {
    format!(
        "REGISTER sip:demo SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\n\
         From: <sip:1001@demo>;tag=1\r\nTo: <sip:1001@demo>\r\nCall-ID: {call_id}\r\n\
         CSeq: {cseq} REGISTER\r\nMax-Forwards: 70\r\n{lines}Content-Length: 0\r\n\r\n"
    )
}

fn aor() -> Aor {
    let domain: DomainId =
        "01936f5e-0000-7000-8000-000000000001".parse().expect("a well-formed UUID");
    Aor { domain, user: "1001".to_owned() }
}

fn source() -> Source {
    let address = |text: &str| text.parse::<SocketAddr>().expect("a well-formed address");
    Source {
        transport: Transport::Udp,
        flow: FlowId(1),
        local: address("198.51.100.1:5060"),
        remote: address("203.0.113.9:30123"),
    }
}
