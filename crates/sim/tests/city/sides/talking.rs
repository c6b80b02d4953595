//! What one does in a conversation.

use super::*;
use call::{Command, RecordingOrder, facts::CallState};
use media::Playout;
use sim::{AudioWay, Manner, Recorded, SUPERVISOR};

// === Hold ===

#[test]
fn whoever_holds_by_its_phone_is_a_carrier_or_not_and_so_is_who_waits() {
    for sides in Sides::of_two() {
        for has_hold_music in [true, false] {
            for holder in [ACTOR, PEER] {
                let waits = ACTOR + PEER - holder;
                let mut city = sides.talking_in(Plot { has_hold_music, ..Plot::default() });
                city.act(holder, |phone, now| phone.hold(now, 0));
                city.wait(secs(1));
                assert_eq!(line(&city, holder).changes, [200], "{sides:?}: {}", city.story());
                assert_eq!(
                    hears_music(&city, waits),
                    has_hold_music,
                    "{sides:?}: {}",
                    city.story()
                );
                assert_eq!(
                    line(&city, waits).way,
                    AudioWay::RecvOnly,
                    "{sides:?}: {}",
                    city.story()
                );
                assert_eq!(city.shards[0].views()[0].state, CallState::Held);

                city.act(holder, |phone, now| phone.resume(now, 0));
                city.wait(secs(1));
                assert!(talk(&city, ACTOR, PEER), "{sides:?} {holder}: {}", city.story());
                hang_up_all(city);
            }
        }
    }
}

#[test]
fn both_hold_by_their_phones_and_come_back_one_after_the_other() {
    for sides in Sides::of_two() {
        for apart in moments(6) {
            for has_hold_music in [true, false] {
                let mut city = sides.talking_in(Plot { has_hold_music, ..Plot::default() });
                city.act(ACTOR, |phone, now| phone.hold(now, 0));
                city.wait(apart);
                city.act(PEER, |phone, now| phone.hold(now, 0));
                city.wait(secs(3));
                for phone in [PEER, ACTOR] {
                    city.act(phone, |phone, now| phone.resume(now, 0));
                    city.wait(secs(3));
                }
                assert!(talk(&city, ACTOR, PEER), "{sides:?} {apart:?}: {}", city.story());
                hang_up_all(city);
            }
        }
    }
}

#[test]
fn changes_of_media_that_cross_each_other_leave_the_two_talking() {
    // Refreshed as carriers do, with an offer and without; and held for good.
    let change = |city: &mut City, phone: usize, n: usize| {
        city.act(phone, |phone, now| match n {
            0 => phone.reinvite(now, 0, AudioWay::SendRecv),
            1 => phone.reinvite_late(now, 0),
            _ => phone.reinvite(now, 0, AudioWay::Inactive),
        });
    };
    for sides in Sides::of_two() {
        for (first, second) in [(ACTOR, PEER), (PEER, ACTOR), (PEER, PEER)] {
            for (a, b) in [(0, 0), (0, 1), (1, 0), (1, 1), (0, 2), (2, 1)] {
                for apart in moments(4) {
                    let mut city = sides.talking();
                    change(&mut city, first, a);
                    // One phone waits for its answer before it asks again.
                    city.wait(if first == second { millis(200) } else { apart });
                    change(&mut city, second, b);
                    city.wait(secs(2));
                    for phone in [ACTOR, PEER] {
                        city.act(phone, |phone, now| phone.resume(now, 0));
                        city.wait(secs(2));
                    }
                    let case = format!("{sides:?} {first} {a} {second} {b} {apart:?}");
                    assert!(talk(&city, ACTOR, PEER), "{case}: {}", city.story());
                    hang_up_all(city);
                }
            }
        }
    }
}

#[test]
fn one_holds_by_command() {
    for sides in Sides::of_two() {
        let mut city = sides.talking();
        assert_eq!(order(&mut city, "1001", Command::Hold), Ok(()));
        assert!(hears_music(&city, PEER), "{sides:?}: {}", city.story());
        assert_eq!(line(&city, PEER).changes, []);
        assert_eq!(order(&mut city, "1001", Command::Resume), Ok(()));
        assert!(talk(&city, ACTOR, PEER), "{sides:?}: {}", city.story());
        hang_up_all(city);
    }
}

// === Transfers ===

