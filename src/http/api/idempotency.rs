//! `Idempotency-Key`: a command that is sent again gets the answer of the first time.

use super::{ApiState, Problem, Session};
use axum::{
    body::{Body, Bytes},
    extract::Request,
    http::{HeaderMap, Method, StatusCode},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use base::{DomainId, UserId};
use http_body_util::{BodyExt as _, Limited};
use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Answers that are kept, the latest [`KEPT_MAX`] of the last [`KEPT_FOR`].
#[derive(Debug, Default)]
pub(super) struct Answers(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    answers: HashMap<Key, Slot>,
    by_age: VecDeque<(Instant, Key)>,
}

/// Whose command, which, and what they call it.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
struct Key {
    domain: DomainId,
    user: UserId,
    path: String,
    key: String,
}

/// Held while the command runs, so that its repetition waits for it.
type Slot = Arc<tokio::sync::Mutex<Option<Answer>>>;

#[derive(Clone, Debug)]
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
    /// A refusal is told in the language of whoever asks again.
    problem: Option<Problem>,
}

/// Runs the handler, unless the same command of the same person has been carried out already.
pub(super) async fn once(
    api: &ApiState,
    session: &Session,
    request: Request,
    next: Next,
) -> Response {
    let key = match key_of(session, &request) {
        Ok(None) => return next.run(request).await,
        Ok(Some(key)) => key,
        Err(problem) => return problem.into_response(),
    };
    let slot = api.answers.slot(api.clock.now().instant, key);
    let mut slot = slot.lock().await;
    if let Some(answer) = &*slot {
        return answer.clone().into_response();
    }
    let response = next.run(request).await;
    match Answer::read(response).await {
        Ok(answer) => {
            // What failed by our fault may be tried again.
            if !answer.status.is_server_error() {
                *slot = Some(answer.clone());
            }
            answer.into_response()
        }
        Err(problem) => problem.into_response(),
    }
}

fn key_of(session: &Session, request: &Request) -> Result<Option<Key>, Problem> {
    if request.method() != Method::POST {
        return Ok(None);
    }
    let (Some(key), Some(user)) = (request.headers().get(HEADER), session.user_id()) else {
        return Ok(None);
    };
    let key = key.to_str().ok().filter(|it| (1..=KEY_BYTES_MAX).contains(&it.len()));
    let key = key.ok_or_else(|| {
        let message = super::Text::fixed("От 1 до 128 знаков ASCII", "1 to 128 ASCII characters");
        Problem::invalid_field("Idempotency-Key", "malformed", message)
    })?;
    let path = request.uri().path().to_owned();
    Ok(Some(Key { domain: session.domain.id, user, path, key: key.to_owned() }))
}

impl Answers {
    fn slot(&self, now: Instant, key: Key) -> Slot {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while inner.by_age.len() >= KEPT_MAX
            || inner.by_age.front().is_some_and(|(since, _)| now >= *since + KEPT_FOR)
        {
            if let Some((_, old)) = inner.by_age.pop_front() {
                inner.answers.remove(&old);
            }
        }
        if let Some(slot) = inner.answers.get(&key) {
            return slot.clone();
        }
        inner.by_age.push_back((now, key.clone()));
        inner.answers.entry(key).or_default().clone()
    }
}

impl Answer {
    async fn read(response: Response) -> Result<Self, Problem> {
        let (parts, body) = response.into_parts();
        let body = Limited::new(body, BODY_BYTES_MAX).collect().await.map_err(|error| {
            tracing::error!(%error, "an answer is too long to be given twice");
            Problem::internal()
        })?;
        let problem = parts.extensions.get::<Problem>().cloned();
        Ok(Self { status: parts.status, headers: parts.headers, body: body.to_bytes(), problem })
    }
}

impl axum::response::IntoResponse for Answer {
    fn into_response(self) -> Response {
        if let Some(problem) = self.problem {
            return problem.into_response();
        }
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        response
    }
}

const HEADER: &str = "idempotency-key";
const KEY_BYTES_MAX: usize = 128;
/// How long an answer is kept.
const KEPT_FOR: Duration = Duration::from_mins(10);
/// How many answers are kept; past it the oldest is forgotten.
const KEPT_MAX: usize = 4096;
/// Commands have short answers.
const BODY_BYTES_MAX: usize = 256 * 1024;
