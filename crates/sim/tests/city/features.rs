//! What phones can do beside calling: pick up, park, forward, not be disturbed, be called back by us.

use crate::support::*;
use call::{CallOrder, Command, CommandRefusal, Origination, facts::CallState};
use media::Playout;
use sim::{City, LineState, Manner, Plot};

#[test]
fn what_rings_elsewhere_is_picked_up_and_stops_ringing_there() {
    for code in ["*81002", "*8"] {
        let mut city = trio();
        city.phones[1].manner = Manner::ignores();
        city.dial(0, "1002");
        city.wait(secs(1));
        city.dial(2, code);
        city.wait(secs(2));
        assert!(talk(&city, 0, 2), "{code}: {}", city.story());
        assert_eq!(line(&city, 1).state, LineState::Ended, "{}", city.story());
        assert_eq!(city.shards[0].views().len(), 1, "one call of all of them");
        assert_eq!(city.calls_of("1002"), 0);
        city.act(0, |phone, now| phone.hang_up(now, 0));
        city.wait(secs(1));
        city.finish();
        let expected = [
            "caller 200 normal remote",
            "caller 200 normal peer",
            "callee 487 answered_elsewhere system",
        ];
        assert_eq!(log(&city), expected);
    }
}

#[test]
fn a_call_of_one_who_was_answered_before_is_picked_up_as_well() {
    let mut city = trio();
    city.phones[1].manner = Manner::ignores();
    city.dial(0, "6501");
    city.wait(secs(1));
    finish_words(&mut city, 0);
    city.wait(secs(1));
    city.dial(2, "*81002");
    city.wait(secs(2));
    assert!(talk(&city, 0, 2), "{}", city.story());
    hang_up_all(city);
}

#[test]
fn there_is_nothing_to_pick_up_where_nothing_rings() {
    let mut city = trio();
    city.dial(2, "*81002");
    city.wait(secs(2));
    assert_eq!(line(&city, 2).statuses, [480], "{}", city.story());
    assert_eq!(line(&city, 2).reason, "Nothing rings there");
    // Two who talk are no call that rings.
    city.dial(0, "1002");
    city.wait(secs(4));
    city.dial(2, "*81002");
    city.wait(secs(2));
    assert_eq!(line(&city, 2).statuses, [480]);
    assert!(talk(&city, 0, 1));
    hang_up_all(city);
}

#[test]
fn whoever_picks_up_and_whoever_answers_at_the_same_moment_do_not_both_get_the_call() {
    for delay in 0..10 {
        let mut city = trio();
        city.phones[1].manner = Manner::answers_after(secs(2));
        city.dial(0, "1002");
        city.wait(millis(1900 + 20 * delay));
        city.dial(2, "*81002");
        city.wait(secs(3));
        assert!(talk(&city, 0, 1) != talk(&city, 0, 2), "{delay}: {}", city.story());
        hang_up_all(city);
    }
}

#[test]
fn a_parked_call_hears_music_and_is_fetched_from_its_slot() {
    let mut city = trio_with_music();
    city.dial(0, "1002");
    city.wait(secs(4));
    city.act(1, |phone, now| phone.refer(now, 0, "700"));
    city.wait(millis(300));
    assert!(is_spoken_to(&city, 1), "whoever parks hears where: {}", city.story());
    assert!(matches!(played(&city, 0), Some(Playout::Music { .. })), "{}", city.story());
    assert!(matches!(city.shards[0].views()[0].state, CallState::Parked { .. }));
    finish_words(&mut city, 1);
    city.wait(secs(1));
    assert_eq!(line(&city, 1).notified, [100, 200]);
    assert_eq!(line(&city, 1).state, LineState::Ended);

    city.dial(2, "701");
    city.wait(secs(2));
    assert!(talk(&city, 0, 2), "{}", city.story());
    city.dial(1, "701");
    city.wait(secs(1));
    assert_eq!(line(&city, 1).reason, "Nobody is parked there");
    hang_up_all(city);
}

