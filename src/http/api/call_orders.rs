//! What people order in their own calls, as they could with the keys of a phone that has them all: hold,
//! transfer, parking, and consultation with all that follows from it; and to answer what rings elsewhere.
//!
//! Each but the last is one [`Command`]; the call does it, or says why not.

use super::{
    Access, Act, ApiState, AuditAction, AuditObject, Door, JsonBody, Problem, Session, Text,
    UrlPath,
    callee::number_meant,
    commands::{own_line, own_lines},
};
use crate::store::Right;
use axum::{Json, extract::State, http::StatusCode};
use base::CallId;
use call::{CallOrder, Command, CommandRefusal, Obeyed, PickUp, PickUpRefusal};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use utoipa_axum::routes;
use uuid::Uuid;

pub(super) fn routes(door: Door) -> Door {
    door.route(Access::Right(Right::CallsOwn), routes!(transfer))
        .route(Access::Right(Right::CallsOwn), routes!(consult))
        .route(Access::Right(Right::CallsOwn), routes!(park))
        .route(Access::Right(Right::CallsOwn), routes!(pick_up))
        .route(Access::Right(Right::CallsOwn), routes!(order_plainly))
}

/// Where a call goes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewTransfer {
    /// As it would be dialled on the phone, or what a line of the domain is called.
    to: String,
}

/// Transfer the other side of one's own call
#[utoipa::path(
    post, path = "/calls/{id}/transfer", tag = "live",
    params(("id" = Uuid, Path, description = "The call")), request_body = NewTransfer,
    responses((status = 202, description = "Somebody else is looked for"), Problem)
)]
async fn transfer(
    State(api): State<ApiState>,
    session: Session,
    UrlPath(id): UrlPath<Uuid>,
    JsonBody(wanted): JsonBody<NewTransfer>,
) -> Result<StatusCode, Problem> {
    let to = number_meant(&api, &session, "to", &wanted.to).await?;
    order(&api, &session, id, Command::Transfer(to)).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Call somebody in the middle of one's own call, while the other side waits with music
#[utoipa::path(
    post, path = "/calls/{id}/consult", tag = "live",
    params(("id" = Uuid, Path, description = "The call")), request_body = NewTransfer,
    responses((status = 202, description = "It is called"), Problem)
)]
async fn consult(
    State(api): State<ApiState>,
    session: Session,
    UrlPath(id): UrlPath<Uuid>,
    JsonBody(wanted): JsonBody<NewTransfer>,
) -> Result<StatusCode, Problem> {
    let to = number_meant(&api, &session, "to", &wanted.to).await?;
    order(&api, &session, id, Command::Consult(to)).await?;
    Ok(StatusCode::ACCEPTED)
}

/// What is ordered in one's own call without naming anybody.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum PlainOrder {
    /// The other side hears music, whatever one's phone knows of it.
    Hold,
    /// The two talk again.
    Resume,
    /// In a consultation: talk to whoever waits, while the other waits.
    Swap,
    /// In a consultation: connect the two others, and leave.
    Complete,
    /// In a consultation: let go of whom one called, and talk to the first again.
    Cancel,
    /// In a consultation: let all three talk.
    ThreeWay,
}

impl From<PlainOrder> for Command {
    fn from(order: PlainOrder) -> Self {
        match order {
            PlainOrder::Hold => Self::Hold,
            PlainOrder::Resume => Self::Resume,
            PlainOrder::Swap => Self::Swap,
            PlainOrder::Complete => Self::Complete,
            PlainOrder::Cancel => Self::Cancel,
            PlainOrder::ThreeWay => Self::ThreeWay,
        }
    }
}

/// Hold, resume, or go on with a consultation in one's own call
#[utoipa::path(
    post, path = "/calls/{id}/{order}", tag = "live",
    params(
        ("id" = Uuid, Path, description = "The call"),
        ("order" = inline(PlainOrder), Path, description = "What is wanted")
    ),
    responses((status = 202, description = "It is done"), Problem)
)]
async fn order_plainly(
    State(api): State<ApiState>,
    session: Session,
    UrlPath((id, wanted)): UrlPath<(Uuid, PlainOrder)>,
) -> Result<StatusCode, Problem> {
    order(&api, &session, id, wanted.into()).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Where a call waits.
#[derive(Debug, Serialize, ToSchema)]
struct ParkedCall {
    /// The slot, which is dialled to fetch it; `null` if it waits in none.
    #[schema(required)]
    slot: Option<u32>,
}

/// Let the other side of one's own call wait in a parking slot, and leave
#[utoipa::path(
    post, path = "/calls/{id}/park", tag = "live",
    params(("id" = Uuid, Path, description = "The call")),
    responses((status = 202, body = ParkedCall), Problem)
)]
async fn park(
    State(api): State<ApiState>,
    session: Session,
    UrlPath(id): UrlPath<Uuid>,
) -> Result<(StatusCode, Json<ParkedCall>), Problem> {
    let slot = match order(&api, &session, id, Command::Park).await? {
        Obeyed::Parked(slot) => Some(slot),
        Obeyed::Done => None,
    };
    Ok((StatusCode::ACCEPTED, Json(ParkedCall { slot })))
}

