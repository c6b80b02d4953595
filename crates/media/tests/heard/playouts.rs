//! What far ends hear of us in each codec: tones, prompts and hold music, decoded again.

use crate::support::*;
use base::Rng;
use media::{
    Direction, Format, MediaCommand, MediaEvent, PayloadMap, Playout, Relay, Slot,
    codec::{Codec, Decoder, Rate},
    progress::{Country, ProgressTone, ProgressTones},
    rtp::{Header, is_rtcp},
    sound::{Music, PieceOrder, Sound},
};
use std::{
    slice,
    sync::Arc,
    time::{Duration, Instant},
};

#[test]
fn a_tone_has_its_frequency_and_level_in_every_codec() {
    for format in formats() {
        let mut world = World::with(slice::from_ref(&format));
        world.play(0, Playout::Tone { hz: 1004, dbm0: -16 });

        let heard = world.hear(0, millis(1000)).pcm;

        let level = tone_level_db(&heard[heard.len() / 4..], 1004.0, rate(&format));
        // −16 dBm0 of a full scale at +3.14 dBm0.
        assert!((level + 19.14).abs() < 0.5, "{}: {level:.2} dB", format.encoding);
    }
}

#[test]
fn a_busy_tone_goes_round_in_every_codec() {
    for format in formats() {
        let mut world = World::with(slice::from_ref(&format));
        let sound = ProgressTones::of(Country::Germany).tone(ProgressTone::Busy).clone();
        world.play(0, Playout::Loop { sound });

        let heard = world.hear(0, millis(3 * 960)).pcm;

        let rate = rate(&format);
        let spans: Vec<_> = heard.chunks_exact(rate.samples(480)).collect();
        assert_eq!(spans.len(), 6, "{}", format.encoding);
        for (n, span) in spans.iter().enumerate() {
            let level = tone_level_db(&span[span.len() / 4..span.len() * 3 / 4], 425.0, rate);
            // −13 dBm0 of a full scale at +3.14 dBm0, then as long nothing.
            let is_right = if n % 2 == 0 { (level + 16.14).abs() < 0.7 } else { level < -45.0 };
            assert!(is_right, "{} {n}: {level:.2} dB", format.encoding);
        }
    }
}

#[test]
fn prompts_of_every_rate_are_heard_to_their_end_in_every_codec() {
    for from in Rate::ALL {
        for format in formats() {
            let mut world = World::with(slice::from_ref(&format));
            let sound = Sound::new(from, sine(from, 600.0, 500));
            assert_eq!(sound.duration(), millis(500));
            world.play(0, Playout::Prompt { sound });

            let heard = world.hear(0, millis(600));

            let name = format!("{from:?} in {}", format.encoding);
            assert_eq!(heard.packets.len() as u32, 500 / packet_ms(&format), "{name}");
            let middle = &heard.pcm[heard.pcm.len() / 5..heard.pcm.len() * 4 / 5];
            let level = tone_level_db(middle, 600.0, rate(&format));
            assert!((level + 10.3).abs() < 0.7, "{name}: {level:.2} dB");
            assert!(matches!(
                world.relay.poll_event(),
                Some(MediaEvent::PlayFinished { media }) if media == id(0)
            ));
        }
    }
}

#[test]
fn packets_follow_each_other_by_the_clock_of_the_codec() {
    for format in formats() {
        let mut world = World::with(slice::from_ref(&format));
        world.play(0, Playout::Music { music: music(&[600.0]) });
        let heard = world.hear(0, millis(200)).packets;

        let step = format.clock_rate / 1000 * packet_ms(&format);
        for pair in heard.windows(2) {
            assert_eq!(pair[1].0.timestamp.wrapping_sub(pair[0].0.timestamp), step);
            assert_eq!(pair[1].0.sequence, pair[0].0.sequence.wrapping_add(1));
            assert_eq!(pair[1].0.payload_type, format.payload_type);
        }
        let markers: Vec<_> = heard.iter().map(|it| it.0.marker).collect();
        assert_eq!(markers.iter().filter(|it| **it).count(), 1, "the first alone: {markers:?}");
    }
}

