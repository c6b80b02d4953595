//! Every way in which the API says no: RFC 9457 `application/problem+json`, in the reader's language.

use super::text::{Text, locale_of};
use crate::store::{Locale, StoreError};
use axum::{
    extract::Request,
    http::{HeaderName, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use serde_json::Value;
use std::time::Duration;
use utoipa::{IntoResponses, ToSchema, openapi};

/// A refusal. Which language it is told in is decided when it goes out: see [`localise`].
#[derive(Clone, Debug)]
pub struct Problem {
    kind: Kind,
    detail: Option<Text>,
    errors: Vec<FieldError>,
    current: Option<Value>,
    retry_after: Option<Duration>,
}

/// What is wrong with one field of a request.
#[derive(Clone, Debug)]
pub struct FieldError {
    field: String,
    code: &'static str,
    message: Text,
}

impl FieldError {
    /// `code` is for programs: `required`, `too_long`, `taken`, …
    pub fn new(field: impl Into<String>, code: &'static str, message: Text) -> Self {
        Self { field: field.into(), code, message }
    }
}

/// One for each thing that a client does differently.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Kind {
    Unauthenticated,
    BadCredentials,
    Forbidden,
    Csrf,
    NotFound,
    MethodNotAllowed,
    VersionConflict,
    Exists,
    InUse,
    ReadOnly,
    Impossible,
    TooLarge,
    Invalid,
    TooManyAttempts,
    Internal,
    Busy,
}

impl Problem {
    /// Nobody is signed in.
    pub fn unauthenticated() -> Self {
        Self::of(Kind::Unauthenticated)
    }

    /// Domain, login or password are wrong: which of them is not told.
    pub fn bad_credentials() -> Self {
        Self::of(Kind::BadCredentials)
    }

    /// The rights do not reach.
    pub fn forbidden() -> Self {
        Self::of(Kind::Forbidden)
    }

    /// The request does not come from our own page, or its `X-CSRF` is not the session's.
    pub fn csrf() -> Self {
        Self::of(Kind::Csrf)
    }

    /// No such thing, or it is another domain's.
    pub fn not_found() -> Self {
        Self::of(Kind::NotFound)
    }

    /// The path is there, the method is not.
    pub fn method_not_allowed() -> Self {
        Self::of(Kind::MethodNotAllowed)
    }

    /// Somebody else changed it; `current` is the server's copy.
    pub fn version_conflict(current: &impl Serialize) -> Self {
        let current = serde_json::to_value(current).ok();
        Self { current, ..Self::of(Kind::VersionConflict) }
    }

    /// The value of a field is taken.
    pub fn exists(field: impl Into<String>) -> Self {
        let error = FieldError::new(
            field,
            "exists",
            Text::fixed("Такое значение уже есть", "This value is there already"),
        );
        Self { errors: vec![error], ..Self::of(Kind::Exists) }
    }

    /// Others refer to it.
    pub fn in_use(detail: Text) -> Self {
        Self { detail: Some(detail), ..Self::of(Kind::InUse) }
    }

    /// It is changed elsewhere.
    pub fn read_only(detail: Text) -> Self {
        Self { detail: Some(detail), ..Self::of(Kind::ReadOnly) }
    }

    /// Things stand so that it cannot be done now.
    pub fn impossible(detail: Text) -> Self {
        Self { detail: Some(detail), ..Self::of(Kind::Impossible) }
    }

    /// The request is longer than the door lets in.
    pub fn too_large() -> Self {
        Self::of(Kind::TooLarge)
    }

    /// The request makes no sense; each of `errors` is shown at its field.
    pub fn invalid(errors: Vec<FieldError>) -> Self {
        Self { errors, ..Self::of(Kind::Invalid) }
    }

    /// As [`Self::invalid`], for one field.
    pub fn invalid_field(field: impl Into<String>, code: &'static str, message: Text) -> Self {
        Self::invalid(vec![FieldError::new(field, code, message)])
    }

    /// Too many failed attempts; the next is heard after this long.
    pub fn too_many_attempts(retry_after: Duration) -> Self {
        Self { retry_after: Some(retry_after), ..Self::of(Kind::TooManyAttempts) }
    }

    /// A part of the server is overloaded, away or stopping.
    pub fn busy() -> Self {
        Self { retry_after: Some(BUSY_RETRY), ..Self::of(Kind::Busy) }
    }

    /// Our fault; the log has the details.
    pub fn internal() -> Self {
        Self::of(Kind::Internal)
    }

    /// With a sentence of its own.
    #[must_use]
    pub fn with_detail(self, detail: Text) -> Self {
        Self { detail: Some(detail), ..self }
    }

    fn of(kind: Kind) -> Self {
        Self { kind, detail: None, errors: Vec::new(), current: None, retry_after: None }
    }

    /// The body, in one language.
    fn body(&self, locale: Locale) -> ProblemBody {
        let (status, code, title) = self.kind.parts();
        ProblemBody {
            r#type: "about:blank".to_owned(),
            title: title.in_locale(locale).to_owned(),
            status: status.as_u16(),
            code: code.to_owned(),
            detail: self.detail.as_ref().map(|it| it.in_locale(locale).to_owned()),
            errors: self.errors.iter().map(|it| it.body(locale)).collect(),
            current: self.current.clone(),
        }
    }
}

impl Kind {
    fn parts(self) -> (StatusCode, &'static str, Text) {
        let (status, code, ru, en) = match self {
            Self::Unauthenticated => {
                (StatusCode::UNAUTHORIZED, "unauthenticated", "Войдите в систему", "Sign in first")
            }
            Self::BadCredentials => (
                StatusCode::UNAUTHORIZED,
                "bad_credentials",
                "Неверный домен, логин или пароль",
                "Wrong domain, login or password",
            ),
            Self::Forbidden => (
                StatusCode::FORBIDDEN,
                "forbidden",
                "Недостаточно прав",
                "Your rights do not allow it",
            ),
            Self::Csrf => (
                StatusCode::FORBIDDEN,
                "csrf",
                "Запрос пришёл не со страницы рабочего места",
                "The request does not come from the workspace's page",
            ),
            Self::NotFound => (StatusCode::NOT_FOUND, "not_found", "Не найдено", "Not found"),
            Self::MethodNotAllowed => (
                StatusCode::METHOD_NOT_ALLOWED,
                "method_not_allowed",
                "Так обращаться нельзя",
                "The method is not allowed here",
            ),
            Self::VersionConflict => (
                StatusCode::CONFLICT,
                "version_conflict",
                "Данные изменил кто-то другой",
                "Somebody else has changed it",
            ),
            Self::Exists => (StatusCode::CONFLICT, "exists", "Уже существует", "It exists already"),
            Self::InUse => (StatusCode::CONFLICT, "in_use", "Ещё используется", "It is in use"),
            Self::Impossible => (
                StatusCode::CONFLICT,
                "impossible",
                "Сейчас это невозможно",
                "That cannot be done now",
            ),
            Self::ReadOnly => {
                (StatusCode::CONFLICT, "read_only", "Меняется не здесь", "It is changed elsewhere")
            }
            Self::TooLarge => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "too_large",
                "Слишком большой запрос",
                "The request is too large",
            ),
            Self::Invalid => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "invalid",
                "Проверьте введённые данные",
                "Check what you have entered",
            ),
            Self::TooManyAttempts => (
                StatusCode::TOO_MANY_REQUESTS,
                "too_many_attempts",
                "Слишком много попыток, подождите",
                "Too many attempts, wait a little",
            ),
            Self::Internal => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal",
                "Ошибка сервера",
                "The server has failed",
            ),
            Self::Busy => (
                StatusCode::SERVICE_UNAVAILABLE,
                "busy",
                "Сервер занят, повторите",
                "The server is busy, try again",
            ),
        };
        (status, code, Text::fixed(ru, en))
    }
}

