//! A random day: a seed chooses the city, its network, and what everybody does.

use crate::{City, LineState, Manner, Phone, Plot, Quality, Then};
use base::Rng;
use call::{CallOrder, Command};
use sip::Transport;
use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

/// Least and most actions of a day.
const ACTIONS_MIN: u64 = 20;
const ACTIONS_MAX: u64 = 120;

/// Longest pause between two actions, in milliseconds.
const PAUSE_MS_MAX: u64 = 6000;

/// Lives through the day of a seed, and checks that it leaves nothing behind.
///
/// Panics where an invariant does not hold. The city is returned as it is after the last call.
pub fn live_a_day(start: Instant, seed: u64) -> City {
    let mut rng = Rng::from_number(seed);
    let plot = plot(&mut rng);
    let mut day = Day {
        loss_per_mille: plot.quality.loss_per_mille,
        delay_max: plot.quality.delay_max,
        city: City::new(start, rng.u64(), plot),
        rng,
        is_anyone_lost: false,
    };
    day.settle_in();
    for _ in 0..ACTIONS_MIN + day.rng.below(ACTIONS_MAX - ACTIONS_MIN) {
        day.pause();
        day.act();
    }
    day.go_to_bed();
    day.city
}

struct Day {
    city: City,
    rng: Rng,
    loss_per_mille: u32,
    delay_max: Duration,
    /// Whether a phone forgot its calls: then it saw another day than the switch.
    is_anyone_lost: bool,
}

fn plot(rng: &mut Rng) -> Plot {
    let worst = [0, 0, 20, 100, 200][rng.below(5) as usize];
    let delay_min = Duration::from_millis(rng.below(50));
    let quality = Quality {
        delay_min,
        delay_max: delay_min + Duration::from_millis(rng.below(450)),
        loss_per_mille: worst,
        duplication_per_mille: [0, 50, 200][rng.below(3) as usize],
    };
    let mut limits = HashMap::new();
    for number in 1001..=1006 {
        if rng.chance(200) {
            limits.insert(number.to_string(), 1 + rng.below(2) as u32);
        }
    }
    Plot {
        shards: 1 + rng.below(2) as u8,
        workers: 1 + rng.below(2) as u8,
        ports: [6, 100, 512][rng.below(3) as usize],
        quality,
        rtp_timeout: Some(Duration::from_secs(20 + rng.below(40))),
        call_duration_max: Duration::from_secs(300),
        calls_max: [3, 100][rng.below(2) as usize],
        limits,
        ring_timeout_s: 5 + rng.below(30) as u32,
        aliases: Vec::new(),
        has_hold_music: rng.chance(500),
        has_recording_tone: false,
        others_stay: rng.chance(700),
        domains: 1,
    }
}

impl Day {
    /// Phones are built and registered.
    fn settle_in(&mut self) {
        for n in 0..2 + self.rng.below(5) {
            // Now and then a number gets a second device.
            let number = 1001 + if self.rng.chance(200) { self.rng.below(n + 1) } else { n };
            let transport = if self.rng.chance(200) { Transport::Tcp } else { Transport::Udp };
            let phone = self.city.add_phone_over(&number.to_string(), transport);
            self.city.phones[phone].manner = self.manner();
            self.city.act(phone, Phone::register);
        }
        self.city.wait(Duration::from_secs(3));
    }

    /// Often short enough for messages to cross.
    fn pause(&mut self) {
        let pause_ms = match self.rng.below(4) {
            0 => 0,
            1 => self.rng.below(400),
            _ => self.rng.below(PAUSE_MS_MAX),
        };
        self.city.wait(Duration::from_millis(pause_ms));
    }

    fn manner(&mut self) -> Manner {
        let delay = Duration::from_millis(self.rng.below(8000));
        let some_time = |rng: &mut Rng, chance| {
            rng.chance(chance).then(|| Duration::from_millis(rng.below(3000)))
        };
        Manner {
            rings_after: some_time(&mut self.rng, 900),
            early_media_after: some_time(&mut self.rng, 200),
            then: match self.rng.below(10) {
                0..=5 => Then::Answer(delay),
                6 => Then::Refuse(delay, [486, 603, 480, 404, 503][self.rng.below(5) as usize]),
                7 => Then::AnswerTwice(delay, Duration::from_millis(self.rng.below(200))),
                8 => Then::AnswerWithoutSdp(delay),
                _ => Then::Ignore,
            },
        }
    }

