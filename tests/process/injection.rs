//! A stranger who knows a call's RTP port gets nothing into the call and nothing out of it.

use crate::harness::{RunningSipp, Server, Sipp, TraceEntry, Transport, UdpPeer, wait_for};
use std::{
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
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

    let for_callee = media_address(&callee_offer(&callee));
    let for_caller = media_address(&wait_for("answer", LIMIT, || answer(&caller.trace())));
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
    // A last packet each way marks the end of what could have been injected before it.
    caller_media.send(&rtp(LATCHING_PACKETS, CALLER_SSRC), for_caller);
    callee_media.send(&rtp(LATCHING_PACKETS, CALLEE_SSRC), for_callee);
    let heard_by_callee = callee_media.receive_for(PACKET_TIME * 20);
    let heard_by_caller = caller_media.receive_for(PACKET_TIME * 5);

    assert!(!heard_by_callee.is_empty() && !heard_by_caller.is_empty(), "the call still talks");
    assert!(!heard_by_callee.iter().chain(&heard_by_caller).any(|it| is_injected(it)));
    assert_eq!(stranger.receive(PACKET_TIME), None, "nothing is sent to the stranger");
    caller.succeed();
    callee.succeed();
}

fn callee_offer(callee: &RunningSipp) -> String {
    wait_for("INVITE at the callee", LIMIT, || {
        let trace = callee.trace();
        trace.iter().find(|it| it.message.starts_with("INVITE ")).map(|it| it.message.clone())
    })
}

fn answer(trace: &[TraceEntry]) -> Option<String> {
    trace
        .iter()
        .find(|it| it.message.starts_with("SIP/2.0 200") && it.message.contains("\nm=audio "))
        .map(|it| it.message.clone())
}

/// Where the server wants its RTP.
fn media_address(sdp: &str) -> SocketAddr {
    let port = sdp
        .lines()
        .find_map(|line| line.strip_prefix("m=audio "))
        .and_then(|rest| rest.split(' ').next())
        .and_then(|port| port.parse().ok())
        .expect("SDP has an audio port");
    (Ipv4Addr::LOCALHOST, port).into()
}

/// 20 ms of PCMU, all of its payload the low byte of the SSRC.
fn rtp(n: u16, ssrc: u32) -> Vec<u8> {
    let mut packet = vec![0x80, 0];
    packet.extend(n.to_be_bytes());
    packet.extend((u32::from(n) * 160).to_be_bytes());
    packet.extend(ssrc.to_be_bytes());
    packet.extend([ssrc as u8; 160]);
    packet
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
const PACKET_TIME: Duration = Duration::from_millis(20);
const LIMIT: Duration = Duration::from_secs(10);
