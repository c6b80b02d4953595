//! `/me/settings`: what the panel keeps for a person.

use super::{Access, ApiState, Door, JsonBody, Problem, Session, Text, UrlPath};
use crate::events::{Fact, Stamp};
use axum::{Json, extract::State, http::StatusCode};
use serde_json::Value;
use std::collections::BTreeMap;
use utoipa_axum::routes;

pub(super) fn routes(door: Door) -> Door {
    door.route(Access::AnySession, routes!(list)).route(Access::AnySession, routes!(set, remove))
}

/// All of one's settings
#[utoipa::path(
    get, path = "/me/settings", tag = "me",
    responses((status = 200, body = BTreeMap<String, Value>, description = "By key"), Problem)
)]
async fn list(
    State(api): State<ApiState>,
    session: Session,
) -> Result<Json<BTreeMap<String, Value>>, Problem> {
    let rows = api.store.settings(session.user()?.id).await?;
    let parsed = rows.into_iter().filter_map(|(key, json)| {
        let value = serde_json::from_str(&json).ok()?;
        Some((key, value))
    });
    Ok(Json(parsed.collect()))
}

/// Keep a setting
///
/// At most 16 kB of JSON under one of at most 200 keys.
#[utoipa::path(
    put, path = "/me/settings/{key}", tag = "me", request_body = Value,
    params(("key" = String, Path, description = "Up to 100 of a-z, A-Z, 0-9, '.', '_' and '-'")),
    responses((status = 204, description = "Kept"), Problem)
)]
async fn set(
    State(api): State<ApiState>,
    session: Session,
    UrlPath(key): UrlPath<String>,
    JsonBody(value): JsonBody<Value>,
) -> Result<StatusCode, Problem> {
    let user = session.user()?.id;
    check_key(&key)?;
    let json = value.to_string();
    if json.len() > VALUE_BYTES_MAX {
        let message = Text::fixed("Не больше 16 кБ", "At most 16 kB");
        return Err(Problem::invalid_field("value", "too_long", message));
    }
    if !api.store.set_setting(user, &key, &json).await? {
        let message = Text::fixed("Не больше 200 настроек", "At most 200 settings");
        return Err(Problem::invalid_field("key", "too_many", message));
    }
    tell(&api, &session, &key, value);
    Ok(StatusCode::NO_CONTENT)
}

/// Forget a setting
#[utoipa::path(
    delete, path = "/me/settings/{key}", tag = "me",
    params(("key" = String, Path, description = "Which")),
    responses((status = 204, description = "Forgotten"), Problem)
)]
async fn remove(
    State(api): State<ApiState>,
    session: Session,
    UrlPath(key): UrlPath<String>,
) -> Result<StatusCode, Problem> {
    api.store.remove_setting(session.user()?.id, &key).await?;
    tell(&api, &session, &key, Value::Null);
    Ok(StatusCode::NO_CONTENT)
}

/// Tells the person's open panels, on whichever machine, of what is kept from now on.
pub(super) fn tell(api: &ApiState, session: &Session, key: &str, value: Value) {
    if let (Some(live), Some(user)) = (&api.live, session.user_id()) {
        let fact = Fact::Setting { key: key.to_owned(), value };
        live.hub.tell(session.domain.id, &[user], Stamp(api.clock.now().unix), &fact);
    }
}

fn check_key(key: &str) -> Result<(), Problem> {
    let is_key = (1..=KEY_BYTES_MAX).contains(&key.len())
        && key.bytes().all(|it| it.is_ascii_alphanumeric() || b"._-".contains(&it));
    if is_key {
        return Ok(());
    }
    let message = Text::fixed(
        "До 100 латинских букв, цифр, точек, дефисов и подчёркиваний",
        "Up to 100 letters, digits, dots, dashes and underscores",
    );
    Err(Problem::invalid_field("key", "malformed", message))
}

const KEY_BYTES_MAX: usize = 100;
const VALUE_BYTES_MAX: usize = 16 * 1024;
