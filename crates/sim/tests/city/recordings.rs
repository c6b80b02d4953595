//! What is recorded of which call, by its rule and by order.

use crate::support::*;
use call::{RecordingOrder, RecordingRefusal};
use media::RecordedSource;
use sim::{City, Manner, Recorded};

#[test]
fn a_call_is_recorded_while_somebody_wants_it() {
    let mut city = talking();
    assert_eq!(recorded(&city), []);

    assert_eq!(order(&mut city, RecordingOrder::Start), Ok(()));
    assert_eq!(order(&mut city, RecordingOrder::Start), Ok(()), "it runs already");
    let running = recorded(&city);
    let [Recorded { sources, parties, is_paused: false }] = &running[..] else {
        panic!("{running:?}");
    };
    assert_eq!(parties, &["1001", "1002"]);
    let [RecordedSource::Received(left), RecordedSource::Received(right)] = sources else {
        panic!("{sources:?}");
    };
    assert_ne!(left, right);

    assert_eq!(order(&mut city, RecordingOrder::Pause), Ok(()));
    assert!(recorded(&city)[0].is_paused);
    assert_eq!(order(&mut city, RecordingOrder::Start), Err(RecordingRefusal::Paused));
    assert_eq!(order(&mut city, RecordingOrder::Resume), Ok(()));
    assert!(!recorded(&city)[0].is_paused);
    assert_eq!(order(&mut city, RecordingOrder::Stop), Ok(()));
    assert_eq!(recorded(&city), []);
    for wanted in [RecordingOrder::Stop, RecordingOrder::Pause, RecordingOrder::Resume] {
        assert_eq!(order(&mut city, wanted), Err(RecordingRefusal::NotRecorded));
    }
    assert_eq!(order(&mut city, RecordingOrder::Start), Ok(()), "another begins");

    city.act(CALLER, |phone, now| phone.hang_up(now, 0));
    city.wait(secs(1));
    assert_eq!(recorded(&city), []);
    city.finish();
}

#[test]
fn a_rule_has_its_calls_recorded_from_the_answer_to_the_end_whatever_happens() {
    let mut city = pair();
    city.dial(CALLER, "51002");
    city.wait(secs(1));
    assert_eq!(city.counts().calls, 1);
    assert_eq!(recorded(&city), [], "nobody has answered");
    city.wait(secs(4));
    let from_the_answer = recorded(&city);
    assert_eq!(from_the_answer.len(), 1);

    assert_eq!(order(&mut city, RecordingOrder::Stop), Err(RecordingRefusal::ByRule));
    city.act(CALLEE, |phone, now| phone.hold(now, 0));
    city.wait(secs(1));
    city.act(CALLEE, |phone, now| phone.resume(now, 0));
    city.wait(secs(1));
    assert_eq!(order(&mut city, RecordingOrder::Pause), Ok(()));
    assert_eq!(order(&mut city, RecordingOrder::Resume), Ok(()));
    assert_eq!(recorded(&city), from_the_answer);

    city.act(CALLEE, |phone, now| phone.hang_up(now, 0));
    city.finish();
    assert_eq!(recorded(&city), []);
}

#[test]
fn who_hears_us_is_recorded_with_what_is_heard() {
    let mut city = pair();
    city.dial(CALLER, "9196");
    city.wait(secs(2));

    assert_eq!(order(&mut city, RecordingOrder::Start), Ok(()));
    let [Recorded { sources, parties, .. }] = &recorded(&city)[..] else { panic!("one runs") };
    assert_eq!(parties, &["1001", "9196"]);
    assert_eq!(sources[1], RecordedSource::Sent(sources[0].media()));

    city.act(CALLER, |phone, now| phone.hang_up(now, 0));
    city.finish();
}

