//! What stands before every route: session, CSRF, origin, right.

use super::{Access, ApiState, Problem, Session, cookie, idempotency};
use axum::{
    Extension,
    extract::{Request, State},
    http::{HeaderMap, Method, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};

/// Lets a request through to its handler, with its [`Session`] if the route asks for one.
pub(super) async fn guard(
    State(access): State<Access>,
    Extension(api): Extension<ApiState>,
    mut request: Request,
    next: Next,
) -> Response {
    match admit(access, &api, &mut request).await {
        Ok(None) => next.run(request).await,
        Ok(Some(session)) => idempotency::once(&api, &session, request, next).await,
        Err(problem) => problem.into_response(),
    }
}

async fn admit(
    access: Access,
    api: &ApiState,
    request: &mut Request,
) -> Result<Option<Session>, Problem> {
    check_origin(api, request)?;
    if access == Access::Public {
        return Ok(None);
    }
    let token = cookie::read(request.headers(), &api.config.http);
    let session = Session::load(api, &token.ok_or_else(Problem::unauthenticated)?).await?;
    if !request.method().is_safe() {
        check_csrf(&session, request.headers())?;
    }
    match access {
        Access::Public | Access::AnySession => {}
        Access::Right(right) => session.require(right)?,
        Access::AnyOf(rights) if session.may_one_of(rights) => {}
        Access::AnyOf(_) => return Err(Problem::forbidden()),
    }
    request.extensions_mut().insert(session.clone());
    Ok(Some(session))
}

/// A browser tells where a request that changes something, or opens a WebSocket, comes from:
/// only our own pages may send those (RFC 6454). Programs that are no browsers tell nothing.
fn check_origin(api: &ApiState, request: &Request) -> Result<(), Problem> {
    let headers = request.headers();
    let is_upgrade = headers.contains_key(header::UPGRADE);
    if is_safe(request.method()) && !is_upgrade {
        return Ok(());
    }
    let Some(origin) = headers.get(header::ORIGIN) else { return Ok(()) };
    let origin = origin.to_str().map_err(|_| Problem::csrf())?;
    let host = headers.get(header::HOST).and_then(|it| it.to_str().ok());
    let authority = origin.split_once("://").map(|(_, it)| it);
    let is_own = authority.is_some() && authority == host;
    let is_public = api.config.http.public_url.as_deref().is_some_and(|it| it == origin);
    if is_own || is_public { Ok(()) } else { Err(Problem::csrf()) }
}

fn is_safe(method: &Method) -> bool {
    method.is_safe()
}

fn check_csrf(session: &Session, headers: &HeaderMap) -> Result<(), Problem> {
    let brought = headers.get(CSRF_HEADER).map(|it| it.as_bytes()).unwrap_or_default();
    if is_same(brought, session.csrf.as_bytes()) { Ok(()) } else { Err(Problem::csrf()) }
}

/// Takes as long wherever the difference is.
fn is_same(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && one.iter().zip(other).fold(0, |sum, (a, b)| sum | (a ^ b)) == 0
}

/// What a request that changes something proves by that it comes from our page.
const CSRF_HEADER: &str = "x-csrf";
