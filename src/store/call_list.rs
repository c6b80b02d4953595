//! Pages of the archive of calls.
//!
//! A page costs about the same wherever it is and whatever it is filtered by. Pages go by key, the
//! call's id, in either direction. What is searched is first looked up in the indexes of both
//! sides: if the calls found are few, the page is taken from among them; if they are many, they
//! are met soon enough on the way through time. Totals are counted up to [`COUNT_MAX`] and
//! estimated above.

use super::{
    Store, StoreError,
    archive::{COLUMNS, CallDirection, LoggedCall, id_floor, number_key},
    sql::{Sql, run},
};
use base::{CallId, DomainId, UnixMillis, UserId};
use std::collections::HashMap;
use uuid::Uuid;

/// Which calls to show.
#[derive(Clone, Debug)]
pub struct CallQuery {
    /// Of this domain.
    pub domain: DomainId,
    /// In which a line of this user took part, as lines were owned when the call began.
    pub user: Option<UserId>,
    /// Of this direction.
    pub direction: Option<CallDirection>,
    /// With this on one of the sides: the beginning of the number, or any part of the name.
    pub search: Option<String>,
    /// The same once more: both must be met.
    pub peer: Option<String>,
    /// Begun at or after.
    pub from: Option<UnixMillis>,
    /// Begun before.
    pub until: Option<UnixMillis>,
    /// Whether the latest call comes first.
    pub is_newest_first: bool,
    /// The last call of the page before.
    pub after: Option<CallId>,
    /// Most rows.
    pub limit: u32,
}

/// One page.
#[derive(Clone, Debug, PartialEq)]
pub struct CallPage {
    /// The calls, in order.
    pub calls: Vec<LoggedCall>,
    /// How many there are on all pages, if it was asked for; exact up to [`COUNT_MAX`].
    pub total: Option<u64>,
}

impl Store {
    /// One page of calls, with the total if it is wanted.
    pub async fn page_calls(
        &self,
        query: &CallQuery,
        wants_total: bool,
    ) -> Result<CallPage, StoreError> {
        let mut needles = Vec::new();
        for text in [&query.search, &query.peer].into_iter().flatten() {
            needles.push(self.needle(query.domain, text).await?);
        }
        if let Some(first) = needles.first()
            && let Some(mut hits) = self.few_hits(query, first, HITS_MAX).await?
        {
            return self.page_of_hits(query, &needles[1..], &mut hits, wants_total).await;
        }
        let rows = self.rows(query, &needles);
        let (calls, total) = if wants_total {
            let (calls, total) = tokio::try_join!(rows, self.total(query, &needles))?;
            (calls, Some(total))
        } else {
            (rows.await?, None)
        };
        Ok(CallPage { calls, total })
    }

    /// One call of a domain.
    pub async fn logged_call(
        &self,
        domain: DomainId,
        call: CallId,
    ) -> Result<Option<LoggedCall>, StoreError> {
        let mut sql = select();
        sql.push(" FROM call_log WHERE call_log.domain_id = ").bind(domain.0);
        sql.push(" AND call_log.id = ").bind(call.0);
        Ok(run!(&self.db, sql, fetch_optional)?)
    }

    /// Whether a line of the user took part in the call.
    pub async fn took_part(&self, user: UserId, call: CallId) -> Result<bool, StoreError> {
        let mut sql = Sql::default();
        sql.push("SELECT count(*) FROM call_user WHERE user_id = ").bind(user.0);
        sql.push(" AND call_id = ").bind(call.0);
        let (rows,): (i64,) = run!(&self.db, sql, fetch_one)?;
        Ok(rows > 0)
    }

    /// What the users of a domain are called.
    pub async fn user_names(
        &self,
        domain: DomainId,
    ) -> Result<HashMap<UserId, String>, StoreError> {
        let mut sql = Sql::default();
        sql.push("SELECT id, display_name FROM user_account WHERE domain_id = ").bind(domain.0);
        let rows: Vec<(Uuid, String)> = run!(&self.db, sql, fetch_all)?;
        Ok(rows.into_iter().map(|(id, name)| (UserId(id), name)).collect())
    }

