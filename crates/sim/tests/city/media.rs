//! Media: ports, codecs, dead streams, and what we play ourselves.

use crate::support::*;
use sim::{LineState, Manner, Phone, Plot, Then};

#[test]
fn a_call_whose_far_end_falls_silent_ends_after_the_rtp_timeout() {
    let mut city = talking();
    city.act(CALLEE, Phone::mute);
    city.wait(secs(59));
    assert_eq!(city.counts().calls, 1);
    city.finish();

    assert_eq!(log(&city), ["caller 200 rtp_timeout system", "callee 200 rtp_timeout system"]);
    city.check_talk(millis(200));
}

#[test]
fn a_phone_that_loses_power_ends_its_call_by_silence() {
    let mut city = talking();
    city.act(CALLER, Phone::crash);
    city.finish();
    assert_eq!(log(&city), ["caller 200 rtp_timeout system", "callee 200 rtp_timeout system"]);
    assert_eq!(line(&city, CALLEE).state, LineState::Ended);
}

#[test]
fn when_all_ports_are_taken_a_call_is_refused_and_the_next_one_passes_when_some_are_free() {
    let mut city = pair_in(Plot { workers: 1, ports: 3, ..Plot::default() });
    city.add_registered("1003");
    city.dial(CALLER, "1002");
    city.wait(secs(5));
    city.dial(2, "1002");
    city.wait(secs(2));
    assert_eq!(line(&city, 2).final_status(), Some(503), "{}", city.story());
    assert_eq!(line(&city, 2).header("Retry-After"), Some("5"));
    assert_eq!(city.phones[CALLEE].lines.len(), 1);
    assert!(is_heard_both_ways(&city), "the first call goes on");

    city.act(CALLER, |phone, now| phone.hang_up(now, 0));
    city.wait(secs(2));
    city.dial(2, "1002");
    city.wait(secs(5));
    assert_eq!(line(&city, 2).final_status(), Some(200), "{}", city.story());
    city.act(2, |phone, now| phone.hang_up(now, 1));
    city.finish();
    assert_eq!(log(&city).iter().filter(|it| it.contains("503 exhausted")).count(), 1);
}

#[test]
fn ports_that_are_lost_while_calls_go_on_are_missed_by_new_calls_only() {
    let mut city = pair_in(Plot { workers: 1, ports: 66, ..Plot::default() });
    city.dial(CALLER, "1002");
    city.wait(secs(5));
    city.workers[0].lose_free_ports();
    assert!(is_heard_both_ways(&city));
    city.act(CALLER, |phone, now| phone.hang_up(now, 0));
    city.finish();
    assert_eq!(city.cdrs.len(), 2);
}

#[test]
fn phones_without_a_common_codec_cannot_talk_and_the_caller_learns_why() {
    let mut city = pair();
    city.phones[CALLER].formats = vec![18];
    city.dial(CALLER, "1002");
    city.finish();
    assert_eq!(line(&city, CALLER).final_status(), Some(488), "{}", city.story());
    let rows = log(&city);
    assert_eq!(rows, ["caller 488 no_common_codec peer", "callee 488 no_common_codec remote"]);
}

#[test]
fn an_answer_without_a_description_ends_the_call() {
    let mut city = pair();
    city.phones[CALLEE].manner =
        Manner { then: Then::AnswerWithoutSdp(secs(1)), ..Manner::ignores() };
    city.dial(CALLER, "1002");
    city.finish();

    assert_eq!(line(&city, CALLER).final_status(), Some(488), "{}", city.story());
    assert_eq!(line(&city, CALLEE).state, LineState::Ended);
    assert_eq!(log(&city)[0], "caller 488 no_common_codec system");
}

#[test]
fn the_echo_sends_back_what_comes_in() {
    for is_late in [false, true] {
        let mut city = pair();
        city.act(CALLER, |phone, now| {
            if is_late { phone.dial_late(now, "9196") } else { phone.dial(now, "9196") }
        });
        city.wait(secs(2));
        assert!(is_heard(&city, CALLER, CALLER), "{}", city.story());

        city.act(CALLER, |phone, now| phone.hold(now, 0));
        city.wait(secs(1));
        assert_eq!(line(&city, CALLER).changes, [200]);
        assert!(!is_heard(&city, CALLER, CALLER));
        city.act(CALLER, |phone, now| phone.resume(now, 0));
        city.wait(secs(1));
        city.act(CALLER, |phone, now| phone.reinvite_late(now, 0));
        city.wait(secs(1));
        assert!(is_heard(&city, CALLER, CALLER), "{}", city.story());

        city.act(CALLER, |phone, now| phone.hang_up(now, 0));
        city.finish();
        assert_eq!(log(&city), ["caller 200 normal remote"]);
    }
}

#[test]
fn a_prompt_is_played_and_the_call_ends_with_it() {
    let mut city = pair();
    city.dial(CALLER, "9198");
    city.wait(secs(2));
    let port = line(&city, CALLER).remote_rtp.expect("we answered");
    assert!(city.workers[0].plays_at(port).is_some());
    city.finish_prompt(port);
    city.finish();

    assert_eq!(log(&city), ["caller 200 normal system"]);
    assert_eq!(line(&city, CALLER).state, LineState::Ended);
}

#[test]
fn calls_spread_over_the_workers() {
    let mut city = pair_in(Plot::default());
    for _ in 0..2 {
        city.dial(CALLER, "1002");
        city.wait(secs(3));
    }
    assert_eq!(city.workers.iter().map(sim::Worker::sessions).collect::<Vec<_>>(), [2, 2]);
    for line in 0..2 {
        city.act(CALLER, |phone, now| phone.hang_up(now, line));
    }
    city.finish();
}
