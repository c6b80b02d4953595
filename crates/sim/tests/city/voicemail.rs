//! Voicemail: what is said is kept, heard and judged, whenever somebody hangs up.

use crate::support::*;
use base::{ExtensionId, RecordingId, Rng, UnixMillis};
use media::detection::Detected;
use sim::{City, MessageState};

#[test]
fn a_message_is_left_and_its_caller_hears_that_it_is_kept_once_it_is() {
    let mut city = pair();
    city.mailboxes.is_slow = true;
    speak(&mut city, 0);
    city.wait(secs(5));
    press(&mut city, 0, "#");
    assert!(is_spoken_to(&city, 0), "it is asked what to do with it");
    press(&mut city, 0, "1");
    city.wait(secs(3));
    assert!(is_listened_to(&city, 0), "nothing is promised before the disk has it");
    assert_eq!(states(&city), [MessageState::Unfinished]);

    city.finish_messages(true);
    assert!(is_spoken_to(&city, 0), "{}", city.story());
    assert_eq!(states(&city), [MessageState::New]);
    finish_words(&mut city, 0);
    city.finish();
    assert_eq!(log(&city), ["caller 200 normal system"]);
}

#[test]
fn silence_and_the_longest_time_end_a_message_as_the_key_does() {
    let silence = Detected::Silence { lasted: secs(3) };
    for is_silent in [true, false] {
        let mut city = pair();
        speak(&mut city, 0);
        if is_silent {
            city.wait(secs(6));
            let port = line(&city, 0).remote_rtp.expect("it was answered");
            city.detect(port, silence);
        } else {
            city.wait(secs(179));
            assert_eq!(running(&city), 1);
            city.wait(secs(2));
        }
        assert_eq!(running(&city), 0, "{}", city.story());
        assert!(is_spoken_to(&city, 0), "{}", city.story());
        press(&mut city, 0, "1");
        assert_eq!(states(&city), [MessageState::New]);
        hang_up_all(city);
    }
}

#[test]
fn whoever_hangs_up_while_it_speaks_has_left_a_message_if_it_is_long_enough() {
    for (length, kept) in [(millis(1500), 0), (millis(2500), 1)] {
        let mut city = pair();
        speak(&mut city, 0);
        city.wait(length);
        city.act(0, |phone, now| phone.hang_up(now, 0));
        city.wait(secs(2));
        assert_eq!(states(&city).len(), kept, "{length:?}: {}", city.story());
        assert!(states(&city).iter().all(|it| *it == MessageState::New));
        city.finish();
    }
}

#[test]
fn whoever_hangs_up_at_any_other_step_leaves_what_it_has_said_and_nothing_else() {
    // Keys after the message was said, and how many messages there are then.
    for (keys, kept) in [("", 1), ("2", 1), ("3", 0), ("1", 1)] {
        for is_slow in [false, true] {
            let mut city = pair();
            city.mailboxes.is_slow = is_slow;
            speak(&mut city, 0);
            city.wait(secs(4));
            press(&mut city, 0, "#");
            press(&mut city, 0, keys);
            city.act(0, |phone, now| phone.hang_up(now, 0));
            city.wait(secs(1));
            city.finish_messages(true);
            assert_eq!(states(&city), vec![MessageState::New; kept], "{keys}: {}", city.story());
            city.finish();
        }
    }
    for is_greeted in [true, false] {
        let mut city = pair();
        city.dial(0, "*981002");
        city.wait(secs(1));
        if is_greeted {
            finish_words(&mut city, 0);
        }
        city.act(0, |phone, now| phone.hang_up(now, 0));
        city.finish();
        assert_eq!(states(&city), []);
    }
}

#[test]
fn whoever_listens_to_its_message_and_records_it_again_leaves_the_second() {
    let mut city = pair();
    speak(&mut city, 0);
    city.wait(secs(4));
    press(&mut city, 0, "#2");
    assert!(is_spoken_to(&city, 0), "{}", city.story());
    finish_words(&mut city, 0);
    press(&mut city, 0, "3");
    finish_words(&mut city, 0);
    assert_eq!(running(&city), 1, "{}", city.story());
    city.wait(secs(3));
    press(&mut city, 0, "#");
    press(&mut city, 0, "1");
    assert_eq!(states(&city), [MessageState::New], "the first is forgotten");
    hang_up_all(city);
}

