//! Several devices of one number.

use crate::support::*;
use sim::{LineState, Manner, Plot, Quality, Then};

/// `1001` calls `1002`, which has two devices: phones 1 and 2.
fn two_devices(first: Manner, second: Manner) -> sim::City {
    let quality = Quality::even(millis(50));
    let mut city = city_with(Plot { quality, ..Plot::default() });
    city.add_registered("1001");
    for manner in [first, second] {
        let phone = city.add_registered("1002");
        city.phones[phone].manner = manner;
    }
    city.dial(CALLER, "1002");
    city
}

#[test]
fn the_first_device_to_answer_gets_the_call_and_the_other_stops_ringing() {
    let mut city = two_devices(Manner::ignores(), Manner::answers_after(secs(3)));
    city.wait(secs(5));

    assert!(is_heard(&city, CALLER, 2) && is_heard(&city, 2, CALLER), "{}", city.story());
    assert_eq!(line(&city, 1).final_status(), Some(487));
    assert_eq!(
        line(&city, 1).header("Reason"),
        Some("SIP;cause=200;text=\"Call completed elsewhere\"")
    );
    city.act(CALLER, |phone, now| phone.hang_up(now, 0));
    city.finish();
    let mut rows = log(&city);
    rows.sort_unstable();
    assert_eq!(
        rows,
        [
            "callee 200 normal peer",
            "callee 487 answered_elsewhere system",
            "caller 200 normal remote",
        ]
    );
}

#[test]
fn of_two_devices_that_answer_at_the_same_instant_one_gets_the_call() {
    for apart in [0, 20, 90, 110] {
        let first = Manner::answers_after(secs(3));
        let second = Manner::answers_after(secs(3) + millis(apart));
        let mut city = two_devices(first, second);
        city.wait(secs(6));

        let talking = [1, 2].map(|it| line(&city, it).state == LineState::Talking);
        assert_eq!(talking.iter().filter(|it| **it).count(), 1, "{apart}:\n{}", city.story());
        let winner = if talking[0] { 1 } else { 2 };
        assert!(is_heard(&city, CALLER, winner) && is_heard(&city, winner, CALLER));
        city.act(CALLER, |phone, now| phone.hang_up(now, 0));
        city.finish();
        assert_eq!(city.cdrs.len(), 3);
        assert!(city.phones.iter().all(|it| it.unacknowledged == 0), "{}", city.story());
    }
}

#[test]
fn a_busy_device_does_not_stop_the_other_one() {
    let mut city = two_devices(Manner::refuses_after(secs(1), 486), Manner::answers_after(secs(3)));
    city.wait(secs(5));
    assert!(is_heard(&city, CALLER, 2), "{}", city.story());
    assert_eq!(city.workers[0].sessions(), 2, "the busy device's port is free again");
    city.act(2, |phone, now| phone.hang_up(now, 0));
    city.finish();
}

#[test]
fn when_all_devices_refuse_the_caller_hears_the_most_telling_reason() {
    let mut city =
        two_devices(Manner::refuses_after(secs(1), 486), Manner::refuses_after(secs(2), 480));
    city.finish();
    assert_eq!(line(&city, CALLER).final_status(), Some(486));
}

#[test]
fn a_busy_device_tells_more_than_one_that_rings_until_the_end() {
    let mut city = two_devices(Manner::refuses_after(secs(1), 486), Manner::ignores());
    city.finish();
    assert_eq!(line(&city, CALLER).final_status(), Some(486), "{}", city.story());
    assert_eq!(line(&city, 2).final_status(), Some(487));
}

#[test]
fn a_decline_for_all_devices_ends_the_call_at_once() {
    let mut city = two_devices(Manner::refuses_after(secs(1), 603), Manner::ignores());
    city.wait(secs(3));
    assert_eq!(line(&city, CALLER).final_status(), Some(603));
    assert_eq!(line(&city, 2).final_status(), Some(487));
    city.finish();
}

#[test]
fn a_proxy_that_forks_may_bring_two_answers_and_the_second_is_ended() {
    for apart in [0, 10, 500] {
        let mut city = pair();
        city.phones[CALLEE].manner.then = Then::AnswerTwice(secs(1), millis(apart));
        city.dial(CALLER, "1002");
        city.wait(secs(4));

        let lines = &city.phones[CALLEE].lines;
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[0].state, LineState::Talking, "{apart}:\n{}", city.story());
        assert_eq!(lines[1].state, LineState::Ended, "{apart}:\n{}", city.story());
        let first = &lines[0];
        let heard = city.workers[0].listener(
            line(&city, CALLER).rtp,
            line(&city, CALLER).remote_rtp.expect("the caller got an answer"),
        );
        assert_eq!(heard, Some(first.rtp));
        city.act(CALLER, |phone, now| phone.hang_up(now, 0));
        city.finish();
        assert_eq!(city.cdrs.len(), 2, "one leg towards the proxy");
        assert_eq!(city.phones[CALLEE].unacknowledged, 0, "{}", city.story());
    }
}
