//! Conferences that call people in: who comes, who does not, and what happens meanwhile.

use crate::support::*;
use call::RoomCommand;
use media::Playout;
use sim::{City, LineState, Manner, Plot};

#[test]
fn whoever_is_invited_hears_by_whom_and_comes_in_with_a_key() {
    let mut city = moderated(Plot::default());
    press(&mut city, 0, "*21002#");
    assert_eq!(told(&city), 1, "it hears that somebody is called");
    city.wait(secs(5));
    assert!(is_spoken_to(&city, 1), "{}", city.story());
    assert_eq!(parties(&city), 1, "answering is not enough");

    press(&mut city, 1, "1");
    assert_eq!(parties(&city), 2, "{}", city.story());
    let rooms = city.rooms.of(city.directory().domain_names[sim::DOMAIN]);
    let names: Vec<_> = rooms[0].parties.iter().map(|it| it.party.as_str()).collect();
    assert_eq!(names, ["1001", "1002"]);
    assert_eq!([0, 1].map(|phone| audience(&city, phone)), [1, 1]);
    let from = line(&city, 1).header("From").expect("it was called");
    assert!(from.contains("1001"), "it sees who calls: {from}");
    hang_up_all(city);
}

#[test]
fn a_number_outside_is_called_with_the_rights_of_the_moderators_line() {
    let mut city = moderated(Plot::default());
    let outside = city.add_provider("5551234");
    press(&mut city, 0, "*295551234#");
    city.wait(secs(5));
    assert!(is_spoken_to(&city, outside), "{}", city.story());
    press(&mut city, outside, "1");
    assert_eq!(parties(&city), 2, "{}", city.story());
    hang_up_all(city);

    // The cheapest way there is found as for any call.
    let mut city = moderated(Plot::default());
    let outside = city.add_provider("74951234567");
    press(&mut city, 0, "*2674951234567#");
    city.wait(secs(5));
    assert!(is_spoken_to(&city, outside), "{}", city.story());
    hang_up_all(city);
}

#[test]
fn the_moderator_hears_why_nobody_comes() {
    for (number, manner, waits) in [
        ("1002", Manner::refuses_after(secs(1), 486), 3),
        ("1002", Manner::refuses_after(secs(1), 603), 3),
        ("1002", Manner::ignores(), 62),
        ("1018", Manner::ignores(), 1),
        ("1234567", Manner::ignores(), 1),
    ] {
        let mut city = moderated(Plot::default());
        city.phones[1].manner = manner;
        press(&mut city, 0, &["*2", number, "#"].concat());
        city.wait(secs(waits));
        assert_eq!(told(&city), 2, "{number}: {}", city.story());
        assert_eq!(parties(&city), 1);
        hang_up_all(city);
    }
}

#[test]
fn a_machine_of_ours_is_not_invited() {
    for number in ["9196", "*97", "3001", "6500"] {
        let mut city = moderated(Plot::default());
        press(&mut city, 0, &["*2", number, "#"].concat());
        city.wait(secs(2));
        // A key that no number has ends what was entered.
        let heard = if number.starts_with('*') { 0 } else { 2 };
        assert_eq!(told(&city), heard, "{number}: {}", city.story());
        assert_eq!(parties(&city), 1);
        assert!(!is_spoken_to(&city, 0), "and the room goes on: {}", city.story());
        hang_up_all(city);
    }
}

#[test]
fn one_who_presses_nothing_or_no_or_hangs_up_stays_outside_and_is_told_of() {
    for keys in ["", "#", "hang up"] {
        let mut city = moderated(Plot::default());
        press(&mut city, 0, "*21002#");
        city.wait(secs(5));
        match keys {
            "" => city.wait(secs(31)),
            "hang up" => city.act(1, |phone, now| phone.hang_up(now, 0)),
            keys => press(&mut city, 1, keys),
        }
        city.wait(secs(1));
        assert_eq!(told(&city), 2, "{keys}: {}", city.story());
        if keys != "hang up" {
            finish_words(&mut city, 1);
        }
        assert_eq!(line(&city, 1).state, LineState::Ended, "{keys}: {}", city.story());
        assert_eq!(parties(&city), 1);
        hang_up_all(city);
    }
}

#[test]
fn a_room_that_ends_while_it_rings_calls_nobody_any_more() {
    for is_closed in [true, false] {
        let mut city = moderated(Plot::default());
        city.phones[1].manner = Manner::ignores();
        press(&mut city, 0, "*21002#");
        city.wait(secs(2));
        if is_closed {
            press(&mut city, 0, "*9");
            finish_words(&mut city, 0);
        } else {
            city.act(0, |phone, now| phone.hang_up(now, 0));
        }
        city.wait(secs(3));
        assert_eq!(line(&city, 1).state, LineState::Ended, "{}", city.story());
        city.finish();
        assert!(log(&city).iter().any(|it| it.contains("cancelled")), "{:?}", log(&city));
    }
}