#[test]
fn one_who_is_handed_on_to_a_parked_or_ringing_call_leaves_whoever_did_so_free() {
    for code in ["701", "*81002"] {
        let mut city = trio_with_music();
        let further = city.add_registered("1004");
        city.phones[1].manner = Manner::ignores();
        if code == "701" {
            city.dial(0, "700");
        } else {
            city.dial(0, "1002");
        }
        city.wait(secs(2));
        city.dial(further, "1003");
        city.wait(secs(4));
        city.act(2, |phone, now| phone.refer(now, 0, code));
        city.wait(secs(2));

        assert!(talk(&city, 0, further), "{code}: {}", city.story());
        assert_eq!(line(&city, 2).notified, [100, 200], "{code}: {}", city.story());
        assert_eq!(line(&city, 2).state, LineState::Ended, "{code}: {}", city.story());
        hang_up_all(city);
    }
}

#[test]
fn what_rings_for_a_click_is_not_picked_up_by_others() {
    let mut city = trio();
    city.phones[0].manner = Manner::ignores();
    let order = origination(&city, "1002");
    assert!(city.operate(0, |shard, now| shard.originate(now, order)).is_ok());
    city.wait(secs(1));
    city.dial(2, "*81001");
    city.wait(secs(2));
    assert_eq!(line(&city, 2).statuses, [480], "{}", city.story());
    city.act(0, |phone, now| phone.answer(now, 0));
    city.wait(secs(5));
    assert!(talk(&city, 0, 1), "{}", city.story());
    hang_up_all(city);
}

#[test]
fn a_parked_call_that_nobody_fetches_comes_back_and_waits_on_if_nobody_is_there() {
    let mut city = trio_with_music();
    city.dial(0, "1002");
    city.wait(secs(4));
    city.phones[1].manner = Manner::refuses_after(secs(5), 480);
    city.act(1, |phone, now| phone.refer(now, 0, "700"));
    city.wait(millis(200));
    city.act(1, |phone, now| phone.hang_up(now, 0));
    city.wait(secs(58));
    assert_eq!(city.phones[1].lines.len(), 1);
    city.wait(secs(4));
    assert_eq!(city.phones[1].lines.len(), 2, "it comes back: {}", city.story());
    city.wait(secs(5));
    let state = city.shards[0].views()[0].state;
    assert!(matches!(state, CallState::Parked { .. }), "{}", city.story());
    city.phones[1].manner = Manner::answers_after(secs(1));
    city.wait(secs(62));
    assert!(talk(&city, 0, 1), "{}", city.story());
    hang_up_all(city);
}

#[test]
fn a_full_park_gives_the_call_back_and_whoever_hangs_up_leaves_its_slot() {
    let mut city = city();
    for number in 1001..=1009 {
        city.add_registered(&number.to_string());
    }
    for phone in 0..3 {
        city.dial(phone, "700");
        city.wait(secs(1));
    }
    city.dial(3, "1005");
    city.wait(secs(4));
    city.act(4, |phone, now| phone.refer(now, 0, "700"));
    city.wait(secs(2));
    assert_eq!(line(&city, 4).notified.last(), Some(&486), "{}", city.story());
    assert!(talk(&city, 3, 4), "{}", city.story());

    city.act(1, |phone, now| phone.hang_up(now, 0));
    city.wait(secs(1));
    city.act(4, |phone, now| phone.refer(now, 0, "700"));
    city.wait(secs(8));
    city.dial(5, "702");
    city.wait(secs(2));
    assert!(talk(&city, 3, 5), "it is where there was room: {}", city.story());
    hang_up_all(city);
}

#[test]
fn a_caller_may_hang_up_parked_and_while_it_is_fetched() {
    for delay in [0, 10, 20, 30, 45, 60, 100] {
        let mut city = trio();
        city.dial(0, "700");
        city.wait(secs(1));
        city.dial(2, "701");
        city.wait(millis(delay));
        city.act(0, |phone, now| phone.hang_up(now, 0));
        city.wait(secs(5));
        hang_up_all(city);
    }
}

