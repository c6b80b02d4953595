//! Keys as RFC 4733 events, over networks that lose, double and reorder.

use base::Rng;
use media::dtmf::{Digit, Event, EventPacket, EventReceiver, EventSender, Heard, QueueFull};
use proptest::prelude::*;
use std::time::{Duration, Instant};

#[test]
fn a_key_is_told_when_it_goes_down_and_when_it_goes_up() {
    let sent = send(8000, 20, &[("5", 100)]);

    let events: Vec<_> = sent.iter().map(|it| (it.at_ms, it.packet.marker, event(it))).collect();
    assert_eq!(events.len(), 7, "five intervals, the last said thrice: {events:?}");
    assert!(events[0].1 && events[1..].iter().all(|it| !it.1), "a marker on the first");
    assert!(sent.iter().all(|it| it.packet.timestamp == sent[0].packet.timestamp));
    let durations: Vec<_> = events.iter().map(|it| it.2.duration_ticks).collect();
    assert_eq!(durations, [160, 320, 480, 640, 800, 800, 800]);
    let ends: Vec<_> = events.iter().map(|it| it.2.is_end).collect();
    assert_eq!(ends, [false, false, false, false, true, true, true]);

    let mut receiver = EventReceiver::new(8000);
    let mut heard = Vec::new();
    for it in &sent {
        heard.push(receive(&mut receiver, it));
    }
    assert_eq!(heard[0], [Heard::Pressed(key('5'))]);
    assert_eq!(heard[4], [released('5', 100)]);
    assert!(heard[1..4].iter().chain(&heard[5..]).all(Vec::is_empty), "{heard:?}");
}

#[test]
fn a_thousand_keys_come_once_each_through_three_percent_loss_doubles_and_disorder() {
    for seed in 1..=20 {
        let mut rng = Rng::from_number(seed);
        let digits: String = (0..1000).map(|_| any_key(&mut rng).as_char()).collect();
        let keys: Vec<_> = digits.chars().map(|it| (it.to_string(), 60)).collect();
        let keys: Vec<_> = keys.iter().map(|(it, ms)| (it.as_str(), *ms)).collect();
        let arrived =
            through(&mut rng, &send(8000, 20, &keys), Network { loss: 3, doubled: 3, late: 3 });

        assert_eq!(pressed(8000, &arrived), digits, "seed {seed}");
    }
}

#[test]
fn a_key_whose_end_is_lost_ends_by_itself_or_with_the_next() {
    let sent = send(8000, 20, &[("1", 100), ("1", 100)]);
    let (first, second) = sent.split_at(7);
    let mut receiver = EventReceiver::new(8000);
    for it in &first[..4] {
        receive(&mut receiver, it);
    }
    let heard_last = at(first[3].at_ms);
    let limit = EventReceiver::SILENCE_MAX;

    let mut later = receiver.clone();
    assert_eq!(later.tick(heard_last + Duration::from_millis(199)), None);
    assert_eq!(later.tick(heard_last + limit), Some(released('1', 80)));
    assert_eq!(later.tick(heard_last + limit * 2), None, "once");
    assert_eq!(receive(&mut later, &first[6]), [], "an echo of what is over");
    assert_eq!(receive(&mut later, &second[0]), [Heard::Pressed(key('1'))]);

    let told = receive(&mut receiver, &second[0]);
    assert_eq!(told, [released('1', 80), Heard::Pressed(key('1'))]);
}

#[test]
fn a_key_of_which_only_the_end_arrives_is_a_key() {
    let sent = send(8000, 20, &[("1", 100), ("2", 100)]);
    let mut receiver = EventReceiver::new(8000);
    receive(&mut receiver, &sent[0]);

    let told = receive(&mut receiver, sent.last().expect("packets"));

    assert_eq!(told, [released('1', 20), Heard::Pressed(key('2')), released('2', 100)]);
}

#[test]
fn a_key_that_is_held_for_half_a_minute_is_one_key() {
    let held = 30_000;
    for clock_rate in [8000, 16_000, 48_000] {
        let sent = send(clock_rate, 20, &[("#", held)]);
        let starts: Vec<_> = sent.iter().map(|it| it.packet.timestamp).collect();
        let mut segments = starts.clone();
        segments.dedup();
        let full = u64::from(clock_rate) * held / 1000 / 65_535;
        assert_eq!(segments.len() as u64, full + 1, "segments of 65535 ticks");

        let told = hear(clock_rate, &sent);

        assert_eq!(told.len(), 2, "{told:?}");
        assert_eq!(told[0], Heard::Pressed(key('#')));
        let Heard::Released { held: heard, .. } = told[1] else { panic!("{told:?}") };
        assert!(heard.as_millis().abs_diff(u128::from(held)) <= 1, "{heard:?}");
    }
}

