//! Whom lamps show after somebody came in, left, or took a place; and how every package goes on in
//! another process.

use crate::support::*;
use base::{ExtensionId, RecordingId, Rng};
use call::Command;
use sim::{City, Manner, MessageState, Phone, Plot, Told};

/// The phone that watches 1001, 1002 and 1003, in this order.
const WATCHER: usize = 3;

#[test]
fn whoever_picks_up_is_shown_where_the_call_rang_from() {
    let mut city = watching();
    city.phones[1].manner = Manner::ignores();
    city.dial(0, "1002");
    city.wait(secs(1));
    assert_eq!(lamp(&city, 0), [("early", "1002", "Phone 1002")], "{}", city.story());
    assert_eq!(lamp(&city, 1), [("early", "1001", "Phone 1001")]);
    city.dial(2, "*81002");
    city.wait(secs(2));
    assert_eq!(lamp(&city, 0), [("confirmed", "1003", "Phone 1003")], "{}", city.story());
    assert_eq!(lamp(&city, 1), [("terminated", "1001", "Phone 1001")]);
    assert_eq!(lamp(&city, 2), [("confirmed", "1001", "Phone 1001")]);
    end(city);
}

#[test]
fn the_two_who_are_brought_together_are_shown_to_each_other() {
    for is_attended in [true, false] {
        let mut city = watching();
        city.dial(0, "1002");
        city.wait(secs(4));
        assert_eq!(lamp(&city, 0), [("confirmed", "1002", "Phone 1002")], "{}", city.story());
        if is_attended {
            city.act(1, |phone, now| phone.hold(now, 0));
            city.wait(secs(1));
            city.dial(1, "1003");
            city.wait(secs(4));
            let both = [("confirmed", "1001", "Phone 1001"), ("confirmed", "1003", "Phone 1003")];
            assert_eq!(lamp(&city, 1), both, "{}", city.story());
            assert_eq!(lamp(&city, 2), [("confirmed", "1002", "Phone 1002")]);
            city.act(1, |phone, now| phone.refer_to_line(now, 0, 1));
        } else {
            city.act(1, |phone, now| phone.refer(now, 0, "1003"));
            city.wait(secs(1));
            assert_eq!(lamp(&city, 2), [("early", "1001", "Phone 1001")], "{}", city.story());
        }
        city.wait(secs(4));
        assert_eq!(lamp(&city, 0), [("confirmed", "1003", "Phone 1003")], "{}", city.story());
        assert_eq!(lamp(&city, 2), [("confirmed", "1001", "Phone 1001")]);
        assert!(lamp(&city, 1).iter().all(|it| it.0 == "terminated"), "{}", city.story());
        end(city);
    }
}

#[test]
fn whoever_consults_shows_whom_it_talks_to() {
    let mut city = watching();
    city.dial(0, "1002");
    city.wait(secs(4));
    assert_eq!(order(&mut city, "1001", Command::Consult("1003".to_owned())), Ok(()));
    city.wait(secs(4));
    let with = |number: &'static str| vec![("confirmed", number)];
    assert_eq!(shown(&city), [with("1003"), with("1001"), with("1001")], "{}", city.story());
    for talks in ["1002", "1003", "1002"] {
        assert_eq!(order(&mut city, "1001", Command::Swap), Ok(()));
        city.wait(secs(1));
        assert_eq!(shown(&city), [with(talks), with("1001"), with("1001")], "{}", city.story());
    }
    assert_eq!(order(&mut city, "1001", Command::Complete), Ok(()));
    city.wait(secs(1));
    let over = vec![("terminated", "1002")];
    assert_eq!(shown(&city), [over, with("1003"), with("1002")], "{}", city.story());
    end(city);
}

