//! `/admin/audit`: who did what.

use super::{
    Access, ApiState, AuditAction, AuditObject, Door, Problem, Session, Text, UrlQuery, time,
};
use crate::store::{AuditFilter, AuditRow, Right};
use axum::{Json, extract::State};
use base::UnixMillis;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;
use uuid::Uuid;

pub(super) fn routes(door: Door) -> Door {
    door.route(Access::Right(Right::AuditView), routes!(list))
}

/// Which entries are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct AuditQuery {
    /// Not before.
    #[param(format = DateTime)]
    from: Option<String>,
    /// Before.
    #[param(format = DateTime)]
    to: Option<String>,
    /// By this login.
    who: Option<String>,
    /// Of this kind: `user.changed`, or `user` for all that begin so.
    what: Option<String>,
    /// Of this kind of object.
    object: Option<String>,
    /// Of this object.
    object_id: Option<String>,
    /// `next_cursor` of the page before, with the same filters.
    cursor: Option<Uuid>,
    /// Entries at most, up to 200.
    limit: Option<u32>,
}

/// One thing that was done.
#[derive(Debug, Serialize, ToSchema)]
struct AuditEntry {
    /// Id.
    id: Uuid,
    /// When.
    #[schema(format = DateTime)]
    at: String,
    /// Id of whoever did it; `null` for a wall or a stranger.
    #[schema(required)]
    user_id: Option<Uuid>,
    /// Their login at that time.
    who: String,
    /// Where from.
    ip: String,
    /// What; a server that was newer may have told of more.
    #[schema(value_type = AuditAction)]
    what: String,
    /// To what kind of object.
    #[schema(value_type = AuditObject)]
    object: String,
    /// To which.
    object_id: String,
    /// How it was.
    #[schema(value_type = Option<Object>, required)]
    before: Option<Value>,
    /// How it is.
    #[schema(value_type = Option<Object>, required)]
    after: Option<Value>,
}

/// A page of the audit.
#[derive(Debug, Serialize, ToSchema)]
struct AuditPage {
    /// Latest first.
    items: Vec<AuditEntry>,
    /// What the next page is asked for by; `null` on the last.
    #[schema(required)]
    next_cursor: Option<Uuid>,
    /// How many there are on all pages.
    total_estimate: i64,
}

/// Who did what
#[utoipa::path(
    get, path = "/admin/audit", tag = "admin", params(AuditQuery),
    responses((status = 200, body = AuditPage), Problem)
)]
async fn list(
    State(api): State<ApiState>,
    session: Session,
    UrlQuery(query): UrlQuery<AuditQuery>,
) -> Result<Json<AuditPage>, Problem> {
    let limit = query.limit.unwrap_or(LIMIT_DEFAULT).clamp(1, LIMIT_MAX);
    let filter = AuditFilter {
        from: query.from.map(|it| moment("from", &it)).transpose()?,
        to: query.to.map(|it| moment("to", &it)).transpose()?,
        who: query.who,
        what: query.what,
        object: query.object,
        object_id: query.object_id,
    };
    let domain = session.domain.id;
    let mut rows = api.store.audit_page(domain, &filter, query.cursor, limit + 1).await?;
    let is_last = rows.len() <= limit as usize;
    rows.truncate(limit as usize);
    let next_cursor = rows.last().filter(|_| !is_last).map(|it| it.id);
    let total_estimate = api.store.audit_count(domain, &filter).await?;
    Ok(Json(AuditPage { items: rows.into_iter().map(view).collect(), next_cursor, total_estimate }))
}

fn view(AuditRow { id, entry }: AuditRow) -> AuditEntry {
    let json = |text: Option<String>| text.and_then(|it| serde_json::from_str(&it).ok());
    AuditEntry {
        id,
        at: time::rfc3339(entry.at),
        user_id: entry.user.map(|it| it.0),
        who: entry.who,
        ip: entry.address,
        what: entry.what,
        object: entry.object,
        object_id: entry.object_id,
        before: json(entry.before),
        after: json(entry.after),
    }
}

fn moment(field: &str, text: &str) -> Result<UnixMillis, Problem> {
    time::parse(text).ok_or_else(|| {
        let message = Text::fixed("Ожидается время RFC 3339", "A time as of RFC 3339 is expected");
        Problem::invalid_field(field, "malformed", message)
    })
}

const LIMIT_DEFAULT: u32 = 50;
const LIMIT_MAX: u32 = 200;
