//! `/conferences`: who is in which room, and what a moderator at a screen does.

use super::{
    Access, Act, ApiState, AuditAction, AuditObject, Door, JsonBody, Problem, Session, UrlPath,
};
use crate::{events::Stamp, store::Right};
use axum::{Json, extract::State, http::StatusCode};
use base::CallId;
use call::{PartyCommand, PartyView, RoomView};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;
use uuid::Uuid;

pub(super) fn routes(door: Door) -> Door {
    door.route(Access::Right(Right::LiveView), routes!(conferences))
        .route(Access::Right(Right::CallHangupAny), routes!(lock))
        .route(Access::Right(Right::CallHangupAny), routes!(change_party))
}

/// The rooms of the domain in which somebody is, by name.
#[derive(Debug, Serialize, ToSchema)]
struct Conferences {
    items: Vec<Conference>,
}

/// A room.
#[derive(Debug, Serialize, ToSchema)]
struct Conference {
    /// What the dialplan calls it, usually its number.
    name: String,
    /// Only moderators may come in.
    locked: bool,
    /// It is recorded as a whole.
    recorded: bool,
    /// Who is in it, the first who came first.
    parties: Vec<ConferenceParty>,
}

/// A party of a room.
#[derive(Debug, Serialize, ToSchema)]
struct ConferenceParty {
    /// Its call, which can be ended to send it out.
    call: Uuid,
    /// Who it is: an extension, or a trunk and number.
    party: String,
    /// It came in with the PIN of moderators.
    moderator: bool,
    /// The others do not hear it.
    muted: bool,
    /// It does not hear the others.
    deaf: bool,
    /// How loud it talks, in decibels below full scale; nothing while it is silent.
    #[schema(required)]
    level: Option<u8>,
    /// When it came in.
    #[schema(value_type = String, format = DateTime)]
    since: Stamp,
}

/// Whether a room is locked.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Lock {
    locked: bool,
}

/// What becomes otherwise about a party; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PartyChange {
    /// Whether the others no longer hear it.
    muted: Option<bool>,
    /// Whether it does not hear the others.
    deaf: Option<bool>,
}

/// Conferences that go on, with who is in them
#[utoipa::path(
    get, path = "/conferences", tag = "live",
    responses((status = 200, body = Conferences), Problem)
)]
async fn conferences(
    State(api): State<ApiState>,
    session: Session,
) -> Result<Json<Conferences>, Problem> {
    let rooms = api.live()?.rooms.of(session.domain.id);
    Ok(Json(Conferences { items: rooms.into_iter().map(Conference::from).collect() }))
}

/// Lock a room, or open it
#[utoipa::path(
    post, path = "/conferences/{room}/lock", tag = "live",
    params(("room" = String, Path, description = "Its name")), request_body = Lock,
    responses((status = 204, description = "It is done"), Problem)
)]
async fn lock(
    State(api): State<ApiState>,
    session: Session,
    UrlPath(room): UrlPath<String>,
    JsonBody(Lock { locked }): JsonBody<Lock>,
) -> Result<StatusCode, Problem> {
    if !api.live()?.rooms.set_locked(session.domain.id, &room, locked) {
        return Err(Problem::not_found());
    }
    let action = if locked { AuditAction::ConferenceLocked } else { AuditAction::ConferenceOpened };
    api.audit(&session, Act::on(action, AuditObject::Conference, room)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Mute a party, make it deaf, or let it speak and hear again
#[utoipa::path(
    post, path = "/conferences/{room}/parties/{call}", tag = "live",
    params(
        ("room" = String, Path, description = "Name of the room"),
        ("call" = Uuid, Path, description = "The party's call"),
    ),
    request_body = PartyChange, responses((status = 204, description = "It is done"), Problem)
)]
async fn change_party(
    State(api): State<ApiState>,
    session: Session,
    UrlPath((room, call)): UrlPath<(String, Uuid)>,
    JsonBody(PartyChange { muted, deaf }): JsonBody<PartyChange>,
) -> Result<StatusCode, Problem> {
    let (live, call_id) = (api.live()?, CallId(call));
    let rooms = live.rooms.of(session.domain.id);
    let has_party = |it: &RoomView| it.parties.iter().any(|party| party.call == call_id);
    if !rooms.iter().any(|it| it.name == room && has_party(it)) {
        return Err(Problem::not_found());
    }
    let shard = live.shard_for(&session, call_id, Right::CallHangupAny).await?;
    let commands = [muted.map(PartyCommand::Mute), deaf.map(PartyCommand::Deafen)];
    for command in commands.into_iter().flatten() {
        if !shard.command_party(call_id, command).await? {
            // It has left in the meantime.
            return Err(Problem::not_found());
        }
    }
    let act = Act::on(AuditAction::ConferencePartyChanged, AuditObject::Call, call);
    api.audit(&session, act).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl From<RoomView> for Conference {
    fn from(room: RoomView) -> Self {
        let RoomView { name, is_locked, is_recorded, parties } = room;
        let parties = parties.into_iter().map(ConferenceParty::from).collect();
        Self { name, locked: is_locked, recorded: is_recorded, parties }
    }
}

impl From<PartyView> for ConferenceParty {
    fn from(party: PartyView) -> Self {
        let PartyView { call, party, is_moderator, mode, level, since, name: _ } = party;
        Self {
            call: call.0,
            party,
            moderator: is_moderator,
            muted: mode.is_muted,
            deaf: mode.is_deaf,
            level,
            since: Stamp(since),
        }
    }
}
