//! The panel: static files inside the binary (a debug build reads them from `web/dist`).

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use rust_embed::{Embed, EmbeddedFile};
use std::fmt::Write as _;

#[derive(Embed)]
#[folder = "web/dist"]
struct Files;

/// Answers whatever is no other route's: a file of the panel, or its page, which knows the rest of
/// the paths itself.
pub(super) async fn serve(request: Request) -> Response {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    }
    answer(request.uri().path(), request.headers(), Files::get)
}

fn answer(
    path: &str,
    headers: &HeaderMap,
    file: impl Fn(&str) -> Option<EmbeddedFile>,
) -> Response {
    let path = path.trim_start_matches('/');
    let is_hashed = path.starts_with(HASHED);
    if let Some(found) = file(path).filter(|_| !path.is_empty() && path != PAGE) {
        let caching = if is_hashed { FOR_EVER } else { ASK_AGAIN };
        return send(&found, caching, headers);
    }
    if is_hashed || path == "api" || path.starts_with("api/") {
        return (StatusCode::NOT_FOUND, "not found\n").into_response();
    }
    match file(PAGE) {
        Some(page) => send(&page, ASK_AGAIN, headers),
        None => (StatusCode::SERVICE_UNAVAILABLE, NOT_BUILT).into_response(),
    }
}

fn send(file: &EmbeddedFile, caching: &'static str, headers: &HeaderMap) -> Response {
    // Weak, because the file may go out compressed (RFC 9110 section 8.8.1).
    let tag = format!("W/\"{}\"", hex(&file.metadata.sha256_hash()[..TAG_BYTES]));
    let kept = headers.get(header::IF_NONE_MATCH).and_then(|it| it.to_str().ok());
    let is_kept = kept.is_some_and(|it| it.split(',').any(|it| it.trim() == tag));
    let mut response = if is_kept {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let kind = file.metadata.mimetype();
        ([(header::CONTENT_TYPE, kind)], Body::from(file.data.to_vec())).into_response()
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    headers.insert(header::ETAG, HeaderValue::try_from(tag).expect("digits are a header's text"));
    response
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The one page.
const PAGE: &str = "index.html";
/// Files whose names change with what is in them.
const HASHED: &str = "assets/";
const FOR_EVER: &str = "public, max-age=31536000, immutable";
const ASK_AGAIN: &str = "no-cache";
const NOT_BUILT: &str = "the panel is not built: run make build\n";
/// Enough of a hash to tell two builds apart.
const TAG_BYTES: usize = 12;

#[cfg(test)]
mod tests {
    use super::*;
    use rust_embed::Metadata;

    #[test]
    fn hashed_files_are_kept_for_ever_and_the_page_is_asked_for_again() {
        let script = ask("/assets/app-1a2b.js", None);
        let page = ask("/", None);

        assert_eq!(script.headers()[header::CACHE_CONTROL], FOR_EVER);
        assert_eq!(page.headers()[header::CACHE_CONTROL], "no-cache");
        let tag = page.headers()[header::ETAG].to_str().unwrap().to_owned();
        assert_eq!(ask("/", Some(&tag)).status(), StatusCode::NOT_MODIFIED);
        assert_eq!(ask("/", Some("W/\"0\"")).status(), StatusCode::OK);
    }

    #[test]
    fn paths_of_the_panel_get_its_page_and_lost_files_do_not() {
        for path in ["/workspace/calls", "/recover", "/admin/users/7"] {
            let response = ask(path, None);
            assert_eq!(response.status(), StatusCode::OK, "{path}");
            assert_eq!(response.headers()[header::CONTENT_TYPE], "text/html", "{path}");
        }
        for path in ["/assets/gone.js", "/api/v2/me", "/api"] {
            assert_eq!(ask(path, None).status(), StatusCode::NOT_FOUND, "{path}");
        }
    }

    #[test]
    fn a_panel_that_is_not_built_says_how_to_build_it() {
        let response = answer("/", &HeaderMap::new(), |_| None);

        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    }

    fn ask(path: &str, tag: Option<&str>) -> Response {
        let mut headers = HeaderMap::new();
        if let Some(tag) = tag {
            headers.insert(header::IF_NONE_MATCH, tag.parse().unwrap());
        }
        answer(path, &headers, |path| match path {
            "index.html" => Some(file(b"<!doctype html>", "text/html")),
            "assets/app-1a2b.js" => Some(file(b"export {}", "text/javascript")),
            _ => None,
        })
    }

    fn file(data: &'static [u8], kind: &'static str) -> EmbeddedFile {
        let hash = [data.len() as u8; 32];
        let metadata = Metadata::__rust_embed_new(hash, None, None, kind);
        EmbeddedFile { data: data.into(), metadata }
    }
}
