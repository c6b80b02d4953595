//! `/recordings`: what was kept of the sound of calls, and the recording of live ones.
//!
//! Whoever sees a call of the archive sees that it was recorded; `recordings.listen` lets them hear
//! it, and each time is written down.

use super::{
    Access, Act, ApiState, AuditAction, AuditObject, Door, JsonBody, Problem, Session, Text,
    UrlPath, calls::seen, streamed::Streamed, time::rfc3339,
};
use crate::{
    config::RecordingFormat,
    store::{RecordingRow, RecordingState, Right},
};
use axum::{
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use base::{CallId, RecordingId};
use call::{RecordingOrder, RecordingRefusal};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::{
    fs::File,
    io::{self, Read as _, Seek as _, SeekFrom},
    ops::Range,
};
use tokio::{sync::mpsc, task};
use utoipa::ToSchema;
use utoipa_axum::routes;
use uuid::Uuid;

pub(super) fn routes(door: Door) -> Door {
    door.route(Access::Right(Right::RecordingsListen), routes!(audio))
        .route(Access::AnySession, routes!(order))
}

/// A recording of a call.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Recording)]
pub(super) struct RecordingView {
    /// Id.
    id: Uuid,
    /// When it began.
    started_at: String,
    /// How long it is, in ms, pauses left out.
    duration_ms: i64,
    /// Length of its file.
    bytes: i64,
    /// SHA-256 of its file, in lower-case hexadecimal.
    sha256: String,
    /// `complete`, `cut_off` (the server died) or `expired` (removed after its time).
    state: &'static str,
    /// Who is on the left channel.
    left: String,
    /// Who is on the right channel.
    right: String,
    /// Packets that are missing because the disk was too slow.
    packets_lost: i64,
}

/// What is wanted of the recording of a live call.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum RecordingAction {
    Start,
    Stop,
    Pause,
    Resume,
}

/// The same as a body.
#[derive(Debug, Deserialize, ToSchema)]
struct RecordingCommand {
    /// What.
    action: RecordingAction,
}

/// Record a live call: one's own, or any for who may
#[utoipa::path(
    post, path = "/calls/{id}/recording", tag = "live",
    params(("id" = Uuid, Path, description = "The call")), request_body = RecordingCommand,
    responses((status = 202, description = "It is done"), Problem)
)]
async fn order(
    State(api): State<ApiState>,
    session: Session,
    UrlPath(id): UrlPath<Uuid>,
    JsonBody(command): JsonBody<RecordingCommand>,
) -> Result<StatusCode, Problem> {
    let shard = api.live()?.shard_for(&session, CallId(id), Right::CallRecordAny).await?;
    shard.record(CallId(id), command.action.into()).await?.map_err(refused)?;
    let after = Some(json!({ "action": command.action }));
    api.audit(&session, Act { after, ..Act::on(AuditAction::CallRecorded, AuditObject::Call, id) })
        .await?;
    Ok(StatusCode::ACCEPTED)
}

/// The sound of a recording: WAV, or Opus in Ogg, the caller on the left. Takes `Range`
#[utoipa::path(
    get, path = "/recordings/{id}/audio", tag = "calls", params(("id" = Uuid, Path)),
    responses((status = 200, body = Vec<u8>, content_type = "audio/wav"), Problem)
)]
async fn audio(
    State(api): State<ApiState>,
    session: Session,
    UrlPath(id): UrlPath<Uuid>,
    asked: HeaderMap,
) -> Result<Response, Problem> {
    let row = api.store.recording(session.domain.id, RecordingId(id)).await?;
    let row = row.filter(|it| it.state != RecordingState::Expired);
    let row = row.ok_or_else(Problem::not_found)?;
    // The call of a process that died is not in the archive: only who sees all calls sees it.
    if !session.may(Right::CallsTeam) {
        seen(&api, &session, row.call).await?;
    }
    let path = api.config.recording.dir.join(&row.file);
    let opened = task::spawn_blocking(move || open(&path)).await;
    let (file, length) = opened.map_err(|_| Problem::internal())?.map_err(|error| {
        tracing::error!(recording = %id, %error, "a recording cannot be read");
        Problem::not_found()
    })?;
    let part = wanted(&asked, &row.sha256, length);
    let act = Act::on(AuditAction::RecordingHeard, AuditObject::Recording, id);
    api.audit(&session, Act { after: Some(json!({ "call": row.call.0 })), ..act }).await?;
    Ok(answer(&row, file, length, part))
}