#[test]
fn a_caller_of_another_domain_or_from_outside_reaches_none_of_it() {
    let mut city = city();
    city.add_registered("1001");
    city.add_registered("1002");
    city.add_provider("+79161234567");
    city.phones[1].manner = Manner::ignores();
    city.dial(0, "1002");
    city.wait(secs(1));
    city.act(2, |phone, now| phone.dial_uri(now, "sip:*81002@10.0.0.1", true));
    city.wait(secs(1));
    assert_eq!(line(&city, 2).statuses, [404]);
    let replaces = line(&city, 1).replaces();
    city.phones[2].invite_headers = vec![("Replaces", replaces)];
    city.act(2, |phone, now| phone.dial_uri(now, "sip:74950000002@10.0.0.1", true));
    city.wait(secs(1));
    assert_eq!(line(&city, 2).statuses, [481], "{}", city.story());
    hang_up_all(city);
}

#[test]
fn calls_are_forwarded_until_they_are_not_any_more() {
    let mut city = trio();
    city.dial(1, "*721003");
    city.wait(secs(1));
    finish_words(&mut city, 1);
    city.wait(secs(1));
    city.dial(0, "1002");
    city.wait(secs(4));
    assert!(talk(&city, 0, 2), "{}", city.story());
    assert_eq!(city.phones[1].lines.len(), 1, "it does not ring");
    let told = line(&city, 2).headers.iter().find(|(name, _)| name == "Diversion");
    assert!(told.is_some_and(|(_, value)| value.contains("sip:1002@")), "{told:?}");
    city.act(0, |phone, now| phone.hang_up(now, 0));
    city.wait(secs(1));

    city.dial(1, "*73");
    city.wait(secs(1));
    finish_words(&mut city, 1);
    city.wait(secs(1));
    city.dial(0, "1002");
    city.wait(secs(4));
    assert!(talk(&city, 0, 1), "{}", city.story());
    hang_up_all(city);
}

#[test]
fn forwarding_when_busy_and_without_an_answer_waits_for_just_that() {
    let mut city = trio();
    city.dial(1, "*901003");
    city.wait(secs(2));
    city.phones[1].manner = Manner::refuses_after(secs(1), 486);
    city.dial(0, "1002");
    city.wait(secs(5));
    assert!(talk(&city, 0, 2), "{}", city.story());
    city.act(0, |phone, now| phone.hang_up(now, 0));
    city.wait(secs(1));

    city.phones[1].manner = Manner::ignores();
    city.dial(0, "1002");
    city.wait(secs(29));
    assert_eq!(city.phones[2].lines.len(), 1, "it rings on");
    city.wait(secs(3));
    assert_eq!(line(&city, 0).statuses, [180, 480]);

    city.dial(1, "*921003");
    city.wait(secs(2));
    city.dial(0, "1002");
    city.wait(secs(35));
    assert!(talk(&city, 0, 2), "{}", city.story());
    hang_up_all(city);
}

#[test]
fn forwarding_while_no_device_is_there_ends_when_one_is() {
    let mut city = trio();
    city.dial(1, "*941003");
    city.wait(secs(2));
    city.dial(0, "1002");
    city.wait(secs(4));
    assert!(talk(&city, 0, 1), "it is there: {}", city.story());
    city.act(0, |phone, now| phone.hang_up(now, 0));
    city.wait(secs(1));

    city.act(1, sim::Phone::unregister);
    city.wait(secs(1));
    city.dial(0, "1002");
    city.wait(secs(4));
    assert!(talk(&city, 0, 2), "{}", city.story());
    city.act(0, |phone, now| phone.hang_up(now, 1));
    city.wait(secs(1));

    city.act(1, sim::Phone::register);
    city.wait(secs(1));
    city.dial(0, "1002");
    city.wait(secs(4));
    assert!(talk(&city, 0, 1), "{}", city.story());
    hang_up_all(city);
}

#[test]
fn forwarding_in_circles_ends() {
    let mut city = trio();
    city.dial(1, "*721003");
    city.wait(secs(2));
    city.dial(2, "*721002");
    city.wait(secs(2));
    for phone in [1, 2] {
        if city.phones[phone].lines[0].is_live() {
            finish_words(&mut city, phone);
        }
    }
    city.dial(0, "1002");
    city.wait(secs(2));
    assert_eq!(line(&city, 0).final_status(), Some(482), "{}", city.story());
    hang_up_all(city);
}

