//! Keys in the middle of a call that order something, and those that only look like it.

use crate::support::*;
use call::facts::{CallRecording, CallState};
use media::Playout;
use sim::{City, LineState, Manner, Plot};

#[test]
fn keys_that_are_no_code_reach_the_far_end_all_and_in_order() {
    let mut city = talking_with_codes();
    for (keys, now, later) in [
        ("123", "123", "123"),
        ("*", "", "*"),
        ("**7", "**7", "**7"),
        ("*9", "*9", "*9"),
        ("#0#", "#0", "#0#"),
        ("***", "**", "***"),
    ] {
        let before = heard_by(&city, 1);
        press(&mut city, 0, keys);
        assert_eq!(heard_by(&city, 1), [&before, now].concat(), "{keys} at once");
        city.wait(millis(1600));
        assert_eq!(heard_by(&city, 1), [&before, later].concat(), "{keys}: {}", city.story());
    }
    // From the other side they go the other way.
    press(&mut city, 1, "*88");
    assert_eq!(heard_by(&city, 0), "*88");
    hang_up_all(city);
}

#[test]
fn a_call_is_recorded_paused_and_no_longer_recorded_by_keys_of_either_side() {
    for by in [0, 1] {
        let mut city = talking_with_codes();
        for (keys, state) in [
            ("*4", CallRecording::Off),
            ("*1", CallRecording::On),
            ("*4", CallRecording::Paused),
            ("*4", CallRecording::On),
            ("*4", CallRecording::Paused),
            ("*1", CallRecording::Off),
        ] {
            press(&mut city, by, keys);
            assert_eq!(city.shards[0].views()[0].recording, state, "{keys}: {}", city.story());
        }
        assert_eq!(heard_by(&city, 1 - by), "", "codes go no further");
        hang_up_all(city);
    }
}

#[test]
fn whoever_begins_or_ends_a_recording_by_keys_hears_so_and_nobody_else() {
    let told = |city: &City| [0, 1, 2].map(|phone| told_aside(city, phone));
    for by in [0, 1] {
        let mut city = talking_with_codes();
        press(&mut city, by, "*4");
        assert_eq!(told(&city), [0, 0, 0], "there is nothing to pause");
        press(&mut city, by, "*1");
        press(&mut city, by, "*4");
        press(&mut city, by, "*1");
        let mut expected = [0, 0, 0];
        expected[by] = 2;
        assert_eq!(told(&city), expected, "{}", city.story());
        hang_up_all(city);
    }
    // All are told that they are recorded, which begins at once.
    let plot = Plot { has_recording_tone: true, ..Plot::default() };
    let mut city = talking_with_codes_in(plot);
    press(&mut city, 0, "*1");
    assert_eq!(told(&city), [0, 0, 0], "{}", city.story());
    press(&mut city, 0, "*1");
    assert_eq!(told(&city), [1, 0, 0], "{}", city.story());
    hang_up_all(city);
    // Where the rule wants all of it recorded, nothing has ended.
    let mut city = trio();
    city.dial(0, "73001002");
    city.wait(secs(4));
    press(&mut city, 0, "*1");
    assert_eq!(city.shards[0].views()[0].recording, CallRecording::On, "{}", city.story());
    assert_eq!(told(&city), [0, 0, 0]);
    hang_up_all(city);
    // Three who talk are told apart as well.
    let mut city = talking_with_codes();
    press(&mut city, 0, "*21003#");
    city.wait(secs(3));
    press(&mut city, 0, "*3");
    city.wait(secs(1));
    press(&mut city, 0, "*1");
    assert_eq!(told(&city), [1, 0, 0], "{}", city.story());
    hang_up_all(city);
}

#[test]
fn what_the_plan_does_not_allow_is_keys_like_any_other() {
    // No codes at all.
    let mut city = trio();
    city.dial(0, "1002");
    city.wait(secs(4));
    press(&mut city, 0, "*1");
    assert_eq!(city.shards[0].views()[0].recording, CallRecording::Off);
    hang_up_all(city);
    // Only to record: `#` waits for nothing.
    let mut city = trio();
    city.dial(0, "72001002");
    city.wait(secs(4));
    press(&mut city, 0, "##*2*1");
    assert_eq!(heard_by(&city, 1), "##*2", "{}", city.story());
    assert_eq!(city.shards[0].views()[0].recording, CallRecording::On);
    hang_up_all(city);
    // Nobody outside orders anything.
    let mut city = trio();
    city.add_provider("+79161234567");
    city.act(3, |phone, now| phone.dial_uri(now, "sip:74950000097@10.0.0.1", true));
    city.wait(secs(4));
    assert!(talk(&city, 3, 0), "{}", city.story());
    press(&mut city, 3, "*1");
    assert_eq!(city.shards[0].views()[0].recording, CallRecording::Off, "{}", city.story());
    press(&mut city, 0, "*1");
    assert_eq!(city.shards[0].views()[0].recording, CallRecording::On, "{}", city.story());
    hang_up_all(city);
}

