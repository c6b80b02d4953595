//! What becomes of a call that comes in: from a colleague or from a carrier.

use super::*;
use call::facts::CallState;
use sim::{Manner, MessageState};

// === Picked up ===

#[test]
fn a_call_of_a_carrier_is_picked_up_by_colleagues_alone() {
    for sides in Sides::called() {
        for way in [Way::Directed, Way::Group] {
            let mut city = sides.city();
            city.phones[ACTOR].manner = Manner::ignores();
            sides.let_peer_call(&mut city);
            city.wait(secs(1));
            pick_up(&mut city, sides, way);
            city.wait(secs(2));
            if sides.third == Place::Inside {
                assert!(talk(&city, PEER, THIRD), "{sides:?} {way:?}: {}", city.story());
                assert!(is_free(&city, ACTOR), "{sides:?} {way:?}: {}", city.story());
                assert_eq!(city.shards[0].views().len(), 1, "one call of all of them");
            } else {
                let status = line(&city, THIRD).final_status();
                assert!(status.is_some_and(|it| it >= 400), "{sides:?} {way:?}: {}", city.story());
                city.act(ACTOR, |phone, now| phone.answer(now, 0));
                city.wait(secs(1));
                assert!(talk(&city, ACTOR, PEER), "{sides:?} {way:?}: {}", city.story());
            }
            hang_up_all(city);
        }
    }
}

#[test]
fn a_carrier_may_hang_up_as_its_call_is_picked_up() {
    for way in [Way::Directed, Way::Group] {
        for delay in moments(12) {
            let mut city = CARRIER_CALLS.city();
            city.phones[ACTOR].manner = Manner::ignores();
            CARRIER_CALLS.let_peer_call(&mut city);
            city.wait(secs(1));
            pick_up(&mut city, CARRIER_CALLS, way);
            city.wait(delay);
            leave(&mut city, PEER);
            city.wait(secs(3));
            hang_up_all(city);
        }
    }
}

// === Parked ===

#[test]
fn a_call_of_a_carrier_is_parked_and_fetched_by_colleagues_alone() {
    for sides in Sides::all() {
        let mut city = sides.talking();
        city.act(ACTOR, |phone, now| phone.refer(now, 0, "700"));
        city.wait(millis(300));
        assert!(is_spoken_to(&city, ACTOR), "{sides:?}: {}", city.story());
        assert!(hears_music(&city, PEER), "{sides:?}: {}", city.story());
        finish_words(&mut city, ACTOR);
        city.wait(secs(1));
        assert_eq!(line(&city, ACTOR).notified, [100, 200]);
        assert!(is_free(&city, ACTOR), "{sides:?}: {}", city.story());

        let uri = match sides.third {
            Place::Inside => "sip:701@demo.tandem.test",
            Place::Outside => "sip:701@10.0.0.1",
        };
        city.act(THIRD, |phone, now| phone.dial_uri(now, uri, true));
        city.wait(secs(2));
        let mut fetches = THIRD;
        if sides.third == Place::Outside {
            assert_eq!(line(&city, THIRD).final_status(), Some(404), "{}", city.story());
            assert!(hears_music(&city, PEER), "{sides:?}: {}", city.story());
            fetches = ACTOR;
            city.dial(ACTOR, "701");
            city.wait(secs(2));
        }
        assert!(talk(&city, PEER, fetches), "{sides:?}: {}", city.story());
        hang_up_all(city);
    }
}

#[test]
fn a_parked_carrier_comes_back_to_whoever_parked_it() {
    for sides in Sides::of_two() {
        let mut city = parked(sides);
        city.wait(secs(63));
        assert_eq!(city.phones[ACTOR].lines.len(), 2, "{sides:?}: {}", city.story());
        assert!(talk(&city, ACTOR, PEER), "{sides:?}: {}", city.story());
        hang_up_all(city);
    }
}

