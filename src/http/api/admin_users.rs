//! `/admin/users`: people of the domain.

use super::{
    Access, Act, ApiState, AuditAction, AuditObject, Door, FieldError, IfMatch, JsonBody, Problem,
    Session, Text, UrlPath, UrlQuery, auth, me::LocaleView, passwords,
};
use crate::{
    config::Secret,
    store::{Locale, NewUser, Profile, Right, RoleRow, StoreError, UserRow},
};
use axum::{Json, extract::State, http::StatusCode};
use base::{RoleId, UserId};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;
use uuid::Uuid;

pub(super) fn routes(door: Door) -> Door {
    let managers = Access::Right(Right::UsersManage);
    door.route(managers, routes!(list, add))
        .route(managers, routes!(one, change, remove))
        .route(managers, routes!(set_password))
        .route(managers, routes!(disable))
        .route(managers, routes!(enable))
}

/// A person of the domain.
#[derive(Debug, Serialize, ToSchema)]
struct User {
    /// Id.
    id: Uuid,
    /// What they sign in with.
    login: String,
    /// What others see.
    name: String,
    /// Where letters go.
    #[schema(required)]
    email: Option<String>,
    /// Their job's name.
    #[schema(required)]
    position: Option<String>,
    /// The language that they read.
    locale: LocaleView,
    /// Ids of their roles.
    role_ids: Vec<Uuid>,
    /// Numbers where they sit.
    numbers: Vec<String>,
    /// Whether they may sign in no longer.
    is_disabled: bool,
    /// Counts the changes.
    version: i64,
}

/// People of the domain.
#[derive(Debug, Serialize, ToSchema)]
struct Users {
    /// By login.
    items: Vec<User>,
}

/// Which people are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct UserFilter {
    /// Part of a login, name, position or number.
    #[serde(default)]
    q: String,
}

/// A person to be added.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewUserBody {
    /// What they sign in with; it stays.
    login: String,
    /// Their first password.
    #[schema(format = Password, min_length = 8)]
    password: String,
    /// What others see.
    name: String,
    /// Where letters go.
    #[serde(default)]
    email: Option<String>,
    /// Their job's name.
    #[serde(default)]
    position: Option<String>,
    /// The language that they read.
    #[serde(default)]
    locale: Option<LocaleView>,
    /// Ids of their roles.
    role_ids: Vec<Uuid>,
}

/// What may be changed of a person.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ProfileBody {
    /// What others see.
    name: String,
    /// Where letters go.
    #[serde(default)]
    email: Option<String>,
    /// Their job's name.
    #[serde(default)]
    position: Option<String>,
    /// The language that they read.
    #[serde(default)]
    locale: Option<LocaleView>,
    /// Ids of their roles.
    role_ids: Vec<Uuid>,
}

/// Another password for a person.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewPassword {
    /// Which.
    #[schema(format = Password, min_length = 8)]
    password: String,
}

/// People of the domain
#[utoipa::path(
    get, path = "/admin/users", tag = "admin", params(UserFilter),
    responses((status = 200, body = Users), Problem)
)]
async fn list(
    State(api): State<ApiState>,
    session: Session,
    UrlQuery(filter): UrlQuery<UserFilter>,
) -> Result<Json<Users>, Problem> {
    let seats = Seats::load(&api, &session).await?;
    let rows = api.store.list_users_of(session.domain.id).await?;
    let wanted = filter.q.to_lowercase();
    let items = rows.into_iter().map(|it| seats.view(it)).filter(|it| is_like(it, &wanted));
    Ok(Json(Users { items: items.collect() }))
}

