//! One who speaks to many at once.

use crate::support::*;
use call::facts::CallState;
use sim::{City, LineState, Manner};

#[test]
fn all_who_are_free_hear_the_pager_and_nobody_else() {
    let mut city = four();
    city.dial(0, "7999");
    city.wait(secs(1));
    assert_eq!(city.shards[0].views()[0].state, CallState::Paging);
    assert_eq!([0, 1, 2, 3].map(|it| audience(&city, it)), [3, 0, 0, 0], "{}", city.story());
    let asked = line(&city, 1).headers.iter().any(|(_, value)| value.contains("answer-after=0"));
    assert!(asked, "{:?}", line(&city, 1).headers);
    // Who has heard enough leaves, and the others hear on.
    city.act(1, |phone, now| phone.hang_up(now, 0));
    city.wait(secs(1));
    assert_eq!(audience(&city, 0), 2);
    city.act(0, |phone, now| phone.hang_up(now, 0));
    city.wait(secs(1));
    assert!((0..4).all(|it| line(&city, it).state == LineState::Ended), "{}", city.story());
    city.finish();
    assert_eq!(calls_in_log(&city), 1);
}

#[test]
fn whoever_is_busy_wants_no_calls_or_does_not_answer_is_left_out() {
    let mut city = four();
    city.dial(1, "9664");
    city.phones[2].manner = Manner::ignores();
    city.wait(secs(1));
    city.dial(0, "7999");
    city.wait(secs(2));
    assert_eq!(audience(&city, 0), 1, "{}", city.story());
    assert_eq!(city.phones[1].lines.len(), 1, "it is not rung");
    city.wait(secs(4));
    assert_eq!(line(&city, 2).state, LineState::Ended, "{}", city.story());
    assert_eq!(audience(&city, 0), 1, "{}", city.story());
    hang_up_all(city);
    let mut city = four();
    city.dial(1, "*78");
    city.wait(secs(1));
    finish_words(&mut city, 1);
    city.wait(secs(1));
    city.dial(0, "7999");
    city.wait(secs(2));
    assert_eq!(audience(&city, 0), 2, "{}", city.story());
    hang_up_all(city);
}

#[test]
fn it_ends_when_the_last_leaves_or_the_time_is_over_and_goes_on_if_nobody_is_there() {
    let mut city = four();
    city.dial(0, "7999");
    city.wait(secs(2));
    for phone in 1..4 {
        city.act(phone, |phone, now| phone.hang_up(now, 0));
    }
    city.wait(secs(1));
    assert_eq!(line(&city, 0).state, LineState::Ended, "{}", city.story());
    city.finish();

    let mut city = four();
    city.dial(0, "7999");
    city.wait(secs(63));
    assert!((0..4).all(|it| line(&city, it).state == LineState::Ended), "{}", city.story());
    city.finish();

    // All are busy: the plan goes on.
    let mut city = four();
    for phone in 1..4 {
        city.dial(phone, "9664");
    }
    city.wait(secs(1));
    city.dial(0, "7999");
    city.wait(secs(1));
    assert!(is_spoken_to(&city, 0), "{}", city.story());
    hang_up_all(city);

    // Or refuse.
    let mut city = four();
    for phone in 1..4 {
        city.phones[phone].manner = Manner::refuses_after(millis(500), 486);
    }
    city.dial(0, "7999");
    city.wait(secs(2));
    assert_eq!(line(&city, 0).state, LineState::Ended, "{}", city.story());
    city.finish();
}

#[test]
fn anybody_may_hang_up_at_every_step_of_a_page() {
    for who in 0..4 {
        for delay in [0, 20, 50, 100, 300, 520, 540, 560, 600, 2000] {
            let mut city = four();
            city.dial(0, "7999");
            city.wait(millis(delay));
            for line in 0..city.phones[who].lines.len() {
                city.act(who, |phone, now| phone.hang_up(now, line));
            }
            city.wait(secs(3));
            hang_up_all(city);
        }
    }
}

fn audience(city: &City, phone: usize) -> usize {
    let Some(port) = line(city, phone).remote_rtp else { return 0 };
    city.workers.iter().map(|it| it.audience(port).len()).sum()
}

fn calls_in_log(city: &City) -> usize {
    city.cdrs.iter().map(|it| it.call).collect::<std::collections::BTreeSet<_>>().len()
}

/// 1001 to 1004, which answer soon.
fn four() -> City {
    let mut city = city();
    for number in ["1001", "1002", "1003", "1004"] {
        let phone = city.add_registered(number);
        city.phones[phone].manner = Manner::answers_after(millis(500));
    }
    city
}
