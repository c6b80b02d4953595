use super::*;
use base::Rng;
use proptest::prelude::*;
use std::f64::consts::TAU;

#[test]
fn speech_band_survives_each_codec() {
    for (codec, decibels) in [
        (Codec::G711(Law::Mu), 35.0),
        (Codec::G711(Law::A), 35.0),
        (Codec::G722(Bands::Both), 25.0),
        (Codec::G722(Bands::Lower), 25.0),
        (Codec::L16(Rate::Narrow), 90.0),
        (Codec::L16(Rate::Full), 90.0),
        // Opus keeps what the ear hears and not the shape of the wave.
        (Codec::Opus(Rate::Narrow), 5.0),
        (Codec::Opus(Rate::Wide), 5.0),
        (Codec::Opus(Rate::Full), 5.0),
    ] {
        for millis in [10, 20, 30, 40, 60] {
            let millis = codec.packet_ms(millis);
            let said = chord(codec.rate(), 1200);

            let heard = round_trip(codec, &said, codec.rate().samples(u32::from(millis)));

            let ratio = signal_to_noise(&said, &heard);
            assert!(ratio > decibels, "{codec:?} at {millis} ms: {ratio:.1} dB");
        }
    }
}

#[test]
fn packets_have_the_length_that_the_codec_can_make() {
    assert_eq!(Codec::G711(Law::A).packet_ms(20), 20);
    assert_eq!(Codec::G711(Law::A).packet_ms(0), 10);
    assert_eq!(Codec::G722(Bands::Both).packet_ms(200), 60);
    assert_eq!(Codec::Opus(Rate::Full).packet_ms(30), 20);
    assert_eq!(Codec::Opus(Rate::Full).packet_ms(50), 40);
    assert_eq!(Codec::L16(Rate::Full).packet_ms(20), 10, "20 ms are 1,920 bytes");
    let mut encoder = Encoder::new(Codec::Opus(Rate::Wide), OpusWishes::default()).unwrap();
    assert_eq!(encoder.encode(&[0; 480], &mut [0; 1500]), Err(CodecError::BadFrameLength));
    let mut encoder = Encoder::new(Codec::G722(Bands::Both), OpusWishes::default()).unwrap();
    assert_eq!(encoder.encode(&[0; 321], &mut [0; 1500]), Err(CodecError::BadFrameLength));
    assert_eq!(encoder.encode(&[0; 320], &mut [0; 159]), Err(CodecError::TooLong));
}

#[test]
fn formats_are_known_by_name_clock_and_channels() {
    let codec = |encoding: &str, clock_rate, channels| {
        let encoding = encoding.to_owned();
        Codec::of(&Format { payload_type: 96, encoding, clock_rate, channels, fmtp: None })
    };

    assert_eq!(codec("pcmu", 8000, 1), Some(Codec::G711(Law::Mu)));
    assert_eq!(codec("PCMU", 16_000, 1), None);
    assert_eq!(codec("G722", 8000, 1), Some(Codec::G722(Bands::Both)));
    assert_eq!(codec("OPUS", 48_000, 2), Some(Codec::Opus(Rate::Full)));
    assert_eq!(codec("opus", 48_000, 1), None, "RFC 7587 section 7 demands two channels");
    assert_eq!(codec("L16", 16_000, 1), Some(Codec::L16(Rate::Wide)));
    assert_eq!(codec("L16", 44_100, 1), None);
    assert_eq!(codec("G729", 8000, 1), None);
    for known in [Codec::G722(Bands::Both), Codec::Opus(Rate::Full), Codec::L16(Rate::Wide)] {
        let channels = if known == Codec::Opus(Rate::Full) { 2 } else { 1 };
        assert_eq!(codec(known.encoding(), known.clock_rate(), channels), Some(known));
    }
    assert_eq!(Codec::Opus(Rate::Full).near(Rate::Narrow).rate(), Rate::Narrow);
    for (rate, given) in [(Rate::Narrow, Rate::Narrow), (Rate::Full, Rate::Wide)] {
        assert_eq!(Codec::G722(Bands::Both).near(rate).rate(), given);
    }
}

#[test]
fn a_lost_packet_sounds_on_and_a_long_gap_fades_to_silence() {
    for codec in all() {
        let rate = codec.rate();
        let packet = rate.samples(20);
        let said = chord(rate, 400);
        let (mut encoder, mut decoder) = both(codec);
        let (mut payload, mut heard) = ([0; 4000], vec![0; packet]);
        for frame in said.chunks(packet) {
            let count = encode(&mut encoder, frame, &mut payload);
            decoder.decode(&payload[..count], &mut heard).unwrap();
        }
        let before = power(&heard);

        let mut concealed = vec![0; rate.samples(10)];
        decoder.conceal(&mut concealed);
        let first = power(&concealed);
        let mut gap = vec![0; rate.samples(600)];
        decoder.conceal(&mut gap);
        let last = power(&gap[gap.len() - packet..]);

        assert!(first > before * 0.5 && first < before * 2.0, "{codec:?}: {before} then {first}");
        assert!(last < before * 0.01, "{codec:?}: {before} at last {last}");
    }
}

