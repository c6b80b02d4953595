//! Keys as tones: what must be heard and what must not (ITU-T Q.24).

mod speech;

use base::Rng;
use media::{
    dtmf::{Digit, Heard, KeyTone, ToneDetector},
    g711::Law,
};
use speech::{prompts, read_wav};
use std::{
    f64::consts::TAU,
    io::{self, Write as _},
    path::Path,
};

#[test]
fn every_key_that_we_play_is_heard_once_in_its_length() {
    for law in [Law::Mu, Law::A] {
        let mut audio = silence(50);
        for digit in Digit::all() {
            let mut tone = KeyTone::new(digit, 8000, 800);
            let mut samples = [0; 800];
            assert_eq!(tone.fill(&mut samples), 800);
            assert!(tone.is_over());
            audio.extend(samples.map(|it| law.decode(law.encode(it))));
            audio.extend(silence(60));
        }

        let told = hear(&audio);

        assert_eq!(pressed(&told), "0123456789*#ABCD");
        for it in told {
            if let Heard::Released { held, .. } = it {
                assert!((75..=125).contains(&held.as_millis()), "{held:?}");
            }
        }
    }
}

#[test]
fn a_key_has_its_levels_and_begins_and_ends_without_a_click() {
    for rate in [8000, 16_000, 48_000] {
        let mut samples = vec![0; rate as usize / 5];
        KeyTone::new(key('8'), rate, samples.len()).fill(&mut samples);

        for (hz, dbm0) in [(852.0, -9.0), (1336.0, -7.0)] {
            let level = level_dbm0(&samples, hz, f64::from(rate));
            assert!((level - dbm0).abs() < 0.3, "{rate}: {hz} Hz at {level} dBm0");
        }
        let loudest = samples.iter().map(|it| it.unsigned_abs()).max().expect("samples");
        for edge in [samples[0], samples[samples.len() - 1]] {
            assert!(edge.unsigned_abs() < loudest / 10, "{rate}: {edge} of {loudest}");
        }
    }
}

#[test]
fn keys_are_heard_at_the_limits_of_the_lines() {
    let cases = [
        ("quiet", Line { dbm0: -26.0, ..Line::GOOD }),
        ("loud", Line { dbm0: -3.0, ..Line::GOOD }),
        ("1.5 % high", Line { off: 1.015, ..Line::GOOD }),
        ("1.5 % low", Line { off: 0.985, ..Line::GOOD }),
        ("column 4 dB louder", Line { twist_db: 4.0, ..Line::GOOD }),
        ("row 4 dB louder", Line { twist_db: -4.0, ..Line::GOOD }),
        ("noise 15 dB below", Line { noise_db: -15.0, ..Line::GOOD }),
        ("as short as may be", Line { on_ms: 40, off_ms: 40, ..Line::GOOD }),
        ("long", Line { on_ms: 1500, ..Line::GOOD }),
    ];
    for (name, line) in cases {
        for law in [Law::Mu, Law::A] {
            assert_eq!(line.heard(law), "0123456789*#ABCD", "{name}, {law:?}");
        }
    }
}

#[test]
fn what_is_no_key_is_not_heard() {
    let cases = [
        ("too short", Line { on_ms: 22, ..Line::GOOD }),
        ("row 12 dB louder", Line { twist_db: -12.0, ..Line::GOOD }),
        ("too quiet", Line { dbm0: -50.0, ..Line::GOOD }),
        ("6 % off", Line { off: 1.06, ..Line::GOOD }),
    ];
    for (name, line) in cases {
        assert_eq!(line.heard(Law::A), "", "{name}");
    }
    let tones: [(&str, &[f64]); 6] = [
        ("dial tone", &[350.0, 440.0]),
        ("ringback", &[425.0]),
        ("one row alone", &[697.0]),
        ("one column alone", &[1477.0]),
        ("a row and a column, and a third", &[770.0, 1336.0, 2300.0]),
        ("special information tone", &[950.0]),
    ];
    for (name, hz) in tones {
        let told = hear(&sum(hz.iter().map(|it| (*it, -10.0)), 8000));
        assert_eq!(told, [], "{name}");
    }
    let mut rng = Rng::from_number(1);
    let noise: Vec<_> = (0..80_000).map(|_| (rng.below(20_000) as i32 - 10_000) as i16).collect();
    assert_eq!(hear(&noise), [], "noise");
}

#[test]
fn a_hole_in_a_tone_does_not_make_two_keys_of_it() {
    let mut audio = tone(key('4'), &Line { on_ms: 200, ..Line::GOOD });
    audio[700..780].fill(0);
    assert_eq!(pressed(&hear(&audio)), "4", "10 ms");
}

#[test]
fn speech_of_our_prompts_presses_no_key() {
    let mut seconds = 0.0;
    for file in prompts() {
        let (rate, samples) = read_wav(&file);
        assert_eq!(rate, 8000, "{}", file.display());
        assert_eq!(hear(&samples), [], "{}", file.display());
        seconds += samples.len() as f64 / 8000.0;
    }
    assert!(seconds > 1.0, "there is speech: {seconds} s");
}

