//! Figures that are made of the rows which calls leave.

use crate::support::*;
use call::statistics::{LegRow, Question, Reason, Report, Statistics};
use sim::{City, Manner};

#[test]
fn each_outcome_of_a_call_is_counted_once() {
    let outcomes: [(&str, Manner, Option<Reason>); 6] = [
        ("1002", Manner::answers_after(secs(2)), None),
        ("1002", Manner::refuses_after(secs(1), 486), Some(Reason::Busy)),
        ("1002", Manner::refuses_after(secs(1), 603), Some(Reason::Refused)),
        ("1002", Manner::refuses_after(secs(1), 480), Some(Reason::Unreachable)),
        ("1099", Manner::ignores(), Some(Reason::Unreachable)),
        ("9196", Manner::ignores(), None),
    ];
    let mut city = pair();
    for (number, manner, _) in &outcomes {
        city.phones[CALLEE].manner = *manner;
        city.dial(CALLER, number);
        city.wait(secs(6));
        let last = city.phones[CALLER].lines.len() - 1;
        city.act(CALLER, |phone, now| phone.hang_up(now, last));
        city.wait(secs(3));
    }
    city.phones[CALLEE].manner = Manner::answers_after(secs(20));
    city.dial(CALLER, "1002");
    city.wait(secs(3));
    let last = city.phones[CALLER].lines.len() - 1;
    city.act(CALLER, |phone, now| phone.cancel(now, last));
    city.wait(secs(3));
    city.finish();

    let total = report(&city).total;
    let calls = &total.calls;
    assert_eq!(calls.offered, outcomes.len() as u64 + 1, "{:?}", city.cdrs);
    assert_eq!(calls.answered, outcomes.iter().filter(|it| it.2.is_none()).count() as u64);
    for reason in Reason::ALL {
        let expected = outcomes.iter().filter(|it| it.2 == Some(reason)).count() as u64;
        let cancelled = u64::from(reason == Reason::Cancelled);
        assert_eq!(calls.missed.of(reason), expected + cancelled, "{reason:?}: {calls:?}");
    }
    let legs = total.caller_legs.offered + total.callee_legs.offered;
    assert_eq!(legs, city.cdrs.len() as u64, "each leg once");
    let talked: i64 = city.cdrs.iter().map(|it| it.talk_ms).sum();
    assert_eq!(total.caller_legs.talk_ms + total.callee_legs.talk_ms, talked.unsigned_abs());
}

#[test]
fn a_transfer_is_counted_once_and_is_one_call() {
    let mut city = pair();
    city.add_registered("1003");
    city.dial(CALLER, "1002");
    city.wait(secs(5));
    city.act(CALLEE, |phone, now| phone.refer(now, 0, "1003"));
    city.wait(secs(5));
    hang_up(&mut city, CALLER);
    city.finish();

    let total = report(&city).total;
    assert_eq!((total.calls.offered, total.transfers), (1, 1), "{:?}", city.cdrs);
    assert_eq!((total.caller_legs.offered, total.callee_legs.offered), (1, 2));
}

fn hang_up(city: &mut City, phone: usize) {
    city.act(phone, |phone, now| phone.hang_up(now, 0));
    city.wait(secs(3));
}

fn report(city: &City) -> Report {
    let mut rows: Vec<_> = city.cdrs.iter().map(LegRow::from).collect();
    rows.sort_by_key(|it| it.call);
    let mut statistics = Statistics::new(Question::default());
    for row in rows {
        statistics.push(row).expect("there are no groups");
    }
    statistics.finish().expect("there are no groups")
}
