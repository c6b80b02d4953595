//! The archive of calls: one row a call, made of its legs' records in the transaction that writes
//! them.
//!
//! The legs of a call may come in any order and in several batches, and a batch may come twice. So
//! a row is a merge that gives the same whatever the order: the caller's leg tells the figures, and
//! side B is the leg that answered, before one that only rang, the lowest number of several, before
//! what was dialled.

use super::{
    Store, StoreError,
    cdrs::hangup_party,
    db::{BeginWriting as _, from_row, on_either},
    inserts::Inserts,
    text, unsigned,
};
use base::{CallId, CdrId, DomainId, UnixMillis, UserId};
pub use call::cdr::{number_of, trunk_of};
use call::{Cdr, HangupParty, LegRole};
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};
use uuid::Uuid;

/// A call that is over.
#[derive(Clone, Debug, PartialEq)]
pub struct LoggedCall {
    /// Id; its order is the order of time.
    pub id: CallId,
    /// Domain.
    pub domain: DomainId,
    /// When the INVITE came.
    pub started: UnixMillis,
    /// Where it came from and went to.
    pub direction: CallDirection,
    /// What was dialled.
    pub dialled: String,
    /// Who called.
    pub a: CallSide,
    /// Who answered; else the lowest number of those that were rung; else what was dialled.
    pub b: CallSide,
    /// First ring, in ms after the start.
    pub ring_ms: Option<i64>,
    /// Answer, in ms after the start; `None` if never answered.
    pub answer_ms: Option<i64>,
    /// End, in ms after the start.
    pub end_ms: i64,
    /// From answer to end, in ms; 0 if never answered.
    pub talk_ms: i64,
    /// Final SIP status.
    pub sip_status: u16,
    /// Who ended it, seen from the caller's leg.
    pub hangup: HangupParty,
    /// Why it ended: `normal`, `busy`, …
    pub cause: String,
    /// How sure side B is: 2 it answered, 1 it was rung, 0 it is only what was dialled.
    pub b_rank: i64,
    /// Whether the caller's leg is in it.
    pub is_complete: bool,
}

/// One side of a call.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct CallSide {
    /// Its number.
    pub number: String,
    /// Its name as the call began: an extension's, or what a trunk says the caller is called.
    pub name: Option<String>,
    /// Who sat there as the call began.
    pub user: Option<UserId>,
}

/// Which border of the house a call crossed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum CallDirection {
    /// It came from a trunk.
    In,
    /// It went out through a trunk.
    Out,
    /// None.
    Internal,
}

impl CallDirection {
    /// As stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::In => "in",
            Self::Out => "out",
            Self::Internal => "internal",
        }
    }

    /// Of the stored word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::In, Self::Out, Self::Internal].into_iter().find(|it| it.as_str() == word)
    }
}

/// What a batch of records tells the archive.
#[derive(Debug, Default)]
pub(super) struct Archive {
    pub(super) calls: Vec<LoggedCall>,
    /// Who took part in what.
    pub(super) users: Vec<(UserId, CallId)>,
    /// Names that numbers had.
    pub(super) names: Vec<(DomainId, Vec<u8>, String)>,
}

impl Archive {
    pub(super) fn of(batch: &[Cdr]) -> Self {
        let mut calls = BTreeMap::new();
        let (mut users, mut names) = (BTreeSet::new(), BTreeSet::new());
        for cdr in batch {
            let call = calls.entry((cdr.domain.0, cdr.call.0)).or_insert_with(|| begin(cdr));
            add(call, cdr);
            if let Some(user) = cdr.user {
                users.insert((user, cdr.call));
            }
            if let Some(name) = &cdr.name {
                names.insert((cdr.domain, number_key(number_of(&cdr.party)), name.clone()));
            }
        }
        Self {
            calls: calls.into_values().collect(),
            users: users.into_iter().collect(),
            names: names.into_iter().collect(),
        }
    }
}

