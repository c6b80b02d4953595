//! Transfers: who hands whom on to whom, and what becomes of it when somebody else acts meanwhile.

use crate::support::*;
use call::{CallOrder, Command, facts::CallState};
use media::Playout;
use sim::{City, LineState, Manner, Plot, Quality};
use std::time::{Duration, Instant};

#[test]
fn either_side_hands_the_other_on_and_leaves_when_it_is_done() {
    for by in [0, 1] {
        let stays = 1 - by;
        let mut city = trio();
        city.act(by, |phone, now| phone.refer(now, 0, "1003"));
        city.wait(secs(1));
        assert_eq!(city.phones[by].odd_statuses, [202]);
        assert_eq!(line(&city, by).notified, [100, 180]);
        assert!(matches!(played(&city, stays), Some(Playout::Loop { .. })), "{}", city.story());
        assert_eq!(city.shards[0].views()[0].state, CallState::Ringing);
        city.wait(secs(4));

        let referred_by = format!("<sip:100{}@demo.tandem.test>", by + 1);
        assert_eq!(line(&city, 2).header("Referred-By"), Some(referred_by.as_str()));
        assert_eq!(line(&city, by).notified, [100, 180, 200]);
        assert_eq!(line(&city, by).state, LineState::Ended, "{}", city.story());
        assert!(talk(&city, stays, 2), "{by}: {}", city.story());
        assert_eq!(line(&city, stays).state, LineState::Talking);
        assert_eq!(city.shards[0].views()[0].state, CallState::Talking);
        city.act(2, |phone, now| phone.hang_up(now, 0));
        city.wait(secs(2));
        assert_eq!(line(&city, stays).state, LineState::Ended);
        city.finish();
        let transferred =
            if by == 0 { "caller 200 transferred system" } else { "callee 200 transferred system" };
        assert!(log(&city).contains(&transferred.to_owned()), "{:?}", log(&city));
        assert_eq!(calls_in_log(&city), 1, "one story");
    }
}

#[test]
fn a_busy_or_missing_target_gives_the_call_back() {
    for (target, status) in [("1003", 486), ("1009", 480), ("1099", 404)] {
        let mut city = trio();
        city.phones[2].manner = Manner::refuses_after(secs(1), 486);
        city.act(1, |phone, now| phone.refer(now, 0, target));
        city.wait(secs(3));
        assert_eq!(line(&city, 1).notified.last(), Some(&status), "{target}: {}", city.story());
        assert!(talk(&city, 0, 1), "{target}: {}", city.story());
        hang_up_all(city);
    }
}

#[test]
fn whoever_hung_up_at_once_is_rung_if_nobody_else_answers() {
    let mut city = trio();
    city.phones[2].manner = Manner::refuses_after(secs(2), 486);
    city.act(1, |phone, now| phone.refer(now, 0, "1003"));
    city.wait(millis(200));
    city.act(1, |phone, now| phone.hang_up(now, 0));
    city.wait(secs(1));
    assert_eq!(line(&city, 0).state, LineState::Talking, "{}", city.story());
    city.wait(secs(5));
    assert_eq!(city.phones[1].lines.len(), 2, "it is rung: {}", city.story());
    assert!(talk(&city, 0, 1), "{}", city.story());
    hang_up_all(city);

    // And if it does not want it either, that is all.
    let mut city = trio();
    for phone in [1, 2] {
        city.phones[phone].manner = Manner::refuses_after(secs(1), 486);
    }
    city.act(1, |phone, now| phone.refer(now, 0, "1003"));
    city.wait(millis(200));
    city.act(1, |phone, now| phone.hang_up(now, 0));
    city.wait(secs(5));
    assert_eq!(line(&city, 0).state, LineState::Ended, "{}", city.story());
    city.finish();
}

#[test]
fn a_transfer_to_what_answers_by_itself_is_done_at_once() {
    for (number, state) in [
        ("3001", CallState::Conference),
        ("9664", CallState::Playing),
        ("6500", CallState::Playing),
        ("*981002", CallState::Voicemail),
    ] {
        let mut city = trio();
        city.act(1, |phone, now| phone.refer(now, 0, number));
        city.wait(secs(2));
        assert_eq!(line(&city, 1).notified, [100, 200], "{number}: {}", city.story());
        assert_eq!(line(&city, 1).state, LineState::Ended);
        assert_eq!(city.shards[0].views()[0].state, state, "{number}: {}", city.story());
        hang_up_all(city);
    }
}

