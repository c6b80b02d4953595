//! Bodies, queries and paths, parsed at the edge; what does not parse is a [`Problem`].

use super::{
    problem::{FieldError, Problem},
    text::Text,
};
use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Path, Query, Request, rejection::BytesRejection},
    http::{HeaderMap, StatusCode, header, request::Parts},
};
use serde::de::DeserializeOwned;

/// A JSON body.
#[derive(Clone, Debug)]
pub struct JsonBody<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for JsonBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            let message = Text::fixed("Ожидается application/json", "application/json is expected");
            return Err(Problem::invalid_field("Content-Type", "not_json", message));
        }
        let bytes = Bytes::from_request(request, state).await.map_err(of_bytes)?;
        serde_json::from_slice(&bytes).map(Self).map_err(|error| of_json(&error))
    }
}

/// The query of a URL.
#[derive(Clone, Debug)]
pub struct UrlQuery<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for UrlQuery<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Query::from_request_parts(parts, state).await {
            Ok(Query(query)) => Ok(Self(query)),
            Err(rejection) => {
                let told = rejection.body_text();
                let text = Text::of_error(format!("Не разобрать: {told}"), told);
                Err(Problem::invalid_field("query", "malformed", text))
            }
        }
    }
}

/// Parts of a path. One that cannot be an id is nobody's id.
#[derive(Clone, Debug)]
pub struct UrlPath<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for UrlPath<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = Path::from_request_parts(parts, state).await;
        path.map(|Path(path)| Self(path)).map_err(|_| Problem::not_found())
    }
}

/// The version that the writer saw: `If-Match: 7`, quoted or not.
#[derive(Clone, Copy, Debug)]
pub struct IfMatch(pub i64);

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let written = parts.headers.get(header::IF_MATCH).and_then(|it| it.to_str().ok());
        let version = written.and_then(|it| {
            it.trim().trim_start_matches("W/").trim_matches('"').parse::<i64>().ok()
        });
        version.map(Self).ok_or_else(|| {
            let message = Text::fixed(
                "Укажите в If-Match версию, которую вы видели",
                "Name the version that you saw in If-Match",
            );
            Problem::invalid_field("If-Match", "required", message)
        })
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|it| it.to_str().ok());
    let kind = kind.and_then(|it| it.split(';').next()).unwrap_or_default();
    kind.trim().eq_ignore_ascii_case("application/json")
}

fn of_bytes(rejection: BytesRejection) -> Problem {
    if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
        return Problem::too_large();
    }
    let told = rejection.body_text();
    let text = Text::of_error(format!("Не прочитать: {told}"), told);
    Problem::invalid_field("body", "unreadable", text)
}

fn of_json(error: &serde_json::Error) -> Problem {
    let told = error.to_string();
    let text = Text::both(format!("Не разобрать: {told}"), format!("Cannot be read: {told}"));
    Problem::invalid(vec![FieldError::new("body", "malformed", text)])
}
