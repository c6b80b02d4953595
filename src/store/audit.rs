//! The audit: who did what. Rows are added and read, never changed.

use super::{
    Store, StoreError,
    db::{from_row, on_either},
    fresh,
};
use base::{DomainId, UnixMillis, UserId};
use uuid::Uuid;

/// One thing that was done.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AuditEntry {
    /// In which domain.
    pub domain: DomainId,
    /// When.
    pub at: UnixMillis,
    /// By whom; `None` for whoever is no person of the domain.
    pub user: Option<UserId>,
    /// Their login at that time, or what acted in their place.
    pub who: String,
    /// Where from.
    pub address: String,
    /// `user.changed`, `session.opened`, …
    pub what: String,
    /// `user`, `role`, …
    pub object: String,
    /// Its id.
    pub object_id: String,
    /// How it was: JSON, without secrets.
    pub before: Option<String>,
    /// How it is.
    pub after: Option<String>,
}

/// An entry with its id, which comes in the order of time.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AuditRow {
    /// Id.
    pub id: Uuid,
    /// What was done.
    pub entry: AuditEntry,
}

/// Which entries of a domain are wanted.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    /// Not before.
    pub from: Option<UnixMillis>,
    /// Before.
    pub to: Option<UnixMillis>,
    /// By this login.
    pub who: Option<String>,
    /// Of this kind: the word, or what stands before its dot.
    pub what: Option<String>,
    /// Of this kind of object.
    pub object: Option<String>,
    /// Of this object.
    pub object_id: Option<String>,
}

impl Store {
    /// Writes an entry down.
    pub async fn add_audit(&self, entry: AuditEntry) -> Result<(), StoreError> {
        let (_, mut rng) = fresh::now_and_rng()?;
        let id = base::CdrId::new(entry.at, &mut rng).0;
        on_either!(&self.db, pool => {
            sqlx::query(INSERT)
                .bind(id)
                .bind(entry.domain.0)
                .bind(entry.at.0)
                .bind(entry.user.map(|it| it.0))
                .bind(super::text(&entry.who))
                .bind(&entry.address)
                .bind(&entry.what)
                .bind(&entry.object)
                .bind(&entry.object_id)
                .bind(entry.before.as_deref().map(super::text))
                .bind(entry.after.as_deref().map(super::text))
                .execute(pool)
                .await?;
        });
        Ok(())
    }

    /// Entries of a domain, latest first: at most `limit` that are older than `before`.
    pub async fn audit_page(
        &self,
        domain: DomainId,
        filter: &AuditFilter,
        before: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<AuditRow>, StoreError> {
        Ok(on_either!(&self.db, pool => {
            sqlx::query_as(SELECT_PAGE)
                .bind(domain.0)
                .bind(before.unwrap_or(Uuid::max()))
                .bind(filter.from.map_or(i64::MIN, |it| it.0))
                .bind(filter.to.map_or(i64::MAX, |it| it.0))
                .bind(filter.who.as_deref().unwrap_or_default())
                .bind(filter.what.as_deref().unwrap_or_default())
                .bind(filter.object.as_deref().unwrap_or_default())
                .bind(filter.object_id.as_deref().unwrap_or_default())
                .bind(i64::from(limit))
                .fetch_all(pool)
                .await?
        }))
    }

    /// How many entries there are of these.
    pub async fn audit_count(
        &self,
        domain: DomainId,
        filter: &AuditFilter,
    ) -> Result<i64, StoreError> {
        let (count,): (i64,) = on_either!(&self.db, pool => {
            sqlx::query_as(COUNT)
                .bind(domain.0)
                .bind(Uuid::max())
                .bind(filter.from.map_or(i64::MIN, |it| it.0))
                .bind(filter.to.map_or(i64::MAX, |it| it.0))
                .bind(filter.who.as_deref().unwrap_or_default())
                .bind(filter.what.as_deref().unwrap_or_default())
                .bind(filter.object.as_deref().unwrap_or_default())
                .bind(filter.object_id.as_deref().unwrap_or_default())
                .fetch_one(pool)
                .await?
        });
        Ok(count)
    }
}

from_row!(AuditRow, row => Ok(Self {
    id: row.try_get("id")?,
    entry: AuditEntry {
        domain: DomainId(row.try_get("domain_id")?),
        at: UnixMillis(row.try_get("at")?),
        user: row.try_get::<Option<_>, _>("user_id")?.map(UserId),
        who: row.try_get("who")?,
        address: row.try_get("address")?,
        what: row.try_get("what")?,
        object: row.try_get("object")?,
        object_id: row.try_get("object_id")?,
        before: row.try_get("state_before")?,
        after: row.try_get("state_after")?,
    },
}));

const INSERT: &str = "
    INSERT INTO audit
        (id, domain_id, at, user_id, who, address, what, object, object_id, state_before,
         state_after)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";

macro_rules! select_of {
    ($columns:literal, $and:literal) => {
        concat!(
            "SELECT ",
            $columns,
            " FROM audit
             WHERE domain_id = $1 AND id < $2 AND at >= $3 AND at < $4
               AND ($5 = '' OR who = $5)
               AND ($6 = '' OR what = $6 OR what LIKE $6 || '.%')
               AND ($7 = '' OR object = $7)
               AND ($8 = '' OR object_id = $8)",
            $and
        )
    };
}

const SELECT_PAGE: &str = select_of!(
    "id, domain_id, at, user_id, who, address, what, object, object_id, state_before, state_after",
    " ORDER BY id DESC LIMIT $9"
);

const COUNT: &str = select_of!("COUNT(*)", "");
