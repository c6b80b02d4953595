//! Supervisors: whose call they hear, who hears them, and who is no supervisor.

use crate::support::*;
use sim::{City, LineState, Plot, SUPERVISOR};
use std::net::SocketAddr;

#[test]
fn a_supervisor_hears_both_and_its_keys_say_who_hears_it() {
    let mut city = supervised();
    let [caller, callee] = [CALLER, CALLEE].map(|it| line(&city, it).rtp);
    let told = |city: &City| taps(city, WATCHER).expect("it supervises");
    assert_eq!(told(&city), [vec![caller, callee], vec![]], "{}", city.story());

    for (key, heard_by) in [
        ('5', vec![callee]),
        ('6', vec![caller, callee]),
        ('7', vec![caller, callee]),
        ('4', vec![]),
    ] {
        city.press(WATCHER, 0, key);
        city.wait(secs(1));
        assert_eq!(told(&city), [vec![caller, callee], heard_by], "after {key}\n{}", city.story());
    }
    assert!(is_heard_both_ways(&city), "the call knows nothing of it");
    hang_up_all(city);
}

#[test]
fn the_supervisors_call_ends_with_the_one_that_it_hears_and_leaves_it_alone_when_it_goes_first() {
    let mut city = supervised();
    city.act(CALLER, |phone, now| phone.hang_up(now, 0));
    city.wait(secs(2));
    assert_eq!(line(&city, WATCHER).state, LineState::Ended, "{}", city.story());
    city.finish();

    let mut city = supervised();
    city.press(WATCHER, 0, '6');
    city.wait(secs(1));
    city.act(WATCHER, |phone, now| phone.hang_up(now, 0));
    city.wait(secs(2));
    assert!(is_heard_both_ways(&city), "{}", city.story());
    assert_eq!(line(&city, CALLER).state, LineState::Talking);
    hang_up_all(city);
}

#[test]
fn whoever_is_no_supervisor_hears_nothing_and_neither_does_one_of_its_own_call() {
    let mut city = talking();
    let stranger = city.add_registered("1003");
    city.dial(stranger, "*441002");
    city.wait(secs(1));
    assert_eq!(status(&city, stranger), Some(403), "{}", city.story());

    let watcher = city.add_registered(SUPERVISOR);
    for (dialled, refused) in [("*441003", 480), ("*441099", 480)] {
        city.dial(watcher, dialled);
        city.wait(secs(1));
        assert_eq!(status(&city, watcher), Some(refused), "{dialled}\n{}", city.story());
    }
    let other = city.add_registered("1004");
    city.dial(other, SUPERVISOR);
    city.wait(secs(5));
    city.dial(watcher, "*441004");
    city.wait(secs(1));
    assert_eq!(status(&city, watcher), Some(403), "{}", city.story());
    hang_up_all(city);
}

#[test]
fn one_speaks_at_a_time_and_the_next_when_it_is_done() {
    let mut city = supervised();
    let callee = line(&city, CALLEE).rtp;
    // The same person at a second phone.
    let second = city.add_registered(SUPERVISOR);
    city.dial(second, "*441001");
    city.wait(secs(2));
    city.press(WATCHER, 0, '5');
    city.wait(secs(1));
    city.press(second, 0, '6');
    city.wait(secs(1));
    let heard_by = |city: &City, phone| taps(city, phone).map(|[_, heard_by]| heard_by);
    assert_eq!(heard_by(&city, WATCHER), Some(vec![callee]));
    assert_eq!(heard_by(&city, second), Some(vec![]), "{}", city.story());

    city.act(WATCHER, |phone, now| phone.hang_up(now, 0));
    city.wait(secs(1));
    city.press(second, 0, '5');
    city.wait(secs(1));
    assert_eq!(heard_by(&city, second), Some(vec![line(&city, CALLER).rtp]), "{}", city.story());
    hang_up_all(city);
}

#[test]
fn a_call_is_found_whatever_its_shard_and_its_worker() {
    let mut city = city_with(Plot { shards: 3, workers: 3, ..Plot::default() });
    for number in ["1001", "1002", SUPERVISOR] {
        city.add_registered(number);
    }
    for dialled in ["1002", "1002", "1002"] {
        city.dial(CALLER, dialled);
        city.wait(secs(5));
        city.dial(WATCHER, "*441001");
        city.wait(secs(2));
        let [caller, callee] = [CALLER, CALLEE].map(|it| line(&city, it).rtp);
        let hears = taps(&city, WATCHER).map(|[hears, _]| hears);
        assert_eq!(hears, Some(vec![caller, callee]), "the latest\n{}", city.story());
    }
    hang_up_all(city);
}

/// Phone of the supervisor in [`supervised`].
const WATCHER: usize = 2;

/// Two who talk, and a supervisor who hears them.
fn supervised() -> City {
    let mut city = talking();
    city.add_registered(SUPERVISOR);
    city.dial(WATCHER, "*441002");
    city.wait(secs(2));
    assert_eq!(line(&city, WATCHER).state, LineState::Talking, "{}", city.story());
    city
}

/// Whom a phone hears as a supervisor, and who hears it.
fn taps(city: &City, phone: usize) -> Option<[Vec<SocketAddr>; 2]> {
    let port = line(city, phone).remote_rtp?;
    city.workers.iter().find_map(|it| it.taps_at(port))
}

fn status(city: &City, phone: usize) -> Option<u16> {
    line(city, phone).final_status()
}
