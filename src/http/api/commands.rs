//! What people order for their own lines: a call to a number, what becomes of calls to them.

use super::{
    Access, Act, ApiState, AuditAction, AuditObject, Door, JsonBody, Problem, Session, Text,
    UrlPath, callee::number_meant,
};
use crate::{signalling::ShardHandle, store::Right};
use axum::{Json, extract::State, http::StatusCode};
use base::ExtensionId;
use call::{
    Extension, Origination,
    dialplan::{FeatureOrder, ForwardWhen},
    features::Features,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use utoipa_axum::routes;
use uuid::Uuid;

pub(super) fn routes(door: Door) -> Door {
    door.route(Access::Right(Right::CallsOwn), routes!(call))
        .route(Access::AnySession, routes!(features, set_features))
}

/// A number to be called.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewCall {
    /// As it would be dialled on the phone, or what a line of the domain is called.
    to: String,
    /// The line of one's own that rings first; left out by those who have one only.
    line: Option<Uuid>,
}

/// A call that begins.
#[derive(Debug, Serialize, ToSchema)]
struct BegunCall {
    /// Its id.
    id: Uuid,
}

/// What becomes of calls to a line.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LineFeatures {
    /// Nobody rings it: it is busy for all.
    do_not_disturb: bool,
    /// Whether it is rung while it is in a call; else it is busy then. Left as it is where that is not
    /// said.
    #[serde(default)]
    call_waiting: Option<bool>,
    /// Where all calls go.
    #[schema(required)]
    forward_all: Option<String>,
    /// Where calls go while it is busy.
    #[schema(required)]
    forward_busy: Option<String>,
    /// Where calls go that it does not answer.
    #[schema(required)]
    forward_no_answer: Option<String>,
    /// Where calls go while no device of it is there.
    #[schema(required)]
    forward_offline: Option<String>,
}

/// Call a number: first one's own phone rings
#[utoipa::path(
    post, path = "/calls", tag = "live", request_body = NewCall,
    responses((status = 202, body = BegunCall), Problem)
)]
async fn call(
    State(api): State<ApiState>,
    session: Session,
    JsonBody(wanted): JsonBody<NewCall>,
) -> Result<(StatusCode, Json<BegunCall>), Problem> {
    let to = number_meant(&api, &session, "to", &wanted.to).await?;
    let line = own_line(&api, &session, wanted.line).await?;
    let order = Origination {
        domain: session.domain.id,
        extension: line.number.clone(),
        to: to.clone(),
        is_intercom: true,
    };
    let made = shard_of(&api.live()?.shards, &line)?.originate(order).await?;
    let id = made.map_err(|refusal| {
        let told = Text::both(
            format!("Ваш телефон {} не звонит: {}", line.number, refusal.reason),
            format!("Your phone {} does not ring: {}", line.number, refusal.reason),
        );
        Problem::impossible(told)
    })?;
    let act = Act {
        after: Some(json!({ "line": line.number, "to": to })),
        ..Act::on(AuditAction::CallBegun, AuditObject::Call, id)
    };
    api.audit(&session, act).await?;
    Ok((StatusCode::ACCEPTED, Json(BegunCall { id: id.0 })))
}

/// What becomes of calls to one's own line
#[utoipa::path(
    get, path = "/me/lines/{id}/features", tag = "me", params(("id" = Uuid, Path)),
    responses((status = 200, body = LineFeatures), Problem)
)]
async fn features(
    State(api): State<ApiState>,
    session: Session,
    UrlPath(id): UrlPath<Uuid>,
) -> Result<Json<LineFeatures>, Problem> {
    Ok(Json(LineFeatures::of(own_line(&api, &session, Some(id)).await?.features)))
}

