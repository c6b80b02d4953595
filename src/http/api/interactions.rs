//! `/interactions`: the archive over all channels, of which calls are the only one so far.

use super::{
    Access, ApiState, Door, Problem, Session, UrlPath, UrlQuery, calls,
    listing::{self, Cursor},
    time::rfc3339,
};
use crate::store::{CallQuery, LoggedCall, Right};
use axum::{Json, extract::State};
use base::{CallId, UserId};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;
use uuid::Uuid;

pub(super) fn routes(door: Door) -> Door {
    door.route(Access::Right(Right::InteractionsView), routes!(list))
        .route(Access::Right(Right::InteractionsView), routes!(one))
}

/// Which interactions.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct InteractionsQuery {
    /// Begun at or after (RFC 3339).
    from: Option<String>,
    /// Begun before (RFC 3339).
    to: Option<String>,
    /// In the description: the beginning of a number, or any part of a name.
    q: Option<String>,
    /// Service. Calls belong to none yet, so that any service finds nothing.
    service: Option<String>,
    /// `call`, `messenger` or `email`; there are only calls yet.
    channel: Option<String>,
    /// `-time` (the default) or `time`.
    sort: Option<String>,
    /// `next_cursor` of the page before, with the same filters.
    cursor: Option<String>,
    /// Rows of the page, 200 at most.
    limit: Option<u32>,
}

/// A page of interactions.
#[derive(Debug, Default, Serialize, ToSchema)]
struct InteractionPage {
    /// In order.
    items: Vec<Interaction>,
    /// For the next page; `null` after the last.
    #[schema(required)]
    next_cursor: Option<String>,
    /// How many there are on all pages: exact up to 10,000, estimated above.
    total_estimate: u64,
}

/// A contact with somebody, over any channel.
#[derive(Debug, Serialize, ToSchema)]
struct Interaction {
    /// Id.
    id: Uuid,
    /// When it began.
    at: String,
    /// Over what.
    channel: Channel,
    /// `1001 → 1002 [00:30]`
    description: String,
    /// Names of the users who took part.
    operators: Vec<String>,
    /// The service; calls belong to none yet.
    #[schema(required)]
    service: Option<String>,
    /// The call that it is.
    #[schema(required)]
    call_id: Option<Uuid>,
}

/// Over what a contact goes.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Channel {
    /// The phone.
    Call,
}

/// Contacts that are over
#[utoipa::path(
    get, path = "/interactions", tag = "interactions", params(InteractionsQuery),
    responses((status = 200, body = InteractionPage), Problem)
)]
async fn list(
    State(api): State<ApiState>,
    session: Session,
    UrlQuery(query): UrlQuery<InteractionsQuery>,
) -> Result<Json<InteractionPage>, Problem> {
    let (from, until) = listing::period(query.from.as_deref(), query.to.as_deref())?;
    let cursor = Cursor::read(query.cursor.as_deref())?;
    let wanted = CallQuery {
        domain: session.domain.id,
        user: calls::whose(&api, &session, None).await?,
        direction: None,
        search: listing::filter(query.q),
        peer: None,
        from,
        until,
        is_newest_first: listing::is_newest_first(query.sort.as_deref())?,
        after: cursor.map(|it| CallId(it.after)),
        limit: listing::limit(query.limit)?,
    };
    let has_calls = match listing::filter(query.channel).as_deref() {
        None | Some("call") => true,
        Some("messenger" | "email") => false,
        Some(_) => return Err(listing::unknown_word("channel")),
    };
    if !has_calls || listing::filter(query.service).is_some() {
        return Ok(Json(InteractionPage::default()));
    }
    let page = api.store.page_calls(&wanted, cursor.is_none()).await?;
    let total = page.total.or(cursor.map(|it| it.total)).unwrap_or_default();
    let last = page.calls.last().map(|it| it.id.0);
    let names = api.store.user_names(session.domain.id).await?;
    Ok(Json(InteractionPage {
        next_cursor: Cursor::next(last, page.calls.len(), wanted.limit, total),
        items: page.calls.iter().map(|it| Interaction::of_call(it, &names)).collect(),
        total_estimate: total,
    }))
}

/// A contact that is over
#[utoipa::path(
    get, path = "/interactions/{id}", tag = "interactions", params(("id" = Uuid, Path)),
    responses((status = 200, body = Interaction), Problem)
)]
async fn one(
    State(api): State<ApiState>,
    session: Session,
    UrlPath(id): UrlPath<Uuid>,
) -> Result<Json<Interaction>, Problem> {
    let call = calls::seen(&api, &session, CallId(id)).await?;
    let names = api.store.user_names(session.domain.id).await?;
    Ok(Json(Interaction::of_call(&call, &names)))
}

impl Interaction {
    fn of_call(call: &LoggedCall, names: &HashMap<UserId, String>) -> Self {
        let users = [call.a.user, call.b.user].into_iter().flatten();
        let mut operators: Vec<_> = users.filter_map(|it| names.get(&it).cloned()).collect();
        operators.dedup();
        Self {
            id: call.id.0,
            at: rfc3339(call.started),
            channel: Channel::Call,
            description: description(call),
            operators,
            service: None,
            call_id: Some(call.id.0),
        }
    }
}

fn description(call: &LoggedCall) -> String {
    let side = |it: &crate::store::CallSide| it.name.clone().unwrap_or_else(|| it.number.clone());
    format!("{} → {} [{}]", side(&call.a), side(&call.b), talk(call))
}

/// How long they talked: at least a second if it was answered, since `00:00` says that it was not.
fn talk(call: &LoggedCall) -> String {
    duration(call.answer_ms.map_or(0, |_| call.talk_ms.max(1000)))
}

/// Whole seconds that are over, as the panel and phones count them: `mm:ss`, from an hour on `h:mm:ss`.
fn duration(ms: i64) -> String {
    let seconds = ms.max(0) / 1000;
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours == 0 {
        format!("{minutes:02}:{seconds:02}")
    } else {
        format!("{hours}:{minutes:02}:{seconds:02}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_is_told_in_whole_seconds_that_are_over() {
        let told = [-1, 59_999, 3_599_000, 3_600_000, 86_399_000].map(duration);

        assert_eq!(told, ["00:00", "00:59", "59:59", "1:00:00", "23:59:59"]);
    }
}
