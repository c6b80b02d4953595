//! Calls to and from the carrier.

use crate::support::*;
use call::LegRole;
use sim::{City, Manner};

/// `1001` registered as phone 0, the carrier as phone 1.
fn with_provider() -> City {
    let mut city = city();
    city.add_registered("1001");
    city.add_provider("4951234567");
    city
}

fn party(city: &City, role: LegRole) -> &str {
    &city.cdrs.iter().find(|it| it.role == role).expect("each leg has a row").party
}

#[test]
fn a_call_out_over_the_trunk_is_a_call_like_any_other() {
    let mut city = with_provider();
    city.dial(CALLER, "94951234567");
    city.wait(secs(5));
    assert!(is_heard_both_ways(&city), "{}", city.story());
    city.act(CALLEE, |phone, now| phone.hang_up(now, 0));
    city.finish();

    assert_eq!(log(&city), ["caller 200 normal peer", "callee 200 normal remote"]);
    assert_eq!(party(&city, LegRole::Callee), "provider/4951234567");
    assert_eq!(party(&city, LegRole::Caller), "1001");
    city.check_talk(millis(100));
}

#[test]
fn the_carrier_needs_no_password_and_reaches_what_is_said_for_it() {
    let mut city = with_provider();
    city.act(1, |phone, now| phone.dial_uri(now, "sip:74950000001@10.0.0.1", true));
    city.wait(secs(5));
    assert_eq!(line(&city, 1).final_status(), Some(200), "{}", city.story());
    assert!(is_heard_both_ways(&city));
    city.act(1, |phone, now| phone.hang_up(now, 0));
    city.wait(secs(1));

    city.act(1, |phone, now| phone.dial_uri(now, "sip:1001@10.0.0.1", true));
    city.finish();
    assert_eq!(line(&city, 1).final_status(), Some(404), "extensions are not dialled from outside");
    let is_challenge = |it: &str| it.contains("→ 10.2.0.1") && it.contains(" 401 ");
    assert!(!city.story().lines().any(is_challenge), "{}", city.story());
    assert_eq!(party(&city, LegRole::Caller), "provider/4951234567");
}

#[test]
fn a_carrier_that_does_not_answer_counts_as_unavailable() {
    let mut city = pair();
    city.dial(CALLER, "94951234567");
    city.finish();
    assert_eq!(line(&city, CALLER).final_status(), Some(480), "nobody is at the trunk's address");
    assert_eq!(party(&city, LegRole::Callee), "provider/4951234567");
}

#[test]
fn a_carrier_s_refusal_reaches_the_caller() {
    let mut city = with_provider();
    city.phones[1].manner = Manner::refuses_after(secs(1), 486);
    city.dial(CALLER, "94951234567");
    city.finish();
    assert_eq!(line(&city, CALLER).final_status(), Some(486));
}

#[test]
fn the_carrier_cannot_register() {
    let mut city = with_provider();
    city.act(1, sim::Phone::register);
    city.finish();
    assert_eq!(city.phones[1].registered, Some(401), "there is no such extension");
}
