//! Plans of several steps: what callers hear, press and reach, and what becomes of those who ring.

use crate::support::*;
use call::facts::CallState;
use media::Playout;
use sim::{AudioWay, City, LineState, Manner, Plot, Quality};
use std::time::{Duration, Instant};

#[test]
fn a_menu_is_heard_chosen_from_and_leads_on() {
    let mut city = pair();
    city.dial(0, "6500");
    city.wait(millis(200));
    assert!(is_spoken_to(&city, 0), "{}", city.story());
    finish_words(&mut city, 0);
    assert!(is_spoken_to(&city, 0), "the menu follows the welcome");
    assert_eq!(city.shards[0].views()[0].state, CallState::Playing);
    press(&mut city, 0, "1");
    city.wait(secs(5));

    assert!(is_heard_both_ways(&city), "{}", city.story());
    assert_eq!(city.shards[0].views()[0].state, CallState::Talking);
    assert_eq!(line(&city, 0).statuses, [200], "it was answered once");
    hang_up_all(city);
}

#[test]
fn whoever_presses_nothing_or_something_else_is_asked_again_and_then_let_go() {
    for keys in ["", "7"] {
        let mut city = pair();
        city.dial(0, "6500");
        city.wait(millis(200));
        finish_words(&mut city, 0);
        for _ in 0..3 {
            assert!(is_spoken_to(&city, 0), "{keys:?}: {}", city.story());
            finish_words(&mut city, 0);
            press(&mut city, 0, keys);
            if keys.is_empty() {
                assert!(is_listened_to(&city, 0));
                city.wait(millis(5100));
            }
        }
        city.wait(secs(1));
        assert_eq!(line(&city, 0).state, LineState::Ended, "{}", city.story());
        city.finish();
        assert_eq!(log(&city), ["caller 200 refused system"]);
    }
}

#[test]
fn a_caller_may_hang_up_at_every_step() {
    for step in 0..6 {
        let mut city = pair();
        city.phones[1].manner = Manner::answers_after(secs(2));
        city.dial(0, "6500");
        city.wait(millis(200));
        let steps: [fn(&mut City); 5] = [
            |city| finish_words(city, 0),
            |city| finish_words(city, 0),
            |city| press(city, 0, "1"),
            |city| city.wait(secs(1)),
            |city| city.wait(secs(4)),
        ];
        steps.iter().take(step).for_each(|it| it(&mut city));
        city.act(0, |phone, now| phone.hang_up(now, 0));
        city.wait(secs(3));
        assert_eq!(line(&city, 0).state, LineState::Ended, "{step}: {}", city.story());
        city.finish();
    }
}

#[test]
fn whoever_was_answered_hears_ringing_and_then_what_follows_a_busy_signal() {
    let mut city = pair();
    city.phones[1].manner = Manner::refuses_after(secs(3), 486);
    city.dial(0, "6501");
    city.wait(secs(1));
    finish_words(&mut city, 0);
    city.wait(secs(1));
    assert!(matches!(played(&city, 0), Some(Playout::Loop { .. })), "{}", city.story());
    city.wait(secs(3));
    assert!(is_spoken_to(&city, 0), "busy has words of its own: {}", city.story());
    finish_words(&mut city, 0);
    city.wait(secs(1));
    assert_eq!(line(&city, 0).state, LineState::Ended);
    city.finish();
    assert_eq!(log(&city), ["caller 200 busy system", "callee 486 busy remote"]);
}

#[test]
fn early_media_of_whoever_is_rung_is_heard_by_one_who_was_answered() {
    let mut city = pair();
    city.phones[1].manner = Manner {
        rings_after: None,
        early_media_after: Some(millis(500)),
        then: sim::Then::Answer(secs(4)),
    };
    city.dial(0, "6501");
    city.wait(millis(200));
    finish_words(&mut city, 0);
    city.wait(secs(2));
    assert!(is_heard(&city, 1, 0), "{}", city.story());
    city.wait(secs(4));
    assert!(is_heard_both_ways(&city), "{}", city.story());
    hang_up_all(city);
}

#[test]
fn those_in_turn_are_rung_one_after_the_other_and_the_first_refusals_are_forgotten() {
    let mut city = city();
    for number in ["1001", "1002", "1003", "1004"] {
        city.add_registered(number);
    }
    city.phones[1].manner = Manner::ignores();
    city.phones[2].manner = Manner::refuses_after(secs(1), 486);
    city.dial(0, "6001");
    city.wait(secs(1));
    assert_eq!((city.phones[1].lines.len(), city.phones[2].lines.len()), (1, 0));
    city.wait(secs(10));
    assert_eq!(line(&city, 1).state, LineState::Ended, "its time is over: {}", city.story());
    assert_eq!((city.phones[2].lines.len(), city.phones[3].lines.len()), (1, 0));
    city.wait(secs(5));
    assert!(is_heard(&city, 0, 3) && is_heard(&city, 3, 0), "{}", city.story());
    hang_up_all(city);
}

#[test]
fn of_a_group_the_first_who_answers_talks_and_the_others_stop_ringing() {
    let mut city = city();
    for number in ["1001", "1002", "1003"] {
        city.add_registered(number);
    }
    city.phones[1].manner = Manner::answers_after(secs(3));
    city.phones[2].manner = Manner::answers_after(secs(2));
    city.dial(0, "6000");
    city.wait(secs(1));
    assert_eq!([1, 2].map(|phone| line(&city, phone).state), [LineState::Ringing; 2]);
    city.wait(secs(4));
    assert!(is_heard(&city, 0, 2) && is_heard(&city, 2, 0), "{}", city.story());
    assert_eq!(line(&city, 1).state, LineState::Ended);
    assert_eq!(city.calls_of("1002"), 0, "it counts as busy no more");
    hang_up_all(city);
}