#[test]
fn all_listeners_of_a_music_hear_the_same_and_who_comes_back_hears_it_go_on() {
    let g722 = formats().remove(2);
    let mut world = World::with(&[g722.clone(), g722.clone(), g722]);
    let music = music(&[400.0, 700.0, 1000.0, 1300.0]);
    for listener in 0..3 {
        world.play(listener, Playout::Music { music: music.clone() });
    }

    let mut heard = world.hear_all(millis(500));
    let third = heard.pop().unwrap().payloads();
    assert_eq!(heard[0].payloads(), third);
    assert_eq!(heard[1].payloads(), third);

    // One talks for a while with another, and is held again.
    world.command(MediaCommand::Bridge {
        a: id(0),
        b: id(1),
        a_to_b: PayloadMap::Same,
        b_to_a: PayloadMap::Same,
    });
    assert_eq!(world.hear(0, millis(700)).packets.len(), 0, "no music under the talk");
    world.play(0, Playout::Music { music });
    let heard = world.hear_all(millis(300));

    assert_eq!(heard[0].payloads(), heard[2].payloads());
    // A second and a half in: the second piece, not the first again.
    let pcm = &heard[0].pcm[heard[0].pcm.len() / 2..];
    assert!(tone_level_db(pcm, 700.0, Rate::Wide) > -12.0);
    assert!(tone_level_db(pcm, 400.0, Rate::Wide) < -30.0);
}

#[test]
fn silence_and_emptiness_are_told_apart_from_music() {
    assert!(Music::new("empty", [Sound::new(Music::RATE, [])], PieceOrder::Listed).is_none());
    assert!(Music::new("narrow", [Sound::new(Rate::Narrow, [9; 9])], PieceOrder::Listed).is_none());
    assert!(Sound::new(Rate::Wide, [3; 1000]).is_silent());
    assert!(!Sound::new(Rate::Wide, sine(Rate::Wide, 400.0, 100)).is_silent());
}

/// Far ends of one worker in virtual time.
struct World {
    relay: Relay,
    now: Instant,
    formats: Vec<Format>,
}

/// What one far end was sent.
struct Heard {
    packets: Vec<(Header, Vec<u8>)>,
    pcm: Vec<i16>,
}

impl Heard {
    fn payloads(&self) -> Vec<Vec<u8>> {
        self.packets.iter().map(|it| it.1.clone()).collect()
    }
}

impl World {
    fn with(formats: &[Format]) -> Self {
        let now = Instant::now();
        let relay = Relay::new(now, Rng::from_number(7));
        let mut world = Self { relay, now, formats: formats.to_vec() };
        for (n, format) in (0..).zip(formats) {
            world.relay.open(now, id(n), Slot(n));
            world.command(configure(n, Direction::SendRecv, slice::from_ref(format)));
        }
        world
    }

    fn play(&mut self, listener: u32, playout: Playout) {
        self.command(MediaCommand::Play { media: id(listener), playout });
    }

    fn command(&mut self, command: MediaCommand) {
        self.relay.handle_command(self.now, command);
    }

    fn hear(&mut self, listener: usize, span: Duration) -> Heard {
        self.hear_all(span).swap_remove(listener)
    }

    fn hear_all(&mut self, span: Duration) -> Vec<Heard> {
        let mut sent = vec![Vec::new(); self.formats.len()];
        let end = self.now + span;
        while let Some(deadline) = self.relay.poll_timeout().filter(|it| *it < end) {
            self.now = self.now.max(deadline);
            self.relay.handle_timeout(self.now, |transmit, packet| {
                assert_eq!(transmit.to, far_end(transmit.slot.0));
                if is_rtcp(packet) {
                    return;
                }
                let (header, len) = Header::parse(packet).expect("we send valid packets");
                let payload = packet[packet.len() - len..].to_vec();
                sent[transmit.slot.0 as usize].push((header, payload));
            });
        }
        self.now = end;
        sent.into_iter()
            .zip(&self.formats)
            .map(|(packets, format)| {
                let mut decoder = Decoder::new(Codec::of(format).unwrap()).unwrap();
                let mut room = vec![0; media::codec::SAMPLES_MAX];
                let mut pcm = Vec::new();
                for (_, payload) in &packets {
                    let count = decoder.decode(payload, &mut room).expect("valid for its codec");
                    pcm.extend_from_slice(&room[..count]);
                }
                Heard { packets, pcm }
            })
            .collect()
    }
}

/// A piece of one second a tone.
fn music(tones: &[f64]) -> Arc<Music> {
    let pieces = tones.iter().map(|hz| Sound::new(Music::RATE, sine(Music::RATE, *hz, 1000)));
    Arc::new(Music::new("tones", pieces, PieceOrder::Listed).unwrap())
}
