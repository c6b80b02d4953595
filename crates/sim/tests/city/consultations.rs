//! Commands in one's own call: hold, consultation, and what both others and the network do meanwhile.

use crate::support::*;
use call::{Command, CommandRefusal, facts::CallState, facts::LegState};
use media::Playout;
use sim::{City, LineState, Manner, Plot};

#[test]
fn whoever_is_put_on_hold_by_command_hears_music_until_it_is_talked_to_again() {
    for by in [0, 1] {
        let (number, other) = (NUMBERS[by], 1 - by);
        let mut city = talking_trio();
        assert_eq!(order(&mut city, number, Command::Hold), Ok(()));
        assert!(hears_music(&city, other), "{}", city.story());
        assert!(is_listened_to(&city, by), "and the holder nothing: {}", city.story());
        assert_eq!(state(&city), CallState::Held);
        assert_eq!(order(&mut city, number, Command::Hold), Ok(()), "twice is once");
        assert_eq!(city.phones[other].lines[0].changes, [], "no phone is asked");

        assert_eq!(order(&mut city, number, Command::Resume), Ok(()));
        assert!(talk(&city, 0, 1), "{}", city.story());
        assert_eq!(order(&mut city, number, Command::Resume), Ok(()), "twice is once");
        assert!(talk(&city, 0, 1), "{}", city.story());
        assert_eq!(state(&city), CallState::Talking);
        hang_up_all(city);
    }
}

#[test]
fn both_hold_by_command_and_one_by_its_phone_too() {
    let mut city = talking_trio();
    for number in ["1001", "1002"] {
        assert_eq!(order(&mut city, number, Command::Hold), Ok(()));
    }
    assert!(hears_music(&city, 0) && hears_music(&city, 1), "{}", city.story());
    assert_eq!(order(&mut city, "1001", Command::Resume), Ok(()));
    assert!(hears_music(&city, 0), "the other holds on: {}", city.story());
    city.act(1, |phone, now| phone.hold(now, 0));
    city.wait(secs(1));
    assert_eq!(order(&mut city, "1002", Command::Resume), Ok(()));
    assert!(hears_music(&city, 0), "its phone holds on: {}", city.story());
    city.act(1, |phone, now| phone.resume(now, 0));
    city.wait(secs(1));
    assert!(talk(&city, 0, 1), "{}", city.story());
    hang_up_all(city);
}

#[test]
fn what_is_not_one_s_own_call_or_not_so_far_is_refused_and_changes_nothing() {
    use CommandRefusal::{NotAnswered, NotConsulting, NotTalking, ToItself, UnderWay};
    let mut city = talking_trio();
    let consult = |to: &str| Command::Consult(to.to_owned());
    for (by, command, refusal) in [
        ("1003", Command::Hold, NotTalking),
        ("1003", consult("1001"), NotTalking),
        ("1001", consult("1002"), ToItself),
        ("1001", consult("1001"), ToItself),
        ("1001", Command::Swap, NotConsulting),
        ("1001", Command::Complete, NotConsulting),
        ("1001", Command::Cancel, NotConsulting),
        ("1001", Command::ThreeWay, NotConsulting),
    ] {
        assert_eq!(order(&mut city, by, command.clone()), Err(refusal), "{by} {command:?}");
    }
    assert!(talk(&city, 0, 1), "{}", city.story());
    assert_eq!(order(&mut city, "1001", consult("1003")), Ok(()));
    city.wait(secs(1));
    for (by, command, refusal) in [
        ("1001", consult("1004"), NotTalking),
        ("1001", Command::Hold, NotTalking),
        ("1001", Command::Swap, NotAnswered),
        ("1001", Command::ThreeWay, NotAnswered),
        ("1002", Command::Complete, NotConsulting),
        ("1002", Command::Hold, NotTalking),
    ] {
        assert_eq!(order(&mut city, by, command.clone()), Err(refusal), "{by} {command:?}");
    }
    city.wait(secs(3));
    for (by, command, refusal) in [
        ("1001", consult("1004"), UnderWay),
        ("1001", Command::Transfer("1004".to_owned()), UnderWay),
        ("1003", consult("1004"), UnderWay),
        ("1002", Command::Hold, NotTalking),
        ("1003", Command::Cancel, NotConsulting),
    ] {
        assert_eq!(order(&mut city, by, command.clone()), Err(refusal), "{by} {command:?}");
    }
    assert!(talk(&city, 0, 2) && hears_music(&city, 1), "{}", city.story());
    // Nor by a phone.
    city.act(2, |phone, now| phone.refer(now, 0, "1004"));
    city.act(0, |phone, now| phone.refer(now, 0, "1004"));
    city.wait(secs(1));
    assert_eq!([0, 2].map(|it| city.phones[it].odd_statuses.clone()), [vec![491], vec![491]]);
    hang_up_all(city);
}

