//! Whatever a session does, it is listened to, and only as long as somebody wants to know.

use crate::{
    audio::{silence, tone, voices},
    support::*,
    world::{Activity, World},
};
use media::{
    Format,
    detection::{AnswerRules, Answerer, Detected, FaxTone, Wanted},
};
use std::time::Duration;

#[test]
fn silence_and_speech_are_told_whatever_the_session_does() {
    let voice = &voices()[0];
    for activity in Activity::ALL {
        let silence_of = Some(millis(2000));
        let mut world = World::new(&pcma(), Wanted { silence: silence_of, ..Wanted::default() });
        world.take_up(activity);

        world.say(&[silence(500), voice.clone(), silence(3000), voice.clone()].concat());

        let told = world.told();
        let what: Vec<_> = told.iter().map(|it| it.1).collect();
        let silent = Detected::Silence { lasted: millis(2000) };
        assert_eq!(what, [silent, Detected::Speech], "{activity:?}: {told:?}");
        let ended = 500 + voice.len() as u64 / 8;
        near(told[0].0, ended + 2000, "the silence", activity);
        near(told[1].0, ended + 3000 + 100, "the speech", activity);
    }
}

#[test]
fn what_is_listened_for_goes_on_while_the_session_does_one_thing_after_another() {
    let wanted = Wanted { silence: Some(millis(4000)), ..Wanted::default() };
    let mut world = World::new(&pcma(), wanted);
    let voice = &voices()[0];
    world.say(voice);
    for activity in Activity::ALL {
        world.take_up(activity);
        world.say(&silence(500));
    }
    assert_eq!(world.told(), [], "three seconds and a half");

    world.say(&silence(1000));

    let told = world.told();
    assert_eq!(told.len(), 1, "{told:?}");
    near(told[0].0, voice.len() as u64 / 8 + 4000, "counted through", Activity::Conference);
}

#[test]
fn a_lively_line_is_not_silent_and_noise_is_no_speech() {
    let wanted = Wanted { silence: Some(millis(1500)), ..Wanted::default() };
    let mut world = World::new(&pcma(), wanted.clone());
    for voice in voices() {
        world.say(&voice);
        world.say(&silence(300));
    }
    assert_eq!(world.told(), []);

    let mut rng = base::Rng::from_number(2);
    let hiss = (0..40_000).map(|_| (rng.below(2000) as i16) - 1000).collect::<Vec<_>>();
    world.say(&hiss);
    let told = world.told();
    assert!(matches!(told[..], [(_, Detected::Silence { .. })]), "{told:?}");
}

#[test]
fn nothing_is_listened_for_any_more_when_it_was_told_or_is_unwanted() {
    let answer = Some(AnswerRules::default());
    let mut world = World::new(&pcma(), Wanted { answer, ..Wanted::default() });
    world.say(&[silence(200), voices()[0][..5600].to_vec(), silence(1500)].concat());
    let told = world.told();
    let [(_, Detected::Answered(answer))] = told[..] else { panic!("{told:?}") };
    assert_eq!(answer.answerer, Answerer::Person);
    assert!(world.wakes_in().is_some_and(|it| it > millis(20)), "only the sweep is left");

    let wanted = Wanted { silence: Some(millis(1000)), fax: true, ..Wanted::default() };
    world.detect(wanted);
    world.say(&silence(500));
    assert!(world.wakes_in().is_some_and(|it| it <= millis(20)), "each tick");
    world.detect(Wanted::default());
    world.say(&[silence(1000), tone(2100.0, 3000)].concat());
    assert_eq!(world.told(), []);
    assert!(world.wakes_in().is_some_and(|it| it > millis(20)));
}

#[test]
fn a_fax_is_heard_in_every_codec() {
    for format in formats() {
        let mut world = World::new(&format, Wanted { fax: true, ..Wanted::default() });
        world.take_up(Activity::Relay);
        world.say(&[silence(300), tone(2100.0, 2600)].concat());
        let told = world.told();
        let what: Vec<_> = told.iter().map(|it| it.1).collect();
        assert_eq!(what, [Detected::Fax(FaxTone::Called)], "{}", format.encoding);
        near(told[0].0, 2300, &format.encoding, Activity::Relay);
    }
}

/// Within what a jitter buffer, a codec and the ends of words may take.
fn near(at: Duration, millis: u64, what: &str, activity: Activity) {
    let off = at.as_millis() as i64 - millis as i64;
    assert!((-300..400).contains(&off), "{what} at {at:?} instead of {millis} ms in {activity:?}");
}

fn pcma() -> Format {
    format(8, "PCMA", 8000, 1)
}
