//! How the legs of a live call sound at the moment.

use super::{Access, ApiState, Door, Problem, Session, UrlPath};
use crate::store::Right;
use axum::{Json, extract::State};
use base::CallId;
use media::Quality;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;
use uuid::Uuid;

pub(super) fn routes(door: Door) -> Door {
    door.route(Access::AnySession, routes!(quality))
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

impl WayQuality {
    fn of(it: Quality) -> Self {
        Self { loss_percent: it.loss * 100.0, jitter_ms: it.jitter_ms, mos: it.mos }
    }
}
