//! From the configuration to what each part is told.

use crate::{
    config::{Config, SourceLimits, StreamLimits},
    mediaserver::{MediaAddress, MediaConfig},
    transport,
};
use call::Settings;
use media::Family;
use sip::{auth::AuthPolicy, endpoint::EndpointConfig, trace::Trace, transport::Listener};
use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

/// How long an RTP port rests after a call before another gets it: longer than any packet of the
/// old call is likely to be under way.
const PORT_COOL_DOWN: Duration = Duration::from_secs(2);

/// Transactions that may live at once on all shards. Over UDP most of them linger for 32 s after
/// their work is done, some 160 for each call a second: this is good for 1500 calls a second.
const TRANSACTIONS_MAX: usize = 240_000;

/// What Retry-After says in a 503, in seconds.
const RETRY_AFTER_S: u32 = 5;

/// Listeners and limits of the transports.
pub(super) fn transport(config: &Config) -> transport::TransportConfig {
    let sip = &config.sip;
    let listen = sip
        .listen
        .iter()
        .map(|it| transport::ListenConfig {
            transport: it.protocol.transport(),
            bind: it.address,
            advertised: Some(sip.advertised(it.address)).filter(|seen| *seen != it.address),
        })
        .collect();
    transport::TransportConfig {
        listen,
        sources: sources(&sip.source),
        streams: streams(&sip.source, &sip.stream),
    }
}

fn sources(limits: &SourceLimits) -> transport::SourceLimits {
    transport::SourceLimits {
        messages_per_second: limits.messages_per_s,
        burst: limits.burst,
        offences_max: limits.offences_max,
        offence_window: limits.offence_window,
        ban: limits.ban,
        exempt: limits.exempt.iter().copied().map(Into::into).collect(),
    }
}

fn streams(source: &SourceLimits, limits: &StreamLimits) -> transport::StreamLimits {
    transport::StreamLimits {
        connections_max: limits.connections_max as usize,
        connections_per_source_max: source.connections_max as usize,
        connect_timeout: limits.connect_timeout,
        first_message_timeout: limits.first_message_timeout,
        message_timeout: limits.message_timeout,
        idle_timeout: limits.idle_timeout,
        write_timeout: limits.write_timeout,
    }
}

/// Threads, addresses and ports of the media workers.
pub(super) fn media(config: &Config) -> MediaConfig {
    let media = &config.media;
    let address_of = |is_wanted: fn(&IpAddr) -> bool| {
        let bind = media.listen.iter().copied().find(is_wanted)?;
        Some(MediaAddress { bind, advertised: media.advertised(bind) })
    };
    MediaConfig {
        workers: u8::try_from(media.workers.get()).unwrap_or(u8::MAX),
        v4: address_of(IpAddr::is_ipv4),
        v6: address_of(IpAddr::is_ipv6),
        ports: media.ports.first..=media.ports.last,
        cool_down: PORT_COOL_DOWN,
    }
}

/// Whoever sets more than one shard hears what that costs.
pub(super) fn warn_of_shards(shards: u8) {
    if shards > 1 {
        tracing::warn!(
            shards,
            "calls of different signalling shards cannot be joined: picking up, fetching, taking over and \
             attended transfers are refused with 501 or 480 where two shards meet; set \
             signalling.shards = 1 unless one core is too slow"
        );
    }
}

/// What every shard is told; `shard` is its number.
pub(super) fn shard(
    config: &Config,
    listeners: &[Listener],
    shard: u8,
    shards: u8,
    loop_secret: u64,
) -> Settings {
    let calls_max = (config.calls.calls_max as usize).div_ceil(usize::from(shards));
    let families = config.media.listen.iter().map(|ip| Family::of(SocketAddr::new(*ip, 0)));
    Settings {
        shard,
        shards,
        media_workers: u8::try_from(config.media.workers.get()).unwrap_or(u8::MAX),
        families: families.collect(),
        lease_batch: lease_batch(config, shards),
        calls_max,
        call_duration_max: config.calls.duration_max,
        ring_timeout: config.calls.trunk_ring_timeout,
        has_recording_tone: config.recording.has_tone,
        others_stay: config.calls.others_stay,
        message_max: config.voicemail.message_max,
        message_min: config.voicemail.message_min,
        rtp_timeout: Some(config.media.rtp_timeout).filter(|it| !it.is_zero()),
        loop_secret,
        retry_after_s: RETRY_AFTER_S,
        auth: AuthPolicy {
            nonce_lifetime: config.sip.nonce_lifetime,
            algorithms: config.sip.digest.clone(),
            ..AuthPolicy::default()
        },
        endpoint: EndpointConfig {
            shard,
            product: concat!("Tandem/", env!("CARGO_PKG_VERSION")).to_owned(),
            listeners: listeners.to_vec(),
            transactions_max: TRANSACTIONS_MAX.div_ceil(usize::from(shards)),
        },
    }
}

/// Most port pairs that a shard keeps leased of a family from one worker: what may be asked for in
/// one gulp after a stall.
const LEASE_BATCH_MAX: usize = 128;

/// The part of a worker's ports that all shards together may keep waiting, as a divisor.
const LEASED_PART: usize = 4;

fn lease_batch(config: &Config, shards: u8) -> u16 {
    let pairs = config.media.ports.pairs() / config.media.workers.get() / usize::from(shards);
    (pairs / LEASED_PART).clamp(1, LEASE_BATCH_MAX) as u16
}

/// The SIP trace that each of `shards` keeps.
pub(super) fn trace(config: &Config, shards: u8) -> Trace {
    let calls_max = config.trace.calls.div_ceil(usize::from(shards));
    Trace::new(calls_max, config.trace.kib_max * 1024 / usize::from(shards))
}
