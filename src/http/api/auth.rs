//! `/auth`: signing in and out.

use super::{
    Access, Act, ApiState, AuditAction, AuditObject, Door, JsonBody, Problem, Session, cookie,
    me::Me, peer::Peer,
};
use crate::{
    config::Secret,
    store::{AuditEntry, NewSession, SessionLimits},
};
use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use base::DomainId;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use tokio::{sync::SemaphorePermit, time::timeout};
use utoipa::ToSchema;
use utoipa_axum::routes;

pub(super) fn routes(door: Door) -> Door {
    door.route(Access::Public, routes!(login))
        .route(Access::Public, routes!(hint))
        .route(Access::AnySession, routes!(logout))
}

/// Who wants in.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Credentials {
    /// Name or alias of the domain.
    domain: String,
    /// Login.
    login: String,
    /// Password.
    #[schema(format = Password)]
    password: String,
}

/// Sign in
///
/// The answer is the same, and takes as long, for an unknown domain, an unknown login, a wrong
/// password and somebody who is disabled.
#[utoipa::path(
    post, path = "/auth/login", tag = "auth", request_body = Credentials,
    responses((status = 200, body = Me, description = "Signed in, with the session's cookie"), Problem)
)]
async fn login(
    State(api): State<ApiState>,
    Peer(peer): Peer,
    headers: HeaderMap,
    JsonBody(wanted): JsonBody<Credentials>,
) -> Result<Response, Problem> {
    let account = account_key(&wanted.domain, &wanted.login);
    api.attempts.check(api.clock.now(), &account, peer).map_err(Problem::too_many_attempts)?;
    let domain = api.store.domain_by_name(&wanted.domain).await?.map(|it| it.id);
    let user = {
        let _permit = hashing_permit(&api).await?;
        api.store.authenticate_user(domain, &wanted.login, Secret::new(wanted.password)).await?
    };
    let Some(user) = user else {
        api.attempts.failed(api.clock.now(), &account, peer);
        let login = wanted.login.chars().take(LOGIN_CHARS_TOLD).collect();
        note_refusal(&api, domain, login, peer.to_string()).await?;
        return Err(Problem::bad_credentials());
    };
    api.attempts.succeeded(&account);
    if let Some(old) = cookie::read(&headers, &api.config.http) {
        end_if_good(&api, &old).await?;
    }
    let new = NewSession {
        domain: user.domain,
        user: Some(user.id),
        wall: None,
        address: peer.to_string(),
        user_agent: user_agent(&headers),
    };
    open(&api, api.session_limits(), new).await
}

/// Sign out
#[utoipa::path(
    post, path = "/auth/logout", tag = "auth",
    responses((status = 204, description = "Signed out"), Problem)
)]
async fn logout(State(api): State<ApiState>, session: Session) -> Result<Response, Problem> {
    api.store.end_session(session.id).await?;
    api.sessions.look();
    api.audit(&session, Act::on(AuditAction::SessionClosed, AuditObject::Session, session.id))
        .await?;
    let forget = [(header::SET_COOKIE, cookie::clear(&api.config.http))];
    Ok((StatusCode::NO_CONTENT, forget).into_response())
}

/// What the sign-in page can know before anybody signs in.
#[derive(Debug, Serialize, ToSchema)]
struct Hint {
    /// The domain that the page's host name means.
    #[schema(required)]
    domain: Option<String>,
    /// Whether a forgotten password can be recovered by mail.
    recovery: bool,
}

/// Prefill the sign-in page
#[utoipa::path(
    get, path = "/auth/hint", tag = "auth", responses((status = 200, body = Hint), Problem)
)]
async fn hint(State(api): State<ApiState>, headers: HeaderMap) -> Result<Json<Hint>, Problem> {
    let host = headers.get(header::HOST).and_then(|it| it.to_str().ok()).unwrap_or_default();
    let domain = api.store.domain_by_name(name_of_host(host)).await?;
    Ok(Json(Hint { domain: domain.map(|it| it.name), recovery: api.mailer.is_some() }))
}

/// Opens a session and answers with who is signed in.
pub(super) async fn open(
    api: &ApiState,
    limits: SessionLimits,
    new: NewSession,
) -> Result<Response, Problem> {
    let now = api.clock.now().unix;
    let (_, token) = api.store.open_session(now, limits, &new).await?;
    let session = Session::load(api, &token).await?;
    api.audit(&session, Act::on(AuditAction::SessionOpened, AuditObject::Session, session.id))
        .await?;
    let remember = [
        (header::SET_COOKIE, cookie::set(&token, &api.config.http)),
        (header::CACHE_CONTROL, axum::http::HeaderValue::from_static("no-store")),
    ];
    Ok((remember, Json(Me::of(&session))).into_response())
}

/// Waits for leave to hash a password: a flood of logins must not take all memory and cores.
pub(super) async fn hashing_permit(api: &ApiState) -> Result<SemaphorePermit<'_>, Problem> {
    match timeout(HASHING_WAIT_MAX, api.hashing.acquire()).await {
        Ok(Ok(permit)) => Ok(permit),
        Ok(Err(_)) | Err(_) => Err(Problem::busy()),
    }
}

/// What failures are counted by.
pub(super) fn account_key(domain: &str, login: &str) -> String {
    format!("{}/{}", domain.to_ascii_lowercase(), login)
}

pub(super) fn user_agent(headers: &HeaderMap) -> String {
    let agent = headers.get(header::USER_AGENT).and_then(|it| it.to_str().ok());
    agent.unwrap_or_default().to_owned()
}

async fn end_if_good(api: &ApiState, token: &str) -> Result<(), Problem> {
    let old = api.store.session(api.clock.now().unix, api.session_limits(), token).await?;
    if let Some(old) = old {
        api.store.end_session(old.id).await?;
        api.sessions.look();
    }
    Ok(())
}

/// Written for a domain that does not exist too, so that it takes as long.
async fn note_refusal(
    api: &ApiState,
    domain: Option<DomainId>,
    login: String,
    address: String,
) -> Result<(), Problem> {
    let entry = AuditEntry {
        domain: domain.unwrap_or(DomainId(uuid::Uuid::nil())),
        at: api.clock.now().unix,
        user: None,
        who: login.clone(),
        address,
        what: AuditAction::SessionRefused.as_str().to_owned(),
        object: AuditObject::User.as_str().to_owned(),
        object_id: login,
        before: None,
        after: None,
    };
    Ok(api.store.add_audit(entry).await?)
}

/// Without port and brackets.
fn name_of_host(host: &str) -> &str {
    match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    }
}

/// Logins in flight that wait longer for a core are told to come again.
const HASHING_WAIT_MAX: Duration = Duration::from_secs(5);

/// Of a login that is no good; it may be anything.
const LOGIN_CHARS_TOLD: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_named_without_its_port() {
        for (host, name) in [
            ("desk.example:8080", "desk.example"),
            ("[::1]:8080", "::1"),
            ("127.0.0.1", "127.0.0.1"),
            ("", ""),
        ] {
            assert_eq!(name_of_host(host), name);
        }
    }
}
