//! `/admin/roles` and `/admin/rights`: what people of the domain may do.

use super::{
    Access, Act, ApiState, AuditAction, AuditObject, Door, FieldError, IfMatch, JsonBody, Problem,
    Session, Text, UrlPath,
};
use crate::store::{Right, RoleDraft, RoleRow, StoreError};
use axum::{Json, extract::State, http::StatusCode};
use base::RoleId;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap};
use utoipa::ToSchema;
use utoipa_axum::routes;
use uuid::Uuid;

pub(super) fn routes(door: Door) -> Door {
    let managers = Access::Right(Right::RolesManage);
    door.route(managers, routes!(list, add))
        .route(managers, routes!(one, change, remove))
        .route(managers, routes!(rights))
}

/// A set of rights with a name.
#[derive(Debug, Serialize, ToSchema)]
struct Role {
    /// Id.
    id: Uuid,
    /// What programs call it.
    code: String,
    /// What people call it.
    title: Text,
    /// What it lets its holders do.
    rights: Vec<&'static str>,
    /// Made by the program: cannot be changed or removed.
    is_built_in: bool,
    /// How many people have it.
    holders: usize,
    /// Counts the changes.
    version: i64,
}

/// Roles of the domain.
#[derive(Debug, Serialize, ToSchema)]
struct Roles {
    /// Built-in ones first.
    items: Vec<Role>,
}

/// A role as somebody wants it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RoleBody {
    /// What programs call it: a-z, digits and '_'.
    code: String,
    /// What people call it.
    title: Text,
    /// What it lets its holders do.
    rights: Vec<String>,
}

/// One thing that somebody may do.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Right)]
struct RightView {
    /// As roles name it.
    code: &'static str,
    /// Whether whoever asks has it, and so may give it.
    is_mine: bool,
}

/// All rights that there are.
#[derive(Debug, Serialize, ToSchema)]
struct Rights {
    /// In the order of the program.
    items: Vec<RightView>,
}

/// Roles of the domain
#[utoipa::path(
    get, path = "/admin/roles", tag = "admin", responses((status = 200, body = Roles), Problem)
)]
async fn list(State(api): State<ApiState>, session: Session) -> Result<Json<Roles>, Problem> {
    let holders = count_holders(&api, &session).await?;
    let rows = api.store.list_roles(session.domain.id).await?;
    Ok(Json(Roles { items: rows.into_iter().map(|it| view(it, &holders)).collect() }))
}

/// Add a role
#[utoipa::path(
    post, path = "/admin/roles", tag = "admin", request_body = RoleBody,
    responses((status = 201, body = Role, description = "Added"), Problem)
)]
async fn add(
    State(api): State<ApiState>,
    session: Session,
    JsonBody(body): JsonBody<RoleBody>,
) -> Result<(StatusCode, Json<Role>), Problem> {
    let draft = body.checked(&session, &BTreeSet::new())?;
    let id = api.store.add_role(session.domain.id, &draft).await.map_err(of_code)?;
    let role = read(&api, &session, id).await?;
    let after = serde_json::to_value(&role).ok();
    api.audit(&session, Act { after, ..Act::on(AuditAction::RoleMade, AuditObject::Role, id) })
        .await?;
    api.changed(&session, "role", id, role.version);
    Ok((StatusCode::CREATED, Json(role)))
}

/// A role
#[utoipa::path(
    get, path = "/admin/roles/{id}", tag = "admin",
    params(("id" = Uuid, Path, description = "The role")),
    responses((status = 200, body = Role), Problem)
)]
async fn one(
    State(api): State<ApiState>,
    session: Session,
    UrlPath(id): UrlPath<Uuid>,
) -> Result<Json<Role>, Problem> {
    read(&api, &session, RoleId(id)).await.map(Json)
}

/// Change a role
///
/// Its holders have the new rights at their next request.
#[utoipa::path(
    put, path = "/admin/roles/{id}", tag = "admin", request_body = RoleBody,
    params(
        ("id" = Uuid, Path, description = "The role"),
        ("If-Match" = i64, Header, description = "The version that was seen"),
    ),
    responses((status = 200, body = Role, description = "Changed"), Problem)
)]
async fn change(
    State(api): State<ApiState>,
    session: Session,
    UrlPath(id): UrlPath<Uuid>,
    IfMatch(version): IfMatch,
    JsonBody(body): JsonBody<RoleBody>,
) -> Result<Json<Role>, Problem> {
    let id = RoleId(id);
    let old = require_own(&api, &session, id).await?;
    let before = serde_json::to_value(read(&api, &session, id).await?).ok();
    let draft = body.checked(&session, &old.rights)?;
    match api.store.change_role(session.domain.id, id, version, &draft).await {
        Ok(()) => {}
        Err(StoreError::Conflict) => {
            return Err(Problem::version_conflict(&read(&api, &session, id).await?));
        }
        Err(error) => return Err(of_code(error)),
    }
    let role = read(&api, &session, id).await?;
    let after = serde_json::to_value(&role).ok();
    api.audit(
        &session,
        Act { before, after, ..Act::on(AuditAction::RoleChanged, AuditObject::Role, id) },
    )
    .await?;
    api.changed(&session, "role", id, role.version);
    api.directory_changed().await;
    api.renew_panels(|it| it.roles.iter().any(|role| role.id == id));
    Ok(Json(role))
}

