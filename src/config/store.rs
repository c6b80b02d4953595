//! `[store]`

use super::{Problems, Secret, Server, secret};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The database.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Store {
    /// `sqlite:PATH` or `postgres://…`; may hold a password.
    pub url: Secret,
    /// Connections at a time.
    pub connections_max: u32,
    /// How long a query waits for a connection, and SQLite for another writer.
    pub wait_max: Duration,
    /// How hard SQLite makes sure of a commit.
    pub sqlite_sync: SqliteSync,
}

/// `PRAGMA synchronous` (SQLite with a write-ahead log).
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SqliteSync {
    /// A commit survives the end of the process at any moment; the last ones before a power cut
    /// may be lost.
    Normal,
    /// A commit survives a power cut, for one fsync each.
    Full,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Raw {
    #[serde(serialize_with = "secret::masked")]
    url: Option<secret::Raw>,
    connections_max: u32,
    wait_max_ms: u32,
    sqlite_sync: SqliteSync,
}

impl Default for Raw {
    fn default() -> Self {
        Self { url: None, connections_max: 8, wait_max_ms: 5000, sqlite_sync: SqliteSync::Normal }
    }
}

impl Raw {
    pub(super) fn check(self, server: &Server, problems: &mut Problems) -> Store {
        let default_url =
            || Secret::new(format!("sqlite:{}", server.data_dir.join("tandem.db").display()));
        let url = match self.url.map(secret::Raw::read) {
            None => default_url(),
            Some(Ok(url)) => url,
            Some(Err(problem)) => {
                problems.add("store.url", problem);
                default_url()
            }
        };
        if !["sqlite:", "postgres:", "postgresql:"].iter().any(|it| url.expose().starts_with(it)) {
            problems.add(
                "store.url",
                "is neither SQLite nor PostgreSQL: write \"sqlite:PATH\" or \
                 \"postgres://USER:PASSWORD@HOST/DATABASE\"",
            );
        }
        Store {
            url,
            connections_max: problems.in_range(
                "store.connections_max",
                self.connections_max,
                2..=256,
            ),
            wait_max: problems.millis("store.wait_max_ms", self.wait_max_ms, 100..=60_000),
            sqlite_sync: self.sqlite_sync,
        }
    }
}
