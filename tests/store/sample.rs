//! Rows to test with.

use base::{CallId, CdrId, DomainId, LegId, Rng, UnixMillis, UserId};
use call::{Cdr, HangupParty, LegRole};
use media::{FarStats, StreamStats};

/// A record with every field set, different for each `n`; the ids come in order.
pub(crate) fn cdr(domain: DomainId, n: u64) -> Cdr {
    let mut rng = Rng::from_number(n);
    let started = UnixMillis(1_800_000_000_000 + n as i64 * 1000);
    Cdr {
        id: CdrId::new(UnixMillis(started.0 + 500), &mut rng),
        call: CallId::new(started, &mut rng),
        leg: LegId::new(started, &mut rng),
        domain,
        role: if n.is_multiple_of(2) { LegRole::Caller } else { LegRole::Callee },
        caller: format!("10{n}"),
        dialled: "1002".to_owned(),
        party: format!("provider/+7495{n:07}"),
        name: n.is_multiple_of(4).then(|| format!("Анна {n}")),
        user: n.is_multiple_of(4).then(|| UserId::new(started, &mut rng)),
        workplace: n.is_multiple_of(8).then(|| "1190".to_owned()),
        sip_call_id: format!("{n}@\"example\"\\\n.org"),
        signalling_peer: "[2001:db8::1]:5060;udp".to_owned(),
        started,
        ring_ms: Some(120),
        answer_ms: (!n.is_multiple_of(3)).then_some(2000),
        end_ms: 62_000,
        talk_ms: 60_000,
        sip_status: 200,
        hangup: [HangupParty::Remote, HangupParty::Peer, HangupParty::System][n as usize % 3],
        cause: "normal".to_owned(),
        codec: n.is_multiple_of(2).then(|| "PCMA/8000".to_owned()),
        media: StreamStats {
            packets_received: 3000 + n,
            bytes_received: 480_000,
            packets_sent: 2999,
            bytes_sent: 479_840,
            packets_lost: -1,
            jitter_ms: 1.25,
            packets_foreign: 7,
            payload_type: Some(8),
            latched: Some("192.0.2.9:4002".parse().unwrap()),
            transcoded: n.is_multiple_of(5),
            mos: Some(4.25),
            far: FarStats {
                packets_lost: Some(-1),
                jitter_ms: Some(2.5),
                mos: None,
                rtt_ms: Some(31.5),
            },
        },
    }
}

/// Any domain.
pub(crate) fn domain() -> DomainId {
    DomainId::new(UnixMillis(1), &mut Rng::from_number(1))
}