/// The recordings of some calls that the session may see.
pub(super) async fn of_calls(
    api: &ApiState,
    session: &Session,
    calls: &[CallId],
) -> Result<Vec<RecordingRow>, Problem> {
    Ok(api.store.recordings_of(session.domain.id, calls).await?)
}

impl RecordingView {
    pub(super) fn of(row: RecordingRow) -> Self {
        Self {
            id: row.id.0,
            started_at: rfc3339(row.started),
            duration_ms: row.duration_ms,
            bytes: row.bytes,
            sha256: row.sha256,
            state: row.state.as_str(),
            left: row.left,
            right: row.right,
            packets_lost: row.packets_lost,
        }
    }
}

impl From<RecordingAction> for RecordingOrder {
    fn from(action: RecordingAction) -> Self {
        match action {
            RecordingAction::Start => Self::Start,
            RecordingAction::Stop => Self::Stop,
            RecordingAction::Pause => Self::Pause,
            RecordingAction::Resume => Self::Resume,
        }
    }
}

fn refused(refusal: RecordingRefusal) -> Problem {
    let text = match refusal {
        RecordingRefusal::NoCall => return Problem::not_found(),
        RecordingRefusal::NotConnected => {
            Text::fixed("Разговор ещё не начался или уже закончился", "Nobody talks, or no longer")
        }
        RecordingRefusal::NotRecorded => {
            Text::fixed("Звонок не записывается", "The call is not recorded")
        }
        RecordingRefusal::Paused => {
            Text::fixed("Запись на паузе: продолжите её", "The recording pauses: resume it")
        }
        RecordingRefusal::ByRule => Text::fixed(
            "Этот звонок записывается по правилу: можно только поставить запись на паузу",
            "A rule wants this call recorded: it can only pause",
        ),
    };
    Problem::read_only(text)
}

fn open(path: &std::path::Path) -> io::Result<(File, u64)> {
    let file = File::open(path)?;
    let length = file.metadata()?.len();
    Ok((file, length))
}

/// What a request asks of a file (RFC 9110 section 14.2).
#[derive(Clone, Debug, Eq, PartialEq)]
enum Part {
    Whole,
    Bytes(Range<u64>),
    /// It has no such part.
    Beyond,
}

/// One range is understood; anything else asks for the whole, as a server may take it.
fn wanted(asked: &HeaderMap, tag: &str, length: u64) -> Part {
    let text = |name| asked.get(name).and_then(|it| it.to_str().ok());
    let is_same = text(header::IF_RANGE).is_none_or(|it| it.trim_matches('"') == tag);
    let range = text(header::RANGE).and_then(|it| it.strip_prefix("bytes="));
    let Some((first, last)) = range.filter(|_| is_same).and_then(|it| it.split_once('-')) else {
        return Part::Whole;
    };
    let range = match (first.trim().parse::<u64>(), last.trim().parse::<u64>()) {
        (Ok(first), Ok(last)) if first <= last => first..last.saturating_add(1).min(length),
        (Ok(first), Err(_)) if last.trim().is_empty() => first..length,
        (Err(_), Ok(count)) if first.trim().is_empty() => length.saturating_sub(count)..length,
        (_, _) => return Part::Whole,
    };
    if range.is_empty() { Part::Beyond } else { Part::Bytes(range) }
}