    /// What a search text means in a domain.
    pub(super) async fn needle(&self, domain: DomainId, text: &str) -> Result<Needle, StoreError> {
        let is_number_part = |it: &char| !it.is_whitespace() && !"-()".contains(*it);
        let number: String = text.chars().filter(is_number_part).collect();
        let folded = super::text(text.trim()).to_lowercase();
        let mut sql = Sql::default();
        sql.push("SELECT number_key, name FROM call_name WHERE domain_id = ").bind(domain.0);
        sql.push(" AND folded LIKE ").bind(like(&folded)).push(" ESCAPE '\\' LIMIT ");
        sql.bind(NAMES_MAX);
        let names = if folded.is_empty() { Vec::new() } else { run!(&self.db, sql, fetch_all)? };
        Ok(Needle { prefix: number_key(&number), names })
    }

    /// The calls that a needle finds, in the order of time, if there are `most` at most.
    pub(super) async fn few_hits(
        &self,
        query: &CallQuery,
        needle: &Needle,
        most: i64,
    ) -> Result<Option<Vec<Uuid>>, StoreError> {
        // Counting them in the database costs a part of what fetching too many would.
        let mut sql = Sql::default();
        sql.push("SELECT count(*) FROM (");
        needle.push_hits(query, most, &mut sql);
        sql.push(") AS hits");
        let (count,): (i64,) = run!(&self.db, sql, fetch_one)?;
        if count > most {
            return Ok(None);
        }
        let mut sql = Sql::default();
        needle.push_hits(query, most, &mut sql);
        let hits: Vec<(Uuid,)> = run!(&self.db, sql, fetch_all)?;
        let mut hits: Vec<Uuid> = hits.into_iter().map(|(id,)| id).collect();
        hits.sort_unstable();
        // A call may have the needle on both sides.
        hits.dedup();
        Ok(Some(hits))
    }

    async fn page_of_hits(
        &self,
        query: &CallQuery,
        needles: &[Needle],
        hits: &mut [Uuid],
        wants_total: bool,
    ) -> Result<CallPage, StoreError> {
        let is_filtered = query.user.is_some() || query.direction.is_some() || !needles.is_empty();
        let mut total = hits.len() as u64;
        if wants_total && is_filtered {
            total = self.total_of_hits(query, needles, hits).await?;
        }
        if query.is_newest_first {
            hits.reverse();
        }
        let start = query.after.map_or(0, |after| {
            hits.partition_point(|hit| {
                if query.is_newest_first { *hit >= after.0 } else { *hit <= after.0 }
            })
        });
        let limit = query.limit as usize;
        let mut calls: Vec<LoggedCall> = Vec::new();
        let at_once = if is_filtered { HITS_AT_ONCE } else { limit };
        for chunk in hits[start..].chunks(at_once.max(1)) {
            if calls.len() >= limit {
                break;
            }
            let mut sql = select();
            among(query, needles, chunk, &mut sql);
            push_order(query, "call_log.id", &mut sql);
            let found: Vec<LoggedCall> = run!(&self.db, sql, fetch_all)?;
            calls.extend(found);
        }
        calls.truncate(limit);
        Ok(CallPage { calls, total: wants_total.then_some(total) })
    }

    /// The calls of a page on the way through time.
    async fn rows(
        &self,
        query: &CallQuery,
        needles: &[Needle],
    ) -> Result<Vec<LoggedCall>, StoreError> {
        Ok(run!(&self.db, page(query, needles), fetch_all)?)
    }

    /// How many of `hits`, which are in the order of time, meet the other filters: counted among the
    /// newest, and taken for the rest to be the same part.
    async fn total_of_hits(
        &self,
        query: &CallQuery,
        needles: &[Needle],
        hits: &[Uuid],
    ) -> Result<u64, StoreError> {
        let newest = &hits[hits.len().saturating_sub(SAMPLE_ROWS as usize)..];
        let mut met = 0;
        for chunk in newest.chunks(HITS_AT_ONCE) {
            let mut sql = Sql::default();
            sql.push("SELECT count(*)");
            among(query, needles, chunk, &mut sql);
            let (rows,): (i64,) = run!(&self.db, sql, fetch_one)?;
            met += rows.unsigned_abs();
        }
        Ok(rounded(met as f64 * (hits.len() as f64 / newest.len().max(1) as f64)))
    }