/// Change what becomes of calls to one's own line
#[utoipa::path(
    put, path = "/me/lines/{id}/features", tag = "me", params(("id" = Uuid, Path)),
    request_body = LineFeatures, responses((status = 200, body = LineFeatures), Problem)
)]
async fn set_features(
    State(api): State<ApiState>,
    session: Session,
    UrlPath(id): UrlPath<Uuid>,
    JsonBody(wanted): JsonBody<LineFeatures>,
) -> Result<Json<LineFeatures>, Problem> {
    let line = own_line(&api, &session, Some(id)).await?;
    for order in wanted.orders()? {
        api.store.set_feature(session.domain.id, ExtensionId(id), &order).await?;
    }
    let house = api.house.clone().ok_or_else(Problem::busy)?;
    house.reload_directory().await.map_err(|problem| {
        tracing::error!(%problem, "what a line wants is not in force");
        Problem::busy()
    })?;
    let act = Act {
        after: Some(json!({ "line": line.number, "features": wanted })),
        ..Act::on(AuditAction::LineFeaturesChanged, AuditObject::Line, id)
    };
    api.audit(&session, act).await?;
    Ok(Json(LineFeatures::of(own_line(&api, &session, Some(id)).await?.features)))
}

impl LineFeatures {
    fn of(features: Features) -> Self {
        let Features {
            do_not_disturb,
            call_waiting,
            forward_all,
            forward_busy,
            forward_no_answer,
            forward_offline,
        } = features;
        Self {
            do_not_disturb,
            call_waiting: Some(call_waiting),
            forward_all,
            forward_busy,
            forward_no_answer,
            forward_offline,
        }
    }

    fn orders(&self) -> Result<Vec<FeatureOrder>, Problem> {
        let mut orders = vec![FeatureOrder::DoNotDisturb(self.do_not_disturb)];
        orders.extend(self.call_waiting.map(FeatureOrder::CallWaiting));
        for (when, field, to) in [
            (ForwardWhen::All, "forward_all", &self.forward_all),
            (ForwardWhen::Busy, "forward_busy", &self.forward_busy),
            (ForwardWhen::NoAnswer, "forward_no_answer", &self.forward_no_answer),
            (ForwardWhen::Offline, "forward_offline", &self.forward_offline),
        ] {
            let to = match to {
                Some(to) => Some(number(field, to)?),
                None => None,
            };
            orders.push(FeatureOrder::Forward { when, to });
        }
        Ok(orders)
    }
}

/// What somebody may dial.
pub(super) fn number(field: &'static str, text: &str) -> Result<String, Problem> {
    let number = text.trim();
    let is_number = (1..=NUMBER_BYTES_MAX).contains(&number.len())
        && number.chars().all(|it| it.is_ascii_alphanumeric() || "+*#-_. ()".contains(it));
    if is_number {
        return Ok(number.to_owned());
    }
    Err(Problem::invalid_field(
        field,
        "malformed",
        Text::fixed(
            "Номер из цифр, букв и знаков + * #, до 64 символов",
            "A number of digits, letters, + * and #, up to 64 characters",
        ),
    ))
}

/// The shard on which a line is rung for its own calls: they are spread as its phone's would be.
pub(super) fn shard_of<'a>(
    shards: &'a [ShardHandle],
    line: &Extension,
) -> Result<&'a ShardHandle, Problem> {
    let shard = shards.get(line.id.0.as_u128() as usize % shards.len().max(1));
    shard.ok_or_else(Problem::busy)
}

/// The lines at which whoever asks sits.
pub(super) async fn own_lines(
    api: &ApiState,
    session: &Session,
) -> Result<Vec<Extension>, Problem> {
    let rows = api.store.extensions_of_user(session.domain.id, session.user()?.id).await?;
    Ok(rows.into_iter().map(|it| it.extension).collect())
}

/// A line of one's own; the only one if none is named.
pub(super) async fn own_line(
    api: &ApiState,
    session: &Session,
    wanted: Option<Uuid>,
) -> Result<Extension, Problem> {
    let mut lines = own_lines(api, session).await?;
    let Some(wanted) = wanted else {
        return match (lines.pop(), lines.is_empty()) {
            (Some(line), true) => Ok(line),
            (_, _) => Err(Problem::invalid_field(
                "line",
                "missing",
                Text::fixed(
                    "Назовите свой номер: у вас их несколько или ни одного",
                    "Name a line of yours: you have several, or none",
                ),
            )),
        };
    };
    lines.into_iter().find(|it| it.id.0 == wanted).ok_or_else(Problem::not_found)
}

const NUMBER_BYTES_MAX: usize = 64;
