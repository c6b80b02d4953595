//! A stranger who knows a call's RTP port gets nothing into the call and nothing out of it.

use crate::harness::{
    PACKET_TIME, Server, Sipp, Transport, UdpPeer, media_address_for_callee,
    media_address_for_caller, rtp,
};

#[test]
fn stranger_injects_nothing_and_hears_nothing_once_the_call_is_latched() {
    let server = Server::start();
    // SIPp signals; its media addresses are sockets of this test.
    let caller_media = UdpPeer::bind(server.phone_rtp_port(2));
    let callee_media = UdpPeer::bind(server.phone_rtp_port(3));
    let stranger = UdpPeer::bind(0);
    Sipp::register(&server, 1, "1002", Transport::Udp);
    let callee =
        Sipp::callee(&server, 1, "uas.xml").with_media_at(callee_media.address().port()).start();
    let caller = Sipp::caller(&server, 0, "uac.xml", "1001", "1002")
        .with_media_at(caller_media.address().port())
        .with(&["-d", "6000"])
        .start();

    let for_callee = media_address_for_callee(&callee);
    let for_caller = media_address_for_caller(&caller);
    for n in 0..LATCHING_PACKETS {
        caller_media.send(&rtp(n, CALLER_SSRC), for_caller);
        callee_media.send(&rtp(n, CALLEE_SSRC), for_callee);
        caller_media.receive(PACKET_TIME);
        callee_media.receive(PACKET_TIME);
    }

    for n in 0..INJECTED_PACKETS {
        stranger.send(&rtp(n, STRANGER_SSRC), for_caller);
        stranger.send(&rtp(n, STRANGER_SSRC), for_callee);
    }
    // A packet that passes each way marks the end of what could have been injected before it. The
    // kernel may drop some while the flood fills its buffers.
    let (mut heard_by_callee, mut heard_by_caller) = (Vec::new(), Vec::new());
    for n in LATCHING_PACKETS..LATCHING_PACKETS + MARKING_PACKETS_MAX {
        caller_media.send(&rtp(n, CALLER_SSRC), for_caller);
        callee_media.send(&rtp(n, CALLEE_SSRC), for_callee);
        heard_by_callee.extend(callee_media.receive_for(PACKET_TIME / 2));
        heard_by_caller.extend(caller_media.receive_for(PACKET_TIME / 2));
        if !heard_by_callee.is_empty() && !heard_by_caller.is_empty() {
            break;
        }
    }

    assert!(!heard_by_callee.is_empty() && !heard_by_caller.is_empty(), "the call still talks");
    assert!(!heard_by_callee.iter().chain(&heard_by_caller).any(|it| is_injected(it)));
    assert_eq!(stranger.receive(PACKET_TIME), None, "nothing is sent to the stranger");
    caller.succeed();
    callee.succeed();
}

/// By payload: a relay may well write an SSRC of its own.
fn is_injected(packet: &[u8]) -> bool {
    packet.ends_with(&[STRANGER_SSRC as u8; 160])
}

const CALLER_SSRC: u32 = 0x1111_1111;
const CALLEE_SSRC: u32 = 0x2222_2222;
const STRANGER_SSRC: u32 = 0x6666_6666;
const LATCHING_PACKETS: u16 = 50;
const INJECTED_PACKETS: u16 = 10_000;
/// Five seconds of them.
const MARKING_PACKETS_MAX: u16 = 250;
