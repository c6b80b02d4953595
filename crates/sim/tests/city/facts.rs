//! What calls tell about themselves. That it is everything is checked after each step of every
//! scenario; here is what it looks like.

use crate::support::*;
use call::{
    CallFact, LegView,
    facts::{CallDirection, CallState},
};
use sim::{City, Phone};

#[test]
fn a_call_tells_that_it_rings_is_answered_is_held_and_resumed_and_ends() {
    let mut city = talking();
    for step in [Phone::hold as fn(&mut Phone, _, _), Phone::resume] {
        city.act(CALLER, |phone, now| step(phone, now, 0));
        city.wait(secs(2));
    }
    city.act(CALLEE, |phone, now| phone.hang_up(now, 0));
    city.finish();

    assert_eq!(
        told(&city),
        [
            "ringing: dialing dialing",
            "ringing: dialing ringing",
            "talking: talking talking",
            "held: held talking",
            "talking: talking talking",
            "ending: ended ended",
            "over",
        ]
    );
}

#[test]
fn what_does_not_change_is_not_told_again() {
    let mut city = talking();
    let before = city.facts.len();

    city.act(CALLER, |phone, now| phone.ask_in_call(now, "INFO", 0));
    city.act(CALLER, |phone, now| phone.reinvite_late(now, 0));
    city.wait(secs(60));

    assert_eq!(city.facts.len(), before);
}

#[test]
fn a_call_tells_where_it_comes_from_and_who_is_in_it() {
    let mut city = pair();
    let provider = city.add_provider("4951234567");
    for number in ["1002", "94951234567", "9196"] {
        city.dial(CALLER, number);
        city.wait(secs(5));
    }
    city.act(provider, |phone, now| phone.dial_uri(now, "sip:74950000002@10.0.0.1", true));
    city.wait(secs(5));

    let began: Vec<_> = city
        .facts
        .iter()
        .filter_map(|fact| match fact {
            CallFact::Began(view) => Some(view),
            CallFact::Changed(_) | CallFact::Over(_) | CallFact::Merged { .. } => None,
        })
        .map(|it| {
            let is_own = |it: &LegView| if it.extension.is_some() { "own" } else { "trunk" };
            let legs = it.legs.iter().map(|it| format!("{} {}", is_own(it), it.number()));
            (it.direction, legs.collect::<Vec<_>>().join(", "))
        })
        .collect();
    assert_eq!(
        began,
        [
            (CallDirection::Internal, "own 1001, own 1002".to_owned()),
            (CallDirection::Out, "own 1001, trunk 4951234567".to_owned()),
            (CallDirection::Internal, "own 1001".to_owned()),
            (CallDirection::In, "trunk 4951234567, own 1002".to_owned()),
        ]
    );
}

#[test]
fn a_refused_call_begins_ended_and_is_over_at_once() {
    let mut city = pair();
    city.dial(CALLER, "1999");
    city.wait(secs(1));

    assert_eq!(told(&city), ["ending: ended", "over"]);
}

/// Each fact with the state that it leads to.
fn told(city: &City) -> Vec<String> {
    let mut view = None;
    let mut lines = Vec::new();
    for fact in &city.facts {
        match fact {
            CallFact::Began(began) => view = Some((**began).clone()),
            CallFact::Changed(change) => view.as_mut().expect("it began").apply(change),
            CallFact::Over(_) | CallFact::Merged { .. } => {
                lines.push("over".to_owned());
                continue;
            }
        }
        let view = view.as_ref().expect("it began");
        let legs: Vec<_> = view.legs.iter().map(|it| it.state.as_str()).collect();
        lines.push(format!("{}: {}", view.state.as_str(), legs.join(" ")));
        assert_eq!(view.answered.is_some(), view.state != CallState::Ringing && legs != ["ended"]);
    }
    lines
}
