//! Conferences: who comes in, who hears whom, and who is turned away.

use crate::support::*;
use call::{PartyCommand, RoomView};
use media::{codec::Rate, sound::Sound};
use sim::City;

#[test]
fn whoever_dials_the_same_room_is_heard_by_all_others_until_hanging_up() {
    let mut city = three();
    for phone in 0..3 {
        city.dial(phone, "3000");
        city.wait(secs(2));
        assert_eq!(parties(&city, "3000"), phone + 1, "{}", city.story());
    }
    for phone in 0..3 {
        assert_eq!(audience(&city, phone), 2, "{}", city.story());
    }
    let numbers: Vec<_> = room(&city, "3000").parties.into_iter().map(|it| it.party).collect();
    assert_eq!(numbers, ["1001", "1002", "1003"]);

    city.act(0, |phone, now| phone.hang_up(now, 0));
    city.wait(secs(2));
    assert_eq!((audience(&city, 1), parties(&city, "3000")), (1, 2));
    for phone in 1..3 {
        city.act(phone, |phone, now| phone.hang_up(now, 0));
    }
    city.finish();
    assert_eq!(log(&city), ["caller 200 normal remote"; 3]);
}

#[test]
fn two_rooms_do_not_hear_each_other() {
    let mut city = three();
    for (phone, room) in [(0, "3000"), (1, "3001"), (2, "3001")] {
        city.dial(phone, room);
        city.wait(secs(2));
    }
    assert_eq!([0, 1, 2].map(|phone| audience(&city, phone)), [0, 1, 1]);
    hang_up_all(city);
}

#[test]
fn parties_of_one_room_meet_on_one_worker_whatever_their_shards() {
    let mut city = city_with(sim::Plot { shards: 3, workers: 3, ..sim::Plot::default() });
    for number in ["1001", "1002", "1003"] {
        let phone = city.add_registered(number);
        // Others make the workers busy to different degrees.
        city.dial(phone, "9196");
        city.wait(secs(1));
        city.dial(phone, "3000");
        city.wait(secs(2));
    }
    assert_eq!([0, 1, 2].map(|phone| audience(&city, phone)), [2, 2, 2], "{}", city.story());
    hang_up_all(city);
}

#[test]
fn a_room_with_a_pin_lets_in_whoever_enters_it() {
    let mut city = three();
    for (phone, pin) in [(0, "1234#"), (1, "4321"), (2, "1234")] {
        city.dial(phone, "3100");
        city.wait(secs(1));
        assert!(is_spoken_to(&city, phone), "{}", city.story());
        assert_eq!(parties(&city, "3100"), phone);
        press(&mut city, phone, pin);
        assert_eq!(parties(&city, "3100"), phone + 1, "{}", city.story());
    }
    assert_eq!([0, 1, 2].map(|phone| audience(&city, phone)), [2, 2, 2]);
    let moderators: Vec<_> =
        room(&city, "3100").parties.into_iter().map(|it| it.is_moderator).collect();
    assert_eq!(moderators, [false, true, false]);
    hang_up_all(city);
}

#[test]
fn the_first_key_ends_the_question_and_a_caller_who_enters_nothing_is_asked_again() {
    let mut city = three();
    city.dial(0, "3100");
    city.wait(secs(1));
    press(&mut city, 0, "1");
    assert!(is_listened_to(&city, 0), "{}", city.story());
    city.wait(secs(4));
    assert!(is_listened_to(&city, 0), "it may take its time");
    city.wait(secs(2));
    assert!(is_spoken_to(&city, 0), "five seconds after a key what was entered counts");
    city.wait(secs(16));
    assert!(is_spoken_to(&city, 0), "{}", city.story());
    press(&mut city, 0, "1234");
    assert_eq!(parties(&city, "3100"), 1);
    hang_up_all(city);
}

