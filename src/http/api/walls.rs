//! `/wall-tokens` and `/auth/wall`: screens on walls, which nobody signs in at.

use super::{
    Access, Act, ApiState, AuditAction, AuditObject, Door, JsonBody, Me, Problem, Session, Text,
    UrlPath, auth, peer::Peer, time::rfc3339,
};
use crate::store::{NewSession, Right, SessionLimits, WallRow};
use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::Response,
};
use base::UnixMillis;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use utoipa::ToSchema;
use utoipa_axum::routes;
use uuid::Uuid;

pub(super) fn routes(door: Door) -> Door {
    door.route(Access::Public, routes!(sign_in))
        .route(Access::Right(Right::WallManage), routes!(list, add))
        .route(Access::Right(Right::WallManage), routes!(remove))
}

/// What a wall shows for itself.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct WallCredentials {
    /// The token's secret.
    #[schema(format = Password)]
    token: String,
}

/// Sign a wall in
///
/// The session may show the board and nothing else.
#[utoipa::path(
    post, path = "/auth/wall", tag = "auth", request_body = WallCredentials,
    responses((status = 200, body = Me, description = "Signed in, with the session's cookie"), Problem)
)]
async fn sign_in(
    State(api): State<ApiState>,
    Peer(peer): Peer,
    headers: HeaderMap,
    JsonBody(wanted): JsonBody<WallCredentials>,
) -> Result<Response, Problem> {
    let now = api.clock.now();
    api.attempts.check(now, WALL_ACCOUNT, peer).map_err(Problem::too_many_attempts)?;
    let Some(wall) = api.store.wall_by_token(now.unix, &wanted.token).await? else {
        api.attempts.address_failed(now, peer);
        return Err(Problem::bad_credentials());
    };
    let left = u64::try_from(wall.expires_at.0 - now.unix.0).unwrap_or(0);
    let SessionLimits { idle, absolute } = api.session_limits();
    let limits = SessionLimits { idle, absolute: absolute.min(Duration::from_millis(left)) };
    let new = NewSession {
        domain: wall.domain,
        user: None,
        wall: Some(wall.id),
        address: peer.to_string(),
        user_agent: auth::user_agent(&headers),
    };
    auth::open(&api, limits, new).await
}

/// A wall's token, without its secret.
#[derive(Debug, Serialize, ToSchema)]
struct WallToken {
    /// Id.
    id: Uuid,
    /// Which wall.
    title: String,
    /// When it was made.
    #[schema(format = DateTime)]
    created_at: String,
    /// Until when it is good.
    #[schema(format = DateTime)]
    expires_at: String,
}

/// The walls' tokens.
#[derive(Debug, Serialize, ToSchema)]
struct WallTokens {
    /// Latest first.
    items: Vec<WallToken>,
}

/// A wall that is to have a token.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewWallToken {
    /// Which wall.
    title: String,
    /// For how many days, up to ten years.
    #[schema(minimum = 1, maximum = 3650)]
    days: u32,
}

/// A token with its secret, which is shown this once.
#[derive(Debug, Serialize, ToSchema)]
struct MadeWallToken {
    /// Id.
    id: Uuid,
    /// The secret.
    token: String,
}

/// Tokens of walls
#[utoipa::path(
    get, path = "/wall-tokens", tag = "walls",
    responses((status = 200, body = WallTokens), Problem)
)]
async fn list(State(api): State<ApiState>, session: Session) -> Result<Json<WallTokens>, Problem> {
    let rows = api.store.walls(session.domain.id).await?;
    Ok(Json(WallTokens { items: rows.into_iter().map(view).collect() }))
}

/// Make a token for a wall
#[utoipa::path(
    post, path = "/wall-tokens", tag = "walls", request_body = NewWallToken,
    responses((status = 201, body = MadeWallToken, description = "Made"), Problem)
)]
async fn add(
    State(api): State<ApiState>,
    session: Session,
    JsonBody(new): JsonBody<NewWallToken>,
) -> Result<(StatusCode, Json<MadeWallToken>), Problem> {
    let title = new.title.trim();
    if title.is_empty() || title.chars().count() > TITLE_CHARS_MAX {
        let message = Text::fixed("От 1 до 100 знаков", "1 to 100 characters");
        return Err(Problem::invalid_field("title", "length", message));
    }
    if !(1..=DAYS_MAX).contains(&new.days) {
        let message = Text::fixed("От 1 до 3650 дней", "1 to 3650 days");
        return Err(Problem::invalid_field("days", "range", message));
    }
    let now = api.clock.now().unix;
    let expires_at = UnixMillis(now.0 + i64::from(new.days) * DAY_MS);
    let (id, token) = api.store.add_wall(session.domain.id, title, now, expires_at).await?;
    let after = Some(serde_json::json!({ "title": title, "days": new.days }));
    api.audit(&session, Act { after, ..Act::on(AuditAction::WallMade, AuditObject::Wall, id) })
        .await?;
    api.changed(&session, "wall", id, 1);
    Ok((StatusCode::CREATED, Json(MadeWallToken { id, token })))
}

/// Take a wall's token back
///
/// The wall goes dark within seconds.
#[utoipa::path(
    delete, path = "/wall-tokens/{id}", tag = "walls",
    params(("id" = Uuid, Path, description = "The token")),
    responses((status = 204, description = "Taken back"), Problem)
)]
async fn remove(
    State(api): State<ApiState>,
    session: Session,
    UrlPath(id): UrlPath<Uuid>,
) -> Result<StatusCode, Problem> {
    api.store.remove_wall(session.domain.id, id).await?;
    api.sessions.look();
    api.audit(&session, Act::on(AuditAction::WallRemoved, AuditObject::Wall, id)).await?;
    api.changed(&session, "wall", id, None);
    Ok(StatusCode::NO_CONTENT)
}

fn view(row: WallRow) -> WallToken {
    WallToken {
        id: row.id,
        title: row.title,
        created_at: rfc3339(row.created_at),
        expires_at: rfc3339(row.expires_at),
    }
}

/// Walls have no accounts, and so only their addresses are counted; no login is empty.
const WALL_ACCOUNT: &str = "";
const TITLE_CHARS_MAX: usize = 100;
const DAYS_MAX: u32 = 3650;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;
