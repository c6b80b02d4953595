//! Counts requests and times them, by the route's template.

use crate::telemetry::metrics::{HTTP_REQUESTS, HTTP_SECONDS};
use axum::{
    extract::{MatchedPath, Request},
    middleware::Next,
    response::Response,
};
use metrics::{counter, histogram};
use std::time::Instant;

/// Counts one request.
pub(super) async fn count(request: Request, next: Next) -> Response {
    let route = route_of(&request).to_owned();
    let method = request.method().as_str().to_owned();
    let began = Instant::now();
    let response = next.run(request).await;
    let status = response.status().as_str().to_owned();
    let labels = [("route", route), ("method", method), ("status", status)];
    histogram!(HTTP_SECONDS, &labels[..2]).record(began.elapsed());
    counter!(HTTP_REQUESTS, &labels).increment(1);
    response
}

/// The route's template, without what stands in its parameters. Paths that are no routes are the
/// stranger's to choose: they share one name.
pub(super) fn route_of(request: &Request) -> &str {
    request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str)
}