impl FieldError {
    fn body(&self, locale: Locale) -> FieldErrorBody {
        FieldErrorBody {
            field: self.field.clone(),
            code: self.code.to_owned(),
            message: self.message.in_locale(locale).to_owned(),
        }
    }
}

impl From<StoreError> for Problem {
    /// What handlers do not tell apart themselves. What is missing while a request runs was
    /// removed by somebody else.
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Exists { what } => Self::of(Kind::Exists).with_detail(Text::of_error(
                format!("{what}: уже есть"),
                format!("{what} is there already"),
            )),
            StoreError::Missing { .. } => Self::not_found(),
            StoreError::Conflict => Self::of(Kind::VersionConflict),
            StoreError::InUse { .. } => Self::of(Kind::InUse),
            StoreError::LastAdministrator => Self::in_use(Text::fixed(
                "Последний администратор платформы должен остаться: сначала дайте эту роль другому",
                "The last platform administrator must stay: give the role to somebody else first",
            )),
            StoreError::Invalid(problem) => {
                let ru = format!("Сервер не принимает это: {problem}");
                Self::of(Kind::Invalid).with_detail(Text::of_error(ru, problem))
            }
            StoreError::Database(error) => {
                tracing::error!(%error, "the database failed a request");
                Self::busy()
            }
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = render(&self, Locale::Ru);
        // For `localise`, which knows the request.
        response.extensions_mut().insert(self);
        response
    }
}