#[test]
fn every_package_goes_on_after_kill_9_and_its_numbers_go_up() {
    for shards in [1, 3] {
        let mut city = city_with(Plot { shards, ..Plot::default() });
        for number in ["1001", "1002", "1003"] {
            city.add_registered(number);
        }
        let watched = [
            ("1002", "dialog", true),
            ("1002", "presence", false),
            ("1003", "message-summary", false),
            ("1003", "reg", true),
        ];
        for (number, event, _) in watched {
            city.act(2, |phone, now| phone.subscribe(now, number, event, 3600));
        }
        city.wait(secs(1));
        for round in 0..3 {
            change_all(&mut city, round);
            let before = counts(&city);
            city.kill_and_restart(secs(5));
            city.wait(secs(2));
            let by_itself: Vec<_> = before.iter().map(|it| it + 1).collect();
            assert_eq!(counts(&city), by_itself, "the state comes by itself\n{}", city.story());
        }
        change_all(&mut city, 3);
        for (n, (_, event, has_version)) in watched.iter().enumerate() {
            let told = &city.phones[2].subscriptions[n].told;
            let rise = |a: &Told, b: &Told| b.cseq > a.cseq && a.version() <= b.version();
            assert!(told.is_sorted_by(rise), "{event}: {told:?}");
            let versions: Vec<_> = told.iter().filter_map(Told::version).collect();
            assert_eq!(versions.len(), if *has_version { told.len() } else { 0 }, "{event}");
            assert!(versions.is_sorted_by(|a, b| a < b), "{event}: {versions:?}");
            city.act(2, |phone, now| phone.resubscribe(now, n, 0));
            city.wait(secs(1));
            let statuses = &city.phones[2].subscriptions[n].statuses;
            assert_eq!(statuses.last(), Some(&200), "{event}: its SUBSCRIBEs are known, too");
        }
        city.finish();
    }
}

/// A call, a message and a registration, each of which is told of.
fn change_all(city: &mut City, round: i64) {
    let before = counts(city);
    let line = city.dial(0, "1002");
    city.wait(secs(5));
    city.act(0, |phone, now| phone.hang_up(now, line));
    let mailbox = extension(city, "1003");
    let message = RecordingId::new(city.now().unix, &mut Rng::from_number(round.unsigned_abs()));
    city.mailboxes.put(message, mailbox, MessageState::New);
    city.act(2, Phone::unregister);
    city.wait(secs(1));
    city.act(2, Phone::register);
    // Nothing of the call may be left when the next process begins.
    city.wait(secs(40));
    let after = counts(city);
    assert!(before.iter().zip(&after).all(|(a, b)| b > a), "{before:?} {after:?}");
}

/// How often each subscription of the third phone was told something.
fn counts(city: &City) -> Vec<usize> {
    city.phones[2].subscriptions.iter().map(|it| it.told.len()).collect()
}

/// 1001, 1002 and 1003, whom a fourth phone watches.
fn watching() -> City {
    let mut city = city_with(Plot { has_hold_music: true, ..Plot::default() });
    for number in ["1001", "1002", "1003", "1004"] {
        city.add_registered(number);
    }
    for number in ["1001", "1002", "1003"] {
        city.act(WATCHER, |phone, now| phone.subscribe(now, number, "dialog", 600));
    }
    city.wait(secs(1));
    city
}

/// What a lamp shows: the state of each dialog, and the number and the name of its remote party.
fn lamp(city: &City, n: usize) -> Vec<(&str, &str, &str)> {
    let told = city.phones[WATCHER].last_told(n).expect("it was told something");
    let dialogs = told.body.split("<dialog ").skip(1);
    dialogs.map(|it| read_dialog(it).expect("a dialog has a state and two parties")).collect()
}

/// The same of all three, without names.
fn shown(city: &City) -> [Vec<(&str, &str)>; 3] {
    let nameless =
        |lamp: Vec<(_, _, _)>| lamp.into_iter().map(|(state, it, _)| (state, it)).collect();
    [0, 1, 2].map(|it| nameless(lamp(city, it)))
}

fn read_dialog(dialog: &str) -> Option<(&str, &str, &str)> {
    let state = dialog.split_once("<state>")?.1.split('<').next()?;
    let remote = dialog.split_once("<remote>")?.1;
    let (name, address) = remote.split_once("display=\"")?.1.split_once("\">sip:")?;
    Some((state, address.split('@').next()?, name))
}

/// Nobody watches or talks any more; nothing is left.
fn end(mut city: City) {
    for n in 0..3 {
        city.act(WATCHER, |phone, now| phone.resubscribe(now, n, 0));
    }
    hang_up_all(city);
}

fn extension(city: &City, number: &str) -> ExtensionId {
    let domain = city.directory().domain_of_host(sim::DOMAIN).expect("the domain is there").id;
    city.directory().extension(domain, number).expect("the extension is there").id
}