#[test]
fn the_peer_is_handed_on_to_the_third_by_phone_and_by_command() {
    for sides in Sides::all() {
        for by_command in [false, true] {
            let mut city = sides.talking();
            hand_on(&mut city, sides.third_number(), by_command);
            city.wait(secs(5));
            assert!(talk(&city, PEER, THIRD), "{sides:?}: {}", city.story());
            assert!(is_free(&city, ACTOR), "{sides:?}: {}", city.story());
            let told: &[u16] = if by_command { &[] } else { &[100, 180, 200] };
            assert_eq!(line(&city, ACTOR).notified, told, "{sides:?}");
            city.act(PEER, |phone, now| phone.hang_up(now, 0));
            city.wait(secs(1));
            assert!(is_free(&city, THIRD), "{sides:?}: {}", city.story());
            city.finish();
            assert!(city.cdrs.iter().all(|it| it.call == city.cdrs[0].call), "one story");
        }
    }
}

#[test]
fn a_third_that_is_busy_or_declines_gives_the_peer_back() {
    for sides in Sides::all() {
        for by_command in [false, true] {
            for status in [486, 603, 503] {
                let mut city = sides.talking();
                city.phones[THIRD].manner = Manner::refuses_after(secs(1), status);
                hand_on(&mut city, sides.third_number(), by_command);
                city.wait(secs(5));
                assert!(talk(&city, ACTOR, PEER), "{sides:?} {status}: {}", city.story());
                if !by_command {
                    let last = line(&city, ACTOR).notified.last();
                    assert!(last.is_some_and(|it| *it >= 400), "{sides:?} {status}: {last:?}");
                }
                hang_up_all(city);
            }
        }
    }
}

#[test]
fn whoever_hands_on_and_leaves_is_rung_if_the_third_is_busy() {
    for sides in Sides::all() {
        let mut city = sides.talking();
        city.phones[THIRD].manner = Manner::refuses_after(secs(2), 486);
        hand_on(&mut city, sides.third_number(), false);
        city.wait(millis(200));
        city.act(ACTOR, |phone, now| phone.hang_up(now, 0));
        city.wait(secs(6));
        assert_eq!(city.phones[ACTOR].lines.len(), 2, "{sides:?}: {}", city.story());
        assert!(talk(&city, ACTOR, PEER), "{sides:?}: {}", city.story());
        hang_up_all(city);
    }
}

#[test]
fn whoever_hands_on_hears_that_its_peer_has_left_before_anybody_answered() {
    for sides in Sides::all() {
        let mut city = sides.talking();
        city.phones[THIRD].manner = Manner::ignores();
        hand_on(&mut city, sides.third_number(), false);
        city.wait(secs(1));
        city.act(PEER, |phone, now| phone.hang_up(now, 0));
        city.wait(secs(1));
        let told = &line(&city, ACTOR).notified;
        assert_eq!(told, &[100, 180, 487], "{sides:?}: {}", city.story());
        assert!([ACTOR, THIRD].iter().all(|it| is_free(&city, *it)), "{sides:?}: {}", city.story());
        city.finish();
    }
}

#[test]
fn two_calls_of_one_phone_become_one_whoever_called_whom() {
    for sides in Sides::all() {
        for third_calls in [false, true] {
            for (by, other) in [(0, 1), (1, 0)] {
                let mut city = with_second_call(sides, third_calls);
                city.act(ACTOR, |phone, now| phone.refer_to_line(now, by, other));
                city.wait(secs(3));
                let case = format!("{sides:?} {third_calls} {by}");
                assert!(talk(&city, PEER, THIRD), "{case}: {}", city.story());
                assert!(is_free(&city, ACTOR), "{case}: {}", city.story());
                assert_eq!(city.phones[ACTOR].lines[by].notified, [100, 200], "{case}");
                assert_eq!(city.shards[0].views().len(), 1, "{case}: two calls became one");
                city.act(THIRD, |phone, now| phone.hang_up(now, 0));
                city.wait(secs(2));
                assert!(is_free(&city, PEER), "{case}: {}", city.story());
                city.finish();
            }
        }
    }
}

#[test]
fn a_second_call_that_still_rings_is_handed_over_as_it_is() {
    for sides in Sides::all() {
        let mut city = sides.talking();
        city.phones[THIRD].manner = Manner::answers_after(secs(6));
        city.act(ACTOR, |phone, now| phone.hold(now, 0));
        city.wait(secs(1));
        city.dial(ACTOR, sides.third_number());
        city.wait(secs(2));
        city.act(ACTOR, |phone, now| phone.refer_to_line(now, 0, 1));
        city.wait(secs(1));
        assert!(is_free(&city, ACTOR), "{sides:?}: {}", city.story());
        let hears = played(&city, PEER);
        assert!(matches!(hears, Some(Playout::Loop { .. })), "{sides:?}: {}", city.story());
        city.wait(secs(6));
        assert!(talk(&city, PEER, THIRD), "{sides:?}: {}", city.story());
        hang_up_all(city);
    }
}