#[test]
fn the_other_side_is_sent_on_by_keys() {
    for (keys, pause) in [("##1003#", secs(0)), ("##1003", secs(5))] {
        let mut city = talking_with_codes();
        press(&mut city, 1, "##");
        assert!(matches!(played(&city, 1), Some(Playout::Loop { .. })), "{}", city.story());
        assert_eq!(city.shards[0].views()[0].state, CallState::Held);
        press(&mut city, 1, &keys[2..]);
        city.wait(pause);
        city.wait(secs(3));
        assert!(talk(&city, 0, 2), "{keys}: {}", city.story());
        assert_eq!(line(&city, 1).state, LineState::Ended);
        hang_up_all(city);
    }
    // No number, or one that leads nowhere, goes back.
    for keys in ["###", "##1002#", "##1001#", "##1099#"] {
        let mut city = talking_with_codes();
        press(&mut city, 0, keys);
        city.wait(secs(1));
        assert!(talk(&city, 0, 1), "{keys}: {}", city.story());
        press(&mut city, 0, "*1");
        hang_up_all(city);
    }
}

#[test]
fn one_consults_swaps_goes_back_connects_or_brings_all_together_by_keys() {
    let consulting = |keys: &str| {
        let mut city = talking_with_codes();
        press(&mut city, 0, "*21003#");
        city.wait(secs(3));
        assert!(talk(&city, 0, 2), "{}", city.story());
        press(&mut city, 0, keys);
        city.wait(secs(1));
        city
    };
    let city = consulting("*2");
    assert!(talk(&city, 0, 1), "{}", city.story());
    hang_up_all(city);
    let city = consulting("*5");
    assert!(talk(&city, 0, 1), "{}", city.story());
    assert_eq!(line(&city, 2).state, LineState::Ended);
    hang_up_all(city);
    let city = consulting("##");
    assert!(talk(&city, 1, 2), "{}", city.story());
    assert_eq!(line(&city, 0).state, LineState::Ended);
    hang_up_all(city);
    let mut city = consulting("*3");
    assert_eq!(city.shards[0].views()[0].state, CallState::Conference, "{}", city.story());
    press(&mut city, 0, "*5");
    city.wait(secs(1));
    assert!(talk(&city, 0, 1), "{}", city.story());
    hang_up_all(city);
    // While it still rings.
    let mut city = talking_with_codes();
    press(&mut city, 0, "*21003#");
    city.wait(secs(1));
    press(&mut city, 0, "*5");
    assert!(talk(&city, 0, 1), "{}", city.story());
    hang_up_all(city);
}

#[test]
fn what_may_be_ordered_is_the_same_after_a_transfer_in_vain() {
    let mut city = talking_with_codes();
    city.phones[2].manner = Manner::refuses_after(millis(500), 486);
    press(&mut city, 0, "##1003#");
    city.wait(secs(3));
    assert!(talk(&city, 0, 1), "{}", city.story());
    press(&mut city, 0, "*1");
    assert_eq!(city.shards[0].views()[0].recording, CallRecording::On, "{}", city.story());
    hang_up_all(city);
}

#[test]
fn keys_that_come_by_info_are_codes_like_all_others() {
    for content_type in TYPES {
        // Recording, its pause, and what is no code.
        let mut city = talking_with_codes();
        for (keys, state) in [
            ("*1", CallRecording::On),
            ("*4", CallRecording::Paused),
            ("*4", CallRecording::On),
            ("*1", CallRecording::Off),
        ] {
            inform(&mut city, 1, content_type, keys);
            let recording = city.shards[0].views()[0].recording;
            assert_eq!(recording, state, "{content_type} {keys}: {}", city.story());
        }
        assert_eq!(told_aside(&city, 1), 2, "{}", city.story());
        inform(&mut city, 1, content_type, "5*9");
        assert_eq!(heard_by(&city, 0), "5*9", "{content_type}: {}", city.story());
        assert!(city.phones[1].odd_statuses.iter().all(|it| *it == 200), "{}", city.story());
        hang_up_all(city);

        // A transfer, and one to nowhere.
        let mut city = talking_with_codes();
        inform(&mut city, 1, content_type, "##");
        assert_eq!(city.shards[0].views()[0].state, CallState::Held, "{}", city.story());
        inform(&mut city, 1, content_type, "#");
        assert!(talk(&city, 0, 1), "{}", city.story());
        inform(&mut city, 1, content_type, "##1003#");
        city.wait(secs(3));
        assert!(talk(&city, 0, 2), "{content_type}: {}", city.story());
        hang_up_all(city);

        // A consultation: to and fro, while it rings, and at its end.
        let mut city = talking_with_codes();
        inform(&mut city, 0, content_type, "*21003#");
        city.wait(secs(3));
        assert!(talk(&city, 0, 2), "{content_type}: {}", city.story());
        inform(&mut city, 0, content_type, "*2");
        assert!(talk(&city, 0, 1), "{content_type}: {}", city.story());
        inform(&mut city, 0, content_type, "*5");
        city.wait(secs(1));
        assert_eq!(line(&city, 2).state, LineState::Ended, "{}", city.story());
        inform(&mut city, 0, content_type, "*21003#*5");
        city.wait(secs(1));
        assert!(talk(&city, 0, 1), "{content_type}: {}", city.story());
        inform(&mut city, 0, content_type, "*21003#");
        city.wait(secs(3));
        inform(&mut city, 0, content_type, "##");
        city.wait(secs(1));
        assert!(talk(&city, 1, 2), "{content_type}: {}", city.story());
        hang_up_all(city);
    }
}

