//! What the command line may ask of the running server.

use super::Running;
use crate::{
    http::control::{Answer, ControlApi, ControlError},
    signalling::{ShardGone, TraceQuery},
};
use base::{CallId, UnixMillis};
use call::CallView;
use sip::trace::KeptCall;
use std::{
    cmp::Reverse,
    fmt::{self, Write as _},
};
use time::OffsetDateTime;

impl ControlApi for Running {
    fn trace<'a>(&'a self, call: &'a str) -> Answer<'a> {
        Box::pin(async move {
            let query = match call.parse::<CallId>() {
                Ok(id) => TraceQuery::Call(id),
                Err(_) => TraceQuery::SipCallId(call.to_owned()),
            };
            for shard in &self.shards {
                if let Some(ladder) = shard.trace(query.clone()).await? {
                    return Ok(ladder);
                }
            }
            Err(ControlError::NotFound(format!(
                "nothing of call {call} is kept: `tandem trace` lists the calls that are kept, \
                 the last {} (trace.calls)",
                self.config.load().trace.calls
            )))
        })
    }

    fn calls(&self) -> Answer<'_> {
        Box::pin(async move {
            let (mut live, mut kept) = (Vec::new(), Vec::new());
            for shard in &self.shards {
                live.extend(shard.views().await?);
                kept.extend(shard.kept_calls().await?);
            }
            kept.retain(|ended| live.iter().all(|it| it.id != ended.call));
            live.sort_by_key(|it| Reverse(it.started));
            kept.sort_by_key(|it| Reverse(it.started));
            Ok(list(&live, &kept))
        })
    }

    fn reload(&self) -> Answer<'_> {
        Box::pin(async move { self.reload_all().await.map_err(ControlError::Refused) })
    }
}

/// Live calls, then those that are over, one a line, latest first.
fn list(live: &[CallView], ended: &[KeptCall]) -> String {
    let mut text = String::new();
    for CallView { id, started, state, caller, dialled, legs, .. } in live {
        let parties: Vec<_> = legs.iter().map(|it| it.party.as_str()).collect();
        let (at, state, parties) = (Utc(*started), state.as_str(), parties.join(", "));
        let _ = writeln!(text, "{id}  {at}  {state:10}  {caller} -> {dialled}  [{parties}]");
    }
    for KeptCall { call, started, caller, dialled } in ended {
        let _ = writeln!(text, "{call}  {}  {:10}  {caller} -> {dialled}", Utc(*started), "over");
    }
    if text.is_empty() {
        text.push_str("no calls yet\n");
    }
    text
}

/// A time as ISO 8601 writes it, to the second.
struct Utc(UnixMillis);

impl fmt::Display for Utc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = OffsetDateTime::from_unix_timestamp(self.0.0.div_euclid(1000));
        let Ok(at) = at else { return f.write_str("-") };
        let (date, (hour, minute, second)) = (at.date(), at.to_hms());
        write!(f, "{date}T{hour:02}:{minute:02}:{second:02}Z")
    }
}

impl From<ShardGone> for ControlError {
    fn from(_: ShardGone) -> Self {
        Self::Busy
    }
}
