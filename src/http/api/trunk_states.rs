//! `/admin/trunk-states`: how the trunks of a domain stand now.

use super::{Access, ApiState, Door, Problem, Session, Text};
use crate::store::Right;
use axum::{Json, extract::State};
use call::{RegistrationState, TrunkFailure, TrunkHealth, TrunkState};
use serde::Serialize;
use std::collections::HashMap;
use utoipa::ToSchema;
use utoipa_axum::routes;

pub(super) fn routes(door: Door) -> Door {
    door.route(Access::Right(Right::TrunksManage), routes!(list))
}

/// How all trunks of the domain stand.
#[derive(Debug, Serialize, ToSchema)]
struct TrunkStates {
    /// By name; those that calls go through.
    items: Vec<Standing>,
}

/// How a trunk stands now.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TrunkState)]
struct Standing {
    /// Its name.
    name: String,
    /// Calls through it, both directions together.
    calls: u32,
    /// Whether it answers OPTIONS, so that calls are not passed over; `null` if it is not asked.
    #[schema(required)]
    is_up: Option<bool>,
    /// Whether we are registered with it; `null` if we do not want to be.
    #[schema(required)]
    is_registered: Option<bool>,
    /// What went wrong the last time it was asked, or we registered; `null` if nothing did.
    #[schema(required)]
    failure: Option<Text>,
}

/// How the trunks stand now
#[utoipa::path(
    get, path = "/admin/trunk-states", tag = "administration",
    responses((status = 200, body = TrunkStates), Problem)
)]
async fn list(State(api): State<ApiState>, session: Session) -> Result<Json<TrunkStates>, Problem> {
    let live = api.live()?;
    let calls: HashMap<_, _> = live.occupancy.trunks().into_iter().collect();
    let own = live.trunks.all().into_iter().filter(|(_, it)| it.domain == session.domain.id);
    let items = own.map(|(name, state)| {
        let calls = calls.get(&name).copied().unwrap_or(0);
        Standing::of(name, calls, &state)
    });
    Ok(Json(TrunkStates { items: items.collect() }))
}

impl Standing {
    fn of(name: String, calls: u32, state: &TrunkState) -> Self {
        let health = state.health_failure.map(|it| words("OPTIONS", it));
        let registration = state.registration_failure.map(|it| words("REGISTER", it));
        Self {
            name,
            calls,
            is_up: match state.health {
                TrunkHealth::NotAsked => None,
                TrunkHealth::Up => Some(true),
                TrunkHealth::Down => Some(false),
            },
            is_registered: match state.registration {
                RegistrationState::NotWanted => None,
                RegistrationState::Lost => Some(false),
                RegistrationState::At(_) => Some(true),
            },
            failure: registration.or(health),
        }
    }
}

fn words(asked: &str, failure: TrunkFailure) -> Text {
    let ru = match failure {
        TrunkFailure::Silent => format!("{asked}: нет ответа"),
        TrunkFailure::Refused(_) => format!("{asked}: {failure}"),
    };
    Text::both(ru, format!("{asked}: {failure}"))
}
