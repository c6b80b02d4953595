//! `/conferences`: who is in which room, and what a moderator at a screen does.

use super::{
    Access, Act, ApiState, AuditAction, AuditObject, Door, JsonBody, Problem, Session, UrlPath,
    commands,
};
use crate::{events::Stamp, store::Right};
use axum::{Json, extract::State, http::StatusCode};
use base::CallId;
use call::{PartyCommand, PartyView, RoomCommand, RoomView};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use utoipa_axum::routes;
use uuid::Uuid;

pub(super) fn routes(door: Door) -> Door {
    door.route(Access::Right(Right::LiveView), routes!(conferences))
        .route(Access::Right(Right::CallHangupAny), routes!(lock))
        .route(Access::Right(Right::CallHangupAny), routes!(change_party))
        .route(Access::Right(Right::CallHangupAny), routes!(mute_all))
        .route(Access::Right(Right::CallHangupAny), routes!(record))
        .route(Access::Right(Right::CallHangupAny), routes!(end))
        .route(Access::Right(Right::CallHangupAny), routes!(invite))
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

/// Whether all but moderators are muted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct MuteAll {
    muted: bool,
}

/// Whether a room is recorded as a whole.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RecordRoom {
    recorded: bool,
}

/// Who is to come into a room.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Invite {
    /// The number, as dialled from one's own line, and with its rights.
    number: String,
    /// Which line, if one has several.
    line: Option<Uuid>,
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

/// Mute everybody but the moderators, or let them speak again
#[utoipa::path(
    post, path = "/conferences/{room}/mute", tag = "live",
    params(("room" = String, Path, description = "Its name")), request_body = MuteAll,
    responses((status = 204, description = "It is done"), Problem)
)]
async fn mute_all(
    State(api): State<ApiState>,
    session: Session,
    UrlPath(room): UrlPath<String>,
    JsonBody(MuteAll { muted }): JsonBody<MuteAll>,
) -> Result<StatusCode, Problem> {
    let live = api.live()?;
    for party in room_of(&api, &session, &room)?.parties.iter().filter(|it| !it.is_moderator) {
        // One that has left in the meantime is silent, too.
        let Some(found) = live.find(&session, party.call).await? else { continue };
        live.shard(&found)?.command_party(party.call, PartyCommand::Mute(muted)).await?;
    }
    let act = Act {
        after: Some(json!({ "muted": muted })),
        ..Act::on(AuditAction::ConferenceMuted, AuditObject::Conference, room)
    };
    api.audit(&session, act).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Record a room as a whole, or no longer; all in it hear so
#[utoipa::path(
    post, path = "/conferences/{room}/record", tag = "live",
    params(("room" = String, Path, description = "Its name")), request_body = RecordRoom,
    responses((status = 204, description = "It is done"), Problem)
)]
async fn record(
    State(api): State<ApiState>,
    session: Session,
    UrlPath(room): UrlPath<String>,
    JsonBody(RecordRoom { recorded }): JsonBody<RecordRoom>,
) -> Result<StatusCode, Problem> {
    command(&api, &session, &room, RoomCommand::Record(recorded)).await?;
    let act = Act {
        after: Some(json!({ "recorded": recorded })),
        ..Act::on(AuditAction::ConferenceRecorded, AuditObject::Conference, room)
    };
    api.audit(&session, act).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// End a conference for all who are in it
#[utoipa::path(
    post, path = "/conferences/{room}/end", tag = "live",
    params(("room" = String, Path, description = "Its name")),
    responses((status = 204, description = "They are told, and sent out"), Problem)
)]
async fn end(
    State(api): State<ApiState>,
    session: Session,
    UrlPath(room): UrlPath<String>,
) -> Result<StatusCode, Problem> {
    command(&api, &session, &room, RoomCommand::End).await?;
    let act = Act::on(AuditAction::ConferenceEnded, AuditObject::Conference, room);
    api.audit(&session, act).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Call somebody, and ask them into a room
#[utoipa::path(
    post, path = "/conferences/{room}/invite", tag = "live",
    params(("room" = String, Path, description = "Its name")), request_body = Invite,
    responses((status = 202, description = "They are called, if they can be"), Problem)
)]
async fn invite(
    State(api): State<ApiState>,
    session: Session,
    UrlPath(room): UrlPath<String>,
    JsonBody(Invite { number, line }): JsonBody<Invite>,
) -> Result<StatusCode, Problem> {
    let number = commands::number("number", &number)?;
    let by = commands::own_line(&api, &session, line).await?.number;
    command(&api, &session, &room, RoomCommand::Invite { by, number: number.clone() }).await?;
    let act = Act {
        after: Some(json!({ "number": number })),
        ..Act::on(AuditAction::ConferenceInvited, AuditObject::Conference, room)
    };
    api.audit(&session, act).await?;
    Ok(StatusCode::ACCEPTED)
}

fn room_of(api: &ApiState, session: &Session, name: &str) -> Result<RoomView, Problem> {
    let rooms = api.live()?.rooms.of(session.domain.id);
    rooms.into_iter().find(|it| it.name == name).ok_or_else(Problem::not_found)
}

/// Has any party's call do it that is still there.
async fn command(
    api: &ApiState,
    session: &Session,
    room: &str,
    command: RoomCommand,
) -> Result<(), Problem> {
    let live = api.live()?;
    for party in room_of(api, session, room)?.parties {
        // Whoever has left in the meantime stands for the room no longer.
        let Some(found) = live.find(session, party.call).await? else { continue };
        if live.shard(&found)?.command_room(party.call, command.clone()).await? {
            return Ok(());
        }
    }
    Err(Problem::not_found())
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