#[test]
fn a_parked_carrier_may_hang_up_as_it_is_fetched_and_as_it_comes_back() {
    for sides in Sides::of_two() {
        for delay in moments(10) {
            let mut city = parked(sides);
            city.dial(THIRD, "701");
            city.wait(delay);
            leave(&mut city, PEER);
            city.wait(secs(3));
            hang_up_all(city);

            let mut city = parked(sides);
            city.wait(millis(59_500) + 8 * delay);
            leave(&mut city, PEER);
            city.wait(secs(5));
            hang_up_all(city);
        }
    }
}

// === Forwarded ===

#[test]
fn a_call_is_forwarded_inside_or_outside_with_the_right_of_whoever_forwards() {
    for sides in Sides::called() {
        for code in ["*72", "*90", "*92"] {
            for has_right in [true, false] {
                let mut city = sides.city();
                if !has_right {
                    city.set_outbound_classes("1001", &[]);
                }
                forward(&mut city, code, sides.third_number());
                sides.let_peer_call(&mut city);
                city.wait(secs(36));
                let case = format!("{sides:?} {code} {has_right}");
                if has_right || sides.third == Place::Inside {
                    assert!(talk(&city, PEER, THIRD), "{case}: {}", city.story());
                } else {
                    let status = line(&city, PEER).final_status();
                    assert_eq!(status, Some(403), "{case}: {}", city.story());
                    assert!(city.phones[THIRD].lines.is_empty(), "{case}: {}", city.story());
                }
                let has_rung = city.phones[ACTOR].lines.len() > 1;
                assert_eq!(has_rung, code != "*72", "{case}: {}", city.story());
                hang_up_all(city);
            }
        }
    }
}

#[test]
fn a_carrier_may_hang_up_as_its_call_is_forwarded() {
    for third in [Place::Inside, Place::Outside] {
        let sides = Sides { third, ..CARRIER_CALLS };
        for delay in moments(8) {
            // As it is sent on at once, and as the third answers.
            for begin in [secs(0), millis(1900)] {
                let mut city = sides.city();
                forward(&mut city, "*72", sides.third_number());
                sides.let_peer_call(&mut city);
                city.wait(begin + delay);
                leave_for_good(&mut city, PEER);
                assert!(is_free(&city, THIRD), "{sides:?} {delay:?}: {}", city.story());
                hang_up_all(city);
            }
        }
    }
}

// === Not there, or with others ===

#[test]
fn whoever_does_not_want_to_be_disturbed_is_busy_for_carriers_too() {
    for sides in Sides::called() {
        let mut city = sides.city();
        city.dial(ACTOR, "*78");
        city.wait(secs(1));
        finish_words(&mut city, ACTOR);
        city.wait(secs(1));
        sides.let_peer_call(&mut city);
        sides.let_third_call(&mut city);
        city.wait(secs(3));
        for caller in [PEER, THIRD] {
            assert_eq!(line(&city, caller).final_status(), Some(486), "{}", city.story());
        }
        assert_eq!(city.phones[ACTOR].lines.len(), 1, "{sides:?}: {}", city.story());
        // It still calls, and a colleague that holds is back.
        city.dial(ACTOR, sides.peer_number());
        city.wait(secs(4));
        assert!(talk(&city, ACTOR, PEER), "{sides:?}: {}", city.story());
        hang_up_all(city);
    }
}

#[test]
fn a_carrier_rings_a_group_and_whoever_is_first_has_the_call() {
    for (first, other) in [(ACTOR, THIRD), (THIRD, ACTOR)] {
        let mut city = CARRIER_CALLS.city();
        city.phones[other].manner = Manner::answers_after(secs(8));
        call_group(&mut city);
        city.wait(secs(3));
        assert!(talk(&city, PEER, first), "{}", city.story());
        assert!(is_free(&city, other), "{}", city.story());
        hang_up_all(city);
    }
    for status in [486, 603] {
        let mut city = CARRIER_CALLS.city();
        for phone in [ACTOR, THIRD] {
            city.phones[phone].manner = Manner::refuses_after(secs(1), status);
        }
        call_group(&mut city);
        city.wait(secs(3));
        assert_eq!(line(&city, PEER).final_status(), Some(status), "{}", city.story());
        city.finish();
    }
    for delay in moments(70) {
        let mut city = CARRIER_CALLS.city();
        city.phones[THIRD].manner = Manner::answers_after(millis(2010));
        call_group(&mut city);
        city.wait(delay);
        leave_for_good(&mut city, PEER);
        assert!(is_free(&city, ACTOR) && is_free(&city, THIRD), "{delay:?}: {}", city.story());
        hang_up_all(city);
    }
}