#[test]
fn three_wrong_pins_end_the_call_when_it_was_said_why() {
    let mut city = three();
    city.dial(0, "3100");
    city.wait(secs(1));
    for _ in 0..3 {
        press(&mut city, 0, "999#");
    }
    press(&mut city, 0, "1234#");
    assert_eq!(parties(&city, "3100"), 0, "it is too late for the right one");
    let port = line(&city, 0).remote_rtp.expect("it was answered");
    city.finish_prompt(port);
    city.finish();
    assert_eq!(log(&city), ["caller 200 refused system"]);
}

#[test]
fn wrong_pins_count_over_calls_and_lock_out_who_entered_them_and_nobody_else() {
    let mut city = three();
    try_pin(&mut city, 1, "4321");
    // Whoever knows the PIN of guests tries that of moderators no longer for it.
    for pin in ["1111", "1112", "1234"] {
        try_pin(&mut city, 0, pin);
        hang_up(&mut city, 0);
    }
    assert_eq!(city.pin_alarms, []);
    try_pin(&mut city, 0, "1113");
    assert_eq!(alarms(&city), [("3100", "1001", false)], "{}", city.story());
    press(&mut city, 0, "4321");
    hang_up(&mut city, 0);

    city.wait(secs(280));
    city.dial(0, "3100");
    city.wait(secs(1));
    press(&mut city, 0, "4321");
    assert_eq!(parties(&city, "3100"), 1, "the moderator is left where it is: {}", city.story());
    finish_words(&mut city, 0);
    city.wait(secs(1));
    assert_eq!(line(&city, 0).state, sim::LineState::Ended, "it heard why");

    try_pin(&mut city, 2, "1234");
    assert_eq!(parties(&city, "3100"), 2, "another caller is not concerned: {}", city.story());
    city.wait(secs(20));
    try_pin(&mut city, 0, "4321");
    assert_eq!(parties(&city, "3100"), 3, "five minutes after the last one: {}", city.story());
    hang_up_all(city);
}

#[test]
fn whoever_changes_its_number_for_every_call_is_locked_out_at_the_bound_of_the_room() {
    let mut city = three();
    let provider = city.add_provider("4951234567");
    for n in 0..10 {
        assert_eq!(city.pin_alarms, [], "after {n}");
        let number = format!("<sip:+7916000000{n}@carrier.test>");
        city.phones[provider].invite_headers = vec![("P-Asserted-Identity", number)];
        call_in(&mut city, provider);
        press(&mut city, provider, "9999");
        hang_up(&mut city, provider);
    }
    assert_eq!(alarms(&city), [("3100", "provider/+79160000009", true)]);
    city.phones[provider].invite_headers = vec![("Privacy", "id".to_owned())];
    call_in(&mut city, provider);
    press(&mut city, provider, "1234");
    assert_eq!(parties(&city, "3100"), 0, "{}", city.story());
    try_pin(&mut city, 0, "1234");
    assert_eq!(parties(&city, "3100"), 1, "a line is no stranger: {}", city.story());

    hang_up(&mut city, provider);
    city.wait(secs(300));
    call_in(&mut city, provider);
    press(&mut city, provider, "1234");
    assert_eq!(parties(&city, "3100"), 2, "{}", city.story());
    hang_up_all(city);
}

/// A caller comes to the door from the carrier.
fn call_in(city: &mut City, provider: usize) {
    city.act(provider, |phone, now| phone.dial_uri(now, "sip:74950003100@10.0.0.1", true));
    city.wait(secs(1));
}

/// A phone calls the conference with the PIN, and enters one.
fn try_pin(city: &mut City, phone: usize, pin: &str) {
    city.dial(phone, "3100");
    city.wait(secs(1));
    press(city, phone, pin);
}

fn hang_up(city: &mut City, phone: usize) {
    city.act(phone, |phone, now| {
        let line = phone.lines.len() - 1;
        phone.hang_up(now, line);
    });
    city.wait(secs(1));
}

fn alarms(city: &City) -> Vec<(&str, &str, bool)> {
    let told = city.pin_alarms.iter();
    told.map(|it| (it.room.as_str(), it.party.as_str(), it.is_of_all_outside)).collect()
}

