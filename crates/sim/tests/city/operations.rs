//! What the operator of the switch does, and limits of the whole.

use crate::support::*;
use call::Calls;
use sim::{LineState, Manner, Phone, Plot};

#[test]
fn a_switch_that_drains_refuses_new_calls_and_lets_live_ones_go_on() {
    let mut city = talking();
    city.operate(0, Calls::drain);
    city.add_registered("1003");
    city.dial(2, "1002");
    city.wait(secs(1));
    assert_eq!(line(&city, 2).final_status(), Some(503));
    assert_eq!(line(&city, 2).header("Retry-After"), Some("5"));

    city.act(CALLEE, |phone, now| phone.hold(now, 0));
    city.wait(secs(1));
    assert_eq!(line(&city, CALLEE).changes, [200]);
    assert!(!city.shards[0].is_idle());
    city.act(CALLER, |phone, now| phone.hang_up(now, 0));
    city.wait(secs(1));
    assert!(city.shards[0].is_idle());
    city.finish();
    assert_eq!(city.cdrs.len(), 2);
}

#[test]
fn the_operator_ends_all_calls_in_whatever_state_they_are() {
    let mut city = pair();
    city.add_registered("1003");
    city.add_registered("1004");
    city.dial(CALLER, "1002");
    city.wait(secs(4));
    city.phones[3].manner = Manner::ignores();
    city.dial(2, "1004");
    city.wait(secs(1));
    city.dial(CALLER, "9196");
    city.wait(secs(1));
    assert_eq!(city.counts().calls, 3);

    city.operate(0, call::Calls::hang_up_all);
    city.wait(secs(1));
    assert!(city.shards[0].is_idle());
    city.finish();

    assert_eq!(line(&city, 2).final_status(), Some(503));
    assert_eq!(line(&city, 3).final_status(), Some(487));
    assert_eq!(city.cdrs.len(), 5);
    assert!(city.cdrs.iter().all(|it| it.cause == "shutdown"), "{:?}", log(&city));
}

#[test]
fn the_operator_ends_one_call() {
    let mut city = talking();
    let id = city.shards[0].views()[0].id;
    assert_eq!(city.shards[0].views()[0].state, call::facts::CallState::Talking);
    assert!(city.operate(0, |calls, now| calls.hang_up(now, id)));
    city.finish();
    assert!(!city.operate(0, |calls, now| calls.hang_up(now, id)));
    assert_eq!(log(&city), ["caller 200 normal system", "callee 200 normal system"]);
    city.check_talk(millis(100));
}

#[test]
fn the_longest_call_ends() {
    let mut city = pair_in(Plot { call_duration_max: secs(600), ..Plot::default() });
    city.dial(CALLER, "1002");
    city.wait(secs(590));
    assert_eq!(line(&city, CALLER).state, LineState::Talking);
    city.finish();
    assert_eq!(log(&city), ["caller 200 max_duration system", "callee 200 max_duration system"]);
    assert!(city.cdrs.iter().all(|it| it.talk_ms == 600_000), "{:?}", city.cdrs);
}

#[test]
fn a_full_switch_refuses_calls() {
    let mut city = pair_in(Plot { calls_max: 1, ..Plot::default() });
    city.dial(CALLER, "1002");
    city.wait(secs(4));
    city.dial(CALLEE, "1001");
    city.wait(secs(1));
    assert_eq!(line(&city, CALLEE).final_status(), Some(503));
    city.act(CALLER, |phone, now| phone.hang_up(now, 0));
    city.finish();
}

#[test]
fn a_media_worker_that_cannot_take_a_command_ends_that_call() {
    let mut city = talking();
    // The shell reports a full command ring by the session's name: the first of shard 0.
    city.operate(0, |calls, now| calls.handle_media_refused(now, base::MediaId::new(0, 1)));
    city.finish();
    assert_eq!(log(&city), ["caller 200 exhausted system", "callee 200 exhausted system"]);
}

#[test]
fn two_shards_share_phones_limits_and_the_log() {
    let mut city = pair_in(Plot { shards: 2, ports: 2048, ..Plot::default() });
    for _ in 0..12 {
        city.dial(CALLER, "1002");
        city.wait(secs(1));
    }
    city.wait(secs(5));
    let on_each: Vec<_> = city.shards.iter().map(|it| it.counts().calls).collect();
    assert!(on_each.iter().all(|it| *it > 0), "{on_each:?}");
    assert_eq!(on_each.iter().sum::<usize>(), 12, "{}", city.story());
    assert_eq!(city.calls_of("1001"), 12);
    for line in 0..12 {
        let hangs_up = if line % 2 == 0 { CALLER } else { CALLEE };
        let line = city.phones[hangs_up].lines.iter().position(|it| it.state == LineState::Talking);
        let line = line.expect("a call is left");
        city.act(hangs_up, |phone: &mut Phone, now| phone.hang_up(now, line));
        city.wait(secs(1));
    }
    city.finish();
    assert_eq!(city.cdrs.len(), 24);
    city.check_talk(millis(100));
}
