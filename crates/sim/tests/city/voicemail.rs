//! Voicemail: what is said is kept, heard and judged, whenever somebody hangs up.

use crate::support::*;
use base::{ExtensionId, RecordingId, Rng, UnixMillis};
use call::{facts::CallState, voicemail::Greeting};
use media::detection::Detected;
use sim::{City, LineState, Manner, MessageState};

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
fn a_message_that_fills_its_mailbox_is_cut_with_words_and_kept() {
    let mut city = pair();
    city.mailboxes.room = Some(secs(20));
    speak(&mut city, 0);
    city.wait(secs(19));
    assert_eq!(running(&city), 1, "{}", city.story());
    assert_eq!(city.shards[0].views()[0].state, CallState::Voicemail);
    city.wait(secs(2));
    assert_eq!(running(&city), 0, "{}", city.story());
    assert!(is_spoken_to(&city, 0), "{}", city.story());
    city.act(0, |phone, now| phone.hang_up(now, 0));
    city.wait(secs(1));
    assert_eq!(states(&city), [MessageState::New]);
    city.finish();
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
    let [deleted, saved, new] = [MessageState::Deleted, MessageState::Saved, MessageState::New];
    assert_eq!(states(&city), [deleted, saved, new, new]);
    press(&mut city, 0, "#");
    finish_words(&mut city, 0);
    assert_eq!(states(&city), [saved, new, new], "nothing is left of what was deleted");
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
        press(&mut city, 0, "#");
        finish_words(&mut city, 0);
        city.finish();
        assert_eq!(log(&city), ["caller 200 normal system"], "{key}");
    }
}

#[test]
fn what_was_not_heard_is_neither_deleted_nor_saved_after_the_keys_were_told() {
    for key in ["7", "9", "8", "3", "4"] {
        let mut city = pair();
        put(&mut city, "1001", 1, MessageState::New);
        city.dial(0, "*97");
        city.wait(secs(1));
        press(&mut city, 0, &["0", key].concat());
        finish_words(&mut city, 0);
        press(&mut city, 0, key);
        assert_eq!(states(&city), [MessageState::New], "{key}: {}", city.story());
        press(&mut city, 0, "29");
        assert_eq!(states(&city), [MessageState::Saved], "{key}: {}", city.story());
        hang_up_all(city);
    }
}