#[test]
fn a_moderator_locks_the_room_and_opens_it() {
    let mut city = three();
    for (phone, pin) in [(0, "4321"), (1, "1234")] {
        city.dial(phone, "3100");
        city.wait(secs(1));
        press(&mut city, phone, pin);
    }
    press(&mut city, 1, "*7");
    assert!(!room(&city, "3100").is_locked, "it is no moderator");
    press(&mut city, 0, "*7");
    assert!(room(&city, "3100").is_locked);

    city.dial(2, "3100");
    city.wait(secs(1));
    press(&mut city, 2, "1234");
    assert_eq!(parties(&city, "3100"), 2);
    let port = line(&city, 2).remote_rtp.expect("it was answered");
    city.finish_prompt(port);
    city.wait(secs(2));
    assert_eq!(city.counts().calls, 2, "{}", city.story());

    press(&mut city, 0, "*7");
    city.dial(2, "3100");
    city.wait(secs(1));
    press(&mut city, 2, "1234");
    assert_eq!(parties(&city, "3100"), 3, "{}", city.story());
    hang_up_all(city);
}

#[test]
fn a_moderator_ends_the_conference_for_all_whatever_their_shards() {
    let mut city = city_with(sim::Plot { shards: 3, ..sim::Plot::default() });
    for (number, pin) in [("1001", "4321"), ("1002", "1234"), ("1003", "1234")] {
        let phone = city.add_registered(number);
        city.dial(phone, "3100");
        city.wait(secs(1));
        press(&mut city, phone, pin);
    }
    press(&mut city, 1, "*9");
    assert_eq!(parties(&city, "3100"), 3, "it is no moderator");

    press(&mut city, 0, "*9");
    for phone in 0..3 {
        assert!(is_spoken_to(&city, phone), "{}", city.story());
        let port = line(&city, phone).remote_rtp.expect("it was answered");
        city.finish_prompt(port);
    }
    city.finish();
    assert_eq!(log(&city), ["caller 200 normal system"; 3]);
}

#[test]
fn a_locked_or_full_room_without_a_pin_refuses_before_it_answers() {
    let mut city = three();
    city.add_registered("1004");
    for phone in 0..3 {
        city.dial(phone, "3000");
        city.wait(secs(1));
    }
    city.dial(3, "3000");
    city.wait(secs(1));
    assert_eq!(line(&city, 3).final_status(), Some(486), "{}", city.story());
    city.act(0, |phone, now| phone.hang_up(now, 0));
    city.wait(secs(1));
    let domain = domain(&city);
    assert!(city.rooms.set_locked(domain, "3000", true));
    city.dial(3, "3000");
    city.wait(secs(1));
    assert_eq!(line(&city, 3).final_status(), Some(403), "{}", city.story());
    hang_up_all(city);
}

#[test]
fn a_party_is_muted_and_made_deaf_by_its_own_keys_and_by_command() {
    let mut city = three();
    for phone in 0..3 {
        city.dial(phone, "3000");
        city.wait(secs(1));
    }
    press(&mut city, 0, "*6");
    assert_eq!([0, 1].map(|phone| audience(&city, phone)), [0, 2], "{}", city.story());
    assert!(room(&city, "3000").parties[0].mode.is_muted);
    press(&mut city, 0, "*6");
    assert_eq!(audience(&city, 0), 2);

    let parties = room(&city, "3000").parties;
    let command = |city: &mut City, n: usize, command| {
        city.operate(0, |calls, now| calls.command_party(now, parties[n].call, command))
    };
    assert!(command(&mut city, 1, PartyCommand::Mute(true)));
    assert!(command(&mut city, 2, PartyCommand::Deafen(true)));
    assert_eq!([0, 1, 2].map(|phone| audience(&city, phone)), [1, 0, 2], "{}", city.story());
    city.act(2, |phone, now| phone.hang_up(now, 0));
    city.wait(secs(2));
    assert!(!command(&mut city, 2, PartyCommand::Mute(true)), "it has left");
    hang_up_all(city);
}

