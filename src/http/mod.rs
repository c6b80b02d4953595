//! HTTP: the API of the operator workspace, health, readiness and metrics for whoever runs the server,
//! and the control socket for the command line.

pub mod api;
pub mod control;
mod health;

pub use health::{HttpState, NotReady, Readiness};

use api::ApiState;
use axum::Router;
use std::{io, net::SocketAddr};
use tokio::{net::TcpListener, sync::watch};

/// The routes of the public address: the API, `/healthz`, `/readyz`, `/metrics`.
pub fn router(state: HttpState, api: ApiState) -> Router {
    health::routes().with_state(state).nest(api::BASE, api::router(api))
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