/// Add a person
#[utoipa::path(
    post, path = "/admin/users", tag = "admin", request_body = NewUserBody,
    responses((status = 201, body = User, description = "Added"), Problem)
)]
async fn add(
    State(api): State<ApiState>,
    session: Session,
    JsonBody(new): JsonBody<NewUserBody>,
) -> Result<(StatusCode, Json<User>), Problem> {
    passwords::check(&new.password, "password")?;
    let NewUserBody { login, password, name, email, position, locale, role_ids } = new;
    let body = ProfileBody { name, email, position, locale, role_ids };
    let roles = wanted_roles(&api, &session, &body, &[]).await?;
    let user = NewUser {
        login: login.trim().to_owned(),
        password: Secret::new(password),
        profile: body.checked(Locale::default())?,
        roles: roles.into_iter().map(|it| it.code).collect(),
    };
    let id = {
        let _permit = auth::hashing_permit(&api).await?;
        api.store.add_user(session.domain.id, user).await.map_err(of_login)?
    };
    let user = read(&api, &session, id).await?;
    let after = serde_json::to_value(&user).ok();
    api.audit(
        &session,
        Act { after, ..Act::on(AuditAction::UserMade, AuditObject::User, user.id) },
    )
    .await?;
    api.changed(&session, "user", user.id, user.version);
    Ok((StatusCode::CREATED, Json(user)))
}

/// A person
#[utoipa::path(
    get, path = "/admin/users/{id}", tag = "admin",
    params(("id" = Uuid, Path, description = "The person")),
    responses((status = 200, body = User), Problem)
)]
async fn one(
    State(api): State<ApiState>,
    session: Session,
    UrlPath(id): UrlPath<Uuid>,
) -> Result<Json<User>, Problem> {
    read(&api, &session, UserId(id)).await.map(Json)
}

/// Change a person
#[utoipa::path(
    put, path = "/admin/users/{id}", tag = "admin", request_body = ProfileBody,
    params(
        ("id" = Uuid, Path, description = "The person"),
        ("If-Match" = i64, Header, description = "The version that was seen"),
    ),
    responses((status = 200, body = User, description = "Changed"), Problem)
)]
async fn change(
    State(api): State<ApiState>,
    session: Session,
    UrlPath(id): UrlPath<Uuid>,
    IfMatch(version): IfMatch,
    JsonBody(body): JsonBody<ProfileBody>,
) -> Result<Json<User>, Problem> {
    let id = UserId(id);
    let old = require(&api, &session, id).await?;
    let before = read(&api, &session, id).await?;
    let had: Vec<_> = before.role_ids.iter().map(|&it| RoleId(it)).collect();
    let roles: Vec<_> =
        wanted_roles(&api, &session, &body, &had).await?.into_iter().map(|it| it.id).collect();
    let profile = body.checked(old.locale)?;
    let changed = api.store.change_user(session.domain.id, id, version, &profile, &roles).await;
    conflict(&api, &session, id, changed).await?;
    let user = finish(&api, &session, AuditAction::UserChanged, before).await?;
    api.renew_panels(|it| it.user_id() == Some(id));
    Ok(user)
}

/// Remove a person
///
/// Their extensions stay, their sessions end.
#[utoipa::path(
    delete, path = "/admin/users/{id}", tag = "admin",
    params(
        ("id" = Uuid, Path, description = "The person"),
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
    let id = UserId(id);
    let user = require(&api, &session, id).await?;
    may_touch(&api, &session, &user).await?;
    let before = serde_json::to_value(read(&api, &session, id).await?).ok();
    let removed = api.store.remove_user(session.domain.id, id, version).await;
    conflict(&api, &session, id, removed).await?;
    api.sessions.look();
    api.audit(&session, Act { before, ..Act::on(AuditAction::UserRemoved, AuditObject::User, id) })
        .await?;
    api.changed(&session, "user", id, None);
    api.directory_changed().await;
    Ok(StatusCode::NO_CONTENT)
}