#[test]
fn a_party_that_hangs_up_at_the_door_leaves_nothing_behind() {
    for keys in ["", "12", "1234", "9#9#"] {
        let mut city = three();
        city.dial(0, "3100");
        city.wait(secs(1));
        press(&mut city, 0, keys);
        city.act(0, |phone, now| phone.hang_up(now, 0));
        city.finish();
        assert!(city.rooms.is_empty());
        assert_eq!(log(&city), ["caller 200 normal remote"], "{keys}");
    }
}

#[test]
fn whoever_comes_where_names_are_announced_says_its_name_first_and_is_heard_of_until_it_leaves() {
    let mut city = three();
    for (phone, name) in (0..).zip([200, 300]) {
        come_in(&mut city, phone, Some(&said(name)));
        assert_eq!(parties(&city, "3200"), phone + 1, "{}", city.story());
    }
    city.dial(2, "3200");
    city.wait(secs(1));
    press(&mut city, 2, "#");
    assert!(listens(&city, 2), "it knows what to do, and need not hear all of it");
    press(&mut city, 2, "#");
    assert_eq!(audience(&city, 2), 2, "{}", city.story());
    let told = |city: &City| -> Vec<Sound> {
        let told = city.workers.iter().flat_map(|it| it.announced()).map(|(_, it)| it[0].clone());
        told.collect()
    };
    assert_eq!(told(&city), [said(300), Sound::beep()], "nobody was there to hear of the first");

    city.act(1, |phone, now| phone.hang_up(now, 0));
    city.wait(secs(1));
    assert_eq!(told(&city).last(), Some(&said(300)), "{}", city.story());
    let names: Vec<_> = room(&city, "3200").parties.into_iter().map(|it| it.name).collect();
    assert_eq!(names, [Some(said(200)), Some(Sound::beep())]);
    hang_up_all(city);
}

#[test]
fn whoever_says_no_name_comes_in_without_one() {
    let mut city = three();
    come_in(&mut city, 0, Some(&said(200)));
    come_in(&mut city, 1, None);
    assert_eq!(parties(&city, "3200"), 2);
    // A worker that keeps nothing, since it understands nothing, keeps nobody out.
    city.dial(2, "3200");
    city.wait(secs(21));
    assert_eq!(parties(&city, "3200"), 3, "{}", city.story());
    assert!(city.workers.iter().all(|it| it.announced().is_empty()), "{}", city.story());
    hang_up_all(city);
}

#[test]
fn a_full_room_asks_nobody_for_a_name_and_who_leaves_while_it_says_its_name_was_never_there() {
    let mut city = three();
    city.add_registered("1004");
    for phone in 0..2 {
        come_in(&mut city, phone, Some(&said(200)));
    }
    for phone in 2..4 {
        city.dial(phone, "3200");
        city.wait(secs(1));
    }
    city.act(2, |phone, now| phone.hang_up(now, 0));
    city.wait(secs(1));
    finish_words(&mut city, 3);
    let port = line(&city, 3).remote_rtp.unwrap();
    assert_eq!(parties(&city, "3200"), 2);
    city.finish_speaking(port, None);
    assert_eq!(parties(&city, "3200"), 3, "{}", city.story());

    city.dial(2, "3200");
    city.wait(secs(2));
    assert_eq!(line(&city, 2).final_status(), Some(486), "{}", city.story());
    hang_up_all(city);
}

#[test]
fn the_place_of_one_who_says_its_name_is_taken_by_whoever_comes_in_first() {
    let mut city = three();
    city.add_registered("1004");
    for phone in 0..2 {
        come_in(&mut city, phone, Some(&said(200)));
    }
    for phone in 2..4 {
        city.dial(phone, "3200");
        city.wait(secs(1));
        finish_words(&mut city, phone);
    }
    for phone in 2..4 {
        let port = line(&city, phone).remote_rtp.unwrap();
        city.finish_speaking(port, Some(&said(300)));
    }
    assert_eq!(parties(&city, "3200"), 3, "{}", city.story());
    assert!(is_spoken_to(&city, 3), "it hears that the room is full");
    finish_words(&mut city, 3);
    hang_up_all(city);
}

