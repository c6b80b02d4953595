//! Changes of what becomes of calls to an extension, as people order them on their phones: into the
//! database, into the directory that calls go by, and only then "done".

use super::Running;
use crate::http::api::house::House as _;
use call::features::{FeatureReply, FeatureRequest};
use std::sync::Arc;
use tokio::sync::mpsc;

/// Changes that may wait; past it the phone hears at once that its own is not kept.
pub(super) const INBOX_MAX: usize = 256;

impl Running {
    /// Carries changes out, one after the other, as long as there are shards.
    pub(super) async fn change_features(
        self: Arc<Self>,
        mut orders: mpsc::Receiver<FeatureRequest>,
    ) {
        while let Some(FeatureRequest { shard, call, asked, domain, extension, order }) =
            orders.recv().await
        {
            let is_kept = self.change_feature(domain, extension, &order).await;
            if let Some(shard) = self.shards.get(usize::from(shard)) {
                // A shard that is gone has no calls that wait.
                let _ = shard.feature(FeatureReply { call, asked, is_kept }).await;
            }
        }
    }

    async fn change_feature(
        &self,
        domain: base::DomainId,
        extension: base::ExtensionId,
        order: &call::dialplan::FeatureOrder,
    ) -> bool {
        if let Err(error) = self.store.set_feature(domain, extension, order).await {
            tracing::error!(%error, %extension, "what a line wants is not kept");
            return false;
        }
        match self.reload_directory().await {
            Ok(()) => true,
            Err(problem) => {
                tracing::error!(%problem, %extension, "what a line wants is not in force");
                false
            }
        }
    }
}