/// Remove a role that nobody has
#[utoipa::path(
    delete, path = "/admin/roles/{id}", tag = "admin",
    params(
        ("id" = Uuid, Path, description = "The role"),
        ("If-Match" = i64, Header, description = "The version that was seen"),
    ),
    responses((status = 204, description = "Removed"), Problem)
)]
async fn remove(
    State(api): State<ApiState>,
    session: Session,
    UrlPath(id): UrlPath<Uuid>,
    IfMatch(version): IfMatch,
) -> Result<StatusCode, Problem> {
    let id = RoleId(id);
    let old = require_own(&api, &session, id).await?;
    if !old.rights.is_subset(&session.rights) {
        return Err(Problem::forbidden());
    }
    let before = serde_json::to_value(read(&api, &session, id).await?).ok();
    match api.store.remove_role(session.domain.id, id, version).await {
        Ok(()) => {}
        Err(StoreError::Conflict) => {
            return Err(Problem::version_conflict(&read(&api, &session, id).await?));
        }
        Err(StoreError::InUse { .. }) => {
            return Err(Problem::in_use(Text::fixed(
                "Роль есть у людей: сначала заберите её у них",
                "People have the role: take it away from them first",
            )));
        }
        Err(error) => return Err(error.into()),
    }
    api.audit(&session, Act { before, ..Act::on(AuditAction::RoleRemoved, AuditObject::Role, id) })
        .await?;
    api.changed(&session, "role", id, None);
    Ok(StatusCode::NO_CONTENT)
}

/// All rights that there are
#[utoipa::path(
    get, path = "/admin/rights", tag = "admin", responses((status = 200, body = Rights), Problem)
)]
async fn rights(session: Session) -> Json<Rights> {
    let all = Right::ALL.iter();
    let items = all.map(|it| RightView { code: it.as_str(), is_mine: session.may(*it) });
    Json(Rights { items: items.collect() })
}

impl RoleBody {
    /// Nobody gives rights, or takes them away, that they do not have.
    fn checked(self, session: &Session, had: &BTreeSet<Right>) -> Result<RoleDraft, Problem> {
        let (mut errors, mut rights) = (Vec::new(), BTreeSet::new());
        for word in &self.rights {
            match word.parse::<Right>() {
                Ok(right) => drop(rights.insert(right)),
                Err(_) => errors.push(FieldError::new(
                    "rights",
                    "unknown",
                    Text::both(
                        format!("Нет права {word:?}"),
                        format!("There is no right {word:?}"),
                    ),
                )),
            }
        }
        let (title_ru, title_en) =
            (self.title.ru.trim().to_owned(), self.title.en.trim().to_owned());
        for (field, text) in [("title.ru", &title_ru), ("title.en", &title_en)] {
            if text.is_empty() || text.chars().count() > TITLE_CHARS_MAX {
                let message = Text::fixed("От 1 до 100 знаков", "1 to 100 characters");
                errors.push(FieldError::new(field, "length", message));
            }
        }
        if !errors.is_empty() {
            return Err(Problem::invalid(errors));
        }
        if !rights.symmetric_difference(had).all(|it| session.may(*it)) {
            return Err(Problem::forbidden().with_detail(Text::fixed(
                "Нельзя распоряжаться правами, которых нет у вас",
                "You cannot dispose of rights that you do not have",
            )));
        }
        Ok(RoleDraft { code: self.code.trim().to_owned(), title_ru, title_en, rights })
    }
}

/// A role that people may change.
async fn require_own(api: &ApiState, session: &Session, id: RoleId) -> Result<RoleRow, Problem> {
    let role = api.store.role(session.domain.id, id).await?.ok_or_else(Problem::not_found)?;
    if role.is_built_in {
        return Err(Problem::forbidden().with_detail(Text::fixed(
            "Встроенную роль изменить нельзя: сделайте свою",
            "A built-in role cannot be changed: make one of your own",
        )));
    }
    Ok(role)
}

async fn read(api: &ApiState, session: &Session, id: RoleId) -> Result<Role, Problem> {
    let row = api.store.role(session.domain.id, id).await?.ok_or_else(Problem::not_found)?;
    Ok(view(row, &count_holders(api, session).await?))
}

async fn count_holders(
    api: &ApiState,
    session: &Session,
) -> Result<HashMap<RoleId, usize>, Problem> {
    let mut holders = HashMap::new();
    for (_, role) in api.store.role_holders(session.domain.id).await? {
        *holders.entry(role).or_default() += 1;
    }
    Ok(holders)
}

fn view(row: RoleRow, holders: &HashMap<RoleId, usize>) -> Role {
    Role {
        id: row.id.0,
        code: row.code,
        title: Text::both(row.title_ru, row.title_en),
        rights: row.rights.iter().map(|it| it.as_str()).collect(),
        is_built_in: row.is_built_in,
        holders: holders.get(&row.id).copied().unwrap_or(0),
        version: row.version,
    }
}

fn of_code(error: StoreError) -> Problem {
    match error {
        StoreError::Exists { .. } => Problem::exists("code"),
        StoreError::Invalid(_) => {
            let message = Text::fixed(
                "До 64 знаков: a–z, цифры и подчёркивание",
                "Up to 64 of a to z, digits and underscores",
            );
            Problem::invalid_field("code", "malformed", message)
        }
        other @ (StoreError::Missing { .. }
        | StoreError::Conflict
        | StoreError::InUse { .. }
        | StoreError::LastAdministrator
        | StoreError::Database(_)) => other.into(),
    }
}

const TITLE_CHARS_MAX: usize = 100;
