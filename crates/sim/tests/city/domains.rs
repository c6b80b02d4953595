//! Two domains with the same numbers and the same plan: nobody reaches across.

use crate::support::*;
use base::ExtensionId;
use call::{Origination, facts::CallState};
use sim::{City, DOMAIN, LineState, Manner, MessageState, NEIGHBOUR, Phone, Plot, SUPERVISOR};
use std::net::SocketAddr;

/// Phones of `1001`, `1002` and `1003` of the one domain.
const OURS: [usize; 3] = [0, 1, 2];
/// Those of the other.
const THEIRS: [usize; 3] = [3, 4, 5];

#[test]
fn a_number_is_that_of_one_s_own_domain() {
    for number in ["1002", "6001", "70001002"] {
        for (own, others) in [(OURS, THEIRS), (THEIRS, OURS)] {
            let mut city = two_domains();
            city.dial(own[0], number);
            city.wait(secs(4));
            assert!(talk(&city, own[0], own[1]), "{number}: {}", city.story());
            assert!(others.iter().all(|it| city.phones[*it].lines.is_empty()), "{number}");
            hang_up_all(city);
        }
    }
    // Their addresses, with credentials of one's own: for a call, a text, and a lamp.
    for method in ["INVITE", "MESSAGE", "SUBSCRIBE"] {
        let mut city = two_domains();
        let uri = format!("sip:1002@{DOMAIN}");
        if method == "INVITE" {
            city.act(THEIRS[0], |phone, now| phone.dial_uri(now, &uri, true));
        } else {
            city.act(THEIRS[0], |phone, now| phone.ask(now, method, &uri));
        }
        city.wait(secs(2));
        let status = if method == "INVITE" {
            line(&city, THEIRS[0]).final_status()
        } else {
            city.phones[THEIRS[0]].odd_statuses.last().copied()
        };
        assert_eq!(status, Some(401), "{method}: {}", city.story());
        assert!(city.phones[OURS[1]].lines.is_empty() && city.phones[OURS[1]].texts.is_empty());
        city.finish();
    }
}

#[test]
fn what_rings_in_one_domain_is_not_picked_up_from_the_other() {
    for code in ["*81002", "*8"] {
        let mut city = two_domains();
        city.phones[OURS[1]].manner = Manner::ignores();
        city.dial(OURS[0], "1002");
        city.wait(secs(1));
        city.dial(THEIRS[2], code);
        city.wait(secs(2));
        assert_eq!(line(&city, THEIRS[2]).statuses, [480], "{code}: {}", city.story());
        assert_eq!(line(&city, OURS[1]).state, LineState::Ringing);
        city.dial(OURS[2], code);
        city.wait(secs(2));
        assert!(talk(&city, OURS[0], OURS[2]), "{code}: {}", city.story());
        hang_up_all(city);
    }
}

#[test]
fn a_slot_of_one_domain_is_another_in_the_other_and_so_is_its_lamp() {
    let mut city = two_domains();
    let watchers = [OURS[1], THEIRS[1]];
    for watcher in watchers {
        city.act(watcher, |phone, now| phone.subscribe(now, "701", "dialog", 300));
    }
    city.wait(secs(1));
    city.dial(OURS[0], "700");
    city.wait(secs(1));
    assert_eq!(watchers.map(|it| told(&city, it, 0)), [2, 1], "{}", city.story());
    city.dial(THEIRS[2], "701");
    city.wait(secs(1));
    assert_eq!(line(&city, THEIRS[2]).reason, "Nobody is parked there");

    city.dial(THEIRS[0], "700");
    city.wait(secs(1));
    let slots: Vec<_> = city.shards[0].views().iter().map(|it| it.state).collect();
    let is_first = |it: &CallState| matches!(it, CallState::Parked { slot: 701, .. });
    assert!(slots.len() == 2 && slots.iter().all(is_first), "{slots:?}");
    assert_eq!(watchers.map(|it| told(&city, it, 0)), [2, 2], "{}", city.story());

    city.dial(OURS[2], "701");
    city.wait(secs(2));
    assert!(talk(&city, OURS[0], OURS[2]), "{}", city.story());
    assert_eq!(watchers.map(|it| told(&city, it, 0)), [3, 2], "{}", city.story());
    city.dial(THEIRS[2], "701");
    city.wait(secs(2));
    assert!(talk(&city, THEIRS[0], THEIRS[2]), "{}", city.story());
    for watcher in watchers {
        city.act(watcher, |phone, now| phone.resubscribe(now, 0, 0));
    }
    hang_up_all(city);
}