/// `benches/talk_off.sh` makes the speech and runs this.
#[test]
#[ignore = "needs an hour of speech"]
fn an_hour_of_speech_presses_less_than_one_key() {
    let file = std::env::var("TANDEM_SPEECH").expect("run benches/talk_off.sh");
    let (rate, samples) = read_wav(Path::new(&file));
    assert_eq!(rate, 8000, "{file}");
    let hours = samples.len() as f64 / 8000.0 / 3600.0;
    let told = pressed(&hear(&samples));
    writeln!(io::stdout(), "{hours:.2} h of speech: {} keys {told:?}", told.len()).expect("stdout");
    assert!((told.len() as f64) < hours.max(1.0), "{told:?} in {hours:.2} h");
}

#[test]
fn samples_may_come_in_any_portions() {
    let audio = Line::GOOD.play("159D");
    for size in [1, 7, 80, 160, 480, 4000] {
        let mut detector = ToneDetector::new();
        let mut told = Vec::new();
        for part in audio.chunks(size) {
            detector.listen(part, |it| told.push(it));
        }
        assert_eq!(told, hear(&audio), "portions of {size}");
        assert_eq!(pressed(&told), "159D");
    }
}

/// How a sender and its line make a key.
struct Line {
    /// Of the row's tone.
    dbm0: f64,
    /// Column above row.
    twist_db: f64,
    /// Factor of the frequencies.
    off: f64,
    /// White noise below the tones.
    noise_db: f64,
    on_ms: usize,
    off_ms: usize,
}

impl Line {
    const GOOD: Self =
        Self { dbm0: -10.0, twist_db: 2.0, off: 1.0, noise_db: -60.0, on_ms: 80, off_ms: 80 };

    fn heard(&self, law: Law) -> String {
        let audio: Vec<_> =
            self.play("0123456789*#ABCD").iter().map(|it| law.decode(law.encode(*it))).collect();
        pressed(&hear(&audio))
    }

    fn play(&self, keys: &str) -> Vec<i16> {
        let mut rng = Rng::from_number(3);
        let mut audio = silence(37);
        for it in keys.chars() {
            audio.extend(tone(key(it), self));
            audio.extend(silence(self.off_ms));
            // Windows must not fall the same way on each.
            audio.extend(vec![0; rng.below(50) as usize]);
        }
        let peak = peak(self.dbm0 + self.noise_db) * 1.7;
        for sample in &mut audio {
            let noise = (rng.below(2_000_001) as f64 / 1_000_000.0 - 1.0) * peak;
            *sample = (f64::from(*sample) + noise) as i16;
        }
        audio
    }
}

fn tone(digit: Digit, line: &Line) -> Vec<i16> {
    let (row, column) = digit.frequencies_hz();
    let row = (f64::from(row) * line.off, line.dbm0);
    let column = (f64::from(column) * line.off, line.dbm0 + line.twist_db);
    sum([row, column].into_iter(), line.on_ms * 8)
}

fn sum(tones: impl Iterator<Item = (f64, f64)>, count: usize) -> Vec<i16> {
    let tones: Vec<_> = tones.collect();
    let at = |n: usize| {
        let sum: f64 =
            tones.iter().map(|(hz, dbm0)| peak(*dbm0) * (TAU * hz * n as f64 / 8000.0).sin()).sum();
        sum.clamp(-32_768.0, 32_767.0) as i16
    };
    (0..count).map(at).collect()
}

fn silence(ms: usize) -> Vec<i16> {
    vec![0; ms * 8]
}

/// Of a sine at this level.
fn peak(dbm0: f64) -> f64 {
    let full_scale_dbm0 = Law::A.full_scale_dbm0();
    32_768.0 * 10_f64.powf((dbm0 - full_scale_dbm0) / 20.0)
}

fn level_dbm0(samples: &[i16], hz: f64, rate: f64) -> f64 {
    let (mut re, mut im) = (0.0, 0.0);
    for (n, sample) in samples.iter().enumerate() {
        let (sin, cos) = (TAU * hz * n as f64 / rate).sin_cos();
        re += f64::from(*sample) * cos;
        im += f64::from(*sample) * sin;
    }
    let amplitude = 2.0 * (re * re + im * im).sqrt() / samples.len() as f64;
    20.0 * (amplitude / peak(0.0)).log10()
}

fn hear(audio: &[i16]) -> Vec<Heard> {
    let mut told = Vec::new();
    let mut detector = ToneDetector::new();
    detector.listen(audio, |it| told.push(it));
    detector.listen(&silence(100), |it| told.push(it));
    told
}

fn pressed(told: &[Heard]) -> String {
    told.iter()
        .filter_map(|it| match it {
            Heard::Pressed(digit) => Some(digit.as_char()),
            Heard::Released { .. } => None,
        })
        .collect()
}

fn key(digit: char) -> Digit {
    Digit::from_char(digit).expect("a key")
}
