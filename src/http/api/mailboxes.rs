//! `/admin/lines/{id}/mailbox` and `/me/lines/{id}/mailbox`: what is set for the mailbox of a line, by
//! whoever manages lines and by whoever sits there.

use super::{
    Access, Act, ApiState, AuditAction, AuditObject, Door, JsonBody, Problem, Session, Text,
    UrlPath, admin_lines::managed_line, commands::own_line,
};
use crate::{
    config::Secret,
    store::{MailSettings, Right, StoreError},
};
use axum::{Json, extract::State, http::StatusCode};
use call::Extension;
use lettre::Address;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use utoipa_axum::routes;
use uuid::Uuid;

pub(super) fn routes(door: Door) -> Door {
    let manage = Access::Right(Right::LinesManage);
    door.route(manage, routes!(mailbox, change))
        .route(manage, routes!(set_pin))
        .route(Access::AnySession, routes!(own_mailbox, change_own))
        .route(Access::AnySession, routes!(set_own_pin))
}

/// The mailbox of a line.
#[derive(Debug, Serialize, ToSchema)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own to whoever asks")]
struct Mailbox {
    /// Where its owner is written to when somebody leaves a message; `null` for nowhere.
    #[schema(required)]
    email: Option<String>,
    /// Whether such a letter brings the sound.
    attach: bool,
    /// Whether a message whose sound was sent is removed from the mailbox.
    delete_sent: bool,
    /// Whether the server can write letters: it has a `[mail]` section.
    can_write: bool,
    /// Whether a PIN is asked for.
    has_pin: bool,
    /// Messages that nobody has heard.
    new: u32,
    /// Messages that were heard and kept.
    saved: u32,
}

/// What may be changed of a mailbox.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct MailboxDraft {
    /// Where its owner is written to; `null` for nowhere.
    email: Option<String>,
    /// Whether such a letter brings the sound.
    #[serde(default = "yes")]
    attach: bool,
    /// Whether a message whose sound was sent is removed from the mailbox.
    #[serde(default)]
    delete_sent: bool,
}

/// What opens a mailbox.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PinChoice {
    /// 4 to 12 digits; `null` for none. Wrong ones that were entered are forgotten.
    #[schema(format = Password)]
    pin: Option<String>,
}

/// The mailbox of a line
#[utoipa::path(
    get, path = "/admin/lines/{id}/mailbox", tag = "administration", params(("id" = Uuid, Path)),
    responses((status = 200, body = Mailbox), Problem)
)]
async fn mailbox(
    State(api): State<ApiState>,
    session: Session,
    UrlPath(id): UrlPath<Uuid>,
) -> Result<Json<Mailbox>, Problem> {
    let line = managed_line(&api, &session, id).await?.extension;
    Ok(Json(read(&api, &line).await?))
}

/// Change the mailbox of a line
#[utoipa::path(
    put, path = "/admin/lines/{id}/mailbox", tag = "administration", params(("id" = Uuid, Path)),
    request_body = MailboxDraft, responses((status = 200, body = Mailbox), Problem)
)]
async fn change(
    State(api): State<ApiState>,
    session: Session,
    UrlPath(id): UrlPath<Uuid>,
    JsonBody(wanted): JsonBody<MailboxDraft>,
) -> Result<Json<Mailbox>, Problem> {
    let line = managed_line(&api, &session, id).await?.extension;
    write(&api, &session, &line, wanted).await
}

/// Give the mailbox of a line another PIN, or none
#[utoipa::path(
    put, path = "/admin/lines/{id}/mailbox/pin", tag = "administration",
    params(("id" = Uuid, Path)), request_body = PinChoice,
    responses((status = 204, description = "Set"), Problem)
)]
async fn set_pin(
    State(api): State<ApiState>,
    session: Session,
    UrlPath(id): UrlPath<Uuid>,
    JsonBody(choice): JsonBody<PinChoice>,
) -> Result<StatusCode, Problem> {
    let line = managed_line(&api, &session, id).await?.extension;
    write_pin(&api, &session, &line, choice).await
}

/// The mailbox of one's own line
#[utoipa::path(
    get, path = "/me/lines/{id}/mailbox", tag = "me", params(("id" = Uuid, Path)),
    responses((status = 200, body = Mailbox), Problem)
)]
async fn own_mailbox(
    State(api): State<ApiState>,
    session: Session,
    UrlPath(id): UrlPath<Uuid>,
) -> Result<Json<Mailbox>, Problem> {
    let line = own_line(&api, &session, Some(id)).await?;
    Ok(Json(read(&api, &line).await?))
}

