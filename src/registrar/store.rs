//! What the registrar asks of the database.

use crate::store::{Store, StoreError};
use sip::bindings::Binding;
use sqlx::error::ErrorKind;
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
    ) -> impl Future<Output = Result<(), CommitError>> + Send;
}

/// Why a commit did not happen.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// The database is well and will not have these rows, as those of a domain that was deleted.
    #[error("the database refuses a binding: {0}")]
    Rows(StoreError),
    /// The database is away or in trouble.
    #[error(transparent)]
    Database(StoreError),
}

impl BindingStore for Store {
    async fn load(&self) -> Result<Vec<Binding>, StoreError> {
        self.load_bindings().await
    }

    async fn commit(&self, removals: &[Binding], upserts: &[Binding]) -> Result<(), CommitError> {
        self.commit_bindings(removals, upserts).await.map_err(|error| match error {
            StoreError::Database(sqlx::Error::Database(it)) if is_about_rows(it.kind()) => {
                CommitError::Rows(StoreError::Database(sqlx::Error::Database(it)))
            }
            error @ (StoreError::Exists { .. }
            | StoreError::Missing { .. }
            | StoreError::Conflict
            | StoreError::InUse { .. }
            | StoreError::LastAdministrator
            | StoreError::Invalid(_)
            | StoreError::Database(_)) => CommitError::Database(error),
        })
    }
}

fn is_about_rows(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::ForeignKeyViolation
            | ErrorKind::UniqueViolation
            | ErrorKind::NotNullViolation
            | ErrorKind::CheckViolation
    )
}
