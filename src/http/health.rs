//! Whether the process lives, whether it may be sent calls, and its metrics.

use axum::{
    Router,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use std::{fmt, future::Future, pin::Pin, sync::Arc};

/// What the handlers share.
#[derive(Clone)]
pub struct HttpState {
    /// Answers `/readyz`.
    pub readiness: Arc<dyn Readiness>,
    /// Renders `/metrics` in the Prometheus text format.
    pub metrics: Arc<dyn Fn() -> String + Send + Sync>,
}

/// Knows whether calls may be sent here. Every answer comes within a few seconds.
pub trait Readiness: Send + Sync {
    /// Asks the database, the sockets and the drain.
    fn check(&self) -> Pin<Box<dyn Future<Output = Result<(), NotReady>> + Send + '_>>;
}

/// Why no calls may be sent here; shown to whoever asks `/readyz`.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum NotReady {
    /// The sockets are not bound yet.
    #[error("starting")]
    Starting,
    /// The database does not answer.
    #[error("the database does not answer")]
    Database,
    /// Told to stop; calls under way are ending.
    #[error("draining")]
    Draining,
}

impl fmt::Debug for HttpState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpState").finish_non_exhaustive()
    }
}

pub(super) fn routes() -> Router<HttpState> {
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
}

async fn ready(State(state): State<HttpState>) -> Response {
    match state.readiness.check().await {
        Ok(()) => "ready\n".into_response(),
        Err(reason) => (StatusCode::SERVICE_UNAVAILABLE, format!("{reason}\n")).into_response(),
    }
}

async fn metrics(State(state): State<HttpState>) -> Response {
    let kind = [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    (kind, (state.metrics)()).into_response()
}
