//! Messages that cross each other.

use crate::support::*;
use sim::{Manner, Plot, Quality};

/// 100 ms each way, so that what is sent within a tenth of a second crosses.
fn slow_pair() -> sim::City {
    pair_in(Plot { quality: Quality::even(millis(100)), ..Plot::default() })
}

#[test]
fn an_answer_that_crosses_the_cancel_on_the_far_side_is_taken_back() {
    let mut city = slow_pair();
    city.phones[CALLEE].manner = Manner::ignores();
    city.dial(CALLER, "1002");
    city.wait(secs(2));
    city.act(CALLER, |phone, now| phone.cancel(now, 0));
    // Our CANCEL to the callee is under way.
    city.wait(millis(150));
    city.act(CALLEE, |phone, now| phone.answer(now, 0));
    city.finish();

    assert_eq!(line(&city, CALLER).final_status(), Some(487));
    assert_eq!(line(&city, CALLEE).final_status(), Some(200));
    assert_eq!(city.phones[CALLEE].unacknowledged, 0, "{}", city.story());
    assert_eq!(log(&city), ["caller 487 cancelled remote", "callee 487 cancelled peer"]);
}

#[test]
fn a_cancel_that_comes_after_the_answer_changes_nothing() {
    let mut city = slow_pair();
    city.phones[CALLEE].manner = Manner::ignores();
    city.dial(CALLER, "1002");
    city.wait(secs(2));
    city.act(CALLEE, |phone, now| phone.answer(now, 0));
    // The answer has passed the switch and is on its way to the caller.
    city.wait(millis(150));
    city.act(CALLER, |phone, now| phone.cancel(now, 0));
    city.wait(secs(2));
    assert_eq!(line(&city, CALLER).final_status(), Some(200));
    assert!(is_heard_both_ways(&city), "{}", city.story());
    city.act(CALLER, |phone, now| phone.hang_up(now, 0));
    city.finish();
    assert_eq!(log(&city), ["caller 200 normal remote", "callee 200 normal peer"]);
}

#[test]
fn a_bye_that_crosses_a_bye_ends_the_call_once() {
    for apart in [0, 50, 150, 199, 250] {
        let mut city = slow_pair();
        city.dial(CALLER, "1002");
        city.wait(secs(5));
        city.act(CALLER, |phone, now| phone.hang_up(now, 0));
        city.wait(millis(apart));
        city.act(CALLEE, |phone, now| phone.hang_up(now, 0));
        city.finish();

        assert_eq!(line(&city, CALLER).bye, Some(200), "{apart} ms:\n{}", city.story());
        // The other BYE reaches the callee after 200 ms; one that crosses it finds no dialog.
        let bye = line(&city, CALLEE).bye;
        assert_eq!(bye.is_some(), apart < 200, "{apart} ms:\n{}", city.story());
        assert!(matches!(bye, None | Some(200 | 481)), "{apart} ms: {bye:?}");
        city.check_talk(millis(500));
    }
}

#[test]
fn a_bye_while_a_reinvite_is_under_way_ends_both() {
    for apart in [0, 50, 150, 250, 350] {
        let mut city = slow_pair();
        city.dial(CALLER, "1002");
        city.wait(secs(5));
        city.act(CALLER, |phone, now| phone.hold(now, 0));
        city.wait(millis(apart));
        city.act(CALLEE, |phone, now| phone.hang_up(now, 0));
        city.finish();

        let changes = &line(&city, CALLER).changes;
        let is_answered = matches!(changes[..], [200 | 481 | 487 | 491]);
        assert!(is_answered, "{apart} ms: {changes:?}\n{}", city.story());
        assert_eq!(log(&city), ["caller 200 normal peer", "callee 200 normal remote"]);
    }
}

#[test]
fn the_holder_may_hang_up_before_the_reinvite_is_answered() {
    for apart in [0, 50, 150, 250, 350] {
        let mut city = slow_pair();
        city.dial(CALLER, "1002");
        city.wait(secs(5));
        city.act(CALLER, |phone, now| phone.hold(now, 0));
        city.wait(millis(apart));
        city.act(CALLER, |phone, now| phone.hang_up(now, 0));
        city.finish();

        let changes = &line(&city, CALLER).changes;
        let is_answered = matches!(changes[..], [200 | 481 | 487 | 491]);
        assert!(is_answered, "{apart} ms: {changes:?}\n{}", city.story());
        assert_eq!(log(&city), ["caller 200 normal remote", "callee 200 normal peer"]);
    }
}

#[test]
fn reinvites_of_both_sides_that_cross_are_both_refused_for_now() {
    let mut city = slow_pair();
    city.dial(CALLER, "1002");
    city.wait(secs(5));
    city.act(CALLER, |phone, now| phone.hold(now, 0));
    city.act(CALLEE, |phone, now| phone.hold(now, 0));
    city.wait(secs(3));

    assert_eq!(line(&city, CALLEE).changes, [491], "{}", city.story());
    assert_eq!(line(&city, CALLER).changes, [491], "{}", city.story());
    assert!(is_heard_both_ways(&city), "nothing has changed");

    city.act(CALLER, |phone, now| phone.hold(now, 0));
    city.wait(secs(3));
    assert_eq!(line(&city, CALLER).changes, [491, 200], "the next one passes");
    city.act(CALLEE, |phone, now| phone.hang_up(now, 0));
    city.finish();
}

#[test]
fn a_reinvite_waits_for_the_answer_in_the_ack_of_another() {
    let mut city = slow_pair();
    city.dial(CALLER, "1002");
    city.wait(secs(5));
    city.act(CALLER, |phone, now| phone.reinvite_late(now, 0));
    // The callee's offer is on its way to the caller, whose ACK will bring the answer.
    city.wait(millis(350));
    city.act(CALLEE, |phone, now| phone.resume(now, 0));
    city.wait(secs(3));

    assert_eq!(line(&city, CALLEE).changes, [491], "{}", city.story());
    assert_eq!(line(&city, CALLER).changes, [200]);
    assert!(is_heard_both_ways(&city), "{}", city.story());
    city.act(CALLER, |phone, now| phone.hang_up(now, 0));
    city.finish();
}

#[test]
fn a_reinvite_under_way_is_answered_when_we_end_the_call() {
    let mut city = slow_pair();
    city.dial(CALLER, "1002");
    city.wait(secs(5));
    city.act(CALLER, |phone, now| phone.hold(now, 0));
    city.wait(millis(250));
    city.operate(0, call::Calls::hang_up_all);
    city.finish();

    assert_eq!(line(&city, CALLER).changes, [487], "{}", city.story());
}

#[test]
fn an_answer_at_the_moment_of_the_ring_timeout_is_either_taken_or_taken_back() {
    for early_ms in 0..5 {
        let mut city = slow_pair();
        // The INVITE reaches the callee 200 ms after the call; the answer needs 100 more.
        city.phones[CALLEE].manner = Manner::answers_after(millis(30_000 - 100 - 102 + early_ms));
        city.dial(CALLER, "1002");
        city.wait(secs(32));
        let status = line(&city, CALLER).final_status();
        assert!(matches!(status, Some(200 | 480)), "{status:?}\n{}", city.story());
        city.act(CALLER, |phone, now| phone.hang_up(now, 0));
        city.finish();
    }
}