#[test]
fn a_room_that_ended_before_the_key_says_so() {
    let mut city = moderated(Plot::default());
    press(&mut city, 0, "*21002#");
    city.wait(secs(5));
    city.act(0, |phone, now| phone.hang_up(now, 0));
    city.wait(secs(1));
    press(&mut city, 1, "1");
    assert!(is_spoken_to(&city, 1), "{}", city.story());
    finish_words(&mut city, 1);
    city.finish();
    assert!(city.rooms.is_empty());
}

#[test]
fn a_moderator_who_leaves_is_told_nothing_and_the_others_get_whom_it_called() {
    for comes in [true, false] {
        let mut city = moderated(Plot::default());
        city.add_registered("1003");
        city.dial(2, "3100");
        city.wait(secs(1));
        press(&mut city, 2, "1234");
        if !comes {
            city.phones[1].manner = Manner::refuses_after(secs(3), 486);
        }
        press(&mut city, 0, "*21002#");
        city.act(0, |phone, now| phone.hang_up(now, 0));
        city.wait(secs(5));
        if comes {
            press(&mut city, 1, "1");
        }
        assert_eq!(parties(&city), if comes { 2 } else { 1 }, "{}", city.story());
        hang_up_all(city);
    }
}

#[test]
fn a_locked_room_takes_whom_its_moderator_invites_and_only_a_moderator_invites() {
    let mut city = moderated(Plot::default());
    city.add_registered("1003");
    city.dial(2, "3100");
    city.wait(secs(1));
    press(&mut city, 2, "1234");
    press(&mut city, 2, "*21002#");
    city.wait(secs(5));
    assert!(city.phones[1].lines.is_empty(), "it is no moderator");
    press(&mut city, 0, "*7");
    press(&mut city, 0, "*21002#");
    city.wait(secs(5));
    press(&mut city, 1, "1");
    assert_eq!(parties(&city), 3, "{}", city.story());
    hang_up_all(city);
}

#[test]
fn a_room_of_another_shard_and_worker_gets_whom_it_calls() {
    let mut city = moderated(Plot { shards: 3, workers: 3, ..Plot::default() });
    press(&mut city, 0, "*21002#");
    city.wait(secs(5));
    press(&mut city, 1, "1");
    assert_eq!([0, 1].map(|phone| audience(&city, phone)), [1, 1], "{}", city.story());
    hang_up_all(city);
}

#[test]
fn one_who_is_invited_by_order_comes_in_and_a_call_in_no_room_invites_nobody() {
    let mut city = moderated(Plot::default());
    let order = || RoomCommand::Invite { by: "1001".to_owned(), number: "1002".to_owned() };
    let call = city.shards[0].views()[0].id;
    assert!(city.operate(0, |shard, now| shard.command_room(now, call, order())));
    city.wait(secs(5));
    let invited = city.shards[0].views()[1].id;
    assert!(!city.operate(0, |shard, now| shard.command_room(now, invited, order())), "not yet");
    press(&mut city, 1, "1");
    assert_eq!(parties(&city), 2, "{}", city.story());
    assert_eq!(told(&city), 0, "who orders by other means hears nothing");

    let record = |is_on| RoomCommand::Record(is_on);
    for is_on in [true, true, false] {
        assert!(city.operate(0, |shard, now| shard.command_room(now, call, record(is_on))));
        let rooms = city.rooms.of(city.directory().domain_names[sim::DOMAIN]);
        assert_eq!(rooms[0].is_recorded, is_on);
    }
    assert!(city.operate(0, |shard, now| shard.command_room(now, call, RoomCommand::End)));
    city.wait(millis(200));
    for phone in [0, 1] {
        assert!(matches!(played(&city, phone), Some(Playout::Prompt { .. })), "{}", city.story());
        finish_words(&mut city, phone);
    }
    city.finish();
}

/// `1001` is the moderator of the room 3100, phone 0; `1002` is registered, phone 1.
fn moderated(plot: Plot) -> City {
    let mut city = pair_in(plot);
    city.dial(0, "3100");
    city.wait(secs(1));
    press(&mut city, 0, "4321");
    assert_eq!(parties(&city), 1, "{}", city.story());
    city
}

fn parties(city: &City) -> usize {
    let rooms = city.rooms.of(city.directory().domain_names[sim::DOMAIN]);
    rooms.iter().find(|it| it.name == "3100").map_or(0, |it| it.parties.len())
}

/// How often the moderator heard something that no other heard.
fn told(city: &City) -> usize {
    let port = line(city, 0).remote_rtp.expect("it was answered");
    city.workers.iter().map(|it| it.told_at(port)).sum()
}

fn audience(city: &City, phone: usize) -> usize {
    let port = line(city, phone).remote_rtp.expect("it was answered");
    city.workers.iter().map(|it| it.audience(port).len()).sum()
}