#[test]
fn a_phone_that_holds_by_itself_consults_nobody() {
    let mut city = talking_trio();
    city.act(0, |phone, now| phone.hold(now, 0));
    city.wait(secs(1));
    let consult = Command::Consult("1003".to_owned());
    assert_eq!(order(&mut city, "1001", consult), Err(CommandRefusal::HeldByPhone));
    city.act(0, |phone, now| phone.resume(now, 0));
    city.wait(secs(1));
    assert!(talk(&city, 0, 1), "{}", city.story());
    hang_up_all(city);
}

#[test]
fn the_first_waits_with_music_while_somebody_else_is_asked_and_comes_back() {
    for by in [0, 1] {
        let (first, mut city) = (1 - by, consulting_by(by));
        assert!(matches!(played(&city, by), Some(Playout::Loop { .. })), "{}", city.story());
        assert!(hears_music(&city, first), "{}", city.story());
        assert_eq!((state(&city), legs(&city)[first]), (CallState::Ringing, LegState::Waiting));
        city.wait(secs(3));
        assert!(talk(&city, by, 2) && hears_music(&city, first), "{}", city.story());
        assert_eq!(legs(&city)[first], LegState::Waiting);
        assert_eq!(city.phones[by].lines.len(), 1, "one leg does for both");

        assert_eq!(order(&mut city, NUMBERS[by], Command::Cancel), Ok(()));
        assert!(talk(&city, by, first), "{}", city.story());
        city.wait(secs(1));
        assert_eq!(line(&city, 2).state, LineState::Ended, "{}", city.story());
        let again = order(&mut city, NUMBERS[by], Command::Cancel);
        assert_eq!(again, Err(CommandRefusal::NotConsulting));
        // And once more.
        assert_eq!(order(&mut city, NUMBERS[by], Command::Consult("1003".to_owned())), Ok(()));
        city.wait(secs(4));
        assert!(talk(&city, by, 2), "{}", city.story());
        hang_up_all(city);
    }
}

#[test]
fn one_goes_to_and_fro_between_two_and_connects_them() {
    let mut city = consulted();
    for (talks, waits) in [(1, 2), (2, 1), (1, 2)] {
        assert_eq!(order(&mut city, "1001", Command::Swap), Ok(()));
        assert!(talk(&city, 0, talks) && hears_music(&city, waits), "{}", city.story());
    }
    assert_eq!(order(&mut city, "1001", Command::Complete), Ok(()));
    assert!(talk(&city, 1, 2), "{}", city.story());
    city.wait(secs(1));
    assert_eq!(line(&city, 0).state, LineState::Ended);
    assert_eq!(order(&mut city, "1001", Command::Complete), Err(CommandRefusal::NotConsulting));
    city.act(1, |phone, now| phone.hang_up(now, 0));
    city.wait(secs(1));
    city.finish();
    let expected =
        ["caller 200 transferred system", "callee 200 normal remote", "callee 200 normal peer"];
    assert_eq!(log(&city), expected);
}

