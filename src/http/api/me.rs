//! `/me`: whoever is signed in, about themselves.

use super::{
    Access, ApiState, Door, JsonBody, Problem, Session, Text,
    products::{Product, products_of},
    session::Holder,
};
use crate::store::Locale;
use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;
use uuid::Uuid;

pub(super) fn routes(door: Door) -> Door {
    door.route(Access::AnySession, routes!(me)).route(Access::AnySession, routes!(set_locale))
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
    email: Option<String>,
    /// Their job's name.
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
    Ok(StatusCode::NO_CONTENT)
}

const PRODUCT: &str = "Tandem";
