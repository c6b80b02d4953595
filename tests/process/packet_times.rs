//! Packets of the length that phones ask for with `a=ptime` and `a=maxptime`, where the server speaks
//! itself: built-in numbers and conferences.

use crate::harness::{
    Baresip, Codec, Judge, Phone, Server, Sipp, TRUNK_SLOT, UdpPeer, levels_of,
    one_audio_call_at_a_time, tones_heard,
};
use media::rtp::Header;
use std::time::Duration;

#[test]
fn a_caller_is_played_to_in_packets_as_its_ptime_and_maxptime_say() {
    let _quiet = one_audio_call_at_a_time();
    let server = Server::start();
    let (tone, prompt, music, room) = ("9197", "9198", "9664", "3000");
    for (n, (number, codec, [ptime, maxptime], ticks, bytes)) in [
        (tone, "8 PCMA/8000", [30, 60], 240, 240),
        (prompt, "0 PCMU/8000", [10, 60], 80, 80),
        (music, "9 G722/8000", [60, 40], 320, 320),
        (music, "96 L16/48000", [20, 20], 480, 960),
        (room, "8 PCMA/8000", [60, 60], 480, 480),
        (room, "97 L16/16000", [60, 60], 640, 1280),
        (room, "98 L16/48000", [60, 60], 480, 960),
    ]
    .into_iter()
    .enumerate()
    {
        let what = format!("{codec} at {ptime} ms, {maxptime} at most, calls {number}");
        let media = UdpPeer::bind(0);
        let (payload_type, codec) = codec.split_once(' ').expect("a number and a name");
        let caller = Sipp::caller(&server, n as u16 % TRUNK_SLOT, "uac-ptime.xml", "1001", number)
            .with_media_at(media.address().port())
            .with(&["-d", "1500", "-key", "number", payload_type, "-key", "codec", codec])
            .with(&["-key", "ptime", &ptime.to_string(), "-key", "maxptime", &maxptime.to_string()])
            .start();
        let packets = media.receive_for(Duration::from_millis(1500));
        caller.succeed();

        let is_audio = |it: &&Vec<u8>| it.get(1).is_some_and(|it| !(192..=223).contains(it));
        let heard: Vec<_> =
            packets.iter().filter(is_audio).filter_map(|it| Header::parse(it)).collect();
        assert!(heard.len() > 10, "{what}: {} packets", heard.len());
        for (header, len) in &heard {
            assert_eq!(
                (header.payload_type.to_string(), *len),
                (payload_type.to_owned(), bytes),
                "{what}"
            );
        }
        for pair in heard.windows(2).filter(|it| !it[1].0.marker) {
            let (before, after) = (&pair[0].0, &pair[1].0);
            let steps = u32::from(after.sequence.wrapping_sub(before.sequence));
            assert_eq!(after.timestamp.wrapping_sub(before.timestamp), steps * ticks, "{what}");
        }
    }
}

#[test]
fn a_tone_sounds_the_same_to_baresip_whatever_its_ptime() {
    let _quiet = one_audio_call_at_a_time();
    let server = Server::start();
    let judge = Judge::new(server.folder());
    let silence = judge.silence("silence", Duration::from_secs(4));
    for (n, (codec, ptime_ms, made_ms)) in [
        (Codec::Pcma, 10, 10),
        (Codec::Pcmu, 30, 30),
        (Codec::Opus, 40, 40),
        (Codec::G722, 60, 60),
        (Codec::L16, 20, 10),
    ]
    .into_iter()
    .enumerate()
    {
        let phone = Phone::new("1001", n as u16 % TRUNK_SLOT, codec, &silence);
        let mut caller = Baresip::register_wishing(&server, &phone, ptime_ms);
        caller.dial("9197");
        caller.wait_for_event("CALL_ESTABLISHED", EVENT_LIMIT);
        caller.wait_for_event("CALL_CLOSED", EVENT_LIMIT);

        let what = format!("{codec:?} at {ptime_ms} ms");
        let heard = tones_heard(&judge.at_8_khz(&caller.heard()).samples(), &[TONE_HZ]);
        let longest = heard.split(Option::is_none).map(<[_]>::len).max().unwrap_or(0);
        assert!(longest > 100, "{what}: {longest} frames without a gap, of {}", heard.len());
        let rows = server.wait_for_cdrs(n + 1);
        let row =
            rows.iter().find(|it| it.codec.as_deref() == Some(codec.name())).expect("its row");
        let expected = row.talk_ms / made_ms;
        let off = (row.packets_sent - expected).abs();
        assert!(off <= 10 + expected / 10, "{what}: {expected} packets: {row:?}");
    }
}

#[test]
fn phones_of_every_ptime_hear_each_other_in_a_conference_linear_samples_at_48_khz_too() {
    let _quiet = one_audio_call_at_a_time();
    let server = Server::start();
    let judge = Judge::new(server.folder());
    let parties = [(Codec::Pcma, 10), (Codec::G722, 60), (Codec::L16, 20)];
    let says = TONES.map(|hz| judge.tone(&format!("tone-{hz}"), hz, Duration::from_secs(60)));
    let mut phones = Vec::new();
    for (n, (codec, ptime_ms)) in parties.into_iter().enumerate() {
        let phone = Phone::new(["1001", "1002", "1003"][n], n as u16, codec, &says[n]);
        let mut phone = Baresip::register_wishing(&server, &phone, ptime_ms);
        phone.dial("3000");
        phone.wait_for_event("CALL_ESTABLISHED", EVENT_LIMIT);
        phones.push(phone);
    }
    server.wait_for_packets_received(1000);
    for phone in &mut phones {
        phone.command("hangup", "");
        phone.wait_for_event("CALL_CLOSED", EVENT_LIMIT);
    }

    for (n, phone) in phones.iter().enumerate() {
        let samples = judge.at_8_khz(&phone.heard()).samples();
        let spans = levels_of(&samples, &TONES.map(f64::from));
        let hears_both = |levels: &&[f64; 3]| {
            levels.iter().enumerate().all(|(tone, level)| tone == n || *level > HEARD_DB)
        };
        let both = spans.iter().filter(hears_both).count();
        assert!(both >= 20, "{n} hears both others in {both} tenths of {}", spans.len());
        let own = spans.iter().map(|levels| levels[n]).fold(f64::MIN, f64::max);
        assert!(own < NOT_HEARD_DB, "{n} hears itself at {own:.1} dB");
    }
}

const TONE_HZ: f64 = 1004.0;
/// What each of the parties says, in Hz.
const TONES: [u32; 3] = [400, 1300, 2100];
/// Louder than this is heard.
const HEARD_DB: f64 = -28.0;
/// Quieter than this is not.
const NOT_HEARD_DB: f64 = -45.0;
const EVENT_LIMIT: Duration = Duration::from_secs(60);