#[test]
fn nobody_of_a_group_answers_and_the_caller_leaves_a_message() {
    let mut city = city();
    for number in ["1001", "1002", "1003"] {
        city.add_registered(number);
    }
    for phone in [1, 2] {
        city.phones[phone].manner = Manner::ignores();
    }
    city.dial(0, "6002");
    city.wait(secs(19));
    assert_eq!(line(&city, 0).statuses, [180]);
    city.wait(secs(2));
    assert_eq!(line(&city, 0).statuses, [180, 200], "{}", city.story());
    assert!(is_spoken_to(&city, 0), "{}", city.story());
    hang_up_all(city);
}

#[test]
fn two_who_were_joined_hold_and_go_on_each_with_us_alone() {
    let mut city = pair_in(Plot { has_hold_music: true, ..Plot::default() });
    city.dial(0, "6501");
    city.wait(millis(200));
    finish_words(&mut city, 0);
    city.wait(secs(4));
    assert!(is_heard_both_ways(&city), "{}", city.story());

    city.act(1, |phone, now| phone.hold(now, 0));
    city.wait(secs(1));
    assert!(matches!(played(&city, 0), Some(Playout::Music { .. })), "{}", city.story());
    assert_eq!(line(&city, 0).changes, [], "nobody else is asked");
    city.act(1, |phone, now| phone.resume(now, 0));
    city.wait(secs(1));
    assert!(is_heard_both_ways(&city), "{}", city.story());

    // Both at once are no glare, and one without an offer gets ours.
    city.act(0, |phone, now| phone.reinvite_late(now, 0));
    city.act(1, |phone, now| phone.reinvite(now, 0, AudioWay::SendRecv));
    city.wait(secs(2));
    assert!(is_heard_both_ways(&city), "{}", city.story());
    hang_up_all(city);
}

#[test]
fn keys_that_were_pressed_before_the_words_are_over_cut_them_off() {
    let mut city = pair();
    city.dial(0, "6502");
    city.wait(millis(200));
    assert!(is_spoken_to(&city, 0));
    press(&mut city, 0, "1");
    assert!(is_listened_to(&city, 0), "{}", city.story());
    press(&mut city, 0, "002#");
    city.wait(secs(4));
    assert!(is_heard_both_ways(&city), "{}", city.story());
    hang_up_all(city);
}

#[test]
fn all_of_it_survives_a_bad_network() {
    for seed in 0..20 {
        let mut city = City::new(Instant::now(), seed, Plot { quality: BAD, ..Plot::default() });
        city.add_registered("1001");
        city.add_registered("1002");
        city.dial(0, "6500");
        city.wait(secs(8));
        let Some(port) = line(&city, 0).remote_rtp else { continue };
        city.finish_prompt(port);
        city.wait(secs(1));
        press(&mut city, 0, "1");
        city.wait(secs(20));
        hang_up_all(city);
    }
}

#[test]
fn a_service_that_is_not_there_says_so() {
    let mut city = pair();
    city.dial(0, "4000");
    city.wait(secs(1));
    assert!(is_spoken_to(&city, 0), "{}", city.story());
    press(&mut city, 0, "1");
    finish_words(&mut city, 0);
    city.wait(secs(1));
    assert_eq!(line(&city, 0).state, LineState::Ended);
    city.finish();
}

/// A tenth is lost, and some of it comes twice.
const BAD: Quality = Quality {
    delay_min: Duration::from_millis(10),
    delay_max: Duration::from_millis(120),
    loss_per_mille: 100,
    duplication_per_mille: 20,
};

#[test]
fn a_web_server_says_whom_a_call_is_for() {
    let mut city = pair();
    city.web_answer = Some(vec![("who".to_owned(), "1002".to_owned())]);
    city.dial(0, "6503");
    city.wait(secs(5));

    assert!(is_heard_both_ways(&city), "{}", city.story());
    let asked = &city.web_questions[0];
    assert_eq!(asked.url, "https://crm.example/of/1001");
    assert_eq!(asked.post, [("dialled".to_owned(), "6503".to_owned())]);
    assert_eq!(city.web_questions.len(), 1);
    hang_up_all(city);
}

#[test]
fn a_call_goes_on_without_an_answer_of_a_web_server_and_takes_none_that_comes_late() {
    for answer in [None, Some(vec![("other".to_owned(), "1002".to_owned())])] {
        let mut city = pair();
        city.add_registered("1003");
        city.web_answer.clone_from(&answer);
        city.dial(0, "6503");
        city.wait(secs(5));

        // An answer that lacks what the plan wants sets nothing, and nobody has an empty number.
        let expected = if answer.is_some() { LineState::Ended } else { LineState::Talking };
        assert_eq!(line(&city, 0).state, expected, "{answer:?}\n{}", city.story());
        if answer.is_none() {
            assert!(is_heard(&city, 0, 2), "{}", city.story());
        }
        hang_up_all(city);
    }
}

#[test]
fn a_caller_may_hang_up_while_a_web_server_is_asked() {
    for at in (0..1200).step_by(100) {
        let mut city = pair();
        city.web_answer = Some(vec![("who".to_owned(), "1002".to_owned())]);
        city.dial(0, "6503");
        city.wait(millis(at));
        city.act(0, |phone, now| phone.cancel(now, 0));
        city.wait(secs(2));

        assert_eq!(line(&city, 0).state, LineState::Ended, "{at} ms:\n{}", city.story());
        city.finish();
    }
}
