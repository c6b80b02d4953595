//! What goes on now: lines, live calls, registrations, and how a panel begins.

use super::{
    Access, Act, ApiState, AuditAction, AuditObject, Door, Me, Panels, Problem, Session, UrlPath,
    UrlQuery,
    menu::{MenuItem, menu_of},
};
use crate::{
    board::{BoardGone, BoardHandle, Found, LineView},
    events::{ActiveCall, Hub, LineState, Stamp},
    mediaserver::LiveFigures,
    registrar::Locations,
    signalling::{ShardGone, ShardHandle},
    store::Right,
};
use axum::{Json, extract::State, http::StatusCode};
use base::CallId;
use call::{Occupancy, Rooms, TrunkStates};
use serde::{Deserialize, Serialize};
use sip::bindings::Binding;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;
use uuid::Uuid;

/// The owners of what goes on.
#[derive(Clone, Debug)]
pub struct Live {
    /// The stream of facts.
    pub hub: Hub,
    /// Lines and live calls.
    pub board: BoardHandle,
    /// The signalling shards, by number.
    pub shards: Vec<ShardHandle>,
    /// Who is registered.
    pub locations: Locations,
    /// Who is in which conference.
    pub rooms: Rooms,
    /// How the trunks stand.
    pub trunks: TrunkStates,
    /// How many calls go through them.
    pub occupancy: Occupancy,
    /// How media sessions do.
    pub figures: LiveFigures,
    /// The connected panels.
    pub panels: Panels,
}

/// Who may see lines and how they stand: people, and screens on walls.
pub(super) const LINES_VIEW: &[Right] = &[Right::ExtensionsView, Right::WallView];

impl Live {
    /// The shard of a call that is the session's own, or that it has the right to act on.
    pub(super) async fn shard_for(
        &self,
        session: &Session,
        call: CallId,
        right: Right,
    ) -> Result<&ShardHandle, Problem> {
        let found = self.find(session, call).await?.ok_or_else(Problem::not_found)?;
        if !session.user_id().is_some_and(|user| found.users.contains(&user)) {
            session.require(right)?;
        }
        self.shard(&found)
    }

    /// A live call of the session's domain, whoever may act on it; `None` if it is over.
    pub(super) async fn find(
        &self,
        session: &Session,
        call: CallId,
    ) -> Result<Option<Found>, Problem> {
        let found = self.board.find(call).await?;
        Ok(found.filter(|it| it.domain == session.domain.id))
    }

    /// The shard of what was found.
    pub(super) fn shard(&self, found: &Found) -> Result<&ShardHandle, Problem> {
        self.shards.get(usize::from(found.shard)).ok_or_else(Problem::busy)
    }
}

pub(super) fn routes(door: Door) -> Door {
    door.route(Access::AnySession, routes!(bootstrap))
        .route(Access::AnySession, routes!(my_lines))
        .route(Access::AnyOf(LINES_VIEW), routes!(extensions))
        .route(Access::AnySession, routes!(active_calls))
        .route(Access::AnySession, routes!(hang_up))
        .route(Access::Right(Right::RegistrationsView), routes!(registrations))
}

/// Everything that a panel begins with.
#[derive(Debug, Serialize, ToSchema)]
struct Bootstrap {
    /// Frames with a greater number come on top of this.
    seq: u64,
    /// Who is signed in.
    me: Me,
    /// The sections of the workspace, in order.
    menu: Vec<MenuItem>,
    /// The lines at which they sit.
    lines: Vec<MyLine>,
    /// The live calls on those.
    calls: Vec<ActiveCall>,
}

/// A line at which somebody sits.
#[derive(Debug, Serialize, ToSchema)]
struct MyLine {
    /// Id.
    id: Uuid,
    /// The number that others dial.
    number: String,
    /// What the phone signs in with.
    sip_user: String,
    /// Shown to those it calls.
    name: String,
    /// How it stands.
    status: LineState,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    since: Stamp,
}

/// The same as a list.
#[derive(Debug, Serialize, ToSchema)]
struct MyLines {
    /// By number.
    items: Vec<MyLine>,
}

/// A line of the domain.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Extension)]
struct ExtensionView {
    /// Id.
    id: Uuid,
    /// The number that others dial.
    number: String,
    /// Shown to those it calls.
    name: String,
    /// How it stands.
    status: LineState,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    since: Stamp,
    /// Who sits there.
    #[schema(required)]
    user_id: Option<Uuid>,
}

/// The same as a list.
#[derive(Debug, Serialize, ToSchema)]
struct Extensions {
    /// Frames with a greater number come on top of this.
    seq: u64,
    /// By number.
    items: Vec<ExtensionView>,
}

/// What is looked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ExtensionQuery {
    /// A part of a number or a name.
    q: Option<String>,
}

/// Live calls as a list.
#[derive(Debug, Serialize, ToSchema)]
struct ActiveCalls {
    /// Frames with a greater number come on top of this.
    seq: u64,
    /// Oldest first.
    items: Vec<ActiveCall>,
}

/// A device that registered.
#[derive(Debug, Serialize, ToSchema)]
struct Registration {
    /// The number that it rings for.
    number: String,
    /// Where it wants to be reached.
    contact: String,
    /// What it calls itself.
    user_agent: String,
    /// How it registered.
    transport: String,
    /// Where the registration came from.
    remote_address: String,
    /// When it registered last.
    #[schema(value_type = String, format = DateTime)]
    registered_at: Stamp,
    /// When it is forgotten unless it registers again.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Stamp,
}