#[test]
fn a_key_that_pauses_and_goes_on_is_not_a_second_one() {
    let sent = send(8000, 20, &[("7", 4000)]);
    let mut receiver = EventReceiver::new(8000);
    let (before, after) = (&sent[..10], &sent[30..]);
    let mut told: Vec<_> = before.iter().flat_map(|it| receive(&mut receiver, it)).collect();
    told.extend(receiver.tick(at(after[0].at_ms)));
    assert_eq!(told, [Heard::Pressed(key('7')), released('7', 200)]);

    let told: Vec<_> = after.iter().flat_map(|it| receive(&mut receiver, it)).collect();

    assert_eq!(told, [], "it stays released, however long it goes on");
}

#[test]
fn a_source_whose_clock_begins_anew_is_heard() {
    let press = |timestamp, at_ms| {
        let event = Event { code: 3, is_end: true, volume_db: 10, duration_ticks: 800 };
        let packet = EventPacket { marker: true, timestamp, payload: event.to_bytes() };
        Sent { at_ms, packet }
    };
    let mut receiver = EventReceiver::new(8000);
    assert_eq!(receive(&mut receiver, &press(1_000_000, 0)).len(), 2);
    assert_eq!(receive(&mut receiver, &press(500_000, 100)).len(), 0, "late by a little");
    assert_eq!(receive(&mut receiver, &press(500_000, 5000)).len(), 2, "another clock");

    receiver.restart();
    assert_eq!(receive(&mut receiver, &press(10, 5100)).len(), 2, "another source");
}

#[test]
fn more_keys_than_anybody_presses_are_refused() {
    let mut sender = EventSender::new(8000, 160);
    for _ in 0..EventSender::KEYS_MAX {
        sender.press(key('1'), Duration::from_millis(100)).expect("room");
    }
    let refused = sender.press(key('1'), Duration::from_millis(100));
    assert_eq!(refused, Err(QueueFull));
    assert!(QueueFull.to_string().contains("64"));
}

proptest! {
    #[test]
    fn keys_arrive_in_order_whatever_their_lengths_and_the_stream(
        keys in prop::collection::vec((0..16_u8, 40..600_u64), 1..20),
        ptime_ms in prop::sample::select(vec![10_u64, 20, 30, 40, 60]),
        clock_rate in prop::sample::select(vec![8000_u32, 16_000, 48_000]),
        seed: u64,
    ) {
        let digits: Vec<_> =
            keys.iter().map(|(code, ms)| (Digit::from_code(*code).unwrap().to_string(), *ms)).collect();
        let keys: Vec<_> = digits.iter().map(|(it, ms)| (it.as_str(), *ms)).collect();
        let sent = send(clock_rate, ptime_ms, &keys);
        let wanted: String = digits.iter().map(|it| it.0.as_str()).collect();

        // Ends go out thrice, so that two losses in a row are harmless.
        let mut rng = Rng::from_number(seed);
        let arrived = through(&mut rng, &sent, Network { loss: 0, doubled: 20, late: 20 });

        prop_assert_eq!(pressed(clock_rate, &arrived), wanted);
        let told = hear(clock_rate, &arrived);
        let ptime = Duration::from_millis(ptime_ms);
        let lengths = told.iter().filter_map(|it| match it {
            Heard::Released { held, .. } => Some(*held),
            Heard::Pressed(_) => None,
        });
        for (held, (_, ms)) in lengths.zip(&keys) {
            let wanted = Duration::from_millis(*ms).max(ptime);
            prop_assert!(held.abs_diff(wanted) <= Duration::from_millis(1), "{:?}, {:?}", held, wanted);
        }
    }

    #[test]
    fn any_bytes_at_any_time_do_no_harm(
        packets in prop::collection::vec((any::<u32>(), prop::collection::vec(any::<u8>(), 0..6), 0..100_u64), 0..200),
    ) {
        let mut receiver = EventReceiver::new(8000);
        let (mut down, mut now) = (None, 0);
        for (timestamp, payload, wait_ms) in packets {
            now += wait_ms;
            let told: Vec<_> = receiver.tick(at(now)).into_iter()
                .chain(receiver.packet(at(now), timestamp, &payload)).collect();
            for it in told {
                match it {
                    Heard::Pressed(digit) => prop_assert_eq!(down.replace(digit), None),
                    Heard::Released { digit, .. } => prop_assert_eq!(down.take(), Some(digit)),
                }
            }
        }
    }
}

