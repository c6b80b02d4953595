use super::*;
use crate::{Extension, MediaRules, features::Features, outbound::LineOutbound};
use base::{Rng, UnixMillis};
use sip::digest::Ha1;

#[test]
fn calls_at_once_count_until_they_are_over_and_for_the_line_and_the_domain() {
    let mut world = World::new();
    world.class.line.calls_max = Some(1);
    world.class.domain.calls_max = Some(2);

    let first = world.call(0).expect("the first one may");
    assert_eq!(world.call(0).unwrap_err(), Limit::Calls(Scope::Line));
    let second = world.call(1).expect("another line may");
    assert_eq!(world.call(2).unwrap_err(), Limit::Calls(Scope::Domain));
    drop(first);
    assert!(world.call(2).is_ok());
    drop(second);
    assert!(world.counts.is_idle());
}

#[test]
fn new_calls_a_minute_count_whatever_becomes_of_them() {
    let mut world = World::new();
    world.class.line.calls_a_minute = Some(2);

    assert!(world.call(0).is_ok() && world.call(0).is_ok());
    assert_eq!(world.call(0).unwrap_err(), Limit::Rate(Scope::Line));
    world.pass(MINUTE);
    assert!(world.call(0).is_ok());
}

#[test]
fn minutes_count_from_the_answer_while_calls_go_on_and_begin_anew_at_midnight() {
    let mut world = World::new();
    world.class.line.minutes_a_day = Some(2);

    let mut call = world.call(0).expect("it may");
    world.pass(Duration::from_secs(600));
    call.answered(world.now);
    world.pass(Duration::from_secs(119));
    assert!(call.check(world.now).is_ok());
    assert_eq!(call.due(), Some(world.now.instant + Duration::from_secs(1)));
    world.pass(Duration::from_secs(1));
    let alarm = call.check(world.now).unwrap_err();
    assert_eq!(alarm.limit, Limit::Minutes(Scope::Line));
    assert_eq!(world.call(0).unwrap_err(), Limit::Minutes(Scope::Line));
    call.ended(world.now);
    assert_eq!(world.talked(), Duration::from_secs(120));
    assert_eq!(world.call(0).unwrap_err(), Limit::Minutes(Scope::Line));

    world.pass(Duration::from_secs(86_400));
    assert!(world.call(0).is_ok());
    assert_eq!(world.talked(), Duration::ZERO);
}

#[test]
fn two_calls_at_once_use_minutes_up_twice_as_fast() {
    let mut world = World::new();
    world.class.domain.minutes_a_day = Some(1);

    let (mut one, mut two) = (world.call(0).expect("it may"), world.call(1).expect("it may"));
    one.answered(world.now);
    two.answered(world.now);
    world.pass(Duration::from_secs(28));
    assert!(one.check(world.now).is_ok());
    assert_eq!(one.due(), Some(world.now.instant + Duration::from_secs(2)));
    world.pass(Duration::from_secs(2));
    assert_eq!(two.check(world.now).unwrap_err().limit, Limit::Minutes(Scope::Domain));
}

#[test]
fn what_was_talked_is_told_once_a_change_and_goes_on_in_another_process() {
    let mut world = World::new();
    (world.class.line.minutes_a_day, world.class.domain.minutes_a_day) = (Some(1), Some(10));
    let mut call = world.call(0).expect("it may");
    call.answered(world.now);
    world.pass(Duration::from_secs(30));
    let kept = world.counts.take_changes(world.now);
    assert_eq!(kept.len(), 2, "the line's and the domain's: {kept:?}");
    assert!(kept.iter().all(|it| it.talked == Duration::from_secs(30)));
    call.ended(world.now);
    assert_eq!(world.counts.take_changes(world.now).len(), 2);
    assert!(world.counts.take_changes(world.now).is_empty());
    world.counts.put_back(&kept);
    assert_eq!(world.counts.take_changes(world.now), kept);

    world.counts = OutboundUse::default();
    world.counts.restore(kept);
    let mut call = world.call(0).expect("half a minute is left");
    call.answered(world.now);
    world.pass(Duration::from_secs(30));
    assert!(call.check(world.now).is_err());
}

