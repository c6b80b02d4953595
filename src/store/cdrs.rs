//! Call detail records: one row a leg, written once, never updated.

use super::{
    Store, StoreError,
    archive::{Archive, write_archive},
    db::{BeginWriting as _, from_row, on_either},
    inserts::{Inserts, chunks},
    sql::{Sql, run},
    text, unsigned,
};
use base::{CallId, CdrId, DomainId, LegId, UnixMillis, UserId};
use call::{Cdr, HangupParty, LegRole};
use media::{FarStats, StreamStats};
use std::sync::LazyLock;

/// Which records to show.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct CdrFilter {
    /// Of this domain; `None` for all.
    pub domain: Option<DomainId>,
    /// Of this call.
    pub call: Option<CallId>,
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
        filter: &CdrFilter,
        before: Option<CdrId>,
        limit: u32,
    ) -> Result<Vec<Cdr>, StoreError> {
        let rows: Vec<CdrRow> = on_either!(&self.db, pool => {
            sqlx::query_as(PAGE.as_str())
                .bind(filter.domain.map(|it| it.0))
                .bind(filter.call.map(|it| it.0))
                .bind(filter.number.as_deref().map(text))
                .bind(filter.from.map(|it| it.0))
                .bind(filter.until.map(|it| it.0))
                .bind(before.map(|it| it.0))
                .bind(i64::from(limit))
                .fetch_all(pool)
                .await?
        });
        Ok(rows.into_iter().map(|CdrRow(cdr)| cdr).collect())
    }

    /// The oldest `limit` records newer than `after`, oldest first, of all domains.
    pub(super) async fn oldest_cdrs(
        &self,
        after: Option<CdrId>,
        limit: u32,
    ) -> Result<Vec<Cdr>, StoreError> {
        let mut sql = Sql::default();
        sql.push("SELECT ").push(&COLUMNS.join(", ")).push(" FROM cdr");
        if let Some(after) = after {
            sql.push(" WHERE id > ").bind(after.0);
        }
        sql.push(" ORDER BY id LIMIT ").bind(i64::from(limit));
        let rows: Vec<CdrRow> = run!(&self.db, sql, fetch_all)?;
        Ok(rows.into_iter().map(|CdrRow(cdr)| cdr).collect())
    }

    /// Inserts `batch`, and what the archive of calls tells of it, in one transaction; a record
    /// already there is left alone, so a batch may be replayed after a crash. Returns how many were
    /// new.
    pub async fn insert_cdrs(&self, batch: &[Cdr]) -> Result<u64, StoreError> {
        let mut added = 0;
        let archive = Archive::of(batch);
        on_either!(&self.db, pool => {
            let mut tx = pool.begin_writing().await?;
            for chunk in chunks(batch) {
                let mut query = sqlx::query(INSERTS.of(&self.db, chunk.len()));
                for cdr in chunk {
                    query = query
                        .bind(cdr.id.0)
                        .bind(cdr.domain.0)
                        .bind(cdr.call.0)
                        .bind(cdr.leg.0)
                        .bind(cdr.role.as_str())
                        .bind(text(&cdr.caller))
                        .bind(text(&cdr.dialled))
                        .bind(text(&cdr.party))
                        .bind(cdr.name.as_deref().map(text))
                        .bind(cdr.user.map(|it| it.0))
                        .bind(cdr.workplace.as_deref().map(text))
                        .bind(text(&cdr.sip_call_id))
                        .bind(text(&cdr.signalling_peer))
                        .bind(cdr.started.0)
                        .bind(cdr.ring_ms)
                        .bind(cdr.answer_ms)
                        .bind(cdr.end_ms)
                        .bind(cdr.talk_ms)
                        .bind(i64::from(cdr.sip_status))
                        .bind(cdr.hangup.as_str())
                        .bind(text(&cdr.cause))
                        .bind(cdr.codec.as_deref().map(text))
                        .bind(signed(cdr.media.packets_received))
                        .bind(signed(cdr.media.bytes_received))
                        .bind(signed(cdr.media.packets_sent))
                        .bind(signed(cdr.media.bytes_sent))
                        .bind(cdr.media.packets_lost)
                        .bind(f64::from(cdr.media.jitter_ms))
                        .bind(signed(cdr.media.packets_foreign))
                        .bind(cdr.media.payload_type.map(i64::from))
                        .bind(cdr.media.latched.map(|it| it.to_string()))
                        .bind(cdr.media.transcoded)
                        .bind(cdr.media.mos.map(f64::from))
                        .bind(cdr.media.far.packets_lost.map(i64::from))
                        .bind(cdr.media.far.jitter_ms.map(f64::from))
                        .bind(cdr.media.far.mos.map(f64::from))
                        .bind(cdr.media.far.rtt_ms.map(f64::from));
                }
                added += query.execute(&mut *tx).await?.rows_affected();
            }
            write_archive!(&self.db, tx, archive);
            tx.commit().await?;
        });
        Ok(added)
    }
}

