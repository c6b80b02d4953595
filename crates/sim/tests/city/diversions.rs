//! What those who are rung are told of how the call came to them: Diversion, History-Info, Referred-By.

use crate::support::*;
use call::{Extension, Trunk, dialplan::NumberRules, features::Features};
use sim::{City, Line, Manner, Phone};

#[test]
fn whoever_is_rung_is_told_who_sent_the_call_on_and_why() {
    for (reason, cause, set) in [
        ("unconditional", 302, with(|it, to| it.forward_all = to)),
        ("user-busy", 486, with(|it, to| it.forward_busy = to)),
        ("no-answer", 408, with(|it, to| it.forward_no_answer = to)),
        ("unavailable", 503, with(|it, to| it.forward_offline = to)),
        ("deflection", 480, Features::default()),
    ] {
        let mut city = office();
        city.phones[1].redirects_to = vec!["<sip:1003@demo.tandem.test>".to_owned()];
        city.phones[1].manner = match reason {
            "user-busy" => Manner::refuses_after(secs(1), 486),
            "deflection" => Manner::refuses_after(secs(1), 302),
            _ => Manner::ignores(),
        };
        city.change_line("1002", |it| it.features = set.clone());
        if reason == "unavailable" {
            city.act(1, Phone::unregister);
            city.wait(secs(1));
        }
        city.dial(CALLER, "1002");
        city.wait(secs(35));
        assert!(talk(&city, CALLER, 2), "{reason}: {}", city.story());
        let expected = format!("<sip:1002@demo.tandem.test>;reason={reason}");
        assert_eq!(values(line(&city, 2), "Diversion"), [expected]);
        let expected = format!(
            "<sip:1002@demo.tandem.test?Reason=SIP%3Bcause%3D{cause}>;index=1, \
             <sip:1003@demo.tandem.test;cause={cause}>;index=1.1;mp=1"
        );
        assert_eq!(values(line(&city, 2), "History-Info"), [expected]);
        hang_up_all(city);
    }
}

#[test]
fn of_two_who_sent_it_on_the_last_one_stands_first_and_the_history_tells_the_whole_way() {
    let mut city = office();
    forward(&mut city, "1002", "1003");
    city.change_line("1003", |it| it.features.forward_busy = Some("1004".to_owned()));
    city.phones[2].manner = Manner::refuses_after(secs(1), 486);
    city.dial(CALLER, "1002");
    city.wait(secs(5));
    assert!(talk(&city, CALLER, 3), "{}", city.story());
    assert_eq!(
        values(line(&city, 3), "Diversion"),
        [
            "<sip:1003@demo.tandem.test>;reason=user-busy",
            "<sip:1002@demo.tandem.test>;reason=unconditional",
        ]
    );
    assert_eq!(
        values(line(&city, 3), "History-Info"),
        ["<sip:1002@demo.tandem.test?Reason=SIP%3Bcause%3D302>;index=1, \
          <sip:1003@demo.tandem.test;cause=302?Reason=SIP%3Bcause%3D486>;index=1.1;mp=1, \
          <sip:1004@demo.tandem.test;cause=486>;index=1.1.1;mp=1.1"]
    );
    hang_up_all(city);
}

#[test]
fn a_call_that_nobody_sent_on_tells_of_nobody() {
    let mut city = office();
    city.dial(CALLER, "1002");
    city.wait(secs(4));
    for name in NAMES {
        assert_eq!(values(line(&city, 1), name), [""; 0], "{name}");
    }
    hang_up_all(city);
}

#[test]
fn what_a_carrier_tells_is_passed_on_to_devices_and_what_a_phone_tells_is_not() {
    let diversion = ("Diversion", "<sip:4950001122@carrier.test>;reason=no-answer;counter=2");
    let history = (
        "History-Info",
        "<sip:4950001122@c?Reason=SIP%3Bcause%3D408>;index=1, <sip:4950000002@c;cause=408>;index=1.1",
    );
    for (told, counter) in [(diversion, ";counter=2"), (history, "")] {
        let mut city = office();
        let carrier = city.add_provider("4951234567");
        city.change_trunk("provider", |it| it.numbers.caller_in = rules("{n:10} -> +7{n}"));
        for (phone, uri) in [(carrier, "sip:74950000002@10.0.0.1"), (CALLER, "sip:1002@10.0.0.1")] {
            city.phones[phone].invite_headers = vec![(told.0, told.1.to_owned())];
            city.act(phone, |phone, now| phone.dial_uri(now, uri, true));
            city.wait(secs(4));
            assert!(talk(&city, phone, 1), "{}", city.story());
            let seen = line(&city, 1);
            if phone == carrier {
                let expected =
                    format!("<sip:+74950001122@demo.tandem.test>;reason=no-answer{counter}");
                assert_eq!(values(seen, "Diversion"), [expected]);
                let expected = "<sip:+74950001122@demo.tandem.test?Reason=SIP%3Bcause%3D408>;index=1, \
                    <sip:1002@demo.tandem.test;cause=408>;index=1.1;mp=1";
                assert_eq!(values(seen, "History-Info"), [expected]);
            } else {
                assert!(NAMES.iter().all(|it| values(seen, it).is_empty()), "{:?}", seen.headers);
            }
            city.act(phone, |phone, now| phone.hang_up(now, 0));
            city.wait(secs(1));
        }
        city.finish();
    }
}

