//! Parking and picking up by command, and by clicks on the numbers for that.

use crate::support::*;
use base::CallId;
use call::{
    CallOrder, Command, CommandRefusal, Obeyed, Origination, PickUp, PickUpRefusal,
    facts::CallState,
};
use media::Playout;
use sim::{City, LineState, Manner, Plot};

#[test]
fn either_of_two_parks_the_other_and_is_free_and_whoever_dials_the_slot_talks_to_it() {
    for by in [0, 1] {
        let (mut city, guest) = (talking_trio(), 1 - by);
        assert_eq!(park(&mut city, NUMBERS[by]), Ok(Obeyed::Parked(701)));
        city.wait(secs(1));
        assert_eq!(city.phones[by].lines[0].state, LineState::Ended, "{}", city.story());
        assert!(matches!(played(&city, guest), Some(Playout::Music { .. })), "{}", city.story());
        assert!(matches!(state(&city), CallState::Parked { slot: 701, .. }));
        assert_eq!(park(&mut city, NUMBERS[guest]), Err(CommandRefusal::NotTalking));

        city.dial(2, "701");
        city.wait(secs(2));
        assert!(talk(&city, guest, 2), "{}", city.story());
        hang_up_all(city);
    }
}

#[test]
fn one_who_is_parked_by_command_and_not_fetched_comes_back_to_who_parked_it() {
    let mut city = talking_trio();
    assert_eq!(park(&mut city, "1002"), Ok(Obeyed::Parked(701)));
    city.wait(secs(58));
    assert_eq!(city.phones[1].lines.len(), 1, "{}", city.story());
    city.wait(secs(6));
    assert!(talk(&city, 0, 1), "it has come back: {}", city.story());
    // And is parked again, since it may be.
    assert_eq!(park(&mut city, "1002"), Ok(Obeyed::Parked(701)));
    city.phones[1].manner = Manner::refuses_after(secs(1), 486);
    city.wait(secs(65));
    assert!(matches!(state(&city), CallState::Parked { .. }), "{}", city.story());
    hang_up_all(city);
}

#[test]
fn what_cannot_be_parked_goes_on_as_it_was() {
    let mut city = city_with(Plot { has_hold_music: true, ..Plot::default() });
    for number in 1001..=1006 {
        city.add_registered(&number.to_string());
    }
    city.dial(0, "1002");
    city.wait(secs(4));
    let call = city.shards[0].views()[0].id;
    let ask = |city: &mut City, by: &str| {
        let order = CallOrder { by: by.to_owned(), command: Command::Park };
        city.operate(0, |shard, now| shard.command(now, call, &order))
    };
    assert_eq!(ask(&mut city, "1003"), Err(CommandRefusal::NotTalking));
    for phone in 3..6 {
        city.dial(phone, "700");
        city.wait(secs(1));
    }
    assert_eq!(ask(&mut city, "1001"), Err(CommandRefusal::NoFreeSlot));
    assert!(talk(&city, 0, 1), "{}", city.story());
    city.act(4, |phone, now| phone.hang_up(now, 0));
    city.wait(secs(1));
    let consult = CallOrder { by: "1001".to_owned(), command: Command::Consult("1003".to_owned()) };
    assert!(city.operate(0, |shard, now| shard.command(now, call, &consult)).is_ok());
    city.wait(secs(4));
    assert_eq!(ask(&mut city, "1001"), Err(CommandRefusal::UnderWay));
    assert!(talk(&city, 0, 2), "{}", city.story());
    let cancel = CallOrder { by: "1001".to_owned(), command: Command::Cancel };
    assert!(city.operate(0, |shard, now| shard.command(now, call, &cancel)).is_ok());
    city.wait(secs(1));
    assert_eq!(ask(&mut city, "1001"), Ok(Obeyed::Parked(702)), "the free one");
    hang_up_all(city);
}

#[test]
fn everybody_may_hang_up_at_any_moment_around_parking() {
    for by in [0, 1] {
        for who in [0, 1, 2] {
            for delay in [0, 10, 20, 30, 45, 60, 100, 500] {
                let mut city = talking_trio();
                assert_eq!(park(&mut city, NUMBERS[by]), Ok(Obeyed::Parked(701)));
                city.dial(2, "701");
                city.wait(millis(delay));
                city.act(who, |phone, now| {
                    if phone.lines[0].state == LineState::Talking {
                        phone.hang_up(now, 0);
                    } else {
                        phone.cancel(now, 0);
                    }
                });
                city.wait(secs(3));
                hang_up_all(city);
            }
        }
    }
}

#[test]
fn a_call_that_rings_elsewhere_is_answered_on_the_own_phone_by_command() {
    let mut city = ringing();
    let call = only_call(&city);
    assert!(pick_up(&mut city, call, "1003").is_ok());
    city.wait(secs(1));
    assert_eq!(line(&city, 2).state, LineState::Ringing, "{}", city.story());
    assert_eq!(line(&city, 1).state, LineState::Ringing, "it rings there, too, until then");
    city.wait(secs(3));
    assert!(talk(&city, 0, 2), "{}", city.story());
    assert_eq!(line(&city, 1).state, LineState::Ended, "{}", city.story());
    assert_eq!(city.shards[0].views().len(), 1, "one call of all of them");
    assert_eq!(pick_up(&mut city, call, "1003"), Err(PickUpRefusal::NotRinging));
    city.act(0, |phone, now| phone.hang_up(now, 0));
    city.wait(secs(1));
    city.finish();
    let expected = [
        "caller 200 normal remote",
        "callee 487 answered_elsewhere system",
        "callee 200 normal peer",
    ];
    assert_eq!(log(&city), expected);
}

