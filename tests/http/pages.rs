//! The whole of the public address: the panel, the headers, the description.

use crate::{house::House, places::Place};
use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use std::{pin::Pin, sync::Arc};
use tandem::http::{self, HttpState, NotReady, Readiness};
use tower::ServiceExt as _;

pub(crate) async fn every_answer_forbids_what_the_panel_does_not_need(place: Place) {
    let house = House::open(place).await;
    let metrics = Arc::new(String::new);
    let state = HttpState { readiness: Arc::new(Ready), metrics };
    let router = http::router(state, house.api.clone());

    for (path, status) in [
        ("/healthz", StatusCode::OK),
        ("/api/v1/me", StatusCode::UNAUTHORIZED),
        ("/api/v1/nothing", StatusCode::NOT_FOUND),
        ("/api/v2", StatusCode::NOT_FOUND),
        ("/assets/nothing.js", StatusCode::NOT_FOUND),
        ("/api/v1/openapi.json", StatusCode::OK),
    ] {
        let request = Request::get(path).body(Body::empty()).unwrap();
        let response = router.clone().oneshot(request).await.unwrap();

        assert_eq!(response.status(), status, "{path}");
        let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
        let policy = header("content-security-policy");
        assert!(policy.contains("default-src 'self'"), "{policy}");
        assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(header("referrer-policy"), "no-referrer", "{path}");
    }
    let packed = Request::get("/api/v1/openapi.json").header(header::ACCEPT_ENCODING, "gzip");
    let packed = router.oneshot(packed.body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(packed.headers()[header::CONTENT_ENCODING], "gzip");
}

/// What the panel's types are made from.
#[test]
fn the_panels_copy_of_the_description_is_what_the_server_says() {
    let copy = concat!(env!("CARGO_MANIFEST_DIR"), "/web/openapi.json");
    let copy = std::fs::read_to_string(copy).unwrap();
    let description = http::api::openapi().to_pretty_json().unwrap();

    assert!(copy == description + "\n", "web/openapi.json is stale: run make api");
}

struct Ready;

impl Readiness for Ready {
    fn check(&self) -> Pin<Box<dyn Future<Output = Result<(), NotReady>> + Send + '_>> {
        Box::pin(async { Ok(()) })
    }
}
