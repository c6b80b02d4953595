//! `/admin/cdrs`: the call log, one row a leg, and the same as a file.

use super::{
    Access, Act, ApiState, AuditAction, AuditObject, Door, Problem, Session, UrlQuery,
    calls::LegFigures,
    listing::{self, Cursor},
    streamed::Streamed,
    time::rfc3339,
};
use crate::store::{CdrQuery, Right, Store, archive};
use axum::{
    Json,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use base::CdrId;
use call::Cdr;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::mpsc;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;
use uuid::Uuid;

pub(super) fn routes(door: Door) -> Door {
    door.route(Access::Right(Right::CdrsView), routes!(list))
        .route(Access::Right(Right::CdrsExport), routes!(file))
}

/// Which records.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct CdrsQuery {
    /// Of legs begun at or after (RFC 3339).
    from: Option<String>,
    /// Of legs begun before (RFC 3339).
    to: Option<String>,
    /// Of calls with this on side A or B: the beginning of a number, or any part of a name.
    number: Option<String>,
    /// Ended by this cause: `normal`, `busy`, …
    cause: Option<String>,
    /// Of legs on this trunk.
    trunk: Option<String>,
    /// `-time` (the default) or `time`: when legs ended.
    sort: Option<String>,
    /// `next_cursor` of the page before, with the same filters.
    cursor: Option<String>,
    /// Rows of the page, 200 at most.
    limit: Option<u32>,
}

/// A page of the call log.
#[derive(Debug, Serialize, ToSchema)]
struct CdrPage {
    /// In order.
    items: Vec<CdrView>,
    /// For the next page; `null` after the last.
    #[schema(required)]
    next_cursor: Option<String>,
    /// How many there are on all pages: exact up to 10,000, estimated above.
    total_estimate: u64,
}

/// One row of the call log.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Cdr)]
struct CdrView {
    /// Id of the row.
    cdr_id: Uuid,
    /// The call.
    call_id: Uuid,
    /// Who called: a number, or `TRUNK/NUMBER`.
    caller: String,
    /// What was dialled.
    dialled: String,
    /// The leg.
    #[serde(flatten)]
    leg: LegFigures,
}

/// The call log
#[utoipa::path(
    get, path = "/admin/cdrs", tag = "administration", params(CdrsQuery),
    responses((status = 200, body = CdrPage), Problem)
)]
async fn list(
    State(api): State<ApiState>,
    session: Session,
    UrlQuery(query): UrlQuery<CdrsQuery>,
) -> Result<Json<CdrPage>, Problem> {
    let (wanted, cursor) = query.read(&session)?;
    let (rows, total) = api.store.page_cdr_list(&wanted, cursor.is_none()).await?;
    let total = total.or(cursor.map(|it| it.total)).unwrap_or_default();
    let last = rows.last().map(|it| it.id.0);
    Ok(Json(CdrPage {
        next_cursor: Cursor::next(last, rows.len(), wanted.limit, total),
        items: rows.iter().map(CdrView::of).collect(),
        total_estimate: total,
    }))
}

/// The call log as CSV
///
/// UTF-8 with a byte order mark, commas, every cell in quotes. A cell that a spreadsheet might take
/// for a formula begins with an apostrophe. `cursor` and `limit` are of no account.
#[utoipa::path(
    get, path = "/admin/cdrs.csv", tag = "administration", params(CdrsQuery),
    responses((status = 200, body = String, content_type = "text/csv"), Problem)
)]
async fn file(
    State(api): State<ApiState>,
    session: Session,
    UrlQuery(query): UrlQuery<CdrsQuery>,
) -> Result<Response, Problem> {
    let told = json!({
        "from": query.from, "to": query.to, "number": query.number, "cause": query.cause,
        "trunk": query.trunk,
    });
    let query = CdrsQuery { cursor: None, limit: None, ..query };
    let (wanted, _) = query.read(&session)?;
    let act = Act {
        after: Some(told),
        ..Act::on(AuditAction::CdrsExported, AuditObject::Cdrs, session.domain.id)
    };
    api.audit(&session, act).await?;
    let (pages, written) = mpsc::channel(PAGES_AHEAD);
    tokio::spawn(write_pages(api.store.clone(), wanted, pages));
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8")),
        (
            header::CONTENT_DISPOSITION,
            HeaderValue::from_static("attachment; filename=\"calls.csv\""),
        ),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    Ok((headers, Body::new(Streamed(written))).into_response())
}

impl CdrsQuery {
    fn read(self, session: &Session) -> Result<(CdrQuery, Option<Cursor>), Problem> {
        let (from, until) = listing::period(self.from.as_deref(), self.to.as_deref())?;
        let cursor = Cursor::read(self.cursor.as_deref())?;
        let query = CdrQuery {
            domain: session.domain.id,
            number: listing::filter(self.number),
            cause: listing::filter(self.cause),
            trunk: listing::filter(self.trunk),
            from,
            until,
            is_newest_first: listing::is_newest_first(self.sort.as_deref())?,
            after: cursor.map(|it| CdrId(it.after)),
            limit: listing::limit(self.limit)?,
        };
        Ok((query, cursor))
    }
}

