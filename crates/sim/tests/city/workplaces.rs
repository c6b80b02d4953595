//! Signing in at the phone of somebody else: whose calls come and go there, and until when.

use crate::support::*;
use base::{ExtensionId, RecordingId, Rng};
use call::{Cdr, Extension, LegRole, dialplan::ForwardWhen};
use sim::{City, LineState, Manner, MessageState, Plot};

/// The phones of `1001`, `1002` and of the desk `1009`. The persons of the first two have PINs.
fn office() -> City {
    office_in(Plot::default())
}

fn office_in(plot: Plot) -> City {
    let mut city = city_with(plot);
    for number in ["1001", "1002", "1009"] {
        city.add_registered(number);
    }
    for (number, pin) in [("1001", "4711"), ("1002", "0815")] {
        let line = id_of(&city, number);
        city.mailboxes.set_pin(line, pin);
    }
    city
}

/// The same, and the person of `1001` sits at the desk.
fn seated() -> City {
    let mut city = office();
    sign_in(&mut city, DESK, "1001", "4711");
    assert_eq!(city.visitor_at("1009").as_deref(), Some("1001"), "{}", city.story());
    city
}

const ANNA: usize = 0;
const BORIS: usize = 1;
const DESK: usize = 2;

fn extension<'a>(city: &'a City, number: &str) -> &'a Extension {
    let mut all = city.directory().extensions.values();
    all.find(|it| it.number == number).expect("it exists")
}

fn id_of(city: &City, number: &str) -> ExtensionId {
    extension(city, number).id
}

/// A person dials `*11` and its number at a phone, and enters a PIN.
fn sign_in(city: &mut City, phone: usize, number: &str, pin: &str) {
    city.dial(phone, &format!("*11{number}"));
    city.wait(millis(300));
    enter(city, phone, pin);
    hang_up(city, phone);
}

fn enter(city: &mut City, phone: usize, digits: &str) {
    press(city, phone, digits);
    press(city, phone, "#");
    city.wait(millis(300));
}

fn sign_out(city: &mut City, phone: usize) {
    city.dial(phone, "*12");
    city.wait(millis(300));
    assert!(is_spoken_to(city, phone), "{}", city.story());
    hang_up(city, phone);
}

/// A phone hangs up its newest call, if that is not over.
fn hang_up(city: &mut City, phone: usize) {
    let last = city.phones[phone].lines.len() - 1;
    if city.phones[phone].lines[last].is_live() {
        city.act(phone, |phone, now| phone.hang_up(now, last));
    }
    city.wait(secs(1));
}

/// Calls that came to a phone, or went from it.
fn calls_at(city: &City, phone: usize) -> usize {
    city.phones[phone].lines.len()
}

/// The rows of calls to a number: who called, party and workplace of each leg, callers first.
fn rows<'a>(city: &'a City, dialled: &str) -> Vec<(&'a str, &'a str, Option<&'a str>)> {
    let mut rows: Vec<&Cdr> = city.cdrs.iter().filter(|it| it.dialled == dialled).collect();
    rows.sort_by_key(|it| (it.role == LegRole::Callee, it.workplace.clone()));
    rows.into_iter().map(|it| (&*it.caller, &*it.party, it.workplace.as_deref())).collect()
}

#[test]
fn calls_to_whoever_sits_at_a_desk_ring_there_and_at_its_own_phones() {
    let mut city = seated();
    city.phones[ANNA].manner = Manner::ignores();

    city.dial(BORIS, "1001");
    city.wait(secs(1));
    assert_eq!(line(&city, ANNA).state, LineState::Ringing, "{}", city.story());
    city.wait(secs(4));

    assert!(talk(&city, BORIS, DESK), "{}", city.story());
    assert_eq!(line(&city, ANNA).state, LineState::Ended);
    assert_eq!((city.calls_of("1001"), city.calls_of("1009")), (1, 0), "it is a call of 1001");
    hang_up(&mut city, BORIS);
    let expected = [("1002", "1002", None), ("1002", "1001", None), ("1002", "1001", Some("1009"))];
    assert_eq!(rows(&city, "1001"), expected);
    city.finish();
}