fn answer(row: &RecordingRow, file: File, length: u64, part: Part) -> Response {
    let (status, range, bytes) = match part {
        Part::Whole => (StatusCode::OK, None, 0..length),
        Part::Bytes(range) => {
            let told = format!("bytes {}-{}/{length}", range.start, range.end - 1);
            (StatusCode::PARTIAL_CONTENT, Some(told), range)
        }
        Part::Beyond => {
            (StatusCode::RANGE_NOT_SATISFIABLE, Some(format!("bytes */{length}")), 0..0)
        }
    };
    let format = RecordingFormat::of(&row.file);
    let name = format!("inline; filename=\"{}.{}\"", row.id, format.extension());
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(format.media_type())),
        (header::ACCEPT_RANGES, HeaderValue::from_static("bytes")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        // A file that is compressed on its way has no ranges.
        (header::CONTENT_ENCODING, HeaderValue::from_static("identity")),
        (header::CONTENT_LENGTH, HeaderValue::from(bytes.end - bytes.start)),
    ];
    let (chunks, body) = mpsc::channel(CHUNKS_AHEAD);
    task::spawn_blocking(move || read(file, bytes, &chunks));
    let mut response = (status, headers, Body::new(Streamed(body))).into_response();
    let texts = [
        (header::CONTENT_RANGE, range),
        (header::CONTENT_DISPOSITION, Some(name)),
        (header::ETAG, Some(format!("\"{}\"", row.sha256))),
    ];
    for (name, text) in texts {
        if let Some(value) = text.and_then(|it| HeaderValue::from_str(&it).ok()) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// Ends when all is read, or when nobody listens on.
fn read(mut file: File, bytes: Range<u64>, to: &mpsc::Sender<io::Result<Bytes>>) {
    let mut left = bytes.end - bytes.start;
    let mut at_start = file.seek(SeekFrom::Start(bytes.start)).map(drop);
    while left > 0 {
        let mut chunk = vec![0; left.min(CHUNK_BYTES) as usize];
        let read =
            std::mem::replace(&mut at_start, Ok(())).and_then(|()| file.read_exact(&mut chunk));
        let is_over = read.is_err();
        left -= chunk.len() as u64;
        if to.blocking_send(read.map(|()| chunk.into())).is_err() || is_over {
            return;
        }
    }
}

const CHUNK_BYTES: u64 = 64 * 1024;
/// Chunks that wait for a slow reader.
const CHUNKS_AHEAD: usize = 2;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_understood_as_players_write_it() {
        for (range, part) in [
            ("bytes=0-", Part::Bytes(0..100)),
            ("bytes=10-19", Part::Bytes(10..20)),
            ("bytes=90-1000", Part::Bytes(90..100)),
            ("bytes=-30", Part::Bytes(70..100)),
            ("bytes=-300", Part::Bytes(0..100)),
            ("bytes=100-", Part::Beyond),
            ("bytes=-0", Part::Beyond),
            ("bytes=20-10", Part::Whole),
            ("bytes=1-2,5-6", Part::Whole),
            ("seconds=1-2", Part::Whole),
            ("bytes=a-b", Part::Whole),
        ] {
            let mut asked = HeaderMap::new();
            asked.insert(header::RANGE, range.parse().unwrap());
            assert_eq!(wanted(&asked, "abc", 100), part, "{range}");
        }
        assert_eq!(wanted(&HeaderMap::new(), "abc", 100), Part::Whole);
    }

    #[test]
    fn a_part_of_another_file_is_not_what_was_wanted() {
        let mut asked = HeaderMap::new();
        asked.insert(header::RANGE, "bytes=5-".parse().unwrap());
        for (tag, part) in [("\"abc\"", Part::Bytes(5..100)), ("\"abd\"", Part::Whole)] {
            asked.insert(header::IF_RANGE, tag.parse().unwrap());
            assert_eq!(wanted(&asked, "abc", 100), part, "{tag}");
        }
    }
}
