//! `/calls`: the archive of calls.
//!
//! Everybody sees the calls in which a line of theirs took part; who has `calls.team` sees those of
//! the whole domain.

use super::{
    Access, ApiState, Door, Problem, Session, UrlPath, UrlQuery,
    listing::{self, Cursor},
    quality::StreamFigures,
    recordings::{self, RecordingView},
    time::rfc3339,
};
use crate::store::{
    CallDirection, CallQuery, CallSide, CdrFilter, LoggedCall, RecordingRow, Right, archive,
};
use axum::{Json, extract::State};
use base::{CallId, UnixMillis, UserId};
use call::{Cdr, LegRole};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;
use uuid::Uuid;

pub(super) fn routes(door: Door) -> Door {
    door.route(Access::Right(Right::CallsOwn), routes!(list))
        .route(Access::Right(Right::CallsOwn), routes!(one))
}

/// Which calls.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct CallsQuery {
    /// Begun at or after (RFC 3339).
    from: Option<String>,
    /// Begun before (RFC 3339).
    to: Option<String>,
    /// On side A or B: the beginning of a number, or any part of a name.
    q: Option<String>,
    /// In which a line of this user took part; others than oneself need `calls.team`.
    user: Option<Uuid>,
    /// The other side, as `q`.
    peer: Option<String>,
    /// `in`, `out` or `internal`.
    direction: Option<String>,
    /// `-time` (the default) or `time`.
    sort: Option<String>,
    /// `next_cursor` of the page before, with the same filters.
    cursor: Option<String>,
    /// Rows of the page, 200 at most.
    limit: Option<u32>,
}

/// A page of calls.
#[derive(Debug, Serialize, ToSchema)]
struct CallPage {
    /// In order.
    items: Vec<CallRow>,
    /// For the next page; `null` after the last.
    #[schema(required)]
    next_cursor: Option<String>,
    /// How many there are on all pages: exact up to 10,000, estimated above.
    total_estimate: u64,
}

/// A call that is over.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CallRow {
    /// Id.
    id: Uuid,
    /// When it began.
    started_at: String,
    /// What was dialled.
    dialled: String,
    /// Who called.
    side_a: Side,
    /// Who answered, else who was rung, else what was dialled.
    side_b: Side,
    /// Seen from the domain.
    #[schema(value_type = crate::events::CallDirection)]
    direction: &'static str,
    /// When it was answered.
    #[schema(required)]
    answered_at: Option<String>,
    /// From answer to end, in ms; 0 if never answered.
    talk_ms: i64,
    /// Why it ended: `normal`, `busy`, …
    cause: String,
    /// What was recorded of it last, if anything.
    #[schema(required)]
    recording: Option<RecordingView>,
}

/// One side of a call.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CallSide)]
struct Side {
    /// Number.
    number: String,
    /// Name: an extension's, or what a trunk says the caller is called.
    #[schema(required)]
    name: Option<String>,
}

/// A call with everything that is kept of it.
#[derive(Debug, Serialize, ToSchema)]
struct CallCard {
    #[serde(flatten)]
    row: CallRow,
    /// First ring, in ms after the start.
    #[schema(required)]
    ring_ms: Option<i64>,
    /// When it ended.
    ended_at: String,
    /// Who ended it, seen from the caller's leg: `remote`, `peer` or `system`.
    hangup: &'static str,
    /// What was recorded of it, oldest first.
    recordings: Vec<RecordingView>,
    /// The legs, the caller's first.
    legs: Vec<LegFigures>,
    /// What happened, in order.
    history: Vec<Fact>,
}

/// A leg with its figures.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LegFigures {
    /// Id.
    id: Uuid,
    /// Which side of the call.
    #[schema(value_type = crate::events::LegRole)]
    role: &'static str,
    /// Number of the far end.
    number: String,
    /// Its name: an extension's, or what a trunk says the caller is called.
    #[schema(required)]
    name: Option<String>,
    /// The trunk that it is behind.
    #[schema(required)]
    trunk: Option<String>,
    /// Number of the line at whose phone it was signed in; `null` at its own.
    #[schema(required)]
    workplace: Option<String>,
    /// When the INVITE came in or went out.
    started_at: String,
    /// First ring, in ms after the start.
    #[schema(required)]
    ring_ms: Option<i64>,
    /// Answer, in ms after the start.
    #[schema(required)]
    answer_ms: Option<i64>,
    /// End, in ms after the start.
    end_ms: i64,
    /// From answer to end, in ms.
    talk_ms: i64,
    /// Final SIP status.
    sip_status: u16,
    /// Who ended it: `remote` (its far end), `peer` or `system`.
    hangup: &'static str,
    /// Why.
    cause: String,
    /// Codec at the end.
    #[schema(required)]
    codec: Option<String>,
    /// Where the far end signalled from.
    signalling_peer: String,
    /// SIP's Call-ID.
    sip_call_id: String,
    /// What its packets went through.
    #[serde(flatten)]
    stream: StreamFigures,
    /// Where the far end's audio came from.
    #[schema(required)]
    latched: Option<String>,
}