// === Consultations ===

#[test]
fn one_asks_the_third_goes_to_and_fro_and_connects_or_goes_back() {
    for sides in Sides::all() {
        let mut city = consulting(sides);
        assert!(talk(&city, ACTOR, THIRD) && hears_music(&city, PEER), "{}", city.story());
        for (talks, waits) in [(PEER, THIRD), (THIRD, PEER)] {
            assert_eq!(order(&mut city, "1001", Command::Swap), Ok(()));
            assert!(talk(&city, ACTOR, talks), "{sides:?}: {}", city.story());
            assert!(hears_music(&city, waits), "{sides:?}: {}", city.story());
        }
        assert_eq!(order(&mut city, "1001", Command::Complete), Ok(()));
        city.wait(secs(1));
        assert!(talk(&city, PEER, THIRD) && is_free(&city, ACTOR), "{sides:?}: {}", city.story());
        hang_up_all(city);

        for has_swapped in [false, true] {
            let mut city = consulting(sides);
            if has_swapped {
                assert_eq!(order(&mut city, "1001", Command::Swap), Ok(()));
            }
            assert_eq!(order(&mut city, "1001", Command::Cancel), Ok(()));
            city.wait(secs(1));
            assert!(talk(&city, ACTOR, PEER), "{sides:?}: {}", city.story());
            assert!(is_free(&city, THIRD), "{sides:?}: {}", city.story());
            hang_up_all(city);
        }
    }
}

#[test]
fn a_consultation_is_given_up_or_handed_over_while_it_rings() {
    for sides in Sides::all() {
        for command in [Command::Cancel, Command::Complete] {
            let mut city = sides.talking();
            city.phones[THIRD].manner = Manner::answers_after(secs(4));
            let consult = Command::Consult(sides.third_number().to_owned());
            assert_eq!(order(&mut city, "1001", consult), Ok(()));
            city.wait(secs(2));
            assert_eq!(order(&mut city, "1001", command.clone()), Ok(()));
            city.wait(secs(4));
            let (stays, leaves) =
                if command == Command::Cancel { (ACTOR, THIRD) } else { (THIRD, ACTOR) };
            assert!(talk(&city, PEER, stays), "{sides:?} {command:?}: {}", city.story());
            assert!(is_free(&city, leaves), "{sides:?} {command:?}: {}", city.story());
            hang_up_all(city);
        }
    }
}

#[test]
fn three_talk_and_two_are_left_whoever_leaves() {
    for sides in Sides::all() {
        for leaves in [ACTOR, PEER, THIRD] {
            let mut city = consulting(sides);
            assert_eq!(order(&mut city, "1001", Command::ThreeWay), Ok(()));
            let heard_by = [ACTOR, PEER, THIRD].map(|it| audience(&city, it));
            assert_eq!(heard_by, [2, 2, 2], "{sides:?}: {}", city.story());
            city.act(leaves, |phone, now| phone.hang_up(now, 0));
            city.wait(secs(1));
            let others: Vec<_> =
                [ACTOR, PEER, THIRD].into_iter().filter(|it| *it != leaves).collect();
            assert!(talk(&city, others[0], others[1]), "{sides:?} {leaves}: {}", city.story());
            hang_up_all(city);
        }
    }
}

#[test]
fn nobody_who_answers_the_question_gives_the_peer_back() {
    for sides in Sides::all() {
        for status in [486, 603] {
            let mut city = sides.talking();
            city.phones[THIRD].manner = Manner::refuses_after(secs(1), status);
            let consult = Command::Consult(sides.third_number().to_owned());
            assert_eq!(order(&mut city, "1001", consult), Ok(()));
            city.wait(secs(4));
            assert!(talk(&city, ACTOR, PEER), "{sides:?} {status}: {}", city.story());
            hang_up_all(city);
        }
    }
}

// === Second calls ===

#[test]
fn a_second_call_waits_beside_the_first_and_either_may_end() {
    for sides in Sides::all() {
        for third_calls in [false, true] {
            for ends_first in [PEER, THIRD] {
                let mut city = with_second_call(sides, third_calls);
                let case = format!("{sides:?} {third_calls} {ends_first}");
                assert!(talk(&city, ACTOR, THIRD), "{case}: {}", city.story());
                assert!(hears_music(&city, PEER), "{case}: {}", city.story());
                assert_eq!(city.shards[0].views().len(), 2);
                city.act(ends_first, |phone, now| phone.hang_up(now, 0));
                city.wait(secs(1));
                if ends_first == THIRD {
                    city.act(ACTOR, |phone, now| phone.resume(now, 0));
                    city.wait(secs(1));
                }
                let stays = PEER + THIRD - ends_first;
                assert!(talk(&city, ACTOR, stays), "{case}: {}", city.story());
                hang_up_all(city);
            }
        }
    }
}

