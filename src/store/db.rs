//! The two engines.
use super::{OpenError, StoreError};
use crate::config;
use sqlx::{PgPool, SqlitePool};

#[derive(Clone, Debug)]
pub(super) enum Db {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}
impl Db {
    pub(super) async fn open(_config: &config::Store) -> Result<Self, OpenError> {
        todo!()
    }
    pub(super) async fn ping(&self) -> Result<(), StoreError> {
        todo!()
    }
    pub(super) async fn close(&self) {
        todo!()
    }
}
