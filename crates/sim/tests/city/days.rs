//! Random days: 300 seeds, in parts that run side by side.
//!
//! A day that fails says its seed; `SIM_SEED=17 cargo test -p sim --test city one_day` lives it again
//! (and `SIM_SEED=1000..2000` a thousand others).

use sim::live_a_day;
use std::{collections::BTreeMap, env, ops::Range, thread, time::Instant};

/// Says which day it was when it goes wrong.
struct Seed(u64);

impl Drop for Seed {
    fn drop(&mut self) {
        if thread::panicking() {
            let seed = self.0;
            eprintln!("seed {seed}: SIM_SEED={seed} cargo test -p sim --test city one_day");
        }
    }
}

fn live(seeds: Range<u64>) {
    let mut calls = 0;
    for seed in seeds {
        let seed = Seed(seed);
        calls += live_a_day(Instant::now(), seed.0).cdrs.len();
    }
    assert!(calls > 0, "days without any call prove nothing");
}

#[test]
fn one_day_by_its_seed() {
    let wanted = env::var("SIM_SEED").unwrap_or("0".to_owned());
    let (first, last) = wanted.split_once("..").unwrap_or((&wanted, &wanted));
    let number = |text: &str| text.parse::<u64>().expect("SIM_SEED is N or FIRST..LAST");
    for seed in number(first)..=number(last) {
        let _seed = Seed(seed);
        live_a_day(Instant::now(), seed);
    }
}

#[test]
fn days_hold_every_way_in_which_calls_end() {
    let days = (0..120).map(|seed| live_a_day(Instant::now(), seed));
    let ends: BTreeMap<String, usize> =
        days.flat_map(|it| it.cdrs).fold(BTreeMap::new(), |mut ends, cdr| {
            *ends.entry(cdr.cause).or_default() += 1;
            ends
        });
    eprintln!("{ends:?}");
    for cause in [
        "answered_elsewhere",
        "busy",
        "cancelled",
        "exhausted",
        "max_duration",
        "no_answer",
        "no_common_codec",
        "normal",
        "not_found",
        "peer_lost",
        "rejected",
        "rtp_timeout",
        "too_many_calls",
        "unavailable",
    ] {
        assert!(ends.contains_key(cause), "no call ended by {cause}: {ends:?}");
    }
}

#[test]
fn the_same_seed_gives_the_same_day() {
    let [a, b] = [(); 2].map(|()| live_a_day(Instant::now(), 7).story());
    assert!(a == b, "chance or time comes in from somewhere");
}

macro_rules! days {
    ($($name:ident: $seeds:expr),* $(,)?) => {$(
        #[test]
        fn $name() {
            live($seeds);
        }
    )*};
}

days! {
    days_0_to_29_leave_nothing_behind: 0..30,
    days_30_to_59_leave_nothing_behind: 30..60,
    days_60_to_89_leave_nothing_behind: 60..90,
    days_90_to_119_leave_nothing_behind: 90..120,
    days_120_to_149_leave_nothing_behind: 120..150,
    days_150_to_179_leave_nothing_behind: 150..180,
    days_180_to_209_leave_nothing_behind: 180..210,
    days_210_to_239_leave_nothing_behind: 210..240,
    days_240_to_269_leave_nothing_behind: 240..270,
    days_270_to_299_leave_nothing_behind: 270..300,
}