#[test]
fn a_room_is_recorded_from_its_beginning_if_its_plan_says_so_and_only_once() {
    let mut city = three();
    for phone in 0..2 {
        city.dial(phone, "3300");
        city.wait(secs(1));
    }
    assert_eq!(room_recordings(&city), [["3300", "1001"]]);
    assert!(room(&city, "3300").is_recorded);

    city.act(0, |phone, now| phone.hang_up(now, 0));
    city.wait(secs(1));
    assert_eq!(room_recordings(&city).len(), 1, "another is still there");
    city.act(1, |phone, now| phone.hang_up(now, 0));
    city.wait(secs(1));
    assert!(room_recordings(&city).is_empty());
    city.dial(2, "3300");
    city.wait(secs(1));
    assert_eq!(room_recordings(&city), [["3300", "1003"]], "it begins anew");
    hang_up_all(city);
}

#[test]
fn a_moderator_has_the_room_recorded_and_no_longer_and_all_hear_of_it() {
    let mut city = three();
    for (phone, pin) in [(0, "4321"), (1, "1234")] {
        city.dial(phone, "3100");
        city.wait(secs(1));
        press(&mut city, phone, pin);
    }
    press(&mut city, 1, "*3");
    assert!(room_recordings(&city).is_empty(), "it is no moderator");
    press(&mut city, 0, "*3");
    assert_eq!(room_recordings(&city), [["3100", "1001"]]);
    press(&mut city, 0, "*3");
    assert!(room_recordings(&city).is_empty() && !room(&city, "3100").is_recorded);
    let told: usize = city.workers.iter().map(|it| it.announced().len()).sum();
    assert_eq!(told, 2, "{}", city.story());

    press(&mut city, 0, "*3");
    city.dial(2, "3100");
    city.wait(secs(1));
    press(&mut city, 2, "1234");
    city.act(0, |phone, now| phone.hang_up(now, 0));
    city.wait(secs(1));
    assert_eq!(room_recordings(&city).len(), 1, "who began it may leave");
    hang_up_all(city);
}

fn room_recordings(city: &City) -> Vec<[String; 2]> {
    city.workers.iter().flat_map(|it| it.room_recordings()).collect()
}

fn come_in(city: &mut City, phone: usize, name: Option<&Sound>) {
    city.dial(phone, "3200");
    city.wait(secs(1));
    assert!(is_spoken_to(city, phone), "{}", city.story());
    finish_words(city, phone);
    assert!(listens(city, phone), "{}", city.story());
    let port = line(city, phone).remote_rtp.expect("it was answered");
    city.finish_speaking(port, name);
}

fn said(sample: i16) -> Sound {
    Sound::new(Rate::Narrow, [sample; 160])
}

fn listens(city: &City, phone: usize) -> bool {
    let Some(port) = line(city, phone).remote_rtp else { return false };
    city.workers.iter().any(|it| it.listens_at(port))
}

fn three() -> City {
    let mut city = pair();
    city.add_registered("1003");
    city
}

fn domain(city: &City) -> base::DomainId {
    city.directory().domain_names[sim::DOMAIN]
}

fn room(city: &City, name: &str) -> RoomView {
    let rooms = city.rooms.of(domain(city));
    rooms.into_iter().find(|it| it.name == name).expect("somebody is in the room")
}

fn parties(city: &City, name: &str) -> usize {
    let rooms = city.rooms.of(domain(city));
    rooms.iter().find(|it| it.name == name).map_or(0, |it| it.parties.len())
}

/// How many others hear a phone in its conference.
fn audience(city: &City, phone: usize) -> usize {
    let port = line(city, phone).remote_rtp.expect("it was answered");
    city.workers.iter().map(|it| it.audience(port).len()).sum()
}