    /// Counts what an index gives, and takes the part that meets the other filters from a sample
    /// of the newest.
    async fn total(&self, query: &CallQuery, needles: &[Needle]) -> Result<u64, StoreError> {
        let scope = Scope::of(query);
        let count = self.count(&scope).await?;
        let leaves_no_filter = query.user.is_none() || query.direction.is_none();
        if leaves_no_filter && needles.is_empty() {
            return Ok(count);
        }
        let mut sql = Sql::default();
        sql.push("SELECT count(*) FROM (SELECT ");
        if query.user.is_some() {
            sql.push("call_user.call_id AS id");
            scope.push_from(&mut sql);
            sql.push(" ORDER BY 1 DESC LIMIT ").bind(SAMPLE_ROWS).push(") AS sample");
            sql.push(" CROSS JOIN call_log WHERE call_log.domain_id = ").bind(query.domain.0);
            sql.push(" AND call_log.id = sample.id");
        } else {
            sql.push("*");
            scope.push_from(&mut sql);
            sql.push(" ORDER BY id DESC LIMIT ").bind(SAMPLE_ROWS).push(") AS call_log WHERE TRUE");
        }
        push_filters(query, needles, &mut sql);
        let (met,): (i64,) = run!(&self.db, sql, fetch_one)?;
        let sampled = count.clamp(1, SAMPLE_ROWS.unsigned_abs());
        Ok(rounded(met.unsigned_abs() as f64 * (count as f64 / sampled as f64)))
    }

    /// How many rows a scope has: exact up to [`COUNT_MAX`], and estimated above by how long the
    /// newest so many took to come.
    pub(super) async fn count(&self, scope: &Scope) -> Result<u64, StoreError> {
        let mut sql = Sql::default();
        sql.push("SELECT count(*) FROM (SELECT 1 AS one");
        scope.push_from(&mut sql);
        sql.push(" LIMIT ").bind(COUNT_MAX + 1).push(") AS counted");
        let (rows,): (i64,) = run!(&self.db, sql, fetch_one)?;
        if rows <= COUNT_MAX {
            return Ok(rows.unsigned_abs());
        }
        let edge = async |order: &str, offset: i64| {
            let mut sql = Sql::default();
            sql.push("SELECT ").push(scope.id);
            scope.push_from(&mut sql);
            sql.push(" ORDER BY 1 ").push(order).push(" LIMIT 1 OFFSET ").bind(offset);
            let found: Option<(Uuid,)> = run!(&self.db, sql, fetch_optional)?;
            Ok::<_, StoreError>(found.map_or(0, |(id,)| CallId(id).began().0))
        };
        let (newest, nth) = (edge("DESC", 0).await?, edge("DESC", COUNT_MAX).await?);
        let span = (newest - edge("ASC", 0).await?).max(0) as f64;
        let rate = COUNT_MAX as f64 / (newest - nth).max(1) as f64;
        Ok(rounded(span * rate).max(rows.unsigned_abs()))
    }
}

/// What is searched on the sides of calls.
#[derive(Debug)]
pub(super) struct Needle {
    /// The key of a number begins with this; empty for no number.
    prefix: Vec<u8>,
    /// Names that match, with the numbers that had them.
    names: Vec<(Vec<u8>, String)>,
}

