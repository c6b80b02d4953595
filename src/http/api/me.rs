//! `/me`: whoever is signed in, about themselves.

use super::{
    Access, Act, ApiState, AuditAction, AuditObject, Door, JsonBody, Problem, Session, Text,
    UrlPath, auth, passwords,
    peer::Peer,
    products::{Product, products_of},
    session::Holder,
    settings,
    time::rfc3339,
};
use crate::{config::Secret, store::Locale};
use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use utoipa_axum::routes;
use uuid::Uuid;

pub(super) fn routes(door: Door) -> Door {
    door.route(Access::AnySession, routes!(me))
        .route(Access::AnySession, routes!(set_locale))
        .route(Access::AnySession, routes!(set_password))
        .route(Access::AnySession, routes!(list_sessions))
        .route(Access::AnySession, routes!(end_session))
}

/// Who is signed in, and what they may do.
#[derive(Debug, Serialize, ToSchema)]
pub struct Me {
    /// Id; a wall has its token's.
    id: Uuid,
    /// Login; a wall has none.
    login: String,
    /// What others see.
    name: String,
    /// Where letters go.
    #[schema(required)]
    email: Option<String>,
    /// Their job's name.
    #[schema(required)]
    position: Option<String>,
    /// The product's name.
    product: &'static str,
    /// Their domain.
    domain: DomainView,
    /// The language that they read.
    locale: LocaleView,
    /// Their roles.
    roles: Vec<RoleTitle>,
    /// What these add up to.
    #[schema(example = json!(["workspace.use"]))]
    rights: Vec<&'static str>,
    /// The launcher's tiles, in order.
    products: Vec<Product>,
    /// What requests that change something bring as `X-CSRF`.
    csrf: String,
}

/// A domain, in short.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DomainName)]
struct DomainView {
    /// Id.
    id: Uuid,
    /// Name.
    name: String,
}

/// A role, in short.
#[derive(Debug, Serialize, ToSchema)]
struct RoleTitle {
    /// What programs call it.
    code: String,
    /// What people call it.
    title: Text,
}

/// A language of the panel.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = Locale)]
pub(super) enum LocaleView {
    /// Russian.
    Ru,
    /// English.
    En,
}

impl Me {
    /// What a session knows of its holder.
    pub fn of(session: &Session) -> Self {
        let domain = DomainView { id: session.domain.id.0, name: session.domain.name.clone() };
        let roles = session.roles.iter().map(|it| RoleTitle {
            code: it.code.clone(),
            title: Text::both(it.title_ru.clone(), it.title_en.clone()),
        });
        let (id, login, name, email, position, locale) = match &session.holder {
            Holder::User(user) => (
                user.id.0,
                user.login.clone(),
                user.display_name.clone(),
                user.email.clone(),
                user.position.clone(),
                user.locale,
            ),
            Holder::Wall { id, title } => {
                (*id, String::new(), title.clone(), None, None, Locale::default())
            }
        };
        Self {
            id,
            login,
            name,
            email,
            position,
            product: PRODUCT,
            domain,
            locale: locale.into(),
            roles: roles.collect(),
            rights: session.rights.iter().map(|it| it.as_str()).collect(),
            products: products_of(session),
            csrf: session.csrf.clone(),
        }
    }
}

impl From<Locale> for LocaleView {
    fn from(locale: Locale) -> Self {
        match locale {
            Locale::Ru => Self::Ru,
            Locale::En => Self::En,
        }
    }
}

impl From<LocaleView> for Locale {
    fn from(locale: LocaleView) -> Self {
        match locale {
            LocaleView::Ru => Self::Ru,
            LocaleView::En => Self::En,
        }
    }
}

/// Who is signed in
#[utoipa::path(get, path = "/me", tag = "me", responses((status = 200, body = Me), Problem))]
async fn me(session: Session) -> Json<Me> {
    Json(Me::of(&session))
}

/// The language that somebody wants to read.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LocaleChoice {
    /// Which.
    locale: LocaleView,
}

