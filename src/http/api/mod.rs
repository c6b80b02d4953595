//! The API, `/api/v1`: one room a resource, all of them behind one [`Door`].
//!
//! A room's `routes` puts its handlers into the door and says with each who may take it. The door
//! sees to the session, its rights, CSRF, the origin, repeated commands, limits and figures; a
//! handler finds its [`Session`] and says no with a [`Problem`].

mod act;
mod admin_audit;
mod admin_config;
mod admin_dialplans;
mod admin_domains;
mod admin_health;
mod admin_lines;
mod admin_outbound;
mod admin_roles;
mod admin_trunks;
mod admin_users;
mod attempts;
mod auth;
mod call_orders;
mod callee;
mod caller_lists;
mod calls;
mod cdrs;
mod commands;
mod conferences;
mod cookie;
mod diagnosis;
mod door;
mod events;
pub mod extract;
mod figures;
mod guard;
pub mod house;
mod idempotency;
mod interactions;
mod ladder;
pub mod listing;
mod live;
mod live_sessions;
mod mail;
mod mailboxes;
mod me;
mod media_rules;
pub mod menu;
mod passwords;
mod peer;
mod plan_words;
mod problem;
mod products;
mod quality;
mod recordings;
mod recovery;
mod session;
mod settings;
mod state;
mod statistics;
mod streamed;
mod supervising;
mod text;
mod text_diff;
pub mod time;
mod trunk_states;
mod walls;
mod workplaces;

pub use act::{Act, AuditAction, AuditObject};
pub use door::{Access, Door, Route};
pub use events::{Panels, tell_changes};
pub use extract::{IfMatch, JsonBody, UrlPath, UrlQuery};
pub use live::Live;
pub use live_sessions::{LiveSessions, SessionWatch};
pub use me::Me;
pub use problem::{FieldError, Problem};
pub use products::Product;
pub use session::{Holder, Session};
pub use state::{ApiState, CHANGES_MAX, Changed};
pub use statistics::CallStatistics;
pub use text::Text;

use crate::telemetry::panics::{Owner, contained};
use axum::{
    Extension, Json, Router,
    extract::{DefaultBodyLimit, Request},
    middleware::{self, Next},
    response::{IntoResponse as _, Response},
};
use std::time::Duration;
use tokio::time::timeout;
use utoipa::openapi::{InfoBuilder, OpenApi, ServerBuilder};
use utoipa_axum::routes;

/// Below which all of it is.
pub const BASE: &str = "/api/v1";

/// All rooms behind their door.
pub fn door() -> Door {
    let door = Door::new();
    let door = auth::routes(door);
    let door = recovery::routes(door);
    let door = me::routes(door);
    let door = calls::routes(door);
    let door = interactions::routes(door);
    let door = cdrs::routes(door);
    let door = statistics::routes(door);
    let door = live::routes(door);
    let door = commands::routes(door);
    let door = call_orders::routes(door);
    let door = supervising::routes(door);
    let door = conferences::routes(door);
    let door = quality::routes(door);
    let door = recordings::routes(door);
    let door = ladder::routes(door);
    let door = events::routes(door);
    let door = settings::routes(door);
    let door = walls::routes(door);
    let door = admin_users::routes(door);
    let door = admin_roles::routes(door);
    let door = admin_audit::routes(door);
    let door = admin_lines::routes(door);
    let door = admin_outbound::routes(door);
    let door = caller_lists::routes(door);
    let door = mailboxes::routes(door);
    let door = workplaces::routes(door);
    let door = admin_trunks::routes(door);
    let door = trunk_states::routes(door);
    let door = admin_domains::routes(door);
    let door = admin_dialplans::routes(door);
    let door = admin_health::routes(door);
    let door = admin_config::routes(door);
    door.route(Access::Public, routes!(description))
}

/// What serves [`BASE`]; paths are below it.
pub fn router(api: ApiState) -> Router {
    let (router, _) = door().open();
    router
        .fallback(|| async { Problem::not_found() })
        .method_not_allowed_fallback(|| async { Problem::method_not_allowed() })
        .layer(middleware::from_fn(contain))
        .layer(middleware::from_fn(within_time))
        .layer(middleware::from_fn(problem::localise))
        .layer(middleware::from_fn(figures::count))
        .layer(middleware::from_fn(carry_through))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(Extension(api.clone()))
        .with_state(api)
}