#[test]
fn nothing_clicks_where_a_gap_begins_and_ends() {
    for codec in all().into_iter().filter(|it| !matches!(it, Codec::Opus(_))) {
        let packet = codec.rate().samples(20);
        let said = chord(codec.rate(), 600);
        let (mut encoder, mut decoder) = both(codec);
        let mut payload = [0; 4000];
        let mut heard = vec![0; said.len()];
        for (n, (frame, out)) in said.chunks(packet).zip(heard.chunks_mut(packet)).enumerate() {
            let count = encode(&mut encoder, frame, &mut payload);
            if n % 10 == 7 {
                decoder.conceal(out);
            } else {
                decoder.decode(&payload[..count], out).unwrap();
            }
        }

        let step = |pcm: &[i16]| {
            pcm.windows(2).map(|it| (i32::from(it[1]) - i32::from(it[0])).abs()).max().unwrap()
        };
        assert!(
            step(&heard) < step(&said) * 3 / 2,
            "{codec:?}: {} of {}",
            step(&heard),
            step(&said)
        );
    }
}

#[test]
fn opus_reads_a_lost_packet_out_of_the_next_one() {
    let codec = Codec::Opus(Rate::Wide);
    let wishes = OpusWishes { has_fec: true, ..OpusWishes::default() };
    let mut encoder = Encoder::new(codec, wishes).unwrap();
    let (mut guessing, mut recovering) =
        (Decoder::new(codec).unwrap(), Decoder::new(codec).unwrap());
    let mut whole = Decoder::new(codec).unwrap();
    let packet = codec.rate().samples(20);
    let said = warble(codec.rate(), 3000);
    let (mut missed_by_guess, mut missed_by_recovery) = (0.0, 0.0);
    let packets: Vec<Vec<u8>> = said
        .chunks_exact(packet)
        .map(|frame| {
            let mut payload = vec![0; 1500];
            let count = encode(&mut encoder, frame, &mut payload);
            payload.truncate(count);
            payload
        })
        .collect();
    for (n, payload) in packets.iter().enumerate() {
        let (mut wanted, mut guessed, mut recovered) =
            (vec![0; packet], vec![0; packet], vec![0; packet]);
        whole.decode(payload, &mut wanted).unwrap();
        if n % 5 == 4 && n + 1 < packets.len() {
            guessing.conceal(&mut guessed);
            recovering.recover(&packets[n + 1], &mut recovered);
        } else {
            guessing.decode(payload, &mut guessed).unwrap();
            recovering.decode(payload, &mut recovered).unwrap();
        }
        missed_by_guess += distance(&wanted, &guessed);
        missed_by_recovery += distance(&wanted, &recovered);
    }

    assert!(missed_by_recovery < missed_by_guess * 0.7, "{missed_by_recovery} {missed_by_guess}");
}

#[test]
fn opus_sends_next_to_nothing_in_silence_if_the_far_end_agrees() {
    let sent_in_silence = |has_dtx| {
        let wishes = OpusWishes { has_dtx, ..OpusWishes::default() };
        let mut encoder = Encoder::new(Codec::Opus(Rate::Wide), wishes).unwrap();
        let mut payload = [0; 1500];
        (0..100).filter(|_| encode(&mut encoder, &[0; 320], &mut payload) > 0).count()
    };

    assert_eq!(sent_in_silence(false), 100);
    assert!(sent_in_silence(true) < 40, "{}", sent_in_silence(true));
}

#[test]
fn wishes_for_opus_are_read_out_of_its_parameters() {
    let wishes =
        OpusWishes::of(Some("minptime=10; useinbandfec=1;usedtx=1;maxaveragebitrate=20000"));

    assert_eq!(wishes, OpusWishes { has_fec: true, has_dtx: true, bitrate_max: Some(20_000) });
    assert_eq!(OpusWishes::of(None), OpusWishes::default());
    assert_eq!(OpusWishes::of(Some("useinbandfec=yes")), OpusWishes::default());
}