impl CdrView {
    fn of(cdr: &Cdr) -> Self {
        Self {
            cdr_id: cdr.id.0,
            call_id: cdr.call.0,
            caller: cdr.caller.clone(),
            dialled: cdr.dialled.clone(),
            leg: LegFigures::of(cdr),
        }
    }
}

/// The database failed amid the file: the connection is broken, so that nobody takes it for whole.
#[derive(Debug, thiserror::Error)]
#[error("the database failed")]
struct CutShort;

/// Ends when the last page is written, or when nobody reads on.
async fn write_pages(
    store: Store,
    mut query: CdrQuery,
    pages: mpsc::Sender<Result<Bytes, CutShort>>,
) {
    query.limit = FILE_PAGE_ROWS;
    let mut text = format!("{BYTE_ORDER_MARK}{}\r\n", HEADS.join(","));
    loop {
        let page = store.page_cdr_list(&query, false).await;
        let page = page.map(|(rows, _)| rows).map_err(|error| {
            tracing::error!(%error, "an export of the call log is cut short");
            CutShort
        });
        let rows = match page {
            Ok(rows) => rows,
            Err(error) => {
                // Whoever reads may have gone.
                let _ = pages.send(Err(error)).await;
                return;
            }
        };
        for cdr in &rows {
            write_row(cdr, &mut text);
        }
        query.after = rows.last().map(|it| it.id);
        let is_last = rows.len() < FILE_PAGE_ROWS as usize;
        let is_taken = pages.send(Ok(std::mem::take(&mut text).into())).await.is_ok();
        if is_last || !is_taken {
            return;
        }
    }
}

fn write_row(cdr: &Cdr, text: &mut String) {
    let number = |it: Option<i64>| it.map(|it| it.to_string()).unwrap_or_default();
    let tenths = |it: Option<f32>| it.map(|it| format!("{it:.1}")).unwrap_or_default();
    let score = |it: Option<f32>| it.map(|it| format!("{it:.2}")).unwrap_or_default();
    let cells = [
        rfc3339(cdr.started),
        cdr.call.to_string(),
        cdr.role.as_str().to_owned(),
        cell(&cdr.caller),
        cell(&cdr.dialled),
        cell(archive::number_of(&cdr.party)),
        cell(cdr.name.as_deref().unwrap_or_default()),
        cell(archive::trunk_of(&cdr.party).unwrap_or_default()),
        number(cdr.ring_ms),
        number(cdr.answer_ms),
        cdr.end_ms.to_string(),
        cdr.talk_ms.to_string(),
        cdr.sip_status.to_string(),
        cdr.hangup.as_str().to_owned(),
        cell(&cdr.cause),
        cell(cdr.codec.as_deref().unwrap_or_default()),
        cdr.media.transcoded.to_string(),
        cdr.media.packets_received.to_string(),
        cdr.media.packets_sent.to_string(),
        cdr.media.packets_lost.to_string(),
        format!("{:.1}", cdr.media.jitter_ms),
        score(cdr.media.mos),
        number(cdr.media.far.packets_lost.map(i64::from)),
        tenths(cdr.media.far.jitter_ms),
        score(cdr.media.far.mos),
        tenths(cdr.media.far.rtt_ms),
        cell(&cdr.signalling_peer),
        cell(&cdr.sip_call_id),
    ];
    for (n, cell) in cells.iter().enumerate() {
        text.push_str(if n == 0 { "\"" } else { ",\"" });
        text.push_str(&cell.replace('"', "\"\""));
        text.push('"');
    }
    text.push_str("\r\n");
}

/// A text that no spreadsheet takes for a formula (OWASP, CSV injection).
fn cell(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']) {
        return format!("'{text}");
    }
    text.to_owned()
}

const HEADS: &[&str] = &[
    "started_at",
    "call_id",
    "role",
    "caller",
    "dialled",
    "number",
    "name",
    "trunk",
    "ring_ms",
    "answer_ms",
    "end_ms",
    "talk_ms",
    "sip_status",
    "hangup",
    "cause",
    "codec",
    "transcoded",
    "packets_received",
    "packets_sent",
    "packets_lost",
    "jitter_ms",
    "mos",
    "far_packets_lost",
    "far_jitter_ms",
    "far_mos",
    "rtt_ms",
    "signalling_peer",
    "sip_call_id",
];

/// Excel takes a file without it for one of the local code page.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// Rows that are read at once.
const FILE_PAGE_ROWS: u32 = 1000;

/// Pages that wait for a slow reader; the database is asked for no more until then.
const PAGES_AHEAD: usize = 2;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_never_a_formula() {
        for text in ["=1+1", "+7495", "-2", "@SUM(A1)", "\t=1", "\r=1", "＝1"] {
            assert_eq!(cell(text), format!("'{text}"));
        }
        assert_eq!(cell("1001"), "1001");
    }
}