#[test]
fn whoever_sent_a_call_on_and_wants_to_be_unknown_is_to_devices() {
    for (name, value, privacy) in [
        ("Diversion", "<sip:4950001122@c>;reason=no-answer;privacy=full", "none"),
        ("Diversion", "<sip:4950001122@c>;reason=no-answer", "history"),
        (
            "History-Info",
            "<sip:4950001122@c?Privacy=history>;index=1, <sip:5@c;cause=408>;index=1.1;mp=1",
            "none",
        ),
    ] {
        let mut city = office();
        let carrier = city.add_provider("4951234567");
        city.phones[carrier].invite_headers =
            vec![(name, value.to_owned()), ("Privacy", privacy.to_owned())];
        city.act(carrier, |phone, now| phone.dial_uri(now, "sip:74950000002@10.0.0.1", true));
        city.wait(secs(4));
        let seen = line(&city, 1);
        let expected = "<sip:anonymous@anonymous.invalid>;reason=no-answer";
        assert_eq!(values(seen, "Diversion"), [expected], "{}", city.story());
        assert!(!seen.headers.iter().any(|(_, it)| it.contains("4950001122")), "{seen:?}");
        hang_up_all(city);
    }
}

#[test]
fn a_call_that_comes_in_sent_on_and_goes_out_sent_on_tells_a_trusted_trunk_the_whole_way() {
    let mut city = office();
    let carrier = city.add_provider("4951234567");
    let other = city.add_backup("4957654321");
    trust(&mut city, "backup", |it| it.numbers.caller_default = Some("+74950000000".to_owned()));
    city.change_line("1002", |it| it.outbound.is_withheld = true);
    // The carrier it came from is down, so that it goes by the other one.
    city.phones[carrier].manner = Manner::refuses_after(millis(100), 503);
    forward(&mut city, "1002", "884957654321");
    city.phones[carrier].invite_headers =
        vec![("Diversion", "<sip:4950001122@c>;reason=user-busy".to_owned())];
    city.act(carrier, |phone, now| phone.dial_uri(now, "sip:74950000002@10.0.0.1", true));
    city.wait(secs(6));
    let seen = line(&city, other);
    assert_eq!(
        values(seen, "Diversion"),
        [
            "<sip:+74950000000@demo.tandem.test>;reason=unconditional;privacy=full",
            "<sip:4950001122@demo.tandem.test>;reason=user-busy",
        ],
        "{}",
        city.story()
    );
    let expected = "<sip:4950001122@demo.tandem.test?Reason=SIP%3Bcause%3D486>;index=1, \
        <sip:+74950000000@demo.tandem.test;cause=486?Privacy=history&Reason=SIP%3Bcause%3D302>;\
        index=1.1;mp=1, <sip:84957654321@10.2.0.2:5070;cause=302>;index=1.1.1;mp=1.1";
    assert_eq!(values(seen, "History-Info"), [expected]);
    let untrusted = line(&city, carrier);
    assert!(!untrusted.is_caller, "it was tried first");
    assert!(NAMES.iter().all(|it| values(untrusted, it).is_empty()), "{untrusted:?}");
    hang_up_all(city);
}

#[test]
fn a_call_that_was_sent_on_too_often_elsewhere_is_not_sent_on_by_us() {
    for (counter, heard) in [(7, 200), (8, 482), (4_000_000_000_u32, 482)] {
        let mut city = office();
        let carrier = city.add_provider("4951234567");
        forward(&mut city, "1002", "1003");
        let told = format!("<sip:4950001122@c>;reason=unconditional;counter={counter}");
        city.phones[carrier].invite_headers = vec![("Diversion", told)];
        city.act(carrier, |phone, now| phone.dial_uri(now, "sip:74950000002@10.0.0.1", true));
        city.wait(secs(4));
        let status = line(&city, carrier).final_status();
        assert_eq!(status, Some(heard), "{counter}: {}", city.story());
        hang_up_all(city);
    }
}