#[test]
fn what_still_rings_is_handed_over_as_it_is() {
    // It answers, or rings whoever handed it over when it does not.
    for answers in [true, false] {
        let mut city = talking_trio();
        city.phones[2].manner = if answers {
            Manner::answers_after(secs(6))
        } else {
            Manner::refuses_after(secs(6), 486)
        };
        assert_eq!(order(&mut city, "1001", Command::Consult("1003".to_owned())), Ok(()));
        city.wait(secs(2));
        assert_eq!(order(&mut city, "1001", Command::Complete), Ok(()));
        city.wait(secs(1));
        assert_eq!(city.phones[0].lines[0].state, LineState::Ended);
        assert!(matches!(played(&city, 1), Some(Playout::Loop { .. })), "{}", city.story());
        city.wait(secs(6));
        assert!(talk(&city, 1, if answers { 2 } else { 0 }), "{answers}: {}", city.story());
        if !answers {
            let from = line(&city, 0).header("From").expect("it was called");
            assert!(from.contains("1002"), "whoever waits for it calls: {from}");
        }
        hang_up_all(city);
    }
}

#[test]
fn keys_of_whoever_waits_mean_nothing_to_what_is_consulted() {
    let mut city = talking_trio();
    assert_eq!(order(&mut city, "1001", Command::Consult("6500".to_owned())), Ok(()));
    city.wait(secs(1));
    finish_words(&mut city, 0);
    press(&mut city, 1, "1");
    city.wait(secs(2));
    assert!(is_spoken_to(&city, 0), "it is asked still: {}", city.story());
    assert!(hears_music(&city, 1));
    assert_eq!(order(&mut city, "1001", Command::Cancel), Ok(()));
    assert!(talk(&city, 0, 1), "{}", city.story());
    hang_up_all(city);
}

#[test]
fn what_answers_by_itself_is_where_the_first_goes_in_the_end() {
    for (number, at) in [("3001", CallState::Conference), ("9664", CallState::Playing)] {
        for hangs_up in [false, true] {
            let mut city = talking_trio();
            assert_eq!(order(&mut city, "1001", Command::Consult(number.to_owned())), Ok(()));
            city.wait(secs(1));
            assert_eq!(state(&city), at, "{number}: {}", city.story());
            if hangs_up {
                city.act(0, |phone, now| phone.hang_up(now, 0));
            } else {
                assert_eq!(order(&mut city, "1001", Command::Complete), Ok(()));
            }
            city.wait(secs(1));
            assert_eq!(line(&city, 0).state, LineState::Ended);
            assert_eq!(line(&city, 1).state, LineState::Talking);
            assert_eq!(state(&city), at, "{number}: {}", city.story());
            hang_up_all(city);
        }
        let mut city = talking_trio();
        assert_eq!(order(&mut city, "1001", Command::Consult(number.to_owned())), Ok(()));
        city.wait(secs(1));
        assert_eq!(order(&mut city, "1001", Command::Cancel), Ok(()));
        assert!(talk(&city, 0, 1), "{number}: {}", city.story());
        hang_up_all(city);
    }
    // What ends by itself gives the first back.
    let mut city = talking_trio();
    assert_eq!(order(&mut city, "1001", Command::Consult("9198".to_owned())), Ok(()));
    city.wait(secs(1));
    finish_words(&mut city, 0);
    assert!(talk(&city, 0, 1), "{}", city.story());
    hang_up_all(city);
}

#[test]
fn nobody_who_answers_gives_the_first_back() {
    for (to, manner) in [
        ("1003", Manner::refuses_after(secs(1), 486)),
        ("1003", Manner::refuses_after(secs(1), 603)),
        ("1003", Manner::ignores()),
        ("1009", Manner::ignores()),
        ("1099", Manner::ignores()),
        ("701", Manner::ignores()),
    ] {
        let mut city = talking_trio();
        city.phones[2].manner = manner;
        assert_eq!(order(&mut city, "1001", Command::Consult(to.to_owned())), Ok(()));
        city.wait(secs(35));
        assert!(talk(&city, 0, 1), "{to} {manner:?}: {}", city.story());
        assert_eq!(state(&city), CallState::Talking);
        hang_up_all(city);
    }
}