// === Called back ===

#[test]
fn a_carrier_leaves_a_message_and_its_owner_calls_back() {
    let mut city = CARRIER_CALLS.city();
    leave_message(&mut city);
    city.act(PEER, |phone, now| phone.hang_up(now, 0));
    city.wait(secs(1));
    let messages = city.mailboxes.messages();
    assert_eq!(messages.len(), 1, "{}", city.story());
    assert_eq!((messages[0].state, messages[0].caller.as_str()), (MessageState::New, SHOWN));

    city.dial(ACTOR, "*97");
    city.wait(secs(1));
    press(&mut city, ACTOR, "13");
    city.wait(secs(4));
    assert!(talk(&city, ACTOR, PEER), "{}", city.story());
    assert_eq!(line(&city, ACTOR).statuses, [200], "it is the same call");
    hang_up_all(city);

    // Whoever may not call out does not in that way either.
    let mut city = CARRIER_CALLS.city();
    city.set_outbound_classes("1001", &[]);
    leave_message(&mut city);
    city.act(PEER, |phone, now| phone.hang_up(now, 0));
    city.wait(secs(1));
    city.dial(ACTOR, "*97");
    city.wait(secs(1));
    press(&mut city, ACTOR, "13");
    city.wait(secs(4));
    assert_eq!(city.phones[PEER].lines.len(), 1, "{}", city.story());
    hang_up_all(city);
}

#[test]
fn a_carrier_may_hang_up_at_every_step_of_a_message() {
    for delay in moments(90) {
        let mut city = CARRIER_CALLS.city();
        leave_message_for(&mut city, delay);
        leave(&mut city, PEER);
        city.wait(secs(2));
        let kept = city.mailboxes.messages().len();
        // The shortest message that is kept lasts two seconds, of which some are over.
        assert!(kept == 1 || delay < millis(2000), "{delay:?}: {}", city.story());
        assert!(kept == 0 || delay > millis(1700), "{delay:?}: {}", city.story());
        city.finish();
    }
}

#[test]
fn numbers_outside_are_called_again_and_called_back() {
    for code in ["*66", "*69"] {
        for has_right in [true, false] {
            let mut city = CARRIER_CALLS.city();
            city.phones[PEER].manner = Manner::answers_after(secs(1));
            city.phones[ACTOR].manner = Manner::ignores();
            if code == "*66" {
                city.dial(ACTOR, CARRIER_CALLS.peer_number());
            } else {
                CARRIER_CALLS.let_peer_call(&mut city);
            }
            city.wait(secs(3));
            leave(&mut city, if code == "*66" { ACTOR } else { PEER });
            city.wait(secs(1));
            if !has_right {
                city.set_outbound_classes("1001", &[]);
            }
            city.dial(ACTOR, code);
            city.wait(secs(4));
            assert_eq!(talk(&city, ACTOR, PEER), has_right, "{code}: {}", city.story());
            if !has_right {
                assert_eq!(line(&city, ACTOR).final_status(), Some(403), "{code}");
            }
            hang_up_all(city);
        }
    }
}

// === Seen ===