#[test]
fn what_no_cap_counts_is_not_kept() {
    let mut world = World::new();
    world.class.domain.minutes_a_day = Some(10);
    let mut call = world.call(0).expect("it may");
    call.answered(world.now);
    world.pass(Duration::from_secs(30));
    let lines: Vec<_> =
        world.counts.take_changes(world.now).into_iter().map(|it| it.key.line).collect();
    assert_eq!(lines, [None], "the domain's alone");
    call.ended(world.now);
}

#[test]
fn a_clock_that_is_set_back_over_midnight_forgets_nothing() {
    let mut world = World::new();
    world.class.line.minutes_a_day = Some(2);
    let mut call = world.call(0).expect("it may");
    call.answered(world.now);
    world.pass(Duration::from_secs(60));
    world.now.unix = UnixMillis(world.now.unix.0 - 86_400_000);
    assert_eq!(world.talked(), Duration::from_secs(60));
    world.pass(Duration::from_secs(60));
    assert!(call.check(world.now).is_err());
    call.ended(world.now);
}

#[test]
fn a_day_that_a_wrong_clock_has_shown_is_not_waited_for() {
    let mut world = World::new();
    world.class.line.minutes_a_day = Some(2);
    let right = world.now.unix;
    world.now.unix = UnixMillis(right.0 + 365 * 86_400_000);
    let mut call = world.call(0).expect("it may");
    call.answered(world.now);
    world.pass(Duration::from_secs(120));
    assert!(call.check(world.now).is_err());
    call.ended(world.now);
    world.now.unix = right;
    assert_eq!(world.talked(), Duration::ZERO);
    assert!(world.call(0).is_ok());
}

#[test]
fn a_limit_of_a_domain_is_told_once_for_all_of_its_lines() {
    let mut world = World::new();
    world.class.domain.calls_max = Some(0);
    assert!([0, 1, 2].into_iter().all(|line| world.call(line).is_err()));
    assert_eq!(world.counts.take_alarms().len(), 1);
    (world.class.domain.calls_max, world.class.line.calls_max) = (None, Some(0));
    assert!([0, 1, 2].into_iter().all(|line| world.call(line).is_err()));
    assert_eq!(world.counts.take_alarms().len(), 3);
}

#[test]
fn the_same_alarm_is_told_once_in_ten_minutes() {
    let mut world = World::new();
    world.class.line.calls_max = Some(0);
    let mut told = Vec::new();
    for _ in 0..12 {
        assert!(world.call(0).is_err());
        told.push(world.counts.take_alarms().len());
        world.counts.take_changes(world.now);
        world.pass(MINUTE);
    }
    assert_eq!(told, [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0]);
}

#[derive(Debug)]
struct World {
    now: Now,
    counts: OutboundUse,
    class: OutboundClass,
    lines: Vec<Extension>,
}

impl World {
    fn new() -> Self {
        let mut rng = Rng::from_number(1);
        let now = Now { instant: Instant::now(), unix: UnixMillis(1_800_000_000_000) };
        let domain = DomainId::new(now.unix, &mut rng);
        let lines = ["1001", "1002", "1003"].map(|number| Extension {
            id: ExtensionId::new(now.unix, &mut rng),
            domain,
            number: number.to_owned(),
            display_name: String::new(),
            ha1: Ha1::of_password(number, "demo", "x"),
            calls_max: None,
            ring_timeout_s: 60,
            user: None,
            media: MediaRules::default(),
            features: Features::default(),
            outbound: LineOutbound::default(),
            may_sign_in: false,
        });
        let class = OutboundClass { name: "abroad".to_owned(), ..OutboundClass::default() };
        Self { now, counts: OutboundUse::default(), class, lines: lines.into() }
    }

    fn call(&self, line: usize) -> Result<Permit, Limit> {
        let allowed = Allowed::Right { line: &self.lines[line], class: &self.class };
        let permit = self.counts.take(self.now, allowed, "+4930").map_err(|it| it.limit)?;
        Ok(permit.expect("calls of a class are counted"))
    }

    fn pass(&mut self, time: Duration) {
        let millis = i64::try_from(time.as_millis()).expect("a short time");
        self.now =
            Now { instant: self.now.instant + time, unix: UnixMillis(self.now.unix.0 + millis) };
    }

    /// What the first line has talked today.
    fn talked(&self) -> Duration {
        let Extension { domain, id, .. } = self.lines[0];
        let key = UseKey { domain, line: Some(id), class: self.class.name.clone() };
        self.counts.talked(self.now, &key)
    }
}
