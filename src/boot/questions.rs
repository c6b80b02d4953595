//! What calls ask of web servers, on its way there and back.

use super::Running;
use call::web::{WebReply, WebRequest};
use std::sync::Arc;
use tokio::sync::mpsc;

/// Questions that may wait; past it the call hears at once that there is no answer.
pub(super) const INBOX_MAX: usize = 256;

impl Running {
    /// Has each question asked, all at the same time, as long as there are shards.
    pub(super) async fn ask_web_servers(
        self: Arc<Self>,
        mut questions: mpsc::Receiver<WebRequest>,
    ) {
        while let Some(question) = questions.recv().await {
            tokio::spawn(Arc::clone(&self).ask_web_server(question));
        }
    }

    async fn ask_web_server(self: Arc<Self>, question: WebRequest) {
        let WebRequest { shard, call, asked, order } = question;
        let answer = self.fetcher.ask(&order).await;
        let values = answer.inspect_err(|error| {
            tracing::warn!(%error, %call, url = order.url, "a web server has no answer for a call");
        });
        if let Some(shard) = self.shards.get(usize::from(shard)) {
            // A shard that is gone has no calls that wait.
            let _ = shard.web(WebReply { call, asked, values: values.ok() }).await;
        }
    }
}
