//! What the call log says about the media of a call, and what happens to a call without any.

use crate::harness::{
    PACKET_TIME, Server, Sipp, Transport, UdpPeer, media_address_for_caller, rtp,
};

#[test]
fn packets_that_are_lost_on_the_way_are_counted_in_the_call_log() {
    let server = Server::start();
    let media = UdpPeer::bind(server.phone_rtp_port(3));
    let caller = Sipp::trunk(&server, "load-uac.xml", "+74950000093")
        .with_media_at(media.address().port())
        .with(&["-d", "6000"])
        .start();

    let echo = media_address_for_caller(&caller);
    let mut echoed = 0;
    for n in (0..PACKETS).filter(|n| n % 20 != 10) {
        media.send(&rtp(n, 0x1234_5678), echo);
        echoed += media.receive_for(PACKET_TIME).len();
    }
    caller.succeed();

    let rows = server.wait_for_cdrs(1);
    let echoed = echoed as i64;
    let row = &rows[0];
    let lost = i64::from(PACKETS / 20);
    let sent = i64::from(PACKETS) - lost;
    assert_eq!((row.packets_received, row.packets_lost), (sent, lost), "{row:?}");
    assert!((sent * 160..=sent * 172).contains(&row.bytes_received), "{row:?}");
    assert!(echoed > sent * 9 / 10 && row.packets_sent >= echoed, "{echoed} echoed: {row:?}");
    assert!(row.jitter_ms < 20.0, "{row:?}");
}

#[test]
fn answered_call_without_media_is_ended_on_both_sides_after_the_rtp_timeout() {
    let server = Server::start_with("[media]\nrtp_timeout_s = 5\n");
    Sipp::register(&server, 1, "1002", Transport::Udp);
    let callee = Sipp::callee(&server, 1, "uas.xml").with(&["-d", "0"]).start();

    Sipp::caller(&server, 0, "uac-hung-up-on.xml", "1001", "1002").run();

    callee.succeed();
    let rows = server.wait_for_cdrs(2);
    for row in &rows {
        assert_eq!((row.cause.as_str(), row.hangup.as_str()), ("rtp_timeout", "system"));
        assert!((4_500..8_000).contains(&row.talk_ms), "{row:?}");
    }
}

const PACKETS: u16 = 200;