#[test]
fn a_message_that_says_too_little_is_asked_for_again() {
    let mut city = pair();
    speak(&mut city, 0);
    city.wait(millis(500));
    press(&mut city, 0, "#");
    assert!(is_spoken_to(&city, 0), "{}", city.story());
    assert_eq!(running(&city), 0);
    finish_words(&mut city, 0);
    finish_words(&mut city, 0);
    assert_eq!(running(&city), 1, "{}", city.story());
    city.wait(secs(3));
    let port = line(&city, 0).remote_rtp.expect("it was answered");
    city.detect(port, Detected::Silence { lasted: secs(3) });
    assert_eq!(running(&city), 0, "three seconds of silence say nothing");
    hang_up_all(city);
}

#[test]
fn a_caller_who_decides_nothing_wants_its_message_kept() {
    let mut city = pair();
    speak(&mut city, 0);
    city.wait(secs(4));
    press(&mut city, 0, "#");
    for _ in 0..2 {
        assert!(is_spoken_to(&city, 0), "{}", city.story());
        finish_words(&mut city, 0);
        city.wait(secs(9));
    }
    assert_eq!(states(&city), [MessageState::New], "{}", city.story());
    hang_up_all(city);
}

#[test]
fn a_journal_that_cannot_be_finished_is_told_and_its_message_is_delivered_when_it_can() {
    let mut city = pair();
    city.mailboxes.is_slow = true;
    speak(&mut city, 0);
    city.wait(secs(4));
    press(&mut city, 0, "#1");
    city.finish_messages(false);
    assert!(is_spoken_to(&city, 0), "{}", city.story());
    finish_words(&mut city, 0);
    city.wait(secs(1));
    assert_eq!(log(&city), ["caller 200 internal system"]);

    city.finish_messages(true);
    assert_eq!(states(&city), [MessageState::New]);
    city.finish();
}

#[test]
fn a_keeper_that_does_not_answer_ends_the_call_with_words() {
    for number in ["*981002", "*97"] {
        let mut city = pair();
        city.mailboxes.is_dead = true;
        city.dial(0, number);
        city.wait(secs(9));
        assert!(is_listened_to(&city, 0), "{}", city.story());
        city.wait(secs(2));
        assert!(is_spoken_to(&city, 0), "{}", city.story());
        finish_words(&mut city, 0);
        city.finish();
        assert_eq!(log(&city), ["caller 200 internal system"]);
    }
}

#[test]
fn a_full_mailbox_takes_no_message_and_a_number_of_nobody_has_none() {
    let mut city = pair();
    city.mailboxes.messages_max = Some(1);
    put(&mut city, "1002", 1, MessageState::Saved);
    city.dial(0, "*981002");
    city.wait(secs(1));
    finish_words(&mut city, 0);
    city.wait(secs(1));
    assert_eq!(log(&city), ["caller 200 refused system"], "{}", city.story());
    city.dial(0, "*981099");
    city.wait(secs(1));
    assert_eq!(line(&city, 0).final_status(), Some(404));
    city.finish();
}

#[test]
fn messages_are_heard_saved_and_deleted_one_after_the_other() {
    let mut city = pair();
    for n in 1..=3 {
        put(&mut city, "1001", n, MessageState::New);
    }
    put(&mut city, "1002", 4, MessageState::New);
    city.dial(0, "*97");
    city.wait(secs(1));
    assert!(is_spoken_to(&city, 0), "{}", city.story());
    press(&mut city, 0, "7");
    assert_eq!(states(&city).len(), 4, "nothing was heard that could be deleted");
    press(&mut city, 0, "1");
    finish_words(&mut city, 0);
    press(&mut city, 0, "7");
    finish_words(&mut city, 0);
    assert!(is_spoken_to(&city, 0), "the next one follows");
    press(&mut city, 0, "9");
    finish_words(&mut city, 0);
    press(&mut city, 0, "2");
    assert!(is_spoken_to(&city, 0), "there are no more");
    assert_eq!(states(&city), [MessageState::Saved, MessageState::New, MessageState::New]);
    press(&mut city, 0, "#");
    finish_words(&mut city, 0);
    city.finish();
    assert_eq!(log(&city), ["caller 200 normal system"]);
}

