//! The two engines behind one face: whatever differs between them is in this file.

use super::{OpenError, StoreError, migrations::migrator};
use crate::config::{self, SqliteSync};
use sqlx::{
    ConnectOptions, Connection as _, PgPool, SqlitePool,
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{
        SqliteConnectOptions, SqliteError, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous,
    },
};
use std::{path::Path, time::Duration};

/// Connections to one engine or the other.
#[derive(Clone, Debug)]
pub(super) enum Db {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

/// Runs one body on either engine: the SQL is the same, the types of pool and rows are not.
macro_rules! on_either {
    ($db:expr, $pool:ident => $body:expr) => {
        match $db {
            $crate::store::db::Db::Sqlite($pool) => $body,
            $crate::store::db::Db::Postgres($pool) => $body,
        }
    };
}

/// How a row of either engine becomes a value.
macro_rules! from_row {
    ($type:ty, $row:ident => $body:expr) => {
        from_row!(@one sqlx::sqlite::SqliteRow, $type, $row => $body);
        from_row!(@one sqlx::postgres::PgRow, $type, $row => $body);
    };
    (@one $engine:ty, $type:ty, $row:ident => $body:expr) => {
        impl sqlx::FromRow<'_, $engine> for $type {
            fn from_row($row: &$engine) -> sqlx::Result<Self> {
                use sqlx::Row as _;
                $body
            }
        }
    };
}

pub(super) use {from_row, on_either};

/// Begins transactions that write.
pub(super) trait BeginWriting {
    /// The engine.
    type Database: sqlx::Database;

    /// Begins one. SQLite takes the lock for writing at once and waits for it as long as the
    /// configuration says: one that has read before it writes would not wait but fail.
    async fn begin_writing(&self) -> sqlx::Result<sqlx::Transaction<'static, Self::Database>>;
}

impl BeginWriting for SqlitePool {
    type Database = sqlx::Sqlite;

    async fn begin_writing(&self) -> sqlx::Result<sqlx::Transaction<'static, sqlx::Sqlite>> {
        self.begin_with("BEGIN IMMEDIATE").await
    }
}

impl BeginWriting for PgPool {
    type Database = sqlx::Postgres;

    async fn begin_writing(&self) -> sqlx::Result<sqlx::Transaction<'static, sqlx::Postgres>> {
        self.begin().await
    }
}

impl Db {
    /// Connects and migrates.
    pub(super) async fn open(config: &config::Store) -> Result<Self, OpenError> {
        let (db, place) = Self::connect(config).await?;
        let migrated = on_either!(&db, pool => migrator().run(pool).await);
        migrated.map_err(|source| OpenError::Migration { place, source })?;
        Ok(db)
    }

    /// Connects; also tells where to, without credentials.
    pub(super) async fn connect(config: &config::Store) -> Result<(Self, String), OpenError> {
        if config.url.expose().starts_with("sqlite:") {
            open_sqlite(config).await
        } else {
            open_postgres(config).await
        }
    }

    /// Whether the file of an SQLite database is there; servers are taken to be.
    pub(super) fn is_there(config: &config::Store) -> bool {
        let url = config.url.expose();
        let options = url.parse::<SqliteConnectOptions>();
        !url.starts_with("sqlite:") || options.is_ok_and(|it| it.get_filename().exists())
    }

    pub(super) async fn ping(&self) -> Result<(), StoreError> {
        on_either!(self, pool => sqlx::query("SELECT 1").execute(pool).await.map(drop)?);
        Ok(())
    }

    /// Whether the engine refuses the values themselves, so that trying again is of no use.
    pub(super) fn refuses_values(error: &sqlx::Error) -> bool {
        let Some(error) = error.as_database_error() else { return false };
        let Some(code) = error.code() else { return false };
        if error.try_downcast_ref::<SqliteError>().is_some() {
            // The low byte of an extended result code: TOOBIG, CONSTRAINT, MISMATCH.
            return code.parse::<u32>().is_ok_and(|code| matches!(code & 0xff, 18..=20));
        }
        // SQLSTATE classes "data exception" and "integrity constraint violation".
        code.starts_with("22") || code.starts_with("23")
    }

    pub(super) async fn close(&self) {
        on_either!(self, pool => pool.close().await);
    }
}

async fn open_sqlite(config: &config::Store) -> Result<(Db, String), OpenError> {
    let options: SqliteConnectOptions = config.url.expose().parse().map_err(OpenError::Url)?;
    let options = options
        .create_if_missing(true)
        .foreign_keys(true)
        .journal_mode(SqliteJournalMode::Wal)
        .busy_timeout(config.wait_max)
        .synchronous(match config.sqlite_sync {
            SqliteSync::Normal => SqliteSynchronous::Normal,
            SqliteSync::Full => SqliteSynchronous::Full,
        })
        .log_slow_statements(tracing::log::LevelFilter::Warn, SLOW);
    let place = options.get_filename().display().to_string();
    let unreachable = |source| OpenError::Unreachable {
        place: place.clone(),
        source,
        advice: "name a file in a directory that this user may write to, in store.url or --data",
    };
    create_directory(options.get_filename()).map_err(|error| unreachable(error.into()))?;
    let pool = SqlitePoolOptions::new()
        .max_connections(config.connections_max)
        .acquire_timeout(config.wait_max)
        .idle_timeout(None)
        .max_lifetime(None)
        .connect_with(options)
        .await
        .map_err(unreachable)?;
    Ok((Db::Sqlite(pool), place))
}

fn create_directory(file: &Path) -> std::io::Result<()> {
    match file.parent() {
        Some(directory) => std::fs::create_dir_all(directory),
        None => Ok(()),
    }
}

async fn open_postgres(config: &config::Store) -> Result<(Db, String), OpenError> {
    let options: PgConnectOptions = config.url.expose().parse().map_err(OpenError::Url)?;
    let options = options
        .application_name("tandem")
        .options([("statement_timeout", STATEMENT_TIMEOUT_MS)])
        .log_slow_statements(tracing::log::LevelFilter::Warn, SLOW);
    let (host, port) = (options.get_host(), options.get_port());
    let place = format!("{host}:{port}/{}", options.get_database().unwrap_or_default());
    let unreachable = |source| OpenError::Unreachable {
        place: place.clone(),
        source,
        advice: "start PostgreSQL, create the database, and check store.url",
    };
    try_once(&options, config.wait_max).await.map_err(unreachable)?;
    let pool = PgPoolOptions::new()
        .max_connections(config.connections_max)
        .acquire_timeout(config.wait_max)
        .connect_with(options)
        .await
        .map_err(unreachable)?;
    Ok((Db::Postgres(pool), place))
}

/// A pool would only say that it waited in vain; one connection says why.
async fn try_once(options: &PgConnectOptions, limit: Duration) -> sqlx::Result<()> {
    let tried = tokio::time::timeout(limit, options.connect()).await;
    tried.unwrap_or(Err(sqlx::Error::PoolTimedOut))?.close().await
}

/// A statement this slow is worth a line in the log.
const SLOW: Duration = Duration::from_secs(1);

/// PostgreSQL gives a statement up after this long, so that a lock held elsewhere cannot stop us.
const STATEMENT_TIMEOUT_MS: &str = "15000";
