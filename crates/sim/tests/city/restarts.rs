//! What a `kill -9` of the switch leaves of calls.

use crate::support::*;
use sim::{City, LineState, Manner, Phone, Plot};
use std::collections::HashSet;

/// Each leg has one row, and no phone believes to be in a call.
fn is_in_order(mut city: City) -> Vec<String> {
    let rows = log(&city);
    city.finish();
    rows
}

#[test]
fn two_who_talk_are_told_that_it_is_over_and_have_a_row_each() {
    let mut city = talking();

    city.kill_and_restart(secs(2));
    city.wait(secs(1));

    for phone in [CALLER, CALLEE] {
        assert_eq!(line(&city, phone).state, LineState::Ended, "{}", city.story());
    }
    let talk: Vec<_> = city.cdrs.iter().map(|it| it.talk_ms).collect();
    assert!(talk.iter().all(|it| (2_500..=5_000).contains(it)), "until the switch died: {talk:?}");
    assert_eq!(is_in_order(city), ["caller 200 crash system", "callee 200 crash system"]);
}

#[test]
fn a_call_is_ended_whatever_was_said_inside_it_before() {
    let mut city = talking();
    for _ in 0..3 {
        city.act(CALLER, |phone, now| phone.hold(now, 0));
        city.wait(secs(1));
        city.act(CALLER, |phone, now| phone.resume(now, 0));
        city.wait(secs(1));
    }
    city.act(CALLEE, |phone, now| phone.hold(now, 0));
    city.wait(secs(1));

    city.kill_and_restart(secs(2));
    city.wait(secs(1));

    assert_eq!(is_in_order(city), ["caller 200 crash system", "callee 200 crash system"]);
}

#[test]
fn whoever_is_alone_with_us_is_told_too() {
    // Echo, a conference, a slot of the park.
    for number in ["9196", "3000", "700"] {
        let mut city = pair();
        city.dial(CALLER, number);
        city.wait(secs(5));
        assert_eq!(line(&city, CALLER).state, LineState::Talking, "{number}");

        city.kill_and_restart(secs(2));
        city.wait(secs(1));

        assert_eq!(line(&city, CALLER).state, LineState::Ended, "{number}\n{}", city.story());
        assert_eq!(is_in_order(city), ["caller 200 crash system"], "{number}");
    }
}

#[test]
fn a_phone_that_rang_and_is_answered_later_is_told_that_nobody_is_there() {
    let mut city = pair();
    city.phones[CALLEE].manner = Manner::ignores();
    city.dial(CALLER, "1002");
    city.wait(secs(2));

    city.kill_and_restart(secs(2));
    city.act(CALLEE, |phone, now| phone.answer(now, 0));
    city.wait(secs(1));

    assert_eq!(line(&city, CALLEE).state, LineState::Ended, "{}", city.story());
    assert_eq!(city.phones[CALLEE].unacknowledged, 0, "{}", city.story());
    city.act(CALLER, |phone, now| phone.cancel(now, 0));
    assert_eq!(is_in_order(city), ["caller 500 crash system", "callee 500 crash system"]);
}

#[test]
fn who_called_before_can_call_after() {
    let mut city = talking();
    city.kill_and_restart(secs(2));
    city.wait(secs(1));

    city.dial(CALLER, "1002");
    city.wait(secs(5));

    assert!(is_heard_both_ways(&city), "{}", city.story());
    hang_up_all(city);
}

#[test]
fn at_whatever_moment_the_switch_dies_each_leg_has_one_row() {
    for shards in [1, 3] {
        for at in (0..4000).step_by(37) {
            let mut city = pair_in(Plot { shards, ..Plot::default() });
            city.dial(CALLER, "1002");
            city.wait(millis(at));
            if at > 3000 {
                city.act(CALLER, |phone, now| phone.hang_up(now, 0));
                city.wait(millis(at - 3000));
            }

            city.kill_and_restart(millis(200));
            city.wait(secs(2));
            for phone in [CALLER, CALLEE] {
                city.act(phone, |phone, now| {
                    if phone.last_line().is_some_and(|it| it.state == LineState::Calling) {
                        phone.cancel(now, 0);
                    }
                });
            }
            city.finish();

            let legs: HashSet<_> = city.cdrs.iter().map(|it| it.leg).collect();
            assert_eq!(legs.len(), city.cdrs.len(), "{at} ms, {shards} shards");
        }
    }
}

#[test]
fn a_transferred_call_is_one_story_after_a_crash_too() {
    let mut city = talking();
    city.add_registered("1003");
    city.act(CALLEE, |phone, now| phone.refer(now, 0, "1003"));
    city.wait(secs(5));

    city.kill_and_restart(secs(1));
    city.wait(secs(1));

    let calls: HashSet<_> = city.cdrs.iter().map(|it| it.call).collect();
    assert_eq!(calls.len(), 1, "{:#?}", city.cdrs);
    assert!(city.phones.iter().all(Phone::is_idle), "{}", city.story());
    assert_eq!(
        is_in_order(city),
        ["caller 200 crash system", "callee 200 transferred system", "callee 200 crash system"]
    );
}
