//! Members of ring groups who do not want to be rung, or whose own calls go elsewhere.

use crate::support::*;
use call::features::Features;
use sim::{City, LineState, Manner};

/// The groups that are rung at once and in turn: 1002 and 1003 are in both, 1004 in the second.
const GROUPS: [&str; 2] = ["6000", "6001"];
/// Where those are forwarded who are; in no group.
const ELSEWHERE: usize = 4;

#[test]
fn a_member_who_takes_no_calls_is_left_out_and_the_others_are_rung() {
    for group in GROUPS {
        for features in [quiet(), forwarded()] {
            let mut city = office();
            city.change_line("1002", |it| it.features = features.clone());
            city.dial(CALLER, group);
            city.wait(secs(5));
            assert!(talk(&city, CALLER, 2), "{group}: {}", city.story());
            assert_eq!(rung(&city, 1), 0, "{group}, {features:?}: {}", city.story());
            assert_eq!(rung(&city, ELSEWHERE), 0, "nobody is taken along: {}", city.story());
            hang_up_all(city);
        }
    }
}

#[test]
fn a_group_whose_members_all_take_no_calls_is_busy() {
    for group in GROUPS {
        let mut city = office();
        for (number, features) in [("1002", quiet()), ("1003", forwarded()), ("1004", quiet())] {
            city.change_line(number, |it| it.features = features.clone());
        }
        city.dial(CALLER, group);
        city.wait(secs(2));
        assert_eq!(line(&city, CALLER).statuses, [486], "{group}: {}", city.story());
        assert!((1..city.phones.len()).all(|it| rung(&city, it) == 0), "{}", city.story());
        city.finish();
    }
}

#[test]
fn a_group_goes_nowhere_because_one_of_it_is_busy_or_does_not_answer_or_is_away() {
    for group in GROUPS {
        for status in [None, Some(486), Some(480)] {
            let mut city = office();
            city.change_line("1002", |it| {
                let to = Some("1005".to_owned());
                it.features.forward_busy.clone_from(&to);
                it.features.forward_no_answer.clone_from(&to);
                it.features.forward_offline = to;
            });
            city.phones[1].manner = match status {
                Some(status) => Manner::refuses_after(secs(1), status),
                None => Manner::ignores(),
            };
            city.phones[2].manner = Manner::answers_after(secs(3));
            city.dial(CALLER, group);
            city.wait(secs(15));
            assert!(talk(&city, CALLER, 2), "{group}, {status:?}: {}", city.story());
            assert_eq!(rung(&city, ELSEWHERE), 0, "{group}, {status:?}: {}", city.story());
            hang_up_all(city);
        }
    }
}

#[test]
fn whoever_is_left_out_of_its_group_is_still_called_by_its_number_and_counts_no_call() {
    let mut city = office();
    city.change_line("1002", |it| it.features = forwarded());
    city.dial(CALLER, "6000");
    city.wait(secs(5));
    assert_eq!(city.calls_of("1002"), 0, "{}", city.story());
    city.act(CALLER, |phone, now| phone.hang_up(now, 0));
    city.wait(secs(1));
    city.dial(CALLER, "1002");
    city.wait(secs(5));
    assert!(talk(&city, CALLER, ELSEWHERE), "{}", city.story());
    hang_up_all(city);
}

#[test]
fn what_a_member_refused_long_ago_does_not_change_what_becomes_of_those_who_are_rung_now() {
    let mut city = office();
    // Its 487 comes while the next one rings, whose trouble is the one that counts.
    city.phones[1].manner = Manner::ignores();
    city.phones[2].manner = Manner::ignores();
    city.phones[3].manner = Manner::refuses_after(secs(1), 503);
    city.dial(CALLER, "6001");
    city.wait(secs(25));
    assert_eq!(line(&city, 2).state, LineState::Ended, "{}", city.story());
    assert_eq!(line(&city, CALLER).final_status(), Some(480), "{}", city.story());
    assert!(log(&city).contains(&"caller 480 unavailable peer".to_owned()), "{:?}", log(&city));
    city.finish();
}

/// `1001` to `1005`, as phones 0 to 4.
fn office() -> City {
    let mut city = city();
    for number in ["1001", "1002", "1003", "1004", "1005"] {
        city.add_registered(number);
    }
    city
}

fn quiet() -> Features {
    Features { do_not_disturb: true, ..Features::default() }
}

fn forwarded() -> Features {
    Features { forward_all: Some("1005".to_owned()), ..Features::default() }
}

fn rung(city: &City, phone: usize) -> usize {
    city.phones[phone].lines.len()
}