#[test]
fn whoever_does_not_want_to_be_disturbed_is_busy_for_all_and_can_call() {
    let mut city = trio();
    city.dial(1, "*78");
    city.wait(secs(1));
    finish_words(&mut city, 1);
    city.wait(secs(1));
    city.dial(0, "1002");
    city.wait(secs(1));
    assert_eq!(line(&city, 0).statuses, [486], "{}", city.story());
    assert_eq!(city.phones[1].lines.len(), 1);
    city.dial(1, "1001");
    city.wait(secs(4));
    assert!(talk(&city, 0, 1), "{}", city.story());
    city.act(1, |phone, now| phone.hang_up(now, 1));
    city.wait(secs(1));
    city.dial(1, "*79");
    city.wait(secs(1));
    finish_words(&mut city, 1);
    city.wait(secs(1));
    city.dial(0, "1002");
    city.wait(secs(4));
    assert!(talk(&city, 0, 1), "{}", city.story());
    hang_up_all(city);
}

#[test]
fn a_line_without_call_waiting_is_busy_for_others_while_it_is_in_a_call() {
    let mut city = trio();
    set_feature(&mut city, 1, "*71");
    let third = city.add_registered("1004");
    city.dial(0, "1002");
    city.wait(secs(4));
    assert!(talk(&city, 0, 1), "it is rung while it is free: {}", city.story());
    city.dial(2, "1002");
    city.wait(secs(2));
    assert_eq!(line(&city, 2).statuses, [486], "{}", city.story());
    assert_eq!(city.phones[1].lines.len(), 2, "nothing rang at it: {}", city.story());
    // In a group the others are rung.
    city.dial(third, "6001");
    city.wait(secs(5));
    assert!(talk(&city, third, 2), "{}", city.story());
    city.act(2, |phone, now| phone.hang_up(now, 1));
    city.wait(secs(1));
    // It may call others itself.
    city.dial(1, "1003");
    city.wait(secs(4));
    assert_eq!(line(&city, 1).state, LineState::Talking, "{}", city.story());
    hang_up_all(city);
}

#[test]
fn a_line_without_call_waiting_is_rung_for_what_it_wants_itself_and_again_when_it_is_on() {
    let mut city = trio();
    set_feature(&mut city, 0, "*71");
    city.dial(0, "1002");
    city.wait(secs(4));
    let order = origination(&city, "9196");
    assert!(city.operate(0, |shard, now| shard.originate(now, order)).is_ok(), "a click rings");
    city.wait(secs(3));
    assert_eq!(line(&city, 0).state, LineState::Talking, "{}", city.story());
    city.act(0, |phone, now| phone.hang_up(now, phone.lines.len() - 1));
    city.wait(secs(1));
    set_feature(&mut city, 0, "*70");
    city.dial(2, "1001");
    city.wait(secs(4));
    assert_eq!(line(&city, 2).state, LineState::Talking, "{}", city.story());
    hang_up_all(city);
}

#[test]
fn calls_that_would_wait_go_where_they_are_forwarded_when_busy() {
    let mut city = trio();
    for code in ["*71", "*901003"] {
        set_feature(&mut city, 1, code);
    }
    let fourth = city.add_registered("1004");
    city.dial(0, "1002");
    city.wait(secs(4));
    city.dial(fourth, "1002");
    city.wait(secs(4));
    assert!(talk(&city, fourth, 2), "{}", city.story());
    // Whoever waits no longer is rung again.
    city.act(0, |phone, now| phone.hang_up(now, 0));
    city.act(fourth, |phone, now| phone.hang_up(now, 0));
    city.wait(secs(1));
    city.dial(fourth, "1002");
    city.wait(secs(4));
    assert!(talk(&city, fourth, 1), "{}", city.story());
    hang_up_all(city);
}

#[test]
fn of_two_who_call_a_line_without_call_waiting_at_once_one_rings() {
    let mut city = trio();
    set_feature(&mut city, 1, "*71");
    city.dial(0, "1002");
    city.dial(2, "1002");
    city.wait(secs(4));
    let talks = [0, 2].map(|it| talk(&city, it, 1));
    assert_eq!(talks.iter().filter(|it| **it).count(), 1, "{}", city.story());
    hang_up_all(city);
}