/// Something that happened in a call.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CallFact)]
struct Fact {
    /// When.
    at: String,
    /// `call_started`, `rung`, `ringing`, `answered` or `hung_up`.
    what: &'static str,
    /// Number of the party that it is about.
    who: String,
    /// More, by kind.
    #[schema(value_type = std::collections::BTreeMap<String, Value>)]
    params: Value,
}

/// Calls that are over
#[utoipa::path(
    get, path = "/calls", tag = "calls", params(CallsQuery),
    responses((status = 200, body = CallPage), Problem)
)]
async fn list(
    State(api): State<ApiState>,
    session: Session,
    UrlQuery(query): UrlQuery<CallsQuery>,
) -> Result<Json<CallPage>, Problem> {
    let direction = match listing::filter(query.direction) {
        None => None,
        Some(word) => {
            let known = CallDirection::parse(&word);
            Some(known.ok_or_else(|| listing::unknown_word("direction"))?)
        }
    };
    let (from, until) = listing::period(query.from.as_deref(), query.to.as_deref())?;
    let cursor = Cursor::read(query.cursor.as_deref())?;
    let wanted = CallQuery {
        domain: session.domain.id,
        user: whose(&api, &session, query.user.map(UserId)).await?,
        direction,
        search: listing::filter(query.q),
        peer: listing::filter(query.peer),
        from,
        until,
        is_newest_first: listing::is_newest_first(query.sort.as_deref())?,
        after: cursor.map(|it| CallId(it.after)),
        limit: listing::limit(query.limit)?,
    };
    let page = api.store.page_calls(&wanted, cursor.is_none()).await?;
    let total = page.total.or(cursor.map(|it| it.total)).unwrap_or_default();
    let last = page.calls.last().map(|it| it.id.0);
    let next_cursor = Cursor::next(last, page.calls.len(), wanted.limit, total);
    let mut items: Vec<_> = page.calls.into_iter().map(CallRow::of).collect();
    let ids: Vec<_> = items.iter().map(|it| CallId(it.id)).collect();
    for row in recordings::of_calls(&api, &session, &ids).await? {
        if let Some(item) = items.iter_mut().find(|it| it.id == row.call.0) {
            item.recording = Some(RecordingView::of(row));
        }
    }
    Ok(Json(CallPage { next_cursor, items, total_estimate: total }))
}

/// A call that is over
#[utoipa::path(
    get, path = "/calls/{id}", tag = "calls", params(("id" = Uuid, Path)),
    responses((status = 200, body = CallCard), Problem)
)]
async fn one(
    State(api): State<ApiState>,
    session: Session,
    UrlPath(id): UrlPath<Uuid>,
) -> Result<Json<CallCard>, Problem> {
    let call = seen(&api, &session, CallId(id)).await?;
    let filter =
        CdrFilter { domain: Some(session.domain.id), call: Some(call.id), ..CdrFilter::default() };
    let mut legs = api.store.page_cdrs(&filter, None, LEGS_MAX).await?;
    legs.sort_by_key(|it| (it.role == LegRole::Callee, it.started, it.leg));
    let recordings = recordings::of_calls(&api, &session, &[call.id]).await?;
    Ok(Json(CallCard::of(call, recordings, &legs)))
}

/// Whose calls a session may list: `None` for everybody's.
pub(super) async fn whose(
    api: &ApiState,
    session: &Session,
    wanted: Option<UserId>,
) -> Result<Option<UserId>, Problem> {
    let own = session.user()?.id;
    let Some(user) = wanted else {
        return Ok((!session.may(Right::CallsTeam)).then_some(own));
    };
    if user == own {
        return Ok(Some(own));
    }
    session.require(Right::CallsTeam)?;
    match api.store.user(session.domain.id, user).await? {
        Some(user) => Ok(Some(user.id)),
        None => Err(Problem::not_found()),
    }
}