#[test]
fn a_consultation_becomes_a_transfer_whoever_called_whom() {
    // Who transfers: one who was called and calls, or one who called and calls.
    for by in [0, 1] {
        let stays = 1 - by;
        let mut city = trio();
        city.act(by, |phone, now| phone.hold(now, 0));
        city.wait(secs(1));
        city.dial(by, "1003");
        city.wait(secs(4));
        assert!(talk(&city, by, 2), "{}", city.story());
        city.act(by, |phone, now| phone.refer_to_line(now, 0, 1));
        city.wait(secs(3));

        assert_eq!(city.phones[by].lines[0].notified, [100, 200], "{}", city.story());
        assert!(city.phones[by].lines.iter().all(|it| it.state == LineState::Ended));
        assert!(talk(&city, stays, 2), "{by}: {}", city.story());
        assert_eq!(city.shards[0].views().len(), 1, "two calls became one");
        city.act(stays, |phone, now| phone.hang_up(now, 0));
        city.wait(secs(2));
        assert_eq!(line(&city, 2).state, LineState::Ended);
        city.finish();
        assert_eq!((city.cdrs.len(), calls_in_log(&city)), (4, 1), "one story of four legs");
    }
}

#[test]
fn calls_of_two_media_workers_come_together_on_one() {
    let bridges = |city: &City| -> Vec<usize> {
        city.workers.iter().map(sim::Worker::bridges_made).collect()
    };
    for after in (0..200).step_by(10) {
        let mut city = trio();
        city.act(1, |phone, now| phone.hold(now, 0));
        city.wait(secs(1));
        city.dial(1, "1003");
        city.wait(secs(4));
        assert!(bridges(&city).iter().all(|it| *it > 0), "each has one: {:?}", bridges(&city));
        city.act(1, |phone, now| phone.refer_to_line(now, 0, 1));
        // The one who has to be told of a new port holds at that very moment, and comes back.
        city.wait(millis(after));
        city.act(2, |phone, now| phone.hold(now, 0));
        city.wait(secs(2));
        city.act(2, |phone, now| phone.resume(now, 0));
        city.wait(secs(2));
        assert!(talk(&city, 0, 2), "{}", city.story());
        let sessions: Vec<_> = city.workers.iter().map(sim::Worker::sessions).collect();
        assert_eq!(sessions.iter().filter(|it| **it == 2).count(), 1, "{sessions:?}");
        hang_up_all(city);
    }
}

#[test]
fn a_call_that_came_in_meanwhile_is_brought_together_with_the_first() {
    let mut city = trio();
    city.dial(2, "1002");
    city.wait(secs(4));
    assert!(talk(&city, 2, 1), "1002 took a second call: {}", city.story());
    city.act(1, |phone, now| phone.refer_to_line(now, 0, 1));
    city.wait(secs(3));
    assert!(talk(&city, 0, 2), "{}", city.story());
    assert!(city.phones[1].lines.iter().all(|it| it.state == LineState::Ended));
    hang_up_all(city);
}

#[test]
fn a_consultation_that_still_rings_is_handed_over_as_it_is() {
    let mut city = trio();
    city.phones[2].manner = Manner::answers_after(secs(6));
    city.act(1, |phone, now| phone.hold(now, 0));
    city.wait(secs(1));
    city.dial(1, "1003");
    city.wait(secs(2));
    city.act(1, |phone, now| phone.refer_to_line(now, 0, 1));
    city.wait(secs(1));
    assert!(matches!(played(&city, 0), Some(Playout::Loop { .. })), "{}", city.story());
    assert!(city.phones[1].lines.iter().all(|it| it.state == LineState::Ended), "{}", city.story());
    assert_eq!(city.phones[2].lines.len(), 1, "it rings on, and once");
    city.wait(secs(6));
    assert!(talk(&city, 0, 2), "{}", city.story());
    hang_up_all(city);
}

#[test]
fn a_consultation_in_a_conference_leads_there() {
    let mut city = trio();
    city.dial(1, "3001");
    city.wait(secs(1));
    city.act(1, |phone, now| phone.refer_to_line(now, 0, 1));
    city.wait(secs(3));
    assert_eq!(city.shards[0].views().len(), 1, "{}", city.story());
    assert_eq!(city.shards[0].views()[0].state, CallState::Conference, "{}", city.story());
    hang_up_all(city);
}

