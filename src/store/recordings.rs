//! Recordings: what is known of each, and where its file is.

use super::{
    Store, StoreError,
    db::{from_row, on_either},
    parsed,
    sql::{Sql, run},
};
use base::{CallId, DomainId, RecordingId, UnixMillis};
use std::str::FromStr;

/// One recording that is over.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RecordingRow {
    /// Id.
    pub id: RecordingId,
    /// The domain of the call.
    pub domain: DomainId,
    /// The call.
    pub call: CallId,
    /// When it began.
    pub started: UnixMillis,
    /// How long it is, in ms, pauses left out.
    pub duration_ms: i64,
    /// Length of the file.
    pub bytes: i64,
    /// Of the file, in lower-case hexadecimal.
    pub sha256: String,
    /// Below the directory of recordings.
    pub file: String,
    /// Who is on the left channel: the caller.
    pub left: String,
    /// Who is on the right channel.
    pub right: String,
    /// What became of it.
    pub state: RecordingState,
    /// Packets that the disk was too slow for.
    pub packets_lost: i64,
}

/// What became of a recording.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RecordingState {
    /// It is there from its start to its end.
    Complete,
    /// It is there up to the death of its process.
    CutOff,
    /// It was removed after its time.
    Expired,
}

impl RecordingState {
    /// As stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::CutOff => "cut_off",
            Self::Expired => "expired",
        }
    }
}

impl FromStr for RecordingState {
    type Err = StoreError;

    fn from_str(word: &str) -> Result<Self, StoreError> {
        let all = [Self::Complete, Self::CutOff, Self::Expired];
        all.into_iter()
            .find(|it| it.as_str() == word)
            .ok_or_else(|| StoreError::Invalid(format!("{word:?} is no state of a recording")))
    }
}

impl Store {
    /// Adds a recording; one that is there already is left alone.
    pub async fn add_recording(&self, row: &RecordingRow) -> Result<(), StoreError> {
        on_either!(&self.db, pool => {
            sqlx::query(INSERT)
                .bind(row.id.0)
                .bind(row.domain.0)
                .bind(row.call.0)
                .bind(row.started.0)
                .bind(row.duration_ms)
                .bind(row.bytes)
                .bind(&row.sha256)
                .bind(&row.file)
                .bind(super::text(&row.left))
                .bind(super::text(&row.right))
                .bind(row.state.as_str())
                .bind(row.packets_lost)
                .execute(pool)
                .await?;
        });
        Ok(())
    }

    /// A recording of a domain.
    pub async fn recording(
        &self,
        domain: DomainId,
        id: RecordingId,
    ) -> Result<Option<RecordingRow>, StoreError> {
        let mut sql = Sql::default();
        sql.push(SELECT).push(" WHERE domain_id = ").bind(domain.0).push(" AND id = ").bind(id.0);
        Ok(run!(&self.db, sql, fetch_optional)?)
    }

    /// The recordings of some calls of a domain, oldest first.
    pub async fn recordings_of(
        &self,
        domain: DomainId,
        calls: &[CallId],
    ) -> Result<Vec<RecordingRow>, StoreError> {
        if calls.is_empty() {
            return Ok(Vec::new());
        }
        let mut sql = Sql::default();
        sql.push(SELECT).push(" WHERE domain_id = ").bind(domain.0).push(" AND call_id IN ");
        sql.bind_list(calls.iter().map(|it| it.0)).push(" ORDER BY id");
        Ok(run!(&self.db, sql, fetch_all)?)
    }

    /// Recordings of all domains that began before a moment and still have a file, oldest first.
    pub async fn recordings_before(
        &self,
        before: UnixMillis,
        limit: u32,
    ) -> Result<Vec<RecordingRow>, StoreError> {
        let mut sql = Sql::default();
        sql.push(SELECT).push(" WHERE started_at < ").bind(before.0);
        sql.push(" AND state <> 'expired' ORDER BY started_at LIMIT ").bind(i64::from(limit));
        Ok(run!(&self.db, sql, fetch_all)?)
    }

    /// Notes that a recording's file is gone.
    pub async fn expire_recording(&self, id: RecordingId) -> Result<(), StoreError> {
        on_either!(&self.db, pool => {
            sqlx::query("UPDATE recording SET state = 'expired' WHERE id = $1")
                .bind(id.0)
                .execute(pool)
                .await?;
        });
        Ok(())
    }
}

from_row!(RecordingRow, row => Ok(Self {
    id: RecordingId(row.try_get("id")?),
    domain: DomainId(row.try_get("domain_id")?),
    call: CallId(row.try_get("call_id")?),
    started: UnixMillis(row.try_get("started_at")?),
    duration_ms: row.try_get("duration_ms")?,
    bytes: row.try_get("bytes")?,
    sha256: row.try_get("sha256")?,
    file: row.try_get("file")?,
    left: row.try_get("left_party")?,
    right: row.try_get("right_party")?,
    state: parsed(row.try_get("state")?)?,
    packets_lost: row.try_get("packets_lost")?,
}));

const INSERT: &str = "
    INSERT INTO recording
        (id, domain_id, call_id, started_at, duration_ms, bytes, sha256, file, left_party,
         right_party, state, packets_lost)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
    ON CONFLICT (id) DO NOTHING";

const SELECT: &str = "
    SELECT id, domain_id, call_id, started_at, duration_ms, bytes, sha256, file, left_party,
           right_party, state, packets_lost
    FROM recording";
