//! Registration bindings: committed before the 200, read back at start.

use super::{Store, StoreError};
use sip::bindings::Binding;

impl Store {
    /// All bindings, expired ones included, without their flows.
    pub async fn load_bindings(&self) -> Result<Vec<Binding>, StoreError> {
        todo!()
    }

    /// Removes `removals` and then writes `upserts`, of any number of addresses of record, in one
    /// transaction.
    pub async fn commit_bindings(
        &self,
        _removals: &[Binding],
        _upserts: &[Binding],
    ) -> Result<(), StoreError> {
        todo!()
    }
}