#[test]
fn a_call_that_rings_or_has_ended_cannot_be_recorded() {
    let mut city = pair();
    city.dial(CALLER, "1002");
    city.wait(millis(500));
    let id = city.shards[0].views()[0].id;
    assert_eq!(order(&mut city, RecordingOrder::Start), Err(RecordingRefusal::NotConnected));
    city.wait(secs(5));
    city.act(CALLER, |phone, now| phone.hang_up(now, 0));
    city.finish();

    let done = city.operate(0, |calls, now| calls.record(now, id, RecordingOrder::Start));
    assert_eq!(done, Err(RecordingRefusal::NoCall));
}

#[test]
fn a_step_of_the_plan_has_a_live_call_recorded_from_there_on_until_another_ends_it() {
    let ask = |manner: Manner| {
        let mut city = pair();
        city.phones[CALLEE].manner = manner;
        city.dial(CALLER, "75001002");
        city.wait(secs(1));
        assert!(is_spoken_to(&city, CALLER), "{}", city.story());
        assert_eq!(recorded(&city), [], "what is said before is not kept");
        finish_words(&mut city, CALLER);
        let running = recorded(&city);
        assert_eq!(running.len(), 1, "{}", city.story());
        assert_eq!(running[0].parties, ["1001", "75001002"]);
        (city, running)
    };
    let (mut city, running) = ask(Manner::answers_after(secs(2)));
    city.wait(secs(3));
    assert!(is_heard_both_ways(&city), "{}", city.story());
    city.act(CALLEE, |phone, now| phone.hold(now, 0));
    city.wait(secs(1));
    city.act(CALLEE, |phone, now| phone.resume(now, 0));
    city.wait(secs(1));
    assert_eq!(recorded(&city), running, "the same goes on, of what the caller says and hears");
    assert_eq!(order(&mut city, RecordingOrder::Pause), Ok(()));
    assert_eq!(order(&mut city, RecordingOrder::Stop), Ok(()), "no rule wants all of it");
    city.act(CALLEE, |phone, now| phone.hang_up(now, 0));
    city.finish();

    let (mut city, _) = ask(Manner::refuses_after(secs(1), 486));
    city.wait(secs(3));
    assert!(hears_music(&city, CALLER), "{}", city.story());
    assert_eq!(recorded(&city), [], "another step ended it");
    assert_eq!(order(&mut city, RecordingOrder::Stop), Err(RecordingRefusal::NotRecorded));
    hang_up_all(city);
}

#[test]
fn a_step_before_anybody_talks_has_the_call_recorded_from_the_answer_on() {
    for is_answered in [true, false] {
        let mut city = pair();
        if !is_answered {
            city.phones[CALLEE].manner = Manner::refuses_after(secs(2), 486);
        }
        city.dial(CALLER, "76001002");
        city.wait(secs(1));
        assert_eq!(recorded(&city), []);
        assert_eq!(order(&mut city, RecordingOrder::Pause), Err(RecordingRefusal::NotRecorded));
        city.wait(secs(3));
        let parties: Vec<_> = recorded(&city).into_iter().map(|it| it.parties).collect();
        let expected: &[[&str; 2]] = if is_answered { &[["1001", "1002"]] } else { &[] };
        assert_eq!(parties, expected, "{}", city.story());
        hang_up_all(city);
    }
    // Whoever orders before that there shall be none is obeyed.
    let mut city = pair();
    city.dial(CALLER, "76001002");
    city.wait(secs(1));
    assert_eq!(order(&mut city, RecordingOrder::Stop), Ok(()));
    city.wait(secs(3));
    assert_eq!(recorded(&city), [], "{}", city.story());
    hang_up_all(city);
}

fn order(city: &mut City, order: RecordingOrder) -> Result<(), RecordingRefusal> {
    let id = city.shards[0].views()[0].id;
    city.operate(0, |calls, now| calls.record(now, id, order))
}

fn recorded(city: &City) -> Vec<Recorded> {
    city.workers.iter().flat_map(sim::Worker::recordings).collect()
}