#[test]
fn a_click_rings_the_own_phone_and_then_the_other() {
    for to in ["1002", "6500", "3001", "1009"] {
        let mut city = trio();
        let order = origination(&city, to);
        let made = city.operate(0, |shard, now| shard.originate(now, order));
        assert!(made.is_ok(), "{made:?}");
        city.wait(secs(1));
        assert_eq!(line(&city, 0).state, LineState::Ringing);
        assert_asked_to_answer(&city, 0);
        assert_eq!(city.phones[1].lines.len(), 0, "nobody else rings yet");
        city.wait(secs(2));
        assert_eq!(
            line(&city, 0).state,
            if to == "1009" { LineState::Ended } else { LineState::Talking }
        );
        city.wait(secs(3));
        if to == "1002" {
            assert!(talk(&city, 0, 1), "{}", city.story());
        }
        hang_up_all(city);
    }
}

#[test]
fn a_click_of_one_whose_phone_is_off_or_not_answered_rings_nobody() {
    let mut city = trio();
    city.phones[0].manner = Manner::refuses_after(secs(1), 486);
    let order = origination(&city, "1002");
    assert!(city.operate(0, |shard, now| shard.originate(now, order.clone())).is_ok());
    city.wait(secs(3));
    assert_eq!(city.phones[1].lines.len(), 0);
    assert!(city.shards[0].views().is_empty(), "{}", city.story());
    let nobody = Origination { extension: "1009".to_owned(), ..order };
    let refusal = city.operate(0, |shard, now| shard.originate(now, nobody)).unwrap_err();
    assert!(refusal.reason.contains("1009"), "{refusal}");
    city.finish();
}

#[test]
fn whoever_hangs_up_while_the_other_rings_ends_the_call_of_a_click() {
    for delay in [500, 1990, 2030, 2060, 2500, 4000, 4100] {
        let mut city = trio();
        let order = origination(&city, "1002");
        assert!(city.operate(0, |shard, now| shard.originate(now, order)).is_ok());
        city.wait(millis(delay));
        city.act(0, |phone, now| phone.hang_up(now, 0));
        city.wait(secs(5));
        hang_up_all(city);
    }
}

#[test]
fn a_transfer_by_command_is_one_like_that_of_a_phone() {
    let mut city = trio();
    city.dial(0, "1002");
    city.wait(secs(4));
    let call = city.shards[0].views()[0].id;
    let order = |by: &str, to: &str| CallOrder {
        by: by.to_owned(),
        command: Command::Transfer(to.to_owned()),
    };
    let ask = |city: &mut City, order| {
        city.operate(0, |shard, now| shard.command(now, call, &order).map(|_| ()))
    };
    assert_eq!(ask(&mut city, order("1003", "1001")), Err(CommandRefusal::NotTalking));
    assert_eq!(ask(&mut city, order("1001", "1002")), Err(CommandRefusal::ToItself));
    assert_eq!(ask(&mut city, order("1001", "1003")), Ok(()));
    assert_eq!(ask(&mut city, order("1001", "1003")), Err(CommandRefusal::NotTalking));
    city.wait(secs(5));
    assert!(talk(&city, 1, 2), "{}", city.story());
    assert_eq!(line(&city, 0).notified, [], "it did not ask");
    assert_eq!(line(&city, 0).state, LineState::Ended, "{}", city.story());
    hang_up_all(city);
}

#[test]
fn a_device_takes_over_the_call_of_another_of_its_own_number() {
    let mut city = trio();
    let other = city.add_registered("1002");
    city.phones[other].manner = Manner::ignores();
    city.dial(0, "1002");
    city.wait(secs(4));
    let replaces = city.phones[1].lines[0].replaces();
    city.phones[other].invite_headers = vec![("Replaces", replaces)];
    city.dial(other, "1001");
    city.wait(secs(2));
    assert!(talk(&city, 0, other), "{}", city.story());
    assert_eq!(line(&city, 1).state, LineState::Ended);
    hang_up_all(city);
}

#[test]
fn an_intercom_call_asks_the_phone_to_answer_by_itself() {
    let mut city = trio();
    city.dial(0, "70001002");
    city.wait(secs(4));
    assert!(talk(&city, 0, 1), "{}", city.story());
    assert_asked_to_answer(&city, 1);
    hang_up_all(city);
}