/// The same as a list.
#[derive(Debug, Serialize, ToSchema)]
struct Registrations {
    /// By number.
    items: Vec<Registration>,
}

/// Everything that a panel begins with
#[utoipa::path(
    get, path = "/bootstrap", tag = "live", responses((status = 200, body = Bootstrap), Problem)
)]
async fn bootstrap(
    State(api): State<ApiState>,
    session: Session,
) -> Result<Json<Bootstrap>, Problem> {
    let (board, domain, user) = (&api.live()?.board, session.domain.id, session.user()?.id);
    // What comes between the two is published after the first's number, and applied again.
    let lines = board.lines_of(domain, user).await?;
    let calls = board.calls_of(domain, user).await?;
    Ok(Json(Bootstrap {
        seq: lines.seq,
        me: Me::of(&session),
        menu: menu_of(&session),
        lines: lines.items.into_iter().map(MyLine::from).collect(),
        calls: calls.items.into_iter().map(Arc::unwrap_or_clone).collect(),
    }))
}

/// The lines at which I sit
#[utoipa::path(
    get, path = "/me/lines", tag = "me", responses((status = 200, body = MyLines), Problem)
)]
async fn my_lines(State(api): State<ApiState>, session: Session) -> Result<Json<MyLines>, Problem> {
    let board = &api.live()?.board;
    let lines = board.lines_of(session.domain.id, session.user()?.id).await?;
    Ok(Json(MyLines { items: lines.items.into_iter().map(MyLine::from).collect() }))
}

/// All lines of the domain
#[utoipa::path(
    get, path = "/extensions", tag = "live", params(ExtensionQuery),
    responses((status = 200, body = Extensions), Problem)
)]
async fn extensions(
    State(api): State<ApiState>,
    session: Session,
    UrlQuery(query): UrlQuery<ExtensionQuery>,
) -> Result<Json<Extensions>, Problem> {
    let lines = api.live()?.board.lines(session.domain.id).await?;
    let wanted = query.q.unwrap_or_default().to_lowercase();
    let is_meant =
        |it: &LineView| it.number.contains(&wanted) || it.name.to_lowercase().contains(&wanted);
    let items = lines.items.into_iter().filter(is_meant).map(ExtensionView::from).collect();
    Ok(Json(Extensions { seq: lines.seq, items }))
}

/// Live calls: all of the domain for who may watch, else one's own
#[utoipa::path(
    get, path = "/calls/active", tag = "live", responses((status = 200, body = ActiveCalls), Problem)
)]
async fn active_calls(
    State(api): State<ApiState>,
    session: Session,
) -> Result<Json<ActiveCalls>, Problem> {
    let (board, domain) = (&api.live()?.board, session.domain.id);
    let calls = if session.may(Right::LiveView) {
        board.calls(domain).await?
    } else {
        board.calls_of(domain, session.user()?.id).await?
    };
    Ok(Json(ActiveCalls {
        seq: calls.seq,
        items: calls.items.into_iter().map(Arc::unwrap_or_clone).collect(),
    }))
}

/// End a live call: one's own, or any for who may
#[utoipa::path(
    post, path = "/calls/{id}/hangup", tag = "live", params(("id" = Uuid, Path, description = "The call")),
    responses((status = 202, description = "It is being ended"), Problem)
)]
async fn hang_up(
    State(api): State<ApiState>,
    session: Session,
    UrlPath(id): UrlPath<Uuid>,
) -> Result<StatusCode, Problem> {
    let shard = api.live()?.shard_for(&session, CallId(id), Right::CallHangupAny).await?;
    if !shard.hang_up(CallId(id)).await? {
        // It ended by itself in the meantime.
        return Err(Problem::not_found());
    }
    api.audit(&session, Act::on(AuditAction::CallHungUp, AuditObject::Call, id)).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Who is registered in the domain
#[utoipa::path(
    get, path = "/admin/registrations", tag = "admin",
    responses((status = 200, body = Registrations), Problem)
)]
async fn registrations(
    State(api): State<ApiState>,
    session: Session,
) -> Result<Json<Registrations>, Problem> {
    let bindings = api.live()?.locations.of_domain(session.domain.id);
    let mut items: Vec<_> =
        bindings.iter().flat_map(|it| it.iter()).map(Registration::from).collect();
    items.sort_by(|a, b| (&a.number, &a.contact).cmp(&(&b.number, &b.contact)));
    Ok(Json(Registrations { items }))
}

impl From<LineView> for MyLine {
    fn from(line: LineView) -> Self {
        let LineView { id, number, name, status, since, .. } = line;
        Self { id: id.0, sip_user: number.clone(), number, name, status, since }
    }
}

impl From<LineView> for ExtensionView {
    fn from(line: LineView) -> Self {
        let LineView { id, number, name, user, status, since, .. } = line;
        Self { id: id.0, number, name, status, since, user_id: user.map(|it| it.0) }
    }
}

impl From<&Binding> for Registration {
    fn from(binding: &Binding) -> Self {
        Self {
            number: binding.aor.user.clone(),
            contact: binding.contact.to_string(),
            user_agent: binding.user_agent.clone(),
            transport: binding.received.transport.to_string(),
            remote_address: binding.received.remote.to_string(),
            registered_at: Stamp(binding.registered_at),
            expires_at: Stamp(binding.expires_at),
        }
    }
}

impl From<BoardGone> for Problem {
    fn from(_: BoardGone) -> Self {
        Self::busy()
    }
}

impl From<ShardGone> for Problem {
    fn from(_: ShardGone) -> Self {
        Self::busy()
    }
}