#[test]
fn how_the_first_call_came_is_not_told_of_the_one_that_follows_it() {
    // Sent on by 1002, handed on by 1003 to 1004, who is asked by nobody but 1001 then.
    let mut city = office();
    forward(&mut city, "1002", "1003");
    city.dial(CALLER, "1002");
    city.wait(secs(4));
    city.act(2, |phone, now| phone.refer(now, 0, "1004"));
    city.wait(secs(5));
    assert!(talk(&city, CALLER, 3), "{}", city.story());
    let seen = line(&city, 3);
    assert_eq!(values(seen, "Referred-By"), ["<sip:1003@demo.tandem.test>"]);
    assert!(values(seen, "Diversion").is_empty() && values(seen, "History-Info").is_empty());

    forward(&mut city, "1002", "1005");
    let call = city.shards[0].views()[0].id;
    let command = call::Command::Consult("1002".to_owned());
    let order = call::CallOrder { by: "1004".to_owned(), command };
    let done = city.operate(0, |shard, now| shard.command(now, call, &order));
    assert_eq!(done, Ok(call::Obeyed::Done));
    city.wait(secs(4));
    let seen = line(&city, 4);
    assert_eq!(values(seen, "Referred-By"), [""; 0], "{}", city.story());
    let expected = "<sip:1002@demo.tandem.test>;reason=unconditional";
    assert_eq!(values(seen, "Diversion"), [expected]);
    hang_up_all(city);
}

#[test]
fn whoever_takes_a_call_back_that_it_handed_on_is_not_told_that_it_did() {
    let mut city = office();
    city.dial(CALLER, "1002");
    city.wait(secs(4));
    city.change_line("1003", |it| it.features.forward_busy = Some("1004".to_owned()));
    for phone in [2, 3] {
        city.phones[phone].manner = Manner::refuses_after(secs(1), 486);
    }
    city.act(1, |phone, now| phone.refer(now, 0, "1003"));
    city.wait(millis(200));
    city.act(1, |phone, now| phone.hang_up(now, 0));
    city.wait(secs(6));
    assert_eq!(values(line(&city, 3), "Referred-By"), ["<sip:1002@demo.tandem.test>"]);
    assert_eq!(city.phones[1].lines.len(), 2, "it is rung: {}", city.story());
    let seen = line(&city, 1);
    assert!(NAMES.iter().all(|it| values(seen, it).is_empty()), "{:?}", seen.headers);
    hang_up_all(city);
}

#[test]
fn whoever_is_handed_to_one_who_rings_is_sent_on_as_that_one_says() {
    // 1002 has its own forward, which is not the one that counts for whoever rings then.
    let mut city = office();
    city.change_line("1002", |it| it.features.forward_no_answer = Some("1005".to_owned()));
    city.change_line("1003", |it| it.features.forward_no_answer = Some("1004".to_owned()));
    city.phones[2].manner = Manner::ignores();
    city.dial(CALLER, "1002");
    city.wait(secs(4));
    city.dial(1, "1003");
    city.wait(secs(2));
    city.act(1, |phone, now| phone.refer_to_line(now, 0, 1));
    city.wait(secs(35));
    assert!(talk(&city, CALLER, 3), "{}", city.story());
    assert!(city.phones[4].lines.is_empty(), "{}", city.story());
    let expected = "<sip:1003@demo.tandem.test>;reason=no-answer";
    assert_eq!(values(line(&city, 3), "Diversion"), [expected]);
    hang_up_all(city);
}

const NAMES: [&str; 3] = ["Diversion", "History-Info", "Referred-By"];

/// `1001` to `1005`, as phones 0 to 4.
fn office() -> City {
    let mut city = city();
    for number in ["1001", "1002", "1003", "1004", "1005"] {
        city.add_registered(number);
    }
    city
}

/// Features with one forward, to 1003.
fn with(set: impl FnOnce(&mut Features, Option<String>)) -> Features {
    let mut features = Features::default();
    set(&mut features, Some("1003".to_owned()));
    features
}

fn forward(city: &mut City, number: &str, to: &str) {
    let set = |it: &mut Extension| it.features.forward_all = Some(to.to_owned());
    city.change_line(number, set);
}

/// The trunk may know who calls.
fn trust(city: &mut City, trunk: &str, more: impl FnOnce(&mut Trunk)) {
    city.change_trunk(trunk, |it| {
        it.numbers.asserts_callers = true;
        more(it);
    });
}

fn rules(text: &str) -> NumberRules {
    NumberRules::parse(&[text.to_owned()]).expect("this is a rule")
}

fn values<'a>(line: &'a Line, name: &str) -> Vec<&'a str> {
    let rows = line.headers.iter().filter(|(it, _)| it.eq_ignore_ascii_case(name));
    rows.map(|(_, value)| value.as_str()).collect()
}