/// Who answers.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewPickUp {
    /// The line of one's own that rings; left out by those who have one only.
    line: Option<Uuid>,
}

/// A call that begins, to take part in another.
#[derive(Debug, Serialize, ToSchema)]
struct PickingUp {
    /// Its id; it becomes a part of the other call.
    id: Uuid,
}

/// Answer a call that rings elsewhere: first one's own phone rings
#[utoipa::path(
    post, path = "/calls/{id}/pickup", tag = "live",
    params(("id" = Uuid, Path, description = "The call")), request_body = NewPickUp,
    responses((status = 202, body = PickingUp), Problem)
)]
async fn pick_up(
    State(api): State<ApiState>,
    session: Session,
    UrlPath(id): UrlPath<Uuid>,
    JsonBody(wanted): JsonBody<NewPickUp>,
) -> Result<(StatusCode, Json<PickingUp>), Problem> {
    // Only one shard can make one call of the two.
    let shard = api.live()?.shard_for(&session, CallId(id), Right::LiveView).await?;
    let line = own_line(&api, &session, wanted.line).await?;
    let request = PickUp { domain: session.domain.id, by: line.number.clone(), call: CallId(id) };
    let begun = shard.pick_up(request).await?.map_err(|refusal| {
        let in_russian = match &refusal {
            PickUpRefusal::NotRinging => {
                "Этот звонок уже нигде не звонит: на него ответили, или он завершён".to_owned()
            }
            PickUpRefusal::NotRung(reason) => format!("Ваш телефон не звонит: {reason}"),
        };
        Problem::impossible(Text::of_error(in_russian, refusal))
    })?;
    let act = Act {
        after: Some(json!({ "line": line.number })),
        ..Act::on(AuditAction::CallPickedUp, AuditObject::Call, id)
    };
    api.audit(&session, act).await?;
    Ok((StatusCode::ACCEPTED, Json(PickingUp { id: begun.0 })))
}

/// Has a call do what is wanted in the name of whichever line of one's own talks in it.
async fn order(
    api: &ApiState,
    session: &Session,
    id: Uuid,
    command: Command,
) -> Result<Obeyed, Problem> {
    let shard = api.live()?.shard_for(session, CallId(id), Right::CallHangupAny).await?;
    let mut refusal = CommandRefusal::NotTalking;
    for line in own_lines(api, session).await? {
        let order = CallOrder { by: line.number, command: command.clone() };
        match shard.order(CallId(id), order).await? {
            Ok(obeyed) => {
                let (what, to) = told(&command);
                let after = match obeyed {
                    Obeyed::Done => to.map(|to| json!({ "to": to })),
                    Obeyed::Parked(slot) => Some(json!({ "slot": slot })),
                };
                let act = Act { after, ..Act::on(what, AuditObject::Call, id) };
                api.audit(session, act).await?;
                return Ok(obeyed);
            }
            // Another line may be the one.
            Err(CommandRefusal::NotTalking) => {}
            Err(other) => refusal = other,
        }
    }
    Err(problem(refusal))
}

/// What the audit says of an order.
fn told(command: &Command) -> (AuditAction, Option<&str>) {
    match command {
        Command::Hold => (AuditAction::CallHeld, None),
        Command::Resume => (AuditAction::CallResumed, None),
        Command::Transfer(to) => (AuditAction::CallTransferred, Some(to)),
        Command::Consult(to) => (AuditAction::CallConsulted, Some(to)),
        Command::Swap => (AuditAction::CallSwapped, None),
        Command::Complete => (AuditAction::CallCompleted, None),
        Command::Cancel => (AuditAction::CallBack, None),
        Command::ThreeWay => (AuditAction::CallThreeWay, None),
        Command::Park => (AuditAction::CallParked, None),
    }
}

fn problem(refusal: CommandRefusal) -> Problem {
    let in_russian = match refusal {
        CommandRefusal::NoCall => return Problem::not_found(),
        CommandRefusal::NotTalking => "Вы не разговариваете в этом звонке",
        CommandRefusal::UnderWay => {
            "В этом звонке уже идёт перевод или консультация: сначала завершите её"
        }
        CommandRefusal::ToItself => "Этот номер уже в разговоре: назовите другой",
        CommandRefusal::NotConsulting => {
            "Вы ни с кем не консультируетесь в этом звонке: сначала позвоните кому-нибудь"
        }
        CommandRefusal::NotAnswered => {
            "Второй собеседник ещё не ответил: подождите, переведите звонок или отмените вызов"
        }
        CommandRefusal::HeldByPhone => {
            "Звонок на удержании на самом телефоне: сначала снимите удержание там"
        }
        CommandRefusal::NoParking => {
            "План набора не паркует звонки: добавьте в него правило с шагом park"
        }
        CommandRefusal::NoFreeSlot => {
            "Все места парковки заняты: повторите, когда одно из них освободится"
        }
        CommandRefusal::Exhausted => {
            "Нет свободного порта для звука: повторите, когда другой звонок завершится"
        }
        CommandRefusal::NoCommonCodec => "У собеседников нет общего кодека: их не соединить",
    };
    Problem::impossible(Text::of_error(in_russian, refusal))
}
