//! Calls between two registered phones: every way that one can end.

use crate::support::*;
use sim::{LineState, Manner, Phone, Plot, Quality};
use sip::Transport;

#[test]
fn two_phones_talk_and_the_log_has_a_row_for_each_leg() {
    let mut city = talking();
    assert_eq!(city.workers[0].bridges_made(), 1);
    assert_eq!(line(&city, CALLER).statuses, [180, 200]);

    city.wait(secs(60));
    city.act(CALLER, |phone, now| phone.hang_up(now, 0));
    city.finish();

    assert_eq!(log(&city), ["caller 200 normal remote", "callee 200 normal peer"]);
    city.check_talk(millis(100));
    assert!(city.cdrs.iter().all(|it| it.talk_ms > 60_000));
    assert_eq!(line(&city, CALLER).bye, Some(200));
    assert!(city.cdrs.iter().all(|it| it.caller == "1001" && it.dialled == "1002"));
    assert!(city.cdrs.iter().all(|it| it.codec.as_deref() == Some("PCMA/8000")));
    assert_eq!(city.cdrs[0].call, city.cdrs[1].call);
}

#[test]
fn the_callee_may_hang_up_too() {
    let mut city = talking();
    city.act(CALLEE, |phone, now| phone.hang_up(now, 0));
    city.finish();

    assert_eq!(log(&city), ["caller 200 normal peer", "callee 200 normal remote"]);
    assert_eq!(line(&city, CALLEE).bye, Some(200));
    city.check_talk(millis(100));
}

#[test]
fn phones_on_streams_talk_as_well() {
    let mut city = city();
    for number in ["1001", "1002"] {
        let phone = city.add_phone_over(number, Transport::Tcp);
        city.act(phone, Phone::register);
    }
    city.wait(secs(1));
    city.dial(CALLER, "1002");
    city.wait(secs(5));
    assert!(is_heard_both_ways(&city), "{}", city.story());
    city.act(CALLEE, |phone, now| phone.hang_up(now, 0));
    city.finish();

    assert_eq!(log(&city), ["caller 200 normal peer", "callee 200 normal remote"]);
    assert!(city.cdrs.iter().all(|it| it.signalling_peer.ends_with(";tcp")), "{:?}", city.cdrs);
}

#[test]
fn the_callee_sees_who_calls_and_not_what_the_caller_claims() {
    let mut city = talking();
    let line = line(&city, CALLEE);
    let from = line.header("From").expect("an INVITE has a From");
    assert!(from.starts_with("\"Phone 1001\" <sip:1001@"), "{from}");
    assert_eq!(line.header("Max-Forwards"), Some("69"));
    city.act(CALLEE, |phone, now| phone.hang_up(now, 0));
    city.finish();
}

#[test]
fn a_busy_callee_is_busy_for_the_caller() {
    let mut city = pair();
    city.phones[CALLEE].manner = Manner::refuses_after(secs(1), 486);
    city.dial(CALLER, "1002");
    city.finish();

    assert_eq!(line(&city, CALLER).statuses, [180, 486]);
    assert_eq!(log(&city), ["caller 486 busy peer", "callee 486 busy remote"]);
}

#[test]
fn a_callee_s_refusal_reaches_the_caller_in_words_that_concern_it() {
    for (theirs, ours, cause) in [
        (603, 603, "rejected"),
        (480, 480, "unavailable"),
        (404, 404, "not_found"),
        (503, 480, "unavailable"),
        (488, 488, "no_common_codec"),
        (500, 500, "rejected"),
    ] {
        let mut city = pair();
        city.phones[CALLEE].manner = Manner::refuses_after(millis(500), theirs);
        city.dial(CALLER, "1002");
        city.finish();

        assert_eq!(line(&city, CALLER).final_status(), Some(ours), "for {theirs}");
        let callee = format!("callee {theirs} {cause} remote");
        assert_eq!(log(&city)[1], callee);
        assert_eq!(log(&city)[0], format!("caller {ours} {cause} peer"));
    }
}

#[test]
fn a_callee_that_nobody_answers_is_given_up_after_its_ring_timeout() {
    let mut city = pair();
    city.phones[CALLEE].manner = Manner::ignores();
    city.dial(CALLER, "1002");
    city.wait(secs(29));
    assert_eq!(line(&city, CALLER).state, LineState::Calling);
    city.wait(secs(2));

    assert_eq!(line(&city, CALLER).final_status(), Some(480));
    assert_eq!(line(&city, CALLEE).final_status(), Some(487));
    city.finish();
    assert_eq!(log(&city), ["caller 480 no_answer system", "callee 480 no_answer system"]);
}