// === Recordings ===

#[test]
fn a_call_with_a_carrier_is_recorded_by_command_and_goes_on_with_whoever_talks_then() {
    for sides in Sides::all() {
        let mut city = sides.talking();
        let call = city.shards[0].views()[0].id;
        let record =
            |city: &mut City, it| city.operate(0, |calls, now| calls.record(now, call, it));
        assert_eq!(record(&mut city, RecordingOrder::Start), Ok(()));
        let [Recorded { parties, is_paused: false, .. }] = &recorded(&city)[..] else {
            panic!("{sides:?}: {:?}", recorded(&city));
        };
        let both =
            if sides.calls { ["1001", sides.peer_shown()] } else { [sides.peer_shown(), "1001"] };
        assert_eq!(parties, &both, "{sides:?}");
        assert_eq!(record(&mut city, RecordingOrder::Pause), Ok(()));
        assert!(recorded(&city)[0].is_paused, "{sides:?}");
        assert_eq!(record(&mut city, RecordingOrder::Resume), Ok(()));

        hand_on(&mut city, sides.third_number(), false);
        city.wait(secs(5));
        assert!(talk(&city, PEER, THIRD), "{sides:?}: {}", city.story());
        let running = recorded(&city);
        assert_eq!(running.len(), 1, "{sides:?}: {running:?}");
        assert_eq!(running[0].parties[0], sides.peer_shown(), "{sides:?}: {running:?}");
        assert_eq!(record(&mut city, RecordingOrder::Stop), Ok(()));
        assert_eq!(recorded(&city), []);
        hang_up_all(city);
    }
}

// === Supervision ===

#[test]
fn a_carrier_hears_nothing_of_a_whisper_and_a_supervisor_that_joins_in() {
    for sides in Sides::of_two() {
        let mut city = sides.talking();
        let supervisor = city.add_registered(SUPERVISOR);
        city.dial(supervisor, "*441001");
        city.wait(secs(2));
        let [actor, peer] = [ACTOR, PEER].map(|it| line(&city, it).rtp);
        let both = if sides.calls { vec![actor, peer] } else { vec![peer, actor] };
        let taps = |city: &City| {
            let port = line(city, supervisor).remote_rtp?;
            city.workers.iter().find_map(|it| it.taps_at(port))
        };
        for (key, heard_by) in [
            ('4', vec![]),
            ('5', vec![actor]),
            ('6', both.clone()),
            ('5', vec![actor]),
            ('4', vec![]),
        ] {
            city.press(supervisor, 0, key);
            city.wait(secs(1));
            let expected = Some([both.clone(), heard_by]);
            assert_eq!(taps(&city), expected, "{sides:?} after {key}: {}", city.story());
            assert!(talk(&city, ACTOR, PEER), "{sides:?}: {}", city.story());
        }
        city.act(PEER, |phone, now| phone.hang_up(now, 0));
        city.wait(secs(2));
        assert!(is_free(&city, supervisor), "{sides:?}: {}", city.story());
        city.finish();
    }
}

/// The actor hands its peer on.
fn hand_on(city: &mut City, to: &str, by_command: bool) {
    if by_command {
        assert_eq!(order(city, "1001", Command::Transfer(to.to_owned())), Ok(()));
    } else {
        city.act(ACTOR, |phone, now| phone.refer(now, 0, to));
    }
}

/// The actor talks to the third, and its peer waits.
fn consulting(sides: Sides) -> City {
    let mut city = sides.talking();
    let consult = Command::Consult(sides.third_number().to_owned());
    assert_eq!(order(&mut city, "1001", consult), Ok(()));
    city.wait(secs(4));
    assert!(talk(&city, ACTOR, THIRD), "{sides:?}: {}", city.story());
    city
}

/// The actor holds its peer by its phone, and talks to the third on a second line.
fn with_second_call(sides: Sides, third_calls: bool) -> City {
    let mut city = sides.talking();
    city.act(ACTOR, |phone, now| phone.hold(now, 0));
    city.wait(secs(1));
    if third_calls {
        sides.let_third_call(&mut city);
    } else {
        city.dial(ACTOR, sides.third_number());
    }
    city.wait(secs(4));
    assert!(talk(&city, ACTOR, THIRD), "{sides:?} {third_calls}: {}", city.story());
    city
}

fn recorded(city: &City) -> Vec<Recorded> {
    city.workers.iter().flat_map(sim::Worker::recordings).collect()
}
