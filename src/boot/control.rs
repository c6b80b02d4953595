//! What the command line may ask of the running server.

use super::Running;
use crate::{
    http::control::{Answer, ControlApi, ControlError},
    signalling::{ShardGone, TraceQuery},
};
use base::CallId;
use std::fmt::Write as _;

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
                "nothing of call {call} is kept: take an id from `tandem calls` or the call log; \
                 the last {} calls are kept (trace.calls)",
                self.config.load().trace.calls
            )))
        })
    }

    fn calls(&self) -> Answer<'_> {
        Box::pin(async move {
            let mut text = String::new();
            for shard in &self.shards {
                for view in shard.views().await? {
                    let _ = writeln!(
                        text,
                        "{}  {:8}  {} -> {}  [{}]",
                        view.id,
                        view.state,
                        view.caller,
                        view.dialled,
                        view.parties.join(", ")
                    );
                }
            }
            Ok(text)
        })
    }

    fn reload(&self) -> Answer<'_> {
        Box::pin(async move { self.reload_all().await.map_err(ControlError::Refused) })
    }
}

impl From<ShardGone> for ControlError {
    fn from(_: ShardGone) -> Self {
        Self::Busy
    }
}
