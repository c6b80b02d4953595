//! Changes of lines that people order on their phones, of what becomes of calls to them and of who is
//! signed in where: into the database, into the directory that calls go by, and only then "done".

use super::Running;
use crate::{
    clock,
    config::Secret,
    http::api::house::House as _,
    store::{PinTry, StoreError},
    telemetry::panics::{Owner, contained},
};
use base::{DomainId, ExtensionId};
use call::{
    features::{FeatureReply, FeatureRequest, LineOrder, LineVerdict},
    voicemail::EnteredPin,
};
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
            let changed = self.change_line(domain, extension, order);
            let changed = contained(Owner::Lines, format!("extension {extension}"), changed).await;
            let verdict = changed.unwrap_or(LineVerdict::NotKept);
            if let Some(shard) = self.shards.get(usize::from(shard)) {
                // A shard that is gone has no calls that wait.
                let _ = shard.feature(FeatureReply { call, asked, verdict }).await;
            }
        }
    }

    async fn change_line(
        &self,
        domain: DomainId,
        extension: ExtensionId,
        order: LineOrder,
    ) -> LineVerdict {
        let written = match order {
            LineOrder::Feature(order) => {
                let set = self.store.set_feature(domain, extension, &order).await;
                set.map(|()| LineVerdict::Kept)
            }
            LineOrder::SignIn { number, pin } => {
                self.sign_in(domain, extension, &number, pin).await
            }
            LineOrder::SignOut => {
                self.store.sign_out(domain, extension).await.map(|_| LineVerdict::Kept)
            }
        };
        match written {
            Ok(LineVerdict::Kept) => self.put_in_force(extension).await,
            Ok(refused) => refused,
            Err(error) => {
                tracing::error!(%error, %extension, "what a line wants is not kept");
                LineVerdict::NotKept
            }
        }
    }

    /// Signs whoever has this number and PIN in at the phones of an extension.
    async fn sign_in(
        &self,
        domain: DomainId,
        phone: ExtensionId,
        number: &str,
        EnteredPin(pin): EnteredPin,
    ) -> Result<LineVerdict, StoreError> {
        let Some(visitor) = self.store.extension_with_number(domain, number).await? else {
            return Ok(LineVerdict::Wrong);
        };
        let (pin, now) = (Secret::new(pin), clock::unix_now());
        match self.store.try_pin(domain, visitor.id, pin, now).await? {
            PinTry::Right => {}
            // Whoever has none would be anybody.
            PinTry::Wrong | PinTry::NoPin => return Ok(LineVerdict::Wrong),
            PinTry::LockedOut => return Ok(LineVerdict::LockedOut),
        }
        if visitor.id != phone && !visitor.may_sign_in {
            return Ok(LineVerdict::NotAllowed);
        }
        self.store.sign_in(domain, visitor.id, phone).await?;
        tracing::info!(%number, %phone, "a line has signed in at a phone");
        Ok(LineVerdict::Kept)
    }

    async fn put_in_force(&self, extension: ExtensionId) -> LineVerdict {
        match self.reload_directory().await {
            Ok(()) => LineVerdict::Kept,
            Err(problem) => {
                tracing::error!(%problem, %extension, "what a line wants is not in force");
                LineVerdict::NotKept
            }
        }
    }
}