/// Writes an [`Archive`] in the transaction `$tx` of the engine `$db`.
macro_rules! write_archive {
    ($db:expr, $tx:ident, $archive:ident) => {{
        use $crate::store::{archive, inserts::chunks, text};
        for chunk in chunks(&$archive.calls) {
            let mut query = sqlx::query(archive::CALLS.of($db, chunk.len()));
            for call in chunk {
                query = query
                    .bind(call.domain.0)
                    .bind(call.id.0)
                    .bind(call.started.0)
                    .bind(call.direction.as_str())
                    .bind(text(&call.dialled))
                    .bind(text(&call.a.number))
                    .bind(call.a.name.as_deref().map(text))
                    .bind(call.a.user.map(|it| it.0))
                    .bind(archive::number_key(&call.a.number))
                    .bind(text(&call.b.number))
                    .bind(call.b.name.as_deref().map(text))
                    .bind(call.b.user.map(|it| it.0))
                    .bind(archive::number_key(&call.b.number))
                    .bind(call.b_rank)
                    .bind(call.is_complete)
                    .bind(call.ring_ms)
                    .bind(call.answer_ms)
                    .bind(call.end_ms)
                    .bind(call.talk_ms)
                    .bind(i64::from(call.sip_status))
                    .bind(call.hangup.as_str())
                    .bind(text(&call.cause));
            }
            query.execute(&mut *$tx).await?;
        }
        for chunk in chunks(&$archive.users) {
            let mut query = sqlx::query(archive::USERS.of($db, chunk.len()));
            for (user, call) in chunk {
                query = query.bind(user.0).bind(call.0);
            }
            query.execute(&mut *$tx).await?;
        }
        for chunk in chunks(&$archive.names) {
            let mut query = sqlx::query(archive::NAMES.of($db, chunk.len()));
            for (domain, key, name) in chunk {
                let folded = text(name).to_lowercase();
                query = query.bind(domain.0).bind(key.as_slice()).bind(text(name)).bind(folded);
            }
            query.execute(&mut *$tx).await?;
        }
    }};
}

pub(super) use write_archive;

impl Store {
    /// Makes the archive's rows of records that are older than the archive, some thousand at a
    /// time; a start that was cut short goes on where it stopped.
    pub(super) async fn fill_archive(&self) -> Result<(), StoreError> {
        let mut total = 0;
        while let Some(rows) = self.fill_archive_once().await? {
            total += rows;
            tracing::info!(records = total, "the archive of calls is made of older records");
        }
        Ok(())
    }

    /// How many records were worked through; `None` once there are no more.
    async fn fill_archive_once(&self) -> Result<Option<usize>, StoreError> {
        let at: Option<(Option<Uuid>,)> = on_either!(&self.db, pool => {
            sqlx::query_as("SELECT done_until FROM backfill WHERE name = 'call_log'")
                .fetch_optional(pool)
                .await?
        });
        let Some((done_until,)) = at else { return Ok(None) };
        let batch = self.oldest_cdrs(done_until.map(CdrId), BACKFILL_ROWS).await?;
        let archive = Archive::of(&batch);
        on_either!(&self.db, pool => {
            let mut tx = pool.begin_writing().await?;
            write_archive!(&self.db, tx, archive);
            match batch.last() {
                Some(last) => {
                    sqlx::query("UPDATE backfill SET done_until = $1 WHERE name = 'call_log'")
                        .bind(last.id.0)
                        .execute(&mut *tx)
                        .await?;
                }
                None => {
                    sqlx::query("DELETE FROM backfill WHERE name = 'call_log'")
                        .execute(&mut *tx)
                        .await?;
                }
            }
            tx.commit().await?;
        });
        Ok(Some(batch.len()).filter(|it| *it > 0))
    }
}

from_row!(LoggedCall, row => {
    let direction: String = row.try_get("direction")?;
    Ok(Self {
        id: CallId(row.try_get("id")?),
        domain: DomainId(row.try_get("domain_id")?),
        started: UnixMillis(row.try_get("started_at")?),
        direction: CallDirection::parse(&direction)
            .ok_or_else(|| sqlx::Error::Decode(format!("{direction:?} is no direction").into()))?,
        dialled: row.try_get("dialled")?,
        a: CallSide {
            number: row.try_get("a_number")?,
            name: row.try_get("a_name")?,
            user: row.try_get::<Option<_>, _>("a_user")?.map(UserId),
        },
        b: CallSide {
            number: row.try_get("b_number")?,
            name: row.try_get("b_name")?,
            user: row.try_get::<Option<_>, _>("b_user")?.map(UserId),
        },
        ring_ms: row.try_get("ring_ms")?,
        answer_ms: row.try_get("answer_ms")?,
        end_ms: row.try_get("end_ms")?,
        talk_ms: row.try_get("talk_ms")?,
        sip_status: unsigned(row.try_get("sip_status")?),
        hangup: hangup_party(row.try_get("hangup")?)?,
        cause: row.try_get("cause")?,
        b_rank: row.try_get("b_rank")?,
        is_complete: row.try_get("is_complete")?,
    })
});

/// What any leg knows of its call.
fn begin(cdr: &Cdr) -> LoggedCall {
    LoggedCall {
        id: cdr.call,
        domain: cdr.domain,
        started: cdr.call.began(),
        direction: direction(&cdr.caller, ""),
        dialled: cdr.dialled.clone(),
        a: CallSide { number: number_of(&cdr.caller).to_owned(), ..CallSide::default() },
        b: CallSide { number: cdr.dialled.clone(), ..CallSide::default() },
        ring_ms: None,
        answer_ms: None,
        end_ms: 0,
        talk_ms: 0,
        sip_status: 0,
        hangup: HangupParty::System,
        cause: String::new(),
        b_rank: 0,
        is_complete: false,
    }
}