#[test]
fn what_a_stranger_guesses_or_what_is_over_is_called_anew_or_refused() {
    // The dialog of a call that is over: its number is called.
    let mut city = trio();
    city.dial(1, "1003");
    city.wait(secs(4));
    city.act(1, |phone, now| phone.hang_up(now, 1));
    city.wait(secs(1));
    city.act(1, |phone, now| phone.refer_to_line(now, 0, 1));
    city.wait(secs(5));
    assert!(talk(&city, 0, 2), "{}", city.story());
    hang_up_all(city);

    // The dialog of a call of others, whose tags somebody found out.
    let mut city = trio();
    city.add_registered("1004");
    city.dial(2, "1004");
    city.wait(secs(4));
    let replaces = line(&city, 2).replaces().replace(';', "%3B").replace('=', "%3D");
    let refer_to = format!("<sip:1004@demo.tandem.test?Replaces={replaces}>");
    city.act(1, |phone, now| phone.send_refer(now, 0, refer_to));
    city.wait(secs(3));
    assert_eq!(line(&city, 1).notified.last(), Some(&403), "{}", city.story());
    assert!(talk(&city, 2, 3), "they talk on: {}", city.story());
    assert!(talk(&city, 0, 1), "and so do these: {}", city.story());
    hang_up_all(city);
}

#[test]
fn whoever_names_a_dialog_of_its_own_may_name_its_own_number_beside_it() {
    // The dialog says whose place is to be taken; the number alone would bring the call back.
    let mut city = trio();
    let other = city.add_registered("1002");
    city.dial(2, "1002");
    city.wait(secs(1));
    city.act(other, |phone, now| phone.answer(now, 0));
    city.wait(secs(1));
    assert!(talk(&city, 2, other), "{}", city.story());
    let replaces = line(&city, other).replaces().replace(';', "%3B").replace('=', "%3D");
    let refer_to = format!("<sip:1002@demo.tandem.test?Replaces={replaces}>");
    city.act(1, |phone, now| phone.send_refer(now, 0, refer_to));
    city.wait(secs(3));
    assert_eq!(city.phones[1].odd_statuses, [202], "{}", city.story());
    assert!(talk(&city, 0, 2), "{}", city.story());
    hang_up_all(city);
}

#[test]
fn what_makes_no_sense_is_refused_and_changes_nothing() {
    for (refer_to, status) in [
        ("nonsense", 400),
        ("<sip:demo.tandem.test>", 404),
        ("<sip:1001@demo.tandem.test>", 403),
        ("<sip:1002@demo.tandem.test>", 403),
        ("<sip:1003@demo.tandem.test?Replaces=half>", 400),
    ] {
        let mut city = trio();
        city.act(1, |phone, now| phone.send_refer(now, 0, refer_to.to_owned()));
        city.wait(secs(2));
        assert_eq!(city.phones[1].odd_statuses, [status], "{refer_to}");
        assert!(talk(&city, 0, 1), "{refer_to}: {}", city.story());
        hang_up_all(city);
    }
    // Each side names a dialog of this very call.
    for named in [0, 1] {
        let mut city = trio();
        let replaces = line(&city, named).replaces().replace(';', "%3B").replace('=', "%3D");
        let refer_to = format!("<sip:1003@demo.tandem.test?Replaces={replaces}>");
        city.act(1, |phone, now| phone.send_refer(now, 0, refer_to));
        city.wait(secs(5));
        assert_eq!(city.phones[1].odd_statuses, [403], "{named}: {}", city.story());
        assert!(city.phones[2].lines.is_empty(), "nobody is called");
        assert!(talk(&city, 0, 1), "{named}: {}", city.story());
        hang_up_all(city);
    }
    // There is nobody to be handed on by one who hears music.
    let mut city = pair();
    city.dial(0, "9664");
    city.wait(secs(1));
    city.act(0, |phone, now| phone.refer(now, 0, "1002"));
    city.wait(secs(1));
    assert_eq!(city.phones[0].odd_statuses, [603]);
    hang_up_all(city);
}

#[test]
fn both_sides_transfer_at_once_and_the_first_wins() {
    let mut city = trio();
    city.add_registered("1004");
    city.act(0, |phone, now| phone.refer(now, 0, "1003"));
    city.act(1, |phone, now| phone.refer(now, 0, "1004"));
    city.wait(secs(6));
    let statuses = [0, 1].map(|it| city.phones[it].odd_statuses.clone());
    assert!(statuses.contains(&vec![202]) && statuses.contains(&vec![491]), "{statuses:?}");
    let (stays, target) = if statuses[0] == [202] { (1, 2) } else { (0, 3) };
    assert!(talk(&city, stays, target), "{}", city.story());
    hang_up_all(city);
}