#[test]
fn a_message_that_another_phone_deletes_meanwhile_is_told_to_be_gone() {
    for key in ["1", "9"] {
        let mut city = pair();
        put(&mut city, "1001", 1, MessageState::New);
        city.dial(0, "*97");
        city.wait(secs(1));
        press(&mut city, 0, "1");
        assert!(is_spoken_to(&city, 0), "{}", city.story());
        city.mailboxes.remove(id(1));
        press(&mut city, 0, key);
        assert!(is_spoken_to(&city, 0), "{}", city.story());
        finish_words(&mut city, 0);
        finish_words(&mut city, 0);
        city.finish();
        assert_eq!(log(&city), ["caller 200 normal system"], "{key}");
    }
}

#[test]
fn a_mailbox_with_a_pin_opens_for_it_alone() {
    for (keys, is_open) in [("4711#", true), ("0000#4711#", true), ("1#2#3#4711#", false)] {
        let mut city = pair();
        let owner = owner(&city, "1001");
        city.mailboxes.set_pin(owner, "4711");
        put(&mut city, "1001", 1, MessageState::New);
        city.dial(0, "*97");
        city.wait(secs(1));
        for key in keys.chars() {
            press(&mut city, 0, &key.to_string());
        }
        press(&mut city, 0, "1");
        finish_words(&mut city, 0);
        press(&mut city, 0, "9");
        let expected = if is_open { MessageState::Saved } else { MessageState::New };
        assert_eq!(states(&city), [expected], "{keys}: {}", city.story());
        hang_up_all(city);
    }
}

#[test]
fn an_empty_mailbox_and_one_who_chooses_nothing_end_the_call() {
    let mut city = pair();
    city.dial(0, "*97");
    city.wait(secs(1));
    finish_words(&mut city, 0);
    put(&mut city, "1001", 1, MessageState::Saved);
    city.dial(0, "*97");
    city.wait(secs(1));
    for _ in 0..3 {
        finish_words(&mut city, 0);
        city.wait(secs(11));
    }
    finish_words(&mut city, 0);
    city.finish();
    assert_eq!(log(&city), ["caller 200 normal system"; 2]);
}

#[test]
fn a_call_that_hangs_up_at_any_step_of_the_menu_leaves_nothing_behind() {
    for keys in ["", "1", "17", "19", "12", "0", "*", "1#"] {
        let mut city = pair();
        put(&mut city, "1001", 1, MessageState::New);
        put(&mut city, "1001", 2, MessageState::New);
        city.dial(0, "*97");
        city.wait(secs(1));
        press(&mut city, 0, keys);
        city.act(0, |phone, now| phone.hang_up(now, 0));
        city.finish();
        assert_eq!(log(&city), ["caller 200 normal remote"], "{keys}");
    }
}

/// A phone calls to leave a message for 1002, and may speak.
fn speak(city: &mut City, phone: usize) {
    city.dial(phone, "*981002");
    city.wait(secs(1));
    assert!(is_spoken_to(city, phone), "{}", city.story());
    finish_words(city, phone);
    assert!(is_spoken_to(city, phone), "it hears the tone");
    finish_words(city, phone);
    assert_eq!(running(city), 1, "{}", city.story());
}

fn running(city: &City) -> usize {
    city.workers.iter().map(|it| it.recordings().len()).sum()
}

fn states(city: &City) -> Vec<MessageState> {
    city.mailboxes.messages().into_iter().map(|it| it.state).collect()
}

fn put(city: &mut City, number: &str, n: i64, state: MessageState) {
    let owner = owner(city, number);
    city.mailboxes.put(id(n), owner, state);
}

fn id(n: i64) -> RecordingId {
    RecordingId::new(UnixMillis(n), &mut Rng::from_number(n as u64))
}

fn owner(city: &City, number: &str) -> ExtensionId {
    let domain = city.directory().domain_names[sim::DOMAIN];
    city.directory().extension(domain, number).expect("the extension is there").id
}