/// Choose the language
#[utoipa::path(
    put, path = "/me/locale", tag = "me", request_body = LocaleChoice,
    responses((status = 204, description = "Chosen"), Problem)
)]
async fn set_locale(
    State(api): State<ApiState>,
    session: Session,
    JsonBody(choice): JsonBody<LocaleChoice>,
) -> Result<StatusCode, Problem> {
    api.store.set_user_locale(session.user()?.id, choice.locale.into()).await?;
    settings::tell(&api, &session, "locale", json!(choice.locale));
    Ok(StatusCode::NO_CONTENT)
}

/// A new password of one's own.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PasswordChange {
    /// The one that is good.
    #[schema(format = Password)]
    old: String,
    /// The one that is to be.
    #[schema(format = Password, min_length = 8)]
    new: String,
}

/// Change one's own password
///
/// All other sessions of the person end.
#[utoipa::path(
    post, path = "/me/password", tag = "me", request_body = PasswordChange,
    responses((status = 204, description = "Changed"), Problem)
)]
async fn set_password(
    State(api): State<ApiState>,
    Peer(peer): Peer,
    session: Session,
    JsonBody(change): JsonBody<PasswordChange>,
) -> Result<StatusCode, Problem> {
    let user = session.user()?;
    passwords::check(&change.new, "new")?;
    let account = auth::account_key(&session.domain.name, &user.login);
    let now = api.clock.now();
    api.attempts.check(now, &account, peer).map_err(Problem::too_many_attempts)?;
    let _permit = auth::hashing_permit(&api).await?;
    let proven =
        api.store.authenticate_user(user.domain, &user.login, Secret::new(change.old)).await?;
    if proven.is_none() {
        api.attempts.failed(now, &account, peer);
        let message = Text::fixed("Неверный пароль", "Wrong password");
        return Err(Problem::invalid_field("old", "wrong", message));
    }
    let new = Secret::new(change.new);
    api.store.set_user_password(user.domain, user.id, new, Some(session.id)).await?;
    api.sessions.look();
    api.audit(&session, Act::on(AuditAction::UserPasswordChanged, AuditObject::User, user.id))
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// One place where somebody is signed in.
#[derive(Debug, Serialize, ToSchema)]
struct SessionView {
    /// Id.
    id: Uuid,
    /// When it was opened.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it was last used, to the minute.
    #[schema(format = DateTime)]
    last_seen_at: String,
    /// Where it was opened from.
    ip: String,
    /// What it was opened with.
    user_agent: String,
    /// Whether it is the one that asks.
    is_current: bool,
}

/// All places where somebody is signed in.
#[derive(Debug, Serialize, ToSchema)]
struct Sessions {
    /// Latest first.
    items: Vec<SessionView>,
}

/// Where one is signed in
#[utoipa::path(
    get, path = "/me/sessions", tag = "me", responses((status = 200, body = Sessions), Problem)
)]
async fn list_sessions(
    State(api): State<ApiState>,
    session: Session,
) -> Result<Json<Sessions>, Problem> {
    let user = session.user()?.id;
    let rows = api.store.sessions_of_user(api.clock.now().unix, api.session_limits(), user).await?;
    let items = rows.into_iter().map(|row| SessionView {
        id: row.id.0,
        created_at: rfc3339(row.created_at),
        last_seen_at: rfc3339(row.last_seen_at),
        ip: row.address,
        user_agent: row.user_agent,
        is_current: row.id == session.id,
    });
    Ok(Json(Sessions { items: items.collect() }))
}

/// Sign out elsewhere
#[utoipa::path(
    delete, path = "/me/sessions/{id}", tag = "me",
    params(("id" = Uuid, Path, description = "The session")),
    responses((status = 204, description = "Signed out there"), Problem)
)]
async fn end_session(
    State(api): State<ApiState>,
    session: Session,
    UrlPath(id): UrlPath<Uuid>,
) -> Result<StatusCode, Problem> {
    let user = session.user()?.id;
    let rows = api.store.sessions_of_user(api.clock.now().unix, api.session_limits(), user).await?;
    let other = rows.iter().find(|it| it.id.0 == id).ok_or_else(Problem::not_found)?;
    api.store.end_session(other.id).await?;
    api.sessions.look();
    api.audit(&session, Act::on(AuditAction::SessionClosed, AuditObject::Session, id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

const PRODUCT: &str = "Tandem";