#[test]
fn a_dialog_of_one_domain_is_not_replaced_from_the_other() {
    // By an INVITE of the same number: of a call that rings, and of one that talks.
    for is_answered in [false, true] {
        let mut city = two_domains();
        if !is_answered {
            city.phones[OURS[1]].manner = Manner::ignores();
        }
        city.dial(OURS[0], "1002");
        city.wait(secs(4));
        let replaces = line(&city, OURS[1]).replaces();
        city.phones[THEIRS[1]].invite_headers = vec![("Replaces", replaces)];
        city.dial(THEIRS[1], "1001");
        city.wait(secs(2));
        assert_eq!(line(&city, THEIRS[1]).statuses, [481], "{is_answered}: {}", city.story());
        assert_eq!(talk(&city, OURS[0], OURS[1]), is_answered, "{}", city.story());
        city.act(OURS[1], |phone, now| phone.answer(now, 0));
        city.wait(secs(1));
        assert!(talk(&city, OURS[0], OURS[1]), "{}", city.story());
        hang_up_all(city);
    }
    // By a REFER of the same number in a call of its own.
    let mut city = two_domains();
    for own in [OURS, THEIRS] {
        city.dial(own[0], "1002");
        city.wait(secs(4));
    }
    let replaces = line(&city, OURS[1]).replaces().replace(';', "%3B").replace('=', "%3D");
    let refer_to = format!("<sip:1001@{NEIGHBOUR}?Replaces={replaces}>");
    city.act(THEIRS[1], |phone, now| phone.send_refer(now, 0, refer_to));
    city.wait(secs(3));
    let last = line(&city, THEIRS[1]).notified.last().copied();
    let refused = last.or(city.phones[THEIRS[1]].odd_statuses.last().copied());
    assert!(refused.is_some_and(|it| it >= 400), "{}", city.story());
    assert!(talk(&city, OURS[0], OURS[1]), "{}", city.story());
    assert!(talk(&city, THEIRS[0], THEIRS[1]), "{}", city.story());
    hang_up_all(city);
}

#[test]
fn a_supervisor_hears_its_own_domain_alone() {
    let mut city = two_domains();
    let [ours, theirs] = [city.add_registered(SUPERVISOR), city.add_neighbour(SUPERVISOR)];
    city.dial(OURS[0], "1002");
    city.wait(secs(4));
    city.dial(theirs, "*441001");
    city.wait(secs(2));
    assert_eq!(line(&city, theirs).final_status(), Some(480), "{}", city.story());
    city.dial(THEIRS[0], "1002");
    city.wait(secs(4));
    for (watcher, own) in [(ours, OURS), (theirs, THEIRS)] {
        city.dial(watcher, "*441001");
        city.wait(secs(2));
        city.press(watcher, city.phones[watcher].lines.len() - 1, '6');
        city.wait(secs(1));
        let both = [own[0], own[1]].map(|it| line(&city, it).rtp).to_vec();
        assert_eq!(taps(&city, watcher), Some([both.clone(), both]), "{}", city.story());
    }
    hang_up_all(city);
}

#[test]
fn whoever_watches_a_number_is_told_of_its_own_domain_alone() {
    let mut city = two_domains();
    let watched = [("1001", "dialog"), ("1001", "presence"), ("1003", "reg")];
    let mail = ("1003", "message-summary");
    let watched = [watched[0], watched[1], watched[2], mail];
    for watcher in [OURS[2], THEIRS[2]] {
        for (number, event) in watched {
            city.act(watcher, |phone, now| phone.subscribe(now, number, event, 600));
        }
    }
    city.wait(secs(1));
    assert_eq!(counts_told(&city, THEIRS[2]), [1; 4], "{}", city.story());

    city.dial(OURS[0], "1002");
    city.wait(secs(4));
    city.act(OURS[0], |phone, now| phone.hang_up(now, 0));
    leave_message(&mut city, OURS[1], "1003");
    city.act(OURS[2], Phone::unregister);
    city.wait(secs(2));

    let ours = counts_told(&city, OURS[2]);
    assert!(ours.iter().all(|it| *it > 1), "{ours:?}: {}", city.story());
    assert_eq!(counts_told(&city, THEIRS[2]), [1; 4], "{}", city.story());
    for watcher in [OURS[2], THEIRS[2]] {
        for n in 0..watched.len() {
            city.act(watcher, |phone, now| phone.resubscribe(now, n, 0));
        }
    }
    city.finish();
}

