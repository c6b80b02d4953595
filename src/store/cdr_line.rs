//! One record as a line of the spool.

use super::checked_line;
use base::UnixMillis;
use call::Cdr;
use media::{FarStats, StreamStats};
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, net::SocketAddr};

/// Appends the line of `cdr`, with its line break.
pub(super) fn append(cdr: &Cdr, out: &mut Vec<u8>) {
    checked_line::append(&Record::from(cdr), out);
}

/// Reads a line, given without its line break; `None` if it was torn or damaged.
pub(super) fn parse(line: &[u8]) -> Option<Cdr> {
    checked_line::parse::<Record<'_>>(line)?.try_into().ok()
}

/// The JSON.
#[derive(Deserialize, Serialize)]
pub(super) struct Record<'a> {
    #[serde(with = "as_text")]
    id: base::CdrId,
    #[serde(with = "as_text")]
    call: base::CallId,
    #[serde(with = "as_text")]
    leg: base::LegId,
    #[serde(with = "as_text")]
    domain: base::DomainId,
    role: Cow<'a, str>,
    caller: Cow<'a, str>,
    dialled: Cow<'a, str>,
    party: Cow<'a, str>,
    #[serde(default)]
    name: Option<Cow<'a, str>>,
    #[serde(default)]
    user: Option<Cow<'a, str>>,
    #[serde(default)]
    workplace: Option<Cow<'a, str>>,
    sip_call_id: Cow<'a, str>,
    signalling_peer: Cow<'a, str>,
    started: i64,
    ring_ms: Option<i64>,
    answer_ms: Option<i64>,
    end_ms: i64,
    talk_ms: i64,
    sip_status: u16,
    hangup: Cow<'a, str>,
    cause: Cow<'a, str>,
    codec: Option<Cow<'a, str>>,
    packets_received: u64,
    bytes_received: u64,
    packets_sent: u64,
    bytes_sent: u64,
    packets_lost: i64,
    jitter_ms: f32,
    packets_foreign: u64,
    payload_type: Option<u8>,
    latched: Option<SocketAddr>,
    #[serde(default)]
    transcoded: bool,
    #[serde(default)]
    mos: Option<f32>,
    #[serde(default)]
    far_packets_lost: Option<i32>,
    #[serde(default)]
    far_jitter_ms: Option<f32>,
    #[serde(default)]
    far_mos: Option<f32>,
    #[serde(default)]
    rtt_ms: Option<f32>,
}

impl<'a> From<&'a Cdr> for Record<'a> {
    fn from(cdr: &'a Cdr) -> Self {
        let text = |it: &'a str| Cow::Borrowed(it);
        Self {
            id: cdr.id,
            call: cdr.call,
            leg: cdr.leg,
            domain: cdr.domain,
            role: text(cdr.role.as_str()),
            caller: text(&cdr.caller),
            dialled: text(&cdr.dialled),
            party: text(&cdr.party),
            name: cdr.name.as_deref().map(text),
            user: cdr.user.map(|it| it.to_string().into()),
            workplace: cdr.workplace.as_deref().map(text),
            sip_call_id: text(&cdr.sip_call_id),
            signalling_peer: text(&cdr.signalling_peer),
            started: cdr.started.0,
            ring_ms: cdr.ring_ms,
            answer_ms: cdr.answer_ms,
            end_ms: cdr.end_ms,
            talk_ms: cdr.talk_ms,
            sip_status: cdr.sip_status,
            hangup: text(cdr.hangup.as_str()),
            cause: text(&cdr.cause),
            codec: cdr.codec.as_deref().map(text),
            packets_received: cdr.media.packets_received,
            bytes_received: cdr.media.bytes_received,
            packets_sent: cdr.media.packets_sent,
            bytes_sent: cdr.media.bytes_sent,
            packets_lost: cdr.media.packets_lost,
            // JSON has no word for what a division by zero gives.
            jitter_ms: if cdr.media.jitter_ms.is_finite() { cdr.media.jitter_ms } else { 0.0 },
            mos: cdr.media.mos,
            far_packets_lost: cdr.media.far.packets_lost,
            far_jitter_ms: cdr.media.far.jitter_ms,
            far_mos: cdr.media.far.mos,
            rtt_ms: cdr.media.far.rtt_ms,
            packets_foreign: cdr.media.packets_foreign,
            payload_type: cdr.media.payload_type,
            latched: cdr.media.latched,
            transcoded: cdr.media.transcoded,
        }
    }
}

impl TryFrom<Record<'_>> for Cdr {
    type Error = sqlx::Error;

    fn try_from(record: Record<'_>) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: record.id,
            call: record.call,
            leg: record.leg,
            domain: record.domain,
            role: super::cdrs::leg_role(&record.role)?,
            caller: record.caller.into_owned(),
            dialled: record.dialled.into_owned(),
            party: record.party.into_owned(),
            name: record.name.map(Cow::into_owned),
            user: record.user.and_then(|it| it.parse().ok()),
            workplace: record.workplace.map(Cow::into_owned),
            sip_call_id: record.sip_call_id.into_owned(),
            signalling_peer: record.signalling_peer.into_owned(),
            started: UnixMillis(record.started),
            ring_ms: record.ring_ms,
            answer_ms: record.answer_ms,
            end_ms: record.end_ms,
            talk_ms: record.talk_ms,
            sip_status: record.sip_status,
            hangup: super::cdrs::hangup_party(&record.hangup)?,
            cause: record.cause.into_owned(),
            codec: record.codec.map(Cow::into_owned),
            media: StreamStats {
                packets_received: record.packets_received,
                bytes_received: record.bytes_received,
                packets_sent: record.packets_sent,
                bytes_sent: record.bytes_sent,
                packets_lost: record.packets_lost,
                jitter_ms: record.jitter_ms,
                packets_foreign: record.packets_foreign,
                payload_type: record.payload_type,
                latched: record.latched,
                transcoded: record.transcoded,
                mos: record.mos,
                far: FarStats {
                    packets_lost: record.far_packets_lost,
                    jitter_ms: record.far_jitter_ms,
                    mos: record.far_mos,
                    rtt_ms: record.rtt_ms,
                },
            },
        })
    }
}

/// Ids as the texts that people search for.
pub(super) mod as_text {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};
    use std::{borrow::Cow, fmt::Display, str::FromStr};

    pub(crate) fn serialize<T: Display, S: Serializer>(id: &T, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(id)
    }

    pub(crate) fn deserialize<'de, T, D>(from: D) -> Result<T, D::Error>
    where
        T: FromStr<Err: Display>,
        D: Deserializer<'de>,
    {
        Cow::<'_, str>::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}