#[test]
fn whoever_sits_at_a_desk_is_there_without_a_phone_of_its_own_until_it_leaves() {
    let mut city = seated();
    city.act(ANNA, |phone, now| phone.unregister(now));
    city.wait(secs(1));
    city.dial(BORIS, "1001");
    city.wait(secs(5));
    assert!(talk(&city, BORIS, DESK), "{}", city.story());
    hang_up(&mut city, BORIS);

    sign_out(&mut city, DESK);

    assert_eq!(city.visitor_at("1009"), None);
    city.dial(BORIS, "1001");
    city.wait(secs(1));
    assert_eq!(line(&city, BORIS).statuses, [480], "{}", city.story());
    hang_up_all(city);
}

#[test]
fn a_desk_that_unregisters_is_not_rung_and_is_again_when_it_comes_back() {
    let mut city = seated();
    for phone in [ANNA, DESK] {
        city.act(phone, |phone, now| phone.unregister(now));
    }
    city.wait(secs(1));
    city.dial(BORIS, "1001");
    city.wait(secs(1));
    assert_eq!(line(&city, BORIS).statuses, [480], "{}", city.story());

    city.act(DESK, |phone, now| phone.register(now));
    city.wait(secs(1));
    city.dial(BORIS, "1001");
    city.wait(secs(5));

    assert!(talk(&city, BORIS, DESK), "its register is the desk's own: {}", city.story());
    hang_up_all(city);
}

#[test]
fn the_own_number_of_a_desk_rings_there_still() {
    let mut city = seated();

    city.dial(BORIS, "1009");
    city.wait(secs(5));

    assert!(talk(&city, BORIS, DESK), "{}", city.story());
    assert_eq!(calls_at(&city, ANNA), 0);
    assert_eq!((city.calls_of("1001"), city.calls_of("1009")), (0, 1));
    hang_up(&mut city, BORIS);
    assert_eq!(rows(&city, "1009"), [("1002", "1002", None), ("1002", "1009", None)]);
    city.finish();
}

#[test]
fn calls_from_a_desk_are_those_of_whoever_sits_there() {
    let mut city = seated();

    city.dial(DESK, "1002");
    city.wait(secs(5));

    assert!(talk(&city, DESK, BORIS), "{}", city.story());
    let from = line(&city, BORIS).header("From").unwrap_or_default();
    assert!(from.contains("Phone 1001") && from.contains("sip:1001@"), "{from}");
    assert_eq!((city.calls_of("1001"), city.calls_of("1009")), (1, 0));
    let view = &city.shards[0].views()[0];
    assert_eq!(view.legs[0].extension, Some(id_of(&city, "1001")), "its lamp shows the call");
    hang_up(&mut city, DESK);
    assert_eq!(rows(&city, "1002"), [("1001", "1001", Some("1009")), ("1001", "1002", None)]);
    assert!(rows(&city, "*111001").iter().all(|it| it.0 == "1009"), "that was the desk's own");

    sign_out(&mut city, DESK);
    city.dial(DESK, "1002");
    city.wait(secs(5));
    let from = line(&city, BORIS).header("From").unwrap_or_default();
    assert!(from.contains("sip:1009@"), "{from}");
    hang_up_all(city);
}

#[test]
fn rights_to_call_out_are_those_of_the_person_and_not_of_the_desk() {
    for (person, desk) in [(true, false), (false, true)] {
        let mut city = office();
        let provider = city.add_provider("4951234567");
        let classes = |may: bool| if may { &["national"][..] } else { &[] };
        city.set_outbound_classes("1001", classes(person));
        city.set_outbound_classes("1009", classes(desk));
        let call_out = |city: &mut City, number: &str| {
            city.dial(DESK, number);
            city.wait(secs(5));
            let status = line(city, DESK).final_status();
            hang_up(city, DESK);
            status
        };
        let status = |may: bool| Some(if may { 200 } else { 403 });
        assert_eq!(call_out(&mut city, "94951234567"), status(desk), "{}", city.story());

        sign_in(&mut city, DESK, "1001", "4711");
        assert_eq!(call_out(&mut city, "94951234567"), status(person), "{}", city.story());
        assert_eq!(call_out(&mut city, "9112"), Some(200), "help is there for everybody");

        sign_out(&mut city, DESK);
        assert_eq!(call_out(&mut city, "94951234567"), status(desk), "{}", city.story());
        assert!(calls_at(&city, provider) >= 2);
        city.finish();
    }
}

