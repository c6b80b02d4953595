//! Hold music as a broadcast: each piece is read once a tick and encoded once for each codec and packet
//! time that somebody hears it in, however many listen.
//!
//! The place in the music is told by the time alone: whoever is put on hold again hears it go on
//! and not begin anew, and a station that nobody listens to costs nothing.

use crate::{
    outlet::{Outlet, outlet_of},
    playout::{FRAME_MS, Voice},
    sound::{Music, PieceOrder},
};
use base::Rng;
use std::sync::Arc;

/// All music that the listeners of one worker hear.
#[derive(Debug, Default)]
pub(crate) struct Radio {
    stations: Vec<Station>,
}

/// One music.
#[derive(Debug)]
struct Station {
    music: Arc<Music>,
    place: Place,
    /// Which tick `frame` is of.
    tick: u64,
    frame: [i16; FRAME],
    outlets: Vec<Outlet>,
}

impl Radio {
    /// Has what everybody who hears `music` in this voice is sent at `tick`, the number of spans of
    /// [`FRAME_MS`] since the worker began. Nothing if the codec cannot be set up.
    pub(crate) fn outlet(
        &mut self,
        tick: u64,
        music: &Arc<Music>,
        voice: Voice,
    ) -> Option<&Outlet> {
        let known = self.stations.iter().position(|it| Arc::ptr_eq(&it.music, music));
        let station = known.unwrap_or_else(|| {
            self.stations.push(Station::new(music.clone(), tick));
            self.stations.len() - 1
        });
        self.stations[station].outlet(tick, voice)
    }

    /// Forgets what nobody has heard for a while.
    pub(crate) fn sweep(&mut self, tick: u64) {
        let is_heard = |last: u64| tick.saturating_sub(last) < KEPT_TICKS;
        self.stations.retain_mut(|station| {
            station.outlets.retain(|it| it.heard_at().is_some_and(is_heard));
            is_heard(station.tick)
        });
    }
}

impl Station {
    fn new(music: Arc<Music>, tick: u64) -> Self {
        let place = Place::at(&music, tick * FRAME as u64);
        let mut station = Self { music, place, tick, frame: [0; FRAME], outlets: Vec::new() };
        station.place.read(&station.music, &mut station.frame);
        station
    }

    fn outlet(&mut self, tick: u64, voice: Voice) -> Option<&Outlet> {
        if tick != self.tick {
            if tick != self.tick + 1 {
                self.place = Place::at(&self.music, tick * FRAME as u64);
            }
            self.tick = tick;
            self.place.read(&self.music, &mut self.frame);
        }
        let outlet = outlet_of(&mut self.outlets, voice, Music::RATE)?;
        outlet.take(tick, &self.frame);
        Some(outlet)
    }
}

/// Where in the music we are.
#[derive(Debug)]
struct Place {
    /// How many times everything was played before.
    round: u64,
    /// The pieces of this round, by their places in the list; not yet played ones last.
    order: Vec<u16>,
    /// Which of `order`, and how many of its samples were read.
    piece: usize,
    offset: usize,
}

impl Place {
    /// So many samples after the beginning of time.
    fn at(music: &Music, samples: u64) -> Self {
        let round = samples / music.len();
        let mut place = Self { round, order: order(music, round), piece: 0, offset: 0 };
        let mut left = samples % music.len();
        while left >= place.piece_len(music) {
            left -= place.piece_len(music);
            place.piece += 1;
        }
        place.offset = left as usize;
        place
    }

    fn read(&mut self, music: &Music, mut frame: &mut [i16]) {
        while !frame.is_empty() {
            let samples = music.pieces()[usize::from(self.order[self.piece])].samples();
            let count = frame.len().min(samples.len() - self.offset);
            frame[..count].copy_from_slice(&samples[self.offset..self.offset + count]);
            frame = &mut frame[count..];
            self.offset += count;
            if self.offset == samples.len() {
                self.next_piece(music);
            }
        }
    }

    fn next_piece(&mut self, music: &Music) {
        self.offset = 0;
        self.piece += 1;
        if self.piece == self.order.len() {
            self.piece = 0;
            self.round += 1;
            shuffle(&mut self.order, music.order(), self.round);
        }
    }

    fn piece_len(&self, music: &Music) -> u64 {
        music.pieces()[usize::from(self.order[self.piece])].samples().len() as u64
    }
}

fn order(music: &Music, round: u64) -> Vec<u16> {
    let mut order: Vec<u16> = (0..music.pieces().len() as u16).collect();
    shuffle(&mut order, music.order(), round);
    order
}

/// Puts a round into its order, which is the same whoever asks for it.
fn shuffle(order: &mut [u16], by: PieceOrder, round: u64) {
    match by {
        PieceOrder::Listed => {}
        PieceOrder::Shuffled => {
            order.sort_unstable();
            let mut rng = Rng::from_number(round);
            for last in (1..order.len()).rev() {
                order.swap(last, rng.below(last as u64 + 1) as usize);
            }
        }
    }
}