#[test]
fn a_text_stays_in_its_domain_whether_somebody_is_there_or_not() {
    let mut city = two_domains();
    city.act(THEIRS[0], |phone, now| phone.text(now, "1002", "first"));
    city.wait(secs(1));
    city.act(THEIRS[1], Phone::unregister);
    city.wait(secs(1));
    city.act(THEIRS[0], |phone, now| phone.text(now, "1002", "second"));
    city.wait(secs(1));
    assert_eq!(city.phones[THEIRS[0]].text_statuses, [200, 202], "{}", city.story());
    // The one who registers anew is another.
    city.act(OURS[1], Phone::unregister);
    city.wait(secs(1));
    city.act(OURS[1], Phone::register);
    city.wait(secs(5));
    assert_eq!(city.texts.rows.len(), 1);
    city.act(THEIRS[1], Phone::register);
    city.wait(secs(5));
    let texts: Vec<_> = city.phones[THEIRS[1]].texts.iter().map(|it| it.1.as_str()).collect();
    assert_eq!(texts, ["first", "second"], "{}", city.story());
    let from = format!("sip:1001@{NEIGHBOUR}");
    assert!(city.phones[THEIRS[1]].texts.iter().all(|it| it.0 == from));
    assert!(OURS.iter().all(|it| city.phones[*it].texts.is_empty()), "{}", city.story());
    city.finish();
}

#[test]
fn a_message_is_for_the_owner_of_its_domain() {
    let mut city = two_domains();
    leave_message(&mut city, THEIRS[0], "1002");
    let owners: Vec<_> = city.mailboxes.messages().iter().map(|it| it.mailbox).collect();
    assert_eq!(owners, [extension(&city, NEIGHBOUR, "1002")], "{}", city.story());
    for (owner, state) in [(OURS[1], MessageState::New), (THEIRS[1], MessageState::Saved)] {
        city.dial(owner, "*97");
        city.wait(secs(1));
        press(&mut city, owner, "19");
        let states: Vec<_> = city.mailboxes.messages().iter().map(|it| it.state).collect();
        assert_eq!(states, [state], "{owner}: {}", city.story());
    }
    hang_up_all(city);
}

#[test]
fn a_conference_of_the_same_number_is_another() {
    let mut city = two_domains();
    for phone in [OURS[0], THEIRS[0], OURS[1], THEIRS[1], OURS[2]] {
        city.dial(phone, "3000");
        city.wait(secs(2));
    }
    let heard_by = [OURS[0], OURS[1], OURS[2], THEIRS[0], THEIRS[1]];
    assert_eq!(heard_by.map(|it| audience(&city, it)), [2, 2, 2, 1, 1], "{}", city.story());
    // Ours is full.
    city.dial(THEIRS[2], "3000");
    city.wait(secs(2));
    assert_eq!(audience(&city, THEIRS[2]), 2, "{}", city.story());
    hang_up_all(city);
}

#[test]
fn what_one_sets_or_called_last_is_of_its_domain() {
    let mut city = two_domains();
    city.dial(OURS[1], "*78");
    city.wait(secs(1));
    finish_words(&mut city, OURS[1]);
    city.dial(OURS[2], "*721001");
    city.wait(secs(1));
    finish_words(&mut city, OURS[2]);
    city.wait(secs(1));
    for (n, number) in [(1, "1002"), (2, "1003")] {
        city.dial(THEIRS[0], number);
        city.wait(secs(4));
        assert!(talk(&city, THEIRS[0], THEIRS[n]), "{number}: {}", city.story());
        city.act(THEIRS[0], |phone, now| phone.hang_up(now, n - 1));
        city.wait(secs(1));
    }
    city.dial(OURS[0], "1002");
    city.wait(secs(1));
    assert_eq!(line(&city, OURS[0]).final_status(), Some(486), "{}", city.story());
    // It was not called by theirs, and theirs called somebody else.
    city.dial(OURS[2], "*66");
    city.wait(secs(1));
    assert_eq!(line(&city, OURS[2]).final_status(), Some(404), "{}", city.story());
    city.dial(THEIRS[0], "*66");
    city.wait(secs(4));
    assert!(talk(&city, THEIRS[0], THEIRS[2]), "{}", city.story());
    hang_up_all(city);
}

