//! What the registrar asks of the database.

use crate::store::{Store, StoreError};
use sip::bindings::Binding;
use std::future::Future;

/// Where bindings outlive the process.
pub trait BindingStore: Send + Sync + 'static {
    /// All bindings, expired ones included, without their flows.
    fn load(&self) -> impl Future<Output = Result<Vec<Binding>, StoreError>> + Send;

    /// Removes `removals` and then writes `upserts` by [`Binding::key`], durably and all of it or
    /// nothing.
    fn commit(
        &self,
        removals: &[Binding],
        upserts: &[Binding],
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
}

impl BindingStore for Store {
    async fn load(&self) -> Result<Vec<Binding>, StoreError> {
        self.load_bindings().await
    }

    async fn commit(&self, removals: &[Binding], upserts: &[Binding]) -> Result<(), StoreError> {
        self.commit_bindings(removals, upserts).await
    }
}