#[test]
fn a_limit_of_calls_counts_for_the_person_wherever_it_calls_from() {
    let plot = Plot { limits: [("1001".to_owned(), 1)].into(), ..Plot::default() };
    let mut city = office_in(plot);
    sign_in(&mut city, DESK, "1001", "4711");
    city.dial(ANNA, "9196");
    city.wait(secs(1));

    city.dial(DESK, "1002");
    city.wait(secs(1));

    assert_eq!(line(&city, DESK).statuses, [403], "{}", city.story());
    hang_up_all(city);
}

#[test]
fn features_and_the_mailbox_at_a_desk_are_those_of_whoever_sits_there() {
    let mut city = seated();
    city.dial(DESK, "*721002");
    city.wait(millis(500));
    hang_up(&mut city, DESK);
    let to = |number: &str| extension(&city, number).features.forward(ForwardWhen::All);
    assert_eq!((to("1001"), to("1009")), (Some("1002"), None), "{}", city.story());

    city.dial(DESK, "*97");
    city.wait(millis(500));
    // The mailbox of 1001 has a PIN, and that of the desk has none.
    finish_words(&mut city, DESK);
    enter(&mut city, DESK, "4711");
    assert!(is_spoken_to(&city, DESK), "{}", city.story());
    hang_up_all(city);
}

#[test]
fn a_person_is_at_one_desk_and_a_desk_is_for_one_person() {
    let mut city = seated();
    let other = city.add_registered("1010");
    city.phones[ANNA].manner = Manner::ignores();
    city.phones[BORIS].manner = Manner::ignores();

    sign_in(&mut city, DESK, "1002", "0815");
    assert_eq!(city.visitor_at("1009").as_deref(), Some("1002"), "{}", city.story());
    city.dial(other, "1001");
    city.wait(secs(4));
    let signing_in = calls_at(&city, DESK);
    assert_eq!(line(&city, ANNA).state, LineState::Ringing);
    hang_up(&mut city, other);
    assert_eq!(calls_at(&city, DESK), signing_in, "who was replaced is not rung there");
    city.dial(ANNA, "1002");
    city.wait(secs(5));
    assert!(talk(&city, ANNA, DESK), "{}", city.story());
    hang_up(&mut city, ANNA);

    sign_in(&mut city, other, "1002", "0815");
    assert_eq!(city.visitor_at("1010").as_deref(), Some("1002"));
    assert_eq!(city.visitor_at("1009"), None, "it has moved");
    sign_in(&mut city, BORIS, "1002", "0815");
    assert_eq!(city.visitor_at("1010"), None, "and is at home again");
    assert_eq!(city.visitor_at("1002"), None);
    hang_up_all(city);
}

#[test]
fn a_call_stays_whose_it_is_when_whoever_called_signs_out_or_is_replaced() {
    for how in ["*12", "*111002", "administrator"] {
        let mut city = seated();
        let other = city.add_registered("1003");
        city.dial(DESK, "1003");
        city.wait(secs(5));
        let talking = calls_at(&city, DESK) - 1;

        match how {
            "*12" => sign_out(&mut city, DESK),
            "*111002" => sign_in(&mut city, DESK, "1002", "0815"),
            _ => city.end_visit("1009"),
        }
        assert_ne!(city.visitor_at("1009").as_deref(), Some("1001"), "{how}");
        assert!(talk(&city, DESK, other), "{how}: {}", city.story());
        assert_eq!(city.calls_of("1001"), 1, "{how}");

        city.act(DESK, |phone, now| phone.hang_up(now, talking));
        city.wait(secs(1));
        let expected = [("1001", "1001", Some("1009")), ("1001", "1003", None)];
        assert_eq!(rows(&city, "1003"), expected, "{how}");
        city.dial(DESK, "1003");
        city.wait(secs(5));
        let caller = if how == "*111002" { "sip:1002@" } else { "sip:1009@" };
        let from = line(&city, other).header("From").unwrap_or_default();
        assert!(from.contains(caller), "{how}: {from}");
        hang_up_all(city);
    }
}

#[test]
fn whoever_signs_in_while_it_is_rung_answers_where_it_rings() {
    let mut city = office();
    city.phones[ANNA].manner = Manner::ignores();
    city.dial(BORIS, "1001");
    city.wait(secs(1));

    sign_in(&mut city, DESK, "1001", "4711");
    let signing_in = calls_at(&city, DESK);
    city.act(ANNA, |phone, now| phone.answer(now, 0));
    city.wait(secs(2));

    assert!(talk(&city, BORIS, ANNA), "{}", city.story());
    assert_eq!(calls_at(&city, DESK), signing_in);
    hang_up(&mut city, BORIS);
    city.dial(BORIS, "1001");
    city.wait(secs(5));
    assert!(talk(&city, BORIS, DESK), "the next call rings there, too: {}", city.story());
    hang_up_all(city);
}