#[test]
fn whoever_of_the_two_hangs_up_leaves_a_call_of_the_others() {
    // The one who is asked, and the one who waits; before and after they change places.
    for has_swapped in [false, true] {
        for leaves in [1, 2] {
            let (mut city, stays) = (consulted(), 3 - leaves);
            if has_swapped {
                assert_eq!(order(&mut city, "1001", Command::Swap), Ok(()));
            }
            city.act(leaves, |phone, now| phone.hang_up(now, 0));
            city.wait(secs(1));
            assert!(talk(&city, 0, stays), "{has_swapped} {leaves}: {}", city.story());
            let refused = order(&mut city, "1001", Command::Swap);
            assert_eq!(refused, Err(CommandRefusal::NotConsulting));
            city.act(stays, |phone, now| phone.hang_up(now, 0));
            city.wait(secs(1));
            assert_eq!(line(&city, 0).state, LineState::Ended, "{}", city.story());
            city.finish();
        }
    }
    // While it rings.
    let mut city = consulting_by(0);
    city.act(1, |phone, now| phone.hang_up(now, 0));
    city.wait(secs(4));
    assert!(talk(&city, 0, 2), "{}", city.story());
    hang_up_all(city);
}

#[test]
fn whoever_asks_hangs_up_and_connects_the_two_or_ends_the_call_as_is_set() {
    for others_stay in [true, false] {
        for rings in [true, false] {
            let mut city = trio_in(Plot { others_stay, has_hold_music: true, ..Plot::default() });
            assert_eq!(order(&mut city, "1001", Command::Consult("1003".to_owned())), Ok(()));
            city.wait(secs(if rings { 1 } else { 4 }));
            city.act(0, |phone, now| phone.hang_up(now, 0));
            city.wait(secs(4));
            assert_eq!(talk(&city, 1, 2), others_stay, "{rings}: {}", city.story());
            hang_up_all(city);
        }
    }
}

#[test]
fn three_talk_and_two_are_left_when_one_leaves() {
    for leaves in [0, 1, 2] {
        let mut city = consulted();
        assert_eq!(order(&mut city, "1001", Command::ThreeWay), Ok(()));
        assert_eq!([0, 1, 2].map(|it| audience(&city, it)), [2, 2, 2], "{}", city.story());
        assert_eq!(state(&city), CallState::Conference);
        assert!(city.shards[0].views().len() == 1, "no room of any number: {}", city.story());
        let refused = order(&mut city, "1001", Command::Swap);
        assert_eq!(refused, Err(CommandRefusal::NotAnswered));
        // A phone may hold and come back.
        city.act(1, |phone, now| phone.hold(now, 0));
        city.wait(secs(1));
        city.act(1, |phone, now| phone.resume(now, 0));
        city.wait(secs(1));
        assert_eq!([0, 1, 2].map(|it| audience(&city, it)), [2, 2, 2], "{}", city.story());

        city.act(leaves, |phone, now| phone.hang_up(now, 0));
        city.wait(secs(1));
        let others: Vec<_> = (0..3).filter(|it| *it != leaves).collect();
        assert!(talk(&city, others[0], others[1]), "{leaves}: {}", city.story());
        hang_up_all(city);
    }
    let plot = Plot { others_stay: false, ..Plot::default() };
    let mut city = trio_in(plot);
    assert_eq!(order(&mut city, "1001", Command::Consult("1003".to_owned())), Ok(()));
    city.wait(secs(4));
    assert_eq!(order(&mut city, "1001", Command::ThreeWay), Ok(()));
    city.act(0, |phone, now| phone.hang_up(now, 0));
    city.wait(secs(1));
    assert!([1, 2].iter().all(|it| line(&city, *it).state == LineState::Ended));
    city.finish();
}

