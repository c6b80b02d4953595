//! `/calls/{id}/ladder`: a call's SIP messages, what is wrong with it, and its media's figures.

use super::{
    Access, ApiState, Door, Problem, Session, UrlPath,
    diagnosis::{Diagnosis, Said, diagnose},
    quality::StreamFigures,
};
use crate::{
    events::Stamp,
    store::{CdrFilter, Right},
};
use axum::{Json, extract::State};
use base::CallId;
use call::Cdr;
use serde::Serialize;
use sip::trace::{Ladder, Party, Rung};
use utoipa::ToSchema;
use utoipa_axum::routes;
use uuid::Uuid;

pub(super) fn routes(door: Door) -> Door {
    door.route(Access::Right(Right::TraceView), routes!(ladder))
}

/// A call as its messages tell it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Ladder)]
struct LadderView {
    /// The call.
    call: Uuid,
    /// Who took part, from left to right.
    participants: Vec<Participant>,
    /// What they said, in order, as far as it is kept.
    messages: Vec<LadderMessage>,
    /// What is worth knowing, the worst first.
    diagnosis: Vec<Diagnosis>,
    /// Figures of each leg, once the call is over.
    media: Vec<MediaFigures>,
}

/// Who took part.
#[derive(Debug, Serialize, ToSchema)]
struct Participant {
    /// What the messages call it.
    id: String,
    /// What people call it.
    title: String,
    /// Where it signals from; empty for ourselves.
    address: String,
}

/// One message.
#[derive(Debug, Serialize, ToSchema)]
struct LadderMessage {
    /// When it passed.
    #[schema(value_type = String, format = DateTime)]
    at: Stamp,
    /// Who sent it.
    from: String,
    /// Who got it.
    to: String,
    /// How it travelled.
    transport: String,
    /// In a few words.
    summary: String,
    /// Of the request, or of the one that is answered.
    method: String,
    /// Of a response.
    #[schema(required)]
    status: Option<u16>,
    /// All of it, without credentials.
    raw: String,
}

/// Figures of a leg's media.
#[derive(Debug, Serialize, ToSchema)]
struct MediaFigures {
    /// The far end of the leg.
    leg: String,
    /// What it spoke at the end.
    #[schema(required)]
    codec: Option<String>,
    /// What its packets went through.
    #[serde(flatten)]
    stream: StreamFigures,
    /// Whether it is known where the far end really sends from.
    latched: bool,
}

/// A call's messages and what is wrong with it
#[utoipa::path(
    get, path = "/calls/{id}/ladder", tag = "calls",
    params(("id" = Uuid, Path, description = "The call, live or over")),
    responses((status = 200, body = LadderView), Problem)
)]
async fn ladder(
    State(api): State<ApiState>,
    session: Session,
    UrlPath(id): UrlPath<Uuid>,
) -> Result<Json<LadderView>, Problem> {
    let (live, call, domain) = (api.live()?, CallId(id), session.domain.id);
    let filter = CdrFilter { domain: Some(domain), call: Some(call), ..CdrFilter::default() };
    let mut legs = api.store.page_cdrs(&filter, None, LEGS_MAX).await?;
    if legs.is_empty() && live.find(&session, call).await?.is_none() {
        return Err(Problem::not_found());
    }
    legs.sort_by_key(|it| (it.role == call::LegRole::Callee, it.started, it.leg));
    let mut kept = None;
    for shard in &live.shards {
        if kept.is_none() {
            kept = shard.ladder(call).await?;
        }
    }
    Ok(Json(LadderView::of(call, kept, &legs)))
}

impl LadderView {
    fn of(call: CallId, kept: Option<Ladder>, legs: &[Cdr]) -> Self {
        let (parties, rungs) = kept.map_or_else(Default::default, |it| (it.parties, it.rungs));
        let participants: Vec<_> = (0..)
            .zip(&parties)
            .map(|(n, party): (usize, _)| Participant::of(n, *party, legs))
            .collect();
        let messages: Vec<_> = rungs.into_iter().map(LadderMessage::of).collect();
        let by = |message: &LadderMessage| {
            let sender = participants.iter().find(|it| it.id == message.from);
            sender.filter(|it| !it.address.is_empty()).map(|it| it.title.as_str())
        };
        let said: Vec<_> = messages
            .iter()
            .map(|it| Said { by: by(it), status: it.status, method: &it.method })
            .collect();
        let diagnosis = diagnose(&said, legs);
        let media = legs.iter().map(MediaFigures::of).collect();
        Self { call: call.0, participants, messages, diagnosis, media }
    }
}

impl Participant {
    fn of(n: usize, party: Party, legs: &[Cdr]) -> Self {
        let id = n.to_string();
        let Party::Peer(address) = party else {
            return Self { id, title: PRODUCT.to_owned(), address: String::new() };
        };
        let address = address.to_string();
        let is_its = |leg: &&Cdr| leg.signalling_peer.split(';').next() == Some(&address);
        let leg = legs.iter().find(is_its);
        let title = leg.map_or_else(|| address.clone(), |it| it.party.clone());
        Self { id, title, address }
    }
}

impl LadderMessage {
    fn of(rung: Rung) -> Self {
        let (method, status) = words_of(&rung.summary);
        Self {
            at: Stamp(rung.at),
            from: rung.from.to_string(),
            to: rung.to.to_string(),
            transport: rung.transport.to_string(),
            method,
            status,
            summary: rung.summary,
            raw: rung.text,
        }
    }
}

/// Method and status of `INVITE (SDP)` and `180 Ringing (INVITE)`.
fn words_of(summary: &str) -> (String, Option<u16>) {
    let first = summary.split(' ').next().unwrap_or_default();
    let Ok(status) = first.parse() else { return (first.to_owned(), None) };
    let method = summary.rsplit_once('(').map_or("", |(_, it)| it);
    let method = method.split([')', ',', ' ']).next().unwrap_or_default();
    (method.to_owned(), Some(status))
}

impl MediaFigures {
    fn of(leg: &Cdr) -> Self {
        Self {
            leg: leg.party.clone(),
            codec: leg.codec.clone(),
            stream: StreamFigures::of(&leg.media),
            latched: leg.media.latched.is_some(),
        }
    }
}

/// Our own column.
const PRODUCT: &str = "Tandem";

/// More legs than a call has.
const LEGS_MAX: u32 = 200;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_names_method_and_status() {
        assert_eq!(words_of("INVITE (SDP)"), ("INVITE".to_owned(), None));
        assert_eq!(words_of("180 Ringing (INVITE)"), ("INVITE".to_owned(), Some(180)));
        assert_eq!(words_of("ACK"), ("ACK".to_owned(), None));
    }
}
