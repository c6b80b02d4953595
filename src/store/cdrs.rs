//! Call detail records: one row a leg, written once, never updated.

use super::{Store, StoreError};
use base::{CdrId, DomainId, UnixMillis};
use call::Cdr;

/// One row of the call log.
pub type CdrRow = Cdr;

/// Which records to show.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct CdrFilter {
    /// Of this domain; `None` for all.
    pub domain: Option<DomainId>,
    /// Caller, dialled number or party is exactly this.
    pub number: Option<String>,
    /// Started at or after.
    pub from: Option<UnixMillis>,
    /// Started before.
    pub until: Option<UnixMillis>,
}

impl Store {
    /// The newest `limit` records older than `before`, newest first.
    pub async fn page_cdrs(
        &self,
        _filter: &CdrFilter,
        _before: Option<CdrId>,
        _limit: u32,
    ) -> Result<Vec<CdrRow>, StoreError> {
        todo!()
    }

    /// Inserts `batch` in one transaction; a record already there is left alone, so a batch may be
    /// replayed after a crash. Returns how many were new.
    pub async fn insert_cdrs(&self, _batch: &[Cdr]) -> Result<u64, StoreError> {
        todo!()
    }
}
