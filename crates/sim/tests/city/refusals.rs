//! Calls that go nowhere, and why.

use crate::support::*;
use sim::{City, DOMAIN, Manner, Phone, Plot};
use std::collections::HashMap;

#[track_caller]
fn expect_refusal(city: &City, phone: usize, status: u16, reason: &str) {
    let line = line(city, phone);
    let got = (line.final_status(), line.reason.as_str());
    assert_eq!(got, (Some(status), reason), "{}", city.story());
}

#[test]
fn a_number_that_nobody_has_is_not_found() {
    let mut city = pair();
    city.dial(CALLER, "5555");
    city.finish();
    assert_eq!(line(&city, CALLER).final_status(), Some(404));
    assert_eq!(log(&city), ["caller 404 not_found system"]);
}

#[test]
fn a_number_without_a_registered_device_is_unavailable() {
    let mut city = pair();
    city.dial(CALLER, "1003");
    city.finish();
    expect_refusal(&city, CALLER, 480, "No device of 1003 is registered");
    assert_eq!(log(&city), ["caller 480 unavailable system"]);
}

#[test]
fn a_domain_that_is_not_ours_is_refused_without_a_challenge() {
    let mut city = pair();
    city.act(CALLER, |phone, now| phone.dial_uri(now, "sip:1002@elsewhere.test", true));
    city.finish();
    expect_refusal(&city, CALLER, 403, "Unknown domain");
    assert!(city.cdrs.is_empty());
}

#[test]
fn a_caller_cannot_sign_with_another_number() {
    let mut city = pair();
    "1002".clone_into(&mut city.phones[CALLER].signs_as);
    city.dial(CALLER, "1002");
    city.finish();
    expect_refusal(&city, CALLER, 403, "Sign with the name you authenticate as");
    assert!(city.phones[CALLEE].lines.is_empty());
}

#[test]
fn a_caller_with_a_wrong_password_gets_nowhere() {
    let mut city = pair();
    let stranger = city.add_phone("1003");
    "guessed".clone_into(&mut city.phones[stranger].password);
    city.dial(stranger, "1002");
    city.finish();
    assert_eq!(line(&city, stranger).final_status(), Some(401), "{}", city.story());
    assert_eq!(city.offences, 1);
    assert!(city.phones[CALLEE].lines.is_empty());
    assert!(city.cdrs.is_empty(), "no call began");
}

#[test]
fn requests_of_every_method_from_strangers_are_challenged_or_refused() {
    let mut city = pair();
    let stranger = city.add_phone("1003");
    "guessed".clone_into(&mut city.phones[stranger].password);
    let uri = format!("sip:1002@{DOMAIN}");
    for method in
        ["OPTIONS", "MESSAGE", "SUBSCRIBE", "NOTIFY", "PUBLISH", "REFER", "INFO", "UPDATE", "BYE"]
    {
        city.phones[stranger].odd_statuses.clear();
        city.act(stranger, |phone, now| phone.ask(now, method, &uri));
        city.wait(secs(2));
        let statuses = &city.phones[stranger].odd_statuses;
        assert!(matches!(statuses[..], [401 | 481]), "{method}: {statuses:?}");
    }
    city.finish();
    assert!(city.cdrs.is_empty());
}

#[test]
fn a_user_at_its_limit_can_neither_call_nor_be_called() {
    let limits = HashMap::from([("1001".to_owned(), 1), ("1002".to_owned(), 1)]);
    let mut city = pair_in(Plot { limits, ..Plot::default() });
    city.add_registered("1003");
    city.add_provider("112");
    city.dial(CALLER, "1002");
    city.wait(secs(4));
    assert_eq!((city.calls_of("1001"), city.calls_of("1002")), (1, 1));

    city.dial(CALLER, "1003");
    city.wait(secs(1));
    expect_refusal(&city, CALLER, 403, "1001 has as many calls as it may");
    // Nobody is kept from calling for help, as it is dialled anywhere or like all calls out.
    for (call, dialled) in [(2, "112"), (3, "9112")] {
        city.dial(CALLER, dialled);
        city.wait(secs(4));
        assert_eq!(line(&city, CALLER).final_status(), Some(200), "{}", city.story());
        city.act(CALLER, |phone, now| phone.hang_up(now, call));
        city.wait(secs(1));
    }
    city.dial(CALLER, "9113");
    city.wait(secs(1));
    expect_refusal(&city, CALLER, 403, "1001 has as many calls as it may");
    city.dial(2, "1002");
    city.wait(secs(1));
    assert_eq!(line(&city, 2).final_status(), Some(486), "{}", city.story());

    city.act(CALLER, |phone, now| phone.hang_up(now, 0));
    city.wait(secs(1));
    city.dial(2, "1002");
    city.wait(secs(4));
    assert_eq!(line(&city, 2).final_status(), Some(200), "{}", city.story());
    city.act(2, |phone, now| phone.hang_up(now, 1));
    city.finish();
    let count = |cause: &str| log(&city).iter().filter(|it| it.contains(cause)).count();
    assert_eq!((count("too_many_calls"), count("busy")), (2, 1));
}

#[test]
fn whoever_gives_up_may_call_again_at_once_even_if_the_callee_does_not_hear_of_it() {
    let limits = HashMap::from([("1001".to_owned(), 1)]);
    let mut city = pair_in(Plot { limits, ..Plot::default() });
    city.add_registered("1003");
    city.phones[CALLEE].manner = Manner::ignores();
    city.dial(CALLER, "1002");
    city.wait(secs(3));
    city.act(CALLEE, Phone::crash);
    city.act(CALLER, |phone, now| phone.cancel(now, 0));
    city.wait(secs(1));
    assert_eq!(city.counts().calls, 1, "our CANCEL still waits for its answer");

    city.dial(CALLER, "1003");
    city.wait(secs(4));
    assert_eq!(line(&city, CALLER).final_status(), Some(200), "{}", city.story());
    city.act(CALLER, |phone, now| phone.hang_up(now, 1));
    city.finish();
}

#[test]
fn a_call_without_hops_left_is_refused() {
    let mut city = pair();
    city.phones[CALLER].invite_headers = vec![("Max-Forwards", "0".to_owned())];
    city.dial(CALLER, "1002");
    city.finish();
    assert_eq!(line(&city, CALLER).final_status(), Some(483));
}

#[test]
fn a_call_that_passed_here_before_is_a_loop() {
    let mut city = pair();
    city.phones[CALLEE].manner = Manner::refuses_after(secs(1), 486);
    city.dial(CALLER, "1002");
    city.wait(secs(3));
    let mark = line(&city, CALLEE).header("X-Tandem-Path").expect("calls are marked").to_owned();

    // As a device would that forwards back to us what it gets.
    city.phones[CALLER].invite_headers = vec![("X-Tandem-Path", mark)];
    city.dial(CALLER, "1002");
    city.finish();
    assert_eq!(line(&city, CALLER).final_status(), Some(482));
    assert!(log(&city).contains(&"caller 482 loop system".to_owned()), "{:?}", log(&city));
}

#[test]
fn a_contact_that_leads_back_to_us_is_a_loop() {
    let mut city = pair();
    city.plant_contact_at_switch("1003");
    city.dial(CALLER, "1003");
    city.finish();
    assert_eq!(line(&city, CALLER).final_status(), Some(482), "{}", city.story());
    assert_eq!(log(&city), ["caller 482 loop system"]);
}