/// Samples of a frame, at the rate of music.
const FRAME: usize = Music::RATE.samples(FRAME_MS);
/// How long something unheard is kept ready: a minute.
const KEPT_TICKS: u64 = 60_000 / FRAME_MS as u64;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        cadence::Cadence,
        codec::{Bands, Codec, OpusWishes, Rate},
        g711::Law,
        sound::Sound,
    };

    #[test]
    fn a_thousand_listeners_of_two_codecs_and_two_packet_times_cost_four_encodings() {
        let mut radio = Radio::default();
        let music = music(&[1000], PieceOrder::Listed);
        for tick in 0..3 {
            for n in 0..1000 {
                let codec = if n % 2 == 0 { Codec::G722(Bands::Both) } else { Codec::G711(Law::A) };
                let cadence = Cadence::of(if n % 4 < 2 { 20 } else { 10 });
                let voice = Voice { cadence, ..voice(codec, n as u8) };
                let heard: Vec<_> = payloads(&mut radio, tick, &music, voice);
                let lens: Vec<_> = heard.iter().map(Vec::len).collect();
                assert!(matches!(lens[..], [160] | [80, 80]), "{lens:?}");
            }
        }
        assert_eq!((radio.stations.len(), radio.stations[0].outlets.len()), (1, 4));
    }

    #[test]
    fn the_music_goes_on_where_the_time_says_and_comes_round() {
        let music = music(&[400, 600], PieceOrder::Listed);
        let heard = listen(&music, 0, 12);
        let expected: Vec<i16> = (0..1000).cycle().take(12 * FRAME).collect();
        assert_eq!(heard, expected);
        // Who comes later, with nobody between, hears the same.
        assert_eq!(listen(&music, 7, 5), expected[7 * FRAME..]);
    }

    #[test]
    fn each_round_of_a_shuffled_list_has_every_piece_once_in_an_order_of_its_own() {
        let music = music(&[320; 8], PieceOrder::Shuffled);
        let heard = listen(&music, 0, 40);
        let rounds: Vec<Vec<i16>> = heard
            .chunks(8 * FRAME)
            .map(|round| round.chunks(FRAME).map(|it| it[0] / 320).collect())
            .collect();
        for round in &rounds {
            let mut sorted = round.clone();
            sorted.sort_unstable();
            assert_eq!(sorted, [0, 1, 2, 3, 4, 5, 6, 7]);
        }
        assert!(rounds.windows(2).any(|it| it[0] != it[1]), "{rounds:?}");
        assert_eq!(listen(&music, 17, 23), heard[17 * FRAME..], "the same for who comes later");
    }

    #[test]
    fn what_nobody_hears_is_forgotten_after_a_minute() {
        let mut radio = Radio::default();
        let music = music(&[1000], PieceOrder::Listed);
        radio.outlet(0, &music, voice(Codec::G722(Bands::Both), 9));
        radio.outlet(KEPT_TICKS - 1, &music, voice(Codec::G711(Law::Mu), 0));
        radio.sweep(KEPT_TICKS);
        assert_eq!(radio.stations[0].outlets.len(), 1);
        radio.sweep(2 * KEPT_TICKS);
        assert!(radio.stations.is_empty());
    }

    /// Samples count up from one piece to the next.
    fn music(lengths: &[i16], order: PieceOrder) -> Arc<Music> {
        let mut next = 0;
        let pieces: Vec<_> = lengths
            .iter()
            .map(|length| {
                let samples: Vec<i16> = (next..next + length).collect();
                next += length;
                Sound::new(Music::RATE, samples)
            })
            .collect();
        Arc::new(Music::new("counting", pieces, order).unwrap())
    }

    fn listen(music: &Arc<Music>, from: u64, ticks: u64) -> Vec<i16> {
        let mut radio = Radio::default();
        let linear = voice(Codec::L16(Rate::Wide), 96);
        (from..from + ticks)
            .flat_map(|tick| {
                let bytes = payloads(&mut radio, tick, music, linear).concat();
                bytes.chunks(2).map(|it| i16::from_be_bytes([it[0], it[1]])).collect::<Vec<_>>()
            })
            .collect()
    }

    fn payloads(radio: &mut Radio, tick: u64, music: &Arc<Music>, voice: Voice) -> Vec<Vec<u8>> {
        let outlet = radio.outlet(tick, music, voice).expect("the codec can be set up");
        outlet.payloads().map(<[u8]>::to_vec).collect()
    }

    fn voice(codec: Codec, payload_type: u8) -> Voice {
        let cadence = Cadence::Ms20;
        Voice { codec, wishes: OpusWishes::default(), cadence, payload_type }
    }
}
