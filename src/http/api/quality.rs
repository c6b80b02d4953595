//! What the legs of a call sound like: over its whole length, and at the moment while it is live.

use super::{Access, ApiState, Door, Problem, Session, UrlPath};
use crate::store::Right;
use axum::{Json, extract::State};
use base::CallId;
use media::{Quality, StreamStats};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;
use uuid::Uuid;

pub(super) fn routes(door: Door) -> Door {
    door.route(Access::AnySession, routes!(quality))
}

/// What the packets of a leg went through from its beginning to its end.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct StreamFigures {
    /// RTP packets from the far end.
    packets_received: u64,
    /// RTP packets to the far end.
    packets_sent: u64,
    /// Lost on the way to us (RFC 3550 section 6.4.1).
    packets_lost: i64,
    /// Interarrival jitter at the end, in ms.
    jitter_ms: f32,
    /// Mean opinion score of what came from the far end, 1 to 4.5 (ITU-T G.107).
    #[schema(required)]
    mos: Option<f32>,
    /// Packets of ours that the far end lost, as it told (RTCP).
    #[schema(required)]
    far_packets_lost: Option<i32>,
    /// Jitter at the far end, in ms, as it told.
    #[schema(required)]
    far_jitter_ms: Option<f32>,
    /// Mean opinion score of what the far end heard.
    #[schema(required)]
    far_mos: Option<f32>,
    /// Mean round trip between the far end and us, in ms.
    #[schema(required)]
    rtt_ms: Option<f32>,
    /// Packets of strangers, dropped.
    packets_foreign: u64,
    /// Whether its speech was decoded and encoded for another leg.
    transcoded: bool,
}

/// How a live call sounds.
#[derive(Debug, Serialize, ToSchema)]
struct CallQuality {
    /// The legs that have audio.
    legs: Vec<LegQuality>,
}

/// How a leg of a live call sounds: its last some five seconds.
#[derive(Debug, Serialize, ToSchema)]
struct LegQuality {
    /// Id of the leg.
    id: Uuid,
    /// Number of its far end.
    number: String,
    /// What comes from its far end; `null` before anything has come.
    #[schema(required)]
    received: Option<WayQuality>,
    /// What its far end hears, as it tells (RTCP); `null` while it tells nothing.
    #[schema(required)]
    sent: Option<WayQuality>,
    /// Last round trip between it and us, in ms.
    #[schema(required)]
    rtt_ms: Option<f32>,
}

/// One direction.
#[derive(Debug, Serialize, ToSchema)]
struct WayQuality {
    /// Packets lost, in per cent.
    loss_percent: f32,
    /// Interarrival jitter, in ms.
    jitter_ms: f32,
    /// Mean opinion score, 1 to 4.5 (ITU-T G.107).
    #[schema(required)]
    mos: Option<f32>,
}

/// How a live call sounds: one's own, or any for who sees all calls
#[utoipa::path(
    get, path = "/calls/{id}/quality", tag = "live",
    params(("id" = Uuid, Path, description = "The call")),
    responses((status = 200, body = CallQuality), Problem)
)]
async fn quality(
    State(api): State<ApiState>,
    session: Session,
    UrlPath(id): UrlPath<Uuid>,
) -> Result<Json<CallQuality>, Problem> {
    let live = api.live()?;
    let shard = live.shard_for(&session, CallId(id), Right::LiveView).await?;
    let media = shard.media_of(CallId(id)).await?;
    let legs = media.into_iter().filter_map(|it| {
        let figures = live.figures.of(it.media)?;
        Some(LegQuality {
            id: it.leg.0,
            number: it.number,
            received: figures.received.map(WayQuality::of),
            sent: figures.sent.map(WayQuality::of),
            rtt_ms: figures.rtt_ms,
        })
    });
    Ok(Json(CallQuality { legs: legs.collect() }))
}

impl StreamFigures {
    pub(super) fn of(media: &StreamStats) -> Self {
        Self {
            packets_received: media.packets_received,
            packets_sent: media.packets_sent,
            packets_lost: media.packets_lost,
            jitter_ms: media.jitter_ms,
            mos: media.mos,
            far_packets_lost: media.far.packets_lost,
            far_jitter_ms: media.far.jitter_ms,
            far_mos: media.far.mos,
            rtt_ms: media.far.rtt_ms,
            packets_foreign: media.packets_foreign,
            transcoded: media.transcoded,
        }
    }
}

impl WayQuality {
    fn of(it: Quality) -> Self {
        Self { loss_percent: it.loss * 100.0, jitter_ms: it.jitter_ms, mos: it.mos }
    }
}
