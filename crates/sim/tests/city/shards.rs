//! Calls of two shards, which cannot be joined: whoever wants that hears why, and nothing is lost.

use crate::support::*;
use sim::{City, Manner, Plot};

/// `1001` to `1003` registered as phones 0 to 2, and two shards.
fn trio() -> City {
    let mut city = pair_in(Plot { shards: 2, ..Plot::default() });
    city.add_registered("1003");
    city
}

fn hang_up(city: &mut City, phone: usize, line: usize) {
    city.act(phone, |phone, now| phone.hang_up(now, line));
    city.wait(secs(1));
}

/// Our tag in the newest dialog of a phone begins with the number of its shard.
fn shard(city: &City, phone: usize) -> String {
    let replaces = line(city, phone).replaces();
    let (_, tag) = replaces.split_once("to-tag=").expect("there is a dialog");
    tag[..2].to_owned()
}

/// Enough for calls of the same shard and of different ones.
const TRIES: usize = 12;
const WHY: &str = "501 That call is on another signalling shard: set signalling.shards = 1";

#[test]
fn whoever_fetches_a_call_that_another_shard_has_parked_hears_so_and_it_stays_there() {
    let mut city = trio();
    let mut answers = Vec::new();
    for _ in 0..TRIES {
        city.dial(0, "700");
        city.wait(secs(1));
        city.dial(2, "701");
        city.wait(secs(2));
        let answer = line(&city, 2).final_status();
        answers.push(answer);
        match answer {
            Some(200) => assert!(talk(&city, 0, 2), "{}", city.story()),
            Some(501) => assert!(city.story().contains(WHY), "{}", city.story()),
            _ => panic!("{answer:?}: {}", city.story()),
        }
        let parked = city.phones[0].lines.len() - 1;
        assert_eq!(city.phones[0].lines[parked].state, sim::LineState::Talking);
        hang_up(&mut city, 0, parked);
    }
    assert!([200, 501].iter().all(|it| answers.contains(&Some(*it))), "{answers:?}");
    city.finish();
}

#[test]
fn an_attended_transfer_between_two_shards_is_refused_and_rings_nobody_again() {
    let (mut city, mut refused) = (trio(), 0);
    for n in 1..=TRIES {
        city.dial(0, "1002");
        city.wait(secs(4));
        let first = (shard(&city, 1), city.phones[1].lines.len() - 1);
        city.act(1, |phone, now| phone.hold(now, first.1));
        city.wait(secs(1));
        city.dial(1, "1003");
        city.wait(secs(4));
        let second = (shard(&city, 1), city.phones[1].lines.len() - 1);
        city.act(1, |phone, now| phone.refer_to_line(now, first.1, second.1));
        city.wait(secs(3));
        assert_eq!(city.phones[2].lines.len(), n, "it was rung once: {}", city.story());
        if first.0 == second.0 {
            assert!(talk(&city, 0, 2), "{}", city.story());
        } else {
            refused += 1;
            assert!(city.story().contains(WHY), "{}", city.story());
            assert!(talk(&city, 1, 2), "nothing is lost: {}", city.story());
            hang_up(&mut city, 1, first.1);
        }
        let line = city.phones[2].lines.len() - 1;
        hang_up(&mut city, 2, line);
    }
    assert!((1..TRIES).contains(&refused), "{refused}");
    city.finish();
}

#[test]
fn an_invite_that_replaces_a_dialog_of_another_shard_is_refused_and_the_call_goes_on() {
    let mut city = trio();
    let other = city.add_registered("1002");
    let mut answers = Vec::new();
    for _ in 0..TRIES {
        city.dial(0, "1002");
        city.wait(secs(4));
        let talking = if talk(&city, 0, 1) { 1 } else { other };
        let taking = if talking == 1 { other } else { 1 };
        let replaces = line(&city, talking).replaces();
        city.phones[taking].invite_headers = vec![("Replaces", replaces)];
        city.dial(taking, "1001");
        city.wait(secs(3));
        let answer = line(&city, taking).final_status();
        answers.push(answer);
        let with = if answer == Some(200) { taking } else { talking };
        assert!(talk(&city, 0, with), "{answer:?}: {}", city.story());
        city.phones[taking].invite_headers.clear();
        let line = city.phones[0].lines.len() - 1;
        hang_up(&mut city, 0, line);
    }
    assert!(answers.iter().all(|it| [Some(200), Some(501)].contains(it)), "{answers:?}");
    assert!([200, 501].iter().all(|it| answers.contains(&Some(*it))), "{answers:?}");
    city.finish();
}

#[test]
fn a_refer_outside_any_dialog_asks_in_vain_for_a_call_of_another_shard() {
    let mut city = trio();
    let other = city.add_registered("1002");
    city.phones[other].manner = Manner::ignores();
    let mut refused = 0;
    for _ in 0..TRIES {
        city.dial(0, "1002");
        city.wait(secs(4));
        assert!(talk(&city, 0, 1), "{}", city.story());
        let replaces = line(&city, 1).replaces().replace(';', "%3B").replace('=', "%3D");
        let refer_to = format!("<sip:1001@{}?Replaces={replaces}>", sim::DOMAIN);
        city.phones[1].manner = Manner::refuses_after(millis(10), 486);
        city.phones[other].manner = Manner::answers_after(millis(500));
        city.act(other, |phone, now| phone.refer_outside(now, &[("Refer-To", refer_to)]));
        city.wait(secs(4));
        let told = city.story().matches(WHY).count();
        let with = if told > refused { 1 } else { other };
        refused = told;
        assert!(talk(&city, 0, with), "{}", city.story());
        let last = city.phones[0].lines.len() - 1;
        hang_up(&mut city, 0, last);
        city.phones[1].manner = Manner::answers_after(millis(500));
        city.phones[other].manner = Manner::ignores();
        city.wait(secs(5));
    }
    assert!((1..TRIES).contains(&refused), "{refused}");
    city.finish();
}
