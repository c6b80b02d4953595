//! Pages of the call detail records of a domain, for administrators.

use super::{
    Store, StoreError,
    archive::id_floor,
    call_list::{COUNT_MAX, CallQuery, Needle, Scope, beginning, rounded},
    cdrs::{COLUMNS, CdrRow},
    sql::{Sql, run},
};
use base::{CdrId, DomainId, UnixMillis};
use call::Cdr;
use uuid::Uuid;

/// Which records to show.
#[derive(Clone, Debug)]
pub struct CdrQuery {
    /// Of this domain.
    pub domain: DomainId,
    /// Of calls with this on one of the sides: the beginning of the number, or any part of the
    /// name.
    pub number: Option<String>,
    /// Ended by this cause.
    pub cause: Option<String>,
    /// Of legs on this trunk.
    pub trunk: Option<String>,
    /// Of legs begun at or after.
    pub from: Option<UnixMillis>,
    /// Of legs begun before.
    pub until: Option<UnixMillis>,
    /// Whether the leg that ended last comes first.
    pub is_newest_first: bool,
    /// The last record of the page before.
    pub after: Option<CdrId>,
    /// Most rows.
    pub limit: u32,
}

impl Store {
    /// One page, in the order in which legs ended, with the total if it is wanted: exact up to
    /// [`super::call_list::COUNT_MAX`].
    pub async fn page_cdr_list(
        &self,
        query: &CdrQuery,
        wants_total: bool,
    ) -> Result<(Vec<Cdr>, Option<u64>), StoreError> {
        let found = match &query.number {
            None => Found::Any,
            Some(number) => self.find_calls(query, number).await?,
        };
        let mut sql = Sql::default();
        let columns: Vec<_> = COLUMNS.iter().map(|it| format!("cdr.{it}")).collect();
        sql.push("SELECT ").push(&columns.join(", "));
        found.push_from(query, &mut sql);
        if let Some(after) = query.after {
            let compared = if query.is_newest_first { " < " } else { " > " };
            sql.push(" AND cdr.id").push(compared).bind(after.0);
        }
        let order = if query.is_newest_first { "DESC" } else { "ASC" };
        sql.push(" ORDER BY cdr.id ").push(order).push(" LIMIT ").bind(i64::from(query.limit));
        let rows: Vec<CdrRow> = run!(&self.db, sql, fetch_all)?;
        let total = if wants_total { Some(self.total_of_cdrs(query, &found).await?) } else { None };
        Ok((rows.into_iter().map(|CdrRow(cdr)| cdr).collect(), total))
    }

    async fn total_of_cdrs(&self, query: &CdrQuery, found: &Found) -> Result<u64, StoreError> {
        let mut sql = Sql::default();
        sql.push("SELECT count(*) FROM (SELECT 1 AS one");
        found.push_from(query, &mut sql);
        sql.push(" LIMIT ").bind(COUNT_MAX + 1).push(") AS counted");
        let (rows,): (i64,) = run!(&self.db, sql, fetch_one)?;
        if rows <= COUNT_MAX {
            return Ok(rows.unsigned_abs());
        }
        let all = self.count(&scope(query)).await?;
        if matches!(found, Found::Any) && query.cause.is_none() && query.trunk.is_none() {
            return Ok(all);
        }
        let mut sql = Sql::default();
        sql.push("SELECT count(*)");
        found.push_from(query, &mut sql);
        sql.push(" AND cdr.id >= (SELECT cdr.id");
        scope(query).push_from(&mut sql);
        sql.push(" ORDER BY 1 DESC LIMIT 1 OFFSET ").bind(COUNT_MAX - 1).push(")");
        let (met,): (i64,) = run!(&self.db, sql, fetch_one)?;
        let part = met as f64 / COUNT_MAX as f64;
        Ok(rounded(all as f64 * part).max(rows.unsigned_abs()))
    }

    async fn find_calls(&self, query: &CdrQuery, number: &str) -> Result<Found, StoreError> {
        let needle = self.needle(query.domain, number).await?;
        let calls = CallQuery {
            domain: query.domain,
            user: None,
            direction: None,
            search: None,
            peer: None,
            // A leg begins after its call, a transfer's much later.
            from: query.from.map(|it| UnixMillis(it.0.saturating_sub(CALL_MS_MAX))),
            until: query.until,
            is_newest_first: query.is_newest_first,
            after: None,
            limit: 0,
        };
        let few = self.few_hits(&calls, &needle, CALLS_MAX).await?;
        Ok(few.map_or(Found::Many(needle), Found::Few))
    }
}

/// Whose records are meant.
enum Found {
    /// All calls'.
    Any,
    /// These calls'.
    Few(Vec<Uuid>),
    /// Those of the calls on whose sides this is.
    Many(Needle),
}

impl Found {
    fn push_from(&self, query: &CdrQuery, sql: &mut Sql) {
        sql.push(" FROM cdr");
        if let Self::Many(_) = self {
            // SQLite takes the order of a cross join as it is written.
            sql.push(" CROSS JOIN call_log");
        }
        sql.push(" WHERE ");
        scope(query).push_where(sql);
        match self {
            Self::Any => {}
            Self::Few(calls) => {
                sql.push(" AND cdr.call_id IN ").bind_list(calls.iter().copied());
            }
            Self::Many(needle) => {
                sql.push(" AND call_log.domain_id = ").bind(query.domain.0);
                sql.push(" AND call_log.id = cdr.call_id");
                needle.push_condition(sql);
            }
        }
        if let Some(from) = query.from {
            sql.push(" AND cdr.started_at >= ").bind(from.0);
        }
        if let Some(until) = query.until {
            sql.push(" AND cdr.started_at < ").bind(until.0);
        }
        if let Some(cause) = &query.cause {
            sql.push(" AND cdr.cause = ").bind(cause.as_str());
        }
        if let Some(trunk) = &query.trunk {
            sql.push(" AND cdr.party LIKE ").bind(beginning(&format!("{trunk}/")));
            sql.push(" ESCAPE '\\'");
        }
    }
}

/// A record's id is of its leg's end, so it is never before the start, nor long after it.
fn scope(query: &CdrQuery) -> Scope {
    let latest = query.until.map(|it| UnixMillis(it.0.saturating_add(CALL_MS_MAX)));
    Scope::of_cdrs(query.domain, query.from.map(id_floor), latest.map(id_floor))
}

/// More calls than this are not named to the database one by one.
const CALLS_MAX: i64 = 2_000;

/// Longer than any call may last (`calls.duration_max_s`), with a day for it to settle.
const CALL_MS_MAX: i64 = 8 * 24 * 3600 * 1000;
