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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http;
    use std::{net::SocketAddr, sync::Mutex, time::Duration};
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpStream,
        sync::watch,
        time::timeout,
    };

    #[tokio::test]
    async fn a_server_is_alive_always_and_ready_only_while_it_can_take_calls() {
        let (address, readiness, _stop) = serve().await;

        for (state, expected) in [
            (Ok(()), "HTTP/1.1 200 OK ready"),
            (Err(NotReady::Starting), "HTTP/1.1 503 Service Unavailable starting"),
            (
                Err(NotReady::Database),
                "HTTP/1.1 503 Service Unavailable the database does not answer",
            ),
            (Err(NotReady::Draining), "HTTP/1.1 503 Service Unavailable draining"),
        ] {
            *readiness.0.lock().unwrap() = state;
            assert_eq!(get(address, "/readyz").await, expected);
            assert_eq!(get(address, "/healthz").await, "HTTP/1.1 200 OK ok");
        }
    }

    #[tokio::test]
    async fn metrics_are_rendered_when_asked_for() {
        let (address, _readiness, _stop) = serve().await;

        assert_eq!(get(address, "/metrics").await, "HTTP/1.1 200 OK calls 1");
        assert_eq!(get(address, "/nothing").await, "HTTP/1.1 404 Not Found ");
    }

    #[tokio::test]
    async fn a_taken_port_is_named_with_what_to_do() {
        let (address, _readiness, _stop) = serve().await;

        let error = http::bind(address).await.unwrap_err().to_string();

        assert!(error.contains(&address.to_string()) && error.contains("another port"), "{error}");
    }

    struct Told(Mutex<Result<(), NotReady>>);

    impl Readiness for Told {
        fn check(&self) -> Pin<Box<dyn Future<Output = Result<(), NotReady>> + Send + '_>> {
            Box::pin(async { self.0.lock().unwrap().clone() })
        }
    }

    async fn serve() -> (SocketAddr, Arc<Told>, watch::Sender<bool>) {
        let readiness = Arc::new(Told(Mutex::new(Ok(()))));
        let metrics = Arc::new(|| "calls 1\n".to_owned());
        let router = routes().with_state(HttpState { readiness: readiness.clone(), metrics });
        let listener = http::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopping) = watch::channel(false);
        tokio::spawn(http::serve(listener, router, stopping));
        (address, readiness, stop)
    }

    /// Status line and body.
    async fn get(address: SocketAddr, path: &str) -> String {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        let read = stream.read_to_string(&mut answer);
        timeout(Duration::from_secs(10), read).await.unwrap().unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        format!("{} {}", head.lines().next().unwrap(), body.trim_end())
    }
}
