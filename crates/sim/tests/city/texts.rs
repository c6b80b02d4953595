//! Text messages: to every device, in order, and none lost.

use crate::support::*;
use call::texts::{BODY_MAX, WAITING_MAX};
use sim::{City, Phone, Quality};

#[test]
fn a_text_reaches_every_device_and_its_sender_hears_200() {
    let mut city = pair();
    let second = city.add_registered("1002");

    city.act(CALLER, |phone, now| phone.text(now, "1002", "Привет"));
    city.wait(secs(1));

    let text = ("sip:1001@demo.tandem.test".to_owned(), "Привет".to_owned());
    assert_eq!(city.phones[CALLEE].texts, std::slice::from_ref(&text));
    assert_eq!(city.phones[second].texts, [text]);
    assert_eq!(city.phones[CALLER].text_statuses, [200]);
    assert!(city.texts.rows.is_empty(), "it went straight there");
    city.finish();
}

#[test]
fn texts_for_who_is_not_there_are_kept_and_come_in_order_when_they_register() {
    let mut city = pair();
    let later = city.add_phone("1003");
    for n in 0..5 {
        city.act(CALLER, |phone, now| phone.text(now, "1003", &n.to_string()));
        city.wait(millis(200));
    }
    assert_eq!(city.phones[CALLER].text_statuses, [202; 5]);
    assert_eq!(city.texts.rows.len(), 5);
    city.kill_and_restart(secs(5));
    assert_eq!(city.texts.rows.len(), 5, "a process that dies loses none");

    city.act(later, Phone::register);
    city.wait(secs(2));

    assert_eq!(texts(&city, later), ["0", "1", "2", "3", "4"]);
    assert!(city.texts.rows.is_empty());
    city.finish();
}

#[test]
fn a_text_for_a_device_that_is_silent_is_kept_in_time_and_tried_again() {
    let mut city = pair();
    city.phones[CALLEE].answers_texts = None;

    city.act(CALLER, |phone, now| phone.text(now, "1002", "first"));
    city.wait(secs(5));
    assert_eq!(city.phones[CALLER].text_statuses, [202], "within some seconds");
    city.act(CALLER, |phone, now| phone.text(now, "1002", "second"));
    city.wait(secs(40));
    assert_eq!(city.texts.rows.len(), 2);
    city.phones[CALLEE].answers_texts = Some(200);
    city.wait(secs(60));

    assert_eq!(texts(&city, CALLEE), ["first", "second"]);
    assert!(city.texts.rows.is_empty());
    city.finish();
}

#[test]
fn what_every_device_refuses_is_refused_and_not_kept() {
    let mut city = pair();
    city.phones[CALLEE].answers_texts = Some(405);

    city.act(CALLER, |phone, now| phone.text(now, "1002", "hello"));
    city.wait(secs(1));

    assert_eq!(city.phones[CALLER].text_statuses, [405]);
    assert!(city.texts.rows.is_empty());
    city.finish();
}

#[test]
fn what_is_too_long_of_a_strange_type_or_for_nobody_is_refused() {
    let mut city = pair();
    let mut ask = |number: &str, content_type: &str, text: &str| {
        city.act(CALLER, |phone, now| phone.text_as(now, number, content_type, text));
        city.wait(secs(1));
        city.phones[CALLER].text_statuses.last().copied()
    };

    assert_eq!(ask("1002", "text/plain", &"x".repeat(BODY_MAX + 1)), Some(413));
    assert_eq!(ask("1002", "application/zip", "x"), Some(415));
    assert_eq!(ask("1099", "text/plain", "x"), Some(404));
    assert_eq!(ask("1002", "Text/Plain; charset=utf-8", &"x".repeat(BODY_MAX)), Some(200));
    "1002".clone_into(&mut city.phones[CALLER].signs_as);
    city.act(CALLER, |phone, now| phone.text(now, "1002", "not mine"));
    city.wait(secs(1));
    assert_eq!(city.phones[CALLER].text_statuses.last(), Some(&403));
    assert_eq!(city.phones[CALLEE].texts.len(), 1);
    city.finish();
}

#[test]
fn no_more_texts_wait_for_one_than_may() {
    let mut city = pair();
    city.add_phone("1003");
    for _ in 0..=WAITING_MAX {
        city.act(CALLER, |phone, now| phone.text(now, "1003", "x"));
        city.wait(millis(100));
    }

    let (full, kept) = city.phones[CALLER].text_statuses.split_last().unwrap();
    assert_eq!((kept.len(), *full), (WAITING_MAX, 480));
    assert!(kept.iter().all(|it| *it == 202));
    city.finish();
}

#[test]
fn nobody_hears_202_for_what_is_not_written() {
    let mut city = pair();
    let later = city.add_phone("1003");
    city.texts.is_database_away = true;
    city.act(CALLER, |phone, now| phone.text(now, "1003", "lost"));
    city.wait(secs(1));
    assert_eq!(city.phones[CALLER].text_statuses, [503]);
    city.phones[CALLEE].answers_texts = None;
    city.act(CALLER, |phone, now| phone.text(now, "1002", "silent"));
    city.wait(secs(50));
    assert_eq!(city.phones[CALLER].text_statuses, [503, 503]);

    city.texts.is_database_away = false;
    city.phones[CALLEE].answers_texts = Some(200);
    city.act(later, Phone::register);
    city.act(CALLER, |phone, now| phone.text(now, "1002", "again"));
    city.wait(secs(100));

    assert_eq!(texts(&city, CALLEE), ["again"], "and what was refused comes no more");
    assert!(city.phones[later].texts.is_empty());
    assert!(city.texts.rows.is_empty());
    city.finish();
}

#[test]
fn texts_come_in_order_and_none_is_lost_over_a_network_that_loses_a_fifth() {
    for seed in 0..5 {
        let bad = Quality {
            loss_per_mille: 200,
            duplication_per_mille: 50,
            delay_min: millis(5),
            delay_max: millis(120),
        };
        let mut city = City::new(std::time::Instant::now(), seed, sim::Plot::default());
        city.add_registered("1001");
        city.add_registered("1002");
        city.network.set_quality(bad);
        for n in 0..10 {
            city.act(CALLER, |phone, now| phone.text(now, "1002", &n.to_string()));
            city.wait(secs(8));
        }
        city.network.set_quality(Quality::GOOD);
        city.wait(secs(3600));

        let mut got = texts(&city, CALLEE);
        got.dedup();
        let heard: Vec<_> = (0..10).map(|it: u32| it.to_string()).collect();
        assert_eq!(got, heard, "seed {seed}\n{}", city.story());
        city.finish();
    }
}

fn texts(city: &City, phone: usize) -> Vec<String> {
    city.phones[phone].texts.iter().map(|(_, text)| text.clone()).collect()
}