/// A record as it is read.
pub(super) struct CdrRow(pub(super) Cdr);

from_row!(CdrRow, row => Ok(Self(Cdr {
    id: CdrId(row.try_get("id")?),
    domain: DomainId(row.try_get("domain_id")?),
    call: CallId(row.try_get("call_id")?),
    leg: LegId(row.try_get("leg_id")?),
    role: leg_role(row.try_get("role")?)?,
    caller: row.try_get("caller")?,
    dialled: row.try_get("dialled")?,
    party: row.try_get("party")?,
    name: row.try_get("party_name")?,
    user: row.try_get::<Option<_>, _>("user_id")?.map(UserId),
    workplace: row.try_get("workplace")?,
    sip_call_id: row.try_get("sip_call_id")?,
    signalling_peer: row.try_get("signalling_peer")?,
    started: UnixMillis(row.try_get("started_at")?),
    ring_ms: row.try_get("ring_ms")?,
    answer_ms: row.try_get("answer_ms")?,
    end_ms: row.try_get("end_ms")?,
    talk_ms: row.try_get("talk_ms")?,
    sip_status: unsigned(row.try_get("sip_status")?),
    hangup: hangup_party(row.try_get("hangup")?)?,
    cause: row.try_get("cause")?,
    codec: row.try_get("codec")?,
    media: StreamStats {
        packets_received: unsigned(row.try_get("packets_received")?),
        bytes_received: unsigned(row.try_get("bytes_received")?),
        packets_sent: unsigned(row.try_get("packets_sent")?),
        bytes_sent: unsigned(row.try_get("bytes_sent")?),
        packets_lost: row.try_get("packets_lost")?,
        jitter_ms: row.try_get::<f64, _>("jitter_ms")? as f32,
        packets_foreign: unsigned(row.try_get("packets_foreign")?),
        payload_type: row.try_get::<Option<i64>, _>("payload_type")?.map(unsigned),
        latched: (row.try_get::<Option<String>, _>("latched")?).and_then(|it| it.parse().ok()),
        transcoded: row.try_get("transcoded")?,
        mos: single(row.try_get("mos")?),
        far: FarStats {
            packets_lost: (row.try_get::<Option<i64>, _>("far_packets_lost")?)
                .and_then(|it| it.try_into().ok()),
            jitter_ms: single(row.try_get("far_jitter_ms")?),
            mos: single(row.try_get("far_mos")?),
            rtt_ms: single(row.try_get("rtt_ms")?),
        },
    },
})));

/// Of the stored word.
pub(super) fn leg_role(word: &str) -> sqlx::Result<LegRole> {
    [LegRole::Caller, LegRole::Callee]
        .into_iter()
        .find(|it| it.as_str() == word)
        .ok_or_else(|| sqlx::Error::Decode(format!("{word:?} is no leg's role").into()))
}

/// Of the stored word.
pub(super) fn hangup_party(word: &str) -> sqlx::Result<HangupParty> {
    [HangupParty::Remote, HangupParty::Peer, HangupParty::System]
        .into_iter()
        .find(|it| it.as_str() == word)
        .ok_or_else(|| sqlx::Error::Decode(format!("{word:?} ends no leg").into()))
}

/// Databases keep what is written in single precision in double.
fn single(stored: Option<f64>) -> Option<f32> {
    stored.map(|it| it as f32)
}

fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

static INSERTS: LazyLock<Inserts> =
    LazyLock::new(|| Inserts::new("cdr", COLUMNS, "ON CONFLICT (id) DO NOTHING"));

static PAGE: LazyLock<String> =
    LazyLock::new(|| format!("SELECT {} FROM cdr {PAGE_CONDITION}", COLUMNS.join(", ")));

const PAGE_CONDITION: &str = "
    WHERE ($1 IS NULL OR domain_id = $1)
      AND ($2 IS NULL OR call_id = $2)
      AND ($3 IS NULL OR caller = $3 OR dialled = $3 OR party = $3)
      AND ($4 IS NULL OR started_at >= $4)
      AND ($5 IS NULL OR started_at < $5)
      AND ($6 IS NULL OR id < $6)
    ORDER BY id DESC
    LIMIT $7";

/// In the order in which they are bound.
pub(super) const COLUMNS: &[&str] = &[
    "id",
    "domain_id",
    "call_id",
    "leg_id",
    "role",
    "caller",
    "dialled",
    "party",
    "party_name",
    "user_id",
    "workplace",
    "sip_call_id",
    "signalling_peer",
    "started_at",
    "ring_ms",
    "answer_ms",
    "end_ms",
    "talk_ms",
    "sip_status",
    "hangup",
    "cause",
    "codec",
    "packets_received",
    "bytes_received",
    "packets_sent",
    "bytes_sent",
    "packets_lost",
    "jitter_ms",
    "packets_foreign",
    "payload_type",
    "latched",
    "transcoded",
    "mos",
    "far_packets_lost",
    "far_jitter_ms",
    "far_mos",
    "rtt_ms",
];