#[test]
fn what_has_the_place_of_a_message_that_is_gone_is_heard_before_it_is_judged() {
    for key in ["7", "9", "07"] {
        let mut city = pair();
        put(&mut city, "1001", 1, MessageState::New);
        put(&mut city, "1001", 2, MessageState::New);
        city.dial(0, "*97");
        city.wait(secs(1));
        press(&mut city, 0, "1");
        city.mailboxes.remove(id(1));
        press(&mut city, 0, "9");
        press(&mut city, 0, key);
        assert_eq!(states(&city), [MessageState::New], "{key}: {}", city.story());
        press(&mut city, 0, "19");
        assert_eq!(states(&city), [MessageState::Saved], "{key}: {}", city.story());
        hang_up_all(city);
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
fn one_who_chooses_nothing_is_told_thrice_what_it_can_do_and_let_go() {
    for is_empty in [true, false] {
        let mut city = pair();
        if !is_empty {
            put(&mut city, "1001", 1, MessageState::Saved);
        }
        city.dial(0, "*97");
        city.wait(secs(1));
        for _ in 0..3 {
            assert!(is_spoken_to(&city, 0), "{}", city.story());
            finish_words(&mut city, 0);
            city.wait(secs(11));
        }
        finish_words(&mut city, 0);
        city.finish();
        assert_eq!(log(&city), ["caller 200 normal system"]);
    }
}

#[test]
fn a_deleted_message_is_restored_by_the_same_key_until_its_owner_leaves() {
    for (keys, left) in [("17", 0), ("177", 1), ("174", 0), ("1747", 1), ("1779", 1)] {
        let mut city = pair();
        put(&mut city, "1001", 1, MessageState::New);
        city.dial(0, "*97");
        city.wait(secs(1));
        press(&mut city, 0, keys);
        city.act(0, |phone, now| phone.hang_up(now, 0));
        city.wait(secs(1));
        assert_eq!(states(&city), vec![MessageState::Saved; left], "{keys}: {}", city.story());
        city.finish();
    }
}

#[test]
fn the_previous_message_is_heard_again_and_before_the_first_there_is_none() {
    let mut city = pair();
    put(&mut city, "1001", 1, MessageState::New);
    put(&mut city, "1001", 2, MessageState::New);
    city.dial(0, "*97");
    city.wait(secs(1));
    press(&mut city, 0, "12447");
    assert_eq!(states(&city), [MessageState::Deleted, MessageState::New], "{}", city.story());
    press(&mut city, 0, "27");
    assert_eq!(states(&city), [MessageState::Deleted, MessageState::Deleted], "{}", city.story());
    hang_up_all(city);
}

#[test]
fn a_message_is_forwarded_to_a_number_that_has_a_mailbox_with_room() {
    for (number, most, is_sent) in [("1002", 9, true), ("1002", 1, false), ("1099", 9, false)] {
        let mut city = pair();
        put(&mut city, "1001", 1, MessageState::New);
        put(&mut city, "1002", 2, MessageState::Saved);
        city.mailboxes.messages_max = Some(most);
        city.dial(0, "*97");
        city.wait(secs(1));
        press(&mut city, 0, "18");
        assert!(is_spoken_to(&city, 0), "it is asked where to: {}", city.story());
        press(&mut city, 0, &[number, "#"].concat());
        city.wait(secs(1));
        assert!(is_spoken_to(&city, 0), "it is told: {}", city.story());
        let theirs = owner(&city, "1002");
        let count = city.mailboxes.messages().iter().filter(|it| it.mailbox == theirs).count();
        assert_eq!(count, if is_sent { 2 } else { 1 }, "{number}: {}", city.story());
        finish_words(&mut city, 0);
        press(&mut city, 0, "9");
        let first = city.mailboxes.messages()[0].state;
        assert_eq!(first, MessageState::Saved, "the message is still the current one");
        hang_up_all(city);
    }
}

#[test]
fn one_who_enters_no_number_keeps_its_message_to_itself() {
    let mut city = pair();
    put(&mut city, "1001", 1, MessageState::New);
    city.dial(0, "*97");
    city.wait(secs(1));
    press(&mut city, 0, "18");
    finish_words(&mut city, 0);
    city.wait(secs(11));
    assert!(is_spoken_to(&city, 0), "{}", city.story());
    press(&mut city, 0, "9");
    assert_eq!(states(&city), [MessageState::Saved]);
    hang_up_all(city);
}

#[test]
fn whoever_left_a_message_is_called_back_by_the_line_of_the_mailbox() {
    let mut city = pair();
    city.add_registered("1018");
    put(&mut city, "1001", 1, MessageState::New);
    put(&mut city, "1001", 2, MessageState::New);
    city.dial(0, "*97");
    city.wait(secs(1));
    press(&mut city, 0, "1723");
    city.wait(secs(5));

    assert_eq!(states(&city), [MessageState::New], "what was deleted is gone");
    assert!(is_heard(&city, 0, 2) && is_heard(&city, 2, 0), "{}", city.story());
    assert_eq!(line(&city, 0).statuses, [200], "it is the same call");
    hang_up_all(city);
}

#[test]
fn a_call_back_that_nobody_answers_or_that_is_refused_comes_back_to_the_message() {
    // Nobody registered, busy, no answer, a number that nobody has.
    for (manner, number, patience) in [
        (None, "1018", 1),
        (Some(Manner::refuses_after(secs(1), 486)), "1018", 2),
        (Some(Manner::refuses_after(secs(1), 603)), "1018", 2),
        (Some(Manner::ignores()), "1018", 31),
        (None, "1099", 1),
    ] {
        let mut city = pair();
        if let Some(manner) = manner {
            let sender = city.add_registered("1018");
            city.phones[sender].manner = manner;
        }
        let mailbox = owner(&city, "1001");
        put(&mut city, "1001", 1, MessageState::New);
        city.mailboxes.put_from(id(2), mailbox, number);
        city.dial(0, "*97");
        city.wait(secs(1));
        // The first one is deleted, the second one's sender called back.
        press(&mut city, 0, "1723");
        city.wait(secs(patience));
        assert!(is_spoken_to(&city, 0), "{number}: {}", city.story());
        assert_eq!(city.shards[0].views()[0].state, CallState::Voicemail, "{}", city.story());
        assert_eq!(states(&city), [MessageState::Deleted, MessageState::New], "it has not left");
        finish_words(&mut city, 0);
        press(&mut city, 0, "9");
        assert_eq!(states(&city), [MessageState::Deleted, MessageState::Saved]);
        press(&mut city, 0, "*1");
        finish_words(&mut city, 0);
        press(&mut city, 0, "7");
        assert_eq!(states(&city), [MessageState::Saved; 2], "what was deleted is restored");
        hang_up_all(city);
    }
}

#[test]
fn one_is_called_back_as_often_as_its_owner_likes_until_it_answers() {
    let mut city = pair();
    let sender = city.add_registered("1018");
    city.phones[sender].manner = Manner::refuses_after(millis(100), 486);
    put(&mut city, "1001", 1, MessageState::New);
    put(&mut city, "1001", 2, MessageState::New);
    city.dial(0, "*97");
    city.wait(secs(1));
    press(&mut city, 0, "172");
    for _ in 0..20 {
        press(&mut city, 0, "3");
        city.wait(secs(1));
        assert!(is_spoken_to(&city, 0), "{}", city.story());
    }
    city.phones[sender].manner = Manner::answers_after(secs(1));
    press(&mut city, 0, "3");
    city.wait(secs(3));
    assert!(is_heard(&city, 0, sender) && is_heard(&city, sender, 0), "{}", city.story());
    assert_eq!(states(&city), [MessageState::New], "what was deleted is gone");
    city.act(sender, |phone, now| {
        let last = phone.lines.len() - 1;
        phone.hang_up(now, last);
    });
    city.wait(secs(1));
    assert_eq!(line(&city, 0).state, LineState::Ended, "{}", city.story());
    hang_up_all(city);
}

#[test]
fn whoever_hangs_up_while_it_calls_back_leaves_nothing_deleted_behind() {
    for delay in [1, 20, 60, 500, 1000, 1040, 1100] {
        let mut city = pair();
        let sender = city.add_registered("1018");
        city.phones[sender].manner = Manner::refuses_after(secs(1), 486);
        put(&mut city, "1001", 1, MessageState::New);
        put(&mut city, "1001", 2, MessageState::New);
        city.dial(0, "*97");
        city.wait(secs(1));
        press(&mut city, 0, "1723");
        city.wait(millis(delay));
        city.act(0, |phone, now| phone.hang_up(now, 0));
        city.wait(secs(2));
        assert_eq!(states(&city), [MessageState::New], "{delay}: {}", city.story());
        city.finish();
    }
}

#[test]
fn a_call_back_to_nobody_is_not_made() {
    let mut city = pair();
    let mailbox = owner(&city, "1001");
    city.mailboxes.put_from(id(1), mailbox, "anonymous");
    city.dial(0, "*97");
    city.wait(secs(1));
    press(&mut city, 0, "13");
    assert!(is_spoken_to(&city, 0), "{}", city.story());
    press(&mut city, 0, "9");
    assert_eq!(states(&city), [MessageState::Saved], "it is still there");
    hang_up_all(city);
}

// === Greetings ===

#[test]
fn a_greeting_is_recorded_kept_heard_and_deleted() {
    for (key, greeting) in [
        ("1", Greeting::Unavailable),
        ("2", Greeting::Busy),
        ("3", Greeting::Temporary),
        ("4", Greeting::Name),
    ] {
        let mut city = pair();
        city.mailboxes.is_slow = true;
        let mailbox = owner(&city, "1001");
        record_greeting(&mut city, key);
        press(&mut city, 0, "1");
        city.wait(secs(1));
        assert!(is_listened_to(&city, 0), "nothing is promised before the disk has it");
        city.finish_messages(true);
        assert!(is_spoken_to(&city, 0), "{}", city.story());
        assert_eq!(city.mailboxes.greetings(mailbox), [greeting]);

        press(&mut city, 0, &[key, "2"].concat());
        assert_eq!(city.mailboxes.greetings_played, [greeting], "{}", city.story());
        press(&mut city, 0, "3");
        assert_eq!(city.mailboxes.greetings(mailbox), [], "{}", city.story());
        press(&mut city, 0, "2");
        assert!(is_spoken_to(&city, 0), "there is none: {}", city.story());
        hang_up_all(city);
    }
}

#[test]
fn a_greeting_that_its_owner_does_not_keep_is_forgotten() {
    // Keys once it was said; with none, the owner hangs up at that step.
    for keys in ["", "*", "2", "3", "2*"] {
        let mut city = pair();
        let mailbox = owner(&city, "1001");
        record_greeting(&mut city, "1");
        press(&mut city, 0, keys);
        city.act(0, |phone, now| phone.hang_up(now, 0));
        city.wait(secs(1));
        city.finish_messages(true);
        assert_eq!(city.mailboxes.greetings(mailbox), [], "{keys}: {}", city.story());
        assert_eq!(city.mailboxes.greeting_drafts(), 0, "{keys}: {}", city.story());
        city.finish();
    }
    let mut city = pair();
    record_greeting(&mut city, "1");
    for _ in 0..2 {
        finish_words(&mut city, 0);
        city.wait(secs(9));
    }
    assert_eq!(city.mailboxes.greeting_drafts(), 0, "it says nothing: {}", city.story());
    hang_up_all(city);
}

#[test]
fn the_longest_greeting_is_a_minute_and_the_longest_name_some_seconds() {
    for (key, longest) in [("1", 60), ("4", 8)] {
        let mut city = pair();
        begin_greeting(&mut city, key);
        city.wait(secs(longest - 1));
        assert_eq!(running(&city), 1, "{}", city.story());
        city.wait(secs(2));
        assert_eq!(running(&city), 0, "{}", city.story());
        assert!(is_spoken_to(&city, 0), "{}", city.story());
        hang_up_all(city);
    }
}

#[test]
fn a_caller_hears_the_greeting_for_how_its_call_ended() {
    use Greeting::{Busy, Name, Temporary, Unavailable};
    let all = [Unavailable, Busy, Temporary, Name];
    let usual = [Unavailable, Busy, Name];
    let cases: [(&[Greeting], bool, &[Greeting]); 9] = [
        (&all, true, &[Temporary]),
        (&all, false, &[Temporary]),
        (&usual, true, &[Busy]),
        (&usual, false, &[Unavailable]),
        (&[Unavailable, Name], true, &[Unavailable]),
        (&[Busy, Name], false, &[Name]),
        (&[Busy], false, &[]),
        (&[Name], true, &[Name]),
        (&[], true, &[]),
    ];
    for (recorded, is_busy, heard) in cases {
        let mut city = pair();
        city.phones[1].manner = if is_busy {
            Manner::refuses_after(secs(1), 486)
        } else {
            Manner::answers_after(secs(60))
        };
        let mailbox = owner(&city, "1002");
        for greeting in recorded {
            city.mailboxes.put_greeting(mailbox, *greeting);
        }
        city.dial(0, "*961002");
        city.wait(secs(15));
        assert_eq!(city.mailboxes.greetings_played, heard, "{recorded:?}: {}", city.story());
        assert!(is_spoken_to(&city, 0), "{}", city.story());
        finish_words(&mut city, 0);
        finish_words(&mut city, 0);
        assert_eq!(running(&city), 1, "it may speak: {}", city.story());
        hang_up_all(city);
    }
}

#[test]
fn a_greeting_that_does_not_come_leaves_the_standard_words() {
    let mut city = pair();
    let mailbox = owner(&city, "1002");
    city.mailboxes.put_greeting(mailbox, Greeting::Unavailable);
    city.mailboxes.forgets_greetings = true;
    city.dial(0, "*981002");
    city.wait(secs(9));
    assert!(is_listened_to(&city, 0), "{}", city.story());
    city.wait(secs(3));
    assert!(is_spoken_to(&city, 0), "{}", city.story());
    finish_words(&mut city, 0);
    finish_words(&mut city, 0);
    assert_eq!(running(&city), 1, "{}", city.story());
    hang_up_all(city);
}

#[test]
fn a_pin_is_changed_by_who_enters_it_twice() {
    let cases = [("4711#4711#", "4711"), ("4711#4712#", "0000"), ("12#12#", "0000"), ("#", "0000")];
    for (keys, pin) in cases {
        let mut city = pair();
        let mailbox = owner(&city, "1001");
        city.mailboxes.set_pin(mailbox, "0000");
        city.dial(0, "*97");
        city.wait(secs(1));
        press(&mut city, 0, "0000#");
        press(&mut city, 0, "55");
        press(&mut city, 0, keys);
        city.wait(secs(1));
        assert!(is_spoken_to(&city, 0), "{keys}: {}", city.story());
        assert_eq!(city.mailboxes.pin(mailbox), Some(pin), "{keys}");
        hang_up_all(city);
    }
}

#[test]
fn a_call_that_hangs_up_at_any_step_of_the_settings_leaves_nothing_behind() {
    for keys in ["5", "51", "511", "512", "513", "55", "554711#", "5*", "51*"] {
        let mut city = pair();
        city.dial(0, "*97");
        city.wait(secs(1));
        press(&mut city, 0, keys);
        city.act(0, |phone, now| phone.hang_up(now, 0));
        city.finish();
        assert_eq!(log(&city), ["caller 200 normal remote"], "{keys}");
    }
}

#[test]
fn a_call_that_hangs_up_at_any_step_of_the_menu_leaves_nothing_behind() {
    for keys in ["", "1", "17", "19", "12", "14", "18", "181002#", "0", "*", "1#"] {
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

/// The owner of 1001 is about to say a greeting.
fn begin_greeting(city: &mut City, key: &str) {
    city.dial(0, "*97");
    city.wait(secs(1));
    press(city, 0, "5");
    assert!(is_spoken_to(city, 0), "{}", city.story());
    press(city, 0, key);
    press(city, 0, "1");
    finish_words(city, 0);
    assert!(is_spoken_to(city, 0), "it hears the tone");
    finish_words(city, 0);
    assert_eq!(running(city), 1, "{}", city.story());
}

/// The owner of 1001 has said a greeting, and is asked what to do with it.
fn record_greeting(city: &mut City, key: &str) {
    begin_greeting(city, key);
    city.wait(secs(4));
    press(city, 0, "#");
    assert_eq!(running(city), 0, "{}", city.story());
    assert!(is_spoken_to(city, 0), "{}", city.story());
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