/// Give a person another password
///
/// Their sessions end.
#[utoipa::path(
    post, path = "/admin/users/{id}/password", tag = "admin", request_body = NewPassword,
    params(("id" = Uuid, Path, description = "The person")),
    responses((status = 204, description = "Given"), Problem)
)]
async fn set_password(
    State(api): State<ApiState>,
    session: Session,
    UrlPath(id): UrlPath<Uuid>,
    JsonBody(new): JsonBody<NewPassword>,
) -> Result<StatusCode, Problem> {
    let user = require(&api, &session, UserId(id)).await?;
    may_touch(&api, &session, &user).await?;
    passwords::check(&new.password, "password")?;
    let kept = (session.user_id() == Some(user.id)).then_some(session.id);
    {
        let _permit = auth::hashing_permit(&api).await?;
        let password = Secret::new(new.password);
        api.store.set_user_password(user.domain, user.id, password, kept).await?;
    }
    api.sessions.look();
    api.audit(&session, Act::on(AuditAction::UserPasswordChanged, AuditObject::User, id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Let a person sign in no longer
///
/// Their sessions end at once.
#[utoipa::path(
    post, path = "/admin/users/{id}/disable", tag = "admin",
    params(("id" = Uuid, Path, description = "The person")),
    responses((status = 200, body = User, description = "Disabled"), Problem)
)]
async fn disable(
    State(api): State<ApiState>,
    session: Session,
    UrlPath(id): UrlPath<Uuid>,
) -> Result<Json<User>, Problem> {
    set_disabled(&api, &session, UserId(id), true).await
}

/// Let a person sign in again
#[utoipa::path(
    post, path = "/admin/users/{id}/enable", tag = "admin",
    params(("id" = Uuid, Path, description = "The person")),
    responses((status = 200, body = User, description = "Enabled"), Problem)
)]
async fn enable(
    State(api): State<ApiState>,
    session: Session,
    UrlPath(id): UrlPath<Uuid>,
) -> Result<Json<User>, Problem> {
    set_disabled(&api, &session, UserId(id), false).await
}

async fn set_disabled(
    api: &ApiState,
    session: &Session,
    id: UserId,
    is_disabled: bool,
) -> Result<Json<User>, Problem> {
    let user = require(api, session, id).await?;
    may_touch(api, session, &user).await?;
    let before = read(api, session, id).await?;
    api.store.set_user_disabled(session.domain.id, id, is_disabled).await?;
    api.sessions.look();
    let what = if is_disabled { AuditAction::UserDisabled } else { AuditAction::UserEnabled };
    finish(api, session, what, before).await
}

/// Tells everybody of a change, and the asker how it is.
async fn finish(
    api: &ApiState,
    session: &Session,
    what: AuditAction,
    before: User,
) -> Result<Json<User>, Problem> {
    let user = read(api, session, UserId(before.id)).await?;
    let (before, after) = (serde_json::to_value(&before).ok(), serde_json::to_value(&user).ok());
    api.audit(session, Act { before, after, ..Act::on(what, AuditObject::User, user.id) }).await?;
    api.changed(session, "user", user.id, user.version);
    api.directory_changed().await;
    Ok(Json(user))
}

async fn require(api: &ApiState, session: &Session, id: UserId) -> Result<UserRow, Problem> {
    api.store.user(session.domain.id, id).await?.ok_or_else(Problem::not_found)
}

async fn read(api: &ApiState, session: &Session, id: UserId) -> Result<User, Problem> {
    let row = require(api, session, id).await?;
    Ok(Seats::load(api, session).await?.view(row))
}

/// A conflict comes with the server's copy, unless somebody has removed it.
async fn conflict(
    api: &ApiState,
    session: &Session,
    id: UserId,
    done: Result<(), StoreError>,
) -> Result<(), Problem> {
    match done {
        Err(StoreError::Conflict) => Err(Problem::version_conflict(&read(api, session, id).await?)),
        Err(error) => Err(error.into()),
        Ok(()) => Ok(()),
    }
}

/// Who may do less cannot take over, lock out or remove who may do more.
async fn may_touch(api: &ApiState, session: &Session, user: &UserRow) -> Result<(), Problem> {
    let roles = api.store.roles_of_user(user.id).await?;
    let reaches = roles.iter().all(|it| it.rights.is_subset(&session.rights));
    if reaches { Ok(()) } else { Err(Problem::forbidden().with_detail(MORE_THAN_YOURS)) }
}

/// The roles that a body names. Nobody gives rights, or takes them away, that they do not have.
async fn wanted_roles(
    api: &ApiState,
    session: &Session,
    body: &ProfileBody,
    had: &[RoleId],
) -> Result<Vec<RoleRow>, Problem> {
    let all = api.store.list_roles(session.domain.id).await?;
    let unknown = || {
        let message = Text::fixed("Такой роли нет", "There is no such role");
        Problem::invalid_field("role_ids", "unknown", message)
    };
    let mut wanted = Vec::new();
    for id in &body.role_ids {
        wanted.push(all.iter().find(|it| it.id.0 == *id).ok_or_else(unknown)?.clone());
    }
    let is_changed =
        |role: &&RoleRow| had.contains(&role.id) != wanted.iter().any(|it| it.id == role.id);
    let reaches = all.iter().filter(is_changed).all(|it| it.rights.is_subset(&session.rights));
    if reaches { Ok(wanted) } else { Err(Problem::forbidden().with_detail(MORE_THAN_YOURS)) }
}

