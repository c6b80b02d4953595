//! `/admin/domains/{id}/callers` and `/admin/lines/{id}/callers`: whom a domain and a line take calls
//! from.

use super::{
    Access, Act, ApiState, AuditAction, AuditObject, Door, FieldError, JsonBody, Problem, Session,
    Text, UrlPath, admin_lines::managed_line,
};
use crate::store::Right;
use axum::{Json, extract::State};
use base::{DomainId, ExtensionId};
use call::screening::{CallerList, CallerPattern, ListOwner};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;
use uuid::Uuid;

pub(super) fn routes(door: Door) -> Door {
    door.route(Access::Right(Right::DomainsManage), routes!(of_domain, change_of_domain))
        .route(Access::Right(Right::LinesManage), routes!(of_line, change_of_line))
}

/// Whom a domain or a line takes calls from outside from. Each is a number, the beginning of numbers
/// followed by `*`, or `anonymous`; of what fits a caller the most exact counts.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Callers {
    /// Not from these: they are refused with 603.
    blocked: Vec<String>,
    /// From nobody but these; empty for everybody who is not blocked.
    allowed: Vec<String>,
}

/// Whose list it is, and where.
#[derive(Clone, Copy)]
struct Whose {
    domain: DomainId,
    line: Option<ExtensionId>,
}

/// Whom a domain takes calls from
#[utoipa::path(
    get, path = "/admin/domains/{id}/callers", tag = "administration",
    params(("id" = Uuid, Path)), responses((status = 200, body = Callers), Problem)
)]
async fn of_domain(
    State(api): State<ApiState>,
    UrlPath(id): UrlPath<Uuid>,
) -> Result<Json<Callers>, Problem> {
    read(&api, domain(&api, id).await?).await
}

/// Change whom a domain takes calls from
#[utoipa::path(
    put, path = "/admin/domains/{id}/callers", tag = "administration",
    params(("id" = Uuid, Path)), request_body = Callers,
    responses((status = 200, body = Callers), Problem)
)]
async fn change_of_domain(
    State(api): State<ApiState>,
    session: Session,
    UrlPath(id): UrlPath<Uuid>,
    JsonBody(wanted): JsonBody<Callers>,
) -> Result<Json<Callers>, Problem> {
    let whose = domain(&api, id).await?;
    write(&api, &session, whose, &wanted).await
}

/// Whom a line takes calls from
#[utoipa::path(
    get, path = "/admin/lines/{id}/callers", tag = "administration",
    params(("id" = Uuid, Path)), responses((status = 200, body = Callers), Problem)
)]
async fn of_line(
    State(api): State<ApiState>,
    session: Session,
    UrlPath(id): UrlPath<Uuid>,
) -> Result<Json<Callers>, Problem> {
    read(&api, line(&api, &session, id).await?).await
}

/// Change whom a line takes calls from
#[utoipa::path(
    put, path = "/admin/lines/{id}/callers", tag = "administration",
    params(("id" = Uuid, Path)), request_body = Callers,
    responses((status = 200, body = Callers), Problem)
)]
async fn change_of_line(
    State(api): State<ApiState>,
    session: Session,
    UrlPath(id): UrlPath<Uuid>,
    JsonBody(wanted): JsonBody<Callers>,
) -> Result<Json<Callers>, Problem> {
    let whose = line(&api, &session, id).await?;
    write(&api, &session, whose, &wanted).await
}

async fn domain(api: &ApiState, id: Uuid) -> Result<Whose, Problem> {
    let row = api.store.domain(DomainId(id)).await?.ok_or_else(Problem::not_found)?;
    Ok(Whose { domain: row.id, line: None })
}

async fn line(api: &ApiState, session: &Session, id: Uuid) -> Result<Whose, Problem> {
    let line = managed_line(api, session, id).await?.extension;
    Ok(Whose { domain: line.domain, line: Some(line.id) })
}

async fn read(api: &ApiState, whose: Whose) -> Result<Json<Callers>, Problem> {
    Ok(Json(Callers::of(&api.store.caller_list(whose.owner()).await?)))
}

/// Keeps the list, writes the change down, and lets calls go by it.
async fn write(
    api: &ApiState,
    session: &Session,
    whose: Whose,
    wanted: &Callers,
) -> Result<Json<Callers>, Problem> {
    let list = wanted.checked()?;
    let before = Callers::of(&api.store.caller_list(whose.owner()).await?);
    api.store.set_caller_list(whose.domain, whose.line, &list).await?;
    let after = Callers::of(&api.store.caller_list(whose.owner()).await?);
    let on = match whose.line {
        Some(line) => Act::on(AuditAction::LineCallersChanged, AuditObject::Line, line),
        None => Act::on(AuditAction::DomainCallersChanged, AuditObject::Domain, whose.domain),
    };
    let json = |it: &Callers| serde_json::to_value(it).ok();
    api.audit(session, Act { before: json(&before), after: json(&after), ..on }).await?;
    api.directory_changed().await;
    Ok(Json(after))
}

impl Whose {
    fn owner(self) -> ListOwner {
        self.line.map_or(ListOwner::Domain(self.domain), ListOwner::Line)
    }
}

impl Callers {
    fn of(list: &CallerList) -> Self {
        let texts = |side: &[CallerPattern]| side.iter().map(ToString::to_string).collect();
        Self { blocked: texts(&list.blocked), allowed: texts(&list.allowed) }
    }

    fn checked(&self) -> Result<CallerList, Problem> {
        let mut errors = Vec::new();
        let mut read = |field: &'static str, texts: &[String]| {
            if texts.len() > CALLERS_MAX {
                let message = Text::both(
                    format!("Не больше {CALLERS_MAX} записей"),
                    format!("At most {CALLERS_MAX} entries"),
                );
                errors.push(FieldError::new(field, "too_many", message));
            }
            let mut patterns = Vec::with_capacity(texts.len().min(CALLERS_MAX));
            for (n, text) in texts.iter().enumerate().take(CALLERS_MAX) {
                match CallerPattern::parse(text) {
                    Ok(pattern) if patterns.contains(&pattern) => {}
                    Ok(pattern) => patterns.push(pattern),
                    Err(error) => {
                        let ru = format!(
                            "{text:?}: напишите номер цифрами, впереди может быть +, начало номеров \
                             и * или anonymous"
                        );
                        let en = format!("{text:?}: {error}");
                        let (field, message) = (format!("{field}[{n}]"), Text::both(ru, en));
                        errors.push(FieldError::new(field, "malformed", message));
                    }
                }
            }
            patterns
        };
        let (blocked, allowed) = (read("blocked", &self.blocked), read("allowed", &self.allowed));
        if errors.is_empty() {
            Ok(CallerList { blocked, allowed })
        } else {
            Err(Problem::invalid(errors))
        }
    }
}

/// Entries of one side of a list.
const CALLERS_MAX: usize = 1000;