/// A call that the session may see.
pub(super) async fn seen(
    api: &ApiState,
    session: &Session,
    id: CallId,
) -> Result<LoggedCall, Problem> {
    let call = api.store.logged_call(session.domain.id, id).await?;
    let call = call.ok_or_else(Problem::not_found)?;
    let may =
        session.may(Right::CallsTeam) || api.store.took_part(session.user()?.id, call.id).await?;
    if may { Ok(call) } else { Err(Problem::not_found()) }
}

impl CallRow {
    pub(super) fn of(call: LoggedCall) -> Self {
        Self {
            id: call.id.0,
            started_at: rfc3339(call.started),
            answered_at: call.answer_ms.map(|ms| after_start(&call, ms)),
            dialled: call.dialled,
            side_a: Side::of(call.a),
            side_b: Side::of(call.b),
            direction: call.direction.as_str(),
            talk_ms: call.talk_ms,
            cause: call.cause,
            recording: None,
        }
    }
}

impl Side {
    fn of(side: CallSide) -> Self {
        Self { number: side.number, name: side.name }
    }
}

impl CallCard {
    fn of(call: LoggedCall, recordings: Vec<RecordingRow>, legs: &[Cdr]) -> Self {
        let recordings: Vec<_> = recordings.into_iter().map(RecordingView::of).collect();
        Self {
            ring_ms: call.ring_ms,
            ended_at: after_start(&call, call.end_ms),
            hangup: call.hangup.as_str(),
            history: history(&call, legs),
            legs: legs.iter().map(LegFigures::of).collect(),
            row: CallRow { recording: recordings.last().cloned(), ..CallRow::of(call) },
            recordings,
        }
    }
}

fn after_start(call: &LoggedCall, ms: i64) -> String {
    rfc3339(UnixMillis(call.started.0.saturating_add(ms)))
}

impl LegFigures {
    pub(super) fn of(cdr: &Cdr) -> Self {
        Self {
            id: cdr.leg.0,
            role: cdr.role.as_str(),
            number: archive::number_of(&cdr.party).to_owned(),
            name: cdr.name.clone(),
            trunk: archive::trunk_of(&cdr.party).map(str::to_owned),
            workplace: cdr.workplace.clone(),
            started_at: rfc3339(cdr.started),
            ring_ms: cdr.ring_ms,
            answer_ms: cdr.answer_ms,
            end_ms: cdr.end_ms,
            talk_ms: cdr.talk_ms,
            sip_status: cdr.sip_status,
            hangup: cdr.hangup.as_str(),
            cause: cdr.cause.clone(),
            codec: cdr.codec.clone(),
            signalling_peer: cdr.signalling_peer.clone(),
            sip_call_id: cdr.sip_call_id.clone(),
            stream: StreamFigures::of(&cdr.media),
            latched: cdr.media.latched.map(|it| it.to_string()),
        }
    }
}

/// What the legs' times tell.
fn history(call: &LoggedCall, legs: &[Cdr]) -> Vec<Fact> {
    let mut facts = vec![(
        call.started.0,
        "call_started",
        call.a.number.as_str(),
        json!({ "dialled": call.dialled }),
    )];
    for leg in legs {
        let who = archive::number_of(&leg.party);
        let at = |ms: i64| leg.started.0.saturating_add(ms);
        if leg.role == LegRole::Callee {
            facts.push((at(0), "rung", who, json!({ "name": leg.name })));
            facts.extend(leg.ring_ms.map(|ms| (at(ms), "ringing", who, json!({}))));
            facts.extend(leg.answer_ms.map(|ms| (at(ms), "answered", who, json!({}))));
        } else if call.b_rank == 0 {
            // Nobody else is there: we answered ourselves.
            facts.extend(leg.answer_ms.map(|ms| (at(ms), "answered", who, json!({}))));
        }
        let end = json!({ "cause": leg.cause, "hangup": leg.hangup.as_str() });
        facts.push((at(leg.end_ms), "hung_up", who, end));
    }
    facts.sort_by_key(|(at, ..)| *at);
    let fact = |(at, what, who, params): (i64, _, &str, _)| Fact {
        at: rfc3339(UnixMillis(at)),
        what,
        who: who.to_owned(),
        params,
    };
    facts.into_iter().map(fact).collect()
}

/// A call rings far fewer devices.
const LEGS_MAX: u32 = 500;
