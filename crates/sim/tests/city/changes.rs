//! What happens inside a call: hold, re-INVITE, late offers.

use crate::support::*;
use media::Playout;
use sim::{AudioWay, City, Phone, Plot};

#[test]
fn whoever_holds_is_heard_and_hears_nothing_until_resuming() {
    for (holder, held) in [(CALLER, CALLEE), (CALLEE, CALLER)] {
        let mut city = talking();
        city.act(holder, |phone, now| phone.hold(now, 0));
        city.wait(secs(2));
        assert_eq!(line(&city, holder).changes, [200], "{}", city.story());
        assert_eq!(line(&city, held).way, AudioWay::RecvOnly);
        assert!(is_heard(&city, holder, held) && !is_heard(&city, held, holder));

        city.act(holder, |phone, now| phone.resume(now, 0));
        city.wait(secs(2));
        assert_eq!(line(&city, holder).changes, [200, 200]);
        assert!(is_heard_both_ways(&city), "{}", city.story());

        city.act(held, |phone, now| phone.hang_up(now, 0));
        city.finish();
        assert_eq!(city.cdrs.len(), 2);
        city.check_talk(millis(100));
    }
}

#[test]
fn whoever_is_held_hears_music_however_the_holder_holds() {
    for (holder, held) in [(CALLER, CALLEE), (CALLEE, CALLER)] {
        for way in [AudioWay::SendOnly, AudioWay::Inactive] {
            let mut city = talking_with_music();
            city.act(holder, |phone, now| phone.reinvite(now, 0, way));
            city.wait(secs(2));
            assert_eq!(line(&city, holder).changes, [200], "{}", city.story());
            assert!(hears_music(&city, held) && !hears_music(&city, holder), "{}", city.story());
            assert!(!is_heard(&city, holder, held), "the music is not the holder's");

            // Nobody sends anything for long.
            for phone in [CALLER, CALLEE] {
                city.act(phone, Phone::mute);
            }
            city.wait(secs(600));
            assert!(hears_music(&city, held), "{}", city.story());

            city.act(holder, |phone, now| phone.resume(now, 0));
            city.wait(secs(2));
            assert!(is_heard_both_ways(&city) && !hears_music(&city, held), "{}", city.story());
            hang_up_and_finish(&mut city);
        }
    }
}

#[test]
fn whoever_could_not_understand_our_music_hears_what_the_holder_sends() {
    let mut city = talking_with_music();
    for phone in [CALLER, CALLEE] {
        city.phones[phone].lines[0].set_formats(&[18]);
    }
    city.act(CALLER, |phone, now| phone.reinvite(now, 0, AudioWay::SendRecv));
    city.wait(secs(2));
    assert!(is_heard_both_ways(&city), "in G.729, which passes: {}", city.story());

    city.act(CALLER, |phone, now| phone.hold(now, 0));
    city.wait(secs(2));
    assert!(!hears_music(&city, CALLEE) && is_heard(&city, CALLER, CALLEE), "{}", city.story());
    hang_up_and_finish(&mut city);
}

#[test]
fn two_who_hold_each_other_come_back_through_music() {
    let mut city = talking_with_music();
    city.act(CALLER, |phone, now| phone.hold(now, 0));
    city.wait(secs(1));
    assert!(hears_music(&city, CALLEE));
    city.act(CALLEE, |phone, now| phone.hold(now, 0));
    city.wait(secs(1));
    assert!(!hears_music(&city, CALLEE), "it holds and listens to nobody");

    city.act(CALLER, |phone, now| phone.resume(now, 0));
    city.wait(secs(1));
    assert!(!is_heard(&city, CALLER, CALLEE), "{}", city.story());
    assert!(hears_music(&city, CALLER), "the other still holds: {}", city.story());
    city.act(CALLEE, |phone, now| phone.resume(now, 0));
    city.wait(secs(1));
    assert!(is_heard_both_ways(&city), "{}", city.story());
    hang_up_and_finish(&mut city);
}

#[test]
fn who_hangs_up_on_hold_ends_the_call() {
    for leaver in [CALLER, CALLEE] {
        let mut city = talking_with_music();
        city.act(CALLER, |phone, now| phone.hold(now, 0));
        city.wait(secs(1));
        city.act(leaver, |phone, now| phone.hang_up(now, 0));
        city.finish();
        assert_eq!(city.cdrs.len(), 2, "{}", city.story());
    }
}

