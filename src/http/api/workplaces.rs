//! `/admin/workplaces`: lines that are signed in at phones of other lines.

use super::{
    Access, Act, ApiState, AuditAction, AuditObject, Door, Problem, Session, UrlPath, time::rfc3339,
};
use crate::store::{Right, WorkplaceRow};
use axum::{Json, extract::State, http::StatusCode};
use base::ExtensionId;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use utoipa_axum::routes;
use uuid::Uuid;

pub(super) fn routes(door: Door) -> Door {
    let manage = Access::Right(Right::LinesManage);
    door.route(manage, routes!(list)).route(manage, routes!(end))
}

/// Who is signed in where in the domain.
#[derive(Debug, Serialize, ToSchema)]
struct Workplaces {
    /// By the number of whoever is signed in.
    items: Vec<Workplace>,
}

/// A line that is signed in at the phones of another one.
#[derive(Debug, Serialize, ToSchema)]
struct Workplace {
    /// Id of the line that is signed in.
    id: Uuid,
    /// Its number.
    line: String,
    /// Id of the line whose phones they are.
    workplace_id: Uuid,
    /// Its number.
    workplace: String,
    /// Since when.
    since: String,
}

/// Who is signed in where
#[utoipa::path(
    get, path = "/admin/workplaces", tag = "administration",
    responses((status = 200, body = Workplaces), Problem)
)]
async fn list(State(api): State<ApiState>, session: Session) -> Result<Json<Workplaces>, Problem> {
    let rows = own(&api, &session).await?;
    Ok(Json(Workplaces { items: rows.into_iter().map(Workplace::of).collect() }))
}

/// Sign a line out of where it is signed in
///
/// Its calls there go on.
#[utoipa::path(
    delete, path = "/admin/workplaces/{id}", tag = "administration", params(("id" = Uuid, Path)),
    responses((status = 204, description = "Signed out"), Problem)
)]
async fn end(
    State(api): State<ApiState>,
    session: Session,
    UrlPath(id): UrlPath<Uuid>,
) -> Result<StatusCode, Problem> {
    let visitor = ExtensionId(id);
    let rows = own(&api, &session).await?;
    let row = rows.into_iter().find(|it| it.visitor == visitor).ok_or_else(Problem::not_found)?;
    if !api.store.end_visit(session.domain.id, visitor).await? {
        return Err(Problem::not_found());
    }
    let act = Act {
        before: Some(json!({ "line": row.visitor_number, "workplace": row.place_number })),
        ..Act::on(AuditAction::LineSignedOut, AuditObject::Line, id)
    };
    api.audit(&session, act).await?;
    api.directory_changed().await;
    api.changed(&session, "workplace", id, None);
    Ok(StatusCode::NO_CONTENT)
}

async fn own(api: &ApiState, session: &Session) -> Result<Vec<WorkplaceRow>, Problem> {
    let mut rows = api.store.list_workplaces().await?;
    rows.retain(|it| it.domain == session.domain.id);
    Ok(rows)
}

impl Workplace {
    fn of(row: WorkplaceRow) -> Self {
        Self {
            id: row.visitor.0,
            line: row.visitor_number,
            workplace_id: row.place.0,
            workplace: row.place_number,
            since: rfc3339(row.since),
        }
    }
}