#[test]
fn a_usual_call_and_a_click_that_is_none_ask_no_phone_to_answer_by_itself() {
    let mut city = trio();
    let order = Origination { is_intercom: false, ..origination(&city, "1002") };
    assert!(city.operate(0, |shard, now| shard.originate(now, order)).is_ok());
    city.wait(secs(5));
    assert!(talk(&city, 0, 1), "{}", city.story());
    for phone in [0, 1] {
        let asked = ["Alert-Info", "Call-Info"].map(|it| line(&city, phone).header(it));
        assert_eq!(asked, [None, None], "{phone}");
    }
    hang_up_all(city);
}

/// A phone was asked in both ways that phones know.
#[track_caller]
fn assert_asked_to_answer(city: &City, phone: usize) {
    let asked = ["Alert-Info", "Call-Info"].map(|it| line(city, phone).header(it));
    let expected = [
        "<http://demo.tandem.test/>;info=alert-autoanswer;delay=0",
        "<sip:demo.tandem.test>;answer-after=0",
    ];
    assert_eq!(asked, expected.map(Some), "{:?}", line(city, phone).headers);
}

/// Dials a code for what is to become of calls to a phone, to the end of the words.
fn set_feature(city: &mut City, phone: usize, code: &str) {
    let line_of_code = city.dial(phone, code);
    city.wait(secs(1));
    if city.phones[phone].lines[line_of_code].is_live() {
        finish_words(city, phone);
        city.wait(secs(1));
    }
}

fn origination(city: &City, to: &str) -> Origination {
    let domain = city.directory().domain_of_host(sim::DOMAIN).expect("it is there").id;
    Origination { domain, extension: "1001".to_owned(), to: to.to_owned(), is_intercom: true }
}

fn trio() -> City {
    with_phones(city())
}

fn trio_with_music() -> City {
    with_phones(city_with(Plot { has_hold_music: true, ..Plot::default() }))
}

fn with_phones(mut city: City) -> City {
    for number in ["1001", "1002", "1003"] {
        city.add_registered(number);
    }
    city
}

#[test]
fn the_last_number_is_called_again_and_the_last_caller_called_back() {
    let mut city = trio();
    city.dial(0, "*66");
    city.wait(secs(1));
    assert_eq!(line(&city, 0).statuses.last(), Some(&404), "nobody was called yet");
    city.dial(0, "1002");
    city.wait(secs(1));
    city.act(0, |phone, now| phone.cancel(now, 1));
    city.wait(secs(1));
    // What rings nobody is no number that was called.
    for number in ["9196", "*78", "*66"] {
        city.dial(0, number);
        city.wait(secs(4));
        if number == "*66" {
            assert!(talk(&city, 0, 1), "{}", city.story());
        }
        let last = city.phones[0].lines.len() - 1;
        city.act(0, |phone, now| phone.hang_up(now, last));
        city.wait(secs(1));
    }
    // Again: it is still that number.
    city.dial(0, "*66");
    city.wait(secs(4));
    assert!(talk(&city, 0, 1), "{}", city.story());
    hang_up_all(city);

    let mut city = trio();
    city.phones[0].manner = Manner::ignores();
    city.dial(2, "1001");
    city.wait(secs(1));
    city.act(2, |phone, now| phone.cancel(now, 0));
    city.wait(secs(1));
    city.dial(0, "*69");
    city.wait(secs(4));
    assert!(talk(&city, 0, 2), "{}", city.story());
    hang_up_all(city);
}

#[test]
fn what_was_handed_on_is_not_what_one_called() {
    let mut city = trio();
    city.dial(0, "1002");
    city.wait(secs(4));
    city.act(1, |phone, now| phone.refer(now, 0, "1003"));
    city.wait(secs(4));
    assert!(talk(&city, 0, 2), "{}", city.story());
    city.act(0, |phone, now| phone.hang_up(now, 0));
    city.wait(secs(1));
    city.dial(0, "*66");
    city.wait(secs(4));
    assert!(talk(&city, 0, 1), "{}", city.story());
    hang_up_all(city);
}