#[test]
fn a_call_on_hold_outlives_the_rtp_timeout() {
    let mut city = talking();
    city.act(CALLER, |phone, now| phone.reinvite(now, 0, AudioWay::Inactive));
    city.wait(secs(2));
    for phone in [CALLER, CALLEE] {
        city.act(phone, Phone::mute);
    }
    city.wait(secs(600));
    assert_eq!(city.counts().calls, 1, "{}", city.story());
    city.act(CALLER, |phone, now| phone.hang_up(now, 0));
    city.finish();
    assert_eq!(log(&city), ["caller 200 normal remote", "callee 200 normal peer"]);
}

#[test]
fn both_sides_on_hold_come_back_one_after_the_other() {
    let mut city = talking();
    for phone in [CALLER, CALLEE] {
        city.act(phone, |phone, now| phone.hold(now, 0));
        city.wait(secs(1));
    }
    assert!(!is_heard(&city, CALLER, CALLEE) && !is_heard(&city, CALLEE, CALLER));
    for phone in [CALLER, CALLEE] {
        city.act(phone, |phone, now| phone.resume(now, 0));
        city.wait(secs(1));
    }
    assert!(is_heard_both_ways(&city), "{}", city.story());
    city.act(CALLER, |phone, now| phone.hang_up(now, 0));
    city.finish();
}

#[test]
fn a_caller_without_an_offer_gets_one_and_answers_it_in_the_ack() {
    let mut city = pair();
    city.act(CALLER, |phone, now| phone.dial_late(now, "1002"));
    city.wait(secs(5));
    assert!(is_heard_both_ways(&city), "{}", city.story());
    hang_up_and_finish(&mut city);
}

#[test]
fn a_reinvite_without_an_offer_leaves_both_talking() {
    for phone in [CALLER, CALLEE] {
        let mut city = talking();
        city.act(phone, |phone, now| phone.reinvite_late(now, 0));
        city.wait(secs(5));
        assert_eq!(line(&city, phone).changes, [200], "{}", city.story());
        assert!(is_heard_both_ways(&city), "{}", city.story());

        city.act(CALLER, |phone, now| phone.hold(now, 0));
        city.wait(secs(2));
        assert_eq!(line(&city, CALLER).changes.last(), Some(&200), "the exchange is over");
        hang_up_and_finish(&mut city);
    }
}

#[test]
fn a_reinvite_that_the_other_side_refuses_changes_nothing() {
    let mut city = talking();
    city.phones[CALLER].lines[0].set_formats(&[18]);
    city.act(CALLER, |phone, now| phone.reinvite(now, 0, AudioWay::SendRecv));
    city.wait(secs(2));
    assert_eq!(line(&city, CALLER).changes, [488], "{}", city.story());
    assert!(is_heard_both_ways(&city), "{}", city.story());
    hang_up_and_finish(&mut city);
}

#[test]
fn a_reinvite_to_a_phone_that_lost_its_memory_ends_the_call() {
    let mut city = talking();
    city.act(CALLEE, Phone::crash);
    city.act(CALLEE, Phone::restart);
    city.wait(secs(1));
    city.act(CALLER, |phone, now| phone.hold(now, 0));
    city.finish();

    assert_eq!(line(&city, CALLER).changes, [481], "{}", city.story());
    assert_eq!(log(&city)[1], "callee 200 peer_lost remote");
}

#[test]
fn requests_in_a_call_are_answered() {
    let mut city = talking();
    for method in ["OPTIONS", "INFO", "MESSAGE", "REFER", "UPDATE"] {
        city.act(CALLER, |phone, now| phone.ask_in_call(now, method, 0));
        city.wait(secs(1));
    }
    assert_eq!(city.phones[CALLER].odd_statuses, [200, 200, 405, 400, 405], "{}", city.story());
    assert!(is_heard_both_ways(&city));
    hang_up_and_finish(&mut city);
}

/// Two talk, and who is put on hold is to hear music.
fn talking_with_music() -> City {
    let mut city = pair_in(Plot { has_hold_music: true, ..Plot::default() });
    city.dial(CALLER, "1002");
    city.wait(secs(5));
    assert!(is_heard_both_ways(&city), "{}", city.story());
    city
}

fn hears_music(city: &City, phone: usize) -> bool {
    let line = line(city, phone);
    let plays = line.remote_rtp.and_then(|port| city.workers[0].plays_at(port));
    line.way.receives() && matches!(plays, Some(Playout::Music { .. }))
}

fn hang_up_and_finish(city: &mut City) {
    city.act(CALLER, |phone, now| phone.hang_up(now, 0));
    city.finish();
    assert_eq!(log(city), ["caller 200 normal remote", "callee 200 normal peer"]);
    city.check_talk(millis(100));
}
