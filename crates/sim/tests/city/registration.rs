//! Phones come, stay and go.

use crate::support::*;
use sim::Phone;
use sip::Transport;

#[test]
fn a_phone_is_challenged_and_registers_with_either_digest() {
    for wants_sha256 in [false, true] {
        let mut city = city();
        let phone = city.add_phone("1001");
        city.phones[phone].wants_sha256 = wants_sha256;
        city.act(phone, Phone::register);
        city.wait(secs(1));

        assert_eq!(city.phones[phone].registered, Some(200));
        assert_eq!(city.registrar.live(), 1);
        let challenges = city.story().matches("401 Unauthorized").count();
        assert_eq!(challenges, 1, "{}", city.story());
        city.finish();
    }
}

#[test]
fn a_phone_that_refreshes_stays_registered_for_a_day() {
    let mut city = city();
    city.add_registered("1001");
    city.wait(secs(24 * 3600));

    assert_eq!(city.registrar.live(), 1);
    assert_eq!(city.phones[0].registered, Some(200));
    assert_eq!(city.offences, 0, "an old nonce is no offence");
    city.finish();
}

#[test]
fn a_phone_that_stops_refreshing_is_unreachable_once_its_time_is_over() {
    let mut city = pair();
    city.phones[CALLEE].stop_refreshing();
    city.phones[CALLEE].expires_s = 120;
    city.act(CALLEE, Phone::register);
    city.wait(secs(1));
    city.phones[CALLEE].stop_refreshing();

    city.dial(CALLER, "1002");
    city.wait(secs(3));
    assert_eq!(line(&city, CALLER).final_status(), Some(200), "{}", city.story());
    city.act(CALLER, |phone, now| phone.hang_up(now, 0));
    city.wait(secs(120));
    city.dial(CALLER, "1002");
    city.wait(secs(1));

    assert_eq!(line(&city, CALLER).final_status(), Some(480));
    assert_eq!(line(&city, CALLER).reason, "No device of 1002 is registered");
    city.finish();
}

#[test]
fn an_unregistered_phone_gets_no_calls() {
    let mut city = pair();
    city.act(CALLEE, Phone::unregister);
    city.wait(secs(1));
    assert_eq!(city.phones[CALLEE].registered, Some(200));
    assert_eq!(city.registrar.live(), 1);

    city.dial(CALLER, "1002");
    city.wait(secs(1));

    assert_eq!(line(&city, CALLER).final_status(), Some(480));
    assert!(city.phones[CALLEE].lines.is_empty());
    city.finish();
    assert_eq!(log(&city), ["caller 480 unavailable system"]);
}

#[test]
fn an_interval_that_is_too_brief_is_refused_with_the_least_one() {
    let mut city = city();
    let phone = city.add_phone("1001");
    city.phones[phone].expires_s = 5;
    city.act(phone, Phone::register);
    city.wait(secs(1));

    assert_eq!(city.phones[phone].registered, Some(423));
    assert_eq!(city.registrar.live(), 0);
    city.finish();
}

#[test]
fn a_wrong_password_and_an_unknown_user_get_the_same_answers() {
    let mut stories = Vec::new();
    for (number, password) in [("1001", "guessed"), ("1099", "demo-1099")] {
        let mut city = city();
        let phone = city.add_phone(number);
        password.clone_into(&mut city.phones[phone].password);
        city.act(phone, Phone::register);
        city.wait(secs(1));

        assert_eq!(city.phones[phone].registered, Some(401));
        assert_eq!(city.offences, 1);
        assert_eq!(city.registrar.live(), 0);
        stories.push(shape_of(&city.phones[phone].last_refusal));
        city.finish();
    }
    assert!(!stories[0].is_empty());
    assert_eq!(stories[0], stories[1]);
}

/// Names of headers, and what a stranger could tell apart in their values.
fn shape_of(headers: &[(String, String)]) -> Vec<(String, usize)> {
    let of_ours = |name: &str| !["Via", "From", "To", "Call-ID", "CSeq"].contains(&name);
    let kept = headers.iter().filter(|(name, _)| of_ours(name));
    kept.map(|(name, value)| (name.clone(), value.len())).collect()
}

#[test]
fn a_phone_cannot_register_in_anothers_name() {
    let mut city = city();
    let phone = city.add_phone("1001");
    "1002".clone_into(&mut city.phones[phone].signs_as);
    city.act(phone, Phone::register);
    city.wait(secs(1));

    assert_eq!(city.phones[phone].registered, Some(403));
    assert_eq!(city.registrar.live(), 0);
    city.finish();
}

#[test]
fn a_closed_connection_makes_a_phone_unreachable_until_it_registers_anew() {
    let mut city = city();
    city.add_registered("1001");
    let phone = city.add_phone_over("1002", Transport::Tcp);
    city.act(phone, Phone::register);
    city.wait(secs(1));
    city.dial(0, "1002");
    city.wait(secs(4));
    assert_eq!(line(&city, 0).final_status(), Some(200), "{}", city.story());
    city.act(0, |phone, now| phone.hang_up(now, 0));
    city.wait(secs(1));

    city.close_flow(phone);
    city.dial(0, "1002");
    city.wait(secs(1));

    assert_eq!(line(&city, 0).final_status(), Some(480), "{}", city.story());

    city.reconnect(phone);
    city.act(phone, Phone::register);
    city.wait(secs(1));
    city.dial(0, "1002");
    city.wait(secs(4));
    assert_eq!(line(&city, 0).final_status(), Some(200), "{}", city.story());
    city.act(0, |phone, now| phone.hang_up(now, 2));
    city.finish();
}

#[test]
fn a_phone_finds_its_lost_register_again() {
    for lost in ["REGISTER", "SIP/2.0 401", "SIP/2.0 200"] {
        let mut city = city();
        let phone = city.add_phone("1001");
        city.network.lose(2, move |_, text| text.starts_with(lost));
        city.act(phone, Phone::register);
        city.wait(secs(10));

        assert_eq!(city.phones[phone].registered, Some(200), "{lost}:\n{}", city.story());
        assert_eq!(city.network.losses_left(), 0);
        assert_eq!(city.registrar.live(), 1);
        city.finish();
    }
}
