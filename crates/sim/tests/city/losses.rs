//! Messages that get lost.

use crate::support::*;
use sim::City;
use std::net::SocketAddr;

/// A call of which `count` messages that begin with `start`, of `from`, are lost.
fn call_without(count: usize, from: Option<usize>, start: &'static str) -> City {
    let mut city = pair();
    let from = from.map(|it| address(&city, it));
    city.network.lose(count, move |sender, text| {
        from.is_none_or(|it| it == sender)
            && text.starts_with(start)
            && (text.contains("INVITE") || !text.starts_with("SIP/2.0"))
    });
    city.dial(CALLER, "1002");
    city
}

fn address(city: &City, phone: usize) -> SocketAddr {
    city.phones[phone].address()
}

#[test]
fn a_lost_invite_is_sent_again_on_either_side() {
    for from in [Some(CALLER), None] {
        let mut city = call_without(3, from, "INVITE");
        city.wait(secs(15));
        assert!(is_heard_both_ways(&city), "{}", city.story());
        assert_eq!(city.network.losses_left(), 0);
        city.act(CALLER, |phone, now| phone.hang_up(now, 0));
        city.finish();
        assert_eq!(city.cdrs.len(), 2);
    }
}

#[test]
fn a_lost_200_is_sent_again_on_either_side() {
    for from in [Some(CALLEE), None] {
        let mut city = call_without(4, from, "SIP/2.0 200");
        city.wait(secs(25));
        assert!(is_heard_both_ways(&city), "{}", city.story());
        assert_eq!(city.network.losses_left(), 0);
        city.act(CALLEE, |phone, now| phone.hang_up(now, 0));
        city.finish();
        assert_eq!(log(&city), ["caller 200 normal peer", "callee 200 normal remote"]);
    }
}

#[test]
fn a_lost_ack_is_repeated_for_a_repeated_200() {
    for from in [Some(CALLER), None] {
        let mut city = call_without(3, from, "ACK");
        city.wait(secs(15));
        assert!(is_heard_both_ways(&city), "{}", city.story());
        assert_eq!(city.network.losses_left(), 0);
        city.act(CALLEE, |phone, now| phone.hang_up(now, 0));
        city.finish();
        assert_eq!(city.cdrs.len(), 2);
    }
}

#[test]
fn a_lost_bye_is_sent_again_on_either_side() {
    for from in [Some(CALLER), None] {
        let mut city = talking();
        let from = from.map(|it| address(&city, it));
        city.network.lose(3, move |sender, text| {
            from.is_none_or(|it| it == sender) && text.starts_with("BYE")
        });
        city.act(CALLER, |phone, now| phone.hang_up(now, 0));
        city.finish();

        assert_eq!(city.network.losses_left(), 0);
        assert_eq!(line(&city, CALLER).bye, Some(200));
        assert_eq!(log(&city), ["caller 200 normal remote", "callee 200 normal peer"]);
    }
}

#[test]
fn a_lost_answer_to_bye_is_repeated() {
    let mut city = talking();
    city.network.lose(4, |_, text| text.starts_with("SIP/2.0 200"));
    city.act(CALLER, |phone, now| phone.hang_up(now, 0));
    city.finish();

    assert_eq!(city.network.losses_left(), 0);
    assert_eq!(line(&city, CALLER).bye, Some(200));
}

#[test]
fn a_lost_refusal_is_sent_again_until_it_is_acknowledged() {
    let mut city = pair();
    city.phones[CALLEE].manner = sim::Manner::refuses_after(secs(1), 486);
    city.network.lose(3, |_, text| text.starts_with("SIP/2.0 486"));
    city.network.lose(2, |_, text| text.starts_with("ACK"));
    city.dial(CALLER, "1002");
    city.finish();

    assert_eq!(city.network.losses_left(), 0);
    assert_eq!(line(&city, CALLER).final_status(), Some(486));
}

#[test]
fn a_lost_cancel_is_sent_again() {
    let mut city = pair();
    city.phones[CALLEE].manner = sim::Manner::ignores();
    city.network.lose(4, |_, text| text.starts_with("CANCEL"));
    city.dial(CALLER, "1002");
    city.wait(secs(3));
    city.act(CALLER, |phone, now| phone.cancel(now, 0));
    city.wait(secs(20));

    assert_eq!(city.network.losses_left(), 0);
    assert_eq!(line(&city, CALLER).final_status(), Some(487));
    assert_eq!(line(&city, CALLEE).final_status(), Some(487));
    city.finish();
}

#[test]
fn an_answer_that_is_never_acknowledged_ends_the_call() {
    let mut city = pair();
    let caller = address(&city, CALLER);
    city.network.lose(usize::MAX, move |sender, text| sender == caller && text.starts_with("ACK"));
    city.dial(CALLER, "1002");
    city.wait(secs(31));
    assert!(is_heard_both_ways(&city), "{}", city.story());
    city.finish();

    assert_eq!(log(&city), ["caller 200 not_acked system", "callee 200 not_acked system"]);
    let reason = line(&city, CALLEE).header("Reason");
    assert_eq!(reason, Some("Q.850;cause=102;text=\"ACK never came\""));
}

#[test]
fn a_callee_who_never_gets_our_ack_gives_up_by_itself() {
    let mut city = pair();
    let caller = address(&city, CALLER);
    city.network.lose(usize::MAX, move |sender, text| sender != caller && text.starts_with("ACK"));
    city.dial(CALLER, "1002");
    city.finish();

    assert_eq!(log(&city), ["caller 200 normal peer", "callee 200 normal remote"]);
}

#[test]
fn a_lost_reinvite_and_a_lost_answer_to_it_are_sent_again() {
    for start in ["INVITE", "SIP/2.0 200", "ACK"] {
        let mut city = talking();
        city.network.lose(3, move |_, text| text.starts_with(start));
        city.act(CALLER, |phone, now| phone.hold(now, 0));
        city.wait(secs(15));

        assert_eq!(city.network.losses_left(), 0);
        assert_eq!(line(&city, CALLER).changes, [200], "{start}:\n{}", city.story());
        assert!(is_heard(&city, CALLER, CALLEE) && !is_heard(&city, CALLEE, CALLER));
        city.act(CALLER, |phone, now| phone.hang_up(now, 0));
        city.finish();
    }
}