impl Needle {
    /// Calls with the needle on a side, looked up in the indexes of the sides alone; one more than
    /// `most` if they are too many to go by. Some may be there twice.
    fn push_hits(&self, query: &CallQuery, most: i64, sql: &mut Sql) {
        let mut is_first = true;
        let mut begin = |sql: &mut Sql| {
            sql.push(if is_first { "" } else { " UNION ALL " });
            sql.push("SELECT id FROM call_log WHERE domain_id = ").bind(query.domain.0);
            push_period(query, "id", sql);
            sql.push(" AND ");
            is_first = false;
        };
        for side in SIDES {
            if !self.prefix.is_empty() {
                begin(sql);
                self.push_prefix(side, sql);
            }
            if !self.names.is_empty() {
                begin(sql);
                self.push_names(side, sql);
            }
        }
        if is_first {
            sql.push("SELECT id FROM call_log WHERE domain_id IS NULL");
        }
        // Neither engine looks further than it must for so many.
        sql.push(" LIMIT ").bind(most + 1);
    }

    /// ` AND …`, in a form that no engine takes for a hint to leave the order of time.
    pub(super) fn push_condition(&self, sql: &mut Sql) {
        let mut join = " AND (";
        for side in SIDES {
            if !self.prefix.is_empty() {
                sql.push(join);
                self.push_prefix(side, sql);
                join = " OR ";
            }
            if !self.names.is_empty() {
                sql.push(join);
                self.push_names(side, sql);
                join = " OR ";
            }
        }
        sql.push(if join == " OR " { ") IS TRUE" } else { " AND call_log.domain_id IS NULL" });
    }

    fn push_prefix(&self, side: &str, sql: &mut Sql) {
        let mut end = self.prefix.clone();
        // A key is UTF-8, which has no byte 0xff.
        if let Some(last) = end.last_mut() {
            *last += 1;
        }
        sql.push("(call_log.").push(side).push("_key >= ").bind(self.prefix.clone());
        sql.push(" AND call_log.").push(side).push("_key < ").bind(end).push(")");
    }

    /// The keys serve the index; every one of the names meets the search, whoever bore it.
    fn push_names(&self, side: &str, sql: &mut Sql) {
        sql.push("(call_log.").push(side).push("_key IN ");
        sql.bind_list(self.names.iter().map(|(key, _)| key.clone()));
        sql.push(" AND call_log.").push(side).push("_name IN ");
        sql.bind_list(self.names.iter().map(|(_, name)| name.as_str()));
        sql.push(")");
    }
}

/// What one index gives in the order of ids.
pub(super) struct Scope {
    /// Column of the ids.
    pub(super) id: &'static str,
    table: &'static str,
    /// Equal to these.
    keys: Vec<(&'static str, super::sql::Value)>,
    least: Option<Uuid>,
    below: Option<Uuid>,
}

impl Scope {
    fn of(query: &CallQuery) -> Self {
        let domain = ("call_log.domain_id", query.domain.0.into());
        let (id, table, keys) = match (query.user, query.direction) {
            (Some(user), _) => {
                ("call_user.call_id", "call_user", vec![("call_user.user_id", user.0.into())])
            }
            (None, Some(direction)) => {
                let direction = ("call_log.direction", direction.as_str().into());
                ("call_log.id", "call_log", vec![domain, direction])
            }
            (None, None) => ("call_log.id", "call_log", vec![domain]),
        };
        let (least, below) = (query.from.map(id_floor), query.until.map(id_floor));
        Self { id, table, keys, least, below }
    }

    /// Of the call detail records of a domain whose ids are between two.
    pub(super) fn of_cdrs(domain: DomainId, least: Option<Uuid>, below: Option<Uuid>) -> Self {
        let keys = vec![("cdr.domain_id", domain.0.into())];
        Self { id: "cdr.id", table: "cdr", keys, least, below }
    }

    pub(super) fn push_from(&self, sql: &mut Sql) {
        sql.push(" FROM ").push(self.table).push(" WHERE ");
        self.push_where(sql);
    }

