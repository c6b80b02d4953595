//! The snapshot that call logic works from.

use super::{Store, StoreError};
use crate::config;
use call::Directory;

/// A trunk of the configuration whose domain the database does not have.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("trunk {trunk:?} is left out: there is no domain {domain:?}")]
pub struct UnknownTrunkDomain {
    /// The trunk.
    pub trunk: String,
    /// Its domain.
    pub domain: String,
}

impl Store {
    /// Everything the call logic must know by heart: domains and extensions of the database with
    /// the trunks of the configuration. Trunks of unknown domains are left out and named.
    pub async fn load_directory(
        &self,
        _trunks: &[config::Trunk],
    ) -> Result<(Directory, Vec<UnknownTrunkDomain>), StoreError> {
        todo!()
    }
}