#[test]
fn of_three_the_one_who_brought_them_together_leaves_or_sends_the_guest_away() {
    for (command, left) in [(Command::Complete, [1, 2]), (Command::Cancel, [0, 1])] {
        let mut city = consulted();
        assert_eq!(order(&mut city, "1001", Command::ThreeWay), Ok(()));
        assert_eq!(order(&mut city, "1001", command), Ok(()));
        city.wait(secs(1));
        assert!(talk(&city, left[0], left[1]), "{}", city.story());
        hang_up_all(city);
    }
}

#[test]
fn a_recording_goes_on_with_whoever_talks() {
    let mut city = talking_trio();
    let call = city.shards[0].views()[0].id;
    let start = call::RecordingOrder::Start;
    assert_eq!(city.operate(0, |shard, now| shard.record(now, call, start)), Ok(()));
    assert_eq!(order(&mut city, "1001", Command::Consult("1003".to_owned())), Ok(()));
    city.wait(secs(4));
    assert_eq!(recorded(&city), [["1001", "1003"]], "{}", city.story());
    assert_eq!(order(&mut city, "1001", Command::Swap), Ok(()));
    assert_eq!(recorded(&city), [["1001", "1002"]], "{}", city.story());
    assert_eq!(order(&mut city, "1001", Command::ThreeWay), Ok(()));
    assert_eq!(recorded(&city), [["1001", "1002"]], "as 1001 hears it: {}", city.story());
    assert_eq!(order(&mut city, "1001", Command::Complete), Ok(()));
    assert_eq!(recorded(&city), [["1002", "1003"]], "{}", city.story());
    hang_up_all(city);
}

#[test]
fn a_far_side_behind_a_trunk_is_held_asked_and_connected_like_any_other() {
    let mut city = city_with(Plot { has_hold_music: true, ..Plot::default() });
    city.add_registered("1001");
    city.add_registered("1002");
    city.add_provider("+79161234567");
    city.act(2, |phone, now| phone.dial_uri(now, "sip:74950000001@10.0.0.1", true));
    city.wait(secs(4));
    assert_eq!(order(&mut city, "1001", Command::Hold), Ok(()));
    assert!(hears_music(&city, 2), "{}", city.story());
    assert_eq!(order(&mut city, "1001", Command::Consult("1002".to_owned())), Ok(()));
    city.wait(secs(4));
    assert!(talk(&city, 0, 1) && hears_music(&city, 2), "{}", city.story());
    assert_eq!(order(&mut city, "1001", Command::Complete), Ok(()));
    assert!(talk(&city, 1, 2), "{}", city.story());
    hang_up_all(city);

    // And one that is asked.
    let mut city = talking_trio();
    let provider = city.add_provider("+79161234567");
    assert_eq!(order(&mut city, "1001", Command::Consult("989161234567".to_owned())), Ok(()));
    city.wait(secs(4));
    assert!(talk(&city, 0, provider) && hears_music(&city, 1), "{}", city.story());
    assert_eq!(order(&mut city, "1001", Command::ThreeWay), Ok(()));
    assert_eq!([0, 1, provider].map(|it| audience(&city, it)), [2, 2, 2], "{}", city.story());
    hang_up_all(city);
}

#[test]
fn a_dead_device_is_let_go_and_the_others_go_on() {
    for (dies, left) in [(0, [1, 2]), (1, [0, 2]), (2, [0, 1])] {
        let mut city = consulted();
        city.act(dies, |phone, now| phone.mute(now));
        city.wait(secs(70));
        assert!(talk(&city, left[0], left[1]), "{dies}: {}", city.story());
        hang_up_all(city);
    }
}

#[test]
fn another_device_of_the_same_number_takes_over_in_a_consultation() {
    let mut city = consulted();
    let other = city.add_registered("1001");
    let replaces = city.phones[0].lines[0].replaces();
    city.phones[other].invite_headers = vec![("Replaces", replaces)];
    city.dial(other, "1003");
    city.wait(secs(2));
    assert!(talk(&city, other, 2) && hears_music(&city, 1), "{}", city.story());
    assert_eq!(order(&mut city, "1001", Command::Swap), Ok(()));
    assert!(talk(&city, other, 1) && hears_music(&city, 2), "{}", city.story());
    hang_up_all(city);
}

