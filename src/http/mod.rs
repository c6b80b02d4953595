//! HTTP: the operator workspace and its API, health, readiness and metrics for whoever runs the server,
//! and the control socket for the command line.

pub mod api;
pub mod control;
mod headers;
mod health;
mod panel;

pub use health::{HttpState, NotReady, Readiness};

use api::ApiState;
use axum::{Router, middleware};
use std::{io, net::SocketAddr};
use tokio::{net::TcpListener, sync::watch};
use tower_http::compression::CompressionLayer;

/// The routes of the public address: the API, `/healthz`, `/readyz`, `/metrics`, and the panel for
/// all other paths.
pub fn router(state: HttpState, api: ApiState) -> Router {
    health::routes()
        .with_state(state)
        .nest(api::BASE, api::router(api))
        .fallback(panel::serve)
        .layer(CompressionLayer::new())
        .layer(middleware::from_fn(headers::protect))
}

/// Binds the public address, so that a port in use stops the start.
pub async fn bind(address: SocketAddr) -> Result<TcpListener, BindError> {
    TcpListener::bind(address).await.map_err(|error| BindError { address, error })
}

/// Serves until `stop` turns true and the requests under way are answered.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    mut stop: watch::Receiver<bool>,
) -> io::Result<()> {
    axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>())
        .with_graceful_shutdown(async move {
            // An owner that is gone stops us, too.
            let _ = stop.wait_for(|stop| *stop).await;
        })
        .await
}

/// The HTTP address cannot be had.
#[derive(Debug, thiserror::Error)]
#[error(
    "cannot listen on http {address}: {error}; stop the program that holds it or choose \
         another port"
)]
pub struct BindError {
    address: SocketAddr,
    error: io::Error,
}