#[test]
fn a_trunk_of_one_domain_takes_no_calls_of_the_other_and_brings_it_none() {
    let mut city = two_domains();
    let carrier = city.add_provider("+79161234567");
    city.dial(THEIRS[0], "989161234567");
    city.wait(secs(2));
    assert_eq!(line(&city, THEIRS[0]).final_status(), Some(480), "{}", city.story());
    assert!(city.phones[carrier].lines.is_empty(), "{}", city.story());
    city.act(carrier, |phone, now| {
        phone.dial_uri(now, &format!("sip:74950000001@{NEIGHBOUR}"), true)
    });
    city.wait(secs(4));
    assert!(talk(&city, carrier, OURS[0]), "{}", city.story());
    assert_eq!(city.phones[THEIRS[0]].lines.len(), 1, "{}", city.story());
    hang_up_all(city);
}

#[test]
fn a_click_rings_the_phones_of_its_domain() {
    let mut city = two_domains();
    let domain = city.directory().domain_of_host(NEIGHBOUR).expect("it is there").id;
    let (extension, to) = ("1001".to_owned(), "1002".to_owned());
    let order = Origination { domain, extension, to, is_intercom: false };
    assert!(city.operate(0, |shard, now| shard.originate(now, order)).is_ok());
    city.wait(secs(6));
    assert!(talk(&city, THEIRS[0], THEIRS[1]), "{}", city.story());
    assert!(OURS.iter().all(|it| city.phones[*it].lines.is_empty()), "{}", city.story());
    hang_up_all(city);
}

#[test]
fn whoever_signs_in_at_a_desk_is_of_its_domain() {
    for (own, others, host) in [(OURS, THEIRS, DOMAIN), (THEIRS, OURS, NEIGHBOUR)] {
        let mut city = two_domains();
        let person = extension(&city, host, "1002");
        city.mailboxes.set_pin(person, "4711");
        let sign_in = |city: &mut City, desk: usize| {
            city.dial(desk, "*111002");
            city.wait(millis(300));
            press(city, desk, "4711#");
            city.wait(secs(1));
            let last = city.phones[desk].lines.len() - 1;
            city.act(desk, |phone, now| phone.hang_up(now, last));
            city.wait(secs(1));
        };
        sign_in(&mut city, others[2]);
        assert_eq!(city.visitor_at("1003"), None, "nobody there has that PIN: {}", city.story());
        sign_in(&mut city, own[2]);
        assert_eq!(city.visitor_at("1003").as_deref(), Some("1002"), "{}", city.story());

        city.phones[own[1]].manner = Manner::ignores();
        city.dial(own[0], "1002");
        city.wait(secs(5));
        assert!(talk(&city, own[0], own[2]), "{}", city.story());
        let before = city.phones[others[2]].lines.len();
        city.dial(others[2], "1001");
        city.wait(secs(5));
        assert!(talk(&city, others[2], others[0]), "{}", city.story());
        let from = line(&city, others[0]).header("From").unwrap_or_default();
        assert!(from.contains("sip:1003@"), "the other desk is nobody's: {from}");
        assert_eq!(city.phones[others[2]].lines.len(), before + 1);
        hang_up_all(city);
    }
}

fn two_domains() -> City {
    let plot = Plot { domains: 2, has_hold_music: true, ..Plot::default() };
    let mut city = city_with(plot);
    for number in ["1001", "1002", "1003"] {
        city.add_registered(number);
    }
    for number in ["1001", "1002", "1003"] {
        city.add_neighbour(number);
    }
    city
}

/// Somebody says something for a number of its domain.
fn leave_message(city: &mut City, phone: usize, number: &str) {
    city.dial(phone, &["*98", number].concat());
    city.wait(secs(1));
    for _ in 0..2 {
        finish_words(city, phone);
    }
    city.wait(secs(4));
    let line = city.phones[phone].lines.len() - 1;
    city.act(phone, |phone, now| phone.hang_up(now, line));
    city.wait(secs(1));
}

/// How often a subscription was told something.
fn told(city: &City, phone: usize, n: usize) -> usize {
    city.phones[phone].subscriptions[n].told.len()
}

fn counts_told(city: &City, phone: usize) -> Vec<usize> {
    city.phones[phone].subscriptions.iter().map(|it| it.told.len()).collect()
}

/// Whom a phone hears as a supervisor, and who hears it.
fn taps(city: &City, phone: usize) -> Option<[Vec<SocketAddr>; 2]> {
    let port = line(city, phone).remote_rtp?;
    city.workers.iter().find_map(|it| it.taps_at(port))
}

fn extension(city: &City, host: &str, number: &str) -> ExtensionId {
    let directory = city.directory();
    let domain = directory.domain_of_host(host).expect("the domain is there").id;
    directory.extension(domain, number).expect("the extension is there").id
}
