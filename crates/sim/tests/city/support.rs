//! What most scenarios begin with.

use call::{CallOrder, Cdr, Command, CommandRefusal};
use media::Playout;
use sim::{City, Line, Plot};
use std::time::{Duration, Instant};

/// A city with one seed for all scenarios.
pub(crate) fn city() -> City {
    city_with(Plot::default())
}

pub(crate) fn city_with(plot: Plot) -> City {
    City::new(Instant::now(), 1, plot)
}

/// A city with `1001` and `1002` registered, as phones 0 and 1.
pub(crate) fn pair() -> City {
    pair_in(Plot::default())
}

pub(crate) fn pair_in(plot: Plot) -> City {
    let mut city = city_with(plot);
    city.add_registered("1001");
    city.add_registered("1002");
    city
}

/// Phone 0 calls phone 1, which answers; returns the number of both lines, which are their first.
pub(crate) fn talking() -> City {
    let mut city = pair();
    city.dial(CALLER, "1002");
    city.wait(secs(5));
    assert!(is_heard_both_ways(&city), "they should talk:\n{}", city.story());
    city
}

pub(crate) const CALLER: usize = 0;
pub(crate) const CALLEE: usize = 1;

pub(crate) fn secs(n: u64) -> Duration {
    Duration::from_secs(n)
}

pub(crate) fn millis(n: u64) -> Duration {
    Duration::from_millis(n)
}

/// The newest line of a phone.
#[track_caller]
pub(crate) fn line(city: &City, phone: usize) -> &Line {
    city.phones[phone].last_line().expect("the phone had a call")
}

/// Whether what `from` says comes out at `to`, as the worker was told and the phones were told.
pub(crate) fn is_heard(city: &City, from: usize, to: usize) -> bool {
    let (from, to) = (line(city, from), line(city, to));
    let heard_at = from
        .remote_rtp
        .and_then(|port| city.workers.iter().find_map(|it| it.listener(from.rtp, port)));
    from.way.sends() && to.way.receives() && heard_at == Some(to.rtp)
}

pub(crate) fn is_heard_both_ways(city: &City) -> bool {
    is_heard(city, CALLER, CALLEE) && is_heard(city, CALLEE, CALLER)
}

/// Rows of the call log as `role status cause hangup`, callers first.
pub(crate) fn log(city: &City) -> Vec<String> {
    let row = |it: &Cdr| {
        let (role, hangup) = (it.role.as_str(), it.hangup.as_str());
        format!("{role} {} {} {hangup}", it.sip_status, it.cause)
    };
    let mut rows: Vec<_> = city.cdrs.iter().map(row).collect();
    rows.sort_by_key(|it| it.starts_with("callee"));
    rows
}

/// Every phone hangs up all its calls; nothing is left of them.
pub(crate) fn hang_up_all(mut city: City) {
    for phone in 0..city.phones.len() {
        for line in 0..city.phones[phone].lines.len() {
            if city.phones[phone].lines[line].state == sim::LineState::Talking {
                city.act(phone, |phone, now| phone.hang_up(now, line));
            }
        }
    }
    city.finish();
}

/// What is said to a phone comes to its end.
pub(crate) fn finish_words(city: &mut City, phone: usize) {
    let port = line(city, phone).remote_rtp.expect("it was answered");
    city.finish_prompt(port);
    city.wait(millis(200));
}

pub(crate) fn press(city: &mut City, phone: usize, keys: &str) {
    let line = city.phones[phone].lines.len() - 1;
    for key in keys.chars() {
        city.press(phone, line, key);
    }
}

pub(crate) fn is_spoken_to(city: &City, phone: usize) -> bool {
    matches!(played(city, phone), Some(Playout::Prompt { .. }))
}

pub(crate) fn is_listened_to(city: &City, phone: usize) -> bool {
    matches!(played(city, phone), Some(Playout::Silence))
}

pub(crate) fn played(city: &City, phone: usize) -> Option<&Playout> {
    let port = line(city, phone).remote_rtp?;
    city.workers.iter().find_map(|it| it.plays_at(port))
}

/// Whether two hear each other on whatever lines they have.
pub(crate) fn talk(city: &City, a: usize, b: usize) -> bool {
    let hears = |from: usize, to: usize| {
        city.phones[from].lines.iter().any(|from| {
            let heard_at = from
                .remote_rtp
                .and_then(|port| city.workers.iter().find_map(|it| it.listener(from.rtp, port)));
            from.is_live()
                && from.way.sends()
                && city.phones[to]
                    .lines
                    .iter()
                    .any(|to| to.is_live() && to.way.receives() && heard_at == Some(to.rtp))
        })
    };
    hears(a, b) && hears(b, a)
}

/// Somebody orders something in the first call that there is.
#[track_caller]
pub(crate) fn order(city: &mut City, by: &str, command: Command) -> Result<(), CommandRefusal> {
    try_order(city, by, command).expect("there is a call")
}

/// The same, unless no call is left.
pub(crate) fn try_order(
    city: &mut City,
    by: &str,
    command: Command,
) -> Option<Result<(), CommandRefusal>> {
    let call = city.shards[0].views().first()?.id;
    let order = CallOrder { by: by.to_owned(), command };
    let done = city.operate(0, |shard, now| shard.command(now, call, &order).map(|_| ()));
    city.wait(millis(100));
    Some(done)
}

pub(crate) fn hears_music(city: &City, phone: usize) -> bool {
    matches!(played(city, phone), Some(Playout::Music { .. }))
}

/// How many hear a phone in its conference.
pub(crate) fn audience(city: &City, phone: usize) -> usize {
    let Some(port) = line(city, phone).remote_rtp else { return 0 };
    city.workers.iter().map(|it| it.audience(port).len()).sum()
}