#[test]
fn an_info_may_write_keys_as_events_and_mixes_with_keys_in_the_media() {
    let mut city = talking_with_codes();
    for (key, by_info) in [("10", true), ("1", true), ("*", false), ("4", true), ("10", true)] {
        if by_info {
            city.act(0, |phone, now| phone.press_by_info(now, 0, TYPES[0], key));
            city.wait(millis(150));
        } else {
            press(&mut city, 0, key);
        }
    }
    assert_eq!(city.shards[0].views()[0].recording, CallRecording::Paused, "{}", city.story());
    press(&mut city, 0, "1");
    assert_eq!(city.shards[0].views()[0].recording, CallRecording::Off, "{}", city.story());
    // A number between 0 and 15 is a key, and nothing else is.
    for (key, heard) in [("11", "#"), ("16", ""), ("x", ""), ("", "")] {
        let before = heard_by(&city, 1);
        city.act(0, |phone, now| phone.press_by_info(now, 0, TYPES[0], key));
        city.wait(secs(2));
        assert_eq!(heard_by(&city, 1), [&before, heard].concat(), "{key}: {}", city.story());
    }
    hang_up_all(city);
}

#[test]
fn anybody_may_hang_up_in_the_middle_of_a_code() {
    for keys in ["*", "##", "##10", "*2", "*21003", "*21003#"] {
        for who in [0, 1] {
            for delay in [0, 500, 2000, 5000] {
                let mut city = talking_with_codes();
                press(&mut city, 0, keys);
                city.wait(millis(delay));
                city.act(who, |phone, now| phone.hang_up(now, 0));
                city.wait(secs(10));
                hang_up_all(city);
            }
        }
    }
}

/// Presses keys as fast as people can.
fn press(city: &mut City, phone: usize, keys: &str) {
    for key in keys.chars() {
        city.press(phone, 0, key);
        city.wait(millis(150));
    }
}

/// The same by INFO.
fn inform(city: &mut City, phone: usize, content_type: &str, keys: &str) {
    for key in keys.chars() {
        let line = city.phones[phone].lines.len() - 1;
        let key = key.to_string();
        city.act(phone, |phone, now| phone.press_by_info(now, line, content_type, &key));
        city.wait(millis(150));
    }
}

const TYPES: [&str; 2] = ["application/dtmf-relay", "application/dtmf"];

/// Keys that phone `phone` was told of.
fn heard_by(city: &City, phone: usize) -> String {
    let port = line(city, phone).remote_rtp.expect("it was answered");
    let pressed = city.workers.iter().find_map(|it| it.pressed_at(port));
    pressed.unwrap_or_default().to_owned()
}

/// How often a phone was told something that nobody else heard.
fn told_aside(city: &City, phone: usize) -> usize {
    let port = city.phones[phone].last_line().and_then(|it| it.remote_rtp);
    port.map_or(0, |port| city.workers.iter().map(|it| it.told_at(port)).sum())
}

fn talking_with_codes() -> City {
    talking_with_codes_in(Plot::default())
}

fn talking_with_codes_in(plot: Plot) -> City {
    let mut city = trio_in(plot);
    city.dial(0, "71001002");
    city.wait(secs(4));
    assert!(talk(&city, 0, 1), "{}", city.story());
    city
}

fn trio() -> City {
    trio_in(Plot::default())
}

fn trio_in(plot: Plot) -> City {
    let mut city = city_with(plot);
    for number in ["1001", "1002", "1003"] {
        city.add_registered(number);
    }
    city
}
