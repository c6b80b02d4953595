//! A database for each test body, on either engine.

use crate::postgres::Postgres;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use std::{pin::Pin, time::Duration};
use tandem::{
    config::{Secret, SqliteSync, Store as StoreConfig},
    store::Store,
};
use tempfile::TempDir;

/// An empty database, and a directory for what lies beside it.
pub(crate) struct Place {
    pub(crate) config: StoreConfig,
    pub(crate) directory: TempDir,
}

/// A test body.
pub(crate) type Body = fn(Place) -> Pin<Box<dyn Future<Output = ()> + Send>>;

impl Place {
    /// A file that is not there yet.
    pub(crate) fn sqlite() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", directory.path().join("data/tandem.db").display());
        Self { config: config(url), directory }
    }

    /// A fresh database of a cluster.
    pub(crate) async fn postgres(cluster: &Postgres, name: &str) -> Self {
        let mut admin = PgConnection::connect(&cluster.url("postgres")).await.unwrap();
        let create = AssertSqlSafe(format!("CREATE DATABASE {name}"));
        sqlx::raw_sql(create).execute(&mut admin).await.unwrap();
        Self { config: config(cluster.url(name)), directory: tempfile::tempdir().unwrap() }
    }

    pub(crate) async fn open(&self) -> Store {
        Store::open(&self.config).await.unwrap()
    }

    /// Statements behind the store's back.
    pub(crate) async fn execute(&self, sql: &'static str) {
        let url = self.config.url.expose();
        if url.starts_with("sqlite:") {
            let mut connection = sqlx::SqliteConnection::connect(url).await.unwrap();
            sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
            connection.close().await.unwrap();
        } else {
            let mut connection = PgConnection::connect(url).await.unwrap();
            sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
            connection.close().await.unwrap();
        }
    }
}

fn config(url: String) -> StoreConfig {
    StoreConfig {
        url: Secret::new(url),
        connections_max: 4,
        wait_max: Duration::from_secs(5),
        sqlite_sync: SqliteSync::Normal,
    }
}

/// Each body is a test of its own on SQLite; on PostgreSQL all share one cluster, and so one test.
macro_rules! on_both_engines {
    ($($module:ident::$body:ident,)*) => {
        mod on_sqlite {
            $(#[tokio::test]
            async fn $body() {
                crate::$module::$body(crate::places::Place::sqlite()).await;
            })*
        }

        #[tokio::test]
        async fn everything_holds_on_postgresql_too() {
            let cluster = crate::postgres::Postgres::start();
            let bodies: &[(&str, crate::places::Body)] = &[
                $((stringify!($body), |place| Box::pin(crate::$module::$body(place))),)*
            ];
            crate::places::run_on_postgres(&cluster, bodies).await;
        }
    };
}

pub(crate) use on_both_engines;

/// Runs all bodies, each in a database of its own, and then tells which failed.
pub(crate) async fn run_on_postgres(cluster: &Postgres, bodies: &[(&str, Body)]) {
    let mut failed = Vec::new();
    for (n, (name, body)) in bodies.iter().enumerate() {
        let place = Place::postgres(cluster, &format!("body_{n}")).await;
        if tokio::spawn(body(place)).await.is_err() {
            failed.push(name);
        }
    }
    assert!(failed.is_empty(), "failed on PostgreSQL: {failed:?}");
}