#[test]
fn anybody_may_hang_up_at_every_step_and_beside_every_command() {
    let commands =
        [Command::Swap, Command::Complete, Command::Cancel, Command::ThreeWay, Command::Hold];
    for who in 0..3 {
        for delay in [0, 10, 30, 50, 100, 500, 1990, 2030, 2050, 2070, 2200, 4100] {
            for command in &commands {
                for hangs_up_first in [false, true] {
                    let mut city = talking_trio();
                    let consult = Command::Consult("1003".to_owned());
                    assert_eq!(order(&mut city, "1001", consult), Ok(()));
                    city.wait(millis(delay));
                    if !hangs_up_first {
                        let _ = try_order(&mut city, "1001", command.clone());
                    }
                    for line in 0..city.phones[who].lines.len() {
                        city.act(who, |phone, now| phone.hang_up(now, line));
                    }
                    if hangs_up_first {
                        city.wait(millis(15));
                        let _ = try_order(&mut city, "1001", command.clone());
                    }
                    city.wait(secs(10));
                    hang_up_all(city);
                }
            }
        }
    }
}

#[test]
fn both_do_something_at_once() {
    let consult = || Command::Consult("1003".to_owned());
    for delay in [0, 5, 10, 15, 20, 25, 30, 40, 60, 100] {
        for case in 0..4 {
            let mut city = talking_trio();
            match case {
                0 => city.act(1, |phone, now| phone.hold(now, 0)),
                1 => city.act(0, |phone, now| phone.hold(now, 0)),
                2 => city.act(1, |phone, now| phone.refer(now, 0, "1003")),
                _ => city.act(1, |phone, now| phone.hang_up(now, 0)),
            }
            city.wait(millis(delay));
            let _ = try_order(&mut city, "1001", consult());
            city.wait(secs(5));
            let _ = try_order(&mut city, "1001", Command::Complete);
            city.wait(secs(5));
            hang_up_all(city);
        }
    }
    // Both want to consult.
    let mut city = talking_trio();
    assert_eq!(order(&mut city, "1001", consult()), Ok(()));
    assert_eq!(order(&mut city, "1002", consult()), Err(CommandRefusal::NotTalking));
    hang_up_all(city);
}

/// 1001, 1002 and 1003; the first two talk.
fn talking_trio() -> City {
    trio_in(Plot { has_hold_music: true, ..Plot::default() })
}

fn trio_in(plot: Plot) -> City {
    let mut city = city_with(plot);
    for number in NUMBERS {
        city.add_registered(number);
    }
    city.dial(0, "1002");
    city.wait(secs(4));
    assert!(talk(&city, 0, 1), "{}", city.story());
    city
}

/// One of the two calls 1003, which rings.
fn consulting_by(by: usize) -> City {
    let mut city = talking_trio();
    assert_eq!(order(&mut city, NUMBERS[by], Command::Consult("1003".to_owned())), Ok(()));
    city.wait(secs(1));
    city
}

/// 1001 talks to 1003, and 1002 waits.
fn consulted() -> City {
    let mut city = consulting_by(0);
    city.wait(secs(3));
    assert!(talk(&city, 0, 2) && hears_music(&city, 1), "{}", city.story());
    city
}

fn recorded(city: &City) -> Vec<[String; 2]> {
    city.workers.iter().flat_map(sim::Worker::recordings).map(|it| it.parties).collect()
}

fn state(city: &City) -> CallState {
    city.shards[0].views()[0].state
}

fn legs(city: &City) -> Vec<LegState> {
    city.shards[0].views()[0].legs.iter().map(|it| it.state).collect()
}

const NUMBERS: [&str; 3] = ["1001", "1002", "1003"];
