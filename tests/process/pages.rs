//! One who speaks to many at once, heard by phones that this project did not write.

use crate::harness::{
    Baresip, Codec, Judge, Phone, Recording, Server, levels_of, one_audio_call_at_a_time,
};
use std::time::Duration;

#[test]
fn all_who_are_free_hear_the_pager_who_hears_none_of_them() {
    let _quiet = one_audio_call_at_a_time();
    let server = Server::start();
    let judge = Judge::new(server.folder());
    let says = TONES_HZ.map(|hz| judge.tone(&format!("{hz}"), hz as u32, Duration::from_secs(60)));
    let mut pager = phone(&server, "1001", 0, Codec::Pcma, &says[0]);
    let mut first = phone(&server, "1002", 1, Codec::G722, &says[1]);
    let mut second = phone(&server, "1003", 2, Codec::Pcmu, &says[2]);

    pager.dial("7999");
    first.wait_for_event("CALL_ESTABLISHED", LIMIT);
    second.wait_for_event("CALL_ESTABLISHED", LIMIT);
    // Three seconds of speech.
    server.wait_for_packets_received(450);
    pager.command("hangup", "");
    first.wait_for_event("CALL_CLOSED", LIMIT);
    second.wait_for_event("CALL_CLOSED", LIMIT);

    let rows = server.wait_for_cdrs(3);
    assert!(rows.iter().all(|it| it.call == rows[0].call), "one story: {rows:?}");
    for (listener, phone) in [&pager, &first, &second].into_iter().enumerate() {
        let levels = levels_of(&judge.at_8_khz(&phone.heard()).samples(), &TONES_HZ);
        let heard = [0, 1, 2].map(|tone| levels.iter().filter(|it| it[tone] > HEARD_DB).count());
        let is_heard = heard[0] >= 10;
        assert_eq!(is_heard, listener > 0, "{listener}: {heard:?} tenths of a second");
        assert_eq!(heard[1..], [0, 0], "{listener} hears nobody else");
    }
}

fn phone(server: &Server, extension: &str, slot: u16, codec: Codec, says: &Recording) -> Baresip {
    Baresip::register(server, &Phone::new(extension, slot, codec, says).answering())
}

/// What each of three says.
const TONES_HZ: [f64; 3] = [700.0, 1100.0, 1500.0];
/// Louder than anything that a codec adds to another tone.
const HEARD_DB: f64 = -30.0;
const LIMIT: Duration = Duration::from_secs(20);