#[test]
fn comfort_noise_has_the_level_and_the_colour_that_were_described() {
    let mut noise = ComfortNoise::new(&mut Rng::from_number(3389));
    let mut pcm = vec![0; 8000];
    noise.fill(&mut pcm);
    assert!(pcm.iter().all(|it| *it == 0), "nothing was described");

    for (payload, first_step) in [(&[40_u8][..], 0.0), (&[40, 230, 100][..], -0.8)] {
        noise.describe(payload).unwrap();
        noise.fill(&mut pcm);
        assert!(describe_noise(&pcm)[0].abs_diff(40) <= 1, "{:?}", describe_noise(&pcm));
        let likeness = pcm.windows(2).map(|it| f64::from(it[0]) * f64::from(it[1])).sum::<f64>()
            / (power(&pcm) * pcm.len() as f64);
        assert!((likeness - first_step).abs() < 0.15, "{payload:?}: {likeness}");
    }
    assert_eq!(noise.describe(&[]), Err(CodecError::BadPayload));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn no_payload_of_a_stranger_brings_a_decoder_down(
        payloads in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 1..5),
        room in 0_usize..SAMPLES_MAX,
    ) {
        let mut pcm = vec![0; SAMPLES_MAX];
        for codec in all() {
            let mut decoder = Decoder::new(codec).unwrap();
            for payload in &payloads {
                let count = decoder.decode(payload, &mut pcm);
                prop_assert!(count.is_ok_and(|it| it <= SAMPLES_MAX) || count.is_err());
                let _ = decoder.decode(payload, &mut pcm[..room]);
                decoder.recover(payload, &mut pcm[..room]);
                decoder.conceal(&mut pcm[..codec.rate().samples(20)]);
            }
        }
        let mut noise = ComfortNoise::new(&mut Rng::from_number(1));
        for payload in &payloads {
            let _ = noise.describe(payload);
            noise.fill(&mut pcm);
        }
    }
}

fn all() -> Vec<Codec> {
    let by_rate = Rate::ALL.into_iter().flat_map(|rate| [Codec::L16(rate), Codec::Opus(rate)]);
    [Codec::G711(Law::Mu), Codec::G711(Law::A), Codec::G722(Bands::Both), Codec::G722(Bands::Lower)]
        .into_iter()
        .chain(by_rate)
        .collect()
}

fn both(codec: Codec) -> (Encoder, Decoder) {
    (Encoder::new(codec, OpusWishes::default()).unwrap(), Decoder::new(codec).unwrap())
}

/// L16 at 48 kHz is asked for 20 ms here, which no real packet has room for.
fn encode(encoder: &mut Encoder, pcm: &[i16], payload: &mut [u8]) -> usize {
    encoder.encode(pcm, payload).unwrap()
}

fn round_trip(codec: Codec, said: &[i16], packet: usize) -> Vec<i16> {
    let (mut encoder, mut decoder) = both(codec);
    let (mut payload, mut heard) = ([0; 1500], vec![0; said.len()]);
    for (frame, out) in said.chunks_exact(packet).zip(heard.chunks_exact_mut(packet)) {
        let count = encode(&mut encoder, frame, &mut payload);
        assert_eq!(decoder.decode(&payload[..count], out), Ok(packet));
    }
    heard
}

/// Three steady tones of the telephone band.
fn chord(rate: Rate, millis: u32) -> Vec<i16> {
    let tone = |n: usize, hz: f64| (TAU * hz * n as f64 / f64::from(rate.hz())).sin();
    (0..rate.samples(millis))
        .map(|n| (4000.0 * (tone(n, 200.0) + tone(n, 400.0) + tone(n, 1000.0))) as i16)
        .collect()
}

/// A voice whose pitch and loudness change all the time.
fn warble(rate: Rate, millis: u32) -> Vec<i16> {
    let mut phase = 0.0_f64;
    (0..rate.samples(millis))
        .map(|n| {
            let second = n as f64 / f64::from(rate.hz());
            phase += TAU * (150.0 + 60.0 * (TAU * 3.0 * second).sin()) / f64::from(rate.hz());
            let loudness = 3000.0 * (1.2 + (TAU * 4.0 * second).sin());
            let voice: f64 = (1..12).map(|n| (phase * f64::from(n)).sin() / f64::from(n)).sum();
            (loudness * voice) as i16
        })
        .collect()
}

fn power(pcm: &[i16]) -> f64 {
    pcm.iter().map(|it| f64::from(*it).powi(2)).sum::<f64>() / pcm.len() as f64
}

fn distance(a: &[i16], b: &[i16]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2)).sum()
}

/// In dB, at the delay of the codec and in the last 60 ms, when all filters have settled.
fn signal_to_noise(said: &[i16], heard: &[i16]) -> f64 {
    let from = said.len() * 19 / 20;
    let signal = power(&said[from..]) * (said.len() - from) as f64;
    let least = (0..said.len() / 80)
        .map(|delay| distance(&heard[from..], &said[from - delay..said.len() - delay]))
        .fold(f64::INFINITY, f64::min);
    10.0 * (signal / least.max(1.0)).log10()
}