#[test]
fn a_phone_that_is_reached_by_two_numbers_of_a_group_rings_once() {
    let mut city = office();
    let caller = city.add_registered("1004");
    city.act(ANNA, |phone, now| phone.unregister(now));
    sign_in(&mut city, BORIS, "1001", "4711");
    let signing_in = calls_at(&city, BORIS);

    city.dial(caller, "6000");
    city.wait(secs(5));

    assert!(talk(&city, caller, BORIS), "{}", city.story());
    assert_eq!(calls_at(&city, BORIS), signing_in + 1);
    hang_up_all(city);
}

#[test]
fn a_wrong_pin_is_asked_for_again_and_three_lock_the_number_everywhere() {
    let mut city = office();
    city.dial(DESK, "*11");
    city.wait(millis(300));
    enter(&mut city, DESK, "1001");
    for pin in ["0000", "0001"] {
        enter(&mut city, DESK, pin);
        assert!(is_spoken_to(&city, DESK), "{pin}: {}", city.story());
    }
    hang_up(&mut city, DESK);
    sign_in(&mut city, DESK, "1001", "0002");
    sign_in(&mut city, BORIS, "1001", "4711");

    assert_eq!(line(&city, BORIS).state, LineState::Ended);
    assert_eq!(city.visitor_at("1002"), None, "{}", city.story());
    let locked = city.cdrs.iter().filter(|it| it.cause == "not_found").count();
    assert_eq!(locked, 1, "{:?}", log(&city));
    sign_in(&mut city, DESK, "1002", "0815");
    assert_eq!(city.visitor_at("1009").as_deref(), Some("1002"), "others are not locked");
    city.finish();
}

#[test]
fn nobody_signs_in_without_the_right_or_a_pin_or_as_somebody_who_is_not_there() {
    let mut city = office();
    city.change_line("1001", |it| it.may_sign_in = false);
    sign_in(&mut city, DESK, "1001", "4711");
    assert_eq!(log(&city), ["caller 200 refused system"], "{}", city.story());
    // 1003 has no PIN, and nobody has 1999.
    for number in ["1003", "1999"] {
        city.dial(DESK, &format!("*11{number}"));
        city.wait(millis(300));
        enter(&mut city, DESK, "4711");
        assert!(is_spoken_to(&city, DESK), "{number} is asked again: {}", city.story());
        hang_up(&mut city, DESK);
    }
    assert_eq!(city.visitor_at("1009"), None);
    sign_in(&mut city, ANNA, "1001", "4711");
    let refused = city.cdrs.iter().filter(|it| it.cause == "refused").count();
    assert_eq!(refused, 1, "at its own phone everybody may: {:?}", log(&city));
    city.finish();
}

#[test]
fn only_who_calls_itself_disposes_of_its_phone() {
    for code in ["*12", "*111002"] {
        let mut city = seated();
        city.change_line("1009", |it| it.features.forward_all = Some(code.to_owned()));
        let caller = city.add_registered("1003");
        sign_in(&mut city, caller, "1002", "0815");

        city.dial(caller, "1009");
        city.wait(millis(500));
        if code == "*111002" {
            enter(&mut city, caller, "0815");
        }
        city.wait(secs(1));

        assert_eq!(city.visitor_at("1003").as_deref(), Some("1002"), "{code}: {}", city.story());
        assert_eq!(city.visitor_at("1009").as_deref(), Some("1001"), "{code}");
        assert!(!line(&city, caller).is_live(), "{code}: {}", city.story());
        city.finish();
    }
}

#[test]
fn a_caller_may_hang_up_at_every_step_and_is_signed_in_only_with_the_pin() {
    for step in 0..6 {
        let mut city = office();
        city.dial(DESK, "*11");
        let steps: [fn(&mut City); 5] = [
            |city| city.wait(millis(300)),
            |city| press(city, DESK, "1001#"),
            |city| press(city, DESK, "4711"),
            |city| press(city, DESK, "#"),
            |city| city.wait(millis(300)),
        ];
        steps.iter().take(step).for_each(|it| it(&mut city));
        if step == 0 {
            city.act(DESK, |phone, now| phone.cancel(now, 0));
            city.wait(secs(1));
        } else {
            hang_up(&mut city, DESK);
        }
        let expected = (step >= 4).then(|| "1001".to_owned());
        assert_eq!(city.visitor_at("1009"), expected, "{step}: {}", city.story());
        city.finish();
    }
}

