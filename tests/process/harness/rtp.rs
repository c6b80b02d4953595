//! RTP of the test's own making.

use super::{RunningSipp, TraceEntry, wait_for};
use std::{
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

/// 20 ms of PCMU, all of its payload the low byte of the SSRC.
pub(crate) fn rtp(n: u16, ssrc: u32) -> Vec<u8> {
    let mut packet = vec![0x80, 0];
    packet.extend(n.to_be_bytes());
    packet.extend((u32::from(n) * 160).to_be_bytes());
    packet.extend(ssrc.to_be_bytes());
    packet.extend([ssrc as u8; 160]);
    packet
}

/// Where the server wants the RTP of this caller, once it has answered.
#[track_caller]
pub(crate) fn media_address_for_caller(caller: &RunningSipp) -> SocketAddr {
    media_address(&wait_for("answer", LIMIT, || {
        first(&caller.trace(), |it| it.starts_with("SIP/2.0 200") && it.contains("\nm=audio "))
    }))
}

/// Where the server wants the RTP of this callee, once it has called.
#[track_caller]
pub(crate) fn media_address_for_callee(callee: &RunningSipp) -> SocketAddr {
    media_address(&wait_for("INVITE at the callee", LIMIT, || {
        first(&callee.trace(), |it| it.starts_with("INVITE "))
    }))
}

fn first(trace: &[TraceEntry], is_wanted: impl Fn(&str) -> bool) -> Option<String> {
    trace.iter().find(|it| is_wanted(&it.message)).map(|it| it.message.clone())
}

fn media_address(sdp: &str) -> SocketAddr {
    let port = sdp
        .lines()
        .find_map(|line| line.strip_prefix("m=audio "))
        .and_then(|rest| rest.split(' ').next())
        .and_then(|port| port.parse().ok())
        .expect("SDP has an audio port");
    (Ipv4Addr::LOCALHOST, port).into()
}

/// The time between two packets.
pub(crate) const PACKET_TIME: Duration = Duration::from_millis(20);
const LIMIT: Duration = Duration::from_secs(10);