impl ProfileBody {
    fn checked(self, old: Locale) -> Result<Profile, Problem> {
        let mut errors = Vec::new();
        let display_name = self.name.trim().to_owned();
        if display_name.is_empty() {
            let message = Text::fixed("Укажите имя", "Give a name");
            errors.push(FieldError::new("name", "required", message));
        }
        let email = filled(self.email);
        if email.as_ref().is_some_and(|it| it.parse::<lettre::Address>().is_err()) {
            let message = Text::fixed("Это не адрес почты", "This is no mail address");
            errors.push(FieldError::new("email", "malformed", message));
        }
        let position = filled(self.position);
        let texts = [
            ("name", Some(&display_name)),
            ("email", email.as_ref()),
            ("position", position.as_ref()),
        ];
        for (field, text) in texts {
            if text.is_some_and(|it| it.chars().count() > TEXT_CHARS_MAX) {
                let message = Text::fixed("Не длиннее 200 знаков", "At most 200 characters");
                errors.push(FieldError::new(field, "too_long", message));
            }
        }
        if !errors.is_empty() {
            return Err(Problem::invalid(errors));
        }
        let locale = self.locale.map_or(old, Into::into);
        Ok(Profile { display_name, email, position, locale })
    }
}

/// An empty field of a form is none.
fn filled(text: Option<String>) -> Option<String> {
    text.map(|it| it.trim().to_owned()).filter(|it| !it.is_empty())
}

fn of_login(error: StoreError) -> Problem {
    match error {
        StoreError::Exists { .. } => Problem::exists("login"),
        StoreError::Invalid(_) => {
            let message = Text::fixed(
                "До 64 букв, цифр и знаков - _ . @ +",
                "Up to 64 letters, digits and - _ . @ +",
            );
            Problem::invalid_field("login", "malformed", message)
        }
        other @ (StoreError::Missing { .. }
        | StoreError::Conflict
        | StoreError::InUse { .. }
        | StoreError::LastAdministrator
        | StoreError::Database(_)) => other.into(),
    }
}

/// Who has which roles and numbers.
struct Seats {
    roles: HashMap<UserId, Vec<Uuid>>,
    numbers: HashMap<UserId, Vec<String>>,
}

impl Seats {
    async fn load(api: &ApiState, session: &Session) -> Result<Self, Problem> {
        let (mut roles, mut numbers) = (HashMap::<_, Vec<_>>::new(), HashMap::<_, Vec<_>>::new());
        for (user, role) in api.store.role_holders(session.domain.id).await? {
            roles.entry(user).or_default().push(role.0);
        }
        for row in api.store.extensions_of_domain(session.domain.id).await? {
            if let Some(user) = row.extension.user {
                numbers.entry(user).or_default().push(row.extension.number);
            }
        }
        Ok(Self { roles, numbers })
    }

    fn view(&self, row: UserRow) -> User {
        User {
            id: row.id.0,
            role_ids: self.roles.get(&row.id).cloned().unwrap_or_default(),
            numbers: self.numbers.get(&row.id).cloned().unwrap_or_default(),
            login: row.login,
            name: row.display_name,
            email: row.email,
            position: row.position,
            locale: row.locale.into(),
            is_disabled: row.is_disabled,
            version: row.version,
        }
    }
}

fn is_like(user: &User, wanted: &str) -> bool {
    [Some(&user.login), Some(&user.name), user.position.as_ref()]
        .into_iter()
        .flatten()
        .chain(&user.numbers)
        .any(|it| it.to_lowercase().contains(wanted))
}

const MORE_THAN_YOURS: Text = Text::fixed(
    "Нельзя распоряжаться правами, которых нет у вас",
    "You cannot dispose of rights that you do not have",
);

const TEXT_CHARS_MAX: usize = 200;