#[test]
fn the_rights_are_those_of_whoever_transfers() {
    // A trunk's caller may reach nothing but its numbers, and gets where 1001 hands it on to.
    let mut city = city();
    city.add_registered("1001");
    city.add_registered("1002");
    city.add_provider("+79161234567");
    city.act(2, |phone, now| phone.dial_uri(now, "sip:74950000001@10.0.0.1", true));
    city.wait(secs(4));
    assert!(talk(&city, 2, 0), "{}", city.story());
    city.act(2, |phone, now| phone.refer(now, 0, "1002"));
    city.wait(secs(2));
    assert_eq!(line(&city, 2).notified.last(), Some(&404), "{}", city.story());
    city.act(0, |phone, now| phone.refer(now, 0, "1002"));
    city.wait(secs(5));
    assert!(talk(&city, 2, 1), "{}", city.story());
    hang_up_all(city);
}

#[test]
fn anybody_may_hang_up_at_every_step_of_a_transfer() {
    for who in 0..3 {
        for delay in [0, 10, 30, 50, 100, 500, 1990, 2030, 2050, 2070, 2200, 4100] {
            for is_attended in [false, true] {
                let mut city = trio();
                if is_attended {
                    city.dial(1, "1003");
                    city.wait(secs(4));
                    city.act(1, |phone, now| phone.refer_to_line(now, 0, 1));
                } else {
                    city.act(1, |phone, now| phone.refer(now, 0, "1003"));
                }
                city.wait(millis(delay));
                for line in 0..city.phones[who].lines.len() {
                    city.act(who, |phone, now| phone.hang_up(now, line));
                }
                city.wait(secs(10));
                hang_up_all(city);
            }
        }
    }
}

#[test]
fn transfers_survive_a_bad_network() {
    for seed in 0..15 {
        for is_attended in [false, true] {
            let quality = Quality {
                delay_min: Duration::from_millis(10),
                delay_max: Duration::from_millis(120),
                loss_per_mille: 100,
                duplication_per_mille: 20,
            };
            let mut city = City::new(Instant::now(), seed, Plot { quality, ..Plot::default() });
            for number in ["1001", "1002", "1003"] {
                city.add_registered(number);
            }
            city.dial(0, "1002");
            city.wait(secs(10));
            if is_attended {
                city.dial(1, "1003");
                city.wait(secs(10));
                if city.phones[1].lines.len() < 2 {
                    continue;
                }
                city.act(1, |phone, now| phone.refer_to_line(now, 0, 1));
            } else if !city.phones[1].lines.is_empty() {
                city.act(1, |phone, now| phone.refer(now, 0, "1003"));
            }
            city.wait(secs(40));
            hang_up_all(city);
        }
    }
}

#[test]
fn a_recording_goes_on_with_those_who_talk_then() {
    let mut city = city();
    for number in ["1001", "1002", "1003"] {
        city.add_registered(number);
    }
    city.dial(0, "51002");
    city.wait(secs(4));
    let parties = |city: &City| -> Vec<_> {
        city.workers[0].recordings().into_iter().map(|it| it.parties).collect()
    };
    assert_eq!(parties(&city), [["1001", "1002"]]);
    city.act(1, |phone, now| phone.refer(now, 0, "1003"));
    city.wait(secs(5));
    assert!(talk(&city, 0, 2), "{}", city.story());
    assert_eq!(parties(&city), [["1001", "1003"]], "{}", city.story());
    hang_up_all(city);
}

/// `1001` and `1002` talk, and `1003` is there.
fn trio() -> City {
    let mut city = city();
    for number in ["1001", "1002", "1003"] {
        city.add_registered(number);
    }
    city.dial(0, "1002");
    city.wait(secs(4));
    assert!(talk(&city, 0, 1), "{}", city.story());
    city
}

fn calls_in_log(city: &City) -> usize {
    let mut calls: Vec<_> = city.cdrs.iter().map(|it| it.call).collect();
    calls.sort_unstable();
    calls.dedup();
    calls.len()
}

#[test]
fn a_change_of_media_that_crosses_a_transfer_costs_nobody_its_call() {
    // The transferor's own phone, or the other one, holds in the same moment.
    for holder in [0, 1] {
        for delay in (0..150).step_by(5) {
            let mut city = trio();
            city.act(holder, |phone, now| phone.hold(now, 0));
            city.wait(millis(delay));
            let call = city.shards[0].views()[0].id;
            let command = Command::Transfer("1003".to_owned());
            let order = CallOrder { by: "1001".to_owned(), command };
            let done = city.operate(0, |shard, now| shard.command(now, call, &order));
            assert_eq!(done, Ok(call::Obeyed::Done));
            city.wait(secs(6));
            assert_eq!(line(&city, 1).state, LineState::Talking, "{delay}: {}", city.story());
            assert_eq!(line(&city, 2).state, LineState::Talking, "{delay}: {}", city.story());
            hang_up_all(city);
        }
    }
}