    pub(super) fn push_where(&self, sql: &mut Sql) {
        for (n, (column, value)) in self.keys.iter().enumerate() {
            sql.push(if n == 0 { "" } else { " AND " }).push(column).push(" = ");
            sql.bind(value.clone());
        }
        if let Some(least) = self.least {
            sql.push(" AND ").push(self.id).push(" >= ").bind(least);
        }
        if let Some(below) = self.below {
            sql.push(" AND ").push(self.id).push(" < ").bind(below);
        }
    }
}

/// The page on the way through time.
fn page(query: &CallQuery, needles: &[Needle]) -> Sql {
    let scope = Scope::of(query);
    let mut sql = select();
    if query.user.is_some() {
        // SQLite takes the order of a cross join as it is written.
        sql.push(" FROM call_user CROSS JOIN call_log WHERE ");
        scope.push_where(&mut sql);
        sql.push(" AND call_log.id = call_user.call_id AND call_log.domain_id = ");
        sql.bind(query.domain.0);
    } else {
        scope.push_from(&mut sql);
    }
    push_filters(query, needles, &mut sql);
    if let Some(after) = query.after {
        let compared = if query.is_newest_first { " < " } else { " > " };
        sql.push(" AND ").push(scope.id).push(compared).bind(after.0);
    }
    push_order(query, scope.id, &mut sql);
    sql.push(" LIMIT ").bind(i64::from(query.limit));
    sql
}

/// ` FROM …` those of `hits` that meet the other filters.
fn among(query: &CallQuery, needles: &[Needle], hits: &[Uuid], sql: &mut Sql) {
    match query.user {
        Some(user) => {
            sql.push(" FROM call_user CROSS JOIN call_log WHERE call_user.user_id = ").bind(user.0);
            sql.push(" AND call_user.call_id IN ").bind_list(hits.iter().copied());
            sql.push(" AND call_log.id = call_user.call_id AND call_log.domain_id = ");
            sql.bind(query.domain.0);
        }
        None => {
            sql.push(" FROM call_log WHERE call_log.domain_id = ").bind(query.domain.0);
            sql.push(" AND call_log.id IN ").bind_list(hits.iter().copied());
        }
    }
    push_filters(query, needles, sql);
}

fn push_filters(query: &CallQuery, needles: &[Needle], sql: &mut Sql) {
    if let Some(direction) = query.direction {
        sql.push(" AND call_log.direction = ").bind(direction.as_str());
    }
    for needle in needles {
        needle.push_condition(sql);
    }
}

fn push_period(query: &CallQuery, column: &str, sql: &mut Sql) {
    if let Some(from) = query.from {
        sql.push(" AND ").push(column).push(" >= ").bind(id_floor(from));
    }
    if let Some(until) = query.until {
        sql.push(" AND ").push(column).push(" < ").bind(id_floor(until));
    }
}

fn push_order(query: &CallQuery, column: &str, sql: &mut Sql) {
    let order = if query.is_newest_first { " DESC" } else { " ASC" };
    sql.push(" ORDER BY ").push(column).push(order);
}

fn select() -> Sql {
    let mut sql = Sql::default();
    sql.push("SELECT ");
    for (n, column) in COLUMNS.iter().enumerate() {
        sql.push(if n == 0 { "call_log." } else { ", call_log." }).push(column);
    }
    sql
}

/// A pattern for any text with `part` in it.
fn like(part: &str) -> String {
    format!("%{}", beginning(part))
}

/// A pattern for any text that begins with `part`.
pub(super) fn beginning(part: &str) -> String {
    let mut pattern = String::new();
    for letter in part.chars() {
        if "%_\\".contains(letter) {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    pattern
}

/// To three digits: an estimate must not look like a count.
pub(super) fn rounded(estimate: f64) -> u64 {
    if estimate <= COUNT_MAX as f64 {
        return estimate.round() as u64;
    }
    let unit = 10_f64.powf(estimate.log10().floor() - 2.0);
    ((estimate / unit).round() * unit) as u64
}

/// Totals are exact up to this many rows.
pub const COUNT_MAX: i64 = 10_000;

/// More calls than this are not taken from the indexes of the sides: by now the way through time
/// meets a page of them soon enough.
const HITS_MAX: i64 = 8_000;

/// Newest rows of an index by which the part that meets the other filters is estimated.
const SAMPLE_ROWS: i64 = 2_000;

/// Hits that are looked at with one statement.
const HITS_AT_ONCE: usize = 500;

/// Most names that a search goes by.
const NAMES_MAX: i64 = 200;

const SIDES: [&str; 2] = ["a", "b"];
