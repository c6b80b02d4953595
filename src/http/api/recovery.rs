//! `/auth/recover`: a forgotten password is set anew with a link that comes by mail.

use super::{
    Access, ApiState, AuditAction, AuditObject, Door, JsonBody, Problem, Text, auth, passwords,
    peer::Peer,
};
use crate::{
    config::Secret,
    store::{AuditEntry, StoreError, UserRow},
};
use axum::{extract::State, http::StatusCode};
use serde::Deserialize;
use std::net::IpAddr;
use utoipa::ToSchema;
use utoipa_axum::routes;

pub(super) fn routes(door: Door) -> Door {
    door.route(Access::Public, routes!(ask)).route(Access::Public, routes!(confirm))
}

/// Who has forgotten their password.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Forgotten {
    /// Name or alias of the domain.
    domain: String,
    /// Login.
    login: String,
}

/// A new password, by the link of a letter.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Recovery {
    /// What the link brought.
    #[schema(format = Password)]
    token: String,
    /// The new password.
    #[schema(format = Password, min_length = 8)]
    password: String,
}

/// Ask for a letter
///
/// The answer is the same whether or not there is such a person and they have a mail address.
#[utoipa::path(
    post, path = "/auth/recover", tag = "auth", request_body = Forgotten,
    responses((status = 202, description = "Whoever it is, if anybody, gets a letter"), Problem)
)]
async fn ask(
    State(api): State<ApiState>,
    Peer(peer): Peer,
    JsonBody(who): JsonBody<Forgotten>,
) -> Result<StatusCode, Problem> {
    let account = auth::account_key(&who.domain, &who.login);
    let now = api.clock.now();
    api.recoveries.check(now, &account, peer).map_err(Problem::too_many_attempts)?;
    api.recoveries.failed(now, &account, peer);
    // What follows takes as long as it takes: the answer must not tell.
    match api.letters.clone().try_acquire_owned() {
        Ok(permit) => {
            tokio::spawn(async move {
                if let Err(error) = write_letter(&api, &who, peer).await {
                    tracing::error!(error, "a letter of recovery was not sent");
                }
                drop(permit);
            });
        }
        Err(_) => tracing::warn!("too many letters of recovery at a time: one is left out"),
    }
    Ok(StatusCode::ACCEPTED)
}

/// Set a new password
///
/// All sessions of the person end.
#[utoipa::path(
    post, path = "/auth/recover/confirm", tag = "auth", request_body = Recovery,
    responses((status = 204, description = "Set"), Problem)
)]
async fn confirm(
    State(api): State<ApiState>,
    Peer(peer): Peer,
    JsonBody(recovery): JsonBody<Recovery>,
) -> Result<StatusCode, Problem> {
    passwords::check(&recovery.password, "password")?;
    let now = api.clock.now();
    api.attempts.check(now, "", peer).map_err(Problem::too_many_attempts)?;
    let _permit = auth::hashing_permit(&api).await?;
    let Some((domain, user)) = api.store.take_recovery(now.unix, &recovery.token).await? else {
        api.attempts.address_failed(now, peer);
        let message = Text::fixed(
            "Ссылка устарела или уже использована: запросите новую",
            "The link is too old or used: ask for another",
        );
        return Err(Problem::invalid_field("token", "expired", message));
    };
    let password = Secret::new(recovery.password);
    api.store.set_user_password(domain, user, password, None).await?;
    api.sessions.look();
    if let Some(user) = api.store.user(domain, user).await? {
        note(&api, &user, peer, AuditAction::UserPasswordRecovered).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}

async fn write_letter(api: &ApiState, who: &Forgotten, peer: IpAddr) -> Result<(), String> {
    let Some(mailer) = &api.mailer else {
        tracing::warn!("somebody has forgotten their password, and [mail] is not configured");
        return Ok(());
    };
    let user = match find(api, who).await {
        Ok(Some(user)) => user,
        Ok(None) => return Ok(()),
        Err(error) => return Err(error.to_string()),
    };
    let Some(email) = user.email.clone() else {
        tracing::warn!(login = user.login, "no letter of recovery: the person has no mail address");
        return Ok(());
    };
    let now = api.clock.now().unix;
    let token = api.store.add_recovery(now, user.id).await.map_err(|it| it.to_string())?;
    mailer.send_recovery(&user, &email, &token).await.map_err(|it| it.to_string())?;
    note(api, &user, peer, AuditAction::UserRecoverySent).await.map_err(|it| it.to_string())
}

async fn find(api: &ApiState, who: &Forgotten) -> Result<Option<UserRow>, StoreError> {
    let Some(domain) = api.store.domain_by_name(&who.domain).await? else { return Ok(None) };
    let user = api.store.user_by_login(domain.id, &who.login).await?;
    Ok(user.filter(|it| !it.is_disabled))
}

/// Nobody is signed in: the audit names the person whom it is about.
async fn note(
    api: &ApiState,
    user: &UserRow,
    peer: IpAddr,
    what: AuditAction,
) -> Result<(), StoreError> {
    let entry = AuditEntry {
        domain: user.domain,
        at: api.clock.now().unix,
        user: None,
        who: user.login.clone(),
        address: peer.to_string(),
        what: what.as_str().to_owned(),
        object: AuditObject::User.as_str().to_owned(),
        object_id: user.id.to_string(),
        before: None,
        after: None,
    };
    api.store.add_audit(entry).await
}