    /// Somebody does something.
    fn act(&mut self) {
        let who = self.rng.below(self.city.phones.len() as u64) as usize;
        if !self.city.phones[who].is_on() {
            self.city.act(who, Phone::restart);
            return;
        }
        match self.rng.below(25) {
            0..=6 => self.dial(who),
            7..=8 => self.with_line(who, LineState::Talking, Phone::hang_up),
            9 => self.with_line(who, LineState::Calling, Phone::cancel),
            10..=11 => self.with_line(who, LineState::Talking, Phone::hold),
            12 => self.with_line(who, LineState::Talking, Phone::resume),
            13 => self.with_line(who, LineState::Talking, Phone::reinvite_late),
            14 => self.with_line(who, LineState::Ringing, Phone::answer),
            15 => self.city.act(who, Phone::register),
            16 => self.city.act(who, Phone::unregister),
            17 => self.city.phones[who].manner = self.manner(),
            18 => {
                self.with_line(who, LineState::Talking, |phone, now, line| {
                    phone.ask_in_call(now, "INFO", line);
                });
            }
            19..=20 => self.press_keys(who),
            21..=23 => self.order(who),
            _ => {
                if self.rng.chance(300) {
                    self.is_anyone_lost = true;
                    self.city.act(who, Phone::crash);
                }
            }
        }
    }

    fn dial(&mut self, who: usize) {
        let number = match self.rng.below(20) {
            0 => "9196".to_owned(),
            1 => "9198".to_owned(),
            2 => "5555".to_owned(),
            3 => (3000 + self.rng.below(2)).to_string(),
            4 => "3100".to_owned(),
            5 => "3200".to_owned(),
            6 => "3300".to_owned(),
            7 => "7999".to_owned(),
            8 => "*66".to_owned(),
            9..=10 => format!("7100{}", 1001 + self.rng.below(7)),
            _ => (1001 + self.rng.below(7)).to_string(),
        };
        let is_late = self.rng.chance(150);
        self.city.act(who, |phone, now| {
            if is_late { phone.dial_late(now, &number) } else { phone.dial(now, &number) }
        });
    }

    /// The right PIN, a wrong one, or what means something inside a conference.
    fn press_keys(&mut self, who: usize) {
        let keys = [
            "1234#", "4321", "77#", "#", "*3", "*5", "*6", "*7", "*9", "*1", "*4", "*21003#",
            "##1004#",
        ];
        let keys = keys[self.rng.below(keys.len() as u64) as usize];
        let lines = &self.city.phones[who].lines;
        let Some(line) = lines.iter().rposition(|it| it.state == LineState::Talking) else {
            return;
        };
        for key in keys.chars() {
            self.city.press(who, line, key);
        }
    }

    /// Somebody orders something in a call, which may be one of others.
    fn order(&mut self, who: usize) {
        let number = |rng: &mut Rng| match rng.below(6) {
            0 => "3000".to_owned(),
            1 => "9198".to_owned(),
            _ => (1001 + rng.below(7)).to_string(),
        };
        let command = match self.rng.below(10) {
            0 => Command::Hold,
            1 => Command::Resume,
            2 => Command::Transfer(number(&mut self.rng)),
            3..=5 => Command::Consult(number(&mut self.rng)),
            6 => Command::Swap,
            7 => Command::Complete,
            8 => Command::Cancel,
            _ => Command::ThreeWay,
        };
        let order = CallOrder { by: self.city.phones[who].number.clone(), command };
        for shard in 0..self.city.shards.len() {
            for view in self.city.shards[shard].views() {
                // What makes no sense is refused.
                let _ = self.city.operate(shard, |it, now| it.command(now, view.id, &order));
            }
        }
    }

    /// Does something to the newest line in a state.
    fn with_line(
        &mut self,
        who: usize,
        state: LineState,
        action: impl FnOnce(&mut Phone, Instant, usize),
    ) {
        let line = self.city.phones[who].lines.iter().rposition(|it| it.state == state);
        let Some(line) = line else { return };
        self.city.act(who, |phone, now| action(phone, now, line));
    }

    /// Everybody hangs up, and the night is quiet.
    fn go_to_bed(&mut self) {
        for who in 0..self.city.phones.len() {
            self.city.phones[who].manner = Manner::ignores();
            for line in 0..self.city.phones[who].lines.len() {
                match self.city.phones[who].lines[line].state {
                    LineState::Calling => self.city.act(who, |it, now| it.cancel(now, line)),
                    LineState::Talking if self.rng.chance(500) => {
                        self.city.act(who, |it, now| it.hang_up(now, line));
                    }
                    LineState::Talking | LineState::Ringing | LineState::Ended => {}
                }
            }
        }
        self.city.finish();
        self.city.check_attempts();
        if !self.is_anyone_lost && self.loss_per_mille == 0 {
            // A message each way, and half a second until a crossing one is repeated.
            self.city.check_talk(4 * self.delay_max + Duration::from_millis(600));
        }
        assert_eq!(self.city.panics, 0, "the switch caught a panic\n{}", self.city.story());
    }
}