/// The description of all routes.
pub fn openapi() -> OpenApi {
    let (_, mut openapi) = door().open();
    openapi.info = InfoBuilder::new()
        .title("Tandem")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some("The API of the operator workspace"))
        .build();
    openapi.servers = Some(vec![ServerBuilder::new().url(BASE).build()]);
    problem::add_schemas(&mut openapi);
    name_operations(&mut openapi);
    openapi
}

/// Handlers of different rooms have the same names; an operation's must be its own.
fn name_operations(openapi: &mut OpenApi) {
    for (path, item) in &mut openapi.paths.paths {
        let place = path.replace(['/', '-', '.'], "_").replace(['{', '}'], "");
        let operations = [
            ("get", &mut item.get),
            ("post", &mut item.post),
            ("put", &mut item.put),
            ("delete", &mut item.delete),
        ];
        for (method, operation) in operations {
            if let Some(operation) = operation {
                operation.operation_id = Some(format!("{method}{place}"));
            }
        }
    }
}

/// The description of this API
#[utoipa::path(
    get, path = "/openapi.json", tag = "api",
    responses((status = 200, description = "OpenAPI 3.1", body = Object))
)]
async fn description() -> Json<OpenApi> {
    Json(openapi())
}

/// A handler that panics is answered for. It owns nothing, and the database undoes what is not committed.
async fn contain(request: Request, next: Next) -> Response {
    let about = format!("{} {}", request.method(), figures::route_of(&request));
    let done = contained(Owner::Api, about, next.run(request)).await;
    done.unwrap_or_else(|| Problem::internal().into_response())
}

/// A handler that hangs is given up.
async fn within_time(request: Request, next: Next) -> Response {
    timeout(HANDLER_TIMEOUT, next.run(request))
        .await
        .unwrap_or_else(|_| Problem::busy().into_response())
}

/// What changes something is done to its end although its caller leaves: a change that is kept by half,
/// or kept and told to nobody, is nobody's wish. What only reads is dropped.
async fn carry_through(request: Request, next: Next) -> Response {
    if request.method().is_safe() {
        return next.run(request).await;
    }
    let done = tokio::spawn(next.run(request)).await;
    done.unwrap_or_else(|_| Problem::internal().into_response())
}

/// Of a request's body; longer ones get 413.
const BODY_BYTES_MAX: usize = 1024 * 1024;

/// How long a handler may take to begin its answer.
const HANDLER_TIMEOUT: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests {
    use super::*;
    use axum::{
        Router,
        body::Body,
        http::StatusCode,
        routing::{any, get},
    };
    use std::sync::Arc;
    use tokio::sync::{Notify, mpsc};
    use tower::ServiceExt as _;

    #[tokio::test]
    async fn a_handler_that_panics_is_answered_for_and_others_go_on() {
        async fn poisoned() -> &'static str {
            panic!("poisoned by the test")
        }
        let routes =
            Router::new().route("/bad", get(poisoned)).route("/good", get(|| async { "" }));
        let routes = routes.layer(middleware::from_fn(contain));
        let ask = async |path| {
            let request = Request::get(path).body(Body::empty()).unwrap();
            routes.clone().oneshot(request).await.unwrap().status()
        };

        assert_eq!(ask("/bad").await, StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(ask("/good").await, StatusCode::OK);
    }

    #[tokio::test]
    async fn a_change_is_done_although_its_caller_left_and_a_reading_is_not() {
        assert!(is_done_without_its_caller("PUT").await);
        assert!(!is_done_without_its_caller("GET").await);
    }

    async fn is_done_without_its_caller(method: &str) -> bool {
        let (begun, mut begins) = mpsc::unbounded_channel();
        let (done, mut ends) = mpsc::unbounded_channel();
        let go_on = Arc::new(Notify::new());
        let gate = Arc::clone(&go_on);
        let slow = move || {
            let (begun, done, gate) = (begun.clone(), done.clone(), Arc::clone(&gate));
            async move {
                begun.send(()).unwrap();
                gate.notified().await;
                done.send(()).unwrap();
            }
        };
        let routes = Router::new().route("/", any(slow)).layer(middleware::from_fn(carry_through));
        let request = Request::builder().method(method).body(Body::empty()).unwrap();

        let asked = tokio::spawn(routes.oneshot(request));
        begins.recv().await.unwrap();
        asked.abort();
        asked.await.unwrap_err();
        go_on.notify_one();

        ends.recv().await.is_some()
    }
}
