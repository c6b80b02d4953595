//! Hearing calls of others by command, as a supervisor could with its phone: listen, whisper, barge in.

use super::{
    Access, Act, ApiState, AuditAction, AuditObject, Door, JsonBody, Problem, Session, Text,
    UrlPath,
    commands::{number, own_line, own_lines, shard_of},
};
use crate::{signalling::ShardHandle, store::Right};
use axum::{Json, extract::State, http::StatusCode};
use base::CallId;
use call::{Extension, Supervised, SupervisionRefusal, SupervisionRequest};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use utoipa_axum::routes;
use uuid::Uuid;

pub(super) fn routes(door: Door) -> Door {
    door.route(Access::Right(Right::CallSupervise), routes!(supervise))
}

/// Who hears a supervisor.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum SupervisionMode {
    /// Nobody.
    Listen,
    /// One of the two.
    Whisper,
    /// Both.
    Barge,
}

impl From<SupervisionMode> for call::SupervisionMode {
    fn from(mode: SupervisionMode) -> Self {
        match mode {
            SupervisionMode::Listen => Self::Listen,
            SupervisionMode::Whisper => Self::Whisper,
            SupervisionMode::Barge => Self::Barge,
        }
    }
}

/// How a call is to be heard.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewSupervision {
    /// Who hears the supervisor.
    mode: SupervisionMode,
    /// Number of the extension in the call that a whisper is for; left out for the one that it was for
    /// before, else for who answered, unless that is somebody outside.
    whisper_to: Option<String>,
    /// The line of one's own that rings; left out by those who have one only.
    line: Option<Uuid>,
}

/// What was done.
#[derive(Debug, Serialize, ToSchema)]
struct SupervisedCall {
    /// Id of the supervisor's own call.
    id: Uuid,
    /// Whether one's phone rings for it; else it was there, and has the mode.
    rings: bool,
}

/// Hear a call of others, or change who hears one there: first one's own phone rings
#[utoipa::path(
    post, path = "/calls/{id}/supervise", tag = "live",
    params(("id" = Uuid, Path, description = "The call")), request_body = NewSupervision,
    responses((status = 202, body = SupervisedCall), Problem)
)]
async fn supervise(
    State(api): State<ApiState>,
    session: Session,
    UrlPath(id): UrlPath<Uuid>,
    JsonBody(wanted): JsonBody<NewSupervision>,
) -> Result<(StatusCode, Json<SupervisedCall>), Problem> {
    let whisper_to = match &wanted.whisper_to {
        Some(extension) => Some(number("whisper_to", extension)?),
        None => None,
    };
    // It is there, and of the session's domain.
    api.live()?.shard_for(&session, CallId(id), Right::CallSupervise).await?;
    let request = |line: &Extension| SupervisionRequest {
        domain: session.domain.id,
        by: line.number.clone(),
        call: CallId(id),
        mode: wanted.mode.into(),
        whisper_to: whisper_to.clone(),
    };
    let lines = match wanted.line {
        Some(line) => vec![own_line(&api, &session, Some(line)).await?],
        None => own_lines(&api, &session).await?,
    };
    let shards = &api.live()?.shards;
    let mut done = None;
    for line in &lines {
        if let Some(changed) = change(shards, &request(line)).await? {
            done = Some((changed, line.number.clone()));
            break;
        }
    }
    let (done, line) = match done {
        Some(done) => done,
        None => {
            let line = own_line(&api, &session, wanted.line).await?;
            let rung = shard_of(shards, &line)?.supervise(request(&line), true).await?;
            (rung.map_err(problem)?.ok_or_else(Problem::busy)?, line.number)
        }
    };
    let act = Act {
        after: Some(json!({ "line": line, "mode": wanted.mode, "whisper_to": whisper_to })),
        ..Act::on(AuditAction::CallSupervised, AuditObject::Call, id)
    };
    api.audit(&session, act).await?;
    let (own, rings) = match done {
        Supervised::Changed(own) => (own, false),
        Supervised::Rings(own) => (own, true),
    };
    Ok((StatusCode::ACCEPTED, Json(SupervisedCall { id: own.0, rings })))
}

/// Changes a supervision that is there, on whatever shard; `None` if there is none.
async fn change(
    shards: &[ShardHandle],
    request: &SupervisionRequest,
) -> Result<Option<Supervised>, Problem> {
    for shard in shards {
        let changed = shard.supervise(request.clone(), false).await?;
        if let Some(changed) = changed.map_err(problem)? {
            return Ok(Some(changed));
        }
    }
    Ok(None)
}

fn problem(refusal: SupervisionRefusal) -> Problem {
    let in_russian = match &refusal {
        SupervisionRefusal::NotAllowed => return Problem::forbidden(),
        SupervisionRefusal::NotTalking => "В этом звонке сейчас никто ни с кем не разговаривает",
        SupervisionRefusal::OwnCall => "Это ваш собственный звонок: выберите чужой",
        SupervisionRefusal::NobodyToWhisperTo => {
            "Того, кому вы хотите подсказывать, нет в этом разговоре: назовите номер его участника"
        }
        SupervisionRefusal::Taken => {
            "В этом разговоре уже говорит другой супервизор: слушайте или подождите"
        }
        SupervisionRefusal::NotRung(reason) => {
            let told = format!("Ваш телефон не звонит: {reason}");
            return Problem::impossible(Text::of_error(told, refusal));
        }
    };
    Problem::impossible(Text::of_error(in_russian, refusal))
}