/// A packet on its way.
#[derive(Clone, Copy, Debug)]
struct Sent {
    at_ms: u64,
    packet: EventPacket,
}

/// Chances in percent.
struct Network {
    loss: u64,
    doubled: u64,
    /// Of coming after the packet that follows.
    late: u64,
}

/// What goes out for keys and how long they are held, in milliseconds. The stream's time begins
/// shortly before it wraps.
fn send(clock_rate: u32, ptime_ms: u64, keys: &[(&str, u64)]) -> Vec<Sent> {
    let packet_ticks = clock_rate / 1000 * ptime_ms as u32;
    let mut sender = EventSender::new(clock_rate, packet_ticks);
    let mut keys = keys.iter();
    let (mut sent, mut timestamp, mut at_ms) = (Vec::new(), u32::MAX - 2 * packet_ticks, 0);
    loop {
        if sender.is_idle() {
            let Some((digit, ms)) = keys.next() else { return sent };
            let digit = key(digit.chars().next().expect("a key"));
            sender.press(digit, Duration::from_millis(*ms)).expect("room");
        }
        sent.extend(sender.next(timestamp).map(|packet| Sent { at_ms, packet }));
        timestamp = timestamp.wrapping_add(packet_ticks);
        at_ms += ptime_ms;
    }
}

fn through(rng: &mut Rng, sent: &[Sent], network: Network) -> Vec<Sent> {
    let mut arrived: Vec<Sent> = Vec::new();
    for it in sent {
        if rng.below(100) < network.loss {
            continue;
        }
        let place = if rng.below(100) < network.late {
            arrived.len().saturating_sub(1)
        } else {
            arrived.len()
        };
        arrived.insert(place, *it);
        if rng.below(100) < network.doubled {
            arrived.push(*it);
        }
    }
    // What comes late comes at the time of what it comes behind.
    let mut now = 0;
    for it in &mut arrived {
        now = now.max(it.at_ms);
        it.at_ms = now;
    }
    arrived
}

fn hear(clock_rate: u32, arrived: &[Sent]) -> Vec<Heard> {
    let mut receiver = EventReceiver::new(clock_rate);
    let mut told = Vec::new();
    for it in arrived {
        told.extend(receiver.tick(at(it.at_ms)));
        told.extend(receive(&mut receiver, it));
    }
    let end = arrived.last().map_or(0, |it| it.at_ms) + 1000;
    told.extend(receiver.tick(at(end)));
    told
}

fn pressed(clock_rate: u32, arrived: &[Sent]) -> String {
    let told = hear(clock_rate, arrived);
    told.iter()
        .filter_map(|it| match it {
            Heard::Pressed(digit) => Some(digit.as_char()),
            Heard::Released { .. } => None,
        })
        .collect()
}

fn receive(receiver: &mut EventReceiver, sent: &Sent) -> Vec<Heard> {
    receiver.packet(at(sent.at_ms), sent.packet.timestamp, &sent.packet.payload).collect()
}

fn event(sent: &Sent) -> Event {
    Event::parse(&sent.packet.payload).expect("an event")
}

fn released(digit: char, held_ms: u64) -> Heard {
    Heard::Released { digit: key(digit), held: Duration::from_millis(held_ms) }
}

fn key(digit: char) -> Digit {
    Digit::from_char(digit).expect("a key")
}

fn any_key(rng: &mut Rng) -> Digit {
    Digit::from_code(rng.below(16) as u8).expect("a key")
}

/// A moment by its distance from the first that anybody asked for.
fn at(ms: u64) -> Instant {
    use std::sync::OnceLock;
    static BEGIN: OnceLock<Instant> = OnceLock::new();
    *BEGIN.get_or_init(Instant::now) + Duration::from_millis(ms)
}