#[test]
fn the_own_phone_rings_no_longer_for_what_was_answered_or_has_ended() {
    for (who, delay) in [(0, 500), (0, 1990), (1, 500), (1, 1990), (1, 2010), (1, 2030)] {
        let mut city = ringing();
        let call = only_call(&city);
        assert!(pick_up(&mut city, call, "1003").is_ok());
        city.wait(millis(delay));
        if who == 0 {
            city.act(0, |phone, now| phone.cancel(now, 0));
        } else {
            city.act(1, |phone, now| phone.answer(now, 0));
        }
        city.wait(secs(3));
        assert!(city.shards[0].views().len() <= 1, "{who} {delay}: {}", city.story());
        let is_free = !city.phones[2].lines[0].is_live();
        let talks = [1, 2].map(|it| talk(&city, 0, it));
        match who {
            0 => assert!(is_free && talks == [false, false], "{delay}: {}", city.story()),
            // Whoever was first has it, and nobody else.
            _ => assert!(talks == [is_free, !is_free], "{delay}: {}", city.story()),
        }
        hang_up_all(city);
    }
}

#[test]
fn two_who_pick_up_the_same_do_not_get_into_each_others_way() {
    let mut city = ringing();
    let fourth = city.add_registered("1004");
    let call = only_call(&city);
    assert!(pick_up(&mut city, call, "1003").is_ok());
    assert!(pick_up(&mut city, call, "1004").is_ok());
    city.wait(secs(5));
    let talks = [2, fourth].map(|it| talk(&city, 0, it));
    assert_eq!(talks.iter().filter(|it| **it).count(), 1, "{}", city.story());
    assert_eq!(city.shards[0].views().len(), 1, "{}", city.story());
    hang_up_all(city);
}

#[test]
fn what_does_not_ring_at_a_line_cannot_be_picked_up_and_rings_nobody() {
    let mut city = ringing();
    let call = only_call(&city);
    let off = pick_up(&mut city, call, "1009");
    assert!(matches!(off, Err(PickUpRefusal::NotRung(_))), "{off:?}");
    city.act(1, |phone, now| phone.answer(now, 0));
    city.wait(secs(1));
    assert_eq!(pick_up(&mut city, call, "1003"), Err(PickUpRefusal::NotRinging));
    city.act(0, |phone, now| phone.hang_up(now, 0));
    city.wait(secs(1));
    assert_eq!(pick_up(&mut city, call, "1003"), Err(PickUpRefusal::NotRinging));
    // Nobody calls in a call that a click begins.
    city.phones[1].manner = Manner::ignores();
    let order = origination(&city, "1002", "1001");
    let clicked = city.operate(0, |shard, now| shard.originate(now, order)).expect("it rings");
    city.wait(secs(1));
    assert_eq!(pick_up(&mut city, clicked, "1003"), Err(PickUpRefusal::NotRinging));
    assert_eq!(city.phones[2].lines.len(), 0, "{}", city.story());
    city.finish();
}

#[test]
fn a_click_on_the_numbers_for_it_parks_fetches_and_picks_up() {
    let mut city = ringing();
    let order = origination(&city, "1003", "*81002");
    assert!(city.operate(0, |shard, now| shard.originate(now, order)).is_ok());
    city.wait(secs(4));
    assert!(talk(&city, 0, 2), "{}", city.story());
    hang_up_all(city);

    let mut city = talking_trio();
    assert_eq!(park(&mut city, "1002"), Ok(Obeyed::Parked(701)));
    let order = origination(&city, "1003", "701");
    assert!(city.operate(0, |shard, now| shard.originate(now, order)).is_ok());
    city.wait(secs(4));
    assert!(talk(&city, 0, 2), "{}", city.story());
    hang_up_all(city);
}

const NUMBERS: [&str; 3] = ["1001", "1002", "1003"];

fn trio() -> City {
    let mut city = city_with(Plot { has_hold_music: true, ..Plot::default() });
    for number in NUMBERS {
        city.add_registered(number);
    }
    city
}

/// 1001 and 1002 talk.
fn talking_trio() -> City {
    let mut city = trio();
    city.dial(0, "1002");
    city.wait(secs(4));
    assert!(talk(&city, 0, 1), "{}", city.story());
    city
}

/// 1001 calls 1002, which does not answer by itself.
fn ringing() -> City {
    let mut city = trio();
    city.phones[1].manner = Manner::ignores();
    city.dial(0, "1002");
    city.wait(secs(1));
    city
}

fn only_call(city: &City) -> CallId {
    city.shards[0].views()[0].id
}

fn park(city: &mut City, by: &str) -> Result<Obeyed, CommandRefusal> {
    let (call, order) = (only_call(city), CallOrder { by: by.to_owned(), command: Command::Park });
    city.operate(0, |shard, now| shard.command(now, call, &order))
}

fn pick_up(city: &mut City, call: CallId, by: &str) -> Result<CallId, PickUpRefusal> {
    let domain = city.directory().domain_of_host(sim::DOMAIN).expect("it is there").id;
    let request = PickUp { domain, by: by.to_owned(), call };
    city.operate(0, |shard, now| shard.pick_up(now, &request))
}

fn origination(city: &City, extension: &str, to: &str) -> Origination {
    let domain = city.directory().domain_of_host(sim::DOMAIN).expect("it is there").id;
    let (extension, to) = (extension.to_owned(), to.to_owned());
    Origination { domain, extension, to, is_intercom: true }
}

fn state(city: &City) -> CallState {
    city.shards[0].views()[0].state
}