#[test]
fn who_sits_where_outlives_the_switch() {
    for shards in [1, 3] {
        let mut city = office_in(Plot { shards, ..Plot::default() });
        sign_in(&mut city, DESK, "1001", "4711");
        city.phones[ANNA].manner = Manner::ignores();

        city.kill_and_restart(secs(2));
        city.wait(secs(1));
        city.dial(BORIS, "1001");
        city.wait(secs(5));

        assert!(talk(&city, BORIS, DESK), "{}", city.story());
        hang_up_all(city);
    }
}

#[test]
fn the_lamps_of_a_desk_show_the_mailbox_of_whoever_sits_there() {
    let mut city = office();
    let lamp = city.act(DESK, |phone, now| phone.subscribe(now, "1009", "message-summary", 600));
    city.wait(secs(1));
    let owner = id_of(&city, "1001");
    let message = RecordingId::new(city.now().unix, &mut Rng::from_number(5));
    city.mailboxes.put(message, owner, MessageState::New);
    let waits = |city: &City| {
        let told = city.phones[DESK].subscriptions[lamp].told.last().expect("it was told");
        told.body.contains("Messages-Waiting: yes")
    };
    city.wait(secs(1));
    assert!(!waits(&city));

    sign_in(&mut city, DESK, "1001", "4711");
    assert!(waits(&city), "{}", city.story());
    sign_out(&mut city, DESK);
    assert!(!waits(&city), "{}", city.story());
    city.act(DESK, |phone, now| phone.resubscribe(now, lamp, 0));
    city.wait(secs(1));
    city.finish();
}

#[test]
fn texts_come_to_where_whoever_they_are_for_sits() {
    let mut city = office();
    city.act(ANNA, |phone, now| phone.unregister(now));
    city.wait(secs(1));
    let say = |city: &mut City, text: &str| {
        city.act(BORIS, |phone, now| phone.text(now, "1001", text));
        city.wait(secs(1));
    };
    let heard = |city: &City| -> Vec<String> {
        city.phones[DESK].texts.iter().map(|it| it.1.clone()).collect()
    };

    say(&mut city, "before");
    assert_eq!(city.texts.rows.len(), 1, "nobody is there");
    sign_in(&mut city, DESK, "1001", "4711");
    assert_eq!(heard(&city), ["before"], "{}", city.story());
    say(&mut city, "there");
    assert_eq!(city.phones[BORIS].text_statuses, [202, 200], "it went straight there");

    city.act(DESK, |phone, now| phone.unregister(now));
    city.wait(secs(1));
    say(&mut city, "away");
    city.kill_and_restart(secs(5));
    assert_eq!(city.texts.rows.len(), 1);
    city.act(DESK, |phone, now| phone.register(now));
    city.wait(secs(2));
    assert_eq!(heard(&city), ["before", "there", "away"], "{}", city.story());

    city.end_visit("1009");
    say(&mut city, "gone");
    assert_eq!(heard(&city).len(), 3, "it is for nobody at the desk");
    city.finish();
}

#[test]
fn whoever_sits_at_a_desk_is_present_there() {
    let mut city = office();
    city.act(ANNA, |phone, now| phone.unregister(now));
    city.wait(secs(1));
    let lamp = city.act(BORIS, |phone, now| phone.subscribe(now, "1001", "presence", 600));
    city.wait(secs(1));
    let told = |city: &City| {
        let told = city.phones[BORIS].subscriptions[lamp].told.last().expect("it was told");
        told.body.contains("<basic>open</basic>")
    };
    assert!(!told(&city), "{}", city.story());

    sign_in(&mut city, DESK, "1001", "4711");
    assert!(told(&city), "{}", city.story());
    city.act(DESK, |phone, now| phone.unregister(now));
    city.wait(secs(1));
    assert!(!told(&city), "{}", city.story());
    city.act(BORIS, |phone, now| phone.resubscribe(now, lamp, 0));
    city.wait(secs(1));
    city.finish();
}
