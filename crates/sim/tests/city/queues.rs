//! Queues that nobody serves: what the journal is told of those who come into one.

use crate::support::*;
use call::journal::{QueueHappening, Wait};
use sim::{City, LineState, Phone};

#[test]
fn whoever_hears_that_nobody_serves_a_queue_leaves_it_empty() {
    let mut city = pair();
    city.dial(0, "4000");
    city.wait(secs(2));
    assert_eq!(told(&city), ["4000 entered 1001 1"]);
    assert!(!city.queues.is_empty());
    finish_words(&mut city, 0);
    city.wait(secs(1));

    assert_eq!(line(&city, 0).state, LineState::Ended, "{}", city.story());
    assert_eq!(told(&city), ["4000 entered 1001 1", "4000 empty 1/1 after 1 s"]);
    city.finish();
}

#[test]
fn whoever_hangs_up_or_is_lost_abandons_the_queue() {
    for is_lost in [false, true] {
        let mut city = pair();
        city.dial(0, "4000");
        city.wait(secs(3));
        if is_lost {
            city.act(0, Phone::crash);
            city.wait(secs(90));
        } else {
            city.act(0, |phone, now| phone.hang_up(now, 0));
        }
        city.wait(secs(2));

        let left = told(&city).pop().unwrap();
        assert!(left.starts_with("4000 abandoned 1/1"), "{left}");
        assert_eq!(told(&city).len(), 2, "{:?}", told(&city));
        city.finish();
    }
}

#[test]
fn whoever_is_behind_moves_up_when_another_leaves() {
    let mut city = pair();
    city.dial(0, "4000");
    city.wait(secs(1));
    city.dial(1, "4000");
    city.wait(secs(1));
    city.act(0, |phone, now| phone.hang_up(now, 0));
    city.wait(secs(1));
    finish_words(&mut city, 1);
    city.wait(secs(1));
    city.finish();

    let told = told(&city);
    assert_eq!(told[..2], ["4000 entered 1001 1", "4000 entered 1002 2"]);
    assert!(told[2].starts_with("4000 abandoned 1/1"), "{told:?}");
    assert!(told[3].starts_with("4000 empty 1/2"), "{told:?}");
}

#[test]
fn whoever_is_handed_on_to_a_queue_waits_there_and_not_the_transferor() {
    let mut city = talking();
    city.act(CALLEE, |phone, now| phone.refer(now, 0, "4000"));
    city.wait(secs(2));
    assert_eq!(told(&city), ["4000 entered 1001 1"], "{}", city.story());
    hang_up_all(city);
}

/// `QUEUE WHAT …` of each event.
fn told(city: &City) -> Vec<String> {
    let wait = |how: &str, it: &Wait| {
        let seconds = it.waited_ms / 1000;
        format!("{how} {}/{} after {seconds} s", it.position, it.first_position)
    };
    let told = city.queue_events().into_iter().map(|event| {
        let what = match &event.what {
            QueueHappening::Entered { caller, position } => format!("entered {caller} {position}"),
            QueueHappening::LeftEmpty(it) => wait("empty", it),
            QueueHappening::Abandoned(it) => wait("abandoned", it),
        };
        format!("{} {what}", event.queue)
    });
    told.collect()
}