#[test]
fn a_phone_that_is_switched_off_counts_as_unreachable() {
    let mut city = pair_in(Plot { ring_timeout_s: 60, ..Plot::default() });
    city.act(CALLEE, Phone::crash);
    city.dial(CALLER, "1002");
    city.finish();

    assert_eq!(line(&city, CALLER).final_status(), Some(480), "{}", city.story());
    assert_eq!(log(&city), ["caller 480 unavailable peer", "callee 408 unavailable remote"]);
}

#[test]
fn a_caller_who_gives_up_stops_the_ringing() {
    let mut city = pair();
    city.phones[CALLEE].manner = Manner::ignores();
    city.dial(CALLER, "1002");
    city.wait(secs(3));
    city.act(CALLER, |phone, now| phone.cancel(now, 0));
    city.wait(secs(1));

    assert_eq!(line(&city, CALLER).final_status(), Some(487));
    assert_eq!(line(&city, CALLEE).final_status(), Some(487));
    let reason = line(&city, CALLEE).header("Reason").expect("a CANCEL says why");
    assert_eq!(reason, "Q.850;cause=16;text=\"Normal call clearing\"");
    city.finish();
    assert_eq!(log(&city), ["caller 487 cancelled remote", "callee 487 cancelled peer"]);
}

#[test]
fn a_caller_who_gives_up_at_once_rings_nobody_for_long() {
    let mut city = pair();
    city.phones[CALLEE].manner = Manner::ignores();
    city.dial(CALLER, "1002");
    city.act(CALLER, |phone, now| phone.cancel(now, 0));
    city.finish();

    assert_eq!(line(&city, CALLER).final_status(), Some(487));
    assert_eq!(log(&city), ["caller 487 cancelled remote", "callee 487 cancelled peer"]);
}

#[test]
fn a_caller_may_give_up_with_bye_as_well() {
    let mut city = pair();
    city.phones[CALLEE].manner = Manner::ignores();
    city.dial(CALLER, "1002");
    city.wait(secs(3));
    city.act(CALLER, |phone, now| phone.hang_up_early(now, 0));
    city.wait(secs(1));

    assert_eq!(line(&city, CALLER).bye, Some(200), "{}", city.story());
    assert_eq!(line(&city, CALLER).final_status(), Some(487));
    assert_eq!(line(&city, CALLEE).final_status(), Some(487));
    city.finish();
    assert_eq!(log(&city)[1], "callee 487 cancelled peer");
}

#[test]
fn early_media_is_heard_before_the_answer() {
    let mut city = pair();
    city.phones[CALLEE].manner.early_media_after = Some(millis(500));
    city.phones[CALLEE].manner.then = sim::Then::Answer(secs(5));
    city.dial(CALLER, "1002");
    city.wait(secs(2));

    assert_eq!(line(&city, CALLER).statuses, [180, 183]);
    assert!(is_heard(&city, CALLEE, CALLER), "{}", city.story());
    city.wait(secs(5));
    assert_eq!(line(&city, CALLER).statuses, [180, 183, 200]);
    assert!(is_heard_both_ways(&city));
    city.act(CALLER, |phone, now| phone.hang_up(now, 0));
    city.finish();
    city.check_talk(millis(100));
}

#[test]
fn a_call_over_a_slow_network_is_as_long_in_the_log_as_for_the_phones() {
    let quality = Quality::even(millis(400));
    let mut city = pair_in(Plot { quality, ..Plot::default() });
    city.dial(CALLER, "1002");
    city.wait(secs(30));
    assert!(is_heard_both_ways(&city), "{}", city.story());
    city.act(CALLER, |phone, now| phone.hang_up(now, 0));
    city.finish();
    city.check_talk(millis(900));
}

#[test]
fn a_call_over_a_connection_that_was_closed_still_ends_and_has_its_rows() {
    let mut city = city();
    city.add_registered("1001");
    city.add_phone_over("1002", Transport::Tcp);
    city.act(CALLEE, Phone::register);
    city.wait(secs(1));
    city.dial(CALLER, "1002");
    city.wait(secs(5));
    assert!(is_heard_both_ways(&city), "{}", city.story());

    city.close_flow(CALLEE);
    city.act(CALLER, |phone, now| phone.hang_up(now, 0));
    city.act(CALLEE, Phone::crash);
    city.finish();
    assert_eq!(line(&city, CALLER).bye, Some(200));
    assert_eq!(log(&city), ["caller 200 normal remote", "callee 200 normal peer"]);
}