/// Tells a problem in the language of the request.
pub(super) async fn localise(request: Request, next: Next) -> Response {
    let locale = locale_of(request.headers());
    let response = next.run(request).await;
    match response.extensions().get::<Problem>() {
        Some(problem) => render(problem, locale),
        None => response,
    }
}

fn render(problem: &Problem, locale: Locale) -> Response {
    let body = serde_json::to_vec(&problem.body(locale)).unwrap_or_default();
    let kind = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::VARY, HeaderValue::from_static("accept-language")),
    ];
    let mut response = (problem.kind.parts().0, kind, body).into_response();
    if let Some(after) = problem.retry_after {
        let seconds = after.as_millis().div_ceil(1000);
        let name = HeaderName::from_static("retry-after");
        response.headers_mut().insert(name, HeaderValue::from(seconds as u64));
    }
    response
}

/// `application/problem+json`
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
struct ProblemBody {
    /// Always `about:blank`: `code` tells the kind.
    r#type: String,
    /// For people.
    title: String,
    /// The HTTP status again.
    status: u16,
    /// For programs.
    code: String,
    /// More for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    /// What is wrong with which field.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldErrorBody>,
    /// With `version_conflict`: the server's copy.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    current: Option<Value>,
}

/// What is wrong with one field.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FieldError)]
struct FieldErrorBody {
    /// Which.
    field: String,
    /// For programs.
    code: String,
    /// For people.
    message: String,
}

/// Every operation may answer with a problem: `responses((status = 200, …), Problem)`.
impl IntoResponses for Problem {
    fn responses() -> std::collections::BTreeMap<String, openapi::RefOr<openapi::Response>> {
        let schema = openapi::RefOr::Ref(openapi::Ref::from_schema_name("Problem"));
        let content = openapi::ContentBuilder::new().schema(Some(schema)).build();
        let response = openapi::ResponseBuilder::new()
            .description("A refusal")
            .content("application/problem+json", content)
            .build();
        [("default".to_owned(), response.into())].into()
    }
}

/// Adds the schemas that every operation's problem refers to.
pub(super) fn add_schemas(api: &mut openapi::OpenApi) {
    use utoipa::PartialSchema as _;

    let components = api.components.get_or_insert_default();
    components.schemas.insert("Problem".to_owned(), ProblemBody::schema());
    components.schemas.insert("FieldError".to_owned(), FieldErrorBody::schema());
}

/// After which a client may try again when a part of the server was busy.
const BUSY_RETRY: Duration = Duration::from_secs(1);