/// Change the mailbox of one's own line
#[utoipa::path(
    put, path = "/me/lines/{id}/mailbox", tag = "me", params(("id" = Uuid, Path)),
    request_body = MailboxDraft, responses((status = 200, body = Mailbox), Problem)
)]
async fn change_own(
    State(api): State<ApiState>,
    session: Session,
    UrlPath(id): UrlPath<Uuid>,
    JsonBody(wanted): JsonBody<MailboxDraft>,
) -> Result<Json<Mailbox>, Problem> {
    let line = own_line(&api, &session, Some(id)).await?;
    write(&api, &session, &line, wanted).await
}

/// Give the mailbox of one's own line another PIN, or none
#[utoipa::path(
    put, path = "/me/lines/{id}/mailbox/pin", tag = "me", params(("id" = Uuid, Path)),
    request_body = PinChoice, responses((status = 204, description = "Set"), Problem)
)]
async fn set_own_pin(
    State(api): State<ApiState>,
    session: Session,
    UrlPath(id): UrlPath<Uuid>,
    JsonBody(choice): JsonBody<PinChoice>,
) -> Result<StatusCode, Problem> {
    let line = own_line(&api, &session, Some(id)).await?;
    write_pin(&api, &session, &line, choice).await
}

async fn read(api: &ApiState, line: &Extension) -> Result<Mailbox, Problem> {
    let Extension { domain, id, .. } = *line;
    let mail = api.store.mail_settings(domain, id).await?;
    let counts = api.store.count_messages(domain, id).await?;
    Ok(Mailbox {
        attach: mail.as_ref().is_none_or(|it| it.has_sound),
        delete_sent: mail.as_ref().is_some_and(|it| it.deletes_sent),
        email: mail.map(|it| it.address),
        can_write: api.mailer.is_some(),
        has_pin: api.store.has_mailbox_pin(domain, id).await?,
        new: counts.new,
        saved: counts.saved,
    })
}

async fn write(
    api: &ApiState,
    session: &Session,
    line: &Extension,
    wanted: MailboxDraft,
) -> Result<Json<Mailbox>, Problem> {
    let settings = wanted.settings(api)?;
    api.store.set_mail_settings(line.domain, line.id, settings.as_ref()).await?;
    let act = Act {
        after: Some(json!({ "line": line.number, "mailbox": wanted })),
        ..Act::on(AuditAction::LineMailboxChanged, AuditObject::Line, line.id)
    };
    api.audit(session, act).await?;
    Ok(Json(read(api, line).await?))
}

async fn write_pin(
    api: &ApiState,
    session: &Session,
    line: &Extension,
    PinChoice { pin }: PinChoice,
) -> Result<StatusCode, Problem> {
    match api.store.set_mailbox_pin(line.domain, &line.number, pin.map(Secret::new)).await {
        Err(StoreError::Invalid(_)) => {
            let message = Text::fixed("От 4 до 12 цифр", "4 to 12 digits");
            return Err(Problem::invalid_field("pin", "malformed", message));
        }
        other => other?,
    }
    let act = Act {
        after: Some(json!({ "line": line.number })),
        ..Act::on(AuditAction::LinePinChanged, AuditObject::Line, line.id)
    };
    api.audit(session, act).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl MailboxDraft {
    fn settings(&self, api: &ApiState) -> Result<Option<MailSettings>, Problem> {
        let Some(email) = self.email.as_deref().map(str::trim).filter(|it| !it.is_empty()) else {
            return Ok(None);
        };
        let refuse = |code, message| Err(Problem::invalid_field("email", code, message));
        if email.parse::<Address>().is_err() {
            let message = Text::fixed(
                "Один адрес вида anna@example.org",
                "One address like anna@example.org",
            );
            return refuse("malformed", message);
        }
        if api.mailer.is_none() {
            let message = Text::fixed(
                "Сервер не отправляет почту: добавьте в его настройки раздел [mail]",
                "The server sends no mail: add a [mail] section to its configuration",
            );
            return refuse("no_mail", message);
        }
        Ok(Some(MailSettings {
            address: email.to_owned(),
            has_sound: self.attach,
            deletes_sent: self.delete_sent,
        }))
    }
}

fn yes() -> bool {
    true
}