fn add(call: &mut LoggedCall, cdr: &Cdr) {
    let side = || CallSide {
        number: number_of(&cdr.party).to_owned(),
        name: cdr.name.clone(),
        user: cdr.user,
    };
    match cdr.role {
        LegRole::Caller => {
            call.a = side();
            call.is_complete = true;
            take_figures(call, cdr);
        }
        LegRole::Callee => {
            let rank = if cdr.answer_ms.is_some() { 2 } else { 1 };
            let key = |number: &str| Reverse(number_key(number));
            let is_better = (rank, key(number_of(&cdr.party))) > (call.b_rank, key(&call.b.number));
            if !is_better {
                return;
            }
            call.b = side();
            call.b_rank = rank;
            call.direction = direction(&cdr.caller, &cdr.party);
            if !call.is_complete {
                take_figures(call, cdr);
            }
        }
    }
}

fn take_figures(call: &mut LoggedCall, cdr: &Cdr) {
    call.ring_ms = cdr.ring_ms;
    call.answer_ms = cdr.answer_ms;
    call.end_ms = cdr.end_ms;
    call.talk_ms = cdr.talk_ms;
    call.sip_status = cdr.sip_status;
    call.hangup = cdr.hangup;
    call.cause.clone_from(&cdr.cause);
}

fn direction(caller: &str, callee: &str) -> CallDirection {
    match (trunk_of(caller), trunk_of(callee)) {
        (Some(_), _) => CallDirection::In,
        (None, Some(_)) => CallDirection::Out,
        (None, None) => CallDirection::Internal,
    }
}

/// The least id of a call that began at `at`.
pub(super) fn id_floor(at: UnixMillis) -> Uuid {
    let millis = u128::try_from(at.0).unwrap_or(0).min(u128::MAX >> RANDOM_BITS);
    Uuid::from_u128(millis << RANDOM_BITS)
}

/// What is searched of a number: lower case, no leading `+`, of a length that an index takes.
pub(super) fn number_key(number: &str) -> Vec<u8> {
    let number = text(number).to_lowercase();
    let mut key = number.trim_start_matches('+').to_owned().into_bytes();
    key.truncate(KEY_BYTES_MAX);
    key
}

pub(super) static CALLS: LazyLock<Inserts> =
    LazyLock::new(|| Inserts::new("call_log", COLUMNS, &merge()));

pub(super) static USERS: LazyLock<Inserts> = LazyLock::new(|| {
    Inserts::new("call_user", &["user_id", "call_id"], "ON CONFLICT (user_id, call_id) DO NOTHING")
});

pub(super) static NAMES: LazyLock<Inserts> = LazyLock::new(|| {
    Inserts::new(
        "call_name",
        &["domain_id", "number_key", "name", "folded"],
        "ON CONFLICT (domain_id, number_key, name) DO NOTHING",
    )
});

/// How a row that is there and one of later records become one; see the head of this file.
fn merge() -> String {
    let knows_caller = "excluded.is_complete";
    let knows_better = "(excluded.b_rank > call_log.b_rank OR (excluded.b_rank = call_log.b_rank \
                        AND excluded.b_key < call_log.b_key))";
    let figures = format!("{knows_caller} OR (NOT call_log.is_complete AND {knows_better})");
    let each = |condition: &str, columns: &[&str]| {
        let set = |it: &&str| {
            format!("{it} = CASE WHEN {condition} THEN excluded.{it} ELSE call_log.{it} END")
        };
        columns.iter().map(set).collect::<Vec<_>>().join(", ")
    };
    format!(
        "ON CONFLICT (domain_id, id) DO UPDATE SET {}, {}, {}, \
         is_complete = call_log.is_complete OR excluded.is_complete",
        each(knows_caller, &["a_number", "a_name", "a_user", "a_key"]),
        each(knows_better, &["b_number", "b_name", "b_user", "b_key", "b_rank", "direction"]),
        each(
            &figures,
            &["ring_ms", "answer_ms", "end_ms", "talk_ms", "sip_status", "hangup", "cause"]
        ),
    )
}

/// In the order in which they are bound.
pub(super) const COLUMNS: &[&str] = &[
    "domain_id",
    "id",
    "started_at",
    "direction",
    "dialled",
    "a_number",
    "a_name",
    "a_user",
    "a_key",
    "b_number",
    "b_name",
    "b_user",
    "b_key",
    "b_rank",
    "is_complete",
    "ring_ms",
    "answer_ms",
    "end_ms",
    "talk_ms",
    "sip_status",
    "hangup",
    "cause",
];

/// Below the milliseconds of a UUID v7.
const RANDOM_BITS: u32 = 80;

/// An index entry of PostgreSQL holds some 2700 bytes; numbers that people search are shorter.
const KEY_BYTES_MAX: usize = 64;

/// Records in one transaction of the backfill.
const BACKFILL_ROWS: u32 = 4000;