#[test]
fn a_lamp_shows_a_party_outside() {
    for sides in Sides::all() {
        let mut city = sides.city();
        let watcher = city.add_registered("1004");
        city.act(watcher, |phone, now| phone.subscribe(now, "1001", "dialog", 300));
        city.wait(secs(1));
        let shows = |city: &City, words: &[&str]| {
            let told = &city.phones[watcher].last_told(0).expect("it was told something").body;
            assert!(words.iter().all(|it| told.contains(it)), "{sides:?} {words:?}: {told}");
        };
        if sides.calls {
            city.dial(ACTOR, sides.peer_number());
            city.wait(secs(1));
            let dialled = format!("sip:{}@", sides.peer_number());
            shows(&city, &["<state>early<", "\"initiator\"", &dialled]);
        } else {
            sides.let_peer_call(&mut city);
            city.wait(secs(1));
            let caller = format!("sip:{}@", sides.peer_shown());
            shows(&city, &["<state>early<", "\"recipient\"", &caller]);
        }
        city.wait(secs(3));
        let peer = format!("sip:{}@", sides.peer_shown());
        shows(&city, &["<state>confirmed<", &peer]);
        city.act(ACTOR, |phone, now| phone.hold(now, 0));
        city.wait(secs(1));
        shows(&city, &["<state>confirmed<", "+sip.rendering", &peer]);
        city.act(PEER, |phone, now| phone.hang_up(now, 0));
        city.wait(secs(1));
        shows(&city, &["<state>terminated<", &peer]);
        city.act(watcher, |phone, now| phone.resubscribe(now, 0, 0));
        city.finish();
    }
}

/// A way to take a call that rings elsewhere.
#[derive(Clone, Copy, Debug)]
enum Way {
    Directed,
    Group,
}

/// The third wants the call that rings at the actor.
fn pick_up(city: &mut City, sides: Sides, way: Way) {
    let host = match sides.third {
        Place::Inside => "demo.tandem.test",
        Place::Outside => "10.0.0.1",
    };
    let number = match way {
        Way::Directed => "*81001",
        Way::Group => "*8",
    };
    let uri = format!("sip:{number}@{host}");
    city.act(THIRD, |phone, now| phone.dial_uri(now, &uri, true));
}

/// The peer is parked, and whoever did it has left.
fn parked(sides: Sides) -> City {
    let mut city = sides.talking();
    city.act(ACTOR, |phone, now| phone.refer(now, 0, "700"));
    city.wait(millis(200));
    city.act(ACTOR, |phone, now| phone.hang_up(now, 0));
    city.wait(secs(1));
    let state = city.shards[0].views()[0].state;
    assert!(matches!(state, CallState::Parked { slot: 701, .. }), "{}", city.story());
    city
}

/// The actor forwards its calls: all, or those that come while it is busy or not there.
fn forward(city: &mut City, code: &str, to: &str) {
    city.dial(ACTOR, &[code, to].concat());
    city.wait(secs(1));
    if code == "*72" {
        finish_words(city, ACTOR);
    }
    city.wait(secs(1));
    city.phones[ACTOR].manner =
        if code == "*90" { Manner::refuses_after(secs(1), 486) } else { Manner::ignores() };
}

fn call_group(city: &mut City) {
    city.act(PEER, |phone, now| phone.dial_uri(now, "sip:74950000060@10.0.0.1", true));
}

/// The carrier says something for 1001.
fn leave_message(city: &mut City) {
    leave_message_for(city, secs(4));
}

/// The same, for so long.
fn leave_message_for(city: &mut City, length: std::time::Duration) {
    city.act(PEER, |phone, now| phone.dial_uri(now, "sip:74950000098@10.0.0.1", true));
    city.wait(secs(1));
    for _ in 0..2 {
        assert!(is_spoken_to(city, PEER), "{}", city.story());
        finish_words(city, PEER);
    }
    city.wait(length);
}

/// A carrier calls, and everybody else is a colleague.
const CARRIER_CALLS: Sides = Sides { calls: false, peer: Place::Outside, third: Place::Inside };
/// How the carrier's caller is shown.
const SHOWN: &str = "+79161234567";
